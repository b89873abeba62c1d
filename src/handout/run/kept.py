"""What was made of a page, kept for as long as it would be made of the same again.

Outcomes are facts, and the cache has them; this is for what follows from a page and its outcome
alone, such as its HTML with all formulas set, and takes a while to make. As with outcomes, nothing
is used that somebody else has written or changed.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from handout.run.cache import signature, write
from handout.run.digests import digest
from handout.run.installed import version

_OWN = Path(__file__).parents[1]
_OTHERS = ("math-core", "nh3", "markdown", "numpy")  # set formulas, make HTML safe, are named


def kept(file: Path, parts: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """What `make` gives, as JSON has it: from a file, if it was made of the same before.

    Args:
        file: where it is kept, and whatever was made there before of other parts is written over.
        parts: all that it is made of, but for programs.
        make: makes it.
    """
    made_of = digest("\0".join((making(), *parts)).encode("utf-8", "surrogatepass")).encode()
    with contextlib.suppress(OSError, ValueError):
        signed, _, data = file.read_bytes().partition(b"\n")
        if hmac.compare_digest(signed, signature(made_of + data).encode()):
            return json.loads(data)
    data = json.dumps(make()).encode()
    with contextlib.suppress(OSError):  # it is made again the next time
        write(file, b"\n".join((signature(made_of + data).encode(), data)))
    return json.loads(data)


@cache
def making() -> str:
    """The programs that make something of a page: handout's own modules, and those of `_OTHERS`."""
    states = [
        (folder, name, (state := os.stat(os.path.join(folder, name))).st_size, state.st_mtime_ns)
        for folder, _, names in sorted(os.walk(_OWN))
        if not folder.endswith("__pycache__")
        for name in sorted(names)
        if name.endswith(".py")
    ]
    return digest(repr((states, sys.version, [version(name) for name in _OTHERS])).encode())
