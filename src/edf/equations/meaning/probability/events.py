r"""Events of a finite sample space and their probabilities: P(X = x), P(A \cap B), P(Y \mid X = x).

An event is a number for each outcome, 1 where it happens; its probability is the expectation of
that. Random variables with finitely many values, `X : \Omega \to \{1, \dots, m\}`, take each of
their values with each of those of the others, so that no condition has probability 0. Where a
letter is not bound, p(x, y) and p(y \mid x) stand for P(X = x, Y = y) and P(Y = y \mid X = x).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Group,
    Product,
    Relation,
    Script,
    Styled,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import CONDITION_SIGNS
from edf.equations.meaning.letters.symbols import read_bound, read_letter
from edf.equations.meaning.names.scope import Bound, index_text
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, cases, make, number
from edf.equations.meaning.typed.expression import Condition, Expr
from edf.graph import Node

_COMPLEMENTS = frozenset(["c", r"\complement"])
_BARS = frozenset([r"\bar", r"\overline"])

Indicator = Callable[[], Expr]
"""Reads an event as a number for the outcomes at hand."""


def variable_of(reader: Reader, tree: Tree) -> Bound | None:
    """Return the random variable or the event that a name stands for, or None."""
    symbol, text = tree, ""
    if isinstance(tree, Script) and tree.sup is None and not tree.primes and tree.sub is not None:
        symbol, text = tree.base, index_text(tree.sub) or ""
    bound = reader.scope.find(symbol, text) if isinstance(symbol, Symbol) else None
    return bound if bound is not None and hasattr(bound.value, "measure") else None


def measures_of(reader: Reader, tree: Tree) -> dict[Node, None]:
    """Return the probabilities of the sample spaces that the names in a tree live on."""
    found: dict[Node, None] = {}
    for part in walk(tree):
        plain = _uncomplemented(part)[0]
        for bound in (variable_of(reader, plain), _of_letter(reader, part)):
            if bound is not None and bound.value.measure is not None:
                found[bound.value.measure] = None
    return found


def _of_letter(reader: Reader, tree: Tree) -> Bound | None:
    """Return the random variable X that an unbound x is a value of."""
    symbol = tree.base if isinstance(tree, Script) and tree.sub is None else tree
    if not isinstance(symbol, Symbol) or len(symbol.base.rstrip("'")) != 1 or symbol.styles:
        return None
    capital = symbol.base.rstrip("'").upper()
    if capital == symbol.base or reader.scope.find(symbol) is not None:
        return None
    bound = reader.scope.find(Symbol(capital))
    return bound if bound is not None and values_of(bound) is not None else None


def values_of(bound: Bound) -> tuple[int, int] | None:
    """Return the first of the values of a random variable and how many there are, if they are whole
    numbers one after the other; else None."""
    values = getattr(getattr(bound.value, "sample", None), "values", ())
    if getattr(bound.value, "measure", None) is None or not values:
        return None
    whole = all(float(v).is_integer() and v - values[0] == k for k, v in enumerate(values))
    return (int(values[0]), len(values)) if whole else None


def is_event(reader: Reader, tree: Tree) -> bool:
    """Whether a tree is an event: a relation of random variables, a declared event, a value."""
    match tree:
        case Relation():
            return is_event_side(reader, tree.left) or is_event_side(reader, tree.right)
        case Group(items=(inner,)):
            return is_event(reader, inner)
        case Product() if set(tree.joins) <= {r"\cap", r"\cup", r"\wedge", r"\vee", r"\setminus"}:
            return all(is_event(reader, factor) for factor in tree.factors)
    bound = variable_of(reader, _uncomplemented(tree)[0])
    if bound is not None:
        return bool(getattr(bound.value, "is_event", False))
    return _of_letter(reader, tree) is not None


def is_event_side(reader: Reader, tree: Tree) -> bool:
    """Whether a random variable stands on one side of a relation."""
    return any(variable_of(reader, part) is not None for part in walk(tree))


def indicator(reader: Reader, tree: Tree) -> Indicator:
    """Return what reads an event as 1 or 0 for the outcomes at hand.

    Raises:
        EquationError: It is none.
    """
    match tree:
        case Group(items=(inner,)):
            return indicator(reader, inner)
        case Relation():
            return lambda: _of_relation(reader, tree)
        case Product() if set(tree.joins) <= {r"\cap", r"\wedge"}:
            parts = [indicator(reader, factor) for factor in tree.factors]
            return lambda: apply("mul", [part() for part in parts], tree.at)
        case Product() if set(tree.joins) <= {r"\cup", r"\vee"}:
            parts = [indicator(reader, factor) for factor in tree.factors]
            return lambda: _not(apply("mul", [_not(part()) for part in parts], tree.at))
        case Product(factors=(one, other), joins=(r"\setminus",)):
            inside, outside = indicator(reader, one), indicator(reader, other)
            return lambda: apply("mul", (inside(), _not(outside())), tree.at)
        case Product() if set(tree.joins) <= {r"\cap", r"\cup", r"\wedge", r"\vee", r"\setminus"}:
            fail(Why.AMBIGUOUS, "\\cap and \\cup side by side: write parentheses", tree.at)
    inner, complement = _uncomplemented(tree)
    bound = variable_of(reader, inner)
    if bound is not None and getattr(bound.value, "is_event", False):
        return lambda: _event(reader, bound, tree.at, complement)
    variable = _of_letter(reader, tree)
    if variable is not None:
        return lambda: _has_value(reader, variable, tree, "=", tree.at)
    if bound is not None:
        fail(
            Why.NOTATION,
            f"{bound.name} is no event: write {bound.name} = .., or, where it is given, declare "
            f"whole numbers as its values (let: {bound.name} : \\Omega \\to \\{{1, 2, 3\\}})",
            tree.at,
        )
    fail(
        Why.NOTATION,
        "An event is written X = x, X \\leq a, or with a name that is declared (let: A \\subseteq "
        "\\Omega)",
        tree.at,
    )


def _uncomplemented(tree: Tree) -> tuple[Tree, bool]:
    r"""A of A^c and of \bar{A}, and whether there was anything to take off."""
    match tree:
        case Script(base=base, sub=None, sup=Symbol() as sup) if sup.base in _COMPLEMENTS:
            return base, True
        case Symbol(styles=(first, *rest)) if first in _BARS:
            return Symbol(tree.base, tuple(rest), at=tree.at), True
        case Styled(macro=macro, body=body) if macro in _BARS:
            return body, True
    return tree, False


def _not(value: Expr) -> Expr:
    return apply("add", (number(1.0, value.at), apply("neg", (value,), value.at)), value.at)


def _event(reader: Reader, bound: Bound, at: int, complement: bool) -> Expr:
    index = reader.outcomes[bound.value.measure]
    value = read_bound(reader, bound, (index,), bound.name, at)
    return _not(value) if complement else value


def _of_relation(reader: Reader, tree: Relation) -> Expr:
    if tree.sign not in CONDITION_SIGNS:
        fail(Why.NOTATION, f"{tree.sign} is not understood in an event: compare values", tree.at)
    variable = variable_of(reader, tree.left)
    if variable is not None and not getattr(variable.value, "is_event", False):
        return _has_value(reader, variable, tree.right, tree.sign, tree.at)
    sides = reader.read(tree.left), reader.read(tree.right)
    if tree.sign in ("=", r"\neq"):
        fail(
            Why.NOTATION,
            "In an event, a random variable alone stands on the left of an equality: X = x",
            tree.at,
        )
    return _one_where(tree.sign, *sides)


def _has_value(reader: Reader, variable: Bound, value: Tree, sign: str, at: int) -> Expr:
    """1 where a random variable stands to a value as a relation says, else 0.

    A letter that no sum with bounds makes a number runs over its values.
    """
    here = read_bound(
        reader, variable, (reader.outcomes[variable.value.measure],), variable.name, at
    )
    known = values_of(variable)
    symbol = value
    free = isinstance(symbol, Symbol) and reader.scope.find(symbol) is None
    letter = read_letter(reader, symbol) if free else ""
    if free and known is not None and letter not in reader.inference.wanted:
        first, count = known
        reader.inference.runs_over(letter, count, at)
        there = make("index", (), (letter, first), at=at, free=frozenset([letter]))
    else:
        there = reader.read(value)
    if sign in ("=", r"\neq") and not hasattr(variable.value.sample, "values"):
        fail(
            Why.NO_CLAIM,
            f"{variable.name} is drawn from a continuum, so that no value has a probability: "
            f"declare its values (let: {variable.name} : \\Omega \\to \\{{1, \\dots, m\\}})",
            at,
        )
    if there.shape is not None:
        fail(Why.SHAPES, "The value of a random variable is a number", value.at)
    return _one_where(sign, here, there)


def _one_where(sign: str, left: Expr, right: Expr) -> Expr:
    """1 where a relation holds, else 0."""
    values = number(1.0, left.at), number(0.0, left.at)
    return cases(values, [[Condition(sign, None, (left, right))], []], left.at)


def same_value(reader: Reader, variable: Bound, at: int) -> Indicator:
    """Return what reads that a random variable has the value of the outcome that is at hand now."""
    measure = variable.value.measure
    outside = read_bound(reader, variable, (reader.outcomes[measure],), variable.name, at)

    def read() -> Expr:
        inside = (reader.outcomes[measure],)
        return _one_where("=", read_bound(reader, variable, inside, variable.name, at), outside)

    return read


def first_value(reader: Reader, letter: Symbol, body: Tree) -> int | None:
    r"""Where the x of \sum_x P(X = x) starts, which runs over the values of a random variable."""
    variables = [_of_letter(reader, letter)]
    for part in walk(body):
        match part:
            case Relation(left=left, sign="=", right=right) if right == letter:
                variables.append(variable_of(reader, left))
    known = [values for each in variables if each and (values := values_of(each)) is not None]
    return known[0][0] if known else None


def split(group: Group) -> tuple[tuple[Tree, ...], tuple[Tree, ...]]:
    """Return what stands in front of a conditional bar in parentheses, and behind it."""
    signs = group.commas or (",",) * (len(group.items) - 1)
    bars = [k for k, sign in enumerate(signs) if sign not in (",", ";")]
    if not bars:
        return group.items, ()
    if len(bars) > 1:
        fail(Why.AMBIGUOUS, "One bar stands between what happens and what is given", group.at)
    return group.items[: bars[0] + 1], group.items[bars[0] + 1 :]


def all_of(reader: Reader, trees: Sequence[Tree], at: int) -> Indicator:
    """Return what reads several events that happen at once."""
    parts = [indicator(reader, tree) for tree in trees]

    def read() -> Expr:
        values = [part() for part in parts]
        return values[0] if len(values) == 1 else apply("mul", values, at)

    return read
