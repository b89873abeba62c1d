"""The part of a page's graph that an equation speaks of: a private copy, and its dependencies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from edf.anyfunction import AnyFunction, Applied
from edf.equations.diagnostics import EquationError, Why
from edf.equations.sampling.rounding import Work
from edf.equations.sampling.stacking import Stacked
from edf.graph import Array, Constant, Input, Node, Param
from edf.numerics.branches import traced
from edf.numerics.differences import COMPLEX_STEP
from edf.numerics.sampling import private_copy, sample_leaf


class World:
    """A private copy of the graph below some nodes.

    Args:
        roots: The nodes that an equation mentions.
        resize: For inputs without a value, the shapes that they get in place of their own.
        fixed: For some leaves, what they hold in place of their value, or of a sample.
        work: What counts all that is computed.
    """

    def __init__(
        self,
        roots: Sequence[Node],
        resize: Mapping[Node, tuple[int, ...]] | None = None,
        fixed: Mapping[Node, Array] | None = None,
        work: Work | None = None,
    ) -> None:
        self.roots = list(roots)
        self.work = work or Work()
        self.resize, self.given = dict(resize or {}), dict(fixed or {})
        #: What functions of the page make of nodes, by the function and its arguments' shapes.
        self.made: dict[Any, tuple[Node, list[Node]]] = {}
        self.closed = False  # whether the graph is in use, and takes no more nodes
        self._copy()

    def _copy(self) -> None:
        """Copy the graph below the roots."""
        roots, resize, fixed = self.roots, self.resize, self.given
        self.twins = private_copy(roots)
        self.order = list(self.twins.values())
        self.names = {twin: node for node, twin in self.twins.items()}
        self.stacked = {node: Stacked(node.forward, node) for node in self.order if node.inputs}
        self.functions = {
            id(node.function): twin.function
            for node, twin in self.twins.items()
            if isinstance(node, Applied) and isinstance(twin, Applied)
        }
        drawn = dict.fromkeys(id(n.function) for n in self.order if isinstance(n, Applied))
        self._numbers = {function: number for number, function in enumerate(drawn)}
        self.place = {node: k for k, node in enumerate(self.order)}
        self._ancestry: dict[Node, list[Node]] = {}
        self.below: dict[Node, int] = {}  # for each node a set of places: itself, and its ancestors
        for k, node in enumerate(self.order):
            self.below[node] = 1 << k
            for parent in node.inputs:
                self.below[node] |= self.below[parent]
        for node, shape in resize.items():
            twin = self.twins[node]
            assert isinstance(twin, Input)
            twin.shape = shape
        values = {self.twins[node]: value for node, value in fixed.items()}
        self.fixed = {
            node: double(np.asarray(values.get(node, node.value)))
            for node in self.order
            if node in values
            or (isinstance(node, Input | Param | Constant) and node.value is not None)
        }
        #: Whether an operation rounds to float32 or less whatever it is given.
        self.rounds = False

    def changed(
        self,
        resize: Mapping[Node, tuple[int, ...]] | None = None,
        fixed: Mapping[Node, Array] | None = None,
    ) -> World:
        """Return the same graph with other shapes or values, which counts as part of this one."""
        return World(self.roots, resize, fixed, self.work)

    def include(self, function: Any, shapes: Sequence[tuple[int, ...]]) -> tuple[Node, list[Node]]:
        """Add what a function makes of nodes to the graph.

        Returns:
            The node that it returns, and the constants that stand for its arguments.

        Raises:
            EquationError: It returns no node, or the graph is in use.
        """
        key = (id(function), tuple(shapes))
        if key not in self.made:
            if self.closed:
                raise EquationError(
                    Why.EVALUATION, "This calls a function with other arguments than before"
                )
            rng = np.random.default_rng(0)
            arguments: list[Node] = [Constant(rng.uniform(0.2, 0.9, shape)) for shape in shapes]
            node = function(*arguments)
            if not isinstance(node, Node):
                raise EquationError(Why.EVALUATION, "The function returns no node of the graph")
            self.made[key] = node, arguments
            self.roots.append(node)
            for name in ("_shapes", "loses_imaginary_part"):
                self.__dict__.pop(name, None)
            self._copy()
        return self.made[key]

    def follows_rows(self, node: Node, below: Node) -> bool:
        """Whether each row of a node's value depends on that row of another's alone."""
        rng = np.random.default_rng(0)
        leaves = {leaf: self.leaf(leaf, rng) for leaf in self.order if not leaf.inputs}
        twin, other = self.twins[node], self.twins[below]
        values = self._computed(leaves)
        moved = values[other] + rng.uniform(0.1, 0.3, values[other].shape)
        for row in range(len(moved)):
            kept = moved.copy()
            kept[row] = values[other][row]
            found = self._computed({**leaves, other: kept})[twin]
            if not np.allclose(found[row], values[twin][row], rtol=1e-9, atol=1e-12):
                return False
        return True

    def adds_up(self, node: Node, axes: tuple[int, ...]) -> bool:
        """Whether a node's values along some of its axes add up to 1."""
        rng = np.random.default_rng(0)
        leaves = {leaf: self.leaf(leaf, rng) for leaf in self.order if not leaf.inputs}
        value = self._computed(leaves)[self.twins[node]]
        return bool(np.allclose(value.sum(axis=axes), 1.0, rtol=1e-9))

    def _computed(self, known: Mapping[Node, Array]) -> dict[Node, Array]:
        """Return all values (of nodes of the copy), given some."""
        values = dict(known)
        for node in self.order:
            if node not in values:
                values[node] = np.asarray(node.forward(*(values[p] for p in node.inputs)))
        return values

    @property
    def sampled(self) -> list[Input]:
        """The inputs without a value, which are drawn at every point."""
        return [n for n in self.order if isinstance(n, Input) and n not in self.fixed]

    @property
    def sampled_lengths(self) -> set[int]:
        """The lengths of all axes of sampled inputs."""
        return {length for node in self.sampled for length in node.shape or ()}

    @property
    def is_declared(self) -> bool:
        """Whether all that has axes was declared in LaTeX, where components count from 1."""
        leaves = [n for n in self.order if not n.inputs and math.prod(self._shapes[n]) > 1]
        return bool(leaves) and all(hasattr(self.names[n], "fixed_lengths") for n in leaves)

    def ancestry(self, twin: Node) -> list[Node]:
        """Return what a node of the copy depends on, itself included, in the order of the graph."""
        if twin not in self._ancestry:
            places = self.below[twin]
            self._ancestry[twin] = [n for k, n in enumerate(self.order) if places >> k & 1]
        return self._ancestry[twin]

    def all_below(self, nodes: Sequence[Node]) -> list[Node]:
        """Return the copies of the nodes that these depend on, themselves included."""
        places = 0
        for node in nodes:
            places |= self.below[self.twins[node]]
        return [twin for k, twin in enumerate(self.order) if places >> k & 1]

    def shape(self, node: Node) -> tuple[int, ...]:
        """Return the shape of a node's value (a node of the page, not of the copy)."""
        return self._shapes[self.twins[node]]

    def entries(self, twin: Node) -> int:
        """Return how many numbers the value of a node of the copy has."""
        return math.prod(self._shapes[twin])

    @cached_property
    def fits(self) -> bool:
        """Whether the graph can be evaluated with the shapes that its inputs have here."""
        try:
            return bool(self._shapes)
        except EquationError:
            return False

    @cached_property
    def _shapes(self) -> dict[Node, tuple[int, ...]]:
        rng = np.random.default_rng(0)
        values: dict[Node, Array] = {}
        for node in self.order:
            if isinstance(node, Applied):  # nothing need be drawn for its shape
                value = rng.standard_normal(node.function.shape)
            elif node.inputs:
                inputs = [values[parent] for parent in node.inputs]
                try:
                    try:
                        value = np.asarray(node.forward(*inputs))
                    except np.linalg.LinAlgError:  # a singular matrix; others have inverses
                        drawn = (rng.standard_normal(array.shape) for array in inputs)
                        value = np.asarray(node.forward(*drawn))
                except Exception as problem:
                    self.fail(node, f"{type(problem).__name__}: {problem}")
                if not np.issubdtype(value.dtype, np.number) and value.dtype != bool:
                    self.fail(node, f"its value is of type {value.dtype}")
            else:
                value = self.leaf(node, rng)
            values[node] = value
        return {node: value.shape for node, value in values.items()}

    @cached_property
    def loses_imaginary_part(self) -> bool:
        """Whether some operation of a page's own drops the imaginary part of a complex number."""
        if all(type(node).__module__.startswith("edf.") for node in self.order):
            return False
        rng = np.random.default_rng(0)
        values = self._computed(
            {leaf: self.leaf(leaf, rng) for leaf in self.order if not leaf.inputs}
        )
        return any(
            loses_imaginary_part(node.forward, [values[parent] for parent in node.inputs])
            for node in self.order
            if node.inputs and not type(node).__module__.startswith("edf.")
        )

    def leaf(self, node: Node, rng: np.random.Generator) -> Array:
        """Return a value for a leaf: its own, or a sample.

        Raises:
            EquationError: It cannot be sampled.
        """
        return self.fixed[node] if node in self.fixed else self.samples(node, rng, 1)[0]

    def samples(self, node: Node, rng: np.random.Generator, count: int) -> Array:
        """Return samples of an input, one after the other.

        Raises:
            EquationError: It cannot be sampled.
        """
        if not isinstance(node, Input):
            self.fail(node, "it has no inputs and no value")
        try:
            return double(np.stack([sample_leaf(node, rng) for _ in range(count)]))
        except Exception as problem:
            self.fail(node, str(problem))

    def fail(self, node: Node, why: str) -> NoReturn:
        """Say that a node cannot be evaluated."""
        original = self.names.get(node, node)
        raise EquationError(Why.EVALUATION, f"{type(original).__name__} cannot be evaluated: {why}")

    def number(self, function: AnyFunction) -> int:
        """Count arbitrary functions, those of the graph first and others as they are met, so that
        each has a stream of its own."""
        twin = self.functions.get(id(function), function)
        return self._numbers.setdefault(id(twin), len(self._numbers))


def loses_imaginary_part(function: Callable[..., Any], arrays: Sequence[Array]) -> bool:
    """Whether a function, watched while it computes with complex numbers, does not keep them."""
    steps = [np.asarray(a + COMPLEX_STEP * 1j if a.dtype.kind == "f" else a) for a in arrays]
    if not any(np.iscomplexobj(step) for step in steps):
        return False
    try:
        value, trace = traced(function, steps)
    except Exception:  # it takes no complex numbers at all, which shows when it is used
        return False
    return bool(trace.dropped) or value.dtype.kind != "c"


def double(value: Array) -> Array:
    """Floating-point values in double precision; labels stay whole numbers."""
    return value.astype(np.float64) if value.dtype.kind == "f" else value
