"""The computation graph of a page, drawn from the code: inputs on top, what they make below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from handout.render.svg import Panel, figure, label, polyline, rect

_WIDTH, _HEIGHT = 96.0, 40.0  # of a node
_GAP_X, _GAP_Y = 16.0, 34.0
_TIP = 18.0  # room at the foot, where the node in focus tells its value
_HINT = "Choose a node to see its value and gradient"
_MOST = 200  # nodes; nobody reads a larger graph

Spot = tuple[int, int]
"""A place in the drawing: a node's number, and a layer that it stands in or its edge passes."""


def graph(described: Mapping[str, Any]) -> str:
    """A graph of nodes in layers, inputs on top.

    `nodes` holds dictionaries, each node after its inputs: `name`, `operation`, `shape`, `inputs`
    (numbers of nodes), and, if they are known, `value` and `gradient`, texts that show when the
    node is pointed at or has the focus.
    """
    nodes: Sequence[Mapping[str, Any]] = described["nodes"]
    if not 0 < len(nodes) <= _MOST:
        raise ValueError(f"a graph of {len(nodes)} nodes cannot be drawn; at most {_MOST} can")
    inputs = [[int(i) for i in node["inputs"]] for node in nodes]
    layers = _layers(inputs)
    corners = _corners(_rows(inputs, layers))
    width = max(x for x, _ in corners.values()) + _WIDTH
    height = max(y for _, y in corners.values()) + _HEIGHT + _TIP + 8
    parts: list[str] = []
    for number, sources in enumerate(inputs):
        for source in dict.fromkeys(sources):
            passed = range(layers[source], layers[number])
            parts.append(
                _edge([corners[source, k] for k in passed] + [corners[number, passed.stop]])
            )
    parts += [
        _node(node, corners[number, layers[number]], height) for number, node in enumerate(nodes)
    ]
    if any("figure-tip" in part for part in parts):
        parts.append(label(2, height - 6, _HINT, style="figure-note figure-hint"))
    title = str(described.get("title", "The graph of this page"))
    words = "; ".join(_words(nodes, number) for number in range(len(nodes)))
    return figure(title + ".", Panel(title, words + ".", (max(width, 280), height), parts))


def _layers(inputs: Sequence[Sequence[int]]) -> list[int]:
    """Return the layer of each node, counted from the top: below all of its inputs."""
    layers: list[int] = []
    users: list[list[int]] = [[] for _ in inputs]
    for number, sources in enumerate(inputs):
        if any(source >= number or source < 0 for source in sources):
            raise ValueError("a node of a graph must follow its inputs")
        layers.append(1 + max((layers[s] for s in sources), default=-1))
        for source in sources:
            users[source].append(number)
    for number, sources in enumerate(inputs):  # a leaf stands right above what uses it first
        if not sources and users[number]:
            layers[number] = min(layers[user] for user in users[number]) - 1
    return layers


def _rows(inputs: Sequence[Sequence[int]], layers: Sequence[int]) -> list[list[Spot]]:
    """Return what stands in each layer from left to right.

    An edge that passes a layer has a spot of its own there, so that it crosses no node. From the
    last layer up, each spot is put near the middle of what it leads to.
    """
    leads_to: dict[Spot, list[Spot]] = {(n, layer): [] for n, layer in enumerate(layers)}
    for number, sources in enumerate(inputs):
        for source in sources:
            path = [(source, k) for k in range(layers[source], layers[number])]
            for above, below in pairwise([*path, (number, layers[number])]):
                leads_to.setdefault(above, []).append(below)
                leads_to.setdefault(below, [])
    rows: list[list[Spot]] = [[] for _ in range(max(layers) + 1)]
    for spot in sorted(leads_to):
        rows[spot[1]].append(spot)
    place: dict[Spot, int] = {}
    for row in reversed(rows):
        row.sort(key=lambda spot: _middle([place[below] for below in leads_to[spot]]))
        place |= {spot: k for k, spot in enumerate(row)}
    return rows


def _middle(places: Sequence[int]) -> float:
    return sum(places) / len(places) if places else 0.0


def _corners(rows: Sequence[Sequence[Spot]]) -> dict[Spot, tuple[float, float]]:
    """Return the upper left corner of each spot, every row centred."""
    full = max(map(len, rows)) * (_WIDTH + _GAP_X) - _GAP_X
    corners = {}
    for layer, row in enumerate(rows):
        left = (full - len(row) * (_WIDTH + _GAP_X) + _GAP_X) / 2
        for k, spot in enumerate(row):
            corners[spot] = left + k * (_WIDTH + _GAP_X), layer * (_HEIGHT + _GAP_Y) + 2
    return corners


def _edge(corners: Sequence[tuple[float, float]]) -> str:
    """An arrow from the foot of the first spot, past those between, to the head of the last."""
    points = [(corners[0][0] + _WIDTH / 2, corners[0][1] + _HEIGHT)]
    for x, y in corners[1:-1]:
        points += [(x + _WIDTH / 2, y), (x + _WIDTH / 2, y + _HEIGHT)]
    points.append((corners[-1][0] + _WIDTH / 2, corners[-1][1]))
    (x1, y1), (x2, y2) = points[-2:]
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    head = f'<path class="figure-head" d="M0 0-7-3.5v7z" transform="translate({x2:g} {y2:g})'
    return polyline(points, "figure-edge") + f'{head} rotate({angle:.1f})"/>'


def _node(node: Mapping[str, Any], place: tuple[float, float], height: float) -> str:
    """A box with name, operation and shape; its value and gradient appear at the foot."""
    x, y = place
    told = ", ".join(str(node[key]) for key in ("value", "gradient") if node.get(key))
    style = "figure-node" if node["inputs"] else "figure-node figure-leaf"
    name = str(node.get("name") or "·")
    below = f"{node['operation']} {_shape(node)}".strip()
    tip = label(2, height - 6, f"{name}: {told}", style="figure-tip") if told else ""
    spoken = escape(f"{name} = {below}" + (f", {told}" if told else ""))
    return (
        f'<g class="{style}" tabindex="0" role="img" aria-label="{spoken}">'
        + rect(x + 1, y, _WIDTH - 2, _HEIGHT, "figure-box")
        + label(x + _WIDTH / 2, y + 17, name, anchor="middle", style="figure-name")
        + label(x + _WIDTH / 2, y + 32, below[:16], anchor="middle", style="figure-note")
        + f"{tip}</g>"
    )


def _shape(node: Mapping[str, Any]) -> str:
    return "×".join(str(int(n)) for n in node["shape"]) if node.get("shape") else ""


def _words(nodes: Sequence[Mapping[str, Any]], number: int) -> str:
    """One node in words, with what it is computed from."""
    node = nodes[number]
    sources = [str(nodes[int(s)].get("name") or f"node {s}") for s in node["inputs"]]
    text = f"{node.get('name') or f'node {number}'} is {node['operation']} {_shape(node)}".strip()
    text += f" of {', '.join(sources)}" if sources else ""
    told = [str(node[key]) for key in ("value", "gradient") if node.get(key)]
    return ", ".join([text, *told])
