"""What other checkers make of a displayed equation. Runs with their own Python, not with ours.

`equation_peers.py` starts it with the name of a checker, sends a JSON list of formulas to its
standard input, and reads a JSON list of words from its standard output, for each formula one of

* `holds`: the checker accepts the equation, or has nothing to say against it;
* `fails`: it rejects it;
* `undecided`: it understands the formula and cannot tell;
* `refused`: it does not understand it, or does not answer within seconds.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS = 5  # for each formula


def scieqlint(formulas: list[str]) -> list[str]:
    """Each formula is a display formula of one Markdown document."""
    text, lines = "", []
    for formula in formulas:
        lines.append(text.count("\n") + 2)
        text += f"$$\n{re.sub(chr(10) + '+', chr(10), formula.strip())}\n$$\n\n"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.md"
        page.write_text(text, "utf-8")
        command = [str(Path(sys.executable).with_name("scieqlint")), "check", "--format", "json"]
        done = subprocess.run([*command, str(page)], capture_output=True, text=True, check=False)
    words = ["holds"] * len(formulas)
    for said in json.loads(done.stdout)["diagnostics"]:
        if said["code"].startswith(("ALG", "PARSE")):
            which = max(k for k, line in enumerate(lines) if line <= said["line"])
            word = "fails" if said["code"] == "ALG001" else "refused"
            if words[which] != "fails":
                words[which] = word
    return words


def math_verify(formulas: list[str]) -> list[str]:
    """The left side is the expected answer, the right side the one that is given."""
    from math_verify import parse, verify

    def judge(formula: str) -> str:
        left, right = formula.split("=")
        expected, given = parse(f"${left}$"), parse(f"${right}$")
        if not expected or not given:
            return "refused"
        return "holds" if verify(expected, given) else "fails"

    return one_by_one(judge, formulas)


def sympy(formulas: list[str]) -> list[str]:
    """Parsed by `parse_latex`, and compared by the method `equals`."""
    from sympy.parsing.latex import parse_latex

    def judge(formula: str) -> str:
        equation: Any = parse_latex(formula)
        answer = equation.lhs.equals(equation.rhs)
        return {True: "holds", False: "fails", None: "undecided"}[answer]

    return one_by_one(judge, formulas)


def one_by_one(judge: Callable[[str], str], formulas: list[str]) -> list[str]:
    """Judge each formula within its time, that of the processor; what raises is refused."""

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGPROF, late)
    words = []
    for formula in formulas:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            words.append(judge(formula))
        except Exception:
            words.append("refused")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return words


if __name__ == "__main__":
    checkers = {"scieqlint": scieqlint, "math-verify": math_verify, "sympy": sympy}
    answers = checkers[sys.argv[1]](json.load(sys.stdin))
    print("\n" + json.dumps(answers))
