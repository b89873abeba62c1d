"""A verdict that is not the expected one fails a build, and never stops the preview."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.handout.processes import shows

from handout.hosts.pdf import CHROMIUMS

RIGHT = r"\frac{d s}{d x} = s (1 - s)"
WRONG = r"\frac{d s}{d x} = s (1 + s)"
PAGE = """\
# Page

```python exec="on"
from edf import Input, Sigmoid
x = Input(shape=())
s = Sigmoid(x)
```

```math claim="slope"
{formula}
```
"""
MKDOCS = ["-c", "from mkdocs.__main__ import cli; cli()"]
HANDOUT = ["-m", "handout"]


@pytest.fixture
def site(workshop) -> Path:
    """A site with one claim, which is wrong."""
    workshop.write("mkdocs.yml", "site_name: S\nplugins: [handout]\ntheme: {name: mkdocs}\n")
    workshop.write("docs/index.md", PAGE.format(formula=WRONG))
    root: Path = workshop.root
    return root


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


PROBLEM = "docs/index.md:9: slope: refuted, verified was expected: "


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--quiet", "--strict"]])
def test_a_plain_build_fails(site: Path, options: list[str]) -> None:
    """Whatever its options; the site is written, so that the card can be read."""
    done = run(site, *MKDOCS, "build", *options)
    assert done.returncode == 1, done.stderr
    assert "handout: 1 problem" in done.stderr
    assert (PROBLEM in done.stderr) == ("--quiet" not in options)
    assert "verdict-refuted" in (site / "site/index.html").read_text("utf-8")


@pytest.mark.slow
def test_a_site_may_take_problems_for_warnings(site: Path) -> None:
    """With `strict: false`; strict builds fail all the same, and so does our own command."""
    config = site / "mkdocs.yml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("[handout]", "[handout: {strict: false}]"), "utf-8")
    done = run(site, *MKDOCS, "build")
    assert done.returncode == 0, done.stderr
    assert PROBLEM in done.stderr
    assert run(site, *MKDOCS, "build", "--strict").returncode == 1
    done = run(site, *HANDOUT, "build")
    assert done.returncode == 1
    assert "1 refuted; 1 not as expected" in done.stdout


@pytest.mark.slow
def test_known_problems_do_not_fail_a_build_and_new_ones_do(site: Path) -> None:
    """The baseline is written by a check, and read by every command."""
    done = run(site, *HANDOUT, "check", "docs", "--baseline", "known.json", "--update-baseline")
    assert done.returncode == 0, done.stderr
    assert "known.json: 1 known problem\n" in done.stdout
    config = site / "mkdocs.yml"
    text = config.read_text("utf-8")
    config.write_text(text.replace("[handout]", "[handout: {baseline: known.json}]"), "utf-8")
    done = run(site, *HANDOUT, "check", "docs/index.md")
    assert done.returncode == 0, done.stdout
    done = run(site, *MKDOCS, "build", "--strict")
    assert done.returncode == 0, done.stderr
    assert "known.json: 1 known problem" in done.stderr
    (site / "docs/new.md").write_text("# New\n\n[[verdict:none]]\n", "utf-8")
    done = run(site, *MKDOCS, "build")
    assert done.returncode == 1
    assert "docs/new.md:3: [[verdict:none]]: no claim 'none' on docs/new.md" in done.stderr
    assert PROBLEM not in done.stderr
    (site / "docs/new.md").unlink()
    (site / "docs/index.md").write_text(PAGE.format(formula=RIGHT), "utf-8")
    done = run(site, *HANDOUT, "check", "docs")
    assert "0 known problems; 1 solved, which --update-baseline removes" in done.stdout


@pytest.mark.slow
def test_the_preview_goes_on(site: Path) -> None:
    """From a refuted claim to a mended one and back, in a strict site; a build's fate is told."""
    config = site / "mkdocs.yml"
    config.write_text(config.read_text("utf-8") + "strict: true\n", "utf-8")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    words = ["serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    log = site / "log.txt"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, *MKDOCS, *words], cwd=site, stdout=stream, stderr=stream
        )
    try:
        address = f"http://127.0.0.1:{port}/"
        page = site / "docs/index.md"
        shows(address, "verdict-refuted")
        assert PROBLEM in log.read_text("utf-8")
        assert "handout: 1 problem, told above: a build would fail" in log.read_text("utf-8")
        page.write_text(PAGE.format(formula=RIGHT), "utf-8")
        shows(address, "verdict-verified")
        page.write_text(PAGE.format(formula=WRONG), "utf-8")
        shows(address, "verdict-refuted")
        assert server.poll() is None
    finally:
        server.terminate()
        server.wait()


def on_a_terminal(folder: Path, *words: str) -> tuple[int, str]:
    """The status of a command whose output is a terminal, and what it showed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_MKDOCS_2_WARNING": "1"}
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder, env=environment, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # Linux's way to tell that there is no more
        while piece := os.read(ours, 1 << 16):
            said += piece
    os.close(ours)
    return process.wait(), said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("words", [[*MKDOCS, "build"], [*HANDOUT, "build"], [*HANDOUT, "pdf"]])
def test_a_build_shows_progress_on_a_terminal(site: Path, words: list[str]) -> None:
    """Cells that are done, as `check` does; what is logged stands on lines of its own."""
    if words[-1] == "pdf" and not any(map(shutil.which, CHROMIUMS)):
        pytest.skip("printing needs a Chromium")
    status, said = on_a_terminal(site, *words)
    assert status == 1
    assert "2/2" in said
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    lines = re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-Za-z]", plain)
    assert any(re.match(r"(WARNING +- +)?docs/index\.md:9: slope: refuted", x) for x in lines)
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h")  # the cursor is back


@pytest.mark.slow
def test_a_build_shows_no_progress_elsewhere(site: Path) -> None:
    """A log has no bars."""
    done = run(site, *MKDOCS, "build")
    assert "2/2" not in done.stderr
    assert "\x1b[?25l" not in done.stderr
