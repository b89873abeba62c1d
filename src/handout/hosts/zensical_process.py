"""Zensical in a process of its own, which it loads while pages are still woven."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

_PROGRAM = "from handout.hosts.zensical_process import wait_and_build; wait_and_build()"
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


class Renderer:
    """A process that has Zensical loaded, and builds a site with it once it is told which.

    With `with`, it ends at the latest when that is left.
    """

    def __init__(self) -> None:
        # -P: a module of the author's in the working directory is not taken for one of these
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def begin(self, configuration: Path, strict: bool) -> None:
        """Begin to build the site of a configuration, in its folder."""
        told = json.dumps((sys.path, str(configuration), strict))
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended; who waits sees why
            self._process.stdin.write(told.encode())
            self._process.stdin.close()

    def wait(self) -> tuple[bool, str]:
        """Whether the site was built, and what Zensical has said."""
        assert self._process.stdout is not None
        said = self._process.stdout.read().decode("utf-8", "replace")
        return self._process.wait() == 0, _COLOUR.sub("", said).strip()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.kill()
        with contextlib.suppress(OSError), self._process:  # closes what is open
            pass


def wait_and_build() -> None:
    """What a `Renderer` has its process do."""
    import zensical

    with contextlib.suppress(ModuleNotFoundError):  # of another version
        import_module("zensical.config")  # before the site is known: it takes most of the time
    told = sys.stdin.buffer.read()
    if not told:
        return
    path, configuration, strict = json.loads(told)
    sys.path[:] = path  # the extensions of Markdown may be the site's own
    try:
        zensical.build(configuration, {"clean": False, "strict": strict})
    except (Exception, SystemExit) as error:
        sys.exit(str(error))
