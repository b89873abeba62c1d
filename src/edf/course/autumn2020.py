"""The course's API of autumn 2020: `import edf.course.autumn2020 as edf`, and the program runs.

A program calls `clear_compgraph()`, makes `Input`s, parameters (mostly in `ParameterPackage`s) and
`CompNode`s, and for each batch sets `x.value` and calls `Forward()`, `Backward(loss)`, `SGD()`.
The first axis of every value is the batch; `Backward` differentiates the mean of the loss over it.
A student's own class derives from `CompNode`, appends itself to `edf.CompNodes`, sets `self.value`
in `forward` and calls `self.x.addgrad(...)` in `backward`.

Beyond the original there is `check(loss)`. What the original got wrong is put right here, as the
guide lists: no clipping at 10 that backward does not know of, and no parameter gradient of shape
batch x in x out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.check import GradientReport, check_gradients
from edf.course.wrapped import wrap
from edf.graph import Array, Node, unbroadcast
from edf.operations import elementary, reductions

#: The type of all numbers.
DT: Any = np.float32
learning_rate = 0.001

CompNodes: list[Any] = []
Parameters: list[Any] = []


# ------------------------------------------------------------------------------ the whole graph


def clear_compgraph() -> None:
    """Forget all nodes and parameters: done before a new graph is made."""
    global CompNodes, Parameters
    CompNodes = []
    Parameters = []


def Forward() -> None:
    """Run every node, in the order in which they were made."""
    for node in CompNodes:
        node.forward()


def Backward(loss: Any) -> None:
    """Set the gradient of the loss, averaged over the batch, on all that it depends on."""
    for node in [*CompNodes, *Parameters]:
        node.grad = np.zeros(np.shape(node.value), dtype=DT)
    batch = np.shape(loss.value)[0] if np.ndim(loss.value) else 1
    loss.grad = np.full(np.shape(loss.value), 1 / batch, dtype=DT)
    for node in reversed(CompNodes):
        node.backward()


def SGD() -> None:
    """value <- value - learning_rate * grad, for every parameter."""
    for parameter in Parameters:
        parameter.SGD()


def UpdateParameters() -> None:
    """The same, as a later file spells it."""
    for parameter in Parameters:
        parameter.UpdateParameters()


def check(loss: Any, **options: Any) -> GradientReport:
    """Check the backward of every node below `loss`, a student's own ones included.

    Compares the gradients of all parameters with numeric derivatives, and names the node at fault.
    The program's values and gradients stay as they are; the inputs' values are held fixed, and must
    have been set.

    Args:
        loss: A `CompNode`.
        **options: `id`, `expect`, `points` and `seed` as for `edf.check_gradients`.
    """
    global DT
    kept, DT = DT, np.float64
    try:
        node, leaves = wrap(loss, CompNodes, Parameters)
        return check_gradients(node, leaves, **options)
    finally:
        DT = kept


# ------------------------------------------------------------------------------------- leaves


class Input:
    """Data or labels: the program sets `value`."""

    value: Any = None

    def addgrad(self, delta: Array) -> None:
        """Do nothing: an input has no gradient."""


class Parameter:
    """A parameter; it appends itself to `Parameters`."""

    grad: Any = 0.0

    def __init__(self, value: Any) -> None:
        self.value = np.array(value, dtype=DT)
        Parameters.append(self)

    def addgrad(self, delta: Array) -> None:
        """Add to the gradient: `delta` has the parameter's shape, or axes before it (the batch)
        over which it is summed."""
        self.grad = self.grad + unbroadcast(np.asarray(delta), np.shape(self.value))

    def SGD(self) -> None:
        """Step against the gradient."""
        self.value = self.value - learning_rate * self.grad

    def UpdateParameters(self) -> None:
        """The same, as a later file spells it."""
        self.SGD()


class ParameterPackage:
    """A holder of parameters, or of other packages, in its attributes."""


class AffineParams(ParameterPackage):
    """The parameters of an affine map: w (n_in, n_out) by Xavier's rule, b (n_out,) zero."""

    def __init__(self, n_in: int, n_out: int) -> None:
        bound = Xavier(n_in)
        self.w = Parameter(np.random.uniform(-bound, bound, (n_in, n_out)))
        self.b = Parameter(np.zeros(n_out))

    @property
    def A(self) -> Parameter:
        """The matrix, as a later file spells it."""
        return self.w


def Xavier(n_in: int) -> float:
    """Return the bound of the uniform distribution of variance 1 / n_in."""
    return float(np.sqrt(3.0 / n_in))


# -------------------------------------------------------------------------------- computed nodes


class CompNode:
    """The base of computed nodes: `forward` sets `value`, `backward` adds gradients."""

    value: Any = None
    grad: Any = 0.0

    def addgrad(self, delta: Array) -> None:
        """Add to the gradient: of the value's shape, stretched to it, or summed where that was."""
        self.grad = self.grad + _in_shape(np.asarray(delta), np.shape(self.value))


def _in_shape(delta: Array, shape: tuple[int, ...]) -> Array:
    try:
        return np.broadcast_to(delta, shape)
    except ValueError:
        return unbroadcast(delta, shape)


class Affine(CompNode):
    """x w + b, with Phi an `AffineParams`: (batch, n_in) -> (batch, n_out)."""

    def __init__(self, Phi: Any, x: Any) -> None:
        self.Phi, self.x = Phi, x
        CompNodes.append(self)

    def forward(self) -> None:
        self.value = self.x.value @ self.Phi.w.value + self.Phi.b.value

    def backward(self) -> None:
        self.x.addgrad(self.grad @ self.Phi.w.value.T)
        self.Phi.b.addgrad(self.grad)
        self.Phi.w.addgrad(self.x.value.T @ self.grad)  # already summed over the batch


class _Operation(CompNode):
    """A node that computes what one of edf's operations computes."""

    operation: type[Node]

    def __init__(self, x: Any) -> None:
        self.x = x
        self.node = self.operation(0.0)
        CompNodes.append(self)

    def forward(self) -> None:
        self.value = self.node.forward(self.x.value)

    def backward(self) -> None:
        self.node.value = self.value
        self.x.addgrad(self.node.backward(self.grad, self.x.value))


class Sigmoid(_Operation):
    """1 / (1 + exp(-x)), for all x."""

    operation = elementary.Sigmoid


class Relu(_Operation):
    """max(x, 0)."""

    operation = elementary.ReLU


class Softmax(_Operation):
    """exp(s_i) / sum_j exp(s_j), over the last axis, for all s."""

    operation = reductions.Softmax


class LogLoss(CompNode):
    """-log p[b, y[b]] for every b of the batch: (batch, labels), integers (batch,) -> (batch,).

    A probability that has underflowed to 0 counts as the smallest positive number, and has the
    gradient 0, as the value no longer depends on it.
    """

    def __init__(self, p: Any, y: Any) -> None:
        if not isinstance(p, CompNode):
            raise ValueError(f"LogLoss: p is a CompNode, not {type(p).__name__}")
        self.p, self.y = p, y
        CompNodes.append(self)

    def forward(self) -> None:
        picked = self.p.value[self._picked()]
        self.value = -np.log(np.where(picked.real < self._least(), self._least(), picked))

    def backward(self) -> None:
        picked = self.p.value[self._picked()]
        gone = picked.real < self._least()
        slope = np.where(gone, 0, -self.grad / np.where(gone, 1, picked))
        delta = np.zeros(self.p.value.shape, slope.dtype)
        delta[self._picked()] = slope
        self.p.addgrad(delta)

    def _picked(self) -> tuple[Array, Array]:
        return np.arange(len(self.p.value)), np.asarray(self.y.value).astype(int)

    def _least(self) -> Any:
        return np.finfo(self.p.value.dtype).tiny


CrossEntropyLoss = LogLoss  # as a later file spells it


class BCELoss(CompNode):
    """-(y log p + (1 - y) log(1 - p)), elementwise, for probabilities p and labels y, 0 or 1.

    A probability of 0 or 1 counts as the nearest number between, and has the gradient 0.
    """

    def __init__(self, p: Any, y: Any) -> None:
        self.p, self.y = p, y
        CompNodes.append(self)

    def forward(self) -> None:
        p, y = self._inside(), np.asarray(self.y.value)
        self.value = -(y * np.log(p) + (1 - y) * np.log1p(-p))

    def backward(self) -> None:
        p, y = self._inside(), np.asarray(self.y.value)
        self.p.addgrad(np.where(p == self.p.value, self.grad * (p - y) / (p * (1 - p)), 0))

    def _inside(self) -> Any:
        kind = np.finfo(self.p.value.dtype)
        p = self.p.value
        p = np.where(p.real < kind.tiny, kind.tiny, p)
        return np.where(p.real > 1 - kind.epsneg, 1 - kind.epsneg, p).astype(p.dtype)
