"""Lines and times of the programs in the guide, in edf and in torch, in one run.

    python benchmarks/edf_programs.py

Takes the programs from `docs/guide/programs.md` as they stand there. A line is one that holds code;
of the loop that prints, none is counted. A time is the least processor time of one step of many, in
turns, on one thread. Prints the table of that page. torch is measured where it is installed.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import contextlib
import importlib.util
import io
import math
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from time import thread_time

PAGE = Path(__file__).parents[1] / "docs" / "guide" / "programs.md"
FENCE = re.compile(r"^( *)```python(.*?)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def programs() -> dict[str, list[str]]:
    """Return for each title on the page the program in edf and the one in torch."""
    found: dict[str, list[str]] = {}
    for indent, options, code in FENCE.findall(PAGE.read_text("utf-8")):
        source = textwrap.dedent(code) if indent else code
        if title := re.search(r'title="([^"]*)"', options):
            found[title[1]] = [source.partition("\n\n\nlosses =")[0]]
        else:
            found[list(found)[-1]].append(source)
    return found


def lines(source: str) -> int:
    """Return how many lines of a program hold code."""
    stripped = (line.strip() for line in source.splitlines())
    return sum(bool(line) and not line.startswith("#") for line in stripped)


def stepper(source: str) -> Callable[[], float]:
    """Run a program up to its loop, and return its step."""
    space: dict[str, Callable[[], float]] = {"__name__": "program"}  # type: ignore[dict-item]
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "program", "exec"), space)
    return space["step"]


def main() -> None:
    peers = ["edf"]
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.set_num_threads(1)
        peers.append("torch")
    print(f"| | {' | '.join(f'{p}, lines | {p}, ms a step' for p in peers)} |")
    print(f"| --- |{' ---: |' * 2 * len(peers)}")
    for title, sources in programs().items():
        steps = [stepper(source) for source, _ in zip(sources, peers, strict=False)]
        best = [math.inf] * len(steps)
        for _ in range(40):
            for k, step in enumerate(steps):
                step()
                begun = thread_time()
                for _ in range(3):
                    step()
                best[k] = min(best[k], (thread_time() - begun) / 3)
        cells = [f"{lines(s)} | {b * 1e3:.2f}" for s, b in zip(sources, best, strict=False)]
        print(f"| {title} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
