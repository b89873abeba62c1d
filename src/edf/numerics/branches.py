"""Which way an operation went at its thresholds, found by running it.

A formula that holds on one side of a threshold only, as `min(relu(x), 6) = relu(x)` does, survives
every sample that stays on that side. So a test wants to know which sides its samples have seen.
Operations are black boxes; but what they are made of is NumPy, and NumPy tells a subclass of its
arrays of every function that is applied to it:

    trace = Trace()
    value = operation.forward(*(trace.watch(array) for array in arrays))
    for branch, margins in trace.margins.items(): ...

A *branch* is one call in the source that follows different rules on different sides of a threshold:
a comparison, `maximum`, `minimum`, `abs`, `sign`, `clip`, `heaviside`, and so on. Its *margin* is
the distance to the threshold, negative on the one side and positive on the other: x - y for
`x > y`, `maximum(x, y)` and `x == y`, x for `abs(x)` and `sign(x)`. `where` needs no entry of its
own, since its condition is a comparison.

What leaves NumPy is not seen: `float(x)`, `math.floor(x)`, and arrays that `np.asarray` has made
plain ones. `Trace.lost` tells whether the value of a function still is a watched array.
"""

from __future__ import annotations

import linecache
import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from edf.graph import Array

Margins = Callable[..., Sequence[Array]]
"""From the arguments of a NumPy function to the distances to its thresholds."""


@dataclass(frozen=True)
class Branch:
    """One call in the source that has a threshold."""

    function: str
    """NumPy's name for it, as `maximum` or `greater`."""
    file: str = field(repr=False)
    line: int
    instruction: int = field(repr=False, default=0)
    """Which instruction of its code object: two calls on one line are two branches."""
    part: int = field(repr=False, default=0)
    """Which threshold, of a call that has several: `clip` has two."""

    @property
    def source(self) -> str:
        """The line of source code, or the function's name where that is not at hand."""
        line = linecache.getline(self.file, self.line).strip()
        return textwrap.shorten(line, 72, placeholder=" ...") or self.function

    def sides(self, margins: Array) -> set[int]:
        """Return which sides some margins are on: -1 (below), 1 (above).

        At the threshold itself a comparison still goes one way: `x > y` is false there, as below.
        Other functions are at a kink there, on neither side.
        """
        signs = {int(sign) for sign in np.unique(np.sign(margins)) if np.isfinite(sign)}
        if 0 in signs and self.function in ("greater", "less_equal"):
            signs.add(-1)
        if 0 in signs and self.function in ("less", "greater_equal"):
            signs.add(1)
        return signs - {0}

    @property
    def at_equality(self) -> bool:
        """Whether its sides are *equal* and *different*, not *below* and *above*."""
        return self.function in ("equal", "not_equal")


class Trace:
    """The branches that a function met while it ran on watched arrays.

    Attributes:
        margins: For each branch, one array of margins for each time that it was met. They have
            the shape to which the operands broadcast.
        dropped: The functions that lost the imaginary part of a complex argument, as `abs` does,
            or `x.real` where more than a comparison was made of it. A complex step through them
            is wrong, and nothing warns.
    """

    def __init__(self) -> None:
        self.margins: dict[Branch, list[Array]] = defaultdict(list)
        self.dropped: list[str] = []

    def watch(self, array: Any) -> Any:
        """Return the array as one that reports what becomes of it; anything else as it is.

        Whole numbers and booleans are not watched: they are labels, and have no derivative.
        """
        if not isinstance(array, np.ndarray | np.floating) or array.dtype.kind not in "fc":
            return array
        watched = np.asarray(array).view(Watched)
        watched.noted_in = self
        return watched

    def lost(self, value: Any) -> bool:
        """Whether a function's value has come out unwatched, so that branches may be missing."""
        return np.asarray(value).dtype.kind in "fc" and not isinstance(value, Watched)

    def note(self, function: str, margins: Sequence[Array]) -> None:
        """Add the margins of one call, made from the nearest line that is not NumPy's own."""
        frame = _caller()
        for part, margin in enumerate(margins):
            branch = Branch(function, frame.f_code.co_filename, frame.f_lineno, frame.f_lasti, part)
            self.margins[branch].append(np.array(margin))


def traced(function: Callable[..., Any], arrays: Sequence[Any]) -> tuple[Array, Trace]:
    """Return a function's value at some arrays, as a plain array, and the branches it met."""
    trace = Trace()
    value = function(*(trace.watch(array) for array in arrays))
    return _plain(value), trace


class Watched(np.ndarray):
    """An array that notes in its trace how each branch it comes to is taken.

    Whatever is computed from it is watched too, single numbers included.
    """

    noted_in: Trace | None = None
    is_real_part = False  # of a complex array, and nothing has been computed from it yet

    def __array_finalize__(self, source: Any) -> None:
        self.noted_in = getattr(source, "noted_in", None)
        self.is_real_part = getattr(source, "is_real_part", False)

    @property
    def real(self) -> Any:
        part = _watched(_plain(self).real, self.noted_in)
        if isinstance(part, Watched):
            part.is_real_part = self.dtype.kind == "c"
        return part

    @real.setter
    def real(self, value: Any) -> None:
        _plain(self).real = value

    def view(self, *args: Any, **options: Any) -> Any:
        seen = super().view(*args, **options)
        if self.dtype.kind == "c" and seen.dtype.kind == "f" and self.noted_in is not None:
            self.noted_in.dropped.append("view")  # as `var` does for |x|**2
        return seen

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        trace = _trace_of(inputs) or self.noted_in
        arrays = [_plain(value) for value in inputs]
        if "where" in options:
            options["where"] = _plain(options["where"])
        if trace is not None:
            trace.dropped += _dropped_by(ufunc, method, inputs)
        # Before the call, which may write into an argument.
        if trace is not None and _of_real_numbers(arrays):
            _note_ufunc(trace, ufunc, method, arrays, options)
        if out is not None:
            options["out"] = tuple(_plain(value) for value in out)
        value = getattr(ufunc, method)(*arrays, **options)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return _watched(value, trace)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        trace = _trace_of(args) or self.noted_in
        if trace is not None and func in _FUNCTIONS and _of_real_numbers(args[:1]):
            arrays = [_plain(value) for value in args]
            options = {name: _plain(value) for name, value in kwargs.items()}
            trace.note(func.__name__, _FUNCTIONS[func](*arrays, **options))
        value = super().__array_function__(func, types, args, kwargs)
        return _watched(value, trace)

    def __getitem__(self, key: Any) -> Any:
        return _watched(super().__getitem__(key), self.noted_in)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def argmax(self, *args: Any, **options: Any) -> Any:
        return self._ordered("argmax", *args, **options)

    def argmin(self, *args: Any, **options: Any) -> Any:
        return self._ordered("argmin", *args, **options)

    def argsort(self, *args: Any, **options: Any) -> Any:
        return self._ordered("argsort", *args, **options)

    def sort(self, *args: Any, **options: Any) -> None:
        self._ordered("sort", *args, **options)

    def _ordered(self, name: str, *args: Any, **options: Any) -> Any:
        plain = _plain(self)
        if self.noted_in is not None and _of_real_numbers([plain]):
            axis = args[0] if args else options.get("axis", -1 if "sort" in name else None)
            self.noted_in.note(name, _METHODS[name](plain, axis))
        return getattr(plain, name)(*args, **options)


# ----------------------------------------------------------------------------- what has a threshold


def _apart(x: Array, y: Array, *_: Any) -> list[Array]:
    return [np.subtract(x, y)]


def _from_zero(x: Array, *_: Any) -> list[Array]:
    return [np.asarray(x)]


_UFUNCS: dict[str, Margins] = {
    **dict.fromkeys(
        ["greater", "greater_equal", "less", "less_equal", "equal", "not_equal"], _apart
    ),
    **dict.fromkeys(["maximum", "minimum", "fmax", "fmin"], _apart),
    **dict.fromkeys(["absolute", "fabs", "sign", "signbit", "heaviside"], _from_zero),
    **dict.fromkeys(["floor", "ceil", "rint", "trunc"], _from_zero),
    "copysign": lambda x, y, *_: [np.asarray(y)],
    "clip": lambda x, low, high, *_: [np.subtract(x, low), np.subtract(x, high)],
}


def _above_the_others(x: Array, axis: Any, sign: float) -> list[Array]:
    """Return each entry's lead over the largest of the others (`sign` 1; the smallest: -1)."""
    lines = sign * _lines(x, axis)
    if lines.shape[-1] < 2:
        return []
    top = np.partition(lines, -2, axis=-1)[..., -2:]
    others = np.where(lines == top[..., 1:], top[..., :1], top[..., 1:])
    return [lines - others]


def _neighbours(x: Array, axis: Any) -> list[Array]:
    """Return how far each entry exceeds the one before it."""
    return [np.diff(_lines(x, axis), axis=-1)]


def _lines(x: Array, axis: Any) -> Array:
    """Return an array with the axes over which something is done as its last one."""
    x = np.asarray(x)
    if axis is None:
        return x.reshape(-1)
    axes = [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    return moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)


_METHODS: dict[str, Margins] = {
    "argmax": lambda x, axis: _above_the_others(x, axis, 1.0),
    "argmin": lambda x, axis: _above_the_others(x, axis, -1.0),
    "argsort": _neighbours,
    "sort": _neighbours,
}


def _knots(x: Array, knots: Array, *_: Any, **__: Any) -> list[Array]:
    return [np.subtract(np.asarray(x)[..., None], knots)]


#: Functions that are made neither of ufuncs nor of the methods above, which are seen as these.
_FUNCTIONS: dict[Any, Margins] = {
    np.interp: _knots,
    np.digitize: _knots,
    np.median: lambda x, axis=None, *_, **__: _neighbours(x, axis),
}


def _note_ufunc(
    trace: Trace, ufunc: np.ufunc, method: str, arrays: list[Any], options: dict[str, Any]
) -> None:
    name = ufunc.__name__
    if name not in _UFUNCS:
        return
    if method == "__call__":
        trace.note(name, _UFUNCS[name](*arrays))
    elif name in ("maximum", "minimum", "fmax", "fmin"):
        sign = 1.0 if "max" in name else -1.0
        axis = options.get("axis", arrays[1] if len(arrays) > 1 else 0)
        if method == "reduce":
            trace.note(name, _above_the_others(arrays[0], axis, sign))
        elif method == "accumulate":
            lines = _lines(arrays[0], axis)
            trace.note(name, [lines[..., 1:] - ufunc.accumulate(lines, axis=-1)[..., :-1]])
        elif method == "outer":
            trace.note(name, [np.subtract.outer(arrays[0], arrays[1])])


def _dropped_by(ufunc: np.ufunc, method: str, inputs: Sequence[Any]) -> list[str]:
    """Return the function with which an imaginary part is lost, if it is.

    A comparison of real parts loses nothing, and their maximum is what is subtracted for safety
    in front of an exponential.
    """
    if ufunc.__name__ in ("absolute", "conjugate") and np.asarray(inputs[0]).dtype.kind == "c":
        return [ufunc.__name__]
    known = ufunc.__name__ in _UFUNCS or method == "reduce"
    if not known and any(getattr(value, "is_real_part", False) for value in inputs):
        return ["real"]
    return []


# ------------------------------------------------------------------------------------ small helpers


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Watched) else value


def _watched(value: Any, trace: Trace | None) -> Any:
    """Return arrays and numbers as watched ones, those inside tuples and lists as well."""
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        return type(value)(_watched(item, trace) for item in value)
    if trace is None or (isinstance(value, Watched) and value.noted_in is not None):
        return value
    return trace.watch(value)


def _trace_of(values: Sequence[Any]) -> Trace | None:
    for value in values:
        if isinstance(value, Watched) and value.noted_in is not None:
            return value.noted_in
        if isinstance(value, tuple | list) and (found := _trace_of(value)) is not None:
            return found
    return None


def _of_real_numbers(values: Sequence[Any]) -> bool:
    """Whether some operand holds floating-point numbers, and none complex ones."""
    kinds = {np.asarray(value).dtype.kind for value in values if not isinstance(value, tuple)}
    return "f" in kinds and "c" not in kinds


def _caller() -> FrameType:
    """Return the frame of the nearest line that belongs neither to NumPy nor to these modules."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(("edf.numerics.", "numpy.")) and module != "numpy":
            break
        frame = frame.f_back
    assert frame is not None
    return frame
