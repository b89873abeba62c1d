"""Sums, products and extrema over an index."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import NamedTuple

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.endings import insist_on_end
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    INFINITY,
    Big,
    Group,
    Indices,
    Listed,
    Number,
    Product,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
    children,
    walk,
)
from edf.equations.latex.vocabulary import CONDITION_SIGNS, DOTS, REFUSED
from edf.equations.meaning.calculus.integrals import read_integral
from edf.equations.meaning.calculus.limits import read_limit
from edf.equations.meaning.letters.labels import compared, label_of
from edf.equations.meaning.letters.symbols import first_member, read_letter
from edf.equations.meaning.names.scope import index_text, python_names
from edf.equations.meaning.piecewise.cases import relations
from edf.equations.meaning.piecewise.conditions import read_condition, restricted
from edf.equations.meaning.probability.events import first_value
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import make, number
from edf.equations.meaning.typed.display import expression
from edf.equations.meaning.typed.expression import Condition, Expr
from edf.equations.operations.reductions import BY_SIGN, REDUCTIONS
from edf.equations.operations.shapes import describe, settle

#: Fonts in which a letter is a set.
_OF_SETS = frozenset([r"\mathcal", r"\mathscr", r"\mathbb", r"\mathfrak"])
SUCH_THAT = (":", "|", r"\mid")  # between an index and what holds of its values
SERIES = 160  # terms of a series to infinity: factorials overflow soon after
LONGEST = 10_000  # terms of a sum over numbers


# ----------------------------------------------------------------------- sums over an index


def read_big(reader: Reader, tree: Big) -> Expr:
    r"""\sum_i, \sum_{i, j}, \sum_{j \neq i}, \sum_{i < j}, \sum_{i=1}^n, \sum_{n=0}^\infty."""
    if tree.macro == r"\int":
        return read_integral(reader, tree)
    if tree.macro == r"\lim":
        return read_limit(reader, tree)
    if tree.macro not in BY_SIGN:
        name = f"\\{tree.place}" if tree.place else tree.macro
        fail(Why.NOTATION, REFUSED.get(name, f"{tree.macro} is not understood"), tree.at)
    kind = BY_SIGN[tree.macro].name
    if (nested := _one_by_one(tree)) is not None:
        return reader.read(nested)
    written, tree = tree, _with_bounds(reader, tree)
    if (over_data := _read_over_data(reader, tree, kind)) is not None:
        return over_data
    _refuse_minimum_over_input(reader, tree)
    if tree.lower is None:
        fail(Why.SHAPES, f"{tree.macro} needs its index below: write {tree.macro}_i x_i", tree.at)
    below = _read_below(reader, written, tree.lower)
    indices, condition = below.indices, below.condition
    _check_below(reader, tree, tree.lower, below)
    if below.ranged is not None:
        kind, body = _read_ranged(reader, tree, below.ranged, indices[0], kind)
    else:
        body = _read_body(reader, tree)
        body = restricted(body, below.chosen, REDUCTIONS[kind].neutral, below=True)
    _check_body(reader, tree, indices, body)
    _check_shifts(reader, tree.lower, below)
    if isinstance(written.lower, Relation) and (chain := _chain(written.lower)) is not None:
        _check_chain(reader, tree, chain, indices)
    if condition is not None:
        reader.inference.run_alike(condition[0], condition[2], tree.lower.at)
    free = (body.free | ({condition[2]} if condition else set())) - set(indices)
    return make(
        "big", (body,), (kind, indices, condition), at=tree.at,
        free=frozenset(free), bound=frozenset(indices), shape=body.shape,
    )  # fmt: skip


class _Below(NamedTuple):
    """What stands below a sign: its indices, and what is said of the values that they take."""

    indices: tuple[str, ...]
    ranged: Relation | None = None  # i = 1, where the values start
    condition: tuple[str, str, str] | None = None  # j != i, of two indices
    chosen: Sequence[Condition] = ()  # j != y, of an index and a label; i : x_i > 0


def _read_below(reader: Reader, tree: Big, lower: Tree) -> _Below:
    if isinstance(lower, Relation) and lower.sign == "=":
        return _Below((read_letter(reader, lower.left),), ranged=lower)
    if isinstance(lower, Relation):
        return _read_condition(reader, tree, lower)
    assert isinstance(lower, Indices)
    letters, conditions = _such_that(lower)
    indices = tuple(read_letter(reader, letter) for letter in letters)
    if conditions:
        return _Below(indices, chosen=[read_condition(reader, each) for each in conditions])
    if tree.upper is not None and len(indices) == 1:  # \sum_i^n
        return _Below(indices, ranged=Relation(lower.items[0], "=", Number("1"), at=lower.at))
    return _Below(indices)


def _such_that(lower: Indices) -> tuple[Sequence[Tree], list[Relation]]:
    r"""The letters and the conditions of i : x_i > 0, of i \mid y_i = k and of letters alone."""
    for place, sign in enumerate(lower.commas, 1):
        conditions = lower.items[place:]
        if sign in SUCH_THAT and all(isinstance(each, Relation) for each in conditions):
            return lower.items[:place], [one for each in conditions for one in relations(each)]
    return lower.items, []


def _read_condition(reader: Reader, tree: Big, lower: Relation) -> _Below:
    r"""j \neq i, i < j, j \neq y, i < n, i \neq 1."""
    if lower.sign not in CONDITION_SIGNS:
        fail(
            Why.NOTATION,
            f"{lower.sign} is not understood below a sum: use =, \\neq, <, \\leq, > or \\geq",
            lower.right.at,
        )
    first = read_letter(reader, lower.left)
    label = label_of(reader, lower.right)
    if isinstance(lower.right, Number) or (label is not None and label.is_length):
        return _Below((first,), chosen=[read_condition(reader, lower)])
    if label is not None:
        chosen = compared(reader, lower.left, lower.sign, lower.right)
        if chosen is None:
            fail(Why.NOTATION, "A label below a sum is compared with = or \\neq", lower.right.at)
        return _Below((first,), chosen=[chosen])
    second = read_letter(reader, lower.right)
    if first == second:
        fail(Why.NO_CLAIM, "An index compared with itself", lower.at)
    alone = lower.right in walk(tree.body) and not _tied(reader.equation, tree, lower.right)
    indices = (first, second) if alone else (first,)
    return _Below(indices, condition=(first, lower.sign, second))


def _tied(part: Tree, tree: Big, letter: Tree) -> bool:
    """Whether a letter has its value from outside of a sum: it stands free elsewhere, or below a
    sign around."""
    if part == tree:
        return False
    if part == letter:
        return True
    if isinstance(part, Big) and part.lower is not None and letter in walk(part.lower):
        return tree in walk(part.body)
    return any(_tied(child, tree, letter) for _, _, child in children(part))


def _check_below(reader: Reader, tree: Big, lower: Tree, below: _Below) -> None:
    if len(set(below.indices)) < len(below.indices):
        fail(Why.SHAPES, "One index twice below one sign", lower.at)
    if tree.upper is not None and below.ranged is None:
        fail(
            Why.UNKNOWN,
            f"An upper bound needs a lower one: write {tree.macro}_{{j=1}}^n",
            tree.upper.at,
        )
    if clash := set(below.indices) & set(reader.lift):
        fail(
            Why.SHAPES,
            f"The reading lifts bare vectors with {min(clash)}: sum over another index",
            lower.at,
        )


def _check_shifts(reader: Reader, lower: Tree, below: _Below) -> None:
    """Insist that an index which is shifted, as in x_{t+1}, has bounds, and one sum only."""
    for index in below.indices:
        if reader.inference.shifts(index) or index in reader.inference.spans:
            if below.ranged is None:
                fail(Why.SHAPES, f"{index} is shifted in this sum: write its bounds", lower.at)
            if reader.times_summed(index) > 1:
                fail(Why.SHAPES, f"{index} is shifted in one of several sums: rename it", lower.at)


def read_listed(reader: Reader, tree: Listed) -> Expr:
    """A column or a row by its entries, which run over all values of an index."""
    assert isinstance(tree.below, Relation)
    index = read_letter(reader, tree.below.left)
    as_sum = Big(r"\sum", tree.below, tree.last, tree.body, at=tree.at)
    kind, body = _read_ranged(reader, as_sum, tree.below, index, "sum")
    whole = kind == "sum" and not (body.op == "cases" and body.label[0] == "given")
    if not whole or index not in body.free:
        fail(
            Why.NOTATION,
            "These dots do not run over all values of an index: write what they stand for with "
            "indices",
            tree.at,
        )
    length = reader.inference.ranges[index]
    rows, columns = body.shape or (1, 1)
    wide = settle(columns if tree.along == "columns" else rows)
    if wide != 1:
        fail(Why.SHAPES, f"{describe(body.shape).capitalize()} cannot stand in this list", tree.at)
    shown = "column" if tree.along == "rows" else "row"
    data = (index, None) if tree.along == "rows" else (None, index)
    shape = (length, columns) if tree.along == "rows" else (rows, length)
    return make(
        "gather", (body,), data, at=tree.at, shape=shape, free=body.free - {index},
        bound=frozenset([index]), label=(f"{shown}[{index}]({expression(body)})", tree.shown),
    )  # fmt: skip


def _read_body(reader: Reader, tree: Big) -> Expr:
    r"""The body of a sum over all values; the x of \sum_x x P(X = x) is a number, too."""
    items = tree.lower.items if isinstance(tree.lower, Indices) else ()
    with ExitStack() as stack:
        for letter in items:
            first = first_value(reader, letter, tree.body) if isinstance(letter, Symbol) else None
            if first is not None:
                stack.enter_context(reader.counting(read_letter(reader, letter), first))
        return reader.read(tree.body)


def _read_over_data(reader: Reader, tree: Big, kind: str) -> Expr | None:
    r"""\sum_x of bare vectors, where x is no index in it: over the data, which they all hold.

    Every bare vector in it has an entry for each of the data, and an array x a row; None if the
    letter is an index, or if the names in it do not all have one length.
    """
    lower = tree.lower
    if reader.lift or kind != "sum" or tree.upper is not None or not isinstance(lower, Indices):
        return None
    letter = lower.items[0]
    if len(lower.items) > 1 or not isinstance(letter, Symbol) or letter.styles:
        return None
    bound = reader.scope.find(letter)
    rows = 0
    if bound is not None:
        shape = reader.shape(bound.value) if bound.kind == "node" else ()
        if len(shape) != 2:
            return None
        rows = shape[0]
    elif any(letter in walk(part) for part in walk(tree.body) if part is not tree.body) or (
        letter == tree.body
    ):
        return None
    index = f"{python_names(letter)[0]} "
    reader.lift, reader.data = (index,), bound
    try:
        body = reader.read(tree.body)
    finally:
        reader.lift, reader.data = (), None
    if rows and reader.inference.ranges.get(index, rows) != rows:
        fail(Why.SHAPES, f"{letter.base} has {rows} rows, and this is of another length", tree.at)
    if index not in body.free or body.shape is not None:
        fail(
            Why.NOTATION,
            f"What stands behind {tree.macro} does not depend on {letter.base}",
            tree.body.at,
        )
    return make(
        "big", (body,), (kind, (index,), None), at=tree.at, free=body.free - {index},
        bound=frozenset([index]),
    )  # fmt: skip


def _refuse_minimum_over_input(reader: Reader, tree: Big) -> None:
    r"""Refuse \min_x f(x) of an input x, whose values cannot all be tried."""
    letter = tree.lower.items[0] if isinstance(tree.lower, Indices) else None
    if tree.macro not in (r"\min", r"\max") or not isinstance(letter, Symbol):
        return
    bound = reader.scope.find(letter)
    below = [part.sub for part in walk(tree.body) if isinstance(part, Script) and part.sub]
    if bound is None or bound.kind != "node" or any(letter in walk(sub) for sub in below):
        return
    name, sign = to_latex(letter), r"\geq" if tree.macro == r"\min" else r"\leq"
    fail(
        Why.NO_CLAIM,
        f"{tree.macro} over all values of {name} is not computed: write f({name}) {sign} .., and "
        f"where it is attained, {name}^* = \\arg{tree.macro}_{name} f({name})",
        tree.at,
    )


def _one_by_one(tree: Big) -> Big | None:
    r"""\sum_{i, j = 1}^n as a sum over i of a sum over j, with the same bounds."""
    match tree.lower:
        case Indices(items=(*letters, Relation(sign="=") as last)) if letters and tree.upper:
            inner = replace(tree, lower=last)
            for letter in reversed(letters):
                bounds = Relation(letter, "=", last.right, at=letter.at)
                inner = replace(tree, lower=bounds, body=inner)
            return inner
    return None


def _index_inside(reader: Reader, tree: Big) -> Symbol | None:
    r"""The index of \sum x_i: the one letter in subscripts that is nothing else on the page, and
    stands outside of such sums nowhere in the step."""
    found = {
        item
        for part in walk(tree.body)
        if isinstance(part, Script) and isinstance(part.sub, Indices)
        for item in part.sub.items
        if isinstance(item, Symbol) and len(item.base) == 1 and not item.styles
        and reader.scope.find(item) is None
    }  # fmt: skip
    if len(found) != 1 or tree.macro not in (r"\sum", r"\prod"):
        return None
    (letter,) = found
    return None if _is_outside(reader.equation, letter) else letter


def _is_outside(tree: Tree, letter: Symbol) -> bool:
    """Whether a letter stands outside of the signs that have nothing below, or have it there."""
    if tree == letter:
        return True
    if isinstance(tree, Big) and (tree.lower is None or letter in walk(tree.lower)):
        return False
    return any(_is_outside(child, letter) for _, _, child in children(tree))


def _with_bounds(reader: Reader, tree: Big) -> Big:
    r"""Read i = 1, \dots, n and i \in \{1, \dots, n\} as bounds, and i \in S as all i."""
    lower = tree.lower
    if lower is None and (letter := _index_inside(reader, tree)) is not None:
        lower = Indices((letter,), (), at=tree.at)
        tree = replace(tree, lower=lower)
    if tree.upper is not None:
        return tree
    match lower:
        case Indices(items=(Relation(sign="=") as first, *_, Symbol() as dots, last)) if (
            dots.base in DOTS
        ):
            return replace(tree, lower=first, upper=last)
        case Relation() if (chain := _chain(lower)) is not None:
            (start, *letters, end), signs = chain
            if len(letters) == 2:  # 1 \leq i < j \leq n
                return replace(tree, lower=Relation(letters[0], signs[1], letters[1], at=lower.at))
            one = Number("1")
            if signs[0] == "<":
                start = Sum((start, one), ("", "+"), at=start.at)
            if signs[1] == "<":
                end = Sum((end, one), ("", "-"), at=end.at)
            bounds = Relation(letters[0], "=", start, at=lower.at)
            return replace(tree, lower=bounds, upper=end)
        case Relation(left=Symbol() as letter, sign=r"\in", right=Group() as values):
            ends = _run(values)
            if ends is not None:
                bounds = Relation(letter, "=", ends[0], at=values.at)
                return replace(tree, lower=bounds, upper=ends[1])
        case Relation(left=Symbol() as letter, sign=r"\in", right=Symbol() as values):
            if reader.scope.find(values) is None or set(values.styles) & _OF_SETS:
                _insist_on_one_set(reader, letter, values)
                return replace(tree, lower=Indices((letter,), (), at=lower.at))
    return tree


def _chain(lower: Relation) -> tuple[tuple[Tree, ...], tuple[str, ...]] | None:
    r"""The parts and signs of 1 \leq i \leq n and 1 \leq i < j \leq n, if it is such a chain."""
    parts: list[Tree] = [lower.right]
    signs = [lower.sign]
    tree = lower.left
    while isinstance(tree, Relation):
        parts, signs, tree = [tree.right, *parts], [tree.sign, *signs], tree.left
    parts = [tree, *parts]
    around = len(parts) == 3 or (len(parts) == 4 and signs[0] == signs[2] == r"\leq")
    return (tuple(parts), tuple(signs)) if around and {*signs} <= {"<", r"\leq"} else None


def _check_chain(
    reader: Reader,
    tree: Big,
    chain: tuple[tuple[Tree, ...], tuple[str, ...]],
    indices: tuple[str, ...],
) -> None:
    r"""Insist that 1 \leq i < j \leq n are all values of two indices of one range."""
    (first, *letters, last), _ = chain
    start = _number(reader, first)
    if len(letters) == 1:
        return
    if len(indices) < 2 or start not in (0, 1):
        fail(
            Why.NOTATION,
            "Bounds around two indices are those of both, from 0 or 1: write what is below the sum "
            "for each",
            first.at,
        )
    for index in indices:
        _check_bounds(reader, replace(tree, upper=last), int(start), index)


def _run(values: Group) -> tuple[Tree, Tree] | None:
    r"""The ends of \{1, \dots, n\}, and of [n]."""
    if values.open.endswith("[") and len(values.items) == 1:
        return Number("1"), values.items[0]
    dotted = len(values.items) > 2 and values.items[-2] in [Symbol(dots) for dots in DOTS]
    if values.open.endswith("\\{") and dotted:
        return values.items[0], values.items[-1]
    return None


def _insist_on_one_set(reader: Reader, letter: Symbol, values: Symbol) -> None:
    r"""A set that the page does not bind is that of all values; two such would be one.

    The values of a random variable are a set that is known, and so is the \mathcal{S} of s.
    """
    if first_value(reader, letter, reader.equation) is not None or _is_its_set(letter, values):
        return
    for other in walk(reader.equation):
        match other:
            case Relation(left=Symbol() as name, sign=r"\in", right=Symbol() as found):
                known = first_value(reader, name, reader.equation) is not None
                if found != values and not known and not _is_its_set(name, found):
                    fail(
                        Why.AMBIGUOUS,
                        f"Sums over {to_latex(values)} and over {to_latex(found)}: which values "
                        "are in each? Write the condition that chooses them",
                        values.at,
                    )


def _is_its_set(letter: Symbol, values: Symbol) -> bool:
    r"""Whether a set has the capital of a letter, as that of all states s has."""
    return values.base == letter.base.rstrip("'~").upper() and bool(set(values.styles) & _OF_SETS)


def _check_body(reader: Reader, tree: Big, indices: tuple[str, ...], body: Expr) -> None:
    for index in indices:
        if index in body.bound:
            fail(Why.SHAPES, f"The index {index} is summed twice: rename one", tree.at)
        if index not in body.free:
            fail(
                Why.NOTATION,
                f"What stands behind {tree.macro} does not depend on {index}",
                tree.body.at,
            )
    if tree.macro == r"\sum":
        return
    if body.shape is not None:
        fail(Why.SHAPES, f"{tree.macro} of vectors: write it with one more index", tree.body.at)
    if isinstance(tree.body, Product) and body.op == "mul":
        for factor in body.args:
            if not factor.free & set(indices):
                fail(
                    Why.AMBIGUOUS,
                    f"Does this factor belong to {tree.macro}? Write parentheses",
                    factor.at,
                )
    insist_on_end(tree, tree.macro)
    insist_on_end(tree.body, tree.macro)


# ------------------------------------------------------------------------------- sums with bounds


def _read_ranged(
    reader: Reader, tree: Big, ranged: Relation, index: str, kind: str
) -> tuple[str, Expr]:
    """Read a sum with bounds: over all values of an index, some of them, or numbers alone.

    Within it the index stands for a number, too. Components are counted from 1, or from 0 in a sum
    that starts there.
    """
    if tree.upper is None:
        fail(
            Why.UNKNOWN,
            f"A lower bound needs an upper one: write {tree.macro}_{{{index}=1}}^n",
            ranged.at,
        )
    for bound in (*walk(ranged.right), *walk(tree.upper)):
        if isinstance(bound, Symbol) and python_names(bound)[0] == index:
            fail(Why.NOTATION, f"A bound of {index} cannot depend on {index} itself", bound.at)
    first = _number(reader, ranged.right)
    largest = _largest(reader, tree.upper)
    if largest is not None and first is not None and first == int(first):
        return kind, _up_to(reader, tree, index, int(first), largest, kind)
    start = _declared_start(reader, tree.body, ranged.left)
    last = _number(reader, tree.upper)
    if None not in (first, last):
        reader.inference.wanted[index] = int(first or 0), int(last or 0)
    counted = start if start is not None else _counted_from(reader, ranged.right, first)
    if index in reader.inference.spans and first is not None:
        counted = int(first)
    with reader.counting(index, counted):
        body = reader.read(tree.body)
        if reader.inference.shifts(index) or index in reader.inference.spans:
            return kind, _over_span(reader, tree, first, index, body, start is not None)
        if index in reader.inference.ranges:
            if start is not None and first is not None and first < start:
                fail(Why.SHAPES, f"{index} starts at {start} where it is declared", ranged.at)
            whole = first in (0, 1) if start is None else first == start
            if whole and not _is_part(reader, tree.upper) and not _ends_before(reader, tree, index):
                _check_bounds(reader, tree, int(first or 0), index, start)
                reader.inference.starts.add(int(first or 0))
                return kind, body
            return kind, _restricted(reader, tree, ranged, index, kind, body)
    if first is None or first != int(first):
        fail(Why.UNKNOWN, f"What does {index} run over? Nothing here tells its range", ranged.at)
    if tree.upper == INFINITY:
        if kind != "sum":
            fail(
                Why.NOTATION,
                f"{tree.macro} to infinity is not understood: only series are",
                tree.upper.at,
            )
        kind, length = "series", SERIES
    else:
        last = _number(reader, tree.upper)
        if last is None or last != int(last) or last < first:
            range_of = f"What does {index} run over? "
            if isinstance(tree.upper, Symbol) and reader.scope.find(tree.upper) is None:
                name = to_latex(tree.upper)
                remedy = f"Declare {name} (let: {name} \\in \\mathbb{{N}})"
            else:
                remedy = "Nothing here tells its range"
            fail(Why.UNKNOWN, range_of + remedy, ranged.at)
        length = int(last - first) + 1
    if length > LONGEST:
        fail(
            Why.NO_CLAIM,
            f"A sum of {length} terms is too long to test: use smaller numbers",
            tree.upper.at,
        )
    reader.inference.runs_over(index, length, tree.at)
    with reader.counting(index, int(first)):
        return kind, reader.read(tree.body)


def _counted_from(reader: Reader, lower: Tree, first: float | None) -> int:
    """What the first value of an index is called: 0 in a sum that starts there, or at an index
    that is counted from there; else 1."""
    if first is not None:
        return int(first != 0)
    letters = [python_names(tree)[0] for tree in walk(lower) if isinstance(tree, Symbol)]
    return next((reader.counts[name] for name in letters if name in reader.counts), 1)


def _declared_start(reader: Reader, body: Tree, letter: Tree) -> int | None:
    """The number of the first member of the family whose members a letter numbers, if it does."""
    for part in walk(body):
        if not isinstance(part, Script) or not isinstance(part.base, Symbol):
            continue
        bound = reader.scope.find(part.base)
        if bound is None and isinstance(part.sub, Indices):
            bound = reader.scope.family(part.base, part.sub)
        sub = part.sup if isinstance(part.sup, Group) else part.sub
        if bound is None or not isinstance(sub, Indices | Group):
            continue
        if letter not in walk(sub.items[0]):
            continue
        if getattr(bound.value, "is_family", False) or first_member(bound.value) != 1:
            return first_member(bound.value)
    return None


def _ends_before(reader: Reader, tree: Big, index: str) -> bool:
    r"""Whether the upper bound is before the last value: the last one less a number, as in
    \sum_{i=1}^{n-1} x_i, or a whole number of the page's Python, as in \sum_{i=1}^k x_i."""
    upper, last = tree.upper, None
    bound = reader.scope.find(upper) if isinstance(upper, Symbol) else None
    if isinstance(upper, Sum) or (upper and bound is not None and type(bound.value) is int):
        last = _number(reader, upper)
    first = _number(reader, tree.lower.right) if isinstance(tree.lower, Relation) else None
    length = reader.inference.ranges[index]
    start = reader.inference.first_number(index)
    if last is None or first is None or start is None:
        return False
    if start == 1 and first == 0:  # counted from 0, as in Python
        return last < length - 1
    return last < start + length - 1


def _up_to(reader: Reader, tree: Big, index: str, first: int, largest: int, kind: str) -> Expr:
    """The terms of a sum whose upper bound is drawn: those beyond it count for nothing."""
    assert tree.upper is not None
    if largest - first + 1 > LONGEST:
        fail(
            Why.NO_CLAIM,
            f"A sum of {largest - first + 1} terms is too long to test: use smaller numbers",
            tree.upper.at,
        )
    reader.inference.runs_over(index, max(largest - first + 1, 1), tree.at)
    with reader.counting(index, first):
        body = reader.read(tree.body)
        here = make("index", (), (index, first), at=tree.at, free=frozenset([index]))
    bound = Condition(r"\leq", None, (here, reader.read(tree.upper)))
    return restricted(body, [bound], REDUCTIONS[kind].neutral)


def _largest(reader: Reader, tree: Tree) -> int | None:
    """The largest value of an upper bound that is drawn: n, n - 1 or 2n of a natural number n."""
    match tree:
        case Symbol():
            bound = reader.scope.find(tree)
            sample = getattr(bound.value, "sample", None) if bound is not None else None
            return getattr(sample, "most", None)
        case Sum(terms=(first, *rest), signs=("", *signs)):
            start = _largest(reader, first)
            steps = [int(term.text) for term in rest if isinstance(term, Number)]
            if start is None or len(steps) < len(rest):
                return None
            pairs = zip(signs, steps, strict=True)
            return start + sum(step if sign == "+" else -step for sign, step in pairs)
        case Product(factors=(Number(text=text), factor)) if text.isdigit():
            largest = _largest(reader, factor)
            return None if largest is None else int(text) * largest
    return None


def _over_span(
    reader: Reader, tree: Big, first: float | None, index: str, body: Expr, declared: bool
) -> Expr:
    """A sum over an index that is shifted runs over the places at which all of its uses exist.

    Where the number of the first member is declared, it is not counted from 0 as well.
    """
    if index not in reader.inference.spans:
        return body  # which they are is not known yet
    start, count = reader.inference.spans[index]
    assert tree.upper is not None
    if first not in (start + declared, start + 1):
        possible = f"{start + 1}" if declared else f"{start} or {start + 1}"
        fail(Why.SHAPES, f"With its shifts, {index} starts at {possible}", tree.at)
    last = _number(reader, tree.upper)
    if last is None and isinstance(tree.upper, Symbol) and _is_length(reader, tree.upper):
        last = reader.inference.sizes.setdefault(tree.upper.base, int(first) + count - 1)
    if last is None and isinstance(tree.upper, Sum) and first is not None:
        letter, *rest = tree.upper.terms
        shift = _number(reader, Sum((Number("0"), *rest), ("", *tree.upper.signs[1:])))
        if isinstance(letter, Symbol) and shift is not None and _is_length(reader, letter):
            end = int(first) + count - 1
            last = reader.inference.sizes.setdefault(letter.base, end - int(shift)) + shift
    if last != first + count - 1:
        fail(
            Why.SHAPES,
            f"With its shifts, {index} has {count} values, and the sum ends elsewhere",
            tree.upper.at,
        )
    return body


def _number(reader: Reader, tree: Tree) -> float | None:
    """The value of a bound that is a number, or a name that the page binds to one, or n - 1."""
    if isinstance(tree, Number):
        return float(tree.text)
    if isinstance(tree, Symbol):
        bound = reader.scope.find(tree)
        if bound is not None and bound.kind == "number":
            return float(bound.value)
        return reader.inference.sizes.get(tree.base)
    if isinstance(tree, Script) and isinstance(tree.base, Symbol):
        text = index_text(tree.sub) if tree.sub is not None else None
        bound = reader.scope.find(tree.base, text) if text else None
        if bound is not None and bound.kind == "number":
            return float(bound.value)
    if isinstance(tree, Sum):
        values = [_number(reader, term) for term in tree.terms]
        if None in values:
            return None
        pairs = zip(tree.signs, values, strict=True)
        return sum(-value if sign == "-" else value for sign, value in pairs if value is not None)
    return None


def _is_part(reader: Reader, upper: Tree) -> bool:
    """Whether an upper bound depends on another index, as i - 1 does."""
    return any(_is_index(reader, tree) for tree in walk(upper))


def _is_index(reader: Reader, tree: Tree) -> bool:
    """Whether a bound is an index itself, and no length: it has a range, or numbers something."""
    if not isinstance(tree, Symbol) or reader.scope.find(tree) is not None:
        return False
    return python_names(tree)[0] in {*reader.inference.ranges, *reader.counts, *reader.indexing}


def _is_length(reader: Reader, tree: Tree) -> bool:
    r"""Whether a bound is a letter that is free for a length, as the n of \sum_{i=1}^n."""
    free = isinstance(tree, Symbol) and reader.scope.find(tree) is None
    return free and not _is_index(reader, tree)


def _restricted(
    reader: Reader, tree: Big, ranged: Relation, index: str, kind: str, body: Expr
) -> Expr:
    """A part of a sum: what is outside of the bounds counts for nothing."""
    if kind not in ("sum", "prod"):
        fail(
            Why.NOTATION,
            f"{tree.macro} over a part of the values: write a condition below it",
            tree.at,
        )
    reader.numbered.append(index)
    assert tree.upper is not None
    for bound in (*walk(ranged.right), *walk(tree.upper)):
        if _is_index(reader, bound):
            letter = read_letter(reader, bound)
            reader.counts.setdefault(letter, reader.counts[index])
            reader.inference.run_alike(letter, index, bound.at)
    here = reader.read(ranged.left)
    conditions = [Condition(r"\geq", None, (here, reader.read(ranged.right)))]
    length = reader.inference.ranges[index]
    end = reader.counts[index] + length - 1  # what the last value is called
    last = _number(reader, tree.upper)
    if last is None and isinstance(tree.upper, Symbol) and _is_length(reader, tree.upper):
        last = reader.inference.sizes.setdefault(tree.upper.base, length)
    if last is None:
        conditions.append(Condition(r"\leq", None, (here, reader.read(tree.upper))))
    elif last > end:
        fail(
            Why.SHAPES,
            f"The index {index} has {length} values, and the sum ends at {last:g}: write its "
            "length, or leave the bounds out",
            tree.upper.at,
        )
    elif last < end:
        conditions.append(Condition(r"\leq", None, (here, number(last, tree.upper.at))))
    return restricted(body, conditions, REDUCTIONS[kind].neutral, below=True)


def _check_bounds(
    reader: Reader, tree: Big, first: int, index: str, start: int | None = None
) -> None:
    """Bounds must span the whole range, which the shapes of the nodes tell.

    Where the first value has a number by declaration, `start`, so has the last.
    """
    upper = tree.upper
    assert upper is not None
    length = reader.inference.ranges[index]
    if start is not None:
        length += start - 1
    elif first == 0:
        if isinstance(upper, Number):
            length -= 1
        elif isinstance(upper, Sum) and (upper.signs, upper.terms[1:]) == (
            ("", "-"),
            (Number("1"),),
        ):
            upper = upper.terms[0]
        elif _number(reader, upper) is not None:
            length -= 1
        else:
            fail(Why.NOTATION, "A sum from 0 runs to n-1", upper.at)
    value = _number(reader, upper)
    if value is None and isinstance(upper, Symbol):
        bound = reader.scope.find(upper)
        if bound is not None:
            fail(
                Why.OTHER_MEANING,
                f"{bound.name} is no number: it cannot be an upper bound",
                upper.at,
            )
        value = reader.inference.sizes.setdefault(upper.base, length)
    if value is None:
        fail(
            Why.NOTATION,
            "An upper bound is a number or a letter: sums run over all values",
            upper.at,
        )
    if value != length:
        fail(
            Why.SHAPES,
            f"The index {index} has {reader.inference.ranges[index]} values, and the sum ends at "
            f"{value:g}: write its length, or leave the bounds out",
            upper.at,
        )
