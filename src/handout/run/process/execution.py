"""Runs the cells of one page in the process that it is called in, and says what each of them gave.

What is told is facts (an *outcome* for each cell); whether they are as expected is judged
elsewhere. Only the standard library and NumPy are needed, and `edf` when a page checks something,
so a browser can run a page's cells as a build does. This is the only module that imports `edf`: a
page's process is fresh, so an edit of the framework shows at the next build.
"""

from __future__ import annotations

import ast
import builtins
import codeop
import contextlib
import inspect
import linecache
import os
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handout.page.escape import escape_controls
from handout.run.outcomes import CellError, CellOutcome, Fact, Job, JobCell
from handout.run.process import display, paths
from handout.run.process.import_hooks import on_import
from handout.run.process.nondeterminism import sources

if TYPE_CHECKING:
    import asyncio

    from handout.run.process.shell import Shell

_LONGEST_TRACEBACK = 20_000  # characters
_OURS = str(Path(__file__).parent)  # what no author wrote, as the end of a notebook's `exit()`
_EQUATION_OPTIONS = ("reading", "loss", "points", "seed", "unreached")


class PageRun:
    """One run of a page: the namespace that its cells share, and what is heard meanwhile.

    Args:
        job: the page. Its code runs in the current folder.
        tell: called with a fact whenever a cell shows something, or takes its output back.
    """

    def __init__(self, job: Job, tell: Callable[[Fact], None]) -> None:
        self.path = job["page"]
        self.root = job["root"]
        self.display = display.of_page = display.PageDisplay(tell)
        self.module = _main(os.path.join(job["folder"], os.path.basename(self.path)))
        self.names = self.module.__dict__
        self.formulas: dict[str, Any] = {}  # what formulas have bound
        self.cell: JobCell
        self.reports: list[Any] = []
        self.heard: list[Any] = []
        self.context = contextlib.ExitStack()
        # NumPy is loaded for every page and has threads, of which Python 3.12 warns who forks.
        warnings.filterwarnings("ignore", ".* multi-threaded, use of fork", DeprecationWarning)
        self.file, self.first = self.path, 0  # what the running cell's code is called; its line
        self.count = 0  # of Python cells so far
        self._compile = codeop.Compile()  # what a cell has imported from the future stays
        self._compile.flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._loop: asyncio.Runner | None = None
        if "edf.report" in sys.modules:  # as in a browser, where one process is all there is
            self._listen()
        on_import({"edf.report": self._listen, "altair": _keep_charts, **self._hooks()})
        _show_source(self.path, job["cells"])

    def _hooks(self) -> dict[str, Callable[[], None]]:
        builtins.display = self.display  # type: ignore[attr-defined]  # as in notebooks
        return {"IPython": self._start_shell}

    def _start_shell(self) -> None:
        from handout.run.process.shell import Shell

        Shell(types.ModuleType("__ipython__"), self.display, str, self._show_result)

    def run(self, cell: JobCell) -> CellOutcome:
        """The outcome of one cell, but for its output."""
        self.cell, self.reports, self.heard = cell, [], []
        self.first = cell["line"]
        above = [self._define_by_sign(formula) for formula in cell.get("above", ())]
        outcome = self._run()
        return {**outcome, "above": above} if above else outcome

    def _run(self) -> CellOutcome:
        if self.cell["kind"] != "python":
            formula = self._math() if self.cell["kind"] == "math" else self._bind()
            return {**formula, "watched": []}
        self.count += 1
        error = self._python()
        return {"error": error, "reports": self.reports, "watched": self._nondeterminism()}

    def _nondeterminism(self) -> list[str]:
        """What the running cell's code reads that no file or seed determines."""
        try:
            return sources(ast.parse(self._code()), self.names)
        except (SyntaxError, ValueError, RecursionError):  # the code could not run either
            return []

    def _code(self) -> str:
        """The running cell as Python."""
        return self.cell["source"]

    def _python(self) -> CellError | None:
        """Run a Python cell, and show what it leaves to be shown; what it raised."""
        try:
            self._show(self._execute(self.cell["source"], self.cell["line"]))
            self.display.figures()
        except BaseException as raised:  # sys.exit() and Ctrl-C, too, end a cell and no more
            with contextlib.suppress(Exception):
                self.display.figures()
            return self._error(raised)
        return None

    def _execute(self, source: str, line: int) -> Any:
        """Execute a cell; return the value of its last line if that is an expression."""
        tree = ast.parse("\n" * (line - 1) + source, self.path)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        self._evaluate(tree, "exec")
        if not isinstance(last, ast.Expr):
            return None
        value = self._evaluate(ast.Expression(last.value), "eval")
        return None if source.rstrip().endswith(";") else value

    def _evaluate(self, tree: ast.Module | ast.Expression, mode: str) -> Any:
        code = self._compile(tree, self.path, mode)  # type: ignore[arg-type]  # takes trees as well
        value = builtins.eval(code, self.names)
        if code.co_flags & inspect.CO_COROUTINE:  # it awaits something
            import asyncio

            self._loop = self._loop or asyncio.Runner()
            return self._loop.run(value)
        return value

    def _show(self, value: Any) -> None:
        if value is not None and not self._is_report(value):
            self.display.value(value)

    def _show_result(self, value: Any, forms: dict[str, Any]) -> None:
        """Show a value that IPython has put into several forms."""
        if not self._is_report(value) and not display.is_drawn(value):
            self.display.publish(forms)

    def _math(self) -> CellOutcome:
        """Test a displayed equation against the names that the cells above have made."""
        options = {k: v for k, v in self.cell["options"].items() if k in _EQUATION_OPTIONS}
        if self.cell["macros"]:
            options["macros"] = self.cell["macros"]
        try:
            from edf.equations import EquationError, check_equation
        except BaseException as raised:
            return {"error": self._error(raised), "reports": []}
        source, whole = self.cell["source"], self.cell["whole"]
        part = self._defining(source, by_sign=not whole)
        if part is not None and part.claims:
            return self._define_and_test(part, options)
        if part is not None and whole:
            return self._bind()
        if part is not None and not part.anew:
            return self._only_defined()
        error: CellError | None = None
        try:
            check_equation(source, dict(self.names), id=self.cell["id"], **options)
        except EquationError as refused:
            error = _refusal(refused)
        except BaseException as raised:
            error = self._error(raised)
        return {"error": error, "reports": self.reports}

    def _defining(self, formula: str, by_sign: bool = True) -> Any:
        """What of a formula defines names; None if it does not, or says what holds already."""
        from edf.equations import check_equation, defining_part

        macros = self.cell.get("macros")
        bound = [name for name, value in self.formulas.items() if self.names.get(name) is value]
        part = defining_part(formula, self.names, macros=macros, by_sign=by_sign, formulas=bound)
        if part is None or not part.anew:
            return part
        heard, reports = list(self.heard), list(self.reports)
        try:
            verdicts = check_equation(formula, dict(self.names), macros=macros)
            return None if all(verdict.status == "verified" for verdict in verdicts) else part
        except Exception:
            return part
        finally:
            self.heard, self.reports = heard, reports

    def _define_by_sign(self, formula: str) -> list[str]:
        """Define by a formula that is only shown; the names, if it does nothing else."""
        try:
            part = self._defining(formula)
        except Exception:  # the page claims nothing of it
            return []
        bound = [] if part is None else list(self._bind(part.text).get("defined", ()))
        return [] if part is None or part.claims else bound

    def _only_defined(self) -> CellOutcome:
        """Bind the names of a claim that claims nothing, and say so."""
        from edf.equations import EquationError
        from edf.equations.diagnostics import Why

        bound = self._bind()
        if bound["error"] is None:
            why = "This defines, and claims nothing: write <!-- define --> before it"
            bound["error"] = _refusal(EquationError(Why.NO_CLAIM, why, self.cell["source"]))
        return bound

    def _define_and_test(self, part: Any, options: dict[str, Any]) -> CellOutcome:
        """Define names by the beginning or the end of a formula, and test the rest."""
        from edf.equations import EquationError, check_equation

        defined = self._bind(part.text)
        if defined["error"] is not None:
            return defined
        source, names = self.cell["source"], dict(self.names)
        try:
            check_equation(source, names, id=self.cell["id"], **options)
        except EquationError as refused:
            return {**defined, "error": _refusal(refused)}
        return {**defined, "reports": part.claimed(self.reports)}

    def _bind(self, source: str | None = None) -> CellOutcome:
        """Give the page the names that a formula declares or defines."""
        error: CellError | None = None
        bound: dict[str, Any] = {}
        try:
            from edf.equations import EquationError, declare, define
        except BaseException as raised:
            return {"error": self._error(raised), "reports": []}
        source = self.cell["source"] if source is None else source
        names, macros = dict(self.names), self.cell.get("macros")
        reading = self.cell["options"].get("reading")
        try:
            if self.cell["kind"] == "let" and source is self.cell["source"]:
                bound = declare(source, names, macros=macros)
            else:
                bound = {**define(source, names, macros=macros, reading=reading)}
            for name, value in bound.items():
                if value is None:  # made of something that is declared anew
                    self.names.pop(name, None)
                else:
                    self.names[name] = self.formulas[name] = value
        except EquationError as refused:
            error = _refusal(refused)
        except BaseException as raised:
            error = self._error(raised)
        return {
            "error": error,
            "reports": [],
            "defined": [name for name, value in bound.items() if value is not None],
        }

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

    def _error(self, raised: BaseException) -> CellError:
        """What was raised, and where on the page."""
        frames = raised.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != self.file:
            frames = frames.tb_next
        told = traceback.TracebackException(type(raised), raised, frames)
        told.stack[:] = [f for f in told.stack if not f.filename.startswith(_OURS)]
        line = frames.tb_lineno if frames else getattr(raised, "lineno", None)
        trace = paths.in_traceback("".join(told.format()), self.root)
        return {
            "type": type(raised).__name__,
            "types": [kind.__name__ for kind in type(raised).__mro__],
            "message": escape_controls(_said(told, raised))[:_LONGEST_TRACEBACK],
            "traceback": trace[-_LONGEST_TRACEBACK:],
            "offset": line - self.first if isinstance(line, int) else 0,
        }


class NotebookRun(PageRun):
    """A page whose Python cells are those of a notebook."""

    def _hooks(self) -> dict[str, Callable[[], None]]:
        from handout.run.process.shell import Shell

        self.shell: Shell = Shell(self.module, self.display, self._code_name, self._show_result)
        return {}

    def _code_name(self, number: int) -> str:
        """What a cell's code is called in tracebacks."""
        return f"{self.path}, code cell {number}"

    def _python(self) -> CellError | None:
        self.file, self.first = self._code_name(self.count), 1
        _, raised = self.shell.run(self.cell["source"], self.count)
        self.display.figures()
        return None if raised is None else self._error(raised)

    def _code(self) -> str:
        return self.shell.as_python(self.cell["source"])


def _refusal(refused: Any) -> CellError:
    """Why a formula cannot be tested, and at which of its characters."""
    return {
        "type": "EquationError",
        "message": str(refused),
        "position": refused.position,
        "code": str(refused.why),
    }


def _main(file: str) -> types.ModuleType:
    """A page's module, which is `__main__` as that of a script is."""
    module = types.ModuleType("__main__")
    module.__file__ = file
    # A process that `multiprocessing` spawns would import the page as Python, but for this name.
    module.__spec__ = ModuleSpec("page.__main__", None, origin=file)
    sys.modules["__main__"] = module
    return module


def _keep_charts() -> None:
    """Have Altair give its charts as what they describe, not as a script that draws them."""
    altair: Any = sys.modules["altair"]
    altair.renderers.enable("mimetype")


def _said(told: traceback.TracebackException, raised: BaseException) -> str:
    """The type and message of an exception; of a syntax error, then the line with its caret."""
    said = list(told.format_exception_only())
    if isinstance(raised, SyntaxError):
        place = [line for line in said if line.startswith("  ")]
        said = [line for line in said if not line.startswith("  ")] + place[1:]  # without the file
    return "".join(said).strip()


def _show_source(path: str, cells: Sequence[JobCell]) -> None:
    """Let tracebacks and `inspect` quote the cells, on their true lines."""
    lines: list[str] = []
    for cell in cells:
        lines += ["\n"] * (cell["line"] - 1 - len(lines))
        lines += cell["source"].splitlines(keepends=True)
    linecache.cache[path] = (sum(map(len, lines)), None, lines, path)
