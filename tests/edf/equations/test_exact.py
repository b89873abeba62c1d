"""Arithmetic with numbers alone, exactly."""

from __future__ import annotations

import pytest

from edf.equations import EquationVerdict, check_equation


def only(latex: str) -> EquationVerdict:
    (verdict,) = check_equation(latex, {"n": 3})
    return verdict


@pytest.mark.parametrize(
    "latex",
    [
        r"10^{16} + 1 - 10^{16} = 1",  # doubles give 0
        r"10^{16} + 3 - 10^{16} = 3",  # doubles give 4
        r"\frac{1}{3} + \frac{1}{6} = \frac{1}{2}",
        r"2^{-3} \cdot 2^n = 1",
        r"(-1)^n + 1 = 0",
    ],
)
def test_right_ones_are_verified(latex: str) -> None:
    """Whatever doubles make of them."""
    assert only(latex).status == "verified"


@pytest.mark.parametrize(
    "latex",
    [
        r"10^{20} + 1 = 10^{20} + 2",
        r"10^{16} + 1 - 10^{16} = 0",
        r"2^{n} = 6",
        r"\frac{1}{n} = 0.5",
    ],
)
def test_wrong_ones_are_refuted(latex: str) -> None:
    """By one unit in twenty digits, too; both sides are told, and the difference if need be."""
    verdict = only(latex)
    assert verdict.status == "refuted"
    assert verdict.counterexample is not None
    if verdict.counterexample["left"] == verdict.counterexample["right"]:
        assert "differ by -1" in verdict.message


def test_what_is_no_fraction_is_evaluated() -> None:
    """Roots, pi, and powers that are too large to be worked out."""
    assert only(r"\sqrt{4} = 2").status == "verified"
    assert only(r"\pi = 3").status == "refuted"
    assert only(r"\frac{10^{99999}}{10^{99998}} = 10").status != "refuted"
