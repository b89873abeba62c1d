"""The points of a check: what is drawn, what is perturbed, and that originals are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edf import AnyFunction
from edf.errors import GraphError
from edf.graph import Input, Param
from edf.numerics.sampling import (
    draw_point,
    own_values,
    perturb_leaf,
    private_copy,
    sample_leaf,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class Test_samplers:
    def test_positive_is_positive(self, rng):
        assert np.all(sample_leaf(Input(shape=(200,), sample="positive"), rng) > 0)

    def test_simplex_rows_sum_to_one(self, rng):
        rows = sample_leaf(Input(shape=(20, 4), sample="simplex"), rng)
        assert np.all(rows > 0)
        assert np.allclose(rows.sum(-1), 1)

    def test_onehot_rows_have_one_one(self, rng):
        rows = sample_leaf(Input(shape=(50, 4), sample="onehot"), rng)
        assert set(np.unique(rows)) == {0.0, 1.0}
        assert np.all(rows.sum(-1) == 1)
        assert np.all(rows.sum(0) > 0)

    def test_a_function_may_draw_labels(self, rng):
        labels = Input(shape=(6,), sample=lambda rng, shape: rng.integers(3, size=shape))
        assert sample_leaf(labels, rng).dtype.kind == "i"

    @pytest.mark.parametrize(
        ("leaf", "says"),
        [
            (Input(), "neither value nor shape"),
            (Input(shape=(3,), sample="postive"), "did you mean 'positive'"),
            (Input(shape=(), sample="simplex"), "needs at least one axis"),
            (Input(shape=(3,), sample=lambda rng, shape: np.ones(4)), "gave shape (4,)"),
        ],
    )
    def test_what_cannot_be_drawn_is_explained(self, rng, leaf, says):
        with pytest.raises(GraphError) as caught:
            sample_leaf(leaf, rng)
        assert says in str(caught.value)


class Test_perturbation:
    def test_zeros_move_and_others_keep_their_sign(self, rng):
        value = np.array([0.0, 0.0, 3.0, -2.0, 1e-6])
        moved = perturb_leaf(Param(value), value, rng)
        assert np.all(moved != value)
        assert np.array_equal(np.sign(moved[2:]), np.sign(value[2:]))

    def test_a_bias_of_zeros_moves(self, rng):
        assert np.all(perturb_leaf(Param(np.zeros(5)), np.zeros(5), rng) != 0)

    def test_labels_stay(self, rng):
        labels, onehot = np.arange(3), np.eye(3)
        assert np.array_equal(perturb_leaf(Input(labels), labels, rng), labels)
        assert np.array_equal(perturb_leaf(Input(onehot, sample="onehot"), onehot, rng), onehot)

    def test_a_simplex_stays_one(self, rng):
        p = np.array([[0.2, 0.8, 0.0]])
        moved = perturb_leaf(Input(p, sample="simplex"), p, rng)
        assert moved.sum() == pytest.approx(1)
        assert moved[0, 2] == 0
        assert not np.array_equal(moved, p)

    def test_the_dtype_stays(self, rng):
        value = np.ones(3, np.float32)
        assert perturb_leaf(Param(value), value, rng).dtype == np.float32


class Test_points:
    def test_own_values_are_kept_first_and_perturbed_later(self, rng):
        x, W = Input(shape=(3,)), Param(np.ones(3))
        copies = private_copy([x * W])
        order, own = list(copies), own_values(copies.values())
        twins = list(copies.values())
        draw_point(twins, rng, own=own)
        first = copies[x].value
        assert np.array_equal(copies[W].value, np.ones(3))
        draw_point(twins, rng, own=own, perturb=True)
        assert not np.array_equal(copies[x].value, first)
        assert not np.array_equal(copies[W].value, np.ones(3))
        assert np.allclose(copies[W].value, 1, atol=0.6)
        assert x.value is None
        assert np.array_equal(W.value, np.ones(3))
        assert len(order) == 3

    def test_functions_are_drawn_anew_in_the_copy_only(self, rng):
        f = AnyFunction()
        x = Input(np.array(0.3))
        f.draw(rng)
        u = f(x) + f(x)
        before = u.forward()
        copies = private_copy([u])
        first, second = (copies[node] for node in u.inputs)
        assert first.function is second.function
        assert first.function is not f
        draw_point(copies.values(), rng)
        assert copies[u].forward() != before
        assert u.forward() == before
