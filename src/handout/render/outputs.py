"""What a cell printed and drew, and how it failed if it did, as HTML."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from html import escape

from handout.judge.verdict import Verdict
from handout.render.badge import anchor
from handout.render.figures import draw
from handout.render.sanitise import SvgError, sanitise
from handout.run.outcomes import FIGURE, CellOutcome

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # terminal escapes, which tracebacks carry


def output(outcome: CellOutcome, title: str = "", of: Verdict | None = None) -> str:
    """What a cell printed and drew, and how it failed if it did; nothing for a silent cell.

    Args:
        outcome: what the worker measured: `stdout`, `truncated`, `pictures` and `error`.
        title: of the cell, which serves its pictures as text alternative.
        of: the verdict to which links lead here.
    """
    parts = []
    if outcome.get("stdout"):
        cut = "\n… (the rest of the output is not shown)" if outcome.get("truncated") else ""
        parts.append(_terminal("Output", outcome["stdout"] + cut))
    parts += [picture(drawn, title) for drawn in outcome.get("pictures") or ()]
    if error := outcome.get("error"):
        parts.append(_terminal("Error", error.get("traceback") or error["message"]))
    if not parts:
        return ""
    place = "" if of is None else f' id="{escape(anchor(of))}"'
    return f'<div class="cell-outputs"{place} data-search-exclude>{"".join(parts)}</div>'


def picture(drawn: Mapping[str, str], title: str) -> str:
    """A figure drawn here from its description, a drawing without what could act, or an image.

    A drawing that the page cannot hold is shown as an image, in which no script runs.
    """
    if drawn["type"] == FIGURE:
        try:
            return draw(json.loads(base64.b64decode(drawn["data"])))
        except ValueError as error:
            return _terminal("Error", f"This figure cannot be drawn: {error}.")
    alt = title or "Drawn by the code above"
    if drawn["type"] == "image/svg+xml":
        drawing = base64.b64decode(drawn["data"]).decode("utf-8", "replace")
        prefix = f"p{hashlib.sha256(drawing.encode()).hexdigest()[:8]}-"
        with contextlib.suppress(SvgError):
            return f'<div class="cell-picture">{sanitise(drawing, prefix, alt)}</div>'
    source = escape(f"data:{drawn['type']};base64,{drawn['data']}")
    return f'<img class="cell-picture" src="{source}" alt="{escape(alt)}">'


def _terminal(label: str, text: str) -> str:
    """Text of a terminal, without its colours, in a box of its own."""
    name = f"cell-{label.lower()}"
    shown = escape(_COLOUR.sub("", text).rstrip("\n"))
    return f'<pre class="{name}" role="group" aria-label="{label}">{shown}</pre>'
