"""What would mend a refuted step: one-symbol changes, and a sum that is missing."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.latex import syntax as s
from edf.equations.latex.printer import to_latex
from edf.equations.meaning.reader import Page
from edf.equations.meaning.resolve import resolve
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.meaning.typed.relations import COMPARISONS
from edf.equations.testing.judge import Finding
from edf.equations.testing.measure import quiet
from edf.equations.testing.mutants import Tested, alphabet, holds_at_witness
from edf.equations.testing.mutations import SIGNS, Mutation, is_differential, mutations
from edf.equations.testing.setting import Setting, nodes
from edf.graph import Array

REPAIRS = 400  # tried for each refuted step
#: Parts of all changed formulas together: of a longer one fewer are tried, as each takes longer.
PARTS = 6_000
WORK = 6_000  # that changed formulas may take to compute, before no other one is tried
SUSPECTS = 5  # that hold at the known points are tested in full: one that mends is among them
#: Which repairs are preferred, the most telling first.
_PREFERENCE = (
    "sign", "exchange", "factor", "delta", "term", "number", "transpose", "index", "double",
    "square", "name", "function", "inverse", "power", "order", "parentheses", "far number", "mean",
)  # fmt: skip
#: Those of a bound beside turning it round: others make it hold by making it say hardly anything.
_OF_BOUNDS = ("number", "far number", "delta", "index", "transpose")
_DROPPED = ("term",)  # what may leave two sides that are the same
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def mend(
    equation: s.Equation, meaning: Meaning, setting: Setting, finding: Finding, test: Tested
) -> Mutation | None:
    """Return a small change that makes a refuted step hold, or None."""
    page, work = setting.page, setting.world.work
    end = work.done + WORK
    letters = alphabet(equation, meaning, page, more=True)
    size = sum(1 for _ in s.walk(equation))
    ranked = sorted(_told_apart(mutations(equation, letters, mending=True)), key=_rank)
    if meaning.sign in COMPARISONS:
        ranked = [_turned(equation), *(one for one in ranked if one.kind in _OF_BOUNDS)]
    said = _empty_parts(equation)
    telling = (one for one in ranked if _empty_parts(one.equation) <= said)
    slips = itertools.islice(telling, min(REPAIRS, PARTS // size))
    suspects = 0
    for change in itertools.chain(slips, _constants(equation, finding), _sums(equation, page)):
        try:
            changed = resolve(change.equation, page)
            same = changed.left == changed.right and change.kind not in _DROPPED
            empty = bool(nodes(meaning)) and not nodes(changed)  # nothing is left to claim
            if same or empty or _begs(change.equation, equation):
                continue
            if holds_at_witness(changed, finding) is not True:
                continue
            suspects += 1
            if test(change.equation, changed).status == "verified":
                return change
        except EquationError:
            pass
        if suspects == SUSPECTS or work.done > end:
            break
    return None


def _turned(equation: s.Equation) -> Mutation:
    """An inequality the other way round."""
    sign = SIGNS[equation.sign]
    return Mutation("sign", "the inequality is turned round", replace(equation, sign=sign))


def _empty_parts(equation: s.Equation) -> int:
    """How many parts have a value that what stands in them does not matter to: a factor, an
    exponent or a part of a quotient that is 0, and the derivative of a name by itself."""
    return sum(map(_is_empty, s.walk(equation)))


def _is_empty(tree: s.Tree) -> bool:
    zero = s.Number("0")
    match tree:
        case s.Fraction(s.Product(factors=(_, *what)), s.Product(factors=(_, *by))) if what == by:
            return is_differential(tree.top)
        case s.Fraction() | s.Slash():
            return zero in (tree.top, tree.bottom)
        case s.Product():
            return zero in tree.factors
        case s.Script():
            return tree.sup == zero
    return False


def _begs(changed: s.Equation, equation: s.Equation) -> bool:
    """Whether a change puts a side that is one name into the other side, as r = max(0, r)."""
    pairs = ("left", "right"), ("right", "left")
    for one, other in pairs:
        name = getattr(changed, one)
        if isinstance(name, s.Symbol | s.Script) and name in s.walk(getattr(changed, other)):
            return name not in s.walk(getattr(equation, other))
    return False


def _told_apart(found: list[Mutation]) -> Iterator[Mutation]:
    """Say of changes that read alike which of several places is meant, in reading order."""
    alike = Counter((change.text, change.side) for change in found)
    seen: Counter[tuple[str, str]] = Counter()
    for change in found:
        key = change.text, change.side
        seen[key] += 1
        if alike[key] > 1 and seen[key] <= len(_ORDINALS):
            which = f"the {_ORDINALS[seen[key] - 1]} of {alike[key]} on the {change.side} side"
            change = replace(change, text=f"{change.text} ({which})")
        yield change


def _rank(change: Mutation) -> int:
    return _PREFERENCE.index(change.kind) if change.kind in _PREFERENCE else len(_PREFERENCE)


# --------------------------------------------------------------------- a missing factor or a term

_LARGEST = 12  # the largest numerator and denominator of a constant
_EXACTLY = 1e-9  # the part of it by which it may differ from one point to another


def _constants(equation: s.Equation, finding: Finding) -> Iterator[Mutation]:
    """Yield the right side with a number multiplied or added, where the sides differ by one."""
    sides, right = finding.witness, equation.right
    if sides is None:
        return
    group = s.Group((right,), "(", ")", at=right.at)
    with quiet():
        factor = _constant(sides.left / sides.right)
        term = _constant(sides.left - sides.right)
    if factor is not None and factor:
        size = _written(abs(factor))
        product: s.Tree = s.Product((size, group), ("",), at=right.at)
        if factor < 0:
            product = s.Sum((product,), ("-",), at=right.at)
        text = f"the right side is multiplied by {factor}"
        yield Mutation("double", text, replace(equation, right=product))
    if term is not None and term:
        terms = (right.terms, right.signs) if isinstance(right, s.Sum) else ((right,), ("",))
        total = s.Sum(
            (*terms[0], _written(abs(term))), (*terms[1], "-" if term < 0 else "+"), at=right.at
        )
        done = "subtracted from" if term < 0 else "added to"
        text = f"{abs(term)} is {done} the right side"
        yield Mutation("term", text, replace(equation, right=total))


def _constant(values: Array) -> Fraction | None:
    """Return the number of few digits that all values are."""
    first = values.flat[0] if values.size else np.nan
    if not np.isfinite(first) or not np.allclose(values, first, rtol=_EXACTLY, atol=0):
        return None
    found = Fraction(float(first)).limit_denominator(_LARGEST)
    near = abs(float(found) - first) <= _EXACTLY * abs(first)
    return found if near and abs(found.numerator) <= _LARGEST else None


def _written(value: Fraction) -> s.Tree:
    top = s.Number(str(value.numerator))
    if value.denominator == 1:
        return top
    return s.Fraction(top, s.Number(str(value.denominator)), r"\frac")


# ---------------------------------------------------------------------- a missing sum over an index

_MOST_PLACES = 6  # occurrences of an index among which the summed ones are sought


def _sums(equation: s.Equation, page: Page) -> Iterator[Mutation]:
    r"""Yield sums over a second index where the step has one, with 1 as \delta_{ij} or as it is.

    It is the mistake of a Jacobian's diagonal taken for the whole: g_i P_i(1 - P_i) in place of
    \sum_j g_j P_j(\delta_{ij} - P_i).
    """
    explicit = _explicit(equation, page) if page.reading.componentwise else equation
    used = {tree.base for tree in s.walk(explicit) if isinstance(tree, s.Symbol)}
    for i in sorted(used & set("ijkmn")):
        j = next((letter for letter in "jkmnpq" if letter not in used), None)
        places = _places(explicit.right, i)
        if j is None or page.scope.find(s.Symbol(i)) or page.scope.find(s.Symbol(j)):
            continue
        if len(places) > _MOST_PLACES or isinstance(explicit.right, s.Sum):
            continue
        # First those in which x_i stays what it is on the left side, as \partial x_i does.
        known = set(s.walk(explicit.left))
        stays = [_indexed(explicit.right, place) in known for place in places]
        choices = sorted(
            itertools.product((False, True), repeat=len(places)),
            key=lambda chosen: sum(map(operator.and_, chosen, stays)),
        )
        for delta in (True, False):
            for chosen in choices:
                if any(chosen):
                    moved = {place for place, move in zip(places, chosen, strict=True) if move}
                    body = _renamed(explicit.right, i, j, moved, delta)
                    lower = s.Indices((s.Symbol(j),), ())
                    right = s.Big(r"\sum", lower, None, body, at=explicit.right.at)
                    changed = s.Equation(explicit.left, right, at=equation.at)
                    text = f"it is summed over a second index: {to_latex(changed)}"
                    yield Mutation("sum", text, changed)


def _explicit(equation: s.Equation, page: Page) -> s.Equation:
    """Write the index on bare vectors that the reading lifts them with."""
    letter = page.reading.componentwise[0]

    def lifted(tree: s.Tree) -> s.Tree:
        if isinstance(tree, s.Product):  # P(x) becomes P(x)_i
            factors = list(tree.factors)
            for k, factor in enumerate(tree.factors):
                if k and _is_own_call(tree.factors[k - 1], factor, page):
                    factors[k] = s.Script(factor, s.Indices((s.Symbol(letter),), ()), at=factor.at)
                elif k + 1 == len(factors) or not _is_own_call(factor, factors[k + 1], page):
                    factors[k] = lifted(factor)
            return s.Product(tuple(factors), tree.joins, at=tree.at)
        if isinstance(tree, s.Symbol):
            bound = page.scope.find(tree)
            if (
                bound is not None
                and bound.kind == "node"
                and len(page.world.shape(bound.value)) == 1
            ):
                return s.Script(tree, s.Indices((s.Symbol(letter),), ()), at=tree.at)
            return tree
        if isinstance(tree, s.Script) and isinstance(tree.base, s.Symbol) and tree.sub is None:
            base = lifted(tree.base)
            sub = base.sub if isinstance(base, s.Script) else None
            return s.Script(tree.base, sub, tree.sup, tree.primes, at=tree.at)
        if isinstance(tree, s.Script) and isinstance(tree.base, s.Symbol):
            return tree
        for name, place, child in s.children(tree):
            tree = s.with_child(tree, name, place, lifted(child))
        return tree

    return s.Equation(lifted(equation.left), lifted(equation.right), at=equation.at)


def _is_own_call(before: s.Tree | None, factor: s.Tree, page: Page) -> bool:
    """Whether `factor` is the (x) of a P(x) with x below P."""
    if not isinstance(before, s.Symbol) or not isinstance(factor, s.Group) or len(factor.items) > 1:
        return False
    argument = factor.items[0]
    if not isinstance(argument, s.Symbol):
        return False
    bound, below = page.scope.find(before), page.scope.find(argument)
    if bound is None or below is None or bound.kind != "node" or below.kind != "node":
        return False
    return below.value in page.scope.ancestors(bound.value)


_Path = tuple[tuple[str, int | None], ...]


def _places(tree: s.Tree, letter: str, path: _Path = ()) -> list[_Path]:
    """Return where a letter stands as an index."""
    if tree == s.Symbol(letter):
        return [path]
    return [
        place
        for name, k, child in s.children(tree)
        for place in _places(child, letter, (*path, (name, k)))
    ]


def _indexed(tree: s.Tree, place: _Path) -> s.Tree | None:
    """Return what an index belongs to: the x_i of the i."""
    for name, k in place:
        if isinstance(tree, s.Script) and name == "sub":
            return tree
        part = getattr(tree, name)
        tree = part if k is None else part[k]
    return None


def _renamed(
    tree: s.Tree, i: str, j: str, moved: set[_Path], delta: bool, path: _Path = ()
) -> s.Tree:
    """Rename the index at some places, and read the number 1 as Kronecker's delta if asked."""
    if path in moved:
        return s.Symbol(j, at=tree.at)
    if delta and tree == s.Number("1"):
        pair = s.Indices((s.Symbol(i), s.Symbol(j)), ("",))
        return s.Script(s.Symbol(r"\delta"), pair, at=tree.at)
    for name, k, child in list(s.children(tree)):
        changed = _renamed(child, i, j, moved, delta, (*path, (name, k)))
        tree = s.with_child(tree, name, k, changed)
    return tree
