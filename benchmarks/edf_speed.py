"""How fast edf is, against the same computation written by hand in NumPy (the floor) and peers.

    python -m benchmarks.edf_speed

Prints Markdown tables. Every contender runs in this one process, on one thread, in turns; a figure
is the least processor time of many turns, and of several copies of a network, so that other work
on the machine and the place of an array in memory count little. torch and autograd are measured
where they are installed. All contenders compute the same losses, and the program stops if they do
not.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import gc
import importlib.util
import math
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from time import thread_time
from typing import TypeVar

import numpy as np

import edf

Name = TypeVar("Name")
Step = Callable[[], float]  # one training step; returns the loss before it

BATCH, PIXELS, HIDDEN, CLASSES, RATE = 64, 784, 64, 10, 0.1
TOLERANCE = 2e-4  # of losses in float32 after several steps
COPIES = 5  # of every network, each with arrays of its own


# -------------------------------------------------------------------------------- a network's step


def network() -> tuple[np.ndarray, ...]:
    """Return data, labels and initial parameters of the perceptron, in float32."""
    rng = np.random.default_rng(0)
    x, y = rng.random((BATCH, PIXELS), np.float32), rng.integers(CLASSES, size=BATCH)
    W = edf.xavier((PIXELS, HIDDEN), rng, np.float32)
    V = edf.xavier((HIDDEN, CLASSES), rng, np.float32)
    return x, y, W, np.zeros(HIDDEN, np.float32), V, np.zeros(CLASSES, np.float32)


def floor_step(data_gradient: bool = False) -> Step:
    """The step by hand: no graph, parameters changed in place; with or without the gradient of the
    data, which training does not need."""
    x, y, W, b, V, c = network()
    rows, rate = np.arange(BATCH), np.float32(RATE)
    kept: list[np.ndarray] = []

    def step() -> float:
        h = 1 / (1 + np.exp(-(x @ W + b)))
        z = h @ V + c
        z -= z.max(axis=1, keepdims=True)
        e = np.exp(z)
        total = e.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - z[rows, y]).mean()
        dz = e / total
        dz[rows, y] -= 1
        dz /= BATCH
        da = dz @ V.T * h * (1 - h)
        dW, db, dV, dc = x.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
        if data_gradient:
            kept[:] = [da @ W.T]
        for w, dw in ((W, dW), (b, db), (V, dV), (c, dc)):
            w -= rate * dw
        return float(loss)

    return step


def edf_step(only_params: bool = False) -> Step:
    """The documented loop: loss.forward(); loss.backward(); optimizer.step()."""
    images, labels, *initial = network()
    x, y = edf.Input(images), edf.Input(labels)
    W, b, V, c = map(edf.Param, initial)
    loss = edf.CrossEntropy(edf.Sigmoid(x @ W + b) @ V + c, y)
    optimizer = edf.SGD(loss.params, lr=RATE)
    params = loss.params if only_params else None

    def step() -> float:
        value = float(loss.forward())
        loss.backward(wrt=params)
        optimizer.step()
        return value

    return step


def course_2017_step() -> Step:
    """The course's file of 2017: a list of components, each adding to the gradients of its inputs,
    that of the data included; probabilities, then their logarithm."""
    images, labels, *initial = network()
    rows, rate = np.arange(BATCH), np.float32(RATE)

    class Component:
        def __init__(self, *inputs):
            self.inputs, self.grad, self.value = inputs, None, None

    class Dot(Component):
        def forward(self):
            self.value = self.inputs[0].value @ self.inputs[1].value

        def backward(self):
            a, b = self.inputs
            a.grad = a.grad + self.grad @ b.value.T
            b.grad = b.grad + a.value.T @ self.grad

    class Plus(Component):
        def forward(self):
            self.value = self.inputs[0].value + self.inputs[1].value

        def backward(self):
            a, b = self.inputs
            a.grad = a.grad + self.grad
            b.grad = b.grad + self.grad.sum(axis=0)

    class Logistic(Component):
        def forward(self):
            self.value = 1 / (1 + np.exp(-self.inputs[0].value))

        def backward(self):
            self.inputs[0].grad = self.inputs[0].grad + self.grad * self.value * (1 - self.value)

    class Probabilities(Component):
        def forward(self):
            x = self.inputs[0].value
            e = np.exp(x - x.max(axis=1, keepdims=True))
            self.value = e / e.sum(axis=1, keepdims=True)

        def backward(self):
            P = self.value
            dx = P * (self.grad - (self.grad * P).sum(axis=1, keepdims=True))
            self.inputs[0].grad = self.inputs[0].grad + dx

    class Labelled(Component):
        def forward(self):
            self.value = self.inputs[0].value[rows, labels]

        def backward(self):
            dx = np.zeros_like(self.inputs[0].value)
            dx[rows, labels] = self.grad
            self.inputs[0].grad = self.inputs[0].grad + dx

    class MeanLog(Component):
        def forward(self):
            self.value = np.mean(-np.log(self.inputs[0].value))

        def backward(self):
            x = self.inputs[0]
            x.grad = x.grad - self.grad / (x.value * np.float32(BATCH))

    data, params = Component(), [Component() for _ in initial]
    data.value = images
    for param, value in zip(params, initial, strict=True):
        param.value = value
    W, b, V, c = params
    components = [Dot(data, W)]
    components.append(Plus(components[-1], b))
    components.append(Logistic(components[-1]))
    components.append(Dot(components[-1], V))
    components.append(Plus(components[-1], c))
    for kind in (Probabilities, Labelled, MeanLog):
        components.append(kind(components[-1]))
    zero, one = np.float32(0), np.float32(1)

    def step() -> float:
        for component in components:
            component.forward()
        for node in (*components, *params, data):
            node.grad = zero
        components[-1].grad = one
        for component in reversed(components):
            component.backward()
        for param in params:
            param.value = param.value - rate * param.grad
        return float(components[-1].value)

    return step


def course_2020_step() -> Step:
    """The course's file of 2020: every gradient keeps the batch, so that of a matrix is an array of
    batch x in x out, of which the mean is taken at the end."""
    x, y, W, b, V, c = network()
    rows, rate = np.arange(BATCH), np.float32(RATE)
    params = [W, b, V, c]

    def step() -> float:
        W, b, V, c = params
        h = 1 / (1 + np.exp(-(x @ W + b)))
        z = h @ V + c
        e = np.exp(z - z.max(axis=1, keepdims=True))
        P = e / e.sum(axis=1, keepdims=True)
        losses = -np.log(P[rows, y])
        dP = np.zeros_like(P)
        dP[rows, y] = -1 / P[rows, y]
        dz = P * (dP - (dP * P).sum(axis=1, keepdims=True))
        dV = h[:, :, None] * dz[:, None, :]
        da = dz @ V.T * h * (1 - h)
        dW = x[:, :, None] * da[:, None, :]
        for k, dw in enumerate((dW, da, dV, dz)):
            params[k] = params[k] - rate * dw.mean(axis=0)
        return float(losses.mean())

    return step


def torch_step() -> Step:
    """torch, eager, on the processor."""
    import torch

    torch.set_num_threads(1)
    images, labels, *initial = network()
    x, y = torch.tensor(images), torch.tensor(labels)
    W, b, V, c = params = [torch.tensor(w, requires_grad=True) for w in initial]
    optimizer = torch.optim.SGD(params, lr=RATE)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(torch.sigmoid(x @ W + b) @ V + c, y)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def autograd_step() -> Step:
    """HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    x, y, *params = network()
    rows, rate = np.arange(BATCH), np.float32(RATE)

    def loss_of(params: list) -> float:
        W, b, V, c = params
        z = anp.dot(1 / (1 + anp.exp(-(anp.dot(x, W) + b))), V) + c
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[rows, y])

    both = autograd.value_and_grad(loss_of)
    state = [params]

    def step() -> float:
        loss, grads = both(state[0])
        state[0] = [w - rate * dw for w, dw in zip(state[0], grads, strict=True)]
        return float(loss)

    return step


# -------------------------------------------------------------------------- a chain of products

Run = Callable[[], np.ndarray]  # forward and backward; returns the gradient in w


def vectors() -> tuple[np.ndarray, np.ndarray]:
    return np.linspace(0.5, 1.5, 10), np.linspace(0.99999, 1.00001, 10)


def floor_chain(length: int) -> Run:
    """By hand: the products in a list, then back through it."""
    x, w = vectors()

    def run() -> np.ndarray:
        values = [x]
        for _ in range(length):
            values.append(values[-1] * w)
        dy, dw = np.ones_like(x), np.zeros_like(w)
        for k in range(length - 1, -1, -1):
            dw = dw + dy * values[k]
            dy = dy * w
        return dw

    return run


def edf_chain(length: int) -> Run:
    """A graph of `length` nodes, made once."""
    x, w = vectors()
    y: edf.Node = edf.Input(x)
    W = edf.Param(w)
    for _ in range(length):
        y = y * W
    ones = np.ones_like(x)

    def run() -> np.ndarray:
        y.forward()
        y.backward(cotangent=ones)
        return W.grad

    return run


def course_2017_chain(length: int) -> Run:
    """A list of components, as above."""

    class Times:
        def __init__(self, a, b):
            self.a, self.b = a, b

        def forward(self):
            self.value = self.a.value * self.b.value

        def backward(self):
            self.a.grad = self.a.grad + self.grad * self.b.value
            self.b.grad = self.b.grad + self.grad * self.a.value

    class Leaf:
        pass

    first, W = Leaf(), Leaf()
    first.value, W.value = vectors()
    components = [Times(first, W)]
    for _ in range(length - 1):
        components.append(Times(components[-1], W))

    def run() -> np.ndarray:
        for component in components:
            component.forward()
        for node in (*components, first, W):
            node.grad = 0.0
        components[-1].grad = np.ones_like(first.value)
        for component in reversed(components):
            component.backward()
        return W.grad

    return run


def torch_chain(length: int) -> Run:
    """torch, eager: the graph is made anew every time."""
    import torch

    torch.set_num_threads(1)
    x, w = (torch.tensor(v, requires_grad=True) for v in vectors())

    def run() -> np.ndarray:
        w.grad = x.grad = None
        y = x
        for _ in range(length):
            y = y * w
        y.sum().backward()
        return w.grad.numpy()

    return run


def autograd_chain(length: int) -> Run:
    """HIPS autograd: the graph is made anew every time."""
    import autograd
    import autograd.numpy as anp

    def total(x: np.ndarray, w: np.ndarray) -> float:
        for _ in range(length):
            x = x * w
        return anp.sum(x)

    gradient = autograd.grad(total, (0, 1))
    return lambda: gradient(*vectors())[1]


# ------------------------------------------------------------------------------------- measuring


def fastest(
    contenders: dict[Name, Callable[[], object]], turns: int, repeat: int
) -> dict[Name, float]:
    """Return the seconds of one call of each, the fastest of many turns taken one after another."""
    best = dict.fromkeys(contenders, math.inf)
    gc.collect()
    gc.disable()
    for _ in range(turns):
        for name, run in contenders.items():
            run()  # caches of the processor hold this contender's data, not the last one's
            start = thread_time()
            for _ in range(repeat):
                run()
            best[name] = min(best[name], (thread_time() - start) / repeat)
    gc.enable()
    return best


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def table(
    title: str, best: dict[str, float], unit: str, scale: float, targets: dict[str, str]
) -> None:
    """Print a table; a name with `(floor)` is what the names after it are compared with."""
    print(f"\n### {title}\n\n| | {unit} | times the floor | target |\n| --- | ---: | ---: | ---: |")
    floor = math.nan
    for name, seconds in best.items():
        floor = seconds if name.endswith("(floor)") else floor
        figure = float(f"{seconds * scale:.3g}")
        print(f"| {name} | {figure:g} | {seconds / floor:.2f} | {targets.get(name, '')} |")


def measure_network() -> None:
    makers: dict[str, Callable[[], Step]] = {
        "gradients of the parameters, by hand in NumPy (floor)": floor_step,
        "edf, `fit` or `backward(wrt=loss.params)`": lambda: edf_step(only_params=True),
        "course 2020's algorithm": course_2020_step,
    }
    if installed("torch"):
        makers["torch, eager"] = torch_step
    if installed("autograd"):
        makers["autograd"] = autograd_step
    makers |= {
        "that of the data as well, by hand in NumPy (floor)": lambda: floor_step(True),
        "edf, `backward()`": edf_step,
        "course 2017's algorithm": course_2017_step,
    }
    # Arrays of some hundred kilobytes are faster at some places of the memory than at others.
    steps = {(name, copy): make() for copy in range(COPIES) for name, make in makers.items()}
    losses = {name: [step() for _ in range(5)] for (name, _), step in steps.items()}
    reference = next(iter(losses.values()))
    for name, values in losses.items():
        if not np.allclose(values, reference, rtol=TOLERANCE):
            sys.exit(f"{name} computes {values}, the floor {reference}")
    all_copies = fastest(steps, turns=15, repeat=20)  # in training, one step follows another
    best = {name: min(all_copies[name, copy] for copy in range(COPIES)) for name in makers}
    targets = {name: "at most 1.15" for name in makers if name.startswith("edf")}
    title = f"One step of a perceptron {PIXELS}-{HIDDEN}-{CLASSES}, batch {BATCH}, float32"
    table(title, best, "µs a step", 1e6, targets)


def measure_chain() -> None:
    makers = {
        "NumPy by hand (floor)": floor_chain,
        "edf": edf_chain,
        "course 2017's algorithm": course_2017_chain,
    }
    if installed("torch"):
        makers["torch, eager"] = torch_chain
    if installed("autograd"):
        makers["autograd"] = autograd_chain
    length = 1000
    runs = {name: make(length) for name, make in makers.items()}
    reference = next(iter(runs.values()))()
    for name, run in runs.items():
        if not np.allclose(run(), reference):
            sys.exit(f"{name} computes another gradient than the floor")
    best = fastest(runs, turns=30, repeat=5)
    title = f"A chain of {length} multiplications of vectors of 10, forward and backward"
    table(title, best, "µs an operation", 1e6 / length, {"edf": "at most 2.5"})


def measure_length() -> None:
    print("\n### Long chains\n")
    print("| operations | floor, µs each | edf, µs each | times the floor | bytes a node |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for length in (1_000, 10_000, 100_000, 1_000_000):
        turns = max(2, min(10, 1_000_000 // length))
        runs = {"floor": floor_chain(length), "edf": edf_chain(length)}
        best = fastest(runs, turns=turns, repeat=1)
        del runs
        each = [seconds / length * 1e6 for seconds in best.values()]
        print(
            f"| {length:,} | {each[0]:.2f} | {each[1]:.2f} | {each[1] / each[0]:.2f} "
            f"| {bytes_per_node(length) if length <= 100_000 else ''} |"
        )


def bytes_per_node(length: int) -> str:
    """Return the memory of a node after forward and backward, arrays included."""
    tracemalloc.start()
    run = edf_chain(length)
    run()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return f"{held / length:.0f}"


def measure_import() -> None:
    script = (
        "import time; s = time.perf_counter(); import numpy; m = time.perf_counter(); import edf; "
        "print(m - s, time.perf_counter() - m)"
    )
    # With bytecode, as any import but the first has it, whatever this process was told.
    where = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", script], env=where, check=True, capture_output=True)
    runs = [subprocess.check_output([sys.executable, "-c", script], env=where) for _ in range(15)]
    times = np.array([list(map(float, run.split())) for run in runs]) * 1e3
    numpy_ms, edf_ms = times.min(axis=0)
    print("\n### Import\n\n| | ms | target |\n| --- | ---: | ---: |")
    print(f"| `import numpy` | {numpy_ms:.1f} | |")
    print(f"| `import edf`, beyond NumPy | {edf_ms:.1f} | under 30 |")


def main() -> None:
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    for peer in ("torch", "autograd"):
        if installed(peer):
            from importlib.metadata import version

            versions.append(f"{peer} {version(peer)}")
    print(", ".join(versions) + f"; one thread; {platform.machine()}, {os.cpu_count()} cores")
    measure_network()
    measure_chain()
    measure_length()
    measure_import()


if __name__ == "__main__":
    main()
