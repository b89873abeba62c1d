"""A page's names, bound to a copy of its graph in which its inputs are otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from edf.copies import copy_graph
from edf.graph import Array, Constant, Input, Node, topological_order


def with_copies(
    names: Mapping[str, Any], nodes: Iterable[Node], change: Callable[[Input], None]
) -> dict[str, Any]:
    """Return the names, bound to copies of their nodes, each of whose inputs is changed."""
    copies = copy_graph(nodes)
    for twin in copies.values():
        if isinstance(twin, Input):
            change(twin)
        if (at := getattr(twin, "defined_at", None)) is not None:
            twin.defined_at = tuple(copies[node] for node in at)  # type: ignore[attr-defined]  # f(x)
    return {name: copies[v] if isinstance(v, Node) else v for name, v in names.items()}


def with_inputs_drawn(names: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the names with inputs that are drawn in the place of given ones, and of arrays.

    What these hold, if real numbers, says whether they are positive; what an author has declared of
    an input counts. None where nothing would change, and where random variables share a sample
    space.
    """
    nodes = [value for value in names.values() if isinstance(value, Node)]
    inputs = [node for node in topological_order(*nodes) if isinstance(node, Input)]
    if any(getattr(node, "measure", None) is not None for node in inputs):
        return None
    arrays = {name: v for name, v in names.items() if isinstance(v, np.ndarray) and _is_real(v)}
    if not arrays and not any(n.value is not None and _is_real(n.value) for n in inputs):
        return None

    def change(twin: Input) -> None:
        if twin.value is not None and _is_real(twin.value):
            twin.sample = _sampler(twin.value) if twin.sample == "normal" else twin.sample
            twin.shape, twin.value = twin.value.shape, None

    drawn = {id(v): Input(shape=v.shape, sample=_sampler(v)) for v in arrays.values()}
    changed = with_copies(names, nodes, change)
    for node in topological_order(
        *(value for value in changed.values() if isinstance(value, Node))
    ):
        node.inputs = tuple(
            drawn.get(id(below.value), below) if isinstance(below, Constant) else below
            for below in node.inputs
        )
    return {**changed, **{name: drawn[id(value)] for name, value in arrays.items()}}


def _is_real(value: Array) -> bool:
    return value.dtype.kind == "f"


def _sampler(value: Array) -> str:
    return "positive" if value.size and (value > 0).all() else "normal"
