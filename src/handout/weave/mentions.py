"""Links to verdicts in a page's text: `[[verdict:ID]]`, `[[claim:ID]]` and `[[verdicts]]`.

`[[verdicts:ps1/*]]` is a table of the pages whose names fit. `PAGE#ID` names a claim of another
page. A claim in a paragraph of its own is shown as a display formula, with its verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatch
from html import escape, unescape
from typing import NamedTuple

from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage
from handout.math.mathml import MathError, display, to_mathml
from handout.math.standard import unnumbered
from handout.page.displays import beside
from handout.page.fences import running_text
from handout.page.macros import without_definitions
from handout.page.pages import Page
from handout.page.problems import Problem
from handout.render.badge import badge
from handout.render.errata import drawn, with_marks
from handout.render.table import table
from handout.weave.pagemath import ends_in_link, outside_tags, parts, plain

_CLAIM = re.compile(r"\[\[claim:(?P<page>[^\]\s#]*#)?(?P<claim>[^\]\s#]+)\]\]")
_CLAIM_ALONE = re.compile(rf"<p>\s*{_CLAIM.pattern}\s*</p>")
_BADGE = re.compile(r"\[\[verdict:(?P<page>[^\]\s#]*#)?(?P<claim>[^\]\s#]+)\]\]")
_TABLE = re.compile(r"(?:<p>)?\[\[verdicts(?::(?P<pages>[^\]\s]+))?\]\](?:</p>)?")
#: Any of them, as it is written.
MENTION = re.compile(
    r"\[\[(?:(?:verdict|claim):(?:[^\]\s#]*#)?[^\]\s#]+|verdicts(?::[^\]\s]+)?)\]\]"
)
_IN_TITLE = re.compile(rf"\s*{MENTION.pattern}")
#: The title of a page: in its front matter, or its first heading; a notebook has it in a string.
_TITLE = re.compile(r"""^(?:title:[ ]*["']?|\s*"?\#[ ])(.+?)["']?(?:\\n)?"?,?$""", re.MULTILINE)


class Mention(NamedTuple):
    """What a link to verdicts shows, by where it stands."""

    in_text: str
    in_link: str
    alone: str  # in the place of the paragraph that it is
    problem: Problem | None = None


class Verdicts(NamedTuple):
    """Where a page's links to verdicts lead.

    Attributes:
        find: the verdicts of a page, given its name; None if there is no such page.
        address: the address of a page as seen from the one that links, given its name.
        everything: the verdicts of all pages.
        macros: those that a page's formulas are set with.
    """

    find: Callable[[str], JudgedPage | None]
    address: Callable[[str], str]
    everything: Callable[[], Sequence[JudgedPage]]
    macros: Callable[[Page], Mapping[str, str]]


def are_mentioned(text: str) -> bool:
    """Whether a text may hold a link to verdicts; most do not."""
    return "[[verdict" in text or "[[claim:" in text


def without_mentions(title: str) -> str:
    """A title as navigation, tabs of a browser and machines show it: without verdicts."""
    return _IN_TITLE.sub("", title).strip() if are_mentioned(title) else title


def needs_other_pages(html: str) -> bool:
    """Whether a page's links to verdicts need the verdicts of other pages."""
    if not are_mentioned(html):
        return False
    named = (*_BADGE.finditer(html), *_CLAIM.finditer(html))
    return _TABLE.search(html) is not None or any(found["page"] for found in named)


def with_mentions(html: str, show: Callable[[str], Mention | None]) -> str:
    """Replace the links to verdicts in a page's HTML; code in it is left alone.

    Args:
        html: the content of the page.
        show: what to put in the place of a link, given as it is written; None leaves it there.
    """
    if not are_mentioned(html):
        return html

    def inside(found: re.Match[str], in_link: bool) -> str:
        shown = show(_written(found))
        if shown is None:
            return found[0]
        return shown.in_link if in_link else shown.in_text

    def whole(found: re.Match[str]) -> str:
        shown = show(_written(found))
        return found[0] if shown is None else shown.alone

    done: list[str] = []
    in_link = False
    for part, literal in parts(html):
        if literal:
            done.append(part)
            continue
        text = _CLAIM_ALONE.sub(whole, part)
        text = outside_tags(_CLAIM, inside, text, in_link)
        text = outside_tags(_BADGE, inside, text, in_link)
        done.append(_TABLE.sub(whole, text))
        in_link = ends_in_link(part, in_link)
    return "".join(done)


def _written(found: re.Match[str]) -> str:
    return unescape(f"[[{found[0].partition('[[')[2].partition(']]')[0]}]]")


def mention(written: str, page: Page, verdicts: Verdicts) -> Mention:
    """What a link to verdicts shows; one that leads nowhere shows itself, and has a problem.

    Args:
        written: the link.
        page: on which it stands.
        verdicts: where it may lead.
    """
    if (found := _TABLE.fullmatch(written)) is not None:
        return _table(found, page, verdicts)
    found = _CLAIM.fullmatch(written) or _BADGE.fullmatch(written)
    assert found is not None, written
    other = (found["page"] or "").rstrip("#")
    judged = verdicts.find(other or page.name)
    if judged is None:
        return _missing(written, page, f"there is no page {other!r}")
    named = judged.named(found["claim"])
    if not named:
        return _missing(written, page, judged.missing(found["claim"]))
    there = verdicts.address(other) if other else ""
    mark = badge(*named, page=there)
    mark_in_link = badge(*named, page=there, link=False)
    if written.startswith("[[verdict:"):
        return Mention(mark, mark_in_link, mark)
    cell = next((r.cell for r in judged.results if r.cell.id == found["claim"]), None)
    if cell is None or cell.kind != "math":
        why = "the claim is no formula; [[verdict:...]] shows its badge"
        return _missing(written, page, why)
    macros = verdicts.macros(judged.page)
    try:
        small, large = (_formula(cell.source, named, macros, alone) for alone in (False, True))
    except MathError as error:
        return _missing(written, page, error.message)
    alone = f'<span class="math-display">{large}</span><p class="claim-verdict">{mark}</p>'
    return Mention(f"{small} {mark}", f"{small} {mark_in_link}", alone)


def _formula(
    source: str, verdicts: Sequence[Verdict], macros: Mapping[str, str], alone: bool
) -> str:
    latex = with_marks(source.strip(), verdicts)
    latex = unnumbered(without_definitions(latex)).strip()
    return drawn(to_mathml(latex, alone, macros), verdicts, display)


def _table(found: re.Match[str], page: Page, verdicts: Verdicts) -> Mention:
    pattern = found["pages"] or "*"
    pages = {j.page.name: j for j in verdicts.everything() if fnmatch(j.page.name, pattern)}
    if not pages and found["pages"]:
        return _missing(found[0], page, f"no page fits {pattern!r}")
    rows = [verdict for judged in pages.values() for verdict in judged.verdicts]
    html = table(
        rows,
        verdicts.address,
        lambda name: plain(_title(pages[name].page), verdicts.macros(pages[name].page)),
    )
    return Mention(html, html, html)


def _missing(written: str, page: Page, problem: str) -> Mention:
    line = next((n for n, l in enumerate(page.text.split("\n"), 1) if written in l), 1)
    shown = f'<span class="verdict-missing">&#91;{escape(written[1:])}</span>'  # found no more
    told = Problem(page.shown, line, f"{written}: {problem}", code="H601", subject=written)
    return Mention(shown, shown, shown, told)


def borrowed_badges(page: Page) -> list[Problem]:
    """A problem for every untested formula with a badge beside it: readers take it for tested."""
    if "[[verdict:" not in page.text or page.notebook or not page.unclaimed:
        return []
    lines = page.text.split("\n")
    return [
        Problem(
            page.shown,
            display.line_first,
            "a badge stands beside this formula, which is not tested: write <!-- claim: ID --> "
            "before it, or [[claim:PAGE#ID]] in its place",
            code="H605",
            subject=display.source.strip(),
        )
        for display in page.unclaimed
        if any(_BADGE.search(text) for _, text in beside(lines, display))
    ]


def lost_badges(judged: JudgedPage) -> list[Problem]:
    """A problem for every `[[verdict:ID]]` in a page's text that names no claim of the page.

    For a page by itself: links to other pages are followed where the whole site is built.
    """
    page = judged.page
    if "[[verdict:" not in page.text or page.notebook:
        return []
    return [
        Problem(
            page.shown,
            line,
            f"{found[0]}: {judged.missing(found['claim'])}",
            code="H601",
            subject=found[0],
        )
        for line, words in running_text(page.text)
        for found in _BADGE.finditer(words)
        if not found["page"] and not judged.named(found["claim"])
    ]


def _title(page: Page) -> str:
    found = _TITLE.search(page.text)
    return without_mentions(found[1]) if found else page.name
