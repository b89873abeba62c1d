"""Reports: JUnit XML, annotations in CI, the table and the progress bar of a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from handout.cli import main
from handout.hosts.building import build_site
from handout.judge.verdicts import JudgedPage, judge_page
from handout.page.escape import escape_controls, one_line
from handout.page.pages import make_page
from handout.page.problems import Problem
from handout.report import terminal
from handout.report.annotations import annotation
from handout.report.junit import junit
from handout.report.problems import problems
from handout.run.outcomes import Fault, PageOutcome
from handout.settings import Settings, read_project

TEXT = """\
# Page

```python exec="on"
x = 1
check()
```

```math claim="sum"
a = b
```
"""
NASTY = "\x00\x1b[2J]]>&<script>alert(1)</script>\u202eevil\ud800\uffff\x85"


def report(**known: Any) -> dict[str, Any]:
    """What a check tells of itself."""
    return {
        "id": "grad", "step": 1, "kind": "gradient", "status": "verified", "expected": "verified",
        "ok": True, "max_rel_error": 3e-16, "points": 20, "oracle": "complex-step", "offset": 1,
    } | known  # fmt: skip


def judged(
    *reports: Mapping[str, Any], name: str = "page.md", steps: int = 1, message: str = ""
) -> JudgedPage:
    """A page with a Python cell that made some checks, and an equation of some steps."""
    page = make_page(Path.cwd() / name, name, TEXT)
    equation = [
        report(id="sum", step=k, kind="equation", offset=0, status="refuted", message=message)
        for k in range(1, steps + 1)
    ]
    cells = (
        {"error": None, "reports": list(reports), "watched": []},
        {"error": None, "reports": equation, "watched": []},
    )
    return judge_page(page, PageOutcome(cells, None, {}))


def cases(text: str) -> dict[str, ElementTree.Element]:
    """The test cases of a JUnit file, by name."""
    return {str(case.get("name")): case for case in ElementTree.fromstring(text).iter("testcase")}


def test_junit_has_one_case_a_verdict_with_file_and_line():
    """Code, gradient check and each step of an equation are test cases of their own."""
    found = cases(junit([judged(report(), steps=2)]))
    places = {name: (c.get("classname"), c.get("file"), c.get("line")) for name, c in found.items()}
    assert places == {
        "cell-1": ("page.md", "page.md", "3"),
        "grad": ("page.md", "page.md", "5"),
        "sum": ("page.md", "page.md", "8"),
        "sum (step 2)": ("page.md", "page.md", "8"),
    }


def test_junit_tells_failures_from_errors():
    """A refutation is a failure, a cell that could not run is an error; both are counted."""
    page = make_page(Path.cwd() / "page.md", "page.md", TEXT)
    lost = judge_page(page, PageOutcome((), Fault(0, "it took too long", 4), None))
    root = ElementTree.fromstring(junit([judged(), lost]))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "2")
    first, second = root
    assert (first.get("tests"), first.get("failures"), first.get("errors")) == ("2", "1", "0")
    assert (second.get("failures"), second.get("errors")) == ("0", "2")
    error = second.find("testcase/error")
    assert error is not None
    assert error.text == "page.md:4: it took too long"


def test_junit_says_nothing_failed_where_the_refutation_was_expected():
    """An expected refutation passes."""
    text = TEXT.replace('claim="sum"', 'claim="sum" expect="refuted"')
    page = make_page(Path.cwd() / "page.md", "page.md", text)
    cells = (
        {"error": None, "reports": [], "watched": []},
        {"error": None, "reports": [report(id="sum", status="refuted")], "watched": []},
    )
    case = cases(junit([judge_page(page, PageOutcome(cells, None, {}))]))["sum"]
    assert case.find("failure") is None
    assert "status: refuted\nexpected: refuted" in (case.findtext("system-out") or "")


def test_junit_is_well_formed_whatever_a_page_says():
    """Control characters, markup, lone surrogates and overrides of direction are escaped."""
    page = judged(report(id=NASTY, ok=False, status="refuted", message=NASTY), message=NASTY)
    text = junit([page])
    text.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\uffff]", text)
    assert "<script" not in text
    assert r"\x00\x1b[2J]]>&<script>" in next(name for name in cases(text) if "script" in name)


def test_junit_is_the_same_bytes_for_the_same_verdicts():
    """No times, no random order."""
    assert junit([judged(report())]) == junit([judged(report())])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ∂l/∂x\n\tß 漢", "plain ∂l/∂x\n\tß 漢"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("\ud83d", r"\ud83d"),
        ("\r\x7f\x9b", r"\r\x7f\x9b"),
    ],
)
def test_escape_controls_escapes_what_could_act_and_nothing_else(text: str, shown: str):
    """Letters of every language stay; control characters do not."""
    assert escape_controls(text) == shown


def test_one_line_is_one_line():
    """A message cannot forge a second line of the log."""
    assert one_line("a\n::error ::b\tc\u2028d\x0be") == r"a\n::error ::b\tc\u2028d\x0be"


def test_a_problem_of_a_page_cannot_act_on_the_terminal():
    """The line that reports a verdict is printable and single, whatever the verdict says."""
    (problem,) = problems(judged(message="\x1b]0;title\x07 first\nsecond\u202e"))
    line = str(problem)
    assert line.isprintable()
    assert line.startswith("page.md:8: sum: refuted, verified was expected: ")


def test_a_refuted_formula_comes_with_point_and_remedy():
    """Where it fails, which anyone can compute again, and the change that makes it hold."""
    page = judged()
    [verdict] = [v for v in page.verdicts if v["id"] == "sum"]
    point = {"x": [1.0, 2.0], "b": -0.5}
    found: dict[str, Any] = {"left": 3.0, "right": 1.5, "index": {"i": 0}, "counted_from": 1}
    verdict |= {"counterexample": found | {"point": point}, "repair": "holds if x_i is dropped"}
    (problem,) = problems(page)
    assert problem.message.endswith(
        "the left side is 3, the right side 1.5 at i = 1, x = (1, 2), b = -0.5; "
        "holds if x_i is dropped"
    )
    verdict |= {"counterexample": found | {"point": {"W": [[0.123456] * 8] * 8}}, "repair": None}
    (problem,) = problems(page)
    assert problem.message.endswith("the right side 1.5 at i = 1")


GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(Path.cwd())}


def test_annotations_are_for_github_only():
    """Elsewhere there is none."""
    problem = Problem("docs/page.md", 57, "wrong", "H401")
    assert annotation(problem, {}) is None
    assert annotation(problem, GITHUB) == "::error file=docs/page.md,line=57,title=handout::wrong"


def test_annotations_name_files_from_the_root_of_the_repository(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """GitHub finds the page also when the build runs in a folder of the repository."""
    (tmp_path / "course").mkdir()
    monkeypatch.chdir(tmp_path / "course")
    said = annotation(
        Problem("docs/page.md", 1, "wrong", "H401"),
        {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)},
    )
    assert said is not None
    assert said.startswith("::error file=course/docs/page.md,line=1,")


def test_annotations_cannot_be_ended_or_forged():
    """Percent signs, colons, commas and newlines are escaped as the runner reads them."""
    said = annotation(Problem("a,b:c%.md", 3, "50% of\n::warning::x", "H401"), GITHUB)
    assert said == (r"::error file=a%2Cb%3Ac%25.md,line=3,title=handout::50%25 of\n::warning::x")


def test_the_table_of_one_page_has_a_row_for_each_verdict():
    """Line, claim, kind, status, what was expected instead, and the error."""
    stream = io.StringIO()
    terminal.show_table([judged(report(id="x" * 300))], stream)
    header, *rows = [line.split() for line in stream.getvalue().splitlines()]
    assert header == ["line", "claim", "kind", "status", "expected", "error"]
    assert rows == [
        ["3", "cell-1", "code", "verified"],
        ["5", "x" * 300, "gradient", "verified", "3.0e-16"],
        ["8", "sum", "equation", "refuted", "verified", "3.0e-16"],
    ]


def test_the_table_of_several_pages_has_a_row_for_each_page():
    """Counts by status; how many were not as expected."""
    stream = io.StringIO()
    terminal.show_table([judged(), judged(report(), name="\x1b[2Jother.md")], stream)
    rows = [line.split() for line in stream.getvalue().splitlines()]
    assert rows[1:] == [
        ["page.md", "1", "1", "1"],
        [r"\x1b[2Jother.md", "2", "1", "1"],
    ]


def test_a_page_without_verdicts_has_no_table():
    """Nothing to show is nothing shown."""
    stream = io.StringIO()
    page = make_page(Path("page.md").absolute(), "page.md", "# Nothing\n")
    terminal.show_table([judge_page(page, PageOutcome(reads={}))], stream)
    assert stream.getvalue() == ""


def test_progress_is_silent_where_there_is_no_terminal():
    """A log has no bars."""
    page = judged().page
    stream = io.StringIO()
    with terminal.progress([page], stream) as advance:
        advance(page, 2)
    assert stream.getvalue() == ""


def test_progress_shows_cells_done_on_a_terminal_and_leaves_it_clean(
    monkeypatch: pytest.MonkeyPatch,
):
    """The bar counts cells, names the page harmlessly, and is gone at the end."""
    monkeypatch.setenv("TERM", "xterm")
    page = judged(name="p\x1b[31m[red].md").page
    ours, theirs = pty.openpty()
    with open(theirs, "w") as stream, terminal.progress([page], stream) as advance:
        advance(page, 2)
    shown = _all_of(ours)
    assert "2/2" in shown
    assert r"p\x1b[31m[red].md" in re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert shown.endswith(("\x1b[2K", "\x1b[?25h"))


def _all_of(terminal: int) -> str:
    """What was written to a terminal whose other end is closed; it comes in pieces."""
    said = b""
    with contextlib.suppress(OSError):  # Linux's way to tell that there is no more
        while piece := os.read(terminal, 1 << 16):
            said += piece
    os.close(terminal)
    return said.decode()


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the working directory, one page of which has a cell that raises on line 4."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text('# A\n\n```python exec="on"\n1 / 0\n```\n')
    (tmp_path / "mkdocs.yml").write_text("site_name: A\nplugins: [handout]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


ANNOTATED = "::error file=docs/index.md,line=4,title=handout::cell-1: error"


def test_check_writes_and_says_everything_at_once(broken: Path):
    """Table, problem, annotation, JSON and JUnit come from one run; the status is 1."""
    options = ["--json", "v.json", "--junit", "v.xml"]
    done = CliRunner().invoke(main, ["check", "docs/index.md", *options])
    assert done.exit_code == 1
    said = done.stdout.splitlines()
    assert said[0].split()[:2] == ["line", "claim"]
    assert said[2].startswith("docs/index.md:4: cell-1: error, verified was expected: ZeroDiv")
    assert said[3].startswith(ANNOTATED)
    assert said[4] == "1 error; 1 not as expected"
    assert "cell-1" in cases((broken / "v.xml").read_text())
    assert '"id": "cell-1"' in (broken / "v.json").read_text()


def test_a_formula_that_is_not_understood_is_shown_with_a_caret(folder: Path):
    """One line that an editor can follow, and below it the formula and the place."""
    page = folder / "p.md"
    page.write_text('# P\n\n```math claim="c"\n\\frac{1}{2} = q\n```\n')
    done = CliRunner().invoke(main, ["check", "p.md"])
    assert done.exit_code == 1
    head, formula, caret = done.stdout.splitlines()[-4:-1]
    assert head.startswith("p.md:4: c: error, verified was expected: q is not bound on this page")
    assert formula[caret.index("^")] == "q"


def test_a_syntax_error_is_shown_with_its_caret(folder: Path):
    """The reason first, then the line of the page that cannot be read."""
    page = folder / "p.md"
    page.write_text('# P\n\n```python exec="on"\nx = = 1\n```\n')
    done = CliRunner().invoke(main, ["check", "p.md"])
    head, code, caret = done.stdout.splitlines()[-4:-1]
    assert (
        head == "p.md:4: cell-1: error, verified was expected: SyntaxError: invalid syntax [H301]"
    )
    assert code[caret.index("^") :] == "= 1"


def test_a_badge_of_no_claim_is_a_problem_of_the_page(folder: Path):
    """`check` finds in the text what the build would find: not in code, and not of other pages."""
    (folder / "p.md").write_text(
        "# P\n\n`[[verdict:shown]]` [[verdict:other.md#x]]\nand **[[verdict:lost]]**\n\n"
        "!!! note\n\n    [[verdict:inside]]\n\n        [[verdict:code]]\n"
    )
    done = CliRunner().invoke(main, ["check", "p.md"])
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "p.md:4: [[verdict:lost]]: no claim 'lost' on p.md; the page makes no claim [H601]",
        "p.md:8: [[verdict:inside]]: no claim 'inside' on p.md; the page makes no claim [H601]",
        "no verdicts; 2 badges name no claim",
    ]


@pytest.mark.parametrize(("option", "start"), [("--json", "{"), ("--junit", "<?xml")])
def test_a_report_can_go_to_standard_output(broken: Path, option: str, start: str):
    """It is all that is there; what people read goes to the other stream."""
    done = CliRunner().invoke(main, ["check", "docs/index.md", option, "-"])
    assert done.exit_code == 1
    assert done.stdout.startswith(start)
    assert "docs/index.md:4: cell-1: error" in done.stderr
    assert "docs/index.md:4" not in done.stdout.splitlines()
    if option == "--json":
        assert json.loads(done.stdout)["summary"]["unexpected"] == 1


def test_check_reads_the_settings_of_the_pages_own_project(
    broken: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    """From wherever it is called; a setting may come from the environment or be inherited."""
    (broken / "base.yml").write_text("plugins: {handout: {timeout: 7, cache: from-base}}\n")
    text = "INHERIT: base.yml\nplugins: {handout: {cache: !ENV [HANDOUT_CACHE, elsewhere]}}\n"
    (broken / "mkdocs.yml").write_text(text)
    (broken / "docs/index.md").write_text('```python exec="on"\n1\n```\n')
    monkeypatch.chdir(tmp_path_factory.mktemp("other"))
    assert CliRunner().invoke(main, ["check", str(broken / "docs/index.md")]).exit_code == 0
    assert (broken / "elsewhere").is_dir()
    monkeypatch.setenv("HANDOUT_CACHE", "there")
    assert read_project(broken / "mkdocs.yml").settings == Settings(cache="there", timeout=7)


def test_a_setting_that_is_wrong_is_told_by_file(broken: Path):
    """YAML that cannot be read, a file to inherit that is not there, a bad option of it."""
    for text, why in {
        "a: [": "mkdocs.yml: while parsing",
        "- a": "mkdocs.yml: a mapping of options was expected",
        "INHERIT: none.yml": "none.yml: ",
        "plugins: {handout: {jobs: -1}}": "mkdocs.yml: plugin handout: option 'jobs' must be",
    }.items():
        (broken / "mkdocs.yml").write_text(text)
        done = CliRunner().invoke(main, ["check", "docs/index.md"])
        assert (done.exit_code, why in done.stderr) == (2, True), done.stderr


def test_check_says_where_a_report_cannot_be_written(broken: Path):
    """A folder that is not there is a usage error, by name."""
    done = CliRunner().invoke(main, ["check", "docs/index.md", "--junit", "no/v.xml"])
    assert done.exit_code == 2
    assert "no/v.xml: cannot be written: No such file" in done.stderr


def test_a_build_annotates_too(broken: Path, capsys: pytest.CaptureFixture[str]):
    """The build of the site, which is what CI runs, puts its problems on the lines of a change."""
    assert build_site(strict=False) == 1
    assert ANNOTATED in capsys.readouterr().out
