"""What starts the processes of pages: one for this process, made at the first use.

A build begins to load it before its own modules, so little is imported here.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handout.run.process.fork_server import ForkServer
    from handout.run.process.spawned import Spawner
    from handout.settings import Project


@functools.cache
def page_server() -> ForkServer | Spawner:
    """The server that forks them; where the system does not fork, what starts each anew."""
    if hasattr(os, "fork"):
        from handout.run.process.fork_server import (
            ForkServer,  # not needed where the cache knows all pages
        )

        return ForkServer()
    from handout.run.process.spawned import Spawner  # loads what belongs into a page's process

    return Spawner()


def prepare(project: Project) -> None:
    """Begin to load what pages need, on another processor, unless the cache may know them all."""
    if not project.cache.is_dir():
        page_server().start()
        return
    from handout.run.foreseen import foreseen  # a first build has begun before it would be loaded

    if (needed := foreseen(project)) is not None:
        page_server().start(needed)


def end() -> None:
    """End what `prepare` or a page began, and every page that still runs."""
    if page_server.cache_info().currsize:
        page_server().stop()
