"""Points that samples do not reach by themselves: scales, ties, a batch of one, sides of branches.

Samples are of order one and have no two entries alike, so a `backward` that is wrong above 4, for
equal entries or for a batch of one agrees at all of them. Here the leaves of the graph are taken
further: scaled, rounded to whole numbers, cut to one row, and moved along lines until each
comparison, `maximum`, `abs` and the like in an operation's forward and backward (see
`edf.numerics.branches`) has been on both sides of its threshold, and close to it.

A side that nothing reaches from the leaves is sought at the operation's own inputs instead. If its
derivative holds there, it does not matter whether the graph gets there.

Only operations that are not edf's own are looked at: those are held to both sides of their
branches by edf's tests.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from edf.check.functions import branch_bounds, branch_margins, is_of_edf, operation_name
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
GUARD = 1e-6
#: Points that the searches of one check may evaluate.
BUDGET = 600
#: Halvings of a segment on which a branch changes sides.
HALVINGS = 8
#: Leaves that are moved one by one; of more, the first so many are.
SINGLY = 4

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
    """Whether a cotangent of ones is tried as well, with which the point was found."""
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
        self.evaluations = 0

    def note(self) -> None:
        """Note which sides the operations' branches take at the present point; an infinite margin,
        as of log(0), is of a point without a derivative, which tells nothing of its side."""
        values = self.graph.leaf_values()
        for node in self.operations:
            for branch, margins in branch_margins(node).items():
                sides = self.sides.setdefault((node, branch), BranchCoverage(node, branch))
                sides.reached |= branch.sides(margins[np.isfinite(margins)])
                sides.met.append((values, margins))

    def points(self) -> Iterator[Further]:
        """Move to each further point."""
        if not self.operations:
            return
        yield from self._at_scales()
        yield from self._at_ties()
        yield from self._at_a_batch_of_one()
        yield from self._beside_thresholds()
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
                    self.note()
                    yield Further(f"inputs scaled by {sign * scale:g}", scale > USUAL)

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
                self.note()
                yield Further(name)

    def _at_a_batch_of_one(self) -> Iterator[Further]:
        """The first row only, of all inputs that are as long where one of them has rows."""
        if not self.graph.move_to(1, quietly=True):
            return
        values = self.graph.leaf_values()
        inputs: Values = {k: value for k, value in values.items() if isinstance(k, Input)}
        for length in sorted({v.shape[0] for v in inputs.values() if v.ndim > 1} - {0, 1}):
            rows = {k: v[:1] for k, v in inputs.items() if v.ndim and v.shape[0] == length}
            if self._put({**values, **rows}):
                yield Further(f"one row in place of {length}", finite_only=False)
            self._put(values)

    def elsewhere(self) -> Iterator[tuple[list[Node], str]]:
        """Take operations where this graph does not; yield them, with words for where that is."""
        if self.operations and self.graph.move_to(1, quietly=True):
            yield from ((self.operations, length) for length in self._at_other_lengths())
            yield from ((self.operations, number) for number in self._with_numbers_twice())
            yield from self._with_arguments_apart()

    def _at_other_lengths(self) -> Iterator[str]:
        """Make all axes of one length longer, in all inputs that are drawn, where the graph lets
        them."""
        values = self.graph.leaf_values()
        inputs = [k for k in values if isinstance(k, Input) and self.graph.is_sampled(k)]
        for length in sorted({n for k in inputs for n in values[k].shape} - {0}):
            longer: Values = {k: _made_longer(values[k], length, self.rng) for k in inputs}
            if self._put({**values, **longer}):
                yield f"length {2 * length + 1} in place of {length}"
            self._put(values)

    def _with_numbers_twice(self) -> Iterator[str]:
        """Let a whole number occur twice where all are different, as indices may. A permutation
        stays one."""
        for leaf in self.graph.order:
            numbers = leaf.value
            if leaf.inputs or not isinstance(numbers, np.ndarray) or numbers.dtype.kind not in "iu":
                continue
            different = np.unique(numbers)
            if different.size < max(2, numbers.size) or np.array_equal(
                different, np.arange(different.size)
            ):
                continue
            twice = numbers.copy()
            twice.flat[1] = twice.flat[0]
            if self._put({leaf: twice}):
                yield f"{twice.flat[0]} twice among its whole numbers"
            self._put({leaf: numbers})

    def _with_arguments_apart(self) -> Iterator[tuple[list[Node], str]]:
        """Give an operation two values where two of its arguments are one node: mistakes in both
        can make up for each other."""
        for node in self.operations:
            given = [parent for parent in node.inputs if not isinstance(parent, Constant)]
            if len(set(given)) < len(given):
                graph = alone(node)
                if graph.move_to(1, quietly=True):
                    yield [graph.root], "with two values for arguments that are one node here"

    def _beside_thresholds(self) -> Iterator[Further]:
        """Close to each threshold that two points have between them, on either side of it."""
        for sides in list(self.sides.values()):
            segment = _opposite(sides.met)
            if segment is None:
                continue
            low, high, entry = segment
            for _ in range(HALVINGS):
                free = [leaf for leaf in low if self.graph.is_free(leaf)]
                middle = {**low, **{leaf: (low[leaf] + high[leaf]) / 2 for leaf in free}}
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
                    yield Further(f"close to the threshold of `{sides.branch.source}`")

    def across_thresholds(self) -> Iterator[Further]:
        """Move to the sides of branches on which no point has been yet."""
        for sides in list(self.sides.values()):
            for side in sides.wanted:
                if self._find(sides, side):
                    self.note()
                    where = f"beyond the threshold of `{sides.branch.source}`"
                    yield Further(where, of_ones=True, near_zero=self._is_near_zero())

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


def _made_longer(value: Array, length: int, rng: np.random.Generator) -> Array:
    """The entries again and again, each somewhat changed, along all axes of a length."""
    for axis, own in enumerate(value.shape):
        if own == length:
            value = np.take(value, np.arange(2 * length + 1) % length, axis)
    return value * rng.uniform(0.8, 1.2, value.shape)


def alone(node: Node) -> SampledGraph:
    """Return a graph of one operation, with inputs that hold what its arguments hold now."""
    twin = copy.copy(node)
    twin.inputs = tuple(
        parent if isinstance(parent, Constant) else Input(np.array(parent.value))
        for parent in node.inputs
    )
    return SampledGraph(twin, None, np.random.default_rng(0))


def _opposite(met: Iterable[tuple[Values, Array]]) -> tuple[Values, Values, int] | None:
    """Return two points between which an entry of the margins changes sign, and the entry."""
    known = list(met)
    for low, below in known:
        for high, above in known:
            if below.shape != above.shape or any(low[k].shape != high[k].shape for k in low):
                continue
            entries = np.flatnonzero((below < 0) & (above > 0))
            if entries.size:
                return low, high, int(entries[0])
    return None
