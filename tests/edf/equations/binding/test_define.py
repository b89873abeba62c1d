r"""Definitions: each is the node that its formula says, in value, in gradient, at many points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edf import AnyFunction, Input, Node, Softmax, Sum, Tanh, check_gradients, topological_order
from edf.equations import EquationError, check_equation, declare, define, defining_part
from edf.numerics.branches import traced

X, Y = np.array([0.3, -1.2, 0.8]), np.array([1.5, 0.2, -0.4])
W, A = np.array([[0.5, -1.0, 2.0], [1.5, 0.1, -0.3]]), np.array([[2.0, 0.5], [0.5, 1.0]])


def page() -> dict[str, Any]:
    return {
        "x": Input(X), "y": Input(Y), "W": Input(W), "A": Input(A), "c": 2.0, "v": np.array([1.0, 2.0]),
        "f": AnyFunction(), "Tanh": Tanh,
    }  # fmt: skip


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum()


CASES = [
    ("z = W x", W @ X),
    ("z_i = \\sum_j W_{ij} x_j", W @ X),
    ("z = 2 x - c y", 2 * X - 2 * Y),
    ("z_k = x_k^2", X**2),
    ("z_i = x_i y_i", X * Y),
    ("z = x \\odot y", X * Y),
    ("z = x^\\top y", X @ Y),
    ("z = x x^\\top", np.outer(X, X)),
    ("z_{ij} = x_i y_j", np.outer(X, Y)),
    ("z_{ji} = x_i y_j", np.outer(Y, X)),
    ("z_{ij} = W_{ij} x_j", W * X),
    ("z = \\sum_i x_i^2", (X**2).sum()),
    ("z = \\sum_i \\sum_j x_i y_j", X.sum() * Y.sum()),
    ("z = \\prod_i x_i", X.prod()),
    ("z = \\max_i x_i", X.max()),
    ("p_k = \\frac{e^{x_k}}{\\sum_j e^{x_j}}", softmax(X)),
    ("p = \\operatorname{softmax}(x)", softmax(X)),
    ("z_i = \\sigma(x_i)", 1 / (1 + np.exp(-X))),
    ("h = \\tanh(W x)", np.tanh(W @ X)),
    ("h = \\tanh(x)", np.tanh(X)),
    ("z_{ij} = \\delta_{ij} x_i", np.diag(X)),
    ("z = x + \\mathbf{1}", X + 1),
    ("z = A + c \\mathbf{I}", A + 2 * np.eye(2)),
    ("z = A^{-1}", np.linalg.inv(A)),
    ("z = \\det A", np.linalg.det(A)),
    ("z = \\operatorname{tr} A", 3.0),
    ("z = \\lVert x \\rVert", np.linalg.norm(X)),
    ("z = x^\\top", X[None, :]),
    ("z = x", X),
    ("z = c", 2.0),
    ("z = A v", A @ [1.0, 2.0]),
    ("z_i = \\begin{cases} x_i & \\text{if } x_i > 0 \\\\ 0 & \\text{otherwise} \\end{cases}", np.maximum(X, 0)),
    ("z_{ij} = \\begin{cases} x_i & \\text{if } i = j \\\\ 0 & \\text{otherwise} \\end{cases}", np.diag(X)),
    ("z_i = \\lVert W_{i,:} \\rVert", np.linalg.norm(W, axis=1)),
    ("z = W_{:,1}", W[:, 0]),
    ("z(x)_i = x_i^2", X**2),
    ("z := x", X),
    ("z \\triangleq x", X),
    ("z \\coloneqq x", X),
    ("z \\overset{\\text{def}}{=} x", X),
    ("\\begin{aligned} z &= x \\end{aligned}", X),
    ("z_{out} = x", X),
]  # fmt: skip


@pytest.mark.parametrize(("latex", "value"), CASES, ids=[case[0] for case in CASES])
def test_value_and_gradient(latex: str, value: Any) -> None:
    """The node has the value that NumPy gives, and a backward that finite differences confirm."""
    names = page()
    ((_, node),) = define(latex, names).items()
    np.testing.assert_allclose(np.asarray(node.forward(), float), value, rtol=1e-13, atol=1e-13)
    if any(isinstance(leaf, Input) for leaf in topological_order(node)):
        report = check_gradients(AnyFunction()(node))
        assert report.status == "verified", report


@pytest.mark.parametrize(("latex", "value"), CASES, ids=[case[0] for case in CASES])
def test_a_stack_of_points_is_computed_as_each_alone(latex: str, value: Any) -> None:
    """Axes in front of all arguments are points, complex or not."""
    names = page()
    ((_, node),) = define(latex, names).items()
    while len(node.inputs) == 1 and node.inputs[0].inputs:
        node = node.inputs[0]
    for each in node.inputs:
        each.forward() if each.inputs else None
    rng = np.random.default_rng(1)
    stacks = [
        np.asarray(each.value, float) * rng.uniform(0.5, 1.5, (4, *np.shape(each.value)))
        for each in node.inputs
    ]
    for stacked in (stacks, [stack * (1 + 0.001j) for stack in stacks]):
        together = node.forward(*stacked)
        alone = np.stack([node.forward(*(stack[k] for stack in stacked)) for k in range(4)])
        np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_definitions_use_those_before_them() -> None:
    """In one formula, and from one to the next."""
    names = page()
    made = define(r"z = W x, \qquad h = \tanh(z) \\ L = \sum_k h_k^2", names)
    assert list(made) == ["z", "h", "L"]
    np.testing.assert_allclose(made["L"].forward(), (np.tanh(W @ X) ** 2).sum())


def test_a_name_defined_anew_takes_along_what_was_made_of_it() -> None:
    """A formula must not speak of the old one and the new."""
    names = page()
    names |= define("z = W x, w = z^\\top z, u = y", names)
    again = define("z = x", names)
    assert again.pop("z") is not None
    assert again == {"w": None}


def test_a_declared_length_inside_a_definition_follows_the_inputs() -> None:
    """n in a defined mean is no 4: the definition holds at other lengths, and claims about it do."""
    names = dict(declare(r"x \in \mathbb{R}^n, \quad f : \mathbb{R}^n \to \mathbb{R}", {}))
    names |= define(
        r"\mu = \frac{1}{n} \sum_i x_i, \quad v = \frac{1}{n} \sum_i (x_i - \mu)^2", names
    )
    for latex, status in (
        (r"v = \frac{1}{n} \sum_i x_i^2 - \mu^2", "verified"),
        (r"\frac{d v}{d x_i} = \frac{2}{n} (x_i - \mu)", "verified"),
        (r"v = \frac{1}{4} \sum_i x_i^2 - \mu^2", "inconclusive"),
    ):
        (verdict,) = check_equation(latex, names)
        assert verdict.status == status, verdict
        if status == "verified":
            assert verdict.details["sizes"] == [4, 5]


def test_families_are_defined_member_by_member() -> None:
    """A mean over data, and its gradient; a wrong factor is found."""
    names = dict(
        declare(
            r"x^{(i)} \in \mathbb{R}^n,\ y^{(i)} \in \mathbb{R},\ i = 1, \dots, N, \quad w \in \mathbb{R}^n",
            {},
        )
    )
    names |= define(
        r"h^{(i)} = w^\top x^{(i)}, \quad q^{(i)}_j = x^{(i)}_j w_j, \quad "
        r"L = \frac{1}{N} \sum_{i=1}^N (h^{(i)} - y^{(i)})^2",
        names,
    )
    for latex, status in (
        (r"\nabla_w L = \frac{2}{N} \sum_{i=1}^N (h^{(i)} - y^{(i)}) x^{(i)}", "verified"),
        (r"\nabla_w L = \frac{1}{N} \sum_{i=1}^N (h^{(i)} - y^{(i)}) x^{(i)}", "refuted"),
        (r"\sum_j q^{(i)}_j = h^{(i)}", "verified"),
    ):
        (verdict,) = check_equation(latex, names)
        assert verdict.status == status, verdict


@pytest.mark.parametrize(
    ("latex", "branches"),
    [
        (r"z = \max(0, c - 5)", True),
        (r"z_i = \lvert x_i \rvert", True),
        (r"z = \max_i x_i", True),
        (r"z_i = \begin{cases} x_i & \text{if } x_i > 1 \\ 0 & \text{otherwise} \end{cases}", True),
        (r"z = \operatorname{softmax}(x)", False),
        (r"z_i = \tanh(x_i)", False),
    ],
)
def test_branches_inside_a_definition_are_seen(latex: str, branches: bool) -> None:
    """A test must look on both sides of them; what decides nothing is none."""
    names = page() | {"c": Input(2.0)}
    ((_, node),) = define(latex, names).items()
    nodes = [each for each in topological_order(node) if each.inputs]
    values = [(each, [np.asarray(i.forward(), float) for i in each.inputs]) for each in nodes]
    margins = [
        margin for each, arrays in values for margin in traced(each.forward, arrays)[1].margins
    ]
    assert bool(margins) is branches


def test_a_label_picks_a_component() -> None:
    """A declared label counts from the first that was declared; wrong claims about it are found."""
    names: dict[str, Any] = {"y": Input(2), "x": Input(X)}
    ((_, node),) = define("L = x_y", names).items()
    assert node.forward() == X[2]
    names = dict(declare(r"x \in \mathbb{R}^n, \quad y \in \{1, \dots, n\}", {}))
    names |= define(r"p_k = \frac{e^{x_k}}{\sum_j e^{x_j}}, \qquad L := -\log p_y", names)
    for latex, status in (
        (r"\frac{\partial L}{\partial x_k} = p_k - \mathbb{1}[k = y]", "verified"),
        (r"\frac{\partial L}{\partial x_k} = p_k", "refuted"),
    ):
        (verdict,) = check_equation(latex, names)
        assert verdict.status == status, verdict


def test_a_function_is_defined_by_what_it_is_applied_to() -> None:
    """f(x) = ... is a node that depends on x, which formulas may call elsewhere."""
    names: dict[str, Any] = {"x": Input(shape=())}
    names |= define("g(x) = x^2 + 1", names)
    assert isinstance(names["g"], Node)
    for latex, status in ((r"g(2x) = 4 x^2 + 1", "verified"), (r"\frac{d g}{d x} = 2 x", "verified"),
                          (r"g(3x) = 9 x^2", "refuted")):  # fmt: skip
        (verdict,) = check_equation(latex, names, points=5)
        assert verdict.status == status, verdict


def test_an_arbitrary_function_stays_one() -> None:
    """A definition applies it: claims about it are claims about every function."""
    names: dict[str, Any] = {"x": Input(shape=(3,)), "f": AnyFunction()}
    names |= define(r"z = 2 x, \quad l = f(z)", names)
    (verdict,) = check_equation(r"\nabla_x l = 2 \nabla_z l", names)
    assert verdict.status == "verified"
    (verdict,) = check_equation(r"\nabla_x l = \nabla_z l", names)
    assert verdict.status == "refuted"


@pytest.mark.parametrize(
    ("latex", "message", "at"),
    [
        ("x = x + y", "x stands on both sides", "x"),
        ("z = q", "q is not bound", "q"),
        ("z_i = x", "The left side has the indices i, the right side none", "x"),
        ("z = x_i", "The left side has the indices none, the right side i", "x_i"),
        ("z + 1 = x", "A definition has a name on the left", "z"),
        ("z = x = y", "A definition has one equals sign", "z"),
        ("z = x, z = y", "z is defined twice", "z = y"),
        (r"z_i = f(x_i)", "of single components", ""),
        ("z < x", "A definition has one equals sign", "z"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error(latex: str, message: str, at: str) -> None:
    """With a caret, and with what to write."""
    with pytest.raises(EquationError) as refused:
        define(latex, page())
    assert message in refused.value.message
    assert latex[refused.value.position :].startswith(at)
    assert refused.value.source == latex


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("z = x", "z = x"),
        ("z_k = x_k, w = z", "z_k = x_k, w = z"),
        ("g(x) = x", "g(x) = x"),
        ("z = w = x", "z = w "),
        ("x = y", None),
        ("z + w = x", None),
        ("z < x", None),
        ("x_i = y_i", None),
        ("z", None),
        (r"\frac", None),
        ("u := x", "u := x"),
        ("u := x, x := 2", None),
        ("u = x", None),
        (r"J_\lambda(x) = x^2", r"J_\lambda(x) = x^2"),
        ("J_1 = x", "J_1 = x"),
        ("J_i = x", None),
        (r"\Phi(x) = x", r"\Phi(x) = x"),
        (r"\operatorname{erf}(w) = w", r"\operatorname{erf}(w) = w"),
        (r"\operatorname{erf}(x) = x", None),
        (r"\operatorname{softmax}(x)_i = x_i", None),
        (r"\operatorname{tr}(A) = 3", None),
        (r"\operatorname{rank}(A) = 3", None),
        (r"\operatorname{Var}(x) = 3", None),
        (r"z = x \implies x = z", None),
        (r"\sigma(x) = \frac{1}{1 + e^{-x}}", r"\sigma(x) = \frac{1}{1 + e^{-x}}"),
        (r"\sigma(x) = 1 - \sigma(-x)", None),
        (r"\Phi(-x) = x", None),
        ("h(0) = 1", None),
        ("z_1 = x, z_2 = z_1", "z_1 = x, z_2 = z_1"),
        ("c_x = y", "c_x = y"),
        ("x_y = y", "x_y = y"),
        (r"x_{\text{MAP}} = y", r"x_{\text{MAP}} = y"),
        (r"x_\lambda = y", r"x_\lambda = y"),
        (r"x_\beta = y_\beta", None),
        ("h(x_1, x_2) = x_1", "h(x_1, x_2) = x_1"),
        (r"p(y = 1 \mid x) = x", r"p(y = 1 \mid x) = x"),
    ],
)
def test_what_of_a_formula_defines(latex: str, expected: str | None) -> None:
    """A new name alone on the left; or one that a formula has bound, and a sign that defines."""
    names = page() | {"u": Input(), "A": Input(shape=(3, 3)), "lambda_": 2.0}
    names |= define("J = y_1", names)
    part = defining_part(latex, names, formulas=["u"])
    assert (None if part is None else part.text) == expected
    assert part is None or (part.claims, part.anew) == (latex.startswith("z = w"), "u" in latex)


@pytest.mark.parametrize(
    ("latex", "first", "count"),
    [
        ("z_1 = x, z_1 = y", "z_1 = x", 1),
        (r"z = x, \quad z^\top z = x^\top x", r"z = x, \quad", 1),
        (r"z = x, \quad \text{so} \quad 2 z = 2 x", r"z = x, \quad \text{so} \quad", 1),
        (r"z = x, \quad w = z + y = x + y", r"z = x, \quad w = z + y ", 2),
        (r"z = x, \quad w = y, \quad z + w = x + y", r"z = x, \quad w = y, \quad", 2),
        (r"J = x^\top x \ge 0", r"J = x^\top x ", 1),
        (r"\begin{aligned} z &= x + y \\ &= y + x \end{aligned}", r"z &= x + y \\ &", 1),
        (r"\begin{aligned} z &= x \\ 2z &= 2x \end{aligned}", r"\begin{aligned} z &= x \\", 1),
    ],
)
def test_the_beginning_of_a_formula_defines(latex: str, first: str, count: int) -> None:
    """And the rest of it claims."""
    assert defining_part(latex, page()) == (first, True, False, count, False)


@pytest.mark.parametrize(
    ("latex", "bound", "defines"),
    [
        (r"\sigma^2 = \frac{1}{n} \sum_i x_i^2", [], True),
        (r"\sigma^2 = x^\top x = \sum_i x_i^2", [], True),
        (r"R^2 = 1 - x^\top x", [], True),
        (r"\sigma^2 = 2", [], False),  # an equation for sigma
        (r"\sigma^4 = x^\top x", [], False),
        (r"\sigma^2 = x^\top x", ["sigma"], False),
        (r"\sigma^2 = x^\top x", ["sigma2"], False),
        (r"\sigma_B^2 = x^\top x", ["sigma2_B"], False),
    ],
)
def test_a_square_defines_its_root(latex: str, bound: list[str], defines: bool) -> None:
    """Unless the page has a name for the root or for the square, of which the formula claims."""
    x = Input(shape=(4,))
    names = {"x": x, "n": 4, **{name: Sum(x * x) for name in bound}}
    assert (defining_part(latex, names) is not None) is defines


def test_a_name_with_its_parameter_is_not_new() -> None:
    r"""\pi_\theta is the \pi that depends on \theta; an equation about it claims."""
    theta = Input(shape=(4,))
    names = {"theta": theta, "pi": Softmax(theta), "phi": Input(shape=(4,))}
    assert defining_part(r"\pi_\theta(a) = e^{\theta_a}", names) is None
    assert defining_part(r"\pi_\phi(a) = e^{\phi_a}", names) is not None


@pytest.mark.parametrize(
    "latex",
    [
        r"\sigma'(t) = \sigma(t) (1 + \sigma(t))",
        r"\tanh'(t) = 1 - \tanh^2(t)",
        r"k'(t) = \frac{1}{2} e^t",
        r"k''(t) = e^t",
        r"h'(t) = 3 t^2",
        r"D_{\mathrm{KL}}(p \,\|\, q) = \sum_k p_k \log \frac{q_k}{p_k}",
        r"\operatorname{KL}(p \parallel q) = 0",
    ],
)
def test_what_has_a_meaning_already_is_not_defined(latex: str) -> None:
    """Derivatives by a prime, and a divergence: under `claims: all`, these are claims."""
    names = declare(r"t \in \mathbb{R}, \quad p, q \in \Delta^{K-1}", {})
    names |= define(r"k(t) = \frac{1}{2} (e^t - t), \quad h(u) = u^3", names)
    assert defining_part(latex, names) is None


@pytest.mark.parametrize(
    "latex",
    [
        r"\mathbb{E}[m] = 3",
        r"\mathbb{E}[(s - t m)^2] = 3",
        r"E(m) = 3",
        r"\mathbb{V}[X] = 1",
        r"P(m = 1) = 2",
        r"\Pr(U) = 1",
        r"P(U \mid m = 1) = 1",
        r"\mathbb{E}_{i \sim q}[x_i] = 3",
        r"\lambda_{\max}(S) = 3",
        r"\sigma_1(S) = 2",
        r"\mathcal{N}(x \mid x, S) = 1",
        r"f(x^2) = 3",
    ],
)
def test_what_is_understood_is_not_defined(latex: str) -> None:
    """Expectations, probabilities, eigenvalues and densities of what is known are claims."""
    assert defining_part(latex, declare(KNOWN, {})) is None


@pytest.mark.parametrize(
    "latex",
    [
        r"E(x) = x^\top x", r"V(x) = x^\top x", r"p(x) = e^{-x^\top x}", r"P(t) = 1 + t",
        r"p(s \mid x) = e^{-s}", r"\sigma_2(t) = t^2", r"I(t) = t^2", r"f(x_1) = 3",
    ],
)  # fmt: skip
def test_the_same_letters_may_be_functions_of_other_things(latex: str) -> None:
    """E(w) is the expectation of nothing where w is not random."""
    assert defining_part(latex, declare(KNOWN, {})) is not None


KNOWN = (
    r"s, t \in \mathbb{R}, m : \Omega \to \{0, 1\}, X : \Omega \to \mathbb{R}, U \subseteq \Omega, "
    r"x \in \mathbb{R}^n, q \in \Delta^{n-1}, S \in \mathbb{S}^n_{++}"
)


@pytest.mark.parametrize("latex", ["t' = 2 t", "x'(t) = 2 t", r"D(p \,\|\, q) = \sum_k p_k q_k"])
def test_a_new_name_may_have_a_prime_or_arguments(latex: str) -> None:
    """Of what is no function, x' is another x."""
    names = declare(r"t, x \in \mathbb{R}, \quad p, q \in \Delta^{K-1}", {})
    assert defining_part(latex, names) is not None


@pytest.mark.parametrize(
    ("latex", "last", "count"),
    [
        (r"2 z = 2 x, \quad z = x + w", "z = x + w", 1),
        (r"x = y, \qquad z = x + y, \quad w = 2 z", "z = x + y, \\quad w = 2 z", 2),
        (r"x^\top z \le 1 \quad \text{where} \quad z = \max(x, 0)", r"z = \max(x, 0)", 1),
    ],
)
def test_the_end_of_a_formula_defines(latex: str, last: str, count: int) -> None:
    """What those before it speak of, and that is what is claimed."""
    part = defining_part(latex, {k: v for k, v in page().items() if k != "w"})
    assert part == (last, True, False, count, True)
    assert part.claimed(["claimed", *["defined"] * count]) == ["claimed"]


@pytest.mark.parametrize(
    "latex",
    [
        r"x_i = y_i, \quad i = y",
        r"x_i = y_i, \quad i = y + 1",
        r"x = y, \quad z = 0",
        r"x = y, \quad z = y",
        r"x = y, \quad z = x + y = 1",
        r"x = y, \quad y = 2x",
        r"z_i = x_i, \quad i = 1, \dots, n",
    ],
)
def test_where_a_formula_holds_defines_nothing(latex: str) -> None:
    """A value of a letter behind it, and what is bound."""
    part = defining_part(latex, page())
    assert part is None or not part.at_end


@pytest.mark.parametrize(
    "latex", ["k = 1, \\quad x_k = y_k", r"z = x, \quad x_1 > 0", "z = x, \\quad z < y"]
)
def test_what_may_be_said_of_one_case_defines_nothing(latex: str) -> None:
    """k = 1 beside an equation says which one, and x > 0 where it holds."""
    assert defining_part(latex, page()) is None


BESIDE = [
    r", \quad k = 1, \dots, n", r"\quad (k = 1, \ldots, n)", r" \text{ for all } k", r",\ \forall k",
    r", \quad k \in \{1, \dots, n\}", r", \quad k = 1, 2, \dots, n", r" \quad \text{(logits)}",
]  # fmt: skip


@pytest.mark.parametrize("beside", BESIDE)
def test_what_is_said_beside_a_definition_defines_nothing(beside: str) -> None:
    """That its index runs over all, and remarks."""
    names = declare(r"u \in \mathbb{R}^n", {})
    latex = f"z_k = 2 u_k{beside}"
    assert defining_part(latex, names) == (latex, False, False, 1, False)
    made = define(f"{latex}, \\qquad w = z", names)
    assert list(made) == ["z", "w"]
    assert [v.status for v in check_equation("w_k = 2 u_k", {**names, **made})] == ["verified"]


@pytest.mark.parametrize(
    "values", [r"k = 1, \dots, n - 1", r"k = 2, \dots, n", r"k \in \{1, 2, \dots, n-1\}"]
)
def test_a_definition_holds_for_all_values_of_its_index(values: str) -> None:
    """One of a part of them is refused: the rest would be made up."""
    with pytest.raises(EquationError, match="holds for all 4 values of k, and this one for 3"):
        define(rf"z_k = u_k, \quad {values}", declare(r"u \in \mathbb{R}^n", {}))


@pytest.mark.parametrize(
    "sign", [":=", r"\triangleq", r"\coloneqq", r"\overset{\text{def}}{=}", r"\stackrel{\Delta}{=}"]
)
def test_signs_that_define_in_a_claim(sign: str) -> None:
    """A plain equals sign claims, and a reason above it changes nothing."""
    latex = f"z {sign} x"
    assert defining_part(latex, page(), by_sign=True) == (latex, False, False, 1, False)
    assert defining_part(r"z \stackrel{(a)}{=} x", page(), by_sign=True) is None
    assert defining_part("z = x", page(), by_sign=True) is None


@pytest.fixture
def network() -> dict[str, Any]:
    names: dict[str, Any] = {
        "x": Input(shape=(3,)), "W": Input(shape=(2, 3)), "f": AnyFunction(), "i_0": 1.0,
    }  # fmt: skip
    names |= define(r"z = W x, \quad a = \tanh(z), \quad L = f(a)", names)
    names |= define(r"\delta = \nabla_z L, \quad d_k = \frac{\partial L}{\partial a_k}", names)
    return names | define(r"J := \frac{\partial a}{\partial x}, \quad H = \nabla_z^2 L", names)


@pytest.mark.parametrize(
    ("latex", "status"),
    [
        (r"\nabla_W L = \delta x^\top", "verified"),
        (r"\nabla_W L = 2 \delta x^\top", "refuted"),
        (r"\nabla_x L = W^\top \delta", "verified"),
        (r"\delta_i = (1 - a_i^2) d_i", "verified"),
        (r"\delta_i = d_i", "refuted"),
        (r"\delta = (\mathbf{1} - a \odot a) \odot \nabla_a L", "verified"),
        (r"J_{ij} = (1 - a_i^2) W_{ij}", "verified"),
        (r"J_{ij} = (1 - a_i) W_{ij}", "refuted"),
        (r"\frac{\partial \delta_i}{\partial z_j} = H_{ij}", "verified"),
        (r"\frac{\partial \delta_i}{\partial z_j} = H_{ij} + \delta_{ij}", "error"),
        (r"\sum_j d_j^2 = \lVert \nabla_a L \rVert^2", "verified"),
    ],
)
def test_a_name_for_a_derivative(network: dict[str, Any], latex: str, status: str) -> None:
    """It stands for its expression: as a whole, by component, and to be differentiated again."""
    if status == "error":  # Kronecker's delta, or the delta of this page?
        with pytest.raises(EquationError):
            check_equation(latex, network)
        return
    (verdict,) = check_equation(latex, network)
    assert verdict.status == status, verdict


def test_a_name_for_a_derivative_goes_with_what_it_is_made_of(network: dict[str, Any]) -> None:
    """Where z is defined anew, the old delta is forgotten."""
    gone = {name for name, value in define("z = x", network).items() if value is None}
    assert gone == {"a", "L", "delta", "d", "J", "H"}
