r"""LaTeX to MathML at build time.

`math-core` does the work and is strict: an unknown command or a brace without its partner is an
error with a position. Its output passes a filter that lets through MathML alone, so that no
formula, however written, can put anything else on a page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from handout.math.standard import MACROS, as_id, standard, with_scripts
from handout.page.macros import macros_in, without_definitions

if TYPE_CHECKING:
    from math_core import LatexError, LatexToMathML  # not loaded for a site without formulas

# fmt: off
_ELEMENTS = frozenset((
    "a", "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none",
))
# fmt: on
_PRIMES = ("′", "″", "‴")
_LOW_LINE, _LINE = "\u0332", "\u203e"  # the first combines: it has no width, and lands beside
_STYLED_TEXT = {  # \textbf and its kin come as HTML: A, a and 0 of the alphabet that says the same
    "b": (0x1D400, 0x1D41A, 0x1D7CE),
    "i": (0x1D434, 0x1D44E, ord("0")),
    "em": (0x1D434, 0x1D44E, ord("0")),
    "sans": (0x1D5A0, 0x1D5BA, 0x1D7E2),
    "code": (0x1D670, 0x1D68A, 0x1D7F6),
    "span": (ord("A"), ord("a"), ord("0")),
}
_HREF = re.compile(r"#[\w:.-]+")
_IDENTIFIER = re.compile(r"[A-Za-z][\w:.-]*")
_POSITION = re.compile(r"(?:input(?P<snippet>\d+):)?(?P<offset>\d+): (?P<message>.*)", re.DOTALL)
_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|apos|#\d+|#x[0-9A-Fa-f]+);)(\w+);")


class MathError(ValueError):
    """LaTeX that cannot be converted.

    Attributes:
        message: what is wrong, in a sentence.
        position: character offset of the fault in the formula's source.
    """

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def to_mathml(latex: str, display: bool = False, macros: Mapping[str, str] | None = None) -> str:
    r"""One formula as a `<math>` element.

    Args:
        latex: the formula, without dollars or other delimiters.
        display: a display formula on its own line, or one within a sentence.
        macros: names without backslash and their replacements, `{"R": r"\mathbb{R}"}`; `#1` to
            `#9` are arguments.

    Raises:
        MathError: the formula, or a macro, is not LaTeX that can be converted.
    """
    known = {**(macros or {}), **macros_in(latex)}
    return _one(latex, display, tuple(sorted(known.items())))


def display(latex: str) -> str:
    """A display formula of ours, without anybody's macros; as `handout.render` sets formulas."""
    return to_mathml(latex, display=True)


def to_mathml_page(
    formulas: Sequence[tuple[str, bool]], macros: Mapping[str, str] | None = None
) -> list[str | MathError]:
    r"""All formulas of one page, as (LaTeX, display) pairs, in their order.

    Together they share equation numbers, and `\eqref` finds a `\label` before or after it. In the
    place of a formula that cannot be converted stands its error, so that all errors show at once.

    Raises:
        MathError: a macro is not LaTeX that can be converted.
    """
    from math_core import LatexError

    converter = _converter(tuple(sorted((macros or {}).items())))
    snippets = [(_rewritten(latex, display, macros or {}), display) for latex, display in formulas]
    errors: dict[int, MathError] = {}
    while True:
        try:
            converted = converter.convert_all(snippets)
            break
        except LatexError as error:
            number, found = _located(error)
            errors[number] = _in_source(found, snippets[number][0], formulas[number][0])
            snippets[number] = ("?", snippets[number][1])  # keeps its place while others are tried
    return [
        errors.get(number) or _finished(mathml, formulas[number][0])
        for number, mathml in enumerate(converted)
    ]


@lru_cache(maxsize=4096)
def _one(latex: str, display: bool, macros: tuple[tuple[str, str], ...]) -> str:
    from math_core import LatexError

    written = _rewritten(latex, display, dict(macros))
    try:
        mathml = _converter(macros).convert_with_local_state(written, displaystyle=display)
    except LatexError as error:
        raise _in_source(_located(error)[1], written, latex) from None
    return _finish(mathml, latex)


def _rewritten(latex: str, display: bool, macros: Mapping[str, str]) -> str:
    return standard(with_scripts(without_definitions(latex), macros), display)


def _in_source(error: MathError, written: str, latex: str) -> MathError:
    """The error at the author's own place: the same line, where rewriting has moved characters."""
    if written == latex:
        return error
    line = written.count("\n", 0, error.position)
    start = sum(len(row) + 1 for row in latex.split("\n")[:line])
    return MathError(error.message, min(start, len(latex)))


@lru_cache(maxsize=8)
def _converter(macros: tuple[tuple[str, str], ...]) -> LatexToMathML:
    from math_core import LatexError, LatexToMathML

    try:
        return LatexToMathML(macros={**MACROS, **dict(macros)}, fancy_error=False)
    except LatexError as error:
        raise MathError(f"A macro is not valid LaTeX: {error}") from None


def _located(error: LatexError) -> tuple[int, MathError]:
    """The number of the formula that failed, among those given together, and its error."""
    found = _POSITION.match(str(error))
    if found is None:
        raise MathError(str(error))
    return int(found["snippet"] or 0), MathError(found["message"], int(found["offset"]))


def _finished(mathml: str, latex: str) -> str | MathError:
    try:
        return _finish(mathml, latex)
    except MathError as error:
        return error


def _finish(mathml: str, latex: str) -> str:
    """The converter's output as a tree of MathML and nothing else."""
    root = ElementTree.fromstring(_ENTITY.sub(lambda found: html.unescape(found[0]), mathml))
    if not len(root) and not macros_in(latex):  # what only defines macros shows nothing
        raise MathError("The formula is empty.")
    for element in root.iter():
        if element.tag == "mtext" and len(element) == 1:
            _spell_out(element)
        if element.tag not in _ELEMENTS:
            raise MathError(f"<{element.tag}> is not MathML that a page may hold.")
        if element.tag == "a" and element.text == "(??)":
            written = re.findall(r"ref\s*\{([^{}]*)\}", latex)
            known = element.get("href", "#")[1:]
            label = next((name for name in written if as_id(name) == known), known)
            raise MathError(
                f"No equation on this page has \\label{{{label}}}.", max(latex.find(label), 0)
            )
        for name, value in element.attrib.items():
            fine = {"href": _HREF, "id": _IDENTIFIER}.get(name)
            if name.startswith("on") or (fine and not fine.fullmatch(value)):
                raise MathError(f"{value!r} cannot serve as a label.")
        if element.tag == "msup" and element[1].tag == "mo" and element[1].text in _PRIMES:
            element.tag = "mrow"  # a prime's glyph is raised already; raised again it is a speck
            element[1].attrib |= {"lspace": "0", "rspace": "0"}
        if element.tag in ("mover", "munder") and element[1].text == _LOW_LINE:
            element[1].text = _LINE
    root.set("data-search-exclude", "")  # a search index holds words, not symbols
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _spell_out(text: ElementTree.Element) -> None:
    """Say the style of a text by its letters, as a bold symbol does, and not by HTML in it."""
    (styled,) = text
    starts = _STYLED_TEXT.get("sans" if "sans" in styled.get("class", "") else styled.tag)
    if starts is None or len(styled):
        return  # refused with whatever else is not MathML
    alphabets = zip(starts, (ascii_uppercase, ascii_lowercase, digits), strict=True)
    letters = {ord(c): first + k for first, plain in alphabets for k, c in enumerate(plain)}
    text.text = (
        (styled.text or "").translate(letters).replace("\U0001d455", "ℎ")
    )  # which Unicode had before
    text.remove(styled)
