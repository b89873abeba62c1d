r"""LaTeX source to tokens, in one pass.

A token is what TeX reads as one thing, except that the digits of a number stay together. Spacing is
dropped: it changes neither what a formula says nor how its parts belong together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edf.equations.errors import EquationError

MAX_LENGTH = 10_000  # characters of one claim

_TOKEN = re.compile(
    r"(?P<environment>\\(?:begin|end)\s*\{[A-Za-z]+\*?\})"
    r"|(?P<macro>\\(?:[A-Za-z]+|.))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<space>\s+)"
    r"|(?P<comment>%[^\n]*)"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<sign>[-+*/=^_{}()\[\]|&,.;:'!<>~])",
    re.DOTALL,
)
_SPACING = frozenset(
    [
        r"\,",
        r"\;",
        r"\:",
        r"\!",
        r"\>",
        "\\ ",
        "\\\n",
        r"\quad",
        r"\qquad",
        r"\nonumber",
        r"\notag",
        "~",
    ]
)
_SYNONYMS = {  # spellings that typeset alike
    r"\ne": r"\neq", r"\le": r"\leq", r"\ge": r"\geq", r"\lt": "<", r"\gt": ">",
    r"\lbrack": "[", r"\rbrack": "]", r"\Vert": r"\|", r"\vert": "|",
    r"\lbrace": r"\{", r"\rbrace": r"\}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (`macro`, `number`, `letter`, `sign`, `environment`, `end`)."""

    kind: str
    text: str
    at: int  # character offset in the source
    after: int  # offset of the first character behind it
    spaced: bool = False  # whether a spacing macro stands before it


def tokenise(source: str) -> list[Token]:
    """Return the tokens of `source` and a final one of kind `end`.

    Raises:
        EquationError: The source is too long, or holds a character that no formula needs.
    """
    if len(source) > MAX_LENGTH:
        raise EquationError(
            f"The claim has {len(source)} characters; {MAX_LENGTH} are read: split it",
            source[:MAX_LENGTH],
            MAX_LENGTH,
        )
    tokens: list[Token] = []
    position, spaced = 0, False
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise EquationError(_stray(source[position]), source, position)
        kind, text, position = str(match.lastgroup), match[0], match.end()
        if kind in ("space", "comment") or text in _SPACING:
            spaced = spaced or text in _SPACING
            continue
        if kind == "environment":
            text = re.sub(r"\s", "", text)
        tokens.append(Token(kind, _SYNONYMS.get(text, text), match.start(), match.end(), spaced))
        spaced = False
    tokens.append(Token("end", "the end of the formula", len(source), len(source)))
    return tokens


def _stray(character: str) -> str:
    if character == "\\":
        return "A backslash ends the formula: write the macro's name, or \\\\ for a new row"
    if character == "$":
        return "A dollar sign has no place here: the whole cell is display math already"
    if character in '#@`"?':
        return f"{character} has no meaning in a formula: leave it out"
    return f"The character {character!r} is not understood: write its LaTeX macro"
