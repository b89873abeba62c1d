"""Pages: namespaces with a small graph each, that equations are read against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edf import AnyFunction, Input, Log, Node, Param, Sigmoid, Softmax, Sum, Tanh
from edf.equations import EquationVerdict, check_equation


def chain() -> dict[str, Any]:
    """The graph of Problem 1: x to y and z, both to u, u to l."""
    g, h, f, L = AnyFunction(), AnyFunction(), AnyFunction(), AnyFunction()
    x = Input(shape=())
    y, z = g(x), h(x)
    u = f(y, z)
    l = L(u)
    return locals()


def softmax() -> dict[str, Any]:
    """The graph of Problem 2: softmax under an arbitrary loss."""
    x = Input(shape=(4,))
    P = Softmax(x)
    l = AnyFunction()(P)
    return locals()


def scalars() -> dict[str, Any]:
    """Two numbers, a positive one, and functions of them."""
    x, y = Input(shape=()), Input(shape=())
    p = Input(shape=(), sample="positive")
    s, t = Sigmoid(x), Tanh(x)
    w = x * x
    theta, y_hat, ell = Input(shape=()), Input(shape=()), w + y
    c = 3
    phi, psi = (lambda v: v**3), AnyFunction()
    q = psi(x)
    return locals()


def vectors() -> dict[str, Any]:
    """Vectors, matrices, an affine map and a quadratic form."""
    W, B = Param(np.ones((3, 4))), Input(shape=(3, 4))
    A = Input(shape=(4, 4))
    x, y = Input(shape=(4,)), Input(shape=(4,))
    b, v = Input(shape=(3,)), Input(shape=(3,))
    z = W @ x + b
    h = Sigmoid(z)
    q = x @ A @ x
    r = Sum(x * x) ** 0.5
    ell = AnyFunction()(z)
    F = AnyFunction(shape=(3,))
    m = F(x)
    W_1 = Input(shape=(2, 3))
    a = Input(shape=())
    n = 4
    C = np.arange(12.0).reshape(3, 4)
    return locals()


def arguments() -> dict[str, Any]:
    """Nodes of several inputs that are no functions of their last operands."""
    w, x = Input(shape=()), Input(shape=())
    t = Input(shape=(), sample="positive")
    theta, epsilon = Input(shape=()), Input(shape=())
    h = w * x + w
    p = Sigmoid(x)
    L = -t * Log(p) - (1 - t) * Log(1 - p)
    J = theta * theta * x
    d = w - x
    return locals()


def layers() -> dict[str, Any]:
    """A layer with an activation, as matrix and as vector."""
    Z, A, z = Input(shape=(3, 3)), Input(shape=(3, 3)), Input(shape=(4,))
    E = np.ones((3, 3))
    S, s = Sigmoid(Z), Sigmoid(z)
    l = AnyFunction()(S)
    phi, psi = (lambda v: v**3), Softmax
    return locals()


class Clamped(Node):
    """A ReLU as a student writes it."""

    def forward(self, x: Any) -> Any:
        return np.where(x > 0, x, 0)

    def backward(self, grad: Any, x: Any) -> Any:
        return grad * (x > 0)


PAGES: dict[str, Callable[[], dict[str, Any]]] = {
    "chain": chain,
    "softmax": softmax,
    "scalars": scalars,
    "vectors": vectors,
    "arguments": arguments,
    "layers": layers,
}


@pytest.fixture(scope="session")
def pages() -> dict[str, dict[str, Any]]:
    """Return every page's namespace by name."""
    return {name: make() for name, make in PAGES.items()}


@pytest.fixture(scope="session")
def check(pages: dict[str, dict[str, Any]]) -> Callable[..., list[EquationVerdict]]:
    """Return a function that checks LaTeX on a page, with names added to it if given."""

    def run(page: str, latex: str, more: dict[str, Any] | None = None, **options: Any) -> Any:
        return check_equation(latex, {**pages[page], **(more or {})}, **options)

    return run
