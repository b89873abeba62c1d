"""Losses and measures of success, each one number for the batch. `grad` is as in `elementary`."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node, ShapeError
from edf.operations.arrays import labelled, require_labels, row_starts
from edf.operations.elementary import sigmoid


class SquaredError(Node):
    r"""The mean squared error over all entries; both inputs have one shape.

    $$l = \frac{1}{n} \sum_{i=1}^{n} (x_i - t_i)^2$$

    $$\frac{\partial l}{\partial x_i} = \frac{2}{n} (x_i - t_i)$$

    Nothing is broadcast: (64, 1) against (64,) would compare each with each.

    On the formula sheet: [mean squared error gradient][mean-squared-error-gradient].

    Examples:
        >>> x, t, n = Param([1.0, 2.0, 4.0]), Param([1.0, 1.0, 1.0]), 3
        >>> l = SquaredError(x, t)
        >>> print(round(l.forward(), 4))
        3.3333
    """

    def forward(self, x: Array, target: Array) -> Array:
        _require_equal(self, x, target)
        return np.mean((x - target) ** 2)

    def backward(self, grad: Array, x: Array, target: Array) -> Any:
        dx = grad * 2 / np.size(x) * (x - target)
        return dx, -dx


class LogLoss(Node):
    r"""The log loss of probabilities (..., n) at integer labels (...): a number.

    $$l = -\frac{1}{n} \sum_{i=1}^{n} \log P_{i, t_i}$$

    $$\frac{\partial l}{\partial P_{ij}} = -\frac{1}{n P_{ij}} \mathbb{1}[j = t_i]$$

    Infinite where a labelled probability is 0: `CrossEntropy` of the logits is finite there.

    Examples:
        >>> P, t, n = Param([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]), Input(np.array([2, 0])), 2
        >>> l = LogLoss(P, t)
        >>> print(round(l.forward(), 6))
        0.524911
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
    r"""The log loss of softmax(x), fused: logits (..., n) and integer labels (...) -> a number.

    $$l = \frac{1}{n} \sum_{i=1}^{n} \left(\log \left(\sum_j e^{x_{ij}}\right) - x_{i, t_i}\right)$$

    $$\frac{\partial l}{\partial x_{ij}} = \frac{1}{n} \left(P_{ij} - \mathbb{1}[j = t_i]\right)$$

    Here P is the softmax of each row. Exact where softmax would underflow.

    On the formula sheet: [cross-entropy gradient][cross-entropy-gradient].

    Examples:
        >>> x, t, n = Param([[1.0, 2.0, 3.0], [3.0, 1.0, 1.0]]), Input(np.array([2, 0])), 2
        >>> P = Softmax(x)
        >>> l = CrossEntropy(x, t)
        >>> print(round(l.forward(), 6))
        0.323575
    """

    #: Logits and labels; exponentials without the labels', their sums, sums of all, labels' places.
    _last: tuple[Array, Array, Array, Array, Array, Array] | None = None

    def forward(self, x: Array, labels: Array) -> Array:
        require_labels(self, x, labels)
        starts = row_starts(x)
        at = starts + np.asarray(labels, np.intp)
        # NumPy searches short rows for their largest entry faster than it reduces them to it.
        shifted = x - x.real.take(starts + x.real.argmax(axis=-1))[..., None]
        e = np.exp(shifted)
        shift, own = shifted.take(at), e.take(at)
        # A label that is all but certain has own = 1: the small sum of the others keeps its digits.
        e.put(at, 0)
        others = np.add.reduce(e, axis=-1)
        rest = others + (own - 1)
        self._last = x, labels, e, others, rest + 1, at
        return np.add.reduce(np.log1p(rest) - shift, axis=None) / at.size

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        last = self._last
        if last is None or last[0] is not x or last[1] is not labels:
            self.forward(x, labels)
        _, _, e, others, totals, at = self._last  # type: ignore[misc]  # forward has set it
        scale = grad / (at.size * totals)
        dx = e * scale[..., None]
        dx.put(at, -others * scale)
        return dx, None


class BinaryCrossEntropy(Node):
    r"""The log loss of sigmoid(x) for targets t from 0 to 1; both of one shape -> a number.

    $$l = \frac{1}{n} \sum_{i=1}^{n} \left(\log(1 + e^{x_i}) - t_i x_i\right)$$

    $$\frac{\partial l}{\partial x_i} = \frac{1}{n} (\sigma(x_i) - t_i)$$

    $$\frac{\partial l}{\partial t_i} = -\frac{1}{n} x_i$$

    On the formula sheet: [binary cross-entropy gradient][binary-cross-entropy-gradient].

    Examples:
        >>> x, t, n = Param([1.0, -2.0, 0.5]), Param([1.0, 0.0, 0.5]), 3
        >>> l = BinaryCrossEntropy(x, t)
        >>> print(round(l.forward(), 6))
        0.388089
    """

    def forward(self, x: Array, target: Array) -> Array:
        _require_equal(self, x, target)
        size = np.where(x.real > 0, -x, x)
        return np.mean(np.where(x.real > 0, x, 0) + np.log1p(np.exp(size)) - target * x)

    def backward(self, grad: Array, x: Array, target: Array) -> Any:
        share = grad / np.size(x)
        return share * (sigmoid(x) - target), -share * x


class Huber(Node):
    r"""A squared error that grows linearly beyond delta; both have one shape. Huber, 1964.

    $$l = \frac{1}{n} \sum_{i=1}^{n} \begin{cases}
    \frac{1}{2} (x_i - t_i)^2 & \text{if } \lvert x_i - t_i \rvert \leq 1 \\
    \lvert x_i - t_i \rvert - \frac{1}{2} & \text{otherwise}
    \end{cases}$$

    In general h(d) = d**2 / 2 for |d| <= delta, else delta (|d| - delta / 2), and

    $$\frac{\partial l}{\partial x_i} = \frac{1}{n} \min(\max(x_i - t_i, -1), 1)$$

    On the formula sheet: [Huber loss derivative][huber-loss-derivative].

    Args:
        delta: Where the quadratic part ends.

    Examples:
        >>> x, t, n = Param([1.0, 2.0, 4.0]), Param([1.5, 1.0, 1.0]), 3
        >>> l = Huber(x, t)
        >>> print(round(l.forward(), 6))
        1.041667
    """

    def __init__(self, x: Any, target: Any, delta: float = 1.0) -> None:
        super().__init__(x, target)
        if not delta > 0:
            raise GraphError(f"Huber: delta is positive, not {delta}")
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
        dx = grad / np.size(x) * clipped
        return dx, -dx


class KL(Node):
    r"""The divergence of Q from P, of one shape, by the rows; Kullback and Leibler, 1951.

    $$l = \frac{1}{n} \sum_{i=1}^{n} \sum_j P_{ij} \log \frac{P_{ij}}{Q_{ij}}$$

    $$\frac{\partial l}{\partial P_{ij}}
    = \frac{1}{n} \left(\log \left(\frac{P_{ij}}{Q_{ij}}\right) + 1\right)$$

    $$\frac{\partial l}{\partial Q_{ij}} = -\frac{P_{ij}}{n Q_{ij}}$$

    The last axis holds probabilities; 0 log 0 = 0.

    On the formula sheet: [KL divergence gradient][kl-divergence-gradient].

    Examples:
        >>> P, Q, n = Param([[0.5, 0.5], [0.25, 0.75]]), Param([[0.25, 0.75], [0.5, 0.5]]), 2
        >>> l = KL(P, Q)
        >>> print(round(l.forward(), 6))
        0.137327
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
        return np.size(P) / np.shape(P)[-1] if np.ndim(P) else 1.0


class MaskedMean(Node):
    r"""The mean of those entries of x whose entry in `mask` is not 0; both have one shape.

    $$l = \frac{\sum_i m_i x_i}{\sum_i m_i}$$

    $$\frac{\partial l}{\partial x_i} = \frac{m_i}{\sum_j m_j}$$

    Examples:
        >>> x, m = Param([1.0, 2.0, 6.0]), np.array([1, 0, 1])
        >>> l = MaskedMean(x, m)
        >>> print(l.forward())
        3.5
    """

    def forward(self, x: Array, mask: Array) -> Array:
        _require_equal(self, x, mask)
        if not np.any(mask):
            raise GraphError("MaskedMean: the mask selects no entry, so there is no mean")
        return np.where(mask, x, 0).sum() / float(np.count_nonzero(mask))

    def backward(self, grad: Array, x: Array, mask: Array) -> Any:
        return np.where(mask, grad / float(np.count_nonzero(mask)), 0), None


class Accuracy(Node):
    """The fraction of rows of x (..., n) whose largest entry is the labelled one. No derivative.

    Examples:
        >>> x, t = Param([[1.0, 3.0], [2.0, 0.0], [5.0, 4.0]]), Input(np.array([1, 0, 1]))
        >>> print(round(Accuracy(x, t).forward(), 4))
        0.6667
    """

    def forward(self, x: Array, labels: Array) -> Array:
        require_labels(self, x, labels)
        return np.mean(x.real.argmax(axis=-1) == labels)

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        raise GraphError("Accuracy is a step function and has no derivative: minimise a loss")


class ArgMax(Node):
    """The index of the largest entry over `axis`: integers. No derivative.

    Examples:
        >>> print(ArgMax(Param([[1.0, 3.0], [2.0, 0.0]])).forward())
        [1 0]
    """

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
            "both have one shape"
        )
    if not np.size(x):
        raise GraphError(f"{type(node).__name__}: a mean of no entries is no number")
