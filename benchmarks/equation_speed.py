"""How long does a verdict on an equation take, beside SymPy in the same run?

    python -m benchmarks.equation_speed [--repeat 5] [--sympy]

The base equations of the trust benchmark at 20 points, by the order of their derivatives; the
gradient in a matrix of 5 by 4; and every claim of Problem Set #1. *Alone* is the verdict, *in full*
also counts the corruptions that it would notice, or seeks a repair. One thread, processor time.
With `--sympy`, the time that SymPy takes to differentiate the same graph and judge the same
equations at 4 points.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

from tests.oracle.campaign import verdict_alone  # noqa: E402
from tests.oracle.identities import identities  # noqa: E402
from tests.oracle.latex import Speller  # noqa: E402
from tests.oracle.matrix import MatrixSpeller  # noqa: E402
from tests.oracle.matrix_identities import matrix_identities  # noqa: E402
from tests.oracle.oracle import Oracle  # noqa: E402

from edf import AnyFunction, Input  # noqa: E402
from edf.equations import EquationError, check_equation  # noqa: E402
from handout.page.cells import find_cells  # noqa: E402

PAGES = [Path(__file__).parents[1] / "docs/ps1" / f"problem-{k}.md" for k in (1, 2)]
ORDERS = ("no derivative", "first derivatives", "second derivatives")

Case = tuple[str, str, dict[str, Any]]
"""Kind of equation, LaTeX, and the names that it is read against."""


def base_equations() -> list[Case]:
    """The base equations of the trust benchmark, by what they differentiate."""
    cases = []
    for identity in identities():
        latex = Speller(identity.world).equation(identity.equation)
        cases.append((ORDERS[_order(latex)], latex, identity.world.graph()))
    for identity in matrix_identities():
        latex = MatrixSpeller(identity.world).equation(identity.equation)
        cases.append(("matrix notation", latex, identity.world.graph()))
    return cases


def _order(latex: str) -> int:
    """The highest order of a derivative."""
    if r"\partial^" in latex or "d^" in latex or "''" in latex:
        return 2
    return int(r"\partial" in latex or r"\nabla" in latex or "'" in latex or r"\frac{d" in latex)


def matrix_gradients() -> list[Case]:
    """Gradients in a matrix of 5 by 4."""
    W, x, b = Input(shape=(5, 4)), Input(shape=(4,)), Input(shape=(5,))
    z = W @ x + b
    ell = AnyFunction()(z)
    names = {"W": W, "x": x, "b": b, "z": z, "ell": ell}
    claims = (
        r"\nabla_W \ell = (\nabla_z \ell) x^\top",
        r"\frac{\partial \ell}{\partial W_{ij}} = \frac{\partial \ell}{\partial z_i} x_j",
        r"\frac{\partial z_i}{\partial W_{jk}} = \delta_{ij} x_k",
    )
    return [("gradient in a matrix of 5 by 4", claim, names) for claim in claims]


def problem_set() -> Callable[[], int]:
    """Return what tests every claim of Problem Set #1 in full; the pages' Python is run before."""
    claims = []
    for page in PAGES:
        names: dict[str, Any] = {}
        for cell in find_cells(page.read_text(), page.name):
            if cell.kind == "python" and cell.runs:
                with suppress(Exception):  # a cell that shows a mistake raises
                    exec(compile(cell.source, page.name, "exec"), names)
            elif cell.kind == "math" and cell.runs:
                options = {k: v for k, v in cell.options.items() if k in ("reading", "loss")}
                claims.append((cell.source, dict(names), options))

    def test() -> int:
        found = 0
        for latex, names, how in claims:
            with suppress(EquationError):  # as posted, some cannot be read
                found += len(check_equation(latex, names, **how))
        return found

    return test


def milliseconds(function: Callable[[], object], repeat: int) -> float:
    """The median processor time of a call."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return 1e3 * median(times)


def sympy_ratio(repeat: int) -> float:
    """By how much SymPy takes longer, in the median over one equation of each base graph."""
    ratios = []
    for identity in {identity.world.name: identity for identity in identities()}.values():
        latex, names = Speller(identity.world).equation(identity.equation), identity.world.graph()
        with verdict_alone():
            ours = milliseconds(lambda: check_equation(latex, names), repeat)  # noqa: B023
        theirs = milliseconds(lambda: Oracle(identity.world).judge(identity.equation), 1)  # noqa: B023
        ratios.append(theirs / ours)
    return median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, help="the median of so many times")
    parser.add_argument("--sympy", action="store_true", help="time SymPy, too, which takes minutes")
    options = parser.parse_args()
    kinds: dict[str, list[tuple[float, float]]] = {kind: [] for kind in ORDERS}
    for kind, latex, names in base_equations() + matrix_gradients():

        def check() -> None:
            check_equation(latex, names)  # noqa: B023

        if not all(check_equation(latex, names)):
            continue  # one that is rightly inconclusive: data, or too few digits
        with verdict_alone():
            alone = milliseconds(check, options.repeat)
        kinds.setdefault(kind, []).append((alone, milliseconds(check, options.repeat)))
    print("| equations | how many | alone: median | slowest | in full: median | slowest |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind, times in kinds.items():
        alone, full = zip(*times, strict=True)
        figures = " | ".join(f"{f(t):.1f} ms" for t in (alone, full) for f in (median, max))
        print(f"| {kind} | {len(times)} | {figures} |")
    test = problem_set()
    whole = milliseconds(test, options.repeat)
    print(f"\nProblem Set #1: {test()} verdicts in full in {whole:.0f} ms.")
    if options.sympy:
        print(f"SymPy takes {sympy_ratio(options.repeat):.0f} times as long, in the median.")


if __name__ == "__main__":
    main()
