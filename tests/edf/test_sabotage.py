"""Every operation's backward, broken in several ways: the checker must object, by every oracle.

The derivative of each row of the catalogue is replaced by a wrong one, and the operation is put
into a graph and checked there. A wrong derivative that happens to equal the right one (the
transpose of a symmetric gradient) is no sabotage, and is left out.
"""

import contextlib

import numpy as np
import pytest

from edf import Input, check_gradients
from edf.graph import unbroadcast


def first_entry(g, change):
    """`g` with its first entry that is not 0 changed."""
    g = np.array(g)
    if np.any(g):
        where = np.unravel_index(np.flatnonzero(g)[0], g.shape)
        g[where] = change(g[where])
    return g


def same(one, other, shape):
    """Whether two gradients for an input of `shape` are equal once broadcasting is undone."""
    if np.shape(one) != shape:
        one, other = unbroadcast(one, shape), unbroadcast(other, shape)
    return np.allclose(one, other, rtol=1e-6, atol=1e-9)


#: Ways to break a gradient; each maps the right one to a wrong one. The subtlest come first.
SABOTAGE = {
    "scale": lambda g: 1.001 * g,
    "one-entry": lambda g: first_entry(g, lambda entry: 0.99 * entry),
    "dropped-entry": lambda g: first_entry(g, lambda entry: 0),
    "shift": lambda g: g + 0.01,
    "sign": lambda g: -g,
    "zero": lambda g: 0 * g,
    "reversed": lambda g: np.flip(g),
    "rolled": lambda g: np.roll(g, 1, axis=-1) if np.ndim(g) else g,
    "dropped-mean": lambda g: g - np.mean(g),
    "squared": lambda g: g * np.abs(g.real),
}


def right_gradients(node):
    """What backward returns for each input, for a fixed random cotangent; None for none."""
    node.forward()
    node.needs = [k for k, leaf in enumerate(node.inputs) if isinstance(leaf, Input)]
    cotangent = np.random.default_rng(3).standard_normal(np.shape(node.value))
    grads = node.backward(cotangent, *(leaf.value for leaf in node.inputs))
    return grads if isinstance(grads, tuple) else (grads,)


@contextlib.contextmanager
def overridden(node, **methods):
    """Give one node other methods while the block lasts."""
    operation = type(node)
    node.__class__ = type(operation.__name__, (operation,), methods)
    try:
        yield
    finally:
        node.__class__ = operation


def broken(node, k, wrong):
    """Replace the gradient of the node's input number k by a wrong one, while the block lasts."""
    operation = type(node)

    def backward(self, grad, *arrays):
        grads = operation.backward(self, grad, *arrays)
        grads = list(grads) if isinstance(grads, tuple) else [grads]
        if grads[k] is not None:  # None where it is not wanted now
            grads[k] = wrong(grads[k])
        return tuple(grads)

    return overridden(node, backward=backward)


def refusing_complex(node):
    """Make the operation refuse complex numbers, so that other oracles have to judge."""
    operation = type(node)

    def forward(self, *arrays):
        if any(np.iscomplexobj(array) for array in arrays):
            raise TypeError("real numbers only")
        return operation.forward(self, *arrays)

    return overridden(node, forward=forward)


def ways(row, catalogue, oracle):
    """The subtlest ways to break each operation's gradient, and of the gross ones every other:
    the numeric derivative that all are compared with is the same."""
    if oracle == "richardson":
        return list(SABOTAGE)[:2]
    first = [other.id for other in catalogue.ROWS].index(row.id) % 2
    return [*list(SABOTAGE)[:4], *list(SABOTAGE)[4 + first :: 2]]


@pytest.mark.parametrize("oracle", ["complex-step", "richardson"])
def test_every_broken_derivative_is_refuted(row, catalogue, oracle):
    """In each argument, in several ways, by each oracle; and the right derivative is verified."""
    node = row.node()
    if not any(isinstance(leaf, Input) for leaf in node.inputs):
        pytest.skip("composed of operations that have rows of their own")
    right = right_gradients(node)
    declines = refusing_complex(node) if oracle == "richardson" else contextlib.nullcontext()
    names = ways(row, catalogue, oracle)
    tried = 0
    with declines:
        report = check_gradients(node, points=1)
        assert (report.status, report.oracle) == ("verified", oracle), str(report)
        for k, leaf in enumerate(node.inputs):
            if right[k] is None or not isinstance(leaf, Input):
                continue
            for name in names:
                wrong = SABOTAGE[name]
                if same(wrong(right[k]), right[k], leaf.value.shape):
                    continue
                tried += 1
                with broken(node, k, wrong):
                    report = check_gradients(node, points=1)
                assert report.status == "refuted", f"argument {k}, {name}: {report}"
    assert tried >= len(names) / 2


def test_swapped_gradients_are_refuted(catalogue):
    """The gradients of two inputs of one shape, returned in the wrong order."""
    swapped = []
    for row in catalogue.ROWS:
        node = row.node()
        right = right_gradients(node)
        if len(right) != 2 or any(g is None for g in right) or len({g.shape for g in right}) != 1:
            continue
        if np.allclose(*right):
            continue
        operation = type(node)

        def backward(self, grad, *arrays, operation=operation):
            return operation.backward(self, grad, *arrays)[::-1]

        with overridden(node, backward=backward):
            assert check_gradients(node, points=1).status in {"refuted", "error"}, row.id
        swapped.append(row.id)
    assert {"sub", "mul", "div", "dot", "squared-error"} <= set(swapped)
