"""The cells of a notebook, run as Jupyter runs them: magics, `display`, rich results, no kernel.

IPython's shell runs in the page's own process, so a notebook has the limits, the isolation and the
cache of every page, and starts without the two seconds that a kernel takes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from handout.run.process.pictures import pictures


def code_name(path: str, number: int) -> str:
    """What a cell's code is called in tracebacks."""
    return f"{path}, code cell {number}"


class Shell:
    """An IPython shell whose names are those of a page's module.

    Args:
        module: where the cells' names live.
        path: the notebook, as tracebacks shall name it.
    """

    def __init__(self, module: Any, path: str) -> None:
        from IPython.core.compilerop import CachingCompiler
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import CapturingDisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        self.shown = shown = list[dict[str, Any]]()

        class Compiler(CachingCompiler):
            """Names code by notebook and cell, so that a traceback can be followed."""

            def get_code_name(self, raw: str, code: str, number: int) -> str:
                """The name under which the code is compiled."""
                return code_name(path, number)

        class Hook(DisplayHook):
            """Keeps the value of a cell's last line, in all its forms."""

            def __call__(self, result: Any = None) -> None:
                """Take a value."""
                if result is not None:
                    data, metadata = self.compute_format_data(result)
                    if data:
                        shown.append({"data": data, "metadata": metadata})
                    if self.exec_result is not None:
                        self.exec_result.result = result

        class Quiet(InteractiveShell):
            """Leaves it to us to tell of an exception."""

            def showtraceback(self, *args: Any, **options: Any) -> None:
                """Show nothing."""

            showsyntaxerror = showtraceback

        configuration = Config()
        configuration.HistoryManager.enabled = False
        configuration.InteractiveShell.colors = "nocolor"
        self.shell: Any = Quiet.instance(
            user_module=module,
            user_ns=module.__dict__,
            config=configuration,
            compiler_class=Compiler,
            displayhook_class=Hook,
            display_pub_class=CapturingDisplayPublisher,
        )
        self.published: Any = self.shell.display_pub

    def run(self, source: str, number: int) -> tuple[Any, BaseException | None, list[Any]]:
        """Run a cell: its value, what it raised, and its outputs in the form of a notebook.

        Args:
            source: the code.
            number: which code cell of the notebook it is, from 1.
        """
        self.shown.clear()
        self.published.outputs.clear()
        self.shell.execution_count = number
        result = self.shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        outputs = [
            {"output_type": "display_data", **_data(each)} for each in self.published.outputs
        ]
        outputs += [
            {"output_type": "execute_result", "execution_count": number, **_data(each)}
            for each in self.shown
        ]
        outputs += [
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {each["type"]: base64.b64decode(each["data"]).decode()},
            }
            for each in pictures(None)
        ]
        return result.result, error, outputs

    def as_python(self, source: str) -> str:
        """A cell's source with its magics written as calls."""
        return str(self.shell.transform_cell(source))


def _data(shown: Mapping[str, Any]) -> dict[str, Any]:
    data = {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for kind, value in shown["data"].items()
    }
    return {"data": data, "metadata": shown.get("metadata") or {}}
