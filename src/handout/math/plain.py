"""A formula as a line of plain text: for titles, which may hold no markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from handout.math.mathml import to_mathml

# fmt: off
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-−=()aeijoruvxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₒᵣᵤᵥₓₕₖₗₘₙₚₛₜ")
# fmt: on
#: Letters of mathematics, bold, italic and others, as plain ones; and no sign that is only heard.
_PLAIN = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}
_PLAIN |= dict.fromkeys((0x2061, 0x2062, 0x2063, 0x2064), "")
_SCRIPTS = {
    "msub": "_",
    "msup": "^",
    "msubsup": "_^",
    "munder": "_",
    "mover": "^",
    "munderover": "_^",
}  # fmt: skip


def to_plain(latex: str, macros: Mapping[str, str] | None = None) -> str:
    r"""A formula in characters alone: `x²`, `∂l/∂xᵢ`, `√(a+b)`.

    Raises:
        MathError: as `to_mathml`.
    """
    return _text(ElementTree.fromstring(to_mathml(latex, macros=macros))).strip()


def _text(element: Element) -> str:
    children = list(element)
    if element.tag == "mfrac":
        return f"{_grouped(children[0])}/{_grouped(children[1])}"
    if element.tag == "msqrt":
        inner = "".join(map(_text, children))
        return f"√{inner}" if len(inner) == 1 else f"√({inner})"
    if marks := _SCRIPTS.get(element.tag):
        base, *scripts = map(_text, children)
        return base + "".join(map(_script, marks, scripts))
    own = (element.text or "") if not children else ""
    return own.translate(_PLAIN) + "".join(map(_text, children))


def _grouped(element: Element) -> str:
    """A part that is a single factor as it is, and any other in parentheses."""
    text = _text(element)
    return f"({text})" if any(sign in text for sign in "+-−/ ") else text


def _script(mark: str, text: str) -> str:
    """Raised or lowered characters where there are some; else as LaTeX has it."""
    table = _RAISED if mark == "^" else _LOWERED
    if not text or all(ord(c) in table for c in text):
        return text.translate(table)
    if text in ("′", "″", "‴"):
        return text
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"
