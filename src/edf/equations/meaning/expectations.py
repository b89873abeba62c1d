r"""Expectations over a finite distribution: \mathbb{E}_{x \sim p}[f(x)] is \sum_x p(x) f(x).

The distribution is a vector of the page, whose entries are the probabilities of the outcomes.
"""

from __future__ import annotations

from edf.equations.latex.syntax import (
    Big,
    Group,
    Indices,
    Product,
    Relation,
    Script,
    Symbol,
    Tree,
)
from edf.equations.meaning.algebra import apply, fail
from edf.equations.meaning.expression import Expr
from edf.equations.meaning.integrals import density, mean_over
from edf.equations.meaning.reader import Reader

_EXPECTATIONS = ("E", "Expect")
_VARIANCES = ("Var", "V")


def read_expectation(reader: Reader, head: Tree, group: Tree) -> Expr | None:
    """Read E or Var with its distribution below, or return None if this is neither."""
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
            "An expectation is written \\mathbb{E}_{x \\sim p}[..] with the name of a vector p",
            head.at,
        )
    bound = reader.scope.find(distribution)
    shape = None
    if bound is not None and bound.kind in ("node", "array"):
        shape = reader.shape(bound.value) if bound.kind == "node" else bound.value.shape
    if shape is None or len(shape) != 1:
        fail("The distribution of an expectation is a vector of the page", relation.right.at)
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
