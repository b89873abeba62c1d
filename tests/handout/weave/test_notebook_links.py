"""Links in the text of a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from handout.page.pages import make_page
from handout.weave.notebook_links import resolved

PAGES = {
    "ps1/two.md": "../two/",
    "index.md": "../..",
    "ps1/other.ipynb": "../other/",
    "ps1/img/a b.png": "../img/a%20b.png",
    "a.svg": "../../a.svg",
}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="two.md">x</a>', '<a href="../two/">x</a>'),
        ('<a class="b" href="two.md#part">x</a>', '<a class="b" href="../two/#part">x</a>'),
        ('<a href="../index.md">x</a>', '<a href="../..">x</a>'),
        ('<a href="other.ipynb">x</a>', '<a href="../other/">x</a>'),
        ('<a href="other.ipynb" download>x</a>', '<a href="other.ipynb" download>x</a>'),
        ('<img alt="x" src="img/a%20b.png"/>', '<img alt="x" src="../img/a%20b.png"/>'),
        ('<img src="../a.svg?1" width="9">', '<img src="../../a.svg?1" width="9">'),
        ('<a href="../a.svg">x</a>', '<a href="../../a.svg">x</a>'),
        ('<img src="lost.png">', '<img src="lost.png">'),
        ('<img src="/a.svg">', '<img src="/a.svg">'),
        ('<img src="data:image/png;base64,a.svg">', '<img src="data:image/png;base64,a.svg">'),
        ('<a href="https://a.test/two.md">x</a>', '<a href="https://a.test/two.md">x</a>'),
        ('<a href="#two.md">x</a>', '<a href="#two.md">x</a>'),
    ],
)
def test_links_lead_to_pages(html: str, expected: str) -> None:
    """By their files; all other links are left as they are."""
    page = make_page(Path("ps1/one.ipynb"), "ps1/one.ipynb", "")
    assert resolved(html, page, lambda name: PAGES.get(name, "")) == (expected, [])


def test_a_link_to_no_page_is_told() -> None:
    """With the line of the notebook."""
    page = make_page(Path("one.ipynb"), "one.ipynb", "\n[x](lost.md)\n")
    html, lost = resolved('<a href="lost.md">x</a>', page, lambda name: "")
    assert html == '<a href="lost.md">x</a>'
    assert [str(problem) for problem in lost] == [
        f"{page.shown}:2: links to lost.md, which is no page of the site [H608]"
    ]
