r"""Transpose, inverse, determinant, trace, norms: operations on vectors and matrices as wholes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from edf.equations.operations.functions import absolute
from edf.equations.operations.operation import (
    IN_POWER,
    LOOSE,
    TIGHT,
    Array,
    Operation,
    Shown,
    called,
    enclosed,
    joined,
)
from edf.equations.operations.shapes import (
    Dim,
    Shape,
    ShapeRuleError,
    describe,
    fits,
    is_column,
    is_vector,
    same,
    settle,
)

WORST_CONDITION = 1e15  # of a matrix beyond which no digit of its inverse is sound


def _number(value: Array) -> Array:
    """A number for each matrix, as one by one."""
    return value[..., None, None]


def _square(what: str, shape: Shape) -> None:
    # nor is a column of ones square, whose length could still be 1
    if shape is None or is_vector(shape) or not same(*shape):
        raise ShapeRuleError(
            f"{what} needs a square matrix, not {describe(shape)}: write it with indices if it is "
            "meant of each entry"
            if what == "A power"
            else f"{what} needs a square matrix, not {describe(shape)}: write a product that is "
            "one, as A^\\top A"
        )


def _of_square(what: str) -> Callable[[Shape], Shape]:
    """A number for a square matrix."""

    def rule(shape: Shape) -> Shape:
        _square(what, shape)
        return None

    return rule


def _inverted(matrix: Array) -> Array:
    """The inverse; no number where none of its digits is sound, since it is then far too small."""
    inverse = np.linalg.inv(matrix)
    condition = np.linalg.norm(matrix, 1, (-2, -1)) * np.linalg.norm(inverse, 1, (-2, -1))
    return np.where(condition[..., None, None] < WORST_CONDITION, inverse, np.nan)


def _inverse(shape: Shape) -> Shape:
    _square("The inverse", shape)
    return shape


def _transpose(shape: Shape) -> Shape:
    if shape is None:
        raise ShapeRuleError(
            "A number has no transpose: is an index too many, or does this stand for a power?"
        )
    return (shape[1], shape[0])


def _diagonal(shape: Shape) -> Shape:
    if not is_column(shape):
        raise ShapeRuleError(f"diag of {describe(shape)}: it takes a column", 0)
    assert shape is not None
    return (shape[0], shape[0])


def _norm(kind: str, latex: str, value: Callable[[Array], Array]) -> Operation:
    def rule(shape: Shape) -> Shape:
        if shape is None:
            raise ShapeRuleError("The norm of a number: write \\lvert x \\rvert")
        if kind == "F" and is_vector(shape):
            raise ShapeRuleError("The Frobenius norm is for matrices: leave the F out")
        if kind != "F" and not is_vector(shape):
            raise ShapeRuleError(
                "Which norm of the matrix? Write \\lVert A \\rVert_F for the root of the sum of "
                "squares, \\lVert A \\rVert_2 for the largest singular value, or use indices"
            )
        return None

    signs = (f"norm{kind}(", ")"), (r"\left\lVert ", rf" \right\rVert_{{{latex}}}")
    return Operation(
        f"norm_{kind}", value, rule, *enclosed(*signs), rounds_inside=True, branches=True
    )


def _entry_of(column: Shape, place: Shape) -> Shape:
    if not is_column(column) or place is not None:
        raise ShapeRuleError(f"A label tells an entry of a column, not of {describe(column)}", 0)
    return None


def _entry_at(column: Array, place: Array) -> Array:
    """The entry at a place that is counted from 0; where there is none, not a number."""
    lead = np.broadcast_shapes(column.shape[:-2], place.shape[:-2])
    places = np.broadcast_to(np.rint(place.real).astype(int), (*lead, 1, 1))
    found = np.take_along_axis(
        np.broadcast_to(column, (*lead, *column.shape[-2:])),
        np.clip(places, 0, column.shape[-2] - 1),
        axis=-2,
    )
    return np.where((places >= 0) & (places < column.shape[-2]), found, np.nan)


def _unit(ones: Shape, place: Shape) -> Shape:
    if place is not None:
        raise ShapeRuleError(f"A unit vector is told by a number, not by {describe(place)}", 1)
    return ones


def _unit_at(ones: Array, place: Array) -> Array:
    """The column whose entry at a place, counted from 0, is 1; no number where there is none."""
    rows = np.arange(ones.shape[-2])[:, None]
    places = np.rint(place.real)
    inside = (places >= 0) & (places < len(rows))
    return np.where(inside, np.where(rows == places, 1.0, 0.0), np.nan)


def _stacked(shape: Shape) -> Shape:
    rows, columns = (settle(dim) for dim in shape or (1, 1))
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise ShapeRuleError("The size of this matrix cannot be told", 0)
    return (rows * columns, 1)


def _inner(left: Shape, right: Shape) -> Shape:
    if left is None or right is None or not fits(left, right):
        raise ShapeRuleError(
            f"An inner product needs two of one shape, not {describe(left)} and {describe(right)}",
            1,
        )
    return None


def _cross(left: Shape, right: Shape) -> Shape:
    if not (is_column(left) and is_column(right) and fits(left, (3, 1)) and fits(right, (3, 1))):
        raise ShapeRuleError(
            "\\times between vectors or matrices: it is the cross product of columns of 3; write "
            "\\odot, or nothing for a product",
            1,
        )
    return (3, 1)


def _beside(left: Shape, right: Shape) -> Shape:
    one, other = left or (1, 1), right or (1, 1)
    if not same(one[0], other[0]):
        raise ShapeRuleError(f"{describe(left).capitalize()} and {describe(right)} in one row", 1)
    return (one[0], _total(one[1], other[1]))


def _above(upper: Shape, lower: Shape) -> Shape:
    one, other = upper or (1, 1), lower or (1, 1)
    if not same(one[1], other[1]):
        raise ShapeRuleError(f"{describe(upper).capitalize()} above {describe(lower)}", 1)
    return (_total(one[0], other[0]), one[1])


def _total(one: Dim, other: Dim) -> Dim:
    one, other = settle(one), settle(other)
    if not isinstance(one, int) or not isinstance(other, int):
        raise ShapeRuleError("The length of this block cannot be told: write its size out", 1)
    return one + other


def _joined(axis: int) -> Callable[[Array, Array], Array]:
    """Put two arrays side by side along a matrix axis; the axes in front are broadcast."""

    def value(one: Array, other: Array) -> Array:
        lead = np.broadcast_shapes(one.shape[:-2], other.shape[:-2])
        both = [np.broadcast_to(a, (*lead, *a.shape[-2:])) for a in (one, other)]
        return np.concatenate(both, axis=axis)

    return value


def _bmatrix(rows: str) -> str:
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _folded(rule: Callable[[Shape, Shape], Shape]) -> Callable[..., Shape]:
    return lambda *shapes: reduce(rule, shapes)


def _to_power(base: Shape, exponent: Shape) -> Shape:
    if exponent is not None:
        raise ShapeRuleError(f"The exponent is {describe(exponent)}: write it with an index", 1)
    _square("A power", base)
    return base


def matrix_power(base: Array, exponent: Array) -> Array:
    """The product of a matrix with itself; for a broken exponent the principal power.

    That is V diag(l^p) V^-1 of the eigenvalues l, none of which may be 0 or less (Higham 2008).
    """
    lead = np.broadcast_shapes(base.shape[:-2], exponent.shape[:-2])
    powers = np.broadcast_to(np.real(exponent)[..., 0, 0], lead)
    full = np.broadcast_to(base, (*lead, *base.shape[-2:]))
    first = powers.flat[0]
    if (powers == first).all() and float(first).is_integer():
        return np.linalg.matrix_power(full, int(first))
    made = np.empty(full.shape, np.result_type(full, float))
    for place in np.ndindex(lead):
        made[place] = _principal(full[place], float(powers[place]))
    return made


def _principal(base: Array, exponent: float) -> Array:
    if exponent.is_integer():
        return np.linalg.matrix_power(base, int(exponent))
    values, vectors = np.linalg.eig(base)
    if (np.isreal(values) & (values.real <= 0)).any():
        return np.full(base.shape, np.nan)
    powers: Array = (vectors * values.astype(complex) ** exponent) @ np.linalg.inv(vectors)
    return powers if np.iscomplexobj(base) else powers.real


def _kronecker(left: Shape, right: Shape) -> Shape:
    one, other = left or (1, 1), right or (1, 1)
    sizes = [size for dim in (*one, *other) if isinstance(size := settle(dim), int)]
    if len(sizes) < 4:
        raise ShapeRuleError("The size of this product cannot be told: write its parts out", 1)
    rows, columns, more_rows, more_columns = sizes
    return (rows * more_rows, columns * more_columns)


def kronecker(left: Array, right: Array) -> Array:
    """Each entry of the left times the whole of the right."""
    blocks = np.einsum("...ij,...kl->...ikjl", left, right)
    *lead, rows, more_rows, columns, more_columns = blocks.shape
    return blocks.reshape(*lead, rows * more_rows, columns * more_columns)


def _root_of_squares(a: Array) -> Array:
    value: Array = np.sqrt((a * a).sum(axis=(-1, -2), keepdims=True))
    return value


def _largest_entry(a: Array) -> Array:
    flat = absolute(a).reshape(*a.shape[:-2], -1)
    place = np.real(flat).argmax(axis=-1, keepdims=True)
    return _number(np.take_along_axis(flat, place, axis=-1)[..., 0])


MATRICES = [
    Operation(
        "transpose", lambda a: a.swapaxes(-1, -2), _transpose,
        Shown(lambda a: f"{a}^T", (TIGHT,), IN_POWER),
        Shown(lambda a: rf"{a}^{{\top}}", (TIGHT,), IN_POWER),
    ),
    Operation(
        "inverse", _inverted, _inverse,
        Shown(lambda a: f"inv({a})", (LOOSE,), IN_POWER),
        Shown(lambda a: f"{a}^{{-1}}", (TIGHT,), IN_POWER), rounds_inside=True,
    ),
    Operation(
        "det", lambda a: _number(np.linalg.det(a)), _of_square("\\det"), *called("det", r"\det"),
        macros=(r"\det",), words=("det",), rounds_inside=True,
    ),
    Operation(
        "trace", lambda a: _number(np.einsum("...ii", a)), _of_square("\\operatorname{tr}"),
        *called("tr", r"\operatorname{tr}"), macros=(), words=("tr", "Tr", "trace"),
        rounds_inside=True,
    ),
    Operation(
        "diag", lambda a: a * np.eye(a.shape[-2]), _diagonal,
        *called("diag", r"\operatorname{diag}"), words=("diag",),
    ),
    Operation(
        "entry", _entry_at, _entry_of, Shown(lambda a, k: f"{a}_({k})", (TIGHT, LOOSE), TIGHT),
        Shown(lambda a, k: f"{a}_{{{k}}}", (TIGHT, LOOSE), TIGHT), arity=2,
    ),
    Operation(  # of a column of ones, which is as long as what stands around it asks for
        "unit", _unit_at, _unit, Shown(lambda _, k: f"e_{k}", (LOOSE, TIGHT), TIGHT),
        Shown(lambda _, k: rf"\mathbf{{e}}_{{{k}}}", (LOOSE, LOOSE), TIGHT), arity=2,
    ),
    Operation(
        "vec", lambda a: a.swapaxes(-1, -2).reshape(*a.shape[:-2], -1, 1), _stacked,
        *called("vec", r"\operatorname{vec}"), words=("vec",),
    ),
    Operation(
        "inner", lambda a, b: (a * b).sum(axis=(-1, -2), keepdims=True), _inner,
        Shown(lambda a, b: f"<{a}, {b}>", (LOOSE,), TIGHT),
        Shown(lambda a, b: rf"\left\langle {a}, {b} \right\rangle", (LOOSE,), TIGHT),
        arity=2, rounds_inside=True,
    ),
    Operation(
        "matrix_power", matrix_power, _to_power,
        Shown(lambda a, b: f"{a}^{b}", (TIGHT, TIGHT), IN_POWER),
        Shown(lambda a, b: f"{a}^{{{b}}}", (TIGHT, LOOSE), IN_POWER), arity=2, rounds_inside=True,
    ),
    Operation(
        "kronecker", kronecker, _kronecker, *joined(" kron ", r" \otimes ", IN_POWER), arity=2,
    ),
    Operation(
        "cross", lambda a, b: np.cross(a, b, axis=-2), _cross,
        *joined(" x ", r" \times ", IN_POWER), arity=2, rounds_inside=True,
    ),
    Operation(
        "beside", _joined(-1), _folded(_beside),
        Shown(lambda *a: ", ".join(a), (LOOSE,), TIGHT),
        Shown(lambda *a: " & ".join(a), (LOOSE,), TIGHT), arity=None,
    ),
    Operation(
        "above", _joined(-2), _folded(_above),
        Shown(lambda *a: f"[{'; '.join(a)}]", (LOOSE,), TIGHT),
        Shown(lambda *a: _bmatrix(r" \\ ".join(a)), (LOOSE,), TIGHT),
        arity=None,
    ),
    _norm("1", "1", lambda a: absolute(a).sum(axis=(-1, -2), keepdims=True)),
    _norm("2", "2", _root_of_squares),
    _norm("F", "F", _root_of_squares),
    _norm("inf", r"\infty", _largest_entry),
]  # fmt: skip
