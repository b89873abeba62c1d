"""The computation graph of a page, drawn from the code: inputs on top, what they make below."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from handout.render.svg import Panel, figure, label, polyline, rect
from handout.render.symbols import derivative, pieces, spans

_WIDTH, _HEIGHT = 124.0, 56.0  # of a node
_GAP_X = 16.0
_GAP_Y, _ROOM = 34.0, 56.0  # between layers: for arrows, and for derivatives beside them
_MOST = 200  # nodes; nobody reads a larger graph
_NORM = re.compile(r"(?:(?:value|gradient) )?(of norm )?(.+)")

Spot = tuple[int, int]
"""A place in the drawing: a node's number, and a layer that it stands in or its edge passes."""


def graph(described: Mapping[str, Any]) -> str:
    """A graph of nodes in layers, inputs on top, that can be stepped through.

    `nodes` holds dictionaries, each node after its inputs: `name`, `operation`, `shape`, `inputs`
    (numbers of nodes), and, if they are known, `value` and `gradient`, and `derivatives`, a text
    for each input: how much the node changes with it.
    """
    nodes: Sequence[Mapping[str, Any]] = described["nodes"]
    if not 0 < len(nodes) <= _MOST:
        raise ValueError(f"a graph of {len(nodes)} nodes cannot be drawn; at most {_MOST} can")
    inputs = [[int(i) for i in node["inputs"]] for node in nodes]
    layers = _layers(inputs)
    edges = list(_edges(nodes, inputs))
    gaps = [_GAP_Y] * max(layers)
    for (source, number), told, lean in edges:
        if told:  # beside the edge's first piece, or its last
            gaps[layers[source] if lean < 0 else layers[number] - 1] = _ROOM
    corners = _corners(_rows(inputs, layers), gaps)
    width = max(x for x, _ in corners.values()) + _WIDTH
    height = max(y for _, y in corners.values()) + _HEIGHT + 2
    parts: list[str] = []
    for (source, number), told, lean in edges:
        passed = range(layers[source], layers[number])
        way = [corners[source, k] for k in passed] + [corners[number, passed.stop]]
        names = str(nodes[number].get("name") or ""), str(nodes[source].get("name") or "")
        parts.append(_edge(way, (source, number), names, told, lean))
    last = len(nodes) - 1
    for number, node in enumerate(nodes):
        parts.append(_node(node, corners[number, layers[number]], _Story(nodes, inputs, number)))
    title = str(described.get("title", "The graph of this page"))
    words = "; ".join(_words(nodes, number) for number in range(len(nodes)))
    caption, controls = title + ".", ""
    if nodes[last].get("value"):
        caption += " ↓ value, ↑ gradient; the norm ‖·‖ of an array."
        controls = _CONTROLS
    return figure(
        caption, Panel(title, words + ".", (max(width, 280), height), parts), controls=controls
    )


#: What a reader steps through the graph with; a script answers, and without one it is not shown.
_CONTROLS = (
    '<div class="figure-steps" role="group" aria-label="Step through the graph">'
    '<button type="button" data-step="-1" aria-label="Previous step">‹</button>'
    '<button type="button" data-step="1">Step ›</button>'
    '<button type="button" data-step="0">Show all</button>'
    '<p class="figure-told" aria-live="polite">'
    "Step through the forward and the backward pass, or choose a node.</p></div>"
)


def _edges(
    nodes: Sequence[Mapping[str, Any]], inputs: Sequence[Sequence[int]]
) -> Iterator[tuple[tuple[int, int], str, int]]:
    """Yield each edge: from which node to which, its derivative, and how it lies beside others.

    The last is positive if it leaves where others do, and negative if it ends where others do.
    """
    users = Counter(source for sources in inputs for source in set(sources))
    for number, sources in enumerate(inputs):
        told = nodes[number].get("derivatives") or [""] * len(sources)
        for source in dict.fromkeys(sources):
            lean = (users[source] > 1) - (len(set(sources)) > 1)
            yield (source, number), str(told[sources.index(source)]), lean


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


def _corners(
    rows: Sequence[Sequence[Spot]], gaps: Sequence[float]
) -> dict[Spot, tuple[float, float]]:
    """Return the upper left corner of each spot, every row centred, with these gaps between."""
    full = max(map(len, rows)) * (_WIDTH + _GAP_X) - _GAP_X
    corners = {}
    tops = list(accumulate((_HEIGHT + gap for gap in gaps), initial=2.0))
    for layer, row in enumerate(rows):
        left = (full - len(row) * (_WIDTH + _GAP_X) + _GAP_X) / 2
        for k, spot in enumerate(row):
            corners[spot] = left + k * (_WIDTH + _GAP_X), tops[layer]
    return corners


def _edge(
    corners: Sequence[tuple[float, float]],
    ends: tuple[int, int],
    names: tuple[str, str],
    told: str,
    lean: int,
) -> str:
    """An arrow from the foot of the first spot, past those between, to the head of the last.

    Beside it stands the local derivative. `lean` is what `_edges` says.
    """
    points = [(corners[0][0] + _WIDTH / 2, corners[0][1] + _HEIGHT)]
    for x, y in corners[1:-1]:
        points += [(x + _WIDTH / 2, y), (x + _WIDTH / 2, y + _HEIGHT)]
    points.append((corners[-1][0] + _WIDTH / 2, corners[-1][1]))
    (x1, y1), (x2, y2) = points[-2:]
    angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
    shown = polyline(points, "figure-arrow")
    shown += f'<path class="figure-head" d="M0 0-7-3.5v7z" transform="translate({x2:g} {y2:g})'
    shown += f' rotate({angle:.1f})"/>'
    if told:
        (x1, y1), (x2, y2) = points[:2] if lean < 0 else points[-2:]
        right = (x2 >= x1) == (lean >= 0)  # on the outer side of a fork, or of arrows that meet
        half = 13 if all(names) else 7  # of its height: a flat arrow keeps clear of it
        apart = min(8 + half * abs(x2 - x1) / (y2 - y1), 40)
        x, y = (x1 + x2) / 2 + (apart if right else -apart), (y1 + y2) / 2
        side = "start" if right else "end"
        if all(names):
            shown += _local(x, y - 2, spans(derivative(*names), 12), "figure-math", side)
        shown += _local(x, y + (10 if all(names) else 4), escape(short(told)), "figure-note", side)
    of, by = map(escape, names)
    key = f' data-node="{of}/{by}"' if of and by else ""
    return f'<g class="figure-edge" data-ends="{ends[0]} {ends[1]}"{key}>{shown}</g>'


def _local(x: float, y: float, text: str, style: str, side: str) -> str:
    return (
        f'<text class="{style} figure-local" x="{x:g}" y="{y:g}" text-anchor="{side}">{text}</text>'
    )


def short(told: str) -> str:
    """What is told of a number or an array, as a drawing has room for it."""
    found = _NORM.fullmatch(told)
    norm, number = found.groups() if found else ("", told)
    number = number.replace("-", "−")
    return f"‖{number}‖" if norm else number


class _Story(NamedTuple):
    """How one node comes by its value and by its gradient."""

    nodes: Sequence[Mapping[str, Any]]
    inputs: Sequence[Sequence[int]]
    number: int

    def name(self, number: int) -> str:
        node = self.nodes[number]
        return str(node.get("name") or f"{node['operation']} (node {number + 1})")

    def forward(self) -> str:
        """As `y = g(x) = 0.42`."""
        node = self.nodes[self.number]
        value = short(str(node.get("value") or ""))
        if not value:
            return ""
        name, sources = self.name(self.number), self.inputs[self.number]
        if not sources:
            return f"{name} = {value}" if node["operation"] != "Constant" else ""
        made = f"{node['operation']}({', '.join(map(self.name, sources))})"
        return f"{name} = {made} = {value}" if node.get("name") else f"{made} = {value}"

    def backward(self) -> str:
        """As `∂l/∂x = ∂l/∂y ∂y/∂x + ∂l/∂z ∂z/∂x = 2 · 0.5 + 1 · 0.3 = 1.3`, numbers for numbers."""
        node, last = self.nodes[self.number], self.name(len(self.nodes) - 1)
        gradient = short(str(node.get("gradient") or ""))
        if not gradient:
            return ""
        name = f"∂{last}/∂{self.name(self.number)}"
        terms, numbers = [], []
        for user, sources in enumerate(self.inputs):
            if self.number in sources:
                other = self.nodes[user]
                told = (other.get("derivatives") or [""] * len(sources))[sources.index(self.number)]
                through = self.name(user)
                above = f"∂{last}/∂{through} · " if user != len(self.nodes) - 1 else ""
                terms.append(f"{above}∂{through}/∂{self.name(self.number)}")
                numbers.append((str(other.get("gradient") or ""), str(told), above))
        parts = [name, " + ".join(terms)]
        if all(g and t and "norm" not in g + t for g, t, _ in numbers):
            products = [f"{_factor(g)} · {_factor(t)}" if a else _factor(t) for g, t, a in numbers]
            single = len(numbers) == 1 and not numbers[0][2]
            parts.append(short(numbers[0][1]) if single else " + ".join(products))
        return " = ".join(filter(None, dict.fromkeys([*parts, gradient])))


def _factor(told: str) -> str:
    number = short(told)
    return f"({number})" if number.startswith("−") else number


def _node(node: Mapping[str, Any], place: tuple[float, float], story: _Story) -> str:
    """A box with name, operation and shape, value and gradient."""
    x, y = place
    told = ", ".join(str(node[key]) for key in ("value", "gradient") if node.get(key))
    style = "figure-node" if node["inputs"] else "figure-node figure-leaf"
    name = str(node.get("name") or "·")
    below = f"{node['operation']} {_shape(node)}".strip()
    spoken = escape(f"{name} = {below}" + (f", {told}" if told else ""))
    key = f' data-node="{escape(name)}"' if node.get("name") else ""
    steps = "".join(
        f' data-{way}="{escape(text)}"'
        for way, text in (("forward", story.forward()), ("backward", story.backward()))
        if text
    )
    value, gradient = (short(str(node.get(k) or "")) for k in ("value", "gradient"))
    middle = x + _WIDTH / 2
    apart = (_WIDTH / 4 - 2) * bool(value and gradient)
    return (
        f'<g class="{style}" tabindex="0" role="img" aria-label="{spoken}"{key}{steps}>'
        + rect(x + 1, y, _WIDTH - 2, _HEIGHT, "figure-box")
        + f'<text class="figure-math figure-name" x="{middle:g}" y="{y + 17:g}">'
        + f"{spans(pieces(name), 15)}</text>"
        + _made(node, story, middle, y + 32)
        + _flow(middle - apart, y + 48, f"↓ {value}" if value else "", "value")
        + _flow(middle + apart, y + 48, f"↑ {gradient}" if gradient else "", "gradient")
        + "</g>"
    )


def _made(node: Mapping[str, Any], story: _Story, x: float, y: float) -> str:
    """What a node is made by: an operation and the shape, or a function of a letter as in notes."""
    operation = str(node["operation"])
    if len(operation) != 1:
        below = _cut(f"{operation} {_shape(node)}".strip())
        return label(x, y, below, anchor="middle", style="figure-note")
    sources = [str(story.nodes[k].get("name") or "·") for k in story.inputs[story.number]]
    text = [*pieces(operation), ("(", False)]
    for k, source in enumerate(sources):
        text += [(", ", False)] * bool(k) + pieces(source)
    text.append((f") {_shape(node)}".rstrip(), False))
    return f'<text class="figure-math" x="{x:g}" y="{y:g}">{spans(text, 12)}</text>'


def _flow(x: float, y: float, text: str, what: str) -> str:
    if not text:
        return ""
    return f'<text class="figure-note figure-{what}" x="{x:g}" y="{y:g}">{escape(text)}</text>'


def _cut(text: str) -> str:
    return text if len(text) <= 17 else text[:16] + "…"


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
