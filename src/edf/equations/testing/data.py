"""What nothing random enters: true of these numbers only, or of numbers around them as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edf.anyfunction import Applied
from edf.equations.binding.lengths import Length
from edf.equations.diagnostics import EquationError
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.sampling.world import World
from edf.equations.testing.judge import judge
from edf.equations.testing.setting import Outcome, Setting, arbitrary, nodes, parts
from edf.graph import Array, Constant, Input, Node, Param
from edf.numerics.sampling import perturb_leaf

TIMES = 5  # how often data are drawn around their values


def with_data(meaning: Meaning, setting: Setting, outcome: Outcome) -> bool:
    """Say with which data a verified step was tested; return whether anything is drawn."""
    world = setting.world
    given = [
        n for n in world.all_below(nodes(meaning)) if isinstance(n, Input) and n in world.fixed
    ]
    if given:
        outcome.notes.append(f"Tested with the value that the page gave: {_named(given, setting)}")
    if outcome.finding.status != "verified":
        return not given
    constant = _constant(meaning, setting, outcome)
    if _is_drawn(meaning, world, constant):
        if given or constant:
            _around_inputs(meaning, setting, outcome, [*given, *constant])
        return True
    outcome.finding = replace(outcome.finding, points=1)
    arrays = {e.data[0].name: e.data[0].value for e in parts(meaning) if e.op == "array"}
    arrays = {name: value for name, value in arrays.items() if value.dtype.kind == "f"}
    outcome.given = ", ".join(filter(None, (_named(given, setting), *sorted(arrays))))
    if given or constant:
        _inconclusive(
            outcome,
            "Every input here has a value, so this was tested at one point: leave the value out, "
            "as in Input(shape=...), and it is sampled",
        )
    elif arrays:
        _around_arrays(meaning, setting, outcome, {id(value): value for value in arrays.values()})
    elif any(_is_bound(expr, setting) for expr in parts(meaning)):
        _inconclusive(
            outcome,
            "Nothing here is drawn: it is true of the numbers that the page gave, by computation "
            "or by chance",
        )
    else:
        outcome.of_numbers = True
        outcome.notes.append("A statement about numbers: there is nothing to draw")
    return False


def _constant(meaning: Meaning, setting: Setting, outcome: Outcome) -> list[Node]:
    """Return the inputs whose sampler gave the same values at every point."""
    witness = outcome.finding.witness
    if witness is None or len(witness) < 2:
        return []
    leaves = witness.points.leaves
    return [
        node
        for node in setting.world.all_below(nodes(meaning))
        if node in leaves
        and node not in setting.world.fixed
        and not getattr(getattr(node, "sample", None), "finite", False)  # it has all its values
        and (leaves[node] == leaves[node][0]).all()
    ]


def _is_drawn(meaning: Meaning, world: World, constant: Sequence[Node]) -> bool:
    """Whether anything that a step depends on is drawn at every point."""
    return any(arbitrary(expr) for expr in parts(meaning)) or any(
        isinstance(node, Applied | Param)
        or (not node.inputs and node not in world.fixed and node not in constant)
        for node in world.all_below(nodes(meaning))
    )


def _around_inputs(
    meaning: Meaning, setting: Setting, outcome: Outcome, inputs: Sequence[Node]
) -> None:
    """Draw inputs that have a value around it, beside what is drawn anyway."""
    world, rng = setting.world, np.random.default_rng(setting.seed + 4)
    own = {
        node: world.fixed[node] if node in world.fixed else world.leaf(node, rng) for node in inputs
    }
    moved = {
        world.names[node]: perturb_leaf(node, value, rng)
        for node, value in own.items()
        if value.dtype.kind == "f"
    }
    if not moved:
        return
    try:
        found = judge(meaning, world.changed(fixed=moved), TIMES, setting.seed + 4)
    except EquationError:
        return
    if found.status == "refuted":
        _inconclusive(
            outcome,
            f"True with the values that the page gave only ({_named(inputs, setting)}): with "
            "others close by it does not hold",
        )


def _named(inputs: Sequence[Node], setting: Setting) -> str:
    labels = setting.page.scope.labels
    return ", ".join(sorted(labels.get(setting.world.names[n], "an input") for n in inputs))


def _around_arrays(
    meaning: Meaning, setting: Setting, outcome: Outcome, arrays: dict[int, Array]
) -> None:
    """Draw data around their values, and test again."""
    rng = np.random.default_rng(setting.seed + 4)
    for _ in range(TIMES):
        moved = {key: perturb_leaf(Constant(0.0), value, rng) for key, value in arrays.items()}
        fixed: dict[Node, Array] = {
            node: moved[id(node.value)]
            for node in setting.world.twins
            if isinstance(node, Constant) and id(node.value) in moved
        }
        world = setting.world.changed(fixed=fixed)
        changed = replace(
            meaning, left=_with(meaning.left, moved), right=_with(meaning.right, moved)
        )
        if judge(changed, world, 1, setting.seed).status != "verified":
            _inconclusive(
                outcome,
                "True of these numbers only: with others close by it does not hold, or it says how "
                "some were computed from others",
            )
            return
    outcome.finding = replace(outcome.finding, points=1 + TIMES)
    outcome.notes.append(
        f"Nothing here is drawn: tested with the page's arrays, and {TIMES} times around them"
    )


def _with(expr: Expr, moved: dict[int, Array]) -> Expr:
    """Return an expression with other values for its arrays."""
    if expr.op == "array":
        bound, indices = expr.data
        if id(bound.value) in moved:
            return replace(expr, data=(replace(bound, value=moved[id(bound.value)]), indices))
        return expr
    args = tuple(_with(arg, moved) for arg in expr.args)
    return replace(expr, args=args) if expr.args else expr


def _is_bound(expr: Expr, setting: Setting) -> bool:
    """Whether a part of a formula is a number that the page bound to a name, and no length, of
    which others are tried."""
    if expr.op != "number":
        return expr.op in ("call", "array")
    text = expr.label[0]
    if not text or text[0].isdigit() or text in ("pi", "e"):
        return False
    return not isinstance(setting.page.scope.names.get(text), Length)


def _inconclusive(outcome: Outcome, message: str) -> None:
    outcome.finding = replace(outcome.finding, status="inconclusive", message=message)
