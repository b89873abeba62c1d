"""What a step is tested in, and what comes out of the test as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from edf.anyfunction import AnyFunction, Applied
from edf.equations.meaning.reader import Page
from edf.equations.meaning.typed.expression import Expr, Meaning
from edf.equations.sampling.world import World
from edf.equations.testing.judge import Finding
from edf.graph import Node


@dataclass(frozen=True)
class Setting:
    """What a step is read against and drawn from, and how it is to be tested."""

    page: Page
    world: World
    points: int
    seed: int
    unreached: bool = False  # whether sides of thresholds that are not reached are accepted


@dataclass
class Outcome:
    """What was found, and what a reader is told about how.

    Attributes:
        finding: What was found.
        notes: Sentences about the test.
        facts: Figures of the test.
        given: The names of inputs and arrays, where nothing was drawn as the page gives them all.
        of_numbers: Whether nothing is drawn, and nothing that the page gives stands in it but
            lengths.
    """

    finding: Finding
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    given: str = ""
    of_numbers: bool = False


def parts(meaning: Meaning) -> Iterator[Expr]:
    """Yield every part of both sides."""
    yield from meaning.left.walk()
    yield from meaning.right.walk()


def nodes(meaning: Meaning) -> list[Node]:
    """Return the nodes that a step mentions."""
    return [expr.data[0] for expr in parts(meaning) if expr.op in ("node", "deriv", "replace")]


def arbitrary(expr: Expr) -> AnyFunction | None:
    """Return the arbitrary function that an expression applies, which is drawn at every point."""
    if expr.op not in ("call", "prime"):
        return None
    value = (expr.data if expr.op == "call" else expr.data[0]).value
    return value if isinstance(value, AnyFunction) else None


def applies_arbitrary(meaning: Meaning, world: World) -> bool:
    """Whether anything in a step, or in the graph below it, is an arbitrary function."""
    return any(map(arbitrary, parts(meaning))) or any(
        isinstance(node, Applied) for node in world.all_below(nodes(meaning))
    )
