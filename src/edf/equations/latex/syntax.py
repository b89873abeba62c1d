"""The tree of a formula as it is typeset: what stands where, and nothing about meaning.

Every part that shows on the page is kept (`\\frac` or a slash, parentheses, dots between factors),
so that `printer.py` can print the tree back and the result typesets as the source does.
Positions are character offsets in the source and take no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

#: Annotations of the fields that hold no trees.
WORDS = ("str", "int", "bool", "tuple[str, ...]")


@dataclass(frozen=True, slots=True)
class Tree:
    """A part of a formula."""

    at: int = field(compare=False, kw_only=True, default=0)


@dataclass(frozen=True, slots=True)
class Number(Tree):
    """A decimal number as written, `2` or `0.5`."""

    text: str


@dataclass(frozen=True, slots=True)
class Symbol(Tree):
    r"""A letter, a macro or a word, under fonts and accents: `\hat{y}` is y under `\hat`."""

    base: str
    styles: tuple[str, ...] = ()
    #: The LaTeX that it was written as, where that is more than a base under styles.
    shown: str = field(compare=False, kw_only=True, default="")


INFINITY = Symbol(r"\infty")


@dataclass(frozen=True, slots=True)
class Indices(Tree):
    """A subscript: its parts, and the comma or nothing between each and the next."""

    items: tuple[Tree, ...]
    commas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script(Tree):
    """A base with primes, a subscript, a superscript, or several of them."""

    base: Tree
    sub: Tree | None = None
    sup: Tree | None = None
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Styled(Tree):
    r"""A font or an accent on more than a name, `\overline{x y}`, or a brace below or above."""

    macro: str
    body: Tree
    note: Tree | None = None  # what stands at the brace


@dataclass(frozen=True, slots=True)
class Group(Tree):
    r"""What stands between visible delimiters, `( )`, `[ ]`, `\{ \}`, `\langle \rangle`.

    Commas, semicolons and bars separate items; `p(y | x)` has two.
    """

    items: tuple[Tree, ...]
    open: str  # as written, `\left(` included
    close: str
    commas: tuple[str, ...] = ()  # what stands between items, commas if nothing is said


@dataclass(frozen=True, slots=True)
class Evaluated(Tree):
    r"""`\left. body \right|_{x = a}` and `body \Big|_{x = a}`: a value at a point.

    With something above, `F(x) \Big|_a^b`, what that has more than what stands below.
    """

    body: Tree
    at_point: Tree
    bar: str  # the delimiter that closes it
    shown: str = ""  # the bar as written, where nothing invisible opens before it
    up_to: Tree | None = None


@dataclass(frozen=True, slots=True)
class Bars(Tree):
    r"""An absolute value or a norm, `|x|` or `\lVert x \rVert`."""

    body: Tree
    open: str
    close: str
    double: bool


@dataclass(frozen=True, slots=True)
class Fraction(Tree):
    r"""`\frac{top}{bottom}`; `macro` is `\frac`, `\dfrac` or `\tfrac`. Derivatives look like it."""

    top: Tree
    bottom: Tree
    macro: str


@dataclass(frozen=True, slots=True)
class Slash(Tree):
    """`top/bottom`, on the line."""

    top: Tree
    bottom: Tree


@dataclass(frozen=True, slots=True)
class Root(Tree):
    r"""A square root, or one of another degree, `\sqrt[3]{x}`."""

    body: Tree
    degree: Tree | None = None


@dataclass(frozen=True, slots=True)
class Function(Tree):
    r"""A function macro with its argument, `\log x`, `\sin^2(x)` or `\tanh'(x)`."""

    macro: str
    sup: Tree | None
    argument: Tree
    sub: Tree | None = None  # the base of a logarithm
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Factorial(Tree):
    """`n!`."""

    body: Tree


@dataclass(frozen=True, slots=True)
class Big(Tree):
    r"""`\sum`, `\prod`, `\max` or `\min` over an index; the body is the rest of its term."""

    macro: str
    lower: Tree | None
    upper: Tree | None
    body: Tree
    shown: str = ""  # the sign and what stands below it as written, if not behind _

    @property
    def place(self) -> str:
        """`argmin` or `argmax`, however it is set, of a sign for the place of an extremum."""
        letters = "".join(filter(str.isalpha, self.macro))
        return letters[-6:] if letters.endswith(("argmin", "argmax")) else ""


@dataclass(frozen=True, slots=True)
class Relation(Tree):
    r"""`left sign right` in a condition or an argument: `j \neq i`, `x_i > 0`, `X = x`."""

    left: Tree
    sign: str
    right: Tree


@dataclass(frozen=True, slots=True)
class Conditions(Tree):
    """Several conditions that hold at once, and what stands between each and the next."""

    parts: tuple[Tree, ...]
    joins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Product(Tree):
    r"""Factors side by side; `joins[k]` stands between k and k+1: nothing, `\cdot`, `\odot`..."""

    factors: tuple[Tree, ...]
    joins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sum(Tree):
    """Terms with their signs; the first sign is empty where none is written."""

    terms: tuple[Tree, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grad(Tree):
    r"""`x.\text{grad}`; `macro` is the font macro that was written."""

    base: Tree
    macro: str


@dataclass(frozen=True, slots=True)
class Case(Tree):
    """One row of a case distinction; without a condition, the row for all other cases."""

    value: Tree
    word: str  # `if`, `otherwise` or another word as written, or nothing
    macro: str  # the font macro of the word
    condition: Tree | None
    end: str  # punctuation behind the row
    comma: str = ""  # punctuation behind the value
    apart: str = "&"  # what parts it from the condition: without a column, a space


@dataclass(frozen=True, slots=True)
class Cases(Tree):
    r"""A `cases` environment."""

    rows: tuple[Case, ...]
    environment: str = "cases"


@dataclass(frozen=True, slots=True)
class Matrix(Tree):
    r"""A matrix written out, `\begin{pmatrix} a & b \\ c & d \end{pmatrix}`."""

    environment: str
    rows: tuple[Row, ...]
    columns: str = ""  # of an array, its argument


@dataclass(frozen=True, slots=True)
class Row(Tree):
    """One row of a matrix."""

    entries: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Empty(Tree):
    """Nothing, in a cell of a matrix."""


@dataclass(frozen=True, slots=True)
class Listed(Tree):
    r"""A column or a row of a visible pattern, x_1, \dots, x_n: one entry, and its bounds."""

    body: Tree
    below: Tree  # i = 1
    last: Tree
    along: str  # `rows` for a column, `columns` for a row
    shown: str  # as it was written


@dataclass(frozen=True, slots=True)
class Mark(Tree):
    r"""What stands between two parts of a claim, as written: `&=`, `, \quad`, `\\`.

    `sign` is the relation among it, if there is one; where a row goes on with a further term of the
    sum before it, `continues`; where what follows is said to follow from what stands before it, or
    the other way round, `implies`.
    """

    text: str
    sign: str = ""
    continues: bool = False
    new_row: bool = False
    implies: bool = False


@dataclass(frozen=True, slots=True)
class Aside(Tree):
    r"""What is said beside a formula: a number `(1)`, `\text{for all } i`, `\text{if } x > 0`."""

    text: str
    conditions: tuple[Tree, ...] = ()
    problem: str = ""  # why a condition was not understood


@dataclass(frozen=True, slots=True)
class Claim(Tree):
    """A whole claim: expressions with the marks between them, and asides."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Equation(Tree):
    """One step: a left side that is claimed to be related to a right side, under conditions.

    `statement` counts the implications before it.
    """

    left: Tree
    right: Tree
    sign: str = "="
    conditions: tuple[Tree, ...] = ()
    sign_at: int = field(compare=False, kw_only=True, default=0)
    row: int = field(compare=False, kw_only=True, default=0)
    statement: int = field(compare=False, kw_only=True, default=0)


def children(tree: Tree) -> Iterator[tuple[str, int | None, Tree]]:
    """Yield each child as (field, place in the field's tuple or None, child)."""
    for name in _parts(type(tree)):  # type: ignore[arg-type]  # a class has a hash
        value = getattr(tree, name)
        if isinstance(value, Tree):
            yield name, None, value
        elif isinstance(value, tuple):
            for place, item in enumerate(value):
                if isinstance(item, Tree):
                    yield name, place, item


@cache
def _parts(kind: type[Tree]) -> tuple[str, ...]:
    """Return the fields of a kind of tree that can hold trees: all but words, signs and flags."""
    return tuple(spec.name for spec in fields(kind) if spec.type not in WORDS)


def with_child(tree: Tree, name: str, place: int | None, child: Tree) -> Tree:
    """Return `tree` with one child replaced."""
    new: Any = child
    if place is not None:
        old = getattr(tree, name)
        new = (*old[:place], child, *old[place + 1 :])
    return replace(tree, **{name: new})


def rewritten(tree: Tree, rule: Callable[[Tree], Tree]) -> Tree:
    """Return `tree` with `rule` applied to its parts and then to itself; the rest is kept."""
    for name, place, child in list(children(tree)):
        new = rewritten(child, rule)
        if new is not child:
            tree = with_child(tree, name, place, new)
    return rule(tree)


def substituted(tree: Tree, others: Mapping[Tree, Tree]) -> Tree:
    """Return `tree` with other parts for some, wherever these stand; what is put in stays."""
    if tree in others:
        return replace(others[tree], at=tree.at)
    for name, place, child in list(children(tree)):
        new = substituted(child, others)
        if new is not child:
            tree = with_child(tree, name, place, new)
    return tree


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield `tree` and everything in it, each before its parts."""
    stack = [tree]
    while stack:
        current = stack.pop()
        yield current
        for name in reversed(_parts(type(current))):  # type: ignore[arg-type]  # a class has a hash
            value = getattr(current, name)
            if isinstance(value, Tree):
                stack.append(value)
            elif isinstance(value, tuple):
                stack += [item for item in reversed(value) if isinstance(item, Tree)]
