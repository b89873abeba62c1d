"""What a test found, drawn on the formula itself, as a teacher's pen would.

A sign whose step holds gets a tick, in a chain; one whose step fails becomes its negation, in
colour. Where a small change would make the step hold, what is too much is struck out and what is
missing is put in.

The signs are marked in the LaTeX, where their places are known; the marks come out of the
typesetter as characters of their own, and are replaced in the MathML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from difflib import SequenceMatcher
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from handout.judge.verdict import Verdict

#: Of private use: no font and no author has them.
_HOLDS, _FAILS, _OPEN = "\ue001", "\ue002", "\ue003"
_MARK_OF = {"verified": _HOLDS, "refuted": _FAILS, "inconclusive": _OPEN}
_UNDER = {_HOLDS: ("✓", "holds"), _OPEN: ("?", "open")}
_NEGATED = {
    "=": "≠", "≈": "≉", "<": "≮", ">": "≯", "≤": "≰", "≥": "≱",
    "≡": "≢", "∼": "≁", "≃": "≄", "≅": "≇",
}  # fmt: skip
_TRANSPARENT = frozenset(("math", "mrow", "mstyle", "mpadded", "mtable", "mtr", "mtd"))
_SCRIPTS = frozenset(("msub", "msup", "msubsup", "munder", "mover", "munderover"))
_MOST = 8  # changes that are drawn on a formula; with more of them nobody finds the formula again

_Key = tuple[Any, ...]


def with_marks(latex: str, steps: Sequence[Verdict]) -> str:
    """The LaTeX of a claim with a mark before each sign whose step was tested."""
    places = [(step["details"].get("sign_at"), step) for step in steps]
    for at, step in sorted(((at, step) for at, step in places if at), key=lambda pair: -pair[0]):
        mark = _MARK_OF.get(step["status"])
        if mark is not None and _is_sign(latex, at, step["details"].get("sign", "")):
            latex = f"{latex[:at]}{mark}{latex[at:]}"
    return latex


def _is_sign(latex: str, at: int, sign: str) -> bool:
    """Whether the sign of a step stands here: it may come from a macro, or be built of others."""
    return latex.startswith(sign, at) or latex.startswith((r"\le", r"\ge"), at)


def drawn(mathml: str, steps: Sequence[Verdict], typeset: Callable[[str], str]) -> str:
    """The MathML of a claim that was marked, with what was found drawn on it.

    Args:
        mathml: what the typesetter made of `with_marks`.
        steps: the verdicts on the claim, in order.
        typeset: makes MathML of LaTeX; raises `ValueError` where it cannot.
    """
    if not any(mark in mathml for mark in _MARK_OF.values()):
        return mathml
    root = ElementTree.fromstring(mathml)
    leaves = list(_leaves(root))
    marks = [k for k, leaf in enumerate(leaves) if leaf.element.text in _MARK_OF.values()]
    if len(marks) == len(steps):
        for number, (k, step) in enumerate(zip(marks, steps, strict=True)):
            before = leaves[marks[number - 1] + 2 : k] if number else leaves[:k]
            after = leaves[k + 2 : marks[number + 1] if number + 1 < len(marks) else None]
            _correct(before, after, step, typeset)
    for k in marks:
        if k + 1 < len(leaves):
            _show(leaves[k], leaves[k + 1], chain=len(steps) > 1)
        leaves[k].parent.remove(leaves[k].element)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


class _Leaf(NamedTuple):
    """What stands on a line of a formula: a symbol, or a fraction, a script, a root as a whole."""

    parent: Element
    element: Element
    key: _Key


def _leaves(parent: Element) -> Iterator[_Leaf]:
    """What a line shows, in order; groups and the cells of a table are opened."""
    for element in parent:
        if element.tag in _TRANSPARENT:
            yield from _leaves(element)
        elif element.tag != "mspace" and (
            len(element) or (element.text or "").strip("\u2061\u2062")
        ):
            yield _Leaf(parent, element, _key(element))


def _key(element: Element) -> _Key:
    """What makes two parts of a formula look alike."""
    if not len(element):
        return element.tag, element.get("mathvariant", ""), (element.text or "").strip()
    return element.tag, *(_row_key(child) for child in element)


def _row_key(element: Element) -> tuple[_Key, ...]:
    if element.tag in _TRANSPARENT:
        return tuple(leaf.key for leaf in _leaves(element))
    return (_key(element),)


def _show(mark: _Leaf, sign: _Leaf, chain: bool) -> None:
    """Draw a mark on the sign that follows it."""
    kind, element = mark.element.text or "", sign.element
    if kind == _FAILS:
        element.text = _NEGATED.get((element.text or "").strip(), element.text)
        element.set("class", "erratum-fails")
    elif chain and element.tag == "mo":
        text, name = _UNDER[kind]
        place = list(sign.parent).index(element)
        tick = ElementTree.Element("mo", {"class": f"erratum-{name}", "lspace": "0", "rspace": "0"})
        tick.text = text
        stack = ElementTree.Element("munder")
        stack.extend((element, tick))
        sign.parent[place] = stack


# ------------------------------------------------------------------------------ the correction


def _correct(
    before: list[_Leaf], after: list[_Leaf], step: Verdict, typeset: Callable[[str], str]
) -> None:
    """Draw on both sides of a step what would make it hold, if that is known and small."""
    details = step["details"]
    given, mended = ((details.get("lhs"), details.get("rhs")),
                     (details.get("mended_lhs"), details.get("mended_rhs")))  # fmt: skip
    try:
        (left, right), (new_left, new_right) = (
            tuple(_set(latex, typeset) for latex in pair) for pair in (given, mended)
        )
    except ValueError:
        return
    here_left = before[len(before) - len(left) :] if left else []
    here_right = after[: len(right)]
    pens = []
    for here, old, new in ((here_left, left, new_left), (here_right, right, new_right)):
        if [leaf.key for leaf in here] != [leaf.key for leaf in old]:
            return  # it is not set as it was printed back
        pens.append(_Pen())
        pens[-1].compare(here, new)
    if sum(len(pen.changes) for pen in pens) <= _MOST:
        for pen in pens:
            for change in reversed(
                pen.changes
            ):  # the last first, so that places stay what they were
                change.draw()


def _set(latex: str | None, typeset: Callable[[str], str]) -> list[_Leaf]:
    if not latex:
        raise ValueError("nothing would make it hold")
    return list(_leaves(ElementTree.fromstring(typeset(latex))))


class _Edit(NamedTuple):
    """Something to draw, and how many symbols it touches."""

    draw: Callable[[], None]
    symbols: int


class _Pen:
    """Finds the changes that make one line of a formula into another."""

    def __init__(self) -> None:
        self.changes: list[_Edit] = []

    def compare(self, old: list[_Leaf], new: list[_Leaf]) -> None:
        """Note what makes `new` of `old`: equal parts correspond, or parts that look alike."""
        frames = [[_frame(leaf.element) for leaf in line] for line in (old, new)]
        exact = self._aligned(old, new, [x.key for x in old], [x.key for x in new])
        alike = self._aligned(old, new, *frames)
        self.changes += min(exact, alike, key=lambda found: sum(change.symbols for change in found))

    def _aligned(
        self, old: list[_Leaf], new: list[_Leaf], one: list[_Key], other: list[_Key]
    ) -> list[_Edit]:
        """The changes, where parts with equal keys correspond."""
        pen = _Pen()
        for _, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
            if b - a == d - c:
                for here, there in zip(old[a:b], new[c:d], strict=True):
                    if here.key != there.key:
                        pen._exchange(here, there)
            else:
                pen._insert(old, b, new[c:d])
                if b > a:
                    pen.changes.append(_striking([leaf.element for leaf in old[a:b]]))
        return pen.changes

    def _exchange(self, old: _Leaf, new: _Leaf) -> None:
        one, other = old.element, new.element
        if one.tag == other.tag and len(one) == len(other) > 0:
            for k in range(len(one)):
                if _row_key(one[k]) != _row_key(other[k]):
                    _as_row(one, k)
                    _as_row(other, k)
                    self.compare(list(_leaves(one[k])), list(_leaves(other[k])))
        elif other.tag in _SCRIPTS and _row_key(other[0]) == _row_key(one):
            scripts = sum(map(_symbols, other[1:]))
            self.changes.append(_Edit(lambda: _dress(old, other), scripts))
        elif one.tag in _SCRIPTS and _row_key(one[0]) == _row_key(other):
            self.changes.append(_striking(one[1:]))
        else:
            self._insert([old], 1, [new])
            self.changes.append(_striking([one]))

    def _insert(self, old: list[_Leaf], at: int, new: list[_Leaf]) -> None:
        if not new:
            return
        row = _inserted(leaf.element for leaf in new)
        neighbour = old[at] if at < len(old) else old[-1] if old else None
        if neighbour is None:
            return

        def put() -> None:
            place = list(neighbour.parent).index(neighbour.element)
            neighbour.parent.insert(place + (at >= len(old)), row)

        self.changes.append(_Edit(put, _symbols(row)))


def _frame(element: Element) -> _Key:
    """What makes two parts look alike but for their scripts, or for what stands in them."""
    if element.tag in _SCRIPTS and len(element[0]) == 0:
        return _key(element[0])
    return _key(element) if not len(element) else (element.tag, len(element))


def _as_row(parent: Element, k: int) -> None:
    """Give the part of a construction room for more than one symbol."""
    if parent[k].tag not in ("mrow", "mstyle", "mpadded"):
        row = ElementTree.Element("mrow")
        row.append(parent[k])
        parent[k] = row


def _striking(elements: Sequence[Element]) -> _Edit:
    def strike() -> None:
        for element in elements:
            element.set("class", f"{element.get('class', '')} erratum-struck".strip())

    return _Edit(strike, sum(map(_symbols, elements)))


def _symbols(element: Element) -> int:
    return sum(1 for part in element.iter() if not len(part))


def _inserted(elements: Iterable[Element]) -> Element:
    row = ElementTree.Element("mrow", {"class": "erratum-inserted"})
    row.extend(deepcopy(element) for element in elements)
    return row


def _dress(old: _Leaf, new: Element) -> None:
    """Give a symbol the scripts that it lacks."""
    place = list(old.parent).index(old.element)
    dressed = ElementTree.Element(new.tag, dict(new.attrib))
    dressed.append(old.element)
    dressed.extend(_inserted([script]) for script in new[1:])
    old.parent[place] = dressed
