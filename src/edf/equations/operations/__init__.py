r"""The operations of the dialect, each in one place: spelling, shape rule, value and display.

To add one, add an entry to `functions`, `arithmetic`, `matrices`, `spectra` or `reductions`: the
parser, the reading, the evaluation and the display look it up here.
"""

from __future__ import annotations

from edf.equations.operations.arithmetic import ARITHMETIC
from edf.equations.operations.functions import FUNCTIONS
from edf.equations.operations.matrices import MATRICES
from edf.equations.operations.operation import Operation
from edf.equations.operations.spectra import SPECTRA

OPERATIONS: dict[str, Operation] = {
    operation.name: operation for operation in (*ARITHMETIC, *FUNCTIONS, *MATRICES, *SPECTRA)
}
#: By the macro, the word in \operatorname, or the symbol that an operation is written with.
BY_MACRO = {macro: o for o in OPERATIONS.values() for macro in o.macros}
BY_WORD = {word: o for o in OPERATIONS.values() for word in o.words}
BY_SYMBOL = {symbol: o for o in OPERATIONS.values() for symbol in o.symbols}
