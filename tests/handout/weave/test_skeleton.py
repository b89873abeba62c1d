"""Weaving finds the formulas that arithmatex will find: the two agree on texts of every sort."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown import Markdown

from handout.page.fences import front_matter
from handout.page.pages import documents, read_page
from handout.settings import read_configuration
from handout.weave.inject import with_tokens
from handout.weave.pagemath import formulas
from handout.weave.skeleton import skeletons

ROOT = Path(__file__).parents[3]
OUTSIDE = {"pymdownx.snippets", "mkdocs-click"}  # they bring text to a page, which is woven by then
EXTENSIONS = {
    name: options or {}
    for name, options in read_configuration(ROOT / "mkdocs.yml").extensions.items()
    if name not in OUTSIDE
}
HOST = Markdown(extensions=[*EXTENSIONS], extension_configs=EXTENSIONS)
SKELETON = skeletons(EXTENSIONS)


def agree(text: str) -> list[tuple[str, bool]]:
    """What both find in a text."""
    found = formulas(SKELETON(text))
    assert found == formulas(HOST.reset().convert(text)), text
    return found


@pytest.mark.parametrize("file", documents(ROOT / "docs"), ids=lambda path: path.stem)
def test_they_agree_on_the_pages_of_this_site(file) -> None:
    """As their host has them: without front matter, with tokens in the place of cells."""
    if file.suffix == ".ipynb":
        return
    page = read_page(file, file.name)
    body = page.text[len(front_matter(page.text)) :]
    agree(with_tokens(body, page) if page.cells else body)


FOUND = {
    "A $x$ and \\(y\\).": 2,
    "$$\nx\n$$\n\n\\[ y \\]\n\n\\begin{align}\nz\n\\end{align}": 3,
    "`$x$` and ``$`$``": 0,
    "    $x$": 0,
    "```\n$x$\n\n$y$\n```\n\n~~~ python\n$z$\n~~~": 0,
    "* $x$\n\n    $$\n    y\n    $$\n\n    ```\n    $z$\n    ```": 2,
    '!!! note "Of $x$"\n\n    $$y$$': 2,
    "| $a$ | b |\n|---|---|\n| $c | d$ |": 1,
    "Costs 3$ and 4$, or \\$5 and $6": 0,
    "A note.[^1]\n\n[^1]: Of $x$.\n\nAnd $y$.": 2,
    "<div>\n$x$\n</div>\n\n<div markdown>\n$y$\n</div>": 1,
    "<!-- $x$ -->\n\n$y$ <!-- $z$ -->": 2,
    "# Of $x$\n\nOf $y$\n===": 2,
    "> $x$\n>\n> $$\n> y\n> $$": 2,
    "![of $x$](a.png) and [of $y$](b.md)": 1,
    "<code>$x$</code> and <b>$y$</b>": 1,
}


@pytest.mark.parametrize("text", FOUND)
def test_they_agree_on_what_each_construct_holds(text: str) -> None:
    """Where a formula is one, and where it is not."""
    assert len(agree(text)) == FOUND[text]


LATEX = st.sampled_from(
    (
        "x",
        "x_i",
        r"\frac{a}{b}",
        "a < b & c",
        r"\$",
        r"\\",
        "|x|",
        "*a*",
        "a_b_c",
        "[x](y)",
        "#",
        "`",
    )
)
INLINE = st.one_of(
    LATEX.map("${}$".format),
    LATEX.map(r"\({}\)".format),
    LATEX.map("$ {} $".format),
    LATEX.map("$${}$$".format),
    LATEX.map("`${}$`".format),
    LATEX.map("<code>${}$</code>".format),
    LATEX.map('<b title="${}$">b</b>'.format),
    LATEX.map("[of ${}$](a.md)".format),
    LATEX.map("![of ${}$](a.png)".format),
    LATEX.map("**bold ${}$**".format),
    st.sampled_from(
        ("words", "$", "$$", r"\$", "\\", "`", "``", "3$", "<", "*", "_", "|", "^1", "--")
    ),
)
LINE = st.lists(INLINE, min_size=1, max_size=5).map(" ".join)
DISPLAY = st.one_of(
    LATEX.map("$$\n{}\n$$".format),
    LATEX.map("\\[\n{}\n\\]".format),
    LATEX.map("\\begin{{align*}}\n{}\n\\end{{align*}}".format),
    LATEX.map("$$ {} $$ .".format),
)
FENCE = st.tuples(LINE, LINE).map("```python\n{0[0]}\n\n{0[1]}\n```".format)
PARAGRAPH = st.lists(LINE, min_size=1, max_size=3).map("\n".join)
LEAF = st.one_of(
    PARAGRAPH,
    DISPLAY,
    FENCE,
    LINE.map("## {}".format),
    LINE.map("{}\n---".format),
    st.tuples(LINE, LINE).map(lambda cells: "| a | b |\n|---|---|\n| " + " | ".join(cells) + " |"),
    LINE.map("<div>\n{}\n</div>".format),
    LINE.map("<div markdown>\n{}\n</div>".format),
    LINE.map("<!-- {} -->".format),
    LINE.map("[^1]: {}".format),
    LINE.map("Term\n:   {}".format),
    LINE.map("*[HTML]: {}".format),
    LINE.map("[ref]: a.md '{}'".format),
    LINE.map("    {}".format),
    st.just("handout-0123456789abcdef-7."),
)


def within(opening: str, indent: str = "    ") -> st.SearchStrategy[str]:
    """Blocks in a container that begins with a line, or with a mark on their first line."""

    def held(blocks: list[str]) -> str:
        lines = "\n\n".join(blocks).split("\n")
        return opening + "\n".join(f"{indent}{line}" if line else "" for line in lines)

    return st.lists(LEAF, min_size=1, max_size=2).map(held)


CONTAINER = st.one_of(
    within("* item\n\n"),
    within("1. item\n\n"),
    within("!!! note\n\n"),
    within('??? note "of $x$"\n\n'),
    within('=== "Of $x$"\n\n'),
    within("", "> "),
    st.lists(LINE, min_size=1, max_size=3).map(lambda lines: "\n".join(f"* {n}" for n in lines)),
)
TEXT = st.lists(st.one_of(LEAF, CONTAINER), min_size=1, max_size=4).map("\n\n".join)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(TEXT)
def test_they_agree_on_any_text(text: str) -> None:
    """Formulas, code, HTML and stray dollars, in blocks of every kind."""
    agree(text)
