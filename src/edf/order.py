"""What makes the walks over a graph quick: its order is worked out once, and kept on its last node.

A first reader can skip this file. `order_of(root)` is all that `graph.py` asks of it.
"""

from __future__ import annotations

from operator import attrgetter
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
    """The graph below a root, as the two walks take it.

    The root keeps its order, so it is not in it but given to every method: it would lead back to
    itself, and the memory of a graph that was dropped would not be free before Python next looks
    for such circles.
    """

    def __init__(self, root: Any) -> None:
        self._below = topological_order(root)[:-1]
        self._leaves = [node for node in self._below if not node.inputs]
        self._middle = [node for node in self._below if node.inputs]
        self._forwards = [(node, own(node, "forward")) for node in self._middle]
        self._last_forward = own(root, "forward") if root.inputs else None
        self._links = [root.inputs, *map(_INPUTS, self._middle)]
        self._kinds = list({type(node) for node in (root, *self._middle)})
        self._methods = list(map(_METHODS, self._kinds))
        self._targets: set[Any] | None = None
        self._steps: list[Step] = []
        self._last_back: Back | None = None

    def __reduce__(self) -> Any:
        """Let a graph that is pickled or copied go without its order, and work it out again."""
        return type(None), ()

    def is_of(self, root: Any) -> bool:
        """Return whether all nodes still have the inputs that they had, and classes the methods."""
        return [root.inputs, *map(_INPUTS, self._middle)] == self._links and (
            list(map(_METHODS, self._kinds)) == self._methods
        )

    def nodes(self, root: Any) -> list[Any]:
        """Return every node, inputs first, the root last."""
        return [*self._below, root]

    def leaves(self, root: Any) -> list[Any]:
        """Return the nodes without inputs."""
        return self._leaves if root.inputs else [root]

    def operations(self, root: Any) -> list[tuple[Any, Method]]:
        """Return the others, each with its own forward."""
        return [*self._forwards, (root, self._last_forward)] if self._last_forward else []

    def back(self, root: Any, targets: set[Any]) -> list[Step]:
        """Return the operations between the targets and the root, the last one first: each with
        its own backward, and the inputs that lead to a target."""
        if self._targets != targets:
            self._plan(root, targets)
        return [(root, *self._last_back), *self._steps] if self._last_back else []

    def _plan(self, root: Any, targets: set[Any]) -> None:
        for unknown in targets.difference(self.nodes(root)):
            raise GraphError(f"{root!r} does not depend on {unknown!r}, named in wrt")
        self._targets = None if root in targets else targets
        between, self._steps = set(targets), []
        for node in self._middle:
            if back := _back(node, between):
                between.add(node)
                self._steps.append((node, *back))
        self._steps.reverse()
        self._last_back = _back(root, between)


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
    order: Order | None = root.kept_order
    if order is None or not order.is_of(root):
        order = root.kept_order = Order(root)
    return order
