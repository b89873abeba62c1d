"""Run an unchanged program of the course: `python -m edf.course PROGRAM [arguments]`.

The program, a Python file or a notebook, was written for a file `edf.py` of the course. Its own
`import edf` finds one of the modules here, whichever file that was, and so do the modules beside
it. What was recognised, and which mistakes of the original the program is spared, is said on
standard error.

Python looks for modules in the working directory first, so where that holds the course's `edf.py`,
this is `python -P -m edf.course PROGRAM`, or `handout course PROGRAM`.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import linecache
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GENERATIONS = {
    "2017": "edf.course.winter2017",
    "2017-ps2": "edf.course.winter2017_ps2",  # gradients of parameters are averaged
    "2017-ps4": "edf.course.winter2017",  # they are summed
    "2020": "edf.course.autumn2020",
}
#: Names that only one of the files has.
ONLY_2020 = {"CompNodes", "CompNode", "Parameters", "ParameterPackage", "clear_compgraph", "Affine"}
ONLY_2017 = {"components", "params", "Value", "Param", "VDot", "SoftMax", "Aref", "RELU", "Log"}
#: Names that the files of winter 2017 have from problem set 3 on.
FROM_PS3 = {
    *("Mean", "MeanwithMask", "Reshape", "Embed", "ConCat", "ArgMax", "LeakyRELU", "Softplus"),
    *("Conv", "ConvNaive", "MaxPool", "AvePool", "SumPool", "BatchNorm", "Dropout", "bcast"),
    *("Momentum", "AdaGrad", "RMSProp", "Adam", "GradClip"),
}
#: A draft of autumn 2020, in which a graph was an object, soon replaced: nothing here runs it.
ONLY_DRAFT = {"Model", "Component", "input_of", "NegLog", "default_update"}
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
        "Conv": "with a stride beyond 1 has the gradient of its value in the image, too",
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
        names = used_names(given.program)
        generation, because = given.generation, "--generation"
        if generation is None:
            generation, because = recognised(names)
    except (OSError, UnicodeDecodeError, SyntaxError, UnknownGenerationError) as problem:
        parser.exit(2, f"{given.program}: {_explained(problem)}\n")
    print(f"{given.program}: runs with {GENERATIONS[generation]} ({because})", file=sys.stderr)
    for name, text in corrections(names, generation).items():
        print(f"{given.program}: unlike in the original, {name} {text}", file=sys.stderr)
    if unknown := missing(names, generation):
        print(
            f"{given.program}: there is no {', '.join(unknown)} in it; the program stops there, "
            "unless it sets them itself",
            file=sys.stderr,
        )
    run(given.program, generation, given.arguments)


# ---------------------------------------------------------------------- what the program was for


def recognised(names: set[str]) -> tuple[str, str]:
    """Return the generation whose names a program uses, and by what it was recognised.

    Raises:
        UnknownGenerationError: Nothing tells, or several things that contradict each other.
    """
    old, new = sorted(names & ONLY_2017), sorted(names & ONLY_2020)
    if draft := sorted(names & ONLY_DRAFT):
        raise UnknownGenerationError(
            f"it uses {', '.join(draft)}, which stood in a draft of 2020 only, soon replaced; "
            "no module here has them"
        )
    if not names:
        return "2017", "it imports edf and uses nothing of it, so any will do"
    if bool(old) == bool(new):
        found = (
            f"it uses {', '.join(old)} and {', '.join(new)}" if old else "it uses none of its names"
        )
        raise UnknownGenerationError(
            f"which of the course's files is it for? {found}; say --generation"
        )
    if new:
        return "2020", f"it uses {', '.join(new)}"
    if later := sorted(names & FROM_PS3):
        return "2017-ps4", f"it uses {', '.join(later)}: gradients of parameters are summed"
    if "LogLoss" in names and "Backward" in names:
        return "2017-ps2", "its loss is not reduced by Mean: gradients of parameters are averaged"
    return "2017", f"it uses {', '.join(old)}"


def corrections(names: set[str], generation: str) -> dict[str, str]:
    """Return what a program uses of the names that are put right, and what is right there now."""
    corrected = CORRECTED[generation.partition("-")[0]]
    return {name: text for name, text in corrected.items() if name in names}


def missing(names: set[str], generation: str) -> list[str]:
    """Return what a program uses that the module does not have, as where it was written for the
    file of the same name of another course."""
    module = importlib.import_module(GENERATIONS[generation])
    return sorted(name for name in names if name != "*" and not hasattr(module, name))


def used_names(program: Path) -> set[str]:
    """Return the names of the course's file that a program, and the modules beside it, use; with
    "*" among them where the file is used as a whole, so that its names may be others, too.

    Raises:
        UnknownGenerationError: Neither the program nor a module beside it imports the file.
    """
    names: set[str] = set()
    imported: set[str] = set()
    files, seen = [program], {program}
    while files:
        file = files.pop()
        tree = ast.parse(source(file), str(file))
        names |= _names_of_edf(tree)
        modules = _imported(tree)
        beside = {program.parent / f"{module}.py" for module in modules - {"edf"}}
        files += [path for path in beside - seen if path.is_file()]
        seen |= beside
        imported |= modules
    if "edf" not in imported:
        raise UnknownGenerationError("it does not import edf")
    return names


def _names_of_edf(tree: ast.Module) -> set[str]:
    nodes = list(ast.walk(tree))
    aliases: set[str] = set()
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            aliases |= {name.asname or "edf" for name in node.names if name.name == "edf"}
        elif isinstance(node, ast.ImportFrom) and node.module == "edf":
            names |= {name.name for name in node.names}
    if "*" in names:  # whatever it does not define may come from there
        own = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        names |= {node.id for node in nodes if isinstance(node, ast.Name)} - own
    uses = [n for n in nodes if isinstance(n, ast.Name) and n.id in aliases]
    of_names = [n for n in nodes if isinstance(n, ast.Attribute) and n.value in uses]
    as_a_whole = {"*"} if len(uses) > len(of_names) else set()  # as in `getattr(edf, name)`
    return names | as_a_whole | {node.attr for node in of_names}


def _imported(tree: ast.Module) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return modules


# --------------------------------------------------------------------------------- running it


def run(program: Path, generation: str, arguments: list[str] | None = None) -> dict[str, object]:
    """Run a program with `import edf` led to a generation; return its names."""
    text = source(program)
    code = compile(text, str(program), "exec")
    linecache.cache[str(program)] = (len(text), None, text.splitlines(True), str(program))
    main_module = types.ModuleType("__main__")
    main_module.__file__ = str(program)
    edf: Any = importlib.import_module(GENERATIONS[generation])
    if generation == "2017-ps4":
        edf.averages = False
    with _led_to(edf, program.resolve().parent, main_module):
        sys.argv = [str(program), *(arguments or [])]
        exec(code, vars(main_module))
    return vars(main_module)


def source(program: Path) -> str:
    """Return the Python of a program: its text, or the code cells of a notebook, one after another,
    without what is addressed to IPython (`%matplotlib inline`, `!ls`)."""
    text = program.read_text("utf-8")
    if program.suffix != ".ipynb":
        return text
    try:
        cells = [
            "".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError) as problem:
        raise SyntaxError(f"not a notebook of version 4 ({problem})") from problem
    return re.sub(r"^(\s*)[%!]", r"\1pass  # ", "\n\n".join(cells), flags=re.MULTILINE) + "\n"


@contextlib.contextmanager
def _led_to(edf: types.ModuleType, folder: Path, main_module: types.ModuleType) -> Iterator[None]:
    kept = {name: sys.modules[name] for name in ("edf", "__main__")}
    path, argv = list(sys.path), sys.argv
    sys.modules |= {"edf": edf, "__main__": main_module}
    sys.path.insert(0, str(folder))  # for the modules beside the program
    try:
        yield
    finally:
        sys.modules |= kept
        sys.path[:], sys.argv = path, argv


def _explained(problem: Exception) -> str:
    if isinstance(problem, SyntaxError):
        old = "print" in (problem.text or "") or "Missing parentheses" in str(problem)
        hint = "; it looks like Python 2, which 2to3 translates" if old else ""
        where = f"line {problem.lineno}: " if problem.lineno else ""
        return f"{where}{problem.msg}{hint}"
    return str(problem)
