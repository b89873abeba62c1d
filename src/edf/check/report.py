"""The report of a gradient check."""

from __future__ import annotations

from typing import Any

from edf.figures import Figure, steps
from edf.report import Report


class GradientReport(Report):
    """The outcome of one gradient check.

    `max_rel_error` is the largest |backward - numeric|, relative to the larger of the two;
    `details` has the tolerance, the worst component, what was sampled, errors by step, and notes.
    """

    kind = "gradient"

    def title(self) -> str:
        return f"gradient check {self.id}" if self.id else "gradient check"

    def figure(self) -> Figure:
        """Return a figure of the error of central differences against the step size.

        Where `backward` is right the error falls with the step until rounding lifts it again;
        where it is wrong it levels off at the size of the mistake.

        Raises:
            ValueError: Nothing was computed that could be drawn.
        """
        measured = self.details.get("steps")
        if not measured:
            raise ValueError(f"no figure: the check ended before any derivative ({self.message})")
        return steps(f"Error against step size ({self.status})", measured)

    def evidence(self) -> list[tuple[str, str]]:
        rows: list[tuple[str, str]] = []
        worst = self.details.get("worst")
        if worst is not None and describe_component(worst) not in self.message:
            rows.append(("worst", describe_component(worst)))
        if (sampled := self.details.get("sampled")) is not None:
            rows.append(("sampled", describe_sample(sampled)))
        return rows


def describe_component(worst: dict[str, Any]) -> str:
    """Return one component of a gradient in words: where it is, and both of its values."""
    argument, index = worst["argument"], worst["index"]
    where = f"{worst['operation']}, " if worst.get("operation") else ""
    where += f"argument {argument}" if isinstance(argument, int) else str(argument)
    where += f", index {tuple(index)}" if index is not None else ", along a random direction"
    claimed = f"backward {worst['backward']:.8g}"
    if worst.get("returned_none"):
        claimed = "backward returned None, which counts as 0"
    return f"{where}: {claimed}, numeric {worst['numeric']:.8g}"


def describe_sample(sampled: dict[str, Any]) -> str:
    """Return in words how many of the gradient's components were compared one by one."""
    checked, total = sampled["checked"], sampled["total"]
    if checked == total:
        return f"all {total} components"
    return f"{checked} of {total} components ({checked / total:.2%}) and all along directions"
