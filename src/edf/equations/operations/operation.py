"""What is known of one operation of the dialect, and short ways to say how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edf.equations.operations.shapes import Shape

Array: TypeAlias = npt.NDArray[Any]
#: Gets the shapes of the arguments and returns that of the value; raises ShapeError.
Rule: TypeAlias = Callable[..., Shape]

#: How tightly a text binds, and what stands around it: nothing, a sum, a product, a power.
LOOSE, IN_SUM, IN_PRODUCT, IN_POWER, TIGHT = range(5)


@dataclass(frozen=True)
class Shown:
    """How a value is shown, from the texts of its arguments."""

    text: Callable[..., str]
    needs: tuple[int, ...]  # how tightly each argument must bind; the last, of all further ones
    binds: int  # how tightly the text binds


@dataclass(frozen=True)
class Operation:
    r"""One operation: its spelling, shape rule, value and display.

    `value` gets one array an argument, of shape (..., rows, columns) with any axes in front, and
    returns such an array. A number is one by one. Where an operation has two or more arguments, it
    takes two and is folded over them from the left. It must take complex numbers as they come from
    a complex step: functions of the real line decide by the real part.
    """

    name: str  # what `Expr.op` says
    value: Callable[..., Array]
    shape: Rule
    plain: Shown
    latex: Shown
    macros: tuple[str, ...] = ()  # \det
    words: tuple[str, ...] = ()  # \operatorname{det}
    symbols: tuple[str, ...] = ()  # \sigma, unless the page binds it
    latex_name: str = ""  # of a function, where it stands without its arguments
    arity: int | None = 1  # number of arguments; None for two or more
    #: The operation that a superscript -1 behind the macro means, as arcsin in \sin^{-1}.
    inverse: str = ""
    #: Whether a power may stand between the macro and its argument, as in \sin^2 x.
    powered: bool = False
    #: Whether it acts on each entry by itself, so that f' of a vector is elementwise.
    elementwise: bool = False
    #: Whether it rounds on the way, as a sum of products does, and not its result alone.
    rounds_inside: bool = False
    #: Whether it follows different rules in different places.
    branches: bool = False

    def __call__(self, *arrays: Array) -> Array:
        """Return the value for any number of arguments that the operation takes."""
        return reduce(self.value, arrays) if self.arity is None else self.value(*arrays)


def called(plain: str, latex: str) -> tuple[Shown, Shown]:
    """Show as a function: `f(a, b)`."""
    return (
        Shown(lambda *a: f"{plain}({', '.join(a)})", (LOOSE,), TIGHT),
        Shown(lambda *a: rf"{latex}\left( {', '.join(a)} \right)", (LOOSE,), TIGHT),
    )


def joined(plain: str, latex: str, needs: int) -> tuple[Shown, Shown]:
    """Show as a product, with a sign between the factors."""
    return (
        Shown(lambda *a: plain.join(a), (needs,), IN_PRODUCT),
        Shown(lambda *a: latex.join(a), (needs,), IN_PRODUCT),
    )


def enclosed(plain: tuple[str, str], latex: tuple[str, str]) -> tuple[Shown, Shown]:
    """Show between two signs, as a norm is."""
    return (
        Shown(lambda a: plain[0] + a + plain[1], (LOOSE,), TIGHT),
        Shown(lambda a: latex[0] + a + latex[1], (LOOSE,), TIGHT),
    )


def negative(value: Array) -> Array:
    """Where a value is below 0; of a complex one, its real part counts."""
    below: Array = np.real(value) < 0
    return below
