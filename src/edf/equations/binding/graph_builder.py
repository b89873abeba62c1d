"""Nodes of the graph for the right side of a definition, one for each construct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.binding.lengths import Length
from edf.equations.binding.nodes import (
    NO_NODE,
    Chosen,
    Counting,
    Delta,
    Gathered,
    Laid,
    Operated,
    Reduced,
    Size,
    Spread,
    Taken,
    is_number,
)
from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Equation,
    walk,
)
from edf.equations.meaning.inference import insist_on_lengths
from edf.equations.meaning.names.bound import with_dummies
from edf.equations.meaning.names.scope import Scope
from edf.equations.meaning.reader import Page, Reader
from edf.equations.meaning.resolve import READERS, insist_on_one_count, with_told_lengths
from edf.equations.meaning.terms.products import read_unit
from edf.equations.meaning.typed.expression import (
    Combined,
    Expr,
    Mirrored,
    Shifted,
    letters_of,
)
from edf.equations.operations import OPERATIONS
from edf.equations.operations.shapes import settle
from edf.equations.options import Reading
from edf.equations.sampling.world import World
from edf.graph import Constant, Input, Node


class GraphBuilder:
    """Builds the nodes of one definition."""

    def __init__(self, equation: Equation, names: Mapping[str, Any], declared: Reading) -> None:
        scope = Scope(names)
        equation = with_dummies(equation, scope)
        self.at = equation.right.at
        page = Page(scope, World(scope.nodes_in(walk(equation.right))), declared)
        self.page = with_told_lengths([equation], page)
        self.reader = Reader(equation, self.page, READERS, read_unit)
        # a name for a derivative is read anew in each claim, in the layout that fits there
        self.reader.layout = self.reader.layout or "denominator"
        self.expr = self.reader.read(equation.right)
        insist_on_one_count(self.reader)
        self.reader.inference.settle_ranges()
        insist_on_lengths(self.expr.walk())
        self.carriers: dict[str, Laid] = {}  # for each index a value that has it

    def insist_on(self, indices: tuple[str, ...]) -> None:
        """Insist that the right side has the indices of the left one."""
        if self.expr.free != frozenset(indices) or len(set(indices)) < len(indices):
            free = ", ".join(sorted(self.expr.free)) or "none"
            fail(
                Why.SHAPES,
                f"The left side has the indices {', '.join(indices) or 'none'}, the right "
                f"side {free}: sum over an index, or write it on both sides",
                self.at,
            )

    def first_numbers(self, indices: tuple[str, ...]) -> int:
        """The number of the first member that is defined: that of the families it is made of."""
        numbers = [self.reader.inference.first_number(letter) or 0 for letter in indices]
        if any(number != 1 for number in numbers[1:]):
            fail(
                Why.DECLARATION,
                "An index that is not counted from 1 comes first on the left side",
                self.at,
            )
        return numbers[0] if numbers else 1

    def counts_alone(self) -> bool:
        """Whether an index runs over the values of a random variable, and stands at no array."""
        carried: set[str] = set()
        counted: set[str] = set()
        for expr in self.expr.walk():
            if expr.op in ("node", "array"):
                carried |= set(letters_of(expr.data[1]))
            elif expr.op == "index":
                counted.add(expr.data[0])
        return not counted <= carried

    def laid(self, indices: tuple[str, ...]) -> Laid:
        """The node of the right side, its axes in the order of the indices on the left."""
        for expr in self.expr.walk():
            if expr.op == "node":
                self.build(expr)
        made = self.build(self.expr)
        if made.letters and made.axes and made.letters != indices:
            fail(Why.SHAPES, "Write the indices on the left in the order of the alphabet", self.at)
        if made.letters == indices and self.expr.op not in ("node", "array", "number"):
            return made
        return Laid(Taken(made, made.letters, indices), indices, made.axes)

    def build(self, expr: Expr) -> Laid:
        """The node of an expression."""
        if (operation := OPERATIONS.get(expr.op)) is not None:
            arguments = [self.build(arg) for arg in expr.args]
            shape = self._result(expr)
            numbers = [argument.node.value for argument in arguments if is_number(argument)]
            if len(numbers) == len(arguments):
                value = operation(*(np.full((1, 1), float(number)) for number in numbers))
                return Laid(Constant(float(value[0, 0])))
            return self._with(Operated(operation, arguments, shape), shape)
        builder = _BUILDERS.get(expr.op)
        if builder is None:
            fail(
                Why.DECLARATION,
                "This cannot be part of a definition: define what it is made of, or write it out "
                "where it is used",
                expr.at,
            )
        return builder(self, expr)

    def _result(self, expr: Expr) -> Laid:
        return Laid(NO_NODE, tuple(sorted(expr.free)), _axes(expr))

    def _with(self, node: Node, shape: Laid) -> Laid:
        made = Laid(node, shape.letters, shape.axes)
        for letter in made.letters:
            self.carriers.setdefault(letter, made)
        return made

    def number(self, expr: Expr) -> Laid:
        """A number as written, or a declared length, which changes with the inputs that have it."""
        length = self.page.scope.names.get(expr.label[0])
        if isinstance(length, Length):
            for node in self.page.scope.names.values():
                if isinstance(node, Input) and node.shape is not None:
                    for axis, other in enumerate(node.shape):
                        if isinstance(other, Length) and other.symbol == length:
                            return Laid(Size(Laid(node, (), len(node.shape)), axis, other.by))
        return Laid(Constant(float(expr.data)))

    def leaf(self, expr: Expr) -> Laid:
        value, indices = expr.data
        if any(isinstance(index, Shifted | Mirrored | Combined) for index in indices):
            fail(
                Why.SHAPES,
                "A shifted index cannot be part of a definition: declare what it stands at by "
                "itself (let: a^{[l]}, a^{[l-1]} \\in \\mathbb{R}^n)",
                expr.at,
            )
        node = value if isinstance(value, Node) else Constant(value.value)
        if not indices:
            return self._with(node, Laid(node, (), _axes(expr)))
        letters = tuple(sorted({index for index in indices if isinstance(index, str)}))
        if letters == tuple(indices):
            return self._with(node, Laid(node, letters))
        return self._with(Taken(Laid(node), indices, letters), Laid(node, letters))

    def component(self, expr: Expr) -> Laid:
        whole = self.build(expr.args[0])
        if whole.letters:
            fail(Why.SHAPES, "A component of something with an index: define that first", expr.at)
        letters = tuple(sorted({index for index in expr.data if isinstance(index, str)}))
        return self._with(Taken(whole, expr.data, letters), Laid(whole.node, letters))

    def big(self, expr: Expr) -> Laid:
        kind, over, condition = expr.data
        argument = self.build(expr.args[0])
        letters = tuple(sorted(expr.free))
        result = Laid(argument.node, letters, argument.axes)
        ranges: list[Laid] = []
        if condition is not None:
            if len(condition) != 3 or not all(isinstance(part, str) for part in condition):
                fail(Why.DECLARATION, "This condition cannot be part of a definition", expr.at)
            ranges = [self._carrier(condition[0], expr), self._carrier(condition[2], expr)]
        return self._with(Reduced(kind, argument, over, condition, result, ranges), result)

    def delta(self, expr: Expr) -> Laid:
        i, j = expr.data
        node = Delta(self._carrier(i, expr), i)
        return self._with(node, Laid(node, (i, j)))

    def index(self, expr: Expr) -> Laid:
        letter, start = expr.data
        return self._counted(letter, start, expr)

    def _counted(self, letter: str, start: int, expr: Expr) -> Laid:
        return Laid(Counting(self._carrier(letter, expr), letter, start), (letter,))

    def gather(self, expr: Expr) -> Laid:
        argument = self.build(expr.args[0])
        shape = self._result(expr)
        return self._with(Gathered(argument, expr.data, shape), shape)

    def _carrier(self, letter: str, expr: Expr) -> Laid:
        """A value that has an index, or one that has another of the same range."""
        if letter in self.carriers:
            return self.carriers[letter]
        ranges = self.reader.inference.ranges
        for other, laid in self.carriers.items():
            if letter in ranges and ranges.get(other) == ranges[letter]:
                return Laid(laid.node, tuple(letter if x == other else x for x in laid.letters))
        fail(Why.UNKNOWN, f"What does {letter} run over? Nothing here tells its range", expr.at)

    def spread(self, expr: Expr) -> Laid:
        """Ones and identity matrices have the length of something that is built already."""
        assert expr.shape is not None
        length = settle(expr.shape[0])
        for node in self.page.world.twins:
            shape = self.page.world.shape(node)
            if (length in shape and node.name is not None) or length in shape:
                laid = Laid(node, (), len(shape))
                made = Spread(laid, shape.index(length), square=expr.op == "eye")
                return Laid(made, (), 2 if expr.op == "eye" else 1)
        fail(Why.UNKNOWN, "The length of this cannot be told from what stands around it", expr.at)

    def cases(self, expr: Expr) -> Laid:
        signs: list[list[str]] = []
        count = len(expr.data)
        values, sides = [self.build(arg) for arg in expr.args[:count]], iter(expr.args[count:])
        compared: list[Laid] = []
        for conditions in expr.data:
            signs.append([sign for _, sign, *_ in conditions])
            for kind, _, *letters in conditions:
                if kind == "index":
                    compared += [self._counted(letter, 0, expr) for letter in letters]
                else:
                    compared += [self.build(next(sides)), self.build(next(sides))]
        parts = [*values, *compared]
        shape = self._result(expr)
        return self._with(Chosen(signs, parts, shape), shape)

    def call(self, expr: Expr) -> Laid:
        bound = expr.data
        arguments = [self.build(arg) for arg in expr.args]
        if any(argument.letters for argument in arguments):
            fail(
                Why.SHAPES,
                f"{bound.name} of single components: define what it is applied to first",
                expr.at,
            )
        nodes = [argument.node for argument in arguments]
        try:
            node = bound.value(*nodes)
        except Exception as problem:
            fail(
                Why.OTHER_MEANING,
                f"{bound.name} cannot be applied to nodes of the graph: {problem}",
                expr.at,
            )
        if not isinstance(node, Node):
            fail(Why.OTHER_MEANING, f"{bound.name} gives no node of the graph", expr.at)
        axes = len(bound.value.shape) if isinstance(bound.value, AnyFunction) else _axes(expr)
        return Laid(node, (), axes)


_BUILDERS: dict[str, Callable[[GraphBuilder, Expr], Laid]] = {
    "number": GraphBuilder.number,
    "node": GraphBuilder.leaf,
    "array": GraphBuilder.leaf,
    "component": GraphBuilder.component,
    "big": GraphBuilder.big,
    "delta": GraphBuilder.delta,
    "index": GraphBuilder.index,
    "gather": GraphBuilder.gather,
    "ones": GraphBuilder.spread,
    "eye": GraphBuilder.spread,
    "cases": GraphBuilder.cases,
    "call": GraphBuilder.call,
}


def _axes(expr: Expr) -> int:
    """How many axes the value has as an array: a column has one, a row and a matrix two."""
    if expr.shape is None:
        return 0
    return 1 if settle(expr.shape[1]) == 1 else 2
