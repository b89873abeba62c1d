"""A page as a notebook: it runs as it is, claims included."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from handout.live import notebook
from handout.live.notebook import ALONE, LOAD, Surroundings, as_notebook
from handout.live.page import own_modules
from handout.page.pages import Page, make_page, read_page

DOCS = Path(__file__).parents[3] / "docs"
PAGE = r"""---
title: A page
---

# A page

Before. [[verdict:double]]

/// details | More
```python exec="on" id="graph" expect="ok"
import helper
```
///

```math let
x \in \R^n
```

<!-- define -->
$$
y_i = 2 x_i
$$

```python exec="on" expect="raises ZeroDivisionError"
1 / 0
```

```math claim="double" points="5"
\twice{x_i} = y_i
```

```math claim="posted" expect="verified refuted"
y_i = 2 x_i = 3 x_i
```

```math exercise="slope" points="3"
\frac{\partial y_i}{\partial x_i} = ?
```

After.
"""
MACROS = {"R": r"\mathbb{R}", "twice": r"2 #1"}


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """A page of everything, with a module beside it."""
    (tmp_path / "helper.py").write_text("print('helped')\n", "utf-8")
    return make_page(tmp_path / "page.md", "page.md", PAGE)


def notebook_of(page: Page, around: Surroundings = ALONE) -> nbformat.NotebookNode:
    around = around._replace(modules=own_modules(page)[0])
    found = nbformat.reads(as_notebook(page, {**MACROS, **page.macros}, around), 4)
    nbformat.validate(found)
    return found


def executed(page: Page, folder: Path, around: Surroundings = ALONE) -> nbformat.NotebookNode:
    """The notebook, run by Jupyter in a kernel of its own, as a reader does in an empty folder."""
    nbformat.write(notebook_of(page, around), folder / "page.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--stdout"]
    run = subprocess.run([*command, "page.ipynb"], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    return nbformat.reads(run.stdout, 4)


def shown(cell: nbformat.NotebookNode) -> str:
    """All that a cell has shown."""
    return "\n".join(
        output.get("text", "") or str(output.get("data", {}).get("text/html", ""))
        for output in cell.outputs
    )


def test_what_becomes_of_a_page(page: Page) -> None:
    """The install cell first, then what the page needs, then its text and cells in their order."""
    cells = notebook_of(page).cells
    assert cells[0].source == f"%pip install --quiet mkdocs-handout\n{LOAD}"
    assert cells[1].source == (
        "%%macros\n\\newcommand{\\R}{\\mathbb{R}}\n\\newcommand{\\twice}[1]{2 #1}"
    )
    assert cells[2].source == "%%writefile helper.py\nprint('helped')"
    assert cells[3].source == "# A page\n\nBefore. `double`\n\n**More**"
    sources = [cell.source for cell in cells[4:]]
    assert sources == [
        "import helper",
        "%%let\nx \\in \\R^n",
        "%%define\ny_i = 2 x_i",
        "1 / 0",
        '%%claim double points="5"\n\\twice{x_i} = y_i',
        '%%claim posted expect="verified refuted"\ny_i = 2 x_i = 3 x_i',
        "%%claim slope\n\\frac{\\partial y_i}{\\partial x_i} = ?",
        "After.",
    ]


def test_it_runs(page: Page, tmp_path: Path) -> None:
    """With a verdict under each claim; what must fail fails, and stops nothing."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    code = [cell for cell in executed(page, folder).cells if cell.cell_type == "code"]
    told = {cell.source.split("\n")[0]: shown(cell) for cell in code}
    assert "helped" in told["import helper"]
    assert "double, step 1: verified" in told['%%claim double points="5"']
    posted = told['%%claim posted expect="verified refuted"']
    assert re.findall(r"step \d: (\w+)", posted) == ["verified", "refuted"]
    assert "in the place of ?" in told["%%claim slope"]


def test_a_page_of_this_site_runs(tmp_path: Path) -> None:
    """Problem 2, with every verdict as its author expects it."""
    page = read_page(DOCS / "ps1" / "problem-2.md", "ps1/problem-2.md")
    code = [cell for cell in executed(page, tmp_path).cells if cell.cell_type == "code"]
    claims = [cell for cell in code if cell.source.startswith("%%claim")]
    assert len(claims) > 5
    for cell in claims:
        assert re.search(r"step \d+: (verified|refuted)|error, as expected", shown(cell)), (
            cell.source
        )
        assert "(expected" not in shown(cell), cell.source


@pytest.mark.parametrize("file", sorted(DOCS.rglob("*.md")), ids=lambda file: file.stem)
def test_every_page_of_this_site_is_a_valid_notebook(file: Path) -> None:
    """With all its cells."""
    page = read_page(file, file.name)
    code = [cell for cell in notebook_of(page).cells if cell.cell_type == "code"]
    assert len(code) >= len(page.running)


FILES = """\
# Page

```python exec="on" id="sum"
from kit.more import three

rows = [line.split(",") for line in open("../data/x.csv")]
print(three * sum(int(number) for row in rows for number in row))
```
"""


@pytest.fixture
def filed(tmp_path: Path) -> Page:
    """A page whose cell reads a file of another folder, and imports a package beside it."""
    sub = tmp_path / "docs/sub"
    (sub / "kit").mkdir(parents=True)
    (sub / "kit/__init__.py").touch()
    (sub / "kit/more.py").write_text("three = 3\n")
    return make_page(sub / "page.md", "sub/page.md", FILES)


DATA = {"../data/x.csv": b"1,2\n3,4\n"}


class TestFiles:
    """What cells read comes along, or is named."""

    def test_it_runs_in_an_empty_folder(
        self, filed: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And once more, as readers do, with a large file from the site's address. Nothing is
        written outside the folder."""
        folder = tmp_path / "a/b"
        folder.mkdir(parents=True)
        assert shown(executed(filed, folder, Surroundings(files=DATA)).cells[-1]) == "30\n"
        (folder / "data/x.csv").unlink()
        monkeypatch.setattr(notebook, "MOST", 3)
        (tmp_path / "x.csv").write_bytes(DATA["../data/x.csv"])
        around = Surroundings(files=DATA, address=lambda name: (tmp_path / "x.csv").as_uri())
        assert shown(executed(filed, folder, around).cells[-1]) == "30\n"
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]
        assert (folder / "data/x.csv").read_bytes() == DATA["../data/x.csv"]

    def test_what_does_not_come_is_named(
        self, filed: Page, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Large files without a site, and files that the site does not have."""
        monkeypatch.setattr(notebook, "MOST", 3)
        around = Surroundings(files=DATA, elsewhere=["../../own.csv"])
        words = [c.source for c in notebook_of(filed, around).cells if c.cell_type == "markdown"]
        assert "the cells below read `../data/x.csv`, which must lie there" in words[0]
        assert "the cells below read `../../own.csv`" in words[1]

    def test_packages_are_installed(self, filed: Page) -> None:
        """In the first cell."""
        around = Surroundings(packages=["scikit-learn", "scipy"])
        assert (
            notebook_of(filed, around)
            .cells[0]
            .source.startswith("%pip install --quiet mkdocs-handout scikit-learn scipy\n")
        )


class TestLinks:
    """Links lead to the site, and pictures come along."""

    AROUND = Surroundings(
        address=lambda target: f"https://course.example/{target}",
        picture=lambda target: b"drawn" if target.startswith("img/") else None,
    )

    @pytest.mark.parametrize(
        ("markdown", "becomes", "without_site"),
        [
            ("[a](b.md#c)", "[a](https://course.example/b.md#c)", "a"),
            ("[a *b*](#c)", "[a *b*](https://course.example/#c)", "a *b*"),
            ("[a](b.md \"T\")", "[a](https://course.example/b.md \"T\")", "a"),
            ("[a](https://x.example/b(c))", None, None),
            ("[a][B b]\n\n[b b]: c.md", "[a](https://course.example/c.md)", "a"),
            ("[C d]\n\n[c d]: <c.md>", "[C d](https://course.example/c.md)", "C d"),
            ("![alt](img/a.svg){ width=3 }", "![alt](attachment:a.svg)", None),
            ("![alt](far.svg)", "![alt](https://course.example/far.svg)", "alt"),
            (
                "[![alt](img/a.svg)](b.md)",
                "[![alt](attachment:a.svg)](https://course.example/b.md)",
                "![alt](attachment:a.svg)",
            ),
            ('<img src="img/a.svg">', '<img src="attachment:a.svg">', None),
            ('<a href="b.md">b</a>', '<a href="https://course.example/b.md">b</a>', None),
            ("`[a](b.md)` and $[x](y)$", None, None),
            ("$$\n[x](y)\n$$", None, None),
            ("a note[^1] and [ ] a box", None, None),
            ("[[verdict:some#thing]]", "`some#thing`", "`some#thing`"),
        ],
    )  # fmt: skip
    def test_what_becomes_of_it(
        self, markdown: str, becomes: str | None, without_site: str | None
    ) -> None:
        """On a site with an address, and without one."""
        page = make_page(Path("page.md"), "page.md", markdown + "\n")
        (cell,) = notebook_of(page, self.AROUND).cells[2:]
        assert cell.source == (markdown if becomes is None else becomes)
        alone = self.AROUND._replace(address=lambda target: "")
        (cell,) = notebook_of(page, alone).cells[2:]
        if without_site is not None:
            assert cell.source == without_site
        assert ("attachment:" in cell.source) == ("attachments" in cell)

    def test_a_picture_is_the_same(self) -> None:
        """Byte for byte, with its kind."""
        page = make_page(Path("page.md"), "page.md", "![alt](img/a.svg)\n")
        cell = notebook_of(page, self.AROUND).cells[-1]
        assert cell.attachments == {"a.svg": {"image/svg+xml": "ZHJhd24="}}


BOXES = """\
# A title { #own-id }

!!! note "Take care"

    Inside.

    ```python exec="on" id="inside"
    1 + 1
    ```

    ??? tip
        Deeper:

            code

=== "First"

    One

=== "Second"

    Two

Outside

    indented code
"""


def test_boxes_and_tabs_become_text() -> None:
    """Their titles bold, their content as any other, and what is code stays code."""
    page = make_page(Path("page.md"), "page.md", BOXES)
    cells = notebook_of(page).cells[2:]
    assert [cell.source for cell in cells] == [
        "# A title\n\n**Take care**\n\nInside.",
        "1 + 1",
        "**Tip**\nDeeper:\n\n    code\n\n**First**\n\nOne\n\n**Second**\n\nTwo\n\nOutside\n\n"
        "    indented code",
    ]


@pytest.mark.parametrize(
    ("required", "installed"),
    [
        ("mkdocs-handout==1.2.3", '"mkdocs-handout==1.2.3"'),
        (
            "mkdocs-handout @ git+https://h.test/a@abc",
            '"mkdocs-handout @ git+https://h.test/a@abc"',
        ),
        ("mkdocs-handout @ file:///home/a", "mkdocs-handout"),
    ],
)
def test_it_installs_what_the_site_was_built_with(
    page: Page, monkeypatch: pytest.MonkeyPatch, required: str, installed: str
) -> None:
    """From where the author has it, unless no reader can reach that."""
    monkeypatch.setattr("handout.live.notebook.requirement", lambda: required)
    first = notebook_of(page).cells[0].source
    assert first.splitlines()[0] == f"%pip install --quiet {installed}"
