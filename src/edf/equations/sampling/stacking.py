"""One operation at many points at once.

Arrays of R points are stacked: (R, *shape). An operation knows nothing of the additional axis, so
several ways to hand it the stack are tried, and one is used only if it gives, at a few points of
every stack, what the operation gives for each of them alone. Where none does, the points are taken
one by one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from edf.graph import Array, Node
from edf.operations.elementary import MatMul

WITNESSES = 4  # points at which a way must agree with the operation itself to be chosen
FEWER_WITNESSES = 2  # for the operations of this package, which do the same at all points

OTHERS = (1e3, -1e3, 1e-3)  # by which all others are multiplied to see whether points mix

Way = Callable[[Sequence[Array]], Array]


class Stacked:
    """A function of arrays, applied to stacks of them.

    Args:
        compute: The function, of arrays of one point.
        node: The operation that it belongs to, if there is one.
    """

    def __init__(self, compute: Callable[..., Array], node: Node | None = None) -> None:
        self.compute = compute
        self.node = node
        self.way: Way | None = None
        self.trusted = type(node).__module__.startswith("edf.")

    def __call__(self, stacks: Sequence[Array]) -> Array:
        """Return the stack of values at the stacked arguments."""
        if len(stacks[0]) < 2:  # no way to see whether points would mix
            return self.one_by_one(stacks)
        objects = any(stack.dtype == object for stack in stacks)
        if objects and not (self.trusted and self.stacks):  # for they are not compared
            return self.one_by_one(stacks)
        if self.way is None:
            self.way, value = self._chosen(stacks)
        elif self.way == self.one_by_one:
            return self.way(stacks)
        else:
            try:
                value = self.way(stacks)
            except Exception as problem:
                if self.trusted and _is_of_a_matrix(problem):  # as that point alone would say
                    raise
                return self.one_by_one(stacks)
        if self.trusted or self.way == self.one_by_one:
            return value
        # The first stack may not have shown that points mix, as in clipping by the norm of all.
        ends = [0, len(value) - 1]
        alone = self.one_by_one([stack[ends] for stack in stacks])
        return value if _agree(value[ends], alone) else self.one_by_one(stacks)

    @property
    def stacks(self) -> bool:
        """Whether a way was found to take all points at once."""
        return self.way is not None and self.way != self.one_by_one

    def one_by_one(self, stacks: Sequence[Array]) -> Array:
        rows = len(stacks[0])
        values = [self.compute(*(_row(stack, r) for stack in stacks)) for r in range(rows)]
        return np.stack([np.asarray(value) for value in values])

    def _chosen(self, stacks: Sequence[Array]) -> tuple[Way, Array]:
        """Return the way to take such stacks, and the values that it gives for these."""
        witnesses = FEWER_WITNESSES if self.trusted else WITNESSES
        few = self.one_by_one([stack[:witnesses] for stack in stacks])
        for way in self._ways(stacks, few.shape[1:]):
            try:
                value = way(stacks)
            except Exception as problem:  # this way is not for this operation
                if self.trusted and _is_of_a_matrix(problem):
                    raise
                continue
            if value.shape != (len(stacks[0]), *few.shape[1:]) or not _agree(
                value[:witnesses], few
            ):
                continue
            if self.trusted or _keeps_apart(way, stacks, few):
                return way, value
        return self.one_by_one, self.one_by_one(stacks)

    def _ways(self, stacks: Sequence[Array], shape: tuple[int, ...]) -> Iterator[Way]:
        rank = max(stack.ndim for stack in stacks)

        def padded(compute: Callable[..., Array]) -> Way:
            def way(stacks: Sequence[Array]) -> Array:
                value = np.asarray(compute(*(_pad(stack, rank) for stack in stacks)))
                return value.reshape(len(stacks[0]), *shape)

            return way

        if len({stack.shape for stack in stacks}) == 1 and stacks[0].ndim == 1:
            yield padded(self.compute)
            return
        if isinstance(self.node, MatMul):
            yield _matmul
        if hasattr(self.node, "axis"):
            yield padded(_over_later_axes(self.node, rank))
        if isinstance(key := getattr(self.node, "key", None), tuple) and len(stacks) == 1:
            indexed: Any = copy.copy(self.node)
            indexed.key = (slice(None), *key)
            yield padded(indexed.forward)
        yield padded(self.compute)
        yield lambda stacks: np.asarray(self.compute(*stacks))


def where_possible(compute: Way, stacks: Sequence[Array]) -> Array:
    """Return the stack of values, not a number at points where a matrix does not allow it.

    These are found by halving, so that few of them do not take the time of all one by one.
    """
    found: list[tuple[int, Array | None]] = []

    def add(parts: Sequence[Array]) -> None:
        count = len(parts[0])
        try:
            found.append((count, compute(parts)))
        except Exception as problem:
            if not _is_of_a_matrix(problem):
                raise
            if count == 1:
                found.append((1, None))
                return
            add([part[: count // 2] for part in parts])
            add([part[count // 2 :] for part in parts])

    add(stacks)
    shape = next((value.shape[1:] for _, value in found if value is not None), stacks[0].shape[1:])
    return np.concatenate(
        [np.full((count, *shape), np.nan) if value is None else value for count, value in found]
    )


def _is_of_a_matrix(problem: Exception) -> bool:
    """Whether an operation failed for the numbers in a matrix, which is singular, say."""
    return any(isinstance(each, np.linalg.LinAlgError) for each in (problem, problem.__cause__))


def _row(stack: Array, row: int) -> Any:
    """Return the array of one point, or its number; of objects, always an array."""
    return stack[row, ...] if stack.dtype == object else stack[row]


def _keeps_apart(way: Way, stacks: Sequence[Array], few: Array) -> bool:
    """Whether the first point's value stays what it is while the others become far larger.

    It does not where an operation decides by all of an array, as `if np.sum(x) > 40` does.
    """
    for factor in OTHERS:
        moved = [stack[: len(few)].copy() for stack in stacks]
        for stack in moved:
            if stack.dtype.kind in "fc":
                stack[1:] *= factor
        try:
            value = way(moved)
        except Exception:  # it does not take such numbers
            continue
        if not _agree(value[:1], few[:1]):
            return False
    return True


def _agree(values: Array, expected: Array) -> bool:
    """Whether two arrays are equal but for rounding."""
    if values.dtype == bool:
        return bool((values == expected).all())
    close = np.abs(values - expected) <= 1e-13 * (np.abs(expected) + _size(expected))
    return bool(
        (close | (values == expected) | ((values != values) & (expected != expected))).all()
    )


def _size(values: Array) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0))


def _pad(stack: Array, rank: int) -> Array:
    """Put axes of length 1 behind the first, so that shapes broadcast as those of one point do."""
    return stack.reshape(len(stack), *(1,) * (rank - stack.ndim), *stack.shape[1:])


def _matmul(stacks: Sequence[Array]) -> Array:
    a, b = stacks
    row, column = a.ndim == 2, b.ndim == 2
    value = (a[:, None, :] if row else a) @ (b[:, :, None] if column else b)
    if column:
        value = value[..., 0]
    return value[:, 0] if row else value


def _over_later_axes(node: Any, rank: int) -> Callable[..., Array]:
    """The same reduction, counting its axes from the second."""
    twin = copy.copy(node)
    axes = node.axis
    if axes is None:
        twin.axis = tuple(range(1, rank))
    elif isinstance(axes, tuple):
        twin.axis = tuple(axis + 1 if axis >= 0 else axis for axis in axes)
    else:
        twin.axis = axes + 1 if axes >= 0 else axes
    return lambda *arrays: twin.forward(*arrays)
