"""This site by the other hosts: the same verdicts, the same pages, and no broken link."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.site.conftest import PREFIX, ROOT
from tests.site.test_injections import Serve
from tests.site.test_links import Outline, is_broken
from tests.site.test_live import CLAIM, JACOBIAN, PAGE, SLOW, field, opened, panel
from tests.site.test_pages import Visit, _visit

pytestmark = pytest.mark.slow

ZENSICAL = """
import sys
from pathlib import Path
from handout.hosts.zensical.host import ZensicalSite
host = ZensicalSite(Path("mkdocs.yml").absolute())
host.folder = Path(sys.argv[1])
host.stage = host.root / ".cache/handout/zensical-test"
site = host.build(strict=True)
sys.exit(bool(site.problems.new or host.warnings))
"""
#: Comments, scripts and styles, and tags, whatever their attributes hold.
_UNSAID = re.compile(
    r"<!--.*?-->|<(script|style)\b.*?</\1>"
    r"""|<[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>""",
    re.DOTALL,
)
BUILD = {
    "properdocs": ["-m", "properdocs", "build", "--strict", "-f", "mkdocs.yml", "-d"],
    "zensical": ["-c", ZENSICAL],
}


@pytest.fixture(scope="module")
def built(once: Callable[[str, Callable[[Path], object]], Path]) -> Callable[[str], Path]:
    """The folder of the site as one of the hosts builds it, strictly."""

    def by(host: str) -> Path:
        pytest.importorskip(host)

        def fill(folder: Path) -> None:
            where = {"SITE_URL": f"http://127.0.0.1/{PREFIX}", "EDIT_URI": "edit/main/docs/"}
            done = subprocess.run(
                [sys.executable, *BUILD[host], str(folder)],
                cwd=ROOT,
                env={**os.environ, **where, "REPO_URL": "https://repo.test/handout"},
                capture_output=True,
                text=True,
                timeout=600,
            )
            assert done.returncode == 0, done.stdout + done.stderr

        return once(host, fill)

    return by


@pytest.mark.parametrize("host", BUILD)
def test_the_site_by_another_host(site: Path, host: str, built: Callable[[str], Path]) -> None:
    """Strictly; words of pages alone are compared, since each host has its own spelling of HTML."""
    other = built(host)
    assert (other / "verdicts.json").read_bytes() == (site / "verdicts.json").read_bytes()
    names = {page.relative_to(site).as_posix() for page in site.rglob("*.html")}
    assert {page.relative_to(other).as_posix() for page in other.rglob("*.html")} == names
    outlines = {other / name: Outline((other / name).read_text("utf-8")) for name in names}
    assert {
        f"{page.relative_to(other)}: {link}"
        for page, outline in outlines.items()
        if page.name != "404.html"
        for link in outline.links
        if is_broken(other, outlines, page, link)
    } == set()
    assert {name for name in names if _words(other / name) != _words(site / name)} == set()


@pytest.mark.browser
def test_pages_by_zensical_work(
    browser: Browser, built: Callable[[str], Path], serve: Serve
) -> None:
    """A visit finds no fault, by the rules of axe-core as well; a reader's change is judged."""
    with serve(built("zensical")) as address:
        seen = _visit(browser, address, PAGE)
        seen.violations = [v for v in seen.violations if 'href="https://zensical.org/"' not in v]
        assert seen == Visit()  # but for the theme's own link in its footer
        tab = browser.new_page()
        tab.goto(address + PAGE)
        opened(tab, CLAIM)
        field(tab, CLAIM).fill(JACOBIAN.replace("-", "+"))
        refuted = panel(tab, CLAIM).locator(".verdict-refuted")
        expect(refuted.locator("strong").first).to_have_text("Refuted", timeout=SLOW)
        tab.close()


@cache
def _words(page: Path) -> list[str]:
    """What a page's article says; a parser of HTML would take longer than building the site."""
    html = page.read_text("utf-8")
    article = html[html.index("<article") : html.rindex("</article>")]
    return unescape(_UNSAID.sub(" ", article)).split()
