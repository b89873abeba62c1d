"""The computation graph: nodes, their values, and reverse-mode differentiation.

An operation is a subclass of `Node` with two methods, written side by side:

    class Square(Node):
        def forward(self, x):        return x * x       # y = x**2, elementwise
        def backward(self, grad, x): return 2 * x * grad

`forward` maps the inputs' arrays to the value. `backward` is the vector-Jacobian product: it maps
the cotangent `grad` (the gradient of the loss with respect to this value) and the inputs' arrays
to one gradient per input, as a tuple, or bare for a single input; `None` means that there is no
derivative in that input. Summing over fan-out and undoing broadcasting is the graph's business,
so no operation does either.

A graph has no global state: it is what one node reaches through `inputs`.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

Array: TypeAlias = Any  # np.ndarray of any dtype; 0-d results may be NumPy scalars


class GraphError(ValueError):
    """A graph that cannot be evaluated or differentiated; the message names node and remedy."""


class Node:
    """A value in a computation graph: a leaf (`Input`, `Param`) or an operation on other nodes.

    `inputs` are the nodes it was made from, `value` is set by `forward()`, `grad` by `backward()`.
    """

    inputs: tuple[Node, ...] = ()
    value: Array = None
    grad: Array = None
    name: str | None = None
    #: For each input, whether the running `backward()` wants its gradient. An operation for which
    #: one gradient is expensive may return None in the place of one that is not wanted.
    needs: Sequence[bool] = ()
    __array_ufunc__ = None  # array + node asks node.__radd__ instead of making an object array

    def __init__(self, *inputs: Any) -> None:
        self.inputs = tuple(as_node(x) for x in inputs)

    #: What the arithmetic operators make, by sign. Filled once, as the operations are defined.
    operators: ClassVar[dict[str, type[Node]]] = {}

    def __init_subclass__(cls, operator: str | None = None, **options: Any) -> None:
        """Let `forward` and `backward` mean both things: with arrays, this operation alone (what
        the subclass defined); with no arguments, the whole graph up to this node.

        Args:
            operator: The sign that stands for this operation in a formula, as `"+"` for `Add`.
        """
        super().__init_subclass__(**options)
        if operator is not None:
            Node.operators[operator] = cls
        if (forward := cls.__dict__.get("forward")) is not None:
            cls.compute = forward
            cls.forward = _operation_or_graph(forward, run_forward)  # type: ignore[method-assign]
        if (backward := cls.__dict__.get("backward")) is not None:
            cls.vjp = backward
            cls.backward = _operation_or_graph(backward, run_backward)  # type: ignore[method-assign]

    #: The operation's own forward, arrays to array, and its own backward (vector-Jacobian product).
    compute: Callable[..., Array]
    vjp: Callable[..., Any]

    def forward(self, *args: Any, **options: Any) -> Any:
        """Evaluate the graph up to this node and return its value."""
        return run_forward(self, *args, **options)

    def backward(self, *args: Any, **options: Any) -> Any:
        """Set `grad` on every node that this one depends on; see `run_backward`."""
        return run_backward(self, *args, **options)

    def detach(self, shared: dict[int, Any]) -> None:
        """Give a copied node its own version of what must not be shared with the original.

        `shared` maps the id of an original part to its copy, so that nodes which shared a part
        before the copy share one after it.
        """

    @property
    def params(self) -> list[Param]:
        """The parameters that this node depends on, in topological order."""
        return [node for node in topological_order(self) if isinstance(node, Param)]

    def __add__(self, other: Any) -> Node:
        return self.operators["+"](self, other)

    def __radd__(self, other: Any) -> Node:
        return self.operators["+"](other, self)

    def __sub__(self, other: Any) -> Node:
        return self.operators["-"](self, other)

    def __rsub__(self, other: Any) -> Node:
        return self.operators["-"](other, self)

    def __mul__(self, other: Any) -> Node:
        return self.operators["*"](self, other)

    def __rmul__(self, other: Any) -> Node:
        return self.operators["*"](other, self)

    def __truediv__(self, other: Any) -> Node:
        return self.operators["/"](self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return self.operators["/"](other, self)

    def __pow__(self, other: Any) -> Node:
        return self.operators["**"](self, other)

    def __rpow__(self, other: Any) -> Node:
        return self.operators["**"](other, self)

    def __matmul__(self, other: Any) -> Node:
        return self.operators["@"](self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return self.operators["@"](other, self)

    def __neg__(self) -> Node:
        return self.operators["neg"](self)

    def __getitem__(self, key: Any) -> Node:
        return self.operators["[]"](self, key)

    __iter__ = None  # a node has no length before it has a value; x[0], x[1], ... would never end

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name else ""
        shape = "" if self.value is None else f" shape={np.shape(self.value)}"
        return f"<{type(self).__name__}{name}{shape}>"


class Input(Node):
    """A leaf whose value is given from outside: data, labels, or the variable of a formula.

    Args:
        value: An array or a number; may be set later as `x.value = ...`.
        shape: The shape of an input without a value. Checks sample it afresh at every point.
        sample: How: `"normal"`, `"positive"`, `"simplex"` (non-negative, sums to 1 over the last
            axis), `"onehot"`, or a function of (generator, shape).
    """

    def __init__(
        self,
        value: Array = None,
        shape: Sequence[int] | int | None = None,
        sample: str | Callable[[np.random.Generator, tuple[int, ...]], Array] = "normal",
    ) -> None:
        self.value = None if value is None else np.asarray(value)
        self.shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        self.sample = sample


class Param(Node):
    """A leaf that an optimiser changes."""

    def __init__(self, value: Array) -> None:
        self.value = np.asarray(value)


class Constant(Node):
    """A number or array that stands in a formula, as 2 in `2 * x`; it has no gradient.

    A number stays a Python number, which NumPy lets follow the dtype of the array beside it:
    `2.5 * x` is float32 where x is.
    """

    def __init__(self, value: Array) -> None:
        if isinstance(value, float):  # np.float64 is one, and would not be weak
            self.value: Array = float(value)
        elif isinstance(value, bool | int | complex):
            self.value = value
        else:
            self.value = np.asarray(value)


def as_node(x: Any) -> Node:
    """Return `x` itself if it is a node, else a `Constant` that holds it."""
    return x if isinstance(x, Node) else Constant(x)


def topological_order(*roots: Node) -> list[Node]:
    """Every node that the roots depend on, and the roots, each after its inputs; no recursion."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
    return order


def copy_graph(roots: Iterable[Node]) -> dict[Node, Node]:
    """Copy the graph below `roots`: a mapping from each node to its copy.

    Checks work on a copy, so that values and gradients of the original stay as they are.
    """
    copies: dict[Node, Node] = {}
    shared: dict[int, Any] = {}
    for node in topological_order(*roots):
        copies[node] = twin = copy.copy(node)
        twin.inputs = tuple(copies[parent] for parent in node.inputs)
        twin.detach(shared)
    return copies


def unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sum `grad` over the axes along which an array of `shape` was broadcast to grad's shape."""
    if np.shape(grad) == shape:
        return grad
    grad = np.sum(grad, axis=tuple(range(np.ndim(grad) - len(shape))))
    stretched = tuple(k for k, n in enumerate(shape) if n == 1 and grad.shape[k] != 1)
    return np.sum(grad, axis=stretched, keepdims=True) if stretched else grad


def run_forward(root: Node) -> Array:
    """Evaluate every operation below `root`, inputs first; return root's value."""
    for node in topological_order(root):
        if node.inputs:
            node.value = node.compute(*(parent.value for parent in node.inputs))
        elif node.value is None:
            raise GraphError(f"{node!r} has no value: set .value before forward()")
    return root.value


def run_backward(root: Node, *, cotangent: Array = None, wrt: Iterable[Node] | None = None) -> None:
    """Set `grad`, the derivative of `root`, on every node that root depends on.

    Gradients start from zero every time. A root that is not a scalar needs a `cotangent` of its
    shape: what is differentiated is then the sum of cotangent * root. With `wrt`, gradients are
    computed for those nodes and what lies between only.
    """
    order = topological_order(root)
    for node in order:
        node.grad = None
    if root.value is None:
        raise GraphError(f"{root!r} has no value: call forward() first")
    if cotangent is None:
        if np.size(root.value) != 1:
            raise GraphError(f"{root!r} is not a scalar: give backward(cotangent=...)")
        cotangent = np.ones_like(root.value)
    root.grad = cotangent
    for node in reversed(order):
        if node.grad is None or not node.inputs:
            continue
        grads = node.vjp(node.grad, *(parent.value for parent in node.inputs))
        for parent, grad in zip(
            node.inputs, grads if isinstance(grads, tuple) else (grads,), strict=True
        ):
            if grad is not None and not isinstance(parent, Constant):
                grad = unbroadcast(grad, np.shape(parent.value))
                parent.grad = grad if parent.grad is None else parent.grad + grad


def _operation_or_graph(
    operation: Callable[..., Any], graph: Callable[..., Any]
) -> Callable[..., Any]:
    @functools.wraps(operation)
    def method(self: Node, *arrays: Any, **options: Any) -> Any:
        return operation(self, *arrays) if arrays else graph(self, **options)

    return method
