"""The command line. Exit status: 0 as expected, 1 a verdict is not, 2 usage or unreadable input."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TextIO

import click

from handout import __version__, engine
from handout.engine import Engine
from handout.judge.verdicts import JudgedPage
from handout.page.codes import CODES
from handout.page.escape import one_line
from handout.page.fences import running_text
from handout.page.pages import Page, PageError, documents, shown_path
from handout.page.problems import Problem, UserError
from handout.page.references import references
from handout.project_file import find_config
from handout.report.annotations import annotate
from handout.report.baseline import Baseline, BaselineError
from handout.report.problems import coverage_problems, order_problems, problems, repetition_problems
from handout.report.summary import tally, told
from handout.report.verdicts_json import verdicts_json
from handout.run import page_server
from handout.run.cache import Cache, clear, statistics
from handout.run.file_watching import snapshot, wait
from handout.run.process.limits import unlimited
from handout.settings import HOSTS, Project, Settings, SettingsError, find_project
from handout.weave.mentions import borrowed_badges, lost_badges

_TEMPLATE = re.compile(r"\{[{%]")  # of mkdocs-macros and include-markdown
_HELP = {"help_option_names": ["-h", "--help"]}


class UsageError(UserError):
    """A command that cannot do what it is asked; the message says why."""

    code = "H702"


class MissingError(UserError):
    """A package that a command needs and that is not installed; the message says how to get it."""

    code = "H703"


@click.group(context_settings=_HELP)
@click.version_option(__version__, prog_name="handout")
def main() -> None:
    """Course handouts whose mathematics is tested at every build."""


@main.command()
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
        project = _project(pages=pages)
        sys.exit(_list_cells([_read(name, project) for name in _files(pages)]))
    outputs = [name for name in (json_file, junit_file, sarif_file) if name is not None]
    for name in outputs:
        _write(name, "", "a")  # better told now than after the run
    read: set[Path] = set()
    if missing := unlimited():
        _warn(missing)

    def once() -> int:
        project = _project(jobs, timeout, pages)
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
        cache = Cache(project.cache, project.root, _warn)
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
        _refuse(MissingError(f"--executor needs {error.name}: pip install 'mkdocs-handout[dask]'"))
    try:
        with cluster(address, project, _warn) as executor:
            yield executor
    except (ClusterError, ShippingError) as error:
        _refuse(error)


def _project(
    jobs: int | None = None, timeout: float | None = None, pages: Sequence[str] = ()
) -> Project:
    """The project that holds the first page, or else the working directory."""
    try:
        here = Path.cwd()
        project = find_project(*(Path(name).absolute().parent for name in pages[:1]), here)
    except SettingsError as error:
        _refuse(error)
    settings = project.settings
    settings = settings._replace(jobs=jobs or settings.jobs, timeout=timeout or settings.timeout)
    return project._replace(settings=settings)


def _read(name: str, project: Project) -> Page:
    try:
        page = engine.open_page(Path(name).absolute(), name, claims=project.settings.claims)
        text = running_text(page.text) if project.templates else ()
        for line in dict.fromkeys(line for line, words in text if _TEMPLATE.search(words)):
            what = "what other plugins write here is tested by a build, and not by this command"
            _warn(f"{page.shown}:{line}: {what} [H611]")
        return project.own(page)
    except PageError as error:
        _refuse(error)


def _write(target: str, text: str, mode: str = "w") -> None:
    try:
        with click.open_file(target, mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        _refuse(f"{target}: cannot be written: {error.strerror}")


def _files(names: Sequence[str]) -> list[str]:
    """The pages that are named, and those in the folders that are."""
    files: list[str] = []
    for name in names:
        if not Path(name).is_dir():
            files.append(name)
            continue
        inside = documents(Path(name))
        if not inside:
            _refuse(f"{name}: no page is in this folder (Markdown, or a notebook)")
        files += map(str, inside)
    return list(dict.fromkeys(files))


def _baseline(name: str | None, project: Project, update: bool) -> Baseline | None:
    """The known problems: of the file that is named, or of the project's."""
    file = Path(name) if name else project.baseline
    if file is None:
        if update:
            _refuse("--update-baseline needs --baseline FILE, or `baseline` in mkdocs.yml")
        return None
    try:
        return Baseline(file)
    except BaselineError as error:
        _refuse(error)


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
            _refuse(error)
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


def _warn(message: str) -> None:
    click.echo(f"handout: {message}", err=True)


def _refuse(why: str | UserError) -> NoReturn:
    click.echo(f"handout: {UsageError(why) if isinstance(why, str) else why}", err=True)
    sys.exit(2)


@main.group()
def live() -> None:
    """Live pages: what readers need to change claims and cells in their browser."""


@live.command("fetch")
@click.option("--from", "source", help="A folder or an address with the official files.")
def fetch_files(source: str | None) -> None:
    """Get the Python runtime and the editors of live pages, once, into the project's cache.

    Packages that the option `live_packages` names come along. Pages work without the editors, in
    plain text fields; without the runtime they are not live.
    """
    from handout.live import bytecode, editors, runtime
    from handout.live.bundle import bundle

    project = _project()
    home, modules = runtime.folder(project.cache), bundle()
    try:
        runtime.fetch(home, source, click.echo, project.settings.live_packages)
        bytecode.make(home, bytecode.folder(project.cache, modules), modules, click.echo)
    except runtime.FilesError as error:
        _warn(str(error))
        sys.exit(1)
    try:
        editors.fetch(editors.folder(project.cache), source, click.echo)
    except runtime.FilesError as error:
        _warn(str(error))


@main.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option(
    "--json", "json_file", type=click.Path(), help="Write the result to this file as JSON."
)
def coverage(pages: Sequence[str], json_file: str | None) -> None:
    """Say how many formulas are tested, and why the others are not."""
    from handout.report import coverage_json, terminal

    project = _project(pages=pages)
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
        _refuse("name the pages: this folder has no site that uses the handout plugin")
    return [shown_path(file) for file in documents(project.docs)]


@main.command("cache")
@click.option("--clear", "clearing", is_flag=True, help="Remove every entry.")
def show_cache(clearing: bool) -> None:
    """Show the size of the cache and the hits of the last build, or clear it."""
    folder = _project().cache
    if clearing:
        click.echo(f"{folder}: {clear(folder)} entries removed")
        return
    found = statistics(folder)
    click.echo(f"{folder}: {found.entries} entries, {found.size / 1024:.0f} kB")
    click.echo(f"last build: {found.hits} pages from the cache, {found.misses} run")


@main.command(context_settings=_HELP)  # scripts/build.py calls it without the group
@click.option("--strict", is_flag=True, help="Let every warning fail the build.")
@click.option(
    "--host", type=click.Choice(HOSTS), help="The site generator, if not the configured one."
)
def build(strict: bool, host: str | None) -> None:
    """Check every page, then build the whole site."""
    project = _project()
    page_server.prepare(project)  # before the site generator is loaded, which takes as long
    host = host or _host(project)
    if host == "properdocs":
        try:
            import_module("properdocs.replacement")  # from here on, `mkdocs` means ProperDocs
        except ModuleNotFoundError:
            _refuse(MissingError("ProperDocs is not installed: pip install properdocs"))
    if host == "zensical":
        from handout.hosts.zensical import host as zensical

        sys.exit(zensical.build(strict))
    from handout.hosts.building import build_site

    sys.exit(build_site(strict))


@main.command()
@click.option(
    "--host", type=click.Choice(HOSTS), help="The site generator, if not the configured one."
)
@click.option("--address", metavar="HOST:PORT", help="Where to serve, if not as configured.")
def serve(host: str | None, address: str | None) -> None:
    """Serve the site while you write: what changes is checked and shown again."""
    project = _project()
    host = host or _host(project)
    if host != "zensical":
        words = ["serve", "--livereload", *(["--dev-addr", address] if address else [])]
        sys.exit(subprocess.call([sys.executable, "-m", host, *words]))
    page_server.prepare(project)
    from handout.hosts.zensical import host as zensical

    sys.exit(zensical.serve(address))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="OUT")
@click.option("--html", is_flag=True, help="Write HTML, for any generator that passes it through.")
def weave(folder: Path, html: bool) -> None:
    """Check every page, and write the pages for another site generator.

    The pages hold tokens, which the Markdown extension `handout` replaces by what the cells give;
    with --html they hold that already, formulas included. The exit status is that of `check`.
    """
    project = _project()
    page_server.prepare(project)
    from handout.hosts.documents import HostError, log_to_terminal
    from handout.hosts.weaving import weave_site

    log_to_terminal()
    if project.config is None:
        _refuse("this folder has no site: neither mkdocs.yml nor zensical.toml is here")
    try:
        site = weave_site(project.config, folder.absolute(), html)
    except (HostError, SettingsError) as error:
        _refuse(error)
    verdicts = [verdict for page in site.judged for verdict in page.verdicts]
    click.echo(f"{shown_path(folder.absolute())}: {told(tally(verdicts))}")
    sys.exit(1 if site.problems.new else 0)


def _host(project: Project) -> str:
    """The site generator that a project asks for, by an option or by the name of its file."""
    of_file = project.config.stem if project.config is not None else ""
    return of_file if of_file in HOSTS[1:] else project.settings.host


@main.command()
@click.argument("code", type=click.Choice(list(CODES), case_sensitive=False), metavar="CODE")
def explain(code: str) -> None:
    """Explain a message by its code, such as H401."""
    kind = CODES[code]
    click.echo(f"{code}: {kind.title}\n\n{_wrapped(kind.meaning)}\n\n{_wrapped(kind.remedy)}")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 88, break_long_words=False, break_on_hyphens=False)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", default=Path())
def init(folder: Path) -> None:
    """Make an existing MkDocs site a tested handout: add the plugin to its configuration."""
    from handout.existing import InitError, initialise

    try:
        done = initialise(folder)
    except InitError as error:
        _refuse(error)
    click.echo(
        f"{shown_path(done.config)}: the plugin {'is added' if done.added else 'was there already'}"
    )
    for sentence in done.advice:
        click.echo(f"* {sentence}")
    click.echo("Next: write <!-- claim: NAME --> before a display formula, and `handout build`.")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--host", type=click.Choice(HOSTS), default=HOSTS[0], help="The site generator.")
def new(folder: Path, host: str) -> None:
    """Start a handout of your own: a small, complete project."""
    from handout.distribution import is_local, requirement
    from handout.scaffold import NewError, new_handout

    try:
        written = new_handout(folder, host)
    except NewError as error:
        _refuse(error)
    click.echo(f"{folder}: {len(written)} files. Next: cd {folder} && make site")
    if is_local(requirement()):
        click.echo(
            f"{folder / 'requirements.txt'} names a copy of handout that only this machine has; "
            "before continuous integration can build, name one that it can reach."
        )


@main.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="handout.pdf",
    show_default=True,
    help="The file to write.",
)
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
def pdf(output: Path, pages: Sequence[str]) -> None:
    """Print the handout, or some of its pages, as a PDF."""
    page_server.prepare(_project())
    from handout.hosts.pdf import PdfError, make_pdf

    try:
        status = make_pdf(output, pages)
    except PdfError as error:
        _refuse(error)
    if not status:
        click.echo(f"{output}: {output.stat().st_size // 1000} kB")
    sys.exit(status)


@main.command(
    context_settings={**_HELP, "ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option("--generation", metavar="NAME", help="The course's file: 2017, 2017-ps2 or 2020.")
@click.argument("program", type=click.Path(exists=True, dir_okay=False))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENT...]")
def course(generation: str | None, program: str, arguments: Sequence[str]) -> None:
    """Run a program written for the course's own edf.py, unchanged.

    PROGRAM is a Python file or a notebook. Its `import edf` gets the module that fits, and what
    differs from the original is reported.
    """
    chosen = ["--generation", generation] if generation else []
    # -P: an edf.py in the working directory, which such programs have, is not taken for edf
    command = [sys.executable, "-P", "-m", "edf.course", *chosen, "--", program, *arguments]
    sys.exit(subprocess.call(command))
