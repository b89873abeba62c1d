"""Sums, products, powers, extrema and absolute values."""

from __future__ import annotations

import numpy as np

from edf.equations.operations.functions import absolute
from edf.equations.operations.operation import (
    IN_POWER,
    IN_PRODUCT,
    IN_SUM,
    LOOSE,
    TIGHT,
    Array,
    Operation,
    Shown,
    called,
    enclosed,
    joined,
    negative,
)
from edf.equations.operations.shapes import (
    Shape,
    ShapeRuleError,
    collapse,
    could_fit,
    describe,
    fits,
    is_vector,
    same,
)
from edf.numerics.precise import is_no_number

MAX_INTEGER = 1000  # largest exponent that is applied as repeated multiplication


def _terms(first: Shape, *others: Shape) -> Shape:
    for k, other in enumerate(others, 1):
        if not fits(first, other):
            raise ShapeRuleError(
                f"{describe(first).capitalize()} and {describe(other)} cannot be added"
                f"{_how_to_add(first, other)}",
                k,
            )
    return first


def _how_to_add(one: Shape, other: Shape) -> str:
    if one is None or other is None:
        return ": write \\mathbf{1} for a column of ones, or use indices"
    if could_fit(one, other[::-1]):
        return ": write a transpose"
    for matrix, vector in ((one, other), (other, one)):
        if is_vector(vector) and not is_vector(matrix):
            if could_fit((matrix[1], 1), vector):
                return ": to add it to each row, write \\mathbf{1} x^\\top"
            if could_fit((matrix[0], 1), vector):
                return ": to add it to each column, write x \\mathbf{1}^\\top"
    return ""


def _signed(*terms: str) -> str:
    """Join terms with their signs: a minus in front of a term takes the place of the plus."""
    text = terms[0]
    for term in terms[1:]:
        text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return text


def _scaled(*shapes: Shape) -> Shape:
    """Numbers times at most one vector or matrix."""
    return next((shape for shape in shapes if shape is not None), None)


def _entries(*shapes: Shape) -> Shape:
    for k, shape in enumerate(shapes):
        if not fits(shapes[0], shape):
            raise ShapeRuleError(
                f"\\odot needs two of one shape, not {describe(shapes[0])} and {describe(shape)}", k
            )
    return shapes[0]


def _matrices(left: Shape, right: Shape) -> Shape:
    assert left is not None
    assert right is not None
    if not same(left[1], right[0]):
        raise ShapeRuleError(
            f"{describe(left).capitalize()} times {describe(right)} does not fit: write a "
            "transpose, or exchange the two",
            1,
        )
    return collapse((left[0], right[1]))


def _quotient(top: Shape, bottom: Shape) -> Shape:
    if bottom is not None:
        raise ShapeRuleError(f"Division by {describe(bottom)}: use indices for componentwise", 1)
    return top


def _power(base: Shape, exponent: Shape) -> Shape:
    if exponent is not None:
        raise ShapeRuleError(f"The exponent is {describe(exponent)}: write it with an index", 1)
    if base is not None:
        raise ShapeRuleError(
            f"A power of {describe(base)}: write \\odot or an index for the elementwise one, "
            "a product for the other",
            1,
        )
    return None


def power(base: Array, exponent: Array) -> Array:
    """base ** exponent; of a negative base and a broken exponent, not a number."""
    raised: Array
    if exponent.size == 1 and not np.iscomplexobj(exponent):
        whole = float(exponent.flat[0])
        if whole.is_integer() and abs(whole) <= MAX_INTEGER:
            raised = base ** int(whole)
            return raised if whole else np.where(np.isnan(base), np.nan, raised)
    if np.iscomplexobj(exponent) and not np.iscomplexobj(base):
        base = np.where(base < 0, np.nan, base)  # what the real power says
    raised = base**exponent
    return np.where(np.isnan(base) | np.isnan(exponent), np.nan, raised)


def _powers(base: Shape, exponent: Shape) -> Shape:
    if exponent is not None:
        raise ShapeRuleError(f"The exponent is {describe(exponent)}: write it with an index", 1)
    return base


def _root(base: Shape, degree: Shape) -> Shape:
    if base is not None or degree is not None:
        raise ShapeRuleError("A root is that of a number: write it with an index", 0)
    return None


def root(base: Array, degree: Array) -> Array:
    """The real root of a degree; an odd one of a negative number is negative."""
    odd = np.real(degree) % 2 == 1
    flip = odd & negative(base)
    value = np.where(flip, -base, base) ** (1 / degree)
    return np.where(flip, -value, value)


def _numbers(name: str, *shapes: Shape) -> Shape:
    for k, shape in enumerate(shapes):
        if shape is not None:
            raise ShapeRuleError(f"{name} of {describe(shape)}: write it with an index", k)
    return None


def divided(top: Array, bottom: Array) -> Array:
    """A quotient; one by 0 is no number, not even an infinite one, as for arctan(1/x) at 0."""
    value: Array = np.divide(top, bottom)
    return np.where(bottom == 0, np.nan, value) if (bottom == 0).any() else value


def factorial(n: Array) -> Array:
    """n!; of what is no whole number, not a number."""
    whole = np.real(n)
    products = np.cumprod(np.concatenate([[1.0], np.arange(1.0, 171.0)]))
    place = np.clip(np.nan_to_num(whole), 0, 170).astype(int)
    good = (whole >= 0) & (whole == np.round(whole))
    return np.where(good, np.where(whole > 170, np.inf, products[place]), np.nan)


def binomial(n: Array, k: Array) -> Array:
    """n over k, for whole numbers."""
    with np.errstate(invalid="ignore"):
        value: Array = np.round(factorial(n) / (factorial(k) * factorial(np.real(n) - np.real(k))))
    return np.where((np.real(k) > np.real(n)) & (np.real(n) >= 0), 0.0, value)


def larger(one: Array, other: Array) -> Array:
    """The larger of two numbers; none where one of them is none."""
    one, other = np.broadcast_arrays(one, other)
    return np.where((other.real > one.real) | is_no_number(other), other, one)


def smaller(one: Array, other: Array) -> Array:
    """The smaller of two numbers; none where one of them is none."""
    one, other = np.broadcast_arrays(one, other)
    return np.where((other.real < one.real) | is_no_number(other), other, one)


def _compared(name: str, *shapes: Shape) -> Shape:
    if len(shapes) < 2:
        raise ShapeRuleError(f"\\{name} of one thing: write \\{name}_i x_i, or two arguments")
    whole = next((shape for shape in shapes if shape is not None), None)
    for k, shape in enumerate(shapes):
        if shape is not None and not fits(whole, shape):  # a number is compared with each entry
            raise ShapeRuleError(
                f"\\{name} of {describe(whole)} and {describe(shape)}: write it with indices", k
            )
    return whole


def _number(shape: Shape) -> Shape:
    if shape is not None:
        raise ShapeRuleError("Bars around a vector or matrix: write \\lVert x \\rVert or \\det")
    return None


ARITHMETIC = [
    Operation(
        "add", np.add, _terms,
        Shown(_signed, (IN_SUM,), LOOSE), Shown(_signed, (IN_SUM,), LOOSE), arity=None,
    ),
    Operation(
        "neg", np.negative, lambda shape: shape,
        Shown(lambda a: f"-{a}", (IN_PRODUCT,), IN_SUM),
        Shown(lambda a: f"-{a}", (IN_PRODUCT,), IN_SUM),
    ),
    Operation(
        "mul", np.multiply, _scaled, *joined("*", r" \cdot ", IN_PRODUCT),
        arity=None,
    ),
    Operation(
        "hadamard", np.multiply, _entries,
        *joined(" o ", r" \odot ", IN_POWER), arity=None,
    ),
    Operation(
        "matmul", np.matmul, _matrices, *joined(" @ ", r" \, ", IN_POWER), arity=2,
        rounds_inside=True,
    ),
    Operation(
        "div", divided, _quotient,
        Shown(lambda a, b: f"{a}/{b}", (IN_PRODUCT, IN_POWER), IN_PRODUCT),
        Shown(lambda a, b: rf"\frac{{{a}}}{{{b}}}", (LOOSE, LOOSE), IN_POWER), arity=2,
    ),
    Operation(
        "pow", power, _power,
        Shown(lambda a, b: f"{a}^{b}", (TIGHT, TIGHT), IN_POWER),
        Shown(lambda a, b: f"{a}^{{{b}}}", (TIGHT, LOOSE), IN_POWER), arity=2,
    ),
    Operation(
        "powers", power, _powers,
        Shown(lambda a, b: f"{a} o^ {b}", (TIGHT, TIGHT), IN_POWER),
        Shown(lambda a, b: f"{a}^{{\\odot {b}}}", (TIGHT, LOOSE), IN_POWER), arity=2,
    ),
    Operation(
        "root", root, _root,
        Shown(lambda a, n: f"root({a}, {n})", (LOOSE, LOOSE), TIGHT),
        Shown(lambda a, n: rf"\sqrt[{n}]{{{a}}}", (LOOSE, LOOSE), TIGHT), arity=2, branches=True,
    ),
    Operation(
        "factorial", factorial, lambda shape: _numbers("A factorial", shape),
        Shown(lambda n: f"{n}!", (TIGHT,), IN_POWER), Shown(lambda n: f"{n}!", (TIGHT,), IN_POWER),
    ),
    Operation(
        "binomial", binomial, lambda *shapes: _numbers("A binomial coefficient", *shapes),
        Shown(lambda n, k: f"binomial({n}, {k})", (LOOSE,), TIGHT),
        Shown(lambda n, k: rf"\binom{{{n}}}{{{k}}}", (LOOSE,), TIGHT), arity=2,
    ),
    Operation(
        "abs", absolute, _number, *enclosed(("|", "|"), (r"\left\lvert ", r" \right\rvert")),
        branches=True,
    ),
    Operation(
        "max", larger, lambda *shapes: _compared("max", *shapes),
        *called("max", r"\max"), macros=(r"\max",), words=("max",), arity=None, branches=True,
    ),
    Operation(
        "min", smaller, lambda *shapes: _compared("min", *shapes),
        *called("min", r"\min"), macros=(r"\min",), words=("min",), arity=None, branches=True,
    ),
]  # fmt: skip
