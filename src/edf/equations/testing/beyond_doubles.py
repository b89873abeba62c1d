r"""Points that no double is at, or at which doubles keep nothing of a difference.

    \max(\log(1 - q), -100) = \log(1 - q)    of a q between 0 and 1: it fails where 1 - q < e^{-100}
    \log(1 - \sigma(x)) \geq -40             1 - \sigma(x) is 0 in double precision from x = 37 on

The next double below 1 is 1 - 1e-16, so that thresholds and bounds beyond are out of reach there,
however usual the numbers are that they stand at. A step that has some is evaluated with many
digits, at numbers that are as close to the ends of what they are drawn from, or as far away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import numpy as np

from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.points import Points
from edf.equations.sampling.world import World
from edf.equations.testing.extended_precision import evaluated, numbers_taken, parts_apart
from edf.equations.testing.measure import quiet
from edf.equations.testing.setting import nodes
from edf.equations.testing.special_points import (
    is_between,
    is_positive,
    is_simplex,
    movable,
)
from edf.graph import Array, Node
from edf.numerics.precise import Precise

#: To how many digits numbers are close to an end, and how far away they are; the first takes most
#: time, and of two of them what is lost has twice as many digits.
CLOSE, NEAR_ZERO = (60, 200), 60
FAR = {120: 53, 400: 174}  # with the digits of e^{-x}
SPARE = 60  # digits that are left then
MOST = 1500  # numbers that all evaluations may take together
CLEARLY = Decimal("1e-40")  # the part of their size by which sides differ that are not equal
STABLE = Decimal("1e-6")  # the part of a difference that more digits may change


class _Place(NamedTuple):
    """What the first number of one leaf is, in place of its own; of probabilities, the others have
    what is left."""

    node: Node
    number: Decimal
    said: str
    digits: int  # that get lost

    def leaves(self, point: Points) -> dict[Node, Array]:
        changed = np.array(point.leaves[self.node], object)
        if is_simplex(point.world, self.node):
            others = changed.ravel()[1 : changed.shape[-1]]
            with localcontext(prec=SPARE + 2 * self.digits):
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
    left = MOST * CLOSE[0]
    for place in _places(meaning, point):
        left -= numbers * place.digits
        if left < 0:
            break
        if _fails(meaning, point, place):
            return f"{names.get(world.names[place.node], 'an input')} = {place.said}"
    return None


def _fails(meaning: Meaning, point: Points, place: _Place) -> bool:
    digits = SPARE + 2 * place.digits
    leaves, gaps = place.leaves(point), []
    for precision in (digits, 2 * digits):
        try:
            with quiet(), localcontext(prec=precision):
                sides = evaluated(meaning, point, precision, other=leaves)
                gaps.append([one - other for one, other in sides])
                apart = [part > CLEARLY for part in map(parts_apart, sides)]
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
    found = [place for node in leaves for place in _places_of(world, node)]
    yield from sorted(found, key=lambda place: place.digits)


def _places_of(world: World, node: Node) -> Iterator[_Place]:
    if (ends := _ends(world, node)) is not None:
        for end, inwards, word in ((ends[0], 1, "+"), (ends[1], -1, "-")):
            if not np.isfinite(end):
                for away, digits in FAR.items():
                    yield _Place(node, Decimal(-inwards * away), f"{-inwards * away}", digits)
                continue
            for digits in CLOSE:
                with localcontext(prec=digits + SPARE):
                    number = Decimal(repr(float(end))) + inwards * Decimal(10) ** -digits
                said = f"{end:g} {word} 1e-{digits}".removeprefix("0 + ")
                yield _Place(node, number, said, digits)
    elif movable(world, node):
        for sign in (1,) if is_positive(world, node) else (1, -1):
            for away, digits in FAR.items():
                yield _Place(node, Decimal(sign * away), f"{sign * away}", digits)
            small = sign * Decimal(10) ** -NEAR_ZERO
            yield _Place(node, small, f"{small:.0e}", NEAR_ZERO)


def _ends(world: World, node: Node) -> tuple[float, float] | None:
    """Between which numbers a leaf is drawn, if it is; one probability of one is 1."""
    if is_simplex(world, node):
        return (0.0, 1.0) if world.entries(node) > 1 else None
    sample: Any = getattr(node, "sample", None)
    return (sample.low, sample.high) if is_between(world, node) else None
