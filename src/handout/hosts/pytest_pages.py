"""Pages as files of tests, and verdicts as tests.

The verdicts of a page are known when it has run, so pages run (or come from the cache) while pytest
collects; those of one folder run side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from handout.engine import Engine, open_page
from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage
from handout.page.escape import one_line
from handout.page.pages import PageError
from handout.report.problems import problem_of
from handout.run.cache import Cache
from handout.run.page_server import page_server
from handout.settings import Project, SettingsError, read_project


class Pages:
    """The pages of one session of pytest, each in the engine of its project.

    Args:
        inside: whether pytest was pointed at a file by something inside a folder.
    """

    def __init__(self, inside: Callable[[Path, Path], bool]) -> None:
        self._inside = inside
        self.warnings: list[str] = []
        self._engines: dict[Path, Engine | None] = {}

    def collected(
        self, file: Path, config: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """The page as a collector, with its cells started; None if it is none, or has no cells."""
        try:
            engine = self._engine(config)
            if engine is None or engine.project.docs is None:
                return None
            docs = engine.project.docs.resolve()
            if not file.is_relative_to(docs) or not self._inside(docs.parent, file):
                return None
            page = engine.project.own(open_page(file, file.relative_to(docs).as_posix()))
        except (SettingsError, PageError) as error:
            return Unreadable.from_parent(parent, path=file, why=str(error))
        if not any(cell.judged for cell in page.cells):
            return None
        engine.start([page])
        return PageFile.from_parent(parent, path=file, judged=lambda: engine.judged(page.name))

    def _engine(self, config: Path) -> Engine | None:
        """The engine of a project; None if its site does not use the plugin."""
        if config not in self._engines:
            project = read_project(config)
            self._engines[config] = None if project.docs is None else self._started(project)
        return self._engines[config]

    def _started(self, project: Project) -> Engine:
        return Engine(project, Cache(project.cache, project.root, self.warnings.append))

    def close(self) -> None:
        """Stop what still runs."""
        for engine in self._engines.values():
            if engine is not None:
                engine.close()
        page_server().stop()


class Unreadable(pytest.File):
    """A page whose cells cannot be found."""

    def __init__(self, *, why: str, **options: Any) -> None:
        super().__init__(**options)
        self.why = why

    def collect(self) -> Iterable[pytest.Item]:
        """Fail, with the reason."""
        raise self.CollectError(self.why)


class PageFile(pytest.File):
    """A page; its tests are the verdicts on it."""

    def __init__(self, *, judged: Callable[[], JudgedPage], **options: Any) -> None:
        super().__init__(**options)
        self.judged = judged

    def collect(self) -> Iterable[pytest.Item]:
        """A test for each verdict, once the page has run."""
        judged = self.judged()
        for verdict in judged.verdicts:
            name = name_of_test(self.path.name, verdict)
            yield VerdictItem.from_parent(
                self,
                name=name,
                nodeid=f"{self.nodeid}::{name}",  # else pytest 9.2 does not know it again (--lf)
                judged=judged,
                verdict=verdict,
            )


def name_of_test(page: str, verdict: Verdict) -> str:
    """The name of a verdict's test, as in `page.md:57[softmax-jacobian]`."""
    step = f"#{verdict['step']}" if verdict["step"] > 1 else ""
    return one_line(f"{page}:{verdict['line']}[{verdict['id']}{step}]")


class VerdictItem(pytest.Item):
    """One verdict; it passes if it is the expected one."""

    def __init__(self, *, judged: JudgedPage, verdict: Verdict, **options: Any) -> None:
        super().__init__(**options)
        self.judged, self.verdict = judged, verdict

    def runtest(self) -> None:
        """Fail unless the verdict is the expected one."""
        if not self.verdict["ok"]:
            raise Unexpected

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What is wrong, and where on the page; no traceback, since no test code failed."""
        if not isinstance(excinfo.value, Unexpected):
            return super().repr_failure(excinfo, style)
        return str(problem_of(self.judged.page, self.verdict))

    def reportinfo(self) -> tuple[Path, int, str]:
        """The page, the line (from 0, as pytest counts), and the name."""
        return self.path, self.verdict["line"] - 1, self.name


class Unexpected(Exception):  # noqa: N818 - no error of a program
    """A verdict is not the expected one."""
