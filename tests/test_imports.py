"""Imports go one way, and `edf` needs NumPy and nothing else: the rules, and proof that they bite.

`ORDER` is the one table: a module imports from what stands in its own row or above it. Imports
inside functions and under `TYPE_CHECKING` count, for a reader must follow those, too.
`python tests/test_imports.py` prints how many imports cross the rows.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

#: Modules and folders of both packages, in the order in which data flows.
ORDER = {
    "edf": (
        "other_libraries",
        "errors",
        "described methods operators order wanted graph copies",
        "operations",
        "anyfunction calculus spelling optim init data train storage nn tracing",
        "report numerics",
        "figures",
        "check",
        "equations.diagnostics equations.options",
        "equations.operations",
        "equations.latex",
        "equations.meaning.names",
        "equations.meaning.typed",
        "equations.meaning.inference equations.meaning.reader",
        "equations.meaning.letters",
        "equations.meaning.piecewise equations.meaning.calls",
        "equations.meaning.calculus",
        "equations.meaning.probability",
        "equations.meaning.terms",
        "equations.meaning.resolve",
        "equations.sampling",
        "equations.binding",
        "equations.testing",
        "equations.check equations.explore",
        "course",
    ),
    "handout": (
        "project_file",
        "page",  # as it is written
        "settings distribution",
        "run",  # its cells, in a process of their own
        "math",  # LaTeX, set
        "judge",  # outcomes and expectations
        "render",  # verdicts as HTML
        "weave",  # both into the page
        "live",  # what makes a page answer
        "report",  # verdicts for everybody else
        "engine",  # read, run, judge
        "hosts",
        "scaffold existing cli __main__",
    ),
}
#: Imports that break the order or close a circle today. An entry that is not needed is a failure.
KNOWN: frozenset[tuple[str, str]] = frozenset()
#: Modules that import `edf`: what runs in a page's own process, in a browser or in a notebook.
WORKER = "handout.run.process.execution"
WITH_EDF = {WORKER, "handout.live.session", "handout.hosts.jupyter"}
#: Which modules know a host.
HOSTS = {
    "mkdocs": {"handout.hosts.mkdocs_plugin", "handout.hosts.building", "handout.hosts.pdf"},
    "pytest": {"handout.hosts.pytest_plugin", "handout.hosts.pytest_pages"},
}
#: What a browser runs as it is: the standard library only, whatever of ours it leads to.
PLAIN = "handout.render"

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
    """The full name of each thing imported, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _resolved(name: str, files: dict[str, Path]) -> str:
    """The module of the package that `name` is, or is in; `name` itself where it is elsewhere."""
    module = name
    while module and module not in files:
        module = module.rpartition(".")[0]
    return module or name


def faults(src: Path, known: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    """What breaks the rules in a tree of sources, one line each."""
    found: list[str] = []
    used: set[tuple[str, str]] = set()
    for package, order in ORDER.items():
        imports = imports_of(src, package)
        found += _outside(package, imports)
        back = set(_against(package, order, imports))
        inner = {m: {n for n in names if n in imports} for m, names in imports.items()}
        circles = [*_circles(inner), *_circles(_among_folders(inner))]
        used |= {pair for pair in known if pair in back or _closes(pair, circles)}
        for module, name in known:
            inner.get(module, set()).discard(name)
        found += [f"{a} imports {b}, which stands below it" for a, b in sorted(back - known)]
        left = {tuple(c) for c in (*_circles(inner), *_circles(_among_folders(inner)))}
        found += [f"imports go in a circle: {', '.join(circle)}" for circle in sorted(left)]
        found += _misplaced(package, order, imports)
    found += [f"known, and no longer needed: {a} imports {b}" for a, b in sorted(known - used)]
    return found


def _rows(package: str, order: tuple[str, ...]) -> dict[str, int]:
    return {f"{package}.{name}": row for row, names in enumerate(order) for name in names.split()}


def _row(module: str, rows: dict[str, int]) -> int | None:
    """The row of a module: its own, or that of the nearest folder that has one."""
    while module not in rows and "." in module:
        module = module.rpartition(".")[0]
    return rows.get(module)


def _misplaced(package: str, order: tuple[str, ...], imports: Imports) -> Iterator[str]:
    rows = _rows(package, order)
    for module in imports:
        folder = any(
            row.startswith(f"{module}.") for row in rows
        )  # the front door of what it holds
        if module != package and not folder and _row(module, rows) is None:
            yield f"{module} has no place in the order: give it one"


def _against(package: str, order: tuple[str, ...], imports: Imports) -> Iterator[tuple[str, str]]:
    """Imports of what stands below."""
    rows = _rows(package, order)
    for module, used in imports.items():
        own = _row(module, rows)
        for name in used if own is not None else ():
            other = _row(name, rows) if name.startswith(f"{package}.") else None
            if other is not None and own is not None and other > own:
                yield module, name


def _outside(package: str, imports: Imports) -> Iterator[str]:
    """Imports of other packages that a module must not make."""
    standard = {*sys.stdlib_module_names, package}
    for module, used in imports.items():
        roots = {name.split(".")[0]: name for name in sorted(used)}
        if package == "edf":
            for root in sorted(roots.keys() - standard - {"numpy"}):
                yield f"{module} imports {roots[root]}: edf needs NumPy and nothing else"
            if "edf" in used:
                yield f"{module} imports edf itself: name the module"
            continue
        if module not in WITH_EDF and "edf" in roots:
            yield f"{module} imports edf: only {WORKER} does, in a page's own process"
        for host, homes in HOSTS.items():
            if host in roots and module not in homes:
                yield f"{module} imports {host}, which is for {', '.join(sorted(homes))}"
        if module.startswith(f"{PLAIN}."):
            for reached in sorted({module, *_reached(module, imports)}):
                for name in sorted(imports.get(reached, ())):
                    if name.split(".")[0] not in standard:
                        yield f"{module} needs {name}, by {reached}: no browser has that"


def _reached(module: str, imports: Imports) -> set[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        new = imports.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def _circles(imports: Imports) -> list[list[str]]:
    """Groups of modules each of which reaches the others."""
    reach = {module: _reached(module, imports) for module in imports}
    groups = {
        tuple(sorted(n for n in reach if n in reach[module] and module in reach[n]))
        for module in imports
        if module in reach[module]
    }
    return [list(group) for group in sorted(groups)]


def _closes(pair: tuple[str, str], circles: list[list[str]]) -> bool:
    """Whether both ends of an import are in one circle, of files or of folders."""
    return any(all(any(_is_in(end, m) for m in circle) for end in pair) for circle in circles)


def _is_in(module: str, unit: str) -> bool:
    return module == unit or module.startswith(f"{unit}.")


def _among_folders(imports: Imports) -> Imports:
    """The imports among folders; a file that stands beside folders counts as one by itself."""
    parents = {module.rpartition(".")[0] for module in imports}
    beside = {parent.rpartition(".")[0] for parent in parents}

    def unit(module: str) -> str:
        parent = module.rpartition(".")[0]
        return module if module in parents or parent in beside else parent

    found: Imports = {unit(module): set() for module in imports}
    for module, used in imports.items():
        found[unit(module)] |= {unit(name) for name in used} - {unit(module)}
    return found


def test_imports_go_one_way() -> None:
    """The rules hold but for what is known, and every name in them is a module that exists."""
    assert faults(SRC, KNOWN) == []
    for package, order in ORDER.items():
        assert _rows(package, order).keys() <= imports_of(SRC, package).keys()
    handout = imports_of(SRC, "handout")
    assert {*WITH_EDF, PLAIN}.union(*HOSTS.values()) <= handout.keys()
    assert any(name.startswith("edf") for name in handout[WORKER])


def test_types_are_ignored_for_a_reason() -> None:
    """Which stands behind the mark, as a comment of its own."""
    bare = re.compile(r"# type: ignore(?!\[[\w, -]+\]  # \w)")
    files = sorted(SRC.rglob("*.py"))
    lines = ((f, line) for f in files for line in f.read_text("utf-8").splitlines())
    assert [f"{file}: {line}" for file, line in lines if bare.search(line)] == []
    assert bare.search("x = y  # type: ignore[misc]")
    assert not bare.search("x = y  # type: ignore[misc]  # y is a number here")


TREE = {
    "edf/__init__.py": "from edf.check.components import PointTest\nimport numpy",
    "edf/graph.py": "",
    "edf/operations/elementary.py": "import numpy as np\nfrom edf.graph import Node",
    "edf/operations/losses.py": "from edf.operations import elementary",
    "edf/optim.py": "from edf.init import he",
    "edf/init.py": "",
    "edf/check/__init__.py": "",
    "edf/check/components.py": "from edf.operations.losses import LogLoss",
    "edf/equations/__init__.py": "from edf.equations.sampling import world",
    "edf/equations/sampling/world.py": "from edf.check import judge",
    "edf/equations/testing/judge.py": "from edf.equations.sampling import world",
    "edf/course/wrapped.py": "from edf.equations.sampling.world import World",
    "handout/page/cells.py": "import re",
    "handout/run/cache.py": "from handout.page.cells import Cell",
    "handout/run/outcomes.py": "import json",
    "handout/run/process/execution.py": "def run():\n    import edf.check",
    "handout/run/runner.py": "from handout.run.process import execution",
    "handout/math/mathml.py": "import math_core",
    "handout/judge/verdicts.py": "from handout.math import mathml",
    "handout/render/cards.py": "from handout.run.outcomes import Fact",
    "handout/engine.py": "from handout.run import runner\nfrom handout.judge import verdicts",
    "handout/hosts/mkdocs_plugin.py": "import mkdocs\nfrom handout.engine import Engine",
}


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        (
            "edf/graph.py",
            "from edf.operations.elementary import Add",
            "edf.graph imports edf.operations.elementary, which stands",
        ),
        (
            "edf/operations/elementary.py",
            "from edf import check",
            "edf.operations.elementary imports edf.check, which stands below",
        ),
        ("edf/operations/losses.py", "import edf", "edf.operations.losses imports edf itself"),
        (
            "edf/check/components.py",
            "import edf.course.wrapped",
            "edf.check.components imports edf.course",
        ),
        (
            "edf/equations/sampling/world.py",
            "def f():\n    import edf.equations.testing.judge",
            "edf.equations.sampling.world imports edf.equations.testing.judge, which stands below",
        ),
        ("edf/optim.py", "import scipy.linalg", "edf.optim imports scipy.linalg: edf needs NumPy"),
        ("edf/new.py", "import math", "edf.new has no place in the order"),
        ("edf/init.py", "from edf.optim import SGD", "imports go in a circle: edf.init, edf.optim"),
        (
            "edf/graph.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import edf.operations.losses",
            "edf.graph imports edf.operations.losses, which stands below it",
        ),
        (
            "handout/run/runner.py",
            "import edf",
            "handout.run.runner imports edf: only handout.run.process.execution does",
        ),
        (
            "handout/render/cards.py",
            "from mkdocs import utils",
            "handout.render.cards imports mkdocs, which",
        ),
        (
            "handout/page/cells.py",
            "from handout import engine",
            "handout.page.cells imports handout.engine, which stands below it",
        ),
        (
            "handout/render/cards.py",
            "def f():\n    from handout.judge.verdicts import Verdict",
            "handout.render.cards needs math_core, by handout.math.mathml: no browser has that",
        ),
        (
            "handout/run/cache.py",
            "import handout.run.outcomes\nimport handout.run.runner",
            "",  # no fault: what follows closes the circle
        ),
        (
            "handout/run/process/other.py",
            "import handout.run.cache\nimport handout.run.runner",
            "imports go in a circle: handout.run.process, handout.run.runner",
        ),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    """One line more, in a small tree that keeps the rules, and exactly that fault appears."""
    _plant(tmp_path)
    assert faults(tmp_path) == []
    changed = tmp_path / file
    before = changed.read_text("utf-8") if changed.exists() else ""
    changed.write_text(f"{before}\n{line}\n", "utf-8")
    found = faults(tmp_path)
    assert any(each.startswith(fault) for each in found) if fault else found == [], found


def _plant(folder: Path) -> None:
    for path, text in TREE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


def test_a_known_import_is_let_through_until_it_is_gone(tmp_path: Path) -> None:
    """An entry lets its import through, a circle's too, and fails when nothing needs it."""
    _plant(tmp_path)
    (tmp_path / "edf/graph.py").write_text("import edf.operations.elementary", "utf-8")
    (tmp_path / "edf/init.py").write_text("import edf.optim", "utf-8")
    known = {("edf.graph", "edf.operations.elementary"), ("edf.init", "edf.optim")}
    assert len(faults(tmp_path)) > 1
    assert faults(tmp_path, frozenset(known)) == []
    (tmp_path / "edf/graph.py").write_text("", "utf-8")
    expected = ["known, and no longer needed: edf.graph imports edf.operations.elementary"]
    assert faults(tmp_path, frozenset(known)) == expected


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
    assert {"edf.check.components", "edf.equations.latex.parser", "edf.course.winter2017"} <= set(
        own
    )


def test_importing_edf_loads_no_more_than_training_needs() -> None:
    """Checks, equations and drawings are loaded when they are asked for."""
    _, own = loaded()
    assert "edf.graph" in own
    later = ("edf.check", "edf.equations", "edf.course", "edf.figures", "edf.data", "edf.train")
    assert not [name for name in own if name.startswith(later)]
    _, own = loaded("edf.check_gradients")
    assert "edf.check.components" in own


def test_the_test_of_what_is_loaded_sees_a_foreign_package() -> None:
    """Break it on purpose: something that edf does not need."""
    foreign, _ = loaded("import pytest")
    assert "pytest" in foreign


def test_the_imports_can_be_counted() -> None:
    """`python tests/test_imports.py` prints them."""
    for package in ORDER:
        assert measure(package).startswith(f"{package}: ")


def measure(package: str) -> str:
    """How many imports a package has, and how many of them lead from one row to another."""
    rows = _rows(package, ORDER[package])
    imports = imports_of(SRC, package)
    pairs = [(m, n) for m, used in imports.items() for n in used if n.startswith(f"{package}.")]
    across = [(_row(m, rows), _row(n, rows)) for m, n in pairs if _row(m, rows) != _row(n, rows)]
    return (
        f"{package}: {len(imports)} modules in {len(ORDER[package])} rows; "
        f"{len(pairs)} imports, {len(across)} of them across rows, "
        f"between {len(set(across))} pairs of rows"
    )


if __name__ == "__main__":
    for name in ORDER:
        print(measure(name))
