"""What is found out while a formula is read: ranges of indices, and lengths that must be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from edf.equations.diagnostics import Why, fail
from edf.equations.meaning.typed.expression import (
    Combined,
    Counted,
    Expr,
    Index,
    Mirrored,
    Shifted,
)
from edf.equations.operations.shapes import DimensionVariable, settle


class Inference:
    """Ranges and lengths of one step.

    Attributes:
        ranges: How many values each index has, as far as something indexed by it has told.
        sizes: What letters stand for that are bounds only, as n in `\\sum_{i=1}^n`.
        counted: The numbers of components that are written, with the lengths of their axes.
        starts: Where sums start that run over all values.
        spans: Of indices that are shifted, as t in x_{t+1}: the first place, and how many. They are
            known when a formula is read for the second time.
        wanted: What the bounds of a sum say that such an index runs over.
    """

    def __init__(
        self,
        spans: Mapping[str, tuple[int, int]] | None = None,
        combined: Mapping[Combined, Combined] | None = None,
    ) -> None:
        self.spans = dict(spans or {})
        self._combined = dict(combined or {})  # with the place of their first entry
        self.ranges: dict[str, int] = {letter: length for letter, (_, length) in self.spans.items()}
        self._uses: dict[str, list[tuple[int, int, int]]] = {}
        self.wanted: dict[str, tuple[int, int]] = {}
        self.sizes: dict[str, int] = {}
        self.counted: list[tuple[int, int, int]] = []
        self.starts: set[int] = set()
        self._alike: list[tuple[str, str, int]] = []
        self._labels: list[tuple[str, str, int, int]] = []

    def runs_over(self, index: Index, length: int, at: int, first: int = 1) -> None:
        """Record that an index runs over `length` values; a number must be one of them.

        Members of a family that are numbered from `first` are as far along as others from 1.
        """
        if isinstance(index, int):
            if not 0 <= index < length:
                fail(Why.SHAPES, f"There is no such component: the range has {length}", at)
            return
        if isinstance(index, Counted):
            self.counted.append((index.number, length, at))
            return
        if isinstance(index, Combined):
            return  # its letters have their ranges from elsewhere
        if isinstance(index, Mirrored):
            if index.length != length or index.letter in self.spans:
                fail(
                    Why.SHAPES,
                    f"{index.written} does not run over all of {length} components from their end: "
                    "bind what it takes to a name",
                    at,
                )
            index = index.letter
        if isinstance(index, Shifted):
            self._uses.setdefault(index.letter, []).append((index.by, 1 - first, length))
            self.ranges.setdefault(index.letter, length)
            return
        self._uses.setdefault(index, []).append((0, 1 - first, length))
        if index in self.spans:
            return
        known = self.ranges.setdefault(index, length)
        if known != length and not self.shifts(index):
            fail(
                Why.SHAPES,
                f"The index {index} runs over {known} values elsewhere and over {length} here: "
                "write another letter for one of them",
                at,
            )

    def shifts(self, letter: str) -> bool:
        """Whether an index is shifted somewhere, or numbers two families from different numbers."""
        uses = self._uses.get(letter, ())
        return any(by for by, _, _ in uses) or len({offset for _, offset, _ in uses}) > 1

    def first_number(self, letter: str) -> int | None:
        """Return the number of the first member of the families that a letter numbers alone."""
        offsets = {offset for _, offset, _ in self._uses.get(letter, ())}
        return 1 - offsets.pop() if len(offsets) == 1 else None

    def shifted_spans(self, from_one: bool) -> dict[str, tuple[int, int]]:
        """Return, for each index that is shifted, the places at which all of its uses exist.

        Args:
            from_one: Whether components are counted from 1, so that bounds tell a part of these.
        """
        found = {}
        for letter, uses in self._uses.items():
            if self.shifts(letter):
                first = max(-by - offset for by, offset, _ in uses)
                last = min(length - 1 - by - offset for by, offset, length in uses)
                start, end = self.wanted.get(letter, (first + 1, last + 1))
                if from_one and first < start <= end <= last + 1:
                    first, last = start - 1, end - 1
                found[letter] = first, last - first + 1
        return found

    def placed(self, index: Index, length: int, first: int = 1) -> Index:
        """Return an index of an axis with the place at which it starts there."""
        if isinstance(index, Counted):
            return 0  # which one it is, is found out first
        if isinstance(index, Combined):
            whole = replace(index, length=length)
            return self._combined.get(whole, whole)
        letter = index.letter if isinstance(index, Shifted) else index
        if not isinstance(letter, str) or letter not in self.spans:
            return index
        start, count = self.spans[letter]
        start += (index.by if isinstance(index, Shifted) else 0) + 1 - first
        return letter if (start, count) == (0, length) else Shifted(letter, start)

    def with_places(
        self, places: Mapping[Combined, int], base: int | None
    ) -> dict[Combined, Combined]:
        """Return indices of several letters with the place of their first entry.

        Args:
            places: The indices, and where each stands in the formula.
            base: What the first component is called, if it is known.

        Raises:
            EquationError: Some are beyond the ends, or what the first component is called matters
                and is open.
        """
        for index, at in places.items():
            for letter in index.letters:
                if letter not in self.ranges:
                    fail(
                        Why.UNKNOWN,
                        f"What does {letter} run over? Nothing here tells its range",
                        at,
                    )
                if self.shifts(letter) or letter in self.spans:
                    fail(
                        Why.SHAPES,
                        f"{letter} is shifted in one place, and part of {index.written} in "
                        "another: bind the shifted values",
                        at,
                    )
        bases = [base] if base is not None else sorted(self.starts & {0, 1}) or [0, 1]
        beyond: list[Combined] = []
        fitting: list[int] = []
        for first in bases:
            found = [index for index in places if not index.exists(first, self.ranges)]
            beyond += found
            fitting += [] if found else [first]
        if not fitting:
            fail(
                Why.SHAPES,
                f"{beyond[0].written} goes beyond the {beyond[0].length} components that there "
                "are: write bounds within which all of them exist, or pad",
                places[beyond[0]],
            )
        firsts = [tuple(index.place(first) for index in places) for first in fitting]
        if len(set(firsts)) > 1:
            one, at = next(iter(places.items()))
            fail(
                Why.AMBIGUOUS,
                f"Are the components of {one.written} counted from 0 or from 1? Declare it "
                'with reading="base 0" or reading="base 1"',
                at,
            )
        return {
            index: replace(index, first=place)
            for index, place in zip(places, firsts[0], strict=True)
        }

    def first_component(self) -> int | None:
        """Return whether components are counted from 0 or from 1, if only one of them is possible.

        They are counted as sums over all values are, and every number that is written must exist.
        """
        possible = [
            base
            for base in (0, 1)
            if all(0 <= number - base < length for number, length, _ in self.counted)
            and self.starts <= {base}
        ]
        return possible[0] if len(possible) == 1 else None

    def run_alike(self, one: str, other: str, at: int) -> None:
        """Record that two indices have one range, which may yet be unknown."""
        self._alike.append((one, other, at))

    def is_compared(self, letter: str, label: str, place: int, at: int) -> None:
        """Record that an index is compared with a whole number of the page, which tells a place."""
        self._labels.append((letter, label, place, at))

    def settle_ranges(self) -> None:
        """Pass ranges on between indices that run alike; one that is still unknown is an error, and
        so is a label that is none of the places of an index."""
        for _ in range(len(self._alike) + 1):
            for one, other, at in self._alike:
                for known, unknown in ((one, other), (other, one)):
                    if known in self.ranges:
                        self.runs_over(unknown, self.ranges[known], at)
        for one, other, at in self._alike:
            if one not in self.ranges:
                if one == other:
                    fail(
                        Why.UNKNOWN,
                        f"{one} is not bound on this page, and no index that has a range here",
                        at,
                    )
                fail(
                    Why.UNKNOWN,
                    f"What do {one} and {other} run over? Nothing here tells their range",
                    at,
                )
        for letter, label, place, at in self._labels:
            length = self.ranges.get(letter, place + 1)
            if place == length:
                fail(
                    Why.AMBIGUOUS,
                    f"{label} is {place} on this page, a component counted from 1, or a length? "
                    f"{letter} is counted from 0 here, so that it is never {place}: bind the place "
                    "to a name",
                    at,
                )
            if place > length:
                fail(Why.SHAPES, f"{label} is {place}, and {letter} has {length} values", at)


def insist_on_lengths(exprs: Iterable[Expr]) -> None:
    """Insist that every length in a formula is known."""
    for expr in exprs:
        unknown = any(isinstance(settle(dim), DimensionVariable) for dim in expr.shape or ())
        if unknown and not expr.args:  # ones, an identity matrix, a block of zeros
            fail(
                Why.UNKNOWN,
                "The length of this cannot be told from what stands around it",
                expr.at,
            )
