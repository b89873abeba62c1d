"""Cells that reach a page from elsewhere: by snippets, by macros, by another plugin of the site.

A page is run as its readers will see it. Where something has put text into it, or has changed it,
the cells are those of the changed text, and their lines are those of the author's file: what was
included stands on the line that includes it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from handout.page.cells import Cell, read_contents
from handout.page.pages import Page, PageError, read_as, read_front_matter, read_macros, text_digest

#: How pymdownx.snippets writes an inclusion, `--8<-- "file"`.
_SCISSORS = "8<-"
_WORD = re.compile(r"\w")  # in lines by which texts are compared; blank ones are all alike


def with_inclusions(page: Page, text: str, whole: bool = False) -> Page:
    """The page with the cells of its text as the site has it; the page itself if they are its own.

    Args:
        page: as its author wrote it.
        text: of the page, changed by others, with its front matter or without.
        whole: whether every display formula that states something is a claim.
    """
    if page.text.endswith(text):
        return page
    given = read_front_matter(page.text, page.shown)
    lines = author_lines(page.text, text)
    contents = read_contents(text, page.shown, whole=whole, lines=lines)
    cells = [*given.problems, *read_as(contents.cells, given.reading)]
    if [_told(cell) for cell in cells] == [_told(cell) for cell in page.cells]:
        return page
    return page._replace(
        cells=cells,
        unclaimed=contents.unclaimed,
        macros=read_macros(text),
        digest=text_digest(text),
    )


def _told(cell: Cell) -> tuple[object, ...]:
    """What a cell says, wherever it stands."""
    options, usable = dict(cell.options), cell.problem is None
    return cell.kind, cell.source, cell.id, cell.role, options, usable, cell.above


def author_lines(own: str, changed: str) -> Sequence[int]:
    """For each line of a changed text, the line of the author's own that it stands for, from 1.

    An item more, for the end.
    """
    before, after = own.split("\n"), changed.split("\n")
    matcher = SequenceMatcher(lambda line: _WORD.search(line) is None, before, after, False)
    lines: list[int] = []
    for _, first, last, start, end in matcher.get_opcodes():
        alike = last - first == end - start
        lines += [min(first + (n if alike else 0) + 1, len(before)) for n in range(end - start)]
    return [*lines, len(before)]


def expanded(text: str, options: Mapping[str, Any], shown: str) -> str:
    """A text with its snippets in it, as pymdownx.snippets puts them there.

    What is left of the notation was escaped, and is escaped again, so that the result may go
    through the extension once more. What it appends to every page, it will append then.

    Args:
        text: of a page.
        options: of the extension.
        shown: what to call the page in messages.

    Raises:
        PageError: a snippet is missing, and the site wants every one to be there.
    """
    if _SCISSORS not in text:
        return text
    from markdown import Markdown  # most pages have no snippet
    from pymdownx.snippets import (
        SnippetExtension,
        SnippetMissingError,
    )

    extension = SnippetExtension(**{**options, "auto_append": []})
    processor = Markdown(extensions=[extension]).preprocessors["snippet"]
    try:
        lines = processor.run(text.split("\n"))
    except SnippetMissingError as error:
        line = next(n for n, line in enumerate(text.split("\n"), 1) if _SCISSORS in line)
        raise PageError(shown, str(error), line) from None
    return "\n".join(re.sub(r"(?=;*-+8<-)", ";", line, count=1) for line in lines)


def snippet_folders(
    options: Mapping[str, Any] | None, root: os.PathLike[str], docs: os.PathLike[str]
) -> Mapping[str, Any]:
    """The options of pymdownx.snippets with folders that do not depend on where a command runs."""
    given = (options or {}).get("base_path") or ["."]
    bases = [given] if isinstance(given, str) else given
    places = {"$config_dir": os.fspath(root), "$docs_dir": os.fspath(docs)}
    named = [
        places.get(start := base.partition("/")[0], start) + base[len(start) :] for base in bases
    ]
    return {**(options or {}), "base_path": [os.path.join(root, base) for base in named]}
