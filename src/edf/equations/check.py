"""`check_equation`: a displayed equation is a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.errors import EquationError
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Equation, Grad, walk
from edf.equations.meaning import display
from edf.equations.meaning.expression import Expr, Meaning
from edf.equations.meaning.names import Scope
from edf.equations.meaning.reader import Page
from edf.equations.meaning.resolve import insist_on_one_spelling, resolve
from edf.equations.meaning.wording import with_names
from edf.equations.operations import OPERATIONS
from edf.equations.operations.reductions import REDUCTIONS
from edf.equations.options import Reading, parse_reading
from edf.equations.sampling.world import World
from edf.equations.testing.adequacy import corrupt, mend
from edf.equations.testing.judge import Finding, judge
from edf.equations.testing.verdict import EquationVerdict
from edf.graph import Input, Node
from edf.report import announce, expectation

EXPECTABLE = ("verified", "refuted", "inconclusive", "error")
POINTS_ELSEWHERE = 5  # points at which a verified step is tested with other lengths
BRANCHES = 5  # times as many points look for places where a step holds on one branch only


def check_equation(
    latex: str,
    names: Mapping[str, Any],
    *,
    id: str | None = None,
    expect: str | Sequence[str] = "verified",
    reading: str | None = None,
    loss: str | Node | None = None,
    points: int = 20,
    seed: int = 0,
    macros: Mapping[str, str] | None = None,
) -> list[EquationVerdict]:
    r"""Test a LaTeX equation at random points of the graph that its names are bound to.

        x = Input(shape=(4,))
        P = Softmax(x)
        formula = r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)"
        check_equation(formula, locals())

    Inputs without a value are sampled afresh at every point, parameters and arbitrary functions
    too. Derivatives are taken numerically; `backward` plays no part.

    Args:
        latex: The equation; a chain or the rows of an `aligned` are several steps.
        names: What the symbols are bound to, such as `locals()`.
        id: A name for the claim.
        expect: The expected status, one word for all steps or one for each.
        reading: `"componentwise i"` reads bare vectors x as x_i; `"base 1"` makes x_1 the first.
        loss: The node whose derivative `x.\text{grad}` is, or its name.
        points: How many points are sampled for each step.
        seed: The seed of the random points.
        macros: The author's own macros, `{"R": r"\mathbb{R}", "abs": r"\left|#1\right|"}`.

    Returns:
        One verdict for each step, in reading order.

    Raises:
        EquationError: Something is not understood. Nothing is guessed.
    """
    try:
        verdicts = _check(latex, names, id, expect, reading, loss, points, seed, macros)
    except EquationError as error:
        if not error.source:
            error.source = latex
        raise
    for verdict in verdicts:
        announce(verdict)
    return verdicts


def _check(
    latex: str,
    names: Mapping[str, Any],
    id: str | None,
    expect: str | Sequence[str],
    reading: str | None,
    loss: str | Node | None,
    points: int,
    seed: int,
    macros: Mapping[str, str] | None,
) -> list[EquationVerdict]:
    if points < 1:
        raise EquationError(f"points={points}: at least one point is needed")
    declared = parse_reading(reading)
    claim = parse(latex, macros)
    scope = Scope(names)
    equations = [with_names(equation, scope) for equation in steps(claim)]
    expected = _expected(expect, len(equations))
    page = _page(equations, scope, declared, loss)
    for equation in equations:
        insist_on_one_spelling(equation, page.scope)
    meanings = [resolve(equation, page) for equation in equations]
    reprinted = to_latex(claim)
    verdicts = []
    for number, (equation, meaning) in enumerate(zip(equations, meanings, strict=True), 1):
        finding, sizes, notes = _tested(equation, meaning, page, points, seed)
        corruptions, example = None, None
        repair = None

        def test(other: Equation, means: Meaning) -> Finding:
            return _tested(other, means, page, points, seed)[0]

        if finding.status == "verified":
            corruptions, example = corrupt(equation, meaning, page, finding, test)
        elif finding.status == "refuted":
            repair = mend(equation, meaning, page, finding, test)
        if declared.componentwise:
            notes.append("Bare vectors are read componentwise: x is x_" + declared.componentwise[0])
        verdicts.append(
            EquationVerdict(
                status=finding.status,
                expected=expected[number - 1],
                step=number,
                reading=display.plain(meaning),
                max_rel_error=finding.error,
                points=finding.points,
                seed=seed,
                oracle=finding.oracle,
                id=id,
                counterexample=_counterexample(finding, page.scope),
                corruptions=corruptions,
                repair=repair,
                message=finding.message,
                details={
                    "latex": to_latex(equation),
                    "lhs": to_latex(equation.left),
                    "rhs": to_latex(equation.right),
                    "reading_latex": display.latex(meaning),
                    "reprinted": reprinted,
                    "tolerance": finding.tolerance,
                    "resampled": finding.resampled,
                    "sizes": sizes,
                    "corruption_example": example,
                    "notes": notes,
                    "position": equation.at,
                },
            )
        )
    return verdicts


def _expected(expect: str | Sequence[str], count: int) -> list[str]:
    words = expect.split() if isinstance(expect, str) else list(expect)
    for word in words:
        try:
            expectation(word, EXPECTABLE)
        except ValueError as problem:
            raise EquationError(str(problem)) from None
    if len(words) == 1:
        return words * count
    if len(words) != count:
        raise EquationError(
            f"The claim has {count} step{'s' * (count != 1)}, and expect has {len(words)} words: "
            "write one word, or one for each equality sign"
        )
    return words


def _page(
    equations: Sequence[Equation],
    scope: Scope,
    declared: Reading,
    loss: str | Node | None,
) -> Page:
    """Copy the part of the page's graph that the claim speaks of."""
    trees = [tree for equation in equations for tree in walk(equation)]
    nodes = scope.nodes_in(trees)
    node: Node | None = None
    if isinstance(loss, str):
        if not isinstance(scope.names.get(loss), Node):
            raise EquationError(f"loss={loss!r}: no node of that name is bound on this page")
        node = scope.names[loss]
    elif loss is not None:
        node = loss
    if node is not None and any(isinstance(tree, Grad) for tree in trees):
        nodes.append(node)
    return Page(scope, World(nodes), declared, node)


# ------------------------------------------------------------------------------- testing one step


def _tested(
    equation: Equation, meaning: Meaning, page: Page, points: int, seed: int
) -> tuple[Finding, list[int], list[str]]:
    """Return what was found, the lengths of the inputs it was found at, and notes."""
    world = page.world
    assert isinstance(world, World)
    finding = judge(meaning, world, points, seed)
    notes: list[str] = []
    if finding.resampled:
        plural = "s" if finding.resampled > 1 else ""
        notes.append(
            f"{finding.resampled} sample point{plural} replaced: outside the domain, or near a kink"
        )
    sizes = sorted(world.sampled_lengths)
    drawn, fixed = world.chance_below(_nodes(meaning))
    drawn = drawn or any(_is_arbitrary(expr) for expr in _parts(meaning))
    if fixed:
        names = sorted(page.scope.labels.get(node, "an input") for node in fixed)
        notes.append(f"Tested with the value that the page gave: {', '.join(names)}")
    if finding.status != "verified":
        return finding, sizes, notes
    if fixed and not drawn:
        message = (
            "Every input here has a value, so this was tested at one point: leave the value out, "
            "as in Input(shape=...), and it is sampled"
        )
        return replace(finding, status="inconclusive", points=1, message=message), sizes, notes
    if meaning.differentiates == 0 or any(map(_has_branches, _parts(meaning))):
        more = judge(meaning, world, BRANCHES * points, seed + 2)
        if more.status == "refuted":
            return more, sizes, notes
    if meaning.left == meaning.right:
        message = "Both sides are the same expression: true by what the names are bound to"
        return replace(finding, message=message), sizes, notes
    mentioned, free = _lengths(meaning, world)
    if free:
        other, resized = _elsewhere(equation, page, free, seed)
        changes = ", ".join(f"{old} to {new}" for old, new in resized.items())
        if other is None:
            notes.append(f"Tested at the page's own lengths only: {', '.join(map(str, free))}")
        elif other.status == "refuted":
            message = (
                "It holds at the lengths of this page and fails when a length changes from "
                f"{changes}: write it for every length, or give the input a value"
            )
            finding = replace(finding, status="inconclusive", message=message)
        elif other.status == "verified":
            sizes = sorted({*sizes, *resized.values()})
    if mentioned:  # which may be by chance: x^2 with an x of length 2
        other, resized = _elsewhere(equation, page, mentioned, seed)
        if other is not None and other.status == "verified":
            sizes = sorted({*sizes, *resized.values()})
        else:
            kept = ", ".join(map(str, mentioned))
            notes.append(f"Tested at length {kept} only, a number in the formula")
    return finding, sizes, notes


def _lengths(meaning: Meaning, world: World) -> tuple[list[int], list[int]]:
    """Return the lengths of sampled inputs that are a number in the formula, and the others."""
    mentioned: set[int] = set()
    for expr in _parts(meaning):
        mentioned |= _lengths_in(expr, world)
    lengths = sorted(length for length in world.sampled_lengths if length > 1)
    return [n for n in lengths if n in mentioned], [n for n in lengths if n not in mentioned]


def _parts(meaning: Meaning) -> Iterator[Expr]:
    yield from meaning.left.walk()
    yield from meaning.right.walk()


def _nodes(meaning: Meaning) -> list[Node]:
    """Return the nodes that a step mentions."""
    return [expr.data[0] for expr in _parts(meaning) if expr.op in ("node", "deriv", "replace")]


def _is_arbitrary(expr: Expr) -> bool:
    """Whether an expression applies an arbitrary function, which is drawn at every point."""
    if expr.op not in ("call", "prime"):
        return False
    bound = expr.data if expr.op == "call" else expr.data[0]
    return isinstance(bound.value, AnyFunction)


def _lengths_in(expr: Expr, world: World) -> set[int]:
    """Return the lengths that a part of a formula fixes: as a number, or by numbered components."""
    if expr.op == "number" and float(expr.data).is_integer():
        return {int(expr.data)}
    if expr.op == "array":
        return set(np.shape(expr.data[0].value))
    if expr.op in ("node", "deriv"):
        node, indices = expr.data[:2]
        pairs = zip(indices, world.shape(node), strict=False)
        return {length for index, length in pairs if isinstance(index, int)}
    return set()


def _has_branches(expr: Expr) -> bool:
    """Whether a part of a formula follows different rules in different places."""
    return (
        (expr.op in OPERATIONS and OPERATIONS[expr.op].branches)
        or expr.op == "cases"
        or (expr.op == "big" and REDUCTIONS[expr.data[0]].branches)
        or (expr.op == "pow" and expr.args[1].op != "number")
    )


def _elsewhere(
    equation: Equation, page: Page, lengths: Sequence[int], seed: int
) -> tuple[Finding | None, dict[int, int]]:
    """Test a step with other lengths of the inputs; None where graph or formula allow no other."""
    attempts = [dict.fromkeys(lengths)] if len(lengths) == 1 else [
        dict.fromkeys(lengths), *({length: None} for length in lengths)
    ]  # fmt: skip
    for attempt in attempts:
        resize = {length: length + 1 for length in attempt}
        world = World(list(page.world.twins), resize)
        try:
            elsewhere = Page(page.scope, world, page.reading, page.loss)
            meaning = resolve(equation, elsewhere)
            return judge(meaning, world, POINTS_ELSEWHERE, seed + 1), resize
        except EquationError:
            continue
    return None, {}


def _counterexample(finding: Finding, scope: Scope) -> dict[str, Any] | None:
    if finding.counterexample is None:
        return None
    point: dict[str, Any] = {}
    for node, value in finding.counterexample["point"].items():
        name = (
            scope.labels.get(node)
            or f"{'input' if isinstance(node, Input) else 'leaf'} {len(point) + 1}"
        )
        point[name] = value
    return {**finding.counterexample, "point": point}
