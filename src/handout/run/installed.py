"""Which versions of distributions are installed, without opening a file of theirs.

`importlib.metadata` loads a parser of e-mail and reads a whole text for each of them, which takes
longer than asking the cache for a hundred pages. Every installer names the folder of a distribution
by its version, too.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache

_FOLDER = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)\.dist-info")


@cache
def version(distribution: str) -> str | None:
    """The version of an installed distribution; None if there is none of that name."""
    if found := _by_name().get(_normal(distribution)):
        return found
    from importlib import metadata  # knows those that were installed in older ways

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def distributions(modules: Iterable[str]) -> list[str]:
    """The distributions that top-level modules came from."""
    found: set[str] = set()
    for module in modules:
        found.update([module] if version(module) is not None else _by_module().get(module, ()))
    return sorted(found)


@cache
def _by_name() -> Mapping[str, str]:
    """The versions by normal names; the first on the path counts, as it does for imports."""
    versions: dict[str, str] = {}
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except OSError:  # absent, or an archive
            continue
        for found in filter(None, map(_FOLDER.fullmatch, names)):
            versions.setdefault(_normal(found["name"]), found["version"])
    return versions


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _by_module() -> Mapping[str, list[str]]:
    from importlib import metadata

    return metadata.packages_distributions()
