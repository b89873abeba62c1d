r"""Unit vectors e_i, e_y and \mathbf{1}_y, and ones and the identity with their length below.

Only where the page binds neither the letter nor the letter with its subscript. How long a unit
vector is, the shapes around it tell.
"""

from __future__ import annotations

import numpy as np

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Indices, Number, Script, Symbol, Tree
from edf.equations.latex.vocabulary import BOLD
from edf.equations.meaning.letters.labels import label_of, read_label
from edf.equations.meaning.letters.symbols import read_index
from edf.equations.meaning.names.scope import Bound, index_text, python_names
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make, number
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations.shapes import Dim, DimensionVariable, same, settle


def read_unit_vector(reader: Reader, symbol: Symbol, sub: Tree, at: int) -> Expr | None:
    r"""e_i, e_1, e_y, \mathbf{1}_y, \mathbf{1}_n and I_n, or None for anything else."""
    if not isinstance(sub, Indices) or len(sub.items) != 1 or _is_bound(reader, symbol, sub):
        return None
    (item,) = sub.items
    bold = set(symbol.styles) <= BOLD | {r"\vec"}
    if symbol.base == "e" and bold:
        return _unit(reader, item, at)
    if symbol.base == "1" and symbol.styles and bold:
        label = label_of(reader, item)
        if label is not None and label.kind != "number":
            return _unit(reader, item, at)
        length = _length(reader, item)
        return None if length is None else make("ones", at=at, shape=(length, 1))
    if symbol.base == "I" and set(symbol.styles) <= BOLD | {r"\mathrm"}:
        side = _length(reader, item)
        return None if side is None else make("eye", at=at, shape=(side, side))
    return None


def _is_bound(reader: Reader, symbol: Symbol, sub: Tree) -> bool:
    """Whether the page binds a letter, alone or with its subscript."""
    text = index_text(sub)
    whole = reader.scope.find(symbol, text) if text else None
    return bool(whole or reader.scope.find(symbol) or reader.scope.family(symbol, sub))


def _unit(reader: Reader, item: Tree, at: int) -> Expr | None:
    ones = make("ones", at=at, shape=(DimensionVariable(), 1))
    place = _place(reader, item)
    if place is None:
        return None
    reader.units.append((ones, place))
    return apply("unit", (ones, place), at)


def _place(reader: Reader, item: Tree) -> Expr | None:
    """Where the 1 stands, counted from 0."""
    label = label_of(reader, item)
    if label is not None and label.kind != "number":
        return read_label(reader, item, label)
    if label is not None and not _is_declared(label):
        fail(
            Why.AMBIGUOUS,
            f"{label.name} is {label.value} on this page: is the unit vector that of a component "
            "counted from 0 or from 1? Write the number, or bind the vector to a name",
            item.at,
        )
    if label is not None:
        return number(float(label.value) - 1, item.at, (label.name, to_latex(item)))
    if isinstance(item, Number):
        first = 1 if reader.base is None else reader.base
        if not item.text.isdigit() or int(item.text) < first:
            fail(Why.SHAPES, f"There is no unit vector number {item.text}", item.at)
        return number(float(item.text) - first, item.at, (item.text, item.text))
    if not isinstance(item, Symbol) or item.styles:
        return None
    letter = read_index(reader, item)
    assert isinstance(letter, str)
    return make("index", (), (letter, 0), at=item.at, free=frozenset([letter]))


def _is_declared(bound: Bound) -> bool:
    """Whether a length was declared by a letter, which stands for the last component as well."""
    return type(bound.value) is not int and not isinstance(bound.value, np.integer)


def _length(reader: Reader, item: Tree) -> Dim | None:
    """The length that stands below ones and an identity; a letter alone is one of its own."""
    if isinstance(item, Number):
        return int(item.text) if item.text.isdigit() and int(item.text) > 0 else None
    if not isinstance(item, Symbol) or item.styles:
        return None
    bound, name = reader.scope.find(item), python_names(item)[0]
    if bound is not None:
        is_length = bound.kind == "number" and bound.is_label and bound.value > 0
        return int(bound.value) if is_length else None
    if name in reader.indexing and not _is_length_throughout(reader, item):
        fail(
            Why.AMBIGUOUS,
            f"{name} is an index here, and below ones or an identity stands a length: for the unit "
            f"vector, write e_{name}",
            item.at,
        )
    return reader.lengths.setdefault(name, DimensionVariable())


def _is_length_throughout(reader: Reader, letter: Symbol) -> bool:
    """Whether a letter stands in no subscript but those of ones and identities."""
    return all(
        isinstance(tree.base, Symbol) and tree.base.base in ("1", "I")
        for tree in reader.occurrences
        if isinstance(tree, Script) and isinstance(tree.sub, Indices) and letter in tree.sub.items
    )


def settle_units(reader: Reader) -> None:
    """Tell the range of i by the length of e_i, where nothing else does."""
    for ones, place in reader.units:
        length = settle(ones.shape[0]) if ones.shape else None
        known = place.op != "index" or place.data[0] in reader.inference.ranges
        if not known and isinstance(length, int):
            reader.inference.runs_over(place.data[0], length, place.at)


def insist_on_units(reader: Reader) -> None:
    """Insist that unit vectors are as long as their index runs, and have what is numbered."""
    for ones, place in reader.units:
        assert ones.shape is not None
        length = settle(ones.shape[0])
        if place.op == "index":
            letter = place.data[0]
            if reader.inference.shifts(letter) or letter in reader.inference.spans:
                fail(
                    Why.SHAPES,
                    f"{letter} is shifted here: write the unit vector with an index of its own",
                    place.at,
                )
            if isinstance(length, int) and reader.inference.ranges[letter] != length:
                fail(
                    Why.SHAPES,
                    f"The unit vector has {length} components, and {letter} runs over "
                    f"{reader.inference.ranges[letter]} values",
                    place.at,
                )
        elif place.op == "number":
            if reader.base is None and 0 in reader.inference.starts:
                fail(
                    Why.AMBIGUOUS,
                    "Are unit vectors counted from 1 here, or from 0 as the sum is? Write an "
                    'index, or declare reading="base 0"',
                    place.at,
                )
            if isinstance(length, int) and place.data >= length:
                fail(
                    Why.SHAPES,
                    f"The unit vector has {length} components, and no number {place.label[0]}",
                    place.at,
                )
    for name, dim in reader.lengths.items():
        told = reader.inference.sizes.get(name)
        if told is not None and not same(dim, told):
            fail(
                Why.SHAPES,
                f"{name} is {told} in one place and {settle(dim)} in another",
                reader.equation.at,
            )
