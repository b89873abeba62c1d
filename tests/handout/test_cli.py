"""The command line as a clumsy author uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handout.cli import main

CELL = '```python exec="on" id="made"\nopen("made.txt", "w").close()\n```\n'


def handout(*words: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, words)


def test_no_exec_lists_cells_and_runs_none(workshop) -> None:
    """Where each cell is, what it is called, what is wrong with it; math without a claim, too."""
    math = '```math claim="sum"\n1 = 1\n```\n\n```math\na\n```\n'
    workshop.write("page.md", f"# A\n\n{CELL}\n{math}".encode())
    done = handout("check", "page.md", "--no-exec")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "page.md:3-5: python, made",
        "page.md:7-9: math, sum",
        "page.md:11-13: math, display math",
        "3 cells, 0 that cannot be used; nothing was run",
    ]
    assert not (workshop.root / "made.txt").exists()
    workshop.write("page.md", CELL.replace("id=", "ide=").encode())
    done = handout("check", "page.md", "--no-exec")
    assert done.exit_code == 1
    assert "page.md:1-3: unknown option 'ide'; did you mean 'id'?" in done.stdout


def test_the_cache_can_be_looked_at_and_cleared(workshop) -> None:
    """Entries, size, and how the last build fared; in the project's own folder."""
    workshop.write("mkdocs.yml", "plugins: [{handout: {cache: kept}}]")
    workshop.write("page.md", CELL.encode())
    for hits in (0, 1):
        assert handout("check", "page.md").exit_code == 0
        said = handout("cache").stdout
        assert said.startswith(f"{workshop.root / 'kept'}: 1 entries, ")
        assert f"last build: {hits} pages from the cache, {1 - hits} run" in said
    assert "1 entries removed" in handout("cache", "--clear").stdout
    assert ": 0 entries, 0 kB" in handout("cache").stdout


def test_pages_of_the_same_name_are_told_apart_and_a_page_counts_once(workshop) -> None:
    """Verdicts name pages as they were given."""
    for name in ("a/page.md", "b/page.md"):
        workshop.write(name, CELL.encode())
    done = handout("check", "a/page.md", "b/page.md", "a/page.md", "--json", "v.json")
    assert done.exit_code == 0
    verdicts = json.loads((workshop.root / "v.json").read_text())["verdicts"]
    assert [v["page"] for v in verdicts] == ["a/page.md", "b/page.md"]


def test_a_lost_badge_is_in_the_last_line(workshop) -> None:
    """The summary does not say that all is well when the status says that it is not."""
    text = f"{CELL}\n[[verdict:nope]]\n"
    workshop.write("page.md", text.encode())
    done = handout("check", "page.md")
    assert done.exit_code == 1
    *_, line, summary = done.stdout.splitlines()
    assert line.startswith("page.md:5: [[verdict:nope]]: no claim 'nope'")
    assert summary == "1 verified; 1 badge names no claim"
    workshop.write("page.md", f"{text}\n[[verdict:no]]\n".replace("open(", "open(0/").encode())
    assert handout("check", "page.md").stdout.splitlines()[-1] == (
        "1 error; 1 not as expected, 2 badges name no claim"
    )
    workshop.write("page.md", b"[[verdict:nope]]\n")
    assert handout("check", "page.md").stdout.endswith("no verdicts; 1 badge names no claim\n")
    workshop.write("page.md", CELL.encode())
    assert handout("check", "page.md").stdout.endswith("1 verified; all as expected\n")


def test_a_page_can_be_checked_from_any_folder(
    workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its cells run in its own folder, and its project keeps what came of it."""
    workshop.write("mkdocs.yml", "plugins: [handout]")
    page = workshop.write("docs/page.md", CELL.encode())
    for folder, name in ((workshop.root / "docs", "page.md"), (tmp_path, str(page))):
        monkeypatch.chdir(folder)
        (page.parent / "made.txt").unlink(missing_ok=True)
        handout("cache", "--clear")
        assert handout("check", name).exit_code == 0
        assert (page.parent / "made.txt").exists()
    assert not (tmp_path / ".cache").exists()
    assert (workshop.root / ".cache/handout").is_dir()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check"], "Missing argument 'PAGE...'"),
        (["check", "none.md"], "none.md:1: cannot be read: No such file or directory [H101]"),
        (["check", ".cache"], ".cache: no page is in this folder"),
        (["check", "page.md", "--update-baseline"], "--update-baseline needs --baseline FILE"),
        (["explain", "H999"], "is not one of"),
        (["check", "page.md", "--jobs", "0"], "0 is not in the range x>=1"),
        (["check", "page.md", "--timeout", "-1"], "-1.0 is not in the range x>0"),
        (["check", "page.md", "--json", "no/v.json"], "no/v.json: cannot be written: No such file"),
        (["check", "page.md", "--junit", "."], ".: cannot be written: Is a directory"),
        (["check", "page.md", "--jsn", "x"], "No such option '--jsn'"),
        (["chek"], "No such command 'chek'; did you mean 'check'?"),
    ],
)
def test_wrong_usage_is_told_before_anything_runs(workshop, words: list[str], said: str) -> None:
    """Status 2, and what would be right."""
    workshop.write("page.md", CELL.encode())
    (workshop.root / ".cache").mkdir()
    done = handout(*words)
    assert done.exit_code == 2
    assert said in done.stderr.replace("option: ", "option ")
    assert not (workshop.root / "made.txt").exists()


@pytest.mark.parametrize(
    "name", ["a b.md", "ü.md", "a'b\".md", "--.md", "a\nb.md", "\x1b[31m.md", "%s{}.md", "#.md"]
)
def test_a_page_may_be_called_anything(
    workshop, name: str, python_cell: Callable[..., str]
) -> None:
    """Its name is text in every report, on one line."""
    workshop.write(name, python_cell("1 / 0").encode())
    done = handout("check", "--json", "v.json", "--junit", "v.xml", "--", name)
    assert done.exit_code == 1
    lines = [line for line in done.stdout.splitlines() if "ZeroDivisionError" in line]
    assert len(lines) == 1
    assert lines[0].isprintable()
    assert json.loads((workshop.root / "v.json").read_text())["verdicts"][0]["page"] == name


def test_a_folder_stands_for_its_pages(workshop) -> None:
    """Markdown and notebooks, at any depth, once each; hidden folders are left out."""
    for name in ("docs/b.md", "docs/deep/a.md", "docs/.hidden/c.md", "docs/data.txt"):
        workshop.write(name, CELL.encode())
    done = handout("check", "docs", "docs/b.md")
    assert done.exit_code == 0
    rows = [line.split()[0] for line in done.stdout.splitlines()[1:3]]
    assert rows == ["docs/b.md", "docs/deep/a.md"]
    assert ".hidden" not in done.stdout


def test_problems_are_written_as_sarif(workshop) -> None:
    """With the codes that the terminal shows; relative to the repository in GitHub's CI."""
    workshop.write("docs/a.md", b'# A\n\n```python exec="on"\n1 / 0\n```\n')
    done = handout("check", "docs", "--sarif", "v.sarif")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[2].endswith("ZeroDivisionError: division by zero [H301]")
    [result] = json.loads((workshop.root / "v.sarif").read_text("utf-8"))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert result["ruleId"] == "H301"
    assert place["artifactLocation"]["uri"] == "docs/a.md"
    assert place["region"]["startLine"] == 4


@pytest.mark.parametrize("code", ["H401", "h401"])
def test_a_code_is_explained(code: str) -> None:
    """In words, and with what to do."""
    done = handout("explain", code)
    assert done.exit_code == 0
    assert done.stdout.startswith("H401: An equation is refuted\n\nThe two sides differ")
    assert 'expect="refuted"' in done.stdout


def test_pages_can_be_run_twice(workshop) -> None:
    """What comes out otherwise in the second run is a problem, whatever it depends on."""
    cell = '```python exec="on"\n{}\n```\n\n'.format
    hidden = "import helper\nhelper.stamp()"  # no call that can be seen on the page
    workshop.write("helper.py", "import time\ndef stamp(): return time.time_ns()\n")
    raising = cell(hidden.replace("helper.stamp()", "raise ValueError(helper.stamp())"))
    expected = raising.replace('"on"', '"on" expect="raises ValueError"')
    seeded = cell("import random\nrandom.random()")
    workshop.write("page.md", cell("1 + 1") + cell(hidden) + expected + seeded)
    assert CliRunner().invoke(main, ["check", "page.md"]).exit_code == 0
    done = CliRunner().invoke(main, ["check", "page.md", "--twice"])
    assert done.exit_code == 1
    told = [line for line in done.output.splitlines() if "a second run" in line]
    assert [line.partition(" otherwise")[0] for line in told] == [
        "page.md:5: cell-2: a second run gave its output",
        "page.md:10: cell-3: a second run gave its error",
    ]


def test_a_program_of_the_course_runs_beside_its_own_edf(tmp_path, monkeypatch, capfd) -> None:
    """The file of that name in the working directory is not imported; arguments and status pass."""
    (tmp_path / "edf.py").write_text("raise SystemExit('the original')", "utf-8")
    program = "import sys, edf\nprint(edf.Value(2).value, sys.argv)\nsys.exit(7)\n"
    (tmp_path / "ps2.py").write_text(program, "utf-8")
    monkeypatch.chdir(tmp_path)
    done = handout("course", "ps2.py", "--epochs", "3", "-h")
    assert done.exit_code == 7
    out, err = capfd.readouterr()
    assert out == "2.0 ['ps2.py', '--epochs', '3', '-h']\n"
    assert "ps2.py: runs with edf.course.winter2017 (it uses Value)" in err
    assert handout("course", "--generation", "2021", "ps2.py").exit_code == 2
    assert "choose from" in capfd.readouterr().err
    assert "does not exist" in handout("course", "ps3.py").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_output_that_cannot_be_written_is_told_in_a_line() -> None:
    """Not by a traceback, nor as a verdict that is not as expected."""
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "handout", "--version"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=600)
    said = "handout: the output cannot be written: No space left on device [H702]\n"
    assert (done.returncode, done.stderr) == (2, said)
