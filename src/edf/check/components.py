"""Judge one component of a gradient, or one direction: it agrees, is refuted, or is neither.

A refutation is only given after a second table of differences, at other step sizes, has found the
same derivative. At a kink (ReLU at 0, equal entries of a maximum) any slope between the one-sided
ones is accepted, and any between those right beside the point (Clarke, 1975): of three equal
numbers the middle one stays where it is when one of them moves, and yet is one of them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from edf.check.functions import Differentiable
from edf.check.tolerances import DIFFERENT, FLOOR, RTOL
from edf.graph import Array
from edf.numerics.differences import (
    EPS,
    DeclinedError,
    Estimate,
    Line,
    Slopes,
    complex_step,
    complex_warnings_raise,
    differences,
    one_sided,
    rounding_noise,
)

Outcome: TypeAlias = Literal["agrees", "kink", "refuted", "unresolved"]
Direction: TypeAlias = dict[int, Array]
"""For each argument that moves, how."""

#: How far away is right beside a point, as a part of its arguments' typical size.
BESIDE = 1e-4
#: The part of its size by which a slope may differ at that distance although there is no kink.
CURVED = 1e-3
#: The most places in which an entry is put among those that equal it, and where none does.
PLACES, FEW_PLACES = 64, 16
#: Points that are scattered around one.
SCATTERED = 16


@dataclass(frozen=True)
class ComponentResult:
    """What one component, or one direction, of a gradient was found to be."""

    outcome: Outcome
    argument: int
    index: tuple[int, ...] | None
    """Where in the argument; None for a direction."""
    backward: float
    numeric: float
    rel_error: float
    oracle: str
    reason: str = ""


class PointTest:
    """The numeric side of one point: lines through it, and the verdict on each."""

    def __init__(
        self,
        function: Differentiable,
        cotangent: Array,
        gradients: list[Array],
        rng: np.random.Generator,
    ) -> None:
        self.function = function
        self.cotangent = cotangent
        self.gradients = gradients
        self.rng = rng
        self.rtol = RTOL
        self.sizes = [float(np.max(np.abs(g[np.isfinite(g)]), initial=0.0)) for g in gradients]
        self.scales = [_typical(np.asarray(value)) for value in function.values]
        summed = float(np.sum(np.abs(cotangent * function.evaluate({}))))
        # A value of 0 may be what is left of terms of about 1, and its gradient their rounding.
        summed = summed or float(np.sum(np.abs(cotangent)))
        self.noise = [32 * EPS * summed / scale for scale in self.scales]

    @functools.cached_property
    def rounding(self) -> float:
        """How far rounding moves the function at this point."""
        everywhere = {
            k: scale * self.rng.standard_normal(np.shape(value))
            for k, (scale, value) in enumerate(zip(self.scales, self.function.values, strict=True))
        }
        return rounding_noise(Line(self.line(everywhere).outputs, self.cotangent))

    @functools.cached_property
    def cancelled(self) -> list[float]:
        """How far rounding may move the claimed gradient of each argument."""
        return self.function.rounding_of_pull(self.cotangent)

    # Lines and directions.

    def line(self, direction: Direction) -> Line:
        """Return the line through the point along `direction`."""

        def outputs(t: complex) -> Array:
            return self.function.evaluate({k: t * u for k, u in direction.items()})

        reach = (
            self.scales[k] / top
            for k, u in direction.items()
            if (top := float(np.max(np.abs(u), initial=0.0))) > 0
        )
        return Line(outputs, self.cotangent, min(reach, default=1.0))

    def equalised(self, k: int, members: Array, rng: np.random.Generator) -> Array:
        """Return a random direction in which each of `members` contributes about alike."""
        weight: Any
        if self.is_zero(k):
            weight = RTOL / (2 * self.noise[k]) if self.noise[k] > 0 else 1.0
        else:
            claimed = np.abs(self.gradients[k].reshape(-1)[members])
            weight = 1 / (claimed + 1e-4 * self.sizes[k])
        direction = np.zeros(np.size(self.gradients[k]))
        swing = rng.uniform(-1, 1, members.size)
        direction[members] = (swing + np.copysign(1, swing)) * weight
        return direction.reshape(np.shape(self.gradients[k]))

    def along(self, direction: Direction) -> float:
        """Return the derivative along `direction` that the gradients claim."""
        return float(sum(np.sum(self.gradients[k] * u) for k, u in direction.items()))

    def spread(self, direction: Direction) -> float:
        """Return the root sum of squares of the components' contributions."""
        total = sum(np.sum(np.square(self.gradients[k] * u)) for k, u in direction.items())
        return float(np.sqrt(total))

    def is_zero(self, k: int) -> bool:
        """Whether the claimed gradient of argument k is zero, to rounding."""
        return self.sizes[k] <= 4 * self.noise[k]

    # What a component or a direction is found to be.

    def component(self, k: int, i: int, *, exact: bool) -> ComponentResult:
        """Judge component i (counted in C order) of argument k.

        With `exact`, the complex step may settle it; else, or where that disagrees, real
        differences do.
        """
        direction, index, claimed = self._unit(k, i)
        floor = FLOOR * self.sizes[k] + self.noise[k]
        by_complex: float | None = None
        if exact:
            try:
                by_complex = complex_step(self.line(direction)).value
            except DeclinedError:
                pass
            else:
                if self._agrees(by_complex, claimed, floor):
                    return self._result("agrees", k, index, claimed, by_complex, floor)
        found = self._by_real_differences(direction, k, index, claimed, floor, by_complex)
        if found.outcome == "refuted":
            beside = self._slopes_beside(direction, self._passing(k, i))
            low, high, error = beside.interval(self.cotangent)
            if beside.kinked and low - error <= claimed <= high + error:
                reason = f"slopes between {low:.4g} and {high:.4g} right beside it"
                return self._result("kink", k, index, claimed, claimed, floor, reason)
        return found

    def not_finite(self, k: int, i: int) -> ComponentResult:
        """Judge a component that backward says is infinite or not a number."""
        direction, index, claimed = self._unit(k, i)
        line, floor = self.line(direction), FLOOR * self.sizes[k] + self.noise[k]
        try:
            estimate = differences(line, noise=self.rounding)
            slopes = one_sided(line, noise=self.rounding)
        except DeclinedError as declined:
            return self._result("unresolved", k, index, claimed, np.nan, floor, str(declined))
        low, high, error = slopes.interval(self.cotangent)
        size = max(abs(low), abs(high), self.sizes[k])
        settled = max(estimate.error, error) <= 1e-3 * size + 1e4 * self.noise[k]
        reason = "" if settled else "its numeric derivative could not be resolved"
        if settled and slopes.kinked:
            reason = "the function has a kink there, and so no derivative"
        outcome: Outcome = "unresolved" if reason else "refuted"
        return self._result(outcome, k, index, claimed, estimate.value, floor, reason)

    def _unit(self, k: int, i: int) -> tuple[Direction, tuple[int, ...], float]:
        """Return the direction of component i of argument k, its index and its claimed value."""
        shape = np.shape(self.gradients[k])
        unit = np.zeros(int(np.prod(shape)))
        unit[i] = 1.0
        index = tuple(int(n) for n in np.unravel_index(i, shape))
        return {k: unit.reshape(shape)}, index, float(self.gradients[k].reshape(-1)[i])

    def together(self, group: Direction) -> ComponentResult | None:
        """Judge components none of which is at fault by itself; return what is wrong, if anything.

        Gradients of tied entries can each be possible and together be impossible: max(a, a) grows
        by 1 with both, so it has no gradient (1, 1). Tested are the directions that move all of
        `group` alike, all of it up, and some with random signs, where no slope right beside the
        point is beyond those at the point itself: then no possible gradient is.
        """
        k = next(iter(group))
        mixed = (
            {k: u * self.rng.choice((-1.0, 1.0), np.shape(u)) for k, u in group.items()}
            for _ in range(3)
        )
        alike = {k: np.where(u == 0, 0.0, 1.0) for k, u in group.items()}
        for direction in (alike, {k: np.abs(u) for k, u in group.items()}, *mixed):
            claimed, line = self.along(direction), self.line(direction)
            floor = FLOOR * self.spread(direction) + sum(
                self.noise[k] * float(np.linalg.norm(u)) for k, u in direction.items()
            )
            nearest = self._outside(line, claimed, floor)
            if nearest is None:
                continue
            if not self._tells_of_all_beside(direction):
                return None
            finer = Line(line.outputs, line.cotangent, line.scale / 8)
            if self._outside(finer, claimed, floor) is not None:
                reason = "each component by itself is possible, all of them together are not"
                return self._result("refuted", k, None, claimed, nearest, floor, reason)
        return None

    def _outside(self, line: Line, claimed: float, floor: float) -> float | None:
        """Return the one-sided slope nearest to a claimed slope that lies outside both."""
        try:
            low, high, error = one_sided(line, noise=self.rounding).interval(self.cotangent)
        except DeclinedError:
            return None
        nearest = min(max(claimed, low), high)
        # Close to another threshold they are not as good as their error says; ties are far off.
        allowed = error + floor + CURVED * max(abs(claimed), abs(nearest))
        return nearest if abs(claimed - nearest) > allowed else None

    def kinked(self, direction: Direction) -> ComponentResult | None:
        """Return a result if there is a kink along `direction` whose slopes allow the claim."""
        line, claimed, k = self.line(direction), self.along(direction), next(iter(direction))
        slopes = self._kink(line)
        if slopes is None:
            return None
        return self._at_kink(line, slopes, k, None, claimed, FLOOR * self.spread(direction))

    def _by_real_differences(
        self,
        direction: Direction,
        k: int,
        index: tuple[int, ...] | None,
        claimed: float,
        floor: float,
        by_complex: float | None,
    ) -> ComponentResult:
        line = self.line(direction)
        try:
            estimate = differences(line, noise=self.rounding)
        except DeclinedError as declined:
            return self._result("unresolved", k, index, claimed, np.nan, floor, str(declined))
        numeric, error = estimate.value, estimate.error
        consistent = self._agrees(numeric, claimed, floor + 4 * error)
        resolved = error <= 1e-3 * max(abs(numeric), abs(claimed)) + floor
        if consistent and resolved and self._tolerates(by_complex, claimed):
            return self._result("agrees", k, index, claimed, numeric, floor)
        if self._agrees_near_by(line, k, index, claimed, floor):
            return self._result("agrees", k, index, claimed, claimed, floor)
        slopes = self._kink(line)
        if slopes is not None:
            return self._at_kink(line, slopes, k, index, claimed, floor)
        if abs(numeric - claimed) <= 32 * self.cancelled[k]:
            reason = "its terms cancel, and what they leave is rounding"
        elif consistent and resolved:
            reason = "the complex step and real differences disagree"
        elif consistent or not resolved:
            reason = "its numeric derivative could not be resolved"
        elif abs(numeric) <= floor and self._complex_step_takes_its_side(line, claimed, floor):
            reason = "the complex step and real differences disagree"
        elif abs(numeric - claimed) <= DIFFERENT * max(abs(numeric), abs(claimed)) + 10 * floor:
            reason = "they differ by more than rounding explains and too little to be different"
        elif self._confirmed(line, estimate, claimed, floor):
            return self._result("refuted", k, index, claimed, numeric, floor)
        else:
            reason = "differences at other step sizes did not confirm the disagreement"
        return self._result("unresolved", k, index, claimed, numeric, floor, reason)

    def _tolerates(self, by_complex: float | None, claimed: float) -> bool:
        """Whether the complex step has nothing against a claim that real differences support. A
        backward that cancels may miss the tolerance by a digit, which is no mistake."""
        if by_complex is None:
            return True
        return abs(by_complex - claimed) <= 10 * self.rtol * max(abs(by_complex), abs(claimed))

    def _kink(self, line: Line) -> Slopes | None:
        """Return the one-sided slopes if they differ at the point."""
        try:
            slopes = one_sided(line, noise=self.rounding)
        except DeclinedError:
            return None
        return slopes if slopes.kinked else None

    def _at_kink(
        self,
        line: Line,
        slopes: Slopes,
        k: int,
        index: tuple[int, ...] | None,
        claimed: float,
        floor: float,
    ) -> ComponentResult:
        low, high, error = slopes.interval(self.cotangent)
        nearest = min(max(claimed, low), high)
        if abs(claimed - nearest) <= error + floor:
            reason = f"one-sided slopes {low:.4g} and {high:.4g}"
            return self._result("kink", k, index, claimed, nearest, floor, reason)
        finer = self._kink(Line(line.outputs, line.cotangent, line.scale / 8))
        if finer is not None:
            low, high, error = finer.interval(self.cotangent)
            if not low - error - floor <= claimed <= high + error + floor:
                reason = f"outside the one-sided slopes {low:.4g} and {high:.4g}"
                return self._result("refuted", k, index, claimed, nearest, floor, reason)
        reason = "a kink whose slopes could not be confirmed"
        return self._result("unresolved", k, index, claimed, nearest, floor, reason)

    def _confirmed(self, line: Line, first: Estimate, claimed: float, floor: float) -> bool:
        """Whether differences at other step sizes find the same derivative, not the claimed one."""
        try:
            second = differences(line, shift=0.76, ratio=3.0, noise=self.rounding)
        except DeclinedError:
            return False
        apart = abs(first.value - second.value)
        allowed = 4 * (first.error + second.error) + 1e-3 * abs(first.value - claimed)
        return (
            apart <= allowed
            and not self._agrees(second.value, claimed, floor + 4 * second.error)
            and self._slopes_confirm(line, first.value, claimed)
            and not self._has_lost_its_digits(line)
        )

    def _slopes_confirm(self, line: Line, numeric: float, claimed: float) -> bool:
        """Whether slopes to both sides settle, and do not take the side of the claim. Of log |x| at
        0 they grow without bound, where central differences are 0; and next to a kink central
        differences of large steps are the mean of two slopes."""
        settled = False
        for part in (1.0, 2.0**-12):
            close = Line(line.outputs, line.cotangent, line.scale * part)
            with contextlib.suppress(DeclinedError):
                low, high, error = one_sided(close).interval(self.cotangent)
                settled = True
                if _outside(claimed, low, high) <= 4 * error < _outside(numeric, low, high):
                    return False
        return settled

    def _has_lost_its_digits(self, line: Line) -> bool:
        """Whether differences are others with more digits, at two of three steps, where the
        function accepts such numbers: 1 - sigmoid(x) goes up in steps at x = 37."""
        others = 0
        for part in (2.0**-8, 2.0**-12, 2.0**-16):
            step: Any = np.longdouble(line.scale * part)
            with contextlib.suppress(Exception):
                double, longer = (self._difference(line, h) for h in (float(step), step))
                others += abs(longer - double) > 0.1 * max(abs(longer), abs(double))
        return others > 1

    def _difference(self, line: Line, step: Any) -> float:
        """Return how much the function changes from one side to the other."""
        up, down = np.asarray(line.outputs(step)), np.asarray(line.outputs(-step))
        return float(np.sum(self.cotangent * (up - down)))

    def _agrees_near_by(
        self, line: Line, k: int, index: tuple[int, ...] | None, claimed: float, floor: float
    ) -> bool:
        """Whether steps as small as the component itself find the claimed derivative.

        Steps are else as large as the argument is; log(x) at 1e-12, beside entries of order one,
        looks like a wall to them.
        """
        own = 0.0 if index is None else abs(float(np.asarray(self.function.values[k])[index]))
        if not 0 < own < 1e-2 * line.scale:
            return False
        close = Line(line.outputs, line.cotangent, own)
        try:
            near = differences(close, noise=rounding_noise(close))
        except DeclinedError:
            return False
        resolved = near.error <= 1e-3 * abs(claimed)
        return resolved and self._agrees(near.value, claimed, floor + 4 * near.error)

    def _complex_step_takes_its_side(self, line: Line, claimed: float, floor: float) -> bool:
        """Whether the complex step, though not trusted here, finds the claimed derivative where
        real differences find none at all, as in (x + 1e20) - 1e20. Zero is no argument: that is
        what it finds itself where an operation drops the imaginary part."""
        try:
            with complex_warnings_raise():
                value = complex_step(line).value
        except DeclinedError:
            return False
        return abs(value) > floor and self._agrees(value, claimed, floor)

    # Right beside the point.

    def _tells_of_all_beside(self, direction: Direction) -> bool:
        """Whether the slopes of each output right beside the point lie between those at the point:
        of a maximum they do, of a median not."""
        try:
            here = one_sided(self.line(direction), noise=self.rounding)
        except DeclinedError:
            return False
        beside = self._slopes_beside(direction, self._scattered())
        slack = here.error + beside.error
        return bool(
            np.all(beside.left >= np.minimum(here.left, here.right) - slack)
            and np.all(beside.right <= np.maximum(here.left, here.right) + slack)
        )

    def _slopes_beside(self, direction: Direction, points: Iterable[list[Array]]) -> Slopes:
        """Return the least and the greatest slope of every output at points that are given by how
        far each argument is from this one."""
        size = sum(map(np.size, self.function.values))
        step = BESIDE * self.line(direction).scale / (8 * size)

        def outputs(shifts: list[Array], t: float) -> Array:
            return self.function.evaluate(
                {k: shift + t * direction.get(k, 0.0) for k, shift in enumerate(shifts)}
            )

        slopes = np.stack([(outputs(p, step) - outputs(p, -step)) / (2 * step) for p in points])
        error = CURVED * np.max(np.abs(slopes), axis=0)
        return Slopes(slopes.min(axis=0), slopes.max(axis=0), error)

    def _scattered(self) -> Iterator[list[Array]]:
        """Yield random points beside this one."""
        for _ in range(SCATTERED):
            yield [
                BESIDE * scale * self.rng.standard_normal(np.shape(value))
                for scale, value in zip(self.scales, self.function.values, strict=True)
            ]

    def _passing(self, k: int, i: int) -> Iterator[list[Array]]:
        """Yield points beside this one at which component i of argument k has passed more and more
        of the others, of those that equal it if any do: so it is each of a sorted array in turn."""
        values = [np.ravel(value) for value in self.function.values]
        ends = np.cumsum([value.size for value in values])
        mine, together = int(ends[k]) - values[k].size + i, np.concatenate(values)
        step = BESIDE * min(self.scales) / together.size
        shifts = step * (np.arange(together.size) - together.size // 2)
        equal = np.flatnonzero(together == together[mine])
        passed, most = (shifts[equal], PLACES) if equal.size > 1 else (shifts, FEW_PLACES)
        places = np.append(passed - step / 2, passed[-1] + step / 2)
        for place in places[np.unique(np.linspace(0, places.size - 1, most).astype(int))]:
            shifts[mine] = place
            parts = zip(np.split(shifts, ends[:-1]), self.function.values, strict=True)
            yield [part.reshape(np.shape(value)) for part, value in parts]

    def _agrees(self, numeric: float, claimed: float, floor: float) -> bool:
        return abs(numeric - claimed) <= self.rtol * max(abs(numeric), abs(claimed)) + floor

    def _result(
        self,
        outcome: Outcome,
        k: int,
        index: tuple[int, ...] | None,
        claimed: float,
        numeric: float,
        floor: float,
        reason: str = "",
    ) -> ComponentResult:
        size = max(abs(numeric), abs(claimed)) + floor / self.rtol
        rel_error = abs(numeric - claimed) / size if size else 0.0
        rel_error = rel_error if np.isfinite(rel_error) else np.inf
        return ComponentResult(outcome, k, index, claimed, numeric, rel_error, "", reason)


def _outside(value: float, low: float, high: float) -> float:
    """Return how far a number is from an interval."""
    return max(low - value, value - high, 0.0)


def _typical(value: Array) -> float:
    """Return the root mean square of an array's entries, or 1 if that is zero or not finite."""
    size = float(np.sqrt(np.mean(np.square(value)))) if value.size else 0.0
    return size if 0 < size < np.inf else 1.0
