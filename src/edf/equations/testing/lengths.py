r"""Does a step hold at other lengths than the page's, or by the accident of one size?

Every axis of every input that is drawn is made longer by one, alone if graph and formula allow it,
else together with the others of its length. What is a number in the formula may be that length, as
the 4 of a mean over four: it is made larger too, and left as it is. In an inequality it is no
length if it is not needed, as the 4 of \lVert x \rVert_1 \leq 4 \lVert x \rVert. A formula with a
number that is a little more than the length is tried with one beyond it.

An inequality that many a length satisfies is tried with 2, and with one as large as time allows,
where bounds are reached that random points are far from; and with all lengths so large at once,
since there are bounds that fail only where both sides of a matrix grow.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

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
from edf.equations.sampling.points import Points
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding, judge
from edf.equations.testing.measure import OFFSETS, quiet
from edf.equations.testing.patterns import patterned_points
from edf.equations.testing.setting import Outcome, Setting, nodes, parts
from edf.equations.testing.special_points import judged_apart, tried_points
from edf.graph import Array, Constant, Input, Node

POINTS = 2  # at which each other length is tested
SHORT = 2  # the least length at which an inequality is tried: of 1, much is true that is not meant
#: By how much more a length grows in an inequality, which many a length may satisfy: the first of
#: these, and of what the numbers in it ask for, with which a point takes little time.
LONGER = (400, 40, 11, 5)
MOST = 100_000  # the time to compute so many numbers
#: The time of so many is taken, for each n^3 of an n x n matrix, where a node may be a product, and
#: where a formula or a node decomposes; most for eigenvalues, since a matrix may not be symmetric.
CUBED = 1 / 30
DECOMPOSING = dict.fromkeys(["inverse", "det", "logdet", *(each.name for each in SPECTRA)], CUBED)
DECOMPOSING |= dict.fromkeys(["eigenvalues", "lambda_max", "lambda_min", "pinv"], 10 * CUBED)
REACHED = 12  # by how much a length grows to be more than a number in the formula
MOST_NUMBERS = 3  # places in a formula at which a number is taken for the length
NEAR = (-2, -1, 0, 1)  # by how much a number of the graph may differ from a length and go with it

Axis = tuple[Node, int]
_Path = tuple[tuple[str, int | None], ...]
_Place: TypeAlias = tuple[_Path, int]  # where a number stands in a formula, and the number
_Tried: TypeAlias = "tuple[Finding | None, LengthChange]"
VALUES = -1  # in place of an axis: how many values an input has, as a label from 1 to K


@dataclass(frozen=True)
class LengthChange:
    """Some axes of sampled inputs, of one length or several, made longer; or shorter, by < 0."""

    axes: frozenset[Axis]
    lengths: tuple[int, ...]
    places: tuple[_Place, ...] = ()  # of numbers in the formula that may be these lengths
    by: int = 1

    def __str__(self) -> str:
        before, after = (" and ".join(map(str, each)) for each in (self.lengths, self.to))
        one = len(self.lengths) == 1
        return f"{'a length changes' if one else 'lengths change'} from {before} to {after}"

    @property
    def to(self) -> list[int]:
        """The lengths that they have then."""
        return [length + self.by for length in self.lengths]

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


UNCHANGED = LengthChange(frozenset(), (), by=0)


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
    places = _numbers_that_may_be(dict.fromkeys(map(_length, axes)), equation, setting)
    tried: dict[frozenset[Axis], _Tried] = {}
    kept: set[int] = set()  # lengths that neither graph nor formula lets change
    for axis in axes:
        length = _length(axis)
        fixed = getattr(axis[0], "fixed_lengths", ())
        if length in fixed or (length in numbered and not isinstance(length, Length)):
            continue  # it was declared as a number, or components are named by number
        seen: list[_Tried] = []
        for group in _groups(axis, axes, square_only):
            if group not in tried:
                change = LengthChange(group, (length,), places)
                tried[group] = _made_longer(equation, meaning, change, setting)
            seen.append(tried[group])
            found, _ = min(seen, key=_rank)
            if found is None or found.status == "error":
                continue
            if length > 1 or found.status == "refuted":
                break  # at length 1, matrices are numbers until all are lengthened
        found, change = min(seen, key=_rank)
        if found is None or found.status == "error":
            if found is not None and isinstance(length, Length):
                message = (
                    f"It fits the length {length} only, which is declared by a letter and may be "
                    "any: write the letter, or declare the number"
                )
                outcome.finding = replace(outcome.finding, status="inconclusive", message=message)
                return
            kept.add(length)
        elif not _goes_on(found, change, outcome):
            return
    if meaning.sign in COMPARISONS and not _all_together(
        equation, meaning, tried, places, setting, outcome
    ):
        return
    if kept:
        own = ", ".join(map(str, sorted(kept)))
        outcome.notes.append(f"Tested at the page's own lengths only: {own}")
    if here := numbered & {_length(axis) for axis in axes if type(_length(axis)) is int}:
        named = ", ".join(map(str, sorted(here)))
        outcome.notes.append(f"Tested at length {named} only, since components are named by number")


def _numbers_that_may_be(
    lengths: Iterable[int], equation: s.Equation, setting: Setting
) -> tuple[_Place, ...]:
    """Return where numbers stand that may be lengths of the page: a declared one is written by its
    name, and an inequality that holds with one less and one more does not need the number."""
    numbers = {str(length): length for length in lengths if not isinstance(length, Length)}
    places = itertools.islice(_places(equation, numbers), MOST_NUMBERS)
    found = ((path, numbers[text]) for path, text in places)
    return tuple(
        (path, number)
        for path, number in found
        if equation.sign not in COMPARISONS or _is_needed(equation, path, number, setting)
    )


def _is_needed(equation: s.Equation, path: _Path, number: int, setting: Setting) -> bool:
    """Whether an inequality fails with one less or one more in place of a number."""
    for other in (number - 1, number + 1):
        changed = _with(equation, path, s.Number(str(other)))
        assert isinstance(changed, s.Equation)
        for chosen in (tried_points, patterned_points):
            found = _tested(changed, UNCHANGED, setting, chosen)
            if found is not None and found.status != "verified":
                return True
    return False


def _goes_on(found: Finding, change: LengthChange, outcome: Outcome) -> bool:
    """Note what was found after a change, and return whether it still holds."""
    if found.status == "refuted":
        outcome.finding = replace(
            outcome.finding,
            status="inconclusive",
            message=f"It holds at the lengths of this page and fails when {change}: write it for "
            "every length, or make what has this length a Param, which keeps it",
        )
        return False
    if found.status == "verified":
        outcome.facts["sizes"] = sorted({*outcome.facts["sizes"], *change.to})
    return True


def _all_together(
    equation: s.Equation,
    meaning: Meaning,
    tried: Mapping[frozenset[Axis], _Tried],
    places: tuple[_Place, ...],
    setting: Setting,
    outcome: Outcome,
) -> bool:
    """Test an inequality with all axes longer that can be, and return whether it still holds.

    M_F <= 5 M_2 holds of every matrix with few rows, or few columns.
    """
    alone = [group for group, (found, _) in tried.items() if found and found.status == "verified"]
    together = frozenset[Axis]().union(*alone)
    if not together or together in tried:
        return True
    lengths = {(type(n), getattr(n, "symbol", n)): n for n in map(_length, together)}
    all_longer = LengthChange(together, tuple(sorted(lengths.values())), places)
    found, change = _large(equation, meaning, all_longer, setting)
    return found is None or _goes_on(found, change, outcome)


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


def _rank(tried: _Tried) -> int:
    """Order findings by what they say against a step; one that cannot be read says least."""
    found, _ = tried
    return {"refuted": 0, "error": 2}.get(found.status, 1) if found is not None else 3


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
    equation: s.Equation, meaning: Meaning, change: LengthChange, setting: Setting
) -> _Tried:
    """Test a step with the axes of a change made longer, and an inequality with shorter ones;
    return what was found last, and where."""
    (length,) = change.lengths
    found = _tested(equation, change, setting)
    if found is not None and found.status == "error":  # the next length may be another axis's
        change = replace(change, by=2)
        found = _tested(equation, change, setting)
    if found is None or found.status != "verified":
        return found, change
    further = [replace(change, by=by) for by in _larger_steps(equation, length)]
    if meaning.sign in COMPARISONS and length > SHORT:
        further.append(replace(change, by=SHORT - length))
    for other in further:
        failed = _tested(equation, other, setting)
        if failed is not None and failed.status == "refuted":
            return failed, other
    if meaning.sign in COMPARISONS:
        large, other = _large(equation, meaning, change, setting)
        if large is not None:
            return large, other
    return found, change


def _large(
    equation: s.Equation, meaning: Meaning, change: LengthChange, setting: Setting
) -> _Tried:
    """Test an inequality with the axes of a change as long as time allows; None if nothing came
    out."""
    for by in _large_steps(equation, min(change.lengths)):
        change = replace(change, by=by)
        if not _is_short(meaning, setting.world, change):
            continue
        found = _tested(equation, change, setting, patterned_points)
        if found is not None and found.status in ("verified", "refuted"):
            return found, change
    return None, change


def _numbers(equation: s.Equation) -> list[float]:
    """The numbers in a formula."""
    return sorted({float(tree.text) for tree in s.walk(equation) if isinstance(tree, s.Number)})


def _larger_steps(equation: s.Equation, length: int) -> Iterator[int]:
    """By how much a length grows beyond a number in the formula that is a little more than it."""
    for number in _numbers(equation):
        if number.is_integer() and length < number <= length + REACHED:
            yield int(number) + 1 - length


def _large_steps(equation: s.Equation, length: int) -> list[int]:
    r"""By how much a length may grow, the most first, so that an inequality fails if it does.

    A bound with a number c fails beyond c if it should grow as n, beyond c^2 if as \sqrt{n}, and
    beyond e^c if as \log n.
    """
    sizes = [c for number in _numbers(equation) if number for c in (number, 1 / number)]
    sizes += [c**2 for c in sizes] + [math.exp(c) for c in sizes if c < math.log(MOST)]
    asked = {int(size) + 1 - length for size in sizes if size - length > REACHED and size < MOST}
    return sorted({*LONGER, *asked}, reverse=True)


def _is_short(meaning: Meaning, world: World, change: LengthChange | None = None) -> bool:
    """Whether a step takes little time at a point; or about so after a change.

    All of the graph is computed there, also what other steps and mutations of this one speak of.
    """

    def now(lengths: Iterable[Dim]) -> list[int]:
        known = [int(n) for n in map(settle, lengths) if isinstance(n, int)] or [1]
        return [n + change.by if change and n in change.lengths else n for n in known]

    def decomposition(name: str, sides: list[int]) -> float:
        return DECOMPOSING[name] * math.prod(sides) * max(sides)

    count = 0.0
    for node in world.order:
        lengths = now(world.shape(world.names[node]))
        product = bool(node.inputs) and len(lengths) > 1
        count += math.prod(lengths) * (1 + CUBED * max(lengths) * product)
        operation = getattr(node, "operation", None)  # of what a formula defines
        name = getattr(operation, "name", type(node).__name__.lower())
        if name in DECOMPOSING:
            count += decomposition(name, now(world.shape(world.names[node.inputs[0]])))
    graph = count
    for expr in set(parts(meaning)):  # what stands in it twice is computed once
        times = math.prod(now(meaning.ranges[index] for index in expr.free | expr.bound))
        count += times * math.prod(now(expr.shape or ()))
        if expr.op in DECOMPOSING:
            count += times * decomposition(expr.op, now(expr.args[0].shape or ()))
        elif expr.op == "deriv":
            entries = math.prod(now(world.shape(expr.data[0])))
            order = max(1, meaning.differentiates)
            count += graph * entries**order * OFFSETS ** (order - 1)  # the first is a complex step
    return count <= MOST


_Chosen: TypeAlias = "Callable[[World, np.random.Generator], Points]"


def _tested(
    equation: s.Equation, change: LengthChange, setting: Setting, chosen: _Chosen = tried_points
) -> Finding | None:
    """Test a step after a change; None where it has no value, an error where it cannot be read.

    Of several readings of the numbers in it, one that holds is enough. An inequality is tested at
    chosen points as well.
    """
    with change.of_values():
        return _tested_so(equation, change, setting, chosen)


def _tested_so(
    equation: s.Equation, change: LengthChange, setting: Setting, chosen: _Chosen
) -> Finding | None:
    points = min(POINTS, setting.points // 3 + 1)
    worst: Finding | None = None
    unread = Finding("error")
    for world, scope in _pages(setting, change):
        if not world.fits:
            continue
        page = replace(setting.page, world=world, scope=scope)
        for variant in _variants(equation, change, scope):
            try:
                means = resolve(variant, page)
            except EquationError:
                worst = worst or unread
                continue
            if change.by >= min(LONGER) and not _is_short(means, world):
                return None
            try:
                found = judge(means, world, points, setting.seed + 1, checked=0)
                if means.sign in COMPARISONS and found.status == "verified":
                    found = _at_chosen_points(means, world, setting, found, chosen)
            except EquationError:
                worst = None if worst is unread else worst
                continue
            if found.status == "verified":
                return found
            if worst is None or worst is unread or found.status == "refuted":
                worst = found
    return worst


def _at_chosen_points(
    meaning: Meaning, world: World, setting: Setting, found: Finding, chosen: _Chosen
) -> Finding:
    """Return what chosen points say against an inequality, if they do."""
    with quiet():
        points = chosen(world, np.random.default_rng(setting.seed + 2))
    other = judged_apart(meaning, points) if len(points) else found
    return other if other.status == "refuted" else found


def _pages(setting: Setting, change: LengthChange) -> Iterator[tuple[World, Scope]]:
    """Yield graph and names after a change.

    Where Python has a name for the length, as n, what the graph divides by may be n as well, or
    n - 1.
    """
    shapes = change.shapes(setting.world)
    world = setting.world.changed(shapes)
    scopes = list(_scopes(setting.page.scope, change))
    for scope in scopes:
        yield world, scope
    if len(scopes) > 1:
        for steps in ((0,), NEAR):
            constants: dict[Node, Array] = {
                setting.world.names[twin]: np.asarray(float(length + change.by + step))
                for twin in setting.world.order
                for length in change.lengths
                for step in steps
                if isinstance(twin, Constant) and np.array_equal(twin.value, float(length + step))
            }
            if constants:
                yield setting.world.changed(shapes, constants), scopes[-1]


def _scopes(scope: Scope, change: LengthChange) -> Iterator[Scope]:
    """Yield the page's names, and the same with whole numbers that may be the lengths changed.

    A declared length has a name, which changes with it; no other number can be meant by it.
    """
    symbols = {length.symbol for length in change.lengths if isinstance(length, Length)}
    declared = {
        name: Length(value + change.by)
        for name, value in scope.names.items()
        if isinstance(value, Length) and value in symbols
    }
    yield (own := Scope({**scope.names, **declared}))
    larger = [
        {
            name: type(value)(value + change.by)
            for name, value in scope.names.items()
            if isinstance(value, int) and not isinstance(value, bool) and value == length
        }
        for length in change.lengths
        if not isinstance(length, Length)
    ]
    named = [names for names in larger if names]
    for count in range(1, len(named) + 1):
        for chosen in itertools.combinations(named, count):
            yield Scope({**own.names, **dict(itertools.chain(*(c.items() for c in chosen)))})


def _variants(equation: s.Equation, change: LengthChange, scope: Scope) -> Iterator[s.Equation]:
    """Yield the equation, and the equation with some numbers changed as the lengths are.

    What Python computes with n once and for all stays as it is, as n/2 does in a log likelihood;
    the sums up to n in the formula go on over all values.
    """
    yield equation
    if (longer := _with_all_values(equation, change, scope)) != equation:
        yield longer
    places = [place for place in change.places if place[1] in change.lengths]
    for count in range(1, len(places) + 1):
        for chosen in itertools.combinations(places, count):
            changed: s.Tree = equation
            for path, number in chosen:
                changed = _with(changed, path, s.Number(str(number + change.by)))
            assert isinstance(changed, s.Equation)
            yield changed


def _with_all_values(equation: s.Equation, change: LengthChange, scope: Scope) -> s.Equation:
    """An equation in which sums up to a number of Python that is a length end with the axis."""

    def longer(tree: s.Tree) -> s.Tree:
        if isinstance(tree, s.Big) and isinstance(tree.upper, s.Symbol):
            bound = scope.find(tree.upper)
            value = None if bound is None else bound.value
            if type(value) is int and value in change.lengths:
                return replace(tree, upper=s.Number(str(value + change.by), at=tree.upper.at))
        return tree

    changed = s.rewritten(equation, longer)
    assert isinstance(changed, s.Equation)
    return changed


def _places(tree: s.Tree, texts: Container[str], path: _Path = ()) -> Iterator[tuple[_Path, str]]:
    """Yield where some numbers stand."""
    if isinstance(tree, s.Number) and tree.text in texts:
        yield path, tree.text
    for name, place, child in s.children(tree):
        yield from _places(child, texts, (*path, (name, place)))


def _with(tree: s.Tree, path: _Path, leaf: s.Tree) -> s.Tree:
    """Return a tree with another leaf at a place."""
    if not path:
        return leaf
    (name, place), *rest = path
    child = next(c for n, k, c in s.children(tree) if (n, k) == (name, place))
    return s.with_child(tree, name, place, _with(child, tuple(rest), leaf))
