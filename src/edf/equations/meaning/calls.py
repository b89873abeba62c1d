"""Products and calls: what stands side by side, and what a parenthesis behind a name means.

`name(...)` is a call if the name is bound to a function, or to a node and the parentheses hold
something that the node depends on; it is a product if the name cannot be called. Where both could
be meant, it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.errors import EquationError
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Group, Product, Script, Symbol, Tree, walk
from edf.equations.meaning import algebra
from edf.equations.meaning.algebra import MAX_ORDER, fail, make
from edf.equations.meaning.expression import Expr, Index
from edf.equations.meaning.names import Bound
from edf.equations.meaning.reader import Reader
from edf.equations.operations import BY_SYMBOL, BY_WORD
from edf.equations.operations.shapes import Shape, describe, of_array, settle, to_array
from edf.graph import Input, Node

WORD_FONTS = frozenset([r"\operatorname", r"\mathrm", r"\text", r"\textrm"])


class Calls(Reader):
    """Reads products, calls and function macros."""

    def product(self, tree: Product) -> Expr:
        parts: list[Expr] = []
        signs: list[str] = []
        place = 0
        while place < len(tree.factors):
            if place:
                signs.append(tree.joins[place - 1])
            part, used = self.unit(tree.factors, tree.joins, place)
            parts.append(part)
            place += used
        if self._bar_pairs(tree) > 1:
            fail("Which bars belong together? Write \\lvert and \\rvert", tree.at)
        return parts[0] if len(parts) == 1 else algebra.multiply(parts, signs, tree.at)

    def _bar_pairs(self, tree: Product) -> int:
        bases = (f.base if isinstance(f, Script) else f for f in tree.factors)
        return sum(getattr(base, "open", "") in ("|", r"\|") for base in bases)

    def unit(
        self, factors: tuple[Tree, ...], joins: tuple[str, ...], start: int
    ) -> tuple[Expr, int]:
        """Read what begins at `start` and belongs together; return it and its number of factors."""
        factor = factors[start]
        beside = start + 1 < len(factors) and joins[start] == ""
        operate = self.operator(factor)
        if operate is not None:
            if not beside:
                fail("What does this derivative act on? Put it behind, in parentheses", factor.at)
            return self._operand(operate, factors, joins, start)
        if beside and isinstance(factor, Symbol | Script):
            behind = factors[start + 1]
            group = behind.base if isinstance(behind, Script) else behind
            if isinstance(group, Group):
                called = self.call(factor, group, behind)
                if called is not None:
                    return called, 2
        return self.read(factor), 1

    def _operand(
        self,
        operate: Callable[[Tree | Expr], Expr],
        factors: tuple[Tree, ...],
        joins: tuple[str, ...],
        start: int,
    ) -> tuple[Expr, int]:
        """What a derivative in front acts on: parentheses, or the one thing that ends the term."""
        deepest = factors[start : start + MAX_ORDER + 1]
        if len(deepest) > MAX_ORDER and all(map(self.operator, deepest)):
            fail(
                "Third derivatives are not tested: bind a first one to a node of its own",
                factors[start].at,
            )
        operand = factors[start + 1]
        ends = start + 2 == len(factors)
        if isinstance(operand, Group):
            if not ends and joins[start + 1] == "" and isinstance(factors[start + 2], Group):
                fail(
                    "Where does the derivative end? Put all it acts on into parentheses", operand.at
                )
            if len(operand.items) > 1:
                fail("A derivative acts on one thing: no commas", operand.at)
            return operate(operand.items[0]), 2
        if isinstance(operand, Script) and isinstance(operand.base, Group):
            fail("Does the script belong to the derivative or to what it acts on?", operand.at)
        nested = self.operator(operand)
        if nested is None and isinstance(operand, Symbol | Script):
            taken = 2 if self._takes_group(factors, joins, start + 1) else 1
            tree: Tree = operand
            if taken == 2:
                tree = Product(factors[start + 1 : start + 3], ("",), at=operand.at)
                if self.unit(factors, joins, start + 1)[1] == 1:
                    taken, tree = 1, operand
        else:
            taken, tree = len(factors) - start - 1, operand
            if taken > 1:
                tree = Product(factors[start + 1 :], joins[start + 1 :], at=operand.at)
                if self.unit(factors, joins, start + 1)[1] != taken:
                    fail(
                        "Where does the derivative end? Put what it acts on into parentheses",
                        operand.at,
                    )
            self.closed(tree, "the derivative")
        if start + 1 + taken != len(factors):
            fail("Where does the derivative end? Put what it acts on into parentheses", operand.at)
        return operate(tree), 1 + taken

    def _takes_group(self, factors: tuple[Tree, ...], joins: tuple[str, ...], place: int) -> bool:
        if place + 1 >= len(factors) or joins[place] != "":
            return False
        behind = factors[place + 1]
        return isinstance(behind.base if isinstance(behind, Script) else behind, Group)

    # ------------------------------------------------------------------------------------ calls

    def call(self, head: Tree, group: Group, behind: Tree) -> Expr | None:
        """Read `head group` as a call, or return None if it is a product."""
        symbol = head.base if isinstance(head, Script) else head
        if not isinstance(symbol, Symbol):
            return None
        sub = head.sub if isinstance(head, Script) else None
        sup = head.sup if isinstance(head, Script) else None
        primes = head.primes if isinstance(head, Script) else 0
        bound, indices = (None, ()) if self._is_jacobian(symbol, sub) else self.look_up(symbol, sub)
        if bound is None:
            value = self._dialect_call(symbol, sub, primes, group)
        elif bound.kind == "function":
            value = self._function_call(bound, primes, indices, group, head)
        elif bound.kind == "node":
            if primes:
                fail(f"{bound.name} is a node: a prime is understood on functions, f'(x)", head.at)
            if sup is not None:
                return None
            if self._own_arguments(bound.value, group):
                return self._at_own_arguments(bound, symbol, indices, behind)
            value = self._node_call(bound, symbol, indices, group)
        else:
            self._insist_on_product(to_latex(head), group)
            value = None
        if value is None:
            return None
        if sup is not None:
            fail(
                f"Is this a power of the function or of its value? Write "
                f"{to_latex(symbol)}(..)^{{{to_latex(sup)}}}",
                head.at,
            )
        return self._behind_call(value, behind)

    def _behind_call(self, value: Expr, behind: Tree) -> Expr:
        """The scripts of the parenthesis belong to the value of the call."""
        if not isinstance(behind, Script):
            return self._lifted(value)
        if behind.primes:
            fail("A prime belongs to the function: f'(x)", behind.at)
        if behind.sub is not None:
            value = self.subscripted(value, behind.sub, behind.at)
        return self.raised(self._lifted(value), behind.sup, behind.at)

    def _lifted(self, value: Expr) -> Expr:
        if value.shape is None or not self.lift:
            return value
        rank = 1 if settle(value.shape[1]) == 1 else 2
        if rank > len(self.lift):
            fail("This is a matrix, and the reading lifts vectors only", value.at)
        for index, dim in zip(self.lift, value.shape[:rank], strict=False):
            length = settle(dim)
            assert isinstance(length, int)
            self.index_range(index, length, value.at)
        if value.op == "node":
            node, _ = value.data
            return self.node(node, self.lift[:rank], value.label, value.at)
        return algebra.component(value, self.lift[:rank], value.at)

    def _dialect_call(
        self, symbol: Symbol, sub: Tree | None, primes: int, group: Group
    ) -> Expr | None:
        r"""\sigma(z), \operatorname{diag}(p), \mathbf{J}_P(x), where the page binds none."""
        at = symbol.at
        if self._is_jacobian(symbol, sub):
            assert sub is not None
            return self.jacobian(sub, group, at)
        if not symbol.styles and symbol.base in BY_SYMBOL:
            operation = BY_SYMBOL[symbol.base]
        elif symbol.base in BY_WORD and set(symbol.styles) & WORD_FONTS:
            operation = BY_WORD[symbol.base]
        else:
            return None
        if sub is not None:
            fail(f"{to_latex(symbol)} takes no subscript here", at)
        if operation.arity is None:
            return algebra.apply(operation.name, [self.read(item) for item in group.items], at)
        argument = self._single(group)
        if primes:
            if not operation.elementwise:
                fail(f"{to_latex(symbol)}' is not understood: write \\frac{{d}}{{dx}}", at)
            bound = Bound(operation.name, "function", operation.value)
            return make("prime", (argument,), (bound, primes), at=at, order=primes)
        return algebra.apply(operation.name, (argument,), at)

    def _is_jacobian(self, symbol: Symbol, sub: Tree | None) -> bool:
        return symbol.base == "J" and sub is not None and self.scope.find(symbol) is None

    def _single(self, group: Group) -> Expr:
        if len(group.items) > 1:
            fail("One argument is expected here", group.items[1].at)
        return self.read(group.items[0])

    def _insist_on_product(self, name: str, group: Group) -> None:
        """Refuse `a(b)`, which looks like a call, where a is no function."""
        if len(group.items) > 1:
            fail(f"{name} is no function, and products have no commas", group.at)
        if isinstance(group.items[0], Symbol):
            fail(
                f"{name}({to_latex(group.items[0])}) looks like a call: write {name} \\cdot ..",
                group.at,
            )

    # --------------------------------------------------------------------------- calls of nodes

    def _own_arguments(self, node: Node, group: Group) -> bool:
        """Whether the parentheses only name what the node depends on, as in P(x)."""
        below = self.scope.ancestors(node)
        named = [self._plain_node(item) for item in group.items]
        if not all(found is not None and found in below for found in named):
            return False
        if len(named) == 1 or self._same_nodes(node.inputs, named):
            return True
        # f(z, y) for the node f(y, z) is f with its arguments exchanged
        return len(set(named)) == len(named) and set(named) != set(node.inputs)

    def _at_own_arguments(
        self, bound: Bound, symbol: Symbol, indices: tuple[Index, ...], behind: Tree
    ) -> Expr:
        """P(x) is the node P, and so is P_i(x) or P(x)_i with an index."""
        sub = behind.sub if isinstance(behind, Script) else None
        sup = behind.sup if isinstance(behind, Script) else None
        if isinstance(behind, Script) and behind.primes:
            fail("A prime belongs to the function: f'(x)", behind.at)
        if sub is not None:
            if indices or not self.shape(bound.value):
                fail(f"{bound.name} has no index to spare for this subscript", behind.at)
            indices = self.indices(sub)
        suffix = "".join(map(str, indices))
        label = (
            f"{bound.name}_{suffix}" if suffix else bound.name,
            f"{to_latex(symbol)}_{{{suffix}}}" if suffix else to_latex(symbol),
        )
        return self.raised(self.node(bound.value, indices, label, behind.at), sup, behind.at)

    def _node_call(
        self, bound: Bound, symbol: Symbol, indices: tuple[Index, ...], group: Group
    ) -> Expr | None:
        """A node in front of parentheses: the node elsewhere, or a product (None)."""
        node, name = bound.value, bound.name
        below = self.scope.ancestors(node)
        mentioned = list(self._mentioned(group, bare=bool(indices)))
        inside = [other for other in mentioned if other in below]
        if indices:
            if inside:
                fail(
                    f"Product or call? Write {name}(..)_i for the call, \\cdot for the product",
                    group.at,
                )
            self._insist_on_product(to_latex(symbol), group)
            return None
        if not below:
            self._insist_on_product(to_latex(symbol), group)
            return None
        if inside and node not in mentioned:
            return self._elsewhere(node, inside, group, (name, to_latex(symbol)))
        own = [other is node or node in self.scope.ancestors(other) for other in mentioned]
        if own and all(own):
            self._insist_on_product(to_latex(symbol), group)
            return None
        fail(
            f"Is this {name} times the parentheses, or {name} as a function of them? Write "
            f"{to_latex(symbol)} \\cdot (..) for the product",
            group.at,
        )

    def _same_nodes(self, inputs: tuple[Node, ...], named: list[Node | None]) -> bool:
        return len(inputs) == len(named) and all(a is b for a, b in zip(inputs, named, strict=True))

    def _plain_node(self, tree: Tree) -> Node | None:
        if not isinstance(tree, Symbol | Script):
            return None
        symbol = tree.base if isinstance(tree, Script) else tree
        if not isinstance(symbol, Symbol) or (
            isinstance(tree, Script) and (tree.sup or tree.primes)
        ):
            return None
        sub = tree.sub if isinstance(tree, Script) else None
        try:
            bound, indices = self.look_up(symbol, sub)
        except EquationError:
            return None
        return bound.value if bound is not None and bound.kind == "node" and not indices else None

    def _mentioned(self, group: Group, bare: bool) -> Iterator[Node]:
        """Yield the nodes named in the parentheses; with `bare`, those without an index only."""
        for item in group.items:
            skip: set[int] = set()
            for tree in walk(item):
                if isinstance(tree, Script) and isinstance(tree.base, Symbol):
                    bound, indices = self.look_up(tree.base, tree.sub)
                    skip.add(id(tree.base))
                    if bare and indices:
                        continue
                elif isinstance(tree, Symbol) and id(tree) not in skip:
                    bound = self.scope.find(tree)
                else:
                    continue
                if bound is not None and bound.kind == "node":
                    yield bound.value

    def _elsewhere(
        self, node: Node, inside: list[Node], group: Group, label: tuple[str, str]
    ) -> Expr:
        """P(2x): that part of the graph again, with another value for the ancestor x."""
        if len(group.items) > 1:
            return self._replaced(node, node.inputs, group, label)
        variables = list(dict.fromkeys(inside))
        if len(variables) > 1:
            names = " or ".join(self.scope.labels.get(v, "?") for v in variables)
            fail(
                f"{label[0]} as a function of what: {names}? Bind the argument to a name", group.at
            )
        return self._replaced(node, tuple(variables), group, label)

    def _replaced(
        self, node: Node, variables: tuple[Node, ...], group: Group, label: tuple[str, str]
    ) -> Expr:
        if len(variables) != len(group.items):
            fail(f"{label[0]} takes {len(variables)} arguments here", group.at)
        arguments = [self.whole(item) for item in group.items]
        for argument, variable in zip(arguments, variables, strict=True):
            if to_array(argument.shape) != (
                self.shape(variable) if self.shape(variable) != (1,) else ()
            ):
                fail(
                    f"{label[0]} takes {describe(of_array(self.shape(variable)))} here, not "
                    f"{describe(argument.shape)}",
                    argument.at,
                )
        return make(
            "replace", arguments, (node, variables), at=group.at,
            shape=of_array(self.shape(node)), label=label,
        )  # fmt: skip

    # ----------------------------------------------------------------------- calls of functions

    def _function_call(
        self, bound: Bound, primes: int, indices: tuple[Index, ...], group: Group, head: Tree
    ) -> Expr:
        if indices:
            fail(f"{bound.name} is a function: write {bound.name}(..)_i for a component", head.at)
        arguments = [self.whole(item) for item in group.items]
        if primes:
            if len(arguments) != 1 or arguments[0].shape is not None:
                fail(f"{bound.name}' needs a function of one number: use an index", head.at)
            if self._result(bound, arguments, head.at) is not None:
                fail(
                    f"{bound.name} has more than one number as its value: a prime is not clear",
                    head.at,
                )
            return make("prime", arguments, (bound, primes), at=head.at, order=primes)
        shape = self._result(bound, arguments, head.at)
        return make("call", arguments, bound, at=head.at, shape=shape)

    def _result(self, bound: Bound, arguments: list[Expr], at: int) -> Shape:
        """Find the shape of a function's value by a trial call."""
        shapes = []
        for argument in arguments:
            shape = to_array(argument.shape)
            if shape is None:
                fail("The length of this argument cannot be told", argument.at)
            shapes.append(shape)
        if isinstance(bound.value, AnyFunction):
            return of_array(bound.value.shape)
        rng = np.random.default_rng(0)
        trial = [rng.uniform(0.2, 0.9, shape) for shape in shapes]
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(computation(bound, len(trial))(*trial))
        except Exception as problem:
            fail(f"{bound.name} cannot be called so: {type(problem).__name__}: {problem}", at)
        if value.dtype.kind not in "iuf" or value.ndim > 2:
            fail(f"{bound.name} returns no number, vector or matrix", at)
        return of_array(value.shape)


def computation(bound: Bound, arguments: int) -> Callable[..., Any]:
    """Return the function of arrays that a bound function or operation class computes."""
    if isinstance(bound.value, type):
        operation: Node = bound.value(*(Input(shape=()) for _ in range(arguments)))
        return operation.compute
    function: Callable[..., Any] = bound.value
    return function
