r"""Limits, `\lim_{h \to 0} \frac{f(x + h) - f(x)}{h}`.

The variable stands for places that come nearer and nearer to a point, or go to infinity, as an
index does. What the values there tend to is extrapolated; how far that can be trusted is found out
as for derivatives by differences, from the change with the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import INFINITY, Big, Relation, Script, Sum, Symbol, Tree
from edf.equations.latex.vocabulary import TENDS_TO
from edf.equations.meaning.calculus.integrals import moved
from edf.equations.meaning.names.scope import python_names
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.extrapolation import AROUND, PLACES
from edf.equations.operations.shapes import of_array

_SIDES = {r"\downarrow": "above", r"\uparrow": "below"}
_ARROWS = TENDS_TO | set(_SIDES)
_HOW = "A limit of which letter, and where does it go? Write \\lim_{h \\to 0}"


def read_limit(reader: Reader, tree: Big) -> Expr:
    r"""\lim_{h \to a} and \lim_{n \to \infty}, perhaps from one side, h \to 0^+."""
    lower = tree.lower
    if not isinstance(lower, Relation) or lower.sign not in _ARROWS or tree.upper is not None:
        fail(Why.NOTATION, _HOW, tree.at)
    variable = lower.left
    if not isinstance(variable, Symbol):
        fail(Why.NOTATION, _HOW, lower.at)
    kind, args = _goal(reader, lower)
    body, place = approached(reader, variable, kind, args, lambda: reader.read(tree.body))
    (index, _), name = place.data, place.label[0]
    if index not in body.free:
        fail(Why.NOTATION, f"What stands behind the limit does not depend on {name}", tree.body.at)
    data = index, kind, place.label, to_latex(lower.right)
    return make(
        "limit", (body, *args), data, at=tree.at, shape=body.shape, free=body.free - {index},
        bound=frozenset([index]), order=1,
    )  # fmt: skip


def approached(
    reader: Reader,
    variable: Symbol,
    kind: str,
    args: Sequence[Expr],
    read: Callable[[], Expr],
    centre: Expr | None = None,
) -> tuple[Expr, Expr]:
    """Read something at the places where a letter comes near to a point; return it, and these.

    A vector v comes near to a centre c, or to 0, on a line: as c + t (v - c).
    """
    name = python_names(variable)[0]
    bound = reader.scope.find(variable)
    is_number = bound is None or bound.kind == "number"
    shape = None if is_number or bound is None else of_array(reader.shape_of(bound))
    if bound is not None and not is_number and (bound.kind != "node" or (shape and kind != AROUND)):
        fail(
            Why.OTHER_MEANING,
            f"{name} is no number of the graph: let another letter go to the limit",
            variable.at,
        )
    index = f"{name} "
    while index in reader.inference.ranges:
        index += " "
    reader.inference.runs_over(index, PLACES, variable.at)
    place = make(
        "approach", args, (index, kind), at=variable.at, free=frozenset([index]),
        label=(name, to_latex(variable)) if shape is None else ("t", "t"),
    )  # fmt: skip
    with reader.dummy(name, place) if shape is None else nullcontext():
        body = read()
    if bound is not None and not is_number:
        there = place if shape is None else _on_line(reader.whole(variable), place, centre)
        body = moved(reader, body, bound.value, there)
    return body, place


def _on_line(end: Expr, place: Expr, centre: Expr | None) -> Expr:
    if centre is None:
        return apply("mul", (place, end), place.at)
    way = apply("add", (end, apply("neg", (centre,), place.at)), place.at)
    return apply("add", (centre, apply("mul", (place, way), place.at)), place.at)


def _goal(reader: Reader, lower: Relation) -> tuple[str, tuple[Expr, ...]]:
    """Where the variable goes, and from which side; the point, unless it is infinite."""
    goal: Tree = lower.right
    if goal in (INFINITY, Sum((INFINITY,), ("+",))):
        return "up", ()
    if goal == Sum((INFINITY,), ("-",)):
        return "down", ()
    side = _SIDES.get(lower.sign, "both")
    match goal:
        case Script(base=base, sub=None, sup=Symbol("+" | "-" as sign)):
            side, goal = ("above" if sign == "+" else "below"), base
    point = reader.read(goal)
    if point.shape is not None:
        fail(Why.NOTATION, "The point of a limit is a number", point.at)
    return side, (point,)
