"""Figures, described rather than drawn: the numbers and names that a figure shows.

The last line of a cell makes the figure; the page's build draws it, so that it follows the light
and the dark style and comes with a text alternative. A notebook shows it where a package that
draws is installed (`Figure.svg`). In a terminal the description prints as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edf.errors import GraphError
from edf.graph import Array, Constant, Input, Node, topological_order, unbroadcast
from edf.methods import one_per_input
from edf.numerics.sampling import draw_point, private_copy

DRAWERS = "edf.figures"  # the group of entry points in which packages offer to draw
LARGEST = 200  # nodes; nobody reads a larger graph
MOST_ROWS = 64  # of a Jacobian that a graph tells of


class Figure:
    """What a figure shows: its kind, its title and its data, as `description`."""

    def __init__(self, kind: str, title: str, **data: Any) -> None:
        self.description: dict[str, Any] = {"kind": kind, "title": title, **data}

    def __repr__(self) -> str:
        data = {k: v for k, v in self.description.items() if k not in ("kind", "title")}
        return f"Figure({self.description['title']!r}: {data})"

    @property
    def svg(self) -> str:
        """The figure as SVG text that stands by itself.

        Raises:
            ModuleNotFoundError: No installed package draws figures.
        """
        drawer = _drawer()
        if drawer is None:
            raise ModuleNotFoundError(
                "edf describes figures, and no installed package draws them: mkdocs-handout does"
            )
        return drawer(self.description)

    def save(self, path: str | Path) -> Path:
        """Write the SVG to a file and return its path."""
        path = Path(path)
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_svg_(self) -> str | None:
        return None if _drawer() is None else self.svg


def _drawer() -> Callable[[Mapping[str, Any]], str] | None:
    """Return what draws a description as SVG, if a package that does is installed."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=DRAWERS):
        drawer: Callable[[Mapping[str, Any]], str] = entry.load()
        return drawer
    return None


def draw(
    root: Node, names: Mapping[str, Any] | None = None, title: str = "", seed: int = 0
) -> Figure:
    """Describe the graph below a node: names, operations, shapes, values, gradients, derivatives.

    Values and gradients are those that the nodes hold. A graph that has not been evaluated shows
    those of one point at which its inputs are sampled, on a copy, or none if they cannot be.

    Args:
        root: The last node, as a loss.
        names: Names for nodes, as `locals()` gives them; a node's own `name` comes first.
        title: What the figure is of.
        seed: Of the point.

    Raises:
        GraphError: The graph has too many nodes to be read.
    """
    order = topological_order(root)
    if len(order) > LARGEST:
        raise GraphError(f"a graph of {len(order)} nodes is too large to read; draw a part of it")
    held = {node: node for node in order} if root.value is not None else _sampled(root, seed)
    number = {node: k for k, node in enumerate(order)}
    named = {id(node): name for name, node in (names or {}).items() if isinstance(node, Node)}
    functions = {id(f): name for name, f in (names or {}).items() if hasattr(f, "draw")}
    nodes = [
        {
            "name": node.name or named.get(id(node)) or _constant(node),
            "operation": functions.get(id(getattr(node, "function", None)), type(node).__name__),
            "shape": _shape(held[node]),
            "inputs": [number[source] for source in node.inputs],
            "derivatives": _derivatives(held[node]),
            "value": _told("value", held[node].value),
            "gradient": _told("gradient", held[node].grad),
        }
        for node in order
    ]
    return Figure("graph", title or f"Computation graph of {len(order)} nodes", nodes=nodes)


def _sampled(root: Node, seed: int) -> dict[Node, Node]:
    """Return the nodes of a copy with values and gradients at a sampled point, if there is one."""
    copies = private_copy([root])
    try:
        draw_point(copies.values(), np.random.default_rng(seed))
        value = copies[root].forward()
        copies[root].backward(cotangent=np.ones_like(value))
    except Exception:  # what cannot be evaluated yet is drawn without values
        return {node: node for node in copies}
    return copies


def _derivatives(node: Node) -> list[str]:
    """Return the local derivatives in a node's inputs, as `backward` has them; none if unknown.

    An input that stands twice has the sum of both, in the place of the first.
    """
    size = np.size(node.value)
    if not node.inputs or node.value is None or node.grad is None or size > MOST_ROWS:
        return [""] * len(node.inputs)
    arrays = [source.value for source in node.inputs]
    units = np.eye(size).reshape(size, *np.shape(node.value))
    try:
        rows = [one_per_input(node.backward(unit, *arrays), len(arrays)) for unit in units]
    except Exception:  # what has a backward for its own graph alone is drawn without
        return [""] * len(arrays)
    told: dict[Node, str] = {}
    for source in dict.fromkeys(node.inputs):
        places = [k for k, other in enumerate(node.inputs) if other is source]
        if source.grad is not None and all(row[k] is not None for row in rows for k in places):
            shape = np.shape(source.value)
            stack = np.array([sum(unbroadcast(row[k], shape) for k in places) for row in rows])
            told[source] = _told("", stack[0] if len(stack) == 1 else stack).strip()
    first = {source: node.inputs.index(source) for source in told}
    return [told[s] if first.get(s) == k else "" for k, s in enumerate(node.inputs)]


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


def steps(title: str, measured: Sequence[Sequence[float]]) -> Figure:
    """Describe errors of a numeric derivative, as pairs of step size and relative error."""
    return Figure("steps", title, steps=[[float(h), float(e)] for h, e in measured])


def _constant(node: Node) -> str:
    """Return what a constant number goes by: its value."""
    is_number = isinstance(node, Constant) and np.ndim(node.value) == 0
    return f"{node.value:g}" if is_number else ""


def _shape(node: Node) -> list[int] | None:
    if node.value is not None:
        return list(np.shape(node.value))
    return list(node.shape) if isinstance(node, Input) and node.shape is not None else None


def _told(name: str, array: Array | None) -> str:
    """Return a number as itself, and an array by its Euclidean norm."""
    if array is None:
        return ""
    if np.ndim(array) == 0:
        return f"{name} {float(array):.3g}"
    return f"{name} of norm {float(np.linalg.norm(np.ravel(array).astype(complex))):.3g}"
