"""What the functions that read a formula share: the page, what is inferred, and the way back in.

Each kind of tree is read by one function, in the tables of `resolve.py`. A function that needs the
meaning of a part asks the reader, which looks it up there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import (
    Big,
    Equation,
    Group,
    Indices,
    Number,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    children,
    walk,
)
from edf.equations.meaning.inference import Inference
from edf.equations.meaning.names.scope import Bound, Scope, python_names
from edf.equations.meaning.typed.expression import Combined, Expr
from edf.equations.operations.shapes import Dim
from edf.equations.options import Reading
from edf.graph import Node


class Graph(Protocol):
    """What must be known of a page's graph to read a formula."""

    @property
    def twins(self) -> Mapping[Node, Any]:
        """The nodes that were prepared, each with its private copy."""

    @property
    def is_declared(self) -> bool:
        """Whether all that has axes was declared in LaTeX, where components count from 1."""

    def shape(self, node: Node) -> tuple[int, ...]:
        """Return the shape of a node's value."""

    def follows_rows(self, node: Node, below: Node) -> bool:
        """Whether each row of a node's value depends on that row of another's alone."""

    def adds_up(self, node: Node, axes: tuple[int, ...]) -> bool:
        """Whether a node's values along some of its axes add up to 1."""

    def include(self, function: Any, shapes: Sequence[tuple[int, ...]]) -> tuple[Node, list[Node]]:
        """Return the node that a function of nodes makes, and what stands for its arguments."""


@dataclass(frozen=True)
class Page:
    """What a claim is read against: the page's names, its graph, and the options of the claim."""

    scope: Scope
    world: Graph
    reading: Reading
    loss: Node | None = None
    labels: dict[str, str] = field(default_factory=dict)  # labels without meaning, by what has them
    products: bool = False  # whether a node in front of one thing in parentheses is a factor
    stated: frozenset[str] = frozenset()  # letters whose range is written beside the claim
    entrywise: bool = False  # whether A^2 of a square matrix is the square of each entry
    frobenius: bool = False  # whether \lVert A \rVert_2 is the root of the sum of squares
    singular: bool = False  # whether the difference of A \succeq B is singular everywhere
    at_points: bool = False  # whether a derivative in front of a sum in parentheses is that there
    columns: bool = False  # whether the softmax of a matrix is that of each column
    entries: bool = False  # whether names that end in indices, N_k, are those of arrays
    #: How the arguments of a node are listed, and whether they are all that it depends on.
    listed: dict[str, dict[Any, bool]] = field(default_factory=dict)


Factors = tuple[Tree, ...]
Joins = tuple[str, ...]


class Reader:
    """The state of reading one step.

    Args:
        equation: The step.
        page: What it is read against.
        readers: For each kind of tree, the function that reads it.
        unit: Reads what belongs together from one factor of a product on; returns it, and how many
            factors it takes.
        spans: Where indices that are shifted start, and how many values they have, if it is known.
        combined: Indices of several letters with the place of their first entry, if it is known.
    """

    def __init__(
        self,
        equation: Equation,
        page: Page,
        readers: Mapping[type[Tree], Callable[[Reader, Any], Expr]],
        unit: Callable[[Reader, Factors, Joins, int], tuple[Expr, int]],
        spans: Mapping[str, tuple[int, int]] | None = None,
        combined: Mapping[Combined, Combined] | None = None,
    ) -> None:
        self.page = page
        self.scope = page.scope
        self.inference = Inference(spans, combined)
        self.base = page.reading.base  # what the first component is called, if it is known
        self.layout = page.reading.layout  # of derivatives by a bare vector
        self.members = 0  # how many rows of matrices there are, written X_i
        self.columns = False  # whether these are columns
        self.named_entries = 0  # how many names of arrays there are that end in indices
        self.turned = False  # whether the derivative of a number by a matrix is transposed
        self.jacobians = 0  # how many derivatives of a vector by a bare vector there are
        self.undecided = 0  # how many derivatives of a number by a bare vector or matrix there are
        self.lift: tuple[str, ...] = page.reading.componentwise
        self.outcomes: dict[Node, str] = {}  # of sample spaces, the index of the outcome at hand
        self.data: Bound | None = None  # the array whose rows are summed over, in \\sum_x
        self.equation = equation
        self.goes_to: dict[Tree, Tree] = {}  # letters of an expansion, and where they go
        self.dummies: dict[str, Expr] = {}  # variables of integration, and what they stand for
        self.counts: dict[str, int] = {}  # indices that are numbers, too, and where they start
        self.numbered: list[str] = []  # indices that run over a part of their values, by number
        self.places: list[tuple[str, int]] = []  # names of numbers that are components, and where
        self.units: list[tuple[Expr, Expr]] = []  # of unit vectors: their ones, and their place
        self.lengths: dict[str, Dim] = {}  # of letters that stand for lengths below ones
        self._readers = readers
        self._unit = unit

    @cached_property
    def occurrences(self) -> Counter[Tree]:
        """How often each part stands in the step, but for ranges beside it."""
        said = [tree for tree in self.equation.conditions if not self._is_range(tree)]
        return Counter(
            part for tree in (self.equation.left, self.equation.right, *said) for part in walk(tree)
        )

    def _is_range(self, tree: Tree) -> bool:
        r"""Whether a condition says what an index runs over: 1 \leq i \leq n, or i \geq 1."""
        match tree:
            case Relation(left=Relation(right=Symbol())):
                return True
            case Relation(left=Symbol() as name, sign="<" | ">" | r"\leq" | r"\geq"):
                return self.scope.find(name) is None
        return False

    def read(self, tree: Tree) -> Expr:
        """Return the meaning of a tree that stands as a value."""
        reads = self._readers.get(type(tree))
        if reads is None:
            fail(Why.UNFINISHED, "This has no place in a formula", tree.at)
        return reads(self, tree)

    def unit(self, factors: Factors, joins: Joins, start: int) -> tuple[Expr, int]:
        """Read what belongs together from factor `start` on, and say how many factors it takes."""
        return self._unit(self, factors, joins, start)

    @contextmanager
    def unlifted(self) -> Iterator[None]:
        """Read bare vectors as wholes for a while, whatever the reading lifts."""
        lift, self.lift = self.lift, ()
        try:
            yield
        finally:
            self.lift = lift

    @contextmanager
    def dummy(self, name: str, value: Expr) -> Iterator[None]:
        """Let a letter stand for a value for a while, as a variable of integration does."""
        before = self.dummies
        self.dummies = {**before, name: value}
        try:
            yield
        finally:
            self.dummies = before

    @contextmanager
    def counting(self, index: str, start: int) -> Iterator[None]:
        """Let an index stand for a number, too, that counts from `start`."""
        before = self.counts.get(index)
        self.counts[index] = start
        try:
            yield
        finally:
            del self.counts[index]
            if before is not None:
                self.counts[index] = before

    @cached_property
    def summed(self) -> frozenset[str]:
        """The letters that stand below a sign, which are indices."""
        below = [tree.lower for tree in walk(self.equation) if isinstance(tree, Big)]
        items = [each.left if isinstance(each, Relation) else each for each in below if each]
        letters = (part for tree in items for part in walk(tree) if isinstance(part, Symbol))
        return frozenset(python_names(letter)[0] for letter in letters)

    @cached_property
    def indexing(self) -> frozenset[str]:
        """The letters that stand in subscripts, as the i of x_i and x_{i+1}, or below a sign."""
        below = [tree.sub for tree in self.occurrences if isinstance(tree, Script)]
        items = [item for sub in below if isinstance(sub, Indices) for item in sub.items]
        letters = [
            part
            for item in items
            for part in (item.terms if isinstance(item, Sum) else (item,))
            if isinstance(part, Symbol)
        ]
        return self.summed | {python_names(letter)[0] for letter in letters}

    @cached_property
    def shifted(self) -> frozenset[str]:
        """The letters that stand beside a number in a subscript or a label, as the t of x_{t-1}."""
        marks = [
            part
            for tree in walk(self.equation) if isinstance(tree, Script)
            for part in (tree.sub, tree.sup if isinstance(tree.sup, Group) else None) if part
        ]  # fmt: skip
        sums = [item for mark in marks for item in walk(mark) if isinstance(item, Sum)]
        return frozenset(
            python_names(total.terms[0])[0]
            for total in sums
            if isinstance(total.terms[0], Symbol)
            and all(isinstance(term, Number) for term in total.terms[1:])
        )

    def is_index_throughout(self, letter: str) -> bool:
        """Whether a letter stands nowhere but in subscripts and below signs."""

        def outside(tree: Tree) -> bool:
            if isinstance(tree, Symbol):
                return python_names(tree)[0] == letter
            return any(
                outside(part)
                for name, _, part in children(tree)
                if (type(tree), name) not in ((Script, "sub"), (Big, "lower"))
            )

        return not outside(self.equation)

    def stands_only_in(self, tree: Tree, letter: Tree) -> bool:
        """Whether a letter stands nowhere in the step but in `tree`."""
        return sum(t == letter for t in walk(tree)) == self.occurrences[letter]

    def times_summed(self, letter: str) -> int:
        """Return how many signs of the step have an index below."""
        return sum(letter in letters for letters in self._below_signs)

    @cached_property
    def _below_signs(self) -> list[set[str]]:
        """The letters below each sign of the step."""
        below = [tree.lower for tree in walk(self.equation) if isinstance(tree, Big) and tree.lower]
        return [
            {python_names(part)[0] for part in walk(lower) if isinstance(part, Symbol)}
            for lower in below
        ]

    def whole(self, tree: Tree) -> Expr:
        """Read a tree with bare vectors as wholes."""
        with self.unlifted():
            return self.read(tree)

    def shape(self, node: Node) -> tuple[int, ...]:
        """Return the shape of a node's value."""
        if node not in self.page.world.twins:
            fail(Why.NOTATION, "This name is not part of what the formula was prepared for", 0)
        return self.page.world.shape(node)

    def shape_of(self, bound: Bound) -> tuple[int, ...]:
        """Return the shape of a node or an array, of anything else that of a number."""
        if bound.kind == "node":
            return self.shape(bound.value)
        shape: tuple[int, ...] = bound.value.shape if bound.kind == "array" else ()
        return shape
