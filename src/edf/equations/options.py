"""The `reading` option: how bare vectors and numbered components are meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edf.equations.diagnostics import EquationError, Why


@dataclass(frozen=True)
class Reading:
    """What a claim declares about its own notation."""

    componentwise: tuple[
        str, ...
    ] = ()  # the letters that bare vectors and matrices are lifted with
    layout: str = ""  # of derivatives by a bare vector: numerator or denominator
    base: int | None = None  # whether x_1 is the first component (1) or the second (0)


def parse_reading(text: str | None) -> Reading:
    """Return the reading that a claim declares.

    `componentwise i`, `base 1` and `layout denominator`, one or several with commas between.
    """
    letters: tuple[str, ...] = ()
    layout: str = ""  # of derivatives by a bare vector: numerator or denominator
    base: int | None = None
    layout = ""
    for part in re.split(r"[,;]", text or ""):
        words = part.split()
        if not words:
            continue
        if words[0] == "componentwise" and len(words) > 1 and _are_letters(words[1:]):
            letters = tuple(words[1:])
        elif words[0] == "base" and words[1:] in (["0"], ["1"]):
            base = int(words[1])
        elif words[0] == "layout" and words[1:] in (["numerator"], ["denominator"]):
            layout = words[1]
        else:
            raise EquationError(
                Why.OPTION,
                f'reading="{text}" is not understood: write "componentwise i", '
                '"componentwise i j", "base 0" or "base 1", "layout numerator" or "layout '
                'denominator", several with a comma between',
            )
    return Reading(letters, base=base, layout=layout)


def _are_letters(words: list[str]) -> bool:
    return len(set(words)) == len(words) and all(len(w) == 1 and w.isalpha() for w in words)
