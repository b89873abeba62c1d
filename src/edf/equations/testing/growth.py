r"""Inequalities of whole numbers that are far larger than those that equations are tried with.

    \sum_{j=1}^n \frac{1}{j^2} \leq 1.64      fails from n = 203 on
    \sum_{j=0}^n p^j \leq 1000                for n in the thousands, and p near 1

A sum up to a number that is drawn has as many terms as the largest number takes. Here it gets as
many as time allows, at a few points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding
from edf.equations.testing.measure import COPIES, quiet
from edf.equations.testing.setting import nodes, parts
from edf.equations.testing.special_points import judged_apart, resized
from edf.graph import Node

NUMBERS = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
TOGETHER = 3000  # those up to this one are tried at once
MOST = 1_200_000  # numbers that one point may take
SIZES = (1.0, 1e6, 1e-3)  # of what else is drawn, beside each of them


def at_large_numbers(meaning: Meaning, world: World, seed: int) -> Finding | None:
    """Return what refutes an inequality at larger numbers than sums are made for, or nearly so."""
    drawn = [node for node in world.all_below(nodes(meaning)) if _largest(node)]
    open_ended = _open_ended(meaning)
    if not drawn or not open_ended or meaning.differentiates:
        return None
    longer = {number: _with_terms_up_to(meaning, open_ended, drawn, number) for number in NUMBERS}
    possible = [number for number in NUMBERS if _size(longer[number]) <= MOST]
    few = [number for number in possible if number <= TOGETHER]
    rng = np.random.default_rng(seed + 5)
    for group in (few, possible[len(few) :][-1:]):
        if not group:
            continue
        try:
            with quiet():
                points = _points(world, drawn, group, rng)
        except EquationError:  # an operation fails at one of them
            continue
        found = judged_apart(longer[group[-1]], points)
        if found.status == "refuted" or found.between:
            return found
    return None


def _largest(node: Node) -> int:
    """The largest value that a whole number without bound is otherwise tried with, or 0."""
    sample: Any = getattr(node, "sample", None)
    return sample.most if getattr(sample, "larger", ()) and sample.first >= 0 else 0


def _open_ended(meaning: Meaning) -> dict[str, int]:
    """The indices that run up to a number that is drawn, and where they start."""
    found = {}
    for expr in parts(meaning):
        if expr.op != "big" or len(expr.data[1]) != 1 or expr.args[0].op != "cases":
            continue
        (letter,) = expr.data[1]
        here, last = expr.args[0].args[-2:]
        if here.op == "index" and here.data[0] == letter and last.op != "number":
            found[letter] = here.data[1]
    written = {letter for e in parts(meaning) if e.op != "big" for letter in _places(e)}
    return {letter: first for letter, first in found.items() if letter not in written}


def _places(expr: Expr) -> Sequence[str]:
    """The letters that choose components, of which there are no more."""
    if expr.op in ("node", "array", "component"):
        indices = expr.data[1] if expr.op != "component" else expr.data
        return [getattr(index, "letter", index) for index in indices or ()]
    return expr.data if expr.op in ("delta", "gather") else ()


def _with_terms_up_to(
    meaning: Meaning, open_ended: dict[str, int], drawn: Sequence[Node], number: int
) -> Meaning:
    """Return a step whose sums have as many terms as they have up to a larger number."""
    times = number / min(map(_largest, drawn))
    ranges = {
        letter: math.ceil((meaning.ranges[letter] + abs(first)) * times) + 1
        for letter, first in open_ended.items()
    }
    return replace(meaning, ranges={**meaning.ranges, **ranges})


def _size(meaning: Meaning) -> int:
    """How many numbers a step takes at one point."""
    return sum(math.prod(meaning.ranges[index] for index in expr.free) for expr in parts(meaning))


def _points(
    world: World, drawn: Sequence[Node], numbers: Sequence[int], rng: np.random.Generator
) -> Points:
    """Return points with each of these numbers: all that are drawn so are as large, or one is."""
    alone = [*([node] for node in drawn if len(drawn) > 1), list(drawn)]
    rows = [(number, large, size) for number in numbers for large in alone for size in SIZES]
    sizes = np.array([size for _, _, size in rows])
    leaves = {}
    for node in world.order:
        if not node.inputs:
            values = np.array(drawn_leaf(world, node, rng, len(rows)))
            leaves[node] = resized(world, node, values, sizes)
            for row, (number, large, _) in enumerate(rows):
                if node in large:
                    leaves[node][row] = number
    seed = int(rng.integers(2**62))
    return at(world, leaves, len(rows), seed, 1 + COPIES, COARSE, guarded=True)
