"""The site's own scripts, type-checked by TypeScript after their JSDoc comments.

npm gets the pinned checker once, into the cache. Without npm nothing is checked, which is a failure
in CI.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPTS = sorted(ROOT.glob("src/handout/**/assets/*.js"))


@pytest.fixture(scope="module")
def checker() -> list[str]:
    """The command of the type checker."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        message = "the scripts' types are unchecked: node and npm are not there"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    home = ROOT / ".cache" / "typescript"
    lock = (HERE / "package-lock.json").read_bytes()
    done = home / "node_modules" / ".package-lock.json"
    if not done.exists() or (home / "package-lock.json").read_bytes() != lock:
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, home / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=home, check=True)
    return [node, str(home / "node_modules" / "typescript" / "lib" / "tsc.js")]


def said(checker: list[str], project: Path, *options: str) -> str:
    """What the checker says of a project: nothing, if all is well."""
    run = subprocess.run([*checker, "-p", str(project), *options], capture_output=True, text=True)
    return run.stdout


def test_scripts(checker: list[str], tmp_path: Path) -> None:
    """Those of pages and those of workers, which know different things; each is in one of both.

    And a mistake is found: a test of the test.
    """
    listed = "".join(
        said(checker, HERE / f"{name}.json", "--listFilesOnly") for name in ("page", "worker")
    )
    assert [file for file in SCRIPTS if str(file) not in listed] == []
    for name in ("page", "worker"):
        assert said(checker, HERE / f"{name}.json") == ""
    (tmp_path / "wrong.js").write_text("document.body.innerHtml = 1;\n", "utf-8")
    wrong = {"extends": str(HERE / "page.json"), "include": ["wrong.js"], "exclude": []}
    (tmp_path / "wrong.json").write_text(json.dumps(wrong), "utf-8")
    assert "innerHtml" in said(checker, tmp_path / "wrong.json")
