r"""Random variables with a law that has a name, `X \sim \mathcal{N}(\mu, \sigma^2)`.

Their expectations are integrals, sums or series by the density or the probabilities of the law:
E[g(X)] of a Poisson law is \sum_{k=0}^\infty e^{-\lambda} \frac{\lambda^k}{k!} g(k). How several
such variables depend on each other is not known, so that one formula has one of them under each E.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    INFINITY,
    Bars,
    Big,
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
    rewritten,
    walk,
    with_child,
)
from edf.equations.meaning.calculus.integrals import PI, filled, mean_over
from edf.equations.meaning.names.scope import Law
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, number
from edf.equations.meaning.typed.expression import Expr


@dataclass(frozen=True)
class _Family:
    """A family of laws: its parameters, and the probability or the density of a value X."""

    formula: str
    parameters: int
    first: str = ""  # of whole numbers, where they start
    last: str = ""  # and end
    over: str = ""  # of densities, the rule of integration


_FAMILIES = {
    "Bernoulli": _Family("A^X (1 - A)^{1 - X}", 1, "0", "1"),
    "Binomial": _Family(r"\binom{A}{X} B^X (1 - B)^{A - X}", 2, "0", "A"),
    "Poisson": _Family(r"\exp(-A) \frac{A^X}{X!}", 1, "0", r"\infty"),
    "N": _Family(r"\frac{1}{\sqrt{2 \pi B}} \exp(-\frac{(X - A)^2}{2 B})", 2, over="line"),
    "U": _Family(r"\frac{1}{B - A}", 2, over="interval"),
    "Exponential": _Family(r"A \exp(-A X)", 1, over="half"),
}
_SPELLED = {
    "Bern": "Bernoulli", "Ber": "Bernoulli", "Bin": "Binomial", "Binom": "Binomial",
    "B": "Binomial", "Poi": "Poisson", "Pois": "Poisson", "Po": "Poisson", "Normal": "N",
    "Uniform": "U", "Unif": "U", "Exp": "Exponential", "Expo": "Exponential",
}  # fmt: skip


def law(text: str, at: int) -> Law:
    r"""Return the law that `\mathcal{N}(\mu, \sigma^2)` names.

    Raises:
        EquationError: It is none that is known.
    """
    return _law(steps(parse(f"0 = {text}"))[0].right, text, at)


def named_law(tree: Tree) -> Law | None:
    r"""Return the law of E_{x \sim \mathcal{N}(0, 1)}[..]; None if what stands there is none."""
    match tree:
        case Product(factors=(Symbol(styles=styles) as name, Group() as group)) if styles:
            known = _SPELLED.get(name.base, name.base) in _FAMILIES
            return _law(tree, to_latex(tree), group.at) if known else None
    return None


def _law(tree: Tree, text: str, at: int) -> Law:
    factors = tree.factors if isinstance(tree, Product) else ()
    letters = [factor.base for factor in factors[:-1] if isinstance(factor, Symbol)]
    name = "".join(letters)
    name = _SPELLED.get(name, name)
    kind = _FAMILIES.get(name)
    group = factors[-1] if factors else None
    if kind is None or len(letters) < len(factors) - 1 or not isinstance(group, Group):
        raise EquationError(
            Why.DECLARATION,
            f"The law {text} is not known: there are \\mathcal{{N}}(\\mu, \\sigma^2), U(a, b), "
            "Exponential(\\lambda), Bernoulli(p), Binomial(n, p), Poisson(\\lambda); or declare X "
            "on a sample space (let: X : \\Omega \\to \\{1, \\dots, m\\})",
            position=at,
        )
    if len(group.items) != kind.parameters:
        raise EquationError(
            Why.DECLARATION,
            f"{name} has {kind.parameters} parameter{'s' * (kind.parameters > 1)}, and here it has "
            f"{len(group.items)}",
            position=at,
        )
    if name == "N":
        _insist_on_variance(group.items[1], at)
    return Law(name, group.items)


def density(reader: Reader, name: Symbol, group: Group) -> Expr | None:
    r"""Read \mathcal{N}(x \mid \mu, \Sigma), the normal density at a number or a column.

    What stands last is the variance or the covariance matrix.
    """
    at, bars = group.at, group.commas[:1]
    if name.base != "N" or r"\mathcal" not in name.styles or len(group.items) != 3:
        return None
    if not set(bars) & {"|", r"\mid", r"\vert", ";"}:
        return None
    _insist_on_variance(group.items[2], at)
    value, mean, spread = (reader.whole(item) for item in group.items)
    if mean.op != "number" or mean.data != 0:
        value = apply("add", (value, apply("neg", (mean,), at)), at)
    two, pi = number(2.0, at, ("2", "2")), number(math.pi, at, ("pi", r"\pi"))
    twice_pi = apply("mul", (two, pi), at)
    if value.shape is None:
        squared = apply("div", (apply("pow", (value, two), at), spread), at)
        size = apply("mul", (twice_pi, spread), at)
    elif spread.shape is None:
        fail(
            Why.SHAPES,
            "The covariance of a column is a matrix: write \\sigma^2 I",
            group.items[2].at,
        )
    else:
        inverse = apply("inverse", (spread,), at)
        left = apply("matmul", (apply("transpose", (value,), at), inverse), at)
        squared = apply("matmul", (left, value), at)
        size = apply("det", (apply("mul", (twice_pi, spread), at),), at)
    half = apply("neg", (apply("div", (squared, two), at),), at)
    return apply("div", (apply("exp", (half,), at), apply("sqrt", (size,), at)), at)


def _insist_on_variance(tree: Tree, at: int) -> None:
    if isinstance(tree, Symbol) and tree.base == r"\sigma":
        fail(
            Why.AMBIGUOUS,
            "Is \\sigma the variance, or the standard deviation? Write \\sigma^2",
            at,
        )


def laws_in(reader: Reader, tree: Tree) -> dict[str, tuple[Symbol, Law]]:
    """Return the random variables in a tree that have a law with a name."""
    found = {}
    for part in walk(tree):
        bound = reader.scope.find(part) if isinstance(part, Symbol) else None
        if bound is not None and bound.kind == "law" and isinstance(part, Symbol):
            found[bound.name] = (part, bound.value)
    return found


def mean(reader: Reader, found: dict[str, tuple[Symbol, Law]], body: Tree) -> Expr:
    """Read the expectation of a formula in which one such random variable stands."""
    if len(found) > 1:
        fail(
            Why.UNKNOWN,
            f"How {' and '.join(found)} depend on each other is not declared: declare them on one "
            "sample space or on two (let: X : \\Omega \\to \\mathbb{R})",
            body.at,
        )
    ((variable, one),) = found.values()
    letter = _fresh(reader, variable)

    def put(part: Tree) -> Tree:
        return letter if part == variable else part

    return over_law(reader, one, letter, rewritten(body, put))


def over_law(reader: Reader, one: Law, letter: Symbol, body: Tree) -> Expr:
    """Read the expectation of a formula of a letter that has a law."""
    kind, at = _FAMILIES[one.name], body.at
    if kind.over:
        return mean_over(reader, kind.formula, kind.over, one.parameters, letter, body)
    inside = Group((body,), "(", ")", at=at)
    weight = Group((_formula(one, kind.formula, letter),), "(", ")", at=at)
    below = Relation(letter, "=", Number(kind.first), at=at)
    product = Product((weight, inside), (r"\cdot",), at=at)
    return reader.read(Big(r"\sum", below, _formula(one, kind.last, letter), product, at=at))


def probability(reader: Reader, event: Relation) -> Expr | None:
    r"""Read P(X = k), P(X \leq x), P(X > x) or P(a < X \leq b) of such a random variable.

    Returns:
        The probability, or None if the event is not about one.
    """
    match event:
        case Relation(left=Relation() as lower) if lower.sign in ("<", r"\leq"):
            inner = lower.right
            if _law_of(reader, inner) is None or event.sign not in ("<", r"\leq"):
                return None
            below = r"\leq" if lower.sign == "<" else "<"
            up_to = probability(reader, Relation(inner, event.sign, event.right, at=event.at))
            less = probability(reader, Relation(inner, below, lower.left, at=event.at))
            assert up_to is not None
            assert less is not None
            return apply("add", (up_to, apply("neg", (less,), event.at)), event.at)
        case Relation(left=left, right=Symbol() as right) if _law_of(reader, left) is None:
            if event.sign in _MIRRORED and _law_of(reader, right) is not None:
                return probability(
                    reader, Relation(right, _MIRRORED[event.sign], left, at=event.at)
                )
    if (apart := _within_distance(reader, event)) is not None:
        return probability(reader, apart[0]) if apart[1] else _other(reader, apart[0])
    one = _law_of(reader, event.left)
    if one is None:
        return None
    kind = _FAMILIES[one.name]
    if event.sign == "=" and not kind.over:
        return reader.read(_formula(one, kind.formula, event.right))
    assert isinstance(event.left, Symbol)
    if event.sign not in _MIRRORED:
        fail(
            Why.NOTATION,
            f"This probability of {to_latex(event.left)} is not understood: write P(X = k) of a "
            "law of whole numbers, or P(X \\leq x)",
            event.at,
        )
    letter = _fresh(reader, event.left)
    if not kind.over:
        holds = Group((Relation(letter, event.sign, event.right, at=event.at),), "[", "]")
        return over_law(reader, one, letter, holds)
    return reader.read(_tail(one, kind, letter, event))


def _within_distance(reader: Reader, event: Relation) -> tuple[Relation, bool] | None:
    r"""|X - a| < c as a - c < X < a + c, and whether it is that; of |X - a| > c it is the opposite.

    Returns:
        The two, or None if the event is no such thing.
    """
    bars = event.left
    if not isinstance(bars, Bars) or bars.double or event.sign not in _MIRRORED:
        return None
    match bars.body:
        case Symbol() as variable:
            centre: Tree = Number("0", at=bars.at)
        case Sum(terms=(Symbol() as variable, place), signs=("", "-")):
            centre = Group((place,), "(", ")", at=place.at)
        case _:
            return None
    if _law_of(reader, variable) is None:
        return None
    far = Group((event.right,), "(", ")", at=event.right.at)
    inside = event.sign in ("<", r"\leq")
    sign = event.sign if inside else {">": r"\leq", r"\geq": "<"}[event.sign]
    low = Sum((centre, far), ("", "-"), at=bars.at)
    high = Sum((centre, far), ("", "+"), at=bars.at)
    between = Relation(Relation(low, sign, variable, at=event.at), sign, high, at=event.at)
    return between, inside


def _other(reader: Reader, event: Relation) -> Expr:
    """1 less the probability of an event."""
    value = probability(reader, event)
    assert value is not None
    minus = apply("neg", (value,), event.at)
    return apply("add", (number(1.0, event.at), minus), event.at)


_MIRRORED = {"<": ">", r"\leq": r"\geq", ">": "<", r"\geq": r"\leq"}


def _law_of(reader: Reader, tree: Tree) -> Law | None:
    bound = reader.scope.find(tree) if isinstance(tree, Symbol) else None
    return bound.value if bound is not None and bound.kind == "law" else None


def _tail(one: Law, kind: _Family, letter: Symbol, event: Relation) -> Tree:
    """The probability of what is below or above a number, by the density."""
    below = event.sign in ("<", r"\leq")
    at = event.at
    end: Tree = Group((event.right,), "(", ")", at=event.right.at)
    if kind.over == "interval":
        share = steps(parse(r"1 = \max(0, \min(1, \frac{X - A}{B - A}))"))[0].right
        named = {"X": end, "A": _closed(one.parameters[0]), "B": _closed(one.parameters[1])}
        part = filled(share, named)
        return part if below else Sum((Number("1"), part), ("", "-"), at=at)
    density = Group((_formula(one, kind.formula, letter),), "(", ")", at=at)
    integrand = Product((density, Symbol("d"), letter), ("", ""), at=at)
    start: Tree = Sum((INFINITY,), ("-",))
    if kind.over == "half":  # where there is nothing below 0
        start = Number("0")
        end = Function(r"\max", None, Group((start, event.right), "(", ")", at=at), at=at)
    low, high = (start, end) if below else (end, INFINITY)
    return Big(r"\int", Indices((low,), ()), high, integrand, at=at)


def _closed(tree: Tree) -> Tree:
    return Group((tree,), "(", ")", at=tree.at)


def _fresh(reader: Reader, variable: Symbol) -> Symbol:
    """A letter that looks like a random variable, and stands nowhere else in the step."""
    name = f"{variable.base}~"
    while name in reader.inference.ranges or f"{name} " in reader.inference.ranges:
        name += "~"
    return Symbol(name, shown=to_latex(variable), at=variable.at)


def _formula(one: Law, text: str, value: Tree) -> Tree:
    put = {"X": value, r"\pi": PI, **dict(zip("AB", one.parameters, strict=False))}

    def filled(tree: Tree, above: bool) -> Tree:
        if isinstance(tree, Symbol) and tree.base in put:
            given = put[tree.base]
            closed = above or isinstance(given, Symbol | Number | Group)
            return given if closed else Group((given,), "(", ")", at=given.at)
        for name, place, child in children(tree):
            tree = with_child(tree, name, place, filled(child, name == "sup"))
        return tree

    return filled(steps(parse(f"1 = {text}"))[0].right, above=False)
