"""Expressions with indices: what the generator rewrites, mutates, prints and evaluates.

The operations, with what `args` and `data` hold:

    num      data: an int or a Fraction
    name     data: (name, indices); a value of the world, one component of it
    delta    data: (i, j)
    add mul  args: two or more
    neg      args: one
    div pow  args: two
    fn       args: one; data: an elementary function's name
    max min  args: two or more
    over     args: one; data: (sum | prod | max | min, index, excluded index or None)
    deriv    args: one; data: the (name, indices) differentiated by, outermost first
    call     args: one scalar; data: a world's function of one scalar
    prime    args: one scalar; data: (such a function, order)
    replace  args: a scalar for each parent, all of them leaves; data: the node that is evaluated
    cases    args: two, the value if the condition holds, the other value; data: (i, j): i = j
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

Path = tuple[int, ...]


@dataclass(frozen=True)
class Expr:
    """One node of an expression's tree."""

    op: str
    args: tuple[Expr, ...] = ()
    data: Any = None

    def __add__(self, other: Any) -> Expr:
        return Expr("add", (*_terms(self, "add"), *_terms(as_expr(other), "add")))

    def __radd__(self, other: Any) -> Expr:
        return as_expr(other) + self

    def __sub__(self, other: Any) -> Expr:
        return self + -as_expr(other)

    def __rsub__(self, other: Any) -> Expr:
        return as_expr(other) - self

    def __mul__(self, other: Any) -> Expr:
        return Expr("mul", (*_terms(self, "mul"), *_terms(as_expr(other), "mul")))

    def __rmul__(self, other: Any) -> Expr:
        return as_expr(other) * self

    def __truediv__(self, other: Any) -> Expr:
        return Expr("div", (self, as_expr(other)))

    def __rtruediv__(self, other: Any) -> Expr:
        return as_expr(other) / self

    def __matmul__(self, other: Any) -> Expr:
        return Expr("matmul", (*_terms(self, "matmul"), *_terms(as_expr(other), "matmul")))

    def __pow__(self, other: Any) -> Expr:
        return Expr("pow", (self, as_expr(other)))

    def __neg__(self) -> Expr:
        return Expr("neg", (self,))

    def __getitem__(self, indices: str | tuple[str, ...]) -> Expr:
        """One component of a name: `W["i", "j"]`, or `W["ij"]`."""
        assert self.op == "name"
        assert not self.data[1]
        return replace(self, data=(self.data[0], tuple(indices)))


@dataclass(frozen=True)
class Equation:
    """What is claimed: left = right, for every value of the free indices."""

    left: Expr
    right: Expr


def as_expr(value: Any) -> Expr:
    return value if isinstance(value, Expr) else Expr("num", data=value)


def _terms(expr: Expr, op: str) -> tuple[Expr, ...]:
    return expr.args if expr.op == op else (expr,)


def names(text: str) -> list[Expr]:
    """The values of that name, without indices yet: `x, P, l = names("x P l")`."""
    return [Expr("name", data=(word, ())) for word in text.split()]


def half(expr: Expr) -> Expr:
    return Expr("num", data=Fraction(1, 2)) * expr


def delta(indices: str) -> Expr:
    return Expr("delta", data=tuple(indices))


def fn(name: str, argument: Any) -> Expr:
    return Expr("fn", (as_expr(argument),), name)


def exp(argument: Any) -> Expr:
    return fn("exp", argument)


def log(argument: Any) -> Expr:
    return fn("log", argument)


def sqrt(argument: Any) -> Expr:
    return fn("sqrt", argument)


def over(kind: str, index: str, body: Any, but: str | None = None) -> Expr:
    return Expr("over", (as_expr(body),), (kind, index, but))


def total(indices: str, body: Any) -> Expr:
    """The sum over each index, the first outermost."""
    for index in reversed(indices):
        body = over("sum", index, body)
    return as_expr(body)


def d(target: Expr, *wrt: Expr) -> Expr:
    """The derivative of `target`; the outermost derivative's variable comes first."""
    return Expr("deriv", (target,), tuple(w.data for w in wrt))


def call(function: str, argument: Any) -> Expr:
    return Expr("call", (as_expr(argument),), function)


def prime(function: str, argument: Any, order: int = 1) -> Expr:
    return Expr("prime", (as_expr(argument),), (function, order))


def replace_inputs(node: Expr, *arguments: Any) -> Expr:
    """The node's value where its inputs have the values of the arguments."""
    return Expr("replace", tuple(as_expr(a) for a in arguments), node.data[0])


def if_equal(indices: str, value: Any, otherwise: Any) -> Expr:
    return Expr("cases", (as_expr(value), as_expr(otherwise)), tuple(indices))


def largest(kind: str, *arguments: Any) -> Expr:
    return Expr(kind, tuple(as_expr(a) for a in arguments))


def own_indices(expr: Expr) -> tuple[str, ...]:
    """The indices that this node itself mentions, arguments aside."""
    match expr.op:
        case "name":
            return expr.data[1]
        case "delta" | "cases":
            return expr.data
        case "over":
            return tuple(i for i in expr.data[1:] if i)
        case "deriv":
            return tuple(i for _, indices in expr.data for i in indices)
    return ()


def free(expr: Expr) -> frozenset[str]:
    """The indices that the expression's value depends on."""
    inside = frozenset().union(*(free(a) for a in expr.args)) | frozenset(own_indices(expr))
    return inside - {expr.data[1]} if expr.op == "over" else inside


def bound_indices(equation: Equation) -> frozenset[str]:
    """The letters over which something is summed, multiplied or compared."""
    nodes = [node for side in (equation.left, equation.right) for _, node in walk(side)]
    return frozenset(node.data[1] for node in nodes if node.op == "over")


def all_indices(expr: Expr) -> frozenset[str]:
    """Every index letter in the expression, free or bound."""
    return frozenset(own_indices(expr)).union(*(all_indices(a) for a in expr.args))


def rename(expr: Expr, new: dict[str, str]) -> Expr:
    """Replace index letters, bound ones too, wherever they stand."""

    def letter(index: str | None) -> str | None:
        return None if index is None else new.get(index, index)

    data = expr.data
    match expr.op:
        case "name":
            data = (data[0], tuple(map(letter, data[1])))
        case "delta" | "cases":
            data = tuple(map(letter, data))
        case "over":
            data = (data[0], letter(data[1]), letter(data[2]))
        case "deriv":
            data = tuple((name, tuple(map(letter, indices))) for name, indices in data)
    return Expr(expr.op, tuple(rename(a, new) for a in expr.args), data)


def walk(expr: Expr, path: Path = ()) -> Iterator[tuple[Path, Expr]]:
    """Every node with the path that leads to it, the root first."""
    yield path, expr
    for k, argument in enumerate(expr.args):
        yield from walk(argument, (*path, k))


def put(expr: Expr, path: Path, new: Expr) -> Expr:
    """Return the expression with `new` at `path`."""
    if not path:
        return new
    k, *rest = path
    args = list(expr.args)
    args[k] = put(args[k], tuple(rest), new)
    return replace(expr, args=tuple(args))


def size(expr: Expr) -> int:
    return 1 + sum(size(a) for a in expr.args)


def mentions(expr: Expr, op: str) -> bool:
    return any(node.op == op for _, node in walk(expr))
