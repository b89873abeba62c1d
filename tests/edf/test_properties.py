"""Properties for all shapes: operations against NumPy, gradients against their definition.

Derivatives are tested as linear maps. For a value y(x), a cotangent r and a direction v,

    <backward(r), v> = <r, y'(x) v>,

and the right side is v put through the operation where that is linear, else the complex step.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import edf
from edf import Input, ShapeError
from edf.graph import unbroadcast

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)
FULL_SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
SEEDS = st.integers(0, 2**32 - 1)


def broadcastable(count):
    return hnp.mutually_broadcastable_shapes(num_shapes=count, max_dims=4, max_side=4).map(
        lambda shapes: shapes.input_shapes
    )


def arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def backward(node, seed):
    """The cotangent that was drawn, and the gradients in the node's inputs."""
    value = node.forward()
    (cotangent,) = arrays([seed, 1], np.shape(value))
    node.backward(cotangent=cotangent)
    return cotangent, [leaf.grad for leaf in node.inputs]


def complex_slope(make, point, directions):
    """y'(x) v, for arrays x and v, by the complex step through the forward alone."""
    moved = [Input(x + 1e-25j * v) for x, v in zip(point, directions, strict=True)]
    return make(*moved).forward().imag / 1e-25


def assert_adjoint(make, point, seed, linear=False):
    """What the module says, for a random cotangent and random directions."""
    leaves = [Input(x) for x in point]
    r, grads = backward(make(*leaves), seed)
    directions = arrays([seed, 2], *(np.shape(x) for x in point))
    for leaf, grad in zip(leaves, grads, strict=True):
        assert grad.shape == leaf.value.shape
    if linear:
        moved = make(*map(Input, directions)).forward()
    else:
        moved = complex_slope(make, point, directions)
    left = sum(np.sum(g * v) for g, v in zip(grads, directions, strict=True))
    scale = np.sum(np.abs(r * moved)) + sum(
        np.sum(np.abs(g * v)) for g, v in zip(grads, directions, strict=True)
    )
    assert abs(left - np.sum(r * moved)) <= 1e-12 * scale + 1e-300


# ------------------------------------------------------------------------------------ broadcasting


@given(broadcastable(1), SHAPES, SEEDS)
def test_unbroadcast_is_the_adjoint_of_broadcasting(shapes, more, seed):
    """<unbroadcast(g), x> = <g, broadcast(x)>, and the shape is x's."""
    (shape,) = shapes
    full = np.broadcast_shapes(shape, (*more, *(1 for _ in shape)))
    x, g = arrays(seed, shape, full)
    summed = unbroadcast(g, shape)
    assert np.shape(summed) == shape
    scale = np.sum(np.abs(g * x))
    assert np.sum(summed * x) == pytest.approx(np.sum(g * x), rel=1e-12, abs=1e-12 * scale)


BINARY = [edf.Add, edf.Sub, edf.Mul, edf.Div, edf.Maximum, edf.Minimum]


@pytest.mark.parametrize("operation", BINARY)
@given(shapes=broadcastable(2), seed=SEEDS)
def test_elementwise_operations_broadcast_as_numpy_does(operation, shapes, seed):
    """Value, shape, and the gradient of each side summed over what it was stretched to."""
    a, b = arrays(seed, *shapes)
    ufunc = {"Sub": "subtract", "Mul": "multiply", "Div": "divide"}.get(
        operation.__name__, operation.__name__.lower()
    )
    value = operation(Input(a), Input(b)).forward()
    np.testing.assert_array_equal(value, getattr(np, ufunc)(a, b))
    assert_adjoint(operation, [a, b], seed)


@given(broadcastable(2), SEEDS)
def test_powers_broadcast(shapes, seed):
    """Of positive bases, where both slopes exist."""
    a, p = arrays(seed, *shapes)
    assert_adjoint(edf.Pow, [np.exp(a), p], seed)


@given(broadcastable(3), SEEDS, st.sampled_from([np.float32, np.float64]))
def test_precision_and_shapes_survive_a_formula(shapes, seed, dtype):
    """Numbers in the formula are weak; every gradient is like its leaf."""
    leaves = [Input(x.astype(dtype)) for x in arrays(seed, *shapes)]
    a, b, c = leaves
    node = 2 * a * b - edf.Sigmoid(c / 3) ** 2 + 0.5
    value = node.forward()
    assert value.dtype == dtype
    node.backward(cotangent=np.ones_like(value))
    for leaf in leaves:
        assert (leaf.grad.dtype, leaf.grad.shape) == (dtype, leaf.value.shape)


@given(SHAPES, SHAPES, st.sampled_from(BINARY))
def test_shapes_that_do_not_broadcast_are_refused_with_both(a, b, operation):
    """Where NumPy refuses, and only there; the message has operation, shapes and rule."""
    node = operation(Input(np.ones(a)), Input(np.ones(b)))
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ShapeError) as caught:
            node.forward()
        said = str(caught.value)
        assert said.startswith(f"{operation.__name__}: shapes {a} and {b} do not fit: counted")
    else:
        assert np.shape(node.forward()) == expected


# ---------------------------------------------------------------------------------- matrix product


@st.composite
def factors(draw):
    """Two shapes that matmul takes: vectors, matrices, batches that broadcast."""
    batch = draw(broadcastable(2))
    m, k, n = (draw(st.integers(1, 4)) for _ in range(3))
    left = draw(st.sampled_from([(*batch[0], m, k), (k,)]))
    right = draw(st.sampled_from([(*batch[1], k, n), (k,)]))
    return left, right


@given(factors(), SEEDS)
def test_matrix_products(shapes, seed):
    """As NumPy has them, and linear in each factor."""
    a, b = arrays(seed, *shapes)
    np.testing.assert_array_equal(edf.MatMul(Input(a), Input(b)).forward(), a @ b)
    assert_adjoint(edf.MatMul, [a, b], seed)


@given(SHAPES, SHAPES)
def test_matrix_products_are_refused_where_numpy_refuses(a, b):
    """With both shapes and the rule."""
    node = edf.MatMul(Input(np.ones(a)), Input(np.ones(b)))
    try:
        np.ones(a) @ np.ones(b)
    except ValueError:
        with pytest.raises(ShapeError) as caught:
            node.forward()
        assert f"MatMul: shapes {a} and {b} do not fit: the last axis" in str(caught.value)
    else:
        node.forward()


# -------------------------------------------------------------------------------------- reductions

REDUCTIONS = {
    edf.Sum: np.sum,
    edf.Mean: np.mean,
    edf.Var: np.var,
    edf.Max: np.max,
    edf.LogSumExp: lambda x, **options: np.log(np.sum(np.exp(x), **options)),
}


@st.composite
def reductions(draw):
    """A shape, axes of it in any spelling, and whether they stay."""
    shape = draw(SHAPES)
    axes = draw(st.lists(st.sampled_from(range(len(shape))), unique=True)) if shape else []
    spelled = tuple(axis - len(shape) * draw(st.booleans()) for axis in axes)
    choices = [None, spelled] if spelled else [None]
    axis = draw(st.sampled_from([*choices, spelled[0]] if spelled else choices))
    return shape, axis, draw(st.booleans())


@pytest.mark.parametrize("operation", REDUCTIONS)
@given(case=reductions(), seed=SEEDS)
def test_reductions_over_any_axes(operation, case, seed):
    """Value and shape as NumPy's, gradient as the definition has it."""
    shape, axis, keepdims = case
    (x,) = arrays(seed, shape)
    options = {"axis": axis, "keepdims": keepdims}
    expected = REDUCTIONS[operation](x, **options)
    value = operation(Input(x), **options).forward()
    assert np.shape(value) == np.shape(expected)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14)
    assert_adjoint(lambda leaf: operation(leaf, **options), [x], seed)


@pytest.mark.parametrize("operation", [edf.Softmax, edf.LogSoftmax])
@given(shape=FULL_SHAPES, seed=SEEDS)
def test_softmax_of_any_shape(operation, shape, seed):
    """Rows of probabilities that sum to 1, unchanged when a number is added to a row."""
    (x,) = arrays(seed, shape)
    y = operation(Input(x)).forward()
    P = y if operation is edf.Softmax else np.exp(y)
    np.testing.assert_allclose(P.sum(axis=-1), 1, rtol=1e-13)
    np.testing.assert_allclose(operation(Input(x + 100)).forward(), y, rtol=1e-10, atol=1e-12)
    assert_adjoint(operation, [x], seed)


# ----------------------------------------------------------------------------- moving entries about


@given(FULL_SHAPES, SEEDS, st.data())
def test_indexing_as_numpy_does(shape, seed, data):
    """Slices, integers, ellipses, new axes, lists of integers: value, and where gradients go."""
    basic = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    key = data.draw(basic | hnp.integer_array_indices(shape))
    (x,) = arrays(seed, shape)
    assume(x[key].size)
    np.testing.assert_array_equal(Input(x)[key].forward(), x[key])
    assert_adjoint(lambda leaf: leaf[key], [x], seed, linear=True)


@given(SHAPES, SEEDS, st.data())
def test_transposing_and_reshaping(shape, seed, data):
    """Any order of the axes, in any spelling; any other shape of the same size."""
    (x,) = arrays(seed, shape)
    order = data.draw(st.permutations(range(len(shape))))
    axes = [axis - len(shape) * data.draw(st.booleans()) for axis in order]
    np.testing.assert_array_equal(edf.Transpose(Input(x), axes).forward(), x.transpose(order))
    assert_adjoint(lambda leaf: edf.Transpose(leaf, axes), [x], seed, linear=True)
    assert_adjoint(lambda leaf: leaf.T, [x], seed, linear=True)
    flat = data.draw(st.sampled_from([(-1,), (1, x.size), (x.size, 1), shape[::-1]]))
    assert_adjoint(lambda leaf: edf.Reshape(leaf, flat), [x], seed, linear=True)


@given(FULL_SHAPES, SEEDS, st.data())
def test_joining(shape, seed, data):
    """Any number of arrays along any axis, old or new, counted from either end."""
    lengths = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shapes = []
    for length in lengths:
        other = list(shape)
        other[axis] = length
        shapes.append(tuple(other))
    parts = arrays(seed, *shapes)
    joined = edf.Concatenate([Input(p) for p in parts], axis=axis).forward()
    np.testing.assert_array_equal(joined, np.concatenate(parts, axis=axis))
    assert_adjoint(lambda *xs: edf.Concatenate(xs, axis=axis), parts, seed, linear=True)
    new = data.draw(st.integers(-len(shape) - 1, len(shape)))
    same = arrays(seed, *[shape] * len(lengths))
    stacked = edf.Stack([Input(p) for p in same], axis=new).forward()
    np.testing.assert_array_equal(stacked, np.stack(same, axis=new))
    assert_adjoint(lambda *xs: edf.Stack(xs, axis=new), same, seed, linear=True)


@given(st.integers(1, 5), hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), SEEDS)
def test_looking_up_rows_and_labels(n, batch, seed):
    """Indices of any shape; a row that is looked up twice gets both gradients."""
    rng = np.random.default_rng(seed)
    indices = rng.integers(n, size=batch)
    (table,) = arrays(seed, (n, 3))
    embedding = edf.Embedding(Input(table), indices)
    np.testing.assert_array_equal(embedding.forward(), table[indices])
    assert_adjoint(lambda leaf: edf.Index(leaf, indices), [table], seed, linear=True)
    r = rng.standard_normal((*batch, 3))
    embedding.backward(cotangent=r)
    expected = np.zeros((n, 3))
    for where in np.ndindex(*batch):
        expected[indices[where]] += r[where]
    np.testing.assert_allclose(embedding.inputs[0].grad, expected, rtol=1e-13, atol=1e-13)
    (scores,) = arrays(seed, (*batch, n))
    expected = [scores[(*where, indices[where])] for where in np.ndindex(*batch)]
    np.testing.assert_array_equal(np.ravel(edf.Pick(Input(scores), indices).forward()), expected)


# ------------------------------------------------------------------------------------- whole graphs


@st.composite
def programs(draw):
    """A random straight-line program: for each line an operation and the lines that it reads."""
    lines = []
    for k in range(draw(st.integers(2, 10))):
        operation = draw(st.sampled_from("add sub mul tanh exp softplus sum matmul".split()))
        lines.append((operation, draw(st.integers(0, k)), draw(st.integers(0, k))))
    return lines


def run(program, x):
    """The last line's node; line 0 is x, a square matrix."""
    made = [x]
    for operation, i, j in program:
        a, b = made[i], made[j]
        made.append(
            {
                "add": lambda a=a, b=b: a + b,
                "sub": lambda a=a, b=b: a - b,
                "mul": lambda a=a, b=b: a * b / 4,
                "tanh": lambda a=a, b=b: edf.Tanh(a),
                "exp": lambda a=a, b=b: edf.Exp(edf.Tanh(a)),
                "softplus": lambda a=a, b=b: edf.Softplus(b),
                "sum": lambda a=a, b=b: edf.Mean(a, axis=0, keepdims=True) + b,
                "matmul": lambda a=a, b=b: edf.Tanh(a @ b),
            }[operation]()
        )
    return made[-1]


CANCELS = [(name, 0, 0) for name in ("add", "sum", "add", "sum", "add")] + [("sub", 2, 4)]


@given(programs(), SEEDS)
@example(CANCELS, 0)
def test_random_programs_have_the_derivative_of_their_forward(program, seed):
    """Whatever is used twice, or not at all, in whatever order."""
    (point,) = arrays(seed, (3, 3))
    x = Input(point)
    root = run(program, x)
    (r, v) = arrays([seed, 3], np.shape(root.forward()), (3, 3))
    root.backward(cotangent=r)
    expected = np.sum(r * run(program, Input(point + 1e-25j * v)).forward().imag) / 1e-25
    if x.grad is None:
        assert expected == 0
        return
    scale = np.sum(np.abs(x.grad * v)) + abs(expected)
    # Gradients that meet in a node may cancel, as in the example, and leave their own rounding.
    met = max(np.max(np.abs(n.grad)) for n in edf.topological_order(root) if n.grad is not None)
    allowed = 1e-11 * scale + 1e-14 * met * np.sum(np.abs(v))
    assert math.isclose(np.sum(x.grad * v), expected, rel_tol=0, abs_tol=allowed)
    before = x.grad.copy()
    root.backward(cotangent=r)
    np.testing.assert_array_equal(x.grad, before)


@given(
    st.tuples(*[st.integers(1, 3)] * 3), st.tuples(*[st.integers(1, 4)] * 2),
    st.tuples(*[st.integers(0, 3)] * 2), st.integers(1, 3), st.integers(0, 2), SEEDS,
)  # fmt: skip
def test_convolutions_of_any_size(counts, window, larger, stride, padding, seed):
    """Batches, channels, filters, windows, strides and paddings: linear in images and filters."""
    n, channels, filters = counts
    size = [k + more for k, more in zip(window, larger, strict=True)]
    x, w = arrays(seed, (n, channels, *size), (filters, channels, *window))
    assert_adjoint(lambda a, b: edf.Conv2D(a, b, stride, padding), [x, w], seed)
    side = min(size)
    assert_adjoint(lambda a: edf.AvgPool2D(a, side, stride), [x], seed, linear=True)
    assert_adjoint(lambda a: edf.MaxPool2D(a, side, stride), [x], seed)
