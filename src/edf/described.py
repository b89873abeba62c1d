"""What an operation says of itself: in messages, in a trace, in a list of nodes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from edf.errors import check_options


class Described:
    """The part of a node that computes nothing."""

    value: Any
    name: str | None = None
    #: Which shapes the operation takes, for the message when NumPy finds that they do not fit.
    rule: str | None = None

    def __new__(cls, *_: Any, **options: Any) -> Self:
        if options:
            check_options(cls, options)  # what it takes, where it does not take one of these
        return super().__new__(cls)

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name else ""
        shape = "" if self.value is None else f" shape={np.shape(self.value)}"
        return f"<{type(self).__name__}{name}{shape}>"
