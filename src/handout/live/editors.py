"""The editors of live pages: CodeMirror for code, MathLive for formulas where a reader asks for it.

Both are official packages of the npm registry, pinned by their digests.

Pages work without them: a plain text field stands in their place. CodeMirror is published as
modules that name one another; they are kept as they are, but for these names, which become the
addresses of the files beside them. So nothing has to be bundled.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from handout.live.runtime import FilesError, read_from

if TYPE_CHECKING:
    import tarfile


class Package(NamedTuple):
    """A package of the npm registry."""

    name: str
    version: str
    sha256: str  # of its archive
    module: str  # the file in it that is imported by the package's name

    @property
    def flat(self) -> str:
        """Its name as a file can have it."""
        return self.name.removeprefix("@").replace("/", "-")

    @property
    def archive(self) -> str:
        """What npm calls the archive."""
        return f"{self.flat}-{self.version}.tgz"


_INDEX = "dist/index.js"
CODE = (
    Package(
        "@codemirror/state",
        "6.7.6",
        "91d75acc955ceeaf86af9396c11cda7694fe6222aac8427fa033d89eff5ac839",
        _INDEX,
    ),
    Package(
        "@codemirror/view",
        "6.43.15",
        "f0d5921406f841d211fa0887aabf10626c47676bfc63a4abed2a4d207e27c5ac",
        _INDEX,
    ),
    Package(
        "@codemirror/commands",
        "6.11.1",
        "f477f46d8c00278e1b387baebd53bd6556fd5f3c7401ebe2a05543600fcbff0f",
        _INDEX,
    ),
    Package(
        "@codemirror/language",
        "6.11.3",
        "0bf8eff4f39dada8b211a653c371b518ba591b19a23f2d79684b8a51f9ce01f5",
        _INDEX,
    ),
    Package(
        "@codemirror/lang-python",
        "6.2.1",
        "022a075ece066c3015dce4fbddd4d8b6f597679e756d50e697ec16cd3e5b59ca",
        _INDEX,
    ),
    Package(
        "@codemirror/autocomplete",
        "6.20.4",
        "40b9657b137284426bcd829cdee7dc78a748337de997a12b10b5c725f67aa0d0",
        _INDEX,
    ),
    Package(
        "@lezer/common",
        "1.5.5",
        "ed93cee36403124f51eae638b8a032d6694914c19704de7610db7f2a9441c963",
        _INDEX,
    ),
    Package(
        "@lezer/highlight",
        "1.2.5",
        "e349eec1ff4382439c1e6286ae937e0203a8349c5192e2e133863391775ac7ff",
        _INDEX,
    ),
    Package(
        "@lezer/lr",
        "1.4.12",
        "64382ee7f144221e4c655f2034393c6be9cecaf5ea2ec1c1edeb99424defb272",
        _INDEX,
    ),
    Package(
        "@lezer/python",
        "1.1.19",
        "0e00a32717366099c01b38a19ceb73315cd1dd9b335d98b49fea50ab7c5c2a98",
        _INDEX,
    ),
    Package(
        "@marijn/find-cluster-break",
        "1.0.4",
        "5d12b770b64d46632c84fcd18e1d4c09f195ed0f5dbc71f94a41f0af333eaeae",
        "src/index.js",
    ),
    Package(
        "style-mod",
        "4.1.5",
        "c4a44844213a141da55c51a2f81d701acdb9944465328b4a2a6b9626c6d9fc39",
        "src/style-mod.js",
    ),
    Package(
        "w3c-keyname",
        "2.2.8",
        "05d21484026d1f2dd842c843181e391e66d60f1d5dff292d562c3f40302dab36",
        "index.js",
    ),
    Package(
        "crelt",
        "1.0.7",
        "3542299c0278fdc26aceb2b13d31bffbcb89d7367706bbc457130e3fd103c03e",
        "index.js",
    ),
)
FORMULAS = Package(
    "mathlive",
    "0.109.1",
    "f4248d2c8dcd982cfe92a71a3d4510cc5a609ac64566d6a96616b2e60d0e710d",
    "mathlive.min.mjs",
)
PACKAGES = (*CODE, FORMULAS)
_IMPORT = re.compile(
    r"""^((?:import|export) [^"'=()]*\bfrom )(["'])([^."'][^"']*)\2""", re.MULTILINE
)


def folder(cache: Path) -> Path:
    """Where a project keeps the editors: a folder whose name follows from what is in it."""
    pinned = "".join(package.sha256 for package in PACKAGES)
    return cache / "live" / f"editors-{hashlib.sha256(pinned.encode()).hexdigest()[:8]}"


def present(home: Path) -> bool:
    """Whether the editors are there."""
    return home.is_dir()


def fetch(home: Path, source: str | None = None, say: Callable[[str], None] = print) -> None:
    """Get the packages, check every digest, and keep what a page needs of them in `home`.

    Args:
        home: see `folder`.
        source: a folder, or the address of one, that holds the packages' archives; without one npm
            downloads them.
        say: is told what is being done.

    Raises:
        FilesError: an archive cannot be had, or its digest is not the pinned one. Nothing is kept.
    """
    if present(home):
        say(f"The editors (CodeMirror and MathLive) are in {home} already")
        return
    import tarfile  # builds, which ask where the editors are, unpack nothing

    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as work:
        made = Path(work, "made")
        for package, data in _archives(source, Path(work), say):
            if hashlib.sha256(data).hexdigest() != package.sha256:
                raise FilesError(
                    f"{package.archive} is not the package that is pinned: its SHA-256 differs. "
                    "Nothing was kept; name another source with --from"
                )
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                _unpack(package, archive, made)
        made.rename(home)
    say(f"The editors (CodeMirror and MathLive) are in {home}")


def _archives(
    source: str | None, work: Path, say: Callable[[str], None]
) -> Iterator[tuple[Package, bytes]]:
    if source is None:
        _download(work, say)
        source = str(work)
    for package in PACKAGES:
        yield package, read_from(source, package.archive)


def _download(work: Path, say: Callable[[str], None]) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FilesError(
            "npm is not there, with which the editors (CodeMirror and MathLive) are downloaded; "
            "without them code and formulas are edited in plain text fields"
        )
    say("Getting the editors (CodeMirror and MathLive) with npm (2.3 MB, once)")
    names = [f"{package.name}@{package.version}" for package in PACKAGES]
    command = [npm, "pack", "--silent", "--pack-destination", str(work), *names]
    run = subprocess.run(command, cwd=work, capture_output=True, text=True)
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["no archive came"])[-1]
        raise FilesError(
            f"npm could not download the editors (CodeMirror and MathLive): {reason}. Without them "
            "code and formulas are edited in plain text fields"
        )


def _unpack(package: Package, archive: tarfile.TarFile, home: Path) -> None:
    """Write what a page needs of a package, and the licence under which it is."""
    kind = "formulas" if package is FORMULAS else "code"
    for member in archive.getmembers():
        name = member.name.removeprefix("package/")
        if name == package.module:
            target = "mathlive.mjs" if package is FORMULAS else f"{package.flat}.js"
        elif name.startswith("LICENSE"):
            target = f"{package.flat}.LICENSE.txt"
        elif package is FORMULAS and name.startswith("fonts/"):
            target = name
        else:
            continue
        file = archive.extractfile(member)
        if file is None:
            continue
        data = file.read()
        if package is not FORMULAS:
            data = _IMPORT.sub(_beside, data.decode()).encode()
        path = home / kind / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _beside(found: re.Match[str]) -> str:
    """An import of another package, as one of the file beside it."""
    flat = next(package.flat for package in CODE if package.name == found[3])
    return f"{found[1]}{found[2]}./{flat}.js{found[2]}"
