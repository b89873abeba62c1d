"""The package as others get it: what it requires, and what the wheel does where little else is.

The environments of these tests are made of links to the packages of this one, chosen by what the
wheel's metadata require. What is not required is not there.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
NAME = "mkdocs-handout"
#: What is used where it is anyway: pytest has loaded our plugin, a page has imported matplotlib.
HOSTS = {"pytest", "matplotlib"}
#: What is required without an import, and what for.
UNSEEN = {
    "mkdocs-material": "the theme",
    "pymdown-extensions": "named in mkdocs.yml",
    "ziamath": "only its font is read",
    "brotli": "fonttools writes woff2 with it",
    "mkdocs-jupyter": "named in a site's mkdocs.yml",
    "matplotlib": "only its fonts are read",
}


def declared() -> dict[str, set[str]]:
    """The required packages: those of everybody under "", those of an extra under its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        extra: {canonicalize_name(Requirement(line).name) for line in lines}
        for extra, lines in extras.items()
    }


def imported(src: Path) -> dict[str, set[str]]:
    """The packages that the sources import at any place, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in sorted(src.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                found.setdefault(name.split(".")[0], set()).add(path.relative_to(src).as_posix())
    return {
        name: files
        for name, files in found.items()
        if name not in {*sys.stdlib_module_names, "edf", "handout"}
    }


def undeclared(src: Path, required: set[str]) -> dict[str, set[str]]:
    """What is imported and not required."""
    owners = packages_distributions()
    return {
        name: files
        for name, files in imported(src).items()
        if name not in HOSTS
        and not {canonicalize_name(owner) for owner in owners.get(name, [name])} & required
    }


def test_what_is_imported_is_required() -> None:
    """By everybody or by an extra; and nothing is required in vain."""
    required = set().union(*declared().values())
    assert undeclared(ROOT / "src", required) == {}
    owners = packages_distributions()
    used = {
        canonicalize_name(owner)
        for name in imported(ROOT / "src")
        for owner in owners.get(name, ())
    }
    assert required - used - UNSEEN.keys() == set()


def test_an_undeclared_import_is_found(tmp_path: Path) -> None:
    """Break it on purpose: in a function, and for types only."""
    (tmp_path / "a.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pluggy._hooks\n"
        "def f():\n    from sympy.core import Add\n    import numpy.linalg\n",
        "utf-8",
    )
    assert undeclared(tmp_path, {"numpy"}) == {"pluggy": {"a.py"}, "sympy": {"a.py"}}


def test_what_is_not_stable_has_a_cap() -> None:
    """Before 1.0 every minor version may break us, so the next one is not taken untried."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    for required in map(Requirement, lines):
        installed = Version(distribution(required.name).version)
        if installed.major == 0 and required.name != "ziamath":  # of which only a font is read
            assert installed in required.specifier, required
            assert f"0.{installed.minor + 1}.0" not in required.specifier, required


def closure(names: Iterable[str]) -> dict[str, Distribution]:
    """The packages, and all that they require here."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(name) for name in names]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        extras = wanted.extras or {""}
        new = found.setdefault(name, distribution(name))
        for line in new.requires or ():
            needed = Requirement(line)
            marker = needed.marker
            if canonicalize_name(needed.name) not in found and (
                marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
            ):
                waiting.append(needed)
    return found


def link(packages: Iterable[Distribution], environment: Path) -> None:
    """Make installed packages importable in another environment."""
    [there] = environment.glob("lib/python*/site-packages")
    for package in packages:
        tops = {Path(file).parts[0] for file in package.files or ()} - {"..", "__pycache__"}
        for top in tops:
            if not (there / top).exists():
                (there / top).symlink_to(package.locate_file(top))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release builds it but for the isolation."""
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(target.glob("*.whl"))


@pytest.fixture
def environment(tmp_path: Path, wheel: Path) -> Callable[..., Path]:
    """Make an environment with the wheel and the named packages: `environment(*names)`."""

    def make(*names: str) -> Path:
        folder = tmp_path / "environment"
        venv.create(folder, with_pip=False)
        python = folder / "bin" / "python"
        install = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)]
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", python, *install],
            check=True,
            capture_output=True,
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
        link(closure(names).values(), folder)
        return python

    return make


@pytest.fixture(scope="module")
def trial() -> ModuleType:
    """`scripts/try_wheel.py`."""
    spec = importlib.util.spec_from_file_location("try_wheel", ROOT / "scripts/try_wheel.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_wheel_breaks_no_other_project(
    environment: Callable[..., Path], trial: ModuleType, tmp_path: Path
) -> None:
    """With pytest alone beside it, nothing happens; the command says what is missing."""
    python = environment("pytest")
    trial.try_pytest(python, tmp_path / "stranger")
    said = trial.run(python, tmp_path, "handout", "--help", status=1)
    assert "handout: the package click is missing. `pip install mkdocs-handout` brings" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_wheel_works_with_what_it_requires(
    environment: Callable[..., Path], trial: ModuleType, tmp_path: Path
) -> None:
    """A handout begins, builds and is tested with nothing but the required packages and pytest."""
    python = environment(*declared()[""], "pytest")
    trial.try_handout(python, tmp_path / "course")


def test_edf_needs_numpy_alone(environment: Callable[..., Path], trial: ModuleType) -> None:
    """The framework trains and checks with the wheel and NumPy."""
    python = environment("numpy")
    program = python.parents[1] / "program.py"
    program.write_text(
        "from edf import AnyFunction, Input, Softmax, check_equation, check_gradients\n"
        "x = Input(shape=(3,)); P = Softmax(x); l = AnyFunction()(P)\n"
        "assert check_gradients(l).ok\n"
        r"f = r'\frac{\partial P_i}{\partial x_j} = P_i(\delta_{ij} - P_j)'"
        "\nassert all(v.ok for v in check_equation(f, globals()))\n",
        "utf-8",
    )
    done = subprocess.run([python, "-I", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def requirement_files() -> Iterator[Path]:
    """The files that pin what is installed."""
    yield from sorted((ROOT / "requirements").glob("*.lock"))


def test_locks_name_packages_and_no_host() -> None:
    """Where packages come from is for each machine to say."""
    files = list(requirement_files())
    assert [file.stem for file in files] == ["release", "site", "test"]
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        pins = [line for line in lines if not line.lstrip().startswith("#")]
        assert pins
        for pin in pins:
            assert re.fullmatch(r"[a-z0-9.-]+(\[[a-z,-]+\])?==\S+( ; .+)?", pin), pin
        assert not [line for line in lines if "://" in line or line.startswith("-")]


def test_locks_agree() -> None:
    """What two of them pin, they pin alike, so that one environment serves both."""
    pinned: dict[str, set[str]] = {}
    for file in requirement_files():
        own: dict[str, set[str]] = {}
        for line in file.read_text("utf-8").splitlines():
            if pin := re.match(r"([^\s#=]+)==([^\s;]+)", line):
                own.setdefault(pin[1], set()).add(pin[2])
        for name, versions in own.items():
            assert pinned.setdefault(name, versions) == versions, name


README = """\
[A](docs/a.md), [b](https://b.test/), [c](#c) and ![d](docs/d.png)

````markdown
[kept](docs/kept.md)
```
inner
```
````

[E](CHANGELOG)
"""


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """`hatch_build.py`."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_links_of_the_readme_work_on_an_index(hook: ModuleType) -> None:
    """Relative ones lead to the version's files; where that is unknown, their text stays."""
    known = hook.with_addresses(README, "https://r.test/o/n", "v1.2")
    assert "[A](https://r.test/o/n/blob/v1.2/docs/a.md), [b](https://b.test/), [c](#c)" in known
    assert "![d](https://r.test/o/n/raw/v1.2/docs/d.png)" in known
    assert "[kept](docs/kept.md)\n```\ninner" in known
    assert "[E](https://r.test/o/n/blob/v1.2/CHANGELOG)" in known
    unknown = hook.with_addresses(README, "", "v1.2")
    assert unknown.startswith("A, [b](https://b.test/), [c](#c) and d\n")


def test_links_of_the_readme_lead_to_files(hook: ModuleType) -> None:
    """What an index would link to is in the repository."""
    text = hook.with_addresses((ROOT / "README.md").read_text("utf-8"), "https://r.test", "HEAD")
    targets = re.findall(r"\(https://r\.test/(?:blob|raw)/HEAD/([^)#]+)", text)
    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize(
    ("subject", "status"), [("s" * 72, 0), ("s" * 73, 1), ("short\n\n" + "b" * 90, 0)]
)
def test_the_subject_of_a_commit_is_short(tmp_path: Path, subject: str, status: int) -> None:
    """The hook of `pre-commit install` refuses one that a log would cut off."""
    config = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    (tmp_path / ".pre-commit-config.yaml").write_text(config, "utf-8")
    for command in (["init", "--quiet"], ["add", "."]):  # the hook may not see this repository
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    message = tmp_path / "message"
    message.write_text(subject + "\n", "utf-8")
    stage = ["--hook-stage", "commit-msg", "--commit-msg-filename", str(message)]
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *stage], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == status, done.stdout


def test_hooks_for_other_repositories_are_valid() -> None:
    """pre-commit takes the list, and its command is ours."""
    checked = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(checked, cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stdout
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"].split() == ["handout", "check"]
    assert re.search(hook["files"], "notes/a.ipynb")


def test_the_guide_names_the_versions_that_are_tried() -> None:
    """The table of other plugins has what the lock has."""
    page = (ROOT / "docs/guide/existing-site.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (\S+) \|", page, re.MULTILINE))
    pins = (ROOT / "requirements/test.lock").read_text("utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==([^\s;]+)", pins, re.MULTILINE))
    assert len(told) > 10
    assert {name: pinned.get(name) for name in told} == told


def test_what_is_declared_is_locked() -> None:
    """A new requirement is in the lock as well, at a version that is allowed."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, groups = document["project"], document["dependency-groups"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    of_tests = [line for name in ("site", "test", "bench", "build") for line in groups[name]]
    for file, lines in {
        "test": [*project["dependencies"], *extras, *of_tests],
        "site": [*project["dependencies"], *groups["site"], *groups["build"]],
        "release": groups["release"],
    }.items():
        text = (ROOT / f"requirements/{file}.lock").read_text("utf-8")
        pinned = dict(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==([^\s;]+)", text, re.MULTILINE))
        for required in (Requirement(line) for line in lines if isinstance(line, str)):
            version = pinned.get(canonicalize_name(required.name))
            assert version is not None, f"{required} is not in {file}.lock: make lock"
            assert required.specifier.contains(version, prereleases=True), required
