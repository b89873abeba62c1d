"""The file that makes a folder a project: where it is, and whether it can concern us.

Every pytest asks that, in every project, so nothing else is loaded for the answer.
"""

from __future__ import annotations

from pathlib import Path

CONFIGURATION = (
    "mkdocs.yml", "mkdocs.yaml", "properdocs.yml", "properdocs.yaml", "zensical.toml"
)  # fmt: skip


def find_config(start: Path) -> Path | None:
    """The nearest configuration file in `start` or a folder above it."""
    candidates = (folder / name for folder in (start, *start.parents) for name in CONFIGURATION)
    return next((file for file in candidates if file.is_file()), None)


def may_use_handout(config: Path) -> bool:
    """Whether a configuration can list the plugin; one that names it nowhere cannot.

    One that inherits from another file may, too: only reading both will tell.
    """
    try:
        text = config.read_bytes()
    except OSError:
        return False
    return b"handout" in text or b"INHERIT" in text
