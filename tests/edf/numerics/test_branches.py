"""Branches: what NumPy calls are noted, with which margins, and that values do not change."""

from __future__ import annotations

import numpy as np
import pytest

from edf import AvgPool2D, Conv2D, CrossEntropy, LayerNorm, LeakyReLU, MaxPool2D, Softmax, Softplus
from edf.graph import Input
from edf.numerics.branches import Trace, Watched, traced

X = np.array([-1.0, 3.0, 7.0])


def margins(function, *arrays):
    """The margins of each branch, by the function's name, in the order in which they were met."""
    _, trace = traced(function, arrays)
    return [(b.function, m.tolist()) for b, met in trace.margins.items() for m in met]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x > 5, [("greater", [-6, -2, 2])]),
        (lambda x: x <= 5, [("less_equal", [-6, -2, 2])]),
        (lambda x: x == 3, [("equal", [-4, 0, 4])]),
        (lambda x: np.where(x < 0, 0.0, x), [("less", [-1, 3, 7])]),
        (lambda x: x * (x > 0), [("greater", [-1, 3, 7])]),
        (lambda x: np.maximum(x, 0), [("maximum", [-1, 3, 7])]),
        (lambda x: np.fmin(6, x), [("fmin", [7, 3, -1])]),
        (np.abs, [("absolute", [-1, 3, 7])]),
        (np.sign, [("sign", [-1, 3, 7])]),
        (lambda x: np.heaviside(x, 0.5), [("heaviside", [-1, 3, 7])]),
        (lambda x: np.copysign(1.0, x), [("copysign", [-1, 3, 7])]),
        (lambda x: np.clip(x, -2, 2), [("clip", [1, 5, 9]), ("clip", [-3, 1, 5])]),
        (lambda x: x.clip(-2, 2), [("clip", [1, 5, 9]), ("clip", [-3, 1, 5])]),
        (np.floor, [("floor", [-1, 3, 7])]),
        (lambda x: x.max(), [("maximum", [-8, -4, 4])]),
        (lambda x: x.min(), [("minimum", [4, -4, -8])]),
        (np.argmax, [("argmax", [-8, -4, 4])]),
        (lambda x: x.argmin(), [("argmin", [4, -4, -8])]),
        (np.maximum.accumulate, [("maximum", [4, 4])]),
        (lambda x: np.maximum.outer(x, np.ones(1)), [("maximum", [[-2], [2], [6]])]),
        (np.sort, [("sort", [4, 4])]),
        (np.argsort, [("argsort", [4, 4])]),
        (np.median, [("median", [4, 4])]),
        (lambda x: np.interp(x, [0, 1], [0, 1]), [("interp", [[-1, -2], [3, 2], [7, 6]])]),
        (lambda x: np.piecewise(x, [x > 0], [lambda v: v, 0.0]), [("greater", [-1, 3, 7])]),
        (lambda x: np.concatenate([x, x])[:2] > 0, [("greater", [-1, 3])]),
        (lambda x: (x[0] - x[1]) < 1, [("less", -5)]),
        (lambda x: np.array([1.0, 2.0]) @ x[1:] > 4, [("greater", 13)]),
        (lambda x: np.linalg.norm(x - x) > 1, [("greater", -1)]),
    ],
)
def test_a_call_with_a_threshold_is_noted_with_its_margin(function, expected):
    """The distance to the threshold, negative on one side and positive on the other."""
    assert margins(function, X) == expected


def test_the_lead_over_the_others_is_taken_along_the_axis():
    """Each entry against the largest of the others in its row; equal ones lead by nothing."""
    x = np.array([[1.0, 4.0, 2.0], [5.0, 5.0, 0.0]])
    assert margins(lambda x: x.max(axis=1), x) == [("maximum", [[-3, 2, -2], [0, 0, -5]])]
    assert margins(lambda x: x.max(axis=-1, keepdims=True), x)[0][1] == [[-3, 2, -2], [0, 0, -5]]
    assert margins(lambda x: x.max(axis=0), x) == [("maximum", [[-4, 4], [-1, 1], [2, -2]])]
    assert margins(lambda x: x.max(axis=(0, 1)), x) == [("maximum", [-4, -1, -3, 0, 0, -5])]


def test_python_branches_are_seen_as_comparisons():
    """`if`, `max` and `abs` of Python on single numbers, and a loop over entries."""

    def function(x):
        total = 0.0
        for v in x:
            total = total + (v if v > 0 else 0.1 * v)
        return max(total, 2.0) + abs(x[0])

    assert margins(function, X) == [
        ("greater", -1),
        ("greater", 3),
        ("greater", 7),
        ("less", pytest.approx(9.9 - 2.0)),
        ("absolute", -1),
    ]


def test_two_calls_on_one_line_are_two_branches_and_a_loop_is_one():
    """A branch is a place in the source, however often it is met."""
    _, trace = traced(lambda x: np.minimum(np.maximum(x, 0), 6), [X])
    assert [b.function for b in trace.margins] == ["maximum", "minimum"]
    assert "np.minimum(np.maximum(x, 0), 6)" in next(iter(trace.margins)).source
    _, trace = traced(lambda x: [v > 0 for v in x], [X])
    assert [len(met) for met in trace.margins.values()] == [3]


def test_a_branch_inside_numpy_belongs_to_the_line_that_called():
    """`np.clip` is Python code of NumPy's that calls a ufunc; the author's line is what counts."""
    _, trace = traced(lambda x: np.clip(x, 0, 1), [X])
    assert {b.file for b in trace.margins} == {__file__}


def test_smooth_functions_have_no_branches():
    """Nothing is noted where nothing branches."""
    smooth = (np.exp, np.tanh, np.sum, np.var, np.linalg.norm, lambda x: np.outer(x, x).trace())
    assert [margins(function, X) for function in smooth] == [[]] * len(smooth)


@pytest.mark.parametrize("operation", [Softmax, Softplus, LeakyReLU])
def test_operations_of_edf_give_the_same_value_watched(operation):
    """Watching changes nothing, and nothing of it is lost on the way."""
    node = operation(Input(X))
    value = node.forward()
    same, trace = traced(node.forward, [X])
    assert type(same) is np.ndarray
    assert np.array_equal(same, value)
    assert not trace.lost(node.forward(trace.watch(X)))


def test_layers_run_watched():
    """Convolution, pooling, normalisation and a loss with labels, which are not watched."""
    rng = np.random.default_rng(0)
    image, kernel = rng.standard_normal((2, 1, 6, 6)), rng.standard_normal((3, 1, 3, 3))
    for node in (
        Conv2D(Input(image), Input(kernel)),
        MaxPool2D(Input(image), 2),
        AvgPool2D(Input(image), 2),
        LayerNorm(Input(X[None]), Input(np.ones(3)), Input(np.zeros(3))),
        CrossEntropy(Input(rng.standard_normal((2, 3))), Input(np.array([0, 2]))),
    ):
        value = node.forward()
        arrays = [parent.value for parent in node.inputs]
        assert np.array_equal(traced(node.forward, arrays)[0], value), node


def test_labels_are_not_watched():
    """Whole numbers have no derivative, and a comparison of them is no threshold."""
    labels = np.array([0, 1, 2])
    assert margins(lambda y: y == 1, labels) == []
    assert not isinstance(Trace().watch(labels), Watched)


def test_what_leaves_numpy_is_said_to_be_lost():
    """So that a test need not believe that there are no branches."""

    def leaves(x):
        return np.asarray(x) * 2

    trace = Trace()
    assert trace.lost(leaves(trace.watch(X)))
    assert not trace.lost(trace.watch(X) * 2)
    assert not trace.lost(np.argmax(trace.watch(X)))


def test_writing_into_arrays_works_watched():
    """`out=`, in-place operators, masks and `ufunc.at` do what they do to plain arrays."""

    def function(x):
        y = x.copy()
        y[y > 3] = 3.0
        y += 1
        np.multiply(y, 2, out=y)
        np.add.at(y, [0, 0], 1.0)
        return y

    value, trace = traced(function, [X])
    assert value.tolist() == [2.0, 8.0, 8.0]
    assert [b.function for b in trace.margins] == ["greater"]
    assert X.tolist() == [-1.0, 3.0, 7.0]


def test_complex_arguments_pass_without_a_note():
    """Branches are those of real points; a complex step may run on watched arrays all the same."""
    value, trace = traced(lambda x: np.where(x.real > 0, x, 0), [X + 1e-30j])
    assert value[1] == 3 + 1e-30j
    assert [b.function for b in trace.margins] == ["greater"]
    assert traced(np.abs, [X + 1e-30j])[1].margins == {}


@pytest.mark.parametrize(
    ("function", "dropped"),
    [
        (np.abs, ["absolute"]),
        (lambda x: x.var(), ["view"]),
        (lambda x: (x * x.conj()).real, ["conjugate"]),
        (lambda x: x.real**2, ["real"]),
        (lambda x: np.real(x) * x, ["real"]),
        (lambda x: np.where(x.real > 0, x, 0), []),
        (lambda x: np.exp(x - x.real.max()), []),
        (lambda x: x * np.sign(x.real), []),
        (lambda x: np.sqrt(x * x) + np.sin(x), []),
    ],
)
def test_a_lost_imaginary_part_is_told(function, dropped):
    """`abs` and arithmetic with real parts lose it; comparisons do not."""
    assert traced(function, [X + 1e-30j])[1].dropped == dropped
    assert traced(function, [X])[1].dropped == []


@pytest.mark.parametrize(
    ("function", "sides"),
    [
        (lambda x: x > 3, {-1}),
        (lambda x: x <= 3, {-1}),
        (lambda x: x < 3, {1}),
        (lambda x: x >= 3, {1}),
        (lambda x: np.maximum(x, 3), set()),
        (lambda x: np.abs(x - 3), set()),
        (lambda x: np.maximum(np.append(x, [2.0, 4.0]), 3), {-1, 1}),
    ],
)
def test_at_the_threshold_a_comparison_goes_one_way(function, sides):
    """What is not greater is on the lower side; a maximum of equals is on neither."""
    _, trace = traced(function, [np.array([3.0])])
    ((branch, (margin,)),) = trace.margins.items()
    assert branch.sides(margin) == sides
