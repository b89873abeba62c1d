"""Expressions put together, with every shape and index checked; what does not fit is an error.

There is no broadcasting and no implicit summation here. Two shapes must be equal to be added, and
fit as matrices do to be multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

from edf.equations.errors import EquationError
from edf.equations.meaning.expression import Expr, Index, Shape, describe, fits, same, settle

MAX_ORDER = 2  # derivatives within each other
#: Elementwise on vectors and matrices by custom; of other functions, a matrix has its own meaning.
ACTIVATIONS = frozenset(["sigma", "tanh", "relu", "sign", "softplus"])


def fail(message: str, at: int) -> NoReturn:
    """Raise the error; the caller that knows the source adds it."""
    raise EquationError(message, position=at)


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
                f"The index {min(clash)} is summed in one place and used outside it in another:"
                " rename one",
                arg.at,
            )
        bound_before, free_before = bound_before | arg.bound, free_before | arg.free
    if free is None:
        free = free_before
    inner = bound | bound_before
    order += max((arg.order for arg in args), default=0)
    if order > MAX_ORDER:
        fail("Third derivatives are not tested: bind a first one to a node of its own", at)
    return Expr(op, tuple(args), data, free, shape, inner, order, label, at)


def number(value: float, at: int = 0, label: tuple[str, str] = ("", "")) -> Expr:
    return make("number", data=float(value), at=at, label=label)


def add(terms: Sequence[Expr], at: int) -> Expr:
    first = terms[0]
    for term in terms[1:]:
        if not fits(first.shape, term.shape):
            scalar = first.shape is None or term.shape is None
            fail(
                f"{describe(first.shape).capitalize()} and {describe(term.shape)} cannot be added"
                + (": write \\mathbf{1} for a column of ones, or use indices" if scalar else ""),
                term.at,
            )
    return make("add", terms, at=at, shape=first.shape)


def negate(term: Expr, at: int) -> Expr:
    return make("neg", (term,), at=at, shape=term.shape)


def multiply(factors: Sequence[Expr], signs: Sequence[str], at: int) -> Expr:
    r"""The product of factors, `signs[k]` between k and k+1.

    Side by side, numbers scale and matrices multiply; `\odot` is elementwise and binds less.
    """
    runs: list[list[Expr]] = [[factors[0]]]
    for sign, factor in zip(signs, factors[1:], strict=True):
        previous = runs[-1][-1]
        if sign in (r"\odot", r"\circ"):
            runs.append([factor])
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
        return make("mul", products, at=at)
    for product in products[1:]:
        if not fits(products[0].shape, product.shape):
            fail(
                f"\\odot needs two of one shape, not {describe(products[0].shape)} and "
                f"{describe(product.shape)}",
                product.at,
            )
    return make("hadamard", products, at=at, shape=products[0].shape)


def _check_sign(sign: str, left: Expr, right: Expr) -> None:
    columns = settle(left.shape[1]) == 1 and settle(right.shape[1]) == 1  # type: ignore[index]
    if sign == r"\times" or sign == "*":
        fail(
            f"{sign} between vectors or matrices: write \\odot, or nothing for a product", right.at
        )
    if columns and settle(right.shape[0]) != 1:  # type: ignore[index]
        fail("Two columns cannot be multiplied: write x^\\top y, x y^\\top or x \\odot y", right.at)


def _check_precedence(left: Sequence[Expr], right: Sequence[Expr]) -> None:
    before = [factor for factor in left if factor.shape is not None]
    after = [factor for factor in right if factor.shape is not None]
    if (len(before) < 2 and len(after) < 2) or not before or not after:
        return
    if _could_equal(before[-1].shape, after[0].shape):
        fail("Which product comes first, \\odot or the other? Write parentheses", after[0].at)


def _could_equal(one: Shape, other: Shape) -> bool:
    if one is None or other is None:
        return one is other
    pairs = [(settle(a), settle(b)) for a, b in zip(one, other, strict=True)]
    return all(not isinstance(a, int) or not isinstance(b, int) or a == b for a, b in pairs)


def _run(run: Sequence[Expr], at: int) -> Expr:
    """The product of factors side by side, from left to right."""
    scalars = [factor for factor in run if factor.shape is None]
    if len(scalars) == len(run):
        return run[0] if len(run) == 1 else make("mul", run, at=at)
    product: Expr | None = None
    for factor in run:
        if factor.shape is None:
            continue
        product = factor if product is None else matmul(product, factor)
    assert product is not None
    if not scalars:
        return product
    return make("mul", (*scalars, product), at=at, shape=product.shape)


def matmul(left: Expr, right: Expr) -> Expr:
    if left.shape is None or right.shape is None:  # an inner product became a number
        shape = left.shape or right.shape
        return make("mul", (left, right), at=left.at, shape=shape)
    if not same(left.shape[1], right.shape[0]):
        fail(
            f"{describe(left.shape).capitalize()} times {describe(right.shape)} does not fit",
            right.at,
        )
    shape = _collapse((left.shape[0], right.shape[1]))
    return make("matmul", (left, right), at=left.at, shape=shape)


def _collapse(shape: Shape) -> Shape:
    """One by one is a number."""
    return None if shape is not None and [settle(d) for d in shape] == [1, 1] else shape


def divide(top: Expr, bottom: Expr, at: int) -> Expr:
    if bottom.shape is not None:
        fail(f"Division by {describe(bottom.shape)}: use indices for componentwise", bottom.at)
    return make("div", (top, bottom), at=at, shape=top.shape)


def power(base: Expr, exponent: Expr, at: int) -> Expr:
    if exponent.shape is not None:
        fail(f"The exponent is {describe(exponent.shape)}: write it with an index", exponent.at)
    if base.shape is not None:
        fail(
            f"A power of {describe(base.shape)}: write \\odot or an index for the elementwise one, "
            "a product for the other",
            exponent.at,
        )
    return make("pow", (base, exponent), at=at)


def transpose(base: Expr, at: int) -> Expr:
    if base.shape is None:
        fail("A number has no transpose: is an index too many, or does this stand for a power?", at)
    return make("transpose", (base,), at=at, shape=(base.shape[1], base.shape[0]))


def square(base: Expr, what: str, at: int) -> None:
    """Insist on a square matrix."""
    if base.shape is None or not same(*base.shape):
        fail(f"{what} needs a square matrix, not {describe(base.shape)}", at)


def inverse(base: Expr, at: int) -> Expr:
    square(base, "The inverse", at)
    return make("inverse", (base,), at=at, shape=base.shape)


def elementary(name: str, argument: Expr, at: int) -> Expr:
    """A function of one number, applied to each entry."""
    shape = argument.shape
    if shape is not None and name not in ACTIVATIONS and 1 not in map(settle, shape):
        fail(f"{name} of a matrix: write it with indices if it is meant elementwise", at)
    return make("fn", (argument,), name, at=at, shape=shape)


def extremum(name: str, arguments: Sequence[Expr], at: int) -> Expr:
    if len(arguments) < 2:
        fail(f"\\{name} of one thing: write \\{name}_i x_i, or two arguments", at)
    for argument in arguments[1:]:
        if not fits(arguments[0].shape, argument.shape):
            fail(
                f"\\{name} of {describe(arguments[0].shape)} and {describe(argument.shape)}: write "
                "it with indices",
                argument.at,
            )
    return make(name, arguments, at=at, shape=arguments[0].shape)


def norm(body: Expr, kind: str, at: int) -> Expr:
    if body.shape is None:
        fail("The norm of a number: write \\lvert x \\rvert", at)
    vector = 1 in map(settle, body.shape)
    if kind == "F" and vector:
        fail("The Frobenius norm is for matrices: leave the F out", at)
    if kind != "F" and not vector:
        fail("Which norm of the matrix? Write \\lVert A \\rVert_F, or use indices", at)
    return make("norm", (body,), kind, at=at)


def component(base: Expr, indices: tuple[Index, ...], at: int) -> Expr:
    """One entry of a column or of a matrix."""
    if base.shape is None:
        fail("A number has no components: leave the subscript out", at)
    vector = settle(base.shape[1]) == 1
    if len(indices) != (1 if vector else 2):
        fail(f"{describe(base.shape).capitalize()} with {len(indices)} indices", at)
    letters = frozenset(index for index in indices if isinstance(index, str))
    if clash := letters & base.bound:
        fail(f"The index {min(clash)} is summed inside and used outside: rename one", at)
    return make("component", (base,), indices, at=at, free=base.free | letters)
