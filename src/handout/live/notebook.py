"""A Markdown page as a notebook that runs as it is: its cells, and its claims as `%%claim`.

It stands alone: modules, files and pictures of the page come along in it, and its links lead to the
site.
"""

from __future__ import annotations

import json
import posixpath
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from mimetypes import guess_type
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin

from handout.distribution import is_local, requirement
from handout.live.page import files_of, own_modules
from handout.page.cells import Cell
from handout.page.displays import Role
from handout.page.docstrings import without_requests
from handout.page.fences import find_fences, front_matter
from handout.page.pages import Page
from handout.run.installed import distributions
from handout.run.outcomes import Reads

INSTALL = "%pip install --quiet"
LOAD = "%load_ext handout"
#: Bytes of files and pictures that a notebook brings along; of more, it says where they are.
MOST = 2_000_000
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Surroundings(NamedTuple):
    """What a page's notebook brings along, and where its links lead."""

    modules: Mapping[str, str] = _NOTHING  # the page's own: name and text
    files: Mapping[str, bytes] = _NOTHING  # that its cells read, by their path from the page
    elsewhere: Sequence[str] = ()  # those that do not come along
    packages: Sequence[str] = ()  # distributions to install
    #: The address of what a link leads to, relative or a `#place`; empty where there is no site.
    address: Callable[[str], str] = lambda target: ""
    #: The content of a picture of the site; None if it is not there.
    picture: Callable[[str], bytes | None] = lambda target: None


ALONE = Surroundings()


def as_notebook(page: Page, macros: Mapping[str, str], around: Surroundings = ALONE) -> str:
    """The page as the text of an `.ipynb` file.

    Args:
        page: a Markdown page.
        macros: of its formulas.
        around: what it needs besides.
    """
    writer = _NotebookWriter(around)
    handout = requirement()
    wanted = ["mkdocs-handout" if is_local(handout) else f'"{handout}"', *around.packages]
    cells = [_code("\n".join((" ".join((INSTALL, *wanted)), LOAD)))]
    if macros:
        definitions = "\n".join(map(_defined, macros.items()))
        cells.append(_code(f"%%macros\n{definitions}"))
    cells += writer.files(page)
    cells += writer.body(page)
    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)]
    notebook = {"cells": numbered, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


_INTO_FOLDER = """\
import os

os.makedirs({folder!r}, exist_ok=True)
os.chdir({folder!r})  # as the page, so that what lies beside its folder has its place"""
_WRITE = """\
# {what}
from base64 import b64decode
from pathlib import Path

for name, data in {{
{files}
}}.items():
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(b64decode(data))"""
_DOWNLOAD = """\
# {what}
from pathlib import Path
from urllib.request import urlretrieve

for name, address in {{
{files}
}}.items():
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    urlretrieve(address, name)"""


def surroundings(
    page: Page, reads: Reads | None, docs: Path, on_the_web: Callable[[str], str]
) -> Surroundings:
    """What a page of a site needs in a notebook.

    Args:
        page: a Markdown page.
        reads: what its cells read when it was built.
        docs: the folder of the site's pages.
        on_the_web: gives the address of a document, by its path in `docs`; empty without a site.
    """
    modules, imported = own_modules(page)
    mine, others = files_of(page, reads, docs)
    folder = posixpath.dirname(page.name)

    def name_of(target: str) -> str:
        return posixpath.normpath(posixpath.join(folder, unquote(target)))

    def address(target: str) -> str:
        path, mark, place = target.partition("#")
        if path.startswith("/"):
            found = urljoin(on_the_web(""), path)
        else:
            found = on_the_web(name_of(path) if path else page.name)
        return found + mark + place if found else ""

    def picture(target: str) -> bytes | None:
        file = docs / name_of(target)
        return file.read_bytes() if file.is_file() and file.is_relative_to(docs) else None

    return Surroundings(
        modules,
        {posixpath.relpath(name, folder or "."): file.read_bytes() for name, file in mine.items()},
        others,
        [name for name in distributions(imported) if name != "mkdocs-handout"],
        address,
        picture,
    )


class _NotebookWriter:
    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.definitions: dict[str, str] = {}  # targets of links, by the names they have below

    def files(self, page: Page) -> Iterator[dict[str, Any]]:
        """Cells that put what lies beside the page beside the notebook."""
        around = self.around
        if any(name.startswith("../") for name in around.files):
            yield _code(_INTO_FOLDER.format(folder=posixpath.dirname(page.name)))
        for name, text in around.modules.items():
            if "/" not in name:
                yield _code(f"%%writefile {name}\n{text.rstrip()}")
        inside = {n: text.encode() for n, text in around.modules.items() if "/" in n}
        if inside:
            yield _code(_WRITE.format(what="Modules of this page", files=_in_base64(inside)))
        if not around.files:
            pass
        elif sum(map(len, around.files.values())) <= MOST:
            files = _in_base64(around.files)
            yield _code(_WRITE.format(what="Files that the cells below read", files=files))
        elif all(around.address(name) for name in around.files):
            files = "\n".join(f"    {n!r}: {around.address(n)!r}," for n in around.files)
            yield _code(_DOWNLOAD.format(what="Files that the cells below read", files=files))
        else:
            yield from self.text(_wanted(around.files))
        if around.elsewhere:
            yield from self.text(_wanted(around.elsewhere))

    def body(self, page: Page) -> Iterator[dict[str, Any]]:
        """The page's text and cells, in their order."""
        lines = _without_boxes(without_requests(page.text)).split("\n")
        done = front_matter(page.text).count("\n")
        self.definitions = _definitions("\n".join(lines[done:]))
        for cell in page.cells:
            if not _becomes_code(cell):
                continue
            yield from self.text("\n".join(lines[done : cell.line_first - 1]))
            done = max(done, cell.line_last)
            raises = str(cell.options.get("expect", "")).startswith("raises")
            yield _code(_source(cell), ["raises-exception"] if raises else [])
        yield from self.text("\n".join(lines[done:]))

    def text(self, markdown: str) -> Iterator[dict[str, Any]]:
        """Text between cells, without what only the site's Markdown has."""
        attachments: dict[str, dict[str, str]] = {}
        plain = _PLAIN.sub(lambda found: self._replaced(found, attachments), markdown).strip()
        if not plain:
            return
        yield {"cell_type": "markdown", "metadata": {}, "source": plain} | (
            {"attachments": attachments} if attachments else {}
        )

    def _replaced(self, found: re.Match[str], attachments: dict[str, dict[str, str]]) -> str:
        """What becomes of a piece of Markdown that means something else in a notebook."""
        if found["kept"]:
            return found[0]
        if found["badge"]:
            return f"`{found['badge']}`"
        if found["defined"]:
            return ""
        if found["attribute"]:
            is_picture = found["attribute"] == "src"
            target = self._target(found["value"], is_picture, attachments) or found["value"]
            return f'{found["attribute"]}="{target}"'
        words = _PLAIN.sub(lambda inner: self._replaced(inner, attachments), found["words"])
        target = found["target"] or ""
        if not target:  # a reference
            name = _folded(found["name"] or found["words"])
            if name not in self.definitions:
                return found[0]
            target = self.definitions[name]
        target = self._target(target, bool(found["picture"]), attachments)
        if not target:
            return words
        return f"{found['picture']}[{words}]({target}{found['title'] or ''})"

    def _target(self, target: str, is_picture: bool, attachments: dict[str, dict[str, str]]) -> str:
        """Where a link leads from a notebook; empty if nowhere."""
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", target):
            return target
        data = self.around.picture(target) if is_picture else None
        if data is not None and len(data) <= MOST:
            name = PurePosixPath(target).name
            kind = guess_type(name)[0] or "application/octet-stream"
            attachments[name] = {kind: b64encode(data).decode()}
            return f"attachment:{name}"
        return self.around.address(target)


#: Code and formulas, which stay as they are; badges; where references lead; links and pictures,
#: with a target or a reference, and the attributes behind them; attributes of HTML.
_PLAIN = re.compile(
    r"""
    (?P<kept> (?P<ticks>`+)(?!`) (?s:.+?) (?<!`)(?P=ticks)(?!`)
            | \$\$(?s:.+?)\$\$ | \$(?![\s$])[^$\n]+?(?<![\s\\])\$ | <!--(?s:.*?)--> )
    | \[\[(?:verdict|claim):(?P<badge>[^\]]+)\]\]
    | ^[ ]{0,3}\[(?P<defined>[^\]^][^\]]*)\]:[ \t]+\S+.*\n?
    | (?P<picture>!?)\[(?P<words>(?:[^\[\]]|\[[^\[\]]*\])+)\]
      (?: \((?P<target>[^()\s]+(?:\([^()\s]*\)[^()\s]*)?)(?P<title>\s+"[^"]*")?\)
        | \[(?P<name>[^\[\]]*)\] | (?![\[(]) )
      (?:\{:?[ ]?[^{}\n]*\})?
    | \b(?P<attribute>href|src)="(?P<value>[^"]*)"
    """,
    re.VERBOSE | re.MULTILINE,
)
_DEFINED = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:[ \t]+<?([^\s>]+)>?", re.MULTILINE)
_BLOCK = re.compile(r"/{3,}(?: *[\w-]+(?: *\| *(?P<title>.*))?)? *$")
_BOX = re.compile(
    r"""(?P<indent>\s*)(?:!!!|\?\?\?\+?|===\+?!?)\s+(?P<kind>[\w\s-]*?)\s*(?:"(?P<title>[^"]*)")?\s*$"""
)
_HEADING = re.compile(r"(#{1,6} .*?)\s*\{:?[^{}]*\}\s*$")


def _folded(name: str) -> str:
    return " ".join(name.split()).lower()


def _definitions(markdown: str) -> dict[str, str]:
    return {_folded(name): target for name, target in _DEFINED.findall(markdown)}


def _without_boxes(text: str) -> str:
    """Text without the containers of the site's Markdown: their titles bold, their content outside.

    Every line stays on its line, so that cells are found in it.
    """
    fenced = {
        line
        for fence in find_fences(text)
        for line in range(fence.line_first, (fence.line_last or fence.line_first) + 1)
    }
    boxes: list[int] = []  # the columns at which the content of open boxes begins
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        width = len(line) - len(line.lstrip(" "))
        while boxes and line.strip() and width < boxes[-1]:
            boxes.pop()
        inside = line[boxes[-1] :] if boxes and line.strip() else line
        opening = None if number in fenced else _BOX.match(inside)
        if opening is not None and not opening["indent"]:
            boxes.append((boxes[-1] if boxes else 0) + 4)
            title = opening["title"]
            if title is None:
                title = opening["kind"].split(" ")[0].capitalize()
            inside = f"**{title}**" if title else ""
        elif number not in fenced:
            block = _BLOCK.match(inside)
            if block is not None:
                inside = f"**{block['title']}**" if block["title"] else ""
            inside = _HEADING.sub(r"\1", inside)
        lines.append(inside)
    return "\n".join(lines)


def _in_base64(files: Mapping[str, bytes]) -> str:
    return "\n".join(f"    {name!r}: {b64encode(data).decode()!r}," for name, data in files.items())


def _wanted(names: Iterable[str]) -> str:
    named = ", ".join(f"`{name}`" for name in names)
    return f"**Before you run it:** the cells below read {named}, which must lie there."


def _becomes_code(cell: Cell) -> bool:
    return cell.problem is None and cell.role is not Role.SKIP and (
        cell.kind == "python" or cell.role is not Role.NONE
    )  # fmt: skip


def _source(cell: Cell) -> str:
    """A cell as a notebook's code."""
    if cell.kind == "python":
        return cell.source.rstrip()
    if cell.role in (Role.LET, Role.DEFINE):
        return f"%%{cell.role}{_options(cell)}\n{cell.source.strip()}"
    whole = ' claims="all"' if cell.whole else ""
    return f"%%claim {cell.id}{whole}{_options(cell)}\n{cell.source.strip()}"


def _options(cell: Cell) -> str:
    """Those of a page's options that the magics have."""
    kept: tuple[str, ...] = ("expect", "reading", "loss", "points", "seed", "unreached")
    if cell.role is Role.EXERCISE:
        kept = ("reading", "loss", "seed")  # its points are what an answer earns
    named = {name: cell.options[name] for name in kept if name in cell.options}
    return "".join(f' {name}="{_word(value)}"' for name, value in named.items())


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _defined(macro: tuple[str, str]) -> str:
    name, replacement = macro
    count = max(map(int, re.findall(r"#([1-9])", replacement)), default=0)
    return rf"\newcommand{{\{name}}}" + (f"[{count}]" if count else "") + f"{{{replacement}}}"


def _code(source: str, tags: list[str] | None = None) -> dict[str, Any]:
    metadata = {"tags": tags} if tags else {}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }
