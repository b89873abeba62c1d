"""The rules that a `backward` keeps besides being right: the protocol between it and the graph.

One gradient per argument, of that argument's shape (or broadcast from it) and dtype; neither
arguments nor cotangent changed in place; a second call equal to the first, and the opposite of it
for the opposite cotangent (a vector-Jacobian product is linear); and a forward that gives the same
value for the same arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.check.functions import EvaluationError, OperationFunction, as_tuple, operation_name
from edf.graph import Array, Node


class ProtocolError(Exception):
    """A broken rule; the message names the operation and the argument."""


class NondeterministicError(Exception):
    """A forward that gives different values for the same arguments."""


def check_protocol(node: Node, rng: np.random.Generator) -> None:
    """Call one operation's forward and backward at its present inputs and hold it to the rules.

    Raises:
        ProtocolError: A rule is broken.
        NondeterministicError: Two forwards at the same arguments differ.
        EvaluationError: Forward or backward raised.
    """
    name = operation_name(node)
    function = OperationFunction(node)
    kept = [np.array(array) for array in function.inputs]
    value, again = function.evaluate({}), function.evaluate({})
    if not _same(value, again):
        raise NondeterministicError(
            f"{name}: two forwards at the same arguments differ, so there is no derivative; "
            "keep its random numbers in a numpy Generator of its own, which checks hold fixed"
        )
    for i, (array, before) in enumerate(zip(function.inputs, kept, strict=True)):
        if not _same(array, before):
            raise ProtocolError(f"{name}, argument {i}: forward changed it in place")
    value = np.asarray(value)
    if not np.issubdtype(value.dtype, np.floating):
        return  # labels and counts: no derivative is asked of them
    if not function.slots:
        return  # nothing to differentiate with respect to
    cotangent = rng.standard_normal(value.shape).astype(value.dtype)
    node.value = again
    given = np.array(cotangent)
    first = _pull(node, given, function.inputs)
    for i, (array, before) in enumerate(zip(function.inputs, kept, strict=True)):
        if not _same(array, before):
            raise ProtocolError(f"{name}, argument {i}: backward changed it in place")
    if not _same(given, cotangent):
        raise ProtocolError(f"{name}: backward changed the cotangent `grad` in place")
    if len(first) != len(node.inputs):
        raise ProtocolError(
            f"{name}: backward returned {len(first)} gradients for {len(node.inputs)} arguments"
        )
    floats = {array.dtype for array in function.values} | {value.dtype}
    for i in function.slots:
        if first[i] is not None:
            _check_gradient(name, i, first[i], function.inputs[i], floats)
    kept_first = [None if grad is None else np.array(grad) for grad in first]
    second = _pull(node, np.array(cotangent), function.inputs)
    for i, (one, two) in enumerate(zip(kept_first, second, strict=True)):
        if (one is None) != (two is None) or not (one is None or _same(one, two)):
            raise ProtocolError(f"{name}, argument {i}: a second backward differs from the first")
    opposite = _pull(node, -cotangent, function.inputs)
    for i, (one, two) in enumerate(zip(kept_first, opposite, strict=True)):
        if one is None:
            continue
        slack = 1e-3 * float(np.max(np.abs(one), initial=0.0))
        if np.any(np.abs(one + np.asarray(two)) > slack):
            raise ProtocolError(
                f"{name}, argument {i}: backward is not linear in the cotangent `grad`"
            )


def _check_gradient(
    name: str, i: int, grad: Array, argument: Array, floats: set[np.dtype[Any]]
) -> None:
    """Check shape and dtype of the gradient for argument i; `floats` are the dtypes around."""
    array = np.asarray(grad)
    try:
        fits = np.broadcast_shapes(argument.shape, array.shape) == array.shape
    except ValueError:
        fits = False
    if not fits:
        raise ProtocolError(
            f"{name}, argument {i}: backward returned shape {array.shape}, "
            f"the argument has shape {argument.shape}"
        )
    # A Python float takes the dtype of whatever it meets; mixed dtypes promote as NumPy does.
    mixed = len(floats) > 1 or type(grad) is float
    if array.dtype.kind != "f" or (not mixed and array.dtype not in floats):
        raise ProtocolError(
            f"{name}, argument {i}: backward returned dtype {array.dtype}, "
            f"the argument has dtype {argument.dtype}"
        )


def _pull(node: Node, cotangent: Array, arrays: list[Array]) -> tuple[Array | None, ...]:
    if type(node).backward is Node.backward:
        raise EvaluationError(f"{operation_name(node)} has no backward")
    try:
        return as_tuple(node.backward(cotangent, *arrays))
    except Exception as problem:
        raise EvaluationError(
            f"{operation_name(node)}: backward raised {type(problem).__name__}: {problem}"
        ) from problem


def _same(one: Array, two: Array) -> bool:
    """Whether two arrays are equal, entry by entry; not a number equals itself."""
    if np.array_equal(one, two):
        return True
    return np.asarray(one).dtype.kind == "f" and np.array_equal(one, two, equal_nan=True)
