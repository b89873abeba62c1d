"""Second derivatives: the complex step taken through `backward` itself.

`backward` computes the gradient g(x) with ordinary arithmetic, so at x + ihv, h tiny, it computes
g(x) + ih H v, and the imaginary part is the Hessian-vector product to the last digit. No second set
of formulas is written down. What it needs is that forward and backward carry complex numbers
through; every result is therefore compared with real differences of g first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edf.check.functions import branch_margins, operation_name
from edf.errors import GraphError
from edf.graph import Array, Input, Node, Param, topological_order
from edf.numerics.differences import (
    COMPLEX_STEP,
    DeclinedError,
    Line,
    complex_warnings_raise,
    differences,
    one_sided,
    rounding_noise,
)
from edf.numerics.sampling import private_copy


def hvp(loss: Node, x: Node | Sequence[Node], v: Any) -> Any:
    """Return the Hessian of `loss` with respect to `x`, times `v`: H v, exact to about 1e-15.

    It costs one forward and one backward in complex numbers, and some real ones to confirm it. The
    graph itself is not touched; results are float64.

    Args:
        loss: A node whose value is one number.
        x: An input or a parameter that has a value, or several.
        v: An array of x's shape, or one for each of several.

    Returns:
        An array of x's shape, or a list of them.

    Raises:
        DeclinedError: An operation below `loss` does not carry complex numbers through forward or
            backward, differences of the gradient do not confirm the result, or the point is at a
            kink; the message says which, where it is known.
        GraphError: `loss` is not a number, or does not depend on `x`.
        ValueError: `v` has not x's shape.
    """
    several = not isinstance(x, Node)
    nodes = list(x) if not isinstance(x, Node) else [x]
    vectors = [np.asarray(one, np.float64) for one in (v if several else [v])]
    with np.errstate(all="ignore"):
        gradient = _Gradient(loss, nodes)
        if [one.shape for one in vectors] != [np.shape(value) for value in gradient.base]:
            raise ValueError(
                f"v has shapes {[one.shape for one in vectors]}, "
                f"x has {[np.shape(value) for value in gradient.base]}"
            )
        gradient.confirm(vectors)
        products = gradient.derivative_along(vectors)
    return products if several else products[0]


def hessian(loss: Node, x: Node) -> Array:
    """Return the matrix of second derivatives of `loss` with respect to `x`, to about 15 digits.

    For x of shape S the result has shape S + S, entry [i, j] being d^2 loss / dx_i dx_j. It costs
    one complex forward and backward for each entry of x.

    Raises:
        DeclinedError: As for `hvp`.
        GraphError: As for `hvp`.
    """
    with np.errstate(all="ignore"):
        gradient = _Gradient(loss, [x])
        shape = np.shape(gradient.base[0])
        units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
        gradient.decline_at_a_kink([[unit] for unit in units])
        gradient.confirm([np.random.default_rng(0).standard_normal(shape)])
        columns = [gradient.derivative_along([unit])[0] for unit in units]
    # H is symmetric, so its columns are its rows.
    return np.array(columns).reshape(shape + shape)


class _Gradient:
    """The gradient of a graph as a function of some of its leaves, at complex arguments too."""

    def __init__(self, loss: Node, nodes: Sequence[Node]) -> None:
        copies = private_copy([loss])
        for node in nodes:
            if not isinstance(node, Node):
                raise TypeError(f"x is a node, an input or a parameter, not {type(node).__name__}")
            if node not in copies:
                raise GraphError(f"{loss!r} does not depend on {node!r}")
            if node.inputs:
                raise GraphError(f"{node!r} is an operation: x is an input or a parameter")
        self.root, self.order = copies[loss], topological_order(copies[loss])
        self.leaves = [copies[node] for node in nodes]
        for node in self.order:
            if isinstance(node, Input | Param):
                if node.value is None:
                    raise GraphError(f"{node!r} has no value: second derivatives need a point")
                value = np.asarray(node.value)
                node.value = value.astype(np.float64) if value.dtype.kind == "f" else value.copy()
        self.base = [leaf.value for leaf in self.leaves]
        for leaf in self.leaves:
            if leaf.value.dtype.kind != "f":
                raise GraphError(f"{leaf!r} holds {leaf.value.dtype}: it has no derivative")
        self.at([np.zeros(np.shape(value)) for value in self.base])
        if np.size(self.root.value) != 1:
            raise GraphError(
                f"{loss!r} has shape {np.shape(self.root.value)}: a Hessian is of one number"
            )

    def at(self, shifts: Sequence[Array]) -> list[Array]:
        """Return the gradients with the leaves moved by `shifts`."""
        for leaf, value, shift in zip(self.leaves, self.base, shifts, strict=True):
            leaf.value = value + shift
        self.root.forward()
        self.root.backward(cotangent=np.ones(np.shape(self.root.value)))
        return [
            np.zeros(np.shape(leaf.value)) if leaf.grad is None else leaf.grad
            for leaf in self.leaves
        ]

    def derivative_along(self, vectors: Sequence[Array]) -> list[Array]:
        """Return imag(g(x + ihv)) / h for the gradients g."""
        size = max((float(np.max(np.abs(one), initial=0.0)) for one in vectors), default=0.0)
        h = COMPLEX_STEP / (size or 1.0)
        return [np.imag(g) / h for g in self.at([1j * h * one for one in vectors])]

    def confirm(self, vectors: Sequence[Array]) -> None:
        """Raise `DeclinedError` unless real differences of the gradient agree along `vectors`."""
        rng = np.random.default_rng(1)
        anywhere = [rng.standard_normal(np.shape(value)) for value in self.base]
        self.decline_at_a_kink([vectors, anywhere])
        try:
            with complex_warnings_raise():
                exact = self.derivative_along(vectors)
        except (TypeError, ValueError, np.exceptions.ComplexWarning) as problem:
            raise DeclinedError(
                f"{self._drops_complex()} does not carry complex numbers through ({problem}), "
                "so there is no exact second derivative"
            ) from problem
        rng = np.random.default_rng(0)
        weights = [rng.standard_normal(np.shape(value)) for value in self.base]

        def projected(t: complex) -> Array:
            gradients = self.at([t * one for one in vectors])
            return np.array(
                [np.sum(w * g) for w, g in zip(weights, gradients, strict=True)], dtype=complex
            ).real

        line = Line(projected, np.ones(len(self.base)), self._scale(vectors))
        estimate = differences(line, noise=rounding_noise(line))
        value = float(sum(np.sum(w * g) for w, g in zip(weights, exact, strict=True)))
        size = sum(float(np.sum(np.abs(w * g))) for w, g in zip(weights, exact, strict=True))
        if not abs(value - estimate.value) <= 4 * estimate.error + 1e-6 * (
            size + abs(estimate.value)
        ):
            raise DeclinedError(
                f"{self._drops_complex()} does not carry complex numbers through: real differences "
                f"of the gradient give {estimate.value:.6g}, the complex step {value:.6g}"
            )

    def decline_at_a_kink(self, directions: Iterable[Sequence[Array]]) -> None:
        """Raise `DeclinedError` if an operation is at a threshold, and the gradient has another
        slope, or another value, on either side of it along one of the directions."""
        threshold = self._threshold()
        if threshold is None:
            return
        for vectors in directions:

            def outputs(t: complex, vectors: Sequence[Array] = vectors) -> Array:
                gradients = self.at([np.real(t) * one for one in vectors])
                return np.concatenate([np.ravel(gradient) for gradient in gradients])

            line = Line(outputs, np.ones(1), self._scale(vectors))
            with contextlib.suppress(DeclinedError):  # a jump is a kink of the value
                if not one_sided(line).kinked:
                    continue
            raise DeclinedError(
                f"{threshold} at its threshold, where there is no second derivative: the slopes on "
                "its two sides differ; move the point off it"
            )

    def _threshold(self) -> str | None:
        """Return in words the first branch that is at its threshold at the point."""
        self.at([np.zeros(np.shape(value)) for value in self.base])
        for node in self.order:
            if not node.inputs:
                continue
            for branch, margins in branch_margins(node).items():
                if np.any(np.abs(margins) <= 1e-12 * max(1.0, np.max(np.abs(margins), initial=0))):
                    return f"{operation_name(node)} is at a kink: `{branch.source}` is"
        return None

    def _scale(self, vectors: Sequence[Array]) -> float:
        """Return a step along the vectors that moves the leaves about as far as they are large."""
        top = max((float(np.max(np.abs(one), initial=0.0)) for one in vectors), default=0.0)
        sizes = [float(np.max(np.abs(value), initial=0.0)) for value in self.base]
        return (max(sizes, default=0.0) or 1.0) / (top or 1.0)

    def _drops_complex(self) -> str:
        """Return the first operation whose value loses the imaginary part of its arguments."""
        for leaf, value in zip(self.leaves, self.base, strict=True):
            leaf.value = value + COMPLEX_STEP * 1j
        for node in self.order:
            if not node.inputs:
                continue
            try:
                with complex_warnings_raise():
                    node.value = node.forward(*(parent.value for parent in node.inputs))
            except (TypeError, ValueError, np.exceptions.ComplexWarning):
                return operation_name(node)
            fed = any(np.iscomplexobj(parent.value) for parent in node.inputs)
            if fed and not np.iscomplexobj(node.value):
                return operation_name(node)
        return "the backward of some operation"
