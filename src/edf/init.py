"""Initial values of parameters. Each takes its source of randomness: nothing is drawn in secret."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edf.graph import Array


def xavier(shape: Sequence[int], rng: np.random.Generator, dtype: type = np.float64) -> Array:
    """Uniform in +-sqrt(6 / (n_in + n_out)) for (n_in, n_out); Glorot and Bengio, 2010."""
    fan_in, fan_out = shape[0], shape[-1]
    bound = float(np.sqrt(6 / (fan_in + fan_out)))
    return rng.uniform(-bound, bound, shape).astype(dtype)
