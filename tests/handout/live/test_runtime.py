"""The runtime of live pages: fetched once, checked, and copied into the site."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from handout.live import runtime
from handout.live.runtime import NUMPY, PACKED, WASM, FilesError, fetch, install, missing


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins for the official files, and their digests for the real ones."""
    folder = tmp_path / "official"
    folder.mkdir()
    for name in runtime.FILES:
        (folder / name).write_bytes(name.encode() * 100)
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in runtime.FILES
    }
    monkeypatch.setattr(runtime, "FILES", digests)
    return folder


def test_files_of_a_folder_are_kept(official: Path, tmp_path: Path) -> None:
    """All are there afterwards; a second time there is nothing to do."""
    home = tmp_path / "home"
    assert missing(home) == list(runtime.FILES)
    said: list[str] = []
    fetch(home, str(official), said.append)
    assert missing(home) == []
    assert len(said) == len(runtime.FILES) + 1
    fetch(home, "nowhere", said.append)
    assert "already" in said[-1]
    assert not [file for file in home.iterdir() if file.is_dir()]


def test_a_file_that_is_not_the_official_one_is_refused(official: Path, tmp_path: Path) -> None:
    """One byte other, and the message names the file; what came before it is kept whole."""
    (official / NUMPY).write_bytes(b"other")
    home = tmp_path / "home"
    with pytest.raises(FilesError, match=rf"{NUMPY} is not the official file.*SHA-256"):
        fetch(home, str(official), lambda text: None)
    assert missing(home) == [NUMPY]


def test_a_file_that_cannot_be_had_is_named(official: Path, tmp_path: Path) -> None:
    """With the source, as it was given."""
    (official / WASM).unlink()
    with pytest.raises(FilesError, match=rf"{WASM} cannot be had from .*official"):
        fetch(tmp_path / "home", str(official), lambda text: None)


def test_an_address_is_asked_for_each_file(official: Path, tmp_path: Path) -> None:
    """A file: address stands for a server's."""
    fetch(tmp_path / "home", official.as_uri(), lambda text: None)
    assert missing(tmp_path / "home") == []


def test_large_files_are_compressed_in_the_site(official: Path, tmp_path: Path) -> None:
    """Always to the same bytes; and the runtime finds NumPy in the lock beside it."""
    home, site = tmp_path / "home", tmp_path / "site"
    fetch(home, str(official), lambda text: None)
    install(home, site)
    packed = (site / f"{WASM}.gz").read_bytes()
    for name in PACKED:
        assert gzip.decompress((site / f"{name}.gz").read_bytes()) == (official / name).read_bytes()
        assert not (site / name).exists()
    lock = json.loads((site / "pyodide-lock.json").read_text("utf-8"))
    assert lock["packages"]["numpy"]["file_name"] == NUMPY
    assert lock["info"]["version"] == runtime.VERSION
    (home / f"{WASM}.gz").unlink()
    install(home, tmp_path / "other")
    assert (tmp_path / "other" / f"{WASM}.gz").read_bytes() == packed
