"""Hand-written traps: formulas chosen to get a wrong verdict, each with the verdict that is right.

The files beside this one hold them, one for each kind. A row of a file is

    ["id", "verdict", 'claim', "reason", {options}]

below the set-up of a page: Python, and, if they are there, declarations (`let`) and definitions
(`define`) in LaTeX. The verdict is a status, or `not verified` or `not refuted` where more than one
answer is good; a claim of several steps has one for each, separated by commas. A claim is LaTeX,
or, in a file with `language = "python"`, an expression whose value has a `status` or is true.
"""

from __future__ import annotations

import tomllib
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edf.equations import EquationError, check_equation, declare, define

FOLDER = Path(__file__).parent
KNOWN_FAILURES = FOLDER / "known_failures.toml"
PRELUDE = "import numpy as np\nfrom edf import *\n"

#: Options of a trap that are no options of `check_equation`.
OF_THE_TRAP = ("repair", "left", "right", "small", "only")
#: What may stand beside a page's set-up.
BINDING = ("let", "define")


@dataclass(frozen=True)
class Kind:
    """What the traps of one file have in common."""

    number: int
    title: str
    about: str
    """One paragraph, in Markdown."""
    language: str
    """`latex`, or `python` where a claim is an expression."""


@dataclass(frozen=True)
class Trap:
    """A claim about the names of a set-up, and what must come out."""

    id: str
    kind: Kind
    setup: str
    claim: str
    expected: str
    """A verdict for all steps, or one for each, separated by commas."""
    reason: str
    """Why the claim holds or fails, for a reader."""
    options: dict[str, Any] = field(default_factory=dict)
    let: str = ""
    """Declarations in LaTeX, after the set-up."""
    define: str = ""
    """Definitions in LaTeX, after these."""

    @property
    def right(self) -> bool:
        """Whether the claim is one that should be verified, if anything is said of it."""
        return all(word in ("verified", "not refuted") for word in self.expected.split(", "))


@dataclass(frozen=True)
class Outcome:
    """What came out: a status for each step, or one if the claim was not understood."""

    statuses: tuple[str, ...]
    complaint: str = ""
    """What is missing although the statuses are right: a repair, a value that can be recomputed."""
    message: str = ""
    """What was said of it."""

    def __str__(self) -> str:
        words = self.statuses if len(set(self.statuses)) > 1 else self.statuses[:1]
        return ", ".join(words) + (f" ({self.complaint})" if self.complaint else "")


def load() -> list[Trap]:
    """Return all traps, kind by kind."""
    traps = []
    for path in sorted(FOLDER.glob("[0-9]*.toml")):
        content = tomllib.loads(path.read_text("utf-8"))
        kind = Kind(
            number=int(path.name[:2]),
            title=content["title"],
            about=content["about"].strip(),
            language=content.get("language", "latex"),
        )
        for page in content["page"]:
            setup, binding = page.get("setup", ""), {k: page[k] for k in BINDING if k in page}
            for id, expected, claim, reason, *options in page["traps"]:
                trap = Trap(id, kind, setup, claim, expected, reason, *options, **binding)
                traps.append(trap)
    return traps


def bound(trap: Trap) -> dict[str, Any]:
    """Return the names of the page, made anew."""
    names: dict[str, Any] = {}
    exec(compile(PRELUDE + trap.setup, f"<set-up of {trap.id}>", "exec"), names)
    if trap.let:
        names |= declare(trap.let, names)
    if trap.define:
        names |= define(trap.define, names)
    return names


def known_failures() -> dict[str, str]:
    """Return what comes out today of the traps that do not get the right verdict."""
    failures = tomllib.loads(KNOWN_FAILURES.read_text("utf-8"))
    return {id: outcome for kind in failures.values() for id, outcome in kind.items()}


def passes(trap: Trap, outcome: Outcome) -> bool:
    """Whether the outcome is a right one."""
    words = trap.expected.split(", ")
    count = max(len(words), len(outcome.statuses))
    if len(words) not in (1, count) or (
        len(outcome.statuses) != count and outcome.statuses != ("error",)
    ):
        return False
    wanted = words if len(words) == count else words * count
    statuses = outcome.statuses if len(outcome.statuses) == count else outcome.statuses * count
    return not outcome.complaint and all(map(_fits, wanted, statuses))


def _fits(wanted: str, status: str) -> bool:
    if status == "crash":
        return False
    if wanted.startswith("not "):
        return status != wanted.removeprefix("not ")
    return status == wanted


def run(trap: Trap) -> Outcome:
    """Judge a trap as a page would."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a student's node may take the real part of anything
        try:
            names = bound(trap)
            if trap.kind.language == "python":
                return _of_expression(eval(trap.claim, names))
            return _of_equation(trap, names)
        except EquationError as error:
            return Outcome(("error",), message=str(error).splitlines()[0])
        except Exception as error:  # never right: an author would see a traceback
            return Outcome(("crash",), message=f"{type(error).__name__}: {error}")


def _of_expression(value: Any) -> Outcome:
    if isinstance(value, bool):
        return Outcome(("verified" if value else "refuted",))
    return Outcome((value.status,), message=value.message)


def _of_equation(trap: Trap, names: dict[str, Any]) -> Outcome:
    options = {key: value for key, value in trap.options.items() if key not in OF_THE_TRAP}
    verdicts = check_equation(trap.claim, names, **options)
    complaint = ""
    if "repair" in trap.options:
        complaint = _missing_repair(trap, verdicts[-1])
    elif "left" in trap.options:
        complaint = _not_recomputed(trap, verdicts[-1])
    message = "; ".join(verdict.message for verdict in verdicts if verdict.message)
    return Outcome(tuple(verdict.status for verdict in verdicts), complaint, message)


def _missing_repair(trap: Trap, verdict: Any) -> str:
    if not verdict.repair:
        return "no repair"
    return "" if trap.options["repair"] in verdict.repair else f"repair: {verdict.repair}"


def _not_recomputed(trap: Trap, verdict: Any) -> str:
    """Compute both sides anew, at the point that the verdict gives, with `card`, the values of what
    the formula is made of, and `place`, the indices."""
    if verdict.counterexample is None:
        return "no counterexample"
    point = verdict.counterexample["point"]
    given = {name: np.asarray(value) for name, value in point.items()}
    factors, index = verdict.counterexample["factors"], verdict.counterexample["index"]
    given |= {"card": {k: np.asarray(v) for k, v in factors.items()}, "place": index}
    for side in ("left", "right"):
        value = eval(trap.options[side], {"np": np, **given})
        if not np.isclose(value, verdict.counterexample[side], rtol=1e-9, atol=1e-12):
            return f"its {side} side cannot be recomputed"
    if list(point) != trap.options.get("only", list(point)):
        return "it shows what is not in the formula"
    if trap.options.get("small"):
        values = np.concatenate([np.ravel(value) for value in point.values()])
        if not np.all((values == np.round(values)) & (np.abs(values) <= 10)):
            return "no small whole numbers"
    return ""
