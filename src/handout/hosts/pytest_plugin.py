"""Every verdict of a page as a test of pytest: `pytest docs/`.

Nothing happens in projects whose site does not use the handout plugin, nor unless pytest is pointed
at pages: by an argument, or by its `testpaths`, that is a page, the docs folder, or one inside it.
Every pytest loads this module, so the rest is loaded only when a site that may use the plugin is
found.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from handout.project_file import find_config, may_use_handout

if TYPE_CHECKING:
    from handout.hosts.pytest_pages import Pages


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a page if pytest was pointed at it, and it has cells."""
    if file_path.suffix not in (".md", ".ipynb"):
        return None
    stash = parent.config.stash
    pointed = stash.setdefault(_POINTED, Pointed(parent.config))
    config = pointed.config(file_path)
    if config is None:
        return None
    if _PAGES not in stash:
        from handout.hosts.pytest_pages import Pages

        stash[_PAGES] = Pages(pointed.inside)
    return stash[_PAGES].collected(file_path, config, parent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what went wrong beside the verdicts, as a cache that cannot be written."""
    pages = terminalreporter.config.stash.get(_PAGES, None)
    for message in pages.warnings if pages is not None else ():
        terminalreporter.write_line(f"handout: {message}", yellow=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what runs for this session."""
    pages = config.stash.get(_PAGES, None)
    if pages is not None:
        pages.close()


class Pointed:
    """What pytest was pointed at: its arguments, or else its `testpaths`."""

    def __init__(self, config: pytest.Config) -> None:
        start = config.invocation_params.dir
        self.given = [(start / arg.partition("::")[0]).resolve() for arg in config.args]
        self._configs: dict[Path, Path | None] = {}

    def inside(self, folder: Path, file: Path) -> bool:
        """Whether something inside the folder, not the folder itself, leads to the file."""
        return any(file.is_relative_to(given) and folder in given.parents for given in self.given)

    def config(self, file: Path) -> Path | None:
        """The configuration of the site to which the file may belong, if that may use handout."""
        if file.parent not in self._configs:
            config = find_config(file.parent)
            ours = config is not None and may_use_handout(config)
            self._configs[file.parent] = config if ours else None
        config = self._configs[file.parent]
        return config if config is not None and self.inside(config.parent, file) else None


_POINTED = pytest.StashKey[Pointed]()
_PAGES: pytest.StashKey[Pages] = pytest.StashKey()
