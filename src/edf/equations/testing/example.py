"""The counterexample that a reader gets: small whole numbers, or few digits, where they show the
mistake.

The value of every factor is there, too, so that both sides can be recomputed by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.meaning.typed import display
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.meaning.typed.relations import COMPARISONS
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge_at
from edf.equations.testing.measure import COPIES, STEPS, is_heavy, quiet
from edf.equations.testing.setting import Setting, nodes
from edf.equations.testing.special_points import is_positive, is_simplex, movable, within
from edf.graph import Array, Node

#: What the entries of all inputs are, one after the other, the smallest first.
PATTERNS = (
    (1,),
    (1, 2),
    (1, 2, 3),
    (2, 1, 0),
    (1, -1, 2),
    (3, 1, 0, 2, -1),
    (-1, 2),
    (-2, 1, 3),
    (2, 3, 5, 1, 4, 0, -2, -1),
)
RANDOM = 9  # further points of small whole numbers
DIGITS = (1, 2)  # to which the numbers of a point are rounded where no small ones do
MOST = 16  # entries of a factor that is shown


def explained(meaning: Meaning, setting: Setting, finding: Finding) -> Finding:
    """Return a refutation with a counterexample of small whole numbers, or else of few digits, if
    there is one, and with the values of the formula's factors there."""
    if finding.counterexample is None:
        return finding
    heavy = is_heavy(meaning, setting.world)  # nobody computes so many derivatives by hand
    with quiet():
        for one in () if heavy else _simple_points(setting, finding):
            try:
                found = judge_at(meaning, one)
            except EquationError:
                continue
            if found.status == "refuted" and found.counterexample is not None:
                finding = replace(
                    finding,
                    counterexample=found.counterexample,
                    error=found.error,
                    oracle=found.oracle,
                    doubt=found.doubt,
                    at=found.at,
                )
                break
        assert finding.counterexample is not None
        shown = {**finding.counterexample, "factors": {}}
        if finding.at is not None:
            point = in_the_formula(meaning, finding.at.world, shown["point"])
            evaluator = _evaluator(meaning, finding.at, finding)
            sides = _sides_as_written(evaluator, meaning, shown["index"])
            found_factors = factors(evaluator, _as_written(meaning), shown["index"])
            shown = {**shown, **sides, "point": point, "factors": found_factors}
    return replace(finding, counterexample=shown)


def in_the_formula(meaning: Meaning, world: World, point: dict[Node, Array]) -> dict[Node, Array]:
    """Return those leaves of a point that a step depends on."""
    below = set(world.all_below(nodes(meaning)))
    return {node: value for node, value in point.items() if world.twins[node] in below}


def _simple_points(setting: Setting, finding: Finding) -> Iterator[Points]:
    """Yield points with numbers that a reader can compute with, one at a time."""
    yield from _small_points(setting.world, setting.seed)
    for digits in DIGITS if finding.at is not None else ():
        assert finding.at is not None
        world = finding.at.world
        yield finding.at.with_leaves(
            {
                node: _rounded(world, node, value, digits)
                for node, value in finding.at.leaves.items()
            }
        )


def _rounded(world: World, node: Node, value: Array, digits: int) -> Array:
    """The values of a leaf to so many digits, as far as its set allows."""
    bounded = hasattr(getattr(node, "sample", None), "low")
    if value.dtype.kind != "f" or not (movable(world, node) or bounded):
        return value
    few = np.array([float(f"{number:.{digits}g}") for number in value.flat]).reshape(value.shape)
    return within(node, few, value)


def _small_points(world: World, seed: int) -> Iterator[Points]:
    """Yield points of small whole numbers, one at a time."""
    rng = np.random.default_rng(seed + 5)
    leaves = [node for node in world.order if not node.inputs]
    rows: dict[Any, list[Array]] = {node: [] for node in leaves}
    patterns = [*PATTERNS, *(tuple(rng.integers(-2, 6, 24)) for _ in range(RANDOM))]
    for pattern in patterns:
        numbers = cycle(pattern)
        for node in leaves:
            own = drawn_leaf(world, node, rng, 1)[0]
            if movable(world, node) or is_simplex(world, node):
                entries = np.array(list(islice(numbers, own.size)), float).reshape(own.shape)
                if is_positive(world, node) or is_simplex(world, node):
                    entries = np.maximum(np.abs(entries), 1.0)
                if getattr(node, "is_nonzero", False):
                    entries[entries == 0] = 1.0
                own = entries
            else:
                own = _rounded(world, node, own, DIGITS[0])
            if is_simplex(world, node):
                own = own / own.sum(axis=-1, keepdims=True)
            rows[node].append(own)
    stacked = {node: np.stack(stack) for node, stack in rows.items()}
    try:
        points = at(world, stacked, len(patterns), seed, 1 + COPIES, COARSE, guarded=True)
    except EquationError:
        return
    for k in range(len(points)):
        yield points.take(np.array([k]))


def _evaluator(meaning: Meaning, points: Points, finding: Finding) -> Evaluator:
    """Return what evaluates the parts of a formula at the point of its counterexample."""
    method = "differences" if (finding.oracle or "").startswith("central") else "complex"
    return Evaluator(points.exact().context, meaning.ranges, method, STEPS[0])


def _as_written(meaning: Meaning) -> Meaning:
    if meaning.written is None:
        return meaning
    left, right = meaning.written
    return replace(meaning, left=left, right=right)


def _sides_as_written(
    evaluator: Evaluator, meaning: Meaning, index: dict[str, int]
) -> dict[str, float]:
    """Return both sides where those that were compared are how far these are apart, and how far
    they may be."""
    near = meaning.sign not in COMPARISONS and meaning.left.op == "cases"
    if meaning.written is None or not near:
        return {}
    sides = [_at_index(evaluator, side, index) for side in meaning.written]
    if not all(isinstance(side, float) for side in sides):
        return {}
    return dict(zip(("left", "right"), sides, strict=True))


def factors(evaluator: Evaluator, meaning: Meaning, index: dict[str, int]) -> dict[str, Any]:
    """Return the values of what a formula is made of, where its indices are these."""
    values: dict[str, Any] = {}
    for expr in _made_of(meaning):
        value = _at_index(evaluator, expr, index)
        if value is not None and np.size(value) <= MOST:
            values[display.expression(expr)] = value
    return values


def as_latex(meaning: Meaning) -> dict[str, str]:
    """Return what a formula is made of, and its leaves, as LaTeX, by the names in `factors`."""
    exprs = [e for side in (meaning.left, meaning.right) for e in _parts(side) if e.op == "node"]
    return {display.expression(e): display.latex_of(e) for e in (*exprs, *_made_of(meaning))}


def _made_of(meaning: Meaning) -> Iterator[Expr]:
    """Yield what a reader needs the values of: derivatives, calls, nodes that are computed, and
    numbers and arrays of the page by their names."""
    for expr in (*_written(meaning.left), *_written(meaning.right)):
        if (
            expr.op in ("deriv", "call", "prime", "replace", "array", "gather", "entry")
            or (expr.op == "number" and expr.label[0].isidentifier())
            or (expr.op == "node" and expr.data[0].inputs)
        ):
            yield expr


def _parts(expr: Expr) -> Iterator[Expr]:
    yield expr
    for arg in expr.args:
        yield from _parts(arg)


def _written(expr: Expr) -> Iterator[Expr]:
    """Yield the parts of an expression whose values stand in it, not what is differentiated, nor
    what an entry is taken of."""
    yield expr
    inner = {"deriv": (), "gather": (), "entry": expr.args[1:]}
    for arg in inner.get(expr.op, expr.args):
        yield from _written(arg)


def _at_index(evaluator: Evaluator, expr: Expr, index: dict[str, int]) -> Any:
    """Return the value of a factor at some indices: a number, or a list over the others."""
    try:
        value = evaluator.value(expr).real[0]
    except Exception:  # what the sides could do without
        return None
    for name, axis in sorted(evaluator.axis.items(), key=lambda item: -item[1]):
        place = index.get(name, 0) if value.shape[axis - 1] > 1 else 0
        if name in index or value.shape[axis - 1] == 1:
            value = np.take(value, place, axis=axis - 1)
    return np.squeeze(value).tolist()
