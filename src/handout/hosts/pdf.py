"""The handout as a PDF: the site is built, its pages become one document, Chromium prints it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page as SitePage

from handout.hosts.building import build_site
from handout.hosts.printable import PrintPage, document, print_settings
from handout.page.problems import UserError
from handout.render.badge import claims_of, count
from handout.settings import SettingsError

#: Programs that print and show pages; the one without windows first, which takes half the time.
CHROMIUMS = (
    "chromium-headless-shell", "chromium", "chromium-browser",
    "google-chrome", "google-chrome-stable", "chrome",
)  # fmt: skip
_PATIENCE = 120  # seconds that printing may take
# fmt: off
_FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-dev-shm-usage",  # 64 MB in many containers
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # everything that is printed is on this machine
    "--virtual-time-budget=10000",            # print when fonts are loaded and formulas fitted
    "--font-render-hinting=none",             # paper has no pixels to which letters could be fitted
    "--no-pdf-header-footer", "--export-tagged-pdf", "--generate-pdf-document-outline",
)
# fmt: on


class PdfError(UserError):
    """A handout that cannot be printed; the message says why, and the remedy."""

    code = "H706"


def find_chromium() -> str:
    """Return the path of a Chromium or Chrome.

    Raises:
        PdfError: none is on the PATH.
    """
    for name in CHROMIUMS:
        if (found := shutil.which(name)) is not None:
            return found
    raise PdfError(
        "no Chromium or Chrome on the PATH, which prints the handout; install one: "
        "`apt install chromium`, `brew install --cask chromium`, or https://www.google.com/chrome"
    )


def make_pdf(output: Path, chosen: Sequence[str] = ()) -> int:
    """Build the site of the working directory and print its handout; return an exit status.

    Args:
        output: the file to write.
        chosen: pages, as paths or patterns; by default those that `mkdocs.yml` names.

    Raises:
        PdfError: there is no Chromium, it fails, a setting is wrong, or no such page exists.
    """
    chromium = find_chromium()
    with TemporaryDirectory(prefix="handout-pdf-") as folder:
        site = Path(folder, "site")
        reader = _PageCollector(chosen)
        status = build_site(strict=False, site_dir=site, guest=reader)
        if status:
            return status
        (site / "handout.html").write_text(reader.document(site), "utf-8")
        print_page(chromium, site / "handout.html", output)
    return 0


def print_page(chromium: str, page: Path, output: Path) -> None:
    """Print an HTML file.

    Raises:
        PdfError: Chromium fails, takes too long, or the file cannot be written.
    """
    with TemporaryDirectory(prefix="handout-chromium-") as profile:
        printed = Path(profile, "handout.pdf")
        command = [chromium, *_FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={printed}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium has no sandbox for the superuser
        try:
            run = subprocess.run(
                [*command, page.as_uri()], capture_output=True, text=True, timeout=_PATIENCE
            )
        except subprocess.TimeoutExpired:
            raise PdfError(f"{chromium} did not finish printing in {_PATIENCE} s") from None
        except OSError as error:
            raise PdfError(f"{chromium}: {error.strerror}") from error
        if not printed.is_file() or not printed.stat().st_size:
            told = "\n".join(run.stderr.splitlines()[-5:])
            raise PdfError(f"{chromium} ended with status {run.returncode} and no PDF:\n{told}")
        try:
            shutil.copyfile(printed, output)
        except OSError as error:
            raise PdfError(f"{output}: cannot be written: {error.strerror}") from error


class _NoOptions(Config):
    """A guest of one build has none."""


class _PageCollector(BasePlugin[_NoOptions]):
    """A guest of the build that keeps what each page holds, and where the navigation has it."""

    def __init__(self, chosen: Sequence[str]) -> None:
        self.chosen = chosen
        self.pages: dict[str, PrintPage] = {}

    def on_nav(self, nav: Navigation, /, *, config: MkDocsConfig, files: Any) -> Navigation:
        """Keep the navigation."""
        self.nav, self.site_config = nav, config
        return nav

    @event_priority(-100)  # after every plugin that changes a page
    def on_page_context(
        self, context: Any, /, *, page: SitePage, config: MkDocsConfig, nav: Navigation
    ) -> Any:
        """Keep a page as it will be shown."""
        self.pages[page.file.src_uri] = PrintPage(
            page.file.src_uri, page.url, str(page.title), page.content or ""
        )
        return context

    def document(self, site: Path) -> str:
        """The document to print, from what was kept and the verdicts of the site."""
        config = self.site_config
        try:
            settings = print_settings(config.extra.get("pdf"), config.site_name, config.site_author)
        except SettingsError as error:
            raise PdfError(f"{config.config_file_path}: {error.plain}") from None
        pages = self._choose(self.chosen or settings.pages)
        verdicts = json.loads((site / "verdicts.json").read_text("utf-8"))["verdicts"]
        printed = {page.source for page in pages}
        claims = claims_of(v for v in verdicts if v["page"] in printed)
        summary = (
            f"{len(claims)} claims of this handout were tested when it was printed: "
            f"{count(claims)}. The notes in the margin say which is which."
        )
        return document(settings, pages, summary if claims else "", config.site_url or "")

    def _choose(self, patterns: Sequence[str]) -> list[PrintPage]:
        """The pages to print, in the order of the navigation."""
        order = [page.file.src_uri for page in self.nav.pages if page.file.src_uri in self.pages]
        if not patterns:
            return [self.pages[source] for source in self._first_section() or order]
        named: set[str] = set()
        for pattern in patterns:
            found = {s for s in self.pages if fnmatch(s, self._source(pattern))}
            if not found:
                raise PdfError(f"no page is called {pattern}; there are {', '.join(order)}")
            named |= found
        rest = sorted(named - set(order))
        return [self.pages[source] for source in [*filter(named.__contains__, order), *rest]]

    def _source(self, pattern: str) -> str:
        """A pattern as given, or, if it is the path of a page, that page's name."""
        docs = Path(self.site_config.docs_dir).resolve()
        path = Path(pattern).resolve()
        return path.relative_to(docs).as_posix() if path.is_relative_to(docs) else pattern

    def _first_section(self) -> list[str]:
        """The pages of the first section that has any, without the home page."""
        for item in self.nav.items:
            pages = list(_pages(item)) if isinstance(item, Section) else []
            sources = [p.file.src_uri for p in pages if not p.is_homepage]
            if kept := [source for source in sources if source in self.pages]:
                return kept
        return []


def _pages(section: Section) -> Iterator[SitePage]:
    for child in section.children:
        if isinstance(child, Section):
            yield from _pages(child)
        elif isinstance(child, SitePage):
            yield child
