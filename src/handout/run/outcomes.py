"""What happened when a page ran: facts, without judgement, in a form that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Fault(NamedTuple):
    """Why a page's process ended before all its cells had run."""

    cell: int  # the cell that was running, counted among those that run
    message: str
    line: int | None = None  # of the page, if known


class PageOutcome(NamedTuple):
    """The outcome of every cell of a page that runs, as far as it got.

    The outcome of a cell is a mapping: `stdout` and `truncated`, `pictures`, `error` (None, or
    type, message, traceback and offset from the cell's first line) and `reports`, one for each
    check that the cell made, with its `offset`.
    """

    cells: tuple[Mapping[str, Any], ...] = ()
    fault: Fault | None = None
    reads: Mapping[str, Any] | None = None  # what the page read; None if it did not end well

    def to_dict(self) -> dict[str, Any]:
        """In the form of JSON."""
        fault = None if self.fault is None else self.fault._asdict()
        return {"cells": list(self.cells), "fault": fault, "reads": self.reads}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PageOutcome:
        """Back from the form of JSON."""
        fault = None if data["fault"] is None else Fault(**data["fault"])
        return cls(tuple(data["cells"]), fault, data["reads"])


class Gathering:
    """Collects the facts that a page's process tells, as they come."""

    def __init__(self) -> None:
        self.cells: list[Mapping[str, Any]] = []
        self.last: Mapping[str, Any] = {}  # output of the cell that did not end
        self.fault: Fault | None = None
        self.reads: Mapping[str, Any] | None = None

    def hear(self, fact: Mapping[str, Any]) -> None:
        """Take one fact."""
        event = fact["event"]
        if event == "cell":
            self.cells.append(fact["outcome"])
        elif event == "output":
            self.last = {"stdout": fact["stdout"], "truncated": fact["truncated"]}
        elif event == "fault":
            self.fault = Fault(fact["cell"], fact["message"], fact["line"])
        elif event == "done":
            self.reads = fact["reads"]

    def outcome(self) -> PageOutcome:
        """What is known once the process has ended."""
        fault = self.fault
        if fault is None and self.reads is None:
            fault = Fault(len(self.cells), "its process was lost")
        cells = list(self.cells)
        if fault is not None and fault.cell == len(cells):
            cells.append({**self.last, "error": None, "reports": []})
        return PageOutcome(tuple(cells), fault, self.reads)
