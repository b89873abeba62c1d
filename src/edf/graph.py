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
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.exceptions import AxisError

from edf.blas import sum_of_rows
from edf.deferred import Deferred
from edf.errors import GraphError, ShapeError
from edf.schedule import BOTH, Schedule, schedule_of, topological_order

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

Array: TypeAlias = Any  # np.ndarray of any dtype; 0-d results may be NumPy scalars


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
    #: Which shapes the operation takes, for the message when NumPy finds that they do not fit.
    rule: str | None = None
    #: For an operation whose gradients are expensive, and which heeds `needs`: the attributes that
    #: `backward` reads. It promises that the gradient of an input does not depend on that input's
    #: entries, and can then work it out apart from its graph, later (see `Input.grad`).
    apart: tuple[str, ...] | None = None
    __array_ufunc__ = None  # array + node asks node.__radd__ instead of making an object array

    #: Whether this is a leaf that has a gradient, and whether that may be worked out when read.
    differentiable: ClassVar[bool] = False
    defers: ClassVar[bool] = False

    _schedule: Schedule | None = None

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

    def __copy__(self) -> Node:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

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

    @property
    def T(self) -> Node:
        """The transpose: all axes in reverse order."""
        return self.operators["T"](self)

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

    differentiable = True
    defers = True
    _so_far: Array = None
    _deferred: tuple[tuple[Deferred, Array], ...] = ()  # terms, each with the value then

    def __init__(
        self,
        value: Array = None,
        shape: Sequence[int] | int | None = None,
        sample: str | Callable[[np.random.Generator, tuple[int, ...]], Array] = "normal",
    ) -> None:
        self.value = None if value is None else np.asarray(value)
        self.shape = (shape,) if isinstance(shape, int) else None if shape is None else tuple(shape)
        self.sample = sample

    @functools.cached_property
    def grad(self) -> Array:
        """The gradient that the last `backward()` gave.

        Training never reads that of the data, and it can be as expensive as all others together.
        So `backward()` puts aside copies of what an expensive term depends on, and the term is
        added when the gradient is first read, whatever has changed in between.
        """
        grad = self._so_far
        for deferred, value in self._deferred:
            terms = _as_terms(deferred.gradients(), len(deferred.node.needs))
            grad = _in_precision_of(value, _added(grad, terms[deferred.argument], value))
        self._so_far, self._deferred = None, ()
        return grad

    def __copy__(self) -> Node:
        _ = self.grad  # which is worked out once: the next backward may use its arrays again
        return super().__copy__()

    def defer(self, term: Deferred) -> None:
        """Add a term to the gradient, when that is read."""
        if not self._deferred:
            self._so_far = self.__dict__.pop("grad", None)  # what is set hides what is worked out
        self._deferred += ((term, self.value),)


class Param(Node):
    """A leaf that an optimiser changes, in steps along its gradient."""

    differentiable = True

    def __init__(self, value: Array) -> None:
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
    stretched = np.shape(grad)
    if stretched and stretched[1:] == shape:  # as when a bias is added to a batch
        return sum_of_rows(np.asarray(grad))
    extra = len(stretched) - len(shape)
    lengths = stretched[max(extra, 0) :]
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, lengths, strict=True)):
        raise ShapeError(f"a gradient of shape {stretched} for an input of shape {shape}")
    grad = np.add.reduce(grad, axis=tuple(range(extra)))
    ones = tuple(k for k, n in enumerate(shape) if n != lengths[k])
    return np.add.reduce(grad, axis=ones, keepdims=True)


def run_forward(root: Node) -> Array:
    """Evaluate every operation below `root`, inputs first; return root's value."""
    node = root
    try:
        for node in schedule_of(root)[1]:
            inputs = node.inputs
            if len(inputs) == 2:  # most nodes: a starred call costs as much as a small product
                a, b = inputs
                node.value = node.compute(a.value, b.value)
            elif inputs:
                node.value = node.compute(*map(_VALUE, inputs))
            elif type(node.value) is not np.ndarray:
                _complete(node)
    except Exception as error:
        _explain(error, node, "forward")
        raise
    return root.value


def run_backward(
    root: Node, *, cotangent: Array = None, wrt: Node | Iterable[Node] | None = None
) -> None:
    """Set `grad`, the derivative of `root`, on every node that root depends on.

    Gradients start from zero every time. A root that is not a scalar needs a `cotangent` of its
    shape: what is differentiated is then the sum of cotangent * root. With `wrt`, gradients are
    computed for those nodes and what lies between only, and are None elsewhere. Integers, as labels
    are, have no gradient; to ask for one is an error.
    """
    if root.value is None:
        raise GraphError(f"{root!r} has no value: call forward() first")
    schedule, order = schedule_of(root)
    chosen = None if wrt is None else [wrt] if isinstance(wrt, Node) else list(wrt)
    plan = schedule.plan(order, chosen)
    cotangent = _checked_cotangent(root, cotangent)
    for node in order:
        node.grad = None
    for leaf in schedule.deferring:
        leaf._deferred = ()
    for k, needs in plan.partial:
        order[k].needs = needs
    root.grad = cotangent
    node = root
    try:
        for position, wanted in plan.steps:
            node = order[position]
            if (grad := node.grad) is None:
                continue
            inputs = node.inputs
            if len(inputs) == 2:  # as in run_forward
                a, b = inputs
                terms = node.vjp(grad, a.value, b.value)
            else:
                terms = node.vjp(grad, *map(_VALUE, inputs))
            if type(terms) is not tuple or len(terms) != len(inputs):
                terms = _as_terms(terms, len(inputs))
            if wanted is BOTH:
                da, db = terms
                a.grad = _added(a.grad, da, a.value)
                b.grad = _added(b.grad, db, b.value)
            else:
                for k in wanted:
                    parent = inputs[k]
                    parent.grad = _added(parent.grad, terms[k], parent.value)
    except Exception as error:
        _explain(error, node, "backward")
        raise
    finally:
        for k, _ in plan.partial:
            order[k].needs = ()
    for leaf in schedule.leaves:
        if (grad := leaf.grad) is not None and grad.dtype is not leaf.value.dtype:
            leaf.grad = _in_precision_of(leaf.value, grad)
    for position, term in plan.deferred:
        node = order[position]
        if node.grad is not None:
            term.keep(node)
            node.inputs[term.argument].defer(term)  # type: ignore[attr-defined]


def _as_terms(grads: Any, count: int) -> tuple[Array, ...]:
    """Return what a `backward` returned as a tuple of one gradient per input."""
    terms = grads if type(grads) is tuple else (grads,)
    if len(terms) != count:
        raise GraphError(f"returned {len(terms)} gradients for {count} inputs")
    return terms


def _added(so_far: Array, term: Array, value: Array) -> Array:
    """Return the gradient of `value` with one term more, summed over the axes that were broadcast.

    None stands for a gradient without terms, and for a term that there is not.
    """
    try:
        fits = term.shape == value.shape
    except AttributeError:  # None; or a number or a list, which have the shape that NumPy sees
        if term is None:
            return so_far
        fits = False
    if not fits:
        term = unbroadcast(term, np.shape(value))
    return term if so_far is None else so_far + term


def _in_precision_of(value: Array, grad: Array) -> Array:
    """Return the gradient of a real `value` with the value's own dtype."""
    if grad is None or grad.dtype is value.dtype or grad.dtype.kind != "f":
        return grad
    return grad.astype(value.dtype)


# ----------------------------------------------------------------------------------- what is wrong


def _complete(leaf: Node) -> None:
    """Make the value of an input or parameter an array, if it has one."""
    if leaf.value is None:
        raise GraphError(f"{leaf!r} has no value: set .value before forward()")
    if not isinstance(leaf, Constant):
        leaf.value = np.asarray(leaf.value)


def _checked_cotangent(root: Node, cotangent: Array) -> Array:
    value = root.value
    if cotangent is None and isinstance(value, np.generic):
        return type(value)(1)
    value = np.asarray(value)
    if cotangent is None:
        if value.ndim == 0:
            return value.dtype.type(1)
        if value.size == 1:
            return np.ones_like(value)
        raise GraphError(f"{root!r} is not a scalar: give backward(cotangent=...)")
    cotangent = np.asarray(cotangent)
    if cotangent.shape != value.shape:
        raise ShapeError(f"{root!r} was given a cotangent of shape {cotangent.shape}")
    return cotangent


def _explain(error: Exception, node: Node, phase: str) -> None:
    """Say at which operation and with which shapes an error arose."""
    operation = type(node).__name__
    shapes = [np.shape(parent.value) for parent in node.inputs]
    if phase == "forward" and node.rule and type(error) in (ValueError, IndexError, AxisError):
        listed = " and ".join(map(str, shapes))
        fit = "does not fit" if len(shapes) == 1 else "do not fit"
        plural = "" if len(shapes) == 1 else "s"
        raise ShapeError(f"{operation}: shape{plural} {listed} {fit}: {node.rule}") from error
    if not node.inputs or (isinstance(error, GraphError) and phase == "forward"):
        return
    where = f"{phase} of {node!r}, inputs of shapes {', '.join(map(str, shapes))}"
    if isinstance(error, GraphError):
        raise type(error)(f"{where}: {error}") from error
    error.add_note(f"in {where}")


_VALUE = attrgetter("value")


def _operation_or_graph(
    operation: Callable[..., Any], graph: Callable[..., Any]
) -> Callable[..., Any]:
    @functools.wraps(operation)
    def method(self: Node, *arrays: Any, **options: Any) -> Any:
        return operation(self, *arrays) if arrays else graph(self, **options)

    return method
