"""Products and sums of matrices by BLAS: what NumPy's `@` and `sum` give, sooner.

`dot` of two matrices is `@` without the search for a batch. A sum over one axis of a matrix is its
product with ones.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

#: The most terms of a sum. BLAS adds many rows more exactly than NumPy, and from about 100 on the
#: numbers of one row less so; and what waits here to be used again shall stay small.
MOST_ROWS, MOST_COLUMNS = 4096, 64


def matmul(a: Any, b: Any) -> Any:
    """Return a @ b: (..., m, k) @ (..., k, n) -> (..., m, n)."""
    return a.dot(b) if _is_matrix(a) and _is_matrix(b) else a @ b


def sum_of_rows(x: Any) -> Any:
    """Return x.sum(axis=0)."""
    if _is_matrix(x) and len(x) <= MOST_ROWS and x.dtype.char in "fd":
        return _ones(len(x), x.dtype).dot(x)
    return np.add.reduce(x, axis=0)


def sum_of_columns(x: Any) -> Any:
    """Return x.sum(axis=-1)."""
    if _is_matrix(x) and x.shape[1] <= MOST_COLUMNS and x.dtype.char in "fd":
        return x.dot(_ones(x.shape[1], x.dtype))
    return np.add.reduce(x, axis=-1)


def _is_matrix(x: Any) -> bool:
    return type(x) is np.ndarray and x.ndim == 2


@functools.lru_cache(maxsize=16)
def _ones(length: int, dtype: np.dtype[Any]) -> Any:
    ones = np.ones(length, dtype)
    ones.flags.writeable = False  # all threads share it
    return ones
