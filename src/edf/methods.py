"""`forward` and `backward` mean two things each.

`square.forward(x)`, given arrays, is the operation alone, as its class defines it;
`loss.forward()`, given none, is the walk over the whole graph up to the node.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from edf.errors import GraphError, arguments, takes

Method = Callable[..., Any]


#: The arguments of the walks over a graph.
ARGUMENTS = {"forward": (), "backward": ("cotangent", "wrt")}


def walk(function: Method) -> Method:
    """Return the method of a node without an operation of its own, which walks over its graph."""
    return either(None, function)


def either(operation: Method | None, walk: Method) -> Method:
    """Return a method that is `operation` where it is given arrays, and `walk` where not."""
    name = walk.__name__

    @functools.wraps(operation or walk)
    def method(self: Any, *arrays: Any, **options: Any) -> Any:
        if not arrays:
            if options:
                _check_options(name, options)
            return walk(self, **options)
        if operation is None:
            raise GraphError(f"{type(self).__name__} has no {name}")
        try:
            return operation(self, *arrays, **options)
        except TypeError as error:
            if takes(operation, 1 + len(arrays)):
                raise
            raise TypeError(_called(self, name, operation, len(arrays))) from error

    vars(method).update(operation=operation, walk=walk)
    return method


def _check_options(name: str, options: Iterable[str]) -> None:
    """Raise `TypeError` unless the walk of that name, forward or backward, takes these options."""
    for option in options:
        if option not in ARGUMENTS[name]:
            takes = (
                "cotangent= and wrt=" if ARGUMENTS[name] else "none: write x.value = ... before it"
            )
            raise TypeError(f"{name}() takes no argument {option!r}, but {takes}")


def _called(node: Any, name: str, operation: Method, count: int) -> str:
    kind = type(node).__name__
    whole = "backward(), backward(cotangent=...)" if name == "backward" else "forward()"
    return (
        f"{kind}.{name} of arrays is the operation alone, which takes ({arguments(operation)}), "
        f"not {count}; for the whole graph write {whole}"
    )


def own(node: Any, name: str) -> Method:
    """Return an operation's method as its class defines it, without the choice."""
    method: Method = getattr(type(node), name)
    return getattr(method, "operation", None) or method


def one_per_input(grads: Any, count: int) -> tuple[Any, ...]:
    """Return what an operation's `backward` returned as a tuple of one gradient per input."""
    if isinstance(grads, list) and count > 1:
        raise GraphError("returned a list: write a tuple, `return da, db`")
    terms = grads if isinstance(grads, tuple) else (grads,)
    if len(terms) != count:
        raise GraphError(f"returned {len(terms)} gradients for {count} inputs")
    return terms
