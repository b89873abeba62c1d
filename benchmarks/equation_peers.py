"""How do other checkers of formulas do on the same displayed equations?

    python -m benchmarks.equation_peers

installs them, with the versions below, into an environment of their own in `.cache/peers`, gives
them the traps, the reported mistakes and the formulas of the pool that are one equality, and prints
the page `docs/benchmarks/equation-peers.md`, which `--write` writes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from benchmarks.equation_traps import code
from benchmarks.peers import SECONDS
from tests.published import errata, pool, refusal_of_parser, verdict
from tests.traps import PRELUDE, Trap, bound, load

from edf import Input, Param

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/benchmarks/equation-peers.md"
HOME = ROOT / ".cache/peers"
#: Checker: the packages that it is, and what it is said to be.
PEERS = {
    "scieqlint": (("scieqlint==1.1.0",), "checks display formulas in Markdown by exact algebra"),
    "math-verify": (("math-verify==0.9.0",), "judges the answers of language models"),
    "sympy": (
        ("sympy==1.14.0", "antlr4-python3-runtime==4.11.1"),
        "computer algebra; its LaTeX parser, and `equals` on the two sides",
    ),
}
WORDS = ("holds", "fails", "undecided", "refused")
OURS = {
    "verified": "holds",
    "refuted": "fails",
    "inconclusive": "undecided",
    "error": "refused",
    "crash": "refused",
}
EXAMPLES = 6  # of wrong answers, for each checker
GROUPS = [
    *(
        f"traps about {what}, {truth}"
        for what in ("inputs", "computations")
        for truth in ("right", "wrong or empty")
    ),
    *(
        f"reported mistakes, {form}, {truth}"
        for form in ("as published", "rewritten")
        for truth in ("right", "wrong")
    ),
    "pool, of unknown truth",
]

HEAD = """\
---
title: Other checkers on the same equations
---

# Other checkers on the same equations

What do other programs that judge formulas make of the [traps](equation-traps.md), of the
[mistakes that readers reported](equation-published.md), and of the formulas drawn at random from
public courses, the *pool*? Every formula that is one equality was given to

{peers}

```sh
python -m benchmarks.equation_peers
```

These programs were made for other purposes, and see the formula alone: to them, names that stand
for a computation of the page are free symbols. So traps about inputs, with no computation behind
their names, are counted separately. *Holds* means that the checker accepts the equation, or does
not object to it; *refused*, that it does not understand it, or needs more than {seconds} seconds.
Ours calls these *verified*, *refuted*, *inconclusive* and *error*. They were given all
{traps} traps that there were at the time.

```python exec="on" show="output" title="Of all formulas that are right, and of all that are wrong"
import re
from pathlib import Path

from charts import bars, number, table

headings = re.findall(r"^## (.*)", Path(__file__).read_text("utf-8"), re.MULTILINE)
for truth in ("right", "wrong"):
    tables = [table(__file__, name) for name in headings if f", {{truth}}" in name]
    head = tables[0][0]
    bars(
        [row[0] for row in tables[0][1:]],
        {{
            head[k]: [
                sum(number(rows[place][k]) for rows in tables) for place in range(1, len(tables[0]))
            ]
            for k in range(1, len(head))
        }},
        f"formulas that are {{truth}}",
        stacked=True,
    )
```
"""


class Case(NamedTuple):
    """A formula, and in which rows of the tables it counts."""

    group: str
    formula: str
    ours: str


def cases() -> list[Case]:
    """Every formula that is one equality, with what comes out of ours."""
    found = []
    for trap in load():
        if trap.kind.language == "latex" and is_one_equality(trap.claim):
            truth = "right" if trap.right else "wrong or empty"
            where = "traps about inputs" if stands_alone(trap) else "traps about computations"
            found.append(Case(f"{where}, {truth}", trap.claim, OURS[verdict(trap)]))
    for erratum in errata():
        for where, pair in (
            ("reported mistakes, as published", erratum.as_published()),
            ("reported mistakes, rewritten", erratum.in_the_dialect()),
        ):
            for trap, truth in zip(pair, ("wrong", "right"), strict=True):
                if is_one_equality(trap.claim):
                    found.append(Case(f"{where}, {truth}", trap.claim, OURS[verdict(trap)]))
    for _, formula in pool():
        if is_one_equality(formula):
            read = "undecided" if refusal_of_parser(formula) is None else "refused"
            found.append(Case("pool, of unknown truth", formula, read))
    return found


def is_one_equality(formula: str) -> bool:
    """Whether it has two sides; nothing is said of chains, rows and inequalities here."""
    others = r"\\le\b|\\leq|\\ge\b|\\geq|\\approx|<|>|\\\\|\\begin|\\quad|\\qquad|\\neq"
    return formula.count("=") == 1 and not re.search(others, formula)


def stands_alone(trap: Trap) -> bool:
    """Whether all names of a claim that the set-up binds are inputs, parameters or numbers."""
    common: dict[str, object] = {}
    exec(PRELUDE, common)
    with np.errstate(all="ignore"):
        names = bound(trap)
    symbols = set(re.findall(r"[A-Za-z]+", trap.claim))
    mentioned = {name for name in set(names) - set(common) if name in symbols}
    return all(isinstance(names[name], Input | Param | int | float) for name in mentioned)


def install() -> Path:
    """Return the Python of the peers' environment, made if need be."""
    python = HOME / "bin/python"
    if not python.exists():
        print("Installing the other checkers into .cache/peers", file=sys.stderr)
        venv.create(HOME, with_pip=True)
        wanted = [package for packages, _ in PEERS.values() for package in packages]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def ask(python: Path, checker: str, formulas: Sequence[str]) -> list[str]:
    """What a checker makes of each formula; its versions are pinned, so it is asked once."""
    cache = HOME / f"answers-{checker}.json"
    known: dict[str, str] = json.loads(cache.read_text("utf-8")) if cache.exists() else {}
    new = [formula for formula in dict.fromkeys(formulas) if formula not in known]
    if new:
        done = subprocess.run(
            [python, Path(__file__).with_name("peers.py"), checker],
            input=json.dumps(new),
            capture_output=True,
            text=True,
            check=True,
        )
        known.update(zip(new, json.loads(done.stdout.splitlines()[-1]), strict=True))
        cache.write_text(json.dumps(known, indent=1), "utf-8")
    return [known[formula] for formula in formulas]


# ---------------------------------------------------------------------------------------- the page


def page(asked: Sequence[Case], answers: Mapping[str, Sequence[str]]) -> str:
    peers = "\n".join(
        f"* {' with '.join(package.replace('==', ' ') for package in packages)}: {what};"
        for packages, what in PEERS.values()
    )
    parts = [HEAD.format(peers=peers.rstrip(";"), seconds=SECONDS, traps=f"{len(load()):,}")]
    for group in GROUPS:
        members = [k for k, case in enumerate(asked) if case.group == group]
        parts.append(f"\n## {group[0].upper()}{group[1:]}\n\n")
        parts.append(f"{len(members)} formulas.\n\n")
        parts.append(
            "| checker | " + " | ".join(WORDS) + " |\n| --- |" + " ---: |" * len(WORDS) + "\n"
        )
        for checker, words in answers.items():
            counted = Counter(words[k] for k in members)
            counts = " | ".join(str(counted[word]) for word in WORDS)
            parts.append(f"| {checker} | {counts} |\n")
        if group.startswith("pool"):
            parts.append(
                "\nOurs were parsed only, since nothing says what their names stand for.\n"
            )
    parts.append("\n## For example\n")
    for checker, words in answers.items():
        for truth, word, said in (("wrong", "holds", "accepted"), ("right", "fails", "rejected")):
            shown = [
                case.formula
                for case, answer in zip(asked, words, strict=True)
                if answer == word and f", {truth}" in case.group and "inputs" in case.group
            ]
            if shown:
                step = max(1, len(shown) // EXAMPLES)
                parts.append(f"\n{checker}, {truth} and {said}:\n\n")
                parts += [f"* {code(formula)}\n" for formula in shown[::step][:EXAMPLES]]
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="the page")
    options = parser.parse_args()
    python, asked = install(), cases()
    answers = {"ours": [case.ours for case in asked]}
    for checker in PEERS:
        answers[checker] = ask(python, checker, [case.formula for case in asked])
    text = page(asked, answers)
    print(text)
    if options.write:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
