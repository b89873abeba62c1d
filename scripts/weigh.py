"""What a first visit to each page of the site costs: bytes, requests, shifts of the layout.

    python scripts/weigh.py [--site DIR]      # the table of docs/benchmarks/site.md

Every page is opened in a Chromium with an empty cache, 400 pixels wide. Text counts as hosts
compress it (gzip), fonts as they are. A site is built first, unless one is given.
"""

from __future__ import annotations

import argparse
import gzip
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Response, sync_playwright
from serving import home_of, served
from shots import a_site, pages_of

from handout.hosts.pdf import find_chromium

_COMPRESSED = ("woff2", "png", "gz")  # by themselves
_WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: 'layout-shift', buffered: true});
"""


@dataclass
class Visit:
    """What a first visit to one page loaded."""

    page: str
    html: int  # bytes of the page itself
    total: int  # bytes of everything
    abroad: int  # requests to other hosts
    shift: float  # of the layout


def visit(browser: Browser, address: str, page: str) -> Visit:
    """Open a page with an empty cache, and return what that cost."""
    context = browser.new_context(viewport={"width": 400, "height": 900})
    tab = context.new_page()
    responses: list[Response] = []
    requested: list[str] = []
    tab.on("response", lambda response: responses.append(response))
    tab.on("request", lambda request: requested.append(request.url))
    tab.add_init_script(_WATCH)
    tab.goto(address + page, wait_until="networkidle")
    shift = float(tab.evaluate("window.shift"))
    weights = {response.url: _weight(response) for response in responses}
    abroad = sum(not url.startswith((address, "data:")) for url in requested)
    context.close()
    return Visit(page or "index", weights[address + page], sum(weights.values()), abroad, shift)


def _weight(response: Response) -> int:
    body = response.body()
    path = urlsplit(response.url).path
    return len(body) if path.endswith(_COMPRESSED) else len(gzip.compress(body, 6))


def main() -> None:
    """Visit every page and print the heaviest ones, and the worst of each column."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--site", type=Path, help="a built site; by default it is built now")
    parser.add_argument("--rows", type=int, default=8, help="how many pages to show")
    given = parser.parse_args()
    with (
        a_site(given.site) as site,
        served(site, home_of(site)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        visits = [visit(browser, address, page) for page in pages_of(site)]
        browser.close()
    visits.sort(key=lambda seen: -seen.html)
    print("| page | HTML, kB | first visit, kB | requests elsewhere | layout shift |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for seen in visits[: given.rows]:
        print(_row(seen.page, seen.html, seen.total, seen.abroad, seen.shift))
    columns = [(v.html, v.total, v.abroad, v.shift) for v in visits]
    worst = [max(column) for column in zip(*columns, strict=True)]
    print(_row(f"the most of all {len(visits)}", *worst))


def _row(name: str, html: float, total: float, abroad: float, shift: float) -> str:
    return f"| {name} | {html / 1e3:.0f} | {total / 1e3:.0f} | {abroad:.0f} | {shift:.4f} |"


if __name__ == "__main__":
    main()
