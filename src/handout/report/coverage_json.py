"""Coverage as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from handout import __version__
from handout.judge.coverage import coverage
from handout.judge.formulas import Coverage, together
from handout.judge.verdicts import JudgedPage

SCHEMA = 1


def coverage_json(judged: Iterable[JudgedPage]) -> str:
    """Every page's formulas that are not tested, with their reasons, and how many are."""
    pages = [(page.page.name, coverage(page)) for page in judged]
    document = {
        "schema": SCHEMA,
        "tool": f"handout {__version__}",
        "summary": _numbers(together(found for _, found in pages)),
        "pages": [{"page": name, **_numbers(found), **_reasons(found)} for name, found in pages],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _numbers(found: Coverage) -> dict[str, Any]:
    states = [formula.state for formula in found.formulas]
    return {
        "formulas": len(states),
        "tested": found.tested,
        "definitions": states.count("definition"),
        "declarations": states.count("declaration"),
        "untested": len(found.untested),
        "percent": None if found.percent is None else round(found.percent, 1),
    }


def _reasons(found: Coverage) -> dict[str, Any]:
    return {
        "reasons": [
            {
                "line": f.line,
                "id": f.id or None,
                "latex": f.latex,
                "reason": f.reason,
                "code": f.code or None,
            }
            for f in found.untested
        ]
    }
