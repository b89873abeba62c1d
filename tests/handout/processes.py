"""Other processes: waiting for what they do, and letting them end as they would elsewhere."""

from __future__ import annotations

import contextlib
import signal
import time
import urllib.request
from collections.abc import Callable

PATIENCE = 300  # seconds; half of what pytest gives a test, so that it can still say what it saw


def wait_for(condition: Callable[[], object], seen: Callable[[], str] = str) -> None:
    """Wait until a condition holds; fail with what is `seen` instead."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, seen()[-2000:] or "waited in vain"
        time.sleep(0.05)


def shows(address: str, text: str) -> None:
    """Wait until a page shows a text."""
    page = ""

    def shown() -> bool:
        nonlocal page
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=30) as answer:
            page = answer.read().decode()
        return text in page

    wait_for(shown, lambda: page)


def heed() -> None:
    """Let a process end by signals that the tests ignore, as under nohup or in the background."""
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
