"""Circular and hyperbolic functions and their inverses, elementwise. `grad` is as in `edf.ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.graph import Array, Node


class Sin(Node, numpy=np.sin):
    """y = sin x. dy/dx = cos x."""

    def forward(self, x: Array) -> Array:
        return np.sin(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.cos(x)


class Cos(Node, numpy=np.cos):
    """y = cos x. dy/dx = -sin x."""

    def forward(self, x: Array) -> Array:
        return np.cos(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad * np.sin(x)


class Tan(Node, numpy=np.tan):
    """y = tan x. dy/dx = 1 + y**2."""

    def forward(self, x: Array) -> Array:
        return np.tan(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (1 + self.value**2)


class Arcsin(Node, numpy=np.arcsin):
    """y = arcsin x, for -1 < x < 1. dy/dx = 1 / sqrt(1 - x**2)."""

    def forward(self, x: Array) -> Array:
        return np.arcsin(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / np.sqrt((1 - x) * (1 + x))


class Arccos(Node, numpy=np.arccos):
    """y = arccos x, for -1 < x < 1. dy/dx = -1 / sqrt(1 - x**2)."""

    def forward(self, x: Array) -> Array:
        return np.arccos(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad / np.sqrt((1 - x) * (1 + x))


class Arctan(Node, numpy=np.arctan):
    """y = arctan x. dy/dx = 1 / (1 + x**2)."""

    def forward(self, x: Array) -> Array:
        return np.arctan(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (1 + x**2)


class Sinh(Node, numpy=np.sinh):
    """y = sinh x = (exp x - exp(-x)) / 2. dy/dx = cosh x."""

    def forward(self, x: Array) -> Array:
        return np.sinh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.cosh(x)


class Cosh(Node, numpy=np.cosh):
    """y = cosh x = (exp x + exp(-x)) / 2. dy/dx = sinh x."""

    def forward(self, x: Array) -> Array:
        return np.cosh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.sinh(x)


class Arcsinh(Node, numpy=np.arcsinh):
    """y = arcsinh x. dy/dx = 1 / sqrt(1 + x**2)."""

    def forward(self, x: Array) -> Array:
        return np.arcsinh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / np.sqrt(1 + x**2)


class Arccosh(Node, numpy=np.arccosh):
    """y = arccosh x, for x > 1. dy/dx = 1 / sqrt(x**2 - 1)."""

    def forward(self, x: Array) -> Array:
        return np.arccosh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / np.sqrt((x - 1) * (x + 1))


class Arctanh(Node, numpy=np.arctanh):
    """y = arctanh x, for -1 < x < 1. dy/dx = 1 / (1 - x**2)."""

    def forward(self, x: Array) -> Array:
        return np.arctanh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / ((1 - x) * (1 + x))
