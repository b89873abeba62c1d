"""Are mistakes found that no plain sample shows, and do right derivatives raise no alarm there?

    python -m benchmarks.check_beyond [--seeds 20]

The collection is `tests/derivatives/beyond.py`: derivatives that are wrong above 4 or below -7, at
one number, between 4 and 4.5, on one side of a branch, and right ones with thresholds, ties and
saturation. Each is checked at inputs of two shapes with so many seeds: by `check_gradients` at its
samples alone (`points=1`), in full, and by HIPS autograd's `check_grads` at the same samples.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from tests.derivatives.beyond import RIGHT, WRONG

from edf import Input
from edf.check import check_gradients

SHAPES = [(3,), (2, 3)]


def at_one_point(kind: Any, x: np.ndarray, seed: int) -> str:
    return check_gradients(kind(Input(x)), points=1, seed=seed).status


def in_full(kind: Any, x: np.ndarray, seed: int) -> str:
    return check_gradients(kind(Input(shape=x.shape)), seed=seed).status


def by_autograd(kind: Any, x: np.ndarray, seed: int) -> str:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    node = kind(Input(x))
    function = primitive(lambda x: np.asarray(node.forward(x)))

    def pull(y: Any, x: Any) -> Any:
        node.value = y
        return lambda g: node.backward(np.asarray(g), x)

    defvjp(function, pull)
    try:
        check_grads(function, modes=["rev"], order=1)(x)
    except Exception:  # it raises whatever its comparison raises
        return "refuted"
    return "verified"


CHECKERS: dict[str, Callable[[Any, np.ndarray, int], str]] = {
    "edf, at one sample": at_one_point,
    "edf, in full": in_full,
    "autograd check_grads, at one sample": by_autograd,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    print("| checker | wrong: refuted | inconclusive | right: verified | inconclusive | ms each |")
    print("|---|---|---|---|---|---|")
    for name, check in CHECKERS.items():
        if "autograd" in name and importlib.util.find_spec("autograd") is None:
            print(f"| {name} | not installed | | | | |")
            continue
        counts = {"wrong": Counter[str](), "right": Counter[str]()}
        start = time.perf_counter()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for truth, kinds in (("wrong", WRONG), ("right", RIGHT)):
                for kind in kinds.values():
                    for seed in range(options.seeds):
                        for shape in SHAPES:
                            x = np.random.default_rng(seed).standard_normal(shape)
                            counts[truth][check(kind, x, seed)] += 1
        wrong, right = counts["wrong"], counts["right"]
        each = 1e3 * (time.perf_counter() - start) / (wrong.total() + right.total())
        print(
            f"| {name} | {wrong['refuted']} of {wrong.total()} | {wrong['inconclusive']} "
            f"| {right['verified']} of {right.total()} | {right['inconclusive']} | {each:.0f} |"
        )


if __name__ == "__main__":
    main()
