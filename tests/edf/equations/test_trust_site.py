"""Every formula of the site is a test: change one symbol of it, and the build fails at its line."""

import dataclasses
from pathlib import Path

import pytest

from edf.equations.latex import syntax
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.printer import to_latex
from edf.equations.testing.mutations import Alphabet, mutations, round_robin
from handout.engine import Engine, open_page
from handout.page.cells import find_cells
from handout.page.displays import Role
from handout.report.problems import problems
from handout.settings import find_project

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
CORRUPTIONS = 25  # as many as a card counts
ROUNDS = 3  # corruptions tried of a claim; one may say the same as the claim, like y x for x y


def _claims_something(file):
    """Whether a page, Markdown or notebook, has a claim."""
    if file.suffix == ".md":
        return bool(_math(find_cells(file.read_text(), "")))
    return file.suffix == ".ipynb" and "claim=" in file.read_text()


def _math(cells):
    return [cell for cell in cells if cell.role is Role.CLAIM]


PAGES = [
    file
    for file in sorted(DOCS.rglob("*.*"))
    if "checkpoint" not in file.name and _claims_something(file)
]


def _run(page):
    """The verdicts on a page, and the problems of its build."""
    engine = Engine(find_project(ROOT))
    try:
        engine.start([page])
        judged = engine.judged(page.name)
    finally:
        engine.close()
    return judged.verdicts, problems(judged)


def _up_to_the_last_claim(page):
    """The page without what follows its last claim, such as the training of a network."""
    last = max(k for k, cell in enumerate(page.cells) if cell.role is Role.CLAIM)
    return page._replace(cells=page.cells[: last + 1])


def _corruptions(source, step):
    """The claim with one symbol of a step's right side changed, in the ways that a card tries."""
    claim = parse(source)
    equation = steps(claim)[step - 1]
    indices = {
        item.base
        for tree in syntax.walk(equation)
        if isinstance(tree, syntax.Indices)
        for item in tree.items
        if isinstance(item, syntax.Symbol)
    }
    for change in round_robin(
        mutations(equation, Alphabet(tuple(sorted(indices)), ())), CORRUPTIONS
    ):
        if change.equation.left == equation.left:
            yield to_latex(_with_member(claim, equation.right, change.equation.right))


def _with_member(claim, member, changed):
    """The claim with one of its members changed: the very object, not one that equals it."""
    parts = tuple(changed if part is member else part for part in claim.parts)
    return dataclasses.replace(claim, parts=parts)


def _verified_step(cell, verdicts):
    """A step of the claim that is expected to hold, or None if all are quoted mistakes."""
    mine = [v for v in verdicts if v["id"] == cell.id and v["expected"] == "verified"]
    return mine[-1] if mine else None


@pytest.mark.slow
@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.relative_to(DOCS).as_posix())
def test_one_changed_symbol_fails_the_build_at_its_line(file):
    """Of every claim that holds, a one-symbol corruption is an unexpected verdict at its line.

    The claims of a page do not hear of each other, so one build tests a corruption of each, and
    the next one only those of which nothing was noticed.
    """
    page = _up_to_the_last_claim(open_page(file, file.relative_to(DOCS).as_posix()))
    verdicts, found = _run(page)
    assert found == []
    waiting = {}
    for cell in _math(page.cells):
        if (verdict := _verified_step(cell, verdicts)) is not None:
            counts = verdict["corruptions"]
            assert counts["refuted"] + counts["rejected"] > 0, f"{cell}: nothing is noticed"
            waiting[cell.id] = _corruptions(cell.source, verdict["step"])
    assert waiting
    for _ in range(ROUNDS):
        cells = [
            cell._replace(source=next(waiting[cell.id]))
            if cell.id in waiting and cell.kind == "math"
            else cell
            for cell in page.cells
            if cell.id in waiting or cell.whole or cell.role is not Role.CLAIM  # whole: may define
        ]
        _, found = _run(page._replace(cells=cells))
        failed = {problem.line for problem in found}
        for cell in _math(page.cells):
            if failed & set(range(cell.line_first, cell.line_last + 1)):
                waiting.pop(cell.id, None)
        if not waiting:
            return
    pytest.fail(f"no one-symbol change was noticed in {', '.join(waiting)}")
