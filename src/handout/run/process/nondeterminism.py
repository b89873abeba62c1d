"""Sees a page read the clock, or draw random numbers without a seed: it will not come out alike.

No audit event tells of either, so the functions that do so are replaced, in the page's process, by
ones that take note when code of the page or the project calls them. What a library does for its own
ends (names of temporary files, time-outs) does not count.
"""

from __future__ import annotations

import datetime
import functools
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy.random

CLOCK = "the clock"
RANDOMNESS = "randomness without a seed"

_CLOCKS = (
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
    "process_time", "process_time_ns", "thread_time", "thread_time_ns",
)  # fmt: skip
_NOW_WITHOUT = {"localtime": 1, "gmtime": 1, "ctime": 1, "asctime": 1, "strftime": 2}
_NOW = {"datetime": ("now", "utcnow", "today"), "date": ("today",)}
_THROUGH = {f.__file__ for f in (random, secrets, uuid)} | {__file__}


class Watch:
    """What the running cell read that no file or seed determines.

    Args:
        of_project: whether a source file belongs to the page or the project.
    """

    def __init__(self, of_project: Callable[[str], bool]) -> None:
        self.of_project = of_project
        self.seen: dict[str, None] = {}
        self._seeded: set[str] = set()
        self._before: dict[str, Any] = {}

    def install(self) -> None:
        """Replace the functions."""
        for name in _CLOCKS:
            self._replace(time, name, CLOCK)
        for name, count in _NOW_WITHOUT.items():
            self._replace(time, name, CLOCK, functools.partial(_fewer, count))
        for name, methods in _NOW.items():
            setattr(datetime, name, self._calendar(getattr(datetime, name), *methods))
        self._replace(os, "urandom", RANDOMNESS)
        self._replace(random, "_urandom", RANDOMNESS)
        self._replace(random.Random, "seed", RANDOMNESS, lambda args: args[1:] in ((), (None,)))
        self._note_seed(random, "seed", "random")
        self._note_seed(numpy.random, "seed", "numpy")
        self._note_seed(numpy.random, "set_state", "numpy")

    def begin(self) -> None:
        """A cell begins."""
        self.seen = {}
        self._before = _states()

    def end(self) -> list[str]:
        """What the cell read; the global generators, too, if nobody has seeded them."""
        after = _states()
        if any(after[k] != v and k not in self._seeded for k, v in self._before.items()):
            self.seen.setdefault(RANDOMNESS)
        return list(self.seen)

    def _take_note(self, what: str) -> None:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename in _THROUGH:
            frame = frame.f_back
        if frame is not None and self.of_project(frame.f_code.co_filename):
            self.seen.setdefault(what)

    def _replace(
        self,
        owner: Any,
        name: str,
        what: str,
        counts: Callable[[tuple[Any, ...]], bool] = lambda args: True,
    ) -> None:
        function = getattr(owner, name)

        @functools.wraps(function)
        def noting(*args: Any, **options: Any) -> Any:
            if counts(args):
                self._take_note(what)
            return function(*args, **options)

        setattr(owner, name, noting)

    def _note_seed(self, owner: Any, name: str, generator: str) -> None:
        function = getattr(owner, name)

        @functools.wraps(function)
        def noting(*args: Any, **options: Any) -> Any:
            given = (*args, *options.values())
            if given and given[0] is not None:
                self._seeded.add(generator)
            return function(*args, **options)

        setattr(owner, name, noting)

    def _calendar(self, real: type, *names: str) -> type:
        """A stand-in for a calendar type: the same to every user, but its `names` take note."""

        class Alike(type):
            def __instancecheck__(cls, instance: object) -> bool:
                return isinstance(instance, real)

            def __subclasscheck__(cls, subclass: type) -> bool:
                return issubclass(subclass, real)

            def __call__(cls, *args: Any, **options: Any) -> Any:
                return real(*args, **options)

        def noting(name: str) -> Any:
            def method(cls: type, *args: Any, **options: Any) -> Any:
                self._take_note(CLOCK)
                return getattr(real, name)(*args, **options)

            return classmethod(method)

        parts: dict[str, Any] = {name: noting(name) for name in names}
        parts |= {"__module__": real.__module__, "__qualname__": real.__qualname__}
        parts |= {"__doc__": real.__doc__}
        return Alike(real.__name__, (real,), parts)


def _fewer(count: int, args: tuple[Any, ...]) -> bool:
    return len(args) < count


def _states() -> dict[str, Any]:
    """The states of the global generators, in a form that can be compared."""
    state = numpy.random.get_state(legacy=False)["state"]
    return {"random": random.getstate(), "numpy": (state["pos"], state["key"].tobytes())}
