"""The backward pass as a program: it runs, gives what backward gives, and reads like a formula."""

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
    """Each in a graph with fan-out and broadcasting, in NumPy alone; but for derivatives as nodes,
    which say why they are called."""
    node = row.node()
    weights = np.random.default_rng(2).standard_normal(np.shape(node.forward()))
    loss = Sum(node * weights + node * node)
    program = trace(loss)
    loss.backward()  # at the random numbers that the trace has drawn
    lines = program.splitlines()
    called = [k for k, line in enumerate(lines) if "= op_" in line]
    assert all("no formula of its own" in lines[k - 1] for k in called)
    assert bool(called) == (row.id in {"grad", "jacobian", "hessian"})
    assert "edf" not in program
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
    """Masks, and masks of masks; a method that uses the operation as a whole is called, and the
    program says why."""

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
    assert "whose forward is called: it uses the operation as a whole" in program
    assert_alike(program, [x])


def test_a_convolution_is_a_loop_over_the_entries_of_a_filter():
    """With the formula of each derivative above its line; padding is taken off again."""
    rng = np.random.default_rng(0)
    x, w = Input(rng.random((2, 1, 4, 4))), Param(rng.random((3, 1, 2, 2)))
    y = edf.Conv2D(x, w, padding=1)
    loss = Sum(edf.MaxPool2D(y))
    loss.forward()
    loss.backward()
    program = trace(loss, locals())
    for line in (
        "for i in range(w.shape[2]):\n    for j in range(w.shape[3]):",
        "        y += np.einsum('ncpq,oc->nopq', padded_y[seen_y], w[:, :, i, j])",
        "        # dw[o, c, i, j] = sum over n, p, q of dy[n, o, p, q] x[n, c, s p + i, s q + j]",
        "        dw_y[:, :, i, j] = np.einsum('nopq,ncpq->oc', d_y, padded_y[seen_y_])",
        "d_x = dpadded_y[:, :, 1:-1, 1:-1]",
        "        dx_maxpool2d1[seen_maxpool2d1] += d_maxpool2d1 * largest_maxpool2d1",
    ):
        assert f"{line}\n" in program, program
    assert_alike(program, [x, w])


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
    """Its own lines and comments, under the names of the graph: loops, helpers, constants, arrays
    that it holds or keeps for backward. What cannot be written is called, and says why."""
    rate, table = 3.0, np.array([1.0, 0.5])

    def polynomial(t):
        return t * t + t

    class Scaled(Node):
        """y = 3 (t^2 + t) table, t = 2 x."""

        def forward(self, x):
            self.t = 2 * x
            # the helper, and numbers from outside
            return rate * polynomial(self.t * 1.0) * table

        def backward(self, grad, x):
            return sum(grad * rate * table * 2 * (2 * self.t + 1) for x in (x,))

    class Tried(Node):
        """y = x**2."""

        def forward(self, x):
            try:
                return x * x
            finally:
                pass

        def backward(self, grad, x):
            return grad * 2 * x

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
            for k in range(3):
                # once more
                if k < 5:
                    y *= x
                y = y + 1
            return y

        def backward(self, grad, x):
            for _ in range(1):
                x = 2 * x
            return grad * (1 + x)

    x = Input(np.array([1.0, 2.0]))
    loss = Sum(Cube(x) + Horner(x) + Scaled(x) + Tried(x))
    loss.forward()
    loss.backward()
    program = trace(loss, {"x": x})
    assert "square_cube1 = x * x\ncube1 = square_cube1 * x\n" in program
    assert "d_x = d_x + 3 * x * x * d_cube1\n" in program or "d_x = 3 * x * x * d_cube1" in program
    assert "for k in range(3):\n    # once more\n    if k < 5:\n        horner1 *= x\n" in program
    assert "x_horner1 = x\nfor _ in range(1):\n    x_horner1 = 2 * x_horner1\n" in program
    assert "t_scaled1 = 2 * x\n# the helper, and numbers from outside\n" in program
    assert "scaled1 = 3.0 * (t_scaled1_ * t_scaled1_ + t_scaled1_) * table_scaled1\n" in program
    assert "whose forward is called: it has a statement `try`)\ntried1 = op_tried1" in program
    assert_alike(program, [x])


def test_lines_that_would_give_another_value_are_not_written():
    """As of an operation that counts: a program that computes something else misleads."""

    class Counting(Node):
        """y = x times the number of evaluations."""

        count = 0

        def forward(self, x):
            self.count = self.count + 1
            return x * self.count

        def backward(self, grad, x):
            return grad * self.count

    program = trace(Counting(Input(2.0)))
    assert "(op_counting1 is the operation itself, whose forward is called: its lines" in program
    one, tiny, none = Input([1.0, 2.0, 0.5]), Input([3e-170, 4e-170]), Input(np.ones((0, 2)))
    for loss, x in (
        (edf.CrossEntropy(one, 1), one),  # a label that is no array
        (edf.Norm(tiny), tiny),  # squares that are 0
        (Sum(edf.Repeat(none, 0)), none),
        (Sum(np.logaddexp(one, 2.0)), one),
    ):
        loss.forward()
        loss.backward()
        assert_alike(trace(loss), [x])


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
