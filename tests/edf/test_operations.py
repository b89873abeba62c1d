"""Every operation of the catalogue: value, shape, dtype, gradient, complex safety."""

import inspect

import numpy as np
import pytest

import edf
from edf import GraphError, Input, Node, Sum, check_gradients
from edf.copies import copy_graph


def operations():
    """All public operations."""
    public = [value for value in vars(edf).values() if inspect.isclass(value)]
    return {c for c in public if issubclass(c, Node) and c.forward is not Node.forward}


def computed(row, arrays):
    """The value of a row's operation at `arrays`."""
    return row.make(*map(Input, arrays)).forward()


def arguments(node):
    """The inputs of a row's node; numbers in its formula, as the 2 of x**2, are not among them."""
    return [leaf for leaf in node.inputs if isinstance(leaf, Input)]


def gradients(node):
    """The gradients of a row's node, for a fixed random cotangent, in its inputs."""
    value = node.forward()
    cotangent = np.random.default_rng(1).standard_normal(np.shape(value)).astype(value.dtype)
    node.backward(cotangent=cotangent)
    return [leaf.grad for leaf in arguments(node)]


def test_value_is_that_of_the_definition(row):
    """As plain NumPy has it, written another way; the same shape."""
    for seed in range(3):
        arrays = row.arguments(seed)
        expected = row.reference(*arrays)
        value = computed(row, arrays)
        assert np.shape(value) == np.shape(expected)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-13)


def test_gradient_is_verified_by_the_complex_step(row):
    """At several points, to the last digits; the form accepts complex numbers."""
    report = check_gradients(row.node())
    assert report.status == "verified", str(report)
    assert report.oracle == "complex-step"


def test_precision_is_kept(row):
    """Float32 in, float32 out, value and gradients, and close to float64."""
    single, double = row.node(dtype=np.float32), row.node()
    grads, wanted = gradients(single), gradients(double)
    assert single.value.dtype == np.float32
    np.testing.assert_allclose(single.value, double.value, rtol=2e-5, atol=2e-6)
    for leaf, grad, exact in zip(arguments(single), grads, wanted, strict=True):
        assert (grad is None) == (leaf.value.dtype.kind != "f")
        if grad is not None:
            assert grad.dtype == np.float32
            assert grad.shape == leaf.value.shape
            np.testing.assert_allclose(grad, exact, rtol=2e-4, atol=2e-5)


def test_complex_arguments_give_the_same_real_part(row):
    """With imaginary parts of zero the value is the real one, and has none either."""
    arrays = row.arguments()
    value = computed(row, arrays)
    as_complex = [a.astype(complex) if a.dtype.kind == "f" else a for a in arrays]
    result = computed(row, as_complex)
    np.testing.assert_allclose(result.real, value, rtol=1e-13, atol=1e-14)
    assert np.iscomplexobj(result)
    assert not np.any(result.imag)


def test_inputs_are_left_as_they_are(row):
    """Neither forward nor backward writes into the arrays that it is given."""
    node = row.node()
    before = [leaf.value.copy() for leaf in arguments(node)]
    gradients(node)
    after = [leaf.value for leaf in arguments(node)]
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


def test_every_operation_is_in_the_catalogue(catalogue):
    """No public operation escapes the tests above, but those that have no derivative."""
    tested = {type(row.node()) for row in catalogue.ROWS}
    comparisons = {edf.Greater, edf.GreaterEqual, edf.Less, edf.LessEqual, edf.Equal, edf.NotEqual}
    steps = {edf.Sign, edf.Floor, edf.Ceil, edf.Round}
    masks = {edf.And, edf.Or, edf.Not}
    assert operations() - tested == {edf.Accuracy, edf.ArgMax, *comparisons, *masks, *steps}
    functions = {edf.Conv1D, edf.RNNCell, edf.LSTMCell, edf.MultiHeadAttention, edf.Hessian}
    assert all(function.__doc__ for function in functions)


def test_every_operation_has_its_formula():
    """The docstring of an operation is its formula, or says what its value is."""
    assert all(operation.__doc__ for operation in operations())


@pytest.mark.parametrize("operation", [edf.Accuracy, edf.ArgMax])
def test_step_functions_have_no_derivative_and_say_so(operation):
    """The value is right; backward explains."""
    x = Input(np.array([[1.0, 3.0], [2.0, 0.0], [5.0, 4.0]]))
    node = operation(x, np.array([1, 0, 1])) if operation is edf.Accuracy else operation(x)
    expected = 2 / 3 if operation is edf.Accuracy else [1, 0, 0]
    np.testing.assert_allclose(node.forward(), expected)
    loss = Sum(node * 1.0)
    loss.forward()
    with pytest.raises(GraphError, match=f"{operation.__name__} is a step function"):
        loss.backward()


@pytest.mark.parametrize(
    ("operation", "values"),
    [
        (edf.Sign, [-1, -1, 0, 1, 1]),
        (edf.Floor, [-2, -1, 0, 0, 2]),
        (edf.Ceil, [-1, 0, 0, 1, 3]),
        (edf.Round, [-2, 0, 0, 0, 2]),
    ],
)
def test_steps_have_the_slope_0(operation, values):
    """And take gradients, unlike labels: a product has the slope of the other factor."""
    x = Input(np.array([-1.7, -0.4, 0.0, 0.5, 2.5]))
    node = operation(x)
    np.testing.assert_array_equal(node.forward(), values)
    loss = Sum(node * x + node)
    loss.forward()
    loss.backward()
    np.testing.assert_array_equal(x.grad, values)
    assert "The slope is 0." in operation.__doc__
    single = operation(Input(x.value.astype(np.float32)))
    assert single.forward().dtype == np.float32


@pytest.mark.parametrize(
    ("compare", "holds"),
    [
        (lambda x, y: x > y, [False, False, True]),
        (lambda x, y: x >= y, [False, True, True]),
        (lambda x, y: x < y, [True, False, False]),
        (lambda x, y: x <= y, [True, True, False]),
        (edf.Equal, [False, True, False]),
        (edf.NotEqual, [True, False, True]),
    ],
)
def test_comparisons_are_masks(compare, holds):
    """Of nodes and numbers; nothing flows back through them."""
    x = Input(np.array([1.0, 2.0, 3.0]))
    assert compare(x, 2.0).forward().tolist() == holds
    loss = Sum(edf.Where(compare(x, Input(np.full(3, 2.0))), x, 5 * x) + compare(x, 2) * x)
    loss.forward()
    loss.backward()
    assert x.grad.tolist() == [(1 if h else 5) + h for h in holds]


def test_a_choice_hides_what_is_undefined():
    """As in the docstring of Where: no warning, and a gradient of 0."""
    x = Input(np.array([-1.0, 0.0, 2.0]))
    y = Sum(edf.Where(x > 0, edf.Log(edf.Where(x > 0, x, 1)), 0))
    assert y.forward() == np.log(2)
    y.backward()
    assert x.grad.tolist() == [0, 0, 0.5]


def test_products_and_norms_with_zeros():
    """Where the quotient of the product by the factor would be 0 / 0."""
    for zeros in ([1.0, 0.0, 3.0], [0.0, 0.0, 3.0]):
        x = Input(np.array(zeros))
        y = edf.Prod(x)
        y.forward()
        y.backward()
        a, b, c = zeros
        assert x.grad.tolist() == [b * c, a * c, a * b]
    for operation in (edf.Norm, edf.Std):
        x = Input(np.zeros(3))
        y = operation(x)
        assert y.forward() == 0
        y.backward()
        assert x.grad.tolist() == [0, 0, 0]
    assert edf.Norm(np.full(4, 1e200)).forward() == pytest.approx(2e200)


def test_determinants_of_singular_matrices():
    """The determinant has a derivative, its cofactors; its logarithm and the inverse say no."""
    A = Input(np.array([[1.0, 2.0], [2.0, 4.0]]))
    y = edf.Det(A)
    assert y.forward() == 0
    y.backward()
    np.testing.assert_allclose(A.grad, [[4, -2], [-2, 1]])
    for operation in (edf.LogDet, edf.Inverse):
        with pytest.raises(GraphError, match=r"[Ss]ingular"):
            operation(A).forward()
    with pytest.raises(GraphError, match="ositive definite"):
        edf.Cholesky(-np.eye(2)).forward()


TWO, ONE = Input(2), edf.Constant(1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: edf.Einsum("ij,jk->ik", np.ones((2, 2))),
            "one group of letters for each of the 1",
        ),
        (lambda: edf.Einsum("i.->i", np.ones(2)), "one group of letters"),
        (lambda: edf.Einsum("i...->i", np.ones(2)), "in an argument and in the result"),
        (lambda: edf.Einsum("...ij->...i", np.ones(2)).forward(), "names the axes"),
        (lambda: edf.Einsum("ij,jk", np.ones((2, 3)), np.ones((2, 3))).forward(), "names the axes"),
        (lambda: edf.Solve(np.ones((2, 3)), np.ones(2)).forward(), "Solve: shapes .* A is square"),
        (
            lambda: edf.Det(np.ones((2, 3))).forward(),
            r"Det: shape \(2, 3\) does not fit: .* square",
        ),
        (lambda: edf.Grad(TWO * TWO, TWO).forward(), "holds integers .*write 3.0 for 3"),
        (lambda: edf.Jacobian(ONE * 2.0, ONE), "is a constant, without derivatives: write Input"),
        (lambda: edf.Huber(1.0, 2.0, delta=-1.0), "Huber: delta is positive"),
        (lambda: edf.Split(np.ones(5), 2)[0].forward(), "as long as a multiple"),
        (lambda: edf.BatchNorm(np.ones((3, 2)), np.ones(3), np.ones(3)).forward(), "gain and bias"),
        (lambda: edf.Attention(*[np.ones((2, 3))] * 3, heads=2).forward(), "multiple of the heads"),
    ],
)
def test_mistakes_in_the_new_kinds_are_named(make, message):
    """Each with what it should be."""
    with pytest.raises(GraphError, match=message):
        make()


def test_a_variance_of_as_many_numbers_as_ddof_is_refused():
    """Where NumPy divides by 0 and warns."""
    with pytest.raises(GraphError, match="Std: with ddof=1 it takes more than 1 numbers"):
        edf.Std(np.ones((1, 2)), axis=0, ddof=1).forward()


def test_an_lstm_returns_its_memory_too():
    """And the memory has a gradient of its own."""
    rng = np.random.default_rng(0)
    shapes = ((3, 2), (3, 4), (3, 4), (2, 16), (4, 16), (16,))
    h, c = edf.LSTMCell(*(Input(rng.standard_normal(shape)) for shape in shapes))
    assert check_gradients(h + 2 * c).status == "verified"


def test_batch_normalisation_keeps_moving_averages():
    """Which it uses where nothing is trained: a batch of one comes out like any other."""
    rng = np.random.default_rng(0)
    data = rng.normal(3, 2, (5, 2))
    x = Input(data)
    y = edf.BatchNorm(x, np.ones(2), np.zeros(2))
    for _ in range(200):
        y.forward()
    with edf.evaluating(y):
        together = y.forward()
        assert check_gradients(Sum(y * y)).status == "verified"
        x.value = x.value[:1]
        np.testing.assert_allclose(y.forward(), together[:1])
    assert np.all(abs(together.mean(axis=0)) < 0.01)
    np.testing.assert_allclose(y.running_variance, data.var(axis=0, ddof=1, keepdims=True))
    assert y.forward().tolist() == [[0, 0]], "training again: one row is its own mean"


# ---------------------------------------------------------------------------- derivatives as nodes


def test_a_gradient_goes_through_a_choice():
    """By a mask, which is neither added to nor subtracted from."""
    x = Input(np.array([0.5, -1.0, 2.0]))
    l = Sum(edf.Where((x > 0) & (x < 1), x**3, 2 * x * x))
    penalty = Sum(edf.Grad(l, x) ** 2)
    penalty.forward()
    penalty.backward()
    slope, curvature = np.array([0.75, -4, 8]), np.array([3.0, 4, 4])
    np.testing.assert_allclose(x.grad, 2 * slope * curvature, rtol=1e-13)


def test_a_gradient_can_be_minimised():
    """The derivative of a squared gradient, by hand and by check, leaves and values untouched."""
    x = Input(np.array([0.5, -1.0]))
    l = Sum(edf.Exp(x) * x)
    penalty = Sum(edf.Grad(l, x) ** 2)
    penalty.forward()
    penalty.backward()
    e = np.exp(x.value)
    np.testing.assert_allclose(x.grad, 2 * (1 + x.value) * e * (2 + x.value) * e, rtol=1e-13)
    assert l.forward() == np.sum(e * x.value)
    l.backward()
    np.testing.assert_allclose(x.grad, e * (1 + x.value), rtol=1e-14)
    both = l + penalty  # the walk back goes through l twice
    assert check_gradients(both).status == "verified"


def test_a_gradient_in_an_inner_node_is_its_adjoint():
    """What backward would set there."""
    x, W = Input(np.ones(3)), Input(np.arange(9.0).reshape(3, 3) / 9)
    h = edf.Tanh(x @ W)
    l = Sum(h * h) + Sum(x)
    g = edf.Grad(l, h)
    l.forward()
    l.backward()
    np.testing.assert_allclose(g.forward(), h.grad, rtol=1e-15)
    assert check_gradients(Sum(g * x) + l).status == "verified"


def test_newtons_method_with_a_hessian():
    """A quadratic function is minimal after one step."""
    A = np.array([[3.0, 1.0], [1.0, 2.0]])
    x = Input(np.array([4.0, -7.0]))
    l = x @ A @ x / 2 - Sum(x)
    step = edf.Solve(edf.Hessian(l, x), edf.Grad(l, x))
    x.value = x.value - step.forward()
    np.testing.assert_allclose(x.value, np.linalg.solve(A, np.ones(2)), rtol=1e-13)


def test_third_derivatives():
    """A derivative of a Hessian: by differences of high order, good to ten digits."""
    x = Input(np.array([0.7]))
    l = Sum(edf.Sin(x) * x)
    third = edf.Grad(Sum(edf.Hessian(l, x)), x)
    np.testing.assert_allclose(third.forward(), -3 * np.sin(0.7) - 0.7 * np.cos(0.7), rtol=1e-9)


def test_derivatives_that_there_are_not():
    """A node that is no argument, a Grad of many numbers, random numbers that change."""
    x = Input(np.ones(3))
    with pytest.raises(GraphError, match="does not depend on"):
        edf.Grad(Sum(x), Input(1.0))
    with pytest.raises(GraphError, match=r"not one number: Jacobian\(y, x\)"):
        edf.Grad(x * 2, x).forward()
    dropped = Sum(edf.Dropout(x, 0.5, 0))
    with pytest.raises(GraphError, match="evaluating"):
        edf.Grad(dropped, x).forward()
    with edf.evaluating(dropped):
        assert edf.Grad(dropped, x).forward().tolist() == [1, 1, 1]


def test_a_copied_derivative_belongs_to_the_copied_graph():
    """Checks work on copies."""
    x = Input(np.array([2.0]))
    g = edf.Grad(Sum(x**3), x)
    copies = copy_graph([g])
    copies[x].value = np.array([10.0])
    assert copies[g].forward() == 300
    assert g.forward() == 12
