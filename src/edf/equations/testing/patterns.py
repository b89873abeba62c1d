r"""Points for inequalities: vectors and matrices at which bounds are reached, and of all sizes.

    (1, ..., 1)              \lVert x \rVert_1 \leq c \lVert x \rVert_2  needs \sqrt{n}
    (\sqrt{n}, 1, ..., 1)    \lVert x \rVert_1 \lVert x \rVert_\infty \leq c \lVert x \rVert_2^2
    the identity             \lVert A \rVert_* \leq c \lVert A \rVert_F  needs \sqrt{n}
    a matrix of ones         \lVert A \rVert_2 \leq c \max_{ij} |A_{ij}|  needs n

Most bounds are reached where entries, or singular values, are alike, or one is alone or stands out.
Random vectors and matrices are the farther from all of these, the larger they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from edf.equations.binding.samplers import orthogonal_matrix
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.measure import COPIES
from edf.equations.testing.special_points import (
    is_positive,
    is_simplex,
    least_multiple,
    movable,
    resized,
)
from edf.graph import Array, Node, Param

SIZES = (-1.5, 2.0)  # of leaves that are scattered, as powers of ten
PATTERNED = 0.5  # the part of them that have a pattern
SMALL = 1e-3  # what stands for 0 in a set that has no 0

#: (NumPy loads its generators when first used.)
Generator: TypeAlias = "np.random.Generator"


# ------------------------------------------------------------------------------------ the patterns


def _ones(rng: Generator, *shape: int) -> Array:
    return np.ones(shape)


def _signs(rng: Generator, *shape: int) -> Array:
    return rng.choice((-1.0, 1.0), shape)


def _single(rng: Generator, length: int) -> Array:
    return np.eye(1, length)[0]


def _spiked(rng: Generator, length: int) -> Array:
    return np.where(np.arange(length) > 0, 1.0, math.sqrt(length))


def _graded(rng: Generator, length: int) -> Array:
    return 1.0 / np.arange(1, length + 1)


def _orthogonal(rng: Generator, rows: int, columns: int) -> Array:
    """Orthonormal columns, or rows."""
    q, _ = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    return q if rows >= columns else q.T


def _shift(rng: Generator, rows: int, columns: int) -> Array:
    """Singular values that are alike, and eigenvalues that are 0."""
    return np.eye(rows, columns, 1)


#: Of vectors, and of the diagonals of matrices.
VECTORS: tuple[Callable[..., Array], ...] = (_ones, _signs, _single, _spiked, _graded)
#: Of matrices that are not diagonal.
FULL: tuple[Callable[..., Array], ...] = (_ones, _signs, _orthogonal, _shift)
COUNT = len(VECTORS) + len(FULL)


def _patterns(rng: Generator, shape: tuple[int, ...]) -> Array:
    """All patterns of a vector or matrix, one after the other; of more axes, of the last two."""
    if len(shape) == 1:
        made = [VECTORS[k % len(VECTORS)](rng, *shape) for k in range(COUNT)]
    else:
        rows, columns = shape[-2:]
        diagonals = [vector(rng, min(rows, columns)) for vector in VECTORS]
        made = [np.eye(rows, len(d)) * d @ np.eye(len(d), columns) for d in diagonals]
        made += [full(rng, rows, columns) for full in FULL]
    stacked = np.stack(made).reshape(COUNT, *(1,) * (len(shape) - 2), *made[0].shape)
    return np.broadcast_to(stacked, (COUNT, *shape))


def _in_its_set(world: World, node: Node, rng: Generator, values: Array) -> Array | None:
    """All patterns, as near as the set of a leaf with such values has them; None of numbers, and of
    what no pattern says anything of."""
    sample: Any = getattr(node, "sample", None)
    shape = values.shape[1:]
    if not math.prod(shape) or not shape or values.dtype.kind != "f":
        return None
    if node in world.fixed and not isinstance(node, Param):
        return None
    if is_simplex(world, node):
        sizes = np.abs(_patterns(rng, shape))
        sizes = np.where(sizes.any(axis=-1, keepdims=True), sizes, 1.0)
        return sizes / sizes.sum(axis=-1, keepdims=True)
    if movable(world, node):
        made = _patterns(rng, shape)
        if isinstance(node, Param):
            made = made * (float(np.sqrt(np.mean(np.square(world.fixed[node])))) or 1.0)
        if is_positive(world, node):
            return np.maximum(np.abs(made), SMALL)
        return np.where(made == 0, SMALL, made) if getattr(node, "is_nonzero", False) else made
    if (least := least_multiple(world, node)) is not None:
        return _symmetric(_patterns(rng, shape), least)
    if sample is orthogonal_matrix:
        return np.linalg.qr(_patterns(rng, shape))[0]
    return _between(_patterns(rng, shape), sample) if hasattr(sample, "ends") else None


def _symmetric(made: Array, least: float) -> Array:
    """Symmetric matrices; with eigenvalues from 0 on, or above it, if `least` is."""
    symmetric = (made + made.mT) / 2
    if least < 0:
        return symmetric
    indefinite = np.linalg.eigvalsh(symmetric)[..., :1, None] < 0
    definite = np.where(indefinite, made.mT @ made, symmetric)
    return definite + (SMALL * np.eye(made.shape[-1]) if least > 0 else 0.0)


def _between(made: Array, interval: Any) -> Array:
    """Numbers of an interval, those of its ends that belong to it included."""
    low, high, ends = interval.low, interval.high, interval.ends
    if np.isfinite(low) and np.isfinite(high):
        axes = tuple(range(1, made.ndim))
        least, most = made.min(axes, keepdims=True), made.max(axes, keepdims=True)
        part = np.where(most > least, (made - least) / np.maximum(most - least, SMALL), 1.0)
        part = np.clip(part, SMALL * (low not in ends), 1 - SMALL * (high not in ends))
        return np.asarray(low + (high - low) * part)
    away = np.maximum(np.abs(made), SMALL * (not ends))
    return np.asarray(low + away if np.isfinite(low) else high - away)


# -------------------------------------------------------------------------------------- the points


def patterned_points(world: World, rng: Generator) -> Points:
    """Return the graph where all leaves have one pattern, and where each has one, and a size, of
    its own."""
    sizes = np.concatenate([np.ones(COUNT), 10.0 ** rng.uniform(*SIZES, COUNT)])

    def arrange(node: Node, values: Array, made: Array) -> None:
        values[:COUNT] = made
        values[COUNT:] = _signed(world, node, made[rng.permutation(COUNT)], rng)

    def own_sizes() -> Array:
        return rng.permuted(sizes.reshape(2, -1), axis=1).ravel()

    return _points(world, rng, 2 * COUNT, arrange, own_sizes)


def scattered_points(world: World, rng: Generator, count: int) -> Points:
    """Return the graph at many random points, where each leaf is of a size, and may be of a
    pattern, of its own."""

    def arrange(node: Node, values: Array, made: Array) -> None:
        chosen = np.flatnonzero(rng.random(count) < PATTERNED)
        values[chosen] = _signed(world, node, made[rng.integers(COUNT, size=len(chosen))], rng)

    return _points(world, rng, count, arrange, lambda: 10.0 ** rng.uniform(*SIZES, count))


def _points(
    world: World,
    rng: Generator,
    count: int,
    arrange: Callable[[Node, Array, Array], None],
    sizes: Callable[[], Array],
) -> Points:
    """The graph at random points, of which `arrange` gives some the patterns of a leaf."""
    leaves = {}
    for node in world.order:
        if node.inputs:
            continue
        values = np.array(drawn_leaf(world, node, rng, count))
        made = _in_its_set(world, node, rng, values)
        if made is not None:
            arrange(node, values, made)
        leaves[node] = resized(world, node, values, sizes())
    return at(world, leaves, count, int(rng.integers(2**62)), 1 + COPIES, COARSE, guarded=True)


def _signed(world: World, node: Node, values: Array, rng: Generator) -> Array:
    """Values of which some are turned to their negatives, where a leaf has these."""
    if not movable(world, node) or is_positive(world, node):
        return values
    return values * rng.choice((-1.0, 1.0), (len(values), *(1,) * (values.ndim - 1)))
