"""Draws the charts of Altair, outside the page's process, whose memory is too small for that.

The package `vl-convert-python` runs Vega in an engine for JavaScript that reserves more address
space than a page may have. So whatever follows the page has charts drawn in a process of their own,
before the outcome is kept; nothing is fetched for them.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from handout.run.outcomes import Bundle

_PATIENCE = 30  # seconds for one chart
_SVG = "image/svg+xml"
_DRAW = """
import sys
from vl_convert import vegalite_to_svg
sys.stdout.buffer.write(
    vegalite_to_svg(sys.stdin.buffer.read().decode(), allowed_base_urls=[]).encode()
)
"""


def with_drawing(forms: Bundle) -> Bundle:
    """A bundle with a drawing, if it holds a chart of Vega-Lite that can be drawn."""
    chart = next((forms[kind] for kind in forms if kind.startswith("application/vnd.vegalite")), "")
    if not chart or _SVG in forms or importlib.util.find_spec("vl_convert") is None:
        return forms
    command = [sys.executable, "-c", _DRAW]
    try:
        done = subprocess.run(command, input=chart.encode(), capture_output=True, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return forms
    drawing = done.stdout.decode("utf-8", "replace")
    return {**forms, _SVG: drawing} if done.returncode == 0 and drawing else forms
