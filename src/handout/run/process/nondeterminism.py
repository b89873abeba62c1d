"""Which calls in a cell give something else in every run: the clock, and randomness without a seed.

Nothing is intercepted, since no function or class of a library may be replaced under a page. The
cell's code is searched for calls, and what each of them calls is looked up by its name in the
page's namespace, after the cell has run. What a library or a module of the project does inside is
not seen.

The global generators of `random` and NumPy start from the same state on every page, so what they
give without a seed is the same at every build.
"""

from __future__ import annotations

import ast
import builtins
import datetime
import random
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy.random

CLOCK = "the clock"
RANDOMNESS = "randomness without a seed"

_CLOCKS = {
    f"time.{name}{unit}"
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time")
    for unit in ("", "_ns")
}
#: These read the clock if they are called with fewer arguments.
_CLOCKS_WITHOUT = {
    "time.localtime": 1, "time.gmtime": 1, "time.ctime": 1, "time.asctime": 1, "time.strftime": 2,
}  # fmt: skip
_CALENDAR = {"now", "utcnow", "today"}  # class methods of `date` and of classes derived from it
_MAGICS = {"time", "timeit"}
_RANDOM = {"posix.urandom", "nt.urandom", "uuid.uuid1", "uuid.uuid4", "random.SystemRandom"}
#: These draw from the system's entropy if no seed, or None, comes first.
_RANDOM_WITHOUT_SEED = {
    "random.Random", "random.Random.seed", "numpy.random.seed", "numpy.random.default_rng",
    "numpy.random.mtrand.RandomState", "numpy.random.bit_generator.SeedSequence",
    "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64", "numpy.random._pcg64.PCG64DXSM",
    "numpy.random._philox.Philox", "numpy.random._sfc64.SFC64",
}  # fmt: skip
_SEED = 0


def seed_global_generators() -> None:
    """Put the global generators into the state from which every page starts."""
    random.seed(_SEED)
    numpy.random.seed(_SEED)


def sources(code: ast.AST, names: Mapping[str, Any]) -> list[str]:
    """What a cell reads that no file or seed determines.

    Args:
        code: the cell, as Python without magics.
        names: the page's namespace, after the cell has run.
    """
    found = _CallVisitor(names)
    found.visit(code)
    return list(found.sources)


class _CallVisitor(ast.NodeVisitor):
    """Visits every call."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names
        self.sources: dict[str, None] = {}

    def visit_Call(self, call: ast.Call) -> None:
        """Note what a call reads, and look into its function and arguments."""
        self.sources |= dict.fromkeys(_sources(call, self.names))
        self.generic_visit(call)


def _sources(call: ast.Call, names: Mapping[str, Any]) -> Iterator[str]:
    called = _called(call.func, names)
    name = _full_name(called)
    least = _CLOCKS_WITHOUT.get(name, 0)
    if name in _CLOCKS or len(call.args) < least or _is_calendar(called) or _is_timing(call):
        yield CLOCK
    if name in _RANDOM or name.startswith("secrets."):
        yield RANDOMNESS
    if name in _RANDOM_WITHOUT_SEED and not _has_seed(call):
        yield RANDOMNESS


def _called(function: ast.expr, names: Mapping[str, Any]) -> Any:
    """The object that a dotted name stands for; None for any other expression."""
    if isinstance(function, ast.Name):
        return names.get(function.id, getattr(builtins, function.id, None))
    if isinstance(function, ast.Attribute):
        owner = _called(function.value, names)
        if isinstance(owner, ModuleType | type):  # an instance might compute its attributes
            try:
                return getattr(owner, function.attr, None)
            except Exception:  # a module's own `__getattr__` may raise anything
                return None
    return None


def _full_name(called: Any) -> str:
    """`module.name` of a function or class; for a bound method that of the instance's class."""
    owner = getattr(called, "__self__", None)
    module = getattr(called, "__module__", None) or getattr(type(owner), "__module__", "")
    return f"{module}.{getattr(called, '__qualname__', '')}"


def _is_calendar(called: Any) -> bool:
    owner = getattr(called, "__self__", None)
    return (
        isinstance(owner, type)
        and issubclass(owner, datetime.date)
        and getattr(called, "__name__", "") in _CALENDAR
    )


def _is_timing(call: ast.Call) -> bool:
    """Whether this is what IPython makes of `%time` and `%timeit`."""
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in ("run_line_magic", "run_cell_magic")
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value in _MAGICS
    )


def _has_seed(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return bool(given) and not (isinstance(given[0], ast.Constant) and given[0].value is None)
