"""Do both sides agree? The sides measured at random points, and what follows from that.

A derivative is trusted where two ways to compute it agree: the complex step with differences, or
differences with those at another step. Points where none do (a kink, a step function, noise) are
left out and others drawn. Nothing is refuted on a derivative that was computed only once.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edf.equations.errors import EquationError
from edf.equations.meaning.algebra import fail
from edf.equations.meaning.expression import Meaning
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.world import MAX_ENTRIES, Batch, Declined, World
from edf.graph import Array, Node
from edf.numerics.differences import STENCILS
from edf.report import Status

#: Steps of central differences, relative to max(1, |x|), tried until two neighbours agree.
#: Odd numbers, so that no step is a multiple of the grid that a function may round to.
STEPS = (1.0372e-2, 1.0519e-3, 1.0233e-4)
SECOND = 0.8731  # the other step is this part of the first
LOST = 1e-3  # relative change that shows that a complex step was lost on the way
MAX_DRAWS = 12  # batches of points drawn before giving up


@dataclass(frozen=True)
class Tolerance:
    """How far apart two sides may be, relative to them, to their largest term, and to noise.

    `equal` is what still counts as equal, `different` what is called different; between the two
    nothing is concluded.
    """

    equal: float
    different: float
    terms: float
    noise: float
    own: bool = False  # whether it is the terms and noise of each component itself that count


#: By how derivatives were computed, and their order. Where no difference quotient takes part,
#: twelve digits are asked for: a forgotten epsilon of 1e-8 is not rounding.
TOLERANCES = {
    ("none", 0): Tolerance(1e-12, 1e-5, 2e-13, 0.0, own=True),
    ("complex", 1): Tolerance(1e-12, 1e-5, 2e-13, 1e-14, own=True),
    ("complex", 2): Tolerance(1e-9, 1e-5, 2e-13, 1e-14),
    ("differences", 1): Tolerance(1e-8, 1e-5, 1e-11, 1e-12),
    ("differences", 2): Tolerance(1e-8, 1e-5, 1e-11, 1e-12),
}
SINGLE = 1e-2  # sides of operations that round to float32 are different from here on
AGREE = {"complex": 1e-7, "differences": 1e-9}  # when two ways to differentiate agree

ORACLES = {
    ("none", 0): "evaluation",
    ("complex", 1): "complex-step",
    ("complex", 2): "complex-step in central differences",
    ("differences", 1): "central differences",
    ("differences", 2): "central differences twice",
}


@dataclass
class Sides:
    """Both sides at some points, and what they can be compared to."""

    batch: Batch
    left: Array
    right: Array
    terms: Array  # (points, 2, ...): the largest term of either side
    noise: Array
    method: str  # how derivatives were computed: none, complex or differences
    step: float

    def gap(self, other: Sides, each: bool = False) -> Array:
        """The largest change of a side for each point, relative to the largest term there.

        With `each`, every component is compared with terms of its own, so that a derivative that is
        lost shows however small it is beside the others.
        """
        with np.errstate(all="ignore"):
            apart = np.maximum(np.abs(self.left - other.left), np.abs(self.right - other.right))
            scale = np.maximum(self.sizes(), 1e-2 * self.noise)
            if not each:
                apart, scale = _largest(apart), _largest(scale)
            ratio = np.where(apart == 0, 0.0, apart / np.maximum(scale, 1e-300))
            return _largest(ratio) if each else ratio

    def sizes(self) -> Array:
        """For each component, the largest of its terms and of both sides."""
        sides = np.maximum(np.abs(self.left), np.abs(self.right))
        return np.maximum(self.terms.max(axis=1), sides)

    def compare(self, tolerance: Tolerance) -> tuple[Array, Array, Array]:
        """Return, for each point and component: the relative error, too large, far too large.

        Where no difference quotient takes part, a component must agree within the rounding of its
        own terms to count as equal. To be called different, it must stand out from the rounding of
        all that were computed beside it.
        """
        apart = np.abs(self.left - self.right)
        size = np.maximum(np.abs(self.left), np.abs(self.right))
        sizes = self.sizes()
        axes = (slice(None),) + (None,) * (apart.ndim - 1)
        scale, noise = _largest(sizes)[axes], _largest(self.noise)[axes]
        slack = tolerance.terms * sizes + tolerance.noise * self.noise
        all_slack = tolerance.terms * scale + tolerance.noise * noise
        large = apart > tolerance.equal * size + (slack if tolerance.own else all_slack)
        far = apart > tolerance.different * size + 1e3 * all_slack
        error = apart / np.maximum(size, np.maximum(1e-3 * scale, 1e-300))
        return error, large, far

    def lost(self, tolerance: Tolerance) -> bool:
        """Whether a side that is not 0 is everywhere lost in the rounding of the other's terms."""
        sides = np.abs(self.left), np.abs(self.right)
        lost = np.zeros(self.left.shape, bool)
        for side, other in ((0, 1), (1, 0)):
            own, foreign = (
                tolerance.terms * self.terms[:, side],
                tolerance.terms * self.terms[:, other],
            )
            lost |= (sides[side] > own) & (sides[side] < 100 * foreign)
        return bool(lost.all())


@dataclass(frozen=True)
class Finding:
    """What the comparison of two sides found."""

    status: Status
    error: float | None = None
    points: int = 0
    oracle: str | None = None
    resampled: int = 0
    message: str = ""
    counterexample: dict[str, Any] | None = None
    tolerance: float = 0.0
    witness: Sides | None = None  # points at which all was well, for further questions


def judge(meaning: Meaning, world: World, points: int, seed: int) -> Finding:
    """Compare the sides of a step at `points` random points."""
    with quiet():
        return _Judge(meaning, world, points, seed).run()


@contextmanager
def quiet() -> Iterator[None]:
    """Let no warning out: what is not finite is found by looking at values."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Judge:
    def __init__(self, meaning: Meaning, world: World, points: int, seed: int) -> None:
        self.meaning = meaning
        self.world = world
        self.points = points
        self.rng = np.random.default_rng(seed)
        self.outside = 0  # points at which something was not a number
        self.rough = 0  # points at which a derivative was not resolved
        self.method = "complex" if meaning.differentiates else "none"
        self.witness: Sides | None = None

    def run(self) -> Finding:
        done, error, between = 0, 0.0, 0.0
        apparent, lost = False, True
        for _ in range(MAX_DRAWS):
            batch = self.world.draw(self.rng, self.points)
            self.outside += self.points - len(batch)
            if not len(batch):
                continue
            for sides in self._measured(batch):
                count = min(self.points - done, len(sides.left))
                if not count:
                    continue
                sides = _rows(sides, np.arange(count))
                tolerance = self._tolerance(sides)
                errors, large, far = sides.compare(tolerance)
                if far.any():
                    place = self._confirmed(sides, errors, far)
                    if place is not None:
                        return self._refuted(sides, errors, place, done)
                    self.rough += 1
                    continue
                if large.any():
                    between = max(between, float(errors[large].max()))
                error = max(error, float(errors.max(initial=0.0)))
                floor = 100 * tolerance.noise * sides.noise
                apparent = apparent or bool((sides.sizes() > floor).any())
                lost = lost and sides.lost(tolerance)
                done += count
                if self.witness is None or len(self.witness.left) < count:
                    self.witness = sides
            if done >= self.points:
                break
        return self._conclude(done, error, between, apparent, lost)

    def _conclude(
        self, done: int, error: float, between: float, apparent: bool, lost: bool
    ) -> Finding:
        measured = (
            self.witness.method if self.witness else self.method,
            self.meaning.differentiates,
        )
        common = {
            "error": error, "points": done, "oracle": ORACLES[measured],
            "resampled": self.outside + self.rough, "tolerance": TOLERANCES[measured].equal,
            "witness": self.witness,
        }  # fmt: skip
        if done < self.points:
            return Finding("inconclusive", message=self._why_so_few(done), **common)  # type: ignore[arg-type]
        if not apparent:
            message = "Both sides are 0 at every point, but for rounding, so nothing was tested"
            return Finding("inconclusive", message=message, **common)  # type: ignore[arg-type]
        if between:
            because = ", where an operation rounds to float32" if self.world.rounds else ""
            return Finding(
                "inconclusive",
                message=f"The sides differ by {between:.1e}, more than rounding explains and too "
                f"little to be called different{because}",
                **common,  # type: ignore[arg-type]
            )
        if lost:
            message = "One side is no larger than the rounding of the other's terms"
            return Finding("inconclusive", message=message, **common)  # type: ignore[arg-type]
        return Finding("verified", **common)  # type: ignore[arg-type]

    def _why_so_few(self, done: int) -> str:
        found = f"Only {done} of {self.points} points could be used"
        if self.rough >= self.outside:
            return (
                f"{found}: at {self.rough} the derivative was not resolved (a kink, a step, or "
                "rounding to float32)"
            )
        return (
            f"{found}: at {self.outside} something was no real number; sample the inputs where all "
            'is defined, as with Input(sample="positive")'
        )

    def _tolerance(self, sides: Sides) -> Tolerance:
        tolerance = TOLERANCES[sides.method, self.meaning.differentiates]
        if self.world.rounds:
            return replace(tolerance, different=SINGLE)
        return tolerance

    # ------------------------------------------------------------------------------ measuring

    def _measured(self, batch: Batch) -> Iterator[Sides]:
        """Yield the sides at those points of the batch where they can be trusted."""
        at_once = max(1, MAX_ENTRIES // self._entries())
        for start in range(0, len(batch), at_once):
            part = (
                batch.take(np.arange(start, min(start + at_once, len(batch))))
                if at_once < len(batch)
                else batch
            )
            sides = self._sides(part, self.method, STEPS[0])
            if sides is None:
                self.method = "differences"
                sides = self._sides(part, self.method, STEPS[0])
                assert sides is not None
            finite = np.isfinite(_flat(sides.left)).all(axis=1) & np.isfinite(
                _flat(sides.right)
            ).all(axis=1)
            self.outside += int((~finite).sum())
            sides = _rows(sides, finite)
            if not len(sides.left):
                continue
            if self.meaning.differentiates == 0:
                yield sides
            else:
                yield from self._resolved(sides)

    def _entries(self) -> int:
        """About how many numbers one point takes, at most."""
        most = 1
        for expr in (*self.meaning.left.walk(), *self.meaning.right.walk()):
            over = math.prod(self.meaning.ranges[index] for index in expr.free)
            if over > MAX_ENTRIES:
                fail(f"The indices {', '.join(sorted(expr.free))} have {over:,} values", expr.at)
            entries = 0
            if expr.op == "deriv":
                entries = math.prod(self.world.shape(expr.data[0]))
                if entries * entries * len(STENCILS["differences"][0]) > 50 * MAX_ENTRIES:
                    fail("This derivative has too many entries: use smaller shapes", expr.at)
            most = max(most, over, entries * max(entries, over) * len(STENCILS["differences"][0]))
        return most

    def _sides(self, batch: Batch, method: str, step: float) -> Sides | None:
        """Both sides, or None if the complex step is declined."""
        evaluator = Evaluator(batch.context, self.meaning.ranges, method, step)
        try:
            left, right, terms = evaluator.sides(self.meaning)
        except Declined:
            return None
        except np.linalg.LinAlgError as problem:
            raise EquationError(f"A matrix has no inverse at a sample point ({problem})") from None
        except (TypeError, ValueError) as problem:
            if method == "complex":
                return None
            raise EquationError(
                f"A function failed: {type(problem).__name__}: {problem}"
            ) from problem
        return Sides(batch, left, right, terms, evaluator.noise, method, step)

    def _resolved(self, sides: Sides) -> Iterator[Sides]:
        """Yield the points where a second computation of the derivatives agrees."""
        if self.meaning.differentiates == 2 and self.method == "complex":
            sides = self._with_sound_steps(sides)
        pending = sides
        for step in STEPS:
            base = (
                self._sides(pending.batch, self.method, step) if step != pending.step else pending
            )
            other = self._second(pending.batch, step)
            if base is None or other is None:
                break
            fine = base.gap(other, each=self._pair() == "complex") <= AGREE[self._pair()]
            if fine.any():
                yield _rows(base, fine)
            pending = _rows(base, ~fine)
            if not len(pending.left):
                return
        if self._pair() == "complex" and 2 * len(pending.left) > len(sides.left):
            # Complex steps that disagree at most points are lost on the way: do without them.
            self.method = "differences"
            again = self._sides(pending.batch, "differences", STEPS[0])
            if again is not None:
                yield from self._resolved(again)
            return
        self.rough += len(pending.left)

    def _with_sound_steps(self, sides: Sides) -> Sides:
        """Do without complex steps inside of differences where an operation loses them."""
        few = sides.batch.take(np.arange(min(4, len(sides.batch))))
        inner = self._sides(few, "complex", STEPS[0])
        outer = self._sides(few, "differences", STEPS[0])
        if inner and outer and 2 * (inner.gap(outer) <= LOST).sum() >= len(few):
            return sides
        self.method = "differences"
        return self._sides(sides.batch, "differences", STEPS[0]) or sides

    def _pair(self) -> str:
        """How derivatives are computed, and so what they are compared with."""
        simple = self.method == "complex" and self.meaning.differentiates == 1
        return "complex" if simple else "differences"

    def _second(self, batch: Batch, step: float) -> Sides | None:
        """A second computation: central differences beside a complex step, one-sided ones beside
        those, and another step where complex steps are inside."""
        if self._pair() == "complex":
            return self._sides(batch, "differences", step)
        method = "one-sided" if self.method == "differences" else self.method
        return self._sides(batch, method, SECOND * step)

    # ------------------------------------------------------------------------------- refuting

    def _confirmed(self, sides: Sides, errors: Array, far: Array) -> tuple[int, ...] | None:
        """Return the place of the largest difference that a third computation bears out."""
        order = np.argsort(np.where(far, errors, 0), axis=None)[::-1]
        for flat in order[:3]:
            place = tuple(int(k) for k in np.unravel_index(flat, errors.shape))
            if not far[place]:
                break
            if sides.method == "none":
                return place
            batch = sides.batch.take(np.array([place[0]]))
            apart = abs(sides.left[place] - sides.right[place])
            here = (0, *place[1:])
            for factor in (0.6, 1.3):
                third = self._sides(batch, "differences", factor * sides.step)
                if third is None:
                    return None
                change = max(
                    abs(third.left[here] - sides.left[place]),
                    abs(third.right[here] - sides.right[place]),
                )
                if not change <= 0.1 * apart:
                    break
            else:
                return place
        return None

    def _refuted(self, sides: Sides, errors: Array, place: tuple[int, ...], done: int) -> Finding:
        row = place[0]
        axes = sorted(self.meaning.ranges)
        index = {name: place[k + 1] for k, name in enumerate(axes) if sides.left.shape[k + 1] > 1}
        matrix = sides.left.shape[-2:]
        if matrix[0] > 1:
            index["row"] = place[-2]
        if matrix[1] > 1:
            index["column"] = place[-1]
        return Finding(
            "refuted",
            error=float(errors[place]),
            points=done + row + 1,
            oracle=ORACLES[sides.method, self.meaning.differentiates],
            resampled=self.outside + self.rough,
            counterexample={
                "point": point_of(self.world, sides.batch, row),
                "index": index,
                "left": float(sides.left[place]),
                "right": float(sides.right[place]),
            },
            tolerance=TOLERANCES[sides.method, self.meaning.differentiates].equal,
            witness=sides,
        )


def point_of(world: World, batch: Batch, row: int) -> dict[Node, Array]:
    """Return the leaves' values at one point; nodes of the page, not of the copy."""
    return {
        world.names[node]: value[row]
        for node, value in batch.values.items()
        if not node.inputs and node in world.names and type(node).__name__ != "Constant"
    }


def agrees(meaning: Meaning, witness: Sides) -> bool | None:
    """Whether another step holds at points already examined: True, False, or None for unclear."""
    method = "none" if not meaning.differentiates else witness.method
    if method == "none" and meaning.differentiates:
        method = "complex"
    evaluator = Evaluator(witness.batch.context, meaning.ranges, method, witness.step)
    left, right, terms = evaluator.sides(meaning)
    sides = Sides(witness.batch, left, right, terms, evaluator.noise, method, witness.step)
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return None
    _, large, far = sides.compare(TOLERANCES[method, meaning.differentiates])
    if far.any():
        return False
    return None if large.any() else True


def _rows(sides: Sides, chosen: Any) -> Sides:
    """The sides at some of their points."""
    if chosen.dtype == bool and chosen.all():
        return sides
    if chosen.dtype != bool and len(chosen) == len(sides.left):
        return sides
    return Sides(
        sides.batch.take(chosen), sides.left[chosen], sides.right[chosen], sides.terms[chosen],
        sides.noise[chosen], sides.method, sides.step,
    )  # fmt: skip


def _flat(value: Array) -> Array:
    return value.reshape(len(value), -1)


def _largest(value: Array) -> Array:
    return np.abs(_flat(value)).max(axis=1, initial=0.0)
