r"""Expectations over a finite distribution: \mathbb{E}_{x \sim p}[f(x)] is \sum_x p(x) f(x).

The distribution is a vector of the page, whose entries are the probabilities of the outcomes.
Random variables, X : \Omega \to \mathbb{R}, live on a finite sample space of any size; their values
and the probabilities of its outcomes are arbitrary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Big,
    Group,
    Indices,
    Product,
    Relation,
    Script,
    Symbol,
    Tree,
    substituted,
)
from edf.equations.latex.vocabulary import PROBABILITIES
from edf.equations.meaning.letters.symbols import read_node
from edf.equations.meaning.names.scope import Law, latex_name
from edf.equations.meaning.probability.events import (
    Indicator,
    all_of,
    indicator,
    is_event,
    measures_of,
    same_value,
    split,
    values_of,
    variable_of,
)
from edf.equations.meaning.probability.laws import laws_in, mean, named_law, over_law, probability
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make
from edf.equations.meaning.typed.expression import Expr

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
    if isinstance(relation.left, Symbol) and (one := named_law(relation.right)) is not None:
        return _over_law(reader, name, one, relation.left, group.items[0], head.at)
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
        shape = reader.shape_of(bound)
    given = _with_letter(relation.right, letter)
    if shape is None or (len(shape) != 1 and given is None):
        fail(
            Why.UNKNOWN,
            "The distribution of an expectation is a vector of the page: declare it "
            "(let: p \\in \\Delta^{n-1})",
            relation.right.at,
        )
    at_outcome = Group((letter,), "(", ")", at=relation.at)
    weight = given or Product((distribution, at_outcome), ("",), at=relation.at)
    below = Indices((letter,), (), at=letter.at)
    body = Group((group.items[0],), "(", ")", at=group.at)
    mean = reader.read(_mean(below, weight, body))
    if name in _EXPECTATIONS:
        return mean
    square = reader.read(_mean(below, weight, Product((body, body), (r"\cdot",), at=group.at)))
    squared = apply("mul", (mean, mean), head.at)
    return apply("add", (square, apply("neg", (squared,), head.at)), head.at)


def _of_variables(reader: Reader, head: Symbol, group: Group) -> Expr | None:
    """E, Var, Cov and P of random variables, or None if there are none."""
    bound = reader.scope.find(head)
    if bound is not None and not isinstance(bound.value, type):  # edf's own Var is no such thing
        return None
    if head.base in PROBABILITIES:
        event = group.items[0]
        relation = event if len(group.items) == 1 and isinstance(event, Relation) else None
        if relation is not None and (value := probability(reader, relation)) is not None:
            return value
        if not any(is_event(reader, item) for item in group.items):
            return None
        return _probability(reader, *split(group), group.at)
    moment = _MOMENTS.get(head.base)
    if moment is None or not any(
        measures_of(reader, item) or laws_in(reader, item) for item in group.items
    ):
        return None
    items, given = split(group)
    wanted = 2 if head.base in ("Cov", "Corr", "cov", "corr") else 1
    if len(items) != wanted:
        fail(
            Why.SHAPES,
            f"{head.base} takes {wanted} argument{'s' * (wanted > 1)}",
            group.at,
        )
    return moment(reader, given, *items)


def _probability(reader: Reader, events: Sequence[Tree], given: Sequence[Tree], at: int) -> Expr:
    """The probability of some events at once, perhaps where others are given."""
    if not given:
        return _averaged(reader, events, all_of(reader, events, at), at)
    both = (*events, *given)
    above = _averaged(reader, both, all_of(reader, both, at), at)
    below = _averaged(reader, given, all_of(reader, given, at), at)
    return apply("div", (above, below), at)


def _averaged(reader: Reader, trees: Sequence[Tree], read: Callable[[], Expr], at: int) -> Expr:
    """The sum of a value over the outcomes of all sample spaces in it, by their probabilities."""
    before = dict(reader.outcomes)
    weights, inside = [], []
    for measure in dict.fromkeys(m for tree in trees for m in measures_of(reader, tree)):
        name = reader.scope.labels.get(measure, "P")
        index = f"{name.removeprefix('P_').lower()} "
        while index in reader.inference.ranges:
            index += " "
        reader.outcomes[measure] = index
        inside.append(index)
        weights.append(read_node(reader, measure, (index,), (name, latex_name(name)), at))
    try:
        value = read()
    finally:
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


def _expectation(reader: Reader, given: Sequence[Tree], *factors: Tree) -> Expr:
    """The expectation of a product, perhaps where events are given, or the values of variables."""
    at = factors[0].at
    if found := {k: v for factor in factors for k, v in laws_in(reader, factor).items()}:
        if given or any(measures_of(reader, factor) for factor in factors):
            fail(
                Why.UNKNOWN,
                f"How {', '.join(found)} depends on what else stands here is not declared: declare "
                "all on one sample space (let: X : \\Omega \\to \\mathbb{R})",
                at,
            )
        groups = tuple(Group((factor,), "(", ")", at=at) for factor in factors)
        joins = (r"\cdot",) * (len(groups) - 1)
        return mean(reader, found, groups[0] if not joins else Product(groups, joins, at=at))

    def product() -> Expr:
        values = [reader.read(factor) for factor in factors]
        return values[0] if len(values) == 1 else apply("mul", values, at)

    if not given:
        return _averaged(reader, factors, product, at)
    happens = [_given(reader, tree) for tree in given]

    def both() -> Expr:
        return apply("mul", [product(), *(one() for one in happens)], at)

    def alone() -> Expr:
        values = [one() for one in happens]
        return values[0] if len(values) == 1 else apply("mul", values, at)

    above = _averaged(reader, (*factors, *given), both, at)
    below = _averaged(reader, given, alone, at)
    return apply("div", (above, below), at)


def _given(reader: Reader, tree: Tree) -> Indicator:
    """What is given: an event, or the value that a random variable has at the outcome outside."""
    bound = variable_of(reader, tree)
    if bound is None or getattr(bound.value, "is_event", False) or values_of(bound) is None:
        return indicator(reader, tree)
    if bound.value.measure not in reader.outcomes:
        fail(
            Why.OTHER_MEANING,
            f"An expectation given {bound.name} is a random variable: write its expectation, or "
            f"{bound.name} = {bound.name.lower()}",
            tree.at,
        )
    return same_value(reader, bound, tree.at)


def _covariance(reader: Reader, given: Sequence[Tree], one: Tree, other: Tree) -> Expr:
    product = _expectation(reader, given, one, other)
    first = _expectation(reader, given, one)
    means = first, first if other is one else _expectation(reader, given, other)
    return apply("add", (product, apply("neg", (apply("mul", means, one.at),), one.at)), one.at)


def _variance(reader: Reader, given: Sequence[Tree], tree: Tree) -> Expr:
    return _covariance(reader, given, tree, tree)


def _deviation(reader: Reader, given: Sequence[Tree], tree: Tree) -> Expr:
    return apply("sqrt", (_variance(reader, given, tree),), tree.at)


def _correlation(reader: Reader, given: Sequence[Tree], one: Tree, other: Tree) -> Expr:
    spread = apply(
        "mul", (_deviation(reader, given, one), _deviation(reader, given, other)), one.at
    )
    return apply("div", (_covariance(reader, given, one, other), spread), one.at)


_MOMENTS: dict[str, Callable[..., Expr]] = {
    "E": _expectation, "Expect": _expectation, "Var": _variance, "V": _variance,
    "var": _variance, "Cov": _covariance, "cov": _covariance, "SD": _deviation,
    "std": _deviation, "Corr": _correlation, "corr": _correlation,
}  # fmt: skip


def _over_law(reader: Reader, name: str, one: Law, letter: Symbol, body: Tree, at: int) -> Expr:
    average = over_law(reader, one, letter, body)
    if name in _EXPECTATIONS:
        return average
    inside = Group((body,), "(", ")", at=body.at)
    product = Product((inside, inside), (r"\cdot",), at=body.at)
    square = over_law(reader, one, letter, product)
    less = apply("neg", (apply("mul", (average, average), at),), at)
    return apply("add", (square, less), at)


def _mean(below: Indices, weight: Product, body: Tree) -> Big:
    product = Product((*weight.factors, body), ("", r"\cdot"), at=weight.at)
    return Big(r"\sum", below, None, product, at=below.at)


def _with_letter(tree: Tree, letter: Symbol) -> Product | None:
    r"""\pi(a \mid s) of \pi(\cdot \mid s) and a letter a, or None for anything else."""
    match tree:
        case Product(factors=(Symbol(), Group(items=items))):
            if Symbol(r"\cdot") in items:
                found = substituted(tree, {Symbol(r"\cdot"): letter})
                assert isinstance(found, Product)
                return found
    return None


def _name_of(tree: Tree) -> Symbol | None:
    """Return p of `p` or `p(x)`."""
    if isinstance(tree, Product) and len(tree.factors) == 2 and isinstance(tree.factors[1], Group):
        tree = tree.factors[0]
    return tree if isinstance(tree, Symbol) else None
