"""Python's and NumPy's spelling on nodes, and what is said where there is none."""

import copy
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

import edf
from edf import Constant, Input, Node, Param, check_gradients


def softplus_of_norms(x, W):
    """A function as one writes it for arrays."""
    h = np.tanh(np.concatenate([x, x], axis=1) @ W) + np.ones(3)
    scaled = h / np.sqrt(np.sum(np.square(h), axis=1, keepdims=True))
    return np.log1p(np.exp(scaled)).mean() + np.maximum(0.2, abs(x)).sum() - x.T.reshape(-1).max()


def test_a_function_for_arrays_makes_a_graph_of_nodes():
    """The same numbers, and a gradient besides."""
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal((4, 2)), rng.standard_normal((4, 3))
    node = softplus_of_norms(Input(x), Input(W))
    assert isinstance(node, Node)
    assert node.forward() == pytest.approx(softplus_of_norms(x, W), rel=1e-14)
    assert check_gradients(node).status == "verified"


A, B = np.array([[2.0, 0.3], [0.1, 1.5]]), np.array([[0.4, -0.2], [0.3, 0.9]])
UFUNCS = [
    np.exp, np.log, np.sqrt, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh,
    np.arcsinh, np.expm1, np.log1p, np.log2, np.log10, np.square, np.reciprocal, np.negative,
    np.absolute, np.sign, np.floor, np.ceil, np.rint,
]  # fmt: skip
BINARY = [
    np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.matmul,
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
]  # fmt: skip
FUNCTIONS = [
    lambda x: np.sum(x, axis=1), lambda x: np.mean(x, axis=0, keepdims=True), np.var, np.std,
    np.max, np.min, np.prod, np.cumsum, np.linalg.norm, np.linalg.inv, np.linalg.det,
    lambda x: np.linalg.solve(x, B), lambda x: np.linalg.cholesky(x + x.T), np.transpose, np.sort,
    lambda x: np.reshape(x, (4, 1)), np.ravel, lambda x: np.stack([x, B]), lambda x: np.pad(x, 1),
    lambda x: np.hstack((x, x)), lambda x: np.vstack((x, B)), lambda x: np.repeat(x, 2, axis=0),
    lambda x: np.tile(x, (1, 2)), lambda x: np.where(x > 1, x, 0), lambda x: np.clip(x, 0.2, 1),
    lambda x: np.einsum("ij,kj->ik", x, B), lambda x: np.dot(x, B), lambda x: np.argmax(x, axis=1),
    lambda x: np.split(x, 2)[1], abs, lambda x: x.sum(0), lambda x: x.mean(axis=1),
    lambda x: x.min(), lambda x: x.reshape(1, 4), lambda x: x.transpose(), lambda x: x.dot(B),
    lambda x: +x, np.argmax, np.argmin, np.amax, lambda x: np.amin(x, axis=0), np.average, np.ptp,
    lambda x: np.vstack((x[0], B[1])), lambda x: np.hstack((x[0], B[1])), lambda x: np.dot(x, B[0]),
    lambda x: np.linalg.norm(x, axis=1), lambda x: np.linalg.norm(x, 1, axis=0),
    lambda x: np.linalg.norm(x, np.inf, 1), lambda x: np.linalg.norm(x, 2, axis=-1),
    lambda x: np.clip(x, a_min=0.2, a_max=1), lambda x: np.clip(x, max=1.0), lambda x: x.clip(0.2),
    lambda x: np.pad(x, 1, "constant"), lambda x: np.pad(x, 1, constant_values=2.0),
    lambda x: np.pad(x, ((1, 0), (0, 1)), mode="edge"), lambda x: np.pad(x, 1, "reflect"),
    lambda x: np.round(x, 1), lambda x: x.round(1), lambda x: x // 0.4, lambda x: 3 % x,
    lambda x: x % 0.4, lambda x: 7 // x, np.exp2, lambda x: np.logaddexp(x, B * 900), np.diff,
    lambda x: np.diff(x, axis=0), lambda x: np.diff(x, 0), lambda x: np.vdot(x, B), np.copy,
    lambda x: np.expand_dims(x, 1), lambda x: np.squeeze(x[:, :1]), lambda x: x[:1].squeeze(0),
    lambda x: np.swapaxes(x, 0, 1), lambda x: np.moveaxis(x, 0, -1), lambda x: x.mT, np.flip,
    lambda x: np.flip(x, axis=1), np.fliplr, np.flipud, np.rot90, lambda x: np.roll(x, 1, axis=0),
    np.diag, lambda x: np.diag(x[0]), np.tril, lambda x: np.triu(x, 1), lambda x: x.diagonal(),
    lambda x: np.broadcast_to(x, (3, 2, 2)), lambda x: np.take(x, [1, 1, 0], axis=1), np.trace,
    lambda x: np.take_along_axis(x, np.array([[1], [0]]), axis=1), lambda x: np.delete(x, 0, 1),
    lambda x: np.hsplit(x, 2)[1], lambda x: np.vsplit(x, 2)[0], lambda x: x.take([0, 3, 0]),
    lambda x: (x > 0.2) & (x < 1), lambda x: ~(x > 1) | (x > 1.8), lambda x: True & (x > 1),
    lambda x: np.logical_and(x > 0.2, np.logical_not(x > 1)), lambda x: x[x > 0.2],
    lambda x: x[(x > 0.2) & (x < 1)] ** 2, lambda x: np.einsum("ij->j", x, optimize=True),
    lambda x: np.hsplit(x[0], 2)[1], lambda x: np.array_split(np.ravel(x), 3)[0],
    lambda x: np.repeat(x, [1, 2], axis=0), lambda x: np.linalg.norm(x, 3, axis=-1),
    lambda x: np.clip(x, 1.0, 0.5),
]  # fmt: skip
#: What these make of nodes has no derivative: places, masks, and whole numbers.
NO_SLOPE = (edf.ArgMax, edf.And, edf.Or, edf.Not)


@pytest.mark.parametrize("function", [*UFUNCS, *FUNCTIONS], ids=lambda f: f.__name__)
def test_functions_of_numpy(function):
    """Value and shape are NumPy's."""
    node = function(Input(A))
    assert isinstance(node, Node)
    expected = function(A)
    np.testing.assert_allclose(node.forward(), expected, rtol=1e-13)
    assert np.shape(node.value) == np.shape(expected)
    if not isinstance(node, NO_SLOPE):
        assert check_gradients(edf.Sum(node * (1.0 + node)), points=2).status != "refuted"


def test_functions_of_numpy_at_their_edges():
    """Equal arguments of logaddexp share the slope; the smallest of what has no negative."""
    x, y = Input([1.0, -np.inf]), Input([1.0, -np.inf])
    both = np.logaddexp(x, y)
    np.testing.assert_array_equal(both.forward(), np.logaddexp(x.value, y.value))
    both.backward(cotangent=np.array([1.0, 0.0]))
    assert x.grad[0] == y.grad[0] == 0.5
    for kind in (np.uint8, bool):
        assert np.argmin(Input(np.array([1, 0, 1], kind))).forward() == 1
    x = Input(np.ones((0, 2)))
    for node in (np.repeat(x, 0), np.repeat(x, 2, axis=-1), edf.Jacobian(x * 2.0, x), x // 2.0):
        node.forward()
        node.backward(cotangent=np.ones(node.value.shape))
        assert x.grad.shape == (0, 2)


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_functions_of_two_arguments(function):
    """Nodes, arrays and numbers on either side."""
    if function is not np.matmul:
        np.testing.assert_allclose(function(Input(A), 2.0).forward(), function(A, 2.0))
    for x, y in ((Input(A), Input(B)), (Input(A), B), (A, Input(B))):
        node = function(x, y)
        assert isinstance(node, Node)
        np.testing.assert_allclose(node.forward(), function(A, B))


def test_an_array_on_the_left_makes_one_node():
    """Not an array of nodes."""
    x = Input(A)
    for node in (B + x, B - x, B * x, B / x, B @ x, x < B, np.float64(2) * x):
        assert isinstance(node, Node)
        assert isinstance(node.inputs[0], Constant) or isinstance(node.inputs[1], Constant)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda x: np.fft.fft(x), r"np\.fft\.\w*fft makes no node: .* subclass of Node"),
        (lambda x: np.average(x, weights=B), "np.average of a node .* than x, axis, keepdims"),
        (lambda x: np.einsum(x, [0, 1]), "np.einsum of nodes takes letters first"),
        (lambda x: np.linalg.norm(x, 0, axis=0), r"0, axis=0\) makes no node: ord is a positive"),
        (lambda x: np.hypot(x, x), r"np\.hypot makes no node.*np\.hypot\(x\.value\)"),
        (lambda x: np.array(x), r"no array: write `x\.value`.*Stack\(\[x, y\]\)"),
        (lambda x: np.asarray([x, x]), r"no array: write `x\.value`"),
        (lambda x: A[x], r"Embedding\(table, x\) is table\[x\]"),
        (lambda x: float(x), r"no number: write `float\(x\.value\)`"),
        (lambda x: int(x), r"no number: write `int\(x\.value\)`"),
        (lambda x: round(x, 2), r"round\(float\(x\.value\)\)`, or np\.round\(x\)"),
        (lambda x: len(x), r"no length before it is evaluated: write `len\(x\.value\)`"),
        (lambda x: math.exp(x), r"Exp\(x\) for math\.exp\(x\)"),
        (lambda x: f"{x:.3f}", r"no number: write `\{x\.value:\.3f\}`"),
        (lambda x: x.__setitem__(0, 1.0), r"cannot be written into.*Where\(mask, a, x\)"),
        (lambda x: np.linalg.norm(x, 1), r"depends on whether x is a matrix: name the axis"),
        (lambda x: np.where(x > 1), r"write np\.where\(x\.value > 0\)"),
        (lambda x: np.pad(x, 1, mode="linear_ramp"), "mode='linear_ramp' makes no node"),
        (lambda x: np.take(x, x > 1), r"other arguments are numbers, as `y\.value`"),
        (lambda x: np.dot(x, np.ones((2, 2, 2))).forward(), "a @ b for batches of matrices"),
        (lambda x: np.dot(x, 2.0).forward(), r"write a \* b for a number"),
        (lambda x: np.add.reduce(x), r"np\.add\.reduce makes no node: Sum"),
        (lambda x: np.add(A, x, out=A.copy()), r"for `a \+= x` write `a = a \+ x`"),
        (lambda x: x == x * 1.0, r"not compared with ==. Write `x is y`"),
        (lambda x: x != 3, "not compared with =="),
        (lambda x: x in [x * 1.0, x], "look for a node in a set"),
        (lambda x: 1 if x else 0, r"neither true nor false.*`x is not None`"),
        (lambda x: x and 1, "neither true nor false"),
        (lambda x: 0 < x < 1, "neither true nor false"),
        (lambda x: list(x), "not iterable"),
        (lambda x: edf.Concatenate(x, x), r"takes its arguments in a list: Concatenate\(\[x, y\]"),
        (lambda x: edf.Stack(x), r"Stack\(\[x, y\]"),
        (lambda x: edf.Sum(x, dim=1), r"Sum takes no argument 'dim'.*axis=1"),
        (lambda x: edf.Softmax(x, dim=1), r"Softmax takes no argument 'dim'.*axis=1"),
        (lambda x: edf.Sum(x, keepdim=True), r"Sum takes no argument 'keepdim'.*keepdims"),
        (lambda x: edf.Exp(x, x), r"Exp takes 1 input, not 2: Exp\(x\)"),
        (lambda x: edf.Add(x), r"Add takes 2 inputs, not 1: Add\(a, b\)"),
        (lambda x: edf.SGD(x), r"give loss\.params"),
        (lambda x: edf.SGD([x]), r"give loss\.params"),
        (lambda x: edf.SGD([]), "no parameters"),
        (
            lambda x: edf.SGD([edf.Param(1.0)]).step(),
            r"no parameter has a gradient: call loss\.backward\(\)",
        ),
    ],
)
def test_mistakes_say_what_to_write(mistake, message):
    """Not: unsupported ufunc, not iterable, or nothing at all."""
    with pytest.raises((TypeError, ValueError), match=message):
        mistake(Input(A))


def test_identity_is_the_only_equality():
    """So nodes are found in sets, in dicts, and at the place where they are in a list."""
    x, y = Input(1.0), Input(1.0)
    assert {x: 1, y: 2}[y] == 2
    assert x in {x, y}
    assert [x, y] == [x, y]


# -------------------------------------------------------------------- the methods that arrays have


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.std(axis=1),
        lambda x: x.var(axis=0),
        lambda x: x.prod(),
        lambda x: x.cumsum(0),
        lambda x: x.argmax(axis=-1),
        lambda x: x.clip(-0.5, 0.5),
        lambda x: x.ravel(),
        lambda x: x.flatten(),
        lambda x: x.repeat(2, axis=0),
        lambda x: np.outer(x[0], x),
        lambda x: np.trace(x @ x.T),
    ],
)
def test_a_method_that_numpy_has_as_a_function_makes_a_node(call):
    """So a function that is written for arrays, with `x.std(axis=1)`, makes a graph, too."""
    array = np.random.default_rng(0).normal(size=(2, 3))
    node = call(Input(array))
    assert isinstance(node, Node)
    np.testing.assert_allclose(node.forward(), call(array))


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("shape", "Param has no attribute 'shape': write x.value.shape"),
        ("item", "write x.value.item"),
        ("sort", r"y = Sort\(x\) is another node"),
        ("numpy", "write x.value"),
        ("view", r"write x\.reshape\(\.\.\.\)"),
        ("exp", r"write np\.exp\(x\)"),
        ("zero_grad", r"gradients start from zero at every backward\(\)"),
        ("nothing", "'Param' object has no attribute 'nothing'$"),
    ],
)
def test_what_only_arrays_have_is_found_at_the_value(attribute, message):
    """And what nothing has is an error as elsewhere."""
    with pytest.raises(AttributeError, match=message):
        getattr(Param([1.0]), attribute)


def test_nodes_are_copied_and_pickled_as_objects_are():
    """Looking up what is not there asks for no value."""
    x = Param([1.0])
    assert copy.deepcopy(x).value.tolist() == pickle.loads(pickle.dumps(x)).value.tolist() == [1]
    y = x * x
    y.forward()
    for twin in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        assert twin.forward() == 1
    assert f"{x}" == str(x) == "<Param shape=(1,)>"


def test_layers_are_an_attribute_of_the_package():
    """As one writes it: `edf.nn.Linear`, after `import edf` alone."""
    code = "import edf, sys; assert 'edf.nn' not in sys.modules; print(edf.nn.Linear.__name__)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "Linear\n"


@pytest.mark.parametrize("make", [edf.Mean, edf.Sum, edf.Max])
def test_several_nodes_are_not_reduced_in_silence(make):
    """Neither the second taken for an axis, nor both for an array of objects."""
    x, y = Input([1.0, 2.0]), Input([3.0, 4.0])
    with pytest.raises(TypeError, match=r"takes one node, then an axis.*\(Stack\(\[x, y\]\)\)"):
        make(x, y)
    with pytest.raises(TypeError, match="a list of nodes is not a node: write Stack"):
        make([x, y])
    assert make(edf.Stack([x, y])).forward() == make(np.stack([x.value, y.value])).forward()
