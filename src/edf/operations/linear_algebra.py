"""Linear algebra: inverses, systems, determinants, factors, sums over indices.

Matrices are the last two axes; the axes before them are a batch. `grad` is as in `elementary`. No
transpose conjugates, so that derivatives can be tested by the complex step. The derivatives are
those of Giles, 2008, "Collected matrix derivative results".
"""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node

SQUARE = "the last two axes are equally long: a square matrix"


class Inverse(Node, numpy=np.linalg.inv):
    r"""The inverse of a matrix: (..., n, n) -> (..., n, n).

    $$Y = A^{-1}$$

    $$\nabla_A l = -Y^\top \left(\nabla_Y l\right) Y^\top$$

    On the formula sheet: [inverse matrix derivative][inverse-matrix-derivative].

    Examples:
        >>> A = Param([[2.0, 1.0], [1.0, 4.0]])
        >>> Y = Inverse(A)
        >>> l = AnyFunction()(Y)
        >>> print(Y.forward().round(4))
        [[ 0.5714 -0.1429]
         [-0.1429  0.2857]]
    """

    rule = SQUARE

    def forward(self, A: Array) -> Array:
        return _solved(lambda: np.linalg.inv(A), A)

    def backward(self, grad: Array, A: Array) -> Any:
        Y = self.value.mT
        return -Y @ grad @ Y


class Solve(Node, numpy=np.linalg.solve):
    r"""The solution of A x = b: (..., n, n), and (n,) or (..., n, m) -> the shape of b.

    $$x = A^{-1} b$$

    $$\nabla_b l = A^{-\top} \nabla_x l$$

    $$\nabla_A l = -A^{-\top} \left(\nabla_x l\right) x^\top$$

    Examples:
        >>> A, b = Param([[2.0, 1.0], [1.0, 4.0]]), Param([4.0, 9.0])
        >>> x = Solve(A, b)
        >>> l = AnyFunction()(x)
        >>> print(x.forward())
        [1. 2.]
    """

    rule = "A is square, and as long as b: (..., n, n) with (n,) or (..., n, m)"

    def forward(self, A: Array, b: Array) -> Array:
        return _solved(lambda: np.linalg.solve(A, b), A)

    def backward(self, grad: Array, A: Array, b: Array) -> Any:
        if b.ndim > 1:
            db = np.linalg.solve(A.mT, grad)
            return -db @ self.value.mT, db
        db = np.linalg.solve(A.mT, grad[..., None])
        return -db @ self.value[..., None, :], db[..., 0]


class Det(Node, numpy=np.linalg.det):
    r"""The determinant: (..., n, n) -> (...).

    $$y = \det A$$

    $$\nabla_A y = y A^{-\top}$$

    The derivative is computed as the matrix of cofactors, which a singular matrix has, too.

    Examples:
        >>> A = Param([[2.0, 1.0], [1.0, 4.0]])
        >>> y = Det(A)
        >>> print(round(y.forward(), 6))
        7.0
    """

    rule = SQUARE

    def forward(self, A: Array) -> Array:
        return np.linalg.det(A)

    def backward(self, grad: Array, A: Array) -> Any:
        return np.asarray(grad)[..., None, None] * _cofactors(A)


class LogDet(Node):
    r"""The logarithm of the absolute determinant: (..., n, n) -> (...), which overflows for no A.

    $$y = \log \lvert \det A \rvert$$

    $$\nabla_A y = A^{-\top}$$

    On the formula sheet: [log-determinant derivative][log-determinant-derivative].

    Examples:
        >>> A = Param([[2.0, 1.0], [1.0, 4.0]])
        >>> y = LogDet(A)
        >>> print(round(y.forward(), 6))
        1.94591
    """

    rule = SQUARE

    def forward(self, A: Array) -> Array:
        sign, size = np.linalg.slogdet(A)
        if np.any(sign == 0):
            raise GraphError("LogDet: the matrix is singular, and the logarithm of 0 is infinite")
        # Of a complex matrix the phase of the determinant is the imaginary part, up to its sign.
        return size + np.log(sign / np.sign(sign.real)) if np.iscomplexobj(A) else size

    def backward(self, grad: Array, A: Array) -> Any:
        return np.asarray(grad)[..., None, None] * np.linalg.inv(A).mT


class Cholesky(Node, numpy=np.linalg.cholesky):
    r"""The lower triangular factor of a positive definite matrix: (..., n, n) -> (..., n, n).

    $$L L^\top = A$$

    Of a matrix that is not symmetric, (A + A^T) / 2 is taken. With S = L^-T F(L^T dL) L^-1, where F
    keeps the lower triangle and half of the diagonal, dA = (S + S^T) / 2; Murray, 2016.

    Examples:
        >>> B = Param([[1.0, 2.0], [0.0, 1.0]])
        >>> A = B @ B.T + np.eye(2)
        >>> L = Cholesky(A)
        >>> print(L.forward().round(4))
        [[2.4495 0.    ]
         [0.8165 1.1547]]
    """

    rule = SQUARE

    def forward(self, A: Array) -> Array:
        A = (A + A.mT) / 2
        if not np.iscomplexobj(A):
            return _solved(lambda: np.linalg.cholesky(A), A)
        L = np.zeros_like(A)
        for j in range(A.shape[-1]):
            row = L[..., j, :j]
            L[..., j, j] = np.sqrt(A[..., j, j] - (row * row).sum(axis=-1))
            inner = (L[..., j + 1 :, :j] @ row[..., None])[..., 0]
            L[..., j + 1 :, j] = (A[..., j + 1 :, j] - inner) / L[..., j, j, None]
        return L

    def backward(self, grad: Array, A: Array) -> Any:
        L = self.value
        inner = np.tril(L.mT @ np.tril(grad))
        inner = inner - np.eye(A.shape[-1]) * inner / 2
        S = np.linalg.solve(L.mT, np.linalg.solve(L.mT, inner.mT).mT)
        return ((S + S.mT) / 2).astype(np.result_type(grad, A), copy=False)


class Einsum(Node):
    r"""The sum of products that Einstein's notation writes.

    $$y_{ik} = \sum_j A_{ij} B_{jk}$$

    An index that the result lacks is summed over; one that stands twice in an argument takes its
    diagonal; `...` stands for all further axes, which broadcast. The derivative in an argument is
    such a sum again, of the cotangent and of the others:

    $$\frac{\partial l}{\partial A_{ij}} = \sum_k \frac{\partial l}{\partial y_{ik}} B_{jk}$$

    Args:
        subscripts: As for `np.einsum`, with `->` or without, as `"...ij,...jk->...ik"`.
        operands: As many nodes or arrays as there are groups of indices.

    Examples:
        >>> A, B = Param([[1.0, 2.0], [3.0, 4.0]]), Param([[1.0, 2.0], [2.0, 1.0]])
        >>> y = Einsum("ij,jk->ik", A, B)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[ 5.  4.]
         [11. 10.]]
    """

    def __init__(self, subscripts: str, *operands: Any) -> None:
        super().__init__(*operands)
        given, arrow, result = subscripts.replace(" ", "").partition("->")
        self.groups = given.split(",")
        letters = sorted(set(given) - {",", "."})
        dots = "..." if "..." in given else ""
        self.result = result if arrow else dots + "".join(i for i in letters if given.count(i) == 1)
        written = [*self.groups, self.result]
        indices = "".join(group.replace("...", "", 1) for group in written)
        if set(indices) - {*string.ascii_letters} or len(self.groups) != len(operands):
            raise GraphError(
                f"Einsum({subscripts!r}): write one group of letters for each of the "
                f"{len(operands)} arguments, separated by commas, as in 'ij,jk->ik', '...i->...'"
            )
        if dots != ("..." if "..." in self.result else ""):
            raise GraphError(
                f"Einsum({subscripts!r}): '...' stands in an argument and in the result, "
                "or in neither"
            )
        self.spare = "".join(i for i in string.ascii_letters if i not in indices)
        self.rule = f"{subscripts!r} names the axes of each, and an index has one length"

    def forward(self, *arrays: Array) -> Array:
        groups, result, dots = self._spelled(arrays)
        lengths: dict[str, int] = {}
        for group, array in zip(groups, arrays, strict=True):
            for index, length in zip(group, array.shape, strict=True):
                if index not in dots and lengths.setdefault(index, length) != length:
                    raise ValueError  # NumPy would stretch a length of 1
        return np.einsum(f"{','.join(groups)}->{result}", *arrays)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        groups, result, _ = self._spelled(arrays)
        return tuple(
            _einsum_gradient(grad, k, arrays, groups, result) if self.wants(k) else None
            for k in range(len(arrays))
        )

    def _spelled(self, arrays: tuple[Array, ...]) -> tuple[list[str], str, str]:
        """Return the groups and the result with a letter for each axis that dots stand for, and
        these letters, the last of which is the last such axis of every argument."""
        further = [
            array.ndim - len(group) + 3 if "..." in group else 0
            for group, array in zip(self.groups, arrays, strict=True)
        ]
        if min(further) < 0:
            raise ValueError
        dots = self.spare[: max(further)]
        groups = [
            group.replace("...", dots[len(dots) - n :])
            for group, n in zip(self.groups, further, strict=True)
        ]
        return groups, self.result.replace("...", dots), dots


def _einsum_gradient(
    grad: Array, k: int, arrays: tuple[Array, ...], groups: list[str], result: str
) -> Array:
    """Return the vector-Jacobian product in argument k, before broadcasting is undone."""
    own = "".join(dict.fromkeys(groups[k]))  # each index once
    others = [j for j in range(len(arrays)) if j != k]
    present = [result, *(groups[j] for j in others)]
    lengths = dict(zip(groups[k], arrays[k].shape, strict=True))
    alone = [i for i in own if not any(i in group for group in present)]
    ones = np.ones([lengths[i] for i in alone], grad.dtype)  # an index that is only summed over
    spelled = f"{','.join([*present, ''.join(alone)])}->{own}"
    term = np.einsum(spelled, grad, *(arrays[j] for j in others), ones)
    if own == groups[k]:
        return term
    lengths = dict(zip(own, term.shape, strict=True))
    full = np.zeros([lengths[i] for i in groups[k]], term.dtype)
    np.einsum(f"{groups[k]}->{own}", full)[...] = term  # a view of the diagonal
    return full


def _solved(solve: Any, A: Array) -> Array:
    """Return what `solve` returns; say so where A is square, but does not allow it."""
    try:
        return solve()
    except np.linalg.LinAlgError as error:
        if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
            raise ValueError(str(error)) from error
        raise GraphError(f"the matrix does not allow it: {error}") from error


def _cofactors(A: Array) -> Array:
    """Return the derivatives of det A in its entries: (..., n, n)."""
    try:
        return np.linalg.det(A)[..., None, None] * np.linalg.inv(A).mT
    except np.linalg.LinAlgError:  # a singular matrix has cofactors, too: signed minors
        n = A.shape[-1]
        minors = np.empty(A.shape, np.result_type(A, 1.0))
        for i, j in np.ndindex(n, n):
            minor = np.delete(np.delete(A, i, axis=-2), j, axis=-1)
            minors[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor)
        return minors
