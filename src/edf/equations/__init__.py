"""Equations that are tests: LaTeX is parsed, evaluated on a graph at random points, and judged.

The stages, and the modules of each:

    tokens -> parser -> syntax    what is typeset
    names, resolve -> meaning     what it means here, shapes and indices checked
    world, evaluate               its value at many points, derivatives included
    judge -> verdict              whether both sides agree
    changes, adequacy             what the test would notice, what would mend it
"""

from edf.equations.check import check_equation
from edf.equations.errors import EquationError
from edf.equations.testing.verdict import EquationVerdict

__all__ = ["EquationError", "EquationVerdict", "check_equation"]
