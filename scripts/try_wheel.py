"""Try a wheel as those who install it will: `python scripts/try_wheel.py dist/*.whl`.

It is installed into a fresh environment, with what it requires and pytest, and nothing else. There
pytest must not notice it in a stranger's project; a new handout must build, its verdicts must be
tests, and a notebook must be answered with what to install.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class TrialError(Exception):
    """A command did not do what it should; the message has its output."""


def run(python: Path, folder: Path, *arguments: str, status: int = 0) -> str:
    """What `python -I -m ...` prints in a folder; it must end with this status."""
    done = subprocess.run(
        [str(python), "-I", "-m", *arguments], cwd=folder, capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    if done.returncode != status:
        line = f"{' '.join(arguments)}: status {done.returncode}, {status} was expected"
        raise TrialError(f"{line}\n{said}")
    return said


def expect(words: str, said: str) -> None:
    """The words must stand in what a command said."""
    if words not in said:
        raise TrialError(f"{words!r} was expected in:\n{said}")


def try_pytest(python: Path, folder: Path) -> None:
    """In the project of somebody who never heard of us, pytest runs as if we were not there."""
    folder.mkdir()
    (folder / "README.md").write_text("# A project\n\n```python\n1 / 0\n```\n", "utf-8")
    (folder / "mkdocs.yml").write_text("site_name: A project\n", "utf-8")
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text('```python exec="on"\n1 / 0\n```\n', "utf-8")
    (folder / "test_a.py").write_text("def test_a():\n    pass\n", "utf-8")
    expect("1 passed", run(python, folder, "pytest"))
    expect("1 passed", run(python, folder, "pytest", "docs", "test_a.py"))


def try_handout(python: Path, folder: Path) -> None:
    """A handout begins, is checked, builds, fails when it should, and is tests of pytest."""
    expect("Commands:", run(python, folder.parent, "handout", "--help"))
    run(python, folder.parent, "handout", "new", folder.name)
    expect("as expected", run(python, folder, "handout", "build", "--strict"))
    summary = json.loads((folder / "site" / "verdicts.json").read_text("utf-8"))["summary"]
    if summary["unexpected"] or not summary["verified"]:
        raise TrialError(f"the verdicts of a new handout: {summary}")
    expect("passed", run(python, folder, "pytest", "docs"))
    (folder / "docs" / "problem-2.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    said = run(python, folder, "handout", "check", "docs/problem-2.ipynb", status=2)
    expect("pip install 'mkdocs-handout[notebook]'", said)
    (folder / "docs" / "problem-2.ipynb").unlink()
    page = folder / "docs" / "problem-1.md"
    page.write_text(page.read_text("utf-8").replace("(1 - s_i)", "(2 - s_i)"), "utf-8")
    said = run(python, folder, "handout", "check", "docs/problem-1.md", status=1)
    expect("sigmoid-derivative: refuted, verified was expected", said)


def main() -> None:
    """Install the wheel into an environment of its own and try it there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("wheel", type=Path)
    wheel: Path = parser.parse_args().wheel.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        venv.create(folder / "environment", with_pip=True)
        python = folder / "environment" / "bin" / "python"
        try:
            run(python, folder, "pip", "install", "--quiet", str(wheel), "pytest")
            try_pytest(python, folder / "stranger")
            try_handout(python, folder / "course")
        except TrialError as error:
            sys.exit(f"{wheel.name}: {error}")
        files = (path.stat() for path in folder.joinpath("environment/lib").rglob("*"))
        size = sum(file.st_blocks * 512 for file in files)
    print(f"{wheel.name}: works in a fresh environment of {size / 2**20:.0f} MB")


if __name__ == "__main__":
    main()
