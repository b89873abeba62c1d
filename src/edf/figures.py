"""Figures of a page, described rather than drawn: the numbers and names that a figure shows.

The last line of a cell makes the figure; the page's build draws it, so that it follows the light
and the dark style and comes with a text alternative. In a terminal the description prints as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edf.graph import Array, Constant, Node, run_backward, run_forward, topological_order
from edf.numerics.sampling import draw_point, private_copy


class Figure:
    """What a figure shows: its kind, its title and its data, as `description`."""

    def __init__(self, kind: str, title: str, **data: Any) -> None:
        self.description: dict[str, Any] = {"kind": kind, "title": title, **data}

    def __repr__(self) -> str:
        data = {k: v for k, v in self.description.items() if k not in ("kind", "title")}
        return f"Figure({self.description['title']!r}: {data})"


def draw_graph(
    root: Node,
    names: Mapping[str, Any] | None = None,
    title: str = "The graph that this page's code makes",
    seed: int = 0,
) -> Figure:
    """Describe the graph below a node, with shapes, and values and gradients at one point.

    Inputs without a value are sampled, on a copy: the graph itself does not change.

    Args:
        root: The node whose gradient is taken.
        names: The names of nodes, such as `locals()`; the others go by their operation.
        title: What the figure is of.
        seed: Of the point.
    """
    order = topological_order(root)
    copies = private_copy([root])
    draw_point([copies[node] for node in order], np.random.default_rng(seed))
    value = run_forward(copies[root])
    run_backward(copies[root], cotangent=np.ones_like(value))
    number = {node: k for k, node in enumerate(order)}
    named = {id(node): name for name, node in (names or {}).items() if isinstance(node, Node)}
    functions = {id(f): name for name, f in (names or {}).items() if hasattr(f, "draw")}
    nodes = [
        {
            "name": named.get(id(node)) or node.name or _constant(node),
            "operation": functions.get(id(getattr(node, "function", None)), type(node).__name__),
            "shape": list(np.shape(copies[node].value)),
            "inputs": [number[source] for source in node.inputs],
            "value": _told("value", copies[node].value),
            "gradient": _told("gradient", copies[node].grad),
        }
        for node in order
    ]
    return Figure("graph", title, nodes=nodes)


def heatmaps(title: str, **matrices: Array) -> Figure:
    """Describe matrices side by side on one scale, each under its name.

    Raises:
        ValueError: One of them is not a matrix.
    """
    for name, matrix in matrices.items():
        if np.ndim(matrix) != 2:
            raise ValueError(f"{name} has shape {np.shape(matrix)}; a heat map shows a matrix")
    named = [[name.replace("_", " "), np.asarray(m).tolist()] for name, m in matrices.items()]
    return Figure("heatmaps", title, matrices=named)


def curves(title: str, x: str = "", y: str = "", **series: Sequence[float]) -> Figure:
    """Describe curves over 1, 2, 3, ..., such as errors by epoch; `x` and `y` name the axes."""
    named = [
        [name.replace("_", " "), [[k, float(value)] for k, value in enumerate(values, 1)]]
        for name, values in series.items()
    ]
    return Figure("curves", title, x=x, y=y, curves=named)


def _constant(node: Node) -> str:
    """A constant number goes by its value."""
    is_number = isinstance(node, Constant) and np.ndim(node.value) == 0
    return f"{node.value:g}" if is_number else ""


def _told(name: str, array: Array | None) -> str:
    """A number as itself, an array by its Euclidean norm."""
    if array is None:
        return ""
    if np.ndim(array) == 0:
        return f"{name} {float(array):.3g}"
    return f"{name} of norm {float(np.linalg.norm(array)):.3g}"
