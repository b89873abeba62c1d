"""What a report shows besides its verdict: the operation at fault, the point, the error by step."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from edf.check.compare import compare
from edf.check.components import ComponentResult
from edf.check.functions import (
    Differentiable,
    OperationFunction,
    ProtocolError,
    as_tuple,
    is_of_edf,
    operation_name,
)
from edf.check.outside import places
from edf.graph import Array, Node
from edf.numerics.differences import EPS, Line, central_difference

#: Step sizes of the curve of errors, as parts of the argument's typical size.
STEPS = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10]
#: A counterexample tells the point if that has no more numbers than this.
MOST_SHOWN = 64


@dataclass(frozen=True)
class Evidence:
    """What a report shows of one component."""

    worst: dict[str, Any]
    counterexample: dict[str, Any]
    """The point (if it is small), the index, and both sides: backward left, numeric right."""
    steps: list[list[float]]
    """Pairs of step size and error."""
    rel_error: float


@dataclass(frozen=True)
class Disagreement:
    """A component of a gradient with all that is needed to show it."""

    function: Differentiable
    cotangent: Array
    gradients: list[Array]
    result: ComponentResult
    operation: str | None = None
    """The operation whose argument it is; None where it belongs to a node of the graph."""
    returned_none: bool = False
    """Whether backward returned None for the argument, which counts as zero."""

    @property
    def in_single_precision(self) -> bool:
        """Whether the gradient holds no more than the digits of float32."""
        return in_single_precision(self.gradients[self.result.argument])

    @property
    def stands_still(self) -> bool:
        """Whether the gradient follows its argument, but no step that is lost in float32: it is
        rounded within, if only perhaps to float32."""
        function, k = self.function, self.result.argument
        if not isinstance(function, OperationFunction):
            return False
        at = function.slots[k]
        kept = function.inputs[at]

        def follows(share: float) -> bool:
            function.inputs[at] = kept * (1 + share)
            moved = gradients_of(function, self.cotangent)[k]
            return not np.array_equal(moved, self.gradients[k])

        try:
            return follows(1e-3) and not any(map(follows, (1e-11, 2e-11, -3e-11)))
        finally:
            function.inputs[at] = kept

    @property
    def worst(self) -> dict[str, Any]:
        """The component and both of its values, as a report's details hold it."""
        result = self.result
        return {
            "argument": self.function.labels[result.argument],
            "operation": self.operation,
            "index": None if result.index is None else list(result.index),
            "numeric": result.numeric,
            "backward": result.backward,
            "returned_none": self.returned_none,
        }

    def evidence(self) -> Evidence:
        """Return what a report shows of it, as of the present point."""
        labels, values = self.function.labels, self.function.values
        small = sum(np.size(value) for value in values) <= MOST_SHOWN
        point = {str(label): np.array(value) for label, value in zip(labels, values, strict=True)}
        counterexample = {
            "point": point if small else {},
            "index": {key: self.worst[key] for key in ("argument", "index")},
            "left": self.result.backward,
            "right": self.result.numeric,
        }
        return Evidence(self.worst, counterexample, self.error_by_step(), self.result.rel_error)

    def error_by_step(self) -> list[list[float]]:
        """Return pairs of step size and |central difference - backward|, relative to the larger."""
        k = self.result.argument
        gradient, value = self.gradients[k], np.asarray(self.function.values[k])
        largest = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
        index = largest if self.result.index is None else self.result.index
        unit = np.zeros(gradient.shape)
        unit[index] = 1.0
        scale = max(abs(float(value[index])), 1e-3 * float(np.max(np.abs(value)))) or 1.0
        line = Line(lambda t: self.function.evaluate({k: t * unit}), self.cotangent, scale)
        backward = float(gradient[index])
        curve = []
        for step in STEPS:
            central = central_difference(line, step)
            size = max(abs(central), abs(backward))
            error = abs(central - backward) / size if size > 0 else 0.0
            if np.isfinite(error):
                curve.append([step * scale, error])
        return curve


def gradients_of(function: Differentiable, cotangent: Array) -> list[Array]:
    """Return the function's gradients as arrays of their arguments' shapes; None counts as zero.

    Raises:
        ProtocolError: A gradient has the wrong shape, or is not of real numbers.
    """
    gradients = []
    for label, value, grad in zip(
        function.labels, function.values, function.pull(cotangent), strict=True
    ):
        array = np.zeros(np.shape(value)) if grad is None else np.asarray(grad)
        if array.shape != np.shape(value):
            raise ProtocolError(
                f"{label}: its gradient has shape {array.shape}, its value {np.shape(value)}"
            )
        if array.dtype.kind not in "fiub":
            raise ProtocolError(f"{label}: its gradient has dtype {array.dtype}")
        gradients.append(array)
    return gradients


def operation_at_fault(
    order: Iterable[Node],
    rng: np.random.Generator,
    *,
    finite_only: bool = False,
    of_ones: bool = False,
) -> tuple[Disagreement | None, bool]:
    """Return the first operation whose own backward is refuted, if any, and whether any is at a
    kink. The nodes' values are the point; they come inputs first.

    With `finite_only`, a gradient that is not finite is no fault: a right formula may overflow, or
    divide by a zero, where its value does not. Nor is one that is lost in rounding. With `of_ones`
    the cotangent is 1 everywhere, as where branches are watched: they may depend on it.
    """
    kinked = False
    for node in order:
        if not node.inputs or np.asarray(node.value).dtype.kind != "f":
            continue
        function = OperationFunction(node)
        if not function.slots:
            continue
        shape = np.shape(node.value)
        cotangent = np.ones(shape) if of_ones else rng.standard_normal(shape)
        gradients = gradients_of(function, cotangent)
        comparison = compare(function, cotangent, gradients, rng)
        kinked = kinked or bool(comparison.outcome("kink"))
        refuted = comparison.outcome("refuted")
        if finite_only:
            refuted = [result for result in refuted if _counts(result, function, cotangent)]
        if refuted:
            result = max(refuted, key=attrgetter("rel_error"))
            none = function.pull(cotangent)[result.argument] is None
            name = operation_name(node)
            return Disagreement(function, cotangent, gradients, result, name, none), kinked
    return None, kinked


def _counts(result: ComponentResult, function: Differentiable, cotangent: Array) -> bool:
    """Whether a component says something far from the samples: it is finite, and not so small that
    it is lost in the rounding of a number of about 1, as the gradient of a saturated softmax is."""
    largest = float(np.max(np.abs(function.values[result.argument]), initial=1.0))
    size = max(abs(result.backward), abs(result.numeric))
    lost = EPS * float(np.sum(np.abs(cotangent)))
    return np.isfinite(result.backward) and size * max(1.0, largest) > lost


def kept_from_before(found: Disagreement) -> str:
    """Return what an operation keeps from an earlier forward where that is its fault: an attribute,
    or a thing outside of it, without which its gradient would be nearer to the numeric one."""
    function, result = found.function, found.result
    if not isinstance(function, OperationFunction) or result.index is None:
        return ""
    node = function.node

    def better(fresh: Node) -> bool:
        try:
            fresh.value = fresh.forward(*function.inputs)
            grads = as_tuple(fresh.backward(np.array(found.cotangent), *function.inputs))
            gradient = float(np.asarray(grads[function.slots[result.argument]])[result.index])
        except Exception:  # it does not work without, so that is not kept but given
            return False
        return abs(gradient - result.numeric) < abs(gradient - result.backward)

    given = vars(Node(*node.inputs)).keys() | vars(Node).keys()
    for name in sorted(vars(node).keys() - given):
        if any(map(better, _without(node, name))):
            return f"`{name}`"
    for place in [] if is_of_edf(node) else places(node):
        if any(better(copy.copy(node)) for _ in place.without()):
            return place.told
    return ""


def _without(node: Node, name: str) -> Iterator[Node]:
    """Yield copies of an operation for which an attribute is not there, is None, or is empty."""
    gone, none, empty = (copy.copy(node) for _ in range(3))
    delattr(gone, name)  # where the class has it, that is what it is at first
    yield gone
    setattr(none, name, None)
    yield none
    if isinstance(kept := getattr(node, name), dict | list | set):
        setattr(empty, name, type(kept)())
        yield empty


def in_single_precision(array: Array) -> bool:
    """Whether an array of float64 holds nothing but float32, in numbers that are not so by chance,
    as whole numbers are."""
    values = np.ravel(np.asarray(array))
    if values.dtype.kind != "f" or not np.all(np.isfinite(values)):
        return False
    return bool(np.all(values == values.astype(np.float32)) and np.any(values * 2**12 % 1))


def rounds_to_single_precision(order: Iterable[Node]) -> str | None:
    """Return the name of the first operation that rounds to float32 what it is given in float64."""
    for node in order:
        if node.inputs and in_single_precision(node.value):
            given = [p.value for p in node.inputs if np.asarray(p.value).dtype.kind == "f"]
            if given and not any(in_single_precision(value) for value in given):
                return operation_name(node)
    return None
