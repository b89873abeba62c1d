"""The pages of a built site as one document for paper.

What a screen needs goes (permanent links, folded cards, tabs); what paper needs comes: a title
block, one numbering, verdicts as notes in the margin, references that stay inside the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag

from handout.page.options import listed, suggestion
from handout.settings import SettingsError

_LINE = 80  # characters of authors that a line of the title block holds
_PAPERS = {"A4": "210mm", "letter": "8.5in"}  # and how wide they are
_SOLUTIONS = ("open", "closed")
_DROPPED = (
    ".headerlink, .verdict-count, .verdict-filters, .untested, .notebook-download, "
    ".md-content__button, .math-words, .highlight:has(> .code-folded), script, style, input"
)
_CELL_PARTS = {"cell-outputs", "verdicts", "handout-figure"}  # what stands between claim and card
_REFERRING = ("aria-labelledby", "aria-describedby", "for", "headers")
_SEPARATOR = "\u00a0· "  # between the parts of a card's head: in the margin, each has a line
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_NUMBERED = re.compile(r"^\W*(?:[^\W\d]+\W+)?\d")  # "Problem 2: ...", "2. ..."


@dataclass(frozen=True)
class PrintSettings:
    """What `mkdocs.yml` says of the printed handout, under `extra: pdf:`.

    Attributes:
        title: Of the title block; the site's name by default.
        authors: Their names; the site's author by default.
        date: As it is to be printed; none by default, so that a reprint is the same.
        pages: Patterns such as `ps1/*`, of pages among the documents; by default the first section
            of the navigation, without the home page.
        paper: `A4` or `letter`.
        solutions: Whether folded blocks of the kind `??? solution` are printed `open` or `closed`.
    """

    title: str
    authors: tuple[str, ...] = ()
    date: str = ""
    pages: tuple[str, ...] = ()
    paper: str = "A4"
    solutions: str = "open"


@dataclass(frozen=True)
class PrintPage:
    """One page of the site."""

    source: str  # its path among the documents, such as ps1/problem-1.md
    url: str  # its address, relative to the site's root
    title: str
    content: str  # HTML, without the theme


def print_settings(given: Any, site_name: str, site_author: str | None) -> PrintSettings:
    """Validate the settings.

    Args:
        given: what stands under `extra: pdf:`, or None.
        site_name: of the site.
        site_author: of the site, if it names one.

    Raises:
        SettingsError: for an unknown setting, or a value of the wrong type.
    """
    defaults: dict[str, Any] = {
        "title": site_name,
        "authors": (site_author,) if site_author else (),
    }
    if given is None:
        return PrintSettings(**defaults)
    if not isinstance(given, Mapping):
        raise SettingsError(f"extra: pdf: must be a mapping such as 'title: ...', not {given!r}")
    known = PrintSettings.__dataclass_fields__
    choices = {"paper": _PAPERS, "solutions": _SOLUTIONS}
    read: dict[str, Any] = dict(defaults)
    for name, value in given.items():
        if name not in known:
            raise SettingsError(
                f"extra: pdf: unknown setting {name!r}{suggestion(str(name), known)}"
            )
        if name in ("authors", "pages"):
            entries = [value] if isinstance(value, str) else value
            if not isinstance(entries, list) or not all(isinstance(e, str) for e in entries):
                raise SettingsError(f"extra: pdf: {name}: must be a list of texts, not {value!r}")
            read[name] = tuple(entries)
        elif name in choices and value not in choices[name]:
            raise SettingsError(
                f"extra: pdf: {name}: must be one of {listed(choices[name])}, not {value!r}"
            )
        else:
            read[name] = str(value)
    return PrintSettings(**read)


def document(
    settings: PrintSettings, pages: Sequence[PrintPage], summary: str, address: str = ""
) -> str:
    """The document, as HTML that refers to files of the site's root.

    Args:
        settings: of the title block and the paper.
        pages: in the order in which they are printed.
        summary: how many claims were tested, and how they fared.
        address: of the published site, to which links to other pages lead; without one they are
            plain text.
    """
    places = {page.url: f"p{number}" for number, page in enumerate(pages, 1)}
    articles = "".join(
        _article(page, number, places, address, settings.solutions)
        for number, page in enumerate(pages, 1)
    )
    style = files("handout").joinpath("assets", "print.css").read_text("utf-8")
    script = files("handout").joinpath("assets", "print.js").read_text("utf-8")
    between = " · " if len("".join(settings.authors)) < _LINE else "<br>"
    authors = between.join(f"<span>{escape(author)}</span>" for author in settings.authors)
    lines = {"authors": authors, "date": escape(settings.date), "tested": escape(summary)}
    title_block = "".join(f'<p class="{name}">{line}</p>' for name, line in lines.items() if line)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(settings.title)}</title>"
        f'<meta name="author" content="{escape(", ".join(settings.authors))}">'
        f"<style>{_fonts()}{_page_rules(settings)}{style}</style></head><body>"
        f"<header><h1>{escape(settings.title)}</h1>{title_block}</header>"
        f"<main>{articles}</main><script>{script}</script></body></html>"
    )


def _article(
    page: PrintPage, number: int, places: Mapping[str, str], address: str, solutions: str
) -> str:
    soup = BeautifulSoup(page.content, "html.parser")
    for element in soup.select(_DROPPED):
        element.decompose()
    for wrapper in soup.select('a[id^="__codelineno"], a[id^="__span"], .live-cell'):
        wrapper.unwrap()
    for folded in soup.select("details:not(.verdict)"):
        if solutions == "closed" and "solution" in (folded.get("class") or ()):
            _close(folded)
        else:
            folded["open"] = ""
    for tabs in soup.select(".tabbed-set"):
        _unroll(tabs)
    for badge in soup.select(".verdict-badge"):
        badge.name = "span"
        del badge["href"], badge["title"]
    for cards in soup.select("ul.verdicts"):
        claim = _beside_its_claim(cards)
        claim.insert_before(_note(soup, cards))
        if "math-display" in (claim.get("class") or ()):
            _keep_together(soup, claim)
        cards.decompose()
    for words in soup.select("p, blockquote"):
        if _announces(words):
            words["class"] = " ".join((*(words.get("class") or ()), "announces"))
    for drawing in soup.select(".cell-picture svg *"):
        for name, value in drawing.attrs.items():
            drawing[name] = _COLOUR.sub(_grey, str(value)) if "#" in value else value
    _number(soup, page, number)
    _relink(soup, page, places, address)
    return f'<article id="{places[page.url]}">{soup}</article>'


def _close(solution: Tag) -> None:
    """Leave the title of a solution and nothing else: no text that a copy would bring to light."""
    for part in list(solution.children):
        if not (isinstance(part, Tag) and part.name == "summary"):
            part.extract()


def _unroll(tabs: Tag) -> None:
    """Tabs one after the other, each below its title."""
    titles = [label.get_text() for label in tabs.select(":scope > .tabbed-labels > label")]
    blocks = tabs.select(":scope > .tabbed-content > .tabbed-block")
    for title, block in zip(titles, blocks, strict=True):
        line = Tag(name="p", attrs={"class": "tab-title"})
        line.string = title
        block.insert(0, line)
    for labels in tabs.select(":scope > .tabbed-labels"):
        labels.decompose()


def _beside_its_claim(cards: Tag) -> Tag:
    """What the cards are about: the formula or the code that stands above them."""
    place = cards.find_parent(class_="cell-outputs") or cards
    while (before := place.find_previous_sibling()) is not None:
        place = before
        classes = set(place.get("class") or ())
        is_target = not place.contents  # of links to a verdict that has no card
        if not is_target and not classes & _CELL_PARTS:
            return place if classes & {"math-display", "highlight"} else cards
    return cards


def _keep_together(soup: BeautifulSoup, formula: Tag) -> None:
    """Let a formula and the note before it share their page."""
    note = formula.find_previous_sibling("aside")
    if isinstance(note, Tag):
        claim = note.wrap(soup.new_tag("div", attrs={"class": "claim"}))
        claim.append(formula)


def _note(soup: BeautifulSoup, cards: Tag) -> Tag:
    """The cards of one claim as a note: verdict, where it fails, and what would mend it."""
    label = str(cards.get("aria-label", "Verdicts"))
    note = soup.new_tag("aside", attrs={"class": "note", "aria-label": label})
    for card in cards.select("details.verdict"):
        line = soup.new_tag("p")
        summary = card.find("summary")
        if isinstance(summary, Tag):
            for text in summary.find_all(string=re.compile(_SEPARATOR)):
                *parts, last = text.split(_SEPARATOR)
                for part in parts:
                    text.insert_before(part, soup.new_tag("br"))
                text.replace_with(last)
            line.extend(list(summary.contents))
        note.append(line)
    return note


def _announces(words: Tag) -> bool:
    """Whether a text says what comes next, so that no page should end between the two."""
    if words.find_parent(["aside", "blockquote"]):
        return False
    after = words.find_next_sibling()
    claims = isinstance(after, Tag) and bool({"claim", "claimed"} & set(after.get("class") or ()))
    said = words.get_text().rstrip().rstrip('"”')
    return said.endswith((":", ",")) or (words.name == "blockquote" and claims)


def _number(soup: BeautifulSoup, page: PrintPage, number: int) -> None:
    """One outline for all pages: the title block has level 1, and each page's title a number."""
    if soup.find("h1") is None:
        title = soup.new_tag("h1")
        title.string = page.title
        soup.insert(0, title)
    first = soup.find("h1")
    if isinstance(first, Tag) and not _NUMBERED.match(first.get_text()):
        first.insert(0, f"{number}. ")
    for level in range(5, 0, -1):
        for heading in soup.find_all(f"h{level}"):
            heading.name = f"h{level + 1}"


def _relink(soup: BeautifulSoup, page: PrintPage, places: Mapping[str, str], address: str) -> None:
    """Make ids unique in the document, and addresses lead where they lead from the page."""
    prefix = f"{places[page.url]}-"
    for element in soup.find_all(True):
        for name, value in list(element.attrs.items()):
            text = " ".join(value) if isinstance(value, list) else str(value)
            if name == "id":
                element[name] = prefix + text
            elif name in _REFERRING:
                element[name] = " ".join(prefix + key for key in text.split())
            elif name == "src":
                element[name] = text if urlsplit(text).scheme else urljoin(page.url, text)
            elif name in ("href", "xlink:href"):
                _lead(element, name, text, page, places, address)
            elif "url(#" in text:
                element[name] = text.replace("url(#", f"url(#{prefix}")


def _lead(
    element: Tag, name: str, href: str, page: PrintPage, places: Mapping[str, str], address: str
) -> None:
    """Make one address lead to a place in the document, or into the published site."""
    if urlsplit(href).scheme:
        return
    target, _, fragment = urljoin(page.url, href).partition("#")
    if href.startswith("#"):
        target = page.url
    if target in places:
        element[name] = f"#{places[target]}" + (f"-{fragment}" if fragment else "")
    elif address:
        element[name] = urljoin(address, target) + (f"#{fragment}" if fragment else "")
    else:
        del element[name]


def _grey(colour: re.Match[str]) -> str:
    """The grey that is as light as a colour."""
    red, green, blue = (int(colour[0][k : k + 2], 16) for k in (1, 3, 5))
    level = round(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return f"#{level:02x}{level:02x}{level:02x}"


def _page_rules(settings: PrintSettings) -> str:
    """Paper, running title and page numbers."""
    title = _css_string(settings.title)
    return (
        f"@page {{ size: {settings.paper}; margin: 20mm 18mm 22mm 18mm;"
        ' @bottom-center { content: counter(page) " / " counter(pages); font: 9pt Text, serif; }'
        f" @top-right {{ content: {title}; font: italic 9pt Text, serif; }} }}"
        " @page :first { @top-right { content: none; } }"
        # As wide on the screen, so that what is measured there is true on paper.
        f" html {{ width: calc({_PAPERS[settings.paper]} - 36mm); }}"
    )


def _css_string(text: str) -> str:
    """A string of CSS; what could end it, or the element around it, is written as a number."""
    return '"' + re.sub(r'["\\<>\n\r\f]', lambda c: f"\\{ord(c[0]):x} ", text) + '"'


def _fonts() -> str:
    """The faces of text and code, from files that are installed: the same paper everywhere."""
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        return ""
    folder = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    return "".join(_face(*face, folder) for face in _faces())


def _faces() -> Iterable[tuple[str, str, str, str]]:
    yield "Text", "STIXGeneral.ttf", "normal", "normal"
    yield "Text", "STIXGeneralItalic.ttf", "normal", "italic"
    yield "Text", "STIXGeneralBol.ttf", "bold", "normal"
    yield "Text", "STIXGeneralBolIta.ttf", "bold", "italic"
    yield "Code", "DejaVuSansMono.ttf", "normal", "normal"
    yield "Code", "DejaVuSansMono-Bold.ttf", "bold", "normal"
    yield "Code", "DejaVuSansMono-Oblique.ttf", "normal", "italic"


def _face(family: str, file: str, weight: str, style: str, folder: Path) -> str:
    return (
        f"@font-face {{ font-family: {family}; font-weight: {weight}; font-style: {style};"
        f" src: url({_css_string((folder / file).as_uri())}); }}\n"
    )
