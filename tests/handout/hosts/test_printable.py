"""Pages of a site become one document for paper: titles, notes, references, no site chrome."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from handout.hosts.printable import PrintPage, PrintSettings, document, print_settings
from handout.render.badge import badge
from handout.render.cards import cards
from handout.settings import SettingsError

VERIFIED: dict[str, Any] = {
    "id": "rule",
    "step": 1,
    "page": "a.md",
    "line": 3,
    "kind": "equation",
    "status": "verified",
    "expected": "verified",
    "ok": True,
    "max_rel_error": 3e-16,
    "points": 20,
    "seed": 0,
    "oracle": "complex-step",
    "reading": "D[l, x] = 2",
    "counterexample": None,
    "corruptions": None,
    "repair": None,
    "message": "",
    "details": {},
}
REFUTED = VERIFIED | {
    "id": "mistake",
    "status": "refuted",
    "expected": "refuted",
    "max_rel_error": 0.5,
    "counterexample": {"point": {"x": 1.5}, "index": {"i": 2}, "left": 0.25, "right": 0.75},
}
FORMULA = '<span class="math-display"><math><mi>x</mi></math></span>'


def printed(*contents: str, address: str = "", **settings: Any) -> BeautifulSoup:
    """The document of pages a.md, b.md, ... with these contents."""
    pages = [
        PrintPage(f"{name}.md", f"{name}/", f"Title {name.upper()}", content)
        for name, content in zip("abc", contents, strict=False)
    ]
    chosen = PrintSettings(**({"title": "Set #1"} | settings))
    return BeautifulSoup(document(chosen, pages, "2 claims", address), "html.parser")


def one(soup: BeautifulSoup | Tag, selector: str) -> Tag:
    (found,) = soup.select(selector)
    return found


def test_the_title_block_has_title_authors_and_date() -> None:
    """And how many claims were tested; every word escaped."""
    soup = printed("", title="A < B", authors=("Ann & Bob", "Carl"), date="May 1")
    header = one(soup, "header")
    assert one(header, "h1").get_text() == "A < B"
    assert one(header, ".authors").get_text() == "Ann & Bob · Carl"
    assert one(header, ".date").get_text() == "May 1"
    assert one(header, ".tested").get_text() == "2 claims"
    assert one(soup, "title").get_text() == "A < B"


def test_what_is_not_given_is_not_printed() -> None:
    """No empty line for a date that nobody gave."""
    soup = printed("")
    assert not soup.select(".date, .authors")


def test_a_title_cannot_end_the_style_it_stands_in() -> None:
    """The running title is a string of CSS."""
    soup = printed("", title='x"; } </style><script>hit()</script>')
    assert "hit()" not in "".join(script.get_text() for script in soup.select("script"))
    assert r"\22 ; } \3c /style\3e " in one(soup, "style").get_text()


def test_a_card_becomes_a_note_beside_its_formula() -> None:
    """The verdict and its figure stay, one line for a claim; what was folded away goes."""
    soup = printed(FORMULA + cards([VERIFIED, REFUTED]))
    note = one(soup, "aside.note")
    after = note.find_next_sibling()
    assert isinstance(after, Tag)
    assert "math-display" in after["class"]
    assert note.parent is not None
    assert note.parent["class"] == ["claim"]  # which no page break divides
    first, second = note.select("p")
    assert "Verified" in first.get_text()
    assert "·" not in note.get_text()  # each part has a line
    assert "</br>" not in str(note)
    assert "20 points" in first.get_text()
    assert "Wrong as expected 0.25 ≠ 0.75 at i = 2 (counted from 0)" in second.get_text()
    assert not soup.select("details, summary, ul.verdicts")


def test_the_note_of_a_cell_stands_beside_its_code() -> None:
    """Also when the cell has printed something, or makes more than one claim."""
    code = '<div class="highlight"><pre>1</pre></div>'
    output = '<div class="cell-outputs" id="verdict-cell-1"><pre>1</pre></div>'
    soup = printed("<p>before</p>" + code + output + cards([VERIFIED]) + cards([REFUTED]))
    names = [child.name for child in one(soup, "article").find_all(recursive=False)]
    assert names == ["h2", "p", "aside", "aside", "div", "div"]
    assert [("Verified" in n.get_text()) for n in soup.select("aside")] == [True, False]


def test_a_card_after_plain_text_stays_there() -> None:
    """A cell that shows no code has nothing to stand beside."""
    soup = printed("<p>text</p>" + cards([VERIFIED]))
    names = [child.name for child in one(soup, "article").find_all(recursive=False)]
    assert names == ["h2", "p", "aside"]


def test_a_badge_is_words_on_paper() -> None:
    """Nobody can follow it."""
    soup = printed(f"<p>It is {badge(VERIFIED)}.</p>")
    assert one(soup, "span.verdict-badge").get_text() == "verified"
    assert not soup.select("a")


def test_what_belongs_to_the_screen_goes() -> None:
    """Permanent links, downloads, anchors of lines, scripts; folded boxes are open."""
    soup = printed(
        '<h1 id="t">T<a class="headerlink" href="#t">¶</a></h1><script>hit()</script>'
        '<p class="notebook-download"><a href="n.ipynb" download>Download this notebook</a></p>'
        '<pre><a id="__codelineno-0-1" href="#__codelineno-0-1"></a>code</pre>'
        "<details><summary>More</summary>text</details>"
    )
    article = one(soup, "article")
    assert not article.select("a, script")
    assert "¶" not in article.get_text()
    assert one(article, "pre").get_text() == "code"
    assert one(article, "details").has_attr("open")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Softmax", "2. Softmax"),
        ("Problem 2: softmax", "Problem 2: softmax"),
        ("2. Softmax", "2. Softmax"),
        ("Exercise 2 · softmax", "Exercise 2 · softmax"),
        ("Übung 2", "Übung 2"),
        ("MNIST in 10 lines", "2. MNIST in 10 lines"),
    ],
)
def test_problems_are_numbered_once(title: str, shown: str) -> None:
    """A page whose title has a number keeps it, another one gets its place."""
    soup = printed("<h1>First</h1>", f"<h1>{title}</h1>")
    assert [h.get_text() for h in soup.select("h2")] == ["1. First", shown]


def test_headings_nest_below_the_title() -> None:
    """One outline: the title block has level 1, and every page moves down by one."""
    soup = printed("<h1>Problem 1</h1><h2>a</h2><h3>b</h3>", "<p>no heading</p>")
    assert [(h.name, h.get_text()) for h in soup.select("h1, h2, h3, h4, h5, h6")] == [
        ("h1", "Set #1"),
        ("h2", "Problem 1"),
        ("h3", "a"),
        ("h4", "b"),
        ("h2", "2. Title B"),
    ]


def test_ids_of_two_pages_do_not_meet() -> None:
    """What refers to an id of its page still does."""
    page = (
        '<h2 id="a">A</h2><a href="#a" aria-describedby="a g">up</a>'
        '<svg><g id="g"/><path fill="url(#g)"/></svg>'
    )
    soup = printed(page, page)
    ids = [element["id"] for element in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    second = soup.select("article")[1]
    assert one(second, "a")["href"] == "#p2-a"
    assert one(second, "a")["aria-describedby"] == "p2-a p2-g"
    assert one(second, "h3")["id"] == "p2-a"
    assert one(second, "path")["fill"] == "url(#p2-g)"


def test_links_lead_into_the_document_or_to_the_published_site() -> None:
    """A page that is printed too is a place in the document; another one is on the site."""
    page = (
        '<a href="../b/">1</a><a href="../b/#x">2</a><a href="../guide/#y">3</a>'
        '<a href="https://other.test/">4</a>'
    )
    links = [a.get("href") for a in printed(page, "", address="https://s.test/h/").select("a")]
    assert links == ["#p2", "#p2-x", "https://s.test/h/guide/#y", "https://other.test/"]
    assert printed(page, "").select("a")[2].get("href") is None


def test_pictures_are_found_from_the_root() -> None:
    """A page's addresses are relative to the page; the document stands in the root."""
    soup = printed('<img src="../img/x.png"><img src="y.png"><img src="data:image/png;base64,AA">')
    sources = [img["src"] for img in soup.select("img")]
    assert sources == ["img/x.png", "a/y.png", "data:image/png;base64,AA"]


def test_drawings_are_grey() -> None:
    """As light as they were in colour; what is black or named stays."""
    drawn = '<g style="fill:#ff0000;stroke:#000000"/><g fill="currentColor"/><g fill="#ffffff"/>'
    soup = printed(f'<div class="cell-picture"><svg>{drawn}</svg></div><p style="color:#ff0000">')
    red, named, white = soup.select("g")
    assert red["style"] == "fill:#363636;stroke:#000000"
    assert named["fill"] == "currentColor"
    assert white["fill"] == "#ffffff"
    assert one(soup, "article p")["style"] == "color:#ff0000"


def test_the_note_of_live_code_stands_beside_its_code() -> None:
    """What readers can change is wrapped on the site; on paper nothing is."""
    card = cards([REFUTED | {"kind": "gradient"}])
    cell = f'<div class="live-cell" data-cell="1"><span id="verdict-mistake"></span>{card}</div>'
    soup = printed(f'<p>Text.</p><div class="highlight">code</div>{cell}')
    note = one(soup, "aside.note")
    assert note.find_next_sibling(class_="highlight") is not None


def test_what_announces_a_formula_stays_with_it() -> None:
    """No page ends between a colon, or a quotation, and the formula that it leads to."""
    claim = f'<div class="claimed">{FORMULA}{cards([VERIFIED])}</div>'
    quoted = "<blockquote><p>{}</p></blockquote>"
    soup = printed(
        f"<p>It is:</p>{claim}{quoted.format('Hence')}{claim}<p>So.</p>"
        f"{quoted.format('&quot;where,&quot;')}<p>In words.</p>{quoted.format('Done.')}<p>So.</p>"
    )
    announcing = [one.get_text() for one in soup.select(".announces")]
    assert announcing == ["It is:", "Hence", '"where,"']


TABS = (
    '<div class="tabbed-set"><input type="radio"><input type="radio">'
    '<div class="tabbed-labels"><label>First</label><label>Second</label></div>'
    '<div class="tabbed-content"><div class="tabbed-block"><p>one</p></div>'
    '<div class="tabbed-block"><p>two</p></div></div></div>'
)


def test_tabs_stand_one_after_the_other_below_their_titles() -> None:
    """Paper shows all of them, and which is which."""
    soup = one(printed(TABS), ".tabbed-set")
    lines = [line.get_text() for line in soup.select("p, label")]
    assert lines == ["First", "one", "Second", "two"]


@pytest.mark.parametrize(("solutions", "shown"), [("open", True), ("closed", False)])
def test_solutions_are_printed_by_choice(solutions: str, shown: bool) -> None:
    """A closed one leaves its title, and nothing that a copy of the text would bring to light."""
    soup = printed(
        '<details class="solution"><summary>Solution</summary><p>forty-two</p></details>'
        "<details><summary>Details</summary><p>at length</p></details>",
        solutions=solutions,
    )
    text = one(soup, "main").get_text()
    assert ("forty-two" in text) == shown
    assert "Solution" in text
    assert "at length" in text


def test_the_paper_sets_the_width() -> None:
    """Formulas are fitted before printing, so the screen must be as wide as the paper."""
    assert "size: A4" in one(printed(""), "style").get_text()
    style = one(printed("", paper="letter"), "style").get_text()
    assert "size: letter" in style
    assert "width: calc(8.5in - 36mm)" in style


def test_settings_have_defaults_from_the_site() -> None:
    """A project that says nothing can be printed."""
    assert print_settings(None, "Site", "Ann") == PrintSettings("Site", ("Ann",))
    assert print_settings(None, "Site", None) == PrintSettings("Site")


def test_settings_are_read() -> None:
    """A single author or pattern needs no list."""
    given = {"title": "T", "authors": "A", "date": 2017, "pages": "ps1/*", "paper": "letter"}
    assert print_settings(given, "Site", "Ann") == PrintSettings(
        "T", ("A",), "2017", ("ps1/*",), "letter"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"author": "A"}, "unknown setting 'author'; did you mean 'authors'?"),
        ({"paper": "A5"}, "paper: must be one of A4, letter, not 'A5'"),
        ({"solutions": "none"}, "solutions: must be one of open, closed, not 'none'"),
        ({"pages": [1]}, r"pages: must be a list of texts, not \[1\]"),
        ({"authors": 3}, "authors: must be a list of texts, not 3"),
        ("ps1", "must be a mapping"),
    ],
)
def test_a_wrong_setting_is_named(given: Any, message: str) -> None:
    """With what could have been meant."""
    with pytest.raises(SettingsError, match=message):
        print_settings(given, "Site", None)
