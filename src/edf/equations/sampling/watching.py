"""Which side of every threshold points are on, in the graph and in the formula.

A threshold is where an operation begins to follow another rule: in a comparison, `max`, `abs`,
`clip`, a case distinction. Its margin is the signed distance to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edf.anyfunction import Applied
from edf.calculus import Jacobian
from edf.equations.meaning.names.scope import Bound
from edf.equations.meaning.typed import display
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.operations import OPERATIONS
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points
from edf.equations.sampling.stacking import Stacked
from edf.equations.sampling.world import World
from edf.graph import Array, Node
from edf.numerics.branches import Branch, Trace


@dataclass(frozen=True)
class Threshold:
    """One threshold: of a node of the graph (of the copy), of a part of the formula, or of a
    function that it calls."""

    where: Node | Expr | Bound
    branch: Branch | int

    @property
    def is_claim(self) -> bool:
        """Whether it is what a step claims, so that a point on its other side refutes that."""
        return isinstance(self.where, Expr) and self.where.label[0] == "claimed"

    @property
    def is_given(self) -> bool:
        """Whether it is the condition of a step, so that one of its sides is not claimed."""
        return isinstance(self.where, Expr) and self.where.label[0] == "given"

    @property
    def needs_no_reaching(self) -> bool:
        """Whether one of its sides is a single point, or outside of what a step claims."""
        if self.is_given:
            return True
        return isinstance(self.branch, Branch) and self.branch.at_equality


@dataclass(frozen=True)
class Margins:
    """For each row the least and the greatest distance to a threshold, over all components."""

    least: Array
    greatest: Array

    def reached(self, side: int, rows: Array | None = None) -> Array:
        """Return the rows of which some component is on a side, -1 or 1."""
        distance = self.greatest if side > 0 else -self.least
        return distance > 0 if rows is None else (distance > 0)[rows]

    def distance(self, side: int) -> Array:
        """Return how far each row is from reaching a side."""
        return -self.greatest if side > 0 else self.least


Watched = dict[Threshold, Margins]


def watched_graph(points: Points, nodes: Iterable[Node]) -> Watched:
    """Return the margins of the thresholds that nodes of the copy meet at some points."""
    found: Watched = {}
    world = points.world
    for node in nodes:
        if not node.inputs or isinstance(node, Applied | Jacobian):
            continue
        stacks = [points.context.value(parent) for parent in node.inputs]
        for branch, margins in watched_operation(world.stacked[node], stacks).items():
            found[Threshold(node, branch)] = margins
    return found


def watched_operation(operation: Stacked, stacks: Sequence[Array]) -> dict[Branch, Margins]:
    count = len(stacks[0])
    try:
        if operation.stacks:
            trace = Trace()
            assert operation.way is not None
            operation.way([trace.watch(stack) for stack in stacks])
            stacked = {
                branch: [m.reshape(count, -1) for m in margins if m.ndim and len(m) == count]
                for branch, margins in trace.margins.items()
            }
            return {branch: _margins(margins) for branch, margins in stacked.items() if margins}
        rows: list[dict[Branch, list[Array]]] = []
        for row in range(count):
            trace = Trace()
            operation.compute(*(trace.watch(np.asarray(stack[row])) for stack in stacks))
            rows.append(trace.margins)
    except Exception:  # it does not take watched arrays: what it decides is not seen
        return {}
    found = {}
    for branch in dict.fromkeys(branch for there in rows for branch in there):
        least, greatest = np.full(count, np.inf), np.full(count, -np.inf)
        for k, there in enumerate(rows):
            for margin in there.get(branch, ()):
                least[k] = min(least[k], np.min(margin, initial=np.inf))
                greatest[k] = max(greatest[k], np.max(margin, initial=-np.inf))
        found[branch] = Margins(least, greatest)
    return found


def _margins(arrays: Sequence[Array]) -> Margins:
    return Margins(
        np.min([a.min(axis=1, initial=np.inf) for a in arrays], axis=0),
        np.max([a.max(axis=1, initial=-np.inf) for a in arrays], axis=0),
    )


class WatchingEvaluator(Evaluator):
    """Evaluates a formula, and notes the margins of its thresholds."""

    def __init__(self, points: Points, meaning: Meaning) -> None:
        super().__init__(points.context, meaning.ranges, "complex", 1e-3)
        self.found: Watched = {}

    def value(self, expr: Expr) -> Array:
        operation = OPERATIONS.get(expr.op)
        if operation is None or not operation.branches:
            return super().value(expr)
        trace = Trace()
        values = self.values(expr.args)
        result = np.asarray(operation(*(trace.watch(value) for value in values)))
        for branch, margins in trace.margins.items():
            self.note(expr, branch, margins)
        return self.rounded(result.view(np.ndarray))

    def rounded(self, value: Array, arguments: Sequence[Array] = ()) -> Array:
        return self.points.rounding(value, self.context.rows)  # underflow is looked for elsewhere

    def meets(self, expr: Expr, number: int, sign: str, left: Array, right: Array) -> None:
        margin = left - right
        if sign in ("=", r"\neq"):  # which numbers meet that are drawn from a finite set
            margin = np.where(margin == 0, 1.0, -1.0)
        self.note(expr, number, [margin])

    def called(self, bound: Bound, operation: Stacked, stacks: list[Array]) -> Array:
        result = operation(stacks)
        count = len(self.context.rows)
        for branch, margins in watched_operation(operation, stacks).items():
            least, greatest = margins.least.reshape(count, -1), margins.greatest.reshape(count, -1)
            self.found[Threshold(bound, branch)] = Margins(least.min(axis=1), greatest.max(axis=1))
        return result

    def note(self, where: Expr, branch: Branch | int, margins: Sequence[Array]) -> None:
        """Record the margins of a threshold."""
        count = len(self.context.rows)
        full = [
            np.broadcast_to(m.real.astype(float), (count, *m.shape[1:])).reshape(count, -1)
            for m in map(np.asarray, margins)
            if m.ndim
        ]
        if full:
            self.found[Threshold(where, branch)] = _margins(full)


def watched_formula(points: Points, meaning: Meaning) -> Watched:
    """Return the margins of the thresholds in a formula at some points."""
    evaluator = WatchingEvaluator(points, meaning)
    for side in (meaning.left, meaning.right):
        evaluator.value(side)
    return evaluator.found


def has_thresholds(meaning: Meaning) -> bool:
    """Whether a formula follows different rules in different places."""
    return any(
        expr.op == "cases" or (expr.op in OPERATIONS and OPERATIONS[expr.op].branches)
        for side in (meaning.left, meaning.right)
        for expr in side.walk()
    )


def described(threshold: Threshold, side: int, world: World, names: Mapping[Node, str]) -> str:
    """Say which side of which threshold is meant, as "one side of max(a, 6)"."""
    where, branch = threshold.where, threshold.branch
    if isinstance(where, Expr):
        if isinstance(branch, int):
            return f"one side of condition {branch + 1} in {display.expression(where)}"
        return f"one side of {display.expression(where)}"
    assert isinstance(branch, Branch)
    if isinstance(where, Bound):
        return f"one side of {branch.source} in {where.name}"
    operation = type(where).__name__
    label = names.get(world.names.get(where, where), "")
    own = type(where).__module__.startswith("edf.")
    what = operation if own else f"{branch.source} in {operation}"
    return f"one side of {what}" + (f" ({label})" if label else "")
