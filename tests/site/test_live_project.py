"""A small live project: packages and files that its cells need, and a load that stalls."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from scripts.serving import Stall
from scripts.serving import served as served_folder

from handout.live import runtime
from handout.live.packages import LOCK_FILE

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "handout"
SLOW = 120_000  # ms for the first answer, on a machine with other work
CONFIGURATION = """\
site_name: Project
theme: {name: material, font: false}
plugins:
  - handout:
      live: required
      live_packages: [toy-package]
markdown_extensions: [pymdownx.superfences, pymdownx.arithmatex: {generic: true}]
"""
PAGE = """\
# Page

```python exec="on" id="data"
import numpy as np
from helper import twice
from kit.more import three

try:
    import toy
except ImportError:  # the build has none, the browser does
    toy = None

A = np.loadtxt("../data/a b.csv", delimiter=",")
print(A.sum(), twice(three), toy and toy.answer)
```

```python exec="on" id="graph"
from edf import Input, Softmax

P = Softmax(Input(shape=(3,)))
```

```math claim="sum"
\\sum_i P_i = 1
```
"""
EXERCISE = """\
# Exercise

```python exec="on" id="graph"
from edf import Input, Softmax

P = Softmax(Input(shape=(3,)))
```

```math exercise="half" points="2"
\\sum_i \\frac{P_i}{2} = ?
```

```math exercise="left-out"
\\sum_i 3 P_i = ?
```
"""
ELSEWHERE = """\
# Elsewhere

```python exec="on" id="far" expect="raises ModuleNotFoundError"
import surely_not_there
```
"""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(once: Callable[[str, Callable[[Path], object]], Path], build: Callable[..., str]) -> Path:
    """The built site, with a package of its own in the runtime's lock."""
    if runtime.missing(runtime.folder(CACHE)):
        message = "live pages are untested: the runtime is missing; run handout live fetch"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)

    def fill(folder: Path) -> None:
        home = folder / "project/.cache/handout/live"
        shutil.copytree(CACHE / "live", home)
        with_toy(home / runtime.VERSION)
        docs = folder / "project/docs"
        for name, text in {
            "index.md": ELSEWHERE,
            "sub/page.md": PAGE,
            "exercise.md": EXERCISE,
            "sub/helper.py": "def twice(x):\n    return 2 * x\n",
            "sub/kit/__init__.py": "",
            "sub/kit/more.py": "three = 3\n",
            "data/a b.csv": "1,2\n3,4\n",
            "../mkdocs.yml": CONFIGURATION,
        }.items():
            (docs / name).parent.mkdir(parents=True, exist_ok=True)
            (docs / name).write_text(text, "utf-8")
        said = build(folder / "project/mkdocs.yml", folder / "site")
        assert "index.md: readers cannot change this page: its code needs surely_not_there" in said

    return once("live-project", fill) / "site"


def with_toy(home: Path) -> None:
    """Add a package to the runtime: its file, and its entry in the lock."""
    wheel = home / "toy_package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("toy.py", "answer = 42\n")
        archive.writestr("toy_package-1.0.dist-info/METADATA", "Name: toy-package\nVersion: 1.0\n")
        archive.writestr("toy_package-1.0.dist-info/RECORD", "")
    entry = {
        **runtime.LOCK["packages"]["numpy"],
        "name": "toy-package",
        "file_name": wheel.name,
        "imports": ["toy"],
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "unvendored_tests": False,
        "version": "1.0",
    }
    packages = {**runtime.LOCK["packages"], "toy-package": entry}
    lock = {**runtime.LOCK, "packages": packages}
    (home / LOCK_FILE).write_text(json.dumps(lock), "utf-8")


def run(page: Page, name: str = "data") -> None:
    """Open a cell, and run it."""
    page.get_by_label(f"Change this cell: {name}", exact=True).click()
    panel = page.get_by_role("group", name=f"Change {name}", exact=True)
    panel.get_by_role("button", name="Run", exact=True).click()


def test_packages_modules_and_files_come_along_and_a_changed_cell_is_marked(
    context: BrowserContext,
    site: Path,
    tmp_path: Path,
    serve: Callable[[Path], AbstractContextManager[str]],
) -> None:
    """A package of the lock, modules beside the page, and a file that its cell reads.

    A file that was left out when the site was published is named; once it is there, all is well.
    Then the code of a changed cell is no longer the author's, nor are the verdicts below; after
    Reset they are.
    """
    published = shutil.copytree(site, tmp_path / "site")
    (published / "data/a b.csv").rename(tmp_path / "kept")
    page = context.new_page()
    with serve(published) as address:
        page.goto(f"{address}sub/page/")
        run(page)
        panel = page.get_by_role("group", name="Change data", exact=True)
        expect(panel.locator(".live-state")).to_contain_text(
            "reads data/a b.csv, which the site does not have", timeout=SLOW
        )
        (tmp_path / "kept").rename(published / "data/a b.csv")
        panel.get_by_role("button", name="Try again").click()
        expect(panel.locator("pre.cell-output")).to_have_text("10.0 6 42", timeout=SLOW)

        run(page, "graph")
        panel = page.get_by_role("group", name="Change graph", exact=True)
        expect(panel.locator(".live-state")).to_have_text("Verified", timeout=SLOW)
        expect(page.locator(".highlight.live-changed, .live-stale")).to_have_count(0)
        field = panel.get_by_role("textbox")
        field.fill("from edf import Input, Softmax\n\nP = 2 * Softmax(Input(shape=(3,)))")
        panel.get_by_role("button", name="Run", exact=True).click()
        again = page.locator(".live-stale .live-again")
        expect(again.locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
        expect(page.locator(".highlight.live-changed")).to_have_count(1)
        panel.get_by_role("button", name="Reset").click()
        expect(page.locator(".highlight.live-changed, .live-stale")).to_have_count(0, timeout=SLOW)


def test_answers_that_are_downloaded_can_be_checked(
    context: BrowserContext,
    site: Path,
    tmp_path: Path,
    serve: Callable[[Path], AbstractContextManager[str]],
) -> None:
    """By `handout check`, as the browser did: a wrong one fails there, and a right one does not."""
    page = context.new_page()
    with serve(site) as address:
        page.goto(f"{address}exercise/")
        exercise = page.get_by_role("group", name="Exercise half", exact=True)
        for answer, said, verdict in (("1", "Refuted", 1), (r"\frac{1}{2}", "Right", 0)):
            exercise.get_by_role("textbox").fill(answer)
            exercise.get_by_role("button", name="Check").click()
            expect(exercise.locator(".live-state")).to_have_text(said, timeout=SLOW)
            with page.expect_download() as download:
                page.get_by_role("button", name="Download my answers").click()
            download.value.save_as(tmp_path / "answers.md")
            command = [sys.executable, "-m", "handout", "check", "answers.md"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == verdict, done.stdout + done.stderr
    assert "(left-out: no answer)" in (tmp_path / "answers.md").read_text("utf-8")


def test_a_page_that_needs_more_says_what(
    context: BrowserContext, site: Path, serve: Callable[[Path], AbstractContextManager[str]]
) -> None:
    """And can be read as it was."""
    page = context.new_page()
    with serve(site) as address:
        page.goto(address)
        expect(page.locator(".live-note")).to_contain_text("its code needs surely_not_there")
        expect(page.locator(".live-edit")).to_have_count(0)


def test_a_load_that_stalls_can_be_tried_again(
    context: BrowserContext, site: Path, tmp_path: Path
) -> None:
    """Whichever file it is that does not come; and the next try is no longer held up by it."""
    published = shutil.copytree(site, tmp_path / "site")
    worker = published / "assets/handout/live/worker.js"
    patient = worker.read_text("utf-8")
    assert "const STALLED = 30;" in patient
    worker.write_text(patient.replace("const STALLED = 30;", "const STALLED = 3;"), "utf-8")
    page = context.new_page()
    stall = Stall("pyodide.mjs", "pyodide.asm.wasm.gz", ".whl")
    with served_folder(published, stall=stall) as address:
        page.goto(f"{address}sub/page/")
        page.get_by_label("Change this claim: sum", exact=True).click()
        panel = page.get_by_role("group", name="Change sum", exact=True)
        again = panel.get_by_role("button", name="Try again")
        panel.get_by_role("textbox").fill(r"\sum_i P_i = 2")
        while True:  # a machine with other work may seem to stall once more
            expect(panel.locator(".live-state")).to_have_text(
                "Loading has stalled: nothing came for 3 seconds.", timeout=SLOW
            )
            expect(panel.locator("progress")).to_be_hidden()
            assert page.locator(".verdict-verified").count()  # the author's verdicts stand
            if not stall.left:
                break
            again.click()
            expect(panel.locator(".live-state")).not_to_contain_text("stalled")
        worker.write_text(patient, "utf-8")
        again.click()
        expect(panel.locator(".verdict-refuted")).to_be_visible(timeout=SLOW)
        expect(again).to_be_hidden()
