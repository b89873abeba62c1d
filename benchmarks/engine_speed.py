"""How much longer a site takes to build for having its code run: ratios to a site without code.

    python benchmarks/engine_speed.py --pages 10 100 1000 --rounds 5 --results FILE
    python benchmarks/engine_speed.py --tools peers --pages 10 --rounds 2 --results FILE
    python benchmarks/engine_speed.py --serve --many 1000 --results FILE --page PAGE

Every page holds 20 formulas and five cells, each a softmax gradient against central differences;
in some rows also two claims, which are tested, and a figure of matplotlib's.
The floor is the same site by MkDocs, the same theme and the same Markdown, with plain fences, and
with the formulas left to client-side mathematics. Round after round, each tool's first build
(cold), unchanged build and build after an edit of one page are timed as whole processes, right
after a build of the floor, and divided by that. The table has the median of these ratios, and their
least and greatest.

The code alone is what all cells, claims and figures take in one process that makes no page of them.
Zensical renders pages again only if they changed, so its own times without code are given as well.
Peers run the same cells on pages of their own formats. Those that are not installed beside handout
are looked for on the `PATH`, and left out if they are not there.

Parts may be measured one by one: what is new goes into the file of results in the place of what is
there, and all of that file into the page, between its two comments.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

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
FIGURE = """\
import matplotlib.pyplot as plt
plt.plot(x, p, "o")
plt.show()
"""
PROSE = "Softmax turns scores into probabilities; its backward step is tested below. " * 6
FORMULAS = (
    r"P_i = \frac{{e^{{x_i / {t}}}}}{{\sum_j e^{{x_j / {t}}}}}",
    r"\frac{{\partial P_i}}{{\partial x_j}} = \frac{{1}}{{{t}}} P_i (\delta_{{ij}} - P_j)",
)
DRAWN = FIGURE.replace(
    "plt.show()", 'plt.savefig(io.BytesIO(), format="svg", bbox_inches="tight")\nplt.close()'
)
LET = r"a \in \mathbb{R}"
CLAIM = "<!-- claim: square-{n} -->\n$$\n{formula}\n$$\n"
CHECKED = "from edf.equations import check_equation, declare\na = declare({!r}, {{}})\n"
ALONE = """\
import glob, io
for page in sorted(glob.glob("page-*.py")):
    with open(page) as file:
        exec(file.read(), {"io": io})
"""
MKDOCS = """\
site_name: Benchmark
theme: {{name: material, font: false}}
plugins: [{plugins}]
markdown_extensions:
  [admonition, tables, toc, {{pymdownx.superfences: {{}}}}, pymdownx.highlight,
   {{pymdownx.arithmatex: {{generic: true}}}}]
"""
SPHINX = """\
project = "Benchmark"
extensions = ["myst_nb"]
nb_execution_mode = "cache"
exclude_patterns = ["_build"]
"""
MARIMO = "title: B\ndependencies: {{mode: env}}\ntoc:\n{toc}"


@dataclass(frozen=True)
class Tool:
    """A way to put the output of code on a page."""

    name: str
    command: Sequence[str]  # that builds the site, from its folder
    files: Callable[[int], dict[str, str]]  # a site of so many pages
    made: Sequence[str] = (".cache",)  # folders that a first build does not have
    needs: str = ""  # the module that the build needs, or the program
    distribution: str = ""  # of a peer, whose version is given


def texts(number: int, cells: int = 5) -> Iterator[tuple[str, str]]:
    """The sections of a page: prose with two formulas in it and two displayed, and code."""
    for n in range(cells):
        t = 10 * number + n + 2
        first, second = (formula.format(t=t) for formula in FORMULAS)
        said = f"With $t = {t}$ all is smooth: $\\nabla P \\neq 0$."
        shown = "\n\n".join(f"$$\n{formula}\n$$" for formula in (first, second))
        code = CELL.format(seed=100 * number + n)
        yield f"## Section {n}\n\n{PROSE}{said}\n\n{shown}\n", code


def markdown(number: int, fence: str, cells: int = 5, claims: int = 0, figures: int = 0) -> str:
    """A page in Markdown; `fence` is the header of a cell's fence."""
    parts = [f"{text}\n```{fence}\n{code}```\n" for text, code in texts(number, cells)]
    parts += [f"```{fence}\n{FIGURE}```\n"] * figures
    if claims:
        parts.append(f"<!-- let: {LET} -->\n")
    parts += (CLAIM.format(n=n, formula=said) for n, said in enumerate(squares(number, claims)))
    return f"# Page {number}\n\n" + "\n".join(parts)


def squares(number: int, claims: int) -> list[str]:
    """What a page claims."""
    each = range(10 * number, 10 * number + claims)
    return [f"(a + {t})^2 = a^2 + {2 * t} a + {t * t}" for t in each]


def alone(pages: int, claims: int = 0, figures: int = 0) -> dict[str, str]:
    """The files of a program that runs the code of all pages in one process, and no more."""
    made = {"run.py": ALONE}
    for number in range(pages):
        parts = [code for _, code in texts(number)] + [DRAWN] * figures
        parts += [CHECKED.format(LET)] * bool(claims)
        parts += [f"check_equation({said!r}, a)\n" for said in squares(number, claims)]
        made[f"page-{number}.py"] = "".join(parts)
    return made


def notebook(number: int) -> str:
    """The same page as a notebook."""
    import nbformat.v4 as nb

    cells = [nb.new_markdown_cell(f"# Page {number}")]
    for text, code in texts(number):
        cells += [nb.new_markdown_cell(text), nb.new_code_cell(code)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps(nb.new_notebook(cells=cells, metadata=metadata))


def marimo(number: int) -> str:
    """The same page as a marimo notebook; names with an underscore belong to their cell."""
    parts = ["import marimo\n\napp = marimo.App()\n"]
    for text, code in texts(number):
        quoted = f'_mo.md(r"""{text}""")'
        body = "".join(f"    {line}\n" for line in code.splitlines())
        parts.append(
            f"@app.cell(hide_code=True)\ndef _():\n    import marimo as _mo\n    {quoted}\n"
        )
        parts.append(f"@app.cell\ndef _():\n    def _run():\n{indented(body)}    _run()\n")
    return "\n\n".join(parts) + '\n\nif __name__ == "__main__":\n    app.run()\n'


def indented(text: str) -> str:
    """The text with each line four columns to the right."""
    return "".join(f"    {line}\n" for line in text.splitlines())


def mkdocs(
    plugins: str, page: Callable[[int], str], ending: str = "md"
) -> Callable[[int], dict[str, str]]:
    """The files of a site for MkDocs with some plugins."""

    def files(pages: int) -> dict[str, str]:
        made = {f"docs/page-{n}.{ending}": page(n) for n in range(pages)}
        return {"mkdocs.yml": MKDOCS.format(plugins=plugins), "docs/index.md": "# Index\n", **made}

    return files


def sphinx(pages: int) -> dict[str, str]:
    """The files of a site for Sphinx with MyST-NB."""
    made = {f"page-{n}.ipynb": notebook(n) for n in range(pages)}
    contents = "\n".join(f"page-{n}" for n in range(pages))
    return {"conf.py": SPHINX, "index.md": f"# Index\n\n```{{toctree}}\n{contents}\n```\n", **made}


def marimo_book(pages: int) -> dict[str, str]:
    """The files of a marimo book."""
    made = {f"content/page-{n}.py": marimo(n) for n in range(pages)}
    toc = "".join(f"  - file: {name}\n" for name in ("content/index.md", *made))
    return {"book.yml": MARIMO.format(toc=toc), "content/index.md": "# Index\n", **made}


BUILD = (sys.executable, "-m", "mkdocs", "build", "--quiet")
ZENSICAL = (sys.executable, "-m", "zensical", "build")
RUN, OTHERS = 'python exec="on"', 'python exec="on" source="above"'
FLOOR = Tool(
    "no code, by MkDocs (the floor)", BUILD, mkdocs("search", partial(markdown, fence="python"))
)
HANDOUT = Tool("handout, by MkDocs", BUILD, mkdocs("search, handout", partial(markdown, fence=RUN)))
COURSE = mkdocs("search, handout", partial(markdown, fence=RUN, claims=2, figures=1))
CLAIMING = Tool("handout, by MkDocs, with 2 claims and a figure a page", BUILD, COURSE)
BY_ZENSICAL = Tool(
    "handout, by Zensical",
    (sys.executable, "-m", "handout", "build", "--host", "zensical"),
    mkdocs("search, handout", partial(markdown, fence=RUN)),
    (".cache", "site"),
    needs="zensical",
)
CLAIMING_BY_ZENSICAL = replace(
    BY_ZENSICAL, name="handout, by Zensical, with 2 claims and a figure a page", files=COURSE
)
ITSELF = Tool(
    "no code, by Zensical",
    ZENSICAL,
    mkdocs("search", partial(markdown, fence="python")),
    (".cache", "site"),
    needs="zensical",
)
PROGRAM = (sys.executable, "run.py")
BARE = Tool("the code alone, in one process", PROGRAM, alone, made=())
BARE_CLAIMING = Tool(
    "the code alone, with 2 claims and a figure a page",
    PROGRAM,
    partial(alone, claims=2, figures=1),
    made=(),
)
OURS = (HANDOUT, CLAIMING, BY_ZENSICAL, CLAIMING_BY_ZENSICAL, ITSELF, BARE, BARE_CLAIMING)
PEERS = (
    Tool(
        "markdown-exec, by MkDocs",
        BUILD,
        mkdocs("search, markdown-exec", partial(markdown, fence=OTHERS)),
        needs="markdown_exec",
        distribution="markdown-exec",
    ),
    Tool(
        "markdown-exec, by Zensical",
        ZENSICAL,
        mkdocs("search, markdown-exec", partial(markdown, fence=OTHERS)),
        (".cache", "site"),
        needs="markdown_exec",
        distribution="markdown-exec",
    ),
    Tool(
        "mkdocs-jupyter, executing",
        BUILD,
        mkdocs("search, {mkdocs-jupyter: {execute: true}}", notebook, "ipynb"),
        needs="mkdocs_jupyter",
        distribution="mkdocs-jupyter",
    ),
    Tool(
        "Sphinx, with MyST-NB, caching",
        ("sphinx-build", "-q", ".", "_build/html"),
        sphinx,
        ("_build",),
        needs="sphinx-build",
        distribution="sphinx",
    ),
    Tool(
        "marimo-book", ("marimo-book", "build"), marimo_book, ("_site", "_site_src", ".cache",
        ".marimo_book_cache"), needs="marimo-book", distribution="marimo-book",
    ),
)  # fmt: skip


def write(folder: Path, files: dict[str, str]) -> None:
    """Write a site anew."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def environment() -> dict[str, str]:
    """That of every build; compiled modules are kept, as they are by default."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "NO_MKDOCS_2_WARNING": "1"}


def build(folder: Path, tool: Tool, processor: bool = False) -> tuple[float, float]:
    """Seconds that a build takes, as a process of its own, and the megabytes of its memory.

    Args:
        folder: of the site.
        tool: that builds it.
        processor: whether the seconds are those of a processor, of the build and of all processes
            that it has waited for: other programs change them little.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        tool.command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL
    )
    _, process.returncode, usage = os.wait4(process.pid, 0)
    if process.returncode:
        raise SystemExit(f"{tool.name}: the build failed")
    took = usage.ru_utime + usage.ru_stime if processor else time.perf_counter() - start
    return took, usage.ru_maxrss / 1024


def edit(folder: Path) -> None:
    """Change the code of one page."""
    file = next(iter(sorted(folder.rglob("page-0.*"), key=lambda path: len(path.parts))))
    file.write_text(file.read_text().replace("1e-5", "1e-5 * 1", 1))


KINDS = ("cold", "unchanged", "one page edited")


def measure(
    root: Path, pages: int, tools: Sequence[Tool], rounds: int, processor: bool
) -> dict[str, Any]:
    """The ratios of every round, by tool and kind of build; of the floor, its seconds."""
    folders = {tool: root / str(number) for number, tool in enumerate((FLOOR, *tools))}
    for tool, folder in folders.items():
        write(folder, tool.files(1))
        build(folder, tool)  # for compiled modules, and the operating system's cache
        write(folder, tool.files(pages))
    found: dict[str, Any] = {"floor": []}
    for _ in range(rounds):
        for tool in tools:
            folder = folders[tool]
            floor, least = build(folders[FLOOR], FLOOR, processor)
            found["floor"].append(floor)
            times = found.setdefault(with_version(tool), {"memory": []})
            for kind in KINDS:
                if kind == "cold":
                    for made in tool.made:
                        shutil.rmtree(folder / made, ignore_errors=True)
                elif kind == "one page edited":
                    edit(folder)
                took, memory = build(folder, tool, processor)
                times.setdefault(kind, []).append(took / floor)
                times["memory"].append(memory - least)
    for folder in folders.values():
        shutil.rmtree(folder)
    return found


def with_version(tool: Tool) -> str:
    """The name of a tool, that of a peer with its own version."""
    if not tool.distribution:
        return tool.name
    try:
        version = importlib.metadata.version(tool.distribution)
    except importlib.metadata.PackageNotFoundError:
        said = subprocess.run([tool.command[0], "--version"], capture_output=True, text=True)
        version = said.stdout.split()[-1] if said.stdout.split() else ""
    name, comma, how = tool.name.partition(",")
    return f"{name} {version}{comma}{how}"


def table(pages: str, measured: dict[str, Any]) -> str:
    """The ratios to the floor: their median, and their spread where there is more than one."""
    floor = statistics.median(measured["floor"])
    lines = [
        f"{int(pages):,} pages of 20 formulas and 5 cells; the floor takes {floor:.2f} s:",
        "",
        "| tool | cold | unchanged | one page edited | rounds |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for tool, each in measured.items():
        if tool != "floor":
            ratios = " | ".join(spread(each[kind]) for kind in KINDS)
            lines.append(f"| {tool} | {ratios} | {len(each['cold'])} |")
    if int(pages) >= 1000:
        most = {tool: max(each["memory"]) for tool, each in measured.items() if tool != "floor"}
        said = "; ".join(f"{tool} {memory:.0f} MB" for tool, memory in most.items())
        lines += ["", f"Memory beyond that of the floor, at most: {said}."]
    return "\n".join(lines) + "\n"


def spread(ratios: Sequence[float]) -> str:
    """The median, and the least and the greatest."""
    middle = f"{statistics.median(ratios):.2f}"
    return f"{middle} ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else middle


def report(results: dict[str, Any]) -> str:
    """All results as they stand on the page."""
    tables = [table(pages, found) for pages, found in sorted(results["pages"].items(), key=_size)]
    if saved := results.get("serve"):
        head = (
            "| from saving a page to its being served | words | code |",
            "| --- | ---: | ---: |",
        )
        rows = [f"| {tool} | {w:.2f} s | {c:.2f} s |" for tool, (w, c) in saved.items()]
        tables.append("\n".join((*head, *rows, "")))
    if rows := results.get("many"):
        head = ("| `handout check` | time | memory |", "| --- | ---: | ---: |")
        tables.append("\n".join((*head, *rows, "")))
    return "\n".join(tables)


def _size(entry: tuple[str, Any]) -> int:
    return int(entry[0])


BEGIN, END = "<!-- measured by benchmarks/engine_speed.py -->\n", "<!-- measured until here -->\n"


def write_page(page: Path, said: str) -> None:
    """Put the tables into the page, between its two comments."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{said}\n{END}{after}", "utf-8")


def installed(tool: Tool) -> bool:
    """Whether a peer can be measured here."""
    if not tool.needs:
        return True
    return importlib.util.find_spec(tool.needs) is not None or shutil.which(tool.needs) is not None


# From saving a page to the new page being served


@contextlib.contextmanager
def served(folder: Path, command: Sequence[str]) -> Iterator[str]:
    """The address of a page that a command serves, which ends in the option for where."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = [*command, f"127.0.0.1:{port}"]
    with subprocess.Popen(words, cwd=folder, env=environment(), **silent) as process:
        try:
            yield f"http://127.0.0.1:{port}/page-0/"
        finally:
            process.terminate()


def wait_for(address: str, text: str) -> None:
    """Return as soon as a page shows a text."""
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=60) as answer:
            if text in answer.read().decode():
                return
        time.sleep(0.005)


def latencies(
    folder: Path, tool: Tool, command: Sequence[str], pages: int, rounds: int, code: bool
) -> list[float]:
    """Seconds from saving a page, its words or its code changed, until it is served."""
    write(folder, tool.files(pages))
    page = folder / "docs/page-0.md"
    text = page.read_text()
    taken = []
    with served(folder, command) as address:
        wait_for(address, "Section 0")
        for number in range(rounds):
            time.sleep(1)
            edited = text.replace("## Section 0", f"## Edit {number}")
            page.write_text(edited.replace("1e-8", f"1e-8 + 0 * {number}", 1) if code else edited)
            start = time.perf_counter()
            wait_for(address, f"Edit {number}")
            taken.append(time.perf_counter() - start)
    return taken


def serving(root: Path, rounds: int) -> dict[str, list[float]]:
    """The median seconds from saving a page to its being served, words and code, by server."""
    mkdocs = (sys.executable, "-m", "mkdocs", "serve", "--livereload", "-a")
    ours = (sys.executable, "-m", "handout", "serve", "--host", "zensical", "--address")
    servers = ((FLOOR, mkdocs), (HANDOUT, mkdocs), (BY_ZENSICAL, ours))
    return {
        tool.name: [
            statistics.median(latencies(root / "served", tool, command, 10, rounds, code))
            for code in (False, True)
        ]
        for tool, command in servers
    }


# Many pages


def many(root: Path, pages: int) -> Iterator[str]:
    """Time and memory of running pages of ten cells, cold and unchanged; a tenth of them first."""
    for count in (pages // 10, pages):
        write(
            root, {f"docs/page-{n}.md": markdown(n, 'python exec="on"', 10) for n in range(count)}
        )
        names = [f"docs/page-{n}.md" for n in range(count)]
        for kind in ("cold", "unchanged"):
            start = time.perf_counter()
            command = [
                sys.executable,
                "-c",
                "from handout.cli import main; main()",
                "check",
                *names,
            ]
            process = subprocess.Popen(
                command, cwd=root, env=environment(), stdout=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(process.pid, 0)
            assert status == 0
            process.returncode = 0
            took = time.perf_counter() - start
            yield (
                f"| {count:,} pages, {10 * count:,} cells, {kind} | {took:.1f} s "
                f"| {usage.ru_maxrss / 1024:.0f} MB |"
            )


def wanted(words: Sequence[str]) -> list[Tool]:
    """The tools that are there, of ours, of peers, or whose name has a word."""
    groups = {"ours": OURS, "peers": PEERS}
    named = [
        tool
        for word in words
        for tool in groups.get(word) or [t for t in (*OURS, *PEERS) if word in t.name]
    ]
    return [*filter(installed, dict.fromkeys(named))]


def main() -> None:
    """Measure, and print what is known by then."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--tools", nargs="*", default=["ours"], help="ours, peers, or part of a name"
    )
    parser.add_argument(
        "--processor", action="store_true", help="compare seconds of processors, not of the clock"
    )
    parser.add_argument("--serve", action="store_true", help="measure what a saved page takes")
    parser.add_argument("--many", type=int, default=0, help="check so many pages of 10 cells")
    parser.add_argument("--results", type=Path, help="a file of results, to which these are added")
    parser.add_argument("--page", type=Path, help="the page that shows all results")
    options = parser.parse_args()
    results: dict[str, Any] = {"pages": {}}
    if options.results and options.results.is_file():
        results = json.loads(options.results.read_text())

    def keep() -> None:
        if options.results:
            options.results.write_text(json.dumps(results, indent=1))

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for pages in options.pages:
            found = measure(root, pages, wanted(options.tools), options.rounds, options.processor)
            earlier = results["pages"].setdefault(str(pages), {"floor": []})
            found["floor"] += earlier["floor"]
            earlier.update(found)
            keep()
        if options.serve:
            results["serve"] = serving(root, options.rounds)
            keep()
        if options.many:
            results["many"] = list(many(root / "many", options.many))
            keep()
    said = report(results)
    print(said)
    if options.page:
        write_page(options.page, said)


if __name__ == "__main__":
    main()
