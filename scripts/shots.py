"""A picture of every page, light and dark, narrow and wide, and as printed, into `shots/`.

    python scripts/shots.py [--site DIR] [--out DIR] [PAGE ...]
    python scripts/shots.py --readme      # the two pictures of the README, into docs/assets/

Whoever changes the site looks at them. A site is built first, unless one is given.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright
from serving import home_of, served

from handout.hosts.pdf import find_chromium

ROOT = Path(__file__).parents[1]
README = {"verified": "ps1/problem-2/#2-jacobian", "refuted": "ps1/problem-2/#2-posted"}


def pages_of(site: Path) -> list[str]:
    """The addresses of a site's pages, relative to it."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [page.removesuffix("index.html") for page in found]


@contextmanager
def a_site(given: Path | None) -> Iterator[Path]:
    """The site that is given, or this project's, built for as long as it is looked at."""
    if given is not None:
        yield given
        return
    with TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--no-strict", "-d", folder],
            cwd=ROOT,
            check=True,
        )
        yield Path(folder)


def shoot(browser: Browser, address: str, page: str, out: Path) -> None:
    """Five pictures of one page."""
    name = (page.removesuffix("index.html").strip("/") or "index").replace("/", "-")
    for scheme in ("light", "dark"):
        for width in (400, 1280):
            tab = browser.new_page(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            tab.goto(address + page, wait_until="networkidle")
            tab.screenshot(path=out / f"{name}-{width}-{scheme}.png", full_page=True)
            tab.close()
    tab = browser.new_page(viewport={"width": 794, "height": 1123})  # A4 at 96 dots an inch
    tab.goto(address + page, wait_until="networkidle")
    tab.emulate_media(media="print")
    tab.screenshot(path=out / f"{name}-print.png", full_page=True)
    tab.close()


def shoot_claim(browser: Browser, address: str, claim: str, file: Path) -> None:
    """A picture of one claim, `PAGE#ID`: its formula and its open card."""
    page, _, name = claim.partition("#")
    tab = browser.new_page(viewport={"width": 760, "height": 900}, device_scale_factor=1.5)
    tab.goto(f"{address}{page}#verdict-{name}", wait_until="networkidle")
    tab.add_style_tag(content=".md-header { display: none }")
    card = tab.locator(f'ul.verdicts:has([id="verdict-{name}"])')
    formula = card.locator("xpath=preceding-sibling::*[1]")
    place = """e => { const r = e.getBoundingClientRect();
                   return [r.x, r.y + scrollY, r.right, r.bottom + scrollY] }"""
    (_, top, _, _), (left, _, right, bottom) = formula.evaluate(place), card.evaluate(place)
    clip = {"x": left - 12, "y": top - 8, "width": right - left + 24, "height": bottom - top + 20}
    tab.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]
    tab.close()


def take_pictures(site: Path, given: argparse.Namespace) -> None:
    """The README's pictures, or those of the chosen pages of a built site, or of all."""
    pages = given.pages or pages_of(site)
    given.out.mkdir(parents=True, exist_ok=True)
    with served(site, home_of(site)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--font-render-hinting=none"]
        )
        for name, claim in README.items() if given.readme else ():
            shoot_claim(browser, address, claim, ROOT / "docs" / "assets" / f"readme-{name}.png")
        for number, page in enumerate(() if given.readme else pages, 1):
            shoot(browser, address, page, given.out)
            print(f"{number} of {len(pages)}: {page or 'index'}")
        browser.close()


def main() -> None:
    """Build the site unless one is given, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--site", type=Path, help="a built site; by default it is built now")
    parser.add_argument("--out", type=Path, default=ROOT / "shots", help="folder of the pictures")
    parser.add_argument("--readme", action="store_true", help="the README's two pictures instead")
    parser.add_argument("pages", nargs="*", help="such as ps1/problem-2/; by default, all")
    given = parser.parse_args()
    with a_site(given.site) as site:
        take_pictures(site, given)


if __name__ == "__main__":
    main()
