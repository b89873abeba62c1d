"""Case distinctions."""

from __future__ import annotations

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import Cases, Conditions, Group, Relation, Tree
from edf.equations.meaning.piecewise.conditions import read_condition
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import cases, make
from edf.equations.meaning.typed.expression import Condition, Expr
from edf.equations.operations.shapes import describe, fits

_OPPOSITE = {"=": r"\neq", r"\neq": "=", "<": r"\geq", r"\geq": "<", ">": r"\leq", r"\leq": ">"}


def read_cases(reader: Reader, tree: Cases) -> Expr:
    """A value for each of several conditions, the first that holds; none where none holds."""
    values = [reader.read(row.value) for row in tree.rows]
    conditions = []
    for row in tree.rows:
        found = [read_condition(reader, relation) for relation in relations(row.condition)]
        conditions.append([each for each in found if not _always(each)] or found)
    for row in tree.rows[:-1]:
        if row.condition is None:
            fail(Why.NOTATION, "The row for all other cases must be the last", row.at)
    values = _of_one_shape(values)
    if _are_opposite(tree):
        conditions[-1] = []
    return cases(values, conditions, tree.at)


def _always(condition: Condition) -> bool:
    r"""Whether a condition says no more than that an index is one: 1 \leq i."""
    if len(condition.sides) != 2:
        return False
    sides, sign = condition.sides, condition.sign
    if sides[1].op == "index":
        sides, sign = sides[::-1], {r"\leq": r"\geq", "<": ">"}.get(sign, "")
    here, other = sides
    if here.op != "index" or other.op != "number" or sign not in (r"\geq", ">"):
        return False
    first = here.data[1]
    return bool(other.data <= first if sign == r"\geq" else other.data < first)


def _of_one_shape(values: list[Expr]) -> list[Expr]:
    """Return the values, with a 0 of their shape for one that is written 0."""
    shape = next((value.shape for value in values if not _is_zero(value)), None)
    found = []
    for value in values:
        if shape is not None and _is_zero(value):
            value = make("zeros", at=value.at, shape=shape)
        elif not fits(value.shape, shape):
            here, other = describe(value.shape), describe(shape)
            fail(Why.SHAPES, f"One case is {here}, another {other}: write an index", value.at)
        found.append(value)
    return found


def _is_zero(value: Expr) -> bool:
    return value.op == "number" and value.data == 0


def relations(condition: Tree | None) -> list[Relation]:
    r"""Return the simple relations that a condition is made of: two of 1 \leq i \leq m."""
    match condition:
        case None:
            return []
        case Conditions():
            return [one for part in condition.parts for one in relations(part)]
        case Relation(left=Relation() as before):
            last = Relation(before.right, condition.sign, condition.right, at=condition.at)
            return [*relations(before), last]
        case Relation():
            return [condition]
        case Group():
            return [one for item in condition.items for one in relations(item)]
    fail(
        Why.NOTATION,
        "A condition is written left = right, or with \\neq, <, \\leq, >, \\geq",
        condition.at,
    )


def _are_opposite(tree: Cases) -> bool:
    """Whether there are two conditions, of which the second holds where the first does not."""
    if len(tree.rows) != 2:
        return False
    first, second = (relations(row.condition) for row in tree.rows)
    if len(first) != 1 or len(second) != 1:
        return False
    one, two = first[0], second[0]
    same = (one.left, one.right) == (two.left, two.right)
    return same and _OPPOSITE.get(one.sign) == two.sign
