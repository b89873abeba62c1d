"""Functions by cases: choices, steps and comparisons. `grad` is as in `elementary`.

All look at real parts. A step is constant wherever it is smooth: its derivative is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edf.graph import Array, Node
from edf.operations.elementary import BROADCAST


class Where(Node):
    r"""One value where a condition holds, another elsewhere; elementwise, with broadcasting.

    For a condition c that is 1 where it holds and 0 elsewhere,

    $$y_i = c_i a_i + (1 - c_i) b_i$$

    The gradient goes to whichever was taken:

    $$\frac{\partial y_i}{\partial a_i} = c_i$$

    $$\frac{\partial y_i}{\partial b_i} = 1 - c_i$$

    Both are evaluated everywhere. A value that is not taken may be undefined, as log 0, but its
    derivative is then 0 times infinity: keep it defined, as `Log(Where(x > 0, x, 1))` does.

    Examples:
        >>> c, a, b = np.array([0, 1, 1]), Param([1.0, 2.0, 3.0]), Param([10.0, 20.0, 30.0])
        >>> y = Where(c, a, b)
        >>> print(y.forward())
        [10.  2.  3.]
    """

    rule = BROADCAST

    def __init__(self, condition: Any, a: Any, b: Any) -> None:
        super().__init__(condition, a, b)

    def forward(self, condition: Array, a: Array, b: Array) -> Array:
        return np.where(condition, a, b)

    def backward(self, grad: Array, condition: Array, a: Array, b: Array) -> Any:
        return None, np.where(condition, grad, 0), np.where(condition, 0, grad)


class Clip(Node):
    r"""x, but at least `low` and at most `high`, elementwise; the slope is 1 within, else 0.

    $$y_i = \min(\max(x_i, -1), 1)$$

    $$\frac{\partial y_i}{\partial x_i}
    = \begin{cases} 1 & \text{if } -1 < x_i < 1 \\ 0 & \text{otherwise} \end{cases}$$

    Args:
        low: A number or an array; None for no bound.
        high: Likewise.

    Examples:
        >>> x = Param([-3.0, 0.5, 2.0])
        >>> y = Clip(x, -1, 1)
        >>> print(y.forward())
        [-1.   0.5  1. ]
    """

    rule = BROADCAST

    def __init__(self, x: Any, low: Any = None, high: Any = None) -> None:
        super().__init__(x)
        self.low, self.high = low, high

    def forward(self, x: Array) -> Array:
        return self._bounded(x, self.low, self.high, x)

    def backward(self, grad: Array, x: Array) -> Any:
        return self._bounded(x, 0, 0, grad)

    def _bounded(self, x: Array, below: Any, above: Any, within: Array) -> Array:
        """Return one of three values, by where x lies."""
        place = x.real
        if self.low is not None:
            within = np.where(place < self.low, below, within)
            place = np.maximum(place, self.low)
        return within if self.high is None else np.where(place > self.high, above, within)


# ------------------------------------------------------------------------------------------- steps


class Step(Node):
    """A function that is constant wherever it is smooth: the derivative is 0."""

    def backward(self, grad: Array, x: Array) -> Any:
        return 0 * grad


class Sign(Step, numpy=np.sign):
    r"""1 for x > 0, -1 for x < 0, 0 for x = 0, elementwise. The slope is 0.

    $$y_i = \begin{cases}
    1 & \text{if } x_i > 0 \\
    -1 & \text{if } x_i < 0 \\
    0 & \text{otherwise}
    \end{cases}$$

    Examples:
        >>> x = Param([-3.0, 0.0, 2.0])
        >>> y = Sign(x)
        >>> print(y.forward())
        [-1.  0.  1.]
    """

    def forward(self, x: Array) -> Array:
        return np.sign(x.real) + 0 * x


class Floor(Step, numpy=np.floor):
    r"""The largest whole number that is at most x, elementwise. The slope is 0.

    $$y_i \leq x_i < y_i + 1$$

    Examples:
        >>> x = Param([-1.5, 0.5, 2.0])
        >>> y = Floor(x)
        >>> print(y.forward())
        [-2.  0.  2.]
    """

    def forward(self, x: Array) -> Array:
        return np.floor(x.real) + 0 * x


class Ceil(Step, numpy=np.ceil):
    r"""The smallest whole number that is at least x, elementwise. The slope is 0.

    $$x_i \leq y_i$$

    Examples:
        >>> x = Param([-1.5, 0.5, 2.0])
        >>> y = Ceil(x)
        >>> print(y.forward())
        [-1.  1.  2.]
    """

    def forward(self, x: Array) -> Array:
        return np.ceil(x.real) + 0 * x


class Round(Step, numpy=np.rint):
    r"""The nearest whole number, of two the even one, elementwise. The slope is 0.

    $$\lvert x_i - y_i \rvert \leq \frac{1}{2}$$

    Examples:
        >>> x = Param([-1.7, 0.5, 2.2])
        >>> y = Round(x)
        >>> print(y.forward())
        [-2.  0.  2.]
    """

    def forward(self, x: Array) -> Array:
        return np.rint(x.real) + 0 * x


# ------------------------------------------------------------------------------------- comparisons


class Comparison(Node):
    """True or false, elementwise, with broadcasting: for `Where`, as a mask. No derivative."""

    rule = BROADCAST
    compare: Callable[..., Array]

    def forward(self, a: Array, b: Array) -> Array:
        return type(self).compare(np.real(a), np.real(b))

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return None, None


class Greater(Comparison, sign=">", numpy=np.greater):
    r"""Where a > b.

    $$y_i = \mathbb{1}[a_i > b_i]$$

    Examples:
        >>> a, b = Param([1.0, 2.0, 3.0]), Param([2.0, 2.0, 2.0])
        >>> y = Greater(a, b)
        >>> print(y.forward())
        [False False  True]
    """

    compare = np.greater


class GreaterEqual(Comparison, sign=">=", numpy=np.greater_equal):
    r"""Where a >= b.

    $$y_i = \mathbb{1}[a_i \geq b_i]$$

    Examples:
        >>> a, b = Param([1.0, 2.0, 3.0]), Param([2.0, 2.0, 2.0])
        >>> y = GreaterEqual(a, b)
        >>> print(y.forward())
        [False  True  True]
    """

    compare = np.greater_equal


class Less(Comparison, sign="<", numpy=np.less):
    r"""Where a < b.

    $$y_i = \mathbb{1}[a_i < b_i]$$

    Examples:
        >>> a, b = Param([1.0, 2.0, 3.0]), Param([2.0, 2.0, 2.0])
        >>> y = Less(a, b)
        >>> print(y.forward())
        [ True False False]
    """

    compare = np.less


class LessEqual(Comparison, sign="<=", numpy=np.less_equal):
    r"""Where a <= b.

    $$y_i = \mathbb{1}[a_i \leq b_i]$$

    Examples:
        >>> a, b = Param([1.0, 2.0, 3.0]), Param([2.0, 2.0, 2.0])
        >>> y = LessEqual(a, b)
        >>> print(y.forward())
        [ True  True False]
    """

    compare = np.less_equal


class Equal(Comparison, numpy=np.equal):
    """Where a = b; written out, as == would be taken for the question whether two nodes are one.

    Examples:
        >>> print(Equal(Param([1.0, 2.0, 3.0]), 2.0).forward())
        [False  True False]
    """

    compare = np.equal


class NotEqual(Comparison, numpy=np.not_equal):
    """Where a != b.

    Examples:
        >>> print(NotEqual(Param([1.0, 2.0, 3.0]), 2.0).forward())
        [ True False  True]
    """

    compare = np.not_equal


# A mask of masks: as in NumPy, `(x > 0) & (x < 1)`, with its parentheses.


class And(Comparison, sign="&", numpy=np.logical_and):
    """Where a and b hold, of masks.

    $$y_i = a_i b_i$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> a, b = x > 1, x < 3
        >>> y = And(a, b)
        >>> print(y.forward())
        [False  True False]
    """

    compare = np.bitwise_and


class Or(Comparison, sign="|", numpy=np.logical_or):
    r"""Where a or b holds, of masks.

    $$y_i = \max(a_i, b_i)$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> a, b = x < 2, x > 2
        >>> y = Or(a, b)
        >>> print(y.forward())
        [ True False  True]
    """

    compare = np.bitwise_or


class Not(Node, sign="~", numpy=np.logical_not):
    """Where a does not hold, of a mask.

    $$y_i = 1 - a_i$$

    Examples:
        >>> x = Param([1.0, 2.0, 3.0])
        >>> a = x > 1
        >>> y = Not(a)
        >>> print(y.forward())
        [ True False False]
    """

    def forward(self, a: Array) -> Array:
        return np.bitwise_not(np.real(a))

    def backward(self, grad: Array, a: Array) -> Any:
        return None
