"""Exercises: what an author writes, and how a mistake in one is told."""

from __future__ import annotations

import re

import pytest

from handout.page.cells import Cell, find_cells
from handout.page.displays import Role

FORMULA = r"\frac{\partial l}{\partial x_j} = ?"


def only(header: str, body: str) -> Cell:
    """The one cell of a page."""
    (cell,) = find_cells(f"```{header}\n{body}\n```\n", "page.md")
    return cell


def test_a_formula_with_a_blank_is_an_exercise() -> None:
    """It gives no verdict, but it runs: an exercise that cannot be judged is an error."""
    cell = only('math exercise="vjp" points="3" hint="Sum over i. | Use the Jacobian."', FORMULA)
    assert cell.problem is None
    assert (cell.id, cell.role) == ("vjp", Role.EXERCISE)
    assert cell.runs
    assert not cell.judged
    assert cell.options["hint"] == ("Sum over i.", "Use the Jacobian.")


@pytest.mark.parametrize(
    ("source", "question"),
    [
        ("y = ?", "y = y"),
        (r"\frac{dy}{dx} &= ?", r"\frac{dy}{dx} &= \frac{dy}{dx}"),
        ("y = 2 ? x", "y = 2 1 x"),
        ("? = 2 x", "1 = 2 x"),
    ],
)
def test_what_the_build_tests_of_an_exercise(source: str, question: str) -> None:
    """A side that is asked for becomes the other side, any other blank a number."""
    assert only('math exercise="a"', source).question.strip() == question


def test_code_is_an_exercise_that_is_not_run() -> None:
    """Its reader completes it."""
    cell = only('python exercise="backward" points="5"', "def backward(grad, x):\n    ...")
    assert cell.problem is None
    assert cell.role is Role.EXERCISE
    assert not cell.runs
    assert not cell.judged


@pytest.mark.parametrize(
    ("header", "body", "problem"),
    [
        ('math exercise="a"', "y = x", r"an exercise has one \?, in the place of the answer"),
        ('math exercise="a"', "? = ?", r"an exercise has one \?"),
        ('math exercise="a" claim="b"', "y = ?", "leave 'claim' away"),
        ('math exercise="a" expect="refuted"', "y = ?", "leave 'expect' away"),
        ('math exercise="a" hint="one | "', "y = ?", "one hint, or several"),
        ('math claim="a" hint="one"', "y = x", 'for an exercise="name"'),
        ('python exec="on" points="3"', "1", 'for an exercise="name"'),
        ('python exercise="a"', "def f(:", "is no Python: .*, in line 1 of the cell"),
        ('python exercise="a" exec="on"', "1", "leave 'exec' away"),
    ],
)
def test_a_mistake_is_named(header: str, body: str, problem: str) -> None:
    """With what to write."""
    cell = only(header, body)
    assert cell.problem is not None
    assert re.search(problem, cell.problem), cell.problem


def test_two_exercises_of_one_name_are_refused() -> None:
    """As two claims are: progress is kept by name."""
    page = f'```math exercise="a"\n{FORMULA}\n```\n\n```math exercise="a"\n{FORMULA}\n```\n'
    assert "is taken by line 1" in str(find_cells(page, "page.md")[1].problem)
