"""Sums, products and extrema over an index, and case distinctions."""

from __future__ import annotations

from edf.equations.latex.syntax import (
    Big,
    Case,
    Cases,
    Indices,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
)
from edf.equations.meaning.algebra import fail, make
from edf.equations.meaning.endings import insist_on_end
from edf.equations.meaning.expression import Expr
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.symbols import read_letter
from edf.equations.operations.reductions import BY_SIGN

_OPPOSITE = {"=": r"\neq", r"\neq": "=", "<": r"\geq", r"\geq": "<", ">": r"\leq", r"\leq": ">"}


# ----------------------------------------------------------------------- sums over an index


def read_big(reader: Reader, tree: Big) -> Expr:
    kind = BY_SIGN[tree.macro].name
    lower = tree.lower
    condition: tuple[str, str, str] | None = None
    ranged: Relation | None = None
    if isinstance(lower, Relation):
        indices: tuple[str, ...] = (read_letter(reader, lower.left),)
        if lower.sign == "=":
            ranged = lower
        else:
            condition = (indices[0], lower.sign, read_letter(reader, lower.right))
    else:
        assert isinstance(lower, Indices)
        indices = tuple(read_letter(reader, item) for item in lower.items)
    if len(set(indices)) < len(indices):
        fail("One index twice below one sign", lower.at)
    if tree.upper is not None and ranged is None:
        fail(f"An upper bound needs a lower one: write {tree.macro}_{{j=1}}^n", tree.upper.at)
    if clash := set(indices) & set(reader.lift):
        fail(
            f"The reading lifts bare vectors with {min(clash)}: sum over another index",
            lower.at,
        )
    body = reader.read(tree.body)
    _check_body(reader, tree, indices, body)
    if ranged is not None:
        _check_range(reader, tree, ranged, indices[0])
    if condition is not None:
        reader.inference.run_alike(condition[0], condition[2], lower.at)
    free = (body.free - set(indices)) | ({condition[2]} if condition else set())
    if condition and condition[2] in indices:
        fail("An index compared with itself", lower.at)
    return make(
        "big", (body,), (kind, indices, condition), at=tree.at,
        free=frozenset(free), bound=frozenset(indices), shape=body.shape,
    )  # fmt: skip


def _check_body(reader: Reader, tree: Big, indices: tuple[str, ...], body: Expr) -> None:
    for index in indices:
        if index in body.bound:
            fail(f"The index {index} is summed twice: rename one", tree.at)
        if index not in body.free:
            fail(f"What stands behind {tree.macro} does not depend on {index}", tree.body.at)
    if tree.macro == r"\sum":
        return
    if body.shape is not None:
        fail(f"{tree.macro} of vectors: write it with one more index", tree.body.at)
    if isinstance(tree.body, Product) and body.op == "mul":
        for factor in body.args:
            if not factor.free & set(indices):
                fail(f"Does this factor belong to {tree.macro}? Write parentheses", factor.at)
    insist_on_end(tree, tree.macro)
    insist_on_end(tree.body, tree.macro)


def _check_range(reader: Reader, tree: Big, ranged: Relation, index: str) -> None:
    """Bounds must span the whole range, which the shapes of the nodes tell."""
    if tree.upper is None:
        fail(f"A lower bound needs an upper one: write {tree.macro}_{{{index}=1}}^n", ranged.at)
    if index not in reader.inference.ranges:
        fail(f"What does {index} run over? Nothing here tells its range", ranged.at)
    length = reader.inference.ranges[index]
    if not isinstance(ranged.right, Number) or ranged.right.text not in ("0", "1"):
        fail(
            "A lower bound is 1, or 0 with an upper bound n-1: sums run over all values",
            ranged.at,
        )
    upper = tree.upper
    if ranged.right.text == "0":
        if isinstance(upper, Number):
            length -= 1
        elif isinstance(upper, Sum) and (upper.signs, upper.terms[1:]) == (
            ("", "-"),
            (Number("1"),),
        ):
            upper = upper.terms[0]
        else:
            fail("A sum from 0 runs to n-1", upper.at)
    if isinstance(upper, Number):
        value: float | None = float(upper.text)
    elif isinstance(upper, Symbol):
        bound = reader.scope.find(upper)
        if bound is not None and bound.kind == "number":
            value = float(bound.value)
        elif bound is None:
            value = reader.inference.sizes.setdefault(upper.base, length)
        else:
            fail(f"{bound.name} is no number: it cannot be an upper bound", upper.at)
    else:
        fail("An upper bound is a number or a letter: sums run over all values", upper.at)
    if value != length:
        fail(
            f"The index {index} has {reader.inference.ranges[index]} values, and the sum ends at "
            f"{value:g}",
            upper.at,
        )


# ------------------------------------------------------------------------ case distinctions


def read_cases(reader: Reader, tree: Cases) -> Expr:
    values = [reader.read(row.value) for row in tree.rows]
    conditions: list[tuple[str, ...] | None] = []
    sides: list[Expr] = []
    free: frozenset[str] = frozenset()
    for row in tree.rows:
        condition, more = _condition(reader, row)
        conditions.append(condition)
        sides += more
        if condition is not None and condition[0] == "index":
            free |= {condition[2], condition[3]}
    _check_exhaustive(tree)
    for value in values:
        if value.shape is not None:
            fail("A case distinction of vectors: write it with an index", value.at)
    args = (*values, *sides)
    free = free.union(*(arg.free for arg in args))
    return make("cases", args, tuple(conditions), at=tree.at, free=free)


def _condition(reader: Reader, row: Case) -> tuple[tuple[str, ...] | None, list[Expr]]:
    relation = row.condition
    if relation is None:
        return None, []
    assert isinstance(relation, Relation)
    left, right = relation.left, relation.right
    if all(isinstance(t, Symbol) and reader.scope.find(t) is None for t in (left, right)):
        i, j = read_letter(reader, left), read_letter(reader, right)
        reader.inference.run_alike(i, j, relation.at)
        return ("index", relation.sign, i, j), []
    if relation.sign in ("=", r"\neq"):
        fail(
            "Equality of values is no test: compare indices, or write <, \\leq, >, \\geq",
            relation.at,
        )
    sides = [reader.read(left), reader.read(right)]
    for side in sides:
        if side.shape is not None:
            fail("A condition compares numbers: write it with an index", side.at)
    return ("value", relation.sign), sides


def _check_exhaustive(tree: Cases) -> None:
    *rows, last = tree.rows
    for row in rows:
        if row.condition is None:
            fail("The row for all other cases must be the last", row.at)
    if last.condition is None:
        return
    if len(rows) == 1:
        one, two = rows[0].condition, last.condition
        assert isinstance(one, Relation)
        assert isinstance(two, Relation)
        if (one.left, one.right) == (two.left, two.right) and _OPPOSITE[one.sign] == two.sign:
            return
    fail("Do these cases cover everything? Write \\text{otherwise} in the last row", last.at)
