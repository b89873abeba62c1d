"""Points that samples do not reach by themselves: scales, ties, a batch of one, sides of branches.

Samples are of order one and have no two entries alike, so a `backward` that is wrong above 4, for
equal entries or for a batch of one agrees at all of them. Here the leaves of the graph are taken
further: scaled, rounded to whole numbers, cut to one row, put where the numbers are that stand in
the code, and moved along lines until each comparison, `maximum`, `abs` and the like in an
operation's forward and backward (see `edf.numerics.branches`) has been on both sides of its
threshold, and close to it.

A side that nothing reaches from the leaves is sought at the operation's own inputs instead. If its
derivative holds there, it does not matter whether the graph gets there.

Only operations that are not edf's own are looked at: those are held to both sides of their
branches by edf's tests.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from edf.check.functions import branch_bounds, branch_margins, is_of_edf, operation_name
from edf.check.outside import numbers_in_code
from edf.check.sampling import SampledGraph
from edf.graph import Array, Constant, Input, Node
from edf.numerics.branches import Branch

#: Factors on all leaves; where both signs are allowed, each is tried with both.
SCALES = (0.1, 3.0, 10.0, 100.0)
#: Up to this factor a right formula has no reason to overflow, and no zero to divide by.
USUAL = 10.0
#: How far a search moves the leaves, in order.
DISTANCES = tuple(float(d) for d in np.geomspace(1e-2, 1e12, 29))
#: How much closer to 0 a search moves them as well.
CLOSER = tuple(10.0**-k for k in (4, 8, 12, 20, 50, 150, 300))
#: What a guard against dividing by 0 is usually smaller than.
GUARD = 2e-6
#: Points that the searches of one check may evaluate.
BUDGET = 600
#: Halvings of a segment on which a branch changes sides.
HALVINGS = 8
#: Leaves that are moved one by one; of more, the first so many are.
SINGLY = 4
#: Points among which combinations of sides are sought, each leaf at a scale of its own.
SCATTERED = 16
#: What leaves hold near a number that stands in the code, as parts of it: it, and both its sides.
AROUND = (1.07, 0.93, 1.0)
#: Of a smaller number, the root is tried as well: it may be added to a square.
SMALL = 1e-2

Values = dict[Node, Array]
"""A value for each leaf."""


def _few_digits(value: Array) -> Array:
    """Round to eighths, whose means are exact: what is equal is then equal to its mean as well."""
    return np.round(8 * value) / 8


def _neighbours_equal(value: Array, axis: int) -> Array:
    if value.ndim == 0:
        return value
    moved = np.moveaxis(_few_digits(value), axis, 0)
    moved[1::2] = moved[: 2 * (len(moved) // 2) : 2]
    return np.moveaxis(moved, 0, axis)


def _whole_numbers(first: int) -> Callable[[Array], Array]:
    """Return what fills arrays with 0, 1, -1 and 2 in turn, beginning with one of them."""
    return lambda value: np.resize(np.roll([0.0, 1.0, -1.0, 2.0], -first), np.shape(value))


#: Points at which entries are equal, in order, or such as people try, with what they are called.
def _in_order(value: Array) -> Array:
    return np.sort(value, axis=None).reshape(value.shape)


TIES: list[tuple[str, Callable[[Array], Array]]] = [
    *(("small whole numbers", _whole_numbers(first)) for first in range(4)),
    ("equal neighbours along the first axis", lambda value: _neighbours_equal(value, 0)),
    ("equal neighbours along the last axis", lambda value: _neighbours_equal(value, -1)),
    ("entries in ascending order", _in_order),
    ("entries in descending order", lambda value: -_in_order(-value)),
    ("all entries equal", lambda value: np.full_like(value, _few_digits(value.flat[0]))),
]


class Further(NamedTuple):
    """A point beyond the samples."""

    where: str
    """Which it is, in words."""
    finite_only: bool = True
    """Whether a gradient that is not finite says nothing here: formulas overflow at large arguments
    and divide by zeros."""
    of_ones: bool = False
    """Whether a cotangent of ones is tried as well, with which a side was found."""
    near_zero: bool = False
    """Whether some leaf is so small that the side found may be a guard against dividing by 0."""


@dataclass
class BranchCoverage:
    """What is known of one branch of one operation."""

    node: Node
    branch: Branch
    reached: set[int] = field(default_factory=set)
    """The sides that were met: -1 (below), 1 (above)."""
    outside: set[int] = field(default_factory=set)
    """Sides that need no reaching: the graph has no value there, as where an operation raises on
    purpose, or none is possible, as of `abs(exp(x))`."""
    met: list[tuple[Values, Array]] = field(default_factory=list)
    """Points, and the margins there."""

    @property
    def wanted(self) -> list[int]:
        """The sides on which no point has been. Equality is no side: it has no width."""
        if self.branch.at_equality:
            return []
        return [side for side in (-1, 1) if side not in self.reached | self.outside]

    def describe(self) -> str:
        """Return in words what was not reached."""
        where = " or ".join({-1: "below", 1: "above"}[side] for side in self.wanted)
        return (
            f"{operation_name(self.node)}: `{self.branch.source}` was never {where} the threshold "
            f"of its {self.branch.function}"
        )


class Explorer:
    """Takes the graph of a check to points beyond its samples, one after the other.

    Args:
        graph: The private copy that the check works on.
        rng: The source of random directions.
    """

    def __init__(self, graph: SampledGraph, rng: np.random.Generator) -> None:
        self.graph = graph
        self.rng = rng
        self.operations = [node for node in graph.order if node.inputs and not is_of_edf(node)]
        self.sides: dict[tuple[Node, Branch], BranchCoverage] = {}
        self.combinations: set[tuple[Node, tuple[Branch, ...], bytes]] = set()
        self.evaluations = 0

    def note(self) -> bool:
        """Note which sides the operations' branches take at the present point; return whether some
        entry takes a combination of sides that none has taken before. An infinite margin, as of
        log(0), is of a point without a derivative, which tells nothing of its side; nor does the
        origin, where lengths have a kink."""
        values, known = self.graph.leaf_values(), len(self.combinations)
        free = [value for leaf, value in values.items() if self.graph.is_free(leaf)]
        if free and not any(map(np.any, free)):
            return False
        for node in self.operations:
            alike: dict[int, dict[Branch, Array]] = defaultdict(dict)
            for branch, margins in branch_margins(node).items():
                sides = self.sides.setdefault((node, branch), BranchCoverage(node, branch))
                sides.reached |= branch.sides(margins[np.isfinite(margins)])
                sides.met.append((values, margins))
                alike[margins.size][branch] = np.sign(margins).astype(np.int8)
            for signs in alike.values():
                entries = np.unique(np.array(list(signs.values())), axis=1).T
                self.combinations |= {(node, tuple(signs), entry.tobytes()) for entry in entries}
        return len(self.combinations) > known

    def points(self) -> Iterator[Further]:
        """Move to each further point."""
        if not self.operations:
            return
        yield from self._at_scales()
        yield from self._at_ties()
        yield from self._at_a_batch_of_one()
        yield from self._at_numbers_in_code()
        yield from self._in_other_combinations()
        yield from self.across_thresholds()

    def unreached(self) -> list[BranchCoverage]:
        """Return the branches of which a side has not been reached, though it may be possible."""
        missing = [sides for sides in self.sides.values() if sides.wanted]
        for sides in missing:
            bounds = branch_bounds(sides.node).get(sides.branch)
            if bounds is not None:
                sides.outside |= {-1} if bounds.low >= 0 else set()
                sides.outside |= {1} if bounds.high <= 0 else set()
        return [sides for sides in missing if sides.wanted]

    # ----------------------------------------------------------------------------- kinds of points

    def _at_scales(self) -> Iterator[Further]:
        for scale in SCALES:
            for sign in (1.0, -1.0):
                if not self.graph.move_to(1, quietly=True):
                    continue
                moved = {
                    leaf: value * scale * (sign if self.graph.takes_any_sign(leaf) else 1.0)
                    for leaf, value in self.graph.leaf_values().items()
                    if self.graph.is_free(leaf)
                }
                if self._put(moved):
                    where = f"inputs scaled by {sign * scale:g}"
                    yield Further(where, scale > USUAL, of_ones=self.note())

    def _at_ties(self) -> Iterator[Further]:
        """Whole numbers, zeros among them; neighbours equal along an axis; all entries equal."""
        for name, tied in TIES:
            if not self.graph.move_to(1, quietly=True):
                continue
            moved = {
                leaf: self._within(leaf, tied(value))
                for leaf, value in self.graph.leaf_values().items()
                if self.graph.is_free(leaf)
            }
            if self._put(moved):
                yield Further(name, of_ones=self.note())

    def _at_a_batch_of_one(self) -> Iterator[Further]:
        """The first row only, of all inputs that are as long where one of them has rows."""
        if not self.graph.move_to(1, quietly=True):
            return
        values = self.graph.leaf_values()
        inputs: Values = {k: value for k, value in values.items() if isinstance(k, Input)}
        columns = {n for v in values.values() for n in v.shape[1:]}  # of a square matrix: which?
        for length in sorted(
            {v.shape[0] for v in inputs.values() if v.ndim > 1} - {0, 1} - columns
        ):
            rows = {k: v[:1] for k, v in inputs.items() if v.ndim and v.shape[0] == length}
            if self._put({**values, **rows}) and not self._has_rows(length):
                yield Further(f"one row in place of {length}", finite_only=False)
            self._put(values)

    def _has_rows(self, length: int) -> bool:
        """Whether an operation has as many rows as that, or none: these were no rows of a batch."""
        shapes = [np.shape(node.value) for node in self.operations]
        constants = {p for k in self.operations for p in k.inputs if isinstance(p, Constant)}
        shapes += [np.shape(constant.value) for constant in constants]
        return any(shape and shape[0] in (0, length) for shape in shapes)

    def _at_numbers_in_code(self) -> Iterator[Further]:
        """Where arguments are about as large as a number in the code of the operations, which may
        be a threshold in plain Python, or a small number that only the forward adds."""
        numbers = {abs(number): None for k in self.operations for number in numbers_in_code(k)}
        sizes = [*numbers, *(float(np.sqrt(number)) for number in numbers if number < SMALL)]
        for size, sign in itertools.product(sizes, (1.0, -1.0)):
            if not self.graph.move_to(1, quietly=True):
                continue
            free = [leaf for leaf in self.graph.leaf_values() if self.graph.is_free(leaf)]
            moved = {
                leaf: self._within(
                    leaf, sign * size * np.resize(np.roll(AROUND, -k), np.shape(leaf.value))
                )
                for k, leaf in enumerate(free)
            }
            if self._put(moved):
                where = f"arguments of about {sign * size:g}"
                yield Further(where, of_ones=self.note(), near_zero=self._is_near_zero())

    def _in_other_combinations(self) -> Iterator[Further]:
        """Where two branches take sides that they have not taken together."""
        for point in range(SCATTERED):
            if not self.graph.move_to(1, quietly=True):
                continue
            free = [leaf for leaf in self.graph.leaf_values() if self.graph.is_free(leaf)]
            moved = {}
            for k, leaf in enumerate(free):
                sign = 1 - 2 * (point >> k & 1)  # all patterns of signs of up to four leaves
                scale = sign * 10 ** self.rng.uniform(-0.5, 3)
                moved[leaf] = self._within(leaf, scale * np.abs(leaf.value))
            if self._put(moved) and self.note():
                yield Further("inputs at scales of their own", of_ones=True)

    def _beside_thresholds(self) -> Iterator[Further]:
        """Close to each threshold that two points have between them, on either side of it."""
        for sides in list(self.sides.values()):
            segment = _opposite(sides.met)
            if segment is None:
                continue
            low, high, entry = segment
            for _ in range(HALVINGS):
                free = [leaf for leaf in low if self.graph.is_free(leaf)]
                middle = {**low, **{leaf: _between(low[leaf], high[leaf]) for leaf in free}}
                if not self._put(middle):
                    break
                margins = branch_margins(sides.node).get(sides.branch)
                if margins is None or margins.size <= entry:
                    break
                if margins[entry] > 0:
                    high = middle
                else:
                    low = middle
            for values in (low, high):
                if self._put(values):
                    where = f"close to the threshold of `{sides.branch.source}`"
                    yield Further(where, near_zero=self._is_near_zero())

    def across_thresholds(self) -> Iterator[Further]:
        """Move to the sides of branches on which no point has been yet, and then close to all
        thresholds: another one may lie right behind."""
        for sides in list(self.sides.values()):
            for side in sides.wanted:
                if self._find(sides, side):
                    self.note()
                    where = f"beyond the threshold of `{sides.branch.source}`"
                    yield Further(where, of_ones=True, near_zero=self._is_near_zero())
        yield from self._beside_thresholds()

    def _is_near_zero(self) -> bool:
        values = self.graph.leaf_values()
        sizes = [np.max(np.abs(v)) for k, v in values.items() if self.graph.is_free(k) and v.size]
        return any(0 < size < GUARD for size in sizes)

    # ---------------------------------------------------------------------------------- the search

    def _find(self, sides: BranchCoverage, side: int) -> bool:
        """Move along lines from known points to one on that side of a branch, the nearest of those
        tried; return whether there is one.

        Where none is found, but one without a value was, the side is outside of the domain.
        """
        lines = (values for start, _ in sides.met[-3:] for values in self._lines(start))
        outside = False
        for values in itertools.islice(lines, max(0, BUDGET - self.evaluations)):
            has_value = self._put(values)
            margins = branch_margins(sides.node).get(sides.branch)
            if margins is not None and side in sides.branch.sides(margins):
                if has_value:
                    return True
                outside = True
        if outside:
            sides.outside.add(side)
        return False

    def _lines(self, start: Values) -> Iterator[Values]:
        """Yield points closer to 0, and ever further from `start`: leaves shifted, scaled, moved at
        random."""
        free = [leaf for leaf in start if self.graph.is_free(leaf)]
        groups = [free, *([leaf] for leaf in free[:SINGLY])] if len(free) > 1 else [free]
        for group in groups:
            for closer in CLOSER:
                yield {**start, **{leaf: closer * start[leaf] for leaf in group}}
            random = {leaf: self.rng.standard_normal(np.shape(start[leaf])) for leaf in group}
            for distance in (0.0, *DISTANCES):
                for sign in (1.0, -1.0):
                    step = sign * distance
                    yield {**start, **{k: self._within(k, start[k] + step) for k in group}}
                    yield {**start, **{k: self._within(k, start[k] * step) for k in group}}
                    yield {
                        **start,
                        **{k: self._within(k, start[k] + step * random[k]) for k in group},
                    }

    def _within(self, leaf: Node, value: Array) -> Array:
        return value if self.graph.takes_any_sign(leaf) else np.abs(value)

    def _put(self, values: Values) -> bool:
        self.evaluations += 1
        return self.graph.put(values)


def _between(low: Array, high: Array) -> Array:
    """The geometric mean of two numbers of one sign, which may be 1e-50 and 1; else their mean."""
    geometric = np.sign(low) * np.sqrt(np.abs(low)) * np.sqrt(np.abs(high))
    return np.where(low * np.sign(high) > 0, geometric, (low + high) / 2)


def _opposite(met: Iterable[tuple[Values, Array]]) -> tuple[Values, Values, int] | None:
    """Return two points between which an entry of the margins changes sign, and the entry."""
    known = list(met)
    for low, below in known:
        for high, above in known:
            if below.shape != above.shape or any(low[k].shape != high[k].shape for k in low):
                continue
            finite = np.isfinite(below) & np.isfinite(above)
            entries = np.flatnonzero(finite & (below < 0) & (above > 0))
            if entries.size:
                return low, high, int(entries[0])
    return None
