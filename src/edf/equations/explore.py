"""A refuted equation at a point that the reader moves: both sides and every factor follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edf.equations.check import leaf_names, understood
from edf.equations.diagnostics import EquationError, Why
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.sampling.evaluate import Evaluator
from edf.equations.sampling.points import Points, usable
from edf.equations.sampling.rounding import COARSE
from edf.equations.sampling.world import World
from edf.equations.testing.example import factors, in_the_formula
from edf.equations.testing.judge import judge_at, point_of
from edf.equations.testing.measure import COPIES, STEPS, Measure, quiet
from edf.graph import Node
from edf.report import jsonable


def sides_at(
    latex: str,
    names: Mapping[str, Any],
    point: Mapping[str, Any],
    *,
    step: int,
    index: Mapping[str, int],
    explore: Mapping[str, Any],
    reading: str | None = None,
    loss: str | Node | None = None,
    macros: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Evaluate one step of an equation at one point.

    Args:
        latex: The equation, as `check_equation` has refuted it, and
        names: with these names.
        point: The values of the leaves, named as in the counterexample.
        step: Which step of the equation, from 1.
        index: The component that is looked at, as in the counterexample.
        explore: What the verdict's `details["explore"]` says of the arbitrary functions.
        reading: As for `check_equation`.
        loss: As for `check_equation`.
        macros: As for `check_equation`.

    Returns:
        `left` and `right`, `index`, the `factors`, and in `status` what the judge finds at this
        point, of all components: `refuted`, `verified` where the sides agree here, or
        `inconclusive`.

    Raises:
        EquationError: The equation is not understood, or has no value at this point.
    """
    _, _, meanings, page = understood(latex, names, reading, loss, macros)
    meaning, world = meanings[step - 1], page.world
    assert isinstance(world, World)
    with quiet():
        points = usable(_points(meaning, world, page.scope, point, explore))
        if not len(points):
            raise EquationError(Why.EVALUATION, "Something has no finite value at this point")
        found = judge_at(meaning, points)
        method = Measure(meaning, world).method
        evaluator = Evaluator(points.exact().context, meaning.ranges, method, STEPS[0])
        left, right = (_component(evaluator, side, index) for side in evaluator.sides(meaning))
        values = factors(evaluator, meaning, dict(index))
    if not np.isfinite(left + right):
        raise EquationError(Why.EVALUATION, "A side has no finite value at this point")
    return {
        "status": found.status,
        "index": dict(index),
        "left": left,
        "right": right,
        "factors": jsonable(values),
    }


def _points(
    meaning: Meaning,
    world: World,
    scope: Any,
    point: Mapping[str, Any],
    explore: Mapping[str, Any],
) -> Points:
    """Return the one point, with the arbitrary functions as they were drawn for the verdict."""
    own = {
        node: world.leaf(node, np.random.default_rng(0))[None]
        for node in world.order
        if not node.inputs
    }
    seed, drawn = int(explore["seed"]), int(explore["drawn"])
    draws = np.array([int(explore["draw"])])
    there = in_the_formula(meaning, world, point_of(Points(world, own, seed, draws, drawn), 0))
    for name, node in zip(leaf_names(there, scope), there, strict=True):
        twin = world.twins[node]
        value = np.asarray(point[name], own[twin].dtype)
        if value.shape != own[twin].shape[1:]:
            raise EquationError(Why.SHAPES, f"{name} has the shape {own[twin].shape[1:]}")
        own[twin] = value[None]
    return Points(world, own, seed, draws, drawn, 1 + COPIES, COARSE, guarded=True)


def _component(evaluator: Evaluator, side: Any, index: Mapping[str, int]) -> float:
    """Return one component of a side."""
    place = [0] * side.ndim
    for name, axis in evaluator.axis.items():
        place[axis] = index.get(name, 0)
    place[-2:] = index.get("row", 0), index.get("column", 0)
    return float(side[tuple(place)])
