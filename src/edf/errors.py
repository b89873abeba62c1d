"""The errors of a computation graph, which name the operation, the shapes and the remedy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import numpy as np
from numpy.exceptions import AxisError

from edf.other_libraries import OPTIMISERS, OPTIONS

#: What NumPy raises where shapes or indices do not fit.
SHAPE_ERRORS = (ValueError, IndexError, AxisError, np.linalg.LinAlgError)


class GraphError(ValueError):
    """A graph that cannot be evaluated or differentiated; the message names node and remedy."""


class ShapeError(GraphError):
    """Arrays that an operation cannot combine; the message names it, the shapes and the rule."""


class Valued(Protocol):
    """What a message needs to know of a leaf."""

    @property
    def value(self) -> Any: ...


class OperationNode(Valued, Protocol):
    """What a message needs to know of an operation."""

    rule: str | None

    @property
    def inputs(self) -> Iterable[Valued]: ...


def reraise(error: Exception, node: OperationNode, phase: str) -> NoReturn:
    """Raise `error` again, with the operation in which it arose and the shapes of its inputs.

    Args:
        error: What forward or backward raised.
        node: The operation.
        phase: `"forward"` or `"backward"`.
    """
    operation = type(node).__name__
    shapes = [np.shape(parent.value) for parent in node.inputs]
    if phase == "forward" and node.rule and type(error) in SHAPE_ERRORS:
        listed = " and ".join(map(str, shapes))
        verb = "does not fit" if len(shapes) == 1 else "do not fit"
        plural = "" if len(shapes) == 1 else "s"
        raise ShapeError(f"{operation}: shape{plural} {listed} {verb}: {node.rule}") from error
    refuse_none([(parent, None) for parent in node.inputs])
    numbers = [parent.value for parent in node.inputs if isinstance(parent.value, int | float)]
    if phase == "forward" and numbers and type(error) in (TypeError, AttributeError):
        call = f"{operation}({', '.join(_arrays(type(node)) or ('x', '...'))})"
        raise GraphError(
            f"{operation} is given the number {numbers[0]} where it takes an array: {call}"
        ) from error
    method = getattr(type(node), phase)
    if isinstance(error, TypeError) and not takes(method, len(shapes) + 1 + (phase == "backward")):
        gets = "the cotangent, and the arrays of the inputs" if phase == "backward" else "arrays"
        given = ", ".join(["self", *(["grad"] if phase == "backward" else []), "x", "..."])
        raise GraphError(
            f"{phase} of {operation} takes ({arguments(method)}), but gets {gets}: "
            f"write def {phase}({given})"
        ) from error
    where = f"{phase} of {node!r}, inputs of shapes {', '.join(map(str, shapes))}"
    if isinstance(error, GraphError) and phase == "backward":
        raise type(error)(f"{where}: {error}") from error
    if not isinstance(error, GraphError):
        error.add_note(f"in {where}")
    raise error


def refuse_none(nodes: Iterable[tuple[Any, Any]]) -> None:
    """Raise `GraphError` if one of these nodes has no value: its forward returned none."""
    for node, _ in nodes:
        if node.value is None:
            raise GraphError(
                f"forward of {type(node).__name__} returned None: write `return`, and no "
                "self.value = ..., which the graph sets"
            )


def refuse_integers(node: Valued) -> NoReturn:
    """Raise `GraphError`: `node` holds integers, in which there are no derivatives."""
    raise GraphError(
        f"{node!r} holds integers ({np.result_type(node.value)}); derivatives are taken in "
        "floating point: write 3.0 for 3, or array.astype(float)"
    )


class Explained(type):
    """The class of classes that say how they are called where they are called otherwise."""

    if not TYPE_CHECKING:  # type checkers look at __init__

        def __call__(cls, *args: Any, **options: Any) -> Any:
            try:
                return super().__call__(*args, **options)
            except TypeError:
                check_call(cls, args, options)
                raise


def check_call(kind: type, args: Sequence[Any], options: Mapping[str, Any]) -> None:
    """Raise `TypeError`, with what to write, if a class is not called as its `__init__` says."""
    import inspect  # here, like difflib below, so that `import edf` stays cheap

    whole = inspect.signature(getattr(kind, "__init__"))  # noqa: B009  # of this very class
    parameters = list(whole.parameters.values())[1:]
    try:
        whole.replace(parameters=parameters).bind(*args, **options)
    except TypeError:
        pass
    else:
        return  # the error is of something within
    name, own = kind.__name__, [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    told = {p.name: f"{p.name}={_shown(p.default)}" for p in parameters if p.default is not p.empty}
    call = f"{name}({', '.join(told.get(k, k) for k in own)})"
    for given in options:
        if given not in own:
            raise TypeError(f"{name} takes no argument {given!r}: {_meant(given, own)}") from None
    left = [p for p in parameters[len(args) :] if p.default is p.empty and p.name not in options]
    missing = [p.name for p in left if p.kind is not p.VAR_POSITIONAL]
    if missing:
        source = ", where rng = np.random.default_rng(0)" if "rng" in own else ""
        source = ", where params are loss.params" if "params" in own else source
        raise TypeError(f"{name} lacks {' and '.join(missing)}: write {call}{source}") from None
    plural = "" if len(own) == 1 else "s"
    raise TypeError(
        f"{name} takes {len(own)} argument{plural}, not {len(args)}: write {call}"
    ) from None


def _meant(given: str, own: Sequence[str]) -> str:
    """Return what to write for an option that another library has, or that is misspelled."""
    import difflib

    near = difflib.get_close_matches(given, own, 1)
    meant = OPTIONS.get(given, f"{near[0]}=..." if near else "")
    if meant.partition("=")[0] in own:
        return f"write {meant}"
    if given in OPTIMISERS and "lr" in own:
        return f"that is another optimiser, {OPTIMISERS[given]}"
    return f"it takes {', '.join(own) or 'nodes only'}"


def _shown(default: Any) -> str:
    return f"np.{default.__name__}" if isinstance(default, type) else repr(default)


def check_count(operation: type, count: int) -> None:
    """Raise `TypeError` if the forward of an operation takes another number of arrays."""
    names = _arrays(operation)
    if names is None or len(names) == count:
        return
    if not names:
        raise TypeError(
            f"forward of {operation.__name__} takes no array: write `def forward(self, x)`, with "
            "one for the value of each input"
        )
    plural = "" if len(names) == 1 else "s"
    call = f"{operation.__name__}({', '.join(names)})"
    raise TypeError(f"{operation.__name__} takes {len(names)} input{plural}, not {count}: {call}")


@functools.cache
def _arrays(operation: type) -> list[str] | None:
    """Return the names of the arrays that an operation's own forward takes; None for any number,
    and where it has none."""
    import inspect

    forward = getattr(operation, "forward")  # noqa: B009  # a type need not have one
    if vars(forward).get("operation", forward) is None:
        return None
    parameters = list(inspect.signature(forward).parameters.values())[1:]
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if any(p.kind is not plain or p.default is not p.empty for p in parameters):
        return None
    return [p.name for p in parameters]


def takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function takes so many arguments."""
    return binds(function, range(count), {})


def binds(function: Callable[..., Any], args: Iterable[Any], options: Mapping[str, Any]) -> bool:
    """Whether a function takes these arguments."""
    import inspect  # here, so that `import edf` stays cheap

    try:
        inspect.signature(function).bind(*args, **options)
    except TypeError:
        return False
    return True


def arguments(function: Callable[..., Any], first: int = 1) -> str:
    """Return the names of what a method takes besides self, or of what a function takes from its
    argument number `first` on."""
    import inspect

    return ", ".join(list(inspect.signature(function).parameters)[first:])
