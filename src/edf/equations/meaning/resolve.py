"""From what is typeset to what is meant: every symbol looked up, every construct given its reading.

Nothing is guessed. Where a formula has two readings on this page, as `u(v)` does when u is a node
and v is not something that it depends on, the answer is an error that says what to write.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import Any

from edf.equations.errors import EquationError
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Bars,
    Equation,
    Fraction,
    Function,
    Grad,
    Group,
    Indices,
    Number,
    Product,
    Root,
    Script,
    Slash,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import ACCENTS, BOLD, GREEK, REFUSED, TRANSPOSES
from edf.equations.meaning import algebra
from edf.equations.meaning.algebra import fail, make
from edf.equations.meaning.big_operators import Bigs
from edf.equations.meaning.calculus import Calculus
from edf.equations.meaning.calls import WORD_FONTS, Calls
from edf.equations.meaning.expression import Expr, Index, Meaning
from edf.equations.meaning.names import Bound, Scope, index_text, python_names
from edf.equations.operations import BY_SYMBOL, BY_WORD
from edf.equations.operations.shapes import (
    DimensionVariable,
    Shape,
    describe,
    fits,
    of_array,
    settle,
)
from edf.equations.options import Reading
from edf.equations.sampling.world import World
from edf.graph import Node

TRANSPOSE = TRANSPOSES | {"T"}


@dataclass(frozen=True)
class Page:
    """What a claim is read against: the page's names, its graph, and the options of the claim."""

    scope: Scope
    world: World
    reading: Reading
    loss: Node | None = None


def resolve(equation: Equation, page: Page) -> Meaning:
    """Return the meaning of one step.

    Raises:
        EquationError: Something is not understood or does not fit; without the source.
    """
    return Resolver(page).equation(equation)


def insist_on_one_spelling(equation: Equation, scope: Scope) -> None:
    """Refuse two spellings of one name: x and \\mathbf{x} would look like two things."""
    spellings: dict[str, Symbol] = {}
    for tree in walk(equation):
        if isinstance(tree, Symbol) and (bound := scope.find(tree)) is not None:
            known = spellings.setdefault(bound.name, tree)
            if known != tree:
                fail(
                    f"{to_latex(known)} and {to_latex(tree)} both mean {bound.name}: "
                    "use one spelling",
                    tree.at,
                )


class Resolver(Calls, Calculus, Bigs):
    """Reads one step. Index ranges and unknown lengths are found while it goes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.scope = page.scope
        self.lift: tuple[str, ...] = page.reading.componentwise
        self.ranges: dict[str, int] = {}
        self.deltas: list[tuple[str, str, int]] = []  # indices of one range that may yet be unknown
        self.unknown: list[Expr] = []  # expressions whose length must be known in the end
        self.sizes: dict[str, int] = {}  # letters that stand as upper bounds only: n in \sum^n

    # ---------------------------------------------------------------------------------- one step

    def equation(self, equation: Equation) -> Meaning:
        left, right = self.read(equation.left), self.read(equation.right)
        self._settle_ranges()
        if not (_is_number(left) or _is_number(right)) and left.free != right.free:
            only = sorted(left.free ^ right.free)
            names = ", ".join(only)
            fail(
                f"The ind{'ex' if len(only) == 1 else 'ices'} {names} "
                f"stand{'s' * (len(only) == 1)} free on one side only: sum over it with "
                "\\sum, or write it on both sides",
                right.at,
            )
        if not (_is_zero(left) or _is_zero(right)) and not fits(left.shape, right.shape):
            fail(
                f"The left side is {describe(left.shape)}, the right side {describe(right.shape)}",
                right.at,
            )
        for expr in self.unknown:
            assert expr.shape is not None
            if any(isinstance(settle(dim), DimensionVariable) for dim in expr.shape):
                fail("The length of this cannot be told from what stands around it", expr.at)
        return Meaning(left, right, dict(self.ranges))

    def _settle_ranges(self) -> None:
        for _ in range(len(self.deltas) + 1):
            for i, j, at in self.deltas:
                for one, other in ((i, j), (j, i)):
                    if one in self.ranges:
                        self.index_range(other, self.ranges[one], at)
        for i, j, at in self.deltas:
            if i not in self.ranges:
                fail(f"What do {i} and {j} run over? Nothing here tells their range", at)

    def index_range(self, index: Index, length: int, at: int) -> None:
        """Record that an index runs over `length` values."""
        if isinstance(index, int):
            if not 0 <= index < length:
                fail(f"There is no such component: the range has {length}", at)
            return
        known = self.ranges.setdefault(index, length)
        if known != length:
            fail(f"The index {index} runs over {known} values elsewhere and over {length} here", at)

    # --------------------------------------------------------------------------------- any tree

    def read(self, tree: Tree) -> Expr:
        """Return the meaning of a tree that stands as a value."""
        match tree:
            case Number():
                if not math.isfinite(value := float(tree.text)):
                    fail("This number is too large", tree.at)
                return algebra.number(value, tree.at, (tree.text, tree.text))
            case Symbol():
                return self.atom(tree, None, tree.at)
            case Script():
                return self.script(tree)
            case Group():
                if len(tree.items) > 1:
                    fail("Commas inside these parentheses, which are no function's", tree.at)
                return self.read(tree.items[0])
            case Sum():
                terms = [self.read(term) for term in tree.terms]
                signed = [
                    algebra.apply("neg", (term,), term.at) if sign == "-" else term
                    for sign, term in zip(tree.signs, terms, strict=True)
                ]
                return signed[0] if len(signed) == 1 else algebra.apply("add", signed, tree.at)
            case Product():
                return self.product(tree)
            case Fraction():
                if (derivative := self.derivative(tree)) is not None:
                    return derivative
                return algebra.apply("div", (self.read(tree.top), self.read(tree.bottom)), tree.at)
            case Slash():
                if (derivative := self.derivative(tree)) is not None:
                    return derivative
                self.closed(tree.bottom, "the denominator")
                return algebra.apply("div", (self.read(tree.top), self.read(tree.bottom)), tree.at)
            case Root():
                return algebra.apply("sqrt", (self.read(tree.body),), tree.at)
            case Function():
                return self.function_macro(tree)
            case Bars():
                return self.bars(tree, None)
            case _:
                return self.larger(tree)

    # ---------------------------------------------------------------------------------- symbols

    def atom(self, symbol: Symbol, sub: Tree | None, at: int) -> Expr:
        """A symbol with its subscript: a node, an array, a number, or a sign of the dialect."""
        bound, indices = self.look_up(symbol, sub)
        if bound is None:
            return self.sign(symbol, sub, at)
        self._refuse_two_deltas(symbol, indices, at)
        label = self.label(symbol, sub, bound, indices)
        if bound.kind == "number":
            if indices:
                fail(f"{bound.name} is a number and has no components", at)
            return algebra.number(float(bound.value), at, label)
        if bound.kind == "function":
            fail(f"{to_latex(symbol)} is a function: write its argument in parentheses", at)
        if bound.kind == "array":
            shape = bound.value.shape
            return self.indexed("array", (bound, indices), shape, indices, label, at)
        return self.node(bound.value, indices, label, at)

    def _refuse_two_deltas(self, symbol: Symbol, indices: tuple[Index, ...], at: int) -> None:
        letters = [index for index in indices if isinstance(index, str)]
        if symbol == Symbol(r"\delta") and len(indices) == len(letters) == 2:
            fail(
                "Kronecker's delta, or the delta of this page? Rename that, or write "
                f"(\\delta)_{{{''.join(letters)}}} for its entries",
                at,
            )

    def node(self, node: Node, indices: tuple[Index, ...], label: tuple[str, str], at: int) -> Expr:
        shape = self.shape(node)
        return self.indexed("node", (node, indices), shape, indices, label, at)

    def shape(self, node: Node) -> tuple[int, ...]:
        if node not in self.page.world.twins:
            fail("This name is not part of what the formula was prepared for", 0)
        return self.page.world.shape(node)

    def indexed(
        self,
        op: str,
        data: tuple[Any, tuple[Index, ...]],
        shape: tuple[int, ...],
        indices: tuple[Index, ...],
        label: tuple[str, str],
        at: int,
    ) -> Expr:
        """A bound value with all of its indices, or with none; lifted if the reading says so."""
        name = label[0]
        if not indices and shape and self.lift:
            if len(self.lift) < len(shape):
                fail(
                    f"{name} has {len(shape)} indices, and the reading lifts {len(self.lift)}: "
                    f'write reading="componentwise {" ".join("ijkmn"[: len(shape)])}"',
                    at,
                )
            indices = self.lift[: len(shape)]
            data = (data[0], indices)
            suffix = "".join(map(str, indices))
            label = (f"{name}_{suffix}", f"{label[1]}_{{{suffix}}}")
        if indices and len(indices) != len(shape):
            plural = "index" if len(shape) == 1 else "indices"
            fail(
                f"{name.split('_')[0]} has {len(shape)} {plural}, and here it has {len(indices)}",
                at,
            )
        if not indices and len(shape) > 2:
            fail(f"{name} has {len(shape)} axes: write it with {len(shape)} indices", at)
        for index, length in zip(indices, shape, strict=False):
            self.index_range(index, length, at)
        free = frozenset(index for index in indices if isinstance(index, str))
        return make(
            op, (), data, at=at, free=free, label=label, shape=None if indices else of_array(shape)
        )

    def label(
        self, symbol: Symbol, sub: Tree | None, bound: Bound, indices: tuple[Index, ...]
    ) -> tuple[str, str]:
        latex = to_latex(Script(symbol, sub) if sub is not None else symbol)
        suffix = "".join(map(str, indices)) if indices else ""
        return (f"{bound.name}_{suffix}" if suffix else bound.name), latex

    def look_up(self, symbol: Symbol, sub: Tree | None) -> tuple[Bound | None, tuple[Index, ...]]:
        """Return what a symbol with a subscript is bound to, and the indices that are left."""
        bound = self.scope.find(symbol)
        if sub is None:
            return bound, ()
        text = index_text(sub)
        whole = self.scope.find(symbol, text) if text else None
        if whole is not None:
            if bound is not None and self._could_be_component(bound, sub):
                fail(
                    f"{whole.name} and {bound.name} are both bound: is this {whole.name}, or a "
                    f"component of {bound.name}? Rename one",
                    symbol.at,
                )
            return whole, ()
        return bound, () if bound is None else self.indices(sub)

    def _could_be_component(self, bound: Bound, sub: Tree) -> bool:
        """Whether a subscript that is part of a name could be the indices of the rest as well."""
        assert isinstance(sub, Indices)
        if bound.kind not in ("node", "array"):
            return False
        shape = self.shape(bound.value) if bound.kind == "node" else bound.value.shape
        return len(sub.items) == len(shape) and all(map(self._could_be_index, sub.items))

    def _could_be_index(self, item: Tree) -> bool:
        if isinstance(item, Number):
            return self.page.reading.base is not None
        if not isinstance(item, Symbol) or item.styles:
            return False
        return len(item.base) == 1 or item.base in GREEK

    def indices(self, sub: Tree) -> tuple[Index, ...]:
        """Read a subscript as indices."""
        assert isinstance(sub, Indices)
        return tuple(self.index(item) for item in sub.items)

    def index(self, item: Tree) -> Index:
        if isinstance(item, Number):
            base = self.page.reading.base
            if base is None:
                fail(
                    f"Is component {item.text} counted from 0 or from 1? Declare it with "
                    f'reading="base 0" or reading="base 1", or bind the component to a name',
                    item.at,
                )
            if not item.text.isdigit():
                fail(f"{item.text} is no component: write a whole number", item.at)
            return int(item.text) - base
        if isinstance(item, Sum):
            fail("Arithmetic in a subscript is not understood: bind the shifted values", item.at)
        if not isinstance(item, Symbol):
            fail("An index with an index is not understood: rename it", item.at)
        name = python_names(item)[0]
        if len(item.base) > 1 and not item.base.startswith("\\"):
            fail(
                f"{item.base} is neither an index letter nor part of a name that is bound", item.at
            )
        if item.styles or item.base in (r"\partial", r"\nabla", r"\infty", r"\top", r"\intercal"):
            fail(f"{to_latex(item)} is not understood as an index: write a plain letter", item.at)
        if self.scope.find(item) is not None:
            fail(
                f"{name} is bound on this page and cannot be an index too: use another letter",
                item.at,
            )
        return name

    def sign(self, symbol: Symbol, sub: Tree | None, at: int) -> Expr:
        """A symbol that the page does not bind."""
        base, fonts = symbol.base, [style for style in symbol.styles if style not in ACCENTS]
        plain = not symbol.styles
        if base == r"\delta" and plain:
            indices = self.indices(sub) if sub is not None else ()
            if len(indices) != 2 or not all(isinstance(index, str) for index in indices):
                fail("Kronecker's delta has two index letters: \\delta_{ij}", at)
            i, j = str(indices[0]), str(indices[1])
            if i == j:
                fail(f"\\delta_{{{i}{j}}} is 1 whatever {i} is: write 1", at)
            self.deltas.append((i, j, at))
            return make("delta", (), (i, j), at=at, free=frozenset((i, j)))
        if sub is None and base == r"\pi" and plain:
            return algebra.number(math.pi, at, ("pi", r"\pi"))
        if sub is None and base == "e" and set(fonts) <= {r"\mathrm"}:
            return algebra.number(math.e, at, ("e", to_latex(symbol)))
        if sub is None and base == "1" and set(symbol.styles) <= BOLD and symbol.styles:
            return self._of_unknown_length("ones", (DimensionVariable(), 1), at)
        if sub is None and base == "I" and set(symbol.styles) <= {r"\mathbf", r"\mathrm"}:
            side = DimensionVariable()
            return self._of_unknown_length("eye", (side, side), at)
        if base in (r"\partial", r"\nabla"):
            fail(
                f"What does {base} act on? Write \\frac{{\\partial y}}{{\\partial x}}, \\nabla_x y",
                at,
            )
        if base in (r"\top", r"\intercal", r"\infty"):
            fail(f"{base} is not understood here", at)
        self._unbound(symbol, sub, at)
        raise AssertionError

    def _of_unknown_length(self, op: str, shape: Shape, at: int) -> Expr:
        expr = make(op, at=at, shape=shape)
        self.unknown.append(expr)
        return expr

    def _unbound(self, symbol: Symbol, sub: Tree | None, at: int) -> None:
        name, base = python_names(symbol)[0], symbol.base
        if (kind := self.scope.unusable(symbol)) is not None:
            fail(f"{name} is bound to a {kind}, which has no place in a formula", at)
        if name in self.ranges or name in self.lift or name in self.sizes:
            fail(f"{name} is an index here, and an index is no number: bind {name}", at)
        if base == "0":
            fail("Write 0 in the plain font: it fits every shape", at)
        if base == "1":
            fail("This looks like the number 1: write \\mathbf{1} for a column of ones", at)
        if r"\mathbb" in symbol.styles:
            fail(REFUSED[r"\mathbb"], at)
        if " " in base:
            fail("Words have no place in a formula: put them into the sentence around it", at)
        if base in BY_SYMBOL or (base in BY_WORD and set(symbol.styles) & WORD_FONTS):
            fail(f"{to_latex(symbol)} is a function: write its argument in parentheses", at)
        usable = [n for n in self.scope.names if Bound.of(n, self.scope.names[n]).kind != "other"]
        close = difflib.get_close_matches(name, usable, n=1, cutoff=0.7)
        text = index_text(sub) if sub is not None else None
        spelled = name if not text or len(text) == 1 else f"{name} (or {name}_{text})"
        fail(
            f"{spelled} is not bound on this page: bind it in a Python cell above"
            + (f"; did you mean {close[0]}?" if close else ""),
            at,
        )

    # ---------------------------------------------------------------------------------- scripts

    def script(self, tree: Script) -> Expr:
        """A base with a subscript, a superscript, or both."""
        base = tree.base
        if tree.primes:
            fail("A prime is understood on a function with its argument: f'(x)", tree.at)
        if isinstance(base, Symbol):
            if base.base == "e" and tree.sub is None and tree.sup is not None:
                if self.scope.find(base) is not None:
                    fail("e is bound on this page: write \\exp(..) for the exponential", tree.at)
                if set(base.styles) <= {r"\mathrm"}:
                    return self.exponential(tree.sup, tree.at)
            value = self.atom(base, tree.sub, tree.at)
            if tree.sup is not None:
                self._refuse_inverse_of_entry(base, value, tree.sup)
            return self.raised(value, tree.sup, tree.at)
        if isinstance(base, Bars):
            return self.raised(self.bars(base, tree.sub), tree.sup, tree.at)
        if isinstance(base, Fraction | Number) and (
            tree.sub is not None or isinstance(base, Fraction)
        ):
            fail("A script on this is easy to misread: put parentheses around its base", tree.at)
        if isinstance(base, Function | Product | Slash | Sum):
            fail("What does this script belong to? Write parentheses", tree.at)
        if tree.sub is not None and isinstance(base, Group):
            lift, self.lift = self.lift, ()
            value = self.read(base)
            self.lift = lift
            return self.raised(self.subscripted(value, tree.sub, tree.at), tree.sup, tree.at)
        if isinstance(base, Grad) and tree.sub is not None and isinstance(base.base, Symbol):
            base = Grad(Script(base.base, tree.sub, at=tree.at), base.macro, at=tree.at)
        elif tree.sub is not None:
            fail("A subscript on this is not understood: put parentheses around its base", tree.at)
        return self.raised(self.read(base), tree.sup, tree.at)

    def _refuse_inverse_of_entry(self, symbol: Symbol, entry: Expr, sup: Tree) -> None:
        """A^{-1}_{ij} is set as a power of A_{ij}, and mostly meant as an entry of the inverse."""
        if entry.op not in ("node", "array") or not _is_minus_one(sup):
            return
        bound, indices = entry.data
        shape = self.shape(bound) if entry.op == "node" else bound.value.shape
        if len(indices) == len(shape) == 2 and shape[0] == shape[1]:
            name = to_latex(symbol)
            fail(
                f"An entry of the inverse, or 1 over an entry? Write ({name}^{{-1}})_{{ij}}, or a "
                "fraction",
                sup.at,
            )

    def subscripted(self, value: Expr, sub: Tree, at: int) -> Expr:
        """A component of a column or a matrix."""
        indices = self.indices(sub)
        expr = algebra.component(value, indices, at)
        assert value.shape is not None
        for index, dim in zip(indices, value.shape, strict=False):
            length = settle(dim)
            if isinstance(length, DimensionVariable):
                fail("The length of this cannot be told from what stands around it", at)
            self.index_range(index, length, at)
        return expr

    def raised(self, base: Expr, sup: Tree | None, at: int) -> Expr:
        """A base with a superscript: a power, a transpose or an inverse."""
        if sup is None:
            return base
        if self.is_transpose(sup):
            return algebra.apply("transpose", (base,), at)
        if base.shape is not None and _is_minus_one(sup):
            return algebra.apply("inverse", (base,), at)
        if base.shape is not None and self._is_minus_transpose(sup):
            return algebra.apply("transpose", (algebra.apply("inverse", (base,), at),), at)
        return algebra.apply("pow", (base, self.read(sup)), at)

    def is_transpose(self, sup: Tree) -> bool:
        if not isinstance(sup, Symbol) or sup.base not in TRANSPOSE:
            return False
        if sup.base == "T" and self.scope.find(sup) is not None:
            fail("T is bound on this page: write \\top for the transpose", sup.at)
        return True

    def _is_minus_transpose(self, sup: Tree) -> bool:
        return isinstance(sup, Sum) and sup.signs == ("-",) and self.is_transpose(sup.terms[0])

    def exponential(self, exponent: Tree, at: int) -> Expr:
        if self.is_transpose(exponent):
            fail("The exponential of a transpose sign: write \\exp(..)", at)
        return algebra.apply("exp", (self.read(exponent),), at)


def _is_minus_one(tree: Tree) -> bool:
    return isinstance(tree, Sum) and tree.signs == ("-",) and tree.terms[0] == Number("1")


def _is_number(expr: Expr) -> bool:
    while expr.op == "neg":
        expr = expr.args[0]
    return expr.op == "number"


def _is_zero(expr: Expr) -> bool:
    return expr.op == "number" and expr.data == 0


__all__ = ["EquationError", "Page", "Resolver", "resolve"]
