"""The backward pass as a program: it runs, gives what backward gives, and reads like a formula."""

import contextlib
import subprocess
import sys

import numpy as np
import pytest

import edf
from edf import CrossEntropy, GraphError, Input, Node, Param, Sigmoid, Sum, trace


def assert_alike(program, nodes):
    """The program's gradients are those that backward has set."""
    variables = program.run()
    for node in nodes:
        if node.grad is None:
            assert node not in program.gradients
        else:
            np.testing.assert_allclose(
                variables[program.gradients[node]], node.grad, rtol=1e-9, atol=1e-12
            )


def test_every_operation_can_be_traced(row):
    """Each in a graph with fan-out and broadcasting."""
    node = row.node()
    weights = np.random.default_rng(2).standard_normal(np.shape(node.forward()))
    loss = Sum(node * weights + node * node)
    quiet = edf.evaluating(loss) if row.id == "dropout" else contextlib.nullcontext()
    with quiet:  # random numbers would be drawn anew
        loss.forward()
        loss.backward()
        program = trace(loss)
    np.testing.assert_allclose(program.run()[program.value], loss.value, rtol=1e-12)
    assert_alike(program, [leaf for leaf in edf.topological_order(loss) if isinstance(leaf, Input)])


def network():
    rng = np.random.default_rng(0)
    x, y = Input(rng.random((4, 3))), Input(np.array([0, 1, 1, 0]))
    W, b, V = Param(rng.random((3, 5))), Param(np.zeros(5)), Param(rng.random((5, 2)))
    h = Sigmoid(x @ W + b)
    loss = CrossEntropy(h @ V, y) + 0.01 * Sum(W**2)
    return loss, locals()


def test_a_network_reads_as_one_would_write_it():
    """Names of the page, one line a step, sums over fan-out and broadcasting in sight."""
    loss, names = network()
    program = trace(loss, names)
    for line in (
        "matmul1 = x @ W",
        "h = 1 / (1 + np.exp(-add1))",
        "d_add1 = d_h * h * (1 - h)",
        "d_b = d_add1.sum(axis=0)",
        "d_h = d_matmul2 @ V.mT",
        "d_W = d_W + x.mT @ d_matmul1",
        "# Sigmoid: dx = dy * y * (1 - y)",
        "# MatMul: y = a @ b",
        "# MatMul: da = dy @ b.mT, db = a.mT @ dy",
        "# Add: da = dy, db = dy",
    ):
        assert f"{line}\n" in program, program
    loss.backward()
    assert_alike(program, [names[name] for name in ("x", "W", "b", "V", "h")])


def test_choices_read_as_one_would_write_them():
    """Masks, and masks of masks; a method that uses the operation as a whole is called."""

    class Scaled(Node):
        def forward(self, x):
            return x * len(type(self).__name__)

        def backward(self, grad, x):
            return grad * len(type(self).__name__)

    x = Input(np.array([-1.0, 0.5, 2.0]))
    loss = Sum(edf.Where((x > 0) & ~(x >= 1), x, Scaled(x)) + edf.Equal(x, 2) * x)
    loss.forward()
    loss.backward()
    program = trace(loss, locals())
    for line in ("greater1 = x > 0", "not1 = ~greaterequal1", "and1 = greater1 & not1"):
        assert f"{line}\n" in program, program
    assert_alike(program, [x])


def test_the_program_stands_by_itself():
    """Its text runs in a fresh Python that has NumPy, and the leaves' values."""
    loss, names = network()
    program = trace(loss, names)
    loss.backward()
    leaves = "".join(f"{k} = np.array({v.tolist()})\n" for k, v in program.leaves.items())
    source = f"import numpy as np\n{leaves}{program}\nprint(d_b.tolist())"
    printed = subprocess.check_output([sys.executable, "-c", source], text=True)
    np.testing.assert_allclose(eval(printed), names["b"].grad, rtol=1e-12)


def test_an_operation_of_a_student_is_written_out():
    """Its own lines, under the names of the graph; one with a loop is called."""

    class Cube(Node):
        """y = x**3. dy/dx = 3 x**2."""

        def forward(self, x):
            square = x * x
            return square * x

        def backward(self, grad, x):
            if x.ndim > 5:
                return None
            return 3 * x * x * grad

    class Horner(Node):
        """y = 1 + x + x**2."""

        def forward(self, x):
            y = 0 * x
            for _ in range(3):
                y = y * x + 1
            return y

        def backward(self, grad, x):
            return grad * (1 + 2 * x)

    x = Input(np.array([1.0, 2.0]))
    loss = Sum(Cube(x) + Horner(x))
    loss.forward()
    loss.backward()
    program = trace(loss, {"x": x})
    assert "square_cube1 = x * x\ncube1 = square_cube1 * x\n" in program
    assert "d_x = d_x + 3 * x * x * d_cube1\n" in program or "d_x = 3 * x * x * d_cube1" in program
    assert "horner1 = op_horner1.forward(x)\n" in program
    assert_alike(program, [x])


def test_names_never_clash():
    """Two nodes of one name, and a gradient's name that is taken."""
    x, y = Input(2.0), Input(3.0)
    x.name = y.name = "x"
    z = x * y
    z.name = "d_x"
    z.forward()
    z.backward()
    assert_alike(trace(z), [x, y])


def test_only_a_number_is_traced():
    """As backward without a cotangent."""
    with pytest.raises(GraphError, match="not a scalar"):
        trace(Input(np.ones(2)) * 2)
