"""What a build loads before it reads a page is what its edited pages will need."""

import os
from pathlib import Path

import pytest

from handout.engine import Engine, open_page
from handout.run.cache import Cache, clear
from handout.run.foreseen import PACKAGES, foreseen, packages_named
from handout.run.outcomes import JobCell
from handout.run.process import preloading
from handout.settings import Project, Settings

NUMPY = '```python exec="on"\nimport numpy\n```\n'
CLAIM = "<!-- let: a \\in \\mathbb{R} -->\n<!-- claim: b -->\n$$\na + a = 2 a\n$$\n"
FIGURE = '```python exec="on"\nfrom matplotlib import pyplot\n```\n'
SUM = '```python exec="on"\n1 + 1\n```\n'
CELL: JobCell = {"kind": "python", "id": "", "source": "import numpy", "line": 1, "options": {}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a page of each kind, which were built once."""
    project = Project(tmp_path, Settings())
    for name, text in {"numpy": NUMPY, "claim": CLAIM, "figure": FIGURE}.items():
        (tmp_path / f"{name}.md").write_text(text)
    build(project)
    return project


def build(project: Project) -> None:
    """Run every page."""
    cache = Cache(project.cache, project.root, pytest.fail)
    engine = Engine(project, cache)
    engine.start(open_page(file, file.name) for file in project.root.glob("*.md"))
    assert all(verdict["ok"] for page in engine.all_judged() for verdict in page.verdicts)
    engine.close()
    cache.close(whole=True)


def edit(file: Path, text: str) -> None:
    """Write it, at another time than before on any file system."""
    file.write_text(text)
    changed = file.stat().st_mtime + 5
    os.utime(file, (changed, changed))


@pytest.mark.parametrize(
    ("pages", "packages"),
    [
        ([], None),
        (["numpy"], set()),
        (["claim"], {"edf"}),
        (["figure"], {"matplotlib"}),
        (["numpy", "claim", "figure"], {"edf", "matplotlib"}),
    ],
)
def test_the_pages_that_were_edited_say_what_is_needed(
    project: Project, pages: list[str], packages: set[str] | None
) -> None:
    """Nothing is loaded for the others, of which only words were edited."""
    for name in ("numpy", "claim", "figure"):
        file = project.root / f"{name}.md"
        edit(file, file.read_text() + (f"\n{SUM}" if name in pages else "\nWords.\n"))
    assert foreseen(project) == packages
    build(project)
    assert foreseen(project) is None


def test_what_is_not_there_is_not_foreseen(project: Project) -> None:
    """A page that is no more, a file that is torn, a cache that was cleared."""
    (project.root / "claim.md").unlink()
    assert foreseen(project) is None
    edit(project.root / "figure.md", "# Gone\n")
    build(project)
    assert "claim.md" not in (project.cache / "foreseen.json").read_text()
    page = str(project.root / "numpy.md")
    for notes in (
        "{",
        "[]",
        f'{{"{page}": 1}}',
        f'{{"{page}": [1, "", 2]}}',
        '{"\\u0000": [1, "", []]}',
    ):
        (project.cache / "foreseen.json").write_text(notes)
        assert foreseen(project) is None
    (project.cache / "foreseen.json").write_text(f'{{"{page}": [1, "", ["os", "edf"]]}}')
    assert foreseen(project) == {"edf"}
    build(project)
    clear(project.cache)
    assert not (project.cache / "foreseen.json").exists()


def test_pages_name_what_is_loaded_for_all() -> None:
    """By a word of their code; formulas need no word."""
    assert set(PACKAGES) == set(preloading._PACKAGES)
    assert packages_named([CELL | {"source": "import matplotlib.pyplot, edfs"}]) == ["matplotlib"]
    assert packages_named([CELL | {"kind": "let", "source": "a > 0"}]) == ["edf"]
    assert packages_named([CELL]) == []
