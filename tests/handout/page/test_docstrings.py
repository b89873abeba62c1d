"""Docstrings that a page asks for are part of it: examples run, and formulas are claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from handout.page.cells import find_cells
from handout.page.displays import Role
from handout.page.docstrings import DocstringError, with_docstrings, without_requests

MODULE = r'''"""A module."""


class Square:
    r"""The square.

    $$y_i = x_i^2$$

    It has a slope:

    $$\frac{\partial y_i}{\partial x_i} =
    2 x_i$$

    Args:
        x: A node.

    Examples:
        >>> x = Param([1.0, 2.0])
        >>> y = Square(
        ...     x
        ... )
        >>> print(y.forward())
        [1. 4.]
    """


def plain(x):
    """Return x."""


def _private():
    """Hidden. $$1 = 2$$"""


class Undocumented:
    pass
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a package and a module in it."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package/ops.py").write_text(MODULE, "utf-8")
    (tmp_path / "package/__init__.py").write_text('class Here:\n    """$$1 = 1$$"""\n', "utf-8")
    return tmp_path


def test_a_module_brings_its_public_members(folder: Path) -> None:
    """The example first, since the formulas are tested on what it makes."""
    text = with_docstrings("# P\n\n[[docstrings:package.ops]]\n\nEnd.\n", folder)
    example, first, second = find_cells(text, "page.md")
    assert example.source == "x = Param([1.0, 2.0])\ny = Square(\n    x\n)\nprint(y.forward())\n"
    assert (example.id, first.id, second.id) == ("Square-example", "Square", "Square-2")
    assert (first.role, first.source.strip()) == (Role.CLAIM, "y_i = x_i^2")
    assert "2 x_i" in second.source
    assert [cell.problem for cell in (example, first, second)] == [None] * 3
    order = (
        "::: package.ops.Square\n",
        "The square.",
        "```python",
        "y_i",
        "slope:",
        "plain\n",
        "End.",
    )
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "Args:" not in text, "mkdocstrings shows them"
    assert "Hidden" not in text
    assert "Undocumented" not in text


def test_options_go_to_mkdocstrings(folder: Path) -> None:
    """With those that leave to the page what it shows itself; `members` chooses."""
    asked = "[[docstrings:package.ops]]\n    options:\n      show_source: true  # said\n"
    text = with_docstrings(asked, folder)
    assert '"show_source": true, "show_docstring_description": false' in text
    assert '"show_source": true}\n' in text[text.index("::: package.ops.plain") :]
    text = with_docstrings(asked + "      members: [plain]\n", folder)
    assert "Square" not in text
    assert "members" not in text


@pytest.mark.parametrize("name", ["package.ops.Square", "package.Here"])
def test_one_member(name: str, folder: Path) -> None:
    """Of a module, or of a package."""
    text = with_docstrings(f"[[docstrings:{name}]]", folder)
    assert text.startswith(f"::: {name}\n")
    assert text.count(":::") == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("package.nothing", "package has no class or function 'nothing'"),
        ("package.ops._private", "has no class or function '_private'"),
        ("nowhere.at.all", "there is no module nowhere.at.all below"),
        ("package.ops]]\n    options: {", r"\[\[docstrings:package.ops\]\]: .*"),
    ],
)
def test_what_is_not_there_is_an_error_on_its_line(asked: str, said: str, folder: Path) -> None:
    """With the name that was asked for."""
    text = f"# P\n\n[[docstrings:{asked}]]\n"
    text = text if "options" not in asked else text.removesuffix("]]\n") + "\n"
    with pytest.raises(DocstringError, match=said) as raised:
        with_docstrings(text, folder)
    assert raised.value.line == 3


def test_a_module_that_is_no_python_is_an_error(folder: Path) -> None:
    """Nothing of it is imported, or run."""
    (folder / "broken.py").write_text("class:\n", "utf-8")
    with pytest.raises(DocstringError, match=r"broken\]\]: .*invalid syntax"):
        with_docstrings("[[docstrings:broken]]", folder)


def test_a_notebook_gets_no_request() -> None:
    """It has the cells; the lines around them stay the same ones."""
    text = "One.\n\n[[docstrings:a.b]]\n    options:\n      x: 1\n\nTwo.\n"
    assert without_requests(text) == "One.\n\n\n\n\n\nTwo.\n"


def test_an_example_of_the_notation_stays(folder: Path) -> None:
    """In a fence, and within a line."""
    text = "Write `[[docstrings:package.ops]]`:\n\n```\n[[docstrings:package.ops]]\n```\n"
    assert with_docstrings(text, folder) == without_requests(text) == text
