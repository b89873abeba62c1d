"""The display formulas of a page: which are tested, and why the others are not.

A formula counts if it states something. Declarations and definitions are neither tested nor
untested: there is nothing in them that could be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["tested", "definition", "declaration", "untested"]


@dataclass(frozen=True)
class Formula:
    """One display formula that states something."""

    line: int
    latex: str
    state: State
    id: str = ""  # of its claim
    reason: str = ""  # why it is not tested
    code: str = ""  # of the reason, where it is one of `handout.page.codes.CODES`


@dataclass(frozen=True)
class Coverage:
    """The formulas of a page, or of several."""

    formulas: tuple[Formula, ...]

    @property
    def tested(self) -> int:
        """How many formulas have verdicts."""
        return sum(formula.state == "tested" for formula in self.formulas)

    @property
    def untested(self) -> list[Formula]:
        """The formulas that state something that nothing has tested."""
        return [formula for formula in self.formulas if formula.state == "untested"]

    @property
    def bound(self) -> int:
        """How many formulas declare or define names."""
        return len(self.formulas) - self.tested - len(self.untested)

    @property
    def counted(self) -> int:
        """How many formulas could be tested: those that neither declare nor define."""
        return self.tested + len(self.untested)

    @property
    def percent(self) -> float | None:
        """Tested formulas of those that count, in percent; None where none does."""
        return 100 * self.tested / self.counted if self.counted else None


def together(pages: Iterable[Coverage]) -> Coverage:
    """The coverage of several pages."""
    return Coverage(tuple(formula for page in pages for formula in page.formulas))
