r"""a = \arg\min_x f(x): what stands at a place is at most what stands anywhere else.

The claim is read as f(a) \leq f(x) of every x, for which a counterexample is looked for as for any
inequality. That no other place does as well is no part of it.
"""

from __future__ import annotations

from dataclasses import replace

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Big,
    Equation,
    Evaluated,
    Indices,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.names.scope import Scope
from edf.graph import Input

_SIGNS = {"argmin": r"\leq", "argmax": r"\geq"}


def with_minima(equation: Equation, scope: Scope) -> Equation:
    """Return a step as the inequality that a place of a minimum or maximum states, if it does.

    Raises:
        EquationError: What is varied is no input of the page that is drawn from all numbers.
    """
    big = _whole(equation.right)
    if not isinstance(big, Big) or equation.sign != "=":
        return equation
    sign = _SIGNS.get("".join(letter for letter in big.macro if letter.isalpha())[-6:])
    match big.lower:
        case Indices(items=(Symbol() as variable,)) if sign is not None:
            subs = [tree.sub for tree in walk(big.body) if isinstance(tree, Script) and tree.sub]
            if scope.find(variable) is None and any(variable in walk(sub) for sub in subs):
                return equation  # over an index, whose value is no number of the page
            _insist_on_input(variable, scope)
        case _:
            return equation
    point = Relation(variable, "=", equation.left, at=equation.left.at)
    there = Evaluated(big.body, Indices((point,), ()), "|", at=equation.left.at)
    return replace(equation, left=there, sign=sign, right=big.body)


def _whole(right: Tree) -> Tree:
    """A right side with all terms behind the sign under it, as in \\arg\\min_x f(x) + g(x)."""
    if isinstance(right, Sum) and isinstance(right.terms[0], Big) and not right.signs[0]:
        big = right.terms[0]
        inner = big.body if isinstance(big.body, Sum) else Sum((big.body,), ("",))
        terms, signs = (*inner.terms, *right.terms[1:]), (*inner.signs, *right.signs[1:])
        return replace(big, body=Sum(terms, signs, at=big.body.at))
    return right


def _insist_on_input(variable: Tree, scope: Scope) -> None:
    bound = scope.find(variable) if isinstance(variable, Symbol) else None
    value = None if bound is None else bound.value
    if not isinstance(value, Input) or value.value is not None or value.sample != "normal":
        fail(
            Why.UNKNOWN,
            "What is minimised over runs through all values: declare it (let: x \\in "
            "\\mathbb{R}^n), or write what holds there, as \\nabla f(x^*) = 0",
            variable.at,
        )
