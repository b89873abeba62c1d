r"""Labels, whole numbers that tell components: p_y, \sum_{j \neq y}, 1[j = y]."""

from __future__ import annotations

from dataclasses import replace

from edf.equations.latex.syntax import Script, Symbol, Tree
from edf.equations.meaning.letters.symbols import is_left_over, look_up, read_bound, read_letter
from edf.equations.meaning.names.scope import Bound
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make, number
from edf.equations.meaning.typed.expression import Condition, Expr


def label_of(reader: Reader, tree: Tree) -> Bound | None:
    """Return what a name is bound to if that is a label: a whole number, or an array of such."""
    symbol, sub = (tree.base, tree.sub) if isinstance(tree, Script) else (tree, None)
    if not isinstance(symbol, Symbol) or (isinstance(tree, Script) and (tree.sup or tree.primes)):
        return None
    bound = reader.scope.find(symbol)
    if bound is None or (sub is None and is_left_over(reader, bound)):
        return None
    return bound if bound.is_label else None


def read_label(reader: Reader, tree: Tree, bound: Bound) -> Expr:
    """Return the place that a label names, counted from 0.

    Labels that the page's Python binds are places already; declared ones count from their first.
    """
    symbol, sub = (tree.base, tree.sub) if isinstance(tree, Script) else (tree, None)
    assert isinstance(symbol, Symbol)
    if bound.kind == "number":
        return number(float(bound.value), tree.at, (bound.name, bound.name))
    _, indices = look_up(reader, symbol, sub)
    value = read_bound(reader, bound, indices, bound.name, tree.at)
    first = getattr(getattr(bound.value, "sample", None), "first", 0)
    if not first:
        return value
    place = apply("add", (value, number(-float(first), tree.at)), tree.at)
    return replace(place, label=value.label)


def compared(reader: Reader, left: Tree, sign: str, right: Tree) -> Condition | None:
    """Read a comparison of an index or a label with a label; None if it is no such thing."""
    bound = label_of(reader, right)
    if bound is None:
        left, right = right, left
        bound = label_of(reader, right)
    if bound is None or sign not in ("=", r"\neq"):
        return None
    other = label_of(reader, left)
    if other is not None:
        one = read_label(reader, left, other)
    elif isinstance(left, Symbol) and reader.scope.find(left) is None:
        letter = read_letter(reader, left)
        one = make("index", (), (letter, 0), at=left.at, free=frozenset([letter]))
    else:
        return None
    place = read_label(reader, right, bound)
    if bound.is_length:  # a declared length is the last place, counted from 1
        place = number(float(bound.value) - 1, right.at, (bound.name, bound.name))
    if other is None and place.op == "number":
        reader.inference.is_compared(letter, bound.name, int(place.data), right.at)
    return Condition(sign, None, (one, place))
