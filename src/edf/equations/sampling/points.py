"""The page's graph at many random points at once, and its derivatives there.

Every node carries an additive slack: a `Context` knows the values of all nodes when slacks are
added to some of them. The derivative of a node in another is the change of the one in the slack of
the other, which is what backpropagation calls its gradient.

Values are stacks, (rows, *shape). The rows are the points, and then all of them again for every
copy that is rounded at random.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction, Applied, Waves
from edf.calculus import Jacobian
from edf.equations.diagnostics import EquationError, Why
from edf.equations.sampling.rounding import Rounding, Rows, rounds_once, underflown, underflows
from edf.equations.sampling.stacking import Stacked, where_possible
from edf.equations.sampling.world import World, double
from edf.graph import Array, Input, Node, Param
from edf.numerics.differences import STENCILS, complex_steps, difference_quotient
from edf.numerics.sampling import SAMPLERS


class Points:
    """The graph at some points.

    Args:
        world: The graph.
        leaves: The values of its leaves, (points, *shape).
        seed: What the random functions are drawn with.
        draws: For each point, which draw of the random functions it has.
        drawn: How many draws there are.
        copies: How often each point is there; all but the first are rounded at random.
        amplitude: How much.
        guarded: Whether points where digits are lost to underflow are to be found.
        whole: Whether whole numbers are drawn, if that is known.
    """

    def __init__(
        self,
        world: World,
        leaves: Mapping[Node, Array],
        seed: int,
        draws: Array,
        drawn: int,
        copies: int = 1,
        amplitude: float = 0.0,
        guarded: bool = False,
        whole: bool | None = None,
    ) -> None:
        self.world = world
        self.leaves = leaves
        self.seed = seed
        self.draws = draws
        self.drawn = drawn
        self.copies = copies
        self.amplitude = amplitude
        self.guarded = guarded
        if whole is None:
            whole = any(_is_whole(world, *leaf) for leaf in leaves.items())
        self.rounding = Rounding(world.work, whole)
        rows = Rows(draws)
        if copies > 1:
            each = np.array([0.0, *[amplitude] * (copies - 1)])
            rows = Rows(rows.tile(copies).draws, each.repeat(len(draws)))
        self.lost = np.zeros(drawn, bool)  # draws with underflow
        self.context = Context(self, rows)
        self._waves: dict[tuple[int, int], Waves] = {}
        self.calls: dict[Any, Stacked] = {}

    def __len__(self) -> int:
        return len(self.draws)

    def take(self, chosen: Array) -> Points:
        """Return some of the points."""
        if chosen.dtype == bool and chosen.all():
            return self
        leaves = {node: value[chosen] for node, value in self.leaves.items()}
        return self._again(leaves, self.draws[chosen], self.copies, self.amplitude, chosen)

    def exact(self) -> Points:
        """Return the points without their rounded copies."""
        if self.copies == 1:
            return self
        return self._again(self.leaves, self.draws, 1, 0.0, slice(None))

    def rounded(self, copies: int, amplitude: float) -> Points:
        """Return the points with other copies."""
        return self._again(self.leaves, self.draws, 1 + copies, amplitude, None)

    def with_leaves(self, leaves: Mapping[Node, Array]) -> Points:
        """Return as many points with other values of the leaves, and the same random functions."""
        return self._again(leaves, self.draws, self.copies, self.amplitude, None)

    def _again(
        self, leaves: Mapping[Node, Array], draws: Array, copies: int, amplitude: float, chosen: Any
    ) -> Points:
        points = Points(
            self.world, leaves, self.seed, draws, self.drawn, copies, amplitude, self.guarded,
            self.rounding.whole if leaves is self.leaves else None,
        )  # fmt: skip
        points._waves, points.calls = self._waves, self.calls
        if chosen is not None:
            known = self.context.values
            for node, value in known.items():
                shaped = value.reshape(self.copies, len(self), *value.shape[1:])
                shaped = shaped[:copies, chosen]
                points.context.values[node] = shaped.reshape(-1, *value.shape[1:])
        return points

    # ------------------------------------------------------------------------------- operations

    def evaluate(self, node: Node, stacks: Sequence[Array], rows: Rows) -> Array:
        """Return an operation's values for stacked inputs, one row for each of `rows`."""
        if isinstance(node, Applied):
            return self.apply(node.function, stacks, rows)
        if isinstance(node, Jacobian):
            return self.rounding(self._derivative(node, stacks, rows), rows)
        once = rounds_once(type(node))
        arguments = stacks if once else [self.rounding(s, rows) for s in stacks]
        for stack in arguments:
            stack.flags.writeable = False  # an operation that changes its input is told so
        compute = self.world.stacked[node]
        try:
            value = where_possible(compute, arguments) if self.guarded else compute(arguments)
        except EquationError:
            raise
        except Exception as problem:
            if any(np.iscomplexobj(stack) for stack in stacks):
                raise Declined(str(problem)) from problem
            self.world.fail(node, f"{type(problem).__name__}: {problem}")
        if value.dtype in (np.float32, np.float16, np.complex64):
            self.world.rounds = True
        if not once and np.iscomplexobj(value):
            value = self.rounding.cancelled(value, stacks, rows)
        return self.rounding(value, rows)

    def _derivative(self, node: Jacobian, stacks: Sequence[Array], rows: Rows) -> Array:
        """Return a derivative that is a node, row after row: each has its own draw of the arbitrary
        functions that are differentiated."""
        place = {below: k for k, below in enumerate(node.inputs)}
        applied = [below for below in node.inputs if isinstance(below, Applied)]
        sizes = [sum(stacks[place[x]][0].size for x in below.inputs) for below in applied]
        values = []
        for k, draw in enumerate(rows.draws):
            for below, size in zip(applied, sizes, strict=True):
                drawn = self.waves(below.function, size)
                below.function.become(size, Waves(*(part[draw] for part in drawn)))
            values.append(np.asarray(node.forward(*(stack[k] for stack in stacks))))
        return np.stack(values)

    def apply(self, function: AnyFunction, stacks: Sequence[Array], rows: Rows) -> Array:
        """Return the values of an arbitrary function, a different draw at each point."""
        v = np.concatenate([stack.reshape(len(stack), -1) for stack in stacks], axis=1)
        v = self.rounding(v, rows)
        waves = self.waves(function, v.shape[1])
        entries, count, size = math.prod(function.shape), waves.b.shape[-1], v.shape[1]
        # The rows of one point have one draw: multiplied together, its directions are never copied.
        order, draws = rows.by_draw
        w = waves.w[draws].reshape(len(draws), entries * count, size).swapaxes(1, 2)
        a, b = waves.a[draws][:, None], waves.b[draws][:, None]
        grouped = v[order].reshape(len(draws), -1, size)

        def phases(part: Array) -> Array:
            return (part @ w).reshape(*grouped.shape[:2], *function.shape, count)

        turned = phases(grouped.real)
        turned += b
        found = np.vecdot(np.sin(turned), a)
        if np.iscomplexobj(v):  # of a complex step, which is so small that its square is nothing
            slopes = np.cos(turned, out=turned)
            slopes *= phases(grouped.imag)
            found = found + 1j * np.vecdot(slopes, a)
        value = np.empty((len(rows), *function.shape), found.dtype)
        value[order] = found.reshape(value.shape)
        return self.rounding(value, rows)

    def waves(self, function: AnyFunction, size: int) -> Waves:
        """Return one draw of a function of `size` numbers for every draw, stacked."""
        key = (id(function), size)
        if key not in self._waves:
            rng = np.random.default_rng([self.seed, self.world.number(function), size])
            self._waves[key] = Waves.random(rng, (self.drawn, *function.shape), size)
        return self._waves[key]

    def note_underflow(self, value: Array, arguments: Sequence[Array], rows: Rows) -> None:
        """Remember the points at which a result may have lost digits for being too small.

        A result of 0 is no such loss if an argument is 0, or if no arguments are given.
        """
        if not self.guarded:
            return
        where = underflown(np.asarray(value), arguments)
        self.lost[rows.draws[where] if len(where) > 1 else rows.draws] |= bool(where.any())


class Declined(Exception):  # noqa: N818  # a complex step that an operation will not take
    """An operation does not accept complex numbers."""


class Context:
    """Values of all nodes with slacks added to some, in `repeat` variants of a parent's rows.

    Rows are ordered variant first: row (k, r) is variant k of row r of the parent.
    """

    def __init__(
        self,
        points: Points,
        rows: Rows,
        parent: Context | None = None,
        slack: dict[Node, Array] | None = None,
        repeat: int = 1,
    ) -> None:
        self.points = points
        self.rows = rows
        self.parent = parent
        self.slack = slack or {}
        self.repeat = repeat
        self.is_complex = any(np.iscomplexobj(value) for value in self.slack.values())
        self._moved = 0
        for node in self.slack:
            self._moved |= 1 << points.world.place[node]
        self.values: dict[Node, Array] = {}
        self._steps: dict[tuple[Node, str, float], tuple[Context, Array]] = {}
        self._jacobians: dict[tuple[Node, Node, str, float], Array] = {}

    def value(self, node: Node) -> Array:
        """Return the values of `node` (a node of the copy): (rows, *shape)."""
        if node not in self.values:
            world = self.points.world
            for other in world.ancestry(node):
                if other not in self.values:
                    if self.parent is None or world.below[other] & self._moved:
                        self.values[other] = self._computed(other)
                    elif other is node:
                        self.values[other] = _tile(self.parent.value(other), self.repeat)
        return self.values[node]

    def _computed(self, node: Node) -> Array:
        if node.inputs:
            stacks = [self.value(parent) for parent in node.inputs]
            value = self.points.evaluate(node, stacks, self.rows)
            known = stacks if underflows(node) else ()
            self.points.note_underflow(value, known, self.rows)
        else:
            leaf = self.points.leaves[node]
            value = _tile(leaf, len(self.rows) // len(leaf))
        slack = self.slack.get(node)
        if slack is None:
            return value
        if value.dtype.kind not in "fcO":
            raise EquationError(
                Why.DERIVATIVE,
                f"{type(node).__name__} holds whole numbers, labels perhaps: there is no derivative"
                " with respect to them",
            )
        moved = value + slack
        return moved if np.iscomplexobj(slack) else self.points.rounding(moved, self.rows)

    def step(self, node: Node, method: str, size: float) -> tuple[Context, Array]:
        """Return the context in which each entry of `node` is shifted in turn, and the steps.

        Variants are ordered entry first, then offset. With the complex step there is one variant an
        entry; with differences, one for each offset.
        """
        key = (node, method, size)
        if key not in self._steps:
            value = self.value(node)
            entries = math.prod(value.shape[1:])
            flat = value.reshape(len(value), entries)
            if method == "complex":
                steps = complex_steps(flat.real.T)
                shifts: Array = 1j * steps[:, None, :]
            else:
                steps = size * np.maximum(1.0, np.abs(flat.real).T)
                shifts = STENCILS[method][0][None, :, None] * steps[:, None, :]
            variants = shifts.shape[1]
            directions = np.zeros((entries, variants, len(value), entries), shifts.dtype)
            each = np.arange(entries)
            directions[each, :, :, each] = shifts
            repeat = entries * variants
            slack = {n: _tile(s, repeat) for n, s in self.slack.items()}
            added = directions.reshape(repeat * len(value), *value.shape[1:])
            slack[node] = slack[node] + added if node in slack else added
            moved = Context(self.points, self.rows.tile(repeat), self, slack, repeat)
            self._steps[key] = (moved, steps)
        return self._steps[key]

    def jacobian(self, target: Node, variable: Node, method: str, size: float) -> Array:
        """Return d target / d variable: (entries of variable, rows, *shape of target)."""
        key = (target, variable, method, size)
        if key not in self._jacobians:
            world = self.points.world
            if not world.below[target] >> world.place[variable] & 1:
                entries = math.prod(self.value(variable).shape[1:])
                self._jacobians[key] = np.zeros((entries, *self.value(target).shape))
            else:
                moved, steps = self.step(variable, method, size)
                self._jacobians[key] = difference_quotient(moved.value(target), steps, method)
        return self._jacobians[key]


def _tile(value: Array, repeat: int) -> Array:
    return value if repeat == 1 else value[None].repeat(repeat, 0).reshape(-1, *value.shape[1:])


# ---------------------------------------------------------------------------------------- drawing


def draw_points(
    world: World,
    rng: np.random.Generator,
    count: int,
    copies: int,
    amplitude: float,
    guarded: bool = False,
) -> Points:
    """Return the graph at up to `count` new points: those where every value is finite.

    Raises:
        EquationError: An input cannot be sampled, or an operation fails.
    """
    leaves = {node: drawn_leaf(world, node, rng, count) for node in world.order if not node.inputs}
    return at(world, leaves, count, int(rng.integers(2**62)), copies, amplitude, guarded)


def _is_whole(world: World, node: Node, values: Array) -> bool:
    """Whether a leaf is drawn from whole numbers, as far as its values tell."""
    if not isinstance(node, Input) or node in world.fixed or not callable(node.sample):
        return False
    return bool(values.dtype.kind == "f" and values.size and (values == np.rint(values)).all())


def drawn_leaf(world: World, node: Node, rng: np.random.Generator, count: int) -> Array:
    """Return values for one leaf: sampled, drawn anew for a parameter, else its own."""
    if isinstance(node, Param):
        return _like(rng, world.fixed[node], count)
    if node in world.fixed:
        own = world.fixed[node]
        return np.broadcast_to(own, (count, *own.shape))
    if isinstance(node, Input) and node.shape is not None:
        if node.sample in ("normal", "positive", "simplex"):
            return np.asarray(SAMPLERS[node.sample](rng, (count, *node.shape)))
        if callable(node.sample) and hasattr(node, "draws_stacks"):
            return double(node.sample(rng, (count, *node.shape)))
    return world.samples(node, rng, count)


def at(
    world: World,
    leaves: Mapping[Node, Array],
    count: int,
    seed: int,
    copies: int,
    amplitude: float,
    guarded: bool = False,
) -> Points:
    """Return the graph at `count` given values of its leaves: where everything is finite."""
    return usable(Points(world, leaves, seed, np.arange(count), count, copies, amplitude, guarded))


def usable(points: Points) -> Points:
    """Return those points where every value of the graph is finite, and none is lost."""
    finite = np.ones(len(points), bool)
    for node in points.world.order:
        value = points.context.value(node)
        if value.dtype.kind not in "biufc":
            points.world.fail(node, f"its value is of type {value.dtype}")
        here = np.isfinite(value)
        if not here.all():
            finite &= here.reshape(points.copies, len(points), -1).all(axis=(0, 2))
    return points.take(finite & ~points.lost[points.draws])


def _like(rng: np.random.Generator, value: Array, count: int) -> Array:
    """Fresh values for a parameter: as large as its own, and positive if all of those are."""
    size = float(np.sqrt(np.mean(np.square(value)))) if value.size else 0.0
    if value.size and np.all(value > 0):
        return value * rng.uniform(0.4, 1.8, (count, *value.shape))
    return (size or 1.0) * rng.standard_normal((count, *value.shape))
