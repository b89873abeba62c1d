"""What a live page carries: its cells as data, its own modules, and the marks on its cells."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from handout.page.cells import Cell
from handout.page.displays import Role
from handout.page.pages import Page

#: What the browser has besides the standard library.
AVAILABLE = frozenset(("numpy", "edf"))


@dataclass(frozen=True)
class LivePage:
    """What goes into a page that answers; or, where it cannot, why not."""

    data: str  # JSON, safe inside a script element
    lacking: tuple[str, ...] = ()  # packages that the browser does not have

    def appended(self) -> str:
        """The HTML that ends the page."""
        if self.lacking:
            needs = escape(", ".join(self.lacking))
            return (
                '<p class="live-note" data-search-exclude>This page cannot be changed in the '
                f"browser: its code needs {needs}, which the browser does not have.</p>"
            )
        return f'<script class="live-page" type="application/json">{self.data}</script>'


def mark(number: int, html: str) -> str:
    """What a cell gives on its page, marked as that of the cell with this number."""
    return f'<div class="live-cell" data-cell="{number}">{html}</div>'


def live_page(page: Page, runtime: Mapping[str, Any], macros: Mapping[str, str]) -> LivePage:
    """The data of a page.

    Args:
        page: a Markdown page.
        runtime: what the script must know of it: see `handout.live.site`.
        macros: of the page's formulas.
    """
    modules, lacking = own_modules(page)
    if lacking:
        return LivePage("", tuple(sorted(lacking)))
    data = {
        "path": page.name,
        **runtime,
        "macros": dict(macros),
        "modules": modules,
        "cells": [_described(cell) for cell in page.cells],
    }
    return LivePage(json.dumps(data, ensure_ascii=False).replace("</", r"<\/"))


def own_modules(page: Page) -> tuple[dict[str, str], set[str]]:
    """The modules beside a page that its cells import, and what else the browser would need."""
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
        "source": cell.source,
        "line": cell.source_line,
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
        if root in AVAILABLE or root in sys.stdlib_module_names or f"{root}.py" in modules:
            continue
        file = home / f"{root}.py"
        try:
            text = file.read_text("utf-8")
        except OSError:
            lacking.add(root)
            continue
        modules[file.name] = text
        _gather(text, home, modules, lacking)


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
