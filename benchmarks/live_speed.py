"""How long a reader waits on a live page: first use, second visit, a key, and what is transferred.

    python -m benchmarks.live_speed [--site DIR]

A built site is served from this machine, and Chromium opens Problem 2 with an empty profile. The
floor of a key's verdict is the same judgement in this process, without a browser.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, Response, sync_playwright

from edf import AnyFunction, Input, Softmax
from edf.equations import check_equation
from handout.hosts.pdf import find_chromium

CLAIM = "2-jacobian"
JACOBIAN = r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - %s P_j)"
KEYS = 15


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a server, on this machine alone, of a site's files."""
    handler = functools.partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def visit(page: Page, address: str) -> float:
    """Seconds from the first use to the first verdict."""
    page.goto(f"{address}ps1/problem-2/")
    page.get_by_label(f"Change this claim: {CLAIM}", exact=True).click()
    start = time.perf_counter()
    judged(page, JACOBIAN % "2", "1 refuted")
    return time.perf_counter() - start


def judged(page: Page, formula: str, said: str) -> None:
    """Type a formula, and wait for its verdict."""
    page.get_by_label(f"LaTeX of {CLAIM}", exact=True).fill(formula)
    page.get_by_role("group", name=f"Change {CLAIM}").get_by_text(said, exact=True).wait_for()
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
        judged(page, JACOBIAN % str(number), "1 refuted")
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


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=Path("site"))
    site = parser.parse_args().site
    got = 0

    def count(response: Response) -> None:
        nonlocal got
        if "/live/" in response.url:
            got += int(response.header_value("content-length") or 0)

    with served(site) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(120_000)
        context.on("response", count)
        first = visit(page, address)
        transferred = got
        page.wait_for_function("navigator.serviceWorker.controller")
        visit(page, address)
        second = visit(page, address)
        times = keys(page)
        browser.close()
    median, plain = statistics.median(times), statistics.median(floor())
    print("| measured | value |\n| --- | --- |")
    print(f"| first use to first verdict, empty cache | {first:.1f} s |")
    print(f"| later visit to first verdict | {second:.1f} s |")
    print(f"| verdict on a changed formula, median of {len(times)} | {median:.0f} ms |")
    print(f"| the same in CPython, without a browser | {plain:.0f} ms |")
    print(
        f"| transferred at first use, as served without compression | {transferred / 1e6:.1f} MB |"
    )


if __name__ == "__main__":
    main()
