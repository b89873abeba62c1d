r"""The macros that an author defines, in a page's formulas or in a file of them.

`\newcommand`, `\renewcommand`, `\providecommand`, `\def` and `\gdef` with plain parameters, and
`\DeclareMathOperator`. A macro is kept as its name without the backslash, and its replacement with
`#1` to `#9` for its arguments. What needs more of TeX than that is left to the typesetter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_DEFINES = re.compile(
    r"\\(?P<how>(?:re)?newcommand|providecommand|def|gdef|DeclareMathOperator)"
    r"(?P<star>\*?)(?![A-Za-z])\s*"
)
_NAME = re.compile(r"\{\s*\\(?P<braced>[A-Za-z]+|.)\s*\}|\\(?P<bare>[A-Za-z]+|.)", re.DOTALL)
_COUNT = re.compile(r"\s*\[\s*(?P<count>[0-9])\s*\]")
_PARAMETERS = re.compile(r"\s*(?P<parameters>(?:#[1-9])*)")
_BLANK = re.compile(r"\s*")


class Definition(NamedTuple):
    """One macro, and where it is defined."""

    start: int
    end: int
    name: str
    replacement: str


def may_define_macros(text: str) -> bool:
    """Whether a definition may stand in a text, be it in code."""
    return _DEFINES.search(text) is not None


def definitions(latex: str) -> Iterator[Definition]:
    """The definitions in a text, in order; what is not understood is passed over."""
    position = 0
    while (found := _DEFINES.search(latex, position)) is not None:
        definition = _read(latex, found)
        if definition is not None:
            yield definition
        position = found.end() if definition is None else definition.end


def macros_in(text: str) -> dict[str, str]:
    """The macros that a text defines; of two with one name the later."""
    return {d.name: d.replacement for d in definitions(text)} if "\\" in text else {}


def without_definitions(latex: str) -> str:
    """The text with blanks in the place of definitions, so that all else stays in its place."""
    for found in definitions(latex):
        blank = re.sub(r"[^\n]", " ", latex[found.start : found.end])
        latex = latex[: found.start] + blank + latex[found.end :]
    return latex


def _read(latex: str, found: re.Match[str]) -> Definition | None:
    name = _NAME.match(latex, found.end())
    if name is None:
        return None
    called = name["braced"] or name["bare"]
    position = name.end()
    if found["how"] in ("def", "gdef"):
        parameters = _PARAMETERS.match(latex, position)
        assert parameters is not None  # it matches nothing as well
        numbers = re.findall(r"[1-9]", parameters["parameters"])
        if numbers != [str(k + 1) for k in range(len(numbers))]:
            return None
        position = parameters.end()
    elif (count := _COUNT.match(latex, position)) is not None:
        position = count.end()
        if _COUNT.match(latex, position) or latex[position : position + 1] == "[":
            return None  # an argument with a default
    body = group(latex, position)
    if body is None:
        return None
    replacement = latex[body.start : body.end]
    if found["how"] == "DeclareMathOperator":
        replacement = rf"\operatorname{found['star']}{{{replacement}}}"
    return Definition(found.start(), body.end + 1, called, replacement)


class Braced(NamedTuple):
    start: int  # after the brace
    end: int  # of the closing brace


def group(latex: str, position: int) -> Braced | None:
    """The group in braces that begins at a position, but for blanks."""
    blank = _BLANK.match(latex, position)
    start = blank.end() if blank else position
    if latex[start : start + 1] != "{":
        return None
    depth = 0
    at = start
    while at < len(latex):
        if latex[at] == "\\":
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(latex[at], 0)
        if depth == 0:
            return Braced(start + 1, at)
        at += 1
    return None
