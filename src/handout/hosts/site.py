"""One build of a site: which pages run, what is put into them, what is reported.

Knows the host's files by three attributes (`src_uri`, `abs_src_path`, `content_string`) and nothing
else of it.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from logging import Logger
from pathlib import Path, PurePosixPath
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from handout.engine import Engine, open_page
from handout.hosts import overlooked
from handout.hosts.site_files import SiteFiles
from handout.hosts.site_font import SiteFont
from handout.hosts.site_problems import SiteProblems
from handout.hosts.unusable_files import forget_links, is_text, looping_link
from handout.judge.verdicts import JudgedPage, Result
from handout.page.cut_values import cut_front_matter, cut_values
from handout.page.dollars import doubtful_dollars
from handout.page.fences import read_text
from handout.page.pages import MARKDOWN, Page, PageError, make_page, shown_path, unreadable_page
from handout.page.problems import Problem
from handout.page.references import references
from handout.render.head import download
from handout.report.problems import coverage_problems, order_problems, problems
from handout.run.cache import PAGES, Cache, write
from handout.run.digests import digest
from handout.run.kept import kept
from handout.run.runner import Progress
from handout.settings import Project
from handout.weave import pagemath
from handout.weave.inject import InjectionError, given, token, with_tokens
from handout.weave.mentions import (
    Mention,
    Verdicts,
    borrowed_badges,
    mention,
    needs_other_pages,
    with_mentions,
    without_mentions,
)
from handout.weave.notebook_links import resolved
from handout.weave.woven import Woven, completed, weave

if TYPE_CHECKING:
    from handout.live.site import LiveSite

_LOCAL_LINK = re.compile(r"\]\(<?([\w%./ -]+\.\w+)")
_PATIENCE = 60  # seconds that a build takes, and the host to see what it has written


class Site:
    """The pages of one build.

    Args:
        project: its folder and settings.
        docs: the folder of its pages.
        log: where problems and notes are said, one line each.
        serving: whether the site is served while it is written; problems are no warnings then,
            which could end the server.
        dirty: whether pages that did not change are left as the build before has made them.
        typesetter: whether the site loads MathJax or KaTeX.
        jupyter: whether mkdocs-jupyter renders notebooks; if not, they are pages like others.
        earlier: another build into the same folder, as of another language, whose verdicts stay.

    Raises:
        SettingsError: the file of known problems cannot be read.
    """

    def __init__(
        self,
        project: Project,
        docs: Path,
        log: Logger,
        *,
        serving: bool = False,
        dirty: bool = False,
        typesetter: bool = False,
        jupyter: bool = True,
        earlier: Site | None = None,
    ) -> None:
        self.dirty = dirty
        self.project = project
        self.first = not project.cache.is_dir()  # no build was here before, and made the font
        self.docs = docs
        self.log = log
        self.serving = serving
        self.typesetter = typesetter
        self.jupyter = jupyter
        self.earlier = earlier
        self.judged: list[JudgedPage] = []  # all that the folder holds, once the build is finished
        self.warn = log.warning
        self.problems: SiteProblems = SiteProblems(
            log, serving, project.baseline, None if earlier is None else earlier.problems
        )
        self._cells_done: Progress | None = None
        self._ending = contextlib.ExitStack()
        self.cache = Cache(project.cache, project.root, log.info, _PATIENCE if serving else 0)
        outdated = _outdated if serving else None  # then the host builds again
        self.engine = Engine(project, self.cache, progress=self._advance, outdated=outdated)
        self.pages: dict[str, Page] = {}
        self.reading_order: list[str] = []  # names of pages, as the navigation has them
        self.font = SiteFont(project.cache)
        self.with_formulas: set[str] = set()  # names of pages
        self._later: set[str] = set()  # pages that were rendered before their cells had run
        self._unsettled: set[str] = set()  # pages into which other plugins have still to write
        self._resolved: set[str] = set()  # notebooks whose links lead to addresses by now
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self.live: LiveSite | None = None
        self.note = ""
        if project.settings.live:
            from handout.live.site import live_site  # not loaded where nothing is live

            self.live, self.note = live_site(project)
        if self.note and project.settings.live == "required":
            log.warning(self.note)
        self.files = SiteFiles(project, docs, self.live)

    def start(self, pages: Iterable[Any]) -> None:
        """Read the pages and start running their cells; say on a page that it cannot be read."""
        for file in pages:
            if not file.src_uri.endswith((*MARKDOWN, ".ipynb")):
                self._mind_script(file)
                continue
            self.files.urls[file.src_uri] = file.url
            try:
                page = self.pages[file.src_uri] = self._read(file)
                if not self.cache.knows_text(page.digest):
                    self.engine.expect(page)
            except PageError as error:
                page = unreadable_page(Path(file.abs_src_path), file.src_uri, error)
                self.pages[file.src_uri] = page
                file.content_string = _unreadable(page)
        if self.project.templates:
            self._unsettled = {name for name, page in self.pages.items() if "{" in page.text}
        if sys.stderr.isatty():
            from handout.report.terminal import progress  # rich takes a while to load

            self._cells_done = self._ending.enter_context(
                progress(list(self.pages.values()), sys.stderr)
            )
        self.engine.start(self.pages.values())
        with_formulas = any("$" in page.text or "\\" in page.text for page in self.pages.values())
        if self.first and with_formulas and self.project.settings.mathml is not False:
            self.font.prepare()

    def _advance(self, page: Page, cells: int) -> None:
        if self._cells_done is not None:
            self._cells_done(page, cells)

    def end(self) -> None:
        """Leave the terminal and the system as they were, whatever became of the build."""
        self._ending.close()
        self.font.wait()

    def _read(self, file: Any) -> Page:
        """A page of the site; one that a plugin generated has text, and no file."""
        name, claims = file.src_uri, self.project.settings.claims
        if _generated(file, self.docs) and not name.endswith(".ipynb"):
            page = make_page(self.docs / name, name, file.content_string, self.cache, claims)
        else:
            page = open_page(Path(file.abs_src_path), name, self.cache, claims)
        return self.project.own(page)

    def unusable(self, pages: Iterable[Any]) -> list[Any]:
        """The files that no site can have, of which is said why.

        They are seen again through a link to a folder that holds the link; or their names are bytes
        that are no text, so that no address leads to them.
        """
        forget_links()
        found = {file: loop for file in pages if (loop := looping_link(file.abs_src_path))}
        for loop in sorted(set(found.values())):
            self.warn(f"{shown_path(Path(loop))}: links to a folder that holds it; left out [H101]")
        nameless = [file for file in pages if file not in found and not is_text(file.src_uri)]
        for file in nameless:
            message = "the name of this file is not UTF-8, so no address leads to it: rename it"
            self.problems.tell(Problem(f"{self.docs.name}/{file.src_uri}", 1, message, code="H101"))
        return [*found, *nameless]

    def _mind_script(self, file: Any) -> None:
        """Say which claims and cells stand in a script that mkdocs-jupyter shows as a notebook."""
        shown = shown_path(self.docs / file.src_uri)
        whole = self.project.settings.claims == "all"
        for problem in overlooked.in_script(Path(file.abs_src_path), shown, whole):
            self.problems.tell(problem)

    def mind_copied(self, copied: Iterable[Any]) -> None:
        """Say which notebooks would be pages, had not another plugin made them files to copy."""
        for file in copied:
            if file.src_uri.endswith(".ipynb") and file.dest_uri.endswith(".html"):
                shown = shown_path(self.docs / file.src_uri)
                self.problems.tell(overlooked.in_copied_notebook(shown))

    def with_tokens(self, markdown: str, name: str) -> str:
        """A page's Markdown, ready to be rendered."""
        page = self.pages.get(name)
        if page is None or page.notebook or not page.readable:
            return markdown
        try:
            text = self.project.expanded(markdown, page.shown)
            shown = self.project.as_shown(page, text)
            self._unsettled.discard(name)
            if shown.digest != page.digest:
                for problem in overlooked.in_replaced_page(page, shown):
                    self.problems.tell(problem)
                self.pages[name] = page = shown
                self.engine.start([page])
            return with_tokens(text, page) if page.cells else markdown
        except PageError as error:
            self.problems.tell(Problem(page.shown, error.line, error.message, code="H101"))
        except InjectionError as error:
            self.problems.tell(error.problem)
        return markdown

    def overlooked(self, name: str, text: str) -> None:
        """Say which cells are still in a page's text when it is rendered: nothing has run them."""
        page = self.pages.get(name)
        if page is not None and page.readable:
            whole = self.project.claims_whole(page)
            for problem in overlooked.in_rendered_text(page, text, whole):
                self.problems.tell(problem)

    def written(self, name: str, markdown: str, find: Callable[[str], object | None]) -> list[str]:
        """Files to which a page links, and which its cells have only now made; waits for them.

        Args:
            name: of the page.
            markdown: its text.
            find: a file that the host knows, given its path among the documents.
        """
        page = self.pages.get(name)
        if page is None or page.notebook or not page.running:
            return []
        folder = PurePosixPath(name).parent
        links = {unquote(found[1]) for found in _LOCAL_LINK.finditer(markdown)}
        paths = {posixpath.normpath(str(folder / link)) for link in links}
        missing = sorted(path for path in paths if find(path) is None)
        if not missing:
            return []
        self.engine.judged(name)
        docs = page.file.parents[len(folder.parts)]
        return [path for path in missing if not path.startswith("../") and (docs / path).is_file()]

    def as_markdown(self, name: str) -> str:
        """A page for a host that renders Markdown alone: a notebook has its tokens by then."""
        page = self.pages[name]
        if not page.readable:
            return _unreadable(page)
        if not page.notebook:
            return page.text
        from handout.weave import notebooks

        return notebooks.as_markdown(page, token(page))

    def rendered_copy(self, name: str) -> Path | None:
        """The copy of a notebook that mkdocs-jupyter renders; None for any other page."""
        page = self.pages.get(name)
        if page is None or not page.notebook or not self.jupyter:
            return None
        from handout.weave import notebooks

        text = notebooks.with_tokens(page, token(page)).encode()
        try:
            copy = self.project.cache / "notebooks" / name
            write(copy, text)
        except OSError:  # the cache cannot be written
            self._scratch = self._scratch or tempfile.TemporaryDirectory()
            copy = Path(self._scratch.name) / name
            write(copy, text)
        return copy

    def filled(self, html: str, file: Any, wait: bool) -> str:
        """A page's HTML with outputs, cards, badges of its own claims, and formulas.

        Args:
            html: what was rendered of the page.
            file: the host's.
            wait: whether to wait for the page's cells; otherwise `linked` completes a page whose
                cells still run.
        """
        page = self.pages.get(file.src_uri)
        if page is None:
            return html
        if page.cells and not wait and not self.engine.is_done(page.name):
            self._later.add(page.name)
            return html
        return self._completed(html, page, file)

    def plain(self, title: str) -> str:
        """A title as navigation, tabs of a browser and search show it: without markup."""
        return pagemath.plain(without_mentions(title), self.project.settings.macros)

    def set_titles(self, html: str) -> str:
        """HTML around a page's text, as its table of contents, with the formulas of titles set."""
        html = without_mentions(html)
        if self.project.settings.mathml is not True:
            return html
        html = pagemath.title(html, self.project.settings.macros)
        self.font.note(html)
        return html

    def typeset(self, contents: Iterable[Any], name: str) -> None:
        """Set the formulas in the entries of the table of contents of the page of this name."""
        notebook = name.endswith(".ipynb") and self.jupyter  # then they are between dollars
        for entry in contents:
            entry.title = self.set_titles(
                pagemath.mark_titles(entry.title) if notebook else entry.title
            )
            self.typeset(entry.children, name)

    def excerpt(self, html: str, file: Any, all_files: Any) -> str:
        """The beginning of a page as a list of pages shows it."""
        page = self.pages.get(file.src_uri)
        if page is None:
            return html
        return self._with_links(self._completed(html, page, file, whole=False), file, all_files)

    def _completed(self, html: str, page: Page, file: Any, whole: bool = True) -> str:
        if page.notebook and self.jupyter:
            from handout.weave.notebook_page import simplified  # its parser is slow to load

            html = pagemath.mark_dollars(simplified(html))
        woven = self._woven(page, file, whole)
        html, faults = kept(
            self._place(page, "page" if whole else "excerpt"),
            (html, woven.json, page.text, page.shown),
            lambda: completed(html, woven, page),
        )
        self._faulty([Problem(*fault) for fault in faults])
        if not needs_other_pages(html):
            html = with_mentions(html, self._mentions(page, lambda name: ""))
        self._note_formulas(html, page)
        return html

    def _woven(self, page: Page, file: Any, whole: bool = True) -> Woven:
        """What belongs into a page, but for links to verdicts; waits for its cells."""
        judged = self.engine.judged(page.name) if page.cells or page.unclaimed else None
        answering = None
        marked: Callable[[int, str], str] | None = None
        if self.live is not None and page.cells and whole and not page.notebook:
            from handout.live.page import live_page, mark

            reads = None if judged is None else judged.reads
            answering = live_page(page, self.live, self.project.macros(page), reads, self.docs)
            if answering.lacking:
                self.log.info("handout: %s: %s", page.shown, answering.advice)
            else:
                marked = mark
        found = weave(
            page,
            judged,
            self.project.macros(page),
            whole=whole,
            mark=marked,
            mathml=self.project.settings.mathml,
            keep=self.typesetter,
            given=partial(self._given, page),
        )
        under_title = found.under_title + self._download(page, file, whole)
        after = "" if answering is None else answering.appended()
        return replace(found, under_title=under_title, after=after)

    def _given(self, page: Page, results: Sequence[Result]) -> Sequence[str]:
        """What a page's cells give as HTML; drawings and tables take a while to be made safe."""
        outputs = (result.outcome.get("outputs", ()) for result in results if result.outcome)
        if not any("data" in output for each in outputs for output in each):
            return given(results)
        facts = json.dumps([(r.cell, r.outcome, r.verdicts) for r in results], default=dict)
        html: list[str] = kept(self._place(page, "cells"), (facts,), lambda: given(results))
        return html

    def _download(self, page: Page, file: Any, whole: bool) -> str:
        """The link to a page's notebook, if it has one."""
        place = self.files.notebook(page, file.dest_uri, whole)
        if place is None:
            return ""
        words = "Download this notebook" if page.notebook else "Download this page as a notebook"
        return download(self._link(file, place), words)

    def _link(self, file: Any, place: PurePosixPath) -> str:
        """The address of a file of the site that stands beside a page."""
        return place.name

    def _faulty(self, faults: list[Problem]) -> None:
        """Report formulas that cannot be set, unless the site's own typesetter may."""
        if self.typesetter:
            self.problems.unset += faults
            return
        for fault in faults:
            self.problems.tell(fault)

    def _note_formulas(self, html: str, page: Page) -> None:
        if "<math" in html:
            self.font.note(html)
            self.with_formulas.add(page.name)

    def linked(self, html: str, file: Any, all_files: Any, early: bool = False) -> str:
        """A page's HTML with the verdicts of other pages, and its own if they came late.

        Args:
            html: of the page.
            file: the host's.
            all_files: the host's.
            early: whether other plugins may still write into other pages; then their verdicts are
                left for a later call.
        """
        page = self.pages.get(file.src_uri)
        if page is None or (early and self._unsettled and needs_other_pages(html)):
            return html
        if page.name in self._later:
            html = self._completed(html, page, file)
            self._later.discard(page.name)
        return self._with_links(html, file, all_files)

    def _with_links(self, html: str, file: Any, all_files: Any) -> str:
        page = self.pages[file.src_uri]
        address = self._address(file, all_files)
        if page.notebook and self.jupyter and page.name not in self._resolved:
            self._resolved.add(page.name)  # once: what it gives are addresses, and no paths
            html, lost = resolved(html, page, address)
            for problem in lost:
                self.problems.tell(problem)
        if needs_other_pages(html):
            html = with_mentions(html, self._mentions(page, address, self._in_its_place(all_files)))
            self._note_formulas(html, page)
        return html

    def _address(self, file: Any, all_files: Any) -> Callable[[str], str]:
        """Gives the address of a page as seen from another, given its name."""

        def address(name: str) -> str:
            other = all_files.get_file_from_path(name)
            return "" if other is None else str(other.url_relative_to(file))

        return address

    def _in_its_place(self, all_files: Any) -> Callable[[str], JudgedPage | None]:
        """Finds a page itself, or what the host has in its place, such as a translation."""

        def find(name: str) -> JudgedPage | None:
            other = None if name in self.engine else all_files.get_file_from_path(name)
            return self._find(name if other is None else other.src_uri)

        return find

    def _mentions(
        self,
        page: Page,
        address: Callable[[str], str],
        find: Callable[[str], JudgedPage | None] | None = None,
    ) -> Callable[[str], Mention]:
        """Says what links to verdicts show, and reports those that lead nowhere."""
        verdicts = Verdicts(
            find or self._find, address, self._in_reading_order, self.project.macros
        )

        def shown(written: str) -> Mention:
            found = mention(written, page, verdicts)
            if found.problem is not None:
                self.problems.tell(found.problem)
            return found

        return shown

    def _find(self, name: str) -> JudgedPage | None:
        return self.engine.judged(name) if name in self.engine else None

    def _in_reading_order(self) -> list[JudgedPage]:
        places = {name: place for place, name in enumerate(self.reading_order)}
        return sorted(self.all_judged(), key=lambda j: places.get(j.page.name, len(places)))

    def all_judged(self) -> Iterable[JudgedPage]:
        """The verdicts on every page."""
        return self.engine.all_judged()

    def finish(self, folder: Path) -> None:
        """Report all that is wrong, and write what belongs to the whole site."""
        self.report()
        self.write(folder)
        self.close()

    def report(self) -> None:
        """Report every verdict that is not as expected, and what else must be mended."""
        own = list(self.all_judged())
        if self.engine.interrupted:
            self.log.info("handout: a page was edited while it ran, so it runs again")
        else:
            self._report(own)
        others = self.earlier.judged if self.earlier else []
        self.judged = [
            *(page for page in others if page.page.name not in self.pages),
            *own,
        ]

    def _report(self, own: Sequence[JudgedPage]) -> None:
        for page in own:
            for problem in (
                *problems(page),
                *borrowed_badges(page.page),
                *coverage_problems(page, self.project.settings),
            ):
                self.problems.tell(problem)
        for problem in order_problems(own):
            self.problems.tell(problem)
        doubts: list[Problem] = []
        for judged in own:
            doubtful, broken, unused = self._remarks(judged.page)
            doubts += doubtful
            doubts += [] if self.project.settings.mathml is True else broken
            for label in unused:
                self.log.info("%s", label)
        for doubt in (*self._doubtful_configuration(), *doubts):
            self.problems.remark(doubt)

    def _remarks(self, page: Page) -> Iterator[list[Problem]]:
        """What a page's text probably does not mean; its broken references, its unused labels."""
        found = kept(
            self._place(page, "remarks"),
            (page.text, page.shown, str(page.notebook)),
            lambda: (_doubtful(page), *references(page.text, page.shown, page.notebook)),
        )
        return ([Problem(*each) for each in kind] for kind in found)

    def _place(self, page: Page, what: str) -> Path:
        """Where something that was made of a page is kept."""
        return self.project.cache / PAGES / f"{digest(f'{page.name} {what}'.encode())}.json"

    def write(self, folder: Path, live: bool = True) -> None:
        """Write what belongs to the whole site into its folder.

        Args:
            folder: of the site.
            live: whether the files of live pages, which change with nothing here, are yet to come.
        """
        self.files.write(folder, self.judged, live)
        self.font.write(folder, self.dirty)

    def close(self) -> None:
        """End what still runs; say what is no problem, and should be known."""
        self.engine.close()
        self.cache.close(whole=True)
        self.end()
        self.problems.sum_up(page.shown for page in self.pages.values())

    def _doubtful_configuration(self) -> list[Problem]:
        file = self.project.root / "mkdocs.yml"
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return cut_values(file.read_text("utf-8"), file.name)
        return []


def _outdated(page: Page) -> bool:
    """Whether a page's author has written something else by now; a generated one has no file."""
    try:
        return read_text(page.file.read_bytes()) != page.text
    except (OSError, UnicodeDecodeError):
        return False


def _unreadable(page: Page) -> str:
    """What stands on the page in the place of a file that cannot be read: why."""
    return f"# {PurePosixPath(page.name).stem}\n\n{token(page)}0.\n"


def _doubtful(page: Page) -> list[Problem]:
    """What a page says and probably does not mean."""
    if page.notebook:
        return []
    dollars = doubtful_dollars(page.text, page.shown) if "$" in page.text else []
    return [*cut_front_matter(page.text, page.shown), *dollars]


def _generated(file: Any, docs: Path) -> bool:
    """Whether a plugin has made a page, in memory or among temporary files."""
    if file.abs_src_path is None:
        return True
    path = Path(file.abs_src_path)
    return path.is_relative_to(gettempdir()) and not path.is_relative_to(docs)
