"""`%%claim` in a notebook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from edf.equations import EquationError
from handout.hosts.jupyter import read_options


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell as a kernel has one, with a small graph."""
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "handout")
    shell.run_cell("from edf import Input\nx = Input(shape=(3,))\ny = 2 * x")
    yield shell
    InteractiveShell.clear_instance()


def shown(shell: InteractiveShell, line: str, cell: str) -> list[str]:
    with capture_output() as captured:
        shell.run_cell_magic("claim", line, cell)
    return [output.data.get("text/html", output.data["text/plain"]) for output in captured.outputs]


def test_a_claim_is_set_and_judged(shell: InteractiveShell) -> None:
    """The formula first, then a card for each step."""
    formula, card = shown(shell, "double", "y_i = 2 x_i\n")
    assert "Math" in formula
    assert "verified" in card
    assert "double" in card


def test_a_mistake_is_refuted(shell: InteractiveShell) -> None:
    """With options as on a page."""
    assert "refuted" in shown(shell, 'wrong expect="refuted"', "y_i = 3 x_i")[1]


def test_what_is_not_understood_is_an_error(shell: InteractiveShell) -> None:
    """With its caret."""
    with pytest.raises(EquationError, match="not bound"):
        shell.run_cell_magic("claim", "", "q = 1")


@pytest.mark.parametrize("line", ['id colour="red"', "id expect", "id twice"])
def test_an_unknown_option_says_what_to_write(line: str) -> None:
    """Nothing is ignored."""
    with pytest.raises(ValueError, match='write key="value" with one of expect'):
        read_options(line)


def test_options_are_read() -> None:
    """Words, numbers and one word a step."""
    assert read_options('a expect="verified refuted" points=5 reading="componentwise i"') == (
        "a",
        {"expect": ["verified", "refuted"], "points": 5, "reading": "componentwise i"},
    )
    assert read_options("") == (None, {})
