"""The modules of live pages as bytecode, which Python loads sooner.

The runtime itself makes it, in Node, when it is fetched. Without Node, pages start from source, and
work the same.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from handout.live import runtime
from handout.live.compiling import LIBRARY, MODULES
from handout.live.packages import LOCK_FILE


def folder(cache: Path, modules: bytes) -> Path:
    """Where a project keeps the bytecode of its modules: named by all that it is made from."""
    program = files("handout.live").joinpath("compiling.py").read_bytes()
    made = hashlib.sha256(modules + program + runtime.VERSION.encode()).hexdigest()
    return cache / "live" / f"bytecode-{made[:16]}"


def make(home: Path, target: Path, modules: bytes, say: Callable[[str], None] = print) -> None:
    """Compile what a page imports at its start, unless that is done.

    Args:
        home: the folder of the runtime.
        target: see `folder`; what is compiled for other modules beside it is deleted.
        modules: the archive of the modules that a page imports.
        say: is told what is being done, or why it cannot be.
    """
    if target.is_dir():
        return
    node = shutil.which("node")
    if node is None:
        say("Node is not there, with which modules are compiled: live pages start more slowly")
        return
    say("Compiling the modules of live pages (once)")
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        Path(work, MODULES).write_bytes(modules)
        Path(work, LOCK_FILE).write_text(json.dumps(runtime.lock(home, ())), "utf-8")
        live = files("handout.live")
        with (
            as_file(live.joinpath("assets", "compile.mjs")) as script,
            as_file(live.joinpath("compiling.py")) as program,
        ):
            run = subprocess.run(
                [node, script, home.absolute(), work, program], capture_output=True, text=True
            )
        if run.returncode:
            reason = (run.stderr.strip().splitlines() or ["Node said nothing"])[-1][:200]
            say(f"The modules could not be compiled, and live pages start more slowly: {reason}")
            return
        for old in target.parent.glob("bytecode-*"):
            shutil.rmtree(old)
        made = Path(work, "made")
        made.mkdir()
        for name in (MODULES, LIBRARY):
            data = Path(work, f"compiled-{name}").read_bytes()
            (made / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
        made.rename(target)
