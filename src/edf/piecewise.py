"""Functions by cases: choices, steps and comparisons. `grad` is as in `edf.ops`.

All look at real parts. A step is constant wherever it is smooth: its derivative is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edf.graph import Array, Node
from edf.ops import BROADCAST


class Where(Node):
    """y = a where the condition holds, else b, elementwise, with broadcasting.

    The gradient goes to whichever was taken: da = dy where it holds, db = dy elsewhere. Both are
    evaluated everywhere. A value that is not taken may be undefined, as log 0, but its derivative
    is then 0 times infinity: keep it defined, as `Log(Where(x > 0, x, 1))` does.
    """

    rule = BROADCAST

    def __init__(self, condition: Any, a: Any, b: Any) -> None:
        super().__init__(condition, a, b)

    def forward(self, condition: Array, a: Array, b: Array) -> Array:
        return np.where(condition, a, b)

    def backward(self, grad: Array, condition: Array, a: Array, b: Array) -> Any:
        return None, np.where(condition, grad, 0), np.where(condition, 0, grad)


class Clip(Node):
    """y = x, but at least `low` and at most `high`, elementwise; the slope is 1 within, else 0.

    Args:
        low: A number or an array; None for no bound.
        high: Likewise.
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
        if self.low is not None:
            within = np.where(x.real < self.low, below, within)
        return within if self.high is None else np.where(x.real > self.high, above, within)


# ------------------------------------------------------------------------------------------- steps


class Step(Node):
    """A function that is constant wherever it is smooth: the derivative is 0."""

    def backward(self, grad: Array, x: Array) -> Any:
        return 0 * grad


class Sign(Step, numpy=np.sign):
    """y = 1 for x > 0, -1 for x < 0, 0 for x = 0, elementwise. The slope is 0."""

    def forward(self, x: Array) -> Array:
        return np.sign(x.real) + 0 * x


class Floor(Step, numpy=np.floor):
    """y = the largest whole number that is at most x, elementwise. The slope is 0."""

    def forward(self, x: Array) -> Array:
        return np.floor(x.real) + 0 * x


class Ceil(Step, numpy=np.ceil):
    """y = the smallest whole number that is at least x, elementwise. The slope is 0."""

    def forward(self, x: Array) -> Array:
        return np.ceil(x.real) + 0 * x


class Round(Step, numpy=np.rint):
    """y = the nearest whole number, of two the even one, elementwise. The slope is 0."""

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
    """a > b."""

    compare = np.greater
    by_hand = ("{0} > {1}", "None", "None")


class GreaterEqual(Comparison, sign=">=", numpy=np.greater_equal):
    """a >= b."""

    compare = np.greater_equal
    by_hand = ("{0} >= {1}", "None", "None")


class Less(Comparison, sign="<", numpy=np.less):
    """a < b."""

    compare = np.less
    by_hand = ("{0} < {1}", "None", "None")


class LessEqual(Comparison, sign="<=", numpy=np.less_equal):
    """a <= b."""

    compare = np.less_equal
    by_hand = ("{0} <= {1}", "None", "None")


class Equal(Comparison, numpy=np.equal):
    """a = b; written out, as == would be taken for the question whether two nodes are one."""

    compare = np.equal
    by_hand = ("{0} == {1}", "None", "None")


class NotEqual(Comparison, numpy=np.not_equal):
    """a != b."""

    compare = np.not_equal
    by_hand = ("{0} != {1}", "None", "None")


# A mask of masks: as in NumPy, `(x > 0) & (x < 1)`, with its parentheses.


class And(Comparison, sign="&", numpy=np.logical_and):
    """a and b, of masks."""

    compare = np.bitwise_and
    by_hand = ("{0} & {1}", "None", "None")


class Or(Comparison, sign="|", numpy=np.logical_or):
    """a or b, of masks."""

    compare = np.bitwise_or
    by_hand = ("{0} | {1}", "None", "None")


class Not(Node, sign="~", numpy=np.logical_not):
    """not a, of a mask."""

    by_hand = ("~{0}", "None")

    def forward(self, a: Array) -> Array:
        return np.bitwise_not(np.real(a))

    def backward(self, grad: Array, a: Array) -> Any:
        return None
