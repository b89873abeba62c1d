"""Optimisers: each changes the values of parameters by a step against their gradients."""

from __future__ import annotations

from collections.abc import Iterable

from edf.graph import Param


class SGD:
    """Gradient descent: w <- w - lr * dw.

    Args:
        params: The parameters to change, as `loss.params` gives them.
        lr: The learning rate.
    """

    def __init__(self, params: Iterable[Param], lr: float = 0.1) -> None:
        self.params, self.lr = list(params), lr

    def step(self) -> None:
        """Change every parameter that the last `backward()` gave a gradient."""
        for param in self.params:
            if param.grad is not None:
                param.value = param.value - self.lr * param.grad
