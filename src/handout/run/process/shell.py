"""IPython in a page's own process, without a kernel: magics, rich results, `display`.

The cells of a notebook run in its shell, as Jupyter runs them, so a notebook has the limits, the
isolation and the cache of every page, and starts without the two seconds that a kernel takes. A
page of Markdown gets a shell when something imports IPython: then `display`, `clear_output` and
`get_ipython` work there, too.

Only a page that needs IPython imports this module.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from handout.run.process.display import PageDisplay, drawing


class Shell:
    """An IPython shell that shows things on a page.

    Args:
        module: where the names of its cells live.
        display: what shows things.
        name_of: what the code of a cell is called in tracebacks, given the cell's number.
        show_result: what to do with the value of a cell's last line.
    """

    def __init__(
        self,
        module: ModuleType,
        display: PageDisplay,
        name_of: Callable[[int], str],
        show_result: Callable[[Any, dict[str, Any]], None],
    ) -> None:
        self.shell = _started(module)
        self.shell.compile.name_of = name_of
        self.shell.display_pub.display = display
        self.shell.displayhook.show_result = show_result
        warnings.filterwarnings("ignore", "To exit: use")  # of IPython, to somebody at a terminal

    def run(self, source: str, number: int) -> tuple[Any, BaseException | None]:
        """Run a cell: its value, and what it raised.

        Args:
            source: the code.
            number: which code cell of the notebook it is, from 1.
        """
        hook = self.shell.displayhook
        self.shell.execution_count = number
        hook.silent = hook.semicolon_at_end_of_expression(source)
        result = self.shell.run_cell(source, store_history=False)
        return result.result, result.error_before_exec or result.error_in_exec

    def as_python(self, source: str) -> str:
        """A cell's source with its magics written as calls."""
        return str(self.shell.transform_cell(source))


def _started(module: ModuleType) -> Any:
    """The process's shell, of classes that are not as IPython declares them."""
    configuration = Config()
    configuration.HistoryManager.enabled = False
    configuration.InteractiveShell.colors = "nocolor"
    return _QuietShell.instance(
        user_module=module,
        user_ns=module.__dict__,
        config=configuration,
        compiler_class=_Compiler,
        displayhook_class=_Hook,
        display_pub_class=_Publisher,
    )


class _Compiler(CachingCompiler):
    """Names code by notebook and cell, so that a traceback can be followed."""

    name_of: Callable[[int], str]

    def get_code_name(self, raw: str, code: str, number: int) -> str:
        """The name under which the code is compiled."""
        return self.name_of(number)


class _Hook(DisplayHook):
    """Takes the value of a cell's last line."""

    show_result: Callable[[Any, dict[str, Any]], None]
    silent = False  # whether the cell ends in a semicolon

    def __call__(self, result: Any = None) -> None:
        """Take a value."""
        if result is None:
            return
        self.fill_exec_result(result)
        if not self.silent:
            self.show_result(result, self.compute_format_data(result)[0])
            self.update_user_ns(result)


class _Publisher(DisplayPublisher):
    """Takes what `display` and `clear_output` are called with."""

    display: PageDisplay

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: Any = False,
        **options: Any,
    ) -> None:
        """Take a bundle of forms."""
        self.display.publish(data, (transient or {}).get("display_id"), update)

    def clear_output(self, wait: bool = False) -> None:
        """Take the output back."""
        self.display.clear(wait)


class _Formatter(DisplayFormatter):
    """Draws figures as the site does."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> Any:
        """An object in its forms, and their metadata."""
        drawn = drawing(obj)
        return super().format(obj, include, exclude) if drawn is None else (drawn, {})


class _QuietShell(InteractiveShell):
    """Leaves it to us to tell of an exception, and to draw plots."""

    def showtraceback(self, *args: Any, **options: Any) -> None:
        """Show nothing."""

    showsyntaxerror = showtraceback

    def init_display_formatter(self) -> None:
        """Use ours."""
        self.display_formatter = _Formatter(parent=self)
        self.configurables.append(self.display_formatter)  # type: ignore[arg-type]  # as IPython does

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:
        """Keep the backend of pages, whatever `%matplotlib` asks for."""
        return "inline", "module://handout.run.process.plot_backend"

    def ask_exit(self) -> None:
        """End the cell, as `exit()` ends a script."""
        raise SystemExit
