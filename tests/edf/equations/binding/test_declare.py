r"""Declarations: each set is drawn from, each length is a symbol, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf import AnyFunction, Input
from edf.equations import EquationError, check_equation, declare, define
from edf.equations.binding.lengths import Length
from edf.numerics.sampling import sample_leaf


def drawn(latex: str, name: str = "x", count: int = 200) -> list[np.ndarray]:
    """Values of a declared name."""
    node = declare(latex, {})[name]
    rng = np.random.default_rng(0)
    return [np.asarray(sample_leaf(node, rng)) for _ in range(count)]


@pytest.mark.parametrize(
    ("latex", "shape"),
    [
        (r"x \in \mathbb{R}", ()),
        (r"x \in \R", ()),
        (r"x \in ℝ", ()),
        (r"x \in \mathbb R^3", (3,)),
        (r"x \in \mathbb{R}^{2 \times 3}", (2, 3)),
        (r"x \in \mathbf{R}^{2\times 3\times 4}.", (2, 3, 4)),
        (r"x \in \mathbb{R}^n", (4,)),
        (r"x \in \mathbb{R}^{m \times n}", (4, 3)),
        (r"x \in \mathbb{R}^{n \times n}", (4, 4)),
        (r"x \in \mathbb{R}^{n+1}", (5,)),
        (r"x \in \mathbb{R}^{n_1}", (4,)),
        (r"x \in \Delta^{n-1}", (4,)),
        (r"x \in \mathrm{O}(n)", (4, 4)),
        (r"\begin{aligned} x &\in \mathbb{R}^n \\ y &\in \mathbb{R}^m \end{aligned}", (4,)),
        (r"y, x \in \mathbb{R}^2", (2,)),
        (r"A \in \mathbb{R}, \qquad y, x \in \mathbb{R}^2", (2,)),
    ],
)
def test_lengths_of_sets(latex: str, shape: tuple[int, ...]) -> None:
    """A number is a length; a letter is a symbol with a number of its own."""
    assert declare(latex, {})["x"].shape == shape


@pytest.mark.parametrize(
    ("latex", "holds"),
    [
        (r"x > 0", lambda x: x > 0),
        (r"x \in \mathbb{R}_+", lambda x: x > 0),
        (r"x \in \mathbb{R}^n_{>0}", lambda x: (x > 0).all()),
        (r"x \in \mathbb{R}^n, x > 0", lambda x: (x > 0).all() and x.shape == (4,)),
        (r"x < 0", lambda x: x < 0),
        (r"x \ge 2", lambda x: x >= 2),
        (r"0 < x < 1", lambda x: 0 < x < 1),
        (r"x \in (0, 1)", lambda x: 0 < x < 1),
        (r"x \in [-1, 1]^n", lambda x: (abs(x) <= 1).all() and x.shape == (4,)),
        (r"x \in (-\pi, \pi)", lambda x: abs(x) < np.pi),
        (r"x \in (0, \infty)", lambda x: x > 0),
        (r"x \in \{0, 1\}^n", lambda x: set(x.tolist()) <= {0.0, 1.0}),
        (r"x \in \{-1, +1\}", lambda x: float(x) in (-1.0, 1.0)),
        (r"x \in \{1, \dots, K\}", lambda x: int(x) in (1, 2, 3, 4) and x.dtype.kind == "i"),
        (r"x \in \{0, 1, \ldots, 9\}", lambda x: int(x) in range(10)),
        (r"x \in \Delta^{n-1}", lambda x: (x > 0).all() and abs(x.sum() - 1) < 1e-12),
        (r"x \in \{0, 1\}^n, \sum_k x_k = 1", lambda x: sorted(x) == [0, 0, 0, 1]),
        (r"x \in \mathbb{R}^n_+, \mathbf{1}^\top x = 1", lambda x: abs(x.sum() - 1) < 1e-12),
        (r"x \in \mathbb{S}^n", lambda x: (x == x.T).all()),
        (r"x \in \mathbb{R}^{n \times n}, x = x^\top", lambda x: (x == x.T).all()),
        (r"x \in \mathbb{S}^n_{++}", lambda x: np.linalg.eigvalsh(x).min() > 0),
        (r"x > 0, \ x < 1", lambda x: 0 < x < 1),
        (r"x \in \mathbb{N}, x \geq 2", lambda x: x >= 2 and x == round(float(x))),
        (r"x \in \mathbb{N}_{>0}", lambda x: x >= 1),
        (r"x \in \mathbb{R}^{n \times n}, \quad x \succ 0", lambda x: np.linalg.eigvalsh(x).min() > 0),
        (r"x \in \mathbb{R}^{3 \times 3}, x^\top x = I", lambda x: np.allclose(x.T @ x, np.eye(3))),
        (r"x \succ 0", lambda x: x.shape == (4, 4) and np.linalg.eigvalsh(x).min() > 0),
        (r"x \in O(3)", lambda x: np.allclose(x @ x.T, np.eye(3))),
    ],
)  # fmt: skip
def test_values_are_drawn_from_the_set(latex: str, holds: Any) -> None:
    """All of them, and more than one."""
    values = drawn(latex)
    assert all(holds(value) for value in values)
    assert len({value.tobytes() for value in values}) > 1


def test_both_signs_and_both_ends_are_drawn() -> None:
    """Nothing of a set is left out that a claim might fail in."""
    assert {float(np.sign(x)) for x in drawn(r"x \in \mathbb{R}")} == {-1.0, 1.0}
    assert {int(x) for x in drawn(r"x \in \{1, \dots, K\}")} == {1, 2, 3, 4}
    assert min(map(float, drawn(r"0 < x < 1"))) < 0.1
    determinants = [np.linalg.det(x) for x in drawn(r"x \in O(3)")]
    assert min(determinants) < -0.99
    assert max(determinants) > 0.99


def test_letters_that_are_lengths_are_symbols() -> None:
    """Two letters have two numbers, none of them that of a number which is written."""
    names = declare(r"x \in \mathbb{R}^n, W \in \mathbb{R}^{m \times n}, v \in \mathbb{R}^5", {})
    assert isinstance(names["n"], Length)
    assert len({int(names["n"]), int(names["m"]), 5}) == 3
    assert names["W"].shape == (names["m"], names["n"])
    assert names["v"].fixed_lengths == {5}
    assert names["x"].fixed_lengths == frozenset()
    more = declare(r"u \in \mathbb{R}^n, z \in \mathbb{R}^k", names)
    assert more["u"].shape == (names["n"],)
    assert more["k"] not in (names["n"], names["m"])
    assert "n" not in more


@pytest.mark.parametrize(
    ("latex", "shape"),
    [
        (r"x^{(i)} \in \mathbb{R}^n, \ i = 1, \dots, N", (3, 4)),
        (r"x^{(i)} \in \mathbb{R}^2, \quad i = 1, \dots, 5", (5, 2)),
        (r"x^{[l]} \in \mathbb{R}^{n \times n}, \quad l \in \{1, \dots, L\}", (3, 4, 4)),
        (r"x_i \in \{0, 1\}, \quad i = 1, \dots, N", (4,)),
        (r"x_1, \dots, x_n \in \mathbb{R}", (4,)),
        (r"x_1, x_2, \ldots, x_n > 0", (4,)),
    ],
)
def test_families_have_a_further_axis(latex: str, shape: tuple[int, ...]) -> None:
    """Data, layers and time steps: the letter that tells the members apart is the first index."""
    assert declare(latex, {})["x"].shape == shape


def test_a_natural_number_can_be_a_length() -> None:
    """Declared before it is used as one, after it, or on a line of its own."""
    for latex in (r"n \in \mathbb{N}, x \in \mathbb{R}^n", r"x \in \mathbb{R}^n, n \in \mathbb{N}"):
        names = declare(latex, {})
        assert isinstance(names["n"], Length)
        assert names["x"].shape == (names["n"],)
    before = declare(r"n \in \mathbb{N}", {})
    assert isinstance(before["n"], Input)
    assert isinstance(declare(r"x \in \mathbb{R}^n", before)["n"], Length)
    with pytest.raises(EquationError, match="n is a length here"):
        declare(r"x \in \mathbb{R}^n, n \in \mathbb{R}", {})


def test_functions() -> None:
    """An arbitrary smooth function, with values where it is declared to have them."""
    names = declare(
        r"f : \mathbb{R}^m \to \mathbb{R}, \quad g \colon \mathbb{R}^m \to \mathbb{R}^2", {}
    )
    assert isinstance(names["f"], AnyFunction)
    assert names["f"].shape == ()
    assert names["g"].shape == (2,)


@pytest.mark.parametrize(
    ("latex", "name"),
    [
        (r"\theta \in \mathbb{R}", "theta"),
        (r"\lambda > 0", "lambda_"),
        (r"\hat{y} \in \mathbb{R}^n", "y_hat"),
        (r"W_1 \in \mathbb{R}^{2 \times 3}", "W_1"),
        (r"\mathbf{x} \in \mathbb{R}^n", "x"),
        (r"\sigma_{xy} \in \mathbb{R}", "sigma_xy"),
    ],
)
def test_names(latex: str, name: str) -> None:
    """A symbol is bound under the name by which formulas find it."""
    assert isinstance(declare(latex, {})[name], Input)


def test_what_an_index_runs_over_declares_nothing() -> None:
    """Lists of values and ranges of i, j, k are remarks."""
    names = declare(r"x \in \mathbb{R}^n, \quad i = 1, \dots, n, \quad j \in \{1, \dots, n\}", {})
    assert sorted(names) == ["n", "x"]


def test_a_name_declared_anew_takes_along_what_was_made_of_it() -> None:
    """A new section declares x again; a formula must not speak of the old one and the new."""
    names = declare(r"x \in \mathbb{R}^n, y \in \mathbb{R}, f : \mathbb{R}^n \to \mathbb{R}", {})
    names |= define(r"z = 2 x, w = y^2, l = f(z)", names)
    again = declare(r"x \in \mathbb{R}^{3}", names)
    assert again.pop("x").shape == (3,)
    assert again == {"z": None, "l": None}
    assert declare(r"f : \mathbb{R} \to \mathbb{R}", names)["l"] is None


def test_macros_of_the_author() -> None:
    """Also with arguments."""
    macros = {"RR": r"\mathbb{R}", "vec": r"\mathbf{#1}", "space": r"\RR^{#1 \times #2}"}
    assert declare(r"\vec{x} \in \RR^2, A \in \space{2}{3}", {}, macros=macros)["A"].shape == (2, 3)


@pytest.mark.parametrize(
    ("latex", "message", "at"),
    [
        (r"x \in \mathbb{C}", "The set \\mathbb{C} is not known", r" \mathbb{C}"),
        (r"x \in \Delta^n", "has a point of \\Delta^{n} n entries, or one more?", r" \Delta"),
        (r"x \in \mathbb{R}^n, x \in \mathbb{R}", "x is declared twice", r" \mathbb{R}"),
        (r"x + y \in \mathbb{R}", "is no name", "x + y"),
        (r"A \in \mathbb{R}, A \succ 0", "Declare A as a square matrix", "A \\succ"),
        (r"x \in \mathbb{R}^{n/2}", "n/2 is no length", r" \mathbb"),
        (r"a = b + c", "This states something", "a"),
        (r"x \in (1, 0)", "The interval is empty", " (1"),
        (r"f : \mathbb{R}", "A function is declared as in", "f"),
        (r"x \in \mathbb{R}^q", "q is bound to a str", r" \mathbb"),
        (r"x^{(i)} \in \mathbb{R}^n", "What does i run over?", "x"),
        ("x", "x says nothing", "x"),
        ("", "Nothing is said here", ""),
        (r"x < y", "y is no number", "x"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error(latex: str, message: str, at: str) -> None:
    """With a caret, and with what to write."""
    with pytest.raises(EquationError) as refused:
        declare(latex, {"q": "text", "w": Input(shape=())})
    assert message.lower() in refused.value.message.lower()
    assert latex[refused.value.position :].startswith(at)
    assert refused.value.source == latex


def test_a_page_of_latex_alone() -> None:
    """What is declared and defined is tested like a graph made in Python, wrong claims too."""
    names = declare(
        r"x \in \mathbb{R}^n, W \in \mathbb{R}^{m \times n}, f : \mathbb{R}^m \to \mathbb{R}", {}
    )
    names |= define(r"z = W x, \quad p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \quad l = f(p)", names)
    right = r"\frac{\partial l}{\partial z_j} = p_j \left( \frac{\partial l}{\partial p_j} - \sum_i \frac{\partial l}{\partial p_i} p_i \right)"
    (verdict,) = check_equation(right, names)
    assert verdict.status == "verified"
    (verdict,) = check_equation(r"\nabla_x l = W^\top \nabla_z l", names)
    assert verdict.status == "verified"
    (verdict,) = check_equation(r"\frac{\partial l}{\partial z_j} = p_j", names)
    assert verdict.status == "refuted"
