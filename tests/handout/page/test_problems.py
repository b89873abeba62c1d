"""Every message that can reach a user has the code of its kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edf.equations.diagnostics import Why
from handout.cli.common import UsageError
from handout.page.codes import CODES
from handout.page.problems import Problem, UserError

SOURCE = Path(__file__).parents[3] / "src"
#: Exceptions of ours that no user meets as such.
CAUGHT = {
    "DocstringError": "becomes an error of the page",
    "InPlaceError": "becomes what the host cannot build",
    "InjectionError": "carries a problem",
    "MathError": "becomes a problem of the formula",
    "OptionError": "becomes a problem of the cell",
    "SvgError": "is said in the place of the drawing",
    "Unexpected": "is how pytest is told of a verdict",
    "UnknownPackageError": "becomes the want of a file of live pages",
}


def files() -> Iterator[tuple[str, ast.Module]]:
    """The modules of `handout`."""
    for file in sorted((SOURCE / "handout").rglob("*.py")):
        yield file.relative_to(SOURCE).as_posix(), ast.parse(file.read_text("utf-8"))


def test_a_problem_has_a_code() -> None:
    """One line, with the code at its end; none can be made without."""
    assert str(Problem("a.md", 3, "wrong", "H401")) == "a.md:3: wrong [H401]"
    with pytest.raises(TypeError):
        Problem("a.md", 3, "wrong")  # type: ignore[call-arg]


def test_what_stops_a_command_has_a_code() -> None:
    """Every exception of ours is a `UserError` with its code, or is caught on the way."""
    derived = {
        node.name: [getattr(base, "id", "") for base in node.bases]
        for _, tree in files()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    ours = {
        name
        for name, bases in derived.items()
        if any(b.endswith(("Error", "Exception")) for b in bases)
    }
    told = {name for name in ours if "UserError" in derived[name]}
    assert ours - told - CAUGHT.keys() - {"UserError"} == set()
    assert len(told) > 10
    assert {kind.__name__ for kind in UserError.__subclasses__()} <= told
    assert all(kind.code in CODES for kind in UserError.__subclasses__())
    assert str(UsageError("no such page")) == "no such page [H702]"


def test_every_code_is_explained_and_used() -> None:
    """In the source, apart from the table; a code that nothing has would promise something."""
    used = set(map(str, Why))
    for name, tree in files():
        if name != "handout/page/codes.py":
            texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
            used |= {code for t in texts for code in re.findall(r"\bH\d{3}\b", str(t))}
    assert used == CODES.keys()
