"""What is found out while a formula is read: ranges of indices, and lengths that must be known."""

from __future__ import annotations

from edf.equations.meaning.algebra import fail
from edf.equations.meaning.expression import Expr, Index
from edf.equations.operations.shapes import DimensionVariable, settle


class Inference:
    """Ranges and lengths of one step.

    Attributes:
        ranges: How many values each index has, as far as something indexed by it has told.
        sizes: What letters stand for that are bounds only, as n in `\\sum_{i=1}^n`.
    """

    def __init__(self) -> None:
        self.ranges: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self._alike: list[tuple[str, str, int]] = []
        self._lengths: list[Expr] = []

    def runs_over(self, index: Index, length: int, at: int) -> None:
        """Record that an index runs over `length` values; a number must be one of them."""
        if isinstance(index, int):
            if not 0 <= index < length:
                fail(f"There is no such component: the range has {length}", at)
            return
        known = self.ranges.setdefault(index, length)
        if known != length:
            fail(f"The index {index} runs over {known} values elsewhere and over {length} here", at)

    def run_alike(self, one: str, other: str, at: int) -> None:
        """Record that two indices have one range, which may yet be unknown."""
        self._alike.append((one, other, at))

    def must_have_lengths(self, expr: Expr) -> Expr:
        """Record that the lengths of an expression must be known in the end."""
        self._lengths.append(expr)
        return expr

    def settle_ranges(self) -> None:
        """Pass ranges on between indices that run alike; one that is still unknown is an error."""
        for _ in range(len(self._alike) + 1):
            for one, other, at in self._alike:
                for known, unknown in ((one, other), (other, one)):
                    if known in self.ranges:
                        self.runs_over(unknown, self.ranges[known], at)
        for one, other, at in self._alike:
            if one not in self.ranges:
                fail(f"What do {one} and {other} run over? Nothing here tells their range", at)

    def settle_lengths(self) -> None:
        """Insist that every length is known."""
        for expr in self._lengths:
            assert expr.shape is not None
            if any(isinstance(settle(dim), DimensionVariable) for dim in expr.shape):
                fail("The length of this cannot be told from what stands around it", expr.at)
