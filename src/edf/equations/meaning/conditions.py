r"""Conditions: of a row of a case distinction, and beside a formula, \text{if } x > 0."""

from __future__ import annotations

from collections.abc import Sequence

from edf.equations.latex.syntax import Group, Relation, Symbol, Tree
from edf.equations.latex.vocabulary import CONDITION_SIGNS
from edf.equations.meaning import algebra
from edf.equations.meaning.algebra import fail, make
from edf.equations.meaning.expression import Condition, Expr
from edf.equations.meaning.labels import compared
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.symbols import read_letter


def read_condition(reader: Reader, relation: Relation) -> Condition:
    """Read a relation between two index letters, or between two numbers."""
    left, right = relation.left, relation.right
    if relation.sign not in CONDITION_SIGNS:
        fail(f"{relation.sign} is not understood in a condition", relation.at)
    if all(isinstance(t, Symbol) and reader.scope.find(t) is None for t in (left, right)):
        i, j = read_letter(reader, left), read_letter(reader, right)
        reader.inference.run_alike(i, j, relation.at)
        return Condition(relation.sign, (i, j), ())
    if (condition := compared(reader, left, relation.sign, right)) is not None:
        return condition
    if relation.sign in ("=", r"\neq"):
        fail(
            "Equality of values is no test: compare indices, or write <, \\leq, >, \\geq",
            relation.at,
        )
    sides = reader.read(left), reader.read(right)
    for side in sides:
        if side.shape is not None:
            fail("A condition compares numbers: write it with an index", side.at)
    return Condition(relation.sign, None, sides)


def read_conditions(reader: Reader, trees: Sequence[Tree]) -> list[Condition]:
    """Read what stands beside a formula; ranges such as 1 \\le i \\le n restrict nothing."""
    found: list[Condition] = []
    for tree in trees:
        if not isinstance(tree, Relation):
            continue
        if tree.sign == r"\in":
            found += _within(reader, tree)
            continue
        middle = tree.left.right if isinstance(tree.left, Relation) else None
        if isinstance(middle, Symbol) and reader.scope.find(middle) is None:
            continue  # an index between its bounds
        if isinstance(tree.left, Relation):
            found.append(read_condition(reader, tree.left))
            found.append(
                read_condition(reader, Relation(tree.left.right, tree.sign, tree.right, at=tree.at))
            )
            continue
        found.append(read_condition(reader, tree))
    return found


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
            "This set restricts what is claimed: declare the name (let: ..), so that it is drawn "
            "from the set",
            tree.at,
        )
    return []  # drawn as it was declared


def restricted(value: Expr, given: Sequence[Condition], otherwise: float = 0.0) -> Expr:
    """Return a value that is another, 0 for a side, wherever a condition does not hold."""
    for condition in given:
        zero = algebra.number(otherwise, value.at)
        args = (value, zero, *condition.sides)
        free = value.free.union(condition.indices or (), *(side.free for side in condition.sides))
        value = make(
            "cases", args, (as_data(condition), None), at=value.at, free=free, shape=value.shape,
            label=("given" if not otherwise else "", ""),
        )  # fmt: skip
    return value


def as_data(condition: Condition) -> tuple[str, ...]:
    """Return what a case distinction keeps of a condition; its sides are among the arguments."""
    if condition.indices is not None:
        return ("index", condition.sign, *condition.indices)
    return ("value", condition.sign)
