"""An operation given by formulas, as a node; and the sample of mistakes that is measured."""

from __future__ import annotations

import numpy as np

from edf.graph import Input, Node
from tests.derivatives.operations import OPERATIONS, Array, Mutant, Operation, mutants


class Formula(Node):
    """An operation given by formulas, as a node."""

    def __init__(self, operation: Operation, *arguments: Array) -> None:
        super().__init__(*(Input(x) for x in arguments))
        self.operation = operation

    def forward(self, *arguments: Array) -> Array:
        return self.operation.forward(*arguments)

    def backward(self, grad: Array, *arguments: Array) -> tuple[Array, ...]:
        return self.operation.backward(grad, *arguments)


def sample(per_operation: int) -> list[Mutant]:
    """The same mutants every time: so many of each operation, drawn with a fixed seed."""
    rng, chosen = np.random.default_rng(5), []
    for operation in OPERATIONS:
        found = mutants(operation)
        picked = rng.permutation(len(found))[:per_operation]
        chosen.extend(found[i] for i in sorted(picked))
    return chosen
