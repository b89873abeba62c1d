"""Write the tables of `docs/reference/options.md` from the code: `python scripts/options_page.py`.

A test fails while they say something else than the code does.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from handout.page.options import MATH, PYTHON, Option
from handout.settings import Settings

PAGE = Path(__file__).parents[1] / "docs/reference/options.md"


def with_tables(page: str) -> str:
    """The page with its tables made anew, each under its heading."""
    tables = {
        "Of a Python cell": of_fences(PYTHON),
        "Of an equation": of_fences(MATH),
        "Of the site": of_site(),
    }
    for heading, table in tables.items():
        section = re.compile(rf"(## {heading}\n.*?\n)\| Option \|.*?(?=\n\n)", re.DOTALL)
        page, count = section.subn(lambda found, table=table: found[1] + table, page)
        if count != 1:
            raise SystemExit(f"{PAGE}: there is no table under the heading {heading!r}")
    return page


def of_fences(options: Mapping[str, Option]) -> str:
    """The options that a kind of fence has."""
    rows = ((f"`{option.name}`", option.values, option.meaning) for option in options.values())
    return table(("Option", "Values", "Meaning"), rows)


def of_site() -> str:
    """The options of `mkdocs.yml`; what each means stands in the docstring of `Settings`."""
    documented = re.findall(
        r"^ {4}(\w+): (.+(?:\n {8}.+)*)$", inspect.getdoc(Settings) or "", re.MULTILINE
    )
    meaning = {name: " ".join(text.split()) for name, text in documented}
    rows = (
        (f"`{name}`", default(value), meaning[name])
        for name, value in Settings._field_defaults.items()
    )
    return table(("Option", "Default", "Meaning"), rows)


def default(value: object) -> str:
    """A default as YAML has it."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`" if value not in ({}, "", ()) else "none"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
