"""Layers with parameters: the same nodes as without, their parameters, and networks that train."""

import numpy as np
import pytest

import edf
from edf import Adam, CrossEntropy, Input, ReLU, SquaredError, Tanh, check_gradients, fit, nn

RNG = np.random.default_rng(0)


def values(layer):
    return [part.value for part in vars(layer).values() if isinstance(part, edf.Param)]


@pytest.mark.parametrize(
    ("layer", "shape", "result", "by_hand"),
    [
        (nn.Linear(3, 2, RNG), (4, 3), (4, 2), lambda x, W, b: x @ W + b),
        (nn.Linear(3, 2, RNG, bias=False), (5, 4, 3), (5, 4, 2), lambda x, W: x @ W),
        (nn.LayerNorm(3), (4, 3), (4, 3), lambda x, g, b: edf.LayerNorm(x, g, b).forward()),
        (
            nn.Conv2D(2, 3, 3, RNG, padding=1),
            (2, 2, 4, 5),
            (2, 3, 4, 5),
            lambda x, w, b: edf.Conv2D(x, w, 1, 1).forward() + b,
        ),
    ],
)
def test_layers_are_their_operations(layer, shape, result, by_hand):
    """Value, shape, parameters in the order in which they are used, and gradients."""
    x = np.random.default_rng(1).standard_normal(shape)
    node = layer(Input(x))
    assert node.forward().shape == result
    np.testing.assert_allclose(node.value, by_hand(x, *values(layer)), rtol=1e-13)
    assert [id(p.value) for p in node.params] == [id(v) for v in values(layer)]
    assert check_gradients(node).status == "verified"


def test_a_layer_that_is_called_twice_has_its_parameters_once():
    """Their gradients are summed over both uses."""
    layer = nn.Linear(2, 2, np.random.default_rng(0))
    x = Input(np.ones((1, 2)))
    twice = edf.Sum(layer(layer(x)))
    assert len(twice.params) == 2
    assert check_gradients(twice).status == "verified"


def test_initial_values_come_from_the_generator():
    """The same seed gives the same network; the precision is the one asked for."""
    one, two = (nn.Linear(4, 3, np.random.default_rng(5), dtype=np.float32) for _ in range(2))
    np.testing.assert_array_equal(one.W.value, two.W.value)
    assert one.W.value.dtype == one.b.value.dtype == np.float32


def test_a_network_in_a_few_lines_trains():
    """Two classes that no line separates."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (200, 2))
    x, y = Input(points), Input((points[:, 0] * points[:, 1] > 0).astype(int))
    model = nn.Sequential(nn.Linear(2, 16, rng), ReLU, nn.Linear(16, 2, rng))
    loss = CrossEntropy(model(x), y)
    optimizer = Adam(loss.params, lr=0.05)
    first = loss.forward()
    for _ in range(150):
        loss.forward()
        loss.backward()
        optimizer.step()
    assert loss.value < 0.1 * first


def test_a_sequence_model_remembers():
    """The first of six numbers, after the last: an LSTM over embedded symbols."""
    rng = np.random.default_rng(0)
    symbols = rng.integers(4, size=(32, 6))
    embed, lstm, head = nn.Embedding(4, 8, rng), nn.LSTM(8, 16, rng), nn.Linear(16, 4, rng)
    last = lstm([embed(symbols[:, t]) for t in range(6)])[-1]
    loss = CrossEntropy(head(last), symbols[:, 0])
    assert len(loss.params) == 6
    optimizer = Adam(loss.params, lr=0.03)
    for _ in range(120):
        loss.forward()
        loss.backward(wrt=loss.params)
        optimizer.step()
    assert loss.value < 0.1


def test_a_recurrent_network_is_its_recurrence():
    """Written out over three steps; the gradient goes through all of them."""
    rng = np.random.default_rng(0)
    rnn, inputs = nn.RNN(2, 3, rng), rng.standard_normal((3, 5, 2))
    states = rnn([Input(x) for x in inputs])
    h = np.zeros((5, 3))
    for x, state in zip(inputs, states, strict=True):
        h = np.tanh(x @ rnn.W.value + h @ rnn.U.value + rnn.b.value)
        np.testing.assert_allclose(state.forward(), h, rtol=1e-12)
    assert len(states[-1].params) == 3
    assert check_gradients(SquaredError(states[-1], np.zeros((5, 3)))).status == "verified"


def test_attention_and_normalisation_compose():
    """A block of a transformer, causal: what comes later changes nothing before it."""
    rng = np.random.default_rng(0)
    block = nn.Sequential(nn.LayerNorm(4), nn.MultiHeadAttention(4, 2, rng, causal=True), Tanh)
    x = Input(rng.standard_normal((1, 3, 4)))
    node = block(x)
    before = node.forward().copy()
    x.value = x.value.copy()
    x.value[0, 2, 0] += 1
    after = node.forward()
    np.testing.assert_array_equal(before[0, :2], after[0, :2])
    assert not np.allclose(before[0, 2], after[0, 2])
    assert check_gradients(SquaredError(node, np.zeros((1, 3, 4)))).status == "verified"


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: nn.Linear(3, 2, 0), r"rng = np\.random\.default_rng\(0\), not 0: of a seed"),
        (lambda: nn.Sequential([Tanh]), r"is no layer.*Sequential\(\*layers\) for a list"),
        (lambda: nn.Sequential(nn.LayerNorm(2), Tanh(Input(1.0))), "is no layer, which is a func"),
        (lambda: nn.ReLU(), r"edf\.nn has no 'ReLU'.*Sequential\(Linear\(2, 3, rng\), ReLU\)"),
        (lambda: nn.Module, "a model is a function of nodes"),
        (lambda: nn.Thing, "a model of your own is a function of nodes"),
        (lambda: fit(Tanh(1.0), None, [np.ones(3)]), r"\{x: images, y: labels\}"),
    ],
)
def test_mistakes_say_what_to_write(mistake, message):
    """What one brings from other frameworks."""
    with pytest.raises((TypeError, AttributeError), match=message):
        mistake()
