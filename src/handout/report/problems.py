"""The verdicts that are not as expected, as messages to the author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from handout.judge.coverage import coverage, least_coverage
from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage
from handout.page.pages import Page, shown_path
from handout.page.problems import Problem
from handout.settings import Settings

_SHORT = 60  # characters of a point that is shown in one line


def problems(judged: JudgedPage) -> list[Problem]:
    """A problem for every verdict of a page that is not the expected one.

    Claims that miss a name because a cell above failed are counted with that cell: one import that
    fails is one message.
    """
    wrong = [verdict for verdict in judged.verdicts if not verdict["ok"]]
    ids = {verdict["id"] for verdict in wrong if "follows" not in verdict["details"]}
    following = Counter(v["details"].get("follows", "") for v in wrong)
    listed = []
    for verdict in wrong:
        if verdict["details"].get("follows") in ids:
            continue
        problem = problem_of(judged.page, verdict)
        count = following[verdict["id"]]
        if count:
            verdicts = "verdict below fails" if count == 1 else "verdicts below fail"
            problem = problem._replace(message=f"{problem.message} ({count} {verdicts} for it)")
        listed.append(problem)
    return listed


def order_problems(judged: Sequence[JudgedPage]) -> list[Problem]:
    """A problem for every page that reads what another one writes: they run in no order."""
    writers = {name: page.page for page in judged if page.reads for name in page.reads["written"]}
    return [
        Problem(
            page.page.shown,
            1,
            f"reads {shown_path(Path(name))}, which {writers[name].shown} writes; pages run side "
            "by side, in no order: write and read it on one page, or commit the file",
            code="H305",
        )
        for page in judged
        if page.reads
        for name in page.reads["files"]
        if name in writers and writers[name] is not page.page
    ]


def repetition_problems(judged: JudgedPage) -> list[Problem]:
    """A problem for every cell that has given something else when it ran a second time."""
    return [
        Problem(
            judged.page.shown,
            result.cell.line_first,
            f"{result.cell.id}: a second run gave {' and '.join(result.outcome['differs'])} "
            "otherwise: seed what is random, and show no time and no address in memory",
            code="H306",
        )
        for result in judged.results
        if result.outcome is not None and result.outcome.get("differs")
    ]


def coverage_problems(judged: JudgedPage, settings: Settings) -> list[Problem]:
    """A problem if fewer of a page's formulas are tested than it or its site asks for."""
    found, least = coverage(judged), least_coverage(judged.page, settings)
    if found.percent is None or found.percent >= least:
        return []
    line = found.untested[0].line
    message = (
        f"coverage: {found.tested} of {found.counted} formulas are tested ({found.percent:.0f} %), "
        f"and at least {least:g} % are wanted; `handout coverage` says why the others are not"
    )
    return [Problem(judged.page.shown, line, message, code="H604")]


def line_of(verdict: Verdict) -> int:
    """The line of the page that a verdict is about: where a cell failed, or the claim's own."""
    return int(verdict["details"].get("line", verdict["line"]))


def problem_of(page: Page, verdict: Verdict) -> Problem:
    """The message about a verdict that is not as expected; an excerpt shows the place in it."""
    step = f" step {verdict['step']}" if verdict["step"] > 1 else ""
    text = f"{verdict['id']}{step}: {verdict['status']}, {verdict['expected']} was expected"
    why, _, excerpt = str(verdict["message"] or _difference(verdict)).partition("\n")
    if not excerpt.startswith("  "):  # further reasons, and no picture of the place
        why, excerpt = " | ".join(line for line in (why, *excerpt.splitlines()) if line.strip()), ""
    message = f"{text}: {why}" if why else text
    subject = verdict["id"] + (f"#{verdict['step']}" if verdict["step"] > 1 else "")
    assert verdict["code"] is not None  # the verdict is not as expected
    return Problem(page.shown, line_of(verdict), message, verdict["code"], excerpt, subject)


def _difference(verdict: Verdict) -> str:
    """The two sides of a counterexample, where they differ, and what would mend the formula."""
    found = verdict["counterexample"]
    if not found or "left" not in found:
        return ""
    index = found.get("index")
    named = index.items() if isinstance(index, Mapping) else ()
    first = found.get("counted_from", 0)
    places = [f"{name} = {value + first}" for name, value in named]
    point = [f"{name} = {_written(value)}" for name, value in (found.get("point") or {}).items()]
    if sum(map(len, point)) <= _SHORT:
        places += point
    text = f"the left side is {found['left']:.6g}, the right side {found['right']:.6g}"
    if places:
        text += f" at {', '.join(places)}"
    return f"{text}; {verdict['repair']}" if verdict["repair"] else text


def _written(value: Any) -> str:
    """A number, or the entries of an array in parentheses."""
    if isinstance(value, Sequence):
        return f"({', '.join(map(_written, value))})"
    return f"{value:.6g}"
