r"""Declared lengths: `n` in `x \in \mathbb{R}^n` is a symbol, and stands for several numbers.

Two symbols have two numbers, so that no claim holds by the accident that they are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edf.graph import Input

_PREFERRED = (4, 3, 5, 2, 6, 7)


class Length(int):
    """The length that a symbol stands for on this page; a test tries others as well.

    Args:
        value: The length.
        by: By how much it is more than its symbol, as that of h_0 to h_T is more than T.
    """

    by: int

    def __new__(cls, value: int, by: int = 0) -> Length:
        made = super().__new__(cls, value)
        made.by = by
        return made

    @property
    def symbol(self) -> int:
        """What the symbol alone stands for."""
        return int(self) - self.by

    def moved(self, step: int) -> Length:
        """Return the length that is more by a step, and changes as this one does."""
        return Length(self + step, self.by + step)


def new_length(names: Mapping[str, Any], taken: Iterable[int], least: int = 0) -> Length:
    """Return a length that no other symbol and no input of the page has, and `least` at least."""
    used = {int(length) for length in taken}
    for value in names.values():
        if isinstance(value, Length):
            used.add(int(value))
        elif isinstance(value, Input):
            used.update(value.shape or ())
    return Length(next(n for n in (*_PREFERRED, *range(8, 10_000)) if n not in used and n >= least))
