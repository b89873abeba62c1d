"""Macros that a page defines: read as TeX reads them, or left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from handout.page.macros import macros_in, without_definitions
from handout.page.pages import make_page


@pytest.mark.parametrize(
    ("latex", "macros"),
    [
        (r"\newcommand{\R}{\mathbb{R}}", {"R": r"\mathbb{R}"}),
        (r"\newcommand\R{\mathbb{R}}", {"R": r"\mathbb{R}"}),
        (r"\renewcommand{\vec}[1]{\mathbf{#1}}", {"vec": r"\mathbf{#1}"}),
        (
            r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}",
            {"pd": r"\frac{\partial #1}{\partial #2}"},
        ),
        (r"\def\abs#1{\left|#1\right|}", {"abs": r"\left|#1\right|"}),
        (r"\gdef \x {y}", {"x": "y"}),
        (r"\DeclareMathOperator{\Var}{Var}", {"Var": r"\operatorname{Var}"}),
        (r"\DeclareMathOperator*{\argmax}{arg\,max}", {"argmax": r"\operatorname*{arg\,max}"}),
        (r"\providecommand{\a}{\{} \newcommand{\b}{\}}", {"a": r"\{", "b": r"\}"}),
        (r"\newcommand{\a}{1} \renewcommand{\a}{2}", {"a": "2"}),
        (r"\newcommand{\f}[2][x]{#1#2}", {}),  # an argument with a default is TeX's to expand
        (r"\def\f(#1){#1}", {}),
        (r"\newcommand{\open}{x", {}),
        (r"\define \defx{a}", {}),
    ],
)
def test_definitions(latex: str, macros: dict[str, str]) -> None:
    """Names without their backslash, and what replaces them."""
    assert macros_in(latex) == macros


def test_a_formula_without_its_definitions_keeps_its_places() -> None:
    """What an error's position points at stays where it is."""
    latex = "\\newcommand{\\R}{\n\\mathbb{R}} x \\in \\R"
    rest = without_definitions(latex)
    assert len(rest) == len(latex)
    assert rest.index("x") == latex.index("x")
    assert rest.count("\n") == 1


def test_macros_of_a_page_come_from_its_formulas() -> None:
    """Also from a math fence; what stands in other code is an example."""
    text = (
        "$$\\newcommand{\\a}{1}$$\n\n```math\n\\def\\b{2} x = \\b\n```\n\n"
        "```latex\n\\def\\c{3}\n```\n\nWrite `\\def\\d{4}`.\n"
    )
    assert dict(make_page(Path("p.md"), "p.md", text).macros) == {"a": "1", "b": "2"}
