# ruff: noqa: E501  (LaTeX is long)
"""The session that the reader's browser runs: here in this process, with the same modules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from handout.live.page import live_page
from handout.live.session import Session
from handout.page.pages import make_page

DOCS = Path(__file__).parents[3] / "docs"
PAGE = """
```python exec="on" id="graph"
from edf import AnyFunction, Input, Softmax, check_gradients

x = Input(shape=(3,))
P = Softmax(x)
l = AnyFunction()(P)
print("made")
check_gradients(l, id="backward")
```

```math claim="jacobian"
\\frac{\\partial P_i}{\\partial x_j} = P_i(\\delta_{ij} - P_j)
```

```math exercise="vjp" points="3" hint="One. | Two."
\\frac{\\partial l}{\\partial x_j} = ?
```

```math exercise="half"
\\sum_j P_j = 2 ?
```
"""
GRAPH, CLAIM, VJP, HALF = range(4)


class Nothing:
    """A site without files: the session that a page's data makes runs here."""

    provides: Mapping[str, str] = {}

    def described(self, packages: Iterable[str]) -> Mapping[str, Any]:
        return {}


def session_of(text: str, name: str = "page.md") -> Session:
    """What a browser makes of the page's data."""
    page = make_page(Path(name), name, text)
    return Session(json.loads(live_page(page, Nothing(), {}).data.replace(r"<\/", "</")))


@pytest.fixture
def session() -> Session:
    return session_of(PAGE)


def judged(session: Session, cell: int, source: str, **others: str) -> dict[str, Any]:
    return session.judge(cell, source, {str(cell): source, **others})


class TestClaims:
    """A claim in the reader's words."""

    def test_the_author_s_claim_holds(self, session: Session) -> None:
        """As in the build."""
        said = judged(session, CLAIM, session.cells[CLAIM].source)
        assert said["said"] == "Verified"
        assert "<math" in said["understood"]

    def test_a_changed_claim_is_refuted(self, session: Session) -> None:
        """And nothing was expected of it."""
        said = judged(session, CLAIM, "P_i = 2 P_i")
        assert said["said"] == "Refuted"
        assert "expected" not in said["html"]

    def test_what_is_not_understood_is_told(self, session: Session) -> None:
        """With a caret, and no formula."""
        said = judged(session, CLAIM, "P_i = (")
        assert said["understood"] == ""
        assert "^" in said["message"]

    def test_the_cells_above_have_run_as_the_reader_left_them(self, session: Session) -> None:
        """Another softmax above makes the claim false; the author's makes it true again."""
        other = session.cells[GRAPH].source.replace("Softmax(x)", "2 * Softmax(x)")
        claim = session.cells[CLAIM].source
        said = session.judge(CLAIM, claim, {str(GRAPH): other})
        assert said["said"] == "Refuted"
        assert session.judge(CLAIM, claim, {})["said"] == "Verified"

    def test_a_cell_that_fails_above_is_named(self, session: Session) -> None:
        """Nothing is judged with names that are not there."""
        said = session.judge(CLAIM, "P_i = P_i", {str(GRAPH): "1 / 0"})
        assert "graph, above, fails: ZeroDivisionError" in said["said"]
        assert said["html"] == ""


class TestPoint:
    """A refuted claim at the reader's point."""

    WRONG = "P_i = 2 P_i"

    def test_the_counterexample_can_be_moved(self, session: Session) -> None:
        """The table follows, without the point, which the sliders show."""
        (refuted,) = session.explore(CLAIM, self.WRONG, {})["steps"]
        assert refuted["explore"]["leaves"] == {"x": "real"}
        asked = {"refuted": refuted, "point": refuted["point"]}
        there = session.at(CLAIM, self.WRONG, {}, **asked)
        assert there == {"html": refuted["html"], "said": "The sides differ here"}
        asked["point"] = {"x": [0.0, 0.0, 1.0]}
        assert session.at(CLAIM, self.WRONG, {}, **asked)["html"] != refuted["html"]

    def test_an_answer_to_an_exercise_too(self, session: Session) -> None:
        """With the answer in its place."""
        (refuted,) = session.explore(HALF, "1", {})["steps"]
        there = session.at(HALF, "1", {}, refuted=refuted, point={"x": [1.0, 2.0, 3.0]})
        assert there["said"] == "The sides differ here"

    def test_what_holds_has_no_such_point(self, session: Session) -> None:
        """Nor has what is not understood."""
        assert session.explore(CLAIM, session.cells[CLAIM].source, {})["steps"] == []
        assert session.explore(CLAIM, "(", {})["steps"] == []


class TestCells:
    """A cell in the reader's words."""

    def test_what_it_prints_and_checks(self, session: Session) -> None:
        """Output first, then the card of its check."""
        source = session.cells[GRAPH].source.replace("made", "<b>")
        said = session.run(GRAPH, source, {str(GRAPH): source})
        assert said["html"].index("&lt;b&gt;") < said["html"].index("verdict-verified")

    def test_the_claims_below_are_judged_again(self, session: Session) -> None:
        """And said to be the author's where they are."""
        source = session.cells[GRAPH].source.replace("Softmax(x)", "2 * Softmax(x)")
        (below,) = session.run(GRAPH, source, {str(GRAPH): source})["below"]
        assert below["cell"] == CLAIM
        assert "verdict-refuted" in below["html"]
        assert not below["same"]
        (below,) = session.run(GRAPH, session.cells[GRAPH].source, {})["below"]
        assert below["same"]

    def test_an_error_has_its_traceback(self, session: Session) -> None:
        """Without the machinery around the cell."""
        said = session.run(GRAPH, "def f():\n    return 1 / 0\nf()", {})
        assert "ZeroDivisionError" in said["html"]
        assert "session.py" not in said["html"]


class TestExercises:
    """Answers are judged against the graph: every right form counts."""

    @pytest.mark.parametrize(
        "answer",
        [
            r"\sum_i \frac{\partial l}{\partial P_i} P_i (\delta_{ij} - P_j)",
            r"P_j \left(\frac{\partial l}{\partial P_j} - \sum_i \frac{\partial l}{\partial P_i} P_i\right)",
            r"\sum_k \frac{\partial l}{\partial P_k} \frac{\partial P_k}{\partial x_j}",
        ],
    )
    def test_right_answers(self, session: Session, answer: str) -> None:
        """However they are written."""
        said = session.attempt(VJP, answer, {})
        assert said["right"], said
        assert said["said"] == "Right"

    def test_a_wrong_answer_gets_its_counterexample(self, session: Session) -> None:
        """A point at which it fails."""
        said = session.attempt(VJP, r"\frac{\partial l}{\partial P_j} P_j (1 - P_j)", {})
        assert not said["right"]
        assert "counterexample" in said["html"]

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (r"\frac{\partial l}{\partial x_j}", "holds the question itself"),
            (r"0 + \frac{\partial l}{\partial x_j}", "holds the question itself"),
            (r"a = b", "without a sign of equality"),
            ("", "Type an answer"),
            ("(", "something is missing"),
            ("</script>", ""),
            ("__import__", ""),
            ("(" * 10_000, ""),
        ],
        ids=["question", "dressed", "equation", "empty", "bracket", "markup", "code", "brackets"],
    )
    def test_what_is_no_answer(self, session: Session, answer: str, reason: str) -> None:
        """It is refused in words, and never counts as right."""
        said = session.attempt(VJP, answer, {})
        assert not said["right"]
        assert reason in said["message"]

    def test_a_name_is_a_question_too(self) -> None:
        """`y = ?` is not answered by y, whatever is done to it."""
        text = PAGE + '\n```math define\ns = \\sum_i x_i\n```\n\n```math exercise="s"\ns = ?\n```\n'
        session = session_of(text)
        number = len(session.cells) - 1
        for answer in ("s", "0 + s", "2 s / 2"):
            said = session.attempt(number, answer, {})
            assert not said["right"]
            assert "holds the question itself" in said["message"]
        assert session.attempt(number, r"\sum_k x_k", {})["right"]
        assert "<math" in session.question(number, {})["html"]

    def test_a_blank_inside_a_side(self, session: Session) -> None:
        """The answer is one factor, whatever it is made of."""
        assert session.attempt(HALF, "1/4 + 1/4", {})["right"]
        assert not session.attempt(HALF, "1", {})["right"]


@pytest.fixture(scope="module")
def problems() -> Session:
    """The page of exercises of Problem Set #1."""
    file = DOCS / "ps1" / "exercises.md"
    return session_of(file.read_text("utf-8"), "ps1/exercises.md")


class TestProblemSet:
    """The exercises of the problem set can be solved, and the posted mistakes are wrong."""

    ANSWERS = {  # noqa: RUF012 - a table
        "chain-rule": (
            r"\frac{\partial l}{\partial y}\frac{\partial g}{\partial x} + \frac{\partial l}{\partial z}\frac{\partial h}{\partial x}",
            r"\frac{\partial l}{\partial u}\left(\frac{\partial l}{\partial y}\frac{\partial g}{\partial x} + \frac{\partial l}{\partial z}\frac{\partial h}{\partial x}\right)",
        ),
        "second-derivative": (
            r"\frac{\partial^2 l}{\partial x \partial y} \frac{\partial g}{\partial x} + \frac{\partial l}{\partial y} \frac{\partial^2 g}{\partial x^2} + \frac{\partial^2 l}{\partial x \partial z} \frac{\partial h}{\partial x} + \frac{\partial l}{\partial z} \frac{\partial^2 h}{\partial x^2}",
            r"\frac{\partial^2 l}{\partial y^2} \left(\frac{\partial g}{\partial x}\right)^2",
        ),
        "softmax-jacobian": (r"P_i(\delta_{ij} - P_j)", r"P_i(1 - P_j)"),
        "softmax-backward": (
            r"P_j \left(\frac{\partial l}{\partial P_j} - \sum_i \frac{\partial l}{\partial P_i} P_i\right)",
            r"\frac{\partial l}{\partial P_j} P_j (1 - P_j)",
        ),
        "scores-gradient": (r"\frac{1}{3} (P_{ij} - T_{ij})", r"P_{ij} - T_{ij}"),
        "weights-gradient": (
            r"\sum_i X_{ik} \frac{1}{3} (P_{ij} - T_{ij})",
            r"\sum_i X_{ik} (P_{ij} - T_{ij})",
        ),
    }

    @pytest.mark.parametrize("name", ANSWERS)
    def test_right_and_wrong(self, problems: Session, name: str) -> None:
        """One answer of each kind."""
        number = [cell.id for cell in problems.cells].index(name)
        right, wrong = self.ANSWERS[name]
        assert problems.attempt(number, right, {})["right"], problems.attempt(number, right, {})
        assert not problems.attempt(number, wrong, {})["right"]

    def test_the_code(self, problems: Session) -> None:
        """As it stands it is wrong; mended it is right; without its check it is no answer."""
        number = [cell.id for cell in problems.cells].index("softmax-code")
        source = problems.cells[number].source
        assert not problems.attempt(number, source, {})["right"]
        mended = source.replace(
            "grad * self.value * (1 - self.value)",
            "self.value * (grad - np.sum(grad * self.value))",
        )
        assert problems.attempt(number, mended, {})["right"]
        said = problems.attempt(number, "pass", {})
        assert not said["right"]
        assert "leave its check in place" in said["html"]
