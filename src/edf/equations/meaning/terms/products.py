"""Products: what belongs together among factors side by side, and what a derivative acts on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.endings import insist_on_end
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Bars,
    Case,
    Cases,
    Fraction,
    Group,
    Number,
    Product,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.meaning.calculus.derivatives import read_operator
from edf.equations.meaning.calculus.points import read_derivative_at
from edf.equations.meaning.calls.functions import named_operation
from edf.equations.meaning.letters.scripts import is_transpose, raised
from edf.equations.meaning.probability.divergences import read_divergence
from edf.equations.meaning.probability.expectations import read_expectation
from edf.equations.meaning.reader import Factors, Joins, Reader
from edf.equations.meaning.terms.juxtaposition import read_call
from edf.equations.meaning.terms.sums import adds_numbers, is_entrywise, read_sum
from edf.equations.meaning.typed import algebra
from edf.equations.meaning.typed.algebra import MAX_ORDER
from edf.equations.meaning.typed.display import expression, latex_of
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.shapes import is_column, settle


def read_product(reader: Reader, tree: Product) -> Expr:
    parts: list[Expr] = []
    signs: list[str] = []
    place = 0
    while place < len(tree.factors):
        if place:
            signs.append(tree.joins[place - 1])
        inner = _elementwise_factor(tree, place)
        if inner is not None:
            part, used = read_sum(reader, inner, entrywise=True), 1
        else:
            part, used = read_unit(reader, tree.factors, tree.joins, place)
        parts.append(part)
        place += used
    if _bars_enclose(tree):
        fail(Why.AMBIGUOUS, "Which bars belong together? Write \\lvert and \\rvert", tree.at)
    for k, (one, other) in enumerate(pairwise(parts)):
        if signs[k] == "" and _entry_by_entry(one, other):
            signs[k] = r"\odot"
    return parts[0] if len(parts) == 1 else algebra.multiply(parts, signs, tree.at)


def _entry_by_entry(one: Expr, other: Expr) -> bool:
    r"""Whether two columns side by side can only be multiplied entry by entry: h(1 - h).

    A number was added to each entry of one of them, which no product of matrices begins with.
    """
    columns = is_column(one.shape) and is_column(other.shape)
    pairs = ((one, other), (other, one))
    return columns and any(adds_numbers(a) and is_entrywise(b) for a, b in pairs)


def _elementwise_factor(tree: Product, place: int) -> Sum | None:
    r"""The sum in parentheses that is a whole side of \odot, as 1 - h in h \odot (1 - h)."""
    factor = tree.factors[place]
    beside = [*tree.joins[max(place - 1, 0) : place], *tree.joins[place : place + 1]]
    match factor:
        case Group(items=(Sum() as inner,)) if beside and set(beside) <= {r"\odot", r"\circ"}:
            return inner
    return None


def _bars_enclose(tree: Product) -> bool:
    """Whether something stands between two pairs of bars, so that these may enclose it."""
    bases = [f.base if isinstance(f, Script) else f for f in tree.factors]
    pairs = [k for k, base in enumerate(bases) if getattr(base, "open", "") in ("|", r"\|")]
    return any(other > one + 1 for one, other in pairwise(pairs))


def read_unit(reader: Reader, factors: Factors, joins: Joins, start: int) -> tuple[Expr, int]:
    """Read what begins at `start` and belongs together; return it and its number of factors."""
    factor = factors[start]
    beside = start + 1 < len(factors) and joins[start] == ""
    operate = read_operator(reader, factor)
    if operate is not None:
        if not beside:
            fail(
                Why.DERIVATIVE,
                "What does this derivative act on? Put it behind, in parentheses",
                factor.at,
            )
        return _operand(reader, operate, factors, joins, start)
    if beside and isinstance(factor, Symbol | Script):
        behind = factors[start + 1]
        group = behind.base if isinstance(behind, Script) else behind
        if isinstance(behind, Symbol) and isinstance(factor, Symbol) and factor.base == "E":
            alone = Group((behind,), "[", "]", at=behind.at)
            if (mean := read_expectation(reader, factor, alone)) is not None:  # E X
                return mean, 2
        if isinstance(group, Bars) and isinstance(factor, Symbol) and factor.base == "E":
            group = behind = Group((behind,), "[", "]", at=behind.at)  # E|X|
        if (
            isinstance(group, Group)
            and not group.open.endswith(r"\langle")
            and (mean := read_expectation(reader, factor, group)) is not None
        ):
            sup = behind.sup if isinstance(behind, Script) else None  # E[x]^2 is (E[x])^2
            return raised(reader, mean, sup, behind.at), 2
        if group is behind and isinstance(group, Group):
            divergence = read_divergence(reader, factor, group)
            if divergence is not None:
                return divergence, 2
        if isinstance(group, Group) and not group.open.endswith(r"\langle"):
            called = read_call(reader, factor, group, behind)
            if called is not None:
                return called, 2
        if (product := _trace(reader, factors, joins, start)) is not None:
            return product, len(factors) - start
        if isinstance(factor, Symbol) and factor.styles and start + 2 == len(factors):
            operation = named_operation(factor) if reader.scope.find(factor) is None else None
            if operation is not None and operation.arity == 1:
                insist_on_end(behind, to_latex(factor))
                return algebra.apply(operation.name, (reader.read(behind),), factor.at), 2
    if beside and isinstance(factor, Fraction):
        behind = factors[start + 1]
        if isinstance(behind, Group) and (value := read_derivative_at(reader, factor, behind)):
            return value, 2
    if beside and (indicated := _indicator(reader, factor, factors[start + 1])) is not None:
        return indicated, 2
    return reader.read(factor), 1


def _trace(reader: Reader, factors: Factors, joins: Joins, start: int) -> Expr | None:
    r"""\operatorname{tr} A B of matrices alone: tr(A) B would be none of the trace of a product."""
    head, *rest = factors[start:]
    if (
        len(rest) < 2
        or not isinstance(head, Symbol)
        or head.base not in ("tr", "Tr", "trace")
        or isinstance(rest[0], Group)
        or any(joins[start:])
        or named_operation(head) is None
        or reader.scope.find(head) is not None
    ):
        return None
    inner = Product(tuple(rest), joins[start + 1 :], at=rest[0].at)
    insist_on_end(inner, to_latex(head))
    derived = read_operator(reader, rest[0]) is not None  # \operatorname{tr} \nabla^2 f
    if not derived and any(reader.read(factor).shape is None for factor in rest):
        return None
    return algebra.apply("trace", (reader.read(inner),), head.at)


def _indicator(reader: Reader, factor: Tree, behind: Tree) -> Expr | None:
    r"""\mathbb{1}[i = j], which is 1 where the relation holds, and else 0."""
    one = (
        Number("1"),
        Symbol("1", (r"\mathbb",)),
        Symbol("1", (r"\mathbf",)),
        Symbol("I", (r"\mathbb",)),
    )
    free = factor == Symbol("I") and reader.scope.find(Symbol("I")) is None
    if not (factor in one or free) or not isinstance(behind, Group) or len(behind.items) != 1:
        return None
    relation = behind.items[0]
    return indicated(reader, relation, factor.at) if isinstance(relation, Relation) else None


def indicated(reader: Reader, relation: Relation, at: int) -> Expr:
    """1 where a relation holds, and else 0; of a vector or matrix, for each entry."""
    otherwise = Case(Number("0"), "otherwise", r"\text", None, "")
    cases = Cases((Case(Number("1"), "if", r"\text", relation, ""), otherwise), at=at)
    if isinstance(relation.left, Symbol) and not reader.lift:
        whole = reader.read(relation.left) if reader.scope.find(relation.left) else None
        if whole is not None and whole.shape is not None:
            return _entrywise(reader, cases, whole)
    return reader.read(cases)


def _entrywise(reader: Reader, cases: Cases, whole: Expr) -> Expr:
    r"""\mathbb{1}[Z > 0] of a column or a matrix Z: the indicator of each entry."""
    assert whole.shape is not None
    rows, columns = whole.shape
    letters = (f"{whole.label[0]}:0", f"{whole.label[0]}:1")[: 1 if settle(columns) == 1 else 2]
    lift, reader.lift = reader.lift, letters
    try:
        entry = reader.read(cases)
    finally:
        reader.lift = lift
    data = (letters[0], letters[1] if len(letters) > 1 else None)
    return algebra.make(
        "gather", (entry,), data, at=cases.at, shape=(rows, columns),
        free=entry.free - set(letters), bound=frozenset(letters),
        label=(expression(entry), latex_of(entry)),
    )  # fmt: skip


def _operand(
    reader: Reader,
    operate: Callable[[Tree | Expr], Expr],
    factors: Factors,
    joins: Joins,
    start: int,
) -> tuple[Expr, int]:
    """What a derivative in front acts on: parentheses, or the one thing that ends the term."""
    deepest = factors[start : start + MAX_ORDER + 1]
    if len(deepest) > MAX_ORDER and all(read_operator(reader, factor) for factor in deepest):
        fail(
            Why.NO_CLAIM,
            "Fourth derivatives are not tested: bind a first one to a node of its own",
            factors[start].at,
        )
    operand = factors[start + 1]
    ends = start + 2 == len(factors)
    if isinstance(operand, Group):
        return operate(_in_parentheses(operand, factors, joins, start)), 2
    if isinstance(operand, Script) and isinstance(operand.base, Group) and not ends:
        fail(
            Why.DERIVATIVE,
            "Does the script belong to the derivative or to what it acts on?",
            operand.at,
        )
    if not ends and _goes_on(reader, factors, joins, start):
        whole = Product(factors[start + 1 :], joins[start + 1 :], at=operand.at)
        insist_on_end(whole, "the derivative")
        return operate(whole), len(factors) - start
    nested = read_operator(reader, operand)
    if nested is None and isinstance(operand, Symbol | Script):
        taken = 2 if _takes_group(factors, joins, start + 1) else 1
        tree: Tree = operand
        if taken == 2:
            tree = Product(factors[start + 1 : start + 3], ("",), at=operand.at)
        plain = _untransposed(reader, factors[start], tree)
        if plain is not None:  # \nabla f(x)^T is the gradient as a row
            return algebra.apply("transpose", (operate(plain),), operand.at), 1 + taken
        if taken == 2 and read_unit(reader, factors, joins, start + 1)[1] == 1:
            taken, tree = 1, operand
    else:
        taken, tree = len(factors) - start - 1, _rest_of_term(reader, factors, joins, start)
    behind = start + 1 + taken
    closed = behind == len(factors) or joins[behind - 1] in (r"\odot", r"\circ")
    if not closed and not _dots(reader, factors, joins, start, behind):
        fail(
            Why.DERIVATIVE,
            "Where does the derivative end? Put what it acts on into parentheses",
            operand.at,
        )
    return operate(tree), 1 + taken


def _in_parentheses(operand: Group, factors: Factors, joins: Joins, start: int) -> Tree:
    """What stands in the parentheses behind a derivative, which no others may follow."""
    ends = start + 2 == len(factors)
    if not ends and joins[start + 1] == "" and isinstance(factors[start + 2], Group):
        fail(
            Why.DERIVATIVE,
            "Where does the derivative end? Put all it acts on into parentheses",
            operand.at,
        )
    if len(operand.items) > 1:
        fail(Why.DERIVATIVE, "A derivative acts on one thing: no commas", operand.at)
    return operand.items[0]


def _rest_of_term(reader: Reader, factors: Factors, joins: Joins, start: int) -> Tree:
    """All that stands behind a derivative, if it belongs together."""
    tree: Tree = factors[start + 1]
    taken = len(factors) - start - 1
    if taken > 1:
        at = tree.at
        tree = Product(factors[start + 1 :], joins[start + 1 :], at=at)
        if read_unit(reader, factors, joins, start + 1)[1] != taken:
            fail(
                Why.DERIVATIVE,
                "Where does the derivative end? Put what it acts on into parentheses",
                at,
            )
    insist_on_end(tree, "the derivative")
    return tree


def _dots(reader: Reader, factors: Factors, joins: Joins, start: int, behind: int) -> bool:
    r"""Whether a nabla ends before a vector that it is multiplied with: \nabla f(x) \cdot v, and
    \nabla^2 f(x) v.

    Of f(x) v there is no gradient, nor a matrix of second derivatives.
    """
    operator = factors[start]
    nabla = (operator.base if isinstance(operator, Script) else operator) == Symbol(r"\nabla")
    second = isinstance(operator, Script) and operator.sup == Number("2")
    if not nabla or joins[behind - 1] not in (("", r"\cdot") if second else (r"\cdot",)):
        return False
    value, used = read_unit(reader, factors, joins, behind)
    return is_column(value.shape) and behind + used == len(factors)


def _goes_on(reader: Reader, factors: Factors, joins: Joins, start: int) -> bool:
    r"""Whether a derivative cannot end at what stands right behind it.

    No nabla is that of a row, as in \nabla_x x^\top A x, and nothing takes the derivative of a
    number, as in \nabla_w \frac{1}{n} \lVert X w - y \rVert^2, behind which one thing may stand.
    """
    operator = factors[start]
    nabla = (operator.base if isinstance(operator, Script) else operator) == Symbol(r"\nabla")
    place = start + 1
    if isinstance(factors[place], Group) or any(joins[start + 1 :]):
        return False
    try:
        value = reader.read(factors[place])
        while _is_constant(value) and place + 1 < len(factors):
            place += 1
            if read_unit(reader, factors, joins, place)[1] == len(factors) - place:
                return True
            value = reader.read(factors[place])
        return nabla and value.shape is not None
    except EquationError:
        pass
    return False


def _is_constant(value: Expr) -> bool:
    """Whether a value has nothing in it that could be differentiated."""
    moving = ("node", "call", "replace", "deriv", "prime", "at", "abscissa", "approach")
    return not any(part.op in moving for part in value.walk())


def _untransposed(reader: Reader, operator: Tree, operand: Tree) -> Tree | None:
    r"""f(x) of f(x)^\top behind a nabla, and f of f^\top; None for anything else."""
    base = operator.base if isinstance(operator, Script) else operator
    if base != Symbol(r"\nabla"):
        return None
    match operand:
        case Product(factors=(head, Script(base=Group() as group, sub=None, primes=0) as last)):
            if last.sup is not None and is_transpose(reader, last.sup):
                return replace(operand, factors=(head, group))
        case Script(base=Symbol(), primes=0) if operand.sup is not None:
            if is_transpose(reader, operand.sup):
                return operand.base if operand.sub is None else replace(operand, sup=None)
    return None


def _takes_group(factors: Factors, joins: Joins, place: int) -> bool:
    if place + 1 >= len(factors) or joins[place] != "":
        return False
    behind = factors[place + 1]
    return isinstance(behind.base if isinstance(behind, Script) else behind, Group)
