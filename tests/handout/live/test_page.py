"""What a live page brings along, and when it cannot be live."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from handout.live import page as live
from handout.live.page import LivePage, live_page
from handout.page.pages import make_page
from handout.run.outcomes import Reads


class Site:
    """One that has SciPy."""

    provides: Mapping[str, str] = {"scipy": "scipy", "sklearn": "scikit-learn"}

    def described(self, packages: Iterable[str]) -> Mapping[str, Any]:
        return {"total": 1000 + 100 * len(list(packages))}


def page_of(docs: Path, code: str, *reads: str, reasons: tuple[str, ...] = ()) -> LivePage:
    """A page below `docs` with a cell that runs `code`, and that read these files."""
    (docs / "sub").mkdir(parents=True, exist_ok=True)
    text = f'```python exec="on" id="cell"\n{code}\n```\n'
    files = [str((docs / "sub" / name).resolve()) for name in reads]
    read: Reads = {
        "files": files,
        "folders": {},
        "modules": [],
        "reasons": list(reasons),
        "written": {},
    }
    return live_page(make_page(docs / "sub/page.md", "sub/page.md", text), Site(), {}, read, docs)


def data_of(page: LivePage) -> dict[str, Any]:
    assert page.lacking == ()
    found: dict[str, Any] = json.loads(page.data)
    return found


def test_packages_that_the_author_allows(tmp_path: Path) -> None:
    """By the modules that are imported; their size is counted."""
    data = data_of(page_of(tmp_path / "docs", "from sklearn import svm\nimport scipy.linalg"))
    assert data["packages"] == ["scikit-learn", "scipy"]
    assert data["total"] == 1200
    assert data_of(page_of(tmp_path / "docs", "import numpy, json"))["packages"] == []


@pytest.mark.parametrize("module", ["torch", "sqlite3", "tkinter", "distutils"])
def test_what_the_browser_does_not_have(tmp_path: Path, module: str) -> None:
    """Third parties' modules, and some of the standard library's, of whichever version."""
    page = page_of(tmp_path / "docs", f"import {module}, numpy")
    assert page.lacking == (module,)
    assert f"its code needs {module}, which the browser does not have" in page.appended()
    assert f"needs {module}." in page.advice
    assert "live_packages" in page.advice


def test_modules_beside_the_page_come_along(tmp_path: Path) -> None:
    """Single files and packages, and what these import in turn."""
    docs = tmp_path / "docs"
    (docs / "sub/kit").mkdir(parents=True)
    (docs / "sub/kit/__init__.py").write_text("import helper\n")
    (docs / "sub/kit/more.py").write_text("three = 3\n")
    (docs / "sub/helper.py").write_text("import scipy\n")
    data = data_of(page_of(docs, "from kit.more import three"))
    assert sorted(data["modules"]) == ["helper.py", "kit/__init__.py", "kit/more.py"]
    assert data["packages"] == ["scipy"]


def test_files_of_the_site_come_along(tmp_path: Path) -> None:
    """By their path in it; modules, which come by themselves, do not."""
    docs = tmp_path / "docs"
    (docs / "data").mkdir(parents=True)
    (docs / "data/x.csv").write_text("1,2\n")
    data = data_of(page_of(docs, "open('../data/x.csv')", "../data/x.csv", "helper.py", "page.md"))
    assert data["files"] == ["data/x.csv"]
    assert data["total"] == 1004


def test_a_file_beyond_the_site_is_named(tmp_path: Path) -> None:
    """It is not published, so the page cannot read it."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "secret.csv").write_text("1,2\n")
    page = page_of(docs, "open('../../secret.csv')", "../../secret.csv")
    assert page.lacking == ("../../secret.csv",)


def test_too_much_to_load_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In megabytes; and so is what else a browser cannot do."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "large.bin").write_bytes(b"0" * 2_000_000)
    monkeypatch.setattr(live, "MOST", 1_000_000)
    page = page_of(docs, "import torch", "../large.bin", reasons=("it used the network",))
    assert page.lacking == ("torch", "a connection to the network", "2 MB of files")
    assert "needs torch, a connection to the network and 2 MB of files." in page.advice
