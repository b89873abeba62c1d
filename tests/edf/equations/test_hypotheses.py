"""What a step was tested under is said of its verdict, in LaTeX that its card shows."""

from __future__ import annotations

from typing import Any

import pytest

from edf import Input, Param
from edf.equations import check_equation, declare
from handout.math.mathml import to_mathml

CASES = [
    (r"\lambda > 0, a \in [0, 1]", r"\lambda a = a \lambda", [r"\lambda > 0", r"a \in [0, 1]"]),
    (r"x, y \in \mathbb{R}^n", r"x_i + y_i = y_i + x_i",
     [r"x \in \mathbb{R}^{n}", r"y \in \mathbb{R}^{n}", r"i = 1, \dots, n", r"\text{lengths: } 4, 5"]),
    (r"A \succ 0, u \in \mathbb{R}", r"\operatorname{tr}(A) + u > u",
     [r"A \in \mathbb{R}^{4 \times 4} \text{ positive definite}", r"u \in \mathbb{R}"]),
    (r"x^{(i)} \in \mathbb{R}^d, i = 1, \dots, N", r"\sum_i x^{(i)} - \sum_i 2 x^{(i)} = -\sum_i x^{(i)}",
     [r"x_{i} \in \mathbb{R}^{d},\ i = 1, \dots, N"]),
    (r"f : \mathbb{R} \to \mathbb{R}, x \in \mathbb{R}", r"\frac{d}{dx} f(2x) = 2 f'(2x)",
     [r"f \text{ arbitrary}", r"x \in \mathbb{R}"]),
    (r"y \in \{1, \dots, 3\}, p \in \Delta_3", r"p_y \leq \max_j p_j",
     [r"y \in \{1, \dots, 3\}", r"p \in \Delta_{3}"]),
    (r"X : \Omega \to \{0, 1\}, A \subseteq \Omega", r"\mathbb{E}[X] = P(X = 1)",
     [r"\Omega \text{ finite, with arbitrary probabilities}", r"X : \Omega \to \{0, 1\}"]),
    (r"a \in \mathbb{R}", r"|a| = -a \quad \text{if } a < 0", [r"a \in \mathbb{R}", "a < 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("let", "claim", "wanted"), CASES)
def test_of_what_is_declared(let: str, claim: str, wanted: list[str]) -> None:
    """Sets, ranges, families, lengths and conditions; nothing of what a step does not mention."""
    verdict = check_equation(claim, declare(let, {}))[0]
    assert verdict.status == "verified", verdict.message
    said = verdict.details["hypotheses"]
    assert [each for each in said if each in wanted] == wanted
    assert not any(each.startswith(r"A \subseteq") for each in said)
    for each in said:
        to_mathml(each)  # the card sets it


def test_of_names_from_python() -> None:
    """What the page gives a value, what is near one, and what a derivative holds."""
    names: dict[str, Any] = {"a": Input(shape=()), "b": Input(2.0), "w": Param(3.0)}
    names["s"] = 2 * names["a"]
    names["t"] = names["s"] * names["a"] * names["b"] + names["w"]
    names["unused"] = Input(shape=())
    claim = r"\left. \frac{\partial t}{\partial a} \right|_{s} = s b + w - w"
    (verdict,) = check_equation(claim, names)
    assert verdict.details["hypotheses"] == [
        r"a \in \mathbb{R}",
        r"b \text{ as the page gives it}",
        r"w \text{ near its value}",
        r"s \text{ held}",
    ]
