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

from edf.graph import Array, Node
from edf.operations.arrays import largest

BROADCAST = "counted from the last axis, lengths are equal or one of them is 1"

# ------------------------------------------------------------------------------------- arithmetic


class Add(Node, sign="+", numpy=np.add):
    r"""The sum, elementwise, with broadcasting.

    $$y_{ij} = a_{ij} + b_j$$

    What was broadcast gets the sum of the gradients:

    $$\frac{\partial l}{\partial b_j} = \sum_i \frac{\partial l}{\partial y_{ij}}$$

    Examples:
        >>> a, b = Param([[1.0, 2.0], [3.0, 4.0]]), Param([10.0, 20.0])
        >>> y = a + b
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[11. 22.]
         [13. 24.]]
    """

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a + b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, grad


class Sub(Node, sign="-", numpy=np.subtract):
    r"""The difference, elementwise, with broadcasting.

    $$y_{ij} = a_{ij} - b_j$$

    $$\frac{\partial l}{\partial b_j} = -\sum_i \frac{\partial l}{\partial y_{ij}}$$

    Examples:
        >>> a, b = Param([[1.0, 2.0], [3.0, 4.0]]), Param([10.0, 20.0])
        >>> y = a - b
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[ -9. -18.]
         [ -7. -16.]]
    """

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a - b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, -grad


class Mul(Node, sign="*", numpy=np.multiply):
    r"""The product, elementwise, with broadcasting.

    $$y_{ij} = a_{ij} b_j$$

    $$\frac{\partial l}{\partial a_{ij}} = \frac{\partial l}{\partial y_{ij}} b_j$$

    $$\frac{\partial l}{\partial b_j} = \sum_i \frac{\partial l}{\partial y_{ij}} a_{ij}$$

    Examples:
        >>> a, b = Param([[1.0, 2.0], [3.0, 4.0]]), Param([10.0, 20.0])
        >>> y = a * b
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[10. 40.]
         [30. 80.]]
    """

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a * b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * b, grad * a


class Div(Node, sign="/", numpy=np.divide):
    r"""The quotient, elementwise, with broadcasting.

    $$y_i = \frac{a_i}{b_i}$$

    $$\frac{\partial y_i}{\partial a_i} = \frac{1}{b_i}$$

    $$\frac{\partial y_i}{\partial b_i} = -\frac{y_i}{b_i}$$

    Examples:
        >>> a, b = Param([1.0, 6.0, 3.0]), Param([2.0, 3.0, 4.0])
        >>> y = a / b
        >>> print(y.forward())
        [0.5  2.   0.75]
    """

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return a / b

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad / b, -grad * self.value / b


class Pow(Node, sign="**", numpy=np.power):
    r"""The power, elementwise, with broadcasting.

    $$y_i = a_i^{p_i}$$

    $$\frac{\partial y_i}{\partial a_i} = p_i a_i^{p_i - 1}$$

    $$\frac{\partial y_i}{\partial p_i} = a_i^{p_i} \log a_i$$

    The first derivative is 0 for p = 0, the second for a = 0.

    Examples:
        >>> a, p = Param([2.0, 3.0, 4.0]), Param([3.0, 2.0, 0.5])
        >>> y = a**p
        >>> print(y.forward())
        [8. 9. 2.]
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
    r"""The negative, elementwise.

    $$y_i = -x_i$$

    $$\frac{\partial y_i}{\partial x_i} = -1$$

    Examples:
        >>> x = Param([1.0, -2.0])
        >>> y = -x
        >>> print(y.forward())
        [-1.  2.]
    """

    def forward(self, x: Array) -> Array:
        return -x

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad


class Maximum(Node, numpy=np.maximum):
    r"""The larger one, elementwise, with broadcasting; where both are equal the slope is a's.

    $$y_i = \max(a_i, b_i)$$

    $$\frac{\partial y_i}{\partial a_i}
    = \begin{cases} 1 & \text{if } a_i \geq b_i \\ 0 & \text{otherwise} \end{cases}$$

    Examples:
        >>> a, b = Param([1.0, 5.0, 2.0]), Param([4.0, 2.0, 3.0])
        >>> y = Maximum(a, b)
        >>> print(y.forward())
        [4. 5. 3.]
    """

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * (a.real >= b.real), grad * (a.real < b.real)


class Minimum(Node, numpy=np.minimum):
    r"""The smaller one, elementwise, with broadcasting; where both are equal the slope is a's.

    $$y_i = \min(a_i, b_i)$$

    $$\frac{\partial y_i}{\partial a_i}
    = \begin{cases} 1 & \text{if } a_i \leq b_i \\ 0 & \text{otherwise} \end{cases}$$

    Examples:
        >>> a, b = Param([1.0, 5.0, 2.0]), Param([4.0, 2.0, 3.0])
        >>> y = Minimum(a, b)
        >>> print(y.forward())
        [1. 2. 2.]
    """

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad * (a.real <= b.real), grad * (a.real > b.real)


class MatMul(Node, sign="@", numpy=np.matmul):
    r"""The matrix product: (..., m, k) @ (..., k, n) -> (..., m, n).

    A vector on either side is a row or a column, as NumPy has it.

    $$Y = A B$$

    For each matrix of a batch,

    $$\nabla_A l = \left(\nabla_Y l\right) B^\top$$

    $$\nabla_B l = A^\top \nabla_Y l$$

    On the formula sheet: [a batch by the weights][affine-layer-of-a-batch-by-the-weights].

    Examples:
        >>> A, B = Param([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), Param([[1.0, 2.0], [2.0, 1.0]])
        >>> Y = A @ B
        >>> l = AnyFunction()(Y)
        >>> print(Y.forward())
        [[ 5.  4.]
         [11. 10.]
         [17. 16.]]
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
    r"""The exponential, elementwise.

    $$y_i = e^{x_i}$$

    $$\frac{\partial y_i}{\partial x_i} = y_i$$

    Examples:
        >>> x = Param([-1.0, 0.0, 1.0])
        >>> y = Exp(x)
        >>> print(y.forward())
        [0.36787944 1.         2.71828183]
    """

    def forward(self, x: Array) -> Array:
        return np.exp(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * self.value


class Log(Node, numpy=np.log):
    r"""The natural logarithm, elementwise, for x > 0.

    $$y_i = \log x_i$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{x_i}$$

    Examples:
        >>> x = Param([1.0, 2.0, 10.0])
        >>> y = Log(x)
        >>> print(y.forward())
        [0.         0.69314718 2.30258509]
    """

    def forward(self, x: Array) -> Array:
        return np.log(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / x


class Expm1(Node, numpy=np.expm1):
    r"""The exponential less 1, elementwise, with all digits where x is small.

    $$y_i = e^{x_i} - 1$$

    $$\frac{\partial y_i}{\partial x_i} = y_i + 1$$

    Examples:
        >>> x = Param([1e-10, 1.0])
        >>> y = Expm1(x)
        >>> print(y.forward())
        [1.00000000e-10 1.71828183e+00]
    """

    def forward(self, x: Array) -> Array:
        return np.expm1(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (self.value + 1)


class Log1p(Node, numpy=np.log1p):
    r"""The logarithm of 1 + x, elementwise, with all digits where x is small, for x > -1.

    $$y_i = \log(1 + x_i)$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{1 + x_i}$$

    Examples:
        >>> x = Param([1e-10, 1.0])
        >>> y = Log1p(x)
        >>> print(y.forward())
        [1.00000000e-10 6.93147181e-01]
    """

    def forward(self, x: Array) -> Array:
        return np.log1p(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (1 + x)


class Sqrt(Node, numpy=np.sqrt):
    r"""The square root, elementwise, for x > 0.

    $$y_i = \sqrt{x_i}$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{2 y_i}$$

    Examples:
        >>> x = Param([1.0, 4.0, 9.0])
        >>> y = Sqrt(x)
        >>> print(y.forward())
        [1. 2. 3.]
    """

    def forward(self, x: Array) -> Array:
        return np.sqrt(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (2 * self.value)


class Abs(Node, sign="abs", numpy=np.absolute):
    r"""The absolute value, elementwise; the slope at 0 is taken as 0.

    $$y_i = \lvert x_i \rvert$$

    $$\frac{\partial y_i}{\partial x_i} = \operatorname{sign}(x_i)$$

    Examples:
        >>> x = Param([-3.0, 2.0])
        >>> y = abs(x)
        >>> print(y.forward())
        [3. 2.]
    """

    def forward(self, x: Array) -> Array:
        return np.where(x.real < 0, -x, x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.sign(x.real)


class Sigmoid(Node):
    r"""The logistic function, elementwise.

    $$y_i = \frac{1}{1 + e^{-x_i}}$$

    $$\frac{\partial y_i}{\partial x_i} = y_i (1 - y_i) = y_i^2 e^{-x_i}$$

    The last form is the one that is computed: 1 - y would lose its digits where y is close to 1.

    On the formula sheet: [sigmoid derivative][sigmoid-derivative].

    Examples:
        >>> x = Param([-2.0, 0.0, 2.0])
        >>> y = Sigmoid(x)
        >>> print(y.forward())
        [0.11920292 0.5        0.88079708]
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


class Tanh(Node, numpy=np.tanh):
    r"""The hyperbolic tangent, elementwise.

    $$y_i = \tanh x_i$$

    $$\frac{\partial y_i}{\partial x_i} = 1 - y_i^2 = 4 \, \sigma(2 x_i) \, \sigma(-2 x_i)$$

    The last form is the one that is computed: the one before loses digits where y is close to 1.

    On the formula sheet: [tanh derivative][tanh-derivative].

    Examples:
        >>> x = Param([-1.0, 0.0, 1.0])
        >>> y = Tanh(x)
        >>> print(y.forward())
        [-0.76159416  0.          0.76159416]
    """

    def forward(self, x: Array) -> Array:
        return np.tanh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * 4 * falling(-2 * x) * falling(2 * x)


class ReLU(Node):
    r"""The rectifier, elementwise; the slope at 0 is taken as 0.

    $$y_i = \max(x_i, 0)$$

    $$\frac{\partial y_i}{\partial x_i}
    = \begin{cases} 1 & \text{if } x_i > 0 \\ 0 & \text{otherwise} \end{cases}$$

    On the formula sheet: [ReLU derivative][relu-derivative].

    Examples:
        >>> x = Param([-1.0, 2.0, 3.0])
        >>> y = ReLU(x)
        >>> print(y.forward())
        [0. 2. 3.]
    """

    def forward(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (x.real > 0)


class LeakyReLU(Node):
    r"""A rectifier that leaks, elementwise; the slope at 0 is the lower one.

    With the slope s for negative x,

    $$y_i = \begin{cases} x_i & \text{if } x_i > 0 \\ s x_i & \text{otherwise} \end{cases}$$

    $$\frac{\partial y_i}{\partial x_i}
    = \begin{cases} 1 & \text{if } x_i > 0 \\ s & \text{otherwise} \end{cases}$$

    On the formula sheet: [leaky ReLU derivative][leaky-relu-derivative].

    Args:
        slope: The slope for negative x.

    Examples:
        >>> x, s = Param([-1.0, 2.0, 3.0]), 0.1
        >>> y = LeakyReLU(x, slope=s)
        >>> print(y.forward())
        [-0.1  2.   3. ]
    """

    def __init__(self, x: Any, slope: float = 0.01) -> None:
        super().__init__(x)
        self.slope = slope

    def forward(self, x: Array) -> Array:
        return np.where(x.real > 0, x, self.slope * x)

    def backward(self, grad: Array, x: Array) -> Any:
        return np.where(x.real > 0, grad, self.slope * grad)


class Softplus(Node):
    r"""The logarithm of 1 + exp(x), elementwise, a smooth rectifier.

    $$y_i = \log(1 + e^{x_i}) = \max(x_i, 0) + \log(1 + e^{-\lvert x_i \rvert})$$

    $$\frac{\partial y_i}{\partial x_i} = \sigma(x_i)$$

    The second form, which does not overflow, is the one that is computed.

    On the formula sheet: [softplus derivative][softplus-derivative].

    Examples:
        >>> x = Param([-1.0, 0.0, 2.0])
        >>> y = Softplus(x)
        >>> print(y.forward())
        [0.31326169 0.69314718 2.12692801]
    """

    def forward(self, x: Array) -> Array:
        positive = x.real > 0
        return np.where(positive, x, 0) + np.log1p(np.exp(np.where(positive, -x, x)))

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * sigmoid(x)


class GELU(Node):
    r"""The Gaussian error linear unit in its tanh form, elementwise; Hendrycks and Gimpel, 2016.

    $$u_i = \sqrt{\frac{2}{\pi}} \left(x_i + 0.044715 x_i^3\right)$$

    $$y_i = x_i \, \sigma(2 u_i)$$

    $$\frac{\partial y_i}{\partial x_i} =
    \sigma(2 u_i) + 2 x_i \frac{\partial u_i}{\partial x_i} \, \sigma(2 u_i) \, \sigma(-2 u_i)$$

    Examples:
        >>> x = Param([-1.0, 0.5, 1.0])
        >>> u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
        >>> y = GELU(x)
        >>> print(y.forward())
        [-0.15880801  0.34571401  0.84119199]
    """

    SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715

    def forward(self, x: Array) -> Array:
        return x * sigmoid(2 * self.SCALE * (x + self.CUBIC * x**3))

    def backward(self, grad: Array, x: Array) -> Any:
        u = self.SCALE * (x + self.CUBIC * x**3)
        slope = self.SCALE * (1 + 3 * self.CUBIC * x**2)
        return grad * sigmoid(2 * u) * (1 + 2 * x * slope * falling(2 * u))


class SiLU(Node):
    r"""x times its sigmoid, elementwise.

    $$y_i = x_i \, \sigma(x_i)$$

    $$\frac{\partial y_i}{\partial x_i} = \sigma(x_i) (1 + x_i \, \sigma(-x_i))$$

    On the formula sheet: [SiLU (swish) derivative][silu-swish-derivative].

    Examples:
        >>> x = Param([-1.0, 0.5, 1.0])
        >>> y = SiLU(x)
        >>> print(y.forward())
        [-0.26894142  0.31122967  0.73105858]
    """

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
