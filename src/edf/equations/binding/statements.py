r"""A line of declarations or definitions, cut into its statements.

`x \in \mathbb{R}^n, \quad \lambda > 0` is two statements. Commas inside brackets separate nothing,
nor do those of a list: `x, y \in \mathbb{R}` and `i = 1, \dots, N` are one statement each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from edf.equations.diagnostics import EquationError, Why

_LEXEME = re.compile(
    r"\\begin\s*\{[A-Za-z]+\*?\}|\\end\s*\{[A-Za-z]+\*?\}|\\(?:label|tag\*?)\s*\{[^{}]*\}"
    r"|\\[A-Za-z]+|\\.|\s+|.",
    re.DOTALL,
)
#: Environments that arrange statements; others, as cases, are a part of one.
_ARRANGES = "equation|align|aligned|alignat|flalign|gather|gathered|multline|split|eqnarray"
_DROPPED = re.compile(
    rf"\\(?:begin|end)\s*\{{(?:{_ARRANGES})\*?\}}|\\(?:label|tag\*?)\s*\{{[^{{}}]*\}}"
    r"|\\(?:nonumber|notag|displaystyle)(?![A-Za-z])"
)
_SEPARATORS = frozenset([",", ";", r"\\", r"\quad", r"\qquad", r"\text{ and }"])
_OPENING, _CLOSING = frozenset([r"\{", "(", "[", "{"]), frozenset([r"\}", ")", "]", "}"])
#: What makes a statement of a piece; without one, a piece is an item of a list.
RELATION = re.compile(
    r"(?<!\\)[=<>:]|\\(?:in|to|succ|succeq|prec|preceq|leq?|geq?|lt|gt|neq?|coloneqq|triangleq"
    r"|equiv|sim|colon|rightarrow|subset|subseteq)(?![A-Za-z])"
)
_SIGN = re.compile(r"[=<>]|\\(?:leq?|geq?|approx|equiv)(?![A-Za-z])")
_MAX_EXPANSIONS = 1000


class Statement(NamedTuple):
    """One statement, and where it begins in the source."""

    text: str
    at: int


def statements(source: str, is_one: Callable[[str], bool] | None = None) -> list[Statement]:
    r"""Cut a source into statements; in their texts nothing is left that only arranges them.

    Args:
        source: The LaTeX.
        is_one: Whether a text is one statement, with what is said beside it: z_k = x_k, \quad
            k = 1, \dots, n. Without it, ranges and conditions are statements of their own.
    """
    shown = _DROPPED.sub(lambda found: " " * len(found[0]), source)
    found: list[Statement] = []
    for piece in _pieces(shown):
        stated = RELATION.search(piece.text) is not None
        if found and not stated and _goes_on(found[-1].text, piece.text):
            found[-1] = _joined(shown, found[-1], piece)  # ..., \dots, N
        elif found and RELATION.search(found[-1].text) is None:
            found[-1] = _joined(shown, found[-1], piece)  # x, y \in ...
        else:
            found.append(piece)
        goes_on = _SIGN.match(found[-1].text) is not None  # a chain: z = a + b \\ = b + a
        if is_one and len(found) > 1 and (goes_on or is_one(_joined(shown, *found[-2:]).text)):
            found[-2:] = [_joined(shown, *found[-2:])]
    for statement in found:
        if RELATION.search(statement.text) is None:
            raise EquationError(
                Why.NO_CLAIM,
                f"{statement.text} says nothing: write what it is in, or what it equals",
                source,
                statement.at,
            )
    if not found:
        raise EquationError(Why.NO_CLAIM, "Nothing is said here", source, 0)
    return found


def _joined(source: str, first: Statement, second: Statement) -> Statement:
    return Statement(source[first.at : second.at + len(second.text)], first.at)


def _goes_on(before: str, text: str) -> bool:
    r"""Whether a piece goes on with a list of values: i = 1, 2, \dots, N."""
    if RELATION.search(before) is None:
        return False
    after_dots = re.search(r"\\[lc]?dots\Z", before) is not None
    return after_dots or re.fullmatch(r"\\[lc]?dots|\d+", text) is not None


def _pieces(source: str) -> Iterator[Statement]:
    depth = 0  # of brackets and environments
    text, start = "", 0
    for found in _LEXEME.finditer(source):
        lexeme = found[0]
        opens = lexeme in _OPENING or lexeme.startswith(r"\begin")
        closes = lexeme in _CLOSING or lexeme.startswith(r"\end")
        depth += opens - closes
        if lexeme in _SEPARATORS and depth <= 0:
            yield from _piece(text, start)
            text, start, depth = "", found.end(), 0
        else:
            text += " " if lexeme == "&" and depth <= 0 else lexeme
    yield from _piece(text, start)


def _piece(text: str, start: int) -> Iterator[Statement]:
    before = re.match(r"(?:\s|\\[,;:! ]|~)*", text)
    at = start + (before.end() if before else 0)
    text = re.sub(r"(?:\s|\\[,;:! ]|[.,;~])+\Z", "", text[at - start :])
    if text:
        yield Statement(text, at)


def expanded(source: str, macros: Mapping[str, str] | None) -> str:
    """The source with the author's macros replaced by what they stand for."""
    if not macros:
        return source
    names = "|".join(re.escape(name) for name in sorted(macros, key=len, reverse=True))
    macro = re.compile(rf"\\({names})(?![A-Za-z])" if names else r"(?!)")
    for _ in range(_MAX_EXPANSIONS):
        found = macro.search(source)
        if found is None:
            return source
        body, end = macros[found[1]], found.end()
        count = max((int(number) for number in re.findall(r"#([1-9])", body)), default=0)
        arguments = []
        for _number in range(count):
            argument, end = _argument(source, end)
            arguments.append(argument)
        for number, argument in enumerate(arguments, 1):
            body = body.replace(f"#{number}", argument)
        source = f"{source[: found.start()]}{body} {source[end:].lstrip(' ')}"
    raise EquationError(Why.NOTATION, "These macros stand for themselves", source, 0)


def _argument(source: str, position: int) -> tuple[str, int]:
    """The argument of a macro: a group in braces, or one token; and where it ends."""
    while source[position : position + 1].isspace():
        position += 1
    if source[position : position + 1] != "{":
        found = _LEXEME.match(source, position)
        if found is None:
            raise EquationError(Why.UNFINISHED, "A macro lacks an argument", source, position)
        return found[0], found.end()
    depth = 0
    for at in range(position, len(source)):
        if source[at - 1] != "\\":
            depth += (source[at] == "{") - (source[at] == "}")
        if depth == 0:
            return source[position + 1 : at], at + 1
    raise EquationError(Why.UNFINISHED, "A brace is not closed", source, position)
