"""What a test found, of a gradient or of an equation: its report, and who is listening for it."""

from __future__ import annotations

import contextlib
import difflib
import html
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

Status = Literal["verified", "refuted", "inconclusive", "error"]

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


def expectation(expect: str, possible: Sequence[str]) -> str:
    """Return `expect` if it is one of the possible outcomes.

    Raises:
        ValueError: It is not; the message lists what is possible and suggests the nearest.
    """
    if expect in possible:
        return expect
    close = difflib.get_close_matches(str(expect), possible, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"expect={expect!r} is none of {', '.join(map(repr, possible))}{hint}")


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
class Report:
    """The outcome of one test.

    A report is true where the outcome is the expected one, so that `assert check_gradients(loss)`
    means what it says. The test itself never raises on wrong mathematics: a page shows it.
    """

    kind: ClassVar[str]
    """What was tested: `gradient` or `equation`."""

    status: Status
    expected: str
    max_rel_error: float | None
    """The largest difference found between the two sides, relative to the larger of them."""
    points: int
    """At how many points the sides were compared."""
    oracle: str | None
    """How numeric derivatives were computed, or `evaluation` where there are none."""
    seed: int
    id: str | None = None
    message: str = ""
    counterexample: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """Facts for a reader, such as tolerance and notes."""
    step: int | None = None
    """Which step of an equation, counted from 1."""
    reading: str | None = None
    """What was understood of an equation, as plain text."""
    corruptions: dict[str, int] | None = None
    """How many one-symbol changes of a verified equation were tried, and what became of them."""
    repair: str | None = None
    """A one-symbol change with which a refuted equation holds, if one was found."""

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
            "step": self.step,
            "kind": self.kind,
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
        lines = [self._headline()]
        lines += [f"  {name + ':':<12} {text}" for name, text in self.rows()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
            for name, text in self.rows()
        )
        return (
            f'<div class="edf-report edf-{self.status}">'
            f"<strong>{html.escape(self._headline())}</strong><table>{rows}</table></div>"
        )

    def title(self) -> str:
        """Return what was tested, in words."""
        return f"{self.kind} {self.id}" if self.id else self.kind

    def evidence(self) -> list[tuple[str, str]]:
        """Return what the outcome rests on, as name and text."""
        return []

    def rows(self) -> list[tuple[str, str]]:
        """Return the facts worth telling, as name and text."""
        rows: list[tuple[str, str]] = []
        if self.reading is not None:
            rows.append(("reading", self.reading))
        if self.message:
            rows.append(("because", self.message))
        if self.max_rel_error is not None:
            tolerance = self.details.get("tolerance")
            allowed = f" (tolerance {tolerance:.0e})" if tolerance else ""
            rows.append(("error", f"at most {self.max_rel_error:.2g}, relative{allowed}"))
        rows += self.evidence()
        if self.oracle:
            plural = "" if self.points == 1 else "s"
            rows.append(
                ("oracle", f"{self.oracle}, at {self.points} point{plural}, seed {self.seed}")
            )
        if self.corruptions:
            counted = self.corruptions
            outcomes = ", ".join(
                f"{counted[word]} {word}" for word in ("refuted", "rejected", "unnoticed")
            )
            rows.append(("corruptions", f"{counted['tried']} one-symbol corruptions: {outcomes}"))
        if self.repair:
            rows.append(("repair", self.repair))
        rows += [("note", note) for note in self.details.get("notes", ())]
        return rows

    def _headline(self) -> str:
        expected = "" if self.ok else f" (expected {self.expected})"
        return f"{self.title()}: {self.status}{expected}"
