"""What is not understood has a code of its kind."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edf import AnyFunction, Input, Param, Softmax
from edf.equations.check import check_equation
from edf.equations.errors import EquationError
from handout.judge.refusals import KINDS, OTHER, code_of
from handout.page.codes import CODES

DIALECT = Path(__file__).parents[3] / "src/edf/equations"


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        (r"b \boxtimes b = 1", "H403"),
        (r"\begin{tikzcd} a \end{tikzcd} = 1", "H403"),
        (r"\frac{\partial l}{\partial x_i} = {", "H411"),
        (r"(b = 1", "H411"),
        (r"b + = 1", "H411"),
        (r"b", "H412"),
        (r"x_i \sim 1", "H412"),
        (r"b \approx b", "H412"),
        (r"x_i = y_i", "H413"),
        (r"b \text{words} = 1", "H413"),
        (r"x = W", "H415"),
        (r"x_i = W_{ij}", "H415"),
        (r"x x = 1", "H415"),
        (r"W_i = 1", "H415"),
        (r"\frac{d b}{d} = 1", "H417"),
        (r"\partial b = 1", "H417"),
        (r"b^12 = 1", "H418"),
        (r"b / b / b = 1", "H418"),
        (r"\sin b x = 1", "H418"),
    ],
)
def test_a_refused_formula_has_its_kind(formula: str, code: str) -> None:
    """By the message that it really gets."""
    x, b, W = Input(shape=(3,)), Input(shape=()), Param(np.ones((2, 3)))
    P = Softmax(x)
    with pytest.raises(EquationError) as refused:
        check_equation(formula, {"x": x, "b": b, "W": W, "P": P, "l": AnyFunction()(P)})
    assert code_of(refused.value.message) == code, refused.value.message


def test_most_sentences_of_the_dialect_have_a_kind_of_their_own() -> None:
    """Read from its source: a kind that no sentence has is of no use, nor is one for all."""
    found = Counter(map(code_of, set(sentences())))
    assert set(found) >= {code for code, _ in KINDS} - {"H404"}
    assert found.total() > 250
    assert found[OTHER] < found.total() / 4


def test_every_kind_is_explained() -> None:
    """Also the one for all others."""
    assert {OTHER, *(code for code, _ in KINDS)} <= set(CODES)


def sentences() -> Iterator[str]:
    """Every sentence that the dialect may refuse a formula with; what it names is an x."""
    for file in DIALECT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("EquationError", "fail", "refuse"):
                texts = map(_text, [*node.args, *(keyword.value for keyword in node.keywords)])
                yield from (text for text in texts if " " in text)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(getattr(part, "value", "x")) if isinstance(part, ast.Constant) else "x"
            for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
