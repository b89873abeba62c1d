"""Gradients that are worked out when they are read, from copies of what they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from edf.graph import Node


class Deferred:
    """The gradient of one input of an operation, put off (see `Input.grad`).

    Args:
        operation: The node's class, whose `vjp` works the gradient out.
        argument: Which of the inputs it is.
        needs: For each input, whether its gradient is wanted: as `Node.needs`.
    """

    def __init__(self, operation: type[Node], argument: int, needs: tuple[bool, ...]) -> None:
        self.argument = argument
        self.node = object.__new__(operation)  # outside the graph, which may be dropped
        self.node.needs = needs
        self.kept: list[Any] | None = None  # the cotangent and the inputs' arrays

    def keep(self, node: Node) -> None:
        """Copy what the gradient depends on: all but the entries of the input itself.

        Where the last copies were not used, as in training, they are written over: arrays that
        stay in their place stay near the processor.
        """
        for name in node.apart or ():
            setattr(self.node, name, getattr(node, name))
        arrays = [node.grad, *(parent.value for parent in node.inputs)]
        own = self.argument + 1
        last = self.kept or [None] * len(arrays)
        self.kept = [
            array if i == own else _copied(array, last[i]) for i, array in enumerate(arrays)
        ]

    def gradients(self) -> Any:
        """Return what the operation's `vjp` gives. The copies are then used, for once."""
        kept, self.kept = self.kept, None
        return self.node.vjp(*kept)  # type: ignore[misc]  # it was kept


def _copied(array: Any, last: Any) -> Any:
    if last is None or last.shape != array.shape or last.dtype != array.dtype:
        return array.copy()
    np.copyto(last, array)
    return last
