"""Outcomes by content: what a page really read decides whether an entry is fresh.

An entry is found by what is to be run, and is used only while every file and folder that the page
read, and every distribution that it imported, is as it was. Nothing else invalidates it, and
nothing in it is trusted: an entry that is torn, or was changed, is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from handout.run.digests import digest, names_in
from handout.run.outcomes import PageOutcome

SCHEMA = 1  # of an entry
_STATISTICS = "statistics.json"
_DAY = 86400  # seconds
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_TEXTS = "texts.json"
_BODY = b', "body": '  # in an entry; the digest is that of all that follows


class Cache:
    """A folder of entries, one JSON file each; several builds may share it.

    Args:
        folder: where the entries are.
        root: the project; paths below it are kept relative, so that a project can be moved.
        warn: told once if the folder cannot be used.
    """

    def __init__(self, folder: Path, root: Path, warn: Callable[[str], None]) -> None:
        self.folder, self.root, self.warn = folder, root, warn
        self.hits = self.misses = 0
        self._digests: dict[str, str | None] = {}  # of files, during this build
        self._broken = False
        self._telling = threading.Lock()
        self._texts: set[str] | None = None  # digests of pages whose cells both readers agree on
        self._seen: set[str] = set()  # those of this build

    def get(self, job: Mapping[str, Any]) -> PageOutcome | None:
        """The outcome of a page that nothing has changed since; None if it must run."""
        outcome = self._fresh(job)
        self.hits += outcome is not None
        self.misses += outcome is None
        return outcome

    def _fresh(self, job: Mapping[str, Any]) -> PageOutcome | None:
        file = self._file(job)
        try:
            head, _, rest = file.read_bytes().partition(_BODY)
            if json.loads(head + b"}")["digest"] != digest(rest):
                return None
            body = json.loads(rest[:-1])
            if body["lines"] is not None and body["lines"] != _lines(job):
                return None
            if not self._unchanged(body["files"], body["folders"], body["distributions"]):
                return None
            if file.stat().st_mtime < time.time() - _DAY:
                os.utime(file)  # used: not to be evicted
            return PageOutcome.from_dict(body["outcome"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None  # absent, torn, or of another making

    def _unchanged(
        self,
        files: Mapping[str, str],
        folders: Mapping[str, str],
        distributions: Mapping[str, str],
    ) -> bool:
        return (
            all(self._of_file(name) == digest for name, digest in files.items())
            and all(self._of_folder(name) == digest for name, digest in folders.items())
            and all(version(name) == there for name, there in distributions.items())
        )

    def put(self, job: Mapping[str, Any], outcome: PageOutcome, started: float) -> None:
        """Keep an outcome; if that fails, say so once, and go on without a cache."""
        if self._broken:
            return
        self.ran(outcome)
        try:
            self.save(job, outcome, started)
        except OSError as error:
            self._give_up(error)

    def ran(self, outcome: PageOutcome) -> None:
        """Look anew at the files that a page has read; their digests are of before it ran."""
        for name in outcome.reads["files"] if outcome.reads else ():
            self._digests.pop(self._relative(name), None)

    def save(self, job: Mapping[str, Any], outcome: PageOutcome, started: float) -> None:
        """Write an outcome, if it depends on nothing but what can be compared later.

        Args:
            job: what was run.
            outcome: what came of it.
            started: when it began (`time.time()`): a file changed since then may have been read
                before or after the change.

        Raises:
            OSError: it cannot be written.
        """
        reads = outcome.reads
        if outcome.fault is not None or reads is None or reads["reasons"]:
            return
        body = {
            "lines": _lines(job) if _names_lines(job, outcome) else None,
            "files": {n: self._of_file(n) for n in map(self._relative, reads["files"])},
            "folders": {self._relative(n): digest for n, digest in reads["folders"].items()},
            "distributions": {name: version(name) for name in distributions(reads["modules"])},
            "outcome": outcome.to_dict(),
        }
        if any(_changed_since(name, started) for name in reads["files"]):
            return  # asked after the digests were taken: they may be of what the page did not see
        rest = json.dumps(body).encode() + b"}"
        head = json.dumps({"digest": digest(rest), "page": job["page"]}).encode()
        write(self._file(job), head[:-1] + _BODY + rest)

    def _give_up(self, error: OSError) -> None:
        with self._telling:  # pages end on several threads
            told, self._broken = self._broken, True
        if not told:
            self.warn(
                f"the cache {self.folder} cannot be written ({error.strerror}); going on without"
            )

    def knows_text(self, of_text: str) -> bool:
        """Whether a page of the very text with this digest was noted before."""
        if self._texts is None:
            try:
                self._texts = set(json.loads((self.folder / _TEXTS).read_bytes()))
            except (OSError, ValueError, TypeError):
                self._texts = set()
        known = of_text in self._texts
        if known:
            self._seen.add(of_text)
        return known

    def note_text(self, of_text: str) -> None:
        """Note that both readers of Markdown agree on the cells of a page; its text's digest."""
        self._seen.add(of_text)

    def close(self, whole: bool = False) -> None:
        """Keep what is for the next build, and the statistics that `handout cache` shows.

        Args:
            whole: whether all pages were seen; then what none of them needs is dropped in time.
        """
        if self._broken or not self.folder.is_dir():
            return
        texts = self._texts or set()
        kept = self._seen if whole else texts | self._seen
        with contextlib.suppress(OSError):
            if kept != texts:
                write(self.folder / _TEXTS, json.dumps(sorted(kept)).encode())
            if self.hits + self.misses:
                counts = {"hits": self.hits, "misses": self.misses}
                write(self.folder / _STATISTICS, json.dumps(counts).encode())
        if whole and self.misses:  # else nothing has come that needs room
            evict(self.folder)

    def _file(self, job: Mapping[str, Any]) -> Path:
        key = job_key(job)
        return self.folder / key[:2] / f"{key}.json"

    def _relative(self, name: str) -> str:
        root = os.path.join(self.root, "")
        return name.removeprefix(root) if name.startswith(root) else name

    def _of_file(self, name: str) -> str | None:
        """The digest of a file's content, taken once a build; None if it cannot be read."""
        if name not in self._digests:
            try:
                with open(self.root / name, "rb") as file:
                    self._digests[name] = hashlib.file_digest(file, "blake2b").hexdigest()[:32]
            except OSError:
                self._digests[name] = None
        return self._digests[name]

    def _of_folder(self, name: str) -> str | None:
        return names_in(os.path.join(self.root, name))


def job_key(job: Mapping[str, Any]) -> str:
    """What is to be run, as a digest. Where its cells stand on the page is no part of it."""
    cells = [{k: v for k, v in cell.items() if k != "line"} for cell in job["cells"]]
    return digest(
        _canonical(
            {
                "schema": SCHEMA,
                "engine": engine_digest(),
                "python": platform.python_version(),
                "implementation": platform.python_implementation(),
                "machine": platform.machine(),
                "numpy": version("numpy"),
                "page": job["page"],
                "folder": os.path.relpath(job["folder"], job["root"]),
                "output": job["limits"]["output"],
                "cells": cells,
            }
        )
    )


@cache
def engine_digest() -> str:
    """The source of the modules that make an outcome, as a digest."""
    here = Path(__file__).parent
    files = [here / "outcomes.py", here / "digests.py", *sorted((here / "process").glob("*.py"))]
    return digest(b"".join(file.read_bytes() for file in files))


def write(target: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none.

    In as few calls of the system as can be: a build may write hundreds of files on threads, and
    each call takes the interpreter from the thread that renders pages.
    """
    temporary = f"{target.parent}{os.sep}.{os.getpid()}-{threading.get_ident()}.part"
    try:
        file = os.open(temporary, _NEW, 0o644)  # part of a site that a web server reads, perhaps
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(temporary, _NEW, 0o644)
    try:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


class Contents(NamedTuple):
    """What a cache holds."""

    entries: int
    size: int  # bytes
    hits: int  # of the last build
    misses: int


def contents(folder: Path) -> Contents:
    """What the cache in a folder holds."""
    files = [path for path in folder.glob("??/*.json") if path.is_file()]
    try:
        last = json.loads((folder / _STATISTICS).read_bytes())
        hits, misses = int(last["hits"]), int(last["misses"])
    except (OSError, ValueError, KeyError, TypeError):
        hits = misses = 0
    return Contents(len(files), sum(path.stat().st_size for path in files), hits, misses)


def clear(folder: Path) -> int:
    """Remove every entry; return how many there were. Other files in the folder stay."""
    entries = contents(folder).entries
    for path in folder.glob("[0-9a-f][0-9a-f]"):
        shutil.rmtree(path, ignore_errors=True)
    for name in (_STATISTICS, _TEXTS):
        (folder / name).unlink(missing_ok=True)
    return entries


def evict(folder: Path, days: float = 30) -> None:
    """Remove entries that no build has used for a while; for the end of a whole build only."""
    oldest = time.time() - days * _DAY
    for group in folder.glob("??"):
        with contextlib.suppress(OSError), os.scandir(group) as entries:
            for entry in entries:
                if entry.name.endswith(".json") and entry.stat().st_mtime < oldest:
                    os.unlink(entry)


@cache
def version(distribution: str) -> str | None:
    """The version of an installed distribution; None if there is none of that name."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


@cache
def _by_module() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def distributions(modules: Iterable[str]) -> list[str]:
    """The distributions that top-level modules came from."""
    found: set[str] = set()
    for module in modules:
        found.update([module] if version(module) is not None else _by_module().get(module, ()))
    return sorted(found)


def _names_lines(job: Mapping[str, Any], outcome: PageOutcome) -> bool:
    """Whether the outcome speaks of lines of the page, as a traceback does: it cannot move."""
    return json.dumps(job["page"])[1:-1] in json.dumps(outcome.cells)


def _lines(job: Mapping[str, Any]) -> list[int]:
    return [cell["line"] for cell in job["cells"]]


def _changed_since(name: str, started: float) -> bool:
    """Whether a file may have changed since then; its time is that of the clock's last tick."""
    try:
        changed = os.stat(name).st_mtime
    except OSError:
        return False
    return changed >= started - (2 if changed.is_integer() else 0.05)  # some systems keep seconds


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
