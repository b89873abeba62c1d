"""The private, float64 copy of a graph on which a check works, and its points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from edf.check.functions import EvaluationError, GraphFunction, operation_name
from edf.copies import copy_graph
from edf.errors import GraphError
from edf.graph import Array, Constant, Input, Node, Param
from edf.numerics.sampling import draw_point, own_values, private_copy, sample_leaf


class SampledGraph:
    """A copy of the graph below `loss`, in float64, that moves from point to point.

    Args:
        loss: The node whose gradients are checked.
        wrt: With respect to which nodes; None stands for every leaf that holds floats.
        rng: The source of the points.
    """

    def __init__(
        self, loss: Node, wrt: Node | Iterable[Node] | None, rng: np.random.Generator
    ) -> None:
        copies = private_copy([loss])
        self.rng = rng
        self.root = copies[loss]
        self.order = list(copies.values())
        own = own_values(self.order)
        self.dtypes = {node: value.dtype for node, value in own.items()}
        self.own = {node: _as_float64(value) for node, value in own.items()}
        for node in self.order:
            if isinstance(node, Constant) and isinstance(node.value, np.ndarray):
                node.value = _as_float64(node.value)
        if wrt is None:
            chosen = self._float_leaves()
        else:
            wanted = [wrt] if isinstance(wrt, Node) else list(wrt)
            for node in wanted:
                if node not in copies:
                    raise GraphError(f"{loss!r} does not depend on {node!r}: it has no gradient")
            chosen = [copies[node] for node in wanted]
        self.function = GraphFunction(self.root, chosen, _labels(self.order, chosen))
        self.notes: list[str] = []

    def move_to(self, point: int, *, quietly: bool = False) -> bool:
        """Move to the next point and evaluate there; return whether its value is finite.

        Args:
            point: Its number; the first has the leaves' own values.
            quietly: Whether to add no note where the point is left out.

        Raises:
            EvaluationError: Forward raises at the first point, or its value is not finite there. A
                later point that leaves the domain is drawn again, and in the end left out.
        """
        for _ in range(3):
            draw_point(self.order, self.rng, own=self.own, perturb=point > 0)
            for node in self.order:
                if isinstance(node, Input | Param):
                    node.value = _as_float64(np.asarray(node.value))
            try:
                self._check_value(self.function.run())
            except EvaluationError:
                if point == 0:
                    raise
            else:
                return True
        if not quietly:
            self.notes.append(
                f"point {point + 1} left out: near the given values the graph has no finite value"
            )
        return False

    def leaf_values(self) -> dict[Node, Array]:
        """Return the present value of each input and parameter."""
        leaves = (node for node in self.order if isinstance(node, Input | Param))
        return {leaf: np.array(leaf.value) for leaf in leaves}

    def put(self, values: Mapping[Node, Array]) -> bool:
        """Give leaves these values and evaluate; return whether all values are finite."""
        for leaf, value in values.items():
            leaf.value = value
        try:
            self._check_value(self.function.run())
        except EvaluationError:
            return False
        floats = (np.asarray(node.value) for node in self.order)
        return all(value.dtype.kind != "f" or np.all(np.isfinite(value)) for value in floats)

    def is_free(self, leaf: Node) -> bool:
        """Whether a leaf may take other real numbers than its sampler gives: it holds floats, and
        they are neither labels nor of a set that its sampler alone knows."""
        if np.asarray(leaf.value).dtype.kind != "f":
            return False
        return not isinstance(leaf, Input) or leaf.sample in ("normal", "positive")

    def is_sampled(self, leaf: Node) -> bool:
        """Whether a leaf is an input that is drawn from all numbers, or all positive ones."""
        return leaf not in self.own and self.is_free(leaf)

    def takes_any_sign(self, leaf: Node) -> bool:
        """Whether a free leaf may be negative: it is not declared positive, and its own values, if
        it has some, are not all positive."""
        if isinstance(leaf, Input) and leaf.sample == "positive":
            return False
        own = self.own.get(leaf)
        return own is None or not own.size or bool(np.any(own <= 0))

    def in_own_dtype(self) -> tuple[GraphFunction, np.dtype[np.floating]] | None:
        """Return a copy at the same point whose leaves have the dtype that they were given.

        Sampled inputs take the narrowest of these. None if all are float64.
        """
        narrow = {dtype for dtype in self.dtypes.values() if dtype.kind == "f"} - {np.dtype("f8")}
        if not narrow:
            return None
        narrowest = min(narrow, key=lambda dtype: dtype.itemsize)
        copies = copy_graph([self.root])
        for node, twin in copies.items():
            if isinstance(node, Input | Param) and np.asarray(node.value).dtype.kind == "f":
                twin.value = np.asarray(node.value).astype(self.dtypes.get(node, narrowest))
        arguments = [copies[node] for node in self.function.arguments]
        return GraphFunction(copies[self.root], arguments, self.function.labels), narrowest

    def _float_leaves(self) -> list[Node]:
        leaves: list[Node] = []
        for node in self.order:
            if not isinstance(node, Input | Param):
                continue
            if node in self.own:
                value = self.own[node]
            else:
                assert isinstance(node, Input)  # a Param always has a value
                value = sample_leaf(node, np.random.default_rng(0))
            if value.dtype.kind == "c":
                raise GraphError(f"{node!r} holds complex numbers: checks are of real derivatives")
            if value.dtype.kind == "f":
                leaves.append(node)
        if not leaves:
            raise GraphError(
                f"{self.root!r} depends on no leaf that holds floats: there is nothing to check"
            )
        return leaves

    def _check_value(self, value: Array) -> None:
        if np.asarray(value).dtype.kind != "f":
            raise EvaluationError(
                f"{operation_name(self.root)}: its value has dtype {np.asarray(value).dtype}; "
                "only floating point numbers have a derivative"
            )
        if not np.all(np.isfinite(value)):
            first = next(
                node
                for node in self.order
                if np.asarray(node.value).dtype.kind == "f" and not np.all(np.isfinite(node.value))
            )
            raise EvaluationError(
                f"{operation_name(first)}: its value is not finite at the first point; give its "
                "inputs values, or sample them in its domain, as Input(shape=..., "
                'sample="positive")'
            )


def _as_float64(value: Array) -> Array:
    """Return a copy, floating point numbers as float64 and anything else as it is."""
    return value.astype(np.float64) if value.dtype.kind == "f" else value.copy()


def _labels(order: Iterable[Node], chosen: Iterable[Node]) -> list[str]:
    """Return a name for each chosen node: its own, or its class and place among its like."""
    labels: dict[Node, str] = {}
    count: Counter[str] = Counter()
    for node in order:
        kind = type(node).__name__
        labels[node] = node.name or f"{kind} {count[kind]}"
        count[kind] += 1
    return [labels[node] for node in chosen]
