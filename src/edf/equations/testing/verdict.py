"""The verdict on one step of an equation."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

from edf.check.report import jsonable


@dataclass(frozen=True)
class EquationVerdict:
    """The outcome for one step: one equality sign of a chain, or one row.

    A verdict is true where the outcome is the expected one, so that
    `assert all(check_equation(...))` means what it says.
    """

    status: str
    """`verified`, `refuted` or `inconclusive`."""
    expected: str
    step: int
    """Which step of the claim, counted from 1."""
    reading: str
    """What was understood, as plain text."""
    max_rel_error: float | None
    points: int
    seed: int
    oracle: str | None
    """How derivatives were computed, or `evaluation` where there are none."""
    id: str | None = None
    counterexample: dict[str, Any] | None = None
    corruptions: dict[str, int] | None = None
    """How many one-symbol changes of a verified step were tried, and what became of them."""
    repair: str | None = None
    """A one-symbol change with which a refuted step holds, if one was found."""
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    """Facts for a reader: the step as LaTeX, the reading as LaTeX, tolerance, notes."""

    @property
    def ok(self) -> bool:
        """Whether the outcome is the expected one."""
        return self.status == self.expected

    def __bool__(self) -> bool:
        return self.ok

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-able facts, in the order of a verdict's keys."""
        return {
            "id": self.id,
            "step": self.step,
            "kind": "equation",
            "status": self.status,
            "expected": self.expected,
            "ok": self.ok,
            "max_rel_error": jsonable(self.max_rel_error),
            "points": self.points,
            "seed": self.seed,
            "oracle": self.oracle,
            "reading": self.reading,
            "counterexample": jsonable(self.counterexample),
            "corruptions": self.corruptions,
            "repair": self.repair,
            "message": self.message,
            "details": jsonable(self.details),
        }

    def __str__(self) -> str:
        expected = "" if self.ok else f" (expected {self.expected})"
        name = f"equation {self.id}, step {self.step}" if self.id else f"equation, step {self.step}"
        lines = [f"{name}: {self.status}{expected}"]
        lines += [f"  {label + ':':<12} {text}" for label, text in self._rows()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(label)}</th><td>{html.escape(text)}</td></tr>"
            for label, text in self._rows()
        )
        expected = "" if self.ok else f" (expected {self.expected})"
        return (
            f'<div class="edf-report edf-{self.status}"><strong>'
            f"{html.escape(self.status + expected)}</strong><table>{rows}</table></div>"
        )

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("reading", self.reading)]
        if self.message:
            rows.append(("because", self.message))
        if self.max_rel_error is not None:
            rows.append(("error", f"at most {self.max_rel_error:.2g}, relative"))
        if self.counterexample:
            sides = self.counterexample
            where = ", ".join(f"{name} = {value}" for name, value in sides["index"].items())
            rows.append(
                ("for example", f"left {sides['left']:.6g}, right {sides['right']:.6g}"
                 + (f" at {where}" if where else ""))
            )  # fmt: skip
        if self.oracle:
            rows.append(("oracle", f"{self.oracle}, {self.points} points, seed {self.seed}"))
        if self.corruptions:
            counted = self.corruptions
            outcomes = ", ".join(
                f"{counted[word]} {word}" for word in ("refuted", "rejected", "unnoticed")
            )
            rows.append(("corruptions", f"{counted['tried']} one-symbol corruptions: {outcomes}"))
        if self.repair:
            rows.append(("repair", self.repair))
        rows.extend(("note", note) for note in self.details.get("notes", ()))
        return rows
