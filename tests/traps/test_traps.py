"""Hand-written traps get the right verdict, and those that do not are listed.

The list is strict both ways. `python -m benchmarks.equation_traps --write` brings it up to date.
"""

from __future__ import annotations

from collections import Counter

import pytest
from benchmarks import equation_traps

from tests.traps import Kind, Outcome, Trap, known_failures, load, passes, run

TRAPS = load()
KNOWN = known_failures()


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.id for trap in TRAPS])
def test_a_trap_gets_the_right_verdict(trap: Trap) -> None:
    """Or is a known failure, which fails in the known way."""
    outcome = run(trap)
    if trap.id not in KNOWN:
        assert passes(trap, outcome), (
            f"{trap.claim}: {outcome}, and must be {trap.expected}, since: {trap.reason}. "
            f"{outcome.message}"
        )
        return
    assert not passes(trap, outcome), f"{trap.id} is right now: strike it from the known failures"
    assert str(outcome) == KNOWN[trap.id], f"{trap.id} fails otherwise than listed"


def test_every_trap_has_a_name_of_its_own() -> None:
    """By which it is listed."""
    assert [id for id, count in Counter(trap.id for trap in TRAPS).items() if count > 1] == []


def test_what_is_listed_as_failing_exists() -> None:
    """A trap that was renamed or taken out leaves the list, too."""
    assert set(KNOWN) <= {trap.id for trap in TRAPS}


def test_verdicts_are_words_that_can_come_out() -> None:
    """A misspelt one could never be met, or always."""
    statuses = {"verified", "refuted", "inconclusive", "error"}
    words = {word for trap in TRAPS for word in trap.expected.split(", ")}
    assert words <= statuses | {"not verified", "not refuted"}


def test_the_pages_of_traps_are_those_that_the_tests_give() -> None:
    """If this fails: `python -m benchmarks.equation_traps --write`."""
    for name, text in equation_traps.pages(TRAPS, KNOWN).items():
        assert equation_traps.DOCS.joinpath(name).read_text("utf-8") == text


# ------------------------------------------------------------------------- the judge of the judge


def trap(expected: str, claim: str = "a = a", **options: object) -> Trap:
    kind = Kind(1, "", "", "latex")
    return Trap(
        "made-up", kind, "a, c = Input(shape=()), Input(shape=())", claim, expected, "", options
    )


@pytest.mark.parametrize(
    ("expected", "statuses", "fits"),
    [
        ("verified", ("verified",), True),
        ("verified", ("inconclusive",), False),
        ("not verified", ("verified",), False),
        ("not verified", ("error",), True),
        ("not refuted", ("inconclusive",), True),
        ("not refuted", ("refuted",), False),
        ("not refuted", ("crash",), False),
        ("not verified", ("crash",), False),
        ("verified, refuted", ("verified", "refuted"), True),
        ("verified, refuted", ("refuted", "verified"), False),
        ("verified, verified", ("verified",), False),  # read as one step
        ("verified", ("verified", "refuted"), False),  # a step too many
        ("not verified", ("verified", "refuted"), False),
        ("not verified, not verified", ("error",), True),
        ("verified, refuted", ("error",), False),
    ],
)
def test_what_counts_as_right(expected: str, statuses: tuple[str, ...], fits: bool) -> None:
    """Step by step; a claim that is not understood has one status for all."""
    assert passes(trap(expected), Outcome(statuses)) is fits


def test_a_complaint_fails_a_right_verdict() -> None:
    """A missing repair is a failure, although the status is right."""
    assert not passes(trap("refuted"), Outcome(("refuted",), "no repair"))


def test_a_wrong_expectation_is_noticed() -> None:
    """The run itself can fail, for equations, repairs and counterexamples."""
    assert not passes(trap("refuted"), run(trap("refuted", "a + c = c + a")))
    assert not passes(trap("verified"), run(trap("verified", "a + c = a")))
    wrong = trap("refuted", "a + c = a", repair="no such words")
    assert not passes(wrong, run(wrong))
    wrong = trap("refuted", "a + c = a", left="a - c", right="a")
    assert not passes(wrong, run(wrong))
