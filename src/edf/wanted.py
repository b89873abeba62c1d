"""What the walks ask of a graph: that leaves have values; what backward starts from, whose
gradients it wants, and how precise they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from edf.described import Described
from edf.errors import GraphError, ShapeError, refuse_integers


def require_values(leaves: Iterable[Any]) -> None:
    """Raise `GraphError` where a node without inputs has no value; make arrays of the others."""
    for leaf in leaves:
        if leaf.value is None:
            _refuse_without_value(leaf)
        if type(leaf.value) is not np.ndarray and leaf.differentiable:
            leaf.value = np.asarray(leaf.value)


def _refuse_without_value(leaf: Any) -> NoReturn:
    kind = type(leaf)
    if not any("forward" in vars(k) for k in kind.__mro__ if k.__module__ != "edf.graph"):
        raise GraphError(f"{leaf!r} has no value: set .value before forward()")
    raise GraphError(
        f"{kind.__name__} has no inputs: its __init__ calls super().__init__(x), with the nodes "
        "whose arrays forward gets"
    )


def initial_gradient(root: Any, cotangent: Any) -> Any:
    """Return the gradient of the root itself: the cotangent, which is 1 for a scalar."""
    if root.value is None:
        raise GraphError(f"{root!r} has no value: call forward() first")
    value = np.asarray(root.value)
    if cotangent is None:
        if value.size != 1:
            raise GraphError(f"{root!r} is not a scalar: give backward(cotangent=...)")
        return np.ones_like(value) if value.ndim else value.dtype.type(1)
    if np.shape(cotangent) != value.shape:
        raise ShapeError(f"{root!r} was given a cotangent of shape {np.shape(cotangent)}")
    return np.asarray(cotangent)


def targets(root: Any, leaves: Iterable[Any], wrt: Any) -> set[Any]:
    """Return the nodes whose gradients are asked for: `wrt`, a node or several; by default all
    leaves that hold floating-point numbers."""
    if wrt is not None:
        try:
            asked = {wrt} if isinstance(wrt, Described) else set(wrt)
            for node in asked:
                if np.asarray(node.value).dtype.kind not in "fc":
                    refuse_integers(node)
        except (AttributeError, TypeError):
            raise TypeError(f"wrt is a node or several, as loss.params, not {wrt!r}") from None
        return asked
    differentiable = [leaf for leaf in leaves if leaf.differentiable]
    asked = {leaf for leaf in differentiable if _inexact(leaf)}
    if not asked or not _inexact(root):
        whole = [leaf for leaf in differentiable if leaf not in asked]
        if whole or not _inexact(root):
            refuse_integers((whole or [root])[0])
    return asked


def keep_precision(leaves: Iterable[Any]) -> None:
    """Give the gradient of every real leaf the dtype of its value."""
    for leaf in leaves:
        if leaf.grad is not None:
            grad, kind = np.asarray(leaf.grad), np.asarray(leaf.value).dtype
            leaf.grad = grad.astype(kind) if grad.dtype != kind and grad.dtype.kind == "f" else grad


def _inexact(node: Any) -> bool:
    return np.asarray(node.value).dtype.kind in "fc"
