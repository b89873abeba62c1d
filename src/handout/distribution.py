"""What to install for handout to be there, in a project or a notebook that a reader downloads."""

from __future__ import annotations

import json
from importlib.metadata import distribution


def requirement() -> str:
    """What to install for a project to be built: handout, from where this one came.

    What an index has is not assumed to be this one, unless this one was installed from there.
    """
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
