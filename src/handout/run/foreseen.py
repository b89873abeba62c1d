"""What the pages that were edited will load, told before the site generator reads any page.

It does so a while after a build has begun, and matplotlib alone takes longer to load than what is
left of a small build. So each build notes, of every page, what its cells are and what they load;
the next one looks at the pages whose files have changed. It is a guess: a page that is not foreseen
waits until what it needs is loaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handout.run.cache import FORESEEN, write
from handout.run.digests import digest
from handout.run.outcomes import JobCell

if TYPE_CHECKING:
    from handout.settings import Project

#: The packages that take long to load, and that are loaded once for all pages.
PACKAGES = ("edf", "matplotlib")


def packages_named(cells: Sequence[JobCell]) -> list[str]:
    """Those of `PACKAGES` that a page's cells name; formulas are tested by `edf`."""
    formulas = any(cell["kind"] != "python" for cell in cells)
    return [name for name in PACKAGES if (formulas and name == "edf") or _named(name, cells)]


def _named(package: str, cells: Sequence[JobCell]) -> bool:
    word = re.compile(rf"\b{package}\b")
    return any(word.search(cell["source"]) for cell in cells)


def foreseen(project: Project) -> set[str] | None:
    """What pages load whose cells were edited since they were noted; None if none were."""
    needed: set[str] | None = None
    for file, (changed, cells, packages) in _noted(project.cache).items():
        if _changed(file) not in (None, changed) and _cells_of(file, project) != cells:
            needed = (needed or set()).union(name for name in PACKAGES if name in packages)
            if needed.issuperset(PACKAGES):
                break
    return needed


def _cells_of(file: str, project: Project) -> str:
    """The digest of the cells of a page of Markdown, which is quick to read."""
    from handout.page.pages import MARKDOWN, PageError, read_page  # not for a page's process
    from handout.run.jobs import job_cell

    if not file.endswith(MARKDOWN):
        return ""
    try:
        page = read_page(Path(file), file, claims=project.settings.claims)
    except PageError:
        return ""
    return _digest([job_cell(cell, {}) for cell in page.running])


def _digest(cells: Sequence[JobCell]) -> str:
    said = [(cell["kind"], cell["source"], cell["options"]) for cell in cells]
    return digest(repr(said).encode())


class Notes:
    """What a build notes of its pages for the next one, in the folder of the cache."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self._known = _noted(cache)
        self._notes = {name: noted for name, noted in self._known.items() if os.path.isfile(name)}

    def note(self, file: Path, cells: Sequence[JobCell]) -> None:
        """Note the cells of a page that run, and what they load, unless its file is as it was."""
        name = str(file)
        changed = _changed(name)
        if changed is None or not cells:  # a plugin has made it, and no file
            self._notes.pop(name, None)
        elif name not in self._notes or self._notes[name][0] != changed:
            self._notes[name] = [changed, _digest(cells), packages_named(cells)]

    def keep(self) -> None:
        """Write them, if they are not what was written."""
        if self._notes != self._known and self.cache.is_dir():
            with contextlib.suppress(OSError):  # the next build foresees less
                write(self.cache / FORESEEN, json.dumps(self._notes).encode())


def _noted(cache: Path) -> dict[str, list[Any]]:
    with contextlib.suppress(OSError, ValueError):
        notes = json.loads((cache / FORESEEN).read_bytes())
        if isinstance(notes, dict):
            return {name: noted for name, noted in notes.items() if _is_note(noted)}
    return {}


def _is_note(noted: Any) -> bool:
    """Whether it has the parts of a note; those of another making tell nothing."""
    return isinstance(noted, list) and len(noted) == 3 and isinstance(noted[2], list)


def _changed(file: str) -> int | None:
    """When a file was changed; None if there is none."""
    try:
        return os.stat(file).st_mtime_ns
    except (OSError, ValueError):  # or no file can be called so
        return None
