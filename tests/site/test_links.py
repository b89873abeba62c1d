"""What can be said of every page by reading its HTML: links lead somewhere, headings nest."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

pytestmark = pytest.mark.slow


class Outline(HTMLParser):
    """Links, identifiers and headings of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.undescribed: list[str] = []
        self.formulas = 0
        self.text = ""  # but for code and scripts
        self.literal: list[str] = []  # elements that are open, whose text is not read
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        self.ids += [value for name in ("id",) if (value := given.get(name))]
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if tag == "img" and not given.get("alt"):
            self.undescribed.append(str(given))
        self.formulas += tag == "math"
        if tag in ("pre", "code", "script", "style"):
            self.literal.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.literal and tag == self.literal[-1]:
            self.literal.pop()

    def handle_data(self, data: str) -> None:
        if not self.literal:
            self.text += data


@pytest.fixture(scope="session")
def outlines(site: Path) -> dict[Path, Outline]:
    """Every page of the site."""
    return {path: Outline(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def test_the_site_builds_without_a_warning(root: Path, site: Path) -> None:
    """As `make site` asks: every verdict is the expected one, and nothing else is amiss."""
    said = (root / "build.log").read_text("utf-8").splitlines()
    assert [line for line in said if not line.startswith(("INFO", "DEBUG"))] == []
    report = json.loads((site / "verdicts.json").read_text("utf-8"))
    assert report["summary"]["unexpected"] == 0
    assert report["verdicts"]


def is_broken(site: Path, outlines: dict[Path, Outline], page: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or link.startswith("//"):
        return parts.scheme not in ("http", "https", "mailto", "data")
    path = urljoin("/" + page.relative_to(site).as_posix(), parts.path)
    target = site / unquote(path).lstrip("/")
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return True
    anchor = unquote(parts.fragment)
    return bool(anchor) and target in outlines and anchor not in (*outlines[target].ids, "__top")


def test_no_link_is_broken(site: Path, outlines: dict[Path, Outline]) -> None:
    """Every link, image, script and anchor of every page leads to something."""
    broken = {
        f"{page.relative_to(site)}: {link}"
        for page, outline in outlines.items()
        if page.name != "404.html"  # its links begin at the root of the host
        for link in outline.links
        if is_broken(site, outlines, page, link)
    }
    assert broken == set()


def test_404_page_links_from_the_root(site: Path, outlines: dict[Path, Outline]) -> None:
    """The page that any address may show has no link that depends on where it is shown."""
    page = next(path for path in outlines if path.name == "404.html")
    prefix = "/course/handout/"
    for link in outlines[page].links:
        parts = urlsplit(link)
        if parts.scheme or link.startswith("#"):
            continue
        assert link.startswith(prefix), link
        assert not is_broken(site, outlines, page, link.removeprefix("/course/handout"))


def test_identifiers_are_unique(outlines: dict[Path, Outline]) -> None:
    """No two elements of a page share an id: a link could mean either."""
    for page, outline in outlines.items():
        twice = {name for name in outline.ids if outline.ids.count(name) > 1}
        assert twice == set(), page


def test_headings_nest(site: Path, outlines: dict[Path, Outline]) -> None:
    """One first-level heading a page, and no level is skipped on the way down."""
    for page, outline in outlines.items():
        levels = outline.headings
        assert levels.count(1) == 1, page
        jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
        assert jumps == [], page


def test_images_are_described(outlines: dict[Path, Outline]) -> None:
    """Every image has a text alternative."""
    assert {page: o.undescribed for page, o in outlines.items() if o.undescribed} == {}


def test_every_formula_is_mathml(site: Path, outlines: dict[Path, Outline]) -> None:
    """No LaTeX is left in the text of any page, notebook or card."""
    for debris in ("\\(", "\\[", "$$", "[[eq:", "[[verdict"):
        assert [page for page, outline in outlines.items() if debris in outline.text] == []
    for mark in ('class="arithmatex"', 'class="math-error"'):
        assert [page for page in outlines if mark in page.read_text("utf-8")] == []
    for page in ("identities", "ps1/problem-1", "ps1/problem-2", "ps1/problem-3"):
        assert outlines[site / page / "index.html"].formulas > 3


def test_every_page_tells_how_it_fared(site: Path, outlines: dict[Path, Outline]) -> None:
    """The line under the title counts the verdicts that are in the report, code cells apart."""
    verdicts = json.loads((site / "verdicts.json").read_text("utf-8"))["verdicts"]
    claims = Counter(v["page"] for v in verdicts if v["kind"] != "code")
    cells = Counter(v["page"] for v in verdicts if v["kind"] == "code")
    assert min(claims["ps1/problem-3.ipynb"], cells["ps1/problem-3.ipynb"]) > 3
    for name in claims.keys() | cells.keys():
        address = name.rpartition(".")[0].removesuffix("index")
        text = outlines[site / address / "index.html"].text
        if count := claims[name]:
            assert f"{count} claim{'s' * (count > 1)} tested at this build: " in text
        if count := cells[name]:
            assert f"{count} cell{'s' * (count > 1)} of code ran" in text


def test_notebook_is_light_and_can_be_taken_along(site: Path) -> None:
    """Its page, with its graph and figures, has no more HTML than the sheet; the file is the
    author's."""
    folder = site / "ps1/problem-3"
    page = (folder / "index.html").read_text("utf-8")
    assert len(page.encode()) < (site / "identities/index.html").stat().st_size / 2
    assert 'href="problem-3.ipynb" download' in page
    original = Path(__file__).parents[2] / "docs/ps1/problem-3.ipynb"
    assert (folder / "problem-3.ipynb").read_bytes() == original.read_bytes()


def test_pages_tell_others_what_they_are(site: Path, outlines: dict[Path, Outline]) -> None:
    """A link to any page can be shown with title and description; its source can be edited."""
    for path in outlines:
        page = path.read_text("utf-8")
        assert '<meta property="og:title" content="' in page, path
        assert '<meta property="og:description" content="' in page, path
        if path.name != "404.html":
            address = f"http://127.0.0.1/course/handout/{path.relative_to(site).parent}/"
            assert f'og:url" content="{address.replace("/./", "/")}"' in page, path
            assert 'rel="edit"' in page, path


def test_every_file_can_be_read_by_a_web_server(site: Path) -> None:
    """Hosts refuse files that only their owner may read."""
    assert [p for p in site.rglob("*") if p.is_file() and not p.stat().st_mode & 0o004] == []


def test_no_address_is_a_placeholder(site: Path, outlines: dict[Path, Outline]) -> None:
    """What links to the site's own host or to its source leads where it was published."""
    for path, outline in outlines.items():
        assert [link for link in outline.links if "example." in link] == [], path
    addresses = re.findall(r"<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    assert len(addresses) > 5
    assert {urlsplit(a).netloc + urlsplit(a).path[:16] for a in addresses} == {
        "127.0.0.1/course/handout/"
    }
