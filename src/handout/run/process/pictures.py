"""Pictures that a cell makes: what its last line returns, and the figures that it left open.

A picture is kept as bytes; what of it may stand in a page is for the page's build to say. A figure
of `edf.figures` is kept as its description, and drawn when the page is rendered.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from handout.run.outcomes import FIGURE

_METHODS = (("_repr_svg_", "image/svg+xml"), ("_repr_png_", "image/png"))


def pictures(value: Any) -> list[dict[str, str]]:
    """Media type and base64 data of each picture; open figures of matplotlib are closed."""
    found = [_picture(kind, data) for kind, data in _of_value(value)]
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        from handout.run.process.plots import plot_svg

        found += [
            _picture("image/svg+xml", plot_svg(pyplot.figure(number)))
            for number in pyplot.get_fignums()
        ]
        pyplot.close("all")
    return found


def _of_value(value: Any) -> list[tuple[str, str | bytes]]:
    figures: Any = sys.modules.get("edf.figures")
    if figures is not None and isinstance(value, figures.Figure):
        return [(FIGURE, json.dumps(value.description))]
    for method, kind in _METHODS:
        draw = getattr(type(value), method, None)
        data = draw(value) if draw is not None else None
        if data:
            return [(kind, data)]
    return []


def _picture(kind: str, data: str | bytes) -> dict[str, str]:
    raw = data.encode() if isinstance(data, str) else data
    return {"type": kind, "data": base64.b64encode(raw).decode()}
