"""The verdicts of a build in numbers, and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handout.judge.verdict import Verdict
from handout.page.options import STATUSES


def tally(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many verdicts there are of each status, and how many are not as expected."""
    counts = {status: sum(v["status"] == status for v in verdicts) for status in STATUSES}
    return {**counts, "unexpected": sum(not v["ok"] for v in verdicts)}


def told(counts: Mapping[str, int], lost: int = 0) -> str:
    """A tally in words: `3 verified, 1 refuted; all as expected`.

    Args:
        counts: what `tally` gave.
        lost: how many badges stand in the text for claims that do not exist.
    """
    listed = [f"{n} {status}" for status, n in counts.items() if n and status in STATUSES]
    unexpected = counts["unexpected"]
    badges = f"{lost} badge names no claim" if lost == 1 else f"{lost} badges name no claim"
    wrong = [f"{unexpected} not as expected"] * bool(unexpected) + [badges] * bool(lost)
    judged = ", ".join(wrong) or "all as expected"
    if not listed:
        return f"no verdicts; {judged}" if wrong else "no verdicts"
    return f"{', '.join(listed)}; {judged}"
