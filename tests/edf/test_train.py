"""The training loop: what it computes, what it shows and where, what stops it; dropout switched."""

import io

import numpy as np
import pytest

from edf import (
    SGD,
    CrossEntropy,
    Dropout,
    Input,
    Param,
    SquaredError,
    Sum,
    clip_gradients,
    evaluating,
    fit,
)
from edf.data import batches
from edf.train import ProgressBar


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def problem(rows=10):
    """A linear regression: the loss, its inputs with data, and a fresh optimiser."""
    rng = np.random.default_rng(0)
    x, y, w = Input(), Input(), Param(np.zeros(3))
    data = {x: rng.standard_normal((rows, 3)), y: rng.standard_normal(rows)}
    loss = SquaredError(x @ w, y)
    return loss, data, w


def test_it_is_the_loop_that_one_would_write():
    """Bit for bit, shuffled, with clipped gradients and a last batch that is smaller."""
    loss, data, w = problem()
    means = fit(
        loss, SGD([w], lr=0.1), data, epochs=3, batch_size=4,
        rng=np.random.default_rng(5), max_norm=0.5,
    )  # fmt: skip
    other, data, v = problem()
    x, y = data
    descent, rng, expected = SGD([v], lr=0.1), np.random.default_rng(5), []
    for _ in range(3):
        total = 0.0
        for x.value, y.value in batches(*data.values(), size=4, rng=rng):
            total += float(other.forward()) * len(y.value)
            other.backward()
            clip_gradients([v], 0.5)
            descent.step()
        expected.append(total / 10)
    assert means == expected
    np.testing.assert_array_equal(w.value, v.value)


def test_without_a_generator_examples_keep_their_order():
    """And each epoch is told of."""
    loss, data, w = problem()
    told = []
    means = fit(loss, SGD([w], lr=0.1), data, epochs=2, after_epoch=lambda *a: told.append(a))
    assert told == [(1, means[0]), (2, means[1])]
    assert means[1] < means[0]


def test_only_what_is_trained_gets_a_gradient():
    """Neither the data nor a parameter that the optimiser does not have."""
    loss, data, w = problem()
    frozen = Param(np.array(1.0))
    both = loss * frozen
    fit(both, SGD([w], lr=0.1), data)
    assert frozen.grad is None
    assert all(leaf.grad is None for leaf in data)
    assert w.grad is not None


def test_a_loss_that_is_not_finite_stops_the_loop():
    """With the place and what to try."""
    loss, data, w = problem()
    with (
        pytest.raises(FloatingPointError, match=r"loss is (nan|inf) in epoch \d+, batch 1: try a"),
        np.errstate(all="ignore"),
    ):
        fit(loss, SGD([w], lr=1e200), data, epochs=9)
    assert loss.value == np.inf or np.isnan(loss.value)


def test_arrays_of_different_lengths_are_refused():
    """Before anything is trained."""
    loss, data, w = problem()
    x, y = data
    with pytest.raises(ValueError, match="equal length"):
        fit(loss, SGD([w], lr=0.1), {x: data[x], y: data[y][:-1]})
    assert not np.any(w.value)


def test_nothing_to_train_on_is_refused():
    """No inputs, or no rows: a mean of nothing is no number."""
    loss, data, w = problem()
    with pytest.raises(ValueError, match="data"):
        fit(loss, SGD([w], lr=0.1), {})
    with pytest.raises(ValueError, match="data"):
        fit(loss, SGD([w], lr=0.1), {leaf: array[:0] for leaf, array in data.items()})


# ------------------------------------------------------------------------------- the progress bar


def test_the_bar_is_drawn_on_a_terminal_and_ends_its_line():
    """The last drawing is full and tells the last loss."""
    loss, data, w = problem()
    stream = Terminal()
    fit(loss, SGD([w], lr=0.1), data, epochs=2, batch_size=4, stream=stream)
    shown = stream.getvalue()
    assert shown.startswith("\r")
    assert shown.endswith(f"loss {float(loss.value):.4g}\x1b[K\n")
    last = shown.rpartition("\r")[2]
    assert last.startswith("█" * 30 + " 100% epoch 2/2")


def test_nothing_is_written_elsewhere(capsys):
    """A log is no terminal."""
    loss, data, w = problem()
    stream = io.StringIO()
    fit(loss, SGD([w], lr=0.1), data, stream=stream)
    fit(loss, SGD([w], lr=0.1), data)
    assert stream.getvalue() == ""
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_the_clock_is_not_read(monkeypatch):
    """So a page that trains comes out alike, and is kept in the cache."""
    monkeypatch.setattr("edf.train.time.monotonic", lambda: pytest.fail("the clock was read"))
    loss, data, w = problem()
    fit(loss, SGD([w], lr=0.1), data, stream=io.StringIO())


def test_the_bar_is_not_drawn_at_every_step(monkeypatch):
    """A drawing takes longer than a step: ten a second are enough, and the last one."""
    clock = [0.0]
    monkeypatch.setattr("edf.train.time.monotonic", lambda: clock[0])
    stream = Terminal()
    with ProgressBar(stream) as bar:
        for k in range(1, 101):
            clock[0] = k / 50  # two seconds in all
            bar.show(k / 100, f"step {k}")
    drawings = stream.getvalue().count("\r")
    assert 15 <= drawings <= 22
    assert "100% step 100" in stream.getvalue()


def test_the_line_is_ended_when_the_loop_stops_early():
    """What is printed next begins a line of its own."""
    loss, data, w = problem()
    stream = Terminal()
    with pytest.raises(FloatingPointError), np.errstate(all="ignore"):
        fit(loss, SGD([w], lr=1e200), data, epochs=9, stream=stream)
    assert stream.getvalue().endswith("\n")
    stream = Terminal()

    def interrupt(*args):
        raise KeyboardInterrupt

    loss, data, w = problem()
    with pytest.raises(KeyboardInterrupt):
        fit(loss, SGD([w], lr=0.1), data, after_epoch=interrupt, stream=stream)
    assert stream.getvalue().endswith("\n")


# ----------------------------------------------------------------------------------------- dropout


def test_dropout_is_off_while_evaluating_and_comes_back():
    """Only below the nodes that are named, and also within another such block."""
    x = Input(np.linspace(0, 1, 200))
    loss, other = Sum(Dropout(x, 0.5, rng=1)), Dropout(x, 0.5, rng=2)
    with evaluating(loss):
        assert loss.forward() == pytest.approx(100)
        assert other.training
        with evaluating(loss):
            pass
        assert loss.forward() == pytest.approx(100)
    assert loss.forward() != pytest.approx(100)


def test_dropout_comes_back_after_an_error():
    """Of each node that was named."""
    one, two = (Dropout(np.ones(3), 0.5, rng=seed) for seed in (1, 2))
    seen = []

    def evaluate():
        with evaluating(one, two):
            seen.extend([one.training, two.training])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        evaluate()
    assert seen == [False, False]
    assert one.training
    assert two.training


def test_a_network_with_dropout_learns():
    """Two clouds of points, apart by five deviations."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    points = rng.standard_normal((60, 2)) + 5 * labels[:, None]
    x, y, W, b = Input(), Input(), Param(np.zeros((2, 2))), Param(np.zeros(2))
    scores = Dropout(x, 0.2, rng) @ W + b
    loss = CrossEntropy(scores, y)
    losses = fit(
        loss, SGD(loss.params, lr=0.1), {x: points, y: labels}, epochs=60, batch_size=20, rng=rng
    )
    assert losses[-1] < 0.5 * losses[0]
    with evaluating(scores):
        x.value = points
        assert np.mean(scores.forward().argmax(axis=1) == labels) > 0.95
