"""Initial values: their distribution, their source of randomness, their precision."""

import math

import numpy as np
import pytest

from edf import he, lecun, normal, xavier

INITIALISERS = [xavier, he, lecun, normal]
MATRIX, FILTERS = (300, 200), (40, 20, 5, 3)  # n_in, n_out = 300, 200 and 300, 600


def drawn(initialiser, shape, seed=0, **options):
    return initialiser(shape, np.random.default_rng(seed), **options)


@pytest.mark.parametrize(
    ("initialiser", "shape", "variance"),
    [
        (xavier, MATRIX, 2 / 500),
        (xavier, FILTERS, 2 / 900),
        (he, MATRIX, 2 / 300),
        (he, FILTERS, 2 / 300),
        (lecun, MATRIX, 1 / 300),
        (lecun, FILTERS, 1 / 300),
        (normal, MATRIX, 0.01**2),
    ],
)
def test_mean_and_variance_are_those_of_the_paper(initialiser, shape, variance):
    """Within five standard errors, of 60,000 and of 12,000 values with a fixed seed."""
    values = drawn(initialiser, shape)
    assert values.shape == shape
    count = values.size
    assert abs(values.mean()) < 5 * math.sqrt(variance / count)
    assert abs(values.var() / variance - 1) < 5 * math.sqrt(2 / count)


def test_xavier_is_uniform_and_he_is_not():
    """The bound is kept, and reached; a normal distribution goes beyond."""
    bound = math.sqrt(6 / 500)
    uniform = drawn(xavier, MATRIX)
    assert 0.999 * bound < np.abs(uniform).max() <= bound
    assert np.abs(drawn(he, MATRIX)).max() > 3.5 * math.sqrt(2 / 300)


@pytest.mark.parametrize("initialiser", INITIALISERS)
def test_the_source_of_randomness_is_the_one_that_is_given(initialiser):
    """The same seed, the same values; another seed, others; the generator moves on."""
    np.testing.assert_array_equal(drawn(initialiser, (4, 3)), drawn(initialiser, (4, 3)))
    assert not np.any(drawn(initialiser, (4, 3)) == drawn(initialiser, (4, 3), seed=1))
    rng = np.random.default_rng(0)
    assert not np.any(initialiser((4, 3), rng) == initialiser((4, 3), rng))


@pytest.mark.parametrize("initialiser", INITIALISERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_the_one_that_is_asked_for(initialiser, dtype):
    """Float64 by default."""
    assert drawn(initialiser, (4, 3), dtype=dtype).dtype == dtype
    assert drawn(initialiser, (4, 3)).dtype == np.float64


def test_the_scale_of_normal_is_its_deviation():
    """And any shape will do."""
    assert drawn(normal, (20_000,), scale=3.0).std() == pytest.approx(3.0, rel=0.03)
    assert drawn(normal, ()).shape == ()


@pytest.mark.parametrize("initialiser", [xavier, he, lecun])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4)])
def test_shapes_that_are_no_weights_are_refused(initialiser, shape):
    """What is counted as incoming would be a guess."""
    with pytest.raises(ValueError, match=r"weights are \(n_in, n_out\) or .*np.zeros"):
        drawn(initialiser, shape)


def test_signals_keep_their_size_through_many_layers():
    """What the initialisers are for: He with ReLU, LeCun without a nonlinearity."""
    rng = np.random.default_rng(0)
    x = z = rng.standard_normal((200, 256))
    for _ in range(12):
        x = np.maximum(x @ he((256, 256), rng), 0)
        z = z @ lecun((256, 256), rng)
    assert 0.3 < np.mean(x**2) < 3
    assert 0.3 < np.mean(z**2) < 3
