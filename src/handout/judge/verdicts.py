"""From outcomes and expectations to verdicts.

What a page's process reports are facts. Here they meet what the author expects, so that another
expectation gives other verdicts without running anything again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from handout.judge.typesetting import typesetting_difference
from handout.judge.verdict import KEYS, Kind, Verdict
from handout.math.mathml import MathError
from handout.page.cells import Cell
from handout.page.displays import Role
from handout.page.macros import without_definitions
from handout.page.options import suggestion
from handout.page.pages import Page
from handout.run.outcomes import CellOutcome, CheckResult, Fault, PageOutcome, Reads, printed

#: As in `<object object at 0x7f25eb6cffd0>`.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}\b")

_NAME_IS_MISSING = re.compile(
    r"(?P<name>\w+)(?: \(or \w+\))? is not bound|^NameError: |^ModuleNotFoundError: |^ImportError: "
)


@dataclass(frozen=True)
class Result:
    """One cell of a page, what happened, and the verdicts on it."""

    cell: Cell
    outcome: CellOutcome | None  # None if the cell did not run
    verdicts: list[Verdict]
    untested: Verdict | None = None  # on a formula that is claimed with its page, and not tested


@dataclass(frozen=True)
class JudgedPage:
    """A page with the results of its cells, in order."""

    page: Page
    results: list[Result]
    reads: Reads | None = None  # and what it wrote; None if it did not end well

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict of the page, in order."""
        return [verdict for result in self.results for verdict in result.verdicts]

    def named(self, claim: str) -> list[Verdict]:
        """The verdicts on one claim of the page, one for each step."""
        return [verdict for verdict in self.verdicts if verdict["id"] == claim]

    def missing(self, claim: str) -> str:
        """Why there is no such claim, and which was probably meant."""
        known = list(dict.fromkeys(verdict["id"] for verdict in self.verdicts))
        hint = suggestion(claim, known) if known else "; the page makes no claim"
        return f"no claim {claim!r} on {self.page.shown}{hint}"


def judge_page(
    page: Page, outcome: PageOutcome, macros: Mapping[str, str] | None = None
) -> JudgedPage:
    """The verdicts on every cell of a page; `macros` are those that its formulas are set with."""
    results: list[Result] = []
    failures: list[_Failure] = []
    ran = 0
    for cell in page.cells:
        facts = untested = None
        verdicts: list[Verdict] = []
        if cell.runs:
            facts = outcome.cells[ran] if ran < len(outcome.cells) else None
            fault = outcome.fault if outcome.fault and ran >= outcome.fault.cell else None
            if fault is not None:
                verdicts = [_not_run(page, cell, fault, is_cause=fault.cell == ran)]
            elif facts is not None:
                verdicts = _judge_cell(page, cell, facts, macros)
            _note_nondeterminism(verdicts, facts)
            for verdict in verdicts:
                verdict["quoted"] = cast(str | None, cell.options.get("quoted"))
            _note_consequence(cell, verdicts, failures)
            if cell.whole:
                untested, verdicts = _without_untested(verdicts)
            ran += 1
        elif cell.judged:
            code = "H201" if page.readable else "H101"
            verdicts = [_error(page, cell, code, cell.problem or "", cell.line_first)]
        results.append(Result(cell, facts, verdicts, untested))
    judged = JudgedPage(page, results, outcome.reads)
    _refuse_taken_ids(judged)
    for verdict in judged.verdicts:
        verdict["code"] = None if verdict["ok"] else _code(verdict)
    return judged


def _not_run(page: Page, cell: Cell, fault: Fault, is_cause: bool) -> Verdict:
    """The verdict on a cell at which, or before which, the page's process ended."""
    if is_cause:
        return _error(page, cell, "H303", fault.message, fault.line)
    return _error(page, cell, "H304", f"not run: an earlier cell ended the page ({fault.message})")


def _judge_cell(
    page: Page, cell: Cell, facts: CellOutcome, macros: Mapping[str, str] | None
) -> list[Verdict]:
    if cell.kind == "python":
        return _judge_python(page, cell, facts)
    if cell.role is not Role.CLAIM and facts["error"] is None:
        return []  # it binds names or asks, and claims nothing
    return _judge_math(page, cell, facts, macros)


def _judge_python(page: Page, cell: Cell, facts: CellOutcome) -> list[Verdict]:
    """One verdict on the code, and one on each check that it made."""
    expected = str(cell.options.get("expect", "ok"))
    error = facts["error"]
    message: str | None = None
    code = "H301" if expected == "ok" else "H302"
    if expected == "ok":
        message = error["message"] if error else None
    else:
        wanted = expected.split()[1]
        if error is None:
            message = f"{wanted} was expected, and the cell raised nothing"
        elif wanted not in error["types"]:
            message = f"{wanted} was expected, not {error['message']}"
    if message is None:
        verdict = _verdict(page, cell, "verified")
        if error is not None:
            verdict["details"]["raised"] = error["types"][0]
    else:
        line = cell.line_of(error["offset"]) if error else None
        verdict = _error(page, cell, code, message, line)
    checks = [
        _from_report(page, cell, report, f"{cell.id}-check-{count}")
        for count, report in enumerate(facts["reports"], 1)
    ]
    return [verdict, *checks]


def _judge_math(
    page: Page, cell: Cell, facts: CellOutcome, macros: Mapping[str, str] | None
) -> list[Verdict]:
    """One verdict on each step of an equation."""
    given = cell.options.get("expect", ("verified",))
    expected: tuple[str, ...] = given if isinstance(given, tuple) else ("verified",)
    error = facts["error"]
    if error is not None:
        position = error.get("position")
        line = cell.line_of(
            error.get("offset", 0) if position is None else cell.source.count("\n", 0, position)
        )
        verdict = _error(page, cell, error.get("code", "H404"), error["message"], line)
        verdict["details"]["position"] = position
        return [_expecting(verdict, expected[0])]
    reports = facts["reports"]
    if len(expected) not in (1, len(reports)):
        counted = (
            f"expect names {len(expected)} verdicts, and the equation has {len(reports)} steps"
        )
        return [_error(page, cell, "H406", counted)]
    expected = expected * len(reports) if len(expected) == 1 else expected
    misread = _misread(cell, reports, macros)
    verdicts = []
    for report, word in zip(reports, expected, strict=True):
        verdict = _from_report(page, cell, report, cell.id)
        verdict["line"] = cell.line_first
        if (at := verdict["details"].get("sign_at")) is not None:  # of the formula without blanks
            verdict["details"]["sign_at"] = at - len(cell.source) + len(cell.source.lstrip())
        if misread is not None:
            verdict["status"], verdict["message"] = "error", misread
            verdict["details"]["code"] = "H405"
        verdicts.append(_expecting(verdict, word))
    return verdicts


def _misread(
    cell: Cell, reports: Sequence[CheckResult], macros: Mapping[str, str] | None
) -> str | None:
    """Why an equation is not typeset as it was read; None if it is."""
    reprinted = (reports[0].get("details") or {}).get("reprinted") if reports else None
    if not reprinted:
        return None
    try:
        return typesetting_difference(without_definitions(cell.source).strip(), reprinted, macros)
    except MathError as error:
        return f"cannot be typeset: {error.message}"


def _from_report(page: Page, cell: Cell, report: CheckResult, name: str) -> Verdict:
    """A check's own report as a verdict; `name` is for one that has none."""
    known = {key: report.get(key) for key in KEYS} | {
        "id": report.get("id") or name,
        "step": report.get("step") or 1,
        "page": page.name,
        "line": cell.line_of(report["offset"]),
        "message": report.get("message") or "",
        "details": dict(report.get("details") or {}),
    }
    return cast(Verdict, known)


def _expecting(verdict: Verdict, expected: str) -> Verdict:
    verdict["expected"], verdict["ok"] = expected, verdict["status"] == expected
    return verdict


def _error(page: Page, cell: Cell, code: str, message: str, line: int | None = None) -> Verdict:
    """The verdict on a cell that cannot be used, failed, or was not understood."""
    verdict = _verdict(page, cell, "error", message)
    verdict["details"]["code"] = code
    if line is not None:
        verdict["details"]["line"] = line
    return verdict


def _verdict(page: Page, cell: Cell, status: str, message: str = "") -> Verdict:
    kind: Kind = "code" if cell.kind == "python" else "equation"
    known: dict[str, Any] = dict.fromkeys(KEYS) | {
        "id": cell.id,
        "step": 1,
        "page": page.name,
        "line": cell.line_first,
        "kind": kind,
        "status": status,
        "expected": "verified",
        "ok": status == "verified",
        "message": message,
        "details": {},
    }
    return cast(Verdict, known)


def _note_nondeterminism(verdicts: list[Verdict], facts: CellOutcome | None) -> None:
    """Say on the cards of a cell that another run may give something else."""
    if facts is None:
        return
    reasons = [f"the cell read {what}" for what in facts.get("watched", ())]
    if _ADDRESS.search(printed(facts)):
        reasons.append("the output shows a memory address")
    for verdict in verdicts if reasons else []:
        notes = verdict["details"].get("notes") or []
        added = [f"Not reproducible: {reason}." for reason in reasons]
        verdict["details"]["notes"] = [*notes, *added]


class _Failure(NamedTuple):
    """What did not end as expected, so that names are missing below."""

    cause: Verdict
    latex: str | None  # of a declaration or a definition, whose names alone are missing

    def explains(self, missing: re.Match[str]) -> bool:
        """Whether a name is missing for it."""
        if self.latex is None or missing["name"] is None:
            return self.latex is None
        stem = missing["name"].partition("_")[
            0
        ]  # x_hat is written with an x, lambda_ with \\lambda
        return re.search(rf"(?<![A-Za-z]){stem}(?![A-Za-z])", self.latex) is not None


def _note_consequence(cell: Cell, verdicts: list[Verdict], failures: list[_Failure]) -> None:
    """Note of an error that it follows from what failed above, and of a failure that names miss."""
    cause: Verdict | None = None
    for verdict in verdicts:
        missing = _NAME_IS_MISSING.search(verdict["message"])
        above = (one.cause for one in failures if missing is not None and one.explains(missing))
        cause = next(above, None)
        if cause is not None:
            verdict["details"]["follows"] = cause["id"]
            found = verdict["message"].partition(": declare")[0]
            verdict["message"] = f"{found}, since {cause['id']} (line {cause['line']}) failed"
    binds = cell.kind == "python" or cell.role in (Role.LET, Role.DEFINE)
    if binds and verdicts and not verdicts[0]["ok"]:
        latex = None if cell.kind == "python" else cell.source
        failures.append(_Failure(cause or verdicts[0], latex))


def _without_untested(verdicts: list[Verdict]) -> tuple[Verdict | None, list[Verdict]]:
    """What tests nothing of a formula of a page that claims as a whole, and the other verdicts."""
    tested = [v for v in verdicts if v["status"] in ("verified", "refuted")]
    others = [v for v in verdicts if v["status"] not in ("verified", "refuted")]
    for verdict in others:
        verdict["code"] = _code(verdict)
    return (others[0] if others else None), tested


def _refuse_taken_ids(judged: JudgedPage) -> None:
    """Make a claim whose id another one of the page has an error: a link could mean either."""
    lines: dict[str, int] = {}
    for verdict in judged.verdicts:
        name = verdict["id"]
        if verdict["step"] > 1:
            continue  # the steps of a claim share its id
        if name in lines:
            verdict["message"] = (
                f"the id {name!r} is taken by line {lines[name]}; ids are unique on a page"
            )
            verdict["status"], verdict["ok"] = "error", False
            verdict["details"]["code"] = "H202"
        lines.setdefault(name, verdict["line"])


#: The codes of verdicts that are not as expected; a better one than expected is a problem, too.
_UNEXPECTED = {
    "equation": {"refuted": "H401", "inconclusive": "H402", "error": "H404", "verified": "H407"},
    "gradient": {"refuted": "H501", "inconclusive": "H502", "error": "H503", "verified": "H504"},
    "code": {"error": "H301"},
}


def _code(verdict: Verdict) -> str:
    """The code of what is wrong with a verdict."""
    known = verdict["details"].get("code")
    if verdict["status"] == "error" and known is not None:
        return known
    return _UNEXPECTED[verdict["kind"]][verdict["status"]]
