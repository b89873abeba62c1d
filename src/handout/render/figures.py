"""Figures drawn as SVG from numbers, in the colours of the page: light, dark or black on white.

Each figure comes with a text alternative that holds its numbers. What is drawn comes from cells:
texts are escaped, and what should be a number is made one or refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from handout.render.error_curve import error_in_words
from handout.render.figure_graph import graph
from handout.render.svg import STYLE, Box, Panel, figure, label, line, polyline, rect

_SMALLEST = 1e-17  # an error of zero has no logarithm; it is drawn here
_NOTHING = 1e-6  # of the largest entry: a smaller difference is that of two ways to calculate
_BETWEEN = 20  # two panels
_PANEL = re.compile(r'<svg viewBox="0 0 (\d+) (\d+)"[^>]*>(.*?)</svg>', re.DOTALL)
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
    panels = _PANEL.findall(draw(described))
    title = escape(str(described.get("title", "")))
    width = sum(int(w) + _BETWEEN for w, _, _ in panels) - _BETWEEN
    height = max(int(h) for _, h, _ in panels)
    body, left = "", 0
    for w, h, shapes in panels:
        body += f'<svg x="{left}" width="{w}" height="{h}">{shapes}</svg>'
        left += int(w) + _BETWEEN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' style="max-width:{width}px" role="group" aria-label="{title}">'
        f"<title>{title}</title><style>{STYLE}</style>{body}</svg>"
    )


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
    words = error_in_words(measured)
    drawing = Panel(title, f"{words} {best[:1].upper()}{best[1:]}. {numbers}.", box.size, parts)
    return figure(f"{title}. {words}", drawing)


def heatmaps(described: Mapping[str, Any]) -> str:
    """Matrices side by side on one scale, and what two of one shape differ by.

    `matrices` holds [name, rows] pairs. Rows i and columns j are counted from 0, as arrays are.
    """
    matrices = [
        (str(name), [[float(entry) for entry in row] for row in rows])
        for name, rows in described["matrices"]
    ]
    largest = max(abs(entry) for _, rows in matrices for row in rows for entry in row) or 1.0
    cell = min(52.0, 208.0 / max(len(row) for _, rows in matrices for row in rows))
    panels = [_matrix(name, rows, cell, largest) for name, rows in matrices]
    caption = str(described.get("title", "Matrices on one scale")) + "."
    shown = [rows for _, rows in matrices]
    if len(matrices) == 2 and list(map(len, shown[0])) == list(map(len, shown[1])):
        (one, left), (other, right) = matrices
        difference = [
            [a - b for a, b in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)
        ]
        panels.append(_matrix(f"{one} − {other}", difference, cell, largest, largest * _NOTHING))
        caption += " " + _agreement(left, right, difference, largest * _NOTHING)
        shown.append([[e if abs(e) > largest * _NOTHING else 0 for e in row] for row in difference])
    if any(entry < 0 for rows in shown for row in rows for entry in row):
        caption += " A bar marks what is negative."
    return figure(caption, *panels)


Rows = Sequence[Sequence[float]]


def _matrix(name: str, rows: Rows, cell: float, largest: float, nothing: float = 0) -> Panel:
    """A matrix as a panel, its rows and columns numbered."""
    left, top, columns = 22.0, 36.0, max(map(len, rows))
    parts = [label(left, 13, name), label(8, top - 6, "i\\j", anchor="middle", style="figure-note")]
    for j in range(0, columns, math.ceil(16 / cell)):
        parts += [_number(j, left + (j + 0.5) * cell, top - 6)]
    for i in range(0, len(rows), math.ceil(12 / cell)):
        parts += [_number(i, 8, top + (i + 0.5) * cell + 4)]
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            strength = 0.5 * abs(entry) / largest  # a number on it must be readable
            place = (left + j * cell, top + i * cell)
            parts += _entry(entry, *place, cell, min(strength, 0.5), nothing)
    numbers = "; ".join(", ".join(_short(entry, nothing) for entry in row) for row in rows)
    size = left + cell * columns, top + cell * len(rows)
    return Panel(name, f"{name}: {numbers}.", size, parts)


def _number(number: int, x: float, y: float) -> str:
    return label(x, y, str(number), anchor="middle", style="figure-note")


def _agreement(left: Rows, right: Rows, difference: Rows, nothing: float) -> str:
    """Where two matrices differ most, or that they agree, in words."""
    entries = [(abs(d), i, j) for i, row in enumerate(difference) for j, d in enumerate(row)]
    worst, i, j = max(entries, key=lambda entry: entry[0])
    if worst <= nothing:
        return f"They agree, but for {worst:.0e}." if worst else "They are equal."
    beside = f"{_short(left[i][j])} beside {_short(right[i][j])}"
    return f"They differ most at i = {i}, j = {j}: {beside}."


def _entry(
    entry: float, x: float, y: float, cell: float, strength: float, nothing: float
) -> Iterator[str]:
    """One entry: tinted by its size, with its number, and with a bar if it is negative."""
    sign = "figure-positive" if entry >= 0 else "figure-negative"
    yield rect(x, y, cell - 1, cell - 1, sign, opacity=strength)
    middle, numbered = x + cell / 2, cell >= 40  # as wide as "−0.0055"
    if entry < -nothing:  # told without colour
        bar = y + cell - 7 if numbered else y + cell / 2
        yield line(middle - cell / 5, bar, middle + cell / 5, bar, "figure-bar")
    if numbered:
        text = _short(entry, nothing)
        yield label(middle, y + cell / 2 + 4, text, anchor="middle", style="figure-entry")


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
    return figure(f"{title}: {ends}.", Panel(title, f"{ends}. {numbers}.", box.size, parts))


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


def _short(value: float, nothing: float = 0) -> str:
    """Two significant digits; what is exactly zero is told from what is nearly so."""
    if 0 < abs(value) <= nothing:
        return "≈ 0"
    return f"{value:.2g}".replace("-", "−") if value else "0"


def _some(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most a dozen of the points, the last among them."""
    stride = max(1, len(points) // 11)
    return [*points[:-1:stride], points[-1]]
