"""Losses and measures of success, each one number for the batch. `grad` is as in `edf.ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.arrays import labelled, require_labels, row_starts
from edf.graph import Array, GraphError, Node, ShapeError
from edf.ops import sigmoid


class SquaredError(Node):
    """l = mean of (x - target)**2 over all entries; both have one shape.

    dx = 2 (x - target) / size. Nothing is broadcast: (64, 1) against (64,) would compare each
    with each.
    """

    def forward(self, x: Array, target: Array) -> Array:
        _require_equal(self, x, target)
        return np.mean((x - target) ** 2)

    def backward(self, grad: Array, x: Array, target: Array) -> Any:
        dx = grad * 2 / max(np.size(x), 1) * (x - target)
        return dx, -dx


class LogLoss(Node):
    """l = -mean_n log P[n, label_n]: probabilities (..., n), integer labels (...) -> a number.

    Infinite where a labelled probability is 0: `CrossEntropy` of the logits is finite there.
    """

    def forward(self, P: Array, labels: Array) -> Array:
        require_labels(self, P, labels)
        at = labelled(P, labels)
        return -np.log(P.take(at)).sum() / at.size

    def backward(self, grad: Array, P: Array, labels: Array) -> Any:
        at = labelled(P, labels)
        dP = np.zeros_like(P, dtype=grad.dtype)
        dP.put(at, -grad / (at.size * P.take(at)))
        return dP, None


class CrossEntropy(Node):
    """l = mean_n( log sum_j exp(x_nj) - x_n,label_n ): the log loss of softmax(x), fused.

    Logits (..., n) and integer labels (...) -> a number. dx = (softmax(x) - onehot(label)) / batch.
    Exact where softmax would underflow.
    """

    by_hand = (
        "np.mean(np.log(np.exp({0}).sum(axis=-1))"
        " - np.take_along_axis({0}, {1}[..., None], -1)[..., 0])",
        "{grad} * (np.exp({0}) / np.exp({0}).sum(axis=-1, keepdims=True)"
        " - np.eye({0}.shape[-1])[{1}]) / {1}.size",
        "None",
    )
    #: Logits and labels; exponentials, their sums, where the labelled entries are.
    _last: tuple[Array, Array, Array, Array, Array] | None = None

    def forward(self, x: Array, labels: Array) -> Array:
        require_labels(self, x, labels)
        starts = row_starts(x)
        at = starts + np.asarray(labels, np.intp)
        # NumPy searches short rows for their largest entry faster than it reduces them to it.
        shifted = x - x.real.take(starts + x.real.argmax(axis=-1))[..., None]
        e = np.exp(shifted)
        totals = e.sum(axis=-1)
        self._last = x, labels, e, totals, at
        return (np.log(totals) - shifted.take(at)).sum() / at.size

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        last = self._last
        if last is None or last[0] is not x or last[1] is not labels:
            self.forward(x, labels)
        _, _, e, totals, at = self._last  # type: ignore[misc]  # forward has set it
        scale = grad / at.size
        dx = e * (scale / totals)[..., None]
        dx.put(at, dx.take(at) - scale)
        return dx, None


class BinaryCrossEntropy(Node):
    """l = mean of log(1 + exp(x)) - t x: the log loss of sigmoid(x) for t = 1 or 0, or between.

    Logits and targets of one shape -> a number. dx = (sigmoid(x) - t) / size, dt = -x / size.
    """

    def forward(self, x: Array, target: Array) -> Array:
        _require_equal(self, x, target)
        size = np.where(x.real > 0, -x, x)
        return np.mean(np.where(x.real > 0, x, 0) + np.log1p(np.exp(size)) - target * x)

    def backward(self, grad: Array, x: Array, target: Array) -> Any:
        share = grad / max(np.size(x), 1)
        return share * (sigmoid(x) - target), -share * x


class Huber(Node):
    """l = mean of h(x - target), h(d) = d**2 / 2 for |d| <= delta, else delta (|d| - delta / 2).

    A squared error that grows linearly beyond delta; both have one shape. dx = clip(d) / size.
    Huber, 1964.

    Args:
        delta: Where the quadratic part ends.
    """

    def __init__(self, x: Any, target: Any, delta: float = 1.0) -> None:
        super().__init__(x, target)
        self.delta = delta

    def forward(self, x: Array, target: Array) -> Array:
        _require_equal(self, x, target)
        d = np.asarray(x - target)
        size = np.where(d.real < 0, -d, d)
        linear = self.delta * (size - self.delta / 2)
        loss: Any = np.mean(np.where(size.real <= self.delta, d * d / 2, linear))
        return loss

    def backward(self, grad: Array, x: Array, target: Array) -> Any:
        d = np.asarray(x - target)
        clipped = np.where(np.abs(d.real) <= self.delta, d, self.delta * np.sign(d.real))
        dx = grad / max(np.size(x), 1) * clipped
        return dx, -dx


class KL(Node):
    """l = mean_n sum_i P[n, i] log(P[n, i] / Q[n, i]): the divergence of Q from P, of one shape.

    The last axis holds probabilities; 0 log 0 = 0. dP = log(P / Q) + 1, dQ = -P / Q, by the number
    of rows. Kullback and Leibler, 1951.
    """

    def forward(self, P: Array, Q: Array) -> Array:
        _require_equal(self, P, Q)
        return np.sum(P * self._logarithm(P, Q)) / self._rows(P)

    def backward(self, grad: Array, P: Array, Q: Array) -> Any:
        share = grad / self._rows(P)
        return share * (self._logarithm(P, Q) + 1), -share * P / Q

    @staticmethod
    def _logarithm(P: Array, Q: Array) -> Any:
        return np.log(np.where(P == 0, 1, P / Q))

    @staticmethod
    def _rows(P: Array) -> float:
        return max(np.size(P), 1) / max(np.shape(P)[-1], 1) if np.ndim(P) else 1.0


class MaskedMean(Node):
    """l = mean of those entries of x whose entry in `mask` is not 0; both have one shape."""

    def forward(self, x: Array, mask: Array) -> Array:
        _require_equal(self, x, mask)
        if not np.any(mask):
            raise GraphError("MaskedMean: the mask selects no entry, so there is no mean")
        return np.where(mask, x, 0).sum() / float(np.count_nonzero(mask))

    def backward(self, grad: Array, x: Array, mask: Array) -> Any:
        return np.where(mask, grad / float(np.count_nonzero(mask)), 0), None


class Accuracy(Node):
    """The fraction of rows of x (..., n) whose largest entry is the labelled one. No derivative."""

    def forward(self, x: Array, labels: Array) -> Array:
        require_labels(self, x, labels)
        return np.mean(x.real.argmax(axis=-1) == labels)

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        raise GraphError("Accuracy is a step function and has no derivative: minimise a loss")


class ArgMax(Node):
    """The index of the largest entry over `axis`: integers. No derivative."""

    rule = "axis is one that the array has"

    def __init__(self, x: Any, axis: int | None = -1) -> None:
        super().__init__(x)
        self.axis = axis

    def forward(self, x: Array) -> Array:
        return np.asarray(x.real.argmax(axis=self.axis))

    def backward(self, grad: Array, x: Array) -> Any:
        raise GraphError("ArgMax is a step function and has no derivative: use Softmax")


def _require_equal(node: Node, x: Array, y: Array) -> None:
    if np.shape(x) != np.shape(y):
        raise ShapeError(
            f"{type(node).__name__}: shapes {np.shape(x)} and {np.shape(y)} do not fit: "
            "they are equal"
        )
