"""What is copied anew: all that differs, whatever the times of the files say, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from handout.hosts import publishing
from handout.hosts.publishing import Finish, copy_changed, names_below


class Folders:
    """What is made, and its copy, of which pages are finished on the way."""

    def __init__(self, root: Path) -> None:
        self.made, self.site, self.notes = root / "made", root / "site", root / "notes.json"
        self.finished: list[bytes] = []
        self.depends = ""
        self.write(self.made / "page.html", "page")
        self.write(self.made / "a/picture.svg", "picture")

    def write(self, file: Path, text: str) -> None:
        """Write a file whose time is always the same."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (1, 1))

    def finish(self, page: bytes) -> bytes:
        self.finished.append(page)
        return page.upper()

    def copy(self) -> dict[str, str]:
        """What stands in the site after another publication."""
        self.finished = []
        sources = {name: self.made / name for name in names_below(self.made)}
        finishing = {"page.html": Finish(self.finish, self.depends)}
        copy_changed(sources, self.site, self.notes, finishing)
        return {name: (self.site / name).read_text() for name in names_below(self.site)}


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path)
    assert made.copy() == {"page.html": "PAGE", "a/picture.svg": "picture"}
    return made


EDITS: dict[str, Callable[[Folders], object]] = {
    "of what is made": lambda f: f.write(f.made / "page.html", "side"),
    "of a picture": lambda f: f.write(f.made / "a/picture.svg", "another"),
    "of a copied page": lambda f: f.write(f.site / "page.html", "side"),
    "of a copied picture": lambda f: f.write(f.site / "a/picture.svg", "another"),
    "of a copy that is gone": lambda f: (f.site / "page.html").unlink(),
    "of notes that are torn": lambda f: (
        f.notes.write_text("{"),
        f.write(f.site / "page.html", ""),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_copied_though_time_and_size_are_as_before(folders: Folders, edit: str) -> None:
    EDITS[edit](folders)
    made = {name: (folders.made / name).read_text() for name in names_below(folders.made)}
    assert folders.copy() == {**made, "page.html": made["page.html"].upper()}


def test_what_is_as_noted_is_left(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was written anew; another text that it depends on, or version, counts."""
    page = folders.site / "page.html"
    written = page.stat().st_mtime_ns
    (folders.made / "page.html").write_text("page")
    folders.copy()
    assert folders.finished == []
    assert page.stat().st_mtime_ns == written
    folders.depends = "another.md"
    folders.copy()
    assert folders.finished == [b"page"]
    monkeypatch.setattr(publishing, "making", lambda: "another version")
    folders.copy()
    assert folders.finished == [b"page"]


def test_what_nobody_may_write_into_is_replaced(folders: Folders) -> None:
    picture = folders.site / "a/picture.svg"
    picture.chmod(0o444)
    folders.write(folders.made / "a/picture.svg", "another")
    assert folders.copy()["a/picture.svg"] == "another"
