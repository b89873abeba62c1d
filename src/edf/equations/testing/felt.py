"""Parts of a formula that are never felt: lost in rounding at every point, they could be anything.

    10^{20} + a        the a is lost beside the other term
    a \\tanh(50 + c^2)  the argument can change, and the value is 1

Both sides have all their digits there, so that counting digits does not see it. A part is lost in
an operation if the result stays what it is, within rounding, while that part alone is changed. A
part that is 0, or a rule that does not depend on it, is no such loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from edf.equations.meaning import display
from edf.equations.meaning.algebra import number
from edf.equations.meaning.expression import Expr, Meaning
from edf.equations.operations import OPERATIONS
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points
from edf.equations.sampling.rounding import UNIT, spread
from edf.equations.testing.measure import quiet
from edf.equations.testing.sides import ROUNDINGS
from edf.graph import Array

FACTORS = (1.37, 1.05)


Part = tuple[Expr, int]
"""An operation, and the number of an argument of it."""


def never_felt(meaning: Meaning, samples: Sequence[Points]) -> list[Part]:
    """Return the parts of a formula that are lost at all points."""
    lost: dict[Part, bool] = {}
    with quiet():
        for points in filter(len, samples):
            evaluator = Evaluator(points.context, meaning.ranges, "complex", 1e-3)
            for side in (meaning.left, meaning.right):
                for expr, place, is_lost in _losses(evaluator, side, lost):
                    lost[expr, place] = is_lost and lost.get((expr, place), True)
    return [part for part, is_lost in lost.items() if is_lost]


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


def _losses(
    evaluator: Evaluator, expr: Expr, known: dict[Part, bool]
) -> Iterator[tuple[Expr, int, bool]]:
    """Yield operations with a place of theirs, and whether the argument there is lost."""
    if expr.op == "deriv":
        return
    for arg in expr.args:
        yield from _losses(evaluator, arg, known)
    operation = OPERATIONS.get(expr.op)
    if operation is None or (operation.branches and expr.op != "arctan") or not _absorbs(expr):
        return
    places = [k for k in range(len(expr.args)) if known.get((expr, k), True)]
    if not places:
        return
    values = [evaluator.value(arg).real for arg in expr.args]
    real = [_is_more_than_rounding(evaluator.points, value) for value in values]
    result = operation(*values)
    size = np.abs(result)
    if expr.op == "add":
        for value in values:
            size = np.maximum(size, np.abs(value))
    for place in places:
        unchanged = all(
            _same(
                result, operation(*(v * f if k == place else v for k, v in enumerate(values))), size
            )
            for f in FACTORS
        )
        yield expr, place, unchanged and real[place]


def _is_more_than_rounding(points: Points, value: Array) -> bool:
    """Whether a value is anywhere more than what its own rounding leaves."""
    if len(value) == 1:
        return bool((value != 0).any())
    copies = value.reshape(points.copies, len(points), *value.shape[1:])
    rounding = spread(copies, points.amplitude) if points.copies > 1 else 0.0
    return bool((np.abs(copies[0]) > ROUNDINGS * rounding).any())


def _absorbs(expr: Expr) -> bool:
    """Whether an operation may be blind to a part of it: a sum, or a function that saturates."""
    return expr.op == "add" or (
        OPERATIONS[expr.op].elementwise and expr.args[0].op not in ("node", "number")
    )


def _same(one: Array, other: Array, size: Array) -> bool:
    """Whether two results are equal but for the rounding of numbers of a size, everywhere."""
    return bool((np.abs(one - other) <= 2 * UNIT * size).all())
