"""On macOS: no /proc, no prctl, no waitid, and no limit on memory. Played on Linux, by its name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="plays another system on Linux")

# Loaded by every Python before anything else.
PLAY = """\
import ctypes, os, resource, sys
sys.platform = "darwin"
del os.waitid

def refuse(kind, limits, real=resource.setrlimit):
    if kind == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    real(kind, limits)

def no_library(*args, **options):
    raise OSError("no prctl here")

resource.setrlimit, ctypes.CDLL = refuse, no_library
"""
PAGES = {
    "good.md": ("print(2)", True, ""),
    "loop.md": ("while True: pass", False, "it took longer than its time limit"),
    "exit.md": ("import os\nos._exit(3)", False, "its process ended with exit status 3"),
    "abort.md": ("import os\nos.abort()", False, "its process crashed: Aborted (SIGABRT)"),
    "child.md": ("import subprocess\nsubprocess.Popen(['sleep', '1000'])", True, ""),
    "cpu.md": ("x = 0\nwhile True: x += 1", False, "processor time (SIGXCPU)"),
}


def test_pages_run_and_end_as_elsewhere(workshop) -> None:
    """Each fault is told and contained; what is not limited is said, once; nothing is left."""
    workshop.write("play/sitecustomize.py", PLAY)
    workshop.write("mkdocs.yml", "plugins: [{handout: {timeout: 20, cpu: 1}}]\n")
    for name, (source, _, _) in PAGES.items():
        timeout = ' timeout="1"' if name == "loop.md" else ""
        workshop.write(name, f'```python exec="on"{timeout}\n{source}\n```\n'.encode())
    done = subprocess.run(
        [sys.executable, "-c", "from handout.cli import main; main()", "check", *PAGES],
        env={**os.environ, "PYTHONPATH": str(workshop.root / "play")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == (
        "handout: this system does not limit memory, nor end processes that leave their page's "
        "process group [H710]\n"
    )
    lines = done.stdout.splitlines()
    for name, (_, good, message) in PAGES.items():
        problems = [line for line in lines if line.startswith(f"{name}:")]
        assert problems == [] if good else message in problems[0]
    assert workshop.left() == []
