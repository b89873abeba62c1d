"""Woven pages: any generator that renders Markdown shows what they claim, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from markdown import Markdown
from markdown_it import MarkdownIt
from tests.handout.hosts.small_site import CLAIMS, EXTENSIONS, TITLE, Site, body, raw

from handout.hosts.documents import Files, HostError
from handout.hosts.weaving import WOVEN, Draft, WovenSite, weave_site
from handout.weave.extension import UntestedError
from handout.weave.woven import Woven

PAGE = f"""\
---
title: The page of $y^3$
---

{TITLE}{body()}
* In a list, $a_1 * b_1$ and $a_2 * b_2$:

    $$
    c < d
    $$

> Quoted:
>
> $$
> e_1 \\\\
> e_2
> $$

Code: `$f$`, and

    $ a command costs $5

[[claim:jacobian]]

[[verdicts]]
"""


def woven(site: Site, html: bool = False) -> tuple[WovenSite, Path]:
    """The pages of a site, woven."""
    site.write("docs/page.md", PAGE)
    site.write("docs/data.csv", "1, 2\n")
    site.configure("search", "handout", markdown_extensions=["handout", *EXTENSIONS])
    folder = site.root / ("html" if html else "tokens")
    return weave_site(site.root / "mkdocs.yml", folder, html), folder


def rendered(folder: Path, name: str) -> BeautifulSoup:
    """A page as Python-Markdown makes it by itself, with nothing but our extension."""
    extensions = ["meta", "handout", "pymdownx.superfences", "pymdownx.arithmatex"]
    options = {
        "handout": {"woven": str(folder / WOVEN)},
        "pymdownx.arithmatex": {"generic": True},
    }
    markdown = Markdown(extensions=extensions, extension_configs=options)
    return BeautifulSoup(markdown.convert((folder / name).read_text("utf-8")), "html.parser")


def shown(page: Tag) -> tuple[str, list[str], list[str]]:
    """The words of a page, its formulas, and where its badges lead."""
    formulas = [formula.get_text() for formula in page.select("math")]
    badges = [str(link["href"]) for link in page.select("a.verdict-badge")]
    return "".join(page.get_text().split()), formulas, badges


def test_a_plain_render_shows_everything(site: Site) -> None:
    """By Python-Markdown with our extension, and without it or by CommonMark where HTML stands."""
    built, folder = woven(site)
    assert not built.problems.new
    told = json.loads((folder / "verdicts.json").read_text("utf-8"))["verdicts"]
    assert {v["id"]: v["status"] for v in told} == dict.fromkeys(CLAIMS, "verified")
    assert (folder / "data.csv").read_text() == "1, 2\n"
    assert (folder / "assets/handout/stix-two-math.woff2").is_file()
    page = rendered(folder, "page.md")
    words, formulas, badges = shown(page)
    assert {"y3", "a1∗b1", "c<d", "x2"} <= {formula.replace(" ", "") for formula in formulas}
    assert page.select_one("#verdict-jacobian") is not None
    assert page.select_one("h1 + .verdict-count") is not None
    assert page.select_one("figure.handout-figure svg") is not None
    assert badges.count("#verdict-jacobian") >= 2
    assert "$f$" in page.get_text()
    site.write("rendered/page.html", str(page))
    assert raw(site.root / "rendered") == {}
    assert 'title: "The page of y³"' in (folder / "page.md").read_text("utf-8")
    assert shown(rendered(folder, "index.md"))[2] == ["page/#verdict-jacobian"]

    _, other = woven(site, html=True)
    text = (other / "page.md").read_text("utf-8").partition("---\n\n")[2]
    plain = Markdown(extensions=["pymdownx.superfences"]).convert(text)
    for html in (plain, MarkdownIt("commonmark", {"html": True}).render(text)):
        assert shown(BeautifulSoup(html, "html.parser")) == (words, formulas, badges)


def test_what_is_wrong_is_told_whoever_renders(site: Site) -> None:
    """A refuted claim, a formula that cannot be set and a lost badge are known without a render."""
    site.write(
        "docs/index.md",
        "# Home\n\n<!-- claim: wrong -->\n$$\n1 + 1 = 3\n$$\n\n$\\bogus$ and `$\\bogus$`\n\n"
        "[[verdict:none]] and `[[verdict:other]]`\n",
    )
    for html in (False, True):
        built, _ = woven(site, html)
        said = sorted((p.line, p.code, p.subject) for p in built.problems.new)
        assert said == [
            (3, "H401", "wrong"),
            (8, "H602", "\\bogus"),
            (10, "H601", "[[verdict:none]]"),
        ]


def test_only_what_changed_is_written_with_another_name(site: Site) -> None:
    """A page's last line changes with its text, with a verdict that it shows, and with no other."""
    _, folder = woven(site)
    ends = {n: (folder / n).read_text("utf-8").split()[-2] for n in ("index.md", "page.md")}
    names = {path.name for path in (folder / WOVEN).iterdir()}
    woven(site)
    assert {path.name for path in (folder / WOVEN).iterdir()} == names
    site.write("docs/page.md", "")
    wrong = PAGE.replace("- P_j", "+ P_j")
    other = PAGE.replace("heatmaps(", "print(1); heatmaps(")
    for text, alike in ((wrong, False), (other, True)):
        site.write("docs/page.md", text)
        weave_site(site.root / "mkdocs.yml", folder)
        now = {n: (folder / n).read_text("utf-8").split()[-2] for n in ends}
        assert now["page.md"] != ends["page.md"]
        assert (now["index.md"] == ends["index.md"]) is alike


WAITING = """\
```python exec="on"
import os, time
while not os.path.exists("woven"):
    time.sleep(0.01)
```
"""


def test_nothing_waits_for_a_page_that_runs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other pages are woven meanwhile, and Markdown is loaded, once; where nothing runs, never."""
    order: list[str] = []
    loaded: set[bool] = set()
    weave = WovenSite.weave

    def noted(built: WovenSite, draft: Draft, files: Files) -> Woven:
        name = draft.file.src_uri
        order.append(name)
        loaded.add("_skeleton" in vars(built))
        if name == "page.md":
            site.write("docs/woven", "")
        return weave(built, draft, files)

    monkeypatch.setattr(WovenSite, "weave", noted)
    site.write("docs/index.md", "# Home\n\n[[verdicts]]\n")  # which needs all pages
    site.write("docs/first.md", WAITING)
    site.write("docs/page.md", "A page.\n")
    site.configure("search", {"handout": {"timeout": 20}}, markdown_extensions=["handout"])
    for running, expected in (
        (True, ["page.md", "index.md", "first.md"]),
        (False, ["index.md", "first.md", "page.md"]),
    ):
        order.clear()
        loaded.clear()
        built = weave_site(site.root / "mkdocs.yml", site.root / "tokens")
        assert not built.problems.new
        assert order == expected
        assert loaded == {running}


def test_pages_are_refused_where_they_cannot_be_right(site: Site) -> None:
    """Over the author's own; without what was woven; with a formula that no HTML can replace."""
    _, folder = woven(site)
    with pytest.raises(HostError, match="apart from docs"):
        weave_site(site.root / "mkdocs.yml", site.root / "docs/woven")
    for file in (folder / WOVEN).iterdir():
        file.unlink()
    with pytest.raises(UntestedError, match="weave it again"):
        rendered(folder, "page.md")
    site.write("docs/index.md", "# Home\n\n<div>\n$x$\n</div>\n")
    with pytest.raises(HostError, match=r"index.md: x: stands where it cannot be replaced"):
        woven(site, html=True)
