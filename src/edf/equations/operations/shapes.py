"""Linear-algebra shapes: `None` for a number, (rows, columns) for a column, a row or a matrix.

A length that is not known yet is a dimension variable, which gets its value where it meets a known
length. One by one is a number.
"""

from __future__ import annotations

from typing import TypeAlias


class DimensionVariable:
    r"""A length that is not known yet, as that of `\mathbf{1}` until it meets a vector."""

    __slots__ = ("length",)

    def __init__(self) -> None:
        self.length: Dim | None = None


Dim: TypeAlias = int | DimensionVariable
Shape: TypeAlias = tuple[Dim, Dim] | None


class ShapeRuleError(ValueError):
    """Arguments that an operation does not take.

    Attributes:
        message (str): What does not fit, and what to write.
        argument (int | None): The number of the argument at fault; None for the operation itself.
    """

    def __init__(self, message: str, argument: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.argument = argument


def settle(dim: Dim) -> Dim:
    """Return what is known of a length."""
    while isinstance(dim, DimensionVariable) and dim.length is not None:
        dim = dim.length
    return dim


def same(one: Dim, other: Dim) -> bool:
    """Make two lengths equal if they can be, and say whether they are."""
    one, other = settle(one), settle(other)
    if isinstance(one, DimensionVariable):
        if one is not other:
            one.length = other
        return True
    if isinstance(other, DimensionVariable):
        other.length = one
        return True
    return one == other


def fits(one: Shape, other: Shape) -> bool:
    """Make two shapes equal if they can be, and say whether they are."""
    if one is None or other is None:
        return one is other
    return same(one[0], other[0]) and same(one[1], other[1])


def could_fit(one: Shape, other: Shape) -> bool:
    """Say whether two shapes may be equal, and leave what is unknown as it is."""
    if one is None or other is None:
        return one is other
    pairs = [(settle(a), settle(b)) for a, b in zip(one, other, strict=True)]
    return all(not isinstance(a, int) or not isinstance(b, int) or a == b for a, b in pairs)


def is_column(shape: Shape) -> bool:
    """Whether a shape is known to be that of a column."""
    return shape is not None and settle(shape[1]) == 1


def is_vector(shape: Shape) -> bool:
    """Whether a shape is known to be that of a column or a row."""
    return shape is not None and 1 in (settle(shape[0]), settle(shape[1]))


def collapse(shape: Shape) -> Shape:
    """One by one is a number."""
    return None if shape is not None and [settle(d) for d in shape] == [1, 1] else shape


def of_array(shape: tuple[int, ...]) -> Shape:
    """Return the shape of an array of at most two axes: a vector is a column."""
    if len(shape) == 0 or shape in ((1,), (1, 1)):
        return None
    return (shape[0], shape[1] if len(shape) > 1 else 1)


def to_array(shape: Shape) -> tuple[int, ...] | None:
    """Return the NumPy shape that a value is handed on with, or None while a length is unknown."""
    if shape is None:
        return ()
    rows, columns = settle(shape[0]), settle(shape[1])
    if not isinstance(rows, int) or not isinstance(columns, int):
        return None
    return (rows,) if columns == 1 else (rows, columns)


def describe(shape: Shape) -> str:
    """Return a shape in words."""
    if shape is None:
        return "a number"
    rows, columns = (settle(dim) for dim in shape)
    if columns == 1:
        return f"a column of {_length(rows)}"
    if rows == 1:
        return f"a row of {_length(columns)}"
    return f"a {_length(rows)} by {_length(columns)} matrix"


def _length(dim: Dim) -> str:
    return "unknown length" if isinstance(dim, DimensionVariable) else str(dim)
