"""Builds the whole site, as `mkdocs build` does, and answers with an exit status."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, ConfigurationError


def build_site(strict: bool) -> int:
    """Build the site that `mkdocs.yml` describes; 0, 1 or 2 as every command."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        config = load_config(strict=True) if strict else load_config()
    except (ConfigurationError, Abort) as error:
        click.echo(f"handout: {error}", err=True)
        return 2
    try:
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    except Abort:
        return 1
    except BuildError as error:
        click.echo(f"handout: {error}", err=True)
        return 1
    finally:
        config.plugins.on_shutdown()
    return summary(Path(config.site_dir) / "verdicts.json")


def summary(file: Path) -> int:
    """Say what a build's verdicts came to; 1 if one of them is not as expected."""
    counts = json.loads(file.read_text("utf-8"))["summary"]
    unexpected = counts.pop("unexpected")
    click.echo(
        ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        + f"; {unexpected} not as expected"
    )
    return 1 if unexpected else 0
