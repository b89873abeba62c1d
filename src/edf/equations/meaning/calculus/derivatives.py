r"""Derivatives in every common spelling.

    \frac{\partial l}{\partial x_i}     \frac{\partial^2 l}{\partial x_i \partial y_j}
    \frac{\partial}{\partial x}(..)     \frac{d^2 y}{dx^2}        \nabla_x l       x.\text{grad}
    \frac{\partial y}{\partial x}       \mathbf{J}_y(x)           \nabla_x^2 l

A derivative is the sensitivity to a slack added to a node. For a bare vector below, the shape of
the result must be clear: a column above gives the Jacobian, a number above is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edf.anyfunction import AnyFunction
from edf.equations.diagnostics import Why, fail
from edf.equations.latex.endings import insist_on_end
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Fraction,
    Function,
    Grad,
    Group,
    Indices,
    Number,
    Product,
    Script,
    Slash,
    Symbol,
    Tree,
)
from edf.equations.meaning.calls.nodes import argument_of
from edf.equations.meaning.letters.scripts import is_transpose
from edf.equations.meaning.letters.symbols import (
    atom,
    look_up,
    read_indices,
    read_node,
    without_label,
)
from edf.equations.meaning.names.scope import Bound, Scope, latex_name
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import MAX_ORDER, apply, make, multiply, number
from edf.equations.meaning.typed.display import expression, latex_of, suffix_of
from edf.equations.meaning.typed.expression import Expr, Index, letters_of
from edf.equations.operations.shapes import Dim, Shape, describe, of_array, settle, to_array
from edf.graph import Input, Node, Param, topological_order

_HELD = (
    "What is held fixed stands behind a first derivative of one thing, as in "
    "\\left. \\frac{\\partial u}{\\partial x} \\right|_{y}; for a value at a point write = in "
    "the subscript, |_{x=a}"
)


@dataclass(frozen=True)
class Variable:
    """What a derivative is taken with respect to."""

    node: Node
    indices: tuple[Index, ...]  # empty for the whole
    label: tuple[str, str]
    shape: tuple[int, ...]
    row: bool = False  # whether it is written transposed
    at: int = 0
    name: Symbol | None = None  # as written
    along: str = ""  # of a row w_k, the index that runs along it
    length: int = 1  # of that row
    squared: bool = False  # whether it is taken with respect to the square, as of a variance


# ------------------------------------------------------------------------- fractions of d's


def read_derivative(reader: Reader, tree: Fraction | Slash) -> Expr | None:
    """Read a fraction as a derivative, or return None if it is an ordinary one."""
    parts = derivative_parts(reader, tree)
    if parts is None:
        return None
    letter, order, target = parts
    if target is None:
        if isinstance(tree, Slash):
            fail(Why.DERIVATIVE, "What does this derivative act on? Use \\frac", tree.at)
        fail(
            Why.DERIVATIVE,
            "What does this derivative act on? Put it behind, in parentheses",
            tree.at,
        )
    variables = variables_below(reader, tree.bottom, letter, order)
    applied = _applied_to(reader, target, variables[0])
    if applied is not None:
        target = applied
    return _differentiate(reader, _target(reader, target), variables, letter, tree.at)


def _applied_to(reader: Reader, target: Tree, variable: Variable) -> Tree | None:
    """u(x) for a function u that no node applies, as in du/dx; None for anything else."""
    bound = reader.scope.find(target) if isinstance(target, Symbol) else None
    if bound is None or bound.kind != "function" or variable.indices or not variable.name:
        return None
    if reader.scope.applications(bound.value):
        return None
    return Product((target, Group((variable.name,), "(", ")", at=target.at)), ("",), at=target.at)


def read_operator(reader: Reader, factor: Tree) -> Callable[[Tree | Expr], Expr] | None:
    """Read a factor that acts on what stands behind it, or return None."""
    if isinstance(factor, Fraction):
        parts = derivative_parts(reader, factor)
        if parts is None or parts[2] is not None:
            return None
        letter, order, _ = parts
        variables = variables_below(reader, factor.bottom, letter, order)

        def differentiate(operand: Tree | Expr) -> Expr:
            target = operand if isinstance(operand, Expr) else reader.read(operand)
            return _differentiate(reader, target, variables, letter, factor.at)

        return differentiate
    if isinstance(factor, Symbol) and factor.base == r"\nabla":
        return _plain_nabla(reader, factor)
    if isinstance(factor, Script) and factor.base == Symbol(r"\partial") and factor.sub is not None:
        return _partial(reader, factor, factor.sub)
    if isinstance(factor, Script) and factor.base == Symbol(r"\nabla"):
        return _nabla(reader, factor)
    return None


def derivative_parts(reader: Reader, tree: Fraction | Slash) -> tuple[str, int, Tree | None] | None:
    """Return the letter, the order and the target of a derivative, or None."""
    above, below = _factors(tree.top), _factors(tree.bottom)
    letter, first = _letter_d(above[0][0]), _letter_d(below[0][0])
    if letter is None or first is None:
        if r"\partial" in (letter, first):
            fail(Why.DERIVATIVE, "\\partial must stand both above and below", tree.at)
        return None
    if letter != first:
        fail(Why.DERIVATIVE, "One kind of d above and another below", tree.at)
    bound = reader.scope.find(Symbol("d"))
    if letter == "d" and bound is not None and bound.is_length:
        if len(below[0]) == 1:
            return None  # d / d^2 of a length d; in d f / d x, it would cancel
    elif letter == "d" and bound is not None:
        fail(
            Why.OTHER_MEANING,
            "d is bound on this page: a fraction or a derivative? Write \\mathrm{d} or \\cdot",
            tree.at,
        )
    order = 1
    head = above[0][0]
    if isinstance(head, Script):
        order = _order(head.sup)
    factors, joins = above
    if len(factors) == 1:
        return letter, order, None
    if joins and joins[0]:
        fail(
            Why.DERIVATIVE,
            "A derivative of a product: put the product into parentheses behind it",
            tree.at,
        )
    rest = factors[1:]
    target = rest[0] if len(rest) == 1 else Product(rest, joins[1:], at=rest[0].at)
    return letter, order, target


def _letter_d(tree: Tree) -> str | None:
    if isinstance(tree, Script):
        if tree.sub is not None or tree.primes:
            return None
        tree = tree.base
    if tree == Symbol(r"\partial"):
        return r"\partial"
    if tree == Symbol("d"):
        return "d"
    if tree == Symbol("d", (r"\mathrm",)) or tree == Symbol("d", (r"\text",)):
        return "upright d"
    return None


def _order(sup: Tree | None) -> int:
    if sup is None:
        return 1
    if not isinstance(sup, Number) or not sup.text.isdigit() or int(sup.text) < 1:
        fail(Why.DERIVATIVE, "The order of a derivative is a whole number", sup.at)
    if int(sup.text) > MAX_ORDER:
        fail(
            Why.NO_CLAIM,
            "Fourth derivatives are not tested: bind a first one to a node of its own",
            sup.at,
        )
    return int(sup.text)


def _target(reader: Reader, tree: Tree) -> Expr:
    """What stands behind the d above: a name, a call, or parentheses."""
    if isinstance(tree, Group) and len(tree.items) == 1:
        return reader.read(tree.items[0])
    if isinstance(tree, Function):
        insist_on_end(tree, "the derivative")
        return reader.read(tree)
    factors, joins = _factors(tree)
    head = factors[0]
    if len(factors) == 1 and (node := _applying(reader, head)) is not None:
        return node
    target, used = reader.unit(factors, joins, 0)
    if used == len(factors):
        return target
    insist_on_end(tree, "the derivative")
    return reader.read(tree)


def read_held(reader: Reader, tree: Tree, held: Sequence[Tree], at: int) -> Expr:
    r"""\left. \frac{\partial u}{\partial x} \right|_y: the derivative with y held fixed.

    It is the total derivative without what reaches u through y.
    """
    parts = derivative_parts(reader, tree) if isinstance(tree, Fraction) else None
    if parts is None or parts[2] is None or parts[1] != 1:
        fail(Why.DERIVATIVE, _HELD, at)
    assert isinstance(tree, Fraction)
    letter, order, target_tree = parts
    (variable,) = variables_below(reader, tree.bottom, letter, order)
    if not variable.indices and _size(variable.shape) > 1:
        fail(Why.SHAPES, "With something held fixed, write the variable with an index", variable.at)
    assert target_tree is not None
    target = _target(reader, target_tree)
    expr = one_derivative(reader, target, variable, at)
    nodes: list[Node] = []
    for item in held:
        symbol, sub = (item.base, item.sub) if isinstance(item, Script) else (item, None)
        if not isinstance(symbol, Symbol):
            fail(Why.DERIVATIVE, "What is held fixed is a name", item.at)
        with reader.unlifted():
            value = atom(reader, symbol, sub, item.at)
        if value.op != "node" or value.data[1]:
            fail(Why.DERIVATIVE, "What is held fixed is a node as a whole", item.at)
        node = value.data[0]
        if node is variable.node:
            fail(Why.DERIVATIVE, "What is held fixed and what is varied are the same", item.at)
        for other in nodes:
            if other in reader.scope.ancestors(node) or node in reader.scope.ancestors(other):
                fail(
                    Why.DERIVATIVE, "Of two that are held fixed, one depends on the other", item.at
                )
        nodes.append(node)
        if variable.node not in reader.scope.ancestors(node):
            continue  # it stays as it is anyway
        shape = reader.shape(node)
        hidden = tuple(f"{value.label[0]}:{k}" for k in range(len(shape)))
        entry = read_node(reader, node, hidden, value.label, item.at)
        through = Variable(node, hidden, entry.label, shape, at=item.at)
        outer = one_derivative(reader, target, through, at)
        inner = one_derivative(reader, entry, variable, at)
        product = multiply((outer, inner), ("",), at)
        if hidden:
            product = make(
                "big", (product,), ("sum", hidden, None), at=at, shape=product.shape,
                free=product.free - set(hidden), bound=frozenset(hidden),
            )  # fmt: skip
        expr = apply("add", (expr, apply("neg", (product,), at)), at)
    return expr


def _applying(reader: Reader, head: Tree) -> Expr | None:
    """f in the place of a node stands for the node that applies f."""
    symbol, sub = (head.base, head.sub) if isinstance(head, Script) else (head, None)
    if not isinstance(symbol, Symbol):
        return None
    bound = reader.scope.find(symbol)
    if bound is None or bound.kind != "function":
        return None
    nodes = reader.scope.applications(bound.value)
    if len(nodes) != 1:
        count = "no node" if not nodes else f"{len(nodes)} nodes"
        fail(
            Why.DERIVATIVE,
            f"{bound.name} is applied at {count}, so its derivative could mean "
            f"{'nothing' if not nodes else 'any of them'}: name the node itself",
            head.at,
        )
    name = reader.scope.labels.get(nodes[0], bound.name)
    indices = read_indices(reader, sub) if sub is not None else ()
    return read_node(reader, nodes[0], indices, (name, to_latex(symbol)), head.at)


def _one_meaning(reader: Reader, target: Expr, variables: list[Variable]) -> None:
    """Refuse a partial derivative that may hold something fixed or not."""
    for variable in variables:
        plain = target.op == "node"
        other = (
            reader.scope.explicit_and_total(target.data[0], variable.node)
            if plain
            else _second_way(reader, target, variable.node)
        )
        if other is not None:
            name, wrt = _named(reader, target) if plain else "This", _named(reader, variable)
            through = reader.scope.labels.get(other, "another argument")
            above = f"d {latex_name(name)}" if plain else "d"
            fail(
                Why.DERIVATIVE,
                f"{name} depends on {wrt} directly and through {through}: is {through} held "
                f"fixed? Write \\frac{{{above}}}{{d {latex_name(wrt)}}} for the total derivative, "
                f"or \\left. .. \\right|_{{{latex_name(through)}}} with {through} held fixed",
                variable.at,
            )


def _named(reader: Reader, derived: Expr | Variable) -> str:
    """The page's name of a node that is derived, or by which it is."""
    node = derived.node if isinstance(derived, Variable) else derived.data[0]
    return reader.scope.labels.get(node, derived.label[0].split("_")[0])


def _second_way(reader: Reader, target: Expr, variable: Node) -> Node | None:
    """Return a node in `target` that depends on `variable`, if that is in it as well."""
    nodes = _nodes_in(target)
    if variable not in nodes:
        return None
    for node in nodes:
        if node is not variable and variable in reader.scope.ancestors(node):
            return node
    return None


def _moves(reader: Reader, target: Expr, variable: Variable) -> None:
    """Refuse derivatives in what cannot move the target, though a reader may think so."""
    wrt = _named(reader, variable)
    if target.op == "node" and target.data[0] in reader.scope.ancestors(variable.node):
        name = _named(reader, target)
        fail(
            Why.DERIVATIVE,
            f"{wrt} is computed from {name}, and {name} does not depend on {wrt}: write the "
            "derivative the other way round",
            variable.at,
        )
    if target.op == "replace" and _is_constant_in(reader, target, variable.node):
        fail(
            Why.DERIVATIVE,
            f"{target.label[0]}(..) has another value for {wrt}, and so the derivative by {wrt} 0: "
            f"for that of {target.label[0]} there, write \\left. .. \\right|_{{{wrt} = ..}}",
            variable.at,
        )
    for expr in target.walk():
        if expr.op != "replace":
            continue
        node, replaced, _ = expr.data
        anew = variable.node is node or variable.node in reader.scope.ancestors(node)
        if anew and any(v in reader.scope.ancestors(variable.node) for v in replaced):
            fail(
                Why.OTHER_MEANING,
                f"{expr.label[0]}(..) computes {wrt} anew, at another point than this {wrt}: "
                "bind it to a node",
                variable.at,
            )


def _is_constant_in(reader: Reader, called: Expr, variable: Node) -> bool:
    """Whether a call has another value for a variable, which its arguments do not depend on."""
    _, replaced, _ = called.data
    mentioned = {other for arg in called.args for other in _nodes_in(arg)}
    return variable in replaced and not any(
        other is variable or variable in reader.scope.ancestors(other) for other in mentioned
    )


# ------------------------------------------------------------------------------- variables


def variables_below(reader: Reader, tree: Tree, letter: str, order: int) -> list[Variable]:
    """Read what stands below: d x, d x^2, or d x d y."""
    factors, joins = _factors(tree)
    if any(joins):
        fail(Why.DERIVATIVE, "Below a derivative stand d's and names only", tree.at)
    variables: list[Variable] = []
    place = 0
    while place < len(factors):
        head = factors[place]
        if _letter_d(head) != letter or isinstance(head, Script):
            fail(Why.DERIVATIVE, "Below a derivative, every name has its own d in front", head.at)
        if place + 1 == len(factors):
            fail(Why.DERIVATIVE, "The derivative with respect to what?", head.at)
        variable, times = _variable(reader, factors[place + 1])
        variables += [variable] * times
        place += 2
    if order == 1 and len(factors) == 2 and len(variables) == 2:
        return [_squared(variables[0])]
    if len(variables) != order:
        fail(Why.DERIVATIVE, f"The order is {order} above and {len(variables)} below", tree.at)
    return variables


def _squared(variable: Variable) -> Variable:
    r"""\partial l / \partial \sigma^2: the derivative by the square of a number."""
    if not variable.indices and _size(variable.shape) > 1:
        fail(Why.DERIVATIVE, "The square of a vector below: write it with an index", variable.at)
    return replace(variable, squared=True)


def _entry_of_name(reader: Reader, tree: Script) -> Variable | None:
    r"""(z_2)_i, the entry of a name that has a subscript itself."""
    match tree:
        case Script(base=Group(items=(inner,)), sub=Indices() as sub, sup=None, primes=0):
            symbol, label = (inner.base, inner.sub) if isinstance(inner, Script) else (inner, None)
            if not isinstance(symbol, Symbol) or (isinstance(inner, Script) and inner.sup):
                return None
            whole = _read_variable(reader, symbol, label, tree.at)
            if whole.indices or not whole.shape:
                return None
            indices = read_indices(reader, sub)
            read_node(reader, whole.node, indices, whole.label, tree.at)  # which has as many
            plain, latex = whole.label
            suffix = suffix_of(indices)
            names = f"{plain}_{suffix}", rf"({latex})_{{{suffix}}}"
            return replace(whole, indices=indices, label=names)
    return None


def _variable(reader: Reader, tree: Tree) -> tuple[Variable, int]:
    times, row, sup = 1, False, None
    symbol, sub = tree, None
    match tree:
        case Group(items=(Symbol() | Script() as inner,)):
            return _variable(reader, inner)  # (\sigma^2)
    if isinstance(tree, Script) and (entry := _entry_of_name(reader, tree)) is not None:
        return entry, 1
    if isinstance(tree, Script):
        symbol, sub, sup = tree.base, tree.sub, tree.sup
        if isinstance(symbol, Symbol) and isinstance(sup, Group) and sub is None:
            label = Indices(sup.items, ("",) * (len(sup.items) - 1), at=sup.at)
            return _read_variable(reader, symbol, label, tree.at), 1  # x^{(i)} is a row x_i
        if tree.primes:
            fail(Why.DERIVATIVE, "A derivative with respect to a primed name", tree.at)
    if sup is not None and not (isinstance(symbol, Symbol) and without_label(reader, symbol, sup)):
        if is_transpose(reader, sup):
            row = True
        else:
            times = _order(sup)
    if not isinstance(symbol, Symbol):
        fail(
            Why.DERIVATIVE,
            "A derivative is taken with respect to a name: bind this to one",
            tree.at,
        )
    return _read_variable(reader, symbol, sub, tree.at, row), times


def _read_variable(
    reader: Reader, symbol: Symbol, sub: Tree | None, at: int, row: bool = False
) -> Variable:
    bound, _ = look_up(reader, symbol, sub)
    if bound is not None and bound.kind not in ("node", "number"):
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} is a {bound.kind}, not a node of the graph: there is no derivative "
            "with respect to it",
            at,
        )
    if bound is not None and (member := _row(reader, bound, symbol, sub, at)) is not None:
        return member
    read = atom(reader, symbol, sub, at)
    if bound is None or read.op != "node":
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} is a number, not a node of the graph: there is no derivative with "
            "respect to it"
            if bound is not None
            else f"There is no derivative with respect to {to_latex(symbol)}",
            at,
        )
    node, indices = read.data
    name = symbol if sub is None else None
    return Variable(node, indices, read.label, reader.shape(node), row, at, name)


def _row(
    reader: Reader, bound: Bound, symbol: Symbol, sub: Tree | None, at: int
) -> Variable | None:
    """The row w_k of a node w with two axes, as a column."""
    if bound.kind != "node" or not isinstance(sub, Indices) or len(sub.items) != 1:
        return None
    shape = reader.shape(bound.value)
    if len(shape) != 2 or bound.name[:1].isupper() or look_up(reader, symbol, sub)[1] == ():
        return None  # W_k may be a column
    (index,) = read_indices(reader, sub)
    along = f"{bound.name}:along"
    read = read_node(reader, bound.value, (index, along), (bound.name, to_latex(symbol)), at)
    names = f"{bound.name}_{suffix_of((index,))}", to_latex(Script(symbol, sub))
    return Variable(
        bound.value, read.data[1], names, shape, at=at, along=along, length=shape[1]
    )  # fmt: skip


def _row_or_column(variable: Variable, below: str) -> str:
    """What is asked of a derivative of a number by a bare vector or matrix."""
    name = to_latex(variable.name) if variable.name is not None else "x"
    return (
        f"The derivative of a number by {below}: a row or a column? Write \\nabla_{{{name}}} for "
        f"the shape of {name}, \\partial {name}^\\top below for its transpose, or an index, or "
        'declare reading="layout denominator" (the shape) or "layout numerator" (its transpose)'
    )


def _differentiate(
    reader: Reader, target: Expr, variables: list[Variable], letter: str, at: int
) -> Expr:
    """The derivative of `target`, last variable first; shapes must leave no doubt."""
    if letter == r"\partial":
        _one_meaning(reader, target, variables)
    whole = [v for v in variables if v.along or (not v.indices and _size(v.shape) > 1)]
    below = describe(_below(whole[0])) if whole else ""
    if whole and not any(v.row for v in variables):
        if len(variables) > 1:
            fail(
                Why.SHAPES,
                "Second derivatives by bare vectors: write indices, \\nabla_x^2 or x^\\top",
                whole[0].at,
            )
        if target.shape is None:
            reader.undecided += 1
        else:
            reader.jacobians += 1
        if target.shape is None and not reader.layout:
            fail(Why.AMBIGUOUS, _row_or_column(whole[0], below), whole[0].at)
    expr = target
    for variable in reversed(variables):
        expr = one_derivative(reader, expr, variable, at)
    if whole and len(variables) == 1 and not variables[0].row and reader.layout:
        turned = "numerator" if target.shape is None else "denominator"
        turns = reader.layout == turned and expr.shape is not None
        reader.turned = reader.turned or (turns and len(variables[0].shape) > 1)
        return apply("transpose", (expr,), at) if turns else expr
    rows = [v for v in variables if v.row]
    if len(rows) == len(variables) == 1 and target.shape is None:
        turned_shape = expr.shape and (expr.shape[1], expr.shape[0])
        return make("transpose", (expr,), at=at, shape=turned_shape)
    if rows and len(whole) != len(variables):
        fail(
            Why.DERIVATIVE,
            "A transposed name below goes with a bare one: \\partial x \\partial x^\\top",
            at,
        )
    return expr


def _below(variable: Variable) -> Shape:
    """The shape of what stands below a derivative as a whole."""
    return (variable.length, 1) if variable.along else of_array(variable.shape)


def one_derivative(reader: Reader, target: Expr, variable: Variable, at: int) -> Expr:
    """The derivative of a number or column by a number, an entry, or a whole."""
    _moves(reader, target, variable)
    shape: Shape = target.shape
    letters = frozenset(letters_of(variable.indices))
    if clash := letters & target.bound:
        fail(
            Why.SHAPES,
            f"The index {min(clash)} is summed inside and used outside: rename one",
            variable.at,
        )
    if not variable.indices and _size(variable.shape) > 1:
        below = of_array(variable.shape)
        assert below is not None
        if target.shape is None:
            shape = below
        elif settle(target.shape[1]) == 1 and below[1] == 1:
            rows: Dim = target.shape[0]
            shape = (rows, below[0])
        else:
            fail(
                Why.SHAPES,
                f"The derivative of {describe(target.shape)} by {describe(below)} is no "
                "matrix: write indices",
                variable.at,
            )
    elif variable.indices and target.shape is not None and settle(target.shape[1]) != 1:
        fail(
            Why.SHAPES,
            "The derivative of a matrix by an entry: write indices for the matrix, too",
            at,
        )
    value = make(
        "deriv", (target,), (variable.node, variable.indices, variable.label), at=at,
        shape=shape, free=target.free | letters, order=1,
    )  # fmt: skip
    if variable.squared:  # by the chain rule
        root = read_node(reader, variable.node, variable.indices, variable.label, variable.at)
        twice = multiply((number(2), root), ("",), at)
        return apply("div", (value, twice), at)
    if not variable.along:
        return value
    if shape is not None:
        fail(Why.SHAPES, "The derivative of a vector by a row: write indices", variable.at)
    return make(
        "gather", (value,), (variable.along, None), at=at, shape=(variable.length, 1),
        free=value.free - {variable.along}, bound=frozenset([variable.along]),
        label=(expression(value), latex_of(value)),
    )  # fmt: skip


# ----------------------------------------------------------------- nabla, Jacobian, grad


def _plain_nabla(
    reader: Reader, factor: Symbol | Script, order: int = 1
) -> Callable[[Tree | Expr], Expr]:
    r"""\nabla f and \nabla^2 f of a node that depends on one input: with respect to that."""

    def gradient(operand: Tree | Expr) -> Expr:
        if not isinstance(operand, Expr) and (moved := _elsewhere(reader, operand, order, factor)):
            return moved
        target = operand if isinstance(operand, Expr) else reader.whole(operand)
        leaves: list[Node] = (
            [n for n in topological_order(target.data[0]) if isinstance(n, Input | Param)]
            if target.op == "node"
            else []
        )
        named = None if isinstance(operand, Expr) else argument_of(reader, operand)
        if named is not None and (
            target.op != "node" or named in reader.scope.ancestors(target.data[0])
        ):
            leaves = [named]  # \nabla f(x)
        name = reader.scope.labels.get(leaves[0]) if len(leaves) == 1 else None
        if name is None or target.shape is not None:
            fail(Why.DERIVATIVE, "The gradient with respect to what? Write \\nabla_x", factor.at)
        label = name, latex_name(name)
        variable = Variable(leaves[0], (), label, reader.shape(leaves[0]), at=factor.at)
        expr = target
        for _ in range(order):
            expr = one_derivative(reader, expr, variable, factor.at)
        return expr

    return gradient


def _elsewhere(reader: Reader, operand: Tree, order: int, factor: Symbol | Script) -> Expr | None:
    r"""\nabla f(x - \eta g) of a function, or of a node defined as f(x): the gradient there.

    Returns:
        The gradient, or None where the argument is the name of an input.
    """
    match operand:
        case Product(factors=(Symbol() as head, Group(items=(item,)))):
            bound = reader.scope.find(head)
        case _:
            return None
    if bound is None or argument_of(reader, operand) is not None:
        return None
    argument = reader.whole(item)
    shape = to_array(argument.shape)
    if shape is None or argument.free:
        return None
    if bound.kind == "function" and isinstance(bound.value, AnyFunction):
        node, variables = reader.page.world.include(bound.value, [shape])
    else:
        node, variables = bound.value, list(getattr(bound.value, "defined_at", ()))
    if len(variables) != 1 or reader.shape(variables[0]) != shape or reader.shape(node) != ():
        return None
    (variable,) = variables
    label = reader.scope.labels.get(variable, "x")
    names = label, latex_name(label)
    of = Variable(variable, (), names, shape, at=factor.at)
    expr = read_node(reader, node, (), (bound.name, to_latex(head)), operand.at)
    for _ in range(order):
        expr = one_derivative(reader, expr, of, factor.at)
    return make("at", (expr, argument), ((variable,), (names,)), at=factor.at, shape=expr.shape)


def _partial(reader: Reader, factor: Script, sub: Tree) -> Callable[[Tree | Expr], Expr]:
    r"""\partial_x f."""
    symbol, inner = _subscript_name(sub)
    variables = [_read_variable(reader, symbol, inner, sub.at)] * _order(factor.sup)

    def differentiate(operand: Tree | Expr) -> Expr:
        target = operand if isinstance(operand, Expr) else reader.read(operand)
        return _differentiate(reader, target, variables, r"\partial", factor.at)

    return differentiate


def _nabla(reader: Reader, factor: Script) -> Callable[[Tree | Expr], Expr]:
    order = _order(factor.sup)
    if factor.sub is None:
        return _plain_nabla(reader, factor, order)
    symbol, sub = _subscript_name(factor.sub)
    with reader.unlifted():
        variable = _read_variable(reader, symbol, sub, factor.sub.at)

    def gradient(operand: Tree | Expr) -> Expr:
        target = operand if isinstance(operand, Expr) else reader.whole(operand)
        if target.shape is not None:
            fail(
                Why.DERIVATIVE,
                f"\\nabla of {describe(target.shape)}: the Jacobian or its transpose? Write "
                "\\frac{\\partial y}{\\partial x}",
                target.at,
            )
        if order > 1 and len(variable.shape) > 1:
            fail(Why.SHAPES, "Second derivatives by a matrix: write indices", factor.at)
        if target.op != "node":  # the gradient of a loss takes what it is computed from along
            _one_meaning(reader, target, [variable])
        expr = target
        for _ in range(order):
            expr = one_derivative(reader, expr, variable, factor.at)
        return expr

    return gradient


def _subscript_name(sub: Tree) -> tuple[Symbol, Tree | None]:
    assert isinstance(sub, Indices)
    if len(sub.items) == 1:
        item = sub.items[0]
        if isinstance(item, Symbol):
            return item, None
        if isinstance(item, Script) and isinstance(item.base, Symbol) and not item.primes:
            if item.sup is not None:
                fail(
                    Why.DERIVATIVE,
                    "With respect to a name alone: transpose the gradient, (\\nabla_A f)^\\top",
                    item.at,
                )
            return item.base, item.sub
    fail(Why.NOTATION, "One name is expected in this subscript: \\nabla_x, \\nabla_{W_1}", sub.at)


def read_jacobian(reader: Reader, sub: Tree, group: Group, at: int) -> Expr:
    r"""\mathbf{J}_y(x): a row for each component of y."""
    symbol, inner = _subscript_name(sub)
    if len(group.items) != 1 or not isinstance(group.items[0], Symbol | Script):
        fail(
            Why.DERIVATIVE,
            "The Jacobian at what? Write \\mathbf{J}_y(x) with the name of a node for x",
            group.at,
        )
    argument = group.items[0]
    name, below = (
        (argument.base, argument.sub) if isinstance(argument, Script) else (argument, None)
    )
    if not isinstance(name, Symbol):
        fail(Why.DERIVATIVE, "The Jacobian with respect to a name: bind this to one", argument.at)
    with reader.unlifted():
        target = _applying(reader, symbol) or atom(reader, symbol, inner, symbol.at)
        variable = _read_variable(reader, name, below, argument.at)
    if target.shape is None or settle(target.shape[1]) != 1 or len(variable.shape) != 1:
        fail(Why.SHAPES, "A Jacobian is that of a column by a column: write indices", at)
    _one_meaning(reader, target, [variable])
    return one_derivative(reader, target, variable, at)


def read_grad(reader: Reader, tree: Grad) -> Expr:
    r"""x.\text{grad}: the derivative of the loss, in the shape of x."""
    loss = reader.page.loss
    if loss is None:
        fail(Why.DERIVATIVE, '.grad is the derivative of which node? Declare it: loss="l"', tree.at)
    base = tree.base
    symbol, sub = (base.base, base.sub) if isinstance(base, Script) else (base, None)
    if not isinstance(symbol, Symbol) or (isinstance(base, Script) and (base.sup or base.primes)):
        fail(Why.NOTATION, ".grad stands behind a name", tree.at)
    variable = _read_variable(reader, symbol, sub, tree.at)
    name = reader.scope.labels.get(loss, "loss")
    target = read_node(
        reader, loss, (), (name, name if len(name) == 1 else rf"\text{{{name}}}"), tree.at
    )
    if target.shape is not None:
        fail(
            Why.OTHER_MEANING, f"The loss {name} is {describe(target.shape)}, not a number", tree.at
        )
    return one_derivative(reader, target, variable, tree.at)


def _factors(tree: Tree) -> tuple[tuple[Tree, ...], tuple[str, ...]]:
    return (tree.factors, tree.joins) if isinstance(tree, Product) else ((tree,), ())


def insist_on_a_way(derivative: Expr, scope: Scope) -> None:
    r"""Refuse the derivative of what is not computed from a node, but from what that is made of.

    Of K(s) and \sigma(s), \partial K/\partial \sigma is 0 in the graph, and mostly meant as that
    of K written with \sigma.
    """
    (target,), (variable, _, label) = derivative.args, derivative.data
    if target.op != "node" or target.data[0] is variable:
        return
    node = target.data[0]
    name, wrt = (
        scope.labels.get(n, said[0]) for n, said in ((node, target.label), (variable, label))
    )
    below, beside = scope.ancestors(node), scope.ancestors(variable)
    if variable not in below and any(leaf in below for leaf in beside):
        shared = next((scope.labels[n] for n in beside if n in below and n in scope.labels), "")
        both = f", though both are computed from {shared}" if shared else ""
        fail(
            Why.DERIVATIVE,
            f"{name} is not computed from {wrt}{both}: write {name} in terms of {wrt} in the cell "
            "or the definition, or take the derivative by what both have below them",
            derivative.at,
        )


def _nodes_in(expr: Expr) -> list[Node]:
    """Return the nodes whose values stand in an expression, not in a derivative inside it."""
    if expr.op == "node":
        return [expr.data[0]]
    if expr.op == "deriv":
        return []
    return [node for arg in expr.args for node in _nodes_in(arg)]


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
