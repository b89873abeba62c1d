r"""Where a sum without parentheses ends: the last factor of its term may be in it, or behind it."""

from __future__ import annotations

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Big,
    Function,
    Group,
    Product,
    Script,
    Slash,
    Symbol,
    Tree,
    walk,
)


def insist_on_end(tree: Tree, what: str) -> None:
    r"""Refuse an operand that is a sum of which the end could stand outside of `what`."""
    if (end := _loose_end(tree)) is not None:
        fail(
            Why.AMBIGUOUS,
            f"Is this within {what}, or behind it? Put what belongs together into parentheses",
            end.at,
        )


def _is_call(product: Product, letters: set[Symbol]) -> bool:
    r"""Whether a product ends as \lambda_i(A^\top A) or f_i(x) does, in a function."""
    *_, head, end = product.factors
    group = end.base if isinstance(end, Script) else end
    indexed = isinstance(head, Script) and bool(letters & set(walk(head)))
    alone = isinstance(group, Group) and len(group.items) == 1
    if not (indexed and alone and not product.joins[-1] and isinstance(group, Group)):
        return False
    spectral = isinstance(head, Script) and head.base in (Symbol(r"\lambda"), Symbol(r"\sigma"))
    return spectral or isinstance(group.items[0], Symbol | Script)


def _loose_end(tree: Tree) -> Tree | None:
    r"""Return what ends a sum without needing to be in it, as y does in `\sum_j x_j y`.

    A sum of numbers is the same either way; its logarithm, derivative or largest value is not.
    """
    while True:
        match tree:
            case Product():
                tree = tree.factors[-1]
            case Function() if not isinstance(tree.argument, Group):
                tree = tree.argument
            case Big(macro=r"\int"):  # which its differential ends
                return None
            case Big():
                below = () if tree.lower is None else walk(tree.lower)
                letters = {item for item in below if isinstance(item, Symbol)}
                last: Tree = tree.body.bottom if isinstance(tree.body, Slash) else tree.body
                if isinstance(last, Product):
                    if _is_call(last, letters):
                        return None
                    last = last.factors[-1]
                if last is not tree.body and not letters & set(walk(last)):
                    return last
                tree = last
            case _:
                return None
