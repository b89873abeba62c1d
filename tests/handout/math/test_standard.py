"""Standard LaTeX that the typesetter lacks is set, and means what it meant."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from handout.math.mathml import MathError, to_mathml
from handout.math.standard import standard, unnumbered


def seen(latex: str, display: bool = True) -> str:
    """The characters of a formula, in order."""
    root = ElementTree.fromstring(to_mathml(latex, display))
    return re.sub(r"\s|[\u2061-\u2064]", "", "".join(root.itertext()))


@pytest.mark.parametrize(
    ("latex", "same"),
    [
        (r"\begin{equation*}\begin{split} a &= b \\ &= c \end{split}\end{equation*}", "a=b=c"),
        (r"\begin{eqnarray*} a &=& b \\ c &\le& d \end{eqnarray*}", "a=bc≤d"),
        (r"\begin{alignat*}{2} a &= b & c &= d \end{alignat*}", "a=bc=d"),
        (r"\begin{flalign*} a &= b \end{flalign*}", "a=b"),
        (r"\left(\begin{smallmatrix} a & b \\ c & d \end{smallmatrix}\right)", "(abcd)"),
        (r"\begin{bmatrix} a \cr b \end{bmatrix}", "[ab]"),
        (r"\begin{bmatrix*}[r] a \\ b \end{bmatrix*}", "[ab]"),
        (r"\mbox{\bf a} + \text{\textcolor{red}{It}} = \hbox{\it b}", "𝐚+It=𝑏"),
        (r"\begin{align*} a &= b \\ \intertext{so} c &= d \end{align*}", "a=bsoc=d"),
        (r"\sum_{\substack{i < n \\ j < m}} x", "∑i<nj<mx"),
        (r"\text{if $x > 0$ or \(y\)}", "ifx>0ory"),
        (r"x_\text{$k$}", "xk"),
        (r"\mbox{a b}", "ab"),
        (r"\texttt{train_data}", "𝚝𝚛𝚊𝚒𝚗_𝚍𝚊𝚝𝚊"),
        (r"x_1, \dotsc, x_n", "x1,...,xn"),
        (r"\hbar \pmb{x} \mathds{1}", "ℏ𝒙𝟙"),
        (r"\mathop{\text{min}}\limits_{x} f", "minxf"),
        (r"\Arrowvert x \Arrowvert", "‖x‖"),
        (r"\left< x \right>", "⟨x⟩"),
        (r"\buildrel d \over =", "=d"),
        (r"\root 3 \of x", "x3"),
        ("a +\\\nb", "a+b"),
        (r"\newcommand{\argmax}{\mathop{\mathrm{argmax}}} \argmax_x f", "argmaxxf"),
        (r"\DeclareMathOperator{\Var}{Var} \Var x", "Varx"),
        (r"\gdef\x{y}", ""),
        (r"\epsilon*x + \operatorname*{arg}_x", "ϵ∗x+argx"),
        (r"\triangledown f = \grad f, \norm{x}, \KL", "∇f=∇f,‖x‖,KL"),
    ],
)
def test_standard_latex_is_set(latex: str, same: str) -> None:
    """What a reader sees is what LaTeX would show."""
    assert seen(latex) == same


@pytest.mark.parametrize(
    ("latex", "same"),
    [
        (r"a = b \tag{3}", "a=b(3)"),
        (r"a = b \tag 1", "a=b(1)"),
        (r"\begin{align*} a &= b \tag{A} \\ c &= d \end{align*}", "a=b(A)c=d"),
        (r"\begin{equation*} a = b \tag*{A} \end{equation*}", "a=bA"),
        (r"a = b \label{eq_a}", "a=b(1)"),
        (r"\begin{align*} a &= b \label{x} \end{align*}", "a=b"),
        (r"\begin{equation} a = b \label{a_b} \end{equation}", "a=b(1)"),
    ],
)
def test_tags_and_labels_number_a_formula(latex: str, same: str) -> None:
    """A tag shows where it is written; a label numbers what may have a number."""
    assert seen(latex) == same


@pytest.mark.parametrize(
    "latex",
    [r"a \\ b", r"\text{a}", r"\cross", r"a \\[2pt] b", r"\credit", r"\partial", r"\small{x}a"],
)
def test_other_latex_is_left_alone(latex: str) -> None:
    """A rule applies to its own macro only, and never to the end of a line break."""
    assert standard(latex).replace(" ", "") == latex.replace(r"\small", "").replace(" ", "")


def test_an_error_keeps_its_line() -> None:
    """Rewriting moves characters, and no line."""
    latex = "\\begin{split}\n a &= \\text{if $x$} \\\\\n &= \\bogus\n\\end{split}"
    with pytest.raises(MathError) as raised:
        to_mathml(latex, display=True)
    assert latex.count("\n", 0, raised.value.position) == 2


def test_unnumbered_says_the_same_without_numbers() -> None:
    """Tags, labels and numbers go; the formula stays."""
    latex = r"\begin{align} a &= b \label{x}\tag{2} \\ c &= d \nonumber \end{align}"
    assert seen(unnumbered(latex)) == "a=bc=d"
