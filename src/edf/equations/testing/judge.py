"""Do both sides agree? The sides measured at random points, and what follows from that.

They are refuted where they differ beyond what rounding and differences can explain, and verified
where they agree within it, and enough digits are left for that to say something.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.points import Points, draw_points
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.measure import CHECKED, COPIES, Measure, has_limit, quiet
from edf.equations.testing.sides import DIFFERENT, LAST, SINGLE, Agreement, Sides
from edf.graph import Array, Input, Node
from edf.report import Status

MAX_DRAWS = 12  # batches of points drawn before giving up
HOPELESS = 60  # points of which none could be used, so that no further ones are drawn
#: At chosen points numbers are special, and operations may round inside by more than was seen; for
#: derivatives, where complex numbers nearly cancel there, by any factor.
CHOSEN_SLACK = 100.0
JUMP = 1e-2  # the part of their size by which sides differ at least where one of them jumps
BESIDE = 1e-9  # how far from a jump the sides are compared again
EDGE = 0.2  # and how far from an edge, which is beyond the reach of differences
LOOKED_AT = 8  # points in doubt that are measured again at a time

ORACLES = {
    ("none", 0): "evaluation",
    ("complex", 1): "complex-step",
    ("complex", 2): "complex-step in central differences",
    ("complex", 3): "complex-step in central differences",
    ("differences", 1): "central differences",
    ("differences", 2): "central differences twice",
    ("differences", 3): "central differences three times",
}


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
    doubt: float = 0.0  # relative to the sides, the largest that was left where they were compared
    witness: Sides | None = None  # points at which all was well, for further questions
    between: float = 0.0  # the largest relative difference that is neither rounding nor a fault
    zero: bool = False  # whether all that was found is that both sides are 0
    told: bool = False  # whether being equal said something at some point
    at: Points | None = None  # the one point of the counterexample


def judge(
    meaning: Meaning, world: World, points: int, seed: int, checked: int = CHECKED
) -> Finding:
    """Compare the sides of a step at `points` random points, and complex steps at `checked`."""
    with quiet():
        return _Judge(meaning, world, checked).draw(points, np.random.default_rng(seed))


def judge_at(meaning: Meaning, points: Points) -> Finding:
    """Compare the sides of a step at given points, those of them where it can be evaluated."""
    with quiet():
        judging = _Judge(meaning, points.world)
        judging.slack = np.inf if meaning.differentiates else CHOSEN_SLACK
        return judging.add(points, len(points), chosen=True) or judging.conclude(0)


class _Judge:
    def __init__(self, meaning: Meaning, world: World, checked: int = CHECKED) -> None:
        self.meaning = meaning
        self.world = world
        self.measure = Measure(meaning, world, checked)
        self.outside = 0  # points at which a leaf or node was not a number
        self.unclear = 0  # points at which a difference was not borne out
        self.done = 0
        self.error = self.between = self.doubt = 0.0
        self.slack = 1.0  # by how much rounding may be more than was seen
        self.told = False  # whether equality said something at some point
        self.witness: Sides | None = None

    @property
    def kind(self) -> tuple[str, int]:
        """How derivatives are computed, and their order."""
        return self.measure.method, self.meaning.differentiates

    @property
    def resampled(self) -> int:
        return self.outside + self.measure.outside + self.measure.rough + self.unclear

    def draw(self, points: int, rng: np.random.Generator) -> Finding:
        """Draw points until so many could be used; of a strict inequality, where nothing is 0 for
        being too small, as e^{-1000 a} is."""
        strict = self.meaning.sign in ("<", ">")
        for number in range(MAX_DRAWS):
            if not self.done and number * points >= HOPELESS:
                break
            drawn = draw_points(self.world, rng, points, 1 + COPIES, COARSE, guarded=strict)
            self.outside += points - len(drawn)
            if (refuted := self.add(drawn, points - self.done)) is not None:
                return refuted
            if self.done >= points:
                break
        return self.conclude(points)

    def add(self, points: Points, most: int, chosen: bool = False) -> Finding | None:
        """Compare the sides at up to `most` of the points; return the finding if that refutes."""
        if not len(points):
            return None
        for sides in self.measure.measured(points, chosen):
            if not most:
                break
            sides = sides if len(sides) <= most else sides.take(np.arange(most))
            sides, compared = self._looked_at_closely(sides, chosen)
            if chosen and (place := self._jump(sides, compared)) is not None:
                return self._refuted(sides, compared, place)
            place = self._difference(sides, compared)
            if place is not None and not (chosen and self._is_at_an_edge(sides, place)):
                return self._refuted(sides, compared, place)
            sound = ~_any(compared.different)
            self.unclear += int((~sound).sum())
            sides, compared = sides.take(sound), _rows(compared, sound)
            most -= len(sides)
            self._count(sides, compared)
        return None

    def _count(self, sides: Sides, compared: Agreement) -> None:
        self.done += len(sides)
        self.error = max(self.error, float(compared.error.max(initial=0.0)))
        unequal = compared.error[compared.apart > self.slack * compared.allowed]
        self.between = max(self.between, float(unequal.max(initial=0.0)))
        if compared.informs.any():
            self.told = True
            size = np.where(compared.informs & (sides.size > sides.doubt), sides.size, np.inf)
            self.doubt = max(self.doubt, float((sides.doubt / size).max()))
        if self.witness is None or len(self.witness) < len(sides):
            self.witness = sides

    def _looked_at_closely(self, sides: Sides, chosen: bool) -> tuple[Sides, Agreement]:
        """Compare, with a second look at points that two rounded copies leave in doubt."""
        different = SINGLE if self.world.rounds else DIFFERENT
        compared = sides.compared(different)
        clear = _any(compared.different) | (
            ~_any(~compared.equal) & (_any(compared.informs) | ~_any(sides.size > 0))
        )
        if chosen:  # where nothing counts but a difference, which is no smaller than this
            least = np.minimum(different, self.slack * LAST) * sides.size
            clear |= ~_any(compared.apart > least)
        if clear.all():
            return sides, compared
        unclear = np.flatnonzero(~clear)[:LOOKED_AT]
        closer = self.measure.closer(sides.take(unclear))
        parts = {}
        for name in ("left_spread", "right_spread"):
            part = getattr(sides, name).copy()
            part[unclear] = getattr(closer, name)
            parts[name] = part
        sides = replace(sides, **parts)
        return sides, sides.compared(different)

    def _difference(self, sides: Sides, compared: Agreement) -> tuple[int, ...] | None:
        """Return the place of the largest difference that a closer look bears out."""
        if not compared.different.any():
            return None
        order = np.argsort(np.where(compared.different, compared.error, 0), axis=None)[::-1]
        for flat in order[:3]:
            place = tuple(int(k) for k in np.unravel_index(flat, compared.error.shape))
            if not compared.different[place]:
                break
            closer = self.measure.closer(sides.take(np.array([place[0]])))
            if not closer.compared().different[(0, *place[1:])]:
                continue
            if sides.method == "none" or self.measure.confirmed(sides, place):
                return place
        return None

    def _jump(self, sides: Sides, compared: Agreement) -> tuple[int, ...] | None:
        """Return a place where sides differ at a chosen point, and agree right beside it.

        There the values jump, however little they are rounded, so that they seem to have no digits.
        """
        suspects = (compared.apart > JUMP * sides.size) & (sides.size > 0)
        rows = np.flatnonzero(_any(suspects & ~compared.different))[:LOOKED_AT]
        if sides.method != "none" or not len(rows):
            return None
        rng = np.random.default_rng(len(rows))
        here = sides.take(rows)
        leaves = {
            node: _beside(node, value, rng)
            if value.dtype.kind == "f" and node not in self.world.fixed
            else value
            for node, value in here.points.leaves.items()
        }
        beside = self.measure.at(here.points.with_leaves(leaves), sides.method, sides.step)
        if beside is None:
            return None
        near = beside.compared()
        jumps = suspects[rows] & near.equal & near.informs
        jumps &= np.abs(here.left - here.right) > JUMP * beside.size + 100 * beside.doubt
        places = np.argwhere(jumps)
        return (int(rows[places[0][0]]), *map(int, places[0][1:])) if len(places) else None

    def _is_at_an_edge(self, sides: Sides, place: tuple[int, ...]) -> bool:
        """Whether second derivatives differ at a point of round numbers, and agree beside it.

        On an edge between two of them, as at 15 of a function that is linear from there on,
        differences to both sides give the mean. Other numbers are not exactly on one.
        """
        if self.meaning.differentiates < 2:
            return False
        here = sides.take(np.array([place[0]]))
        drawn = [v for node, v in here.points.leaves.items() if node not in self.world.fixed]
        if any((value != np.round(value, 3)).any() for value in drawn):
            return False
        rng = np.random.default_rng(place[0])
        leaves = {
            node: value + EDGE * np.maximum(1, np.abs(value)) * rng.uniform(0.5, 1, value.shape)
            if value.dtype.kind == "f" and node not in self.world.fixed
            else value
            for node, value in here.points.leaves.items()
        }
        beside = self.measure.at(here.points.with_leaves(leaves), sides.method, sides.step)
        return beside is not None and not bool(beside.compared().different[(0, *place[1:])])

    # ------------------------------------------------------------------------------ concluding

    def conclude(self, points: int) -> Finding:
        """Return what follows if nothing refutes, and `points` were asked for."""
        finding = Finding(
            "inconclusive", error=self.error, points=self.done, oracle=ORACLES[self.kind],
            resampled=self.resampled, doubt=self.doubt, witness=self.witness, told=self.told,
        )  # fmt: skip
        if self.done < points:
            return replace(finding, message=self._why_so_few(points))
        if self.between:
            because = ", where an operation rounds to float32" if self.world.rounds else ""
            return replace(
                finding,
                between=self.between,
                message=f"The sides differ by {self.between:.1e}, more than rounding explains and "
                f"too little to be called different{because}",
            )
        if not self.told and points:
            if self._are_zero():
                message = "Both sides are 0 at every point, but for rounding, so nothing was tested"
                return replace(finding, message=message, zero=True)
            return replace(finding, message=self._too_few_digits())
        return replace(finding, status="verified")

    def _are_zero(self) -> bool:
        """Whether both sides are 0 within their rounding, and settle as a step changes."""
        sides = self.witness
        return sides is None or bool(
            (sides.size <= sides.doubt).all() and (sides.gap <= sides.size + sides.spread).all()
        )

    def _too_few_digits(self) -> str:
        assert self.witness is not None
        doubt = self.witness.doubt / np.maximum(self.witness.size, 1e-300)
        return (
            "Too few digits are left: rounding, or the step of differences, moves the sides by "
            f"{float(np.median(doubt)):.0e} of their size"
        )

    def _why_so_few(self, points: int) -> str:
        found = f"Only {self.done} of {points} points could be used"
        rough = self.measure.rough + self.unclear
        if rough >= self.outside + self.measure.outside:
            if has_limit(self.meaning):
                return f"{found}: at {rough} it could not be told what a limit or a derivative is"
            return (
                f"{found}: at {rough} the derivative was not resolved (a kink, a step, or "
                "rounding to float32)"
            )
        where = f"{found}: at {self.outside + self.measure.outside} something was no real number"
        sides = self.meaning.left, self.meaning.right
        if any(expr.op == "integral" for side in sides for expr in side.walk()):
            where += ", or quadrature found no integral"
        if has_limit(self.meaning):
            return f"{where}, or a limit does not exist"
        return f'{where}; sample the inputs where all is defined, as with Input(sample="positive")'

    def _refuted(self, sides: Sides, compared: Agreement, place: tuple[int, ...]) -> Finding:
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
            error=float(compared.error[place]),
            points=self.done + row + 1,
            oracle=ORACLES[sides.method, self.meaning.differentiates],
            resampled=self.resampled,
            counterexample={
                "point": point_of(sides.points, row),
                "index": index,
                "left": float(sides.left[place]),
                "right": float(sides.right[place]),
            },
            doubt=float(sides.doubt[place] / max(sides.size[place], 1e-300)),
            witness=sides,
            at=sides.points.take(np.array([row])),
        )


def _beside(node: Node, value: Array, rng: np.random.Generator) -> Array:
    """Values right beside those of a leaf; of probabilities, others that add up to 1."""
    if isinstance(node, Input) and node.sample == "simplex":
        return value + BESIDE * (1 / value.shape[-1] - value)
    return value + BESIDE * np.maximum(1, np.abs(value)) * rng.uniform(0.5, 1, value.shape)


def point_of(points: Points, row: int) -> dict[Node, Array]:
    """Return the leaves' values at one point; nodes of the page, not of the copy."""
    names = points.world.names
    return {
        names[node]: value[row]
        for node, value in points.leaves.items()
        if node in names and type(node).__name__ != "Constant"
    }


def agrees(meaning: Meaning, witness: Sides) -> bool | None:
    """Whether another step holds at points already examined: True, False, or None for unclear.

    Most that do not hold fail at the first.
    """
    if len(witness) > 1 and _agrees(meaning, witness.first) is False:
        return False
    return _agrees(meaning, witness)


def _agrees(meaning: Meaning, witness: Sides) -> bool | None:
    measure = Measure(meaning, witness.points.world)
    if measure.method != "none" and witness.method != "none":
        measure.method = witness.method
    sides = measure.at(witness.points, measure.method, witness.step)
    if sides is None:
        return None
    if witness.left.shape == sides.left.shape:
        sides = replace(sides, left_gap=witness.left_gap, right_gap=witness.right_gap)
    finite = ~_any(~np.isfinite(sides.left + sides.right + sides.spread))
    compared = sides.take(finite).compared()
    if compared.different.any():
        return False
    return bool(finite.all() and compared.equal.all()) or None


def _any(mask: Array) -> Array:
    """Whether something holds for a component, at each point."""
    return np.asarray(mask.reshape(len(mask), -1).any(axis=1))


def _rows(compared: Agreement, chosen: Array) -> Agreement:
    if chosen.all():
        return compared
    names = ("error", "apart", "allowed", "equal", "different", "informs")
    return Agreement(**{name: getattr(compared, name)[chosen] for name in names})
