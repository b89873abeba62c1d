"""Zensical as the host: the same pages and verdicts, from the same files."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from urllib.request import urlopen

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from tests.handout.hosts.small_site import CLAIMS, EXTENSIONS, THEME, TITLE, Site, body, everything
from tests.handout.processes import shows

pytest.importorskip("zensical")
pytestmark = pytest.mark.slow

SERVE = (sys.executable, "-m", "handout", "serve")
TOML = """\
[project]
site_name = "A site"
[project.plugins.handout]
[project.markdown_extensions]
pymdownx.superfences = {}
pymdownx.arithmatex.generic = true
"""
READING = '```python exec="on"\nprint(open("data.txt").read())\n```\n'
DRAWING = """\
```python exec="on"
open("drawn.svg", "w").write("<svg xmlns='http://www.w3.org/2000/svg'><!-- {} --></svg>")
open("late.md", "w").write("# A page\\n\\n<!-- claim: two -->\\n$$\\n1 + 1 = 2\\n$$\\n")
```
"""
NOTING = """\
from markdown import Extension
from markdown.preprocessors import Preprocessor

class Noting(Preprocessor):
    def run(self, lines):
        if "# Home" in lines:
            open("rendered.txt", "w").close()
        return lines

class NotingExtension(Extension):
    def extendMarkdown(self, md):
        md.preprocessors.register(Noting(md), "noting", 20)

def makeExtension(**options):
    return NotingExtension(**options)
"""
WAITING = """\
```python exec="on"
import os, time
while not os.path.exists("../rendered.txt"):
    time.sleep(0.01)
print("It was " + "rendered")
```
"""
FOOTER = (
    '{{% extends "base.html" %}}{{% block footer %}}{{{{ super() }}}}{} theme{{% endblock %}}\n'
)
BUILD = (sys.executable, "-m", "handout", "build", "--host", "zensical", "--strict")


def article(site: Site, name: str) -> Tag:
    """What a page shows, without what belongs to the theme."""
    page = BeautifulSoup((site.root / f"site/{name}").read_text("utf-8"), "html.parser")
    [found] = page.select("article")
    for part in found.select("#__skip, .md-content__button"):
        part.decompose()
    for part in found.select("[data-search-exclude]"):
        del part["data-search-exclude"]  # Zensical takes it away once it has read it
    for link in found.select("a[href^='./#']"):
        link["href"] = str(link["href"]).removeprefix("./")  # as MkDocs spells it
    for link in found.select("a[download]"):
        link["href"] = str(link["href"]).rpartition("/")[2]  # which is beside the page
    return found


def test_the_site_is_that_of_mkdocs(site: Site) -> None:
    """The verdicts to the byte, the text of every page, titles and search without raw LaTeX."""
    names = ("index.html", "page/index.html", "part/a/index.html", "part/book/index.html")
    links = "[[verdict:page.md#jacobian]] [[claim:page.md#jacobian]]\n\n[[verdicts]]\n"
    back = "[Back](../page.md#the-page-of-y3-verdictjacobian)\n"
    site.write("docs/part/a.md", f"# A\n\n{body('a')}\n{back}\n{links}")
    cells = [
        nbformat.v4.new_markdown_cell(
            "# Of $x$\n\n[The page](../page.md)\n<!-- claim: b -->\n$$\n1 + 1 = 2\n$$"
        ),
        nbformat.v4.new_code_cell('print("it " + "ran")'),
    ]
    site.write("docs/part/book.ipynb", nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    nav = ["index.md", {"The page of $y^3$": "page.md"}, {"Part": ["part/a.md", "part/book.ipynb"]}]
    site.configure("search", "handout", nav=nav, markdown_extensions=["handout", *EXTENSIONS])
    site.build()
    verdicts = (site.root / "site/verdicts.json").read_bytes()
    texts = {name: article(site, name).prettify().split() for name in names}
    said = site.run(*BUILD)
    assert "site/index.html: 8 verified" in said
    assert (site.root / "site/verdicts.json").read_bytes() == verdicts
    assert {name: article(site, name).prettify().split() for name in names} == texts
    everything(site)
    assert not (site.root / ".handout-zensical.yml").exists()
    page = BeautifulSoup((site.root / "site/page/index.html").read_text("utf-8"), "html.parser")
    for link in page.select("link[href*='assets/handout'], script[src*='assets/handout']"):
        address = str(link.get("href") or link.get("src"))
        assert (site.root / "site/page" / address).is_file()
    assert len(page.select("link[href*='assets/handout']")) == 2  # the style, and the font


def test_a_wrong_claim_fails_and_is_shown(site: Site) -> None:
    """Also where the host takes the page from its cache; what the site had before is gone."""
    site.configure("search", "handout", markdown_extensions=["handout", *EXTENSIONS])
    right = (site.root / "docs/page.md").read_text("utf-8")
    site.write("docs/gone.md", "# Gone\n")
    site.run(*BUILD)
    assert (site.root / "site/gone/index.html").is_file()
    (site.root / "docs/gone.md").unlink()
    site.write("docs/page.md", right.replace("- P_j", "+ P_j"))
    line = right[: right.index("```math")].count("\n") + 1
    for _ in range(2):
        said = site.run(*BUILD, status=1)
        assert f"docs/page.md:{line}: jacobian: refuted, verified was expected" in said
        assert article(site, "page/index.html").select_one(".verdict-refuted") is not None
        assert article(site, "index.html").select_one("a.verdict-refuted") is not None
    assert not (site.root / "site/gone").exists()
    said = site.run(sys.executable, "-m", "zensical", "build", status=1)  # by itself
    assert "does not test what the page claims" in said


def test_notebooks_and_navigation(site: Site) -> None:
    """A page by another ending is one like others; what Zensical passes over is told."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A notebook\n\n<!-- claim: two -->\n$$\n1 + 1 = 2\n$$"),
            nbformat.v4.new_code_cell('print("it " + "ran")'),
        ]
    )
    site.write("docs/notebook.ipynb", nbformat.writes(notebook))
    site.write(
        "docs/index.md", "# Home\n\n[It](notebook.ipynb#a-notebook) [Old](old.markdown#old)\n"
    )
    site.write("docs/old.markdown", "# Old\n\n<!-- claim: one -->\n$$\n1 + 0 = 1\n$$\n")
    nav = ["index.md", "notebook.ipynb", "old.markdown", "page.md"]
    site.configure("search", "handout", "redirects", "git-revision-date", nav=nav)
    said = site.run(*BUILD)
    assert "mkdocs.yml: Zensical ignores plugins: git-revision-date\n" in said
    assert set(site.claims("old.markdown").values()) == {"verified"}
    assert set(site.claims("notebook.ipynb").values()) == {"verified"}
    shown = article(site, "notebook/index.html")
    assert "it ran" in shown.get_text()
    assert shown.select_one("a[download]") is not None
    assert (site.root / "site/notebook/notebook.ipynb").is_file()
    links = [link["href"] for link in article(site, "index.html").select("p a[href]")]
    assert links == ["notebook/#a-notebook", "old/#old"]
    assert set(site.claims("page.md")) == CLAIMS
    site.configure("search", "handout", nav=[*nav, "none.md"])
    said = site.run(*BUILD, status=1)
    assert "mkdocs.yml: the navigation lists none.md, which is no page" in said


def test_what_zensical_includes_is_not_passed_over(site: Site) -> None:
    """Its own include comes when a page is rendered, too late to be run: an error, every time."""
    site.write("docs/page.md", '# P\n\n{% include-markdown "part.txt" %}\n')
    site.write("docs/index.md", "# Home\n")
    site.write("docs/part.txt", "<!-- claim: wrong -->\n$$\n1 = 2\n$$\n")
    extensions = ["handout", *EXTENSIONS]
    site.configure("handout", "include-markdown", markdown_extensions=extensions)
    for _ in range(2):
        said = site.run(*BUILD, status=1)
        assert "page.md: wrong (1 in all): reaches the page where nothing can run it" in said
        assert "Traceback" not in said


def test_every_kind_of_edit_reaches_the_site(site: Site) -> None:
    """Of all that a page is made of, and of what belongs to the site; nothing is left of before.

    What comes of the edits is, byte by byte, what a first build gives.
    """
    extensions = ["handout", *EXTENSIONS, {"pymdownx.snippets": {"base_path": ["."]}}]
    documented = {"mkdocstrings": {"handlers": {"python": {"paths": ["."]}}}}
    theme = {**THEME, "custom_dir": "overrides"}
    cell = '```python exec="on"\n{}\n```\n'.format
    for name, text in {
        "words": "Some {} words.\n",
        "data": cell("print(open('data.txt').read())"),
        "module": cell("import helper\nprint(helper.WORD)"),
        "included": '--8<-- "part.txt"\n',
        "macro": "$\\word$\n\n$$\n\\word\n$$\n",
        "picture": "![A picture](picture.svg)\n",
        "api": "::: documented\n",
        "other": "[[verdict:page.md#jacobian]]\n",
        "gone": "It was here.\n",
    }.items():
        site.write(f"docs/{name}.md", f"# {name}\n\n{text}")

    def write(page: str, whole: str) -> None:
        """What single pages depend on, and what the whole site does."""
        site.write("docs/words.md", f"# Words\n\nSome {page} words.\n")
        site.write("docs/data.txt", f"{page} data")
        site.write("docs/helper.py", f"WORD = '{page} module'\n")
        site.write("part.txt", cell(f"print('{page}', 'part')"))
        site.write(
            "docs/picture.svg", f"<svg xmlns='http://www.w3.org/2000/svg'><!--{page}--></svg>"
        )
        os.utime(site.root / "docs/picture.svg", (1, 1))  # as if it were unpacked
        site.write("documented.py", f'"""The {page} docstring."""\n')
        site.write("overrides/main.html", FOOTER.format(whole))
        site.configure(
            "search",
            {"handout": {"macros": {"word": rf"\text{{{whole} macro}}"}}},
            documented,
            theme=theme,
            markdown_extensions=extensions,
            nav=["index.md", {f"{whole} entry": "words.md"}],
        )

    def shown(name: str) -> str:
        return (site.root / f"site/{name}").read_text("utf-8")

    def is_shown(page: str, whole: str) -> None:
        other = {"old": "new", "new": "old"}
        for name in ("words", "data", "module", "included", "api"):
            assert f"{page} " in article(site, f"{name}/index.html").get_text(), name
            assert f"{other[page]} " not in article(site, f"{name}/index.html").get_text(), name
        assert f"<!--{page}-->" in shown("picture.svg")
        assert f"{whole}\xa0macro" in article(site, "macro/index.html").get_text()
        assert f"{whole} entry" in shown("data/index.html")
        assert f"{whole} theme" in shown("data/index.html")

    write("old", "old")
    site.run(*BUILD)
    is_shown("old", "old")
    assert "It was here" in shown("gone/index.html")
    write("new", "old")
    (site.root / "docs/gone.md").unlink()
    text = (site.root / "docs/page.md").read_text("utf-8")
    site.write(
        "docs/page.md", text.replace('claim="jacobian"', 'claim="jacobian" expect="refuted"')
    )
    assert "jacobian: verified, refuted was expected" in site.run(*BUILD, status=1)
    is_shown("new", "old")
    assert not (site.root / "site/gone").exists()
    site.write("docs/page.md", text)
    write("new", "new")
    site.run(*BUILD)
    is_shown("new", "new")
    edited = contents(site)
    for made in (".cache", "site"):
        shutil.rmtree(site.root / made)
    site.run(*BUILD)
    assert contents(site) == edited


def test_nothing_is_rendered_where_nothing_has_changed(site: Site) -> None:
    """By the times of what Zensical writes anew; all that it reads besides documents is minded."""
    snippets = {"pymdownx.snippets": {"base_path": ["."], "auto_append": ["words.txt"]}}
    site.write("words.txt", "*[HTML]: old words\n")
    site.write("overrides/main.html", FOOTER.format("old"))
    site.write("docs/index.md", "# Home\n\nHTML, $x$ and [[verdict:page.md#jacobian]].\n")
    site.write("docs/data.txt", "1")
    site.write("docs/page.md", TITLE + body() + READING)
    theme = {**THEME, "custom_dir": "overrides"}

    def configure(name: str) -> None:
        extensions = ["handout", "abbr", *EXTENSIONS, snippets]
        site.configure("handout", site_name=name, theme=theme, markdown_extensions=extensions)

    def rendered() -> bool:
        file = site.root / ".cache/handout/zensical/site/index.html"
        before = file.stat().st_mtime_ns
        site.run(*BUILD)
        assert (site.root / "site/index.html").is_file()
        return file.stat().st_mtime_ns != before

    configure("Old")
    site.run(*BUILD)
    assert not rendered()
    first = contents(site)
    configure("New")
    assert rendered()
    site.write("overrides/main.html", FOOTER.format("new"))
    assert rendered()
    site.write("docs/data.txt", "2")
    assert rendered()
    (site.root / ".cache/handout/zensical/site/404.html").unlink()
    assert rendered()
    site.write("words.txt", "*[HTML]: new words\n")
    assert rendered()
    shown = (site.root / "site/index.html").read_text("utf-8")
    assert "new theme" in shown
    assert "New" in shown
    shutil.rmtree(site.root / "site")
    assert not rendered()
    configure("Old")
    site.write("overrides/main.html", FOOTER.format("old"))
    site.write("docs/data.txt", "1")
    site.write("words.txt", "*[HTML]: old words\n")
    assert rendered()
    assert not rendered()
    assert contents(site) == first


def test_what_zensical_finds_wrong_is_told_every_time(site: Site) -> None:
    """As it does itself; and so are a formula and a badge that show only once they are rendered."""
    site.configure("handout", markdown_extensions=["handout", *EXTENSIONS])
    for wrong, said in (
        ("[Nothing](none.md)", "none.md"),
        ("$\\bogus$", "docs/index.md:3: Unknown command"),
        ("[[verdict:none]]", "docs/index.md:3: [[verdict:none]]"),
    ):
        site.write("docs/index.md", f"# Home\n\n{wrong}\n")
        for _ in range(2):
            assert said in site.run(*BUILD, status=1)


def test_a_template_that_only_jinja_can_read_says_so(site: Site) -> None:
    """As themes other than Material's have; what Zensical says of its progress is no reason."""
    site.write("overrides/main.html", '{% extends "base.html" %}{% trans %}Search{% endtrans %}')
    site.write("docs/index.md", "# Home\n")
    site.configure("handout", theme={"name": "material", "custom_dir": "overrides"})
    said = site.run(*BUILD, status=1)
    assert "Zensical could not build the site: syntax error: unknown statement trans" in said
    assert "lacks parts of Jinja" in said
    assert "No issues found" not in said


def test_what_cells_write_is_on_the_site(site: Site) -> None:
    """At the first build already, and anew where it is another; a page is tested by the next."""
    site.write("docs/index.md", f"# Home\n\n![It](drawn.svg)\n\n{DRAWING.format('first')}")
    site.configure("handout", markdown_extensions=["handout", *EXTENSIONS])
    for number in ("first", "second"):
        site.write("docs/index.md", f"# Home\n\n![It](drawn.svg)\n\n{DRAWING.format(number)}")
        site.run(*BUILD)
        assert number in (site.root / "site/drawn.svg").read_text("utf-8")
        assert (site.root / "site/late/index.html").is_file() is (number == "second")
    assert site.claims("late.md") == {"two": "verified"}


def test_pages_are_rendered_while_others_run(site: Site) -> None:
    """A cell that waits for another page to be rendered does not wait in vain."""
    site.write("noting.py", NOTING)
    site.write("docs/index.md", "# Home\n")
    site.write("docs/page.md", f"# Page\n\n{WAITING}")
    extensions = ["handout", "noting", *EXTENSIONS]
    site.configure({"handout": {"timeout": 20}}, markdown_extensions=extensions)
    site.run(*BUILD)
    assert "It was rendered" in article(site, "page/index.html").get_text()


def contents(site: Site) -> dict[str, bytes]:
    """All files of the site that was built."""
    folder = site.root / "site"
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_new_handout_may_ask_for_it(site: Site) -> None:
    """Its own command then builds by Zensical, and installs it."""
    site.run(sys.executable, "-m", "handout", "new", "course", "--host", "zensical")
    assert "\nzensical\n" in (site.root / "course/requirements.txt").read_text("utf-8")
    said = site.run(sys.executable, "-m", "handout", "build", "--strict", folder="course")
    assert "all as expected" in said
    page = (site.root / "course/site/problem-1/index.html").read_text("utf-8")
    assert 'content="zensical' in page


def test_what_is_served_follows_edits(site: Site) -> None:
    """Of words, of a claim, of a page's being there; what changed is woven and rendered again.

    Its own configuration says all that `mkdocs.yml` does.
    """
    site.write("zensical.toml", TOML)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (site.root / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [*SERVE, "--address", address], cwd=site.root, stdout=log, stderr=log
        )
    page = site.root / "docs/page.md"
    text = page.read_text("utf-8")
    woven = site.root / ".cache/handout/zensical-served/docs"
    try:
        shows(f"http://{address}/page/", 'id="verdict-jacobian"')
        font = urlopen(f"http://{address}/assets/handout/stix-two-math.woff2").read()
        assert font[:4] == b"wOF2"
        index = (woven / "index.md").stat().st_mtime_ns
        page.write_text(text + "\nMore words.\n", "utf-8")
        shows(f"http://{address}/page/", "More words.")
        assert (woven / "index.md").stat().st_mtime_ns == index
        page.write_text(text.replace("- P_j", "+ P_j"), "utf-8")
        shows(f"http://{address}/page/", "verdict-refuted")
        shows(f"http://{address}/", "verdict-refuted")  # which shows that verdict
        site.write("docs/new.md", "# New\n\n<!-- claim: two -->\n$$\n1 + 1 = 2\n$$\n")
        shows(f"http://{address}/new/", 'id="verdict-two"')
    finally:
        process.terminate()
        process.wait(20)
    said = (site.root / "log.txt").read_text("utf-8")
    assert "jacobian: refuted, verified was expected" in said
    assert not list(site.root.glob(".handout-*"))
