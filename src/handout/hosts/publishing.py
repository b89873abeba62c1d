"""Copies the files of a site that differ from what was copied before.

Of each file its state and its content are noted, and of its copy the state. A file in the state
noted is not read; one that was written anew, as a host does with all that it has made, is read but
not made ready again if its content is the one noted. Times alone say nothing, as where a folder was
unpacked: a copy in another state than the noted one is compared.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from handout.run.cache import write_anew
from handout.run.digests import of_file
from handout.run.kept import making


class Finish(NamedTuple):
    """What becomes of a file on its way."""

    make: Callable[[bytes], bytes]
    depends: str  # on this, besides the file


class _Note(NamedTuple):
    """What is noted of a file."""

    depends: str
    content: str | None  # its digest
    source: list[int] | None  # states
    copy: list[int] | None


def names_below(folder: Path) -> Iterator[str]:
    """The names of all files below a folder, in order; links to folders are not followed."""
    root = str(folder)
    for place, inner, names in os.walk(root):
        inner.sort()
        before = "" if place == root else f"{os.path.relpath(place, root)}/".replace(os.sep, "/")
        for name in sorted(names):
            yield before + name


def copy_changed(
    sources: Mapping[str, Path],
    folder: Path,
    notes: Path,
    finishing: Mapping[str, Finish] = MappingProxyType({}),
) -> bool:
    """Copy files where their copies are not as they should be by then; whether any was not.

    Args:
        sources: the files, by the names of their copies.
        folder: of the copies.
        notes: the file in which states are noted.
        finishing: what becomes of some of them, by name.
    """
    copied = False
    noted = _noted(notes)
    now: dict[str, _Note] = {}
    for name, source in sources.items():
        copy, finish = folder / name, finishing.get(name)
        depends = "" if finish is None else finish.depends
        known, found = noted.get(name), state(source)
        if known is not None and known.source == found:
            content = known.content
        else:
            content = of_file(str(source))
        note = _Note(depends, content, found, state(copy))
        if note.copy is None or known is None or note != known._replace(source=found):
            _copy(source, copy, finish)
            note = note._replace(copy=state(copy))
            copied = True
        now[name] = note
    write_anew(notes, json.dumps({"making": making(), "files": now}).encode())
    return copied


def _copy(source: Path, copy: Path, finish: Finish | None) -> None:
    if finish is not None:
        write_anew(copy, finish.make(source.read_bytes()))
    elif of_file(str(source)) != of_file(str(copy)):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.unlink(missing_ok=True)  # it may be one that nobody may write into
        shutil.copyfile(source, copy)


def state(file: Path) -> list[int] | None:
    """What of a file cannot stay the same when somebody writes into it; None if it is not there."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _noted(notes: Path) -> Mapping[str, _Note]:
    """What is noted, unless by another version of handout, which may have finished otherwise."""
    try:
        read = json.loads(notes.read_bytes())
        files = read["files"] if read["making"] == making() else {}
        return {name: _Note(*note) for name, note in files.items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
