"""The test of one step: at random points, and then wherever those could have missed something.

    case_coverage       some case of every case distinction holds
    judge               both sides at random points
    data                is anything random at all?
    special_points      round numbers, equal arguments, and other sizes
    branches            both sides of every threshold
    written_sizes       an inequality of as large and as small numbers as those in it
    growth              an inequality of large numbers, with sums as long
    extremes            the least margin of an inequality
    sensitivity         every term makes a difference
    extended_precision  nothing is lost in rounding
    beyond_doubles      nearer to an end, and farther, than doubles can tell
    lengths             other lengths than the page's

Each look may refute what the random points verified, or leave it inconclusive and say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.latex.syntax import Equation
from edf.equations.meaning.resolve import resolve
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.meaning.typed.relations import COMPARISONS, SEMIDEFINITE
from edf.equations.sampling.points import Points
from edf.equations.sampling.world import World
from edf.equations.testing.beyond_doubles import fails_beyond_doubles
from edf.equations.testing.branches import accepted, search
from edf.equations.testing.case_coverage import where_none_holds
from edf.equations.testing.data import with_data
from edf.equations.testing.exact import judge_exactly
from edf.equations.testing.extended_precision import DIGITS, with_more_digits
from edf.equations.testing.extremes import extremes
from edf.equations.testing.growth import at_large_numbers
from edf.equations.testing.judge import Finding, judge
from edf.equations.testing.lengths import at_other_lengths
from edf.equations.testing.measure import is_heavy, quiet
from edf.equations.testing.patterns import scattered_points
from edf.equations.testing.sensitivity import in_words, never_felt, with_other
from edf.equations.testing.setting import Outcome, Setting, applies_arbitrary, nodes
from edf.equations.testing.special_points import (
    judged_apart,
    regular,
    thresholds_written,
    tried_points,
)
from edf.equations.testing.written_sizes import at_sizes_written

MANY = 320  # digits with which what is lost in rounding is looked at: doubles go down to 1e-308
NEAR = 10  # numbers up to which derivatives are tried where they tell less far away
SCATTERED = 200  # points far and near at which an inequality is tried
FEW = 2  # points for a step whose derivatives are expensive


def examine(equation: Equation, meaning: Meaning, setting: Setting) -> Outcome:
    """Return what is found about a step."""
    fewer = is_heavy(meaning, setting.world) and setting.points > FEW
    if fewer:
        setting = replace(setting, points=FEW)
    if (finding := judge_exactly(meaning)) is not None:
        notes = ["A statement about numbers: there is nothing to draw"]
        return Outcome(finding, notes, {"sizes": []})
    if (place := where_none_holds(meaning, setting)) is not None:
        message = (
            f"Do these cases cover everything? None of them holds at {place}: add what is missing, "
            "or \\text{otherwise}"
        )
        return Outcome(Finding("inconclusive", message=message), facts={"sizes": []})
    outcome = Outcome(judge(meaning, setting.world, setting.points, setting.seed))
    empty = outcome.finding.status == "inconclusive" and not outcome.finding.told
    if empty and equation.sign in SEMIDEFINITE and not setting.page.singular:
        page = replace(setting.page, singular=True)
        beside = examine(equation, resolve(equation, page), replace(setting, page=page))
        if beside.finding.status == "verified":
            beside.notes.append("The least eigenvalue is 0 at every point, as it may be")
            return beside
    if fewer:
        outcome.notes.append(f"Tested at {FEW} points, for its derivatives have many entries")
    outcome.facts["sizes"] = sorted(setting.world.sampled_lengths)
    if count := outcome.finding.resampled:
        plural = "s" if count > 1 else ""
        outcome.notes.append(
            f"{count} sample point{plural} replaced: outside the domain, or near a kink"
        )
    drawn = with_data(meaning, setting, outcome)
    witness = outcome.finding.witness
    if witness is None or not (outcome.finding.status == "verified" or outcome.finding.zero):
        return outcome
    if not drawn:
        if outcome.finding.status == "verified":
            _is_felt(meaning, [witness.points], outcome)
        return outcome
    samples = _holds_where_random_points_are_not(meaning, setting, outcome)
    if samples is None:
        return outcome
    far: list[Points] = []
    if meaning.sign in COMPARISONS:
        found = at_sizes_written(meaning, setting.world, setting.seed)
        if found.status == "refuted":
            outcome.finding = found
            return outcome
        far = [found.witness.points] if found.witness else []
    same = meaning.left == meaning.right
    if not same and not _is_felt(meaning, samples, outcome, far):
        return outcome
    if meaning.sign != "=" and applies_arbitrary(meaning, setting.world):
        message = "Arbitrary functions are drawn with values of about 1, which shows no bound"
        outcome.finding = replace(outcome.finding, status="inconclusive", message=message)
        return outcome
    if meaning.sign in COMPARISONS:
        _has_room(meaning, setting, samples, outcome)
    if outcome.finding.status == "verified" and (
        meaning.sign in COMPARISONS or outcome.facts.get("reached")
    ):
        _holds_beyond_doubles(meaning, setting, samples[0], outcome)
    if outcome.finding.status == "verified":
        at_other_lengths(equation, meaning, setting, outcome)
    if outcome.finding.status == "verified" and same:
        message = "Both sides are the same expression: true by what the names are bound to"
        outcome.finding = replace(outcome.finding, message=message)
    return outcome


def _has_room(meaning: Meaning, setting: Setting, samples: list[Points], outcome: Outcome) -> None:
    """Look for the place where the margin of an inequality is least."""
    try:
        with quiet():
            rng = np.random.default_rng(setting.seed + 3)
            scattered = scattered_points(setting.world, rng, SCATTERED)
        if not meaning.differentiates:
            finding = judged_apart(meaning, scattered)
            if finding.status == "refuted":
                outcome.finding = finding
                return
            samples = [*samples, scattered]
    except EquationError:  # an operation fails at one of them
        pass
    if (large := at_large_numbers(meaning, setting.world, setting.seed)) is not None:
        outcome.finding = large
        return
    found = extremes(meaning, setting.world, samples, setting.page.scope.labels)
    if isinstance(found, Finding):
        outcome.finding = found
    elif found is not None:
        message = f"The sides touch at {found}, as far as rounding tells: is it not strict?"
        outcome.finding = replace(outcome.finding, status="inconclusive", message=message)


def _holds_beyond_doubles(
    meaning: Meaning, setting: Setting, points: Points, outcome: Outcome
) -> None:
    """Look where double precision cannot, at thresholds and bounds that stand there."""
    place = fails_beyond_doubles(meaning, points, setting.page.scope.labels)
    if place is not None:
        message = f"It fails at {place}, as more digits show than double precision has"
        outcome.finding = replace(outcome.finding, status="inconclusive", message=message)


def _is_felt(
    meaning: Meaning, samples: list[Points], outcome: Outcome, far: Sequence[Points] = ()
) -> bool:
    """Whether nothing is lost in rounding: no part of a formula, and no difference of its sides."""
    lost = never_felt(meaning, [*map(regular, samples), *far])
    for digits in (DIGITS, MANY) if lost else (DIGITS,):
        seen = with_more_digits(meaning, samples[0], digits)
        if seen is None or not seen.equal:
            break
        if all(_is_seen(with_other(meaning, part), samples[0], digits) for part in lost):
            return True
    if lost:
        message = (
            f"{in_words(lost[0])}: it is lost in rounding at every point, and could be anything"
        )
    elif seen is None:
        return True
    else:
        message = (
            f"With {DIGITS} digits the sides differ by {seen.apart:.1e} of their size, which "
            "double precision does not show"
        )
    outcome.finding = replace(outcome.finding, status="inconclusive", message=message)
    return False


def _sums_nothing(meaning: Meaning) -> bool:
    """Whether a step has no sum, nor a node that is computed and may have one."""
    whole = (*meaning.left.walk(), *meaning.right.walk())
    return not any(expr.op == "big" for expr in whole) and not any(
        node.inputs for node in nodes(meaning)
    )


def _tells_less_far_away(meaning: Meaning, world: World) -> bool:
    """Whether differences lose their digits at large numbers: differences of differences, and those
    of arbitrary functions, which are as wavy there as here."""
    return meaning.differentiates > 1 or (
        meaning.differentiates == 1 and applies_arbitrary(meaning, world)
    )


def _is_seen(other: Meaning, points: Points, digits: int) -> bool:
    """Whether many digits show that another step does not hold."""
    seen = with_more_digits(other, points, digits)
    return seen is not None and not seen.equal


def _holds_where_random_points_are_not(
    meaning: Meaning, setting: Setting, outcome: Outcome
) -> list[Points] | None:
    """Test at chosen points, and on sides of thresholds that none has reached.

    Returns:
        All points where it holds; None if it does not hold everywhere.
    """
    witness = outcome.finding.witness
    assert witness is not None
    samples = [witness.points]
    told, between = False, None
    try:
        with quiet():
            rng = np.random.default_rng(setting.seed + 2)
            chosen = tried_points(
                setting.world,
                rng,
                _sums_nothing(meaning),
                thresholds_written(meaning),
                alone=not meaning.differentiates,
            )
        if _tells_less_far_away(meaning, setting.world):
            chosen = regular(chosen, NEAR)
        if setting.points <= FEW:
            chosen = chosen.take(np.arange(len(chosen)) < FEW)
    except EquationError:  # an operation fails at one of them
        chosen = None
    if chosen is not None and len(chosen):
        found = judged_apart(meaning, chosen)
        if found.status == "refuted":
            outcome.finding = found
            return None
        if found.between:
            between = replace(found, points=setting.points)
        told = found.told
        if found.witness is not None:
            samples.append(found.witness.points)
    reach = search(meaning, setting, samples)
    missing = reach.missing
    if reach.refuted is not None:
        outcome.finding = reach.refuted
        return None
    if between is not None:
        outcome.finding = between
        return None
    if reach.reached or missing:
        outcome.facts["reached"] = reach.reached
        if reach.reached:
            plural = "s" if reach.reached > 1 else ""
            outcome.notes.append(f"Thresholds: {reach.reached} side{plural} reached")
        outcome.facts["unreached"] = missing
    if outcome.finding.zero and (told or reach.told):  # 0 = 0 at random points, and more elsewhere
        outcome.finding = replace(outcome.finding, status="verified", message="", zero=False)
    if outcome.finding.status == "verified":
        outcome.finding = accepted(outcome.finding, missing, setting.unreached)
    if missing and setting.unreached:
        outcome.notes.append(f"Not reached, as accepted: {'; '.join(missing)}")
    return samples if outcome.finding.status == "verified" else None
