"""Bounds that hold of small vectors and matrices, and of random ones, are seen to fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf import Input
from edf.equations import check_equation, declare
from edf.equations.sampling.world import World
from edf.equations.testing.patterns import COUNT, patterned_points

SQUARE = r"A \in \mathbb{R}^{n \times n}"
RECTANGLE = r"A \in \mathbb{R}^{m \times n}"
VECTOR = r"x \in \mathbb{R}^n"


@pytest.mark.parametrize(
    ("let", "claim", "change"),
    [
        (RECTANGLE, r"\lVert A \rVert_F \leq 5 \lVert A \rVert_2", "from 3 and 4 to 43 and 44"),
        (RECTANGLE, r"\lVert A \rVert_F \leq 9 \lVert A \rVert_2", "from 3 and 4 to 82 and 83"),
        (SQUARE, r"\lVert A \rVert_* \leq 4 \lVert A \rVert_F", "from 4 to 55"),
        (SQUARE, r"|\det A| \leq 100 (\max_{i,j} |A_{ij}|)^n", "from 4 to"),
        (VECTOR, r"\lVert x \rVert_1 \leq 30 \lVert x \rVert", "from 4 to 901"),
        (VECTOR, r"\log \sum_i e^{x_i} \leq \max_i x_i + 7", "from 4 to 1097"),
        (VECTOR, r"\lVert x \rVert_1 \lVert x \rVert_\infty \leq 3 \lVert x \rVert^2", "to 404"),
        (r"p \in \Delta_n", r"\min_i p_i \leq \frac{1}{3}", "from 4 to 2"),
    ],
)
def test_a_bound_that_fails_at_other_lengths_is_inconclusive(
    let: str, claim: str, change: str
) -> None:
    """And the lengths at which it fails are named."""
    (verdict,) = check_equation(claim, declare(let, {}))
    assert verdict.status == "inconclusive"
    assert "fails when" in verdict.message
    assert change in verdict.message


@pytest.mark.parametrize(
    ("let", "claim"),
    [
        (RECTANGLE, r"\lVert A \rVert_F^2 \leq m \lVert A \rVert_2^2"),
        (SQUARE, r"\lVert A \rVert_* \leq \sqrt{n} \lVert A \rVert_F"),
        (SQUARE, r"\lVert A \rVert_2 \leq n \max_{i,j} |A_{ij}|"),
        (VECTOR, r"\lVert x \rVert_1 \lVert x \rVert_\infty \leq \frac{1 + \sqrt{n}}{2} x^\top x"),
        (r"p \in \Delta_n", r"-\sum_i p_i \log p_i \leq \log n"),
        (r"p \in \Delta_n", r"\min_i p_i \leq \frac{1}{n} \leq \sum_i p_i^2"),
    ],
)
def test_a_bound_that_is_reached_is_verified(let: str, claim: str) -> None:
    """Rounding refutes none, although both sides are equal at some patterns."""
    assert all(v.status == "verified" for v in check_equation(claim, declare(let, {})))


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (r"\lVert M \rVert_F^2 \leq 3 \lVert M \rVert_2^2", "verified"),  # of three rows
        (r"\sum_{i,j} |M_{ij}| \leq \sqrt{3 n} \lVert M \rVert_F", "verified"),
        (r"\frac{1}{4} \sum_i x_i \leq \max_i x_i", "verified"),  # of four components
        (r"\lVert M \rVert_* \leq 3 \lVert M \rVert_F", "inconclusive"),  # 2 would do
        (r"\lVert x \rVert_1 \leq 4 \lVert x \rVert", "inconclusive"),
        (r"\sum_{i,j} |M_{ij}| \leq \sqrt{12} \lVert M \rVert_F", "inconclusive"),  # no length
    ],
)
def test_a_number_is_a_length_only_where_the_bound_needs_it(claim: str, status: str) -> None:
    """Of a page in Python; lengths of which the formula has numbers and names grow together."""
    names: dict[str, Any] = {"M": Input(shape=(3, 4)), "x": Input(shape=(4,)), "n": 4}
    (verdict,) = check_equation(claim, names)
    assert verdict.status == status, verdict.message


def test_patterns_stay_in_the_sets_that_leaves_are_drawn_from() -> None:
    """Each as near to the pattern as its set has it."""
    names = declare(
        r"S \in \mathbb{S}^n, \quad C \in \mathbb{S}^n_{+}, \quad D \in \mathbb{S}^n_{++},"
        r"\quad Q \in O(n), \quad p \in \Delta_n, \quad x \in [0, 2]^n, \quad y \in (0, 2)^n,"
        r"\quad z \in \mathbb{R}^n_{>0}, \quad A \in \mathbb{R}^{m \times n}",
        {},
    )
    names["R"] = Input(shape=(3, 4), sample="simplex")
    nodes = {name: node for name, node in names.items() if isinstance(node, Input)}
    world = World(list(nodes.values()))
    points = patterned_points(world, np.random.default_rng(0))
    assert len(points) == 2 * COUNT
    drawn = {name: points.leaves[world.twins[node]] for name, node in nodes.items()}
    for name in "SCD":
        assert np.array_equal(drawn[name], drawn[name].mT)
    assert np.linalg.eigvalsh(drawn["S"]).min() < -0.5
    assert np.linalg.eigvalsh(drawn["C"]).min() > -1e-9
    assert np.linalg.eigvalsh(drawn["D"]).min() > 1e-5
    assert np.allclose(drawn["Q"] @ drawn["Q"].mT, np.eye(drawn["Q"].shape[-1]))
    assert np.allclose(drawn["p"].sum(axis=-1), 1)
    assert np.allclose(drawn["R"].sum(axis=-1), 1)
    assert drawn["p"].min() == 0
    assert {drawn["x"].min(), drawn["x"].max()} == {0, 2}
    assert 0 < drawn["y"].min() < 0.01
    assert 1.99 < drawn["y"].max() < 2
    assert drawn["z"].min() > 0
    assert np.array_equal(drawn["A"][0], np.eye(*drawn["A"].shape[1:]))
