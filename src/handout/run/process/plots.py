"""Figures of matplotlib as SVG that follows the page, light and dark, and says what it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np


def plot_svg(figure: Any) -> str:
    """Draw a figure on no background, its black and white being the page's text and background."""
    import matplotlib

    target = io.StringIO()
    # Text stays text; no date and fixed ids, so that the same figure is the same bytes.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "handout"}):
        figure.savefig(
            target, format="svg", metadata={"Date": None}, bbox_inches="tight", transparent=True
        )
    drawing = target.getvalue()
    drawing = drawing.replace("#000000", "currentColor")
    drawing = drawing.replace("#ffffff", "var(--md-default-bg-color, #ffffff)")
    label = escape("; ".join(describe(figure)) or "A plot without titles, labels or lines")
    drawing = drawing.replace("<svg ", f'<svg aria-label="{label}" fill="currentColor" ', 1)
    # A single minus sign at an axis would double the memory that the text takes in a build.
    return drawing.encode("ascii", "xmlcharrefreplace").decode()


def describe(figure: Any) -> Iterator[str]:
    """Tell each plot's title and axes, and of each line and image the numbers that matter."""
    for axes in figure.axes:
        if axes.get_title():
            yield axes.get_title()
        if axes.get_xlabel() or axes.get_ylabel():
            yield f"{axes.get_ylabel() or 'values'} over {axes.get_xlabel() or 'x'}"
        for line in axes.get_lines():
            label = str(line.get_label())
            # A line without a label has one that starts with an underscore.
            yield _numbers("line" if label.startswith("_") else label, line.get_ydata())
        for image in axes.get_images():
            yield _numbers("image of " + " by ".join(map(str, image.get_size())), image.get_array())


def _numbers(name: str, values: Any) -> str:
    array = np.asarray(values, dtype=float).ravel()
    array = array[np.isfinite(array)]
    if not array.size:
        return f"{name}: no finite values"
    ends = "" if name.startswith("image") else f"from {array[0]:.3g} to {array[-1]:.3g}, "
    return f"{name}: {ends}least {array.min():.3g}, greatest {array.max():.3g}"
