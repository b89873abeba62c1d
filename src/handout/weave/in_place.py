r"""A woven page as Markdown that needs nothing of ours: HTML in the place of tokens and formulas.

For any generator that lets HTML through. Every piece stands on one line, since a blank line would
end it, and what Markdown could read within a formula is written as entities.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pymdownx.arithmatex import (
    RE_BRACKET_BLOCK,
    RE_BRACKET_INLINE,
    RE_DOLLAR_BLOCK,
    RE_SMART_DOLLAR_INLINE,
    RE_TEX_BLOCK,
)

from handout.page.fences import code_lines
from handout.weave.mentions import Mention
from handout.weave.pagemath import formulas, mark, parts
from handout.weave.woven import Woven, completed

_PREFIX = r"(?P<prefix>[ \t]*(?:>[ \t]*)*)"
_DISPLAY = re.compile(
    rf"(?:(?<=\n\n)|(?<=\A)|(?<=\n>\n)|(?<=\n> \n)){_PREFIX}"
    rf"(?:{RE_DOLLAR_BLOCK}|{RE_BRACKET_BLOCK}|{RE_TEX_BLOCK})[ ]*(?=\n[ \t>]*(?:\n|\Z)|\Z)",
    re.DOTALL,
)
_INLINE = re.compile(f"{RE_SMART_DOLLAR_INLINE}|{RE_BRACKET_INLINE}", re.DOTALL)
_CODE = re.compile(
    r"<!--.*?-->|<(?P<tag>pre|code|script|style|textarea)\b.*?</(?P=tag)>"
    r"|(?<!\\)(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.IGNORECASE,
)
_KEPT = re.compile("\x02(\\d+)\x03")
_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_BETWEEN = re.compile(r"(?<=>)[^<>]+(?=<)")
_TITLE = re.compile(r"^#[ \t]+[^\n]+\n|^[^\n]+\n=+[ \t]*\n", re.MULTILINE)
_SPECIAL = re.compile(r"[*_\[\]~^|$\\`!]")


class InPlaceError(ValueError):
    """A page in whose Markdown not every formula can be found; the message shows the first."""


def in_place(text: str, woven: Woven, skeleton: Callable[[str], str]) -> str:
    """A page's Markdown with HTML in the place of what was woven.

    Args:
        text: with tokens, without front matter.
        woven: what belongs into it.
        skeleton: by which formulas are found; see `handout.weave.skeleton`.

    Raises:
        InPlaceError: a formula stands where it cannot be replaced.
    """
    kept: list[str] = []

    def keep(piece: str) -> str:
        kept.append(piece)
        return f"\x02{len(kept) - 1}\x03"

    masked = text.split("\n")
    for line in code_lines(text):
        masked[line - 1] = keep(masked[line - 1])
    marked = _CODE.sub(lambda found: keep(found[0]), "\n".join(masked))
    marked = _DISPLAY.sub(_display, marked)
    pieces = re.split(r'(<span class="arithmatex">.*?</span>)', marked)
    pieces[::2] = (_INLINE.sub(_inline, piece) for piece in pieces[::2])
    marked = "".join(pieces)
    wanted, found = _in_words(skeleton(text)), _in_words(marked)
    if sorted(found) != sorted(wanted):
        lost = [formula for formula in wanted if formula not in found] or found
        raise InPlaceError(
            f"{lost[0]}: stands where it cannot be replaced, as within HTML: give this formula a "
            "paragraph of its own"
        )
    ready = replace(
        woven,
        cells=[_on_one_line(cell) for cell in woven.cells],
        mentions={
            written: _mention_on_one_line(shown) for written, shown in woven.mentions.items()
        },
        under_title="",
        after=f"\n\n{_on_one_line(woven.after)}\n" if woven.after else "",
    )
    done, _ = completed(marked, ready)
    done = _MATH.sub(lambda found: _BETWEEN.sub(_without_markup, found[0]), done)
    done = _with_head(done, _on_one_line(woven.under_title))
    return _KEPT.sub(lambda found: kept[int(found[1])], done)


def _in_words(html: str) -> list[str]:
    """The formulas of HTML, as they compare however their lines are broken and indented."""
    return [" ".join(latex.split()) for latex, _ in formulas(html)]


def _display(found: re.Match[str]) -> str:
    """A display formula, marked, on one line."""
    latex = found["math"] or found["math2"] or found["math3"]
    quotes = found["prefix"].count(">")
    if quotes:
        latex = re.sub(rf"\n(?:[ \t]*>){{1,{quotes}}}", "\n", latex)
    return found["prefix"] + mark(latex.strip()).replace("\n", "&#10;")


def _inline(found: re.Match[str]) -> str:
    """An inline formula, marked; backslashes before a dollar are what they are."""
    latex = found[3] or found[6]
    return mark(latex, display=False).replace("\n", "&#10;") if latex else found[0]


def _on_one_line(html: str) -> str:
    """HTML without the ends of lines, which count in code alone."""
    return "".join(
        part.replace("\n", "&#10;" if literal and part.startswith(("<pre", "<code")) else " ")
        for part, literal in parts(html)
    ).strip()


def _mention_on_one_line(shown: Mention) -> Mention:
    return Mention(
        _on_one_line(shown.in_text), _on_one_line(shown.in_link), _on_one_line(shown.alone)
    )


def _without_markup(found: re.Match[str]) -> str:
    return _SPECIAL.sub(lambda sign: f"&#{ord(sign[0])};", found[0])


def _with_head(text: str, head: str) -> str:
    """The lines under the title as a paragraph of their own."""
    title = _TITLE.search(text)
    if not head or title is None:
        return f"{head}\n\n{text}" if head else text
    return f"{text[: title.end()]}\n{head}\n\n{text[title.end() :]}"
