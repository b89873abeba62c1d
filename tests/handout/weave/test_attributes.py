"""Badges and labels are replaced in running text, and nowhere else."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from handout.cli import main

PAGE = """\
# Page

![see [[verdict:x]] and [[eq:none]]](a.svg)

[a link](a.svg "of [[verdict:x]]")

<svg viewBox="0 0 9 9"><text>[[verdict:x]] [[eq:none]]</text></svg>

A badge: [[verdict:x]].

[the `name` of a claim, [[verdict:x]], in a link](a.svg#claim)

```{language} exec="on" id="x" linenums="5" hl_lines="1"
print("[[verdict:x]] [[verdicts]] [[eq:none]]")
```
"""


@pytest.mark.slow
@pytest.mark.parametrize("language", ["python", "py", "Python", "python3"])
def test_attributes_outputs_and_drawings_keep_their_text(workshop, language: str) -> None:
    """Under every name of the language; lines are numbered and stressed as elsewhere."""
    workshop.write("docs/index.md", PAGE.replace("{language}", language).encode())
    workshop.write("docs/a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    workshop.write(
        "mkdocs.yml",
        "site_name: S\nplugins: [handout]\ntheme: {name: mkdocs}\n"
        "markdown_extensions: [pymdownx.superfences]\n",
    )
    done = CliRunner().invoke(main, ["build", "--strict"])
    assert done.exit_code == 0, done.output
    html = (workshop.root / "site/index.html").read_text("utf-8")
    page = BeautifulSoup(html, "html.parser")
    assert page.select_one("img[alt='see [[verdict:x]] and [[eq:none]]']")
    assert page.select_one("a[title='of [[verdict:x]]']")
    assert page.select_one("svg text").get_text() == "[[verdict:x]] [[eq:none]]"  # type: ignore[union-attr]
    output = page.select_one("pre.cell-output")
    assert output is not None
    assert output.get_text() == "[[verdict:x]] [[verdicts]] [[eq:none]]"
    assert len(page.select("a.verdict-badge")) == 1
    assert len(page.select("a[href='a.svg#claim'] > span.verdict-badge")) == 1  # no link in a link
    assert page.select_one(".hll") is not None
    assert "5" in page.select_one(".linenos, [class*=lineno]").get_text()  # type: ignore[union-attr]
