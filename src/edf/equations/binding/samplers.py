"""How values of a declared set are drawn, and what a reader is told of them.

Of several points at once, each is drawn by itself: an axis in front of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from edf.graph import Array

#: Gets a generator of random numbers and a shape. (NumPy loads its generators when first used.)
Sampler = Callable[[Any, tuple[int, ...]], Array]
#: Whole numbers that are tried, beside the few that are drawn.
LARGER = (*range(1, 31), 40, 50)


def symmetric_matrix(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A symmetric matrix with standard normal entries off the diagonal."""
    entries = rng.standard_normal(shape)
    return (entries + entries.mT) / np.sqrt(2)


def positive_definite(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A symmetric matrix with positive eigenvalues, of which the least may be small."""
    entries = rng.standard_normal(shape)
    least = 10.0 ** rng.uniform(-1.5, -0.3, shape[:-2])
    return entries @ entries.mT / shape[-1] + least[..., None, None] * np.eye(shape[-1])


def positive_semidefinite(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A positive definite matrix: those that are singular are tried by themselves."""
    return positive_definite(rng, shape)


def orthogonal_matrix(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """An orthogonal matrix, each as likely as any other (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal(shape))
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


#: What a reader is told of matrices that are drawn so.
_SAID: tuple[tuple[Any, str, float | None], ...] = (
    (symmetric_matrix, "symmetric", -np.inf),
    (positive_definite, "positive definite", np.nextafter(0, 1)),
    (positive_semidefinite, "positive semidefinite", 0.0),
    (orthogonal_matrix, "orthogonal", None),
)
for _sampler, _said, _least in _SAID:
    _sampler.said = _said
    #: The least number whose multiple of the identity is among them, if all positive ones are.
    _sampler.least = _least


def _listed(values: Iterable[float]) -> str:
    return rf"\{{{', '.join(f'{value:g}' for value in values)}\}}"


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds, of which at least one is finite."""

    low: float
    high: float
    ends: tuple[float, ...] = ()  # those that belong to it

    @property
    def latex(self) -> str:
        """The set, for readers."""
        low = rf"{self.low:g}" if np.isfinite(self.low) else r"-\infty"
        high = rf"{self.high:g}" if np.isfinite(self.high) else r"\infty"
        return f"{'(['[self.low in self.ends]}{low}, {high}{')]'[self.high in self.ends]}"

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        if np.isfinite(self.low) and np.isfinite(self.high):
            margin = 0.02 * (self.high - self.low)  # ends are tried by themselves
            return rng.uniform(self.low + margin, self.high - margin, shape)
        away = 0.05 + rng.gamma(2.0, 0.5, shape)
        return self.low + away if np.isfinite(self.low) else self.high - away


@dataclass(frozen=True)
class OneOf:
    values: list[float]
    finite: ClassVar[bool] = True

    @property
    def latex(self) -> str:
        """The set, for readers."""
        return _listed(self.values)

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.choice(np.array(self.values), shape)


@dataclass(frozen=True)
class EachWithEach:
    """The values of a random variable: each of them with each value of those declared before."""

    values: tuple[float, ...]
    stride: int
    last: int | None = None  # the last of whole numbers in a row, which may be a declared length
    finite: ClassVar[bool] = True

    @property
    def latex(self) -> str:
        """The set, for readers."""
        return _listed(self.values)

    @property
    def count(self) -> int:
        """How many outcomes it takes for each of them to occur."""
        return self.stride * len(self.values)

    def longer(self, by: int) -> EachWithEach:
        """The same with so many more of them, or fewer."""
        assert self.last is not None
        more = (float(self.last + step) for step in range(1, by + 1))
        values = (*self.values, *more)[: len(self.values) + by]
        return replace(self, values=values, last=self.last + by)

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        digits = np.arange(shape[-1]) // self.stride % len(self.values)
        return np.broadcast_to(np.array(self.values)[digits], shape).copy()


@dataclass(frozen=True)
class WholeNumbers:
    first: int
    last: int
    labels: bool = False  # whole numbers that only tell things apart, and can be indices
    bounded: bool = True  # whether there are no larger ones, which are tried as well
    from_zero: bool = False  # whether 0 is the first as far as is known: is it in \\mathbb{N}?
    finite: ClassVar[bool] = True

    @property
    def latex(self) -> str:
        """The set, for readers."""
        return rf"\{{{self.first}, \dots, {self.last}\}}"

    @property
    def larger(self) -> tuple[int, ...]:
        """Numbers that are tried as well, where there are larger ones, or with both signs."""
        if self.bounded:
            return ()
        numbers = tuple(number for number in LARGER if number > self.last)
        return numbers if self.first >= 0 else (*numbers, *(-number for number in numbers))

    @property
    def most(self) -> int:
        """The largest number that is tried."""
        return max((self.last, *self.larger))

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of them."""
        return tuple(float(number) for number in range(self.first, self.last + 1))

    def longer(self, by: int) -> WholeNumbers:
        """The same with so many more of them, or fewer."""
        return replace(self, last=self.last + by)

    def within(self, low: float, high: float, ends: Sequence[float]) -> WholeNumbers:
        """Those of them between two bounds, which belong to them as far as they are listed."""
        if np.isinf(low) and np.isinf(high):
            return self
        first, last = self.first, self.last
        if np.isfinite(low):
            first = math.ceil(low) + (low not in ends and low == math.ceil(low))
        if np.isfinite(high):
            last = math.floor(high) - (high not in ends and high == math.floor(high))
        if np.isinf(high):
            last = max(last, first + 6)
        if np.isinf(low) and self.first < 0:
            first = min(first, last - 6)
        least = self.first if self.first >= 0 else first
        return WholeNumbers(max(first, least), last, bounded=bool(np.isfinite(high)))

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        drawn = rng.integers(self.first, self.last + 1, shape)
        return drawn if self.labels else drawn.astype(float)


def is_natural(sample: Any) -> bool:
    """Whether a name was declared as a natural number, which a length is."""
    return isinstance(sample, WholeNumbers) and not sample.labels
