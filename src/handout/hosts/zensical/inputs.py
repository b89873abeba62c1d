"""All that Zensical makes a site of, so that the same is not made again.

Zensical keeps the pages that it has rendered, but puts each into its template at every build, and
looks through all that it has written. Where everything that it reads is as it was, and all that it
wrote, it would write the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from handout.hosts.documents import Documents
from handout.hosts.publishing import names_below, state
from handout.run.cache import write_anew
from handout.run.digests import digest
from handout.run.installed import version

#: Plugins by which Zensical reads nothing but the documents, the configuration and the theme; what
#: mkdocstrings reads is part of the documents' text, see `ZensicalSite`.
_KNOWN = frozenset({
    "autorefs", "exclude", "glightbox", "handout", "meta", "minify", "mkdocs-jupyter",
    "mkdocstrings", "offline", "redirects", "search", "tags",
})  # fmt: skip
_PROGRAMS = ("zensical", "markdown", "pymdown-extensions", "pygments", "mkdocstrings-python")


class Inputs:
    """What a site is made of when this is made, and whether it was made of that already.

    Args:
        documents: of the site.
        configuration: the file that Zensical is given.
        stage: the folder with its documents, and the site that it makes of them.
    """

    def __init__(self, documents: Documents, configuration: Path, stage: Path) -> None:
        self._documents, self._stage = documents, stage
        self._noted = stage / "made.json"
        document = json.dumps(documents.document, default=str)  # with what it inherits
        text = configuration.read_text("utf-8")
        programs = [version(name) for name in _PROGRAMS]
        self._read = _digest((document, text, programs, _states(self._files())))

    def made(self) -> bool:
        """Whether the site is there as it was made of these."""
        if not _KNOWN.issuperset(name.rpartition("/")[2] for name in self._documents.plugins):
            return False
        try:
            return self._noted.read_text("utf-8") == self._with_outputs()
        except OSError:
            return False

    def note(self) -> None:
        """Note that the site was made of these, without anything to find fault with."""
        write_anew(self._noted, self._with_outputs().encode())

    def _with_outputs(self) -> str:
        return _digest((self._read, _states(_below(self._stage / "site"))))

    def _files(self) -> Iterator[Path]:
        yield from _below(self._stage / "docs")
        theme = self._documents.document.get("theme")
        if isinstance(theme, dict) and theme.get("custom_dir"):
            yield from _below(self._documents.root / str(theme["custom_dir"]))
        snippets = self._documents.project.snippets or {}
        for name in snippets.get("auto_append") or ():
            yield from (Path(folder, name) for folder in snippets["base_path"])


def _below(folder: Path) -> Iterator[Path]:
    return (folder / name for name in names_below(folder))


def _states(files: Iterable[Path]) -> list[tuple[str, list[int] | None]]:
    return [(str(file), state(file)) for file in files]


def _digest(parts: object) -> str:
    return digest(repr(parts).encode())
