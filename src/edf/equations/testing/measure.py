"""Both sides of a step measured at points, derivatives included.

The complex step is exact but for rounding where every operation carries complex numbers through;
that is found by watching them do it, and by differences at a few points. Elsewhere derivatives are
central differences, and the change from one step to another says how far they are off.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.operations import OPERATIONS
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Declined, Points
from edf.equations.sampling.probing import loses_complex_step
from edf.equations.sampling.rounding import COARSE, FINE, spread
from edf.equations.sampling.world import World
from edf.equations.testing.sides import ARRAYS, ENOUGH, ROUNDINGS, Sides, largest
from edf.graph import Array

COPIES = 2  # rounded copies of every point
MORE_COPIES = 12  # of a point in doubt
FEWER_COPIES = 4  # of one with expensive derivatives
#: Steps of central differences, relative to max(1, |x|), tried until one leaves enough digits.
#: Odd numbers, so that no step is a multiple of the grid that a function may round to.
STEPS = (1.0372e-2, 1.0519e-3, 1.0233e-4)
#: The step of two points that most functions follow.
QUICK = 1.0931e-6
#: Steps that are right about the size of a derivative, whatever else they lose, by its order.
TINY_STEPS = {1: 1.0931e-7, 2: 1.0713e-5, 3: 1.0529e-4}
NEAR = 1e-2  # how near they come
SECOND = 0.8731  # the other step is this part of the first
FINE_ENOUGH = 1e-9  # no other step is tried where this part of the sides is in doubt
ROUGH = 1e-4  # a derivative that changes by more from one step to another is not resolved
NOISE = 1e4  # unless by no more than so many times what rounding moves
CHECKED = 3  # points at which a complex step is compared with differences
CHECKED_CHOSEN = 8  # of chosen points, which come first and may be on a kink
AGREE = 1e-7  # when the two agree
OFFSETS = 8  # function values of one difference quotient
HEAVY = 10_000  # function values that the derivatives at one point may take before they are many
HEAVY_GRAPH = 30_000  # the same of numbers in the graph, which is computed for every entry
LIMITS = ("limit", "expansion")  # found from values at a distance
MAX_ENTRIES = 4_000_000  # numbers held for one array of all rows; more points are taken in turns


@contextmanager
def quiet() -> Iterator[None]:
    """Let no warning out: what is not finite is found by looking at values."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Measure:
    """Measures one step.

    Args:
        meaning: The step.
        world: The graph that it speaks of.
        checked: At how many random points complex steps are compared with differences.

    Attributes:
        outside: How many points were left out because something was not a number there.
        rough: And because a derivative was not resolved.
    """

    def __init__(self, meaning: Meaning, world: World, checked: int = CHECKED) -> None:
        self.meaning = meaning
        self.world = world
        self.outside = 0
        self.rough = 0
        self.checked = checked
        self.heavy = is_heavy(meaning, world)
        self.method = "complex" if meaning.differentiates else "none"
        if self.method == "complex" and (has_limit(meaning) or loses_complex_step(meaning, world)):
            self.method = "differences"
        slopes = meaning.differentiates == 1
        self.sums = (has_terms(meaning.left), has_terms(meaning.right))
        self.sums_of_slopes = (has_terms(meaning.left, slopes), has_terms(meaning.right, slopes))
        self.written = (is_written(meaning.left), is_written(meaning.right))
        self._at_once = max(1, MAX_ENTRIES // self._entries())

    def measured(self, points: Points, chosen: bool = False) -> Iterator[Sides]:
        """Yield the sides at those points where they can be trusted.

        Of points that were chosen, the first may lie on a kink; and others, where differences
        cannot follow.
        """
        for start in range(0, len(points), self._at_once):
            part = points
            if self._at_once < len(points):
                part = points.take(np.arange(start, min(start + self._at_once, len(points))))
            sides = self.at(part, self.method, STEPS[0])
            if sides is None:
                self.method = "differences"
                sides = self.at(part, self.method, STEPS[0])
                assert sides is not None
            lost = part.lost[part.draws]
            finite = np.isfinite(sides.left + sides.right).reshape(len(part), -1).all(axis=1)
            finite &= np.isfinite(sides.spread).reshape(len(part), -1).all(axis=1) & ~lost
            self.outside += int((~finite).sum())
            sides = sides.take(finite)
            if not len(sides):
                continue
            if self.method == "none":
                yield sides
            else:
                yield from self._resolved(sides, chosen)

    def at(self, points: Points, method: str, step: float) -> Sides | None:
        """Return both sides as they come out, or None if the complex step is declined."""
        evaluator = Evaluator(points.context, self.meaning.ranges, method, step)
        try:
            sides = evaluator.sides(self.meaning)
        except Declined:
            return None
        except np.linalg.LinAlgError as problem:
            raise EquationError(
                Why.EVALUATION, f"A matrix has no inverse at a sample point ({problem})"
            ) from None
        except (TypeError, ValueError) as problem:
            if method == "complex":
                return None
            raise EquationError(
                Why.EVALUATION, f"A function failed: {type(problem).__name__}: {problem}"
            ) from problem
        left, right = (s.reshape(points.copies, len(points), *s.shape[1:]) for s in sides)
        none = np.zeros(left.shape[1:])
        spreads = [none, none]
        if points.copies > 1:
            spreads = [spread(side, points.amplitude) for side in (left, right)]
        left_spread, right_spread = spreads
        return Sides(
            points,
            left[0],
            right[0],
            left_spread,
            right_spread,
            none,
            none,
            method,
            step,
            self.sums_of_slopes if method == "complex" else self.sums,
            self.written,
        )

    def closer(self, sides: Sides) -> Sides:
        """Return the sides with their rounding measured by more copies, and smaller changes."""
        copies = FEWER_COPIES if self.heavy else MORE_COPIES
        points = sides.points.rounded(copies, FINE)
        again = self.at(points, sides.method, sides.step)
        if again is None or not np.isfinite(again.spread).all():
            return sides
        return replace(
            again, points=sides.points, left_gap=sides.left_gap, right_gap=sides.right_gap
        )

    # ---------------------------------------------------------------------------- derivatives

    @property
    def exact(self) -> bool:
        """Whether nothing but rounding makes a difference to derivatives."""
        return self.method == "complex" and self.meaning.differentiates == 1

    def _resolved(self, sides: Sides, chosen: bool) -> Iterator[Sides]:
        """Yield the points at which derivatives are borne out by a second computation."""
        if self.exact:
            first = np.arange(len(sides)) < (CHECKED_CHOSEN if chosen else self.checked)
            apart = np.zeros(len(sides), bool)
            if first.any():
                apart[first] = self._differs_from_differences(sides.take(first), chosen)
            if apart.any() and not chosen:
                apart = self._differs_from_differences(sides, chosen)
            if chosen or 2 * apart.sum() <= len(sides):  # kinks, most likely
                self.rough += int(apart.sum())
                if not apart.all():
                    yield sides.take(~apart)
                return
            self.method = "differences"  # complex steps are lost on the way
            again = self.at(sides.points, self.method, STEPS[0])
            if again is None:
                return
            sides = again
        yield from self._by_differences(sides, chosen)

    def _differs_from_differences(self, sides: Sides, chosen: bool) -> Array:
        """Return the points at which differences tell another derivative than a complex step."""
        wrong = np.ones(len(sides), bool)
        small = (TINY_STEPS[1], STEPS[2])  # the first of which nearly always tells
        tries = [("two-point", QUICK, 0)]  # how far they are rounded is measured where these fail
        tries += [("differences", step, 1) for step in (small if chosen else (*small, *STEPS[:2]))]
        few = sides
        for method, step, copies in tries:
            points = few.points.rounded(copies, COARSE) if copies else few.points.exact()
            other = self.at(points, method, step)
            if other is None:
                continue
            change = np.abs(other.left - few.left) + np.abs(other.right - few.right)
            noise = other.spread
            if not chosen:  # a loss of 10 has as much of it in every direction, flat ones included
                noise = np.maximum(noise, largest(noise, noise.ndim))
            allowed = AGREE * (few.size + other.size) + 1000 * (noise + few.spread)
            apart = ~(change <= allowed).reshape(len(few), -1).all(axis=1)
            wrong[wrong] = apart
            if not apart.any():
                break
            few = few.take(apart)
        return wrong

    def _by_differences(self, sides: Sides, chosen: bool) -> Iterator[Sides]:
        """Yield the points with the change from one step to another, each at its best step.

        At chosen points, which may be far away, a step can be longer than a wave: what does not
        settle there says nothing.
        """
        method = "one-sided" if self.method == "differences" else self.method
        tiny = None
        if self.checked:
            rounded = sides.points.rounded(1, COARSE)
            tiny = self.at(rounded, sides.method, TINY_STEPS[self.meaning.differentiates])
        best, pending = sides, np.arange(len(sides))
        for step in STEPS[:2] if chosen else STEPS:
            few = sides.take(pending)
            base = few if step == sides.step else self.at(few.points, sides.method, step)
            other = self.at(few.points.exact(), method, SECOND * step)
            if base is None or other is None:
                return
            found = _with_gap(base, other, None if tiny is None else tiny.take(pending))
            if len(pending) == len(sides):
                best = found if step == STEPS[0] else _better(best, found)
            else:
                best = _put(best, pending, _better(best.take(pending), found))
            enough = ENOUGH if chosen or self.heavy else FINE_ENOUGH
            pending = np.flatnonzero(_relative_doubt(best) > enough)
            if not len(pending):
                break
        noise = ROUNDINGS if chosen else NOISE
        fine = _is_resolved(best.left, best.left_gap, noise * best.left_spread)
        fine &= _is_resolved(best.right, best.right_gap, noise * best.right_spread)
        self.rough += int((~fine).sum())
        if fine.any():
            yield best.take(fine)

    def confirmed(self, sides: Sides, place: tuple[int, ...]) -> bool:
        """Whether other steps bear out that both sides differ at a place.

        Of derivatives of derivatives two points tell most, and take far fewer values than eight.
        """
        several = self.meaning.differentiates > 1 and sides.method == "complex"
        methods = ("two-point", "differences") if several else ("differences",)
        return any(self._bears_out(sides, place, method) for method in methods)

    def _bears_out(self, sides: Sides, place: tuple[int, ...], method: str) -> bool:
        points = sides.points.take(np.array([place[0]])).exact()
        apart = abs(sides.left[place] - sides.right[place])
        here = (0, *place[1:])
        for factor in (0.6, 1.3):
            third = self.at(points, method, factor * sides.step)
            if third is None:
                return False
            change = max(
                abs(third.left[here] - sides.left[place]),
                abs(third.right[here] - sides.right[place]),
            )
            if not change <= 0.1 * apart:
                return False
        return True

    def _entries(self) -> int:
        """About how many numbers one point takes, at most."""
        most = 1
        for expr in (*self.meaning.left.walk(), *self.meaning.right.walk()):
            over = math.prod(self.meaning.ranges[index] for index in expr.free)
            if over > MAX_ENTRIES:
                fail(
                    Why.SHAPES,
                    f"The indices {', '.join(sorted(expr.free))} have {over:,} values",
                    expr.at,
                )
            entries = 0
            if expr.op == "deriv":
                entries = math.prod(self.world.shape(expr.data[0]))
                if entries * entries * OFFSETS > 50 * MAX_ENTRIES:
                    fail(
                        Why.NO_CLAIM,
                        "This derivative has too many entries: use smaller shapes",
                        expr.at,
                    )
            most = max(most, over, entries * max(entries, over) * OFFSETS)
        return most


def has_limit(meaning: Meaning) -> bool:
    """Whether a step has a limit, which is found from values at a distance."""
    return any(e.op in LIMITS for side in (meaning.left, meaning.right) for e in side.walk())


def is_heavy(meaning: Meaning, world: World) -> bool:
    """Whether a step takes so many function values at each point that fewer points must do."""
    for expr in (*meaning.left.walk(), *meaning.right.walk()):
        if expr.op == "deriv":
            entries = math.prod(world.shape(expr.data[0]))
            if expr.order > 1 and (entries * OFFSETS) ** expr.order > HEAVY:
                return True
            if entries * sum(map(world.entries, world.order)) > HEAVY_GRAPH:
                return True
    return False


def has_terms(expr: Expr, slopes: bool = False) -> bool:
    """Whether an expression sums something, outside of what it differentiates.

    Of `slopes` by the complex step that counts as well: its imaginary part is rounded where what
    comes along several paths cancels, as the slope in a bias below a mean that is subtracted.
    """
    if expr.op == "deriv":
        return slopes
    if expr.op in ("node", "call", "prime", "replace"):
        return False
    operation = OPERATIONS.get(expr.op)
    rounds = operation is not None and operation.rounds_inside
    if rounds or expr.op in ("add", "big", "integral"):
        return True
    return any(has_terms(arg, slopes) for arg in expr.args)


def is_written(expr: Expr) -> bool:
    """Whether an expression is made of numbers alone, as 0 is, and a column of zeros."""
    return all(
        part.op in ("number", "zeros", "ones", "eye") or part.op in OPERATIONS
        for part in expr.walk()
    )


def _with_gap(base: Sides, other: Sides, tiny: Sides | None) -> Sides:
    """Return the sides with their change from one step to another.

    A step that is too large for a function may change little, and be wrong: then a tiny step, which
    is rough but near, tells otherwise.
    """

    def gap(here: Array, there: Array, near: Array, rounding: Array) -> Array:
        change = np.abs(here - there)
        wrong = np.abs(here - near) > NEAR * np.abs(near) + 1000 * rounding
        return np.where(np.isfinite(change) & ~wrong, change, np.inf)

    near = tiny or base
    return replace(
        base,
        left_gap=gap(base.left, other.left, near.left, base.left_spread + near.left_spread),
        right_gap=gap(base.right, other.right, near.right, base.right_spread + near.right_spread),
    )


def _relative_doubt(sides: Sides) -> Array:
    """Return, for each point, the largest doubt beside the smaller of both sides' sizes.

    A step that is too large for a function gives a side that is small, and sure of itself.
    """
    size = np.minimum(largest(sides.left, 1), largest(sides.right, 1))
    size = np.where(size > 0, size, largest(sides.size, 1))
    return largest(sides.doubt, 1) / np.maximum(size, 1e-300)


def _is_resolved(side: Array, gap: Array, noise: Array) -> Array:
    """Return the points at which a side settles as the step changes.

    Where its terms cancel, what is left need not settle further than rounding moves it.
    """
    allowed = np.maximum(ROUGH * largest(side, 1), largest(noise, 1))
    fine: Array = largest(gap, 1) <= allowed
    return fine


def _put(sides: Sides, rows: Array, others: Sides) -> Sides:
    """Return measurements of which some rows are others."""
    parts = {name: getattr(sides, name).copy() for name in ARRAYS}
    for name, part in parts.items():
        part[rows] = getattr(others, name)
    return replace(sides, **parts)


def _better(one: Sides, other: Sides) -> Sides:
    """Return, of two measurements at the same points, the one with less doubt at each."""
    chosen = _relative_doubt(other) < _relative_doubt(one)
    mask = chosen.reshape(-1, *(1,) * (one.left.ndim - 1))
    parts = {name: np.where(mask, getattr(other, name), getattr(one, name)) for name in ARRAYS}
    return replace(one, step=other.step if chosen.all() else one.step, **parts)
