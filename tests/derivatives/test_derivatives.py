"""Mistakes of many kinds in derivatives of many operations are caught; hard right ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from edf.check import check_gradients
from tests.derivatives.formula import Formula, sample
from tests.derivatives.hard_cases import hard_cases
from tests.derivatives.operations import OPERATIONS, point_of


def test_mutated_derivatives_are_refuted():
    """Two mistakes for each operation, none of which passes."""
    with np.errstate(all="ignore"):
        mutants = sample(2)
        missed = [
            mutant.name
            for mutant in mutants
            if check_gradients(
                Formula(mutant.operation, *point_of(mutant.operation)), points=1
            ).status
            not in ("refuted", "error")
        ]
    assert len(mutants) > 90
    assert missed == []


@pytest.mark.parametrize("seed", [0, 1])
def test_hard_right_derivatives_are_verified(seed):
    """Kinks, ties, extreme magnitudes, near-kinks and float32 raise no alarm."""
    operations = [*hard_cases(), *OPERATIONS]
    doubted = {}
    for operation in operations:
        point = list(operation.draw(np.random.default_rng(seed)).values())
        report = check_gradients(Formula(operation, *point), points=1, seed=seed)
        if report.status != "verified":
            doubted[operation.name] = str(report)
    assert len(operations) > 150
    assert doubted == {}
