"""Problems as SARIF 2.1.0, which code scanning on GitHub and editors show on their lines.

The form is that of the OASIS standard "Static Analysis Results Interchange Format". Like
`verdicts.json`, the file holds no times: the same problems are the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from handout import __version__
from handout.page.codes import CODES
from handout.page.escape import escape_controls
from handout.page.pages import shown_path
from handout.page.problems import Problem

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(problems: Iterable[Problem], root: Path | None = None) -> str:
    """The SARIF file for some problems.

    Args:
        problems: what is wrong, and where.
        root: of the repository; paths in the file are relative to it. By default, the working
            directory.
    """
    results = [_result(problem, root) for problem in problems]
    used = sorted({result["ruleId"] for result in results})
    driver = {"name": "handout", "version": __version__, "rules": [_rule(code) for code in used]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _rule(code: str) -> dict[str, Any]:
    kind = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.meaning},
        "help": {"text": kind.remedy, "markdown": kind.remedy},
        "defaultConfiguration": {"level": "error"},
    }


def _result(problem: Problem, root: Path | None) -> dict[str, Any]:
    name = shown_path(Path(problem.path).absolute(), root)
    message = escape_controls("\n".join(filter(None, (problem.message, problem.excerpt))))
    place = {
        "artifactLocation": {"uri": quote(os.fsencode(name)), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": problem.line},
    }
    # What stays the same when lines are added above: GitHub follows a problem by it.
    identity = escape_controls("\n".join((name, problem.code, problem.subject)))
    return {
        "ruleId": problem.code,
        "level": "error",
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"handoutClaim/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }
