"""A folder as a web server shows it, on this machine alone: for pictures, tests and benchmarks."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class _Quiet(SimpleHTTPRequestHandler):
    def __init__(self, home: str, *args: Any, **options: Any) -> None:
        self.home = home
        super().__init__(*args, **options)

    def translate_path(self, path: str) -> str:
        """The file of an address below the folder's own path."""
        return super().translate_path("/" + path.removeprefix(self.home))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""


@contextmanager
def served(folder: Path, home: str = "/") -> Iterator[str]:
    """The address of a server of the folder's files, which have the path `home`."""
    handler = functools.partial(_Quiet, home, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{home}"
        server.shutdown()


def home_of(site: Path) -> str:
    """The path of a built site's address, such as `/handout/`.

    The 404 page, which may be shown anywhere, finds its style by that.
    """
    page = (site / "index.html").read_text("utf-8")
    canonical = re.search(r'<link rel="canonical" href="([^"]+)"', page)
    return urlsplit(canonical[1]).path if canonical else "/"
