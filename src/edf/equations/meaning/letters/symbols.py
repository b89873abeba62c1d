"""Symbols with their subscripts: nodes, arrays, numbers, and the signs of the dialect."""

from __future__ import annotations

import difflib
import math
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Big,
    Case,
    Cases,
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import ACCENTS, BOLD, GREEK, JUMPS, RANDOM, REFUSED
from edf.equations.meaning.letters.aliases import read_alias
from edf.equations.meaning.names.scope import (
    Bound,
    index_text,
    is_defined,
    joined_name,
    latex_name,
    python_names,
)
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed import algebra
from edf.equations.meaning.typed.algebra import make
from edf.equations.meaning.typed.display import letter as spelled
from edf.equations.meaning.typed.expression import (
    Combined,
    Counted,
    Expr,
    Index,
    Mirrored,
    Shifted,
    letters_of,
)
from edf.equations.operations import BY_SYMBOL, BY_WORD
from edf.equations.operations.shapes import DimensionVariable, of_array
from edf.graph import Input, Node, Param, topological_order

#: Fonts in which a word can be the name of a function.
WORD_FONTS = frozenset([r"\operatorname", r"\mathrm", r"\text", r"\textrm"])
COUNTERS = frozenset("ijklt")  # what loops in Python count with
_SIGNS_ONLY = (r"\top", r"\intercal", r"\infty")

Label = tuple[str, str]
"""A name with its indices, as plain text and as LaTeX."""


def read_symbol(reader: Reader, tree: Symbol) -> Expr:
    return atom(reader, tree, None, tree.at)


def atom(reader: Reader, symbol: Symbol, sub: Tree | None, at: int) -> Expr:
    """A symbol with its subscript: a node, an array, a number, or a sign of the dialect."""
    dummy = reader.dummies.get(python_names(symbol)[0]) if sub is None else None
    if dummy is not None and not symbol.styles:
        hidden = reader.scope.find(symbol)
        if hidden is None or hidden.kind == "number":
            return dummy
    bound, indices = look_up(reader, symbol, sub)
    if bound is None:
        if (dotted := _dotted(reader, symbol, sub, at)) is not None:
            return dotted
        return _sign(reader, symbol, sub, at)
    _refuse_two_deltas(symbol, indices, at)
    latex = to_latex(Script(symbol, sub) if sub is not None and not indices else symbol)
    if bound.kind == "number":
        if indices:
            fail(Why.SHAPES, f"{bound.name} is a number and has no components", at)
        return algebra.number(float(bound.value), at, (bound.name, latex))
    if bound.kind == "law":
        fail(
            Why.OTHER_MEANING,
            f"{bound.name} is a random variable: write its expectation, \\mathbb{{E}}[{latex}], or "
            "another number that belongs to it",
            at,
        )
    if bound.kind == "function":
        fail(
            Why.OTHER_MEANING,
            f"{to_latex(symbol)} is a function: write its argument in parentheses, or declare it "
            f"(let: {to_latex(symbol)} \\in \\mathbb{{R}})",
            at,
        )
    return read_bound(reader, bound, indices, latex, at)


def _dotted(reader: Reader, symbol: Symbol, sub: Tree | None, at: int) -> Expr | None:
    r"""\dot{x} and \ddot{x}, where the page has x as a function of time."""
    order = {r"\dot": 1, r"\ddot": 2}.get(symbol.styles[0], 0) if symbol.styles else 0
    if not order or sub is not None:
        return None
    return time_derivative(reader, Symbol(symbol.base, symbol.styles[1:], at=at), order, at)


def read_bound(
    reader: Reader, bound: Bound, indices: tuple[Index, ...], latex: str, at: int
) -> Expr:
    """A node, an array, or what a name stands for."""
    if bound.kind == "alias":
        return read_alias(reader, bound, indices, at)
    if bound.kind == "array":
        shape = bound.value.shape
        return _indexed(reader, "array", bound, shape, indices, (bound.name, latex), at)
    return read_node(reader, bound.value, indices, (bound.name, latex), at)


def read_node(
    reader: Reader, node: Node, indices: tuple[Index, ...], names: Label, at: int
) -> Expr:
    """A graph node with all of its indices, or with none."""
    return _indexed(reader, "node", node, reader.shape(node), indices, names, at)


def refuse_indices(names: Label, axes: int, given: int, at: int) -> NoReturn:
    """Say that a name has other axes than indices, and how each is written."""
    name, latex = names
    if not axes:
        said = (
            f"{name} is a number, and here it has {_indices(given)}: leave out what is below, or "
            f"declare members (let: {latex}_i \\in \\mathbb{{R}}, i = 1, \\dots, N)"
        )
    else:
        said = f"{name} has {_indices(axes)}, and here it has {given}"
        letters = "ijkmn"[:axes]
        said += f": write {latex}_{{{letters}}} for an entry"
        if axes == 2:
            said += f", {latex}_{{i,:}} for a row"
    fail(Why.SHAPES, said, at)


def _indices(count: int) -> str:
    return f"{count} {'index' if count == 1 else 'indices'}"


def _indexed(
    reader: Reader,
    op: str,
    value: Any,
    shape: tuple[int, ...],
    indices: tuple[Index, ...],
    names: Label,
    at: int,
) -> Expr:
    """A bound value with all of its indices, or with none; lifted if the reading says so."""
    name = names[0]
    measure = getattr(value, "measure", None)
    if measure is not None and len(indices) == len(shape) - 1:
        if measure not in reader.outcomes:
            fail(
                Why.OTHER_MEANING,
                f"{name} is a random variable: write its expectation, \\mathbb{{E}}[{names[1]}], "
                "or another number that belongs to it",
                at,
            )
        indices = (*indices, reader.outcomes[measure])
    if not indices and shape and reader.lift:
        if len(reader.lift) < len(shape):
            fail(
                Why.SHAPES,
                f"{name} has {len(shape)} indices, and the reading lifts {len(reader.lift)}: "
                f'write reading="componentwise {" ".join("ijkmn"[: len(shape)])}"',
                at,
            )
        indices = reader.lift[: len(shape)]
    rows = reader.data
    if rows is not None and rows.value is value and len(indices) == len(shape) - 1:
        indices = (*reader.lift, *indices)  # x_j of one of the data
    if indices and len(indices) != len(shape):
        refuse_indices(names, len(shape), len(indices), at)
    if not indices and len(shape) > 2:
        fail(Why.SHAPES, f"{name} has {len(shape)} axes: write it with {len(shape)} indices", at)
    written = indices
    firsts = (first_member(value), *(1 for _ in indices[1:]))
    axes = list(zip(indices, shape, firsts, strict=False))
    for index, length, first in axes:
        reader.inference.runs_over(index, length, at, first)
    indices = tuple(reader.inference.placed(*axis) for axis in axes)
    return make(
        op, (), (value, indices), at=at, free=frozenset(letters_of(indices)),
        label=label(reader, names, written),
        shape=None if indices else of_array(shape),
    )  # fmt: skip


def label(reader: Reader, names: Label, indices: tuple[Index, ...]) -> Label:
    """Return a name with its indices; components are counted as the formula counts them."""
    if not indices:
        return names
    base = reader.base or 0
    written, shown = [], []
    for index in indices:
        letter: str | int
        match index:
            case Shifted():
                letter = index.letter
            case Mirrored() | Combined():
                written.append(index.written)
                shown.append(index.written)
                continue
            case Counted():
                letter = index.number - base
            case _:
                letter = index
        plain, latex = (str(letter + base),) * 2 if isinstance(letter, int) else spelled(letter)
        shift = f"{index.by:+d}" if isinstance(index, Shifted) and index.by else ""
        written.append(plain + shift)
        shown.append(latex + shift)
    comma = (
        "," if any(isinstance(index, Shifted | Mirrored | Combined) for index in indices) else ""
    )
    latex = f"{comma} ".join(shown)
    return f"{names[0]}_{comma.join(written)}", f"{names[1]}_{{{latex}}}"


def _refuse_two_deltas(symbol: Symbol, indices: tuple[Index, ...], at: int) -> None:
    letters = [index for index in indices if isinstance(index, str)]
    if symbol == Symbol(r"\delta") and len(indices) == len(letters) == 2:
        fail(
            Why.AMBIGUOUS,
            "Kronecker's delta, or the delta of this page? Rename that, or write "
            f"(\\delta)_{{{''.join(letters)}}} for its entries",
            at,
        )


def time_derivative(reader: Reader, base: Symbol, order: int, at: int) -> Expr | None:
    r"""y' and \dot{y} of a node that depends on one number, or on t: with respect to that."""
    bound = reader.scope.find(base)
    if bound is None or bound.kind != "node":
        return None
    leaves = [leaf for leaf in topological_order(bound.value) if isinstance(leaf, Input | Param)]
    if len(leaves) > 1:
        leaves = [leaf for leaf in leaves if reader.scope.labels.get(leaf) == "t"]
    if len(leaves) != 1 or leaves == [bound.value] or reader.shape(leaves[0]) != ():
        return None
    if leaves[0] not in reader.scope.labels:
        return None
    name = reader.scope.labels[leaves[0]]
    expr = read_bound(reader, bound, (), to_latex(base), at)
    for _ in range(order):
        expr = make(
            "deriv", (expr,), (leaves[0], (), (name, latex_name(name))), at=at, shape=expr.shape,
            free=expr.free, order=1,
        )  # fmt: skip
    return expr


def derivative_of(reader: Reader, value: Expr, order: int, at: int) -> Expr | None:
    """(f(x) g(x))' of what depends on one number: with respect to that."""
    named = dict.fromkeys(
        leaf
        for part in value.walk() if part.op in ("node", "replace")
        for leaf in topological_order(part.data[0]) if isinstance(leaf, Input | Param)
    )  # fmt: skip
    if len(named) != 1 or value.shape is not None:
        return None
    (leaf,) = named
    name = reader.scope.labels.get(leaf)
    if name is None or reader.shape(leaf) != ():
        return None
    for _ in range(order):
        value = make(
            "deriv", (value,), (leaf, (), (name, latex_name(name))), at=at, shape=None,
            free=value.free, order=1,
        )  # fmt: skip
    return value


# ------------------------------------------------------------------------------- names and indices


def look_up(
    reader: Reader, symbol: Symbol, sub: Tree | None
) -> tuple[Bound | None, tuple[Index, ...]]:
    """Return what a symbol with a subscript is bound to, and the indices that are left."""
    scope = reader.scope
    bound = scope.find(symbol)
    if sub is None:
        return bound, ()
    digits = _digits(sub)
    if bound is None:
        bound = _of_capital(reader, symbol, digits)
    text = index_text(sub)
    whole = scope.find(symbol, text) if text else None
    if (family := scope.family(symbol, sub)) is not None:
        return family, _read_member(reader, family, sub)
    alone = bound is None or is_number(reader, bound)  # else it could be a component of that, too
    if whole is not None and alone and _ends_in_indices(reader, whole, sub):
        reader.named_entries += 1
        if reader.page.entries:
            return whole, read_indices(reader, sub)
    if whole is not None:
        if (
            bound is not None
            and _could_be_component(reader, bound, sub)
            and not (
                reader.shape_of(whole) == reader.shape_of(bound) and _is_only_name(reader, sub)
            )
        ):
            fail(
                Why.OTHER_MEANING,
                f"{whole.name} and {bound.name} are both bound: is this {whole.name}, or a "
                f"component of {bound.name}? Rename one",
                symbol.at,
            )
        return whole, ()
    if bound is not None and text and _is_mere_label(reader, symbol, sub, bound, text):
        return bound, ()
    if text and bound is not None and _is_named_apart(reader, bound, text):
        written = to_latex(Script(symbol, sub))
        fail(
            Why.UNKNOWN,
            f"{written} is not bound on this page, and {bound.name} is a "
            f"number, without components: define it (define: {written} = ..), or declare it "
            f"(let: {written} \\in \\mathbb{{R}})",
            symbol.at,
        )
    if bound is not None and (rest := _without_datum(reader, bound, sub)) is not None:
        sub = rest
    if bound is not None and digits is not sub and len(reader.shape_of(bound)) == 2:
        sub = digits
    return bound, () if bound is None else _read_member(reader, bound, sub)


def _ends_in_indices(reader: Reader, whole: Bound, sub: Tree) -> bool:
    """Whether the k of a vector that is called N_k may be its index: one letter for each axis, all
    of which are indices elsewhere."""
    if whole.kind not in ("node", "array") or not isinstance(sub, Indices):
        return False
    if is_defined(whole.value):  # of h_t, which was declared, t is a part of the name
        return False
    letters = [item for item in sub.items if isinstance(item, Symbol) and not item.styles]
    if len(letters) < len(sub.items) or len(letters) != len(reader.shape_of(whole)):
        return False
    unbound = all(reader.scope.find(letter) is None for letter in letters)
    return unbound and {*letters} <= _indices_elsewhere(reader)


def _indices_elsewhere(reader: Reader) -> set[Tree]:
    """The letters below signs, and below what is no name together with them; also those beside
    one of these in a name, as the k of r_{nk} that is summed over n."""
    below = [tree for tree in reader.occurrences if isinstance(tree, Script) and tree.sub]
    found: set[Tree] = set()
    beside: list[set[Tree]] = []
    for tree in below:
        assert tree.sub is not None
        letters: set[Tree] = {part for part in walk(tree.sub) if isinstance(part, Symbol)}
        if not isinstance(tree.base, Symbol) or reader.scope.find(tree.base) is None:
            beside.append(letters)
            continue
        text = index_text(tree.sub)
        named = text and reader.scope.find(tree.base, text) is not None
        (beside.append if named else found.update)(letters)
    found |= {letter for letters in beside for letter in letters if _is_summed(reader, letter)}
    for letters in beside:
        if letters & found:
            found |= letters
    return found


def _is_summed(reader: Reader, letter: Tree) -> bool:
    return isinstance(letter, Symbol) and python_names(letter)[0] in reader.summed


def first_member(value: Any) -> int:
    """The number of the first member of a family, which its declaration tells; else 1."""
    return int(getattr(value, "first_member", 1))


def member_by_number(reader: Reader, bound: Bound, item: Number) -> int:
    """The place of x^{(1)} among the members of a family, which are numbered as was declared."""
    if not item.text.isdigit():
        fail(Why.NOTATION, f"{item.text} is no member of a family: write a whole number", item.at)
    first, count = first_member(bound.value), reader.shape_of(bound)[0]
    place = int(item.text) - first
    if not 0 <= place < count:
        fail(
            Why.NOTATION,
            f"{bound.name} has the members {first} to {first + count - 1}, and no member "
            f"{item.text}",
            item.at,
        )
    return place


def _read_member(reader: Reader, bound: Bound, sub: Tree) -> tuple[Index, ...]:
    """Read a subscript as indices, of which the first may number a member of a family."""
    assert isinstance(sub, Indices)
    first, *others = sub.items
    family = getattr(bound.value, "is_family", False) or first_member(bound.value) != 1
    if not family or not isinstance(first, Number):
        return read_indices(reader, sub)
    return member_by_number(reader, bound, first), *(read_index(reader, item) for item in others)


def _digits(sub: Tree) -> Tree:
    """The two indices of a_{12}, if a subscript has two digits; else the subscript itself."""
    match sub:
        case Indices(items=(Number(text) as number,)) if len(text) == 2 and text.isdigit():
            return Indices(tuple(Number(digit, at=number.at) for digit in text), ("",), at=sub.at)
    return sub


def _is_only_name(reader: Reader, sub: Tree) -> bool:
    """Whether the letters of a subscript stand in names alone, as the k of f(x_k): no indices."""
    letters = {item for item in walk(sub) if isinstance(item, Symbol)}
    if not letters:
        return False
    named = 0
    for tree, times in reader.occurrences.items():
        if isinstance(tree, Script) and isinstance(tree.base, Symbol) and tree.sub is not None:
            text = index_text(tree.sub)
            if text and reader.scope.find(tree.base, text) is not None:
                named += times * sum(item in letters for item in walk(tree.sub))
    return named == sum(reader.occurrences[letter] for letter in letters)


def _is_mere_label(reader: Reader, symbol: Symbol, sub: Tree, bound: Bound, text: str) -> bool:
    r"""Whether a subscript only names: the KL of D_{KL}, if D is a number and has no other."""
    if not is_number(reader, bound):
        return False
    plain = _is_plain(text)
    if plain and (is_defined(bound.value) or text.startswith("star")):
        return False  # \lambda_{max}, x_* and x_{**} are other numbers
    if not plain and not _is_only_label(reader, sub):
        return False
    return _has_this_label_only(reader, symbol, bound, text, sub=sub)


def _is_plain(text: str) -> bool:
    """Whether a subscript can be no index."""
    return len(text) > 1 or text.isdigit() or text.isupper()


def _is_named_apart(reader: Reader, bound: Bound, text: str) -> bool:
    r"""Whether a label makes another name: \lambda_{max} is not the number \lambda declared."""
    label = _is_plain(text) or not isinstance(bound.value, Input)
    return label and is_defined(bound.value) and is_number(reader, bound)


def _has_this_label_only(
    reader: Reader,
    symbol: Symbol,
    bound: Bound,
    text: str,
    *,
    sub: Tree | None = None,
    sup: Tree | None = None,
) -> bool:
    """Whether a name carries one label wherever it stands, in this step and in all others."""
    labelled = sum(
        times
        for tree, times in reader.occurrences.items()
        if isinstance(tree, Script) and tree.base == symbol
        and (sub is None or tree.sub == sub) and (sup is None or tree.sup == sup)
    )  # fmt: skip
    if labelled < reader.occurrences[symbol]:
        return False
    return reader.page.labels.setdefault(bound.name, text) == text


def is_number(reader: Reader, bound: Bound) -> bool:
    """Whether a name is bound to a number, or to a node whose value is one."""
    if bound.kind == "node":
        return reader.shape(bound.value) == ()
    return bound.kind == "number"


def _is_only_label(reader: Reader, script: Tree) -> bool:
    """Whether a letter stands only where no index can: at numbers, and beside all other indices.

    So do the i of y_i and of x_{ij}, if y is one number and x one vector, those of one of the data.
    """
    letters = [item for item in walk(script) if isinstance(item, Symbol)]
    if len(letters) != 1 or reader.scope.find(letters[0]) is not None:
        return False
    without_meaning = 0
    arrays, numbers = set[str](), set[str]()
    for tree, times in reader.occurrences.items():
        if not isinstance(tree, Script) or not isinstance(tree.base, Symbol):
            continue
        here = [s for s in (tree.sub, tree.sup) if s is not None and letters[0] in walk(s)]
        base = reader.scope.find(tree.base)
        if not here or base is None:
            continue
        if is_number(reader, base):
            numbers.add(base.name)
        elif _has_one_too_many(reader, base, tree.sub, letters[0]):
            arrays.add(base.name)
        else:
            continue
        without_meaning += times * len(here)
    name = python_names(letters[0])[0]
    if without_meaning != reader.occurrences[letters[0]]:
        return False
    if arrays and len(arrays | numbers) < 2:  # P_{ij} of one vector P is rather a mistake
        return False
    return reader.page.labels.setdefault(" ", name) == name  # one letter, as y_i and x_i have


def _has_one_too_many(reader: Reader, bound: Bound, sub: Tree | None, letter: Tree) -> bool:
    """Whether a letter is one of the indices of an array, and there is one index too many."""
    if bound.kind not in ("node", "array") or not isinstance(sub, Indices):
        return False
    axes = len(reader.shape_of(bound))
    if sub.items.count(letter) != 1 or len(sub.items) != axes + 1:
        return False
    return all(  # a y_j beside y_{ij} is another thing
        len(other.sub.items) == axes + 1
        for other in reader.occurrences
        if isinstance(other, Script) and isinstance(other.base, Symbol)
        and isinstance(other.sub, Indices) and reader.scope.find(other.base) == bound
    )  # fmt: skip


def _without_datum(reader: Reader, bound: Bound, sub: Tree) -> Indices | None:
    """The other index of x_{ij} if i is a mere label: of one vector x that stands for all data."""
    if not isinstance(sub, Indices) or len(sub.items) < 2:
        return None
    for k, item in enumerate(sub.items):
        if (
            isinstance(item, Symbol)
            and _has_one_too_many(reader, bound, sub, item)
            and _is_only_label(reader, item)
        ):
            items, commas = [*sub.items], [*sub.commas]
            del items[k], commas[max(k - 1, 0)]
            return Indices(tuple(items), tuple(commas), at=sub.at)
    return None


def without_label(reader: Reader, symbol: Symbol, sup: Tree | None) -> bool:
    """Whether a superscript is a mere label: the i of x^{i}, where x is one number everywhere."""
    if not isinstance(sup, Symbol) or sup.styles or sup.base in ("T", "e"):
        return False
    bound = reader.scope.find(symbol)
    if bound is None or not is_number(reader, bound) or not _is_only_label(reader, sup):
        return False
    return _has_this_label_only(reader, symbol, bound, f"^{sup.base}", sup=sup)


def _of_capital(reader: Reader, symbol: Symbol, sub: Tree) -> Bound | None:
    """x_{ij} where only the matrix X is bound, whose entries are written so by custom."""
    capital = symbol.base.upper()
    if len(symbol.base) != 1 or symbol.base == capital or symbol.styles:
        return None
    bound = reader.scope.find(Symbol(capital))
    if bound is None or bound.kind not in ("node", "array") or not isinstance(sub, Indices):
        return None
    shape = reader.shape_of(bound)
    return bound if len(shape) == len(sub.items) == 2 else None


def _could_be_component(reader: Reader, bound: Bound, sub: Tree) -> bool:
    """Whether a subscript that is part of a name could be the indices of the rest as well."""
    assert isinstance(sub, Indices)
    shape = reader.shape_of(bound)
    return len(sub.items) == len(shape) and all(_could_be_index(reader, item) for item in sub.items)


def _could_be_index(reader: Reader, item: Tree) -> bool:
    if isinstance(item, Number):
        return reader.base is not None
    if not isinstance(item, Symbol) or item.styles:
        return False
    bound = reader.scope.find(item)
    if bound is not None and bound.kind == "node" and not bound.is_label:
        return False  # w_\lambda beside w, where \lambda is no whole number
    return (len(item.base) == 1 and item.base.isalpha()) or item.base in GREEK


def read_indices(reader: Reader, sub: Tree) -> tuple[Index, ...]:
    """Read a subscript as indices."""
    assert isinstance(sub, Indices)
    return tuple(read_index(reader, item) for item in sub.items)


def read_index(reader: Reader, item: Tree) -> Index:
    """Read one index: a letter that the page leaves free, or the number of a component."""
    if isinstance(item, Number):
        if not item.text.isdigit():
            fail(Why.SHAPES, f"{item.text} is no component: write a whole number", item.at)
        if reader.base is None:
            return Counted(int(item.text))
        return int(item.text) - reader.base
    if isinstance(item, Sum):
        return _read_shift(reader, item)
    if not isinstance(item, Symbol):
        fail(Why.NOTATION, "An index with an index is not understood: rename it", item.at)
    name = python_names(item)[0]
    if len(item.base.rstrip("'~")) > 1 and not item.base.startswith("\\"):
        fail(
            Why.SHAPES,
            f"{item.base} is neither an index letter nor part of a name that is bound",
            item.at,
        )
    if item.styles or item.base in (r"\partial", r"\nabla", *_SIGNS_ONLY):
        fail(
            Why.UNKNOWN,
            f"{to_latex(item)} is not understood as an index: write a plain letter",
            item.at,
        )
    bound = reader.scope.find(item)
    if bound is not None and not is_left_over(reader, bound):
        fail(
            Why.OTHER_MEANING,
            f"{name} is bound on this page and cannot be an index too: use another letter",
            item.at,
        )
    return name


def _read_shift(reader: Reader, item: Sum) -> Index:
    """Read t + 1 or t - 1 as an index, and n + 1 - t as t from the end."""
    if (mirrored := _read_mirrored(reader, item)) is not None:
        return mirrored
    if (combined := _read_combined(reader, item)) is not None:
        return combined
    letter, *numbers = item.terms
    if (
        item.signs[0]
        or not isinstance(letter, Symbol)
        or not all(isinstance(number, Number) and number.text.isdigit() for number in numbers)
    ):
        fail(
            Why.SHAPES,
            "Arithmetic in a subscript is understood as a letter plus or minus a number: bind the "
            "shifted values",
            item.at,
        )
    name = read_letter(reader, letter)
    by = sum(
        int(number.text) * (-1 if sign == "-" else 1)
        for sign, number in zip(item.signs[1:], numbers, strict=True)
        if isinstance(number, Number)
    )
    return Shifted(name, by)


def _read_mirrored(reader: Reader, item: Sum) -> Mirrored | None:
    """Read n + 1 - t, or n - 1 - t counted from 0, of a t that a sum with bounds counts."""
    pairs = list(zip(item.signs, item.terms, strict=True))
    taken = [
        term
        for sign, term in pairs
        if sign == "-" and isinstance(term, Symbol) and reader.scope.find(term) is None
    ]
    if len(taken) != 1:
        return None
    letter = read_letter(reader, taken[0])
    total = 0
    for sign, term in pairs:
        if term == taken[0]:
            continue
        value = _whole_number(reader, term)
        if value is None:
            return None
        total += -value if sign == "-" else value
    if letter not in reader.counts:
        return None
    first = reader.counts[letter]
    return Mirrored(letter, total - 2 * first + 1, to_latex(item).replace(" ", ""))


def _read_combined(reader: Reader, item: Sum) -> Combined | None:
    """Read i + j - 1, of two letters or more; None for anything else."""
    letters: dict[str, int] = {}
    by = 0
    for sign, term in zip(item.signs, item.terms, strict=True):
        one = -1 if sign == "-" else 1
        value = _whole_number(reader, term)
        if value is not None:
            by += one * value
            continue
        if not isinstance(term, Symbol) or reader.scope.find(term) is not None:
            return None
        letter = read_letter(reader, term)
        if letter in letters:
            return None
        letters[letter] = one
    if len(letters) < 2:
        return None
    starts = tuple(reader.counts.get(letter) for letter in letters)
    written = to_latex(item).replace(" ", "")
    return Combined(tuple(letters), tuple(letters.values()), starts, by, written)


def _whole_number(reader: Reader, term: Tree) -> int | None:
    """A number that is written, or a length that is bound or that a sum has told."""
    if isinstance(term, Number):
        return int(term.text) if term.text.isdigit() else None
    if not isinstance(term, Symbol):
        return None
    bound = reader.scope.find(term)
    value = reader.inference.sizes.get(term.base) if bound is None else bound.value
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return int(value) if value is not None and whole else None


def is_left_over(reader: Reader, bound: Bound) -> bool:
    r"""Whether a name is the counter of a loop that ended, which a formula has no use for.

    Or a whole number that a sum has for its index: the n of \sum_n u_n, which is no number there.
    """
    if not isinstance(bound.value, int | np.integer) or isinstance(bound.value, bool):
        return False
    if bound.name in reader.summed and reader.is_index_throughout(bound.name):
        return True
    if type(bound.value) is not int and not isinstance(bound.value, np.integer):
        return False  # a length that is declared is of a type of its own
    return bound.name in ("i", "j", "k") or bound.name in COUNTERS & (
        reader.summed | reader.shifted | reader.page.stated
    )


def read_letter(reader: Reader, tree: Tree) -> str:
    """Read the letter of an index."""
    if not isinstance(tree, Symbol):
        fail(Why.SHAPES, "An index letter is expected here", tree.at)
    index = read_index(reader, tree)
    assert isinstance(index, str)
    return index


# --------------------------------------------------------------- signs that the page does not bind


def _sign(reader: Reader, symbol: Symbol, sub: Tree | None, at: int) -> Expr:
    """A symbol that the page does not bind."""
    base, fonts = symbol.base, [style for style in symbol.styles if style not in ACCENTS]
    plain = not symbol.styles
    if base == r"\delta" and plain:
        return _kronecker(reader, sub, at)
    if sub is None and plain and (name := python_names(symbol)[0]) in reader.counts:
        start = reader.counts[name]
        return make("index", (), (name, start), at=at, free=frozenset([name]))
    if sub is None and base in (r"\pi", r"\pi~") and plain:
        return algebra.number(math.pi, at, ("pi", r"\pi"))
    if sub is None and base == "e" and set(fonts) <= {r"\mathrm"}:
        return algebra.number(math.e, at, ("e", to_latex(symbol)))
    if sub is None and base == "1" and set(symbol.styles) <= BOLD and symbol.styles:
        return make("ones", at=at, shape=(DimensionVariable(), 1))
    if sub is None and base == "0" and set(symbol.styles) <= BOLD | {r"\vec"} and symbol.styles:
        return algebra.number(0.0, at, ("0", "0"))
    if sub is None and base == "I" and set(symbol.styles) <= BOLD | {r"\mathrm"}:
        side = DimensionVariable()
        return make("eye", at=at, shape=(side, side))
    if base in (r"\partial", r"\nabla"):
        fail(
            Why.DERIVATIVE,
            f"What does {base} act on? Write \\frac{{\\partial y}}{{\\partial x}}, \\nabla_x y",
            at,
        )
    if base in _SIGNS_ONLY:
        fail(Why.NOTATION, f"{base} is not understood here", at)
    if base in REFUSED and plain:
        fail(Why.NOTATION, REFUSED[base], at)
    _refuse_unbound(reader, symbol, sub, at)
    raise AssertionError


def _kronecker(reader: Reader, sub: Tree | None, at: int) -> Expr:
    items = sub.items if isinstance(sub, Indices) else ()
    kinds = {type(item) for item in items}
    known = [isinstance(item, Symbol) and reader.scope.find(item) is not None for item in items]
    # \delta_{i1} is 1 where i = 1, and \delta_{iy} where i is the label y
    if len(items) == 2 and (kinds == {Symbol, Number} or sum(known) == 1):
        here = Relation(items[0], "=", items[1], at=at)
        otherwise = Case(Number("0"), "otherwise", r"\text", None, "")
        return reader.read(Cases((Case(Number("1"), "if", r"\text", here, ""), otherwise), at=at))
    indices = read_indices(reader, sub) if sub is not None else ()
    if len(indices) != 2 or not all(isinstance(index, str) for index in indices):
        own = to_latex(Script(Symbol(r"\delta"), sub)) if sub is not None else r"\delta"
        fail(
            Why.SHAPES,
            "Kronecker's delta has two index letters, \\delta_{ij}: declare a delta of your own "
            f"(let: {own} \\in \\mathbb{{R}}^n)",
            at,
        )
    i, j = str(indices[0]), str(indices[1])
    if i == j:
        fail(Why.NO_CLAIM, f"\\delta_{{{i}{j}}} is 1 whatever {i} is: write 1", at)
    reader.inference.run_alike(i, j, at)
    return make("delta", (), (i, j), at=at, free=frozenset((i, j)))


def _refuse_unbound(reader: Reader, symbol: Symbol, sub: Tree | None, at: int) -> None:
    """Say why a symbol means nothing here, and what to do about it."""
    scope, inference = reader.scope, reader.inference
    name, base = python_names(symbol)[0], symbol.base
    if (kind := scope.unusable(symbol)) is not None:
        fail(Why.OTHER_MEANING, f"{name} is bound to a {kind}, which has no place in a formula", at)
    if name in inference.ranges or name in reader.lift or name in inference.sizes:
        fail(
            Why.OTHER_MEANING,
            f"{name} is an index here, and an index is no number: bind {name}",
            at,
        )
    if base == "0" and not set(symbol.styles) <= BOLD | {r"\vec"}:
        fail(Why.OTHER_MEANING, "Write 0 in the plain font: it fits every shape", at)
    if base == "1":
        fail(
            Why.OTHER_MEANING,
            "This looks like the number 1: write \\mathbf{1} for a column of ones",
            at,
        )
    if r"\mathbb" in symbol.styles:
        fail(Why.NOTATION, REFUSED[r"\mathbb"], at)
    if base in ("or", "and"):
        fail(
            Why.NOTATION,
            f"\\text{{{base}}} stands between two formulas: claim each of them by itself",
            at,
        )
    if " " in base:
        fail(
            Why.UNFINISHED,
            "Words have no place in a formula: put them into the sentence around it",
            at,
        )
    if base in BY_SYMBOL or (base in BY_WORD and set(symbol.styles) & WORD_FONTS):
        fail(
            Why.OTHER_MEANING,
            f"{to_latex(symbol)} is a function: write its argument in parentheses, or declare it "
            f"(let: {to_latex(symbol)} \\in \\mathbb{{R}})",
            at,
        )
    if base == "i" and not symbol.styles:
        fail(
            Why.UNKNOWN,
            "i is not bound on this page: declare it; as the imaginary unit it is not understood, "
            "for formulas are tested with real numbers: write \\cos and \\sin",
            at,
        )
    if base in JUMPS:
        fail(
            Why.NOTATION,
            f"{base} is a whole number, and random points do not go where it jumps: write what "
            "follows from it, as \\det A \\neq 0",
            at,
        )
    if base in RANDOM and len(base) > 1:
        fail(
            Why.UNKNOWN,
            f"{name} is not bound on this page: {RANDOM[base]} is that of random variables, which "
            "are declared (let: X : \\Omega \\to \\mathbb{R})",
            at,
        )
    usable = [n for n in scope.names if Bound.of(n, scope.names[n]).kind != "other"]
    close = difflib.get_close_matches(name, usable, n=1, cutoff=0.7)
    text = index_text(sub) if sub is not None else None
    name = name.rstrip("~")  # of an index with a letter of its own
    spelled = name if not text or len(text) == 1 else f"{name} (or {joined_name(name, text)})"
    instead = f"; did you mean {close[0]}?" if close else ""
    if base in RANDOM:
        instead = (
            f"; {RANDOM[base]} is that of random variables, which are declared "
            "(let: X : \\Omega \\to \\mathbb{R})"
        )
    fail(
        Why.UNKNOWN,
        f"{spelled} is not bound on this page: declare it (let: {_declaration(reader, symbol)}), "
        f"define it, or bind it in a Python cell above{instead}",
        at,
    )


def _declaration(reader: Reader, symbol: Symbol) -> str:
    r"""A declaration of a name that fits its use: a vector, a function or the number of terms."""
    written = to_latex(symbol)
    for tree in reader.occurrences:
        if isinstance(tree, Big) and tree.upper == symbol:
            return rf"{written} \in \mathbb{{N}}"
        factors = tree.factors if isinstance(tree, Product) else ()
        for name, group in pairwise(factors):
            head = name.base if isinstance(name, Script) else name
            items = group.items if isinstance(group, Group) and group.open == "(" else ()
            if head == symbol and items and all(isinstance(i, Symbol | Script) for i in items):
                return rf"{written} : \mathbb{{R}}^n \to \mathbb{{R}}"
    return rf"{written} \in \mathbb{{R}}^{'m' if written == 'n' else 'n'}"
