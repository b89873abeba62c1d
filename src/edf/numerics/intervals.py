"""Interval arithmetic: between which bounds the numbers of an array lie, whatever the inputs are.

Arrays carry it along while an operation runs. It proves sides of thresholds impossible:
`abs(exp(x))` is never taken of a negative number, and `maximum(sum(p), 0)` of probabilities p never
chooses 0. Where it knows no rule, it says that everything is possible, which is always true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from edf.graph import Array
from edf.numerics.branches import Branch, Trace, Watched


class Bounds(NamedTuple):
    """All numbers from `low` to `high`, either of which may be infinite."""

    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, value: Any) -> Bounds:
        """Return the bounds of what an array holds."""
        array = np.asarray(value)
        if array.dtype.kind not in "fiub" or not array.size or np.isnan(array).any():
            return cls()
        return cls(float(array.min()), float(array.max()))

    def joined(self, other: Bounds) -> Bounds:
        """Return the bounds of what lies within these or others."""
        return Bounds(min(self.low, other.low), max(self.high, other.high))


class BoundedTrace(Trace):
    """The branches that a function met, with the bounds of their margins.

    Attributes:
        possible: For each branch between which bounds its margin lies.
    """

    def __init__(self) -> None:
        super().__init__()
        self.possible: dict[Branch, Bounds] = {}
        self.arguments: list[Bounds] = []  # of the function that is noted now

    def bound(self, array: Any, bounds: Bounds) -> Any:
        """Return an array that carries bounds along."""
        if not isinstance(array, np.ndarray | np.floating) or array.dtype.kind != "f":
            return array
        bounded = np.asarray(array).view(Bounded)
        bounded.noted_in, bounded.bounds = self, bounds
        return bounded

    def note(self, function: str, margins: Sequence[Array]) -> None:
        before = {branch: len(found) for branch, found in self.margins.items()}
        super().note(function, margins)
        for branch, found in self.margins.items():
            if len(found) > before.get(branch, 0):
                bounds = _margin(function, branch.part, self.arguments)
                known = self.possible.get(branch)
                self.possible[branch] = bounds if known is None else known.joined(bounds)


class Bounded(Watched):
    """An array that knows between which bounds its entries would lie for any inputs."""

    bounds: Bounds = Bounds()

    def __array_finalize__(self, source: Any) -> None:
        super().__array_finalize__(source)
        self.bounds = getattr(source, "bounds", Bounds())  # a part of it, or another shape

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        bounds = [_bounds(value) for value in inputs]
        trace = self.noted_in
        if isinstance(trace, BoundedTrace):
            trace.arguments = bounds
        value = super().__array_ufunc__(ufunc, method, *inputs, out=out, **options)
        if isinstance(trace, BoundedTrace):
            trace.arguments = []
        if out is not None or not isinstance(trace, BoundedTrace):
            return value
        return trace.bound(value, _result(ufunc.__name__, method, bounds, inputs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        trace = self.noted_in
        value = super().__array_function__(func, types, args, kwargs)
        if not isinstance(trace, BoundedTrace):
            return value
        if func is np.broadcast_arrays:
            return tuple(trace.bound(v, _bounds(a)) for v, a in zip(value, args, strict=True))
        bounds = Bounds()
        if func is np.where and len(args) == 3:
            bounds = _bounds(args[1]).joined(_bounds(args[2]))
        elif func in _SAME_ENTRIES:
            bounds = _bounds(args[0])
        elif isinstance(value, Bounded):  # found by ufuncs inside
            return value
        return trace.bound(value, bounds)

    @property
    def real(self) -> Any:
        return self

    @real.setter
    def real(self, value: Any) -> None:
        np.asarray(self).real = value

    def __getitem__(self, key: Any) -> Any:
        trace, part = self.noted_in, super().__getitem__(key)
        return trace.bound(part, self.bounds) if isinstance(trace, BoundedTrace) else part


_SAME_ENTRIES = frozenset(
    [np.reshape, np.transpose, np.ravel, np.squeeze, np.expand_dims, np.broadcast_to, np.take]
)


def _bounds(value: Any) -> Bounds:
    if isinstance(value, Bounded):
        return value.bounds
    # Another array may have been computed from one that was watched; a number is written there.
    return Bounds.of(value) if isinstance(value, bool | int | float) else Bounds()


# ------------------------------------------------------------------------------------------- rules


def _margin(function: str, part: int, arguments: Sequence[Bounds]) -> Bounds:
    """Return the bounds of the distance to a threshold."""
    if len(arguments) == 1:
        return arguments[0] if function in _FROM_ZERO else Bounds()
    if function == "clip" and len(arguments) == 3:
        return difference(arguments[0], arguments[1 + part])
    if len(arguments) == 2:
        return arguments[0] if function == "heaviside" else difference(*arguments)
    return Bounds()


_FROM_ZERO = frozenset(["absolute", "fabs", "sign", "signbit", "floor", "ceil", "rint", "trunc"])


def difference(a: Bounds, b: Bounds) -> Bounds:
    """Return the bounds of a difference."""
    return Bounds(_sum(a.low, -b.high), _sum(a.high, -b.low))


def _sum(a: float, b: float) -> float:
    total = a + b
    return total if not math.isnan(total) else -math.inf


def _product(a: Bounds, b: Bounds) -> Bounds:
    corners = [0.0 if 0 in (x, y) else x * y for x in a for y in b]
    return Bounds(min(corners), max(corners))


def _quotient(a: Bounds, b: Bounds) -> Bounds:
    if b.low < 0 < b.high:
        return Bounds()
    # A bound of 0 is only approached: dividing by it gives infinity with the sign of that side.
    positive = b.low >= 0
    zero = math.inf if positive else -math.inf
    inverse = sorted(1 / end if end else zero for end in b)
    return _product(a, Bounds(*inverse))


def _increasing(function: Callable[[float], float]) -> Callable[[Bounds], Bounds]:
    def rule(a: Bounds) -> Bounds:
        with np.errstate(all="ignore"):
            low, high = (float(function(np.float64(end))) for end in a)
        return Bounds(-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high)

    return rule


def _absolute(a: Bounds) -> Bounds:
    low = 0.0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return Bounds(low, max(abs(a.low), abs(a.high)))


def _power(base: Bounds, exponent: Bounds) -> Bounds:
    if base.low >= 0 or (exponent.low == exponent.high and exponent.low % 2 == 0):
        return Bounds(0.0, math.inf)
    return Bounds()


_RULES: dict[str, Callable[..., Bounds]] = {
    "add": lambda a, b: Bounds(_sum(a.low, b.low), -_sum(-a.high, -b.high)),
    "subtract": lambda a, b: Bounds(_sum(a.low, -b.high), -_sum(-a.high, b.low)),
    "multiply": _product,
    "divide": _quotient,
    "reciprocal": lambda a: _quotient(Bounds(1.0, 1.0), a),
    "power": _power,
    "float_power": _power,
    "negative": lambda a: Bounds(-a.high, -a.low),
    "positive": lambda a: a,
    "absolute": _absolute,
    "fabs": _absolute,
    "square": lambda a: _product(_absolute(a), _absolute(a)),
    "sqrt": lambda a: _increasing(np.sqrt)(Bounds(max(a.low, 0.0), max(a.high, 0.0))),
    "maximum": lambda a, b: Bounds(max(a.low, b.low), max(a.high, b.high)),
    "minimum": lambda a, b: Bounds(min(a.low, b.low), min(a.high, b.high)),
    "sin": lambda a: Bounds(-1.0, 1.0),
    "cos": lambda a: Bounds(-1.0, 1.0),
    "cosh": lambda a: Bounds(1.0, math.inf),
    "arccos": lambda a: Bounds(0.0, math.pi),
    "sign": lambda a: Bounds(-1.0, 1.0),
    **{
        name: _increasing(getattr(np, name))
        for name in ("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "tanh", "arctan",
                     "sinh", "arcsinh", "arcsin", "floor", "ceil", "rint", "trunc", "cbrt")
    },
}  # fmt: skip


def _result(name: str, method: str, bounds: Sequence[Bounds], inputs: Sequence[Any]) -> Bounds:
    """Return the bounds of what a NumPy function returns."""
    if method == "__call__" and name in _RULES and len(inputs) == _arguments(name):
        if name == "multiply" and inputs[0] is inputs[1]:
            return _RULES["square"](bounds[0])
        return _RULES[name](*bounds)
    if method == "__call__" and name == "matmul":
        return Bounds(0.0, math.inf) if min(b.low for b in bounds) >= 0 else Bounds()
    if method == "reduce":
        (a, *_) = bounds
        if name in ("maximum", "minimum"):
            return a
        if name in ("add", "multiply") and a.low >= 0:
            return Bounds(0.0, math.inf)
        if name == "add" and a.high <= 0:
            return Bounds(-math.inf, 0.0)
    return Bounds()


def _arguments(name: str) -> int:
    return int(getattr(np, name).nin)
