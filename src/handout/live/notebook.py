"""A Markdown page as a notebook that runs as it is: its cells, and its claims as `%%claim`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from handout.page.cells import Cell
from handout.page.displays import Role
from handout.page.fences import front_matter
from handout.page.pages import Page

INSTALL = "%pip install --quiet mkdocs-handout\n%load_ext handout"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_BLOCK = re.compile(r"^/{3,}(?: *[\w-]+(?: *\| *(?P<title>.*))?)? *$", re.MULTILINE)
_BADGE = re.compile(r"\[\[(?:verdict|claim):([^\]]+)\]\]")


def as_notebook(page: Page, macros: Mapping[str, str], modules: Mapping[str, str]) -> str:
    """The page as the text of an `.ipynb` file.

    Args:
        page: a Markdown page.
        macros: of its formulas.
        modules: the page's own modules, which its cells import: file name and text.
    """
    cells = [_code(INSTALL)]
    if macros:
        cells.append(_code("%%macros\n" + "\n".join(map(_defined, macros.items()))))
    cells += [_code(f"%%writefile {name}\n{text.rstrip()}") for name, text in modules.items()]
    cells += _body(page)
    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)]
    notebook = {"cells": numbered, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _body(page: Page) -> Iterator[dict[str, Any]]:
    """The page's text and cells, in their order."""
    lines = page.text.split("\n")
    done = front_matter(page.text).count("\n")
    for cell in page.cells:
        if not _becomes_code(cell):
            continue
        yield from _text("\n".join(lines[done : cell.line_first - 1]))
        done = max(done, cell.line_last)
        raises = str(cell.options.get("expect", "")).startswith("raises")
        yield _code(_source(cell), ["raises-exception"] if raises else [])
    yield from _text("\n".join(lines[done:]))


def _becomes_code(cell: Cell) -> bool:
    return cell.problem is None and cell.role is not Role.SKIP and (
        cell.kind == "python" or cell.role is not Role.NONE
    )  # fmt: skip


def _source(cell: Cell) -> str:
    """A cell as a notebook's code."""
    if cell.kind == "python":
        return cell.source.rstrip()
    if cell.role in (Role.LET, Role.DEFINE):
        return f"%%{cell.role}{_options(cell)}\n{cell.source.strip()}"
    whole = ' claims="all"' if cell.whole else ""
    return f"%%claim {cell.id}{whole}{_options(cell)}\n{cell.source.strip()}"


def _options(cell: Cell) -> str:
    """Those of a page's options that the magics have."""
    kept: tuple[str, ...] = ("expect", "reading", "loss", "points", "seed", "unreached")
    if cell.role is Role.EXERCISE:
        kept = ("reading", "loss", "seed")  # its points are what an answer earns
    named = {name: cell.options[name] for name in kept if name in cell.options}
    return "".join(f' {name}="{_word(value)}"' for name, value in named.items())


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _defined(macro: tuple[str, str]) -> str:
    name, replacement = macro
    count = max(map(int, re.findall(r"#([1-9])", replacement)), default=0)
    return rf"\newcommand{{\{name}}}" + (f"[{count}]" if count else "") + f"{{{replacement}}}"


def _text(markdown: str) -> Iterator[dict[str, Any]]:
    """Text between cells, without what only the site's Markdown has."""
    plain = _BLOCK.sub(lambda found: f"**{found['title']}**" if found["title"] else "", markdown)
    plain = _BADGE.sub(r"`\1`", plain).strip()
    if plain:
        yield {"cell_type": "markdown", "metadata": {}, "source": plain}


def _code(source: str, tags: list[str] | None = None) -> dict[str, Any]:
    metadata = {"tags": tags} if tags else {}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }
