r"""Dots of a visible pattern: `x_1 + x_2 + \dots + x_n` is \sum_{i=1}^{n} x_i; products likewise.

The pattern is what the first term and the last one have in common; they differ in one number, which
becomes an index. A second term must follow the pattern. Where it shows in subscripts, two terms are
enough to see it; else there must be three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Big,
    Empty,
    Equation,
    Group,
    Indices,
    Listed,
    Matrix,
    Number,
    Product,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    children,
    rewritten,
    walk,
    with_child,
)
from edf.equations.latex.vocabulary import DOTS, TRANSPOSES
from edf.equations.meaning.names.scope import Scope

_LETTERS = "kijlmnpqrsuvh"


def with_sums(equation: Equation, scope: Scope) -> Equation:
    """Return an equation in which dots of a visible pattern are sums and products."""
    if not any(_are_dots(tree) for tree in walk(equation)):
        return equation
    taken = {tree.base for tree in walk(equation) if isinstance(tree, Symbol)}
    free = [x for x in _LETTERS if x not in taken and scope.find(Symbol(x)) is None]
    if len(free) < 2:
        return equation
    letter, other = free[:2]
    found = rewritten(equation, lambda tree: _expanded(tree, letter, other))
    assert isinstance(found, Equation)
    return found


def _expanded(tree: Tree, letter: str, other: str) -> Tree:
    match tree:
        case Matrix():
            return _matrix(tree, letter, other)
        case Equation():
            return replace(tree, left=_list(tree.left, letter), right=_list(tree.right, letter))
        case Sum():
            return _sum(tree, letter)
        case Product():
            return _product(tree, letter)
    return tree


def _matrix(tree: Matrix, letter: str, other: str) -> Tree:
    """A column, a row, a diagonal or a rectangle of a visible pattern; else the matrix as it is."""
    if tree.environment in ("vmatrix", "Vmatrix"):
        return tree
    if all(len(row.entries) == 1 for row in tree.rows):
        made = _listed([row.entries[0] for row in tree.rows], "rows", to_latex(tree), letter)
    elif len(tree.rows) == 1:
        made = _listed(tree.rows[0].entries, "columns", to_latex(tree), letter)
    elif (entries := _diagonal(tree)) is not None:
        column = _listed(entries, "rows", to_latex(tree), letter)
        if column is None:
            return tree
        operator = Symbol("diag", (r"\operatorname",), at=tree.at)
        return Product((operator, Group((column,), "(", ")", at=tree.at)), ("",), at=tree.at)
    else:
        made = _rectangle(tree, letter, other)
    return tree if made is None else replace(made, at=tree.at)


def _diagonal(tree: Matrix) -> list[Tree] | None:
    """The entries of a diagonal with dots, if nothing or 0 stands beside it."""
    size = len(tree.rows)
    if any(len(row.entries) != size for row in tree.rows):
        return None
    found = [row.entries[k] for k, row in enumerate(tree.rows)]
    for i, row in enumerate(tree.rows):
        for j, entry in enumerate(row.entries):
            goes_on = _are_dots(entry) and (_are_dots(found[i]) or _are_dots(found[j]))
            if i != j and not (isinstance(entry, Empty) or entry == Number("0") or goes_on):
                return None
    return found


def _rectangle(tree: Matrix, letter: str, other: str) -> Listed | None:
    """Rows with dots, and dots between the rows: what differs runs along a row and down."""
    shown = to_latex(tree)
    dotted = [all(_are_dots(e) or isinstance(e, Empty) for e in row.entries) for row in tree.rows]
    if len(dotted) < 3 or dotted[-2:] != [True, False] or any(dotted[:-2]):
        return None
    rows = [
        _listed(row.entries, "columns", shown, letter)
        for row, dots in zip(tree.rows, dotted, strict=True)
        if not dots
    ]
    bounds = {(row.below, row.last) for row in rows if row is not None}
    if None in rows or len(bounds) != 1:
        return None
    bodies = [row.body for row in rows if row is not None]
    dots = tree.rows[-2].entries[0]
    down = _listed([*bodies[:-1], dots, bodies[-1]], "rows", shown, other)
    if down is None or rows[0] is None:
        return None
    return replace(down, body=replace(rows[0], body=down.body))


def _list(tree: Tree, letter: str) -> Tree:
    r"""(x_1, \dots, x_n) as a side of its own, and transposed, is the column x; [..] is a row."""
    group, upright = tree, False
    if isinstance(tree, Script) and tree.sub is None and not tree.primes:
        sign = tree.sup
        if isinstance(sign, Symbol) and (sign.base in TRANSPOSES or sign.base == "T"):
            group, upright = tree.base, True
    if not isinstance(group, Group) or group.commas or not group.open.endswith(("(", "[")):
        return tree
    along = "columns" if group.open.endswith("[") and not upright else "rows"
    made = _listed(group.items, along, to_latex(tree), letter)
    return tree if made is None else replace(made, at=tree.at)


def _listed(entries: Sequence[Tree], along: str, shown: str, letter: str) -> Listed | None:
    """What entries with dots before the last one have in common, if that is a pattern."""
    if len(entries) < 3 or not _are_dots(entries[-2]) or any(map(_are_dots, entries[:-2])):
        return None
    entries = [rewritten(entry, _two_digits) for entry in entries]
    if len(entries) > 3:
        entries[:2] = _as_powers(*entries[:2])
    first, last = entries[:-2], entries[-1]
    made = _pattern(r"\sum", first[:2], last, letter)
    if made is None or not isinstance(made.lower, Relation) or made.upper is None:
        return None
    start = made.lower.right
    assert isinstance(start, Number)
    if any(_put(made.body, letter, int(start.text) + k) != e for k, e in enumerate(first)):
        return None
    return Listed(made.body, made.lower, made.upper, along, shown)


def _two_digits(tree: Tree) -> Tree:
    """The a_{12} that stands beside a_{1n} with two indices."""
    match tree:
        case Indices(items=(Number(text) as number,)) if len(text) == 2 and text.isdigit():
            digits = tuple(Number(digit, at=number.at) for digit in text)
            return Indices(digits, ("",), at=tree.at)
    return tree


def _as_powers(one: Tree, other: Tree) -> tuple[Tree, Tree]:
    r"""The 1 and q of 1, q, \dots, q^n, and the 1 and q^{-1} of that of q^{-n}, as powers."""
    if one != Number("1") or not isinstance(other, Symbol | Script):
        return one, other
    if isinstance(other, Symbol):
        other = Script(other, None, Number("1", at=other.at), at=other.at)
    if other.sup is None:
        return one, other
    none = rewritten(other.sup, lambda part: Number("0") if part == Number("1") else part)
    return replace(other, sup=none), other


def _sum(tree: Sum, letter: str) -> Tree:
    place = next((k for k, term in enumerate(tree.terms) if _are_dots(term)), None)
    if place is None or place + 1 >= len(tree.terms):
        return tree
    if any(sign != "+" for sign in tree.signs[place : place + 2]):
        return tree
    last = tree.terms[place + 1]
    for count in (2, 1):
        start = place - count
        between = tree.signs[start + 1 : place] if start >= 0 else ("-",)
        if start < 0 or any(sign != "+" for sign in between):
            continue
        if count == 1 and start and _is_another(tree.terms[start - 1], last, letter):
            continue
        made = _pattern(r"\sum", tree.terms[start:place], last, letter)
        if made is not None and tree.signs[start] != "-":
            terms = (*tree.terms[:start], made, *tree.terms[place + 2 :])
            signs = (*tree.signs[: start + 1], *tree.signs[place + 2 :])
            alone = len(terms) == 1 and not signs[0]
            return made if alone else Sum(terms, signs, at=tree.at)
    return tree


def _product(tree: Product, letter: str) -> Tree:
    place = next((k for k, factor in enumerate(tree.factors) if _are_dots(factor)), None)
    if place is None or place + 1 >= len(tree.factors):
        return tree
    last = tree.factors[place + 1]
    for count in (2, 1):
        start = place - count
        if start < 0:
            continue
        if count == 1 and start and _is_another(tree.factors[start - 1], last, letter):
            continue
        signs = set(tree.joins[start : place + 1])
        made = _pattern(r"\prod", tree.factors[start:place], last, letter)
        if made is not None and (signs <= {""} or signs <= {"", r"\cdot"}):
            factors = (*tree.factors[:start], made, *tree.factors[place + 2 :])
            joins = (*tree.joins[:start], *tree.joins[place + 1 :])
            if len(factors) == 1:
                return made
            return Product(factors, joins, at=tree.at) if place + 2 == len(tree.factors) else tree
    return tree


def _pattern(macro: str, first: Sequence[Tree], last: Tree, letter: str) -> Big | None:
    """The sum or product that begins with one term or two and ends with the last, or None."""
    met: list[tuple[Number, Tree, bool]] = []
    body = _common(first[0], last, letter, met, below=False)
    if body is None or not met:
        return None
    start, end, _ = met[0]
    if any((number, tree) != (start, end) for number, tree, _ in met) or not start.text.isdigit():
        return None
    if len(first) == 1 and not all(in_subscript for _, _, in_subscript in met):
        return None
    if len(first) > 1 and _put(body, letter, int(start.text) + 1) != first[1]:
        return None
    at = first[0].at
    return Big(macro, Relation(Symbol(letter), "=", start, at=at), end, body, at=at)


def _is_another(term: Tree, last: Tree, letter: str) -> bool:
    """Whether a term is like the last one, too: the terms before the dots show another rule."""
    return _pattern("", [term], last, letter) is not None


def _common(
    one: Tree, other: Tree, letter: str, met: list[tuple[Number, Tree, bool]], below: bool
) -> Tree | None:
    """What two trees have in common, a letter where they differ; None if they differ in more."""
    if one == other:
        return one
    if isinstance(other, Script) and (other.base, other.sub, other.primes) == (one, None, 0):
        one = Script(one, None, Number("1", at=one.at), at=one.at)  # r, r^2, \dots, r^n
    if isinstance(one, Number) and isinstance(other, Number | Symbol | Sum):
        met.append((one, other, below))
        return Symbol(letter, at=one.at)
    parts, others = list(children(one)), list(children(other))
    if type(one) is not type(other) or [p[:2] for p in parts] != [p[:2] for p in others]:
        return None
    made = one
    for (name, place, child), (_, _, twin) in zip(parts, others, strict=True):
        script = isinstance(one, Script) and (
            name == "sub" or (name == "sup" and isinstance(child, Group))
        )
        inside = below or script or isinstance(one, Indices)
        common = _common(child, twin, letter, met, inside)
        if common is None:
            return None
        made = with_child(made, name, place, common)
    return made if _alike(made, one) and _alike(made, other) else None


def _alike(one: Tree, other: Tree) -> bool:
    """Whether two trees are equal but for their parts."""
    for name, place, _ in list(children(one)):
        twins = [c for n, p, c in children(other) if (n, p) == (name, place)]
        if len(twins) != 1:
            return False
        one = with_child(one, name, place, twins[0])
    return one == other


def _put(tree: Tree, letter: str, number: int) -> Tree:
    """A tree with a number for a letter."""
    sign = Symbol(letter)
    return rewritten(tree, lambda part: Number(str(number), at=part.at) if part == sign else part)


def _are_dots(tree: Tree) -> bool:
    return isinstance(tree, Symbol) and tree.base in DOTS
