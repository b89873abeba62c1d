"""References that find no equation, and labels that nothing refers to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from handout.cli import main
from handout.page.references import references

PAGE = r"""# A page

By \(\eqref{chain}\) and \eqref{chian}, [[eq:sum]].

<!-- claim: chain -->
$$
a = a \label{chain}
$$

```math claim="sum"
a + a = 2 a \label{sum}
```

```python
"\eqref{code}"
```

`\ref{span}` <!-- \ref{comment} -->

\begin{equation}
b = b \label{alone}
\end{equation}
"""


def test_broken_references_have_line_and_remedy() -> None:
    """Code, spans of it and comments refer to nothing."""
    found = references(PAGE, "a.md")
    assert [str(problem) for problem in found.broken] == [
        r"a.md:3: \eqref{chian} refers to no equation of this page: did you mean chain? [H609]"
    ]


def test_labels_without_references_are_told() -> None:
    """With the line of the label, and what to do."""
    (unused,) = references(PAGE, "a.md").unused
    assert str(unused).startswith(r"a.md:21: nothing on this page refers to \label{alone}: write")
    assert unused.code == "H610"
    linked = PAGE + "\n[there](#alone)\n"
    assert references(linked, "a.md").unused == []


def test_a_page_without_labels_is_quiet() -> None:
    """No label and no reference: nothing to say."""
    assert references("A sentence about refereeing.", "a.md") == ([], [])


@pytest.mark.parametrize("indent", [None, 1])
def test_in_a_notebook_the_markdown_cells_count(indent: int | None) -> None:
    """In the line of its file where the cell has it."""
    cells = [
        {"cell_type": "code", "source": [r"print('\ref{code}')"]},
        {"cell_type": "markdown", "source": ["By\n", r"\eqref{one}:", "\n", "$a$"]},
    ]
    text = json.dumps({"cells": cells}, indent=indent)
    (broken,) = references(text, "a.ipynb", notebook=True).broken
    assert broken.subject == "one"
    assert "eqref{one}" in text.split("\n")[broken.line - 1]


def test_a_check_fails_for_a_broken_one_and_not_for_an_unused_label(tmp_path: Path) -> None:
    """The one must be mended, the other is only told."""
    page = tmp_path / "a.md"
    page.write_text("# A\n\n$$\na = a \\label{x}\n$$\n", "utf-8")
    told = CliRunner().invoke(main, ["check", str(page)])
    assert told.exit_code == 0
    assert "[H610]" in told.output
    page.write_text("# A\n\nSee \\eqref{x}.\n", "utf-8")
    told = CliRunner().invoke(main, ["check", str(page)])
    assert told.exit_code == 1
    assert "a.md:3: " in told.output
    assert "[H609]" in told.output
