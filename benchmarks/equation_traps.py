"""Do hand-written traps get the right verdict? And which are known not to?

    python -m benchmarks.equation_traps

runs every trap of `tests/traps/`, prints a Markdown table, and names those whose
outcome is not the one that is listed in `known_failures.toml`. With `--write` it writes that list
and the pages in `docs/benchmarks/` anew; read the difference before you commit it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.traps import KNOWN_FAILURES, Kind, Trap, known_failures, load, passes, run

DOCS = Path(__file__).parents[1] / "docs/benchmarks"

LIST_HEAD = """\
# What comes out today of the traps that do not get the right verdict. A test fails where a trap
# that is not listed gets a wrong verdict, and where one that is listed gets the right one. Strike
# it from the list, or let `python -m benchmarks.equation_traps --write` do it, which also writes
# the pages in docs/benchmarks/.
"""

PAGE_HEAD = """\
---
title: Traps, and what is known to go wrong
---

# Traps, and what is known to go wrong

Generated equations [tell how far a verdict can be trusted](equation-trust.md) on equations of their
kind. What a person would think of to mislead a checker is another matter. So {count:,} claims were
written by hand for just that, {right:,} of them right and {wrong:,} wrong or empty: formulas that
are true of the numbers that a sampler would draw, or of one length, or within rounding, and right
ones that random points could seem to refute. The right verdict was worked out before a trap was
run. *Not verified* and *not refuted* stand where more than one answer is good.

    python -m benchmarks.equation_traps

This page is made from the tests. Every trap is one, and a test fails when what is listed here as
going wrong goes right.

{good:,} of the {count:,} get the right verdict.
"""

LIST_PAGE_HEAD = """\
---
title: {title}
---

# {title}

{about} Their verdicts are counted beside [what is known to go wrong](equation-traps.md).
"""

#: The pages that list all traps, each light enough to be read on a telephone: their names, titles
#: and first sentences, and which kinds they have.
LISTS: Mapping[str, tuple[str, str, Callable[[Kind], bool]]] = {
    "first-equation-traps.md": (
        "Traps for equations, the first kinds",
        "These traps were the first, kind by kind, as what they try was mended.",
        lambda kind: kind.language == "latex" and kind.number <= LAST_OF_FIRST,
    ),
    "later-equation-traps.md": (
        "Traps for equations, later kinds",
        "These traps came later: further draws of all kinds, and what courses write.",
        lambda kind: kind.language == "latex" and kind.number > LAST_OF_FIRST,
    ),
    "gradient-check-traps.md": (
        "Traps for gradient checks",
        "These traps are operations with their own `backward`, as students and courses write them.",
        lambda kind: kind.language != "latex",
    ),
}
LAST_OF_FIRST = 26

#: How a trap can fail: the heading under which it is listed, and what is said there.
GROUPS = {
    "Wrong, and verified": "The worst that can happen: a badge on what is wrong or empty.",
    "Right, and refuted": "The second worst: an author is told to mend what is right.",
    "Not decided well": "*Inconclusive* where more can be said, or *refuted* where nothing can.",
    "Refused": "An *error* where the formula should be understood.",
    "Explained badly": "The verdict is right, and its repair or counterexample is not.",
}


def group(trap: Trap, outcome: str) -> str:
    """Under which heading a failure is listed."""
    if "(" in outcome:
        return "Explained badly"
    if outcome in ("error", "crash"):
        return "Refused"
    words, statuses = trap.expected.split(", "), outcome.split(", ")
    count = max(len(words), len(statuses))
    pairs = list(zip((words * count)[:count], (statuses * count)[:count], strict=True))
    if any(s == "verified" and w not in ("verified", "not refuted") for w, s in pairs):
        return "Wrong, and verified"
    if any(s == "refuted" and w in ("verified", "not refuted") for w, s in pairs):
        return "Right, and refuted"
    return "Not decided well"


# ----------------------------------------------------------------------------------- the two files


def failures_file(traps: Sequence[Trap], failures: Mapping[str, str]) -> str:
    """`known_failures.toml`, kind by kind."""
    lines = [LIST_HEAD]
    for kind, members in by_kind(traps):
        failing = [trap for trap in members if trap.id in failures]
        if failing:
            lines.append(f'["{kind.number:02} {kind.title}"]')
            lines += [f'{trap.id} = "{failures[trap.id]}"' for trap in failing]
            lines.append("")
    return "\n".join(lines)


def pages(traps: Sequence[Trap], failures: Mapping[str, str]) -> dict[str, str]:
    """The pages in `docs/benchmarks/`, by name: all traps on one would be too heavy."""
    right = sum(trap.right for trap in traps)
    good = sum(trap.id not in failures for trap in traps)
    head = PAGE_HEAD.format(count=len(traps), right=right, wrong=len(traps) - right, good=good)
    parts = [head]
    parts.append("\n## What is known to go wrong\n")
    if not failures:
        parts.append("\nNone of the traps.\n")
    for heading, about in GROUPS.items():
        listed = [t for t in traps if t.id in failures and group(t, failures[t.id]) == heading]
        if listed:
            parts.append(f"\n### {heading}\n\n{about}\n\n")
            parts.append("".join(failure(trap, failures[trap.id]) for trap in listed))
    parts.append("\n## All traps\n\n")
    made = {}
    for name, (title, about, has) in LISTS.items():
        own = [trap for trap in traps if has(trap.kind)]
        parts.append(f"* [{title}]({name}): {len(own):,}\n")
        made[name] = LIST_PAGE_HEAD.format(title=title, about=about) + by_kinds(own, failures)
    parts.append('\n??? note "How many there are of each kind, and how they come out"\n\n')
    parts.append(indented(table(traps, failures)))
    return {"equation-traps.md": "".join(parts), **made}


def by_kinds(traps: Sequence[Trap], failures: Mapping[str, str]) -> str:
    """Every trap below its kind, behind the set-up of its page."""
    parts = []
    for kind, members in by_kind(traps):
        parts.append(f"\n## {kind.number}. {kind.title}\n\n{kind.about}\n\n")
        parts.append(f'??? note "{len(members)} traps"\n\n')
        for page, rows in groupby(members, key=lambda trap: (trap.setup, trap.let, trap.define)):
            for text, language in zip(page, ("python", "latex", "latex"), strict=True):
                if text:
                    parts.append(indented(f"```{language}\n{text.strip()}\n```\n\n"))
            parts.append(indented("".join(listing(trap, failures) for trap in rows) + "\n"))
    return "".join(parts)


def table(traps: Sequence[Trap], failures: Mapping[str, str]) -> str:
    """How many traps of each kind get the right verdict."""
    heads = ("kind", "right", "wrong", "as it should", *map(str.lower, GROUPS))
    rows = []
    for kind, members in by_kind(traps):
        groups = [group(trap, failures[trap.id]) for trap in members if trap.id in failures]
        right = sum(trap.right for trap in members)
        counts = (right, len(members) - right, len(members) - len(groups))
        failing = (groups.count(heading) or "" for heading in GROUPS)
        rows.append((kind.title, *counts, *failing))
    columns = list(zip(*rows, strict=True))[1:]
    total = ("all", *(sum(count for count in column if count) for column in columns))
    lines = [heads, ("---", *["---:"] * (len(heads) - 1)), *rows, total]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in lines)


def failure(trap: Trap, outcome: str) -> str:
    return (
        f"* {code(trap.claim)}: {outcome}, should be *{trap.expected}*: {trap.reason} "
        f"(`{trap.id}`)\n"
    )


def listing(trap: Trap, failures: Mapping[str, str]) -> str:
    today = f"; today **{failures[trap.id]}**" if trap.id in failures else ""
    options = {key: value for key, value in trap.options.items() if key in ("reading", "unreached")}
    given = "".join(f', `{key}="{value}"`' for key, value in options.items())
    return f"* {code(trap.claim)}{given}: *{trap.expected}*{today}: {trap.reason}\n"


def code(claim: str) -> str:
    """A claim between backticks, of which it may have some itself."""
    line = re.sub(r"\s+", " ", claim).strip()
    return f"``{line}``" if "`" in line else f"`{line}`"


def indented(text: str) -> str:
    return re.sub(r"^(?=.)", "    ", text, flags=re.MULTILINE)


def by_kind(traps: Iterable[Trap]) -> list[tuple[Kind, list[Trap]]]:
    return [(kind, list(members)) for kind, members in groupby(traps, key=lambda trap: trap.kind)]


# ---------------------------------------------------------------------------------------- running


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="the list of failures, and the page")
    options = parser.parse_args()
    traps, known = load(), known_failures()
    failures = {}
    for number, trap in enumerate(traps, 1):
        outcome = run(trap)
        if not passes(trap, outcome):
            failures[trap.id] = str(outcome)
        if sys.stderr.isatty():
            print(f"\r{number} of {len(traps)}", end="", file=sys.stderr)
    print(table(traps, failures))
    for trap in traps:
        before, now = (listed.get(trap.id, "as it should be") for listed in (known, failures))
        if before != now:
            print(f"{trap.id}: {now} (listed: {before})")
    if options.write:
        KNOWN_FAILURES.write_text(failures_file(traps, failures), "utf-8")
        for name, text in pages(traps, failures).items():
            DOCS.joinpath(name).write_text(text, "utf-8")
        return 0
    return int(failures != known)


if __name__ == "__main__":
    sys.exit(main())
