"""Pages by their paths, on every system, and what cannot be read."""

from __future__ import annotations

import socket
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from handout.page.pages import PageError, read_page, shown_path, unreadable_page


@pytest.mark.parametrize(
    ("file", "folder", "shown"),
    [
        (PurePosixPath("/course/docs/a.md"), PurePosixPath("/course"), "docs/a.md"),
        (PurePosixPath("/course/docs/a.md"), PurePosixPath("/courses"), "/course/docs/a.md"),
        (PureWindowsPath(r"C:\course\docs\a.md"), PureWindowsPath(r"C:\course"), "docs/a.md"),
        (PureWindowsPath(r"C:\Course\docs\a.md"), PureWindowsPath(r"c:\course"), "docs/a.md"),
        (PureWindowsPath(r"C:\course\a.md"), PureWindowsPath(r"D:\course"), r"C:\course\a.md"),
        (PureWindowsPath(r"\\host\share\a.md"), PureWindowsPath(r"\\host\share"), "a.md"),
    ],
)
def test_a_path_is_shown_from_the_folder_that_holds_it(
    file: PurePath, folder: PurePath, shown: str
) -> None:
    """With slashes, so that a report is the same everywhere; on another drive, all of it."""
    assert shown_path(file, folder) == shown


def test_a_page_is_shown_from_where_the_command_runs(workshop) -> None:
    """Such a path can be opened from there."""
    workshop.write("docs/page.md", "text")
    assert read_page(Path("docs/page.md"), "x").shown == "docs/page.md"


def test_a_page_that_cannot_be_read_may_have_any_name() -> None:
    """Also one that is not UTF-8, which stands in the page's text."""
    file = Path("/course/\udcff.md")
    page = unreadable_page(file, file.name, PageError(str(file), "cannot be read"))
    assert page.cells[0].problem == "cannot be read"
    assert page.digest != unreadable_page(file, "x", PageError("x", "cannot be read")).digest


def a_folder(path: Path) -> None:
    path.mkdir()


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "page.md:1: cannot be read: No such file or directory"),
        (a_folder, r"page.md:1: a folder, and no page"),
        (a_socket, "page.md:1: cannot be read: No such device or address"),
        (lambda path: path.symlink_to(path), "page.md:1: cannot be read: Too many levels"),
        (lambda path: path.write_bytes(b"a\n\nb \xe9\n"), "page.md:3: not UTF-8: "),
    ],
)
def test_a_page_that_cannot_be_read_says_why(workshop, make, why: str) -> None:
    """Absent, a folder, a socket, a link to itself, in another encoding; with its line."""
    page = workshop.root / "page.md"
    make(page)
    with pytest.raises(PageError, match=f"^{why}"):
        read_page(page, "page.md")
