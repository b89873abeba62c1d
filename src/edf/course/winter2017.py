"""The course's API of winter 2017: `import edf.course.winter2017 as edf`, and the program runs.

A program makes `Value`s, `Param`s and components, each of which appends itself to `components` or
`params`; then `Forward()`, `Backward(loss)` and an optimiser, again and again. Both lists may be
reassigned (`edf.components = []`) and so may `DT`. A component is any object with `forward()`,
which sets `self.value`, and `backward()`, which adds to the `.grad` of what it read, unless that is
None; a student's own class need only append itself to `edf.components`.

Two files went by that name. That of problem set 2 averages the gradients of parameters over the
batch, that of problem set 4 sums them. Where the loss is one number, as `Mean` makes it, there is
nothing to average; where it is one number for each row, a program says which it means: it imports
`edf.course.winter2017_ps2`, or sets `edf.averages = False`.

Beyond the original there is `check(loss)`. What the original got wrong is put right here, as the
guide lists: `Mean` of a matrix, `Add` of equal shapes, `opts`, `Tanh` of large numbers, gradients
that pile up between two `Backward`s.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from edf.check import GradientReport, check_gradients
from edf.course.wrapped import wrap
from edf.graph import Array, Node, unbroadcast
from edf.operations import elementary, layers, reductions

#: The type of all numbers.
DT: Any = np.float32
#: Below this, `LogLoss` is constant.
eps = 1e-12

components: list[Any] = []
params: list[Any] = []
#: Whether `Add` and `VDot` average the gradients of parameters over the batch. None is no answer.
averages: bool | None = None
_warned = False  # whether a program was told that gradients were left
_by_rows = False  # whether the last loss was one number for each row of a batch


# ------------------------------------------------------------------------------ the whole graph


def Forward() -> None:
    """Run every component, in the order in which they were made."""
    for component in components:
        component.forward()


def Backward(loss: Any) -> None:
    """Set the gradient of `loss` (of its sum, if it is an array) on all that it depends on.

    Raises:
        ValueError: The loss is a number for each row, there are parameters of `Add` or `VDot`, and
            `averages` does not say what to do with their gradients.
    """
    global _by_rows
    _by_rows = np.ndim(loss.value) > 0 and np.size(loss.value) == len(loss.value)
    _warn_of_gradients_left()
    for part in [*components, *params]:
        if getattr(part, "grad", None) is not None:
            part.grad = DT(0)
    loss.grad = np.ones_like(loss.value)
    for component in reversed(components):
        component.backward()


def _warn_of_gradients_left() -> None:
    """Say once that an optimiser of the program's own did not set the gradients to zero."""
    global _warned
    if not _warned and any(np.any(getattr(p, "grad", None)) for p in params):
        _warned = True
        warnings.warn(
            "parameters still have gradients, which the last step did not set to zero: the "
            "original file adds to them, so that every step sees the sum of all gradients so far; "
            "here Backward starts from zero",
            stacklevel=3,
        )


def check(loss: Any, **options: Any) -> GradientReport:
    """Check the backward of every component below `loss`, a student's own ones included.

    Compares the gradients of all parameters with numeric derivatives, and names the component at
    fault. The program's values and gradients stay as they are; data and labels are held fixed.

    Args:
        loss: A component.
        **options: `id`, `expect`, `points` and `seed` as for `edf.check_gradients`.
    """
    global DT, averages
    kept, DT, averages = (DT, averages), np.float64, False
    try:
        node, leaves = wrap(loss, components, params, no_gradient=lambda value: np.float64(0))
        return check_gradients(node, leaves, **options)
    finally:
        DT, averages = kept


# ------------------------------------------------------------------------------- leaves


class _Settable:
    grad: Any = None
    value: Any = None

    def set(self, value: Any) -> None:
        """Replace the value."""
        self.value = _array(value)

    def addgrad(self, delta: Array) -> None:
        """Add to the gradient, if there is one, undoing broadcasting."""
        if self.grad is not None:
            self.grad = self.grad + unbroadcast(np.asarray(delta), np.shape(self.value))


class Value(_Settable):
    """Data or labels: has no gradient."""

    def __init__(self, value: Any = None) -> None:
        self.value = None if value is None else _array(value)


class Param(_Settable):
    """A parameter. `opts={"lr": 0.1}` multiplies the learning rate for it."""

    def __init__(self, value: Any, opts: dict[str, Any] | None = None) -> None:
        self.value = _array(value)
        self.opts = dict(opts or {})
        self.grad = DT(0)
        self.state: dict[str, Any] = {}
        params.append(self)


def xavier(shape: Sequence[int]) -> Array:
    """Return uniform numbers of variance 1 / n_in, n_in being the product of all but the last
    length, from NumPy's global generator, which programs seed with `np.random.seed`."""
    bound = np.sqrt(3.0 / np.prod(shape[:-1]))
    return np.random.uniform(-bound, bound, shape)


def bcast(x: Array, y: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes along which x and y, respectively, are stretched where they meet."""
    full = np.broadcast_shapes(x.shape, y.shape)
    shapes = [(1,) * (len(full) - array.ndim) + array.shape for array in (x, y)]
    a, b = (tuple(k for k, n in enumerate(shape) if n < full[k]) for shape in shapes)
    return a, b


def _array(value: Any) -> Array:
    return np.array(value, dtype=DT)


# --------------------------------------------------------------------------------- components


class Component(_Settable):
    """What the components below share: values in, one value out, gradients back.

    A subclass gives `compute(*arrays)` and `vjp(grad, *arrays)`, one gradient per input, before
    broadcasting is undone.
    """

    def __init__(self, *inputs: Any) -> None:
        self.inputs = inputs
        self.grad = None if all(x.grad is None for x in inputs) else DT(0)
        components.append(self)

    def compute(self, *arrays: Any) -> Any:
        raise NotImplementedError

    def vjp(self, grad: Any, *arrays: Any) -> Any:
        raise NotImplementedError

    def forward(self) -> None:
        """Set the value from the inputs' values."""
        self.value = self.compute(*(x.value for x in self.inputs))

    def backward(self) -> None:
        """Add to the inputs' gradients."""
        if self.grad is None:
            return
        grads = self.vjp(self.grad, *(x.value for x in self.inputs))
        for x, grad in zip(self.inputs, grads if isinstance(grads, tuple) else (grads,)):  # noqa: B905
            if x.grad is not None and grad is not None:
                grad = unbroadcast(np.asarray(grad), np.shape(x.value))
                x.grad = x.grad + grad / self.batch(x)

    def batch(self, x: Any) -> Any:
        """Return the number by which the gradient in x is divided."""
        return DT(1)


class _Operation(Component):
    """A component that computes what one of edf's operations computes."""

    operation: type[Node]

    def __init__(self, *inputs: Any) -> None:
        super().__init__(*inputs)
        self.node = self.operation(*(0.0 for _ in inputs))

    def compute(self, *arrays: Any) -> Any:
        return self.node.forward(*arrays)

    def vjp(self, grad: Any, *arrays: Any) -> Any:
        self.node.value = self.value
        return self.node.backward(grad, *arrays)


class _Affine(_Operation):
    """What stands beside parameters, whose gradients problem set 2 averages over the batch."""

    def batch(self, x: Any) -> Any:
        rows = len(self.value) if isinstance(x, Param) and np.ndim(self.value) > 1 else 1
        if rows > 1 and _by_rows and averages is None:
            raise ValueError(
                f"{type(self).__name__}: is the gradient of a parameter averaged over {rows} rows, "
                "or summed? The loss is one number for each. Of the course's two files of winter "
                "2017 that of problem set 2 averages: `import edf.course.winter2017_ps2 as edf`. "
                "That of problem set 4 sums: `edf.averages = False`. Or make one number: Mean(loss)"
            )
        return DT(rows) if averages else DT(1)


class Add(_Affine):
    """x + y, with broadcasting."""

    operation = elementary.Add


class Mul(_Operation):
    """x * y, elementwise, with broadcasting."""

    operation = elementary.Mul


class VDot(_Affine):
    """The matrix product: x (batch, n) or (n,), y (n, m)."""

    operation = elementary.MatMul


class Sigmoid(_Operation):
    """1 / (1 + exp(-x))."""

    operation = elementary.Sigmoid


class Tanh(_Operation):
    """tanh x, finite however large x is."""

    operation = elementary.Tanh


class RELU(_Operation):
    """max(x, 0)."""

    operation = elementary.ReLU


Relu = RELU  # as later files spell it


class LeakyRELU(Component):
    """x where x > 0, else slope * x."""

    def __init__(self, x: Any, slope: float = 0.01) -> None:
        super().__init__(x)
        self.slope = slope

    def compute(self, x: Array) -> Any:
        return np.where(x.real > 0, x, DT(self.slope) * x)

    def vjp(self, grad: Array, x: Array) -> Array:
        return np.where(x.real > 0, grad, DT(self.slope) * grad)


class Softplus(_Operation):
    """log(1 + exp(x))."""

    operation = elementary.Softplus


class Log(_Operation):
    """The natural logarithm."""

    operation = elementary.Log


class SoftMax(_Operation):
    """exp(x_i) / sum_j exp(x_j), over the last axis."""

    operation = reductions.Softmax


class LogLoss(Component):
    """-log(max(x, eps)), elementwise; its gradient is 0 where x < eps, as the value is constant."""

    def __init__(self, x: Any) -> None:
        super().__init__(x)

    def compute(self, x: Array) -> Any:
        return -np.log(np.where(x.real < eps, DT(eps), x))

    def vjp(self, grad: Array, x: Array) -> Array:
        return np.where(x.real < eps, DT(0), -grad / np.where(x.real < eps, DT(1), x))


class BCELoss(Component):
    """-(y log p + (1 - y) log(1 - p)), elementwise, for probabilities p and labels y, 0 or 1.

    A probability nearer than eps to 0 or 1 counts as that near, and has the gradient 0.
    """

    def __init__(self, p: Any, y: Any) -> None:
        super().__init__(p, y)

    def compute(self, p: Array, y: Array) -> Any:
        p = np.where(p.real < eps, DT(eps), np.where(p.real > 1 - eps, DT(1 - eps), p))
        return -(y * np.log(p) + (1 - y) * np.log1p(-p))

    def vjp(self, grad: Array, p: Array, y: Array) -> tuple[Array, None]:
        within = (p.real >= eps) & (p.real <= 1 - eps) & (p.real < 1)
        inner = np.where(within, p, DT(0.5))
        return np.where(within, grad * (inner - y) / (inner * (1 - inner)), DT(0)), None


class Aref(Component):
    """x[b, idx[b]] for every b: one entry of each row."""

    def __init__(self, x: Any, idx: Any) -> None:
        super().__init__(x, idx)

    def compute(self, x: Array, idx: Array) -> Any:
        return x.reshape(np.size(idx), -1)[self._picked(idx)].reshape(np.shape(idx))

    def vjp(self, grad: Array, x: Array, idx: Array) -> tuple[Array, None]:
        dx = np.zeros((np.size(idx), x.size // np.size(idx)), np.result_type(x, grad))
        dx[self._picked(idx)] = np.reshape(grad, -1)
        return dx.reshape(x.shape), None

    @staticmethod
    def _picked(idx: Array) -> tuple[Array, Array]:
        return np.arange(np.size(idx)), np.reshape(idx, -1).astype(int)


class Mean(Component):
    """The mean of all entries."""

    def __init__(self, x: Any) -> None:
        super().__init__(x)

    def compute(self, x: Array) -> Any:
        return np.mean(x)

    def vjp(self, grad: Array, x: Array) -> Array:
        return np.broadcast_to(grad / DT(np.size(x)), np.shape(x))


class MeanwithMask(Component):
    """The mean of the entries that a mask of zeros and ones keeps."""

    def __init__(self, x: Any, mask: Any) -> None:
        super().__init__(x, mask)

    def compute(self, x: Array, mask: Array) -> Any:
        return np.sum(x * mask) / np.sum(mask)

    def vjp(self, grad: Array, x: Array, mask: Array) -> tuple[Array, None]:
        return grad * mask / np.sum(mask), None


class Reshape(Component):
    """The same entries in another shape."""

    def __init__(self, x: Any, shape: Sequence[int]) -> None:
        super().__init__(x)
        self.shape = shape

    def compute(self, x: Array) -> Any:
        return np.reshape(x, self.shape)

    def vjp(self, grad: Array, x: Array) -> Array:
        return np.reshape(grad, np.shape(x))


class ConCat(Component):
    """x beside y: matrices with equally many rows."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__(x, y)

    def compute(self, x: Array, y: Array) -> Any:
        return np.concatenate((x, y), axis=1)

    def vjp(self, grad: Array, x: Array, y: Array) -> tuple[Array, Array]:
        return grad[:, : x.shape[1]], grad[:, x.shape[1] :]


class Embed(Component):
    """Rows of a table: table[idx]."""

    def __init__(self, idx: Any, table: Any) -> None:
        super().__init__(idx, table)

    def compute(self, idx: Array, table: Array) -> Any:
        return table[idx.astype(int)]

    def vjp(self, grad: Array, idx: Array, table: Array) -> tuple[None, Array]:
        dtable = np.zeros(table.shape, np.result_type(table, grad))
        np.add.at(dtable, idx.astype(int), grad)  # a row that is used twice gets both gradients
        return None, dtable


# ------------------------------------------------------------------------------------- images
# Of shape (batch, height, width, channels); filters are (height, width, channels in, out).


class Conv(Component):
    """The cross-correlation of images f with filters k.

    Args:
        stride: The step from one window to the next.
        pad: The zeros on each side: a number, or (above and below, left and right).
    """

    def __init__(self, f: Any, k: Any, stride: int = 1, pad: Any = 0) -> None:
        super().__init__(f, k)
        self.node = layers.Conv2D(0.0, 0.0, stride)
        self.ypad, self.xpad = (int(n) for n in np.broadcast_to(pad, 2))

    def compute(self, f: Array, k: Array) -> Any:
        return _channels_last(self.node.forward(*self._arrays(f, k)))

    def vjp(self, grad: Array, f: Array, k: Array) -> tuple[Array, Array]:
        df, dk = self.node.backward(_channels_first(grad), *self._arrays(f, k))
        height, width = f.shape[1:3]
        inner = _channels_last(df)[:, self.ypad :, self.xpad :][:, :height, :width]
        return inner, dk.transpose(2, 3, 1, 0)

    def _arrays(self, f: Array, k: Array) -> tuple[Array, Array]:
        sides = ((0, 0), (self.ypad, self.ypad), (self.xpad, self.xpad), (0, 0))
        return _channels_first(np.pad(f, sides)), k.transpose(3, 2, 0, 1)


ConvNaive = Conv  # which gives the same, more slowly


class MaxPool(Component):
    """The largest number of each window of ksz x ksz.

    Of several that are largest, the first gets the gradient, where the original gives it to each.
    """

    operation: type[layers.Pooling] = layers.MaxPool2D

    def __init__(self, x: Any, ksz: int = 2, stride: int | None = None) -> None:
        super().__init__(x)
        self.node = self.operation(0.0, ksz, stride)

    def compute(self, x: Array) -> Any:
        return _channels_last(self.node.forward(_channels_first(x)))

    def vjp(self, grad: Array, x: Array) -> Array:
        return _channels_last(self.node.backward(_channels_first(grad), _channels_first(x)))


class AvePool(MaxPool):
    """The mean of each window of ksz x ksz."""

    operation = layers.AvgPool2D


class SumPool(AvePool):
    """The sum over each window of ksz x ksz."""

    def compute(self, x: Array) -> Any:
        return super().compute(x) * DT(np.prod(self.node.size))

    def vjp(self, grad: Array, x: Array) -> Array:
        return super().vjp(grad * DT(np.prod(self.node.size)), x)


def _channels_first(x: Array) -> Array:
    return x.transpose(0, 3, 1, 2)


def _channels_last(x: Array) -> Array:
    return x.transpose(0, 2, 3, 1)


class BatchNorm(Component):
    """gamma * (x - m) / sqrt(v + ep) + beta for x (batch, n): m and v of the batch, over its rows.

    While `test.value` is not 0 they are the means over all batches so far, of variances with n - 1
    in place of n rows.
    """

    def __init__(self, x: Any, gamma: Any, beta: Any, test: Any, ep: float = 1e-30) -> None:
        super().__init__(x, gamma, beta)
        self.test = test
        self.node = layers.BatchNorm(0.0, 0.0, 0.0, eps=ep)
        self.seen = 0

    def compute(self, x: Array, gamma: Array, beta: Array) -> Any:
        self.node.training = not np.any(self.test.value)
        self.seen += int(self.node.training)
        self.node.momentum = 1 / max(self.seen, 1)
        return self.node.forward(x, gamma, beta)

    def vjp(self, grad: Array, x: Array, gamma: Array, beta: Array) -> Any:
        return self.node.backward(grad, x, gamma, beta)


class Dropout(Component):
    """x / (1 - rate) where kept, 0 where dropped; `rate` is a `Value`, 0 to keep everything.

    Random numbers are NumPy's global ones, which programs seed with `np.random.seed`.
    """

    def __init__(self, x: Any, rate: Any) -> None:
        super().__init__(x)
        self.rate = rate
        self.mask: Any = DT(1)

    def compute(self, x: Array) -> Any:
        rate = float(self.rate.value)
        kept = np.random.random(x.shape) >= rate if rate else np.ones(x.shape, bool)
        self.mask = kept.astype(DT) / DT(1 - rate)
        return x * self.mask

    def vjp(self, grad: Array, x: Array) -> Array:
        return grad * self.mask


# ----------------------------------------------------------------------------------- counts


class _Count(Component):
    """A component that has no gradient."""

    def __init__(self, *inputs: Any) -> None:
        super().__init__(*inputs)
        self.grad = None


class Accuracy(_Count):
    """The fraction of rows whose largest entry is at idx."""

    def __init__(self, x: Any, idx: Any) -> None:
        super().__init__(x, idx)

    def compute(self, x: Array, idx: Array) -> Any:
        return np.mean(np.argmax(x, axis=-1) == idx)


class ArgMax(_Count):
    """The position of the largest entry."""

    def __init__(self, x: Any) -> None:
        super().__init__(x)

    def compute(self, x: Array) -> Any:
        return np.argmax(x)


# --------------------------------------------------------------------------------- optimisers


def SGD(lr: float) -> None:
    """value <- value - lr * grad, for every parameter."""
    for p in params:
        _descend(p, lr, p.grad)


def Momentum(lr: float, mom: float) -> None:
    """v <- mom * v + grad;  value <- value - lr * v."""
    for p in params:
        p.state["v"] = mom * p.state.get("v", DT(0)) + p.grad
        _descend(p, lr, p.state["v"])


def AdaGrad(lr: float, ep: float = 1e-8) -> None:
    """G <- G + grad**2;  value <- value - lr * grad / sqrt(G + ep)."""
    for p in params:
        p.state["G"] = p.state.get("G", DT(0)) + p.grad * p.grad
        _descend(p, lr, p.grad / np.sqrt(p.state["G"] + ep))


def RMSProp(lr: float, g: float = 0.9, ep: float = 1e-8) -> None:
    """G <- g * G + (1 - g) * grad**2;  value <- value - lr * grad / sqrt(G + ep)."""
    for p in params:
        p.state["R"] = g * p.state.get("R", DT(0)) + (1 - g) * p.grad * p.grad
        _descend(p, lr, p.grad / np.sqrt(p.state["R"] + ep))


def Adam(
    alpha: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    ep: float = 1e-8,
    lr: float | None = None,
) -> None:
    """Adam with bias correction, counted for each parameter by itself. The file of problem set 3
    calls alpha `lr`."""
    alpha = alpha if lr is None else lr
    for p in params:
        t = p.state["t"] = p.state.get("t", 0) + 1
        m = p.state["m"] = b1 * p.state.get("m", DT(0)) + (1 - b1) * p.grad
        s = p.state["s"] = b2 * p.state.get("s", DT(0)) + (1 - b2) * p.grad * p.grad
        _descend(p, alpha, m / (1 - b1**t) / (np.sqrt(s / (1 - b2**t)) + ep))


def GradClip(grad_clip: float) -> None:
    """Scale the gradient of each parameter down to norm `grad_clip`, if it is longer."""
    for p in params:
        norm = float(np.sqrt(np.sum(p.grad * p.grad)))
        if norm > grad_clip:
            p.grad = p.grad * (grad_clip / norm)


def _descend(p: Any, lr: float, direction: Array) -> None:
    p.value = p.value - float(lr * p.opts.get("lr", 1.0)) * direction
    p.grad = DT(0)
