"""What the error of a numeric derivative against its step shows, in words.

Central differences of a smooth function are wrong by a term that falls with the square of the step,
and by rounding, which grows as the step shrinks. So where `backward` is right the error has a
valley without a floor, and where it is wrong no step brings it below the size of the mistake.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, takewhile

_ROUNDING = 1e-12  # errors that are nothing else
_FLOOR = 1.5  # how far apart, as a quotient, errors on a floor may be
_LONG = 1.9  # decades of steps that make a floor of what could be the turn of a valley
_SLOPE = 0.3  # how far a measured power may be from a whole one

Pairs = Sequence[tuple[float, float]]


def error_in_words(measured: Pairs) -> str:
    """A sentence or two on pairs of step and relative error, two of them at least."""
    pairs = sorted(measured)
    best_step, best = min(pairs, key=lambda pair: pair[1])
    if best <= _ROUNDING and not _falling(pairs, best_step):
        return (
            "Only rounding is left of it, which grows as the step shrinks: "
            "the backward agrees with the numeric derivative."
        )
    floor = _floor(pairs)
    if floor is not None:
        verb = "levels off at" if pairs[-1][1] > 10 * floor else "does not fall: it stays at"
        return (
            f"The error {verb} {floor:.1g}, however small the step: "
            "the backward is wrong, unless the function has a kink here."
        )
    power = _falling(pairs, best_step)
    turn = "" if best_step == pairs[0][0] else ", where rounding takes over"
    down = f"down to {best:.0e} at step {best_step:.0e}{turn}"
    if power is None:
        return f"The error falls by no clear power of the step, {down}."
    if abs(power - 2) <= _SLOPE:
        return f"The error falls with the square of the step, as central differences do, {down}."
    if abs(power - 1) <= _SLOPE:
        return (
            f"The error falls only in proportion to the step, {down}: "
            "the function is not smooth here."
        )
    return f"The error falls with the step to the power {power:.1f}, {down}."


def _floor(pairs: Pairs) -> float | None:
    """The height of the floor that no smaller step leaves, if the errors have one.

    Rounding may take a single error below it by chance, and no further than by a digit or so.
    """
    for first, (start, height) in enumerate(pairs):
        run = _level(pairs[first:], height)
        if len(run) > 2 and math.log10(run[-1][0] / start) > _LONG and height > _ROUNDING:
            below = min((error for _, error in pairs[:first]), default=height)
            return height if below > height / 20 else None
    return None


def _level(pairs: Pairs, height: float) -> Pairs:
    """As many of the first pairs as have errors of about this height."""
    return list(takewhile(lambda pair: height / _FLOOR <= pair[1] <= height * _FLOOR, pairs))


def _falling(pairs: Pairs, best_step: float) -> float | None:
    """The power of the step with which the error falls towards its best; None if it does not."""
    side = [(h, e) for h, e in pairs if h >= best_step and e > 0]
    slopes = [
        math.log(above[1] / below[1]) / math.log(above[0] / below[0])
        for below, above in pairwise(side)
        if below[0] > best_step or len(side) == 2  # at the best, rounding has begun
    ]
    steep = [slope for slope in slopes if slope > 0.5]
    from statistics import median  # slow to load

    return median(steep) if steep else None
