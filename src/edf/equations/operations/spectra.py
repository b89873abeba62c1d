r"""Eigenvalues, singular values, and what is made of them: numbers that belong to a matrix.

They are computed of the real part. A complex step changes an eigenvalue by what it changes the
quadratic form of its vectors: of A = V diag(l) V^{-1}, dl_i is (V^{-1} dA V)_{ii}, and of
A = U diag(s) V^T, ds_i is u_i^T dA v_i (Magnus and Neudecker 2019, 8.9).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edf.equations.operations.operation import Array, Operation, called, enclosed
from edf.equations.operations.shapes import (
    Shape,
    ShapeRuleError,
    describe,
    is_vector,
    same,
    settle,
)

#: How far a matrix may be from its transpose, as a part of its size, to be taken for symmetric.
SYMMETRIC = 1e-10
#: Singular values below this part of the largest are 0 but for rounding.
NEGLIGIBLE = 1e-10


def eigenvalues(matrix: Array) -> Array:
    """The eigenvalues as a column, the largest first; where some are complex, not numbers."""
    real = np.real(matrix)
    gap = np.abs(real - real.swapaxes(-1, -2)).max(axis=(-1, -2), keepdims=True, initial=0.0)
    size = np.abs(real).max(axis=(-1, -2), keepdims=True, initial=0.0)
    other = (gap > SYMMETRIC * size)[..., 0, 0]
    symmetric = (real + real.swapaxes(-1, -2)) / 2
    if not np.iscomplexobj(matrix) and not other.any():  # no vectors, which take most of the time
        return np.linalg.eigvalsh(symmetric)[..., ::-1, None]
    values, vectors = np.linalg.eigh(symmetric)
    values, vectors = values.astype(complex), vectors.astype(complex)
    if other.any():
        values[other], vectors[other] = np.linalg.eig(real[other])
    found = np.where(values.imag == 0, values.real, np.nan)
    if np.iscomplexobj(matrix):
        moved = np.linalg.inv(vectors) @ np.imag(matrix) @ vectors
        found = found + 1j * np.einsum("...ii->...i", moved).real
    order = np.argsort(-found.real, axis=-1, kind="stable")
    return np.take_along_axis(found, order, axis=-1)[..., None]


def least_eigenvalue(matrix: Array) -> Array:
    """The least eigenvalue of a symmetric matrix; of any other, less than 0 by how far it is from
    its transpose, for no such matrix is positive definite."""
    real = np.real(matrix)
    gap = np.abs(real - real.swapaxes(-1, -2)).max(axis=(-1, -2), keepdims=True, initial=0.0)
    size = np.abs(real).max(axis=(-1, -2), keepdims=True, initial=0.0)
    symmetric = (matrix + matrix.swapaxes(-1, -2)) / 2
    return np.where(gap > SYMMETRIC * size, -gap, _last(eigenvalues(symmetric)))


def singular_values(matrix: Array) -> Array:
    """The singular values as a column, the largest first."""
    if not np.iscomplexobj(matrix):
        return np.linalg.svd(matrix, compute_uv=False)[..., None]
    left, values, right = np.linalg.svd(np.real(matrix), full_matrices=False)
    moved = left.swapaxes(-1, -2) @ np.imag(matrix) @ right.swapaxes(-1, -2)
    column: Array = (values + 1j * np.einsum("...ii->...i", moved))[..., None]
    return column


def pseudoinverse(matrix: Array) -> Array:
    r"""The inverse of Moore and Penrose.

    By a complex step, that of a matrix of full rank, as (A^T A)^{-1} A^T or A^T (A A^T)^{-1}; of
    any other it is not continuous.
    """
    if not np.iscomplexobj(matrix):
        return np.linalg.pinv(matrix, rcond=NEGLIGIBLE)
    values = np.linalg.svd(np.real(matrix), compute_uv=False)
    full = (values[..., -1] > NEGLIGIBLE * values[..., 0])[..., None, None]
    turned = matrix.swapaxes(-1, -2)
    wide = matrix.shape[-2] < matrix.shape[-1]
    product = np.where(full, matrix @ turned if wide else turned @ matrix, np.nan)
    inverse = np.linalg.inv(product)
    return turned @ inverse if wide else inverse @ turned


def _matrix(what: str, shape: Shape) -> tuple[int, int]:
    if shape is None or is_vector(shape):
        raise ShapeRuleError(f"{what} of {describe(shape)}: it takes a matrix", 0)
    rows, columns = map(settle, shape)
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise ShapeRuleError("The size of this matrix cannot be told", 0)
    return rows, columns


def _of_matrix(what: str) -> Callable[[Shape], Shape]:
    def rule(shape: Shape) -> Shape:
        _matrix(what, shape)
        return None

    return rule


def _of_square(what: str, column: bool = False) -> Callable[[Shape], Shape]:
    def rule(shape: Shape) -> Shape:
        rows, columns = _matrix(what, shape)
        if not same(rows, columns):
            raise ShapeRuleError(
                f"{what} of {describe(shape)}: only square matrices have eigenvalues; write "
                "\\sigma_{\\max} for the largest singular value",
                0,
            )
        return (rows, 1) if column else None

    return rule


def _values(shape: Shape) -> Shape:
    return (min(_matrix("A singular value", shape)), 1)


def _pseudoinverse(shape: Shape) -> Shape:
    rows, columns = _matrix("The pseudoinverse", shape)
    return (columns, rows)


def _first(values: Array) -> Array:
    return values[..., :1, :]


def _last(values: Array) -> Array:
    return values[..., -1:, :]


def _condition(matrix: Array) -> Array:
    values = singular_values(matrix)
    return _first(values) / _last(values)


def _norm(name: str, below: str, plain: str, value: Callable[[Array], Array]) -> Operation:
    return Operation(
        name, value, _of_matrix("This norm"),
        *enclosed((f"{plain}(", ")"), (r"\left\lVert ", rf" \right\rVert_{{{below}}}")),
        rounds_inside=True,
    )  # fmt: skip


SPECTRA = [
    Operation(
        "eigenvalues", eigenvalues, _of_square("An eigenvalue", column=True),
        *called("lambda", r"\lambda"), rounds_inside=True,
    ),
    Operation(
        "lambda_max", lambda a: _first(eigenvalues(a)), _of_square("An eigenvalue"),
        *called("lambda_max", r"\lambda_{\max}"), rounds_inside=True,
    ),
    Operation(
        "lambda_min", lambda a: _last(eigenvalues(a)), _of_square("An eigenvalue"),
        *called("lambda_min", r"\lambda_{\min}"), rounds_inside=True,
    ),
    Operation(
        "least_eigenvalue", least_eigenvalue, _of_square("An eigenvalue"),
        *called("lambda_min", r"\lambda_{\min}"), rounds_inside=True,
    ),
    Operation(
        "singular_values", singular_values, _values, *called("sigma", r"\sigma"),
        rounds_inside=True,
    ),
    Operation(
        "sigma_max", lambda a: _first(singular_values(a)), _of_matrix("A singular value"),
        *called("sigma_max", r"\sigma_{\max}"), rounds_inside=True,
    ),
    Operation(
        "sigma_min", lambda a: _last(singular_values(a)), _of_matrix("A singular value"),
        *called("sigma_min", r"\sigma_{\min}"), rounds_inside=True,
    ),
    Operation(
        "cond", _condition, _of_matrix("The condition number"), *called("cond", r"\kappa"),
        words=("cond",), rounds_inside=True,
    ),
    Operation(
        "pinv", pseudoinverse, _pseudoinverse, *called("pinv", r"\operatorname{pinv}"),
        words=("pinv",), rounds_inside=True,
    ),
    _norm("norm_spectral", "2", "norm2", lambda a: _first(singular_values(a))),
    _norm("norm_nuclear", "*", "nuclear",
          lambda a: singular_values(a).sum(axis=-2, keepdims=True)),
]  # fmt: skip
