"""Operations over an axis: sums, means, extremes, softmax. `grad` is as in `elementary`."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node

Axis = int | tuple[int, ...] | None

# -------------------------------------------------------------------------------------- reductions


class Reduction(Node):
    """An operation that reduces axes: all of them by default.

    Args:
        axis: The axis or axes to reduce.
        keepdims: Whether reduced axes stay, with length 1.
    """

    rule = "axis names axes that the array has"

    def __init__(self, x: Any, axis: Axis = None, keepdims: bool = False) -> None:
        super().__init__(x)
        given: Any = axis
        if isinstance(given, Node | np.ndarray):
            name = type(self).__name__
            raise TypeError(
                f"{name} takes one node, then an axis: of several it is {name}(Stack([x, y]))"
            )
        self.axis = axis
        self.keepdims: Any = keepdims  # NumPy 2.5's types know True and False, but not bool

    def expanded(self, reduced: Array) -> Array:
        """Return an array of the value's shape with the reduced axes put back, of length 1."""
        return reduced if self.keepdims or self.axis is None else np.expand_dims(reduced, self.axis)

    def count(self, x: Array) -> float:
        """Return how many entries of x go into one of the value."""
        return np.size(x) / max(np.size(self.value), 1)


class Sum(Reduction, sign="sum", numpy=np.sum):
    r"""The sum of x over `axis`.

    $$y = \sum_i x_i$$

    $$\frac{\partial y}{\partial x_i} = 1$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> y = Sum(x)
        >>> print(y.forward())
        6.0
        >>> print(Sum(Param([[1.0, 2.0], [3.0, 4.0]]), axis=0).forward())
        [4. 6.]
    """

    def forward(self, x: Array) -> Array:
        return np.sum(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.broadcast_to(self.expanded(grad), np.shape(x))


class Mean(Reduction, sign="mean", numpy=np.mean):
    r"""The mean of x over `axis`.

    $$y = \frac{1}{n} \sum_{i=1}^{n} x_i$$

    $$\nabla_x y = \frac{1}{n} \mathbf{1}$$

    Examples:
        >>> x, n = Param([1.0, 2.0, 6.0]), 3
        >>> y = Mean(x)
        >>> print(y.forward())
        3.0
    """

    def forward(self, x: Array) -> Array:
        return np.mean(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.broadcast_to(self.expanded(grad) / self.count(x), np.shape(x))


class Var(Reduction, numpy=np.var):
    r"""The variance of x over `axis`: the mean of the squared differences from the mean.

    $$y = \frac{1}{n} \sum_{i=1}^{n} \left(x_i - \frac{1}{n} \sum_{j=1}^{n} x_j\right)^2$$

    $$\frac{\partial y}{\partial x_i}
    = \frac{2}{n} \left(x_i - \frac{1}{n} \sum_{j=1}^{n} x_j\right)$$

    On the formula sheet: [variance derivative][variance-derivative].

    Args:
        axis: The axis or axes to reduce; all of them by default.
        keepdims: Whether reduced axes stay, with length 1.
        ddof: The sum of squares is divided by the count less this: with 1, the variance of a
            sample estimates that of the population without bias.

    Examples:
        >>> x, n = Param([1.0, 2.0, 6.0]), 3
        >>> y = Var(x)
        >>> print(round(y.forward(), 4))
        4.6667
    """

    def __init__(self, x: Any, axis: Axis = None, keepdims: bool = False, ddof: float = 0) -> None:
        super().__init__(x, axis, keepdims)
        self.ddof = ddof

    def forward(self, x: Array) -> Array:
        squares = self._centred(x) ** 2
        return self._by_less(x, np.mean(squares, axis=self.axis, keepdims=self.keepdims))

    def backward(self, grad: Array, x: Array) -> Any:
        return self.expanded(self._by_less(x, grad)) * 2 / self.count(x) * self._centred(x)

    def _centred(self, x: Array) -> Array:
        return x - np.mean(x, axis=self.axis, keepdims=True)

    def _by_less(self, x: Array, mean: Array) -> Array:
        """Return a mean, or what is proportional to it, divided by the count less ddof instead."""
        if self.ddof == 0:
            return mean
        count = np.size(x) / max(np.size(mean), 1)
        if count <= self.ddof:
            raise GraphError(
                f"{type(self).__name__}: with ddof={self.ddof} it takes more than {count:.0f} "
                "numbers"
            )
        return mean * (count / (count - self.ddof))


class Max(Reduction, sign="max", numpy=np.max):
    r"""The largest entry of x over `axis`; entries that tie share the gradient equally.

    $$y = \max_i x_i$$

    Examples:
        >>> x = Param([1.0, 6.0, 2.0])
        >>> y = Max(x)
        >>> print(y.forward())
        6.0
    """

    def forward(self, x: Array) -> Array:
        return np.max(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        largest = x.real == self.expanded(self.value).real
        ties = largest.sum(axis=self.axis, keepdims=self.keepdims, dtype=x.real.dtype)
        return self.expanded(grad / ties) * largest


class Min(Reduction, sign="min", numpy=np.min):
    r"""The smallest entry of x over `axis`; entries that tie share the gradient equally.

    $$y = \min_i x_i$$

    Examples:
        >>> x = Param([1.0, 6.0, 2.0])
        >>> y = Min(x)
        >>> print(y.forward())
        1.0
    """

    def forward(self, x: Array) -> Array:
        return np.min(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        smallest = x.real == self.expanded(self.value).real
        ties = smallest.sum(axis=self.axis, keepdims=self.keepdims, dtype=x.real.dtype)
        return self.expanded(grad / ties) * smallest


class Std(Var, numpy=np.std):
    r"""The standard deviation of x over `axis`, the root of `Var`.

    $$y = \sqrt{\frac{1}{n} \sum_{i=1}^{n} \left(x_i - \frac{1}{n} \sum_{j=1}^{n} x_j\right)^2}$$

    $$\frac{\partial y}{\partial x_i}
    = \frac{1}{n y} \left(x_i - \frac{1}{n} \sum_{j=1}^{n} x_j\right)$$

    The slope is taken as 0 where y is 0.

    Args:
        axis: The axis or axes to reduce; all of them by default.
        keepdims: Whether reduced axes stay, with length 1.
        ddof: As for `Var`.

    Examples:
        >>> x, n = Param([1.0, 2.0, 6.0]), 3
        >>> y = Std(x)
        >>> print(round(y.forward(), 4))
        2.1602
    """

    def forward(self, x: Array) -> Array:
        squares = self._centred(x) ** 2
        mean = np.mean(squares, axis=self.axis, keepdims=self.keepdims)
        return np.sqrt(self._by_less(x, mean))

    def backward(self, grad: Array, x: Array) -> Any:
        dx = self.expanded(self._by_less(x, grad)) * self._centred(x)
        return quotient(dx, self.expanded(self.value)) / self.count(x)


class Norm(Reduction):
    r"""The Euclidean norm of x over `axis`.

    $$y = \sqrt{\sum_i x_i^2}$$

    $$\frac{\partial y}{\partial x_i} = \frac{x_i}{y}$$

    The slope is taken as 0 where y is 0.

    On the formula sheet: [norm gradient][norm-gradient].

    Examples:
        >>> x = Param([3.0, 4.0])
        >>> y = Norm(x)
        >>> print(y.forward())
        5.0
    """

    def forward(self, x: Array) -> Array:
        size = np.max(np.abs(x), axis=self.axis, keepdims=True, initial=0)
        scale = np.where(size > 0, size, 1)  # so that no square is too large or too small
        squares = np.sum((x / scale) ** 2, axis=self.axis, keepdims=self.keepdims)
        return np.sqrt(squares) * scale.reshape(np.shape(squares))

    def backward(self, grad: Array, x: Array) -> Any:
        return quotient(self.expanded(grad) * x, self.expanded(self.value))


class Prod(Reduction, numpy=np.prod):
    r"""The product of x over `axis`.

    $$y = \prod_i x_i$$

    $$\frac{\partial y}{\partial x_j} = \prod_{i \neq j} x_i$$

    The product of all others is computed as such, so that it is right where an entry is 0.

    Examples:
        >>> x = Param([2.0, 3.0, 4.0])
        >>> y = Prod(x)
        >>> print(y.forward())
        24.0
    """

    def forward(self, x: Array) -> Array:
        return np.prod(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        axes = range(x.ndim) if self.axis is None else np.atleast_1d(self.axis) % max(x.ndim, 1)
        last = range(-len(axes), 0)
        moved = np.moveaxis(x, list(axes), list(last))
        rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
        ones = np.ones_like(rows[..., :1])
        before = np.cumprod(np.concatenate([ones, rows[..., :-1]], axis=-1), axis=-1)
        after = np.cumprod(np.concatenate([ones, rows[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
        others = np.moveaxis((before * after).reshape(moved.shape), list(last), list(axes))
        return self.expanded(grad) * others


class LogSumExp(Reduction):
    r"""The logarithm of the sum of exponentials over `axis`, shifted by max(x) against overflow.

    $$y = \log \left(\sum_i e^{x_i}\right)$$

    $$\frac{\partial y}{\partial x_i} = e^{x_i - y}$$

    On the formula sheet: [log-sum-exp gradient][log-sum-exp-gradient].

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> y = LogSumExp(x)
        >>> print(round(y.forward(), 6))
        3.407606
    """

    def forward(self, x: Array) -> Array:
        top = x.real.max(axis=self.axis, keepdims=True)
        total = np.exp(x - top).sum(axis=self.axis, keepdims=self.keepdims)
        return np.log(total) + top.reshape(np.shape(total))

    def backward(self, grad: Array, x: Array) -> Any:
        return self.expanded(grad) * np.exp(x - self.expanded(self.value))


class CumSum(Node, numpy=np.cumsum):
    r"""The sums of the first entries along `axis`, by default of all entries.

    $$y_i = \sum_{j \leq i} x_j$$

    $$\frac{\partial l}{\partial x_i} = \sum_{j \geq i} \frac{\partial l}{\partial y_j}$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> y = CumSum(x)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [1. 3. 6.]
    """

    rule = "axis is one that the array has"

    def __init__(self, x: Any, axis: int | None = None) -> None:
        super().__init__(x)
        self.axis = axis

    def forward(self, x: Array) -> Array:
        return np.cumsum(x, axis=self.axis)

    def backward(self, grad: Array, x: Array) -> Any:
        axis = 0 if self.axis is None else self.axis
        return np.flip(np.cumsum(np.flip(grad, axis), axis=axis), axis).reshape(x.shape)


# ------------------------------------------------------------------------------ softmax and its kin


class Softmax(Node):
    r"""Probabilities from scores over `axis`, the last by default; the shape stays.

    $$P_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$

    $$\frac{\partial l}{\partial x_j} =
    P_j \left(\frac{\partial l}{\partial P_j} - \sum_i \frac{\partial l}{\partial P_i} P_i\right)$$

    Shifted by max(x), which changes nothing but the overflow.

    On the formula sheet: [softmax backward][softmax-backward].

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> P = Softmax(x)
        >>> l = AnyFunction()(P)
        >>> print(P.forward())
        [0.09003057 0.24472847 0.66524096]
    """

    rule = "axis is one that the array has"

    def __init__(self, x: Any, axis: int = -1) -> None:
        super().__init__(x)
        self.axis = axis

    def forward(self, x: Array) -> Array:
        e = np.exp(x - x.real.max(axis=self.axis, keepdims=True))
        return e / e.sum(axis=self.axis, keepdims=True)

    def backward(self, grad: Array, x: Array) -> Any:
        P = self.value
        return P * (grad - (grad * P).sum(axis=self.axis, keepdims=True))


class LogSoftmax(Node):
    r"""The logarithms of the probabilities of `Softmax`; the shape stays.

    $$y_i = x_i - \log \left(\sum_j e^{x_j}\right)$$

    $$\frac{\partial l}{\partial x_j}
    = \frac{\partial l}{\partial y_j} - e^{y_j} \sum_i \frac{\partial l}{\partial y_i}$$

    On the formula sheet: [log-softmax Jacobian][log-softmax-jacobian].

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> y = LogSoftmax(x)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [-2.40760596 -1.40760596 -0.40760596]
    """

    rule = "axis is one that the array has"

    def __init__(self, x: Any, axis: int = -1) -> None:
        super().__init__(x)
        self.axis = axis

    def forward(self, x: Array) -> Array:
        shifted = x - x.real.max(axis=self.axis, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))

    def backward(self, grad: Array, x: Array) -> Any:
        return grad - np.exp(self.value) * grad.sum(axis=self.axis, keepdims=True)


def quotient(a: Array, b: Array) -> Array:
    """Return a / b, and 0 where b is 0."""
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))
