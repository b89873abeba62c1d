"""The commands that make the whole site: by a site generator, for another one, or on paper."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from handout.cli.common import MissingError, project_here, refuse
from handout.run import page_server
from handout.settings import HOSTS, Project, SettingsError


@click.command()
@click.option("--strict", is_flag=True, help="Let every warning fail the build.")
@click.option(
    "--host", type=click.Choice(HOSTS), help="The site generator, if not the configured one."
)
def build(strict: bool, host: str | None) -> None:
    """Check every page, then build the whole site."""
    project = project_here()
    page_server.prepare(project)  # before the site generator is loaded, which takes as long
    host = host or _host(project)
    if host == "properdocs":
        try:
            import_module("properdocs.replacement")  # from here on, `mkdocs` means ProperDocs
        except ModuleNotFoundError:
            refuse(MissingError("ProperDocs is not installed: pip install properdocs"))
    if host == "zensical":
        from handout.hosts.zensical import host as zensical

        sys.exit(zensical.build(strict))
    from handout.hosts.building import build_site

    sys.exit(build_site(strict))


@click.command()
@click.option(
    "--host", type=click.Choice(HOSTS), help="The site generator, if not the configured one."
)
@click.option("--address", metavar="HOST:PORT", help="Where to serve, if not as configured.")
def serve(host: str | None, address: str | None) -> None:
    """Serve the site while you write: what changes is checked and shown again."""
    project = project_here()
    host = host or _host(project)
    if host != "zensical":
        words = ["serve", "--livereload", *(["--dev-addr", address] if address else [])]
        sys.exit(subprocess.call([sys.executable, "-m", host, *words]))
    page_server.prepare(project)
    from handout.hosts.zensical import host as zensical

    sys.exit(zensical.serve(address))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="OUT")
@click.option("--html", is_flag=True, help="Write HTML, for any generator that passes it through.")
def weave(folder: Path, html: bool) -> None:
    """Check every page, and write the pages for another site generator.

    The pages hold tokens, which the Markdown extension `handout` replaces by what the cells give;
    with --html they hold that already, formulas included. The exit status is that of `check`.
    """
    project = project_here()
    page_server.prepare(project)
    from handout.hosts.documents import HostError, log_to_terminal
    from handout.hosts.weaving import weave_site
    from handout.page.pages import shown_path
    from handout.report.summary import tally, told

    log_to_terminal()
    if project.config is None:
        refuse("this folder has no site: neither mkdocs.yml nor zensical.toml is here")
    try:
        site = weave_site(project.config, folder.absolute(), html)
    except (HostError, SettingsError) as error:
        refuse(error)
    verdicts = [verdict for page in site.judged for verdict in page.verdicts]
    click.echo(f"{shown_path(folder.absolute())}: {told(tally(verdicts))}")
    sys.exit(1 if site.problems.new else 0)


@click.command()
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
    page_server.prepare(project_here())
    from handout.hosts.pdf import PdfError, make_pdf

    try:
        status = make_pdf(output, pages)
    except PdfError as error:
        refuse(error)
    if not status:
        click.echo(f"{output}: {output.stat().st_size // 1000} kB")
    sys.exit(status)


def _host(project: Project) -> str:
    """The site generator that a project asks for, by an option or by the name of its file."""
    of_file = project.config.stem if project.config is not None else ""
    return of_file if of_file in HOSTS[1:] else project.settings.host
