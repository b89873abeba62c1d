"""What a check differentiates: a whole graph, or one operation at its own inputs.

Both are a function of several arrays that can be evaluated at shifted arguments and pulled back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from edf.errors import ShapeError
from edf.graph import Array, Constant, Node, topological_order, unbroadcast
from edf.numerics.branches import Branch, Trace
from edf.numerics.differences import EPS
from edf.numerics.intervals import BoundedTrace, Bounds


class EvaluationError(Exception):
    """An operation failed while it was checked; the message names the operation."""


class ProtocolError(Exception):
    """A rule that a `backward` breaks; the message names the operation and the argument."""


class Differentiable(Protocol):
    """A function F of arrays, and what its backward claims to be its vector-Jacobian product."""

    @property
    def labels(self) -> Sequence[str | int]:
        """What to call each argument in a report."""

    @property
    def values(self) -> Sequence[Array]:
        """The arguments' values at the point."""

    def evaluate(self, shifts: Mapping[int, Array]) -> Array:
        """Return F with `shifts[k]` added to argument k."""

    def pull(self, cotangent: Array) -> list[Array | None]:
        """Return, for each argument, the gradient of sum(cotangent * F) that backward gives."""

    def rounding_of_pull(self, cotangent: Array) -> list[float]:
        """Return, for each argument, how far rounding may move that gradient."""


class GraphFunction:
    """The value of `root` as a function of some of the nodes below it.

    An argument may be a leaf or an operation; what is added to an operation's value is the slack
    whose derivative is that operation's `grad`.
    """

    def __init__(self, root: Node, arguments: Iterable[Node], labels: Sequence[str | int]) -> None:
        self.root = root
        self.arguments = list(arguments)
        self.labels: Sequence[str | int] = labels
        self.order = topological_order(root)
        self.position = {node: i for i, node in enumerate(self.order)}
        self.slots = [self.position[node] for node in self.arguments]
        self._sources = [tuple(self.position[p] for p in node.inputs) for node in self.order]
        self._programs: dict[frozenset[int], list[int]] = {}
        self._generators = generator_states(self.order)
        self._at_point = False  # whether operations still hold what their forward at the point left
        self.base: list[Array] = []
        self.values: list[Array] = []

    def run(self) -> Array:
        """Evaluate the graph at its leaves' values and make that the point; return root's value."""
        restore(self._generators)
        for node in self.order:
            if node.inputs:
                node.value = _compute_apart(node, [parent.value for parent in node.inputs])
        self._at_point = True
        self.base = [node.value for node in self.order]
        self.values = [np.asarray(self.base[slot]) for slot in self.slots]
        return self.root.value

    def evaluate(self, shifts: Mapping[int, Array]) -> Array:
        self._at_point = False
        shifted = {self.slots[k]: shift for k, shift in shifts.items()}
        restore(self._generators)
        values = list(self.base)
        for i in self._program(frozenset(shifted)):
            if self._sources[i]:
                values[i] = self.order[i].forward(*[values[j] for j in self._sources[i]])
            if i in shifted:
                values[i] = values[i] + shifted[i]
        return values[self.position[self.root]]

    def pull(self, cotangent: Array) -> list[Array | None]:
        if not self._at_point:
            self.run()
        try:
            self.root.backward(cotangent=cotangent)
        except Exception as problem:
            raise EvaluationError(
                f"backward raised {type(problem).__name__}: {problem}"
            ) from problem
        return [node.grad for node in self.arguments]

    def rounding_of_pull(self, cotangent: Array) -> list[float]:
        """Return, for each argument, how far rounding may move its gradient: terms that cancel,
        in its own sum or in one above it, leave what is as large as their rounding."""
        self.pull(cotangent)
        noise = dict.fromkeys(self.order, 0.0)
        for node in reversed(self.order):
            size = _size(node.grad)
            if not node.inputs or not size:
                continue
            arrays = [parent.value for parent in node.inputs]
            share = EPS + noise[node] / size
            for parent, term in zip(
                node.inputs, as_tuple(node.backward(node.grad, *arrays)), strict=True
            ):
                noise[parent] += share * _size(term)
        return [noise[node] for node in self.arguments]

    def _program(self, changed: frozenset[int]) -> list[int]:
        """Return what must be computed again when the nodes at `changed` move."""
        if changed not in self._programs:
            moved: set[int] = set()
            for i, sources in enumerate(self._sources):
                if i in changed or any(j in moved for j in sources):
                    moved.add(i)
            self._programs[changed] = sorted(moved)
        return self._programs[changed]


class OperationFunction:
    """One operation as a function of its inputs' values, each input an argument of its own."""

    def __init__(self, node: Node) -> None:
        self.node = node
        node.needs = [k for k, x in enumerate(node.inputs) if not isinstance(x, Constant)]
        # A constant may be a Python number, which takes the dtype of what it meets.
        self.inputs: list[Array] = [
            parent.value if isinstance(parent, Constant) else np.array(parent.value)
            for parent in node.inputs
        ]
        self.slots = [
            i
            for i, parent in enumerate(node.inputs)
            if not isinstance(parent, Constant) and self.inputs[i].dtype.kind == "f"
        ]
        self.labels: Sequence[str | int] = self.slots
        self.values = [self.inputs[i] for i in self.slots]
        self._generators = generator_states([node])

    def evaluate(self, shifts: Mapping[int, Array]) -> Array:
        arrays = list(self.inputs)
        for k, shift in shifts.items():
            arrays[self.slots[k]] = arrays[self.slots[k]] + shift
        return self.at(arrays)

    def at(self, arrays: Sequence[Array]) -> Array:
        """Return F of other arrays."""
        restore(self._generators)
        return self.node.forward(*arrays)

    def pull(self, cotangent: Array) -> list[Array | None]:
        self.node.value = self.evaluate({})
        before = [np.array(array) for array in self.inputs]
        try:
            grads = as_tuple(self.node.backward(cotangent, *self.inputs))
        except Exception as problem:
            raise EvaluationError(
                f"{operation_name(self.node)}: backward raised {type(problem).__name__}: {problem}"
            ) from problem
        insist_on_untouched(self.node, self.inputs, before, "backward")
        return [None if grads[i] is None else self._fitted(i, grads[i]) for i in self.slots]

    def rounding_of_pull(self, cotangent: Array) -> list[float]:
        return [EPS * _size(grad) for grad in self.pull(cotangent)]

    def _fitted(self, i: int, grad: Any) -> Array:
        shape = self.inputs[i].shape
        try:
            return unbroadcast(np.asarray(grad), shape)
        except ShapeError as problem:
            raise ProtocolError(
                f"{operation_name(self.node)}, argument {i}: backward returned shape "
                f"{np.shape(grad)}, the argument has shape {shape}"
            ) from problem


def _size(grad: Array | None) -> float:
    """Return the largest entry of a gradient, without its sign."""
    return 0.0 if grad is None else float(np.max(np.abs(grad), initial=0.0))


def as_tuple(grads: Any) -> tuple[Any, ...]:
    """Return what `backward` returned as a tuple: a bare gradient belongs to the only input."""
    return grads if isinstance(grads, tuple) else (grads,)


def operation_name(node: Node) -> str:
    """Return the name of an operation for a report: its class, and its own name if it has one."""
    return f"{type(node).__name__} {node.name!r}" if node.name else type(node).__name__


def is_of_edf(node: Node) -> bool:
    """Whether an operation is one of edf's; a component of a course program is the program's."""
    kind = type(getattr(node, "component", node))
    return kind.__module__.partition(".")[0] == "edf"


def branch_margins(node: Node) -> dict[Branch, Array]:
    """Return the margins of an operation's branches at its inputs' values, forward and backward."""
    trace = Trace()
    _follow(node, trace, trace.watch)
    return {
        branch: np.concatenate([np.ravel(np.asarray(m, float)) for m in margins])
        for branch, margins in trace.margins.items()
    }


def branch_bounds(node: Node) -> dict[Branch, Bounds]:
    """Return between which bounds the margins of an operation's branches lie for any arguments."""
    trace = BoundedTrace()
    _follow(node, trace, lambda array: trace.bound(array, Bounds()))
    return trace.possible


def _follow(node: Node, trace: Trace, watch: Callable[[Array], Array]) -> None:
    """Run an operation's forward and backward on arrays that note what becomes of them."""
    plain = [parent.value for parent in node.inputs]
    watched = [
        value if isinstance(parent, Constant) else watch(np.array(value))
        for parent, value in zip(node.inputs, plain, strict=True)
    ]
    kept, generators = node.value, generator_states([node])
    # An exception is of what watched arrays do not do; what was noted so far counts.
    with contextlib.suppress(Exception):
        value = node.forward(*watched)
        restore(generators)
        node.value = watch(np.asarray(value)) if trace.lost(value) else value
        node.backward(np.ones(np.shape(value)), *watched)
    node.value = kept
    restore(generators)
    with contextlib.suppress(Exception):
        node.forward(*plain)  # what forward has kept for backward must be plain again
    node.value = kept
    restore(generators)


def _compute_apart(node: Node, arrays: Sequence[Array]) -> Array:
    """Return an operation's value, and insist that its arguments stay as they are."""
    if is_of_edf(node):
        return _compute(node, arrays)
    before = [np.array(array) for array in arrays]
    value = _compute(node, arrays)
    insist_on_untouched(node, arrays, before, "forward")
    return value


def insist_on_untouched(
    node: Node, arrays: Sequence[Array], before: Sequence[Array], phase: str
) -> None:
    """Raise `ProtocolError` if an argument is another one than before the call."""
    for i, (array, unchanged) in enumerate(zip(arrays, before, strict=True)):
        if not same(array, unchanged):
            raise ProtocolError(
                f"{operation_name(node)}, argument {i}: {phase} changed it in place"
            )


def same(one: Array, two: Array) -> bool:
    """Whether two arrays are equal, entry by entry; not a number equals itself."""
    if np.array_equal(one, two):
        return True
    return np.asarray(one).dtype.kind == "f" and np.array_equal(one, two, equal_nan=True)


def _compute(node: Node, arrays: Sequence[Array]) -> Array:
    try:
        return node.forward(*arrays)
    except Exception as problem:
        shapes = ", ".join(str(np.shape(array)) for array in arrays)
        raise EvaluationError(
            f"{operation_name(node)}: forward raised {type(problem).__name__}: {problem} "
            f"(shapes of its arguments: {shapes})"
        ) from problem


def generator_states(nodes: Iterable[Node]) -> list[tuple[np.random.Generator, Any]]:
    """Return the random generators that operations own, with their present states."""
    found = {
        id(attribute): (attribute, attribute.bit_generator.state)
        for node in nodes
        for attribute in vars(node).values()
        if isinstance(attribute, np.random.Generator)
    }
    return list(found.values())


def restore(states: Iterable[tuple[np.random.Generator, Any]]) -> None:
    """Let every evaluation draw the same random numbers: a derivative holds them fixed."""
    for generator, state in states:
        generator.bit_generator.state = state
