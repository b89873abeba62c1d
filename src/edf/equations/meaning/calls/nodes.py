r"""Nodes with arguments: P(x) is the node P, and P(2x) the graph up to P with 2x in place of x.

Each argument stands for something that the node depends on: the node that it names or mentions, or,
if it mentions none, the one leaf that is left. The arguments of a node that applies a function are
those of the function, in its order. Where an argument could stand for two things, it is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import numpy as np

from edf.anyfunction import Applied
from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.spoken import spoken
from edf.equations.latex.syntax import (
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Script,
    Symbol,
    Tree,
    children,
)
from edf.equations.latex.vocabulary import DOTS
from edf.equations.meaning.letters.labels import label_of
from edf.equations.meaning.letters.scripts import entries, raised
from edf.equations.meaning.letters.symbols import look_up, read_indices, read_node
from edf.equations.meaning.names.scope import Bound, index_text, latex_name
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import make
from edf.equations.meaning.typed.expression import Expr, Index
from edf.equations.operations.shapes import describe, of_array, to_array
from edf.graph import Input, Node, Param, topological_order

_T = TypeVar("_T")
BARS = ("|", r"\mid", r"\vert")  # behind which stands what is given
_SIGNS = (r"\pi", "e", r"\infty", "0", "1", r"\cdot", ":", *DOTS)  # no names of arguments


def call_node(
    reader: Reader,
    bound: Bound,
    symbol: Symbol,
    indices: tuple[Index, ...],
    group: Group,
    behind: Tree,
) -> tuple[Expr, bool] | None:
    """Read a node in front of parentheses.

    Returns:
        The value and whether the scripts behind the parentheses are in it, or None for a product.
    """
    below = reader.scope.ancestors(bound.value)
    if not indices and (row := _of_member(reader, bound, symbol, group)) is not None:
        return row, False
    if group.open.endswith("[") and len(group.items) > 1 and len(reader.shape(bound.value)) == 2:
        return None  # W [h, x] is a product with what is stacked
    related = any(isinstance(item, Relation) for item in group.items)
    if related and not group.open.endswith("["):  # which is Iverson's bracket, a factor
        return _where_equal(reader, bound, symbol, indices, group), False
    if not indices and (one := _of_label(reader, bound, symbol, group)) is not None:
        return one, False
    named = [named_node(reader, item) for item in group.items]
    if not indices and (replaced := _by_place(reader, bound, named, group)):
        return _elsewhere(reader, bound, symbol, replaced, group.at), False
    foreign = [_is_unbound(reader, item) for item in group.items]
    if any(foreign) and all(
        new or node in below or _is_constant(reader, item)
        for new, node, item in zip(foreign, named, group.items, strict=True)
    ):
        _insist_on_one_list(reader, bound, named, group)
        return _itself(reader, bound, symbol, indices, behind), True
    own = all(found is not None and found in below for found in named)
    listed = len(named) > 1 and all(
        (found is not None and found in below) or _is_constant(reader, item)
        for found, item in zip(named, group.items, strict=True)
    )
    if (own and len(named) == 1) or (listed and not own and any(n is not None for n in named)):
        _insist_on_one_list(reader, bound, named, group)
        return _itself(reader, bound, symbol, indices, behind), True
    if len(named) == 1:
        value = _one_argument(reader, bound, symbol, indices, group, behind)
        return None if value is None else (value, False)
    if not below:
        insist_on_product(to_latex(symbol), group)
    replaced = {
        variable: item
        for variable, item in _matched(reader, bound, group)
        if named_node(reader, item) is not variable
    }
    if not replaced:
        _insist_on_one_list(reader, bound, named, group)
        return _itself(reader, bound, symbol, indices, behind), True
    if indices:
        fail(Why.SHAPES, f"Write {to_latex(symbol)}(..)_i for a component of the call", group.at)
    return _elsewhere(reader, bound, symbol, replaced, group.at), False


def _where_equal(
    reader: Reader, bound: Bound, symbol: Symbol, indices: tuple[Index, ...], group: Group
) -> Expr:
    r"""p(y = 1 \mid x) of a node that depends on y: the node, with 1 for y. Of a vector, one entry
    for each label, P(y = k \mid x) is its entry k."""
    below = reader.scope.ancestors(bound.value)
    related = [item for item in group.items if isinstance(item, Relation)]
    others = [item for item in group.items if not isinstance(item, Relation)]
    known = all(
        _is_unbound(reader, item) or _is_constant(reader, item)
        or named_node(reader, item) in below
        for item in others
    )  # fmt: skip
    if not known or indices or any(item.sign != "=" for item in related):
        fail(
            Why.NOTATION,
            "In a list of arguments stand names, or names with values: y = 1",
            group.at,
        )
    variables = [named_node(reader, item.left) for item in related]
    replaced = {
        node: item.right
        for node, item in zip(variables, related, strict=True)
        if node is not None and node in below
    }
    if len(replaced) == len(related):
        return _elsewhere(reader, bound, symbol, replaced, group.at)
    (label, *more) = related
    if (
        not replaced
        and not more
        and len(reader.shape(bound.value)) == 1
        and _is_label(reader, label)
    ):
        return entries(reader, symbol, (label.right,), group.at)
    fail(
        Why.OTHER_MEANING,
        f"{bound.name} does not depend on {to_latex(label.left)}: write p(y = 1 \\mid x) of what "
        "depends on y, or of a vector with an entry for each label",
        label.at,
    )


def _is_label(reader: Reader, relation: Relation) -> bool:
    """Whether y = k says which of several labels y is."""
    if not isinstance(relation.left, Symbol):
        return False
    bound = reader.scope.find(relation.left)
    sample = getattr(None if bound is None else bound.value, "sample", None)
    return bound is None or bool(getattr(sample, "labels", False))


def _by_place(
    reader: Reader, bound: Bound, named: Sequence[Node | None], group: Group
) -> dict[Node, Tree]:
    """The arguments of a node that a formula has defined as f(x, y), each for that in its place,
    where they are others than those; not behind a bar, for p(x | y) is no p(y | x)."""
    variables: tuple[Node, ...] = getattr(bound.value, "defined_at", ())
    if len(variables) != len(group.items) or any(sign in BARS for sign in group.commas):
        return {}
    if any(_is_unbound(reader, item) for item in group.items):
        return {}
    if len(variables) == 1 and reader.page.products:
        return {}
    below = reader.scope.ancestors(bound.value)
    return {
        variable: item
        for variable, node, item in zip(variables, named, group.items, strict=True)
        if node is not variable and variable in below
    }


def _of_label(reader: Reader, bound: Bound, symbol: Symbol, group: Group) -> Expr | None:
    r"""\pi(a) of a vector \pi that does not depend on the label a: the entry that it tells; and
    \pi(a \mid s) of an array."""
    labels = [label_of(reader, item) for item in group.items]
    below = reader.scope.ancestors(bound.value)
    if len(reader.shape(bound.value)) != len(labels) or not any(labels):
        return None
    for label, item in zip(labels, group.items, strict=True):
        if label is None and not (isinstance(item, Symbol) and _is_unbound(reader, item)):
            return None
        if label is not None and (label.kind != "node" or label.value in below):
            return None
    items = by_axes(reader, bound, list(group.items), group)
    if items is None:
        return None
    commas = (",",) * (len(items) - 1)
    return reader.read(Script(symbol, Indices(tuple(items), commas, at=group.at), at=group.at))


def by_axes(reader: Reader, bound: Bound, given: list[_T], group: Group) -> list[_T] | None:
    r"""What stands in the parentheses of P(s, a), and of P(s' \mid s, a), in the order of the axes.

    What is given comes first, as programs have it, or last, as the entries tell that add up to 1.

    Returns:
        The order, or None where a list has other signs than commas and one bar.

    Raises:
        EquationError: The entries add up to 1 along neither, or along both.
    """
    bars = [place for place, comma in enumerate(group.commas, 1) if comma in BARS]
    if not group.commas:
        return given
    if len(bars) != 1 or not {*group.commas} <= {",", *BARS}:
        return None
    count, outcomes = len(given), bars[0]
    orders = {
        tuple(range(count - outcomes, count)): [*given[outcomes:], *given[:outcomes]],
        tuple(range(outcomes)): given,
    }
    found = [order for axes, order in orders.items() if _adds_up(reader, bound, axes)]
    if len(found) != 1:
        along = "neither" if not found else "both"
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} has what is given on its first axes, if the entries along the last ones "
            f"add up to 1, or on the last: here {along} do. Write indices below it",
            group.at,
        )
    return found[0]


def _adds_up(reader: Reader, bound: Bound, axes: tuple[int, ...]) -> bool:
    """Whether the entries of a node or an array add up to 1 along some of its axes."""
    if bound.kind == "node":
        return reader.page.world.adds_up(bound.value, axes)
    return bool(np.allclose(np.asarray(bound.value, float).sum(axis=axes), 1.0))


def _of_member(reader: Reader, bound: Bound, symbol: Symbol, group: Group) -> Expr | None:
    r"""h(x^{(i)}), p(y_i \mid x_i; w) of a node that is computed row by row: the row i of it."""
    shape = reader.shape(bound.value)
    rows = [_row_of(reader, item) for item in group.items]
    members = [row for row in rows if row is not None]
    if not members or not shape or len({letter for _, letter in members}) > 1:
        return None
    below = reader.scope.ancestors(bound.value)
    rest = [item for item, row in zip(group.items, rows, strict=True) if row is None]
    if not all(
        node in below and reader.shape(node)[0] == shape[0] for node, _ in members
    ) or not all(
        named_node(reader, item) in below or _is_unbound(reader, item) or _is_constant(reader, item)
        for item in rest
    ):
        return None
    for node, _ in members:
        if not reader.page.world.follows_rows(bound.value, node):
            fail(
                Why.OTHER_MEANING,
                f"{bound.name} is not computed row by row from "
                f"{reader.scope.labels.get(node, 'this')}: bind a Python "
                "function to call it with one of them",
                group.at,
            )
    return entries(reader, symbol, (members[0][1],), group.at)


def _row_of(reader: Reader, item: Tree) -> tuple[Node, Tree] | None:
    """Return the node and the index of x^{(i)} or x_i, a row of the node x."""
    if not isinstance(item, Script) or not isinstance(item.base, Symbol) or item.primes:
        return None
    sup, sub = item.sup, item.sub
    if isinstance(sup, Group) and sub is None and len(sup.items) == 1:
        letter = sup.items[0]
    elif sup is None and isinstance(sub, Indices) and len(sub.items) == 1:
        letter = sub.items[0]
    else:
        return None
    bound = reader.scope.find(item.base)
    if bound is None or bound.kind != "node" or not reader.shape(bound.value):
        return None
    plain = isinstance(letter, Symbol) and not letter.styles and reader.scope.find(letter) is None
    return (bound.value, letter) if plain else None


def _insist_on_one_list(
    reader: Reader, bound: Bound, named: Sequence[Node | None], group: Group
) -> None:
    """Refuse p(x) beside p(x, y), and p(x | y) beside p(y | x), for the one node p.

    What is left out of the list, or stands behind a bar, would make two things of one.
    """
    bars = tuple(comma for comma in group.commas if comma not in (",", ";"))
    names = tuple(to_latex(item) for item in group.items)
    key = (names, bars) if bars else frozenset(names)
    covered = {below for node in named if node is not None for below in topological_order(node)}
    leaves = [n for n in topological_order(bound.value) if isinstance(n, Input | Param)]
    whole = not bars and all(leaf in covered for leaf in leaves)
    seen = reader.page.listed.setdefault(bound.name, {})
    seen[key] = whole
    if len(seen) > 1 and not all(seen.values()):
        arguments = ", ".join(spoken(item) for item in group.items)
        del seen[key]
        fail(
            Why.OTHER_MEANING,
            f"{bound.name}({arguments}) lists other arguments than {bound.name} has elsewhere in "
            "this claim: bind each of the two to a name of its own",
            group.at,
        )


def _is_unbound(reader: Reader, item: Tree) -> bool:
    r"""Whether an argument is a mere name: the \theta of L(\theta), where the page has L alone."""
    symbol = item.base if isinstance(item, Script) else item
    if isinstance(item, Script) and (item.sup or item.primes):
        return False
    if not isinstance(symbol, Symbol) or symbol.base in _SIGNS or symbol.base in reader.lift:
        return False
    sub = item.sub if isinstance(item, Script) else None
    scope, text = reader.scope, "" if sub is None else index_text(sub)
    known = scope.find(symbol) or (scope.find(symbol, text) if text else None)
    return known is None and symbol.base not in (*reader.counts, *reader.inference.ranges)


def _is_constant(reader: Reader, item: Tree) -> bool:
    """Whether an argument is the bare name of a number or array of the page, which no node is."""
    bound = reader.scope.find(item) if isinstance(item, Symbol) else None
    return bound is not None and bound.kind in ("number", "array")


def insist_on_product(name: str, group: Group) -> None:
    """Refuse `a(b)`, which looks like a call, where a is no function."""
    if len(group.items) > 1:
        fail(Why.OTHER_MEANING, f"{name} is no function, and products have no commas", group.at)
    if isinstance(group.items[0], Symbol | Number):
        fail(
            Why.AMBIGUOUS,
            f"{name}({to_latex(group.items[0])}) looks like a call: write {name} \\cdot ..",
            group.at,
        )


def _itself(
    reader: Reader, bound: Bound, symbol: Symbol, indices: tuple[Index, ...], behind: Tree
) -> Expr:
    """P(x) is the node P, and so is P_i(x) or P(x)_i with an index."""
    script = behind if isinstance(behind, Script) else Script(behind)
    if script.primes:
        fail(Why.DERIVATIVE, "A prime belongs to the function: f'(x)", behind.at)
    if script.sub is not None:
        if indices or not reader.shape(bound.value):
            fail(Why.SHAPES, f"{bound.name} has no index to spare for this subscript", behind.at)
        indices = read_indices(reader, script.sub)
    names = bound.name, to_latex(symbol)
    return raised(
        reader, read_node(reader, bound.value, indices, names, behind.at), script.sup, behind.at
    )


def _one_argument(
    reader: Reader,
    bound: Bound,
    symbol: Symbol,
    indices: tuple[Index, ...],
    group: Group,
    behind: Tree,
) -> Expr | None:
    """A node in front of one thing in parentheses: the node elsewhere, or a product (None)."""
    if indices and isinstance(behind, Script) and behind.sub is not None:
        return None  # h_{ik} (W)_{kj}: each has its own indices, so nothing is called
    node, name, shown = bound.value, bound.name, to_latex(symbol)
    scope = reader.scope
    below = scope.ancestors(node)
    mentioned = list(_mentioned(reader, group, bare=bool(indices)))
    inside = [other for other in mentioned if other in below]
    if indices:
        if inside:
            fail(
                Why.AMBIGUOUS,
                f"Product or call? Write {name}(..)_i for the call, \\cdot for the product",
                group.at,
            )
        if not (isinstance(behind, Script) and behind.sub is not None):  # h_{ik} (W_2)_{kj}
            insist_on_product(shown, group)
        return None
    if not below:
        insist_on_product(shown, group)
        return None
    if inside and node not in mentioned and reader.page.products:
        return None
    if mentioned and node not in mentioned and _is_no_argument(reader, node, group, bool(inside)):
        if not reader.shape(node):
            insist_on_product(shown, group)
        return None
    if inside and node not in mentioned:
        variables = list(dict.fromkeys(inside))
        if len(variables) > 1:
            names = " or ".join(scope.labels.get(v, "?") for v in variables)
            fail(
                Why.AMBIGUOUS,
                f"{name} as a function of what: {names}? Bind the argument to a name",
                group.at,
            )
        return _elsewhere(reader, bound, symbol, {variables[0]: group.items[0]}, group.at)
    if mentioned and all(other is node or node in scope.ancestors(other) for other in mentioned):
        insist_on_product(shown, group)
        return None
    fail(
        Why.AMBIGUOUS,
        f"Is this {name} times the parentheses, or {name} as a function of them? Write "
        f"{shown} \\cdot (..) for the product, or bind a Python function for the call",
        group.at,
    )


def _is_no_argument(reader: Reader, node: Node, group: Group, inside: bool) -> bool:
    """Whether parentheses have the shape of nothing that a matrix or a number depends on.

    K (y - C x) of a gain K is a product, even where K depends on the matrix C in them, and so is
    L (f(x) - f(y)) of an eigenvalue L. Those of a vector may be meant entry by entry.
    """
    axes, content = len(reader.shape(node)), reader.whole(group)
    if axes == 1 or (inside and (axes == 0 or content.free)):
        return False
    labels = reader.scope.labels
    below = [other for other in reader.scope.ancestors(node) if other in labels or not other.inputs]
    return all(of_array(reader.shape(other)) != content.shape for other in below)


# ------------------------------------------------------------- which argument stands for which node


def _matched(reader: Reader, bound: Bound, group: Group) -> list[tuple[Node, Tree]]:
    """Return what each of several arguments stands for."""
    node: Node = bound.value
    below = reader.scope.ancestors(node)
    named = [named_node(reader, item) for item in group.items]
    leaves_only = all(n is not None and n in below for n in named) and not set(named) <= set(
        node.inputs
    )
    if isinstance(node, Applied) and len(node.inputs) == len(named) and not leaves_only:
        return list(zip(node.inputs, group.items, strict=True))
    found = [_stands_for(reader, bound, item) for item in group.items]
    places = [k for k, variable in enumerate(found) if variable is None]
    if places:
        left = _leaves_left(reader, node, [v for v in found if v is not None])
        if len(left) != len(places):
            item = group.items[places[0]]
            labels = reader.scope.labels
            names = ", ".join(labels.get(leaf, "an input without name") for leaf in left)
            fail(
                Why.AMBIGUOUS,
                f"Which argument of {bound.name} is {spoken(item)}? What is left of its inputs is "
                f"{names or 'nothing'}: bind {bound.name} to a Python function to call it with any "
                "arguments",
                item.at,
            )
        for place, leaf in zip(places, left, strict=True):
            found[place] = leaf
    variables = [variable for variable in found if variable is not None]
    if len(set(variables)) < len(variables):
        fail(Why.OTHER_MEANING, f"Two arguments of {bound.name} stand for the same", group.at)
    _refuse_exchanged(reader, bound, variables, group)
    return list(zip(variables, group.items, strict=True))


def _stands_for(reader: Reader, bound: Bound, item: Tree) -> Node | None:
    """Return the node whose place an argument takes: the one below that it names or mentions."""
    below = reader.scope.ancestors(bound.value)
    if (applied := _application(reader, item)) in below:
        return applied
    found = dict.fromkeys(n for n in _mentioned(reader, item, bare=False) if n in below)
    if len(found) > 1:
        names = " or ".join(reader.scope.labels.get(n, "?") for n in found)
        fail(
            Why.AMBIGUOUS,
            f"Which argument of {bound.name} is this: {names}? Bind it to a name",
            item.at,
        )
    return next(iter(found), None)


def _leaves_left(reader: Reader, node: Node, taken: Sequence[Node]) -> list[Node]:
    covered = {node for variable in taken for node in topological_order(variable)}
    leaves = (n for n in topological_order(node) if isinstance(n, Input | Param))
    return [leaf for leaf in leaves if leaf not in covered]


def _refuse_exchanged(
    reader: Reader, bound: Bound, variables: Sequence[Node], group: Group
) -> None:
    """Refuse f(y, x) for a node f of x and y: f itself, or f with its arguments exchanged?

    Arguments that name what they stand for may be in the order in which the page binds that, or in
    which the node uses it. One that does not, such as a number, has its place by use; of several,
    both orders must agree.
    """
    pairs = [(a, b) for k, a in enumerate(variables) for b in variables[k + 1 :]]
    orders = [list(reader.scope.labels), topological_order(bound.value)]
    bound_so, used_so = (
        all(
            a not in order
            or b not in order
            or order.index(a) < order.index(b)
            or reader.shape(a) != reader.shape(b)
            for a, b in pairs
        )
        for order in orders
    )
    unnamed = [item for item in group.items if _stands_for(reader, bound, item) is None]
    in_order = [bound_so or used_so, used_so, bound_so and used_so][min(len(unnamed), 2)]
    if not in_order:
        arguments = ", ".join(spoken(item) for item in group.items)
        fail(
            Why.DERIVATIVE,
            f"{bound.name}({arguments}): are these in the order of {bound.name}'s own arguments? "
            f"Bind {bound.name} to a Python function to call it with any arguments",
            group.at,
        )


def named_node(reader: Reader, tree: Tree) -> Node | None:
    """Return the node that a bare name stands for, or that P(x) or f(x) does, if it is one."""
    if (applied := _application(reader, tree)) is not None:
        return applied
    if isinstance(tree, Product) and _is_own_call(reader, tree.factors):
        tree = tree.factors[0]
    if not isinstance(tree, Symbol | Script):
        return None
    symbol, sub = (tree.base, tree.sub) if isinstance(tree, Script) else (tree, None)
    if not isinstance(symbol, Symbol) or (isinstance(tree, Script) and (tree.sup or tree.primes)):
        return None
    try:
        bound, indices = look_up(reader, symbol, sub)
    except EquationError:
        return None
    return bound.value if bound is not None and bound.kind == "node" and not indices else None


def _application(reader: Reader, tree: Tree) -> Node | None:
    """Return the one node that applies the function f to the node x, of f(x)."""
    match tree:
        case Product(factors=(Symbol() as head, Group() as group)):
            bound = reader.scope.find(head)
            if bound is None or bound.kind != "function":
                return None
            given = [named_node(reader, item) for item in group.items]
            found = [
                node
                for node in reader.scope.applications(bound.value)
                if len(node.inputs) == len(given)
                and all(below is item for below, item in zip(node.inputs, given, strict=True))
            ]
            return found[0] if len(found) == 1 else None
    return None


def lists_arguments(reader: Reader, node: Node, group: Group) -> bool:
    """Whether parentheses hold nothing but names of what a node depends on."""
    below = reader.scope.ancestors(node)
    named = [named_node(reader, item) for item in group.items]
    return all(each is not None and each in below for each in named)


def argument_of(reader: Reader, tree: Tree) -> Node | None:
    """Return the node that f(x) names as its only argument, as a whole."""
    match tree:
        case Product(factors=(Symbol(), Group(items=(item,)))):
            return named_node(reader, item)
    return None


def _is_own_call(reader: Reader, factors: Sequence[Tree]) -> bool:
    """Whether factors are P(x), with the name of something that P depends on."""
    group, below = _called(reader, factors)
    return group is not None and all(named_node(reader, item) in below for item in group.items)


def _is_call(reader: Reader, factors: Sequence[Tree]) -> bool:
    """Whether factors are P(..), with something in the parentheses that P depends on."""
    group, below = _called(reader, factors)
    return group is not None and any(n in below for n in _mentioned(reader, group, bare=False))


def _called(
    reader: Reader, factors: Sequence[Tree]
) -> tuple[Group | None, Collection[Node | None]]:
    """The parentheses of P(..) and what P depends on, if that is what the factors are."""
    match factors:
        case [head, Group() as group] if (node := named_node(reader, head)) is not None:
            return group, reader.scope.ancestors(node)
    return None, ()


def _mentioned(reader: Reader, tree: Tree, bare: bool) -> Iterator[Node]:
    """Yield the nodes named in a tree, of P(x) P alone; with `bare`, those without an index."""
    if isinstance(tree, Product):
        skip = False
        for k, factor in enumerate(tree.factors):
            if not skip:
                yield from _mentioned(reader, factor, bare)
            skip = _is_call(reader, tree.factors[k : k + 2])
        return
    if isinstance(tree, Script) and isinstance(tree.base, Symbol):
        bound, indices = look_up(reader, tree.base, tree.sub)
        if bound is not None and bound.kind == "node" and not (bare and indices):
            yield bound.value
        if tree.sup is not None:
            yield from _mentioned(reader, tree.sup, bare)
        return
    if isinstance(tree, Symbol):
        bound = reader.scope.find(tree)
        if bound is not None and bound.kind == "node":
            yield bound.value
        return
    for _, _, child in children(tree):
        yield from _mentioned(reader, child, bare)


# ------------------------------------------------------------------------------- the node elsewhere


def _elsewhere(
    reader: Reader, bound: Bound, symbol: Symbol, replaced: dict[Node, Tree], at: int
) -> Expr:
    """A part of the graph again, with other values for what its node depends on."""
    arguments = [reader.whole(item) for item in replaced.values()]
    for place, (argument, variable) in enumerate(zip(arguments, replaced, strict=True)):
        shape = reader.shape(variable)
        if argument.op == "number" and argument.data == 0 and shape:  # 0 fits every shape
            arguments[place] = make("zeros", at=argument.at, shape=of_array(shape))
            continue
        if to_array(argument.shape) != (shape if shape != (1,) else ()):
            fail(
                Why.SHAPES,
                f"{bound.name} takes {describe(of_array(shape))} here, not "
                f"{describe(argument.shape)}",
                argument.at,
            )
    names = [reader.scope.labels.get(variable, "") for variable in replaced]
    return make(
        "replace", arguments,
        (bound.value, tuple(replaced), tuple((name, latex_name(name)) for name in names)),
        at=at, shape=of_array(reader.shape(bound.value)), label=(bound.name, to_latex(symbol)),
    )  # fmt: skip
