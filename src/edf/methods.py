"""`forward` and `backward` mean two things each.

`square.forward(x)`, given arrays, is the operation alone, as its class defines it;
`loss.forward()`, given none, is the whole graph up to the node.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from edf.errors import GraphError

Method = Callable[..., Any]


def either(operation: Method, graph: Method) -> Method:
    """Return a method that is `operation` where it is given arrays, and `graph` where not."""

    @functools.wraps(operation)
    def method(self: Any, *arrays: Any, **options: Any) -> Any:
        return operation(self, *arrays, **options) if arrays else graph(self, **options)

    return method


def own(node: Any, name: str) -> Method:
    """Return an operation's method as its class defines it, without the choice."""
    method: Method = getattr(type(node), name)
    return getattr(method, "__wrapped__", method)


def one_per_input(grads: Any, count: int) -> tuple[Any, ...]:
    """Return what an operation's `backward` returned as a tuple of one gradient per input."""
    terms = grads if isinstance(grads, tuple) else (grads,)
    if len(terms) != count:
        raise GraphError(f"returned {len(terms)} gradients for {count} inputs")
    return terms
