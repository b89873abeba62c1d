"""`check_equation`: a displayed equation is a test."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from edf.equations.binding.beside import declared_beside
from edf.equations.binding.copied import with_inputs_drawn
from edf.equations.binding.lengths import Length, free_lengths, with_one_longer
from edf.equations.diagnostics import EquationError, Why
from edf.equations.latex.asides import stated_in
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Equation, Grad, Symbol, Tree, walk
from edf.equations.meaning.calculus.minima import with_minima
from edf.equations.meaning.names.scope import Scope
from edf.equations.meaning.names.wording import insist_on_remarks, with_names
from edf.equations.meaning.piecewise.conditions import with_bounds, with_ranges
from edf.equations.meaning.reader import Page
from edf.equations.meaning.resolve import insist_on_one_spelling, resolve, with_told_lengths
from edf.equations.meaning.typed import display
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.options import Reading, parse_reading
from edf.equations.sampling.watching import has_thresholds
from edf.equations.sampling.world import World
from edf.equations.testing.example import as_latex, explained, in_the_formula
from edf.equations.testing.hypotheses import hypotheses
from edf.equations.testing.judge import Finding, point_of
from edf.equations.testing.mutants import count_noticed
from edf.equations.testing.mutations import Mutation
from edf.equations.testing.readings import insist_on_one_layout, insist_on_one_reading
from edf.equations.testing.repair import mend
from edf.equations.testing.setting import Outcome, Setting, arbitrary, parts
from edf.equations.testing.special_points import is_positive, movable
from edf.equations.testing.step import examine
from edf.equations.testing.verdict import EquationVerdict
from edf.graph import Input, Node
from edf.report import announce, expectation

LONGER = (1, 3, 10)  # by how much a length grows of which a claim has no axis
FRESH = 101  # what a repair is tested with is drawn with another seed
EXPECTABLE = ("verified", "refuted", "inconclusive", "error")


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
    unreached: str | None = None,
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
        unreached: `"ok"` accepts that no point reaches some side of a threshold, of which the
            verdict then says that it was not tested.

    Returns:
        One verdict for each step, in reading order.

    Raises:
        EquationError: Something is not understood. Nothing is guessed.
    """
    try:
        verdicts = _check(latex, names, id, expect, reading, loss, points, seed, macros, unreached)
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
    unreached: str | None,
) -> list[EquationVerdict]:
    if points < 1:
        raise EquationError(Why.OPTION, f"points={points}: at least one point is needed")
    accepts = _accepts(unreached)
    names = _with_names_beside(latex, names, reading, loss, macros)

    def read(names: Mapping[str, Any]) -> _Steps:
        found, lengths = _with_free_lengths(
            names, lambda names: understood(latex, names, reading, loss, macros)
        )
        expected = _expected(expect, len(found.equations))
        assert isinstance(found.page.world, World)
        setting = Setting(found.page, found.page.world, points, seed, accepts)
        pairs = list(zip(found.equations, found.meanings, strict=True))
        return _Steps(to_latex(found.claim), pairs, expected, setting, lengths=lengths)

    def test(names: Mapping[str, Any]) -> _Steps:
        steps = read(names)
        tested = [_tested(*pair, steps.setting) for pair in steps.pairs]
        tested = _open([equation for equation, _ in steps.pairs], tested)
        return steps._replace(tested=_of_one_length(steps, tested, names, read))

    found = _at_lengths_with_values(names, test)
    reprinted, pairs, expected, _, all_tested, _ = _with_inputs_drawn(names, found, read)
    verdicts = []
    for number, ((equation, meaning), tested) in enumerate(zip(pairs, all_tested, strict=True), 1):
        finding, setting = tested.finding, tested.setting
        page = setting.page
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
                counterexample=_counterexample(finding, meaning, page.scope, latex),
                corruptions=tested.corruptions,
                repair=f"holds if {tested.change.text}" if tested.change else None,
                message=finding.message,
                details={
                    **_shown(equation, meaning, tested, page),
                    "reprinted": reprinted,
                    **_how_tested(equation, meaning, tested, setting),
                },
            )
        )
    return verdicts


class _Steps(NamedTuple):
    """The steps of a claim, and what was found of each."""

    reprinted: str
    pairs: list[tuple[Equation, Meaning]]
    expected: list[str]
    setting: Setting
    tested: Sequence[_Tested] = ()
    lengths: Sequence[str] = ()  # declared ones of which nothing drawn has an axis

    @property
    def say_nothing(self) -> bool:
        """Whether nothing was compared: there were no values, no digits, or zeros alone."""
        findings = [each.finding for each in self.tested]
        return all(
            finding.status == "inconclusive"
            and (not finding.told or finding.points < self.setting.points)
            for finding in findings
        )


def _at_lengths_with_values(
    names: Mapping[str, Any], test: Callable[[Mapping[str, Any]], _Steps]
) -> _Steps:
    r"""Test at the lengths of the page; where these leave nothing to compare, at others.

    (X^\top X)^{-1} has no value where X has more columns than rows, and \det(X^\top X) is 0 there.
    """
    refused: EquationError | None = None
    steps: _Steps | None = None
    try:
        steps = test(names)
        if not steps.say_nothing:
            return steps
    except EquationError as error:
        if not isinstance(error.__context__, np.linalg.LinAlgError):
            raise
        refused = error
    for name, longer in with_one_longer(names):
        try:
            found = test(longer)
        except EquationError as error:
            if refused is not None and not isinstance(error.__context__, np.linalg.LinAlgError):
                refused = error  # what else is wrong with it
            continue
        if not any(each.finding.status == "inconclusive" for each in found.tested):
            why = "a matrix has no inverse" if steps is None else "nothing can be compared"
            note = f"Tested with {name} = {longer[name]}: where it is {names[name]}, {why}"
            for each in found.tested:
                each.outcome.notes.append(note)
            # The points are none of the page's own names.
            return found._replace(
                tested=[t._replace(finding=replace(t.finding, at=None)) for t in found.tested]
            )
    if steps is None:
        assert refused is not None
        raise refused
    return steps


def _with_inputs_drawn(
    names: Mapping[str, Any], steps: _Steps, read: Callable[[Mapping[str, Any]], _Steps]
) -> _Steps:
    """Test what holds with the values that the page gives, where all are given, with others too.

    Where it holds with these as well it is verified, and where it does not it is left open.
    """
    if not any(each.outcome.given for each in steps.tested):
        return steps
    if (drawn := with_inputs_drawn(names)) is None:
        return steps
    try:
        others = read(drawn)
    except EquationError:
        return steps
    pairs, all_tested = list(steps.pairs), list(steps.tested)
    for number, tested in enumerate(steps.tested):
        if not (given := tested.outcome.given):
            continue
        equation, meaning = others.pairs[number]
        begun = others.setting.world.work.done
        outcome = _examined(equation, meaning, others.setting)
        if outcome is not None and outcome.finding.status == "verified":
            outcome.notes.append(
                f"Tested with the values that the page gives ({given}), and with others"
            )
            pairs[number] = equation, meaning
            all_tested[number] = _noticed(equation, meaning, others.setting, outcome, begun)
        elif outcome is not None and outcome.finding.status == "refuted":
            message = (
                f"True with the values that the page gives only ({given}): with others it does not "
                "hold"
            )
            finding = replace(tested.finding, status="inconclusive", message=message)
            all_tested[number] = tested._replace(finding=finding)
    return steps._replace(pairs=pairs, tested=all_tested)


def _examined(equation: Equation, meaning: Meaning, setting: Setting) -> Outcome | None:
    """What is found of a step; None if it cannot be tested."""
    try:
        return examine(equation, meaning, setting)
    except EquationError:
        return None


class _Tested(NamedTuple):
    """What the test of one step has found, and what its mutations have."""

    finding: Finding
    outcome: Outcome
    setting: Setting
    corruptions: dict[str, int] | None = None  # of a verified step: how many were noticed
    example: str | None = None  # of those
    change: Mutation | None = None  # that mends a refuted step


def _tested(equation: Equation, meaning: Meaning, setting: Setting) -> _Tested:
    begun = setting.world.work.done
    outcome = examine(equation, meaning, setting)
    finding = outcome.finding
    insist_on_one_layout(equation, meaning, setting, finding)

    def elsewhere(other: Equation, means: Meaning) -> Finding:
        return examine(other, means, replace(setting, seed=setting.seed + FRESH)).finding

    if finding.status == "verified":
        return _noticed(equation, meaning, setting, outcome, begun)
    if finding.status == "refuted":
        insist_on_one_reading(equation, meaning, setting)
        finding = explained(meaning, setting, finding)
        change = mend(equation, meaning, setting, finding, elsewhere)
        return _Tested(finding, outcome, setting, change=change)
    return _Tested(finding, outcome, setting)


def _noticed(
    equation: Equation, meaning: Meaning, setting: Setting, outcome: Outcome, begun: float
) -> _Tested:
    """What is found of a step that holds, with how many of its mutations would be noticed."""

    def test(other: Equation, means: Meaning) -> Finding:
        return examine(other, means, setting).finding

    noticed, example = count_noticed(equation, meaning, setting, outcome.finding, test, begun)
    return _Tested(outcome.finding, outcome, setting, noticed, example)


def _open(equations: Sequence[Equation], tested: Sequence[_Tested]) -> list[_Tested]:
    r"""Leave open what is said to follow from what does not hold by itself, and that as well.

    A x = b \implies x = A^{-1} b is right, for arbitrary b, of which neither side is.
    """
    refuted = {
        equation.statement
        for equation, each in zip(equations, tested, strict=True)
        if each.finding.status == "refuted"
    }
    first_true = next(k for k in itertools.count() if k not in refuted)
    if first_true < 2:
        return list(tested)
    message = (
        "Neither side of the implication holds by itself, and whether one follows from the other "
        "is not tested: define what is given"
    )
    return [
        each._replace(
            finding=replace(
                each.finding, status="inconclusive", message=message, counterexample=None
            ),
            change=None,
        )
        if each.finding.status == "refuted" and equation.statement < first_true
        else each
        for equation, each in zip(equations, tested, strict=True)
    ]


def _shown(equation: Equation, meaning: Meaning, tested: _Tested, page: Page) -> dict[str, Any]:
    """What a card shows of the formula."""
    change = tested.change
    mended = change.equation if change and _reads_back(change.equation, page) else None
    return {
        "latex": to_latex(equation),
        "lhs": to_latex(equation.left),
        "rhs": to_latex(equation.right),
        "mended_lhs": to_latex(mended.left) if mended else None,
        "mended_rhs": to_latex(mended.right) if mended else None,
        "reading_latex": display.latex(meaning),
        "symbols": as_latex(meaning) if tested.finding.counterexample else {},
    }


def _how_tested(
    equation: Equation, meaning: Meaning, tested: _Tested, setting: Setting
) -> dict[str, Any]:
    """What a card says of the test."""
    finding, facts, notes = tested.finding, tested.outcome.facts, tested.outcome.notes
    if lifted := setting.page.reading.componentwise:
        notes.append(f"Bare vectors are read componentwise: x is x_{lifted[0]}")
    return {
        "tolerance": finding.doubt,
        "resampled": finding.resampled,
        "sizes": facts["sizes"],
        "reached": facts.get("reached", 0),
        "unreached": facts.get("unreached", []),
        "corruption_example": tested.example,
        "notes": notes,
        "hypotheses": hypotheses(equation, meaning, setting, facts["sizes"]),
        "position": equation.at,
        "sign": equation.sign,
        "sign_at": equation.sign_at,
        "explore": _explorable(finding, meaning, setting),
    }


class Understood(NamedTuple):
    """A claim, its steps, what each means, and the part of the graph that it speaks of."""

    claim: Tree
    equations: list[Equation]
    meanings: list[Meaning]
    page: Page


def _with_free_lengths(
    names: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Understood]
) -> tuple[Understood, list[str]]:
    """Read a claim with the declared lengths of which it has no axis as numbers that are drawn.

    Returns:
        What was understood, and the names of those that are lengths after all, as n of I_n.
    """
    found = read(names)
    trees = [tree for equation in found.equations for tree in walk(equation)]
    symbols = [tree for tree in trees if isinstance(tree, Symbol)]
    bound = [bound for tree in symbols if (bound := found.page.scope.find(tree)) is not None]
    assert isinstance(found.page.world, World)
    inputs = [node for node in found.page.world.twins if isinstance(node, Input)]
    free = free_lengths({each.name: each.value for each in bound}, inputs)
    if not free:
        return found, []
    try:
        return read({**names, **free}), []
    except EquationError:
        return found, list(free)


def _with_names_beside(
    latex: str,
    names: Mapping[str, Any],
    reading: str | None,
    loss: str | Node | None,
    macros: Mapping[str, str] | None,
) -> Mapping[str, Any]:
    r"""Return the names of a page, with those that a claim declares if it is not understood without
    them: beside most claims, k \in \mathbb{N} says what an index is."""
    if r"\in" not in latex:
        return names
    try:
        understood(latex, names, reading, loss, macros)
    except EquationError:
        beside = declared_beside(parse(latex, macros), names)
        if not beside:
            return names
        try:
            both = {**names, **beside}
            understood(latex, both, reading, loss, macros)
        except EquationError:
            return names
        return both
    return names


def _of_one_length(
    steps: _Steps,
    tested: list[_Tested],
    names: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], _Steps],
) -> list[_Tested]:
    """Leave those steps inconclusive that are refuted where a length is another, or cannot be
    tested at others although they speak of nothing else."""
    for name, by in itertools.product(steps.lengths, LONGER):
        longer = names[name].moved(by)
        try:
            others = read({**names, name: longer})
            found = [examine(*pair, others.setting).finding.status for pair in others.pairs]
        except EquationError:
            found = ["error"] * len(tested)
        message = (
            f"It holds where {name} is {names[name]}, and not where it is {longer}: it is declared "
            "as a letter and may be any"
        )
        for number, (each, status) in enumerate(zip(tested, found, strict=True)):
            if each.finding.status != "verified":
                continue
            if status == "verified":
                sizes = each.outcome.facts["sizes"]
                each.outcome.facts["sizes"] = sorted({*sizes, int(names[name]), int(longer)})
            elif status == "refuted" or each.outcome.of_numbers:
                tested[number] = _left_open(each, message)
    return [
        _left_open(each, "Nothing here is drawn, so that it says little of other lengths")
        if each.outcome.of_numbers and not _is_of_every_length(*pair, steps)
        else each
        for pair, each in zip(steps.pairs, tested, strict=True)
    ]


def _left_open(tested: _Tested, message: str) -> _Tested:
    finding = replace(tested.finding, status="inconclusive", message=message)
    return tested._replace(finding=finding)


def _is_of_every_length(equation: Equation, meaning: Meaning, steps: _Steps) -> bool:
    """Whether some lengths tell of all: those in a statement about numbers are tried, and it is an
    equation without thresholds, which these could be far from."""
    scope = steps.setting.page.scope
    found = {scope.find(tree) for tree in walk(equation) if isinstance(tree, Symbol)}
    lengths = {bound.name for bound in found if bound and isinstance(bound.value, Length)}
    if not lengths:
        return True
    alike = meaning.sign == "=" and not has_thresholds(meaning)
    return alike and lengths <= set(steps.lengths)


def understood(
    latex: str,
    names: Mapping[str, Any],
    reading: str | None,
    loss: str | Node | None,
    macros: Mapping[str, str] | None,
) -> Understood:
    """Return a claim, its steps, what each means, and the part of the graph that it speaks of.

    Raises:
        EquationError: Something is not understood.
    """
    declared = parse_reading(reading)
    claim = parse(latex, macros)
    scope = Scope(names)
    insist_on_remarks(claim, scope)
    equations = with_ranges([with_names(equation, scope) for equation in steps(claim)], scope)
    equations = [with_minima(part, scope) for whole in equations for part in with_bounds(whole)]
    page = replace(_page(equations, scope, declared, loss), stated=stated_in(claim))
    page = with_told_lengths(equations, page)
    assert isinstance(page.world, World)
    for equation in equations:
        insist_on_one_spelling(equation, page.scope)
    meanings = [resolve(equation, page) for equation in equations]
    page.world.closed = True
    for function in (arbitrary(part) for meaning in meanings for part in parts(meaning)):
        if function is not None:  # numbered here, so that it is drawn alike wherever it is met
            page.world.number(function)
    return Understood(claim, equations, meanings, page)


def _reads_back(equation: Equation, page: Page) -> bool:
    """Whether a changed equation means, as it is printed, what it means as a tree.

    A factor 2 in the tree of n! would be printed as 2 n!, which is another number than (2n)!.
    """
    try:
        (again,) = steps(parse(to_latex(equation)))
        return resolve(with_names(again, page.scope), page) == resolve(equation, page)
    except (EquationError, ValueError):
        return False


def _accepts(unreached: str | None) -> bool:
    if unreached not in (None, "ok"):
        raise EquationError(Why.OPTION, f'unreached={unreached!r}: the only value is "ok"')
    return unreached == "ok"


def _expected(expect: str | Sequence[str], count: int) -> list[str]:
    words = expect.split() if isinstance(expect, str) else list(expect)
    for word in words:
        try:
            expectation(word, EXPECTABLE)
        except ValueError as problem:
            raise EquationError(Why.OPTION, str(problem)) from None
    if len(words) == 1:
        return words * count
    if len(words) != count:
        raise EquationError(
            Why.NO_CLAIM,
            f"The claim has {count} step{'s' * (count != 1)}, and expect has {len(words)} words: "
            "write one word, or one for each equality sign",
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
            raise EquationError(
                Why.OPTION, f"loss={loss!r}: no node of that name is bound on this page"
            )
        node = scope.names[loss]
    elif loss is not None:
        node = loss
    if node is not None and any(isinstance(tree, Grad) for tree in trees):
        nodes.append(node)
    return Page(scope, World(nodes), declared, node)


def _counts_from_one(latex: str) -> bool:
    """Whether the range of an index is written beside a claim: i = 1, \\dots, n."""
    return re.search(r"[={]\s*1\s*,\s*(2\s*,\s*)?\\[lc]?dots", latex) is not None


def _counterexample(
    finding: Finding, meaning: Meaning, scope: Scope, latex: str
) -> dict[str, Any] | None:
    if finding.counterexample is None:
        return None
    if meaning.sign in ("<", ">"):  # at equality, one side is one more than the other
        sides = ("left", "right") if meaning.sign == "<" else ("right", "left")
        smaller, larger = (finding.counterexample[side] for side in sides)
        if smaller == larger + 1:
            finding.counterexample[sides[0]] = larger
        elif smaller < larger:
            finding.counterexample[sides[1]] = smaller
    point = finding.counterexample["point"]
    named = zip(leaf_names(point, scope), point.values(), strict=True)
    found = {**finding.counterexample, "point": dict(named)}
    if found["index"]:
        found["counted_from"] = max(meaning.base, int(_counts_from_one(latex)))
    return found


def leaf_names(leaves: Iterable[Node], scope: Scope) -> list[str]:
    """Return what a counterexample calls the leaves of a graph: by their names, where they have."""
    return [
        scope.labels.get(node) or f"{'input' if isinstance(node, Input) else 'leaf'} {number}"
        for number, node in enumerate(leaves, 1)
    ]


def _explorable(finding: Finding, meaning: Meaning, setting: Setting) -> dict[str, Any] | None:
    """Return what `edf.equations.explore` must know to move the point of a counterexample: how the
    arbitrary functions were drawn there, and which leaves may be moved."""
    at, world = finding.at, setting.world
    if at is None or at.world is not world or meaning.sign != "=":
        return None
    point = in_the_formula(meaning, world, point_of(at, 0))
    leaves = {}
    for name, node in zip(leaf_names(point, setting.page.scope), point, strict=True):
        twin = world.twins[node]
        if point[node].dtype.kind == "f" and (twin in world.fixed or movable(world, twin)):
            leaves[name] = "positive" if is_positive(world, twin) else "real"
    drawn = {"seed": str(at.seed), "drawn": at.drawn, "draw": int(at.draws[0])}
    return {**drawn, "leaves": leaves} if leaves else None
