"""What becomes of equations as they were published? Reported mistakes, course notes, a pool.

    python -m benchmarks.equation_published

judges what is in `tests/published/` and prints the page `docs/benchmarks/equation-published.md`,
which `--write` writes. `--pool FILE` measures the formulas of another JSON file (a list of
objects with a key `latex`) in the place of ours, and `--cases FOLDER` other mistakes and equations
with set-ups, in its files `errata.json` and `notes.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.equation_traps import code
from tests.published import (
    PUBLISHED,
    Erratum,
    Note,
    errata,
    kind_of,
    macros_of_pool,
    notes,
    outcome,
    pool,
    refusal_of_parser,
    refusal_of_typesetter,
    told_apart,
    verdict,
)
from tests.traps import Trap

PAGE = Path(__file__).parents[1] / "docs/benchmarks/equation-published.md"
SHOWN = 25  # kinds of refusals in the list, most frequent first

HEAD = """\
---
title: Equations as they were published
---

# Equations as they were published

How much of published mathematics is understood as it stands, and is it judged correctly?
Three collections are measured: mistakes that readers reported in public teaching material;
equations drawn at random from public courses; and a *pool* of further ones, drawn likewise, for
which no Python says what their letters mean. The formulas are as published; the Python of each,
which gives the names something to stand for, is ours.

    python -m benchmarks.equation_published

This page is made from the measurements, and a test makes sure that it says what they give today.

```python exec="on" show="output" title="What was measured, in percent"
import re

from charts import bars, table

head, *rows = table(__file__)
counts = [[int(n) for n in re.findall(r"\\d+", row[1])] for row in rows]
bars(
    [f"{row[0]} ({row[1]})" for row in rows],
    {"count": [round(100 * part / whole) for part, whole in counts]},
    "percent",
)
```

"""


def page() -> str:
    """The page, measured anew."""
    mistakes, drawn = errata_rows(), note_rows()
    formulas = [latex for _, latex in pool()]
    return "".join(
        [
            HEAD,
            summary(mistakes, drawn, formulas),
            mistakes_section(mistakes),
            notes_section(drawn),
            pool_section(formulas),
        ]
    )


# ---------------------------------------------------------------------------------------- measuring


class Mistake:
    """An erratum and what comes out of its forms."""

    def __init__(self, erratum: Erratum) -> None:
        self.erratum = erratum
        self.wrong, self.right = map(verdict, erratum.as_published())
        self.rewritten_wrong, self.rewritten_right = map(verdict, erratum.in_the_dialect())
        self.reason = outcome(erratum.as_published()[1]).message if self.right != "verified" else ""


def errata_rows() -> list[Mistake]:
    return [Mistake(erratum) for erratum in errata()]


def note_rows() -> list[tuple[Note, str, str]]:
    """Each note, what comes out, and what was said."""
    return [(note, verdict(note.trap()), outcome(note.trap()).message) for note in notes()]


def refusals(
    reader: Callable[[str, Mapping[str, str]], str | None],
    formulas: Sequence[str],
    macros: Mapping[str, str],
) -> Counter[str]:
    """How often a reader says what, where it refuses a formula."""
    answers = [reader(formula, macros) for formula in formulas]
    said = [message for message in answers if message is not None]
    return Counter(said if reader is refusal_of_typesetter else map(kind_of, said))


# ---------------------------------------------------------------------------------------- the page


def summary(
    mistakes: Sequence[Mistake], drawn: Sequence[tuple[Note, str, str]], formulas: Sequence[str]
) -> str:
    testable = [(note, status) for note, status, _ in drawn if not note.untestable]
    sound = [status for note, status in testable if not note.mistake]
    unsound = [status for note, status in testable if note.mistake]
    rows = [
        ("corrected forms verified, as published", share(m.right == "verified" for m in mistakes)),
        (
            "mistakes and corrections told apart, as published",
            share(told_apart(m.wrong, m.right) for m in mistakes),
        ),
        (
            "told apart, rewritten where need be",
            share(told_apart(m.rewritten_wrong, m.rewritten_right) for m in mistakes),
        ),
        (
            "mistakes verified, in either form",
            share("verified" in (m.wrong, m.rewritten_wrong) for m in mistakes),
        ),
        (
            "corrected forms refuted, in either form",
            share("refuted" in (m.right, m.rewritten_right) for m in mistakes),
        ),
        ("equations of courses verified, as published", share(s == "verified" for s in sound)),
        ("refuted though they are right", share(s == "refuted" for s in sound)),
        ("verified though they are wrong", share(s == "verified" for s in unsound)),
    ]
    for reader, what in ((refusal_of_parser, "parsed"), (refusal_of_typesetter, "typeset")):
        for macros, how in ((macros_of_pool(), ""), ({}, ", their authors' macros unknown")):
            taken = len(formulas) - refusals(reader, formulas, macros).total()
            rows.append((f"formulas of the pool {what}{how}", f"{taken} of {len(formulas)}"))
    return table(("measured", "count"), rows)


def mistakes_section(mistakes: Sequence[Mistake]) -> str:
    rows = [
        (
            m.erratum.id,
            m.erratum.topic,
            f"{m.wrong}, {m.right}",
            f"{m.rewritten_wrong}, {m.rewritten_right}" if m.erratum.rewritten else "",
        )
        for m in mistakes
    ]
    parts = [
        "\n## Reported mistakes\n\n",
        "The two words are the verdicts on the mistake and on its correction. Some forms were "
        "rewritten, because what was published names things that no page has to offer or leaves "
        "their meaning to the reader.\n\n",
        table(("mistake", "topic", "as published", "rewritten"), rows),
        '\n??? note "The formulas, and what is said of those that are not verified"\n\n',
    ]
    for m in mistakes:
        said = f": {code(m.reason)}" if m.reason else ""
        parts.append(
            f"    * `{m.erratum.id}` ({m.erratum.source}): {code(m.erratum.wrong)}, corrected "
            f"{code(m.erratum.right)}{said}\n"
        )
    return "".join(parts)


def notes_section(drawn: Sequence[tuple[Note, str, str]]) -> str:
    parts = ["\n## Equations of courses, drawn at random\n\n"]
    for note, status, said in drawn:
        kind = "; wrong as published" * note.mistake + "; nothing to test" * note.untestable
        message = f": {code(said)}" if said and status != "verified" else ""
        parts.append(f"* {note.source}{kind}: **{status}**{message}\n")
    return "".join(parts)


def of_cases(folder: Path) -> str:
    """What becomes of others' cases: how many are verified as published, and what is said else."""
    lines = []
    for name, formula, setup in (
        ("errata", "published_right", "published_setup"),
        ("notes", "latex", "setup"),
    ):
        refused = []
        entries = json.loads((folder / f"{name}.json").read_text("utf-8"))
        sound = [e for e in entries if e.get("class") != "D" and not e.get("published_mistake")]
        for entry in sound:
            options = dict(re.findall(r'(\w+)="([^"]*)"', entry.get("options", "")))
            claim = entry["id"], PUBLISHED, entry[setup], entry[formula], "verified", ""
            trap = Trap(*claim, {**options, "macros": macros_of_pool()})
            if (status := verdict(trap)) != "verified":
                refused.append(f"  {entry['id']}: {status}: {outcome(trap).message}")
        lines += [f"{name}: {len(sound) - len(refused)} of {len(sound)} verified", *refused]
    return "\n".join(lines)


def pool_section(formulas: Sequence[str]) -> str:
    parts = ["\n## What is still refused, most frequent first\n"]
    for who, reader in (("parser", refusal_of_parser), ("typesetter", refusal_of_typesetter)):
        counted = refusals(reader, formulas, macros_of_pool())
        rows = [(str(times), code(message)) for message, times in counted.most_common(SHOWN)]
        rest = counted.total() - sum(int(times) for times, _ in rows)
        parts.append(
            f"\n### By the {who}\n\nA dot stands for what differs from one to another.\n\n"
        )
        parts.append(table(("formulas", "what is said"), [*rows, (str(rest), "something else")]))
    return "".join(parts)


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def share(of: Iterable[bool]) -> str:
    values = list(of)
    return f"{sum(values)} of {len(values)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="the page")
    parser.add_argument("--pool", type=Path, help="measure the formulas of this JSON file")
    parser.add_argument("--cases", type=Path, help="measure the set-ups of this folder")
    options = parser.parse_args()
    if options.cases:
        print(of_cases(options.cases))
        return 0
    if options.pool:
        formulas = [entry["latex"] for entry in json.loads(options.pool.read_text("utf-8"))]
        for reader in (refusal_of_parser, refusal_of_typesetter):
            counted = refusals(reader, formulas, macros_of_pool())
            print(f"{reader.__name__}: {len(formulas) - counted.total()} of {len(formulas)}")
        print(pool_section(formulas))
        return 0
    text = page()
    print(text)
    if options.write:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
