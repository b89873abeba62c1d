"""The operations: value and derivative side by side, the formula as docstring.

Throughout, `grad` is the cotangent: the gradient of the loss with respect to the operation's value,
and of its shape. A `backward` returns the vector-Jacobian product, one array per input. `...` in a
shape stands for any number of leading axes.

All forms accept complex arrays, so that derivatives can be tested by the complex step: comparisons
look at real parts, and nothing conjugates.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.graph import Array, Node

Axis = int | tuple[int, ...] | None

# ------------------------------------------------------------------------------------ arithmetic


class Add(Node, operator="+"):
    """y = a + b, elementwise, with broadcasting."""

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, grad


class Sub(Node, operator="-"):
    """y = a - b, elementwise, with broadcasting."""

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, -grad


class Mul(Node, operator="*"):
    """y = a * b, elementwise, with broadcasting."""

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * b, grad * a


class Div(Node, operator="/"):
    """y = a / b, elementwise, with broadcasting."""

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad / b, -grad * self.value / b


class Pow(Node, operator="**"):
    """y = a ** p, elementwise, with broadcasting.

    dy/da = p a**(p-1), which is 0 for p = 0; dy/dp = a**p log a, which is 0 for a = 0.
    """

    def forward(self, a: Array, p: Array) -> Array:
        return a**p

    def backward(self, grad: Array, a: Array, p: Array) -> Any:
        wants_a, wants_p = self.needs or (True, True)
        return (
            grad * p * a ** (p - (p != 0)) if wants_a else None,
            grad * self.value * np.log(np.where(a == 0, 1, a)) if wants_p else None,
        )


class Neg(Node, operator="neg"):
    """y = -x, elementwise."""

    def forward(self, x: Array) -> Array:
        return -x

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad


class MatMul(Node, operator="@"):
    """y = a @ b: (..., m, k) @ (..., k, n) -> (..., m, n); a vector on either side as NumPy has it.

    da = dy b^T and db = a^T dy, for each matrix of a batch.
    """

    rule = "the last axis of the left is as long as the last but one of the right"
    reads = ((1,), (0,))

    def forward(self, a: Array, b: Array) -> Array:
        return a @ b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        wants_a, wants_b = self.needs or (True, True)
        rows = a if a.ndim > 1 else a[None, :]  # a vector on the left is a row,
        columns = b if b.ndim > 1 else b[:, None]  # on the right a column
        if b.ndim == 1:
            grad = grad[..., None]
        if a.ndim == 1:
            grad = grad[..., None, :]
        da = grad @ columns.swapaxes(-1, -2) if wants_a else None
        db = rows.swapaxes(-1, -2) @ grad if wants_b else None
        if da is not None and a.ndim == 1:
            da = da[..., 0, :]
        if db is not None and b.ndim == 1:
            db = db[..., 0]
        return da, db


# -------------------------------------------------------------------------- functions of one number


class Exp(Node):
    """y = exp(x), elementwise."""

    def forward(self, x: Array) -> Array:
        return np.exp(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * self.value


class Log(Node):
    """y = log(x), the natural logarithm, elementwise, for x > 0."""

    def forward(self, x: Array) -> Array:
        return np.log(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / x


class Sigmoid(Node):
    """y = 1 / (1 + exp(-x)), elementwise. dy/dx = y(x) y(-x), where 1 - y would lose its digits."""

    def forward(self, x: Array) -> Array:
        return sigmoid(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * self.value * sigmoid(-x)


class Tanh(Node):
    """y = tanh(x), elementwise. dy/dx = 4 s(2x) s(-2x), where 1 - y**2 would lose its digits."""

    def forward(self, x: Array) -> Array:
        return np.tanh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * 4 * sigmoid(2 * x) * sigmoid(-2 * x)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), in the form that only ever takes exp of what is not positive."""
    positive = x.real >= 0
    e = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1, e) / (1 + e)


class ReLU(Node):
    """y = max(x, 0), elementwise; the slope at 0 is taken as 0."""

    def forward(self, x: Array) -> Array:
        return x * (x.real > 0)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (x.real > 0)


# ------------------------------------------------------------------------------ over the last axis


class Softmax(Node):
    """P_i = exp(x_i) / sum_j exp(x_j) over the last axis: (..., n) -> (..., n).

    dx_j = P_j (dP_j - sum_i dP_i P_i). Shifted by max(x), which changes nothing but the overflow.
    """

    def forward(self, x: Array) -> Array:
        e = np.exp(x - x.real.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def backward(self, grad: Array, x: Array) -> Any:
        P = self.value
        return P * (grad - (grad * P).sum(axis=-1, keepdims=True))


# -------------------------------------------------------------------------------------- reductions


class Sum(Node):
    """y = sum of x over `axis` (all axes by default)."""

    def __init__(self, x: Any, axis: Axis = None, keepdims: bool = False) -> None:
        super().__init__(x)
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x: Array) -> Array:
        return np.sum(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.broadcast_to(_with_reduced_axes(grad, self), np.shape(x))


class Mean(Node):
    """y = mean of x over `axis` (all axes by default)."""

    def __init__(self, x: Any, axis: Axis = None, keepdims: bool = False) -> None:
        super().__init__(x)
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x: Array) -> Array:
        return np.mean(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        count = np.size(x) / max(np.size(self.value), 1)
        return np.broadcast_to(_with_reduced_axes(grad / count, self), np.shape(x))


def _with_reduced_axes(grad: Array, reduction: Any) -> Array:
    """Return `grad` with the axes that a reduction removed put back, of length 1."""
    if reduction.keepdims or reduction.axis is None:
        return grad
    return np.expand_dims(grad, reduction.axis)


# ---------------------------------------------------------------------------------------- indexing


class Index(Node, operator="[]"):
    """y = x[key]: what NumPy's indexing gives. Nodes in `key` are integer arrays: labels, indices.

    An entry of x that is picked twice gets the sum of both gradients.
    """

    def __init__(self, x: Any, key: Any) -> None:
        self.key = key if isinstance(key, tuple) else (key,)
        super().__init__(x, *(part for part in self.key if isinstance(part, Node)))

    def forward(self, x: Array, *indices: Array) -> Array:
        return x[self._filled(indices)]

    def backward(self, grad: Array, x: Array, *indices: Array) -> Any:
        dx = np.zeros_like(x, dtype=np.result_type(x, grad))
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
        return np.take_along_axis(x, labels[..., None], axis=-1)[..., 0]

    def backward(self, grad: Array, x: Array, labels: Array) -> Any:
        dx = np.zeros_like(x, dtype=np.result_type(x, grad))
        np.put_along_axis(dx, labels[..., None], grad[..., None], axis=-1)
        return dx, None
