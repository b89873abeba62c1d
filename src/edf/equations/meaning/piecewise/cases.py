"""Case distinctions."""

from __future__ import annotations

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import Cases, Conditions, Group, Relation, Tree
from edf.equations.meaning.piecewise.conditions import as_data, read_condition
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import make
from edf.equations.meaning.typed.expression import Condition, Expr

_OPPOSITE = {"=": r"\neq", r"\neq": "=", "<": r"\geq", r"\geq": "<", ">": r"\leq", r"\leq": ">"}


def read_cases(reader: Reader, tree: Cases) -> Expr:
    """A value for each of several conditions, the first that holds."""
    values = [reader.read(row.value) for row in tree.rows]
    conditions = []
    for row in tree.rows:
        found = [read_condition(reader, relation) for relation in relations(row.condition)]
        conditions.append([each for each in found if not _always(each)] or found)
    _check_exhaustive(tree)
    for value in values:
        if value.shape is not None:
            fail(Why.SHAPES, "A case distinction of vectors: write it with an index", value.at)
    if all(len(row) < 2 for row in conditions):
        return _chosen(values, [row[0] if row else None for row in conditions], tree.at)
    rest = values[-1]
    for value, given in zip(values[-2::-1], conditions[-2::-1], strict=True):
        here = value
        for condition in reversed(given):  # where one of them fails, the row does
            here = _chosen([here, rest], [condition, None], tree.at)
        rest = here
    return rest


def _always(condition: Condition) -> bool:
    r"""Whether a condition says no more than that an index is one: 1 \leq i."""
    if len(condition.sides) != 2:
        return False
    sides, sign = condition.sides, condition.sign
    if sides[1].op == "index":
        sides, sign = sides[::-1], {r"\leq": r"\geq", "<": ">"}.get(sign, "")
    here, number = sides
    if here.op != "index" or number.op != "number" or sign not in (r"\geq", ">"):
        return False
    first = here.data[1]
    return bool(number.data <= first if sign == r"\geq" else number.data < first)


def _chosen(values: list[Expr], conditions: list[Condition | None], at: int) -> Expr:
    sides = [side for condition in conditions if condition for side in condition.sides]
    letters = [i for condition in conditions if condition for i in condition.indices or ()]
    free = frozenset(letters).union(*(arg.free for arg in (*values, *sides)))
    data = tuple(None if condition is None else as_data(condition) for condition in conditions)
    return make("cases", (*values, *sides), data, at=at, free=free)


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


def _are_opposite(one: Relation, two: Relation) -> bool:
    same = (one.left, one.right) == (two.left, two.right)
    return same and _OPPOSITE.get(one.sign) == two.sign


def _check_exhaustive(tree: Cases) -> None:
    *rows, last = tree.rows
    for row in rows:
        if row.condition is None:
            fail(Why.NOTATION, "The row for all other cases must be the last", row.at)
    if last.condition is None:
        return
    if len(rows) == 1:
        one, two = relations(rows[0].condition), relations(last.condition)
        if len(one) == len(two) == 1 and _are_opposite(one[0], two[0]):
            return
    fail(
        Why.AMBIGUOUS,
        "Do these cases cover everything? Write \\text{otherwise} in the last row",
        last.at,
    )
