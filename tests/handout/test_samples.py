"""The samples of the README and the guide do what their text says.

The fenced samples of a page, in their order, make one project, which begins as `handout new` leaves
it:

* `title="FILE"` names the file that a sample is. Markdown is added to its end, a part of
  `mkdocs.yml` is laid over the file that is there, a `diff` is applied.
* `sh` is run, and must succeed. `console` is run, and must print what it shows; `...` stands for
  anything.
* `python` is run by itself. Cells and claims of the page are run by its own build.

In the end every page of the project must check out, unless a sample broke it on purpose.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt
from mkdocs.utils.yaml import yaml_load

from handout.cli import main
from handout.page.fences import find_fences
from handout.scaffold import new_handout
from handout.settings import read_project

ROOT = Path(__file__).parents[2]
GUIDE = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs/guide").rglob("*.md"))]
PAGES = ["README.md", *GUIDE]

#: Commands that are not run here, and why.
NOT_RUN = {
    r"(python3 -m )?pip install .*": "asks an index; scripts/try_wheel.py installs",
    r"python3 -m venv .*|\. \.venv/bin/activate": "only prepares for pip",
    r"handout live fetch": "downloads; tests/handout/live fetches from a folder",
    r"make serve.*|mkdocs serve|handout serve.*": "goes on until it is interrupted",
    r"handout check .* --watch": "likewise",
    r"handout check .* --executor .*": "needs a cluster; tests/handout/run has one",
    r"dask (scheduler|worker) .*": "likewise",
    r"handout pdf.*": "needs a browser; tests/handout/hosts/test_pdf.py prints",
    r"handout build --host zensical.*": "tests/site/test_other_hosts.py builds this site so",
    r"make test.*": "is this very test, with all others",
    r"python benchmarks/.*": "takes minutes",
}
#: Samples that are not run here, by what stands in them, and why.
NOT_TESTED = {
    "import torch": "needs torch; benchmarks/edf_programs.py runs these programs",
}
PROGRAM = (ROOT / "tests/edf/course/programs/program_2017_one_by_one.py").read_text("utf-8")
#: Files that a sample takes for granted.
GIVEN = {
    "program.py": PROGRAM.replace("import edf.course.winter2017 as edf", "import edf"),
    "docs/problem-3.ipynb": (ROOT / "docs/guide/examples/logistic.ipynb").read_text("utf-8"),
}
#: Builds of a project take seconds: each command that makes one is run on one page only.
BUILT: set[str] = set()


class Sample(NamedTuple):
    """A fence of a page that is not a cell."""

    place: str  # such as docs/guide/ci.md:12
    language: str
    title: str
    source: str


def samples(page: str) -> Iterator[Sample]:
    """The samples of a page, in order."""
    for fence in find_fences((ROOT / page).read_text("utf-8")):
        options = dict(re.findall(r'(\w+)="([^"]*)"', fence.info))
        if options.get("exec") == "on" or fence.language == "math":
            continue  # a cell, which the page's own build runs
        place = f"{page}:{fence.line_first}"
        yield Sample(
            place, fence.language, options.get("title", ""), fence.source.strip("\n") + "\n"
        )


class Course:
    """The project that the samples of one page make."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.broken = False
        self.status = 0
        self._patch = monkeypatch
        new_handout(folder)

    def take(self, sample: Sample) -> None:
        """Do with one sample what its reader would."""
        if not any(part in sample.source for part in NOT_TESTED):
            getattr(self, f"_{sample.language}")(sample)

    def check(self) -> None:
        """Every page is as its samples say."""
        done = self._handout(["check", "docs"])
        assert self.status == 0, done

    def _markdown(self, sample: Sample) -> None:
        with self._file(sample.title or "docs/page.md").open("a", encoding="utf-8") as file:
            file.write("\n" + sample.source)

    def _yaml(self, sample: Sample) -> None:
        given = yaml.safe_load(sample.source)
        match sample.title:
            case "mkdocs.yml":
                file = self._file("mkdocs.yml")
                file.write_text(yaml.safe_dump(yaml_load(file.read_text("utf-8")) | given))
            case ".github/workflows/ci.yml":
                self._workflow(sample.source)
            case "steps of .github/workflows/ci.yml":
                job = {"runs-on": "ubuntu-latest", "steps": given}
                self._workflow(yaml.safe_dump({"on": "push", "jobs": {"handout": job}}))
            case ".pre-commit-config.yaml":
                from pre_commit.clientlib import load_config

                config = self._file(sample.title)
                config.write_text(sample.source, "utf-8")
                (hook,) = load_config(str(config))["repos"][0]["hooks"]
                assert re.search(hook["files"], "docs/problem-1.md")
                self.run(f"{hook['entry']} docs/problem-1.md")
                assert self.status == 0
            case title:
                pytest.fail(f"{sample.place}: what file is {title!r}?")

    def _toml(self, sample: Sample) -> None:
        file = self._file(f"elsewhere/{sample.title}")
        file.write_text(sample.source, "utf-8")
        assert read_project(file).docs is not None

    def _workflow(self, text: str) -> None:
        file = self._file(".github/workflows/ci.yml")
        file.write_text(text, "utf-8")
        schema = ["--builtin-schema", "vendor.github-workflows", str(file)]
        checked = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", *schema], capture_output=True, text=True
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        for step in yaml.safe_load(text)["jobs"]["handout"]["steps"]:
            if "run" in step:
                self.run(step["run"])
                assert self.status == 0

    def _diff(self, sample: Sample) -> None:
        self.check()
        self.broken = True
        file = self._file(sample.title)
        text = file.read_text("utf-8")
        for old, new in re.findall(r"^-(.*)\n\+(.*)$", sample.source, re.MULTILINE):
            assert text.count(old) == 1, f"{sample.place}: {old}"
            text = text.replace(old, new)
        file.write_text(text, "utf-8")

    def _python(self, sample: Sample) -> None:
        if sample.title.endswith(".py"):
            self._file(sample.title).write_text(sample.source, "utf-8")
            return
        exec(compile(sample.source, sample.place, "exec"), {"__name__": "sample"})

    def _ipython(self, sample: Sample) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        shell.run_cell(SETUP)
        shell.run_cell(sample.source).raise_error()

    def _text(self, sample: Sample) -> None:
        """The comments of a page that has been given them."""
        page = (ROOT / sample.title).read_text("utf-8")
        assert re.findall(r"<!-- .* -->", page) == sample.source.split("\n")[:-1], sample.place

    def _sh(self, sample: Sample) -> None:
        for line in sample.source.splitlines():
            said = self.run(line)
            assert self.status == 0, f"{sample.place}: {line}\n{said}"

    def _console(self, sample: Sample) -> None:
        for command, shown in re.findall(
            r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", sample.source, re.MULTILINE
        ):
            said = self.run(command)
            pattern = ".*".join(re.escape(part) for part in shown.split("..."))
            assert re.fullmatch(pattern, said, re.DOTALL), f"{sample.place}: {command}\n{said}"

    def run(self, line: str) -> str:
        """Run a command line; what it says, and its exit status in `status`."""
        if any(re.fullmatch(pattern, line.strip()) for pattern in NOT_RUN):
            return ""
        for name in GIVEN:
            if name in line:
                self._file(name).write_text(GIVEN[name], "utf-8")
        words = shlex.split(line, comments=True)
        environment = {}
        while words and "=" in words[0]:
            name, _, environment[name] = words.pop(0).partition("=")
        if words[:2] in (["handout", "build"], ["mkdocs", "build"], ["make", "site"]):
            if words[0] in BUILT:
                self.status = 0
                return ""
            BUILT.add(words[0])
        match words:
            case []:
                return ""
            case ["cd", folder]:
                self.folder /= folder
                return ""
            case ["echo", "$?"]:
                return f"{self.status}\n"
            case ["handout", "new", folder]:
                new_handout(self.folder / folder)
                return ""
            case ["handout", "build", *_]:
                return self._process([sys.executable, "-m", *words], environment)
            case ["handout", *arguments]:
                return self._handout(arguments)
            case ["mkdocs" | "pytest", *_]:
                return self._process([sys.executable, "-m", *words], environment)
            case ["make", "site"]:
                self._have_installed()
                return self._process(words, environment)
        pytest.fail(f"no sample may run {words[0]}: {line}")

    def _handout(self, arguments: list[str]) -> str:
        self._patch.chdir(self.folder)
        done = CliRunner().invoke(main, arguments)
        self.status = done.exit_code
        return done.output

    def _process(self, words: list[str], environment: Mapping[str, str]) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.status = done.returncode
        return done.stdout + done.stderr

    def _have_installed(self) -> None:
        """What `make` installs is there; it is this handout, which gets nothing from elsewhere."""
        program = self._file(".venv/bin/handout")
        program.write_text(
            f'#!/bin/sh\n[ "$1" = live ] || exec {shlex.quote(sys.executable)} -m handout "$@"\n'
        )
        program.chmod(0o755)
        self._file(".venv/.installed").touch()

    def _file(self, name: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        return file


SETUP = "from edf import Input, Tanh\nx = Input(shape=(3,))\ny = Tanh(x)"


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(samples(page))])
def test_samples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, run and checked, one after the other."""
    course = Course(tmp_path / "course", monkeypatch)
    found = list(samples(page))
    if not any("problem-1" in sample.source + sample.title for sample in found):
        (course.folder / "docs/problem-1.md").write_text("# Problem 1\n")
    for sample in found:
        course.take(sample)
    if not course.broken and any(s.language in ("markdown", "yaml") for s in found):
        course.check()


@pytest.mark.parametrize("exceptions", [NOT_RUN, NOT_TESTED])
def test_no_exception_is_left_over(exceptions: Mapping[str, str]) -> None:
    """Each is needed by some sample."""
    text = "".join(sample.source for page in PAGES for sample in samples(page))
    lines = [line.removeprefix("$ ").strip() for line in text.splitlines()]
    for pattern in exceptions:
        assert pattern in text or any(re.fullmatch(pattern, line) for line in lines), pattern


@pytest.mark.parametrize("page", PAGES)
def test_no_command_escapes(page: str) -> None:
    """A command that is indented, in place of a fence, would not be seen here."""
    for token in MarkdownIt().parse((ROOT / page).read_text("utf-8")):
        command = re.match(
            r"(?:\$ )?(?:handout|make|pip|python3?|mkdocs|pytest|git) ", token.content
        )
        assert not (token.type == "code_block" and command), f"{page}:{token.map}: {token.content}"
