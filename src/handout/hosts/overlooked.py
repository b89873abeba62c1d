"""Cells and claims that a site shows, or would show, and that nothing tests: each is a problem."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from handout.page.cells import untested
from handout.page.fences import read_text
from handout.page.pages import Page
from handout.page.problems import Problem


def in_script(script: Path, shown: str, claims_whole: bool) -> Iterator[Problem]:
    """Those of a script that mkdocs-jupyter shows as a notebook.

    Args:
        script: a Python file with cells in comments.
        shown: its name in messages.
        claims_whole: whether every display formula is a claim.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = read_text(script.read_bytes()).split("\n")
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)
        for cell in untested(text, claims_whole):
            message = (
                f"{cell.id or 'a cell'}: is in a script that mkdocs-jupyter shows as a "
                "notebook, and not tested: save it as .ipynb, or write it as Markdown"
            )
            yield Problem(shown, cell.line_first, message, "H603", subject=cell.id)


def in_copied_notebook(shown: str) -> Problem:
    """Those of a notebook that would be a page, had not another plugin made it a file to copy."""
    message = (
        "this notebook is not shown as a page, and its cells are not run: another plugin, as i18n "
        "does, has taken it from mkdocs-jupyter; write it as Markdown, or leave it out by "
        "`exclude_docs`"
    )
    return Problem(shown, 1, message, code="H603")


def in_replaced_page(written: Page, shown: Page) -> Iterator[Problem]:
    """Those of a page in whose place another plugin has put other text."""
    lost = [cell for cell in written.cells if cell.judged]
    if lost and not any(cell.judged for cell in shown.cells):
        message = (
            "no cell or claim of this page reaches the site: another plugin has put other text "
            "in its place, as mkdocs-macros does where a formula has {{, {% or {#: write "
            "{% raw %} and {% endraw %} around it"
        )
        yield Problem(written.shown, lost[0].line_first, message, code="H603")


def in_rendered_text(page: Page, text: str, claims_whole: bool) -> Iterator[Problem]:
    """Those that are still in a page's text when it is rendered: nothing has run them."""
    for cell in untested(text, claims_whole):
        first = cell.source.partition("\n")[0]
        line = page.text[: max(page.text.find(first), 0)].count("\n") + 1
        message = (
            f"{cell.id or 'a cell'}: reaches the page where it cannot be run, by an extension "
            "of Markdown or from a docstring: include it with pymdownx.snippets, "
            "include-markdown or macros, or write it on the page"
        )
        yield Problem(page.shown, line, message, code="H603", subject=cell.id)
