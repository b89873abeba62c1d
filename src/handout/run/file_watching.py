"""Waits until something changes on which pages depend: what `handout check --watch` sleeps in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from handout.run.digests import names_in

_PAUSE = 0.2  # seconds between two looks

Seen = Mapping[Path, object]


def snapshot(paths: Iterable[Path]) -> Seen:
    """What can be seen of files and folders without reading them; None for what is not there."""
    return {path: _seen(path) for path in paths}


def _seen(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    if path.is_dir():
        return names_in(str(path))
    return status.st_mtime_ns, status.st_size, status.st_ino


def wait(before: Seen) -> Path:
    """Return one of the paths as soon as it is not as it was.

    Looking at a few files costs less than having the system tell, and works on network drives.
    """
    while True:
        time.sleep(_PAUSE)
        now = snapshot(before)
        for path, seen in before.items():
            if now[path] != seen:
                return path
