"""The errors of a computation graph, which name the operation, the shapes and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.exceptions import AxisError


class GraphError(ValueError):
    """A graph that cannot be evaluated or differentiated; the message names node and remedy."""


class ShapeError(GraphError):
    """Arrays that an operation cannot combine; the message names it, the shapes and the rule."""


class Valued(Protocol):
    """What a message needs to know of a leaf."""

    @property
    def value(self) -> Any: ...


class Operation(Valued, Protocol):
    """What a message needs to know of an operation."""

    rule: str | None

    @property
    def inputs(self) -> Iterable[Valued]: ...


def explain(error: Exception, node: Operation, phase: str) -> NoReturn:
    """Raise `error` again, with the operation in which it arose and the shapes of its inputs.

    Args:
        error: What forward or backward raised.
        node: The operation.
        phase: `"forward"` or `"backward"`.
    """
    operation = type(node).__name__
    shapes = [np.shape(parent.value) for parent in node.inputs]
    if phase == "forward" and node.rule and type(error) in (ValueError, IndexError, AxisError):
        listed = " and ".join(map(str, shapes))
        verb = "does not fit" if len(shapes) == 1 else "do not fit"
        plural = "" if len(shapes) == 1 else "s"
        raise ShapeError(f"{operation}: shape{plural} {listed} {verb}: {node.rule}") from error
    where = f"{phase} of {node!r}, inputs of shapes {', '.join(map(str, shapes))}"
    if isinstance(error, GraphError) and phase == "backward":
        raise type(error)(f"{where}: {error}") from error
    if not isinstance(error, GraphError):
        error.add_note(f"in {where}")
    raise error


def refuse_integers(node: Valued) -> NoReturn:
    """Raise `GraphError`: `node` holds integers, in which there are no derivatives."""
    raise GraphError(
        f"{node!r} holds integers ({np.result_type(node.value)}); derivatives are taken in "
        "floating point: write 3.0 for 3, or array.astype(float)"
    )
