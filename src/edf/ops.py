"""Arithmetic and activations: value and derivative side by side, the formula as docstring.

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

BROADCAST = "counted from the last axis, lengths are equal or one of them is 1"

# ------------------------------------------------------------------------------------- arithmetic


class Add(Node, sign="+", numpy=np.add):
    """y = a + b, elementwise, with broadcasting."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, grad


class Sub(Node, sign="-", numpy=np.subtract):
    """y = a - b, elementwise, with broadcasting."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, -grad


class Mul(Node, sign="*", numpy=np.multiply):
    """y = a * b, elementwise, with broadcasting."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * b, grad * a


class Div(Node, sign="/", numpy=np.divide):
    """y = a / b, elementwise, with broadcasting. dy/da = 1/b, dy/db = -y/b."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad / b, -grad * self.value / b


class Pow(Node, sign="**", numpy=np.power):
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


class Neg(Node, sign="neg", numpy=np.negative):
    """y = -x, elementwise."""

    def forward(self, x: Array) -> Array:
        return -x

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad


class Maximum(Node, numpy=np.maximum):
    """y = max(a, b), elementwise, with broadcasting; where both are equal the slope is a's."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * (a.real >= b.real), grad * (a.real < b.real)


class Minimum(Node, numpy=np.minimum):
    """y = min(a, b), elementwise, with broadcasting; where both are equal the slope is a's."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * (a.real <= b.real), grad * (a.real > b.real)


class MatMul(Node, sign="@", numpy=np.matmul):
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


class Exp(Node, numpy=np.exp):
    """y = exp(x), elementwise."""

    def forward(self, x: Array) -> Array:
        return np.exp(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * self.value


class Log(Node, numpy=np.log):
    """y = log(x), the natural logarithm, elementwise, for x > 0."""

    def forward(self, x: Array) -> Array:
        return np.log(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / x


class Expm1(Node, numpy=np.expm1):
    """y = exp(x) - 1, elementwise, with all digits where x is small. dy/dx = y + 1."""

    def forward(self, x: Array) -> Array:
        return np.expm1(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (self.value + 1)


class Log1p(Node, numpy=np.log1p):
    """y = log(1 + x), elementwise, with all digits where x is small, for x > -1."""

    def forward(self, x: Array) -> Array:
        return np.log1p(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (1 + x)


class Sqrt(Node, numpy=np.sqrt):
    """y = sqrt(x), elementwise, for x > 0. dy/dx = 1 / 2y."""

    def forward(self, x: Array) -> Array:
        return np.sqrt(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (2 * self.value)


class Abs(Node, sign="abs", numpy=np.absolute):
    """y = |x|, elementwise; the slope at 0 is taken as 0."""

    def forward(self, x: Array) -> Array:
        return np.where(x.real < 0, -x, x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.sign(x.real)


class Sigmoid(Node):
    """y = 1 / (1 + exp(-x)), elementwise. dy/dx = y(x) y(-x), where 1 - y would lose its digits.

    y(-x) = exp(-x) y(x), so that no second exponential is needed.
    """

    by_hand = ("1 / (1 + np.exp(-{0}))", "{grad} * {y} * (1 - {y})")
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


class Tanh(Node, numpy=np.tanh):
    """y = tanh(x), elementwise. dy/dx = 4 s(2x) s(-2x), s = sigmoid; 1 - y**2 would lose digits."""

    by_hand = ("np.tanh({0})", "{grad} * (1 - {y}**2)")

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
