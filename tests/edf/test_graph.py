"""The graph: evaluation, gradients, their bookkeeping, and what it costs a long chain."""

import copy
import gc
import threading
import weakref

import numpy as np
import pytest

import edf
from edf import (
    AnyFunction,
    Constant,
    GraphError,
    Input,
    MatMul,
    Node,
    Param,
    ShapeError,
    Sum,
    topological_order,
)
from edf.copies import copy_graph
from edf.graph import unbroadcast


class Square(Node):
    """y = x**2, elementwise: an operation as a student writes it."""

    def forward(self, x):
        return x * x

    def backward(self, grad, x):
        return 2 * x * grad


def test_a_students_operation_is_one_like_ours():
    """Bare gradient for one input; called with arrays, both methods are the operation alone."""
    x = Input([1.0, 2.0])
    y = Square(x)
    loss = Sum(y)
    assert loss.forward() == 5
    loss.backward()
    assert x.grad.tolist() == [2, 4]
    assert y.forward(np.array(3.0)) == 9
    assert y.backward(1.0, 3.0) == 6


def test_gradients_are_summed_over_fan_out_and_start_from_zero():
    """Three uses of x; a second backward gives the same, not twice as much."""
    x = Input(3.0)
    y = x * x + 2 * x
    y.forward()
    for _ in range(2):
        y.backward()
        assert x.grad == 8


def test_broadcasting_is_undone():
    """Gradients have the shapes of the inputs, whatever these were stretched to."""
    a, b, c = Input(np.ones((3, 1))), Input(np.ones(4)), Input(2.0)
    y = Sum(a * b * c)
    y.forward()
    y.backward()
    np.testing.assert_array_equal(a.grad, np.full((3, 1), 8.0))
    np.testing.assert_array_equal(b.grad, np.full(4, 6.0))
    np.testing.assert_array_equal(c.grad, 12.0)


def test_operators_make_operations():
    """All of them, with numbers and arrays on either side."""
    x, m = Input(3.0), Input(np.array([[1.0, 2.0], [3.0, 4.0]]))
    for node, value in [
        (x + 1, 4), (1 + x, 4), (x - 1, 2), (1 - x, -2), (x * 2, 6), (2 * x, 6), (x / 2, 1.5),
        (6 / x, 2), (x**2, 9), (2**x, 8), (-x, -3),
    ]:  # fmt: skip
        assert node.forward() == value
    np.testing.assert_array_equal((m @ np.eye(2)).forward(), m.value)
    np.testing.assert_array_equal((np.eye(2) @ m).forward(), m.value)
    np.testing.assert_array_equal((np.ones(2) + m).forward(), m.value + 1)
    np.testing.assert_array_equal(m.T.forward(), m.value.T)
    assert m[1, 0].forward() == 3
    with pytest.raises(TypeError, match="not iterable"):
        list(m)


def test_a_number_in_a_formula_keeps_float32():
    """Python's numbers and NumPy's float64 scalars are weak, in value and gradient."""
    x = Input(np.ones(3, np.float32))
    y = Sum(2.5 * x**2 / np.sqrt(2.0) + 1 - x / 3)
    y.forward()
    y.backward()
    assert y.value.dtype == np.float32
    assert x.grad.dtype == np.float32


def test_a_parameter_gets_a_gradient_of_its_own_precision():
    """Float32 weights with float64 data, and the other way round."""
    x, W = Input(np.ones((2, 3))), Param(np.ones((3, 1), np.float32))
    for first, second in ((x, W), (Input(np.ones((2, 3), np.float32)), Param(np.ones((3, 1))))):
        y = Sum(first @ second)
        y.forward()
        y.backward()
        assert first.grad.dtype == first.value.dtype
        assert second.grad.dtype == second.value.dtype


def test_the_order_has_inputs_first():
    """A diamond: every node once, after its inputs."""
    x = Input(1.0)
    a, b = x + 1, x * 2
    y = a * b
    order = topological_order(y)
    at = {node: k for k, node in enumerate(order)}
    assert len(order) == len(at) == 6
    for node in order:
        assert all(at[parent] < at[node] for parent in node.inputs)


def test_a_long_chain_of_operations_runs_and_is_freed():
    """No recursion: neither in forward and backward nor when the chain is dropped.

    A hundred times what Python's stack holds; `benchmarks/edf_speed.py` takes a million.
    """
    x = Input(np.ones(1))
    y = x
    for _ in range(100_000):
        y = -y
    assert y.forward() == 1
    y.backward()
    assert x.grad == 1
    order = topological_order(y)
    assert len(order) == 100_001
    middle = weakref.ref(order[50_000])
    del y, order
    gc.collect()
    assert middle() is None


def test_a_dropped_graph_is_freed_without_the_collector():
    """No cycle holds arrays back: neither what a node keeps nor what a walk leaves behind."""
    x = Input(np.ones((2, 3)))
    y = Sum(x @ Param(np.ones((3, 2))))
    y.forward()
    y.backward()
    y.backward(wrt=y)
    freed = weakref.ref(y.inputs[0])
    root = weakref.ref(y)
    gc.disable()
    try:
        del y
        assert root() is None
        assert freed() is None
    finally:
        gc.enable()


def test_other_inputs_are_noticed():
    """The remembered order is not used for a graph that was put together anew."""
    x, z = Input(2.0), Input(5.0)
    inner = x * 1.0
    y = inner + 0.0
    assert y.forward() == 2
    inner.inputs = (z, inner.inputs[1])
    assert y.forward() == 5
    y.backward()
    assert z.grad == 1


def test_copies_share_nothing_that_a_run_changes():
    """Values, gradients, keys and arbitrary functions of the original stay as they are."""
    f = AnyFunction()
    x, n = Input([1.0, 2.0]), Input([0, 1])
    picked = x[n]
    y = f(picked) + f(picked)
    before = float(y.forward())
    copies = copy_graph([y])
    twin = copies[y]
    first, second = (copies[node].function for node in y.inputs)
    assert first is second
    assert first is not f
    first.draw(np.random.default_rng(0))
    copies[x].value, copies[n].value = np.array([3.0, 4.0]), np.array([1, 1])
    assert twin.forward() != before
    assert copies[picked].value.tolist() == [4, 4]
    assert y.forward() == before
    assert copy.copy(y).forward() == before


# ----------------------------------------------------------------------------------- what is wanted


def test_wrt_names_the_gradients_that_are_wanted():
    """Others are None, and what needs not be computed is not."""
    x, W, b = Input(np.ones((2, 3))), Param(np.ones((3, 2))), Param(np.zeros(2))
    product = x @ W
    y = Sum(product + b)
    y.forward()
    y.backward()
    assert x.grad is not None
    y.backward(wrt=[b])
    assert x.grad is None
    assert W.grad is None
    assert product.grad is None
    np.testing.assert_array_equal(b.grad, [2, 2])
    y.backward(wrt=product)
    assert product.grad is not None
    assert W.grad is None
    with pytest.raises(GraphError, match=r"does not depend on <Param shape=.*named in wrt"):
        y.backward(wrt=[Param(1.0)])


def test_an_operation_is_told_what_is_needed():
    """During backward; a call of the operation alone wants everything."""
    seen = []

    class Watching(MatMul):
        """a @ b."""

        def backward(self, grad, a, b):
            seen.append((self.wants(0), self.wants(1)))
            return super().backward(grad, a, b)

    x, W = Input(np.ones((2, 3))), Param(np.ones((3, 2)))
    node = Watching(x, W)
    y = Sum(node)
    y.forward()
    y.backward(wrt=[W])
    assert seen == [(False, True)]
    assert all(g is not None for g in node.backward(np.ones((2, 2)), x.value, W.value))


def test_a_gradient_may_be_a_number_or_a_list():
    """Whatever has the shape of the input."""

    class Given(Node):
        """y = x, with a gradient that is given."""

        def forward(self, x):
            return x

        def backward(self, grad, x):
            return self.slope

    for value, slope in ((2.0, 3.0), ([1.0, 2.0], [3.0, 4.0])):
        x = Input(value)
        y = Given(x)
        y.slope = slope
        y.forward()
        y.backward(cotangent=np.ones(np.shape(value)))
        np.testing.assert_array_equal(x.grad, slope)


def test_gradients_are_those_of_the_moment_of_backward():
    """Whatever is changed in place before they are read."""
    rng = np.random.default_rng(0)
    x, W = Input(rng.random((4, 3))), Param(rng.random((3, 2)))
    x_then, W_then = x.value.copy(), W.value.copy()
    product = x @ W
    y = Sum(product * product) + Sum(x)
    y.forward()
    y.backward()
    x.value *= 7
    W.value += 1
    y.forward()
    expected = 2 * x_then @ W_then @ W_then.T + 1
    np.testing.assert_allclose(x.grad, expected, rtol=1e-12)
    held = x.grad
    y.backward()
    assert not np.allclose(x.grad, expected)
    np.testing.assert_allclose(held, expected, rtol=1e-12)


# --------------------------------------------------------------------------------- integers, errors


def test_labels_have_no_gradient():
    """Integers beside floats are labels or masks: None, and no error."""
    x, n = Input([1.0, 2.0, 4.0]), Input(2)
    y = x[n] * n
    y.forward()
    y.backward()
    assert n.grad is None
    assert x.grad.tolist() == [0, 0, 2]


@pytest.mark.parametrize("make", [lambda x: x**2, lambda x: x * 2.5])
def test_a_derivative_in_integers_is_refused(make):
    """Input(3) squared: the remedy is named."""
    y = make(Input(3))
    y.forward()
    with pytest.raises(GraphError, match=r"<Input.*> holds integers \(int64\).*write 3.0 for 3"):
        y.backward()


def test_a_derivative_in_labels_is_refused_where_it_is_asked_for():
    """Named in wrt, they are no longer overlooked."""
    x, n = Input([1.0, 2.0]), Input(1)
    y = x[n] * 1
    y.forward()
    with pytest.raises(GraphError, match="holds integers"):
        y.backward(wrt=[n])


def test_a_parameter_of_integers_is_refused():
    """Small steps would all be rounded away."""
    with pytest.raises(GraphError, match=r"int64 cannot hold it: write 3\.0 for 3"):
        Param([1, 2])


def test_what_is_missing_is_named():
    """No value, no forward, no cotangent, a wrong cotangent."""
    x = Input()
    x.name = "images"
    y = x * np.ones(2)
    with pytest.raises(GraphError, match=r"<Input images> has no value: set .value before forward"):
        y.forward()
    x.value = [1.0, 2.0]
    with pytest.raises(GraphError, match=r"<Mul> has no value: call forward\(\) first"):
        y.backward()
    y.forward()
    with pytest.raises(GraphError, match=r"not a scalar: give backward\(cotangent=...\)"):
        y.backward()
    with pytest.raises(
        ShapeError, match=r"<Mul shape=\(2,\)> was given a cotangent of shape \(3,\)"
    ):
        y.backward(cotangent=np.ones(3))


@pytest.mark.parametrize(
    ("make", "shapes", "message"),
    [
        (edf.Add, [(2, 3), (4,)], r"Add: shapes \(2, 3\) and \(4,\) do not fit: counted from the"),
        (edf.MatMul, [(2, 3), (2, 3)], r"MatMul: shapes \(2, 3\) and \(2, 3\) do not fit: the"),
        (lambda x: edf.Sum(x, axis=2), [(3,)], r"Sum: shape \(3,\) does not fit: axis names axes"),
        (lambda x: edf.Reshape(x, (2, 2)), [(3,)], r"Reshape: .*the new shape \(2, 2\) holds"),
        (lambda x: edf.Transpose(x, (0, 0)), [(3, 3)], r"Transpose: .*every axis .* once"),
        (lambda *xs: edf.Concatenate(xs, 0), [(2, 3), (2, 4)], r"Concatenate: .*all lengths but"),
        (lambda *xs: edf.Stack(xs), [(2,), (3,)], r"Stack: shapes \(2,\) and \(3,\) .*are equal"),
        (lambda x: x[5], [(3,)], r"Index: shape \(3,\) does not fit: the index lies within"),
        (edf.LayerNorm, [(2, 3), (2,), (3,)], r"LayerNorm: .*gain and bias are as long as"),
        (edf.Conv2D, [(1, 2, 5, 5), (3, 1, 3, 3)], r"Conv2D: shapes \(1, 2, 5, 5\) and \(3, 1"),
        (edf.MaxPool2D, [(1, 1, 1, 5)], r"MaxPool2D: .*a window fits the images"),
        (edf.AvgPool2D, [(5, 5)], r"AvgPool2D: .*x is \(n, c, height, width\)"),
        (edf.SquaredError, [(4, 1), (4,)], r"SquaredError: shapes \(4, 1\) and \(4,\) .*one shape"),
        (edf.CrossEntropy, [(4, 3), (3,)], r"CrossEntropy: shapes \(4, 3\) and \(3,\) .*last axis"),
        (lambda x: edf.ArgMax(x, axis=1), [(3,)], r"ArgMax: shape \(3,\) does not fit: axis"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_named_with_the_rule(make, shapes, message):
    """The operation, the shapes and the rule."""
    with pytest.raises(ShapeError, match=message):
        make(*(Input(np.ones(shape)) for shape in shapes)).forward()


@pytest.mark.parametrize("operation", [edf.CrossEntropy, edf.LogLoss, edf.Pick, edf.Accuracy])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 3]), "labels lie in 0..2, but go from 0 to 3"),
        (np.array([-1, 0]), "labels lie in 0..2, but go from -1 to 0"),
        (np.array([0.0, 1.0]), r"labels and indices .* not float64: write labels\.astype\(int\)"),
        (np.eye(3)[:2], r".*for one-hot rows write labels\.argmax\(axis=-1\)"),
        (np.array([[0], [1]]), r".*for a column write labels\[\.\.\., 0\]"),
    ],
)
def test_labels_out_of_range_are_refused(operation, labels, message):
    """-1 would silently be the last class."""
    with pytest.raises(GraphError, match=f"{operation.__name__}: {message}"):
        operation(np.full((2, 3), 1 / 3), labels).forward()


def test_an_embedding_refuses_rows_that_the_table_lacks():
    """Indices lie within the table."""
    with pytest.raises(GraphError, match=r"Embedding: indices lie in 0\.\.4, but go from 0 to 5"):
        edf.Embedding(np.ones((5, 2)), np.array([0, 5])).forward()


def test_a_mask_that_selects_nothing_is_refused():
    """A mean of no entries is no number."""
    with pytest.raises(GraphError, match="the mask selects no entry"):
        edf.MaskedMean(np.ones(3), np.zeros(3)).forward()


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ((1.0, 2.0), "backward of <Wrong.*returned 2 gradients for 1 inputs"),
        (np.ones(5), r"a gradient of shape \(5,\) for an input of shape \(3,\)"),
        (np.float64(1), r"a gradient of shape \(\) for an input of shape \(3,\)"),
    ],
)
def test_a_backward_that_returns_something_else_is_named(returned, message):
    """Too many gradients, or one of another shape."""

    class Wrong(Node):
        """A mistake."""

        def forward(self, x):
            return x.sum()

        def backward(self, grad, x):
            return returned

    y = Wrong(Input(np.ones(3)))
    y.forward()
    with pytest.raises(GraphError, match=message):
        y.backward()


def test_an_error_inside_an_operation_says_where_it_arose():
    """A student's exception keeps its type and gets a note."""

    class Broken(Node):
        """A mistake."""

        def forward(self, x):
            return x.no_such_thing

    with pytest.raises(AttributeError) as caught:
        Broken(Input(np.ones(3))).forward()
    assert caught.value.__notes__ == ["in forward of <Broken>, inputs of shapes (3,)"]


def test_unbroadcast_sums_over_stretched_axes():
    """New axes vanish, axes of length 1 come back."""
    np.testing.assert_array_equal(unbroadcast(np.ones((2, 3, 4)), (3, 1)), np.full((3, 1), 8.0))
    with pytest.raises(ShapeError, match=r"shape \(2,\) for an input of shape \(3,\)"):
        unbroadcast(np.ones(2), (3,))


def test_constants_have_no_gradient():
    """Numbers and arrays in a formula are not differentiated."""
    x = Input(2.0)
    y = x * 3.0
    y.forward()
    y.backward()
    assert isinstance(y.inputs[1], Constant)
    assert y.inputs[1].grad is None


def test_two_threads_train_at_once():
    """Each its own graph; both get what one alone gets."""

    def train(seed, result):
        rng = np.random.default_rng(seed)
        x, y = Input(rng.random((16, 5))), Input(rng.integers(3, size=16))
        W, b = Param(edf.xavier((5, 3), rng)), Param(np.zeros(3))
        loss = edf.CrossEntropy(edf.Dropout(x @ W + b, 0.2, rng), y)
        optimizer = edf.Adam(loss.params, lr=0.01)
        for _ in range(200):
            loss.forward()
            loss.backward()
            optimizer.step()
        result[seed] = W.value

    alone, together = {}, {}
    for seed in (1, 2):
        train(seed, alone)
    threads = [threading.Thread(target=train, args=(seed, together)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (1, 2):
        np.testing.assert_array_equal(alone[seed], together[seed])
