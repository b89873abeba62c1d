"""How much longer a site takes to build for having its code run: ratios to a site without code.

    python benchmarks/engine_speed.py [--pages 10 100] [--rounds 5] [--peers] [--json FILE]

Every page holds five cells, each a softmax gradient against central differences. The floor is the
same site, the same theme and the same Markdown, with plain fences. Floor, first build (cold),
unchanged build and a build after an edit of one page are timed in turn, round after round, as whole
processes, and the medians are compared: so load on the machine falls on all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CELL = """\
import numpy as np
rng = np.random.default_rng({seed})
x, g = rng.normal(size=6), rng.normal(size=6)
p = np.exp(x) / np.exp(x).sum()
vjp = p * (g - g @ p)
h, numeric = 1e-5, np.empty(6)
for i in range(6):
    e = h * np.eye(6)[i]
    up, down = np.exp(x + e), np.exp(x - e)
    numeric[i] = g @ (up / up.sum() - down / down.sum()) / (2 * h)
print(np.abs(vjp - numeric).max() < 1e-8)
"""
PROSE = "Softmax turns scores into probabilities; its backward step is tested below. " * 6
BASE = """\
site_name: Benchmark
theme: {{name: material, font: false}}
plugins: [{plugins}]
markdown_extensions: [admonition, tables, toc, {{pymdownx.superfences: {{}}}}, pymdownx.highlight]
"""


@dataclass(frozen=True)
class Tool:
    """A way to put the output of code on a page."""

    name: str
    fence: str  # header of a cell's fence
    plugins: str  # of mkdocs.yml
    notebooks: bool = False
    cached: bool = True  # whether it claims that an unchanged build is cheap


FLOOR = Tool("no code (the floor)", "python", "search")
HANDOUT = Tool("handout", 'python exec="on"', "search, handout")
PEERS = (
    Tool("markdown-exec", 'python exec="on" source="above"', "search, markdown-exec"),
    Tool(
        "mkdocs-jupyter, executing",
        "python",
        "search, {mkdocs-jupyter: {execute: true}}",
        notebooks=True,
    ),
)


def page(number: int, tool: Tool) -> str:
    """A page of five cells, as the tool wants it."""
    texts = [f"## Section {n}\n\n{PROSE}\n" for n in range(5)]
    codes = [CELL.format(seed=10 * number + n) for n in range(5)]
    if not tool.notebooks:
        cells = [f"{t}\n```{tool.fence}\n{c}```\n" for t, c in zip(texts, codes, strict=True)]
        return f"# Page {number}\n\n" + "\n".join(cells)
    import nbformat.v4 as nb

    cells = [nb.new_markdown_cell(f"# Page {number}")]
    for text, code in zip(texts, codes, strict=True):
        cells += [nb.new_markdown_cell(text), nb.new_code_cell(code)]
    return json.dumps(nb.new_notebook(cells=cells))


def make(folder: Path, pages: int, tool: Tool) -> None:
    """Write a site."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "docs").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text(BASE.format(plugins=tool.plugins))
    (folder / "docs/index.md").write_text("# Index\n")
    ending = "ipynb" if tool.notebooks else "md"
    for number in range(pages):
        (folder / f"docs/page-{number}.{ending}").write_text(page(number, tool))


def build(folder: Path) -> float:
    """Seconds that a build takes, as a process of its own."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages have been compiled
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, env=environment)
    return time.perf_counter() - start


def forget(folder: Path) -> None:
    """Make the next build a first one."""
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def edit(folder: Path) -> None:
    """Change one page's code."""
    file = next(iter(sorted((folder / "docs").glob("page-0.*"))))
    file.write_text(file.read_text().replace("1e-5", "1e-5 * 1", 1))


def cases(tool: Tool) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """The builds to time, each with what comes before it."""
    yield "cold", forget
    yield "unchanged", lambda folder: None
    yield "one page edited", edit


def measure(root: Path, pages: int, tools: list[Tool], rounds: int) -> dict[str, dict[str, float]]:
    """Median seconds of every build of every tool."""
    times: dict[str, dict[str, list[float]]] = {}
    for number, tool in enumerate(tools):
        make(root / str(number), pages, tool)
        build(root / str(number))  # compiled modules, and the operating system's cache
    for _ in range(rounds):
        for number, tool in enumerate(tools):
            for name, before in cases(tool) if tool is not FLOOR else [("floor", forget)]:
                before(root / str(number))
                times.setdefault(tool.name, {}).setdefault(name, []).append(
                    build(root / str(number))
                )
    return {
        tool: {name: statistics.median(seconds) for name, seconds in each.items()}
        for tool, each in times.items()
    }


def table(pages: int, measured: dict[str, dict[str, float]]) -> str:
    """The medians as ratios to the floor."""
    floor = measured[FLOOR.name]["floor"]
    lines = [
        f"{pages} pages of 5 cells; the floor takes {floor:.2f} s",
        "",
        "| tool | cold | unchanged | one page edited |",
        "| --- | --- | --- | --- |",
    ]
    for tool, each in measured.items():
        if tool != FLOOR.name:
            ratios = " | ".join(f"{seconds / floor:.2f}" for seconds in each.values())
            lines.append(f"| {tool} | {ratios} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", action="store_true", help="measure other tools as well")
    parser.add_argument("--json", type=Path, help="write the medians, in seconds, to this file")
    options = parser.parse_args()
    measured = {}
    for pages in options.pages:
        tools = [FLOOR, HANDOUT, *(PEERS if options.peers else ())]
        with tempfile.TemporaryDirectory() as root:
            measured[pages] = measure(Path(root), pages, tools, options.rounds)
        print(table(pages, measured[pages]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
