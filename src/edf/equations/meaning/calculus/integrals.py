r"""Integrals, `\int_a^b f(x) \, dx`, and expectations over densities.

The variable of integration stands for the places of a quadrature rule, as an index does, so what
can be summed over an index can be integrated. Where the page binds the variable to a node, what is
computed from that node is computed again at each place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    INFINITY,
    Bars,
    Big,
    Fraction,
    Function,
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
    Tree,
    children,
    substituted,
    walk,
    with_child,
)
from edf.equations.meaning.names.bound import as_dummy
from edf.equations.meaning.names.scope import python_names
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.quadrature import rule
from edf.graph import Input, Node

#: The number, whatever the page binds to the letter.
PI = Symbol(r"\pi~", shown=r"\pi")
_HOW = "An integral is written \\int_a^b f(x) \\, dx"


def read_integral(reader: Reader, tree: Big) -> Expr:
    r"""\int_a^b f(x) \, dx, of which the limits may be infinite."""
    signs = [tree]
    while isinstance(signs[-1].body, Big) and signs[-1].body.macro == r"\int":
        signs.append(signs[-1].body)
    body, variables = _differentials(signs[-1].body)
    if len(variables) != len(signs):
        fail(
            Why.UNFINISHED,
            f"{len(signs)} sign{'s' * (len(signs) > 1)} of integration and {len(variables)} "
            "differentials: write \\int_a^b f(x) \\, dx",
            tree.at,
        )
    # the innermost sign goes with the first differential
    pairs = list(zip(reversed(signs), variables, strict=True))
    return _integrated(reader, body, pairs)


def _integrated(reader: Reader, body: Tree, pairs: list[tuple[Big, Symbol]]) -> Expr:
    """The integral over the last pair of a sign and a variable of what is inside of it."""
    sign, variable = pairs[-1]
    low, high = _limits(reader, sign)
    name = python_names(variable)[0]
    index = f"{name} "
    while index in reader.inference.ranges:  # integrated over elsewhere, too
        index += " "
    bound = reader.scope.find(variable)
    if bound is not None and (bound.kind != "node" or reader.shape(bound.value)):
        own = as_dummy(Product((variable, body), ("",)), variable, reader.scope)
        if isinstance(own, Product) and isinstance(own.factors[0], Symbol):  # a letter of its own
            return _integrated(reader, own.factors[1], [*pairs[:-1], (sign, own.factors[0])])
        fail(
            Why.OTHER_MEANING,
            f"{name} is no number of the graph: integrate over another letter",
            variable.at,
        )
    kind, args = _kind(low, high)
    reader.inference.runs_over(index, len(rule(kind)), variable.at)
    place = make(
        "abscissa", args, (index, kind), at=variable.at, free=frozenset([index]),
        label=(name.rstrip("~"), to_latex(variable)),
    )  # fmt: skip
    with reader.dummy(name, place):
        inner = _integrated(reader, body, pairs[:-1]) if pairs[:-1] else reader.read(body)
    if bound is not None:
        inner = moved(reader, inner, bound.value, place)
    if inner.shape is not None:
        fail(Why.SHAPES, "An integral of vectors: write it with an index", body.at)
    data = index, kind, place.label
    return make(
        "integral", (inner, *args), data, at=sign.at, free=inner.free - {index},
        bound=frozenset([index]),
    )  # fmt: skip


def _kind(low: Expr | None, high: Expr | None) -> tuple[str, tuple[Expr, ...]]:
    if low is not None and high is not None:
        return "interval", (low, high)
    if low is not None:
        return "half", (low,)
    if high is not None:
        return "half down", (high,)
    return "line", ()


_REALS = Symbol("R", (r"\mathbb",))


def _limits(reader: Reader, sign: Big) -> tuple[Expr | None, Expr | None]:
    """The limits of an integral; None where one is infinite."""
    lower, upper = sign.lower, sign.upper
    if upper is None and isinstance(lower, Indices) and lower.items == (_REALS,):
        return None, None
    if lower is None or upper is None or not isinstance(lower, Indices) or len(lower.items) > 1:
        fail(Why.AMBIGUOUS, f"{_HOW}: from where to where?", sign.at)
    low = None if _is_infinite(lower.items[0], "-") else reader.read(lower.items[0])
    high = None if _is_infinite(upper, "") else reader.read(upper)
    for limit in (low, high):
        if limit is not None and limit.shape is not None:
            fail(Why.NOTATION, "A limit of an integral is a number", limit.at)
    return low, high


def _is_infinite(tree: Tree, sign: str) -> bool:
    if sign == "-":
        return isinstance(tree, Sum) and tree.signs == ("-",) and tree.terms[0] == INFINITY
    return tree == INFINITY or tree == Sum((INFINITY,), ("+",))


def _differentials(body: Tree) -> tuple[Tree, list[Symbol]]:
    """What is integrated, and the variables of the differentials behind it or in front."""
    if isinstance(body, Sum):
        last, variables = _differentials(body.terms[-1])
        return Sum((*body.terms[:-1], last), body.signs, at=body.at), variables
    if (
        isinstance(body, Big) and body.macro != r"\int"
    ):  # the sum of f dx is that of f, dx behind it
        inner, variables = _differentials(body.body)
        return replace(body, body=inner), variables
    if isinstance(body, Fraction) and isinstance(body.top, Product):
        top, variables = _differentials(body.top)
        return Fraction(top, body.bottom, body.macro, at=body.at), variables
    factors = list(body.factors) if isinstance(body, Product) else [body]
    joins = list(body.joins) if isinstance(body, Product) else []
    variables = []
    while len(factors) > 1 and _is_d(factors[-2]) and isinstance(factors[-1], Symbol):
        variables.insert(0, factors[-1])
        del factors[-2:]
    if not variables:
        while len(factors) > 1 and _is_d(factors[0]) and isinstance(factors[1], Symbol):
            variables.append(factors[1])
            del factors[:2], joins[:2]
    joins = joins[: max(len(factors) - 1, 0)]
    if not factors:
        return Number("1", at=body.at), variables
    if len(factors) == 1:
        last = factors[0]
        if not variables and isinstance(last, Fraction):
            return body, variables
        return last, variables
    if not variables and isinstance(factors[-1], Fraction | Big):
        last, variables = _differentials(factors[-1])
        factors[-1] = last
    return Product(tuple(factors), tuple(joins), at=body.at), variables


def _is_d(tree: Tree) -> bool:
    return isinstance(tree, Symbol) and tree.base == "d" and set(tree.styles) <= {
        r"\mathrm", r"\text",
    }  # fmt: skip


def moved(reader: Reader, expr: Expr, node: Node, place: Expr) -> Expr:
    """An expression with another value for a node, in all that is computed from it."""
    if expr.op == "node":
        here, indices = expr.data
        if here is node:
            return place
        if node not in reader.scope.ancestors(here):
            return expr
        if indices:
            fail(Why.SHAPES, "A component of what runs here: bind a function", expr.at)
        names = (place.label,)
        return make(
            "replace", (place,), (here, (node,), names), at=expr.at, shape=expr.shape,
            label=expr.label,
        )  # fmt: skip
    if expr.op in ("deriv", "at"):
        if not _depends(reader, expr, node):
            return expr
        fail(Why.DERIVATIVE, "A derivative by what runs here: bind it to a name", expr.at)
    args = [moved(reader, arg, node, place) for arg in expr.args]
    if expr.op == "replace" and node in reader.scope.ancestors(expr.data[0]):
        here, variables, names = expr.data
        if node not in variables:  # h(2, a), of which only the first is written
            data = here, (*variables, node), (*names, place.label)
            return make("replace", (*args, place), data, at=expr.at, shape=expr.shape,
                        label=expr.label)  # fmt: skip
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    free = frozenset().union(*(arg.free for arg in args)) | expr.free
    own = expr.order - max((arg.order for arg in expr.args), default=0)  # as f' has, and limits
    return make(
        expr.op, args, expr.data, at=expr.at, shape=expr.shape, free=free - expr.bound,
        bound=expr.bound, order=own, label=expr.label,
    )  # fmt: skip


def _depends(reader: Reader, expr: Expr, node: Node) -> bool:
    """Whether something is computed from a node, or differentiated by it."""
    named = [part.data[0] for part in expr.walk() if part.op in ("node", "deriv", "replace")]
    named += [each for part in expr.walk() if part.op == "at" for each in part.data[0]]
    return any(each is node or node in reader.scope.ancestors(each) for each in named)


def read_between(reader: Reader, body: Tree, low: Tree, high: Tree, at: int) -> Expr:
    r"""[F(x)]_a^b and F(x) \Big|_a^b: F(b) - F(a), in the variable of the step's integrals.

    Where there is none, it is the one letter in F that is a number.
    """
    variable, ends = _variable_between(reader, body, (low, high), at)
    values = [_with_value(reader, body, variable, reader.read(end)) for end in ends]
    return apply("add", (values[1], apply("neg", (values[0],), at)), at)


def _variable_between(
    reader: Reader, body: Tree, ends: tuple[Tree, Tree], at: int
) -> tuple[Symbol, tuple[Tree, Tree]]:
    """The variable of F, and the ends themselves: x = a says which it is."""
    low, high = ends
    if isinstance(high, Relation) and high.sign == "=":
        high = high.right
    if isinstance(low, Relation) and low.sign == "=" and isinstance(low.left, Symbol):
        return low.left, (low.right, high)
    letters = [
        factor
        for tree in walk(reader.equation)
        if isinstance(tree, Big) and tree.macro == r"\int"
        for factor in _differentials(tree.body)[1]
    ]
    if not letters:
        letters = [
            part for part in walk(body) if isinstance(part, Symbol) and _varies(reader, part)
        ]
    found = [letter for letter in dict.fromkeys(letters) if letter in walk(body)]
    if len(found) != 1:
        fail(
            Why.AMBIGUOUS,
            "Of which letter are these the values? Write \\Big|_{x=a}^{x=b}",
            at,
        )
    return found[0], (low, high)


def _varies(reader: Reader, symbol: Symbol) -> bool:
    """Whether a letter could be the variable of what is taken between two ends."""
    bound = reader.scope.find(symbol)
    if bound is None:
        return len(symbol.base) == 1 and symbol.base not in ("e", "i") and not symbol.styles
    return isinstance(bound.value, Input) and reader.shape(bound.value) == ()


def _with_value(reader: Reader, body: Tree, variable: Symbol, value: Expr) -> Expr:
    """Something with a value for a letter, in all that is computed from it."""
    name = python_names(variable)[0]
    bound = reader.scope.find(variable)
    if bound is not None and (bound.kind != "node" or reader.shape(bound.value)):
        fail(Why.OTHER_MEANING, f"{name} is no number of the graph", variable.at)
    with reader.dummy(name, value):
        inner = reader.read(body)
    return inner if bound is None else moved(reader, inner, bound.value, value)


# ------------------------------------------------------------------- expectations over densities


def mean_over(
    reader: Reader,
    formula: str,
    over: str,
    parameters: tuple[Tree, ...],
    letter: Symbol,
    body: Tree,
) -> Expr:
    """The expectation of an expression over a density of one variable.

    Args:
        reader: The state of reading.
        formula: The density of X, with parameters A and B.
        over: `line`, `half` from 0, or `interval` from A to B.
        parameters: What stands for A and B.
        letter: The variable.
        body: The expression.
    """
    put: dict[str, Tree] = {"X": letter, r"\pi": PI}
    put |= {name: Group((tree,), "(", ")") for name, tree in zip("AB", parameters, strict=False)}
    weight = filled(_parsed(formula), put)
    limits: tuple[Tree, Tree] = (Sum((INFINITY,), ("-",)), INFINITY)
    if over == "half":
        limits = (Number("0"), INFINITY)
    elif over == "interval":
        limits = (parameters[0], parameters[1])
    kinks = [kink for part in walk(body) if (kink := _kink(part, letter)) is not None]
    pieces = [(limits[0], limits[1], body)]
    if len({kink.place for kink in kinks}) == 1:  # of several, the order is not known
        below = substituted(body, {kink.part: kink.below for kink in kinks})
        above = substituted(body, {kink.part: kink.above for kink in kinks})
        place = _within(kinks[0].place, limits)
        pieces = [(limits[0], place, below), (place, limits[1], above)]
    parts = []
    for low, high, piece in pieces:
        factors = Group((piece,), "(", ")", at=body.at), Group((weight,), "(", ")")
        integrand = Product((*factors, Symbol("d"), letter), (r"\cdot", "", ""), at=body.at)
        over_piece = Big(r"\int", Indices((low,), ()), high, integrand, at=body.at)
        parts.append(read_integral(reader, over_piece))
    return parts[0] if len(parts) == 1 else apply("add", parts, body.at)


def _within(place: Tree, limits: tuple[Tree, Tree]) -> Tree:
    """A place, or the limit of integration beyond which it is."""
    low, high = limits
    if low != Sum((INFINITY,), ("-",)):
        place = Function(r"\max", None, Group((low, place), "(", ")"), at=place.at)
    if high != INFINITY:
        place = Function(r"\min", None, Group((high, place), "(", ")"), at=place.at)
    return place


class _Kink(NamedTuple):
    """A part of a formula that follows another rule on either side of a place."""

    part: Tree
    place: Tree
    below: Tree
    above: Tree


def _kink(part: Tree, letter: Symbol) -> _Kink | None:
    r"""Where |x - a|, \max(x - a, 0) or \min(0, a - x) turns, which no rule of quadrature sees."""
    match part:
        case Bars(body=turned, double=False):
            inside = Group((turned,), "(", ")", at=part.at)
            low: Tree = Group((Sum((inside,), ("-",)),), "(", ")", at=part.at)
        case Function(macro=macro, argument=Group(items=(one, other))) if macro in _EXTREMA:
            if Number("0") not in (one, other):
                return None
            turned = other if one == Number("0") else one
            inside, low = Group((turned,), "(", ")", at=part.at), Number("0", at=part.at)
            if macro == r"\min":
                inside, low = low, inside  # type: ignore[assignment]  # a tree as well as the other
        case _:
            return None
    match turned:
        case Symbol() if turned == letter:
            return _Kink(part, Number("0", at=part.at), low, inside)
        case Sum(terms=(first, place), signs=("", sign)) if first == letter:
            at = place if sign == "-" else Sum((place,), ("-",), at=place.at)
            return None if letter in walk(place) else _Kink(part, at, low, inside)
        case Sum(terms=(place, last), signs=("", "-")) if last == letter:
            return None if letter in walk(place) else _Kink(part, place, inside, low)
    return None


_EXTREMA = (r"\max", r"\min")


@cache
def _parsed(formula: str) -> Tree:
    return steps(parse(f"1 = {formula}"))[0].right


def filled(tree: Tree, put: Mapping[str, Tree]) -> Tree:
    """A formula with trees for its capital letters."""
    if isinstance(tree, Symbol):
        return put.get(tree.base, tree)
    for name, place, child in children(tree):
        tree = with_child(tree, name, place, filled(child, put))
    return tree
