"""Problems as annotations on the lines of a change, when the build runs in GitHub's CI."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from handout.page.escape import one_line
from handout.page.pages import shown_path
from handout.page.problems import Problem


def annotate(problem: Problem, stream: TextIO | None = None) -> None:
    """Print the annotation of a problem, where somebody will read it."""
    line = annotation(problem, os.environ)
    if line is not None:
        (stream or sys.stdout).write(f"{line}\n")


def annotation(problem: Problem, environment: Mapping[str, str]) -> str | None:
    """The workflow command that annotates a line of a file; None outside GitHub's CI.

    Args:
        problem: what is wrong, and where.
        environment: of the process; GitHub's runner sets `GITHUB_ACTIONS` and `GITHUB_WORKSPACE`.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    root = environment.get("GITHUB_WORKSPACE")
    name = shown_path(Path(problem.path).absolute(), Path(root) if root else None)
    place = f"file={_property(name)},line={problem.line}"
    return f"::error {place},title=handout::{_data(one_line(problem.message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
