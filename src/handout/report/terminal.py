"""What a command shows in a terminal: a progress bar while pages run, a table when they have."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from handout.judge.coverage import coverage
from handout.judge.formulas import Formula, together
from handout.judge.verdicts import JudgedPage
from handout.page.escape import one_line
from handout.page.options import STATUSES
from handout.page.pages import Page
from handout.run.runner import Progress as Advance

_STYLES = {"verified": "green", "refuted": "red", "inconclusive": "yellow", "error": "red"}
_WIDE = 10_000  # columns, where nothing says how many there are: no name is cut off


@contextlib.contextmanager
def progress(pages: Sequence[Page], stream: TextIO) -> Iterator[Advance]:
    """Show how many cells are done, on a terminal; show nothing elsewhere.

    Yields:
        What to call with a page and the number of its cells that got done, from any thread.
    """
    console = Console(file=stream)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar, _logs_above(console):
        task = bar.add_task("", total=sum(len(page.running) for page in pages))

        def advance(page: Page, cells: int) -> None:
            bar.update(task, advance=cells, description=one_line(page.name))

        yield advance


class _Above(io.TextIOBase):
    """Text that is written to it appears above the bar of a console, as it is."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> int:
        self._console.out(text, end="", highlight=False)
        return len(text)


@contextlib.contextmanager
def _logs_above(console: Console) -> Iterator[None]:
    """Let what is logged to a terminal appear above the bar, which is drawn again and again."""
    stream = console.file
    loggers = [logging.getLogger(name) for name in ("", "mkdocs", "properdocs")]
    handlers = [
        handler
        for logger in loggers
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is stream
    ]
    for handler in handlers:
        handler.setStream(_Above(console))
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(stream)


def show_table(judged: Sequence[JudgedPage], stream: TextIO) -> None:
    """Print a row for each verdict of a single page, or for each of several pages.

    Every name is on one line and whole, so that the table can be searched and cut by columns.
    """
    table = _of_verdicts(judged[0]) if len(judged) == 1 else _of_pages(judged)
    if table.row_count:
        width = None if stream.isatty() else _WIDE
        Console(file=stream, width=width, highlight=False).print(table)


def show_coverage(judged: Sequence[JudgedPage], stream: TextIO) -> None:
    """Print a row for each page that has formulas, and a line for each that is not tested."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("page", overflow="fold")
    for header in ("formulas", "tested", "bind names", "untested", "coverage"):
        table.add_column(header, justify="right")
    pages = [(page, coverage(page)) for page in judged]
    with_formulas = [(page, found) for page, found in pages if found.formulas]
    rows = [(page.page.name, found) for page, found in with_formulas]
    if len(rows) > 1:
        rows.append(("all", together(found for _, found in rows)))
    for name, found in rows:
        counts = (len(found.formulas), found.tested, found.bound, len(found.untested))
        percent = "" if found.percent is None else f"{found.percent:.0f} %"
        table.add_row(Text(one_line(name)), *map(str, counts), percent)
    width = None if stream.isatty() else _WIDE
    console = Console(file=stream, width=width, highlight=False)
    if not rows:
        console.print("no display formulas that state something")
        return
    for page, found in with_formulas:
        for formula in found.untested:
            place = f"{page.page.shown}:{formula.line}"
            stream.write(one_line(f"{place}: {_untested(formula)}") + "\n")
    untested = [formula for _, found in with_formulas for formula in found.untested]
    if plain := sum(formula.reason == "not claimed" for formula in untested):
        stream.write(
            f"{plain} not claimed: write <!-- claim: ID --> before a formula, or `claims: all` in "
            "the front matter of a page\n"
        )
    stream.flush()
    console.print(table)


def _untested(formula: Formula) -> str:
    name = f"{formula.id}: " if formula.id else ""
    code = f" [{formula.code}]" if formula.code else ""
    return f"{name}not tested: {formula.reason}{code}: {formula.latex}"


def _of_verdicts(judged: JudgedPage) -> Table:
    table = _table("line", "claim", "kind", "status", "expected", "error")
    for verdict in judged.verdicts:
        step = f" step {verdict['step']}" if verdict["step"] > 1 else ""
        error = verdict["max_rel_error"]
        table.add_row(
            str(verdict["line"]),
            Text(one_line(f"{verdict['id']}{step}")),
            verdict["kind"],
            Text(verdict["status"], _STYLES[verdict["status"]]),
            "" if verdict["ok"] else Text(verdict["expected"], "bold"),
            f"{error:.1e}" if isinstance(error, float) else "",
        )
    return table


def _of_pages(judged: Sequence[JudgedPage]) -> Table:
    table = _table("page", *STATUSES, "unexpected")
    for page in judged:
        counts = [sum(v["status"] == status for v in page.verdicts) for status in STATUSES]
        unexpected = sum(not verdict["ok"] for verdict in page.verdicts)
        table.add_row(
            Text(one_line(page.page.name)),
            *(str(count or "") for count in counts),
            Text(str(unexpected or ""), "bold red"),
        )
    return table


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        numeric = header in (*STATUSES, "line", "unexpected")
        table.add_column(header, justify="right" if numeric else "left", overflow="fold")
    return table
