"""The counterexample that a reader gets: small whole numbers, where they show the mistake.

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
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points, at, drawn_leaf
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge_at
from edf.equations.testing.measure import COPIES, STEPS, is_heavy, quiet
from edf.equations.testing.setting import Setting, nodes
from edf.equations.testing.special_points import is_positive, is_simplex, movable
from edf.graph import Array, Node

#: What the entries of all inputs are, one after the other, the smallest first.
PATTERNS = (
    (1,),
    (1, 2),
    (1, 2, 3),
    (2, 1, 0),
    (1, -1, 2),
    (3, 1, 0, 2, -1),
    (2, 3, 5, 1, 4, 0, -2, -1),
)
RANDOM = 9  # further points of small whole numbers
MOST = 16  # entries of a factor that is shown


def explained(meaning: Meaning, setting: Setting, finding: Finding) -> Finding:
    """Return a refutation with a counterexample of small whole numbers, if there is one, and with
    the values of the formula's factors there."""
    if finding.counterexample is None:
        return finding
    heavy = is_heavy(meaning, setting.world)  # nobody computes so many derivatives by hand
    with quiet():
        for one in () if heavy else _small_points(setting.world, setting.seed):
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
            shown = {**shown, "point": point, "factors": _factors(meaning, finding.at, finding)}
    return replace(finding, counterexample=shown)


def in_the_formula(meaning: Meaning, world: World, point: dict[Node, Array]) -> dict[Node, Array]:
    """Return those leaves of a point that a step depends on."""
    below = set(world.all_below(nodes(meaning)))
    return {node: value for node, value in point.items() if world.twins[node] in below}


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


def _factors(meaning: Meaning, points: Points, finding: Finding) -> dict[str, Any]:
    """Return the values of what a formula is made of at the place of its counterexample."""
    assert finding.counterexample is not None
    method = "differences" if (finding.oracle or "").startswith("central") else "complex"
    evaluator = Evaluator(points.exact().context, meaning.ranges, method, STEPS[0])
    if meaning.written is not None:
        left, right = meaning.written
        meaning = replace(meaning, left=left, right=right)
    return factors(evaluator, meaning, finding.counterexample["index"])


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
            expr.op in ("deriv", "call", "prime", "replace", "array")
            or (expr.op == "number" and expr.label[0].isidentifier())
            or (expr.op == "node" and expr.data[0].inputs)
        ):
            yield expr


def _parts(expr: Expr) -> Iterator[Expr]:
    yield expr
    for arg in expr.args:
        yield from _parts(arg)


def _written(expr: Expr) -> Iterator[Expr]:
    """Yield the parts of an expression whose values stand in it, not what is differentiated."""
    yield expr
    for arg in expr.args if expr.op != "deriv" else ():
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
