"""Escapes for text that terminals, logs, XML files and CI annotations show.

An id, a file name or an exception's message can hold anything, also what would move the cursor of a
terminal, reverse the direction of a line, or make an XML file unreadable.
"""

from __future__ import annotations

import re

# Strings: `re` compiles and keeps them when they are first needed, which in most builds is never.
_HARMFUL = (
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks and overrides of direction
    "\ud800-\udfff\ufffe\uffff"  # what neither UTF-8 nor XML can hold
    "]"
)
_BREAKS = "[\t\n\u2028\u2029]"


def escape_controls(text: str) -> str:
    r"""The text, with a Python escape such as `\x1b` for every character that could act."""
    return re.sub(_HARMFUL, _escaped, text)


def escape_surrogates(json: str) -> str:
    r"""JSON text with each surrogate, which UTF-8 cannot hold, written out as in `\\udcff`.

    They come from messages, and from names of files that are not UTF-8.
    """
    return re.sub("[\ud800-\udfff]", lambda found: f"\\\\u{ord(found[0]):04x}", json)


def one_line(text: str) -> str:
    r"""The same on one line: what breaks a line, and tabs, are escaped, too."""
    return re.sub(_BREAKS, _escaped, escape_controls(text))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
