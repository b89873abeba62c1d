"""An outcome is used again only while everything that the page really read is as it was."""

from __future__ import annotations

import importlib.metadata
import json
import os
import py_compile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path

import nbformat
import pytest

from handout.engine import Engine, open_page
from handout.run import cache as cache_module
from handout.run.cache import Cache, clear, evict, signature, statistics
from handout.run.digests import digest
from handout.run.outcomes import PageOutcome, printed
from handout.run.process.file_access import ReadLog
from handout.run.runner import job
from handout.settings import Project, Settings

PAGE = '```python exec="on"\n{}\n```\n'


def old(root: Path) -> None:
    """Make every file of the project older than the run that is to come."""
    past = time.time() - 60
    for file in root.rglob("*"):
        if file.is_file() and ".cache" not in file.parts:
            os.utime(file, (past, past))


def runs(workshop, name: str = "page.md") -> bool:
    """Whether the page's cells ran, rather than came from the cache."""
    old(workshop.root)
    workshop.run(name, cached=True)
    return workshop.cache.misses > 0


@pytest.fixture
def page(workshop):
    """A page that imports a module, reads a file and lists a folder; it has run once."""
    workshop.write("library/shapes.py", "def area(r): return 3 * r * r\n")
    (workshop.root / "docs").mkdir()
    workshop.write("data/values.txt", "1\n")
    workshop.write(
        "page.md",
        "Text.\n\n"
        + PAGE.format(
            "import os, sys\n"
            "sys.path.append('library')\n"
            "from shapes import area\n"
            "print(area(int(open('data/values.txt').read())), sorted(os.listdir('data')))\n"
        ),
    )
    assert runs(workshop)
    assert not runs(workshop)
    return workshop


@pytest.mark.parametrize(
    ("file", "text", "again"),
    [
        ("page.md", None, False),
        ("library/shapes.py", "def area(r): return 4 * r * r\n", True),
        ("data/values.txt", "2\n", True),
        ("data/another.txt", "", True),
        ("docs/unrelated.py", "x = 1\n", False),
        ("library/unrelated.py", "x = 1\n", True),  # it might have shadowed what was imported
        ("shapes.py", "def area(r): return 0\n", True),  # beside the page: it does shadow
        ("data/.values.txt.swp", "an editor's", False),
    ],
)
def test_what_was_read_decides(page, file: str, text: str | None, again: bool) -> None:
    """A module, a file, the names in a folder do; prose and files that were not read do not."""
    if text is None:
        text = "More text.\n\n" + (page.root / file).read_text()
    page.write(file, text.encode())
    assert runs(page) is again
    assert not runs(page)


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ('exec="on"', 'exec="on" expect="raises ValueError"', False),
        ('exec="on"', 'exec="on" title="T" show="none"', False),
        ('exec="on"', 'exec="on" timeout="5"', True),
        ("1 + 1", "1 + 2", True),
    ],
)
def test_an_option_counts_if_it_bears_on_the_run(workshop, before, after, again) -> None:
    """What is expected, and what is shown, is judged anew from the same outcome."""
    workshop.write("page.md", PAGE.format("1 + 1"))
    assert runs(workshop)
    workshop.write("page.md", PAGE.format("1 + 1").replace(before, after))
    assert runs(workshop) is again


def test_a_file_that_was_not_there_counts(workshop) -> None:
    """Once it is there, the page runs again."""
    workshop.write("page.md", PAGE.format("try: print(open('x.txt').read())\nexcept OSError: 0"))
    assert runs(workshop)
    assert not runs(workshop)
    workshop.write("x.txt", "now")
    assert runs(workshop)


def test_what_a_page_writes_is_seen_in_a_folder_that_was_looked_at_before(workshop) -> None:
    """A build looks once into a folder that many pages list, and again once a page has run."""
    workshop.write("data/a.txt", "")
    workshop.write("lists.md", PAGE.format("import os\nsorted(os.listdir('data'))"))
    workshop.write("writes.md", PAGE.format("open('data/b.txt', 'w').close()"))
    old(workshop.root)
    project = Project(workshop.root, Settings())
    cache = Cache(project.cache, project.root, pytest.fail)
    engine = Engine(project, cache)
    lists, writes = (open_page(workshop.root / name, name) for name in ("lists.md", "writes.md"))
    engine.start([lists])
    engine.judged("lists.md")
    assert cache.get(job(lists, project)) is not None
    engine.start([writes])
    engine.judged("writes.md")
    assert cache.get(job(lists, project)) is None
    engine.close()


def test_a_file_outside_the_project_counts(workshop) -> None:
    """A library under development elsewhere is as much the author's as one inside."""
    outside = workshop.root.parent / "outside.txt"
    outside.write_text("1")
    os.utime(outside, (0, 0))
    workshop.write("page.md", PAGE.format(f"open({str(outside)!r}).read()"))
    assert runs(workshop)
    assert not runs(workshop)
    outside.write_text("2")
    os.utime(outside, (0, 0))
    assert runs(workshop)


def test_what_a_page_writes_itself_does_not_count(workshop) -> None:
    """A scratch file is no input."""
    workshop.write("page.md", PAGE.format("open('s.txt', 'w').write('1')\nopen('s.txt').read()"))
    assert runs(workshop)
    assert not runs(workshop)


@pytest.mark.parametrize(
    "source",
    [
        "n = open('s.txt').read()\nopen('s.txt', 'w').write(n + '1')\nn",
        "with open('s.txt', 'r+') as f: n = f.read(); f.write('1')\nn",
        "open('s.txt', 'a').write('1')\nopen('s.txt').read()",
    ],
)
def test_a_page_that_changes_what_it_reads_is_not_kept(workshop, source: str) -> None:
    """Another run would give another outcome."""
    workshop.write("s.txt", "0")
    workshop.write("page.md", PAGE.format(source))
    assert runs(workshop)
    assert runs(workshop)


def test_what_changes_while_a_page_runs_is_not_taken_for_what_it_saw(workshop) -> None:
    """A module that appears after the page looked for it makes the page run again."""
    look = "import os, time\ntry:\n    import late\nexcept ImportError: print('no module')\n"
    late = "with os.fdopen(os.open('late.py', 65), 'w') as f: f.write('')"  # no matter by whom
    workshop.write("page.md", PAGE.format(f"{look}{late}"))
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert printed(judged.results[0].outcome) == "no module\n0\n"[:10]
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert printed(judged.results[0].outcome) == ""


def test_a_library_that_was_loaded_counts(workshop) -> None:
    """A compiled library, through ctypes, is read like any other file."""
    workshop.write(
        "page.md", PAGE.format("import ctypes\ntry: ctypes.CDLL('./l.so')\nexcept OSError: 1")
    )
    assert runs(workshop)
    assert not runs(workshop)
    workshop.write("l.so", "not one either")
    assert runs(workshop)


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "from time import perf_counter as now\nnow()",
        "import time\ntime.strftime('%Y')",
        "import datetime\ndatetime.date.today()",
        "import datetime as d\nd.datetime.now()",
        "import datetime\nclass Day(datetime.date): pass\nDay.today()",
        "import random\nrandom.Random().random()",
        "import random\nrandom.seed()\nrandom.random()",
        "import numpy as np\nnp.random.default_rng().normal()",
        "import numpy as np\nnp.random.default_rng(seed=None).normal()",
        "import numpy as np\nnp.random.RandomState().normal()",
        "import secrets\nsecrets.token_hex()",
        "import uuid\nuuid.uuid4()",
        "import os\nos.urandom(1)",
    ],
)
def test_what_cannot_come_out_alike_is_not_kept(workshop, source: str) -> None:
    """The clock and unseeded randomness; and the card says so."""
    judged = workshop.cell(source, cached=True)
    (note,) = judged.verdicts[0]["details"]["notes"]
    assert note.startswith("Not reproducible: the cell read ")
    assert runs(workshop)


def test_timing_magics_are_not_kept(workshop) -> None:
    """What `%timeit` prints is another number each time."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%time x = 1 + 1")])
    workshop.write("page.ipynb", nbformat.writes(notebook).encode())
    assert runs(workshop, "page.ipynb")
    assert runs(workshop, "page.ipynb")


@pytest.mark.parametrize("draw", ["random.random()", "np.random.rand()"])
def test_global_generators_start_alike_on_every_page(workshop, draw: str) -> None:
    """Without a seed they give the same numbers at every build, and other numbers in every cell."""
    workshop.write("page.md", 2 * PAGE.format(f"import random, numpy as np\n{draw}"))

    def said() -> list[str]:
        judged = workshop.run("page.md")["page.md"]
        assert not any(v["details"].get("notes") for v in judged.verdicts)
        return [printed(result.outcome) for result in judged.results]

    one, other = said()
    assert one != other
    assert said() == [one, other]


@pytest.mark.parametrize(
    "source",
    [
        "import random\nrandom.seed(1)\nrandom.random()",
        "import random\nrandom.Random(1).random()",
        "import random\nrandom.random()",
        "import numpy as np\nnp.random.seed(1)\nnp.random.rand()",
        "import numpy as np\nnp.random.default_rng(1).normal()",
        "import numpy as np\nrng = np.random.default_rng(seed=1)\nrng.normal()",
        "import datetime\nd = datetime.datetime(2017, 1, 11)\nisinstance(d, datetime.datetime), d",
        "import time\ntime.gmtime(0)",
        "class Clock:\n    def time(self): return 7\ntime = Clock()\ntime.time()",
        "import tempfile\ntempfile.mkdtemp() and None",
    ],
)
def test_what_comes_out_alike_is_kept(workshop, source: str) -> None:
    """Seeds, given dates, and what a library does for its own ends."""
    judged = workshop.cell(source, cached=True)
    assert "notes" not in judged.verdicts[0]["details"]
    assert not runs(workshop)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(1)",
        "import subprocess\nsubprocess.run(['true'])",
        "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))",
    ],
)
def test_what_cannot_be_compared_is_not_kept(workshop, source: str) -> None:
    """Crashes; what a program or the network told."""
    workshop.cell(source, cached=True)
    assert runs(workshop)


def test_a_cell_that_raises_is_kept_on_its_line(workshop) -> None:
    """Its traceback names lines: it is used again, unless the cell has moved."""
    workshop.write("page.md", PAGE.format("1 / 0"))
    assert runs(workshop)
    assert not runs(workshop)
    workshop.write("page.md", "moved\n\n" + PAGE.format("1 / 0"))
    assert runs(workshop)
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert "line 4, in" in judged.results[0].outcome["error"]["traceback"]


def test_a_file_that_changed_during_the_run_is_not_trusted(workshop) -> None:
    """Nobody knows whether it was read before or after."""
    workshop.write("value.txt", "1")
    workshop.write("page.md", PAGE.format("open('value.txt').read()"))
    future = time.time() + 60
    os.utime(workshop.root / "value.txt", (future, future))
    workshop.run("page.md", cached=True)
    workshop.run("page.md", cached=True)
    assert workshop.cache.misses == 1


def entries(workshop) -> list[Path]:
    return sorted((workshop.root / ".cache").glob("??/*.json"))


def spoil_outcome(data: dict) -> None:
    data["body"]["outcome"]["cells"][0]["outputs"][0]["text"] = "wrong"


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:-20]), id="torn"),
        pytest.param(lambda file: file.write_bytes(b"\xff\xfe"), id="not text"),
        pytest.param(lambda file: file.write_bytes(b"[" * 100_000), id="deep"),
        pytest.param(lambda file: file.write_text('{"digest": 1}'), id="another form"),
    ],
)
def test_a_wrong_entry_is_computed_again(workshop, spoil) -> None:
    """It is neither trusted nor fatal."""
    workshop.write("page.md", PAGE.format("1 + 1"))
    assert runs(workshop)
    (entry,) = entries(workshop)
    before = entry.read_bytes()
    spoil(entry)
    assert entry.read_bytes() != before
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert printed(judged.results[0].outcome) == "2\n"
    assert not runs(workshop)


def test_an_edited_entry_is_not_trusted(workshop) -> None:
    """Its digest tells, even if it is a good entry otherwise."""
    workshop.write("page.md", PAGE.format("1 + 1"))
    assert runs(workshop)
    (entry,) = entries(workshop)
    data = json.loads(entry.read_text())
    spoil_outcome(data)
    entry.write_text(json.dumps(data))
    assert runs(workshop)


def test_an_entry_that_was_forged_is_not_trusted(workshop) -> None:
    """Its digest is right, but made without the key of this user."""
    workshop.write("page.md", PAGE.format("1 + 1"))
    assert runs(workshop)
    (entry,) = (workshop.root / ".cache").glob("??/*.json")
    _, _, rest = entry.read_bytes().partition(b', "body": ')
    forged = rest.replace(b'"2\\n"', b'"3\\n"')
    assert forged != rest
    head = json.dumps({"digest": digest(forged), "page": "page.md"}).encode()
    entry.write_bytes(head[:-1] + b', "body": ' + forged)
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert printed(judged.results[0].outcome) == "2\n"
    assert workshop.cache.misses == 1


def test_a_key_can_be_shared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Machines with the same key in their environment trust the same entries; others do not."""
    monkeypatch.setattr(cache_module, "_secret", cache_module._secret.__wrapped__)
    monkeypatch.delenv("HANDOUT_CACHE_KEY")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "one"))
    own = signature(b"x")
    assert signature(b"x") == own
    assert (tmp_path / "one/handout/cache.key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "two"))
    assert signature(b"x") != own
    monkeypatch.setenv("HANDOUT_CACHE_KEY", "shared")
    shared = signature(b"x")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "one"))
    assert signature(b"x") == shared != own
    monkeypatch.delenv("HANDOUT_CACHE_KEY")
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/nowhere")
    assert signature(b"x") != signature(b"x")  # no place for a key: nothing is trusted


def test_entries_follow_no_link(workshop, tmp_path: Path) -> None:
    """Neither a link in the place of a group of entries, nor one in that of an entry."""
    workshop.write("page.md", PAGE.format("1 + 1"))
    assert runs(workshop)
    (entry,) = (workshop.root / ".cache").glob("??/*.json")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    entry.unlink()
    entry.symlink_to(victim)
    assert runs(workshop)
    assert victim.read_text() == "precious"
    assert not entry.is_symlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    entry.unlink()
    entry.parent.rmdir()
    entry.parent.symlink_to(elsewhere)
    assert runs(workshop)
    assert list(elsewhere.iterdir()) == []
    assert len(workshop.warnings) == 1


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("x = bytearray(700 << 20)", {"memory": 512}),
        ("try:\n    x = bytearray(700 << 20)\nexcept MemoryError: print('small')", {"memory": 512}),
        ("f = [open('page.md') for _ in range(50)]", {"files": 32}),
        (
            "import subprocess\nsubprocess.run(['true']); subprocess.run(['true']);",
            {"processes": 1},
        ),
    ],
    ids=["memory", "caught", "files", "processes"],
)
def test_a_higher_limit_is_tried(workshop, source: str, limit: dict[str, int]) -> None:
    """What failed by a limit runs again as soon as the limit is another one."""
    before = workshop.settings
    workshop.settings = before._replace(**limit)
    workshop.write("page.md", PAGE.format(source))
    assert runs(workshop)
    workshop.settings = before
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert judged.verdicts[0]["ok"], judged.verdicts[0]["message"]
    assert printed(judged.results[0].outcome) == ""


def test_a_failure_by_a_limit_is_not_kept(workshop) -> None:
    """Another machine, or the same one at another time, may have what was missing."""
    workshop.settings = workshop.settings._replace(memory=512)
    workshop.write("page.md", PAGE.format("x = bytearray(700 << 20)"))
    assert runs(workshop)
    assert runs(workshop)


def test_a_helper_that_is_edited_twice_in_a_second_is_run_as_it_is(workshop) -> None:
    """Python would take its compiled form, of the same size and second, for current."""
    workshop.write("page.md", PAGE.format("import helper\nhelper.value"))
    for value in ("1", "2", "3"):
        helper = workshop.write("helper.py", f"value = {value}\n")
        os.utime(helper, (1_700_000_000, 1_700_000_000))
        py_compile.compile(str(helper))
        os.utime(cache_from_source(str(helper)), (1_700_000_000, 1_700_000_000))
        workshop.write("helper.py", f"value = {int(value) * 7}\n")
        if len(value) == len(str(int(value) * 7)):
            os.utime(helper, (1_700_000_000, 1_700_000_000))
        judged = workshop.run("page.md", cached=True)["page.md"]
        assert printed(judged.results[0].outcome) == f"{int(value) * 7}\n"


def test_what_a_page_wrote_must_still_be_there(workshop) -> None:
    """A figure that the page's text includes is part of its outcome."""
    workshop.write("page.md", PAGE.format("open('fig.svg', 'w').write('<svg/>');"))
    figure = workshop.root / "fig.svg"
    assert runs(workshop)
    assert not runs(workshop)
    figure.unlink()
    assert runs(workshop)
    assert figure.read_text() == "<svg/>"
    figure.write_text("edited")
    assert runs(workshop)
    assert figure.read_text() == "<svg/>"
    assert not runs(workshop)


def test_a_file_that_was_renamed_into_place_counts_as_written(workshop) -> None:
    """As libraries write that never leave half a file."""
    source = "import os\nopen('t.tmp', 'w').write('1')\nos.replace('t.tmp', 'fig.svg')"
    workshop.write("page.md", PAGE.format(source))
    assert runs(workshop)
    (workshop.root / "fig.svg").unlink()
    assert runs(workshop)


def test_a_module_that_an_import_compiles_is_not_written(workshop) -> None:
    """The file that appears is the compiled one, which stands for its source where it is read."""
    workshop.write("charts.py", "n = 3\n")
    workshop.write(
        "page.md", PAGE.format("import sys; sys.dont_write_bytecode = False; import charts;")
    )
    reads = workshop.run("page.md")["page.md"].reads
    assert list(workshop.root.glob("__pycache__/charts.*.pyc"))
    assert str(workshop.root / "charts.py") in reads["files"]
    assert reads["written"] == {}


def test_a_page_that_writes_does_not_build_for_ever(workshop) -> None:
    """While a site is served, one whose outcome is not kept runs once in a while."""
    workshop.write("page.md", PAGE.format("import time\nopen('t', 'w').write(str(time.time()));"))
    project = Project(workshop.root, workshop.settings)

    def misses(patience: float) -> int:
        cache = Cache(workshop.root / ".cache", workshop.root, workshop.warnings.append, patience)
        engine = Engine(project, cache)
        engine.start([open_page(workshop.root / "page.md", "page.md")])
        engine.judged("page.md")
        engine.close()
        return cache.misses

    assert [misses(60), misses(60), misses(0), misses(60)] == [1, 0, 1, 1]


def test_files_can_be_declared(workshop) -> None:
    """For what reads files unseen; a change, a new file and a missing one count."""
    workshop.settings = workshop.settings._replace(reads=["data/**"])
    workshop.write("data/deep/.hidden", "1")
    workshop.write("page.md", PAGE.format("1"))
    assert runs(workshop)
    assert not runs(workshop)
    for change in (
        lambda: workshop.write("data/deep/.hidden", "2"),
        lambda: workshop.write("data/new", ""),
        lambda: (workshop.root / "data/deep/.hidden").unlink(),
    ):
        change()
        assert runs(workshop)
        assert not runs(workshop)
    workshop.write("elsewhere", "1")
    assert not runs(workshop)


def test_an_outcome_that_names_its_folder_does_not_move(workshop, monkeypatch) -> None:
    """A page that prints where it is runs again in another place."""
    workshop.write("page.md", PAGE.format("print(__file__)"))
    assert runs(workshop)
    assert not runs(workshop)
    moved = workshop.root.with_name("moved")
    workshop.root.rename(moved)
    workshop.root = moved
    monkeypatch.chdir(moved)
    judged = workshop.run("page.md", cached=True)["page.md"]
    assert printed(judged.results[0].outcome) == f"{moved}/page.md\n"


def test_builds_at_once_share_a_cache(workshop) -> None:
    """Every entry is whole, whoever wrote it last."""
    job = {"page": "p", "folder": "/", "root": "/", "cells": [], "limits": {"output": 1}}

    def write(text: str) -> None:
        cache = Cache(workshop.root / ".cache", workshop.root, workshop.warnings.append)
        for _ in range(50):
            reads = {"files": [], "folders": {}, "modules": [], "reasons": [], "written": {}}
            cache.put(
                job, PageOutcome(({"outputs": [{"text": text * 1000}]},), None, reads), time.time()
            )
            found = cache.get(job)
            assert found is not None
            assert set(printed(found.cells[0])) <= set("ab")

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert workshop.warnings == []
    assert not list((workshop.root / ".cache").rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_told_once(workshop) -> None:
    """The build goes on without a cache; pages that end at once do not say it twice."""
    (workshop.root / ".cache").write_text("a file where the folder should be")
    names = [f"{n}.md" for n in range(8)]
    for name in names:
        workshop.write(name, PAGE.format("1"))
    judged = workshop.run(*names, cached=True)
    assert all(page.verdicts[0]["ok"] for page in judged.values())
    assert len(workshop.warnings) == 1
    assert "cannot be written" in workshop.warnings[0]


def test_a_full_disk_is_told_once(workshop, monkeypatch) -> None:
    """And leaves no torn entry behind."""

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("handout.run.cache.os.replace", full)
    workshop.write("a.md", PAGE.format("1"))
    workshop.write("b.md", PAGE.format("2"))
    with ThreadPoolExecutor(1) as executor:  # what comes from an executor is written here
        workshop.run("a.md", "b.md", cached=True, executor=executor)
    assert len(workshop.warnings) == 1
    assert "No space left on device" in workshop.warnings[0]
    assert entries(workshop) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="pages have supervisors where there is fork")
def test_an_entry_is_written_beside_the_build(workshop, monkeypatch) -> None:
    """By the supervisor, so that the thread that renders pages need not wait for the disk."""
    monkeypatch.setattr("handout.run.cache.write", None)
    workshop.write("a.md", PAGE.format("1"))
    workshop.run("a.md", cached=True)
    assert len(entries(workshop)) == 1
    workshop.run("a.md", cached=True)
    assert workshop.cache.hits == 1


def test_the_cache_can_be_looked_at_and_cleared(workshop) -> None:
    """Entries, bytes and the hits of the last build; what is not an entry stays."""
    workshop.write("page.md", PAGE.format("1"))
    workshop.run("page.md", cached=True)
    workshop.run("page.md", cached=True)
    workshop.cache.close()
    folder = workshop.root / ".cache"
    (folder / "notes.txt").write_text("mine")
    found = statistics(folder)
    assert (found.entries, found.hits, found.misses) == (1, 1, 0)
    assert found.size > 100
    assert clear(folder) == 1
    assert statistics(folder).entries == 0
    assert (folder / "notes.txt").exists()


def test_entries_that_no_build_uses_are_dropped_in_time(workshop) -> None:
    """One that was used lately stays."""
    workshop.write("page.md", PAGE.format("1"))
    workshop.run("page.md", cached=True)
    (entry,) = entries(workshop)
    os.utime(entry, (0, 0))
    workshop.run("page.md", cached=True)  # which uses it
    evict(workshop.root / ".cache")
    assert entry.exists()
    os.utime(entry, (0, 0))
    evict(workshop.root / ".cache")
    assert not entry.exists()


def test_a_project_can_be_moved(workshop, monkeypatch) -> None:
    """Paths in it are kept relative to it."""
    workshop.write("value.txt", "1")
    workshop.write("page.md", PAGE.format("open('value.txt').read()"))
    assert runs(workshop)
    moved = workshop.root.with_name("moved")
    workshop.root.rename(moved)
    workshop.root = moved
    monkeypatch.chdir(moved)
    assert not runs(workshop)


def test_an_environment_inside_the_project_is_not_the_authors(monkeypatch) -> None:
    """Versions of distributions stand for it, whatever its folder is called."""
    monkeypatch.setattr("sys.prefix", "/project/env")
    reads = ReadLog("/project", ("/project/.cache",))
    for path, counts in {
        "/project": True, "/project/x.py": True, "/elsewhere/x.py": True, "/usr/lib/x.py": False,
        "/project/env/lib/x.py": False, "/project/.cache/x": False, "/home/me/.config/x": False,
    }.items():  # fmt: skip
        assert reads.of_project(path) is counts, path


EXAMPLE = {  # docs/guide/caching.md: what is changed, and the pages that run
    "none": ("docs/intro.md", "", "", []),
    "prose": ("docs/intro.md", "Prose.", "Other prose.\n\nAnd more.", []),
    "code": ("docs/intro.md", "2 + 2", "2 + 3", ["intro"]),
    "expectation": ("docs/intro.md", '"on"', '"on" expect="raises ValueError"', []),
    "module": ("docs/shapes.py", "3", "4", ["curve"]),
    "new name": ("docs/shapes2.py", "", "x = 1", ["curve"]),
    "data": ("docs/values.txt", "1", "2", ["table"]),
    "touched": ("docs/values.txt", "1", "1", []),
}


@pytest.mark.parametrize("change", [*EXAMPLE, "numpy", "click"])
def test_the_example_of_the_guide(workshop, monkeypatch, change: str) -> None:
    """The table of the guide, line by line."""
    cells = {
        "intro": "print(2 + 2)",
        "curve": "import click\nfrom shapes import area",
        "table": "print(open('values.txt').read())",
    }
    names = [f"docs/{name}.md" for name in cells]
    for name, cell in cells.items():
        workshop.write(f"docs/{name}.md", "Prose.\n\n" + PAGE.format(cell))
    workshop.write("docs/shapes.py", "def area(r): return 3 * r * r\n")
    workshop.write("docs/values.txt", "1\n")
    old(workshop.root)
    workshop.run(*names, cached=True)
    if change in EXAMPLE:
        file, before, after, again = EXAMPLE[change]
        path = workshop.root / file
        text = path.read_text() if path.exists() else ""
        assert before in text
        path.write_text(text.replace(before, after) if before else text + after)
    else:
        real = importlib.metadata.version
        for module in ("cache", "installed"):
            monkeypatch.setattr(
                f"handout.run.{module}.version",
                lambda name: "9.9" if name == change else real(name),
            )
        again = list(cells) if change == "numpy" else ["curve"]
    old(workshop.root)
    workshop.run(*names, cached=True)
    assert workshop.cache.misses == len(again)
    assert workshop.cache.hits == len(cells) - len(again)
