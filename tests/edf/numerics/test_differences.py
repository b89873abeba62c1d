"""Each oracle finds a derivative it can find, to the accuracy it claims, and declines the rest."""

from __future__ import annotations

import numpy as np
import pytest

from edf.numerics.differences import (
    STENCILS,
    DeclinedError,
    Line,
    central_difference,
    complex_step,
    complex_steps,
    complex_warnings_raise,
    difference_quotient,
    differences,
    one_sided,
    richardson,
    rounding_noise,
)

SMOOTH = {
    "sine": (np.sin, 0.7, np.cos(0.7)),
    "exponential": (np.exp, 3.0, np.exp(3.0)),
    "reciprocal": (lambda x: 1 / x, 0.01, -1e4),
    "fast": (lambda x: np.sin(40 * x), 0.3, 40 * np.cos(12.0)),
    "constant": (lambda x: 0 * x + 2.0, 0.5, 0.0),
    "large offset": (lambda x: 1e6 + x * x, 0.5, 1.0),
}


def line(function, x, scale=None):
    """Return the line t -> function(x + t), as a value of one entry."""
    return Line(lambda t: np.array([function(x + t)]), np.array([1.0]), scale or abs(x) or 1.0)


class Test_complex_step:
    @pytest.mark.parametrize("name", SMOOTH)
    def test_it_is_exact(self, name):
        function, x, slope = SMOOTH[name]
        assert complex_step(line(function, x)).value == pytest.approx(slope, rel=1e-14, abs=1e-15)

    def test_it_declines_a_function_that_takes_no_complex_numbers(self):
        with pytest.raises(DeclinedError, match="does not accept complex numbers"):
            complex_step(line(np.floor, 0.3))

    def test_it_declines_a_cast_that_drops_the_imaginary_part(self):
        def cast(x):
            return np.asarray(x).astype(float) ** 2

        with complex_warnings_raise(), pytest.raises(DeclinedError, match="imaginary part"):
            complex_step(line(cast, 0.3))

    def test_it_declines_what_is_not_finite(self):
        with np.errstate(all="ignore"), pytest.raises(DeclinedError, match="no finite number"):
            complex_step(line(lambda x: np.divide(x, 0.0), 1.0))


class Test_real_differences:
    @pytest.mark.parametrize("oracle", [richardson, differences])
    @pytest.mark.parametrize("name", SMOOTH)
    def test_the_error_bar_holds_and_is_small(self, name, oracle):
        function, x, slope = SMOOTH[name]
        with np.errstate(all="ignore"):
            estimate = oracle(line(function, x))
        assert abs(estimate.value - slope) <= 4 * estimate.error
        assert estimate.error <= 1e-7 * max(abs(slope), 1e-2)

    @pytest.mark.parametrize("shift", [1.0, 0.76])
    def test_another_ratio_of_steps_gives_the_same(self, shift):
        estimate = differences(line(np.sin, 0.7), shift=shift, ratio=3.0)
        assert estimate.value == pytest.approx(np.cos(0.7), rel=1e-9)

    def test_large_steps_alone_are_not_believed(self):
        def bump(x):
            return np.exp(-((1e3 * (x - 1) - 0.5) ** 2))

        slope = 1e3 * np.exp(-0.25)
        assert richardson(line(bump, 1.0)).value == 0  # flat on both sides: sure of it, and wrong
        assert differences(line(bump, 1.0)).value == pytest.approx(slope, rel=1e-7)

    def test_the_edge_of_a_domain_is_approached(self):
        with np.errstate(all="ignore"):
            estimate = differences(line(np.log, 1e-6, scale=1.0))
        assert estimate.value == pytest.approx(1e6, rel=1e-6)

    def test_it_declines_where_nothing_is_finite(self):
        with np.errstate(all="ignore"), pytest.raises(DeclinedError, match="no finite number"):
            differences(line(np.log, -1.0))

    def test_central_differences_have_their_textbook_error(self):
        error = [central_difference(line(np.exp, 1.0), h) - np.e for h in (1e-2, 1e-3)]
        assert error[0] / error[1] == pytest.approx(100, rel=1e-2)


class Test_one_sided:
    def test_a_kink_has_two_slopes(self):
        slopes = one_sided(line(np.abs, 0.0))
        assert slopes.kinked
        assert slopes.left == pytest.approx(-1, abs=1e-6)
        assert slopes.right == pytest.approx(1, abs=1e-6)

    def test_a_smooth_function_has_one(self):
        slopes = one_sided(line(np.sin, 0.4))
        assert not slopes.kinked
        assert slopes.left == pytest.approx(np.cos(0.4), rel=1e-6)

    def test_each_output_may_choose_its_slope(self):
        cotangent = np.array([2.0, -3.0])
        two = Line(lambda t: np.array([abs(t), abs(t)]), cotangent)
        low, high, error = one_sided(two).interval(cotangent)
        assert (low, high) == pytest.approx((-5, 5), abs=1e-5)
        assert error < 1e-4

    def test_it_declines_a_jump(self):
        with pytest.raises(DeclinedError, match="do not settle"):
            one_sided(line(lambda x: np.where(x >= 0, 1.0, 0.0) + x, 0.0))


def test_rounding_is_measured_where_terms_cancel():
    """A forward that adds and subtracts 1e6 is 1e6 times noisier than its value is large."""
    assert 1e-12 < rounding_noise(line(lambda x: (x + 1e6) - 1e6, 0.3)) < 1e-8
    assert rounding_noise(line(np.sin, 0.3)) < 1e-15
    assert rounding_noise(line(np.abs, 0.0, scale=1.0)) == 0  # a kink is not noise


def test_complex_steps_are_small_beside_each_value():
    """So that log(p + ih) is linear in h at p = 1e-87, too; at 0 there is nothing to be beside."""
    values = np.array([0.0, 1e-87, -1e-3, 5.0, 1e9])
    steps = complex_steps(values)
    assert np.all(steps > 0)
    assert np.all(steps[1:] <= 1e-30 * np.abs(values[1:]))
    assert np.log(values[1] + 1j * steps[1]).imag / steps[1] == pytest.approx(1e87, rel=1e-14)


@pytest.mark.parametrize("method", ["two-point", "differences", "one-sided"])
def test_a_quotient_of_differences_keeps_what_values_have_in_common_out(method: str) -> None:
    """Of constants it is 0, however large they are; of t^2 it is 2 t, to the last digits."""
    offsets, steps = STENCILS[method][0], np.full((1, 2), 0.01)
    constants = np.tile([1e9 / 3, -1e300 / 7], len(offsets)).reshape(-1, 1)
    assert not difference_quotient(constants, steps, method).any()
    at = np.array([0.3, 5.0])
    squares = (at + 0.01 * offsets[:, None]) ** 2
    found = difference_quotient(squares.reshape(-1, 1), steps, method)
    assert found.ravel() == pytest.approx(2 * at, rel=1e-12)
