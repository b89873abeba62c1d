"""Puts outcomes and verdicts into a page, in two steps.

Before Markdown is rendered, each cell becomes a plain fence, and a token that holds the place of
its output and cards. Afterwards the tokens become HTML. So no HTML of ours goes through Markdown,
and rendering need not wait for the cells to run.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any, NamedTuple

from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage, Result
from handout.math.mathml import MathError, display, to_mathml
from handout.math.standard import unnumbered
from handout.page.cells import Cell, read_contents
from handout.page.displays import Role, beside
from handout.page.fences import front_matter, running_text
from handout.page.macros import without_definitions
from handout.page.pages import Page
from handout.page.problems import Problem
from handout.render.badge import badge, place, worst
from handout.render.cards import binding, cards
from handout.render.errata import drawn, with_marks
from handout.render.exercise import exercise
from handout.render.objects import in_code, objects_of
from handout.render.outputs import output
from handout.render.table import table
from handout.run.outcomes import FIGURE
from handout.weave.pagemath import ends_in_link, mark, outside_tags, parts
from handout.weave.rich_output import rich_html

TOKEN = r"handout-[0-9a-f]{16}-\d+\."  # the pattern of a whole one
_CLAIM = re.compile(r"\[\[claim:(?P<page>[^\]\s#]*#)?(?P<claim>[^\]\s#]+)\]\]")
_CLAIM_ALONE = re.compile(rf"<p>\s*{_CLAIM.pattern}\s*</p>")
_BADGE = re.compile(r"\[\[verdict:(?P<page>[^\]\s#]*#)?(?P<claim>[^\]\s#]+)\]\]")
_TABLE = re.compile(r"(?:<p>)?\[\[verdicts(?::(?P<pages>[^\]\s]+))?\]\](?:</p>)?")
#: The title of a page: in its front matter, or its first heading; a notebook has it in a string.
_TITLE = re.compile(r"""^(?:title:[ ]*["']?|\s*"?\#[ ])(.+?)["']?(?:\\n)?"?,?$""", re.MULTILINE)

_DISPLAYED = re.compile(r"\\\[(.+?)\\\]", re.DOTALL)
_EMPTY = re.compile(r"<p>\s*</p>\s?")


class InjectionError(ValueError):
    """A page whose text another plugin has changed beyond recognition."""

    def __init__(self, page: Page, message: str) -> None:
        self.problem = Problem(page.shown, 1, message, code="H603")
        super().__init__(str(self.problem))


def token(page: Page) -> str:
    """What begins this page's tokens: no author can have written it, and it is always the same."""
    return f"handout-{page.digest[:16]}-"


def with_tokens(markdown: str, page: Page) -> str:
    """The page's Markdown, as the host has it, with a token in place of what each cell gives.

    Args:
        markdown: the text without front matter, perhaps changed by other plugins.
        page: the page as its author wrote it.

    Raises:
        InjectionError: if the cells in `markdown` are not those of the page.
    """
    ahead = front_matter(page.text).count("\n")
    own = [cell for cell in page.cells if cell.line_first > ahead]
    if page.text.endswith(markdown):  # but for its front matter, as its author wrote it
        shift = page.text.count("\n", 0, len(page.text) - len(markdown))
        cells = [_moved(cell, -shift) for cell in own]
    else:
        whole = any(cell.whole for cell in own)
        cells = read_contents(markdown, page.shown, known=True, whole=whole).cells
        if not any(cell.foreign for cell in own):  # another plugin's are not among them
            cells = [cell for cell in cells if not cell.foreign]
    if [cell.source for cell in cells] != [cell.source for cell in own]:
        raise InjectionError(
            page,
            "another plugin changed the cells of this page before they could be shown; list "
            "handout before it in the configuration",
        )
    lines = markdown.split("\n")
    parts: list[str] = []
    end = 0
    mark_of_page = token(page)
    problems = len(page.cells) - len(own)  # of the front matter, which has no place in the text
    parts += [line for number in range(problems) for line in ("", f"{mark_of_page}{number}.", "")]
    for number, (there, cell) in enumerate(zip(cells, own, strict=True), problems):
        first, last = there.line_first, there.line_last
        parts += lines[end : first - 1]
        end = max(last, end)
        if cell.kind == "math" and (cell.problem is None or not cell.fenced):
            code = []
        else:
            code = _plain_fence(cell, lines[first - 1 : last])
        quote = there.indent.rstrip()
        parts += [*code, quote, f"{there.indent}{mark_of_page}{number}.", quote]
    return "\n".join(parts + lines[end:])


def _moved(cell: Cell, lines: int) -> Cell:
    return cell._replace(line_first=cell.line_first + lines, line_last=cell.line_last + lines)


def _plain_fence(cell: Cell, lines: list[str]) -> list[str]:
    """The lines of a cell's code as a fence that only shows it."""
    if cell.options.get("show", "both") in ("output", "none") or not lines:
        return []
    fence = re.match(r"[`~]*", lines[0][len(cell.indent) :])
    options = {
        name: str(value).replace('"', "&quot;")
        for name in ("title", "linenums", "hl_lines")
        if (value := cell.options.get(name))
    }
    header = (
        f"{cell.indent}{fence[0] if fence else '```'}{cell.kind if cell.kind == 'python' else ''}"
    )
    return [header + "".join(f' {name}="{value}"' for name, value in options.items()), *lines[1:]]


def in_words(text: str, find: Callable[[str, str], Sequence[Verdict]]) -> str:
    """What a host has kept of a page, as for its search, without tokens and with badges as words.

    Args:
        text: as it was rendered.
        find: the verdicts on a claim, given the page that is named, if one is, and the claim's id.
    """

    def word(found: re.Match[str]) -> str:
        verdicts = find((found["page"] or "").rstrip("#"), found["claim"])
        return worst(verdicts)["status"] if verdicts else ""

    text = _EMPTY.sub("", re.sub(TOKEN, "", text))
    text = _DISPLAYED.sub(r"\\(\1\\)", text)  # there are no lines of their own in a result
    return _TABLE.sub("", _CLAIM.sub("", _BADGE.sub(word, text)))


class Filled(NamedTuple):
    """A page's HTML with outcomes and verdicts, and what was wrong with its links to verdicts."""

    html: str
    problems: list[Problem]


def fill(html: str, judged: JudgedPage, mark_cell: Callable[[int, str], str] | None = None) -> str:
    """Replace the page's tokens by outputs and cards.

    Args:
        html: the rendered page.
        judged: its verdicts.
        mark_cell: what to make of a cell's number and the HTML that it gives.
    """
    before, *pieces = html.split(token(judged.page))
    filled = [before.removesuffix("<p>")]
    objects = objects_of(figures(judged))
    for piece in pieces:
        number, _, after = piece.partition(".")
        result = judged.results[int(number)]
        if any(figures(judged, int(number))):  # a line below may give a name to something else
            filled[-1] = in_code(filled[-1], result.cell.source, objects)
        shown = _shown(result, int(number))
        filled.append(shown if mark_cell is None else mark_cell(int(number), shown))
        filled.append(after.removeprefix("</p>").removesuffix("<p>"))
    return "".join(filled)


def figures(judged: JudgedPage, first: int = 0) -> Iterator[Mapping[str, Any]]:
    """The figures that a page's cells have described, from one of the cells on."""
    for result in judged.results[first:]:
        for shown in (result.outcome or {}).get("outputs", ()):
            if described := shown.get("data", {}).get(FIGURE):
                with contextlib.suppress(ValueError):
                    yield json.loads(described)


def _shown(result: Result, number: int) -> str:
    """What a cell gives: its formula, its output, and the cards of its claims."""
    cell = result.cell
    html = ""
    if cell.role is Role.EXERCISE:
        html = exercise(cell.id, cell.options.get("points", 1))
    if cell.kind == "math" and cell.shown and (cell.problem is None or not cell.fenced):
        html += mark(cell.source.strip(), cell=number)
        if cell.role in (Role.DEFINE, Role.CLAIM) and result.outcome is not None:
            html += binding(result.outcome.get("defined", ()))
    quiet = next((verdict for verdict in result.verdicts if _quiet(verdict, cell)), None)
    shown = cell.kind == "python" and cell.options.get("show", "both") in ("both", "output")
    printed = ""
    if result.outcome is not None and shown:  # an equation's error stands on its card
        printed = output(result.outcome, of=quiet, rich=rich_html).replace("[[", "&#91;[")
    if quiet is not None and not printed:
        printed = place(quiet)
    claims: dict[str, list[Verdict]] = {}
    for verdict in result.verdicts:
        if verdict is not quiet:
            claims.setdefault(verdict["id"], []).append(verdict)
    html += printed + "".join(cards(verdicts, display) for verdicts in claims.values())
    return f'<div class="claimed">{html}</div>' if cell.kind == "math" and claims else html


def _quiet(verdict: Verdict, cell: Cell) -> bool:
    """Whether a verdict needs no card: code that ran as expected, with nothing to remark."""
    remarkable = "expect" in cell.options or verdict["details"].get("notes")
    return verdict["kind"] == "code" and verdict["ok"] and not remarkable


def link_verdicts(
    html: str,
    page: Page,
    find: Callable[[str], JudgedPage | None],
    address: Callable[[str], str],
    everything: Callable[[], Sequence[JudgedPage]],
    macros: Callable[[Page], Mapping[str, str]],
) -> Filled:
    """Replace `[[verdict:ID]]`, `[[claim:ID]]` and `[[verdicts]]` in a page's HTML.

    `[[verdicts:ps1/*]]` is a table of the pages whose names fit. `PAGE#ID` names a claim of another
    page. A claim in a paragraph of its own is shown as a display formula, with its verdict.

    Args:
        html: the content of the page; code in it is left alone.
        page: the page.
        macros: those that a page's formulas are set with.
        find: the verdicts of a page, given its name; None if there is no such page.
        address: the address of a page as seen from this one, given its name.
        everything: the verdicts of all pages.
    """
    if "[[verdict" not in html and "[[claim:" not in html:
        return Filled(html, [])
    problems: list[Problem] = []

    def missing(found: re.Match[str], problem: str) -> str:
        written = f"[[{found[0].partition('[[')[2].partition(']]')[0]}]]"
        line = next((n for n, l in enumerate(page.text.split("\n"), 1) if written in l), 1)
        message = f"{written}: {problem}"
        problems.append(Problem(page.shown, line, message, code="H601", subject=written))
        return f'<span class="verdict-missing">{written}</span>'

    def shown(found: re.Match[str], show: Callable[[JudgedPage, list[Verdict], str], str]) -> str:
        other = (found["page"] or "").rstrip("#")
        judged = find(other or page.name)
        if judged is None:
            return missing(found, f"there is no page {other!r}")
        verdicts = judged.named(found["claim"])
        if not verdicts:
            return missing(found, judged.missing(found["claim"]))
        return show(judged, verdicts, address(other) if other else "")

    def badge_at(found: re.Match[str], in_link: bool) -> str:
        return shown(
            found, lambda judged, verdicts, there: badge(*verdicts, page=there, link=not in_link)
        )

    def claim_at(found: re.Match[str], in_link: bool) -> str:
        def formula(judged: JudgedPage, verdicts: list[Verdict], there: str) -> str:
            cell = next((r.cell for r in judged.results if r.cell.id == found["claim"]), None)
            if cell is None or cell.kind != "math":
                return missing(found, "the claim is no formula; [[verdict:...]] shows its badge")
            alone = found[0].startswith("<p>")
            try:
                latex = with_marks(cell.source.strip(), verdicts)
                latex = unnumbered(without_definitions(latex)).strip()
                mathml = drawn(to_mathml(latex, alone, macros(judged.page)), verdicts, display)
            except MathError as error:
                return missing(found, error.message)
            mark_of_it = badge(*verdicts, page=there, link=not in_link)
            if not alone:
                return f"{mathml} {mark_of_it}"
            return (
                f'<span class="math-display">{mathml}</span>'
                f'<p class="claim-verdict">{mark_of_it}</p>'
            )

        return shown(found, formula)

    def table_at(found: re.Match[str]) -> str:
        pattern = found["pages"] or "*"
        pages = {j.page.name: j for j in everything() if fnmatch(j.page.name, pattern)}
        if not pages and found["pages"]:
            return missing(found, f"no page fits {pattern!r}")
        verdicts = [v for judged in pages.values() for v in judged.verdicts]
        return table(verdicts, address, lambda name: _title(pages[name].page))

    linked: list[str] = []
    in_link = False
    for part, literal in parts(html):
        if literal:
            linked.append(part)
            continue
        text = _CLAIM_ALONE.sub(lambda found: claim_at(found, False), part)
        text = outside_tags(_CLAIM, claim_at, text, in_link)
        text = outside_tags(_BADGE, badge_at, text, in_link)
        linked.append(_TABLE.sub(table_at, text))
        in_link = ends_in_link(part, in_link)
    return Filled("".join(linked), problems)


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
    return found[1] if found else page.name


def needs_other_pages(html: str) -> bool:
    """Whether a page's links to verdicts need the verdicts of other pages."""
    if "[[verdict" not in html and "[[claim:" not in html:  # most pages
        return False
    named = (*_BADGE.finditer(html), *_CLAIM.finditer(html))
    return _TABLE.search(html) is not None or any(found["page"] for found in named)
