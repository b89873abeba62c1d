"""A baseline: a site fails on what is new only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handout.page.problems import Problem
from handout.report.baseline import Baseline, BaselineError


def problem(path: Path, line: int = 1, code: str = "H401", subject: str = "a") -> Problem:
    return Problem(str(path), line, "message", code=code, subject=subject)


def test_known_problems_are_told_from_new_ones(tmp_path: Path) -> None:
    """By page, kind and claim; the line and the wording do not matter."""
    page, file = tmp_path / "docs/a.md", tmp_path / "known.json"
    Baseline(file).update([problem(page)], [str(page)])
    moved = problem(page, line=9)._replace(message="in other words")
    others = [problem(page, code="H402"), problem(page, subject="b"), problem(tmp_path / "b.md")]
    found = Baseline(file).sort([moved, *others], [str(page)])
    assert found.known == [moved]
    assert found.new == others
    assert found.solved == []


def test_what_is_solved_is_said_of_the_pages_that_were_looked_at(tmp_path: Path) -> None:
    """Of the others nothing is known."""
    one, two = tmp_path / "1.md", tmp_path / "2.md"
    file = tmp_path / "known.json"
    Baseline(file).update([problem(one), problem(two)], [str(one), str(two)])
    assert [known.page for known in Baseline(file).sort([], [str(one)]).solved] == ["1.md"]


def test_an_update_keeps_what_is_known_of_other_pages(tmp_path: Path) -> None:
    """And forgets what is solved on those that were checked."""
    one, two = tmp_path / "1.md", tmp_path / "2.md"
    file = tmp_path / "known.json"
    Baseline(file).update([problem(one), problem(two)], [str(one), str(two)])
    Baseline(file).update([problem(one, subject="new")], [str(one)])
    assert {(k.page, k.subject) for k in Baseline(file).known} == {("1.md", "new"), ("2.md", "a")}


def test_the_file_is_sorted_and_the_same_wherever_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its paths are relative to itself, so that it can be committed."""
    (tmp_path / "docs").mkdir()
    file = tmp_path / "known.json"
    found = [problem(tmp_path / "docs/b.md"), problem(tmp_path / "docs/a.md")]
    Baseline(file).update(found, [])
    before = file.read_bytes()
    monkeypatch.chdir(tmp_path / "docs")
    Baseline(Path("../known.json")).update(
        [problem(Path("a.md")), problem(Path("b.md"))], ["a.md", "b.md"]
    )
    assert file.read_bytes() == before
    assert [entry["page"] for entry in json.loads(before)["problems"]] == ["docs/a.md", "docs/b.md"]


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    """The first run writes it."""
    assert Baseline(tmp_path / "none.json").known == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"schema": 2, "problems": []}',
        '{"schema": 1, "problems": [{"page": "a"}]}',
        '{"schema": 1, "problems": [{"page": "a", "code": "H999", "subject": ""}]}',
    ],
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    """It is not taken for an empty one, nor overwritten."""
    file = tmp_path / "known.json"
    file.write_text(text, "utf-8")
    with pytest.raises(BaselineError, match=r"known\.json: "):
        Baseline(file)
    assert file.read_text("utf-8") == text
