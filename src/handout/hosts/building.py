"""Builds the whole site, as `mkdocs build` does, and answers with an exit status."""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, ConfigurationError
from mkdocs.plugins import BasePlugin

from handout import engine
from handout.hosts.documents import HostError
from handout.hosts.zensical import ZensicalSite
from handout.page.pages import shown_path
from handout.project_file import find_config
from handout.report.summary import told
from handout.settings import SettingsError

NOT_LISTED = "the site does not list the handout plugin; `handout init` adds it"


def build_site(
    strict: bool, site_dir: Path | None = None, guest: BasePlugin[Any] | None = None
) -> int:
    """Build the site that `mkdocs.yml` describes; 0, 1 or 2 as every command.

    Args:
        strict: whether every warning fails the build.
        site_dir: where to, if not where `mkdocs.yml` says.
        guest: a plugin that takes part in this build only.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        options: dict[str, Any] = {"strict": strict or None, "site_dir": site_dir and str(site_dir)}
        config = load_config(**options)
    except (ConfigurationError, Abort) as error:
        click.echo(f"handout: {error} [H701]", err=True)
        return 2
    ours = config.plugins.get("handout")
    if ours is None:
        click.echo(f"handout: {config.config_file_path}: {NOT_LISTED} [H701]", err=True)
        return 2
    ours.config["strict"] = True  # whatever `mkdocs build` does
    if guest is not None:
        config.plugins[type(guest).__name__] = guest
    status = 0
    try:
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    except Abort:
        status = 1
    except BuildError as error:
        click.echo(f"handout: {error} [H705]", err=True)
        return 1
    finally:
        config.plugins.on_shutdown()
    _tell(Path(config.site_dir), passing=site_dir is not None)
    return status


def build_with_zensical(strict: bool) -> int:
    """Build the site of the working directory by Zensical, and answer as `build_site` does."""
    try:
        host = _zensical()
        site = host.build(strict)
    except (HostError, SettingsError) as error:
        click.echo(f"handout: {error}", err=True)
        return 2 if isinstance(error, SettingsError) or not error.built else 1
    _tell(host.folder)
    return 1 if site.problems or (strict and host.warnings) else 0


def serve_with_zensical(address: str | None) -> int:
    """Serve the site of the working directory by Zensical until Ctrl-C; the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what it began ends with it
    try:
        host = _zensical()
        logging.getLogger("handout").setLevel(logging.INFO)  # problems end no server, and are told
        host.serve(address)
    except (HostError, SettingsError) as error:
        click.echo(f"handout: {error}", err=True)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        engine.end()
    return 0


def _zensical() -> ZensicalSite:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    config = find_config(Path.cwd())
    if config is None:
        raise HostError("neither mkdocs.yml nor zensical.toml is here")
    return ZensicalSite(config)


def _tell(site: Path, passing: bool = False) -> None:
    """Say how the claims of a site that was built fared, and where it is, unless it is passing."""
    try:
        written = json.loads((site / "verdicts.json").read_text("utf-8"))
    except FileNotFoundError:
        return
    where = "" if passing else f"{shown_path(site / 'index.html')}: "
    click.echo(f"{where}{told(written['summary'])}")
