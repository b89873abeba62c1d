"""Notebooks are pages like any other: run in a process of their own, judged, and cached."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from nbformat import v4

from handout.engine import open_page
from handout.page.pages import PageError
from handout.report.problems import problems
from handout.weave.inject import filled, token
from handout.weave.notebooks import with_tokens
from handout.weave.woven import weave

FENCE = (
    '```math claim="jacobian"\n\\frac{\\partial P_i}{\\partial x_j} = P_i(\\delta_{ij} - P_j)\n```'
)
GRAPH = (
    "from edf import AnyFunction, Input, Softmax, check_gradients\n"
    "x = Input(shape=(4,))\nP = Softmax(x)\ncheck_gradients(AnyFunction()(P), id='softmax')"
)


def write(workshop, *cells: Any, name: str = "book.ipynb", **metadata: Any) -> str:
    """Write a notebook; return its text."""
    text = nbformat.writes(v4.new_notebook(cells=list(cells), metadata=metadata))
    workshop.write(name, text.encode())
    return str(text)


def code(source: str, **options: str) -> Any:
    return v4.new_code_cell(source, metadata={"handout": options} if options else {})


def prose(source: str) -> Any:
    return v4.new_markdown_cell(source)


def test_cells_checks_and_claims_of_a_notebook_are_verdicts(workshop) -> None:
    """With the lines of the file, so that an editor finds them."""
    text = write(workshop, prose("# A"), code(GRAPH), prose(f"As follows.\n\n{FENCE}\n"))
    judged = workshop.run("book.ipynb")["book.ipynb"]
    lines = text.split("\n")
    assert [(v["id"], v["kind"], v["status"]) for v in judged.verdicts] == [
        ("cell-1", "code", "verified"),
        ("softmax", "gradient", "verified"),
        ("jacobian", "equation", "verified"),
    ]
    found = [lines[verdict["line"] - 1] for verdict in judged.verdicts]
    assert "from edf import" in found[0]
    assert "check_gradients(" in found[1]
    assert "math claim=" in found[2]


def test_a_notebook_runs_once_and_then_comes_from_the_cache(workshop) -> None:
    """An edit of prose runs nothing, also if it moves the cells; an edit of code runs it again."""

    def runs(*cells: Any) -> bool:
        write(workshop, *cells)
        workshop.run("book.ipynb", cached=True)
        return workshop.cache.misses > 0

    assert runs(prose("One."), code("1 + 1"))
    assert not runs(prose("One."), code("1 + 1"))
    assert not runs(prose("Two.\n\nAnd more."), code("1 + 1"), prose("And more."))
    assert runs(prose("One."), code("1 + 2"))


def test_a_cell_that_raises_is_named_with_its_line(workshop) -> None:
    """As a cell of Markdown is; the cells after it run."""
    text = write(workshop, code("a = 1\n1 / 0"), code("a + 1"))
    judged = workshop.run("book.ipynb")["book.ipynb"]
    (problem,) = problems(judged)
    assert "1 / 0" in text.split("\n")[problem.line - 1]
    assert str(problem).startswith(f"book.ipynb:{problem.line}: cell-1: error")
    assert judged.verdicts[1]["ok"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os\nos._exit(3)", "its process ended with exit status 3"),
        ("while True: pass", "it took longer than its time limit"),
        ("import sys\nsys.exit(1)", "SystemExit: 1"),
        ("%unknown_magic", "UsageError"),
    ],
)
def test_a_fault_is_contained(workshop, source: str, why: str) -> None:
    """The limits are those of every page."""
    write(workshop, code(source, timeout="2"))
    (verdict,) = workshop.run("book.ipynb")["book.ipynb"].verdicts
    assert verdict["status"] == "error"
    assert why in verdict["message"]
    assert workshop.left() == []


def test_options_stand_in_the_metadata(workshop) -> None:
    """Those that bear on a notebook's cell; another one is refused with a suggestion."""
    write(workshop, code("1 / 0", expect="raises ZeroDivisionError", id="divides"))
    assert workshop.run("book.ipynb")["book.ipynb"].named("divides")[0]["ok"]
    write(workshop, code("1", timout="3"), code("1", show="none"))
    first, second = workshop.run("book.ipynb")["book.ipynb"].verdicts
    assert "metadata handout: unknown option 'timout'; did you mean 'timeout'?" in first["message"]
    assert "unknown option 'show'" in second["message"]


def test_code_in_prose_is_refused(workshop) -> None:
    """It would look as if it ran."""
    write(workshop, prose('```python exec="on"\n1\n```'))
    (verdict,) = workshop.run("book.ipynb")["book.ipynb"].verdicts
    assert "code in a Markdown cell is not run: make it a code cell" in verdict["message"]


def test_outputs_come_from_the_run(workshop) -> None:
    """What was committed of outputs is never shown, and the author's file stays as it was."""
    cell = code("6 * 7")
    cell.outputs = [v4.new_output("stream", text="committed")]
    before = write(workshop, cell)
    judged = workshop.run("book.ipynb")["book.ipynb"]
    copy = json.loads(with_tokens(judged.page, token(judged.page)))
    assert copy["cells"][0]["outputs"] == []
    cells = weave(judged.page, judged, {}).cells
    shown = filled("".join(copy["cells"][1]["source"]), token(judged.page), cells)
    assert '<pre class="cell-output" role="group" aria-label="Output">42</pre>' in shown
    assert (workshop.root / "book.ipynb").read_text() == before


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", "book.ipynb:1: not a notebook"),
        (b"[1", "book.ipynb:1: not a notebook"),
        (b'{"cells": "\xff"}', "book.ipynb:1: not UTF-8"),
        (nbformat.writes(v4.new_notebook(metadata={"kernelspec": {
            "name": "ir", "language": "R", "display_name": "R"}})).encode(),
         "book.ipynb:1: a notebook in R; only Python can be run"),
    ],
)  # fmt: skip
def test_a_notebook_that_cannot_be_read_says_why(workshop, data: bytes, why: str) -> None:
    """Not JSON, not a notebook, not UTF-8, not Python."""
    file = workshop.write("book.ipynb", data)
    with pytest.raises(PageError, match=f"^{why}"):
        open_page(file, "book.ipynb")
