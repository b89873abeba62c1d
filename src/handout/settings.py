"""What a project may configure: the options of the plugin in `mkdocs.yml`, and their defaults.

`handout check` reads the same section of the same file, so that a page is run alike everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import mergedeep
import yaml
from yaml_env_tag import construct_env_tag

from handout.page.docstrings import DocstringError, with_docstrings
from handout.page.inclusion import expanded, snippet_folders, with_inclusions
from handout.page.macros import macros_in
from handout.page.options import listed, suggestion
from handout.page.pages import CLAIMS, Page, PageError, read_front_matter
from handout.page.problems import UserError
from handout.project_file import find_config

#: With less, a page's process could not even begin.
_LEAST = {"jobs": 0, "memory": 128, "files": 16}
_LISTS = {"reads": "patterns, such as [data/**]", "live_packages": "packages, such as [scipy]"}


#: The site generators that `handout build` knows.
HOSTS = ("mkdocs", "properdocs", "zensical")
#: Plugins that write into the text of pages, as a build alone can know.
TEMPLATES = frozenset({"macros", "include-markdown"})


class SettingsError(UserError):
    """An option that is unknown or has a bad value; the message says which, and the remedy."""

    code = "H701"


class Settings(NamedTuple):
    """The options of the `handout` plugin.

    Attributes:
        cache: Folder of the cache, relative to the configuration file.
        jobs: How many pages run at once; 0 is one for each processor.
        timeout: Seconds that a cell may take, unless its fence says otherwise.
        cpu: Seconds of processor time that a page may use in all.
        memory: Megabytes of address space that a page's process may use.
        output: Kilobytes of output kept of each cell; more is cut off, with a notice.
        files: How many files a page may have open.
        processes: How many processes a page may start in all, and threads at a time.
        reads: Files that pages read in ways that cannot be seen, such as `data/**`: a change of one
            has every page run again.
        macros: LaTeX macros for every formula of the site, name to definition; or a file of
            `\\newcommand` lines, relative to the configuration file.
        claims: Which display formulas are claims: `marked` ones, or `all` that state something.
        coverage: Percent of a page's formulas that must be tested; fewer fail the build.
        strict: Whether `mkdocs build` fails on a verdict that is not the expected one; if not, it
            is a warning, on which strict builds alone fail.
        mathml: Which formulas are set as MathML: `true` for all, `claims` for claims, `false` for
            none. The site's own MathJax or KaTeX sets the others.
        baseline: A file of known problems, relative to the configuration file; they do not fail a
            build or check.
        live: Whether readers can change claims and cells in their browser; `required` fails a build
            that lacks the runtime for it.
        live_packages: Packages beyond NumPy that cells may import in a browser, such as `scipy`.
        host: The site generator of `handout build`: `mkdocs`, `properdocs` or `zensical`.
    """

    cache: str = ".cache/handout"
    jobs: int = 0
    timeout: float = 60.0
    cpu: int = 600
    memory: int = 4096
    output: int = 256
    files: int = 256
    processes: int = 64
    reads: Sequence[str] = ()
    macros: Mapping[str, str] = MappingProxyType({})
    claims: str = "marked"
    coverage: float = 0
    strict: bool = True
    mathml: bool | str = True
    baseline: str = ""
    live: bool | str = False
    live_packages: Sequence[str] = ()
    host: str = "mkdocs"

    @property
    def workers(self) -> int:
        """How many pages run at once."""
        return self.jobs or os.cpu_count() or 1


def read_settings(given: Mapping[str, Any], folder: Path = Path()) -> Settings:
    """Validate options.

    Args:
        given: the options as they are written.
        folder: of the configuration file, from which files are named.

    Raises:
        SettingsError: for an unknown option, or a value of the wrong type or range.
    """
    for name, value in given.items():
        if name not in Settings._fields:
            raise SettingsError(f"unknown option {name!r}{suggestion(name, Settings._fields)}")
        _check(name, value)
    macros = given.get("macros", {})
    read = _macros(folder / macros) if isinstance(macros, str) else macros
    return Settings(**{**given, "macros": read})


def _macros(file: Path) -> dict[str, str]:
    try:
        return macros_in(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"option 'macros': {file} cannot be read: {error}") from None


def _check(name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "cache":
        good, wanted = isinstance(value, str) and bool(value), "a folder"
    elif name == "live":
        good, wanted = isinstance(value, bool) or value == "required", "true, false or required"
    elif name == "macros":
        good = isinstance(value, str) or (
            isinstance(value, Mapping)
            and all(isinstance(x, str) for x in (*value, *value.values()))
        )
        wanted = "a mapping from a macro's name to its LaTeX, or a file of \\newcommand lines"
    elif name in ("reads", "live_packages"):
        good = isinstance(value, list | tuple) and all(isinstance(x, str) and x for x in value)
        wanted = f"a list of {_LISTS[name]}"
    elif name == "claims":
        good, wanted = value in CLAIMS, f"one of {listed(CLAIMS)}"
    elif name == "host":
        good, wanted = value in HOSTS, f"one of {listed(HOSTS)}"
    elif name == "strict":
        good, wanted = isinstance(value, bool), "true or false"
    elif name == "mathml":
        good, wanted = isinstance(value, bool) or value == "claims", "true, false or claims"
    elif name == "baseline":
        good, wanted = isinstance(value, str), "a file"
    elif name == "coverage":
        good, wanted = number and 0 <= value <= 100, "a percentage from 0 to 100"
    elif name == "timeout":
        good, wanted = number and value > 0, "a number of seconds above 0"
    else:
        least = _LEAST.get(name, 1)
        good = number and isinstance(value, int) and value >= least
        wanted = f"a whole number from {least}"
    if not good:
        raise SettingsError(f"option {name!r} must be {wanted}, not {value!r}")


class Project(NamedTuple):
    """Where a project is, and what it configures."""

    root: Path  # the folder of its configuration file, or the working directory
    settings: Settings = Settings()
    config: Path | None = None
    docs: Path | None = None  # the folder of its pages; None if its site does not use the plugin
    markdown_exec: bool = False  # whether its site also uses the plugin that shares `exec=` with us
    snippets: Mapping[str, Any] | None = None  # options of pymdownx.snippets, if its site uses it
    templates: bool = False  # whether other plugins of its site write into the text of pages
    address: str = ""  # of the published site, if it says so

    @property
    def cache(self) -> Path:
        """The folder of the cache."""
        return self.root / self.settings.cache

    @property
    def baseline(self) -> Path | None:
        """The file of known problems, if the project has one."""
        return self.root / self.settings.baseline if self.settings.baseline else None

    def claims_whole(self, page: Page) -> bool:
        """Whether every display formula of a page that states something is a claim."""
        return (read_front_matter(page.text, "").claims or self.settings.claims) == "all"

    def own(self, page: Page) -> Page:
        """A page as the site has it: with its snippets, without what another plugin runs."""
        text = page.text if page.notebook else self.expanded(page.text, page.shown)
        return self.as_shown(page, text)

    def as_shown(self, page: Page, text: str) -> Page:
        """A page with the cells that its text has, once others have written into it."""
        if not page.notebook and page.readable:
            page = with_inclusions(page, text, self.claims_whole(page))
        if not self.markdown_exec:
            return page
        return page._replace(cells=[cell for cell in page.cells if not cell.foreign])

    def expanded(self, text: str, shown: str) -> str:
        """A page's text with the docstrings and snippets that it asks for; `shown` names it."""
        try:
            text = with_docstrings(text, self.root)
        except DocstringError as error:
            raise PageError(shown, str(error), error.line) from None
        return text if self.snippets is None else expanded(text, self.snippets, shown)

    def macros(self, page: Page) -> Mapping[str, str]:
        """The macros of a page's formulas: the site's, and those that the page defines."""
        return {**self.settings.macros, **page.macros}


def find_project(*starts: Path) -> Project:
    """The project of the nearest configuration file in one of the folders or above it.

    Args:
        starts: folders to look from, one after the other; without a file, the last is the project.

    Raises:
        SettingsError: if the file's options for the plugin are not valid.
    """
    config = next(filter(None, map(find_config, starts)), None)
    return Project(starts[-1]) if config is None else read_project(config)


class _ConfigLoader(yaml.SafeLoader):
    """Reads a configuration without carrying out what its tags ask for."""


_ConfigLoader.add_multi_constructor("", lambda loader, suffix, node: None)
_ConfigLoader.add_constructor("!ENV", construct_env_tag)
_ConfigLoader.add_constructor("!relative", lambda loader, node: str(node.value))


class Configuration(NamedTuple):
    """What a site's configuration file says."""

    document: Mapping[str, Any]
    plugins: Mapping[str, Any]  # the options of each
    extensions: Mapping[str, Any]  # of Markdown, likewise


def read_configuration(config: Path) -> Configuration:
    """A configuration file, with what it inherits.

    Raises:
        SettingsError: if it cannot be read.
    """
    document = _document(config)
    named = (_named(document.get(key) or []) for key in ("plugins", "markdown_extensions"))
    return Configuration(document, *named)


def read_project(config: Path, read: Configuration | None = None) -> Project:
    """The project that a configuration file describes.

    Args:
        config: the file.
        read: what it says, if that was read by then.

    Raises:
        SettingsError: if it cannot be read, or its options for the plugin are not valid.
    """
    document, plugins, extensions = read or read_configuration(config)
    if "handout" not in plugins:
        return Project(config.parent, Settings(), config)
    docs = config.parent / str(document.get("docs_dir") or "docs")
    try:
        settings = read_settings(plugins["handout"] or {}, config.parent)
    except SettingsError as error:
        raise SettingsError(f"{config}: plugin handout: {error.plain}") from None
    snippets = None
    if "pymdownx.snippets" in extensions:
        snippets = snippet_folders(extensions["pymdownx.snippets"], config.parent, docs)
    return Project(
        config.parent,
        settings,
        config,
        docs,
        markdown_exec="markdown-exec" in plugins,
        snippets=snippets,
        templates=not TEMPLATES.isdisjoint(plugins),
        address=str(document.get("site_url") or ""),
    )


def _document(config: Path) -> dict[str, Any]:
    """A configuration on top of the one that it inherits from, as MkDocs has it."""
    if config.suffix == ".toml":
        return _toml(config)
    try:
        document = yaml.load(config.read_text("utf-8"), _ConfigLoader) or {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config}: {error}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{config}: a mapping of options was expected")
    parent = document.pop("INHERIT", None)
    if parent is None:
        return document
    return dict(mergedeep.merge(_document(config.parent / str(parent)), document))


def _toml(config: Path) -> dict[str, Any]:
    """The configuration of Zensical's own, with the names of extensions as Markdown has them."""
    import tomllib  # most sites have mkdocs.yml

    try:
        read = tomllib.loads(config.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{config}: {error}") from error
    document: dict[str, Any] = read.get("project", read)
    if isinstance(nested := document.get("markdown_extensions"), dict):
        document["markdown_extensions"] = dict(_joined(nested, ""))
    return document


#: Names of extensions that are tables of others in TOML.
_FAMILIES = ("pymdownx", "pymdownx.blocks", "zensical", "zensical.extensions")


def _joined(nested: Mapping[str, Any], family: str) -> Iterator[tuple[str, Any]]:
    for name, value in nested.items():
        whole = f"{family}.{name}" if family else name
        if whole in _FAMILIES and isinstance(value, dict):
            yield from _joined(value, whole)
        else:
            yield whole, value


def _named(listed: Any) -> dict[str, Any]:
    """The options of every plugin, from a list of names and mappings, or from one mapping."""
    if isinstance(listed, dict):
        return listed
    named: dict[str, Any] = {}
    for entry in listed if isinstance(listed, list) else []:
        named |= entry if isinstance(entry, dict) else {str(entry): None}
    return named
