"""Which versions of distributions are installed, and which modules came with them.

`importlib.metadata` loads a parser of e-mail and reads a whole text for each of them, which takes
longer than asking the cache for a hundred pages. Every installer names the folder of a distribution
by its version, too; and it records its files, of which only the first of each module is looked for.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
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
    modules = set(modules)
    own = {module for module in modules if version(module) is not None}
    return sorted(own.union(*_recorded(frozenset(modules - own)).values()))


@cache
def _recorded(modules: frozenset[str]) -> Mapping[str, Iterable[str]]:
    """The distributions in whose records of files modules stand that are named otherwise."""
    found: dict[str, list[str]] = {module: [] for module in modules}
    starts = {module: (f"\n{module}/".encode(), f"\n{module}.".encode()) for module in modules}
    for folder, name, _ in _folders() if modules else ():
        with contextlib.suppress(OSError), open(os.path.join(folder, "RECORD"), "rb") as file:
            record = b"\n" + file.read()
            for module in modules:
                if any(start in record for start in starts[module]):
                    found[module].append(_normal(name))
    return {module: names or _by_module().get(module, ()) for module, names in found.items()}


@cache
def _by_module() -> Mapping[str, list[str]]:
    from importlib import metadata  # knows those that were installed in older ways

    return metadata.packages_distributions()


@cache
def _by_name() -> Mapping[str, str]:
    """The versions by normal names; the first on the path counts, as it does for imports."""
    versions: dict[str, str] = {}
    for _, name, version in _folders():
        versions.setdefault(_normal(name), version)
    return versions


def _folders() -> Iterator[tuple[str, str, str]]:
    """The folder, the name and the version of each distribution, in the order of the path."""
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except OSError:  # absent, or an archive
            continue
        for found in filter(None, map(_FOLDER.fullmatch, names)):
            yield os.path.join(place, found[0]), found["name"], found["version"]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
