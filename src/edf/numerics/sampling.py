"""Points at which a graph is checked: fresh inputs, perturbed parameters, new arbitrary functions.

A check works on a private copy of the graph (`private_copy`), so that neither values nor gradients
nor random states of the original change.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from edf.copies import copy_graph
from edf.errors import GraphError
from edf.graph import Array, Input, Node, Param


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape)


def _positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return 0.25 + rng.gamma(2.0, 0.5, shape)


def _simplex(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    weights = 0.1 + rng.gamma(1.0, 1.0, _with_last_axis(shape, "simplex"))
    return weights / weights.sum(axis=-1, keepdims=True)


def _onehot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    *rows, classes = _with_last_axis(shape, "onehot")
    return np.eye(classes)[rng.integers(classes, size=rows)]


def _with_last_axis(shape: tuple[int, ...], sample: str) -> tuple[int, ...]:
    if shape and shape[-1] > 0:
        return shape
    raise GraphError(f"sample={sample!r} needs at least one axis, but the shape is {shape}")


#: The distributions that `Input(sample=...)` knows by name.
SAMPLERS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "normal": _normal,
    "positive": _positive,
    "simplex": _simplex,
    "onehot": _onehot,
}


def sample_leaf(node: Input, rng: np.random.Generator) -> Array:
    """Return a fresh value for an input that has a shape, drawn as its `sample` says.

    Raises:
        GraphError: The input has no shape, an unknown `sample`, or one that gives another shape.
    """
    if node.shape is None:
        raise GraphError(
            f"{node!r} has neither value nor shape: set .value, or write Input(shape=...) "
            "to have it sampled"
        )
    if callable(node.sample):
        draw = node.sample
    elif node.sample in SAMPLERS:
        draw = SAMPLERS[node.sample]
    else:
        close = difflib.get_close_matches(str(node.sample), SAMPLERS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise GraphError(
            f"{node!r}: sample={node.sample!r} is none of {', '.join(map(repr, SAMPLERS))} "
            f"and not a function of (generator, shape){hint}"
        )
    value = np.asarray(draw(rng, node.shape))
    if value.shape != node.shape:
        raise GraphError(f"{node!r}: sample gave shape {value.shape}, wanted {node.shape}")
    return value


def perturb_leaf(node: Node, value: Array, rng: np.random.Generator) -> Array:
    """Return a value near `value`: each entry changed by about a tenth, zeros moved off zero.

    Entries keep their sign, so that a logarithm stays defined. Labels (integers, booleans, and
    inputs declared `"onehot"`) are returned as they are, and rows of a `"simplex"` still sum to 1.
    """
    sample = node.sample if isinstance(node, Input) else None
    labels = isinstance(sample, str) and sample == "onehot"
    if labels or not np.issubdtype(value.dtype, np.inexact):
        return value
    factor = 1 + 0.1 * np.clip(rng.standard_normal(value.shape), -5, 5)
    size = float(np.sqrt(np.mean(np.square(value)))) if value.size else 0.0
    nudge = 0.1 * (size or 1.0) * rng.standard_normal(value.shape)
    moved = np.where(value == 0, nudge, value * factor)
    if isinstance(sample, str) and sample == "simplex":
        moved = np.where(value == 0, 0.0, moved)
        moved = moved / moved.sum(axis=-1, keepdims=True)
    return moved.astype(value.dtype)


def draw_point(
    order: Iterable[Node],
    rng: np.random.Generator,
    *,
    own: dict[Node, Array] | None = None,
    perturb: bool = False,
) -> None:
    """Move a graph to a new point: set the values of its leaves and redraw arbitrary functions.

    Inputs without a value of their own are sampled; parameters and inputs with a value keep it, or
    with `perturb` move to a value near it. Call it on a `private_copy`.

    Args:
        order: The nodes, each after its inputs.
        rng: The source of randomness.
        own: The values that leaves have of their own; default: what they hold now. Needed from the
            second point on, where sampled inputs hold a value too.
        perturb: Whether leaves with a value of their own move.
    """
    order = list(order)
    own = own_values(order) if own is None else own
    for function in arbitrary_functions(order):
        function.draw(rng)
    for node in order:
        if isinstance(node, Input | Param):
            if node not in own:
                node.value = sample_leaf(node, rng)  # type: ignore[arg-type]  # a Param has a value
            elif perturb:
                node.value = perturb_leaf(node, own[node], rng)
            else:
                node.value = own[node]


def own_values(order: Iterable[Node]) -> dict[Node, Array]:
    """Return the values of those inputs and parameters that have one."""
    return {
        node: np.asarray(node.value)
        for node in order
        if isinstance(node, Input | Param) and node.value is not None
    }


def arbitrary_functions(order: Iterable[Node]) -> list[Any]:
    """Return the distinct functions with a `draw` that nodes apply, in order of first use."""
    functions = {
        id(function): function
        for node in order
        if hasattr(function := getattr(node, "function", None), "draw")
    }
    return list(functions.values())


def private_copy(roots: Sequence[Node]) -> dict[Node, Node]:
    """Copy the graph below `roots`, arbitrary functions and random generators included.

    Returns a mapping from each node to its copy, inputs first. A function or a generator that
    several nodes share is one copy, shared by their copies.
    """
    copies = copy_graph(roots)
    generators: dict[int, np.random.Generator] = {}
    for twin in copies.values():
        for name, attribute in vars(twin).items():
            if isinstance(attribute, np.random.Generator):
                if id(attribute) not in generators:
                    generators[id(attribute)] = copy.deepcopy(attribute)
                setattr(twin, name, generators[id(attribute)])
    return copies
