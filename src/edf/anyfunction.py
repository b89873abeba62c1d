"""An arbitrary smooth function, for claims that must hold whatever the function is."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from edf.graph import Array, Node

WAVES = 3


class AnyFunction:
    """An arbitrary smooth function: `f = AnyFunction(); u = f(y, z)`.

    Every check draws a new one at every sample point (`draw`), so that what is found holds for the
    rule's sake and not for that of a lucky function. It takes any number of arguments of any shapes
    and mixes all of their entries v into each entry of its value:

        f(v) = sum_k a_k sin(w_k . v + b_k) + c . v,        k = 1..3

    with random coefficients. It is smooth everywhere, and accepts complex arguments.

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

    def waves(self, size: int) -> Waves:
        """Return the function of `size` numbers; an undrawn one is chosen at first use."""
        if self._seed is None:
            self.draw(np.random.default_rng())
        if size not in self._drawn:
            rng = np.random.default_rng([self._seed or 0, size])
            self._drawn[size] = Waves.random(rng, self.shape, size)
        return self._drawn[size]


class Waves(NamedTuple):
    """The coefficients of f(v) = sum_k a_k sin(w_k . v + b_k) + c . v, value of shape S, v of n."""

    a: Array  # (S..., k)
    b: Array  # (S..., k)
    w: Array  # (S..., k, n)
    c: Array  # (S..., n)

    @classmethod
    def random(cls, rng: np.random.Generator, shape: tuple[int, ...], size: int) -> Waves:
        def signed(low: float, high: float, *more: int) -> Array:
            return rng.uniform(low, high, shape + more) * rng.choice([-1.0, 1.0], shape + more)

        narrow = 1 / np.sqrt(max(size, 1))  # keeps w . v about as large however long v is
        return cls(
            a=signed(0.4, 1.2, WAVES),
            b=rng.uniform(-2.0, 2.0, (*shape, WAVES)),
            w=narrow * signed(0.5, 1.6, WAVES, size),
            c=narrow * signed(0.1, 0.8, size),
        )

    def value(self, v: Array) -> Array:
        return (self.a * np.sin(self.w @ v + self.b)).sum(axis=-1) + self.c @ v

    def vjp(self, grad: Array, v: Array) -> Array:
        slopes = np.asarray(grad)[..., None] * self.a * np.cos(self.w @ v + self.b)
        return np.tensordot(slopes, self.w, slopes.ndim) + np.tensordot(grad, self.c, np.ndim(grad))


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
