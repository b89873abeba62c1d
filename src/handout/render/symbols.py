"""Names of code as mathematics sets them, in an SVG: italic letters, Greek ones, subscripts."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from itertools import groupby

PARTIAL = "\U0001d715"  # ∂, in the italics of the mathematical alphabets
_SUBSCRIPT = re.compile(r"([A-Za-z]+?)_?(\d+)|([A-Za-z]+)_(\w+)")
_LOWER = 0.22  # of the size of the text: how far a subscript is below the line
_LETTERS = {"ell": "ℓ", "lambda_": "λ", "lam": "λ"}

Piece = tuple[str, bool]
"""A run of text, and whether it is a subscript."""


def pieces(name: str) -> list[Piece]:
    """A name as runs of text: `W_1` and `W1` have a subscript, `theta` is a Greek letter."""
    found = _SUBSCRIPT.fullmatch(name)
    base, below = (found[1] or found[3], found[2] or found[4]) if found else (name, "")
    if found and len(base) > 1 and not _greek(base):  # x_hat is no mathematics of ours to guess
        base, below = name.replace("_", " "), ""
    return [(letter(base), False), *([(letter(below), True)] if below else [])]


def derivative(of: str, by: str) -> list[Piece]:
    """A partial derivative on one line."""
    return [(PARTIAL, False), *pieces(of), ("/" + PARTIAL, False), *pieces(by)]


def letter(name: str) -> str:
    """A single letter in italics, as formulas have it; a word stays a word."""
    name = _LETTERS.get(name) or _greek(name) or name
    if len(name) != 1:
        return name.replace("_", " ")
    code = ord(name)
    if name == "h":
        return "ℎ"
    for first, italic in (("A", 0x1D434), ("a", 0x1D44E), ("α", 0x1D6FC)):
        if 0 <= code - ord(first) < (25 if first == "α" else 26):
            return chr(italic + code - ord(first))
    return name


def _greek(name: str) -> str:
    """The Greek letter of this name, or nothing."""
    size = "SMALL" if name.islower() else "CAPITAL"
    spelt = {"lambda": "lamda"}.get(name, name)  # as Unicode spells it
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {spelt.upper()}") if len(name) > 1 else ""
    except KeyError:
        return ""


def spans(text: list[Piece], size: float) -> str:
    """Runs of text as SVG: `<tspan>` elements in a `<text>` of this size."""
    shown, down = "", False
    for below, run in groupby(text, key=lambda piece: piece[1]):
        words = escape("".join(word for word, _ in run))
        shift = f' dy="{(size if below else -size) * _LOWER:.2g}"' if below != down else ""
        small = f' font-size="{size * 0.75:.3g}"' if below else ""
        shown += f"<tspan{shift}{small}>{words}</tspan>" if shift or small else words
        down = below
    return shown
