"""Losses and operations where naive formulas fail: large, small, far apart; and several at once."""

import math

import numpy as np
import pytest

import edf
from edf import CrossEntropy, Input, LogLoss, LogSoftmax, MaskedMean, Softmax, SquaredError, Sum

FAR = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [800.0, 799.0, -3e38], [3e38, 1.0, 0.0]])


def gradient(loss, x):
    loss.forward()
    loss.backward()
    return x.grad


def test_cross_entropy_is_exact_where_softmax_underflows():
    """-log of a probability of exp(-20,000), and zero where the label is certain."""
    x = Input(FAR)
    labels = np.array([2, 0, 1, 0])
    loss = CrossEntropy(x, labels)
    expected = [20_000.0, math.log(3), 1 + math.log1p(math.exp(-1)), 0.0]
    np.testing.assert_allclose(loss.forward(), np.mean(expected), rtol=1e-15)
    dx = gradient(loss, x)
    np.testing.assert_allclose(4 * dx[0], [1, 0, -1], atol=1e-15)
    np.testing.assert_allclose(4 * dx[1], [-2 / 3, 1 / 3, 1 / 3], rtol=1e-14)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-16)
    assert np.all(np.isfinite(dx))


def test_cross_entropy_is_log_loss_of_softmax_is_minus_mean_log_softmax():
    """Three ways to the same loss and gradient, for scores with two leading axes."""
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal((2, 3, 4)), rng.integers(4, size=(2, 3))
    losses, grads = [], []
    for make in (
        lambda x: CrossEntropy(x, labels),
        lambda x: LogLoss(Softmax(x), labels),
        lambda x: -edf.Mean(edf.Pick(LogSoftmax(x), labels)),
    ):
        x = Input(scores)
        loss = make(x)
        grads.append(gradient(loss, x))
        losses.append(float(loss.value))
    np.testing.assert_allclose(losses, losses[0], rtol=1e-14)
    for grad in grads[1:]:
        np.testing.assert_allclose(grad, grads[0], rtol=1e-12, atol=1e-16)


def test_cross_entropy_follows_arrays_that_change_in_place():
    """At the next forward: a gradient is that of the loss which the last forward gave."""
    x, labels = Input(np.zeros((1, 2))), np.array([0])
    loss = CrossEntropy(x, labels)
    loss.forward()
    labels[0] = 1
    x.value[0] = [math.log(3), 0]
    loss.backward()
    np.testing.assert_allclose(x.grad, [[-0.5, 0.5]])
    loss.forward()
    loss.backward()
    np.testing.assert_allclose(x.grad, [[0.75, -0.75]])


def test_labels_may_be_of_any_kind_of_integer():
    """Unsigned ones of 64 bits make floats of the places that they are added to."""
    scores = np.arange(6.0).reshape(2, 3)
    for kind in (np.int8, np.uint8, np.int64, np.uint64):
        labels = np.array([2, 0], kind)
        assert edf.Pick(scores, labels).forward().tolist() == [2, 3]
        assert CrossEntropy(scores, labels).forward() == CrossEntropy(scores, [2, 0]).forward()


def test_one_row_has_one_label():
    """A number, whether NumPy's or not."""
    for label in (1, np.int8(1), Input(1)):
        x = Input(np.array([0.0, 0.0, math.log(2)]))
        loss = CrossEntropy(x, label)
        np.testing.assert_allclose(gradient(loss, x), [0.25, -0.75, 0.5])
        assert loss.value == pytest.approx(math.log(4))
        assert LogLoss(Softmax(x), label).forward() == pytest.approx(math.log(4))
        assert edf.Pick(x, label).forward() == 0


def test_scores_may_lie_in_memory_in_any_order():
    """Entries are found by their place in the rows, not in memory."""
    rng = np.random.default_rng(0)
    scores, labels = rng.random((4, 3)), np.array([2, 0, 1, 1])
    for make in (CrossEntropy, LogLoss, edf.Pick):
        grads = []
        for array in (scores, np.asfortranarray(scores), np.repeat(scores, 2, axis=1)[:, ::2]):
            x = Input(array)
            grads.append(gradient(edf.Sum(make(x, labels)), x))
        np.testing.assert_array_equal(grads[1], grads[0])
        np.testing.assert_array_equal(grads[2], grads[0])


def test_one_node_called_alone_does_not_disturb_the_graph():
    """`backward` with other arrays than the last forward had computes what it needs anew."""
    x, labels = Input(np.zeros((1, 2))), np.array([0])
    loss = CrossEntropy(x, labels)
    loss.forward()
    other = np.array([[math.log(3), 0.0]])
    dx, none = loss.backward(np.float64(1), other, labels)
    np.testing.assert_allclose(dx, [[-0.25, 0.25]])
    assert none is None


def test_log_loss_is_infinite_where_a_labelled_probability_is_zero():
    """As the formula says; with a warning of NumPy's, as for any logarithm of zero."""
    with np.errstate(divide="ignore"):
        assert LogLoss(np.array([[0.0, 1.0]]), np.array([0])).forward() == np.inf
    assert LogLoss(np.array([[0.0, 1.0]]), np.array([1])).forward() == 0


def test_squared_error_of_a_number_and_of_nothing_hidden_by_broadcasting():
    """Numbers are fine; a column against a row is refused in test_graph."""
    x = Input(3.0)
    loss = SquaredError(x, 1.0)
    assert gradient(loss, x) == 4
    assert loss.value == 4


def test_a_masked_mean_ignores_what_is_masked_even_if_it_is_no_number():
    """NaN times zero is NaN, so nothing is multiplied."""
    x = Input(np.array([1.0, np.nan, 3.0]))
    loss = MaskedMean(x, np.array([1, 0, 1]))
    np.testing.assert_array_equal(gradient(loss, x), [0.5, 0, 0.5])
    assert loss.value == 2


def test_other_labels_between_forward_and_backward_count():
    """What forward kept for backward is that of its own inputs only."""
    scores, labels = Input(np.array([[1.0, 2.0, 4.0]])), Input(np.array([0]))
    loss = CrossEntropy(scores, labels)
    loss.forward()
    labels.value = np.array([2])
    loss.backward()
    P = np.exp(scores.value) / np.exp(scores.value).sum()
    np.testing.assert_allclose(scores.grad, P - [[0, 0, 1]], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["int8", "uint8", ">i8", "<i4"])
def test_labels_are_integers_of_any_type(dtype):
    """In range they count alike; -1, where there is one, is refused and does not mean the last."""
    scores = np.array([[1.0, 2.0, 4.0], [3.0, 0.0, 1.0]])
    expected = CrossEntropy(scores, np.array([2, 0])).forward()
    assert CrossEntropy(scores, np.array([2, 0], dtype)).forward() == expected
    for wrong in (3, *(() if dtype == "uint8" else (-1,))):
        with pytest.raises(edf.GraphError, match=r"labels lie in 0\.\.2"):
            CrossEntropy(scores, np.array([2, wrong], dtype)).forward()


def test_losses_of_an_empty_batch_are_refused():
    """A mean of no rows is no number."""
    for loss in (CrossEntropy, LogLoss, edf.Accuracy):
        with pytest.raises(edf.GraphError, match="a mean of no rows is no number"):
            loss(np.ones((0, 3)), np.ones(0, int)).forward()
    for loss in (edf.SquaredError, edf.BinaryCrossEntropy, edf.Huber, edf.KL):
        with pytest.raises(edf.GraphError, match="a mean of no entries is no number"):
            loss(np.ones((0, 3)), np.ones((0, 3))).forward()


# ------------------------------------------------------------------- stable where naive forms fail


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("operation", "expected", "slopes"),
    [
        (edf.Sigmoid, [0, 0, 0.5, 1, 1], [0, 0, 0.25, 0, 0]),
        (edf.Tanh, [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
        (edf.Softplus, [0, 0, math.log(2), 200, 1e4], [0, 0, 0.5, 1, 1]),
        (edf.SiLU, [0, 0, 0, 200, 1e4], [0, 0, 0.5, 1, 1]),
        (edf.GELU, [0, 0, 0, 200, 1e4], [0, 0, 0.5, 1, 1]),
    ],
)
def test_functions_of_one_number_at_both_ends(operation, expected, slopes, dtype):
    """No overflow, no warning (warnings are errors here), and the slope that the value has."""
    x = Input(np.array([-1e4, -200, 0, 200, 1e4], dtype))
    y = operation(x)
    np.testing.assert_allclose(y.forward(), expected, rtol=1e-6, atol=1e-30)
    y.backward(cotangent=np.ones(5, dtype))
    np.testing.assert_allclose(x.grad, slopes, rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("operation", [edf.Sigmoid, edf.Tanh, edf.Softplus, edf.SiLU, edf.GELU])
def test_complex_numbers_pass_where_exp_overflows(operation):
    """So that the complex step judges there, too, and does not have to decline."""
    report = edf.check_gradients(operation(Input([-800.0, -40.0, 0.0, 40.0, 800.0])), points=1)
    assert (report.status, report.oracle) == ("verified", "complex-step"), str(report)


def test_a_sigmoid_of_nothing_is_nothing():
    """No rows, as a filter may leave, are no error."""
    x = Input(np.ones((0, 3)))
    y = edf.Sigmoid(x)
    assert y.forward().shape == (0, 3)
    y.backward(cotangent=np.ones((0, 3)))
    assert x.grad.shape == (0, 3)


def test_slopes_far_out_keep_their_digits():
    """1 - y would have lost them: at 30 the slope of the sigmoid is exp(-30), to 15 digits."""
    for operation, slope in ((edf.Sigmoid, math.exp(-30)), (edf.Tanh, 4 * math.exp(-60))):
        for sign in (1, -1):
            x = Input(sign * 30.0)
            assert gradient(operation(x), x) == pytest.approx(slope, rel=1e-12, abs=0)


@pytest.mark.parametrize("operation", [Softmax, LogSoftmax, lambda x: edf.LogSumExp(x, axis=-1)])
def test_softmax_and_its_kin_at_scores_far_apart(operation):
    """Finite values and gradients, and a check that agrees, where exp would overflow."""
    x = Input(FAR)
    y = operation(x)
    value = y.forward()
    assert np.all(np.isfinite(value))
    y.backward(cotangent=np.ones_like(value))
    assert np.all(np.isfinite(x.grad))
    moderate = Input(np.array([[900.0, 899.0, 890.0], [-900.0, -901.0, -905.0]]))
    assert edf.check_gradients(operation(moderate), points=1).status == "verified"


def test_log_sum_exp_is_above_the_largest_by_at_most_log_n():
    """Of equal entries it is exactly that."""
    x = np.full(8, 1000.0)
    assert edf.LogSumExp(x).forward() == pytest.approx(1000 + math.log(8), rel=1e-15)
    assert edf.LogSumExp(np.array([-1e4, 0.0])).forward() == 0


def test_equal_entries_of_a_maximum_share_its_gradient():
    """Equally, over each axis by itself; the shares sum to what comes in."""
    x = Input(np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]))
    rows = edf.Max(x, axis=1)
    rows.forward()
    rows.backward(cotangent=np.array([1.0, 6.0]))
    np.testing.assert_array_equal(x.grad, [[0, 0.5, 0.5], [2, 2, 2]])


def test_at_a_kink_the_documented_slope_is_taken():
    """0 for |x| and ReLU at 0, the lower one for LeakyReLU, that of the first of two equals."""
    for operation, slope in ((edf.Abs, 0), (edf.ReLU, 0), (lambda x: edf.LeakyReLU(x, 0.2), 0.2)):
        x = Input(0.0)
        assert gradient(operation(x), x) == slope
    for operation in (edf.Maximum, edf.Minimum):
        a, b = Input(2.0), Input(2.0)
        assert gradient(operation(a, b), a) == 1
        assert b.grad == 0


def test_a_power_has_the_slopes_of_its_limits():
    """At base 0 and at exponent 0, without a warning."""
    a, p = Input(np.array([0.0, 0.0, 2.0, 0.0])), Input(np.array([2.0, 1.0, 0.0, 3.0]))
    total = Sum(a**p)
    total.forward()
    total.backward()
    np.testing.assert_array_equal(a.grad, [0, 1, 0, 0])
    np.testing.assert_allclose(p.grad, [0, 0, math.log(2), 0])


def test_cross_entropy_keeps_its_digits_where_the_label_has_all_but_all_probability():
    """The logarithm of a sum near 1, and a probability less 1, would leave rounding alone."""
    scores, rest = Input([[40.0, 0.0, 1.0]]), math.exp(-40) + math.exp(-39)
    loss = CrossEntropy(scores, np.array([0]))
    assert loss.forward() == pytest.approx(rest, rel=1e-15)
    loss.backward()
    np.testing.assert_allclose(scores.grad, [[-rest, math.exp(-40), math.exp(-39)]], rtol=1e-15)


def test_a_fitted_classifier_is_verified():
    """Its loss is rounding but for these digits, and its gradients span many magnitudes."""
    rng = np.random.default_rng(0)
    images, labels = rng.standard_normal((4, 200)), rng.integers(0, 10, 4)
    weights = edf.Param(edf.xavier((200, 10), rng))
    loss = CrossEntropy(Input(images) @ weights, labels)
    loss.forward()
    loss.backward()
    edf.SGD(loss.params, lr=2.0).step()
    report = edf.check_gradients(loss)
    assert report.status == "verified", report
