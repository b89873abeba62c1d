"""The modules of live pages, compiled by the runtime itself."""

from __future__ import annotations

import gzip
import io
import shutil
import zipfile
from pathlib import Path

import pytest

from handout.live import bytecode, runtime
from handout.live.bundle import bundle
from handout.live.compiling import LIBRARY, MODULES

CACHE = Path(__file__).parents[3] / ".cache" / "handout"


def names_in(archive: Path) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(gzip.decompress(archive.read_bytes()))).namelist())


@pytest.mark.slow
def test_what_is_imported_at_the_start_is_compiled(tmp_path: Path) -> None:
    """And nothing else; the source of operations stays, which a page may show."""
    home = runtime.folder(CACHE)
    if runtime.missing(home) or shutil.which("node") is None:
        pytest.skip("needs Node, and the files of `handout live fetch`")
    target = bytecode.folder(CACHE, bundle())  # made by `make test`, which fetches first
    if not target.is_dir():
        target = bytecode.folder(tmp_path, bundle())
        target.parent.mkdir(parents=True)
        bytecode.make(home, target, bundle())
    modules, library = names_in(target / f"{MODULES}.gz"), names_in(target / f"{LIBRARY}.gz")
    assert {"handout/live/session.pyc", "edf/equations/check.pyc"} <= modules
    assert "edf/operations/elementary.py" in modules
    assert "edf/course/api.pyc" not in modules
    assert not {"handout/live/session.py", "edf/operations/elementary.pyc"} & modules
    assert {"json/__init__.pyc", "wave.py"} <= library
    assert "json/__init__.py" not in library


def test_without_node_pages_start_from_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is said."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    said: list[str] = []
    bytecode.make(tmp_path / "home", tmp_path / "bytecode-1", b"", said.append)
    assert "start more slowly" in said[0]
    assert not (tmp_path / "bytecode-1").exists()


def test_a_failure_is_no_more_than_said(tmp_path: Path) -> None:
    """As of a Node that is too old."""
    if shutil.which("node") is None:
        pytest.skip("needs Node")
    said: list[str] = []
    (tmp_path / "home").mkdir()
    bytecode.make(tmp_path / "home", tmp_path / "bytecode-1", b"", said.append)
    assert "could not be compiled" in said[-1]
    assert not (tmp_path / "bytecode-1").exists()


def test_other_modules_are_compiled_anew(tmp_path: Path) -> None:
    """The folder is named by what it is made from."""
    assert bytecode.folder(tmp_path, b"a") != bytecode.folder(tmp_path, b"b")
