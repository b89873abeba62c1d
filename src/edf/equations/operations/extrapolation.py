"""What the values of a function tend to, by extrapolation (Richardson 1911).

At distances h, h/2, h/4, ... from the point a polynomial in the distance is laid through the
values, and read at 0. For a point at infinity the distance is 1/n.

The coefficients of a power series are those of the polynomial through the values at Chebyshev's
places on both sides of the point, none of which is the point itself.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from edf.graph import Array

LEVELS = 7  # on each side
PLACES = 2 * LEVELS  # from above, then from below; from one side, the same places twice
AROUND = "around"  # the kind of places that a power series is found from
ASIDE = 0.05  # how far their middle is from it, so that a pole shows in all coefficients
REACH = 32  # how many steps they go from the point
NUMBERS = 4  # by which whole numbers on the way to infinity are larger than 1/h: all differ
SIDES_AGREE = 1e-3  # the part of their size by which what both sides tend to may differ


def distances(kind: str, step: float) -> Array:
    """Return how far the places are from the point, with their signs; infinity is where 1/h is."""
    if kind == AROUND:
        return REACH * step * _chebyshev()
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


def coefficients(values: Array, step: float, axis: int, count: int, along: int) -> Array:
    """Return the first coefficients of the power series of values, along an axis of length 1."""
    weights = _monomials()[:count] / (REACH * step) ** np.arange(count)[:, None]
    if values.shape[axis] == 1:  # the same at all places
        weights = np.eye(count, 1)
    shape = [1] * values.ndim
    shape[axis] = -1
    parts = [(values * row.reshape(shape)).sum(axis, keepdims=True) for row in weights]
    return np.concatenate(parts, axis=along)


@cache
def _chebyshev() -> Array:
    places: Array = ASIDE + np.cos((np.arange(PLACES) + 0.5) * np.pi / PLACES)
    return places


@cache
def _monomials() -> Array:
    """The weights of values in the coefficients of the polynomial through them, by its expansion
    in Chebyshev polynomials: an inverse would lose digits."""
    turns = np.arange(PLACES)
    expanded = np.cos(turns[:, None] * (np.arange(PLACES) + 0.5) * np.pi / PLACES) * 2 / PLACES
    expanded[0] /= 2
    powers = np.zeros((PLACES, PLACES))
    for k in turns:
        basis = np.polynomial.Chebyshev.basis(k, domain=[ASIDE - 1, ASIDE + 1])
        found = basis.convert(kind=np.polynomial.Polynomial).coef
        powers[: len(found), k] = found
    weights: Array = powers @ expanded
    return weights


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
