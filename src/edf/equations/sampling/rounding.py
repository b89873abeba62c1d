"""Stochastic arithmetic: how many digits a value has, found by rounding every result at random.

A value is computed several times more, with every intermediate result multiplied by 1 + a xi, where
xi is random and a is the amplitude. How far those copies spread is how far rounding moves the
value, through quotients, inverses and functions that cannot be looked into alike (Vignes' CESTAC).
Leaves are exact. What NumPy does in one call rounds many times inside: there, the arguments are
rounded as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from edf.graph import Array, Node
from edf.operations.elementary import Exp, Sigmoid
from edf.operations.reductions import Softmax

UNIT = 2.0**-52  # what rounding really does to one result, at most
#: Amplitudes that results are multiplied with. The coarse one stands out from the rounding that
#: happens anyway, and its spread is scaled back; the fine one is used where a denominator is so
#: small that the coarse one would change its sign.
COARSE, FINE = 64 * UNIT, 2 * UNIT
SINGLE = 2.0**29  # by how much more a result in single precision is rounded
LARGEST = 2.0**53  # whole numbers below are exact
TINY = 1e-120  # smaller intermediate results may have lost digits to underflow
LONG = 4096  # numbers of a row from which rows are rounded one by one, with little memory

#: Operations of the dialect that make 0 of what is not 0 by underflow only.
UNDERFLOWS = frozenset(["mul", "hadamard", "div", "pow", "exp", "sigma", "softmax"])

_POOL_SIZE = 65_537  # prime, so that no two rows of a large array get the same numbers


@cache
def _pool() -> Array:
    rng = np.random.default_rng(65_537)
    return rng.uniform(0.5, 1.0, _POOL_SIZE) * rng.choice([-1.0, 1.0], _POOL_SIZE)


@dataclass(frozen=True)
class Rows:
    """What each row of a stack is: a draw of the random functions, rounded with an amplitude."""

    draws: Array
    amplitude: Array | None = None

    def __len__(self) -> int:
        return len(self.draws)

    @cached_property
    def by_draw(self) -> tuple[Array, Array]:
        """The rows in the order of their draws, which have as many rows each; and the draws."""
        order = np.argsort(self.draws, kind="stable")
        ordered = self.draws[order]
        first = np.ones(len(ordered), bool)
        first[1:] = ordered[1:] != ordered[:-1]
        return order, ordered[first]

    def tile(self, count: int) -> Rows:
        """Return all rows, and all of them again, `count` times."""
        return Rows(_tiled(self.draws, count), _each(_tiled, self.amplitude, count))

    def repeat(self, count: int) -> Rows:
        """Return each row `count` times."""
        return Rows(np.repeat(self.draws, count), _each(np.repeat, self.amplitude, count))


def _tiled(values: Array, count: int) -> Array:
    return values[None].repeat(count, 0).ravel()


def _each(how: Callable[[Array, int], Array], amplitude: Array | None, count: int) -> Array | None:
    return None if amplitude is None else how(amplitude, count)


@dataclass
class Work:
    """How much was computed, so that what is searched for ends on every machine at the same place.

    It counts results of operations, in each of which so many numbers take the time of another one.
    """

    done: float = 0.0


NUMBERS = 1000


class Rounding:
    """Rounds stacks at random, from one stream of random numbers.

    Args:
        work: What counts the results.
        whole: Whether whole numbers are drawn. Then results that are whole are exact: with n + 1
            rounded, (-1)^{n + 1} were not a number, and a sum up to 2n lost its last term.
    """

    def __init__(self, work: Work, whole: bool = False) -> None:
        self._next = 0
        self.work = work
        self.whole = whole

    def __call__(self, value: Array, rows: Rows) -> Array:
        """Return a stack with each row rounded with its own amplitude; whole numbers are exact."""
        self.work.done += 1 + value.size / NUMBERS
        if rows.amplitude is None or value.dtype.kind not in "fc":
            return value
        if len(value) == 1 and value.dtype.kind == "f" and (value == np.rint(value)).all():
            return value  # whole numbers of a formula are exact, and so are their products
        amplitude = rows.amplitude
        if value.dtype.itemsize < (8 if value.dtype.kind == "f" else 16):
            amplitude = SINGLE * amplitude
        dtype = np.float64 if value.dtype.kind == "f" else np.complex128
        parts = np.ascontiguousarray(value, dtype).view(np.float64).reshape(len(value), -1)
        shape = len(rows), parts.shape[1]
        if shape[1] < LONG:
            rounded = amplitude[:, None] * self._numbers(math.prod(shape)).reshape(shape)
            rounded += 1
            rounded *= parts
        else:
            rounded = parts.repeat(len(rows) // len(parts), axis=0)
            for row in np.flatnonzero(amplitude):
                rounded[row] *= 1 + amplitude[row] * self._numbers(shape[1])
        full = rounded.view(dtype).reshape(len(rows), *value.shape[1:])
        if self.whole and dtype == np.float64:
            exact = (value == np.rint(value)) & (np.abs(value) < LARGEST)
            np.copyto(full, value, where=exact)
        return full

    def cancelled(self, value: Array, arguments: Sequence[Array], rows: Rows) -> Array:
        """Return a complex result with rounding where its imaginary part is 0 for having cancelled.

        Inside an operation, as in a softmax that is saturated, a derivative may cancel to exactly
        0, which no relative change of arguments or result moves.
        """
        if rows.amplitude is None:
            return value
        moved = np.zeros(len(rows))
        for argument in arguments:
            if np.iscomplexobj(argument):
                size = np.abs(argument.imag).reshape(len(rows), -1).max(axis=1, initial=0.0)
                scale = np.abs(argument.real).reshape(len(rows), -1).max(axis=1, initial=1.0)
                moved = np.maximum(moved, size / scale)
        change = (rows.amplitude * moved).reshape(-1, *(1,) * (value.ndim - 1))
        change = change * np.abs(value.real) * self._numbers(value.size).reshape(value.shape)
        rounded = value.copy()
        np.copyto(rounded.imag, change, where=value.imag == 0)
        return rounded

    def _numbers(self, count: int) -> Array:
        """Return the next `count` random numbers, of size 1/2 to 1 and either sign."""
        if self._next + count > _POOL_SIZE:
            self._next = (self._next + count) % 4099
            if count > _POOL_SIZE - 4099:
                return np.resize(_pool(), count)
        taken = _pool()[self._next : self._next + count]
        self._next += count
        return taken


@cache
def rounds_once(kind: type[Node]) -> bool:
    """Whether a node is a sum, a product or the like, of which every result is rounded once."""
    return issubclass(kind, tuple(kind for sign, kind in Node.signs.items() if sign != "@"))


def underflows(node: Node) -> bool:
    """Whether a node makes 0 of what is not 0 by underflow only."""
    operation = getattr(node, "operation", None)  # of what a formula defines
    return _underflows(type(node)) or getattr(operation, "name", "") in UNDERFLOWS


@cache
def _underflows(kind: type[Node]) -> bool:
    kinds = (*(Node.signs[sign] for sign in ("*", "/", "**")), Exp, Sigmoid, Softmax)
    return issubclass(kind, kinds)


def spread(copies: Array, amplitude: float) -> Array:
    """Return how far rounding moves values, from (1 + copies, points, ...): the first are exact."""
    with np.errstate(invalid="ignore"):
        widest: Array = np.abs(copies[1:] - copies[0]).max(axis=0)
    return widest * max(UNIT / amplitude, 0.5)


def underflown(value: Array, arguments: Sequence[Array]) -> Array:
    """Return, for each row, whether a result is tiny, or 0 though no argument is."""
    size = np.abs(value.real)
    zero = size == 0 if arguments else np.zeros(size.shape, bool)
    for argument in arguments:
        if argument.shape != value.shape:
            zero &= (argument.real != 0).reshape(len(argument), -1).all(axis=1).reshape(
                -1, *(1,) * (value.ndim - 1)
            )  # fmt: skip
        else:
            zero &= argument.real != 0
    lost = zero | ((size < TINY) & (size > 0))
    return lost.reshape(len(value), -1).any(axis=1)
