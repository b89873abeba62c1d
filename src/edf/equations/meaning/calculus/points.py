r"""Values at a point: \left. \frac{df}{dx} \right|_{x = a}, \frac{\partial f}{\partial x}(a)."""

from __future__ import annotations

from collections.abc import Sequence

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Evaluated,
    Fraction,
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Script,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.calculus.derivatives import (
    derivative_parts,
    read_derivative,
    read_held,
    variables_below,
)
from edf.equations.meaning.calculus.integrals import read_between
from edf.equations.meaning.calls.functions import call_function
from edf.equations.meaning.calls.nodes import argument_of, named_node
from edf.equations.meaning.letters.symbols import atom
from edf.equations.meaning.names.scope import latex_name
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import make
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.shapes import describe, of_array, to_array
from edf.graph import Node


def read_evaluated(reader: Reader, tree: Evaluated) -> Expr:
    r"""A value at a point, \left. .. \right|_{x = a}; or with something held fixed."""
    assert isinstance(tree.at_point, Indices)
    items = tree.at_point.items
    if tree.up_to is not None:
        if len(items) > 1:
            fail(Why.NOTATION, "Between two ends of one letter", tree.at)
        return read_between(reader, tree.body, items[0], tree.up_to, tree.at)
    if not any(isinstance(item, Relation) for item in items):
        if len(items) == 1 and (value := _at_value(reader, tree, items[0])) is not None:
            return value
        return read_held(reader, tree.body, items, tree.at)
    points: list[tuple[Node, tuple[str, str], Tree]] = []
    for item in items:
        if not isinstance(item, Relation) or item.sign != "=":
            fail(Why.NOTATION, "A point is written with equality signs: x = a, y = b", item.at)
        node, label = _variable(reader, item.left)
        points.append((node, label, item.right))
    return value_at(reader, reader.read(tree.body), points, tree.at)


def _variable(reader: Reader, tree: Tree) -> tuple[Node, tuple[str, str]]:
    symbol, sub = (tree.base, tree.sub) if isinstance(tree, Script) else (tree, None)
    if isinstance(symbol, Symbol):
        with reader.unlifted():
            value = atom(reader, symbol, sub, tree.at)
        if value.op == "node" and not value.data[1]:
            return value.data[0], value.label
    fail(Why.NOTATION, "At a point, a name of the page gets a value", tree.at)


def _at_value(reader: Reader, tree: Evaluated, point: Tree) -> Expr | None:
    r"""\left. \frac{df}{dx} \right|_{a}, of something that f does not depend on: at x = a."""
    body = tree.body
    parts = derivative_parts(reader, body) if isinstance(body, Fraction) else None
    if parts is None or parts[2] is None:
        return None
    assert isinstance(body, Fraction)
    variables = variables_below(reader, body.bottom, parts[0], parts[1])
    if any(v.indices or v.node is not variables[0].node for v in variables):
        return None
    named, variable = named_node(reader, point), variables[0]
    mentioned = reader.scope.nodes_in(walk(parts[2]))
    below = {n for node in mentioned for n in (node, *reader.scope.ancestors(node))}
    if named is not None and (named in below or variable.node in reader.scope.ancestors(named)):
        return None  # it is held fixed
    value = read_derivative(reader, body)
    assert value is not None
    return value_at(reader, value, [(variable.node, variable.label, point)], tree.at)


def read_derivative_at(reader: Reader, tree: Fraction, group: Group) -> Expr | None:
    r"""\frac{\partial f}{\partial x}(a): a derivative at a point, which no product is written as.

    Returns:
        The value, or None where the parentheses hold more than a name, a number or a call.
    """
    parts = derivative_parts(reader, tree)
    if parts is None or parts[2] is None:
        return None
    if len(group.items) > 1:
        return _at_arguments(reader, tree, parts[2], group)
    item = group.items[0]
    if (prime := _prime_of_function(reader, tree, parts[2], group)) is not None:
        return prime
    call = argument_of(reader, item) is not None
    if not isinstance(item, Symbol | Number) and not call and not reader.page.at_points:
        return None
    variables = variables_below(reader, tree.bottom, parts[0], parts[1])
    variable = variables[0]
    if any(v.indices or v.node is not variable.node for v in variables):
        return None
    value = read_derivative(reader, tree)
    assert value is not None
    if named_node(reader, item) is variable.node:
        return value
    if isinstance(item, Symbol):  # at the point where it is taken anyway, if f depends on that
        inner = named_node(reader, item)
        if inner is not None and inner in reader.scope.ancestors(variable.node):
            return value
    return value_at(reader, value, [(variable.node, variable.label, item)], tree.at)


def _at_arguments(reader: Reader, tree: Fraction, target: Tree, group: Group) -> Expr | None:
    r"""\frac{\partial f}{\partial x}(1, y) of a node that f(1, y) calls: the derivative there."""
    if named_node(reader, target) is None or not group.open.endswith("("):
        return None
    called, used = reader.unit((target, group), ("",), 0)
    value = read_derivative(reader, tree)
    assert value is not None
    if used == 2 and called.op == "node":
        return value
    if used < 2 or called.op != "replace":
        return None
    _, variables, _ = called.data
    names = [reader.scope.labels.get(variable, "an argument") for variable in variables]
    labels = tuple((name, latex_name(name)) for name in names)
    return make(
        "at", (value, *called.args), (tuple(variables), labels), at=tree.at, shape=value.shape
    )


def _prime_of_function(reader: Reader, tree: Fraction, target: Tree, group: Group) -> Expr | None:
    r"""\frac{dF}{du}(u(x)) of functions F and u is F'(u(x))."""
    below = tree.bottom.factors[-1] if isinstance(tree.bottom, Product) else tree.bottom
    names = [
        reader.scope.find(each) if isinstance(each, Symbol) else None for each in (target, below)
    ]
    above, variable = names
    if above is None or above.kind != "function" or reader.scope.applications(above.value):
        return None
    if variable is not None and variable.kind != "function":
        return None
    return call_function(reader, above, 1, group, tree.at)


def value_at(
    reader: Reader, body: Expr, points: Sequence[tuple[Node, tuple[str, str], Tree]], at: int
) -> Expr:
    """An expression, with other values for some nodes of the graph."""
    values: list[Expr] = []
    for node, label, tree in points:
        value = reader.whole(tree)
        shape = reader.shape(node)
        if value.op == "number" and value.data == 0 and shape:  # 0 fits every shape
            value = make("zeros", at=tree.at, shape=of_array(shape))
        if to_array(value.shape) != (shape if shape != (1,) else ()):
            fail(
                Why.SHAPES,
                f"{label[0]} is {describe(of_array(shape))}, and this is {describe(value.shape)}",
                tree.at,
            )
        if value.free:
            fail(Why.NOTATION, "A point that depends on an index: bind it to a name", tree.at)
        values.append(value)
    data = tuple(node for node, _, _ in points), tuple(label for _, label, _ in points)
    return make("at", (body, *values), data, at=at, shape=body.shape)
