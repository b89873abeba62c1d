"""Formulas as plain text, for titles."""

from __future__ import annotations

import pytest

from handout.math.plain import to_plain
from handout.weave.pagemath import plain


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("x^2", "x²"),
        ("x_i^{n+1}", "xᵢⁿ⁺¹"),
        (r"\frac{\partial l}{\partial x_j}", "∂l/∂xⱼ"),
        (r"\frac{a + b}{2}", "(a+b)/2"),
        (r"\sqrt{x}", "√x"),
        (r"\sqrt{a+b}", "√(a+b)"),
        (r"\mathbf{W} \mathbb{R}", "Wℝ"),
        ("x^{ab}", "x^(ab)"),
        ("f'", "f′"),
        (r"\sum_{i=1}^n a_i", "∑ᵢ₌₁ⁿ aᵢ"),
        (r"\alpha \le \beta", "α ≤ β"),
        (r"\frac{\partial l}{\partial x} x = \frac{1}{2} a", "∂l/∂x x = 1/2 a"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a = b; c = d"),
        (r"\hat{y} \bar{x} A^\top", "ŷx̄Aᵀ"),
        (r"\underbrace{u_i}_{\text{directly}}", "uᵢ (directly)"),
    ],
)
def test_a_formula_in_characters(latex: str, text: str) -> None:
    """As it would be typed in a message."""
    assert to_plain(latex) == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (r"The page of \(y^3\)", "The page of y³"),
        ("The page of $y^3$ and $a_1$", "The page of y³ and a₁"),
        ("From $5 to $10", "From $5 to $10"),
        ("$5-$10", "$5-$10"),
        (r"About \(\bogus\)", r"About \(\bogus\)"),
        ("Nothing", "Nothing"),
    ],
)
def test_titles_hold_no_markup(title: str, text: str) -> None:
    """Whichever delimiters; prices are no formulas."""
    assert plain(title) == text
