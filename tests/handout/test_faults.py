"""Nothing that a cell does takes the build down, or outlives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html import unescape

import pytest

from handout.engine import Engine, open_page
from handout.report.problems import problems
from handout.report.verdicts_json import verdicts_json
from handout.run.outcomes import printed
from handout.settings import Project, read_settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

GOOD = '```python exec="on"\nprint("fine")\n```\n'

ENDLESS = "while True: pass"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass"
WRITER = "import os\nwhile True: os.write(1, b'x' * 65536)"
SLEEPER = "import subprocess\nsubprocess.run(['sleep', '1000'])"
BOMB = "import os\nwhile True: os.fork()"
THREADS = """
import threading, time
for _ in range(10_000): threading.Thread(target=time.sleep, args=(100,)).start()
"""

# Python 3.11 tells no audit hook of threads, so that want of address space ends them. For a few
# sizes in a thousand a thread then dies before it reports its start, for which `start` waits.
UNCOUNTED = "it took longer than its time limit" if sys.version_info < (3, 12) else "thread"

# What a cell does, and what its verdict's message says.
FAULTS = {
    "endless loop": (ENDLESS, "it took longer than its time limit"),
    "endless loop that ignores SIGTERM": (DEAF, "it took longer than its time limit"),
    "endless output": (WRITER, "it took longer than its time limit"),
    "endless child": (SLEEPER, "it took longer than its time limit"),
    "endless recursion": ("def f(): f()\nf()", "RecursionError"),
    "sys.exit": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "quit by signal": ("import os\nos.kill(os.getpid(), 15)", "crashed: Terminated (SIGTERM)"),
    "os._exit": ("import os\nos._exit(0)", "its process ended with exit status 0"),
    "os.abort": ("import os\nos.abort()", "crashed: Aborted (SIGABRT)"),
    "segmentation fault": ("import ctypes\nctypes.string_at(0)", "(SIGSEGV)"),
    "32 GB": ("x = bytearray(32 << 30)", "MemoryError"),
    "32 GB in an array": ("import numpy as np\nx = np.ones(4 << 30)", "Unable to allocate"),
    "10,000 threads": (THREADS, "thread"),
    "fork bomb": (BOMB, "more than 64 processes started by one page"),
    "no files left": (
        "import os\nkept = [os.open('/dev/null', 0) for _ in range(10_000)]",
        "Too many open files",
    ),
    "kill of the whole group": ("import os\nos.killpg(0, 9)", "killed (SIGKILL)"),
    "kill of its supervisor": (
        "import os, time\nos.killpg(os.getpgid(os.getppid()), 9)\ntime.sleep(100)",
        "its process was lost",
    ),
    "closed descriptors": ("import os\nos.closerange(3, 256)", "its process"),
    "exception that cannot be told": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "E: <exception str() failed>",
    ),
    "syntax error": ("x = = 1", "SyntaxError: invalid syntax"),
    "null byte": ("x = '\0'", "null bytes"),
    "deep nesting": ("(" * 300 + ")" * 300, "too many nested parentheses"),
    "processor time": ("import os\n" + ENDLESS, "processor time (SIGXCPU)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_and_contained(workshop, name: str) -> None:
    """The page says what happened and on which line; other pages are built; nothing is left."""
    source, message = FAULTS[name]
    timeout = 1.5 if "time limit" in message else 30
    cpu = 1 if "processor" in name else 60
    workshop.settings = workshop.settings._replace(timeout=timeout, cpu=cpu, memory=2048)
    lines = source.strip().count("\n") + 1
    workshop.write("bad.md", f'# Bad\n\n```python exec="on"\n{source.strip()}\n```\n\n{GOOD}')
    workshop.write("good.md", GOOD)
    judged = workshop.run("bad.md", "good.md")

    verdict, after = judged["bad.md"].verdicts
    assert (verdict["status"], verdict["ok"], verdict["line"]) == ("error", False, 3)
    assert message in verdict["message"] or (source is THREADS and UNCOUNTED in verdict["message"])
    (problem, *_) = problems(judged["bad.md"])
    assert (problem.path, problem.line in range(3, 4 + lines)) == ("bad.md", True)
    raised = judged["bad.md"].results[0].outcome.get("error") is not None
    assert after["ok"] if raised else "not run: an earlier cell ended" in after["message"]
    assert [v["ok"] for v in judged["good.md"].verdicts] == [True]
    assert workshop.left() == []


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            "import os\nif os.fork() == 0:\n    import time\n    time.sleep(1000)", id="child"
        ),
        pytest.param(
            """
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(1000)
                os._exit(0)
            """,
            id="daemon",
        ),
        pytest.param("import subprocess\nsubprocess.Popen(['sleep', '1000'])", id="program"),
        pytest.param(
            "import subprocess\nsubprocess.Popen(['setsid', 'sleep', '1000'])", id="own session"
        ),
        pytest.param(
            "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()",
            id="thread",
        ),
    ],
)
def test_what_a_cell_leaves_behind_ends_with_its_page(workshop, source: str) -> None:
    """A child, a daemon in a session of its own, a program, a thread."""
    judged = workshop.cell(source)
    assert [v["ok"] for v in judged.verdicts] == [True]
    assert workshop.left() == []


def outcome(judged, number: int = 0):
    return judged.results[number].outcome


def test_two_gigabytes_of_output_are_cut_off(workshop) -> None:
    """What is kept is the limit, and the outcome says that there was more."""
    workshop.settings = workshop.settings._replace(output=16)
    judged = workshop.cell("import os\nfor _ in range(2 << 14): os.write(1, b'x' * 65536)")
    assert judged.verdicts[0]["ok"]
    assert printed(outcome(judged)) == "x" * (16 << 10)
    assert outcome(judged)["truncated"]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ("import sys\nsys.stdout.close()", ""),
        ("import sys\nsys.stdout = None\nsys.stderr = 3", ""),
        ("import os\nos.close(1); os.close(2)", ""),
        ("import os\n_ = os.write(1, bytes(range(128, 132)))", r"\x80\x81\x82\x83"),
        ("print('\\ud800')", "\\ud800\n"),
        ("print = len = str = None", ""),
        ("import builtins\nbuiltins.print = None", ""),
        ("import os\nos.environ.clear()\nos.chdir('/')", ""),
        ("import sys\nsys.path.clear()\nsys.modules.clear()", ""),
        ("import shutil\nshutil.rmtree('.', ignore_errors=True)", ""),
    ],
)
def test_a_spoilt_process_still_tells_its_outcome(workshop, spoil: str, expected: str) -> None:
    """Streams closed, replaced or fed bytes; builtins, environment, paths, modules taken away."""
    workshop.write(
        "page.md", f'```python exec="on"\n{spoil}\n```\n\n```python exec="on"\n1 + 1\n```\n'
    )
    judged = workshop.run("page.md")["page.md"]
    assert [v["ok"] for v in judged.verdicts] == [True, True]
    assert [printed(result.outcome) for result in judged.results] == [expected, "2\n"]


def test_a_page_cannot_change_another(workshop) -> None:
    """Directory, environment, `sys.path`, random state and modules are those of a fresh process."""
    workshop.settings = workshop.settings._replace(jobs=1)
    look = (
        "import os, sys, random\n"
        "print(os.getcwd(), os.environ.get('SPOILT'), 'x' in sys.path, hasattr(os, 'spoilt'))"
    )
    spoil = "os.chdir('/'); os.environ['SPOILT'] = '1'; sys.path.append('x'); os.spoilt = 1"
    for name in ("a/page.md", "b/page.md"):
        workshop.write(name, f'```python exec="on"\n{look}\n{spoil}\n```\n')
    judged = workshop.run("a/page.md", "b/page.md")
    for name in ("a", "b"):
        said = printed(outcome(judged[f"{name}/page.md"]))
        assert said == f"{workshop.root / name} None False False\n"


@pytest.mark.parametrize(
    "limits",
    [
        {"timeout": float("inf")},
        {"timeout": 1e300, "cpu": 10**30, "memory": 10**30, "files": 10**30, "output": 10**30},
        {"memory": 128, "files": 16, "processes": 1, "output": 1, "cpu": 1},
    ],
)
def test_every_limit_that_may_be_set_can_be_kept(workshop, limits: dict[str, float]) -> None:
    """The least and the most that the configuration takes let a small page run."""
    read_settings(limits)
    workshop.cell("import edf\nimport matplotlib.pyplot")  # does not count for the next page
    workshop.settings = workshop.settings._replace(**limits)
    source = "import numpy as np\nopen('x', 'w').write(str(np.ones(3).sum()))\nopen('x').read()"
    assert printed(outcome(workshop.cell(source))) == "'3.0'\n"


def test_standard_input_is_closed(workshop) -> None:
    """A cell that asks waits for nobody."""
    judged = workshop.cell("input('name? ')")
    assert "EOFError" in judged.verdicts[0]["message"]


def test_a_cell_that_deletes_the_cache_hurts_nobody(workshop) -> None:
    """The outcome is kept, or computed again."""
    workshop.cell("import shutil\nshutil.rmtree('.cache', ignore_errors=True)", cached=True)
    judged = workshop.cell(
        "import shutil\nshutil.rmtree('.cache', ignore_errors=True)", cached=True
    )
    assert judged.verdicts[0]["ok"]
    assert workshop.warnings == []


def test_each_cell_has_its_own_output(workshop) -> None:
    """Output of Python, C and child processes belongs to the cell that caused it, in order."""
    noisy = (
        "import os, subprocess\nprint(1)\nos.write(2, b'2\\n')\nsubprocess.run(['echo', '3'])\n4"
    )
    workshop.write("page.md", "".join(f'```python exec="on"\n{noisy}\n```\n\n' for _ in range(3)))
    judged = workshop.run("page.md")["page.md"]
    assert [printed(result.outcome) for result in judged.results] == ["1\n2\n3\n4\n"] * 3


def test_a_traceback_points_into_the_page(workshop) -> None:
    """File and line are the author's; no line of ours is in it."""
    workshop.write("page.md", 'text\n\n```python exec="on"\n\ndef f():\n    1 / 0\nf()\n```\n')
    judged = workshop.run("page.md")["page.md"]
    told = outcome(judged)["error"]["traceback"]
    assert 'File "page.md", line 7, in <module>\n    f()\n' in told
    assert 'File "page.md", line 6, in f\n    1 / 0\n' in told
    assert "worker" not in told
    assert str(problems(judged)[0]).startswith("page.md:7: cell-1: error, verified was expected")


def test_a_traceback_tells_no_folder_of_this_machine(workshop) -> None:
    """It stands on a public page, where a module of the project is named as in the project."""
    workshop.write("src/helper.py", "def fail():\n    1 / 0\n")
    lines = "import sys\nsys.path.insert(0, 'src')\nimport helper\nhelper.fail()"
    workshop.write("page.md", f'```python exec="on"\n{lines}\n```\n')
    told = outcome(workshop.run("page.md")["page.md"])["error"]["traceback"]
    assert str(workshop.root) not in told
    assert 'File "src/helper.py", line 2, in fail' in told


def test_a_page_of_ten_megabytes_runs(workshop) -> None:
    """Size alone is no fault."""
    workshop.write("page.md", ("word " * 20 + "\n") * 100_000 + "\n" + GOOD + "x" * (1 << 20))
    judged = workshop.run("page.md")["page.md"]
    assert printed(outcome(judged)) == "fine\n"
    assert judged.verdicts[0]["line"] == 100_002


def test_nan_and_infinity_are_words_in_reports(workshop) -> None:
    """JSON has no such numbers; a reader of `verdicts.json` need not cope with any."""
    workshop.write(
        "page.md",
        """\
        ```python exec="on"
        import numpy as np
        from edf import Input, Node, check_gradients

        class Broken(Node):
            def forward(self, x): return x * x
            def backward(self, grad, x): return np.where(x > 0, np.nan, np.inf)

        check_gradients(Broken(Input(shape=(4,))), id="broken", expect="refuted")
        ```
        """,
    )
    judged = workshop.run("page.md")["page.md"]
    code, verdict = judged.verdicts
    assert (code["ok"], verdict["status"]) == (True, "refuted")

    def told() -> dict[str, object]:
        text = verdicts_json([judged], workshop.settings)
        return json.loads(text, parse_constant=pytest.fail)["verdicts"][1]

    written = told()
    assert written["counterexample"]["left"] in ("nan", "inf")
    verdict |= {"max_rel_error": float("-inf"), "counterexample": [{"left": float("nan")}]}
    written = told()
    assert (written["max_rel_error"], written["counterexample"]) == ("-inf", [{"left": "nan"}])


@pytest.mark.slow
def test_a_site_full_of_faults_is_built(workshop) -> None:
    """Status 1, a page and a message for each fault, all other pages, and no process is left."""
    workshop.write(
        "mkdocs.yml",
        "site_name: A\nplugins: [{handout: {cpu: 2, memory: 2048}}]\n"
        "theme: {name: mkdocs}\nmarkdown_extensions: [pymdownx.superfences]\n",
    )
    names = {fault: fault.replace(" ", "-").replace(",", "") for fault in FAULTS}
    for fault, name in names.items():
        source, message = FAULTS[fault]
        timeout = "1" if "time limit" in message else "120"  # a busy machine takes its time
        header = f'```python exec="on" timeout="{timeout}"'
        workshop.write(f"docs/{name}.md", f"# A\n\n{header}\n{source.strip()}\n```\n")
    workshop.write("docs/index.md", GOOD)
    done = subprocess.run(
        [sys.executable, "-c", "from handout.cli import main; main()", "build"],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1
    told = done.stderr.splitlines()
    for fault, name in names.items():
        message = FAULTS[fault][1]
        lines = [line for line in told if line.startswith(f"docs/{name}.md:")]
        assert any(message in line for line in lines), (fault, lines)
        page = (workshop.root / "site" / name / "index.html").read_text()
        assert message.split("(")[0] in unescape(page)
    assert "fine" in (workshop.root / "site/index.html").read_text()
    assert workshop.left() == []


def test_nan_and_infinity_are_printed(workshop) -> None:
    """They are numbers like any other in output."""
    assert printed(outcome(workshop.cell("float('nan'), float('inf')"))) == "(nan, inf)\n"


def test_a_cell_is_told_while_the_next_one_runs(workshop) -> None:
    """The second cell waits for a file that is made when the build hears of the first."""
    workshop.write(
        "page.md",
        """
        ```python exec="on"
        1
        ```

        ```python exec="on" timeout="20"
        import os, time
        while not os.path.exists("heard"):
            time.sleep(0.01)
        ```
        """,
    )

    def heard(page, cells: int) -> None:
        (workshop.root / "heard").touch()

    engine = Engine(Project(workshop.root, workshop.settings), progress=heard)
    engine.start([open_page(workshop.root / "page.md", "page.md")])
    assert [v["status"] for v in engine.judged("page.md").verdicts] == ["verified", "verified"]
    engine.close()
