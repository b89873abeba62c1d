"""A page: its file, what to call it, its text and its cells."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import NamedTuple, Protocol

from handout.page.cells import Cell, read_contents
from handout.page.displays import Display, Role
from handout.page.fences import find_fences, front_matter, read_text
from handout.page.macros import macros_in, may_define_macros
from handout.page.options import MATH, OptionError
from handout.page.problems import UserError

#: Which formulas of a page are claims: those that are marked, or all that state something.
CLAIMS = ("marked", "all")
#: What Markdown files may be called, as MkDocs has it.
MARKDOWN = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")


class PageError(UserError):
    """A page that cannot be read; the text names it, the line and the reason."""

    code = "H101"

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
    unclaimed: Sequence[Display] = ()  # formulas that state something, and are no claims
    macros: Mapping[str, str] = MappingProxyType({})  # that the page's formulas define
    least: float | None = None  # coverage in percent that the page itself asks for
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


def documents(folder: Path) -> list[Path]:
    """Every file below a folder that can be a page, in order; hidden folders are left out."""
    found = (path for path in folder.rglob("*") if path.suffix in (*MARKDOWN, ".ipynb"))
    return sorted(
        path
        for path in found
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )


def shown_path(file: PurePath, folder: PurePath | None = None) -> str:
    """A path to the file from a folder, the working directory, if it is below; else all of it."""
    folder = Path.cwd() if folder is None else folder
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def read_page(
    file: Path, name: str, known: KnownTexts | None = None, claims: str = "marked"
) -> Page:
    """Read a page from its file.

    Args:
        file: of the page.
        name: of the page, in verdicts.
        known: saves reading a text twice that was read before.
        claims: one of `CLAIMS`, unless the page's front matter says which.

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
        raise PageError(shown_path(file), "a folder, and no page") from error
    except OSError as error:
        raise PageError(shown_path(file), f"cannot be read: {error.strerror}") from error
    return make_page(file, name, text, known, claims)


def make_page(
    file: Path,
    name: str,
    text: str,
    known: KnownTexts | None = None,
    claims: str = "marked",
) -> Page:
    """A page of which the text is at hand; otherwise as `read_page`."""
    file = file.absolute()
    shown = shown_path(file)
    of_text = text_digest(text)
    agreed = known is not None and known.knows_text(of_text)
    given = read_front_matter(text, shown)
    contents = read_contents(text, shown, agreed, whole=(given.claims or claims) == "all")
    cells = [*given.problems, *read_as(contents.cells, given.reading)]
    if known is not None and not agreed and all(cell.problem is None for cell in cells):
        known.note_text(of_text)
    macros = read_macros(text)
    return Page(name, shown, file, text, of_text, cells, contents.unclaimed, macros, given.coverage)


def read_as(cells: Sequence[Cell], reading: str | None) -> Sequence[Cell]:
    """The cells, with the reading that their page declares where a formula declares none."""
    if reading is None:
        return cells
    return [
        cell._replace(options={"reading": reading, **cell.options})
        if cell.kind == "math" and cell.role in (Role.CLAIM, Role.DEFINE)
        else cell
        for cell in cells
    ]


def read_macros(text: str) -> Mapping[str, str]:
    """The macros that a page's formulas define."""
    return macros_in(_outside_code(text)) if may_define_macros(text) else {}


def _outside_code(text: str) -> str:
    """A page without its code: what stands there is an example, but for fences of mathematics."""
    lines = text.split("\n")
    for fence in find_fences(text):
        if fence.language != "math":
            for index in range(fence.line_first - 1, fence.line_last):
                lines[index] = ""
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", "\n".join(lines))


class FrontMatter(NamedTuple):
    """What a page's front matter says about claims."""

    claims: str | None = None
    coverage: float | None = None
    reading: str | None = None
    problems: Sequence[Cell] = ()


_OPTION = re.compile(
    r"^(?P<name>claims|coverage|reading)[ \t]*:[ \t]*(?P<value>[^#\n]*)", re.MULTILINE
)


def read_front_matter(text: str, path: str) -> FrontMatter:
    """The options for claims in a page's front matter; bad ones are problems on their lines."""
    head = front_matter(text)
    read = FrontMatter()
    for found in _OPTION.finditer(head):
        value = found["value"].strip().strip("\"'")
        line = head.count("\n", 0, found.start()) + 1
        if found["name"] == "claims":
            if value in CLAIMS:
                read = read._replace(claims=value)
                continue
            wanted = "one of " + ", ".join(CLAIMS)
        elif found["name"] == "reading":
            try:
                read = read._replace(reading=str(MATH["reading"].read(value)))
                continue
            except OptionError as error:
                wanted = str(error).removeprefix("must be ")
        else:
            if re.fullmatch(r"\d{1,3}(\.\d+)?", value) and float(value) <= 100:
                read = read._replace(coverage=float(value))
                continue
            wanted = "a percentage from 0 to 100"
        problem = f"front matter: {found['name']} must be {wanted}, not {value!r}"
        cell = Cell("math", path, line, line, "", line, "", id=f"page-{found['name']}")
        read = read._replace(problems=[*read.problems, cell._replace(problem=problem)])
    return read


def unreadable_page(file: Path, name: str, error: PageError) -> Page:
    """A page in the place of one that cannot be read, with an error for a verdict."""
    line = error.line
    cell = Cell("python", error.shown, line, line, "", line, "", id="page", problem=error.message)
    text = str(error)
    return Page(name, error.shown, file, text, text_digest(text), [cell], readable=False)
