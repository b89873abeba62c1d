"""Graphs like the one that is checked: of other lengths, other whole numbers, other signs.

A `backward` may be right by the accident of one length, of indices that are all different, of
labels among which the one that does not count is missing. Here operations are tried where no point
of their graph leads. What is wrong there only makes a check inconclusive, since it may be that
nobody goes there; what raises there is not made for it.
"""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from edf.check.sampling import SampledGraph
from edf.graph import Array, Constant, Input, Node, Param

#: Numbers in a graph up to which axes of one length are made longer one by one as well, and how
#: many of them are.
SMALL, AXES = 2000, 4

Values = dict[Node, Array]
"""A value for each leaf."""
Comparison = Callable[[Array], Array]
"""Of an array of whole numbers with a number."""


class Place(NamedTuple):
    """Where to try some operations."""

    operations: list[Node]
    where: str
    """Where they are, in words."""
    fits: bool = True
    """Whether all shapes belong together there, so that one that does not fit is a mistake."""


def elsewhere(
    graph: SampledGraph, operations: list[Node], rng: np.random.Generator
) -> Iterator[Iterator[Place]]:
    """Take a graph to others like it, one after the other.

    Yields:
        Iterators over one place, or over several of which each must be found wrong, as there may
        be reasons for which nobody goes to one of them. The graph is moved as they advance.
    """
    if operations and graph.move_to(1, quietly=True):
        yield from _Elsewhere(graph, operations, rng).places()


def alone(node: Node) -> SampledGraph:
    """Return a graph of one operation, with inputs that hold what its arguments hold now."""
    twin = copy.copy(node)
    twin.inputs = tuple(
        parent if isinstance(parent, Constant) else Input(np.array(parent.value))
        for parent in node.inputs
    )
    return SampledGraph(twin, None, np.random.default_rng(0))


class _Elsewhere:
    def __init__(
        self, graph: SampledGraph, operations: list[Node], rng: np.random.Generator
    ) -> None:
        self.graph, self.operations, self.rng = graph, operations, rng
        self.values: Values = {node: node.value for node in graph.order if not node.inputs}
        self.arrays = {k: v for k, v in self.values.items() if isinstance(v, np.ndarray)}

    def places(self) -> Iterator[Iterator[Place]]:
        yield from self._other_lengths()
        yield from self._other_whole_numbers()
        yield from self._other_booleans()
        yield from self._other_signs()
        yield self._arguments_apart()

    def _moved(self, where: str, *others: Values) -> Iterator[Place]:
        for other in others:
            if self.graph.put({**self.values, **other}) and all(
                np.size(node.value) for node in self.operations
            ):
                yield Place(self.operations, where)

    # ----------------------------------------------------------------------------- other lengths

    def _other_lengths(self) -> Iterator[Iterator[Place]]:
        """Make the axes of one length longer, twice, to an odd and an even length, and cut them to
        one; make each longer by itself as well, if it is another than those of the same length."""
        leaves: Values = {k: v for k, v in self.arrays.items() if isinstance(k, Input | Param)}
        small = sum(value.size for value in leaves.values()) <= SMALL
        for length in sorted({n for value in leaves.values() for n in value.shape} - {0}):
            axes = [(k, i) for k, v in leaves.items() for i, n in enumerate(v.shape) if n == length]
            if any(self._is_bound(leaf, axis) for leaf, axis in axes):
                continue
            for longer in (2 * length + 1, 2 * length + 2)[: 1 + small]:
                yield self._of_length(longer, length, axes, fits=True)
            if length > 1:
                yield self._of_length(1, length, axes)
            if small and len(axes) > 1:
                for one in axes[:AXES]:
                    yield self._of_length(2 * length + 1, length, [one])
                    if len(axes) > 2:
                        others = [axis for axis in axes if axis != one]
                        yield self._of_length(2 * length + 1, length, others)

    def _is_bound(self, leaf: Node, axis: int) -> bool:
        """Whether an axis belongs to its sampler, as that of probabilities which sum to 1."""
        value = self.arrays[leaf]
        return value.dtype.kind == "f" and not self.graph.is_free(leaf) and axis == value.ndim - 1

    def _of_length(
        self, new: int, old: int, axes: list[tuple[Node, int]], *, fits: bool = False
    ) -> Iterator[Place]:
        other: Values = {}
        for leaf, axis in axes:
            value = other.get(leaf, self.arrays[leaf])
            other[leaf] = self._lengthened(leaf, value, axis, new) if new > old else value
            if new < old:
                other[leaf] = np.take(value, range(new), axis)
        for place in self._moved(f"length {new} in place of {old}", other):
            # What still has that length is a constant, or only broadcast.
            if new > old or not self._has_length(old, self.operations):
                yield place._replace(fits=fits and not self._has_length(old, []))

    def _lengthened(self, leaf: Node, value: Array, axis: int, length: int) -> Array:
        """The entries again and again, each somewhat changed; a permutation stays one."""
        if _is_permutation(value):
            return np.concatenate([value, np.arange(value.size, length)])
        longer = np.take(value, np.arange(length) % value.shape[axis], axis)
        if not self.graph.is_free(leaf):
            return longer
        return longer * self.rng.uniform(0.8, 1.2, longer.shape)

    def _has_length(self, length: int, nodes: list[Node]) -> bool:
        constants = [p for k in self.operations for p in k.inputs if isinstance(p, Constant)]
        return any(length in np.shape(node.value) for node in [*nodes, *constants])

    # ------------------------------------------------------------- other whole numbers, and signs

    def _other_whole_numbers(self) -> Iterator[Iterator[Place]]:
        """Let a whole number occur twice where all are different, as indices may, and 0 where it
        does not; put another permutation in place of one; take the side of each comparison that
        none is on."""
        for leaf, value in self.arrays.items():
            if value.dtype.kind not in "iu":
                continue
            numbers = value.astype(np.int64)
            if _is_permutation(numbers):
                turned = np.roll(np.arange(numbers.size), 1)
                yield self._moved("another permutation", {leaf: turned})
                continue
            different = np.unique(numbers)
            if different.size > 1 and different[0] > 0:
                first = numbers.copy()
                first.flat[0] = 0
                yield self._moved("0 among its whole numbers", {leaf: first})
            if 1 < different.size == numbers.size:
                twice = numbers.copy()
                twice.flat[1] = twice.flat[0]
                where = f"{twice.flat[0]} twice among its whole numbers"
                yield self._moved(where, {leaf: twice})
        for node in self.operations:
            for leaf, number, comparison in _comparisons(node):
                yield self._across(leaf, number, comparison)

    def _across(self, leaf: Node, number: int, comparison: Comparison) -> Iterator[Place]:
        """Move one whole number to the other side of a comparison."""
        numbers = self.arrays[leaf].astype(np.int64)
        taken = np.unique(comparison(numbers))
        others = []
        for other in dict.fromkeys((number, number - 1, number + 1, -number)):
            if taken.size == 1 and comparison(np.array(other)) != taken[0]:
                moved = numbers.copy()
                moved.flat[0] = other
                others.append({leaf: moved})
        where = f"another whole number, on the other side of {number}"
        return self._moved(where, *others)

    def _other_booleans(self) -> Iterator[Iterator[Place]]:
        """Let one be different where all are alike."""
        for leaf, value in self.arrays.items():
            if value.dtype.kind == "b" and np.unique(value).size == 1:
                other = value.copy()
                other.flat[0] = not other.flat[0]
                yield self._moved(f"{other.flat[0]} among its booleans", {leaf: other})

    def _other_signs(self) -> Iterator[Iterator[Place]]:
        """Turn the sign of values that are all positive, as those of a parameter may happen to be:
        training changes it."""
        for leaf in self.graph.own:
            declared = isinstance(leaf, Input) and leaf.sample == "positive"
            if self.graph.is_free(leaf) and not (declared or self.graph.takes_any_sign(leaf)):
                yield self._moved("negative in place of positive", {leaf: -self.values[leaf]})

    # --------------------------------------------------------------------------- other arguments

    def _arguments_apart(self) -> Iterator[Place]:
        """Give an operation two values where two of its arguments are one node: mistakes in both
        can make up for each other."""
        self.graph.put(self.values)
        for node in self.operations:
            given = [parent for parent in node.inputs if not isinstance(parent, Constant)]
            if len(set(given)) < len(given):
                graph = alone(node)
                if graph.move_to(1, quietly=True):
                    where = "with two values for arguments that are one node here"
                    yield Place([graph.root], where)


def _is_permutation(value: Array) -> bool:
    return (
        value.dtype.kind in "iu"
        and value.ndim == 1
        and value.size > 1
        and np.array_equal(np.sort(value), np.arange(value.size))
    )


def _comparisons(node: Node) -> Iterator[tuple[Node, int, Comparison]]:
    """Yield the leaves of whole numbers among an operation's arguments, with each number with which
    it compares them, forward or backward, and how."""
    arrays = [
        np.asarray(parent.value).view(_Compared) if _holds_whole_numbers(parent) else parent.value
        for parent in node.inputs
    ]
    for array in arrays:
        if isinstance(array, _Compared):
            array.noted = {}
    with contextlib.suppress(Exception):  # of what such arrays do not do; what was noted counts
        node.value = node.forward(*arrays)
        node.backward(np.ones(np.shape(node.value)), *arrays)
    for parent, array in zip(node.inputs, arrays, strict=True):
        for (_, number), comparison in (getattr(array, "noted", None) or {}).items():
            yield parent, number, comparison


def _holds_whole_numbers(node: Node) -> bool:
    return not node.inputs and isinstance(node.value, np.ndarray) and node.value.dtype.kind in "iu"


class _Compared(np.ndarray):
    """Whole numbers that note with which numbers they are compared."""

    noted: dict[tuple[str, int], Comparison] | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.noted = getattr(source, "noted", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc.__name__ in _COMPARISONS and method == "__call__" and self.noted is not None:
            numbers = [x for x in inputs if isinstance(x, int | np.integer)]
            if len(numbers) == 1:
                number, first = int(numbers[0]), inputs[0] is numbers[0]
                comparison = functools.partial(_compare, ufunc, number, first)
                self.noted[f"{ufunc.__name__} {first}", number] = comparison
        plain = [np.asarray(x) if isinstance(x, _Compared) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __getitem__(self, key: Any) -> Any:
        one = np.asarray(super().__getitem__(key)).view(_Compared)
        one.noted = self.noted
        return one

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))


_COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


def _compare(ufunc: np.ufunc, number: int, first: bool, numbers: Array) -> Array:
    return np.asarray(ufunc(number, numbers) if first else ufunc(numbers, number))
