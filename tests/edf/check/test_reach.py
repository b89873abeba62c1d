"""Gradient checks beyond the sampled range: mistakes that no plain sample shows are found, and
right derivatives with branches, ties and saturation raise no alarm."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.derivatives.beyond import RIGHT, WRONG, norm, operation, square_with

from edf import Input, Param, Softmax
from edf.check import check_gradients, reach


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_beyond_the_samples_is_refuted(name, shape):
    """At other scales, on the other side of a branch, or close to a threshold."""
    report = check_gradients(WRONG[name](Input(shape=shape)))
    assert report.status == "refuted", report
    assert report.message.endswith(")"), "the message says at which kind of point"
    assert report.counterexample["left"] != report.counterexample["right"]


#: Of a number, the norm is its size, and what tracing does not see is found by luck.
OF_NUMBERS = sorted(set(WRONG) - {"norm clipping", "above 4, unseen by tracing"})


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_mistake_beyond_the_samples_of_a_number_is_refuted(name):
    """One entry is not on both sides of anything at once."""
    assert check_gradients(WRONG[name](Input(shape=()))).status == "refuted"


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_raise_no_alarm(name, seed):
    """On both sides of their branches, saturated, overflowing, and where entries are equal."""
    report = check_gradients(RIGHT[name](Input(shape=(2, 3))), seed=seed)
    assert report.status == "verified", report


def test_operations_of_edf_raise_no_alarm_if_they_are_looked_at_like_others(monkeypatch):
    """Every row of the catalogue, taken beyond its samples as a student's operation is."""
    path = Path(__file__).parents[1] / "op_catalogue.py"
    spec = importlib.util.spec_from_file_location("op_catalogue", path)
    catalogue = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "op_catalogue", catalogue)
    spec.loader.exec_module(catalogue)
    monkeypatch.setattr(reach, "is_of_edf", lambda node: False)
    doubted = {}
    for row in catalogue.ROWS:
        report = check_gradients(row.node(), points=2)
        if report.status != "verified":
            doubted[row.id] = str(report)
    assert doubted == {}


def test_whole_numbers_beside_what_is_moved_stay_whole():
    """Labels keep their values while a search moves the scores."""
    hinge = operation(
        lambda x, k: np.maximum(0, 5 - x[k]),
        lambda g, x, k: (-g * (x[k] < 5) * (np.arange(x.size) == k), None),
    )
    labels = Input(shape=(), sample=lambda rng, shape: rng.integers(3, size=shape))
    assert check_gradients(hinge(Input(shape=(3,)), labels)).ok
    wrong = operation(
        lambda x, k: np.maximum(0, 5 - x[k]),
        lambda g, x, k: (-g * (np.arange(x.size) == k), None),
    )
    assert check_gradients(wrong(Input(shape=(3,)), labels)).status == "refuted"


class Test_ties:
    MAXIMUM = staticmethod(lambda x: x.max())

    def test_equal_entries_that_each_get_the_whole_gradient_are_refuted(self):
        each = operation(self.MAXIMUM, lambda g, x: g * (x == x.max()))
        for shape in ((3,), (4, 3)):
            assert check_gradients(each(Input(shape=shape))).status == "refuted"

    def test_equal_entries_may_share_it_or_leave_it_to_the_first(self):
        shared = operation(self.MAXIMUM, lambda g, x: g * (x == x.max()) / np.sum(x == x.max()))
        first = operation(
            self.MAXIMUM, lambda g, x: g * (np.arange(x.size).reshape(x.shape) == x.argmax())
        )
        for kind in (shared, first):
            assert check_gradients(kind(Input(shape=(4, 3)))).ok

    def test_equal_arguments_that_both_get_nothing_are_refuted(self):
        larger = operation(np.maximum, lambda g, a, b: (g * (a > b), g * (b > a)))
        assert check_gradients(larger(Input(shape=(3,)), Input(shape=(3,)))).status == "refuted"


class Test_a_batch_of_one:
    @staticmethod
    def bias(squeeze):
        def backward(g, x, b):
            rows = np.squeeze(g)
            return g, rows.sum(axis=0) if rows.ndim > 1 else squeeze(rows)

        return operation(lambda x, b: x + b, backward)

    def test_a_wrong_gradient_is_refuted(self):
        wrong = self.bias(lambda rows: 0 * rows)
        report = check_gradients(wrong(Input(shape=(4, 3)), Param(np.ones(3))))
        assert report.status == "refuted"
        assert "(one row in place of 4)" in report.message

    def test_so_it_is_of_data(self):
        wrong = self.bias(lambda rows: 0 * rows)
        data = Input(np.random.default_rng(0).standard_normal((4, 3)))
        assert check_gradients(wrong(data, Param(np.ones(3)))).status == "refuted"

    def test_a_wrong_shape_is_refuted(self):
        wrong = self.bias(lambda rows: rows.sum())
        report = check_gradients(wrong(Input(shape=(4, 3)), Param(np.ones(3))))
        assert report.status == "refuted"

    def test_a_right_one_is_verified(self):
        assert check_gradients(self.bias(lambda rows: rows)(Input(shape=(4, 3)), Param(np.ones(3))))


class Test_what_cannot_be_reached:
    CLIPPED = staticmethod(lambda p: np.log(np.clip(p, 1e-12, 1.0)))

    def test_a_side_that_the_graph_never_takes_does_no_harm_if_it_is_right(self):
        right = operation(self.CLIPPED, lambda g, p: g / p * ((p > 1e-12) & (p < 1)))
        for seed in range(6):  # small probabilities beside large ones, some close to the threshold
            assert check_gradients(right(Softmax(Input(shape=(3,)))), seed=seed).ok

    def test_a_mistake_where_no_search_gets_is_inconclusive_unless_that_is_allowed(self):
        forgets = operation(lambda p: np.minimum(p, 1.5), lambda g, p: g)
        report = check_gradients(forgets(Softmax(Input(shape=(3,)))))
        assert report.status == "inconclusive"
        assert "that no search in the graph has reached" in report.message
        assert 'unreached="ok"' in report.message
        allowed = check_gradients(forgets(Softmax(Input(shape=(3,)))), unreached="ok")
        assert allowed.ok
        assert any("no search" in note for note in allowed.details["notes"])

    def test_what_interval_arithmetic_proves_impossible_needs_no_reaching(self):
        """A square is never negative, nor is an exponential or a sum of these."""
        for forward, backward in (
            (lambda x: np.maximum(x * x, 0), lambda g, x: 2 * g * x),
            (lambda x: np.abs(np.exp(x)), lambda g, x: g * np.exp(x)),
            (lambda x: np.sqrt(np.maximum(np.sum(x * x), 0)), lambda g, x: g * x / norm(x)),
            (lambda x: np.clip(np.tanh(x), -1, 1), lambda g, x: g * (1 - np.tanh(x) ** 2)),
        ):
            report = check_gradients(operation(forward, backward)(Input(shape=(3,))))
            assert report.ok, report

    def test_a_side_that_no_argument_takes_is_named(self):
        def forward(x):
            return np.where(np.sin(x) * np.cos(x) > 0.9, x, x * x)

        never = operation(forward, lambda g, x: 2 * g * x)
        report = check_gradients(never(Input(shape=(3,))))
        assert report.status == "inconclusive"
        assert "np.sin(x) * np.cos(x) > 0.9" in report.message
        assert "was never above the threshold of its greater" in report.message

    def test_a_sampler_of_one_s_own_is_the_domain(self):
        wrong = square_with(lambda x: x > 4)
        inside = Input(shape=(3,), sample=lambda rng, shape: rng.uniform(0, 1, shape))
        assert check_gradients(wrong(inside)).status == "inconclusive", "it is wrong elsewhere"
        wide = Input(shape=(3,), sample=lambda rng, shape: rng.uniform(3, 9, shape))
        assert check_gradients(wrong(wide)).status == "refuted"

    def test_a_side_without_a_value_is_outside_of_the_domain(self):
        """An operation may say itself what it does not take."""

        def forward(x):
            if np.any(np.real(x) <= 0):
                raise ValueError("positive numbers only")
            return np.log(x)

        guarded = operation(forward, lambda g, x: g / x)
        for seed in range(3):
            report = check_gradients(guarded(Input(shape=(3,), sample="positive")), seed=seed)
            assert report.ok, report

    def test_positive_inputs_stay_positive(self):
        seen = []

        def forward(x):
            seen.append(np.min(np.real(x)))
            return np.log(x)

        logarithm = operation(forward, lambda g, x: g / x)
        assert check_gradients(logarithm(Input(shape=(3,), sample="positive"))).ok
        assert min(seen) > -1e-3, "but for the steps of differences"

    def test_at_one_point_nothing_is_sought(self):
        """`points=1` asks of that point, and of no other."""
        wrong = WRONG["relu6 without its upper side"]
        assert check_gradients(wrong(Input(np.array([1.0, -2.0]))), points=1).ok

    def test_another_word_is_refused(self):
        with pytest.raises(ValueError, match='write unreached="ok"'):
            check_gradients(Softmax(Input(shape=(2,))), unreached="maybe")


def test_the_graph_and_the_random_states_are_left_alone():
    """The search works on the check's own copy."""
    x = Input(np.array([1.0, 2.0]))
    node = RIGHT["relu6"](x)
    value = node.forward().copy()
    check_gradients(node)
    assert np.array_equal(x.value, [1.0, 2.0])
    assert np.array_equal(node.value, value)
