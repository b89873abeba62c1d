"""Builds the whole site, as `mkdocs build` does, and answers with an exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, ConfigurationError
from mkdocs.plugins import BasePlugin

from handout.hosts.documents import log_to_terminal, tell

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
    log_to_terminal()
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
    tell(Path(config.site_dir), passing=site_dir is not None)
    return status
