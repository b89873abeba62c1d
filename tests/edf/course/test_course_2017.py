"""The API of winter 2017: its components, its optimisers, and the mistakes not inherited."""

from __future__ import annotations

import numpy as np
import pytest

import edf.course.winter2017 as edf
from edf.errors import GraphError


@pytest.fixture(autouse=True)
def fresh():
    """Every test starts from empty lists, as a program does."""
    edf.components, edf.params, edf.DT = [], [], np.float32
    np.random.seed(0)
    yield
    edf.components, edf.params, edf.DT = [], [], np.float32


def run(loss):
    edf.Forward()
    edf.Backward(loss)


class Test_components:
    """Each component's value, and its backward by `check`."""

    def param(self, *shape):
        return edf.Param(np.random.uniform(0.2, 1.0, shape))

    @pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "RELU", "SoftMax", "LogLoss", "Mean"])
    def test_components_of_one_input(self, name):
        x = self.param(4, 3)
        component = getattr(edf, name)(x)
        run(component)
        assert component.value.dtype == np.float32
        assert x.grad.shape == (4, 3)
        assert edf.check(edf.LogLoss(edf.Sigmoid(component))).ok

    @pytest.mark.parametrize(
        ("name", "shapes"),
        [("Add", ((4, 3), (3,))), ("Mul", ((4, 3), (4, 1))), ("VDot", ((4, 3), (3, 2))),
         ("VDot", ((3,), (3, 2))), ("ConCat", ((4, 3), (4, 2)))],
    )  # fmt: skip
    def test_components_of_two_inputs(self, name, shapes):
        x, y = (self.param(*shape) for shape in shapes)
        component = getattr(edf, name)(x, y)
        run(component)
        assert (x.grad.shape, y.grad.shape) == shapes
        assert edf.check(component).ok

    def test_aref_picks_one_entry_of_each_row(self):
        x, idx = self.param(4, 3), edf.Value([2, 0, 1, 1])
        picked = edf.Aref(x, idx)
        run(picked)
        assert np.array_equal(picked.value, x.value[np.arange(4), [2, 0, 1, 1]])
        assert edf.check(picked).ok

    def test_embed_gives_a_row_used_twice_both_gradients(self):
        table = self.param(5, 2)
        rows = edf.Embed(edf.Value([1, 1, 4]), table)
        run(rows)
        assert np.array_equal(table.grad[:, 0], [0, 2, 0, 0, 1])
        assert edf.check(rows).ok

    def test_reshape_and_the_masked_mean(self):
        x = self.param(2, 6)
        mask = edf.Value(np.arange(12).reshape(4, 3) % 2)
        mean = edf.MeanwithMask(edf.Reshape(x, [4, 3]), mask)
        run(mean)
        kept = mask.value.astype(bool)
        assert mean.value == pytest.approx(x.value.reshape(4, 3)[kept].mean())
        assert edf.check(mean).ok

    def test_accuracy_and_argmax_have_no_gradient(self):
        x = edf.Param([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        accuracy, largest = edf.Accuracy(x, edf.Value([1, 1, 1])), edf.ArgMax(x)
        loss = edf.Mean(x)
        run(loss)
        assert accuracy.value == pytest.approx(2 / 3)
        assert largest.value == 1
        assert accuracy.grad is None

    def test_what_depends_on_no_parameter_has_no_gradient(self):
        assert edf.Tanh(edf.Value([1.0])).grad is None

    def test_values_can_be_set_later(self):
        x = edf.Value()
        assert x.value is None
        x.set([[1, 2]])
        assert x.value.dtype == np.float32


class Test_mistakes_not_inherited:
    def test_mean_of_a_matrix_divides_by_all_its_entries(self):
        x = edf.Param(np.ones((4, 3)))
        run(edf.Mean(x))
        assert np.allclose(x.grad, 1 / 12)  # the original gives 1/4

    @pytest.mark.parametrize(
        "shapes", [((3, 2), (3, 2)), ((3, 2), (2,)), ((2,), (3, 2)), ((3, 1), (3, 2))]
    )
    def test_add_of_any_shapes_that_broadcast(self, shapes):
        x, y = (edf.Param(np.ones(shape)) for shape in shapes)
        run(edf.Add(x, y))
        for p, shape in zip((x, y), shapes, strict=True):
            assert p.grad.shape == shape
            assert np.allclose(p.grad, 6 / np.prod(shape))

    def test_options_of_a_parameter_are_heeded(self):
        fast, slow = edf.Param([1.0], {"lr": 10.0}), edf.Param([1.0])
        run(edf.Add(fast, slow))
        edf.SGD(0.01)
        assert fast.value == pytest.approx(0.9)
        assert slow.value == pytest.approx(0.99)

    def test_options_of_two_parameters_are_two(self):
        first, second = edf.Param([1.0]), edf.Param([1.0])
        first.opts["lr"] = 3
        assert second.opts == {}

    @pytest.mark.parametrize("large", [50.0, 1e4, -1e4])
    def test_tanh_of_large_numbers_is_finite(self, large):
        x = edf.Param([large, 0.5])
        y = edf.Tanh(x)
        with np.errstate(over="raise", invalid="raise"):
            run(y)
        assert y.value[0] == np.sign(large)
        assert 0 <= x.grad[0] < 1e-37

    def test_gradients_do_not_pile_up_between_two_backwards(self):
        x = edf.Param([1.0, 2.0])
        loss = edf.Mean(edf.Mul(x, x))
        run(loss)
        first = x.grad.copy()
        edf._warned = True  # tested elsewhere
        run(loss)
        assert np.array_equal(x.grad, first)

    def test_argmax_does_not_stop_backward(self):
        x = edf.Param([1.0, 2.0])
        edf.ArgMax(x)
        run(edf.Mean(x))  # the original's ArgMax has no grad, and Backward raises

    def test_embed_keeps_its_first_gradient(self):
        table = edf.Param(np.ones((3, 2)))
        run(edf.Embed(edf.Value([0, 2]), table))  # the original's first use only makes zeros
        assert np.array_equal(table.grad, [[1, 1], [0, 0], [1, 1]])

    def test_logloss_is_constant_where_its_gradient_is_zero(self):
        x = edf.Param([0.0, 1e-20, 0.5])
        loss = edf.LogLoss(x)
        run(loss)
        assert np.all(np.isfinite(loss.value))
        assert np.array_equal(x.grad[:2], [0, 0])
        assert x.grad[2] == pytest.approx(-2)
        assert loss.value[0] == loss.value[1]

    def test_adam_counts_its_steps_for_each_parameter(self):
        old = edf.Param([1.0])
        run(edf.Mean(old))
        for _ in range(5):
            edf.Adam(0.1)
        edf.params, edf.components = [], []
        new = edf.Param([1.0])
        run(edf.Mean(new))
        edf.Adam(0.1)
        assert new.value == pytest.approx(0.9, rel=1e-5)  # a first step is as long as lr


class Test_optimisers:
    """A few steps by hand: the parameter is w, the loss w**2 / 2, so the gradient is w."""

    def train(self, step, times=3):
        w = edf.Param(np.array([2.0]))
        loss = edf.Mul(edf.Value(0.5), edf.Mul(w, w))
        for _ in range(times):
            run(loss)
            step()
        return float(w.value[0])

    def by_hand(self, update, times=3):
        w, state = 2.0, {}
        for t in range(1, times + 1):
            w -= update(w, state, t)
        return w

    def test_sgd(self):
        assert self.train(lambda: edf.SGD(0.1)) == pytest.approx(2 * 0.9**3, rel=1e-6)

    def test_momentum(self):
        def update(g, s, t):
            s["v"] = 0.9 * s.get("v", 0) + g
            return 0.1 * s["v"]

        assert self.train(lambda: edf.Momentum(0.1, 0.9)) == pytest.approx(self.by_hand(update))

    def test_adagrad(self):
        def update(g, s, t):
            s["G"] = s.get("G", 0) + g * g
            return 0.1 * g / np.sqrt(s["G"] + 1e-8)

        assert self.train(lambda: edf.AdaGrad(0.1)) == pytest.approx(self.by_hand(update), rel=1e-6)

    def test_rmsprop(self):
        def update(g, s, t):
            s["G"] = 0.8 * s.get("G", 0) + 0.2 * g * g
            return 0.1 * g / np.sqrt(s["G"] + 1e-8)

        trained = self.train(lambda: edf.RMSProp(0.1, 0.8))
        assert trained == pytest.approx(self.by_hand(update), rel=1e-6)

    def test_adam(self):
        def update(g, s, t):
            s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
            s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
            return 0.1 * s["m"] / (1 - 0.9**t) / (np.sqrt(s["v"] / (1 - 0.999**t)) + 1e-8)

        assert self.train(lambda: edf.Adam(0.1)) == pytest.approx(self.by_hand(update), rel=1e-5)

    def test_gradients_are_clipped_to_a_norm(self):
        w = edf.Param(np.array([3.0, 4.0]))
        run(edf.Mul(w, w))
        edf.GradClip(1.0)
        assert np.linalg.norm(w.grad) == pytest.approx(1)
        before = w.grad.copy()
        edf.GradClip(2.0)
        assert np.array_equal(w.grad, before)

    def test_values_stay_float32(self):
        w = edf.Param(np.ones(3))
        for step in (lambda: edf.SGD(0.1), lambda: edf.Adam(), lambda: edf.RMSProp(0.1)):
            run(edf.Mean(w))
            step()
            assert w.value.dtype == np.float32

    def test_xavier_has_the_variance_of_the_fan_in(self):
        w = edf.xavier((100, 200))
        assert w.var() == pytest.approx(1 / 100, rel=0.1)


class Student:
    """A component as a student writes it; `factor` is its mistake."""

    def __init__(self, x, factor=1.0):
        edf.components.append(self)
        self.x = x
        self.factor = factor
        self.grad = None if x.grad is None else edf.DT(0)

    def forward(self):
        self.value = np.sin(self.x.value)

    def backward(self):
        if self.x.grad is not None:
            self.x.grad = self.x.grad + self.factor * np.cos(self.x.value) * self.grad


class WithAddgrad(Student):
    def backward(self):
        self.x.addgrad(self.factor * np.cos(self.x.value) * self.grad)


class Test_check:
    @pytest.mark.parametrize("kind", [Student, WithAddgrad])
    def test_students_components_are_checked_beside_ours(self, kind):
        W = edf.Param(edf.xavier((3, 2)))
        hidden = kind(edf.VDot(edf.Value(np.ones((4, 3))), W))
        assert edf.check(edf.Mean(hidden)).ok

    @pytest.mark.parametrize("kind", [Student, WithAddgrad])
    def test_a_students_mistake_is_found_and_named(self, kind):
        W = edf.Param(edf.xavier((3, 2)))
        hidden = kind(edf.VDot(edf.Value(np.ones((4, 3))), W), factor=0.5)
        P = edf.SoftMax(hidden)
        report = edf.check(edf.Mean(edf.Mul(P, P)))
        assert report.status == "refuted"
        assert report.details["worst"]["operation"] == kind.__name__

    def test_a_mistake_can_be_expected_and_named(self):
        W = edf.Param([1.0, 2.0])
        report = edf.check(Student(W, factor=2.0), id="wrong", expect="refuted")
        assert report.ok
        assert report.id == "wrong"

    def test_values_and_gradients_stay_as_they_are(self):
        W = edf.Param(edf.xavier((3, 2)))
        x = edf.Value(np.ones((4, 3)))
        loss = edf.Mean(Student(edf.VDot(x, W)))
        run(loss)
        parts = [W, x, *edf.components]
        before = [(np.array(part.value), part.grad) for part in parts]
        edf.check(loss)
        for part, (value, grad) in zip(parts, before, strict=True):
            assert np.array_equal(part.value, value)
            assert part.grad is grad
        assert edf.DT is np.float32
        assert len(edf.params) == 1

    def test_forward_need_not_have_run(self):
        assert edf.check(edf.Mean(Student(edf.Param([1.0, 2.0])))).ok

    def test_a_component_of_a_reset_list_is_explained(self):
        loss = edf.Mean(edf.Param([1.0]))
        edf.components = []
        with pytest.raises(GraphError, match="Mean is not in the list of components"):
            edf.check(loss)

    def test_data_without_value_is_explained(self):
        with pytest.raises(GraphError, match="Value has no value"):
            edf.check(edf.VDot(edf.Value(), edf.Param([[1.0]])))

    def test_an_unrolled_network_of_a_thousand_components_is_copied(self):
        w = edf.Param([0.9])
        h = edf.Value([1.0])
        for _ in range(500):
            h = edf.Tanh(edf.Add(edf.Mul(h, w), w))
        assert edf.check(h, points=1).ok
