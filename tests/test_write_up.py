# ruff: noqa: E501  (LaTeX as posted is long)
"""Every statement of the write-up of Problem Set #1 stands on our pages, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs" / "ps1"

#: The write-up, statement by statement: its sentences and its formulas, as posted.
STATEMENTS = {
    "problem-1.md": [
        "Using chain rule,",
        r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial u} \frac{\partial u}{\partial x} "
        r"= \frac{\partial l}{\partial u} \frac{\partial f}{\partial x} = \frac{\partial l}{\partial u} "
        r"\left(\frac{\partial l}{\partial y} \frac{\partial g}{\partial x} + \frac{\partial l}{\partial z} "
        r"\frac{\partial h}{\partial x} \right)",
        "This matches the computation in the slides,",
        r"x.\text{grad} = u.\text{grad}(y.\text{grad} \frac{\partial g}{\partial x} + z.\text{grad} "
        r"\frac{\partial h}{\partial x})",
        r"Here, we set $u.\text{grad} = 1$, to make the computation cleaner.",
        r"\frac{\partial}{\partial x} \left(\frac{\partial l}{\partial x} \right) &= "
        r"\frac{\partial}{\partial x} \left(\frac{\partial l}{\partial y} \frac{\partial g}{\partial x} + "
        r"\frac{\partial l}{\partial z} \frac{\partial h}{\partial x} \right)",
        r"\frac{\partial^2 l}{\partial x^2} &= \frac{\partial^2 l}{\partial x \partial y} "
        r"\frac{\partial g}{\partial x} + \frac{\partial l}{\partial y} \frac{\partial^2 g}{\partial x^2} + "
        r"\frac{\partial^2 l}{\partial x \partial z} \frac{\partial h}{\partial x} + "
        r"\frac{\partial l}{\partial z} \frac{\partial^2 h}{\partial x^2}",
        "Already we see that this cannot simplify to the expression in the homework, due to the cross "
        "terms which leave first order derivatives.",
    ],
    "problem-2.md": [
        "Softmax is defined as,",
        r"P(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
        "Let us call the EdF Softmax class P, the derivative for the backward method is,",
        r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial P} \frac{\partial P}{\partial x}",
        "where,",
        r"\frac{\partial P}{\partial x} = \frac{e^x}{\sum_j e^{x_j}} - "
        r"\left(\frac{e^x}{\sum_j e^{x_j}}\right)^2 = P(x)(1 - P(x))",
        "Therefore,",
        r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial P} P(x)(1 - P(x))",
        "Or, in code, `x.grad = self.grad*self.value(1.0-self.value)`, which is what we have in the "
        "`edf.py` code.",
    ],
    "problem-3.ipynb": ["See notebook"],
}


def squeezed(text: str) -> str:
    """The characters that matter: no white space, no quotation prefix, no size of brackets."""
    text = re.sub(r"^> ", "", text, flags=re.MULTILINE)
    return re.sub(r"\s|\\left|\\right", "", text)


@pytest.mark.parametrize("page", STATEMENTS)
def test_every_statement_is_quoted_in_order(page: str) -> None:
    """Each is found after the one before it."""
    text = squeezed((DOCS / page).read_text("utf-8"))
    place = 0
    for statement in STATEMENTS[page]:
        found = text.find(squeezed(statement), place)
        assert found >= 0, f"{page} does not quote, after what stands before it: {statement}"
        place = found + 1
