"""What a cell put out, in the order in which it came, and how it failed if it did, as HTML."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Callable
from html import escape
from typing import Any

from handout.judge.verdict import Verdict
from handout.render.badge import anchor
from handout.render.console import console_html
from handout.render.figures import draw
from handout.render.sanitise import SvgError, sanitise, standing_alone
from handout.run.outcomes import FIGURE, Bundle, CellOutcome

_CUT = "\n… (the rest of the output is not shown)"
_BITMAPS = ("image/png", "image/jpeg")
_LARGEST = 1_000_000  # characters of a drawing that stands in the page itself

Rich = Callable[[Bundle], str | None]
"""Makes HTML that is safe in a page of a bundle's HTML, Markdown or LaTeX; None if it cannot."""


def output(
    outcome: CellOutcome,
    title: str = "",
    of: Verdict | None = None,
    rich: Rich = lambda forms: None,
) -> str:
    """What a cell put out, and how it failed if it did; nothing for a silent cell.

    Args:
        outcome: what the cell gave.
        title: of the cell, which serves its pictures as text alternative.
        of: the verdict to which links lead here.
        rich: what makes HTML of tables and formulas; without it their plain text is shown.
    """
    outputs = outcome.get("outputs", [])
    parts = [
        terminal("Output", shown["text"])
        if "text" in shown
        else display(shown["data"], title, rich)
        for shown in outputs
    ]
    if outcome.get("truncated"):
        parts.append(terminal("Output", _CUT))
    if error := outcome.get("error"):
        parts.append(terminal("Error", error.get("traceback") or error["message"]))
    if not any(parts):
        return ""
    place = "" if of is None else f' id="{escape(anchor(of))}"'
    html = "".join(parts).replace("[[", "&#91;[")  # what a cell says is no badge of ours
    return f'<div class="cell-outputs"{place} data-search-exclude>{html}</div>'


def display(forms: Bundle, title: str = "", rich: Rich = lambda forms: None) -> str:
    """What a cell showed, in the best of its forms that a page can hold."""
    if FIGURE in forms:
        try:
            return draw(json.loads(forms[FIGURE]))
        except ValueError as error:
            return terminal("Error", f"This figure cannot be drawn: {error}.")
    if html := rich(forms):
        return f'<div class="cell-html">{html}</div>'
    if "image/svg+xml" in forms:
        return picture("image/svg+xml", forms["image/svg+xml"], title)
    for kind in _BITMAPS:
        if kind in forms:
            return picture(kind, forms[kind], title)
    plain = terminal("Output", forms.get("text/plain", ""))
    note = _stand_in(forms)
    if note is None:
        return plain
    said = "" if "chart" in note else plain
    return _note(note) + said


def _note(text: str) -> str:
    """What is said in place of something that is not shown."""
    return f'<p class="cell-note" role="note">{escape(text)}</p>'


def picture(kind: str, data: str, title: str = "") -> str:
    """An image, or a drawing without what could act.

    A large drawing is an image, so that the page stays quick. One that is refused is shown in no
    form: what would stop the reader's browser inside the page would stop it in an image, too.

    Args:
        kind: its media type.
        data: SVG, or base64.
        title: the text alternative.
    """
    alt = title or "Drawn by the code above"
    if kind == "image/svg+xml":
        prefix = f"p{hashlib.sha256(data.encode('utf-8', 'replace')).hexdigest()[:8]}-"
        try:
            drawing = sanitise(data, prefix, alt)
        except SvgError as error:
            return _note(f"A drawing is not shown: {error}.")
        if len(drawing) <= _LARGEST:
            return f'<div class="cell-picture">{drawing}</div>'
        data = base64.b64encode(standing_alone(drawing).encode("utf-8", "replace")).decode()
    source = escape(f"data:{kind};base64,{''.join(data.split())}")
    return f'<img class="cell-picture" src="{source}" alt="{escape(alt)}">'


def terminal(label: str, text: str) -> str:
    """Text as a terminal shows it, in a box of its own; nothing for no text."""
    shown = console_html(text).rstrip("\n")
    name = f"cell-{label.lower()}"
    return f'<pre class="{name}" role="group" aria-label="{label}">{shown}</pre>' if shown else ""


def _stand_in(forms: Bundle) -> str | None:
    """What is said in place of something that only a script could show."""
    for kind, form in forms.items():
        if kind.startswith("application/vnd.plotly"):
            return f"Interactive chart by Plotly{_chart(form)}. It is drawn where its scripts run."
        if kind.startswith("application/vnd.vega"):
            return (
                "Interactive chart by Vega-Altair. It is drawn here where the package "
                "vl-convert-python is installed."
            )
        if kind == "application/vnd.jupyter.widget-view+json":
            return "Interactive widget. It answers where Python runs, as in Jupyter; here it is:"
    if "application/javascript" in forms or "<script" in forms.get("text/html", ""):
        return "Interactive output. It needs scripts of its own, which no page here runs."
    return None


def _chart(form: str) -> str:
    """The title of a chart of Plotly, and what is drawn in it."""
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        chart: dict[str, Any] = json.loads(form)
        traces = [
            " ".join(filter(None, (trace.get("type", "trace"), _quoted(trace.get("name")))))
            for trace in chart.get("data", [])
        ]
        title = (chart.get("layout", {}).get("title") or {}).get("text")
        return "".join([_after(" ", _quoted(title)), _after(": ", ", ".join(traces[:12]))])
    return ""


def _quoted(name: str | None) -> str:
    return f"“{name}”" if name else ""


def _after(separator: str, text: str) -> str:
    return separator + text if text else ""
