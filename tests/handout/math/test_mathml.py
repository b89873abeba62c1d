"""Formulas become MathML, all of them or an error, and nothing but MathML."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edf.equations.latex import vocabulary
from handout.math.mathml import MathError, to_mathml, to_mathml_page
from handout.page.pages import Page, make_page
from handout.page.problems import Problem
from handout.weave.pagemath import convert, mark, mark_dollars, title

FORMULAS = [
    r"\frac{\partial l}{\partial x} = \frac{\partial l}{\partial u} \frac{\partial u}{\partial x}",
    r"P_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
    r"\begin{aligned} a &= b \\ &= c \end{aligned}",
    r"x.\text{grad} = u.\text{grad} \left(\frac{a}{b}\right)^2",
    r"\nabla_x \ell = W^\top \delta, \quad \mathbf{x} \in \mathbb{R}^n",
    r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}",
    r"f(x) = \begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\lVert x \rVert_2 = \sqrt{\sum_i x_i^2}",
]


@pytest.mark.parametrize("latex", FORMULAS)
def test_formula_is_well_formed_mathml(latex: str) -> None:
    """A formula is one <math> element, display or not as asked, that parses as XML."""
    root = ElementTree.fromstring(to_mathml(latex, display=True))
    assert root.tag == "math"
    assert root.get("display") == "block"
    assert ElementTree.fromstring(to_mathml(latex, display=False)).get("display") is None
    assert "".join(root.itertext()).strip()


def _uses() -> list[str]:
    """A formula with an `x` for every macro and environment that a claim may hold."""
    macros = {m for m in vocabulary.KNOWN_MACROS if not m.startswith(r"\begin")}
    macros |= vocabulary.TRANSPOSES | vocabulary.PRODUCT_SIGNS | vocabulary.BOLD
    macros -= {r"\left", r"\right"}
    one = vocabulary.FONTS | vocabulary.TEXT | vocabulary.ACCENTS | vocabulary.BOLD | {r"\sqrt"}
    pairs = [(left, right) for left, right in vocabulary.SIZES.items() if right]
    pairs += [(r"\lVert", r"\rVert"), (r"\lvert", r"\rvert")]
    environments = vocabulary.ENVIRONMENTS | {"cases"}
    return [
        *(rf"{macro}{{x}} = 1" for macro in sorted(one)),
        *(rf"{macro}{{x}}{{2}} = 1" for macro in sorted(vocabulary.FRACTIONS)),
        *(rf"x {macro} 1" for macro in sorted(macros - one - vocabulary.FRACTIONS)),
        *(rf"{left}( x {right}) = 1" for left, right in pairs),
        *(
            rf"\begin{{{name}}}{'{c}' if name == 'array' else ''} x = 1 \end{{{name}}}"
            for name in sorted(environments)
        ),
    ]


@pytest.mark.parametrize("latex", _uses())
def test_whatever_a_claim_may_hold_is_set(latex: str) -> None:
    """No macro of the dialect is refused by the page, and what it applies to is seen."""
    seen = "".join(ElementTree.fromstring(to_mathml(latex, display=True)).itertext())
    assert "x" in unicodedata.normalize("NFKC", seen)


def test_style_of_text_is_in_its_letters() -> None:
    r"""\textbf and \texttt keep their spaces, and need no HTML."""
    assert "𝐚\u00a0𝐛𝟏," in to_mathml(r"\textbf{a b1,}")
    assert "𝚉\u00a0𝚋" in to_mathml(r"\texttt{Z b}")
    assert to_mathml(r"\textrm{a b}") == to_mathml(r"\text{a b}")
    assert to_mathml(r"\mathbf{x}") != to_mathml(r"\textbf{x}")


@pytest.mark.parametrize(
    ("latex", "position", "words"),
    [
        (r"x + \undefinedcmd", 4, "Unknown command"),
        (r"\frac{a}{b", 10, "reached end of input"),
        (r"\left( x", 8, "reached end of input"),
        ("x }", 2, "Unmatched closing"),
        ("é é \\foo", 4, "Unknown command"),
        (r"a & b", 2, "table-like"),
        (r"\text{a} \nope", 9, "Unknown command"),
        ("", 0, "empty"),
        ("% a comment", 0, "empty"),
        (r"\eqref{nowhere}", 7, r"No equation on this page has \label{nowhere}"),
    ],
)
def test_error_says_what_and_where(latex: str, position: int, words: str) -> None:
    """A wrong formula is an error with the offset of its fault, counted in characters."""
    with pytest.raises(MathError) as caught:
        to_mathml(latex)
    assert words in caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\operatorname{<b>}x",
        "a<b>c",
        r"\mathrm{<}",
        r"\text{</math><script>alert(1)</script>}",
        r"\begin{equation} x \tag{<script>} \end{equation}",
        r"\text{\&lt;script\&gt;}",
    ],
)
def test_markup_in_a_formula_is_text(latex: str) -> None:
    """Whatever a formula says, it adds no element but those of MathML."""
    root = ElementTree.fromstring(to_mathml(latex))
    assert all(element.tag.startswith("m") for element in root.iter())
    assert not any("on" in name for element in root.iter() for name in element.attrib)
    assert not {"script", "img", "b"} & {element.tag for element in root.iter()}


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{equation} x \label{a\"onmouseover=alert(1)} \end{equation}",
        r"\begin{equation} x \label{javascript:alert(1)//<} \end{equation}",
        r"\begin{equation} x \label{a b} \end{equation}",
        r"\textcolor{red;background:url(//x)}{x}",
        r"\href{javascript:alert(1)}{x}",
        r"\includegraphics{x}",
        r"\htmlClass{a}{b}",
    ],
)
def test_formula_cannot_reach_beyond_mathematics(latex: str) -> None:
    """Labels that are no identifiers, colours that are no colours, and links are errors."""
    with pytest.raises(MathError):
        to_mathml(latex)


def test_a_prime_is_not_raised_twice() -> None:
    """A prime stands beside its letter: its glyph is raised as it is, and full size reads well."""
    assert "<msup>" not in to_mathml("f'")
    assert '<mo lspace="0" rspace="0">″</mo>' in to_mathml("f''")
    assert "<msup>" in to_mathml("f^2")


@pytest.mark.parametrize("latex", [r"\overline{z}", r"\underline{z}"])
def test_a_line_stands_over_its_letter(latex: str) -> None:
    """It is a character with a width: one that combines is drawn beside the letter."""
    assert ">\u203e</mo>" in to_mathml(latex)
    assert "\u0332" not in to_mathml(latex)


def test_macros_take_arguments() -> None:
    """A macro declared once serves every formula, with its arguments."""
    macros = {"R": r"\mathbb{R}", "dd": r"\frac{\partial #1}{\partial #2}"}
    assert to_mathml(r"\dd{l}{x} \in \R", macros=macros) == to_mathml(
        r"\frac{\partial l}{\partial x} \in \mathbb{R}"
    )


def test_wrong_macro_is_an_error() -> None:
    """A macro that is not LaTeX is reported, and as a macro."""
    with pytest.raises(MathError, match="macro"):
        to_mathml("x", macros={"a": r"\bogus"})


def test_macro_that_expands_to_itself_ends() -> None:
    """A macro without end is an error, not a build without end."""
    with pytest.raises(MathError):
        to_mathml(r"\a", macros={"a": r"\a \a"})


def test_equations_are_numbered_through_the_page() -> None:
    """Numbers run through all formulas, and a reference finds a label that comes later."""
    shown = to_mathml_page(
        [
            (r"\eqref{two}", False),
            (r"\begin{equation} a \label{one} \end{equation}", True),
            (r"\begin{align} b \label{two} \\ c \end{align}", True),
        ]
    )
    assert all(isinstance(mathml, str) for mathml in shown)
    assert '<a href="#two">(2)</a>' in str(shown[0])
    assert 'id="one"><mtext>(1)</mtext>' in str(shown[1])
    assert "<mtext>(3)</mtext>" in str(shown[2])


def _page(text: str) -> Page:
    return make_page(Path("page.md"), "page.md", text)


def _html(formula: str) -> str:
    return f"<p>{mark(formula, display=False)}</p>"


def test_page_math_leaves_code_alone() -> None:
    """Formulas and references of the text are converted; those in code are not."""
    labelled = mark(r"\begin{equation} a = b \label{eq:a} \end{equation}")
    content = (
        f"<p>{mark('x < y', False)} <code>[[eq:code]]</code></p>{labelled}"
        "<pre><code>[[eq:eq:a]]</code></pre><p>See [[eq:eq:a]]</p>"
    )
    shown, problems = convert(content, _page(""))
    assert not problems
    assert "<mo>&lt;</mo>" in shown
    assert "<code>[[eq:code]]</code>" in shown
    assert "<pre><code>[[eq:eq:a]]</code></pre>" in shown
    assert '<p>See <a href="#eq:a">(1)</a></p>' in shown
    assert "arithmatex" not in shown


@pytest.mark.parametrize(
    "written", [r"\eqref{eq:a_b}", r"\ref{eq:a_b}", r"(\ref{eq:a_b})", "[[eq:eq:a_b]]"]
)
def test_a_reference_stands_in_a_sentence(written: str) -> None:
    """As LaTeX and MathJax have it; a label that does not exist is an error on its line."""
    labelled = mark(r"\begin{equation} a = b \label{eq:a_b} \end{equation}")
    shown, problems = convert(f"{labelled}<p>By {written}.</p>", _page(""))
    assert not problems
    assert '<p>By <a href="#eq:a-b">(1)</a>.</p>' in shown
    _, problems = convert(f"<p>By {written}.</p>", _page(f"one\n\nBy {written}."))
    assert [problem.line for problem in problems] == [3]
    assert r"No equation on this page has \label{eq:a_b}" in problems[0].message


def test_problems_carry_the_line_of_the_author() -> None:
    """All wrong formulas of a page are told at once, each with its line, the fault's own line."""
    source = "one\n\n$\\bogus$\n\n$$\na\n\\wrong\n$$\n\n[[eq:none]] and $x$"
    content = _html(r"\bogus") + mark("a\n\\wrong") + "[[eq:none]]" + _html("x")
    shown, problems = convert(content, _page(source))
    assert [problem.line for problem in problems] == [3, 7, 10]
    assert "Unknown command" in problems[0].message
    assert r"\wrong" in problems[1].message
    assert problems[2] == Problem(
        "page.md",
        10,
        r"No equation on this page has \label{none}. The formula is: [[eq:none]]",
        code="H609",
        subject="[[eq:none]]",
    )
    assert '<code class="math-error">\\bogus</code>' in shown


def test_a_formula_met_twice_is_found_in_its_place() -> None:
    """The same wrong formula on two lines is reported on both."""
    content = _html(r"\bogus") + _html("y") + _html(r"\bogus")
    _, problems = convert(content, _page("$\\bogus$\n\n$y$\n\n$\\bogus$"))
    assert [problem.line for problem in problems] == [1, 5]


def test_a_failure_is_told_where_the_page_is_not_known() -> None:
    """Without a line: whoever renders the page asks whether there was one."""
    assert convert(_html("y"), None)[1] == []
    [problem] = convert(_html("y") + _html(r"\bogus"), None)[1]
    assert (problem.path, problem.subject) == ("", r"\bogus")


def test_failed_formula_is_shown_escaped() -> None:
    """A formula that fails appears as its source, which may hold markup."""
    shown, _ = convert(_html(r"<script> \bogus"), _page(""))
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_formula_has_words_for_a_search() -> None:
    """Hidden from readers, with what a result can show; a search index takes no MathML."""
    shown, _ = convert(
        "<p>Since {} holds</p>".format(mark("a < b", False)) + mark(r"\frac{a}{b} = 1"), _page("")
    )
    assert '</math><span class="math-words" hidden>a &lt; b</span> holds' in shown
    assert '</math><span class="math-words" hidden>a/b = 1</span></span>' in shown


def test_a_line_does_not_end_before_the_full_stop_of_a_formula() -> None:
    """What follows a space may stand on the next line."""
    shown, _ = convert(f"<p>Let {mark('x', False)}, then {mark('y', False)} holds.</p>", _page(""))
    (kept,) = re.findall(r'<span class="math-end">(.*?</span>.*?)</span>', shown)
    assert kept.startswith("<math")
    assert kept.endswith('<mi>x</mi></math><span class="math-words" hidden>x</span>,')


def test_dollars_of_a_notebook() -> None:
    """Dollars mark formulas; prices, code and shell variables are none."""
    content = (
        "<p>costs $5 and $6, but $a &lt; b$ and $$c$$ or "
        r"\begin{align}d\end{align} <code>$e$</code></p>"
    )
    marked = mark_dollars(content)
    assert marked.count("arithmatex") == 3
    assert mark_dollars("$s_i = s_{i}\n$, as Jupyter sets it") == (
        mark("s_i = s_{i}", display=False) + ", as Jupyter sets it"
    )
    assert "arithmatex" not in mark_dollars("$ 5 and more than $ 6")
    assert "costs $5 and $6," in marked
    assert "<code>$e$</code>" in marked
    shown, problems = convert(marked, _page(""))
    assert not problems
    assert shown.count("<math") == 3


def test_line_of_a_formula_in_a_notebook() -> None:
    """In a notebook, where lines are JSON strings, the formula's line is found all the same."""
    source = '{"cells": [\n "text\\n",\n "$x + \\\\bogus$"\n]}'
    _, problems = convert(_html(r"x + \bogus"), _page(source))
    assert [problem.line for problem in problems] == [3]


def test_formula_in_a_heading_reaches_the_table_of_contents() -> None:
    """A formula of a heading is set there, too; a wrong one is left to the heading's own error."""
    assert title(r"About \(x &lt; y\)") == f"About {to_mathml('x < y')}"
    assert title(r"About \(\bogus\)") == r"About \(\bogus\)"


@pytest.mark.parametrize(
    ("which", "claim", "other"),
    [(True, True, True), ("claims", True, False), (False, False, False)],
)
def test_formulas_may_be_left_to_the_site(which: bool | str, claim: bool, other: bool) -> None:
    """All, claims alone or none become MathML; what does not stays marked for MathJax or KaTeX."""
    content = mark("a", cell=0) + mark("b") + "[[eq:c]]" + mark(r"d \label{c}")
    if which is True:
        content = mark("a", cell=0) + mark("b")
    shown, problems = convert(content, _page("a b c"), which=which)
    assert problems == []
    assert (r"\[a\]" not in shown) == claim
    assert (r"\[b\]" not in shown) == other
    if not other:
        assert r'<span class="arithmatex">\(\eqref{c}\)</span>' in shown


def test_a_formula_that_cannot_be_set_is_left_as_it_was() -> None:
    """Where the site has a typesetter of its own; it is a problem of the page all the same."""
    content = _html(r"\bogus") + _html("x")
    shown, problems = convert(content, _page(r"$\bogus$ $x$"), keep=True)
    assert _html(r"\bogus") in shown
    assert "<math" in shown
    assert len(problems) == 1
