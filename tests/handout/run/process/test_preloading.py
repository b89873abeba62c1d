"""What is imported once for many pages is what each of them would import."""

import os
import subprocess
import sys
import time

import pytest

TRY = """
import json, os, sys, time
from pathlib import Path

from handout.run.process.file_access import ReadLog
from handout.run.process.import_hooks import on_import
from handout.run.process.preloading import prepare, put_away

installed, project = Path("installed").absolute(), Path("project").absolute()
own, begun = project / "own", time.time()
sys.path[:1] = ["where the build began", str(installed)]


def write(file, text, age=10):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (begun - age,) * 2)


def page(source, folder=project, kind="python"):
    '''What one page gets, reads and hears of, in a process of its own.'''
    prepare({"cells": [{"kind": kind, "source": source}]})
    end, begin = os.pipe()
    if os.fork() == 0:
        os.chdir(folder)
        sys.path[0] = str(folder)
        put_away()
        assert not {"edf", "edf.equations", "matplotlib"} & set(sys.modules)
        reads, heard, names = ReadLog(str(project), ()), [], {}
        on_import({"edf.equations": lambda: heard.append("edf")})
        reads.start()
        try:
            exec(source, names)
        except SyntaxError:
            names["given"] = "refused"
        told = names.get("given"), reads.report(), heard
        os.write(begin, json.dumps(told).encode())
        os._exit(0)
    os.close(begin)
    os.wait()
    return json.loads(os.read(end, 1 << 16))


def given(*args):
    return page(*args)[0]


value = "import edf; given = edf.value"
package, ours = installed / "edf/__init__.py", installed / "edf/equations.py"
write(package, "value = 1")
write(ours, "import sys; runs = sys.runs = getattr(sys, 'runs', 0) + 1")
own.mkdir(parents=True)

# what a page imports, and no more, is what it reads
said = "import edf.equations as e; given = e.runs, e.__name__, e.__spec__.origin, e.__spec__.name"
first, reads, heard = page(said)
assert first == [1, "edf.equations", str(ours), "edf.equations"], first
assert {str(package), str(ours)} <= set(reads["files"])
assert str(package.parent) in reads["folders"]
assert heard == ["edf"]
assert given(said)[0] == 1  # loaded once for both pages
_, reads, heard = page("", kind="math")
assert reads["files"] == heard == []

# what it has not imported is not there, though another page has
told, reads, heard = page("import edf; given = edf.value, hasattr(edf, 'equations')")
assert told == [1, False], told
assert str(ours) not in reads["files"]
assert heard == []
assert given("import edf; before = edf; import edf.equations; given = before.equations.runs") == 1

# an edit shows, also the second one within a tick of the clock, and one that cannot be loaded
for written, age in (("2", 8), ("3", -60), ("4", -60), ("", 6), ("5", 4)):
    write(package, "value = " + written, age)
    assert given(value) == (int(written) if written else "refused"), written

# a module beside the page comes first
write(own / "edf.py", "value = 'own'")
assert given(value, own) == "own"
assert given(value) == 5

# matplotlib reads settings in the page's folder
value = "import matplotlib; given = matplotlib.value"
write(installed / "matplotlib/__init__.py", "import os; value = os.path.exists('matplotlibrc')")
write(installed / "matplotlib/pyplot.py", "")
write(installed / "matplotlib/backends/backend_svg.py", "")
write(own / "matplotlibrc", "")
assert given(value) is False
assert given(value, own) is True
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="pages are not forked there")
def test_a_page_gets_what_it_would_import(tmp_path):
    """Also after an edit, where its folder has a module of that name, and with settings there."""
    (tmp_path / "try.py").write_text(TRY)
    ran = subprocess.run([sys.executable, "try.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


LIBRARY = """
import os
with open(os.environ["LOADED"], "a") as file:
    file.write("loaded\\n")
"""
PAGE = """
```python exec="on"
import os, time
import edf
open("{own}", "w").close()
while not os.path.exists("{other}"):
    time.sleep(0.01)
```
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="pages are not forked there")
def test_it_is_loaded_once_for_pages_that_run_at_once(tmp_path):
    """Whichever supervisors run them."""
    package, loaded = tmp_path / "installed/edf", tmp_path / "loaded"
    package.mkdir(parents=True)
    for name, text in (("__init__", LIBRARY), ("equations", "")):
        file = package / f"{name}.py"
        file.write_text(text)
        os.utime(file, (time.time() - 10,) * 2)  # one that was just edited is loaded again
    for own, other in ("ab", "ba"):
        (tmp_path / f"{own}.md").write_text(PAGE.format(own=own, other=other))
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "handout",
            "check",
            "a.md",
            "b.md",
            "--jobs",
            "2",
            "--timeout",
            "30",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(package.parent), "LOADED": str(loaded)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert loaded.read_text() == "loaded\n"
