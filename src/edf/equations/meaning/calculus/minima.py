r"""a = \arg\min_x f(x): what stands at a place is at most what stands anywhere else.

The claim is read as f(a) \leq f(x) of every x, for which a counterexample is looked for as for any
inequality. That no other place does as well is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Big,
    Equation,
    Evaluated,
    Group,
    Indices,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.names.scope import Scope, index_text
from edf.graph import Input

_SIGNS = {"argmin": r"\leq", "argmax": r"\geq"}


def with_minima(equation: Equation, scope: Scope) -> Equation:
    """Return a step as the inequality that a place of a minimum or maximum states, if it does.

    Raises:
        EquationError: What is varied is no input of the page that is drawn from all numbers, or
            there are not as many places as there are variables.
    """
    big = _whole(equation.right)
    if not isinstance(big, Big) or equation.sign not in ("=", r"\in"):
        return equation
    sign = _SIGNS.get(big.place)
    variables = _varied(big.lower)
    if sign is None or not variables or _is_index(variables, big.body, scope):
        return equation
    for variable in variables:
        _insist_on_input(variable, scope)
    places = _places(equation.left, len(variables))
    if len(places) != len(variables):
        fail(
            Why.NOTATION,
            f"{len(variables)} variables below the sign: write as many places on the left, in "
            "parentheses, (a, b)",
            equation.left.at,
        )
    points = tuple(
        Relation(variable, "=", place, at=place.at)
        for variable, place in zip(variables, places, strict=True)
    )
    commas = (",",) * (len(points) - 1)
    there = Evaluated(big.body, Indices(points, commas), "|", at=equation.left.at)
    return replace(equation, left=there, sign=sign, right=big.body)


def _varied(lower: Tree | None) -> tuple[Tree, ...]:
    r"""The variables below a sign: x, or a, b, or (a, b), perhaps with the set of all numbers or
    vectors, x \in \mathbb{R}^n; none where anything else stands there."""
    match lower:
        case Indices(items=(Group(items=items),)) | Indices(items=items):
            found = [_without_set(item) for item in items]
        case Relation():
            found = [_without_set(lower)]
        case _:
            found = []
    variables = tuple(each for each in found if isinstance(each, Symbol | Script))
    return variables if len(variables) == len(found) else ()


def _without_set(item: Tree) -> Tree:
    r"""x, where x \in \mathbb{R}^n stands."""
    match item:
        case Relation(left=left, sign=r"\in", right=Symbol() | Script() as right):
            reals = right.base if isinstance(right, Script) else right
            return left if reals == Symbol("R", (r"\mathbb",)) else item
    return item


def _is_index(variables: Sequence[Tree], body: Tree, scope: Scope) -> bool:
    """Whether all that varies is one index, whose value is no number of the page."""
    subs = [tree.sub for tree in walk(body) if isinstance(tree, Script) and tree.sub]
    (variable, *others) = variables
    return (
        not others
        and isinstance(variable, Symbol)
        and scope.find(variable) is None
        and any(variable in walk(sub) for sub in subs)
    )


def _places(left: Tree, count: int) -> tuple[Tree, ...]:
    """What stands on the left for each of several variables, (a, b)."""
    return left.items if count > 1 and isinstance(left, Group) else (left,)


def _whole(right: Tree) -> Tree:
    """A right side with all terms behind the sign under it, as in \\arg\\min_x f(x) + g(x)."""
    if isinstance(right, Sum) and isinstance(right.terms[0], Big) and not right.signs[0]:
        big = right.terms[0]
        inner = big.body if isinstance(big.body, Sum) else Sum((big.body,), ("",))
        terms, signs = (*inner.terms, *right.terms[1:]), (*inner.signs, *right.signs[1:])
        return replace(big, body=Sum(terms, signs, at=big.body.at))
    return right


def _insist_on_input(variable: Tree, scope: Scope) -> None:
    base, sub = (variable.base, variable.sub) if isinstance(variable, Script) else (variable, None)
    text = index_text(sub) if sub is not None else ""
    bound = scope.find(base, text or "") if isinstance(base, Symbol) else None
    value = None if bound is None else bound.value
    if not isinstance(value, Input) or value.value is not None or value.sample != "normal":
        fail(
            Why.UNKNOWN,
            "What is minimised over runs through all values: declare it (let: x \\in "
            "\\mathbb{R}^n), or write what holds there, as \\nabla f(x^*) = 0",
            variable.at,
        )
