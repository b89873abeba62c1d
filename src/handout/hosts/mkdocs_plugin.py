"""The plugin for MkDocs and ProperDocs: its events, handed on to the engine."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.config import config_options as option
from mkdocs.config.base import Config, ConfigErrors, ConfigWarnings
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Link, Navigation, Section
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils import get_relative_url

if TYPE_CHECKING:
    from mkdocs.livereload import LiveReloadServer

    from handout.hosts.site import Site  # at run time, loaded beside what pages need

from handout.math import fonts
from handout.run import page_server
from handout.run.process.limits import unlimited
from handout.settings import TEMPLATES, Project, Settings, SettingsError, read_settings
from handout.weave.searched import searched

log = logging.getLogger("mkdocs.plugins.handout")

_DEFAULT = Settings()
_JUPYTER = "mkdocs-jupyter"


class HandoutConfig(Config):
    """The plugin's options, as the host reads them; `handout.settings` says what each means."""

    cache = option.Type(str, default=_DEFAULT.cache)
    jobs = option.Type(int, default=_DEFAULT.jobs)
    timeout = option.Type((int, float), default=_DEFAULT.timeout)
    cpu = option.Type(int, default=_DEFAULT.cpu)
    memory = option.Type(int, default=_DEFAULT.memory)
    output = option.Type(int, default=_DEFAULT.output)
    files = option.Type(int, default=_DEFAULT.files)
    processes = option.Type(int, default=_DEFAULT.processes)
    reads = option.Type(list, default=[])
    macros = option.Type((dict, str), default={})
    claims = option.Type(str, default=_DEFAULT.claims)
    coverage = option.Type((int, float), default=_DEFAULT.coverage)
    strict = option.Type(bool, default=_DEFAULT.strict)
    mathml = option.Type((bool, str), default=_DEFAULT.mathml)
    baseline = option.Type(str, default=_DEFAULT.baseline)
    live = option.Type((bool, str), default=_DEFAULT.live)
    live_packages = option.Type(list, default=[])
    host = option.Type(str, default=_DEFAULT.host)


class NotebookFile(File):
    """A notebook that is a page like others; the Markdown that is woven of it is its content."""

    _woven = ""

    def is_documentation_page(self) -> bool:
        """It is, though it does not end as Markdown does."""
        return True

    @property
    def content_string(self) -> str:
        """What is rendered; the author's file is still where links and git look for it."""
        return self._woven

    @content_string.setter
    def content_string(self, value: str) -> None:
        self._woven = value


class HandoutPlugin(BasePlugin[HandoutConfig]):
    """Runs the cells of every page, and shows and reports the verdicts."""

    server: LiveReloadServer | None = None  # of `mkdocs serve`
    dirty = False
    drafts = False

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Stay the same plugin for as long as the command runs, however often it builds."""
        gc.freeze()  # what is loaded is no garbage, and looking for some in it takes a while
        self.watched: set[Path] = set()
        self.dirty = dirty
        self.drafts = command == "serve"  # which shows drafts as well
        if missing := unlimited():
            log.info(missing)  # no warning: a strict build must not fail for it

    def on_shutdown(self) -> None:
        """End the processes that run pages."""
        page_server.end()

    def load_config(
        self, options: dict[str, Any], config_file_path: str | None = None
    ) -> tuple[ConfigErrors, ConfigWarnings]:
        """Validate the options; an unknown one is an error. Begin to load what pages need."""
        errors, warnings = super().load_config(options, config_file_path)
        try:
            page_server.prepare(_project(config_file_path, options))
        except SettingsError as error:
            return [*errors, ("handout", error)], []
        return errors, warnings

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Name our style and script to the theme; keep Markdown's patterns away from tokens."""
        config.extra_css.append(f"{fonts.FOLDER}/handout.css")
        config.extra_javascript.append(f"{fonts.FOLDER}/handout.js")
        if "handout" not in config.markdown_extensions:
            config.markdown_extensions.append("handout")
        config.mdx_configs["handout"] = {"rendering": self._overlooked}
        arithmatex = "pymdownx.arithmatex"
        if self.config.mathml is True and arithmatex in config.markdown_extensions:
            # Its default wraps formulas in scripts for MathJax 2, in which nothing finds them.
            config.mdx_configs[arithmatex] = {
                **(config.mdx_configs.get(arithmatex) or {}),
                "generic": True,
            }
        if self.config.live:
            self._enliven(config)
        return config

    def _enliven(self, config: MkDocsConfig) -> None:
        """Name the style and script of live pages to the theme, if the runtime is there."""
        from handout.live.site import FOLDER, live_site  # not loaded where nothing is live

        live, note = live_site(self._project(config))
        if live is not None:
            config.extra_css.append(f"{FOLDER}/live.css")
            config.extra_javascript.append(f"{FOLDER}/live.js")
        elif note:
            log.info(note)  # no warning, unless `live: required` makes it one

    @event_priority(-50)  # after the plugins that add, drop and generate pages
    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Begin another build."""
        from handout.hosts.site import Site

        scripts = " ".join(map(str, config.extra_javascript)).lower()
        try:
            self.site = Site(
                self._project(config),
                Path(config.docs_dir),
                log,
                serving=self.drafts,
                dirty=self.dirty,
                typesetter="mathjax" in scripts or "katex" in scripts,
                jupyter=_JUPYTER in config.plugins,
                earlier=self._earlier(config),
            )
        except SettingsError as error:
            raise PluginError(f"handout: {error}") from None
        for file in self.site.unusable(files):
            files.remove(file)
        return files if self.site.jupyter else Files([_page_of_notebook(f, config) for f in files])

    def _earlier(self, config: MkDocsConfig) -> Site | None:
        """The build that wrote what is in the folder; a build of its own has emptied it by now."""
        continued = not self.dirty and Path(config.site_dir, "verdicts.json").is_file()
        return getattr(self, "site", None) if continued else None

    @event_priority(-100)  # after the blog, which takes its posts away until now
    def on_nav(self, nav: Navigation, /, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Start running the cells of every page; learn in which order the pages are read."""
        self.files = files
        wanted = InclusionLevel.is_in_serve if self.drafts else InclusionLevel.is_included
        pages = files.documentation_pages(inclusion=wanted)
        self.site.start(pages)
        for file in pages:
            if isinstance(file, NotebookFile):
                file.content_string = self.site.as_markdown(file.src_uri)
        self.site.mind_copied(file for file in files if not file.is_documentation_page())
        self.site.reading_order = [page.file.src_uri for page in nav.pages]
        _put_in_words(nav.items, self.site.plain)
        return nav

    @event_priority(50)  # before mkdocs-jupyter looks at the file
    def _before_jupyter(self, page: SitePage, /, *, config: MkDocsConfig, files: Files) -> SitePage:
        """Show a copy of a notebook with our tokens in place of the file that its author keeps."""
        copy = self.site.rendered_copy(page.file.src_uri)
        self.original = page.file.abs_src_path
        if copy is not None:
            page.file.abs_src_path = str(copy)
        return page

    @event_priority(-50)  # after mkdocs-jupyter has said how it renders
    def _after_jupyter(self, page: SitePage, /, *, config: MkDocsConfig, files: Files) -> SitePage:
        """Let other plugins see the author's file, of which git and links know, not the copy."""
        original, copy, render = self.original, page.file.abs_src_path, page.render
        if copy != original:

            def rendered(config: MkDocsConfig, files: Files) -> None:
                page.file.abs_src_path = copy
                render(config, files)
                page.file.abs_src_path = original

            page.file.abs_src_path = original
            page.render = rendered  # type: ignore[method-assign]  # as mkdocs-jupyter does itself
        return page

    on_pre_page = CombinedEvent(_before_jupyter, _after_jupyter)

    @event_priority(-75)  # after the plugins that write into the text
    def on_page_markdown(
        self, markdown: str, /, *, page: SitePage, config: MkDocsConfig, files: Files
    ) -> str:
        """Put tokens in the place of what cells give; make known what they have written."""
        for name in ("title", "description"):  # which tabs of a browser and machines show
            if isinstance(text := page.meta.get(name), str):
                page.meta[name] = self.site.plain(text)
        self.rendering = page.file.src_uri
        for name in self.site.written(page.file.src_uri, markdown, files.get_file_from_path):
            files.append(File(name, config.docs_dir, config.site_dir, config.use_directory_urls))
        return self.site.with_tokens(markdown, page.file.src_uri)

    def _overlooked(self, text: str) -> None:
        self.site.overlooked(self.rendering, text)

    @event_priority(50)  # before the plugins that collect pages, as for printing
    def on_page_content(
        self, html: str, /, *, page: SitePage, config: MkDocsConfig, files: Files
    ) -> str:
        """Put outputs, cards and formulas in the place of tokens, before other plugins look."""
        if page.title:
            page.title = self.site.plain(page.title)
        ours = self.on_page_content
        others = [event for event in config.plugins.events["page_content"] if event != ours]
        html = self.site.filled(html, page.file, wait=bool(others))
        return self.site.linked(html, page.file, files, early=True) if others else html

    def on_env(self, env: Any, /, *, config: MkDocsConfig, files: Files) -> Any:
        """Let the font of a new site be made while its pages, rendered by now, are written."""
        _spare_search(config)
        if self.site.first:
            for file in files.documentation_pages():
                if file.page is not None:
                    file.page.content = self.site.linked(file.page.content or "", file, files)
            self.site.font.begin()
        return env

    @event_priority(50)  # before the plugins that index what a page shows
    def _link_verdicts(
        self, context: Any, /, *, page: SitePage, config: MkDocsConfig, nav: Any
    ) -> Any:
        """Link the verdicts of other pages; by now most pages have run, and some still may."""
        page.content = self.site.linked(page.content or "", page.file, self.files)
        self.site.typeset(page.toc, page.file.src_uri)
        return context

    @event_priority(-150)  # after the blog has rendered what its lists show of posts
    def _fill_excerpts(
        self, context: Any, /, *, page: SitePage, config: MkDocsConfig, nav: Any
    ) -> Any:
        """Show in a list of posts what their pages show."""
        for excerpt in context.get("posts") or ():
            excerpt.content = self.site.excerpt(excerpt.content, excerpt.file, self.files)
            self.site.typeset(excerpt.toc, excerpt.file.src_uri)
        return context

    on_page_context = CombinedEvent(_link_verdicts, _fill_excerpts)

    def on_post_page(self, output: str, /, *, page: SitePage, config: MkDocsConfig) -> str:
        """Let formulas find their font when they are first laid out."""
        if page.file.src_uri not in self.site.with_formulas:
            return output
        return fonts.preloaded(output, get_relative_url(fonts.FILE, page.url))

    @event_priority(100)  # before the plugins that build again, as for another language
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write `verdicts.json`, and report what is not as expected."""
        self.site.finish(Path(config.site_dir))
        self._watch(Path(config.docs_dir))
        count = len(self.site.problems.new)
        if not count:
            return
        told = (
            "handout: 1 problem, told above"
            if count == 1
            else f"handout: {count} problems, told above"
        )
        if self.drafts:
            log.info("%s: a build would fail", told)
        elif self.config.strict:
            raise PluginError(f"{told}; `strict: false` makes them warnings")

    def on_build_error(self, *, error: Exception) -> None:
        """Leave the terminal as it was."""
        if hasattr(self, "site"):
            self.site.end()

    def on_serve(self, server: LiveReloadServer, /, *, config: MkDocsConfig, builder: Any) -> Any:
        """Rebuild when a file changes that a page has read."""
        self.server = server
        self._watch(Path(config.docs_dir))
        return server

    def _project(self, config: MkDocsConfig) -> Project:
        options = {name: self.config[name] for name in Settings._fields}
        project = _project(config.config_file_path, options)
        snippets = "pymdownx.snippets"
        return project._replace(
            markdown_exec="markdown-exec" in config.plugins,
            snippets=(config.mdx_configs.get(snippets) or {})
            if snippets in config.markdown_extensions
            else None,
            templates=not TEMPLATES.isdisjoint(config.plugins),
            address=config.site_url or "",
        )

    def _watch(self, docs: Path) -> None:
        """Watch the folders that pages read; the host itself watches its documents."""
        if self.server is not None:
            paths = self.site.engine.reads()
            read = {path if path.is_dir() else path.parent for path in paths}
            for folder in read - self.watched:
                self.watched.add(folder)
                if folder.is_dir() and not folder.is_relative_to(docs):
                    self.server.watch(str(folder), recursive=False)


def _page_of_notebook(file: File, config: MkDocsConfig) -> File:
    """A notebook among the documents as a page; any other file as it is."""
    own = file.src_dir == config.docs_dir and not file.inclusion.is_excluded()
    if not own or not file.src_uri.endswith(".ipynb"):
        return file
    return NotebookFile(
        file.src_uri,
        config.docs_dir,
        config.site_dir,
        config.use_directory_urls,
        inclusion=file.inclusion,
    )


def _put_in_words(entries: Iterable[StructureItem], plain: Callable[[str], str]) -> None:
    """Let sections and links of the navigation have titles as text; pages have none as yet."""
    for entry in entries:
        if isinstance(entry, Section | Link):
            entry.title = plain(entry.title)
        if isinstance(entry, Section):
            _put_in_words(entry.children, plain)


def _spare_search(config: MkDocsConfig) -> None:
    """Let the search of this build read less of each page, to the same effect."""
    search: Any = config.plugins.get("material/search") or config.plugins.get("search")
    index = getattr(search, "search_index", None)
    if index is None:
        return
    add = index.add_entry_from_context
    material = type(search).__module__.startswith("material.")

    def add_entry_from_context(page: SitePage) -> None:
        content = page.content
        page.content = searched(content or "", material=material)
        try:
            add(page)
        finally:
            page.content = content

    index.add_entry_from_context = add_entry_from_context


def _project(config_file: str | None, options: Mapping[str, Any]) -> Project:
    """The project of a configuration file; without one, that of the working directory."""
    root = (Path(config_file).parent if config_file else Path.cwd()).absolute()
    return Project(root, read_settings(options, root))
