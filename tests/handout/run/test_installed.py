"""Versions are those that `importlib.metadata` reads, at a fraction of the cost."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from handout.run import installed


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    installed.version.cache_clear()
    installed._by_name.cache_clear()


def test_all_that_is_installed_here_has_its_version() -> None:
    names = {d.name for d in metadata.distributions()}
    assert {name: installed.version(name) for name in names} == {
        name: metadata.version(name) for name in names
    }
    assert installed.version("Mkdocs_Handout") == metadata.version("mkdocs-handout")
    assert installed.version("no-such-distribution") is None


def test_the_first_on_the_path_counts_and_older_ways_of_installing_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy-0.1.dist-info").mkdir()
    (tmp_path / "Old.Name.egg-info").mkdir()
    (tmp_path / "Old.Name.egg-info/PKG-INFO").write_text("Name: Old.Name\nVersion: 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed.version("numpy") == "0.1"
    assert installed.version("Old.Name") == "7"


def test_a_build_reads_no_metadata() -> None:
    """Nor loads what an unchanged page does not need."""
    program = (
        "import sys, handout.cli, handout.hosts.zensical.host\n"
        "from handout.run.installed import version\n"
        "assert version('numpy')\n"
        "unwanted = {'numpy', 'edf', 'fontTools', 'rich', 'nbformat', 'mkdocs', 'markdown',"
        " 'math_core', 'pathspec', 'importlib.metadata'}\n"
        "print(sorted(unwanted & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert said.stdout == "[]\n", said.stderr
