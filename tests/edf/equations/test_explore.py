"""The point of a counterexample, moved: both sides and every factor follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf import AnyFunction, Input, Softmax
from edf.equations import EquationError, check_equation
from edf.equations.explore import sides_at

POSTED = r"\frac{\partial l}{\partial x_j} = \frac{\partial l}{\partial P_j} P_j (1 - P_j)"


def page() -> dict[str, Any]:
    x = Input(shape=(3,))
    P = Softmax(x)
    return {"x": x, "P": P, "l": AnyFunction()(P)}


def refuted(latex: str, names: dict[str, Any]) -> dict[str, Any]:
    """What a page is told of the refuted step of an equation."""
    (verdict,) = (v for v in check_equation(latex, names) if v.status == "refuted")
    told = verdict.to_dict()
    return {"step": told["step"], "explore": told["details"]["explore"], **told["counterexample"]}


def moved(latex: str, names: dict[str, Any], told: dict[str, Any], **point: Any) -> dict[str, Any]:
    parts = {name: told[name] for name in ("step", "index", "explore")}
    return sides_at(latex, names, {**told["point"], **point}, **parts)


def test_where_it_was_found_it_is_what_the_verdict_says() -> None:
    """Sides and factors to the last digit, arbitrary functions included."""
    names = page()
    told = refuted(POSTED, names)
    there = moved(POSTED, names, told)
    assert there["status"] == "refuted"
    assert {name: there[name] for name in ("left", "right", "factors")} == {
        name: told[name] for name in ("left", "right", "factors")
    }


def test_sides_and_factors_follow() -> None:
    """Elsewhere they are those of the other point, under the same function."""
    names = page()
    told = refuted(POSTED, names)
    x = np.array([0.5, -1.0, 2.0])
    there = moved(POSTED, names, told, x=x.tolist())
    P = np.exp(x) / np.exp(x).sum()
    j = told["index"]["j"]
    assert there["factors"]["P_j"] == pytest.approx(P[j])
    assert there["right"] == pytest.approx(there["factors"]["D[l, P_j]"] * P[j] * (1 - P[j]))


@pytest.mark.parametrize(("x", "status"), [(2.0, "verified"), (3.0, "refuted")])
def test_the_judge_says_whether_the_sides_agree(x: float, status: str) -> None:
    """At a point where a wrong formula happens to hold, they do; `x^2 = 2x` at 2."""
    names = {"x": Input(shape=())}
    told = refuted("x^2 = 2 x", names)
    assert moved("x^2 = 2 x", names, told, x=x)["status"] == status


def test_what_may_be_moved() -> None:
    """Numbers of an input without a value: real, or positive where it is declared so."""
    names = {"x": Input(shape=(2,)), "s": Input(shape=(), sample="positive")}
    told = refuted(r"\log(s) \sum_i x_i = s", names)
    assert told["explore"]["leaves"] == {"x": "real", "s": "positive"}


def test_a_point_without_a_value_is_an_error() -> None:
    """As beyond the domain of a logarithm; and a value of another shape."""
    names = {"s": Input(shape=(), sample="positive")}
    told = refuted(r"\log(s) = s", names)
    with pytest.raises(EquationError, match="no finite value"):
        moved(r"\log(s) = s", names, told, s=-1.0)
    with pytest.raises(EquationError, match="shape"):
        moved(r"\log(s) = s", names, told, s=[1.0, 2.0])


def test_a_verified_equation_has_no_point_to_move() -> None:
    """There is no counterexample."""
    names = {"x": Input(shape=())}
    (verdict,) = check_equation("x + x = 2 x", names)
    assert verdict.details["explore"] is None
