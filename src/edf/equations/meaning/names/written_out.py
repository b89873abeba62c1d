r"""Sums as what they stand for, where that is something simpler than a sum over an index.

\sum_{t=1}^3 \delta_t h_{t-1}^\top  of names that are numbered, h_0, h_1, h_2: term by term
\sum_{y \in \{-1, 1\}} f(y)        over numbers that are written: term by term, or with bounds
\sum_i x_i \sum_i y_i               over the same index twice: the product that it is
"""

from __future__ import annotations

from dataclasses import replace

from edf.equations.latex.grammar import product
from edf.equations.latex.syntax import (
    Big,
    Equation,
    Group,
    Indices,
    Number,
    Product,
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
    """Return an equation in which sums are written out or apart that can be."""
    if not any(isinstance(tree, Big) for tree in walk(equation)):
        return equation
    found = rewritten(equation, lambda tree: _apart(_over_values(_written_out(tree, scope))))
    assert isinstance(found, Equation)
    return found


def _apart(tree: Tree) -> Tree:
    r"""\sum_i x_i \sum_i y_i as (\sum_i x_i)(\sum_i y_i), which it is in either reading."""
    match tree:
        case Big(
            macro=r"\sum", lower=lower, body=Product(factors=(*first, Big() as other)) as body
        ) if first and _letters(lower) and _letters(lower) == _letters(other.lower):
            one = product([*first], [*body.joins[:-1]], body.at)
            sums = [replace(tree, body=one), other]
            grouped: list[Tree] = [Group((each,), "(", ")", at=each.at) for each in sums]
            return product(grouped, [body.joins[-1]], tree.at)
    return tree


def _letters(lower: Tree | None) -> list[Tree]:
    """The indices below a sign."""
    items = lower.items if isinstance(lower, Indices) else () if lower is None else (lower,)
    return [item.left if isinstance(item, Relation) else item for item in items]


def _over_values(tree: Tree) -> Tree:
    r"""A sum over \{-1, 1\}, term by term; one over numbers in a row, \{0, 1\}, with bounds."""
    match tree:
        case Big(
            macro=r"\sum" | r"\prod",
            lower=Relation(left=Symbol() as letter, sign=r"\in", right=Group() as values),
            upper=None,
        ) if values.open.endswith("\\{"):
            numbers = [number for item in values.items if (number := _number(item)) is not None]
        case _:
            return tree
    if len(numbers) < max(2, len(values.items)) or len({*numbers}) < len(numbers):
        return tree
    first = min(numbers)
    if first >= 0 and sorted(numbers) == [first + k for k in range(len(numbers))]:
        bounds = Relation(letter, "=", Number(str(first)), at=values.at)
        return replace(tree, lower=bounds, upper=Number(str(max(numbers)), at=values.at))
    terms: list[Tree] = [
        Group((_with_number(tree.body, letter, item),), "(", ")", at=item.at)
        for item in values.items
    ]
    signs = ("", *("+" for _ in terms[1:]))
    whole = (
        Sum(tuple(terms), signs, at=tree.at)
        if tree.macro == r"\sum"
        else product(terms, ["" for _ in terms[1:]], tree.at)
    )
    return Group((whole,), "(", ")", at=tree.at)


def _with_number(body: Tree, letter: Tree, item: Tree) -> Tree:
    """A term of a sum with a number for its index; in parentheses, but for an exponent."""
    if isinstance(item, Number):
        return substituted(body, {letter: item})
    group = Group((item,), "(", ")", at=item.at)

    def raised(tree: Tree) -> Tree:
        return replace(tree, sup=item) if isinstance(tree, Script) and tree.sup == group else tree

    return rewritten(substituted(body, {letter: group}), raised)


def _number(item: Tree) -> int | None:
    """A whole number as it is written, perhaps with a sign."""
    match item:
        case Number(text=text) if text.isdigit():
            return int(text)
        case Sum(terms=(Number(text=text),), signs=(sign,)) if text.isdigit():
            return -int(text) if sign == "-" else int(text)
    return None


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
