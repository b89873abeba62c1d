"""Formulas of a page without syntax of ours: where they are, and what comments say of them."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from handout.page.cells import Cell, read_contents
from handout.page.displays import Role, slug, states_something
from handout.page.notebooks import read_notebook


def cells(text: str, whole: bool = False) -> list[Cell]:
    return read_contents(text, "page.md", whole=whole).cells


@pytest.mark.parametrize(
    ("formula", "source"),
    [
        ("$$ a = b $$", " a = b "),
        ("$$\na = b\n$$", "\na = b\n"),
        ("\\[\na = b\n\\]", "\na = b\n"),
        ("\\[ a \\\\[2pt] = b \\]", " a \\\\[2pt] = b "),
        ("$$ \\$ = b $$", " \\$ = b "),
        ("$$ a = b $$.", " a = b ."),
        *(
            (f"\\begin{{{name}}}\na &= b\n\\end{{{name}}}",) * 2
            for base in ("equation", "align", "gather", "multline", "flalign", "eqnarray")
            for name in (base, f"{base}*")
        ),
        ("```math\na = b\n```", "a = b\n"),
        (
            "$\n\\begin{align*}\na &= b\n\\end{align*}\n$",
            "\n\\begin{align*}\na &= b\n\\end{align*}\n",
        ),
    ],
)
def test_a_comment_makes_any_display_formula_a_claim(formula: str, source: str) -> None:
    """The cell is the formula, between its delimiters or with its environment, on true lines."""
    text = f'# T\n\ntext\n<!-- claim: a expect="refuted" points="5" -->\n{formula}\nmore\n'
    (cell,) = cells(text)
    assert (cell.id, cell.role, cell.problem) == ("a", Role.CLAIM, None)
    assert cell.source == source
    assert cell.options["expect"] == ("refuted",)
    assert cell.options["points"] == 5
    assert (cell.line_first, cell.line_last) == (4, 5 + formula.count("\n"))
    fence = formula.startswith("```")
    assert cell.source_line == (6 if fence else 5)
    assert cell.runs
    assert cell.judged


@pytest.mark.parametrize(
    ("prefix", "before"),
    [
        ("    ", "- item\n\n"),
        ("    ", "!!! note\n\n"),
        ("> ", "> quoted\n"),
        ("   ", "1. item\n\n"),
    ],
)
def test_formulas_in_lists_boxes_and_quotes(prefix: str, before: str) -> None:
    """A formula inside a container keeps the container's indentation or marks."""
    text = before + "".join(
        f"{prefix}{line}\n" for line in ("<!-- claim: a -->", "$$", "x=1", "$$")
    )
    (cell,) = cells(text)
    assert (cell.id, cell.indent, cell.problem) == ("a", prefix, None)
    assert cell.source.strip() == "x=1"
    without = text.replace(f"{prefix}<!-- claim: a -->\n", "")
    assert len(read_contents(without, "page.md").unclaimed) == 1


@pytest.mark.parametrize(
    "text",
    [
        "```\n<!-- claim: a -->\n$$ x = 1 $$\n```\n",
        "text\n\n    $$\n    x = 1\n    $$\n",
        "<pre>\n$$ x = 1 $$\n</pre>\n",
        "<!--\n$$ x = 1 $$\n-->\n",
        "<!-- let me explain -->\n\n<!-- claims of the author -->\n",
        "Write `<!-- claim: a -->` before it. <!-- let us see -->\n",
        "a $$ in a sentence = b\n",
        "$\nx = 1\n$\n",
        "---\ntitle: $$ x = 1 $$\n---\n",
    ],
)
def test_what_is_no_formula_is_left_alone(text: str) -> None:
    """Code, comments and front matter hold no formulas, whatever stands in them."""
    for whole in (False, True):
        found = read_contents(text, "page.md", whole=whole)
        assert found.cells == []
        assert found.unclaimed == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<!-- claim: a -->\nno formula\n", "no display formula follows <!-- claim -->"),
        ("<!-- claim: a -->\n", "no display formula follows"),
        ("<!-- claim: a -->\n<!-- claim: b -->\n$$x=1$$\n", "no display formula follows"),
        ("<!-- claim: -->\n$$x=1$$\n", "a claim needs a name"),
        ("<!-- claim a -->\n$$x=1$$\n", "write <!-- claim: a -->"),
        ('<!-- claim: a exp="x" -->\n$$x=1$$\n', "unknown option 'exp'; did you mean 'expect'"),
        ("<!-- claim: a b -->\n$$x=1$$\n", 'options are written key="value"'),
        ("<!-- claim: a -->\n$$x=1\n\n$$\n", "not closed by $$ before a blank line"),
        ("<!-- claim: a -->\n$$x=1$$ and so on\n", "text follows $$ on its line"),
        ('<!-- claim: a -->\n```python exec="on"\n1\n```\n', "no display formula follows"),
        ('<!-- claim: a -->\n```math claim="b"\nx=1\n```\n', "says itself that it is a claim"),
        ("<!-- define -->\ntext\n", "no display formula follows <!-- define -->"),
        ("    <!-- claim: a -->\n    $$x=1$$\n", "Markdown reads this as code"),
        ("- <!-- claim: a -->\n  $$x=1$$\n", "give <!-- claim: a --> a line of its own"),
        ("| <!-- claim: a --> $$x=1$$ | b |\n", "a line of its own"),
        ("Text. <!-- let: x \\in \\mathbb{R} -->\n", "a line of its own"),
        ("<!-- clam: a -->\n$$x=1$$\n", "'clam' says nothing to handout: write <!-- claim: a -->"),
        ('<!-- Cliam: a expect="refuted" -->\n\n\\[x=1\\]\n', '<!-- claim: a expect="refuted" -->'),
        ("<!-- claom: a -->\n```math\nx=1\n```\n", "write <!-- claim: a -->"),
        ("> <!-- defin -->\n> $$x=1$$\n", "write <!-- define -->"),
        ("<!-- lte: x \\in \\mathbb{R} -->\n", "write <!-- let: x \\in \\mathbb{R} -->"),
        ("<!-- let x \\in \\mathbb{R} -->\n", "write <!-- let: x \\in \\mathbb{R} -->"),
        ('<!-- claim = "a" -->\n$$x=1$$\n', "write <!-- claim: a -->, with a colon"),
    ],
)
def test_a_comment_that_cannot_be_followed_is_an_error(text: str, problem: str) -> None:
    """Nothing that asks to be tested is dropped: the cell carries the reason, on its line."""
    found = [cell for cell in cells(text) if cell.problem is not None]
    assert problem in (found[0].problem or "")
    assert found[0].line_first == 1
    assert found[0].judged


@pytest.mark.parametrize(
    "comment",
    [
        "chain rule",
        "clean: check the signs",
        "claimed: in [3]",
        "defined above",
        "defined: z",
        "refine",
        "left: a",
        "Let $x \\in \\mathbb{R}$ be a number",
        "lemma: Cauchy",
        "clam up, please",
        "claim that x = 1 is wrong",
        "TODO: derive",
        "eq: softmax",
    ],
)
def test_an_ordinary_comment_before_a_formula_says_nothing(comment: str) -> None:
    """Notes to oneself stand before formulas, too; only what looks like ours is taken for it."""
    formulas = ("$$x=1$$", "```math\nx=1\n```")
    found = cells("\n\n".join(f"<!-- {comment} -->\n{formula}" for formula in formulas))
    assert [(cell.role, cell.problem) for cell in found] == [(Role.NONE, None)]  # the fence
    assert cells(f"<!-- clam: a -->\n{comment}\n\n$$x=1$$\n") == []


def test_declarations_and_definitions() -> None:
    """Before a formula, in a fence, or in the comment itself, which shows nothing."""
    found = cells(
        "<!-- let: x \\in\n \\mathbb{R} -->\n\n<!-- define -->\n$$ z = 2x $$\n\n"
        "```math let\ny \\in \\mathbb{R}\n```\n\n```math define\nw = y\n```\n"
    )
    assert [(c.role, c.shown, c.line_first) for c in found] == [
        (Role.LET, False, 1),
        (Role.DEFINE, True, 4),
        (Role.LET, True, 7),
        (Role.DEFINE, True, 11),
    ]
    assert [c.problem for c in found] == [None] * 4
    assert all(c.runs and not c.judged for c in found)
    assert found[0].source == "x \\in\n\\mathbb{R}"


def test_a_whole_page_claims() -> None:
    """Every formula that states something gets an id of its heading and a number; one may not."""
    found = cells(
        "$$ a = 1 $$\n\n# Softmax, $x$\n\n$$ b = 1 $$\n\n$$ f(x) $$\n\nUnder\n-----\n"
        "```math\nc = 1\n```\n\n<!-- claim: skip -->\n$$ d = 1 $$\n\n# Softmax, $x$\n"
        "<!-- claim: own -->\n$$ e = 1 $$\n\n$$ g = 1 $$\n",
        whole=True,
    )
    assert [(c.id, c.whole, c.role) for c in found] == [
        ("formula-1", True, Role.CLAIM),
        ("softmax-x-1", True, Role.CLAIM),
        ("under-1", True, Role.CLAIM),
        ("", False, Role.SKIP),
        ("own", False, Role.CLAIM),
        ("softmax-x-2", True, Role.CLAIM),
    ]


def test_an_id_made_from_a_heading_gives_way() -> None:
    """A name that an author has given is not given twice."""
    found = cells("# A\n$$x=1$$\n\n<!-- claim: a-1 -->\n$$y=1$$\n", whole=True)
    assert [c.id for c in found] == ["a-2", "a-1"]
    assert [c.problem for c in found] == [None, None]


@pytest.mark.parametrize(
    ("latex", "states"),
    [
        ("a = b", True),
        (r"a \le b", True),
        (r"\boxed{a = b}", True),
        (r"\begin{aligned} a &= b \end{aligned}", True),
        (r"X \sim N(0, 1)", True),
        (r"\sum_{i=1}^n x_i", False),
        (r"\underbrace{a = b}_{c}", False),
        (r"\text{if } x", False),
        (r"f(x)", False),
        (r"\left( x \right)", False),
    ],
)
def test_what_states_something(latex: str, states: bool) -> None:
    """A relation, but none of those in groups."""
    assert states_something(latex) is states


def test_slug() -> None:
    """An id from a heading: words in lower case, formulas by their letters."""
    assert slug("The *softmax* of $W_1 x$: part 2") == "the-softmax-of-w-1-x-part-2"
    assert slug("Ωμέγα") == ""


@pytest.mark.parametrize("indent", [1, None])
def test_unnamed_formulas_of_a_notebook_are_told_apart(indent: int | None, tmp_path: Path) -> None:
    """Their ids come from lines of the file, which differ where those of the cells do not."""
    texts = ["<!-- let: x \\in \\mathbb{R} -->", "<!-- let: y \\in \\mathbb{R} -->"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(t) for t in texts])
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps(notebook, indent=indent), "utf-8")
    first, second = read_notebook(file, "a.ipynb").cells
    assert first.id != second.id
    assert (first.problem, second.problem) == (None, None)


@pytest.mark.parametrize("form", ["lines", "strings", "one line"])
def test_lines_of_a_notebook_are_those_of_its_file(form: str, tmp_path: Path) -> None:
    """A first line such as `x` is no word that the file happens to have elsewhere."""
    texts = ["x", "", "x\n\n$$\ny = 1\n$$", 'x\n\n```math claim="f"\n1 + 1 =\n 3\n```']
    made = [nbformat.v4.new_markdown_cell(text, metadata={"source": ["x"]}) for text in texts]
    notebook = json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=made)))
    if form == "strings":
        for cell, text in zip(notebook["cells"], texts, strict=True):
            cell["source"] = text
    file = tmp_path / "a.ipynb"
    text = json.dumps(notebook, indent=None if form == "one line" else 1, ensure_ascii=False)
    file.write_text(text, "utf-8")
    page = read_notebook(file, "a.ipynb")
    (claim,), (display,) = page.cells, page.unclaimed
    own = text.split("\n")
    assert "math claim" in own[claim.line_first - 1]
    assert "y = 1" in own[display.source_line - (form != "lines")]
    rows = (2, 3) if form == "lines" else (0, 0)
    assert (claim.line_of(1) - claim.line_first, claim.line_last - claim.line_first) == rows
