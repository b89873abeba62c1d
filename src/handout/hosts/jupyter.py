"""`%%claim` in Jupyter and Colab: a cell of LaTeX, set and judged.

    %load_ext handout

    %%claim softmax-jacobian
    \\frac{\\partial P_i}{\\partial x_j} = P_i(\\delta_{ij} - P_j)

The symbols are the notebook's own names, as on a page. Options are those of a page's claims, as in
`%%claim diagonal expect="refuted"`.
"""

from __future__ import annotations

import shlex
from typing import Any

from IPython import display

from edf.equations import EquationError, check_equation

OPTIONS = ("expect", "reading", "loss", "points", "seed")


def register(shell: Any) -> None:
    """Add `%%claim` to a shell of IPython."""

    def claim(line: str, cell: str) -> None:
        name, options = read_options(line)
        display.display(display.Math(cell))
        try:
            verdicts = check_equation(cell.strip(), shell.user_ns, id=name, **options)
        except EquationError as error:
            if options.get("expect") != "error":
                raise
            print(f"error, as expected: {error}")
            return
        for verdict in verdicts:
            display.display(verdict)

    shell.register_magic_function(claim, magic_kind="cell", magic_name="claim")


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
