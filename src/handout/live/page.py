"""What a live page carries: its cells as data, its own modules, and the marks on its cells."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Protocol

from handout.live.packages import UNAVAILABLE
from handout.page.cells import Cell
from handout.page.displays import Role
from handout.page.pages import Page
from handout.run.outcomes import Reads

#: What the browser has besides the standard library.
AVAILABLE = frozenset(("numpy", "edf"))
#: Bytes of files that a page may bring along for its cells.
MOST = 20_000_000
#: Beginning of what a page did besides reading files, of those that a browser cannot do.
_NETWORK = "it used the network"


class LiveSupport(Protocol):
    """What a page must know of the live part of its site: `handout.live.site.LiveSite`."""

    @property
    def provides(self) -> Mapping[str, str]:
        """The packages beyond NumPy that pages may import, by their modules."""

    def described(self, packages: Iterable[str]) -> Mapping[str, Any]:
        """Names and sizes of the files that a page with these packages loads."""


@dataclass(frozen=True)
class LivePage:
    """What goes into a page that answers; or, where it cannot, why not."""

    data: str  # JSON, safe inside a script element
    lacking: tuple[str, ...] = ()  # what the page needs and the browser does not have

    @property
    def advice(self) -> str:
        """What an author should know of a page that is not live."""
        return (
            f"readers cannot change this page: its code needs {_in_words(self.lacking)}. "
            "The option live_packages names packages that a browser may load [H709]"
        )

    def appended(self) -> str:
        """The HTML that ends the page."""
        if self.lacking:
            needs = escape(_in_words(self.lacking))
            return (
                '<p class="live-note" data-search-exclude>This page cannot be changed in the '
                f"browser: its code needs {needs}, which the browser does not have.</p>"
            )
        return f'<script class="live-page" type="application/json">{self.data}</script>'


def mark(number: int, html: str) -> str:
    """What a cell gives on its page, marked as that of the cell with this number."""
    return f'<div class="live-cell" data-cell="{number}">{html}</div>'


def live_page(
    page: Page,
    site: LiveSupport,
    macros: Mapping[str, str],
    reads: Reads | None = None,
    docs: Path | None = None,
) -> LivePage:
    """The data of a page.

    Args:
        page: a Markdown page.
        site: what its browser finds there.
        macros: of the page's formulas.
        reads: what its cells read when it was built.
        docs: the folder of the site's pages, from which files of the page are named.
    """
    modules, imported = own_modules(page)
    packages = sorted({site.provides[name] for name in imported if name in site.provides})
    lacking = sorted(name for name in imported if name not in site.provides)
    mine, others = files_of(page, reads, docs)
    lacking += others
    if reads and _NETWORK in reads["reasons"]:
        lacking.append("a connection to the network")
    size = sum(file.stat().st_size for file in mine.values())
    if size > MOST:
        lacking.append(f"{size / 1e6:.0f} MB of files")
    if lacking:
        return LivePage("", tuple(lacking))
    described = dict(site.described(packages))
    data = {
        "path": page.name,
        **described,
        "total": described.get("total", 0) + size,
        "packages": packages,
        "macros": dict(macros),
        "modules": modules,
        "files": sorted(mine),
        "cells": [_described(cell) for cell in page.cells],
    }
    return LivePage(json.dumps(data, ensure_ascii=False).replace("</", r"<\/"))


def files_of(
    page: Page, reads: Reads | None, docs: Path | None
) -> tuple[dict[str, Path], list[str]]:
    """The files that a page's cells read: those of the site, by their path in it, and others.

    A file of the docs folder is published with the site, but for modules and hidden files.
    """
    mine: dict[str, Path] = {}
    others: list[str] = []
    if reads is None or docs is None:
        return mine, others
    for name in reads["files"]:
        file = Path(name)
        if file.suffix == ".py" or file == page.file or name in reads["written"]:
            continue
        if not file.is_file():  # it was there while the page ran, and no longer
            continue
        if file.is_relative_to(docs):
            mine[file.relative_to(docs).as_posix()] = file
        else:
            others.append(os.path.relpath(file, page.file.parent))
    return mine, others


def own_modules(page: Page) -> tuple[dict[str, str], set[str]]:
    """The modules beside a page that its cells import, and which others they import."""
    modules: dict[str, str] = {}
    lacking: set[str] = set()
    for cell in page.cells:
        if cell.kind == "python" and cell.problem is None:
            _gather(cell.source, page.file.parent, modules, lacking)
    return modules, lacking


#: Options that the page has for itself.
_NAMES = ("claim", "exec", "id", "exercise", "hint")


def _described(cell: Cell) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": cell.kind,
        "id": cell.id,
        "role": cell.role,
        "source": cell.source.rstrip("\n"),
        "line": cell.source_line,
        "above": cell.above,
        "options": {name: value for name, value in cell.options.items() if name not in _NAMES},
        "problem": cell.problem,
    }
    if cell.role is Role.EXERCISE:
        told["points"] = told["options"].pop("points", 1)
        told["hints"] = cell.options.get("hint", ())
        if cell.kind == "math":
            told["template"], told["source"] = cell.source, ""
    return told


def _gather(source: str, home: Path, modules: dict[str, str], lacking: set[str]) -> None:
    """Find what code imports: modules beside the page come along, and theirs in turn."""
    for name in _imported(source):
        root = name.partition(".")[0]
        if root in AVAILABLE or (root in sys.stdlib_module_names and root not in UNAVAILABLE):
            continue
        files = [home / f"{root}.py"]
        if not files[0].is_file():
            files = sorted((home / root).rglob("*.py"))
        for file in files:
            place = file.relative_to(home).as_posix()
            if place not in modules:
                modules[place] = file.read_text("utf-8")
                _gather(modules[place], home, modules, lacking)
        if not files:
            lacking.add(root)


def _imported(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # as a page shows on purpose: then it imports nothing either
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def _in_words(names: Sequence[str]) -> str:
    """As in `scipy, pandas and torch`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
