"""What a verdict costs: that nothing is worked out a second time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from edf.equations import check_equation, declare, define
from edf.equations.sampling.stacking import FEWER_WITNESSES, Stacked
from edf.equations.testing import branches


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
