"""The executed copy of a notebook, which is what the site shows.

What is committed of a notebook is its cells; outputs come from the run. The source tree is left
alone: the copy is a file of the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nbformat

from handout.judge.verdicts import JudgedPage
from handout.page.cells import Cell, read_contents
from handout.run.outcomes import CellOutcome
from handout.weave.notebook_page import sanitise_output


def executed(judged: JudgedPage, token: str) -> str:
    """The notebook with its outputs, and tokens where verdicts go.

    Args:
        judged: the page and the outcome of its cells.
        token: what the page's tokens begin with.
    """
    notebook = nbformat.reads(judged.page.text, as_version=4)
    results = iter(enumerate(judged.results))
    whole = any(result.cell.whole for result in judged.results)
    shown: list[Any] = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            shown.append(cell)
            if cell.source.strip():
                number, result = next(results)
                cell.outputs = _outputs(result.outcome or {})
                shown.append(_markdown(f"{token}{number}.", f"{cell.get('id', '')}-verdicts"))
        else:
            if cell.cell_type == "markdown":
                fences = read_contents(cell.source, "", whole=whole).cells
                cell.source = _with_tokens(cell.source, fences, token, results)
            shown.append(cell)
    notebook.cells = shown
    return str(nbformat.writes(notebook))


def _with_tokens(source: str, fences: Sequence[Cell], token: str, results: Any) -> str:
    lines = source.split("\n")
    parts: list[str] = []
    end = 0
    for fence in fences:
        number, _ = next(results)
        parts += [*lines[end : fence.line_first - 1], "", f"{token}{number}.", ""]
        end = fence.line_last
    return "\n".join(parts + lines[end:])


def _markdown(source: str, name: str) -> Any:
    cell = nbformat.v4.new_markdown_cell(source)
    cell["id"] = name[:64]
    return cell


def _outputs(outcome: CellOutcome) -> list[Any]:
    outputs: list[dict[str, Any]] = []
    if outcome.get("stdout"):
        cut = "\n… output cut off\n" if outcome.get("truncated") else ""
        outputs.append({"output_type": "stream", "name": "stdout", "text": outcome["stdout"] + cut})
    outputs += map(sanitise_output, outcome.get("outputs", ()))
    error = outcome.get("error")
    if error:
        lines = error["traceback"].rstrip("\n").split("\n")
        outputs.append(
            {
                "output_type": "error",
                "ename": error["type"],
                "evalue": error["message"],
                "traceback": lines,
            }
        )
    return [nbformat.from_dict(output) for output in outputs]
