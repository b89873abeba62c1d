"""The value of an expression at all sample points at once.

A value has one axis for the rows, one for each index of the step (of length 1 where the value does
not depend on the index), and two for rows and columns: (rows, *indices, rows, columns).

What an operation computes stands in `edf.equations.operations`. Here are the constructs that need
the graph or the ranges of indices, one function each, and every result is rounded as
`edf.equations.sampling.rounding` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edf.anyfunction import AnyFunction
from edf.equations.meaning.names.scope import Bound
from edf.equations.meaning.typed.expression import (
    Combined,
    Expr,
    Index,
    Meaning,
    Mirrored,
    Shifted,
    letters_of,
)
from edf.equations.operations import OPERATIONS
from edf.equations.operations.comparisons import COMPARE, first_that_holds
from edf.equations.operations.extrapolation import coefficients, distances, tends_to
from edf.equations.operations.operation import Operation
from edf.equations.operations.quadrature import rule
from edf.equations.operations.reductions import REDUCTIONS
from edf.equations.operations.shapes import settle
from edf.equations.sampling.points import Context
from edf.equations.sampling.rounding import UNDERFLOWS
from edf.equations.sampling.stacking import Stacked, where_possible
from edf.graph import Array, Node
from edf.numerics.differences import STENCILS, complex_steps, difference_quotient, repeated
from edf.numerics.precise import is_no_number

#: Operations whose results are as exact as their arguments.
_EXACT = frozenset(["neg", "transpose", "diag", "abs", "max", "min", "relu", "sign"])


class Evaluator:
    """Evaluates the expressions of one step in one context.

    Args:
        context: The graph at some points, slacks included.
        ranges: The range of every index of the step.
        method: `"complex"` for complex steps where one is possible and central differences
            elsewhere, or the name of a stencil.
        step: The step of central differences.
    """

    def __init__(self, context: Context, ranges: dict[str, int], method: str, step: float) -> None:
        self.context = context
        self.points = context.points
        self.ranges = ranges
        self.axis = {index: k + 1 for k, index in enumerate(sorted(ranges))}
        self.depth = len(ranges)
        self.method = method
        self.stencil = method if method in STENCILS else "differences"
        self.step = step

    def sides(self, meaning: Meaning) -> tuple[Array, Array]:
        """Return both sides, real and of one shape."""
        free = meaning.left.free | meaning.right.free
        lengths = [n if index in free else 1 for index, n in sorted(self.ranges.items())]
        matrix = (meaning.left if meaning.left.shape is not None else meaning.right).shape or (1, 1)
        shape = (len(self.context.rows), *lengths, *(settle(dim) for dim in matrix))
        left, right = (
            np.broadcast_to(self.value(side).real, shape)  # type: ignore[arg-type]  # all are settled
            for side in (meaning.left, meaning.right)
        )
        return left, right

    def value(self, expr: Expr) -> Array:
        """Return the value of an expression."""
        if (operation := OPERATIONS.get(expr.op)) is not None:
            return self._operated(operation, self.values(expr.args))
        return CONSTRUCTS[expr.op](self, expr)

    def values(self, exprs: Sequence[Expr]) -> list[Array]:
        """Return the values of several expressions; one that is there twice is evaluated once."""
        known: dict[int, Array] = {}
        for expr in exprs:
            if id(expr) not in known:
                known[id(expr)] = self.value(expr)
        return [known[id(expr)] for expr in exprs]

    def _operated(self, operation: Operation, values: list[Array]) -> Array:
        if operation.name in _EXACT:
            return operation(*values)
        if operation.arity is None:  # one after the other, each result rounded
            total = values[0]
            for value in values[1:]:
                noted = (total, value) if operation.name in UNDERFLOWS else ()
                total = self.rounded(operation(total, value), noted)
            return total
        if operation.rounds_inside:
            values = [self.rounded(value) for value in values]
        try:
            result = operation(*values)
        except np.linalg.LinAlgError:
            if not self.points.guarded:
                raise
            rows = max(map(len, values))
            full = [np.broadcast_to(value, (rows, *value.shape[1:])) for value in values]
            result = where_possible(lambda stacks: operation(*stacks), full)
        return self.rounded(result, values if operation.name in UNDERFLOWS else ())

    def rounded(self, value: Array, arguments: Sequence[Array] = ()) -> Array:
        """Return a result with its rounding; one of 0 is an underflow if no argument given is."""
        self.points.note_underflow(value, arguments, self.context.rows)
        return self.points.rounding(value, self.context.rows)

    # ----------------------------------------------------------- rows, indices, rows, columns

    def meets(self, expr: Expr, number: int, sign: str, left: Array, right: Array) -> None:
        """Hear of a condition in a case distinction; see `edf.equations.sampling.watching`."""

    def called(self, bound: Bound, operation: Stacked, stacks: list[Array]) -> Array:
        """Return what a function returns."""
        return operation(stacks)

    def constant(self, value: Any) -> Array:
        """Return a number with all axes."""
        return np.full((1,) * (self.depth + 3), value)

    def twin(self, node: Node) -> Node:
        """Return the copy of a node of the page."""
        return self.points.world.twins[node]

    def placed(self, stack: Array, indices: Sequence[Index]) -> Array:
        """Put a stack of arrays where it belongs: whole as a matrix, or each axis at its index."""
        rows, shape = len(stack), stack.shape[1:]
        if not indices:
            matrix = (*shape, 1, 1)[:2]
            return stack.reshape(rows, *(1,) * self.depth, *matrix)
        stack = self.chosen(stack, indices, 1)
        letters = [self.axis[letter] for letter in letters_of(indices)]
        return _sorted_axes(stack, [0, *letters]).reshape(rows, *self.lengths(letters), 1, 1)

    def chosen(self, stack: Array, indices: Sequence[Index], first: int) -> Array:
        """Take what indices with more than a letter choose of their axes, from axis `first` on."""
        for place in reversed(range(len(indices))):
            index = indices[place]
            if isinstance(index, int):
                stack = np.take(stack, index, axis=first + place)
            elif isinstance(index, Shifted):
                places = index.by + np.arange(self.ranges[index.letter])
                stack = np.take(stack, places, axis=first + place)
            elif isinstance(index, Mirrored):
                stack = np.flip(stack, axis=first + place)
            elif isinstance(index, Combined):
                stack = np.take(stack, self.places(index), axis=first + place)
        return stack

    def places(self, index: Combined) -> npt.NDArray[np.intp]:
        """Return which entry an index of several letters takes, with an axis for each of them."""
        assert index.first is not None
        places = np.array(index.first)
        for sign, letter in zip(index.signs, index.letters, strict=True):
            places = places[..., None] + sign * np.arange(self.ranges[letter])
        return places

    def picked(self, value: Array, indices: list[Index]) -> Array:
        """Take entries of the matrix axes: fixed ones by number, others along an index's axis."""
        rows = len(value)
        here = [k for k in range(1, self.depth + 1) if value.shape[k] > 1]
        labels = [0, *here]
        shape = [rows, *(value.shape[k] for k in here)]
        value = value.reshape(*shape, *value.shape[-2:])
        value = self.chosen(value, indices, len(shape))
        labels += [self.axis[letter] for letter in letters_of(indices)]
        return _sorted_axes(value, labels).reshape(rows, *self.lengths(labels), 1, 1)

    def lengths(self, letters: Sequence[int]) -> list[int]:
        """Return the lengths of the index axes of a value that depends on some of them."""
        lengths = [1] * self.depth
        for index, axis in self.axis.items():
            if axis in letters:
                lengths[axis - 1] = self.ranges[index]
        return lengths

    def compared(self, i: str, sign: str, j: str) -> Array:
        """Return where one index stands to another in an order."""
        one = np.arange(self.ranges[i])[:, None]
        other = np.arange(self.ranges[j])[None, :]
        return self.placed(COMPARE[sign](one, other)[None], (i, j))

    # ------------------------------------------------------------------------ functions called

    def applied(self, bound: Bound, values: Sequence[Array]) -> Array:
        """Call a function once for every row and every value of the indices."""
        lead, stacks = self.flattened(values)
        rows = self.context.rows.repeat(int(np.prod(lead[1:])))
        if isinstance(bound.value, AnyFunction):
            function = self.points.world.functions.get(id(bound.value), bound.value)
            result = self.points.apply(function, stacks, rows)
        else:
            key = (bound.name, tuple(stack.shape[1:] for stack in stacks))
            if key not in self.points.calls:
                self.points.calls[key] = Stacked(bound.computation(len(stacks)))
            rounded = [self.points.rounding(stack, rows) for stack in stacks]
            result = self.called(bound, self.points.calls[key], rounded)
            result = self.points.rounding(result, rows)
        return self.unflattened(result, lead)

    def flattened(self, values: Sequence[Array]) -> tuple[tuple[int, ...], list[Array]]:
        """Return the common leading shape, and the arguments as stacks of arrays."""
        rows = (len(self.context.rows), *(1,) * (values[0].ndim - 3)) if values else ()
        lead = np.broadcast_shapes(*(value.shape[:-2] for value in values), rows)
        stacks = []
        for value in values:
            rows, columns = value.shape[-2:]
            shape = () if rows == columns == 1 else (rows,) if columns == 1 else (rows, columns)
            full = np.broadcast_to(value, (*lead, rows, columns))
            stacks.append(full.reshape(-1, *shape))
        return lead, stacks

    def unflattened(self, result: Array, lead: tuple[int, ...]) -> Array:
        """Return the values of a function with all axes."""
        return result.reshape(*lead, *(*result.shape[1:], 1, 1)[:2])

    # ----------------------------------------------------------------------------- derivatives

    def change(self, target: Expr, variable: Node, method: str) -> Array:
        """Return (rows, *indices, rows, columns, entries of the variable)."""
        if target.op == "node":
            node, indices = target.data
            jacobian = self.context.jacobian(self.twin(node), variable, method, self.step)
            entries, rows, *shape = jacobian.shape
            placed = self.placed(jacobian.reshape(-1, *shape), indices)
            return _last(placed.reshape(entries, rows, *placed.shape[1:]))
        here = self.value(target)
        context, steps = self.context.step(variable, method, self.step)
        moved = Evaluator(context, self.ranges, self.method, self.step).value(target)
        full = np.broadcast_to(moved, (len(context.rows), *moved.shape[1:]))
        change = _last(difference_quotient(full, steps, method))
        if here.dtype == object:
            return change
        return np.where(np.isfinite(here)[..., None], change, np.nan)  # logarithms of negatives

    def arranged(self, change: Array, shape: tuple[int, ...], indices: Sequence[Index]) -> Array:
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
        value = self.chosen(value, indices, first)
        letters = [self.axis[letter] for letter in letters_of(indices)]
        matrix = [self.depth + 1, self.depth + 2]
        labels = [0, *here, *matrix, *letters]
        value = np.einsum(value, labels, sorted(set(labels)))
        return value.reshape(points, *self.lengths(labels), rows, columns)


def _last(array: Array) -> Array:
    """Put the first axis last."""
    return array.transpose(*range(1, array.ndim), 0)


def _sorted_axes(stack: Array, labels: list[int]) -> Array:
    """Sort axes by label; of axes with one label take the diagonal."""
    ordered = sorted(set(labels))
    return stack if ordered == labels else np.einsum(stack, labels, ordered)


# -------------------------------------------------------------------------------------- constructs


def _number(ev: Evaluator, expr: Expr) -> Array:
    return ev.constant(expr.data)


def _node(ev: Evaluator, expr: Expr) -> Array:
    node, indices = expr.data
    value = ev.context.value(ev.twin(node))
    if value.dtype == bool:  # of a mask: 1 where it holds
        value = value.astype(float)
    return ev.placed(value, indices)


def _array(ev: Evaluator, expr: Expr) -> Array:
    bound, indices = expr.data
    return ev.placed(np.asarray(bound.value, float)[None], indices)


def _delta(ev: Evaluator, expr: Expr) -> Array:
    return ev.placed(np.eye(ev.ranges[expr.data[0]])[None], expr.data)


def _index(ev: Evaluator, expr: Expr) -> Array:
    """The number that an index stands for, counted from where its sum starts."""
    index, start = expr.data
    return ev.placed((start + np.arange(ev.ranges[index], dtype=float))[None], (index,))


def _gather(ev: Evaluator, expr: Expr) -> Array:
    """A row, column or matrix of the values that an expression has for some indices."""
    value = ev.value(expr.args[0])
    for place, index in zip((-2, -1), expr.data, strict=True):
        if index is not None:
            value = np.swapaxes(value, ev.axis[index], place)
    return value


def _ones(ev: Evaluator, expr: Expr) -> Array:
    assert expr.shape is not None
    lengths: list[Any] = [settle(dim) for dim in expr.shape]
    return np.ones((*(1,) * (ev.depth + 1), *lengths))


def _eye(ev: Evaluator, expr: Expr) -> Array:
    assert expr.shape is not None
    side = settle(expr.shape[0])
    assert isinstance(side, int)
    return np.eye(side).reshape((1,) * (ev.depth + 1) + (side, side))


def _component(ev: Evaluator, expr: Expr) -> Array:
    indices = [*expr.data, 0][:2]
    return ev.picked(ev.value(expr.args[0]), indices)


def _big(ev: Evaluator, expr: Expr) -> Array:
    """A sum, product, maximum or minimum over indices."""
    kind, indices, condition = expr.data
    reduction = REDUCTIONS[kind]
    value = ev.value(expr.args[0])
    if condition is not None:
        i, sign, j = condition
        value, keep = np.broadcast_arrays(value, ev.compared(i, sign, j))
        value = np.where(keep, value, reduction.neutral)
    if reduction.branches:
        for index in indices:
            value = reduction.value(value, ev.axis[index])
        return value
    value = ev.rounded(value)
    for index in indices:
        value = reduction.value(value, ev.axis[index])
    return ev.rounded(value)


def _cases(ev: Evaluator, expr: Expr) -> Array:
    args = ev.values(expr.args)
    values, sides = args[: len(expr.data)], iter(args[len(expr.data) :])
    tests: list[list[Array]] = []
    unknown: list[list[Array]] = []
    number = 0
    for conditions in expr.data:
        tests.append([])
        unknown.append([])
        for kind, sign, *letters in conditions:
            if kind == "index":
                tests[-1].append(ev.compared(letters[0], sign, letters[1]))
            else:
                left, right = next(sides).real, next(sides).real
                tests[-1].append(COMPARE[sign](left, right))
                unknown[-1].append(is_no_number(left) | is_no_number(right))
                ev.meets(expr, number, sign, left, right)
            number += 1
    return first_that_holds(values, tests, unknown)


def _call(ev: Evaluator, expr: Expr) -> Array:
    return ev.applied(expr.data, ev.values(expr.args))


def _prime(ev: Evaluator, expr: Expr) -> Array:
    """The derivative of a function of one number, by its order: called once, at all places that it
    takes."""
    bound, order = expr.data
    here = ev.value(expr.args[0])
    exact = ev.method == "complex" and not (np.iscomplexobj(here) or ev.context.is_complex)
    differences = order - exact  # the innermost derivative is a complex step
    offsets, weights = (part.reshape(-1, 1, 1) for part in repeated(ev.stencil, differences))
    steps = ev.step * np.maximum(1.0, np.abs(here.real))
    places = here[..., None, :, :] + offsets * steps[..., None, :, :]
    if exact:
        tiny = complex_steps(places)
        values = ev.applied(bound, [places + 1j * tiny]).imag / tiny
    else:
        values = ev.applied(bound, [places])
    return np.asarray(np.add.reduce(weights * values, axis=-3) / steps**differences)


def _replace(ev: Evaluator, expr: Expr) -> Array:
    """A part of the graph again, with other values for some ancestors."""
    node, variables, _ = expr.data
    lead, stacks = ev.flattened(ev.values(expr.args))
    repeated = int(np.prod(lead[1:]))
    rows = ev.context.rows.repeat(repeated)
    world = ev.points.world
    target = ev.twin(node)
    values = {
        ev.twin(variable): stack.reshape(len(stack), *world.shape(variable))
        for variable, stack in zip(variables, stacks, strict=True)
    }
    moved = 0
    for twin in values:
        moved |= 1 << world.place[twin]
    for k, twin in enumerate(world.order):
        if not world.below[target] >> k & 1 or twin in values:
            continue
        if world.below[twin] & moved:
            inputs = [values[p] for p in twin.inputs]
            values[twin] = ev.points.evaluate(twin, inputs, rows)
        else:
            values[twin] = np.repeat(ev.context.value(twin), repeated, axis=0)
    return ev.unflattened(values[target], lead)


def _abscissa(ev: Evaluator, expr: Expr) -> Array:
    """The places of a quadrature rule between the limits of an integral."""
    index, kind = expr.data
    places = ev.placed(rule(kind).places[None], (index,))
    limits = [ev.value(arg) for arg in expr.args]
    if kind == "interval":
        low, high = limits
        return ev.rounded(low + (high - low) * places)
    if kind == "half":
        return ev.rounded(limits[0] + places)
    if kind == "half down":
        return ev.rounded(limits[0] - places)
    return places


def _integral(ev: Evaluator, expr: Expr) -> Array:
    """The sum over the places of a quadrature rule.

    Rounded copies take the coarser rule, so that its distance counts as their rounding does.
    """
    index, kind, _ = expr.data
    value = ev.value(expr.args[0])
    places = ev.placed(rule(kind).places[None], (index,))
    value = np.broadcast_to(value, np.broadcast_shapes(value.shape, places.shape))
    total, rough = rule(kind).totals(value, ev.axis[index])
    if (amplitude := ev.context.rows.amplitude) is not None:
        total = np.where(amplitude.reshape(-1, *(1,) * (total.ndim - 1)) > 0, rough, total)
    if kind == "interval":
        low, high = (ev.value(arg) for arg in expr.args[1:])
        total = (high - low) * total
    return ev.rounded(total)


def _approach(ev: Evaluator, expr: Expr) -> Array:
    """The places that come nearer and nearer to the point of a limit."""
    index, kind = expr.data
    away = distances(kind, ev.step)
    if not expr.args:
        return ev.placed(np.round(1 / away)[None], (index,))
    return ev.rounded(ev.value(expr.args[0]) + ev.placed(away[None], (index,)))


def _limit(ev: Evaluator, expr: Expr) -> Array:
    """What the values at these places tend to."""
    index, kind = expr.data[:2]
    value = ev.rounded(ev.value(expr.args[0]))
    return ev.rounded(tends_to(value, distances(kind, ev.step), ev.axis[index]))


def _expansion(ev: Evaluator, expr: Expr) -> Array:
    """The first coefficients of the power series in what these places are near to."""
    index, along, count = expr.data
    value = ev.rounded(ev.value(expr.args[0]))
    return ev.rounded(coefficients(value, ev.step, ev.axis[index], count, ev.axis[along]))


def _zeros(ev: Evaluator, expr: Expr) -> Array:
    return 0 * _ones(ev, expr)


def _at(ev: Evaluator, expr: Expr) -> Array:
    """A value in a context in which some nodes have other values, by the slacks that give them."""
    body, *points = expr.args
    slack = dict(ev.context.slack)
    for node, point in zip(expr.data[0], points, strict=True):
        twin = ev.twin(node)
        now = ev.context.value(twin)
        there = ev.value(point)
        there = np.broadcast_to(there, (len(now), *there.shape[1:])).reshape(now.shape)
        slack[twin] = slack.get(twin, 0.0) + (there - now)
    moved = Context(ev.points, ev.context.rows, ev.context, slack)
    return Evaluator(moved, ev.ranges, ev.method, ev.step).value(body)


def _deriv(ev: Evaluator, expr: Expr) -> Array:
    (target,) = expr.args
    node, indices, _ = expr.data
    variable = ev.twin(node)
    exact = ev.method == "complex" and not ev.context.is_complex and target.order == 0
    change = ev.change(target, variable, "complex" if exact else ev.stencil)
    shape = ev.context.value(variable).shape[1:]
    return ev.arranged(change, shape, indices)


#: What needs the graph or the ranges of indices; everything else is one of `OPERATIONS`.
CONSTRUCTS: dict[str, Callable[[Evaluator, Expr], Array]] = {
    "number": _number, "node": _node, "array": _array, "delta": _delta, "index": _index,
    "gather": _gather, "ones": _ones,
    "eye": _eye, "component": _component, "big": _big, "cases": _cases, "call": _call,
    "prime": _prime, "replace": _replace, "deriv": _deriv,
    "at": _at, "zeros": _zeros, "abscissa": _abscissa, "integral": _integral,
    "approach": _approach, "limit": _limit, "expansion": _expansion,
}  # fmt: skip
