"""The operations: value and derivative side by side, the formula as docstring.

Throughout, `grad` is the cotangent: the gradient of the loss with respect to the operation's value,
and of its shape. A `backward` returns the vector-Jacobian product, one array per input. `...` in a
shape stands for any number of leading axes.

All forms accept complex arrays, so that derivatives can be tested by the complex step: comparisons
look at real parts, and nothing conjugates. Python numbers beside arrays keep the arrays' precision.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edf.arrays import largest
from edf.graph import Array, Node

Axis = int | tuple[int, ...] | None

BROADCAST = "counted from the last axis, lengths are equal or one of them is 1"

# ------------------------------------------------------------------------------------- arithmetic


class Add(Node, sign="+"):
    """y = a + b, elementwise, with broadcasting."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, grad


class Sub(Node, sign="-"):
    """y = a - b, elementwise, with broadcasting."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, -grad


class Mul(Node, sign="*"):
    """y = a * b, elementwise, with broadcasting."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * b, grad * a


class Div(Node, sign="/"):
    """y = a / b, elementwise, with broadcasting. dy/da = 1/b, dy/db = -y/b."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad / b, -grad * self.value / b


class Pow(Node, sign="**"):
    """y = a ** p, elementwise, with broadcasting.

    dy/da = `p a**(p-1)`, which is 0 for p = 0; dy/dp = `a**p log a`, which is 0 for a = 0.
    """

    rule = BROADCAST

    def forward(self, a: Array, p: Array) -> Array:
        return a**p

    def backward(self, grad: Array, a: Array, p: Array) -> Any:
        return (
            grad * p * a ** (p - (p != 0)) if self.wants(0) else None,
            grad * self.value * np.log(np.where(a == 0, 1, a)) if self.wants(1) else None,
        )


class Neg(Node, sign="neg"):
    """y = -x, elementwise."""

    def forward(self, x: Array) -> Array:
        return -x

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad


class Maximum(Node):
    """y = max(a, b), elementwise, with broadcasting; where both are equal the slope is a's."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * (a.real >= b.real), grad * (a.real < b.real)


class Minimum(Node):
    """y = min(a, b), elementwise, with broadcasting; where both are equal the slope is a's."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * (a.real <= b.real), grad * (a.real > b.real)


class MatMul(Node, sign="@"):
    """y = a @ b: (..., m, k) @ (..., k, n) -> (..., m, n); a vector on either side as NumPy has it.

    da = dy b^T and db = a^T dy, for each matrix of a batch.
    """

    rule = "the last axis of the left is as long as the last but one of the right"

    def forward(self, a: Array, b: Array) -> Array:
        return a @ b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        if a.ndim < 2 or b.ndim < 2:
            return self._with_vectors(grad, a, b)
        return grad @ b.mT if self.wants(0) else None, a.mT @ grad if self.wants(1) else None

    def _with_vectors(self, grad: Array, a: Array, b: Array) -> Any:
        """Take a vector on the left as a row, on the right as a column."""
        rows = a if a.ndim > 1 else a[None, :]
        columns = b if b.ndim > 1 else b[:, None]
        grad = grad[..., None] if b.ndim == 1 else grad
        grad = grad[..., None, :] if a.ndim == 1 else grad
        da, db = grad @ columns.mT, rows.mT @ grad
        return (da if a.ndim > 1 else da[..., 0, :]), (db if b.ndim > 1 else db[..., 0])


# ------------------------------------------------------------------------- functions of one number


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


class Sqrt(Node):
    """y = sqrt(x), elementwise, for x > 0. dy/dx = 1 / 2y."""

    def forward(self, x: Array) -> Array:
        return np.sqrt(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (2 * self.value)


class Abs(Node):
    """y = |x|, elementwise; the slope at 0 is taken as 0."""

    def forward(self, x: Array) -> Array:
        return np.where(x.real < 0, -x, x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.sign(x.real)


class Sigmoid(Node):
    """y = 1 / (1 + exp(-x)), elementwise. dy/dx = y(x) y(-x), where 1 - y would lose its digits.

    y(-x) = exp(-x) y(x), so that no second exponential is needed.
    """

    _last: tuple[Array, Array] | None = None  # x; exp(-x), or the largest number for infinity

    def forward(self, x: Array) -> Array:
        e, overflows = exp_or_infinity(-x)
        # Where y is 0, so is the slope; infinity times 0 would be no number.
        self._last = x, np.minimum(e, np.finfo(e.dtype).max) if overflows else e
        return np.reciprocal(1 + e)

    def backward(self, grad: Array, x: Array) -> Any:
        if self._last is None or self._last[0] is not x:
            self.forward(x)
        y = self.value
        slope = self._last[1] * y  # type: ignore[index]  # forward has set it
        slope *= y
        return grad * slope


class Tanh(Node):
    """y = tanh(x), elementwise. dy/dx = 4 s(2x) s(-2x), s = sigmoid; 1 - y**2 would lose digits."""

    def forward(self, x: Array) -> Array:
        return np.tanh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * 4 * falling(-2 * x) * falling(2 * x)


class ReLU(Node):
    """y = max(x, 0), elementwise; the slope at 0 is taken as 0."""

    def forward(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (x.real > 0)


class LeakyReLU(Node):
    """y = x for x > 0, else slope * x, elementwise; the slope at 0 is the lower one.

    Args:
        slope: The slope for negative x.
    """

    def __init__(self, x: Any, slope: float = 0.01) -> None:
        super().__init__(x)
        self.slope = slope

    def forward(self, x: Array) -> Array:
        return np.where(x.real > 0, x, self.slope * x)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.where(x.real > 0, grad, self.slope * grad)


class Softplus(Node):
    """y = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), elementwise. dy/dx = sigmoid(x)."""

    def forward(self, x: Array) -> Array:
        positive = x.real > 0
        return np.where(positive, x, 0) + np.log1p(np.exp(np.where(positive, -x, x)))

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * sigmoid(x)


class GELU(Node):
    """y = x s(2u), u = sqrt(2/pi) (x + 0.044715 x**3), s = sigmoid, elementwise.

    The tanh form of x times the normal distribution function; Hendrycks and Gimpel, 2016.
    dy/dx = s(2u) + 2 x u' s(2u) s(-2u).
    """

    SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715

    def forward(self, x: Array) -> Array:
        return x * sigmoid(2 * self.SCALE * (x + self.CUBIC * x**3))

    def backward(self, grad: Array, x: Array) -> Any:
        u = self.SCALE * (x + self.CUBIC * x**3)
        slope = self.SCALE * (1 + 3 * self.CUBIC * x**2)
        return grad * sigmoid(2 * u) * (1 + 2 * x * slope * falling(2 * u))


class SiLU(Node):
    """y = x s(x), s = sigmoid, elementwise. dy/dx = s(x) (1 + x s(-x))."""

    def forward(self, x: Array) -> Array:
        return x * sigmoid(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * sigmoid(x) * (1 + x * falling(x))


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    return falling(-x)


def falling(x: Array) -> Array:
    """Return 1 / (1 + exp(x)) = sigmoid(-x). Where exp overflows this is 0, as it should be."""
    return np.reciprocal(1 + exp_or_infinity(x)[0])


def exp_or_infinity(x: Array) -> tuple[Array, bool]:
    """Return exp(x), without a warning where it overflows, and whether it may have done so."""
    x = np.asarray(x)
    if x.size and largest(x.real) < 11:  # nor does float16; to look costs less than errstate
        return np.exp(x), False
    if np.iscomplexobj(x):  # 1 / (1 + a complex infinity) is not a number: stay below
        x = np.minimum(x.real, np.log(np.finfo(x.dtype).max)) + 1j * x.imag
        return np.exp(x), False
    with np.errstate(over="ignore"):
        return np.exp(x), True


# ------------------------------------------------------------------------------ softmax and its kin


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


class LogSoftmax(Node):
    """y_i = x_i - log sum_j exp(x_j) over the last axis: (..., n) -> (..., n).

    dx_j = dy_j - exp(y_j) sum_i dy_i.
    """

    def forward(self, x: Array) -> Array:
        shifted = x - x.real.max(axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    def backward(self, grad: Array, x: Array) -> Any:
        return grad - np.exp(self.value) * grad.sum(axis=-1, keepdims=True)


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
        self.axis, self.keepdims = axis, keepdims

    def expanded(self, reduced: Array) -> Array:
        """Return an array of the value's shape with the reduced axes put back, of length 1."""
        return reduced if self.keepdims or self.axis is None else np.expand_dims(reduced, self.axis)

    def count(self, x: Array) -> float:
        """Return how many entries of x go into one of the value."""
        return np.size(x) / max(np.size(self.value), 1)


class Sum(Reduction):
    """y = sum of x over `axis`."""

    def forward(self, x: Array) -> Array:
        return np.sum(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.broadcast_to(self.expanded(grad), np.shape(x))


class Mean(Reduction):
    """y = mean of x over `axis`."""

    def forward(self, x: Array) -> Array:
        return np.mean(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.broadcast_to(self.expanded(grad) / self.count(x), np.shape(x))


class Var(Reduction):
    """y = mean of (x - mean x)**2 over `axis`. dx = 2 (x - mean x) dy / count."""

    def forward(self, x: Array) -> Array:
        return np.mean(self._centred(x) ** 2, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        return self.expanded(grad) * 2 / self.count(x) * self._centred(x)

    def _centred(self, x: Array) -> Array:
        return x - np.mean(x, axis=self.axis, keepdims=True)


class Max(Reduction):
    """y = largest entry of x over `axis`; entries that tie share the gradient equally."""

    def forward(self, x: Array) -> Array:
        return np.max(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, grad: Array, x: Array) -> Any:
        largest = x.real == self.expanded(self.value).real
        ties = largest.sum(axis=self.axis, keepdims=self.keepdims, dtype=x.real.dtype)
        return self.expanded(grad / ties) * largest


class LogSumExp(Reduction):
    """y = log sum exp(x) over `axis`, shifted by max(x) against overflow. dx = exp(x - y) dy."""

    def forward(self, x: Array) -> Array:
        top = x.real.max(axis=self.axis, keepdims=True)
        total = np.exp(x - top).sum(axis=self.axis, keepdims=self.keepdims)
        return np.log(total) + top.reshape(np.shape(total))

    def backward(self, grad: Array, x: Array) -> Any:
        return self.expanded(grad) * np.exp(x - self.expanded(self.value))
