"""Scripts and bars: powers, transposes, inverses, components, norms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Bars,
    Fraction,
    Function,
    Grad,
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Script,
    Slash,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import GREEK, TRANSPOSES
from edf.equations.meaning.letters.aliases import entry, read_alias
from edf.equations.meaning.letters.labels import label_of, read_label
from edf.equations.meaning.letters.symbols import (
    atom,
    derivative_of,
    member_by_number,
    read_bound,
    read_index,
    read_indices,
    refuse_indices,
    time_derivative,
    without_label,
)
from edf.equations.meaning.letters.units import read_unit_vector
from edf.equations.meaning.names.scope import Bound, index_text, joined_name, python_names
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make
from edf.equations.meaning.typed.display import suffix_of
from edf.equations.meaning.typed.expression import Expr, Index
from edf.equations.operations.shapes import Dim, is_column, is_vector, same, settle

_TRANSPOSE = TRANSPOSES | {"T"}
#: What stands below a norm, beside 1 and 2.
_NORMS = {
    r"\infty": "inf", "F": "F", "*": "nuclear", r"\ast": "nuclear", "op": "spectral",
    r"\star": "nuclear",
}  # fmt: skip


def _indicated(base: Tree, sub: Tree | None) -> Group | None:
    r"""The relation below a 1, as of an indicator: 1_{i = j}, \mathbf{1}_{\{x > 0\}}."""
    one = base == Number("1") or (isinstance(base, Symbol) and base.base == "1" and base.styles)
    match sub:
        case Indices(items=(Relation() as relation,)) if one:
            return Group((relation,), "[", "]", at=sub.at)
        case Indices(items=(Group(items=(Relation(),)) as group,)) if one:
            return group
    return None


def read_script(reader: Reader, tree: Script) -> Expr:
    """A base with a subscript, a superscript, or both."""
    base, sub, sup, at = tree.base, tree.sub, tree.sup, tree.at
    if sup is None and (relation := _indicated(base, sub)) is not None:  # 1_{i = j}
        return reader.read(Product((base, relation), ("",), at=at))
    if isinstance(sup, Group) and isinstance(base, Symbol) and not tree.primes:
        return _labelled(reader, base, sub, sup, at)
    if isinstance(base, Symbol) and without_label(reader, base, sup):
        return atom(reader, base, sub, at)
    if isinstance(base, Symbol) and (indexed := _index_above(reader, base, sub, sup)) is not None:
        return indexed
    if tree.primes == 1 and isinstance(base, Group) and sub is None and sup is None:
        whole_group = reader.whole(base)
        if whole_group.shape is not None:  # in statistics, a prime is a transpose
            return apply("transpose", (whole_group,), at)
    if tree.primes and isinstance(base, Group) and sub is None:
        value = derivative_of(reader, reader.whole(base), tree.primes, at)
        if value is not None:
            return raised(reader, value, sup, at)
    if (
        isinstance(base, Group) and len(base.items) > 1 and base.open.endswith("(") and sub is None
        and sup is not None and is_transpose(reader, sup)
    ):  # fmt: skip
        return reader.read(base)  # (a, b)^T is the column of a and b
    if tree.primes and isinstance(base, Symbol) and sub is None:
        value = time_derivative(reader, base, tree.primes, at)
        if value is not None:
            return raised(reader, value, sup, at)
    if tree.primes:
        named = python_names(base)[0] if isinstance(base, Symbol) else "a name"
        fail(
            Why.DERIVATIVE,
            "A prime stands at a function: write f'(x), with its argument, X^\\top for a "
            f"transpose, or bind {joined_name(named, 'prime')}",
            at,
        )
    if isinstance(base, Symbol):
        return _on_symbol(reader, base, sub, sup, at)
    if isinstance(base, Bars):
        return raised(reader, read_bars(reader, base, sub), sup, at)
    return _on_part(reader, base, sub, sup, at)


def _on_symbol(reader: Reader, base: Symbol, sub: Tree | None, sup: Tree | None, at: int) -> Expr:
    """A letter with scripts: a node, an array or one of its entries, to a power."""
    if base.base == "e" and sub is None and sup is not None:
        bound = reader.scope.find(base)
        if bound is not None and _transposes(reader, sup):  # of residuals e, e^\top e
            return raised(reader, atom(reader, base, None, at), sup, at)
        if bound is not None:
            fail(
                Why.OTHER_MEANING,
                "e is bound on this page: write \\exp(..) for the exponential",
                at,
            )
        if set(base.styles) <= {r"\mathrm"}:
            return _exponential(reader, sup, at)
    if isinstance(sub, Indices) and Symbol(":") in sub.items and reader.scope.find(base):
        return raised(reader, entries(reader, base, sub.items, at), sup, at)
    if isinstance(sub, Indices):
        sub = _with_last(reader, base, sub)
    if isinstance(sub, Indices) and (entry := _by_label(reader, base, sub, at)) is not None:
        return raised(reader, entry, sup, at)
    if isinstance(sub, Indices) and (member := _member(reader, base, sub, at)) is not None:
        return raised(reader, member, sup, at)
    unit = read_unit_vector(reader, base, sub, at) if sub is not None else None
    value = unit or atom(reader, base, sub, at)
    if sup is not None and sub is not None and value.shape is None and _transposes(reader, sup):
        return subscripted(reader, raised(reader, atom(reader, base, None, at), sup, at), sub, at)
    if sup is not None:
        _refuse_power_of_entry(reader, base, value, sup)
    return raised(reader, value, sup, at)


def _on_part(reader: Reader, base: Tree, sub: Tree | None, sup: Tree | None, at: int) -> Expr:
    """Scripts on more than a letter, if it can be seen what they belong to."""
    if isinstance(base, Fraction | Number) and (sub is not None or isinstance(base, Fraction)):
        fail(
            Why.AMBIGUOUS,
            "A script on this is easy to misread: put parentheses around its base",
            at,
        )
    whole = isinstance(base, Function) and base.sup is None and isinstance(base.argument, Group)
    if isinstance(base, Function | Product | Slash | Sum) and not (whole and sub is None):
        fail(Why.AMBIGUOUS, "What does this script belong to? Write parentheses", at)
    if sub is not None and isinstance(base, Group):
        whole_group = reader.whole(base)
        if sup is not None and whole_group.shape is not None and _transposes(reader, sup):
            return subscripted(reader, raised(reader, whole_group, sup, at), sub, at)
        if sup is not None:
            refuse_power_of_entry(whole_group, sup)
        return raised(reader, subscripted(reader, whole_group, sub, at), sup, at)
    if isinstance(base, Grad) and sub is not None and isinstance(base.base, Symbol):
        base = Grad(Script(base.base, sub, at=at), base.macro, at=at)
    elif sub is not None:
        fail(
            Why.NOTATION,
            "A subscript on this is not understood: put parentheses around its base",
            at,
        )
    return raised(reader, reader.read(base), sup, at)


def refuse_power_of_entry(value: Expr, sup: Tree) -> None:
    """(A B)^2_{ij} is set as a power of an entry, and mostly meant as an entry of the power."""
    if value.shape is not None and not is_vector(value.shape):
        fail(
            Why.AMBIGUOUS,
            "Of the matrix, or of its entry? Write ((..)^{..})_{ij} for an entry of its power or "
            "inverse",
            sup.at,
        )


def is_minus_one(tree: Tree) -> bool:
    return isinstance(tree, Sum) and tree.signs == ("-",) and tree.terms[0] == Number("1")


def _refuse_power_of_entry(reader: Reader, symbol: Symbol, entry: Expr, sup: Tree) -> None:
    """A^{-1}_{ij} is set as a power of A_{ij}, and mostly meant as an entry of the inverse."""
    if not is_minus_one(sup):
        return
    shape: tuple[Dim, ...] = ()
    if entry.op == "component":
        shape = entry.args[0].shape or ()
    elif entry.op in ("node", "array") and len(entry.data[1]) == 2:
        bound = entry.data[0]
        shape = reader.shape(bound) if entry.op == "node" else bound.value.shape
    if len(shape) == 2 and settle(shape[0]) == settle(shape[1]):
        name = to_latex(symbol)
        fail(
            Why.AMBIGUOUS,
            f"An entry of the inverse, or 1 over an entry? Write ({name}^{{-1}})_{{ij}}, or a "
            "fraction",
            sup.at,
        )


def _with_last(reader: Reader, base: Symbol, sub: Indices) -> Indices:
    """The subscript with the number of the last member of a family, declared up to a letter: that
    of h_T, where h_0 to h_T are."""
    bound, item = reader.scope.find(base), sub.items[0]
    last = reader.scope.find(item) if isinstance(item, Symbol) else None
    if bound is None or last is None or not getattr(bound.value, "is_family", False):
        return sub
    more = getattr(bound.value.shape[0], "by", None)  # members than a declared length says
    if more is None or not last.is_length:
        return sub
    if last.value != reader.shape_of(bound)[0] - more:
        return sub
    number = Number(str(int(last.value)), at=item.at)
    return replace(sub, items=(number, *sub.items[1:]))


def _by_label(reader: Reader, base: Symbol, sub: Indices, at: int) -> Expr | None:
    """p_y with a label y, or s_{i, y_i}: the component that the label tells."""
    bound = reader.scope.find(base)
    text = index_text(sub)
    if bound is None or bound.kind not in ("node", "array"):
        return None
    if text and reader.scope.find(base, text) is not None:
        return None
    shape = reader.shape_of(bound)
    labels = [(k, label) for k, item in enumerate(sub.items) if (label := label_of(reader, item))]
    if len(labels) == len(sub.items) == len(shape) - 1 == 1 and isinstance(sub.items[0], Script):
        return _row_by_label(reader, bound, base, sub.items[0], at)
    if len(labels) != 1 or len(shape) != len(sub.items):
        return None
    ((place, label),) = labels
    tree = sub.items[place]
    is_length = label.kind == "number" and label.value == shape[place]
    if is_length and reader.page.world.is_declared:  # the last one of x_1 to x_n
        last = Number(str(label.value), at=tree.at)
        return entries(reader, base, (*sub.items[:place], last, *sub.items[place + 1 :]), at)
    if is_length:
        fail(
            Why.AMBIGUOUS,
            f"{label.name} is {label.value} on this page, a component counted from 1, or a length? "
            "Bind the component to a name",
            at,
        )
    if label.kind == "number":
        reader.places.append((label.name, tree.at))
    whole = Symbol(":", at=tree.at)
    column = entries(reader, base, (*sub.items[:place], whole, *sub.items[place + 1 :]), at)
    if not is_column(column.shape):
        column = apply("transpose", (column,), at)
    return apply("entry", (column, read_label(reader, tree, label)), at)


def _row_by_label(reader: Reader, bound: Bound, base: Symbol, item: Tree, at: int) -> Expr:
    """w_{y_i}: the row of w that a label tells, as a column."""
    label = label_of(reader, item)
    assert label is not None
    below, along = f"{bound.name}:below", f"{bound.name}:along"
    value = read_bound(reader, bound, (below, along), to_latex(base), at)
    rows, columns = (reader.inference.ranges[index] for index in (below, along))
    names = f"{bound.name}_:", f"{to_latex(base)}_{{:}}"
    column = make(
        "gather", (value,), (below, None), at=at, shape=(rows, 1), free=frozenset([along]),
        bound=frozenset([below]), label=names,
    )  # fmt: skip
    entry = apply("entry", (column, read_label(reader, item, label)), at)
    shown = f"{bound.name}_{label.name}", to_latex(Script(base, Indices((item,), ())))
    return make(
        "gather", (entry,), (along, None), at=at, shape=(columns, 1),
        free=entry.free - {along}, bound=frozenset([along]), label=shown,
    )  # fmt: skip


def _member(reader: Reader, base: Symbol, sub: Indices, at: int) -> Expr | None:
    r"""x_i of an array x with two axes: its row i, as a column.

    X_i of a matrix may be a column as well; so may x_i, if only X is bound. Which it is, the rest
    of the formula must tell.
    """
    if len(sub.items) != 1 or not isinstance(sub.items[0], Symbol | Sum | Number) or reader.lift:
        return None
    bound, capital = reader.scope.find(base), Symbol(base.base.upper())
    text = index_text(sub)
    if text and reader.scope.find(base, text) is not None:
        return None
    if bound is None and len(base.base) == 1 and not base.base.isupper():
        base = Symbol(capital.base, base.styles, shown=to_latex(base), at=base.at)
        bound = reader.scope.find(capital)
    if bound is None or bound.kind not in ("node", "array"):
        return None
    shape = reader.shape_of(bound)
    letters = [t for t in walk(sub) if isinstance(t, Symbol)]
    if isinstance(sub.items[0], Number):  # x_1 of a family x_t
        if len(shape) != 2 or not getattr(bound.value, "is_family", False):
            return None
        return entries(reader, base, sub.items, at)
    free = all(reader.scope.find(letter) is None and not letter.styles for letter in letters)
    if len(shape) != 2 or not letters or not free:
        return None
    if getattr(bound.value, "measure", None) is not None:
        return None  # a random variable of a family, whose other axis is that of outcomes
    if bound.name[:1].isupper():
        reader.members += 1
        if reader.columns:
            return entries(reader, base, (Symbol(":", at=at), *sub.items), at)
    return entries(reader, base, sub.items, at)


def _index_above(reader: Reader, base: Symbol, sub: Tree | None, sup: Tree | None) -> Expr | None:
    """x^i with a free letter i is an entry of the vector x, which has no powers."""
    bound = reader.scope.find(base)
    if isinstance(sup, Sum | Number) and isinstance(sub, Indices) and _is_level(sup):
        if bound is None or bound.kind not in ("node", "array"):
            return None
        shape = reader.shape_of(bound)
        if len(shape) == len(sub.items) + 1:  # u_i^{n+1}, whose u_i has no powers
            return entries(reader, base, (sup, *sub.items), base.at)
        return None
    if not isinstance(sup, Symbol) or sup.styles or is_transpose_sign(sup) or sup.base == "e":
        return None
    letter = sup.base in GREEK or (len(sup.base) == 1 and sup.base.isalpha())
    if not letter or reader.scope.find(sup) is not None:
        return None
    given = sub.items if isinstance(sub, Indices) else ()
    text = index_text(sub) if sub is not None else None
    whole = reader.scope.find(base, text) if text else None
    if whole is not None and whole.kind in ("node", "array"):
        shape = reader.shape_of(whole)
        if len(shape) == 1:
            names = (read_index(reader, sup),)
            return read_bound(reader, whole, names, to_latex(Script(base, sub)), base.at)
        return None
    if bound is None or bound.kind not in ("node", "array"):
        return None
    shape = reader.shape_of(bound)
    if not shape or (len(given) + 1 != len(shape) and (given or len(shape) != 2)):
        return None
    return entries(reader, base, (sup, *given), base.at)  # x^i_j, and the row x^i of a matrix


def _is_level(sup: Sum | Number) -> bool:
    """Whether a superscript can be a shifted or a numbered index: n + 1, 0."""
    if isinstance(sup, Number):
        return sup.text.isdigit()
    letter, *rest = sup.terms
    return isinstance(letter, Symbol) and all(isinstance(term, Number) for term in rest)


def _labelled(reader: Reader, base: Symbol, sub: Tree | None, label: Group, at: int) -> Expr:
    """x^{(i)} with an index: the row i of x, as a column; x^{(i)}_j is an entry of it."""
    name = to_latex(base)
    bound = reader.scope.find(base)
    if base.base == "e" and bound is None and sub is None:
        return apply("exp", (reader.read(label),), at)
    if bound is not None and bound.kind == "alias" and bound.value.letters:
        below = sub.items if isinstance(sub, Indices) else ()
        indices = tuple(read_index(reader, item) for item in (*label.items, *below))
        return read_alias(reader, bound, indices, at)
    if bound is None or bound.kind not in ("node", "array"):
        atom(reader, base, None, at)
        fail(
            Why.AMBIGUOUS,
            f"{name}^{{({to_latex(label.items[0])})}} is a label, not a power: bind "
            f"{bound.name if bound else name}_.. with the label behind the name, or leave the "
            "parentheses out for a power",
            label.at,
        )
    shape = reader.shape_of(bound)
    given = (*label.items, *(sub.items if isinstance(sub, Indices) else ()))
    member = getattr(bound.value, "is_family", False)
    kinds = (Symbol, Sum, Number) if member else (Symbol, Sum)
    if not shape or not all(isinstance(item, kinds) for item in label.items):
        fail(
            Why.AMBIGUOUS,
            f"A superscript in parentheses is a label, not a power: bind {bound.name}_.. with the "
            "label behind the name, or leave the parentheses out for a power",
            label.at,
        )
    return entries(reader, base, given, at)


def entries(reader: Reader, base: Symbol, given: Sequence[Tree], at: int) -> Expr:
    """A bound value with its first indices; what is left of its axes is a column or a matrix."""
    bound = reader.scope.find(base)
    assert bound is not None
    shape = reader.shape_of(bound)
    left = len(shape) - len(given)
    if left < 0 or left > 2:
        refuse_indices((bound.name, to_latex(base)), len(shape), len(given), at)
    whole = [item for item in given if item == Symbol(":")]
    hidden: list[str] = []
    indices: list[Index] = []
    for item in given:
        if item == Symbol(":"):
            hidden.append(f"{bound.name}:{len(indices)}")  # by its axis
            indices.append(hidden[-1])
        elif isinstance(item, Number) and getattr(bound.value, "is_family", False) and not indices:
            indices.append(member_by_number(reader, bound, item))
        else:
            indices.append(read_index(reader, item))
    for _ in range(left):
        hidden.append(f"{bound.name}:{len(indices)}")
        indices.append(hidden[-1])
    names = bound.name, to_latex(base)
    value = read_bound(reader, bound, tuple(indices), names[1], at)
    if not hidden:
        return value
    shown = [":" if index in hidden else suffix_of((index,)) for index in indices]
    lengths = [reader.inference.ranges[index] for index in hidden]
    row_only = len(whole) == 1 and left == 0 and given[-1] == Symbol(":") and len(given) == 2
    data = (None, hidden[0]) if row_only else (hidden[0], hidden[1] if len(hidden) > 1 else None)
    matrix = (1, lengths[0]) if row_only else (lengths[0], lengths[1] if len(lengths) > 1 else 1)
    label = f"{names[0]}_{{{','.join(shown)}}}", f"{names[1]}_{{{', '.join(shown)}}}"
    if set(shown) == {":"}:
        label = names
    return make(
        "gather", (value,), data, at=at, shape=matrix, free=value.free - set(hidden),
        bound=frozenset(hidden), label=label,
    )  # fmt: skip


def subscripted(reader: Reader, value: Expr, sub: Tree, at: int) -> Expr:
    """A component of a column or a matrix."""
    if isinstance(sub, Indices) and Symbol(":") in sub.items:
        fail(
            Why.NOTATION,
            "A row or a column is that of a name: write A B_{:,j}, or define the product",
            at,
        )
    match sub:
        case Indices(items=(Script() | Symbol() as item,)) if is_column(value.shape):
            label = label_of(reader, item)
            if label is not None and label.kind != "number":  # f(x)_{y_i}, f(x)_y
                return apply("entry", (value, read_label(reader, item, label)), at)
    return entry(reader, value, read_indices(reader, sub), at)


def raised(reader: Reader, base: Expr, sup: Tree | None, at: int) -> Expr:
    """A base with a superscript: a power, a transpose or an inverse."""
    if sup is None:
        return base
    if is_transpose(reader, sup):
        return apply("transpose", (base,), at)
    if base.shape is not None and is_minus_one(sup):
        return apply("inverse", (base,), at)
    if base.shape is not None and isinstance(sup, Symbol) and sup.base in ("+", r"\dagger"):
        if sup.base != "+" and same(*base.shape):
            fail(
                Why.AMBIGUOUS,
                "The pseudoinverse, or the conjugate transpose? Of a square matrix, write A^+ or "
                "A^\\top",
                sup.at,
            )
        return apply("pinv", (base,), at)
    if base.shape is not None and _is_minus_transpose(reader, sup):
        return apply("transpose", (apply("inverse", (base,), at),), at)
    if base.shape is None:
        return apply("pow", (base, reader.read(sup)), at)
    if is_vector(base.shape) or reader.page.entrywise:  # a vector has no product with itself
        return apply("powers", (base, reader.read(sup)), at)
    return apply("matrix_power", (base, reader.read(sup)), at)


def is_transpose_sign(sup: Tree) -> bool:
    return isinstance(sup, Symbol) and sup.base in _TRANSPOSE


def is_transpose(reader: Reader, sup: Tree) -> bool:
    """Whether a superscript is the sign of a transpose."""
    if not isinstance(sup, Symbol) or not is_transpose_sign(sup):
        return False
    bound = reader.scope.find(sup) if sup.base == "T" else None
    if bound is not None and bound.kind != "function":  # which is no exponent
        fail(Why.OTHER_MEANING, "T is bound on this page: write \\top for the transpose", sup.at)
    return True


def _transposes(reader: Reader, sup: Tree) -> bool:
    """Whether a superscript is the sign of a transpose, perhaps of an inverse.

    With a subscript, it is that of the whole: an entry has none.
    """
    return is_transpose(reader, sup) or _is_minus_transpose(reader, sup)


def _is_minus_transpose(reader: Reader, sup: Tree) -> bool:
    return isinstance(sup, Sum) and sup.signs == ("-",) and is_transpose(reader, sup.terms[0])


def _exponential(reader: Reader, exponent: Tree, at: int) -> Expr:
    if is_transpose(reader, exponent):
        fail(Why.NOTATION, "The exponential of a transpose sign: write \\exp(..)", at)
    return apply("exp", (reader.read(exponent),), at)


# ----------------------------------------------------------------------- absolute values and norms


def read_bars(reader: Reader, tree: Bars, sub: Tree | None = None) -> Expr:
    r"""|x|, or \lVert x \rVert with the kind of norm below."""
    if tree.double:
        body = reader.whole(tree.body)
        kind = _norm_kind(sub)
        if sub is not None and kind == "2" and body.shape is not None and not is_vector(body.shape):
            kind = "F" if reader.page.frobenius else "spectral"
        return apply(f"norm_{kind}", (body,), tree.at)
    if sub is not None:
        fail(
            Why.NOTATION,
            "A subscript on an absolute value: write \\lVert x \\rVert for a norm",
            sub.at,
        )
    body = reader.read(tree.body)
    if is_column(body.shape):
        return apply("norm_2", (body,), tree.at)
    if body.shape is not None and not is_vector(body.shape):
        return apply("det", (body,), tree.at)
    return apply("abs", (body,), tree.at)


def _norm_kind(sub: Tree | None) -> str:
    if sub is None:
        return "2"
    assert isinstance(sub, Indices)
    item = sub.items[0]
    if len(sub.items) == 1:
        if isinstance(item, Number) and item.text in ("1", "2"):
            return item.text
        if isinstance(item, Symbol) and item.base in _NORMS:
            return _NORMS[item.base]
    fail(
        Why.NOTATION,
        "This norm is not understood: write 1, 2, \\infty, F, or * for the nuclear norm",
        sub.at,
    )
