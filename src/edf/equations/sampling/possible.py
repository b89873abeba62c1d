"""Which sides of a threshold are possible at all, as far as interval arithmetic can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.operations import OPERATIONS
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points
from edf.equations.sampling.watching import Threshold
from edf.equations.sampling.world import World
from edf.graph import Array, Input, Node, Param
from edf.numerics.intervals import BoundedTrace, Bounds, difference
from edf.operations.elementary import Abs, Exp, ReLU, Sigmoid, Softplus, Sqrt, Tanh
from edf.operations.losses import CrossEntropy, LogLoss, SquaredError
from edf.operations.reductions import Softmax, Var

ANY, POSITIVE = Bounds(), Bounds(0.0, math.inf)
#: What operations return whatever they are given, where following their arrays does not tell.
RANGES: dict[type, Bounds] = {
    **dict.fromkeys(
        [Abs, Exp, ReLU, Softplus, Sqrt, Var, SquaredError, LogLoss, CrossEntropy], POSITIVE
    ),
    **dict.fromkeys([Sigmoid, Softmax], Bounds(0.0, 1.0)),
    Tanh: Bounds(-1.0, 1.0),
}
#: The same of operations in formulas.
SHOWN_RANGES = {
    **dict.fromkeys(
        ["abs", "relu", "norm_1", "norm_2", "norm_inf", "norm_F", "softplus"], POSITIVE
    ),
    **dict.fromkeys(["sigma", "softmax"], Bounds(0.0, 1.0)),
}


def possible(points: Points, nodes: Iterable[Node], meaning: Meaning) -> dict[Threshold, Bounds]:
    """Return between which bounds the margins of thresholds lie, of the graph and a formula."""
    found: dict[Threshold, Bounds] = {}
    bounds: dict[Node, Bounds] = {}
    world = points.world
    for node in nodes:
        if not node.inputs:
            bounds[node] = _of_leaf(world, node)
            continue
        trace = BoundedTrace()
        arguments = [
            trace.bound(np.asarray(points.context.value(p)[0]), bounds.get(p, ANY))
            for p in node.inputs
        ]
        value = _quietly(node.forward, arguments)
        known = RANGES.get(type(node))
        bounds[node] = known if known is not None else getattr(value, "bounds", ANY)
        found.update({Threshold(node, b): margin for b, margin in trace.possible.items()})
    formula = _BoundsEvaluator(points, meaning, bounds, found)
    for side in (meaning.left, meaning.right):
        formula.bounds_of(side)
    return found


def _of_leaf(world: World, node: Node) -> Bounds:
    """Return the bounds of what a leaf may be."""
    if node in world.fixed and not isinstance(node, Param):
        return Bounds.of(world.fixed[node])
    if isinstance(node, Param):
        return POSITIVE if (world.fixed[node] > 0).all() else ANY
    if isinstance(node, Input) and isinstance(node.sample, str):
        return {"positive": POSITIVE, "simplex": Bounds(0.0, 1.0), "onehot": Bounds(0.0, 1.0)}.get(
            node.sample, ANY
        )
    return ANY


def _quietly(function: Any, arguments: list[Any]) -> Any:
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception:  # it does not take such arrays
        return None


class _BoundsEvaluator:
    """Follows the bounds through a formula."""

    def __init__(
        self,
        points: Points,
        meaning: Meaning,
        nodes: dict[Node, Bounds],
        found: dict[Threshold, Bounds],
    ) -> None:
        self.evaluator = Evaluator(points.context, meaning.ranges, "complex", 1e-3)
        self.nodes = nodes
        self.found = found
        self.known: dict[Expr, Bounds] = {}

    def bounds_of(self, expr: Expr) -> Bounds:
        """Return the bounds of an expression, and note those of the thresholds in it."""
        if expr not in self.known:
            self.known[expr] = self._bounds_of(expr)
        return self.known[expr]

    def _bounds_of(self, expr: Expr) -> Bounds:
        arguments = [self.bounds_of(arg) for arg in expr.args]
        if expr.op == "number":
            return Bounds(expr.data, expr.data)
        if expr.op == "node":
            return self.nodes.get(self.evaluator.twin(expr.data[0]), ANY)
        if expr.op == "array":
            return Bounds.of(expr.data[0].value)
        if expr.op in ("delta", "eye", "ones"):
            return Bounds(0.0, 1.0)
        if expr.op == "component":
            return arguments[0]
        if expr.op == "big":
            if expr.data[0] in ("max", "min"):
                return arguments[0]
            return POSITIVE if arguments[0].low >= 0 else ANY
        if expr.op == "cases":
            count = len(expr.data)
            self._note_conditions(expr, arguments[count:])
            joined = arguments[0]
            for other in arguments[1:count]:
                joined = joined.joined(other)
            return joined
        if (operation := OPERATIONS.get(expr.op)) is None:
            return ANY
        trace = BoundedTrace()
        stand_ins = [trace.bound(_stand_in(expr, k), b) for k, b in enumerate(arguments)]
        if expr.op == "mul" and len(set(expr.args)) == 1:
            stand_ins = [stand_ins[0]] * len(stand_ins)
        value = _quietly(operation, stand_ins)
        self.found.update({Threshold(expr, b): margin for b, margin in trace.possible.items()})
        followed: Bounds = getattr(value, "bounds", ANY)
        return SHOWN_RANGES.get(expr.op, followed)

    def _note_conditions(self, expr: Expr, sides: list[Bounds]) -> None:
        """Note the bounds of what the conditions of a case distinction compare: of [h > 0], where h
        is a relu, nothing is less than 0."""
        pairs = zip(sides[::2], sides[1::2], strict=True)
        for number, (kind, *_) in enumerate(condition for row in expr.data for condition in row):
            if kind != "index":
                left, right = next(pairs)
                self.found[Threshold(expr, number)] = difference(left, right)


def _stand_in(expr: Expr, place: int) -> Array:
    """Return an array for an argument: its bounds count, but for an exponent that is a number."""
    arg = expr.args[place]
    number = arg.data if arg.op == "number" else 0.7
    square = arg.shape is not None
    return np.full((2, 2) if square else (1, 1), number)
