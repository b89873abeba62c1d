"""Does a step hold at other lengths than the page's, or by the accident of one size?

Every axis of every input that is drawn is made longer by one, alone if graph and formula allow it,
else together with the others of its length. What is a number in the formula may be that length, as
the 4 of a mean over four: it is made larger too, and left as it is. An inequality that many a
length satisfies is tried with one as large as time allows, and a formula with a number that is a
little more than the length with one beyond it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edf.equations.binding.lengths import Length
from edf.equations.binding.samplers import EachWithEach
from edf.equations.diagnostics import EquationError
from edf.equations.latex import syntax as s
from edf.equations.meaning.names.scope import Scope
from edf.equations.meaning.resolve import resolve
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.meaning.typed.relations import COMPARISONS
from edf.equations.operations.shapes import Dim, settle
from edf.equations.operations.spectra import SPECTRA
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge
from edf.equations.testing.measure import quiet
from edf.equations.testing.setting import Outcome, Setting, nodes, parts
from edf.equations.testing.special_points import judged_apart, tried_points
from edf.graph import Array, Constant, Input, Node

POINTS = 2  # at which each other length is tested
#: By how much more a length grows in an inequality, which many a length may satisfy: the first of
#: these with which a point takes few numbers, and matrices few multiplications.
LONGER = (400, 40, 11)
MOST = 100_000  # of these
#: What takes so many operations more than a product, of a matrix as large.
DECOMPOSED, DECOMPOSING = frozenset(["inverse", "det", *(each.name for each in SPECTRA)]), 20
REACHED = 12  # by how much a length grows to be more than a number in the formula
MOST_NUMBERS = 3  # places in a formula at which a number is taken for the length
NEAR = (-2, -1, 0, 1)  # by how much a number of the graph may differ from a length and go with it

Axis = tuple[Node, int]
VALUES = -1  # in place of an axis: how many values an input has, as a label from 1 to K


@dataclass(frozen=True)
class LengthChange:
    """Some axes of sampled inputs, all of one length, made longer."""

    axes: frozenset[Axis]
    length: int
    by: int = 1

    @property
    def to(self) -> int:
        """The length that they have then."""
        return self.length + self.by

    def shapes(self, world: World) -> dict[Node, tuple[int, ...]]:
        """Return the shapes of all sampled inputs (nodes of the page) after the change.

        A sample space grows with the values of its random variables, once these are changed.
        """
        space: dict[int, int] = {}
        for node, k in self.axes:
            if k == VALUES and isinstance(node, Input) and isinstance(node.sample, EachWithEach):
                outcomes = (node.shape or (0,))[-1]
                space[outcomes] = max(space.get(outcomes, outcomes), node.sample.count)
        return {
            world.names[twin]: tuple(
                space.get(n, n) + self.by * ((world.names[twin], k) in self.axes)
                for k, n in enumerate(twin.shape or ())
            )
            for twin in world.sampled
        }

    @contextmanager
    def of_values(self) -> Iterator[None]:
        """Let inputs have so many more values while the change is tested."""
        changed = [node for node, k in self.axes if k == VALUES and isinstance(node, Input)]
        kept: list[Any] = [node.sample for node in changed]
        try:
            for node, sample in zip(changed, kept, strict=True):
                node.sample = sample.longer(self.by)
            yield
        finally:
            for node, sample in zip(changed, kept, strict=True):
                node.sample = sample


def at_other_lengths(
    equation: s.Equation, meaning: Meaning, setting: Setting, outcome: Outcome
) -> None:
    """Test a verified step at other lengths, and say what came out."""
    world = setting.world
    sizes = sorted(world.sampled_lengths)
    outcome.facts["sizes"] = sizes
    below = set(world.all_below(nodes(meaning)))
    axes = [
        (world.names[twin], k)
        for twin in world.sampled
        if twin in below
        for k in (*range(len(twin.shape or ())), VALUES)
        if k != VALUES or isinstance(getattr(twin.sample, "last", None), Length)
    ]
    if alike := _names_alike(meaning, setting.page.scope, axes):
        outcome.finding = replace(
            outcome.finding,
            status="inconclusive",
            message=f"{' and '.join(alike)} are both {setting.page.scope.names[alike[0]]}, and so "
            "are two axes: give them different values, so that they can be told apart",
        )
        return
    square_only = any(expr.op == "inverse" for expr in parts(meaning))
    numbered = _numbered(meaning, world)
    tried: dict[frozenset[Axis], tuple[Finding | None, int]] = {}
    kept: set[int] = set()  # lengths that neither graph nor formula lets change
    for axis in axes:
        length = _length(axis)
        fixed = getattr(axis[0], "fixed_lengths", ())
        if length in fixed or (length in numbered and not isinstance(length, Length)):
            continue  # it was declared as a number, or components are named by number
        found, longer = None, length + 1
        for group in _groups(axis, axes, square_only):
            if group not in tried:
                tried[group] = _made_longer(equation, meaning, group, length, setting)
            found = _worse(found, tried[group][0])
            longer = max(longer, tried[group][1])
            if found is None or found.status == "error":
                continue
            if length > 1 or found.status == "refuted":
                break  # at length 1, matrices are numbers until all are lengthened
        if found is None or found.status == "error":
            if found is not None and isinstance(length, Length):
                message = (
                    f"It fits the length {length} only, which is declared by a letter and may be "
                    "any: write the letter, or declare the number"
                )
                outcome.finding = replace(outcome.finding, status="inconclusive", message=message)
                return
            kept.add(length)
        elif found.status == "refuted":
            outcome.finding = replace(
                outcome.finding,
                status="inconclusive",
                message="It holds at the lengths of this page and fails when a length changes from "
                f"{length} to {longer}: write it for every length, or make what has this "
                "length a Param, which keeps it",
            )
            return
        elif found.status == "verified":
            outcome.facts["sizes"] = sorted({*outcome.facts["sizes"], longer})
    if kept:
        own = ", ".join(map(str, sorted(kept)))
        outcome.notes.append(f"Tested at the page's own lengths only: {own}")
    if here := numbered & {_length(axis) for axis in axes if type(_length(axis)) is int}:
        named = ", ".join(map(str, sorted(here)))
        outcome.notes.append(f"Tested at length {named} only, since components are named by number")


def _names_alike(meaning: Meaning, scope: Scope, axes: Sequence[Axis]) -> list[str]:
    """Return names of one length of several axes, if the formula has one of them.

    With N and d both 3, a mean over N rows is as large as one over d columns, whatever is changed.
    """
    written = {expr.label[0] for expr in parts(meaning) if expr.op == "number"}
    for length in sorted({_length(axis) for axis in axes}):
        if isinstance(length, Length) or sum(_length(axis) == length for axis in axes) < 2:
            continue
        names = [
            name
            for name, value in scope.names.items()
            if type(value) is int and value == length and not name.startswith("_")
        ]
        if len(names) > 1 and written & set(names):
            return sorted(names, key=lambda name: name not in written)[:2]
    return []


def _worse(one: Finding | None, other: Finding | None) -> Finding | None:
    """Return the finding that says more against a step; one that cannot be read says least."""
    if one is None or other is None or "error" in (one.status, other.status):
        return min(filter(None, (one, other)), key=lambda f: f.status == "error", default=None)
    return other if other.status == "refuted" else one


def _length(axis: Axis) -> int:
    node, k = axis
    assert isinstance(node, Input)
    assert node.shape is not None
    sample: Any = node.sample
    length: int = sample.last if k == VALUES else node.shape[k]
    return length


def _groups(axis: Axis, axes: list[Axis], square_only: bool) -> Iterator[frozenset[Axis]]:
    """Yield what may be lengthened together: the square that an axis is in, the axis, all.

    Where something is inverted, a square stays square: else there may be no inverse.
    """
    length = _length(axis)
    if isinstance(length, Length):  # declared to be the same wherever its symbol stands
        lengths = [(other, _length(other)) for other in axes]
        yield frozenset(
            other for other, n in lengths if isinstance(n, Length) and n.symbol == length.symbol
        )
        return
    alike = [other for other in axes if _length(other) == length]
    square = frozenset(other for other in alike if other[0] is axis[0])
    yield square  # which is the axis alone, unless the input is square
    if len(square) > 1 and not square_only:
        yield frozenset([axis])
    yield frozenset(alike)


def _numbered(meaning: Meaning, world: World) -> set[int]:
    """Return the lengths of axes of which a formula names components by number."""
    found: set[int] = set()
    for expr in parts(meaning):
        if expr.op in ("node", "deriv"):
            node, indices = expr.data[:2]
            pairs = zip(indices, world.shape(node), strict=False)
            found |= {length for index, length in pairs if isinstance(index, int)}
    return found


def _made_longer(
    equation: s.Equation, meaning: Meaning, group: frozenset[Axis], length: int, setting: Setting
) -> tuple[Finding | None, int]:
    """Test a step with some axes made longer, and return the length that they had."""
    longer = LengthChange(group, length)
    found = _tested(equation, longer, setting)
    if found is not None and found.status == "error":  # the next length may be another axis's
        longer = LengthChange(group, length, 2)
        found = _tested(equation, longer, setting)
    if found is None or found.status != "verified":
        return found, longer.to
    for by in _larger_steps(equation, length):
        more = LengthChange(group, length, by)
        other = _tested(equation, more, setting)
        if other is not None and other.status == "refuted":
            return other, more.to
    if meaning.sign in COMPARISONS:
        for by in LONGER:
            more = LengthChange(group, length, by)
            if by > REACHED and not _is_short(meaning, setting.world, more):
                continue
            other = _tested(equation, more, setting)
            if other is not None and other.status != "inconclusive":
                return other, more.to
    return found, longer.to


def _larger_steps(equation: s.Equation, length: int) -> Iterator[int]:
    """By how much a length grows beyond a number in the formula that is a little more than it."""
    numbers = {tree.text for tree in s.walk(equation) if isinstance(tree, s.Number)}
    for number in sorted(int(text) for text in numbers if text.isdigit()):
        if length < number <= length + REACHED:
            yield number + 1 - length


def _is_short(meaning: Meaning, world: World, change: LengthChange | None = None) -> bool:
    """Whether a step takes few numbers at a point, and little time; or about so after a change."""

    def now(lengths: Iterable[Dim]) -> list[int]:
        known = [int(n) for n in map(settle, lengths) if isinstance(n, int)] or [1]
        return [change.to if change and n == change.length else n for n in known]

    shapes = [now(world.shape(world.names[node])) for node in world.all_below(nodes(meaning))]
    count = graph = sum(math.prod(n) * (max(n) if len(n) > 1 else 1) for n in shapes)
    for expr in parts(meaning):
        times = math.prod(now(meaning.ranges[index] for index in expr.free | expr.bound))
        count += times * math.prod(now(expr.shape or ()))
        if expr.op in DECOMPOSED:
            sides = now(expr.args[0].shape or ())
            count += DECOMPOSING * times * math.prod(sides) * max(sides)
        elif expr.op == "deriv":
            count += graph * math.prod(now(world.shape(expr.data[0])))
    return count <= MOST


def _tested(equation: s.Equation, change: LengthChange, setting: Setting) -> Finding | None:
    """Test a step after a change; None where it has no value, an error where it cannot be read.

    Of several readings of the numbers in it, one that holds is enough.
    """
    with change.of_values():
        return _tested_so(equation, change, setting)


def _tested_so(equation: s.Equation, change: LengthChange, setting: Setting) -> Finding | None:
    points = min(POINTS, setting.points // 3 + 1)
    worst: Finding | None = None
    unread = Finding("error")
    for world, scope in _pages(setting, change):
        if not world.fits:
            continue
        page = replace(setting.page, world=world, scope=scope)
        for variant in _variants(equation, change):
            try:
                means = resolve(variant, page)
            except EquationError:
                worst = worst or unread
                continue
            if change.by > REACHED and not _is_short(means, world):
                return None
            try:
                found = judge(means, world, points, setting.seed + 1, checked=0)
                if means.sign in COMPARISONS and found.status == "verified":
                    found = _at_tried_points(means, world, setting, found)
            except EquationError:
                worst = None if worst is unread else worst
                continue
            if found.status == "verified":
                return found
            if worst is None or worst is unread or found.status == "refuted":
                worst = found
    return worst


def _at_tried_points(meaning: Meaning, world: World, setting: Setting, found: Finding) -> Finding:
    """Return what round numbers and equal entries say against an inequality, if they do."""
    with quiet():
        points = tried_points(world, np.random.default_rng(setting.seed + 2))
    other = judged_apart(meaning, points) if len(points) else found
    return other if other.status == "refuted" else found


def _pages(setting: Setting, change: LengthChange) -> Iterator[tuple[World, Scope]]:
    """Yield graph and names after a change.

    Where Python has a name for the length, as n, what the graph divides by may be n as well, or
    n - 1.
    """
    roots, shapes = setting.world.roots, change.shapes(setting.world)
    world = World(roots, shapes)
    scopes = list(_scopes(setting.page.scope, change))
    for scope in scopes:
        yield world, scope
    if len(scopes) > 1:
        for steps in ((0,), NEAR):
            constants: dict[Node, Array] = {
                setting.world.names[twin]: np.asarray(float(change.to + step))
                for twin in setting.world.order
                for step in steps
                if isinstance(twin, Constant)
                and np.array_equal(twin.value, float(change.length + step))
            }
            if constants:
                yield World(roots, shapes, constants), scopes[1]


def _scopes(scope: Scope, change: LengthChange) -> Iterator[Scope]:
    """Yield the page's names, and the same with whole numbers that may be the length changed.

    A declared length has a name, which changes with it; no other number can be meant by it.
    """
    length = change.length
    if isinstance(length, Length):
        declared = {
            name: Length(value + change.by)
            for name, value in scope.names.items()
            if isinstance(value, Length) and value == length.symbol
        }
        yield Scope({**scope.names, **declared})
        return
    yield scope
    larger = {
        name: type(value)(change.to)
        for name, value in scope.names.items()
        if isinstance(value, int) and not isinstance(value, bool) and value == length
    }
    if larger:
        yield Scope({**scope.names, **larger})


def _variants(equation: s.Equation, change: LengthChange) -> Iterator[s.Equation]:
    """Yield the equation, and the equation with some numbers changed as the length is."""
    length = change.length
    yield equation
    if isinstance(length, Length):  # which is written by its name
        return
    places = list(itertools.islice(_places(equation, str(length)), MOST_NUMBERS))
    for count in range(1, len(places) + 1):
        for chosen in itertools.combinations(places, count):
            changed: s.Tree = equation
            for path in chosen:
                changed = _with(changed, path, s.Number(str(change.to)))
            assert isinstance(changed, s.Equation)
            yield changed


_Path = tuple[tuple[str, int | None], ...]


def _places(tree: s.Tree, text: str, path: _Path = ()) -> Iterator[_Path]:
    """Yield where a number stands."""
    if isinstance(tree, s.Number) and tree.text == text:
        yield path
    for name, place, child in s.children(tree):
        yield from _places(child, text, (*path, (name, place)))


def _with(tree: s.Tree, path: _Path, leaf: s.Tree) -> s.Tree:
    """Return a tree with another leaf at a place."""
    if not path:
        return leaf
    (name, place), *rest = path
    child = next(c for n, k, c in s.children(tree) if (n, k) == (name, place))
    return s.with_child(tree, name, place, _with(child, tuple(rest), leaf))
