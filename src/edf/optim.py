"""Optimisers: each changes parameters by a step against their gradients, dw below.

A learning rate is a number, or a schedule: a function of the number of steps taken so far. The
arrays that a parameter held before a step are left as they were.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

from edf.errors import Explained
from edf.graph import Array, GraphError, Param
from edf.other_libraries import OPTIMISER_ATTRIBUTES

Schedule = Callable[[int], float]


class Optimizer(metaclass=Explained):
    """What all optimisers share: parameters, the learning rate, the count of steps.

    A subclass says in `update` what one step makes of one parameter.

    Args:
        params: The parameters to change, as `loss.params` gives them.
        lr: The learning rate, or a schedule.
    """

    def __init__(self, params: Iterable[Param], lr: float | Schedule) -> None:
        self.params = _several(params)
        if not callable(lr):
            _require_positive("the learning rate", lr)
        if not self.params:
            raise ValueError(
                "there are no parameters to change: a loss depends on them where they are made as "
                "Param(array), and not as Input(array)"
            )
        self.lr = lr
        self.steps = 0
        self._memory: dict[Param, dict[str, Array]] = {param: {} for param in self.params}

    def step(self) -> None:
        """Change every parameter that the last `backward()` gave a gradient.

        Raises:
            GraphError: It gave none to any of them, or there was no `backward()`.
        """
        changing = [param for param in self.params if param.grad is not None]
        if not changing:
            raise GraphError("no parameter has a gradient: call loss.backward() before step()")
        lr = self.lr(self.steps) if callable(self.lr) else self.lr
        self.steps += 1
        for param in changing:
            param.value = self.update(param.value, param.grad, lr, self._memory[param])

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Array]) -> Array:
        """Return the next value of a parameter; `memory` keeps what is remembered of it."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> NoReturn:
        remedy = OPTIMISER_ATTRIBUTES.get(name, "it has step(), params, lr and steps")
        raise AttributeError(f"{type(self).__name__} has no {name!r}: {remedy}")


class SGD(Optimizer):
    """w <- w - lr dw, gradient descent."""

    def __init__(self, params: Iterable[Param], lr: float | Schedule = 0.1) -> None:
        super().__init__(params, lr)

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Array]) -> Array:
        return _against(w, dw, lr)


class Momentum(Optimizer):
    """v <- momentum v + dw, w <- w - lr v; Polyak, 1964."""

    def __init__(
        self, params: Iterable[Param], lr: float | Schedule = 0.01, momentum: float = 0.9
    ) -> None:
        super().__init__(params, lr)
        self.momentum = momentum

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Array]) -> Array:
        v = memory["v"] = self.momentum * memory.get("v", 0.0) + dw
        return _against(w, v, lr)


class Nesterov(Momentum):
    """v <- momentum v + dw, w <- w - lr (dw + momentum v): the gradient a step ahead.

    In the form of Sutskever et al., 2013, with the shifted parameter as w.
    """

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Array]) -> Array:
        v = memory["v"] = self.momentum * memory.get("v", 0.0) + dw
        return _against(w, dw + self.momentum * v, lr)


class AdaGrad(Optimizer):
    """s <- s + dw**2, w <- w - lr dw / (sqrt(s) + eps); Duchi, Hazan and Singer, 2011."""

    def __init__(
        self, params: Iterable[Param], lr: float | Schedule = 0.01, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr)
        self.eps = eps

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Array]) -> Array:
        s = memory["s"] = memory.get("s", 0.0) + dw * dw
        return _against(w, dw / (np.sqrt(s) + self.eps), lr)


class RMSProp(Optimizer):
    """s <- decay s + (1 - decay) dw**2, w <- w - lr dw / (sqrt(s) + eps); Hinton, 2012."""

    def __init__(
        self,
        params: Iterable[Param],
        lr: float | Schedule = 0.001,
        decay: float = 0.9,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, lr)
        self.decay, self.eps = decay, eps

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Array]) -> Array:
        s = memory["s"] = self.decay * memory.get("s", 0.0) + (1 - self.decay) * (dw * dw)
        return _against(w, dw / (np.sqrt(s) + self.eps), lr)


class Adam(Optimizer):
    """m <- b1 m + (1 - b1) dw, s <- b2 s + (1 - b2) dw**2, and after t steps

        w <- w - lr m / (1 - b1**t) / (sqrt(s / (1 - b2**t)) + eps);        Kingma and Ba, 2015.

    Args:
        params: The parameters to change.
        lr: The learning rate, or a schedule.
        betas: b1 and b2.
        eps: Keeps the quotient finite.
    """

    def __init__(
        self,
        params: Iterable[Param],
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, lr)
        if not (isinstance(betas, Sequence) and len(betas) == 2):
            raise TypeError(f"betas are two numbers, as (0.9, 0.999), not {betas!r}")
        self.betas, self.eps = betas, eps

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Any]) -> Array:
        b1, b2 = self.betas
        t = memory["t"] = memory.get("t", 0) + 1
        m = memory["m"] = b1 * memory.get("m", 0.0) + (1 - b1) * dw
        s = memory["s"] = b2 * memory.get("s", 0.0) + (1 - b2) * (dw * dw)
        return _against(w, m / (1 - b1**t) / (np.sqrt(s / (1 - b2**t)) + self.eps), lr)


class AdamW(Adam):
    """Adam's step from w - lr weight_decay w; Loshchilov and Hutter, 2019.

    Args:
        params: The parameters to change.
        lr: The learning rate, or a schedule.
        betas: b1 and b2 of Adam.
        eps: Keeps the quotient finite.
        weight_decay: The share of w, times lr, that every step takes away.
    """

    def __init__(
        self,
        params: Iterable[Param],
        lr: float | Schedule = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps)
        self.weight_decay = weight_decay

    def update(self, w: Array, dw: Array, lr: float, memory: dict[str, Any]) -> Array:
        return super().update(w - lr * self.weight_decay * w, dw, lr, memory)


def clip_gradients(params: Iterable[Param], max_norm: float) -> float:
    """Scale all gradients together so that their joint norm is at most `max_norm`.

    Returns the norm that they had, sqrt(sum of the squares of all entries of all gradients).
    """
    _require_positive("max_norm", max_norm)
    clipped = [param for param in _several(params) if param.grad is not None]
    norm = math.hypot(*(_norm(param.grad) for param in clipped))
    if norm > max_norm:
        for param in clipped:
            param.grad = param.grad * (max_norm / norm)
    return norm


def step_decay(lr: float, *, every: int, factor: float = 0.1) -> Schedule:
    """Return the schedule lr * factor**(step // every)."""
    return lambda step: lr * factor ** (step // every)


def exponential_decay(lr: float, *, halving: float) -> Schedule:
    """Return the schedule lr * 2**(-step / halving): half as large every `halving` steps."""
    return lambda step: lr * 2 ** (-step / halving)


def cosine(lr: float, *, steps: int, warmup: int = 0, final: float = 0.0) -> Schedule:
    """Return a schedule that rises linearly to lr in `warmup` steps, then falls to `final` along
    half a cosine until `steps` are done, and stays there."""

    def rate(step: int) -> float:
        if step < warmup:
            return lr * (step + 1) / warmup
        done = min((step - warmup) / max(steps - warmup, 1), 1.0)
        return final + (lr - final) * (1 + math.cos(math.pi * done)) / 2

    return rate


def _several(params: Any) -> list[Param]:
    """Return parameters as a list: of one, or of several."""
    several = list(params) if isinstance(params, Iterable) else [params]
    for param in several:
        if not isinstance(param, Param):
            raise TypeError(f"an optimiser changes parameters, not {param!r}: give loss.params")
    return several


def _require_positive(what: str, number: Any) -> None:
    if not isinstance(number, int | float | np.number):
        raise TypeError(f"{what} is a number, not {number!r}")
    if not number > 0:
        raise ValueError(f"{what} is positive, not {number}")


def _norm(grad: Array) -> float:
    """Return the Euclidean norm, which is finite where the square of an entry would not be."""
    largest = float(np.max(np.abs(grad), initial=0))
    if not 0 < largest < math.inf:
        return largest
    return largest * float(np.linalg.norm(np.ravel(grad) / largest))


def _against(w: Array, direction: Array, lr: float) -> Array:
    """Return w - lr * direction, in one new array."""
    new = np.asarray(-lr * direction)
    new += w
    return new
