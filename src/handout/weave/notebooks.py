"""The copy of a notebook that the site renders: its cells, and tokens for what they give.

Outputs that are committed are never shown; they come from the run, and are put into the rendered
page as on any other page. The source tree is left alone: the copy is a file of the cache.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import nbformat

from handout.page.cells import Cell, read_contents
from handout.page.pages import Page


def with_tokens(page: Page, token: str) -> str:
    """The notebook without outputs, and a token after each cell that gives something.

    Args:
        page: the notebook.
        token: what the page's tokens begin with.
    """
    notebook = nbformat.reads(page.text, as_version=4)
    numbers = iter(range(len(page.cells)))
    whole = any(cell.whole for cell in page.cells)
    shown: list[Any] = []
    for cell in notebook.cells:
        shown.append(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if cell.source.strip():
                shown.append(_markdown(f"{token}{next(numbers)}.", f"{cell.get('id', '')}-output"))
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
            parts.append(cell.source)
        elif cell.cell_type == "code" and cell.source.strip():
            longest = max(map(len, re.findall("`+", cell.source)), default=0)
            fence = "`" * max(3, longest + 1)
            parts.append(f"{fence}python\n{cell.source}\n{fence}")
    return "\n\n".join(parts) + "\n"


def _with_tokens(source: str, fences: Sequence[Cell], token: str, numbers: Iterator[int]) -> str:
    lines = source.split("\n")
    parts: list[str] = []
    end = 0
    for fence in fences:
        parts += [*lines[end : fence.line_first - 1], "", f"{token}{next(numbers)}.", ""]
        end = fence.line_last
    return "\n".join(parts + lines[end:])


def _markdown(source: str, name: str) -> Any:
    cell = nbformat.v4.new_markdown_cell(source)
    cell["id"] = name[:64]
    return cell
