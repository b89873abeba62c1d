"""What a page's process read: the evidence on which the cache decides whether an outcome is fresh.

An audit hook hears every `open`, directory listing, connection and new process, whichever library
caused it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from handout.run.digests import names_in, of_file
from handout.run.outcomes import Reads
from handout.run.process.limits import STARTS_PROCESS

_CONNECTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind"}
_LISTS = {"os.listdir", "os.scandir"}
_LOADS = {"sqlite3.connect", "ctypes.dlopen"}
_WRITES = os.O_WRONLY | os.O_RDWR
_ANEW = os.O_TRUNC | os.O_EXCL


#: What belongs to the machine and the interpreter; versions of distributions stand for the latter.
_SYSTEM = tuple(
    os.path.join(folder, "")
    for folder in (
        "/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sys", "/usr", "/Library", "/System",
        sys.prefix, sys.base_prefix,
    )
)  # fmt: skip


def is_authors(path: str) -> bool:
    """Whether a file outside of any project is the author's: nobody else's, and not hidden."""
    return not path.startswith(_SYSTEM) and f"{os.sep}." not in path


class ReadLog:
    """Records, from `start` on, the project files and folders that this process reads."""

    def __init__(self, root: str, ignored: tuple[str, ...]) -> None:
        self.root = os.path.join(root, "")
        inside = (p for p in (sys.prefix, sys.base_prefix) if p.startswith(self.root))
        self.ignored = tuple(os.path.join(folder, "") for folder in (*ignored, *inside))
        self.files: dict[str, None] = {}
        self.folders: dict[str, str | None] = {}  # the names in each when it was first looked at
        self.written: set[str] = set()
        self.reasons: dict[str, None] = {}  # why the outcome depends on more than files
        self._known: frozenset[str] = frozenset()  # modules that were there before the page

    def start(self) -> None:
        """Listen from now on; an audit hook cannot be removed."""
        self._known = frozenset(sys.modules)
        sys.addaudithook(self._hear)

    def report(self) -> Reads:
        """What was read, in the form of JSON."""
        new = {name: sys.modules[name] for name in list(sys.modules) if name not in self._known}
        for module in new.values():
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and self.of_project(path):
                self.files.setdefault(path)
        return {
            "files": sorted(self.files),
            "folders": dict(sorted(self.folders.items())),
            "modules": sorted(_third_party(new)),
            "reasons": list(self.reasons),
            "written": {
                path: content
                for path in sorted(self.written)
                if path.startswith(self.root) and (content := of_file(path)) is not None
            },
        }

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(*args)
        elif event in _LISTS:
            path = self._path(args[0] if args and args[0] is not None else ".")
            if path is not None and path not in self.folders:
                self.folders[path] = None  # `names_in` lists it, too
                self.folders[path] = names_in(path)
        elif event in _LOADS:
            path = self._path(args[0])
            if path is not None:
                self.files.setdefault(path)
        elif event == "os.rename":
            source, target = map(self._path, args[:2])
            compiled = str(args[1]).endswith(".pyc")  # by an import, which writes no source
            if target is not None and source in self.written and not compiled:
                self.written.add(target)
        elif event in STARTS_PROCESS:
            self.reasons.setdefault("it started a process")
        elif event in _CONNECTS:
            self.reasons.setdefault("it used the network")

    def _open(self, name: Any, mode: Any, flags: int) -> None:
        path = self._path(name)
        if path is None:
            return
        if flags & _WRITES and flags & _ANEW and path not in self.files:
            self.written.add(path)
        elif path not in self.written:  # also one that is changed or added to: it had a content
            self.files.setdefault(path)

    def _path(self, name: Any) -> str | None:
        """The absolute path of a project file; the source for a compiled module."""
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if not isinstance(name, str):
            return None  # a file descriptor
        path = os.path.abspath(name)
        if not self.of_project(path):
            return None
        if path.endswith(".pyc"):
            try:
                return importlib.util.source_from_cache(path)
            except ValueError:
                return path
        return path

    def of_project(self, path: str) -> bool:
        """Whether a file is the author's: in the project, or outside it and nobody's else."""
        path = os.path.join(path, "")  # so that a folder counts as inside itself
        if path.startswith(self.root):
            return not path.startswith(self.ignored)
        return is_authors(path)


def _third_party(new: Mapping[str, Any]) -> Iterator[str]:
    """Of the modules that a page has imported, the top-level ones of installed distributions."""
    for name, module in new.items():
        path = getattr(module, "__file__", None)
        if "." in name or not isinstance(path, str):
            continue
        if "site-packages" in path or "dist-packages" in path:
            yield name
