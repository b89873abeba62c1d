"""Both passes of edf's operations as a person would write them: what `edf.trace` writes out.

The operations take care that a formula does not: of numbers that overflow, of complex arguments, of
speed. Here they are without it, for those where that makes a difference; the others read well as
they stand. A class goes with the operation of its name: `self` is that operation, `dy` the
derivative of the loss in its value y, and what stands after `*` are variables of `forward`.
Properties are worked out when a program is written, methods become lines of it.
"""

from __future__ import annotations

import functools
import string
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Code(str):
    """A piece of a program, as a property gives it."""


class Plain:
    """An operation, with its two passes by hand: what it has not of its own is the operation's."""

    why = ""  # it is not written out, if that is so

    def __init__(self, operation: Any) -> None:
        self.operation = operation

    def __getattr__(self, name: str) -> Any:
        return getattr(self.operation, name)


# ------------------------------------------------------------------------- functions of one number


class Sigmoid(Plain):
    def forward(self, x: Array) -> Array:
        return 1 / (1 + np.exp(-x))

    def backward(self, dy: Array, x: Array) -> Any:
        return dy * self.value * (1 - self.value)


class Tanh(Plain):
    def backward(self, dy: Array, x: Array) -> Any:
        return dy * (1 - self.value**2)


class LeakyReLU(Plain):
    def forward(self, x: Array) -> Array:
        """y = x where x > 0, slope x elsewhere"""
        return np.where(x > 0, x, self.slope * x)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy where x > 0, slope dy elsewhere"""
        return np.where(x > 0, dy, self.slope * dy)


class Softplus(Plain):
    def forward(self, x: Array) -> Array:
        """y = log(1 + exp(x)) = log(exp(0) + exp(x))"""
        return np.logaddexp(0, x)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy sigmoid(x)"""
        return dy / (1 + np.exp(-x))


class LogAddExp(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        """y = log(exp(a) + exp(b))"""
        return np.logaddexp(a, b)

    def backward(self, dy: Array, a: Array, b: Array) -> Any:
        """da = dy sigmoid(a - b), db = dy sigmoid(b - a)"""
        return dy / (1 + np.exp(b - a)), dy / (1 + np.exp(a - b))


class GELU(Plain):
    def forward(self, x: Array) -> Array:
        """u = sqrt(2 / pi) (x + 0.044715 x^3), y = x sigmoid(2 u)"""
        u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
        s = 1 / (1 + np.exp(-2 * u))
        return x * s

    def backward(self, dy: Array, x: Array, *, s: Array) -> Any:
        """dx = dy (s + 2 x u' s (1 - s)), with s = sigmoid(2 u)"""
        slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
        return dy * (s + 2 * x * slope * s * (1 - s))


class SiLU(Plain):
    def forward(self, x: Array) -> Array:
        """s = sigmoid(x), y = x s"""
        s = 1 / (1 + np.exp(-x))
        return x * s

    def backward(self, dy: Array, x: Array, *, s: Array) -> Any:
        """dx = dy (s + x s (1 - s))"""
        return dy * (s + x * s * (1 - s))


class Sign(Plain):
    def forward(self, x: Array) -> Array:
        return np.sign(x)


class Floor(Plain):
    def forward(self, x: Array) -> Array:
        return np.floor(x)


class Ceil(Plain):
    def forward(self, x: Array) -> Array:
        return np.ceil(x)


class Round(Plain):
    def forward(self, x: Array) -> Array:
        return np.rint(x)


class Clip(Plain):
    def forward(self, x: Array) -> Array:
        """y = x, but at least low and at most high"""
        return np.clip(x, self.low, self.high)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy where x was let through, 0 elsewhere"""
        return np.where(x == self.value, dy, 0)


class FloorDivide(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return np.floor_divide(a, b)


class Remainder(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return np.remainder(a, b)


# ------------------------------------------------------------------------------------- comparisons


class Greater(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return a > b


class GreaterEqual(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return a >= b


class Less(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return a < b


class LessEqual(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return a <= b


class Equal(Plain):
    def forward(self, a: Array, b: Array) -> Any:
        return a == b


class NotEqual(Plain):
    def forward(self, a: Array, b: Array) -> Any:
        return a != b


class And(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return a & b


class Or(Plain):
    def forward(self, a: Array, b: Array) -> Array:
        return a | b


class Not(Plain):
    def forward(self, a: Array) -> Array:
        return ~a


# -------------------------------------------------------------------------------------- reductions


class Reduction(Plain):
    @property
    def count(self) -> int:
        """How many entries go into one of the value."""
        return int(np.size(self.inputs[0].value) // max(np.size(self.value), 1))


class Sum(Reduction):
    def forward(self, x: Array) -> Array:
        """y = sum of x_i"""
        return np.sum(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy"""
        return np.broadcast_to(self.expanded(dy), x.shape)


class Mean(Reduction):
    def forward(self, x: Array) -> Array:
        """y = (1 / n) sum of x_i"""
        return np.mean(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy / n"""
        return np.broadcast_to(self.expanded(dy) / self.count, x.shape)


class Var(Reduction):
    @property
    def less(self) -> float:
        """The count less ddof."""
        return self.count - self.ddof

    def forward(self, x: Array) -> Array:
        """y = (1 / n) sum of (x_i - mean)^2"""
        centred = x - np.mean(x, axis=self.axis, keepdims=True)
        return np.sum(centred**2, axis=self.axis, keepdims=self.keepdims) / self.less

    def backward(self, dy: Array, x: Array, *, centred: Array) -> Any:
        """dx_i = dy (2 / n) (x_i - mean)"""
        return self.expanded(dy) * 2 / self.less * centred


class Std(Var):
    def forward(self, x: Array) -> Array:
        """y = sqrt((1 / n) sum of (x_i - mean)^2)"""
        centred = x - np.mean(x, axis=self.axis, keepdims=True)
        total = np.sum(centred**2, axis=self.axis, keepdims=self.keepdims)
        return np.sqrt(total / self.less)

    def backward(self, dy: Array, x: Array, *, centred: Array) -> Any:
        """dx_i = dy (x_i - mean) / (n y), taken as 0 where y = 0"""
        y = self.expanded(self.value)
        return np.where(y == 0, 0, self.expanded(dy) * centred / (self.less * (y + (y == 0))))


class Norm(Reduction):
    def forward(self, x: Array) -> Array:
        """y = sqrt(sum of x_i^2)"""
        return np.sqrt(np.sum(x**2, axis=self.axis, keepdims=self.keepdims))

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy x_i / y, taken as 0 where y = 0"""
        y = self.expanded(self.value)
        return np.where(y == 0, 0, self.expanded(dy) * x / (y + (y == 0)))


class Max(Reduction):
    def forward(self, x: Array) -> Array:
        """y = max of x_i"""
        return np.max(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy [x_i = y], shared by entries that tie"""
        largest = x == self.expanded(self.value)
        ties = largest.sum(axis=self.axis, keepdims=self.keepdims)
        return self.expanded(dy / ties) * largest


class Min(Reduction):
    def forward(self, x: Array) -> Array:
        """y = min of x_i"""
        return np.min(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy [x_i = y], shared by entries that tie"""
        smallest = x == self.expanded(self.value)
        ties = smallest.sum(axis=self.axis, keepdims=self.keepdims)
        return self.expanded(dy / ties) * smallest


class Prod(Reduction):
    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are multiplied over."""
        rank = np.ndim(self.inputs[0].value)
        given = range(rank) if self.axis is None else np.atleast_1d(self.axis)
        return tuple(int(axis) % rank for axis in given)

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(np.shape(self.inputs[0].value)[axis] for axis in self.axes)

    def forward(self, x: Array) -> Any:
        """y = product of x_i"""
        return np.prod(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_j = dy product of x_i over i other than j"""
        others = np.ones_like(x)
        for steps in np.ndindex(self.lengths):
            if any(steps):
                # another entry, brought to the place of this one
                others *= np.roll(x, steps, axis=self.axes)
        return self.expanded(dy) * others


class LogSumExp(Reduction):
    def forward(self, x: Array) -> Array:
        """y = log(sum of exp(x_i))"""
        return np.log(np.sum(np.exp(x), axis=self.axis, keepdims=self.keepdims))

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy exp(x_i - y)"""
        return self.expanded(dy) * np.exp(x - self.expanded(self.value))


class CumSum(Plain):
    def forward(self, x: Array) -> Array:
        """y_i = x_1 + ... + x_i"""
        return np.cumsum(x, axis=self.axis)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = dy_i + ... + dy_n"""
        axis = 0 if self.axis is None else self.axis
        return np.flip(np.cumsum(np.flip(dy, axis), axis=axis), axis).reshape(x.shape)


class Softmax(Plain):
    def forward(self, x: Array) -> Array:
        """P_i = exp(x_i) / sum of exp(x_j)"""
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        return e / e.sum(axis=self.axis, keepdims=True)

    def backward(self, dP: Array, x: Array) -> Any:
        """dx_j = P_j (dP_j - sum of dP_i P_i)"""
        P = self.value
        return P * (dP - (dP * P).sum(axis=self.axis, keepdims=True))


class LogSoftmax(Plain):
    def forward(self, x: Array) -> Array:
        """y_i = x_i - log(sum of exp(x_j))"""
        shifted = x - x.max(axis=self.axis, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_j = dy_j - exp(y_j) sum of dy_i"""
        return dy - np.exp(self.value) * dy.sum(axis=self.axis, keepdims=True)


# ------------------------------------------------------------------------------- moving about


class Reshape(Plain):
    def forward(self, x: Array) -> Array:
        """y = the entries of x in another shape"""
        return x.reshape(self.shape)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = the entries of dy in the shape of x"""
        return dy.reshape(x.shape)


class Transpose(Plain):
    @property
    def back(self) -> list[int]:
        """The order that undoes the axes'."""
        return [int(k) for k in np.argsort([axis % len(self.axes) for axis in self.axes])]

    def forward(self, x: Array) -> Array:
        """y = x, with its axes in another order"""
        return x.T if self.axes is None else np.transpose(x, self.axes)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy, with its axes in the order of x"""
        return dy.T if self.axes is None else np.transpose(dy, self.back)


class Concatenate(Plain):
    @property
    def ends(self) -> list[int]:
        """Where one input ends and the next begins."""
        lengths = [np.shape(x.value)[self.axis] for x in self.inputs]
        return [int(k) for k in np.cumsum(lengths)[:-1]]

    def forward(self, *arrays: Array) -> Array:
        """y = the inputs, one after the other"""
        return np.concatenate(arrays, axis=self.axis)

    def backward(self, dy: Array, *arrays: Array) -> Any:
        """each input's derivative is its part of dy"""
        return np.split(dy, self.ends, axis=self.axis)


class HStack(Concatenate):
    """The axis is that of the last forward, which the trace has just run."""


class Stack(Plain):
    def forward(self, *arrays: Array) -> Array:
        """y = the inputs along a new axis"""
        return np.stack(arrays, axis=self.axis)

    def backward(self, dy: Array, *arrays: Array) -> Any:
        """each input's derivative is its part of dy"""
        return tuple(np.take(dy, k, axis=self.axis) for k in range(len(arrays)))


class Part(Plain):
    @property
    def key(self) -> tuple[slice, ...]:
        """Which entries of x these are."""
        x = self.inputs[0].value
        places = np.split(np.arange(x.shape[self.axis]), self.sections)[self.k]
        first = int(places[0]) if len(places) else 0
        axis = self.axis % x.ndim
        return (*(slice(None),) * axis, slice(first, first + len(places)))

    def forward(self, x: Array) -> Array:
        """y = a part of x"""
        return x[self.key]

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy at that part, 0 elsewhere"""
        dx = np.zeros_like(x)
        dx[self.key] = dy
        return dx


class Pad(Plain):
    @property
    def key(self) -> tuple[slice, ...]:
        """Where the entries of x have come to."""
        x = self.inputs[0].value
        before = np.broadcast_to(self.width, (x.ndim, 2))[:, 0]
        return tuple(slice(int(b), int(b) + n) for b, n in zip(before, x.shape, strict=True))

    def forward(self, x: Array) -> Array:
        """y = x, with more entries on its sides"""
        return np.pad(x, self.width, constant_values=self.fill)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy where x was put"""
        return dy[self.key]


class Repeat(Plain):
    @property
    def apart(self) -> tuple[int, ...]:
        """The shape of y with the copies of an entry along an axis of their own."""
        y, axis = self.value, 0 if self.axis is None else self.axis % np.ndim(self.value)
        x = self.inputs[0].value
        length = np.size(x) if self.axis is None else np.shape(x)[axis]
        return (*y.shape[:axis], length, self.repeats, *y.shape[axis + 1 :])

    @property
    def copies(self) -> int:
        """That axis."""
        return 1 if self.axis is None else int(self.axis % np.ndim(self.value)) + 1

    def forward(self, x: Array) -> Array:
        """y = each entry of x several times"""
        return np.repeat(x, self.repeats, axis=self.axis)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = sum of dy over the copies of x_i"""
        return dy.reshape(self.apart).sum(axis=self.copies).reshape(x.shape)


class Tile(Plain):
    @property
    def apart(self) -> list[int]:
        """The shape of y with an axis more for each: which copy it is, before which entry."""
        shape = np.shape(self.inputs[0].value)
        rank = max(len(self.repeats), len(shape))
        lengths = (1,) * (rank - len(shape)) + shape
        repeats = (1,) * (rank - len(self.repeats)) + self.repeats
        return [n for pair in zip(repeats, lengths, strict=True) for n in pair]

    @property
    def copies(self) -> tuple[int, ...]:
        """The axes of copies."""
        return tuple(range(0, 2 * max(len(self.repeats), np.ndim(self.inputs[0].value)), 2))

    def forward(self, x: Array) -> Array:
        """y = copies of x, one after the other"""
        return np.tile(x, self.repeats)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = sum of dy over the copies of x_i"""
        return dy.reshape(self.apart).sum(axis=self.copies).reshape(x.shape)


class Sort(Plain):
    def forward(self, x: Array) -> Array:
        """y = x in ascending order"""
        order = np.argsort(x, axis=self.axis, kind="stable")
        return np.take_along_axis(x, order, axis=self.axis)

    def backward(self, dy: Array, x: Array, *, order: Array) -> Any:
        """dx[order] = dy"""
        dx = np.zeros_like(x)
        np.put_along_axis(dx, order, dy, axis=self.axis)
        return dx


class Index(Plain):
    @property
    def simple(self) -> bool:
        """Whether no entry can be taken twice."""
        return all(
            part is None or part is Ellipsis or isinstance(part, int | slice) for part in self.key
        )

    @property
    def places(self) -> Any:
        """The key, without a comma where it is one part."""
        return self.key[0] if len(self.key) == 1 else self.key

    def forward(self, x: Array, *indices: Array) -> Array:
        """y = x[key]"""
        return x[self.places]

    def backward(self, dy: Array, x: Array, *indices: Array) -> Any:
        """dx[key] = dy, summed over the uses of an entry"""
        dx = np.zeros_like(x)
        if self.simple:
            dx[self.places] = dy
        else:
            np.add.at(dx, self.places, dy)
        return dx, *(None for _ in indices)


class Pick(Plain):
    def forward(self, x: Array, labels: Array) -> Array:
        """y_i = x[i, labels_i]"""
        return np.take_along_axis(x, labels[..., None], axis=-1)[..., 0]

    def backward(self, dy: Array, x: Array, labels: Array) -> Any:
        """dx[i, labels_i] = dy_i"""
        dx = np.zeros_like(x)
        np.put_along_axis(dx, labels[..., None], dy[..., None], axis=-1)
        return dx, None


class Embedding(Plain):
    def forward(self, table: Array, indices: Array) -> Array:
        return table[indices]

    def backward(self, dy: Array, table: Array, indices: Array) -> Any:
        """dtable[r] = sum of dy over the places where row r was looked up"""
        dtable = np.zeros_like(table)
        np.add.at(dtable, indices, dy)
        return dtable, None


class Rearrange(Plain):
    @property
    def moved(self) -> Callable[..., Any]:
        """The function of NumPy."""
        function = self.function
        return function.args[0] if isinstance(function, functools.partial) else function

    @property
    def more(self) -> tuple[Any, ...]:
        """Its arguments beside x and the options."""
        function = self.function
        return tuple(function.args[1]) if isinstance(function, functools.partial) else ()

    def forward(self, x: Array) -> Any:
        """y = the entries of x, moved about"""
        return self.moved(x, *self.more, **self.options)

    def backward(self, dy: Array, x: Array) -> Any:
        """dx_i = sum of dy over the places that x_i was moved to"""
        # the numbers 1, 2, ... of the entries, moved likewise; 0 is what was filled in
        numbers = np.arange(1, x.size + 1).reshape(x.shape)
        places = self.moved(numbers, *self.more, **self.options)
        dx = np.zeros(x.size + 1)
        np.add.at(dx, places, dy)
        return dx[1:].reshape(x.shape)


# ----------------------------------------------------------------------------------------- losses


class SquaredError(Plain):
    def forward(self, x: Array, target: Array) -> Any:
        """l = (1 / n) sum of (x_i - t_i)^2"""
        return np.mean((x - target) ** 2)

    def backward(self, dl: Array, x: Array, target: Array) -> Any:
        """dx_i = dl (2 / n) (x_i - t_i), dt_i = -dx_i"""
        dx = dl * 2 / x.size * (x - target)
        return dx, -dx


class LogLoss(Plain):
    def forward(self, P: Array, labels: Array) -> Any:
        """l = -(1 / n) sum of log P[i, t_i]"""
        right = np.take_along_axis(P, labels[..., None], axis=-1)
        return -np.mean(np.log(right))

    def backward(self, dl: Array, P: Array, labels: Array, *, right: Array) -> Any:
        """dP[i, t_i] = -dl / (n P[i, t_i])"""
        dP = np.zeros_like(P)
        np.put_along_axis(dP, labels[..., None], -dl / (labels.size * right), axis=-1)
        return dP, None


class CrossEntropy(Plain):
    def forward(self, x: Array, labels: Array) -> Any:
        """P = softmax(x), l = -(1 / n) sum of log P[i, t_i]"""
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        P = e / e.sum(axis=-1, keepdims=True)
        return -np.mean(np.log(np.take_along_axis(P, labels[..., None], axis=-1)))

    def backward(self, dl: Array, x: Array, labels: Array, *, P: Array) -> Any:
        """dx_ij = dl (P_ij - [j = t_i]) / n"""
        return dl * (P - np.eye(x.shape[-1])[labels]) / labels.size, None


class BinaryCrossEntropy(Plain):
    def forward(self, x: Array, target: Array) -> Any:
        """l = (1 / n) sum of (log(1 + exp(x_i)) - t_i x_i)"""
        return np.mean(np.logaddexp(0, x) - target * x)

    def backward(self, dl: Array, x: Array, target: Array) -> Any:
        """dx_i = dl (sigmoid(x_i) - t_i) / n, dt_i = -dl x_i / n"""
        return dl * (1 / (1 + np.exp(-x)) - target) / x.size, -dl * x / x.size


class Huber(Plain):
    def forward(self, x: Array, target: Array) -> Any:
        """l = (1 / n) sum of h(x_i - t_i), h(d) = d^2 / 2, beyond delta: delta (|d| - delta / 2)"""
        gap = x - target
        linear = self.delta * (np.abs(gap) - self.delta / 2)
        return np.mean(np.where(np.abs(gap) <= self.delta, gap**2 / 2, linear))

    def backward(self, dl: Array, x: Array, target: Array, *, gap: Array) -> Any:
        """dx_i = (dl / n) min(max(x_i - t_i, -delta), delta), dt_i = -dx_i"""
        dx = dl / x.size * np.clip(gap, -self.delta, self.delta)
        return dx, -dx


class KL(Plain):
    @property
    def rows(self) -> int:
        shape = np.shape(self.inputs[0].value)
        return int(np.prod(shape[:-1]))

    def forward(self, P: Array, Q: Array) -> Any:
        """l = (1 / n) sum of P_ij log(P_ij / Q_ij), with 0 log 0 = 0"""
        logarithm = np.log(np.where(P == 0, 1, P / Q))
        return np.sum(P * logarithm) / self.rows

    def backward(self, dl: Array, P: Array, Q: Array, *, logarithm: Array) -> Any:
        """dP_ij = dl (log(P_ij / Q_ij) + 1) / n, dQ_ij = -dl P_ij / (n Q_ij)"""
        return dl * (logarithm + 1) / self.rows, -dl * P / (self.rows * Q)


class MaskedMean(Plain):
    def forward(self, x: Array, mask: Array) -> Any:
        """l = the mean of x where the mask is not 0"""
        return np.where(mask, x, 0).sum() / np.count_nonzero(mask)

    def backward(self, dl: Array, x: Array, mask: Array) -> Any:
        """dx_i = dl / n where the mask is not 0, 0 elsewhere"""
        return np.where(mask, dl / np.count_nonzero(mask), 0), None


class Accuracy(Plain):
    def forward(self, x: Array, labels: Array) -> Any:
        return np.mean(x.argmax(axis=-1) == labels)


# ----------------------------------------------------------------------------------------- layers


class LayerNorm(Plain):
    def forward(self, x: Array, gain: Array, bias: Array) -> Array:
        """z = (x - mean) / sqrt(variance + eps) of each row, y = gain z + bias"""
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.eps)
        z = centred / deviation
        return gain * z + bias

    def backward(
        self, dy: Array, x: Array, gain: Array, bias: Array, *, z: Array, deviation: Array
    ) -> Any:
        """dx = (dz - mean of dz - z mean of dz z) / sqrt(variance + eps), with dz = dy gain"""
        dz = dy * gain
        mean_dz = dz.mean(axis=-1, keepdims=True)
        dx = (dz - mean_dz - z * (dz * z).mean(axis=-1, keepdims=True)) / deviation
        return dx, dy * z, dy


class BatchNorm(Plain):
    @property
    def axes(self) -> tuple[int, ...]:
        """All axes but the channels'."""
        return (0, *range(2, np.ndim(self.inputs[0].value)))

    @property
    def channels(self) -> tuple[int, ...]:
        """The shape in which gain and bias lie along the second axis."""
        return (-1, *(1,) * (np.ndim(self.inputs[0].value) - 2))

    def forward(self, x: Array, gain: Array, bias: Array) -> Array:
        """z = (x - mean) / sqrt(variance + eps) over the batch, y = gain z + bias"""
        if self.training:
            mean = x.mean(axis=self.axes, keepdims=True)
            variance = ((x - mean) ** 2).mean(axis=self.axes, keepdims=True)
        else:
            mean, variance = self.running_mean, self.running_variance
        deviation = np.sqrt(variance + self.eps)
        z = (x - mean) / deviation
        return gain.reshape(self.channels) * z + bias.reshape(self.channels)

    def backward(
        self, dy: Array, x: Array, gain: Array, bias: Array, *, z: Array, deviation: Array
    ) -> Any:
        """dx = (dz - mean of dz - z mean of dz z) / sqrt(variance + eps), with dz = dy gain"""
        dz = dy * gain.reshape(self.channels)
        if self.training:
            mean_dz = dz.mean(axis=self.axes, keepdims=True)
            dx = (dz - mean_dz - z * (dz * z).mean(axis=self.axes, keepdims=True)) / deviation
        else:
            # mean and variance are constants here
            dx = dz / deviation
        return dx, (dy * z).sum(axis=self.axes), dy.sum(axis=self.axes)


class Dropout(Plain):
    def forward(self, x: Array) -> Array:
        """y = x / (1 - rate) where it was kept, 0 where it was dropped"""
        return np.where(self.kept, x / (1 - self.rate), 0) if self.training else x

    def backward(self, dy: Array, x: Array) -> Any:
        """dx = dy / (1 - rate) where it was kept, 0 where it was dropped"""
        return np.where(self.kept, dy / (1 - self.rate), 0) if self.training else dy


class Conv2D(Plain):
    def forward(self, x: Array, w: Array) -> Array:
        """y[n, o, p, q] = sum over c, i, j of x[n, c, s p + i, s q + j] w[o, c, i, j]"""
        s, pad = self.stride, self.padding
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))) if pad else x
        rows, columns = w.shape[2:]
        height = (padded.shape[2] - rows) // s + 1
        width = (padded.shape[3] - columns) // s + 1
        y = np.zeros((len(x), len(w), height, width))
        for i in range(rows):
            for j in range(columns):
                # what the entry (i, j) of a filter meets, in all windows
                seen = np.s_[:, :, i : i + s * height : s, j : j + s * width : s]
                y += np.einsum("ncpq,oc->nopq", padded[seen], w[:, :, i, j])
        return y

    def backward(self, dy: Array, x: Array, w: Array, *, padded: Array) -> Any:
        """the sums of the forward pass, with dy in place of w for dw, and of x for dx"""
        s, pad = self.stride, self.padding
        height, width = dy.shape[2:]
        dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
        for i in range(w.shape[2]):
            for j in range(w.shape[3]):
                seen = np.s_[:, :, i : i + s * height : s, j : j + s * width : s]
                # dw[o, c, i, j] = sum over n, p, q of dy[n, o, p, q] x[n, c, s p + i, s q + j]
                dw[:, :, i, j] = np.einsum("nopq,ncpq->oc", dy, padded[seen])
                # dx[n, c, s p + i, s q + j] gets sum over o of dy[n, o, p, q] w[o, c, i, j]
                dpadded[seen] += np.einsum("nopq,oc->ncpq", dy, w[:, :, i, j])
        if pad:
            return dpadded[:, :, pad:-pad, pad:-pad], dw
        return dpadded, dw


class MaxPool2D(Plain):
    @property
    def sides(self) -> tuple[int, int]:
        """The height and width of y."""
        return self.value.shape[2], self.value.shape[3]

    def forward(self, x: Array) -> Array:
        """y[n, c, p, q] = max over i, j of x[n, c, s p + i, s q + j]"""
        s, (height, width) = self.stride, self.sides
        y = np.full((*x.shape[:2], height, width), -np.inf)
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                y = np.maximum(y, x[:, :, i : i + s * height : s, j : j + s * width : s])
        return y

    def backward(self, dy: Array, x: Array) -> Any:
        """dx[n, c, s p + i, s q + j] gets dy[n, c, p, q] if it is the first that equals the max"""
        s, (height, width) = self.stride, self.sides
        dx, found = np.zeros_like(x), np.zeros(dy.shape, bool)
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                seen = np.s_[:, :, i : i + s * height : s, j : j + s * width : s]
                largest = (x[seen] == self.value) & ~found
                dx[seen] += dy * largest
                found |= largest
        return dx


class AvgPool2D(Plain):
    @property
    def sides(self) -> tuple[int, int]:
        """The height and width of y."""
        return self.value.shape[2], self.value.shape[3]

    def forward(self, x: Array) -> Array:
        """y[n, c, p, q] = mean over i, j of x[n, c, s p + i, s q + j]"""
        s, (height, width) = self.stride, self.sides
        y = np.zeros((*x.shape[:2], height, width))
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                y += x[:, :, i : i + s * height : s, j : j + s * width : s]
        return y / (self.size[0] * self.size[1])

    def backward(self, dy: Array, x: Array) -> Any:
        """dx[n, c, s p + i, s q + j] gets dy[n, c, p, q] / (the size of a window)"""
        s, (height, width) = self.stride, self.sides
        dx = np.zeros_like(x)
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                seen = np.s_[:, :, i : i + s * height : s, j : j + s * width : s]
                dx[seen] += dy / (self.size[0] * self.size[1])
        return dx


class Attention(Plain):
    @property
    def width(self) -> int:
        """The columns of a head."""
        return int(np.shape(self.inputs[0].value)[-1] // self.heads)

    def apart(self, x: Array) -> Array:
        """(..., n, heads d) as (..., heads, n, d)."""
        return x if self.heads == 1 else x.reshape(*x.shape[:-1], self.heads, -1).swapaxes(-2, -3)

    def joined(self, x: Array) -> Array:
        """(..., heads, n, d) as (..., n, heads d)."""
        return x if self.heads == 1 else x.swapaxes(-2, -3).reshape(*x.shape[:-3], x.shape[-2], -1)

    def forward(self, Q: Array, K: Array, V: Array) -> Array:
        """P = softmax(Q K^T / sqrt(d)) and Y = P V, for each head of d columns"""
        q, k, v = self.apart(Q), self.apart(K), self.apart(V)
        scores = q @ k.mT / np.sqrt(self.width)
        if self.causal:
            # a position sees only itself and those before it
            scores = np.where(np.tri(*scores.shape[-2:]) > 0, scores, -np.inf)
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        P = e / e.sum(axis=-1, keepdims=True)
        y = P @ v
        return self.joined(y)

    def backward(
        self, dY: Array, Q: Array, K: Array, V: Array, *, q: Array, k: Array, v: Array, P: Array
    ) -> Any:
        """dV = P^T dY, dP = dY V^T, dS = P (dP - sum of dP P) / sqrt(d), dQ = dS K, dK = dS^T Q"""
        dy = self.apart(dY)
        dv = P.mT @ dy
        dP = dy @ v.mT
        dS = P * (dP - (dP * P).sum(axis=-1, keepdims=True)) / np.sqrt(self.width)
        dq, dk = dS @ k, dS.mT @ q
        return self.joined(dq), self.joined(dk), self.joined(dv)


# --------------------------------------------------------------------------------- linear algebra


class MatMul(Plain):
    def backward(self, dy: Array, a: Array, b: Array) -> Any:
        if a.ndim == 1 and b.ndim == 1:
            return dy * b, dy * a
        if b.ndim == 1:
            # a vector on the right is a column
            return dy[..., None] * b, (a.mT @ dy[..., None])[..., 0]
        if a.ndim == 1:
            # a vector on the left is a row
            return (b @ dy[..., None])[..., 0], a[:, None] * dy[..., None, :]
        return dy @ b.mT, a.mT @ dy


class Dot(MatMul):
    def forward(self, a: Array, b: Array) -> Any:
        return np.dot(a, b)


class Inverse(Plain):
    def forward(self, A: Array) -> Array:
        return np.linalg.inv(A)

    def backward(self, dY: Array, A: Array) -> Any:
        """dA = -Y^T dY Y^T"""
        return -self.value.mT @ dY @ self.value.mT


class Solve(Plain):
    def forward(self, A: Array, b: Array) -> Array:
        return np.linalg.solve(A, b)

    def backward(self, dx: Array, A: Array, b: Array) -> Any:
        """A^T db = dx, dA = -db x^T"""
        if b.ndim > 1:
            db = np.linalg.solve(A.mT, dx)
            return -db @ self.value.mT, db
        db = np.linalg.solve(A.mT, dx[..., None])
        return -db @ self.value[..., None, :], db[..., 0]


class Det(Plain):
    def forward(self, A: Array) -> Any:
        return np.linalg.det(A)

    def backward(self, dy: Array, A: Array) -> Any:
        """dA_ij = dy (-1)^(i + j) det(A without row i and column j)"""
        dA = np.zeros_like(A)
        for i in range(A.shape[-1]):
            for j in range(A.shape[-1]):
                minor = np.delete(np.delete(A, i, axis=-2), j, axis=-1)
                dA[..., i, j] = dy * (-1) ** (i + j) * np.linalg.det(minor)
        return dA


class LogDet(Plain):
    def forward(self, A: Array) -> Any:
        """y = log |det A|"""
        return np.linalg.slogdet(A)[1]

    def backward(self, dy: Array, A: Array) -> Any:
        """dA = dy A^-T"""
        return dy[..., None, None] * np.linalg.inv(A).mT


class Cholesky(Plain):
    def forward(self, A: Array) -> Array:
        """L L^T = A"""
        return np.linalg.cholesky((A + A.mT) / 2)

    def backward(self, dL: Array, A: Array) -> Any:
        """S = L^-T F(L^T dL) L^-1, dA = (S + S^T) / 2; F: lower triangle and half the diagonal"""
        L = self.value
        inner = np.tril(L.mT @ np.tril(dL))
        inner = inner - np.eye(A.shape[-1]) * inner / 2
        S = np.linalg.solve(L.mT, np.linalg.solve(L.mT, inner.mT).mT)
        return (S + S.mT) / 2


class Einsum(Plain):
    @property
    def spelled(self) -> tuple[list[str], str]:
        """The indices of each argument, and of the result, with letters for the dots."""
        groups, result, _ = self._spelled(tuple(np.asarray(x.value) for x in self.inputs))
        return groups, result

    @property
    def sum(self) -> str:
        """The sum, as NumPy spells it."""
        groups, result = self.spelled
        return f"{','.join(groups)}->{result}"

    @property
    def pulled(self) -> Any:
        """The sum that is the derivative in each argument; and what goes into it besides dy and the
        other arguments: ones for an index that is only summed over, and the identity for the second
        of two equal ones."""
        groups, result = self.spelled
        spare = (i for i in string.ascii_letters if i not in "".join([*groups, result]))
        found = []
        for k, group in enumerate(groups):
            present = [result, *groups[:k], *groups[k + 1 :]]
            more, own = [], ""
            for i, n in zip(group, np.shape(self.inputs[k].value), strict=True):
                if i in own:
                    again = next(spare)
                    present.append(i + again)
                    more.append(Code(f"np.eye({n})"))
                    own += again
                    continue
                own += i
                if not any(i in other for other in present):
                    present.append(i)
                    more.append(Code(f"np.ones({n})"))
            found.append((f"{','.join(present)}->{own}", more))
        return found

    def forward(self, *arrays: Array) -> Any:
        """y = the sum of products, over the indices that y lacks"""
        return np.einsum(self.sum, *arrays)

    def backward(self, dy: Array, *arrays: Array) -> Any:
        """each derivative is the sum of products of dy and the other factors"""
        return tuple(
            np.einsum(self.pulled[k][0], dy, *arrays[:k], *arrays[k + 1 :], *self.pulled[k][1])
            for k in range(len(arrays))
        )


# ---------------------------------------------------------------------------- an arbitrary function


class Applied(Plain):
    @property
    def waves(self) -> Any:
        """The amplitudes a, phases b and directions w of its waves."""
        return self.function.waves(sum(np.size(x.value) for x in self.inputs))

    @property
    def a(self) -> Array:
        return np.asarray(self.waves.a)

    @property
    def b(self) -> Array:
        return np.asarray(self.waves.b)

    @property
    def w(self) -> Array:
        return np.asarray(self.waves.w)

    @property
    def ends(self) -> list[int]:
        """Where one argument ends, and the next begins."""
        return [0, *(int(k) for k in np.cumsum([np.size(x.value) for x in self.inputs]))]

    def forward(self, *arrays: Array) -> Any:
        """u = sum of a_k sin(w_k . v + b_k), where v is all arguments in one vector"""
        v = np.concatenate([np.ravel(x) for x in arrays])
        return (self.a * np.sin(self.w @ v + self.b)).sum(axis=-1)

    def backward(self, du: Array, *arrays: Array, v: Array) -> Any:
        """dv = sum of du a_k cos(w_k . v + b_k) w_k"""
        slopes = du[..., None] * self.a * np.cos(self.w @ v + self.b)
        dv = np.tensordot(slopes, self.w, slopes.ndim)
        return tuple(
            dv[self.ends[k] : self.ends[k + 1]].reshape(arrays[k].shape) for k in range(len(arrays))
        )


# ----------------------------------------------------------------------------- derivatives as nodes


class Jacobian(Plain):
    why = (
        "it has no formula of its own, but walks back through the graph below it; its derivative "
        "is how that walk changes"
    )


class Grad(Jacobian):
    pass
