r"""What the parts of the parser, one module for each kind of construct, ask of each other."""

from __future__ import annotations

from edf.equations.latex.cursor import Cursor
from edf.equations.latex.syntax import Product, Tree
from edf.equations.latex.tokens import Token


class Grammar(Cursor):
    """The constructs that occur within others, each read by the module of its kind."""

    def statement(self) -> Tree:
        """Read an expression, or expressions with relations between."""
        raise NotImplementedError

    def expression(self) -> Tree:
        """Read a sum."""
        raise NotImplementedError

    def term(self) -> Tree:
        """Read a product."""
        raise NotImplementedError

    def factor(self) -> Tree:
        """Read what belongs together, with its scripts."""
        raise NotImplementedError

    def primary(self) -> Tree:
        """Read what scripts can stand at."""
        raise NotImplementedError

    def argument(self, macro: str) -> Tree:
        """Read the argument of a macro: braces, or one token."""
        raise NotImplementedError

    def starts(self) -> bool:
        """Whether the current token begins a further factor of a product."""
        raise NotImplementedError

    def scripts(self, base: Tree, at: int) -> Tree:
        """Read what stands below and above a base."""
        raise NotImplementedError

    def superscript(self) -> Tree:
        """Read a superscript behind its sign."""
        raise NotImplementedError

    def indices(self) -> Tree:
        """Read a subscript behind its sign."""
        raise NotImplementedError

    def script_sign(self) -> Token:
        """Take the sign of a superscript, a subscript or a prime."""
        raise NotImplementedError

    def index_item(self) -> Tree:
        """Read one index: a letter, a number or a word, or a sum of these."""
        raise NotImplementedError

    def index_atom(self, braced: bool) -> Tree:
        """Read a letter, a number or a word as an index."""
        raise NotImplementedError

    def names_something(self) -> bool:
        """Whether a letter or a word begins here."""
        raise NotImplementedError

    def check_beside(self, left: Tree, right: Tree) -> None:
        """Refuse what reads as one number where nothing stands between two factors."""
        raise NotImplementedError

    def symbol(self) -> Tree:
        """Read a letter or a word, under accents and fonts."""
        raise NotImplementedError

    def delimited(self) -> Tree:
        """Read a group or bars."""
        raise NotImplementedError

    def sized_separator(self) -> bool:
        """Whether a bar with its size stands between two items of parentheses."""
        raise NotImplementedError

    def bar_of_evaluation(self) -> str | None:
        """Return the bar that stands here if it says at which point."""
        raise NotImplementedError

    def bounds(self) -> Tree:
        """Read what stands below a sign."""
        raise NotImplementedError

    def is_place_of_extremum(self) -> bool:
        """Whether a word stands here that is set as the sign of a place of a minimum is."""
        raise NotImplementedError

    def big(self, macro: str, at: int) -> Tree:
        """Read a sign that acts on the rest of its term."""
        raise NotImplementedError


def product(factors: list[Tree], joins: list[str], at: int) -> Tree:
    """Return factors side by side as one tree."""
    return factors[0] if len(factors) == 1 else Product(tuple(factors), tuple(joins), at=at)
