"""Compare the engine's verdicts on generated equations with the oracle's word, and count."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

from edf.equations import EquationError, check_equation
from handout.judge.typesetting import typesetting_difference
from tests.oracle.expr import Equation, bound_indices, free
from tests.oracle.identities import Identity, identities
from tests.oracle.kinds import sized_identities
from tests.oracle.latex import Speller
from tests.oracle.matrix import MatrixOracle, MatrixSpeller
from tests.oracle.matrix_changes import mutate_matrices, rewrite_matrices
from tests.oracle.matrix_identities import matrix_identities
from tests.oracle.mutations import mutate
from tests.oracle.oracle import Oracle, Truth
from tests.oracle.rewrites import Rewriter
from tests.oracle.worlds import World

MATRIX_SHARE = 0.2  # of the equations, in matrix notation
LIFTED_SHARE = 0.1  # of those that could be, with bare vectors, read componentwise
SIZED_SHARE = 0.04  # of the equations, that hold at one length only
BESIDE_SHARE = 0.06  # of the others in components, stand side by side with another


@dataclass(frozen=True)
class Case:
    """One generated equation."""

    identity: str
    world: World
    latex: str
    truth: Truth
    """The oracle's word on it."""
    reading: str | None = None
    step: int = 0
    steps: int = 1
    """Of several relations side by side, which one this is, and how many there are."""

    def __str__(self) -> str:
        return self.latex + (f"  [{self.reading}]" if self.reading else "")


@dataclass
class Tally:
    """How many equations of each truth got which verdict, and those that must not happen."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    rejections: Counter[str] = field(default_factory=Counter)
    """Messages of errors on right equations: what the dialect does not reach."""

    def add(self, case: Case) -> None:
        status, message = verdict(case)
        self.counts[case.truth, status] += 1
        if (case.truth, status) in FAILURES:
            self.failures.append(
                f"{case.identity}: {case.truth}, but {status}: {message}\n    {case}"
            )
        if case.truth == "right" and status in ("error", "inconclusive"):
            self.rejections[f"{status}: {message}\n    {case}"] += 1

    def merge(self, other: Tally) -> None:
        self.counts += other.counts
        self.failures += other.failures
        self.rejections += other.rejections

    def total(self, truth: str) -> int:
        return sum(n for (t, _), n in self.counts.items() if t == truth)

    def wrong_verdicts(self, truth: str) -> int:
        return sum(self.counts[pair] for pair in FAILURES if pair[0] == truth)


#: What must never happen: (truth, verdict). An equation is *misset* if what was read of it is not
#: what TeX sets, and a *crash* is any exception but the one that tells an author what to mend.
FAILURES = frozenset(
    {
        ("right", "refuted"),
        ("wrong", "verified"),
        ("one size", "verified"),
        ("one size", "refuted"),
        ("ill-formed", "verified"),
    }
    | {
        (truth, status)
        for truth in ("right", "wrong", "one size", "ill-formed", "undecided")
        for status in ("misset", "crash")
    }
)


def generate(seed: int) -> Iterator[Case]:
    """Endlessly: a right equation, then a wrong one, judged by the oracle.

    A right one is a base equation after up to five rewrites; a wrong one has a slip in it as well,
    or two. What the oracle says of either decides where it is counted.
    """
    rng = random.Random(seed)
    rewriters = _rewriters()
    while True:
        slips = 1 + (rng.random() < 0.2)
        if rng.random() < SIZED_SHARE:
            yield from _sized(rng)
        elif rng.random() < MATRIX_SHARE:
            identity = rng.choice(matrix_identities())
            world, matrices = identity.world, MatrixOracle(oracles()[identity.world.name])
            equation = rewrite_matrices(identity.equation, rng, rng.randrange(4))
            wrong = equation
            for _ in range(slips):
                wrong = mutate_matrices(wrong, rng, world) or wrong
            for e in (equation, wrong):
                latex, truth = MatrixSpeller(world, rng).equation(e), matrices.judge(e)
                if truth == "ill-formed" and r" \cdot " in latex:
                    truth = "undecided"  # no matrix product, but the inner product of two columns
                yield Case(identity.id, world, latex, truth)
        else:
            identity = rng.choice(identities())
            world, oracle = identity.world, oracles()[identity.world.name]
            rewriter = rewriters[world.name][1]
            equation = rewriter.rewrite(identity.equation, rng, rng.randrange(6))
            wrong = equation
            for _ in range(slips):
                wrong = mutate(wrong, rng, world) or wrong
            if rng.random() < BESIDE_SHARE:
                yield from _side_by_side(identity, (equation, wrong), rng)
                continue
            for e in (equation, wrong):
                shared = sorted((free(e.left) & free(e.right)) - bound_indices(e))
                lift = rng.choice(shared) if shared and rng.random() < LIFTED_SHARE else ""
                latex = Speller(world, rng, lift).equation(e)
                reading = f"componentwise {lift}" if lift else None
                yield Case(identity.id, world, latex, oracle.judge(e), reading)


def _side_by_side(
    identity: Identity, equations: Sequence[Equation], rng: random.Random
) -> Iterator[Case]:
    """Two relations in one display, in either order, with a space between them."""
    world = identity.world
    pair = rng.sample(list(equations), 2)
    space = rng.choice((r" \quad ", r" \qquad ", r", \quad ", r",\qquad ", r" \quad\quad "))
    latex = space.join(Speller(world, rng).equation(e) for e in pair)
    for step, e in enumerate(pair):
        truth = oracles()[world.name].judge(e)
        yield Case(f"{identity.id}/side-by-side", world, latex, truth, step=step, steps=2)


def _sized(rng: random.Random) -> Iterator[Case]:
    """What holds at the lengths of its page only; and what does not hold there either."""
    id, world, _, equation = rng.choice(sized_identities())
    here, there = sized_oracles()[world.name]
    rewriter = Rewriter([], frozenset(world.values))
    equation = rewriter.rewrite(equation, rng, rng.randrange(3))
    for e in (equation, mutate(equation, rng, world) or equation):
        truth = here.judge(e)
        latex = Speller(world, rng).equation(e)
        lengths = {str(n) for value in world.values.values() for n in value.shape if n > 1}
        limited = "= 1}^{" in latex  # a sum's upper limit is a length on purpose
        if truth == "right":
            truth = there.judge(e)
            truth = "one size" if truth in ("wrong", "ill-formed") else truth
            if truth == "one size" and (limited or lengths & set(re.findall(r"\d+", latex))):
                truth = "undecided"  # and so may be any number
        yield Case(id, world, latex, truth)


@cache
def sized_oracles() -> dict[str, tuple[Oracle, Oracle]]:
    """The oracles of each world of one length: at that length, and at another."""
    return {
        world.name: (Oracle(world), Oracle(elsewhere))
        for _, world, elsewhere, _ in sized_identities()
    }


@cache
def oracles() -> dict[str, Oracle]:
    """The oracle of each world, made once: its derivatives take SymPy a while."""
    return {identity.world.name: Oracle(identity.world) for identity in identities()}


@cache
def _rewriters() -> dict[str, tuple[World, Rewriter]]:
    """Each world, and what rewrites its equations, which knows all that hold there."""
    known: dict[str, list[Equation]] = defaultdict(list)
    worlds: dict[str, World] = {}
    for identity in identities():
        known[identity.world.name].append(identity.equation)
        worlds[identity.world.name] = identity.world
    return {
        name: (world, Rewriter(known[name], frozenset(world.values) | frozenset(world.functions)))
        for name, world in worlds.items()
    }


def verdict(case: Case) -> tuple[str, str]:
    """The engine's verdict, and what it says."""
    try:
        with verdict_alone():
            verdicts = check_equation(case.latex, case.world.graph(), reading=case.reading)
    except EquationError as error:
        return "error", error.message
    except Exception as error:
        return "crash", repr(error)
    if len(verdicts) != case.steps:
        return "misset", f"{case.steps} relations were read as {len(verdicts)}"
    found = verdicts[case.step]
    difference = typesetting_difference(case.latex, found.details["reprinted"])
    return ("misset", difference) if difference else (found.status, found.message)


def verdict_alone() -> Any:
    """Leave out what follows a verdict and takes longer: counting mutants, finding a repair."""
    return patch.multiple(
        "edf.equations.check",
        count_noticed=lambda *_: (None, None),
        mend=lambda *_: None,
    )


def run(seed: int, right: int, wrong: int) -> Tally:
    """Generate and check until there are so many right and so many wrong equations."""
    tally = Tally()
    for case in generate(seed):
        if case.truth in ("right", "wrong"):
            enough = right if case.truth == "right" else wrong
            if tally.total(case.truth) >= enough:
                if tally.total("right") >= right and tally.total("wrong") >= wrong:
                    break
                continue
        tally.add(case)
    return tally
