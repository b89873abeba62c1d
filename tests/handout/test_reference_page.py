"""The page of options says of each what the code says."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from handout.options import MATH, PYTHON, Option
from handout.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "options.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize(
    "option", [*PYTHON.values(), *MATH.values()], ids=lambda option: option.name
)
def test_every_option_of_a_fence_is_listed(option: Option) -> None:
    """Its name, each of its values and its meaning stand in one row."""
    assert any(
        row.startswith(f"| `{option.name}` |")
        and row.endswith(f"| {option.meaning} |")
        and all(word in row for word in option.values.replace(",", "").split())
        for row in ROWS
    )


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_option_of_the_site_is_listed_with_its_default(name: str) -> None:
    """A default that changes in the code and not on the page fails here."""
    default = getattr(Settings(), name)
    shown = "none" if default == {} else f"`{default:g}`" if name == "timeout" else f"`{default}`"
    assert any(row.startswith(f"| `{name}` | {shown} |") for row in ROWS)
