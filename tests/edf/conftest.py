"""Fixtures of edf's tests: one that asks for `row` runs once for each row of the catalogue."""

import importlib.util
import sys
from pathlib import Path

import hypothesis
import pytest

# No test is timed: the machine may be busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def _catalogue():
    path = Path(__file__).with_name("op_catalogue.py")
    spec = importlib.util.spec_from_file_location("op_catalogue", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["op_catalogue"] = module  # where its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


CATALOGUE = _catalogue()


def pytest_generate_tests(metafunc):
    """Parametrise `row` over the catalogue."""
    if "row" in metafunc.fixturenames:
        metafunc.parametrize("row", CATALOGUE.ROWS, ids=lambda row: row.id)


@pytest.fixture
def catalogue():
    """The module of the catalogue."""
    return CATALOGUE
