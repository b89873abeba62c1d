"""The verdicts that are not as expected, as messages to the author."""

from __future__ import annotations

from collections.abc import Mapping

from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage
from handout.page.pages import Page
from handout.page.problems import Problem


def problems(judged: JudgedPage) -> list[Problem]:
    """A problem for every verdict of a page that is not the expected one."""
    return [problem_of(judged.page, verdict) for verdict in judged.verdicts if not verdict["ok"]]


def problem_of(page: Page, verdict: Verdict) -> Problem:
    """The message about one verdict; an excerpt shows the formula and the place in it."""
    line = verdict["details"].get("line", verdict["line"])
    step = f" step {verdict['step']}" if verdict["step"] > 1 else ""
    text = f"{verdict['id']}{step}: {verdict['status']}, {verdict['expected']} was expected"
    why, _, excerpt = str(verdict["message"] or _difference(verdict)).partition("\n")
    if not excerpt.startswith("  "):  # further reasons, and no picture of the place
        why, excerpt = " | ".join(line for line in (why, *excerpt.splitlines()) if line.strip()), ""
    return Problem(page.shown, line, f"{text}: {why}" if why else text, excerpt)


def _difference(verdict: Verdict) -> str:
    """The two sides of a counterexample, and where they differ."""
    found = verdict["counterexample"]
    if not found or "left" not in found:
        return ""
    index = found.get("index")
    named = index.items() if isinstance(index, Mapping) else ()
    where = ", ".join(f"{name} = {value}" for name, value in named)
    sides = f"the left side is {found['left']:.6g}, the right side {found['right']:.6g}"
    return f"{sides} at {where}" if where else sides
