r"""Random variables and events on a finite sample space: X : \Omega \to \mathbb{R}."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from edf.equations.binding.declared import Declarations, Declared, name_of
from edf.equations.binding.samplers import EachWithEach, OneOf
from edf.equations.binding.sets import FINITE, REALS, finite_set
from edf.equations.diagnostics import Why, fail
from edf.graph import Input

SAMPLE_SPACE = re.compile(r"\\Omega(?:'+|_\s*\{?\w\}?)?")
SUBSET = re.compile(
    r"(?P<names>.+?)\\subset(?:eq)?(?![A-Za-z])\s*(?P<space>\\Omega(?:'+|_\s*\{?\w\}?)?)\s*",
    re.DOTALL,
)
#: Sample spaces hold so many times more outcomes than needed, so that others tell nothing of these.
SPARE = 2


def random_variable(
    declarations: Declarations, one: Declared, space: str, image: str, at: int
) -> None:
    r"""X : \Omega \to \mathbb{R}, a random variable on a finite sample space, however large; or
    one with finitely many values, X : \Omega \to \{1, \dots, m\}."""
    finite = FINITE.fullmatch(image)
    if not REALS.fullmatch(image) and finite is None:
        fail(
            Why.DECLARATION,
            "A random variable has real values, or finitely many: X : \\Omega \\to "
            "\\mathbb{R}, X : \\Omega \\to \\{1, \\dots, m\\}",
            at,
        )
    values: Sequence[float] = ()
    last = None
    if finite is not None:
        drawn = finite_set(declarations, finite["items"], at)
        values = drawn.values if isinstance(drawn, OneOf) else drawn.numbers
        last = None if isinstance(drawn, OneOf) else drawn.last
    on_sample_space(declarations, one, space, values, at, last)


def on_sample_space(
    declarations: Declarations,
    one: Declared,
    space: str,
    values: Sequence[float],
    at: int,
    last: int | None = None,
) -> None:
    """Let a name have a value for each outcome of a sample space; `last` of whole numbers."""
    if one.has_set:
        fail(Why.DECLARATION, f"{one.name} is declared twice", at)
    one.has_set, one.space = True, name_of(space, at)
    one.lengths = (declarations.length(space, at),)
    name = f"P_{one.space}"
    known = declarations.names.get(name)
    if not isinstance(known, Input):
        known = declarations.measures.setdefault(name, Input(shape=one.lengths, sample="simplex"))
    one.measure = known
    if values:
        others = [
            other.sample
            for other in (*declarations.names.values(), *declarations.declared.values())
            if getattr(other, "measure", None) is known
        ]
        stride = math.prod(len(s.values) for s in others if isinstance(s, EachWithEach))
        one.sample = EachWithEach(tuple(values), stride, last)
        declarations.counts[one.space] = one.sample.count


def enlarge(declarations: Declarations) -> None:
    """Make sample spaces as large as to hold each value of each variable with each of others.

    Raises:
        EquationError: One was declared above, and is too small.
    """
    for space, count in declarations.counts.items():
        length, least = declarations.lengths.get(space), SPARE * count
        measure = declarations.measures.get(f"P_{space}")
        if length is None or measure is None:
            if int(declarations.names[space]) < least:
                known = [one for one in declarations.declared.values() if one.measure is not None]
                names = ", ".join(one.name for one in known)
                fail(
                    Why.DECLARATION,
                    f"{names}: declare all random variables with finitely many values in one "
                    "formula",
                    0,
                )
            continue
        larger = declarations.new_length(least)
        declarations.lengths[space] = larger
        measure.shape = (larger,)
        for one in declarations.declared.values():
            if one.space == space:
                one.lengths = (*one.lengths[:-1], larger)
