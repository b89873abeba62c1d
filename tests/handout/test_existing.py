"""`handout init` gives an existing site the plugin, and touches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from handout.cli import main
from handout.existing import initialise, with_plugin
from handout.settings import read_project


def init(folder: Path) -> Result:
    return CliRunner().invoke(main, ["init", str(folder)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("site_name: A\n", "site_name: A\n\nplugins:\n  - search\n  - handout\n"),
        ("site_name: A", "site_name: A\n\nplugins:\n  - search\n  - handout\n"),
        (
            "plugins:\n- search   # it\n# next\n- blog:\n    blog_dir: a\n",
            "plugins:\n- search   # it\n- handout\n# next\n- blog:\n    blog_dir: a\n",
        ),
        ("plugins:\n  - search", "plugins:\n  - search\n  - handout\n"),
        (
            "plugins:\n  - blog: {}\n  - search: {lang: en}\n",
            "plugins:\n  - handout\n  - blog: {}\n  - search: {lang: en}\n",
        ),
        ("plugins: [search, tags]\n", "plugins: [search, tags, handout]\n"),
        ("plugins: []\n", "plugins: [handout]\n"),
        ("plugins: {search: {}}\n", "plugins: {search: {}, handout: {}}\n"),
        (
            "plugins:\n    search:\n        lang: en\n    tags: {}\n",
            "plugins:\n    handout: {}\n    search:\n        lang: en\n    tags: {}\n",
        ),
        (
            "plugins: [search]\nmarkdown_extensions:\n  - toc: {permalink: true}\n  - tables\n",
            "plugins: [search, handout]\n"
            "markdown_extensions:\n  - handout\n  - toc: {permalink: true}\n  - tables\n",
        ),
        (
            "plugins: [search]\nmarkdown_extensions: {tables: {}}\n",
            "plugins: [search, handout]\nmarkdown_extensions: {tables: {}, handout: {}}\n",
        ),
        ("plugins:\r\n  - search\r\n", "plugins:\r\n  - search\r\n  - handout\r\n"),
        (
            "emoji: !!python/name:material.emoji\nplugins:\n  - search\n",
            "emoji: !!python/name:material.emoji\nplugins:\n  - search\n  - handout\n",
        ),
    ],
)
def test_one_line_is_added(tmp_path: Path, before: str, after: str) -> None:
    """However plugins are written; comments, tags and ends of lines stay as they were."""
    config = tmp_path / "mkdocs.yml"
    config.write_bytes(before.encode())
    result = init(tmp_path)
    assert result.exit_code == 0, result.output
    assert config.read_bytes().decode() == after
    assert "mkdocs.yml: the plugin is added" in result.output
    assert read_project(config).docs is not None


def test_twice_is_once(tmp_path: Path) -> None:
    """A site that has the plugin is left as it is, and told the rest again."""
    config = tmp_path / "mkdocs.yml"
    config.write_text("plugins:\n  - handout:\n      timeout: 3\n", "utf-8")
    before = config.read_bytes()
    result = init(tmp_path)
    assert result.exit_code == 0
    assert "the plugin was there already" in result.output
    assert config.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "plugins: &p [search]\nother: *p\n",  # the other list would get the plugin, too
        "plugins:\n  - !!str search\n",
        "plugins:\n",
        "plugins: 3\n",
    ],
)
def test_what_cannot_be_added_to_is_left_alone(tmp_path: Path, text: str) -> None:
    """The file is as before, and the message says what to write."""
    config = tmp_path / "mkdocs.yml"
    config.write_text(text, "utf-8")
    result = init(tmp_path)
    if result.exit_code == 0:  # it could be added to after all
        assert read_project(config).docs is not None
        return
    assert result.exit_code == 2
    assert "nothing was changed. Add `- handout` to it by hand" in result.output
    assert config.read_text("utf-8") == text


def test_a_folder_without_a_site_is_refused(tmp_path: Path) -> None:
    """The command that starts one is named; a site further up is not taken for this one."""
    (tmp_path / "mkdocs.yml").write_text("site_name: A\n", "utf-8")
    (tmp_path / "inner").mkdir()
    result = init(tmp_path / "inner")
    assert result.exit_code == 2
    assert "`handout new DIR` starts a handout of its own" in result.output
    assert (tmp_path / "mkdocs.yml").read_text("utf-8") == "site_name: A\n"


def test_a_broken_file_is_an_error_with_its_line(tmp_path: Path) -> None:
    """YAML that cannot be read is not edited either."""
    (tmp_path / "mkdocs.yml").write_text("plugins: [search\nsite_name: A\n", "utf-8")
    result = init(tmp_path)
    assert result.exit_code == 2
    assert "line 2" in result.output


def advice(folder: Path, config: str) -> str:
    (folder / "mkdocs.yml").write_text(config, "utf-8")
    return "\n".join(initialise(folder).advice)


def test_what_else_would_help_is_said(tmp_path: Path) -> None:
    """Formulas, scripts, notebooks and what CI installs; nothing is said of what is in order."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.ipynb").write_text("{}", "utf-8")
    (tmp_path / "requirements.txt").write_text("mkdocs-material\n", "utf-8")
    said = advice(tmp_path, "extra_javascript: [https://cdn.test/mathjax@3/tex.js]\n")
    for words in (
        "list `pymdownx.arithmatex: {generic: true}`",
        "need not load https://cdn.test/mathjax@3/tex.js",
        "`pip install 'mkdocs-handout[notebook]'`",
        "list `.cache/` in `.gitignore`",
        "list `mkdocs-handout` in requirements.txt",
    ):
        assert words in said
    (tmp_path / "docs" / "m.js").write_text(
        'window.MathJax = {tex: {macros: {R: "x"}}};\n', "utf-8"
    )
    said = advice(tmp_path, "extra_javascript: [m.js, other.js]\n")
    assert "repeat the macros of m.js in the option `macros`" in said
    said = advice(tmp_path, "plugins: [search, markdown-exec, mkdocs-jupyter: {execute: true}]\n")
    assert "set `execute: false` for mkdocs-jupyter" in said
    assert 'its fences say `exec="true"`' in said
    (tmp_path / ".gitignore").write_text(".cache/\n", "utf-8")
    (tmp_path / "requirements.txt").write_text("mkdocs-handout\n", "utf-8")
    good = (
        "plugins: [mkdocs-jupyter: {execute: false}]\nmarkdown_extensions: [pymdownx.arithmatex]\n"
    )
    assert advice(tmp_path, good) == ""


def test_text_that_is_no_mapping_is_returned_unchanged() -> None:
    """What the command then refuses."""
    assert with_plugin("plugins:\n") == "plugins:\n"
