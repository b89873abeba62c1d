r"""Integrals, `\int_a^b f(x) \, dx`, and expectations over densities.

The variable of integration stands for the places of a quadrature rule, as an index does, so what
can be summed over an index can be integrated. Where the page binds the variable to a node, what is
computed from that node is computed again at each place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Big,
    Fraction,
    Group,
    Indices,
    Number,
    Product,
    Sum,
    Symbol,
    Tree,
    children,
    with_child,
)
from edf.equations.meaning.names.scope import python_names
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import make
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.quadrature import rule
from edf.graph import Node

_INFINITY = Symbol(r"\infty")
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
    before = reader.dummies.get(name)
    reader.dummies[name] = place
    try:
        inner = _integrated(reader, body, pairs[:-1]) if pairs[:-1] else reader.read(body)
    finally:
        del reader.dummies[name]
        if before is not None:
            reader.dummies[name] = before
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
        return isinstance(tree, Sum) and tree.signs == ("-",) and tree.terms[0] == _INFINITY
    return tree == _INFINITY or tree == Sum((_INFINITY,), ("+",))


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
        fail(Why.DERIVATIVE, "A derivative by what runs here: bind it to a name", expr.at)
    args = [moved(reader, arg, node, place) for arg in expr.args]
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    free = frozenset().union(*(arg.free for arg in args)) | expr.free
    own = expr.order - max((arg.order for arg in expr.args), default=0)  # as f' has, and limits
    return make(
        expr.op, args, expr.data, at=expr.at, shape=expr.shape, free=free - expr.bound,
        bound=expr.bound, order=own, label=expr.label,
    )  # fmt: skip


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
    put: dict[str, Tree] = {"X": letter}
    put |= {name: Group((tree,), "(", ")") for name, tree in zip("AB", parameters, strict=False)}
    weight = filled(_parsed(formula), put)
    integrand = Product(
        (Group((body,), "(", ")", at=body.at), Group((weight,), "(", ")"), Symbol("d"), letter),
        (r"\cdot", "", ""),
        at=body.at,
    )
    limits: tuple[Tree, Tree] = (Sum((_INFINITY,), ("-",)), _INFINITY)
    if over == "half":
        limits = (Number("0"), _INFINITY)
    elif over == "interval":
        limits = (parameters[0], parameters[1])
    return read_integral(
        reader, Big(r"\int", Indices((limits[0],), ()), limits[1], integrand, at=body.at)
    )


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
