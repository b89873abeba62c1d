"""A fork server: NumPy is imported once, and each page's process is forked from there.

Importing NumPy takes longer than running most pages. The server has done that, and no page's code
ever runs in it, so every page begins in the same state. It is started early, in the background, and
exits when its connection is closed, however the build ends.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable

from handout.run.outcomes import Fact, Job

#: Loaded before the first page: what cells import anyway. `edf` is not among them, nor is anything
#: else of the project: those are the page's own to import, and an edit must show.
PRELOADED = (
    "numpy", "numpy.random", "numpy.linalg",
    "collections", "contextvars", "copy", "dataclasses", "enum", "fractions", "functools", "heapq",
    "inspect", "itertools", "math", "operator", "pickle", "random", "re", "string", "textwrap",
    "typing", "warnings",
)  # fmt: skip
_NICE = 3
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class ForkServer:
    """The build's handle on a fork server; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._idle: list[Connection] = []  # to supervisors that wait for their next page
        self._busy: set[Connection] = set()  # to those of the pages that run

    def start(self, packages: Iterable[str] = ()) -> None:
        """Start the process if it does not run; returns at once.

        Args:
            packages: that pages will probably need, of `handout.run.foreseen.PACKAGES`.
        """
        with self._lock:
            self._started(packages)

    def _started(self, packages: Iterable[str] = ()) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        call = f"serve({theirs.fileno()}, {sorted(packages)})"
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; {call}"],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,  # Ctrl-C reaches the build alone, which closes the connection
        )
        theirs.close()
        self._control = ours
        atexit.register(self.stop)
        return ours

    def run(self, job: Job, hear: Callable[[Fact], None]) -> None:
        """Run a page in a process forked from the server; `hear` gets every fact as it comes.

        Raises:
            ConnectionError: if the server cannot be reached.
        """
        connection = self._connected()
        try:
            connection.socket.sendall(json.dumps(job).encode() + b"\n")
            for line in connection.lines:
                fact = json.loads(line)
                if fact["event"] == "end":
                    break
                hear(fact)
            else:  # the supervisor has exited, too
                connection.close()
                return
        except BaseException:
            connection.close()
            raise
        finally:
            self._busy.discard(connection)
        self._idle.append(connection)

    def _connected(self) -> Connection:
        """A connection to a supervisor that has nothing to do, a new one if there is none."""
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.alive():
                    break
                connection.close()
            else:
                connection = self._new()
            self._busy.add(connection)
        return connection

    def _new(self) -> Connection:
        """A connection to a supervisor that the server forks."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            fds = array.array("i", [theirs.fileno()])
            try:
                self._started().sendmsg(
                    [b"p"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds.tobytes())]
                )
            except OSError:
                ours.close()
                raise
        return Connection(ours)

    def stop(self) -> None:
        """End the process, and with it every page that still runs."""
        for connection in list(self._busy):
            connection.shut()  # its supervisor ends the page; whoever reads it goes on
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                self._process.kill()  # the supervisors notice, and end their pages
                self._process.wait()
            self._control = self._process = None


def environment() -> dict[str, str]:
    """That of pages: sums in the same order everywhere, one thread for BLAS, one order of sets."""
    return {
        **os.environ,
        **dict.fromkeys(_ONE_THREAD, "1"),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://handout.run.process.plot_backend",
        "PLOTLY_RENDERER": "plotly_mimetype",  # else it opens a browser
    }


class Connection:
    """The build's connection to a supervisor: a job goes out, facts come back, page after page."""

    def __init__(self, ours: socket.socket) -> None:
        self.socket = ours
        self.lines = ours.makefile("rb")

    def alive(self) -> bool:
        """Whether the supervisor still runs; while it waits for a job, it sends nothing."""
        try:
            self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def shut(self) -> None:
        """Let both ends hear that the conversation is over."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the conversation."""
        self.lines.close()
        self.socket.close()


def serve(fd: int, packages: Iterable[str]) -> None:
    """The server: import, then fork a supervisor for every connection that arrives, until EOF."""
    control = socket.socket(fileno=fd)
    _step_back()
    gc.disable()  # what is loaded stays
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from handout.run.process import preloading
    from handout.run.process.supervisor import jobs, supervise

    sys.path[:] = map(os.path.abspath, sys.path)
    os.chdir("/")  # hold no folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # else the collector would write to pages of memory that all children share
    preloading.load(packages)
    while True:
        _, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not fds:
            return
        with socket.socket(fileno=fds[0]) as connection:
            first = next(jobs(connection), None)
            if first is None:  # the build is going
                continue
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            preloading.prepare(first)  # here, once for the pages of all supervisors
            if os.fork() == 0:
                control.close()
                gc.enable()
                try:
                    supervise(connection, first)
                finally:
                    os._exit(0)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are reaped by the system


def _step_back() -> None:
    """Yield to the build itself, which renders pages meanwhile and takes longest."""
    os.nice(_NICE)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write(str(_NICE))  # where Linux shares processors among sessions
