"""The reference pages say what the code says: the options in tables, the commands by themselves."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest

from handout.cli import main
from handout.page.fences import find_fences

ROOT = Path(__file__).parents[2]


@pytest.fixture
def generator() -> ModuleType:
    """`scripts/options_page.py`."""
    spec = importlib.util.spec_from_file_location("options_page", ROOT / "scripts/options_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_options_is_the_one_that_the_code_gives(generator: ModuleType) -> None:
    """If this fails: `python scripts/options_page.py`."""
    page = generator.PAGE.read_text("utf-8")
    assert generator.with_tables(page) == page


def test_a_changed_default_changes_the_page(
    generator: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard would see it; and so it would see a row that is not there."""
    page = generator.PAGE.read_text("utf-8")
    assert "| `timeout` | `60` |" in page
    monkeypatch.setattr(generator, "default", lambda value: "`61`")
    assert "| `timeout` | `61` |" in generator.with_tables(page)
    without = re.sub(r"\| `jobs` .*\n", "", page)
    assert generator.with_tables(without) != without


def test_the_page_of_the_command_line_comes_from_the_commands() -> None:
    """It names the program, and every command and option describes itself."""
    page = (ROOT / "docs/reference/command-line.md").read_text("utf-8")
    assert "::: mkdocs-click\n    :module: handout.cli\n    :command: main" in page
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.help, name
        assert all(p.help for p in command.params if isinstance(p, click.Option)), name


def test_the_page_of_messages_is_the_one_that_the_code_gives() -> None:
    """If this fails: `python scripts/messages_page.py`."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts/messages_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page()


MEASURED = [
    path
    for path in sorted((ROOT / "docs/benchmarks").glob("*.md"))
    if re.search(r"^(?: {4})?python ", path.read_text("utf-8"), re.MULTILINE)  # what measures it
    and path.stem != "equation-traps"  # whose bars would all be of one colour, but for four traps
]


@pytest.mark.parametrize("page", MEASURED, ids=lambda path: path.stem)
def test_a_benchmark_has_a_chart_of_its_own_table(page: Path) -> None:
    """Numbers that were measured are drawn by the build from the page that states them."""
    cells = [f.source for f in find_fences(page.read_text("utf-8")) if 'exec="on"' in f.info]
    assert any("table(__file__" in source and "bars(" in source for source in cells)


def test_all_benchmarks_are_found() -> None:
    """Those above are not a few of them."""
    assert len(MEASURED) >= 8
