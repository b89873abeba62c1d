"""The API of autumn 2020: its nodes, and the mistakes not inherited."""

from __future__ import annotations

import numpy as np
import pytest

import edf.course.autumn2020 as edf


@pytest.fixture(autouse=True)
def fresh():
    """Every test starts from an empty graph."""
    edf.clear_compgraph()
    edf.learning_rate = 0.001
    np.random.seed(0)
    yield
    edf.clear_compgraph()
    edf.learning_rate = 0.001


def inputs(value):
    node = edf.Input()
    node.value = np.asarray(value)
    return node


@pytest.fixture
def classifier():
    """Return the nodes of a small classifier with its data set."""
    x = inputs(np.random.standard_normal((6, 4)))
    y = inputs(np.array([0, 1, 2, 0, 1, 2]))
    hidden, output = edf.AffineParams(4, 5), edf.AffineParams(5, 3)
    p = edf.Softmax(edf.Affine(output, edf.Sigmoid(edf.Affine(hidden, x))))
    return x, y, p, edf.LogLoss(p, y), hidden, output


class Test_nodes:
    def test_the_loss_is_one_number_for_each_of_the_batch(self, classifier):
        _, y, p, loss, *_ = classifier
        edf.Forward()
        assert loss.value.shape == (6,)
        assert np.allclose(loss.value, -np.log(p.value[np.arange(6), y.value]))

    def test_backward_is_of_the_mean_over_the_batch(self, classifier):
        *_, loss, _, output = classifier
        edf.Forward()
        edf.Backward(loss)
        once = output.w.grad.copy()
        h = 1e-3
        means = []
        for step in (h, -h):
            output.w.value[0, 0] += step
            edf.Forward()
            means.append(loss.value.mean())
            output.w.value[0, 0] -= step
        assert (means[0] - means[1]) / (2 * h) == pytest.approx(once[0, 0], rel=2e-2)

    def test_gradients_start_from_zero(self, classifier):
        *_, loss, hidden, _ = classifier
        edf.Forward()
        edf.Backward(loss)
        first = hidden.b.grad.copy()
        edf.Backward(loss)
        assert np.array_equal(hidden.b.grad, first)

    def test_sgd_heeds_the_learning_rate_of_the_module(self, classifier):
        *_, loss, hidden, _ = classifier
        edf.Forward()
        edf.Backward(loss)
        before, edf.learning_rate = hidden.w.value.copy(), 2.0
        edf.SGD()
        assert np.allclose(hidden.w.value, before - 2 * hidden.w.grad)

    def test_clearing_makes_a_new_graph(self, classifier):
        assert (len(edf.CompNodes), len(edf.Parameters)) == (5, 4)
        edf.clear_compgraph()
        assert edf.CompNodes == edf.Parameters == []

    def test_logloss_wants_a_node(self):
        with pytest.raises(ValueError, match="p is a CompNode, not Input"):
            edf.LogLoss(edf.Input(), edf.Input())

    def test_parameters_start_as_xavier_has_them(self):
        Phi = edf.AffineParams(300, 100)
        assert np.abs(Phi.w.value).max() <= edf.Xavier(300) == pytest.approx(0.1)
        assert Phi.w.value.dtype == np.float32
        assert np.all(Phi.b.value == 0)

    def test_check_verifies_the_whole_graph(self, classifier):
        report = edf.check(classifier[3])
        assert report.ok, report
        assert report.details["sampled"]["total"] == 4 * 5 + 5 + 5 * 3 + 3


class Test_mistakes_not_inherited:
    @pytest.mark.parametrize("large", [11.0, -11.0, 30.0, -30.0, 1e4])
    def test_sigmoid_and_its_backward_agree_beyond_ten(self, large):
        x = edf.Parameter(np.array([[large]]))
        y = edf.Sigmoid(x)
        with np.errstate(over="raise"):
            edf.Forward()
            edf.Backward(y)
        exact = np.exp(-abs(large)) / (1 + np.exp(-abs(large))) ** 2
        assert x.grad[0, 0] == pytest.approx(exact, rel=1e-5)

    def test_softmax_and_its_backward_agree_beyond_ten(self):
        scores = edf.Parameter(np.array([[0.0, 15.0, 14.0]]))
        p = edf.Softmax(scores)
        edf.Forward()
        e = np.exp(np.array([-15.0, 0.0, -1.0]))
        assert np.allclose(p.value, e / e.sum(), rtol=1e-6)  # the original has exp(-10) in place
        loss = edf.LogLoss(p, inputs([0]))
        edf.Forward()
        assert loss.value[0] == pytest.approx(15 + np.log(e.sum()), rel=1e-5)
        assert edf.check(loss).ok

    def test_a_parameters_gradient_is_one_matrix_product(self, monkeypatch):
        n, d_in, d_out = 16, 30, 20
        Phi, x = edf.AffineParams(d_in, d_out), inputs(np.ones((n, d_in), np.float32))
        y = edf.Affine(Phi, x)
        shapes = []
        keep = edf.Parameter.addgrad
        monkeypatch.setattr(
            edf.Parameter, "addgrad",
            lambda self, delta: (shapes.append(delta.shape), keep(self, delta))[1],
        )  # fmt: skip
        edf.Forward()
        edf.Backward(y)
        assert max(np.prod(shape) for shape in shapes) == d_in * d_out  # and not n times that
        assert np.allclose(Phi.w.grad, 1.0)

    def test_a_probability_of_zero_gives_numbers(self):
        scores = edf.Parameter(np.array([[0.0, 200.0]]))
        loss = edf.LogLoss(edf.Softmax(scores), inputs([0]))
        edf.Forward()
        edf.Backward(loss)
        assert np.isfinite(loss.value[0])
        assert np.all(np.isfinite(scores.grad))


class Test_students_nodes:
    def test_a_gradient_with_the_batch_in_front_is_summed(self):
        p = edf.Parameter(np.zeros((2, 3)))
        p.grad = np.zeros((2, 3))
        p.addgrad(np.ones((5, 2, 3)))
        assert np.array_equal(p.grad, np.full((2, 3), 5.0))
        p.addgrad(np.ones((2, 3)))
        assert np.array_equal(p.grad, np.full((2, 3), 6.0))

    def test_an_input_takes_no_gradient(self):
        edf.Input().addgrad(np.ones(3))

    @pytest.mark.parametrize(("wrong", "status"), [(False, "verified"), (True, "refuted")])
    def test_they_are_checked_beside_ours(self, wrong, status):
        class Swish(edf.CompNode):
            def __init__(self, x):
                edf.CompNodes.append(self)
                self.x = x

            def forward(self):
                self.value = self.x.value / (1 + np.exp(-self.x.value))

            def backward(self):
                s = 1 / (1 + np.exp(-self.x.value))
                self.x.addgrad(self.grad * (s if wrong else s + self.value * (1 - s)))

        Phi = edf.AffineParams(3, 4)
        y = Swish(edf.Affine(Phi, inputs(np.ones((2, 3)))))
        report = edf.check(edf.LogLoss(edf.Softmax(y), inputs([0, 1])))
        assert report.status == status
        if wrong:
            assert report.details["worst"]["operation"] == "Swish"
