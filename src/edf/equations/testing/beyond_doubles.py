r"""Points that no double is at, or at which doubles keep nothing of a difference.

    \max(\log(1 - q), -100) = \log(1 - q)    of a q between 0 and 1: it fails where 1 - q < e^{-100}
    \log(1 - \sigma(x)) \geq -40             1 - \sigma(x) is 0 in double precision from x = 37 on
    \log a \geq -800                        below e^{-800}, which is 0 in double precision

The next double below 1 is 1 - 1e-16, so that thresholds and bounds beyond are out of reach there,
however usual the numbers are that they stand at. A step that has some is evaluated with many
digits, at numbers that are as close to the ends of what they are drawn from, or as far away; and
closer and farther still where a number that it is written with asks for that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import numpy as np

from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.points import Points
from edf.equations.sampling.world import World
from edf.equations.testing.extended_precision import evaluated, nudged, numbers_taken, parts_apart
from edf.equations.testing.measure import quiet
from edf.equations.testing.setting import nodes
from edf.equations.testing.special_points import (
    is_between,
    is_positive,
    is_simplex,
    movable,
)
from edf.equations.testing.written_sizes import numbers_written
from edf.graph import Array, Node
from edf.numerics.precise import Precise

#: To how many digits numbers are close to an end, and how far away they are; the first takes most
#: time, and of two of them what is lost has twice as many digits.
CLOSE, NEAR_ZERO = (60, 200), 60
FAR = {120: 53, 400: 174}  # with the digits of e^{-x}
SPARE = 60  # digits that are left then
MOST = 240_000  # digits that the numbers of all evaluations may lose together
CLEARLY = Decimal("1e-40")  # the part of their size by which sides differ that are not equal
STABLE = Decimal("1e-6")  # the part of a difference that may change
NUDGE = 2.0**-40  # and the part of what is drawn that does, which is far more than its rounding
#: Of a bound c, how far beyond it numbers are, and how close to an end in place of e^{-c}.
BEYOND, CLOSER = 3.0, 1.5
MOST_LOST = 2000  # digits that a number which a bound asks for may lose


class _Place(NamedTuple):
    """What the first number of one leaf is, in place of its own; of probabilities, the others have
    what is left."""

    node: Node
    number: Decimal
    said: str
    lost: int  # digits that get lost
    times: int = 2  # how often they may be

    @property
    def digits(self) -> int:
        """With how many digits a step is evaluated there."""
        return SPARE + self.times * self.lost

    def leaves(self, point: Points) -> dict[Node, Array]:
        changed = np.array(point.leaves[self.node], object)
        if is_simplex(point.world, self.node):
            others = changed.ravel()[1 : changed.shape[-1]]
            with localcontext(prec=self.digits):
                others[:] = Precise((1 - self.number) / len(others))
        changed.flat[0] = Precise(self.number)
        return {self.node: changed}


def fails_beyond_doubles(meaning: Meaning, points: Points, names: Mapping[Node, str]) -> str | None:
    """Return the place where a step fails that double precision cannot show, in words."""
    world = points.world
    numbers = numbers_taken(meaning, world) if len(points) else None
    if numbers is None or meaning.differentiates:  # a difference loses digits of its own
        return None
    point = points.take(np.array([0]))
    left = MOST
    for place in _places(meaning, point):
        left -= numbers * place.lost
        if left < 0:
            break
        if _fails(meaning, point, place):
            return f"{names.get(world.names[place.node], 'an input')} = {place.said}"
    return None


def _fails(meaning: Meaning, point: Points, place: _Place) -> bool:
    """Whether a step fails at a place, and does so with more digits, and where what else is drawn
    has other last digits: the columns of an orthogonal matrix are so up to rounding only."""
    gaps = []
    for precision, here in ((place.digits, point), (2 * place.digits, nudged(point, NUDGE))):
        try:
            with quiet(), localcontext(prec=precision):
                sides = evaluated(meaning, here, precision, other=place.leaves(here))
                gaps.append([one - other for one, other in sides])
                apart = [part > CLEARLY for part in map(parts_apart, sides)]
                if meaning.sign in ("<", ">"):  # of equal sides, one is one more than the other
                    differ = [abs(gap) != 1 for gap in gaps[-1]]
                    apart = [far and more for far, more in zip(apart, differ, strict=True)]
        except Exception:  # something takes no such numbers, or has no value for them
            return False
        if not any(apart):
            return False
    return any(
        clear and abs(one - other) <= STABLE * abs(one)
        for clear, one, other in zip(apart, *gaps, strict=True)
    )


def _places(meaning: Meaning, point: Points) -> Iterator[_Place]:
    """Yield where double precision does not tell, in the order of how much time it takes."""
    world = point.world
    leaves = [
        node
        for node in world.all_below(nodes(meaning))
        if not node.inputs and point.leaves[node].dtype.kind == "f"
    ]
    asked = _Asked.by(numbers_written(meaning, world))
    found = [place for node in leaves for place in _places_of(world, node, asked)]
    yield from sorted(found, key=lambda place: place.digits)


class _Asked(NamedTuple):
    """Where else the numbers of a formula ask for a look: how far away, with the digits of e^{-x},
    and to how many digits close to an end, or before the point."""

    far: Mapping[int, int]
    close: Sequence[int]

    @staticmethod
    def by(numbers: Sequence[float]) -> _Asked:
        sizes = {size for number in numbers for size in (number, math.log(number))}
        far = {math.ceil(BEYOND * size): _digits(BEYOND * size) for size in sizes}
        close = {_digits(CLOSER * size) for size in sizes}
        return _Asked(
            {away: lost for away, lost in far.items() if away > max(FAR) and lost < MOST_LOST},
            [lost for lost in sorted(close) if NEAR_ZERO < lost < MOST_LOST],
        )


def _digits(size: float) -> int:
    """How many digits the exponential of a number has before the point."""
    return math.ceil(size / math.log(10))


def _places_of(world: World, node: Node, asked: _Asked) -> Iterator[_Place]:
    if (ends := _ends(world, node)) is not None:
        for end, inwards, word in ((ends[0], 1, "+"), (ends[1], -1, "-")):
            if not np.isfinite(end):
                yield from _far(node, -inwards, asked)
                continue
            for lost, times in [(c, 2) for c in CLOSE] + [(c, 1) for c in asked.close]:
                with localcontext(prec=lost + SPARE):
                    number = Decimal(repr(float(end))) + inwards * Decimal(10) ** -lost
                said = f"{end:g} {word} 1e-{lost}".removeprefix("0 + ")
                yield _Place(node, number, said, lost, times)
    elif movable(world, node):
        for sign in (1,) if is_positive(world, node) else (1, -1):
            yield from _far(node, sign, asked)
            for lost, times in [(NEAR_ZERO, 2)] + [(c, 1) for c in asked.close]:
                small = sign * Decimal(10) ** -lost
                yield _Place(node, small, f"{small:.0e}", lost, times)


def _far(node: Node, sign: int, asked: _Asked) -> Iterator[_Place]:
    """Yield where a leaf is far away, to one side."""
    for away, lost in FAR.items():
        yield _Place(node, Decimal(sign * away), f"{sign * away}", lost)
    for away, lost in asked.far.items():
        yield _Place(node, Decimal(sign * away), f"{sign * away}", lost, 1)
    for lost in asked.close:
        large = sign * Decimal(10) ** lost
        yield _Place(node, large, f"{large:.0e}", lost, 1)


def _ends(world: World, node: Node) -> tuple[float, float] | None:
    """Between which numbers a leaf is drawn, if it is; one probability of one is 1."""
    if is_simplex(world, node):
        return (0.0, 1.0) if world.entries(node) > 1 else None
    sample: Any = getattr(node, "sample", None)
    return (sample.low, sample.high) if is_between(world, node) else None
