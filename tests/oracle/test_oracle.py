"""The judge of the generated equations: it is right about what is known, and it can object."""

import random
from collections import Counter

import mpmath
import numpy as np
import pytest
import sympy as sp

from tests.oracle.campaign import oracles
from tests.oracle.expr import Equation, Expr, d, delta, exp, free, if_equal, names, total
from tests.oracle.identities import identities
from tests.oracle.kinds import sized_identities
from tests.oracle.matrix import MatrixOracle, grad, t
from tests.oracle.matrix_identities import matrix_identities
from tests.oracle.mutations import mutate
from tests.oracle.oracle import DIGITS, Oracle
from tests.oracle.rewrites import Rewriter

WORLDS = {identity.world.name: identity.world for identity in identities()}
P, x, l = names("P x l")


def oracle(world):
    """The oracle of a world."""
    return oracles()[world]


def test_there_are_enough_base_equations():
    """At least sixty, every one with a name of its own."""
    every = [identity.id for identity in (*identities(), *matrix_identities())]
    assert len(set(every)) == len(every) >= 60


@pytest.mark.parametrize("identity", identities(), ids=lambda identity: identity.id)
def test_base_equations_are_right(identity):
    """SymPy agrees with every base equation."""
    assert oracle(identity.world.name).judge(identity.equation) == "right"


@pytest.mark.parametrize(
    ("here", "elsewhere", "equation"),
    [rest for _, *rest in sized_identities()],
    ids=[id for id, *_ in sized_identities()],
)
def test_equations_of_one_length_are_right_there_only(here, elsewhere, equation):
    """SymPy agrees with them at their length, and not at another."""
    assert Oracle(here).judge(equation) == "right"
    assert Oracle(elsewhere).judge(equation) == "wrong"


@pytest.mark.parametrize("identity", matrix_identities(), ids=lambda identity: identity.id)
def test_base_equations_between_matrices_are_right(identity):
    """SymPy agrees with every base equation in matrix notation."""
    assert MatrixOracle(oracle(identity.world.name)).judge(identity.equation) == "right"


@pytest.mark.parametrize(
    ("wrong", "truth"),
    [
        (Equation(d(P["i"], x["j"]), P["i"] * (1 - P["j"])), "wrong"),
        (Equation(d(P["i"], x["j"]), P["i"] * (delta("ij") + P["j"])), "wrong"),
        (Equation(d(P["i"], x["j"]), P["i"] * delta("ij")), "wrong"),
        (Equation(d(l, x["i"]), d(l, P["i"]) * P["i"] * (1 - P["i"])), "wrong"),
        (Equation(P["i"], exp(x["i"]) / total("j", x["j"])), "wrong"),
        (Equation(P["i"], total("i", P["i"])), "wrong"),
        (Equation(P["i"], P["i"] * (1 + Expr("num", data=sp.Rational(1, 10**6)))), "wrong"),
        (Equation(P["i"], if_equal("ij", P["i"], P["j"])), "wrong"),
        (Equation(P["ij"], P["ij"]), "ill-formed"),
        (Equation(delta("ij"), delta("ij")), "ill-formed"),
        (Equation(P["i"], P["i"] * (1 + Expr("num", data=sp.Rational(1, 10**15)))), "undecided"),
    ],
)
def test_the_oracle_objects(wrong, truth):
    """Known mistakes are called wrong, nonsense ill-formed, and what is too close undecided."""
    assert oracle("softmax").judge(wrong) == truth


def test_the_oracle_objects_to_a_lost_transpose():
    """A square matrix where its transpose belongs, and a shape that does not fit."""
    A, q, y = names("A q x")
    square = MatrixOracle(oracle("quadratic-form"))
    assert square.judge(Equation(grad(q, y), 2 * (A @ y))) == "wrong"
    W, z, v, loss = names("W z x l")
    oblong = MatrixOracle(oracle("affine"))
    assert oblong.judge(Equation(grad(loss, v), W @ grad(loss, z))) == "ill-formed"
    assert oblong.judge(Equation(grad(loss, W), t(v @ t(grad(loss, z))))) == "right"


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_both_forms_of_a_world_agree(world):
    """The graph of edf computes what the formulas given to SymPy say, at one of its points."""
    point = oracle(world.name).points[0]
    space = world.graph()
    for name, value in point.items():
        space[name].value = np.asarray(value, dtype=float)
    arbitrary = {v.name for v in world.values.values() if v.formula and not v.build}
    known = [
        v for v in world.values.values() if v.build and not world.ancestors(v.name) & arbitrary
    ]
    with mpmath.workdps(DIGITS):
        for value in known:
            expected = oracle(world.name)._table(value.name, ())[0]
            actual = space[value.name].forward()
            assert np.shape(actual) == value.shape
            np.testing.assert_allclose(actual, np.asarray(expected, dtype=float), rtol=1e-12)


def test_rewrites_keep_the_truth_and_slips_mostly_break_it():
    """Of 60 equations, all rewritten ones are right, and most mutated ones are not."""
    rng = random.Random(7)
    known = {name: [i.equation for i in identities() if i.world.name == name] for name in WORLDS}
    found = Counter()
    for identity in rng.choices(identities(), k=60):
        world = identity.world
        taken = frozenset(world.values) | frozenset(world.functions)
        rewritten = Rewriter(known[world.name], taken).rewrite(identity.equation, rng, 4)
        found["rewritten", oracle(world.name).judge(rewritten)] += 1
        if mutant := mutate(rewritten, rng, world):
            found["mutated", oracle(world.name).judge(mutant)] += 1
    assert found["rewritten", "right"] >= 58
    assert found["rewritten", "wrong"] == 0
    assert found["mutated", "wrong"] >= 40


def test_bound_indices_are_not_free():
    """What a sum runs over does not show outside of it."""
    assert free(total("j", x["j"] * delta("ij"))) == {"i"}
    assert free(d(P["i"], x["j"])) == {"i", "j"}
