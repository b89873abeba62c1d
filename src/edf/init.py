"""Initial values of parameters. Each takes its source of randomness: nothing is drawn in secret.

A shape is (n_in, n_out) for a matrix that stands at the right of `x @ W`, and (out, in, height,
width) for the filters of a convolution, where n_in = in * height * width and n_out likewise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from edf.graph import Array


def xavier(shape: Sequence[int], rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Uniform in +-sqrt(6 / (n_in + n_out)): for sigmoid and tanh; Glorot and Bengio, 2010."""
    bound = math.sqrt(6 / sum(_fans(shape)))
    return _source(rng).uniform(-bound, bound, shape).astype(dtype)


def he(shape: Sequence[int], rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Normal with variance 2 / n_in: for ReLU and its kin; He et al., 2015."""
    return normal(shape, rng, math.sqrt(2 / _fans(shape)[0]), dtype)


def lecun(shape: Sequence[int], rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Normal with variance 1 / n_in: the variance of x @ W is that of x; LeCun et al., 1998."""
    return normal(shape, rng, math.sqrt(1 / _fans(shape)[0]), dtype)


def normal(
    shape: Sequence[int], rng: np.random.Generator, scale: float = 0.01, dtype: Any = np.float64
) -> Array:
    """Normal with mean 0 and standard deviation `scale`."""
    return (scale * _source(rng).standard_normal(shape)).astype(dtype)


def _source(rng: np.random.Generator) -> np.random.Generator:
    """Return the source of random numbers, unless it is none."""
    if not hasattr(rng, "standard_normal"):
        raise TypeError(
            "initial values are drawn from a generator, rng = np.random.default_rng(0), not "
            f"{rng!r}: of a seed, parameters of one shape would all start alike"
        )
    return rng


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return n_in and n_out of the weights of that shape."""
    if isinstance(shape, int):
        raise TypeError(f"a shape is a tuple, as in xavier((3, 2), rng), not {shape}")
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 4:
        window = shape[2] * shape[3]
        return shape[1] * window, shape[0] * window
    raise ValueError(
        f"weights are (n_in, n_out) or (out, in, height, width), not {tuple(shape)}; "
        "biases usually start at 0: np.zeros"
    )
