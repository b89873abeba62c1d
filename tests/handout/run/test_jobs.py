"""What a page's process is told of its cells."""

from __future__ import annotations

from handout.page.cells import find_cells
from handout.page.options import MATH, PYTHON
from handout.run.jobs import job_cell
from handout.run.process.execution import _EQUATION_OPTIONS

#: Options for those who judge and show.
EXPECTED_OR_SHOWN = {"claim", "expect", "quoted", "exercise", "hint", "exec", "id", "title", "show"}
EXPECTED_OR_SHOWN |= {"hl_lines", "linenums"}


def test_every_option_is_told_or_known_to_be_for_others() -> None:
    """None that decides what happens is left out in silence."""
    given = 'reading="base 0" loss="l" points="7" seed="3" unreached="ok"'
    (claim,) = find_cells(f'```math claim="a" {given}\nx = x\n```\n', "page.md")
    told = job_cell(claim, {})["options"]
    assert set(told) == MATH.keys() - EXPECTED_OR_SHOWN == set(_EQUATION_OPTIONS)
    (cell,) = find_cells('```python exec="on" timeout="3"\n1\n```\n', "page.md")
    assert set(job_cell(cell, {})["options"]) == PYTHON.keys() - EXPECTED_OR_SHOWN - {"points"}


def test_what_an_exercise_is_worth_is_no_number_of_points_to_test_at() -> None:
    """It is the reader's."""
    (exercise,) = find_cells('```math exercise="a" points="3"\nx = ?\n```\n', "page.md")
    assert "points" not in job_cell(exercise, {})["options"]
    assert job_cell(exercise, {})["source"].strip() == "x = x"
