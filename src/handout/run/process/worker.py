"""The process of one page: runs its cells under limits, and tells its supervisor what happened."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
import threading

from handout.page.escape import escape_surrogates
from handout.run.outcomes import Fact, Job
from handout.run.process import limits, preloading
from handout.run.process.execution import NotebookRun, PageRun
from handout.run.process.file_access import ReadLog
from handout.run.process.imports_fresh import trust_no_doubtful_bytecode
from handout.run.process.nondeterminism import seed_global_generators

_FOR_EVER = 1e6  # seconds: a clock counts no further


class Channel:
    """The child's end of its conversation with the supervisor: JSON lines out, one byte back."""

    def __init__(self, facts: int, output: int, trace: int) -> None:
        self.facts, self.output, self.trace = facts, output, trace
        self.owner = os.getpid()
        self.lock = threading.RLock()

    def tell(self, fact: Fact) -> None:
        """Send one fact."""
        text = escape_surrogates(json.dumps(fact, default=str, ensure_ascii=False))
        data = memoryview(text.encode() + b"\n")
        while data:
            data = data[os.write(self.facts, data) :]

    def tell_in_order(self, fact: Fact) -> None:
        """Send a fact that has its place among the output; a process that was forked has none."""
        if os.getpid() != self.owner:
            return
        with self.lock:  # several threads may show something
            _flush()
            self.tell(fact)
            self.settle()

    def settle(self) -> None:
        """Wait until the supervisor has taken all output so far."""
        os.read(self.facts, 1)


def run_page(job: Job, channel: Channel) -> None:
    """Run every cell of a page in one namespace, top to bottom, and tell the outcome of each."""
    limits.apply(job["limits"], preloading.size())
    reads = ReadLog(job["root"], tuple(job["ignored"]))
    job = {**job, "folder": _existing(job["folder"])}
    os.chdir(job["folder"])
    sys.path[:1] = [job["folder"], *job.get("path", ())]
    sys.argv = [job["page"]]
    preloading.put_away()
    faulthandler.enable(channel.trace)
    kind = NotebookRun if job["notebook"] else PageRun
    page = kind(job, channel.tell_in_order)
    seed_global_generators()
    trust_no_doubtful_bytecode(reads.of_project)
    reads.start()
    for number, cell in enumerate(job["cells"]):
        timeout = min(cell["options"].get("timeout", job["limits"]["timeout"]), _FOR_EVER)
        channel.tell({"event": "start", "cell": number, "timeout": timeout})
        faulthandler.dump_traceback_later(0.9 * timeout, file=channel.trace)
        _standard_streams(channel.output)
        outcome = page.run(cell)
        faulthandler.cancel_dump_traceback_later()
        channel.tell_in_order({"event": "cell", "cell": number, "outcome": outcome})
        for what in outcome["watched"]:
            reads.reasons.setdefault(f"it read {what}")
        if limits.reached(outcome["error"]):
            reads.reasons.setdefault("it reached a limit")
    channel.tell({"event": "done", "reads": reads.report()})


def _existing(folder: str) -> str:
    """A folder, or the nearest above it: that of a page which a plugin makes need not exist."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _standard_streams(output: int) -> None:
    """Fresh standard streams for a cell, whatever the one before it has done to them."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(output, number)
        stream = open(  # noqa: SIM115 - a cell may keep it, and others write to it later
            number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
