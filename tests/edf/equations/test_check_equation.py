"""`check_equation` as authors and tests use it: steps, expectations, options, and what a verdict says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from edf import AnyFunction, Input, Softmax
from edf.equations import EquationError, EquationVerdict, check_equation, declare
from edf.report import listening
from handout.math.mathml import to_mathml

JACOBIAN = r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)"
POSTED = r"\frac{\partial P_i}{\partial x_j} = P_i(1 - P_j)"


@pytest.fixture
def names() -> dict[str, Any]:
    """Return softmax under an arbitrary loss."""
    x = Input(shape=(4,))
    P = Softmax(x)
    return {"x": x, "P": P, "l": AnyFunction()(P)}


def only(latex: str, names: dict[str, Any], **options: Any) -> EquationVerdict:
    (verdict,) = check_equation(latex, names, **options)
    return verdict


# ------------------------------------------------------------------------- steps and expectations


def test_one_verdict_a_step(names: dict[str, Any]) -> None:
    """Each equality of a chain and each row is a step, numbered from 1, at its place."""
    latex = r"\begin{aligned} \sum_i P_i &= 1 \\ &= \sum_j P_j \\ x_i &= 2 x_i \end{aligned}"
    verdicts = check_equation(latex, names)
    assert [v.step for v in verdicts] == [1, 2, 3]
    assert [v.status for v in verdicts] == ["verified", "verified", "refuted"]
    assert [v.details["lhs"] for v in verdicts] == [r"\sum_{i} P_{i}", "1", "x_{i}"]
    assert [v.details["rhs"] for v in verdicts] == ["1", r"\sum_{j} P_{j}", "2 x_{i}"]
    starts = [latex[v.details["position"] :] for v in verdicts]
    assert [start[0] for start in starts] == ["1", "\\", "2"]


def test_a_step_compares_neighbours(names: dict[str, Any]) -> None:
    """In a = b = c the second step compares b with c, so one mistake is not counted twice."""
    verdicts = check_equation(r"2 P_i = 3 P_i = P_i + 2 P_i", names)
    assert [v.status for v in verdicts] == ["refuted", "verified"]


@pytest.mark.parametrize("expect", ["refuted", ["refuted"]])
def test_one_word_for_all_steps(expect: Any, names: dict[str, Any]) -> None:
    """One expectation holds for every step."""
    verdicts = check_equation("x_i = 2 x_i = 3 x_i", names, expect=expect)
    assert [(v.expected, v.ok) for v in verdicts] == [("refuted", True)] * 2


@pytest.mark.parametrize("expect", ["refuted verified", ["refuted", "verified"]])
def test_one_word_for_each_step(expect: Any, names: dict[str, Any]) -> None:
    """Several words are one for each step; a verdict is true where it is the expected one."""
    verdicts = check_equation("2 P_i = 3 P_i = 4 P_i", names, expect=expect)
    assert [v.expected for v in verdicts] == ["refuted", "verified"]
    assert [bool(v) for v in verdicts] == [True, False]
    assert not all(verdicts)


def test_an_error_leaves_no_verdict(names: dict[str, Any]) -> None:
    """What is not understood raises, with the formula, whatever the other steps are."""
    heard: list[Any] = []
    with listening(heard.append), pytest.raises(EquationError) as raised:
        check_equation(r"x_i = x_i = \foo", names)
    assert raised.value.source == r"x_i = x_i = \foo"
    assert heard == []


def test_verdicts_are_announced(names: dict[str, Any]) -> None:
    """A page that listens hears of every step."""
    heard: list[Any] = []
    with listening(heard.append):
        verdicts = check_equation("P_i = P_i + 0 = 2 P_i", names, id="two")
    assert heard == verdicts
    assert [v.id for v in verdicts] == ["two", "two"]


# ---------------------------------------------------------------------------------------- options


def test_componentwise_is_said(names: dict[str, Any]) -> None:
    """A reading that lifts bare vectors shows the index and says so."""
    verdict = only(r"P = P(x)(1 - P) + P^2", names, reading="componentwise i")
    assert verdict.status == "verified"
    assert verdict.reading == "P_i = P_i*(1 - P_i) + P_i^2"
    assert any("componentwise" in note for note in verdict.details["notes"])


def test_base(names: dict[str, Any]) -> None:
    """The declared base decides which component a number is; the last exists with base 1 only."""
    ratio = r"\log P_3 - \log P_2 = x_3 - x_2"
    assert only(ratio, names, reading="base 0").status == "verified"
    assert only(ratio, names, reading="base 1").status == "verified"
    assert only("x_4 = 2 x_4", names, reading="base 1").status == "refuted"
    with pytest.raises(EquationError, match="no such component"):
        check_equation("x_4 = 2 x_4", names, reading="base 0")


def test_loss_by_name_or_node(names: dict[str, Any]) -> None:
    """`.grad` is the gradient of the loss that is named."""
    latex = r"x.\text{grad} = \left(\frac{\partial P}{\partial x}\right)^\top P.\text{grad}"
    for loss in ("l", names["l"]):
        assert only(latex, names, loss=loss).status == "verified"
    with pytest.raises(EquationError, match="is a column of 4, not a number"):
        check_equation(latex, names, loss="P")


def test_points_and_seed(names: dict[str, Any]) -> None:
    """As many points as asked for are used, and the seed decides which."""
    assert only(JACOBIAN, names, points=3).points == 3
    assert only(JACOBIAN, names).points == 20
    x = Input(shape=(4,), sample=lambda rng, shape: rng.standard_normal(shape))
    drawn = {"x": x, "P": Softmax(x)}
    counterexamples = [only(POSTED, drawn, seed=seed).counterexample for seed in (1, 1, 2)]
    points = [c["point"]["x"].tolist() for c in counterexamples if c]
    assert points[0] == points[1] != points[2]


# -------------------------------------------------------------------------------- what is reported


def test_fields_of_a_verified_step(names: dict[str, Any]) -> None:
    """Status, error, oracle, points, seed, and the reading in plain text and as LaTeX."""
    verdict = only(JACOBIAN, names, id="jacobian", seed=5)
    assert (verdict.status, verdict.ok, verdict.id, verdict.step) == (
        "verified",
        True,
        "jacobian",
        1,
    )
    assert verdict.max_rel_error is not None
    assert 0 <= verdict.max_rel_error < 1e-12
    assert (verdict.points, verdict.seed, verdict.oracle) == (20, 5, "complex-step")
    assert verdict.reading == "D[P_i, x_j] = P_i*(delta_ij - P_j)"
    assert "<math" in to_mathml(verdict.details["reading_latex"])
    assert (verdict.counterexample, verdict.repair, verdict.message) == (None, None, "")
    assert 1e-15 < verdict.details["tolerance"] < 1e-11
    assert verdict.details["sizes"] == [4, 5]


@pytest.mark.parametrize(
    ("latex", "oracle"),
    [
        (r"\sum_i P_i = 1", "evaluation"),
        (JACOBIAN, "complex-step"),
        (r"\frac{\partial^2 P_i}{\partial x_i^2} = P_i(1 - P_i)(1 - 2P_i)",
         "complex-step in central differences"),
    ],
)  # fmt: skip
def test_oracle(latex: str, oracle: str, names: dict[str, Any]) -> None:
    """The verdict says where its derivatives come from."""
    assert only(latex, names).oracle == oracle


def test_counterexample_can_be_recomputed(names: dict[str, Any]) -> None:
    """Point, index and both sides: with these anybody gets the numbers of the card."""
    verdict = only(POSTED, names)
    assert verdict.status == "refuted"
    found = verdict.counterexample
    assert found is not None
    x = found["point"]["x"]
    P = np.exp(x) / np.exp(x).sum()
    i, j = found["index"]["i"], found["index"]["j"]
    np.testing.assert_allclose(found["left"], P[i] * ((i == j) - P[j]), rtol=1e-12)
    np.testing.assert_allclose(found["right"], P[i] * (1 - P[j]), rtol=1e-12)
    size = max(abs(found["left"]), abs(found["right"]))
    assert verdict.max_rel_error == pytest.approx(abs(found["left"] - found["right"]) / size)


def test_counterexample_is_small_and_names_its_factors(names: dict[str, Any]) -> None:
    """Whole numbers where they show the mistake, and what every factor of the formula is there."""
    found = only(POSTED, names).counterexample
    assert found is not None
    assert found["point"]["x"].tolist() == [1.0, 1.0, 1.0, 1.0]
    factors = found["factors"]
    assert list(factors) == ["D[P_i, x_j]", "P_i", "P_j"]
    assert found["left"] == factors["D[P_i, x_j]"]
    np.testing.assert_allclose(found["right"], factors["P_i"] * (1 - factors["P_j"]))
    chain = r"\frac{\partial l}{\partial x_j} = \frac{\partial l}{\partial P_j} P_j"
    found = only(chain, names).counterexample
    assert found is not None
    factors = found["factors"]
    np.testing.assert_allclose(found["right"], factors["D[l, P_j]"] * factors["P_j"])


def test_counterexample_of_a_decimal() -> None:
    """Both sides, not how far they are apart."""
    found = only(r"\frac{2}{3} = 0.66", {}).counterexample
    assert found is not None
    assert (found["left"], found["right"]) == (2 / 3, 0.66)


@pytest.mark.parametrize(
    ("latex", "value"),
    [(r"\max(0, a - 12570) = 0", 100000.0), (r"\lvert a + 500 \rvert = a + 500", -300000.0)],
)
def test_counterexample_of_few_digits(latex: str, value: float) -> None:
    """Where none of small whole numbers shows the mistake."""
    found = only(latex, {"a": Input(shape=())}).counterexample
    assert found is not None
    assert found["point"]["a"] == value


def test_counterexample_between_bounds() -> None:
    """It stays between them."""
    names = declare(r"p \in (0, 1)", {})
    found = only(r"p^2 + (1 - p)^2 = 1", names).counterexample
    assert found is not None
    assert 0 < found["point"]["p"] < 1
    assert round(float(found["point"]["p"]), 1) == found["point"]["p"]


def test_counterexample_names_an_entry_by_its_label() -> None:
    """Not the vector that it is taken of."""
    names = declare(r"p \in \Delta^{K-1}, \quad y \in \{1, \dots, K\}", {})
    found = only(r"p_y^2 = p_y", names).counterexample
    assert found is not None
    assert list(found["factors"]) == ["p_(y)"]
    assert found["left"] == pytest.approx(found["factors"]["p_(y)"] ** 2)


def test_counterexample_of_matrices() -> None:
    """Without indices, row and column say where the sides differ."""
    A = Input(shape=(3, 3))
    found = only(r"A^\top = A", {"A": A}).counterexample
    assert found is not None
    row, column = found["index"]["row"], found["index"]["column"]
    assert found["left"] == found["point"]["A"][column, row]
    assert found["right"] == found["point"]["A"][row, column]


def test_corruptions_are_counted(names: dict[str, Any]) -> None:
    """Of a verified step, what its test would notice; of others, nothing."""
    counts = only(JACOBIAN, names).corruptions
    assert counts is not None
    assert list(counts) == ["tried", "refuted", "rejected", "unnoticed"]
    assert counts["tried"] == counts["refuted"] + counts["rejected"] + counts["unnoticed"] >= 15
    assert counts["unnoticed"] == 0
    assert only(POSTED, names).corruptions is None


def test_a_corruption_that_is_not_noticed_is_shown(names: dict[str, Any]) -> None:
    """A test that would not notice is worth knowing about: here, a sum over one entry or another."""
    verdict = only(r"\sum_i (x_i - x_i) + \sum_i P_i = 1", names)
    assert verdict.corruptions is not None
    assert verdict.corruptions["unnoticed"] > 0
    example = verdict.details["corruption_example"]
    assert only(example, names).status == "verified"


@pytest.mark.parametrize(
    ("latex", "repair"),
    [
        (POSTED, r"1 is changed to δ_ij"),
        (r"\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} + P_j)", "the sign of P_j is changed"),
        (r"\sum_i P_i = 2", "2 is changed to 1"),
        (r"\frac{\partial l}{\partial x_j} = 2 \sum_i \frac{\partial l}{\partial P_i} "
         r"\frac{\partial P_i}{\partial x_j}", "the factor 2 is dropped"),
        (r"P_i = \frac{e^{x_i}}{\prod_j e^{x_j}}", "the prod is changed to a sum"),
        (r"\log P_i = x_i + \log \sum_j e^{x_j}", "the sign of"),
        (r"\log P_i = \log \sum_j e^{x_j} - x_i", "are exchanged"),
        (r"P_i P_i^2 = P_i^7", "7 is changed to 3"),
        (r"\nabla_x \left( x^\top x \right) = x", "x is multiplied by 2"),
    ],
)  # fmt: skip
def test_repair(latex: str, repair: str, names: dict[str, Any]) -> None:
    """A refuted step that one symbol mends says which."""
    found = only(latex, names).repair
    assert found is not None
    assert found.startswith("holds if ")
    assert repair in found


@pytest.mark.parametrize(
    ("latex", "repair"),
    [
        (r"\max_i P_i \geq \frac{1}{2}", "holds if 2 is changed to 4"),  # -1/2 says nothing
        (r"e^{x_i} \geq 2 + x_i", "holds if 2 is changed to 1"),  # so with -2
        (r"\log(1 + x_i^2) \leq \frac{x_i^2}{3}", "holds if 3 is changed to 1"),
        (r"\frac{1}{3} = 0.334", None),  # 1/0
        (r"\sum_i P_i^2 = 4", None),  # to the power 0
    ],
)
def test_a_repair_does_not_empty_a_formula(
    latex: str, repair: str | None, names: dict[str, Any]
) -> None:
    """Nor weaken a bound until it holds."""
    assert only(latex, names).repair == repair


def test_an_inequality_is_turned_round(names: dict[str, Any]) -> None:
    """That of Cauchy and Schwarz."""
    found = only(r"(x^\top P)^2 \geq x^\top x \cdot P^\top P", names).repair
    assert found == "holds if the inequality is turned round"


def test_no_repair_where_there_is_none(names: dict[str, Any]) -> None:
    """A step that no single symbol mends has no repair."""
    assert only(r"P_i = x_i^3 + 7 x_i", names).repair is None


def test_no_repair_that_leaves_nothing_to_claim() -> None:
    """sign(a - 40) = -1 is not mended by leaving a out."""
    found = only(r"\operatorname{sign}(a - 40) = -1", {"a": Input(shape=())})
    assert (found.status, found.repair) == ("refuted", None)


def test_text(names: dict[str, Any]) -> None:
    """str() has name, status, reading, counterexample, oracle and repair, one a line."""
    lines = str(only(POSTED, names, id="posted")).splitlines()
    assert lines[0] == "equation posted, step 1: refuted (expected verified)"
    labels = [line.split(":")[0].strip() for line in lines[1:]]
    assert labels == ["reading", "error", "for example", "oracle", "repair"]
    text = str(only(JACOBIAN, names))
    assert text.startswith("equation, step 1: verified\n")
    assert " one-symbol corruptions: " in text


def test_html_is_escaped(names: dict[str, Any]) -> None:
    """A notebook shows a table in which nothing of the page is markup."""
    latex = r"\sum_{j < i} P_j = P_i"
    shown = only(latex, names)._repr_html_()
    assert shown.startswith('<div class="edf-report edf-refuted">')
    assert "sum[j &lt; i]" in shown
    assert "j < i" not in shown


def test_dictionary_is_json_in_the_order_of_verdicts(names: dict[str, Any]) -> None:
    """`to_dict` has the keys of verdicts.json that a check knows, as JSON-able facts."""
    for latex in (JACOBIAN, POSTED, "0 l = 0"):
        found = only(latex, names).to_dict()
        assert list(found) == [
            "id", "step", "kind", "status", "expected", "ok", "max_rel_error", "points", "seed",
            "oracle", "reading", "counterexample", "corruptions", "repair", "message", "details",
        ]  # fmt: skip
        assert json.loads(json.dumps(found)) == found


def test_names_may_be_any_mapping(names: dict[str, Any]) -> None:
    """`locals()` of a function will do, with whatever else is in it."""

    def body() -> list[EquationVerdict]:
        x = Input(shape=(3,))
        P = Softmax(x)
        unrelated = {"a": object(), "text": "x"}
        assert unrelated
        assert P.inputs
        return check_equation(r"\sum_i P_i = 1", locals())

    assert all(body())


def test_a_correction_is_given_only_as_it_would_be_read() -> None:
    """A 2 before the n of n! would be printed as 2 n!, which is not (2n)!."""
    z = Input(shape=())
    series = r"\cos z = \sum_{n=0}^{\infty} (-1)^n \frac{z^{2n}}{n!}"
    [verdict] = check_equation(series, {"z": z})
    assert verdict.repair is not None
    assert verdict.details["mended_rhs"] is None
    [verdict] = check_equation(r"2 \cos z \sin z = 2 \sin(2 z)", {"z": z})
    assert verdict.repair is not None
    assert verdict.details["mended_rhs"] == r"\sin ( 2 z )"


def test_what_is_declared_in_latex_alone_counts_from_one() -> None:
    """Its last component is x_n, and a counterexample counts as the formula does."""
    names = declare(r"x \in \mathbb{R}^n, \quad A \in \mathbb{R}^{n \times n}", {})
    (verdict,) = check_equation(r"x_i = \sum_j A_{ji} x_j", names)
    assert verdict.counterexample is not None
    assert verdict.counterexample["counted_from"] == 1
    telescope = r"\sum_{i=1}^{n-1} (x_{i+1} - x_i) = x_n - x_1"
    assert [v.status for v in check_equation(telescope, names)] == ["verified"]
    (verdict,) = check_equation(r"A_{12} = x_n", names)
    assert verdict.counterexample is not None
    point = verdict.counterexample["point"]
    assert verdict.counterexample["left"] == point["A"][0, 1]
    assert verdict.counterexample["right"] == point["x"][-1]
    (verdict,) = check_equation(r"x_i = 2 y_i", {"x": names["x"], "y": Input(shape=(4,))})
    assert verdict.counterexample is not None
    assert verdict.counterexample["counted_from"] == 0


@pytest.mark.parametrize(
    ("latex", "reading", "first"),
    [
        (r"v_i = 3 u_i", None, 0),
        (r"v_i = 3 u_i", "base 1", 1),
        (r"v_i = 3 u_i \quad i = 1, \dots, n", None, 1),
        (r"v_i = 3 u_i, \qquad i \in \{1, \dots, n\}", None, 1),
        (r"v_i = u_i + \frac{1}{n} \sum_{j=1}^{n} u_j", None, 1),
        (r"v_i = u_i + \sum_j u_j", None, 0),
        (r"v_i = u_i + u_1 + 3 u_4", None, 1),
    ],
)
def test_a_counterexample_counts_as_its_formula_does(
    latex: str, reading: str | None, first: int
) -> None:
    """From 1 where the formula counts from 1: its sums, its ranges, its numbered components."""
    u, n = Input(shape=(4,)), 4
    (verdict,) = check_equation(latex, {"u": u, "v": 2 * u, "n": n}, reading=reading)
    assert verdict.status == "refuted"
    assert verdict.counterexample is not None
    assert verdict.counterexample["counted_from"] == first
    place = verdict.counterexample["index"]["i"]
    assert f"i = {place + first} (counted from {first})" in str(verdict.evidence())
    value = verdict.counterexample["point"]["u"][place]
    assert verdict.counterexample["left"] == 2 * value


def test_every_factor_is_shown_at_the_point_of_a_counterexample() -> None:
    """So that both sides can be recomputed by hand."""
    x = Input(shape=(3,))
    P = Softmax(x)
    loss = AnyFunction()(P)
    latex = r"\frac{\partial l}{\partial x_i} = \frac{\partial l}{\partial P_i} P_i"
    (verdict,) = check_equation(latex, {"x": x, "P": P, "l": loss})
    assert verdict.counterexample is not None
    factors = verdict.counterexample["factors"]
    assert set(factors) == {"D[l, x_i]", "D[l, P_i]", "P_i"}
    assert factors["D[l, x_i]"] == pytest.approx(verdict.counterexample["left"])
    assert factors["D[l, P_i]"] * factors["P_i"] == pytest.approx(verdict.counterexample["right"])


def test_the_smallest_counterexample_is_preferred() -> None:
    """Ones before other whole numbers, where they show the mistake."""
    a, b = Input(shape=()), Input(shape=())
    (verdict,) = check_equation("a + b = a b", {"a": a, "b": b})
    assert verdict.counterexample is not None
    assert verdict.counterexample["point"] == {"a": 1.0, "b": 1.0}
    (verdict,) = check_equation("a b = a^2 b", {"a": a, "b": b})  # equal where a is 1
    assert verdict.counterexample is not None
    point = verdict.counterexample["point"]
    assert all(float(value).is_integer() and abs(value) <= 3 for value in point.values())
