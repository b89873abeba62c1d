r"""Kullback and Leibler's divergence: of two columns of probabilities, or of two laws with a name.

    D_{\mathrm{KL}}(p \,\|\, q)                    \sum_k p_k (\log p_k - \log q_k)
    \mathrm{KL}(\mathcal{N}(\mu, \sigma^2) \,\|\, \mathcal{N}(0, 1))

That of two normal laws is the closed form of their means and variances, or covariance matrices. A
name that the page gives to a divergence is the page's.
"""

from __future__ import annotations

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import Group, Indices, Relation, Script, Symbol, Tree
from edf.equations.meaning.names.scope import Law, Scope, index_text
from edf.equations.meaning.probability.laws import named_law
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make, number
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.shapes import DimensionVariable, is_column, settle

_BETWEEN = (r"\|", "||", r"\Vert", r"\parallel", r"\middle\|")


def read_divergence(reader: Reader, head: Tree, group: Group) -> Expr | None:
    r"""Read D_{KL}(p \| q) and \mathrm{KL}(p \| q); None of what is none, or the page's own."""
    pair = _pair(group)
    if pair is None or not names_divergence(head, reader.scope):
        return None
    at = group.at
    laws = [named_law(side) for side in pair]
    one, other = laws
    if one is not None and other is not None and one.name == other.name:
        if one.name == "N":
            return _of_normal_laws(reader, one, other, at)
        if one.name == "Bernoulli":
            p, q = (reader.whole(law.parameters[0]) for law in (one, other))
            return _sum(_weighted(p, q, at), _weighted(_less(p, at), _less(q, at), at), at=at)
    elif one is None and other is None:
        if isinstance(head, Symbol) and reader.scope.find(head) is not None:
            return None  # edf's own operation takes several rows as well
        p, q = (reader.whole(side) for side in pair)
        if is_column(p.shape) and is_column(q.shape):
            ratio = _minus(apply("log", (p,), at), apply("log", (q,), at), at)
            return apply("inner", (p, ratio), at)
    fail(
        Why.NOTATION,
        "A divergence is understood of two columns of probabilities, two normal laws, or two of "
        "Bernoulli: define others (define: D(p, q) = ..)",
        at,
    )


def _pair(group: Group) -> tuple[Tree, Tree] | None:
    match group:
        case Group(items=(one, other), commas=(sign,)) if sign in _BETWEEN:
            return one, other
        case Group(items=(Relation(left=one, sign=sign, right=other),)) if sign in _BETWEEN:
            return one, other
    return None


def names_divergence(head: Tree, scope: Scope) -> bool:
    """Whether a head is KL or D_{KL}, and no name of the page but that of an operation of edf."""
    if isinstance(head, Symbol):
        bound = scope.find(head)
        return head.base == "KL" and (bound is None or isinstance(bound.value, type))
    match head:
        case Script(base=Symbol(base="D") as name, sub=Indices() as sub, sup=None, primes=0):
            text = index_text(sub)
            return text == "KL" and not (scope.find(name) or scope.find(name, text))
    return False


def _of_normal_laws(reader: Reader, one: Law, other: Law, at: int) -> Expr:
    (mean, spread), (mean_2, spread_2) = (
        tuple(map(reader.whole, law.parameters)) for law in (one, other)
    )
    if spread.shape is None or spread_2.shape is None:
        away = apply("pow", (_minus(mean, mean_2, at), number(2.0, at, ("2", "2"))), at)
        return _half(
            _sum(
                apply("div", (spread, spread_2), at),
                apply("div", (away, spread_2), at),
                apply("log", (apply("div", (spread_2, spread), at),), at),
                number(-1.0, at),
                at=at,
            ),
            at,
        )
    if mean.op == "number" and mean.data == 0:
        mean = make("zeros", at=at, shape=(spread.shape[0], 1))
    if mean_2.op == "number" and mean_2.data == 0:
        mean_2 = make("zeros", at=at, shape=(spread_2.shape[0], 1))
    away = _minus(mean, mean_2, at)
    _minus(spread, spread_2, at)  # which are of one size
    inverse = apply("inverse", (spread_2,), at)
    assert away.shape is not None
    length = settle(away.shape[0])
    if isinstance(length, DimensionVariable):
        fail(Why.UNKNOWN, "The length of this cannot be told from what stands around it", at)
    return _half(
        _sum(
            apply("trace", (apply("matmul", (inverse, spread), at),), at),
            apply("inner", (away, apply("matmul", (inverse, away), at)), at),
            apply("log", (apply("det", (spread_2,), at),), at),
            apply("neg", (apply("log", (apply("det", (spread,), at),), at),), at),
            number(-float(length), at),
            at=at,
        ),
        at,
    )


def _weighted(p: Expr, q: Expr, at: int) -> Expr:
    return apply("mul", (p, apply("log", (apply("div", (p, q), at),), at)), at)


def _less(p: Expr, at: int) -> Expr:
    return _minus(number(1.0, at, ("1", "1")), p, at)


def _minus(one: Expr, other: Expr, at: int) -> Expr:
    return apply("add", (one, apply("neg", (other,), at)), at)


def _sum(*parts: Expr, at: int) -> Expr:
    return apply("add", parts, at)


def _half(value: Expr, at: int) -> Expr:
    return apply("div", (value, number(2.0, at, ("2", "2"))), at)
