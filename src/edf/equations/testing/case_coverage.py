"""Does some case of every case distinction hold?

    |a| = a  if a > 0,  -a  if a < 0

says nothing of 0, which no random point is, and claims nothing there. Where random points lie on
none of the cases, one was forgotten.
"""

from __future__ import annotations

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.meaning.piecewise.conditions import restricted
from edf.equations.meaning.typed.algebra import make, number
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points, draw_points
from edf.equations.testing.example import in_the_formula
from edf.equations.testing.judge import point_of
from edf.equations.testing.measure import STEPS, quiet
from edf.equations.testing.patterns import scattered_points
from edf.equations.testing.setting import Setting, parts

FAR = 200  # points of all sizes, beside the random ones


def where_none_holds(meaning: Meaning, setting: Setting) -> str | None:
    """Return a random point at which no case of a case distinction holds, in words."""
    indicators = [
        restricted(_covered(expr), meaning.given, otherwise=1.0)
        for expr in parts(meaning)
        if expr.op == "cases" and expr.data[-1]
    ]
    if not indicators:
        return None
    rng = np.random.default_rng(setting.seed)
    try:
        with quiet():
            drawn = draw_points(setting.world, rng, setting.points, 1, 0.0)
            for points in (drawn, scattered_points(setting.world, rng, FAR).exact()):
                evaluator = Evaluator(points.context, meaning.ranges, "complex", STEPS[0])
                for indicator in indicators:
                    value = evaluator.value(indicator)
                    outside = np.isnan(value).reshape(len(value), -1).any(axis=1)
                    if outside.any():
                        return _described(points, int(outside.argmax()), meaning, setting)
    except EquationError:  # an operation fails at one of the points
        return None
    return None


def _covered(expr: Expr) -> Expr:
    """1 where a case distinction has a value."""
    one = number(1.0, expr.at)
    values = [one] * len(expr.data)
    return make(
        "cases", (*values, *expr.args[len(values) :]), expr.data, at=expr.at, free=expr.free
    )


def _described(points: Points, row: int, meaning: Meaning, setting: Setting) -> str:
    """A point, in words."""
    labels = setting.page.scope.labels
    point = in_the_formula(meaning, points.world, point_of(points, row))
    return ", ".join(
        f"{labels.get(node, 'an input')} = {np.array2string(value, precision=3, separator=', ')}"
        for node, value in point.items()
    )
