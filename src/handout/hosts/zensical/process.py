"""Zensical in a process of its own, which it loads while pages are still woven."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from handout.weave.woven import Look

if sys.platform == "linux":
    _CONTEXT = multiprocessing.get_context("fork")  # has loaded what Zensical and handout share
else:
    _CONTEXT = multiprocessing.get_context("spawn")  # libraries of the system forbid the other
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


class Renderer:
    """A process that has Zensical loaded, and builds a site with it when it is told which.

    A page may be rendered before all that belongs into it is known: then the process waits for it.
    With `with`, it ends at the latest when that is left. To be made before there are threads.
    """

    def __init__(self) -> None:
        self._ours, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_wait_and_build, args=(self._ours, theirs))
        self._process.start()
        theirs.close()  # so that its end is seen
        self._building = False

    def begin(self, configuration: Path, strict: bool) -> None:
        """Begin to build the site of a configuration, in its folder."""
        self._send((str(configuration), strict))
        self._building = True

    def tell(self, last: bool = False) -> None:
        """Say that more was woven, and when that is all; nobody listens before a build begins."""
        if self._building:
            self._send(last)
            self._building = not last

    def _send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # it has ended; who waits is told
            self._ours.send(message)

    def wait(self, seen: Callable[[str, Look], None]) -> tuple[bool, str]:
        """Whether the site was built, and what Zensical has said.

        Args:
            seen: called with every page that was rendered, by the name of what was woven for it.
        """
        try:
            while isinstance((message := self._ours.recv())[0], str):
                seen(*message)
        except (EOFError, OSError):
            return False, "its process has ended"
        built, said = message
        return built, _COLOUR.sub("", said).strip()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._ours.close()


class _Weaving:
    """The weaving of pages in the other process, as it is told of here.

    Args:
        connection: to that process; only this object receives from it until all is woven.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._over = False
        self._more = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while not self._over:
            try:
                over = bool(self._connection.recv())
            except (EOFError, OSError):
                over = True
            with self._more:
                self._over = over
                self._more.notify_all()

    def wait_for(self, file: Path) -> None:
        """Return once a file is there, or nothing more is to come."""
        with self._more:
            self._more.wait_for(lambda: self._over or file.is_file())


def _wait_and_build(others: Connection, connection: Connection) -> None:
    """What a `Renderer` has its process do; what is printed, by whatever means, goes to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits ends it, unless told not to
    others.close()  # so that the end of whoever holds the other is seen
    with contextlib.suppress(ModuleNotFoundError):  # of another version
        import_module("zensical.config")  # before the site is known: it takes most of the time
    from handout.weave import extension  # likewise

    while True:
        try:
            configuration, strict = connection.recv()
        except EOFError:
            return
        extension.wait_for = _Weaving(connection).wait_for
        extension.rendered = _sending(connection)
        connection.send(_built(configuration, strict))


def _sending(connection: Connection) -> Callable[[str, Look], None]:
    return lambda name, look: connection.send((name, look))


def _built(configuration: str, strict: bool) -> tuple[bool, str]:
    """Build a site; whether that went well, and what was printed."""
    import zensical

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
        return built, said.read().decode("utf-8", "replace")
