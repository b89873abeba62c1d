"""What a cell shows besides text: values in all their forms, and figures.

Things are kept as data; what of them may stand in a page is for the page's build to say. A figure
of `edf.figures` is kept as its description, and drawn when the page is rendered.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from handout.run.outcomes import FIGURE, Bundle, Fact

_PLAIN = "text/plain"
_METHODS = (  # as Jupyter has them
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_latex_", "text/latex"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
)


of_page: PageDisplay | None = None
"""That of the page which runs in this process, for a backend that a library loads by its name."""


class PageDisplay:
    """Shows things on the page.

    Args:
        tell: called with each fact: that something is shown, or that output is cleared.
    """

    def __init__(self, tell: Callable[[Fact], None]) -> None:
        self._tell = tell

    def __call__(self, *values: Any, **options: Any) -> Any:
        """Show values, as the function `display` of notebooks does."""
        if options:  # a key to update it by, media types left out: as IPython has them
            from IPython import display

            return display.display(*values, **options)
        for value in values:
            self.value(value)
        return None

    def value(self, value: Any) -> None:
        """Show a value: one that has only text is printed."""
        if not is_drawn(value):
            self.publish(mime_bundle(value))

    def publish(
        self, data: Mapping[str, Any], key: str | None = None, update: bool = False
    ) -> None:
        """Show a bundle of forms; `key` is its name, for one that shall be updated."""
        if not data:
            return
        kept = {kind: _text(form) for kind, form in data.items()}
        if kept.keys() == {_PLAIN} and key is None:
            if sys.stdout is not None:
                sys.stdout.write(kept[_PLAIN] + "\n")
        else:
            self._tell({"event": "display", "data": kept, "key": key, "update": update})

    def clear(self, wait: bool = False) -> None:
        """Take back what the running cell has put out, at once or when there is something new."""
        self._tell({"event": "clear", "wait": wait})

    def figures(self) -> None:
        """Show the figures of matplotlib that are open, and close them."""
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            self.publish(mime_bundle(pyplot.figure(number)))
        pyplot.close("all")


def mime_bundle(value: Any) -> Bundle:
    """A value in every form that it has; nothing for one that shows itself."""
    drawn = drawing(value)
    if drawn is not None:
        return drawn
    show = _method(value, "_ipython_display_")
    if show is not None:
        show()
        return {}
    several = _method(value, "_repr_mimebundle_")
    forms: dict[str, Any] = {}
    if several is not None:
        given = several(include=None, exclude=None)
        forms |= given[0] if isinstance(given, tuple) else given or {}
    for name, kind in _METHODS:
        draw = None if kind in forms else _method(value, name)
        form = None if draw is None else draw()
        if form:
            forms[kind] = form[0] if isinstance(form, tuple) else form  # else with metadata
    return {kind: _text(form) for kind, form in ({_PLAIN: repr(value)} | forms).items()}


def drawing(value: Any) -> Bundle | None:
    """A figure of `edf.figures` or of matplotlib, as the site draws it; None for all else."""
    figures: Any = sys.modules.get("edf.figures")
    if figures is not None and isinstance(value, figures.Figure):
        return {FIGURE: json.dumps(value.description)}
    matplotlib: Any = sys.modules.get("matplotlib.figure")
    if matplotlib is not None and isinstance(value, matplotlib.Figure):
        from handout.run.process.plots import plot_svg

        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close(value)  # it is shown here, and need not be shown at the end of the cell
        return {"image/svg+xml": plot_svg(value)}
    return None


def is_drawn(value: Any) -> bool:
    """Whether a value is part of a plot that is shown anyway, as what `plt.plot()` returns."""
    artist: Any = sys.modules.get("matplotlib.artist")
    if artist is None:
        return False
    figure: Any = sys.modules.get("matplotlib.figure")
    parts = value if isinstance(value, list | tuple) else [value]
    return bool(parts) and all(
        isinstance(part, artist.Artist) and not isinstance(part, figure.FigureBase)
        for part in parts
    )


def _method(value: Any, name: str) -> Callable[..., Any] | None:
    """A method by which a value shows itself; what makes up any attribute has none."""
    if isinstance(value, type) or not callable(getattr(type(value), name, None)):
        return None
    method = getattr(value, name, None)
    return method if callable(method) else None


def _text(form: Any) -> str:
    if isinstance(form, bytes):
        return base64.b64encode(form).decode()
    if isinstance(form, str):
        return form
    with contextlib.suppress(TypeError, ValueError):
        return json.dumps(form)
    return str(form)
