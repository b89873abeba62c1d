"""What every command and every host does with pages: read them, run them, judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path

from handout.judge.verdicts import JudgedPage, judge_page
from handout.page.pages import Page, PageError, read_page, shown_path
from handout.run.cache import Cache
from handout.run.outcomes import PageOutcome
from handout.run.page_server import page_server
from handout.run.runner import Progress, Runner
from handout.settings import Project

_GLANCE = 0.5  # seconds between looks at the pages that are waited for


class Engine:
    """Runs and judges pages of one project. Pages run in the background from `start` on."""

    def __init__(
        self,
        project: Project,
        cache: Cache | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
        twice: bool = False,
        outdated: Callable[[Page], bool] | None = None,
    ) -> None:
        self.project = project
        self.interrupted = False  # whether pages were ended, so that nothing is known of them
        self._outdated = outdated  # whether a page that runs need not be waited for any longer
        self._runner = Runner(project, cache, executor, progress, twice)
        self._running: dict[str, tuple[Page, Future[PageOutcome]]] = {}
        self._undone: list[str] = []  # names, of which some may have been done since
        self._judged: dict[str, JudgedPage] = {}

    def expect(self, page: Page) -> None:
        """Begin to load what a page needs, if it will run, while others are still read."""
        if not page_server.cache_info().currsize and not self._runner.may_know(page):
            page_server().start()

    def start(self, pages: Iterable[Page]) -> None:
        """Start running pages, in this order; one that was started before, in its place."""
        for page in pages:
            if page.name in self:
                self._running[page.name][1].cancel()
                self._judged.pop(page.name, None)
            self._running[page.name] = (page, self._runner.submit(page))
            self._undone.append(page.name)

    def __contains__(self, name: str) -> bool:
        return name in self._running

    def judged(self, name: str) -> JudgedPage:
        """The verdicts on a page that was started; waits for its end."""
        if name not in self._judged:
            page, future = self._running[name]
            outcome = self._awaited(future)
            self._judged[name] = judge_page(page, outcome, self.project.macros(page))
        return self._judged[name]

    def _awaited(self, future: Future[PageOutcome]) -> PageOutcome:
        """What became of a page; if a page that runs is outdated, those that run are ended."""
        while True:
            try:
                return future.result(None if self._outdated is None else _GLANCE)
            except TimeoutError:
                running = [page for page, other in self._running.values() if other.running()]
                if self._outdated is not None and any(map(self._outdated, running)):
                    self.interrupted = True
                    self._runner.interrupt()

    def reads(self) -> set[Path]:
        """The files that the pages read, and the folders that they looked into."""
        outcomes = [future.result() for _, future in self._running.values()]
        names: set[str] = set()  # first, for most pages read the same modules
        for reads in (outcome.reads for outcome in outcomes):
            if reads:
                names.update(reads["files"], reads["folders"])
        return set(map(Path, names))

    def is_done(self, name: str) -> bool:
        """Whether `judged` would return at once."""
        return self._running[name][1].done()

    def all_done(self) -> bool:
        """Whether `all_judged` would return at once; to be asked of every page."""
        while self._undone and self.is_done(self._undone[-1]):
            self._undone.pop()
        return not self._undone

    def all_judged(self) -> Iterator[JudgedPage]:
        """The verdicts on every page, in the order of their start."""
        return (self.judged(name) for name in self._running)

    def close(self) -> None:
        """Stop what still runs."""
        self._runner.close()


def open_page(file: Path, name: str, cache: Cache | None = None, claims: str = "marked") -> Page:
    """Read a page, Markdown or notebook, from its file.

    Args:
        file: of the page.
        name: of the page, in verdicts.
        cache: makes a known page cheaper.
        claims: as in `handout.settings`, for a page that does not say.

    Raises:
        PageError: if it cannot be read.
    """
    if file.suffix == ".ipynb":
        try:
            from handout.page.notebooks import read_notebook  # nbformat is slow to load
        except ModuleNotFoundError as missing:
            raise PageError(
                shown_path(file),
                f"a notebook needs {missing.name}: pip install 'mkdocs-handout[notebook]'",
            ) from missing
        return read_notebook(file, name, claims)
    return read_page(file, name, cache, claims)
