"""The plugin in its hosts, MkDocs and ProperDocs: their options, and other plugins beside it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from handout.math import fonts
from handout.render import outputs
from handout.run import kept
from handout.weave import pagemath, rich_output

JUPYTER = {"mkdocs-jupyter": {"execute": False}}
THEME = """<!doctype html>
<html lang="en"><head>
{% for css in config.extra_css %}<link rel="stylesheet" href="{{ css|url }}">{% endfor %}
</head><body>
{% for item in nav.pages %}<a href="{{ item.url|url }}">{{ item.title }}</a>{% endfor %}
{{ page.content }}
{% for js in config.extra_javascript %}<script src="{{ js|url }}"></script>{% endfor %}
</body></html>
"""
HOME = """\
# Home

The other page says [[verdict:sub/page.md#square]], this one [[verdict:sums]].

```python exec="on" id="sums"
print(40 + 2)
```
"""
PAGE = """\
# Page

The gradient is $2x$.

```python exec="on" id="square"
assert 3 ** 2 == 9
```
"""
BROKEN = '# Broken\n\n```python exec="on"\nx = 1\n1 / 0\n```\n'
CLAIMS = {("index.md", "sums"), ("sub/page.md", "square")}


@dataclass
class Handout:
    """A small site."""

    root: Path
    docs: Path
    logged: pytest.LogCaptureFixture

    def configure(self, *plugins: Any, **options: Any) -> None:
        """Write the site's configuration."""
        config = {
            "site_name": "A",
            "theme": {"name": None, "custom_dir": "theme"},
            "markdown_extensions": [{"pymdownx.arithmatex": {"generic": True}}],
            "plugins": list(plugins) or ["handout"],
            **options,
        }
        (self.root / "mkdocs.yml").write_text(yaml.safe_dump(config))

    def command(self, *options: str, host: str = "mkdocs") -> subprocess.CompletedProcess[str]:
        """Build the site with a host's command."""
        return subprocess.run(
            [sys.executable, "-m", host, "build", "-f", "mkdocs.yml", *options],
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            text=True,
            capture_output=True,
            timeout=300,
        )

    def build(self, dirty: bool = False) -> list[str]:
        """Build the site in this process, as MkDocs' command does; return its warnings.

        Problems are warnings here, so that other warnings show beside them.
        """
        self.logged.clear()
        config = load_config("mkdocs.yml")
        config.plugins["handout"].config["strict"] = False
        config.plugins.on_startup(command="build", dirty=dirty)
        try:
            build(config, dirty=dirty)
        finally:
            config.plugins.on_shutdown()
        said = [r.getMessage() for r in self.logged.records if r.levelno >= logging.WARNING]
        return [line for line in said if "'dirty' build" not in line]  # MkDocs says so itself

    def built(self, dirty: bool = False) -> Path:
        """Build; nothing may be wrong. Return the site's folder."""
        assert self.build(dirty) == []
        return self.root / "site"

    def claims(self) -> set[tuple[str, str]]:
        """The page and id of every verdict of the built site."""
        document = json.loads((self.root / "site/verdicts.json").read_text())
        return {(verdict["page"], verdict["id"]) for verdict in document["verdicts"]}


@pytest.fixture
def handout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Handout:
    """A site of two pages with three verdicts, and a badge from one page to the other."""
    made = Handout(tmp_path, tmp_path / "docs", caplog)
    (made.docs / "sub").mkdir(parents=True)
    (made.docs / "index.md").write_text(HOME)
    (made.docs / "sub/page.md").write_text(PAGE)
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme/main.html").write_text(THEME)
    made.configure()
    monkeypatch.chdir(tmp_path)
    return made


def dead_links(site: Path, below: str = "/") -> Iterator[str]:
    """The links, styles and scripts of a site that lead nowhere, in and between its pages.

    Args:
        site: its folder.
        below: the path under which it is served.
    """
    for file in site.rglob("*.html"):
        page = BeautifulSoup(file.read_text(), "html.parser")
        for tag in page.find_all(href=True) + page.find_all(src=True):
            link = urlsplit(str(tag.get("href") or tag.get("src")))
            if link.scheme or link.netloc:
                continue
            if link.path.startswith("/"):
                target = site / unquote(link.path.removeprefix(below)).lstrip("/")
                if not link.path.startswith(below):
                    yield f"{file}: {tag}"
            else:
                target = file.parent / unquote(link.path) if link.path else file
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{file}: {tag}"
            elif link.fragment and target.suffix == ".html":
                there = BeautifulSoup(target.read_text(), "html.parser")
                if there.find(id=link.fragment) is None:
                    yield f"{file}: {tag}"


def text_of(file: Path) -> str:
    """The text of a page."""
    return BeautifulSoup(file.read_text(), "html.parser").get_text(" ", strip=True)


# The hosts themselves


@pytest.mark.parametrize("host", ["mkdocs", "properdocs"])
def test_a_strict_build_passes_and_fails_with_the_verdicts(handout: Handout, host: str):
    """Status 0 and a whole site; status 1 with page and line once a cell raises."""
    done = handout.command("--strict", host=host)
    assert done.returncode == 0, done.stderr
    site = handout.root / "site"
    assert handout.claims() == CLAIMS
    assert "42" in text_of(site / "index.html")
    assert list(dead_links(site)) == []
    (handout.docs / "broken.md").write_text(BROKEN)
    done = handout.command("--strict", host=host)
    assert done.returncode == 1
    assert "docs/broken.md:5: cell-1: error, verified was expected: ZeroDiv" in done.stderr


def test_both_hosts_build_the_same_pages(handout: Handout):
    """The plugin puts the same bytes into them."""
    first = handout.built().rename(handout.root / "first")
    done = handout.command(host="properdocs")
    assert done.returncode == 0, done.stderr
    for name in ("index.html", "sub/page/index.html", "verdicts.json", "verdicts.svg"):
        assert (first / name).read_bytes() == (handout.root / "site" / name).read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timout": 3}, "unknown option 'timout'; did you mean 'timeout'?"),
        ({"jobs": -1}, "option 'jobs' must be a whole number from 0, not -1"),
    ],
)
def test_options_are_validated(handout: Handout, options: dict[str, Any], said: str):
    """An unknown option or a bad value stops the build."""
    handout.configure({"handout": options})
    with pytest.raises(Abort):
        handout.build()
    assert said in handout.logged.text


# Their options


def test_a_dirty_build_keeps_what_did_not_change(handout: Handout):
    """Pages that are not rendered anew keep their verdicts, and the fonts their glyphs."""
    site = handout.built()
    kept = {name: (site / name).read_bytes() for name in ("sub/page/index.html", "verdicts.json")}
    handout.docs.joinpath("index.md").write_text(HOME.replace("# Home", "# House of $y$"))
    handout.built(dirty=True)
    assert "House" in text_of(site / "index.html")
    assert {name: (site / name).read_bytes() for name in kept} == kept
    assert set("xy") <= fonts.held(site / fonts.FILE)
    assert list(dead_links(site)) == []


def test_formulas_are_set_anew_if_anything_they_depend_on_has_changed(
    handout: Handout, monkeypatch: pytest.MonkeyPatch
):
    """And not otherwise."""
    page = handout.docs / "sub/page.md"

    def shown() -> str:
        return (handout.built() / "sub/page/index.html").read_text()

    def refused(*_: object) -> None:
        raise AssertionError("formulas are set anew")

    page.write_text(PAGE.replace("$2x$", "$\\slope$"))
    handout.configure({"handout": {"macros": {"slope": "2x"}}})
    first = shown()
    with monkeypatch.context() as patch:
        patch.setattr(pagemath, "to_mathml_page", refused)
        assert shown() == first
    handout.configure({"handout": {"macros": {"slope": "3y"}}})
    assert (macro := shown()) != first
    page.write_text(PAGE.replace("$2x$", "$\\slope + 1$"))
    assert (formula := shown()) != macro
    with monkeypatch.context() as patch:  # another version of the typesetter sets it otherwise
        patch.setattr(kept, "making", lambda: "another")
        patch.setattr(pagemath, "plain_of", lambda mathml: "otherwise")
        assert "otherwise" in shown()
        handout.configure({"handout": {"macros": {"slope": "3y"}, "mathml": False}})
        assert "<math" not in shown()
    handout.configure({"handout": {"macros": {"slope": "3y"}}})
    for file in (handout.root / ".cache/handout/pages").glob("*.json"):  # by somebody else
        file.write_bytes(file.read_bytes().replace(b"gradient", b"falsehood"))
    assert shown() == formula


def test_drawings_and_tables_are_made_safe_anew_if_they_have_changed(
    handout: Handout, monkeypatch: pytest.MonkeyPatch
):
    """And not otherwise; what is kept is nobody else's, and of no other version."""
    page = handout.docs / "sub/page.md"
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><text>{}</text><script/></svg>'
    cell = """```python exec="on" id="square"
class Shown:
    def __init__(self, kind, data): self.kind, self.data = kind, data
    def _repr_mimebundle_(self, **options): return {{self.kind: self.data}}
display(Shown("image/svg+xml", {!r}), Shown("text/html", "<b onclick=x>{}</b>"))
```
"""

    def shown() -> str:
        return (handout.built() / "sub/page/index.html").read_text()

    def refused(*_: object) -> str:
        raise AssertionError("something is made safe anew")

    page.write_text("# Page\n\n" + cell.format(drawing.format("one"), "first"))
    first = shown()
    assert "<text>one</text></svg>" in first
    assert "<b>first</b>" in first
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "sanitise", refused)
        patch.setattr(rich_output, "sanitise_html", refused)
        assert shown() == first
        patch.setattr(kept, "making", lambda: "another")
        with pytest.raises(AssertionError, match="made safe anew"):
            handout.built()
    page.write_text("# Page\n\n" + cell.format(drawing.format("two"), "second"))
    second = shown()
    assert "<text>two</text></svg>" in second
    assert "<b>second</b>" in second
    for file in (handout.root / ".cache/handout/pages").glob("*.json"):  # by somebody else
        file.write_bytes(file.read_bytes().replace(b"<text>two", b"<script>two"))
    assert shown() == second


def test_pages_may_be_files_rather_than_folders(handout: Handout):
    """`use_directory_urls: false`."""
    handout.configure(use_directory_urls=False)
    site = handout.built()
    assert (site / "sub/page.html").is_file()
    assert list(dead_links(site)) == []


def test_a_site_may_live_under_a_path(handout: Handout):
    """All links are relative, or start with the path."""
    (handout.root / "theme/404.html").write_text(THEME.replace("{{ page.content }}", "Not found"))
    theme = {"name": None, "custom_dir": "theme", "static_templates": ["404.html"]}
    handout.configure(theme=theme, site_url="https://example.org/courses/ml/")
    site = handout.built()
    assert "/courses/ml/assets/handout/handout.css" in (site / "404.html").read_text()
    assert list(dead_links(site, "/courses/ml/")) == []


def test_docs_may_be_in_another_folder(handout: Handout):
    """Verdicts name pages from there, problems name files from where the build runs."""
    handout.docs.rename(handout.root / "lecture notes")
    handout.configure(docs_dir="lecture notes")
    handout.built()
    assert handout.claims() == CLAIMS
    (handout.root / "lecture notes/broken.md").write_text(BROKEN)
    (warning,) = handout.build()
    assert warning.startswith("lecture notes/broken.md:5: cell-1")


def test_excluded_pages_do_not_run_and_pages_outside_the_navigation_do(handout: Handout):
    """`exclude_docs`, `draft_docs` and `not_in_nav`."""
    for name in ("broken.md", "draft.md"):
        (handout.docs / name).write_text(BROKEN)
    handout.configure(
        exclude_docs="broken.md\n",
        draft_docs="draft.md\n",
        not_in_nav="sub/\n",
        nav=["index.md"],
        validation={"nav": {"omitted_files": "warn"}},
    )
    handout.built()
    assert handout.claims() == CLAIMS


def test_drafts_run_where_they_are_shown(handout: Handout):
    """`mkdocs serve` shows drafts, and a build does not."""
    (handout.docs / "draft.md").write_text('# Draft\n\n```python exec="on"\nprint(6 * 7)\n```\n')
    handout.configure(draft_docs="draft.md\n", plugins=["handout"])
    config = load_config("mkdocs.yml")
    config.plugins.on_startup(command="serve", dirty=False)
    build(config, serve_url="http://127.0.0.1/")
    config.plugins.on_shutdown()
    assert "42" in text_of(handout.root / "site/draft/index.html")
    assert ("draft.md", "cell-1") in handout.claims()


# Other plugins


@pytest.mark.parametrize("search", ["search", "material/search"])
def test_search_finds_the_prose(handout: Handout, search: str):
    """And not the verdicts, if it can leave out what it is asked to; formulas in words alone."""
    handout.configure(search, "handout", **({"theme": "material"} if "/" in search else {}))
    site = handout.built()
    index = json.loads((site / "search/search_index.json").read_text())
    found = " ".join(document["text"] for document in index["docs"])
    assert "The other page says" in found
    assert ("of code ran" in found) == (search == "search")
    assert "The gradient is 2x" in found
    assert "2 x" not in found
    assert "<math" in (site / "sub/page/index.html").read_text()


def test_beside_mkdocstrings(handout: Handout):
    """Reference pages and cells on one page."""
    page = handout.docs / "sub/page.md"
    page.write_text(f"{PAGE}\n::: handout.printed\n")
    (handout.root / "printed.py").write_text('def f(x: int) -> int:\n    """Twice ``x``."""\n')
    page.write_text(PAGE + "\n::: printed.f\n")
    strings = {"mkdocstrings": {"handlers": {"python": {"paths": ["."]}}}}
    handout.configure("handout", strings)
    site = handout.built()
    assert handout.claims() == CLAIMS
    assert "Twice" in text_of(site / "sub/page/index.html")
    assert list(dead_links(site)) == []


def test_docstrings_are_claims(handout: Handout):
    """What a page asks for is run and tested; a wrong formula in a docstring is a problem."""
    documented = (
        "class Twice:\n"
        '    r"""Two times something.\n\n    $$y = 2 x$$\n\n    Examples:\n'
        "        >>> from edf import Input\n        >>> x = Input(shape=())\n"
        "        >>> y = 2 * x\n        >>> print(1 + 2)\n        3\n    " + '"""\n'
    )
    (handout.root / "documented.py").write_text(documented)
    (handout.docs / "sub/page.md").write_text("# Page\n\n[[docstrings:documented]]\n")
    (handout.docs / "index.md").write_text("# Home\n")
    options = {"paths": ["."], "options": {"show_source": False}}
    strings = {"mkdocstrings": {"handlers": {"python": options}}}
    handout.configure("handout", strings)
    site = handout.built()
    assert handout.claims() == {("sub/page.md", name) for name in ("Twice-example", "Twice")}
    text = text_of(site / "sub/page/index.html")
    assert text.count("Two times something.") == 1
    assert "3" in text
    (handout.root / "documented.py").write_text(documented.replace("2 x$$", "3 x$$"))
    handout.build()
    assert "page.md:3: Twice: refuted" in handout.logged.text


@pytest.mark.parametrize("plugins", [("handout", JUPYTER), (JUPYTER, "handout"), ("handout",)])
def test_a_notebook_is_run_once(handout: Handout, plugins: tuple[Any, ...]):
    """By us, in whichever order the plugins are named, and with mkdocs-jupyter or without it."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A notebook"),
            nbformat.v4.new_code_cell("open('runs', 'a').write('x')\n6 * 7", id="a"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
    )
    nbformat.write(notebook, handout.docs / "book.ipynb")
    handout.configure(*plugins)
    site = handout.built()
    assert ("book.ipynb", "cell-1") in handout.claims()
    assert "42" in text_of(site / "book/index.html")
    assert (site / "book/book.ipynb").is_file()
    assert (handout.docs / "runs").read_text() == "x"


def test_what_mkdocs_jupyter_shows_and_nobody_tests_is_told(handout: Handout):
    """A claim in a script that it shows; a notebook that i18n lets MkDocs copy as it is."""
    nbformat.write(nbformat.v4.new_notebook(), handout.docs / "book.ipynb")
    script = "# %% [markdown]\n# # A script\n#\n# <!-- claim: bad -->\n# $$\n# 1 = 2\n# $$\n"
    (handout.docs / "script.py").write_text(script)
    languages = [{"locale": "en", "name": "English", "default": True}]
    for plugins, told in (
        ([], "docs/script.py:4: bad: is in a script that mkdocs-jupyter shows as a notebook"),
        ([{"i18n": {"languages": languages}}], "docs/book.ipynb:1: this notebook is not shown"),
    ):
        handout.configure("handout", JUPYTER, *plugins)
        [said] = handout.build()
        assert said.startswith(told)


def test_beside_awesome_nav(handout: Handout):
    """Another plugin may order the pages."""
    (handout.docs / ".nav.yml").write_text("nav:\n  - sub/page.md\n  - index.md\n")
    handout.configure("awesome-nav", "handout")
    site = handout.built()
    assert handout.claims() == CLAIMS
    first = BeautifulSoup((site / "index.html").read_text(), "html.parser").find("a")
    assert first is not None
    assert first.get("href") == "sub/page/"


def test_beside_print_site(handout: Handout):
    """The page for printing has every output and every verdict, and formulas that are set."""
    handout.configure("handout", "print-site", theme="mkdocs")
    site = handout.built()
    page = BeautifulSoup((site / "print_page/index.html").read_text(), "html.parser")
    assert "42" in page.get_text()
    assert len(page.select(".verdict-badge")) == 2
    assert page.find("math") is not None
    assert "[[verdict" not in page.get_text()
