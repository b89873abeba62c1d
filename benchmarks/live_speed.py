"""How long a reader waits on a live page: first use, second visit, a key, and what is transferred.

    python -m benchmarks.live_speed [--site DIR]

A built site is served from this machine, and Chromium opens Problem 2 with an empty profile. The
floor of a key's verdict is the same judgement in this process, without a browser.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, Response, ViewportSize, sync_playwright
from scripts.serving import home_of, served

from edf import AnyFunction, Input, Softmax
from edf.equations import check_equation
from handout.hosts.pdf import find_chromium
from handout.live import runtime
from handout.live.bundle import bundle
from handout.live.compiling import LIBRARY

CACHE = Path(".cache/handout")
CLAIM = "2-jacobian"
JACOBIAN = r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - %s P_j)"
KEYS = 15
ROUNDS = 3  # of first uses, with bytecode and without by turns; the least time counts
LINE = 10  # megabits a second of a slow line
SAME = ("gz", "whl", "zip", "woff2")  # endings of files that no server compresses further


PHONE: ViewportSize = {"width": 400, "height": 850}


def visit(page: Page, address: str) -> float:
    """Seconds from the first use to the first verdict."""
    page.goto(f"{address}ps1/problem-2/")
    page.get_by_label(f"Change this claim: {CLAIM}", exact=True).click()
    start = time.perf_counter()
    judged(page, JACOBIAN % "2", "Refuted")
    return time.perf_counter() - start


def judged(page: Page, formula: str, said: str) -> None:
    """Type a formula, and wait for its verdict."""
    page.get_by_label(f"LaTeX of {CLAIM}", exact=True).fill(formula)
    page.get_by_role("group", name=f"Change {CLAIM}").locator(
        ".live-state", has_text=said
    ).wait_for()
    page.get_by_text("Understood as").wait_for()


def keys(page: Page) -> list[float]:
    """Milliseconds from asking to the verdict, without the pause that typing is given."""
    page.evaluate(
        """() => { window.times = []; const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (question) {
            const start = performance.now(); this.addEventListener("message", ({data}) =>
            data.id === question.id && window.times.push(performance.now() - start));
            return post.call(this, question); }; }"""
    )
    for number in range(3, 3 + KEYS):
        judged(page, JACOBIAN % str(number), "Refuted")
        page.wait_for_function(f"window.times.length >= {number - 2}")
    return page.evaluate("window.times")  # type: ignore[no-any-return]


def floor() -> list[float]:
    """Milliseconds of the same judgements in this process."""
    x = Input(shape=(4,))
    P = Softmax(x)
    names = {"x": x, "P": P, "l": AnyFunction()(P)}
    times = []
    for number in range(3, 3 + KEYS):
        start = time.perf_counter()
        check_equation(JACOBIAN % str(number), names)
        times.append(1000 * (time.perf_counter() - start))
    return times


def cells(page: Page) -> float:
    """Seconds in which a page's first cell, run again, has all below it run and judged."""
    page.get_by_label("Change this cell: graph", exact=True).click()
    panel = page.get_by_role("group", name="Change graph")
    panel.get_by_role("button", name="Run").click()
    start = time.perf_counter()
    panel.get_by_role("button", name="Stop").wait_for(state="hidden")
    return time.perf_counter() - start


def from_source(site: Path, target: Path) -> None:
    """A copy of a site whose modules are not compiled ahead."""
    shutil.copytree(site, target, copy_function=os.link)
    sources = {
        f"{LIBRARY}.gz": runtime.packed(runtime.folder(CACHE), LIBRARY).read_bytes(),
        "edf-*.zip.gz": gzip.compress(bundle(), 9),
    }
    for name, data in sources.items():
        (file,) = (target / "assets/handout/live").rglob(name)
        file.unlink()  # it is a link to the site's
        file.write_bytes(data)


def memory() -> float:
    """MB that the processes below this one hold: the browser's, all of them."""
    status = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "status").read_text().splitlines()
        except OSError:  # it has ended
            continue
        status[int(folder.name)] = dict(line.split(":", 1) for line in lines if ":" in line)

    def below(process: int) -> float:
        own = float(status[process].get("VmRSS", "0").split()[0])
        children = (pid for pid, found in status.items() if int(found["PPid"]) == process)
        return own + sum(map(below, children))

    mine = float(status[os.getpid()]["VmRSS"].split()[0])
    return (below(os.getpid()) - mine) / 1000


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=Path("site"))
    site = parser.parse_args().site
    loaded: dict[str, bytes] = {}

    def keep(response: Response) -> None:
        """Note a file of the live part, by its address, which is that of a file of the site."""
        _, live, name = response.url.partition("assets/handout/live/")
        if live:
            loaded[name] = (site / live / name).read_bytes()

    with served(site, home_of(site)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(120_000)
        context.on("response", keep)
        page.goto(f"{address}ps1/problem-2/", wait_until="networkidle")
        stand_by = dict(loaded)
        before = memory()
        first = [visit(page, address)]
        held = memory() - before
        transferred = dict(loaded)
        page.wait_for_function("navigator.serviceWorker.controller")
        visit(page, address)
        second = visit(page, address)
        times = keys(page)
        below = cells(page)
        with served(site, home_of(site), LINE) as slow:
            page = browser.new_context().new_page()  # another profile, with an empty cache
            page.set_default_timeout(120_000)
            slowly = visit(page, slow)
        page = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True).new_page()
        page.set_default_timeout(120_000)
        by_touch, touched = visit(page, address), keys(page)
        source: list[float] = []
        with TemporaryDirectory(dir=site.parent) as folder:
            from_source(site, Path(folder, "site"))
            with served(Path(folder, "site"), home_of(site)) as uncompiled:
                for _ in range(ROUNDS):
                    for times_of, where in ((source, uncompiled), (first, address)):
                        page = browser.new_context().new_page()
                        page.set_default_timeout(120_000)
                        times_of.append(visit(page, where))
                        page.context.close()
        browser.close()
    median, plain = statistics.median(times), statistics.median(floor())
    print("| measured | value |\n| --- | --- |")
    print(f"| first use to first verdict, empty cache | {min(first):.1f} s |")
    print(f"| the same without modules that are compiled ahead | {min(source):.1f} s |")
    print(f"| the same on a line of {LINE} Mbit/s | {slowly:.1f} s |")
    print(f"| later visit to first verdict | {second:.1f} s |")
    print(f"| verdict on a changed formula, median of {len(times)} | {median:.0f} ms |")
    phone = f"{by_touch:.1f} s, {statistics.median(touched):.0f} ms"
    print(f"| first verdict and changed formula, 400 pixels wide, by touch | {phone} |")
    print(f"| the same in CPython, without a browser | {plain:.0f} ms |")
    print(f"| first cell run again, and all of Problem 2 below it | {below:.1f} s |")
    print(f"| stands by on every page, compressed | {compressed(stand_by) / 1e3:.1f} kB |")
    print(f"| transferred at first use | {sum(map(len, transferred.values())) / 1e6:.2f} MB |")
    print(f"| the same, where the server compresses | {compressed(transferred) / 1e6:.2f} MB |")
    print(f"| memory that the first use adds to the browser's | {held:.0f} MB |")


def compressed(files: dict[str, bytes]) -> int:
    """Bytes of files as a server that compresses sends them."""
    return sum(
        len(data) if name.endswith(SAME) else len(gzip.compress(data, 6))
        for name, data in files.items()
    )


if __name__ == "__main__":
    main()
