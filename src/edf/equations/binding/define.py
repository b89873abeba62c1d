r"""Definitions: `z = W x, \quad p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}` make nodes of the graph.

What stands on the right is read as in a claim, and each construct of it becomes a node (`nodes`),
so a defined name can be differentiated, in formulas and by `backward`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from edf.equations.binding.declared import stale
from edf.equations.binding.graph_builder import GraphBuilder
from edf.equations.binding.left_sides import LeftSide, left_side, letters_in_names
from edf.equations.binding.statements import Statement, expanded, statements
from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.syntax import (
    Equation,
    Group,
    Number,
    Product,
    Relation,
    Root,
    Script,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import GREEK, MOMENTS
from edf.equations.meaning.calls.functions import named_operation
from edf.equations.meaning.names.scope import (
    Alias,
    Bound,
    Scope,
    arguments_of,
    is_defined,
    joined_name,
    of_arguments,
    python_names,
)
from edf.equations.meaning.names.wording import (
    insist_on_remarks,
    with_names,
)
from edf.equations.meaning.piecewise.conditions import whole_number
from edf.equations.meaning.probability.divergences import names_divergence
from edf.equations.options import Reading, parse_reading
from edf.equations.sampling.world import World
from edf.graph import Input, Node, topological_order

_DEFINES = re.compile(
    r":=|\\(?:coloneqq|triangleq|eqdef|defeq)(?![A-Za-z])|\\vcentcolon\s*="
    r"|\\(?:overset|stackrel)\s*\{\s*(?:\\(?:text|mathrm|rm)\s*\{?\s*)?(?:def|\\Delta|\\triangle)\.?\s*\}?\s*\}\s*\{?=\}?"
)
_EQUALS = re.compile(  # of a definition that says itself that it is one
    rf"{_DEFINES.pattern}|\\equiv(?![A-Za-z])"
    r"|\\stackrel\s*\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}\s*\{?=\}?"
)
#: Signs behind a definition with which a chain claims more.
_GOES_ON = frozenset(["=", "<", ">", r"\leq", r"\geq", r"\approx"])
#: Words that are no new functions, although they are no operations of the dialect.
_WORDS = frozenset([*MOMENTS, "rank", "dim", "ker", "span", "vol"])
#: Of these with parentheses it must be tried whether they are new.
_OF_RANDOM = frozenset(["E", "V", "Var", "Cov", "Corr", "SD", "P", "Pr", "p"])
#: What makes a name an alias: derivatives, and nodes with other arguments.
_DERIVATIVES = frozenset(["deriv", "prime", "replace", "at"])


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
        for statement in statements(_plain(source), _is_one):
            known = {n: v for n, v in {**names, **made}.items() if v is not None}
            name, node = _defined(statement, known, declared)
            name = _apart(name, arguments_of(node), known)
            if name in made and made[name] is not None:
                fail(Why.DECLARATION, f"{name} is defined twice", statement.at)
            made |= stale(known, [name]) | {name: node}
    except EquationError as error:
        error.source = error.source if error.source == source else source
        raise
    return made


_T = TypeVar("_T")


class Defining(NamedTuple):
    """What of a formula defines names."""

    text: str  # the formula, its beginning or its end
    claims: bool  # whether the formula goes on, and claims more
    anew: bool  # whether a name has been bound by a formula before
    equations: int  # how many of its equations define
    at_end: bool = False  # whether these are the last: L = m + 1, \quad m = \max_k a_k

    def claimed(self, steps: Sequence[_T]) -> Sequence[_T]:
        """Return the steps that claim something; those that define are true by definition."""
        return steps[: -self.equations] if self.at_end else steps[self.equations :]


def defining_part(
    latex: str,
    names: Mapping[str, Any],
    *,
    macros: Mapping[str, str] | None = None,
    by_sign: bool = False,
    formulas: Container[str] = (),
) -> Defining | None:
    r"""Return what of a formula defines names: all, its beginning, or None.

    A statement defines that has a new name alone on the left. p = \sigma(z) = \frac{1}{1 + e^{-z}}
    defines p by the first equals sign, and claims the second; G = A^\top A, \quad G^\top = G
    defines G, and claims what stands beside it; so does G^\top = G, \quad G = A^\top A. Whether the
    right side is understood is another question, which `define` answers.

    Args:
        latex: The formula.
        names: What is bound already.
        macros: The author's own macros.
        by_sign: Whether a plain equals sign claims; then only `:=` and its like define.
        formulas: Names that formulas have bound; `:=` defines them anew, as a new section does.
    """
    new: set[str] = set()
    taken: set[str] = set()
    says_number = False  # of a name, as k = 1 of an index
    try:
        source = expanded(latex, macros)
        found = statements(_plain(source), _is_one)
        for count, (text, at) in enumerate(found):
            first, *rest = steps(parse(text))
            signed = _DEFINES.match(source, at + first.sign_at) is not None
            left = _new_names(first, names)
            bound = {name for name in left if name in names}
            again = signed and all(name in formulas for name in bound)
            if not left or new & set(left) or (bound and not again) or (by_sign and not signed):
                goes_on = first.sign == "=" and not signed and not says_number
                beginning = source[:at].rstrip(" ,;")
                if not new:
                    return _behind(source, found, names, by_sign)
                return Defining(beginning, True, bool(taken), count) if new and goes_on else None
            new |= set(left)
            taken |= bound
            says_number = says_number or isinstance(first.right, Number)
            if rest:
                goes_on = rest[0].sign in _GOES_ON and rest[0].statement == first.statement
                beginning = source[: at + rest[0].sign_at] if count else text[: rest[0].sign_at]
                return Defining(beginning, True, bool(taken), count + 1) if goes_on else None
    except EquationError:
        return None
    return Defining(latex, False, bool(taken), len(found))


def _behind(
    source: str, found: Sequence[Statement], names: Mapping[str, Any], by_sign: bool
) -> Defining | None:
    """What the last statements define that those before them speak of.

    A letter that is an index in them has its value there, i = y, and is not defined.
    """
    new: set[str] = set()
    start = len(found)
    before = [tree for text, _ in found for step in steps(parse(text)) for tree in walk(step)]
    below = {
        name
        for tree in before if isinstance(tree, Script) and tree.sub is not None
        for part in walk(tree.sub) if isinstance(part, Symbol)
        for name in python_names(part)
    }  # fmt: skip
    for text, at in reversed(found[1:]):
        first, *rest = steps(parse(text))
        left = set(_new_names(first, names))
        signed = _DEFINES.match(source, at + first.sign_at) is not None
        alone = isinstance(first.right, Number | Symbol)  # x = 0, i = y: where the claim holds
        taken = left & ({*names} | new | below)
        if rest or not left or taken or alone or first.conditions or (by_sign and not signed):
            break
        new |= left
        start -= 1
    if start == len(found):
        return None
    return Defining(source[found[start].at :], True, False, len(found) - start, at_end=True)


def _new_names(equation: Equation, names: Mapping[str, Any]) -> tuple[str, ...]:
    r"""The names that an equation may define, if any.

    \operatorname{tr}(A) is no new function, where A is bound: it is the trace. f(-x) = f(x) says
    something of a function, and does not say what it is. x^2 = 2 is an equation for x, and
    \sigma^2 = \frac{1}{n} \sum_i x_i^2 says what \sigma is.
    """
    if any(isinstance(part, Symbol) for part in walk(equation.right)):
        with suppress(EquationError):
            if with_names(equation, Scope(names)).left == equation.left:  # which no name is for
                equation = _of_square(equation)
    match equation.left:
        case Product(factors=(Script(base=Symbol() as function, primes=primes), Group())) if primes:
            if _can_be_differentiated(function, names):
                return ()
    match equation.left:
        case Product(factors=(*head, Group() | Script(base=Group(), primes=0) as last)):
            group = last.base if isinstance(last, Script) else last
            assert isinstance(group, Group)
            if not all(map(_is_argument, group.items)):
                return ()
            if len(head) == 1 and _has_meaning(head[0], equation, names):
                return ()
            if names_divergence(head[-1], Scope(names)) and not _variables(equation.left, names):
                return ()
            if len(head) == 1 and _is_known(head[0], equation, names):
                return ()
    try:
        found = _possible(left_side(equation.left, 0), names) if equation.sign == "=" else ()
    except EquationError:
        return ()
    count = len(_listed(equation.left))
    return tuple(_apart(name, count, names) for name in found)


def _apart(name: str, count: int, names: Mapping[str, Any]) -> str:
    """A name for H(p, q) beside an H(p) that a formula has defined before: the two are told apart
    by how many arguments they have."""
    before = arguments_of(names.get(name))
    return of_arguments(name, count) if 0 < before < count else name


def _can_be_differentiated(function: Symbol, names: Mapping[str, Any]) -> bool:
    r"""Whether f'(x) is the derivative of something known, of a function or of what is defined as
    f(x); but not x'(t), which may be another x."""
    known = names.get(python_names(function)[0])
    if known is None:
        return named_operation(function) is not None
    if isinstance(known, Alias):
        return bool(known.variables)
    if isinstance(known, Node):
        return bool(getattr(known, "defined_at", ()))
    return callable(known)


def _is_argument(item: Tree) -> bool:
    """Whether f(..) may be defined of this: a name, or one with a value; but no x^2."""
    if isinstance(item, Script):
        return isinstance(item.base, Symbol) and not isinstance(item.sup, Number)
    return isinstance(item, Symbol | Relation)


def _is_known(head: Tree, equation: Equation, names: Mapping[str, Any]) -> bool:
    r"""Whether a left side is understood without being defined: an expectation or a probability of
    what is random, a normal density, an eigenvalue. E(w) of what is not random is an error E."""
    symbol = head.base if isinstance(head, Script) else head
    if not isinstance(symbol, Symbol) or python_names(symbol)[0] in names:
        return False
    normal = symbol.base == "N" and r"\mathcal" in symbol.styles
    spectral = isinstance(head, Script) and symbol.base in (r"\lambda", r"\sigma")
    if not (symbol.base.lstrip("\\") in _OF_RANDOM or normal or spectral):
        return False
    try:
        GraphBuilder(replace(equation, right=equation.left, conditions=()), names, Reading())
    except EquationError:
        return False
    return True


def _has_meaning(function: Tree, equation: Equation, names: Mapping[str, Any]) -> bool:
    """Whether a function on the left is one of the dialect: by its word, or used on the right."""
    if not isinstance(function, Symbol) or python_names(function)[0] in names:
        return False
    if not function.styles:
        return named_operation(function) is not None and function in walk(equation.right)
    known = named_operation(function) is not None or function.base in _WORDS
    return known and not _variables(equation.left, names)


def _is_one(text: str) -> bool:
    """Whether a text is one equation, perhaps with a range, a condition or a remark beside it."""
    try:
        return len(steps(parse(text))) == 1
    except EquationError:
        return False


def _possible(left: LeftSide, names: Mapping[str, Any]) -> tuple[str, ...]:
    r"""The names that a left side may mean.

    Of a number J that is defined no J_\lambda is part, of a vector w neither w_{\text{MAP}} nor,
    where \lambda is a number, w_\lambda. But \pi_\theta is the \pi that depends on \theta.
    """
    base = names.get(left.base)
    below = {id(node) for node in topological_order(base)[:-1]} if isinstance(base, Node) else ()
    if left.text in names and id(names[left.text]) in below:
        return left.names
    bound = [Bound.of(letter, names[letter]) for letter in left.letters or () if letter in names]
    labelled = isinstance(base, int | float) or any(
        b.kind == "node" and not b.is_label for b in bound
    )
    if left.text and labelled:
        return left.names[1:]  # m_u, of a number m or a vector u
    if left.letters is not None:
        return left.names
    if left.text and base is None:
        return left.names[1:]  # z_1 and z_2 are two names
    if left.text.isidentifier() and (left.text in names or f"\\{left.text}" not in GREEK):
        return left.names[1:]
    scalar = isinstance(base, Node) and is_defined(base) and World([base]).shape(base) == ()
    return left.names[1:] if scalar else left.names


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
        ranges = [_range(condition) for condition in equation.conditions]
        if None in ranges:
            fail(
                Why.DECLARATION,
                "A definition holds everywhere: write cases for one with conditions",
                0,
            )
        equation = _of_square(replace(equation, conditions=()))
        left = left_side(equation.left, equation.left.at)
        equation = replace(equation, right=with_names(equation, Scope(names)).right)
        if variables := _variables(equation.left, names):
            _insist_on_names(equation, names, variables, declared)
            return _function(left, equation, variables)
        graph = GraphBuilder(equation, names, declared)
        name, indices = left.read(graph.expr, letters_in_names(equation.right, names))
        if name in names and any(names[name] is node for node in graph.page.world.twins):
            fail(
                Why.DECLARATION,
                f"{name} stands on both sides: a definition says what is new",
                equation.left.at,
            )
        graph.insist_on(indices)
        _insist_on_all([each for each in ranges if each], indices, graph)
        if any(expr.op in _DERIVATIVES for expr in graph.expr.walk()) or graph.counts_alone():
            return name, Alias(equation.right, indices)
        laid = graph.laid(indices)
        first = graph.first_numbers(indices)
    except EquationError as error:
        raise EquationError(error.why, error.message, position=at + error.position) from None
    laid.node.name = name
    laid.node.first_member = first  # type: ignore[attr-defined]  # which no node of Python has
    laid.node.defined_at = _arguments(equation.left, names)  # type: ignore[attr-defined]  # f(x)
    laid.node.argument_count = len(_listed(equation.left))  # type: ignore[attr-defined]  # f(x, y)
    return name, laid.node


def _range(condition: Tree) -> tuple[Symbol, Number, Tree] | None:
    r"""An index, and the first and the last of its values, if k = 1, \dots, n says these."""
    match condition:
        case Relation(Relation(Number() as first, r"\leq", Symbol() as letter), r"\leq", last):
            return letter, first, last
    return None


def _insist_on_all(
    ranges: Sequence[tuple[Symbol, Number, Tree]], indices: tuple[str, ...], graph: GraphBuilder
) -> None:
    r"""Refuse a definition that says that its index runs over a part of its values only.

    z_k = x_k, k = 1, \dots, n - 1 of n numbers x_k has no z_n.

    Raises:
        EquationError: It is one.
    """
    inference = graph.reader.inference
    for letter, first, end in ranges:
        name = python_names(letter)[0]
        last = whole_number(graph.reader, end)
        length = None if inference.shifts(name) else inference.ranges.get(name)
        if name not in indices or last is None or length is None:
            continue
        count = last - int(first.text) + 1
        if count != length:
            fail(
                Why.DECLARATION,
                f"A definition holds for all {length} values of {name}, and this one for "
                f"{count} of them: write cases, or declare what has so many",
                letter.at,
            )


def _arguments(left: Tree, names: Mapping[str, Any]) -> tuple[Node, ...]:
    """The inputs that a left side f(x) lists, of which a node is defined."""
    found = (names.get(_name_of(item)) for item in _listed(left))
    return tuple(node for node in found if isinstance(node, Node))


def _listed(left: Tree) -> tuple[Tree, ...]:
    """The arguments on a left side, f(x)."""
    match left:
        case Product(factors=(Symbol() | Script(), Group(items=items))):
            return items
    return ()


def _name_of(item: Tree) -> str:
    r"""The name of an argument, x, x' or \beta_0; empty for a member x_i, and for a value."""
    if not isinstance(item, Symbol | Script) or isinstance(getattr(item, "sup", None), Group):
        return ""
    try:
        left = left_side(item, item.at)
    except EquationError:
        return ""
    return "" if left.letters else left.names[-1]


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
    symbols = [item for item in _listed(left) if isinstance(item, Symbol) and not item.styles]
    found = [python_names(symbol)[0] for symbol in symbols]
    known = (names.get(name) for name in found)
    new = [k is None or getattr(k, "is_family", False) for k in known]
    return tuple(name for name, is_new in zip(found, new, strict=True) if is_new)


def _insist_on_names(
    equation: Equation, names: Mapping[str, Any], variables: tuple[str, ...], declared: Reading
) -> None:
    """Insist that all names in the formula of a function but its variables are known.

    Raises:
        EquationError: One is not.
    """
    numbers = {name: Input(shape=()) for name in variables}
    try:
        GraphBuilder(equation, {**names, **numbers}, declared)
    except EquationError as error:
        if error.why is Why.UNKNOWN:  # else it may be a function of vectors
            raise


def _function(left: LeftSide, equation: Equation, variables: tuple[str, ...]) -> tuple[str, Alias]:
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
