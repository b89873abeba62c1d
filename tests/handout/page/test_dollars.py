"""Formulas that Markdown loses or invents are told with their line."""

from __future__ import annotations

import pytest

from handout.page.dollars import doubtful_dollars, tightened

TABLE = "| a | b |\n| --- | --- |\n| {cell} | 2 |\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (TABLE.format(cell="$|x|$"), 3, r"write \vert"),
        ("a | b\n--- | ---\n$|x|$ | $y$\n", 3, "a | ends the table's cell"),
        ("\nIt costs $3-$4 or so.\n", 2, r"$3-$ would be a formula: write \$"),
        ("a\n\nSum\n$s_i = s_{i}\n$ of\n\nb", 4, "$s_i = s_{i} $ is no formula"),
        ("With $ \\alpha$ here\n", 1, r"$ \alpha$ is no formula: write no blank"),
    ],
)
def test_what_goes_wrong_is_told(text: str, line: int, said: str) -> None:
    """With what to write."""
    [problem] = doubtful_dollars(text, "a.md")
    assert (problem.path, problem.line, problem.code) == ("a.md", line, "H606")
    assert said in problem.message


@pytest.mark.parametrize(
    "text",
    [
        TABLE.format(cell="$x$"),
        TABLE.format(cell=r"$\vert x \vert$"),
        TABLE.format(cell="`$|x|$`"),
        TABLE.format(cell=r"\$5"),
        TABLE.format(cell=r"$\|x\|$"),
        "$|x|$ is no table\n",
        "```\n| $|x|$ |\n```\n",
        "From $5 to $10, or \\$3-\\$4.\n",
        "$x$2 and $3$.\n",
        "$x_i$ and $y_i$, then $z_1$\n",
        "From $5 to $ 6, and $x_1$.\n",
        "$x_1$ costs $ 5.\n",
        "Set $HOME_DIR and then $USER_NAME\n",
        "$$\n3-$4\n$$\n",
    ],
)
def test_what_is_right_is_not_told(text: str) -> None:
    """Tables with formulas, code, prices that nothing takes for a formula."""
    assert doubtful_dollars(text, "a.md") == []


def test_a_blank_inside_dollars_goes() -> None:
    """Around LaTeX, and nowhere else; not in code, and not across paragraphs."""
    text = (
        "Sum $s_i = s_{i}\n$ and `$ x_i $` and $x_1$, for $ 5.\n\n\n$$\na_1\n$$\n\n"
        "```\n$ \\alpha $\n```\nthen $ \\beta $ ``a ` $ b_1 $``\n"
    )
    tight = text.replace("s_{i}\n$", "s_{i}$").replace("$ \\beta $", "$\\beta$")
    assert tightened(text) == tight
