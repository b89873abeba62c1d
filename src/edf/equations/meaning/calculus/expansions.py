r"""Expansions, `f(x + h) = f(x) + h f'(x) + O(h^2)`: both sides are alike up to a power of h.

Of smooth functions, that is so where the coefficients of both power series in h are the same below
that power, which is what is tested. They are found from values on both sides of the point, so that
a side which is no smooth function of h leaves the claim inconclusive. Of a vector v, `O(\lVert v
\rVert^2)`, the series is that along v, which has an arbitrary direction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Bars,
    Equation,
    Group,
    Number,
    Product,
    Script,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.calculus.limits import approached
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import make, number
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.extrapolation import AROUND

HIGHEST = 8  # how many coefficients are compared at most
_HOW = "An expansion ends in O(h^2) or o(h), with a power of one letter that goes to 0"


class Order(NamedTuple):
    """A term O(h^k), or o(h^{k-1})."""

    tree: Tree
    variable: Symbol
    point: Tree | None  # of (x - a)^k
    power: int


def read_expansion(reader: Reader, equation: Equation) -> tuple[Expr, Expr] | None:
    """Read a step with a term O(h^k): the coefficients of both sides; None if it has none."""
    found = [t for t in walk(equation) if isinstance(t, Product) and _is_order(reader, t)]
    if not found:
        return None
    sides = [_terms(equation.left), _terms(equation.right)]
    ends = [[tree for _, tree in side if tree in found] for side in sides]
    if sum(map(len, ends)) < len(found) or any(len(tree.factors) > 2 for tree in found):
        fail(Why.NOTATION, "O(..) stands alone as a term of a side", found[0].at)
    if equation.sign not in ("=", r"\approx"):
        fail(Why.NOTATION, "Beside O(..) stands an equality sign", equation.sign_at)
    orders = [_order(tree) for tree in found]
    first = orders[0]
    for other in orders[1:]:
        if (other.variable, other.point) != (first.variable, first.point):
            fail(Why.AMBIGUOUS, f"Which letter goes to 0? {_HOW}", other.tree.at)
    reader.goes_to[first.variable] = first.point or Number("0")
    count = min(order.power for order in orders)
    kept = _balanced([[term for term in side if term[1] not in found] for side in sides])
    along = "power"
    left, right = (
        _expanded(reader, _summed(side, equation.at), first, along, count, end)
        for side, end in zip(kept, ends, strict=True)
    )
    if not left.args[0].free & left.bound and not right.args[0].free & right.bound:
        fail(Why.NOTATION, f"Nothing here depends on {to_latex(first.variable)}", found[0].at)
    reader.inference.runs_over(along, count, equation.at)
    return left, right


_Term: TypeAlias = tuple[str, Tree]


def _is_order(reader: Reader, tree: Product) -> bool:
    """Whether a part is O(..) or o(..), of a letter that the page does not bind."""
    match tree:
        case Product(factors=(*_, Symbol(base="O" | "o") as sign, Group()), joins=(*_, "")):
            return reader.scope.find(sign) is None
    return False


def _order(tree: Product) -> Order:
    """Take O(h^k) apart."""
    sign, group = tree.factors
    assert isinstance(sign, Symbol)
    assert isinstance(group, Group)
    base, power = group.items[0], 1
    match base:
        case Script(base=inner, sub=None, sup=Number(text=text), primes=0) if text.isdigit():
            base, power = inner, int(text)
    point: Tree | None = None
    match base:
        case Bars(body=Symbol() as inner):
            base = inner
        case Bars(body=Sum(terms=(Symbol() as inner, goal), signs=("", "-"))):
            base, point = inner, goal
        case Group(items=(Sum(terms=(Symbol() as inner, goal), signs=("", "-")),)):
            base, point = inner, goal
    power += sign.base == "o"
    if not isinstance(base, Symbol) or not 1 <= power <= HIGHEST:
        fail(Why.NOTATION, _HOW, tree.at)
    return Order(tree, base, point, power)


def _terms(side: Tree) -> list[_Term]:
    if isinstance(side, Sum):
        return list(zip(side.signs, side.terms, strict=True))
    return [("", side)]


def _balanced(sides: Sequence[list[_Term]]) -> list[list[_Term]]:
    """Both sides with something on each: f - g = O(h) is f = g + O(h), and f = O(h) is
    1 + f = 1 + O(h). Where both sides were 0, nothing would be told from rounding."""
    left, right = sides
    if left and right:
        return [left, right]
    terms = left or right
    if len(terms) < 2:
        one = ("", Number("1"))
        return [[one, *_with_sign(left)], [one, *_with_sign(right)]]
    turned = [("+" if sign == "-" else "-", tree) for sign, tree in terms[1:]]
    return [terms[:1], turned] if left else [turned, terms[:1]]


def _with_sign(terms: list[_Term]) -> list[_Term]:
    return [(sign or "+", tree) for sign, tree in terms]


def _summed(terms: list[_Term], at: int) -> Tree:
    """The sum of some terms."""
    signs = [sign for sign, _ in terms]
    signs[0] = "" if signs[0] == "+" else signs[0]
    if len(terms) == 1 and not signs[0]:
        return terms[0][1]
    return Sum(tuple(tree for _, tree in terms), tuple(signs), at=at)


def _expanded(
    reader: Reader, side: Tree, order: Order, along: str, count: int, ends: Sequence[Tree]
) -> Expr:
    """The coefficients of a side, below some power."""
    point = number(0.0) if order.point is None else reader.read(order.point)
    at, centre = ((point,), None) if point.shape is None else ((number(0.0),), point)
    body, place = approached(reader, order.variable, AROUND, at, lambda: reader.read(side), centre)
    index = place.data[0]
    shown = to_latex(ends[0]) if ends else ""
    return make(
        "expansion", (body,), (index, along, count), at=side.at, shape=body.shape,
        free=body.free - {index} | {along}, bound=frozenset([index]), order=int(not body.order),
        label=(re.sub(r"[{} ]|\\mathcal", "", shown), shown),
    )  # fmt: skip
