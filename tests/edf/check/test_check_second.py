"""Second derivatives by the complex step through backward: exact, or declined with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from edf import Abs, AnyFunction, CrossEntropy, Exp, LogSumExp, Max, ReLU, Softmax, Sort, Sum, Tanh
from edf.check import DeclinedError, hessian, hvp
from edf.errors import GraphError
from edf.graph import Input, Node, Param


@pytest.fixture
def x():
    return Input(np.array([0.3, -0.7, 1.1]))


class Test_hessian:
    def test_it_is_exact_to_rounding(self, x):
        A = np.arange(9.0).reshape(3, 3)
        e, Ax = np.exp(x.value), x.value @ A
        expected = np.diag(e * Ax) + A * e + (A * e).T
        assert np.allclose(hessian(Sum(Exp(x) * (x @ A)), x), expected, rtol=1e-14, atol=1e-14)

    def test_it_is_symmetric_for_an_arbitrary_function(self, x):
        H = hessian(AnyFunction()(Tanh(x)), x)
        assert np.abs(H - H.T).max() <= 1e-14 * np.abs(H).max()

    def test_its_shape_is_twice_that_of_x(self):
        W = Param(np.random.default_rng(0).standard_normal((3, 2)))
        H = hessian(CrossEntropy(np.ones((1, 3)) @ W, np.array([1])), W)
        assert H.shape == (3, 2, 3, 2)
        assert np.allclose(H.reshape(6, 6), H.reshape(6, 6).T, atol=1e-15)

    def test_the_graph_is_left_alone(self, x):
        loss = Sum(x**3.0)
        loss.forward()
        loss.backward()
        value, grad = x.value.copy(), x.grad.copy()
        hessian(loss, x)
        assert np.array_equal(x.value, value)
        assert np.array_equal(x.grad, grad)


class Test_hvp:
    def test_it_is_the_hessian_times_a_vector(self, x):
        loss, v = AnyFunction()(Exp(x), x), np.array([1.0, -2.0, 0.5])
        loss.forward()  # draws the function
        assert np.allclose(hvp(loss, x, v), hessian(loss, x) @ v, rtol=1e-13, atol=1e-14)

    def test_several_parameters_are_one_vector(self):
        rng = np.random.default_rng(1)
        W, b = (
            Param(rng.standard_normal((4, 3)).astype(np.float32)),
            Param(np.zeros(3, np.float32)),
        )
        loss = CrossEntropy(Tanh(rng.standard_normal((5, 4)) @ W + b), rng.integers(3, size=5))
        products = hvp(loss, [W, b], [np.ones((4, 3)), np.ones(3)])
        assert [(p.shape, p.dtype) for p in products] == [((4, 3), float), ((3,), float)]
        other = hvp(loss, [W, b], [np.zeros((4, 3)), np.ones(3)])
        only = hvp(loss, [W, b], [np.ones((4, 3)), np.zeros(3)])
        for whole, *parts in zip(products, other, only, strict=True):
            assert np.allclose(whole, sum(parts), rtol=1e-13, atol=1e-15)

    def test_a_vector_of_another_shape_is_refused(self, x):
        with pytest.raises(ValueError, match="shapes"):
            hvp(Sum(x * x), x, np.ones(4))


class Casts(Node):
    def forward(self, x):
        return np.asarray(x).astype(np.float64) ** 3

    def backward(self, grad, x):
        return grad * 3 * x**2


class Drops(Node):
    def forward(self, x):
        return np.real(x) ** 3

    def backward(self, grad, x):
        return grad * 3 * np.real(x) ** 2


class DropsInBackward(Node):
    def forward(self, x):
        return x**3

    def backward(self, grad, x):
        return grad * 3 * np.real(x) ** 2


class Test_declining:
    @pytest.mark.parametrize(
        ("operation", "says"),
        [
            (Casts, "Casts does not carry complex numbers through"),
            (Drops, "Drops does not carry complex numbers through"),
            (DropsInBackward, "the backward of some operation does not carry"),
        ],
    )
    def test_what_is_not_complex_safe_is_declined_by_name(self, x, operation, says):
        with pytest.raises(DeclinedError, match=says):
            hessian(Sum(operation(x * 1.0)), x)
        with pytest.raises(DeclinedError, match=says):
            hvp(Sum(operation(x * 1.0)), x, np.ones(3))

    def test_a_vector_has_no_hessian(self, x):
        with pytest.raises(GraphError, match="a Hessian is of one number"):
            hessian(x * x, x)

    def test_x_must_be_a_leaf_below_the_loss(self, x):
        with pytest.raises(GraphError, match="does not depend on"):
            hessian(Sum(x * x), Input(np.ones(3)))
        square = x * x
        with pytest.raises(GraphError, match="is an operation"):
            hessian(Sum(square), square)

    def test_a_point_is_needed(self):
        x = Input(shape=(3,))
        with pytest.raises(GraphError, match="need a point"):
            hessian(Sum(x * x), x)

    def test_labels_have_no_derivative(self):
        labels = Input(np.array([1]))
        logits = Param(np.ones((1, 3)))
        with pytest.raises(GraphError, match="it has no derivative"):
            hessian(CrossEntropy(logits, labels), labels)

    @pytest.mark.parametrize(
        ("build", "names"),
        [
            (lambda x: Sum(ReLU(x - 1.0) ** 2), "ReLU"),
            (lambda x: Sum((x - 1.0) * Abs(x - 1.0)), "Abs"),
            (lambda x: Sum(Abs(x - 1.0)), "Abs"),
            (lambda x: Max(x) ** 2, "Max"),
        ],
    )
    def test_a_kink_is_declined_as_one(self, build, names):
        """Numbers there would be those of one side, or of none."""
        x = Input(np.array([1.0, 1.0, 0.3]))
        for compute in (lambda: hessian(build(x), x), lambda: hvp(build(x), x, np.ones(3))):
            with pytest.raises(DeclinedError, match=f"{names} is at a kink") as caught:
                compute()
            assert "no second derivative" in str(caught.value)
            assert "complex" not in str(caught.value)

    @pytest.mark.parametrize("build", [lambda x: Sum(Softmax(x) ** 2), LogSumExp])
    def test_equal_entries_do_no_harm_where_the_function_is_smooth(self, build):
        """The maximum that softmax subtracts is at a tie, and cancels."""
        x = Input(np.array([1.0, 1.0, 0.3]))
        H = hessian(build(x), x)
        assert np.allclose(H[0, 0], H[1, 1])
        assert np.allclose(H @ np.ones(3), 0, atol=1e-14)

    def test_what_has_nothing_to_compare_is_at_no_kink(self):
        """An order of one row."""
        x = Input(np.array([[0.5, -1.0]]))
        loss = Sum(Sort(x, axis=0) ** 3)
        assert hvp(loss, x, np.ones((1, 2))).tolist() == [[3, -6]]

    def test_beside_a_kink_there_is_a_second_derivative(self):
        x = Input(np.array([1.0, 0.2]))
        assert np.array_equal(hessian(Sum(ReLU(x - 0.5) ** 2), x), [[2.0, 0.0], [0.0, 0.0]])
