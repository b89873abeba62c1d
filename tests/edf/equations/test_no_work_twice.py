"""What a verdict costs: that nothing is worked out a second time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from tests.oracle.campaign import verdict_alone

from edf import AnyFunction, Input, Softmax
from edf.equations import check_equation, declare, define
from edf.equations.latex.parser import parse, steps
from edf.equations.sampling.points import Points
from edf.equations.sampling.stacking import FEWER_WITNESSES, Stacked, where_possible
from edf.equations.testing import branches, mutants, repair, step
from edf.equations.testing.measure import Measure
from edf.equations.testing.mutations import Alphabet, mutations
from edf.numerics.precise import exactly


def counting(calls: list[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any) -> Any:
        calls.append(args)
        return function(*args)

    return counted


def test_values_of_the_way_that_is_chosen_are_kept() -> None:
    calls: list[Any] = []
    doubled = Stacked(counting(calls, lambda x: 2 * x))
    doubled.trusted = True
    stack = np.arange(20.0)
    assert (doubled([stack]) == 2 * stack).all()
    assert len(calls) == FEWER_WITNESSES + 1  # each of them alone, and all at once


def test_many_digits_take_the_way_that_was_chosen_for_doubles() -> None:
    calls: list[Any] = []
    doubled = Stacked(counting(calls, lambda x: 2 * x))
    doubled.trusted = True
    stack = np.arange(20.0)
    doubled([stack])
    calls.clear()
    assert (doubled([exactly(stack)]) == exactly(2 * stack)).all()
    assert len(calls) == 1


def test_differences_take_the_values_of_the_graph_as_they_are_known() -> None:
    x = Input(shape=(3,))
    names = {"x": x, "P": Softmax(x)}
    rounded = Points.rounded
    copies: list[int] = []

    def counted(points: Points, count: int, amplitude: float) -> Points:
        copies.append(count)
        return rounded(points, count, amplitude)

    with patch.object(Points, "rounded", counted):
        check_equation(r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)", names)
    assert 0 not in copies


def test_no_closer_look_at_equal_sides_of_a_chosen_point() -> None:
    """At a = 10^6 the sine of a^2 has no digits, and however it is rounded, nothing differs."""
    looks: list[Any] = []
    with patch.object(Measure, "closer", counting(looks, Measure.closer)), verdict_alone():
        (verdict,) = check_equation(r"\sin(a^2) = \sin(a \cdot a)", {"a": Input(shape=())})
    assert verdict.status == "verified"
    assert not looks


def test_derivatives_of_an_arbitrary_function_are_not_looked_for_far_away() -> None:
    """It is as wavy there as here, and at 10^6 no digits of it are left."""
    x = Input(shape=(3,))
    names = {"x": x, "f": AnyFunction()(x)}
    judged: list[Any] = []
    with patch.object(step, "judged_apart", counting(judged, step.judged_apart)), verdict_alone():
        check_equation(r"\nabla_x f = \frac{\partial f}{\partial x}", names)
    largest = max(np.abs(value).max() for _, points in judged for value in points.leaves.values())
    assert 2 < largest <= step.NEAR


def test_what_samplers_drew_for_one_side_of_a_threshold_serves_for_the_others() -> None:
    r"""Both sides of I > 0 where it fails, and of a condition, are looked for in the same draws."""
    names = declare(
        r"X : \Omega \to \{1, \dots, m\}, \quad Y : \Omega \to \{1, \dots, k\}", {"m": 2, "k": 3}
    )
    names |= define(
        r"I = \sum_{x, y} P(X = x, Y = y) \log \frac{P(X = x, Y = y)}{P(X = x) P(Y = y)}", names
    )
    drawn: list[Any] = []
    with patch.object(branches, "_candidates", counting(drawn, branches._candidates)):
        (verdict,) = check_equation(r"I > 0", names)
    assert verdict.status != "verified"
    assert len(drawn) == 1


@pytest.mark.parametrize(
    ("definition", "most"),
    [
        (r"B = (x x^\top + I)^{-1}", 50**2),  # of 400 rows and columns it would take seconds
        (r"B = \lVert x x^\top \rVert_2", 100**2),
    ],
)
def test_lengths_grow_as_far_as_the_whole_graph_lets_them(definition: str, most: int) -> None:
    """All of it is computed at each point, whatever a step speaks of."""
    names = declare(r"x \in \mathbb{R}^n", {})
    names |= define(definition, names)
    claim = r"\lVert x \rVert_2 \leq 90 \lVert x \rVert_1, \quad B = B"
    computed: list[int] = []
    evaluate = Points.evaluate

    def noted(*args: Any) -> Any:
        value = evaluate(*args)
        computed.append(max(math.prod(stack.shape[1:]) for stack in (value, *args[2])))
        return value

    with patch.object(Points, "evaluate", noted), verdict_alone():
        first, second = check_equation(claim, names)
    assert first.status == second.status == "verified"
    assert 10**2 < max(computed) < most


def test_second_derivatives_count_as_such_where_lengths_grow() -> None:
    """One of n numbers takes 8 n times the values of a first one."""
    names = declare(r"s \in \mathbb{R}^n", {})
    names |= define(r"J = \log \sum_k e^{s_k}", names)
    lengths: list[Any] = []
    with (
        patch.object(Points, "evaluate", counting(lengths, Points.evaluate)),
        verdict_alone(),
    ):
        (verdict,) = check_equation(r"\nabla_s^2 J \succeq 0", names)
    assert verdict.status == "verified"
    assert max(len(rows) for _, _, _, rows in lengths) < 50_000


def test_points_at_which_a_matrix_is_singular_are_found_by_halving() -> None:
    calls: list[Any] = []
    inverse = Stacked(counting(calls, np.linalg.inv))
    inverse.trusted = True
    matrices = np.random.default_rng(0).normal(size=(1000, 3, 3))
    matrices[[5, 6, 900]] = 0
    found = where_possible(inverse, [matrices])
    assert np.flatnonzero(np.isnan(found).any((1, 2))).tolist() == [5, 6, 900]
    assert len(calls) < 100


def test_nothing_else_that_fails_is_taken_for_a_singular_matrix() -> None:
    def fails(matrix: Any) -> Any:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        where_possible(Stacked(fails), [np.zeros((10, 3, 3))])


@pytest.mark.parametrize(
    ("claim", "search"),
    [(r"a + \sin c = a + \cos c", repair), (r"a^2 + 2c^2 \geq 0", mutants)],
)
def test_a_search_ends_by_what_was_computed(
    claim: str, search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by time, which is another on every machine."""
    names = {"a": Input(shape=()), "c": Input(shape=())}
    tried: list[Any] = []
    monkeypatch.setattr(search, "holds_at_witness", counting(tried, search.holds_at_witness))
    check_equation(claim, names)
    most = len(tried)
    tried.clear()
    monkeypatch.setattr(search, "WORK", 0)
    check_equation(claim, names)
    assert len(tried) < most


def test_no_change_is_tried_that_would_be_read_as_another() -> None:
    r"""The factor of 2 x_i is one of x_i, and half of a transposition is nothing."""
    (equation,) = steps(parse(r"y_i = (x^\top A)_i"))
    texts = {change.text for change in mutations(equation, Alphabet((), ()), mending=True)}
    assert "y_i is divided by 2" in texts
    assert not {text for text in texts if text.startswith(("y is", "T is", "\\top is"))}
