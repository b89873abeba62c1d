"""Supervises a page's process: starts it, collects its facts, ends it and all that it started.

The supervisor stands between the build and the cells. It limits wall time and output, and it is the
subreaper: orphaned descendants are re-parented to it (on Linux), so a daemon that leaves the page's
process group is found as well. If the build exits, its end of the connection closes, and the
supervisor ends the page.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import re
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from handout.run.cache import Cache
from handout.run.outcomes import Fact, Gathering, Job, Limits
from handout.run.process import preloading, worker
from handout.run.process.cell_output import CellOutput
from handout.run.process.charts import with_drawing

_PARENT_DEATH, _SUBREAPER = 1, 36  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux's prctl
#: Facts that have their place among the output; the page waits for an answer to each.
IN_ORDER = ("display", "clear", "cell")
TOOK_TOO_LONG = "it took longer than its time limit"
_CHUNK = 1 << 16
_TICK = 0.05  # seconds between checks whether the child still runs
_TELLING = 0.1  # seconds between messages to the build, each of which interrupts its main thread
_PATIENCE = 8  # polls until all children have exited, before orphans are searched for
#: Seconds for what takes milliseconds unless the machine is very busy: that a process which was
#: killed has exited, that the next cell begins.
GRACE = 60.0


def supervise(connection: socket.socket, first: Job) -> None:
    """Run page after page: a job comes over `connection`, facts go back, the last of them `end`.

    All are JSON lines. A supervisor that fails to end all that its page has started exits.

    Args:
        connection: to the build.
        first: the job that has come already.
    """
    os.setpgid(0, 0)  # a page that signals its parent's group reaches this supervisor alone
    adopt_orphans()
    for job in itertools.chain((first,), jobs(connection)):
        preloading.prepare(job)
        with contextlib.closing(Supervisor(job, connection)) as supervisor:
            supervisor.run()
            supervisor.remember()
            supervisor.send({"event": "end"})
            supervisor.flush()


def jobs(connection: socket.socket) -> Iterator[Job]:
    """The jobs that arrive, until the build goes away; it waits for the end of each."""
    line = bytearray()
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(_CHUNK):
            line += data
            if data.endswith(b"\n"):
                yield json.loads(line)
                line.clear()


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (Linux)."""
    _process_control(_SUBREAPER, 1)


def _process_control(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Supervisor:
    """The page's process, our ends of its pipes, and what came through them."""

    def __init__(self, job: Job, connection: socket.socket) -> None:
        self.job = job
        self.connection = connection
        self.facts, child_facts = socket.socketpair()
        self.output, child_output = os.pipe()
        self.trace, child_trace = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            connection.close()
            self.facts.close()
            os.close(self.output)
            os.close(self.trace)
            _be_the_page(job, worker.Channel(child_facts.detach(), child_output, child_trace))
        child_facts.close()
        os.close(child_output)
        os.close(child_trace)
        for fd in (self.output, self.trace):
            os.set_blocking(fd, False)
        self.lines = b""
        self.gathering = Gathering()
        self.unsent = bytearray()  # what the build has yet to hear
        self.told = time.monotonic()
        self.said = CellOutput(job["limits"]["output"], job["root"])
        self.cell = 0
        self.deadline = time.monotonic() + job["limits"]["timeout"]
        self.fault: str | None = None
        self.done = False
        self.status: int | None = None  # of the page's process, once it has ended

    def run(self) -> None:
        """Follow the page to its end, then end all that it has started."""
        try:
            while not self.done and self.fault is None:
                self._step()
        finally:
            status = end_all(self.pid, self.status)
        if not self.done:
            self._take_output()
            self.send(self.said.taken())
            why = self.fault or cause(os.waitstatus_to_exitcode(status), self.job["limits"])
            line = self._line()
            self.send({"event": "fault", "cell": self.cell, "message": why, "line": line})

    def remember(self) -> None:
        """Write the outcome into the build's cache, if it has one; what fails is its business."""
        if "cache" in self.job:
            folder, root = Path(self.job["cache"]), Path(self.job["root"])
            cache = Cache(folder, root, lambda _: None, self.job.get("patience", 0))
            with contextlib.suppress(OSError):
                cache.save(self.job, self.gathering.outcome(), self.job["started"])
                self.send({"event": "kept"})

    def close(self) -> None:
        """Close the pipes."""
        self.facts.close()
        os.close(self.output)
        os.close(self.trace)

    def _step(self) -> None:
        watched: list[Any] = [self.facts, self.output, self.connection]
        wait = min(_TICK, max(0.0, self.deadline - time.monotonic()))
        ready, _, _ = select.select(watched, [], [], wait)
        if time.monotonic() >= self.told + _TELLING:
            self.flush()
        if self.connection in ready:  # the build says nothing, so this is its end
            self.fault = "the build was stopped"
        if self.output in ready:
            self._take_output()
        if self.facts in ready:
            self._take_facts()
        elif not ready and self._has_ended():
            self.fault = self.fault or ""
        if not self.done and self.fault is None and time.monotonic() >= self.deadline:
            self.fault = TOOK_TOO_LONG

    def _take_facts(self) -> None:
        try:
            data = self.facts.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            self.fault = ""
            return
        *lines, self.lines = (self.lines + data).split(b"\n")
        for line in lines:
            self._take_fact(json.loads(line))

    def _take_fact(self, fact: Fact) -> None:
        if fact["event"] == "start":
            self.cell = fact["cell"]
            self.deadline = time.monotonic() + fact["timeout"]
            return
        if fact["event"] in IN_ORDER:
            self._take_output()
            self.send(self.said.taken())
            admitted = self.said.admits(fact)
            with contextlib.suppress(OSError):
                self.facts.send(b".")
            if not admitted:
                return
        if fact["event"] == "display":
            began = time.monotonic()
            fact["data"] = with_drawing(fact["data"])
            self.deadline += time.monotonic() - began
        if fact["event"] == "cell":
            self.said.begin()
            self.deadline = time.monotonic() + GRACE  # until the next one starts
        self.done = fact["event"] == "done"
        self.send(fact)

    def _has_ended(self) -> bool:
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        if ended:
            self.status = status
        return bool(ended)

    def _take_output(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.output, _CHUNK):
                self.said.add(data)
                if self.said.dropped and time.monotonic() >= self.deadline:
                    return  # endless output must not delay the time limit

    def _line(self) -> int | None:
        """The line of the page that was running, if the child could still say."""
        trace = b""
        with contextlib.suppress(BlockingIOError):
            trace = os.read(self.trace, _CHUNK)
        return traced_line(trace, self.job["page"])

    def send(self, fact: Fact) -> None:
        """Tell the build a fact, with others that come soon."""
        self.gathering.hear(fact)
        self.unsent += json.dumps(fact).encode() + b"\n"

    def flush(self) -> None:
        """Send what was told."""
        self.told = time.monotonic()
        unsent, self.unsent = self.unsent, bytearray()
        if unsent:
            with contextlib.suppress(OSError):  # the build has gone
                self.connection.sendall(unsent)


def _be_the_page(job: Job, channel: worker.Channel) -> NoReturn:
    """The child: its own process group, no standard input, no clean-up handlers at exit."""
    status = 1
    try:
        os.setpgid(0, 0)
        _process_control(_PARENT_DEATH, signal.SIGKILL)  # when the supervisor exits
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        worker.run_page(job, channel)
        status = 0
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(channel.output, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        os._exit(status)


def traced_line(trace: bytes, page: str) -> int | None:
    """The innermost line of a page in what `faulthandler` has written."""
    name = re.escape(page.encode("ascii", "backslashreplace"))
    found = re.search(rb'File "' + name + rb'", line (\d+)', trace)
    return int(found[1]) if found else None


def end_all(pid: int, status: int | None) -> int:
    """Kill the process group of `pid` and every other child of this process; its wait status.

    Args:
        pid: the page's process.
        status: of it, if it was waited for already.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if status is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    looks = 0
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        try:
            ended, how = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status or 0
        if ended == pid:
            status = how
        elif ended == 0:
            looks += 1
            if looks > _PATIENCE:  # an orphan that has left the process group
                for child in _children():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
            time.sleep(0.0005)
    os._exit(1)  # a child cannot be killed, and must not be taken for one of the next page


def _children() -> list[int]:
    """The children of this process, by looking at every process of the machine."""
    children = []
    for name in os.listdir("/proc") if sys.platform == "linux" else []:
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                if int(fields[1]) == os.getpid():
                    children.append(int(name))
    return children


def cause(code: int, limits: Limits) -> str:
    """Why a page's process ended before its cells did, in words; a signal is a negative code."""
    if code >= 0:
        return f"its process ended with exit status {code}"
    name = signal.Signals(-code).name
    if name == "SIGXCPU":
        return f"it used more than {limits['cpu']} s of processor time ({name})"
    if name == "SIGKILL":
        return f"its process was killed ({name}), as the system does when memory runs out"
    return f"its process crashed: {signal.strsignal(-code)} ({name})"
