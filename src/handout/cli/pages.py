"""The commands that run pages, without their site: what is tested on them, and how much."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TextIO

import click

from handout import engine
from handout.cli.common import MissingError, project_here, refuse, warn
from handout.engine import Engine
from handout.judge.verdicts import JudgedPage
from handout.page.escape import one_line
from handout.page.fences import running_text
from handout.page.pages import Page, PageError, documents, shown_path
from handout.page.problems import Problem
from handout.page.references import references
from handout.project_file import find_config
from handout.report.annotations import annotate
from handout.report.baseline import Baseline, BaselineError
from handout.report.problems import coverage_problems, order_problems, problems, repetition_problems
from handout.report.summary import tally, told
from handout.report.verdicts_json import verdicts_json
from handout.run import page_server
from handout.run.cache import Cache
from handout.run.file_watching import snapshot, wait
from handout.run.process.limits import unlimited
from handout.settings import Project, Settings
from handout.weave.mentions import borrowed_badges, lost_badges

_TEMPLATE = re.compile(r"\{[{%]")  # of mkdocs-macros and include-markdown


@click.command()
@click.argument("pages", nargs=-1, required=True, metavar="PAGE...")
@click.option(
    "--json",
    "json_file",
    type=click.Path(),
    help="Write the verdicts to this file; - is standard output.",
)
@click.option("--junit", "junit_file", type=click.Path(), help="Also write them as JUnit XML.")
@click.option("--sarif", "sarif_file", type=click.Path(), help="Write the problems as SARIF.")
@click.option("--baseline", type=click.Path(), help="Known problems, which do not count.")
@click.option("--update-baseline", is_flag=True, help="Write the current problems to that file.")
@click.option("--executor", help="Run pages on a cluster: dask://HOST:PORT of its scheduler.")
@click.option("--jobs", type=click.IntRange(1), help="How many pages to run at once.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), help="Seconds that a cell may take."
)
@click.option("--twice", is_flag=True, help="Run every page twice, and say what differs.")
@click.option("--watch", is_flag=True, help="Check again whenever something changes.")
@click.option("--no-exec", is_flag=True, help="List the cells without running them.")
def check(
    pages: Sequence[str],
    json_file: str | None,
    junit_file: str | None,
    sarif_file: str | None,
    baseline: str | None,
    update_baseline: bool,
    executor: str | None,
    jobs: int | None,
    timeout: float | None,
    twice: bool,
    watch: bool,
    no_exec: bool,
) -> None:
    """Run and test the cells of pages: Markdown, notebooks, or whole folders of them."""
    if no_exec:
        project = project_here(pages=pages)
        sys.exit(_list_cells([_read(name, project) for name in _files(pages)]))
    outputs = [name for name in (json_file, junit_file, sarif_file) if name is not None]
    for name in outputs:
        _write(name, "", "a")  # better told now than after the run
    read: set[Path] = set()
    if missing := unlimited():
        warn(missing)

    def once() -> int:
        project = project_here(jobs, timeout, pages)
        page_server.prepare(project)
        known = _baseline(baseline, project, update_baseline)
        read_pages = [_read(name, project) for name in _files(pages)]
        judged, reads = _judge(project, read_pages, executor, twice)
        read.update(reads)
        found = _problems(judged, project.settings)
        if json_file is not None:
            _write(json_file, verdicts_json(judged, project.settings))
        if junit_file is not None:
            from handout.report.junit import junit

            _write(junit_file, junit(judged))
        stream = sys.stderr if "-" in outputs else sys.stdout
        if known is not None:
            found = _without_known(known, found, judged, update_baseline, stream)
        if sarif_file is not None:
            root = os.environ.get("GITHUB_WORKSPACE")
            from handout.report.sarif import sarif

            _write(sarif_file, sarif(found, Path(root) if root else None))
        return _tell(judged, found, stream)

    sys.exit(_again_and_again(once, pages, read) if watch else once())


def _again_and_again(once: Callable[[], int], pages: Sequence[str], read: set[Path]) -> int:
    """Check, and again after every change, until Ctrl-C; the status of the last check."""
    status = 0
    own = [Path(name).absolute() for name in pages]
    config = find_config(own[0].parent) or find_config(Path.cwd())
    own += [config] if config else []
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            before = snapshot(own)  # before, so that an edit meanwhile is not missed
            try:
                status = once()
            except SystemExit as refused:  # wrong usage today may be right after the next edit
                status = int(refused.code or 0)
            seen = {**snapshot(read), **before}  # after: a page may write what it reads itself
            click.echo(f"watching {len(seen)} files and folders; Ctrl-C ends this")
            click.echo(f"\n{one_line(shown_path(wait(seen)))} changed")
    return status


def _list_cells(pages: Sequence[Page]) -> int:
    """Print where each cell is, what it is, and what is wrong with its options; the exit status."""
    cells = [cell for page in pages for cell in page.cells]
    for cell in cells:
        name = cell.id or "display math"
        click.echo(one_line(f"{cell}: {cell.problem or f'{cell.kind}, {name}'}"))
    faulty = sum(cell.problem is not None for cell in cells)
    click.echo(f"{len(cells)} cells, {faulty} that cannot be used; nothing was run")
    return 1 if faulty else 0


def _judge(
    project: Project, pages: Sequence[Page], address: str | None, twice: bool
) -> tuple[list[JudgedPage], set[Path]]:
    """Run the pages, with a progress bar on a terminal; also what they read."""
    from handout.report import (
        terminal,  # rich takes a while to load: not before the pages' own processes
    )

    with terminal.progress(pages, sys.stderr) as advance:
        cache = Cache(project.cache, project.root, warn)
        with _executor(address, project) as executor:
            running = Engine(project, None if twice else cache, executor, advance, twice)
            try:
                running.start(pages)
                return list(running.all_judged()), running.reads()
            finally:
                running.close()
                cache.close()


@contextlib.contextmanager
def _executor(address: str | None, project: Project) -> Iterator[Executor | None]:
    """The executor that pages run on; None for this machine."""
    if address is None:
        yield None
        return
    try:
        from handout.run.cluster import ClusterError, cluster
        from handout.run.shipping import ShippingError
    except ModuleNotFoundError as error:
        refuse(MissingError(f"--executor needs {error.name}: pip install 'mkdocs-handout[dask]'"))
    try:
        with cluster(address, project, warn) as executor:
            yield executor
    except (ClusterError, ShippingError) as error:
        refuse(error)


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option(
    "--json", "json_file", type=click.Path(), help="Write the result to this file as JSON."
)
def coverage(pages: Sequence[str], json_file: str | None) -> None:
    """Say how many formulas are tested, and why the others are not."""
    from handout.report import coverage_json, terminal

    project = project_here(pages=pages)
    names = _files(pages) or _documents(project)
    read = [_read(name, project) for name in names]
    judged, _ = _judge(project, read, None, twice=False)
    if json_file is not None:
        _write(json_file, coverage_json.coverage_json(judged))
    if json_file != "-":
        terminal.show_coverage(judged, sys.stdout)
    short = [problem for page in judged for problem in coverage_problems(page, project.settings)]
    for problem in short:
        click.echo(str(problem), err=True)
    sys.exit(1 if short else 0)


def _documents(project: Project) -> list[str]:
    """Every page of the project's site, as from the working directory."""
    if project.docs is None:
        refuse("name the pages: this folder has no site that uses the handout plugin")
    return [shown_path(file) for file in documents(project.docs)]


def _files(names: Sequence[str]) -> list[str]:
    """The pages that are named, and those in the folders that are."""
    files: list[str] = []
    for name in names:
        if not Path(name).is_dir():
            files.append(name)
            continue
        inside = documents(Path(name))
        if not inside:
            refuse(f"{name}: no page is in this folder (Markdown, or a notebook)")
        files += map(str, inside)
    return list(dict.fromkeys(files))


def _read(name: str, project: Project) -> Page:
    try:
        page = engine.open_page(Path(name).absolute(), name, claims=project.settings.claims)
        text = running_text(page.text) if project.templates else ()
        for line in dict.fromkeys(line for line, words in text if _TEMPLATE.search(words)):
            what = "what other plugins write here is tested by a build, and not by this command"
            warn(f"{page.shown}:{line}: {what} [H611]")
        return project.own(page)
    except PageError as error:
        refuse(error)


def _write(target: str, text: str, mode: str = "w") -> None:
    try:
        with click.open_file(target, mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        refuse(f"{target}: cannot be written: {error.strerror}")


def _baseline(name: str | None, project: Project, update: bool) -> Baseline | None:
    """The known problems: of the file that is named, or of the project's."""
    file = Path(name) if name else project.baseline
    if file is None:
        if update:
            refuse("--update-baseline needs --baseline FILE, or `baseline` in mkdocs.yml")
        return None
    try:
        return Baseline(file)
    except BaselineError as error:
        refuse(error)


def _without_known(
    known: Baseline,
    found: Sequence[Problem],
    judged: Sequence[JudgedPage],
    update: bool,
    stream: TextIO,
) -> list[Problem]:
    """The problems that are new; says how many are known. After an update all are known."""
    pages = [page.page.shown for page in judged]
    if update:
        try:
            known.update(found, pages)
        except BaselineError as error:
            refuse(error)
    compared = known.sort(found, pages)
    click.echo(known.told(compared), file=stream)
    return compared.new


def _problems(judged: Sequence[JudgedPage], settings: Settings) -> list[Problem]:
    """All that an author must mend, page by page."""
    of_pages = [
        problem
        for page in judged
        for problem in (
            *problems(page),
            *lost_badges(page),
            *borrowed_badges(page.page),
            *repetition_problems(page),
            *coverage_problems(page, settings),
            *references(page.page.text, page.page.shown, page.page.notebook).broken,
        )
    ]
    return of_pages + order_problems(judged)


def _tell(judged: Sequence[JudgedPage], found: Sequence[Problem], stream: TextIO) -> int:
    """Print a table, a line for each problem, and a summary; the exit status."""
    from handout.report import terminal

    terminal.show_table(judged, stream)
    for problem in found:
        click.echo(str(problem), file=stream)
        annotate(problem, stream)
    for page in judged:  # which does no harm
        for note in references(page.page.text, page.page.shown, page.page.notebook).unused:
            click.echo(str(note), file=stream)
    verdicts = [verdict for page in judged for verdict in page.verdicts]
    lost = sum(problem.code == "H601" for problem in found)
    click.echo(told(tally(verdicts), lost), file=stream)
    return 1 if found else 0
