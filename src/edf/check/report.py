"""What a gradient check found: the report, its text, its HTML, and who is listening for it."""

from __future__ import annotations

import contextlib
import difflib
import html
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from edf.check.figure import step_figure

Status = Literal["verified", "refuted", "inconclusive", "error"]
EXPECTABLE = ("verified", "refuted", "inconclusive")

_listener: ContextVar[Callable[[Any], None] | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def listening(callback: Callable[[Any], None]) -> Iterator[None]:
    """Call `callback(report)` for every check that finishes inside the `with` block.

    The innermost block listens. What is announced belongs to the current context, so checks in
    another thread or task are not heard here.
    """
    token = _listener.set(callback)
    try:
        yield
    finally:
        _listener.reset(token)


def announce(report: Any) -> None:
    """Hand a finished check's report to whoever is listening."""
    if (listener := _listener.get()) is not None:
        listener(report)


def expectation(expect: str) -> str:
    """Return `expect` if it is something a check may be expected to give, else explain."""
    if expect in EXPECTABLE:
        return expect
    close = difflib.get_close_matches(str(expect), EXPECTABLE, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"expect={expect!r} is none of {', '.join(map(repr, EXPECTABLE))}{hint}")


def jsonable(value: Any) -> Any:
    """Return `value` as JSON can hold it: arrays as lists, and NaN and infinities as strings."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return jsonable(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, complex):
        return jsonable(value.real) if value.imag == 0 else str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")


@dataclass(frozen=True)
class GradientReport:
    """The outcome of one gradient check.

    A report is true where the outcome is the expected one, so that `assert check_gradients(loss)`
    means what it says. The check itself never raises on a wrong derivative: a page shows it.
    """

    status: Status
    expected: str
    max_rel_error: float | None
    """Largest |backward - numeric| found, relative to the larger of the two."""
    points: int
    """Number of points at which the gradients were compared."""
    oracle: str | None
    """What the numeric derivative was computed with."""
    seed: int
    id: str | None = None
    message: str = ""
    counterexample: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """Facts for a reader: tolerance, worst component, what was sampled, errors by step, notes."""

    @property
    def ok(self) -> bool:
        """Whether the outcome is the expected one."""
        return self.status == self.expected

    def __bool__(self) -> bool:
        return self.ok

    def assert_ok(self) -> None:
        """Raise `AssertionError` with the whole report unless `ok`."""
        if not self.ok:
            raise AssertionError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able facts, in the order of a verdict's keys."""
        return {
            "id": self.id,
            "step": None,
            "kind": "gradient",
            "status": self.status,
            "expected": self.expected,
            "ok": self.ok,
            "max_rel_error": jsonable(self.max_rel_error),
            "points": self.points,
            "seed": self.seed,
            "oracle": self.oracle,
            "reading": None,
            "counterexample": jsonable(self.counterexample),
            "corruptions": None,
            "repair": None,
            "message": self.message,
            "details": jsonable(self.details),
        }

    def __str__(self) -> str:
        title = f"gradient check {self.id}: " if self.id else "gradient check: "
        expected = "" if self.ok else f" (expected {self.expected})"
        return "\n".join(
            [title + self.status + expected]
            + [f"  {name + ':':<10} {text}" for name, text in self._rows()]
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
            for name, text in self._rows()
        )
        title = f"{self.id}: {self.status}" if self.id else self.status
        expected = "" if self.ok else f" (expected {self.expected})"
        return (
            f'<div class="edf-report edf-{self.status}">'
            f"<strong>{html.escape(title + expected)}</strong><table>{rows}</table></div>"
        )

    def figure(self) -> str:
        """Return a small SVG figure: the error of central differences against the step size.

        Where `backward` is right the error falls with the step until rounding lifts it again;
        where it is wrong it levels off at the size of the mistake.

        Raises:
            ValueError: Nothing was computed that could be drawn.
        """
        steps = self.details.get("steps")
        if not steps:
            raise ValueError(f"no figure: the check ended before any derivative ({self.message})")
        return step_figure(steps, self.status)

    def _rows(self) -> list[tuple[str, str]]:
        """Return the facts worth telling, as name and text."""
        rows: list[tuple[str, str]] = []
        if self.message:
            rows.append(("because", self.message))
        if self.max_rel_error is not None:
            tolerance = self.details.get("tolerance")
            allowed = "" if tolerance is None else f" (tolerance {tolerance:.0e})"
            rows.append(("error", f"at most {self.max_rel_error:.2g}, relative{allowed}"))
        worst = self.details.get("worst")
        if worst is not None and describe_component(worst) not in self.message:
            rows.append(("worst", describe_component(worst)))
        if (sampled := self.details.get("sampled")) is not None:
            rows.append(("sampled", describe_sample(sampled)))
        if self.oracle:
            plural = "" if self.points == 1 else "s"
            rows.append(
                ("oracle", f"{self.oracle}, at {self.points} point{plural}, seed {self.seed}")
            )
        rows.extend(("note", note) for note in self.details.get("notes", ()))
        return rows


def describe_component(worst: dict[str, Any]) -> str:
    """Return one component of a gradient in words: where it is, and both of its values."""
    argument, index = worst["argument"], worst["index"]
    where = f"{worst['operation']}, " if worst.get("operation") else ""
    where += f"argument {argument}" if isinstance(argument, int) else str(argument)
    where += f", index {tuple(index)}" if index is not None else ", along a random direction"
    return f"{where}: backward {worst['backward']:.8g}, numeric {worst['numeric']:.8g}"


def describe_sample(sampled: dict[str, Any]) -> str:
    """Return in words how many of the gradient's components were compared one by one."""
    checked, total = sampled["checked"], sampled["total"]
    if checked == total:
        return f"all {total} components"
    return f"{checked} of {total} components ({checked / total:.2%}) and all along directions"
