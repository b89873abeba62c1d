"""What to write instead of a character that no formula needs."""

from __future__ import annotations

import unicodedata


def of_character(character: str) -> str:
    """What is said of a character that no formula needs."""
    said = f"The character {character!r} is not understood"
    kind, _, codes = unicodedata.decomposition(character).rpartition("> ")
    plain = "".join(chr(int(code, 16)) for code in codes.split()) if kind else ""
    written = {"<super": f"^{{{plain}}}", "<sub": f"_{{{plain}}}", "<font": plain}.get(kind)
    if written == plain and "DOUBLE-STRUCK" in unicodedata.name(character, ""):
        written = f"\\mathbb{{{plain}}}"
    if written:
        return f"{said}: write {written}"
    if character.isalpha():
        return f"{said}: put words into \\text{{..}}, or behind the formula"
    return f"{said}: write its LaTeX macro"
