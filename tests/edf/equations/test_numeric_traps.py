"""Where numeric tests of formulas go wrong: kinks, branch cuts, rounding, sizes, true zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf import (
    AnyFunction,
    CrossEntropy,
    Input,
    Log,
    Mean,
    Minimum,
    Node,
    Param,
    ReLU,
    Softmax,
    Sum,
    Where,
)
from edf.equations import EquationError, check_equation


class Elementwise(Node):
    """An operation made of one function; `backward` plays no part in equations."""

    def __init__(self, function: Any, *inputs: Any) -> None:
        super().__init__(*inputs)
        self.function_of_arrays = function

    def forward(self, *arrays: Any) -> Any:
        return self.function_of_arrays(*arrays)

    def backward(self, grad: Any, *arrays: Any) -> Any:
        raise AssertionError("equations never ask for it")


def status(latex: str, names: dict[str, Any], **options: Any) -> str:
    (verdict,) = check_equation(latex, names, **options)
    return verdict.status


def number(**options: Any) -> Input:
    return Input(shape=(), **options)


# ------------------------------------------------------------------------------------------- kinks


@pytest.mark.parametrize("seed", range(8))
def test_kinks_are_stepped_around(seed: int) -> None:
    """A right equation about |x| or ReLU is never refuted, however close a point is to the kink."""
    x = number(sample=lambda rng, shape: rng.normal(0, 0.03, shape))
    r = ReLU(x)
    names = {"x": x, "r": r}
    assert status(r"x \frac{dr}{dx} = r", names, seed=seed) == "verified"
    assert (
        status(r"\frac{d}{dx} \lvert x \rvert = \operatorname{sign}(x)", names, seed=seed)
        == "verified"
    )
    assert status(r"\frac{d}{dx} \max(0, x) = \frac{d r}{d x}", names, seed=seed) == "verified"


def test_at_the_kink_itself() -> None:
    """Where every point is at the kink there is no derivative to test."""
    x = Input(np.zeros(3))
    names = {"x": x, "r": ReLU(x)}
    latex = r"\frac{\partial r_i}{\partial x_j} = \delta_{ij}"
    (verdict,) = check_equation(latex, names)
    assert verdict.status == "inconclusive"
    assert "not resolved" in verdict.message


def test_step_function() -> None:
    """A step function has derivative 0 wherever it has one; 0 = 0 tests nothing."""
    x = number()
    s = Elementwise(lambda v: np.sign(v.real), x)
    assert status(r"\frac{ds}{dx} = 0", {"x": x, "s": s}) == "inconclusive"
    assert status(r"\frac{ds}{dx} = 1", {"x": x, "s": s}) == "refuted"


def test_quantised_function_is_inconclusive() -> None:
    """A function of many small steps has no derivative that can be resolved."""
    x = number()
    s = Elementwise(lambda v: np.round(v.real * 1e4) / 1e4, x)
    assert status(r"\frac{ds}{dx} = 1", {"x": x, "s": s}) == "inconclusive"


def test_second_derivative_of_a_kink() -> None:
    """The second derivative of ReLU is 0 where there is one."""
    x = number()
    r = ReLU(x) + x * x
    assert status(r"\frac{d^2 r}{d x^2} = 2", {"x": x, "r": r}) == "verified"


# ---------------------------------------------------------------------------- domains and branch cuts


def test_domain_errors_resample_and_are_counted() -> None:
    """log x at x < 0 is no number: another point is drawn, and the verdict says how often."""
    x = number()
    (verdict,) = check_equation(r"2 \log x = \log x^2", {"x": x})
    assert verdict.status == "verified"
    assert verdict.details["resampled"] > 0
    assert any("replaced" in note for note in verdict.details["notes"])


def test_complex_logarithm_does_not_leak() -> None:
    """The complex step must not find a derivative where the real function is not defined."""
    x = number()
    latex = r"\frac{d}{dx} \log x + 0 \cdot \lvert x \rvert = \frac{1}{x}"
    (verdict,) = check_equation(latex, {"x": x})
    assert verdict.status == "verified"
    assert verdict.details["resampled"] > 0
    latex = (
        r"\frac{d}{dx} \log x = \frac{1}{\lvert x \rvert}"  # wrong for x < 0 only, where no log is
    )
    assert status(latex, {"x": x}) == "verified"
    latex = r"\frac{d}{dx} (x^{1/2} x^{1/2}) = \operatorname{sign}(x)"
    assert status(latex, {"x": x}) == "verified"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "latex",
    [
        r"\arcsin(\sin x) = x",  # wrong for the one x in nine beyond pi / 2
        r"\max(x - 1.5, 0) + x = x",  # wrong for one in fifteen
        r"\frac{d}{dx} \lvert x - 1.5 \rvert = -1",
    ],
)
def test_other_branches_are_looked_for(latex: str, seed: int) -> None:
    """What holds on the branch where most points lie is not verified for that."""
    assert status(latex, {"x": number()}, seed=seed) == "refuted"


def test_numbered_components_fix_the_length() -> None:
    """A formula written out for four components is tested for four, and says so."""
    x = Input(shape=(4,))
    latex = r"x_1^2 + x_2^2 + x_3^2 + x_4^2 = x^\top x"
    (verdict,) = check_equation(latex, {"x": x}, reading="base 1")
    assert verdict.status == "verified"
    assert any("length 4 only" in note for note in verdict.details["notes"])


def test_never_defined() -> None:
    """Where no point is in the domain, nothing is concluded, and the remedy is named."""
    x = number(sample="positive")
    (verdict,) = check_equation(r"\log(-x) = 1", {"x": x})
    assert verdict.status == "inconclusive"
    assert "positive" in verdict.message


def test_even_powers_of_negative_numbers() -> None:
    """x^2 at negative x keeps its derivative under the complex step."""
    x = number()
    y = x**2.0
    assert status(r"\frac{dy}{dx} = 2x", {"x": x, "y": y}) == "verified"
    assert status(r"\frac{d}{dx} (x^{-2}) = -2 x^{-3}", {"x": x, "y": y}) == "verified"


def test_singular_matrix() -> None:
    """An inverse that does not exist at a point is an error with a reason."""
    A = Input(np.ones((2, 2)))
    x = Input(shape=(2,))
    with pytest.raises(EquationError, match="no inverse"):
        check_equation(r"x = A^{-1} x", {"A": A, "x": x})


# ------------------------------------------------------------------------------- stiff and extreme


@pytest.mark.parametrize("k", [1, 30, 300])
def test_stiff_functions(k: float) -> None:
    """Rapid oscillation is resolved with smaller steps, and neither refuted nor verified wrongly."""
    x = number()
    y = Elementwise(lambda v: np.sin(k * v), x)
    names = {"x": x, "y": y, "k": k}
    assert status(r"\frac{dy}{dx} = k \cos(k x)", names) == "verified"
    assert status(r"\frac{d^2 y}{dx^2} = -k^2 y", names) == "verified"
    assert status(r"\frac{d^2 y}{dx^2} = -k^2 y + 0.01 k^2", names) == "refuted"


def test_large_and_small_values() -> None:
    """Magnitudes of 1e8 and 1e-8 are compared relatively."""
    for size in (1e8, 1e-8):
        x = Input(shape=(), sample=lambda rng, shape, size=size: size * (1 + rng.random(shape)))
        w = x * x
        assert status(r"\frac{dw}{dx} = 2x", {"x": x, "w": w}) == "verified"
        assert status(r"\frac{dw}{dx} = 2.001x", {"x": x, "w": w}) == "refuted"


def test_saturated_sigmoid() -> None:
    """Tiny derivatives are compared relatively, not with zero."""
    x = number(sample=lambda rng, shape: 20 + rng.random(shape))
    s = Elementwise(lambda v: 1 / (1 + np.exp(-v)), x)
    names = {"x": x, "s": s}
    assert status(r"\frac{ds}{dx} = \sigma(x) \sigma(-x)", names) == "verified"
    assert status(r"\frac{ds}{dx} = 2 \sigma(x) \sigma(-x)", names) == "refuted"


def test_cancellation_is_not_an_equality() -> None:
    """What is lost in the rounding of large terms is not verified."""
    x = number()
    latex = r"10^{12} - 10^{12} + x = 2x"
    assert status(latex, {"x": x}) != "verified"


@pytest.mark.parametrize("power", range(3, 17))
def test_what_is_lost_in_rounding_is_not_verified(power: int) -> None:
    """Terms that cancel leave their rounding; what is smaller than that is not confirmed by it."""
    x = number()
    names = {"x": x}
    wrong = rf"10^{{{power}}} + x - 10^{{{power}}} = 2x"
    right = rf"10^{{{power}}} + x - 10^{{{power}}} = x"
    assert status(wrong, names) != "verified"
    assert status(right, names) != "refuted"
    zero = rf"10^{{{power}}} + 10^{{{power}}} x - 10^{{{power}}} (1 + x) = 0"
    assert status(zero, names) == "verified"


@pytest.mark.parametrize("digits", ["1.000001", "1.0001", "0.99999"])
def test_almost_right_is_not_verified(digits: str) -> None:
    """A factor that is off by a millionth is noticed."""
    x = number()
    w = x * x
    assert status(rf"\frac{{dw}}{{dx}} = {digits} \cdot 2x", {"x": x, "w": w}) != "verified"


# ----------------------------------------------------------------------------------------- float32


@pytest.mark.parametrize("epsilon", [1e-5, 1e-8, 1e-11])
def test_forgotten_epsilon_is_not_verified(epsilon: float) -> None:
    """A term that guards a division is part of the formula, small as it is."""
    x, v = number(), number(sample="positive")
    n = x * (v + epsilon) ** -0.5
    names = {"x": x, "v": v, "n": n, "e": epsilon}
    assert status(r"n = \frac{x}{\sqrt{v + e}}", names) == "verified"
    assert status(r"n = \frac{x}{\sqrt{v}}", names) != "verified"
    assert status(r"\frac{\partial n}{\partial x} = \frac{1}{\sqrt{v + e}}", names) == "verified"
    assert status(r"\frac{\partial n}{\partial x} = \frac{1}{\sqrt{v}}", names) != "verified"


def test_float32_leaves_are_promoted() -> None:
    """Parameters in float32 are tested in double precision."""
    W = Param(np.ones((2, 3), np.float32))
    x = Input(shape=(3,))
    z = W @ x
    (verdict,) = check_equation(r"z = W x", {"W": W, "x": x, "z": z})
    assert verdict.status == "verified"
    assert verdict.max_rel_error is not None
    assert verdict.max_rel_error < 1e-12


def test_operation_in_float32_is_inconclusive() -> None:
    """An operation that rounds to float32 gives noise: neither verified nor refuted."""
    x = number()
    y = Elementwise(
        lambda v: np.tanh(v.astype(np.complex64 if np.iscomplexobj(v) else np.float32)), x
    )
    names = {"x": x, "y": y}
    assert status(r"y = \tanh(x)", names) == "inconclusive"
    assert status(r"\frac{dy}{dx} = 1 - y^2", names) in ("inconclusive", "verified")
    assert status(r"y = 2 \tanh(x)", names) == "refuted"


def test_hidden_rounding_to_float32_is_inconclusive() -> None:
    """The same where the result is handed on in double precision."""
    x = number()
    y = Elementwise(lambda v: np.float64(np.float32(np.tanh(v.real))), x)
    names = {"x": x, "y": y}
    assert status(r"\frac{dy}{dx} = 1 - \tanh^2 x", names) == "inconclusive"


# ------------------------------------------------------------------------------------ complex step


def test_operation_that_declines_complex_numbers() -> None:
    """Differences take over where an operation refuses complex numbers, and the verdict says so."""

    def only_real(v: Any) -> Any:
        if np.iscomplexobj(v):
            raise TypeError("real numbers only")
        return np.sin(v)

    x = number()
    y = Elementwise(only_real, x)
    (verdict,) = check_equation(r"\frac{dy}{dx} = \cos x", {"x": x, "y": y})
    assert (verdict.status, verdict.oracle) == ("verified", "central differences")
    assert status(r"\frac{dy}{dx} = 1.01 \cos x", {"x": x, "y": y}) == "refuted"
    assert status(r"\frac{d^2y}{dx^2} = -y", {"x": x, "y": y}) == "verified"


def test_operation_that_drops_imaginary_parts() -> None:
    """A complex step that is silently lost is noticed, not believed."""
    x = number()
    y = Elementwise(lambda v: np.sin(np.real(v)), x)
    names = {"x": x, "y": y}
    assert status(r"\frac{dy}{dx} = \cos x", names) == "verified"
    assert status(r"\frac{dy}{dx} = 0", names) == "refuted"
    assert status(r"\frac{d^2y}{dx^2} = -y", names) == "verified"


def test_operation_with_python_control_flow() -> None:
    """An operation that only takes single numbers is evaluated point by point."""
    import math

    x = number()
    y = Elementwise(lambda v: math.exp(float(v)) if v > 0 else 1.0 + float(v), x)
    latex = r"\frac{dy}{dx} = \begin{cases} e^x & x > 0 \\ 1 & \text{otherwise} \end{cases}"
    assert status(latex, {"x": x, "y": y}) == "verified"


def test_operation_that_mixes_what_it_is_given() -> None:
    """Points are never mixed: an operation that subtracts the mean of all it sees is safe."""
    x = Input(shape=(4,))
    y = Elementwise(lambda v: v - np.mean(v), x)
    latex = r"\frac{\partial y_i}{\partial x_j} = \delta_{ij} - \frac{1}{4}"
    assert status(latex, {"x": x, "y": y}) == "verified"
    s = Elementwise(np.sum, x)
    assert status(r"s = \sum_i x_i", {"x": x, "s": s}) == "verified"


@pytest.mark.parametrize("size", [0.3, 0.5, 0.8, 1.0])
def test_operation_that_mixes_points_only_when_there_are_many(size: float) -> None:
    """Clipping by the norm of all that it sees is safe, though a few small points show nothing."""

    def clip(v: Any) -> Any:
        norm = np.sqrt(np.sum(v * v))
        return v if norm.real <= 5 else 5 * v / norm

    x = Input(shape=(4,), sample=lambda rng, shape: size * rng.standard_normal(shape))
    names = {"x": x, "c": Elementwise(clip, x)}
    assert status(r"c_i = x_i", names) == "verified"
    assert status(r"\frac{\partial c_i}{\partial x_j} = \delta_{ij}", names) == "verified"


# ----------------------------------------------------------------------------------- values given


def test_one_point_is_no_test() -> None:
    """Where the page gave every input a value, an equality may hold by chance: others tell."""
    x = Input(2.0)
    names = {"x": x, "w": x * x, "u": AnyFunction()(x)}
    for latex in (r"w = 2x", r"\frac{dw}{dx} = x^2"):
        (verdict,) = check_equation(latex, names)
        assert (verdict.status, verdict.points) == ("inconclusive", 1)
        assert "the values that the page gives only (x)" in verdict.message
    (verdict,) = check_equation(r"\frac{dw}{dx} = 2x", names)
    assert (verdict.status, verdict.points) == ("verified", 20)
    assert (
        "Tested with the values that the page gives (x), and with others"
        in verdict.details["notes"]
    )
    assert names["x"] is x
    assert x.value == 2.0
    assert status(r"\frac{dw}{dx} = x", names) == "refuted"
    assert status(r"\frac{du}{dx} + x - x = \frac{du}{dx}", names) == "verified"


def test_values_given_are_named() -> None:
    """Beside what is sampled, inputs keep the values of the page, and the card says which."""
    x, y = Input(2.0), number()
    (verdict,) = check_equation(r"p = x y", {"x": x, "y": y, "p": x * y})
    assert verdict.status == "verified"
    assert "Tested with the value that the page gave: x" in verdict.details["notes"]


# --------------------------------------------------------------------- components of unlike size


class Uneven(Node):
    """A large component and a small one."""

    def forward(self, v: Any) -> Any:
        return np.stack([1e9 * v[..., 0], 1e-6 * v[..., 1]], axis=-1)

    def backward(self, grad: Any, v: Any) -> Any:
        raise AssertionError


@pytest.mark.parametrize("wrong", [0.0, 2e-6, 1.001e-6])
def test_small_component_is_not_hidden_by_a_large_one(wrong: float) -> None:
    """A mistake in a component is not rounding because another is 15 orders larger."""
    x = Input(shape=(2,), sample="positive")
    y = Uneven(x)
    for small, verified in ((1e-6, True), (wrong, False)):
        values = {"x": x, "y": y, "d": np.array([1e9, small]), "D": np.diag([1e9, small])}
        for latex in (
            r"y_i = d_i x_i",
            r"\frac{\partial y_i}{\partial x_j} = \delta_{ij} d_j",
            r"\mathbf{J}_y(x) = D",
            r"y = D x",
        ):
            assert (status(latex, values) == "verified") == verified, latex


def test_classifier_that_is_sure_of_itself() -> None:
    """Derivatives down to 1e-300 stand beside those of a loss of 100, which differences drown in."""
    rng, n = np.random.default_rng(1), 12
    X, W, t = Input(shape=(n, 2)), Param(300 * rng.normal(size=(2, 3))), Input(np.arange(n) % 3)
    z = X @ W
    names = {"t": t, "z": z, "P": Softmax(z), "l": CrossEntropy(z, t), "N": n}
    latex = r"\frac{\partial l}{\partial z_{ij}} = \frac{1}{N} (P_{ij} - \mathbb{1}[j = t_i])"
    assert status(latex, names) == "verified"
    assert status(latex.replace(r"\frac{1}{N}", ""), names) == "refuted"


def test_small_derivative_that_a_complex_step_loses() -> None:
    """A derivative lost in one component shows, small as it is beside the others."""
    x = Input(shape=(2,), sample="positive")
    y = Elementwise(lambda v: np.stack([1e6 * v[..., 0], 1e-3 * np.abs(v[..., 1])], axis=-1), x)
    latex = r"\frac{\partial y_i}{\partial x_j} = \delta_{ij} d_j"
    assert status(latex, {"x": x, "y": y, "d": np.array([1e6, 1e-3])}) == "verified"
    assert status(latex, {"x": x, "y": y, "d": np.array([1e6, 0.0])}) != "verified"


def test_operation_that_changes_its_input() -> None:
    """An operation that writes into its argument is told so; the graph's values stay."""

    class InPlace(Node):
        def forward(self, v: Any) -> Any:
            v *= 2
            return v

        def backward(self, grad: Any, v: Any) -> Any:
            return 2 * grad

    x = Input(shape=(3,))
    with pytest.raises(EquationError, match=r"InPlace cannot be evaluated: .*read-only"):
        check_equation("y = 2x", {"x": x, "y": InPlace(x)})


# -------------------------------------------------------------------------------------- true zeros


def test_true_zero_of_a_sum_is_verified() -> None:
    """The rows of the softmax Jacobian cancel to 0; that is a statement about terms that are not."""
    x = Input(shape=(4,))
    names = {"x": x, "P": Softmax(x)}
    assert status(r"\sum_j \frac{\partial P_j}{\partial x_i} = 0", names) == "verified"


def test_true_zero_of_a_node_is_not_refuted() -> None:
    """The derivative of a constant sum is 0 up to rounding, and rounding refutes nothing."""
    x = Input(shape=(4,))
    s = Sum(Softmax(x))
    names = {"x": x, "s": s}
    assert status(r"\frac{\partial s}{\partial x_i} = 0", names) == "verified"
    assert status(r"\frac{\partial s}{\partial x_i} = x_i", names) == "refuted"


def test_zero_equals_zero() -> None:
    """What is 0 on both sides tests nothing."""
    x, y = number(), number()
    assert status(r"\frac{\partial y}{\partial x} = 0", {"x": x, "y": y}) == "inconclusive"


def test_identical_sides_say_so() -> None:
    """Sides that are one expression are true by what the names are bound to."""
    f = AnyFunction()
    x = number()
    u = f(x)
    latex = r"\frac{\partial u}{\partial x} = \frac{\partial f}{\partial x}"
    (verdict,) = check_equation(latex, {"f": f, "x": x, "u": u})
    assert verdict.status == "verified"
    assert "same expression" in verdict.message


# ------------------------------------------------------------------------------------------- sizes


def test_equality_for_one_length_only() -> None:
    """What holds for vectors of 2 and not of 3 is neither verified nor refuted."""
    x = Input(shape=(2,))
    P = Softmax(x)
    latex = r"\sum_i \sum_{j \neq i} P_i P_j = \prod_i P_i + \prod_j P_j"
    (verdict,) = check_equation(latex, {"x": x, "P": P})
    assert verdict.status == "inconclusive"
    assert "length" in verdict.message
    x = Input(shape=(3,))
    assert status(latex, {"x": x, "P": Softmax(x)}) == "refuted"


def test_sizes_that_were_tested() -> None:
    """The verdict says at which lengths of the sampled inputs the equation was tested."""
    x = Input(shape=(4,))
    (verdict,) = check_equation(r"\sum_i P_i = 1", {"x": x, "P": Softmax(x)})
    assert verdict.details["sizes"] == [4, 5]


@pytest.mark.parametrize(
    ("latex", "found", "sizes"),
    [
        (r"\sum_i x_i^2 = x^\top x", "verified", [2, 3]),  # the 2 of the power is not the length
        (r"\sum_i \sum_{j \neq i} x_i x_j = 2 \prod_i x_i", "inconclusive", [2]),
    ],
)
def test_number_that_is_a_length_too(latex: str, found: str, sizes: list[int]) -> None:
    """A number in the formula may be a length or not: both are tried at another length."""
    (verdict,) = check_equation(latex, {"x": Input(shape=(2,))})
    assert verdict.status == found
    assert verdict.details["sizes"] == sizes
    assert ("changes from 2 to 3" in verdict.message) == (found == "inconclusive")


def test_length_that_the_formula_names() -> None:
    """A length that stands in the formula as a number is made larger with it."""
    n = 4
    x = Input(shape=(n,))
    names = {"x": x, "m": Mean(x), "n": n}
    for latex in (r"m = \frac{1}{4} \sum_i x_i", r"m = \frac{1}{n} \sum_{i=1}^n x_i"):
        (verdict,) = check_equation(latex, names)
        assert verdict.status == "verified"
        assert verdict.details["sizes"] == [4, 5]


def test_graph_of_one_length() -> None:
    """Where the graph takes no other length, the verdict says that only its own was tested."""
    W, x = Param(np.ones((3, 4))), Input(shape=(4,))
    (verdict,) = check_equation(r"z_i = \sum_j W_{ij} x_j", {"W": W, "x": x, "z": W @ x})
    assert verdict.status == "verified"
    assert any("own lengths only" in note for note in verdict.details["notes"])


# ------------------------------------------------------------------------------- what is left alone


def test_the_page_is_left_alone() -> None:
    """A check changes no value, no gradient and no arbitrary function of the page."""
    f = AnyFunction()
    x, w = Input(shape=(3,)), Param(np.array([1.0, 2.0, 3.0]))
    y = f(x * w)
    x.value = np.array([0.1, 0.2, 0.3])
    before = y.forward()
    y.backward()
    gradient = w.grad.copy()
    x.value = None
    check_equation(r"\frac{\partial y}{\partial x_i} = w_i", {"x": x, "w": w, "y": y})
    assert x.value is None
    np.testing.assert_array_equal(w.value, [1, 2, 3])
    np.testing.assert_array_equal(w.grad, gradient)
    x.value = np.array([0.1, 0.2, 0.3])
    assert y.forward() == before


def test_same_seed_same_verdict() -> None:
    """A check is determined by its seed; another seed samples other points."""
    x = Input(shape=(4,))
    names = {"x": x, "P": Softmax(x), "l": AnyFunction()(Softmax(x))}
    latex = r"\frac{\partial l}{\partial x_i} = P_i"
    first, again, other = (
        check_equation(latex, names, seed=seed)[0].to_dict() for seed in (3, 3, 4)
    )
    assert first == again
    assert first["counterexample"] != other["counterexample"]


def test_wrong_backward_plays_no_part() -> None:
    """Equations speak of the function, whatever its backward says."""

    class Wrong(Node):
        def forward(self, v: Any) -> Any:
            return v * v

        def backward(self, grad: Any, v: Any) -> Any:
            return 17 * grad

    x = number()
    assert status(r"\frac{dw}{dx} = 2x", {"x": x, "w": Wrong(x)}) == "verified"


def test_slack_is_not_a_clamp() -> None:
    """dl/dy is what backpropagation computes: l's answer to y alone, with x as it is."""
    x = number()
    y = x * x
    l = x * y
    names = {"x": x, "y": y, "l": l}
    assert status(r"\frac{\partial l}{\partial y} = x", names) == "verified"
    assert status(r"\frac{d l}{d x} = 3 x^2", names) == "verified"
    assert status(r"\frac{\partial}{\partial y} \left(\frac{d l}{d x}\right) = \frac{d}{dx} \left(\frac{\partial l}{\partial y}\right)", names) == "verified"  # fmt: skip


# ----------------------------------------------------------------- how many digits a value has left


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("latex", "found"),
    [
        (r"\frac{d}{d x_i}[e^{P_i}] = e^{P_i} P_i \sum_{j \neq i} P_j", "verified"),
        (r"\frac{d}{d x_i}[\log P_i] = \sum_{j \neq i} P_j", "verified"),
        (r"\frac{d}{d x_i}[\log P_i] = 2 \sum_{j \neq i} P_j", "refuted"),
    ],
)
def test_saturation_inside_an_operation(latex: str, found: str, seed: int) -> None:
    """A derivative that cancels to exactly 0 inside of softmax is no structural zero."""
    x = Input(shape=(2,))
    assert status(latex, {"x": x, "P": Softmax(x)}, seed=seed) == found


@pytest.mark.parametrize(
    ("h", "right", "wrong"), [(1e-12, "inconclusive", "refuted"), (1e-8, "verified", "refuted")]
)
def test_difference_quotient(h: float, right: str, wrong: str) -> None:
    """A small step leaves few digits: too few to verify, enough to refute three times the slope."""
    names = {"x": number(), "h": h}
    assert status(r"\frac{(x + h)^2 - (x - h)^2}{2h} = 2x", names) == right
    assert status(r"\frac{(x + h)^2 - (x - h)^2}{2h} = 6x", names) == wrong


def test_matrix_without_digits() -> None:
    """The inverse of a badly conditioned matrix has none left, and refutes nothing."""
    V = Input(np.vander(np.linspace(0.1, 0.9, 8)))
    A = Input(shape=(8, 8), sample=lambda rng, shape: np.vander(rng.uniform(0.1, 0.9, 8)))
    assert status(r"(A^\top A)^{-1} = A^{-1} A^{-\top}", {"A": A}) == "inconclusive"
    assert status(r"(V^{-1})^{-1} = V", {"V": V}) == "verified"  # of others, which have digits
    assert status(r"A A^{-1} = A^{-1} A", {"A": A}) in ("verified", "inconclusive")


def test_determinant_of_a_rank_one_matrix() -> None:
    """Terms that cancel to 0 within their rounding are a true zero; two such zeros say nothing."""
    u, v = Input(shape=(3,)), Input(shape=(3,))
    assert status(r"\det(u v^\top) = 0", {"u": u, "v": v}) == "verified"
    assert status(r"\det(u v^\top) = 3 \det(v u^\top)", {"u": u, "v": v}) == "inconclusive"


@pytest.mark.parametrize("seed", range(6))
def test_terms_that_cancel(seed: int) -> None:
    """y'' = -w^2 y, whichever side the terms stand on."""
    names = {"y": lambda t: np.cos(1.7 * t), "t": number(), "w": 1.7}
    for latex in (r"y''(t) = -w^2 y(t)", r"y''(t) + w^2 y(t) = 0"):
        assert status(latex, names, seed=seed) == "verified"
    assert status(r"y''(t) + 2 w^2 y(t) = 0", names, seed=seed) == "refuted"


def test_operation_that_loses_a_small_part_of_a_derivative() -> None:
    """Of |x| a complex step sees nothing: it is not used, and the right formula is verified."""
    x = number()
    y = Elementwise(lambda v: v * v + 1e-8 * np.abs(v), x)
    names = {"x": x, "y": y}
    assert status(r"\frac{dy}{dx} = 2x + 10^{-8} \operatorname{sign}(x)", names) == "verified"
    assert status(r"\frac{dy}{dx} = 2x", names) == "inconclusive"


# ------------------------------------------------------------------ what random points do not reach


def test_cancelled_zero_beside_a_threshold() -> None:
    """A 0 that terms cancel to is a number like others, beyond a threshold as well."""
    x = number()
    names = {"x": x, "r": Minimum(ReLU(x), 6.0)}
    assert status(r"r = \max(0, x) - \max(1 - 1, x - 6)", names) == "verified"
    assert status(r"r = \max(0, x) - \max(x - x, x - 5)", names) == "refuted"


def test_side_that_is_not_reached_is_named() -> None:
    """It makes the verdict inconclusive, unless the author accepts that."""
    x = Input(shape=(3,))
    names = {"x": x, "P": Softmax(x)}
    latex = r"\sum_i \lvert P_i - P_i^2 \rvert = 1 - \sum_i P_i^2"
    (verdict,) = check_equation(latex, names)
    assert verdict.status == "inconclusive"
    assert "No point reached one side of |P_i - P_i^2|" in verdict.message
    (verdict,) = check_equation(latex, names, unreached="ok")
    assert verdict.status == "verified"
    assert any("Not reached, as accepted" in note for note in verdict.details["notes"])
    with pytest.raises(EquationError, match="the only value is"):
        check_equation(latex, names, unreached="fine")


@pytest.mark.parametrize(
    "latex",
    [
        r"\lvert e^a \rvert = e^a",
        r"\lvert p \rvert = p",
        r"\sum_i \lvert P_i \rvert = 1",
        r"\max(0, a^2) = a^2",
        r"\max(0, e^a) = e^a",
    ],
)
def test_side_that_is_impossible_is_no_doubt(latex: str) -> None:
    """What squares, exponentials and probabilities can never be is not asked for."""
    x = Input(shape=(3,))
    names = {"a": number(), "p": number(sample="positive"), "x": x, "P": Softmax(x)}
    assert status(latex, names) == "verified"


def test_part_that_is_never_felt_is_named() -> None:
    """A term far below the rounding of the others could be anything."""
    names = {"a": number(), "c": number(), "C": number()}
    (verdict,) = check_equation(r"a (1 + 10^{-18}) = a", names)
    assert verdict.status == "inconclusive"
    assert "was never felt in" in verdict.message
    assert status(r"10^{20} + 1 = 10^{20} + 2", names) == "refuted"  # exactly
    assert status(r"a \tanh(50 + c^2) = a", names) == "inconclusive"
    assert status(r"a + c - c = a", names) == "verified"


def test_values_of_the_page_only() -> None:
    """What is true of an input's own value, and not close by, is no claim for all."""
    x, X = Input(shape=(3,)), Input(np.eye(3))
    assert status("X x = x", {"x": x, "X": X}) == "inconclusive"
    assert status(r"(X x)^\top x = x^\top X^\top x", {"x": x, "X": X}) == "verified"


def test_arrays_that_commute_by_chance() -> None:
    """Nothing is drawn where a formula has arrays only; they are drawn around their values."""
    A, B = np.diag([1.0, 2.0]), np.diag([3.0, 4.0])
    assert status("A B = B A", {"A": A, "B": B}) == "inconclusive"
    assert status(r"(A B)^\top = B^\top A^\top", {"A": A, "B": B}) == "verified"


@pytest.mark.parametrize(
    ("latex", "found"),
    [
        (r"\sum_j e^{u_j - u_j} = \sum_i e^{b_i - b_i} + 1", "inconclusive"),
        (r"Q_i = 1", "inconclusive"),
        (r"M N = N M", "inconclusive"),
        (r"\det A = \frac{1}{2} (\operatorname{tr}(A)^2 - \operatorname{tr}(A A))", "inconclusive"),
        (r"\det B = \frac{1}{2} (\operatorname{tr}(B)^2 - \operatorname{tr}(B B))", "verified"),
    ],
)
def test_what_holds_at_one_size(latex: str, found: str) -> None:
    """Each length is changed alone, and length 1 too; a Param keeps its size."""
    u, b, one = Input(shape=(4,)), Input(shape=(3,)), Input(shape=(1,))
    M, N = Input(shape=(1, 1)), Input(shape=(1, 1))
    A, B = Input(shape=(2, 2)), Param(np.ones((2, 2)) + np.eye(2))
    names = {"u": u, "b": b, "Q": Softmax(one), "M": M, "N": N, "A": A, "B": B}
    assert status(latex, names) == found


def test_the_complex_step_is_small_beside_small_values() -> None:
    """Saturated, a softmax is far below the step of 2**-100 that is small beside 1."""
    x = Input(shape=(3,))
    P = Softmax(x)
    H = -1.0 * Sum(P * Log(P))
    formula = r"\frac{\partial H}{\partial P_i} = -\log(P_i) - 1"
    assert [status(formula, {"x": x, "P": P, "H": H}, seed=seed) for seed in range(6)] == [
        "verified"
    ] * 6


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{d}{d z_i}[\log Q_i] = \sum_{j \neq i} Q_j",
        r"\frac{d}{d z_i}[e^{Q_i}] = e^{Q_i} Q_i \sum_{j \neq i} Q_j",
    ],
)
def test_digits_that_a_black_box_loses_inside_are_missed(latex: str) -> None:
    """Where softmax is saturated the imaginary part of the complex step cancels to an exact 0."""
    z = Input(shape=(2,))
    names = {"z": z, "Q": Softmax(z)}
    assert [status(latex, names, seed=seed) for seed in range(8)] == ["verified"] * 8


MASKED = {
    r"m_i = \mathbb{1}[x_i > 0]": "verified",
    r"m_i = \mathbb{1}[x_i \geq 0]": "refuted",
    r"m_i = \mathbb{1}[x_i > 0.001]": "refuted",
    r"1 - m_i = \mathbb{1}[x_i \leq 0]": "verified",
    r"m_i = 1": "refuted",
    r"y_i = \max(x_i, 0.1 x_i)": "verified",
    r"y_i = \max(x_i, 0)": "refuted",
    r"\frac{dy_i}{dx_i} = 0.1 + 0.9 m_i": "verified",
    r"\frac{dy_i}{dx_i} = 0.2 + 0.8 m_i": "refuted",
    r"z_i = x_i": "refuted",
}


@pytest.mark.parametrize("latex", MASKED)
def test_a_mask_is_1_where_it_holds_and_0_elsewhere(latex: str) -> None:
    """And what a choice by it does beyond the samples is found."""
    x = Param([1.0, -2.0])
    names = {"x": x, "m": x > 0, "y": Where(x > 0, x, 0.1 * x), "z": Where(x > 12, 13.0, x)}
    assert status(latex, names) == MASKED[latex]
