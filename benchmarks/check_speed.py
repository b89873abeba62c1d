"""How long does checking a gradient take, beside torch's slow `gradcheck` in the same run?

    python benchmarks/check_speed.py [--repeat 9]

Softmax of (64, 10), and a multi-layer perceptron 21-37-5 with 1,004 parameters and a batch of 8;
for ours alone also one of 784-64-10, with 50,890 parameters and a batch of 64. One thread. Ours at
one point, as torch's, and with its default of three. The figure of merit is the ratio: best time of
torch's over best time of ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np  # noqa: E402

from edf import CrossEntropy, Input, Param, Sigmoid, Softmax  # noqa: E402
from edf.check import check_gradients  # noqa: E402
from edf.graph import Node  # noqa: E402

SIZES = {"small": (21, 37, 5, 8), "large": (784, 64, 10, 64)}


def best(functions: list[Callable[[], object]], repeat: int) -> list[float]:
    """Return the shortest of `repeat` times of each, in milliseconds; they take turns, so that
    whatever else the machine does meets them alike."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeat):
        for function, measured in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            measured.append(time.perf_counter() - start)
    return [1e3 * min(measured) for measured in times]


def arrays(size: str) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return the parameters, the data and the labels of a perceptron."""
    rng = np.random.default_rng(0)
    n_in, hidden, classes, batch = SIZES[size]
    parameters = [
        rng.standard_normal((n_in, hidden)) / np.sqrt(n_in),
        rng.standard_normal(hidden),
        rng.standard_normal((hidden, classes)) / np.sqrt(hidden),
        rng.standard_normal(classes),
    ]
    return parameters, rng.standard_normal((batch, n_in)), rng.integers(classes, size=batch)


def perceptron(size: str) -> Node:
    parameters, data, labels = arrays(size)
    W, b, V, c = (Param(parameter) for parameter in parameters)
    return CrossEntropy(Sigmoid(data @ W + b) @ V + c, labels)


def torch_checks() -> dict[str, Callable[[], object]]:
    import torch

    torch.set_num_threads(1)
    x = torch.tensor(softmax_input(), requires_grad=True)
    parameters, data, labels = arrays("small")
    tensors = [torch.tensor(parameter, requires_grad=True) for parameter in parameters]
    X, y = torch.tensor(data), torch.tensor(labels)

    def loss(W, b, V, c):
        return torch.nn.functional.cross_entropy(torch.sigmoid(X @ W + b) @ V + c, y)

    gradcheck = torch.autograd.gradcheck
    return {
        "softmax (64, 10)": lambda: gradcheck(lambda x: torch.softmax(x, -1), (x,)),
        "perceptron, 1,004 parameters": lambda: gradcheck(loss, tensors),
    }


def softmax_input() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((64, 10))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=9, help="the best of so many times")
    repeat = parser.parse_args().repeat
    graphs = {
        "softmax (64, 10)": Softmax(Input(softmax_input())),
        "perceptron, 1,004 parameters": perceptron("small"),
        "perceptron, 50,890 parameters": perceptron("large"),
    }
    peers = torch_checks() if importlib.util.find_spec("torch") else {}
    print("| what is checked | ours, 1 point | ours, 3 points | torch slow gradcheck | ratio |")
    print("|---|---|---|---|---|")
    for name, graph in graphs.items():
        wrt = graph.params or None
        assert check_gradients(graph, wrt).ok, name
        functions: list[Callable[[], object]] = [
            lambda: check_gradients(graph, wrt, points=1),  # noqa: B023
            lambda: check_gradients(graph, wrt),  # noqa: B023
        ]
        one, three, *others = best(functions + ([peers[name]] if name in peers else []), repeat)
        peer = others[0] if others else None
        theirs = f"{peer:.0f} ms" if peer else "not measured"
        ratio = f"{peer / one:.0f} times ({peer / three:.0f} with 3 points)" if peer else ""
        print(f"| {name} | {one:.1f} ms | {three:.1f} ms | {theirs} | {ratio} |")


if __name__ == "__main__":
    main()
