"""Numbers and small arrays as a reader wants them: few digits, powers of ten, no long lists."""

from __future__ import annotations

import math
from html import escape
from typing import Any

_SHOWN = 24  # entries of an array that a card shows before it says how many there are


def scientific(value: Any) -> str:
    """A magnitude as HTML: `7.2e-16` becomes 7.2 × 10⁻¹⁶; zero, and what is no number, stay."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return escape(str(value))
    if value == 0 or not math.isfinite(value) or 1e-3 <= abs(value) < 1e4:
        return _signed(f"{value:.3g}")
    return _power(f"{value:.1e}")


def plain(value: Any) -> str:
    """A number or a nested list of numbers as HTML, with six significant digits."""
    if isinstance(value, list):
        count = size(value)
        if count > _SHOWN:
            shaped = " × ".join(map(str, shape(value)))
            return (
                f"array of {shaped} numbers"
                if shaped == str(count)
                else (f"array of {shaped} = {count} numbers")
            )
        return "[" + ", ".join(plain(entry) for entry in value) + "]"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return escape(str(value))
    return _power(f"{value:.6g}")


def shape(value: Any) -> tuple[int, ...]:
    """The shape of a nested list, read along its first entries."""
    if not isinstance(value, list):
        return ()
    return (len(value), *(shape(value[0]) if value else ()))


def size(value: Any) -> int:
    """How many numbers a nested list holds."""
    return sum(size(entry) for entry in value) if isinstance(value, list) else 1


def _power(text: str) -> str:
    """A number, where it has an exponent with a power of ten."""
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return _signed(text)
    return f"{_signed(mantissa)}&#x202F;×&#x202F;10<sup>{_signed(str(int(exponent)))}</sup>"


def _signed(text: str) -> str:
    """A real minus sign: a hyphen is short, and breaks lines."""
    return text.replace("-", "−")
