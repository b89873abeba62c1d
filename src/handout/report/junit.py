"""The verdicts as JUnit XML, which GitHub's and GitLab's reporters, Jenkins and others show.

A suite for each page, a test case for each verdict. Like `verdicts.json`, the file holds no times:
the same verdicts are the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage
from handout.page.escape import escape_controls
from handout.report.problems import line_of, problem_of

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
    suite = Element("testsuite", name=escape_controls(judged.page.name))
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
    case = Element(
        "testcase",
        name=escape_controls(f"{verdict['id']}{step}"),
        classname=escape_controls(judged.page.name),
        file=escape_controls(judged.page.shown),
        line=str(line_of(verdict)),
    )
    if not verdict["ok"]:
        problem = problem_of(judged.page, verdict)
        kind = "error" if verdict["status"] == "error" else "failure"
        failed = SubElement(
            case, kind, message=escape_controls(problem.message), type=verdict["status"]
        )
        shown = f"{problem.path}:{problem.line}: {verdict['message'] or problem.message}"
        failed.text = escape_controls(shown)
    facts = {name: value for name in _FACTS if (value := verdict.get(name)) is not None}
    SubElement(case, "system-out").text = escape_controls(
        "\n".join(f"{name}: {value}" for name, value in facts.items())
    )
    return case
