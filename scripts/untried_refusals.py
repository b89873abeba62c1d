"""Which refusals does no test provoke? `python scripts/untried_refusals.py [TEST ...]`.

Every place of `edf.equations` that refuses a formula is found in the source. The tests (those of
equations by default) run in this process, and each refusal tells the place that it comes from.
Whoever adds a refusal adds its row in `tests/edf/equations/test_refusals.py`.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import FrameType

import pytest

from edf.equations import EquationError

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/edf/equations"
#: What refuses: its caller is the place.
REFUSING = {"EquationError", "fail", "_fail", "refuse"}

Place = tuple[str, int]


def places() -> dict[Place, str]:
    """Where a formula is refused: file and first line of the call, and the call itself."""
    found: dict[Place, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef) or function.name in REFUSING:
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and _name(call.func) in REFUSING and call.args:
                    found[str(path), call.lineno] = " ".join(map(ast.unparse, call.args))
    return found


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


class Recorder:
    """A plugin of pytest that keeps the places of all refusals."""

    def __init__(self) -> None:
        self.lines: set[Place] = set()
        made = EquationError.__init__

        def recorded(error: EquationError, *args: object, **options: object) -> None:
            made(error, *args, **options)  # type: ignore[arg-type]
            frame: FrameType | None = sys._getframe(1)
            while frame is not None and frame.f_code.co_name in REFUSING:
                frame = frame.f_back
            if frame is not None:
                self.lines.add((frame.f_code.co_filename, frame.f_lineno))

        EquationError.__init__ = recorded  # type: ignore[method-assign]


def main() -> int:
    """Run the tests, and list the places that none of them came by."""
    recorder = Recorder()
    tests = sys.argv[1:] or ["tests/edf/equations"]
    pytest.main([*tests, "-n0", "-q", "--no-header"], plugins=[recorder])
    all_of_them = places()
    untried = {place: call for place, call in all_of_them.items() if place not in recorder.lines}
    for (file, line), call in untried.items():
        print(f"{Path(file).relative_to(ROOT)}:{line}: {call[:150]}")
    print(f"{len(untried)} of {len(all_of_them)} refusals are untried")
    return bool(untried)


if __name__ == "__main__":
    sys.exit(main())
