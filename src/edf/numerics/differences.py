"""Numeric derivatives along a line, each with its own error bar; each may decline with a reason.

What is differentiated is always a scalar function of one number, a `Line`:

    phi(t) = sum(cotangent * F(x + t * u)),        wanted: phi'(0)

* `complex_step`: imag(phi(i*h)) / h with h near 1e-30. No subtraction, so exact to rounding; needs
  an F that carries complex numbers through (Squire and Trapp, 1998).
* `richardson`: central differences at shrinking steps, extrapolated to step zero; the error bar
  comes from neighbouring entries of the table and from rounding (Ridders, 1982).
* `central_difference`: (phi(h) - phi(-h)) / 2h, for curves of error against step size.
* `differences`: Richardson tables from several first steps, cross-checked.
* `one_sided`: the slopes on either side, output by output, for kinks.

A single random direction u tests every component at once (`edf.check.compare` chooses u so that
each component weighs alike): that is what makes large parameters cheap.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from edf.graph import Array

EPS = float(np.finfo(np.float64).eps)
#: The imaginary step of the complex step: so small that its square is lost beside any number.
COMPLEX_STEP = 2.0**-100
#: Stencils, by name: f'(x) h is the sum of weights times f(x + offsets h). Two are of eighth order,
#: and the one-sided one tells a kink at x itself from a derivative (Fornberg, 1988). The weights of
#: the one of two points are exact, for numbers of many digits and a tiny step.
STENCILS = {
    "two-point": (np.array([-1.0, 1.0]), np.array([-0.5, 0.5])),
    "differences": (
        np.array([-4.0, -3, -2, -1, 1, 2, 3, 4]),
        np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 4 / 5, -1 / 5, 4 / 105, -1 / 280]),
    ),
    "one-sided": (
        np.arange(9.0),
        np.array([-761 / 280, 8, -14, 56 / 3, -35 / 2, 56 / 5, -14 / 3, 8 / 7, -1 / 8]),
    ),
}


@cache
def repeated(name: str, times: int) -> tuple[Array, Array]:
    """Return the offsets and weights of a stencil applied so many times, one after the other."""
    if not times:
        return np.zeros(1), np.ones(1)
    inner, outer = repeated(name, times - 1), STENCILS[name]
    offsets, places = np.unique(np.add.outer(inner[0], outer[0]), return_inverse=True)
    return offsets, np.bincount(places.ravel(), np.multiply.outer(inner[1], outer[1]).ravel())


def complex_steps(values: Array) -> Array:
    """Return imaginary steps that are small beside every value, however small that is itself.

    At p = 1e-87 a step of 1e-30 is a large one, and log(p + ih) is nothing like linear in it.
    """
    size = np.abs(values)
    return COMPLEX_STEP * np.where((size > 0) & (size < 1), np.maximum(size, 1e-200), 1.0)


_warning_filters = threading.Lock()


@contextlib.contextmanager
def complex_warnings_raise() -> Iterator[None]:
    """Let a discarded imaginary part be an exception (filters are global, so one at a time)."""
    with _warning_filters, warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


class DeclinedError(Exception):
    """An oracle that cannot give a derivative here; the message says why."""


@dataclass(frozen=True)
class Estimate:
    """A derivative, and a bound on its error."""

    value: float
    error: float


@dataclass(frozen=True)
class Line:
    """The function t -> sum(cotangent * outputs(t)), with the step on which it is to be judged."""

    outputs: Callable[[complex], Array]
    cotangent: Array
    scale: float = 1.0
    """A step in t that moves the arguments about as far as they are large."""

    def __call__(self, t: complex) -> complex:
        return complex(np.sum(self.cotangent * self.outputs(t)))

    def measured(self, t: float) -> tuple[float, float]:
        """Return phi(t) and the size of the terms that it sums, which bounds its rounding."""
        terms = self.cotangent * self.outputs(t)
        return float(np.sum(terms)), float(np.sum(np.abs(terms)))


def complex_step(line: Line) -> Estimate:
    """Return imag(phi(i*h)) / h, exact to rounding.

    Raises:
        DeclinedError: The function cannot be evaluated at complex arguments, or gives no number.
    """
    step = line.scale * COMPLEX_STEP
    _insist_on_steps(step)
    try:
        value = line(1j * step)
    except (TypeError, ValueError, NotImplementedError, np.exceptions.ComplexWarning) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise DeclinedError(f"it does not accept complex numbers ({reason})") from None
    slope = value.imag / step
    if not np.isfinite(slope):
        raise DeclinedError("it gives no finite number at a complex argument")
    return Estimate(slope, 4 * EPS * abs(slope))


def _insist_on_steps(smallest: float) -> None:
    """Raise `DeclinedError` where a step would vanish."""
    if not 1e-290 < smallest < np.inf:
        raise DeclinedError("its gradients are too small for a step below them")


def rounding_noise(line: Line) -> float:
    """Return how far rounding moves phi, measured: a forward that cancels large terms is noisier
    than its value is large. Second differences at tiny steps hold nothing but rounding, the middle
    one of the three excepted where there is a kink at t = 0; hence their median."""
    tiny = line.scale * 2.0**-34
    values = [line(k * tiny).real for k in (-2, -1, 0, 1, 2)]
    seconds = np.diff(values, 2)
    return float(np.median(np.abs(seconds))) if np.all(np.isfinite(seconds)) else 0.0


def richardson(
    line: Line,
    *,
    start: float = 0.25,
    ratio: float = 2.0,
    levels: int = 24,
    noise: float = 0.0,
) -> Estimate:
    """Return the extrapolated central difference with the smallest error bar.

    Row l of the table has the step h = `start * scale / ratio**l`; column m removes the term of
    order `h**(2m)`. A row is the last when rounding, which grows as 1/h, exceeds the best error
    bar.

    Raises:
        DeclinedError: No two step sizes gave finite values.
    """
    _insist_on_steps(start * line.scale / ratio**levels)
    best: Estimate | None = None
    previous: list[float] = []
    for level in range(levels):
        h = start * line.scale / ratio**level
        (above, size_above), (below, size_below) = line.measured(h), line.measured(-h)
        row = [(above - below) / (2 * h)]
        if not np.isfinite(row[0]):
            previous = []
            continue
        # Both the values and the arguments are rounded.
        rounding = 2 * EPS * (max(size_above, size_below) + abs(row[0]) * line.scale) / h
        rounding = max(rounding, noise / h)
        for m, coarser in enumerate(previous[:4], start=1):
            weight = ratio ** (2 * m)
            row.append((weight * row[-1] - coarser) / (weight - 1))
            error = max(abs(row[m] - row[m - 1]), abs(row[m] - coarser)) + rounding
            if best is None or error < best.error:
                best = Estimate(row[m], error)
        previous = row
        if best is not None and (best.error <= 1e-12 * abs(best.value) or rounding > best.error):
            break
    if best is None:
        raise DeclinedError("it gives no finite number near the point")
    return best


def small_steps(
    line: Line, *, shift: float = 1.0, ratio: float = 2.0, noise: float = 0.0
) -> Estimate:
    """Return the Richardson estimate of a few small steps: not sharp, but not to be misled by what
    the function does further away.

    Raises:
        DeclinedError: No two step sizes gave finite values.
    """
    return richardson(line, start=shift * 2.0**-14, ratio=ratio, levels=6, noise=noise)


def differences(
    line: Line, *, shift: float = 1.0, ratio: float = 2.0, noise: float = 0.0
) -> Estimate:
    """Return the sharpest of several Richardson tables that agrees with one at small steps.

    A table of large steps alone can be wrong and sure of itself: where a function is flat on both
    sides of a narrow slope, all its differences are zero.

    Args:
        line: The function.
        shift: A factor on all step sizes.
        ratio: Of successive steps. Another shift and ratio make an independent second opinion.
        noise: How far rounding moves phi, where that is known (`rounding_noise`).

    Raises:
        DeclinedError: No two step sizes gave finite values.
    """
    best: Estimate | None = None
    for reach in (1.0, 2.0**-20):  # the second where the domain ends near the point
        try:
            fine = small_steps(line, shift=shift * reach, ratio=ratio, noise=noise)
        except DeclinedError:
            continue
        sharpest = fine
        for start in (0.25, 2.0**-6, 2.0**-10):
            with contextlib.suppress(DeclinedError):
                coarse = richardson(line, start=shift * reach * start, ratio=ratio, noise=noise)
                if abs(coarse.value - fine.value) <= 4 * (coarse.error + fine.error):
                    sharpest = min(coarse, fine, key=lambda estimate: estimate.error)
                    break
        if best is None or sharpest.error < best.error:
            best = sharpest
        if best.error <= 1e-7 * abs(best.value):
            break
    if best is None:
        raise DeclinedError("it gives no finite number near the point")
    return best


def central_difference(line: Line, step: float) -> float:
    """Return (phi(h) - phi(-h)) / 2h with h = `step` times the line's scale."""
    h = step * line.scale
    return (line(h).real - line(-h).real) / (2 * h)


@dataclass(frozen=True)
class Slopes:
    """One-sided slopes of every output along a line, with a bound on their error."""

    left: Array
    right: Array
    error: Array

    @property
    def kinked(self) -> bool:
        """Whether some output has two different slopes."""
        gap = np.abs(self.left - self.right)
        size = np.maximum(np.abs(self.left), np.abs(self.right))
        return bool(np.any(gap > 1e-4 * size + 10 * self.error))

    def interval(self, cotangent: Array) -> tuple[float, float, float]:
        """Return the least and the greatest slope of sum(cotangent * outputs), and their error.

        Each output may take any slope between its own two, whatever the sign of its cotangent.
        """
        left, right = cotangent * self.left, cotangent * self.right
        size = np.sum(np.abs(cotangent) * np.maximum(np.abs(self.left), np.abs(self.right)))
        error = np.sum(np.abs(cotangent) * self.error) + 1e-6 * size
        return float(np.minimum(left, right).sum()), float(np.maximum(left, right).sum()), error


def one_sided(line: Line, *, start: float = 2.0**-18, noise: float = 0.0) -> Slopes:
    """Return the slopes of every output to the left and to the right of t = 0.

    Each is extrapolated from one-sided differences at three steps. `noise` says how far rounding
    moves phi, where that is known (`rounding_noise`): outputs that cancel large terms are smaller
    than their rounding tells.

    Raises:
        DeclinedError: A value is not finite, or the slopes grow without bound (a jump).
    """
    _insist_on_steps(start * line.scale)
    origin = np.asarray(line.outputs(0.0))
    rounding = np.maximum(32 * EPS * np.abs(origin), 4 * noise) / (line.scale * start / 4)
    sides, changes = [], []
    for sign in (-1.0, 1.0):
        steps = [sign * line.scale * start / 2**k for k in range(3)]
        first = [(np.asarray(line.outputs(h)) - origin) / h for h in steps]
        second = [2 * fine - coarse for coarse, fine in pairwise(first)]
        sides.append((4 * second[1] - second[0]) / 3)
        changes.append(np.abs(sides[-1] - second[1]))
    size, change = np.maximum(*np.abs(sides)), np.maximum(*changes)
    if not np.all(np.isfinite(size)):
        raise DeclinedError("it gives no finite number near the point")
    if np.any(change > 0.1 * size + 1e-3 * np.max(size, initial=0.0) + rounding):
        raise DeclinedError("its slopes do not settle as the step shrinks (a jump, or noise)")
    return Slopes(sides[0], sides[1], change + rounding)


def _weighted(offsets: Array, weights: Array, values: Array) -> Array:
    """Sum values at the offsets of a stencil, along the second axis, times its weights.

    The weights add up to 0, so differences of values are summed, without what they have in common:
    a constant leaves no rounding, and no sum depends on how a machine's BLAS orders it.
    """
    last = len(offsets) - 1
    partners = range(last, -1, -1) if offsets[0] == -offsets[last] else [0] * len(offsets)
    total = np.zeros((len(values), *values.shape[2:]), values.dtype)
    for k, partner in enumerate(partners):
        if k > partner:
            total = total + weights[k] * (values[:, k] - values[:, partner])
    return total


def difference_quotient(values: Array, steps: Array, method: str) -> Array:
    """Return derivatives, (entries, rows, ...), from values at shifted arguments, many at once.

    Args:
        values: (entries * variants * rows, ...): for each entry that was shifted, one variant
            with the complex step, or one for each offset of a stencil.
        steps: (entries, rows).
        method: `"complex"`, or the name of a stencil.
    """
    entries, rows = steps.shape
    shaped = values.reshape(entries, -1, rows, *values.shape[1:])
    change = shaped[:, 0].imag if method == "complex" else _weighted(*STENCILS[method], shaped)
    scale = steps.reshape(entries, rows, *(1,) * (values.ndim - 1))
    return np.asarray(change / scale)
