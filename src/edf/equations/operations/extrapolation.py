"""What the values of a function tend to, by extrapolation (Richardson 1911).

At distances h, h/2, h/4, ... from the point a polynomial in the distance is laid through the
values, and read at 0. For a point at infinity the distance is 1/n.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from edf.graph import Array

LEVELS = 7  # on each side
PLACES = 2 * LEVELS  # from above, then from below; from one side, the same places twice
NUMBERS = 4  # by which whole numbers on the way to infinity are larger than 1/h: all differ
SIDES_AGREE = 1e-3  # the part of their size by which what both sides tend to may differ


def distances(kind: str, step: float) -> Array:
    """Return how far the places are from the point, with their signs; infinity is where 1/h is."""
    nearest = step * 2.0 ** np.arange(LEVELS)
    if kind in ("up", "down"):
        nearest = 1 / np.round(NUMBERS / nearest)  # whole numbers, which n may have to be
    sign = -1.0 if kind in ("below", "down") else 1.0
    other = -1.0 if kind == "both" else sign
    return np.concatenate([sign * nearest, other * nearest])


def tends_to(values: Array, at: Array, axis: int) -> Array:
    """Return what values tend to as the distance goes to 0; not a number if both sides differ."""
    one = _extrapolated(values, at, axis, range(LEVELS))
    other = _extrapolated(values, at, axis, range(LEVELS, PLACES))
    mean: Array = (one + other) / 2
    if values.dtype == object:
        return mean
    size = np.maximum(np.abs(one), np.abs(other))
    return np.where(np.abs(one - other) <= SIDES_AGREE * np.maximum(size, 1e-3), mean, np.nan)


def _extrapolated(values: Array, at: Array, axis: int, places: range) -> Array:
    weights = _weights(tuple(float(at[k]) for k in places))
    total: Array = np.asarray(0.0)
    for k, weight in zip(places, weights, strict=True):
        total = total + weight * np.take(values, [k], axis=axis)
    return total


@cache
def _weights(at: tuple[float, ...]) -> tuple[float, ...]:
    """Return the weights of some values in that at 0 of the polynomial through them (Lagrange)."""
    return tuple(
        float(np.prod([other / (other - here) for other in at if other != here])) for here in at
    )
