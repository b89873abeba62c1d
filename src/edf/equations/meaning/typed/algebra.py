"""Expressions put together, with every shape and index checked; what does not fit is an error.

There is no broadcasting and no implicit summation here. Two shapes must be equal to be added, and
fit as matrices do to be multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.vocabulary import OTHER_SIGNS, REFUSED
from edf.equations.meaning.typed.expression import Condition, Expr, Index, letters_of
from edf.equations.operations import OPERATIONS
from edf.equations.operations.shapes import (
    Shape,
    ShapeRuleError,
    could_fit,
    describe,
    is_column,
    is_vector,
    settle,
)

MAX_ORDER = 3  # derivatives within each other


def make(
    op: str,
    args: Sequence[Expr] = (),
    data: Any = None,
    *,
    at: int,
    shape: Shape = None,
    free: frozenset[str] | None = None,
    bound: frozenset[str] = frozenset(),
    order: int = 0,
    label: tuple[str, str] = ("", ""),
) -> Expr:
    """Return an expression; its free indices are those of its parts unless given."""
    bound_before: frozenset[str] = frozenset()
    free_before: frozenset[str] = frozenset()
    for arg in args:
        if clash := (arg.bound & free_before) | (bound_before & arg.free):
            fail(
                Why.SHAPES,
                f"The index {min(clash)} is summed in one place and used outside it in another:"
                " put what is summed into parentheses, or rename one",
                arg.at,
            )
        bound_before, free_before = bound_before | arg.bound, free_before | arg.free
    if free is None:
        free = free_before
    inner = bound | bound_before
    order += max((arg.order for arg in args), default=0)
    if order > MAX_ORDER:
        fail(
            Why.NO_CLAIM,
            "Fourth derivatives are not tested: bind a first one to a node of its own",
            at,
        )
    return Expr(op, tuple(args), data, free, shape, inner, order, label, at)


def number(value: float, at: int = 0, label: tuple[str, str] = ("", "")) -> Expr:
    return make("number", data=float(value), at=at, label=label)


def cases(
    values: Sequence[Expr],
    conditions: Sequence[Sequence[Condition]],
    at: int,
    label: tuple[str, str] = ("", ""),
) -> Expr:
    """Return the first value whose conditions all hold, which is no number where there is none."""
    each = [condition for row in conditions for condition in row]
    sides = [side for condition in each for side in condition.sides]
    letters = [letter for condition in each for letter in condition.indices or ()]
    free = frozenset(letters).union(*(arg.free for arg in (*values, *sides)))
    data = tuple(tuple(map(_without_sides, row)) for row in conditions)
    shape = values[0].shape
    return make("cases", (*values, *sides), data, at=at, free=free, shape=shape, label=label)


def _without_sides(condition: Condition) -> tuple[str, ...]:
    if condition.indices is not None:
        return ("index", condition.sign, *condition.indices)
    return ("value", condition.sign)


def apply(name: str, args: Sequence[Expr], at: int) -> Expr:
    """Return the operation `name` of some arguments, whose shapes its rule must accept."""
    try:
        shape = OPERATIONS[name].shape(*(arg.shape for arg in args))
    except ShapeRuleError as error:
        fail(Why.SHAPES, error.message, at if error.argument is None else args[error.argument].at)
    return make(name, args, at=at, shape=shape)


def multiply(factors: Sequence[Expr], signs: Sequence[str], at: int) -> Expr:
    r"""The product of factors, `signs[k]` between k and k+1.

    Side by side, numbers scale and matrices multiply; `\odot` is elementwise and binds less.
    """
    if (dotted := _inner(factors, signs, at)) is not None:
        return dotted
    runs: list[list[Expr]] = [[factors[0]]]
    for sign, factor in zip(signs, factors[1:], strict=True):
        previous = runs[-1][-1]
        if sign in (r"\odot", r"\circ"):
            runs.append([factor])
            continue
        if sign == r"\otimes" and (previous.shape is not None or factor.shape is not None):
            if is_vector(previous.shape) and is_vector(factor.shape):
                fail(
                    Why.SHAPES,
                    "An outer product, or Kronecker's? Write u v^\\top, or indices",
                    factor.at,
                )
            if len(runs[-1]) > 1 and runs[-1][-2].shape is not None:
                fail(
                    Why.AMBIGUOUS,
                    "Which product comes first, \\otimes or the other? Write parentheses",
                    at,
                )
            runs[-1][-1] = apply("kronecker", (previous, factor), at)
            continue
        if sign in OTHER_SIGNS:
            fail(Why.NOTATION, REFUSED[sign], factor.at)
        if sign == r"\times" and is_column(previous.shape) and is_column(factor.shape):
            runs[-1][-1] = apply("cross", (previous, factor), at)
            continue
        if previous.shape is not None and factor.shape is not None:
            _check_sign(sign, previous, factor)
        runs[-1].append(factor)
    for left, right in pairwise(runs):
        _check_precedence(left, right)
    products = [_run(run, at) for run in runs]
    if len(products) == 1:
        return products[0]
    if all(product.shape is None for product in products):
        return apply("mul", products, at)
    return apply("hadamard", products, at)


def _inner(factors: Sequence[Expr], signs: Sequence[str], at: int) -> Expr | None:
    r"""u \cdot v of two columns, which may be products themselves; None if there is none such."""
    if r"\cdot" not in signs or len(set(signs) & {r"\odot", r"\circ", r"\times"}):
        return None
    place = max(k for k, sign in enumerate(signs) if sign == r"\cdot")
    left, right = factors[: place + 1], factors[place + 1 :]
    sides = [[f.shape for f in side if f.shape is not None] for side in (left, right)]
    if not all(shapes and is_column(shapes[-1]) for shapes in sides):
        return None
    if settle(sides[1][0][0]) == 1 and len(sides[1]) == 1:
        return None
    one = multiply(left, signs[:place], at)
    other = multiply(right, signs[place + 1 :], at)
    return apply("inner", (one, other), at) if is_column(one.shape) else None


def _check_sign(sign: str, left: Expr, right: Expr) -> None:
    if sign == r"\times" or sign == "*":
        fail(
            Why.SHAPES,
            f"{sign} between vectors or matrices: write \\odot, or nothing for a product",
            right.at,
        )
    both = is_column(left.shape) and is_column(right.shape)
    if both and right.shape is not None and settle(right.shape[0]) != 1:
        fail(
            Why.SHAPES,
            "Two columns cannot be multiplied: write x^\\top y, x y^\\top or x \\odot y",
            right.at,
        )


def _check_precedence(left: Sequence[Expr], right: Sequence[Expr]) -> None:
    before = [factor for factor in left if factor.shape is not None]
    after = [factor for factor in right if factor.shape is not None]
    if (len(before) < 2 and len(after) < 2) or not before or not after:
        return
    if could_fit(before[-1].shape, after[0].shape):
        fail(
            Why.AMBIGUOUS,
            "Which product comes first, \\odot or the other? Write parentheses",
            after[0].at,
        )


def _run(run: Sequence[Expr], at: int) -> Expr:
    """The product of factors side by side, from left to right."""
    scalars = [factor for factor in run if factor.shape is None]
    if len(scalars) == len(run):
        return run[0] if len(run) == 1 else apply("mul", run, at)
    product: Expr | None = None
    for factor in run:
        if factor.shape is None:
            continue
        product = factor if product is None else matmul(product, factor)
    assert product is not None
    return apply("mul", (*scalars, product), at) if scalars else product


def matmul(left: Expr, right: Expr) -> Expr:
    if left.shape is None or right.shape is None:  # an inner product became a number
        return apply("mul", (left, right), left.at)
    return apply("matmul", (left, right), left.at)


def component(base: Expr, indices: tuple[Index, ...], at: int) -> Expr:
    """One entry of a column or of a matrix."""
    if base.shape is None:
        fail(Why.SHAPES, "A number has no components: leave the subscript out", at)
    if len(indices) != (1 if is_column(base.shape) else 2):
        fail(Why.SHAPES, f"{describe(base.shape).capitalize()} with {len(indices)} indices", at)
    letters = frozenset(letters_of(indices))
    if clash := letters & base.bound:
        fail(
            Why.SHAPES, f"The index {min(clash)} is summed inside and used outside: rename one", at
        )
    return make("component", (base,), indices, at=at, free=base.free | letters)
