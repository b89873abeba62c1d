"""The training loop, written once: batches, forward, backward, step, and a bar that shows them.

For example:

    optimizer = SGD(loss.params)
    losses = fit(loss, optimizer, {x: images, y: labels}, epochs=10, rng=rng)
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

import numpy as np

from edf.data import batches
from edf.graph import Array, Input, Node, topological_order
from edf.operations.layers import BatchNorm, Dropout
from edf.optim import Optimizer, clip_gradients


def fit(
    loss: Node,
    optimizer: Optimizer,
    data: Mapping[Input, Array],
    *,
    epochs: int = 1,
    batch_size: int = 64,
    rng: np.random.Generator | None = None,
    max_norm: float | None = None,
    after_epoch: Callable[[int, float], object] | None = None,
    stream: TextIO | None = None,
) -> list[float]:
    """Train, and return the mean loss of each epoch, measured while it was trained.

    Only the gradients of the optimiser's parameters are computed.

    Args:
        loss: The number to minimise.
        optimizer: What changes the parameters.
        data: For each input its array, with one row for each example.
        epochs: How often every example is seen.
        batch_size: The rows in a batch.
        rng: Shuffles the examples before every epoch; without it they keep their order.
        max_norm: Clips the joint norm of all gradients.
        after_epoch: Called with the number of epochs done and their last mean loss.
        stream: Where the progress bar goes if it is a terminal; standard error by default.

    Raises:
        FloatingPointError: The loss is no longer a finite number.
        ValueError: There are no data, or arrays of different lengths.
    """
    if not isinstance(data, Mapping):
        raise TypeError("data says which array is for which input: {x: images, y: labels}")
    if not data or not len(next(iter(data.values()))):
        raise ValueError("fit wants data: for each input an array with at least one row")
    rows = len(next(iter(data.values())))
    per_epoch = math.ceil(rows / batch_size)
    means = []
    with ProgressBar(stream or sys.stderr) as bar:
        for epoch in range(epochs):
            total = 0.0
            for done, arrays in enumerate(batches(*data.values(), size=batch_size, rng=rng), 1):
                for leaf, array in zip(data, arrays, strict=True):
                    leaf.value = array
                value = float(loss.forward())
                if not math.isfinite(value):
                    raise FloatingPointError(
                        f"the loss is {value} in epoch {epoch + 1}, batch {done}: "
                        "try a smaller learning rate, or max_norm"
                    )
                loss.backward(wrt=optimizer.params)
                if max_norm is not None:
                    clip_gradients(optimizer.params, max_norm)
                optimizer.step()
                total += value * len(arrays[0])
                bar.show(
                    (epoch * per_epoch + done) / (epochs * per_epoch),
                    f"epoch {epoch + 1}/{epochs}, loss {value:.4g}",
                )
            means.append(total / rows)
            if after_epoch is not None:
                after_epoch(epoch + 1, means[-1])
    return means


@contextlib.contextmanager
def evaluating(*nodes: Node) -> Iterator[None]:
    """Let dropout drop nothing, and batch normalisation use its moving averages, below `nodes`,
    while the `with` block lasts."""
    kinds = (Dropout, BatchNorm)
    switched = [node for node in topological_order(*nodes) if isinstance(node, kinds)]
    before = [node.training for node in switched]
    for node in switched:
        node.training = False
    try:
        yield
    finally:
        for node, training in zip(switched, before, strict=True):
            node.training = training


class ProgressBar:
    """One line that says how far a loop has come, on a terminal; nothing elsewhere.

    The line ends with the `with` block, however that ends.
    """

    WIDTH, INTERVAL = 30, 0.1  # characters; seconds between two drawings

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream if stream.isatty() else None
        self._drawn = -math.inf

    def __enter__(self) -> ProgressBar:
        return self

    def show(self, fraction: float, text: str) -> None:
        """Draw the bar, unless it was drawn a moment ago and is not full."""
        if self.stream is None:
            return  # and the clock was not read: a page that trains comes out alike
        now = time.monotonic()
        if fraction < 1 and now - self._drawn < self.INTERVAL:
            return
        self._drawn = now
        full = round(fraction * self.WIDTH)
        bar = "█" * full + "░" * (self.WIDTH - full)
        self.stream.write(f"\r{bar} {fraction:4.0%} {text}\x1b[K")  # and clear the rest of the line
        self.stream.flush()

    def __exit__(self, *problem: object) -> None:
        if self.stream is not None and self._drawn > -math.inf:
            self.stream.write("\n")
            self.stream.flush()
