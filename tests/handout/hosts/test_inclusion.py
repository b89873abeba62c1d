"""Nothing that reaches a page is left untested in silence, whoever put it there."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from tests.handout.hosts.small_site import CLAIMS, EXTENSIONS, TITLE, Site, body

pytestmark = pytest.mark.slow

WRONG = "<!-- claim: wrong -->\n$$\n1 = 2\n$$\n"
SNIPPETS: list[Any] = [*EXTENSIONS, {"pymdownx.snippets": {"base_path": ["parts"]}}]
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "snippets": (
        '--8<-- "part.md"',
        {"plugins": ["search", "handout"], "markdown_extensions": SNIPPETS},
    ),
    "include-markdown": (
        '{% include-markdown "../parts/part.md" %}',
        {"plugins": ["handout", "include-markdown"]},
    ),
    "macros": (
        '{% include "part.md" %}',
        {"plugins": [{"macros": {"include_dir": "parts"}}, "handout"]},
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_included_is_tested(site: Site, way: str) -> None:
    """A cell, a claim, a figure and a badge that stand in another file, and a wrong claim."""
    words, options = WAYS[way]
    site.write("docs/page.md", f"{TITLE}Before.\n\n{words}\n\nAfter.\n")
    site.write("parts/part.md", f"{body()}\n{WRONG}")
    site.configure(*options["plugins"], **{k: v for k, v in options.items() if k != "plugins"})
    said = site.run(sys.executable, "-m", "mkdocs", "build", status=1)
    assert "docs/page.md:5: wrong: refuted, verified was expected" in said
    assert said.count("[H") == 1
    found = {**dict.fromkeys(CLAIMS, "verified"), "wrong": "refuted"}
    assert site.claims("page.md") == found
    article = site.shows("site/page/index.html").select_one("article")
    assert article is not None
    assert article.get_text().index("Before.") < article.get_text().index("After.")


def test_what_is_included_within_a_cell_is_what_ran(site: Site) -> None:
    """The page shows what snippets and macros gave, and the output is that of what it shows."""
    site.write(
        "docs/page.md",
        '# P\n\n```python exec="on" id="a"\n--8<-- "part.py:one"\n```\n\n'
        '```python exec="on" id="b"\nprint({{ n }} + 1)\n```\n\n'
        '```math claim="c"\n{{ n }} + 1 = {{ n + 1 }}\n```\n\n'
        '```math claim="d"\n{{ n }} + 1 = {{ n + 2 }}\n```\n',
    )
    site.write(
        "parts/part.py",
        '# --8<-- [start:one]\nprint("from", "the part")\n# --8<-- [end:one]\nprint(2)\n',
    )
    site.write("docs/index.md", "# Home\n\nIt is [[verdict:page.md#d]].\n")
    site.configure("handout", "macros", extra={"n": 41}, markdown_extensions=SNIPPETS)
    said = site.run(sys.executable, "-m", "mkdocs", "build", status=1)
    assert "docs/page.md:15: d: refuted" in said
    assert said.count("[H") == 1
    home = site.shows("site/index.html", cards=False)
    assert home.select_one("a.verdict-refuted") is not None
    article = site.shows("site/page/index.html", cards=False).select_one("article")
    assert article is not None
    assert [pre.get_text().strip() for pre in article.select("pre")][:4] == [
        'print("from", "the part")',
        "from the part",
        "print(41 + 1)",
        "42",
    ]


def test_what_is_included_stands_on_the_line_that_includes_it(site: Site) -> None:
    """Also an error within it, and an id that is taken."""
    site.write("docs/page.md", '# P\n\n--8<-- "one.md"\n\nMore.\n\n--8<-- "two.md"\n')
    site.write("parts/one.md", '```python exec="on" id="a"\nx = 1\ny = 2\n```\n')
    site.write("parts/two.md", '\n\n```python exec="on" id="b"\nx = 1\n1 / 0\n```\n' * 2)
    site.configure("search", "handout", markdown_extensions=SNIPPETS)
    said = site.run(sys.executable, "-m", "handout", "check", "docs/page.md", status=1)
    assert "docs/page.md:7: b: error, verified was expected: ZeroDivisionError" in said
    assert "the id 'b' is taken by line 7" in said


def test_what_is_escaped_stays_escaped(site: Site) -> None:
    """A page that shows how to include is not included into."""
    site.write(
        "docs/page.md", f'{TITLE}{body()}\n```\n;--8<-- "part.md"\n```\n\n--8<-- "part.md"\n'
    )
    site.write("docs/index.md", "# Home\n")
    site.write("parts/part.md", '```python exec="on"\n1 + 1\n```\n\n    ;--8<-- "part.md"\n')
    site.configure("search", "handout", markdown_extensions=SNIPPETS)
    site.build()
    article = site.shows("site/page/index.html").select_one("article")
    assert article is not None
    shown = [pre.get_text().strip() for pre in article.select("pre")]
    assert shown.count('--8<-- "part.md"') == 2
    assert "cell-2" in site.claims("page.md")


def test_a_missing_snippet_is_an_error_of_its_page(site: Site) -> None:
    """Where the site wants every file to be there; nothing ends in a traceback."""
    site.write("docs/page.md", '# P\n\n--8<-- "nowhere.md"\n')
    site.write("docs/index.md", "# Home\n")
    strict = {"pymdownx.snippets": {"base_path": ["parts"], "check_paths": True}}
    site.configure("search", "handout", markdown_extensions=[*EXTENSIONS, strict])
    for words in (["mkdocs", "build"], ["handout", "check", "docs/page.md"]):
        said = site.run(sys.executable, "-m", *words, status=2 if "check" in words else 1)
        assert "docs/page.md:3: " in said
        assert "Snippet at path 'nowhere.md' could not be found" in said
        assert "Traceback" not in said


def test_what_an_extension_includes_unseen_is_an_error(site: Site) -> None:
    """It cannot be run there; so it says how to write it, and no build passes."""
    site.write("docs/page.md", f"{TITLE}{body()}\nINCLUDE\n")
    site.write(
        "including.py",
        "from markdown.extensions import Extension\n"
        "from markdown.preprocessors import Preprocessor\n"
        "class P(Preprocessor):\n"
        "    def run(self, lines):\n"
        f"        part = {WRONG!r}.split('\\n')\n"
        "        return [new for old in lines for new in (part if old == 'INCLUDE' else [old])]\n"
        "class Including(Extension):\n"
        "    def extendMarkdown(self, md):\n"
        "        md.preprocessors.register(P(md), 'including', 100)\n",
    )
    site.configure("search", "handout", markdown_extensions=[*EXTENSIONS, "including:Including"])
    said = site.run(sys.executable, "-m", "mkdocs", "build", status=1)
    assert "docs/page.md:1: wrong: reaches the page where it cannot be run" in said
    assert "[H603]" in said


def test_what_is_commented_out_or_only_shown_is_left_alone(site: Site) -> None:
    """Also where it would fail."""
    site.write(
        "docs/page.md",
        f"{TITLE}{body()}\n"
        '<!--\n```python exec="on"\n1 / 0\n```\n-->\n\n'
        '<!--\n```math claim="no"\n1 = 2\n```\n-->\n\n'
        '```python expect="raises ValueError"\nonly = "shown"\n```\n\n'
        '```python id="x"\nalso = "shown"\n```\n',
    )
    site.configure("search", "handout")
    site.build()
    assert set(site.claims("page.md")) == CLAIMS
    page = site.shows("site/page/index.html")
    text = page.get_text()
    assert 'only = "shown"' in text
    assert 'also = "shown"' in text
    assert "1 / 0" not in text
    assert "1 = 2" not in text


def test_an_excerpt_of_a_post_shows_what_ran(site: Site) -> None:
    """A post whose cells come by a snippet, in the list of posts."""
    site.write(
        "docs/blog/posts/first.md",
        '---\ndate: 2026-01-02\n---\n\n# A post\n\n--8<-- "part.md"\n\n<!-- more -->\n\nRest.\n',
    )
    site.write("docs/blog/index.md", "# Blog\n")
    site.write("parts/part.md", body())
    site.configure("search", "blog", "handout", markdown_extensions=SNIPPETS)
    site.build()
    assert site.claims("blog/posts/first.md") == dict.fromkeys(CLAIMS, "verified")
    site.shows("site/blog/index.html")


def test_a_check_expands_snippets_and_says_what_it_cannot_know(site: Site) -> None:
    """What templates include is the build's to test: the check says so, and is no failure."""
    site.write("docs/page.md", '# P\n\n{% include "part.md" %}\n\n--8<-- "part.md"\n')
    site.write("docs/index.md", "# Home\n")
    site.write("parts/part.md", WRONG)
    site.configure("handout", {"macros": {"include_dir": "parts"}}, markdown_extensions=SNIPPETS)
    said = site.run(sys.executable, "-m", "handout", "check", "docs/page.md", status=1)
    assert "docs/page.md:5: wrong: refuted" in said
    assert "docs/page.md:3: what other plugins write here is tested by a build" in said
