"""Compare a claimed gradient with numeric derivatives, every component of it.

All components are tested at once, along random directions u with |u_i| near 1 / |g_i|: each
component then contributes about 1 to g . u, so one that is off by the relative tolerance shows,
however many there are. Where a direction disagrees, it is halved again and again down to the
components at fault, and these are judged one by one (`edf.check.components`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from edf.check.components import ComponentResult, Direction, PointTest
from edf.check.functions import Differentiable
from edf.graph import Array
from edf.numerics.differences import (
    DeclinedError,
    Estimate,
    Line,
    complex_step,
    complex_warnings_raise,
    differences,
    small_steps,
)

GroupOutcome: TypeAlias = Literal["agrees", "blunt", "differs"]

#: Up to this many components an argument is halved down to single components where need be.
COMPLETE = 4096
#: Of a larger one, where no direction is sharp enough, this many are drawn.
DRAWN = 64
#: A direction is sharp if its error bar is this small a part of one component's contribution.
SHARP = 1e-5
#: That many mistakes are enough to report the largest of them.
ENOUGH = 8
#: Up to so many components of an argument are resolved singly where all is well, for the report.
SHOWN = 16


@dataclass
class PointComparison:
    """What comparing one point's gradients gave."""

    oracle: str = "complex-step"
    declined: str = ""
    """Why the complex step was not used, or not everywhere."""
    results: list[ComponentResult] = field(default_factory=list)
    """Components that do not simply agree: kinks, refutations, what could not be resolved."""
    max_rel_error: float = 0.0
    worst: ComponentResult | None = None
    """The component resolved by itself that agrees least."""
    checked: int = 0
    total: int = 0
    zeros: list[int] = field(default_factory=list)
    """Arguments whose derivative is zero to rounding, on both sides."""

    def outcome(self, name: str) -> list[ComponentResult]:
        """Return the results with that outcome."""
        return [result for result in self.results if result.outcome == name]


def compare(
    function: Differentiable,
    cotangent: Array,
    gradients: list[Array],
    rng: np.random.Generator,
    *,
    show: bool = False,
) -> PointComparison:
    """Compare `gradients` with the derivatives of sum(cotangent * F) at the function's point.

    With `show`, some components are resolved singly even where all is well, for a report.
    """
    return _Comparer(function, cotangent, gradients, rng).run(show)


class _Comparer:
    def __init__(
        self,
        function: Differentiable,
        cotangent: Array,
        gradients: list[Array],
        rng: np.random.Generator,
    ) -> None:
        self.point = PointTest(function, cotangent, gradients, rng)
        self.gradients = gradients
        self.rng = rng
        self.result = PointComparison(total=sum(np.size(value) for value in function.values))
        self.confirmed: set[int] = set()  # arguments for which the complex step is confirmed

    def run(self, show: bool) -> PointComparison:
        everything, result = self._finite_components(), self.result
        if self._choose_oracle(everything) == "agrees" == self._compare_at_once(everything):
            result.checked = result.total
        else:
            for k, members in everything.items():
                result.checked += self._settle_argument(k, members)
            if not self._faults():
                self._settle_whole(everything)
        if show and not self._faults():
            for k, i in self._shown(everything):
                self._component(k, i)
        result.zeros = self._zeros(everything)
        if self.confirmed.issuperset(everything):
            result.declined = ""
        else:
            result.oracle = "complex-step + richardson" if self.confirmed else "richardson"
        return result

    def _zeros(self, everything: dict[int, Array]) -> list[int]:
        """Return the arguments in which nothing was found but zeros, not even a kink."""
        zeros = []
        for k, members in everything.items():
            if not self.point.is_zero(k) or any(f.argument == k for f in self.result.results):
                continue
            kink = self.point.kinked(self._direction({k: members}))
            if kink is None:
                zeros.append(k)
            else:
                self.result.results.append(kink)
        return zeros

    def _finite_components(self) -> dict[int, Array]:
        """Return which components of each argument to compare; test those that are not finite."""
        everything = {}
        for k, gradient in enumerate(self.gradients):
            finite = np.isfinite(gradient).reshape(-1)
            for i in np.flatnonzero(~finite)[:ENOUGH]:
                self.result.results.append(self.point.not_finite(k, int(i)))
            if np.any(finite):
                everything[k] = np.flatnonzero(finite)
        return everything

    def _choose_oracle(self, group: dict[int, Array]) -> GroupOutcome:
        """Use the complex step only where real differences confirm it, sharply enough to see a
        single component lose its imaginary part: each contributes at least 1.

        Returns what the chosen oracle says of the direction along which they were compared.
        """
        direction = self._direction(group)
        line = self.point.line(direction)
        try:
            with complex_warnings_raise():
                exact = complex_step(line)
            if self._confirmed(exact, line):
                self.confirmed.update(group)
                return self._compare_along(direction, exact)
            self.result.declined = "real differences do not confirm it"
        except DeclinedError as reason:
            self.result.declined = str(reason)
        try:
            real = differences(line, noise=self.point.rounding)
        except DeclinedError:
            return "differs"
        return self._compare_along(direction, real)

    def _confirmed(self, exact: Estimate, line: Line) -> bool:
        with contextlib.suppress(DeclinedError):
            if self._alike(exact, small_steps(line)):
                return True
        return self._alike(exact, differences(line, noise=self.point.rounding))

    @staticmethod
    def _alike(exact: Estimate, real: Estimate) -> bool:
        allowed = 4 * real.error + 1e-3 + 1e-6 * abs(exact.value)
        return real.error <= 0.25 and abs(exact.value - real.value) <= allowed

    def _compare_at_once(self, group: dict[int, Array]) -> GroupOutcome:
        """Test all components of a group at once, along one random direction."""
        direction = self._direction(group)
        line = self.point.line(direction)
        try:
            if self.confirmed.issuperset(group):
                estimate = complex_step(line)
            else:
                estimate = differences(line, noise=self.point.rounding)
        except DeclinedError:
            return "differs"
        return self._compare_along(direction, estimate)

    def _compare_along(self, direction: Direction, estimate: Estimate) -> GroupOutcome:
        claimed = self.point.along(direction)
        difference = abs(estimate.value - claimed)
        if not difference <= self.point.rtol + 4 * estimate.error:
            return "differs"
        if estimate.error > SHARP:
            return "blunt"
        size = max(abs(estimate.value), abs(claimed), self.point.spread(direction))
        if size > 0:
            self.result.max_rel_error = max(self.result.max_rel_error, difference / size)
        return "agrees"

    def _settle_argument(self, k: int, members: Array) -> int:
        """Find what is wrong with argument k; return how many components were compared."""
        known = k in self.confirmed
        outcome = (
            self._compare_at_once({k: members}) if known else self._choose_oracle({k: members})
        )
        if outcome == "agrees":
            return int(members.size)
        if outcome == "blunt" and members.size > COMPLETE:
            members = self.rng.choice(members, DRAWN, replace=False)
            for i in members:
                self._component(k, int(i))
            return int(members.size)
        self._settle(k, members)
        return int(members.size)

    def _settle(self, k: int, members: Array) -> None:
        """Halve a group that does not simply agree, down to the components at fault."""
        if len(self.result.outcome("refuted")) >= ENOUGH:
            return
        if members.size == 1:
            self._component(k, int(members[0]))
            return
        before = self._faults()
        half = members.size // 2
        for part in (members[:half], members[half:]):
            if part.size == 1 or self._compare_at_once({k: part}) != "agrees":
                self._settle(k, part)
        if self._faults() == before:
            self._settle_whole({k: members})

    def _settle_whole(self, group: dict[int, Array]) -> None:
        """Test together components of which none is at fault by itself, if some are at a kink: all
        together cannot be wrong else."""
        if not any(kink.argument in group for kink in self.result.outcome("kink")):
            return
        result = self.point.together(self._direction(group))
        if result is not None:
            self.result.results.append(result)

    def _component(self, k: int, i: int) -> None:
        found = self.point.component(k, i, exact=k in self.confirmed)
        result = self.result
        if found.outcome in ("refuted", "kink", "unresolved"):
            if found not in result.results:
                result.results.append(found)
        elif result.worst is None or found.rel_error > result.worst.rel_error:
            result.worst = found
        if found.outcome in ("refuted", "agrees"):
            result.max_rel_error = max(result.max_rel_error, found.rel_error)

    def _faults(self) -> int:
        return sum(result.outcome in ("refuted", "unresolved") for result in self.result.results)

    def _shown(self, everything: dict[int, Array]) -> Iterator[tuple[int, int]]:
        """Return the components to resolve singly for the figures: all of a few, one of many."""
        for k, members in everything.items():
            if members.size > SHOWN:
                members = members[self.rng.integers(members.size, size=1)]
            for i in members:
                yield k, int(i)

    def _direction(self, group: dict[int, Array]) -> Direction:
        return {k: self.point.equalised(k, members, self.rng) for k, members in group.items()}
