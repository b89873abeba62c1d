"""The verdicts as JUnit XML, which GitHub's and GitLab's reporters, Jenkins and others show.

A suite for each page, a test case for each verdict. Like `verdicts.json`, the file holds no times:
the same verdicts are the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from handout.judge.verdicts import JudgedPage, Verdict, problem_line
from handout.report.escape import harmless

#: What a test case says about its verdict, beside its name and place.
_FACTS = ("status", "expected", "oracle", "points", "max_rel_error", "reading", "repair")


def junit(judged: Iterable[JudgedPage]) -> str:
    """The JUnit file for some pages."""
    root = Element("testsuites", name="handout")
    for page in judged:
        if page.verdicts:
            root.append(_suite(page))
    _count(root, list(root.iter("testcase")))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _suite(judged: JudgedPage) -> Element:
    suite = Element("testsuite", name=harmless(judged.page.name))
    cases = [_case(judged, verdict) for verdict in judged.verdicts]
    _count(suite, cases)
    suite.extend(cases)
    return suite


def _count(suite: Element, cases: list[Element]) -> None:
    suite.set("tests", str(len(cases)))
    for kind, attribute in (("failure", "failures"), ("error", "errors")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in cases)))


def _case(judged: JudgedPage, verdict: Verdict) -> Element:
    step = f" (step {verdict['step']})" if verdict["step"] > 1 else ""
    line, problem, _ = problem_line(judged.page, verdict)
    case = Element(
        "testcase",
        name=harmless(f"{verdict['id']}{step}"),
        classname=harmless(judged.page.name),
        file=harmless(judged.page.shown),
        line=str(line),
    )
    if not verdict["ok"]:
        kind = "error" if verdict["status"] == "error" else "failure"
        failed = SubElement(case, kind, message=harmless(problem), type=verdict["status"])
        shown = f"{judged.page.shown}:{line}: {verdict['message'] or problem}"
        failed.text = harmless(shown)
    facts = {name: verdict[name] for name in _FACTS if verdict[name] is not None}
    SubElement(case, "system-out").text = harmless(
        "\n".join(f"{name}: {value}" for name, value in facts.items())
    )
    return case
