"""What is refused of probabilities, laws and functions of something new: each with what to write."""

from __future__ import annotations

import pytest

from edf.equations import EquationError, check_equation, declare, define

SPACE = (
    r"X : \Omega \to \{1, \dots, m\}, \quad Y : \Omega \to \mathbb{R}, \quad A, B \subseteq \Omega"
)
LAWS = r"N \sim \text{Poisson}(2), \quad U \sim U(0, 1), \quad x \in \mathbb{R}"

CLAIMS = [
    (SPACE, r"P(Y = 1) = 0", "no value has a probability: declare its values", "Y = 1) = 0"),
    (SPACE, r"P(A \cup A \cap B) = 1", "side by side: write parentheses", r"A \cup"),
    (SPACE, r"P(X = 1 \mid A \mid B) = 1", "One bar stands between", "(X"),
    (SPACE, r"P(A, 2) = 1", "An event is written X = x", "2) = 1"),
    (SPACE, r"\mathbb{E}[Y \mid X] = 1", "write its expectation, or X = x", "X] = 1"),
    (SPACE, r"P(2 X = 4) = 1", "a random variable alone stands on the left", "2 X"),
    (SPACE, r"\operatorname{Cov}(X) = 1", "Cov takes 2 arguments", "(X"),
    (SPACE, r"X = 1", "X is a random variable: write its expectation", "X = 1"),
    (LAWS, r"\mathbb{E}[N U] = 1", "How N and U depend on each other is not declared", None),
    (LAWS, r"P(U = x) = 1", "write P(X = k) of a law of whole numbers", None),
    (LAWS, r"N + 1 = x", "N is a random variable", "N + 1"),
]  # fmt: skip

DECLARATIONS = [
    (r"X \sim \text{Gamma}(1, 2)", r"there are \mathcal{N}(\mu, \sigma^2), U(a, b)"),
    (r"X \sim \text{Poisson}(1, 2)", "Poisson has 1 parameter, and here it has 2"),
    (
        r"X \sim \mathcal{N}(\mu, \sigma)",
        r"the variance, or the standard deviation? Write \sigma^2",
    ),
    (r"X : \Omega \to O(n)", "A random variable has real values, or finitely many"),
    (r"X : \Omega \to \{0, 1\}, X \in \mathbb{R}", "X is declared twice"),
]

DEFINITIONS = [
    (r"h(z, w) = z^2", "w is not bound on this page, and stands on the left only"),
    (r"h(z) = z + q", "q is not bound"),
    (r"h_i(z) = z x_i", "A function of something new has no index"),
]

CALLS = [
    (r"g(x, 2) = 1", "g was defined with 1 argument, and here it has 2"),
    (r"g = 1", "g is a function: write its argument"),
    (r"g'(2 x) = 1", r"write \frac{d}{dx} g(x)"),
    (r"k(2, 3) = 1", "k was defined for x itself"),
    (r"s(v_j) = 1", "s has an index j inside its definition"),
]


@pytest.mark.parametrize(("let", "claim", "message", "at"), CLAIMS)
def test_of_events_and_laws(let: str, claim: str, message: str, at: str | None) -> None:
    """The message says what to write, and the caret stands at it."""
    with pytest.raises(EquationError) as refused:
        check_equation(claim, declare(let, {}))
    assert message in refused.value.message
    if at is not None:
        assert claim[refused.value.position :].startswith(at)


@pytest.mark.parametrize(("let", "message"), DECLARATIONS)
def test_of_declarations(let: str, message: str) -> None:
    """A law that has no name here, and values that no random variable has."""
    with pytest.raises(EquationError) as refused:
        declare(let, {})
    assert message in refused.value.message


@pytest.mark.parametrize(("formula", "message"), DEFINITIONS)
def test_of_functions(formula: str, message: str) -> None:
    """All names of a formula but the function's own are known."""
    with pytest.raises(EquationError) as refused:
        define(formula, declare(r"x \in \mathbb{R}^n", {}))
    assert message in refused.value.message


@pytest.mark.parametrize(("claim", "message"), CALLS)
def test_of_calls(claim: str, message: str) -> None:
    """A call has as many arguments as the definition."""
    names = declare(r"x \in \mathbb{R}, v, u \in \mathbb{R}^n", {})
    names |= define(r"g(z) = z^2, k(z, x) = z x, s(z) = \sum_j z u_j", names)
    with pytest.raises(EquationError) as refused:
        check_equation(claim, names)
    assert message in refused.value.message


def test_variables_of_two_blocks_share_a_space_that_is_large_enough() -> None:
    """A space that the first block has made is not made larger by the second."""
    names = declare(r"X : \Omega \to \{0, 1\}", {})
    with pytest.raises(EquationError, match="declare all random variables with finitely many"):
        declare(r"Y : \Omega \to \{1, \dots, 9\}", names)
    names |= declare(r"Z : \Omega \to \mathbb{R}", names)
    (verdict,) = check_equation(r"\mathbb{E}[X Z] = P(X = 1) \mathbb{E}[Z \mid X = 1]", names)
    assert verdict.status == "verified"
