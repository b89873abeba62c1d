"""However the build ends, nothing of it is left, and the terminal is as it was."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from tests.handout.processes import heed, wait_for

from handout.run.outcomes import printed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

ENDLESS = """\
```python exec="on"
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
open("running", "w").close()
while True:
    time.sleep(1)
```
"""
COMMAND = [sys.executable, "-m", "handout", "check", "page.md"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_nothing_is_left_of_a_build_that_is_ended(workshop, how: signal.Signals) -> None:
    """Not the page, nor the daemon that it started, whether the build could clean up or not."""
    workshop.write("page.md", ENDLESS)
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=heed,
    ) as build:
        wait_for((workshop.root / "running").exists)
        build.send_signal(how)
        status = build.wait()
    assert status != 0
    if how is signal.SIGINT:
        assert status == 130
    assert workshop.left() == []


def test_the_terminal_is_as_it_was(workshop) -> None:
    """Ctrl-C at a terminal ends the build, and settings of the terminal stay."""
    workshop.write("page.md", ENDLESS)
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with subprocess.Popen(
        COMMAND,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=heed,
    ) as build:
        wait_for((workshop.root / "running").exists)
        os.killpg(build.pid, signal.SIGINT)  # as the terminal does
        os.set_blocking(ours, False)
        wait_for(lambda: drained(ours) is not None and build.poll() is not None)
    assert termios.tcgetattr(theirs) == before
    assert workshop.left() == []


def drained(terminal: int) -> bytes:
    """What was written to a terminal, so that its writer need not wait."""
    try:
        return os.read(terminal, 1 << 16)
    except BlockingIOError:
        return b""


def test_a_supervisor_that_was_killed_between_pages_is_replaced(workshop) -> None:
    """The next page finds another one; nobody notices."""
    supervisors = []
    for _ in range(3):
        judged = workshop.cell("import os\nos.getppid()")
        assert judged.verdicts[0]["ok"]
        supervisors.append(int(printed(judged.results[0].outcome)))
        os.kill(supervisors[-1], signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{supervisors[-1]}").exists())
    assert len(set(supervisors)) == 3


@pytest.mark.parametrize("module", ["click", "handout.cli", "handout.hosts.zensical.host"])
def test_an_interruption_while_it_is_loaded_ends_in_one_line(module: str) -> None:
    """Ctrl-C right after the command was given is no error of the program's."""
    program = f"""\
import sys
from handout.__main__ import main

class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
sys.argv = ["handout", "build", "--host", "zensical"]
main()
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.returncode, said.stderr.strip()) == (130, "handout: interrupted")


@pytest.mark.parametrize("package", ["click", "yaml"])
def test_a_package_that_is_missing_is_named_with_what_brings_it(package: str) -> None:
    """The group needs the one, a command that is loaded later the other."""
    program = f"""\
import sys
from handout.__main__ import main

sys.modules[{package!r}] = None
sys.argv = ["handout", "build"]
main()
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert said.returncode == 1
    assert said.stderr.startswith(f"handout: the package {package} is missing. `pip install")
