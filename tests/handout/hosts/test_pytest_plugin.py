"""The pytest plugin: verdicts as tests, and nothing at all in other projects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

PAGE = """\
# A page

```python exec="on" id="sums"
from edf import Input
from edf.check import check_gradients
x = Input(shape=(3,))
check_gradients(x * x, id="square")
```

```python exec="on" id="breaks"
a = 1
raise ValueError("no\\nsecond line \\x1b[2J")
```

```python exec="on" expect="raises KeyError"
{}["b"]
```
"""
CONFIGURATION = "site_name: A\nplugins:\n  - handout\n"
NAMES = ["page.md:3[sums]", "page.md:7[square]", "page.md:10[breaks]", "page.md:15[cell-3]"]


pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load no other plugin in the sessions of these tests: each would be loaded anew."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "handout.hosts.pytest_plugin")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A handout with a page of four verdicts, one of them unexpected."""
    docs = pytester.mkdir("docs")
    (docs / "page.md").write_text(PAGE)
    (docs / "prose.md").write_text("# Nothing to run\n")
    (pytester.path / "mkdocs.yml").write_text(CONFIGURATION)
    return pytester


def collected(project: pytest.Pytester, *options: str) -> list[str]:
    """The names of the tests that pytest collects."""
    result = project.runpytest("--collect-only", "-q", *options)
    return [line.partition("::")[2] for line in result.outlines if "::" in line]


def test_every_verdict_is_a_test_named_by_page_line_and_claim(project: pytest.Pytester):
    """A folder, the page, and one test by its id."""
    assert collected(project, "docs/") == NAMES
    assert collected(project, "docs/page.md") == NAMES
    assert collected(project, f"docs/page.md::{NAMES[1]}") == [NAMES[1]]
    assert collected(project, "docs", "-k", "square or KeyError") == [NAMES[1]]


def test_a_failure_says_what_the_verdict_says_and_where(project: pytest.Pytester):
    """The message with page and line, no traceback of Python's, nothing that acts."""
    result = project.runpytest("docs", "-W", "error")
    result.assert_outcomes(passed=3, failed=1)
    text = result.stdout.str()
    assert "docs/page.md:12: breaks: error, verified was expected: ValueError: no | " in text
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text
    assert "\x1b[2J" not in text
    assert r"second line \x1b[2J" in text


def test_only_the_failed_run_again(project: pytest.Pytester):
    """`--lf` and `-x` do what they always do."""
    project.runpytest("docs").assert_outcomes(passed=3, failed=1)
    project.runpytest("docs", "--lf").assert_outcomes(failed=1)
    project.runpytest("docs", "-x").assert_outcomes(passed=2, failed=1)
    page = project.path / "docs/page.md"
    page.write_text(page.read_text().replace('raise ValueError("no', 'print("yes'))
    project.runpytest("docs", "--lf").assert_outcomes(passed=1)


def test_steps_of_a_claim_are_told_apart():
    """Every step of a chain has a name of its own."""
    from handout.hosts.pytest_pages import name_of_test

    verdict = {"id": "chain", "line": 57}
    assert name_of_test("p.md", {**verdict, "step": 1}) == "p.md:57[chain]"
    assert name_of_test("p.md", {**verdict, "step": 2}) == "p.md:57[chain#2]"


def test_pages_are_collected_only_if_pytest_is_pointed_at_them(project: pytest.Pytester):
    """Not from the folder above; `testpaths` points, too."""
    project.makepyfile(test_other="def test_other(): pass")
    assert collected(project) == ["test_other"]
    assert collected(project, ".") == ["test_other"]
    project.makeini("[pytest]\ntestpaths = docs\n")
    assert collected(project) == NAMES


def test_the_docs_folder_is_the_one_that_the_site_names(project: pytest.Pytester):
    """Pages elsewhere are no pages of this site."""
    (project.path / "mkdocs.yml").write_text(CONFIGURATION + "docs_dir: pages\n")
    assert collected(project, "docs") == []
    (project.path / "docs").rename(project.path / "pages")
    assert collected(project, "pages") == NAMES


@pytest.mark.parametrize("configuration", [None, "site_name: A\n", "plugins: [search]\n"])
def test_other_projects_are_left_alone(project: pytest.Pytester, configuration: str | None):
    """Without the plugin in the site's configuration, Markdown is none of our business."""
    config = project.path / "mkdocs.yml"
    config.unlink() if configuration is None else config.write_text(configuration)
    assert collected(project, "docs", "docs/page.md") == []


def test_a_run_without_pages_loads_nothing_of_ours(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    """What every pytest loads, by the entry point, is two small modules, whatever it is given."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_PLUGINS")
    pytester.makepyfile("def test_other(): pass")
    pytester.makefile(".md", README="# A project")
    (pytester.path / "mkdocs.yml").write_text("plugins: [search]\n")
    program = (
        "import sys, pytest; pytest.main(['-q', '.', 'README.md']);"
        "print(sorted(m for m in sys.modules if m.startswith(('handout', 'edf', 'numpy'))))"
    )
    result = pytester.run(sys.executable, "-c", program)
    modules = ["handout", "handout.hosts", "handout.hosts.pytest_plugin", "handout.project_file"]
    assert result.outlines[-1] == str(modules)


def test_a_page_that_cannot_be_read_is_an_error_of_collection(project: pytest.Pytester):
    """It is named with its line, and the other pages are collected."""
    (project.path / "docs/bad.md").write_bytes(b"# A\n\xff\n")
    result = project.runpytest("docs", "--continue-on-collection-errors")
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(["docs/bad.md:2: not UTF-8*"])


def test_a_bad_option_of_the_plugin_stops_the_session(project: pytest.Pytester):
    """As it stops a build."""
    (project.path / "mkdocs.yml").write_text("plugins:\n  - handout:\n      timeuot: 3\n")
    result = project.runpytest("docs/page.md")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*mkdocs.yml: plugin handout: unknown option 'timeuot'; did you*"])


def test_a_cache_that_cannot_be_written_is_said_once(project: pytest.Pytester):
    """The verdicts are the same without."""
    Path(project.path / ".cache").write_text("a file where the folder should be")
    result = project.runpytest("docs", "-W", "error")
    result.assert_outcomes(passed=3, failed=1)
    said = [line for line in result.outlines if line.startswith("handout: the cache ")]
    assert len(said) == 1
