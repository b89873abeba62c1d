"""The records between the build and a page's process: what is to run, and what happened.

They cross processes, machines and the cache as JSON, so they are typed dictionaries. They hold
facts, without judgement: whether something is as expected is for `handout.judge` to say.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

#: The media type of a figure that is kept as its description, which `handout.render` draws.
FIGURE = "application/vnd.handout.figure+json"

Bundle = dict[str, str]
"""One thing in several forms, by media type; binary ones in base64."""


class Limits(TypedDict):
    """Limits on one page's process and all that it starts."""

    timeout: float  # seconds that a cell may take, unless its own `timeout` says otherwise
    cpu: int  # seconds of processor time for a page
    memory: int  # megabytes of address space
    output: int  # kilobytes of output kept of each cell
    files: int  # open files
    processes: int  # processes that a page may start in all; as many threads at a time


class JobCell(TypedDict):
    """One cell that is to run."""

    kind: Literal["python", "math", "let", "define"]
    id: str
    source: str
    line: int  # of the page, on which the source begins
    options: dict[str, Any]  # those that decide what happens
    macros: NotRequired[dict[str, str]]  # for a formula: names without backslash, and replacements
    whole: NotRequired[bool]  # claimed with its whole page: a new name on the left is defined
    above: NotRequired[list[str]]  # formulas that are only shown, and whose sign defines


class Job(TypedDict):
    """What a process must know to run a page."""

    page: str  # as tracebacks name it
    folder: str  # in which the page's code runs
    root: str  # of the project
    ignored: list[str]  # folders of the project whose files are not the author's
    cells: list[JobCell]
    notebook: bool
    limits: Limits
    path: NotRequired[list[str]]  # further folders that Python imports from
    twice: NotRequired[bool]  # whether to run it a second time, and compare
    declared: NotRequired[str]  # a digest of files that the project says its pages read
    cache: NotRequired[str]  # where the page's supervisor writes the outcome
    patience: NotRequired[float]  # seconds for which it is kept though it may come out otherwise
    started: NotRequired[float]  # when the build asked for it, as `time.time()`
    mark: NotRequired[str]  # what ends a cell's output, where output and facts share no clock
    trace: NotRequired[str]  # file for the line that was running when the process was ended


class CellError(TypedDict):
    """What a cell raised."""

    type: str
    message: str
    types: NotRequired[list[str]]  # the exception's class and those that it derives from
    traceback: NotRequired[str]
    offset: NotRequired[int]  # lines from the cell's first
    position: NotRequired[int | None]  # character of a formula
    code: NotRequired[str]  # why a formula is refused, one of `handout.page.codes.CODES`


class CheckResult(TypedDict, total=False):
    """What one check has measured, in its own words: the keys of a verdict, and `details`."""

    id: str | None
    step: int | None
    kind: str
    status: str
    expected: str
    ok: bool
    max_rel_error: float | None
    points: int | None
    seed: int | None
    oracle: str | None
    reading: str | None
    counterexample: dict[str, Any] | None
    corruptions: dict[str, int] | None
    repair: str | None
    message: str
    details: dict[str, Any]
    offset: int  # lines from the cell's first to the call


class Output(TypedDict, total=False):
    """What a cell put out: either text, all that reached its standard streams, or a display."""

    text: str
    data: Bundle  # a figure, a table, a formula
    key: str  # under which a later call may replace the data


class CellOutcome(TypedDict, total=False):
    """What one cell gave."""

    error: CellError | None
    reports: list[CheckResult]  # one for each check, in order
    defined: list[str]  # names that a formula has declared or defined
    above: list[list[str]]  # the same, of each formula above that is only shown
    outputs: list[Output]  # in the order in which they came
    differs: list[str]  # what came out otherwise in a second run, where one was asked for
    watched: list[str]  # what the cell read that will not be the same again
    truncated: bool  # whether there was more text than is kept


def printed(outcome: CellOutcome) -> str:
    """All text of a cell's output."""
    return "".join(output["text"] for output in outcome.get("outputs", ()) if "text" in output)


class Reads(TypedDict):
    """What a page read, and thereby depends on."""

    files: list[str]
    folders: dict[str, str | None]  # each with a digest of the names in it
    modules: list[str]  # top-level modules of installed distributions
    reasons: list[str]  # why the outcome cannot be kept; empty if it can
    written: dict[str, str]  # files of the project that the page left, each with its digest


class Fault(NamedTuple):
    """Why a page's process ended before all its cells had run."""

    cell: int  # the cell that was running, counted among those that run
    message: str
    line: int | None = None  # of the page, if known


class PageOutcome(NamedTuple):
    """The outcome of every cell of a page that runs, as far as it got."""

    cells: tuple[CellOutcome, ...] = ()
    fault: Fault | None = None
    reads: Reads | None = None  # None if the page did not end well

    def to_dict(self) -> dict[str, Any]:
        """In the form of JSON."""
        fault = None if self.fault is None else self.fault._asdict()
        return {"cells": list(self.cells), "fault": fault, "reads": self.reads}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PageOutcome:
        """Back from the form of JSON."""
        fault = None if data["fault"] is None else Fault(**data["fault"])
        reads = None if data["reads"] is None else _with_shared_names(data["reads"])
        return cls(tuple(data["cells"]), fault, reads)


def _with_shared_names(reads: Reads) -> Reads:
    """The same with each name once in memory: most pages of a site read the same modules."""
    folders = {sys.intern(name): digest for name, digest in reads["folders"].items()}
    return {**reads, "files": list(map(sys.intern, reads["files"])), "folders": folders}


class CellStarts(TypedDict):
    """A cell begins; its process may take `timeout` seconds from now."""

    event: Literal["start"]
    cell: int
    timeout: float


class CellEnds(TypedDict):
    """A cell has run."""

    event: Literal["cell"]
    cell: int
    outcome: CellOutcome


class TextComes(TypedDict):
    """What reached the standard streams since the last fact."""

    event: Literal["text"]
    text: str
    truncated: bool  # whether the cell has said more than is kept


class DisplayComes(TypedDict):
    """The cell shows something, or replaces what was shown under the same key."""

    event: Literal["display"]
    data: Bundle
    key: str | None
    update: bool


class OutputIsCleared(TypedDict):
    """What the cell has put out so far goes, at once or when there is something new."""

    event: Literal["clear"]
    wait: bool


class ProcessEnds(TypedDict):
    """The process ended before its cells did."""

    event: Literal["fault"]
    cell: int
    message: str
    line: int | None


class PageEnds(TypedDict):
    """Every cell has run."""

    event: Literal["done"]
    reads: Reads


class Note(TypedDict):
    """`kept`: the outcome is in the cache; `end`: there will be no more facts."""

    event: Literal["kept", "end"]


Fact = (
    CellStarts
    | TextComes
    | DisplayComes
    | OutputIsCleared
    | CellEnds
    | ProcessEnds
    | PageEnds
    | Note
)
"""What a page's process and its supervisor tell the build, one JSON line each."""


def with_differences(first: PageOutcome, second: PageOutcome) -> PageOutcome:
    """The first of two outcomes of a page, in which cells say what the second gave otherwise."""
    both = list(zip(first.cells, second.cells, strict=False))
    cells: list[CellOutcome] = [{**one, "differs": _differing(one, two)} for one, two in both]
    return first._replace(cells=(*cells, *first.cells[len(cells) :]))


def _differing(one: CellOutcome, two: CellOutcome) -> list[str]:
    parts = {
        "its output": one.get("outputs") != two.get("outputs"),
        "its error": _message(one) != _message(two),
        "what it checks": one["reports"] != two["reports"],
    }
    return [name for name, differs in parts.items() if differs]


def _message(outcome: CellOutcome) -> str | None:
    return outcome["error"]["message"] if outcome["error"] else None


class Gathering:
    """Collects the facts that a page's process tells, as they come."""

    def __init__(self) -> None:
        self.cells: list[CellOutcome] = []
        self.outputs: list[Output] = []  # of the cell that runs
        self.truncated = False
        self.fault: Fault | None = None
        self.reads: Reads | None = None
        self._outdated = False  # whether the next output takes the place of all before it

    def hear(self, fact: Fact) -> None:
        """Take one fact."""
        if fact["event"] == "text":
            self._take_text(fact["text"])
            self.truncated |= fact["truncated"]
        elif fact["event"] == "display":
            self._take_display(fact["data"], fact["key"], fact["update"])
        elif fact["event"] == "clear":
            self._outdated = fact["wait"]
            if not fact["wait"]:
                self.outputs.clear()
        elif fact["event"] == "cell":
            self.cells.append({**fact["outcome"], **self._taken()})
        elif fact["event"] == "fault":
            self.fault = Fault(fact["cell"], fact["message"], fact["line"])
        elif fact["event"] == "done":
            self.reads = _with_shared_names(fact["reads"])

    def _take_text(self, text: str) -> None:
        if not text:
            return
        self._make_room()
        if self.outputs and "text" in self.outputs[-1]:
            self.outputs[-1]["text"] += text
        else:
            self.outputs.append({"text": text})

    def _take_display(self, data: Bundle, key: str | None, update: bool) -> None:
        shown = [output for cell in self.cells for output in cell["outputs"]] + self.outputs
        same = [output for output in shown if key is not None and output.get("key") == key]
        for output in same if update else []:
            output["data"] = data
        if not (update and same):
            self._make_room()
            self.outputs.append({"data": data} if key is None else {"data": data, "key": key})

    def _make_room(self) -> None:
        if self._outdated:
            self.outputs.clear()
        self._outdated = False

    def _taken(self) -> CellOutcome:
        """The output of the cell that runs; the next one begins with none."""
        taken: CellOutcome = {"outputs": self.outputs, "truncated": self.truncated}
        self.outputs, self.truncated, self._outdated = [], False, False
        return taken

    def outcome(self) -> PageOutcome:
        """What is known once the process has ended."""
        fault = self.fault
        if fault is None and self.reads is None:
            fault = Fault(len(self.cells), "its process was lost")
        cells = list(self.cells)
        if fault is not None and fault.cell == len(cells):
            cells.append({**self._taken(), "error": None, "reports": []})
        for output in (output for cell in cells for output in cell["outputs"]):
            output.pop("key", None)  # has served, and is another one in every run
        return PageOutcome(tuple(cells), fault, self.reads)
