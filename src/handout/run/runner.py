"""Runs pages: each in its own process, several at once, through the cache."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

from handout.page.pages import Page
from handout.run.cache import Cache
from handout.run.digests import of_files
from handout.run.foreseen import Notes
from handout.run.jobs import job_cell
from handout.run.outcomes import (
    Fact,
    Fault,
    Gathering,
    Job,
    Limits,
    PageOutcome,
    Reads,
    with_differences,
)
from handout.run.page_server import page_server
from handout.settings import Project, Settings

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_NOTHING: Reads = {"files": [], "folders": {}, "modules": [], "reasons": [], "written": {}}

Progress = Callable[[Page, int], None]


def job(page: Page, project: Project) -> Job:
    """What a process must know to run a page: JSON, so that it can go to another machine."""
    macros = project.macros(page)
    return {
        "page": page.shown,
        "folder": str(page.file.parent),
        "root": str(project.root),
        "ignored": [str(project.cache), *(str(project.root / f) for f in (".venv", ".git"))],
        "cells": [job_cell(cell, macros) for cell in page.running],
        "notebook": page.notebook,
        "limits": limits(project.settings),
    }


def limits(settings: Settings) -> Limits:
    """What a project's settings limit each page to."""
    return {
        "timeout": settings.timeout,
        "cpu": settings.cpu,
        "memory": settings.memory,
        "output": settings.output,
        "files": settings.files,
        "processes": settings.processes,
    }


def run_job(job: Job) -> str:
    """Run one page here and now; its outcome as JSON, so that it can come from another machine."""
    return json.dumps(run_here(job).to_dict())


def run_here(job: Job, hear: Callable[[Fact], None] = lambda fact: None) -> PageOutcome:
    """Run one page, twice if its job says so; `hear` gets every fact of the first run."""
    outcome = _run_once(job, hear)
    if job.get("twice"):
        return with_differences(outcome, _run_once(job, lambda fact: None))
    return outcome


def _run_once(job: Job, hear: Callable[[Fact], None]) -> PageOutcome:
    gathering = Gathering()

    def heard(fact: Fact) -> None:
        gathering.hear(fact)
        hear(fact)

    try:
        page_server().run(job, heard)
    except OSError as error:
        gathering.fault = Fault(len(gathering.cells), f"its process could not be started: {error}")
    return gathering.outcome()


class Runner:
    """Runs the pages of a project on an executor, by default on threads of this process.

    Args:
        project: where the pages are, and the limits they run under.
        cache: where outcomes are looked up and kept.
        executor: any `concurrent.futures.Executor`; it is the caller's to shut down.
        progress: called with a page and the number of its cells that are done, as they get done.
        twice: whether every page is run a second time, to see what comes out otherwise; without a
            cache, which would know the second outcome.
    """

    def __init__(
        self,
        project: Project,
        cache: Cache | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
        twice: bool = False,
    ) -> None:
        self.project = project
        self.twice = twice
        self.progress = progress
        self.cache = cache
        self._threads: ThreadPoolExecutor | None = None  # started for the first page that runs
        self._executor = executor
        self._submitted: list[Future[PageOutcome]] = []  # to our own threads
        self._notes = None if cache is None else Notes(cache.folder)

    def may_know(self, page: Page) -> bool:
        """Whether nothing is to run, or there is an outcome, which may be outdated."""
        return not page.running or (self.cache is not None and self.cache.has(self._job(page)))

    def submit(self, page: Page) -> Future[PageOutcome]:
        """Start running a page, unless it has nothing to run or the cache knows its outcome."""
        known: PageOutcome | None = None
        made = self._job(page)
        if self._notes is not None:
            self._notes.note(page.file, made["cells"])
        if not page.running:
            known = PageOutcome(reads=_NOTHING)
        elif self.cache is not None:
            known = self.cache.get(made)
        if known is None:
            return self._run_here(page) if self._executor is None else self._hand_over(page)
        self._advance(page, len(page.running))
        done: Future[PageOutcome] = Future()
        done.set_result(known)
        return done

    def _job(self, page: Page) -> Job:
        made = job(page, self.project)
        if self._declared:
            made["declared"] = self._declared
        if self.twice:
            made["twice"] = True
        return made

    @functools.cached_property
    def _declared(self) -> str:
        """The digest of the files that pages are said to read, as this build began."""
        patterns = self.project.settings.reads
        return of_files(patterns, str(self.project.root)) if patterns else ""

    def _run_here(self, page: Page) -> Future[PageOutcome]:
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor  # not needed where all is known

            self._threads = ThreadPoolExecutor(self.project.settings.workers, "handout")
            page_server()  # here, for threads that asked for it at once would make several
        self._submitted.append(self._threads.submit(self._run, page))
        return self._submitted[-1]

    def _run(self, page: Page) -> PageOutcome:
        kept = False

        def hear(fact: Fact) -> None:
            nonlocal kept
            kept = kept or fact["event"] == "kept"
            if fact["event"] == "cell":
                self._advance(page, 1)

        started = time.time()
        task = self._job(page)
        if self.cache is not None:  # the page's supervisor writes the entry, in parallel to us
            task |= {"cache": str(self.cache.folder), "started": started}
            task["patience"] = self.cache.patience
        outcome = run_here(task, hear)
        if self.cache is not None and kept:
            self.cache.ran(outcome)
        elif self.cache is not None:
            self.cache.put(task, outcome, started)
        return outcome

    def _hand_over(self, page: Page) -> Future[PageOutcome]:
        """Have somebody else's executor run a page; what comes back is taken here."""
        assert self._executor is not None
        started = time.time()
        task = self._job(page)
        taken: Future[PageOutcome] = Future()

        def take(done: Future[str]) -> None:
            try:
                data = json.loads(done.result())
                outcome = PageOutcome.from_dict(data)
                if self.cache is not None:
                    # another machine may have got the files before the page was handed over
                    self.cache.put(task, outcome, min(started, data.get("since", started)))
            except BaseException as error:  # also that it was cancelled, or the executor broke
                why = str(error) or type(error).__name__
                outcome = PageOutcome(fault=Fault(0, f"the executor could not run it: {why}"))
            self._advance(page, len(page.running))
            taken.set_result(outcome)

        self._executor.submit(run_job, task).add_done_callback(take)
        return taken

    def _advance(self, page: Page, cells: int) -> None:
        if self.progress is not None:
            self.progress(page, cells)

    def interrupt(self) -> None:
        """End the pages that run; those that wait for their turn go on to have it."""
        page_server().stop()

    def close(self) -> None:
        """Stop what still runs, and let the threads go; keep what is for the next build."""
        if self._notes is not None:
            self._notes.keep()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            if not all(future.done() for future in self._submitted):
                page_server().stop()
