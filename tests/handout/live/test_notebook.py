"""A page as a notebook: it runs as it is, claims included."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from handout.live.notebook import INSTALL, as_notebook
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


def notebook_of(page: Page) -> nbformat.NotebookNode:
    found = nbformat.reads(as_notebook(page, {**MACROS, **page.macros}, own_modules(page)[0]), 4)
    nbformat.validate(found)
    return found


def executed(page: Page, folder: Path) -> nbformat.NotebookNode:
    """The notebook, run by Jupyter in a kernel of its own, as a reader does."""
    nbformat.write(notebook_of(page), folder / "page.ipynb")
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
    assert cells[0].source == INSTALL
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
