"""Points that a person would try, and points of other sizes, beside the random ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge_at
from edf.equations.testing.measure import COPIES
from edf.equations.testing.setting import parts
from edf.graph import Array, Input, Node, Param

TRIED = (0.0, 1.0, -1.0, 2.0, 10.0, 100.0)
ALONE = (0.0, 1.0, -1.0)  # what numbers are tried at one by one; vectors at the first
FAR = (100, 1000, 10**6)  # whole numbers
MOST_NUMBERS = 4  # of a formula that are tried as well
VERTICES = 3  # of the simplex: one for all leaves, one for each, and the middle of two
SCALES = (0.1, 3.0, 10.0, 100.0, 1e6)


def movable(world: World, node: Node) -> bool:
    """Whether a leaf may take any real values: it is drawn, and its sampler says nothing else."""
    if isinstance(node, Param):
        return True
    return (
        isinstance(node, Input)
        and node not in world.fixed
        and node.sample in ("normal", "positive")
    )


def is_positive(world: World, node: Node) -> bool:
    """Whether a leaf is declared or taken to be positive."""
    if isinstance(node, Param):
        return bool(world.fixed[node].size and np.all(world.fixed[node] > 0))
    return isinstance(node, Input) and node.sample == "positive"


def is_between(world: World, node: Node) -> bool:
    """Whether a leaf is drawn from all numbers between two bounds, of which one may be infinite."""
    return isinstance(node, Input) and node not in world.fixed and hasattr(node.sample, "low")


def within(node: Node, moved: Array, values: Array) -> Array:
    """Values that were moved, but for those that left what a leaf is drawn from."""
    sample: Any = getattr(node, "sample", None)
    low, high = getattr(sample, "low", -np.inf), getattr(sample, "high", np.inf)
    return np.where((low < moved) & (moved < high), moved, values)


def is_simplex(world: World, node: Node) -> bool:
    """Whether a leaf is drawn as probabilities that add up to 1."""
    return isinstance(node, Input) and node not in world.fixed and node.sample == "simplex"


def tried_points(
    world: World,
    rng: np.random.Generator,
    far: bool = False,
    numbers: Sequence[float] = (),
    alone: bool = False,
) -> Points:
    """Return the graph at round numbers, equal arguments, and random values of other sizes.

    Args:
        far: Whether whole numbers are so large that no sum up to them is made for it.
        numbers: Further ones that all arguments take.
        alone: Whether one argument after the other takes a round number by itself.
    """
    tried = (*TRIED, *numbers)
    ends: dict[Node, tuple[float, ...]] = {
        node: getattr(node, "ends", ()) for node in world.order if node not in world.fixed
    }
    large = _large_numbers(ends, rng, FAR if far else ())
    scaled = len(tried) + 2
    several = scaled + len(SCALES)
    grown = several + max(map(len, large.values()), default=0)
    single = [pair for node in world.order for pair in _alone(world, node)] if alone else []
    count = grown + len(single) + 2 * any(ends.values())
    leaves = {}
    simplices = 0
    for node in world.order:
        if node.inputs:
            continue
        values = np.array(drawn_leaf(world, node, rng, count))
        if movable(world, node) and values.dtype.kind == "f":
            shape = values.shape[1:]
            for row, number in enumerate(tried):
                values[row] = _pattern(shape, number)
            values[len(tried)] = np.arange(1.0, 1 + values[0].size).reshape(shape)
            values[len(tried)] += _pattern(shape, values[0].size) if _is_square(shape) else 0.0
            values[len(tried) + 1] = rng.integers(-2, 4, shape)
            if is_positive(world, node):
                values = np.abs(values)
            if is_positive(world, node) or getattr(node, "is_nonzero", False):
                values[values == 0] = 1.0
        elif is_simplex(world, node):
            values[: len(tried) - VERTICES] = 1 / values.shape[-1]
            values[len(tried) - VERTICES : len(tried)] = _vertices(values.shape[1:], simplices)
            simplices += 1
        elif (least := least_multiple(world, node)) is not None:
            for row, number in enumerate(tried):
                values[row] = (number if number >= least else 1.0) * np.eye(values.shape[-1])
            if least == 0:
                values[len(tried)] = 1.0  # of rank 1
            values[len(tried) + 1] = np.diag(np.logspace(-2, 2, values.shape[-1]))
        values[scaled:several] = resized(world, node, values[scaled:several], np.array(SCALES))
        for row, number in enumerate(large.get(node, ()), several):
            values[row] = number
        for row, (one, number) in enumerate(single, grown):
            if one is node:
                values[row] = number
        if ends.get(node):  # those that belong to its set
            values[-2], values[-1] = ends[node][0], ends[node][-1]
        leaves[node] = values
    return at(world, leaves, count, int(rng.integers(2**62)), 1 + COPIES, COARSE, guarded=True)


def _alone(world: World, node: Node) -> Iterator[tuple[Node, float]]:
    """Yield a leaf with the numbers that it takes by itself, as far as its set has them."""
    axes = len(world.shape(world.names[node]))
    if node.inputs or axes > 1 or not (movable(world, node) or is_between(world, node)):
        return
    sample: Any = getattr(node, "sample", None)
    low, high = getattr(sample, "low", -np.inf), getattr(sample, "high", np.inf)
    low = 0.0 if is_positive(world, node) else low
    for number in ALONE[: 1 if axes else None]:
        excluded = number == 0 and getattr(node, "is_nonzero", False)
        if (low < number < high and not excluded) or number in getattr(node, "ends", ()):
            yield node, number


def thresholds_written(meaning: Meaning) -> list[float]:
    """Return the numbers with which the conditions of a formula compare something."""
    sides = [
        side
        for expr in parts(meaning)
        if expr.op == "cases" and expr.label[0] != "claimed"
        for side in expr.args[len(expr.data) :]
    ]
    numbers = {float(p.data) for side in sides for p in side.walk() if p.op == "number"}
    return sorted(numbers - set(TRIED))[:MOST_NUMBERS]


def _large_numbers(
    nodes: Iterable[Node], rng: np.random.Generator, far: Sequence[int]
) -> dict[Node, tuple[int, ...]]:
    """The whole numbers that leaves take beside those that are drawn; of several leaves in orders
    of their own."""
    found: dict[Node, tuple[int, ...]] = {}
    for node in nodes:
        numbers = getattr(getattr(node, "sample", None), "larger", ())
        if numbers:
            found[node] = (*(rng.permutation(numbers) if found else numbers), *far)
    return found


def _vertices(shape: tuple[int, ...], number: int) -> Array:
    """Probabilities of which all but one or two are 0; `number` counts the leaves with some."""
    size = shape[-1]
    units = np.eye(size)
    first, own = units[0], units[-1 - number % size]
    rows = np.stack([first, own, (first + own) / 2])
    rows = rows.reshape(VERTICES, *(1,) * (len(shape) - 1), size)
    return np.broadcast_to(rows, (VERTICES, *shape))


def least_multiple(world: World, node: Node) -> float | None:
    """The least multiple of the identity among the matrices that a leaf is drawn from, if all
    positive ones are."""
    if not isinstance(node, Input) or node in world.fixed:
        return None
    least: float | None = getattr(node.sample, "least", None)
    return least


def resized(world: World, node: Node, values: Array, sizes: Array) -> Array:
    """The values of a leaf, each made larger or smaller as far as its set allows."""
    if values.dtype.kind != "f" or (node in world.fixed and not isinstance(node, Param)):
        return values
    sizes = sizes.reshape(-1, *(1,) * (values.ndim - 1))
    if movable(world, node) or least_multiple(world, node) is not None:
        return values * sizes
    sample: Any = getattr(node, "sample", None)
    low, high = getattr(sample, "low", -np.inf), getattr(sample, "high", np.inf)
    if np.isfinite(low) and np.isfinite(high):  # the ratio of the distances to both ends is
        near, far = (values - low) * sizes, high - values
        return np.asarray((low * far + high * near) / (near + far))
    if np.isinf(low) and np.isinf(high):
        return values
    end = low if np.isfinite(low) else high
    return np.asarray(end + (values - end) * sizes)


def _is_square(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[0] == shape[1]


def _pattern(shape: tuple[int, ...], number: float) -> Array:
    """The same number everywhere; of a square matrix, which may be inverted, on the diagonal."""
    if _is_square(shape):
        return number * np.eye(shape[0])
    return np.full(shape, number)


def regular(points: Points, most: float = 1e4) -> Points:
    """Return the points whose values are of a usual size."""
    if not len(points):
        return points
    sizes = [
        np.abs(value).reshape(len(points), -1).max(axis=1, initial=0.0)
        for node, value in points.leaves.items()
        if node not in points.world.fixed
    ]
    return points.take(np.max(sizes, axis=0) <= most) if sizes else points


def judged_apart(meaning: Meaning, points: Points) -> Finding:
    """Compare the sides at chosen points; where an operation fails at one, leave that out."""
    try:
        return judge_at(meaning, points)
    except EquationError:
        finding = Finding("verified")
        for one in _each(points):
            try:
                found = judge_at(meaning, one)
            except EquationError:
                continue
            if found.status == "refuted":
                return found
            finding = Finding("verified", points=finding.points + found.points)
        return finding


def _each(points: Points) -> Iterator[Points]:
    for k in range(len(points)):
        yield points.take(np.array([k]))
