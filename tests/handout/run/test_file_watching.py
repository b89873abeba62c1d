"""`handout check --watch`: a check after every change, of a page or of what it read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.handout.processes import PATIENCE, heed

from handout.run.file_watching import snapshot, wait

PAGE = '```python exec="on" id="area"\nfrom shapes import area\nassert area(2) == {}\n```\n'
COMMAND = [sys.executable, "-c", "from handout.cli import main; main()"]


@pytest.fixture
def watching(workshop) -> Iterator[subprocess.Popen[str]]:
    """`handout check page.md --watch`, as a process of its own; Ctrl-C ends it."""
    workshop.write("shapes.py", "def area(r): return 3 * r * r\n")
    workshop.write("page.md", PAGE.format(12))
    options = ["check", "page.md", "--watch", "--json", "v.json"]
    with subprocess.Popen([*COMMAND, *options], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, preexec_fn=heed) as process:  # fmt: skip
        timer = threading.Timer(PATIENCE, process.kill)  # rather than waiting for ever
        timer.start()
        yield process
        timer.cancel()
        process.kill()


def told(process: subprocess.Popen[str]) -> str:
    """What one check says."""
    lines: list[str] = []
    assert process.stdout is not None
    while not lines or not lines[-1].startswith("watching "):
        lines.append(process.stdout.readline())
        assert lines[-1], "".join(lines)
    return "".join(lines)


def test_every_change_is_checked(workshop, watching: subprocess.Popen[str]) -> None:
    """An edit of the page, of a module that it imports; a page that goes away and comes back."""
    page = workshop.root / "page.md"
    assert "all as expected" in told(watching)

    workshop.write("page.md", PAGE.format(16))
    text = told(watching)
    assert text.startswith("\npage.md changed\n")
    assert "page.md:3: area: error, verified was expected: AssertionError" in text

    workshop.write("shapes.py", "def area(r): return 4 * r * r\n")
    text = told(watching)
    assert text.startswith("\nshapes.py changed\n")
    assert "all as expected" in text

    page.rename("elsewhere.md")
    assert "page.md:1: cannot be read: No such file" in told(watching)
    (workshop.root / "elsewhere.md").rename(page)
    assert "all as expected" in told(watching)
    workshop.write("page.md", PAGE.format(0))
    assert "error, verified was expected" in told(watching)

    watching.send_signal(signal.SIGINT)
    assert watching.wait() == 1  # the status of the last check
    assert '"unexpected": 1' in (workshop.root / "v.json").read_text()
    assert workshop.left() == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("file", lambda path: path.write_text("two")),
        ("file", lambda path: path.unlink()),
        ("file", lambda path: os.replace("same", path)),
        ("absent", lambda path: path.touch()),
        ("folder", lambda path: (path / "new.py").touch()),
    ],
)
def test_a_change_is_seen(workshop, name: str, change: Callable[..., object]) -> None:
    """Content, existence, another file in its place, a new name in a folder; no others' changes."""
    paths = {name: workshop.root / name for name in ("file", "absent", "folder", "other")}
    paths["folder"].mkdir()
    for path in ("file", "same"):
        workshop.write(path, "one")
    before = snapshot(paths.values())
    workshop.write("folder/.hidden", "")  # what editors leave is no change
    workshop.write("unrelated", "")
    assert snapshot(paths.values()) == before
    change(paths[name])
    assert wait(before) == paths[name]
