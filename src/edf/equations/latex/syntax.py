"""The tree of a formula as it is typeset: what stands where, and nothing about meaning.

Every part that shows on the page is kept (`\\frac` or a slash, parentheses, dots between factors),
so that `printer.py` can print the tree back and the result typesets as the source does.
Positions are character offsets in the source and take no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    r"""A letter, a Greek macro or a word, under fonts and accents: `\hat{y}` is y under `\hat`."""

    base: str
    styles: tuple[str, ...] = ()


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
class Group(Tree):
    r"""What stands between visible delimiters, `( )`, `[ ]` or `\{ \}`; commas separate items."""

    items: tuple[Tree, ...]
    open: str  # as written, `\left(` included
    close: str


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
    """A square root."""

    body: Tree


@dataclass(frozen=True, slots=True)
class Function(Tree):
    r"""A function macro with its argument, `\log x` or `\sin^2(x)`."""

    macro: str
    sup: Tree | None
    argument: Tree


@dataclass(frozen=True, slots=True)
class Big(Tree):
    r"""`\sum`, `\prod`, `\max` or `\min` over an index; the body is the rest of its term."""

    macro: str
    lower: Tree
    upper: Tree | None
    body: Tree


@dataclass(frozen=True, slots=True)
class Relation(Tree):
    r"""`left sign right` under a big operator or in a condition: `j \neq i`, `x_i > 0`."""

    left: Tree
    sign: str
    right: Tree


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


@dataclass(frozen=True, slots=True)
class Cases(Tree):
    r"""A `cases` environment."""

    rows: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Row(Tree):
    """One row of a claim: its members, and what stands around them as written.

    `marks[0]` stands before the first member and `marks[-1]` behind the last: ampersands, equality
    signs and a final full stop or comma.
    """

    members: tuple[Tree, ...]
    marks: tuple[str, ...]
    continues: bool  # whether the row starts with an equality sign


@dataclass(frozen=True, slots=True)
class Claim(Tree):
    """A whole claim: rows, in an environment if there is one."""

    rows: tuple[Row, ...]
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Equation(Tree):
    """One step: a left side that is claimed to equal a right side."""

    left: Tree
    right: Tree


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


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield `tree` and everything in it, each before its parts."""
    stack = [tree]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed([child for _, _, child in children(current)]))
