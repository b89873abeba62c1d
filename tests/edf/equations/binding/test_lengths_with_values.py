r"""Lengths at which a formula has no value: X^\top X is singular where X is wider than it is high."""

from __future__ import annotations

from typing import Any

import pytest

from edf.equations import EquationError, check_equation, declare, define

WIDE = r"x \in \mathbb{R}^d, \quad X \in \mathbb{R}^{n \times d}, \quad t \in \mathbb{R}^n"
TALL = r"t \in \mathbb{R}^n, \quad X \in \mathbb{R}^{n \times d}"


def page(declared: str) -> dict[str, Any]:
    names = declare(declared, {})
    return names | define(r"\hat{w} = (X^\top X)^{-1} X^\top t", names)


@pytest.mark.parametrize("declared", [WIDE, TALL])
@pytest.mark.parametrize(
    ("latex", "status"),
    [
        (r"(X^\top X)^{-1} X^\top X = I", "verified"),
        (r"\operatorname{tr}(X (X^\top X)^{-1} X^\top) = d", "verified"),
        (r"\operatorname{tr}(X (X^\top X)^{-1} X^\top) = n", "refuted"),
        (r"X (X^\top X)^{-1} X^\top = I", "refuted"),
        (r"\det(X^\top X) \geq 0", "verified"),
        (r"\det(X^\top X) \leq 0", "refuted"),
        (r"\det(X^\top X) = 3 \det(X^\top X)", "refuted"),
        (r"\det(X X^\top) = 3 \det(X X^\top)", "refuted"),
        (r"(X X^\top)^{-1} X X^\top = I", "verified"),
        (r"X^\top X \hat{w} = X^\top t", "verified"),
        (r"X^\top X \hat{w} = 2 X^\top t", "refuted"),
    ],
)
def test_a_claim_is_tested_at_lengths_where_it_has_values(
    declared: str, latex: str, status: str
) -> None:
    """Whichever length was declared first, and so is larger on the page."""
    names = page(declared)
    kept = dict(names)
    (verdict,) = check_equation(latex, names)
    assert verdict.status == status
    assert names == kept


def test_the_card_says_which_lengths_these_are() -> None:
    """And a point of another page's lengths is not to be moved on this one."""
    (verdict,) = check_equation(r"X^\top X \hat{w} = 2 X^\top t", page(WIDE))
    assert verdict.details["notes"][-1] == (
        "Tested with n = 6: where it is 3, a matrix has no inverse"
    )
    assert verdict.details["explore"] is None
    (tall,) = check_equation(r"X^\top X \hat{w} = 2 X^\top t", page(TALL))
    assert not any("no inverse" in note for note in tall.details["notes"])


def test_what_has_no_values_at_any_length_is_an_error() -> None:
    """A vector's outer product is singular whatever its length."""
    names = page(WIDE)
    with pytest.raises(EquationError, match="no inverse"):
        check_equation(r"(x x^\top)^{-1} x x^\top = I", names)
    with pytest.raises(EquationError, match="cannot be added"):
        check_equation(r"X^\top X \hat{w} = X^\top t + 1", names)


def test_labels_grow_with_the_length_they_count() -> None:
    """y is one of the n rows, however many these are."""
    names = declare(rf"{WIDE}, \quad y \in \{{1, \dots, n\}}", {})
    names |= define(r"\hat{w} = (X^\top X)^{-1} X^\top t, \quad r = X \hat{w} - t", names)
    latex = r"r_y = \sum_j X_{yj} \hat{w}_j - t_y"
    assert [v.status for v in check_equation(latex, names)] == ["verified"]
