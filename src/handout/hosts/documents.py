"""The documents of a site as its configuration says, found without the host that renders them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import relpath
from typing import Any

import click

from handout.hosts.publishing import names_below
from handout.page.pages import MARKDOWN, documents, shown_path
from handout.page.problems import UserError
from handout.report.summary import told
from handout.settings import Project, read_configuration, read_project

log = logging.getLogger("handout")


class HostError(UserError):
    """A site that cannot be built; the message says why, and the remedy.

    Args:
        message: what is wrong.
        built: whether its host ran at all, so that it is no wrong usage.
    """

    code = "H705"

    def __init__(self, message: str, built: bool = False) -> None:
        super().__init__(message)
        self.built = built


@dataclass
class File:
    """A page, as `Site` knows those of every host."""

    src_uri: str
    abs_src_path: str
    directories: bool = True  # whether its address is that of a folder
    content_string: str = ""  # in the place of a file

    @property
    def name(self) -> str:
        """What the page is called where it has no title."""
        return PurePosixPath(self.src_uri).stem

    @cached_property
    def woven_uri(self) -> str:
        """The file of its woven text."""
        return PurePosixPath(self.src_uri).with_suffix(".md").as_posix()

    @cached_property
    def dest_uri(self) -> str:
        """Its place in the site."""
        path = PurePosixPath(self.src_uri)
        if path.stem in ("index", "README"):
            return path.with_name("index.html").as_posix()
        if self.directories:
            return (path.with_suffix("") / "index.html").as_posix()
        return path.with_suffix(".html").as_posix()

    @cached_property
    def url(self) -> str:
        """Its address, as seen from the root of the site."""
        folder, _, name = self.dest_uri.rpartition("/")
        if name != "index.html" or not self.directories:
            return self.dest_uri
        return f"{folder}/" if folder else "./"

    def url_relative_to(self, other: File) -> str:
        """Its address, as seen from another page."""
        folder = PurePosixPath(other.dest_uri).parent.as_posix()
        return relpath(self.url, folder) + "/" * self.url.endswith("/")


class Files(dict[str, File]):
    """The pages of a site by name."""

    def get_file_from_path(self, name: str) -> File | None:
        """The page of this name."""
        return self.get(name)


class Documents:
    """What a site consists of before it is built.

    Args:
        config: its configuration file.

    Raises:
        HostError: it is not one of ours.
        SettingsError: it cannot be read.
    """

    def __init__(self, config: Path) -> None:
        self.config, self.root = config, config.parent
        read = read_configuration(config)
        self.document, self.plugins, self.extensions = read
        self.project: Project = read_project(config, read)
        if self.project.docs is None:
            raise HostError(
                f"{config}: the site does not list the handout plugin; `handout init` adds it"
            )
        self.docs = self.project.docs
        self.files = Files()
        self.warnings = 0

    @property
    def typesetter(self) -> bool:
        """Whether the site loads MathJax or KaTeX."""
        scripts = " ".join(map(str, self.document.get("extra_javascript") or ())).lower()
        return "mathjax" in scripts or "katex" in scripts

    @cached_property
    def left_out(self) -> Callable[[str], bool]:
        """Says of a file's name whether `exclude_docs` or `draft_docs` leaves it out."""
        patterns = [str(self.document.get(key) or "") for key in ("exclude_docs", "draft_docs")]
        if not any(patterns):
            return lambda name: False
        from pathspec import GitIgnoreSpec  # most sites leave nothing out

        return GitIgnoreSpec.from_lines("\n".join(patterns).splitlines()).match_file

    def find(self) -> None:
        """Find the pages, but for those that `exclude_docs` or `draft_docs` leaves out.

        Raises:
            HostError: two pages would have one address.
        """
        self.files.clear()
        directories = self.document.get("use_directory_urls", True) is not False
        names = {file.relative_to(self.docs).as_posix(): file for file in documents(self.docs)}
        taken: set[str] = set()
        for name, file in sorted(names.items(), key=_place):
            if self.left_out(name):
                continue
            self.files[name] = File(name, str(file), directories)
            if self.files[name].woven_uri in taken:
                raise HostError(f"{name}: two pages would have one address")
            taken.add(self.files[name].woven_uri)

    def others(self) -> Iterator[tuple[str, Path]]:
        """The files beside the pages, by name: pictures, data, styles."""
        for name in names_below(self.docs):
            if name.endswith((*MARKDOWN, ".ipynb")) or self.left_out(name):
                continue  # a page; if it is none of this site, it is left out or came too late
            if (source := self.docs / name).is_file():
                yield name, source

    def navigation(self) -> Iterator[str]:
        """The pages that the navigation lists, in its order; one that is not there is told."""

        def listed(entries: Any) -> Iterator[str]:
            for entry in entries if isinstance(entries, list) else [entries]:
                if isinstance(entry, Mapping):
                    for value in entry.values():
                        yield from listed(value)
                elif isinstance(entry, str):
                    yield entry

        for name in listed(self.document.get("nav") or []):
            if name not in self.files and name.endswith((*MARKDOWN, ".ipynb")):
                self.warn(
                    f"{self.config.name}: the navigation lists {name}, which is no page [H701]"
                )
            yield name

    def warn(self, message: str) -> None:
        """Say what is wrong with the site itself; it fails a strict build."""
        self.warnings += 1
        log.warning("%s", message)


def log_to_terminal() -> None:
    """Print the site generator's warnings, and of ours the notes as well, which fail nothing."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for name in ("handout", "mkdocs.plugins.handout"):
        logging.getLogger(name).setLevel(logging.INFO)


def tell(site: Path, passing: bool = False) -> None:
    """Say how the claims of a site that was built fared, and where it is, unless it is passing."""
    try:
        written = json.loads((site / "verdicts.json").read_text("utf-8"))
    except FileNotFoundError:
        return
    where = "" if passing else f"{shown_path(site / 'index.html')}: "
    click.echo(f"{where}{told(written['summary'])}")


def _place(entry: tuple[str, Path]) -> list[tuple[bool, bool, str]]:
    """Sorts pages as MkDocs does: the index first, then other files, then folders."""
    *folders, name = PurePosixPath(entry[0]).parts
    index = PurePosixPath(name).stem in ("index", "README")
    return [*((True, False, folder) for folder in folders), (False, not index, name)]
