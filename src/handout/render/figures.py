"""Figures drawn as SVG from numbers, in the colours of the page: light, dark or black on white.

Each figure comes with a text alternative that holds its numbers. What is drawn comes from cells:
texts are escaped, and what should be a number is made one or refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from handout.render.figure_graph import graph
from handout.render.svg import STYLE, Box, figure, label, line, polyline, rect

_SMALLEST = 1e-17  # an error of zero has no logarithm; it is drawn here
_EXPONENTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def draw(described: Mapping[str, Any]) -> str:
    """A figure from its description, a dictionary with `kind`, `title` and what the kind needs.

    Raises:
        ValueError: the description is not one of a figure.
    """
    kind = described.get("kind")
    kinds: dict[Any, Callable[[Mapping[str, Any]], str]] = {
        "graph": graph,
        "heatmaps": heatmaps,
        "curves": curves,
        "steps": steps,
    }
    if kind not in kinds:
        raise ValueError(f"{kind!r} is no kind of figure; there are {', '.join(kinds)}")
    try:
        return kinds[kind](described)
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ValueError(f"this is not the description of a {kind} figure: {error!r}") from error


def standalone(described: Mapping[str, Any]) -> str:
    """A figure as SVG text for where there is no page: with a style and a title of its own.

    Raises:
        ValueError: the description is not one of a figure.
    """
    drawn = draw(described)
    svg = drawn[drawn.index("<svg ") : drawn.index("</svg>")]
    head, _, body = svg.partition(">")
    title = escape(str(described.get("title", "")))
    head = head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{head}><title>{title}</title><style>{STYLE}</style>{body}</svg>"


def steps(described: Mapping[str, Any]) -> str:
    """Error of a derivative by central differences against the step size, both logarithmic.

    `steps` holds [step, relative error] pairs. Truncation grows as the square of the step, rounding
    as its inverse; both slopes are marked.
    """
    measured = [(float(h), max(float(e), _SMALLEST)) for h, e in described["steps"]]
    points = sorted((math.log10(h), math.log10(e)) for h, e in measured if math.isfinite(e))
    if len(points) < 2:
        raise ValueError("a figure of errors needs at least two steps")
    box = Box.around(points, width=440, height=250, least=3)
    low = min(points, key=lambda point: point[1])
    parts = [*_decades(box), polyline(map(box.at, points), "figure-line")]
    parts += [
        f'<circle class="figure-dot" cx="{x:g}" cy="{y:g}" r="2.5"/>'
        for x, y in map(box.at, points)
    ]
    parts += _slope(box, points[-1], 2, "truncation ∝ h²", low)
    parts += _slope(box, points[0], -1, "rounding ∝ 1/h", low)
    parts += [
        label(box.right, box.bottom + 32, "step h", anchor="end"),
        label(box.left - 38, box.top - 10, "relative error"),
    ]
    best = f"smallest error {10 ** low[1]:.1e} at step {10 ** low[0]:.1e}"
    numbers = "; ".join(f"step {h:.0e}: error {e:.1e}" for h, e in measured)
    title = str(described.get("title", "Error of central differences against the step"))
    return figure(title, f"{best}. {numbers}.", box.size, parts, f"{title}: {best}.")


def heatmaps(described: Mapping[str, Any]) -> str:
    """Matrices side by side on one scale, to see what one has and the other lacks.

    `matrices` holds [name, rows] pairs.
    """
    matrices = [
        (str(name), [[float(entry) for entry in row] for row in rows])
        for name, rows in described["matrices"]
    ]
    largest = max(abs(entry) for _, rows in matrices for row in rows for entry in row) or 1.0
    columns = max(len(row) for _, rows in matrices for row in rows)
    cell = min(52.0, 208.0 / columns)
    parts, texts, left, height = [], [], 0.0, 0.0
    for name, rows in matrices:
        parts.append(label(left, 14, name))
        for i, row in enumerate(rows):
            for j, entry in enumerate(row):
                strength = 0.5 * abs(entry) / largest  # a number on it must be readable
                parts += _entry(entry, left + j * cell, 24 + i * cell, cell, strength)
        texts.append(f"{name}: " + "; ".join(", ".join(map(_short, row)) for row in rows))
        left += cell * max(map(len, rows)) + 20
        height = max(height, 24 + cell * len(rows))
    title = str(described.get("title", "Matrices on one scale"))
    caption = title + "."
    if any(entry < 0 for _, rows in matrices for row in rows for entry in row):
        caption += " A bar marks what is negative."
    return figure(title, ". ".join(texts) + ".", (left - 20, height), parts, caption)


def _entry(entry: float, x: float, y: float, cell: float, strength: float) -> Iterator[str]:
    """One entry: tinted by its size, with its number, and with a bar if it is negative."""
    sign = "figure-positive" if entry >= 0 else "figure-negative"
    yield rect(x, y, cell - 1, cell - 1, sign, opacity=strength)
    middle, numbered = x + cell / 2, cell >= 40  # as wide as "−0.0055"
    if entry < 0:  # told without colour
        bar = y + cell - 7 if numbered else y + cell / 2
        yield line(middle - cell / 5, bar, middle + cell / 5, bar, "figure-bar")
    if numbered:
        yield label(middle, y + cell / 2 + 4, _short(entry), anchor="middle", style="figure-entry")


def curves(described: Mapping[str, Any]) -> str:
    """Curves over a common axis. `curves` holds [name, [[x, y], ...]] pairs."""
    named = [
        (str(name), [(float(x), float(y)) for x, y in points])
        for name, points in described["curves"]
    ]
    box = Box.around([p for _, points in named for p in points], width=440, height=240)
    parts = _linear_axes(box)
    for number, (name, points) in enumerate(named):
        parts.append(polyline(map(box.at, points), f"figure-line figure-line-{number % 4}"))
        y = box.top + 8 + 16 * number
        parts.append(
            line(
                box.right - 110,
                y - 4,
                box.right - 86,
                y - 4,
                f"figure-line figure-line-{number % 4}",
            )
        )
        parts.append(label(box.right - 80, y, name))
    parts += [
        label(box.right, box.bottom + 32, str(described.get("x", "")), anchor="end"),
        label(box.left - 38, box.top - 10, str(described.get("y", ""))),
    ]
    title = str(described.get("title", "Curves"))
    ends = "; ".join(
        f"{name} goes from {points[0][1]:.3g} to {points[-1][1]:.3g}" for name, points in named
    )
    numbers = "; ".join(
        f"{name}: " + ", ".join(f"{x:.3g} {y:.3g}" for x, y in _some(points))
        for name, points in named
    )
    return figure(title, f"{ends}. {numbers}.", box.size, parts, f"{title}: {ends}.")


def _slope(
    box: Box, end: tuple[float, float], power: int, name: str, low: tuple[float, float]
) -> list[str]:
    """A dashed guide through an end of the valley, as long as the plot has room for it."""
    x, y = end
    reach = min(abs(x - low[0]) * 0.8, (y - box.y[0]) / abs(power))
    if reach < 1:
        return []
    to = (x - math.copysign(reach, power), y - abs(power) * reach)
    (x1, y1), (x2, y2) = box.at(end), box.at(to)
    shift = -8 if power > 0 else 8  # beside the curve, not on it
    x1, x2 = x1 + shift, x2 + shift
    text = label(
        (x1 + x2) / 2 + shift / 2,
        (y1 + y2) / 2 - 6,
        name,
        anchor="end" if power > 0 else "start",
        style="figure-note",
    )
    return [line(x1, y1, x2, y2, "figure-guide"), text]


def _decades(box: Box) -> list[str]:
    """Axes of powers of ten."""
    parts = []
    for exponent in _ticks(*box.x):
        x, _ = box.at((exponent, box.y[0]))
        parts += [
            line(x, box.top, x, box.bottom, "figure-grid"),
            label(x, box.bottom + 15, _power(exponent), anchor="middle"),
        ]
    for exponent in _ticks(*box.y):
        _, y = box.at((box.x[0], exponent))
        parts += [
            line(box.left, y, box.right, y, "figure-grid"),
            label(box.left - 6, y + 4, _power(exponent), anchor="end"),
        ]
    return parts


def _linear_axes(box: Box) -> list[str]:
    parts = []
    for value in _round_values(*box.x):
        x, _ = box.at((value, box.y[0]))
        parts.append(label(x, box.bottom + 15, f"{value:g}", anchor="middle"))
    for value in _round_values(*box.y):
        _, y = box.at((box.x[0], value))
        parts += [
            line(box.left, y, box.right, y, "figure-grid"),
            label(box.left - 6, y + 4, f"{value:g}", anchor="end"),
        ]
    return parts


def _ticks(low: float, high: float) -> Iterable[int]:
    """Whole exponents, at most seven of them."""
    first, last = math.ceil(low), math.floor(high)
    return range(first, last + 1, max(1, math.ceil((last - first) / 6)))


def _round_values(low: float, high: float) -> list[float]:
    """About five values at a step of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 5 or 1.0
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first = math.ceil(low / step)
    return [round(step * k, 12) for k in range(first, math.floor(high / step) + 1)]


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(_EXPONENTS)


def _short(value: float) -> str:
    """Two significant digits; what is exactly zero is told from what is nearly so."""
    return f"{value:.2g}".replace("-", "−") if value else "0"


def _some(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most a dozen of the points, the last among them."""
    stride = max(1, len(points) // 11)
    return [*points[:-1:stride], points[-1]]
