"""Both sides of a step at some points, how far they can be trusted, and their comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from edf.equations.sampling.points import Points
from edf.equations.sampling.rounding import UNIT
from edf.graph import Array

ROUNDINGS = 16  # equal sides differ by no more than so many of the roundings that were seen
STEPS = 2  # and by no more than so many times the change from one step of differences to another
#: Sides that differ by less than this part are not called different, whatever their digits: an
#: operation may hold fewer digits than it shows, as one that rounds to float32 inside.
DIFFERENT = 1e-5
SINGLE = 1e-2  # the same, where an operation is known to round to float32
ENOUGH = 1e-7  # a value tells something if its doubt is below this part of it
#: Smaller derivatives have lost digits: imaginary parts of complex steps underflow.
LOST = 2.0**-900
LAST = 4 * UNIT  # the part of their size by which equal sides may differ at least

ARRAYS = ("left", "right", "left_spread", "right_spread", "left_gap", "right_gap")


@dataclass(frozen=True)
class Sides:
    """Both sides, (points, *indices, rows, columns), and the spread of each under rounding."""

    points: Points
    left: Array
    right: Array
    left_spread: Array
    right_spread: Array
    left_gap: Array  # how far a side changes from one step of differences to another
    right_gap: Array
    method: str  # how derivatives were computed: none, complex or differences
    step: float
    sums: tuple[bool, bool]  # whether each side has terms, which may cancel
    written: tuple[bool, bool]  # whether each is written as a number

    def __len__(self) -> int:
        return len(self.left)

    def take(self, chosen: Array) -> Sides:
        """Return the sides at some of the points."""
        if chosen.dtype == bool and chosen.all():
            return self
        parts = {name: getattr(self, name)[chosen] for name in ARRAYS}
        return replace(self, points=self.points.take(chosen), **parts)

    @cached_property
    def first(self) -> Sides:
        """The first point, kept with what is computed at it."""
        return self.take(np.arange(1))

    @cached_property
    def size(self) -> Array:
        """The larger of both sides."""
        return np.maximum(np.abs(self.left), np.abs(self.right))

    @cached_property
    def spread(self) -> Array:
        """How far rounding moves the difference of both sides."""
        return self.left_spread + self.right_spread

    @cached_property
    def gap(self) -> Array:
        """How far the difference of both sides changes from one step to another."""
        return self.left_gap + self.right_gap

    @cached_property
    def doubt(self) -> Array:
        """By how much equal sides may differ."""
        return ROUNDINGS * self.spread + STEPS * self.gap

    def compared(self, different: float = DIFFERENT) -> Agreement:
        """Compare both sides, at each point and component."""
        apart = np.abs(self.left - self.right)
        size, doubt = self.size, self.doubt
        zero = (_is_zero(self.left, self.left_spread), _is_zero(self.right, self.right_spread))
        cancels = zero[0] & (self.written[0] and self.sums[1])
        cancels |= zero[1] & (self.written[1] and self.sums[0])
        cancels &= (zero[0] ^ zero[1]) & (size <= doubt)
        scale = np.maximum(size, self.spread / (64 * UNIT))
        scale = np.maximum(scale, 1e-3 * largest(size, size.ndim))
        allowed = doubt + LAST * size + LOST
        return Agreement(
            error=apart / np.maximum(scale, 1e-300),
            apart=apart,
            allowed=allowed,
            equal=apart <= allowed,
            different=apart > different * size + 1000 * self.spread + 10 * self.gap,
            informs=((size > LOST) & (doubt < ENOUGH * size)) | cancels,
        )


@dataclass(frozen=True)
class Agreement:
    """For each point and component of two sides, what can be said of them.

    Between *equal* and *different*, nothing can.
    """

    error: Array  # relative to the larger side, or to what their rounding tells of their terms
    apart: Array
    allowed: Array  # what rounding and differences may explain of that
    equal: Array
    different: Array
    #: Whether being equal says something: the sides have digits left, or the terms of one cancel
    #: to the 0 that is written on the other.
    informs: Array


def largest(value: Array, axes: int) -> Array:
    """Return the largest absolute value at each point, with as many axes as asked for."""
    most: Array = np.abs(value).reshape(len(value), -1).max(axis=1, initial=0.0)
    return most.reshape(-1, *(1,) * (axes - 1))


def _is_zero(value: Array, spread: Array) -> Array:
    """Where a side is exactly 0, not 0 within rounding."""
    zero: Array = (value == 0) & (spread == 0)
    return zero
