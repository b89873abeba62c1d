r"""Sums over names that are numbered, \sum_{t=1}^3 \delta_t h_{t-1}^\top of h_0, h_1 and h_2.

Such a sum has no array to run over, so that it is written out, term by term.
"""

from __future__ import annotations

from dataclasses import replace

from edf.equations.latex.syntax import (
    Big,
    Equation,
    Group,
    Indices,
    Number,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    rewritten,
    substituted,
    walk,
)
from edf.equations.meaning.names.scope import Scope, index_text

MOST = 20  # terms


def with_terms(equation: Equation, scope: Scope) -> Equation:
    """Return an equation in which sums over numbered names are written out."""
    if not any(isinstance(tree, Big) and tree.upper is not None for tree in walk(equation)):
        return equation
    found = rewritten(equation, lambda tree: _written_out(tree, scope))
    assert isinstance(found, Equation)
    return found


def _written_out(tree: Tree, scope: Scope) -> Tree:
    match tree:
        case Big(
            macro=r"\sum",
            lower=Relation(left=Symbol(styles=()) as letter, sign="=", right=Number(text=first)),
            upper=Tree() as upper,
            body=body,
        ) if first.isdigit():
            last = _whole(upper, scope)
        case _:
            return tree
    if last is None or not 0 < last - int(first) + 1 <= MOST:
        return tree
    numbered = [part for part in walk(body) if isinstance(part, Script) and _has(part, letter)]
    if not numbered:
        return tree
    terms = []
    for value in range(int(first), last + 1):
        put: dict[Tree, Tree] = {letter: Number(str(value))}
        for part in numbered:
            named = _named(part, letter, value, scope)
            if named is None:
                return tree
            put[part] = named
        term = substituted(body, put)
        terms.append(Group((term,), "(", ")", at=body.at) if isinstance(term, Sum) else term)
    if len(terms) == 1:
        return terms[0]
    return Group((Sum(tuple(terms), ("", *("+" for _ in terms[1:])), at=tree.at),), "(", ")")


def _has(script: Script, letter: Symbol) -> bool:
    """Whether a letter stands below a name, or in a label above it."""
    marks = [script.sub, script.sup if isinstance(script.sup, Group) else None]
    return any(letter in walk(mark) for mark in marks if mark is not None)


def _named(script: Script, letter: Symbol, value: int, scope: Scope) -> Script | None:
    """The name with a number for the letter, where the page has that, and not the name alone."""
    base = script.base
    if not isinstance(base, Symbol) or scope.find(base) is not None:
        return None
    below = script.sub if isinstance(script.sub, Indices) else None
    label = script.sup if isinstance(script.sup, Group) else None
    items = below.items if below is not None else label.items if label is not None else ()
    if len(items) != 1 or (below is not None and label is not None):
        return None
    number = _moved(items[0], letter, value)
    if number is None:
        return None
    text = index_text(Indices((number,), ()))
    if not text or scope.find(base, text) is None:
        return None
    if below is not None:
        return replace(script, sub=replace(below, items=(number,)))
    assert label is not None
    return replace(script, sup=replace(label, items=(number,)))


def _moved(item: Tree, letter: Symbol, value: int) -> Number | None:
    """The number of t, t + 1 or t - 1 for a value of t."""
    match item:
        case Symbol() if item == letter:
            return Number(str(value), at=item.at)
        case Sum(terms=(first, Number(text=by)), signs=("", sign)) if first == letter:
            moved = value + (int(by) if sign == "+" else -int(by)) if by.isdigit() else -1
            return Number(str(moved), at=item.at) if moved >= 0 else None
    return None


def _whole(tree: Tree, scope: Scope) -> int | None:
    """A bound that is a number, or a name of the page for one."""
    if isinstance(tree, Number):
        return int(tree.text) if tree.text.isdigit() else None
    bound = scope.find(tree) if isinstance(tree, Symbol) else None
    return bound.value if bound is not None and type(bound.value) is int else None
