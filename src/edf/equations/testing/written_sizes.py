r"""Sizes that the numbers of an inequality ask for, which are larger or smaller than others tried.

    \sqrt{a} \leq 10^6                   fails beyond 10^{12}
    \log(1 + a) \leq 100                 beyond e^{100}
    \lambda_{\min}(S) \geq 10^{-10}      of a definite matrix as small

A bound c on what grows as a is exceeded beyond c, on \sqrt{a} beyond c^2, on \log a beyond e^c, and
the same of their inverses closer to 0. What doubles do not reach of these is looked at with more
digits, in `beyond_doubles`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.exact import exact
from edf.equations.testing.judge import Finding
from edf.equations.testing.measure import COPIES, quiet
from edf.equations.testing.setting import nodes, parts
from edf.equations.testing.special_points import is_simplex, judged_apart, resized
from edf.graph import Array, Constant, Node

#: Logarithms of sizes: smaller ones than the first are tried anyway, and doubles end at 709.
USUAL, LARGEST = 4.0, 690.0
MOST = 4  # numbers of a formula, the largest ones, whose sizes are tried
TIMES = 2  # how often at each of them


def numbers_written(meaning: Meaning, world: World) -> list[float]:
    """Return the numbers of a formula and its graph, and powers that are numbers, the largest
    first; in place of those below 1 their inverses."""
    found = {
        float(node.value)
        for node in world.all_below(nodes(meaning))
        if isinstance(node, Constant) and np.ndim(node.value) == 0 and np.isrealobj(node.value)
    }
    found |= {_value(expr) for expr in parts(meaning) if expr.op in ("number", "pow")}
    sizes = {max(abs(number), 1 / abs(number)) for number in found if number}
    return sorted((size for size in sizes if 1 < size < math.inf), reverse=True)


def _value(expr: Expr) -> float:
    """The value of a number or a power of numbers, and 0 of what is neither, or too large."""
    if expr.op == "number":
        return float(expr.data)
    value = exact(expr) if {arg.op for arg in expr.args} <= {"number", "neg"} else None
    try:
        return 0.0 if value is None else float(value)
    except OverflowError:
        return 0.0


def at_sizes_written(meaning: Meaning, world: World, seed: int) -> Finding:
    """Return what is found of an inequality where its leaves, all or one of them, have such sizes;
    nothing is, where it has no such numbers or cannot be evaluated there."""
    sizes = _sizes(numbers_written(meaning, world)[:MOST])
    if not sizes or meaning.differentiates:
        return Finding("inconclusive")
    try:
        with quiet():
            points = _points(meaning, world, sizes, np.random.default_rng(seed + 6))
    except EquationError:  # an operation fails at one of them
        return Finding("inconclusive")
    return judged_apart(meaning, points)


def _sizes(numbers: Sequence[float]) -> list[float]:
    """The sizes that numbers ask for, and their inverses: of c also c^2, e^c, its root and square
    and e^{e^c}, as far as doubles reach."""
    found = set()
    for number in numbers:
        logarithm = math.log(number)
        asked = [logarithm, 2 * logarithm, number / 2, number, number * number]
        if number < math.log(LARGEST):
            asked.append(math.exp(number))
        found |= {round(min(size, LARGEST)) for size in asked if size > USUAL}
    return [math.exp(sign * size) for size in sorted(found) for sign in (1, -1)]


def _points(
    meaning: Meaning, world: World, sizes: Sequence[float], rng: np.random.Generator
) -> Points:
    """Return the graph where all leaves are so large, and where each is so by itself."""
    leaves = [node for node in world.all_below(nodes(meaning)) if not node.inputs]
    alone = [[node] for node in leaves if len(leaves) > 1]
    rows = [(size, moved) for size in sizes for moved in [leaves, *alone] for _ in range(TIMES)]
    values = {}
    for node in world.order:
        if not node.inputs:
            own = np.array([size if node in moved else 1.0 for size, moved in rows])
            values[node] = _resized(world, node, drawn_leaf(world, node, rng, len(rows)), own)
    seed = int(rng.integers(2**62))
    return at(world, values, len(rows), seed, 1 + COPIES, COARSE, guarded=True)


def _resized(world: World, node: Node, values: Array, sizes: Array) -> Array:
    """The values of a leaf made so large or small; of probabilities, the first in proportion."""
    if not is_simplex(world, node):
        return resized(world, node, values, sizes)
    shares = np.array(values)
    shares[..., 0] *= sizes.reshape(-1, *(1,) * (shares.ndim - 2))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
