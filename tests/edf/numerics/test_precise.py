"""Numbers of many digits, in arrays that operations take as they are."""

from __future__ import annotations

from decimal import Decimal, localcontext

import mpmath
import numpy as np
import pytest

from edf.equations.operations.arithmetic import larger, root, smaller
from edf.numerics.precise import Inexact, Precise, as_typed, euler, exactly, is_no_number, pi

DIGITS = 60


@pytest.mark.parametrize(
    "name",
    [
        "exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan", "arcsin",
        "arccos", "arcsinh", "arctanh", "expm1", "log1p",
    ],
)  # fmt: skip
@pytest.mark.parametrize("x", [0.0078125, 0.3, 0.97])
def test_functions_have_all_their_digits(name: str, x: float) -> None:
    """As mpmath finds them."""
    theirs = {"arctan": "atan", "arcsin": "asin", "arccos": "acos", "arcsinh": "asinh"}
    theirs |= {"arctanh": "atanh", "log": "ln"}
    with localcontext(prec=DIGITS), mpmath.workdps(DIGITS + 10):
        ours = getattr(np, name)(exactly(np.array([x])))[0].digits
        exact = getattr(mpmath, theirs.get(name, name))(mpmath.mpf(repr(x)))
        assert abs(Decimal(mpmath.nstr(exact, DIGITS + 5)) / ours - 1) < Decimal("1e-56")


@pytest.mark.parametrize("x", [-12345.678, -3.0, 100.0, 1e5])
def test_waves_far_from_zero(x: float) -> None:
    """The argument is brought near 0 with more digits than are wanted."""
    with localcontext(prec=DIGITS), mpmath.workdps(DIGITS + 10):
        ours = np.sin(exactly(np.array([x])))[0].digits
        exact = Decimal(mpmath.nstr(mpmath.sin(mpmath.mpf(repr(x))), DIGITS + 5))
        assert abs(ours - exact) < Decimal("1e-53")


def test_constants() -> None:
    with localcontext(prec=40):
        assert str(pi()) == "3.141592653589793238462643383279502884197"
        assert str(euler()) == "2.718281828459045235360287471352662497757"


def test_what_is_typed_is_exactly_that() -> None:
    """And what was computed is known to double precision only."""
    assert Precise.of(0.1) == Decimal("0.1")
    assert Precise.of(np.float64(1e-12)) == Decimal("1e-12")
    with pytest.raises(Inexact):
        as_typed(np.array([1 / 3]))
    assert exactly(np.array([1 / 3]))[0].digits == Decimal(1 / 3)


def test_arrays_compute_with_them() -> None:
    """Arithmetic with floats and arrays on either side, products, comparisons."""
    a = exactly(np.array([[1.0, 0.5], [0.1, -2.0]]))
    assert (a @ a)[0, 0] == 1.05
    assert ((2.0 - a) / 4)[0, 1] == 0.375
    assert (np.array([1.0, 2.0]) * a)[1, 1] == -4
    assert (a > 0).tolist() == [[True, True], [True, False]]
    assert np.maximum(a, 0)[1, 1] == 0
    assert abs(a[1, 1]) == 2


def test_maxima_and_cases_take_them() -> None:
    """There is nothing among them that is no number."""
    one, other = exactly(np.array([0.25])), exactly(np.array([0.75]))
    assert not is_no_number(one).any()
    assert is_no_number(np.array([0.0, np.nan])).tolist() == [False, True]
    assert larger(one, other) == other
    assert smaller(one, other) == one


def test_odd_roots_take_them() -> None:
    """A remainder tells which are odd."""
    with localcontext(prec=DIGITS):
        (found,) = root(exactly(np.array([-8.0])), exactly(np.array([3.0])))
        assert abs(found.digits + 2) < Decimal("1e-58")


def test_there_is_no_way_back_to_float() -> None:
    """Which would lose the digits in silence."""
    with pytest.raises(TypeError):
        float(Precise(Decimal(1)))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        np.asarray(exactly(np.array([1.0])), float)
