"""A small Material site for tests, built by the commands that people use."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup

BODY = """\
An inline formula $x^2$, and a display formula:

$$
\\sum_i x_i
$$

```python exec="on" id="graph{mark}"
from edf import AnyFunction, Input, Softmax, check_gradients
from edf.figures import heatmaps
import numpy as np
x = Input(shape=(3,))
P = Softmax(x)
l = AnyFunction()(P)
check_gradients(l, id="backward{mark}")
heatmaps("A figure", P=np.eye(2))
```

```math claim="jacobian{mark}"
\\frac{{\\partial P_i}}{{\\partial x_j}} = P_i(\\delta_{{ij}} - P_j)
```

It is [[verdict:jacobian{mark}]].
"""
TITLE = "# The page of $y^3$ [[verdict:jacobian]]\n\n"
CLAIMS = {"graph", "backward", "jacobian"}
THEME = {"name": "material", "font": False}
EXTENSIONS: list[Any] = ["pymdownx.superfences", {"pymdownx.arithmatex": {"generic": True}}]


def body(mark: str = "") -> str:
    """Text with a cell, a claim, a figure and a badge; `mark` ends its ids."""
    return BODY.format(mark=mark)


class Site:
    """A small Material site, built by the host's own command."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(
            "docs/index.md", "# Home\n\n[The page](page.md) is [[verdict:page.md#jacobian]].\n"
        )
        self.write("docs/page.md", TITLE + body())

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def configure(self, *plugins: Any, name: str = "mkdocs.yml", **more: Any) -> None:
        """Write the configuration, with these plugins beside ours."""
        options = {
            "site_name": "A site",
            "site_url": "https://site.test/a/",
            "theme": THEME,
            "plugins": list(plugins),
            "markdown_extensions": EXTENSIONS,
            **more,
        }
        self.write(name, yaml.safe_dump(options, sort_keys=False))

    def run(self, *words: str, status: int = 0, folder: str = ".") -> str:
        """Run a command in the site's folder, or in one within; return what it said."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PATH": path}
        done = subprocess.run(
            words,
            cwd=self.root / folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def build(self, host: str = "mkdocs") -> str:
        """Build strictly."""
        return self.run(sys.executable, "-m", host, "build", "--strict")

    def commit(self) -> None:
        """Make a repository of it."""
        identity = ["-c", "user.name=A", "-c", "user.email=a@site.test"]
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.run("git", "add", ".")
        self.run("git", *identity, "commit", "--quiet", "--message=All")

    def claims(self, page: str, folder: str = "site") -> dict[str, str]:
        """The status of each claim of a page."""
        report = json.loads((self.root / folder / "verdicts.json").read_text("utf-8"))
        return {v["id"]: v["status"] for v in report["verdicts"] if v["page"] == page}

    def shows(self, name: str, mark: str = "", cards: bool = True) -> BeautifulSoup:
        """A built page, which must show everything, and nothing raw."""
        html = (self.root / name).read_text("utf-8")
        page = BeautifulSoup(html, "html.parser")
        article = page.select_one("article")
        assert article is not None
        assert f"verdict-jacobian{mark}" in html if cards else True
        if cards:
            assert article.select_one("details.verdict, .verdict") is not None
            assert article.select_one("svg.figure, .figure svg, figure svg, svg") is not None
            assert article.select_one("a.badge, .verdict-badge, [class*=verdict]") is not None
            assert len(article.select("math")) >= 3
        return page


RAW = re.compile(r"handout-[0-9a-f]{16}-|\[\[verdict|\\\(|\\\[|\$x\^2\$|\$y\^3\$|```math|claim=\"")


def raw(root: Path) -> dict[str, str]:
    """What readers and machines would see of tokens, badges and LaTeX, by file."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in (".html", ".json", ".xml") or path.name == "verdicts.json":
            continue
        text = path.read_text("utf-8")
        if path.suffix == ".html":
            page = BeautifulSoup(text, "html.parser")
            for code in page.select("pre, code, script, style"):
                code.decompose()
            text = page.get_text() + str(page.select("head title, head meta"))
        elif path.name == "search.json":  # of Zensical; its settings hold a pattern
            text = json.dumps(json.loads(text)["items"])
        if match := RAW.search(text):
            found[path.relative_to(root).as_posix()] = text[
                max(0, match.start() - 40) : match.end() + 40
            ]
    return found


def everything(
    site: Site, page: str = "page.md", html: str = "page/index.html", mark: str = ""
) -> None:
    """All claims of the page were tested, and it shows them."""
    assert site.claims(page) == dict.fromkeys((f"{name}{mark}" for name in CLAIMS), "verified")
    site.shows(f"site/{html}", mark)
    assert raw(site.root / "site") == {}
