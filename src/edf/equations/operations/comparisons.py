"""Which of several values is taken, and what decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from edf.graph import Array

COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "=": np.equal, r"\neq": np.not_equal, "<": np.less, ">": np.greater,
    r"\leq": np.less_equal, r"\geq": np.greater_equal,
}  # fmt: skip


def first_that_holds(
    values: Sequence[Array],
    tests: Sequence[Sequence[Array]],
    unknown: Sequence[Sequence[Array]] | None = None,
) -> Array:
    """Return the first value of which all tests hold, and NaN where there is none.

    With `unknown`, where tests could not be made, the value is NaN from that row on.
    """
    chosen = np.asarray(np.nan)
    nowhere: Sequence[Sequence[Array]] = [()] * len(values)
    rows = list(zip(values, tests, unknown or nowhere, strict=True))
    for value, own, lost in reversed(rows):
        chosen = np.where(reduce(np.logical_and, own), value, chosen) if own else value
        if lost:
            chosen = np.where(reduce(np.logical_or, lost), np.nan, chosen)
    return chosen
