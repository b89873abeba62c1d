"""Imports modules of the project from their source where their compiled form may be older.

Python takes a compiled module for current if it notes the time, in whole seconds, and the size of
its source. A helper that was edited twice within a second would be run as it was before. So a
compiled module that is hardly younger than its source is passed over.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourcelessFileLoader,
)

DOUBTFUL = 2.0  # seconds: the time of a file may be rounded down, on some systems to even seconds


class _FreshLoader(importlib.machinery.SourceFileLoader):
    def path_stats(self, path: str) -> dict[str, float]:
        """What a compiled module is compared with; nothing, for one that cannot be trusted."""
        stats: dict[str, float] = dict(super().path_stats(path))
        compiled = importlib.util.cache_from_source(path)
        try:
            younger = os.stat(compiled).st_mtime - stats["mtime"]
        except OSError:
            return stats
        if younger < DOUBTFUL:
            raise OSError  # so the source is compiled
        return stats


def trust_no_doubtful_bytecode(of_project: Callable[[str], bool]) -> None:
    """Find modules in folders for which `of_project` holds with a loader that is careful."""

    def finder(folder: str) -> FileFinder:
        path = os.path.abspath(folder)
        if not os.path.isdir(path) or not of_project(path):
            raise ImportError
        return FileFinder(
            folder,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (_FreshLoader, SOURCE_SUFFIXES),
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )

    sys.path_hooks.insert(0, finder)
    for path in list(sys.path_importer_cache):
        if of_project(os.path.abspath(path)):
            del sys.path_importer_cache[path]
