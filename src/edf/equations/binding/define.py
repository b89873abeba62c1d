r"""Definitions: `z = W x, \quad p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}` make nodes of the graph.

What stands on the right is read as in a claim, and each construct of it becomes a node (`nodes`),
so a defined name can be differentiated, in formulas and by `backward`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.binding.declared import stale
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
from edf.equations.binding.statements import Statement, expanded, statements
from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.syntax import (
    Equation,
    Group,
    Indices,
    Number,
    Product,
    Root,
    Script,
    Symbol,
    Tree,
    walk,
)
from edf.equations.meaning.names.scope import Alias, Scope, index_text, joined_name, python_names
from edf.equations.meaning.names.wording import (
    difference_of,
    insist_on_remarks,
    mark_of,
    with_names,
)
from edf.equations.meaning.reader import Page, Reader
from edf.equations.meaning.resolve import READERS
from edf.equations.meaning.terms.products import read_unit
from edf.equations.meaning.typed.expression import Expr, Shifted, letters_of
from edf.equations.operations import OPERATIONS
from edf.equations.operations.shapes import settle
from edf.equations.options import Reading, parse_reading
from edf.equations.sampling.world import World
from edf.graph import Constant, Input, Node

_DEFINES = re.compile(
    r":=|\\(?:coloneqq|triangleq|eqdef|defeq)(?![A-Za-z])|\\vcentcolon\s*="
    r"|\\(?:overset|stackrel)\s*\{\s*(?:\\(?:text|mathrm|rm)\s*\{?\s*)?(?:def|\\Delta|\\triangle)\.?\s*\}?\s*\}\s*\{?=\}?"
)
_EQUALS = re.compile(  # of a definition that says itself that it is one
    rf"{_DEFINES.pattern}|\\equiv(?![A-Za-z])"
    r"|\\stackrel\s*\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}\s*\{?=\}?"
)


def define(
    latex: str,
    names: Mapping[str, Any],
    *,
    macros: Mapping[str, str] | None = None,
    reading: str | None = None,
) -> dict[str, Node | Alias | None]:
    r"""Return what definitions make of their names: nodes, and aliases of what has derivatives.

        x, W = Input(shape=3), Input(shape=(2, 3))
        define(r"z = W x, \qquad L := \sum_i z_i^2", locals())

    Args:
        latex: One definition or several, with commas or wide spaces between them, or in rows. On
            the left stands a name that is new, perhaps with its indices or its arguments.
        names: What is bound already.
        macros: The author's own macros.
        reading: As of a claim: `"componentwise i"`, `"base 1"`.

    Returns:
        The new names, in order; each may use those before it. A name may be defined anew, as a new
        section does; then what was made of the old one is None, and should be forgotten.

    Raises:
        EquationError: A definition is not understood, or defines a name twice.
    """
    source = expanded(latex, macros)
    made: dict[str, Node | Alias | None] = {}
    try:
        declared = parse_reading(reading)
        for statement in statements(_plain(source)):
            known = {n: v for n, v in {**names, **made}.items() if v is not None}
            name, node = _defined(statement, known, declared)
            if name in made and made[name] is not None:
                fail(Why.DECLARATION, f"{name} is defined twice", statement.at)
            made |= stale(known, [name]) | {name: node}
    except EquationError as error:
        error.source = error.source if error.source == source else source
        raise
    return made


class Defining(NamedTuple):
    """What of a formula defines names."""

    text: str  # the formula, or the first equality of a chain
    claims: bool  # whether the chain goes on, and claims more
    anew: bool  # whether a name has been bound by a formula before


def defining_part(
    latex: str,
    names: Mapping[str, Any],
    *,
    macros: Mapping[str, str] | None = None,
    by_sign: bool = False,
    formulas: Container[str] = (),
) -> Defining | None:
    r"""Return what of a formula defines names: all, the first equality of a chain, or None.

    Each statement has a new name alone on the left. p = \sigma(z) = \frac{1}{1 + e^{-z}} defines p
    by the first equals sign, and claims the second. Whether the right side is understood is another
    question, which `define` answers.

    Args:
        latex: The formula.
        names: What is bound already.
        macros: The author's own macros.
        by_sign: Whether a plain equals sign claims; then only `:=` and its like define.
        formulas: Names that formulas have bound; `:=` defines them anew, as a new section does.
    """
    try:
        source = expanded(latex, macros)
        found = statements(_plain(source))
        new: set[str] = set()
        for text, at in found:
            first, *rest = steps(parse(text))
            signed = _DEFINES.match(source, at + first.sign_at) is not None
            if first.sign != "=" or (by_sign and not signed):
                return None
            left = _left(first.left, 0).names
            taken = (name for name in left if name in names)
            if new & set(left) or not all(signed and name in formulas for name in taken):
                return None
            new |= set(left)
            if rest:
                is_chain = len(found) == 1 and rest[0].sign == "="
                part = Defining(text[: rest[0].sign_at], True, not new.isdisjoint(names))
                return part if is_chain else None
    except EquationError:
        return None
    return Defining(latex, False, not new.isdisjoint(names))


def _plain(source: str) -> str:
    """The source with a plain equals sign for every sign that defines; all else stays in place."""
    return _EQUALS.sub(lambda found: "=" + " " * (len(found[0]) - 1), source)


def _defined(
    statement: Statement, names: Mapping[str, Any], declared: Reading
) -> tuple[str, Node | Alias]:
    text, at = statement
    try:
        claim = parse(text)
        insist_on_remarks(claim, Scope(names))
        equations = steps(claim)
        if len(equations) != 1 or equations[0].sign != "=":
            fail(
                Why.DECLARATION,
                "A definition has one equals sign: claim the rest in another formula",
                0,
            )
        equation = equations[0]
        if equation.conditions:
            fail(
                Why.DECLARATION,
                "A definition holds everywhere: write cases for one with conditions",
                0,
            )
        equation = _of_square(equation)
        left = _left(equation.left, equation.left.at)
        equation = replace(equation, right=with_names(equation, Scope(names)).right)
        if variables := _variables(equation.left, names):
            _insist_on_names(equation, names, variables, declared)
            return _function(left, equation, variables)
        graph = _GraphBuilder(equation, names, declared)
        name, indices = left.read(graph.expr, _letters_in_names(equation.right, names))
        if name in names and any(names[name] is node for node in graph.page.world.twins):
            fail(
                Why.DECLARATION,
                f"{name} stands on both sides: a definition says what is new",
                equation.left.at,
            )
        graph.insist_on(indices)
        if any(expr.op in _DERIVATIVES for expr in graph.expr.walk()) or graph.counts_alone():
            return name, Alias(equation.right, indices)
        laid = graph.laid(indices)
        first = graph.first_numbers(indices)
    except EquationError as error:
        raise EquationError(error.why, error.message, position=at + error.position) from None
    laid.node.name = name
    laid.node.first_member = first  # type: ignore[attr-defined]  # which no node of Python has
    return name, laid.node


def _of_square(equation: Equation) -> Equation:
    r"""\sigma^2 = v defines \sigma, which is positive, as the root of v."""
    match equation.left:
        case Script(base=Symbol() as base, sub=sub, sup=Number("2"), primes=0, at=at):
            name = base if sub is None else Script(base, sub, at=at)
            root = Root(equation.right, at=equation.right.at)
            return replace(equation, left=name, right=root)
    return equation


def _variables(left: Tree, names: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments on a left side, f(x), that nothing is known of: those of a function.

    The members of a family are no x, so that h(x) and h(x^{(i)}) can stand side by side.
    """
    match left:
        case Product(factors=(Symbol() | Script(), Group(items=items))):
            found = [python_names(i)[0] for i in items if isinstance(i, Symbol) and not i.styles]
            known = (names.get(name) for name in found)
            new = [k is None or getattr(k, "is_family", False) for k in known]
            return tuple(name for name, is_new in zip(found, new, strict=True) if is_new)
    return ()


def _insist_on_names(
    equation: Equation, names: Mapping[str, Any], variables: tuple[str, ...], declared: Reading
) -> None:
    """Insist that all names in the formula of a function but its variables are known.

    Raises:
        EquationError: One is not.
    """
    numbers = {name: Input(shape=()) for name in variables}
    try:
        _GraphBuilder(equation, {**names, **numbers}, declared)
    except EquationError as error:
        if error.why is Why.UNKNOWN:  # else it may be a function of vectors
            raise


def _function(left: _Left, equation: Equation, variables: tuple[str, ...]) -> tuple[str, Alias]:
    """A function that is defined by a formula of its variables."""
    assert isinstance(equation.left, Product)
    group = equation.left.factors[1]
    assert isinstance(group, Group)
    letters = {python_names(t)[0] for t in walk(equation.right) if isinstance(t, Symbol)}
    missing = [name for name in variables if name not in letters]
    if missing:
        fail(
            Why.UNKNOWN,
            f"{missing[0]} is not bound on this page, and stands on the left only: declare it "
            f"(let: {missing[0]} \\in \\mathbb{{R}}^n), or leave it out",
            group.at,
        )
    if left.letters:
        fail(
            Why.DECLARATION,
            "A function of something new has no index: declare its argument (let: x \\in "
            "\\mathbb{R}^n)",
            equation.left.at,
        )
    name = joined_name(left.base, left.text) if left.text else left.base
    return name, Alias(equation.right, (), group.items, variables)


class _Left(NamedTuple):
    """The name on a left side, and its subscript: indices, or a part of the name."""

    base: str
    text: str = ""
    letters: tuple[str, ...] | None = ()  # None if the subscript cannot be indices

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may mean."""
        return (self.base, joined_name(self.base, self.text)) if self.text else (self.base,)

    def read(self, right: Expr, named: set[str]) -> tuple[str, tuple[str, ...]]:
        """The name and its indices.

        Args:
            right: The right side: without free indices, what stands below is a label, as the B of
                \\mu_B; but z_i of a vector is more likely one that lacks its index.
            named: Letters that are parts of names there, as the t of v_{t-1}.
        """
        if self.letters is None:
            return joined_name(self.base, self.text), ()
        if self.text and not right.free:
            lacks = right.shape is not None and set(self.letters) <= {"i", "j"}
            if len(self.letters) > 1 or set(self.letters) <= named or not lacks:
                return joined_name(self.base, self.text), ()
        return self.base, self.letters


def _left(tree: Tree, at: int) -> _Left:
    """What a left side defines."""
    if isinstance(tree, Product) and len(tree.factors) == 2 and isinstance(tree.factors[1], Group):
        return _left(tree.factors[0], at)  # f(x), a node that depends on x
    if isinstance(tree, Product) and (word := _word(tree)) is not None:
        return _left(word, at)
    if isinstance(tree, Product) and len(tree.factors) == 2:
        step = difference_of(*tree.factors)
        if step is not None and isinstance(tree.factors[1], Symbol):
            return _Left(step[0])
    match tree:
        case Product(factors=(symbol, Script(base=Group(), sub=below, sup=None, primes=0))):
            return _left(Script(symbol, below, at=tree.at), at)  # P(x)_i
    if isinstance(tree, Symbol):
        return _Left(python_names(tree)[0])
    sub = tree.sub if isinstance(tree, Script) else None
    if not isinstance(tree, Script) or not isinstance(tree.base, Symbol):
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, f(x)", at)
    base = python_names(tree.base)[0]
    if isinstance(tree.sup, Group) and all(map(_is_letter, tree.sup.items)):
        return _member(base, tree.sup, sub, at)
    mark = mark_of(tree)
    if mark is None:
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, z^{(i)}, w^*, f(x)", at)
    if mark:
        if sub is None:
            return _Left(joined_name(base, mark))
        labelled = _left(Script(tree.base, sub), at)
        if labelled.letters:
            return labelled._replace(base=joined_name(base, mark))
        return _Left(joined_name(base, labelled.text, mark))
    text = index_text(sub) if sub is not None else None
    if not text:
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, f(x)", at)
    letters = None
    if isinstance(sub, Indices) and all(_is_letter(item) for item in sub.items):
        letters = tuple(python_names(i)[0] for i in sub.items if isinstance(i, Symbol))
    return _Left(base, text, letters)


def _word(tree: Product) -> Tree | None:
    r"""The word that letters side by side spell, adv\_x or CE(y), or None for anything else."""
    *letters, last = tree.factors
    group = isinstance(last, Group)
    if group and len(letters) > 1:
        *letters, last = letters
    base = last.base if isinstance(last, Script) else last
    parts = [*letters, base]
    if (
        len(parts) < 2
        or any(tree.joins)
        or not all(
            isinstance(part, Symbol)
            and not part.styles
            and (part.base == r"\_" or part.base.isalpha())
            for part in parts
        )
    ):
        return None
    text = "".join(part.base.replace("\\", "") for part in parts if isinstance(part, Symbol))
    word = Symbol(text, at=tree.at)
    return replace(last, base=word) if isinstance(last, Script) else word


def _letters_in_names(tree: Tree, names: Mapping[str, Any]) -> set[str]:
    """The letters that are parts of names which the page binds, as the t of v_{t-1}."""
    scope, found = Scope(names), set[str]()
    for part in walk(tree):
        if isinstance(part, Script) and isinstance(part.base, Symbol) and part.sub is not None:
            text = index_text(part.sub)
            if text and scope.find(part.base, text) is not None:
                found |= {python_names(t)[0] for t in walk(part.sub) if isinstance(t, Symbol)}
    return found


def _member(base: str, sup: Tree, sub: Tree | None, at: int) -> _Left:
    """A member of a family, x^{(i)}, or a component of it, x^{(i)}_j."""
    above = sup.items if isinstance(sup, Group) else ()
    below = sub.items if isinstance(sub, Indices) else ()
    if len(above) != 1 or not all(_is_letter(item) for item in (*above, *below)):
        fail(Why.DECLARATION, "A definition has a name on the left: z, p_k, z^{(i)}, f(x)", at)
    letters = (*above, *below)
    return _Left(base, "", tuple(python_names(i)[0] for i in letters if isinstance(i, Symbol)))


def _is_letter(item: Tree) -> bool:
    return isinstance(item, Symbol) and not item.styles and len(python_names(item)[0]) == 1


class _GraphBuilder:
    """Builds the nodes of one definition."""

    def __init__(self, equation: Equation, names: Mapping[str, Any], declared: Reading) -> None:
        scope = Scope(names)
        self.at = equation.right.at
        self.page = Page(scope, World(scope.nodes_in(walk(equation.right))), declared)
        self.reader = Reader(equation, self.page, READERS, read_unit)
        self.expr = self.reader.read(equation.right)
        self.reader.inference.settle_ranges()
        self.reader.inference.settle_lengths()
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
        if any(isinstance(index, Shifted) for index in indices):
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
        signs: list[str | None] = []
        count = len(expr.data)
        values, sides = [self.build(arg) for arg in expr.args[:count]], iter(expr.args[count:])
        compared: list[Laid] = []
        for condition in expr.data:
            signs.append(None if condition is None else condition[1])
            if condition is not None and condition[0] == "index":
                compared += [self._counted(letter, 0, expr) for letter in condition[2:]]
            elif condition is not None:
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


_BUILDERS: dict[str, Callable[[_GraphBuilder, Expr], Laid]] = {
    "number": _GraphBuilder.number,
    "node": _GraphBuilder.leaf,
    "array": _GraphBuilder.leaf,
    "component": _GraphBuilder.component,
    "big": _GraphBuilder.big,
    "delta": _GraphBuilder.delta,
    "index": _GraphBuilder.index,
    "gather": _GraphBuilder.gather,
    "ones": _GraphBuilder.spread,
    "eye": _GraphBuilder.spread,
    "cases": _GraphBuilder.cases,
    "call": _GraphBuilder.call,
}
#: What makes a name an alias: derivatives, and nodes with other arguments.
_DERIVATIVES = frozenset(["deriv", "prime", "replace", "at"])


def _axes(expr: Expr) -> int:
    """How many axes the value has as an array: a column has one, a row and a matrix two."""
    if expr.shape is None:
        return 0
    return 1 if settle(expr.shape[1]) == 1 else 2
