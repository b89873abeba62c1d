"""A notebook as a page: its code cells, and the claims in its Markdown cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

from handout.page.cells import Cell, find_cells, named
from handout.page.options import PYTHON, OptionError, suggestion
from handout.page.pages import Page, PageError, shown_path, text_digest


def read_notebook(file: Path, name: str) -> Page:
    """Read a notebook from its file.

    Raises:
        PageError: if it cannot be read, is not a notebook, or is not in Python.
    """
    shown = shown_path(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        notebook = nbformat.reads(text, as_version=4)
    except OSError as error:
        raise PageError(shown, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PageError(shown, f"not UTF-8: {error.reason}; save it as UTF-8") from error
    except Exception as error:  # nbformat raises many kinds for what is not a notebook
        raise PageError(shown, f"not a notebook: {error}") from error
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise PageError(shown, f"a notebook in {language}; only Python can be run")
    cells = _cells(notebook, text, shown)
    of_text = text_digest(text)
    return Page(name, shown, file.absolute(), text, of_text, cells, notebook=True)


def _cells(notebook: Any, text: str, shown: str) -> list[Cell]:
    cells: list[Cell] = []
    position = 0
    for cell in notebook.cells:
        line, position = _place(cell.source, text, position)
        if cell.cell_type == "code" and cell.source.strip():
            cells.append(_code_cell(cell, shown, line))
        elif cell.cell_type == "markdown":
            cells += [_math_cell(found, line) for found in find_cells(cell.source, shown)]
    return named(cells)


def _place(source: str, text: str, position: int) -> tuple[int, int]:
    """The line of the file on which a cell's source begins, and where to look for the next."""
    first = json.dumps(source.split("\n", 1)[0], ensure_ascii=False)[1:-1]
    at = text.find(first, position)
    if at < 0:  # written with escapes
        at = max(text.find(json.dumps(source.split("\n", 1)[0])[1:-1], position), position)
    last = json.dumps(source.rsplit("\n", 1)[-1], ensure_ascii=False)[1:-1]
    end = text.find(last, at)
    return text.count("\n", 0, at) + 1, max(end, at)


def _code_cell(cell: Any, shown: str, line: int) -> Cell:
    """A code cell; its options stand in the metadata of the cell, under `handout`."""
    last = line + cell.source.count("\n")
    made = Cell("python", shown, line, last, cell.source, line, "")
    options: dict[str, object] = {}
    try:
        for key, value in dict(cell.metadata.get("handout", {})).items():
            if key not in PYTHON or key in ("exec", "show", "title"):
                known = [name for name in PYTHON if name not in ("exec", "show", "title")]
                raise OptionError(f"unknown option {key!r}{suggestion(key, known)}")
            options[key] = PYTHON[key].read(str(value))
    except OptionError as error:
        return made._replace(problem=f"metadata handout: {error}")
    return made._replace(options=options, id=str(options.get("id", "")))


def _math_cell(found: Cell, line: int) -> Cell:
    """A fence in a Markdown cell, on its line of the file."""
    problem = found.problem
    if found.kind == "python":
        problem = "code in a Markdown cell is not run: make it a code cell"
    shift = line - 1
    return found._replace(
        line_first=found.line_first + shift,
        line_last=found.line_last + shift,
        source_line=found.source_line + shift,
        problem=problem,
    )
