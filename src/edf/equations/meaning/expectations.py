r"""Expectations over a finite distribution: \mathbb{E}_{x \sim p}[f(x)] is \sum_x p(x) f(x).

The distribution is a vector of the page, whose entries are the probabilities of the outcomes.
Random variables, X : \Omega \to \mathbb{R}, live on a finite sample space of any size; their values
and the probabilities of its outcomes are arbitrary.
"""

from __future__ import annotations

from collections.abc import Callable

from edf.equations.errors import Why
from edf.equations.latex.syntax import (
    Big,
    Group,
    Indices,
    Product,
    Relation,
    Script,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.algebra import apply, fail, make
from edf.equations.meaning.expression import Expr
from edf.equations.meaning.integrals import density, mean_over
from edf.equations.meaning.names import index_text, latex_name
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.symbols import read_node
from edf.graph import Node

_EXPECTATIONS = ("E", "Expect")
_VARIANCES = ("Var", "V")


def read_expectation(reader: Reader, head: Tree, group: Tree) -> Expr | None:
    """Read E or Var with its distribution below, or of random variables; None if it is neither."""
    if isinstance(head, Symbol) and isinstance(group, Group):
        return _of_variables(reader, head, group)
    if not isinstance(head, Script) or not isinstance(head.base, Symbol) or head.sup:
        return None
    name, sub = head.base.base, head.sub
    known = name in _EXPECTATIONS or name in _VARIANCES
    bound = reader.scope.find(head.base)
    if not known or not isinstance(sub, Indices):
        return None
    if bound is not None and not isinstance(bound.value, type):  # edf's own Var is no such thing
        return None
    relation = sub.items[0]
    if not isinstance(relation, Relation) or relation.sign not in (r"\sim", r"\in"):
        return None
    if not isinstance(group, Group) or len(group.items) != 1 or len(sub.items) != 1:
        return None
    if isinstance(relation.left, Symbol) and (continuous := density(relation.right)) is not None:
        return _over_density(reader, name, continuous, relation.left, group.items[0], head.at)
    letter, distribution = relation.left, _name_of(relation.right)
    if not isinstance(letter, Symbol) or distribution is None:
        fail(
            Why.NOTATION,
            "An expectation is written \\mathbb{E}_{x \\sim p}[..] with the name of a vector p",
            head.at,
        )
    bound = reader.scope.find(distribution)
    shape = None
    if bound is not None and bound.kind in ("node", "array"):
        shape = reader.shape(bound.value) if bound.kind == "node" else bound.value.shape
    if shape is None or len(shape) != 1:
        fail(
            Why.UNKNOWN,
            "The distribution of an expectation is a vector of the page",
            relation.right.at,
        )
    at_outcome = Group((letter,), "(", ")", at=relation.at)
    weight = Product((distribution, at_outcome), ("",), at=relation.at)
    below = Indices((letter,), (), at=letter.at)
    body = Group((group.items[0],), "(", ")", at=group.at)
    mean = reader.read(_mean(below, weight, body))
    if name in _EXPECTATIONS:
        return mean
    square = reader.read(_mean(below, weight, Product((body, body), (r"\cdot",), at=group.at)))
    squared = apply("mul", (mean, mean), head.at)
    return apply("add", (square, apply("neg", (squared,), head.at)), head.at)


def _of_variables(reader: Reader, head: Symbol, group: Group) -> Expr | None:
    """E, Var, Cov and their kin of random variables, or None if there are none."""
    bound = reader.scope.find(head)
    moment = _MOMENTS.get(head.base)
    if moment is None or (bound is not None and not isinstance(bound.value, type)):
        return None
    wanted = 2 if head.base in ("Cov", "Corr", "cov", "corr") else 1
    if not any(_measures(reader, item) for item in group.items):
        return None
    if len(group.items) != wanted:
        fail(Why.NOTATION, f"{head.base} takes {wanted} argument{'s' * (wanted > 1)}", group.at)
    return moment(reader, *group.items)


def _measures(reader: Reader, tree: Tree) -> dict[Node, None]:
    """The probabilities of the sample spaces that the random variables in a tree live on."""
    found: dict[Node, None] = {}
    for part in walk(tree):
        symbol, text = part, ""
        if isinstance(part, Script) and isinstance(part.base, Symbol) and part.sub is not None:
            symbol, text = part.base, index_text(part.sub) or ""
        bound = reader.scope.find(symbol, text) if isinstance(symbol, Symbol) else None
        measure = getattr(bound.value, "measure", None) if bound is not None else None
        if measure is not None:
            found[measure] = None
    return found


def _expectation(reader: Reader, *factors: Tree) -> Expr:
    """The expectation of a product: a sum over the outcomes of all sample spaces in it."""
    tree = factors[0] if len(factors) == 1 else None
    if tree is None:
        groups = tuple(Group((f,), "(", ")", at=f.at) for f in factors)
        tree = Product(groups, (r"\cdot",) * (len(groups) - 1), at=factors[0].at)
    before, at = dict(reader.outcomes), tree.at
    weights = []
    for measure in _measures(reader, tree):
        name = reader.scope.labels.get(measure, "P")
        index = f"{name} "
        while index in reader.inference.ranges:
            index += " "
        reader.outcomes[measure] = index
        weights.append(read_node(reader, measure, (index,), (name, latex_name(name)), at))
    try:
        value = reader.read(tree)
    finally:
        inside = [reader.outcomes[measure] for measure in _measures(reader, tree)]
        reader.outcomes = before
    if value.shape is not None:
        fail(Why.SHAPES, "An expectation of a vector: write it with an index", at)
    if not weights:
        return value
    body = apply("mul", (*weights, value), at)
    return make(
        "big", (body,), ("sum", tuple(inside), None), at=at, free=body.free - set(inside),
        bound=frozenset(inside),
    )  # fmt: skip


def _covariance(reader: Reader, one: Tree, other: Tree) -> Expr:
    product = _expectation(reader, one, other)
    means = _expectation(reader, one), _expectation(reader, other)
    return apply("add", (product, apply("neg", (apply("mul", means, one.at),), one.at)), one.at)


def _variance(reader: Reader, tree: Tree) -> Expr:
    return _covariance(reader, tree, tree)


def _deviation(reader: Reader, tree: Tree) -> Expr:
    return apply("sqrt", (_variance(reader, tree),), tree.at)


def _correlation(reader: Reader, one: Tree, other: Tree) -> Expr:
    spread = apply("mul", (_deviation(reader, one), _deviation(reader, other)), one.at)
    return apply("div", (_covariance(reader, one, other), spread), one.at)


_MOMENTS: dict[str, Callable[..., Expr]] = {
    "E": _expectation, "Expect": _expectation, "Var": _variance, "V": _variance,
    "var": _variance, "Cov": _covariance, "cov": _covariance, "SD": _deviation,
    "std": _deviation, "Corr": _correlation, "corr": _correlation,
}  # fmt: skip


def _over_density(
    reader: Reader,
    name: str,
    continuous: tuple[str, tuple[Tree, Tree]],
    letter: Symbol,
    body: Tree,
    at: int,
) -> Expr:
    kind, parameters = continuous
    mean = mean_over(reader, kind, parameters, letter, body)
    if name in _EXPECTATIONS:
        return mean
    inside = Group((body,), "(", ")", at=body.at)
    product = Product((inside, inside), (r"\cdot",), at=body.at)
    again = Symbol(letter.base, letter.styles, at=letter.at)
    square = mean_over(reader, kind, parameters, again, product)
    return apply("add", (square, apply("neg", (apply("mul", (mean, mean), at),), at)), at)


def _mean(below: Indices, weight: Product, body: Tree) -> Big:
    product = Product((*weight.factors, body), ("", r"\cdot"), at=weight.at)
    return Big(r"\sum", below, None, product, at=below.at)


def _name_of(tree: Tree) -> Symbol | None:
    """Return p of `p` or `p(x)`."""
    if isinstance(tree, Product) and len(tree.factors) == 2 and isinstance(tree.factors[1], Group):
        tree = tree.factors[0]
    return tree if isinstance(tree, Symbol) else None
