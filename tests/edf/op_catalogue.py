"""The catalogue: one row for each way to use an operation.

A row drives every test of `test_operations.py` and `test_sabotage.py`: value, shape, dtype,
gradient, complex safety, and what the checker says when the derivative is broken. A new operation
is one new row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import edf
from edf import Input, Node

Array = np.ndarray
Rng = np.random.Generator


@dataclass(frozen=True)
class Row:
    """One operation at one kind of arguments."""

    id: str
    make: Callable[..., Node]  # from nodes to the operation's node
    draw: Callable[[Rng], tuple[Array, ...]]  # arguments, in float64 or integers
    reference: Callable[..., Array]  # the value, in plain NumPy, written another way than in edf

    def node(self, seed: int = 0, dtype: type = np.float64) -> Node:
        """Return the operation applied to inputs that hold fresh arguments."""
        return self.make(*(Input(a) for a in self.arguments(seed, dtype)))

    def arguments(self, seed: int = 0, dtype: type = np.float64) -> list[Array]:
        arrays = map(np.asarray, self.draw(np.random.default_rng(seed)))
        return [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]


def normal(*shapes: tuple[int, ...]) -> Callable[[Rng], tuple[Array, ...]]:
    """Standard normal arguments."""
    return lambda rng: tuple(rng.standard_normal(shape) for shape in shapes)


def positive(*shapes: tuple[int, ...]) -> Callable[[Rng], tuple[Array, ...]]:
    """Arguments from 0.3 up."""
    return lambda rng: tuple(0.3 + rng.gamma(2.0, 0.6, shape) for shape in shapes)


def distinct(*shapes: tuple[int, ...]) -> Callable[[Rng], tuple[Array, ...]]:
    """Arguments whose entries are all at least 0.1 apart, and from 0: no kink is near."""

    def draw(rng: Rng) -> tuple[Array, ...]:
        sizes = [math.prod(shape) for shape in shapes]
        entries = rng.permutation(np.arange(sum(sizes)) - sum(sizes) / 2 + 0.25) * 0.17
        parts = np.split(entries, np.cumsum(sizes)[:-1])
        return tuple(p.reshape(shape) for p, shape in zip(parts, shapes, strict=True))

    return draw


def labelled(shape: tuple[int, ...]) -> Callable[[Rng], tuple[Array, ...]]:
    """Scores of a shape, and a label for each row."""
    return lambda rng: (rng.standard_normal(shape), rng.integers(shape[-1], size=shape[:-1]))


def simplex_labelled(rng: Rng) -> tuple[Array, ...]:
    weights = 0.2 + rng.gamma(1.0, 1.0, (4, 3))
    return weights / weights.sum(axis=1, keepdims=True), rng.integers(3, size=4)


def masked(rng: Rng) -> tuple[Array, ...]:
    return rng.standard_normal((3, 4)), np.arange(12).reshape(3, 4) % 3 > 0


def looked_up(rng: Rng) -> tuple[Array, ...]:
    return rng.standard_normal((5, 3)), np.array([[0, 4], [4, 2]])


def softmax(x: Array) -> Array:
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def by_rows(score: Callable[[Array, int], float], x: Array, labels: Array) -> Array:
    """The mean of `score(row, label)` over all rows."""
    rows = x.reshape(-1, x.shape[-1])
    return np.array([score(row, n) for row, n in zip(rows, labels.ravel(), strict=True)]).mean()


def logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def convolved(x: Array, w: Array, stride: int, padding: int) -> Array:
    """The cross-correlation, by the definition: one number after the other."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height = (x.shape[2] - w.shape[2]) // stride + 1
    width = (x.shape[3] - w.shape[3]) // stride + 1
    y = np.empty((len(x), len(w), height, width))
    for n, o, p, q in np.ndindex(*y.shape):
        rows = slice(stride * p, stride * p + w.shape[2])
        columns = slice(stride * q, stride * q + w.shape[3])
        y[n, o, p, q] = (x[n, :, rows, columns] * w[o]).sum()
    return y


def pooled(x: Array, reduce: Callable[[Array], Array], size: int, stride: int) -> Array:
    height, width = ((n - size) // stride + 1 for n in x.shape[2:])
    y = np.empty((*x.shape[:2], height, width))
    for n, c, p, q in np.ndindex(*y.shape):
        y[n, c, p, q] = reduce(
            x[n, c, stride * p : stride * p + size, stride * q : stride * q + size]
        )
    return y


def normalised(x: Array, gain: Array, bias: Array) -> Array:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * gain + bias


def dropped(x: Array) -> Array:
    return np.where(np.random.default_rng(7).random(x.shape) >= 0.4, x / 0.6, 0)


def flat_in_sixes(x: Array) -> Array:
    return np.array([list(x.flat)[4 * k : 4 * k + 4] for k in range(6)])


def picked(x: Array, labels: Array) -> Array:
    return np.array([row[k] for row, k in zip(x, labels, strict=True)])


def rows_of(table: Array, indices: Array) -> Array:
    return np.array([[table[i] for i in row] for row in indices])


def between(
    low: float, high: float, *shapes: tuple[int, ...]
) -> Callable[[Rng], tuple[Array, ...]]:
    """Uniform arguments."""
    return lambda rng: tuple(rng.uniform(low, high, shape) for shape in shapes)


def regular(*more: tuple[int, ...]) -> Callable[[Rng], tuple[Array, ...]]:
    """Two matrices of 3 x 3 that are far from singular, one of each sign; then normal arguments."""

    def draw(rng: Rng) -> tuple[Array, ...]:
        A = rng.uniform(-1, 1, (2, 3, 3)) + 4 * np.eye(3)
        A[1, 0] *= -1
        return (A, *(rng.standard_normal(shape) for shape in more))

    return draw


def definite(rng: Rng) -> tuple[Array, ...]:
    """Two positive definite matrices."""
    A = rng.uniform(-1, 1, (2, 3, 3))
    return (A @ A.mT + np.eye(3),)


def probabilities(rng: Rng) -> tuple[Array, ...]:
    """Two arrays of rows of probabilities."""
    weights = 0.2 + rng.gamma(1.0, 1.0, (2, 4, 3))
    return tuple(weights / weights.sum(axis=-1, keepdims=True))


def logits_and_targets(rng: Rng) -> tuple[Array, ...]:
    return 2 * rng.standard_normal((3, 4)), rng.uniform(0, 1, (3, 4))


def chosen(rng: Rng) -> tuple[Array, ...]:
    """A condition, and a value for either case."""
    return np.arange(12).reshape(3, 4) % 3 > 0, *normal(M, (4,))(rng)


def cofactor_det(A: Array) -> Array:
    """The determinants of 3 x 3 matrices by the rule of Sarrus."""
    return np.array([a[0] @ np.cross(a[1], a[2]) for a in A])


def cholesky(A: Array) -> Array:
    """Entry after entry, by the definition of L L^T = A."""
    L = np.zeros(A.shape)
    for m in range(len(A)):
        for i in range(3):
            for j in range(i + 1):
                rest = A[m, i, j] - sum(L[m, i, k] * L[m, j, k] for k in range(j))
                L[m, i, j] = np.sqrt(rest) if i == j else rest / L[m, j, j]
    return L


def batch_normalised(x: Array, gain: Array, bias: Array) -> Array:
    y = np.empty(x.shape)
    for c in range(x.shape[1]):
        channel = x[:, c]
        y[:, c] = gain[c] * (channel - channel.mean()) / np.sqrt(channel.var() + 1e-5) + bias[c]
    return y


def convolved_1d(x: Array, w: Array, stride: int, padding: int) -> Array:
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    length = (x.shape[2] - w.shape[2]) // stride + 1
    y = np.empty((len(x), len(w), length))
    for n, o, p in np.ndindex(*y.shape):
        y[n, o, p] = (x[n, :, stride * p : stride * p + w.shape[2]] * w[o]).sum()
    return y


def attended(Q: Array, K: Array, V: Array, heads: int, causal: bool) -> Array:
    """One query of one head after the other."""
    d = Q.shape[-1] // heads
    Y = np.empty((*Q.shape[:-1], V.shape[-1]))
    for n, i, h in np.ndindex(len(Q), Q.shape[1], heads):
        own = slice(h * d, (h + 1) * d)
        seen = i + 1 if causal else K.shape[1]
        scores = K[n, :seen, own] @ Q[n, i, own] / np.sqrt(d)
        Y[n, i, own] = np.exp(scores) / np.exp(scores).sum() @ V[n, :seen, own]
    return Y


def lstm(x: Array, h: Array, c: Array, W: Array, U: Array, b: Array) -> Array:
    i, f, o, g = np.split(x @ W + h @ U + b, 4, axis=1)
    return logistic(o) * np.tanh(logistic(f) * c + logistic(i) * np.tanh(g))


def sum_of_cubes(x: Node) -> Node:
    """A number that is no quadratic function of x, nor a sum over its entries."""
    return edf.Sum(x**3) * edf.Sum(edf.Sin(x))


V, M, B = (5,), (3, 4), (2, 3, 4)  # a vector, a matrix, a batch of matrices

ROWS = [
    Row("add", edf.Add, normal(M, M), lambda a, b: a + b),
    Row("add-broadcast", edf.Add, normal(M, (1, 4)), lambda a, b: a + b),
    Row("sub", edf.Sub, normal(M, (4,)), lambda a, b: a - b),
    Row("mul", edf.Mul, normal(M, M), lambda a, b: a * b),
    Row("mul-broadcast", edf.Mul, normal((3, 1), (4,)), lambda a, b: a * b),
    Row("div", edf.Div, lambda rng: (*normal(M)(rng), *positive(M)(rng)), lambda a, b: a / b),
    Row("pow", edf.Pow, positive(M, (4,)), lambda a, p: np.exp(p * np.log(a))),
    Row("pow-square", lambda x: x**2, normal(V), lambda x: x * x),
    Row("pow-inverse", lambda x: x**-1.0, positive(V), lambda x: 1 / x),
    Row("neg", edf.Neg, normal(V), lambda x: 0 - x),
    Row("maximum", edf.Maximum, distinct(M, (4,)), lambda a, b: (a + b + abs(a - b)) / 2),
    Row("minimum", edf.Minimum, distinct(M, (4,)), lambda a, b: (a + b - abs(a - b)) / 2),
    Row("matmul", edf.MatMul, normal(M, (4, 2)), lambda a, b: np.einsum("ij,jk->ik", a, b)),
    Row("matmul-batch", edf.MatMul, normal(B, (4, 2)), lambda a, b: np.einsum("nij,jk->nik", a, b)),
    Row(
        "matmul-vectors",
        edf.MatMul,
        normal((4,), (2, 4, 3)),
        lambda a, b: np.einsum("j,njk->nk", a, b),
    ),
    Row("matmul-column", edf.MatMul, normal(B, (4,)), lambda a, b: np.einsum("nij,j->ni", a, b)),
    Row("dot", edf.MatMul, normal(V, V), lambda a, b: (a * b).sum()),
    Row("exp", edf.Exp, normal(V), lambda x: np.e**x),
    Row("log", edf.Log, positive(V), lambda x: np.log2(x) * np.log(2)),
    Row("sqrt", edf.Sqrt, positive(V), lambda x: x**0.5),
    Row("abs", edf.Abs, distinct(V), lambda x: np.maximum(x, -x)),
    Row("sigmoid", edf.Sigmoid, normal(M), logistic),
    Row("tanh", edf.Tanh, normal(M), lambda x: 1 - 2 / (1 + np.exp(2 * x))),
    Row("relu", edf.ReLU, distinct(M), lambda x: (x + abs(x)) / 2),
    Row(
        "leaky-relu", lambda x: edf.LeakyReLU(x, 0.2), distinct(M), lambda x: 0.6 * x + 0.4 * abs(x)
    ),
    Row("softplus", edf.Softplus, normal(M), lambda x: np.logaddexp(0, x)),
    Row(
        "gelu",
        edf.GELU,
        normal(M),
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ),
    Row("silu", edf.SiLU, normal(M), lambda x: x * logistic(x)),
    Row("softmax", edf.Softmax, normal(B), softmax),
    Row("log-softmax", edf.LogSoftmax, normal(M), lambda x: np.log(softmax(x))),
    Row("sum", edf.Sum, normal(B), lambda x: sum(x.ravel())),
    Row("sum-axis", lambda x: edf.Sum(x, axis=(0, 2)), normal(B), lambda x: sum(x).T.sum(0)),
    Row("mean", edf.Mean, normal(M), lambda x: sum(x.ravel()) / 12),
    Row(
        "mean-axis",
        lambda x: edf.Mean(x, axis=1, keepdims=True),
        normal(M),
        lambda x: x @ np.full((4, 1), 1 / 4),
    ),
    Row("var", edf.Var, normal(M), lambda x: (x**2).mean() - x.mean() ** 2),
    Row("var-axis", lambda x: edf.Var(x, axis=-1), normal(M), lambda x: x.var(axis=-1)),
    Row("max", edf.Max, distinct(M), lambda x: sorted(x.ravel())[-1]),
    Row("max-axis", lambda x: edf.Max(x, axis=0), distinct(M), lambda x: np.sort(x, axis=0)[-1]),
    Row("log-sum-exp", edf.LogSumExp, normal(M), lambda x: np.log(np.exp(x).sum())),
    Row(
        "log-sum-exp-axis",
        lambda x: edf.LogSumExp(x, axis=1, keepdims=True),
        normal(M),
        lambda x: np.log(np.exp(x).sum(1, keepdims=True)),
    ),
    Row("reshape", lambda x: edf.Reshape(x, (6, -1)), normal(B), flat_in_sixes),
    Row("transpose", lambda x: x.T, normal(M), lambda x: np.einsum("ij->ji", x)),
    Row(
        "transpose-axes",
        lambda x: edf.Transpose(x, (2, 0, -2)),
        normal(B),
        lambda x: np.einsum("ijk->kij", x),
    ),
    Row(
        "concatenate",
        lambda *xs: edf.Concatenate(xs, axis=1),
        normal(M, (3, 2), M),
        lambda *xs: np.hstack(xs),
    ),
    Row(
        "stack",
        lambda *xs: edf.Stack(xs, axis=1),
        normal(M, M),
        lambda a, b: np.dstack((a, b)).swapaxes(1, 2),
    ),
    Row(
        "slice",
        lambda x: x[1:, ::2],
        normal(M),
        lambda x: np.array([[r[0], r[2]] for r in (x[1], x[2])]),
    ),
    Row("index-twice", lambda x: x[[0, 2, 0]], normal(M), lambda x: np.vstack((x[0], x[2], x[0]))),
    Row(
        "index-labels",
        lambda x, n: x[np.arange(4), n],
        labelled((4, 3)),
        picked,
    ),
    Row(
        "pick",
        edf.Pick,
        labelled((4, 3)),
        picked,
    ),
    Row("embedding", edf.Embedding, looked_up, rows_of),
    Row(
        "layer-norm",
        edf.LayerNorm,
        normal(B, (4,), (4,)),
        normalised,
    ),
    Row("dropout", lambda x: edf.Dropout(x, 0.4, 7), normal(M), dropped),
    Row("conv", edf.Conv2D, normal((2, 2, 5, 4), (3, 2, 3, 2)), lambda x, w: convolved(x, w, 1, 0)),
    Row(
        "conv-stride-padding",
        lambda x, w: edf.Conv2D(x, w, stride=2, padding=1),
        normal((1, 2, 5, 6), (2, 2, 3, 2)),
        lambda x, w: convolved(x, w, 2, 1),
    ),
    Row("max-pool", edf.MaxPool2D, distinct((2, 1, 4, 5)), lambda x: pooled(x, np.max, 2, 2)),
    Row(
        "max-pool-overlapping",
        lambda x: edf.MaxPool2D(x, 3, stride=1),
        distinct((1, 2, 4, 4)),
        lambda x: pooled(x, np.max, 3, 1),
    ),
    Row("avg-pool", edf.AvgPool2D, normal((2, 1, 4, 5)), lambda x: pooled(x, np.mean, 2, 2)),
    Row("squared-error", edf.SquaredError, normal(M, M), lambda x, t: ((x - t) ** 2).mean()),
    Row(
        "log-loss",
        edf.LogLoss,
        simplex_labelled,
        lambda P, n: by_rows(lambda r, k: -np.log(r[k]), P, n),
    ),
    Row(
        "cross-entropy",
        edf.CrossEntropy,
        labelled((2, 3, 4)),
        lambda x, n: by_rows(lambda r, k: -np.log(softmax(r)[k]), x, n),
    ),
    Row("masked-mean", edf.MaskedMean, masked, lambda x, m: x[m].mean()),
    Row("sin", edf.Sin, normal(V), lambda x: (np.exp(1j * x)).imag),
    Row("cos", edf.Cos, normal(V), lambda x: (np.exp(1j * x)).real),
    Row("tan", edf.Tan, between(-1.2, 1.2, V), lambda x: np.sin(x) / np.cos(x)),
    Row("arcsin", edf.Arcsin, between(-0.9, 0.9, V), lambda x: np.arctan2(x, np.sqrt(1 - x * x))),
    Row("arccos", edf.Arccos, between(-0.9, 0.9, V), lambda x: np.arctan2(np.sqrt(1 - x * x), x)),
    Row("arctan", edf.Arctan, normal(V), lambda x: np.angle(1 + 1j * x)),
    Row("sinh", edf.Sinh, normal(V), lambda x: (np.exp(x) - np.exp(-x)) / 2),
    Row("cosh", edf.Cosh, normal(V), lambda x: (np.exp(x) + np.exp(-x)) / 2),
    Row("arcsinh", edf.Arcsinh, normal(V), lambda x: np.log(x + np.sqrt(x * x + 1))),
    Row("arccosh", edf.Arccosh, between(1.2, 3, V), lambda x: np.log(x + np.sqrt(x * x - 1))),
    Row("arctanh", edf.Arctanh, between(-0.8, 0.8, V), lambda x: np.log((1 + x) / (1 - x)) / 2),
    Row("expm1", edf.Expm1, normal(V), lambda x: np.exp(x) - 1),
    Row("log1p", edf.Log1p, positive(V), lambda x: np.log(1 + x)),
    Row("where", edf.Where, chosen, lambda c, a, b: c * a + (1 - c) * b),
    Row(
        "clip",
        lambda x: edf.Clip(x, -0.6, 0.5),
        distinct(M),
        lambda x: np.sort([x, 0 * x - 0.6, 0 * x + 0.5], 0)[1],
    ),
    Row("clip-above", lambda x: edf.Clip(x, high=0.5), distinct(M), lambda x: np.minimum(x, 0.5)),
    Row("min", edf.Min, distinct(M), lambda x: sorted(x.ravel())[0]),
    Row(
        "min-axis",
        lambda x: edf.Min(x, axis=1, keepdims=True),
        distinct(M),
        lambda x: np.sort(x, axis=1)[:, :1],
    ),
    Row("var-ddof", lambda x: edf.Var(x, axis=0, ddof=1), normal(M), lambda x: x.var(0, ddof=1)),
    Row("std-ddof", lambda x: x.std(ddof=1.5), normal(M), lambda x: x.std(ddof=1.5)),
    Row("std", edf.Std, normal(M), lambda x: np.sqrt((x**2).mean() - x.mean() ** 2)),
    Row("std-axis", lambda x: edf.Std(x, axis=0), normal(M), lambda x: np.sqrt(x.var(axis=0))),
    Row("norm", edf.Norm, normal(M), lambda x: np.sqrt((x * x).sum())),
    Row(
        "norm-axis",
        lambda x: edf.Norm(x, axis=-1, keepdims=True),
        normal(B),
        lambda x: np.sqrt((x * x).sum(-1, keepdims=True)),
    ),
    Row("prod", edf.Prod, normal(V), lambda x: x[0] * x[1] * x[2] * x[3] * x[4]),
    Row(
        "prod-axes",
        lambda x: edf.Prod(x, axis=(0, -1)),
        normal(B),
        lambda x: np.prod(np.prod(x, 2), 0),
    ),
    Row("cumsum", edf.CumSum, normal(M), lambda x: np.tri(12) @ x.ravel()),
    Row("cumsum-axis", lambda x: edf.CumSum(x, axis=-1), normal(M), lambda x: x @ np.tri(4).T),
    Row("softmax-axis", lambda x: edf.Softmax(x, axis=0), normal(M), lambda x: softmax(x.T).T),
    Row(
        "log-softmax-axis",
        lambda x: edf.LogSoftmax(x, axis=1),
        normal(B),
        lambda x: x - np.log(np.exp(x).sum(1, keepdims=True)),
    ),
    Row(
        "inverse",
        edf.Inverse,
        regular(),
        lambda A: np.linalg.solve(A, np.broadcast_to(np.eye(3), A.shape)),
    ),
    Row("solve", edf.Solve, regular((2, 3, 2)), lambda A, b: np.linalg.inv(A) @ b),
    Row(
        "solve-vector",
        lambda A, b: edf.Solve(A[0], b),
        regular((3,)),
        lambda A, b: np.linalg.inv(A[0]) @ b,
    ),
    Row("det", edf.Det, regular(), cofactor_det),
    Row("log-det", edf.LogDet, regular(), lambda A: np.log(abs(cofactor_det(A)))),
    Row("cholesky", edf.Cholesky, definite, cholesky),
    Row(
        "einsum",
        lambda a, b: edf.Einsum("nij,jk->nk", a, b),
        normal(B, (4, 2)),
        lambda a, b: (a @ b).sum(axis=1),
    ),
    Row("einsum-trace", lambda a: edf.Einsum("ii", a), normal((3, 3)), np.trace),
    Row(
        "einsum-diagonal",
        lambda a, b, c: edf.Einsum("ii,i,k->ik", a, b, c),
        normal((3, 3), (3,), (2,)),
        lambda a, b, c: np.outer(np.diag(a) * b, c),
    ),
    Row(
        "einsum-dots",  # further axes broadcast: (4, 1) beside (2,), and none
        lambda a, b, c: edf.Einsum("...ij,j...k,k->...ik", a, b, c),
        normal((4, 1, 3, 2), (2, 2, 3), (3,)),
        lambda a, b, c: (a @ b.transpose(1, 0, 2)) * c,
    ),
    Row(
        "einsum-dots-diagonal",
        lambda a, b: edf.Einsum("...ii,...i", a, b),
        normal((1, 2, 2), (3, 2)),
        lambda a, b: np.sum(np.diagonal(a, axis1=1, axis2=2) * b, axis=1),
    ),
    Row("rearrange", lambda x: np.flip(x, 1), normal(M), lambda x: x[:, ::-1]),
    Row(
        "rearrange-filled",
        lambda x: np.tril(x, -1),
        normal((3, 3)),
        lambda x: x * (np.arange(3) < np.arange(3)[:, None]),
    ),
    Row(
        "rearrange-twice",
        lambda x: np.take(x, [0, 2, 0], axis=1),
        normal((2, 3)),
        lambda x: x @ np.array([[1.0, 0, 1], [0, 0, 0], [0, 1, 0]]),
    ),
    Row(
        "pad",
        lambda x: edf.Pad(x, 1, 2.0),
        normal(M),
        lambda x: np.block(
            [
                [np.full((1, 6), 2.0)],
                [np.full((3, 1), 2.0), x, np.full((3, 1), 2.0)],
                [np.full((1, 6), 2.0)],
            ]
        ),
    ),
    Row(
        "pad-sides",
        lambda x: edf.Pad(x, ((0, 2), (1, 0))),
        normal(M),
        lambda x: np.vstack((np.hstack((np.zeros((3, 1)), x)), np.zeros((2, 5)))),
    ),
    Row("split", lambda x: edf.Split(x, 2, axis=1)[1], normal(M), lambda x: x[:, 2:]),
    Row(
        "repeat",
        lambda x: edf.Repeat(x, 2),
        normal(M),
        lambda x: np.array([e for e in x.ravel() for _ in range(2)]),
    ),
    Row(
        "repeat-axis",
        lambda x: edf.Repeat(x, 3, axis=1),
        normal(B),
        lambda x: np.stack((x, x, x), 2).reshape(2, 9, 4),
    ),
    Row(
        "tile",
        lambda x: edf.Tile(x, (2, 1, 2)),
        normal(M),
        lambda x: np.array([np.hstack((x, x))] * 2),
    ),
    Row("sort", edf.Sort, distinct(M), lambda x: np.array([sorted(row) for row in x])),
    Row(
        "sort-axis",
        lambda x: edf.Sort(x, axis=0),
        distinct(M),
        lambda x: np.array([sorted(row) for row in x.T]).T,
    ),
    Row(
        "binary-cross-entropy",
        edf.BinaryCrossEntropy,
        logits_and_targets,
        lambda x, t: -(t * np.log(logistic(x)) + (1 - t) * np.log(1 - logistic(x))).mean(),
    ),
    Row(
        "huber",
        lambda x, t: edf.Huber(x, t, 0.6),
        distinct(M, M),
        lambda x, t: np.where(abs(x - t) < 0.6, (x - t) ** 2 / 2, 0.6 * abs(x - t) - 0.18).mean(),
    ),
    Row(
        "kl",
        edf.KL,
        probabilities,
        lambda P, Q: np.mean(
            [(p * (np.log(p) - np.log(q))).sum() for p, q in zip(P, Q, strict=True)]
        ),
    ),
    Row("batch-norm", edf.BatchNorm, normal((6, 3), (3,), (3,)), batch_normalised),
    Row("batch-norm-images", edf.BatchNorm, normal((3, 2, 2, 3), (2,), (2,)), batch_normalised),
    Row(
        "conv-1d",
        lambda x, w: edf.Conv1D(x, w, stride=2, padding=1),
        normal((2, 3, 7), (4, 3, 2)),
        lambda x, w: convolved_1d(x, w, 2, 1),
    ),
    Row(
        "attention",
        lambda q, k, v: edf.Attention(q, k, v, heads=2),
        normal((2, 3, 4), (2, 5, 4), (2, 5, 4)),
        lambda q, k, v: attended(q, k, v, 2, False),
    ),
    Row(
        "attention-causal",
        lambda q, k, v: edf.Attention(q, k, v, causal=True),
        normal((1, 4, 2), (1, 4, 2), (1, 4, 2)),
        lambda q, k, v: attended(q, k, v, 1, True),
    ),
    Row(
        "multi-head-attention",
        lambda x, *W: edf.MultiHeadAttention(x, *W, heads=2),
        normal((1, 3, 4), *[(4, 4)] * 4),
        lambda x, q, k, v, o: attended(x @ q, x @ k, x @ v, 2, False) @ o,
    ),
    Row(
        "rnn-cell",
        edf.RNNCell,
        normal((3, 2), (3, 4), (2, 4), (4, 4), (4,)),
        lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b),
    ),
    Row(
        "lstm-cell",
        lambda *args: edf.LSTMCell(*args)[0],
        normal((3, 2), (3, 4), (3, 4), (2, 16), (4, 16), (16,)),
        lstm,
    ),
    Row(
        "grad",
        lambda x: edf.Grad(sum_of_cubes(x), x),
        normal(V),
        lambda x: 3 * x**2 * np.sin(x).sum() + (x**3).sum() * np.cos(x),
    ),
    Row(
        "jacobian",
        lambda x: edf.Jacobian(x**2 * edf.Sum(x), x),
        normal((3,)),
        lambda x: np.diag(2 * x * x.sum()) + np.outer(x * x, np.ones(3)),
    ),
    Row(
        "hessian",
        lambda x: edf.Hessian(sum_of_cubes(x), x),
        normal((3,)),
        lambda x: (
            np.diag(6 * x * np.sin(x).sum() - (x**3).sum() * np.sin(x))
            + np.outer(3 * x**2, np.cos(x))
            + np.outer(np.cos(x), 3 * x**2)
        ),
    ),
]
