"""`verdicts.json`: every verdict of a build, for programs. Its form is public."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from handout import __version__
from handout.judge.verdict import KEYS, Verdict
from handout.report.summary import tally
from handout.run.cache import version

SCHEMA = 1


def verdicts_json(verdicts: Iterable[Verdict]) -> str:
    """The content of the file; the same verdicts are the same bytes."""
    listed = list(verdicts)
    document = {
        "schema": SCHEMA,
        "tool": f"handout {__version__}",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "summary": tally(listed),
        "verdicts": [],
    }
    head, _, foot = json.dumps(document, ensure_ascii=False, indent=1).rpartition("[]")
    lines = ",".join(f"\n  {_line(verdict)}" for verdict in listed)  # a line for each verdict
    return f"{head}[{lines}\n ]{foot}\n"


def _line(verdict: Mapping[str, Any]) -> str:
    known = {key: verdict[key] for key in KEYS}
    try:
        return json.dumps(known, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(known), ensure_ascii=False)


def _finite(value: Any) -> Any:
    """The value with words for the numbers that JSON lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    return value
