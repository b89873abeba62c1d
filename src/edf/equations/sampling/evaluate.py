"""The value of an expression at all sample points at once.

A value has one axis for the points, one for each index of the step (of length 1 where the value
does not depend on the index), and two for rows and columns: (points, *indices, rows, columns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.meaning.expression import Expr, Index, Meaning, Shifted, letters_of
from edf.equations.meaning.names import Bound
from edf.equations.operations import OPERATIONS
from edf.equations.operations.reductions import REDUCTIONS
from edf.equations.operations.shapes import settle
from edf.equations.sampling.batching import Stacked
from edf.equations.sampling.world import Context
from edf.graph import Array, Node
from edf.numerics.differences import COMPLEX_STEP, STENCILS, quotient

_COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "=": np.equal, r"\neq": np.not_equal, "<": np.less, ">": np.greater,
    r"\leq": np.less_equal, r"\geq": np.greater_equal,
}  # fmt: skip


class Evaluator:
    """Evaluates the expressions of one step in one context.

    Args:
        context: The graph at some points, slacks included.
        ranges: The range of every index of the step.
        method: `"complex"` for complex steps where one is possible and central differences
            elsewhere, `"differences"` for central differences, or `"one-sided"`.
        step: The step of central differences.

    Attributes:
        terms: For each component, the largest term of any sum so far: rounding is relative to it.
        noise: For each component, the largest natural size of a derivative, |y| / max(1, |x|).
    """

    def __init__(self, context: Context, ranges: dict[str, int], method: str, step: float) -> None:
        self.context = context
        self.ranges = ranges
        self.axis = {index: k + 1 for k, index in enumerate(sorted(ranges))}
        self.depth = len(ranges)
        self.method = method
        self.step = step
        self.shown: tuple[int, ...] | None = None  # shape of a side but for the points, once known
        self.terms: Array = np.zeros(1)
        self.noise: Array = np.zeros(1)

    def sides(self, meaning: Meaning) -> tuple[Array, Array, Array]:
        """Return both sides, real and of one shape, and their largest terms, stacked as axis 1."""
        free = meaning.left.free | meaning.right.free
        lengths = [n if index in free else 1 for index, n in sorted(self.ranges.items())]
        matrix = (meaning.left if meaning.left.shape is not None else meaning.right).shape or (1, 1)
        self.shown = (*lengths, *(settle(dim) for dim in matrix))  # type: ignore[arg-type]
        shape = (len(self.context.rows), *self.shown)
        sides, terms = [], []
        for side in (meaning.left, meaning.right):
            self.terms = np.zeros((1,) * len(shape))
            sides.append(np.broadcast_to(self.value(side).real, shape))
            terms.append(np.broadcast_to(self.terms, shape))
        self.noise = np.broadcast_to(self.noise, shape)
        return sides[0], sides[1], np.stack(terms, axis=1)

    def _shown(self, value: Array) -> Array:
        """Absolute values with the axes of a side; the largest over those that are not seen."""
        assert self.shown is not None
        unseen = [
            axis
            for axis, length in enumerate(self.shown, 1)
            if value.shape[axis] not in (1, length)
        ]
        return np.abs(value.real).max(axis=tuple(unseen), keepdims=True)

    def value(self, expr: Expr) -> Array:
        """Return the value of an expression."""
        if (operation := OPERATIONS.get(expr.op)) is not None:
            values = [self.value(arg) for arg in expr.args]
            if expr.op in ("add", "matmul"):
                self._remember_sum(expr.op, values)
            return operation(*values)
        method: Callable[[Expr], Array] = getattr(self, "_" + expr.op)
        return method(expr)

    # ---------------------------------------------------------------------------------- leaves

    def _constant(self, value: Any) -> Array:
        return np.full((1,) * (self.depth + 3), value)

    def _number(self, expr: Expr) -> Array:
        return self._constant(expr.data)

    def _node(self, expr: Expr) -> Array:
        node, indices = expr.data
        return self._placed(self.context.value(self._twin(node)), indices)

    def _array(self, expr: Expr) -> Array:
        bound, indices = expr.data
        return self._placed(np.asarray(bound.value, float)[None], indices)

    def _delta(self, expr: Expr) -> Array:
        return self._placed(np.eye(self.ranges[expr.data[0]])[None], expr.data)

    def _index(self, expr: Expr) -> Array:
        """The number that an index stands for, counted from where its sum starts."""
        index, start = expr.data
        return self._placed((start + np.arange(self.ranges[index], dtype=float))[None], (index,))

    def _gather(self, expr: Expr) -> Array:
        """A row, column or matrix of the values that an expression has for some indices."""
        value = self.value(expr.args[0])
        for place, index in zip((-2, -1), expr.data, strict=True):
            if index is not None:
                value = np.swapaxes(value, self.axis[index], place)
        return value

    def _ones(self, expr: Expr) -> Array:
        assert expr.shape is not None
        lengths: list[Any] = [settle(dim) for dim in expr.shape]
        return np.ones((*(1,) * (self.depth + 1), *lengths))

    def _eye(self, expr: Expr) -> Array:
        assert expr.shape is not None
        side = settle(expr.shape[0])
        assert isinstance(side, int)
        return np.eye(side).reshape((1,) * (self.depth + 1) + (side, side))

    def _twin(self, node: Node) -> Node:
        return self.context.batch.world.twins[node]

    def _placed(self, stack: Array, indices: Sequence[Index]) -> Array:
        """Put a stack of arrays where it belongs: whole as a matrix, or each axis at its index."""
        rows, shape = len(stack), stack.shape[1:]
        if not indices:
            matrix = (*shape, 1, 1)[:2]
            return stack.reshape(rows, *(1,) * self.depth, *matrix)
        stack = self._chosen(stack, indices, 1)
        letters = [self.axis[letter] for letter in letters_of(indices)]
        return self._spread(stack, [0, *letters]).reshape(rows, *self._lengths(letters), 1, 1)

    def _chosen(self, stack: Array, indices: Sequence[Index], first: int) -> Array:
        """Take what numbered and shifted indices choose of their axes, from axis `first` on."""
        for place in reversed(range(len(indices))):
            index = indices[place]
            if isinstance(index, int):
                stack = np.take(stack, index, axis=first + place)
            elif isinstance(index, Shifted):
                places = index.by + np.arange(self.ranges[index.letter])
                stack = np.take(stack, places, axis=first + place)
        return stack

    def _spread(self, stack: Array, labels: list[int]) -> Array:
        """Sort axes by label; of axes with one label take the diagonal."""
        ordered = sorted(set(labels))
        if ordered == labels:
            return stack
        return np.einsum(stack, labels, ordered)

    def _lengths(self, letters: Sequence[int]) -> list[int]:
        lengths = [1] * self.depth
        for index, axis in self.axis.items():
            if axis in letters:
                lengths[axis - 1] = self.ranges[index]
        return lengths

    # --------------------------------------------------------------------------------- algebra

    def _remember_sum(self, op: str, values: Sequence[Array]) -> None:
        if op == "matmul":
            self._remember_terms(np.abs(values[0].real) @ np.abs(values[1].real))
        for value in values if op == "add" else ():
            self._remember_terms(value)

    def _remember_terms(self, value: Array) -> None:
        if self.shown is not None:
            self.terms = np.maximum(self.terms, self._shown(value))

    def _component(self, expr: Expr) -> Array:
        indices = [*expr.data, 0][:2]
        return self._picked(self.value(expr.args[0]), indices)

    def _picked(self, value: Array, indices: list[Index]) -> Array:
        """Take entries of the matrix axes: fixed ones by number, others along an index's axis."""
        rows = len(value)
        here = [k for k in range(1, self.depth + 1) if value.shape[k] > 1]
        labels = [0, *here]
        shape = [rows, *(value.shape[k] for k in here)]
        value = value.reshape(*shape, *value.shape[-2:])
        value = self._chosen(value, indices, len(shape))
        labels += [self.axis[letter] for letter in letters_of(indices)]
        return self._spread(value, labels).reshape(rows, *self._lengths(labels), 1, 1)

    def _big(self, expr: Expr) -> Array:
        kind, indices, condition = expr.data
        value = self.value(expr.args[0])
        if condition is not None:
            i, sign, j = condition
            value, keep = np.broadcast_arrays(value, self._compared(i, sign, j))
            value = np.where(keep, value, REDUCTIONS[kind].neutral)
        if kind == "sum":
            self._remember_terms(value)
        for index in indices:
            value = REDUCTIONS[kind].value(value, self.axis[index])
        return value

    def _compared(self, i: str, sign: str, j: str) -> Array:
        one = np.arange(self.ranges[i])[:, None]
        other = np.arange(self.ranges[j])[None, :]
        return self._placed(_COMPARE[sign](one, other)[None], (i, j))

    def _cases(self, expr: Expr) -> Array:
        count = len(expr.data)
        values = [self.value(arg) for arg in expr.args[:count]]
        sides = iter(expr.args[count:])
        tests: list[Array] = []
        for condition in expr.data:
            if condition is None:
                tests.append(np.ones((1,) * (self.depth + 3), bool))
            elif condition[0] == "index":
                tests.append(self._compared(condition[2], condition[1], condition[3]))
            else:
                left, right = self.value(next(sides)), self.value(next(sides))
                tests.append(_COMPARE[condition[1]](left.real, right.real))
        chosen = values[-1]
        for value, test in list(zip(values, tests, strict=True))[-2::-1]:
            chosen = np.where(test, value, chosen)
        return chosen

    # ----------------------------------------------------------------------------------- calls

    def _call(self, expr: Expr) -> Array:
        values = [self.value(arg) for arg in expr.args]
        return self._applied(expr.data, expr, values)

    def _applied(self, bound: Bound, expr: Expr, values: Sequence[Array]) -> Array:
        """Call a function once for every point and every value of the indices."""
        lead, stacks, rows = self._flattened(expr, values)
        batch = self.context.batch
        if isinstance(bound.value, AnyFunction):
            function = batch.world.functions.get(id(bound.value), bound.value)
            result = batch.apply(function, stacks, rows)
        else:
            key = (bound.name, tuple(stack.shape[1:] for stack in stacks))
            if key not in batch.calls:
                batch.calls[key] = Stacked(bound.computation(len(stacks)))
            result = batch.calls[key](stacks)
        return self._unflattened(result, lead)

    def _flattened(
        self, expr: Expr, values: Sequence[Array]
    ) -> tuple[tuple[int, ...], list[Array], Array]:
        """Return the common leading shape, the arguments as stacks, and each row's point."""
        points = len(self.context.rows)
        lead = np.broadcast_shapes(
            *(value.shape[:-2] for value in values), (points,) + (1,) * self.depth
        )
        stacks = []
        for value in values:
            rows, columns = value.shape[-2:]
            shape = () if rows == columns == 1 else (rows,) if columns == 1 else (rows, columns)
            full = np.broadcast_to(value, (*lead, rows, columns))
            stacks.append(full.reshape(-1, *shape))
        repeated = int(np.prod(lead[1:]))
        return lead, stacks, np.repeat(self.context.rows, repeated)

    def _unflattened(self, result: Array, lead: tuple[int, ...]) -> Array:
        return result.reshape(*lead, *(*result.shape[1:], 1, 1)[:2])

    def _prime(self, expr: Expr) -> Array:
        bound, order = expr.data
        (argument,) = expr.args

        def derivative(times: int, value: Array) -> Array:
            if times == 0:
                return self._applied(bound, expr, [value])
            exact = times == 1 and self.method == "complex" and not np.iscomplexobj(value)
            if exact and not self.context.is_complex:
                shifted = derivative(0, value + COMPLEX_STEP * 1j)
                return shifted.imag / COMPLEX_STEP
            steps = self.step * np.maximum(1.0, np.abs(value.real))
            total: Any = 0.0
            for offset, weight in zip(*STENCILS[self._stencil()], strict=True):
                total = total + weight * derivative(times - 1, value + offset * steps)
            return total / steps

        return derivative(order, self.value(argument))

    def _replace(self, expr: Expr) -> Array:
        """A part of the graph again, with other values for some ancestors."""
        node, variables, _ = expr.data
        lead, stacks, rows = self._flattened(expr, [self.value(arg) for arg in expr.args])
        world = self.context.batch.world
        target = self._twin(node)
        values = {
            self._twin(variable): stack.reshape(len(stack), *world.shape(variable))
            for variable, stack in zip(variables, stacks, strict=True)
        }
        moved = 0
        for twin in values:
            moved |= 1 << world.place[twin]
        repeated = len(rows) // len(self.context.rows)
        for k, twin in enumerate(world.order):
            if not world.below[target] >> k & 1 or twin in values:
                continue
            if world.below[twin] & moved:
                inputs = [values[p] for p in twin.inputs]
                values[twin] = self.context.batch.evaluate(twin, inputs, rows)
            else:
                values[twin] = np.repeat(self.context.value(twin), repeated, axis=0)
        return self._unflattened(values[target], lead)

    # ----------------------------------------------------------------------------- derivatives

    def _deriv(self, expr: Expr) -> Array:
        (target,) = expr.args
        node, indices, _ = expr.data
        variable = self._twin(node)
        exact = self.method == "complex" and not self.context.is_complex and target.order == 0
        method = "complex" if exact else self._stencil()
        change = self._change(target, variable, method)
        shape = self.context.value(variable).shape[1:]
        return self._arranged(change, shape, indices)

    def _stencil(self) -> str:
        return "one-sided" if self.method == "one-sided" else "differences"

    def _change(self, target: Expr, variable: Node, method: str) -> Array:
        """Return (points, *indices, rows, columns, entries of the variable)."""
        if target.op == "node":
            node, indices = target.data
            self._remember_noise(self._node(target), variable)
            jacobian = self.context.jacobian(self._twin(node), variable, method, self.step)
            entries = jacobian.shape[-1]
            stack = np.moveaxis(jacobian, -1, 0).reshape(-1, *jacobian.shape[1:-1])
            placed = self._placed(stack, indices)
            return np.moveaxis(placed.reshape(entries, -1, *placed.shape[1:]), 0, -1)
        here = self.value(target)
        self._remember_noise(here, variable)
        context, steps = self.context.step(variable, method, self.step)
        inner = Evaluator(context, self.ranges, self.method, self.step)
        moved = inner.value(target)
        full = np.broadcast_to(moved, (len(context.rows), *moved.shape[1:]))
        change = quotient(full, steps, method)
        return np.where(np.isfinite(here)[..., None], change, np.nan)  # logarithms of negatives

    def _remember_noise(self, value: Array, variable: Node) -> None:
        """Note the size of a value, placed as a side is, beside that of the variable."""
        if self.shown is not None:
            size = np.maximum(1.0, _largest(self.context.value(variable)))
            size = size.reshape(-1, *(1,) * len(self.shown))
            self.noise = np.maximum(self.noise, self._shown(value) / size)

    def _arranged(self, change: Array, shape: tuple[int, ...], indices: Sequence[Index]) -> Array:
        """Put the variable's entries where they belong: its indices, or rows and columns."""
        points, lead = len(change), change.shape[: self.depth + 1]
        rows, columns, entries = change.shape[-3:]
        if not indices:
            if entries == 1:
                return change[..., 0]
            if rows == columns == 1:
                return change.reshape(*lead, *(*shape, 1)[:2])
            return change.reshape(*lead, rows, entries)
        here = [k for k in range(1, self.depth + 1) if change.shape[k] > 1]
        value = change.reshape(points, *(change.shape[k] for k in here), rows, columns, *shape)
        first = len(here) + 3
        value = self._chosen(value, indices, first)
        letters = [self.axis[letter] for letter in letters_of(indices)]
        matrix = [self.depth + 1, self.depth + 2]
        labels = [0, *here, *matrix, *letters]
        value = np.einsum(value, labels, sorted(set(labels)))
        return value.reshape(points, *self._lengths(labels), rows, columns)


def _largest(value: Array) -> Array:
    """The largest absolute value at each point."""
    return np.abs(value.real).reshape(len(value), -1).max(axis=1, initial=0.0)
