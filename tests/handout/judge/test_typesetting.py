"""What is read must be what is set: equal and unequal pairs of formulas."""

import pytest

from edf.equations.latex.tokens import COMMON_MACROS
from handout.judge.typesetting import layout, typesetting_difference
from handout.math.mathml import MathError
from handout.math.standard import MACROS

ALIKE = [
    (r"\frac12x", r"\frac{1}{2} x"),
    (r"\left( x + 1 \right)^2", r"(x + 1)^{2}"),
    (r"\big[ x \Big]", r"[x]"),
    (r"\left|x\right|", r"\lvert x \rvert"),
    (r"|x|", r"\lvert x \rvert"),
    (r"a\,b\;c\quad =\quad d\ e~f", "a b c = d e f"),
    (r"W_{i j}", r"W_{ij}"),
    (r"{x_i}^2", r"x_i^2"),
    (r"x^2_i", r"x_i^2"),
    (r"{x}{y}", r"x y"),
    (r"{a + b}^2", r"a + b^2"),
    (r"{(a + b)}^2", r"(a + b)^2"),
    (r"\dfrac{a}{b} = \tfrac{a}{b}", r"\frac{a}{b} = \frac{a}{b}"),
    (r"\exp\left(x\right)", r"\exp(x)"),
    (r"\operatorname{diag} (p)", r"\operatorname{diag}(p)"),
    (r"f'(x)", r"f^{\prime}(x)"),
    (r"i \neq j", r"i \ne j"),
    ("a = b,", "a = b"),
    ("a = b.", "a = b"),
    (r"x.\text{grad}", r"x . \text{grad}"),
    (
        r"\begin{aligned} a &= b \\ c &= d, \end{aligned}",
        r"\begin{aligned} a =& b \\ c = & d \end{aligned}",
    ),
    (r"\displaystyle \sum_j x_j", r"\sum_{j} x_{j}"),
    (r"x >= 1", r"x \geq 1"),
    (r"g^{'}(x)", r"g'(x)"),
    (r"\bf p^k", r"\mathbf{p}^\mathbf{k}"),
    (r"Σ", r"\Sigma"),
    (r"a, ......, b", r"a, \dots, b"),
    (r"\begin{pmatrix} a \\ b \\ \end{pmatrix}", r"\begin{pmatrix} a \\ b \end{pmatrix}"),
    (r"\epsilon*x", r"\epsilon * x"),
    (
        r"\begin{cases} a & \text{if } i = j \\ b & \text{otherwise} \end{cases}",
        r"\begin{cases} a & \text{if} \; i = j \\ b & \text{otherwise} \end{cases}",
    ),
]

DIFFERENT = [
    (r"2^s(c)", r"2^{s(c)}"),
    (r"x^12", r"x^{12}"),
    (r"\frac12x", r"\frac{1}{2x}"),
    (r"\frac1{2x}", r"\frac{1}{2} x"),
    (r"e^x_i", r"e^{x_i}"),
    (r"x_ij", r"x_{ij}"),
    (r"\sqrt x y", r"\sqrt{x y}"),
    (r"a - b", r"a + b"),
    (r"(a + b) c", r"a + b c"),
    (r"{a + b}^2", r"(a + b)^2"),
    (r"(a)", r"[a]"),
    (r"a b", r"b a"),
    (r"a = b \quad c = d", r"a = b c = d"),
    (r"z = x y \qquad (1)", r"z = x y (1)"),
    (r"a \;\;\;\; b", r"a b"),
    (r"a b", r"a \cdot b"),
    (r"P_{ij}", r"P_{ji}"),
    (r"P_{i,j}", r"P_{ij}"),
    (r"\hat{y}", r"\tilde{y}"),
    (r"\hat{y}_i", r"\hat{y_i}"),
    (r"\mathbf{x}", r"x"),
    (r"\mathrm{d} x", r"d x"),
    (r"\log x y", r"\log(x y)"),
    (r"\sum_{j \neq i} x_j", r"\sum_j x_j"),
    (r"\phantom{-} x", r"- x"),
    (r"\binom{a}{b}", r"(\frac{a}{b})"),
    (r"x^\top y", r"x^T y"),
    (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"a = b c = d"),
    (
        r"\begin{cases} a & i = j \\ b & i \neq j \end{cases}",
        r"\begin{cases} b & i = j \\ a & i \neq j \end{cases}",
    ),
]


@pytest.mark.parametrize(("source", "reprinted"), ALIKE)
def test_spacing_and_size_do_not_matter(source, reprinted):
    """Formulas that look alike but for spacing, size and alignment are alike."""
    assert typesetting_difference(source, reprinted) is None
    assert typesetting_difference(reprinted, source) is None


@pytest.mark.parametrize(("source", "reprinted"), DIFFERENT)
def test_all_else_matters(source, reprinted):
    """Formulas in which a reader can see a difference are not alike."""
    assert typesetting_difference(source, reprinted) is not None
    assert typesetting_difference(reprinted, source) is not None


@pytest.mark.parametrize("latex", sorted({s for pair in ALIKE + DIFFERENT for s in pair}))
def test_a_formula_is_like_itself(latex):
    """Comparison is reflexive, and sees something in every formula."""
    assert typesetting_difference(latex, latex) is None
    assert layout(latex)[0]


def test_the_message_shows_both():
    """The message has the source, the reading, and the parts that differ."""
    message = typesetting_difference("y = 2^s(c)", "y = 2^{s(c)}")
    assert message == (
        "The formula is not typeset as it is read: put braces or parentheses where they part. "
        "Written: y = 2^s(c) · Read as: y = 2^{s(c)} · Set as nothing, read as ( c )."
    )


def test_a_missing_part_is_named():
    """Where one formula ends early, the rest of the other is shown."""
    message = typesetting_difference("a + b", "a")
    assert message is not None
    assert message.endswith("Set as + b, read as nothing.")


def test_the_authors_macros_count():
    """A macro is expanded in the author's source; common ones are known on both sides."""
    assert COMMON_MACROS.items() <= MACROS.items()
    assert typesetting_difference(r"\half x", r"\frac{1}{2} x", {"half": r"\frac12"}) is None
    assert typesetting_difference(r"D\T D", r"D^\top D", {"T": r"^\top"}) is None


def test_a_reading_that_cannot_be_set_is_a_difference():
    """If the printed reading is not LaTeX, nothing is accepted."""
    message = typesetting_difference("x", r"\nosuchthing x")
    assert message is not None
    assert "cannot be typeset" in message


def test_a_source_that_cannot_be_set_is_an_error():
    """The author's formula must be LaTeX in the first place."""
    with pytest.raises(MathError):
        typesetting_difference(r"\nosuchthing x", "x")
