r"""Conditions: of a row of a case distinction, and beside a formula, \text{if } x > 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    INFINITY,
    Equation,
    Group,
    Number,
    Relation,
    Script,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import CONDITION_SIGNS, TENDS_TO, TEXT
from edf.equations.meaning.letters.labels import compared
from edf.equations.meaning.letters.symbols import COUNTERS, read_letter
from edf.equations.meaning.names.scope import Scope
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed import algebra
from edf.equations.meaning.typed.algebra import make
from edf.equations.meaning.typed.expression import Condition, Expr
from edf.equations.operations import OPERATIONS
from edf.graph import Constant, Input, Node, topological_order


def read_condition(reader: Reader, relation: Relation, beside: bool = False) -> Condition:
    """Read a relation between two index letters, or between two numbers; `beside` a formula it
    may exclude single values."""
    left, right = relation.left, relation.right
    if relation.sign not in CONDITION_SIGNS:
        fail(Why.NOTATION, f"{relation.sign} is not understood in a condition", relation.at)
    if all(isinstance(t, Symbol) and reader.scope.find(t) is None for t in (left, right)):
        i, j = read_letter(reader, left), read_letter(reader, right)
        reader.inference.run_alike(i, j, relation.at)
        return Condition(relation.sign, (i, j), ())
    if (condition := compared(reader, left, relation.sign, right)) is not None:
        return condition
    if (condition := _index_and_number(reader, relation)) is not None:
        return condition
    sides = reader.read(left), reader.read(right)
    excludes = beside and relation.sign == r"\neq"
    equality = relation.sign in ("=", r"\neq") and not excludes
    if equality and not all(map(_is_discrete, sides)):
        fail(
            Why.NO_CLAIM,
            "Equality of values is no test where they are drawn from a continuum: compare indices, "
            "write <, \\leq, >, \\geq, or declare a finite set (let: y \\in \\{0, 1\\})",
            relation.at,
        )
    for side in sides:
        if side.shape is not None:
            fail(Why.SHAPES, "A condition compares numbers: write it with an index", side.at)
    return Condition(relation.sign, None, sides)


def _index_and_number(reader: Reader, relation: Relation) -> Condition | None:
    """An index compared with a number: it counts from 1, or from 0 where it is compared with 0."""
    free = [
        isinstance(side, Symbol) and _is_index(reader, side)
        for side in (relation.left, relation.right)
    ]
    if free not in ([True, False], [False, True]):
        return None
    letter = read_letter(reader, relation.left if free[0] else relation.right)
    if reader.inference.shifts(letter) or letter in reader.inference.spans:
        fail(
            Why.SHAPES,
            f"{letter} is shifted elsewhere: write its bounds below a sum, or leave this out",
            relation.at,
        )
    reader.inference.run_alike(letter, letter, relation.at)
    start = reader.base if reader.base is not None else int(not _meets_zero(reader, letter))
    here = make("index", (), (letter, start), at=relation.at, free=frozenset([letter]))
    other = reader.read(relation.right if free[0] else relation.left)
    if other.shape is not None:
        fail(Why.SHAPES, "An index is compared with a number", relation.at)
    return Condition(relation.sign, None, (here, other) if free[0] else (other, here))


def _is_index(reader: Reader, symbol: Symbol) -> bool:
    letter = len(symbol.base) == 1 and symbol.base.isalpha()
    return letter and symbol.base != "e" and not symbol.styles and reader.scope.find(symbol) is None


def _meets_zero(reader: Reader, letter: str) -> bool:
    """Whether an index is compared with 0 somewhere in the step."""
    return any(
        {relation.left, relation.right} == {Symbol(letter), Number("0")}
        for relation in walk(reader.equation)
        if isinstance(relation, Relation)
    )


def _is_discrete(side: Expr) -> bool:
    """Whether a value is one of finitely many, so that random points meet equality."""
    if side.op == "node":
        leaves = [n for n in topological_order(side.data[0]) if not n.inputs]
        return all(_is_finite(leaf) for leaf in leaves)
    if side.op == "array":
        return bool(side.data[0].value.dtype.kind in "iu")
    if side.op == "number":
        return True
    return side.op in OPERATIONS and all(map(_is_discrete, side.args))


def _is_finite(leaf: Node) -> bool:
    """Whether a leaf is drawn from finitely many values, or holds whole numbers."""
    held = getattr(leaf, "value", None)
    if held is not None:
        return np.asarray(held).dtype.kind in "iu" or isinstance(leaf, Constant)
    sample = getattr(leaf, "sample", None)
    return sample == "onehot" or bool(getattr(sample, "finite", False))


def read_conditions(reader: Reader, trees: Sequence[Tree]) -> list[Condition]:
    """Read what stands beside a formula; ranges such as 1 \\le i \\le n restrict nothing."""
    found: list[Condition] = []
    for tree in trees:
        if not isinstance(tree, Relation):
            continue
        if tree.sign in TENDS_TO and tree.left in reader.goes_to:
            if tree.right != reader.goes_to[tree.left]:
                fail(Why.NOTATION, "The expansion is about another point than this", tree.at)
            continue
        if tree.sign == r"\in":
            found += _within(reader, tree)
            continue
        middle = tree.left.right if isinstance(tree.left, Relation) else None
        bound = reader.scope.find(middle) if isinstance(middle, Symbol) else None
        if isinstance(middle, Symbol) and bound is None:
            found += _within_bounds(reader, tree, middle)
            continue
        if bound is not None and type(bound.value) is int and bound.name in COUNTERS:
            continue  # which a loop left behind
        if isinstance(tree.left, Relation):
            found.append(read_condition(reader, tree.left))
            found.append(
                read_condition(reader, Relation(tree.left.right, tree.sign, tree.right, at=tree.at))
            )
            continue
        found.append(read_condition(reader, tree, beside=True))
        match found[-1]:
            case Condition(
                "<" | r"\leq" as sign, None, (Expr("index") as i, Expr("number") as last)
            ):
                letter, start = i.data
                _insist_on_values(reader, letter, start, int(last.data) - (sign == "<"), tree.at)
                if (length := reader.inference.ranges.get(letter)) is not None:
                    _insist_on_length(reader, Symbol(letter), length, tree.right)
    return found


def _insist_on_values(reader: Reader, letter: str, first: int, last: int, at: int) -> None:
    """Insist that an index has as many values as its bounds say."""
    length = reader.inference.ranges.get(letter)
    if length is not None and last - first >= length:
        fail(
            Why.SHAPES,
            f"{letter} goes up to {last} here, and from {first} on there are {length} values",
            at,
        )


def _insist_on_length(reader: Reader, letter: Symbol, length: int, end: Tree) -> None:
    """Insist that an index ends at a declared length of its own axis: another letter may be any
    number, so that it would be drawn where it leaves out what is wrong."""
    inputs = [node for node in reader.page.world.twins if isinstance(node, Input)]
    own = {  # what the letters of such axes stand for; of one of six components, none
        now - n.by if hasattr(n, "by") else None
        for node in inputs
        for n, now in zip(node.shape or (), reader.shape(node), strict=True)
        if now == length
    }
    for symbol in walk(end):
        bound = reader.scope.find(symbol) if isinstance(symbol, Symbol) else None
        declared = None if bound is None else getattr(bound.value, "symbol", None)
        if bound is not None and own and declared is not None and declared not in own:
            fail(
                Why.SHAPES,
                f"{letter.base} does not have {bound.name} values: {bound.name} is the length of "
                "something else, or of nothing",
                end.at,
            )


def _within_bounds(reader: Reader, tree: Relation, letter: Symbol) -> list[Condition]:
    r"""What 2 \leq i \leq n leaves out of the values of an index, as far as the ends are known."""
    assert isinstance(tree.left, Relation)
    first, last = whole_number(reader, tree.left.left), whole_number(reader, tree.right)
    length = reader.inference.ranges.get(letter.base)
    shifted = reader.inference.shifts(letter.base) or letter.base in reader.inference.spans
    if first is None or length is None or shifted:
        return []
    for end in (tree.left.left, tree.right):
        _insist_on_length(reader, letter, length, end)
    first += tree.left.sign == "<"
    start = reader.base if reader.base is not None else min(first, 1)
    bounds = [(r"\geq", first)] if first > start else []
    if last is not None:
        last -= tree.sign == "<"
        _insist_on_values(reader, letter.base, start, last, tree.at)
        if first == start and last - first + 1 == length:
            reader.inference.starts.add(first)
        bounds += [(r"\leq", last)] if last - start + 1 < length else []
    return [
        read_condition(reader, Relation(letter, sign, Number(str(number)), at=tree.at))
        for sign, number in bounds
    ]


def whole_number(reader: Reader, tree: Tree) -> int | None:
    """A whole number that a formula tells: 3, or a length of the page, or n - 1."""
    if any(isinstance(t, Symbol) and reader.scope.find(t) is None for t in walk(tree)):
        return None
    value = _constant(reader.read(tree))
    return None if value is None or value != round(value) else round(value)


def _constant(expr: Expr) -> float | None:
    """The value of a number, or of a sum of numbers."""
    if expr.op == "number":
        return float(expr.data)
    values = [_constant(arg) for arg in expr.args]
    if expr.op not in ("add", "neg") or None in values:
        return None
    total = sum(value for value in values if value is not None)
    return -total if expr.op == "neg" else total


def with_ranges(equations: Sequence[Equation], scope: Scope) -> list[Equation]:
    r"""Return the steps of a claim; t \geq 0 behind an equality says what t is, and is no step.

    Of an index, it says that it is one. Of a name that is drawn from all real numbers it is a
    condition on the equalities of its row: x = \lvert x \rvert, \quad x \geq 0.
    """
    found: list[Equation] = []
    for equation in equations:
        if len(equations) > 1 and _says_constant(equation, scope):
            continue
        name = _ranged(equation, scope)
        beside = [
            k
            for k, other in enumerate(found)
            if (other.row, other.statement) == (equation.row, equation.statement)
        ]
        if name is None or not beside or any(found[k].sign != "=" for k in beside):
            found.append(equation)
            continue
        bound = scope.find(name)
        counter = bound is None or (type(bound.value) is int and bound.name in COUNTERS)
        counts = counter and any(_has_index(found[k], name) for k in beside)
        if counts and bound is not None:
            continue
        value = None if bound is None else bound.value
        if counts or (
            isinstance(value, Input)
            and (value.value, value.shape, value.sample) == (None, (), "normal")
        ):
            condition = Relation(equation.left, equation.sign, equation.right, at=equation.at)
            for k in beside:
                found[k] = replace(found[k], conditions=(*found[k].conditions, condition))
            continue
        found.append(equation)
    return found


def _says_constant(equation: Equation, scope: Scope) -> bool:
    r"""Whether a step says = \text{constant} of what stands before, which names no value."""
    right = equation.right
    if not isinstance(right, Symbol) or equation.sign != "=" or scope.find(right) is not None:
        return False
    return right.base.rstrip(".") in ("constant", "const") and bool(set(right.styles) & TEXT)


def _ranged(equation: Equation, scope: Scope) -> Symbol | None:
    """The name that an inequality bounds by a number, or an index that it bounds by a length."""
    if equation.sign not in ("<", ">", r"\leq", r"\geq"):
        return None
    pairs = (equation.left, equation.right), (equation.right, equation.left)
    for name, number in pairs:
        if isinstance(name, Symbol) and isinstance(number, Number):
            return name
        length = scope.find(number) if isinstance(number, Symbol) else None
        if isinstance(name, Symbol) and scope.find(name) is None and length is not None:
            return name if isinstance(length.value, int) else None
    return None


def _has_index(equation: Equation, letter: Symbol) -> bool:
    """Whether a letter stands in a subscript or a superscript of a step."""
    scripts = [tree for tree in walk(equation) if isinstance(tree, Script)]
    parts = [part for tree in scripts for part in (tree.sub, tree.sup) if part is not None]
    return any(letter in walk(part) for part in parts)


def _within(reader: Reader, tree: Relation) -> list[Condition]:
    """x in an interval, as two conditions; of a name that is declared, or of an index, none."""
    group = tree.right
    bound = reader.scope.find(tree.left) if isinstance(tree.left, Symbol) else None
    if bound is None or not callable(getattr(bound.value, "sample", None)):
        if isinstance(tree.left, Symbol) and bound is None:
            return []
        if isinstance(group, Group) and group.open in ("[", "(") and len(group.items) == 2:
            signs = [r"\geq" if group.open == "[" else ">", r"\leq" if group.close == "]" else "<"]
            return [
                read_condition(reader, Relation(tree.left, sign, item, at=tree.at))
                for sign, item in zip(signs, group.items, strict=True)
            ]
        fail(
            Why.DECLARATION,
            "This set restricts what is claimed: declare the name (let: ..), so that it is drawn "
            "from the set",
            tree.at,
        )
    return []  # drawn as it was declared


def with_bounds(equation: Equation) -> list[Equation]:
    r"""Return x \in [a, b) as a \leq x and x < b, a step for each end that is finite; any other
    step as it is."""
    group = equation.right
    if equation.sign != r"\in" or not isinstance(group, Group) or len(group.items) != 2:
        return [equation]
    opens, closes = group.open[-1], group.close[-1]
    if opens not in "[(]" or closes not in "])[":
        return [equation]
    low, high = group.items
    signs = [r"\leq" if opens == "[" else "<", r"\leq" if closes == "]" else "<"]
    steps = [(low, signs[0], equation.left), (equation.left, signs[1], high)]
    return [
        replace(equation, left=left, sign=sign, right=right)
        for left, sign, right in steps
        if INFINITY not in (*walk(left), *walk(right))
    ]


def restricted(
    value: Expr, given: Sequence[Condition], otherwise: float = 0.0, *, below: bool = False
) -> Expr:
    """Return a value that is another, 0 for a side, wherever a condition does not hold.

    Args:
        value: The value where all conditions hold.
        given: The conditions.
        otherwise: What it is elsewhere.
        below: Whether the conditions stand below a sign, which shows them.
    """
    for condition in given:
        values = value, algebra.number(otherwise, value.at)
        label = "given" if not otherwise else "", "below" if below else ""
        value = algebra.cases(values, [[condition], []], value.at, label)
    return value
