"""A notebook as a page: its code cells, and the claims in its Markdown cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat

from handout.page.cells import Cell, named, read_contents, with_formulas_above
from handout.page.displays import Display, find_displays
from handout.page.fences import find_fences
from handout.page.macros import macros_in
from handout.page.options import MATH, PYTHON, OptionError, suggestion
from handout.page.pages import CLAIMS, Page, PageError, read_as, shown_path, text_digest

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)  # of a cell


def read_notebook(file: Path, name: str, claims: str = "marked") -> Page:
    """Read a notebook from its file; `claims` is for one whose metadata do not say.

    Raises:
        PageError: if it cannot be read, is not a notebook, or is not in Python.
    """
    shown = shown_path(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        notebook = parsed(text)
    except OSError as error:
        raise PageError(shown, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PageError(shown, f"not UTF-8: {error.reason}; save it as UTF-8") from error
    except Exception as error:  # nbformat raises many kinds for what is not a notebook
        raise PageError(shown, f"not a notebook: {error}") from error
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise PageError(shown, f"a notebook in {language}; only Python can be run")
    given = dict(notebook.metadata.get("handout", {}))
    claims = str(given.get("claims", claims))
    if claims not in CLAIMS:
        wanted = f"one of {', '.join(CLAIMS)}"
        raise PageError(shown, f"metadata handout: claims must be {wanted}, not {claims!r}")
    least = given.get("coverage")
    if least is not None and not (isinstance(least, int | float) and 0 <= least <= 100):
        raise PageError(shown, f"metadata handout: coverage must be a percentage, not {least!r}")
    cells, unclaimed = _contents(notebook, text, shown, claims == "all")
    if "reading" in given:
        try:
            reading = str(MATH["reading"].read(str(given["reading"])))
        except OptionError as error:
            raise PageError(shown, f"metadata handout: reading {error}") from error
        cells = list(read_as(cells, reading))
    macros = macros_in("\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"))
    return Page(
        name,
        shown,
        file.absolute(),
        text,
        text_digest(text),
        cells,
        unclaimed,
        macros,
        least,
        notebook=True,
    )


def parsed(text: str) -> Any:
    """A notebook whose cells have each an id of its own, as formats before 4.5 did not ask for.

    Where one is missing, null or given twice, nbformat warns, or fails when the page is rendered.
    """
    notebook = nbformat.convert(nbformat.reader.reads(text), 4)
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells, 1):
        name = cell.get("id")
        if not isinstance(name, str) or _ID.fullmatch(name) is None or name in taken:
            cell["id"] = f"cell-{number}"
        taken.add(cell["id"])
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    return notebook


def _contents(
    notebook: Any, text: str, shown: str, whole: bool
) -> tuple[list[Cell], list[Display]]:
    """The cells of a notebook that can be tested, and the formulas that are no claims."""
    cells: list[Cell] = []
    unclaimed: list[Display] = []
    heading = ""
    for cell, lines in zip(notebook.cells, _lines(notebook.cells, text), strict=True):
        if cell.cell_type == "code" and cell.source.strip():
            cells.append(_code_cell(cell, shown, lines))
        elif cell.cell_type == "markdown":
            found = read_contents(cell.source, shown, whole=whole, heading=heading)
            cells += [_math_cell(each, lines) for each in found.cells]
            unclaimed += [
                display._replace(
                    line_first=lines[display.line_first - 1],
                    line_last=lines[display.line_last - 1],
                    source_line=lines[display.source_line - 1],
                )
                for display in found.unclaimed
            ]
            if whole:
                fences = find_fences(cell.source)
                titles = find_displays(cell.source, fences, headings=True).headings
                heading = titles[max(titles)] if titles else heading
    return named(with_formulas_above(cells, unclaimed)), unclaimed


#: The key of a cell's text (`input` in formats before 4). Within a string its quotes are escaped.
_SOURCE = re.compile(r'"(?:source|input)"\s*:\s*')
_STRING = re.compile(r'[\s,\[]*(?P<string>"(?:[^"\\]|\\.)*")')


def _lines(cells: Iterable[Any], text: str) -> Iterator[list[int]]:
    """For each cell, the lines of the file on which the lines of its source stand."""
    places = list(_places(text))
    next_one = 0
    for cell in cells:
        alike = (n for n in range(next_one, len(places)) if places[n][0] == cell.source)
        number = next(alike, None)
        if number is not None:
            next_one = number + 1
            yield places[number][1]
        else:  # its format is an old one, and it was converted
            nearest = places[next_one - 1][1][-1] if next_one else 1
            yield [nearest] * (cell.source.count("\n") + 1)


def _places(text: str) -> Iterator[tuple[str, list[int]]]:
    """Every text in a notebook's file, and the line of the file on which each line of it stands.

    A text is a list of strings, one for each of its lines, or a single string on a single line.
    """
    line, counted = 1, 0
    for key in _SOURCE.finditer(text):
        source, ended = "", 0
        lines: list[int] = []
        for at, part in _strings(text, key.end()):
            line, counted = line + text.count("\n", counted, at), at
            source += part
            ended += part.count("\n")
            lines += [line] * (ended + (not part.endswith("\n")) - len(lines))
        yield source, lines + [line] * (ended + 1 - len(lines))


def _strings(text: str, at: int) -> Iterator[tuple[int, str]]:
    """The string that stands in a text of JSON, or those of a list, and where."""
    several = text.startswith("[", at)
    while (found := _STRING.match(text, at)) is not None:
        at = found.end()
        yield found.start("string"), json.loads(found["string"], strict=False)
        if not several:
            return


def _code_cell(cell: Any, shown: str, lines: Sequence[int]) -> Cell:
    """A code cell; its options stand in the metadata of the cell, under `handout`.

    Code that Jupyter folds, `"jupyter": {"source_hidden": true}`, is folded on the page, too.
    """
    made = Cell("python", shown, lines[0], lines[-1], cell.source, lines[0], "")
    options: dict[str, object] = {}
    if dict(cell.metadata.get("jupyter", {})).get("source_hidden"):
        options["show"] = "folded"
    try:
        for key, value in dict(cell.metadata.get("handout", {})).items():
            if key not in PYTHON or key in ("exec", "show", "title"):
                known = [name for name in PYTHON if name not in ("exec", "show", "title")]
                raise OptionError(f"unknown option {key!r}{suggestion(key, known)}")
            options[key] = PYTHON[key].read(str(value))
    except OptionError as error:
        return made._replace(problem=f"metadata handout: {error}")
    return made._replace(options=options, id=str(options.get("id", "")))


def _math_cell(found: Cell, lines: Sequence[int]) -> Cell:
    """A fence in a Markdown cell, on its line of the file."""
    problem = found.problem
    if found.kind == "python":
        problem = "code in a Markdown cell is not run: make it a code cell"
    own = f"{found.role.value or 'claim'}-{found.line_first}" != found.id
    return found._replace(
        id=found.id if own else "",  # by its line, which is another one in the file
        line_first=lines[found.line_first - 1],
        line_last=lines[found.line_last - 1],
        source_line=lines[found.source_line - 1],
        problem=problem,
    )
