"""Where there is no fork, a page's process starts from scratch; what comes of it is the same."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.handout.processes import wait_for

from handout.report.verdicts_json import verdicts_json
from handout.run import runner as run
from handout.run.outcomes import printed
from handout.run.process.limits import unlimited
from handout.run.process.spawned import Spawner

pytestmark = pytest.mark.slow

CELL = '```python exec="on"{}\n{}\n```\n\n'
GOOD = CELL.format("", "import os, subprocess\nprint(1)\nos.write(2, b'2\\n')\n3")
CHECK = """\
# A

```python exec="on"
from edf import AnyFunction, Input, Softmax, check_gradients
x = Input(shape=(4,))
P = Softmax(x)
l = AnyFunction()(P)
print("printed")
check_gradients(l, id="right")
```

```math claim="jacobian"
\\frac{\\partial P_i}{\\partial x_j} = P_i(\\delta_{ij} - P_j)
```
"""
FAULTS = {
    "endless": ("while True: pass", "it took longer than its time limit"),
    "endless output": ("import os\nwhile True: os.write(1, b'x' * 65536)", "its time limit"),
    "exit": ("import os\nos._exit(3)", "its process ended with exit status 3"),
    "crash": ("import ctypes\nctypes.string_at(0)", "(SIGSEGV)"),
    "exception": ("1 / 0", "ZeroDivisionError"),
}


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> Spawner:
    """Pages run as on a system without fork."""
    made = Spawner()
    monkeypatch.setattr(run, "page_server", lambda: made)
    return made


def test_the_verdicts_are_the_same_bytes(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of code, a gradient check and an equation; and so is the output of each cell."""
    workshop.write("a.md", CHECK.encode())
    workshop.write("b.md", GOOD * 3)

    def everything() -> tuple[str, list[str]]:
        judged = list(workshop.run("a.md", "b.md").values())
        text = verdicts_json(judged, workshop.settings)
        return text, [printed(r.outcome) for page in judged for r in page.results]

    forked = everything()
    monkeypatch.setattr(run, "page_server", Spawner)
    assert everything() == forked
    assert forked[1] == ["printed\n", "", *["1\n2\n3\n"] * 3]


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.usefixtures("spawned")
def test_a_fault_is_told_and_contained(workshop, name: str) -> None:
    """The page says what happened and where; other pages are judged; nothing is left."""
    source, message = FAULTS[name]
    workshop.settings = workshop.settings._replace(output=16)
    timeout = ' timeout="2"' if "endless" in name else ""
    workshop.write("bad.md", GOOD + CELL.format(timeout, source))
    workshop.write("good.md", GOOD)
    judged = workshop.run("bad.md", "good.md")
    before, verdict = judged["bad.md"].verdicts
    assert before["ok"]
    assert (verdict["status"], verdict["line"]) == ("error", 8)
    assert message in verdict["message"]
    if name != "exit":  # which leaves nobody who could tell
        assert verdict["details"]["line"] in (9, 10)
    assert [v["ok"] for v in judged["good.md"].verdicts] == [True]
    assert workshop.left() == []


@pytest.mark.usefixtures("spawned")
def test_what_a_cell_starts_ends_with_its_page(workshop) -> None:
    """All that is in its process group."""
    assert workshop.cell("import subprocess\nsubprocess.Popen(['sleep', '1000'])").verdicts[0]["ok"]
    assert workshop.left() == []


def test_stopping_ends_what_runs(workshop, spawned: Spawner) -> None:
    """As Ctrl-C does."""
    mark = workshop.root / "running"
    source = f"open({str(mark)!r}, 'w').close()\nwhile True: pass"

    def stop() -> None:
        wait_for(mark.exists)
        spawned.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    assert "killed" in workshop.cell(source).verdicts[0]["message"]
    thread.join()
    assert workshop.left() == []


def test_no_module_needs_what_windows_has_not(tmp_path: Path) -> None:
    """The command line, the plugin and a page's process load without fork, `resource` and so on."""
    program = (
        "import sys, os, socket\n"
        "for name in ('resource', 'fcntl', 'pty', 'termios', 'pwd', 'grp'):"
        " sys.modules[name] = None\n"
        "del os.fork, os.setsid, os.killpg, os.waitid, socket.AF_UNIX\n"
        "import handout.cli, handout.hosts.mkdocs_plugin, handout.run.process.spawned\n"
        "from handout.run.runner import page_server\n"
        "print(type(page_server()).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("Spawner\n", "")


def test_what_a_system_does_not_limit_is_said() -> None:
    """On macOS and Windows, in one message; on Linux all limits hold."""
    assert unlimited("linux") is None
    assert unlimited("darwin").startswith("this system does not limit memory")
    assert "open files" in unlimited("win32")
