"""What a site has beside its pages: verdicts, styles, scripts, and pages as notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from handout.judge.verdicts import JudgedPage
from handout.math import fonts
from handout.page.pages import Page
from handout.render.badge import status_svg
from handout.report.verdicts_json import verdicts_json
from handout.run.cache import write_anew
from handout.run.outcomes import Reads
from handout.settings import Project

if TYPE_CHECKING:
    from handout.live.site import LiveSite

_ASSETS = Path(__file__).parents[1] / "assets"


class SiteFiles:
    """The files of one build that are no pages; its font is made by `SiteFont`.

    Args:
        project: its folder and settings.
        docs: the folder of its pages.
        live: what makes its pages answer; None if none does.
    """

    def __init__(self, project: Project, docs: Path, live: LiveSite | None) -> None:
        self.urls: dict[str, str] = {}  # of pages, by their names
        self._project = project
        self._docs = docs
        self._live = live
        self._notebooks: dict[PurePosixPath, Page] = {}  # by their place in the site

    def notebook(self, page: Page, beside: str, whole: bool) -> PurePosixPath | None:
        """Where a page can be had as a notebook, which will be written; None if it cannot.

        Args:
            page: of the site.
            beside: the page's own place in it.
            whole: whether the page is shown from its title to its end.
        """
        place = PurePosixPath(beside)
        if page.notebook:
            place = place.with_name(PurePosixPath(page.name).name)
        elif whole and page.running and self._project.settings.live:
            place = place.with_name(f"{PurePosixPath(page.name).stem}.ipynb")
        else:
            return None
        self._notebooks[place] = page
        return place

    def write(self, folder: Path, judged: Sequence[JudgedPage], live: bool = True) -> None:
        """Write them all into the folder of the site.

        Args:
            folder: of the site.
            judged: the verdicts on its pages.
            live: whether the files of live pages, which change with nothing here, are yet to come.
        """
        folder.mkdir(parents=True, exist_ok=True)
        verdicts = [verdict for page in judged for verdict in page.verdicts]
        text = verdicts_json(judged, self._project.settings)
        write_anew(folder / "verdicts.json", text.encode())
        write_anew(folder / "verdicts.svg", status_svg(verdicts).encode())
        for name in ("handout.css", "handout.js", "graph.js"):
            write_anew(folder / fonts.FOLDER / name, (_ASSETS / name).read_bytes())
        if self._live is not None and live:
            self._live.write(folder)
        reads = {page.page.name: page.reads for page in judged}
        for place, page in self._notebooks.items():
            written = page.text if page.notebook else self._written(page, reads[page.name])
            write_anew(folder / place, written.encode())

    def _written(self, page: Page, reads: Reads | None) -> str:
        """A page of Markdown as a notebook."""
        from handout.live.notebook import as_notebook, surroundings  # not where nothing is live

        around = surroundings(page, reads, self._docs, self._on_the_web)
        return as_notebook(page, self._project.macros(page), around)

    def _on_the_web(self, name: str) -> str:
        """The address of a document; empty where the site does not say its own."""
        home = self._project.address
        return urljoin(home, self.urls.get(name, quote(name))) if home else ""
