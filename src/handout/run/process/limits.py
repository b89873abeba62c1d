"""What a page's process may use, and how that is enforced.

The limits protect the build from accidents (an endless loop, a forgotten factor of a thousand);
they are no sandbox. The supervisor limits wall time and output, and ends what is left behind.
"""

from __future__ import annotations

import _thread
import mmap
import struct
import sys
from collections.abc import Iterator
from typing import Any

from handout.run.outcomes import CellError, Limits

try:
    import resource
except ModuleNotFoundError:  # Windows
    resource: Any = None  # type: ignore[no-redef]  # a module elsewhere

MEGABYTE = 1 << 20
_MOST = (1 << 63) - 1  # what the system can count to

#: Audit events.
STARTS_PROCESS = {
    "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn",
    "subprocess.Popen",
}  # fmt: skip
_SAID_AT_LIMIT = (
    "processes started by one page", "threads at a time on one page", "can't start new thread",
    "Too many open files", "Resource temporarily unavailable", "Cannot allocate memory",
)  # fmt: skip
_STARTS_THREAD = {"_thread.start_new_thread", "_thread.start_joinable_thread"}  # told from 3.12 on


def unlimited(platform: str = sys.platform) -> str | None:
    """What a platform does not limit, for a message that is shown once; None if all limits hold."""
    missing = {
        "darwin": "memory, nor end processes that leave their page's process group",
        "win32": "memory, processor time and open files",
    }
    if platform not in missing:
        return None
    return f"this system does not limit {missing[platform]} [H710]"


def apply(limits: Limits, loaded: int = 0) -> None:
    """Limit this process and what it will start.

    Args:
        limits: of one page.
        loaded: bytes of memory that this process already has and the page does not answer for.
    """
    for kind, wanted in _resources(limits, loaded) if resource is not None else ():
        _, hard = resource.getrlimit(kind)
        value = min(wanted, _MOST) if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(kind, (value, hard if kind == resource.RLIMIT_CPU else value))
        except (OSError, ValueError):  # the platform knows the name, and refuses the limit
            continue
    _limit_processes(limits["processes"])


def reached(error: CellError | None) -> bool:
    """Whether a cell failed for want of memory, files, processes or threads."""
    if error is None:
        return False
    return "MemoryError" in error.get("types", ()) or any(
        said in error["message"] for said in _SAID_AT_LIMIT
    )


def _limit_processes(most: int) -> None:
    """Refuse a process or a thread too many, with a reason, before the system runs out of them.

    An audit hook hears of both before they start, whichever library starts them, and the processes
    that are forked from this one count in the same shared memory.
    """
    started = mmap.mmap(-1, 8)

    def refuse(event: str, args: tuple[Any, ...]) -> None:
        if event in STARTS_PROCESS:
            (count,) = struct.unpack("q", started[:8])
            if count >= most:
                raise RuntimeError(f"more than {most} processes started by one page")
            started[:8] = struct.pack("q", count + 1)
        elif event in _STARTS_THREAD and _thread._count() >= most:
            raise RuntimeError(f"more than {most} threads at a time on one page")

    sys.addaudithook(refuse)


def _resources(limits: Limits, loaded: int) -> Iterator[tuple[int, int]]:
    yield resource.RLIMIT_CORE, 0
    yield resource.RLIMIT_CPU, limits["cpu"]
    yield resource.RLIMIT_NOFILE, limits["files"]
    yield resource.RLIMIT_AS, limits["memory"] * MEGABYTE + loaded
