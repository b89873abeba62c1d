"""A folder as a web server shows it, on this machine alone: for pictures, tests and benchmarks."""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(
        self, home: str, line: _Line | None, stall: Stall | None, *args: Any, **options: Any
    ) -> None:
        self.home, self.line, self.stall = home, line, stall
        super().__init__(*args, **options)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file, no faster than the line carries it."""
        if self.stall is not None and self.stall.begins(self.path):
            outputfile.write(source.read(1000))
            outputfile.flush()
            self.stall.over.wait()
            return None
        if self.line is None:
            return super().copyfile(source, outputfile)
        while part := source.read(65536):
            self.line.carry(len(part))
            outputfile.write(part)

    def translate_path(self, path: str) -> str:
        """The file of an address below the folder's own path."""
        return super().translate_path("/" + path.removeprefix(self.home))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""


class _Line:
    """A line of so many megabits a second, for all connections together."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.lock = threading.Lock()

    def carry(self, count: int) -> None:
        with self.lock:
            time.sleep(8 * count / (1e6 * self.speed))


class Stall:
    """Files whose first bytes come and no more: each once, in the order in which they are named.

    Args:
        endings: of the files' addresses.
    """

    def __init__(self, *endings: str) -> None:
        self.left = list(endings)
        self.over = threading.Event()

    def begins(self, path: str) -> bool:
        """Whether this request stalls."""
        if not self.left or not path.endswith(self.left[0]):
            return False
        self.left.pop(0)
        return True


@contextmanager
def served(
    folder: Path, home: str = "/", speed: float | None = None, stall: Stall | None = None
) -> Iterator[str]:
    """The address of a server of the folder's files.

    Args:
        folder: what it serves.
        home: the path that the folder has there.
        speed: megabits a second of its line; without one, as fast as it can.
        stall: files that do not come at first.
    """
    line = None if speed is None else _Line(speed)
    handler = functools.partial(_Quiet, home, line, stall, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{home}"
        if stall is not None:
            stall.over.set()
        server.shutdown()


def home_of(site: Path) -> str:
    """The path of a built site's address, such as `/handout/`.

    The 404 page, which may be shown anywhere, finds its style by that.
    """
    page = (site / "index.html").read_text("utf-8")
    canonical = re.search(r'<link rel="canonical" href="([^"]+)"', page)
    return urlsplit(canonical[1]).path if canonical else "/"
