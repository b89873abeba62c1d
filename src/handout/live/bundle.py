"""The modules that a live page imports, as one file: those that the build uses, and no others."""

from __future__ import annotations

import ast
import io
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

#: What the browser asks for; all that these import comes along.
ENTRANCES = ("handout.live.session", "edf", "edf.check", "edf.equations", "edf.figures")
#: LaTeX to MathML in plain Python: the one that the build uses is compiled for other processors.
TYPESETTER = "latex2mathml"


def bundle() -> bytes:
    """The modules as a zip archive, which is compressed as a whole where it is served."""
    files = {name: file for package in ("edf", TYPESETTER) for name, file in _whole(package)}
    for module in _reached(ENTRANCES):
        file = _file(module)
        name = "/".join(module.split("."))
        files[f"{name}/__init__.py" if file.name == "__init__.py" else f"{name}.py"] = file
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        contents = {name: file.read_bytes() for name, file in files.items()}
        contents |= {f"{TYPESETTER}-{version(TYPESETTER)}.dist-info/METADATA": _metadata()}
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name)  # of a fixed date, so that equal modules are equal bytes
            archive.writestr(entry, contents[name])
    return packed.getvalue()


def _metadata() -> bytes:
    """What the typesetter looks up about itself when it is imported."""
    return f"Name: {TYPESETTER}\nVersion: {version(TYPESETTER)}\n".encode()


def _whole(package: str) -> list[tuple[str, Path]]:
    """Every file of a package: a reader's cell may import any of it."""
    home = _file(package).parent
    return [
        (f"{package}/{file.relative_to(home).as_posix()}", file)
        for file in home.rglob("*")
        if file.suffix in (".py", ".txt") and "__pycache__" not in file.parts
    ]


def _reached(modules: tuple[str, ...]) -> set[str]:
    """The modules of `handout` that these import at their top, and those in turn."""
    seen: set[str] = set()
    waiting = [module for module in modules if module.partition(".")[0] == "handout"]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        parent = module.rpartition(".")[0]
        waiting += [parent] * bool(parent)
        for node in ast.parse(_file(module).read_bytes()).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                waiting += [n for n in (node.module, *names) if _is_module(n)]
            elif isinstance(node, ast.Import):
                waiting += [a.name for a in node.names if _is_module(a.name)]
    return seen


def _is_module(name: str) -> bool:
    if name.partition(".")[0] != "handout":
        return False
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # a name in a module, which is no package
        return False


def _file(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)
