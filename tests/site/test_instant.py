"""Material's instant navigation: pages come and go without a reload, and ours go on working."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONFIGURATION = """\
site_name: Instant
site_url: {address}
theme: {{name: material, font: false, features: [navigation.instant]}}
plugins: [handout]
markdown_extensions: [pymdownx.superfences, pymdownx.arithmatex: {{generic: true}}]
"""
PAGE = """\
# Page

```python exec="on" id="plot"
import matplotlib.pyplot as plt

plt.plot([1, 2, 3], marker="o")
plt.show()
```

```python exec="on" id="graph"
from edf import Input, Sigmoid, draw

x = Input(0.5)
s = Sigmoid(x)
draw(s)
```

```math claim="slope" expect="refuted"
\\frac{d s}{d x} = s (1 + s)
```
"""


def test_pages_that_change_without_a_reload_work(
    context: BrowserContext,
    tmp_path: Path,
    build: Callable[..., str],
    serve: Callable[[Path], AbstractContextManager[str]],
) -> None:
    """There and back: figures do not stop the theme, and the table, buttons and cards answer."""
    project, host = tmp_path / "project", tmp_path / "host"
    (project / "docs").mkdir(parents=True)
    host.mkdir()
    (project / "docs/index.md").write_text("# Home\n\n[There](page.md)\n\n[[verdicts]]\n")
    (project / "docs/page.md").write_text(PAGE)
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    with serve(host) as address:
        (project / "mkdocs.yml").write_text(CONFIGURATION.format(address=address))
        build(project / "mkdocs.yml", host)
        tab.goto(address, wait_until="networkidle")
        tab.evaluate("window.stayed = true")
        for name, title in (("There", "Page"), ("Home", "Home"), ("There", "Page")):
            tab.get_by_role("link", name=name, exact=True).first.click()
            tab.wait_for_function(
                "title => document.querySelector('article h1')?.innerText.includes(title)",
                arg=title,
            )
        assert tab.locator("article svg use").count() > 0
        assert tab.locator(".print-button").count() == 1
        tab.get_by_role("link", name="Home", exact=True).first.click()
        tab.locator(".verdict-table").wait_for()
        rows = tab.locator(".verdict-table tbody tr")
        before = rows.count()
        assert before > 1
        tab.locator(".verdict-filters select").nth(2).select_option("wrong as expected")
        assert tab.locator(".verdict-table tbody tr:visible").count() == 1
        assert tab.evaluate("window.stayed") is True
    assert errors == []
