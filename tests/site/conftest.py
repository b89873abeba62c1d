"""The site, built once, served under a sub-path, and a Chromium that can reach nothing else."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect
from scripts.serving import served as served_folder

from handout.hosts.pdf import PdfError, find_chromium

ROOT = Path(__file__).parents[2]
PREFIX = "course/handout/"  # sites often live below the root of their host

expect.set_options(timeout=60_000)  # ms: a machine with other work is slow, and not wrong


@pytest.fixture(scope="session")
def build() -> Callable[..., str]:
    """Build a site: `build(config, target, **environment)` returns what was said of it.

    It is not strict, so that there are pages to look at whatever is said.
    """

    def run(config: Path, target: Path, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--no-strict", "-f", config, "-d", target],
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    return run


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser; without one the tests are skipped, and in CI they fail."""
    try:
        return find_chromium()
    except PdfError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[str, Callable[[Path], object]], Path]:
    """Fill a folder once for all processes of pytest-xdist: `once(name, fill)` returns it."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent

    def run(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with open(shared / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir(exist_ok=True)
                fill(folder)
                done.touch()
        return folder

    return run


@pytest.fixture(scope="session")
def root(once: Callable[[str, Callable[[Path], object]], Path], build: Callable[..., str]) -> Path:
    """The folder of a web host, on which the site lies below `PREFIX`; beside it, `build.log`."""

    def fill(host: Path) -> None:
        where = {
            "SITE_URL": f"http://127.0.0.1/{PREFIX}",
            "REPO_URL": "https://repo.test/handout",
            "EDIT_URI": "edit/main/docs/",
        }
        said = build(ROOT / "mkdocs.yml", host / PREFIX, **where)
        (host / "build.log").write_text(said, "utf-8")

    return once("host", fill)


@pytest.fixture(scope="session")
def site(root: Path) -> Path:
    """The folder of the built site."""
    return root / PREFIX


@pytest.fixture(scope="session")
def pages(site: Path) -> list[str]:
    """Every page's address within the site; the 404 page too."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert len(found) > 5
    return [page.removesuffix("index.html") for page in found]


@pytest.fixture(scope="session")
def served(root: Path, serve: Callable[[Path], AbstractContextManager[str]]) -> Iterator[str]:
    """The address of the site."""
    with serve(root) as address:
        yield address + PREFIX


@pytest.fixture(scope="session")
def serve() -> Callable[[Path], AbstractContextManager[str]]:
    """Serve a folder on this machine: `with serve(folder) as address`."""

    return served_folder


@pytest.fixture(scope="session")
def launched(playwright: Playwright, chromium_path: str) -> Iterator[Callable[[], Browser]]:
    """A Chromium that resolves no host but this machine; another one, should it have crashed."""
    browsers: list[Browser] = []

    def get() -> Browser:
        if not browsers or not browsers[-1].is_connected():
            arguments = [
                "--no-sandbox",
                "--font-render-hinting=none",  # letters as wide as in a browser with a window
                "--disable-dev-shm-usage",  # 64 MB in many containers, and a tab crashes
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ]
            browsers.append(
                playwright.chromium.launch(executable_path=chromium_path, args=arguments)
            )
        return browsers[-1]

    yield get
    for browser in browsers:
        browser.close()


@pytest.fixture
def browser(launched: Callable[[], Browser]) -> Browser:
    """A Chromium; one that crashed in a test is not met by the next."""
    return launched()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()
