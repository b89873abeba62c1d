r"""Functions with their arguments: macros, words of the dialect, and functions of the page."""

from __future__ import annotations

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.endings import insist_on_end
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Function,
    Group,
    Indices,
    Number,
    Product,
    Script,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.meaning.letters.aliases import entry
from edf.equations.meaning.letters.symbols import WORD_FONTS, read_indices
from edf.equations.meaning.names.scope import Bound, index_text
from edf.equations.meaning.reader import Factors, Joins, Reader
from edf.equations.meaning.typed.algebra import apply, component, make
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations import BY_MACRO, BY_SYMBOL, BY_WORD
from edf.equations.operations.operation import Operation
from edf.equations.operations.shapes import Shape, is_column, is_vector, of_array, settle, to_array
from edf.graph import Node
from edf.operations.reductions import Softmax


def read_function(reader: Reader, tree: Function) -> Expr:
    r"""A function macro with its argument, `\log x` or `\sin^2(x)`."""
    name, argument = tree.macro[1:], tree.argument
    operation = BY_MACRO[tree.macro]
    if operation.arity is None:
        if not isinstance(argument, Group):
            fail(
                Why.NOTATION,
                f"\\{name} takes its arguments in parentheses: \\{name}(a, b)",
                tree.at,
            )
        return apply(operation.name, [reader.read(item) for item in argument.items], tree.at)
    if isinstance(argument, Group):
        if len(argument.items) > 1:
            fail(Why.NOTATION, f"\\{name} takes one argument", argument.items[1].at)
        value = reader.read(argument)
    else:
        insist_on_end(argument, tree.macro)
        factors: Factors = (argument,)
        joins: Joins = ()
        if isinstance(argument, Product):
            factors, joins = argument.factors, argument.joins
        value, used = reader.unit(factors, joins, 0)
        if used != len(factors) and not isinstance(factors[-1], Group):
            value = reader.read(argument)
        elif used != len(factors):
            fail(
                Why.AMBIGUOUS,
                f"Where does the argument of \\{name} end? Write \\{name}(..)",
                argument.at,
            )
    if tree.sup == Sum((Number("1"),), ("-",)):
        if not operation.inverse:
            fail(
                Why.AMBIGUOUS,
                f"\\{name}^-1: inverse or reciprocal? Write 1/\\{name}(..)",
                tree.sup.at,
            )
        return apply(operation.inverse, (value,), tree.at)
    if tree.primes:
        return _derivative(operation, value, tree.primes, tree.macro, tree.at)
    expr = apply(operation.name, (value,), tree.at)
    if tree.sub is not None:
        expr = apply("div", (expr, apply("log", (_base(reader, tree.sub),), tree.at)), tree.at)
    if tree.sup is None:
        return expr
    power = "powers" if expr.shape is not None and operation.elementwise else "pow"
    return apply(power, (expr, reader.read(tree.sup)), tree.at)


def _base(reader: Reader, sub: Tree) -> Expr:
    assert isinstance(sub, Indices)
    if len(sub.items) != 1:
        fail(Why.NOTATION, "The base of a logarithm is one number", sub.at)
    return reader.read(sub.items[0])


def named_operation(symbol: Symbol) -> Operation | None:
    r"""Return the operation that \sigma or \operatorname{diag} means, where neither is bound."""
    if not symbol.styles:
        return BY_SYMBOL.get(symbol.base)
    return BY_WORD.get(symbol.base) if set(symbol.styles) & WORD_FONTS else None


def call_operation(
    reader: Reader,
    operation: Operation,
    symbol: Symbol,
    sub: Tree | None,
    primes: int,
    group: Group,
) -> Expr:
    """An operation of the dialect by its name, `\\sigma(z)` or `\\sigma'(z)`."""
    at = symbol.at
    if sub is not None:
        fail(Why.NOTATION, f"{to_latex(symbol)} takes no subscript here", at)
    if operation.name == "softmax" and (part := _component_of_softmax(reader, group, at)):
        return part
    arguments = [reader.read(item) for item in group.items]
    if operation.name == "softmax" and _is_matrix(arguments[0]) and not primes:
        return _softmax_of_matrix(reader, arguments[0], at)
    if operation.arity is None and not primes:
        return apply(operation.name, arguments, at)
    if len(arguments) > 1:
        fail(Why.NOTATION, "One argument is expected here", group.items[1].at)
    if not primes:
        return apply(operation.name, arguments, at)
    return _derivative(operation, arguments[0], primes, to_latex(symbol), at)


def _derivative(operation: Operation, argument: Expr, primes: int, shown: str, at: int) -> Expr:
    r"""The derivative of a function of one number, of each entry by itself."""
    if not operation.elementwise:
        fail(Why.DERIVATIVE, f"{shown}' is not understood: write \\frac{{d}}{{dx}}", at)
    bound = Bound(operation.name, "function", operation.value)
    shape = apply(operation.name, (argument,), at).shape
    return make("prime", (argument,), (bound, primes), at=at, order=primes, shape=shape)


def _is_matrix(value: Expr) -> bool:
    return value.shape is not None and not is_vector(value.shape)


def _softmax_of_matrix(reader: Reader, matrix: Expr, at: int) -> Expr:
    """The softmax of each row, as programs compute it of a batch; or of each column."""
    if not reader.page.columns:
        return apply("softmax_rows", (matrix,), at)
    turned = apply("softmax_rows", (apply("transpose", (matrix,), at),), at)
    return apply("transpose", (turned,), at)


def spectral(reader: Reader, symbol: Symbol, sub: Tree | None, group: Group) -> Expr | None:
    r"""\lambda_{\max}(A), \sigma_i(A), \kappa(A): what belongs to a matrix, unless it is bound.

    Singular values are numbered from the largest on. Eigenvalues are not: some authors begin with
    the smallest, so that only sums and products over all of them are read.
    """
    name = {r"\lambda": "lambda", r"\sigma": "sigma", r"\kappa": "cond"}.get(symbol.base)
    if name is None or symbol.styles or len(group.items) > 1 or (name == "cond") != (sub is None):
        return None
    bound = reader.scope.find(symbol)
    text = index_text(sub) if sub is not None else ""
    if text is None or (text and reader.scope.find(symbol, text) is not None):
        return None
    if bound is not None and (not text or bound.kind == "function" or reader.shape_of(bound)):
        return None
    value = reader.whole(group.items[0])
    if not _is_matrix(value):
        return None
    if sub is None:
        return apply("cond", (value,), symbol.at)
    if text in ("max", "min"):
        return apply(f"{name}_{text}", (value,), symbol.at)
    if name == "lambda" and text not in reader.summed:
        fail(
            Why.AMBIGUOUS,
            "Which eigenvalue, counted from the largest or from the smallest? Write "
            "\\lambda_{\\max} or \\lambda_{\\min}, or a sum over all of them",
            sub.at,
        )
    column = apply("eigenvalues" if name == "lambda" else "singular_values", (value,), symbol.at)
    assert column.shape is not None
    if not text.isdigit():
        return entry(reader, column, read_indices(reader, sub), symbol.at)
    count = settle(column.shape[0])
    if not isinstance(count, int) or not 1 <= int(text) <= count:
        fail(Why.SHAPES, f"There are {count} singular values, counted from 1", sub.at)
    return component(column, (int(text) - 1,), symbol.at)


def _component_of_softmax(reader: Reader, group: Group, at: int) -> Expr | None:
    r"""softmax(x_i) is written for the component i of softmax(x): of a number, it would be 1."""
    item = group.items[0]
    if len(group.items) > 1 or not isinstance(item, Script) or item.sub is None or item.sup:
        return None
    if not isinstance(item.base, Symbol) or reader.scope.find(item.base) is None or reader.lift:
        return None
    if reader.read(item).shape is not None:
        return None
    whole = reader.read(item.base)
    if not is_column(whole.shape):
        return None
    return entry(reader, apply("softmax", (whole,), at), read_indices(reader, item.sub), at)


def call_function(reader: Reader, bound: Bound, primes: int, group: Group, at: int) -> Expr:
    """A function that the page binds, or a derivative of one: f(x), f'(x)."""
    if bound.value is Softmax and not primes and (part := _component_of_softmax(reader, group, at)):
        return part
    arguments = [reader.whole(item) for item in group.items]
    if not primes and (made := _made_of_nodes(reader, bound, arguments, at)) is not None:
        return made
    shape = _shape_of_value(bound, arguments, at)
    if not primes:
        return make("call", arguments, bound, at=at, shape=shape)
    if len(arguments) != 1:
        fail(
            Why.AMBIGUOUS,
            f"{bound.name}' needs a function of one number: which argument is meant?",
            at,
        )
    (argument,) = arguments
    if argument.shape is not None and not _is_elementwise(bound, argument):
        fail(
            Why.SHAPES,
            f"{bound.name}' needs a function of one number, or of each entry by itself: use an "
            "index",
            at,
        )
    if argument.shape is None and shape is not None:
        fail(
            Why.DERIVATIVE,
            f"{bound.name} has more than one number as its value: a prime is not clear",
            at,
        )
    return make("prime", arguments, (bound, primes), at=at, order=primes, shape=argument.shape)


def _made_of_nodes(reader: Reader, bound: Bound, arguments: list[Expr], at: int) -> Expr | None:
    """Read a call of a Python function that returns a node: the graph that it builds, with other
    values for its arguments."""
    if isinstance(bound.value, AnyFunction | type):
        return None
    trial = [_trial(argument, np.random.default_rng(0)) for argument in arguments]
    try:
        with np.errstate(all="ignore"):
            value = bound.value(*trial)
    except Exception:
        value = None
    if not isinstance(value, Node) and value is not None:
        return None
    shapes = [array.shape for array in trial]
    try:
        node, constants = reader.page.world.include(bound.value, shapes)
    except EquationError as error:
        if value is None:
            return None
        fail(error.why, f"{bound.name}: {error.message}", at)
    except Exception:
        return None
    names = tuple(("", "") for _ in constants)
    latex = bound.name if len(bound.name) == 1 else rf"\operatorname{{{bound.name}}}"
    return make(
        "replace", arguments, (node, tuple(constants), names), at=at,
        shape=of_array(reader.shape(node)), label=(bound.name, latex),
    )  # fmt: skip


def _trial(argument: Expr, rng: np.random.Generator) -> np.ndarray:
    shape = to_array(argument.shape)
    if shape is None:
        fail(Why.UNKNOWN, "The length of this argument cannot be told", argument.at)
    return rng.uniform(0.2, 0.9, shape)


def _shape_of_value(bound: Bound, arguments: list[Expr], at: int) -> Shape:
    """Find the shape of a function's value by a trial call."""
    rng = np.random.default_rng(0)
    trial = [_trial(argument, rng) for argument in arguments]
    if isinstance(bound.value, AnyFunction):
        return of_array(bound.value.shape)
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(bound.computation(len(trial))(*trial))
    except Exception as problem:
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} cannot be called so: {type(problem).__name__}: {problem}",
            at,
        )
    if value.dtype.kind not in "iuf" or value.ndim > 2:
        fail(Why.OTHER_MEANING, f"{bound.name} returns no number, vector or matrix", at)
    return of_array(value.shape)


def _is_elementwise(bound: Bound, argument: Expr) -> bool:
    """Whether a function acts on each entry by itself, found by moving one entry at a time."""
    if isinstance(bound.value, AnyFunction):
        return False
    rng = np.random.default_rng(0)
    point = _trial(argument, rng)
    function = bound.computation(1)
    before = np.asarray(function(point.copy()))
    if before.shape != point.shape:
        return False
    for place in np.ndindex(point.shape):
        moved = point.copy()
        moved[place] += 0.0625
        change = np.asarray(function(moved)) != before
        change[place] = False
        if change.any():
            return False
    return True
