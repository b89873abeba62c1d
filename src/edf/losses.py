"""Losses: numbers to be minimised, each a mean over the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node


class CrossEntropy(Node):
    """l = mean_n( log sum_j exp(x_nj) - x_n,label_n ): the log loss of softmax(x), fused.

    Logits (..., n) and integer labels (...) -> a number. dx = (softmax(x) - onehot(label)) / batch.
    Exact where softmax would underflow.
    """

    def forward(self, x: Array, labels: Array) -> Array:
        check_labels(self, x, labels)
        top = x.real.max(axis=-1, keepdims=True)
        total = np.exp(x - top).sum(axis=-1, keepdims=True)
        return np.mean(np.log(total) - np.take_along_axis(x - top, labels[..., None], axis=-1))

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        top = x.real.max(axis=-1, keepdims=True)
        e = np.exp(x - top)
        scale = grad / max(labels.size, 1)
        dx = e * (scale / e.sum(axis=-1, keepdims=True))
        index = labels[..., None]
        np.put_along_axis(dx, index, np.take_along_axis(dx, index, axis=-1) - scale, axis=-1)
        return dx, None


class LogLoss(Node):
    """l = -mean_n log P[n, label_n]: probabilities (..., n), integer labels (...) -> a number.

    Infinite where a labelled probability is 0: `CrossEntropy` of the logits is finite there.
    """

    def forward(self, P: Array, labels: Array) -> Array:
        check_labels(self, P, labels)
        return -np.mean(np.log(np.take_along_axis(P, labels[..., None], axis=-1)))

    def backward(self, grad: Array, P: Array, labels: Array) -> Any:
        index = labels[..., None]
        slope = -grad / (max(labels.size, 1) * np.take_along_axis(P, index, axis=-1))
        dP = np.zeros_like(P, dtype=slope.dtype)
        np.put_along_axis(dP, index, slope, axis=-1)
        return dP, None


def check_labels(node: Node, x: Array, labels: Array) -> None:
    """Raise `GraphError` unless `labels` has one integer in 0..n-1 for each row of x (..., n)."""
    operation = type(node).__name__
    if np.ndim(x) == 0 or np.shape(labels) != np.shape(x)[:-1]:
        raise GraphError(
            f"{operation}: shapes {np.shape(x)} and {np.shape(labels)} do not fit: "
            "labels have the shape of the scores without their last axis"
        )
    if labels.dtype.kind not in "iu":
        raise GraphError(f"{operation}: labels are integers, not {labels.dtype}")
    if labels.size and not (labels.min() >= 0 and labels.max() < x.shape[-1]):
        raise GraphError(
            f"{operation}: labels lie in 0..{x.shape[-1] - 1}, "
            f"but range from {labels.min()} to {labels.max()}"
        )
