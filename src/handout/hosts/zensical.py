"""Zensical as a host: pages are woven before it runs, and filled in after.

Zensical reads `mkdocs.yml`, passes over plugins that it does not know, and renders a page again
only when its text has changed. So it gets a copy of the documents in which tokens stand for what
cells give; what it makes of them is completed here, page by page, as it is for MkDocs, and
published by copying. A token is named by the text of its page, so that another verdict renders
nothing again. The copy, and what is made of it, are kept in the cache.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from posixpath import relpath
from typing import Any
from urllib.parse import urlparse

import yaml
from pathspec import GitIgnoreSpec

from handout.hosts.site import Site
from handout.live.site import FOLDER as LIVE
from handout.math import fonts
from handout.page.fences import front_matter
from handout.page.pages import MARKDOWN, documents
from handout.settings import Project, read_configuration, read_project
from handout.weave.extension import WOVEN
from handout.weave.pagemath import parts

#: Beside `mkdocs.yml`, while Zensical runs: paths in it mean what they mean there.
CONFIGURATION = ".handout-zensical.yml"
#: Stands for the `[[` of a badge, which Zensical would take for a link that leads nowhere.
_OPENING = "\ue000"
_BADGE = re.compile(r"\[\[(?=(?:verdicts?|claim|eq):|verdicts\]\])")
_RAISED = re.compile(r"RuntimeError: Python error: (?:\w+: )?(.+)")  # with a traceback behind
_DOCUMENTED = re.compile(r"^ *::: ", re.MULTILINE)  # as mkdocstrings and mkdocs-click have it
_SOURCES = re.compile(r"<!-- sources [0-9a-f]{16} -->\s*")
_OWN_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]*)assets/stylesheets/')
_ARTICLE = re.compile(r"(<article\b[^>]*>)(.*)(</article>)", re.DOTALL)
_TITLE = re.compile(r"(<title>)(.*?)(</title>)|(<meta\b[^>]*\bcontent=\")([^\"]*)(\")", re.DOTALL)

log = logging.getLogger("handout")


class HostError(ValueError):
    """A site that Zensical cannot build; the message says why, and the remedy.

    Args:
        message: what is wrong.
        built: whether Zensical ran at all, so that it is no wrong usage.
    """

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

    @property
    def dest_uri(self) -> str:
        """Its place in the site."""
        path = PurePosixPath(self.src_uri)
        if path.stem in ("index", "README"):
            return path.with_name("index.html").as_posix()
        if self.directories:
            return (path.with_suffix("") / "index.html").as_posix()
        return path.with_suffix(".html").as_posix()

    @property
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


class ZensicalSite:
    """One build of a site by Zensical.

    Raises:
        HostError: Zensical is not there, or the site has what it cannot read.
        SettingsError: the configuration cannot be read.
    """

    def __init__(self, config: Path) -> None:
        if find_spec("zensical") is None:
            raise HostError("Zensical is not installed: pip install zensical")
        self.config = config
        configuration = read_configuration(config)
        self.document, self.plugins = configuration.document, configuration.plugins
        self.project: Project = read_project(config)
        if self.project.docs is None:
            raise HostError(f"{config}: the site does not list the handout plugin")
        self.docs = self.project.docs
        self.root = config.parent
        self.stage = self.root / ".cache" / "handout" / "zensical"
        self.folder = self.root / str(self.document.get("site_dir") or "site")
        self.files = Files()
        self.warnings = 0

    def build(self, strict: bool) -> Site:
        """Weave, render, fill in and publish; the site has the problems.

        Raises:
            HostError: Zensical ended without a site.
        """
        scripts = " ".join(map(str, self.document.get("extra_javascript") or ())).lower()
        site = Site(
            self.project,
            self.docs,
            log,
            typesetter="mathjax" in scripts or "katex" in scripts,
            jupyter=False,
        )
        try:
            self._find_pages()
            site.start(self.files.values())
            site.reading_order = [name for name in self._navigation() if name in self.files]
            self._weave(site)
            self._render(site, strict)
            self._clean(self._publish(site))
            site.finish(self.folder)
        finally:
            site.end()
            site.engine.close()
        return site

    def _find_pages(self) -> None:
        """The pages of the site, but for those that `exclude_docs` or `draft_docs` leaves out."""
        patterns = [str(self.document.get(key) or "") for key in ("exclude_docs", "draft_docs")]
        left_out = GitIgnoreSpec.from_lines("\n".join(patterns).splitlines())
        directories = self.document.get("use_directory_urls", True) is not False
        self.left_out = left_out
        names = {file.relative_to(self.docs).as_posix(): file for file in documents(self.docs)}
        for name, file in sorted(names.items(), key=_place):
            if left_out.match_file(name):
                continue
            if not name.endswith((".md", ".ipynb")):
                raise HostError(f"{file}: Zensical reads pages that end in .md: rename it")
            self.files[name] = File(name, str(file), directories)

    def _navigation(self) -> Iterator[str]:
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
                self._warn(f"{self.config.name}: the navigation lists {name}, which is no page")
            yield name

    def _warn(self, message: str) -> None:
        self.warnings += 1
        log.warning("%s", message)

    def _weave(self, site: Site) -> None:
        """Write the documents with tokens, and leave what did not change as it is."""
        docs = self.stage / "docs"
        wanted: set[Path] = set()
        for source in sorted(self.docs.rglob("*")):
            name = source.relative_to(self.docs).as_posix()
            if source.is_file() and name not in self.files and not self.left_out.match_file(name):
                wanted.add(_copied(source, docs / name))
        for name in self.files:
            target = docs / PurePosixPath(name).with_suffix(".md")
            if target in wanted:
                raise HostError(f"{name}: two pages would have one address")
            wanted.add(target)
            _write(target, self._woven(site, name).encode("utf-8", "replace"))
        for file in [*docs.rglob("*")]:
            if file.is_file() and file not in wanted:
                file.unlink()

    def _woven(self, site: Site, name: str) -> str:
        page = site.pages[name]
        text = site.as_markdown(name)
        head = front_matter(text) if not page.notebook else ""
        woven = head + site.with_tokens(text[len(head) :], name)
        if _DOCUMENTED.search(woven):
            woven += f"\n\n<!-- sources {self._sources} -->\n"
        woven = re.sub(r"(\]\([^)\s#]+)\.ipynb(?=[)#])", self._notebook_link(name), woven)
        return _BADGE.sub(_OPENING, woven)

    @cached_property
    def _sources(self) -> str:
        """What changes with the modules that API pages document: Zensical sees the page alone."""
        handlers = (self.plugins.get("mkdocstrings") or {}).get("handlers") or {}
        paths = (handlers.get("python") or {}).get("paths") or ["."]
        found = hashlib.sha256()
        for path in paths:
            for folder, inner, names in os.walk(self.root / str(path)):
                inner[:] = sorted(name for name in inner if name[0] not in "._")
                for name in sorted(name for name in names if name.endswith(".py")):
                    file = Path(folder, name)
                    state = file.stat()
                    found.update(f"{file} {state.st_mtime_ns} {state.st_size}\n".encode())
        return found.hexdigest()[:16]

    def _notebook_link(self, name: str) -> Any:
        """Links to notebooks lead to the pages that are made of them."""
        folder = PurePosixPath(name).parent

        def linked(found: re.Match[str]) -> str:
            target = os.path.normpath(f"{folder}/{found[1].partition('(')[2]}.ipynb")
            return f"{found[1]}.md" if target in self.files else found[0]

        return linked

    def _render(self, site: Site, strict: bool) -> None:
        """Have Zensical build what was woven."""
        config = self.root / CONFIGURATION
        command = [sys.executable, "-m", "zensical", "build", "--config-file", str(config)]
        environment = {**os.environ, WOVEN: "1"}
        try:
            config.write_text(self._configuration(site), "utf-8")
            done = subprocess.run(
                [*command, *(["--strict"] if strict else [])],
                cwd=self.root,
                env=environment,
                capture_output=True,
                text=True,
            )
        finally:
            config.unlink(missing_ok=True)
        said = "\n".join(filter(None, (done.stdout.strip(), done.stderr.strip())))
        if done.returncode:
            raised = _RAISED.search(said)
            reason = raised[1] if raised else f"\n{said}"
            raise HostError(f"Zensical could not build the site: {reason}", built=True)
        if "No issues found" not in said:
            self._warn(said)

    def _configuration(self, site: Site) -> str:
        """The site's configuration, with the woven documents in the place of the author's.

        It is changed as a tree of nodes, so that tags which only Zensical can read stay.
        """
        root = yaml.compose(self.config.read_text("utf-8"), Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise HostError(f"{self.config}: a mapping of options was expected")
        places = {"$config_dir": str(self.root), "$docs_dir": str(self.stage / "docs")}
        _resolve(root, places)
        docs = (self.stage / "docs").relative_to(self.root).as_posix()
        changed = {
            "docs_dir": docs,
            "site_dir": (self.stage / "site").relative_to(self.root).as_posix(),
        }
        if "edit_uri" not in self.document:
            changed["edit_uri"] = self._edit_uri()
        kept = [(key, value) for key, value in root.value if key.value not in changed]
        root.value = [*kept, *((_string(k), _string(v)) for k, v in changed.items() if v)]
        for key, value in kept:
            if key.value == "nav":
                _navigation(value, self.files, site.plain)
            elif key.value == "theme" and isinstance(value, yaml.MappingNode):
                _default(value, "variant", "classic")  # the look of Material
        return str(yaml.serialize(root, allow_unicode=True))

    def _edit_uri(self) -> str:
        """Where a repository shows the author's file, as MkDocs and Zensical guess it."""
        docs = self.docs.relative_to(self.root).as_posix()
        host = urlparse(str(self.document.get("repo_url") or "")).hostname
        known = {
            "github.com": f"edit/master/{docs}/",
            "gitlab.com": f"edit/master/{docs}/",
            "bitbucket.org": f"src/default/{docs}/",
        }
        return known.get(host or "", "")

    def _publish(self, site: Site) -> set[Path]:
        """Copy what Zensical has made, with its pages completed; the files that were written."""
        made = self.stage / "site"
        pages = {file.dest_uri: file for file in self.files.values()}
        written: set[Path] = set()
        for source in sorted(made.rglob("*")):
            if not source.is_file():
                continue
            name = source.relative_to(made).as_posix()
            target = self.folder / name
            written.add(target)
            if name.endswith(".html"):
                html = source.read_text("utf-8").replace(_OPENING, "[[")
                if name in pages:
                    html = self._completed(html, pages[name], site)
                _write(target, self._with_assets(html, site, pages.get(name)).encode())
            elif name == "search.json":
                text = source.read_text("utf-8").replace(_OPENING, "[[")
                _write(target, self._searchable(text, site).encode())
            else:
                _copied(source, target)
        if lost := [name for name in pages if self.folder / name not in written]:
            raise HostError(f"Zensical has made no page of {pages[lost[0]].src_uri}", built=True)
        return written

    def _completed(self, html: str, file: File, site: Site) -> str:
        """A page as its readers see it."""
        article = _ARTICLE.search(html)
        if article is None:
            raise HostError(f"{file.src_uri}: the page has no <article>, where its text would be")
        inside = site.filled(_SOURCES.sub("", article[2]), file, wait=True)
        inside = site.linked(inside, file, self.files)
        before = self._around(html[: article.start(2)], site)
        after = self._around(html[article.end(2) :], site)
        if file.src_uri.endswith(".ipynb"):  # the button to edit leads to what is the author's
            stem = PurePosixPath(file.src_uri).stem
            before = before.replace(f'/{stem}.md"', f'/{stem}.ipynb"')
            inside = inside.replace(f'/{stem}.md"', f'/{stem}.ipynb"')
        return before + inside + after

    def _with_assets(self, html: str, site: Site, file: File | None) -> str:
        """Any page of the site with our styles and scripts, found where Zensical's own are."""
        own = _OWN_STYLE.search(html)
        base = own[1] if own is not None else ""
        styles = [f"{fonts.FOLDER}/handout.css"]
        scripts = [f"{fonts.FOLDER}/handout.js"]
        if site.live is not None:
            styles.append(f"{LIVE}/live.css")
            scripts.append(f"{LIVE}/live.js")
        links = "".join(f'<link rel="stylesheet" href="{base}{name}">' for name in styles)
        loads = "".join(f'<script src="{base}{name}"></script>' for name in scripts)
        html = html.replace("</head>", f"{links}</head>", 1).replace(
            "</body>", f"{loads}</body>", 1
        )
        if file is not None and file.src_uri in site.with_formulas:
            html = fonts.preloaded(html, f"{base}{fonts.FILE}")
        return html

    def _around(self, html: str, site: Site) -> str:
        """Titles in the head as text, those in navigation and contents with their formulas set."""
        html = _TITLE.sub(
            lambda found: "".join(
                site.plain(group) if number in (1, 4) else group or ""
                for number, group in enumerate(found.groups(""))
            ),
            html,
        )
        if r"\(" not in html:
            return html
        return "".join(part if literal else site.set_titles(part) for part, literal in parts(html))

    def _searchable(self, text: str, site: Site) -> str:
        """The search index with formulas and badges in words."""
        pages = {file.url.removeprefix("./"): file.src_uri for file in self.files.values()}
        index = json.loads(text)
        for entry in index["items"]:
            name = pages.get(entry["location"].partition("#")[0], "")
            for key in ("title", "text"):
                entry[key] = site.searchable(entry[key], name)
            entry["path"] = [site.searchable(title, name) for title in entry["path"]]
        return json.dumps(index, ensure_ascii=False)

    def _clean(self, kept: set[Path]) -> None:
        """Remove what an earlier build has left, but for our files: not all are made anew."""
        own = self.folder / fonts.FOLDER
        for file in sorted(self.folder.rglob("*"), reverse=True):
            if file.is_file() and file not in kept and not file.is_relative_to(own):
                file.unlink()
            elif file.is_dir() and not any(file.iterdir()):
                file.rmdir()


def _place(entry: tuple[str, Path]) -> list[tuple[bool, bool, str]]:
    """Sorts pages as MkDocs does: the index first, then other files, then folders."""
    *folders, name = PurePosixPath(entry[0]).parts
    index = PurePosixPath(name).stem in ("index", "README")
    return [*((True, False, folder) for folder in folders), (False, not index, name)]


def _resolve(node: yaml.Node, places: Mapping[str, str]) -> None:
    """Write `!relative` paths out, which Zensical does not read."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "!relative":
        start = node.value.partition("/")[0]
        node.value = places.get(start, start) + node.value[len(start) :]
        node.tag = "tag:yaml.org,2002:str"
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _resolve(value, places)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _resolve(key, places)
            _resolve(value, places)


def _navigation(node: yaml.Node, files: Mapping[str, File], plain: Callable[[str], str]) -> None:
    """Let the navigation name the pages that are made of notebooks, and have titles as text."""
    if isinstance(node, yaml.ScalarNode) and node.value in files:
        node.value = PurePosixPath(node.value).with_suffix(".md").as_posix()
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _navigation(value, files, plain)
    elif isinstance(node, yaml.MappingNode):
        for title, value in node.value:
            title.value = plain(title.value)
            _navigation(value, files, plain)


def _default(node: yaml.MappingNode, name: str, value: str) -> None:
    """Set an option that the author has not set."""
    if all(key.value != name for key, _ in node.value):
        node.value.append((_string(name), _string(value)))


def _string(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)


def _write(file: Path, data: bytes) -> None:
    """Write a file unless it holds that already: one that is written anew is rendered anew."""
    try:
        if file.read_bytes() == data:
            return
    except OSError:
        file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _copied(source: Path, target: Path) -> Path:
    """Copy a file unless the copy is as new and as large; where the copy is."""
    there, here = source.stat(), target.stat() if target.is_file() else None
    if here is None or (here.st_size, here.st_mtime_ns) != (there.st_size, there.st_mtime_ns):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    return target
