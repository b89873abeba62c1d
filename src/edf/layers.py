"""Operations that are layers of a network: normalisation, dropout, convolution and pooling.

Images are (batch, channels, height, width). `grad` is as in `edf.ops`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edf.graph import Array, Node


class LayerNorm(Node):
    """y = gain * (x - m) / sqrt(v + eps) + bias; m and v are mean and variance over the last axis.

    Shapes: x (..., n), gain (n,), bias (n,). With z the normalised x and dz = gain * dy,
    dx = (dz - mean(dz) - z mean(dz z)) / sqrt(v + eps). Ba, Kiros and Hinton, 2016.
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


class Dropout(Node):
    """y = x / (1 - rate) where kept, 0 where dropped, each entry dropped with probability `rate`.

    Every forward drops others. With `training = False` (see `edf.train.evaluating`) y = x.

    Args:
        rate: The probability, from 0 to below 1.
        rng: A generator, or a seed for one.
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
    """y[n,o,p,q] = sum_c,i,j x[n, c, s p + i, s q + j] w[o, c, i, j], the cross-correlation.

    Shapes: x (n, c, height, width), w (o, c, i, j) -> (n, o, p, q),
    p = (height + 2 padding - i) // stride + 1.

    Args:
        stride: s, the step from one window to the next.
        padding: The zeros put around the images, on every side.
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
    """y = the largest entry of each window; of entries that tie, the first gets the gradient."""

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
        entries = windows.reshape(*windows.shape[:4], -1)
        return entries, entries.real.argmax(axis=-1)


class AvgPool2D(Pooling):
    """y = the mean of each window."""

    def forward(self, x: Array) -> Array:
        return self.windows(x).mean(axis=(-1, -2))

    def backward(self, grad: Array, x: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        for _, _, seen in _offsets(dx, grad, self.size, self.stride):
            seen += grad / (self.size[0] * self.size[1])
        return dx


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
