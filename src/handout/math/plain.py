"""A formula as a line of plain text: for titles and search results, which hold no markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from handout.math.mathml import to_mathml

# fmt: off
_RAISED = str.maketrans("0123456789+-−=()ni⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵀ")
_LOWERED = str.maketrans("0123456789+-−=()aeijoruvxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₒᵣᵤᵥₓₕₖₗₘₙₚₛₜ")
# fmt: on
#: Letters of mathematics, bold, italic and others, as plain ones; and no sign that is only heard.
_PLAIN = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}
_PLAIN |= dict.fromkeys((0x2061, 0x2062, 0x2063, 0x2064), "")
_PLAIN |= dict.fromkeys(range(0xE000, 0xF900), "")  # for private use: marks of what was found
_SCRIPTS = {
    "msub": "_",
    "msup": "^",
    "msubsup": "_^",
    "munder": "_",
    "mover": "^",
    "munderover": "_^",
}  # fmt: skip


#: Signs over a letter, as characters that combine with it.
_ACCENTS = {
    "ˆ": "\u0302", "^": "\u0302", "¯": "\u0304", "‾": "\u0304", "―": "\u0304", "~": "\u0303",
    "˜": "\u0303", "→": "\u20d7", "⃗": "\u20d7", "˙": "\u0307", "¨": "\u0308",
}  # fmt: skip
_BRACES = "⏞⏟"
_RELATIONS = frozenset("=≠<>≤≥≈≡∼∝∈∉⊂⊆→↦⇒⇔≔≻≽")
_BIG = frozenset("∑∏∫∮⋃⋂")
_NO_SPACE_AFTER = "([{∂√∑∏∫∇"


def to_plain(latex: str, macros: Mapping[str, str] | None = None) -> str:
    r"""A formula in characters alone: `x²`, `∂l/∂xᵢ = 2`, `√(a+b)`.

    Raises:
        MathError: as `to_mathml`.
    """
    return plain_of(to_mathml(latex, macros=macros))


def plain_of(mathml: str) -> str:
    """The same of a formula that is typeset already."""
    text = _text(ElementTree.fromstring(mathml))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _text(element: Element) -> str:
    children = list(element)
    match element.tag:
        case "mfrac":
            return f"{_grouped(children[0])}/{_grouped(children[1])}"
        case "msqrt":
            inner = "".join(map(_text, children)).strip()
            return f"√{inner}" if len(inner) == 1 else f"√({inner})"
        case "mtable":
            return "; ".join(map(_text, children))
        case "mtr":
            return " ".join(map(_text, children))
        case "mo" if (element.text or "") in _RELATIONS:
            return f" {element.text} "
    if marks := _SCRIPTS.get(element.tag):
        return _scripted(*map(_text, children), marks=marks)
    own = (element.text or "") if not children else ""
    return own.translate(_PLAIN) + _row(children)


def _row(children: list[Element]) -> str:
    """Parts side by side; a fraction, or a sum and what it sums, with space between."""
    text, apart = "", False
    for child in children:
        part = _text(child)
        fraction = _inner(child).tag == "mfrac"
        if part and text and (apart or fraction) and text[-1] not in _NO_SPACE_AFTER:
            text += " " if part[0].isalnum() or part[0] in "∂(√∑∏∇" else ""
        text += part
        if part:
            apart = fraction or part[0] in _BIG
    return text


def _inner(element: Element) -> Element:
    """What a group holds, if that is one thing alone."""
    while element.tag in ("mrow", "mstyle") and len(element) == 1:
        (element,) = element
    return element


def _grouped(element: Element) -> str:
    """A part that is a single factor as it is, and any other in parentheses."""
    text = _text(element).strip()
    return f"({text})" if any(sign in text for sign in "+-−/ ") else text


def _scripted(base: str, *scripts: str, marks: str) -> str:
    """A base with what stands below and above it."""
    if base and base[-1] in _BRACES:  # the brace has what it spans for its own base
        return f"{base[:-1]} ({scripts[0]})"
    if marks == "^" and scripts[0] in _ACCENTS:
        return base + _ACCENTS[scripts[0]]
    if scripts[0] in _BRACES and scripts[0]:
        return base + scripts[0]
    return base + "".join(map(_script, marks, scripts))


def _script(mark: str, text: str) -> str:
    """Raised or lowered characters where there are some; else as LaTeX has it."""
    text = text.replace(" ", "")
    table = _RAISED if mark == "^" else _LOWERED
    if not text or all(ord(c) in table for c in text):
        return text.translate(table)
    if text in ("′", "″", "‴"):
        return text
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"
