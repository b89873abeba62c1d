r"""Is a formula read as it is typeset?

A formula that is accepted but read otherwise than TeX sets it would be tested for something that
its reader does not see: `2^s(c)` is set as (2^s)(c), whatever a parser thinks. So the parser prints
what it read back to LaTeX, and that must give the same MathML as the author's source, but for
spacing, alignment and the size of delimiters and fractions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from handout.math.mathml import MathError, to_mathml
from handout.math.standard import unnumbered

Layout = tuple["str | Layout", ...]
"""What is seen: a leaf is (tag, text), a construction is (tag, row, row, ...), a row is a tuple."""

_TRANSPARENT = frozenset(("math", "mrow", "mstyle", "mpadded"))  # groups that add nothing to see
_SCRIPTS = frozenset(("msub", "msup", "msubsup"))
_ROWS = frozenset(("msqrt", "menclose", "mphantom", "mtd"))  # all of their children are one row
_SEEN = ("mathvariant", "linethickness", "notation")  # attributes that are not spacing or size
_INVISIBLE = "\u2061\u2062\u2063\u2064"  # function application, invisible times, comma and plus
#: Spacing from here on separates two parts of a formula, in em.
_GAP = 0.99
_SEPARATION = ("mspace", "quad")
_OPERATORS = frozenset(("mo", sign) for sign in "=+-−<>≤≥≠≈∼·⋅×⊙∘,;.:|∣⇒⟹⟺→∈")
_PERIODS = frozenset((("mi", "."), ("mo", ".")))
_DOTS = ("mo", "…")
_CAPITALS = tuple("ΓΔΘΛΞΠΣΥΦΨΩ")
_PUNCTUATION = frozenset((("mo", ","), ("mi", "."), ("mo", "."), ("mo", ";")))


def typesetting_difference(
    source: str, reprinted: str, macros: Mapping[str, str] | None = None
) -> str | None:
    """Compare how the author's formula and the reading of it are set.

    Args:
        source: the author's LaTeX.
        reprinted: the LaTeX that the parse tree was printed to.
        macros: the author's macros, which the reading does not use.

    Returns:
        None if they look alike, else a message that shows both.

    Raises:
        MathError: the author's formula cannot be typeset at all.
    """
    typeset = layout(source, macros)
    try:
        read = layout(reprinted)
    except MathError as error:
        return (
            f"What was read cannot be typeset ({error.message}): "
            f"{_line(source)} was read as {_line(reprinted)}."
        )
    if typeset == read:
        return None
    seen, understood = _first_difference(typeset, read)
    return (
        "The formula is not typeset as it is read: put braces or parentheses where they part. "
        f"Written: {_line(source)} · Read as: {_line(reprinted)} · "
        f"Set as {seen}, read as {understood}."
    )


def layout(latex: str, macros: Mapping[str, str] | None = None) -> Layout:
    """What a reader sees of a display formula, but for its number, as nested tuples."""
    root = ElementTree.fromstring(to_mathml(unnumbered(latex), display=True, macros=macros))
    table = _only_child(root)
    if table is not None and table.tag == "mtable":
        return tuple(_without_punctuation(_row([*tr])) for tr in table)
    return (_without_punctuation(_row([root])),)


def _row(elements: list[ElementTree.Element]) -> Layout:
    """Elements set one after the other; groups and table cells among them are opened."""
    out: list[str | Layout] = []
    space = 0.0
    for element in elements:
        before = len(out)
        if element.tag in _TRANSPARENT or element.tag == "mtd":
            out.extend(_row([*element]))
        elif element.tag in _SCRIPTS:
            out.extend(_script(element))
        elif element.tag == "mspace":
            space += _width(element)
            continue
        elif not _is_blank(element):
            out.append(_construction(element))
        else:
            continue
        if out[-2:] == [("mo", ">"), ("mo", "=")]:  # typed for what other glyphs show as one
            out[-2:] = [("mo", "≥")]
        elif len(out) > 2 and all(leaf in _PERIODS for leaf in out[-3:]):
            out[-3:] = [] if out[-4:-3] == [_DOTS] else [_DOTS]
        elif out[-2:] == [("mo", "<"), ("mo", "=")]:
            out[-2:] = [("mo", "≤")]
        if space >= _GAP and _multiplies(out[:before]) and _multiplies(out[before : before + 1]):
            out.insert(before, _SEPARATION)
        space = 0.0
    return tuple(out)


def _width(element: ElementTree.Element) -> float:
    """The width of a space in em."""
    match = re.match(r"(-?[0-9.]+)r?em", element.attrib.get("width", ""))
    return float(match[1]) if match else 0.0


def _multiplies(row: list[str | Layout]) -> bool:
    """Whether what stands at an end of a gap is no operator, so that the gap tells two parts."""
    return bool(row) and not (row[-1][0] == "mtext" or row[-1] in _OPERATORS)


def _script(element: ElementTree.Element) -> Layout:
    """A script hangs on what it follows: {a+b}^2 and (a+b)^2 show a + b^2 and (a+b)^2.

    How high it stands, which tells the size of a group, is not to be relied on by a reader.
    """
    base, *scripts = (_row([child]) for child in element)
    tag = element.tag
    match tag, base[-1:]:
        case "msup", (("msub", inner, below),):  # {x_i}^2 and x_i^2 differ in spacing only
            return (*base[:-1], ("msubsup", inner, below, *scripts))
    return (*base[:-1], (tag, base[-1:], *scripts))


def _construction(element: ElementTree.Element) -> Layout:
    seen = tuple(f"{name}={element.attrib[name]}" for name in _SEEN if name in element.attrib)
    head = " ".join((element.tag, *seen))
    if not len(element):
        text = " ".join((element.text or "").split())
        if text in _CAPITALS and head == "mi mathvariant=normal":
            head = "mi"  # \Sigma, and Σ typed as a character, which is set sloped
        return (head, text)
    if element.tag in _ROWS:
        return (head, _row([*element]))
    if element.tag == "mtable":  # within a formula, as in cases: which cell is which is seen
        return (head, *(tuple(_row([cell]) for cell in tr) for tr in element))
    return (head, *(_row([child]) for child in element))


def _is_blank(element: ElementTree.Element) -> bool:
    text = (element.text or "").strip().strip(_INVISIBLE)
    return element.tag in ("mo", "mtext", "mi") and not len(element) and not text


def _only_child(root: ElementTree.Element) -> ElementTree.Element | None:
    while len(root) == 1 and root[0].tag in _TRANSPARENT:
        root = root[0]
    return root[0] if len(root) == 1 else None


def _without_punctuation(row: Layout) -> Layout:
    """The row without the comma or full stop that ends the sentence which it stands in."""
    return row[:-1] if row and row[-1] in _PUNCTUATION else row


def _line(latex: str) -> str:
    return " ".join(latex.split())


def _first_difference(a: str | Layout, b: str | Layout) -> tuple[str, str]:
    """The smallest parts that differ, as plain text, with what follows in the same row."""
    if isinstance(a, str) or isinstance(b, str) or not a or not b:
        return _text(a), _text(b)
    for k, (left, right) in enumerate(zip(a, b, strict=False)):
        if left != right:
            leaves = isinstance(left, str) or isinstance(right, str)
            return (_text(a[k:]), _text(b[k:])) if leaves else _first_difference(left, right)
    k = min(len(a), len(b))
    return _text(a[k:]), _text(b[k:])


def _text(part: str | Layout) -> str:
    """A layout as plain text: x_i^2 as msubsup(x, i, 2)."""
    if isinstance(part, str):
        return part
    if not part:
        return "nothing"
    if isinstance(part[0], str):
        head, *rows = part
        if len(rows) == 1 and isinstance(rows[0], str):
            return rows[0] or "nothing"
        return f"{head}({', '.join(_text(row) for row in rows)})"
    return " ".join(_text(p) for p in part)
