"""Packages beyond NumPy that live pages may import: the runtime's, where an author allows it.

The runtime's lock names every package that it has, what each is imported as and depends on, and the
SHA-256 of its file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from handout.page.options import suggestion

#: Entries of a lock, by the normalised names of packages.
Lock = Mapping[str, Mapping[str, Any]]
LOCK_FILE = "pyodide-lock.json"
#: Modules of the standard library, of any version that builds a site, which the browser's lacks.
#: The runtime has some of them as packages.
UNAVAILABLE = frozenset(
    "annotationlib asynchat asyncore compression curses dbm distutils ensurepip fcntl grp imp "
    "lib2to3 lzma msilib msvcrt nis ossaudiodev pty pwd pydoc_data readline resource smtpd spwd "
    "sqlite3 ssl syslog termios tkinter tty turtle venv winreg winsound".split()
)


class UnknownPackageError(Exception):
    """A package that the runtime does not have; says what may have been meant."""


def read_lock(home: Path) -> Lock:
    """The runtime's own lock; empty where it has not been fetched."""
    try:
        found = json.loads((home / LOCK_FILE).read_text("utf-8"))
    except OSError:
        return {}
    return {normalised(name): entry for name, entry in found["packages"].items()}


def normalised(name: str) -> str:
    """A package's name, as however written it is compared with others."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(lock: Lock, packages: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The entries of packages and of all that they depend on, but for NumPy's.

    Raises:
        UnknownPackageError: the runtime has none of this name.
    """
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [normalised(name) for name in packages]
    while waiting:
        name = waiting.pop()
        if name in found or name == "numpy":
            continue
        if name not in lock:
            raise UnknownPackageError(f"the runtime has no package {name!r}{_meant(name, lock)}")
        found[name] = lock[name]
        waiting += [normalised(other) for other in lock[name]["depends"]]
    return dict(sorted(found.items()))


def _meant(name: str, lock: Lock) -> str:
    for package, entry in lock.items():
        if name in entry["imports"]:
            return f"; {name} is imported from {package}"
    return suggestion(name, lock)


def providers(lock: Lock) -> dict[str, str]:
    """The package from which each module is imported."""
    return {module: name for name, entry in lock.items() for module in entry["imports"]}
