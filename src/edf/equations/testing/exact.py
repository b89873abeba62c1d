"""Arithmetic with numbers alone is settled with exact fractions, which lose no digit."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.testing.judge import Finding

LARGEST = 4000  # digits of a power that is still worked out

_OPERATIONS: dict[str, Callable[..., Fraction]] = {
    "neg": lambda a: -a,
    "add": lambda *terms: sum(terms, Fraction(0)),
    "mul": lambda *factors: math.prod(factors, start=Fraction(1)),
    "div": lambda a, b: a / b,
}


def judge_exactly(meaning: Meaning) -> Finding | None:
    """Compare the sides of a step exactly; None where they are more than fractions."""
    try:
        left, right = exact(meaning.left), exact(meaning.right)
    except ZeroDivisionError:
        return None
    if left is None or right is None:
        return None
    if left == right:
        return Finding("verified", error=0.0, points=1, oracle="evaluation")
    try:
        sides = {"left": float(left), "right": float(right)}
    except OverflowError:
        return None
    lost = f"They differ by {float(left - right):g}" if sides["left"] == sides["right"] else ""
    return Finding(
        "refuted",
        error=float(abs(left - right) / max(abs(left), abs(right))),
        points=1,
        oracle="evaluation",
        message=lost,
        counterexample={"point": {}, "index": {}, **sides},
    )


def exact(expr: Expr) -> Fraction | None:
    """Return the value of an expression as a fraction, if it is made of whole numbers and decimals.

    Raises:
        ZeroDivisionError: It divides by 0.
    """
    if expr.free or expr.shape is not None:
        return None
    if expr.op == "number":
        text = expr.label[0]
        try:
            return Fraction(text or expr.data)
        except ValueError:  # a name: pi, or a number of the page
            return Fraction(expr.data) if float(expr.data).is_integer() else None
    values = [exact(arg) for arg in expr.args]
    if None in values:
        return None
    if expr.op == "pow":
        base, power = values
        assert base is not None
        assert power is not None
        digits = abs(power) * math.log10(max(abs(base.numerator), base.denominator, 1))
        return base**power.numerator if power.denominator == 1 and digits < LARGEST else None
    return _OPERATIONS[expr.op](*values) if expr.op in _OPERATIONS else None
