"""What a page's process may use, and how that is enforced.

The limits protect the build from accidents (an endless loop, a forgotten factor of a thousand);
they are no sandbox. Wall time, output and what is left behind are the keeper's business.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

try:
    import resource
except ModuleNotFoundError:  # Windows
    resource: Any = None  # type: ignore[no-redef]

MEGABYTE = 1 << 20
_MOST = (1 << 63) - 1  # what the system can count to


class Limits(NamedTuple):
    """Limits on one page's process and all that it starts."""

    timeout: float = 60.0  # seconds that a cell may take, unless its own `timeout` says otherwise
    cpu: int = 600  # seconds of processor time for a page
    memory: int = 4096  # megabytes of address space
    output: int = 256  # kilobytes of output kept of each cell
    files: int = 256  # open files
    processes: int = 64  # processes that a page may start in all; as many threads at a time


def unlimited(platform: str = sys.platform) -> str | None:
    """What a platform does not limit, for a message that is shown once; None if all limits hold."""
    missing = {
        "darwin": "memory, nor end processes that leave their page's process group",
        "win32": "memory, processor time and open files",
    }
    return f"this system does not limit {missing[platform]}" if platform in missing else None


def apply(limits: Limits) -> None:
    """Limit this process and what it will start."""
    for kind, wanted in _resources(limits) if resource is not None else ():
        _, hard = resource.getrlimit(kind)
        value = min(wanted, _MOST) if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(kind, (value, hard if kind == resource.RLIMIT_CPU else value))
        except (OSError, ValueError):  # the platform knows the name, and refuses the limit
            continue
    _limit_threads(limits.processes)


def _limit_threads(most: int) -> None:
    """Refuse a thread too many: before it fails for want of memory, and with a reason."""
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if threading.active_count() > most:
            raise RuntimeError(f"more than {most} threads at a time on one page")
        start(thread)

    threading.Thread.start = limited  # type: ignore[assignment,method-assign]


def _resources(limits: Limits) -> Iterator[tuple[int, int]]:
    yield resource.RLIMIT_CORE, 0
    yield resource.RLIMIT_CPU, limits.cpu
    yield resource.RLIMIT_NOFILE, limits.files
    yield resource.RLIMIT_AS, limits.memory * MEGABYTE
