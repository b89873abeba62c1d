"""A cell's output is what its author would see in a terminal or in Jupyter, in the same order."""

from __future__ import annotations

import os
import re
from typing import Any

import nbformat
import pytest

from handout.run.outcomes import Output, printed
from handout.run.process.spawned import Spawner

SHOWS = """
class Table:
    def __init__(self, name): self.name = name
    def __repr__(self): return f"Table {self.name}"
    def _repr_html_(self): return f"<table><tr><td>{self.name}</td></tr></table>"

"""


@pytest.fixture(params=["forked", "spawned"], autouse=True)
def launched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages run in forks, and in processes of their own, which is all that Windows has."""
    if request.param == "spawned":
        launcher = Spawner()
        monkeypatch.setattr("handout.run.runner.page_server", lambda: launcher)
    elif not hasattr(os, "fork"):
        pytest.skip("this system does not fork")


def outputs(workshop, *sources: str, notebook: bool = False) -> list[list[Output]]:
    """The outputs of each cell of a page, or of a notebook."""
    if notebook:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        book = nbformat.v4.new_notebook(cells=cells)
        workshop.write("page.ipynb", nbformat.writes(book).encode())
    else:
        fences = (f'```python exec="on"\n{source}\n```\n' for source in sources)
        workshop.write("page.md", "\n".join(fences).encode())
    name = "page.ipynb" if notebook else "page.md"
    judged = workshop.run(name)[name]
    assert all(v["ok"] for v in judged.verdicts), [v["message"] for v in judged.verdicts]
    return [result.outcome["outputs"] for result in judged.results]


def brief(shown: list[Output]) -> list[Any]:
    """Texts, and of what is displayed the best form."""
    return [
        output["text"] if "text" in output else next(iter(reversed(output["data"].values())))
        for output in shown
    ]


both = pytest.mark.parametrize("notebook", [False, True], ids=["page", "notebook"])


@both
def test_prints_and_displays_keep_their_order(workshop, notebook: bool) -> None:
    """Text of Python and of other processes, tables that are displayed, and the last value."""
    source = SHOWS + (
        "import os\n"
        "print('one')\n"
        "display(Table('first'), Table('second'))\n"
        "os.system('echo two')\n"
        "display('plain')\n"
        "Table('last')"
    )
    (shown,) = outputs(workshop, source, notebook=notebook)
    cell = "<table><tr><td>{}</td></tr></table>".format
    assert brief(shown) == [
        "one\n", cell("first"), cell("second"), "two\n'plain'\n", cell("last"),
    ]  # fmt: skip
    assert shown[1]["data"]["text/plain"] == "Table first"


@both
def test_figures_stand_where_they_were_shown(workshop, notebook: bool) -> None:
    """`plt.show()` shows at once, the end of a cell what is left, and a figure is shown once.

    They are drawings that follow the page, whatever backend a notebook asks for.
    """
    source = (
        "import matplotlib.pyplot as plt\n"
        "print('before')\n"
        "plt.figure(); plt.title('first'); plt.show()\n"
        "print('between')\n"
        "plt.figure(); plt.title('second'); display(plt.gcf())\n"
        "print('after')\n"
        "plt.title('third')\n"
        "plt.plot([1, 2])"
    )
    inline = "%matplotlib inline\nplt.plot([1, 2]);" if notebook else "plt.plot([1, 2]);"
    shown, drawn = outputs(workshop, source, inline, notebook=notebook)
    titles = [
        output.get("text") or [t for t in ("first", "second", "third") if f">{t}</text>" in svg]
        for output in shown
        for svg in [output.get("data", {}).get("image/svg+xml", "")]
    ]
    assert titles == ["before\n", ["first"], "between\n", ["second"], "after\n", ["third"]]
    assert [list(output["data"]) for output in drawn] == [["image/svg+xml"]]


@both
def test_a_semicolon_hides_the_value(workshop, notebook: bool) -> None:
    """As in notebooks."""
    (shown,) = outputs(workshop, "1 + 1;", notebook=notebook)
    assert shown == []


@both
def test_output_is_cleared(workshop, notebook: bool) -> None:
    """At once, or when there is something new; if nothing comes, what is there stays."""
    setting = "from IPython.display import clear_output\n"
    now, later, never = outputs(
        workshop,
        f"{setting}print('old')\nclear_output()\nprint('new')",
        f"{setting}print('old')\ndisplay('shown')\nclear_output(wait=True)\nprint('new')",
        f"{setting}print('old')\nclear_output(wait=True)",
        notebook=notebook,
    )
    assert [now, later, never] == [[{"text": "new\n"}], [{"text": "new\n"}], [{"text": "old\n"}]]


@both
def test_a_display_is_updated_where_it_stands(workshop, notebook: bool) -> None:
    """In the cell that showed it, also from a cell below."""
    first, second = outputs(
        workshop,
        SHOWS + "handle = display(Table('old'), display_id='key')\nprint('text')",
        "handle.update(Table('new'))\nprint('done')",
        notebook=notebook,
    )
    assert [output.get("data", output)["text/plain" if "data" in output else "text"]
            for output in first] == ["Table new", "text\n"]  # fmt: skip
    assert second == [{"text": "done\n"}]


@both
def test_a_cell_may_await(workshop, notebook: bool) -> None:
    """At top level, on one event loop for the page; `asyncio.run` works as well."""
    first, second = outputs(
        workshop,
        "import asyncio\nqueue = asyncio.Queue()\nawait queue.put(7)\nawait queue.get()",
        "async def f(): return 8\nasync def g():\n    yield 9\n"
        "print([x async for x in g()])\nawait f()",
        notebook=notebook,
    )
    assert [first, second] == [[{"text": "7\n"}], [{"text": "[9]\n8\n"}]]


def test_a_cell_may_run_a_loop_of_its_own(workshop) -> None:
    """Where nothing is awaited at top level, no loop runs."""
    source = "import asyncio\nasync def f(): return 8\nasyncio.run(f())"
    assert outputs(workshop, source) == [[{"text": "8\n"}]]


@pytest.mark.parametrize("call", ["exit()", "quit()", "exit", "import sys\nsys.exit()"])
@both
def test_exit_ends_the_cell(workshop, notebook: bool, call: str) -> None:
    """With SystemExit, as in a script, and without advice to a person at a terminal."""
    if call == "exit" and not notebook:
        pytest.skip("a name alone is a value in a script")
    if notebook:
        cells = [
            nbformat.v4.new_code_cell(call, metadata={"handout": {"expect": "raises SystemExit"}})
        ]
        book = nbformat.v4.new_notebook(cells=cells)
        workshop.write("page.ipynb", nbformat.writes(book).encode())
    else:
        workshop.write("page.md", f'```python exec="on" expect="raises SystemExit"\n{call}\n```\n')
    name = "page.ipynb" if notebook else "page.md"
    judged = workshop.run(name)[name]
    assert [v["ok"] for v in judged.verdicts] == [True], judged.verdicts[0]["message"]
    assert printed(judged.results[0].outcome) == ""
    traceback = judged.results[0].outcome["error"]["traceback"]
    assert "page." in traceback
    assert "shell.py" not in traceback  # no file of ours


@both
def test_the_page_is_a_file_beside_others(workshop, notebook: bool) -> None:
    """`__file__` leads to the page's folder, wherever the process is by then."""
    source = (
        "import os\nfrom pathlib import Path\nos.chdir('/')\n"
        "sorted(p.name for p in Path(__file__).parent.glob('page.*')), Path(__file__).is_file()"
    )
    name = "page.ipynb" if notebook else "page.md"
    assert outputs(workshop, source, notebook=notebook) == [[{"text": f"(['{name}'], True)\n"}]]


@both
def test_a_page_may_spawn_processes(workshop, notebook: bool) -> None:
    """They do not try to import the page, which is no Python file."""
    source = (
        "import math, multiprocessing\n"
        "context = multiprocessing.get_context('spawn')\n"
        "with context.Pool(1) as pool: print(pool.map(math.sqrt, [4.0]))"
    )
    assert outputs(workshop, source, notebook=notebook) == [[{"text": "[2.0]\n"}]]


@both
def test_warnings_tell_no_folder_of_this_machine(workshop, notebook: bool) -> None:
    """Neither that of the project nor that of an installed package or of Python."""
    workshop.write("helper.py", "import warnings\ndef warn(): warnings.warn('of the project')\n")
    source = (
        "import warnings, helper, numpy as np\nhelper.warn()\nwarnings.warn('of the page')\n"
        "np.testing.suppress_warnings\n"
        "warnings.warn_explicit('of a package', UserWarning, np.__file__, 3)\n"
        "warnings.warn_explicit('of Python', UserWarning, warnings.__file__, 3);"
    )
    (shown,) = outputs(workshop, source, notebook=notebook)
    text = printed({"outputs": shown})
    assert str(workshop.root) not in text
    assert not re.search(r"^/", text, re.MULTILINE), text
    assert "helper.py:2: UserWarning: of the project" in text
    assert "numpy/__init__.py:3: UserWarning: of a package" in text
    assert "warnings.py:3: UserWarning: of Python" in text


def test_a_path_that_a_cell_prints_is_its_own_affair(workshop) -> None:
    """Only the place of a warning is rewritten."""
    source = f"print('{workshop.root}/x: 3')"
    assert outputs(workshop, source) == [[{"text": f"{workshop.root}/x: 3\n"}]]


def test_annotations_are_those_of_the_cell(workshop) -> None:
    """A future import of ours is none of the page's; one of the page holds for all its cells."""
    look = "def f(x: int): pass\nf.__annotations__['x']"
    first, second, third = outputs(workshop, look, "from __future__ import annotations", look)
    assert [first, second, third] == [
        [{"text": "<class 'int'>\n"}], [], [{"text": "'int'\n"}],
    ]  # fmt: skip


def test_more_than_a_page_can_hold_is_not_kept(workshop) -> None:
    """A cell that shows pictures without end fills no memory, and the build goes on."""
    source = SHOWS + "for _ in range(6): display(Table('x' * 4_000_000))"
    workshop.write("page.md", f'```python exec="on"\n{source}\n```\n')
    judged = workshop.run("page.md")["page.md"]
    outcome = judged.results[0].outcome
    assert outcome["truncated"]
    assert sum(len(output["data"]["text/html"]) for output in outcome["outputs"]) < 17_000_000


def test_a_forked_child_shows_nothing(workshop) -> None:
    """What it prints is the cell's output; it has no say in what the page displays."""
    source = SHOWS + (
        "import os\n"
        "if os.fork() == 0:\n    display(Table('child'))\n    print('said')\n    os._exit(0)\n"
        "os.wait()\nprint('parent')"
    )
    (shown,) = outputs(workshop, source.replace("print('said')", "os.write(1, b'said ')"))
    assert printed({"outputs": shown}).split() == ["said", "parent"]


def test_a_memory_address_is_noted(workshop) -> None:
    """It is another one in the next run, so the card says that the output is not reproducible."""
    judged = workshop.cell("print(object())")
    (note,) = judged.verdicts[0]["details"]["notes"]
    assert note == "Not reproducible: the output shows a memory address."
    assert "notes" not in workshop.cell("print('0x10')").verdicts[0]["details"]
