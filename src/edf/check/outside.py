"""What an operation keeps outside of itself: in a global, an enclosing function, its class.

A `backward` that uses such a thing gets what another forward has left there, of an earlier point or
of another node of its class. Here are the places where its methods can keep something, each of
which can be taken away for a while.
"""

from __future__ import annotations

import copy
import dis
import functools
import types
from collections import deque
from collections.abc import Callable, Iterator
from operator import is_not
from typing import Any, NamedTuple

import numpy as np

from edf.graph import Node

Write = Callable[[Any], None]
Remove = Callable[[], None]
MOST = 40  # functions that are looked at, the helpers of helpers included
#: Numbers in code that are no thresholds to speak of, how many others are taken, and how large they
#: may be: -1e9 stands for minus infinity in masks.
USUAL, NUMBERS, FAR = (0, 0.5, 1, 2), 8, 1e4


class Place(NamedTuple):
    """Where something is kept."""

    told: str
    value: Any
    write: Write
    remove: Remove | None = None

    def without(self) -> Iterator[None]:
        """Take away what is there, in each way in which it may not be there yet; bring it back."""
        if isinstance(self.value, dict | list | set | deque):
            kept = copy.copy(self.value)
            try:
                self.value.clear()
                yield
            finally:
                self.value.clear()
                held: Any = self.value
                fill = held.extend if isinstance(held, list | deque) else held.update
                fill(kept)
        try:
            self.write(None)
            yield
            if self.remove is not None:
                self.remove()
                yield
        finally:
            self.write(self.value)

    @property
    def content(self) -> list[Any]:
        """The thing, and what is in it."""
        if isinstance(self.value, dict):
            return [self.value, *self.value.values()]
        return [self.value, *self.value] if isinstance(self.value, list | deque) else [self.value]


def places(node: Node) -> list[Place]:
    """Return where the methods of an operation can keep something, but on the operation itself."""
    return list(_looked_at(node)[0].values())


def numbers_in_code(node: Node) -> list[float]:
    """Return the numbers that stand in the code of an operation, or that it can see by a name, but
    for the usual ones: thresholds are among them, and what is added against a division by 0."""
    found, functions = _looked_at(node)
    seen: list[Any] = [*vars(node).values(), *(place.value for place in found.values())]
    for function in functions:
        seen += _numbers(function.__code__)
        seen += [function.__globals__.get(name) for name in _names(function)]
        seen += map(_content, function.__closure__ or ())
    numbers = (abs(float(n)) for n in seen if type(n) in (int, float) or isinstance(n, np.floating))
    return list(dict.fromkeys(n for n in numbers if n < FAR and n not in USUAL))[:NUMBERS]


@functools.cache
def _numbers(code: types.CodeType) -> list[Any]:
    """Return the constants in the code of a function, those in tuples singly."""
    steps = (step for part in _codes(code) for step in dis.get_instructions(part))
    given = (i.argval for i in steps if i.opname.startswith(("LOAD_CONST", "LOAD_SMALL_INT")))
    return [part for value in given for part in (value if isinstance(value, tuple) else [value])]


def _looked_at(node: Node) -> tuple[dict[str, Place], list[types.FunctionType]]:
    """Return the places where its methods can keep something, and all functions that they use."""
    found: dict[str, Place] = {}
    functions = [held for held in vars(node).values() if isinstance(held, types.FunctionType)]
    for kind in type(node).__mro__:
        if kind is object or kind.__module__.partition(".")[0] in ("edf", "typing"):
            continue
        for name, held in vars(kind).items():
            method = getattr(held, "__wrapped__", held)
            method = getattr(method, "__func__", method)
            if isinstance(method, types.FunctionType):
                functions.append(method)
            elif not name.startswith("__"):
                _note(found, f"the class attribute `{name}`", held, *_attribute(kind, name))
    for function in functions:  # which grows by the helpers
        if len(functions) <= MOST:
            _look_at(function, found, functions)
    return found, functions


def _names(function: types.FunctionType) -> set[str]:
    """Return the names of globals and attributes in a function."""
    return {name for code in _codes(function.__code__) for name in code.co_names}


def _look_at(
    function: types.FunctionType, found: dict[str, Place], functions: list[types.FunctionType]
) -> None:
    for name in sorted(_names(function) & function.__globals__.keys()):
        space = function.__globals__
        _meet(f"the global `{name}`", name, space[name], *_item(space, name), found, functions)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        told = f"the enclosing variable `{name}`"
        _meet(told, name, _content(cell), *_attribute(cell, "cell_contents"), found, functions)
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if isinstance(default, dict | list | set | deque):
            _note(found, f"a default of `{function.__name__}`", default, lambda _: None)


def _meet(
    told: str,
    name: str,
    held: Any,
    write: Write,
    remove: Remove,
    found: dict[str, Place],
    functions: list[types.FunctionType],
) -> None:
    """Note what a name stands for: a thing, or what has things as attributes, or a helper."""
    if isinstance(held, Node | types.ModuleType | np.random.Generator):
        return
    if isinstance(held, types.FunctionType):
        package = (held.__module__ or "").partition(".")[0]
        if package not in ("numpy", "edf") and held not in functions:
            functions.append(held)
    elif not isinstance(held, type):
        _note(found, told, held, write, remove)
    home = getattr(held, "__module__", "") or ""
    if home.partition(".")[0] not in ("numpy", "builtins", "edf"):
        for attribute, part in list(getattr(held, "__dict__", {}).items()):
            if not attribute.startswith("__"):
                _note(found, f"`{name}.{attribute}`", part, *_attribute(held, attribute))


def _note(
    found: dict[str, Place], told: str, held: Any, write: Write, remove: Remove | None = None
) -> None:
    """Note a thing of the kinds that a forward keeps."""
    kinds: Any = np.ndarray | np.generic | float | tuple | dict | list | set | deque
    if held is None or isinstance(held, kinds):
        found.setdefault(told, Place(told, held, write, remove))


def changed(node: Node, before: list[tuple[Place, list[Any]]]) -> str:
    """Return which place holds something else by now; `before` has each with its content then."""
    old = {place.told: content for place, content in before}
    for place in places(node):
        kept = old.get(place.told, [])
        if len(kept) != len(place.content) or any(map(is_not, kept, place.content)):
            return place.told
    return ""


def _attribute(holder: Any, name: str) -> tuple[Write, Remove]:
    return functools.partial(setattr, holder, name), functools.partial(delattr, holder, name)


def _item(space: dict[str, Any], name: str) -> tuple[Write, Remove]:
    return functools.partial(space.__setitem__, name), functools.partial(space.__delitem__, name)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # of a variable that has no value yet
        return NotImplemented


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield the code of a function, and that of functions and comprehensions within."""
    yield code
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _codes(part)
