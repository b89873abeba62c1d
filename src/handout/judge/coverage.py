"""Coverage: how many of a page's display formulas are tested, and why the others are not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from handout.judge.formulas import Coverage, Formula
from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage, Result
from handout.page.displays import Role, states_something
from handout.page.pages import Page
from handout.settings import Settings


def coverage(judged: JudgedPage) -> Coverage:
    """The coverage of one page."""
    defined = set(_defined_by_sign(judged.results))
    formulas = [*_claimed(judged.results, defined), *_unclaimed(judged, defined)]
    return Coverage(tuple(sorted(formulas, key=lambda formula: formula.line)))


def least_coverage(page: Page, settings: Settings) -> float:
    """How much of a page must be tested, in percent: what it says itself, or its site."""
    return settings.coverage if page.least is None else page.least


def _defined_by_sign(results: Iterable[Result]) -> Iterator[str]:
    """The formulas that are only shown, and have defined names."""
    for result in results:
        bound = (result.outcome or {}).get("above", ())
        yield from (latex for latex, names in zip(result.cell.above, bound, strict=False) if names)


def _claimed(results: Iterable[Result], defined: Collection[str]) -> Iterator[Formula]:
    for result in results:
        cell = result.cell
        if cell.kind != "math" or not cell.source:
            continue
        latex = " ".join(cell.source.split())
        reason = _reason(result)
        if cell.role is Role.NONE and cell.source in defined:
            yield Formula(cell.line_first, latex, "definition")
        elif reason is not None:
            yield Formula(cell.line_first, latex, "untested", cell.id, *reason)
        elif cell.whole and (result.outcome or {}).get("defined") and not result.verdicts:
            yield Formula(cell.line_first, latex, "definition")
        elif cell.role is Role.CLAIM:
            yield Formula(cell.line_first, latex, "tested", cell.id)
        elif cell.role in (Role.LET, Role.DEFINE):
            yield Formula(
                cell.line_first,
                latex,
                "declaration" if cell.role is Role.LET else "definition",
            )


def _reason(result: Result) -> tuple[str, str] | None:
    """Why a formula is not tested, with a code; None if it is, or if it states nothing."""
    cell = result.cell
    if cell.problem is not None:
        return cell.problem, "H201"
    if result.untested is not None:
        return _unclear(result.untested)
    if cell.role is Role.SKIP:
        return "skipped by its author", ""
    if cell.role is Role.EXERCISE:
        return None
    if cell.role is Role.NONE:
        return ("not claimed", "") if states_something(cell.source) else None
    unclear = [v for v in result.verdicts if v["status"] not in ("verified", "refuted")]
    return _unclear(unclear[0]) if unclear else None


def _unclear(verdict: Verdict) -> tuple[str, str]:
    return (verdict["message"] or verdict["status"]).partition("\n")[0], verdict["code"] or ""


def _unclaimed(judged: JudgedPage, defined: Collection[str]) -> Iterator[Formula]:
    for display in judged.page.unclaimed:
        latex = " ".join(display.source.split())
        if display.source in defined:
            yield Formula(display.line_first, latex, "definition")
        else:
            yield Formula(display.line_first, latex, "untested", "", "not claimed")
