"""The least margin by which an inequality holds, searched for downhill.

    a^4 - 3 a^2 + 2.24 \\geq 0     fails between 1.18 and 1.26 only
    \\sin a < 1                    equal at pi/2: a strict inequality fails where its sides touch

Random points rarely hit such places; a few steps of Newton's method from the narrowest of them do.
Where a margin goes to 0 but is never reached, as in \\sigma(a) < 1, nothing touches: there is no
point with larger margins on both sides of it. And where both sides go to 0 together, so does the
margin, whether they are in the right order or not: there its ratio to their size tells.

    1 - \\cos a \\leq 0.499 a^2   the more so the nearer a is to 0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edf.equations.diagnostics import EquationError, Why
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.points import Points
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge_at
from edf.equations.testing.measure import COPIES, STEPS, Measure, quiet
from edf.equations.testing.setting import nodes
from edf.equations.testing.sides import Sides
from edf.equations.testing.special_points import is_positive, is_simplex, movable
from edf.graph import Array, Input, Node

STARTS = 2
ROUNDS = 12
MOST = 12  # numbers up to which all second derivatives are taken
MANY = 200  # numbers up to which all of them are moved together
LEAST = 1e-9  # how near to an end of an interval that it does not reach a number is moved
ANYWHERE = (-np.inf, np.inf)
SLOPE = 1e-4  # the step of these differences
LENGTHS = (1.0, 0.5, 0.1, 2.0, 1e-2, 1e-3)  # of Newton's step, tried together
FARTHEST = 1e4
BESIDE = (1e-3, 0.1, 1.0)  # how far on both sides of a place margins are compared with its own
RESOLVED = 1e-6  # the part of the sides that is in doubt where their ratio still tells
CLEARLY = 100.0  # by how many doubts they must be larger


def extremes(
    meaning: Meaning, world: World, samples: Sequence[Points], names: Mapping[Node, str]
) -> Finding | str | None:
    """Return a refutation, or what comes near one; or the place where the sides of a strict
    inequality touch, in words."""
    moved = [n for n in world.all_below(nodes(meaning)) if _range(world, n) is not None]
    size = sum(map(world.entries, moved))
    groups = [moved] if 0 < size <= MANY else []
    if size > MOST:  # each by itself is moved as well, since many go downhill slowly
        groups += [[node] for node in moved if len(moved) > 1 and world.entries(node) <= MOST]
    searches = [(group, False) for group in groups] + [(group, True) for group in groups[:1]]
    known: list[Sides] = []
    for group, relative in searches:
        ground = _Ground(meaning, world, group, relative)
        try:
            with quiet():
                known = known or [ground.measured(points) for points in samples if len(points)]
                found = _lowest(meaning, ground, known, names)
        except EquationError:  # an operation fails on the way
            continue
        if found is not None:
            return found
    return None


def _lowest(
    meaning: Meaning, ground: _Ground, known: Sequence[Sides], names: Mapping[Node, str]
) -> Finding | str | None:
    """Return the same, of what is reached where some leaves are moved."""
    starts = ground.starts(known)
    if not starts:
        return None
    for start, (place, margin, doubt) in enumerate(ground.descend(starts)):
        if margin < -doubt:
            found = judge_at(meaning, ground.points(place[None], start))
            if found.status == "refuted" or found.between:
                return found
        strict = meaning.sign in ("<", ">") and not ground.relative
        if strict and abs(margin) <= doubt and ground.touches(place, start):
            return ground.described(place, start, names)
    return None


@dataclass(frozen=True)
class _Start:
    leaves: dict[Node, Array]
    place: Array


class _Ground:
    """The margin as a function of the numbers that can be moved, or its ratio to the sides."""

    def __init__(
        self, meaning: Meaning, world: World, moved: Sequence[Node], relative: bool
    ) -> None:
        assert meaning.written is not None
        left, right = meaning.written
        smaller, larger = (left, right) if meaning.sign in ("<", r"\leq") else (right, left)
        self.measure = Measure(replace(meaning, left=smaller, right=larger), world)
        self.world = world
        self.moved = moved
        self.relative = relative
        self.leaves: dict[Node, Array] = {}

    def starts(self, known: Sequence[Sides]) -> list[_Start]:
        """Return points with the narrowest margins, of those that are not far away.

        Of these only one is on an edge, as where a number is 0: from there it may go nowhere.
        """
        found, margins, inside = [], [], []
        for sides in known:
            least, doubts = self._margins(sides)
            for row, margin in enumerate(least):
                leaves = {node: value[row] for node, value in sides.points.leaves.items()}
                place = np.concatenate([leaves[node].ravel() for node in self.moved])
                if np.abs(place).max(initial=0.0) < FARTHEST:
                    found.append(_Start(leaves, place.astype(float)))
                    margins.append(margin)
                    inside.append(margin > doubts[row])
        order = np.argsort(margins)
        chosen = [*order[:1], *(k for k in order[1:] if inside[k])]
        return [found[k] for k in chosen[:STARTS]]

    def points(self, places: Array, start: Array | int, copies: int = COPIES) -> Points:
        """Return the graph at some places; each belongs to a start, which has the other leaves."""
        count, first = len(places), 0
        begun = np.broadcast_to(start, count)
        leaves = {node: value[begun] for node, value in self.leaves.items()}
        for node in self.moved:
            entries = self.world.entries(node)
            own = places[:, first : first + entries]
            low, high = _range(self.world, node) or ANYWHERE
            if is_simplex(self.world, node):
                own = np.maximum(own, 0).reshape(leaves[node].shape)
                own = own / own.sum(axis=-1, keepdims=True)
            elif is_positive(self.world, node):
                own = np.maximum(np.abs(own), low)
            else:
                own = np.clip(own, low, high)
            leaves[node] = own.reshape(count, *leaves[node].shape[1:])
            first += entries
        draws = np.zeros(count, int)
        return Points(self.world, leaves, 0, draws, 1, 1 + copies, COARSE)

    def margins(
        self, places: Array, starts: Array | int, copies: int = COPIES
    ) -> tuple[Array, Array]:
        """Return the least margin at each place, and its doubt, which takes rounded copies."""
        *lead, size = places.shape
        begun = np.broadcast_to(starts, lead).ravel()
        points = self.points(places.reshape(-1, size), begun, copies)
        margins, doubts = self._margins(self.measured(points))
        return margins.reshape(lead), doubts.reshape(lead)

    def measured(self, points: Points) -> Sides:
        """Return the smaller side and the larger one."""
        sides = self.measure.at(points, self.measure.method, STEPS[0])
        if sides is None:
            raise EquationError(Why.EVALUATION, "The complex step is declined")
        return sides

    def _margins(self, sides: Sides) -> tuple[Array, Array]:
        count = len(sides)
        margin = (sides.right - sides.left).reshape(count, -1)
        doubt = (sides.doubt + 1e-15 * sides.size).reshape(count, -1)
        if self.relative:
            size = (np.abs(sides.left) + np.abs(sides.right)).reshape(count, -1)
            size[size * RESOLVED <= doubt] = np.nan
            margin, doubt = margin / size, doubt / size
        margin = np.where(np.isfinite(margin) & np.isfinite(doubt), margin, np.inf)
        rows, least = np.arange(count), margin.argmin(axis=1)
        return margin[rows, least], doubt[rows, least]

    def descend(self, starts: Sequence[_Start]) -> list[tuple[Array, float, float]]:
        """Go downhill from all starts together; return each place, its margin and the doubt."""
        self.leaves = {
            node: np.stack([start.leaves[node] for start in starts]) for node in starts[0].leaves
        }
        places = np.stack([start.place for start in starts])
        going = np.arange(len(starts))
        margins, doubts = self.margins(places, going)
        for _ in range(ROUNDS):
            if not len(going) or (margins < -doubts).any():
                break
            reached = places[going][:, None] + self._steps(places[going], going)
            found, unsure = self.margins(reached, going[:, None])
            rows, best = np.arange(len(going)), found.argmin(axis=1)
            lower = found[rows, best] < margins[going]
            rows, best, going = rows[lower], best[lower], going[lower]
            places[going] = reached[rows, best]
            margins[going], doubts[going] = found[rows, best], unsure[rows, best]
        return [
            (place, float(margin), float(doubt))
            for place, margin, doubt in zip(places, margins, doubts, strict=True)
        ]

    def _steps(self, places: Array, starts: Array) -> Array:
        """Return, for each place, Newton's step and the one downhill, in several lengths."""
        size = places.shape[1]
        h = SLOPE * np.maximum(1.0, np.abs(places))
        pairs = [(i, j) for i in range(size) for j in range(i)] if size <= MOST else []
        units = np.eye(size)
        moves = np.array([0 * h[0], *units, *-units, *(units[i] + units[j] for i, j in pairs)])
        around, _ = self.margins(places[:, None] + moves * h[:, None], starts[:, None], 0)
        found = zip(places, h, around, strict=True)
        return np.stack([_downhill(place, step, values, pairs) for place, step, values in found])

    def touches(self, place: Array, start: int) -> bool:
        """Whether margins are larger on both sides of a place, in some direction."""
        if self._is_excluded(place, start):
            return False
        (here,), _ = self.margins(place[None], start)
        for far in BESIDE:
            unit = np.diag(far * np.maximum(1.0, np.abs(place)))
            margins, doubts = self.margins(place + np.concatenate([unit, -unit]), start)
            larger = (margins > here + CLEARLY * doubts) & np.isfinite(margins)
            if (larger[: len(place)] & larger[len(place) :]).any():
                return True
        return False

    def _is_excluded(self, place: Array, start: int) -> bool:
        """Whether a place is where an input that is declared not to be 0 would be."""
        leaves = self.points(place[None], start).leaves
        nonzero = [leaves[node] for node in self.moved if getattr(node, "is_nonzero", False)]
        return any((np.abs(values) < BESIDE[0]).any() for values in nonzero)

    def described(self, place: Array, start: int, names: Mapping[Node, str]) -> str:
        """Say where it is."""
        leaves = self.points(place[None], start).leaves
        return ", ".join(
            f"{names.get(self.world.names[node], 'an input')} = "
            + np.array2string(leaves[node][0], precision=5, separator=", ", threshold=MOST)
            for node in self.moved
        )


def _downhill(place: Array, h: Array, around: Array, pairs: list[tuple[int, int]]) -> Array:
    """Return the steps from one place, from the margins there and around it."""
    size = len(place)
    here, above, below = around[0], around[1 : size + 1], around[size + 1 : 2 * size + 1]
    slope = (above - below) / (2 * h)
    curve = np.diag((above + below - 2 * here) / h**2)
    for k, (i, j) in enumerate(pairs):
        value = (around[2 * size + 1 + k] - above[i] - above[j] + here) / (h[i] * h[j])
        curve[i, j] = curve[j, i] = value
    if not (np.isfinite(slope).all() and np.isfinite(curve).all()):
        slope, curve = np.nan_to_num(slope), np.eye(size)
    values, vectors = np.linalg.eigh(curve) if pairs else (np.diag(curve), None)
    values = np.maximum(np.abs(values), 1e-6 * max(1e-6, np.abs(values).max()))
    newton = -slope / values if vectors is None else -vectors @ ((vectors.T @ slope) / values)
    steepest = -slope / max(1e-300, float(np.linalg.norm(slope)))
    steepest = steepest * max(1.0, float(np.linalg.norm(place)))
    return np.array([t * step for t in LENGTHS for step in (newton, steepest)])


def _range(world: World, node: Node) -> tuple[float, float] | None:
    """Between which numbers a leaf can be moved, if it can."""
    if is_simplex(world, node):
        return 0.0, 1.0
    if is_positive(world, node):
        return (0.0 if getattr(node, "ends", ()) else LEAST), np.inf
    if movable(world, node):
        return ANYWHERE
    sample: Any = node.sample if isinstance(node, Input) and node not in world.fixed else None
    if not hasattr(sample, "ends"):
        return None
    low, high, ends = sample.low, sample.high, sample.ends
    inside = LEAST * min(1.0, high - low)
    return low + inside * (low not in ends), high - inside * (high not in ends)
