"""Pages on executors: threads, processes, and a Dask cluster that loses a worker."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.handout.processes import wait_for

from handout.cli import main
from handout.engine import Engine
from handout.page.pages import read_page
from handout.report.verdicts_json import verdicts_json
from handout.run import shipping
from handout.run.cache import Cache
from handout.run.installed import version
from handout.run.shipping import ShippingError, files, inside, pack, run_moved, unpack
from handout.settings import Project, Settings

PAGES = {
    "gradient.md": """\
        from edf import Input
        from edf.check import check_gradients
        x = Input(shape=(3,))
        check_gradients(x * x, id="square")
        """,
    "files.md": """\
        import os, helper
        assert open("data.txt").read() == "one\\n"
        assert helper.NUMBER == 3
        open(os.path.abspath("nothing"))
        """,
    "endless.md": """\
        while True: pass
        """,
    "exits.md": """\
        import os
        os._exit(3)
        """,
    "hungry.md": """\
        bytearray(1 << 34)
        """,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with pages that compute, read files and a module, and break limits; no cache."""
    root = tmp_path / "course"
    docs = root / "docs"
    docs.mkdir(parents=True)
    (root / "mkdocs.yml").write_text("plugins: [{handout: {timeout: 3, memory: 2048}}]\n")
    (docs / "data.txt").write_text("one\n")
    (docs / "helper.py").write_text("NUMBER = 3\n")
    for name, code in PAGES.items():
        timeout = ' timeout="0.5"' if name == "endless.md" else ""
        lines = "\n".join(line.strip() for line in code.splitlines())
        (docs / name).write_text(f'# A\n\n```python exec="on"{timeout}\n{lines}\n```\n')
    monkeypatch.chdir(root)
    return root


def run(root: Path, executor: Executor | None, cache: Cache | None = None) -> str:
    """The verdicts on the project's pages, as in `verdicts.json`."""
    engine = Engine(Project(root), cache, executor)
    engine.start(read_page(root / "docs" / name, name) for name in PAGES)
    try:
        return verdicts_json(list(engine.all_judged()), Settings())
    finally:
        engine.close()


@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same_bytes(project: Path, make: Callable[[int], Executor]):
    """Threads and processes of `concurrent.futures` run pages as this process does."""
    with make(1) as executor:
        assert run(project, executor) == run(project, None)


def test_what_an_executor_computed_is_cached(project: Path):
    """The second run needs no executor."""
    cache = Cache(project / ".cache", project, pytest.fail)
    page = read_page(project / "docs/gradient.md", "gradient.md")
    with ThreadPoolExecutor(1) as executor:
        engine = Engine(Project(project), cache, executor)
        engine.start([page])
        first = engine.judged(page.name).verdicts
    engine = Engine(Project(project), cache, _Broken())
    engine.start([page])
    assert engine.judged(page.name).verdicts == first
    assert cache.hits == 1


class _Broken(Executor):
    """Takes everything and does nothing."""

    def submit(self, *args: Any, **options: Any) -> Future[Any]:
        """Fail later."""
        future: Future[Any] = Future()
        future.set_exception(RuntimeError("the workers are gone"))
        return future


def test_an_executor_that_fails_is_an_error_of_each_page(project: Path):
    """No page counts as verified, none is waited for in vain, and the reason is said."""
    engine = Engine(Project(project), None, _Broken())
    engine.start([read_page(project / "docs/gradient.md", "gradient.md")])
    (verdict,) = engine.judged("gradient.md").verdicts
    assert verdict["status"] == "error"
    assert verdict["message"] == "the executor could not run it: the workers are gone"


# What is sent to another machine


def test_all_files_of_a_project_go_along_but_hidden_and_made_ones(project: Path):
    """Data and modules do; the cache, virtual environments and the built site do not."""
    for name in (".git/config", ".cache/handout/a.json", "site/index.html", "env/pyvenv.cfg",
                 "env/lib/x.py", "docs/__pycache__/helper.pyc", "docs/site/kept.txt"):  # fmt: skip
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    (project / "docs/again").symlink_to(project / "docs")
    expected = {"mkdocs.yml", "docs/data.txt", "docs/helper.py", "docs/site/kept.txt"}
    assert set(files(Project(project))) == expected | {f"docs/{name}" for name in PAGES}


def test_no_link_leads_out_of_the_project(project: Path, tmp_path: Path):
    """What it leads to, a file or a folder, was not meant to leave this machine."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("private")
    (project / "docs/etc").symlink_to(secret)
    (project / "docs/key.txt").symlink_to(secret / "key")
    (project / "docs/same.txt").symlink_to(project / "docs/data.txt")
    sent = set(files(Project(project)))
    assert "docs/same.txt" in sent
    assert not sent & {"docs/key.txt", "docs/etc/key"}


def test_the_same_files_make_the_same_bundle(project: Path, tmp_path: Path):
    """Neither times nor the order of a folder matter; unpacking gives the files again."""
    bundle = pack(Project(project))
    os.utime(project / "docs/data.txt", (1, 1))
    assert pack(Project(project)).data == bundle.data
    unpack(bundle, tmp_path / "there")
    assert (tmp_path / "there/docs/data.txt").read_text() == "one\n"
    assert len(zipfile.ZipFile(BytesIO(bundle.data)).namelist()) == 3 + len(PAGES)


def test_folders_that_modules_come_from_are_named(project: Path, monkeypatch: pytest.MonkeyPatch):
    """An editable install of the project works elsewhere, too; one's environment stays here."""
    for name in ("src", ".venv/lib"):
        (project / name).mkdir(parents=True)
        monkeypatch.syspath_prepend(project / name)
    assert pack(Project(project)).path == ("src",)


def test_too_much_is_refused_with_a_remedy(project: Path, monkeypatch: pytest.MonkeyPatch):
    """Rather than sending somebody's home."""
    monkeypatch.setattr(shipping, "_MOST", 3)
    with pytest.raises(ShippingError, match="too much to send to every worker; move data"):
        pack(Project(project))


def test_a_page_outside_its_project_is_refused():
    """Its files would not be there."""
    assert inside("/a/b/c", "/a/b", "page.md") == Path("c")
    with pytest.raises(ShippingError, match=r"page\.md: is not in /a/b"):
        inside("/a/bc", "/a/b", "page.md")


def moved(project: Path, reads: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    """The outcome of a page that ran in `/there` and read this, for a machine of these versions."""
    bundle = dataclasses.replace(pack(Project(project)), versions=versions)
    reads = {"files": [], "folders": {}, "modules": [], "reasons": [], "written": {}} | reads
    task = {"folder": str(project / "docs"), "page": "docs/page.md"}

    def run_it(job: Mapping[str, Any]) -> str:
        assert job["folder"] == "/there/docs"
        cells = [{"outputs": [{"text": "/there/docs/x"}]}]
        return json.dumps({"cells": cells, "fault": None, "reads": reads})

    outcome: dict[str, Any] = json.loads(run_moved(run_it, task, bundle, Path("/there")))
    return outcome


def test_an_outcome_comes_home_with_the_paths_of_home(project: Path):
    """Nothing shows where the page ran; files count as read at home, when they were packed."""
    before = time.time()
    outcome = moved(project, {"files": ["/there/docs/data.txt"]}, {})
    assert outcome["cells"][0]["outputs"][0]["text"] == f"{project}/docs/x"
    assert outcome["reads"]["files"] == [f"{project}/docs/data.txt"]
    assert outcome["reads"]["reasons"] == []
    assert before <= outcome["since"] <= time.time()


def test_what_only_the_other_machine_has_is_not_cached(project: Path):
    """Nobody here could see it change."""
    outcome = moved(project, {"files": ["/there/docs/data.txt", "/home/other/x"]}, {})
    assert outcome["reads"]["reasons"] == ["it read files of another machine"]


@pytest.mark.parametrize(("at_home", "good"), [("9.9", False), (version("click"), True)])
def test_other_versions_of_what_a_page_imports_are_an_error(
    project: Path, at_home: str, good: bool
):
    """The verdicts might differ, so there are none."""
    outcome = moved(project, {"modules": ["click"]}, {"click": at_home})
    assert (outcome["fault"] is None) == good
    if not good:
        assert outcome["fault"]["message"] == (
            "the worker has other versions of what the page imports: "
            f"click {version('click')}, not 9.9"
        )


# A cluster of three processes

_DASK = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
_WORKER = [sys.executable, "-m", "distributed.cli.dask_worker"]


def address(contact: Path) -> str:
    """Where a scheduler listens, by its file, which exists before anything stands in it."""
    said: dict[str, str] = {}

    def written() -> bool:
        with contextlib.suppress(OSError, ValueError):
            said.update(json.loads(contact.read_text()))
        return bool(said)

    wait_for(written)
    return said["address"].partition("://")[2]


@contextlib.contextmanager
def running(command: list[str], **options: Any) -> Iterator[None]:
    """A process that is ended with the block, also where that fails."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield
        finally:
            process.kill()


class Cluster:
    """A scheduler and two workers on this machine; pages see their worker's name as `$WORKER`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        contact = folder / "scheduler.json"
        where = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(contact)]
        self._start("scheduler", [*_DASK, *where, "--port", "0"])
        self.address = address(contact)
        for name in ("one", "two"):
            options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--name", name]
            options += ["--host", "127.0.0.1"]
            space = ["--scheduler-file", str(contact), "--local-directory", str(folder / name)]
            self._start(name, [*_WORKER, *options, *space])
        log = folder / "scheduler.log"
        wait_for(lambda: log.read_text().count("Register worker") == 2)

    def _start(self, name: str, command: list[str]) -> None:
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "WORKER": name}
            )

    def stop(self) -> None:
        """End what still runs."""
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for the tests of this module; the last of them takes a worker away."""
    pytest.importorskip("distributed")
    running = Cluster(tmp_path_factory.mktemp("cluster"))
    yield running
    running.stop()


def check(*options: str) -> subprocess.Popen[str]:
    """`handout check` of the project's pages, started."""
    command = [sys.executable, "-c", "from handout.cli import main; main()", "check", *options]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_as_one_machine(project: Path, cluster: Cluster):
    """Files and modules are there, limits hold, and no path of a worker shows."""
    names = [f"docs/{name}" for name in PAGES]
    with check(*names, "--executor", f"dask://{cluster.address}", "--json", "there.json") as there:
        said, warned = there.communicate()
    assert (there.returncode, warned) == (1, "")
    assert f"'{project}/docs/nothing'" in said
    done = CliRunner().invoke(main, ["check", *names, "--json", "here.json"])
    assert done.exit_code == 1
    assert (project / "there.json").read_bytes() == (project / "here.json").read_bytes()
    left = [path for name in ("one", "two") for path in (cluster.folder / name).rglob("data.txt")]
    assert left == []


@pytest.mark.slow
def test_the_pages_of_a_lost_worker_run_again_elsewhere(
    project: Path, cluster: Cluster, tmp_path: Path
):
    """A worker is killed while it runs a page: its process ends, another worker does the page."""
    seen = tmp_path / "seen"
    seen.mkdir()
    names = [f"docs/page-{number}.md" for number in range(6)]
    for name in names:
        code = (
            "import os, time\nworker = os.environ.get('WORKER', 'here')\n"
            f"mark = f'{seen}/{{worker}} {Path(name).stem} {{os.getpid()}}'\n"
            "open(mark, 'w').close()\ntime.sleep(1)\n"
        )
        Path(name).write_text(f'```python exec="on"\n{code}\n```\n')

    def marks(worker: str) -> list[list[str]]:
        return [path.name.split()[1:] for path in seen.glob(f"{worker} *")]

    with check(*names, "--executor", f"dask://{cluster.address}", "--json", "there.json") as there:
        wait_for(lambda: bool(marks("one")))
        cluster.processes["one"].send_signal(signal.SIGKILL)
        _, warned = there.communicate()
    assert (there.returncode, warned) == (0, "")
    ((lost, pid),) = marks("one")
    assert sorted(page for page, _ in marks("two")) == sorted(Path(name).stem for name in names)
    assert lost in {page for page, _ in marks("two")}
    wait_for(lambda: not _lives(int(pid)))
    done = CliRunner().invoke(main, ["check", *names, "--json", "here.json"])
    assert done.exit_code == 0
    assert (project / "there.json").read_bytes() == (project / "here.json").read_bytes()


def _lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:8786", "'127.0.0.1:8786' is no address of a cluster; write dask://HOST:PORT"),
        ("dask://127.0.0.1:1", "no Dask scheduler answers at 127.0.0.1:1; start one with"),
        ("dask+tls://127.0.0.1:1", "no Dask scheduler answers at 127.0.0.1:1"),
        ("tls://127.0.0.1:1", "write dask://HOST:PORT or dask+tls://HOST:PORT"),
    ],
)
def test_a_bad_address_is_a_usage_error(project: Path, address: str, said: str):
    """The message says what was expected, or who does not answer."""
    done = CliRunner().invoke(main, ["check", "docs/gradient.md", "--executor", address])
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        ("tcp://127.0.0.1:1", False),
        ("tcp://[::1]:1", False),
        ("tcp://localhost:1", False),
        ("tcp://0.0.0.0:1", True),
        ("tcp://[::]:1", True),
        ("tcp://10.0.0.5:1", True),
        ("tcp://lab.test:1", True),
    ],
)
def test_what_other_machines_can_reach(address: str, exposed: bool) -> None:
    """A worker listens everywhere unless it is told not to, whatever its scheduler does."""
    from handout.run.cluster import is_exposed

    assert is_exposed(address) == exposed


@pytest.mark.slow
def test_a_cluster_may_want_certificates(project: Path, tmp_path: Path, monkeypatch):
    """Dask's own configuration names them; without one, the message says so."""
    pytest.importorskip("distributed")
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on the PATH to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=h",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True,
    )  # fmt: skip
    contact = tmp_path / "scheduler.json"
    tls = {"--tls-ca-file": certificate, "--tls-cert": certificate, "--tls-key": key}
    files_of_it = [str(word) for pair in tls.items() for word in pair]
    common = [*files_of_it, "--no-dashboard", "--scheduler-file", str(contact)]
    scheduler = [*_DASK, "--protocol", "tls", "--host", "127.0.0.1", "--port", "0", *common]
    worker = [*_WORKER, "--no-nanny", "--local-directory", str(tmp_path / "w"), *common]
    log = tmp_path / "scheduler.log"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with log.open("wb") as said_there, running(scheduler, stderr=said_there):
        where = address(contact)
        with running(worker, **quiet):
            with check("docs/gradient.md", "--executor", f"dask+tls://{where}") as there:
                _, warned = there.communicate()
            assert there.returncode == 2
            assert "no certificates for" in warned
            assert "Traceback" not in warned
            with check("docs/gradient.md", "--executor", f"dask://{where}") as there:
                _, warned = there.communicate(timeout=100)
            assert there.returncode == 2
            assert "write dask+tls:// if it asks for certificates" in warned
            for name, file in (("CA_FILE", certificate), ("CLIENT__CERT", certificate),
                               ("CLIENT__KEY", key)):  # fmt: skip
                monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{name}", str(file))
            wait_for(lambda: "Register worker" in log.read_text(), log.read_text)
            with check("docs/gradient.md", "--executor", f"dask+tls://{where}") as there:
                said, warned = there.communicate()
            assert there.returncode == 0, said + warned


def test_without_the_extra_the_message_says_how_to_get_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    """A usage error, not a traceback."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "handout.run.cluster", raising=False)
    done = CliRunner().invoke(main, ["check", "docs/gradient.md", "--executor", "dask://h:1"])
    assert done.exit_code == 2
    assert "--executor needs distributed: pip install 'mkdocs-handout[dask]'" in done.stderr
