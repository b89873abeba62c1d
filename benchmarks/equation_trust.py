"""How far can a verdict on an equation be trusted? Thousands of generated ones, judged by SymPy.

    python -m benchmarks.equation_trust --count 10000 --jobs 2

checks so many right and so many wrong equations, prints a Markdown table, and exits with status 1
if a wrong one was verified or a right one refuted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from tests.oracle.campaign import Tally, run
from tests.oracle.identities import identities
from tests.oracle.matrix_identities import matrix_identities

CHUNK = 100  # equations of each truth per seed; the same seeds give the same equations
VERDICTS = ("verified", "refuted", "inconclusive", "error")


def chunk(work: tuple[int, int]) -> Tally:
    seed, size = work
    return run(seed, size, size)


def table(tally: Tally) -> str:
    rows = [
        "| equations | " + " | ".join(VERDICTS) + " | wrong verdicts | at 95% confidence |",
        "| --- |" + " ---: |" * (len(VERDICTS) + 2),
    ]
    for truth in ("right", "wrong", "one size", "ill-formed"):
        n, bad = tally.total(truth), tally.wrong_verdicts(truth)
        counts = " | ".join(f"{tally.counts[truth, v]:,}" for v in VERDICTS)
        bound = f"fewer than {3 / n:.2%}" if n and not bad else "-"
        rows.append(f"| {n:,} {truth} | {counts} | {bad} | {bound} |")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="right ones, and wrong ones")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rejections", type=int, default=0, help="show so many")
    options = parser.parse_args()
    sizes = [CHUNK] * (options.count // CHUNK) + [options.count % CHUNK]
    work = [(options.seed + k, size) for k, size in enumerate(sizes) if size]
    tally, start = Tally(), time.perf_counter()
    with multiprocessing.Pool(options.jobs) as pool:
        for done, result in enumerate(pool.imap_unordered(chunk, work), 1):
            tally.merge(result)
            for failure in result.failures:
                print(failure, file=sys.stderr)
            if sys.stderr.isatty():
                print(f"{done} of {len(work)} parts done", file=sys.stderr)
    print(table(tally))
    print(
        f"\n{len(identities()) + len(matrix_identities())} base equations, "
        f"seeds {options.seed} to {work[-1][0]}, "
        f"{tally.total('undecided')} more left out that SymPy could not decide, "
        f"{time.perf_counter() - start:.0f} s."
    )
    for rejection, times in tally.rejections.most_common(options.rejections):
        print(times, rejection)
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main())
