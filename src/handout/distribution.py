"""What to install for handout to be there, in a project or a notebook that a reader downloads."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def complete() -> Iterator[None]:
    """Around imports of ours: if they need a package that is missing, end and say how to get it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] == "handout":
            raise
        sys.exit(
            f"handout: the package {missing.name} is missing. `pip install mkdocs-handout` brings "
            "all that the command needs."
        )


def requirement() -> str:
    """What to install for a project to be built: handout, from where this one came.

    What an index has is not assumed to be this one, unless this one was installed from there.
    """
    from importlib.metadata import distribution  # takes a while, and no build asks

    installed = distribution("mkdocs-handout")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if "url" not in origin:
        return f"mkdocs-handout=={installed.version}"
    source = origin["url"]
    if vcs := origin.get("vcs_info"):
        source = f"{vcs['vcs']}+{source}@{vcs['commit_id']}"
    return f"mkdocs-handout @ {source}"


def is_local(required: str) -> bool:
    """Whether a requirement names something that only this machine has."""
    return " @ file:" in required
