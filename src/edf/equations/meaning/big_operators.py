"""Constructs larger than a factor: sums over an index, cases, norms, function macros."""

from __future__ import annotations

from edf.equations.latex.syntax import (
    Bars,
    Big,
    Case,
    Cases,
    Function,
    Grad,
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Slash,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning import algebra
from edf.equations.meaning.algebra import fail, make
from edf.equations.meaning.expression import Expr
from edf.equations.meaning.reader import Reader
from edf.equations.operations import BY_MACRO
from edf.equations.operations.reductions import BY_SIGN

_OPPOSITE = {"=": r"\neq", r"\neq": "=", "<": r"\geq", r"\geq": "<", ">": r"\leq", r"\leq": ">"}


def loose_end(tree: Tree) -> Tree | None:
    r"""Return what ends a sum without needing to be in it, as y does in `\sum_j x_j y`.

    A sum of numbers is the same either way; its logarithm, derivative or largest value is not.
    """
    while True:
        match tree:
            case Product():
                tree = tree.factors[-1]
            case Function() if not isinstance(tree.argument, Group):
                tree = tree.argument
            case Big():
                letters = {item for item in walk(tree.lower) if isinstance(item, Symbol)}
                last: Tree = tree.body.bottom if isinstance(tree.body, Slash) else tree.body
                if isinstance(last, Product):
                    last = last.factors[-1]
                if last is not tree.body and not letters & set(walk(last)):
                    return last
                tree = last
            case _:
                return None


class Bigs(Reader):
    """Reads what spans several factors."""

    def closed(self, tree: Tree, what: str) -> None:
        r"""Refuse an operand that is a sum of which the end could stand outside of `what`."""
        if (end := loose_end(tree)) is not None:
            fail(
                f"Is this within {what}, or behind it? Put what belongs together into parentheses",
                end.at,
            )

    def larger(self, tree: Tree) -> Expr:
        match tree:
            case Big():
                return self.big(tree)
            case Cases():
                return self.cases(tree)
            case Grad():
                return self.grad(tree)
        fail("This has no place in a formula", tree.at)

    # ----------------------------------------------------------------------- sums over an index

    def big(self, tree: Big) -> Expr:
        kind = BY_SIGN[tree.macro].name
        lower = tree.lower
        condition: tuple[str, str, str] | None = None
        ranged: Relation | None = None
        if isinstance(lower, Relation):
            indices: tuple[str, ...] = (self._letter(lower.left),)
            if lower.sign == "=":
                ranged = lower
            else:
                condition = (indices[0], lower.sign, self._letter(lower.right))
        else:
            assert isinstance(lower, Indices)
            indices = tuple(self._letter(item) for item in lower.items)
        if len(set(indices)) < len(indices):
            fail("One index twice below one sign", lower.at)
        if tree.upper is not None and ranged is None:
            fail(f"An upper bound needs a lower one: write {tree.macro}_{{j=1}}^n", tree.upper.at)
        if clash := set(indices) & set(self.lift):
            fail(
                f"The reading lifts bare vectors with {min(clash)}: sum over another index",
                lower.at,
            )
        body = self.read(tree.body)
        self._check_body(tree, indices, body)
        if ranged is not None:
            self._check_range(tree, ranged, indices[0])
        if condition is not None:
            self.deltas.append((condition[0], condition[2], lower.at))
        free = (body.free - set(indices)) | ({condition[2]} if condition else set())
        if condition and condition[2] in indices:
            fail("An index compared with itself", lower.at)
        return make(
            "big", (body,), (kind, indices, condition), at=tree.at,
            free=frozenset(free), bound=frozenset(indices), shape=body.shape,
        )  # fmt: skip

    def _letter(self, tree: Tree) -> str:
        if not isinstance(tree, Symbol):
            fail("An index letter is expected here", tree.at)
        index = self.index(tree)
        assert isinstance(index, str)
        return index

    def _check_body(self, tree: Big, indices: tuple[str, ...], body: Expr) -> None:
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
        self.closed(tree, tree.macro)
        self.closed(tree.body, tree.macro)

    def _check_range(self, tree: Big, ranged: Relation, index: str) -> None:
        """Bounds must span the whole range, which the shapes of the nodes tell."""
        if tree.upper is None:
            fail(f"A lower bound needs an upper one: write {tree.macro}_{{{index}=1}}^n", ranged.at)
        if index not in self.ranges:
            fail(f"What does {index} run over? Nothing here tells its range", ranged.at)
        length = self.ranges[index]
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
            bound = self.scope.find(upper)
            if bound is not None and bound.kind == "number":
                value = float(bound.value)
            elif bound is None:
                value = self.sizes.setdefault(upper.base, length)
            else:
                fail(f"{bound.name} is no number: it cannot be an upper bound", upper.at)
        else:
            fail("An upper bound is a number or a letter: sums run over all values", upper.at)
        if value != length:
            fail(
                f"The index {index} has {self.ranges[index]} values, and the sum ends at {value:g}",
                upper.at,
            )

    # ------------------------------------------------------------------------ case distinctions

    def cases(self, tree: Cases) -> Expr:
        values = [self.read(row.value) for row in tree.rows]
        conditions: list[tuple[str, ...] | None] = []
        sides: list[Expr] = []
        free: frozenset[str] = frozenset()
        for row in tree.rows:
            condition, more = self._condition(row)
            conditions.append(condition)
            sides += more
            if condition is not None and condition[0] == "index":
                free |= {condition[2], condition[3]}
        self._check_exhaustive(tree)
        for value in values:
            if value.shape is not None:
                fail("A case distinction of vectors: write it with an index", value.at)
        args = (*values, *sides)
        free = free.union(*(arg.free for arg in args))
        return make("cases", args, tuple(conditions), at=tree.at, free=free)

    def _condition(self, row: Case) -> tuple[tuple[str, ...] | None, list[Expr]]:
        relation = row.condition
        if relation is None:
            return None, []
        assert isinstance(relation, Relation)
        left, right = relation.left, relation.right
        if all(isinstance(t, Symbol) and self.scope.find(t) is None for t in (left, right)):
            i, j = self._letter(left), self._letter(right)
            self.deltas.append((i, j, relation.at))
            return ("index", relation.sign, i, j), []
        if relation.sign in ("=", r"\neq"):
            fail(
                "Equality of values is no test: compare indices, or write <, \\leq, >, \\geq",
                relation.at,
            )
        sides = [self.read(left), self.read(right)]
        for side in sides:
            if side.shape is not None:
                fail("A condition compares numbers: write it with an index", side.at)
        return ("value", relation.sign), sides

    def _check_exhaustive(self, tree: Cases) -> None:
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

    # --------------------------------------------------------------- norms and function macros

    def bars(self, tree: Bars, sub: Tree | None) -> Expr:
        if not tree.double:
            if sub is not None:
                fail("A subscript on an absolute value: write \\lVert x \\rVert for a norm", sub.at)
            body = self.read(tree.body)
            return algebra.apply("abs", (body,), tree.at)
        return algebra.apply("norm_" + self._norm_kind(sub), (self.whole(tree.body),), tree.at)

    def _norm_kind(self, sub: Tree | None) -> str:
        if sub is None:
            return "2"
        assert isinstance(sub, Indices)
        item = sub.items[0]
        if len(sub.items) == 1:
            if isinstance(item, Number) and item.text in ("1", "2"):
                return item.text
            if isinstance(item, Symbol) and item.base in (r"\infty", "F"):
                return {r"\infty": "inf", "F": "F"}[item.base]
        fail("This norm is not understood: 1, 2, \\infty and F are", sub.at)

    def function_macro(self, tree: Function) -> Expr:
        name, argument = tree.macro[1:], tree.argument
        if not isinstance(argument, Group):
            self.closed(argument, tree.macro)
        operation = BY_MACRO[tree.macro]
        if operation.arity is None:
            if not isinstance(argument, Group):
                fail(f"\\{name} takes its arguments in parentheses: \\{name}(a, b)", tree.at)
            arguments = [self.read(item) for item in argument.items]
            return algebra.apply(operation.name, arguments, tree.at)
        if isinstance(argument, Group) and len(argument.items) > 1:
            fail(f"\\{name} takes one argument", argument.items[1].at)
        if isinstance(argument, Product):
            value, used = self.unit(argument.factors, argument.joins, 0)
            if used != len(argument.factors):
                fail(f"Where does the argument of \\{name} end? Write \\{name}(..)", argument.at)
        else:
            value = self.read(argument)
        expr = algebra.apply(operation.name, (value,), tree.at)
        if tree.sup is None:
            return expr
        return algebra.apply("pow", (expr, self.read(tree.sup)), tree.at)
