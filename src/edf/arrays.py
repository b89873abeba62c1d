"""Operations that move entries about: reshaping, joining, indexing. `grad` is as in `edf.ops`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node, ShapeError


class Reshape(Node):
    """y = x with another shape: the same entries in the same order, last axis fastest.

    Args:
        shape: The new shape; one length may be -1, and is then worked out.
    """

    def __init__(self, x: Any, shape: Sequence[int] | int) -> None:
        super().__init__(x)
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.rule = f"the new shape {self.shape} holds as many entries"

    def forward(self, x: Array) -> Array:
        return np.reshape(x, self.shape)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.reshape(grad, np.shape(x))


class Transpose(Node, sign="T"):
    """y = x with its axes in another order; by default reversed, which transposes a matrix.

    Args:
        axes: y's axis k is x's axis `axes[k]`.
    """

    rule = "axes names every axis of the array once"

    def __init__(self, x: Any, axes: Sequence[int] | None = None) -> None:
        super().__init__(x)
        self.axes = None if axes is None else tuple(axes)

    def forward(self, x: Array) -> Array:
        return np.transpose(x, self.axes)

    def backward(self, grad: Array, x: Array) -> Any:
        order = range(grad.ndim) if self.axes is None else [axis % grad.ndim for axis in self.axes]
        return np.transpose(grad, None if self.axes is None else np.argsort(order))


class Concatenate(Node):
    """y = the inputs one after the other along `axis`, along which their lengths may differ."""

    rule = "all lengths but those along the axis are equal"

    def __init__(self, inputs: Sequence[Any], axis: int = 0) -> None:
        super().__init__(*inputs)
        self.axis = axis

    def forward(self, *arrays: Array) -> Array:
        return np.concatenate(arrays, axis=self.axis)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        ends = np.cumsum([array.shape[self.axis] for array in arrays])[:-1]
        return tuple(np.split(grad, ends, axis=self.axis))


class Stack(Node):
    """y = the inputs, all of one shape, along a new axis that becomes number `axis`."""

    rule = "all shapes are equal"

    def __init__(self, inputs: Sequence[Any], axis: int = 0) -> None:
        super().__init__(*inputs)
        self.axis = axis

    def forward(self, *arrays: Array) -> Array:
        return np.stack(arrays, axis=self.axis)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        return tuple(np.moveaxis(grad, self.axis, 0))


class Index(Node, sign="[]"):
    """y = x[key]: what NumPy's indexing gives. Nodes in `key` are integer arrays: labels, indices.

    An entry of x that is picked twice gets the sum of both gradients.
    """

    rule = "the index lies within the array"

    def __init__(self, x: Any, key: Any) -> None:
        self.key = key if isinstance(key, tuple) else (key,)
        super().__init__(x, *(part for part in self.key if isinstance(part, Node)))

    def forward(self, x: Array, *indices: Array) -> Array:
        for index in indices:
            require_integers(self, index)
        return x[self._filled(indices)]

    def backward(self, grad: Array, x: Array, *indices: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        np.add.at(dx, self._filled(indices), grad)
        return dx, *(None for _ in indices)

    def _filled(self, indices: tuple[Array, ...]) -> tuple[Any, ...]:
        given = iter(indices)
        return tuple(next(given) if isinstance(part, Node) else part for part in self.key)

    def detach(self, shared: dict[int, Any]) -> None:
        """Make the key of a copied node refer to copied nodes."""
        given = iter(self.inputs[1:])
        self.key = tuple(next(given) if isinstance(part, Node) else part for part in self.key)


class Pick(Node):
    """y_n = x[n, label_n], the entry that a label names: (..., n), integers (...) -> (...)."""

    def forward(self, x: Array, labels: Array) -> Array:
        require_labels(self, x, labels)
        return x.take(labelled(x, labels))

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        dx.put(labelled(x, labels), grad)
        return dx, None


class Embedding(Node):
    """y_n = table[index_n], a row of the table: (rows, d), integers (...) -> (..., d).

    A row that is looked up more than once gets the sum of the gradients.
    """

    def forward(self, table: Array, indices: Array) -> Array:
        require_integers(self, indices)
        require_range(self, "indices", indices, len(table))
        return table[indices]

    def backward(self, grad: Array, table: Array, indices: Array) -> Any:
        dtable = np.zeros_like(table, dtype=grad.dtype)
        np.add.at(dtable, indices, grad)
        return dtable, None


def row_starts(x: Array) -> Array:
    """Return where the rows of x (..., n) begin among its entries, one after another: (...)."""
    return np.arange(0, x.size, x.shape[-1]).reshape(x.shape[:-1])


def labelled(x: Array, labels: Array) -> Array:
    """Return where x[n, label_n] is among the entries of x, for `take` and `put`: (...)."""
    return row_starts(x) + np.asarray(labels, np.intp)  # which may be unsigned, or a number


def largest(x: Array) -> Any:
    """Return the largest entry of x: NumPy finds its place faster than it reduces x to it."""
    return x.item(x.argmax())


def require_integers(node: Node, indices: Array) -> None:
    """Raise `GraphError` unless `indices` are integers."""
    if indices.dtype.kind not in "iu":
        raise GraphError(
            f"{type(node).__name__}: labels and indices are integers, not {indices.dtype}"
        )


def require_range(node: Node, what: str, indices: Array, size: int) -> None:
    """Raise `GraphError` unless all `indices` lie in 0..size-1: -1 would silently mean the last."""
    # Without its sign a negative number is a large one, so that one comparison finds both.
    if indices.size and largest(indices.astype(np.uint64)) >= size:
        raise GraphError(
            f"{type(node).__name__}: {what} lie in 0..{size - 1}, "
            f"but go from {indices.min()} to {indices.max()}"
        )


def require_labels(node: Node, x: Array, labels: Array) -> None:
    """Raise `GraphError` unless `labels` has one integer in 0..n-1 for each row of x (..., n)."""
    labels = np.asarray(labels)
    if x.ndim == 0 or labels.shape != x.shape[:-1]:
        raise ShapeError(
            f"{type(node).__name__}: shapes {x.shape} and {labels.shape} do not fit: "
            "labels have the shape of the scores without its last axis"
        )
    if not labels.size:
        raise GraphError(f"{type(node).__name__}: a mean of no rows is no number")
    require_integers(node, labels)
    require_range(node, "labels", labels, x.shape[-1])
