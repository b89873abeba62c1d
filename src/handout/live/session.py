"""The reader's browser runs this: one page, its cells in their order, and what the reader changes.

The cells run, the claims are judged and the cards are made by the modules that the build uses. A
claim is judged with the names that the cells above it have made: before it, the session has run
exactly these, each as the reader left it.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edf.equations import EquationError
from edf.equations.explore import sides_at
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Number, Tree, walk
from handout.judge.verdict import Verdict
from handout.judge.verdicts import judge_page
from handout.page.cells import BLANK, Cell
from handout.page.displays import Role
from handout.page.pages import Page
from handout.render.cards import SIDES, cards, counterexample
from handout.render.outputs import output
from handout.run.jobs import job_cell
from handout.run.outcomes import CellOutcome, Gathering, Limits, PageOutcome
from handout.run.process import execution


def answering(page: str) -> Callable[[str], str]:
    """A function that answers the questions of one page, JSON in and out."""
    session = Session(json.loads(page))

    def answer(question: str) -> str:
        asked = json.loads(question)
        return json.dumps(getattr(session, asked.pop("ask"))(**asked))

    return answer


class Session:
    """The page in the reader's browser.

    Args:
        page: what `handout.live.page.page_data` has laid into the page.
    """

    def __init__(self, page: Mapping[str, Any]) -> None:
        self.name = str(page["path"])
        self.cells = [_cell(self.name, given) for given in page["cells"]]
        self.exercises = {
            number: given
            for number, given in enumerate(page["cells"])
            if given["role"] == Role.EXERCISE
        }
        self.macros: Mapping[str, str] = page.get("macros", {})
        self._restart()

    # ----------------------------------------------------------------- what the page asks

    def judge(self, cell: int, source: str, sources: Mapping[str, str]) -> dict[str, Any]:
        """Judge a claim in the reader's words."""
        if (stopped := self._go_to(cell, sources)) is not None:
            return stopped
        verdicts, _ = self._run(self.cells[cell]._replace(source=source, problem=None))
        _expect_nothing(verdicts)
        return {**self.understand(cell, source), "html": _cards(verdicts)} | _told(verdicts)

    def run(self, cell: int, source: str, sources: Mapping[str, str]) -> dict[str, Any]:
        """Run a cell in the reader's words, then all below it, and judge the claims there."""
        if (stopped := self._go_to(cell, sources)) is not None:
            return stopped
        changed = self.cells[cell]._replace(source=source)
        verdicts, outcome = self._run(changed)
        self.ran.append(source)
        html = output(outcome) + _cards([v for v in verdicts if v["kind"] != "code"])
        told = _told(verdicts)
        below = []
        touched = bool(_changes(sources, self.cells))
        for number in range(cell + 1, len(self.cells)):
            self.ran.append(_source(number, sources, self.cells))
            if number in self.exercises:
                continue
            here = self.cells[number]._replace(source=self.ran[-1])
            verdicts, outcome = self._run(here)
            shown = _cards([v for v in verdicts if v["kind"] != "code"])
            if here.kind == "python":
                shown = output(outcome) + shown
            below.append({"cell": number, "html": shown, "same": not touched})
        return {"html": html, "below": below} | told

    def understand(
        self, cell: int, source: str, sources: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Say what a formula is read as, set from its tree; or why it is not understood."""
        if cell in self.exercises:
            if not source.strip():
                return {"html": "", "message": ""}
            source = self._filled(cell, source)
        try:
            return {"understood": typeset(to_latex(parse(source))), "message": ""}
        except EquationError as error:
            error.source = error.source or source
            return {"understood": "", "message": str(error)}

    def attempt(self, cell: int, source: str, sources: Mapping[str, str]) -> dict[str, Any]:
        """Judge an answer to an exercise, against the page's own graph."""
        if (stopped := self._go_to(cell, sources)) is not None:
            return {**stopped, "right": False}
        if self.cells[cell].kind == "python":
            verdicts, outcome = self._run(self.cells[cell]._replace(source=source, role=Role.NONE))
            self._restart()
            checks = [v for v in verdicts if v["kind"] != "code"]
            right = bool(checks) and all(v["status"] == "verified" for v in verdicts)
            _expect_nothing(checks)
            html = output(outcome) + _cards(checks)
            if not checks and outcome["error"] is None:
                html += "<p>The cell ran, and checked nothing: leave its check in place.</p>"
            return {"html": html, "right": right, "said": "Right" if right else "Not right yet"}
        if not source.strip():
            return {"html": "", "message": "Type an answer first", "right": False}
        if (refused := self._refused(cell, source)) is not None:
            return {"understood": "", "message": refused, "html": "", "right": False}
        verdicts, _ = self._run(self._as_claim(cell, source))
        right = all(v["status"] == "verified" for v in verdicts)
        _expect_nothing(verdicts)
        for verdict in verdicts:
            verdict["repair"] = None  # it would give the answer away
        told = _told(verdicts) | ({"said": "Right"} if right else {})
        return {
            **self.understand(cell, source),
            "html": _cards(verdicts),
            "right": right,
            **told,
        }

    def question(self, cell: int, sources: Mapping[str, str]) -> dict[str, Any]:
        """The formula of an exercise, with its blank, as the author wrote it."""
        return {"html": typeset(str(self.exercises[cell]["template"]))}

    def explore(self, cell: int, source: str, sources: Mapping[str, str]) -> dict[str, Any]:
        """Say of which steps of a claim the reader can move the counterexample, and how."""
        if (stopped := self._go_to(cell, sources)) is not None:
            return {**stopped, "steps": []}
        verdicts, _ = self._run(self._as_claim(cell, source))
        return {
            "steps": [
                {
                    "step": verdict["step"],
                    "of": len(verdicts),
                    "explore": explore,
                    "html": counterexample({**found, "point": {}}, SIDES, symbols, typeset),
                    "symbols": symbols,
                    **found,
                }
                for verdict in verdicts
                if (explore := verdict["details"].get("explore"))
                and (symbols := verdict["details"].get("symbols")) is not None
                and (found := verdict["counterexample"])
            ]
        }

    def at(
        self,
        cell: int,
        source: str,
        sources: Mapping[str, str],
        refuted: Mapping[str, Any],
        point: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Evaluate both sides and each factor of a refuted step at the reader's point."""
        if (stopped := self._go_to(cell, sources)) is not None:
            return stopped
        job = job_cell(self._as_claim(cell, source), self.macros)
        options = {name: job["options"].get(name) for name in ("reading", "loss")}
        try:
            found = sides_at(
                job["source"],
                dict(self.page.names),
                point,
                step=refuted["step"],
                index=refuted["index"],
                explore=refuted["explore"],
                macros=job["macros"],
                **options,
            )
        except EquationError as error:
            return {"html": "", "said": str(error)}
        found = {**found, "counted_from": refuted.get("counted_from", 0)}
        html = counterexample(found, SIDES, refuted.get("symbols"), typeset)
        return {"html": html, "said": _AT_A_POINT[found["status"]]}

    # ---------------------------------------------------------------------------- the page

    def _as_claim(self, cell: int, source: str) -> Cell:
        """A claim in the reader's words; of an exercise, with the answer in its place."""
        if cell in self.exercises:
            source = self._filled(cell, source)
        return self.cells[cell]._replace(source=source, problem=None, role=Role.CLAIM)

    def _restart(self) -> None:
        """Forget all that has run."""
        self.gathering = Gathering()
        self.page = execution.PageRun(
            {
                "page": self.name,
                "folder": "",
                "root": "",
                "ignored": [],
                "cells": [],
                "notebook": False,
                "limits": _UNLIMITED,
            },
            self.gathering.hear,
        )
        self.ran: list[str] = []  # sources of the cells that this session has been through
        self.failed = ""  # why the page cannot be judged beyond them

    def _go_to(self, cell: int, sources: Mapping[str, str]) -> dict[str, Any] | None:
        """Run exactly the cells above `cell`; the answer to give where one of them fails."""
        above = [_source(number, sources, self.cells) for number in range(cell)]
        if self.ran != above[: len(self.ran)] or len(self.ran) > cell:
            self._restart()
        for number in range(len(self.ran), cell):
            here = self.cells[number]._replace(source=above[number])
            self.ran.append(here.source)
            if not here.runs or here.role in (Role.CLAIM, Role.EXERCISE):
                continue
            verdicts, _ = self._run(here)
            if not all(v["ok"] for v in verdicts if v["kind"] == "code"):
                self.failed = f"{here.id}, above, fails: {verdicts[0]['message']}"
                break
        if self.failed:
            failed = self.failed
            self._restart()
            return {"understood": "", "message": failed, "html": "", "said": failed}
        return None

    def _run(self, cell: Cell) -> tuple[list[Verdict], CellOutcome]:
        """Run one cell, and judge what came of it as the build does."""
        stream = _Stream(self.gathering)
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            outcome = self.page.run(job_cell(cell, self.macros))
        self.gathering.hear({"event": "cell", "cell": 0, "outcome": outcome})
        facts = self.gathering.cells.pop()
        for report in facts["reports"]:  # what is seen here was set from what was understood
            report.get("details", {}).pop("reprinted", None)
        page = Page(self.name, self.name, _NOWHERE, "", "", [cell])
        judged = judge_page(page, PageOutcome((facts,)))
        return judged.verdicts, facts

    # --------------------------------------------------------------------------- exercises

    def _filled(self, cell: int, answer: str) -> str:
        """The exercise's formula with the answer in its place."""
        template = str(self.exercises[cell]["template"])
        before, _, after = template.partition(BLANK)
        alone = not after.strip() and before.rstrip().endswith("=")
        return before + (answer if alone else rf"\left({answer}\right)") + after

    def _refused(self, cell: int, answer: str) -> str | None:
        """Why an answer is none: it states something, or says the question again."""
        template = str(self.exercises[cell]["template"])
        try:
            given = steps(parse(self._filled(cell, answer)))
            wanted = steps(parse(template.replace(BLANK, "0")))
        except EquationError:
            return None  # the judge says why, with a caret
        if len(given) != len(wanted):
            return "An answer is an expression: write it without a sign of equality"
        for step, question in zip(given, wanted, strict=True):
            for asked, answered in ((question.left, step.right), (question.right, step.left)):
                if _stands_in(asked, answered):
                    return "The answer holds the question itself; work it out further"
        return None


_NOWHERE = Path("page")
_AT_A_POINT = {
    "refuted": "The sides differ here",
    "verified": "The sides agree here, in every component",
    "inconclusive": "Nothing can be told here: both sides are 0, or too few digits are left",
}
_UNLIMITED: Limits = {
    "timeout": 0, "cpu": 0, "memory": 0, "output": 0, "files": 0, "processes": 0,
}  # fmt: skip


class _Stream(io.TextIOBase):
    """Standard output and error of a cell, in the order in which they come."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering

    def write(self, text: str) -> int:
        self.gathering.hear({"event": "text", "text": text, "truncated": False})
        return len(text)


def _stands_in(part: Tree, whole: Tree) -> bool:
    """Whether a formula holds another; a number is no question."""
    return not isinstance(part, Number) and any(tree == part for tree in walk(whole))


def _cell(page: str, given: Mapping[str, Any]) -> Cell:
    options = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given["options"].items()
    }
    line = int(given["line"])
    return Cell(
        given["kind"],
        page,
        line,
        line,
        given["source"],
        line,
        "",
        options,
        given["id"],
        given["problem"],
        Role(given["role"]),
        above=tuple(given.get("above", ())),
    )


def _source(number: int, sources: Mapping[str, str], cells: Sequence[Cell]) -> str:
    """A cell's source as the reader left it; JSON names it by its number in letters."""
    return sources.get(str(number), cells[number].source)


def _changes(sources: Mapping[str, str], cells: Sequence[Cell]) -> list[int]:
    return [int(n) for n, source in sources.items() if source != cells[int(n)].source]


def _cards(verdicts: Sequence[Verdict]) -> str:
    return cards(verdicts, typeset)


def _expect_nothing(verdicts: Sequence[Verdict]) -> None:
    """Leave the author's expectation away: it was of the author's claim, not of the reader's."""
    for verdict in verdicts:
        verdict["expected"], verdict["ok"] = "", True


def _told(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The outcome in a few words, for the line that is read aloud; and whether anything fails."""
    found = Counter(verdict["status"] for verdict in verdicts)
    if len(verdicts) == 1:
        said = verdicts[0]["status"].capitalize()
    else:
        said = ", ".join(f"{count} {status}" for status, count in found.items())
    return {"said": said, "refuted": "refuted" in found}


def typeset(latex: str) -> str:
    """MathML of LaTeX that was printed from a tree.

    Raises:
        ValueError: it cannot be set.
    """
    from latex2mathml.converter import convert

    try:
        return convert(latex, display="block")
    except Exception as error:
        raise ValueError(str(error)) from error
