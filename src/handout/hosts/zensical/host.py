"""Zensical as a host: it renders pages that are woven, again when their text has changed.

Zensical reads `mkdocs.yml`, or its own `zensical.toml`, and passes over plugins that it does not
know. So it gets a copy of the documents in which tokens stand for what cells give, and the Markdown
extension `handout` puts that in their place. The last line of a page names what belongs into it,
with another name for another content, so that Zensical's own cache holds for whatever has not
changed. The copy, and what is made of it, are kept in the cache; the site is published from there
by copying.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Container, Mapping
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import click

from handout.hosts.documents import Documents, File, HostError, log_to_terminal, tell
from handout.hosts.publishing import Finish, copy_changed, names_below
from handout.hosts.weaving_ahead import AheadSite
from handout.hosts.zensical.configuration import default_extensions, staged
from handout.hosts.zensical.inputs import Inputs
from handout.hosts.zensical.process import Renderer
from handout.math import fonts
from handout.project_file import find_config
from handout.run import page_server
from handout.run.cache import write_anew
from handout.run.digests import of_file
from handout.run.file_watching import snapshot
from handout.settings import SettingsError

#: Beside the configuration, while Zensical runs: paths in it mean what they mean there.
CONFIGURATION = ".handout-zensical.yml"
_ZENSICAL = (sys.executable, "-m", "zensical")
_PAUSE = 0.05  # seconds between two looks at what is served
_RAISED = re.compile(r"Python error: (?:\w+: )?(.+)")  # with a traceback behind
_PROGRESS = re.compile(r"^(Build started|No issues found)$", re.MULTILINE)
_IN_TEMPLATE = re.compile(r"\(in [^)]+\.html:\d+\)")
_MINIJINJA = (
    "; Zensical fills in templates by MiniJinja, which lacks parts of Jinja that a theme other "
    "than Material's, or a template of your own, may use"
)
_DOCUMENTED = re.compile(r"^ *::: ", re.MULTILINE)  # as mkdocstrings and mkdocs-click have it
_OWN_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]*)assets/stylesheets/')

log = logging.getLogger("handout")


class ZensicalSite:
    """A site that Zensical builds.

    Raises:
        HostError: Zensical is not there, or the site has what it cannot read.
        SettingsError: the configuration cannot be read.
    """

    def __init__(self, config: Path) -> None:
        if find_spec("zensical") is None:
            raise HostError("Zensical is not installed: pip install zensical")
        self.documents = Documents(config)
        self.root = self.documents.root
        self.stage = self.root / ".cache" / "handout" / "zensical"
        self.folder = self.root / str(self.documents.document.get("site_dir") or "site")
        self.configuration = self.root / CONFIGURATION

    @property
    def warnings(self) -> int:
        """How many things were found that fail a strict build."""
        return self.documents.warnings

    def build(self, strict: bool) -> AheadSite:
        """Weave, render and publish; the site has the problems, which are told by then.

        Raises:
            HostError: Zensical ended without a site.
        """
        with Renderer() as renderer:
            site = self._site()
            try:
                docs = self.stage / "docs"
                written = self._write(site)
                self._remove({docs / name for name in names_below(docs)} - written)
                self.configuration.write_text(staged(self.documents, self.stage, site), "utf-8")
                self._render(site, renderer, strict)
                self._publish(site)
                site.write(self.folder)
                site.close()
            finally:
                self.configuration.unlink(missing_ok=True)
                site.end()
                site.engine.close()
        site.forget()
        return site

    def _render(self, site: AheadSite, renderer: Renderer, strict: bool) -> None:
        """Have Zensical make the site of what was written; meanwhile, weave what is left of it."""
        inputs = Inputs(self.documents, self.configuration, self.stage)
        begun = site.is_ahead or not inputs.made()
        if begun:
            renderer.begin(self.configuration, strict)
        for _ in site.rest(self.documents.files):
            renderer.tell()
        renderer.tell(last=True)
        site.report()
        self._tell_ignored()
        built = renderer.wait(site.seen) if begun else None
        site.see_to_rest()
        if self._copy(dict(self.documents.others())):  # cells have written what pages may show
            inputs = Inputs(self.documents, self.configuration, self.stage)
            renderer.begin(self.configuration, strict)
            renderer.tell(last=True)
            built = renderer.wait(site.seen)
        if built is not None and self._is_faultless(*built):
            inputs.note()

    def serve(self, address: str | None = None) -> None:
        """Have Zensical serve the site; weave again what changes, until Ctrl-C or its end.

        Args:
            address: `HOST:PORT`, if not what the configuration says.

        Raises:
            HostError: Zensical ended by itself.
        """
        self.stage = self.stage.with_name("zensical-served")  # apart from what is built meanwhile
        self.configuration = self.root / f".handout-served{os.getpid()}.yml"
        server: subprocess.Popen[bytes] | None = None
        woven: set[Path] = set()
        try:
            while True:
                seen = snapshot(self._watched())  # before, so that an edit meanwhile is not missed
                read: set[Path] = set()
                try:
                    woven, read = self._weave_to_serve(woven)
                except (HostError, SettingsError) as error:
                    log.warning("%s", error)  # what is refused now may be right after an edit
                if server is None and woven:
                    command = [*_ZENSICAL, "serve", "--config-file", str(self.configuration)]
                    command += ["--dev-addr", address] if address else []
                    server = subprocess.Popen(command, cwd=self.root)
                seen = {**snapshot(read), **seen}
                while snapshot(seen) == seen:
                    time.sleep(_PAUSE)
                    if server is not None and server.poll() is not None:
                        raise HostError("Zensical has ended", built=True)
        finally:
            if server is not None:
                server.terminate()
                server.wait()
            self.configuration.unlink(missing_ok=True)

    def _watched(self) -> set[Path]:
        """What makes a site another: its configuration, its documents, and their folders."""
        docs = self.documents.docs
        return {self.documents.config, docs, *docs.rglob("*")}

    def _weave_to_serve(self, earlier: set[Path]) -> tuple[set[Path], set[Path]]:
        """Weave all that changed; the documents that were written, and what their cells read."""
        self.documents = Documents(self.documents.config)
        self.__dict__.pop("_sources", None)
        site = self._site(serving=True)
        try:
            woven = self._write(site)
            site.report()
            site.write(self.stage / "docs", live=not earlier)
            write_anew(self.configuration, staged(self.documents, self.stage, site).encode())
            self._remove(earlier - woven)
            read = site.engine.reads()
            site.close()
        finally:
            site.end()
            site.engine.close()
        return woven, read

    def _tell_ignored(self) -> None:
        """Say which plugins Zensical passes over, as far as it says which it knows."""
        names = {name.removeprefix("material/") for name in self.documents.plugins}
        if not (others := names - {"handout", "mkdocs-jupyter", "search"}):
            return
        from zensical import config  # takes a while

        known = getattr(config, "_PLUGIN_UNSUPPORTED_OPTIONS", None)
        if ignored := sorted(others.difference(known)) if known else []:
            log.info(
                "%s: Zensical ignores plugins: %s", self.documents.config.name, ", ".join(ignored)
            )

    def _site(self, serving: bool = False) -> AheadSite:
        extensions = self.documents.extensions or default_extensions()
        return AheadSite(
            self.documents.project,
            self.documents.docs,
            log,
            serving=serving,
            typesetter=self.documents.typesetter,
            folder=self.stage / "woven",
            extensions=extensions,
            resolving=True,
        )

    def _write(self, site: AheadSite) -> set[Path]:
        """Write the documents with tokens, and leave what did not change as it is; where all is.

        A site that is served is woven before; of any other, `AheadSite.rest` has to be woven yet.
        """
        self.documents.find()
        files = self.documents.files
        site.start(files.values())
        site.reading_order = [name for name in self.documents.navigation() if name in files]
        docs = self.stage / "docs"
        others = dict(self.documents.others())
        self._copy(others)
        wanted = {docs / name for name in others}
        weave, pages = site.ahead, list(files.values())
        if site.serving:
            weave, pages = site.woven, site.ready_first(pages)
        for file in pages:
            target = docs / file.woven_uri
            if target in wanted:
                raise HostError(f"{file.src_uri}: two pages would have one address")
            wanted.add(target)
            documented = _documents(site.pages[file.src_uri].text)
            text = weave(file, files, self._sources if documented else "")
            write_anew(target, text.encode("utf-8", "replace"))
        return wanted

    def _copy(self, others: Mapping[str, Path]) -> bool:
        """Copy what stands beside the pages; whether any of it was another before."""
        return copy_changed(others, self.stage / "docs", self.stage / "copied.json")

    def _remove(self, files: set[Path]) -> None:
        """Remove documents that are no more."""
        for file in files:
            if file.is_file():
                file.unlink()

    @cached_property
    def _sources(self) -> str:
        """What changes with the modules that API pages document: Zensical sees the page alone."""
        handlers = (self.documents.plugins.get("mkdocstrings") or {}).get("handlers") or {}
        paths = (handlers.get("python") or {}).get("paths") or ["."]
        found = hashlib.sha256()
        for path in paths:
            for folder, inner, names in os.walk(self.root / str(path)):
                inner[:] = sorted(name for name in inner if name[0] not in "._")
                for name in sorted(name for name in names if name.endswith(".py")):
                    file = Path(folder, name)
                    found.update(f"{file} {of_file(str(file))}\n".encode())
        return found.hexdigest()

    def _is_faultless(self, built: bool, said: str) -> bool:
        """Whether Zensical had nothing to say against the site; if it had, that is told.

        Raises:
            HostError: it has not built the site.
        """
        if not built:
            raised = _RAISED.search(said)
            reason = raised[1] if raised else _PROGRESS.sub("", said).strip()
            if _IN_TEMPLATE.search(reason):
                reason += _MINIJINJA
            raise HostError(f"Zensical could not build the site: {reason}", built=True)
        if "No issues found" in said:
            return True
        self.documents.warn(said)
        return False

    def _publish(self, site: AheadSite) -> None:
        """Copy what Zensical has made anew, and remove what an earlier build has left."""
        made = self.stage / "site"
        sources = {name: made / name for name in names_below(made)}
        finishing: dict[str, Finish] = {}
        for file in self.documents.files.values():
            if file.dest_uri not in sources:
                raise HostError(f"Zensical has made no page of {file.src_uri}", built=True)
            finishing[file.dest_uri] = Finish(partial(_finished, file=file), file.src_uri)
            text = site.pages[file.src_uri].text
            if "{{" in text or "{%" in text or _documents(text):  # Zensical alone fills them in
                site.font.note(sources[file.dest_uri].read_text("utf-8"))
        copy_changed(sources, self.folder, self.stage / "published.json", finishing)
        self._clean(sources)

    def _clean(self, published: Container[str]) -> None:
        """Remove what does not belong to the site, but for our files: not all are made anew."""
        for name in names_below(self.folder):
            if name not in published and not name.startswith(f"{fonts.FOLDER}/"):
                file = self.folder / name
                file.unlink()
                with contextlib.suppress(OSError):  # others are in the folder, or in one above
                    os.removedirs(file.parent)


def build(strict: bool) -> int:
    """Build the site of the working directory by Zensical, and answer as `build_site` does."""
    gc.freeze()  # what is loaded is no garbage, and looking for some in it takes a while
    try:
        host = _found()
        site = host.build(strict)
    except (HostError, SettingsError) as error:
        click.echo(f"handout: {error}", err=True)
        return 2 if isinstance(error, SettingsError) or not error.built else 1
    tell(host.folder)
    return 1 if site.problems.new or (strict and host.warnings) else 0


def serve(address: str | None) -> int:
    """Serve the site of the working directory by Zensical until Ctrl-C; the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what it began ends with it
    try:
        host = _found()
        host.serve(address)
    except (HostError, SettingsError) as error:
        click.echo(f"handout: {error}", err=True)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        page_server.end()
    return 0


def _found() -> ZensicalSite:
    log_to_terminal()
    config = find_config(Path.cwd())
    if config is None:
        raise HostError("neither mkdocs.yml nor zensical.toml is here")
    return ZensicalSite(config)


def _finished(page: bytes, file: File) -> bytes:
    """A page whose font is asked for at once, and whose button to edit leads to its author's."""
    html = page.decode()
    own = _OWN_STYLE.search(html)
    if "<math" in html:
        html = fonts.preloaded(html, f"{own[1] if own is not None else ''}{fonts.FILE}")
    if file.src_uri != file.woven_uri:
        woven, written = PurePosixPath(file.woven_uri).name, PurePosixPath(file.src_uri).name
        html = html.replace(f'/{woven}"', f'/{written}"')
    return html.encode()


def _documents(text: str) -> bool:
    """Whether a page shows the documentation of code."""
    return "::: " in text and _DOCUMENTED.search(text) is not None
