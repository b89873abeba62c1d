"""The least margin by which an inequality holds, searched for downhill.

    a^4 - 3 a^2 + 2.24 \\geq 0     fails between 1.18 and 1.26 only
    \\sin a < 1                    equal at pi/2: a strict inequality fails where its sides touch

Random points rarely hit such places; a few steps of Newton's method from the narrowest of them do.
Where a margin goes to 0 but is never reached, as in \\sigma(a) < 1, nothing touches: there is no
point with larger margins on both sides of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edf.equations.errors import EquationError, Why
from edf.equations.meaning.expression import Meaning
from edf.equations.sampling.points import Points
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge_at
from edf.equations.testing.measure import COPIES, STEPS, Measure, quiet
from edf.equations.testing.setting import nodes
from edf.equations.testing.tried import is_positive, movable
from edf.graph import Array, Input, Node

STARTS = 2
ROUNDS = 12
MOST = 12  # numbers up to which all of them are moved, and second derivatives are taken
SLOPE = 1e-4  # the step of these differences
LENGTHS = (1.0, 0.5, 0.1, 2.0, 1e-2, 1e-3)  # of Newton's step, tried together
FARTHEST = 1e4
BESIDE = (1e-3, 0.1, 1.0)  # how far on both sides of a place margins are compared with its own
CLEARLY = 100.0  # by how many doubts they must be larger


def extremes(
    meaning: Meaning, world: World, samples: Sequence[Points], names: Mapping[Node, str]
) -> Finding | str | None:
    """Return a refutation, or the place where the sides of a strict inequality touch, in words."""
    ground = _Ground(meaning, world)
    if not ground.moved or ground.size > MOST:
        return None
    with quiet():
        try:
            for start in ground.starts(samples):
                place, margin, doubt = ground.descend(start)
                if margin < -doubt:
                    found = judge_at(meaning, ground.points(place[None]))
                    if found.status == "refuted":
                        return found
                if meaning.sign in ("<", ">") and abs(margin) <= doubt and ground.touches(place):
                    return ground.described(place, names)
        except EquationError:  # an operation fails on the way
            return None
    return None


@dataclass(frozen=True)
class _Start:
    leaves: dict[Node, Array]
    place: Array


class _Ground:
    """The margin as a function of the numbers that can be moved."""

    def __init__(self, meaning: Meaning, world: World) -> None:
        assert meaning.written is not None
        left, right = meaning.written
        smaller, larger = (left, right) if meaning.sign in ("<", r"\leq") else (right, left)
        self.measure = Measure(replace(meaning, left=smaller, right=larger), world)
        self.world = world
        below = world.all_below(nodes(meaning))
        self.moved = [n for n in below if movable(world, n) or _is_simplex(n, world)]
        self.leaves: dict[Node, Array] = {}

    @property
    def size(self) -> int:
        return sum(self.world.entries(node) for node in self.moved)

    def starts(self, samples: Sequence[Points]) -> list[_Start]:
        """Return the points with the narrowest margins, of those that are not far away."""
        found, margins = [], []
        for points in filter(len, samples):
            least, _ = self._margins_at(points)
            for row, margin in enumerate(least):
                leaves = {node: value[row] for node, value in points.leaves.items()}
                place = np.concatenate([leaves[node].ravel() for node in self.moved])
                if np.abs(place).max(initial=0.0) < FARTHEST:
                    found.append(_Start(leaves, place.astype(float)))
                    margins.append(margin)
        return [found[k] for k in np.argsort(margins)[:STARTS]]

    def points(self, places: Array) -> Points:
        """Return the graph at some places."""
        count, first = len(places), 0
        leaves = {
            node: np.broadcast_to(value, (count, *value.shape))
            for node, value in self.leaves.items()
        }
        for node in self.moved:
            entries = self.world.entries(node)
            own = places[:, first : first + entries]
            if _is_simplex(node, self.world):
                own = np.maximum(own, 0)
                own = own / own.sum(axis=1, keepdims=True)
            elif is_positive(self.world, node):
                own = np.maximum(np.abs(own), 1e-9)
            leaves[node] = own.reshape(count, *leaves[node].shape[1:])
            first += entries
        draws = np.zeros(count, int)
        return Points(self.world, leaves, 0, draws, 1, 1 + COPIES, COARSE)

    def margins(self, places: Array) -> tuple[Array, Array]:
        """Return the least margin at each place, and its doubt."""
        return self._margins_at(self.points(places))

    def _margins_at(self, points: Points) -> tuple[Array, Array]:
        sides = self.measure.at(points, self.measure.method, STEPS[0])
        if sides is None:
            raise EquationError(Why.EVALUATION, "The complex step is declined")
        margin = (sides.right - sides.left).reshape(len(points), -1)
        doubt = (sides.doubt + 1e-15 * sides.size).reshape(len(points), -1)
        margin = np.where(np.isfinite(margin) & np.isfinite(doubt), margin, np.inf)
        rows, least = np.arange(len(points)), margin.argmin(axis=1)
        return margin[rows, least], doubt[rows, least]

    def descend(self, start: _Start) -> tuple[Array, float, float]:
        """Go downhill; return the place, the margin there and its doubt."""
        self.leaves = start.leaves
        place = start.place
        (margin,), (doubt,) = self.margins(place[None])
        for _ in range(ROUNDS):
            steps = self._steps(place)
            margins, doubts = self.margins(place + steps)
            best = int(np.argmin(margins))
            if not margins[best] < margin:
                break
            place, margin, doubt = place + steps[best], margins[best], doubts[best]
            if margin < -doubt:
                break
        return place, float(margin), float(doubt)

    def _steps(self, place: Array) -> Array:
        """Return Newton's step and the one against the slope, in several lengths each."""
        size = len(place)
        h = SLOPE * np.maximum(1.0, np.abs(place))
        unit = np.diag(h)
        pairs = [(i, j) for i in range(size) for j in range(i)]
        corners = [unit[i] + unit[j] for i, j in pairs]
        around, _ = self.margins(place + np.array([0 * place, *unit, *-unit, *corners]))
        here, above, below = around[0], around[1 : size + 1], around[size + 1 : 2 * size + 1]
        slope = (above - below) / (2 * h)
        curve = np.diag((above + below - 2 * here) / h**2)
        for k, (i, j) in enumerate(pairs):
            value = (around[2 * size + 1 + k] - above[i] - above[j] + here) / (h[i] * h[j])
            curve[i, j] = curve[j, i] = value
        if not (np.isfinite(slope).all() and np.isfinite(curve).all()):
            slope, curve = np.nan_to_num(slope), np.eye(size)
        values, vectors = np.linalg.eigh(curve)
        values = np.maximum(np.abs(values), 1e-6 * max(1e-6, np.abs(values).max()))
        newton = -vectors @ ((vectors.T @ slope) / values)
        downhill = (
            -slope
            / max(1e-300, float(np.linalg.norm(slope)))
            * max(1.0, float(np.linalg.norm(place)))
        )
        return np.array([t * step for t in LENGTHS for step in (newton, downhill)])

    def touches(self, place: Array) -> bool:
        """Whether margins are larger on both sides of a place, in some direction."""
        (here,), _ = self.margins(place[None])
        for far in BESIDE:
            unit = np.diag(far * np.maximum(1.0, np.abs(place)))
            margins, doubts = self.margins(place + np.concatenate([unit, -unit]))
            larger = (margins > here + CLEARLY * doubts) & np.isfinite(margins)
            if (larger[: len(place)] & larger[len(place) :]).any():
                return True
        return False

    def described(self, place: Array, names: Mapping[Node, str]) -> str:
        """Say where it is."""
        leaves = self.points(place[None]).leaves
        return ", ".join(
            f"{names.get(self.world.names[node], 'an input')} = "
            + np.array2string(leaves[node][0], precision=5, separator=", ")
            for node in self.moved
        )


def _is_simplex(node: Node, world: World) -> bool:
    return isinstance(node, Input) and node not in world.fixed and node.sample == "simplex"
