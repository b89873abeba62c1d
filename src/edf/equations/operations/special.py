r"""Functions that are integrals: `\operatorname{erf}(x)`, `\Phi(x)`, `\Gamma(x)`.

NumPy has none of them. They are computed of real numbers, by the standard library; a complex step
changes them by their derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from edf.equations.operations.operation import Array

_SHIFTED = 12.0  # where the asymptotic series of the digamma function has 16 digits
#: Its coefficients: the Bernoulli numbers B_2k / 2k (Abramowitz and Stegun 1964, 6.3.18).
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def _of_reals(
    function: Callable[[float], float], derivative: Callable[[Array], Array]
) -> Callable[[Array], Array]:
    each = np.vectorize(function, otypes=[float])

    def value(z: Array) -> Array:
        if z.dtype == object:
            raise TypeError("there is no value with more digits")
        real: Array = each(np.real(z)) if z.size else np.real(z)
        if not np.iscomplexobj(z):
            return real
        slope = derivative(np.real(z))
        return real + 1j * np.where(np.imag(z) == 0, 0.0, np.imag(z) * slope)

    return value


def _gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # at 0, -1, -2, ...
        return math.nan


def digamma(x: Array) -> Array:
    """The derivative of the logarithm of the gamma function."""
    below = x < 0.5
    y = np.where(below, 1 - x, x)
    total = np.zeros_like(y)
    while (small := y < _SHIFTED).any():
        total = total - np.where(small, 1 / y, 0.0)
        y = np.where(small, y + 1, y)
    series = sum(b / y ** (2 * k) for k, b in enumerate(_DIGAMMA, 1))
    total = total + np.log(y) - 1 / (2 * y) - series
    return np.where(below, total - np.pi / np.tan(np.pi * x), total)


erf = _of_reals(math.erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x))
erfc = _of_reals(math.erfc, lambda x: -2 / math.sqrt(math.pi) * np.exp(-x * x))
normal = _of_reals(
    lambda x: math.erfc(-x / math.sqrt(2)) / 2,
    lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
)
gamma = _of_reals(_gamma, lambda x: np.vectorize(_gamma, otypes=[float])(x) * digamma(x))
