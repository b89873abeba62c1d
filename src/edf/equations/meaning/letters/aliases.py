r"""Names that stand for expressions, as \delta does after \delta = \nabla_z L.

What such a name means is read where it is used, as if its expression stood there in parentheses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Big,
    Group,
    Symbol,
    Tree,
    children,
    rewritten,
    walk,
    with_child,
)
from edf.equations.meaning.names.scope import Alias, Bound, python_names
from edf.equations.meaning.typed import algebra
from edf.equations.meaning.typed.expression import Expr, Index
from edf.equations.operations.shapes import DimensionVariable, settle

if TYPE_CHECKING:
    from edf.equations.meaning.reader import Reader


def read_alias(reader: Reader, bound: Bound, indices: tuple[Index, ...], at: int) -> Expr:
    """The expression that a name stands for, or a component of it."""
    alias = bound.value
    if alias.variables:
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} is a function: write its argument in parentheses",
            at,
        )
    tree = _moved(alias.tree, at)
    if not alias.letters:
        value = reader.whole(tree)
        if not indices and reader.lift and value.shape is not None:
            indices = reader.lift[: 1 if settle(value.shape[1]) == 1 else 2]
        return entry(reader, value, indices, at) if indices else value
    letters = [index for index in indices if isinstance(index, str)]
    if len(letters) < len(indices) or len(indices) != len(alias.letters):
        written = ", ".join(alias.letters)
        fail(
            Why.SHAPES,
            f"{bound.name} was defined with the indices {written}: write as many letters",
            at,
        )
    return reader.read(_renamed(tree, dict(zip(alias.letters, letters, strict=True)), bound.name))


def called_alias(reader: Reader, bound: Bound, group: Group, at: int) -> Expr:
    """The value of a function that a formula defines, with something for each of its variables."""
    alias: Alias = bound.value
    if len(group.items) != len(alias.arguments):
        count = len(alias.arguments)
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} was defined with {count} argument{'s' * (count > 1)}, and here it has "
            f"{len(group.items)}",
            group.at,
        )
    given: dict[str, Tree] = {}
    for written, item in zip(alias.arguments, group.items, strict=True):
        name = python_names(written)[0] if isinstance(written, Symbol) else ""
        if name in alias.variables:
            given[name] = item
        elif item != written:
            fail(
                Why.OTHER_MEANING,
                f"{bound.name} was defined for {to_latex(written)} itself: write that, or define a "
                "function of it by another letter",
                item.at,
            )
    letters = {t for item in given.values() for t in walk(item) if isinstance(t, Symbol)}
    for lower in [t.lower for t in walk(alias.tree) if isinstance(t, Big) and t.lower]:
        for clash in letters & {t for t in walk(lower) if isinstance(t, Symbol)}:
            if reader.scope.find(clash) is None:
                fail(
                    Why.SHAPES,
                    f"{bound.name} has an index {clash.base} inside its definition: use another "
                    "letter",
                    at,
                )

    def put(part: Tree) -> Tree:
        if isinstance(part, Symbol) and python_names(part)[0] in given and not part.shown:
            item = given[python_names(part)[0]]
            alone = isinstance(item, Symbol)  # in parentheses, it would look like an argument
            return replace(item, at=at) if alone else Group((item,), "(", ")", at=at)
        return part

    return reader.read(rewritten(_moved(alias.tree, at), put))


def entry(reader: Reader, value: Expr, indices: tuple[Index, ...], at: int) -> Expr:
    """A component of a column or a matrix."""
    algebra.component(value, indices, at)
    assert value.shape is not None
    placed: list[Index] = []
    for index, dim in zip(indices, value.shape, strict=False):
        length = settle(dim)
        if isinstance(length, DimensionVariable):
            fail(Why.UNKNOWN, "The length of this cannot be told from what stands around it", at)
        reader.inference.runs_over(index, length, at)
        placed.append(reader.inference.placed(index, length))
    return algebra.component(value, tuple(placed), at)


def _moved(tree: Tree, at: int) -> Tree:
    """The tree as if it stood at one place: what is wrong with it is shown where it is used."""
    for name, place, child in children(tree):
        tree = with_child(tree, name, place, _moved(child, at))
    return replace(tree, at=at)


def _renamed(tree: Tree, letters: Mapping[str, str], name: str) -> Tree:
    """The tree with other letters for its indices."""
    inner = {python_names(t)[0] for t in walk(tree) if isinstance(t, Symbol)} - letters.keys()
    if clash := sorted(inner & {new for old, new in letters.items() if new != old}):
        fail(
            Why.SHAPES,
            f"{name} has an index {clash[0]} inside its definition: use another letter",
            tree.at,
        )

    def rename(part: Tree) -> Tree:
        if isinstance(part, Symbol) and not part.styles and python_names(part)[0] in letters:
            return replace(part, base=letters[python_names(part)[0]])
        for field, place, child in children(part):
            part = with_child(part, field, place, rename(child))
        return part

    return rename(tree)
