"""What makes the walks over a graph quick: its order is worked out once, and kept on its last node.

A first reader can skip this file. `order_of(root)` is all that `graph.py` asks of it.
"""

from __future__ import annotations

from operator import attrgetter, is_
from typing import Any, Protocol, TypeVar

from edf.errors import GraphError
from edf.methods import Method, own


class Vertex(Protocol):
    """What an order needs to know of a node."""

    inputs: Any  # a tuple of nodes
    kept_order: Any  # where the last order is kept


N = TypeVar("N", bound=Vertex)
#: A node's own backward, and the inputs that want gradients, each with its position.
Back = tuple[Method, tuple[tuple[int, Any], ...]]
#: The same with the node.
Step = tuple[Any, Method, tuple[tuple[int, Any], ...]]

_INPUTS, _METHODS = attrgetter("inputs"), attrgetter("forward", "backward")


def topological_order(*roots: N) -> list[N]:
    """Every node that the roots depend on, and the roots, each after its inputs; no recursion."""
    for root in roots:
        if not hasattr(root, "inputs"):
            raise TypeError(
                f"a node of a graph is wanted, as the loss is, not {type(root).__name__}"
            )
    order: list[N] = []
    seen: set[N] = set()
    stack: list[N | None] = list(reversed(roots))
    waiting: list[N] = []  # nodes whose inputs come first; None on the stack says they have come
    while stack:
        node = stack.pop()
        if node is None:
            order.append(waiting.pop())
        elif node not in seen:
            seen.add(node)
            if node.inputs:
                waiting.append(node)
                stack.append(None)
                stack.extend(reversed(node.inputs))
            else:
                order.append(node)
    return order


class Order:
    """The graph below a root, as the two walks take it."""

    def __init__(self, root: Any, kept: Kept) -> None:
        self.root = root
        self.kept = kept

    @property
    def nodes(self) -> list[Any]:
        """Every node, inputs first, the root last."""
        return [*self.kept.below, self.root]

    @property
    def leaves(self) -> list[Any]:
        """The nodes without inputs."""
        return self.kept.leaves if self.root.inputs else [self.root]

    @property
    def operations(self) -> list[tuple[Any, Method]]:
        """The others, each with its own forward."""
        last = self.kept.last_forward
        return [*self.kept.operations, (self.root, last)] if last else []

    def back(self, targets: set[Any]) -> list[Step]:
        """The operations between the targets and the root, the last one first: each with its own
        backward, and the inputs that lead to a target."""
        if self.kept.targets != targets:
            for unknown in targets.difference(self.nodes):
                raise GraphError(f"{self.root!r} does not depend on {unknown!r}, named in wrt")
            self.kept.plan(targets, self.root)
        last = self.kept.last_back
        return [(self.root, *last), *self.kept.steps] if last else []


class Kept:
    """What is kept of an order from one walk to the next.

    The root is not in it: it would lead back to itself, and the memory of a graph that was dropped
    would not be free before Python next looks for such circles.
    """

    def __init__(self, root: Any) -> None:
        order = topological_order(root)
        self.below = order[:-1]
        self.kinds = list(set(map(type, order)))
        self.methods = list(map(_METHODS, self.kinds))
        self.links = list(map(_INPUTS, self.below))
        self.last_link = root.inputs
        self.leaves = [node for node in self.below if not node.inputs]
        self.operations = [(node, own(node, "forward")) for node in self.below if node.inputs]
        self.last_forward = own(root, "forward") if root.inputs else None
        self.targets: set[Any] | None = None
        self.steps: list[Step] = []
        self.last_back: Back | None = None

    def is_of(self, root: Any) -> bool:
        """Return whether all nodes still have the inputs that they had, and classes the methods."""
        return (
            root.inputs is self.last_link
            and all(map(is_, map(_INPUTS, self.below), self.links))
            and list(map(_METHODS, self.kinds)) == self.methods
        )

    def plan(self, targets: set[Any], root: Any) -> None:
        """Find what lies between the targets and the root."""
        self.targets, between, self.steps = targets, set(targets), []
        for node, _ in self.operations:
            if back := _back(node, between):
                between.add(node)
                self.steps.append((node, *back))
        self.steps.reverse()
        self.last_back = _back(root, between)


def _back(node: Any, between: set[Any]) -> Back | None:
    """Return how to step back through `node`; None where no input leads to a target."""
    wanted = tuple((k, x) for k, x in enumerate(node.inputs) if x in between)
    if not wanted:
        return None
    backward = own(node, "backward")
    if len(wanted) < len(node.inputs):
        backward = _for_some(backward, [k for k, _ in wanted])
    return backward, wanted


def _for_some(backward: Method, positions: list[int]) -> Method:
    """Return a `backward` during which the operation knows whose gradients are wanted."""

    def method(node: Any, *arrays: Any) -> Any:
        node.needs = positions
        try:
            return backward(node, *arrays)
        finally:
            node.needs = None

    return method


def order_of(root: Any) -> Order:
    """Return the order of the graph below `root`: the one that is kept, unless it has changed."""
    kept: Kept | None = root.kept_order
    if kept is None or not kept.is_of(root):
        kept = root.kept_order = Kept(root)
    return Order(root, kept)
