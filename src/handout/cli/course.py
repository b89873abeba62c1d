"""The command that runs a program of the course's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
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
