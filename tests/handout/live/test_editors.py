"""The editors of live pages: fetched once, checked, and changed in nothing but their imports."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from handout.live import editors
from handout.live.editors import FORMULAS, Package, fetch, folder, present
from handout.live.runtime import FilesError

FILES = {
    "one": "import { two } from '@some/two';\nexport const text = \"from '@some/two'\" + two;\n",
    "@some/two": 'export const two = 2;\nexport { three } from "./three.js";\n',
    "mathlive": "const three = import('nowhere');\n",
}


def packed(package: Package, text: str) -> bytes:
    """An archive as npm makes it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        names = {package.module: text, "LICENSE": "MIT", "README.md": "no", "fonts/a.woff2": "a"}
        for name, content in names.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return data.getvalue()


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins for the packages, and their digests for the real ones."""
    source = tmp_path / "archives"
    source.mkdir()
    packages = []
    for name, text in FILES.items():
        module = FORMULAS.module if name == "mathlive" else "dist/index.js"
        package = Package(name, "1.0", "", module)
        data = packed(package, text)
        (source / package.archive).write_bytes(data)
        packages.append(package._replace(sha256=hashlib.sha256(data).hexdigest()))
    monkeypatch.setattr(editors, "CODE", tuple(packages[:-1]))
    monkeypatch.setattr(editors, "FORMULAS", packages[-1])
    monkeypatch.setattr(editors, "PACKAGES", tuple(packages))
    return source


def test_imports_of_packages_become_files_beside_them(archives: Path, tmp_path: Path) -> None:
    """Nothing else changes; licences and fonts come along, all else stays out."""
    home = folder(tmp_path / "cache")
    fetch(home, str(archives), lambda text: None)
    code = home / "code"
    assert (code / "one.js").read_text() == FILES["one"].replace("'@some/two';", "'./some-two.js';")
    assert (code / "some-two.js").read_text() == FILES["@some/two"]
    assert (home / "formulas/mathlive.mjs").read_text() == FILES["mathlive"]
    kept = {file.relative_to(home).as_posix() for file in home.rglob("*") if file.is_file()}
    assert kept == {
        "code/one.js", "code/one.LICENSE.txt", "code/some-two.js", "code/some-two.LICENSE.txt",
        "formulas/mathlive.mjs", "formulas/mathlive.LICENSE.txt", "formulas/fonts/a.woff2",
    }  # fmt: skip
    said: list[str] = []
    fetch(home, "nowhere", said.append)
    assert "already" in said[0]


def test_another_archive_is_refused(archives: Path, tmp_path: Path) -> None:
    """Named, and nothing is kept of any."""
    (archives / "mathlive-1.0.tgz").write_bytes(b"other")
    home = folder(tmp_path / "cache")
    with pytest.raises(FilesError, match=r"mathlive-1\.0\.tgz is not the package.*SHA-256"):
        fetch(home, str(archives), lambda text: None)
    assert not present(home)
    assert list(home.parent.iterdir()) == []


def test_without_npm_it_says_what_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text fields do the work."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(FilesError, match=r"npm is not there.*plain text fields"):
        fetch(folder(tmp_path), None, lambda text: None)


def test_every_pinned_import_is_pinned_too() -> None:
    """In the real files, where they have been fetched: each names only what lies beside it."""
    home = folder(Path(__file__).parents[3] / ".cache" / "handout")
    if not present(home):
        pytest.skip("the editors are not there; run handout live fetch")
    for file in (home / "code").glob("*.js"):
        for found in editors._IMPORT.finditer(file.read_text("utf-8")):
            pytest.fail(f"{file.name} imports {found[3]}")
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("import ") and " from " in line:
                assert (home / "code" / line.split("'")[-2]).is_file(), line
