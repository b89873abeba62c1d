"""The Jacobian of a node, from its forward alone: what a claimed one is compared with."""

from __future__ import annotations

import functools

import numpy as np

from edf.errors import GraphError
from edf.graph import Array, Node, topological_order
from edf.numerics.differences import Line, richardson
from edf.numerics.sampling import private_copy


def jacobian(y: Node, x: Node) -> Array:
    """Return dy/dx by extrapolated central differences; good to about 1e-10.

    No `backward` is asked, and the graph itself is not touched. Other inputs keep their values.

    Args:
        y: A node.
        x: An input or a parameter below y that holds real numbers.

    Returns:
        An array of y's shape followed by x's; entry [i, j] is dy_i/dx_j.

    Raises:
        DeclinedError: y gives no finite number near the point.
        GraphError: y does not depend on x, or a leaf has no value.
    """
    copies = private_copy([y])
    if x not in copies:
        raise GraphError(f"{y!r} does not depend on {x!r}")
    if x.inputs or np.asarray(x.value).dtype.kind != "f":
        raise GraphError(f"{x!r} is not an input or a parameter that holds real numbers")
    root, leaf = copies[y], copies[x]
    for node in topological_order(root):
        if not node.inputs and node.value is None:
            raise GraphError(f"{node!r} has no value: a Jacobian is taken at a point")
    base = np.asarray(leaf.value, np.float64)
    scale = float(np.max(np.abs(base), initial=0.0)) or 1.0

    def column(direction: Array) -> list[float]:
        @functools.cache  # every output is asked for at the same steps
        def outputs(t: complex) -> Array:
            leaf.value = base + t * direction
            return np.ravel(root.forward())

        count = outputs(0.0).size
        return [richardson(Line(outputs, unit, scale)).value for unit in np.eye(count)]

    units = np.eye(base.size).reshape(-1, *base.shape)
    columns = np.array([column(unit) for unit in units])
    leaf.value = base
    return columns.T.reshape(np.shape(root.forward()) + base.shape)
