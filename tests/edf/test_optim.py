"""Optimisers, one step after the other against their formulas; clipping; schedules."""

import math

import numpy as np
import pytest

import edf
from edf import SGD, AdaGrad, Adam, AdamW, Input, Momentum, Nesterov, Param, RMSProp, Sum
from edf.optim import Optimizer, clip_gradients, cosine, exponential_decay, step_decay

START, GRADIENTS = 1.0, (0.5, -0.25, 2.0, 0.125)


def trajectory(make):
    """The values of one number after each step, for fixed gradients."""
    w = Param(np.array([START, 7.0]))
    optimizer = make([w])
    values = []
    for dw in GRADIENTS:
        w.grad = np.array([dw, 0.0])
        optimizer.step()
        values.append(float(w.value[0]))
    assert make is adamw or w.value[1] == 7.0, "no gradient, no step"
    return values


def adamw(params):
    return AdamW(params, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.2)


def formula_of_sgd():
    w = START
    for dw in GRADIENTS:
        w -= 0.1 * dw
        yield w


def formula_of_momentum():
    w, v = START, 0.0
    for dw in GRADIENTS:
        v = 0.7 * v + dw
        w -= 0.1 * v
        yield w


def formula_of_nesterov():
    """As published: the gradient is taken a step ahead, and w is the shifted parameter."""
    true, v = START, 0.0  # the parameter and its velocity, in the form of Sutskever et al.
    for dw in GRADIENTS:  # the gradient at true + 0.7 v, which is the w of our optimiser
        v = 0.7 * v - 0.1 * dw
        true += v
        yield true + 0.7 * v


def formula_of_adagrad():
    w, squares = START, []
    for dw in GRADIENTS:
        squares.append(dw**2)
        w -= 0.1 * dw / (math.sqrt(sum(squares)) + 1e-3)
        yield w


def formula_of_rmsprop():
    w, past = START, []
    for dw in GRADIENTS:
        past.insert(0, dw)
        s = sum(0.25 * 0.75**age * g**2 for age, g in enumerate(past))
        w -= 0.1 * dw / (math.sqrt(s) + 1e-3)
        yield w


def formula_of_adam(weight_decay=0.0):
    """The bias-corrected means, written as weighted averages of all past gradients."""
    w, past = START, []
    for dw in GRADIENTS:
        past.insert(0, dw)
        first = np.average(past, weights=0.8 ** np.arange(len(past)))
        second = np.average(np.square(past), weights=0.9 ** np.arange(len(past)))
        w = w - 0.1 * weight_decay * w - 0.1 * first / (math.sqrt(second) + 1e-3)
        yield w


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda p: SGD(p, lr=0.1), formula_of_sgd()),
        (lambda p: Momentum(p, lr=0.1, momentum=0.7), formula_of_momentum()),
        (lambda p: Nesterov(p, lr=0.1, momentum=0.7), formula_of_nesterov()),
        (lambda p: AdaGrad(p, lr=0.1, eps=1e-3), formula_of_adagrad()),
        (lambda p: RMSProp(p, lr=0.1, decay=0.75, eps=1e-3), formula_of_rmsprop()),
        (lambda p: Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3), formula_of_adam()),
        (adamw, formula_of_adam(weight_decay=0.2)),
    ],
    ids="sgd momentum nesterov adagrad rmsprop adam adamw".split(),
)
def test_steps_are_those_of_the_formula(make, formula):
    """Four steps with gradients of both signs, against the formula written in another way."""
    np.testing.assert_allclose(trajectory(make), list(formula), rtol=1e-14)


OPTIMIZERS = [SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimiser_goes_downhill(optimizer):
    """On a bowl whose axes differ by a factor of ten, with the default settings but the rate."""
    w = Param(np.array([1.0, -1.0]))
    loss = Sum(w * w * np.array([1.0, 10.0]))
    before = loss.forward()
    descent = optimizer(loss.params, lr=0.02)
    for _ in range(200):
        loss.forward()
        loss.backward()
        descent.step()
    assert loss.forward() < 0.5 * before


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_and_shape_are_kept(optimizer, dtype):
    """Those of the parameter, over several steps, a number's included."""
    for start in (np.ones((2, 3), dtype), np.array(1.0, dtype)):
        w = Param(start)
        descent = optimizer([w], lr=0.1)
        for _ in range(3):
            w.grad = np.ones_like(start)
            descent.step()
        assert isinstance(w.value, np.ndarray)
        assert (w.value.dtype, w.value.shape) == (dtype, start.shape)


def test_arrays_from_before_a_step_are_left_alone():
    """Whoever kept a parameter's array keeps its numbers."""
    start = np.ones(3)
    w = Param(start)
    w.grad = np.ones(3)
    for optimizer in OPTIMIZERS:
        optimizer([w]).step()
    assert start.tolist() == [1, 1, 1]
    assert w.grad.tolist() == [1, 1, 1]


def test_parameters_without_a_gradient_stay():
    """As those that a loss does not depend on."""
    used, unused = Param(np.ones(2)), Param(np.ones(2))
    loss = Sum(used)
    loss.forward()
    loss.backward()
    Adam([used, unused]).step()
    assert unused.value.tolist() == [1, 1]
    assert np.all(used.value < 1)


def test_two_parameters_have_memories_of_their_own():
    """One that skips a step keeps its own count."""
    a, b = Param(np.array(1.0)), Param(np.array(1.0))
    adam = Adam([a, b], lr=0.1)
    a.grad = np.array(1.0)
    adam.step()
    a.grad, b.grad = None, np.array(1.0)
    adam.step()
    assert a.value == b.value


def test_what_is_no_parameter_is_refused():
    """The remedy is named, and so is a rate that leads uphill."""
    with pytest.raises(TypeError, match=r"changes parameters, not <Input.*give loss\.params"):
        SGD([Input(1.0)])
    for lr in (0, -0.1, math.nan):
        with pytest.raises(ValueError, match="learning rate is positive"):
            SGD([], lr=lr)


def test_an_optimiser_of_ones_own_is_one_method():
    """Sign descent: `update` is all that it says."""

    class SignDescent(Optimizer):
        """w <- w - lr sign(dw)."""

        def update(self, w, dw, lr, memory):
            return w - lr * np.sign(dw)

    w = Param(np.array([1.0, 2.0]))
    w.grad = np.array([5.0, -0.1])
    SignDescent([w], lr=0.5).step()
    assert w.value.tolist() == [0.5, 2.5]


# ---------------------------------------------------------------------------- clipping, schedules


def test_gradients_are_clipped_together():
    """Directions stay, the joint norm becomes the largest allowed; returned is what it was."""
    a, b, c = Param(np.zeros(2)), Param(np.zeros(())), Param(np.zeros(2))
    a.grad, b.grad = np.array([3.0, 0.0]), np.array(-4.0)
    kept = a.grad
    assert clip_gradients([a, b, c], max_norm=1.0) == 5.0
    np.testing.assert_allclose(a.grad, [0.6, 0])
    np.testing.assert_allclose(b.grad, -0.8)
    assert c.grad is None
    assert kept.tolist() == [3, 0], "the array itself is not changed"
    assert clip_gradients([a, b], max_norm=2.0) == pytest.approx(1.0)
    np.testing.assert_allclose(a.grad, [0.6, 0])
    assert clip_gradients([], max_norm=1.0) == 0
    with pytest.raises(ValueError, match="max_norm is positive"):
        clip_gradients([a], max_norm=0)


def test_clipping_does_not_overflow_and_keeps_float32():
    """A norm whose square is beyond float32."""
    w = Param(np.zeros(2, np.float32))
    w.grad = np.array([3e30, 4e30], np.float32)
    other = Param(np.zeros(2))
    other.grad = np.array([0.0, 1e300])
    assert clip_gradients([w, other], max_norm=1.0) == pytest.approx(1e300)
    assert w.grad.dtype == np.float32


def test_schedules():
    """Where they start, what they pass, where they end."""
    stairs = step_decay(0.8, every=10, factor=0.5)
    assert [stairs(k) for k in (0, 9, 10, 25)] == [0.8, 0.8, 0.4, 0.2]
    halving = exponential_decay(0.8, halving=4)
    assert [halving(k) for k in (0, 4, 8)] == [0.8, 0.4, 0.2]
    wave = cosine(1.0, steps=110, warmup=10, final=0.2)
    assert [wave(k) for k in (0, 4, 9, 10)] == [0.1, 0.5, 1.0, 1.0]
    assert wave(60) == pytest.approx(0.6)
    assert wave(110) == pytest.approx(0.2)
    assert wave(1000) == pytest.approx(0.2)
    falling = [wave(k) for k in range(10, 111)]
    assert falling == sorted(falling, reverse=True)
    assert cosine(1.0, steps=3, warmup=3)(3) == 1.0


def test_a_schedule_sees_the_number_of_steps_taken():
    """From 0, one more at each step."""
    seen = []
    w = Param(np.array(1.0))
    w.grad = np.array(1.0)
    descent = edf.SGD([w], lr=lambda step: seen.append(step) or 0.5)
    for _ in range(3):
        descent.step()
    assert seen == [0, 1, 2]
    assert w.value == -0.5
