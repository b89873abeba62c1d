"""Sides of thresholds that no point has reached, and the search for points that do.

A step that holds where `min(relu(x), 6)` is below 6 is not verified by points that are all there.
So of every threshold both sides must be reached, in the graph and in the formula. What is not is
looked for from the nearest points, along each leaf and all of them together, and so are points on
two sides at once that are only known alone. A side that stays unreached makes the verdict
inconclusive, unless it is impossible or its author accepts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.possible import possible
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.watching import (
    Threshold,
    Watched,
    described,
    has_thresholds,
    watched_formula,
    watched_graph,
)
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding
from edf.equations.testing.measure import COPIES, STEPS, Measure, quiet
from edf.equations.testing.setting import Setting, nodes
from edf.equations.testing.special_points import (
    is_between,
    is_positive,
    is_simplex,
    judged_apart,
    movable,
    resized,
    within,
)
from edf.graph import Array, Constant, Node, Param
from edf.numerics.intervals import Bounds

NEAREST = 3  # points from which a side is looked for
KEPT = 4  # points on a side that was found, at which the step is tested
MAGNITUDES = (0.3, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6)
#: How much closer to 0, or to an end of what they are drawn from, leaves are moved as well.
CLOSER = tuple(10.0**-k for k in (1, 3, 6, 9, 12, 20, 50, 150, 300))
ENTRIES = 4  # of a vector or matrix that are moved one by one
SEARCHED = 6  # sides that are looked for at most
DRAWS, MANY_DRAWS = 64, 2048  # of what is drawn by its author's sampler, the second if in reach
REACH = 4  # in so many times the gap between the nearest draws
SECTIONS, CUTS = 32, 4  # into which a line across a threshold is cut, and how often
BETWEEN = 4  # points on it between two thresholds
#: Parts of that line: how far from a threshold a step is tested on both sides.
BESIDE = (0.3, 0.03, 0.003, 1e-4, 1e-6)
RECOMBINED = 150  # points at which leaves have values from different ones
ROUNDS = 2  # of them: the second for three thresholds
COMBINED = 10  # of them, at which the step is tested: on sides that no point is on at once
BASES = 12  # points on different sides, from which thresholds are crossed along one leaf
TOWARDS = 4  # values of a leaf to which it goes from each of them
ALONG = 4  # segments across one of them, on different sides of the others
MAX_NUMBERS = 400_000  # numbers that one search may hold

Side = tuple[Threshold, int]


@dataclass
class SideCoverage:
    """Which sides were reached, and where each row is."""

    reached: set[Side] = field(default_factory=set)
    seen: dict[Threshold, None] = field(default_factory=dict)
    possible: dict[Threshold, Bounds] = field(default_factory=dict)

    @property
    def missing(self) -> list[Side]:
        return [
            (threshold, side)
            for threshold in self.seen
            for side in (-1, 1)
            if (threshold, side) not in self.reached
            and not threshold.needs_no_reaching
            and not self._impossible(threshold, side)
        ]

    @property
    def regular(self) -> list[Threshold]:
        """Those with two sides on which a step is claimed to hold."""
        return [t for t in self.seen if not (t.is_claim or t.needs_no_reaching)]

    def _impossible(self, threshold: Threshold, side: int) -> bool:
        bounds = self.possible.get(threshold)
        return bounds is not None and (bounds.low >= 0 if side < 0 else bounds.high <= 0)

    def add(self, watched: Watched, usable: Array | None = None) -> None:
        """Add what some points have reached."""
        for threshold, margins in watched.items():
            self.seen.setdefault(threshold)
            for side in (-1, 1):
                if margins.reached(side, usable).any():
                    self.reached.add((threshold, side))


@dataclass(frozen=True)
class SearchResult:
    """What came of looking for sides of thresholds."""

    refuted: Finding | None  # by a point on a side that was found, if only by a little
    missing: list[str]  # sides that were never reached, in words
    reached: int  # how many sides were
    told: bool = False  # whether being equal on a side that was found says something


def search(meaning: Meaning, setting: Setting, samples: Sequence[Points]) -> SearchResult:
    """Look for sides of thresholds that the samples have not reached.

    Those that only round numbers or numbers of other sizes have reached, which all leaves hold at
    once, are looked for as well. Equal numbers hide which of them a rule takes, and large ones what
    it adds: where(e^a > 10^5, b, c) + d^4 tells nothing at 100 and little at 10^4.
    """
    world = setting.world
    below = world.all_below(nodes(meaning))
    formula = has_thresholds(meaning)
    sides = SideCoverage()

    def watched(points: Points) -> Watched:
        with quiet():
            found = watched_graph(points, below)
            return {**found, **watched_formula(points, meaning)} if formula else found

    exact = [points.exact() for points in samples if len(points)]
    parts = [(points, watched(points)) for points in exact]
    several = sum(world.entries(node) for node in below if movable(world, node)) > 1
    telling = parts[:1] if several else [*parts]
    for _, part in telling:
        sides.add(part)
    if sides.missing:
        with quiet():
            sides.possible = possible(parts[0][0], below, meaning)
    rng = np.random.default_rng(setting.seed + 3)
    moves = any(movable(world, node) for node in below)
    drawn: dict[int, tuple[Points, Watched] | None] = {}  # candidates, by how many are drawn
    hopeless: set[Side] = set()
    told = False
    for _ in range(SEARCHED):
        wanted = [side for side in sides.missing if side not in hopeless]
        if not wanted:
            break
        target = wanted[0]
        draws = _draws(target, telling)
        if moves or drawn.get(draws) is None:  # where nothing moves, they serve for all sides
            points = _candidates(target, telling, world, below, rng, draws)
            drawn[draws] = None if points is None else (points, watched(points))
        candidates = drawn[draws]
        crossing = None if candidates is None else _crossing(target, *candidates)
        if not crossing:
            hopeless.add(target)
            continue
        found = judged_apart(meaning, crossing.rounded(COPIES, COARSE))
        if found.status == "refuted" or found.between:
            return SearchResult(found, [], len(sides.reached))
        told = told or found.told
        if found.points:
            telling.append((crossing, watched(crossing)))
            sides.add(telling[-1][1])
        elif _is_undefined(meaning, crossing):
            sides.reached.add(target)
        hopeless.add(target)
    parts += telling[1 if several else len(parts) :]
    for _, part in parts:
        sides.add(part)
    segments = _segments(sides, parts) + _segments_out(sides, parts, world, below, rng, watched)
    for _ in range(ROUNDS):
        together = _combinations(parts, len(samples), sides, world, rng, watched)
        if together is None:
            break
        found = judged_apart(meaning, together.rounded(COPIES, COARSE))
        if found.status == "refuted":
            return SearchResult(found, [], len(sides.reached))
        parts.append((together, watched(together)))
    segments += _segments_of_one_leaf(sides, parts, world, rng, watched)
    refuted = _beside_thresholds(meaning, segments, watched)
    if refuted is not None:
        return SearchResult(refuted, [], len(sides.reached))
    missing = [
        described(threshold, side, world, setting.page.scope.labels)
        for threshold, side in sides.missing
        if _may_move(threshold, world, below) and not threshold.is_claim
    ]
    return SearchResult(None, list(dict.fromkeys(missing)), len(sides.reached), told)


def _is_undefined(meaning: Meaning, points: Points) -> bool:
    """Whether a formula has no value at any of some points, which are outside of what it claims.

    One that underflows has a value, which is lost.
    """
    measure = Measure(meaning, points.world)
    try:
        with quiet():
            sides = measure.at(points, measure.method, STEPS[0])
    except EquationError:
        return False
    if sides is None or points.lost.any():
        return False
    return not np.isfinite(sides.left + sides.right).any()


def _may_move(threshold: Threshold, world: World, below: Sequence[Node]) -> bool:
    """Whether a threshold depends on more than samplers of the author's, which are the domain."""
    if isinstance(threshold.where, Node):
        place = world.below[threshold.where]
        leaves = [n for n in below if not n.inputs and place >> world.place[n] & 1]
    else:
        leaves = [n for n in below if not n.inputs]
    drawn = [node for node in leaves if node not in world.fixed or isinstance(node, Param)]
    return not drawn or any(movable(world, node) for node in drawn)


def _candidates(
    target: Side,
    parts: Sequence[tuple[Points, Watched]],
    world: World,
    below: Sequence[Node],
    rng: np.random.Generator,
    draws: int,
) -> Points | None:
    """Return points around those that are nearest to a side, in order of how far they are moved;
    then so many where what cannot be moved is drawn anew."""
    threshold, side = target
    near: list[tuple[float, Points, int]] = []
    for points, watched in parts:
        if threshold in watched:
            distance = watched[threshold].distance(side)
            near += [(float(distance[k]), points, k) for k in np.argsort(distance)[:NEAREST]]
    near = [entry for entry in sorted(near, key=lambda entry: entry[0]) if np.isfinite(entry[0])]
    if not near:
        return None
    leaves = [node for node in below if not node.inputs]
    moved = [node for node in leaves if movable(world, node)]
    drawn = [n for n in leaves if not movable(world, n) and n not in world.fixed]
    numbers = _numbers(threshold, below)
    rows: dict[Node, list[Array]] = {node: [] for node in world.order if not node.inputs}
    most = max(1, MAX_NUMBERS // max(1, sum(world.entries(node) for node in below)))

    def add(base: dict[Node, Array], change: dict[Node, Array]) -> None:
        for node, stack in rows.items():
            stack.append(change.get(node, base[node])[None])

    groups = [[node] for node in moved] + ([moved] if len(moved) > 1 else [])
    for magnitude in MAGNITUDES:
        for _, points, row in near[:NEAREST]:
            base = {node: value[row] for node, value in points.leaves.items()}
            for group in groups:
                for change in _changes(base, group, magnitude, world, rng):
                    add(base, change)
    for closer in CLOSER:
        for _, points, row in near[:NEAREST]:
            base = {node: value[row] for node, value in points.leaves.items()}
            for node in (
                *moved,
                *(n for n in drawn if is_between(world, n) or is_simplex(world, n)),
            ):
                for value in _closer(base[node], node, closer, world):
                    add(base, {node: value})
    for number in numbers:
        base = {node: value[near[0][2]] for node, value in near[0][1].leaves.items()}
        for group in groups:
            for shift in (-1.0, -0.1, 0.1, 1.0):
                add(base, {n: np.full(base[n].shape, number + shift) for n in group})
    if drawn:
        base = {node: value[near[0][2]] for node, value in near[0][1].leaves.items()}
        draws = min(most, draws)
        fresh = {node: drawn_leaf(world, node, rng, draws) for node in drawn}
        for node, stack in rows.items():
            own = np.broadcast_to(base[node], (draws, *base[node].shape))
            stack.append(fresh.get(node, own))
    stacked = {node: np.concatenate(stack)[:most] for node, stack in rows.items() if stack}
    count = max(map(len, stacked.values()), default=0)
    if not count:
        return None
    for node in moved:
        if is_positive(world, node):
            stacked[node] = np.where(stacked[node] == 0, 1.0, np.abs(stacked[node]))
    try:
        with quiet():
            return at(world, stacked, count, int(rng.integers(2**62)), 1, 0.0, guarded=True)
    except EquationError:
        return None


def _draws(target: Side, parts: Sequence[tuple[Points, Watched]]) -> int:
    """How often samplers are drawn for a side: more often where it is not much further away than
    draws are from each other."""
    threshold, side = target
    distances = [w[threshold].distance(side) for _, w in parts if threshold in w]
    distance = np.sort(np.concatenate(distances))
    with quiet():
        gap = distance[min(5, len(distance) - 1)] - distance[0]
    return MANY_DRAWS if distance[0] <= REACH * gap else DRAWS


def _combinations(
    parts: Sequence[tuple[Points, Watched]],
    chosen: int,
    sides: SideCoverage,
    world: World,
    rng: np.random.Generator,
    watched: Callable[[Points], Watched],
) -> Points | None:
    """Return points that are on sides of two thresholds on which no point is at once.

    Of a rule beyond 7 inside of another for a > b, either may have been seen alone. Of the first
    `chosen` parts only one is random: equal numbers hide which of them is returned.
    """
    thresholds = sides.regular
    if len(thresholds) < 2 or not any(movable(world, node) for node in world.order):
        return None
    each = [_sides_of(thresholds, w, len(p)) for p, w in parts]
    known, random = np.concatenate(each), np.concatenate([each[0], *each[chosen:]])
    points = _recombined([p for p, _ in parts], known, world, rng)
    if points is None or not len(points):
        return None
    there = _sides_of(thresholds, watched(points), len(points))
    seen, patterns = random.T @ random > 0, {row.tobytes() for row in random}
    kept: list[int] = []
    while len(kept) < COMBINED:
        new = np.einsum("ri,rj,ij->r", there, there, ~seen)
        others = [row for row in range(len(there)) if there[row].tobytes() not in patterns]
        if not new.any() and not others:
            break
        row = int(new.argmax()) if new.any() else others[0]
        kept.append(row)
        seen |= np.outer(there[row], there[row]) > 0
        patterns.add(there[row].tobytes())
    return points.take(np.array(kept)) if kept else None


def _recombined(
    known: Sequence[Points], there: Array, world: World, rng: np.random.Generator
) -> Points | None:
    """Return points whose leaves have about the values that they have at different known points:
    those on sides where few points are, as often as others.

    Args:
        there: Which sides each of the known points is on.
    """
    most = max(1, MAX_NUMBERS // max(1, sum(world.entries(node) for node in world.order)))
    count = min(RECOMBINED, most)
    leaves = {}
    for node in known[0].leaves:
        values = np.concatenate([points.leaves[node] for points in known])
        chosen = values[rng.choice(len(values), count, p=_rarity(there))]
        if movable(world, node) and chosen.dtype.kind == "f":
            factors = 10.0 ** rng.uniform(-0.5, 0.5, count)
            factors[::3] = 1.0
            chosen = chosen * factors.reshape(-1, *(1,) * (chosen.ndim - 1))
        leaves[node] = chosen
    try:
        with quiet():
            return at(world, leaves, count, int(rng.integers(2**62)), 1, 0.0, guarded=True)
    except EquationError:
        return None


def _rarity(there: Array) -> Array:
    """Return with which probability points are taken, so that all sides occur as often."""
    rarity = (there / np.maximum(there.sum(axis=0), 1)).max(axis=1) + 1e-9
    return np.asarray(rarity / rarity.sum())


def _sides_of(thresholds: Sequence[Threshold], watched: Watched, count: int) -> Array:
    """Return which sides each of so many points is on: (points, sides), 0 or 1."""
    nowhere = np.zeros(count, bool)
    columns = [
        watched[threshold].reached(side) if threshold in watched else nowhere
        for threshold in thresholds
        for side in (-1, 1)
    ]
    return np.stack(columns, axis=1).astype(int)


def _segments_out(
    sides: SideCoverage,
    parts: Sequence[tuple[Points, Watched]],
    world: World,
    below: Sequence[Node],
    rng: np.random.Generator,
    watched: Callable[[Points], Watched],
) -> list[_Segment]:
    """Return segments to where a step is not claimed to hold: its condition may end too late."""
    segments: list[_Segment] = []
    for threshold in sides.seen:
        if not threshold.is_given:
            continue
        segments += _segments_across(threshold, parts)
        for side in (-1, 1):
            if (threshold, side) in sides.reached:
                continue
            draws = _draws((threshold, side), parts)
            points = _candidates((threshold, side), parts, world, below, rng, draws)
            outside = (
                None if points is None else _crossing((threshold, side), points, watched(points))
            )
            if outside is not None:
                both = [*parts, (outside, watched(outside))]
                segments += _segments_across(threshold, both, (side,))
    return segments[:SEARCHED]


def _segments_of_one_leaf(
    sides: SideCoverage,
    parts: Sequence[tuple[Points, Watched]],
    world: World,
    rng: np.random.Generator,
    watched: Callable[[Points], Watched],
) -> list[_Segment]:
    """Return segments across thresholds along one leaf, from points that differ in their sides.

    All else stays on the sides where it is, inside of the rule in which a threshold counts.
    """
    thresholds = sides.regular
    moved = [node for node in world.order if not node.inputs and movable(world, node)]
    if len(thresholds) < 2 or len(moved) < 2:
        return []
    there = np.concatenate([_sides_of(thresholds, w, len(p)) for p, w in parts])
    chosen = list({row.tobytes(): k for k, row in enumerate(there)}.values())[-BASES:]
    known = {n: np.concatenate([p.leaves[n] for p, _ in parts]) for n in parts[0][0].leaves}
    rows = np.repeat(chosen, len(moved) * TOWARDS)
    leaves = {node: values[rows] for node, values in known.items()}
    for k, node in enumerate(moved):
        places = np.arange(len(rows)) % len(moved) == k
        drawn = rng.choice(len(there), places.sum(), p=_rarity(there))
        leaves[node][places] = known[node][drawn]

    def at_these(values: dict[Node, Array]) -> Points:
        return Points(world, values, parts[0][0].seed, np.zeros(len(rows), int), 1)

    bases, others = at_these({n: v[rows] for n, v in known.items()}), at_these(leaves)
    try:
        with quiet():
            begun, ended = (
                _sides_of(thresholds, watched(points), len(rows)) for points in (bases, others)
            )
    except EquationError:
        return []
    segments = []
    for k, threshold in enumerate(thresholds):
        elsewhere = np.delete(begun, (2 * k, 2 * k + 1), axis=1)
        for side, column in ((-1, 2 * k), (1, 2 * k + 1)):
            crossing = np.flatnonzero((begun[:, column] == 0) & (ended[:, column] == 1))
            apart = {elsewhere[row].tobytes(): int(row) for row in crossing}
            segments += [
                _Segment(threshold, side, (bases, others), (row, row))
                for row in list(apart.values())[:ALONG]
            ]
    size = sum(world.entries(node) for node in world.order) * (SECTIONS + 1)
    return segments[: MAX_NUMBERS // size]


def _segments(sides: SideCoverage, parts: Sequence[tuple[Points, Watched]]) -> list[_Segment]:
    """Return a segment across each threshold."""
    return [
        segment for threshold in sides.regular for segment in _segments_across(threshold, parts)
    ][:SEARCHED]


def _beside_thresholds(
    meaning: Meaning, segments: Sequence[_Segment], watched: Callable[[Points], Watched]
) -> Finding | None:
    """Test a step close to its thresholds, on both sides; return what refutes it.

    Two thresholds that should be one, such as 12 and 13, leave room between them that no point is
    likely to hit.
    """
    if len(segments) < 2 and not any(segment.threshold.is_given for segment in segments):
        return None
    starts = np.zeros(len(segments))
    width = 1.0
    between: list[dict[bytes, float]] = [{} for _ in segments]
    try:
        for _ in range(CUTS):
            places = starts[:, None] + width * np.linspace(0, 1, SECTIONS + 1)
            points = _on_segments(segments, places)
            if points is None:
                return None
            found = watched(points)
            there = _sides_of(list(found), found, places.size).reshape(*places.shape, -1)
            for k, segment in enumerate(segments):
                rows = slice(k * (SECTIONS + 1), (k + 1) * (SECTIONS + 1))
                beyond = found[segment.threshold].reached(segment.side)[rows]
                starts[k] = places[k, max(0, int(np.argmax(beyond)) - 1)]
                for place, sides in zip(places[k], there[k], strict=True):
                    between[k].setdefault(sides.tobytes(), place)
            width /= SECTIONS
        offsets = [sign * far for far in BESIDE for sign in (-1, 1)]
        beside = (starts + width / 2)[:, None] + np.array(offsets)
        others = [
            [*list(places.values())[-BETWEEN:], *BETWEEN * [0.0]][:BETWEEN] for places in between
        ]
        points = _on_segments(segments, np.concatenate([beside, others], axis=1))
    except (EquationError, KeyError):  # an operation fails, or a threshold is not met there
        return None
    if points is None:
        return None
    judged = judged_apart(meaning, points.rounded(COPIES, COARSE))
    return judged if judged.status == "refuted" else None


@dataclass(frozen=True)
class _Segment:
    """From a point that has not reached a side of a threshold to one that has."""

    threshold: Threshold
    side: int
    points: tuple[Points, Points]
    rows: tuple[int, int]


def _segments_across(
    threshold: Threshold,
    parts: Sequence[tuple[Points, Watched]],
    towards: Sequence[int] = (1, -1),
) -> Iterator[_Segment]:
    """Yield a segment between the points that are nearest to a threshold, if it has two sides."""
    for side in towards:
        ends = []
        for beyond in (False, True):
            near = [
                (abs(float(w[threshold].distance(side)[row])), k, int(row))
                for k, (_, w) in enumerate(parts)
                if threshold in w
                for row in np.flatnonzero(w[threshold].reached(side) == beyond)
            ]
            if near:
                _, k, row = min(near)
                ends.append((parts[k][0], row))
        if len(ends) == 2:
            (one, row), (other, last) = ends
            yield _Segment(threshold, side, (one, other), (row, last))
            return


def _on_segments(segments: Sequence[_Segment], places: Array) -> Points | None:
    """Return points on segments, (segments, places); None where only samplers could give them."""
    world = segments[0].points[0].world
    leaves = {}
    for node in segments[0].points[0].leaves:
        stacks = []
        for segment, own in zip(segments, places, strict=True):
            one, other = (
                p.leaves[node][row] for p, row in zip(segment.points, segment.rows, strict=True)
            )
            if movable(world, node):
                weight = own.reshape(-1, *(1,) * one.ndim)
                stacks.append((1 - weight) * one + weight * other)
            else:
                stacks.append(np.broadcast_to(other, (len(own), *other.shape)))
        leaves[node] = np.concatenate(stacks)
        if is_positive(world, node):
            leaves[node] = np.maximum(np.abs(leaves[node]), 1e-9)
    first = segments[0].points[0]
    count = places.size
    return Points(world, leaves, first.seed, np.zeros(count, int), 1)


def _changes(
    base: dict[Node, Array],
    group: Sequence[Node],
    magnitude: float,
    world: World,
    rng: np.random.Generator,
) -> list[dict[Node, Array]]:
    """Return ways to move some leaves by about as much as `magnitude`; first one entry of one."""
    found: list[dict[Node, Array]] = []
    if len(group) == 1 and base[group[0]].size > 1:
        value = base[group[0]]
        for place in range(value.size)[:ENTRIES]:
            for shift in (-magnitude, magnitude):
                moved = value.copy()
                moved.flat[place] += shift
                found.append({group[0]: moved})
    found += [
        {node: base[node] * factor for node in group}
        for factor in (1 + magnitude, -magnitude, 1 / (1 + magnitude))
    ]
    found += [{node: base[node] + shift for node in group} for shift in (-magnitude, magnitude)]
    for _ in range(2):
        found.append(
            {node: base[node] + magnitude * rng.standard_normal(base[node].shape) for node in group}
        )
    return found


def _closer(value: Array, node: Node, closer: float, world: World) -> Array:
    """The values of a leaf closer to 0, or to each end of what it is drawn from, within that; of
    probabilities, the first of them closer to 0, or all others."""
    if is_simplex(world, node):
        first = np.arange(value.shape[-1]) == 0
        shares = value * np.where([first, ~first], closer, 1.0).reshape(
            2, *(1,) * (value.ndim - 1), -1
        )
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
    sizes = np.array([closer, 1 / closer] if is_between(world, node) else [closer])
    moved = resized(world, node, np.stack([value] * len(sizes)), sizes)
    return within(node, moved, value)


def _numbers(threshold: Threshold, below: Sequence[Node]) -> list[float]:
    """Return the constants of the graph, which a threshold may be."""
    values = {
        float(node.value)
        for node in below
        if isinstance(node, Constant) and np.ndim(node.value) == 0 and np.isrealobj(node.value)
    }
    return sorted({sign * value for value in values for sign in (1.0, -1.0)})


def _crossing(target: Side, points: Points, watched: Watched) -> Points | None:
    """Return the first points that are on a side, of points in the order of their distance."""
    threshold, side = target
    if threshold not in watched:
        return None
    rows = np.flatnonzero(watched[threshold].reached(side))
    if not len(rows):
        return None
    return points.take(rows[:KEPT])


def accepted(finding: Finding, missing: Sequence[str], unreached: bool) -> Finding:
    """Return a verified finding as inconclusive where sides stay unreached and none accepts it."""
    if not missing or unreached:
        return finding
    return replace(
        finding,
        status="inconclusive",
        message=f"No point reached {'; '.join(missing[:3])}: sample where it is reached, or say "
        'unreached="ok"',
    )
