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
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from edf.errors import (
    GraphError,
    ShapeError,
    check_count,
    check_options,
    explain,
    refuse_integers,
)
from edf.operators import Operators
from edf.order import Order, order_of, topological_order

__all__ = [
    "Array",
    "Constant",
    "GraphError",
    "Input",
    "Node",
    "Param",
    "ShapeError",
    "as_node",
    "copy_graph",
    "run_backward",
    "run_forward",
    "topological_order",
    "unbroadcast",
]

Array: TypeAlias = npt.NDArray[Any]  # of any dtype; NumPy's own scalars stand for 0-d arrays

_VALUE = attrgetter("value")

# ------------------------------------------------------------------------------------- a node


class Node(Operators["Node"]):
    """A value in a computation graph: a leaf (`Input`, `Param`) or an operation on other nodes.

    `inputs` are the nodes it was made from, `value` is set by `forward()`, `grad` by `backward()`.
    """

    inputs: tuple[Node, ...] = ()
    value: Array | Any = None  # None before forward()
    grad: Array | Any = None  # None before backward(), and where there is no derivative
    name: str | None = None
    #: Which shapes the operation takes, for the message when NumPy finds that they do not fit.
    rule: str | None = None
    #: For `edf.trace`: value and gradients as one writes them by hand, where the operation takes
    #: more care; {0}, {1}, ... are the inputs, {y} is the value and {grad} the cotangent.
    by_hand: ClassVar[Sequence[str] | None] = None
    #: The positions of those inputs whose gradients the running `backward()` wants; None: of all.
    needs: Sequence[int] | None = None
    #: Whether this is a leaf that may have a gradient.
    differentiable: ClassVar[bool] = False
    #: The order of the graph below this node, from the last walk; see `edf.order`.
    kept_order: Any = None

    def __new__(cls, *_: Any, **options: Any) -> Self:
        if options:
            check_options(cls, options)
        return super().__new__(cls)

    def __init__(self, *inputs: Any) -> None:
        check_count(type(self), len(inputs))
        self.inputs = tuple(as_node(x) for x in inputs)

    def forward(self, *arrays: Any, **options: Any) -> Any:
        """Evaluate the graph up to this node and return its value."""
        if arrays:
            raise GraphError(f"{type(self).__name__} has no forward")
        return run_forward(self, **options)

    def backward(self, *arrays: Any, **options: Any) -> Any:
        """Set `grad` on every node that this one depends on; see `run_backward`."""
        if arrays:
            raise GraphError(f"{type(self).__name__} has no backward")
        run_backward(self, **options)

    def __init_subclass__(cls, **options: Any) -> None:
        """Give the two methods of an operation their second meaning (see `_or_graph`)."""
        super().__init_subclass__(**options)
        for name in ("forward", "backward"):
            if name in vars(cls):
                setattr(cls, name, _or_graph(vars(cls)[name], getattr(Node, name)))

    @property
    def params(self) -> list[Param]:
        """The parameters that this node depends on, in topological order."""
        return [node for node in topological_order(self) if isinstance(node, Param)]

    def wants(self, k: int) -> bool:
        """Return whether the gradient in input number k is wanted. An operation for which it is
        expensive may ask, and return None in its place where it is not."""
        return self.needs is None or k in self.needs

    def detach(self, shared: dict[int, Any]) -> None:
        """Give a copied node its own version of what must not be shared with the original.

        `shared` maps the id of an original part to its copy, so that nodes which shared a part
        before the copy share one after it.
        """

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name else ""
        shape = "" if self.value is None else f" shape={np.shape(self.value)}"
        return f"<{type(self).__name__}{name}{shape}>"


def _or_graph(operation: Callable[..., Any], graph: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that means two things: `square.forward(x)`, with arrays, is this operation
    alone, as its class defines it; `loss.forward()`, without, is the whole graph up to the node."""

    @functools.wraps(operation)
    def method(self: Node, *arrays: Any, **options: Any) -> Any:
        return operation(self, *arrays, **options) if arrays else graph(self, **options)

    return method


# ------------------------------------------------------------------------------------ its leaves


class Input(Node):
    """A leaf whose value is given from outside: data, labels, or the variable of a formula.

    Args:
        value: An array or a number; may be set later as `x.value = ...`.
        shape: The shape of an input without a value. Checks sample it afresh at every point.
        sample: How: `"normal"`, `"positive"`, `"simplex"` (non-negative, sums to 1 over the last
            axis), `"onehot"`, or a function of (generator, shape).
    """

    differentiable = True

    def __init__(
        self,
        value: Any = None,
        shape: Sequence[int] | int | None = None,
        sample: str | Callable[[np.random.Generator, tuple[int, ...]], Array] = "normal",
    ) -> None:
        self.value = None if value is None else np.asarray(value)
        self.shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        self.sample = sample


class Param(Node):
    """A leaf that an optimiser changes, in steps along its gradient."""

    differentiable = True

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)
        if self.value.dtype.kind not in "fc":
            raise GraphError(
                f"a parameter changes in small steps, so {self.value.dtype} cannot hold it: "
                "write 3.0 for 3, or array.astype(float)"
            )


class Constant(Node):
    """A number or array that stands in a formula, as 2 in `2 * x`; it has no gradient.

    A number stays a Python number, which NumPy lets follow the dtype of the array beside it:
    `2.5 * x` is float32 where x is.
    """

    def __init__(self, value: Any) -> None:
        if isinstance(value, float):  # np.float64 is one, and would not be weak
            self.value = float(value)
        elif isinstance(value, bool | int | complex):
            self.value = value
        else:
            self.value = np.asarray(value)


def as_node(x: Any) -> Node:
    """Return `x` itself if it is a node, else a `Constant` that holds it."""
    return x if isinstance(x, Node) else Constant(x)


# ------------------------------------------------------------------------------- the walk forward


def run_forward(root: Node) -> Array:
    """Evaluate every operation below `root`, inputs first; return root's value."""
    order = order_of(root)
    for leaf in order.leaves:
        if leaf.value is None:
            raise GraphError(f"{leaf!r} has no value: set .value before forward()")
        if type(leaf.value) is not np.ndarray and not isinstance(leaf, Constant):
            leaf.value = np.asarray(leaf.value)
    node = root
    try:
        for node, forward in order.operations:
            node.value = forward(node, *map(_VALUE, node.inputs))
    except Exception as error:
        explain(error, node, "forward")
    return root.value


# --------------------------------------------------------------------------------- the walk back


def run_backward(
    root: Node, *, cotangent: Any = None, wrt: Node | Iterable[Node] | None = None
) -> None:
    """Set `grad`, the derivative of `root`, on every node that root depends on.

    Gradients start from zero every time. A root that is not a scalar needs a `cotangent` of its
    shape: what is differentiated is then the sum of cotangent * root. With `wrt`, gradients are
    computed for those nodes and what lies between only, and are None elsewhere. Integers, as labels
    are, have no gradient; to ask for one is an error.
    """
    if root.value is None:
        raise GraphError(f"{root!r} has no value: call forward() first")
    order = order_of(root)
    steps, partial = order.back(_targets(root, order, wrt))
    start = _start(root, cotangent)
    for node in order.nodes:
        node.grad = None
    root.grad = start
    for node, wanted in partial:
        node.needs = wanted
    node = root
    try:
        for node, backward, wanted in steps:
            if node.grad is None:
                continue
            grads = backward(node, node.grad, *map(_VALUE, node.inputs))
            if type(grads) is not tuple or len(grads) != len(node.inputs):
                grads = _as_tuple(grads, len(node.inputs))
            for k in wanted:
                x, grad = node.inputs[k], grads[k]
                if grad is None:
                    continue
                if getattr(grad, "shape", None) != getattr(x.value, "shape", ()):
                    grad = unbroadcast(grad, np.shape(x.value))
                x.grad = grad if x.grad is None else x.grad + grad
    except Exception as error:
        explain(error, node, "backward")
    finally:
        for node, _ in partial:
            node.needs = None
    for leaf in order.leaves:
        if leaf.grad is not None:
            leaf.grad = _in_precision_of(np.asarray(leaf.value), np.asarray(leaf.grad))


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Array:
    """Sum `grad` over the axes along which an array of `shape` was broadcast to grad's shape."""
    summed = np.asarray(grad)
    if (extra := summed.ndim - len(shape)) > 0:
        summed = np.add.reduce(summed, axis=tuple(range(extra)))
    if 1 in shape and extra >= 0:
        ones = tuple(k for k, n in enumerate(shape) if n == 1)
        summed = np.add.reduce(summed, axis=ones, keepdims=True)
    if summed.shape != shape:
        raise ShapeError(f"a gradient of shape {np.shape(grad)} for an input of shape {shape}")
    return summed


def _as_tuple(grads: Any, count: int) -> tuple[Any, ...]:
    """Return what a `backward` returned as a tuple of one gradient per input."""
    terms = grads if isinstance(grads, tuple) else (grads,)
    if len(terms) != count:
        raise GraphError(f"returned {len(terms)} gradients for {count} inputs")
    return terms


def _in_precision_of(value: Array, grad: Array) -> Array:
    """Return the gradient of a real `value` with the value's own dtype."""
    if grad.dtype == value.dtype or grad.dtype.kind != "f":
        return grad
    return grad.astype(value.dtype)


def _start(root: Node, cotangent: Any) -> Array:
    """Return the gradient of the root itself: the cotangent, which is 1 for a scalar."""
    value = np.asarray(root.value)
    if cotangent is None:
        if value.size != 1:
            raise GraphError(f"{root!r} is not a scalar: give backward(cotangent=...)")
        return np.ones_like(value) if value.ndim else value.dtype.type(1)
    if np.shape(cotangent) != value.shape:
        raise ShapeError(f"{root!r} was given a cotangent of shape {np.shape(cotangent)}")
    return np.asarray(cotangent)


def _targets(root: Node, order: Order, wrt: Node | Iterable[Node] | None) -> set[Node]:
    """Return the nodes whose gradients are asked for: `wrt`, by default all leaves that hold
    floating-point numbers."""
    if wrt is None:
        targets = {leaf for leaf in order.leaves if leaf.differentiable and _inexact(leaf)}
        if not targets or not _inexact(root):
            whole = [leaf for leaf in order.leaves if leaf.differentiable and not _inexact(leaf)]
            if whole or not _inexact(root):
                refuse_integers((whole or [root])[0])
        return targets
    targets = {wrt} if isinstance(wrt, Node) else set(wrt)
    for node in targets:
        if not _inexact(node):
            refuse_integers(node)
    return targets


def _inexact(node: Node) -> bool:
    return np.asarray(node.value).dtype.kind in "fc"


# ----------------------------------------------------------------------------------------- copies


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
