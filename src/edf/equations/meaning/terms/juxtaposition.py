"""What a parenthesis behind a name means: a call, or a product.

`name(...)` is a call if the name is bound to a function, or to a node and the parentheses hold
something that the node depends on; it is a product if the name cannot be called. Where both could
be meant, it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Group, Indices, Number, Script, Symbol, Tree, walk
from edf.equations.meaning.calculus.derivatives import read_jacobian
from edf.equations.meaning.calculus.points import value_at
from edf.equations.meaning.calls.functions import (
    call_function,
    call_operation,
    named_operation,
    spectral,
)
from edf.equations.meaning.calls.nodes import (
    by_axes,
    call_node,
    insist_on_product,
    lists_arguments,
)
from edf.equations.meaning.letters.aliases import called_alias, entry
from edf.equations.meaning.letters.scripts import (
    is_minus_one,
    is_transpose,
    raised,
    refuse_power_of_entry,
    subscripted,
)
from edf.equations.meaning.letters.symbols import (
    look_up,
    read_bound,
    read_index,
    read_letter,
    read_node,
    time_derivative,
)
from edf.equations.meaning.names.scope import Alias, Bound, index_text, latex_name, python_names
from edf.equations.meaning.probability.laws import density
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed import algebra
from edf.equations.meaning.typed.expression import Expr, Index
from edf.equations.operations.shapes import is_column, settle
from edf.graph import Input


def read_call(reader: Reader, head: Tree, group: Group, behind: Tree) -> Expr | None:
    """Read `head group` as a call, or return None if it is a product.

    Args:
        reader: The state of reading.
        head: What stands before the parentheses.
        group: The parentheses.
        behind: The parentheses with the scripts that they carry.
    """
    script = head if isinstance(head, Script) else Script(head, at=head.at)
    symbol = script.base
    if not isinstance(symbol, Symbol):
        return None
    if (size := _size(reader, symbol, group)) is not None and script == Script(symbol):
        return _with_scripts(reader, size, behind)
    if (number := spectral(reader, symbol, script.sub, group)) is not None and not script.primes:
        return _called(reader, number, symbol, script, behind)
    if _is_jacobian(reader, symbol, script.sub):
        assert script.sub is not None
        jacobian = read_jacobian(reader, script.sub, group, symbol.at)
        return _called(reader, jacobian, symbol, script, behind)
    bound, indices = look_up(reader, symbol, script.sub)
    if bound is not None and bound.kind == "function" and not script.primes:
        script = _with_primes(script)
    named = bound is not None and (bound.kind == "number" or isinstance(bound.value, Input))
    if (bound is None or named) and script == Script(symbol):  # \mathcal{N} is no N of the page
        value = density(reader, symbol, group)
        if value is not None:
            return _called(reader, value, symbol, script, behind)
    if bound is None:
        if (moving := _moving_at(reader, symbol, script, group)) is not None:
            return _called(reader, moving, symbol, script, behind)
        if (operation := named_operation(symbol)) is None:
            return None
        value = call_operation(reader, operation, symbol, script.sub, script.primes, group)
        if symbol.styles and isinstance(script.sup, Number):  # as \sin^2 x
            value = raised(reader, value, script.sup, script.at)
            script = Script(symbol, script.sub, None, script.primes, at=script.at)
        return _called(reader, value, symbol, script, behind)
    if (indexed := _indexed(reader, bound, symbol, script, group)) is not None:
        return _with_scripts(reader, indexed, behind)
    if bound.kind == "alias" and bound.value.variables:
        value = _call_definition(reader, bound, script, indices, group)
    elif bound.kind == "function":
        value = _call_function(reader, bound, script, indices, group)
    elif bound.kind == "node":
        return _call_node(reader, bound, symbol, script, indices, group, behind)
    else:
        transposed = isinstance(behind, Script) and behind.sup and is_transpose(reader, behind.sup)
        if not (transposed and bound.kind == "alias"):  # \delta (x)^\top, of what is no function
            insist_on_product(to_latex(head), group)
        return None
    return _called(reader, value, symbol, script, behind)


def _with_primes(script: Script) -> Script:
    """f^{(2)}, the second derivative of a function, as f''."""
    match script.sup:
        case Group(items=(Number(text=text),), open="(") if text in ("1", "2", "3"):
            return Script(script.base, script.sub, None, int(text), at=script.at)
    return script


def _called(reader: Reader, value: Expr, symbol: Symbol, script: Script, behind: Tree) -> Expr:
    """A value with the scripts behind its parentheses; one between name and these is refused."""
    if script.sup is not None:
        fail(
            Why.AMBIGUOUS,
            f"Is this a power of the function or of its value? Write "
            f"{to_latex(symbol)}(..)^{{{to_latex(script.sup)}}}, or of an inverse function what it "
            f"satisfies: {to_latex(symbol)}(y) = x",
            script.at,
        )
    return _with_scripts(reader, value, behind)


def _is_jacobian(reader: Reader, symbol: Symbol, sub: Tree | None) -> bool:
    """Whether J_f is no name of the page."""
    if symbol.base != "J" or not sub:
        return False
    text = index_text(sub)
    return not (reader.scope.find(symbol) or (text and reader.scope.find(symbol, text)))


def _indexed(
    reader: Reader, bound: Bound, symbol: Symbol, script: Script, group: Group
) -> Expr | None:
    """An entry that is written as a call: x[i], or p(x) of an array p."""
    if group.open.endswith("[") and script == Script(symbol):
        found = _subscripted(reader, bound, symbol, group)
        if found is not None:
            return found
    if script == Script(symbol, None, script.sup):
        found = _at_outcome(reader, bound, symbol, group)
        if found is not None:  # f^2(x) is f(x)^2
            return raised(reader, found, script.sup, script.at)
    return None


def _call_definition(
    reader: Reader, bound: Bound, script: Script, indices: tuple[Index, ...], group: Group
) -> Expr:
    if script.primes and not indices:
        slope = _slope_of_definition(reader, bound, script, group)
        if slope is not None:
            return slope
    if script.primes or indices:
        fail(
            Why.DERIVATIVE,
            f"{bound.name} is defined by a formula: write \\frac{{d}}{{dx}} "
            f"{bound.name}(x) for its derivative",
            script.at,
        )
    return called_alias(reader, bound, group, script.at)


def _slope_of_definition(reader: Reader, bound: Bound, script: Script, group: Group) -> Expr | None:
    """h'(z) of h(u) = .., where z is an input, of which the formula of h does not speak."""
    match group.items:
        case (Symbol() as argument,):
            known = reader.scope.find(argument)
        case _:
            return None
    variable = None if known is None else known.value
    if not isinstance(variable, Input) or reader.shape(variable) != ():
        return None
    nodes = [found.value for found in _bound_in(reader, bound.value) if found.kind == "node"]
    if any(variable is node or variable in reader.scope.ancestors(node) for node in nodes):
        return None
    value = called_alias(reader, bound, group, script.at)
    if value.shape is not None:
        return None
    return _differentiated(reader, value, variable, script)


def _bound_in(reader: Reader, alias: Alias) -> Iterator[Bound]:
    """What the names in a formula that defines a function are bound to, but for its variables."""
    for tree in walk(alias.tree):
        found = reader.scope.find(tree) if isinstance(tree, Symbol) else None
        if found is not None and found.name not in alias.variables:
            yield found


def _call_function(
    reader: Reader, bound: Bound, script: Script, indices: tuple[Index, ...], group: Group
) -> Expr:
    value = call_function(reader, bound, script.primes, group, script.at)
    if indices and value.shape is None:
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} is a function with a number as its value, which has no "
            "components: leave the subscript out",
            script.at,
        )
    return entry(reader, value, indices, script.at) if indices else value  # f_i(x) is f(x)_i


def _call_node(
    reader: Reader,
    bound: Bound,
    symbol: Symbol,
    script: Script,
    indices: tuple[Index, ...],
    group: Group,
    behind: Tree,
) -> Expr | None:
    """A node at other arguments, to a power or differentiated; None if it is a product."""
    if script.primes:
        value = _derivative_at(reader, bound, script, group)
        if value is not None:
            return _with_scripts(reader, value, behind)
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} is a node: a prime is understood on functions, f'(x)",
            script.at,
        )
    if script.sup is None:
        called = call_node(reader, bound, symbol, indices, group, behind)
        if called is None:
            return None
        value, whole = called
        return value if whole else _with_scripts(reader, value, behind)
    if not lists_arguments(reader, bound.value, group):
        return None
    called = call_node(reader, bound, symbol, indices, group, group)
    if called is None:
        return None
    return _with_scripts(reader, raised(reader, called[0], script.sup, script.at), behind)


def _size(reader: Reader, symbol: Symbol, group: Group) -> Expr | None:
    r"""\text{x.size}(0) and \text{x.shape}[0], as programs write a length, and \text{len}(x)."""
    name, _, word = symbol.base.partition(".")
    item = group.items[0] if len(group.items) == 1 else None
    if symbol.base == "len" and isinstance(item, Symbol):
        bound, axis = reader.scope.find(item), 0
    elif word in ("size", "shape") and isinstance(item, Number) and item.text.isdigit():
        bound, axis = reader.scope.find(Symbol(name)), int(item.text)
    else:
        return None
    if bound is None or bound.kind not in ("node", "array"):
        return None
    shape = reader.shape_of(bound)
    if axis >= len(shape):
        fail(Why.SHAPES, f"{bound.name} has {len(shape)} axes, counted from 0", group.at)
    shown = f"{bound.name}.{word or 'size'}({axis})"
    return algebra.number(float(shape[axis]), symbol.at, (shown, rf"\text{{{shown}}}"))


def _subscripted(reader: Reader, bound: Bound, symbol: Symbol, group: Group) -> Expr | None:
    """x[i] as in programs: an entry, numbers counted from 0; None if it is no such thing."""
    if len(reader.shape_of(bound)) != len(group.items):
        return None
    indices: list[Index] = []
    for item in group.items:
        known = reader.scope.find(item) if isinstance(item, Symbol) else None
        if isinstance(item, Number) and item.text.isdigit():
            indices.append(int(item.text))
        elif known is not None and isinstance(known.value, int | np.integer):
            indices.append(int(known.value))
        elif isinstance(item, Symbol) and known is None and len(python_names(item)[0]) == 1:
            indices.append(read_letter(reader, item))
        else:
            return None
    return read_bound(reader, bound, tuple(indices), to_latex(symbol), symbol.at)


def _at_outcome(reader: Reader, bound: Bound, symbol: Symbol, group: Group) -> Expr | None:
    r"""The component of an array p: p_x is p(x) with a free letter x, p_i is p(x_i), p_1 p(1).

    \pi(a \mid s) is that of an array of conditional probabilities.
    """
    if not group.open.endswith("(") or len(reader.shape_of(bound)) != len(group.items):
        return None
    indices: list[Index] = []
    for item in group.items:
        if isinstance(item, Number) and item.text.isdigit() and bound.kind == "array":
            indices.append(read_index(reader, item))
            continue
        outcome, sub = (item.base, item.sub) if isinstance(item, Script) else (item, None)
        if not isinstance(outcome, Symbol) or (isinstance(item, Script) and item.sup):
            return None
        if (
            len(python_names(outcome)[0].rstrip("'~")) > 1
            or outcome.styles
            or reader.scope.find(outcome)
        ):
            return None
        if sub is None:
            indices.append(read_letter(reader, outcome))
        elif isinstance(sub, Indices) and len(sub.items) == 1:
            indices.append(read_index(reader, sub.items[0]))
        else:
            return None
    ordered = by_axes(reader, bound, indices, group)
    if ordered is None:
        return None
    return read_bound(reader, bound, tuple(ordered), to_latex(symbol), symbol.at)


def _derivative_at(reader: Reader, bound: Bound, script: Script, group: Group) -> Expr | None:
    """y'(x) of a node y that depends on the number x alone."""
    symbol = script.base
    if not isinstance(symbol, Symbol) or script.sub is not None or len(group.items) != 1:
        return None
    argument = group.items[0]
    known = reader.scope.find(argument) if isinstance(argument, Symbol) else None
    defined_at: tuple[Any, ...] = getattr(bound.value, "defined_at", ())
    if len(defined_at) == 1:
        value = _derivative_by(reader, bound, defined_at[0], script)
    else:
        value = time_derivative(reader, symbol, script.primes, symbol.at)
    if value is None:
        return _derivative_by(reader, bound, None if known is None else known.value, script)
    variable = value.data[0]
    if known is not None and variable is known.value:
        return value
    if known is None and isinstance(argument, Symbol) and argument.base not in reader.dummies:
        return None
    return value_at(reader, value, [(variable, value.data[2], argument)], script.at)


def _moving_at(reader: Reader, symbol: Symbol, script: Script, group: Group) -> Expr | None:
    r"""\dot{x}(t) of a node x that is a function of time; None if this is no such thing."""
    order = {r"\dot": 1, r"\ddot": 2}.get(symbol.styles[0], 0) if symbol.styles else 0
    if not order or script.sub is not None or script.primes:
        return None
    base = Symbol(symbol.base, symbol.styles[1:], at=symbol.at)
    bound = reader.scope.find(base)
    if bound is None or bound.kind != "node":
        return None
    value = _derivative_at(reader, bound, Script(base, primes=order, at=symbol.at), group)
    if value is None:
        fail(
            Why.OTHER_MEANING,
            f"At which time? {to_latex(symbol)} is the derivative of a node that depends on one "
            f"number, or on t: write {to_latex(symbol)}(t), or \\cdot for a product",
            group.at,
        )
    return value


def _derivative_by(reader: Reader, bound: Bound, variable: Any, script: Script) -> Expr | None:
    """f'(x) of a number f of several numbers: with respect to the input x."""
    if not isinstance(variable, Input) or variable not in reader.scope.ancestors(bound.value):
        return None
    if reader.shape(variable) != () or reader.shape(bound.value) != ():
        return None
    value = read_node(reader, bound.value, (), (bound.name, to_latex(script.base)), script.at)
    return _differentiated(reader, value, variable, script)


def _differentiated(reader: Reader, value: Expr, variable: Input, script: Script) -> Expr:
    """The derivative of a number by an input, as often as there are primes."""
    name = reader.scope.labels.get(variable, "x")
    label = name, latex_name(name)
    for _ in range(script.primes):
        value = algebra.make(
            "deriv", (value,), (variable, (), label), at=script.at, shape=None,
            free=value.free, order=1,
        )  # fmt: skip
    return value


def _with_scripts(reader: Reader, value: Expr, behind: Tree) -> Expr:
    """The scripts of the parenthesis belong to the value of the call."""
    if not isinstance(behind, Script):
        return _lifted(reader, value)
    if behind.primes:
        fail(Why.DERIVATIVE, "A prime belongs to the function: f'(x)", behind.at)
    if behind.sub is not None:
        if behind.sup is not None and is_minus_one(behind.sup):
            refuse_power_of_entry(value, behind.sup)
        value = subscripted(reader, value, behind.sub, behind.at)
    return raised(reader, _lifted(reader, value), behind.sup, behind.at)


def _lifted(reader: Reader, value: Expr) -> Expr:
    if value.shape is None or not reader.lift:
        return value
    rank = 1 if is_column(value.shape) else 2
    if rank > len(reader.lift):
        fail(Why.SHAPES, "This is a matrix, and the reading lifts vectors only", value.at)
    for index, dim in zip(reader.lift, value.shape[:rank], strict=False):
        length = settle(dim)
        assert isinstance(length, int)
        reader.inference.runs_over(index, length, value.at)
    if value.op == "node":
        return read_node(reader, value.data[0], reader.lift[:rank], value.label, value.at)
    return algebra.component(value, reader.lift[:rank], value.at)
