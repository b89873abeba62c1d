"""What a node understands of Python's spelling: `x + 1`, `2 * x`, `x @ W`, `x[0]`, `x.T`.

Each operation says in its class statement which sign makes it, as `class Add(Node, sign="+")`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

N = TypeVar("N")


class Operators(Generic[N]):
    """The operators of Python; each makes a node, of type N, of the operation with that sign."""

    #: The operation that each sign makes, filled as the operations are defined.
    signs: ClassVar[dict[str, type]] = {}

    def __init_subclass__(cls, sign: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if sign is not None:
            Operators.signs[sign] = cls

    def __add__(self, other: Any) -> N:
        return self._make("+", self, other)

    def __radd__(self, other: Any) -> N:
        return self._make("+", other, self)

    def __sub__(self, other: Any) -> N:
        return self._make("-", self, other)

    def __rsub__(self, other: Any) -> N:
        return self._make("-", other, self)

    def __mul__(self, other: Any) -> N:
        return self._make("*", self, other)

    def __rmul__(self, other: Any) -> N:
        return self._make("*", other, self)

    def __truediv__(self, other: Any) -> N:
        return self._make("/", self, other)

    def __rtruediv__(self, other: Any) -> N:
        return self._make("/", other, self)

    def __pow__(self, other: Any) -> N:
        return self._make("**", self, other)

    def __rpow__(self, other: Any) -> N:
        return self._make("**", other, self)

    def __matmul__(self, other: Any) -> N:
        return self._make("@", self, other)

    def __rmatmul__(self, other: Any) -> N:
        return self._make("@", other, self)

    def __neg__(self) -> N:
        return self._make("neg", self)

    def __getitem__(self, key: Any) -> N:
        return self._make("[]", self, key)

    @property
    def T(self) -> N:
        """The transpose: all axes in reverse order."""
        return self._make("T", self)

    __array_ufunc__ = None  # array + node asks node.__radd__ instead of making an object array
    __iter__ = None  # a node has no length before it has a value; x[0], x[1], ... would never end

    @staticmethod
    def _make(sign: str, *operands: Any) -> Any:
        return Operators.signs[sign](*operands)
