"""Loads what takes long to import once for all pages.

A page that tests a formula spends more time on importing `edf` than on all its cells, and one with
a figure on matplotlib. So the fork server imports what a page names before it forks a supervisor
for it, and a supervisor before it forks the process of a later page that names more. In a page's
process they are put away again, to be there as soon as the page imports one of them: what a page
depends on stays what it has imported, what it has not imported is not there, and a module that its
own folder has in the place of one of these is found as ever. The author's own modules, of which a
course's copy of `edf` may be one, are loaded anew when their files change.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import io
import mmap
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import NamedTuple

from handout.run.foreseen import packages_named
from handout.run.outcomes import Job
from handout.run.process.file_access import is_authors
from handout.run.process.import_hooks import call_hooks
from handout.run.process.imports_fresh import DOUBTFUL, trust_no_doubtful_bytecode

State = tuple[int, int]


def _usual_figures() -> bool:
    """Whether matplotlib finds no settings of the author's, which it looks for in the folder."""
    return "MATPLOTLIBRC" not in os.environ and not os.path.exists("matplotlibrc")


class _Package(NamedTuple):
    """What a page may name."""

    modules: tuple[str, ...]  # to import, each of which loads more than those before it
    fits: Callable[[], bool]  # whether they are as a page in the current folder would import them


_PACKAGES: Mapping[str, _Package] = {
    "edf": _Package(("edf", "edf.equations"), lambda: True),
    "matplotlib": _Package(
        ("matplotlib", "matplotlib.pyplot", "matplotlib.backends.backend_svg"), _usual_figures
    ),
}


Modules = Mapping[str, ModuleType]


@dataclass(frozen=True)
class _Loaded:
    """A package with all that importing it has loaded."""

    layers: Sequence[Modules]  # what each of its imports has loaded that those before had not
    files: Mapping[str, State | None]  # the author's

    def modules(self) -> Modules:
        """All of them."""
        return {name: module for layer in self.layers for name, module in layer.items()}


_loaded: dict[str, _Loaded] = {}
_size = 0  # bytes of address space that all loading has taken


def prepare(job: Job) -> None:
    """Load what a page names, unless that is there and as it was; the page says what fails."""
    load(packages_named(job["cells"]))


def load(packages: Iterable[str]) -> None:
    """Load packages, unless they are there and as they were."""
    for package in packages:
        if not _is_current(package):
            _forget(package)
            _load(package)


def _is_current(package: str) -> bool:
    loaded = _loaded.get(package)
    return loaded is not None and _states(loaded.files) == loaded.files


def _forget(package: str) -> None:
    for name in _loaded.pop(package).modules() if package in _loaded else ():
        sys.modules.pop(name, None)


def _load(package: str) -> None:
    global _size
    before = _address_space()
    _import(package)
    _size += max(0, _address_space() - before)


def _import(package: str) -> None:
    known = {name.partition(".")[0] for name in sys.modules}
    layers: list[Modules] = []
    started, path, hooks = time.time(), sys.path[:], sys.path_hooks[:]
    trust_no_doubtful_bytecode(is_authors)
    try:
        sys.path[:1] = []  # the folder in which the build began, which is not the page's
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            for name in _PACKAGES[package].modules:
                importlib.import_module(name)
                layers.append(_new(known, layers))
    except BaseException:  # whatever the author's own module does
        _loaded[package] = _Loaded([*layers, _new(known, layers)], {})
        _forget(package)
        return
    finally:
        sys.path[:], sys.path_hooks[:] = path, hooks
    loaded = (module for layer in layers for module in layer.values())
    files = _states(filter(is_authors, filter(None, map(_file, loaded))))
    young = (started - DOUBTFUL) * 1e9  # it may have changed while it was read
    for file, state in files.items():
        if state is not None and state[0] > young:
            files[file] = None
    _loaded[package] = _Loaded(layers, files)
    gc.freeze()  # else the collector would write to memory that pages share


def _address_space() -> int:
    """Bytes of address space of this process; 0 where no limit counts them (not on Linux)."""
    with contextlib.suppress(OSError), open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * mmap.PAGESIZE
    return 0


def size() -> int:
    """Bytes of address space of what is loaded, perhaps for another page: no page's own."""
    return _size


def _new(known: Set[str], layers: Sequence[Modules]) -> Modules:
    """The modules of packages, installed or the author's, of which none was loaded before."""
    return {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] not in known
        and not any(name in layer for layer in layers)
        and _of_packages(module)
    }


def _of_packages(module: ModuleType) -> bool:
    """Whether a module is of an installed package or the author's: such a one a page depends on."""
    file = _file(module)
    return file is not None and ("-packages" in file or is_authors(file))


def _file(module: ModuleType) -> str | None:
    return getattr(module, "__file__", None)


def _states(files: Iterable[str]) -> dict[str, State | None]:
    return {file: _state(file) for file in files}


def _state(file: str) -> State | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def put_away() -> None:
    """In a page's process and folder: let what is loaded be there when the page imports it."""
    for package, loaded in _loaded.items():
        for name in loaded.modules():
            sys.modules.pop(name, None)
        if _PACKAGES[package].fits():
            sys.meta_path.insert(0, _Kept(loaded))
    _loaded.clear()


class _Layer(NamedTuple):
    """Modules that are there together, and as which attributes packages above them have some."""

    modules: Modules
    attributes: Sequence[tuple[ModuleType, str, ModuleType]]


class _Kept(importlib.abc.MetaPathFinder):
    """Finds modules that were put away: with one of them, all that was loaded up to then."""

    def __init__(self, loaded: _Loaded) -> None:
        modules = loaded.modules()
        self.layers = [_Layer(layer, list(_taken(layer, modules))) for layer in loaded.layers]

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of a module, if it is where it was found before."""
        depth = next((n for n, layer in enumerate(self.layers) if name in layer.modules), None)
        if depth is None or (known := self.layers[depth].modules[name].__spec__) is None:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.origin != known.origin:
            sys.meta_path.remove(self)
            return None
        given, self.layers = self.layers[: depth + 1], self.layers[depth + 1 :]
        return ModuleSpec(name, _Given(name, known, given), origin=spec.origin)


def _taken(layer: Modules, modules: Modules) -> Iterator[tuple[ModuleType, str, ModuleType]]:
    """Take modules from the packages above them, as if they had not been imported."""
    for name, module in layer.items():
        above, _, attribute = name.rpartition(".")
        package = modules.get(above)
        if package is not None and above not in layer and vars(package).get(attribute) is module:
            delattr(package, attribute)
            yield package, attribute, module


class _Given(importlib.abc.Loader):
    """Gives a module that is there, and with it all that its import would load."""

    def __init__(self, name: str, spec: ModuleSpec, layers: Sequence[_Layer]) -> None:
        self.module, self.spec, self.layers = layers[-1].modules[name], spec, layers

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Let all modules be there, this one with its own specification; tell who waits for one."""
        module.__spec__ = self.spec
        for layer in self.layers:
            sys.modules.update(layer.modules)
            for package, attribute, below in layer.attributes:
                setattr(package, attribute, below)
            for each in layer.modules.values():
                for folder in getattr(each, "__path__", ()):
                    os.listdir(folder)  # as its import would: the page depends on what is there
            call_hooks(layer.modules)
