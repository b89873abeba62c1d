"""Equations as others published them: facts about mathematics out there, and how we do on them.

* `errata.toml`: mistakes that readers reported in public teaching material, as they were published
  and as they were corrected.
* `notes.toml`: displayed equations of public courses, drawn at random, with set-ups.
* `pool.toml`: two hundred more, without set-up.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edf.equations import EquationError
from edf.equations.latex.parser import parse
from handout.math.mathml import MathError, to_mathml
from tests.traps import Kind, Outcome, Trap, run

FOLDER = Path(__file__).parent
PUBLISHED = Kind(0, "Published", "", "latex")
_OUTCOMES: dict[str, Outcome] = {}


@dataclass(frozen=True)
class Erratum:
    """One reported mistake."""

    id: str
    source: str
    """Where it was reported or mended."""
    topic: str
    setup: str
    wrong: str
    """The formula as it was published."""
    right: str
    """The formula as it was corrected."""
    let: str = ""
    """What an author declares in LaTeX besides."""
    define: str = ""
    """What an author defines in LaTeX besides."""
    options: dict[str, Any] = field(default_factory=dict)
    rewritten: dict[str, Any] | None = None
    """The same, with other notation where the published one is refused."""

    def as_published(self) -> tuple[Trap, Trap]:
        """The wrong form and the right one, as they were published."""
        return self._pair({})

    def in_the_dialect(self) -> tuple[Trap, Trap]:
        """The same two, rewritten where need be."""
        return self._pair(self.rewritten or {})

    def _pair(self, other: dict[str, Any]) -> tuple[Trap, Trap]:
        def form(name: str, expected: str) -> Trap:
            claim = other.get(name, getattr(self, name))
            setup = other.get("setup", self.setup)
            options = other.get("options", self.options)
            more = {} if "setup" in other else {"let": self.let, "define": self.define}
            id = f"{self.id}-{name}"
            return Trap(id, PUBLISHED, setup, claim, expected, self.topic, options, **more)

        return form("wrong", "not verified"), form("right", "verified")


@dataclass(frozen=True)
class Note:
    """One displayed equation of a course, drawn at random."""

    id: str
    source: str
    latex: str
    setup: str
    says: str
    """`identity`, `definition`, an `equation` to be solved, or a `scheme` of computation."""
    mistake: bool = False
    """Whether it is wrong as published."""
    untestable: bool = False
    """Whether it says nothing that numbers could test."""
    macros: dict[str, str] = field(default_factory=dict)
    """The author's own."""
    let: str = ""
    """What an author declares in LaTeX."""
    define: str = ""
    """What an author defines in LaTeX."""

    def trap(self) -> Trap:
        """It must be verified; a mistake must not."""
        expected = "not verified" if self.mistake else "verified"
        options, more = {"macros": self.macros}, {"let": self.let, "define": self.define}
        setup, latex = self.setup, self.latex
        return Trap(self.id, PUBLISHED, setup, latex, expected, self.says, options, **more)


def errata() -> list[Erratum]:
    """Return the reported mistakes."""
    return [Erratum(**entry) for entry in _content("errata.toml")["erratum"]]


def notes() -> list[Note]:
    """Return the equations with set-ups."""
    return [Note(**entry) for entry in _content("notes.toml")["equation"]]


def pool() -> list[tuple[str, str]]:
    """Return the course and the LaTeX of the equations without set-up."""
    courses = {key: value for key, value in _content("pool.toml").items() if key != "macros"}
    return [(course, latex) for course, formulas in courses.items() for latex in formulas]


def macros_of_pool() -> dict[str, str]:
    """Return what the authors of the pool have as macros of their own."""
    macros: dict[str, str] = _content("pool.toml")["macros"]
    return macros


def _content(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text("utf-8"))


def verdict(trap: Trap) -> str:
    """The worst status of a claim's steps, since a claim is accepted as a whole."""
    order = ("crash", "error", "refuted", "inconclusive", "verified")
    return min(outcome(trap).statuses, key=order.index)


def outcome(trap: Trap) -> Outcome:
    """What comes out, judged once: tests and the page ask for it several times, and a form that
    needs no rewriting is two of an erratum's forms."""
    asked = repr((trap.setup, trap.let, trap.define, trap.claim, trap.options))
    if asked not in _OUTCOMES:
        _OUTCOMES[asked] = run(trap)
    return _OUTCOMES[asked]


def told_apart(wrong: str, right: str) -> bool:
    """Whether an erratum's verdicts are right: the correction is verified, the mistake is not."""
    return right == "verified" and wrong not in ("verified", "crash")


def refusal_of_parser(latex: str, macros: Mapping[str, str] | None = None) -> str | None:
    """Why a formula is not parsed, if it is not."""
    return _refusal(lambda: parse(latex, macros))


def refusal_of_typesetter(latex: str, macros: Mapping[str, str] | None = None) -> str | None:
    """Why a formula is not set, if it is not."""
    return _refusal(lambda: to_mathml(latex, display=True, macros=macros))


def _refusal(read: Callable[[], object]) -> str | None:
    try:
        read()
    except (EquationError, MathError) as error:
        return error.message
    return None


def kind_of(message: str) -> str:
    """A message without the names that occur in it, so that like can be counted with like."""
    return re.sub(r"\\[A-Za-z]+|\b[B-Zb-z]\b|'[^']*'|\d+", "·", message)
