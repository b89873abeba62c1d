"""A picture of a graph: `draw(loss)` shows itself in a notebook, and is SVG text elsewhere."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edf.graph import Array, Constant, GraphError, Input, Node, Param, topological_order

WIDTH, HEIGHT, GAP_X, GAP_Y = 148, 68, 22, 34  # of a box, and between boxes
LARGEST = 300


@dataclass(frozen=True)
class Picture:
    """A drawing of a graph."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write the SVG to a file and return its path."""
        path = Path(path)
        path.write_text(self.svg, encoding="utf-8")
        return path


def draw(root: Node, names: Mapping[str, Any] | None = None) -> Picture:
    """Draw the graph below `root`: inputs at the top, `root` at the bottom.

    Each box has the node's name, its operation and shape, and, once they are known, the Euclidean
    norms of its value and of its gradient.

    Args:
        root: The last node, as a loss.
        names: Names for nodes, as `locals()` gives them; a node's own `name` comes first.

    Raises:
        GraphError: The graph has too many nodes to be read.
    """
    order = topological_order(root)
    if len(order) > LARGEST:
        raise GraphError(f"a graph of {len(order)} nodes is too large to read; draw a part of it")
    known = {id(node): name for name, node in (names or {}).items() if isinstance(node, Node)}
    layers = _layers(order)
    columns = max(map(len, layers))
    width = columns * (WIDTH + GAP_X) + GAP_X
    height = len(layers) * (HEIGHT + GAP_Y) + GAP_Y
    places: dict[Any, tuple[float, float]] = {}
    for depth, layer in enumerate(layers):
        left = (width - len(layer) * (WIDTH + GAP_X) + GAP_X) / 2
        for k, node in enumerate(layer):
            places[node] = left + k * (WIDTH + GAP_X), GAP_Y / 2 + depth * (HEIGHT + GAP_Y)
    title = f"Computation graph of {len(order)} nodes"
    listed = "; ".join(_described(node, known) for node in order)
    edges = [_edge(path, places) for path in _paths(order, layers)]
    boxes = [_box(node, known, *places[node]) for node in order]
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" style="max-width:100%;height:auto" '
        'font-family="sans-serif" font-size="12" fill="currentColor">'
        f"<title>{title}</title><desc>{html.escape(listed)}</desc>"
        '<g fill="none" stroke="currentColor" stroke-opacity="0.5">' + "".join(edges) + "</g>"
        f"{''.join(boxes)}</svg>"
    )


# ------------------------------------------------------------------------------- where boxes stand


def _layers(order: list[Node]) -> list[list[Any]]:
    """Return the nodes in layers, each above those that use it, ordered to keep edges short.

    An edge that passes a layer has a place of its own there: the pair (node, layer).
    """
    depth: dict[Node, int] = {}
    for node in order:
        depth[node] = max((depth[parent] + 1 for parent in node.inputs), default=0)
    for node in reversed(order):  # leaves stand just above the first node that uses them
        for parent in node.inputs:
            if not parent.inputs:
                users = [depth[user] for user in order if parent in user.inputs]
                depth[parent] = min(users) - 1
    layers: list[list[Any]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in order:
        layers[depth[node]].append(node)
    lowest = {
        node: max((depth[user] for user in order if node in user.inputs), default=0)
        for node in order
    }
    for node in order:
        for layer in range(depth[node] + 1, lowest[node]):
            layers[layer].append((node, layer))
    for k in range(len(layers) - 2, -1, -1):  # from the root up, each above those that use it
        below = layers[k + 1]
        layers[k].sort(key=lambda item, k=k, below=below: _mean_place(item, k, below))  # type: ignore[misc]
    return layers


def _mean_place(item: Any, layer: int, below: list[Any]) -> float:
    """Return the mean place of what uses `item` in the layer below."""
    node = item[0] if isinstance(item, tuple) else item
    places = [
        place
        for place, other in enumerate(below)
        if other == (node, layer + 1) or (isinstance(other, Node) and node in other.inputs)
    ]
    return sum(places) / len(places) if places else 0.0


def _paths(order: list[Node], layers: list[list[Any]]) -> list[list[Any]]:
    """Return each edge as the places that it passes."""
    layer_of = {item: k for k, layer in enumerate(layers) for item in layer}
    return [
        [parent, *((parent, k) for k in range(layer_of[parent] + 1, layer_of[node])), node]
        for node in order
        for parent in dict.fromkeys(node.inputs)
    ]


# ----------------------------------------------------------------------------------- what is drawn


def _edge(path: list[Any], places: dict[Any, tuple[float, float]]) -> str:
    x, y = places[path[0]]
    line = f"M{x + WIDTH / 2:.0f} {y + HEIGHT:.0f}"
    for item in path[1:]:
        x, y = places[item]
        middle, bend = x + WIDTH / 2, y - GAP_Y / 2
        line += f"S{middle:.0f} {bend:.0f} {middle:.0f} {y:.0f}"
        if isinstance(item, tuple):
            line += f"V{y + HEIGHT:.0f}"
    return f'<path d="{line}"/>'


def _box(node: Node, known: Mapping[int, str], x: float, y: float) -> str:
    round_corners = "12" if isinstance(node, Input | Param | Constant) else "2"
    strong = ' stroke-width="2"' if isinstance(node, Param) else ""
    lines = _lines(node, known)
    texts = "".join(
        f'<text x="{x + WIDTH / 2:.0f}" y="{y + 17 + 14 * k:.0f}" text-anchor="middle"'
        f' font-weight="{400 if k else 700}">{html.escape(line)}</text>'
        for k, line in enumerate(lines)
    )
    return (
        f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="{round_corners}" '
        f'fill="currentColor" fill-opacity="0.06" stroke="currentColor"{strong}/>{texts}</g>'
    )


def _lines(node: Node, known: Mapping[int, str]) -> list[str]:
    """Return what a box says, at most four lines of about 24 characters."""
    name, operation = node.name or known.get(id(node)), type(node).__name__
    heading = f"{name} · {operation}" if name else operation
    shape = getattr(node, "shape", None) if node.value is None else np.shape(node.value)
    lines = [heading if len(heading) <= 22 else heading[:21] + "…"]
    if isinstance(node, Constant) and np.size(node.value) == 1:
        lines.append(f"{np.asarray(node.value).item():.4g}")
        return lines
    if shape is not None and (node.value is not None or isinstance(node, Input)):
        lines.append("number" if shape == () else " × ".join(map(str, shape)))
    norms = [f"|value| {_norm(node.value)}"] if node.value is not None else []
    norms += [f"|grad| {_norm(node.grad)}"] if node.grad is not None else []
    return lines + norms


def _described(node: Node, known: Mapping[int, str]) -> str:
    return ", ".join(_lines(node, known))


def _norm(array: Array) -> str:
    return f"{float(np.linalg.norm(np.ravel(array).astype(complex))):.3g}"
