"""Versions are those that `importlib.metadata` reads, at a fraction of the cost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from handout.run import installed


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """Nothing is known of another path; nor is it afterwards, by the tests that follow."""
    known = (installed.version, installed._by_name, installed._by_module, installed._recorded)
    for each in known:
        each.cache_clear()
    yield
    for each in known:
        each.cache_clear()


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


def test_modules_of_other_names_have_their_distributions() -> None:
    """As `importlib.metadata` has them, but for those that only say what they hold."""
    known = {
        module: {installed._normal(name) for name in names}
        for module, names in metadata.packages_distributions().items()
        if module.isidentifier()
    }
    assert {"PIL", "dateutil", "yaml"} <= known.keys()
    for module, names in known.items():
        found = set(map(installed._normal, installed.distributions([module])))
        assert found >= names or installed.version(module), module
    assert installed.distributions(["PIL", "dateutil", "no_such_module"]) == [
        "pillow",
        "python-dateutil",
    ]


def test_a_module_without_a_record_has_what_its_distribution_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Old.Name.egg-info").mkdir()
    (tmp_path / "Old.Name.egg-info/PKG-INFO").write_text("Name: Old.Name\nVersion: 7\n")
    (tmp_path / "Old.Name.egg-info/top_level.txt").write_text("old_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed.distributions(["old_module"]) == ["Old.Name"]


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
