"""An arbitrary smooth function, for claims that must hold whatever the function is."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from edf.graph import Array, Node

DENSE = 20  # numbers up to which a function gets waves for two Hessians of full rank
MOST = 200  # of more numbers than this the Hessian has no full rank, which nothing small can show


class AnyFunction:
    """An arbitrary smooth function: `f = AnyFunction(); u = f(y, z)`.

    Every check draws a new one at every sample point (`draw`), so that what is found holds for the
    rule's sake and not for that of a lucky function. It takes any number of arguments of any shapes
    and mixes all n of their entries v into each entry of its value:

        f(v) = sum_k a_k sin(w_k . v + b_k),        k = 1..2n + 2

    with random coefficients (n + 3 waves for n beyond 20, and never more than 200). Value,
    gradient and Hessian are of order one, and the Hessian is of full rank. It is smooth everywhere,
    and accepts complex arguments.

    Args:
        shape: The shape of the value; a number by default.
    """

    def __init__(self, shape: Sequence[int] | int = ()) -> None:
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self._seed: int | None = None
        self._drawn: dict[int, Waves] = {}

    def __call__(self, *arguments: Any) -> Applied:
        """Return the node that applies this function to `arguments`, nodes or numbers."""
        if not arguments:
            raise TypeError("an AnyFunction is applied to at least one argument: f(x)")
        return Applied(self, *arguments)

    def draw(self, rng: np.random.Generator) -> None:
        """Become another function."""
        self._seed, self._drawn = int(rng.integers(2**63)), {}

    def become(self, size: int, waves: Waves) -> None:
        """Be this function of `size` numbers, until the next draw."""
        self._seed, self._drawn[size] = self._seed or 0, waves

    def waves(self, size: int) -> Waves:
        """Return the function of `size` numbers; an undrawn one is chosen at first use."""
        if self._seed is None:
            self.draw(np.random.default_rng())
        if size not in self._drawn:
            rng = np.random.default_rng([self._seed or 0, size])
            self._drawn[size] = Waves.random(rng, self.shape, size)
        return self._drawn[size]


def waves_of(size: int) -> int:
    """Return how many waves make a function of `size` numbers generic.

    A Hessian is a sum of one matrix of rank one for each wave, so fewer than `size` of them would
    leave directions in which every "arbitrary" function is flat.
    """
    return min(2 * size + 2 if size <= DENSE else size + 3, MOST)


class Waves(NamedTuple):
    """The coefficients of f(v) = sum_k a_k sin(w_k . v + b_k), its value of shape S, v of n."""

    a: Array  # (S..., k)
    b: Array  # (S..., k)
    w: Array  # (S..., k, n)

    @classmethod
    def random(cls, rng: np.random.Generator, shape: tuple[int, ...], size: int) -> Waves:
        def signed(low: float, high: float, *more: int) -> Array:
            return rng.uniform(low, high, shape + more) * rng.choice([-1.0, 1.0], shape + more)

        count = waves_of(size)
        return cls(  # scaled so that value and slope stay of order one however many are added
            a=np.sqrt(3 / count) * signed(0.5, 1.5, count),
            b=rng.uniform(-np.pi, np.pi, (*shape, count)),
            w=signed(0.5, 1.6, count, size) / np.sqrt(max(size, 1)),
        )

    def value(self, v: Array) -> Array:
        return (self.a * np.sin(self.w @ v + self.b)).sum(axis=-1)

    def vjp(self, grad: Array, v: Array) -> Array:
        slopes = np.asarray(grad)[..., None] * self.a * np.cos(self.w @ v + self.b)
        return np.tensordot(slopes, self.w, slopes.ndim)


class Applied(Node):
    """u = f(x_1, x_2, ...), an arbitrary function at its arguments; `function` is f."""

    def __init__(self, function: AnyFunction, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.function = function

    def forward(self, *arrays: Array) -> Array:
        v = _flat(arrays)
        return self.function.waves(v.size).value(v)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        v = _flat(arrays)
        flat = self.function.waves(v.size).vjp(grad, v)
        ends = np.cumsum([np.size(array) for array in arrays])[:-1]
        parts = np.split(flat, ends)
        return tuple(p.reshape(np.shape(x)) for p, x in zip(parts, arrays, strict=True))

    def detach(self, shared: dict[int, Any]) -> None:
        """Give a copied node its own function: one copy of each, however often it is applied."""
        if id(self.function) not in shared:
            shared[id(self.function)] = copy.copy(self.function)
        self.function = shared[id(self.function)]


def _flat(arrays: tuple[Array, ...]) -> Array:
    """Return all entries of all arrays, one after the other, in floating point."""
    return np.concatenate([np.ravel(array) for array in arrays]) * 1.0
