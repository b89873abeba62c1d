"""Equations as others published them are judged right, or not at all."""

from __future__ import annotations

import pytest
from benchmarks import equation_published

from tests.published import (
    Erratum,
    Note,
    errata,
    kind_of,
    notes,
    pool,
    refusal_of_parser,
    refusal_of_typesetter,
    told_apart,
    verdict,
)

ERRATA, NOTES = errata(), notes()


@pytest.mark.parametrize("erratum", ERRATA, ids=[erratum.id for erratum in ERRATA])
def test_a_mistake_and_its_correction_are_told_apart(erratum: Erratum) -> None:
    """In the dialect always; as published wherever that is understood, and never the wrong way."""
    wrong, right = map(verdict, erratum.in_the_dialect())
    assert told_apart(wrong, right)
    wrong, right = map(verdict, erratum.as_published())
    assert wrong in ("refuted", "error", "inconclusive")
    assert right in ("verified", "error")


@pytest.mark.parametrize("note", NOTES, ids=[note.id for note in NOTES])
def test_an_equation_of_a_course_is_judged_right_or_not_at_all(note: Note) -> None:
    """A mistake is not verified, and what is right is not refuted."""
    status = verdict(note.trap())
    assert status != "crash"
    assert status != ("verified" if note.mistake else "refuted")


def test_the_page_says_what_comes_out() -> None:
    """If this fails: `python -m benchmarks.equation_published --write`."""
    assert equation_published.PAGE.read_text("utf-8") == equation_published.page()


# ------------------------------------------------------------------------- the judge of the judge


def test_verdicts_that_tell_nothing_apart_are_no_success() -> None:
    """Two of a kind, or the wrong way round."""
    assert told_apart("refuted", "verified")
    assert told_apart("error", "verified")
    assert not told_apart("verified", "verified")
    assert not told_apart("refuted", "error")
    assert not told_apart("verified", "refuted")
    assert not told_apart("crash", "verified")


def test_exchanged_forms_are_noticed() -> None:
    """Were mistake and correction exchanged, no erratum would pass."""
    erratum = ERRATA[0]
    wrong, right = map(verdict, erratum.in_the_dialect())
    assert not told_apart(right, wrong)


def test_refusals_are_counted_by_kind() -> None:
    """Names differ, the kind of refusal does not."""
    assert kind_of(r"The macro \Foo is not understood") == kind_of(
        r"The macro \B is not understood"
    )
    assert kind_of("12 components") == kind_of("3 components") != kind_of("3 rows")
    assert refusal_of_parser(r"x = \Foo y") is not None
    assert refusal_of_parser("x = y") is None
    assert refusal_of_typesetter("x = y") is None
    assert refusal_of_typesetter(r"x = \Foo y") is not None


def test_the_pool_is_what_was_drawn() -> None:
    """Two hundred formulas, none of them empty."""
    assert len(pool()) == 200
    assert all(latex.strip() for _, latex in pool())
