"""Every operation of the catalogue: value, shape, dtype, gradient, complex safety."""

import inspect

import numpy as np
import pytest

import edf
from edf import GraphError, Input, Node, Sum, check_gradients


def operations():
    """All public operations."""
    public = [value for value in vars(edf).values() if inspect.isclass(value)]
    return {c for c in public if issubclass(c, Node) and "forward" in vars(c)} - {Node}


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
    assert operations() - tested == {edf.Accuracy, edf.ArgMax}


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
