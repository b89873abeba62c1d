"""What was found, drawn on formulas: the right sign, the right factor, nothing where unsure."""

from __future__ import annotations

import re
from typing import Any

import pytest

from handout.math.mathml import display, to_mathml
from handout.render.errata import drawn, with_marks


def step(
    latex: str, status: str = "refuted", sign: str = "=", at: int | None = None, **sides: str
) -> Any:
    """A verdict on the step whose sign is the first in the formula, or stands at a place."""
    place = latex.index(sign) if at is None else at
    return {"status": status, "details": {"sign": sign, "sign_at": place, **sides}}


def pen(latex: str, *steps: Any) -> str:
    """The formula with what was found drawn on it."""
    return drawn(to_mathml(with_marks(latex, steps), display=True), steps, display)


def sides(left: str, right: str, new_left: str, new_right: str) -> dict[str, str]:
    return {"lhs": left, "rhs": right, "mended_lhs": new_left, "mended_rhs": new_right}


def struck(html: str) -> list[str]:
    """What is struck out, as text."""
    return [
        re.sub(r"<[^>]*>", "", html[found.start() :].partition(f"</{found[1]}>")[0])
        for found in re.finditer(r'<(\w+)[^>]*class="erratum-struck"', html)
    ]


def inserted(html: str) -> list[str]:
    """What is put in, as text."""
    rows = re.findall(r'<mrow class="erratum-inserted">(.*?)</mrow>', html)
    return [re.sub(r"<[^>]*>", "", row) for row in rows]


def without_pen(html: str) -> str:
    """The formula as if nothing had been put in, and nothing struck."""
    html = re.sub(r'<mrow class="erratum-inserted">.*?</mrow>', "", html)
    return re.sub(r' class="erratum-struck"', "", html)


@pytest.mark.parametrize(
    ("sign", "negated"), [("=", "≠"), (r"\leq", "≰"), (r"\le", "≰"), ("<", "≮"), (r"\approx", "≉")]
)
def test_a_sign_that_fails_is_negated(sign: str, negated: str) -> None:
    """What does not hold does not say that it does, to the eye or the ear."""
    latex = f"a {sign} b"
    html = pen(latex, step(latex, sign=sign))
    assert f'<mo class="erratum-fails">{negated}</mo>' in html


def test_a_formula_that_holds_is_left_as_it_is() -> None:
    """The tick of a single step stands in the margin."""
    latex = "a = b"
    assert pen(latex, step(latex, "verified")) == to_mathml(latex, display=True)


def test_each_sign_of_a_chain_has_its_own_mark() -> None:
    """A tick under what holds, a question mark under what is open, the negation where it fails."""
    latex = "a = b = c = d"
    places = [found.start() for found in re.finditer("=", latex)]
    kinds = ("verified", "refuted", "inconclusive")
    html = pen(latex, *(step(latex, kind, at=at) for kind, at in zip(kinds, places, strict=True)))
    order = re.findall(r"erratum-(\w+)|<mi>(\w)</mi>", html)
    assert [one or other for one, other in order] == ["a", "holds", "b", "fails", "c", "open", "d"]


def test_a_surplus_factor_is_struck() -> None:
    """The first of two equal factors, which is the one that the correction drops."""
    latex = r"f = u (u + v)"
    html = pen(latex, step(latex, **sides("f", "u ( u + v )", "f", "( u + v )")))
    assert struck(html) == ["u"]
    assert inserted(html) == []
    assert "≠" in html


def test_a_missing_sum_is_put_in() -> None:
    """The sum and the indices that it needs; what was there stays."""
    latex = r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial P} P(x)(1 - P(x))"
    mended = (
        r"\sum_{j} \frac{\partial l}{\partial P_{j}} P ( x )_{i} ( \delta_{i j} - P ( x )_{j} )"
    )
    left, right = latex.split(" = ")
    found = sides(left, right, r"\frac{\partial l}{\partial x_{i}}", mended)
    html = pen(latex, step(latex, **found))
    assert struck(html) == ["1"]
    assert [text[0] for text in inserted(html)] == ["i", "∑", "j", "i", "δ", "j"]


def test_the_steps_of_rows_are_told_apart() -> None:
    """A correction is drawn in its own row, on its own side."""
    latex = r"\begin{aligned} a &= 2 b \\ &= 2 c \end{aligned}"
    first = step(latex, "verified")
    second = step(latex, at=latex.rindex("="), **sides("2 b", "2 c", "2 b", "3 c"))
    html = pen(latex, first, second)
    rows = html.split("</mtr>")
    assert struck(rows[0]) == []
    assert struck(rows[1]) == ["2"]
    assert inserted(rows[1]) == ["3"]


def test_nothing_is_drawn_on_what_is_set_otherwise() -> None:
    """Where the author's formula is not what was printed back, only the sign is marked."""
    latex = "a = b + c"
    html = pen(latex, step(latex, **sides("a", "c + b", "a", "c")))
    assert struck(html) == []
    assert "≠" in html
    macro = r"a \eq b"
    assert with_marks(macro, [step(macro, sign="=", at=2)]) == macro


def test_too_many_changes_are_not_drawn() -> None:
    """A formula that is all corrections can no longer be read; the card has it corrected."""
    old, new = " + ".join("abcdefghij"), " + ".join("klmnopqrst")
    latex = f"y = {old}"
    assert struck(pen(latex, step(latex, **sides("y", old, "y", new)))) == []


def test_what_was_posted_can_still_be_read() -> None:
    """Taking away what was put in leaves the author's formula, all of it."""
    latex = "y = a (b + c)"
    html = pen(latex, step(latex, **sides("y", "a ( b + c )", "y", "a ( b - c )")))
    assert inserted(html) == ["−"]
    plain = without_pen(html).replace(' class="erratum-fails"', "").replace("≠", "=")
    assert plain == to_mathml(latex, display=True)
