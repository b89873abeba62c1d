"""Puts outcomes and verdicts into a page, in two steps.

Before Markdown is rendered, each cell becomes a plain fence, and a token that holds the place of
its output and cards. Afterwards the tokens become HTML. So no HTML of ours goes through Markdown,
and rendering need not wait for the cells to run.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage, Result
from handout.math.mathml import display
from handout.page.cells import Cell, read_contents
from handout.page.displays import Role
from handout.page.fences import front_matter
from handout.page.pages import Page
from handout.page.problems import Problem
from handout.render.badge import place
from handout.render.cards import binding, cards
from handout.render.exercise import exercise
from handout.render.objects import Objects, in_code
from handout.render.outputs import output
from handout.run.outcomes import FIGURE
from handout.weave.pagemath import mark
from handout.weave.rich_output import rich_html

_HIGHLIGHT = re.compile(r'<div class="(?:language-\w+ )?highlight">')
TOKEN = r"handout-[0-9a-f]{16}-\d+\."  # the pattern of a whole one


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


def filled(
    html: str,
    token: str,
    cells: Sequence[str],
    sources: Mapping[int, str] = MappingProxyType({}),
    objects: Objects | None = None,
    folded: Collection[int] = (),
) -> str:
    """A page's HTML with what its cells give in the place of their tokens.

    Args:
        html: the rendered page.
        token: what the page's tokens begin with.
        cells: the HTML that each cell gives, by its number.
        sources: of the cells whose code speaks of the objects of graphs, by their number.
        objects: those of the page.
        folded: the cells whose code is there to be opened, by their number.
    """
    before, *pieces = html.split(token)
    done = [before.removesuffix("<p>")]
    for piece in pieces:
        number, _, after = piece.partition(".")
        if source := sources.get(int(number)):
            done[-1] = in_code(done[-1], source, objects or Objects())
        if int(number) in folded:
            done[-1] = _fold(done[-1])
        done.append(cells[int(number)])
        done.append(after.removeprefix("</p>").removesuffix("<p>"))
    return "".join(done)


def _fold(html: str) -> str:
    """HTML that ends in a cell's code, which its reader opens."""
    shown = html.rstrip().removesuffix("</div>")
    *_, block = (None, *_HIGHLIGHT.finditer(html))
    if block is None or shown == html.rstrip():
        return html
    code = shown[block.end() :]
    summary = '<details class="code-folded"><summary>Code</summary>'
    return f"{shown[: block.end()]}{summary}{code}</details></div>\n"


def graphs(judged: JudgedPage) -> dict[int, list[Mapping[str, Any]]]:
    """The graphs that a page's cells have described, by the number of the cell."""
    found = {
        number: list(_graphs(result.outcome or {})) for number, result in enumerate(judged.results)
    }
    return {number: described for number, described in found.items() if described}


def _graphs(outcome: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for shown in outcome.get("outputs", ()):
        if described := shown.get("data", {}).get(FIGURE):
            with contextlib.suppress(ValueError):
                figure = json.loads(described)
                if figure.get("kind") == "graph":
                    yield figure


def given(results: Sequence[Result]) -> Sequence[str]:
    """What the cells of a page give, as HTML."""
    return [shown(result, number) for number, result in enumerate(results)]


def shown(result: Result, number: int) -> str:
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
    visible = cell.kind == "python" and cell.options.get("show", "both") not in ("code", "none")
    printed = ""
    if result.outcome is not None and visible:  # an equation's error stands on its card
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
