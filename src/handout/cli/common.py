"""What commands share: the project that they work on, and how they say that something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from handout.page.problems import UserError
from handout.settings import Project, SettingsError, find_project


class UsageError(UserError):
    """A command that cannot do what it is asked; the message says why."""

    code = "H702"


class MissingError(UserError):
    """A package that a command needs and that is not installed; the message says how to get it."""

    code = "H703"


def project_here(
    jobs: int | None = None, timeout: float | None = None, pages: Sequence[str] = ()
) -> Project:
    """The project that holds the first page, or else the working directory."""
    try:
        here = Path.cwd()
        project = find_project(*(Path(name).absolute().parent for name in pages[:1]), here)
    except SettingsError as error:
        refuse(error)
    settings = project.settings
    settings = settings._replace(jobs=jobs or settings.jobs, timeout=timeout or settings.timeout)
    return project._replace(settings=settings)


def warn(message: str) -> None:
    """Say something on the standard error."""
    click.echo(f"handout: {message}", err=True)


def refuse(why: str | UserError) -> NoReturn:
    """Say why the command cannot do what it is asked, and end with status 2."""
    click.echo(f"handout: {UsageError(why) if isinstance(why, str) else why}", err=True)
    sys.exit(2)
