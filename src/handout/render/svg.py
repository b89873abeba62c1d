"""The few shapes that figures are made of, as SVG text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

Point = tuple[float, float]

#: For a figure outside a page, in the colour of the text around it; pages have style sheets.
STYLE = (
    "text{fill:currentColor;font:11px sans-serif}.figure-note{font-size:10px}"
    ".figure-math{font:15px 'STIX Two Math',math,serif}"
    ".figure-node text{text-anchor:middle}.figure-local.figure-math{font-size:12px}"
    ".figure-line,.figure-arrow{fill:none;stroke:currentColor;stroke-width:1.5}"
    ".figure-arrow,.figure-guide,.figure-grid,.figure-bar{stroke:currentColor;stroke-opacity:.5}"
    ".figure-line-1{stroke-dasharray:6 3}.figure-line-2{stroke-dasharray:2 2}"
    ".figure-line-3{stroke-dasharray:8 3 2 3}.figure-guide{stroke-dasharray:4 3}"
    ".figure-dot,.figure-head{fill:currentColor}"
    ".figure-positive,.figure-negative{fill:currentColor;stroke:currentColor;stroke-opacity:.3}"
    ".figure-box{fill:currentColor;fill-opacity:.05;stroke:currentColor}"
    ".figure-leaf .figure-box{fill-opacity:.15}"
)


class Box(NamedTuple):
    """A plot's rectangle in the figure, and the ranges of the values that it shows."""

    size: Point
    left: float
    top: float
    right: float
    bottom: float
    x: Point
    y: Point

    @classmethod
    def around(cls, points: Sequence[Point], width: float, height: float, least: float = 0) -> Box:
        """A box whose ranges hold all points, with a little air, and span at least `least`."""
        if not points or not all(math.isfinite(value) for point in points for value in point):
            raise ValueError("a figure needs points, all of them finite")
        ranges = []
        for values in zip(*points, strict=True):
            low, high = min(values), max(values)
            air = max((high - low) * 0.05, (least - (high - low)) / 2) or 0.5
            ranges.append((low - air, high + air))
        return cls((width, height), 52, 22, width - 8, height - 38, ranges[0], ranges[1])

    def at(self, point: Point) -> Point:
        """Where a pair of values is in the figure."""
        x, y = (
            (v - low) / (high - low) for v, (low, high) in zip(point, (self.x, self.y), strict=True)
        )
        return (
            round(self.left + x * (self.right - self.left), 1),
            round(self.bottom - y * (self.bottom - self.top), 1),
        )


class Panel(NamedTuple):
    """One drawing of a figure: its name and its numbers in words, its size, its shapes."""

    title: str
    numbers: str
    size: Point
    parts: Iterable[str]


def figure(caption: str, *panels: Panel, controls: str = "") -> str:
    """A figure with its caption; screen readers hear the title and the numbers of each panel.

    `controls` is HTML below it, for a reader who steps through what is drawn.
    """
    drawings = "".join(map(_drawing, panels))
    if len(panels) > 1:  # side by side, where there is room
        drawings = f'<div class="figure-panels">{drawings}</div>'
    return (
        f'<figure class="handout-figure" data-search-exclude="">{drawings}{controls}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _drawing(panel: Panel) -> str:
    width, height = map(math.ceil, panel.size)
    return (
        f'<svg viewBox="0 0 {width} {height}" style="--width:{width}px" role="group"'
        f' aria-label="{escape(panel.title)}"><desc>{escape(panel.numbers)}</desc>'
        f"{''.join(panel.parts)}</svg>"
    )


def label(x: float, y: float, text: str, anchor: str = "start", style: str = "") -> str:
    """A text; its anchor is `start`, `middle` or `end`."""
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A straight line."""
    return f'<line class="{style}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def polyline(points: Iterable[Point], style: str) -> str:
    """A line through points."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline class="{style}" points="{path}"/>'


def rect(x: float, y: float, width: float, height: float, style: str, opacity: float = 1) -> str:
    """A rectangle."""
    return (
        f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        f' fill-opacity="{opacity:.3g}"/>'
    )
