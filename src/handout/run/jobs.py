"""What a page's process is told of a cell: what it runs, and nothing of what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from handout.page.cells import Cell
from handout.page.displays import Role
from handout.page.macros import without_definitions
from handout.run.outcomes import JobCell

#: The options that decide what happens; the others decide what is shown, or expected.
_OPTIONS = ("timeout", "reading", "loss", "points", "seed", "unreached")

_KINDS: Mapping[Role, Literal["math", "let", "define"]] = {
    Role.CLAIM: "math",
    Role.LET: "let",
    Role.DEFINE: "define",
    Role.EXERCISE: "math",
}


def job_cell(cell: Cell, macros: Mapping[str, str]) -> JobCell:
    """One cell that is to run; `macros` are those of its page's formulas."""
    made: JobCell = {
        "kind": "python",
        "id": cell.id,
        "source": cell.source,
        "line": cell.source_line,
        "options": {k: v for k, v in cell.options.items() if k in _OPTIONS},
    }
    if cell.above:
        made["above"] = [without_definitions(formula) for formula in cell.above]
        made["macros"] = dict(macros)
    if cell.kind == "math":
        made["kind"] = _KINDS[cell.role]
        made["source"] = without_definitions(cell.question)
        made["macros"] = dict(macros)
        made["whole"] = cell.whole
        if cell.role is Role.EXERCISE:
            made["options"].pop("points", None)  # they are the reader's
    return made
