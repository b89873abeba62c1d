"""The order in which a graph is run, and which gradients are wanted: worked out once, then kept."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edf.deferred import Deferred
from edf.errors import GraphError

if TYPE_CHECKING:
    from edf.graph import Node

#: What is wanted of an operation on two inputs, both of whose gradients are wanted.
BOTH = (0, 1)

_INPUTS, _DTYPE = attrgetter("inputs"), attrgetter("value.dtype")


def topological_order(*roots: Node) -> list[Node]:
    """Every node that the roots depend on, and the roots, each after its inputs; no recursion."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[Node | None] = list(reversed(roots))
    waiting: list[Node] = []  # nodes whose inputs come first; None on the stack says they have come
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


class Plan(NamedTuple):
    """Which gradients one kind of `backward` computes, position by position in the order."""

    steps: list[tuple[int, tuple[int, ...]]]
    """The nodes to go back through, last first, and the inputs whose gradients are wanted now."""
    partial: list[tuple[int, tuple[bool, ...]]]
    """The nodes of which some are wanted, and some are not; for each input, whether it is."""
    deferred: list[tuple[int, Deferred]]
    """The nodes one of whose gradients is put off until it is read."""


class Schedule:
    """The nodes below a root in topological order, kept on the root from one run to the next.

    The root itself is not in it, so that no reference leads back to the root, and a graph is freed
    at once when it is dropped.
    """

    def __init__(self, order: list[Node]) -> None:
        self.below = order[:-1]
        #: The inputs of every node when the order was made: another graph needs another order.
        self.links: list[tuple[Node, ...]] = list(map(_INPUTS, order))
        #: The inputs and parameters below the root.
        self.leaves = [node for node in self.below if node.differentiable]
        #: Those of them whose gradient may be put off until it is read.
        self.deferring: list[Any] = [node for node in self.leaves if node.defers]
        #: The last plan, and what it was made for.
        self.last: tuple[tuple[list[int] | None, list[Any]], Plan] | None = None

    def plan(self, order: list[Node], wrt: list[Node] | None) -> Plan:
        """Return which gradients are wanted: those of `wrt`, by default those of all leaves that
        hold floating-point numbers.

        Raises:
            GraphError: The root does not depend on a node of `wrt`, or a derivative in integers is
                asked for.
        """
        try:
            held = list(map(_DTYPE, self.leaves))
        except AttributeError:  # a number that is not NumPy's
            held = [np.result_type(leaf.value) for leaf in self.leaves]
        key = (None if wrt is None else list(map(id, wrt)), held)
        if self.last is not None and self.last[0] == key:
            plan = self.last[1]
            for position, _ in plan.deferred:
                if "vjp" in vars(order[position]):  # a derivative of its own, since the last run
                    break
            else:
                return plan
        self._refuse_integers(order[-1], wrt)
        floating = (leaf for leaf in self.leaves if inexact(leaf.value))
        plan = _make_plan(order, set(floating if wrt is None else wrt), wrt is None)
        self.last = key, plan
        return plan

    def _refuse_integers(self, root: Node, chosen: list[Node] | None) -> None:
        if chosen is None and inexact(root.value):
            # Labels beside floats are usual, but there must be something to differentiate.
            whole = [] if any(inexact(leaf.value) for leaf in self.leaves) else self.leaves
        elif chosen is None:
            whole = [leaf for leaf in self.leaves if not inexact(leaf.value)] or [root]
        else:
            if unknown := set(chosen).difference(self.below, [root]):
                raise GraphError(f"{root!r} does not depend on {unknown.pop()!r}, named in wrt")
            whole = [node for node in chosen if not inexact(node.value)]
        if whole:
            raise GraphError(
                f"{whole[0]!r} holds integers ({np.result_type(whole[0].value)}); derivatives are "
                "taken in floating point: write 3.0 for 3, or array.astype(float)"
            )


def schedule_of(root: Node) -> tuple[Schedule, list[Node]]:
    """Return the root's schedule, made anew unless every node has the inputs that it had, and the
    topological order, root and all."""
    schedule = root._schedule
    if schedule is not None:
        order = [*schedule.below, root]
        if list(map(_INPUTS, order)) == schedule.links:
            return schedule, order
    order = topological_order(root)
    schedule = root._schedule = Schedule(order)
    return schedule, order


def _make_plan(order: list[Node], targets: set[Node], may_defer: bool) -> Plan:
    wanted: set[Node] = set()
    plan = Plan([], [], [])
    for position, node in enumerate(order):
        needs = [parent in wanted for parent in node.inputs]
        if any(needs) or node in targets:
            wanted.add(node)
        # Not what a subclass inherits, nor a node that was given a derivative of its own.
        apart = "apart" in vars(type(node)) and "vjp" not in vars(node)
        if may_defer and any(needs) and apart:
            for k, parent in enumerate(node.inputs):
                if needs[k] and parent.defers:
                    needs[k] = False
                    alone = tuple(i == k for i in range(len(needs)))
                    plan.deferred.append((position, Deferred(type(node), k, alone)))
        indices = tuple(k for k, needed in enumerate(needs) if needed)
        if indices:
            plan.steps.append((position, BOTH if needs == [True, True] else indices))
        if any(needs) and not all(needs):
            plan.partial.append((position, tuple(needs)))
    plan.steps.reverse()
    return plan


def inexact(value: Any) -> bool:
    """Return whether `value` holds floating-point or complex numbers."""
    dtype = getattr(value, "dtype", None)
    return (np.asarray(value).dtype if dtype is None else dtype).kind in "fc"
