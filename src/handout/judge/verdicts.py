"""From outcomes and expectations to verdicts, and the file that lists them.

A verdict is a mapping with the keys of `verdicts.json`, in their order, and `details`, which only
the page shows.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from handout import __version__
from handout.judge.typesetting import typesetting_difference
from handout.math.mathml import MathError
from handout.page.cells import Cell
from handout.page.options import STATUSES, suggestion
from handout.page.pages import Page
from handout.run.cache import version
from handout.run.outcomes import Fault, PageOutcome

SCHEMA = 1
KEYS = (
    "id", "step", "page", "line", "kind", "status", "expected", "ok", "max_rel_error", "points",
    "seed", "oracle", "reading", "counterexample", "corruptions", "repair", "message",
)  # fmt: skip

Verdict = dict[str, Any]


class Result(NamedTuple):
    """One cell of a page, what happened, and the verdicts on it."""

    cell: Cell
    outcome: Mapping[str, Any] | None  # None if the cell did not run
    verdicts: list[Verdict]


class JudgedPage(NamedTuple):
    """A page with the results of its cells, in order."""

    page: Page
    results: list[Result]

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict of the page, in order."""
        return [verdict for result in self.results for verdict in result.verdicts]

    def named(self, claim: str) -> list[Verdict]:
        """The verdicts on one claim of the page, one for each step."""
        return [verdict for verdict in self.verdicts if verdict["id"] == claim]

    def missing(self, claim: str) -> str:
        """Why there is no such claim, and which was probably meant."""
        known = list(dict.fromkeys(str(verdict["id"]) for verdict in self.verdicts))
        hint = suggestion(claim, known) if known else "; the page makes no claim"
        return f"no claim {claim!r} on {self.page.shown}{hint}"


def judge(page: Page, outcome: PageOutcome, macros: Mapping[str, str] | None = None) -> JudgedPage:
    """The verdicts on every cell of a page; `macros` are those that its formulas are set with."""
    results: list[Result] = []
    ran = 0
    for cell in page.cells:
        facts = None
        if cell.runs:
            facts = outcome.cells[ran] if ran < len(outcome.cells) else None
            fault = outcome.fault if outcome.fault and ran >= outcome.fault.cell else None
            verdicts = _judge_cell(page, cell, facts, fault, ran, macros)
            _note_watched(verdicts, facts)
            ran += 1
        elif cell.judged:
            verdicts = [_error(page, cell, cell.problem or "", cell.line_first)]
        else:
            verdicts = []
        results.append(Result(cell, facts, verdicts))
    judged = JudgedPage(page, results)
    _refuse_taken_ids(judged)
    return judged


def _judge_cell(
    page: Page,
    cell: Cell,
    facts: Mapping[str, Any] | None,
    fault: Fault | None,
    number: int,
    macros: Mapping[str, str] | None,
) -> list[Verdict]:
    if fault is not None:
        if fault.cell == number:
            return [_error(page, cell, fault.message, fault.line)]
        return [_error(page, cell, f"not run: an earlier cell ended the page ({fault.message})")]
    assert facts is not None
    return (
        _judge_python(page, cell, facts)
        if cell.kind == "python"
        else _judge_math(page, cell, facts, macros)
    )


def _judge_python(page: Page, cell: Cell, facts: Mapping[str, Any]) -> list[Verdict]:
    """One verdict on the code, and one on each check that it made."""
    expected = str(cell.options.get("expect", "ok"))
    error = facts["error"]
    if expected == "ok":
        message = error["message"] if error else None
    else:
        wanted = expected.split()[1]
        if error is None:
            message = f"{wanted} was expected, and the cell raised nothing"
        elif wanted in error["types"]:
            message = None
        else:
            message = f"{wanted} was expected, not {error['message']}"
    line = cell.source_line + error["offset"] if error else None
    if message is None:
        verdicts = [_verdict(page, cell, kind="code", status="verified", expected="verified")]
        if error is not None:
            verdicts[0]["details"]["raised"] = error["types"][0]
    else:
        verdicts = [_error(page, cell, message, line)]
    for count, report in enumerate(facts["reports"], 1):
        verdicts.append(_from_report(page, cell, report, f"{cell.id}-check-{count}"))
    return verdicts


def _judge_math(
    page: Page, cell: Cell, facts: Mapping[str, Any], macros: Mapping[str, str] | None
) -> list[Verdict]:
    """One verdict on each step of an equation."""
    given = cell.options.get("expect", ("verified",))
    expected = given if isinstance(given, tuple) else ("verified",)
    error = facts["error"]
    if error is not None:
        position = error.get("position")
        line = cell.source_line + (
            error.get("offset", 0) if position is None else cell.source.count("\n", 0, position)
        )
        verdict = _error(page, cell, error["message"], line)
        verdict["details"]["position"] = position
        return [_expecting(verdict, expected[0])]
    reports = facts["reports"]
    if len(expected) not in (1, len(reports)):
        return [
            _error(
                page,
                cell,
                f"expect names {len(expected)} verdicts, and the equation has {len(reports)} steps",
            )
        ]
    expected = expected * len(reports) if len(expected) == 1 else expected
    misread = _misread(cell, reports, macros)
    return [
        _expecting(
            {**_from_report(page, cell, report, cell.id), "line": cell.line_first, **misread}, word
        )
        for report, word in zip(reports, expected, strict=True)
    ]


def _misread(
    cell: Cell, reports: Sequence[Mapping[str, Any]], macros: Mapping[str, str] | None
) -> dict[str, Any]:
    """What makes an error of an equation that is not typeset as it was read."""
    reprinted = (reports[0].get("details") or {}).get("reprinted") if reports else None
    if not reprinted:
        return {}
    try:
        message = typesetting_difference(cell.source.strip(), reprinted, macros)
    except MathError as error:
        message = f"cannot be typeset: {error.message}"
    return {} if message is None else {"status": "error", "message": message}


def _from_report(page: Page, cell: Cell, report: Mapping[str, Any], name: str) -> Verdict:
    """A check's own report as a verdict; `name` is for one that has none."""
    line = cell.source_line + report["offset"]
    values = {**report, "id": report.get("id") or name, "page": page.name, "line": line}
    verdict = {key: values.get(key) for key in KEYS}
    verdict["step"] = verdict["step"] or 1
    verdict["message"] = verdict["message"] or ""
    return {**verdict, "details": dict(report.get("details") or {})}


def _expecting(verdict: Verdict, expected: str) -> Verdict:
    return {**verdict, "expected": expected, "ok": verdict["status"] == expected}


def _error(page: Page, cell: Cell, message: str, line: int | None = None) -> Verdict:
    kind = "code" if cell.kind == "python" else "equation"
    verdict = _verdict(page, cell, kind=kind, status="error", expected="verified", message=message)
    if line is not None:
        verdict["details"]["line"] = line
    return verdict


def _verdict(page: Page, cell: Cell, **known: Any) -> Verdict:
    values = {"id": cell.id, "step": 1, "page": page.name, "line": cell.line_first, "message": ""}
    values |= known
    values["ok"] = values["status"] == values["expected"]
    return {**{key: values.get(key) for key in KEYS}, "details": {}}


def _note_watched(verdicts: list[Verdict], facts: Mapping[str, Any] | None) -> None:
    """Say on the cards of a cell that it will not come out alike again."""
    for what in (facts or {}).get("watched", ()):
        for verdict in verdicts:
            notes = verdict["details"].get("notes") or []
            verdict["details"]["notes"] = [*notes, f"Not reproducible: the cell read {what}."]


def _refuse_taken_ids(judged: JudgedPage) -> None:
    """Make a claim whose id another one of the page has an error: a link could mean either."""
    lines: dict[str, int] = {}
    for verdict in judged.verdicts:
        name = verdict["id"]
        if verdict["step"] > 1:
            continue  # the steps of a claim share its id
        if name in lines:
            message = f"the id {name!r} is taken by line {lines[name]}; ids are unique on a page"
            verdict |= {"status": "error", "ok": False, "message": message}
        lines.setdefault(name, verdict["line"])


def report(verdicts: Iterable[Verdict]) -> str:
    """The content of `verdicts.json`; the same verdicts are the same bytes."""
    listed = [{key: verdict[key] for key in KEYS} for verdict in verdicts]
    document = {
        "schema": SCHEMA,
        "tool": f"handout {__version__}",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "summary": tally(listed),
        "verdicts": [],
    }
    head, _, foot = json.dumps(document, ensure_ascii=False, indent=1).rpartition("[]")
    lines = ",".join(f"\n  {_json(verdict)}" for verdict in listed)  # a line for each verdict
    return f"{head}[{lines}\n ]{foot}\n"


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False)


def tally(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many verdicts there are of each status, and how many are not as expected."""
    counts = {status: sum(v["status"] == status for v in verdicts) for status in STATUSES}
    return {**counts, "unexpected": sum(not v["ok"] for v in verdicts)}


def told(counts: Mapping[str, int], lost: int = 0) -> str:
    """A tally in words: `3 verified, 1 refuted; all as expected`.

    Args:
        counts: what `tally` gave.
        lost: how many badges stand in the text for claims that there are not.
    """
    listed = [f"{n} {status}" for status, n in counts.items() if n and status in STATUSES]
    unexpected = counts["unexpected"]
    badges = f"{lost} badge names no claim" if lost == 1 else f"{lost} badges name no claim"
    wrong = [f"{unexpected} not as expected"] * bool(unexpected) + [badges] * bool(lost)
    judged = ", ".join(wrong) or "all as expected"
    if not listed:
        return f"no verdicts; {judged}" if wrong else "no verdicts"
    return f"{', '.join(listed)}; {judged}"


def _finite(value: Any) -> Any:
    """The value with words for numbers that JSON has not."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value


def problem_line(page: Page, verdict: Verdict) -> tuple[int, str, str]:
    """Line, text and excerpt of the message about a verdict that is not the expected one.

    The text is one line; the excerpt is what only makes sense on lines of its own, such as a
    formula with a caret under it.
    """
    line = verdict["details"].get("line", verdict["line"])
    step = f" step {verdict['step']}" if verdict["step"] > 1 else ""
    text = f"{verdict['id']}{step}: {verdict['status']}, {verdict['expected']} was expected"
    why, _, excerpt = str(verdict["message"] or _difference(verdict)).partition("\n")
    if not excerpt.startswith("  "):  # more of the reason, and no picture of the place
        why, excerpt = " | ".join(line for line in (why, *excerpt.splitlines()) if line.strip()), ""
    return line, f"{text}: {why}" if why else text, excerpt


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
