"""Copies of graphs: checks work on one, so that values and gradients stay as they are."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from edf.graph import Node, topological_order


def copy_graph(roots: Iterable[Node]) -> dict[Node, Node]:
    """Copy the graph below `roots`: a mapping from each node to its copy.

    A node that holds something which a copy must not share has a method `detach(shared)`, which
    gives the copy its own version. `shared` maps the id of an original part to its copy, so that
    nodes which shared a part before the copy share one after it.
    """
    copies: dict[Node, Node] = {}
    shared: dict[int, Any] = {}
    for node in topological_order(*roots):
        copies[node] = twin = copy.copy(node)
        twin.inputs = tuple(copies[parent] for parent in node.inputs)
        if detach := getattr(twin, "detach", None):
            detach(shared)
    return copies
