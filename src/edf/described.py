"""What an operation says of itself: in messages, in a trace, in a list of nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from edf.errors import Explained


class Described(metaclass=Explained):
    """The part of a node that computes nothing."""

    value: Any
    name: str | None = None
    #: Which shapes the operation takes, for the message when NumPy finds that they do not fit.
    rule: str | None = None

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name else ""
        shape = "" if self.value is None else f" shape={np.shape(self.value)}"
        return f"<{type(self).__name__}{name}{shape}>"
