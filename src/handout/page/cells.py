"""The cells of a page: Python fences with `exec="on"`, and `math` fences.

Nothing that looks like a cell is skipped: one that cannot be used keeps its place among the cells
and carries the reason as its `problem`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from handout.page.fences import Fence, commonmark_lines, find_fences, read_alike
from handout.page.options import MATH, PYTHON, OptionError, read_options

# A header that asks for a cell, well or badly: with blanks, in capitals, without a value.
_MARKED = re.compile(r"(?:^|[\s{])(exec|claim)(?:\s*=|(?=[\s}]|$))", re.IGNORECASE)
_WRITTEN = re.compile(r"(?:^|[\s{])(?:exec|claim)\s*=", re.IGNORECASE)  # the same, in running text
_KEY = re.compile(r"[\s{]([A-Za-z]+)\s*=")
_BRACES = re.compile(r"^\{\s*\.?(.*?)\s*\}$")


class Cell(NamedTuple):
    """One cell of a page."""

    kind: Literal["python", "math"]
    path: str  # the page, as named in messages
    line_first: int  # line of the opening fence, from 1
    line_last: int  # line of the closing fence
    source: str  # without the indentation of the fence
    source_line: int  # line on which the source begins
    indent: str  # what stands before the fence: indentation, block quote marks
    options: Mapping[str, object] = MappingProxyType({})
    id: str = ""  # of the cell (Python) or of the claim (math); empty for display math
    problem: str | None = None  # why the cell cannot be used; it is not run then

    def __str__(self) -> str:
        return f"{self.path}:{self.line_first}-{self.line_last}"

    @property
    def runs(self) -> bool:
        """Whether the cell is to be run or tested."""
        return self.problem is None and (self.kind == "python" or bool(self.id))

    @property
    def judged(self) -> bool:
        """Whether the cell gets a verdict."""
        return self.kind == "python" or bool(self.id) or self.problem is not None


def find_cells(text: str, path: str, known: bool = False) -> list[Cell]:
    """The cells of a page, in order.

    Args:
        text: the whole page, front matter included, with newlines as line ends.
        path: what to call the page in messages.
        known: whether this very text was read before and both readers agreed on its cells.
    """
    fences = find_fences(text)
    marked = {f.line_first for f in fences if _MARKED.search(f.info)}
    cells = {f.line_first: cell for f in fences if (cell := _cell(f, path)) is not None}
    if not known and (marked or _WRITTEN.search(text)) and not read_alike(text, fences):
        cells |= _unseen(text, path, fences, cells, marked)
    return named([cells[line] for line in sorted(cells)])


def _cell(fence: Fence, path: str) -> Cell | None:
    """The cell that a fence is, or None if it is only shown."""
    language = fence.language
    kind = _asked(fence)
    if kind is None:
        return None
    cell = Cell(
        kind,
        path,
        fence.line_first,
        fence.line_last,
        fence.source,
        fence.line_first + 1,
        fence.prefix,
    )
    if language != kind:
        wanted = f'```{kind} {"exec" if kind == "python" else "claim"}="..."'
        return cell._replace(
            problem=f"a {language or 'plain'} fence cannot be a cell; write {wanted}"
        )
    if not fence.closed:
        return cell._replace(problem="the fence is not closed before its page, list or box ends")
    braces = _BRACES.match(fence.info)
    header = (braces[1] if braces else fence.info).removeprefix(language)
    known = PYTHON if kind == "python" else MATH
    try:
        options = read_options(header, known)
        if kind == "math" and options and "claim" not in options:
            raise OptionError('options need a claim="name": without one the formula is not tested')
    except OptionError as error:
        return cell._replace(problem=str(error))
    return cell._replace(options=options, id=str(options.get("id") or options.get("claim") or ""))


def _asked(fence: Fence) -> Literal["python", "math"] | None:
    """What kind of cell a fence asks to be, also where it misspells `exec`; None if it does not."""
    found = _MARKED.search(fence.info)
    if found is not None:
        return "math" if found[1].lower() == "claim" else "python"
    if fence.language == "python":
        return "python" if any(map(_meant, _KEY.findall(fence.info))) else None
    return "math" if fence.language == "math" else None


def _meant(key: str) -> bool:
    from difflib import get_close_matches  # most pages need none

    return bool(get_close_matches(key, ["exec"], cutoff=0.7))


def _unseen(
    text: str, path: str, fences: list[Fence], cells: Mapping[int, Cell], marked: set[int]
) -> dict[int, Cell]:
    """Problems, by line, where a second reader of the page, CommonMark, finds other cells."""
    second = {line for line, info in commonmark_lines(text) if _MARKED.search(info)}
    lines = text.split("\n")
    found = {}
    for line in marked ^ second:
        kind: Literal["python", "math"] = "math" if "claim" in lines[line - 1] else "python"
        cell = cells.get(line) or Cell(kind, path, line, line, "", line + 1, "")
        fence = next((f for f in fences if f.line_first <= line <= f.line_last), None)
        if line in marked:
            why = (
                "CommonMark reads this fence as something else, as indented code or HTML: leave a "
                "blank line before it, and indent it as its list or box is"
            )
        elif fence is not None:
            why = f"CommonMark reads a cell here, the site the fence of line {fence.line_first}"
        else:
            why = "CommonMark reads a cell here, and the site's Markdown does not"
        found[line] = cell._replace(problem=cell.problem or why)
    return found


def named(cells: list[Cell]) -> list[Cell]:
    """Give every Python cell an id (`cell-3` is the third), and refuse an id that is taken."""
    named: list[Cell] = []
    lines: dict[str, int] = {}
    count = 0
    for cell in cells:
        count += cell.kind == "python"
        if cell.judged and not cell.id:
            kind = "cell" if cell.kind == "python" else "claim"
            number = count if cell.kind == "python" else cell.line_first
            cell = cell._replace(id=f"{kind}-{number}")
        if cell.id and cell.id in lines and cell.problem is None:
            cell = cell._replace(
                problem=f"the id {cell.id!r} is taken by line {lines[cell.id]}; "
                "ids are unique on a page",
            )
        if cell.id:
            lines.setdefault(cell.id, cell.line_first)
        named.append(cell)
    return named
