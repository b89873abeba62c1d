r"""Relations other than equality, said as equalities, which is what can be tested.

    a \le b       a, where it is larger, else b     = b
    a < b         the same, and a + 1 where a is b
    A \succeq B   the least eigenvalue of A - B, which must be symmetric, is at least 0
    a \approx b   a - b or b - a, where that is larger than half a unit of the last digit, else that
                  half = that half

A case distinction has two sides, and the search for sides that no sample took is the search for a
point at which the relation fails. A decimal number alone on a side is meant to the digits written.
"""

from __future__ import annotations

from dataclasses import replace

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import Equation, Number, Sum, Tree
from edf.equations.meaning.typed.algebra import apply, cases, number
from edf.equations.meaning.typed.expression import Condition, Expr
from edf.equations.operations.shapes import describe, is_vector

COMPARISONS = ("<", r"\leq", ">", r"\geq")


#: Relations of symmetric matrices, the comparison with 0 that they are, and which side is larger.
DEFINITE = {
    r"\succeq": (r"\geq", 0), r"\succ": (">", 0), r"\preceq": (r"\geq", 1), r"\prec": (">", 1)
}  # fmt: skip


#: Of these, those that hold for a singular matrix.
SEMIDEFINITE = frozenset([r"\succeq", r"\preceq"])


def as_comparison(
    equation: Equation, left: Expr, right: Expr, singular: bool = False
) -> tuple[Equation, Expr, Expr]:
    """Return A \\succeq B as a comparison of an eigenvalue with 0, and any other step as it is.

    That of a matrix which is `singular` everywhere is 0 but for rounding, which says nothing. Then
    it is compared after its largest has been added to both sides.
    """
    if equation.sign not in DEFINITE:
        return equation, left, right
    sign, first = DEFINITE[equation.sign]
    at = equation.sign_at
    larger, smaller = ((left, right), (right, left))[first]
    zero = [side for side in (left, right) if side.op == "number" and side.data == 0]
    if smaller in zero:
        value = larger
    else:
        minus = apply("neg", (smaller,), at)
        value = minus if larger in zero else apply("add", (larger, minus), at)
    if value.shape is None or is_vector(value.shape):
        fail(
            Why.SHAPES,
            f"{equation.sign} is of matrices, and this is {describe(value.shape)}: write it of "
            "numbers, x_i \\geq 0",
            at,
        )
    least = apply("least_eigenvalue", (value,), at)
    if not singular:
        return replace(equation, sign=sign), least, number(0.0, at)
    size = apply("norm_spectral", (value,), at)
    return replace(equation, sign=sign), apply("add", (least, size), at), size


def as_equality(equation: Equation, left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Return two sides that are equal where the relation of a step holds."""
    sign, at = equation.sign, equation.sign_at
    unit = _last_digit(equation.left) or _last_digit(equation.right)
    if sign == r"\approx" and unit is None:
        fail(
            Why.NO_CLAIM,
            "\\approx to how many digits? Write a decimal number on one side, or = and + O(h^2)",
            at,
        )
    if unit is not None and sign in ("=", r"\approx"):
        if left.shape is not None or right.shape is not None:
            return left, right
        half = number(0.5 * unit * (1 + 1e-9), right.at)
        return _near(left, right, half), half
    if sign == "=":
        return left, right
    if sign not in COMPARISONS:
        fail(
            Why.NO_CLAIM,
            f"{sign} is not tested: only =, <, \\leq, >, \\geq, \\approx and \\succeq are",
            at,
        )
    for side in (left, right):
        if side.shape is not None:
            fail(
                Why.SHAPES,
                f"{sign} compares numbers, not {describe(side.shape)}: write an index",
                side.at,
            )
    if sign in ("<", r"\leq"):
        return _within(left, right, strict=sign == "<")
    one, other = _within(right, left, strict=sign == ">")
    return other, one


def _within(value: Expr, bound: Expr, strict: bool) -> tuple[Expr, Expr]:
    """Two sides that are equal where a value is within a bound; not 0 and 0 if that is 0."""
    if bound.op == "number" and bound.data == 0:
        return value, _bounded(value, bound, strict, inside=value)
    return _bounded(value, bound, strict), bound


def _bounded(value: Expr, bound: Expr, strict: bool, inside: Expr | None = None) -> Expr:
    """The bound where the value is within it, else the value; at a strict bound, one more.

    With `inside` the value where it is within, else the bound.
    """
    here, beyond = (bound, value) if inside is None else (inside, bound)
    values: tuple[Expr, ...] = (here, beyond)
    signs = [r"\leq"]
    if strict:
        more = apply("add", (value, number(1.0, value.at)), value.at)
        values, signs = (here, beyond, more), ["<", ">"]
    conditions = [[Condition(sign, None, (value, bound))] for sign in signs]
    return cases(values, [*conditions, []], value.at, ("claimed", ""))


def _near(left: Expr, right: Expr, most: Expr) -> Expr:
    """How far two sides are apart where that is more than some number, else that number."""
    at = left.at
    above = apply("add", (left, apply("neg", (right,), at)), at)
    below = apply("add", (right, apply("neg", (left,), at)), at)
    conditions = [[Condition(">", None, (side, most))] for side in (above, below)]
    return cases((above, below, most), [*conditions, []], at, ("claimed", ""))


def _last_digit(side: Tree) -> float | None:
    """The unit of the last digit of a decimal number that stands alone on a side."""
    if isinstance(side, Sum) and len(side.terms) == 1:
        side = side.terms[0]
    if isinstance(side, Number) and "." in side.text:
        return float(10.0 ** -len(side.text.split(".")[1]))
    return None
