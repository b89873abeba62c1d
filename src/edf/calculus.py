"""Derivatives as nodes: a gradient is a value of the graph, and has a derivative itself.

    g = Grad(l, x)              # dl/dx, of x's shape
    penalty = Sum(g * g)        # can be differentiated, and minimised

A derivative depends on every value below the node that is differentiated: these are its inputs.
Its own derivative needs no second set of formulas. Second derivatives commute, so that

    d/dv <g, dl/dx>  =  d/dt  dl/dv  at x + t g,

which is the change of an ordinary backward pass when x moves along g; it is taken by the complex
step, exact to the last digits, and by high-order differences where the arrays are complex already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from edf.errors import refuse_integers
from edf.graph import Array, Constant, GraphError, Node, topological_order, unbroadcast

COMPLEX_STEP = 1e-30
#: Central differences of eighth order: weights of f(x + k h) - f(x - k h), k = 1, 2, 3, 4.
WEIGHTS, STEP = (4 / 5, -1 / 5, 4 / 105, -1 / 280), 1e-2


class Jacobian(Node):
    r"""dy/dx at the graph's own values: the shape of y followed by that of x.

    $$J_{ij} = \frac{\partial y_i}{\partial x_j}$$

    Args:
        y: A node of the graph.
        x: A node that y depends on, a leaf or not.

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> y = Stack([x[0] * x[1], x[1] ** 2])
        >>> J = Jacobian(y, x)
        >>> print(J.forward())
        [[2. 1.]
         [0. 4.]]
    """

    def __init__(self, y: Node, x: Node) -> None:
        below = topological_order(y)
        if isinstance(x, Constant):
            raise GraphError(f"{x!r} is a constant, without derivatives: write Input(...) for it")
        if not any(node is x for node in below):
            raise GraphError(f"{y!r} does not depend on {x!r}: there is no derivative to take")
        super().__init__(*below)
        position = {node: k for k, node in enumerate(below)}
        self.at = position[x]
        self.sources = [[position[parent] for parent in node.inputs] for node in below]

    def forward(self, *values: Array) -> Array:
        for k in (self.at, -1):
            if np.asarray(values[k]).dtype.kind not in "fc":
                refuse_integers(self.inputs[k])
        with self._borrowed_graph():
            rows = [self._pulled(values, unit)[self.at] for unit in self._units(values)]
        return np.reshape(rows, np.shape(values[-1]) + np.shape(values[self.at]))

    def backward(self, grad: Array, *values: Array) -> Any:
        rows = np.reshape(grad, (np.size(values[-1]), *np.shape(values[self.at])))
        total: list[Any] = [np.zeros_like(value) for value in values]
        with self._borrowed_graph():
            for row, unit in zip(rows, self._units(values), strict=True):
                change = self._change(values, row, unit)
                total = [t + c for t, c in zip(total, change, strict=True)]
            return self._own_share(values, total)

    @staticmethod
    def _units(values: Sequence[Array]) -> Iterator[Array]:
        """Yield an array of y's shape for each of its entries: 1 there, 0 elsewhere."""
        y = np.asarray(values[-1])
        for k in range(y.size):
            yield (np.arange(y.size) == k).astype(y.real.dtype).reshape(y.shape)

    # The graph below y, at given values.

    @contextmanager
    def _borrowed_graph(self) -> Iterator[None]:
        """Let the operations below y be called for a while, and leave them as they were."""
        for node in self.inputs:
            draws = any(isinstance(part, np.random.Generator) for part in vars(node).values())
            if draws and getattr(node, "training", True):
                raise GraphError(
                    f"{type(self).__name__}: {node!r} draws random numbers anew whenever it is "
                    "evaluated; take the derivative inside `with evaluating(node)`"
                )
        kept = [dict(vars(node)) for node in self.inputs]
        try:
            for node in self.inputs:
                node.needs = [k for k, x in enumerate(node.inputs) if not isinstance(x, Constant)]
            yield
        finally:
            for node, attributes in zip(self.inputs, kept, strict=True):
                node.__dict__ = attributes

    def _pulled(self, values: Sequence[Array], cotangent: Array) -> list[Array]:
        """Return the gradient of <cotangent, y> in every node at these values: a walk back."""
        grads: list[Any] = [0.0 * np.asarray(value) for value in values]
        grads[-1] = grads[-1] + cotangent
        for k in reversed(range(len(values))):
            for j, term in self._terms(k, grads[k], values):
                grads[j] = grads[j] + term
        return grads

    def _terms(self, k: int, grad: Array, values: Sequence[Array]) -> Iterator[tuple[int, Array]]:
        """Yield what node number k adds to the gradients of its inputs, with their numbers."""
        node, sources = self.inputs[k], self.sources[k]
        if not sources or not np.any(grad):
            return
        arrays = [values[j] for j in sources]
        node.value = node.forward(*arrays)  # what was added to a node is no part of its operation
        terms = node.backward(grad, *arrays)
        for j, term in zip(sources, terms if isinstance(terms, tuple) else (terms,), strict=True):
            if term is not None and _has_gradient(self.inputs[j], values[j]):
                yield j, unbroadcast(term, np.shape(values[j]))

    def _change(self, values: Sequence[Array], direction: Array, cotangent: Array) -> list[Array]:
        """Return how fast the gradients in all nodes change as x moves along `direction`."""

        def gradients(step: complex) -> list[Array]:
            return self._pulled(self._moved(values, step * direction), cotangent)

        if not any(np.iscomplexobj(value) for value in (*values, direction)):
            return [g.imag / COMPLEX_STEP for g in gradients(COMPLEX_STEP * 1j)]
        return _differences(gradients, direction)

    def _moved(self, values: Sequence[Array], shift: Array) -> list[Array]:
        """Return the values after x has moved, and with it all that depends on it."""
        moved = list(values)
        moved[self.at] = np.asarray(values[self.at]) + shift
        for k, sources in enumerate(self.sources):
            if k != self.at and any(moved[j] is not values[j] for j in sources):
                before = self.inputs[k].forward(*(values[j] for j in sources))
                after = self.inputs[k].forward(*(moved[j] for j in sources))
                whole = np.asarray(after).dtype.kind not in "fc"  # a mask, or a place
                moved[k] = after if whole else values[k] + (after - before)
        return moved

    def _own_share(self, values: Sequence[Array], total: list[Any]) -> tuple[Any, ...]:
        """Take from each node's total gradient what reaches it through the nodes above it: the
        graph's walk back is going to add that."""
        own = list(total)
        for k, grad in enumerate(total):
            for j, term in self._terms(k, grad, values):
                own[j] = own[j] - term
        return tuple(
            grad if _has_gradient(node, value) else None
            for grad, node, value in zip(own, self.inputs, values, strict=True)
        )


class Grad(Jacobian):
    r"""dy/dx of a number y, at the graph's own values: the shape of x.

    $$g_i = \frac{\partial y}{\partial x_i}$$

    Args:
        y: A node whose value is one number.
        x: A node that y depends on, a leaf or not.

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> y = Sum(x**3)
        >>> g = Grad(y, x)
        >>> print(g.forward())
        [ 3. 12.]
    """

    def forward(self, *values: Array) -> Array:
        if np.size(values[-1]) != 1:
            raise GraphError(
                f"Grad: {self.inputs[-1]!r} is not one number: Jacobian(y, x) has its derivative"
            )
        return super().forward(*values).reshape(np.shape(values[self.at]))


def Hessian(l: Node, x: Node) -> Jacobian:
    r"""The matrix of second derivatives of a number l: the shape of x twice.

    $$H_{ij} = \frac{\partial^2 l}{\partial x_i \partial x_j}$$

    It is `Jacobian(Grad(l, x), x)`.

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> l = Prod(x) + Sum(x**3)
        >>> H = Hessian(l, x)
        >>> print(H.forward())
        [[ 6.  1.]
         [ 1. 12.]]
    """
    return Jacobian(Grad(l, x), x)


def _has_gradient(node: Node, value: Any) -> bool:
    return not isinstance(node, Constant) and np.asarray(value).dtype.kind in "fc"


def _differences(gradients: Callable[[complex], list[Array]], direction: Array) -> list[Array]:
    """Return the derivatives at 0 of arrays of one real number, by central differences."""
    size = float(np.max(np.abs(direction), initial=0.0)) or 1.0
    step = STEP / size
    total: list[Any] | None = None
    for k, weight in enumerate(WEIGHTS, 1):
        ahead, behind = gradients(k * step), gradients(-k * step)
        terms = [weight / step * (a - b) for a, b in zip(ahead, behind, strict=True)]
        total = terms if total is None else [t + u for t, u in zip(total, terms, strict=True)]
    assert total is not None
    return total
