"""Runs the cells of one page, in a child process, and tells its keeper what happened.

This is the only module that imports `edf`, and it does so when a page needs it: the child is fresh,
so an edit of the framework shows at the next build. What is told is facts (an *outcome* for each
cell); whether they are as expected is judged elsewhere.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import faulthandler
import importlib.abc
import importlib.machinery
import importlib.util
import json
import linecache
import os
import sys
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from handout.run.process import limits
from handout.run.process.file_access import Reads
from handout.run.process.nondeterminism import seed_global_generators, sources
from handout.run.process.pictures import pictures
from handout.run.process.shell import Shell, code_name

_REPORTS = "edf.report"
_FOR_EVER = 1e6  # seconds: a clock counts no further
_LONGEST_TRACEBACK = 20_000  # characters


class Channel:
    """The child's end of its conversation with the keeper: JSON lines out, one byte back."""

    def __init__(self, facts: int, output: int, trace: int) -> None:
        self.facts, self.output, self.trace = facts, output, trace

    def tell(self, fact: Mapping[str, Any]) -> None:
        """Send one fact."""
        data = memoryview(json.dumps(fact, default=str).encode() + b"\n")
        while data:
            data = data[os.write(self.facts, data) :]

    def settle(self) -> None:
        """Wait until the keeper has taken all output so far, so that it belongs to this cell."""
        os.read(self.facts, 1)


def run_page(job: Mapping[str, Any], channel: Channel) -> None:
    """Run every cell of a page in one namespace, top to bottom, and tell the outcome of each."""
    limits.apply(job["limits"])
    reads = Reads(job["root"], tuple(job["ignored"]))
    os.chdir(job["folder"])
    sys.path[:1] = [job["folder"], *job.get("path", ())]
    sys.argv = [job["page"]]
    os.environ["MPLBACKEND"] = "module://handout.run.process.plot_backend"
    faulthandler.enable(channel.trace)
    kind = _Notebook if job["notebook"] else _Page
    page = kind(job["page"], job["cells"], job["root"])
    seed_global_generators()
    reads.start()
    for number, cell in enumerate(job["cells"]):
        timeout = min(cell["options"].get("timeout", job["limits"]["timeout"]), _FOR_EVER)
        channel.tell({"event": "start", "cell": number, "timeout": timeout})
        faulthandler.dump_traceback_later(0.9 * timeout, file=channel.trace)
        _standard_streams(channel.output)
        outcome = page.run(cell)
        _flush()
        faulthandler.cancel_dump_traceback_later()
        channel.tell({"event": "cell", "cell": number, "outcome": outcome})
        channel.settle()
        for what in outcome["watched"]:
            reads.reasons.setdefault(f"it read {what}")
    channel.tell({"event": "done", "reads": reads.report()})


class _Page:
    """The namespace that the cells of a page share, and what is heard while they run."""

    def __init__(self, path: str, cells: Sequence[Mapping[str, Any]], root: str) -> None:
        self.path = path
        self.root = root
        self.module = types.ModuleType("__main__")
        self.module.__file__ = path
        self.names = self.module.__dict__
        self.cell: Mapping[str, Any] = {}
        self.reports: list[dict[str, Any]] = []
        self.heard: list[Any] = []
        self.context = contextlib.ExitStack()
        self.file, self.first = path, 0  # what the running cell's code is called; its first line
        self.count = 0  # of Python cells so far
        sys.modules["__main__"] = self.module
        sys.meta_path.insert(0, _OnImport(_REPORTS, self._listen))
        _show_source(path, cells)

    def run(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """The outcome of one cell."""
        self.cell, self.reports, self.heard = cell, [], []
        self.first = cell["line"]
        self.count += cell["kind"] == "python"
        if cell["kind"] != "python":
            formula = self._math() if cell["kind"] == "math" else self._bind()
            return {**formula, "watched": []}
        return {**self._python(), "watched": self._nondeterminism()}

    def _nondeterminism(self) -> list[str]:
        """What the running cell's code reads that no file or seed determines."""
        try:
            return sources(ast.parse(self._code()), self.names)
        except (SyntaxError, ValueError, RecursionError):  # the code could not run either
            return []

    def _code(self) -> str:
        """The running cell as Python."""
        return str(self.cell["source"])

    def _python(self) -> dict[str, Any]:
        error, shown = None, []
        try:
            value = self._execute(self.cell["source"], self.cell["line"])
            shown = pictures(value)
            if value is not None and not shown and not self._is_report(value):
                _show(value)
        except BaseException as raised:  # sys.exit() and Ctrl-C, too, end a cell and no more
            error = self._error(raised)
        return {"error": error, "reports": self.reports, "pictures": shown}

    def _execute(self, source: str, line: int) -> Any:
        """Execute a cell; return the value of its last line if that is an expression."""
        tree = ast.parse("\n" * (line - 1) + source, self.path)
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            builtins.exec(compile(tree, self.path, "exec"), self.names)
            return None
        tree.body.pop()
        builtins.exec(compile(tree, self.path, "exec"), self.names)
        expression = compile(ast.Expression(last.value), self.path, "eval")
        return builtins.eval(expression, self.names)

    def _math(self) -> dict[str, Any]:
        """Test a displayed equation against the names that the cells above have made."""
        options = {k: v for k, v in self.cell["options"].items() if k in _EQUATION_OPTIONS}
        if self.cell["macros"]:
            options["macros"] = self.cell["macros"]
        error: dict[str, Any] | None = None
        try:
            from edf.equations import EquationError, check_equation, is_definition
        except BaseException as raised:
            return {"error": self._error(raised), "reports": []}
        if self.cell["whole"] and is_definition(
            self.cell["source"], self.names, macros=self.cell["macros"]
        ):
            return self._bind()
        try:
            check_equation(self.cell["source"], dict(self.names), id=self.cell["id"], **options)
        except EquationError as refused:
            error = {"type": "EquationError", "message": str(refused), "position": refused.position}
        except BaseException as raised:
            error = self._error(raised)
        return {"error": error, "reports": self.reports}

    def _bind(self) -> dict[str, Any]:
        """Give the page the names that a formula declares or defines."""
        error: dict[str, Any] | None = None
        bound: dict[str, Any] = {}
        try:
            from edf.equations import EquationError, declare, define
        except BaseException as raised:
            return {"error": self._error(raised), "reports": []}
        bind = declare if self.cell["kind"] == "let" else define
        try:
            bound = bind(self.cell["source"], dict(self.names), macros=self.cell["macros"])
            self.names.update(bound)
        except EquationError as refused:
            error = {"type": "EquationError", "message": str(refused), "position": refused.position}
        except BaseException as raised:
            error = self._error(raised)
        return {"error": error, "reports": [], "defined": list(bound)}

    def _listen(self) -> None:
        """Hear of every check from now on."""
        from edf.report import listening

        self.context.enter_context(listening(self._hear))

    def _hear(self, report: Any) -> None:
        self.heard.append(report)
        for each in report if isinstance(report, list) else [report]:
            self.reports.append({**each.to_dict(), "offset": self._line() - self.first})

    def _line(self) -> int:
        """The line of the page that is running."""
        frame: types.FrameType | None = sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == self.file:
                return frame.f_lineno
            frame = frame.f_back
        return self.first

    def _is_report(self, value: Any) -> bool:
        values = value if isinstance(value, list) else [value]
        heard = [r for h in self.heard for r in (h if isinstance(h, list) else [h])]
        return bool(values) and all(any(v is r for r in heard) for v in values)

    def _error(self, raised: BaseException) -> dict[str, Any]:
        """What was raised, and where on the page."""
        frames = raised.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != self.file:
            frames = frames.tb_next
        told = traceback.TracebackException(type(raised), raised, frames)
        line = frames.tb_lineno if frames else getattr(raised, "lineno", None)
        return {
            "type": type(raised).__name__,
            "types": [kind.__name__ for kind in type(raised).__mro__],
            "message": _said(told)[:_LONGEST_TRACEBACK],
            "traceback": self._at_home("".join(told.format()))[-_LONGEST_TRACEBACK:],
            "offset": line - self.first if isinstance(line, int) else 0,
        }

    def _at_home(self, text: str) -> str:
        """A traceback in which the project's files are named as in the project: it is published."""
        return text.replace(f'File "{self.root}{os.sep}', 'File "')


class _Notebook(_Page):
    """A page whose Python cells are those of a notebook."""

    def __init__(self, path: str, cells: Sequence[Mapping[str, Any]], root: str) -> None:
        super().__init__(path, cells, root)
        self.shell = Shell(self.module, path)

    def _python(self) -> dict[str, Any]:
        self.file, self.first = code_name(self.path, self.count), 1
        value, raised, outputs = self.shell.run(self.cell["source"], self.count)
        if self._is_report(value):
            outputs = [o for o in outputs if o["output_type"] != "execute_result"]
        error = None if raised is None else self._error(raised)
        return {"error": error, "reports": self.reports, "outputs": outputs}

    def _code(self) -> str:
        return self.shell.as_python(self.cell["source"])


_EQUATION_OPTIONS = ("reading", "loss", "points", "seed")


class _OnImport(importlib.abc.MetaPathFinder):
    """Calls a function once, right after a module of a given name was imported."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self.name, self.then = name, then

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as anybody would, and have its loader tell."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_tell(module: types.ModuleType) -> None:
                execute(module)
                self.then()

            spec.loader.exec_module = execute_and_tell  # type: ignore[method-assign]
        return spec


def _said(told: traceback.TracebackException) -> str:
    """The type and message of an exception; of a syntax error, then the line with its caret."""
    said = list(told.format_exception_only())
    if issubclass(told.exc_type or BaseException, SyntaxError):
        place = [line for line in said if line.startswith("  ")]
        said = [line for line in said if not line.startswith("  ")] + place[1:]  # without the file
    return "".join(said).strip()


def _show_source(path: str, cells: Sequence[Mapping[str, Any]]) -> None:
    """Let tracebacks and `inspect` quote the cells, on their true lines."""
    lines: list[str] = []
    for cell in cells:
        lines += ["\n"] * (cell["line"] - 1 - len(lines))
        lines += cell["source"].splitlines(keepends=True)
    linecache.cache[path] = (sum(map(len, lines)), None, lines, path)


def _standard_streams(output: int) -> None:
    """Fresh standard streams for a cell, whatever the one before it has done to them."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(output, number)
        stream = open(  # noqa: SIM115 - a cell may keep it, and others write to it later
            number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _show(value: Any) -> None:
    if sys.stdout is not None:
        sys.stdout.write(repr(value) + "\n")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
