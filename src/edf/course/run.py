"""Run an unchanged program of the course: `python -m edf.course PROGRAM.py [arguments]`.

The program's own `import edf` finds one of the modules here, whichever file it was written for, and
so do the modules beside it. What was recognised, and which mistakes of the original the program is
spared, is said on standard error.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

GENERATIONS = {
    "2017-ps2": "edf.course.winter2017_ps2",
    "2017": "edf.course.winter2017",
    "2020": "edf.course.autumn2020",
}
#: Names that only one of the files has.
ONLY_2020 = {"CompNodes", "CompNode", "Parameters", "ParameterPackage", "clear_compgraph", "Affine"}
ONLY_2017 = {"components", "params", "Value", "Param", "VDot", "SoftMax", "Aref", "RELU", "Log"}
#: What the original got wrong, and what stands here instead.
CORRECTED = {
    "2017": {
        "Mean": "the gradient of a matrix's mean is divided by all its entries, not its rows only",
        "Add": "gradients have the shapes of the summands, whichever was broadcast",
        "Param": "opts={'lr': ...} is heeded",
        "Tanh": "does not overflow",
        "LogLoss": "has the slope 0 where it is constant, below 1e-12",
        "Embed": "adds every use of a row, the first included",
        "ArgMax": "is skipped in Backward, which stopped with an error",
        "Adam": "counts steps for each parameter",
        "MaxPool": "of equal entries the first gets the gradient, not each of them",
        "BatchNorm": "divides by the standard deviation, and its gradient is that of the value",
    },
    "2020": {
        "Sigmoid": "does not clip its argument at 10",
        "Softmax": "does not clip its argument at 10",
        "Affine": "makes no array of batch x in x out",
    },
}


class UnknownGenerationError(Exception):
    """The program does not say which of the course's files it was written for."""


def main(arguments: list[str] | None = None) -> None:
    """Run the program named on the command line, as if it had been started itself."""
    parser = argparse.ArgumentParser(prog="python -m edf.course", description=__doc__)
    parser.add_argument("--generation", choices=GENERATIONS, help="which of the course's files")
    parser.add_argument("program", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed to the program")
    given = parser.parse_args(arguments)
    try:
        source = given.program.read_text("utf-8")
        generation, because = given.generation, "--generation"
        if generation is None:
            generation, because = recognised(source)
    except (OSError, UnicodeDecodeError, SyntaxError, UnknownGenerationError) as problem:
        parser.exit(2, f"{given.program}: {_explained(problem)}\n")
    print(f"{given.program}: runs with {GENERATIONS[generation]} ({because})", file=sys.stderr)
    for name, text in differences(source, generation).items():
        print(f"{given.program}: unlike in the original, {name} {text}", file=sys.stderr)
    run(given.program, generation, given.arguments)


def recognised(source: str) -> tuple[str, str]:
    """Return the generation that a program was written for, and by what it was recognised.

    Raises:
        UnknownGenerationError: Nothing tells, or several things that contradict each other.
    """
    names = used_names(source)
    old, new = sorted(names & ONLY_2017), sorted(names & ONLY_2020)
    if bool(old) == bool(new):
        found = (
            f"it uses {', '.join(old)} and {', '.join(new)}" if old else "it uses none of its names"
        )
        raise UnknownGenerationError(
            f"which of the course's files is it for? {found}; say --generation"
        )
    if new:
        return "2020", f"it uses {', '.join(new)}"
    if names & {"Mean", "MeanwithMask"}:
        return "2017", "its loss is a mean"
    if "LogLoss" in names and "Backward" in names:
        return "2017-ps2", "its loss is not reduced by Mean: gradients of parameters are averaged"
    return "2017", f"it uses {', '.join(old)}"


def used_names(source: str) -> set[str]:
    """Return all names and attributes in a program."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def differences(source: str, generation: str) -> dict[str, str]:
    """Return what a program uses of the names that are put right, and what is right there now."""
    names = used_names(source)
    corrected = CORRECTED[generation.removesuffix("-ps2")]
    return {name: text for name, text in corrected.items() if name in names}


def run(program: Path, generation: str, arguments: list[str] | None = None) -> dict[str, object]:
    """Run a program with `import edf` led to a generation; return its names."""
    with _led_to(GENERATIONS[generation], program.resolve().parent):
        sys.argv = [str(program), *(arguments or [])]
        return runpy.run_path(str(program), run_name="__main__")


@contextlib.contextmanager
def _led_to(module: str, folder: Path) -> Iterator[None]:
    generation = importlib.import_module(module)
    kept, path, argv = sys.modules["edf"], list(sys.path), sys.argv
    sys.modules["edf"] = generation
    sys.path.insert(0, str(folder))  # for the modules beside the program
    try:
        yield
    finally:
        sys.modules["edf"], sys.argv = kept, argv
        sys.path[:] = path


def _explained(problem: Exception) -> str:
    if isinstance(problem, SyntaxError):
        old = "print" in (problem.text or "") or "Missing parentheses" in str(problem)
        hint = "; it looks like Python 2, which 2to3 translates" if old else ""
        return f"line {problem.lineno}: {problem.msg}{hint}"
    return str(problem)
