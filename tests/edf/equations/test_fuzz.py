"""Corrupted and oversized input: always a verdict or an error with a caret, and never a long wait."""

from __future__ import annotations

import contextlib
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edf import Input
from edf.equations import EquationError, EquationVerdict, check_equation, declare, define
from edf.equations.latex.cursor import Cursor
from edf.equations.latex.parser import parse
from edf.equations.latex.printer import to_latex
from edf.equations.latex.tokens import MAX_LENGTH
from handout.judge.typesetting import typesetting_difference
from handout.math.mathml import MathError
from handout.page.cells import find_cells
from handout.page.displays import Role

DOCS = Path(__file__).parents[3] / "docs"
PAGES = [DOCS / "identities.md", DOCS / "reference/dialect.md"]
BINDS: dict[Role, Callable[..., dict[str, Any]]] = {Role.LET: declare, Role.DEFINE: define}
PIECES = [
    *r"x y i j 1 2 + - = ^ _ { } ( ) [ ] | & , . ' / \ % ~ d e T".split(), " ", "\n",
    *r"\\ \frac \partial \sum_i \max \log \left \right \delta_{ij} \top \nabla_x \mathbf \hat".split(),
    *r"\odot \cdot \begin{cases} \end{cases} \begin{aligned} \end{aligned} \text{grad} \sqrt".split(),
    r"\operatorname{diag}", r"^{-1}", r"_{ij}", r"^\top", r"\lVert", r"\rVert", "x_i", "P_j", "(x)",
]  # fmt: skip


def _corrupted(source: str, rng: random.Random) -> str:
    """Return a formula with one to three slips of the keyboard."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        start, end = sorted(rng.randrange(len(source) + 1) for _ in range(2))
        end = min(end, start + 12)
        piece = source[start:end]
        source = rng.choice(
            [
                source[:start] + source[start + 1 :],
                source[:start] + source[end:],
                source[:end] + piece + source[end:],
                source[:start] + piece[::-1] + source[end:],
                source[:start] + rng.choice(PIECES) + source[start:],
                source[:start] + rng.choice(PIECES) + source[end:],
                source[:start],
            ]
        )
    return source


Claims = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def claims() -> Claims:
    """Return the formulas of two pages, each with the names that it is read against."""
    found: Claims = []
    for page in PAGES:
        names: dict[str, Any] = {}
        for cell in find_cells(page.read_text(), page.name):
            if cell.kind == "python":
                exec(cell.source, names)
            elif cell.role in BINDS:
                made = BINDS[cell.role](cell.source, names)
                names = {n: v for n, v in {**names, **made}.items() if v is not None}
            elif cell.id:
                found.append((cell.source.strip(), dict(names)))
    return found


def _slips(claims: Claims, seed: int, count: int) -> Claims:
    rng = random.Random(seed)
    chosen = rng.choices(claims, k=count)
    return [(_corrupted(latex, rng), names) for latex, names in chosen]


def _outcome(latex: str, names: dict[str, Any]) -> list[EquationVerdict] | EquationError:
    try:
        return check_equation(latex, names, points=2)
    except EquationError as error:
        return error


@pytest.mark.parametrize("seed", range(6))
def test_corrupted_formulas(seed: int, claims: Claims) -> None:
    """Whatever is typed: verdicts, or one line with a caret within the formula."""
    outcomes: Counter[str] = Counter()
    for latex, names in _slips(claims, seed, 200):
        outcome = _outcome(latex, names)
        if isinstance(outcome, EquationError):
            outcomes["error"] += 1
            assert 0 <= outcome.position <= len(latex), latex
            assert outcome.message, latex
            assert "\n" not in outcome.message, latex
        else:
            outcomes["verdict"] += 1
            assert outcome, latex
    assert outcomes["error"] > 50
    assert outcomes["verdict"] > 0


@pytest.mark.parametrize("seed", range(6, 12))
def test_corrupted_formulas_are_read_as_typeset(seed: int, claims: Claims) -> None:
    """What is accepted is printed back to the same tree, and set as the source is."""
    accepted = 0
    for latex, _ in _slips(claims, seed, 200):
        try:
            tree = parse(latex)
        except EquationError:
            continue
        printed = to_latex(tree)
        assert parse(printed) == tree
        try:
            assert typesetting_difference(latex, printed) is None, latex
        except MathError:  # no LaTeX, which is an error on a page
            continue
        accepted += 1
    assert accepted > 10


@pytest.mark.parametrize("seed", range(12, 16))
def test_soup(seed: int, claims: Claims) -> None:
    """Pieces of formulas in random order."""
    rng = random.Random(seed)
    _, names = claims[0]
    for _ in range(200):
        latex = " ".join(rng.choices(PIECES, k=rng.randint(1, 25)))
        outcome = _outcome(latex, names)
        assert not isinstance(outcome, EquationError) or 0 <= outcome.position <= len(latex)


# ------------------------------------------------------------------------------------- extremes

LONG: dict[str, Callable[[int], str]] = {
    "terms": lambda n: "w = " + "+".join(["x"] * n),
    "factors": lambda n: "w = " + " ".join(["x"] * n),
    "roots": lambda n: "w = " + "+".join([r"\sqrt{x}"] * n),
    "steps": lambda n: "=".join(["x"] * n),
    "rows": lambda n: r"\begin{aligned}" + r"\\".join(["x &= x"] * n) + r"\end{aligned}",
    "cases": lambda n: r"w = \begin{cases}" + r"x & x > 0 \\" * n + r"y & y > 0 \end{cases}",
    "sums": lambda n: "w = " + r"\sum_i" * n + "x_i",
    "logarithms": lambda n: "w = " + r"\log" * n + "x",
    "derivatives": lambda n: "w = " + r"\frac{d}{dx}" * n + "x",
    "parentheses": lambda n: "w = " + "(" * n + "x" + ")" * n,
    "braces": lambda n: "w = " + "{" * n + "x" + "}" * n,
    "bars": lambda n: "w = " + "|" * n,
    "fractions": lambda n: "w = " + r"\frac1{" * n + "x" + "}" * n,
    "superscripts": lambda n: "w = x" + "^{x" * n + "}" * n,
    "scripts": lambda n: "w = x" + "_x" * n,
    "indices": lambda n: "w = x_{" + "i" * n + "}",
    "primes": lambda n: "w = x" + "'" * n,
    "signs": lambda n: "w = x" + "-" * n + "x",
    "accents": lambda n: "w = " + r"\hat{" * n + "x" + "}" * n,
    "digits": lambda n: "w = " + "1" * n,
    "exponent": lambda n: "w = x^{" + "9" * n + "}",
    "spaces": lambda n: "w" + " " * n + "= x x",
    "unclosed": lambda n: "w = " + r"\left(" * n,
}


@pytest.mark.parametrize("kind", LONG)
def test_the_parser_never_goes_back(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser takes each token once, so its time is linear in the length."""
    taken = 0
    take = Cursor.next

    def counting(self: Any) -> Any:
        nonlocal taken
        taken += 1
        return take(self)

    monkeypatch.setattr(Cursor, "next", counting)
    latex = LONG[kind](600)
    with contextlib.suppress(EquationError):
        parse(latex)
    assert 0 < taken <= len(latex)


@pytest.mark.parametrize("count", [30, 600])
@pytest.mark.parametrize("kind", LONG)
def test_long_and_deep_formulas(kind: str, count: int, pages: dict[str, dict[str, Any]]) -> None:
    """However long or deep: an answer, with counts of corruptions and repairs."""
    outcome = _outcome(LONG[kind](count), pages["scalars"])
    if not isinstance(outcome, EquationError):
        assert {verdict.status for verdict in outcome} <= {"verified", "refuted", "inconclusive"}


def test_the_longest_claim(pages: dict[str, dict[str, Any]]) -> None:
    """A claim may have 10,000 characters, and is judged with thousands of terms."""
    latex = "x" + "+x" * ((MAX_LENGTH - 20) // 2)
    count = len(re.findall("x", latex))
    (verdict,) = check_equation(f"{latex} = {count} x", pages["scalars"], points=2)
    assert verdict.status == "verified"
    (verdict,) = check_equation(f"{latex} = {count + 1} x", pages["scalars"], points=2)
    assert verdict.status == "refuted"
    with pytest.raises(EquationError, match="are read: split it"):
        check_equation(latex + " " * 20 + "= y", pages["scalars"])


def test_more_indices_than_memory() -> None:
    """Indices multiply; beyond a few million values the claim is refused, not computed."""
    x = Input(shape=(4,))
    letters = "abcfghijkmno"
    product = " ".join(f"x_{letter}" for letter in letters)
    with pytest.raises(EquationError, match="have 16,777,216 values"):
        check_equation(rf"\sum_{{{letters}}} {product} = 1", {"x": x})
    few = " ".join(f"x_{letter}" for letter in letters[:8])
    latex = rf"\sum_{{{letters[:8]}}} {few} = \left(\sum_i x_i\right)^8"
    assert check_equation(latex, {"x": x}, points=3)[0].status == "verified"


def test_numbers_too_large() -> None:
    """A number that no float holds is refused; one that a power cannot hold is inconclusive."""
    names = {"x": Input(shape=()), "huge": np.inf}
    with pytest.raises(EquationError, match="too large"):
        check_equation("x^{" + "9" * 400 + "} = 1", names)
    assert check_equation("x = 9^{9^{9^{9}}}", names)[0].status == "inconclusive"
    assert check_equation(r"x = \text{huge}", names)[0].status == "inconclusive"
