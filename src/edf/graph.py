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

`Node.forward` walks from the leaves to a node, `Node.backward` from the node to the leaves. By the
chain rule each operation adds its part to the gradients of its inputs. When its own turn comes, all
that use its value have been visited, so its gradient is complete. A graph has no global state: it
is what one node reaches through `inputs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from edf.described import Described
from edf.errors import GraphError, ShapeError, check_count, refuse_none, reraise
from edf.methods import either, one_per_input, walk
from edf.operators import Operators
from edf.order import order_of, topological_order
from edf.wanted import initial_gradient, keep_precision, require_values, targets

__all__ = ["Array", "Constant", "GraphError", "Input", "Node", "Param", "ShapeError", "as_node",
           "topological_order", "unbroadcast"]  # fmt: skip

Array: TypeAlias = npt.NDArray[Any]  # of any dtype; NumPy's own scalars stand for 0-d arrays

_value_of = attrgetter("value")

# ------------------------------------------------------------------------------------- a node


class Node(Described, Operators["Node"]):
    """A value in a computation graph: a leaf (`Input`, `Param`) or an operation on other nodes.

    `inputs` are the nodes it was made from, `value` is set by `forward()`, `grad` by `backward()`.
    """

    inputs: tuple[Node, ...] = ()
    value: Array | Any = None  # None before forward()
    grad: Array | Any = None  # None before backward(), and where there is no derivative
    differentiable: ClassVar[bool] = False  # whether this is a leaf that may have a gradient
    needs: Sequence[int] | None = None  # see `wants`; None outside the walk back
    kept_order: Any = None  # see `edf.order`

    def __init__(self, *inputs: Any) -> None:
        check_count(type(self), len(inputs))
        self.inputs = tuple(as_node(x) for x in inputs)

    @walk
    def forward(self) -> Any:
        """Evaluate the graph up to this node, inputs first, and return its value."""
        order = order_of(self)
        require_values(order.leaves(self))
        node = self
        try:
            for node, forward in order.operations(self):  # `forward` as its class defines it
                node.value = forward(node, *map(_value_of, node.inputs))
        except Exception as error:
            reraise(error, node, "forward")
        if self.value is None:
            refuse_none(order.operations(self))
        return self.value

    @walk
    def backward(self, *, cotangent: Any = None, wrt: Node | Iterable[Node] | None = None) -> None:
        """Set `grad`, the derivative of this node, on every node that it depends on.

        Gradients start from zero every time. A node that is not a scalar needs `cotangent=`, of its
        shape: what is differentiated is then the sum of cotangent * node. With `wrt=`, a node or
        several, gradients are computed for those and what lies between only, and are None
        elsewhere. Integers, as labels are, have no gradient; to ask for one is an error.
        """
        own_grad = initial_gradient(self, cotangent)  # 1 for a scalar
        order = order_of(self)
        # Operations, the last first, each with those of its inputs that lead to what is wanted.
        steps = order.back(self, targets(self, order.leaves(self), wrt))
        for node in order.nodes(self):
            node.grad = None  # nothing is left of an earlier walk
        self.grad = own_grad
        node = self
        try:
            for node, backward, wanted in steps:
                if node.grad is None:
                    continue
                # The chain rule: from the gradient in its value to those in its inputs.
                grads = backward(node, node.grad, *map(_value_of, node.inputs))
                if type(grads) is not tuple or len(grads) != len(node.inputs):
                    grads = one_per_input(grads, len(node.inputs))
                for k, x in wanted:
                    grad = grads[k]
                    if grad is None:
                        continue
                    try:
                        if grad.shape != x.value.shape:
                            grad = unbroadcast(grad, x.value.shape)
                    except AttributeError:  # one of the two is a number of Python's
                        grad = unbroadcast(grad, np.shape(x.value))
                    x.grad = grad if x.grad is None else x.grad + grad  # the sum over fan-out
        except Exception as error:
            reraise(error, node, "backward")
        keep_precision(order.leaves(self))

    def __init_subclass__(cls, **options: Any) -> None:
        """Let `forward` and `backward` of an operation be the walks where they get no arrays."""
        super().__init_subclass__(**options)
        for name in ("forward", "backward"):
            if name in vars(cls):
                setattr(cls, name, either(vars(cls)[name], getattr(Node, name).walk))

    @property
    def params(self) -> list[Param]:
        """The parameters that this node depends on, in topological order."""
        return [node for node in topological_order(self) if isinstance(node, Param)]

    def wants(self, k: int) -> bool:
        """Return whether the gradient in input number k is wanted. An operation for which it is
        expensive may ask, and return None in its place where it is not."""
        return self.needs is None or k in self.needs


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Array:
    """Sum `grad` over the axes along which an array of `shape` was broadcast to grad's shape."""
    summed = np.asarray(grad)
    while summed.ndim > len(shape):
        summed = np.add.reduce(summed)  # over the first axis, which broadcasting had put there
    if 1 in shape and summed.ndim == len(shape):
        ones = tuple(k for k, n in enumerate(shape) if n == 1)
        summed = np.add.reduce(summed, axis=ones, keepdims=True)
    if summed.shape != shape:
        raise ShapeError(f"a gradient of shape {np.shape(grad)} for an input of shape {shape}")
    return summed


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
        if self.value is not None and self.value.dtype.kind in "US":
            raise GraphError(f"an input holds numbers, not text ({self.value.dtype})")
        self.shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        self.sample = sample


class Param(Node):
    """A leaf that an optimiser changes, in steps along its gradient."""

    differentiable = True

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)
        if self.value.dtype.kind not in "fciub":
            raise GraphError(f"a parameter holds numbers, as np.zeros(3) does, not {value!r}")
        if self.value.dtype.kind not in "fc":
            raise GraphError(
                f"a parameter changes in small steps, so {self.value.dtype} cannot hold it: "
                "write 3.0 for 3, or array.astype(float)"
            )


class Constant(Node):
    """A number or array that stands in a formula, as 2 in `2 * x`; it has no gradient."""

    def __init__(self, value: Any) -> None:
        if isinstance(value, float):
            value = float(value)  # NumPy lets Python's numbers follow the dtype beside them
        weak = isinstance(value, bool | int | float | complex)
        self.value = value if weak else np.asarray(value)


def as_node(x: Any) -> Node:
    """Return `x` itself if it is a node, else a `Constant` that holds it."""
    if isinstance(x, list | tuple) and any(isinstance(part, Node) for part in x):
        raise TypeError("a list of nodes is not a node: write Stack([x, y]) or Concatenate([x, y])")
    return x if isinstance(x, Node) else Constant(x)
