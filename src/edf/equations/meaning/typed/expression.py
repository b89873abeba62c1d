"""The tree of an equation with its meaning: names resolved, shapes and free indices known.

Every expression has the linear-algebra shape of its value at given indices: `None` for a number,
(rows, columns) for a column, a row or a matrix. Its free indices say for how many index values
there is such a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from edf.equations.operations.shapes import Shape


@dataclass(frozen=True, slots=True)
class Shifted:
    r"""An index that takes a part of an axis: the t of x_{t+1} takes all entries but the first.

    While a formula is read for the first time, `by` is the shift that is written; afterwards, the
    place on the axis at which the index starts.
    """

    letter: str
    by: int


@dataclass(frozen=True, slots=True)
class Mirrored:
    r"""An index that takes an axis from its end: the i of x_{n+1-i}, where n is its length."""

    letter: str
    length: int  # of the axis that it takes whole
    written: str


@dataclass(frozen=True, slots=True)
class Combined:
    r"""An index that several letters make: the i + j - 1 of x_{i+j-1}.

    While a formula is read for the first time, the place of its first entry is not known: that
    depends on what the first component is called.
    """

    letters: tuple[str, ...]
    signs: tuple[int, ...]
    starts: tuple[int | None, ...]  # what the first value of each is called; None if as components
    by: int
    written: str
    length: int = 0  # of the axis
    first: int | None = None  # the place at which all letters have their first value

    def place(self, base: int) -> int:
        """Return the place at which all letters have their first value, by the first component."""
        starts = (base if start is None else start for start in self.starts)
        pairs = zip(self.signs, starts, strict=True)
        return sum(sign * start for sign, start in pairs) + self.by - base

    def exists(self, base: int, ranges: Mapping[str, int]) -> bool:
        """Whether all that it takes is on the axis."""
        pairs = zip(self.signs, self.letters, strict=True)
        steps = [sign * (ranges[letter] - 1) for sign, letter in pairs]
        low = self.place(base) + sum(min(step, 0) for step in steps)
        high = self.place(base) + sum(max(step, 0) for step in steps)
        return low >= 0 and high < self.length


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of a component, as written, while it is not known what the first one is called."""

    number: int


#: An index letter, one with a shift or mirrored, or the number of a component counted from 0.
Index: TypeAlias = str | int | Shifted | Mirrored | Combined | Counted


def letters_of(indices: Iterable[Index]) -> list[str]:
    """Return the letters among indices, in their order."""
    found: list[str] = []
    for index in indices:
        if isinstance(index, Shifted | Mirrored):
            found.append(index.letter)
        elif isinstance(index, Combined):
            found += index.letters
        elif isinstance(index, str):
            found.append(index)
    return found


def combined_in(exprs: Iterable[Expr]) -> dict[Combined, int]:
    """Return the indices of several letters in expressions and all inside them, and where."""
    found: dict[Combined, int] = {}
    for part in (part for expr in exprs for part in expr.walk()):
        indices = part.data if part.op == "component" else ()
        if part.op in ("node", "array", "deriv"):
            indices = part.data[1] or ()
        for index in indices:
            if isinstance(index, Combined):
                found.setdefault(index, part.at)
    return found


@dataclass(frozen=True, slots=True)
class Expr:
    """An operation on expressions.

    op          data
    (the name of an operation, see `edf.equations.operations`: nothing)
    number      its value
    node        (graph node, indices or None for the whole), label
    array       (bound array, indices or None), label
    delta       (i, j)
    ones, eye   nothing: the shape says all
    big         (name of a reduction; its indices; condition (left, sign, right) or None)
    cases       per value its conditions, each ("index", sign, i, j), or ("value", sign): the two
                sides follow the values among the arguments, in order
    component   indices into a column or matrix
    call        the function that is bound
    prime       (the function that is bound, how often it is differentiated)
    at          (graph nodes, their names): the body, and the values that these have in it
    integral    (index, kind of the rule, label of the variable); the body and its limits
    abscissa    (index, kind of the rule); the limits
    approach    (index, kind of the limit); the point, unless it is infinite
    limit       (index, kind of the limit, label of the variable, where it goes); the body
    expansion   (index of the places, index of the coefficients, how many these are); the body
    zeros       nothing: the shape says all
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
        stack = [self]
        while stack:
            current = stack.pop()
            yield current
            stack += reversed(current.args)


@dataclass(frozen=True, slots=True)
class Condition:
    """A relation between two numbers, or between two indices, which have no sides."""

    sign: str
    indices: tuple[str, str] | None
    sides: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One step: two sides of equal shape, and the range of every index in them."""

    left: Expr
    right: Expr
    ranges: dict[str, int]
    sign: str = "="
    given: tuple[Condition, ...] = ()  # what restricts the points and components of the claim
    #: The sides as they are written; those above are equal where the relation between these holds.
    written: tuple[Expr, Expr] | None = None
    base: int = 0  # what a formula calls the first component, as far as it says so
    layout: str = ""  # of derivatives by bare vectors, where the shapes alone tell it
    turned: Meaning | None = None  # in the other layout, where both fit

    @property
    def differentiates(self) -> int:
        """How many derivatives stand within each other, at most."""
        return max(self.left.order, self.right.order)
