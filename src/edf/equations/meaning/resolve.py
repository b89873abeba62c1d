"""From what is typeset to what is meant: every symbol looked up, every construct given its reading.

Nothing is guessed. Where a formula has two readings on this page, as `u(v)` does when u is a node
and v is not something that it depends on, the answer is an error that says what to write.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Bars,
    Big,
    Cases,
    Equation,
    Fraction,
    Function,
    Grad,
    Group,
    Number,
    Product,
    Root,
    Script,
    Slash,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning import algebra
from edf.equations.meaning.algebra import apply, fail
from edf.equations.meaning.big_operators import read_big, read_cases
from edf.equations.meaning.derivatives import read_derivative, read_grad
from edf.equations.meaning.endings import insist_on_end
from edf.equations.meaning.expression import Expr, Meaning
from edf.equations.meaning.functions import read_function
from edf.equations.meaning.names import Scope
from edf.equations.meaning.products import read_product, read_unit
from edf.equations.meaning.reader import Page, Reader
from edf.equations.meaning.scripts import read_bars, read_script
from edf.equations.meaning.symbols import read_symbol
from edf.equations.operations.shapes import describe, fits


def resolve(equation: Equation, page: Page) -> Meaning:
    """Return the meaning of one step.

    Raises:
        EquationError: Something is not understood or does not fit; without the source.
    """
    reader = Reader(page, READERS, read_unit)
    left, right = reader.read(equation.left), reader.read(equation.right)
    reader.inference.settle_ranges()
    _insist_on_same_indices(left, right)
    if not (_is_zero(left) or _is_zero(right)) and not fits(left.shape, right.shape):
        fail(
            f"The left side is {describe(left.shape)}, the right side {describe(right.shape)}",
            right.at,
        )
    reader.inference.settle_lengths()
    return Meaning(left, right, dict(reader.inference.ranges))


def insist_on_one_spelling(equation: Equation, scope: Scope) -> None:
    """Refuse two spellings of one name: x and \\mathbf{x} would look like two things."""
    spellings: dict[str, Symbol] = {}
    for tree in walk(equation):
        if isinstance(tree, Symbol) and (bound := scope.find(tree)) is not None:
            known = spellings.setdefault(bound.name, tree)
            if known != tree:
                fail(
                    f"{to_latex(known)} and {to_latex(tree)} both mean {bound.name}: "
                    "use one spelling",
                    tree.at,
                )


def _insist_on_same_indices(left: Expr, right: Expr) -> None:
    only = sorted(left.free ^ right.free)
    if _is_number(left) or _is_number(right) or not only:
        return
    names = ", ".join(only)
    fail(
        f"The ind{'ex' if len(only) == 1 else 'ices'} {names} "
        f"stand{'s' * (len(only) == 1)} free on one side only: sum over it with "
        "\\sum, or write it on both sides",
        right.at,
    )


def _is_number(expr: Expr) -> bool:
    while expr.op == "neg":
        expr = expr.args[0]
    return expr.op == "number"


def _is_zero(expr: Expr) -> bool:
    return expr.op == "number" and expr.data == 0


# ------------------------------------------------------------------------------- the simplest trees


def _read_number(reader: Reader, tree: Number) -> Expr:
    value = float(tree.text)
    if not math.isfinite(value):
        fail("This number is too large", tree.at)
    return algebra.number(value, tree.at, (tree.text, tree.text))


def _read_group(reader: Reader, tree: Group) -> Expr:
    if len(tree.items) > 1:
        fail("Commas inside these parentheses, which are no function's", tree.at)
    return reader.read(tree.items[0])


def _read_sum(reader: Reader, tree: Sum) -> Expr:
    terms = [reader.read(term) for term in tree.terms]
    signed = [
        apply("neg", (term,), term.at) if sign == "-" else term
        for sign, term in zip(tree.signs, terms, strict=True)
    ]
    return signed[0] if len(signed) == 1 else apply("add", signed, tree.at)


def _read_fraction(reader: Reader, tree: Fraction | Slash) -> Expr:
    if (derivative := read_derivative(reader, tree)) is not None:
        return derivative
    if isinstance(tree, Slash):
        insist_on_end(tree.bottom, "the denominator")
    return apply("div", (reader.read(tree.top), reader.read(tree.bottom)), tree.at)


def _read_root(reader: Reader, tree: Root) -> Expr:
    return apply("sqrt", (reader.read(tree.body),), tree.at)


READERS: dict[type[Tree], Callable[[Reader, Any], Expr]] = {
    Number: _read_number,
    Symbol: read_symbol,
    Script: read_script,
    Group: _read_group,
    Sum: _read_sum,
    Product: read_product,
    Fraction: _read_fraction,
    Slash: _read_fraction,
    Root: _read_root,
    Function: read_function,
    Bars: read_bars,
    Big: read_big,
    Cases: read_cases,
    Grad: read_grad,
}
