r"""Declarations: what notes write to say what a letter is.

    x \in \mathbb{R}^n, \quad W \in \mathbb{R}^{m \times n}, \quad \lambda > 0, \quad
    y \in \{1, \dots, m\}, \quad f : \mathbb{R}^m \to \mathbb{R}, \quad A \succ 0

Each name becomes an input that is drawn afresh at every point, from its set; a function an
arbitrary smooth one. A length that is a letter is a symbol, see `lengths`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from edf.equations.binding.declared import Declarations, Declared
from edf.equations.binding.properties import ORDER, read_equality, read_order
from edf.equations.binding.sample_spaces import (
    SAMPLE_SPACE,
    SUBSET,
    enlarge,
    on_sample_space,
    random_variable,
)
from edf.equations.binding.sets import FINITE, read_set
from edf.equations.binding.statements import Statement, expanded, statements
from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.meaning.probability.laws import law

_IN = re.compile(r"\\in(?![A-Za-z])")
_TYPE = re.compile(
    r"\s*(?::|\\colon)\s*(?P<domain>.+?)\\(?:to|rightarrow)(?![A-Za-z])(?P<image>.+)", re.DOTALL
)


def declare(
    latex: str, names: Mapping[str, Any], *, macros: Mapping[str, str] | None = None
) -> dict[str, Any]:
    r"""Return what the names of declarations are bound to.

        declare(r"x \in \mathbb{R}^n, \quad \lambda > 0", {})

    Args:
        latex: The declarations, with commas or wide spaces between them, in rows or in one.
        names: What is bound already; lengths that were declared before are known by it.
        macros: The author's own macros.

    Returns:
        The new names: an `Input` for each variable, an `AnyFunction` for each function, and a
        `Length` for each letter that is a length. A name may be declared anew, as a new section
        does; then what was made of the old one is None, and should be forgotten.

    Raises:
        EquationError: A declaration is not understood, or declares a name twice.
    """
    source = expanded(latex, macros)
    declarations = Declarations(names, source)
    try:
        for statement in _sets_first(statements(source)):
            _read(declarations, statement)
        enlarge(declarations)
        return declarations.values()
    except EquationError as error:
        if not error.source:
            error.source = source
        raise


def _sets_first(found: Sequence[Statement]) -> list[Statement]:
    r"""Put what an order says of a name behind the set that a later statement gives it.

    A \succ 0, \ A \in \mathbb{R}^{n \times n} says the same in whichever order.
    """
    ordered = list(found)
    for statement in found:
        if _IN.search(statement[0]) is not None or not ORDER.search(statement[0]):
            continue
        sides = {side.strip() for side in ORDER.split(statement[0])}
        later = [
            other
            for other in ordered[ordered.index(statement) + 1 :]
            if (sign := _IN.search(other[0])) is not None
            and sides & {name.strip() for name in other[0][: sign.start()].split(",")}
        ]
        if later:
            ordered.remove(statement)
            ordered.insert(ordered.index(later[-1]) + 1, statement)
    return ordered


def _read(declarations: Declarations, statement: Statement) -> None:
    """Read one declaration."""
    text, at = statement
    if (found := _IN.search(text)) is not None:
        left, right = text[: found.start()], text[found.end() :]
        families = {one.family for one in declarations.declared.values() if one.family}
        if _is_index_range(left, right) or left.strip() in families:
            declarations.ranged(left, right, at)
            return
        for one in declarations.names_in(left, at):
            read_set(declarations, one, right.strip(), at + found.end())
    elif (drawn := re.search(r"\\sim(?![A-Za-z])", text)) is not None:
        for one in declarations.names_in(text[: drawn.start()], at):
            one.law, one.has_set = law(text[drawn.end() :].strip(), at), True
    elif (event := SUBSET.fullmatch(text)) is not None:
        for one in declarations.names_in(event["names"], at):
            on_sample_space(declarations, one, event["space"].strip(), (0.0, 1.0), at)
            one.event = True
    elif (kind := re.search(r":(?!=)|\\colon(?![A-Za-z])", text)) is not None:
        typed = _TYPE.fullmatch(text, kind.start())
        if typed is None:
            fail(
                Why.DECLARATION,
                "A function is declared as in f : \\mathbb{R}^n \\to \\mathbb{R}",
                at,
            )
        for one in declarations.names_in(text[: kind.start()], at):
            if SAMPLE_SPACE.fullmatch(typed["domain"].strip()):
                random_variable(
                    declarations, one, typed["domain"].strip(), typed["image"].strip(), at
                )
                continue
            _function(declarations, one, typed["image"].strip(), at + typed.start("image"))
    elif len(ORDER.findall(text)) in (1, 2):
        read_order(declarations, statement)
    elif "=" in text:
        read_equality(declarations, statement)
    else:
        fail(
            Why.DECLARATION,
            f"{text} is not understood as a declaration: write x \\in \\mathbb{{R}}^n",
            at,
        )


def _function(declarations: Declarations, one: Declared, image: str, at: int) -> None:
    whole = Declared(one.name, at)
    read_set(declarations, whole, image, at)
    if whole.sample != "normal":
        fail(
            Why.DECLARATION,
            "A declared function has real values: \\mathbb{R}, \\mathbb{R}^m",
            at,
        )
    one.function = whole.lengths


def _is_index_range(left: str, right: str) -> bool:
    r"""Whether `i \in \{1, \dots, n\}` is about letters that mean indices: i, j, k, and lists."""
    return re.fullmatch(r"\s*[ijk](?:\s*,\s*[ijk])*\s*", left) is not None and bool(
        FINITE.fullmatch(right.strip())
    )
