"""Layers, beyond what the catalogue tests: options, edges, randomness, what is refused."""

import numpy as np
import pytest

import edf
from edf import AvgPool2D, Conv2D, Dropout, Input, LayerNorm, MaxPool2D, Param, Sum


def value_and_grads(node, *leaves):
    """The value of a node, and the gradients for a random cotangent, with that cotangent."""
    value = node.forward()
    cotangent = np.random.default_rng(9).standard_normal(value.shape)
    node.backward(cotangent=cotangent)
    return value, [leaf.grad for leaf in leaves], cotangent


# -------------------------------------------------------------------------------------- layer norm


def test_rows_are_normalised_whatever_their_offset_and_scale():
    """Mean 0 and variance 1 with unit gain and no bias, and a gradient without either."""
    rng = np.random.default_rng(0)
    x = Input(1e4 + 1e3 * rng.standard_normal((5, 8)))
    node = LayerNorm(x, np.ones(8), np.zeros(8))
    value, (grad,), _ = value_and_grads(node, x)
    np.testing.assert_allclose(value.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(value.var(-1), 1, rtol=1e-6)
    scale = np.abs(grad).max()
    np.testing.assert_allclose(grad.sum(-1), 0, atol=1e-12 * scale)
    np.testing.assert_allclose((grad * x.value).sum(-1), 0, atol=1e-9)


def test_equal_entries_are_no_division_by_zero():
    """`eps` keeps the quotient finite: the bias is what is left."""
    x, bias = Input(np.full((2, 3), 7.0)), np.array([1.0, 2.0, 3.0])
    value, (grad,), _ = value_and_grads(LayerNorm(x, np.ones(3), bias), x)
    np.testing.assert_array_equal(value, [bias, bias])
    assert np.all(np.isfinite(grad))
    with np.errstate(invalid="ignore"):
        assert np.all(np.isnan(LayerNorm(x, np.ones(3), bias, eps=0).forward()))


# ----------------------------------------------------------------------------------------- dropout


def test_dropout_keeps_the_mean_and_drops_the_asked_share():
    """Within five standard errors, of 100,000 entries with a fixed seed."""
    value = Dropout(np.ones(100_000), 0.3, rng=0).forward()
    assert set(np.unique(value)) == {0, 1 / 0.7}
    assert abs(np.mean(value == 0) - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 100_000)


def test_what_was_dropped_gets_no_gradient_and_each_forward_drops_others():
    """Forward and backward agree about who was dropped."""
    x = Input(np.ones(50))
    node = Dropout(x, 0.5, rng=3)
    first, (grad,), cotangent = value_and_grads(node, x)
    np.testing.assert_array_equal(grad, first * cotangent)
    assert np.any(node.forward() != first)


def test_the_same_seed_drops_the_same():
    """A generator or a seed; nothing is drawn from elsewhere."""
    one, two = (Dropout(np.ones(50), 0.5, rng).forward() for rng in (4, np.random.default_rng(4)))
    np.testing.assert_array_equal(one, two)


def test_dropped_infinities_are_dropped():
    """Not a number times zero would not be zero."""
    value = Dropout(np.full(50, np.inf), 0.5, rng=0).forward()
    assert set(value) == {0, np.inf}


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    """A rate of 1 would leave nothing."""
    with pytest.raises(ValueError, match=r"rate of a dropout lies in \[0, 1\)"):
        Dropout(np.ones(3), rate, rng=0)


# --------------------------------------------------------------------------- convolution, pooling


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("window", [(1, 1), (3, 2), (5, 5)])
def test_convolution_is_a_matrix_and_backward_its_transpose(stride, padding, window):
    """For fixed filters y is linear in x: <r, A x> = <A^T r, x>, and so in the filters."""
    rng = np.random.default_rng(0)
    x, w = Input(rng.standard_normal((2, 3, 7, 6))), Param(rng.standard_normal((4, 3, *window)))
    node = Conv2D(x, w, stride=stride, padding=padding)
    value, (dx, dw), r = value_and_grads(node, x, w)
    assert value.shape[2:] == tuple(
        (n + 2 * padding - k) // stride + 1 for n, k in zip((7, 6), window, strict=True)
    )
    np.testing.assert_allclose(np.sum(dx * x.value), np.sum(r * value), rtol=1e-11)
    np.testing.assert_allclose(np.sum(dw * w.value), np.sum(r * value), rtol=1e-11)


def test_one_by_one_convolution_is_a_matrix_product_over_channels():
    """At every pixel."""
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((6, 3, 1, 1))
    expected = np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0])
    np.testing.assert_allclose(Conv2D(x, w).forward(), expected, rtol=1e-13, atol=1e-14)


def test_convolution_does_not_turn_the_filter_around():
    """A cross-correlation: a filter with its one at the lower right looks to the lower right."""
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    w = np.zeros((1, 1, 2, 2))
    w[0, 0, 1, 1] = 1
    np.testing.assert_array_equal(Conv2D(x, w).forward()[0, 0], [[4, 5], [7, 8]])


def test_only_what_is_needed_is_computed():
    """The gradient of the images is left out where only the filters' is wanted."""
    x, w = Input(np.ones((1, 1, 4, 4))), Param(np.ones((1, 1, 2, 2)))
    loss = Sum(Conv2D(x, w))
    loss.forward()
    loss.backward(wrt=[w])
    assert x.grad is None
    np.testing.assert_array_equal(w.grad, np.full((1, 1, 2, 2), 9.0))
    loss.backward()
    assert x.grad.sum() == 36


@pytest.mark.parametrize("pooling", [MaxPool2D, AvgPool2D])
def test_edges_that_fill_no_window_are_ignored_and_get_no_gradient(pooling):
    """5 x 5 images in windows of 2: the last row and column."""
    x = Input(np.arange(25.0).reshape(1, 1, 5, 5))
    loss = Sum(pooling(x, 2))
    loss.forward()
    loss.backward()
    assert loss.inputs[0].value.shape == (1, 1, 2, 2)
    assert not np.any(x.grad[0, 0, 4])
    assert not np.any(x.grad[0, 0, :, 4])
    assert x.grad.sum() == 4


def test_the_first_of_equal_entries_gets_the_gradient_of_a_maximum():
    """All of it, once."""
    x = Input(np.ones((1, 1, 2, 4)))
    loss = Sum(MaxPool2D(x, 2))
    loss.forward()
    loss.backward()
    np.testing.assert_array_equal(x.grad[0, 0], [[1, 0, 1, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize(
    "make",
    [
        lambda x: Conv2D(x, np.ones((1, 1, 2, 2)), stride=0),
        lambda x: Conv2D(x, np.ones((1, 1, 2, 2)), padding=-1),
        lambda x: MaxPool2D(x, 0),
        lambda x: AvgPool2D(x, 2, stride=0),
    ],
)
def test_sizes_that_are_none_are_refused(make):
    """When the layer is made, with its name."""
    with pytest.raises(ValueError, match=r"(Conv|MaxPool|AvgPool)2D: .* at least 1"):
        make(np.ones((1, 1, 4, 4)))


def test_a_convolutional_network_learns_to_tell_bars_apart():
    """Horizontal or vertical, anywhere in the picture: what pooling over filters is good at."""
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    pictures = 0.1 * rng.standard_normal((80, 1, 6, 6))
    for picture, label in zip(pictures, labels, strict=True):
        k = rng.integers(6)
        picture[0][(k, slice(None)) if label else (slice(None), k)] += 1
    x, y = Input(), Input()
    w, V = Param(edf.he((4, 1, 3, 3), rng)), Param(edf.xavier((16, 2), rng))
    maps = MaxPool2D(edf.ReLU(Conv2D(x, w)), 2)
    loss = edf.CrossEntropy(edf.Reshape(maps, (-1, 16)) @ V, y)
    losses = edf.fit(
        loss, edf.Adam(loss.params, lr=0.02), {x: pictures, y: labels}, epochs=30, batch_size=20
    )
    assert losses[-1] < 0.05 < losses[0]
