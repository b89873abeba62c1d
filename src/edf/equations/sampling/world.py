"""The page's graph at many random points at once, and its derivatives there.

Every node carries an additive slack: a `Context` knows the values of all nodes when slacks are
added to some of them. The derivative of a node in another is the change of the one in the slack of
the other, which is what backpropagation calls its gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from edf.anyfunction import AnyFunction, Applied, Waves
from edf.equations.errors import EquationError
from edf.equations.sampling.batching import Stacked
from edf.graph import Array, Constant, Input, Node, Param, topological_order
from edf.numerics.differences import COMPLEX_STEP, STENCILS, quotient
from edf.numerics.sampling import private_copy, sample_leaf

PROBES = 5  # points at which shapes are found, and at which ways to stack an operation are tried
MAX_ENTRIES = 4_000_000  # numbers held for one array of all rows; more points are taken in turns


class World:
    """A private copy of the graph below some nodes, which can be taken to random points.

    Args:
        roots: The nodes that an equation mentions.
        resize: Lengths that the inputs without a value get in place of their own.
    """

    def __init__(self, roots: Sequence[Node], resize: Mapping[int, int] | None = None) -> None:
        self.twins = private_copy(roots)
        self.order = topological_order(*(self.twins[root] for root in roots))
        self.names = {twin: node for node, twin in self.twins.items()}
        self.stacked = {node: Stacked(node.forward, node) for node in self.order if node.inputs}
        self.functions = {
            id(node.function): twin.function
            for node, twin in self.twins.items()
            if isinstance(node, Applied) and isinstance(twin, Applied)
        }
        self.place = {node: k for k, node in enumerate(self.order)}
        self.below: dict[Node, int] = {}  # for each node a set of places: itself, and its ancestors
        for k, node in enumerate(self.order):
            self.below[node] = 1 << k
            for parent in node.inputs:
                self.below[node] |= self.below[parent]
            if isinstance(node, Input) and node.value is None and node.shape is not None and resize:
                node.shape = tuple(resize.get(length, length) for length in node.shape)
        self.sampled_lengths = {
            length
            for node in self.order
            if isinstance(node, Input) and node.value is None
            for length in node.shape or ()
        }
        self.fixed = {
            node: _double(np.asarray(node.value))
            for node in self.order
            if isinstance(node, Input | Param | Constant) and node.value is not None
        }
        self._shapes: dict[Node, tuple[int, ...]] | None = None
        #: Whether an operation rounds to float32 or less whatever it is given.
        self.rounds = False

    def chance_below(self, nodes: Sequence[Node]) -> tuple[bool, list[Node]]:
        """Return whether anything that these nodes depend on is drawn, and the inputs that are not.

        Nodes are those of the page, not of the copy.
        """
        places = 0
        for node in nodes:
            places |= self.below[self.twins[node]]
        drawn, fixed = False, []
        for k, twin in enumerate(self.order):
            if not places >> k & 1:
                continue
            if isinstance(twin, Input) and twin in self.fixed:
                fixed.append(self.names[twin])
            drawn |= isinstance(twin, Applied | Param) or (
                not twin.inputs and twin not in self.fixed
            )
        return drawn, fixed

    def shape(self, node: Node) -> tuple[int, ...]:
        """Return the shape of a node's value (a node of the page, not of the copy)."""
        if self._shapes is None:
            batch = self.draw(np.random.default_rng(0), PROBES, keep_all=True)
            self._shapes = {twin: value.shape[1:] for twin, value in batch.values.items()}
        return self._shapes[self.twins[node]]

    def draw(self, rng: np.random.Generator, count: int, keep_all: bool = False) -> Batch:
        """Return the graph at up to `count` new points: those where every value is finite.

        Raises:
            EquationError: An input cannot be sampled, or an operation fails.
        """
        values: dict[Node, Array] = {}
        batch = Batch(self, values, int(rng.integers(2**62)), np.arange(count))
        for node in self.order:
            if node.inputs:
                values[node] = batch.evaluate(node, [values[p] for p in node.inputs], batch.rows)
            elif isinstance(node, Param):
                values[node] = _like(rng, self.fixed[node], count)
            elif node in self.fixed:
                fixed = self.fixed[node]
                values[node] = np.broadcast_to(fixed, (count, *fixed.shape))
            elif isinstance(node, Input):
                values[node] = self._sample(node, rng, count)
            else:
                self._fail(node, "it has no inputs and no value")
        finite = np.ones(count, bool)
        for node, value in values.items():
            if not np.issubdtype(value.dtype, np.number):
                self._fail(node, f"its value is of type {value.dtype}")
            finite &= np.isfinite(value).reshape(count, -1).all(axis=1)
        return batch if keep_all else batch.take(finite)

    def _sample(self, node: Input, rng: np.random.Generator, count: int) -> Array:
        try:
            return np.stack([_double(sample_leaf(node, rng)) for _ in range(count)])
        except Exception as problem:
            self._fail(node, str(problem))

    def _fail(self, node: Node, why: str) -> NoReturn:
        original = self.names.get(node, node)
        raise EquationError(f"{type(original).__name__} cannot be evaluated: {why}")


class Batch:
    """The graph at some points. `rows` tells for each which draw of arbitrary functions it has."""

    def __init__(
        self,
        world: World,
        values: dict[Node, Array],
        seed: int,
        rows: Array,
        drawn: int | None = None,
    ) -> None:
        self.world = world
        self.values = values
        self.seed = seed
        self.rows = rows
        self.drawn = len(rows) if drawn is None else drawn
        self._waves: dict[tuple[int, int], Waves] = {}
        self.calls: dict[Any, Stacked] = {}
        self.context = Context(self, None, {}, 1, rows)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: Array) -> Batch:
        """Return the batch at some of its points."""
        if chosen.dtype == bool and chosen.all():
            return self
        values = {node: value[chosen] for node, value in self.values.items()}
        batch = Batch(self.world, values, self.seed, self.rows[chosen], self.drawn)
        batch._waves, batch.calls = self._waves, self.calls
        return batch

    def evaluate(self, node: Node, stacks: Sequence[Array], rows: Array) -> Array:
        """Return the operation's values for stacked inputs that belong to the points `rows`."""
        if isinstance(node, Applied):
            return self.apply(node.function, stacks, rows)
        for stack in stacks:
            stack.flags.writeable = False  # an operation that changes its input is told so
        try:
            value = self.world.stacked[node](stacks)
        except EquationError:
            raise
        except Exception as problem:
            if any(np.iscomplexobj(stack) for stack in stacks):
                raise Declined(str(problem)) from problem
            self.world._fail(node, f"{type(problem).__name__}: {problem}")
        if value.dtype in (np.float32, np.float16, np.complex64):
            self.world.rounds = True
        return value

    def apply(self, function: AnyFunction, stacks: Sequence[Array], rows: Array) -> Array:
        """Return the values of an arbitrary function, a different draw at each point."""
        v = np.concatenate([stack.reshape(len(stack), -1) for stack in stacks], axis=1)
        waves = self.waves(function, v.shape[1])
        a, b, w, c = (part[rows] for part in (waves.a, waves.b, waves.w, waves.c))
        shape = (len(v), *(1,) * len(function.shape))
        inner = (w @ v.reshape(*shape, -1, 1))[..., 0] + b
        linear = (c[..., None, :] @ v.reshape(*shape, -1, 1))[..., 0, 0]
        return np.asarray((a * np.sin(inner)).sum(axis=-1) + linear)

    def waves(self, function: AnyFunction, size: int) -> Waves:
        """Return one draw of a function of `size` numbers for every point, stacked."""
        key = (id(function), size)
        if key not in self._waves:
            rng = np.random.default_rng([self.seed, self._number(function), size])
            self._waves[key] = Waves.random(rng, (self.drawn, *function.shape), size)
        return self._waves[key]

    def _number(self, function: AnyFunction) -> int:
        """Count the functions of the graph, so that each has a stream of its own."""
        seen = dict.fromkeys(
            id(node.function) for node in self.world.order if isinstance(node, Applied)
        )
        return list(seen).index(id(function)) if id(function) in seen else len(seen)


class Declined(Exception):  # noqa: N818  # a complex step that an operation will not take
    """An operation does not accept complex numbers."""


class Context:
    """Values of all nodes with slacks added to some, in `repeat` variants of a parent's rows.

    Rows are ordered variant first: row (k, r) is variant k of row r of the parent.
    """

    def __init__(
        self,
        batch: Batch,
        parent: Context | None,
        slack: dict[Node, Array],
        repeat: int,
        rows: Array,
    ) -> None:
        self.batch = batch
        self.parent = parent
        self.slack = slack
        self.repeat = repeat
        self.rows = rows  # for each row, its point in the batch's draws
        self.is_complex = any(np.iscomplexobj(value) for value in slack.values())
        self._moved = 0
        for node in slack:
            self._moved |= 1 << batch.world.place[node]
        self._values: dict[Node, Array] = {}
        self._steps: dict[tuple[Node, str, float], tuple[Context, Array]] = {}
        self._jacobians: dict[tuple[Node, Node, str, float], Array] = {}

    def value(self, node: Node) -> Array:
        """Return the values of `node` (a node of the copy): (rows, *shape)."""
        if self.parent is None:
            return self.batch.values[node]
        if node not in self._values:
            world = self.batch.world
            needed = world.below[node]
            for k, other in enumerate(world.order):
                if needed >> k & 1 and other not in self._values:
                    if world.below[other] & self._moved:
                        self._values[other] = self._compute(other)
                    elif other is node:
                        self._values[other] = _tile(self.parent.value(other), self.repeat)
        return self._values[node]

    def _compute(self, node: Node) -> Array:
        if node.inputs:
            stacks = [self.value(parent) for parent in node.inputs]
            value = self.batch.evaluate(node, stacks, self.rows)
        else:
            assert self.parent is not None
            value = _tile(self._origin().value(node), len(self.rows) // len(self.batch))
        slack = self.slack.get(node)
        if slack is None:
            return value
        if not np.issubdtype(value.dtype, np.inexact):
            raise EquationError(
                f"{type(node).__name__} holds whole numbers, labels perhaps: there is no derivative"
                " with respect to them"
            )
        return value + slack

    def _origin(self) -> Context:
        context = self
        while context.parent is not None:
            context = context.parent
        return context

    def step(self, node: Node, method: str, size: float) -> tuple[Context, Array]:
        """Return the context in which each entry of `node` is shifted in turn, and the steps.

        Variants are ordered entry first, then offset. With the complex step there is one variant an
        entry; with differences, one for each offset.
        """
        key = (node, method, size)
        if key not in self._steps:
            value = self.value(node)
            entries = value[0].size
            flat = value.reshape(len(value), entries)
            if method == "complex":
                steps = np.full((entries, len(value)), COMPLEX_STEP)
                shifts = 1j * steps[:, None, :]
            else:
                steps = size * np.maximum(1.0, np.abs(flat.real).T)
                shifts = STENCILS[method][0][None, :, None] * steps[:, None, :]
            variants = shifts.shape[1]
            directions = np.zeros((entries, variants, len(value), entries), shifts.dtype)
            for entry in range(entries):
                directions[entry, :, :, entry] = shifts[entry]
            repeat = entries * variants
            slack = {n: _tile(s, repeat) for n, s in self.slack.items()}
            added = directions.reshape(repeat * len(value), *value.shape[1:])
            slack[node] = slack[node] + added if node in slack else added
            rows = np.tile(self.rows, repeat)
            self._steps[key] = (Context(self.batch, self, slack, repeat, rows), steps)
        return self._steps[key]

    def jacobian(self, target: Node, variable: Node, method: str, size: float) -> Array:
        """Return d target / d variable: (rows, *shape of target, entries of variable)."""
        key = (target, variable, method, size)
        if key not in self._jacobians:
            world = self.batch.world
            if not world.below[target] >> world.place[variable] & 1:
                shape = (*self.value(target).shape, self.value(variable)[0].size)
                self._jacobians[key] = np.zeros(shape)
            else:
                moved, steps = self.step(variable, method, size)
                self._jacobians[key] = quotient(moved.value(target), steps, method)
        return self._jacobians[key]


def _tile(value: Array, repeat: int) -> Array:
    return np.broadcast_to(value, (repeat, *value.shape)).reshape(-1, *value.shape[1:])


def _double(value: Array) -> Array:
    """Floating-point values in double precision; labels stay whole numbers."""
    return value.astype(np.float64) if np.issubdtype(value.dtype, np.floating) else value


def _like(rng: np.random.Generator, value: Array, count: int) -> Array:
    """Fresh values for a parameter: as large as its own, and positive if all of those are."""
    size = float(np.sqrt(np.mean(np.square(value)))) if value.size else 0.0
    if value.size and np.all(value > 0):
        return value * rng.uniform(0.4, 1.8, (count, *value.shape))
    return (size or 1.0) * rng.standard_normal((count, *value.shape))
