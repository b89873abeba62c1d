"""Generated equations, right and wrong: the verdict is never wrong, and the reading what is set."""

from dataclasses import replace
from itertools import islice

import pytest

from edf.equations.operations import OPERATIONS
from edf.equations.sampling.evaluate import CONSTRUCTS
from tests.oracle import campaign
from tests.oracle.campaign import Case, Tally, generate, verdict
from tests.oracle.identities import identities
from tests.oracle.kinds import OPEN, sized_identities
from tests.oracle.latex import Speller
from tests.oracle.matrix import MatrixSpeller
from tests.oracle.matrix_identities import matrix_identities

COUNT = 240


@pytest.fixture(scope="module")
def tally():
    """The count of verdicts over a few hundred generated equations."""
    found = Tally()
    for case in islice(generate(seed=2017), COUNT):
        found.add(case)
    return found


def test_no_verdict_is_wrong(tally):
    """No wrong equation verified, no right one refuted, nothing misset, no crash."""
    assert tally.failures == []


def test_most_right_equations_are_verified(tally):
    """The dialect reaches what the generator writes: few right equations are not verified."""
    assert tally.counts["right", "verified"] >= 0.9 * tally.total("right") > 80


def test_most_wrong_equations_are_refuted(tally):
    """A wrong equation is refuted or not understood, and mostly refuted."""
    assert tally.counts["wrong", "refuted"] >= 0.8 * tally.total("wrong") > 60


@pytest.mark.parametrize("identity", identities(), ids=lambda identity: identity.id)
def test_base_equations_are_verified(identity):
    """Every base equation, in its plainest spelling, is verified and typeset as it is read.

    Those with too few digits, and those on data alone, may be left open, with the reason.
    """
    latex = Speller(identity.world).equation(identity.equation)
    status, message = verdict(Case(identity.id, identity.world, latex, "right"))
    if identity.world.name in OPEN and message:
        assert status in ("verified", "inconclusive")
    else:
        assert (status, message) == ("verified", "")


@pytest.mark.parametrize("identity", matrix_identities(), ids=lambda identity: identity.id)
def test_base_equations_between_matrices_are_verified(identity):
    """The same in matrix notation."""
    latex = MatrixSpeller(identity.world).equation(identity.equation)
    assert verdict(Case(identity.id, identity.world, latex, "right")) == ("verified", "")


@pytest.mark.parametrize(
    ("world", "equation"),
    [(w, e) for _, w, _, e in sized_identities()],
    ids=[id for id, *_ in sized_identities()],
)
def test_what_holds_at_one_length_is_not_verified(world, equation):
    """Nor is it refuted: on its page it is right."""
    latex = Speller(world).equation(equation)
    assert verdict(Case("", world, latex, "one size"))[0] == "inconclusive"


@pytest.mark.parametrize(
    ("truth", "status"),
    [("right", "refuted"), ("wrong", "verified"), ("ill-formed", "verified"), ("right", "crash")],
)
def test_a_wrong_verdict_is_counted(truth, status, monkeypatch):
    """Had the engine erred, the tally would say so."""
    monkeypatch.setattr(campaign, "verdict", lambda case: (status, "because"))
    found = Tally()
    found.add(Case("an-id", identities()[0].world, "x = x", truth))
    assert found.failures == [f"an-id: {truth}, but {status}: because\n    x = x"]
    assert found.wrong_verdicts(truth) == 1


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("neg", lambda a: a),
        ("transpose", lambda a: _swapped_unless_square(a)),
    ],
)
def test_a_broken_operation_is_found(name, broken, monkeypatch):
    """Break the value of one operation, and the same few equations show it."""
    monkeypatch.setitem(OPERATIONS, name, replace(OPERATIONS[name], value=broken))
    assert _finds_something()


def test_a_broken_evaluator_is_found(monkeypatch):
    """Break what the evaluator does by itself, and they show it, too."""
    monkeypatch.setitem(CONSTRUCTS, "delta", lambda ev, expr: ev.constant(1.0))
    assert _finds_something()


def _finds_something():
    found = Tally()
    for case in islice(generate(seed=2017), COUNT):
        found.add(case)
        if found.failures:
            return True
    return False


def _swapped_unless_square(matrices):
    square = matrices.shape[-1] == matrices.shape[-2]
    return matrices if square else matrices.swapaxes(-1, -2)
