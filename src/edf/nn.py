"""Layers with parameters of their own: each is a function of nodes that remembers its parameters.

    rng = np.random.default_rng(0)
    model = Sequential(Linear(784, 64, rng), ReLU, Linear(64, 10, rng))
    loss = CrossEntropy(model(x), y)

Calling a layer makes nodes of `edf`, so `loss.params` has its parameters, and everything else works
as it does without layers. Called twice, a layer uses the same parameters twice. Initial values come
from the generator that is given: nothing is drawn in secret.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import numpy as np

from edf.errors import Explained
from edf.graph import Node, Param, as_node
from edf.init import he, normal, xavier
from edf.operations import arrays, layers
from edf.other_libraries import instead, named_here

Layer = Callable[[Any], Node]


class WithParameters(metaclass=Explained):
    """What all layers with parameters share: what they say where they are used otherwise."""

    def __getattr__(self, name: str) -> NoReturn:
        kind = type(self).__name__
        remedy = f"{kind} keeps {', '.join(vars(self))}"
        if name in ("parameters", "params"):
            remedy = f"{remedy}; loss.params are those of a whole model"
        if name == "forward":
            remedy = "a layer is called, y = layer(x), and what it returns has forward()"
        raise AttributeError(f"{kind} has no {name!r}: {remedy}")


class Linear(WithParameters):
    """y = x W + b: (..., n_in) -> (..., n_out). W starts by Xavier's rule, b at 0.

    Args:
        n_in: The length of the last axis of x.
        n_out: That of y.
        rng: The source of W.
        bias: Whether there is a b.
        dtype: The precision of the parameters.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        rng: np.random.Generator,
        bias: bool = True,
        dtype: Any = np.float64,
    ) -> None:
        self.W = Param(xavier((n_in, n_out), rng, dtype))
        self.b = Param(np.zeros(n_out, dtype)) if bias else None

    def __call__(self, x: Any) -> Node:
        y = as_node(x) @ self.W
        return y if self.b is None else y + self.b


class Conv2D(WithParameters):
    """y = x * w + b: images (n, c, height, width) -> (n, filters, height', width').

    The cross-correlation of `edf.Conv2D`, and a bias for each filter. w starts by He's rule.

    Args:
        channels: c.
        filters: The number of filters, which is that of the channels of y.
        size: The height and width of a filter.
        rng: The source of w.
        stride: The step from one window to the next.
        padding: The zeros put around the images; (size - 1) / 2 keeps their size at stride 1.
        dtype: The precision of the parameters.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        size: int,
        rng: np.random.Generator,
        stride: int = 1,
        padding: int = 0,
        dtype: Any = np.float64,
    ) -> None:
        self.w = Param(he((filters, channels, size, size), rng, dtype))
        self.b = Param(np.zeros((filters, 1, 1), dtype))
        self.stride, self.padding = stride, padding

    def __call__(self, x: Any) -> Node:
        return layers.Conv2D(x, self.w, self.stride, self.padding) + self.b


class Embedding(WithParameters):
    """y_n = table[index_n]: integers (...) -> (..., width). The table starts normal, scale 0.1.

    Args:
        rows: How many different integers there are.
        width: The length of a row.
        rng: The source of the table.
        dtype: The precision of the parameters.
    """

    def __init__(
        self, rows: int, width: int, rng: np.random.Generator, dtype: Any = np.float64
    ) -> None:
        self.table = Param(normal((rows, width), rng, 0.1, dtype))

    def __call__(self, indices: Any) -> Node:
        return arrays.Embedding(self.table, indices)


class LayerNorm(WithParameters):
    """y = gain z + bias, z being x with mean 0 and variance 1 over its last axis (width)."""

    def __init__(self, width: int, dtype: Any = np.float64) -> None:
        self.gain, self.bias = Param(np.ones(width, dtype)), Param(np.zeros(width, dtype))

    def __call__(self, x: Any) -> Node:
        return layers.LayerNorm(x, self.gain, self.bias)


class MultiHeadAttention(WithParameters):
    """Attention of x (..., n, width) to itself; see `edf.MultiHeadAttention`.

    Args:
        width: The length of the last axis, a multiple of the heads.
        heads: How many heads there are.
        rng: The source of the four matrices.
        causal: Whether a position sees only itself and those before it.
        dtype: The precision of the parameters.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        rng: np.random.Generator,
        causal: bool = False,
        dtype: Any = np.float64,
    ) -> None:
        self.Wq, self.Wk, self.Wv, self.Wo = (
            Param(xavier((width, width), rng, dtype)) for _ in range(4)
        )
        self.heads, self.causal = heads, causal

    def __call__(self, x: Any) -> Node:
        matrices = self.Wq, self.Wk, self.Wv, self.Wo
        return layers.MultiHeadAttention(x, *matrices, heads=self.heads, causal=self.causal)


class _Recurrent(WithParameters):
    """What recurrent layers share: the parameters of their gates, and a first state of zeros."""

    gates: ClassVar[int]  # whose parameters stand side by side

    def __init__(
        self, n_in: int, n_out: int, rng: np.random.Generator, dtype: Any = np.float64
    ) -> None:
        width = self.gates * n_out
        self.W = Param(xavier((n_in, width), rng, dtype))
        self.U = Param(xavier((n_out, width), rng, dtype))
        self.b = Param(np.zeros(width, dtype))
        self.start = np.zeros((1, n_out), dtype)


class RNN(_Recurrent):
    """A simple recurrent network: a list of inputs (batch, n_in) -> of states (batch, n_out).

    Args:
        n_in: The length of an input.
        n_out: That of a state.
        rng: The source of the matrices.
        dtype: The precision of the parameters.
    """

    gates = 1

    def __call__(self, inputs: list[Any]) -> list[Node]:
        h: Any = self.start
        states = []
        for x in inputs:
            h = layers.RNNCell(x, h, self.W, self.U, self.b)
            states.append(h)
        return states


class LSTM(_Recurrent):
    """A long short-term memory: a list of inputs (batch, n_in) -> of states (batch, n_out).

    Args:
        n_in: The length of an input.
        n_out: That of a state.
        rng: The source of the matrices.
        dtype: The precision of the parameters.
    """

    gates = 4

    def __call__(self, inputs: list[Any]) -> list[Node]:
        h: Any = self.start
        c: Any = self.start
        states = []
        for x in inputs:
            h, c = layers.LSTMCell(x, h, c, self.W, self.U, self.b)
            states.append(h)
        return states


class Sequential(WithParameters):
    """One layer after the other; operations of one node, as `ReLU`, are layers, too."""

    def __init__(self, *steps: Layer) -> None:
        for step in steps:
            if not callable(step):
                raise TypeError(
                    f"{type(step).__name__} is no layer, which is a function of a node, as "
                    "Linear(2, 3, rng) and ReLU are: write Sequential(*layers) for a list of them"
                )
        self.steps = steps

    def __call__(self, x: Any) -> Node:
        for step in self.steps:
            x = step(x)
        return as_node(x)


def __getattr__(name: str) -> Any:
    own = [k for k, found in globals().items() if isinstance(found, type)]
    if not name.startswith("_"):
        meant = named_here(name, own)
        operation = named_here(name, sys.modules["edf"].__all__)
        remedy = (
            (f"write {meant}" if meant else "")
            or instead(name)
            or (
                f"{operation} stands in edf, as all operations without parameters do, and goes "
                f"into Sequential as it is: Sequential(Linear(2, 3, rng), ReLU)"
                if operation
                else ""
            )
            or "it has layers that have parameters; operations stand in edf, and a model of your "
            "own is a function of nodes"
        )
        raise AttributeError(f"edf.nn has no {name!r}: {remedy}")
    raise AttributeError(f"module 'edf.nn' has no attribute {name!r}")
