"""Notebooks are pages like any other: run in a process of their own, judged, and cached."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from markdown import markdown
from markdown_it import MarkdownIt
from nbformat import v4

from handout.engine import open_page
from handout.page.pages import PageError
from handout.report.problems import problems
from handout.weave.inject import filled, token
from handout.weave.notebooks import as_python_markdown, with_tokens
from handout.weave.woven import completed, weave

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


def test_code_that_jupyter_folds_is_folded(workshop) -> None:
    """It is there to be opened; what it puts out is in sight."""
    cell = code("6 * 7")
    cell.metadata["jupyter"] = {"source_hidden": True}
    write(workshop, code("1 + 1"), cell)
    judged = workshop.run("book.ipynb")["book.ipynb"]
    woven = weave(judged.page, judged, {})
    block = '<div class="highlight"><pre><code>{}</code></pre></div>\n<p>' + woven.token + "{}.</p>"
    html = block.format("1 + 1", 0) + block.format("6 * 7", 1)
    plain, folded = BeautifulSoup(completed(html, woven)[0], "html.parser").select(".highlight")
    assert plain.select("details") == []
    assert folded.get_text() == "Code6 * 7"
    assert folded.select_one("details.code-folded > pre") is not None
    assert "42" in str(folded.find_next_sibling())


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


ALIKE = {
    "lists": "Words:\n- one\n- two\n  - deep\n  - deeper\n\n    a paragraph\n- three",
    "numbers": "1. one\n   more\n\n   a paragraph\n2. two\n   * a\n   * b",
    "ten": "10. ten\n    more\n11. eleven",
    "lazy": "- a\nlazy\n- b",
    "table": "Words\n| a | b |\n|---|---|\n| 1 | 2 |",
    "quotation": "Words\n> quoted\n\nand",
    "code": "Words\n```python\nx\n```\nmore\n\n* a\n\n  ```python\n  y = 1\n  ```\n* b",
    "formula": "- a\n  $$\n  x\n  $$",
}


@pytest.mark.parametrize("text", ALIKE.values(), ids=ALIKE)
def test_text_is_read_as_jupyter_reads_it(text: str) -> None:
    """Whose Markdown is CommonMark: the same words in the same lists, tables and quotations."""
    made = markdown(as_python_markdown(text), extensions=["tables", "pymdownx.superfences"])
    jupyter = MarkdownIt("commonmark").enable("table").render(text)
    assert _outline(made) == _outline(jupyter)


def test_dollars_are_those_that_jupyter_takes() -> None:
    """Blanks within do not matter where LaTeX is; prices stay."""
    assert as_python_markdown("$ \\beta $, $x_i $") == "$\\beta$, $x_i$"
    for text in ("$5 and $ 6", "`$ \\beta $`"):
        assert as_python_markdown(text) == text


def _outline(html: str) -> tuple[list[tuple[str, int]], list[str]]:
    page = BeautifulSoup(html, "html.parser")
    kinds = ["ul", "ol", "li", "table", "td", "blockquote", "pre"]
    depth = {tag: sum(parent.name in kinds for parent in tag.parents) for tag in page.select("*")}
    found = [(tag.name, depth[tag]) for tag in page.find_all(kinds)]
    return found, page.get_text().split()
