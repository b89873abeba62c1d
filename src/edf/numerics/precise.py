"""Numbers of as many digits as the decimal context has, in NumPy arrays of objects.

NumPy computes with such arrays by calling methods of their elements: `np.exp(a)` is `a.exp()`, so
that operations written for floating-point arrays take them as they are. There is no way back to
`float`: an operation that asks for one raises TypeError, instead of losing the digits in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation, getcontext, localcontext
from functools import cache
from typing import Any

import numpy as np

from edf.graph import Array

TYPED = 15  # significant digits up to which a float is what somebody typed, in decimal notation
GUARD = 10  # digits more than wanted that series are summed with
LARGEST = 10**6  # arguments of sine and exponential up to which digits are kept


class Inexact(ArithmeticError):  # noqa: N818  # no error: a constant has no more digits
    """A constant is known to double precision only."""


class Precise:
    """A real number. Sums, products and functions have the digits of the decimal context."""

    __slots__ = ("digits",)

    def __init__(self, digits: Decimal) -> None:
        self.digits = digits

    @staticmethod
    def of(number: Any) -> Decimal:
        """Return a number of a program: a float of few digits is the decimal that it was typed as.

        Raises:
            Inexact: It has so many digits that it was computed, and rounded.
        """
        if isinstance(number, Precise):
            return number.digits
        if isinstance(number, int | np.integer | np.bool_):
            return Decimal(int(number))
        if isinstance(number, float | np.floating):
            typed = Decimal(repr(float(number)))
            if typed.is_finite() and len(typed.normalize().as_tuple().digits) <= TYPED:
                return typed
            raise Inexact(f"{number!r} is rounded")
        raise TypeError(f"{type(number).__name__} has no digits")

    # ------------------------------------------------------------------------------- arithmetic

    def _with(self, other: Any, operation: Callable[[Decimal], Decimal]) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # which then takes its elements one by one
        return Precise(operation(self.of(other)))

    def __add__(self, other: Any) -> Precise:
        return self._with(other, lambda other: self.digits + other)

    def __sub__(self, other: Any) -> Precise:
        return self._with(other, lambda other: self.digits - other)

    def __rsub__(self, other: Any) -> Precise:
        return self._with(other, lambda other: other - self.digits)

    def __mul__(self, other: Any) -> Precise:
        return self._with(other, lambda other: self.digits * other)

    def __truediv__(self, other: Any) -> Precise:
        return self._with(other, lambda other: self.digits / other)

    def __rtruediv__(self, other: Any) -> Precise:
        return self._with(other, lambda other: other / self.digits)

    def __mod__(self, other: Any) -> Precise:
        return self._with(other, lambda other: self.digits % other)

    def __pow__(self, other: Any) -> Precise:
        return self._with(other, lambda other: self.digits**other)

    def __rpow__(self, other: Any) -> Precise:
        return self._with(other, lambda other: other**self.digits)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Precise:
        return Precise(-self.digits)

    def __pos__(self) -> Precise:
        return self

    def __abs__(self) -> Precise:
        return Precise(abs(self.digits))

    def __eq__(self, other: object) -> bool:
        return self.digits == self.of(other)

    def __lt__(self, other: Any) -> bool:
        return self.digits < self.of(other)

    def __le__(self, other: Any) -> bool:
        return self.digits <= self.of(other)

    def __gt__(self, other: Any) -> bool:
        return self.digits > self.of(other)

    def __ge__(self, other: Any) -> bool:
        return self.digits >= self.of(other)

    def __bool__(self) -> bool:
        return bool(self.digits)

    def __hash__(self) -> int:
        return hash(self.digits)

    def conjugate(self) -> Precise:
        return self

    @property
    def real(self) -> Precise:
        return self

    # -------------------------------------------------------------------------------- functions

    def exp(self) -> Precise:
        return Precise(_bounded(self.digits).exp())

    def expm1(self) -> Precise:
        return self.exp() - 1

    def log(self) -> Precise:
        return Precise(self.digits.ln())

    def log1p(self) -> Precise:
        return (self + 1).log()

    def sqrt(self) -> Precise:
        return Precise(self.digits.sqrt())

    def sin(self) -> Precise:
        return Precise(_with_guard(_sine, self.digits))

    def cos(self) -> Precise:
        return Precise(_with_guard(lambda x: _sine(x + pi() / 2), self.digits))

    def tan(self) -> Precise:
        return self.sin() / self.cos()

    def sinh(self) -> Precise:
        return (self.exp() - (-self).exp()) / 2

    def cosh(self) -> Precise:
        return (self.exp() + (-self).exp()) / 2

    def tanh(self) -> Precise:
        return self.sinh() / self.cosh()

    def arctan(self) -> Precise:
        return Precise(_with_guard(_arctangent, self.digits))

    def arcsin(self) -> Precise:
        return (self / (1 - self * self).sqrt()).arctan()

    def arccos(self) -> Precise:
        return Precise(pi() / 2) - self.arcsin()

    def arcsinh(self) -> Precise:
        return (self + (self * self + 1).sqrt()).log()

    def arccosh(self) -> Precise:
        return (self + (self * self - 1).sqrt()).log()

    def arctanh(self) -> Precise:
        return ((self + 1) / (1 - self)).log() / 2


def is_no_number(array: Array) -> Array:
    """Where an array is not a number; decimal numbers always are."""
    known = array.dtype.kind in "fc"
    return np.asarray(np.isnan(array)) if known else np.zeros(array.shape, bool)


def exactly(array: Array) -> Array:
    """Return an array of floats as numbers that are exactly these; short ones as they are typed."""
    flat = np.empty(array.size, object)
    for k, number in enumerate(array.ravel()):
        try:
            flat[k] = Precise(Precise.of(number))
        except Inexact:
            flat[k] = Precise(Decimal(float(number)))
    return flat.reshape(array.shape)


def as_typed(array: Array) -> Array:
    """Return an array of constants.

    Raises:
        Inexact: One of them was rounded.
    """
    flat = np.empty(array.size, object)
    flat[:] = [Precise(Precise.of(number)) for number in array.ravel()]
    return flat.reshape(array.shape)


def euler() -> Decimal:
    """The number e."""
    return Decimal(1).exp()


def pi() -> Decimal:
    """The number pi, to the digits of the context."""
    return +_pi(getcontext().prec)


@cache
def _pi(digits: int) -> Decimal:
    """Machin's formula."""
    with localcontext(prec=digits + GUARD):
        return 16 * _arctangent_series(Decimal(1) / 5) - 4 * _arctangent_series(Decimal(1) / 239)


# ---------------------------------------------------------------------------------------- series


def _with_guard(function: Callable[[Decimal], Decimal], x: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec += GUARD
        value = function(_bounded(x))
    return +value


def _bounded(x: Decimal) -> Decimal:
    if not abs(x) <= LARGEST:
        raise InvalidOperation(f"the argument {x:.3g} is too large")
    return x


def _sine(x: Decimal) -> Decimal:
    """The Taylor series, of an argument that is brought near 0 first."""
    turn = 2 * pi()
    x -= turn * (x / turn).to_integral_value()
    square, term, total, k = x * x, x, x, 1
    digits = getcontext().prec
    while term and term.adjusted() >= total.adjusted() - digits:
        term *= -square / ((k + 1) * (k + 2))
        total += term
        k += 2
    return total


def _arctangent(x: Decimal) -> Decimal:
    """The series, of an argument that is brought near 0 by half-angle formulas."""
    halvings = 4
    for _ in range(halvings):
        x = x / (1 + (1 + x * x).sqrt())
    return 2**halvings * _arctangent_series(x)


def _arctangent_series(x: Decimal) -> Decimal:
    square, power, total, k = x * x, x, x, 1
    digits = getcontext().prec
    while power and power.adjusted() >= total.adjusted() - digits:
        power *= -square
        k += 2
        total += power / k
    return total
