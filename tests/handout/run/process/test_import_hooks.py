"""Tests of what is called when a module was imported."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from handout.run.process.import_hooks import on_import


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """The finders and modules of before."""
    finders, modules = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_called_once_after_the_module_was_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module is whole by then, and keeps its own loader."""
    tmp_path.joinpath("late_module.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    seen: list[int] = []
    on_import({"late_module": lambda: seen.append(sys.modules["late_module"].answer)})
    module = importlib.import_module("late_module")
    importlib.reload(module)
    assert seen == [42]
    assert type(module.__loader__).__name__ == "SourceFileLoader"


def test_many_calls_leave_one_finder() -> None:
    """A browser runs one execution after the other in a process; a search must not grow with them.

    With a finder for each, the search for an absent module took two to the power of their number.
    """
    before = len(sys.meta_path)
    for _ in range(40):
        on_import({"absent_module": lambda: None})
    assert len(sys.meta_path) <= before + 1
    assert importlib.util.find_spec("absent_module") is None
