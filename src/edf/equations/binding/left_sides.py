r"""What a definition defines: the name on its left side, with the indices or labels it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Group,
    Indices,
    Product,
    Script,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.names.scope import Scope, index_text, joined_name, python_names
from edf.equations.meaning.names.wording import (
    difference_of,
    mark_of,
)
from edf.equations.meaning.typed.expression import Expr


class LeftSide(NamedTuple):
    """The name on a left side, and its subscript: indices, or a part of the name."""

    base: str
    text: str = ""
    letters: tuple[str, ...] | None = ()  # None if the subscript cannot be indices

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may mean."""
        return (self.base, joined_name(self.base, self.text)) if self.text else (self.base,)

    def read(self, right: Expr, named: set[str]) -> tuple[str, tuple[str, ...]]:
        """The name and its indices.

        Args:
            right: The right side: without free indices, what stands below is a label, as the B of
                \\mu_B; but z_i of a vector is more likely one that lacks its index.
            named: Letters that are parts of names there, as the t of v_{t-1}.
        """
        if self.letters is None:
            return joined_name(self.base, self.text), ()
        if self.text and not right.free:
            lacks = right.shape is not None and set(self.letters) <= {"i", "j"}
            if len(self.letters) > 1 or set(self.letters) <= named or not lacks:
                return joined_name(self.base, self.text), ()
        return self.base, self.letters


def left_side(tree: Tree, at: int) -> LeftSide:
    """What a left side defines."""
    if isinstance(tree, Product) and len(tree.factors) == 2 and isinstance(tree.factors[1], Group):
        return left_side(tree.factors[0], at)  # f(x), a node that depends on x
    if isinstance(tree, Product) and (word := _word(tree)) is not None:
        return left_side(word, at)
    if isinstance(tree, Product) and len(tree.factors) == 2:
        step = difference_of(*tree.factors)
        if step is not None and isinstance(tree.factors[1], Symbol):
            return LeftSide(step[0])
    match tree:
        case Product(factors=(symbol, Script(base=Group(), sub=below, sup=None, primes=0))):
            return left_side(Script(symbol, below, at=tree.at), at)  # P(x)_i
    if isinstance(tree, Symbol):
        return LeftSide(python_names(tree)[0])
    sub = tree.sub if isinstance(tree, Script) else None
    if not isinstance(tree, Script) or not isinstance(tree.base, Symbol):
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, f(x)", at)
    base = python_names(tree.base)[0]
    if isinstance(tree.sup, Group) and all(map(_is_letter, tree.sup.items)):
        return _member(base, tree.sup, sub, at)
    mark = mark_of(tree)
    if mark is None:
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, z^{(i)}, w^*, f(x)", at)
    if mark:
        if sub is None:
            return LeftSide(joined_name(base, mark))
        labelled = left_side(Script(tree.base, sub), at)
        if labelled.letters:
            return labelled._replace(base=joined_name(base, mark))
        return LeftSide(joined_name(base, labelled.text, mark))
    text = index_text(sub) if sub is not None else None
    if not text:
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, f(x)", at)
    letters = None
    if isinstance(sub, Indices) and all(_is_letter(item) for item in sub.items):
        letters = tuple(python_names(i)[0] for i in sub.items if isinstance(i, Symbol))
    return LeftSide(base, text, letters)


def _word(tree: Product) -> Tree | None:
    r"""The word that letters side by side spell, adv\_x or CE(y), or None for anything else."""
    *letters, last = tree.factors
    group = isinstance(last, Group)
    if group and len(letters) > 1:
        *letters, last = letters
    base = last.base if isinstance(last, Script) else last
    parts = [*letters, base]
    if (
        len(parts) < 2
        or any(tree.joins)
        or not all(
            isinstance(part, Symbol)
            and not part.styles
            and (part.base == r"\_" or part.base.isalpha())
            for part in parts
        )
    ):
        return None
    text = "".join(part.base.replace("\\", "") for part in parts if isinstance(part, Symbol))
    word = Symbol(text, at=tree.at)
    return replace(last, base=word) if isinstance(last, Script) else word


def letters_in_names(tree: Tree, names: Mapping[str, Any]) -> set[str]:
    """The letters that are parts of names which the page binds, as the t of v_{t-1}."""
    scope, found = Scope(names), set[str]()
    for part in walk(tree):
        if isinstance(part, Script) and isinstance(part.base, Symbol) and part.sub is not None:
            text = index_text(part.sub)
            if text and scope.find(part.base, text) is not None:
                found |= {python_names(t)[0] for t in walk(part.sub) if isinstance(t, Symbol)}
    return found


def _member(base: str, sup: Tree, sub: Tree | None, at: int) -> LeftSide:
    """A member of a family, x^{(i)}, or a component of it, x^{(i)}_j."""
    above = sup.items if isinstance(sup, Group) else ()
    below = sub.items if isinstance(sub, Indices) else ()
    if len(above) != 1 or not all(_is_letter(item) for item in (*above, *below)):
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, z^{(i)}, f(x)", at)
    letters = (*above, *below)
    return LeftSide(base, "", tuple(python_names(i)[0] for i in letters if isinstance(i, Symbol)))


def _is_letter(item: Tree) -> bool:
    return isinstance(item, Symbol) and not item.styles and len(python_names(item)[0]) == 1
