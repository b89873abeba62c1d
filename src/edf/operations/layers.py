"""Operations that are layers of a network: normalisation, dropout, convolution, attention.

Images are (batch, channels, height, width). `grad` is as in `elementary`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edf.graph import Array, Node, as_node
from edf.operations.arrays import Index, Pad, Split
from edf.operations.elementary import Sigmoid, Tanh


class LayerNorm(Node):
    r"""Normalisation over the last axis: x (..., n), gain (n,), bias (n,).

    With the mean and the variance of each row,

    $$m_i = \frac{1}{d} \sum_{j=1}^{d} x_{ij}$$

    $$v_i = \frac{1}{d} \sum_{j=1}^{d} (x_{ij} - m_i)^2$$

    $$y_{ij} = g_j \frac{x_{ij} - m_i}{\sqrt{v_i + \epsilon}} + b_j$$

    With z the normalised x,

    $$\frac{\partial l}{\partial x_{ij}} = \frac{1}{\sqrt{v_i + \epsilon}} \left(
    g_j \frac{\partial l}{\partial y_{ij}}
    - \frac{1}{d} \sum_k g_k \frac{\partial l}{\partial y_{ik}}
    - \frac{z_{ij}}{d} \sum_k g_k \frac{\partial l}{\partial y_{ik}} z_{ik}
    \right)$$

    Ba, Kiros and Hinton, 2016.

    On the formula sheet: [layer norm backward][layer-norm-backward].

    Examples:
        >>> x, d, epsilon = Param([[1.0, 2.0, 6.0], [0.0, 3.0, 6.0]]), 3, 1e-5
        >>> g, b = Param([1.0, 2.0, 1.0]), Param([0.0, 0.0, 1.0])
        >>> m, v = Mean(x, axis=1), Var(x, axis=1)
        >>> z = (x - Reshape(m, (2, 1))) / Sqrt(Reshape(v, (2, 1)) + epsilon)
        >>> y = LayerNorm(x, g, b, eps=epsilon)
        >>> l = AnyFunction()(y)
        >>> print(y.forward().round(4))
        [[-0.9258 -0.9258  2.3887]
         [-1.2247  0.      2.2247]]
    """

    rule = "gain and bias are as long as the last axis of x"

    def __init__(self, x: Any, gain: Any, bias: Any, eps: float = 1e-5) -> None:
        super().__init__(x, gain, bias)
        self.eps = eps

    def forward(self, x: Array, gain: Array, bias: Array) -> Array:
        if not np.shape(gain) == np.shape(bias) == np.shape(x)[-1:]:
            raise ValueError
        z, _ = self._normalised(x)
        return gain * z + bias

    def backward(self, grad: Array, x: Array, gain: Array, bias: Array) -> Any:
        z, deviation = self._normalised(x)
        dz = grad * gain
        mean_dz = dz.mean(axis=-1, keepdims=True)
        dx = (dz - mean_dz - z * (dz * z).mean(axis=-1, keepdims=True)) / deviation
        return dx, grad * z, grad

    def _normalised(self, x: Array) -> tuple[Array, Array]:
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.eps)
        return centred / deviation, deviation


class BatchNorm(Node):
    r"""Normalisation over the batch: x (batch, n) or (batch, n, ...), gain (n,), bias (n,).

    Mean and variance are those of the batch, over all axes but the second:

    $$y_{ij} = g_j \frac{x_{ij} - m_j}{\sqrt{v_j + \epsilon}} + b_j$$

    $$\frac{\partial l}{\partial g_j}
    = \sum_i \frac{\partial l}{\partial y_{ij}} \frac{x_{ij} - m_j}{\sqrt{v_j + \epsilon}}$$

    With `training = False` (see `edf.train.evaluating`) they are moving averages over the batches
    that were seen, of variances with k - 1 in place of the number k of entries, as in the paper. dx
    is as for `LayerNorm`. Ioffe and Szegedy, 2015.

    On the formula sheet: [batch norm backward][batch-norm-backward].

    Args:
        eps: Keeps the quotient finite.
        momentum: The share of a new batch in the moving averages.

    Examples:
        >>> x, epsilon = Param([[1.0, 4.0], [2.0, 6.0], [6.0, 5.0]]), 1e-5
        >>> g, b = Param([1.0, 2.0]), Param([0.0, 1.0])
        >>> m, v = Mean(x, axis=0), Var(x, axis=0)
        >>> y = BatchNorm(x, g, b, eps=epsilon)
        >>> l = AnyFunction()(y)
        >>> print(y.forward().round(4))
        [[-0.9258 -1.4495]
         [-0.4629  3.4495]
         [ 1.3887  1.    ]]
    """

    rule = "x is (batch, n, ...), gain and bias (n,)"

    def __init__(
        self, x: Any, gain: Any, bias: Any, eps: float = 1e-5, momentum: float = 0.1
    ) -> None:
        super().__init__(x, gain, bias)
        self.eps, self.momentum, self.training = eps, momentum, True
        self.running_mean: Array | float = 0.0
        self.running_variance: Array | float = 1.0

    def forward(self, x: Array, gain: Array, bias: Array) -> Array:
        if x.ndim < 2 or not np.shape(gain) == np.shape(bias) == x.shape[1:2]:
            raise ValueError
        mean, variance = self._moments(x)
        if self.training and not np.iscomplexobj(x):
            new, count = self.momentum, x.size / max(x.shape[1], 1)
            unbiased = variance * (count / max(count - 1, 1))  # of all data, guessed from a batch
            self.running_mean = (1 - new) * self.running_mean + new * mean
            self.running_variance = (1 - new) * self.running_variance + new * unbiased
        z = (x - mean) / np.sqrt(variance + self.eps)
        return self._channels(gain, x) * z + self._channels(bias, x)

    def backward(self, grad: Array, x: Array, gain: Array, bias: Array) -> Any:
        axes = self._axes(x)
        mean, variance = self._moments(x)
        deviation = np.sqrt(variance + self.eps)
        z = (x - mean) / deviation
        dz = grad * self._channels(gain, x)
        if self.training:
            share = dz.mean(axis=axes, keepdims=True) + z * (dz * z).mean(axis=axes, keepdims=True)
            dz = dz - share
        return dz / deviation, (grad * z).sum(axis=axes), grad.sum(axis=axes)

    def _moments(self, x: Array) -> tuple[Any, Any]:
        if not self.training:
            return self.running_mean, self.running_variance
        mean = x.mean(axis=self._axes(x), keepdims=True)
        return mean, ((x - mean) ** 2).mean(axis=self._axes(x), keepdims=True)

    @staticmethod
    def _axes(x: Array) -> tuple[int, ...]:
        return (0, *range(2, x.ndim))

    @staticmethod
    def _channels(v: Array, x: Array) -> Array:
        """Return v (n,) in a shape that broadcasts along the second axis of x."""
        return np.reshape(v, (-1, *(1,) * (x.ndim - 2)))


class Dropout(Node):
    """Each entry dropped with probability `rate`: 0 where dropped, else x / (1 - rate).

    Every forward drops others. With `training = False` (see `edf.train.evaluating`) the value is x.

    Args:
        rate: The probability, from 0 to below 1.
        rng: A generator, or a seed for one.

    Examples:
        >>> x = Param([1.0, 2.0, 3.0, 4.0])
        >>> y = Dropout(x, 0.5, rng=3)
        >>> print(y.forward())
        [0. 0. 6. 8.]
    """

    def __init__(self, x: Any, rate: float, rng: np.random.Generator | int) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"the rate of a dropout lies in [0, 1), but is {rate}")
        super().__init__(x)
        self.rate, self.rng, self.training = rate, np.random.default_rng(rng), True
        self.kept: Array | bool = True

    def forward(self, x: Array) -> Array:
        self.kept = self.rng.random(np.shape(x)) >= self.rate if self.training else True
        return self._masked(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return self._masked(grad)

    def _masked(self, x: Array) -> Array:
        return np.where(self.kept, x / (1 - self.rate), 0) if self.training else x


class Conv2D(Node):
    r"""The cross-correlation: x (n, c, height, width), w (o, c, h, k) -> (n, o, p, q).

    In general y[n,o,p,q] = sum_c,i,j x[n, c, s p + i, s q + j] w[o, c, i, j], and
    p = (height + 2 padding - h) // stride + 1. For one image and one filter of 2 x 2, where a, b, c
    and d are the image without its last or first row, and without its last or first column,

    $$z_{pq} = w_{11} a_{pq} + w_{12} b_{pq} + w_{21} c_{pq} + w_{22} d_{pq}$$

    The gradient of an entry of the filter is a sum over all windows; G is that of w:

    $$G_{22} = \sum_{p,q} \frac{\partial l}{\partial z_{pq}} d_{pq}$$

    On the formula sheet: [convolution by the kernel][convolution-by-the-kernel].

    Args:
        stride: s, the step from one window to the next.
        padding: The zeros put around the images, on every side.

    Examples:
        >>> x, w = Param(np.arange(9.0).reshape(3, 3)), Param([[1.0, 10.0], [2.0, 1.0]])
        >>> a, b, c, d = x[:-1, :-1], x[:-1, 1:], x[1:, :-1], x[1:, 1:]
        >>> y = Conv2D(Reshape(x, (1, 1, 3, 3)), Reshape(w, (1, 1, 2, 2)))
        >>> z = y[0, 0]
        >>> l = AnyFunction()(z)
        >>> G = Grad(l, w)
        >>> print(z.forward())
        [[20. 34.]
         [62. 76.]]
    """

    rule = "x is (n, c, height, width), w (o, c, i, j), with windows i x j that fit the images"

    def __init__(self, x: Any, w: Any, stride: int = 1, padding: int = 0) -> None:
        if stride < 1 or padding < 0:
            raise ValueError(f"Conv2D: stride {stride} and padding {padding}: at least 1 and 0")
        super().__init__(x, w)
        self.stride, self.padding = stride, padding

    def forward(self, x: Array, w: Array) -> Array:
        windows = _windows(self._padded(x), w.shape[2:], self.stride)
        return np.moveaxis(np.tensordot(windows, w, ([1, 4, 5], [1, 2, 3])), -1, 1)

    def backward(self, grad: Array, x: Array, w: Array) -> Any:
        dx = dw = None
        if self.wants(1):
            windows = _windows(self._padded(x), w.shape[2:], self.stride)
            dw = np.tensordot(grad, windows, ([0, 2, 3], [0, 2, 3]))
        if self.wants(0):
            n, c, height, width = x.shape
            pad = self.padding
            dpadded = np.zeros((n, c, height + 2 * pad, width + 2 * pad), np.result_type(grad, w))
            for i, j, seen in _offsets(dpadded, grad, w.shape[2:], self.stride):
                seen += np.moveaxis(np.tensordot(grad, w[:, :, i, j], ([1], [0])), -1, 1)
            dx = dpadded[:, :, pad : pad + height, pad : pad + width]
        return dx, dw

    def _padded(self, x: Array) -> Array:
        pad = (self.padding, self.padding)
        return np.pad(x, ((0, 0), (0, 0), pad, pad)) if self.padding else x


def Conv1D(x: Any, w: Any, stride: int = 1, padding: int = 0) -> Node:
    r"""The cross-correlation of sequences: x (n, c, length), w (o, c, i) -> (n, o, p).

    For one sequence x and one filter of two entries, with a the sequence without its last entry and
    c without its first,

    $$z_i = w_1 a_i + w_2 c_i$$

    $$\frac{\partial l}{\partial w_2} = \sum_i \frac{\partial l}{\partial z_i} c_i$$

    It is `Conv2D` of images one pixel high: y[n,o,p] = sum_c,i x[n, c, s p + i] w[o, c, i].

    On the formula sheet: [convolution by the signal][convolution-by-the-signal].

    Examples:
        >>> x, w = Param([1.0, 2.0, 3.0, 5.0]), Param([1.0, 10.0])
        >>> a, c = x[:-1], x[1:]
        >>> y = Conv1D(Reshape(x, (1, 1, 4)), Reshape(w, (1, 1, 2)))
        >>> z = y[0, 0]
        >>> l = AnyFunction()(z)
        >>> print(z.forward())
        [21. 32. 53.]
    """
    x, w = as_node(x), as_node(w)
    images: Node = Index(x, (slice(None), slice(None), None))
    if padding:
        images = Pad(images, ((0, 0), (0, 0), (0, 0), (padding, padding)))
    return Conv2D(images, Index(w, (slice(None), slice(None), None)), stride)[:, :, 0]


class Pooling(Node):
    """Each window of size x size of each channel becomes one number; windows do not overlap by
    default, and what is left at the lower and right edge is ignored.

    Args:
        size: The height and width of a window.
        stride: The step from one window to the next.
    """

    rule = "x is (n, c, height, width), and a window fits the images"

    def __init__(self, x: Any, size: int = 2, stride: int | None = None) -> None:
        stride = size if stride is None else stride
        if size < 1 or stride < 1:
            raise ValueError(f"{type(self).__name__}: size {size} and stride {stride}: at least 1")
        super().__init__(x)
        self.size, self.stride = (size, size), stride

    def windows(self, x: Array) -> Array:
        """Return a view of x as (n, c, p, q, size, size)."""
        return _windows(x, self.size, self.stride)


class MaxPool2D(Pooling):
    r"""The largest entry of each window; of entries that tie, the first gets the gradient.

    With a, b, c and d the four entries of each window of an image, and z what it becomes,

    $$z_{pq} = \max(a_{pq}, b_{pq}, c_{pq}, d_{pq})$$

    Examples:
        >>> x = Param(np.arange(16.0).reshape(4, 4))
        >>> a, b, c, d = x[::2, ::2], x[::2, 1::2], x[1::2, ::2], x[1::2, 1::2]
        >>> y = MaxPool2D(Reshape(x, (1, 1, 4, 4)))
        >>> z = y[0, 0]
        >>> print(z.forward())
        [[ 5.  7.]
         [13. 15.]]
    """

    def forward(self, x: Array) -> Array:
        entries, largest = self._entries(x)
        return np.take_along_axis(entries, largest[..., None], axis=-1)[..., 0]

    def backward(self, grad: Array, x: Array) -> Any:
        _, largest = self._entries(x)
        dx = np.zeros_like(x, dtype=grad.dtype)
        for i, j, seen in _offsets(dx, grad, self.size, self.stride):
            seen += grad * (largest == i * self.size[1] + j)
        return dx

    def _entries(self, x: Array) -> tuple[Array, Array]:
        """Return each window as one row, and where its largest entry is."""
        windows = self.windows(x)
        entries = windows.reshape(*windows.shape[:4], self.size[0] * self.size[1])
        return entries, entries.real.argmax(axis=-1)


class AvgPool2D(Pooling):
    r"""The mean of each window.

    With a, b, c and d the four entries of each window of an image, and z what it becomes,

    $$z_{pq} = \frac{a_{pq} + b_{pq} + c_{pq} + d_{pq}}{4}$$

    Examples:
        >>> x = Param(np.arange(16.0).reshape(4, 4))
        >>> a, b, c, d = x[::2, ::2], x[::2, 1::2], x[1::2, ::2], x[1::2, 1::2]
        >>> y = AvgPool2D(Reshape(x, (1, 1, 4, 4)))
        >>> z = y[0, 0]
        >>> print(z.forward())
        [[ 2.5  4.5]
         [10.5 12.5]]
    """

    def forward(self, x: Array) -> Array:
        return self.windows(x).mean(axis=(-1, -2))

    def backward(self, grad: Array, x: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        for _, _, seen in _offsets(dx, grad, self.size, self.stride):
            seen += grad / (self.size[0] * self.size[1])
        return dx


# --------------------------------------------------------------------------------------- sequences


class Attention(Node):
    r"""Weighted means of values, by how well keys fit queries; Vaswani et al., 2017.

    For each head, with d columns,

    $$S_{ij} = \frac{1}{\sqrt{d}} \sum_k Q_{ik} K_{jk}$$

    $$P_{ij} = \frac{e^{S_{ij}}}{\sum_k e^{S_{ik}}}$$

    $$Y = P V$$

    $$\nabla_V l = P^\top \nabla_Y l$$

    Shapes: Q (..., n, heads d), K and V (..., m, heads d) -> (..., n, heads d). Head h takes
    columns h d to (h + 1) d of Q, K and V, and gives those of Y. The gradients of
    the scores and what they are made of: dP = dY V^T, dS = P (dP - sum dP P), dQ = dS K / sqrt(d)
    and dK = dS^T Q / sqrt(d).

    On the formula sheet: [attention by the values][attention-by-the-values].

    Args:
        heads: How many heads there are.
        causal: Whether a position sees only itself and those before it.

    Examples:
        >>> Q, K, V = Param(np.eye(3, 2)), Param(np.eye(3, 2)), Param(np.arange(6.0).reshape(3, 2))
        >>> S, d = Q @ K.T / 2**0.5, 2
        >>> P = Softmax(S)
        >>> Y = Attention(Q, K, V)
        >>> l = AnyFunction()(Y)
        >>> print(Y.forward().round(4))
        [[1.4895 2.4895]
         [2.     3.    ]
         [2.     3.    ]]
    """

    rule = "Q is (..., n, width), K and V (..., m, width), and width a multiple of the heads"

    def __init__(self, Q: Any, K: Any, V: Any, heads: int = 1, causal: bool = False) -> None:
        super().__init__(Q, K, V)
        self.heads, self.causal = heads, causal

    def forward(self, Q: Array, K: Array, V: Array) -> Array:
        if K.shape != V.shape or Q.shape[-1] != K.shape[-1] or Q.shape[-1] % self.heads:
            raise ValueError
        q, k, v = map(self._split, (Q, K, V))
        return self._joined(self._weights(q, k) @ v)

    def backward(self, grad: Array, Q: Array, K: Array, V: Array) -> Any:
        q, k, v, dy = map(self._split, (Q, K, V, grad))
        P = self._weights(q, k)
        dP = dy @ v.mT
        dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True)) / math.sqrt(q.shape[-1])
        return self._joined(dS @ k), self._joined(dS.mT @ q), self._joined(P.mT @ dy)

    def _weights(self, q: Array, k: Array) -> Array:
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if self.causal:
            seen = np.tri(*scores.shape[-2:]) > 0
            scores = np.where(seen, scores, -np.inf)
        e = np.exp(scores - scores.real.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def _split(self, x: Array) -> Array:
        """Return (..., n, heads d) as (..., heads, n, d)."""
        return x.reshape(*x.shape[:-1], self.heads, -1).swapaxes(-2, -3)

    def _joined(self, x: Array) -> Array:
        """Return (..., heads, n, d) as (..., n, heads d)."""
        x = x.swapaxes(-2, -3)
        return x.reshape(*x.shape[:-2], -1)


def MultiHeadAttention(
    x: Any, Wq: Any, Wk: Any, Wv: Any, Wo: Any, heads: int, causal: bool = False
) -> Node:
    r"""`Attention` of x (..., n, width) to itself: projected by Wq, Wk, Wv, and the result by Wo.

    With A the attention of Q = x Wq to K = x Wk with the values V = x Wv, and O for Wo,

    $$Y = A O$$

    $$\nabla_O l = A^\top \nabla_Y l$$

    Examples:
        >>> x, W, O = Param(np.eye(3, 2)), Param(np.eye(2)), Param([[1.0, 2.0], [0.5, 1.0]])
        >>> A = Attention(x @ W, x @ W, x @ W, heads=2)
        >>> Y = MultiHeadAttention(x, W, W, W, O, heads=2)
        >>> l = AnyFunction()(Y)
        >>> print(Y.forward().shape)
        (3, 2)
    """
    x = as_node(x)
    return Attention(x @ Wq, x @ Wk, x @ Wv, heads, causal) @ Wo


def RNNCell(x: Any, h: Any, W: Any, U: Any, b: Any) -> Node:
    r"""The next state of a simple recurrent network; Elman, 1990.

    $$y_{ij} = \tanh\left(\sum_k x_{ik} W_{kj} + \sum_r h_{ir} U_{rj} + b_j\right)$$

    $$\frac{\partial l}{\partial U_{rj}}
    = \sum_i \frac{\partial l}{\partial y_{ij}} \left(1 - y_{ij}^2\right) h_{ir}$$

    Shapes: x (batch, n), h (batch, m), W (n, m), U (m, m), b (m,) -> (batch, m).

    Examples:
        >>> x, h = Param([[1.0, 2.0, 0.5]]), Param([[0.5, 0.2]])
        >>> W, U = Param([[0.1, 0.2], [0.3, 0.1], [0.2, 0.4]]), Param([[0.3, 0.1], [0.1, 0.5]])
        >>> b = Param([0.4, -0.2])
        >>> y = RNNCell(x, h, W, U, b)
        >>> l = AnyFunction()(y)
        >>> print(y.forward().round(4))
        [[0.8787 0.5005]]
    """
    return Tanh(as_node(x) @ W + as_node(h) @ U + b)


def LSTMCell(x: Any, h: Any, c: Any, W: Any, U: Any, b: Any) -> tuple[Node, Node]:
    r"""Return the next (h', c') of a long short-term memory; Hochreiter and Schmidhuber, 1997.

    The columns of W (n, 4m), U (m, 4m) and b (4m,) are those of the gates i, f, o and of g. With u
    for h' and v for c',

    $$v_{kj} = \sigma(f_{kj}) c_{kj} + \sigma(i_{kj}) \tanh g_{kj}$$

    $$u_{kj} = \sigma(o_{kj}) \tanh v_{kj}$$

    $$\frac{\partial v_{kj}}{\partial c_{kj}} = \sigma(f_{kj})$$

    Examples:
        >>> x, h, c = Param([[1.0, 2.0]]), Param([[0.5]]), Param([[0.1]])
        >>> W, U, b = Param(np.full((2, 4), 0.1)), Param(np.ones((1, 4))), Param(np.zeros(4))
        >>> i, f, o, g = Split(x @ W + h @ U + b, 4, axis=-1)
        >>> u, v = LSTMCell(x, h, c, W, U, b)
        >>> print(u.forward().round(4), v.forward().round(4))
        [[0.3334]] [[0.5272]]
    """
    i, f, o, g = Split(as_node(x) @ W + as_node(h) @ U + b, 4, axis=-1)
    c = Sigmoid(f) * c + Sigmoid(i) * Tanh(g)
    return Sigmoid(o) * Tanh(c), c


# ------------------------------------------------------------------------------------------ windows


def _windows(x: Array, size: tuple[int, int], stride: int) -> Array:
    """Return a view of images (n, c, h, w) as windows (n, c, p, q, *size)."""
    if x.ndim != 4:
        raise ValueError
    return sliding_window_view(x, size, axis=(2, 3))[:, :, ::stride, ::stride]


def _offsets(
    dx: Array, grad: Array, size: tuple[int, int], stride: int
) -> Iterator[tuple[int, int, Array]]:
    """Yield each place (i, j) in a window, with the view of dx that it sees in all windows."""
    p, q = grad.shape[2:]
    for i in range(size[0]):
        for j in range(size[1]):
            yield i, j, dx[:, :, i : i + stride * p : stride, j : j + stride * q : stride]
