"""Mistakes of many kinds in derivatives of many operations are caught; hard right ones are not."""

from __future__ import annotations

import numpy as np
import pytest


def test_mutated_derivatives_are_refuted(collection):
    """Two mistakes for each operation, none of which passes."""
    with np.errstate(all="ignore"):
        mutants = collection.sample(2)
        missed = [
            mutant.name
            for mutant in mutants
            if collection.by_edf(mutant.operation, collection.point_of(mutant.operation))
            != "refused"
        ]
    assert len(mutants) > 90
    assert missed == []


@pytest.mark.parametrize("seed", [0, 1])
def test_hard_right_derivatives_are_verified(collection, seed):
    """Kinks, ties, extreme magnitudes, near-kinks and float32 raise no alarm."""
    operations = [*collection.hard_cases(), *collection.OPERATIONS]
    doubted = {}
    for operation in operations:
        point = list(operation.draw(np.random.default_rng(seed)).values())
        report = collection.check_gradients(
            collection.Formula(operation, *point), points=1, seed=seed
        )
        if report.status != "verified":
            doubted[operation.name] = str(report)
    assert len(operations) > 150
    assert doubted == {}
