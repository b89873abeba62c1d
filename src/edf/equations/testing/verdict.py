"""The verdict on one step of an equation."""

from __future__ import annotations

from edf.report import Report


class EquationVerdict(Report):
    """The outcome for one step: one equality sign of a chain, or one row.

    `details` has the step and its reading as LaTeX, the tolerance, and notes.
    """

    kind = "equation"

    def title(self) -> str:
        return f"equation {self.id}, step {self.step}" if self.id else f"equation, step {self.step}"

    def evidence(self) -> list[tuple[str, str]]:
        if not self.counterexample:
            return []
        sides = self.counterexample
        first = sides.get("counted_from", 0)
        where = ", ".join(f"{name} = {first + value}" for name, value in sides["index"].items())
        values = f"left {sides['left']:.6g}, right {sides['right']:.6g}"
        return [("for example", values + (f" at {where} (counted from {first})" if where else ""))]
