"""The rules that a `backward` keeps besides being right: the protocol between it and the graph.

One gradient per argument, *returned*, of that argument's shape (or broadcast from it) and dtype,
and none made up for whole numbers; nothing changed in place; a second call equal to the first, and
the opposite of it for the opposite cotangent (a vector-Jacobian product is linear); a forward that
gives the same value for the same arguments; and both of them whatever was evaluated before.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from edf.check.functions import (
    EvaluationError,
    OperationFunction,
    ProtocolError,
    as_tuple,
    generator_states,
    is_of_edf,
    operation_name,
    restore,
)
from edf.check.outside import changed, places
from edf.graph import Array, Constant, Node
from edf.numerics.differences import Line, small_steps
from edf.numerics.sampling import perturb_leaf


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
            "keep random numbers in a numpy Generator of its own, which checks hold fixed, and "
            "nothing else from one forward to the next"
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
    gradients_before = [parent.grad for parent in node.inputs]
    for parent in node.inputs:
        parent.grad = None
    first = _pull(node, given, function.inputs)
    written = [i for i, parent in enumerate(node.inputs) if parent.grad is not None]
    for parent, grad in zip(node.inputs, gradients_before, strict=True):
        parent.grad = grad
    if written:
        raise ProtocolError(
            f"{name}, argument {written[0]}: backward sets the argument's grad itself, which "
            "erases what its other uses have added: return the gradient"
        )
    for i, (array, unchanged) in enumerate(zip(function.inputs, kept, strict=True)):
        if not _same(array, unchanged):
            raise ProtocolError(f"{name}, argument {i}: backward changed it in place")
    if not _same(np.asarray(node.value), value):
        raise ProtocolError(f"{name}: backward changed its own value in place")
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
    for i, parent in enumerate(node.inputs):
        whole = not isinstance(parent, Constant) and function.inputs[i].dtype.kind in "iub"
        if whole and first[i] is not None and np.any(first[i]):
            _check_whole(node, i, first[i], cotangent, rng)
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
    _check_history(node, function, value, kept_first, cotangent, rng)
    if not is_of_edf(node):
        _check_others(node, function, kept_first, cotangent)


def _check_whole(
    node: Node, i: int, grad: Array, cotangent: Array, rng: np.random.Generator
) -> None:
    """Accept a gradient for whole numbers only if it is the derivative for floats in their place,
    as in a product. That of an index is made up."""
    arrays = [parent.value for parent in node.inputs]
    base = np.asarray(arrays[i]).astype(np.float64)
    unit = rng.uniform(0.5, 1.0, base.shape)

    def outputs(t: complex) -> Array:
        moved = [base + np.real(t) * unit if k == i else a for k, a in enumerate(arrays)]
        return np.asarray(node.forward(*moved), dtype=np.float64)

    try:
        numeric = small_steps(Line(outputs, np.asarray(cotangent, np.float64)))
    except Exception:  # it takes whole numbers only
        derivative = None
    else:
        derivative = numeric.value
    claimed = float(np.sum(np.asarray(grad) * unit))
    if derivative is None or abs(claimed - derivative) > 1e-3 * max(abs(claimed), abs(derivative)):
        raise ProtocolError(
            f"{operation_name(node)}, argument {i}: backward made up a gradient for whole numbers, "
            "which have no derivative: return None for it"
        )


def _check_history(
    node: Node,
    function: OperationFunction,
    value: Array,
    gradients: Sequence[Array | None],
    cotangent: Array,
    rng: np.random.Generator,
) -> None:
    """Evaluate at other arguments, and come back: nothing of them may have been kept."""
    other = _other_arguments(node, function, rng)
    kept = [np.array(array) for array in other]
    generators = generator_states([node])
    with contextlib.suppress(Exception):  # outside of its domain
        node.value = node.forward(*other)
        node.backward(np.array(cotangent), *other)
    restore(generators)
    for i, (array, before) in enumerate(zip(other, kept, strict=True)):
        if not _same(array, before):  # a change that is made once, as `x[x < 0] = 0`, shows here
            raise ProtocolError(
                f"{operation_name(node)}, argument {i}: forward changed it in place"
            )
    again = function.evaluate({})
    if not _same(again, value):
        raise NondeterministicError(
            f"{operation_name(node)}: its value depends on what was evaluated before, so there is "
            "no derivative: keep nothing from one forward to the next"
        )
    node.value = again
    for i, (one, two) in enumerate(
        zip(gradients, _pull(node, np.array(cotangent), function.inputs), strict=True)
    ):
        if (one is None) != (two is None) or not (one is None or _same(one, two)):
            raise ProtocolError(
                f"{operation_name(node)}, argument {i}: backward depends on an earlier forward: "
                "what it uses must be of the last one"
            )


def _check_others(
    node: Node,
    function: OperationFunction,
    gradients: Sequence[Array | None],
    cotangent: Array,
) -> None:
    """Evaluate another node of its class between forward and backward, as graphs do that use an
    operation twice: that must change nothing."""
    twin = copy.copy(node)
    try:
        for name, held in vars(node).items():
            if name not in ("inputs", "kept_order", "value", "grad"):
                setattr(twin, name, copy.deepcopy(held))
    except Exception:  # what cannot be copied may be shared on purpose
        return
    node.value = function.evaluate({})
    before = [(place, place.content) for place in places(node)]
    other = _other_arguments(node, function, np.random.default_rng(0))
    with contextlib.suppress(Exception):  # outside of its domain
        twin.forward(*other)
    for i, (one, two) in enumerate(
        zip(gradients, _pull(node, np.array(cotangent), function.inputs), strict=True)
    ):
        if (one is None) != (two is None) or not (one is None or _same(one, two)):
            kept = changed(node, before) or "something outside of the object"
            raise ProtocolError(
                f"{operation_name(node)}, argument {i}: backward uses {kept}, where the forward of "
                "another node of this class leaves its own: keep it on self"
            )


def _other_arguments(
    node: Node, function: OperationFunction, rng: np.random.Generator
) -> list[Array]:
    """Return other arguments of the same kind."""
    return [
        perturb_leaf(parent, array, rng) if i in function.slots else array
        for i, (parent, array) in enumerate(zip(node.inputs, function.inputs, strict=True))
    ]


def _check_gradient(
    name: str, i: int, grad: Any, argument: Array, floats: set[np.dtype[Any]]
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


def _pull(node: Node, cotangent: Array, arrays: list[Array]) -> tuple[Any, ...]:
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
