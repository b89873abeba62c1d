"""Outcomes by content: what a page really read decides whether an entry is fresh.

An entry is found by what is to be run, and is used only while every file and folder that the page
read, and every distribution that it imported, is as it was. Nothing else invalidates it, and
nothing in it is trusted: an entry that is torn, or was changed, is computed again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import json
import os
import platform
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from handout.run.digests import digest, in_json, names_in, of_file
from handout.run.installed import distributions, version
from handout.run.outcomes import Job, PageOutcome

SCHEMA = 2  # of an entry
_STATISTICS = "statistics.json"
_DAY = 86400  # seconds
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
#: Limits that end a page, whose outcome is then not kept. All others bear on what comes out.
_ENDS = ("timeout", "cpu")
_TEXTS = "texts.json"
#: What pages load; see `handout.run.foreseen`.
FORESEEN = "foreseen.json"
#: In the folder of the cache, what was made of pages; see `handout.run.kept`.
PAGES = "pages"
_BODY = b', "body": '  # in an entry; the digest is that of all that follows


class Cache:
    """A folder of entries, one JSON file each; several builds may share it.

    Args:
        folder: where the entries are.
        root: the project; paths below it are kept relative, so that a project can be moved.
        warn: told once if the folder cannot be used.
        patience: seconds for which the outcome of a page that writes files is kept though it may
            come out otherwise: `serve` builds again when a file is written, and would never end.
    """

    def __init__(
        self, folder: Path, root: Path, warn: Callable[[str], None], patience: float = 0
    ) -> None:
        self.folder, self.root, self.warn, self.patience = folder, root, warn, patience
        self.hits = self.misses = 0
        self._digests: dict[str, str | None] = {}  # of files, during this build
        self._folders: dict[str, str | None] = {}  # the same, until a page has run
        self._broken = False
        self._telling = threading.Lock()
        self._texts: set[str] | None = None  # digests of pages whose cells both readers agree on
        self._seen: set[str] = set()  # those of this build

    def get(self, job: Job) -> PageOutcome | None:
        """The outcome of a page that nothing has changed since; None if it must run."""
        outcome = self._fresh(job)
        self.hits += outcome is not None
        self.misses += outcome is None
        return outcome

    def has(self, job: Job) -> bool:
        """Whether there is an entry, fresh or not."""
        return self._file(job).is_file()

    def _fresh(self, job: Job) -> PageOutcome | None:
        file = self._file(job)
        try:
            head, _, rest = file.read_bytes().partition(_BODY)
            if not hmac.compare_digest(json.loads(head + b"}")["digest"], signature(rest)):
                return None
            body = json.loads(rest[:-1])
            if body["lines"] not in (None, _lines(job)) or body["root"] not in (None, job["root"]):
                return None
            if body["until"] is not None and not (self.patience and time.time() < body["until"]):
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

    def put(self, job: Job, outcome: PageOutcome, started: float) -> None:
        """Keep an outcome; if that fails, say so once, and go on without a cache."""
        if self._broken:
            return
        self.ran(outcome)
        try:
            self.save(job, outcome, started)
        except OSError as error:
            self._give_up(error)

    def ran(self, outcome: PageOutcome) -> None:
        """Look anew at what a page has read, and may have written; it was seen before it ran."""
        self._folders = {}
        reads = outcome.reads
        for name in (*reads["files"], *reads["written"]) if reads else ():
            self._digests.pop(self._relative(name), None)

    def save(self, job: Job, outcome: PageOutcome, started: float) -> None:
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
        if outcome.fault is not None or reads is None:
            return
        until = None
        if reads["reasons"]:
            if not (self.patience and reads["written"]):
                return
            until = time.time() + self.patience
        said = json.dumps(outcome.cells)
        written = {self._relative(name): content for name, content in reads["written"].items()}
        body = {
            "lines": _lines(job) if in_json(job["page"]) in said else None,
            "root": job["root"] if in_json(job["root"]) in said else None,
            "until": until,
            "files": {n: self._of_file(n) for n in map(self._relative, reads["files"])} | written,
            "folders": {self._relative(n): digest for n, digest in reads["folders"].items()},
            "distributions": {name: version(name) for name in distributions(reads["modules"])},
            "outcome": outcome.to_dict(),
        }
        if any(_changed_since(name, started) for name in reads["files"]):
            return  # asked after the digests were taken: they may be of what the page did not see
        rest = json.dumps(body).encode() + b"}"
        head = json.dumps({"digest": signature(rest), "page": job["page"]}).encode()
        file = self._file(job)
        if file.parent.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        write(file, head[:-1] + _BODY + rest)

    def _give_up(self, error: OSError) -> None:
        with self._telling:  # pages end on several threads
            told, self._broken = self._broken, True
        if not told:
            self.warn(
                f"the cache {self.folder} cannot be written ({error.strerror}); "
                "going on without [H708]"
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

    def _file(self, job: Job) -> Path:
        key = job_key(job)
        return self.folder / key[:2] / f"{key}.json"

    def _relative(self, name: str) -> str:
        root = os.path.join(self.root, "")
        return name.removeprefix(root) if name.startswith(root) else name

    def _of_file(self, name: str) -> str | None:
        """The digest of a file's content, taken once a build; None if it cannot be read."""
        if name not in self._digests:
            self._digests[name] = of_file(os.path.join(self.root, name))
        return self._digests[name]

    def _of_folder(self, name: str) -> str | None:
        """The digest of the names in a folder; None if it cannot be read."""
        known = self._folders  # a thread in which a page has run may forget them
        if name not in known:
            known[name] = names_in(os.path.join(self.root, name))
        return known[name]


def job_key(job: Job) -> str:
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
                "limits": {k: v for k, v in job["limits"].items() if k not in _ENDS},
                "declared": job.get("declared"),
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


def signature(data: bytes) -> str:
    """A digest of an entry that only its maker can make: what was edited is not used."""
    return hashlib.blake2b(data, digest_size=32, key=_secret()).hexdigest()


@cache
def _secret() -> bytes:
    """The key of this user's entries: from the environment, or a file in the user's own folder."""
    given = os.environ.get("HANDOUT_CACHE_KEY")
    if given:
        return hashlib.blake2b(given.encode("utf-8", "surrogateescape"), digest_size=32).digest()
    home = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local/share")
    file = Path(home, "handout", "cache.key")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            write_new(file, secrets.token_bytes(32))
        key = file.read_bytes()
        if len(key) == 32:
            return key
    return secrets.token_bytes(32)  # good for this process: what it keeps is of no use to others


def write_new(file: Path, data: bytes) -> None:
    """Write a file that only its owner may read, unless it is there: whole, or not at all.

    Raises:
        FileExistsError: it is there.
    """
    temporary = f"{file}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, _NEW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
        os.link(temporary, file)
    finally:
        os.unlink(temporary)


def write_anew(target: Path, data: bytes) -> None:
    """Write a file unless it holds that already: who watches it sees what changed, and no more."""
    try:
        if target.read_bytes() == data:
            return
    except OSError:
        pass
    write(target, data)


def write(target: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none.

    In as few calls of the system as can be: a build may write hundreds of files on threads, and
    each call takes the interpreter from the thread that renders pages.
    """
    temporary = f"{target.parent}{os.sep}.{secrets.token_hex(8)}.part"  # nobody knows it before
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


class CacheStatistics(NamedTuple):
    """What a cache holds."""

    entries: int
    size: int  # bytes
    hits: int  # of the last build
    misses: int


def statistics(folder: Path) -> CacheStatistics:
    """What the cache in a folder holds."""
    files = [path for path in folder.glob("??/*.json") if path.is_file()]
    try:
        last = json.loads((folder / _STATISTICS).read_bytes())
        hits, misses = int(last["hits"]), int(last["misses"])
    except (OSError, ValueError, KeyError, TypeError):
        hits = misses = 0
    return CacheStatistics(len(files), sum(path.stat().st_size for path in files), hits, misses)


def clear(folder: Path) -> int:
    """Remove every entry; return how many there were. Other files in the folder stay."""
    entries = statistics(folder).entries
    for path in (folder / PAGES, *folder.glob("[0-9a-f][0-9a-f]")):
        shutil.rmtree(path, ignore_errors=True)
    for name in (_STATISTICS, _TEXTS, FORESEEN):
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


def _lines(job: Job) -> list[int]:
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
