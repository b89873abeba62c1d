"""Runs each page in a process of its own from scratch, where there is no fork: on Windows.

A page waits for NumPy to load, and fewer limits hold; what comes out is the same. Two threads read
what the process says, since nothing else can wait for pipes everywhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from handout.run.outcomes import Fact, Job
from handout.run.process.cell_output import CellOutput
from handout.run.process.charts import with_drawing
from handout.run.process.fork_server import environment
from handout.run.process.supervisor import GRACE, IN_ORDER, TOOK_TOO_LONG, cause, traced_line
from handout.run.process.worker import Channel, run_page


class Spawner:
    """Starts pages; safe to use from several threads. It has the methods of `ForkServer`."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(self, packages: Iterable[str] = ()) -> None:
        """There is nothing to prepare."""

    def run(self, job: Job, hear: Callable[[Fact], None]) -> None:
        """Run a page; `hear` gets every fact as it comes.

        Raises:
            OSError: if its process cannot be started.
        """
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            trace = os.path.join(folder, "trace")
            told: Job = {**job, "mark": secrets.token_hex(16), "trace": trace}
            with subprocess.Popen(
                [sys.executable, "-c", "from handout.run.process.spawned import page; page()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,  # so that a pipe can be closed though somebody may still read it
                env=environment(),
                start_new_session=True,
            ) as process:
                self._running.add(process)
                try:
                    _Follower(told, process, hear).follow()
                finally:
                    _end(process)
                    self._running.discard(process)

    def stop(self) -> None:
        """End every page that still runs."""
        for process in list(self._running):
            _end(process)


class _Follower:
    """Follows one page to its end."""

    def __init__(
        self, job: Job, process: subprocess.Popen[bytes], hear: Callable[[Fact], None]
    ) -> None:
        self.job, self.process, self.hear = job, process, hear
        self.facts: queue.Queue[Fact | None] = queue.Queue()  # None: there will be no more
        self.said = CellOutput(job["limits"]["output"], job["root"])
        self.settled = threading.Semaphore(0)  # once for each cell whose output was taken
        self.cell = 0
        self.deadline: float = time.monotonic() + min(
            job["limits"]["timeout"], threading.TIMEOUT_MAX
        )

    def follow(self) -> None:
        """Hear everything that the page says, until it is done or must end."""
        threads = [
            threading.Thread(target=read, args=(pipe,), daemon=True)
            for read, pipe in (
                (self._read_facts, self.process.stdout),
                (self._read_output, self.process.stderr),
            )
        ]
        for thread in threads:
            thread.start()
        self._answer(json.dumps(self.job).encode() + b"\n")
        fault: str | None = None
        try:
            while (fact := self.facts.get(timeout=self._left())) is not None:
                self._take(fact)
                if fact["event"] == "done":
                    break
                if not self._left():
                    raise queue.Empty
        except queue.Empty:
            fault = TOOK_TOO_LONG
        _end(self.process)
        for thread in threads:
            thread.join(_PATIENCE)
        if fault is None and fact is not None:
            return
        why = fault or cause(self.process.returncode, self.job["limits"])
        line = None
        with contextlib.suppress(OSError):
            line = traced_line(Path(self.job["trace"]).read_bytes(), self.job["page"])
        self.hear(self.said.taken())
        self.hear({"event": "fault", "cell": self.cell, "message": why, "line": line})

    def _left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def _take(self, fact: Fact) -> None:
        if fact["event"] == "start":
            self.cell = fact["cell"]
            self.deadline = time.monotonic() + fact["timeout"]
        elif fact["event"] in IN_ORDER:
            self.settled.acquire(timeout=self._left())
            self.hear(self.said.taken())
            admitted = self.said.admits(fact)
            if fact["event"] == "cell":
                self.said.begin()
                self.deadline = time.monotonic() + GRACE  # until the next one starts
            self._answer(b".")
            if not admitted:
                return
        if fact["event"] == "display":
            began = time.monotonic()
            fact["data"] = with_drawing(fact["data"])
            self.deadline += time.monotonic() - began
        self.hear(fact)

    def _answer(self, data: bytes) -> None:
        assert self.process.stdin is not None
        rest = memoryview(data)
        with contextlib.suppress(OSError):  # the page has ended, which is heard of otherwise
            while rest:
                rest = rest[self.process.stdin.write(rest) :]

    def _read_facts(self, pipe: IO[bytes]) -> None:
        rest = b""
        while data := pipe.read(_CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.facts.put(json.loads(line))
        self.facts.put(None)

    def _read_output(self, pipe: IO[bytes]) -> None:
        mark = self.job["mark"].encode()
        rest = b""
        while data := pipe.read(_CHUNK):
            *ended, rest = (rest + data).split(mark)
            for output in ended:
                self.said.add(output)
                self.settled.release()
            sure = max(0, len(rest) - len(mark))  # the end may be the beginning of the mark
            self.said.add(rest[:sure])
            rest = rest[sure:]
        self.said.add(rest)


_CHUNK = 1 << 16
_PATIENCE = 2.0  # seconds for the last output of a page that has ended


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a page's process and those that it started."""
    if sys.platform == "win32":
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


class _SpawnedChannel(Channel):
    """The page's end of the conversation: facts go to one pipe, and answers come from another."""

    def __init__(self, job: Job, facts: int, answers: int, output: int) -> None:
        trace = os.open(job["trace"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        super().__init__(facts, output, trace)
        self.answers, self.mark = answers, job["mark"].encode()

    def settle(self) -> None:
        """Mark where the output of this cell ends, and wait until it was taken."""
        os.write(self.output, self.mark)
        os.read(self.answers, 1)


def page() -> None:
    """The page's process: its job comes by standard input, its facts go to standard output."""
    data = b""
    while not data.endswith(b"\n"):
        data += os.read(0, _CHUNK)
    job = json.loads(data)
    channel = _SpawnedChannel(job, facts=os.dup(1), answers=os.dup(0), output=os.dup(2))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        run_page(job, channel)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)
