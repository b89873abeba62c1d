"""The formulas of a page as cells of Jupyter and Colab, set and judged.

    %load_ext handout

    %%let
    x \\in \\mathbb{R}^n

    %%define
    P_i = \\frac{e^{x_i}}{\\sum_j e^{x_j}}

    %%claim softmax-jacobian
    \\frac{\\partial P_i}{\\partial x_j} = P_i(\\delta_{ij} - P_j)

The symbols are the notebook's own names, as on a page. Options are those of a page's claims, as in
`%%claim diagonal expect="refuted"`. `%%macros` takes definitions, `\\newcommand{\\R}{\\mathbb{R}}`.
A page that is downloaded as a notebook consists of these.
"""

from __future__ import annotations

import shlex
from typing import Any

from IPython import display

from edf.equations import (
    EquationError,
    check_equation,
    declare,
    define,
    defining_part,
)
from handout.page.cells import BLANK
from handout.page.macros import macros_in

OPTIONS = ("expect", "reading", "loss", "points", "seed", "unreached", "claims")


def register(shell: Any) -> None:
    """Add `%%claim`, `%%let`, `%%define` and `%%macros` to a shell of IPython."""
    magics = Magics(shell)
    for name in ("claim", "let", "define", "macros"):
        shell.register_magic_function(getattr(magics, name), magic_kind="cell", magic_name=name)


class Magics:
    """What the formulas of one notebook share: its names, and its macros.

    Args:
        shell: IPython's.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.known: dict[str, str] = {}

    def macros(self, line: str, cell: str) -> None:
        """Add macros to those of the formulas below."""
        self.known |= macros_in(cell)

    def let(self, line: str, cell: str) -> None:
        """Declare names."""
        read_options(line)
        display.display(display.Math(cell))
        self._bind(declare(cell.strip(), self.shell.user_ns, macros=self.known))

    def define(self, line: str, cell: str) -> None:
        """Define names by formulas."""
        _, options = read_options(line)
        display.display(display.Math(cell))
        self._define(cell.strip(), options.get("reading"))

    def claim(self, line: str, cell: str) -> None:
        """Judge a formula."""
        name, options = read_options(line)
        display.display(display.Math(cell))
        cell = cell.strip()
        if BLANK in cell:
            print(f"Write your answer in the place of {BLANK}, and run the cell")
            return
        whole = options.pop("claims", None) == "all"  # then what defines is no claim
        names = self.shell.user_ns
        part = defining_part(cell, names, macros=self.known, by_sign=not whole)
        if part is not None:
            self._define(part.text, options.get("reading"))
            if not part.claims:
                return
        try:
            verdicts = check_equation(cell, names, id=name, macros=self.known, **options)
        except EquationError as error:
            if options.get("expect") != "error" and not whole:
                raise
            print(f"{'not tested' if whole else 'error, as expected'}: {error}")
            return
        for verdict in verdicts if part is None else part.claimed(verdicts):
            display.display(verdict)

    def _define(self, latex: str, reading: str | None) -> None:
        self._bind(define(latex, self.shell.user_ns, macros=self.known, reading=reading))

    def _bind(self, names: Any) -> None:
        for name, value in names.items():
            if value is None:  # made of something that is declared anew
                self.shell.user_ns.pop(name, None)
            else:
                self.shell.user_ns[name] = value


def read_options(line: str) -> tuple[str | None, dict[str, Any]]:
    """The name and the options of a claim, from what stands behind `%%claim`.

    Raises:
        ValueError: an option is unknown or has no value; the message says how to write it.
    """
    name, options = None, {}
    for number, word in enumerate(shlex.split(line)):
        key, equals, value = word.partition("=")
        if not equals and number == 0:
            name = word
        elif not equals or key not in OPTIONS:
            known = ", ".join(OPTIONS)
            raise ValueError(
                f'%%claim: {word!r} is no option; write key="value" with one of {known}'
            )
        else:
            options[key] = int(value) if key in ("points", "seed") else _words(key, value)
    return name, options


def _words(key: str, value: str) -> str | list[str]:
    words = value.split()
    return words if key == "expect" and len(words) > 1 else value
