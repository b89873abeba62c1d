"""A project in a temporary folder, whose pages can be run and judged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from handout.engine import Engine, open_page
from handout.judge.verdicts import JudgedPage
from handout.run.cache import Cache
from handout.settings import Project, Settings


@dataclass
class Workshop:
    """A temporary project."""

    root: Path
    warnings: list[str] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    ran: list[str] = field(default_factory=list)  # pages of which a cell ran, in the last run
    cache: Cache | None = None

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project, with its indentation removed."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return file

    def run(self, *names: str, cached: bool = False, **options: Any) -> dict[str, JudgedPage]:
        """Run pages of the project; the verdicts on each, by name."""
        self.cache = None
        if cached:
            self.cache = Cache(self.root / ".cache", self.root, self.warnings.append)
        self.ran = []
        project = Project(self.root, self.settings)

        def progress(page: Any, cells: int) -> None:
            self.ran.append(page.name)

        engine = Engine(project, self.cache, progress=progress, **options)
        engine.start([open_page(self.root / name, name) for name in names])
        judged = {page.page.name: page for page in engine.all_judged()}
        engine.close()
        return judged

    def cell(self, source: str, **options: Any) -> JudgedPage:
        """Run a page of one cell."""
        self.write("page.md", f'```python exec="on"\n{dedent(source).strip()}\n```\n')
        return self.run("page.md", **options)["page.md"]

    def left(self) -> list[int]:
        """Processes that have not ended soon: in the project's folders, or below a supervisor."""
        soon = time.monotonic() + 60
        while (found := self._running()) and time.monotonic() < soon:
            time.sleep(0.01)
        return found

    def _running(self) -> list[int]:
        parents = {pid: parent for pid in _processes() if (parent := _parent(pid)) is not None}
        ours = (pid for pid, parent in parents.items() if parent == os.getpid())
        servers = {pid for pid in ours if "fork_server" in _command(pid)}  # no browser of a test
        there = [pid for pid in parents if _folder(pid).startswith(str(self.root))]
        supervisors = {pid for pid, parent in parents.items() if parent in servers}
        found = {pid for pid, parent in parents.items() if parent in supervisors} | set(there)
        return sorted(found - supervisors - servers - {os.getpid()})


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _folder(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """A temporary project, which is the working directory too."""
    made = Workshop(tmp_path / "project")
    made.root.mkdir()
    monkeypatch.chdir(made.root)
    yield made
    monkeypatch.undo()


@pytest.fixture
def python_cell() -> Callable[..., str]:
    """Make the Markdown of a Python cell."""

    def make(source: str, **options: str) -> str:
        written = "".join(f' {key}="{value}"' for key, value in options.items())
        return f'```python exec="on"{written}\n{dedent(source).strip()}\n```\n'

    return make
