"""NumPy's functions, for nodes, where no operation of edf takes the same arguments.

`Operators.numpy_functions` says what each function makes of nodes. An operation whose arguments are
those of a function says so in its class statement; here is what else there is, and `Rearrange`,
which stands for every function that moves entries about.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edf.graph import Array, GraphError, Node, as_node
from edf.operations.arrays import Concatenate, Pad, Repeat, Reshape, Split
from edf.operations.elementary import (
    BROADCAST,
    Abs,
    Div,
    Log,
    MatMul,
    Maximum,
    Minimum,
    Mul,
    Pow,
    sigmoid,
)
from edf.operations.linear_algebra import Einsum
from edf.operations.losses import ArgMax
from edf.operations.piecewise import Clip, Round, Where
from edf.operations.reductions import Max, Mean, Min, Norm, Sum


class Rearrange(Node):
    r"""The entries of x where a function of NumPy puts them, as `np.flip` and `np.tril` do.

    With the lower triangle of a matrix, of `np.tril`,

    $$y_{ij} = \mathbb{1}[i \geq j] x_{ij}$$

    $$\frac{\partial l}{\partial x_{ij}}
    = \mathbb{1}[i \geq j] \frac{\partial l}{\partial y_{ij}}$$

    An entry that comes out more than once gets the sum of the gradients; one that is left out, 0.

    Args:
        function: The function; zeros may be its only other entries.
        options: Its further arguments.

    Examples:
        >>> x = Param([[1.0, 2.0], [3.0, 4.0]])
        >>> y = Rearrange(x, np.tril)
        >>> l = AnyFunction()(y)
        >>> print(y.forward())
        [[1. 0.]
         [3. 4.]]
    """

    def __init__(self, x: Any, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(x)
        self.function, self.options = function, options

    def forward(self, x: Array) -> Array:
        return self.function(x, **self.options)

    def backward(self, grad: Array, x: Array) -> Any:
        numbers = np.arange(1, x.size + 1).reshape(x.shape)  # 0 is what is filled in
        dx = np.zeros(x.size + 1, grad.dtype)
        np.add.at(dx, self.function(numbers, **self.options), grad)
        return dx[1:].reshape(x.shape)


def _rearranged(function: Callable[..., Any]) -> Callable[..., Node]:
    """Return what makes a `Rearrange` of the arguments of `function`."""

    @functools.wraps(function)
    def make(x: Any, *args: Any, **options: Any) -> Node:
        if any(isinstance(a, Node) for a in (*args, *options.values())):
            raise TypeError(
                f"np.{function.__name__} moves the entries of one node: its other arguments are "
                "numbers, as `y.value`"
            )
        call = functools.partial(_first, function, args) if args else function
        return Rearrange(x, call, **options)

    return make


def _first(function: Callable[..., Any], args: tuple[Any, ...], x: Array, **options: Any) -> Any:
    return function(x, *args, **options)


class HStack(Concatenate, numpy=np.hstack):
    """y = the inputs side by side: along the second axis; vectors along their only one."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        super().__init__(inputs)

    def forward(self, *arrays: Array) -> Array:
        self.axis = min(arrays[0].ndim - 1, 1)
        return super().forward(*arrays)

    def backward(self, grad: Array, *arrays: Array) -> Any:
        self.axis = min(arrays[0].ndim - 1, 1)
        return super().backward(grad, *arrays)


class Dot(MatMul, numpy=np.dot):
    """y = the product of vectors and matrices that `np.dot` gives; where it is not `a @ b`, as for
    a number or a batch on the right, it is refused."""

    def forward(self, a: Array, b: Array) -> Array:
        if not (np.ndim(a) and 0 < np.ndim(b) < 3):
            raise GraphError(
                f"np.dot of shapes {np.shape(a)} and {np.shape(b)}: write a * b for a number, "
                "a @ b for batches of matrices, or Einsum"
            )
        return super().forward(a, b)


class FloorDivide(Node, numpy=np.floor_divide):
    """y = the whole number of times that b goes into a, elementwise. The slope is 0."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        return np.floor_divide(np.real(a), np.real(b)) + 0 * (a + b)

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return 0 * grad, 0 * grad


class Remainder(Node, numpy=np.remainder):
    """y = a - b (a // b), elementwise. dy/da = 1, dy/db = -(a // b)."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        y = np.remainder(np.real(a), np.real(b))
        if np.iscomplexobj(a) or np.iscomplexobj(b):
            y = y + 1j * np.imag(a - np.floor_divide(np.real(a), np.real(b)) * b)
        return y

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        return grad, -grad * np.floor_divide(np.real(a), np.real(b))


class LogAddExp(Node, numpy=np.logaddexp):
    """y = log(exp(a) + exp(b)), elementwise. dy/da = sigmoid(a - b), dy/db = sigmoid(b - a)."""

    rule = BROADCAST

    def forward(self, a: Array, b: Array) -> Array:
        gap = self._gap(a, b)
        smaller = np.where(gap.real < 0, gap, -gap)
        return np.where(gap.real < 0, b, a) + np.log1p(np.exp(smaller))

    def backward(self, grad: Array, a: Array, b: Array) -> Any:
        gap = self._gap(a, b)
        return grad * sigmoid(gap), grad * sigmoid(-gap)

    @staticmethod
    def _gap(a: Array, b: Array) -> Array:
        with np.errstate(invalid="ignore"):  # infinity less itself is no number
            return np.where(a == b, 0, a - b)


class ArgMin(ArgMax):
    """The index of the smallest entry over `axis`: integers. No derivative."""

    def forward(self, x: Array) -> Array:
        return np.asarray(x.real.argmin(axis=self.axis))


# ------------------------------------------------- functions that take other arguments than ours


def _clip(
    x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Node:
    low, high = a_min if min is None else min, a_max if max is None else max
    if isinstance(low, Node) or isinstance(high, Node):
        x = x if low is None else Maximum(x, low)
        return as_node(x if high is None else Minimum(x, high))
    return Clip(x, low, high)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    if ord is None or (ord == 2 and isinstance(axis, int)) or ord == "fro":
        return Norm(x, axis, keepdims)
    if ord in (1, math.inf) and isinstance(axis, int):
        return (Sum if ord == 1 else Max)(Abs(x), axis, keepdims)
    if isinstance(axis, int) and isinstance(ord, int | float) and ord > 0:
        return as_node(Sum(Abs(x) ** ord, axis, keepdims) ** (1 / ord))
    if axis is None:
        raise TypeError(
            f"np.linalg.norm(x, {ord!r}) depends on whether x is a matrix: name the axis, as in "
            "np.linalg.norm(x, 1, axis=0); Norm(x) is the root of the sum of all squares"
        )
    raise TypeError(
        f"np.linalg.norm(x, {ord!r}, axis={axis!r}) makes no node: ord is a positive number, of "
        "vectors along one axis"
    )


def _repeat(x: Any, repeats: Any, axis: int | None = None) -> Node:
    if np.ndim(repeats) == 0:
        return Repeat(x, int(repeats), axis)
    return Rearrange(x, np.repeat, repeats=repeats, axis=axis)


def _parts(function: Callable[..., Any]) -> Callable[..., list[Node]]:
    """Return what makes the parts that `function` cuts an array into."""

    def make(x: Any, sections: int | Sequence[int], axis: int | None = None) -> list[Node]:
        options = {} if axis is None else {"axis": axis}
        count = sections if isinstance(sections, int) else len(sections) + 1
        return [
            Rearrange(x, lambda array, k=k: function(array, sections, **options)[k])
            for k in range(count)
        ]

    return make


def _pad(
    x: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0.0, **options: Any
) -> Node:
    if mode == "constant":
        return Pad(x, pad_width, constant_values)
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return Rearrange(x, np.pad, pad_width=pad_width, mode=mode, **options)
    raise TypeError(f"np.pad with mode={mode!r} makes no node: use constant, edge, reflect or wrap")


def _where(condition: Any, *cases: Any) -> Node:
    if len(cases) != 2:
        raise TypeError(
            "np.where of one argument says where numbers are: write np.where(x.value > 0), or "
            "np.where(x > 0, a, b) for a choice in the graph"
        )
    return Where(condition, *cases)


def _round(x: Any, decimals: int = 0) -> Node:
    return Round(x) if decimals == 0 else Round(as_node(x) * 10.0**decimals) / 10.0**decimals


def _difference(x: Any, n: int = 1, axis: int = -1) -> Node:
    for _ in range(n):
        x = Rearrange(x, np.delete, obj=0, axis=axis) - Rearrange(x, np.delete, obj=-1, axis=axis)
    return as_node(x)


def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Node:
    if not isinstance(subscripts, str):
        raise TypeError("np.einsum of nodes takes letters first, as np.einsum('ij,jk->ik', A, B)")
    return Einsum(subscripts, *operands)


REARRANGE: list[Callable[..., Any]] = [
    *(np.expand_dims, np.squeeze, np.swapaxes, np.moveaxis, np.matrix_transpose),
    *(np.flip, np.fliplr, np.flipud, np.rot90, np.roll, np.atleast_1d, np.atleast_2d),
    *(np.diagonal, np.diag, np.tril, np.triu, np.broadcast_to, np.take, np.take_along_axis),
    *(np.delete, np.copy),
]
Node.numpy_functions |= {function: _rearranged(function) for function in REARRANGE}
Node.numpy_functions |= {
    np.linalg.matrix_transpose: _rearranged(np.matrix_transpose),
    np.linalg.diagonal: _rearranged(np.linalg.diagonal),
    np.linalg.norm: _norm,
    np.linalg.vector_norm: lambda x, *, axis=None, keepdims=False: Norm(x, axis, keepdims),
    np.clip: _clip,
    np.pad: _pad,
    np.where: _where,
    np.round: _round,
    np.around: _round,
    np.argmax: lambda x, axis=None: ArgMax(x, axis),
    np.argmin: lambda x, axis=None: ArgMin(x, axis),
    np.amax: Max,
    np.amin: Min,
    np.average: lambda x, axis=None, keepdims=False: Mean(x, axis, keepdims),
    np.ptp: lambda x, axis=None, keepdims=False: Max(x, axis, keepdims) - Min(x, axis, keepdims),
    np.diff: _difference,
    np.split: Split,
    np.array_split: _parts(np.array_split),
    np.hsplit: _parts(np.hsplit),
    np.vsplit: lambda x, sections: Split(x, sections, axis=0),
    np.repeat: _repeat,
    np.ravel: lambda x: Reshape(x, -1),
    np.vstack: lambda xs: Concatenate([Rearrange(x, np.atleast_2d) for x in xs], axis=0),
    np.square: lambda x: Mul(x, x),
    np.reciprocal: lambda x: Div(1.0, x),
    np.exp2: lambda x: Pow(2.0, x),
    np.log2: lambda x: Log(x) / math.log(2),
    np.log10: lambda x: Log(x) / math.log(10),
    np.vdot: lambda a, b: Sum(Mul(Reshape(a, -1), Reshape(b, -1))),
    np.outer: lambda a, b: Reshape(a, (-1, 1)) * Reshape(b, -1),
    np.trace: lambda x: Einsum("ii...->...", x),
    np.einsum: _einsum,
}
