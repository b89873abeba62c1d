"""The numeric Jacobian is that of forward, whatever backward says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf import Input, Node, Param, Softmax, Tanh, jacobian
from edf.errors import GraphError


def test_softmax_has_its_off_diagonal() -> None:
    """P_i (delta_ij - P_j), to ten digits."""
    x = Input(np.array([0.5, -1.0, 2.0, 0.1]))
    P = Softmax(x)
    p = P.forward()
    expected = np.diag(p) - np.outer(p, p)
    assert jacobian(P, x) == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_a_wrong_backward_is_not_asked() -> None:
    """What is compared with a claim must not share its mistake."""

    class Double(Node):
        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, grad: Any, x: Any) -> Any:
            raise AssertionError("backward was asked")

    x = Param(np.array([1.0, 2.0]))
    assert jacobian(Double(x), x) == pytest.approx(2 * np.eye(2), abs=1e-11)


def test_shapes_are_the_output_s_and_then_the_input_s() -> None:
    """For W of shape (3, 2) and x @ W of shape (4, 2): entry [a, b, i, j] is x[a, i] if b = j."""
    rng = np.random.default_rng(0)
    x, W = Input(rng.standard_normal((4, 3))), Param(rng.standard_normal((3, 2)))
    found = jacobian(x @ W, W)
    assert found.shape == (4, 2, 3, 2)
    assert found == pytest.approx(np.einsum("ai,bj->abij", x.value, np.eye(2)), abs=1e-10)


def test_a_number_has_a_number() -> None:
    """The Jacobian of a scalar by a scalar has no axes; at zero, too."""
    x = Input(np.array(0.0))
    found = jacobian(Tanh(x), x)
    assert found.shape == ()
    assert found == pytest.approx(1.0, abs=1e-10)


def test_the_graph_is_left_alone() -> None:
    """Values stay what they were, or unset."""
    x = Input(np.array([0.5, 1.0]))
    y = Tanh(x)
    jacobian(y, x)
    assert y.value is None
    assert x.value.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (Input(shape=(2,)), "real numbers"),
        (Input(np.array([1, 2])), "real numbers"),
    ],
)
def test_a_leaf_without_real_numbers_is_refused(x: Input, message: str) -> None:
    """A Jacobian is taken at a point, in directions that exist."""
    with pytest.raises(GraphError, match=message):
        jacobian(Tanh(x), x)


def test_what_it_does_not_depend_on_is_refused() -> None:
    """A column of zeros would look like an answer."""
    with pytest.raises(GraphError, match="does not depend on"):
        jacobian(Tanh(Input(np.array([1.0]))), Input(np.array([1.0])))


def test_another_input_without_a_value_is_named() -> None:
    """The message says what to do."""
    x = Input(np.array([1.0]))
    with pytest.raises(GraphError, match="has no value: a Jacobian is taken at a point"):
        jacobian(x * Input(shape=(1,)), x)
