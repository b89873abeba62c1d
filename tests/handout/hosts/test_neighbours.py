"""Other plugins beside ours: each with a page that has a cell, a claim, a figure and a badge."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from tests.handout.hosts.small_site import CLAIMS, TITLE, Site, body, everything, raw

pytestmark = pytest.mark.slow


MINIFY = {"minify": {"minify_html": True}}
IDLE = ["search", "tags", "macros", "include-markdown", "markdown-exec", "awesome-nav", MINIFY]


@pytest.mark.parametrize(
    "plugins",
    [[*IDLE, "handout"], ["handout", *reversed(IDLE)]],
    ids=["behind-others", "before-others"],
)
def test_beside(site: Site, plugins: list[Any]) -> None:
    """In either order, with nothing for the other plugins to do on our page."""
    site.configure(*plugins)
    site.build()
    everything(site)


def test_beside_git_revision_date(site: Site) -> None:
    """Also for a notebook, whose executed copy git does not know."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# A notebook"), nbformat.v4.new_code_cell("1 + 1")]
    )
    site.write("docs/notebook.ipynb", nbformat.writes(notebook))
    dates = {"git-revision-date-localized": {"enable_creation_date": True}}
    nav = ["index.md", {"Of $x^2$": [{"In $x^2$": "page.md"}, "notebook.ipynb"]}]
    site.configure("search", dates, "handout", {"mkdocs-jupyter": {"execute": False}}, nav=nav)
    site.write(".gitignore", ".cache/\nsite/\n")
    site.commit()
    site.build()
    everything(site)
    for page in ("page", "notebook"):
        html = (site.root / f"site/{page}/index.html").read_text("utf-8")
        assert "git-revision-date-localized-plugin" in html


def test_beside_i18n(site: Site) -> None:
    """Each language has its page, with verdicts of its own, and nothing is said twice."""
    languages = [
        {"locale": "en", "name": "English", "default": True, "build": True},
        {"locale": "fr", "name": "Français", "build": True},
    ]
    site.write("docs/page.fr.md", "# La page\n\n" + body())
    site.configure(
        "search", {"i18n": {"docs_structure": "suffix", "languages": languages}}, "handout"
    )
    site.build()
    everything(site)
    site.shows("site/fr/page/index.html")


def test_beside_the_blog(site: Site) -> None:
    """A post is a page; its excerpt and the archive show no tokens."""
    post = "---\ndate: 2026-01-02\ncategories: [C]\n---\n\n# A post\n\nFirst.\n\n"
    site.write("docs/blog/index.md", "# Blog\n")
    site.write("docs/blog/posts/first.md", post + body() + "\n<!-- more -->\n\nRest.\n")
    site.configure("search", "blog", "handout")
    site.build()
    everything(site)
    [page] = (site.root / "site/blog/2026").rglob("index.html")
    site.shows(page.relative_to(site.root).as_posix())
    assert site.claims("blog/posts/first.md") == dict.fromkeys(CLAIMS, "verified")
    site.shows("site/blog/index.html", cards=False)


def test_beside_gen_files(site: Site) -> None:
    """A page that a script generates is run and judged like any other, in a folder that is not."""
    site.write("docs/page.md", "# Page\n\n" + body())
    text = "# Made\n\n" + body()
    made = f'with mkdocs_gen_files.open("made/one.md", "w") as file:\n    file.write({text!r})\n'
    made = f"import mkdocs_gen_files\n{made}"
    site.write("gen.py", made)
    site.configure("search", {"gen-files": {"scripts": ["gen.py"]}}, "handout")
    site.build()
    everything(site)
    everything(site, "made/one.md", "made/one/index.html")
    site.write("gen.py", made.replace("1 - P_j", "").replace("- P_j", "+ P_j"))
    said = site.run(sys.executable, "-m", "mkdocs", "build", status=1)
    line = text[: text.index("```math")].count("\n") + 1
    assert f"docs/made/one.md:{line}: jacobian: refuted, verified was expected" in said


def test_beside_markdown_exec(site: Site) -> None:
    """Its fences are its own, ours are ours; `exec="on"` is run once."""
    site.write(
        "docs/page.md", TITLE + body() + '\n```python exec="true"\nprint("by the other")\n```\n'
    )
    site.configure("search", "handout", "markdown-exec")
    site.build()
    everything(site)
    page = site.shows("site/page/index.html")
    assert "by the other" in page.select_one("article").get_text()  # type: ignore[union-attr]


def test_with_mike(site: Site) -> None:
    """A version in a folder of its own, with links that stay inside."""
    site.configure("search", "handout", extra={"version": {"provider": "mike"}})
    site.write(".gitignore", ".cache/\nsite/\n")
    site.commit()
    site.run("git", "config", "user.name", "A")
    site.run("git", "config", "user.email", "a@site.test")
    site.run("mike", "deploy", "1.0", "latest")
    site.run("git", "worktree", "add", "--quiet", "pages", "gh-pages")
    page = site.shows("pages/1.0/page/index.html")
    canonical = page.select_one("link[rel=canonical]")
    assert canonical is not None
    assert canonical["href"] == "https://site.test/a/1.0/page/"
    assert raw(site.root / "pages") == {}


def test_with_properdocs(site: Site) -> None:
    """The other host, with its own configuration file."""
    site.configure("search", "handout", name="properdocs.yml")
    site.build("properdocs")
    everything(site)
    (site.root / "site/verdicts.json").unlink()
    for words in ("build", "--strict"), ("check", "docs"):  # which find that file, too
        said = site.run(sys.executable, "-m", "handout", *words)
        assert "all as expected" in said
    everything(site)
    html = (site.root / "site/page/index.html").read_text("utf-8")
    assert 'name="generator" content="mkdocs-ProperDocs' in html


def test_beside_social_cards(site: Site) -> None:
    """The picture of a page shows its title as text; its fonts are there, so that nothing is asked
    of the network.
    """
    pytest.importorskip("cairosvg", exc_type=ImportError)
    matplotlib = pytest.importorskip("matplotlib")
    font = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf").read_bytes()
    for style in ("Regular", "Bold"):
        file = site.root / f".cache/plugin/social/fonts/Roboto/{style}.ttf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(font)
    site.configure("search", "handout", "social")
    site.build()
    everything(site)
    page = site.shows("site/page/index.html")
    title = page.select_one("meta[property='og:title']")
    assert title is not None
    assert title["content"] == "The page of y³ - A site"
    assert (site.root / "site/assets/images/social/page.png").read_bytes().startswith(b"\x89PNG")


FEATURES = """\
site_name: A course
site_url: https://site.test/course/
theme:
  name: material
  font: false
  icon: {repo: fontawesome/brands/git-alt}
  features:   # twenty of them
    - announce.dismiss
    - content.action.edit
    - content.action.view
    - content.code.annotate
    - content.code.copy
    - content.code.select
    - content.footnote.tooltips
    - content.tabs.link
    - content.tooltips
    - header.autohide
    - navigation.expand
    - navigation.footer
    - navigation.indexes
    - navigation.instant
    - navigation.sections
    - navigation.tabs
    - navigation.top
    - navigation.tracking
    - search.suggest
    - toc.follow
plugins:
  - search
  - tags
  - blog
repo_url: https://site.test/course.git
edit_uri: edit/main/docs/
extra_javascript:
  - https://cdn.test/mathjax@3/es5/tex-mml-chtml.js
markdown_extensions:
  - abbr
  - admonition
  - attr_list
  - def_list
  - footnotes
  - md_in_html
  - tables
  - toc: {permalink: true}
  - pymdownx.arithmatex   # its default hides formulas in scripts
  - pymdownx.betterem
  - pymdownx.caret
  - pymdownx.details
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
      emoji_generator: !!python/name:material.extensions.emoji.to_svg
  - pymdownx.highlight: {anchor_linenums: true}
  - pymdownx.inlinehilite
  - pymdownx.keys
  - pymdownx.mark
  - pymdownx.smartsymbols
  - pymdownx.snippets
  - pymdownx.superfences:
      custom_fences:
        - name: mermaid
          class: mermaid
          format: !!python/name:pymdownx.superfences.fence_code_format
  - pymdownx.tabbed: {alternate_style: true}
  - pymdownx.tasklist: {custom_checkbox: true}
  - pymdownx.tilde
"""
EVERYTHING = """
!!! note "A note with $a^2$"

    - [x] done :smile: ++ctrl+c++ ==marked== H~2~O
    - [ ] open[^1]

    ```mermaid
    graph LR; A --> B
    ```

=== "One"

    ```python title="shown" hl_lines="1"
    x = 1  # (1)!
    ```

    1.  An annotation.

=== "Two"

    The HTML specification.

[^1]: A footnote with $b_1$.
*[HTML]: Hypertext
"""


ABOUT = "description: 'About $x^2$, [[verdict:jacobian]]'\n"
SHOWN = (
    ".mermaid, .tabbed-set, .tabbed-labels label, .task-list, .footnote, abbr, kbd, mark, sub, "
    ".twemoji, .admonition, .md-annotation__index, .md-source, .md-tags, .md-tag, .md-nav__link, "
    ".md-tabs__link, .md-top, .md-footer__link, .md-content__button, .headerlink"
)


def shown(site: Site) -> tuple[dict[str, int], Any, set[str]]:
    """How often each thing is on the page, the theme's settings, and the pages of the site."""
    page = BeautifulSoup((site.root / "site/page/index.html").read_text("utf-8"), "html.parser")
    settings = page.select_one("script#__config")
    assert settings is not None
    pages = {file.relative_to(site.root).as_posix() for file in site.root.glob("site/**/*.html")}
    counts = {selector: len(page.select(selector)) for selector in SHOWN.split(", ")}
    return counts, json.loads(settings.get_text())["features"], pages


def test_a_site_with_everything_on_becomes_a_handout(site: Site) -> None:
    """By `handout init` and nothing else; what the page had is there as before."""
    site.write("mkdocs.yml", FEATURES)
    site.write("docs/page.md", f"---\ntags: [a]\n{ABOUT}---\n\n{TITLE}{EVERYTHING}\n{body()}")
    site.write("docs/blog/index.md", "# Blog\n")
    site.run(sys.executable, "-m", "mkdocs", "build")
    before = shown(site)
    said = site.run(sys.executable, "-m", "handout", "init")
    assert "mkdocs.yml: the plugin is added" in said
    assert "readers need not load https://cdn.test/mathjax" in said
    site.build()
    everything(site)
    page = site.shows("site/page/index.html")
    assert page.select("script[type^='math/tex']") == []
    counts, features, pages = shown(site)
    assert len(features) == 20
    assert {name for name, count in counts.items() if not count} <= {".md-annotation__index"}
    assert (counts, features, pages) == before
