"""Circular and hyperbolic functions and their inverses. `grad` is as in `elementary`."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.graph import Array, Node


class Sin(Node, numpy=np.sin):
    r"""The sine, elementwise.

    $$y_i = \sin x_i$$

    $$\frac{\partial y_i}{\partial x_i} = \cos x_i$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Sin(x)
        >>> print(y.forward())
        [0.47942554 0.84147098]
    """

    def forward(self, x: Array) -> Array:
        return np.sin(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.cos(x)


class Cos(Node, numpy=np.cos):
    r"""The cosine, elementwise.

    $$y_i = \cos x_i$$

    $$\frac{\partial y_i}{\partial x_i} = -\sin x_i$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Cos(x)
        >>> print(y.forward())
        [0.87758256 0.54030231]
    """

    def forward(self, x: Array) -> Array:
        return np.cos(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad * np.sin(x)


class Tan(Node, numpy=np.tan):
    r"""The tangent, elementwise.

    $$y_i = \tan x_i$$

    $$\frac{\partial y_i}{\partial x_i} = 1 + y_i^2$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Tan(x)
        >>> print(y.forward())
        [0.54630249 1.55740772]
    """

    def forward(self, x: Array) -> Array:
        return np.tan(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * (1 + self.value**2)


class Arcsin(Node, numpy=np.arcsin):
    r"""The inverse of the sine, elementwise, for -1 < x < 1.

    $$y_i = \arcsin x_i$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{\sqrt{1 - x_i^2}}$$

    Examples:
        >>> x = Param([0.1, 0.5])
        >>> y = Arcsin(x)
        >>> print(y.forward())
        [0.10016742 0.52359878]
    """

    def forward(self, x: Array) -> Array:
        return np.arcsin(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / np.sqrt((1 - x) * (1 + x))


class Arccos(Node, numpy=np.arccos):
    r"""The inverse of the cosine, elementwise, for -1 < x < 1.

    $$y_i = \arccos x_i$$

    $$\frac{\partial y_i}{\partial x_i} = -\frac{1}{\sqrt{1 - x_i^2}}$$

    Examples:
        >>> x = Param([0.1, 0.5])
        >>> y = Arccos(x)
        >>> print(y.forward())
        [1.47062891 1.04719755]
    """

    def forward(self, x: Array) -> Array:
        return np.arccos(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return -grad / np.sqrt((1 - x) * (1 + x))


class Arctan(Node, numpy=np.arctan):
    r"""The inverse of the tangent, elementwise.

    $$y_i = \arctan x_i$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{1 + x_i^2}$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Arctan(x)
        >>> print(y.forward())
        [0.46364761 0.78539816]
    """

    def forward(self, x: Array) -> Array:
        return np.arctan(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / (1 + x**2)


class Sinh(Node, numpy=np.sinh):
    r"""The hyperbolic sine, elementwise.

    $$y_i = \sinh x_i = \frac{e^{x_i} - e^{-x_i}}{2}$$

    $$\frac{\partial y_i}{\partial x_i} = \cosh x_i$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Sinh(x)
        >>> print(y.forward())
        [0.52109531 1.17520119]
    """

    def forward(self, x: Array) -> Array:
        return np.sinh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.cosh(x)


class Cosh(Node, numpy=np.cosh):
    r"""The hyperbolic cosine, elementwise.

    $$y_i = \cosh x_i = \frac{e^{x_i} + e^{-x_i}}{2}$$

    $$\frac{\partial y_i}{\partial x_i} = \sinh x_i$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Cosh(x)
        >>> print(y.forward())
        [1.12762597 1.54308063]
    """

    def forward(self, x: Array) -> Array:
        return np.cosh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad * np.sinh(x)


class Arcsinh(Node, numpy=np.arcsinh):
    r"""The inverse of the hyperbolic sine, elementwise.

    $$y_i = \operatorname{arsinh}(x_i)$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{\sqrt{1 + x_i^2}}$$

    Examples:
        >>> x = Param([0.5, 1.0])
        >>> y = Arcsinh(x)
        >>> print(y.forward())
        [0.48121183 0.88137359]
    """

    def forward(self, x: Array) -> Array:
        return np.arcsinh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / np.sqrt(1 + x**2)


class Arccosh(Node, numpy=np.arccosh):
    r"""The inverse of the hyperbolic cosine, elementwise, for x > 1.

    $$y_i = \operatorname{arcosh}(x_i)$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{\sqrt{x_i^2 - 1}}$$

    Examples:
        >>> x = Param([1.5, 2.0])
        >>> y = Arccosh(x)
        >>> print(y.forward())
        [0.96242365 1.3169579 ]
    """

    def forward(self, x: Array) -> Array:
        return np.arccosh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / np.sqrt((x - 1) * (x + 1))


class Arctanh(Node, numpy=np.arctanh):
    r"""The inverse of the hyperbolic tangent, elementwise, for -1 < x < 1.

    $$y_i = \operatorname{artanh}(x_i)$$

    $$\frac{\partial y_i}{\partial x_i} = \frac{1}{1 - x_i^2}$$

    Examples:
        >>> x = Param([0.1, 0.5])
        >>> y = Arctanh(x)
        >>> print(y.forward())
        [0.10033535 0.54930614]
    """

    def forward(self, x: Array) -> Array:
        return np.arctanh(x)

    def backward(self, grad: Array, x: Array) -> Any:
        return grad / ((1 - x) * (1 + x))
