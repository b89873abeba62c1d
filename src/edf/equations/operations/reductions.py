r"""Operations over the values of an index: `\sum_i`, `\prod_i`, `\max_i`, `\min_i`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edf.equations.operations.operation import Array


@dataclass(frozen=True)
class Reduction:
    """One operation over an index; `value` gets an array and the axis, and keeps that axis."""

    name: str
    value: Callable[[Array, int], Array]
    neutral: float  # what a value counts for that the condition below the sign leaves out
    macro: str
    spoken: str
    opposite: str  # the one that it is mistaken for
    branches: bool = False


def _largest(a: Array, axis: int) -> Array:
    return np.take_along_axis(a, a.real.argmax(axis, keepdims=True), axis)


def _series(a: Array, axis: int) -> Array:
    """The sum of a series whose terms have died away at the end; else, not a number."""
    last = np.abs(np.take(a, [-1], axis=axis))
    total: Array = a.sum(axis, keepdims=True)
    died = last <= 1e-18 * np.abs(a).max(axis, keepdims=True, initial=0.0)
    return np.where(died, total, np.nan)


def _smallest(a: Array, axis: int) -> Array:
    return np.take_along_axis(a, a.real.argmin(axis, keepdims=True), axis)


REDUCTIONS = {
    reduction.name: reduction
    for reduction in [
        Reduction("sum", lambda a, axis: a.sum(axis, keepdims=True), 0.0, r"\sum", "Σ", r"\prod"),
        Reduction("prod", lambda a, axis: a.prod(axis, keepdims=True), 1.0, r"\prod", "∏", r"\sum"),
        Reduction("series", _series, 0.0, "", "Σ", ""),
        Reduction("max", _largest, -np.inf, r"\max", "max", r"\min", branches=True),
        Reduction("min", _smallest, np.inf, r"\min", "min", r"\max", branches=True),
    ]
}
BY_SIGN = {reduction.macro: reduction for reduction in REDUCTIONS.values() if reduction.macro}
