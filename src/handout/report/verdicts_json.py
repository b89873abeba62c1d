"""`verdicts.json`: every verdict of a build, for programs. Its form is public."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from handout import __version__
from handout.judge.coverage import coverage
from handout.judge.formulas import together
from handout.judge.verdict import KEYS
from handout.judge.verdicts import JudgedPage
from handout.page.escape import escape_surrogates
from handout.report.problems import coverage_problems
from handout.report.summary import tally
from handout.run.installed import version
from handout.settings import Settings

SCHEMA = 1


def verdicts_json(judged: Sequence[JudgedPage], settings: Settings) -> str:
    """The content of the file; the same verdicts are the same bytes."""
    listed = [verdict for page in judged for verdict in page.verdicts]
    formulas = together(map(coverage, judged))
    below = [page.page.name for page in judged if coverage_problems(page, settings)]
    document = {
        "schema": SCHEMA,
        "tool": f"handout {__version__}",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "summary": tally(listed),
        "verdicts": [],
        "coverage": {
            "tested": formulas.tested,
            "untested": len(formulas.untested),
            "bound": formulas.bound,
            "below": below,
        },
    }
    head, _, foot = json.dumps(document, ensure_ascii=False, indent=1).partition("[]")
    lines = ",".join(f"\n  {_line(verdict)}" for verdict in listed)  # a line for each verdict
    return escape_surrogates(f"{head}[{lines}\n ]{foot}\n")


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
