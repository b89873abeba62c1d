"""The copy of a notebook that the site renders: its cells, and tokens for what they give.

Outputs that are committed are never shown; they come from the run, and are put into the rendered
page as on any other page. The source tree is left alone: the copy is a file of the cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import nbformat
from markdown_it import MarkdownIt

from handout.page.cells import Cell, read_contents
from handout.page.dollars import tightened
from handout.page.notebooks import parsed
from handout.page.pages import Page

_COMMONMARK = MarkdownIt("commonmark").enable("table").disable("inline")
_APART = ("bullet_list_open", "ordered_list_open", "table_open", "blockquote_open", "fence")


def with_tokens(page: Page, token: str) -> str:
    """The notebook without outputs, and a token after each cell that gives something.

    Args:
        page: the notebook.
        token: what the page's tokens begin with.
    """
    notebook = parsed(page.text)
    numbers = iter(range(len(page.cells)))
    whole = any(cell.whole for cell in page.cells)
    shown: list[Any] = []
    for cell in notebook.cells:
        shown.append(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if cell.source.strip():
                number = next(numbers)
                given = nbformat.v4.new_markdown_cell(f"{token}{number}.", id=f"output-{number}")
                shown.append(given)
        elif cell.cell_type == "markdown":
            fences = read_contents(cell.source, "", whole=whole).cells
            cell.source = _with_tokens(cell.source, fences, token, numbers)
    notebook.cells = shown
    return str(nbformat.writes(notebook))


def as_markdown(page: Page, token: str) -> str:
    """The notebook as a page of Markdown, with tokens; its code stands in fences."""
    parts = []
    for cell in nbformat.reads(with_tokens(page, token), as_version=4).cells:
        if cell.cell_type == "markdown":
            parts.append(as_python_markdown(cell.source))
        elif cell.cell_type == "code" and cell.source.strip():
            longest = max(map(len, re.findall("`+", cell.source)), default=0)
            fence = "`" * max(3, longest + 1)
            parts.append(f"{fence}python\n{cell.source}\n{fence}")
    return "\n\n".join(parts) + "\n"


def as_python_markdown(source: str) -> str:
    """CommonMark, which Jupyter reads, as Python-Markdown reads the same.

    A list, a table or a quotation may follow a paragraph at once, what is within a list stands four
    columns to the right, and a dollar has no blank on its inner side.
    """
    lines = source.split("\n")
    shift = [0] * (len(lines) + 1)
    opened: set[int] = set()
    siblings: dict[int, int] = {}  # where the item before begins, by depth
    for token in _COMMONMARK.parse(source):
        if token.map is None:
            continue
        first, last = token.map
        if token.type == "list_item_open":
            before = range(siblings.get(token.level, first), first)
            if first and any(not lines[n].strip() or n in opened for n in before):
                opened.add(first)
            siblings[token.level] = first
            marked = lines[first]
            column = len(marked) - len(marked.lstrip(" "))
            width = len(token.markup) + len(token.info) + 1
            for number in range(first + 1, last):
                within = len(lines[number]) - len(lines[number].lstrip(" ")) >= column + width
                shift[number] += 4 - width if within else 0
            continue
        if token.type.endswith("list_open"):
            siblings.pop(token.level + 1, None)
        if token.type in _APART and first and lines[first - 1].strip():
            opened.add(first)
    done: list[str] = []
    for number, line in enumerate(lines):
        if number in opened and lines[number - 1].strip():
            done.append("")
        done.append(" " * shift[number] + line if line.strip() else line)
    return tightened("\n".join(done))


def _with_tokens(source: str, fences: Sequence[Cell], token: str, numbers: Iterator[int]) -> str:
    lines = source.split("\n")
    parts: list[str] = []
    end = 0
    for fence in fences:
        parts += [*lines[end : fence.line_first - 1], "", f"{token}{next(numbers)}.", ""]
        end = fence.line_last
    return "\n".join(parts + lines[end:])
