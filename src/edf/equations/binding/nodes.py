"""Graph nodes for the constructs of a formula, of which a definition is made.

A node's value has an axis for each index of its formula, in the order of `Laid.letters`, and then
the axes of a vector or matrix. Any number of axes may stand in front of all of them, so that a
stack of points is computed at once; complex numbers are taken as they come from a complex step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edf.equations.operations.comparisons import COMPARE, first_that_holds
from edf.equations.operations.operation import Operation
from edf.equations.operations.reductions import REDUCTIONS
from edf.graph import Array, Constant, Node
from edf.numerics.differences import COMPLEX_STEP


@dataclass(frozen=True)
class Laid:
    """A node, and what its axes are: one for each letter, then those of a vector or matrix."""

    node: Node
    letters: tuple[str, ...] = ()
    axes: int = 0  # 1 of a column, 2 of a matrix or a row, 0 of a number

    @property
    def rank(self) -> int:
        """How many axes the value has."""
        return len(self.letters) + self.axes


class FormulaNode(Node):
    """A construct of a formula. Its gradients are taken by complex steps.

    A subclass says what it computes in `value_of`, which gets arrays with any axes in front.
    """

    is_formula = True  # its arguments are what the formula is written in terms of
    value_of: Callable[..., Array]

    def forward(self, *arrays: Array) -> Array:
        # Arrays may be of a class that hears of comparisons, which tells where branches are.
        return self.value_of(*map(np.asanyarray, arrays))

    def backward(self, grad: Array, *arrays: Array) -> Any:
        gradients: list[Array | None] = []
        for place, array in enumerate(arrays):
            array = np.asarray(array)
            if not np.issubdtype(array.dtype, np.inexact):
                gradients.append(None)
                continue
            gradient = np.zeros(array.shape)
            for entry in np.ndindex(array.shape):
                moved = array.astype(complex)
                moved[entry] += 1j * COMPLEX_STEP
                value = self.forward(*arrays[:place], moved, *arrays[place + 1 :])
                gradient[entry] = np.sum(grad * np.imag(value)) / COMPLEX_STEP
            gradients.append(gradient)
        return tuple(gradients)


class Operated(FormulaNode):
    """An operation of the dialect, at arguments whose indices are brought together."""

    def __init__(self, operation: Operation, arguments: Sequence[Laid], result: Laid) -> None:
        super().__init__(*(argument.node for argument in arguments if not is_number(argument)))
        self.operation = operation
        self.numbers = tuple(a.node.value if is_number(a) else None for a in arguments)
        self.arguments = tuple(_without_node(argument) for argument in arguments)
        self.letters, self.axes = result.letters, result.axes

    def value_of(self, *arrays: Array) -> Array:
        if not self.operation.branches:  # what it compares inside decides nothing
            arrays = tuple(map(np.asarray, arrays))
        given = iter(arrays)
        values = [
            as_matrices(next(given), laid, self.letters)
            if number is None
            else np.full((1,) * (len(self.letters) + 2), number)
            for number, laid in zip(self.numbers, self.arguments, strict=True)
        ]
        value = self.operation(*values)
        return from_matrices(value, self.axes)


class Reduced(FormulaNode):
    """A sum, product, maximum or minimum over some indices, perhaps over a part of their values."""

    def __init__(
        self,
        kind: str,
        argument: Laid,
        over: Sequence[str],
        condition: tuple[str, str, str] | None,
        result: Laid,
        ranges: Sequence[Laid],
    ) -> None:
        super().__init__(argument.node, *(laid.node for laid in ranges))
        self.kind, self.over, self.condition = kind, tuple(over), condition
        self.argument = _without_node(argument)
        self.letters = result.letters
        self.ranges = tuple(_without_node(laid) for laid in ranges)

    def value_of(self, array: Array, *ranges: Array) -> Array:
        value = as_matrices(array, self.argument, self.argument.letters)
        letters = self.argument.letters
        if self.condition is not None:
            i, sign, j = self.condition
            lengths = [
                length_of(given, laid, letter)
                for given, laid, letter in zip(ranges, self.ranges, (i, j), strict=True)
            ]
            letters = tuple(sorted({*letters, i, j}))
            value = as_matrices(array, self.argument, letters)
            mask = COMPARE[sign](np.arange(lengths[0])[:, None], np.arange(lengths[1])[None, :])
            keep = as_matrices(mask, Laid(NO_NODE, (i, j)), letters)
            value = np.where(keep, value, REDUCTIONS[self.kind].neutral)
        for letter in self.over:
            axis = letters.index(letter) - len(letters) - 2
            value = REDUCTIONS[self.kind].value(value, axis)
        gone = tuple(
            letters.index(letter) - len(letters) - 2
            for letter in letters
            if letter not in self.letters
        )
        return from_matrices(value.squeeze(gone), self.argument.axes)


class Taken(FormulaNode):
    """Components: x_i, W_{ij}, x_2, W_{ii}."""

    def __init__(
        self, argument: Laid, indices: Sequence[str | int], letters: Sequence[str]
    ) -> None:
        super().__init__(argument.node)
        self.indices, self.letters = tuple(indices), tuple(letters)

    def value_of(self, array: Array) -> Array:
        count = len(self.indices)
        for place in reversed(range(count)):
            index = self.indices[place]
            if isinstance(index, int):
                array = np.take(array, index, axis=place - count)
                count -= 1
        names = [index for index in self.indices if isinstance(index, str)]
        labels = [self.letters.index(name) for name in names]
        return np.einsum(array, [..., *labels], [..., *range(len(self.letters))])


class Gathered(FormulaNode):
    """The values for some indices as a row, a column or a matrix: W_{i,:} and A_{:,j}."""

    def __init__(self, argument: Laid, places: Sequence[str | None], result: Laid) -> None:
        super().__init__(argument.node)
        self.argument, self.places = _without_node(argument), tuple(places)
        self.letters, self.axes = result.letters, result.axes

    def value_of(self, array: Array) -> Array:
        letters = tuple(sorted(self.argument.letters))
        value = as_matrices(array, self.argument, letters)
        for place, letter in zip((-2, -1), self.places, strict=True):
            if letter is not None:
                value = np.swapaxes(value, letters.index(letter) - len(letters) - 2, place)
        gone = tuple(
            letters.index(letter) - len(letters) - 2
            for letter in letters
            if letter not in self.letters
        )
        return from_matrices(value.squeeze(gone), self.axes)


class Size(FormulaNode):
    """A declared length, as n in x in R^n: that of an axis of an input which has it, or more by
    a number."""

    def __init__(self, pattern: Laid, axis: int, by: int = 0) -> None:
        super().__init__(pattern.node)
        self.rank, self.axis, self.by = pattern.rank, axis, by

    def value_of(self, array: Array) -> Array:
        front = array.ndim - self.rank
        return np.full(array.shape[:front], float(array.shape[front + self.axis] - self.by))


class Counting(FormulaNode):
    """The number that an index stands for, counted from `start`."""

    def __init__(self, pattern: Laid, letter: str, start: int) -> None:
        super().__init__(pattern.node)
        self.pattern, self.letter, self.start = _without_node(pattern), letter, start

    def value_of(self, array: Array) -> Array:
        numbers = self.start + np.arange(length_of(array, self.pattern, self.letter), dtype=float)
        front = array.ndim - self.pattern.rank
        return np.broadcast_to(numbers, (*array.shape[:front], *numbers.shape))


class Delta(FormulaNode):
    """Kronecker's delta, as large as the ranges of its indices."""

    def __init__(self, pattern: Laid, letter: str) -> None:
        super().__init__(pattern.node)
        self.pattern, self.letter = _without_node(pattern), letter

    def value_of(self, array: Array) -> Array:
        identity = np.eye(length_of(array, self.pattern, self.letter))
        front = array.ndim - self.pattern.rank
        return np.broadcast_to(identity, (*array.shape[:front], *identity.shape))


class Spread(FormulaNode):
    """A column of ones or an identity matrix, as long as an axis of another value."""

    def __init__(self, pattern: Laid, axis: int, square: bool) -> None:
        super().__init__(pattern.node)
        self.rank, self.axis, self.square = pattern.rank, axis, square

    def value_of(self, array: Array) -> Array:
        length = array.shape[array.ndim - self.rank + self.axis]
        value = np.eye(length) if self.square else np.ones(length)
        return np.broadcast_to(value, (*array.shape[: array.ndim - self.rank], *value.shape))


class Chosen(FormulaNode):
    """A case distinction: the first value whose conditions all hold.

    Args:
        signs: Of each value's conditions.
        parts: The values, and then both sides of every condition.
        result: How the value is laid out.
    """

    def __init__(self, signs: Sequence[Sequence[str]], parts: Sequence[Laid], result: Laid) -> None:
        super().__init__(*(part.node for part in parts))
        self.tests, self.letters, self.axes = tuple(signs), result.letters, result.axes
        self.parts = tuple(_without_node(part) for part in parts)

    def value_of(self, *arrays: Array) -> Array:
        placed = [
            as_matrices(array, part, self.letters)
            for array, part in zip(arrays, self.parts, strict=True)
        ]
        values, sides = placed[: len(self.tests)], iter(placed[len(self.tests) :])
        tests = [
            [COMPARE[sign](np.real(next(sides)), np.real(next(sides))) for sign in signs]
            for signs in self.tests
        ]
        shape = np.broadcast_shapes(*(each.shape for each in placed))
        chosen = np.broadcast_to(first_that_holds(values, tests), shape)
        return from_matrices(chosen, self.axes)


NO_NODE: Any = None


def is_number(laid: Laid) -> bool:
    """Whether a value is a number that stands in the formula, as 2 in x^2."""
    return isinstance(laid.node, Constant) and isinstance(laid.node.value, float)


def _without_node(laid: Laid) -> Laid:
    """What is known of the axes: the node itself is among the inputs, and is copied with them."""
    return Laid(NO_NODE, laid.letters, laid.axes)


def as_matrices(array: Array, laid: Laid, letters: Sequence[str]) -> Array:
    """Give a value an axis for each of `letters` (sorted), of length 1 where it lacks one, and two
    for rows and columns."""
    front = array.ndim - laid.rank
    order = sorted(range(len(laid.letters)), key=lambda k: laid.letters[k])
    kept = list(range(front))
    matrix = list(range(front + len(laid.letters), array.ndim))
    array = array.transpose(*kept, *(front + k for k in order), *matrix)
    own = sorted(laid.letters)
    lengths = [array.shape[front + own.index(letter)] if letter in own else 1 for letter in letters]
    ending = array.shape[front + len(own) :]
    if laid.axes == 0:
        ending = (1, 1)
    elif laid.axes == 1:
        ending = (*ending, 1)
    return array.reshape(*array.shape[:front], *lengths, *ending)


def from_matrices(value: Array, axes: int) -> Array:
    """Drop the axes of rows and columns that a number or a column does not have."""
    if axes == 0:
        return np.asanyarray(value[..., 0, 0])
    if axes == 1:
        return np.asanyarray(value[..., 0])
    return value


def length_of(array: Array, laid: Laid, letter: str) -> int:
    """How many values an index has, by a value that carries it."""
    return int(array.shape[array.ndim - laid.rank + laid.letters.index(letter)])
