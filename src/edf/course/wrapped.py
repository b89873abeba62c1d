"""A course program's component as an edf node, so that its backward can be checked.

A component keeps other components in attributes of any name, reads their `.value` in `forward()`,
writes its own `.value`, and in `backward()` adds to their `.grad`. What it refers to is therefore
found by looking through its attributes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from edf.errors import GraphError
from edf.graph import Array, Constant, Node, Param


class Wrapped(Node):
    """A component applied to what it refers to."""

    def __init__(self, component: Any, sources: Sequence[Any], inputs: Sequence[Node]) -> None:
        super().__init__(*inputs)
        self.component, self.sources = component, list(sources)
        self.no_gradient: Callable[[Array], Any] = np.zeros_like

    def forward(self, *arrays: Array) -> Array:
        for source, array in zip(self.sources, arrays, strict=True):
            source.value = array
        self.component.forward()
        return self.component.value

    def backward(self, grad: Array, *arrays: Array) -> Any:
        """Return what the component changed in its sources' gradients.

        Each starts from what other components have added so far, as in the program: one that
        assigns where it should add erases that, here as there.
        """
        self.forward(*arrays)
        so_far = [node.grad for node in self.inputs]
        for source, array, before in zip(self.sources, arrays, so_far, strict=True):
            if getattr(source, "grad", None) is not None:
                source.grad = self.no_gradient(array) if before is None else np.array(before)
        self.component.grad = np.array(grad)
        self.component.backward()
        return tuple(
            _change(source, array, before)
            for source, array, before in zip(self.sources, arrays, so_far, strict=True)
        )


def _change(source: Any, array: Array, before: Array | None) -> Array | None:
    """Return what backward added for a source, in the value's dtype: components keep to none."""
    if getattr(source, "grad", None) is None:
        return None
    gradient = np.asarray(source.grad)
    if before is not None:
        gradient = gradient - before
    elif gradient.ndim == 0 and gradient == 0:  # nothing was added
        return np.zeros_like(array)
    return gradient if np.iscomplexobj(gradient) else gradient.astype(np.result_type(array))


def wrap(
    loss: Any,
    components: Sequence[Any],
    parameters: Sequence[Any],
    no_gradient: Callable[[Array], Any] = np.zeros_like,
) -> tuple[Node, list[Param]]:
    """Return the loss of a course program as an edf node, and the parameters below it.

    The program's own objects are copied first, so that a check leaves them as they are. Data and
    labels become constants: they stay fixed during a check.

    Args:
        loss: The component that is differentiated.
        components: All components in the order in which the program made them.
        parameters: All parameters.
        no_gradient: What a gradient is before anything is added to it, given the value's array.
    """
    if not any(loss is component for component in components):
        raise GraphError(
            f"{type(loss).__name__} is not in the list of components: a component appends itself "
            "to it when it is made, and the list must not have been reset since"
        )
    copies: dict[int, Any] = {}
    made = [copy.deepcopy(component, copies) for component in components]
    known = {id(copies[id(p)]) for p in parameters if id(p) in copies}
    nodes: dict[int, Node] = {}
    params: list[Param] = []
    for component, original in zip(made, components, strict=True):
        sources = list(_sources(component))
        for source in sources:
            if id(source) not in nodes:
                if id(source) in known:
                    leaf = Param(np.asarray(source.value, np.float64))
                    leaf.name = f"{type(source).__name__} {len(params)}"
                    nodes[id(source)] = leaf
                    params.append(leaf)
                else:
                    nodes[id(source)] = Constant(_data(source))
        kind: Any = type(type(component).__name__, (Wrapped,), {})
        node = kind(component, sources, [nodes[id(source)] for source in sources])
        node.no_gradient = no_gradient
        nodes[id(component)] = node
        if original is loss:
            return node, params
    raise AssertionError("the loss is one of the components")


def _data(source: Any) -> Array:
    value = getattr(source, "value", None)
    if value is None:
        raise GraphError(f"{type(source).__name__} has no value: set it before the check")
    array = np.asarray(value)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _sources(component: Any) -> Iterator[Any]:
    """Every component, parameter or value that a component refers to, once each."""
    seen: set[int] = {id(component)}
    stack = list(reversed(list(vars(component).values())))
    while stack:
        item = stack.pop()
        if id(item) in seen or isinstance(item, np.ndarray | np.generic | str | type | Node):
            continue
        seen.add(id(item))
        if isinstance(item, list | tuple):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
        elif hasattr(item, "forward") or hasattr(item, "value"):
            yield item
        elif hasattr(item, "__dict__") and not callable(item):
            stack.extend(reversed(list(vars(item).values())))
