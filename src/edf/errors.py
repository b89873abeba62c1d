"""The errors of a computation graph, which name the operation, the shapes and the remedy."""

from __future__ import annotations

import functools
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


#: What other libraries call the options of our operations.
ELSEWHERE = {"dim": "axis=1", "keepdim": "keepdims=True", "dims": "axes=(1, 0)", "p": "rate=0.5"}


def check_options(operation: type, options: Iterable[str]) -> None:
    """Raise `TypeError` if the operation takes no keyword argument of such a name."""
    import difflib  # here, like inspect below, so that `import edf` stays cheap

    known = _parameters(getattr(operation, "__init__"))  # noqa: B009  # of this very class
    for name in options:
        if known is not None and name not in known:
            own = [k for k in known if k not in ("self", "inputs")]
            near = difflib.get_close_matches(name, own, 1)
            meant = ELSEWHERE.get(name, f"{near[0]}=..." if near else "")
            if meant.partition("=")[0] not in own:
                meant = ""
            hint = f"write {meant}" if meant else f"it takes {', '.join(own) or 'nodes only'}"
            raise TypeError(f"{operation.__name__} takes no argument {name!r}: {hint}")


def check_count(operation: type, count: int) -> None:
    """Raise `TypeError` if the forward of an operation takes another number of arrays."""
    names = _arrays(operation)
    if names is not None and len(names) != count:
        plural = "" if len(names) == 1 else "s"
        call = f"{operation.__name__}({', '.join(names)})"
        raise TypeError(
            f"{operation.__name__} takes {len(names)} input{plural}, not {count}: {call}"
        )


@functools.cache
def _arrays(operation: type) -> list[str] | None:
    """Return the names of the arrays that an operation's own forward takes; None for any number."""
    import inspect

    forward = getattr(operation, "forward")  # noqa: B009  # a type need not have one
    parameters = list(inspect.signature(forward).parameters.values())[1:]
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if any(p.kind is not plain or p.default is not p.empty for p in parameters):
        return None
    return [p.name for p in parameters]


@functools.cache
def _parameters(function: Any) -> tuple[str, ...] | None:
    """Return the names of a function's parameters; None if it takes any."""
    import inspect

    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return tuple(p.name for p in parameters)
