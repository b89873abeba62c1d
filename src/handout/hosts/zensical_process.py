"""Zensical in a process of its own, which it loads while pages are still woven."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import sys
import tempfile
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

if sys.platform == "linux":
    _CONTEXT = multiprocessing.get_context("fork")  # has loaded what Zensical and handout share
else:
    _CONTEXT = multiprocessing.get_context("spawn")  # libraries of the system forbid the other
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


class Renderer:
    """A process that has Zensical loaded, and builds a site with it once it is told which.

    With `with`, it ends at the latest when that is left. To be made before there are threads.
    """

    def __init__(self) -> None:
        self._ours, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_wait_and_build, args=(self._ours, theirs))
        self._process.start()
        theirs.close()  # so that its end is seen

    def begin(self, configuration: Path, strict: bool) -> None:
        """Begin to build the site of a configuration, in its folder."""
        with contextlib.suppress(OSError):  # it has ended; who waits is told
            self._ours.send((str(configuration), strict))

    def wait(self) -> tuple[bool, str]:
        """Whether the site was built, and what Zensical has said."""
        try:
            built, said = self._ours.recv()
        except (EOFError, OSError):
            return False, "its process has ended"
        return built, _COLOUR.sub("", said).strip()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._ours.close()


def _wait_and_build(others: Connection, connection: Connection) -> None:
    """What a `Renderer` has its process do; what is printed, by whatever means, goes to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits ends it, unless told not to
    others.close()  # so that the end of whoever holds the other is seen
    import zensical

    with contextlib.suppress(ModuleNotFoundError):  # of another version
        import_module("zensical.config")  # before the site is known: it takes most of the time
    try:
        configuration, strict = connection.recv()
    except EOFError:
        return
    os.chdir(Path(configuration).parent)
    with tempfile.TemporaryFile() as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
        built = True
        try:
            zensical.build(configuration, {"clean": False, "strict": strict})
        except (Exception, SystemExit) as error:
            built = False
            print(error)
        sys.stdout.flush()
        sys.stderr.flush()
        said.seek(0)
        connection.send((built, said.read().decode("utf-8", "replace")))
