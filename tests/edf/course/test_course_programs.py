"""Programs in the style of each generation run with one changed import line, train, and check."""

from __future__ import annotations

import functools
import runpy
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


@functools.cache
def run(name):
    """What a program has left behind, and how many parameters; each trains once, for all tests."""
    program = runpy.run_path(str(PROGRAMS / f"program_{name}.py"))
    module = program["edf"]  # whose list of parameters is the next program's, once that runs
    parameters = getattr(module, "params", None) or module.Parameters
    return program | {"size": sum(p.value.size for p in parameters)}


def test_a_perceptron_of_2017_trains():
    """From guessing to a few percent of error."""
    program = run("2017_perceptron")
    assert program["errors"][0] > 0.3
    assert program["errors"][-1] < 0.1


def test_examples_one_by_one_of_2017_train():
    """A loss made of `Log` and `Mul`."""
    losses = run("2017_one_by_one")["losses"]
    assert losses[-1] < 0.5 * losses[0]


def test_a_loss_for_each_row_of_2017_trains():
    """As problem set 2 has it: with summed gradients the same steps would diverge."""
    program = run("2017_batch_loss")
    assert program["losses"][-1] < 0.3 * program["losses"][0]
    assert program["hits"][-1] > 0.9


def test_images_of_2017_are_told_apart():
    """With a convolution and pooling."""
    program = run("2017_images")
    assert program["losses"][-1] < 0.1
    assert program["hits"][-1] == 1


def test_a_recurrent_network_of_2017_trains():
    """With a component of the student's own, and a graph made anew for every batch."""
    program = run("2017_sequence")
    assert program["losses"][0] > 1.5
    assert program["losses"][-1] < 0.05
    assert program["guess"].value < program["symbols"] * program["batch"]


def test_a_perceptron_of_2020_trains():
    """On a problem that no linear model solves."""
    program = run("2020_perceptron")
    assert program["losses"][-1] < 0.2 * program["losses"][0]
    assert program["errors"][-1] < 0.08


def test_a_residual_network_of_2020_trains():
    """With nodes of the student's own, and packages within lists."""
    program = run("2020_residual")
    assert sum(program["losses"][-20:]) < 0.3 * sum(program["losses"][:20])


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.py")), ids=lambda path: path.stem)
def test_check_verifies_the_whole_program(path):
    """Every parameter is compared, in float64, and the program's own objects are untouched."""
    program = run(path.stem.removeprefix("program_"))
    report = program["report"]
    assert report.ok, report
    assert report.max_rel_error < 1e-8
    assert report.details["sampled"]["total"] == program["size"]
    assert program["edf"].DT.__name__ == "float32"


def test_the_programs_differ_from_the_originals_in_one_line():
    """What they import: the rest is written against the course's `edf.py`."""
    for path in PROGRAMS.glob("*.py"):
        lines = [line for line in path.read_text().splitlines() if "edf.course" in line]
        assert len(lines) == 1
        assert lines[0].startswith("import edf.course.")
