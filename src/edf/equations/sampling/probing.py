"""Whether a complex step is lost on the way from a variable to the sides of a step."""

from __future__ import annotations

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.operations.shapes import settle
from edf.equations.sampling.world import World, loses_imaginary_part


def loses_complex_step(meaning: Meaning, world: World) -> bool:
    """Whether an operation of the graph, or a function that is called, drops imaginary parts."""
    return world.loses_imaginary_part or any(
        loses_imaginary_part(expr.data.computation(len(expr.args)), _arguments(expr))
        for side in (meaning.left, meaning.right)
        for expr in side.walk()
        if expr.op == "call" and not isinstance(expr.data.value, AnyFunction)
    )


def _arguments(call: Expr) -> list[np.ndarray]:
    arrays = []
    for arg in call.args:
        rows, columns = (1, 1) if arg.shape is None else (settle(dim) for dim in arg.shape)
        shape = () if rows == columns == 1 else (rows,) if columns == 1 else (rows, columns)
        arrays.append(np.random.default_rng(0).uniform(0.2, 0.9, shape))  # type: ignore[arg-type]  # settled
    return arrays
