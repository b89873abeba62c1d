"""Python's and NumPy's spelling for nodes: `x + 1`, `x[0]`, `np.exp(x)`, `x.sum()`.

Each operation says in its class statement what makes it: `class Add(Node, sign="+", numpy=np.add)`.
So a function that is written for arrays makes a graph when it is given nodes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar

import numpy as np

from edf.errors import arguments, binds
from edf.other_libraries import ATTRIBUTES

N = TypeVar("N")
Function = Callable[..., Any]


class Operators(Generic[N]):
    """Python's operators and NumPy's functions; each makes a node, of type N."""

    #: The operation that each sign of Python makes, filled as the operations are defined.
    signs: ClassVar[dict[str, type]] = {}
    #: What each function of NumPy makes of nodes, likewise.
    numpy_functions: ClassVar[dict[Function, Function]] = {}

    def __init_subclass__(
        cls, sign: str | None = None, numpy: Function | None = None, **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        if sign is not None:
            Operators.signs[sign] = cls
        if numpy is not None:
            Operators.numpy_functions[numpy] = cls

    # Python's operators.

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

    def __floordiv__(self, other: Any) -> N:
        return _made(np.floor_divide, "np.floor_divide", (self, other), {})

    def __rfloordiv__(self, other: Any) -> N:
        return _made(np.floor_divide, "np.floor_divide", (other, self), {})

    def __mod__(self, other: Any) -> N:
        return _made(np.remainder, "np.remainder", (self, other), {})

    def __rmod__(self, other: Any) -> N:
        return _made(np.remainder, "np.remainder", (other, self), {})

    def __and__(self, other: Any) -> N:
        return self._make("&", self, other)

    def __rand__(self, other: Any) -> N:
        return self._make("&", other, self)

    def __or__(self, other: Any) -> N:
        return self._make("|", self, other)

    def __ror__(self, other: Any) -> N:
        return self._make("|", other, self)

    def __invert__(self) -> N:
        return self._make("~", self)

    def __neg__(self) -> N:
        return self._make("neg", self)

    def __pos__(self) -> N:
        return self._make("*", 1, self)

    def __abs__(self) -> N:
        return self._make("abs", self)

    def __lt__(self, other: Any) -> N:
        return self._make("<", self, other)

    def __le__(self, other: Any) -> N:
        return self._make("<=", self, other)

    def __gt__(self, other: Any) -> N:
        return self._make(">", self, other)

    def __ge__(self, other: Any) -> N:
        return self._make(">=", self, other)

    def __getitem__(self, key: Any) -> N:
        return self._make("[]", self, key)

    # What would be wrong in silence.

    if not TYPE_CHECKING:  # mypy narrows a type in `node in nodes` unless a class has its own ==

        def __eq__(self, other: object) -> bool:
            if self is other:
                return True
            asking = sys._getframe(1).f_globals.get("__name__", "")
            if isinstance(other, Operators) and asking.startswith("edf."):
                return False  # trees and lists of nodes, which are compared within the package
            raise TypeError(
                f"{self!r} == {_short(other)}: nodes are not compared with ==. Write `x is y` for "
                "one and the same node, `x.value == y.value` for the numbers that they hold, "
                "Equal(x, y) for a mask; and look for a node in a set or a dict, not in a list"
            )

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} is neither true nor false: it is a step of a computation. Write "
            "`x is not None`, compare `x.value`, or let Where(x > 0, a, b) choose in the graph"
        )

    __iter__ = None  # a node has no length before it has a value; x[0], x[1], ... would never end

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} is no array: write `x.value` for its numbers; in the graph, Stack([x, y]) "
            "is np.array([x, y]), and Embedding(table, x) is table[x]"
        )

    def __float__(self) -> NoReturn:
        raise TypeError(f"{self!r} is no number: write `float(x.value)`, or Exp(x) for math.exp(x)")

    def __int__(self) -> NoReturn:
        raise TypeError(f"{self!r} is no number: write `int(x.value)`")

    def __round__(self, digits: int = 0) -> NoReturn:
        raise TypeError(f"{self!r} is no number: write `round(float(x.value))`, or np.round(x)")

    def __len__(self) -> NoReturn:
        raise TypeError(f"{self!r} has no length before it is evaluated: write `len(x.value)`")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} cannot be written into: write x.value[...] = ... for its numbers; in the "
            "graph, y = Where(mask, a, x) is another node"
        )

    def __format__(self, form: str) -> str:
        if form:
            raise TypeError(f"{self!r} is no number: write `{{x.value:{form}}}`")
        return str(self)

    # NumPy's functions and methods.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Make the node that `np.exp(x)`, or `array + x`, stands for."""
        name = f"np.{ufunc.__name__}"
        if options.get("out") is not None:
            raise TypeError(
                f"{name} cannot write a node into an array: for `a += x` write `a = a + x`"
            )
        if method != "__call__":
            raise TypeError(f"{name}.{method} makes no node: Sum, CumSum, Prod, Max and Min do")
        return _made(ufunc, name, inputs, options)

    def __array_function__(self, function: Any, _types: Any, args: Any, options: Any) -> Any:
        """Make the node that `np.sum(x, axis=1)`, or `np.concatenate([x, y])`, stands for."""
        module = function.__module__.replace("numpy", "np", 1)
        return _made(function, f"{module}.{function.__name__}", args, options)

    @property
    def T(self) -> N:
        """The transpose: all axes in reverse order."""
        return self._make("T", self)

    @property
    def mT(self) -> N:
        """The transpose of each matrix: the last two axes exchanged."""
        return _made(np.matrix_transpose, "np.matrix_transpose", (self,), {})

    def sum(self, axis: Any = None, keepdims: bool = False) -> N:
        """The sum over `axis`."""
        return self._make("sum", self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> N:
        """The mean over `axis`."""
        return self._make("mean", self, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> N:
        """The largest entry over `axis`."""
        return self._make("max", self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> N:
        """The smallest entry over `axis`."""
        return self._make("min", self, axis, keepdims)

    def reshape(self, *shape: Any) -> N:
        """The same entries in another shape, given as numbers or as a tuple of them."""
        return self._make("reshape", self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> N:
        """The axes in another order; by default reversed."""
        return self._make("T", self, (axes[0] if len(axes) == 1 else axes) or None)

    def dot(self, other: Any) -> N:
        """The matrix product."""
        return self._make("@", self, other)

    @staticmethod
    def _make(sign: str, *operands: Any) -> Any:
        return Operators.signs[sign](*operands)


def _as_function(name: str) -> Function:
    """Return the method that is NumPy's function of that name: `x.std(axis=0)`."""
    function = getattr(np, name)

    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__, method.__doc__ = name, f"What `np.{name}` makes of the node."
    return method


class _AtTheValue:
    """An attribute of arrays that nodes lack; they may have one of that name of their own.

    (A `__getattr__` would say the same, and make every other attribute slower.)
    """

    def __init__(self, name: str, remedy: str) -> None:
        self.name, self.remedy = name, remedy

    def __get__(self, node: Any, kind: type) -> Any:
        if node is None:
            return self
        raise AttributeError(f"{kind.__name__} has no attribute {self.name!r}: {self.remedy}")


for _name in (
    *("std", "var", "prod", "cumsum", "argmax", "clip", "round"),
    *("ravel", "repeat", "squeeze", "swapaxes", "diagonal", "take", "trace"),
):
    setattr(Operators, _name, _as_function(_name))
setattr(Operators, "flatten", _as_function("ravel"))  # noqa: B010  # mypy knows no such attribute
for _name in ("shape", "ndim", "size", "dtype"):
    setattr(Operators, _name, _AtTheValue(_name, f"write x.value.{_name}"))
for _name in ("item", "tolist", "astype", "copy"):
    setattr(Operators, _name, _AtTheValue(_name, f"write x.value.{_name}()"))
for _name, _remedy in ATTRIBUTES.items():
    setattr(Operators, _name, _AtTheValue(_name, _remedy))


def _made(function: Function, name: str, args: Any, options: Any) -> Any:
    operation = Operators.numpy_functions.get(function)
    if operation is None:
        raise TypeError(
            f"{name} makes no node: edf has no such operation. Write a subclass of Node with a "
            f"forward and a backward, or take numbers: {name}(x.value)"
        )
    try:
        return operation(*args, **options)
    except TypeError as error:
        if isinstance(operation, type) or binds(operation, args, options):
            raise
        raise TypeError(
            f"{name} of a node takes no other arguments than {arguments(operation, 0)}"
        ) from error


def _short(other: object) -> str:
    text = repr(other)
    return text if len(text) <= 40 else f"{text[:37]}..."
