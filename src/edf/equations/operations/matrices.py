r"""Transpose, inverse, determinant, trace, norms: operations on vectors and matrices as wholes."""

from __future__ import annotations

from collections.abc import Callable

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
)
from edf.equations.operations.shapes import (
    Shape,
    ShapeError,
    describe,
    is_column,
    is_vector,
    same,
)


def _number(value: Array) -> Array:
    """A number for each matrix, as one by one."""
    return value[..., None, None]


def _square(what: str, shape: Shape) -> None:
    if shape is None or not same(*shape):
        raise ShapeError(f"{what} needs a square matrix, not {describe(shape)}")


def _of_square(what: str) -> Callable[[Shape], Shape]:
    """A number for a square matrix."""

    def rule(shape: Shape) -> Shape:
        _square(what, shape)
        return None

    return rule


def _inverse(shape: Shape) -> Shape:
    _square("The inverse", shape)
    return shape


def _transpose(shape: Shape) -> Shape:
    if shape is None:
        raise ShapeError(
            "A number has no transpose: is an index too many, or does this stand for a power?"
        )
    return (shape[1], shape[0])


def _diagonal(shape: Shape) -> Shape:
    if not is_column(shape):
        raise ShapeError(f"diag of {describe(shape)}: it takes a column", 0)
    assert shape is not None
    return (shape[0], shape[0])


def _norm(kind: str, latex: str, value: Callable[[Array], Array]) -> Operation:
    def rule(shape: Shape) -> Shape:
        if shape is None:
            raise ShapeError("The norm of a number: write \\lvert x \\rvert")
        if kind == "F" and is_vector(shape):
            raise ShapeError("The Frobenius norm is for matrices: leave the F out")
        if kind != "F" and not is_vector(shape):
            raise ShapeError("Which norm of the matrix? Write \\lVert A \\rVert_F, or use indices")
        return None

    signs = (f"norm{kind}(", ")"), (r"\left\lVert ", rf" \right\rVert_{{{latex}}}")
    return Operation(
        f"norm_{kind}", value, rule, *enclosed(*signs), rounds_inside=True, branches=True
    )


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
        "inverse", np.linalg.inv, _inverse,
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
    _norm("1", "1", lambda a: absolute(a).sum(axis=(-1, -2), keepdims=True)),
    _norm("2", "2", _root_of_squares),
    _norm("F", "F", _root_of_squares),
    _norm("inf", r"\infty", _largest_entry),
]  # fmt: skip
