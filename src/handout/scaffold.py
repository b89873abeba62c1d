"""A new handout: a small, complete project that builds as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from handout.distribution import requirement
from handout.page.problems import UserError

_DOTTED = {"gitignore": ".gitignore", "github": ".github"}  # as they are named in a project
_EMPTY_ENOUGH = {".git"}  # a repository without files may become a handout


class NewError(UserError):
    """A folder in which no project can be started; the message says why."""

    code = "H702"


def new_handout(folder: Path, host: str = "mkdocs") -> list[Path]:
    """Write a project into a new or an empty folder, and return the files written.

    Args:
        folder: of the project.
        host: the site generator that builds it.

    Raises:
        NewError: the folder is not empty, is a file, or cannot be written to. Nothing that was
            there is changed.
    """
    title = _title(folder.resolve().name)
    words = {"@TITLE@": title, "@REQUIREMENT@": requirement()}
    if host != "mkdocs":
        words["@REQUIREMENT@"] += f"\n{host}"
        words["  - handout:\n"] = f"  - handout:\n      host: {host}\n"
    written: list[Path] = []
    try:
        if folder.exists() and {entry.name for entry in folder.iterdir()} - _EMPTY_ENOUGH:
            raise NewError(
                f"{folder} is not empty; a new handout needs a new or an empty folder, "
                "so that nothing of yours is overwritten"
            )
        for name, template in _templates():
            target = folder.joinpath(*name.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = template.read_text("utf-8")
            for place, word in words.items():
                text = text.replace(place, word)
            with target.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(target)
    except OSError as error:
        raise NewError(f"{error.filename or folder}: {error.strerror}") from error
    return written


def _templates() -> Iterator[tuple[PurePosixPath, Traversable]]:
    """The files of a project: the name that each has there, and its template."""
    pending = [(PurePosixPath(), files("handout").joinpath("templates", "new"))]
    while pending:
        name, place = pending.pop()
        if place.is_file():
            yield name, place
        else:
            pending += [
                (name / _DOTTED.get(entry.name, entry.name), entry)
                for entry in sorted(place.iterdir(), key=lambda entry: entry.name, reverse=True)
            ]


def _title(name: str) -> str:
    """A title from a folder's name, without what Markdown or YAML would read as markup."""
    words = re.sub(r"[^\w.,'()]|_", " ", name).split()
    title = " ".join(words) or "Handout"
    return title[0].upper() + title[1:]
