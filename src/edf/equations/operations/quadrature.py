"""Rules for integrals over an interval, a half-line or the line, each with a coarser one beside it.

An interval has Gauss-Legendre rules of two orders on each of a few panels. They must agree on each:
beside a pole, what is too much on one panel is too little on the next. The line and the
half-line have the trapezoidal rule after a substitution that makes the integrand die away fast,
x = sinh t and x = exp(t - exp(-t)) (Takahasi and Mori 1974), with every other point for the coarser
rule. What two rules do not agree on, no rule has found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from edf.graph import Array

AGREE = 1e-10  # of the sum of magnitudes, to which both rules must agree on all panels together
DIED = 1e-14  # of the largest term, above which the ends of a line have not died away
PANELS, ORDERS = 4, (17, 24)  # an odd one has a place in the middle, where a pole may be
STEP = 0.03


@dataclass(frozen=True)
class Rule:
    """Places and weights; those of the coarser rule stand at the same places."""

    places: Array
    weights: Array
    coarse: Array
    ends: bool  # whether the terms at both ends must have died away
    panels: tuple[Array, ...] = ()  # 1 at the places of each panel, 0 elsewhere; none for a line

    def __len__(self) -> int:
        return len(self.places)

    def totals(self, values: Array, axis: int) -> tuple[Array, Array]:
        """Return the integral along an axis by both rules; not a number where they disagree."""
        shape = [1] * values.ndim
        shape[axis] = -1
        terms = values * self.weights.reshape(shape)
        fine = terms.sum(axis, keepdims=True)
        coarse = values * self.coarse.reshape(shape)
        rough = coarse.sum(axis, keepdims=True)
        panels = [
            ((terms - coarse) * panel.reshape(shape)).sum(axis, keepdims=True)
            for panel in self.panels or (np.ones(len(self)),)
        ]
        known = np.ones(fine.shape, bool)
        parts = [np.real, np.imag] if np.iscomplexobj(values) else [np.real]
        for part in parts:
            sizes = np.abs(part(terms))
            apart = sum(np.abs(part(panel)) for panel in panels)
            known &= apart <= AGREE * sizes.sum(axis, keepdims=True)
            if self.ends:
                last = np.take(sizes, [0, -1], axis=axis).max(axis, keepdims=True)
                known &= last <= DIED * sizes.max(axis, keepdims=True)
        return np.where(known, fine, np.nan), np.where(known, rough, np.nan)


@cache
def rule(kind: str) -> Rule:
    """Return the rule for `interval` (0 to 1), `half` and `half down` (0 to infinity) or `line`."""
    if kind == "interval":
        edges = np.arange(PANELS)[:, None]
        found = []
        for order in ORDERS:
            places, weights = np.polynomial.legendre.leggauss(order)
            at = ((edges + (places + 1) / 2) / PANELS).ravel()
            found.append((at, np.tile(weights, PANELS) / (2 * PANELS)))
        (rough, coarse), (fine, weights) = found
        numbers = np.concatenate([np.repeat(np.arange(PANELS), order) for order in ORDERS])
        return Rule(
            np.concatenate([rough, fine]),
            np.concatenate([np.zeros_like(coarse), weights]),
            np.concatenate([coarse, np.zeros_like(weights)]),
            ends=False,
            panels=tuple((numbers == k).astype(float) for k in range(PANELS)),
        )
    low, high = (-4.2, 6.0) if kind.startswith("half") else (-6.6, 6.6)
    t = np.arange(low, high + STEP / 2, STEP)
    if kind.startswith("half"):
        places = np.exp(t - np.exp(-t))
        weights = STEP * places * (1 + np.exp(-t))
    else:
        places, weights = np.sinh(t), STEP * np.cosh(t)
    coarse = np.where(np.arange(len(t)) % 2 == 0, 2 * weights, 0.0)
    return Rule(places, weights, coarse, ends=True)
