"""Calls functions right after modules of given names were imported."""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def on_import(hooks: dict[str, Callable[[], None]]) -> None:
    """Call each function once, after the module whose name it is filed under was executed.

    What an earlier call asked for is given up. Finders ask each other, so with several of them the
    search for a module that is not there would double with each.
    """
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    sys.meta_path.insert(0, _Finder(hooks))


def call_hooks(names: Iterable[str]) -> None:
    """Call the functions of modules that were loaded by other means."""
    for finder in [finder for finder in sys.meta_path if isinstance(finder, _Finder)]:
        for name in names:
            finder.hooks.pop(name, _nothing)()


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules as anybody would, and has their loaders tell."""

    def __init__(self, hooks: dict[str, Callable[[], None]]) -> None:
        self.hooks = hooks
        self.searching = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A specification with a loader of ours, for one of the modules."""
        if name not in self.hooks or self.searching:
            return None
        self.searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _HookedLoader(spec.loader, lambda: self.hooks.pop(name, _nothing)())
        return spec


class _HookedLoader(importlib.abc.Loader):
    """Stands in for a module's loader until the module is executed."""

    def __init__(self, loader: importlib.abc.Loader, then: Callable[[], None]) -> None:
        self.loader, self.then = loader, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module, as its own loader makes it."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, which keeps its own loader, and tell."""
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.then()


def _nothing() -> None:
    pass
