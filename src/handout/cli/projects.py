"""The commands that begin a project, and look after what is kept in its cache."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from handout.cli.common import project_here, refuse, warn
from handout.page.pages import shown_path
from handout.settings import HOSTS


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--host", type=click.Choice(HOSTS), default=HOSTS[0], help="The site generator.")
def new(folder: Path, host: str) -> None:
    """Start a handout of your own: a small, complete project."""
    from handout.distribution import is_local, requirement
    from handout.scaffold import NewError, new_handout

    try:
        written = new_handout(folder, host)
    except NewError as error:
        refuse(error)
    click.echo(f"{folder}: {len(written)} files. Next: cd {folder} && make site")
    if is_local(requirement()):
        click.echo(
            f"{folder / 'requirements.txt'} names a copy of handout that only this machine has; "
            "before continuous integration can build, name one that it can reach."
        )


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", default=Path())
def init(folder: Path) -> None:
    """Make an existing MkDocs site a tested handout: add the plugin to its configuration."""
    from handout.existing import InitError, initialise

    try:
        done = initialise(folder)
    except InitError as error:
        refuse(error)
    click.echo(
        f"{shown_path(done.config)}: the plugin {'is added' if done.added else 'was there already'}"
    )
    for sentence in done.advice:
        click.echo(f"* {sentence}")
    click.echo("Next: write <!-- claim: NAME --> before a display formula, and `handout build`.")


@click.command()
@click.option("--clear", "clearing", is_flag=True, help="Remove every entry.")
def cache(clearing: bool) -> None:
    """Show the size of the cache and the hits of the last build, or clear it."""
    from handout.run.cache import clear, statistics

    folder = project_here().cache
    if clearing:
        click.echo(f"{folder}: {clear(folder)} entries removed")
        return
    found = statistics(folder)
    click.echo(f"{folder}: {found.entries} entries, {found.size / 1024:.0f} kB")
    click.echo(f"last build: {found.hits} pages from the cache, {found.misses} run")


@click.group()
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

    project = project_here()
    home, modules = runtime.folder(project.cache), bundle()
    try:
        runtime.fetch(home, source, click.echo, project.settings.live_packages)
        bytecode.make(home, bytecode.folder(project.cache, modules), modules, click.echo)
    except runtime.FilesError as error:
        warn(str(error))
        sys.exit(1)
    try:
        editors.fetch(editors.folder(project.cache), source, click.echo)
    except runtime.FilesError as error:
        warn(str(error))
