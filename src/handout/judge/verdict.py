"""A verdict: what the build says of one claim. All that comes after judging reads this record."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Kind = Literal["equation", "gradient", "code"]


class Details(TypedDict, total=False):
    """What only the page shows of a verdict, as far as there is any."""

    line: int  # of what is wrong, where it is not that of the claim
    code: str  # of the kind of error
    position: int | None  # character of a formula
    follows: str  # id of the cell whose failure left this claim without its names
    raised: str  # the exception that a cell was expected to raise
    notes: list[str]
    hypotheses: list[str]  # LaTeX: what was drawn from where, the ranges of indices, what was held
    reading_latex: str  # the equation as it was understood
    latex: str  # one step, printed back from its syntax tree, and both of its sides
    lhs: str
    rhs: str
    mended_lhs: str | None  # the sides of a step that holds, where a small change would mend it
    mended_rhs: str | None
    symbols: dict[str, str]  # the names in a counterexample as LaTeX, where the formula has them
    sign: str  # of relation, and where it stands in the author's formula
    sign_at: int
    reprinted: str  # the whole formula, printed back from its syntax tree
    corruption_example: str
    worst: dict[str, Any]
    sampled: dict[str, int]
    tolerance: float | None
    explore: dict[str, Any] | None  # how a reader may move the point of a counterexample
    steps: list[tuple[float, float]]  # step size and error of central differences


class Verdict(TypedDict):
    """One step of a claim, one gradient check, or one cell of code; a line of `verdicts.json`."""

    id: str
    step: int  # of the claim, from 1
    page: str  # relative to the docs folder, or as given on the command line
    line: int  # of the claim in the author's file
    kind: Kind
    status: str  # one of `handout.page.options.STATUSES`
    expected: str
    ok: bool  # whether the status is the expected one
    max_rel_error: float | None
    points: int | None
    seed: int | None
    oracle: str | None  # what numeric derivatives were computed with
    reading: str | None  # the equation as it was understood, in words
    counterexample: dict[str, Any] | None
    corruptions: dict[str, int] | None  # mutations of the equation: how many a test notices
    repair: str | None
    message: str
    code: str | None  # of the kind of problem, where it is one: see `handout.page.codes`
    quoted: str | None  # where a quoted mistake stood, as in "wrong as posted"
    details: Details  # not in the file


#: The keys of a verdict in `verdicts.json`, in this order.
KEYS = tuple(name for name in Verdict.__annotations__ if name != "details")
