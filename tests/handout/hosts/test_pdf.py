"""`handout pdf` prints what one hands out: tagged, numbered, fonts embedded, verdicts beside."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from handout.cli import main
from handout.hosts import pdf
from handout.hosts.pdf import PdfError, find_chromium, print_page

MKDOCS = """\
site_name: Course
site_author: Ann Author
site_url: https://course.test/
theme: {name: material, font: false}
plugins: [search, handout]
nav: [index.md, {Problems: [one.md, two.md]}, {Guide: [guide.md]}]
extra:
  pdf:
    title: "Problem Set #7"
    authors: [Ann Author, Bob Writer]
    date: May 1, 2031
markdown_extensions: [pymdownx.arithmatex: {generic: true}, pymdownx.superfences, attr_list]
"""
ONE = """\
# Slopes

A sentence with a formula, $\\frac{x}{y}$, and a [link](two.md#more).

```python exec="on" title="A graph"
from edf import Input, Tanh, check_gradients
x = Input(shape=(3,))
check_gradients(Tanh(x), id="tanh-backward")

class Doubled(Tanh):
    def backward(self, grad, x):
        return 2 * super().backward(grad, x)

check_gradients(Doubled(x), id="tanh-backward-doubled", expect="refuted")
```
"""
TWO = """\
# Curves

See [the guide](guide.md).

## More

$$SUM = 0$$

```python exec="on"
print("printed by a cell")
```
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser that prints; without one the tests are skipped, and in CI they fail."""
    try:
        return find_chromium()
    except PdfError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small handout: two problems, a home page and a guide."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "docs").mkdir()
    (folder / "mkdocs.yml").write_text(MKDOCS, "utf-8")
    pages = {
        "index": "# Home\n\nWelcome.\n",
        "one": ONE,
        "two": TWO.replace("SUM", " + ".join("abcdefghijklmnopqrstuvwxyzabcdef")),
        "guide": "# Guide\n\nHow to.\n",
    }
    for name, text in pages.items():
        (folder / "docs" / f"{name}.md").write_text(text, "utf-8")
    return folder


def handout(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does."""
    return subprocess.run(
        [sys.executable, "-c", "from handout.cli import main; main()", *arguments],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def printed(chromium: str, project: Path) -> PdfReader:
    """The PDF of the problems."""
    run = handout("pdf", "--output", "set.pdf", folder=project)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "set.pdf: " in run.stdout
    assert not (project / "site").exists()  # the site that was there, or was not, stays as it is
    return PdfReader(project / "set.pdf")


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def objects(reader: PdfReader) -> list[dict[str, Any]]:
    """Every dictionary of the file."""
    found = [
        reader.get_object(IndirectObject(number, 0, reader)) for number in reader.xref.get(0, {})
    ]
    return [each for each in found if isinstance(each, dict)]


@pytest.mark.browser
@pytest.mark.slow
class TestPrinted:
    """One PDF, looked at from all sides."""

    def test_it_has_a_title_block(self, printed: PdfReader) -> None:
        """Title, authors and date of `mkdocs.yml`, on the page and in the file's properties."""
        first = printed.pages[0].extract_text()
        assert first.index("Problem Set #7") < first.index("Ann Author · Bob Writer")
        assert first.index("Bob Writer") < first.index("May 1, 2031")
        assert printed.metadata is not None
        assert printed.metadata.title == "Problem Set #7"

    def test_it_holds_the_problems_numbered_and_nothing_else(self, printed: PdfReader) -> None:
        """By default the first section of the navigation; no guide, no menus, no search."""
        text = text_of(printed)
        assert text.index("1. Slopes") < text.index("2. Curves")
        assert text.count("printed by a cell") == 2  # by the code, and by its output
        for absent in ("Welcome", "How to", "Search", "Skip to content", "Material"):
            assert absent not in text

    def test_verdicts_stand_beside_their_claims(self, printed: PdfReader) -> None:
        """The margin says what was verified and how exactly; the title block how many."""
        text = re.sub(r"\s+", " ", text_of(printed))
        assert "tanh-backward" in text
        assert "largest relative error" in text
        assert "claims of this handout were tested" in text

    def test_pages_are_numbered(self, printed: PdfReader) -> None:
        """Each page says which it is, of how many."""
        total = len(printed.pages)
        for number, page in enumerate(printed.pages, 1):
            assert f"{number} / {total}" in page.extract_text()

    def test_it_is_tagged_and_has_an_outline(self, printed: PdfReader) -> None:
        """Screen readers find headings and their order, in the language of the text."""
        root: Any = printed.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en"
        kinds = {str(each["/S"]) for each in objects(printed) if each.get("/Type") == "/StructElem"}
        assert {"/H1", "/H2", "/H3", "/P"} <= kinds
        titles = [str(entry.title) for entry in _flat(printed.outline)]
        assert titles == ["Problem Set #7", "1. Slopes", "2. Curves", "More"]

    def test_every_font_is_embedded(self, printed: PdfReader) -> None:
        """Text, code and mathematics look the same on every printer."""
        fonts = [each for each in objects(printed) if each.get("/Type") == "/FontDescriptor"]
        assert len(fonts) >= 3
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font) for font in fonts)

    def test_a_long_formula_or_note_stays_on_its_page(self, printed: PdfReader) -> None:
        """On paper nothing scrolls: a formula wider than its column is set smaller, a note broken.

        Chromium would shrink every page until all fits.
        """
        ends: list[float] = []
        sizes: list[float] = []

        def visit(text: str, page: Any, place: Any, font: Any, size: Any) -> None:
            if text.strip():
                ends.append(page[0] * place[4] + page[4])
            if "sentence with" in text:
                sizes.append(page[0] * size)

        for page in printed.pages:
            page.extract_text(visitor_text=visit)
        assert sizes == [pytest.approx(10.5)]
        assert 300 < max(ends) < float(printed.pages[0].mediabox.width) - 30

    def test_links_lead_somewhere(self, printed: PdfReader) -> None:
        """To the other problem in the same file, to the guide on the published site."""
        links = [
            each["/A"]["/URI"] if "/A" in each and "/URI" in each["/A"] else "inside"
            for each in objects(printed)
            if each.get("/Subtype") == "/Link"
        ]
        assert sorted(map(str, links)) == ["https://course.test/guide/", "inside"]


def _flat(outline: list[Any]) -> list[Any]:
    return [
        entry for item in outline for entry in (_flat(item) if isinstance(item, list) else [item])
    ]


@pytest.mark.browser
@pytest.mark.slow
def test_pages_can_be_chosen(chromium: str, project: Path) -> None:
    """By path, as the shell completes it."""
    run = handout("pdf", "--output", "two.pdf", "docs/two.md", folder=project)
    assert run.returncode == 0, run.stdout + run.stderr
    text = text_of(PdfReader(project / "two.pdf"))
    assert "1. Curves" in text
    assert "Slopes" not in text


@pytest.mark.slow
def test_a_page_that_does_not_exist_is_named(chromium: str, project: Path) -> None:
    """With the pages that there are; status 2, and no PDF."""
    run = handout("pdf", "--output", "none.pdf", "three.md", folder=project)
    assert run.returncode == 2
    assert "no page is called three.md; there are index.md, one.md, two.md, guide.md" in run.stderr
    assert not (project / "none.pdf").exists()


@pytest.mark.slow
def test_a_handout_with_an_unexpected_verdict_is_not_printed(
    chromium: str, project: Path, tmp_path: Path
) -> None:
    """Nobody hands out what fails its own test; status 1, and no PDF."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: S\ntheme: material\nplugins: [handout]\n")
    (tmp_path / "docs" / "index.md").write_text('```python exec="on"\n1 / 0\n```\n')
    run = handout("pdf", folder=tmp_path)
    assert run.returncode == 1
    assert "ZeroDivisionError" in run.stdout + run.stderr
    assert not (tmp_path / "handout.pdf").exists()


def test_without_a_chromium_the_message_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Status 2, before anything is built."""
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(main, ["pdf"])
    assert result.exit_code == 2
    assert "no Chromium or Chrome on the PATH" in result.output
    assert "apt install chromium" in result.output


def browser(folder: Path, script: str) -> str:
    """A program in the place of the browser."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_a_browser_that_fails_is_quoted(tmp_path: Path) -> None:
    """What it said last is what its user needs."""
    program = browser(tmp_path, "echo cannot open display >&2; exit 3")
    with pytest.raises(PdfError, match=r"(?s)status 3 and no PDF:.*cannot open display"):
        print_page(program, tmp_path / "page.html", tmp_path / "out.pdf")


def test_a_browser_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that waits for ever is worse than one that fails."""
    monkeypatch.setattr(pdf, "_PATIENCE", 0.2)
    program = browser(tmp_path, "exec sleep 5")
    with pytest.raises(PdfError, match="did not finish printing"):
        print_page(program, tmp_path / "page.html", tmp_path / "out.pdf")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The folder of the output must exist."""
    program = browser(
        tmp_path, 'for a in "$@"; do case $a in --print-to-pdf=*) echo x > "${a#*=}";; esac; done'
    )
    with pytest.raises(PdfError, match="cannot be written: No such file"):
        print_page(program, tmp_path / "page.html", tmp_path / "none" / "out.pdf")


@pytest.mark.parametrize(("user", "expected"), [(0, True), (1000, False)])
def test_the_sandbox_is_off_for_the_superuser_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, expected: bool
) -> None:
    """Chromium refuses to run with it as root; everybody else keeps it."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    program = browser(tmp_path, f'echo "$@" > {tmp_path}/arguments; exit 1')
    with pytest.raises(PdfError):
        print_page(program, tmp_path / "page.html", tmp_path / "out.pdf")
    assert ("--no-sandbox" in (tmp_path / "arguments").read_text("utf-8")) == expected
