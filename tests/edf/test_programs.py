"""The programs of the guide: each learns, and its gradients are verified as they stand there."""

import importlib.util
from pathlib import Path

import pytest

import edf

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "edf_programs.py"


def benchmark():
    spec = importlib.util.spec_from_file_location("edf_programs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PROGRAMS = benchmark().programs()


def test_five_programs_each_beside_its_peer():
    """As the page says."""
    assert len(PROGRAMS) == 5
    assert all(len(sources) == 2 for sources in PROGRAMS.values())
    assert all("import torch" in peer for _, peer in PROGRAMS.values())


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_program_learns_and_its_gradients_are_right(title):
    """The loss falls, or the gradient does; all parameters are compared."""
    space = {"__name__": "program"}
    exec(PROGRAMS[title][0], space)
    report = edf.check_gradients(space["loss"], space["loss"].params, points=1)
    assert report.status == "verified", report
    first = space["step"]()
    last = [space["step"]() for _ in range(30)][-1]
    assert last < 0.7 * first
