"""The computation graph of a page, drawn from the code: inputs on top, what they make below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from handout.render.svg import figure, label, line, rect

_WIDTH, _HEIGHT = 96.0, 40.0  # of a node
_GAP_X, _GAP_Y = 16.0, 34.0
_TIP = 18.0  # room at the foot, where the node in focus tells its value
_HINT = "Choose a node to see its value and gradient"
_MOST = 60  # nodes; a larger graph is a carpet that nobody reads


def graph(described: Mapping[str, Any]) -> str:
    """A graph of nodes in layers, inputs on top.

    `nodes` holds dictionaries, each node after its inputs: `name`, `operation`, `shape`, `inputs`
    (numbers of nodes), and, if they are known, `value` and `gradient`, texts that show when the
    node is pointed at or has the focus.
    """
    nodes: Sequence[Mapping[str, Any]] = described["nodes"]
    if not 0 < len(nodes) <= _MOST:
        raise ValueError(f"a graph of {len(nodes)} nodes cannot be drawn; at most {_MOST} can")
    places = _places([[int(i) for i in node["inputs"]] for node in nodes])
    width = max(x for x, _ in places) + _WIDTH
    height = max(y for _, y in places) + _HEIGHT + _TIP + 8
    parts: list[str] = []
    for number, node in enumerate(nodes):
        parts += [_edge(places[int(source)], places[number]) for source in node["inputs"]]
    parts += [_node(node, place, height) for node, place in zip(nodes, places, strict=True)]
    if any("figure-tip" in part for part in parts):
        parts.append(label(2, height - 6, _HINT, style="figure-note figure-hint"))
    title = str(described.get("title", "The graph of this page"))
    words = "; ".join(_words(nodes, number) for number in range(len(nodes)))
    return figure(title, words + ".", (max(width, 280), height), parts, title + ".")


def _places(inputs: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
    """The upper left corner of each node: a layer below its inputs, near their middle."""
    layers: list[int] = []
    for number, sources in enumerate(inputs):
        if any(source >= number or source < 0 for source in sources):
            raise ValueError("a node of a graph must follow its inputs")
        layers.append(1 + max((layers[s] for s in sources), default=-1))
    for number in range(len(inputs)):  # a leaf stands right above the first node that uses it
        users = [layers[n] for n, sources in enumerate(inputs) if number in sources]
        if not inputs[number] and users:
            layers[number] = min(users) - 1
    widest = max(layers.count(layer) for layer in set(layers))
    full = widest * (_WIDTH + _GAP_X) - _GAP_X
    x: dict[int, float] = {}
    for layer in sorted(set(layers)):
        row = [n for n, of in enumerate(layers) if of == layer]
        row.sort(key=lambda n: sum(x[s] for s in inputs[n]) / len(inputs[n]) if inputs[n] else n)
        left = (full - len(row) * (_WIDTH + _GAP_X) + _GAP_X) / 2
        x |= {n: left + k * (_WIDTH + _GAP_X) for k, n in enumerate(row)}
    return [(x[n], layer * (_HEIGHT + _GAP_Y) + 2) for n, layer in enumerate(layers)]


def _edge(source: tuple[float, float], target: tuple[float, float]) -> str:
    """An arrow from the foot of one node to the head of another."""
    x1, y1 = source[0] + _WIDTH / 2, source[1] + _HEIGHT
    x2, y2 = target[0] + _WIDTH / 2, target[1]
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    head = f'<path class="figure-head" d="M0 0-7-3.5v7z" transform="translate({x2:g} {y2:g})'
    return line(x1, y1, x2, y2, "figure-edge") + f'{head} rotate({angle:.1f})"/>'


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
