"""`handout new` starts a project that builds as it stands, and overwrites nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from mkdocs.utils.yaml import yaml_load

from handout import distribution
from handout.cli import main
from handout.scaffold import NewError, new_handout

EXPECTED = {
    ".github/workflows/ci.yml",
    ".github/workflows/publish.yml",
    ".gitignore",
    "Makefile",
    "README.md",
    "docs/index.md",
    "docs/problem-1.md",
    "mkdocs.yml",
    "requirements.txt",
}


def handout(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does."""
    code = "from handout.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_a_new_handout_builds(tmp_path: Path) -> None:
    """Strictly, with one claim verified, one refuted on purpose, and a gradient that is right."""
    assert handout("new", "my-course", folder=tmp_path).returncode == 0
    built = handout("build", "--strict", folder=tmp_path / "my-course")
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "my-course" / "site"
    report = json.loads((site / "verdicts.json").read_text("utf-8"))
    found = {v["id"]: (v["kind"], v["status"], v["ok"]) for v in report["verdicts"]}
    assert found["sigmoid-derivative"] == ("equation", "verified", True)
    assert found["sigmoid-mistake"] == ("equation", "refuted", True)
    assert found["sigmoid-backward"] == ("gradient", "verified", True)
    assert report["summary"]["unexpected"] == 0
    assert "My course" in (site / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_a_mistake_in_a_new_handout_fails_its_build(tmp_path: Path) -> None:
    """The project is a test suite: break the formula, and the build names its line."""
    new_handout(tmp_path)
    page = tmp_path / "docs" / "problem-1.md"
    text = page.read_text("utf-8")
    page.write_text(text.replace("s_i (1 - s_i)", "s_i (2 - s_i)"), "utf-8")
    line = text[: text.index('```math claim="sigmoid-derivative"')].count("\n") + 1
    built = handout("build", "--strict", folder=tmp_path)
    assert built.returncode == 1
    assert f"docs/problem-1.md:{line}" in built.stdout + built.stderr
    assert "sigmoid-derivative: refuted" in built.stdout + built.stderr


def test_what_is_written(tmp_path: Path) -> None:
    """Every file is there, listed, and without a placeholder left."""
    folder = tmp_path / "deep" / "my_course"
    written = new_handout(folder)
    assert {path.relative_to(folder).as_posix() for path in written} == EXPECTED
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == EXPECTED
    for path in written:
        text = path.read_text("utf-8")
        assert text.strip()
        assert "@TITLE@" not in text
        assert "@REQUIREMENT@" not in text


def test_workflows_are_valid_and_run_the_build(tmp_path: Path) -> None:
    """GitHub would accept them, and what they run is a target of the Makefile."""
    new_handout(tmp_path)
    workflows = sorted((tmp_path / ".github" / "workflows").glob("*.yml"))
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.github-workflows", *map(str, workflows)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    targets = (tmp_path / "Makefile").read_text("utf-8")
    for workflow in workflows:
        steps = [
            step
            for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values()
            for step in job["steps"]
        ]
        runs = [step["run"] for step in steps if "run" in step]
        assert runs in (["make site"], [])
        assert runs or "deploy" in str(steps)
    assert "\nsite:" in targets


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """The command says so, ends with status 2, and leaves everything as it was."""
    theirs = tmp_path / "mkdocs.yml"
    theirs.write_text("mine", "utf-8")
    result = CliRunner().invoke(main, ["new", str(tmp_path)])
    assert result.exit_code == 2
    assert "is not empty; a new handout needs a new or an empty folder" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["mkdocs.yml"]
    assert theirs.read_text("utf-8") == "mine"


def test_a_hidden_file_is_something(tmp_path: Path) -> None:
    """What a listing does not show would be overwritten all the same."""
    (tmp_path / ".gitignore").write_text("mine", "utf-8")
    with pytest.raises(NewError, match="not empty"):
        new_handout(tmp_path)


def test_a_fresh_repository_is_empty_enough(tmp_path: Path) -> None:
    """Many begin with `git init`."""
    (tmp_path / ".git").mkdir()
    assert new_handout(tmp_path)


def test_a_file_is_refused(tmp_path: Path) -> None:
    """So is what stands where the folder should be, or in its way."""
    theirs = tmp_path / "notes"
    theirs.write_text("mine", "utf-8")
    for target in (theirs, theirs / "inside"):
        result = CliRunner().invoke(main, ["new", str(target)])
        assert result.exit_code == 2
        assert "Not a directory" in result.output
    assert theirs.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("my-course", "My course"),
        ("CS_101", "CS 101"),
        ('a"b: #c', "A b c"),
        ("<b>*x*", "B x"),
        ("---", "Handout"),
        ("Übung.2", "Übung.2"),
    ],
)
def test_the_folder_names_the_handout(tmp_path: Path, name: str, title: str) -> None:
    """Its name becomes a title that YAML and Markdown read as plain words."""
    folder = tmp_path / name
    new_handout(folder)
    text = (folder / "mkdocs.yml").read_text("utf-8")
    assert yaml_load(text)["site_name"] == title
    assert (folder / "README.md").read_text("utf-8").startswith(f"# {title}\n")


class Installed:
    """What the packaging metadata says of an installation."""

    version = "1.2.3"

    def __init__(self, origin: dict[str, object] | None) -> None:
        self.origin = origin

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self.origin is None else json.dumps(self.origin)


@pytest.mark.parametrize(
    ("origin", "required"),
    [
        (None, "mkdocs-handout==1.2.3"),
        (
            {"url": "https://h.test/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "mkdocs-handout @ git+https://h.test/a.git@abc",
        ),
        (
            {"url": "https://h.test/a.whl", "archive_info": {}},
            "mkdocs-handout @ https://h.test/a.whl",
        ),
        ({"url": "file:///home/a", "dir_info": {}}, "mkdocs-handout @ file:///home/a"),
    ],
)
def test_a_handout_is_built_with_what_started_it(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None, required: str
) -> None:
    """Not with whatever a package index calls by the same name."""
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed(origin))
    assert distribution.requirement() == required


@pytest.mark.parametrize("origin", [None, {"url": "file:///home/a", "dir_info": {}}])
def test_a_source_that_only_this_machine_has_is_pointed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None
) -> None:
    """Continuous integration could not install it; the command says what to change."""
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed(origin))
    result = CliRunner().invoke(main, ["new", str(tmp_path / "course")])
    assert result.exit_code == 0
    assert ("requirements.txt" in result.output) == (origin is not None)
    assert f"cd {tmp_path / 'course'}" in result.output
