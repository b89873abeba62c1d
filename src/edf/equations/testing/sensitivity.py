"""Parts of a formula that are never felt: lost in rounding at every point, they could be anything.

    10^{20} + a        the a is lost beside the other term
    a \\tanh(50 + c^2)  the argument can change, and the value is 1

Both sides have all their digits there, so that counting digits does not see it. A part is lost in
an operation if the result stays what it is, within rounding, while that part alone is changed. A
part that is 0, or a rule that does not depend on it, is no such loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from edf.equations.meaning.typed import display
from edf.equations.meaning.typed.algebra import number
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.operations import OPERATIONS
from edf.equations.operations.operation import Operation
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points
from edf.equations.sampling.rounding import UNIT, spread
from edf.equations.testing.measure import quiet
from edf.equations.testing.sides import ROUNDINGS
from edf.graph import Array

FACTORS = (1.37, 1.05)
FEW = 3  # points that are looked at first: at most of them every part is felt


Part = tuple[Expr, int]
"""An operation, and the number of an argument of it."""


def never_felt(meaning: Meaning, samples: Sequence[Points]) -> list[Part]:
    """Return the parts of a formula that are lost at all points."""
    lost: dict[tuple[int, int], Part | None] = {}
    sides = [side for side in (meaning.left, meaning.right) if _may_lose(side)]
    first = [points.take(np.arange(len(points)) < FEW) for points in samples[:1]]
    with quiet():
        for points in filter(len, [*first, *samples]):
            evaluator = _FeelingEvaluator(points, meaning, lost)
            for side in sides:
                evaluator.value(side)
            if not any(lost.values()):
                return []
    return [part for part in lost.values() if part is not None]


def in_words(part: Part) -> str:
    """Say which part was never felt."""
    expr, place = part
    return f"{display.expression(expr.args[place])} was never felt in {display.expression(expr)}"


def with_other(meaning: Meaning, part: Part) -> Meaning:
    """Return a step in which a part is another."""
    whole, place = part
    factor = number(FACTORS[0], whole.at)
    args = list(whole.args)
    args[place] = replace(args[place], op="mul", args=(factor, args[place]), data=None)
    changed = replace(whole, args=tuple(args))

    def put(expr: Expr) -> Expr:
        if expr == whole:
            return changed
        return replace(expr, args=tuple(map(put, expr.args))) if expr.args else expr

    return replace(meaning, left=put(meaning.left), right=put(meaning.right))


class _FeelingEvaluator(Evaluator):
    """Evaluates a formula, and keeps what is lost in it: the part, or None once it was felt."""

    def __init__(
        self, points: Points, meaning: Meaning, lost: dict[tuple[int, int], Part | None]
    ) -> None:
        super().__init__(points.context, meaning.ranges, "complex", 1e-3)
        self.lost = lost

    def value(self, expr: Expr) -> Array:
        operation = OPERATIONS.get(expr.op)
        if operation is None:
            return super().value(expr)
        values = self.values(expr.args)
        if _absorbs(expr, operation):
            self._note(expr, operation, [value.real for value in values])
        return self._operated(operation, values)

    def _note(self, expr: Expr, operation: Operation, values: list[Array]) -> None:
        places = [k for k in range(len(values)) if self.lost.get((id(expr), k), True) is not None]
        if not places:
            return
        result = operation(*values)
        size = reduce(np.maximum, map(np.abs, [result, *values])) if expr.op == "add" else result
        allowed = 2 * UNIT * np.abs(size)
        for k in places:
            value = values[k]
            changes = (
                (factor - 1) * value if expr.op == "add" else operation(factor * value) - result
                for factor in FACTORS
            )
            unchanged = all((np.abs(change) <= allowed).all() for change in changes)
            is_lost = unchanged and _is_more_than_rounding(self.points, value)
            self.lost[id(expr), k] = (expr, k) if is_lost else None


def _is_more_than_rounding(points: Points, value: Array) -> bool:
    """Whether a value is anywhere more than what its own rounding leaves."""
    if len(value) == 1:
        return bool((value != 0).any())
    copies = value.reshape(points.copies, len(points), *value.shape[1:])
    rounding = spread(copies, points.amplitude) if points.copies > 1 else 0.0
    return bool((np.abs(copies[0]) > ROUNDINGS * rounding).any())


def _may_lose(expr: Expr) -> bool:
    """Whether there is an operation that may be blind to a part of it, outside of derivatives."""
    operation = OPERATIONS.get(expr.op)
    if operation is not None and _absorbs(expr, operation):
        return True
    return expr.op != "deriv" and any(map(_may_lose, expr.args))


def _absorbs(expr: Expr, operation: Operation) -> bool:
    """Whether an operation may be blind to a part of it: a sum, or a function that saturates."""
    if operation.branches and expr.op != "arctan":
        return False
    return expr.op == "add" or (operation.elementwise and expr.args[0].op not in ("node", "number"))
