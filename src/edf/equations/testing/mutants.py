"""What a test would notice: one-symbol mutations of a verified step, tested as the step was.

A mutant is counted as *refuted* when it is no longer verified, as *rejected* when it is not even
understood, and as *unnoticed* when it is verified too: it then says the same, as x y does for y x,
or the points cannot tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edf.equations.diagnostics import EquationError
from edf.equations.latex import syntax as s
from edf.equations.latex.printer import to_latex
from edf.equations.latex.vocabulary import GREEK
from edf.equations.meaning.names.scope import python_names
from edf.equations.meaning.reader import Page
from edf.equations.meaning.resolve import resolve
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.meaning.typed.relations import COMPARISONS
from edf.equations.sampling.points import Declined
from edf.equations.testing.judge import Finding, agrees
from edf.equations.testing.measure import quiet
from edf.equations.testing.mutations import Alphabet, mutations, round_robin
from edf.equations.testing.setting import Setting

MUTANTS = 25  # tried for each verified step
#: That hold where the step holds, and so take as long to test as the step itself. Of an inequality
#: most do, since what is weaker holds as well.
SUSPECTS, SUSPECTS_OF_BOUND = 5, 2
WORK = 6_000  # that a step and its mutants take to compute, before no other is tested in full

Tested = Callable[[s.Equation, Meaning], Finding]


def count_noticed(
    equation: s.Equation,
    meaning: Meaning,
    setting: Setting,
    finding: Finding,
    test: Tested,
    begun: float,
) -> tuple[dict[str, int], str | None]:
    """Return how many one-symbol mutations of a verified step its own test notices.

    Args:
        equation: The step as typeset.
        meaning: What it means.
        setting: What it is tested in.
        finding: What was found, with the points that it was found at.
        test: The test of a step in full.
        begun: What had been computed before the test of the step.

    Returns:
        Counts by outcome, and as LaTeX an example of a mutation that is not noticed.
    """
    counts = {"tried": 0, "refuted": 0, "rejected": 0, "unnoticed": 0}
    example: str | None = None
    page, work = setting.page, setting.world.work
    end = begun + WORK
    suspects, most = 0, SUSPECTS_OF_BOUND if meaning.sign in COMPARISONS else SUSPECTS
    for change in round_robin(mutations(equation, alphabet(equation, meaning, page)), MUTANTS):
        try:
            changed = resolve(change.equation, page)
            if (changed.left, changed.right) == (meaning.left, meaning.right):
                continue  # another spelling of the same
            outcome = "refuted"
            suspect = holds_at_witness(changed, finding) is not False
            if suspect and (suspects == most or work.done > end):
                break
            suspects += suspect
            if suspect and test(change.equation, changed).status == "verified":
                outcome = "unnoticed"
                example = example or to_latex(change.equation)
        except EquationError:
            outcome = "rejected"
        counts["tried"] += 1
        counts[outcome] += 1
    return counts, example


def holds_at_witness(meaning: Meaning, finding: Finding) -> bool | None:
    """Whether a step holds at points that were good for another; None where this is unclear."""
    if finding.witness is None:
        return None
    try:
        with quiet():
            return agrees(meaning, finding.witness)
    except (Declined, TypeError, ValueError, np.linalg.LinAlgError):
        return None


def alphabet(equation: s.Equation, meaning: Meaning, page: Page, more: bool = False) -> Alphabet:
    """Index letters of one range, and the names in the equation by shape.

    With `more`, also other names of the page for what the equation depends on.
    """
    letters = tuple(sorted(meaning.ranges))
    groups: dict[tuple[str, object], dict[s.Tree, None]] = {}
    for tree in s.walk(equation):
        if isinstance(tree, s.Symbol) and python_names(tree)[0] not in letters:
            bound = page.scope.find(tree)
        elif more and (numbered := _numbered(tree)) is not None:
            bound = page.scope.find(*numbered)
        else:
            continue
        if bound is None or bound.kind not in ("node", "number", "array"):
            continue
        shape: object = ()
        if bound.kind == "node":
            if bound.value not in page.world.twins:
                continue
            shape = page.world.shape(bound.value)
        elif bound.kind == "array":
            shape = bound.value.shape
        groups.setdefault(("shape", shape), {})[tree] = None
    for node, name in page.scope.labels.items() if more else ():
        symbol = s.Symbol(name if len(name) == 1 else f"\\{name}")
        known = len(name) == 1 or symbol.base in GREEK
        bound = page.scope.find(symbol) if known and node in page.world.twins else None
        if bound is not None and bound.value is node:
            groups.setdefault(("shape", page.world.shape(node)), {})[symbol] = None
    return Alphabet(letters, tuple(tuple(group) for group in groups.values()))


def _numbered(tree: s.Tree) -> tuple[s.Symbol, str] | None:
    """Return the parts of a name with a number, x_1, whatever stands above it."""
    match tree:
        case s.Script(s.Symbol() as base, s.Indices((s.Number(text),)), None, 0):
            return base, text
    return None
