"""Equations that are tests: LaTeX is parsed, evaluated on a graph at random points, and judged.

The stages, each a folder that imports from those above it only:

    operations/   what each operation is: spelling, shape rule, value and display side by side
    latex/        characters -> tree of what is typeset, and back
    meaning/      tree -> typed expression: what it means here, shapes and indices checked
    sampling/     the graph at many random points, and the value of an expression there
    binding/      names that LaTeX declares and defines
    testing/      whether both sides agree; what the test would notice, what would mend it
"""

from edf.equations.binding.declare import declare
from edf.equations.binding.define import define, defining_part
from edf.equations.check import check_equation
from edf.equations.diagnostics import EquationError
from edf.equations.testing.verdict import EquationVerdict

__all__ = [
    "EquationError",
    "EquationVerdict",
    "check_equation",
    "declare",
    "define",
    "defining_part",
]
