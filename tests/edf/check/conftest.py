"""What the tests of gradient checks share: small operations, right and wrong."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from edf.graph import Node


class Softmax(Node):
    def forward(self, x):
        e = np.exp(x - x.real.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def backward(self, grad, x):
        P = self.value
        return P * (grad - (grad * P).sum(-1, keepdims=True))


class SoftmaxWithoutOffDiagonal(Softmax):
    def backward(self, grad, x):
        return grad * self.value * (1 - self.value)


class Affine(Node):
    def forward(self, x, W, b):
        return x @ W + b

    def backward(self, grad, x, W, b):
        return grad @ W.T, x.T @ grad, grad


class Rectifier(Node):
    def forward(self, x):
        return np.where(x.real > 0, x, 0)

    def backward(self, grad, x):
        return grad * (x > 0)


class Absolute(Node):
    """Drops the imaginary part of a complex argument."""

    def forward(self, x):
        return np.abs(x)

    def backward(self, grad, x):
        return grad * np.sign(x)


class Largest(Node):
    def forward(self, x):
        return x.max()

    def backward(self, grad, x):
        return grad * (np.arange(x.size).reshape(x.shape) == x.argmax())


@pytest.fixture
def nodes() -> SimpleNamespace:
    """Operations to build small graphs from."""
    kinds = (Softmax, SoftmaxWithoutOffDiagonal, Affine, Rectifier, Absolute, Largest)
    return SimpleNamespace(**{kind.__name__: kind for kind in kinds})


@pytest.fixture
def perceptron(nodes):
    """Return a maker of two-layer networks: sizes, and what the hidden layer is."""
    from edf.graph import Input, Param

    def make(n_in=6, hidden=5, classes=3, batch=4, activation=nodes.Softmax, dtype=np.float64):
        rng = np.random.default_rng(0)
        W, V = (
            Param(rng.standard_normal(s).astype(dtype)) for s in ((n_in, hidden), (hidden, classes))
        )
        b, c = (Param(np.zeros(n, dtype)) for n in (hidden, classes))
        data = Input(rng.standard_normal((batch, n_in)).astype(dtype))
        loss = nodes.Softmax(nodes.Affine(activation(nodes.Affine(data, W, b)), V, c))
        return SimpleNamespace(loss=loss, params=[W, b, V, c], data=data)

    return make
