r"""Letters of sums that stand in several sums, renamed so that each sum has its own.

\sum_{i=2}^{n} x_{i-1} = \sum_{i=1}^{n-1} x_i has two indices, which are both called i.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Big,
    Equation,
    Indices,
    Product,
    Relation,
    Script,
    Symbol,
    Tree,
    children,
    rewritten,
    substituted,
    walk,
    with_child,
)
from edf.equations.meaning.names.scope import Scope

_SUMS = (r"\sum", r"\prod", r"\max", r"\min")


def with_own_indices(equation: Equation, scope: Scope) -> Equation:
    """Return the step with another letter in each sum; those that stand outside of sums stay."""
    uses = Counter(letter for big in _sums(equation) for letter in _letters(big))
    several = {letter for letter, times in uses.items() if times > 1}
    free = {letter for letter in several if _stands_free(equation, letter)}
    apart = {letter for letter in several - free if scope.find(letter) is None}
    met: Counter[Symbol] = Counter()

    def rename(tree: Tree) -> Tree:
        if isinstance(tree, Big) and tree.macro in _SUMS:
            for letter in _letters(tree):
                if letter in apart:
                    own = replace(letter, base=letter.base + "~" * met[letter])
                    own = replace(own, shown=to_latex(letter)) if met[letter] else letter
                    met[letter] += 1
                    tree = substituted(tree, {letter: own})
        for name, place, child in children(tree):
            if (new := rename(child)) is not child:
                tree = with_child(tree, name, place, new)
        return tree

    renamed = rename(equation) if apart else equation
    assert isinstance(renamed, Equation)
    return renamed


def with_dummies(equation: Equation, scope: Scope) -> Equation:
    r"""Return the step with another letter for a name of the page that is the index of sums, and
    stands nowhere else: the n of \sum_{n=0}^\infty x^n is no n of the page, nor is the w of
    \sum_w y_w, where w has a value that is no label."""
    sums = _sums(equation)
    ranged = {
        letter
        for big in sums
        if isinstance(big.lower, Relation) and big.lower.sign == "="
        for letter in _letters(big)
    }
    taken: dict[Tree, Tree] = {
        letter: _of_its_own(letter)
        for letter in {letter for big in sums for letter in _letters(big)}
        if (bound := scope.find(letter)) is not None and bound.kind in ("number", "node")
        and not _stands_free(equation, letter) and not _in_bounds(equation, letter)
        and _may_be_index(equation, letter, letter in ranged, bound.is_label)
    }  # fmt: skip
    renamed = substituted(equation, taken) if taken else equation
    if any(scope.find(letter) is not None for letter in _bound_letters(renamed)):
        renamed = rewritten(renamed, lambda part: _with_own_labels(part, scope))
    assert isinstance(renamed, Equation)
    return renamed


def _bound_letters(tree: Tree) -> list[Symbol]:
    r"""The letters of sums, and those of \mathbb{E}_{a \sim \pi}."""
    means = [part for part in walk(tree) if isinstance(part, Relation) and part.sign == r"\sim"]
    drawn = [part.left for part in means if isinstance(part.left, Symbol)]
    return [*drawn, *(letter for big in _sums(tree) for letter in _letters(big))]


def _with_own_labels(part: Tree, scope: Scope) -> Tree:
    r"""A sum over all values of a label, \sum_a \pi_a Q_a beside a label a, which is not meant in
    it; likewise \mathbb{E}_{a \sim \pi}[..], and a sum over an index that names a vector elsewhere.
    """
    if isinstance(part, Big) and part.macro in _SUMS:
        body = part.body
        for letter in _letters(part):
            own_index = _is_label(letter, scope) or _only_counts(body, letter, scope)
            if own_index and (own := as_dummy(part, letter, scope)) is not None:
                part = own
        return part
    if not isinstance(part, Product):
        return part
    factors = [*part.factors]
    for k, (head, group) in enumerate(pairwise(part.factors)):
        match head:
            case Script(sub=Indices(items=(Relation(left=Symbol() as letter, sign=r"\sim"),))) if (
                _is_label(letter, scope)
            ):
                both = as_dummy(Product((head, group), ("",)), letter, scope)
                if isinstance(both, Product):
                    factors[k : k + 2] = both.factors
    return part if tuple(factors) == part.factors else replace(part, factors=tuple(factors))


def _is_label(letter: Symbol, scope: Scope) -> bool:
    bound = scope.find(letter)
    return bound is not None and bool(getattr(getattr(bound.value, "sample", 0), "labels", False))


def _only_counts(body: Tree, letter: Symbol, scope: Scope) -> bool:
    """Whether a letter that names no number stands in subscripts alone, as an index does."""
    bound = scope.find(letter)
    if bound is None or bound.kind == "number":
        return False
    within = sum(
        sum(part == letter for part in walk(tree.sub))
        for tree in walk(body)
        if isinstance(tree, Script) and tree.sub is not None
    )
    return 0 < within == sum(part == letter for part in walk(body))


def as_dummy(tree: Tree, letter: Symbol, scope: Scope) -> Tree | None:
    """A tree in which a letter that the page binds is one of its own; None if something in it
    depends on what the page binds, so that it might be that."""
    bound = scope.find(letter)
    renamed = substituted(tree, {letter: _of_its_own(letter)})
    value = None if bound is None else bound.value
    nodes = scope.nodes_in(walk(renamed))
    if any(node is value or value in scope.ancestors(node) for node in nodes):
        return None
    return renamed


def _of_its_own(letter: Symbol) -> Symbol:
    """A letter that no page binds, shown as this one is."""
    base = letter.base.replace("_prime", "'")  # s' of a page that binds s_prime
    return replace(letter, base=f"{base}~", shown=to_latex(letter))


def _may_be_index(equation: Equation, letter: Symbol, ranged: bool, is_label: bool) -> bool:
    """Whether a name of the page that stands below a sum is a letter there: in a subscript a label
    may be one, and without a range what stands elsewhere may be the page's value."""
    indexes = _in_subscript(equation, letter)
    if is_label:
        return ranged and not indexes
    return ranged or (indexes and not _outside_subscripts(equation, letter))


def _in_bounds(tree: Tree, letter: Symbol) -> bool:
    """Whether a letter stands in the bounds of a sum over it."""
    for part in walk(tree):
        if isinstance(part, Big) and letter in _letters(part):
            ends = [part.upper, part.lower.right if isinstance(part.lower, Relation) else None]
            if any(end is not None and letter in walk(end) for end in ends):
                return True
    return False


def _in_subscript(tree: Tree, letter: Symbol) -> bool:
    return any(
        isinstance(part, Script) and part.sub is not None and letter in walk(part.sub)
        for part in walk(tree)
    )


def _outside_subscripts(tree: Tree, letter: Symbol) -> bool:
    """Whether a letter stands elsewhere than in subscripts and below signs."""
    if tree == letter:
        return True
    shown = tree.sub if isinstance(tree, Script) else tree.lower if isinstance(tree, Big) else None
    return any(
        _outside_subscripts(child, letter) for _, _, child in children(tree) if child is not shown
    )


def _sums(tree: Tree) -> list[Big]:
    """The sums of a tree, each as often as it stands there."""
    return [part for part in walk(tree) if isinstance(part, Big) and part.macro in _SUMS]


def _letters(big: Big) -> list[Symbol]:
    """The letters below a sign."""
    lower = big.lower
    items = lower.items if isinstance(lower, Indices) else [lower]
    items = [item.left if isinstance(item, Relation) else item for item in items]
    return [item for item in items if isinstance(item, Symbol) and not item.styles]


def _stands_free(tree: Tree, letter: Symbol) -> bool:
    """Whether a letter stands outside of the sums that have it below, or twice one in another."""
    if tree == letter:
        return True
    if isinstance(tree, Big) and letter in _letters(tree):
        return any(letter in _letters(big) for big in _sums(tree.body))
    return any(_stands_free(child, letter) for _, _, child in children(tree))
