"""The tree of an equation with its meaning: names resolved, shapes and free indices known.

Every expression has the linear-algebra shape of its value at given indices: `None` for a number,
(rows, columns) for a column, a row or a matrix. Its free indices say for how many index values
there is such a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias


class Hole:
    r"""A length that is not known yet, as that of `\mathbf{1}` until it meets a vector."""

    __slots__ = ("length",)

    def __init__(self) -> None:
        self.length: Dim | None = None


Dim: TypeAlias = int | Hole
Shape: TypeAlias = tuple[Dim, Dim] | None
#: An index letter, or the number of a component counted from 0.
Index: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Expr:
    """An operation on expressions.

    op          data
    number      its value
    node        (graph node, indices or None for the whole), label
    array       (bound array, indices or None), label
    delta       (i, j)
    ones, eye   nothing: the shape says all
    add, mul, neg, div, pow, matmul, hadamard, max, min, transpose, inverse, det, trace, diag, abs
    fn          name of an elementary function
    norm        "1", "2", "inf" or "F"
    big         (sum, prod, max or min; its indices; condition (left, sign, right) or None)
    cases       per value its condition: None, ("index", sign, i, j), or ("value", sign): the two
                sides follow the values among the arguments, in order
    component   indices into a column or matrix
    call        the function that is bound
    prime       (the function that is bound, how often it is differentiated)
    replace     (graph node, its ancestors for which the arguments stand)
    deriv       ((graph node, indices or None, label), ...): with respect to what, outermost first
    """

    op: str
    args: tuple[Expr, ...] = ()
    data: Any = None
    free: frozenset[str] = frozenset()
    shape: Shape = field(default=None, compare=False)
    bound: frozenset[str] = field(default=frozenset(), compare=False)  # indices summed inside
    order: int = field(default=0, compare=False)  # derivatives within each other
    label: tuple[str, str] = field(default=("", ""), compare=False)  # plain text, LaTeX
    at: int = field(default=0, compare=False)

    def walk(self) -> Iterator[Expr]:
        """Yield this expression and all inside it."""
        yield self
        for arg in self.args:
            yield from arg.walk()


@dataclass(frozen=True, slots=True)
class Meaning:
    """One step: two sides of equal shape, and the range of every index in them."""

    left: Expr
    right: Expr
    ranges: dict[str, int]

    @property
    def differentiates(self) -> int:
        """How many derivatives stand within each other, at most."""
        return max(self.left.order, self.right.order)


def settle(dim: Dim) -> Dim:
    """Return what is known of a length."""
    while isinstance(dim, Hole) and dim.length is not None:
        dim = dim.length
    return dim


def same(one: Dim, other: Dim) -> bool:
    """Make two lengths equal if they can be, and say whether they are."""
    one, other = settle(one), settle(other)
    if isinstance(one, Hole):
        if one is not other:
            one.length = other
        return True
    if isinstance(other, Hole):
        other.length = one
        return True
    return one == other


def fits(one: Shape, other: Shape) -> bool:
    """Make two shapes equal if they can be, and say whether they are."""
    if one is None or other is None:
        return one is other
    return same(one[0], other[0]) and same(one[1], other[1])


def describe(shape: Shape) -> str:
    """Return a shape in words."""
    if shape is None:
        return "a number"
    rows, columns = (settle(dim) for dim in shape)
    if columns == 1:
        return f"a column of {_length(rows)}"
    if rows == 1:
        return f"a row of {_length(columns)}"
    return f"a {_length(rows)} by {_length(columns)} matrix"


def _length(dim: Dim) -> str:
    return "unknown length" if isinstance(dim, Hole) else str(dim)
