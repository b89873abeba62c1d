"""Operations that move entries: reshaping, joining, indexing. `grad` is as in `elementary`."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node, ShapeError


class Reshape(Node, sign="reshape", numpy=np.reshape):
    r"""x with another shape: the same entries in the same order, last axis fastest.

    Of six entries, the last is in the second row of three, and in the third row of two:

    $$y_{32} = x_{23}$$

    Each takes its gradient along:

    $$\sum_{i,j} \left(\frac{\partial l}{\partial x_{ij}}\right)^2
    = \sum_{p,q} \left(\frac{\partial l}{\partial y_{pq}}\right)^2$$

    Args:
        shape: The new shape; one length may be -1, and is then worked out.

    Examples:
        >>> x = Param([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        >>> y = Reshape(x, (3, -1))
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[1. 2.]
         [3. 4.]
         [5. 6.]]
    """

    def __init__(self, x: Any, shape: Sequence[int] | int) -> None:
        super().__init__(x)
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.rule = f"the new shape {self.shape} holds as many entries"

    def forward(self, x: Array) -> Array:
        return np.reshape(x, self.shape)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.reshape(grad, np.shape(x))


class Transpose(Node, sign="T", numpy=np.transpose):
    r"""x with its axes in another order; by default reversed, which transposes a matrix.

    $$y_{ij} = x_{ji}$$

    $$\frac{\partial l}{\partial x_{ij}} = \frac{\partial l}{\partial y_{ji}}$$

    Args:
        axes: y's axis k is x's axis `axes[k]`.

    Examples:
        >>> x = Param([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        >>> y = Transpose(x)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[1. 4.]
         [2. 5.]
         [3. 6.]]
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


class Concatenate(Node, numpy=np.concatenate):
    r"""The inputs one after the other along `axis`, along which their lengths may differ.

    $$y = \begin{bmatrix} a \\ b \end{bmatrix}$$

    $$\frac{\partial l}{\partial b_i} = \frac{\partial l}{\partial y_{i + 2}}$$

    Examples:
        >>> a, b = Param([1.0, 2.0]), Param([3.0, 4.0, 5.0])
        >>> y = Concatenate([a, b])
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [1. 2. 3. 4. 5.]
    """

    rule = "all lengths but those along the axis are equal"

    def __init__(self, inputs: Sequence[Any], axis: int = 0) -> None:
        super().__init__(*_several(self, inputs))
        self.axis = axis

    def forward(self, *arrays: Array) -> Array:
        return np.concatenate(arrays, axis=self.axis)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        ends = np.cumsum([array.shape[self.axis] for array in arrays])[:-1]
        return tuple(np.split(grad, ends, axis=self.axis))


class Stack(Node, numpy=np.stack):
    r"""The inputs, all of one shape, along a new axis that becomes number `axis`.

    $$y_{2j} = b_j$$

    $$\frac{\partial l}{\partial b_j} = \frac{\partial l}{\partial y_{2j}}$$

    Examples:
        >>> a, b = Param([1.0, 2.0]), Param([3.0, 4.0])
        >>> y = Stack([a, b])
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[1. 2.]
         [3. 4.]]
    """

    rule = "all shapes are equal"

    def __init__(self, inputs: Sequence[Any], axis: int = 0) -> None:
        super().__init__(*_several(self, inputs))
        self.axis = axis

    def forward(self, *arrays: Array) -> Array:
        return np.stack(arrays, axis=self.axis)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        return tuple(np.moveaxis(grad, self.axis, 0))


class Part(Node):
    r"""One of the parts that `Split` makes, number `k` of `np.split(x, sections, axis)`.

    Of part 1 of two of two entries each,

    $$y_i = x_{i + 2}$$

    $$\frac{\partial l}{\partial x_{i + 2}} = \frac{\partial l}{\partial y_i}$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0, 4.0])
        >>> y = Part(x, 1, 2, axis=0)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [3. 4.]
    """

    rule = "the axis is as long as a multiple of the number of parts"

    def __init__(self, x: Any, k: int, sections: int | Sequence[int], axis: int) -> None:
        super().__init__(x)
        self.k, self.sections, self.axis = k, sections, axis

    def forward(self, x: Array) -> Array:
        return self._parts(x)[self.k]

    def backward(self, grad: Array, x: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        self._parts(dx)[self.k][...] = grad
        return dx

    def _parts(self, x: Array) -> list[Array]:
        return np.split(x, self.sections, axis=self.axis)


def Split(x: Any, sections: int | Sequence[int], axis: int = 0) -> list[Node]:
    r"""Return the parts of x along `axis`, one node each: the reverse of `Concatenate`.

    Of two parts of two entries each,

    $$b_i = x_{i + 2}$$

    $$\frac{\partial l}{\partial x_{i + 2}} = \frac{\partial l}{\partial b_i}$$

    Args:
        x: A node or an array.
        sections: How many equal parts; or the positions at which to cut.
        axis: The axis that is cut.

    Examples:
        >>> x = Param([1.0, 2.0, 3.0, 4.0])
        >>> a, b = Split(x, 2)
        >>> l = AnyFunction()(a, b)
        >>> print(a.forward(), b.forward())
        [1. 2.] [3. 4.]
    """
    count = sections if isinstance(sections, int) else len(sections) + 1
    return [Part(x, k, sections, axis) for k in range(count)]


class Pad(Node):
    r"""x with `width` entries more on each side, all equal to `value`.

    With one more entry before x,

    $$y_{i + 1} = x_i$$

    $$\frac{\partial l}{\partial x_i} = \frac{\partial l}{\partial y_{i + 1}}$$

    Args:
        width: As `np.pad` takes it: a number for all sides; (before, after) for all axes; or such a
            pair for each axis.
        value: What the new entries are.

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> y = Pad(x, (1, 2))
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [0. 1. 2. 0. 0.]
    """

    rule = "width is a number, a pair, or a pair for each axis"

    def __init__(self, x: Any, width: Any, value: float = 0.0) -> None:
        super().__init__(x)
        self.width, self.fill = width, value

    def forward(self, x: Array) -> Array:
        return np.pad(x, self.width, constant_values=self.fill)

    def backward(self, grad: Array, x: Array) -> Any:
        before = np.broadcast_to(self.width, (grad.ndim, 2))[:, 0]
        return grad[tuple(slice(b, b + n) for b, n in zip(before, x.shape, strict=True))]


class Repeat(Node):
    r"""Each entry of x `repeats` times in a row, along `axis`; by default, of x made flat.

    With a row for each entry, z is y as a matrix:

    $$\frac{\partial l}{\partial x_i} = \sum_j \frac{\partial l}{\partial z_{ij}}$$

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> y = Repeat(x, 2)
        >>> z = Reshape(y, (2, 2))
        >>> l = AnyFunction()(z)
        >>> print(y.forward())
        [1. 1. 2. 2.]
    """

    rule = "axis is one that the array has, and repeats are not negative"

    def __init__(self, x: Any, repeats: int, axis: int | None = None) -> None:
        super().__init__(x)
        self.repeats, self.axis = repeats, axis

    def forward(self, x: Array) -> Array:
        return np.repeat(x, self.repeats, axis=self.axis)

    def backward(self, grad: Array, x: Array) -> Any:
        axis = 0 if self.axis is None else self.axis % x.ndim
        length = x.size if self.axis is None else x.shape[axis]
        together = (*grad.shape[:axis], length, self.repeats, *grad.shape[axis + 1 :])
        return grad.reshape(together).sum(axis=axis + 1).reshape(x.shape)


class Tile(Node, numpy=np.tile):
    r"""Copies of x, laid one after the other: `repeats` for each axis, counted from the last.

    $$y_{i + 2} = x_i$$

    With a row for each copy, z is y as a matrix:

    $$\frac{\partial l}{\partial x_j} = \sum_i \frac{\partial l}{\partial z_{ij}}$$

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> y = Tile(x, 2)
        >>> z = Reshape(y, (2, 2))
        >>> l = AnyFunction()(z)
        >>> print(y.forward())
        [1. 2. 1. 2.]
    """

    def __init__(self, x: Any, repeats: int | Sequence[int]) -> None:
        super().__init__(x)
        self.repeats = (repeats,) if isinstance(repeats, int) else tuple(repeats)

    def forward(self, x: Array) -> Array:
        return np.tile(x, self.repeats)

    def backward(self, grad: Array, x: Array) -> Any:
        rank = max(len(self.repeats), x.ndim)
        lengths = (1,) * (rank - x.ndim) + x.shape
        repeats = (1,) * (rank - len(self.repeats)) + self.repeats
        split = [n for pair in zip(repeats, lengths, strict=True) for n in pair]
        return grad.reshape(split).sum(axis=tuple(range(0, 2 * rank, 2))).reshape(x.shape)


class Sort(Node, numpy=np.sort):
    r"""The entries of x in ascending order along `axis`; each takes its gradient along.

    $$\sum_i y_i^2 = \sum_i x_i^2$$

    Examples:
        >>> x = Param([3.0, 1.0, 2.0])
        >>> y = Sort(x)
        >>> print(y.forward())
        [1. 2. 3.]
    """

    rule = "axis is one that the array has"

    def __init__(self, x: Any, axis: int = -1) -> None:
        super().__init__(x)
        self.axis = axis

    def forward(self, x: Array) -> Array:
        return np.take_along_axis(x, self._order(x), axis=self.axis)

    def backward(self, grad: Array, x: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        np.put_along_axis(dx, self._order(x), grad, axis=self.axis)
        return dx

    def _order(self, x: Array) -> Array:
        return np.argsort(x.real, axis=self.axis, kind="stable")


class Index(Node, sign="[]"):
    r"""What NumPy's indexing gives: x[key].

    Nodes in `key` are integer arrays: labels, indices. Of the entries 0, 2 and 0,

    $$y_1 = y_3 = x_1$$

    An entry of x that is picked twice gets the sum of both gradients:

    $$\frac{\partial l}{\partial x_1}
    = \frac{\partial l}{\partial y_1} + \frac{\partial l}{\partial y_3}$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> y = x[[0, 2, 0]]
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [1. 3. 1.]
    """

    rule = "the index lies within the array"

    def __init__(self, x: Any, key: Any) -> None:
        self.key = key if isinstance(key, tuple) else (key,)
        super().__init__(x, *(part for part in self.key if isinstance(part, Node)))

    def forward(self, x: Array, *indices: Array) -> Array:
        for index in indices:
            if index.dtype.kind != "b":  # a mask takes the entries where it holds
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
    r"""The entry of each row that a label names: (..., n), integers (...) -> (...).

    $$y_i = x_{i, t_i}$$

    $$\frac{\partial l}{\partial x_{ij}}
    = \mathbb{1}[j = t_i] \frac{\partial l}{\partial y_i}$$

    Examples:
        >>> x, t = Param([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), Input(np.array([2, 0]))
        >>> y = Pick(x, t)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [3. 4.]
    """

    def forward(self, x: Array, labels: Array) -> Array:
        require_labels(self, x, labels)
        return x.take(labelled(x, labels))

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        dx = np.zeros_like(x, dtype=grad.dtype)
        dx.put(labelled(x, labels), grad)
        return dx, None


class Embedding(Node):
    r"""Rows of a table, looked up by index: (rows, d), integers (...) -> (..., d).

    $$y_{ij} = W_{n_i, j}$$

    A row that is looked up more than once gets the sum of the gradients:

    $$\frac{\partial l}{\partial W_{ij}}
    = \sum_k \mathbb{1}[n_k = i] \frac{\partial l}{\partial y_{kj}}$$

    Examples:
        >>> W, n = Param([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), Input(np.array([2, 0]))
        >>> y = Embedding(W, n)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[5. 6.]
         [1. 2.]]
    """

    def forward(self, table: Array, indices: Array) -> Array:
        require_integers(self, indices)
        require_range(self, "indices", indices, len(table))
        return table[indices]

    def backward(self, grad: Array, table: Array, indices: Array) -> Any:
        dtable = np.zeros_like(table, dtype=grad.dtype)
        np.add.at(dtable, indices, grad)
        return dtable, None


def _several(node: Node, inputs: Any) -> Any:
    """Return the arguments of an operation that joins them, which stand in one list."""
    if isinstance(inputs, Node) or not isinstance(inputs, Sequence | np.ndarray):
        name = type(node).__name__
        raise TypeError(f"{name} takes its arguments in a list: {name}([x, y], axis=0)")
    return inputs


def row_starts(x: Array) -> Array:
    """Return where the rows of x (..., n) begin among its entries, one after another: (...)."""
    return _row_starts(x.shape)


@functools.lru_cache(maxsize=8)
def _row_starts(shape: tuple[int, ...]) -> Array:
    starts = np.arange(0, math.prod(shape), shape[-1]).reshape(shape[:-1])
    starts.flags.writeable = False
    return starts


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
            f"{type(node).__name__}: labels and indices are integers, not {indices.dtype}: "
            "write labels.astype(int)"
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
        remedy = ""
        if labels.shape == x.shape and x.ndim:
            remedy = "; for one-hot rows write labels.argmax(axis=-1)"
        elif labels.shape == (*x.shape[:-1], 1):
            remedy = "; for a column write labels[..., 0]"
        raise ShapeError(
            f"{type(node).__name__}: shapes {x.shape} and {labels.shape} do not fit: "
            f"labels have the shape of the scores without its last axis{remedy}"
        )
    if not labels.size:
        raise GraphError(f"{type(node).__name__}: a mean of no rows is no number")
    require_integers(node, labels)
    require_range(node, "labels", labels, x.shape[-1])
