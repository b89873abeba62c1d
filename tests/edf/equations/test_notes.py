"""What notes write, each construct on right and wrong equations, with pages that notes would have."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import edf
from edf.equations import EquationError, check_equation, declare, define
from edf.equations.latex.parser import parse
from edf.equations.latex.printer import to_latex
from handout.judge.typesetting import typesetting_difference

V, R, N, E = "verified", "refuted", "inconclusive", "error"

#: Pages: Python, declarations and definitions.
PAGES = {
    "names": {
        "let": r"\pi^*, m_{-1}, m_1, \theta^{\text{old}} \in \mathbb{R}, \quad v_{t-1} \in \mathbb{R}^n, \quad "
        r"W^{(1)} \in \mathbb{R}^{m \times n}, \quad w^{(2)} \in \mathbb{R}^m",
        "define": r"p_{-1} = m_1 + 2 \pi^*, \quad v_t = 3 v_{t-1}, \quad w^* = W^{(1)} v_{t-1}",
        "python": "def m_p_dot(t): return 20 * t",
    },
    "bold": {"let": r"x, y \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}"},
    "scores": {"python": "x = Input(shape=(4,)); P = Softmax(x); n = 4"},
    "losses": {
        "python": "n, x, y, w = 5, Input(shape=(5,)), Input(shape=(5,)), Input(shape=())\n"
        "J = Mean((w * x - y) ** 2)\nK = Mean((w * x - 2 * y) ** 2)\n"
        "z = Input(shape=())\nq = z**2"
    },
    "gradients": {
        "python": "g, a, x = AnyFunction(), Input(shape=(4,)), Input(shape=(4,))\n"
        "f = g(Sum(a * x))\nF = AnyFunction()\nA = Input(shape=(4, 4))\nh = F(A)"
    },
}

# page, LaTeX, statuses, options of the check
CASES: list[tuple[Any, ...]] = [
    # ------------------------------------------------------------------------------------- names
    ("names", r"p_{-1} = m_1 + 2 \pi^*", V),
    ("names", r"p_{-1} = m_{-1} + 2 \pi^*", R),
    ("names", r"v_t = 3 v_{t-1}", V),
    ("names", r"v_{t} = v_{t-1}", R),
    ("names", r"w^* = W^{(1)} v_{t-1}", V),
    ("names", r"w^* = W^{(1)} v_t", R),
    ("names", r"w^* = w^{(2)}", R),
    ("names", r"\theta^{\text{old}} + m_1 = m_1 + \theta^{\text{old}}", V),
    ("names", r"\dot{m}_p(m_1) = 20 m_1", V),
    ("names", r"\dot{m}_p(m_1) = 20 m_{-1}", R),
    # ------------------------------------------------------------------------ bold and plain type
    ("bold", r"\mathbf{x}^\top \mathbf{y} = \sum_i x_i y_i", V),
    ("bold", r"\mathbf{x}^\top \mathbf{y} = \sum_i x_i x_i", R),
    ("bold", r"\mathbf{x}^\top y = \sum_i \mathbf{x}_i y_i", V),
    ("bold", r"\mathbf{x} + x = 2 x", E),
    ("bold", r"\mathbf{x}_i + x_i = 2 x_i", E),
    # ------------------------------------------------------------------------------------ softmax
    ("scores", r"\text{softmax}(x_i) = \frac{e^{x_i}}{\sum_j e^{x_j}}", V),
    ("scores", r"\text{Softmax}(x_i) = \frac{e^{x_i}}{\sum_j e^{x_j}}", V),
    ("scores", r"\text{softmax}(x_i) = \frac{e^{-x_i}}{\sum_j e^{-x_j}}", R),
    ("scores", r"\text{softmax}(x_i) = P_j", E),
    ("scores", r"\text{softmax}(x_i) = 1", R),
    # ---------------------------------------------------- arguments that the page has no names for
    ("losses", r"J(\theta) = \frac{1}{n} \sum_i (w x_i - y_i)^2", V),
    ("losses", r"J(\theta) = \frac{1}{n} \sum_i (w x_i + y_i)^2", R),
    ("losses", r"J(w; \mathcal{D}) = \frac{1}{n} \sum_i (w x_i - y_i)^2", V),
    ("losses", r"J(\theta) = J(\phi)", E),  # two things
    ("losses", r"J(\theta) = K(\theta)", R),
    ("losses", r"\nabla_w J(\theta) = \frac{2}{n} \sum_i x_i (w x_i - y_i)", V),
    ("losses", r"\nabla_w J(\theta) = \frac{1}{n} \sum_i x_i (w x_i - y_i)", R),
    # ---------------------------------------------------------------------------------- gradients
    ("gradients", r"\nabla f(x) = g'(a^\top x) a", V),
    ("gradients", r"\nabla f(x) = g'(a^\top x) x", R),
    ("gradients", r"\nabla f(a) = g'(a^\top x) x", V),
    ("gradients", r"\nabla f = g'(a^\top x) a", E),
    ("gradients", r"\nabla F(x) = \nabla_x F(x)", V),
    ("gradients", r"\nabla F(x) = \nabla F(a)", R),
    ("gradients", r"\nabla_{A^\top} h = \nabla_A h", E),
]  # fmt: skip


@cache
def page(name: str) -> dict[str, Any]:
    """The names of a page."""
    made = PAGES[name]
    names: dict[str, Any] = {**vars(edf), "np": np}
    exec(made.get("python", ""), names)
    if "let" in made:
        names |= declare(made["let"], names)
    if "define" in made:
        names |= define(made["define"], names)
    return names


def case_id(case: tuple[Any, ...]) -> str:
    return f"{case[0]}: {case[1][:60]}"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_status(case: tuple[Any, ...]) -> None:
    """Each step has the status that the mathematics gives it."""
    name, latex, statuses, *more = case
    options = more[0] if more else {}
    if E in statuses:
        with pytest.raises(EquationError, match=r"\^$"):
            check_equation(latex, page(name), points=4, **options)
        return
    found = [verdict.status for verdict in check_equation(latex, page(name), points=5, **options)]
    assert found == statuses.split()


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_printed_as_typeset(case: tuple[Any, ...]) -> None:
    """The tree printed back is read as the same tree, and set as the source is."""
    if E not in case[2]:
        tree = parse(case[1])
        assert parse(to_latex(tree)) == tree
        assert typesetting_difference(case[1], to_latex(tree)) is None
