"""What is not understood has the code of its kind, given where it is refused."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from edf import AnyFunction, Input, Param, Softmax
from edf.equations.check import check_equation
from edf.equations.diagnostics import EquationError, Why
from handout.page.codes import CODES

DIALECT = Path(__file__).parents[3] / "src/edf/equations"


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        (r"b \boxtimes b = 1", Why.NOTATION),
        (r"b \otimes b = 1", Why.NOTATION),
        (r"\begin{tikzcd} a \end{tikzcd} = 1", Why.NOTATION),
        (r"\frac{\partial l}{\partial x_i} = {", Why.UNFINISHED),
        (r"(b = 1", Why.UNFINISHED),
        (r"b + = 1", Why.UNFINISHED),
        (r"\sin = 1", Why.UNFINISHED),
        (r"b", Why.NO_CLAIM),
        (r"x_i \sim 1", Why.NO_CLAIM),
        (r"b \approx b", Why.NO_CLAIM),
        (r"x_i = y_i", Why.UNKNOWN),
        (r"b \text{words} = 1", Why.UNKNOWN),
        (r"f = 1", Why.OTHER_MEANING),
        (r"x = W", Why.SHAPES),
        (r"x_i = W_{ij}", Why.SHAPES),
        (r"x x = 1", Why.SHAPES),
        (r"W_i = 1", Why.SHAPES),
        (r"\frac{d b}{d} = 1", Why.DERIVATIVE),
        (r"\partial b = 1", Why.DERIVATIVE),
        (r"b^12 = 1", Why.AMBIGUOUS),
        (r"b / b / b = 1", Why.AMBIGUOUS),
        (r"\sin b x = 1", Why.AMBIGUOUS),
    ],
)
def test_a_refused_formula_has_its_kind(formula: str, why: Why) -> None:
    """The code that `handout explain` knows."""
    x, b, W = Input(shape=(3,)), Input(shape=()), Param(np.ones((2, 3)))
    P = Softmax(x)
    names = {"x": x, "b": b, "W": W, "P": P, "l": AnyFunction()(P), "f": "text"}
    with pytest.raises(EquationError) as refused:
        check_equation(formula, names)
    assert refused.value.why is why, refused.value.message


def test_an_option_has_its_kind() -> None:
    """Not what the formula says, but how it is to be tested."""
    for option in ({"points": 0}, {"reading": "backwards"}, {"loss": "l"}, {"expect": "perhaps"}):
        with pytest.raises(EquationError) as refused:
            check_equation("b = b", {"b": Input(shape=())}, **option)
        assert refused.value.why is Why.OPTION, refused.value.message


def test_every_kind_is_explained_and_used() -> None:
    """A kind that nothing is refused for is of no use; none serves for most."""
    source = "".join(file.read_text("utf-8") for file in DIALECT.rglob("*.py"))
    used = re.findall(r"\bWhy\.([A-Z_]+)", source)
    assert {why.value for why in Why} <= CODES.keys()
    assert set(used) == set(Why.__members__)
    assert max(map(used.count, set(used))) < len(used) / 4


def test_a_refusal_crosses_to_another_process() -> None:
    """With its kind, its source and its place."""
    made = EquationError(Why.SHAPES, "does not fit", "x = W", 4)
    again = pickle.loads(pickle.dumps(made))
    assert str(again) == str(made)
    assert (again.why, again.position) == (Why.SHAPES, 4)
