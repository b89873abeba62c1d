"""What a report shows besides its verdict: the operation at fault, the point, the error by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from edf.check.compare import compare
from edf.check.components import ComponentResult
from edf.check.functions import Differentiable, OperationFunction, operation_name
from edf.check.protocol import ProtocolError
from edf.graph import Array, Node
from edf.numerics.differences import Line, central_difference

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
    order: Iterable[Node], rng: np.random.Generator
) -> tuple[Disagreement | None, bool]:
    """Return the first operation whose own backward is refuted, if any, and whether any is at a
    kink. The nodes' values are the point; they come inputs first."""
    kinked = False
    for node in order:
        if not node.inputs or np.asarray(node.value).dtype.kind != "f":
            continue
        function = OperationFunction(node)
        if not function.slots:
            continue
        cotangent = rng.standard_normal(np.shape(node.value))
        gradients = gradients_of(function, cotangent)
        comparison = compare(function, cotangent, gradients, rng)
        kinked = kinked or bool(comparison.outcome("kink"))
        if refuted := comparison.outcome("refuted"):
            result = max(refuted, key=attrgetter("rel_error"))
            return Disagreement(
                function, cotangent, gradients, result, operation_name(node)
            ), kinked
    return None, kinked
