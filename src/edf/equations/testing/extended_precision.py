"""Both sides with more digits than double precision has.

    \\cosh y = \\sinh y            for y between 30 and 40: they differ by 1e-26 of their size
    (10^{12} + c)^2 = 10^{24} + 2 \\cdot 10^{12} c

Where doubles agree to their last digit, the same evaluator is given decimal numbers of 60 digits
instead. It settles formulas of arithmetic and the usual functions, and of operations that take such
numbers, first derivatives included. Everything else it leaves as it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np

from edf.anyfunction import Applied
from edf.calculus import Jacobian
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.operations.operation import Operation
from edf.equations.operations.shapes import settle
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points
from edf.equations.sampling.world import World
from edf.equations.testing.measure import LIMITS, quiet
from edf.equations.testing.setting import arbitrary, nodes, parts
from edf.graph import Array, Node, Param
from edf.numerics.precise import Precise, as_typed, euler, exactly, pi

DIGITS = 60
#: Sides of more digits than the first before the point, or zeros behind it, are given as many more;
#: with more than the second it would take too long, and nothing is told.
FAR, FARTHEST = 20, 100
MOST = 1000  # numbers that one evaluation may take
EQUAL = Decimal("1e-45")  # the part of their size by which sides may differ that are equal
#: By which part a difference may change, with the digits that are kept, with the step, and with the
#: last digit of the leaves: those of a sampler may add up to 1 within their rounding only.
STABLE = Decimal("0.1")
NUDGE = 2.0**-50
STEPS = 1e-28, 1e-30  # of the differences that first derivatives are taken with


@dataclass(frozen=True)
class Seen:
    """What is seen at a point."""

    equal: bool
    apart: float = 0.0  # by which part of their size the sides differ, if not


def with_more_digits(meaning: Meaning, points: Points, digits: int = DIGITS) -> Seen | None:
    """Return whether both sides are equal to many digits; None where this cannot be told.

    One point is enough: what agrees to 45 digits at a random one does not do so by chance.
    """
    numbers = numbers_taken(meaning, points.world) if meaning.sign == "=" else None
    if numbers is None or numbers > MOST or not len(points):
        return None
    try:
        with quiet():
            return _at(meaning, points.take(np.array([0])), digits)
    except Exception:  # something takes no such numbers, or has no value for them
        return None


def _at(meaning: Meaning, point: Points, digits: int) -> Seen | None:
    digits *= 1 + meaning.differentiates  # a difference loses some
    sides = evaluated(meaning, point, digits)
    far = max((abs(x.adjusted()) for pair in sides for x in pair if x), default=0)
    if far > FARTHEST:
        return None
    if far > FAR:
        digits += 3 * far
        sides = evaluated(meaning, point, digits)
    place, apart = max(enumerate(map(parts_apart, sides)), key=lambda entry: entry[1])
    if apart <= EQUAL:
        return Seen(equal=True)
    left, right = sides[place]
    other, another = evaluated(meaning, nudged(point), 2 * digits, STEPS[1])[place]
    change = abs((left - right) - (other - another))
    return Seen(equal=False, apart=float(apart)) if change <= STABLE * abs(left - right) else None


def nudged(point: Points, part: float = NUDGE) -> Points:
    """Return the point with what is drawn changed by about such a part of it, in its last digit."""
    rng = np.random.default_rng(0)
    leaves = {
        node: value if _is_constant(node, point.world) or value.dtype.kind != "f"
        else value * (1 + part * rng.standard_normal(value.shape))
        for node, value in point.leaves.items()
    }  # fmt: skip
    return point.with_leaves(leaves)


def _is_constant(node: Node, world: World) -> bool:
    return node in world.fixed and not isinstance(node, Param)


def parts_apart(sides: tuple[Decimal, Decimal]) -> Decimal:
    """Return by which part of their size two numbers differ."""
    left, right = sides
    return abs(left - right) / max(abs(left), abs(right)) if left != right else Decimal(0)


def evaluated(
    meaning: Meaning,
    point: Points,
    digits: int,
    step: float = STEPS[0],
    other: Mapping[Node, Array] | None = None,
) -> list[tuple[Decimal, Decimal]]:
    """Return both sides, component by component, where some leaves have other values."""
    world = point.world
    with localcontext(prec=digits):
        leaves = {
            node: as_typed(value) if _is_constant(node, world) else exactly(value)
            for node, value in {**point.exact().leaves, **(other or {})}.items()
        }  # fmt: skip
        exact = Points(world, leaves, point.seed, point.draws, point.drawn)
        left, right = _PreciseEvaluator(exact, meaning, step).sides(meaning)
        return [
            (Precise.of(one), Precise.of(other))
            for one, other in zip(left.ravel(), right.ravel(), strict=True)
        ]


class _PreciseEvaluator(Evaluator):
    """Evaluates a formula with decimal numbers."""

    def __init__(self, points: Points, meaning: Meaning, step: float) -> None:
        super().__init__(points.context, meaning.ranges, "two-point", step)

    def value(self, expr: Expr) -> Array:
        if expr.op == "number":
            return self.constant(_written(expr))
        if expr.op == "array":
            bound, indices = expr.data
            return self.placed(as_typed(np.asarray(bound.value, float))[None], indices)
        return super().value(expr)

    def _operated(self, operation: Operation, values: list[Array]) -> Array:
        if operation.name == "pow":
            return np.asarray(values[0] ** values[1])
        return super()._operated(operation, values)


def _written(expr: Expr) -> Precise:
    """Return a number as it is written, or bound to a name."""
    text = expr.label[0]
    if text == "pi" and expr.data == math.pi:
        return Precise(pi())
    if text == "e" and expr.data == math.e:
        return Precise(euler())
    if text[:1].isdigit():
        return Precise(Decimal(text))
    return Precise(Precise.of(expr.data))


def numbers_taken(meaning: Meaning, world: World) -> int | None:
    """How many decimal numbers it takes to evaluate a step; None if they cannot settle it."""
    if meaning.differentiates > 1:
        return None
    below = world.all_below(nodes(meaning))
    if any(isinstance(node, Applied | Jacobian) for node in below):
        return None
    numbers = graph = sum(map(world.entries, below))
    for expr in parts(meaning):
        if arbitrary(expr) or expr.op in ("call", "integral", *LIMITS) or _is_series(expr):
            return None
        entries = math.prod(meaning.ranges[index] for index in expr.free)
        for dim in expr.shape or ():
            length = settle(dim)
            entries *= length if isinstance(length, int) else 1
        if expr.op == "deriv":
            entries = 2 * graph * math.prod(world.shape(expr.data[0]))
        numbers += entries
    return int(numbers)


def _is_series(expr: Expr) -> bool:
    """Whether a sum ends where its terms have died away, for double precision."""
    return expr.op == "big" and expr.data[0] == "series"
