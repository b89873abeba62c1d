"""Values that YAML would cut are told with their line; comments are left alone."""

from __future__ import annotations

import pytest
import yaml

from handout.page.cut_values import cut_front_matter, cut_values


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("title: Problem Set #1, tested", "Problem Set"),
        (r"  norm: \lVert #1 \rVert", r"\lVert"),
        ("- colour: #17673a", ""),
    ],
)
def test_a_cut_value_is_told(line: str, kept: str) -> None:
    """With its line, what YAML leaves of it, and what to write."""
    [problem] = cut_values(f"a: 1\n{line}\n", "mkdocs.yml")
    assert (problem.path, problem.line, problem.code) == ("mkdocs.yml", 2, "H607")
    assert f"leaves {kept!r}" in problem.message
    value = next(iter(yaml.safe_load(line.strip().removeprefix("- ")).values()))
    assert (value or "") == kept
    quoted = problem.message.rpartition("quotes, ")[2]
    assert "#" in yaml.safe_load(quoted)


@pytest.mark.parametrize(
    "line",
    [
        "title: Problem 1   # the first",
        "title: 'Problem Set #1'",
        'title: "Problem Set #1"',
        "title: C#",
        "# title: Problem Set #1",
        "strict: true   # a warning fails the build",
        "links: https://example.org/#top",
    ],
)
def test_comments_and_quoted_values_are_left_alone(line: str) -> None:
    """They are what they look like."""
    assert cut_values(line, "a.md") == []


def test_front_matter_alone_is_yaml() -> None:
    """The lines are those of the page; headings in its text are no YAML."""
    page = "---\ntitle: Set #1\n---\n\n# T\n\nkey: a #b\n"
    assert [problem.line for problem in cut_front_matter(page, "a.md")] == [2]
