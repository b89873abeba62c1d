"""`mkdocs serve`: an edit shows on the served page, be it of a page or of what a page imported."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.handout.processes import shows, wait_for

EDF = Path(__file__).parents[2] / "src/edf"
PAGE = """\
# Page

```python exec="on"
from edf import Input, Tanh
from helper import name
x = Input(0.5)
print(name, "%.6f" % Tanh(x).forward())
```
"""
OTHER = '# Other\n\n```python exec="on"\nprint("other")\n```\n'


@pytest.fixture
def server(workshop) -> Iterator[str]:
    """The address of a server, in a process of its own, of a project with its own copy of edf."""
    shutil.copytree(EDF, workshop.root / "src/edf", ignore=shutil.ignore_patterns("__pycache__"))
    workshop.write("src/helper.py", 'name = "helper"\n')
    workshop.write("mkdocs.yml", "site_name: S\nplugins: [handout]\ntheme: {name: mkdocs}\n"
                   "markdown_extensions: [pymdownx.superfences]\n")  # fmt: skip
    workshop.write("docs/index.md", OTHER)
    workshop.write("docs/page.md", PAGE)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": "src"}
    start = "from mkdocs.__main__ import cli; cli()"
    words = ["serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    with (workshop.root / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", start, *words], env=environment, stdout=log, stderr=log
        )
    yield f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait()
    assert workshop.left() == []


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


@pytest.mark.slow
def test_edits_show_on_the_served_page(workshop, server: str) -> None:
    """Of the page's code, of a module beside edf, and of an operation's forward in edf itself."""
    page = f"{server}page/"
    shows(page, "helper 0.462117")
    edit(workshop.root / "docs/page.md", "Input(0.5)", "Input(0.25)")
    shows(page, "helper 0.244919")
    edit(workshop.root / "src/helper.py", "helper", "other name")
    shows(page, "other name 0.244919")
    edit(workshop.root / "src/edf/operations/elementary.py", "np.tanh(x)", "np.tanh(x + 1)")
    shows(page, "other name 0.848284")
    (workshop.root / "docs/page.md").write_text('# Page\n\n```python exec="on"\n1 / 0\n```\n')
    shows(page, "ZeroDivisionError")
    assert "docs/page.md:4: cell-1: error" in (workshop.root / "log.txt").read_text()


@pytest.mark.slow
def test_a_page_that_writes_among_the_documents_is_not_built_for_ever(workshop, server) -> None:
    """Also where its outcome is another one each time: the server comes to rest."""
    log = workshop.root / "log.txt"
    shows(f"{server}page/", "helper 0.462117")
    cell = "import time\nopen('fig.txt', 'w').write(str(time.time()))\nprint('written')"
    (workshop.root / "docs/page.md").write_text(f'# Page\n\n```python exec="on"\n{cell}\n```\n')
    shows(f"{server}page/", "written")

    def builds() -> int:
        return log.read_text().count("Building documentation")

    before, calm = builds(), 0
    while calm < 30:
        assert before <= 5, log.read_text()[-2000:]
        time.sleep(0.1)
        calm = calm + 1 if builds() == before else 0
        before = builds()


@pytest.mark.slow
def test_an_endless_loop_is_ended_when_it_is_mended(workshop, server: str) -> None:
    """Nobody waits for the time limit of a cell that is no longer on the page."""
    shows(f"{server}page/", "helper 0.462117")
    log, page = workshop.root / "log.txt", workshop.root / "docs/page.md"
    endless = "open('../started', 'w').close()\nwhile True: pass"
    page.write_text(f'# Page\n\n```python exec="on" timeout="600"\n{endless}\n```\n')
    wait_for((workshop.root / "started").exists, log.read_text)
    page.write_text('# Page\n\n```python exec="on"\nprint("men" + "ded")\n```\n')
    shows(f"{server}page/", "mended")
    assert "was lost" not in log.read_text()
