r"""Names that a claim declares itself, beside its formula.

    (1 - q)^k \leq e^{-q k}, \quad k \in \mathbb{N}
    \log u \leq u - 1 \quad \text{for all } u \in (0, 1]

They are bound for this claim only, and only those that the page does not bind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from edf.equations.binding.declare import declare
from edf.equations.diagnostics import EquationError
from edf.equations.latex.syntax import Aside, Tree, walk

_NAME = r"(?:[A-Za-z]|\\[a-z]+)(?:_(?:[A-Za-z0-9]|\{[^{}]*\}))?"
_SCRIPTS = r"(?:\s*[_^]\s*(?:\{[^{}]*\}|[A-Za-z0-9+*]))*"
_SET = rf"(?:\\mathbb\s*\{{?\s*[A-Z]\s*\}}?{_SCRIPTS}|[\[(][^\[\]()]*[\])])"
_MEMBERS = re.compile(rf"({_NAME}(?:\s*,\s*{_NAME})*)\s*\\in(?![A-Za-z])\s*{_SET}")


def declared_beside(claim: Tree, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the new names that memberships beside a formula declare, as far as these are sets
    that can be drawn from."""
    found: dict[str, Any] = {}
    for aside in (tree for tree in walk(claim) if isinstance(tree, Aside)):
        for member in _MEMBERS.finditer(re.sub(r"\\forall(?![A-Za-z])", " ", aside.text)):
            try:
                made = declare(member[0], {**names, **found})
            except EquationError:
                continue
            found |= {name: value for name, value in made.items() if name not in names}
    return found
