"""The figures on the front page are those of the pages that it names."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def rows(page: str) -> list[list[str]]:
    """The cells of every row of the tables of a page."""
    text = (DOCS / page).read_text("utf-8")
    return [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]


def said(page: str) -> tuple[int, int]:
    """The figures that the front page gives with a link to a page: so many of so many."""
    text = (DOCS / "index.md").read_text("utf-8")
    found = re.search(rf"\*\*([\d,]+) of ([\d,]+)\*\*[^*]*?\({re.escape(page)}\)", text)
    assert found is not None
    one, other = (int(number.replace(",", "")) for number in found.groups())
    return one, other


def test_wrong_verdicts_on_generated_equations() -> None:
    """Right and wrong ones together."""
    page = "benchmarks/equation-trust.md"
    table = [row for row in rows(page) if re.fullmatch(r"[\d,]+ (right|wrong)", row[0])]
    assert len(table) == 2
    wrong = sum(int(row[5]) for row in table)
    assert said(page) == (wrong, sum(int(row[0].split()[0].replace(",", "")) for row in table))


def test_published_mistakes_told_from_their_corrections() -> None:
    """Rewritten where need be, as the page says."""
    page = "benchmarks/equation-published.md"
    counts = {row[0]: row[1] for row in rows(page) if len(row) > 1}
    one, _, other = counts["told apart, rewritten where need be"].partition(" of ")
    assert said(page) == (int(one), int(other))
    as_printed = re.search(r"(\d+) as they\s+were printed", (DOCS / "index.md").read_text("utf-8"))
    assert as_printed is not None
    told = counts["mistakes and corrections told apart, as published"]
    assert told == f"{as_printed[1]} of {other}"


def test_wrong_derivatives_caught() -> None:
    """And no right one refused."""
    page = "benchmarks/gradient-checks.md"
    (row,) = [row for row in rows(page) if row[0] == "edf.check_gradients"][:1]
    one, _, other = row[1].partition(" of ")
    assert said(page) == (int(one), int(other))
    assert [cell.split()[0] for cell in row[3:5]] == ["0", "0"]
