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
]
