"""A page: its file, what to call it, its text and its cells."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple, Protocol

from handout.page.cells import Cell, find_cells
from handout.page.fences import read_text

#: What Markdown files may be called, as MkDocs has it.
MARKDOWN = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")


class PageError(ValueError):
    """A page that cannot be read; the text names it, the line and the reason."""

    def __init__(self, shown: str, message: str, line: int = 1) -> None:
        super().__init__(f"{shown}:{line}: {message}")
        self.shown, self.message, self.line = shown, message, line


class Page(NamedTuple):
    """One page of a handout."""

    name: str  # in verdicts: relative to the docs folder, or as given on the command line
    shown: str  # in messages and tracebacks: a path that an editor can open from here
    file: Path  # absolute
    text: str
    digest: str  # of the text
    cells: Sequence[Cell]
    notebook: bool = False  # whether the text is that of a notebook
    readable: bool = True  # otherwise it has one cell, which says why it is not

    @property
    def running(self) -> list[Cell]:
        """The cells that are run or tested."""
        return [cell for cell in self.cells if cell.runs]


class KnownTexts(Protocol):
    """Remembers pages whose cells both readers of Markdown agree on; the cache does."""

    def knows_text(self, digest: str) -> bool:
        """Whether a page of the very text with this digest was noted before."""

    def note_text(self, digest: str) -> None:
        """Note that both readers agree on the page of the text with this digest."""


def text_digest(text: str) -> str:
    """A short digest of a page's text, which may hold the name of a file that is not UTF-8."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def shown_path(file: PurePath, folder: PurePath | None = None) -> str:
    """A path to the file from a folder, the working directory, if it is below; else all of it."""
    folder = Path.cwd() if folder is None else folder
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def read_page(file: Path, name: str, known: KnownTexts | None = None) -> Page:
    """Read a page from its file; `known` saves reading a text twice that was read before.

    Raises:
        PageError: if it cannot be read or is not UTF-8.
    """
    file = file.absolute()
    try:
        text = read_text(file.read_bytes())
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PageError(
            shown_path(file), f"not UTF-8: {error.reason}; save it as UTF-8", line
        ) from error
    except IsADirectoryError as error:
        raise PageError(shown_path(file), "a folder; name its pages, as in *.md") from error
    except OSError as error:
        raise PageError(shown_path(file), f"cannot be read: {error.strerror}") from error
    return make_page(file, name, text, known)


def make_page(file: Path, name: str, text: str, known: KnownTexts | None = None) -> Page:
    """A page of which the text is at hand."""
    file = file.absolute()
    shown = shown_path(file)
    of_text = text_digest(text)
    agreed = known is not None and known.knows_text(of_text)
    cells = find_cells(text, shown, agreed)
    if known is not None and not agreed and all(cell.problem is None for cell in cells):
        known.note_text(of_text)
    return Page(name, shown, file, text, of_text, cells)


def unreadable_page(file: Path, name: str, error: PageError) -> Page:
    """A page in the place of one that cannot be read, with an error for a verdict."""
    line = error.line
    cell = Cell("python", error.shown, line, line, "", line, "", id="page", problem=error.message)
    text = str(error)
    return Page(name, error.shown, file, text, text_digest(text), [cell], readable=False)
