"""The rules that a `backward` keeps besides being right: the protocol between it and the graph.

One gradient per argument, *returned*, of that argument's shape (or broadcast from it) and dtype,
and none made up for whole numbers; nothing changed in place; a second call equal to the first, and
the opposite of it for the opposite cotangent (a vector-Jacobian product is linear); a forward that
gives the same value for the same arguments; both of them whatever was evaluated before; and in
float32 what comes out in float64, but for rounding.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from edf.check.functions import (
    EvaluationError,
    OperationFunction,
    ProtocolError,
    as_tuple,
    generator_states,
    insist_on_untouched,
    is_of_edf,
    operation_name,
    restore,
    same,
)
from edf.check.outside import changed, places
from edf.graph import Array, Constant, Node
from edf.numerics.differences import Line, small_steps
from edf.numerics.sampling import perturb_leaf

#: The part of its size by which a gradient differs from that in float64 where it is another one;
#: how many units of rounding that is at least; and how far it may change close by.
ANOTHER, UNITS, CHANGED = 1e-2, 1e3, 0.1


class NondeterministicError(Exception):
    """A forward that gives different values for the same arguments."""


def check_protocol(node: Node, rng: np.random.Generator) -> None:
    """Call one operation's forward and backward at its present inputs and hold it to the rules.

    Raises:
        ProtocolError: A rule is broken.
        NondeterministicError: Two forwards at the same arguments differ.
        EvaluationError: Forward or backward raised.
    """
    calls = _Calls(node, rng)
    calls.forward_twice()
    if not calls.has_derivative:
        return
    calls.backward_once()
    calls.check_gradients()
    calls.backward_again()
    calls.backward_of_the_opposite()
    calls.after_another_forward()
    if not is_of_edf(node):
        calls.after_a_change_in_place()
        calls.after_the_forward_of_another()
        calls.in_double_precision()


class _Calls:
    """The calls of one operation's methods, in their order, and what must hold of each."""

    def __init__(self, node: Node, rng: np.random.Generator) -> None:
        self.node, self.rng = node, rng
        self.name = operation_name(node)
        self.function = OperationFunction(node)
        self.inputs = self.function.inputs
        self.before = [np.array(array) for array in self.inputs]
        self.value: Array
        self.cotangent: Array
        self.gradients: list[Any]  # what backward returned first

    def forward_twice(self) -> None:
        """Insist on the same value, and on inputs that stay as they are."""
        value, again = self.function.evaluate({}), self.function.evaluate({})
        if not same(value, again):
            raise NondeterministicError(
                f"{self.name}: two forwards at the same arguments differ, so there is no "
                "derivative; keep random numbers in a numpy Generator of its own, which checks "
                "hold fixed, and nothing else from one forward to the next"
            )
        insist_on_untouched(self.node, self.inputs, self.before, "forward")
        self.value, self.node.value = np.asarray(value), again

    @property
    def has_derivative(self) -> bool:
        """Whether one is asked of the operation: not of labels and counts, nor of what has no
        argument to differentiate by."""
        return np.issubdtype(self.value.dtype, np.floating) and bool(self.function.slots)

    def backward_once(self) -> None:
        """Insist that it returns a gradient for each argument and changes nothing in place."""
        node = self.node
        self.cotangent = self.rng.standard_normal(self.value.shape).astype(self.value.dtype)
        given = np.array(self.cotangent)
        gradients_before = [parent.grad for parent in node.inputs]
        for parent in node.inputs:
            parent.grad = None
        self.gradients = list(_pull(node, given, self.inputs))
        written = [i for i, parent in enumerate(node.inputs) if parent.grad is not None]
        for parent, grad in zip(node.inputs, gradients_before, strict=True):
            parent.grad = grad
        if written:
            raise ProtocolError(
                f"{self.name}, argument {written[0]}: backward sets the argument's grad itself, "
                "which erases what its other uses have added: return the gradient"
            )
        insist_on_untouched(node, self.inputs, self.before, "backward")
        if not same(np.asarray(node.value), self.value):
            raise ProtocolError(f"{self.name}: backward changed its own value in place")
        if not same(given, self.cotangent):
            raise ProtocolError(f"{self.name}: backward changed the cotangent `grad` in place")
        if len(self.gradients) != len(node.inputs):
            raise ProtocolError(
                f"{self.name}: backward returned {len(self.gradients)} gradients for "
                f"{len(node.inputs)} arguments"
            )

    def check_gradients(self) -> None:
        """Check the shape and the dtype of each, and that none is made up for whole numbers."""
        floats = {array.dtype for array in self.function.values} | {self.value.dtype}
        for i in self.function.slots:
            if self.gradients[i] is not None:
                _check_gradient(self.name, i, self.gradients[i], self.inputs[i], floats)
        for i, parent in enumerate(self.node.inputs):
            grad = self.gradients[i]
            whole = not isinstance(parent, Constant) and self.inputs[i].dtype.kind in "iub"
            if whole and grad is not None and np.any(grad):
                _check_whole(self.node, i, grad, self.cotangent, self.rng)
        self.gradients = [None if grad is None else np.array(grad) for grad in self.gradients]

    def backward_again(self) -> None:
        """Insist on the same gradients."""
        if (i := self._other_gradient()) is not None:
            raise ProtocolError(
                f"{self.name}, argument {i}: a second backward differs from the first"
            )

    def backward_of_the_opposite(self) -> None:
        """Insist on the opposite gradients for the opposite cotangent."""
        opposite = _pull(self.node, -self.cotangent, self.inputs)
        for i, (one, two) in enumerate(zip(self.gradients, opposite, strict=True)):
            if one is None:
                continue
            slack = 1e-3 * float(np.max(np.abs(one), initial=0.0))
            if np.any(np.abs(one + np.asarray(two)) > slack):
                raise ProtocolError(
                    f"{self.name}, argument {i}: backward is not linear in the cotangent `grad`"
                )

    def after_another_forward(self) -> None:
        """Evaluate at other arguments, and come back: nothing of them may have been kept."""
        node, other = self.node, self._other_arguments(self.rng)
        kept = [np.array(array) for array in other]
        generators = generator_states([node])
        with contextlib.suppress(Exception):  # outside of its domain
            node.value = node.forward(*other)
            node.backward(np.array(self.cotangent), *other)
        restore(generators)
        # A change that is made once, as `x[x < 0] = 0`, shows here.
        insist_on_untouched(node, other, kept, "forward")
        self._insist_on_the_same_again(self.inputs)

    def after_a_change_in_place(self) -> None:
        """Evaluate at other arguments, and then with those same arrays set to the first ones, as
        optimizers set parameters: what was kept by the identity of an array is out of date."""
        arrays = [
            np.array(array) if i in self.function.slots else array
            for i, array in enumerate(self._other_arguments(np.random.default_rng(0)))
        ]
        with contextlib.suppress(Exception):  # outside of its domain
            self.function.at(arrays)
        for i in self.function.slots:
            arrays[i][...] = self.inputs[i]
        self._insist_on_the_same_again(arrays)

    def _insist_on_the_same_again(self, arrays: list[Array]) -> None:
        """Insist on the first value and the first gradients, at arguments that equal the first."""
        self.node.value = self.function.at(arrays)
        if not same(self.node.value, self.value):
            raise NondeterministicError(
                f"{self.name}: its value depends on what was evaluated before, so there is "
                "no derivative: keep nothing from one forward to the next"
            )
        if (i := self._other_gradient(arrays)) is not None:
            raise ProtocolError(
                f"{self.name}, argument {i}: backward depends on an earlier forward: "
                "what it uses must be of the last one"
            )

    def after_the_forward_of_another(self) -> None:
        """Evaluate another node of its class between forward and backward, as graphs do that use
        an operation twice: that must change nothing."""
        node = self.node
        twin = copy.copy(node)
        try:
            for name, held in vars(node).items():
                if name not in ("inputs", "kept_order", "value", "grad"):
                    setattr(twin, name, copy.deepcopy(held))
        except Exception:  # what cannot be copied may be shared on purpose
            return
        node.value = self.function.evaluate({})
        before = [(place, place.content) for place in places(node)]
        with contextlib.suppress(Exception):  # outside of its domain
            twin.forward(*self._other_arguments(np.random.default_rng(0)))
        if (i := self._other_gradient()) is not None:
            kept = changed(node, before) or "something outside of the object"
            raise ProtocolError(
                f"{self.name}, argument {i}: backward uses {kept}, where the forward of "
                "another node of this class leaves its own: keep it on self"
            )

    def in_double_precision(self) -> None:
        """Insist on the gradients that come out in float64. What differs by more than rounding
        explains, and does so close by as well, is no rounding but another formula."""
        dtype = self.value.dtype
        if dtype.itemsize >= np.dtype(np.float64).itemsize:
            return
        rounding = float(np.finfo(dtype).eps * np.max(np.abs(self.cotangent), initial=0.0))
        found = [self._in_both(arrays) for arrays in (self.inputs, *self._close_by(2))]
        self.node.value = self.function.evaluate({})
        for i in self.function.slots:
            if any(i not in pairs for pairs in found):
                continue
            (narrow, wide), *others = (pairs[i] for pairs in found)
            gaps = np.abs(narrow - wide)
            if not gaps.size:
                continue
            place = tuple(map(int, np.unravel_index(int(np.argmax(gaps)), gaps.shape)))
            gap = float(gaps[place])
            if not gap > max(ANOTHER * float(np.max(np.abs(wide))), UNITS * rounding):
                continue
            again = [float(abs(one[place] - two[place])) for one, two in others]
            if all(abs(other - gap) <= CHANGED * gap for other in again):
                raise ProtocolError(
                    f"{self.name}, argument {i}, index {place}: backward gives "
                    f"{narrow[place]:.8g} in {dtype}, and {wide[place]:.8g} in float64"
                )

    def _in_both(self, arrays: list[Array]) -> dict[int, tuple[Array, Array]]:
        """Return the gradients of arguments as they are, and in float64; none where the values
        differ, too."""
        results, generators = [], generator_states([self.node])
        try:
            for dtype in (self.value.dtype, np.dtype(np.float64)):
                cast = [
                    array.astype(dtype) if i in self.function.slots else array
                    for i, array in enumerate(arrays)
                ]
                restore(generators)
                self.node.value = value = self.node.forward(*cast)
                gradients = _pull(self.node, self.cotangent.astype(dtype), cast)
                results.append((np.asarray(value, float), gradients))
        except Exception:  # it is made for its own dtype
            return {}
        (value, narrow), (same, wide) = results
        if not np.allclose(value, same, rtol=ANOTHER, atol=0.0):
            return {}
        pairs = {
            i: (np.asarray(narrow[i], float), np.asarray(wide[i], float))
            for i in self.function.slots
            if narrow[i] is not None and wide[i] is not None
        }
        return {i: pair for i, pair in pairs.items() if pair[0].shape == pair[1].shape}

    def _close_by(self, count: int) -> Iterator[list[Array]]:
        """Yield arguments close to those of the point."""
        for _ in range(count):
            yield [
                array * self.rng.uniform(0.999, 1.001, array.shape).astype(array.dtype)
                if i in self.function.slots
                else array
                for i, array in enumerate(self.inputs)
            ]

    def _other_gradient(self, arrays: list[Array] | None = None) -> int | None:
        """Return an argument for which backward does not return what it returned first."""
        again = _pull(self.node, np.array(self.cotangent), arrays or self.inputs)
        for i, (one, two) in enumerate(zip(self.gradients, again, strict=True)):
            if (one is None) != (two is None) or not (one is None or same(one, two)):
                return i
        return None

    def _other_arguments(self, rng: np.random.Generator) -> list[Array]:
        """Return other arguments of the same kind."""
        return [
            perturb_leaf(parent, array, rng) if i in self.function.slots else array
            for i, (parent, array) in enumerate(zip(self.node.inputs, self.inputs, strict=True))
        ]


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
