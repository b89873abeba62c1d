"""Imports go one way, and `edf` needs NumPy and nothing else: the rules, and proof that they bite.

Within `edf`: graph <- operations <- losses, optimisers <- checks <- equations <- the course's API.
Within `handout`: what finds, runs, keeps, judges and shows <- the engine <- its hosts and commands.
`handout` reaches `edf` in the process that runs a page only, through `worker`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

#: The modules and packages of edf, each layer above those that it may import.
LAYERS = [
    {"errors", "blas", "deferred", "schedule", "graph"},
    {"ops", "arrays", "layers", "anyfunction"},
    {"losses", "optim", "init", "data", "train", "storage", "drawing"},
    {"report", "numerics", "figures"},
    {"check"},
    {"equations"},
    {"course"},
]
#: What handout's engine is made of, and what stands above it.
PARTS = {"page.cells", "run.cache", "run.runner", "judge.verdicts", "render.render"}
ABOVE = {"engine", "hosts", "cli"}
#: The one module of handout that imports edf, and those that know a host.
WORKER = "handout.run.process.worker"
HOSTS = {
    "mkdocs": {"handout.hosts.mkdocs_plugin", "handout.hosts.building", "handout.hosts.pdf"},
    "pytest": {"handout.hosts.pytest_plugin", "handout.hosts.pytest_pages"},
}

Imports = dict[str, set[str]]


def imports_of(src: Path, package: str) -> Imports:
    """For each module of a package, the modules that it imports anywhere in its code."""
    files = {_module(src, path): path for path in sorted((src / package).rglob("*.py"))}
    found: Imports = {}
    for module, path in files.items():
        names = set(_imported(ast.parse(path.read_text("utf-8"), str(path))))
        found[module] = {_resolved(name, files) for name in names} - {module}
    return found


def _module(src: Path, path: Path) -> str:
    return ".".join(path.relative_to(src).with_suffix("").parts).removesuffix(".__init__")


def _imported(tree: ast.AST) -> Iterator[str]:
    """The full name of each thing imported, whether in a function or not; not for types only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imported(node)


def _resolved(name: str, files: dict[str, Path]) -> str:
    """The module of the package that `name` is, or is in; `name` itself where it is elsewhere."""
    module = name
    while module and module not in files:
        module = module.rpartition(".")[0]
    return module or name


def faults(src: Path) -> list[str]:
    """What breaks the rules in a tree of sources, one line each."""
    edf, handout = imports_of(src, "edf"), imports_of(src, "handout")
    return [
        *_faults_of_edf(edf),
        *_faults_of_handout(handout),
        *_cycles(edf),
        *_cycles(handout),
    ]


def _faults_of_edf(imports: Imports) -> Iterator[str]:
    rank = {name: k for k, layer in enumerate(LAYERS) for name in layer}
    for module, used in imports.items():
        for name in sorted(used):
            root = name.split(".")[0]
            if root == "handout" or (root != "edf" and root not in _allowed_outside()):
                yield f"{module} imports {name}: edf needs NumPy and nothing else"
        if module == "edf":  # the front door opens on everything
            continue
        own = module.split(".")[1]
        if own not in rank:
            yield f"{module} has no place among the layers: give it one"
            continue
        for name in sorted(used):
            if name == "edf":
                yield f"{module} imports edf itself: name the module"
            elif name.startswith("edf.") and rank.get(name.split(".")[1], -1) > rank[own]:
                yield f"{module} imports {name}, which stands above it"


def _allowed_outside() -> set[str]:
    return {*sys.stdlib_module_names, "numpy"}


def _faults_of_handout(imports: Imports) -> Iterator[str]:
    for module, used in imports.items():
        if module != WORKER and any(name.split(".")[0] == "edf" for name in used):
            yield f"{module} imports edf: only {WORKER} does, in a page's own process"
        for host, homes in HOSTS.items():
            if module not in homes and any(name.split(".")[0] == host for name in used):
                yield f"{module} imports {host}, which is for {', '.join(sorted(homes))}"
    above = {f"handout.{name}" for name in ABOVE}
    for name in sorted(PARTS):
        for found in sorted(_reached(f"handout.{name}", imports) & above):
            yield f"handout.{name} reaches {found}, which stands above it"


def _reached(module: str, imports: Imports) -> set[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        new = imports.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def _cycles(imports: Imports) -> Iterator[str]:
    inner = {module: used & imports.keys() for module, used in imports.items()}
    try:
        TopologicalSorter(inner).prepare()
    except CycleError as error:
        yield f"imports go in a circle: {' <- '.join(error.args[1])}"


def test_imports_go_one_way() -> None:
    """The rules hold, and every name in them is a module that exists."""
    assert faults(SRC) == []
    edf, handout = imports_of(SRC, "edf"), imports_of(SRC, "handout")
    assert {f"edf.{name}" for layer in LAYERS for name in layer} <= edf.keys()
    named = {f"handout.{name}" for name in PARTS | ABOVE}
    assert named | {WORKER} | set().union(*HOSTS.values()) <= handout.keys()
    assert any(name.startswith("edf") for name in handout[WORKER])


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("edf/graph.py", "from edf.ops import Add", "edf.graph imports edf.ops, which stands"),
        ("edf/ops.py", "from edf import check", "edf.ops imports edf.check, which stands above"),
        ("edf/losses.py", "import edf", "edf.losses imports edf itself"),
        (
            "edf/check/judge.py",
            "import edf.equations.testing.judge",
            "edf.check.judge imports edf.equat",
        ),
        (
            "edf/equations/sampling/world.py",
            "def f():\n    import edf.course.wrapped",
            "edf.equations.sampling.world",
        ),
        ("edf/optim.py", "import scipy.linalg", "edf.optim imports scipy.linalg: edf needs NumPy"),
        ("edf/new.py", "import math", "edf.new has no place among the layers"),
        ("edf/init.py", "from edf.optim import SGD", "imports go in a circle: edf."),
        (
            "handout/run/runner.py",
            "import edf",
            "handout.run.runner imports edf: only handout.run.process.worker does",
        ),
        (
            "handout/render/render.py",
            "from mkdocs import utils",
            "handout.render.render imports mkdocs, which",
        ),
        (
            "handout/page/cells.py",
            "from handout import engine",
            "handout.page.cells reaches handout.engine",
        ),
        ("handout/page/cells.py", "import handout.run.cache", "imports go in a circle: handout."),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    """One line more, in a small tree that keeps the rules, and exactly that fault appears."""
    for path, text in {
        "edf/__init__.py": "from edf.check.judge import Judge\nimport numpy",
        "edf/graph.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import edf.ops",
        "edf/ops.py": "import numpy as np\nfrom edf.graph import Node",
        "edf/losses.py": "from edf import ops",
        "edf/optim.py": "from edf.init import he",
        "edf/init.py": "",
        "edf/check/__init__.py": "",
        "edf/check/judge.py": "from edf.losses import LogLoss",
        "edf/equations/sampling/world.py": "from edf.check import judge",
        "edf/equations/testing/judge.py": "",
        "edf/course/wrapped.py": "from edf.equations.sampling.world import World",
        "handout/run/process/worker.py": "def run():\n    import edf.check",
        "handout/run/runner.py": "from handout.run.process import worker",
        "handout/page/cells.py": "",
        "handout/run/cache.py": "from handout.page.cells import Cell",
        "handout/render/render.py": "from handout.page.cells import Cell",
        "handout/engine.py": "from handout.run import runner\nfrom handout.render import render",
        "handout/hosts/mkdocs_plugin.py": "import mkdocs\nfrom handout.engine import Engine",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    assert faults(tmp_path) == []
    changed = tmp_path / file
    before = changed.read_text("utf-8") if changed.exists() else ""
    changed.write_text(f"{before}\n{line}\n", "utf-8")
    assert any(found.startswith(fault) for found in faults(tmp_path)), faults(tmp_path)


LOADED = """
import importlib, pkgutil, sys, numpy
before = set(sys.modules)
import edf
{more}
roots = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(roots - set(sys.stdlib_module_names) - {{"edf", "numpy"}}))
print(*sorted(name for name in sys.modules if name.startswith("edf.")))
"""
ALL_OF_EDF = """
for module in pkgutil.walk_packages(edf.__path__, "edf."):
    importlib.import_module(module.name)
"""


def loaded(more: str = "") -> tuple[list[str], list[str]]:
    """What a fresh process has loaded: foreign packages, and the modules of edf."""
    run = [sys.executable, "-c", LOADED.format(more=more)]
    foreign, own = subprocess.check_output(run, text=True).split("\n")[:2]
    return foreign.split(), own.split()


def test_edf_loads_numpy_and_the_standard_library_only() -> None:
    """All of it, whatever else is installed."""
    foreign, own = loaded(ALL_OF_EDF)
    assert foreign == []
    assert {"edf.check.judge", "edf.equations.latex.parser", "edf.course.winter2017"} <= set(own)


def test_importing_edf_loads_no_more_than_training_needs() -> None:
    """Checks, equations and drawings are loaded when they are asked for."""
    _, own = loaded()
    assert "edf.graph" in own
    later = ("edf.check", "edf.equations", "edf.course", "edf.drawing", "edf.data", "edf.train")
    assert not [name for name in own if name.startswith(later)]
    _, own = loaded("edf.check_gradients")
    assert "edf.check.judge" in own


def test_the_test_of_what_is_loaded_sees_a_foreign_package() -> None:
    """Break it on purpose: something that edf does not need."""
    foreign, _ = loaded("import pytest")
    assert "pytest" in foreign
