"""From what is typeset to what is meant: every symbol looked up, every construct given its reading.

Nothing is guessed. Where a formula has two readings on this page, as `u(v)` does when u is a node
and v is not something that it depends on, the answer is an error that says what to write.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.endings import insist_on_end
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Bars,
    Big,
    Cases,
    Empty,
    Equation,
    Evaluated,
    Factorial,
    Fraction,
    Function,
    Grad,
    Group,
    Indices,
    Listed,
    Matrix,
    Number,
    Product,
    Relation,
    Root,
    Script,
    Slash,
    Styled,
    Sum,
    Symbol,
    Tree,
    rewritten,
    substituted,
    walk,
)
from edf.equations.latex.vocabulary import ACCENTS, BINOMIALS, BOLD
from edf.equations.meaning.calculus.derivatives import read_derivative, read_grad
from edf.equations.meaning.calculus.expansions import read_expansion
from edf.equations.meaning.calculus.integrals import read_between
from edf.equations.meaning.calculus.points import read_evaluated
from edf.equations.meaning.calls.functions import read_function
from edf.equations.meaning.inference import insist_on_lengths
from edf.equations.meaning.letters.scripts import is_transpose, read_bars, read_script
from edf.equations.meaning.letters.symbols import read_symbol
from edf.equations.meaning.letters.units import insist_on_units, settle_units
from edf.equations.meaning.names.bound import with_dummies, with_own_indices
from edf.equations.meaning.names.scope import Scope, python_names
from edf.equations.meaning.piecewise.cases import read_cases
from edf.equations.meaning.piecewise.conditions import read_conditions, restricted
from edf.equations.meaning.reader import Page, Reader
from edf.equations.meaning.terms.big_operators import read_big, read_listed
from edf.equations.meaning.terms.products import indicated, read_product, read_unit
from edf.equations.meaning.terms.sums import is_entrywise, read_sum
from edf.equations.meaning.typed import algebra
from edf.equations.meaning.typed.algebra import apply
from edf.equations.meaning.typed.display import expression, latex_of
from edf.equations.meaning.typed.expression import Condition, Expr, Meaning, combined_in
from edf.equations.meaning.typed.relations import COMPARISONS, as_comparison, as_equality
from edf.equations.operations import OPERATIONS
from edf.equations.operations.shapes import Dim, describe, fits, is_column, settle

_MARKS = ACCENTS - {r"\vec"}  # which is the font of vectors


def resolve(equation: Equation, page: Page) -> Meaning:
    r"""Return the meaning of one step.

    An index that several sums have may mean something else in each, if it cannot be one; and
    2\pi may be a multiple of the number, if it cannot be one of a vector \pi.

    Raises:
        EquationError: Something is not understood or does not fit; without the source.
    """
    equation = with_dummies(equation, page.scope)
    try:
        return _resolve(equation, page)
    except EquationError:
        apart = with_own_indices(equation, page.scope)
        for other, within in ((apart, page), _with_number_pi(equation, page)):
            if other == equation:
                continue
            with suppress(EquationError):  # what is wrong with the first reading is said
                return _resolve(other, within)
        raise


def _with_number_pi(equation: Equation, page: Page) -> tuple[Equation, Page]:
    r"""A step in which \pi is the number behind a number, of a page where it is no number."""
    symbol = Symbol(r"\pi")
    bound = page.scope.find(symbol)
    if bound is None or bound.kind == "number":
        return equation, page
    constant = Symbol(r"\pi~", shown=r"\pi")

    def as_number(tree: Tree) -> Tree:
        if not isinstance(tree, Product):
            return tree
        before = (None, *tree.factors)
        pairs = zip(before, tree.factors, strict=False)
        factors = tuple(
            replace(constant, at=factor.at)
            if factor == symbol and isinstance(previous, Number)
            else factor
            for previous, factor in pairs
        )
        return tree if factors == tree.factors else replace(tree, factors=factors)

    changed = rewritten(equation, as_number)
    assert isinstance(changed, Equation)
    return changed, replace(page, scope=Scope({**page.scope.names, "pi~": math.pi}))


def with_told_lengths(equations: Sequence[Equation], page: Page) -> Page:
    r"""Bind letters whose number the bounds of a sum tell: the n of \frac{1}{n} \sum_{i=1}^n x_i.

    Args:
        equations: The steps of a claim, each of which may use what another one tells.
        page: What they are read against.
    """
    parts = [(equation, tree) for equation in equations for tree in walk(equation)]
    sums = [(within, tree) for within, tree in parts if isinstance(tree, Big) and tree.upper]
    bounds = Counter(letter for _, big in sums for letter in _letters_above(big))
    wanted = {letter for letter in bounds if not letter.styles and not page.scope.find(letter)}
    uses = Counter(tree for _, tree in parts if tree in wanted) if wanted else bounds
    told: dict[str, int] = {}
    for equation, big in sums:
        for letter in wanted.intersection(_letters_above(big)):
            if uses[letter] == bounds[letter]:
                continue
            reader = Reader(equation, page, READERS, read_unit)
            name = python_names(letter)[0]
            if name in reader.indexing:  # x_n is the last component
                return page
            with suppress(EquationError):
                reader.read(replace(big, body=substituted(big.body, {letter: Number("1")})))
            if size := reader.inference.sizes.get(letter.base):
                told[name] = size
    return replace(page, scope=Scope({**page.scope.names, **told})) if told else page


def _letters_above(big: Big) -> list[Symbol]:
    return [tree for tree in walk(big.upper) if isinstance(tree, Symbol)] if big.upper else []


def _resolve(equation: Equation, page: Page) -> Meaning:
    reader = Reader(equation, page, READERS, read_unit)
    try:
        meaning = _resolved(reader, equation)
    except EquationError:
        if reader.members:
            columns = Reader(equation, page, READERS, read_unit)
            columns.columns = True
            try:
                return _resolved(columns, equation)
            except EquationError:
                pass  # what is wrong with rows is said
        if reader.named_entries and not page.entries:
            try:
                return _resolve(equation, replace(page, entries=True))
            except EquationError:
                pass  # what is wrong with whole vectors is said
        raise
    if reader.members:
        _insist_on_rows(equation, page)
    return meaning


def _insist_on_rows(equation: Equation, page: Page) -> None:
    """Refuse X_i of a matrix X if it could be its row as well as its column."""
    reader = Reader(equation, page, READERS, read_unit)
    reader.columns = True
    try:
        _resolved(reader, equation)
    except EquationError:
        return
    fail(
        Why.AMBIGUOUS,
        "Is X_i a row or a column of the matrix X? Write X_{i,:} or X_{:,i}, or declare members "
        "(let: x_i \\in \\mathbb{R}^n, i = 1, \\dots, N)",
        equation.at,
    )


def _resolved(reader: Reader, equation: Equation) -> Meaning:
    """Read a step, a second time where its shifts or the numbers of its components tell more."""
    page, columns = reader.page, reader.columns
    try:
        meaning = _read_equation(reader, equation)
    except EquationError as error:
        if reader.undecided and not reader.layout:
            return _with_fitting_layout(equation, page, columns)
        if (
            reader.units
            and error.why in (Why.SHAPES, Why.UNKNOWN)
            and "unit vector" not in error.message
        ):
            error.message += "; what is written e_i is a unit vector, since e is not bound here"
        raise
    base = _first_component(reader)
    from_one = base == 1 or (base is None and page.world.is_declared)
    spans = reader.inference.shifted_spans(from_one)
    several = combined_in((meaning.left, meaning.right))
    if spans or several or base != reader.base:
        for letter, (_, length) in spans.items():
            if length < 1:
                fail(Why.SHAPES, f"No value of {letter} has all of these shifts", equation.at)
        starts = reader.inference.starts
        told = 1 if base is None and page.world.is_declared and not starts else base
        places = reader.inference.with_places(several, told) if several else {}
        again = Reader(equation, page, READERS, read_unit, spans, places)
        again.base, again.columns = base, columns
        meaning, reader = _read_equation(again, equation), again
    insist_on_one_count(reader)
    return meaning


def insist_on_one_count(reader: Reader) -> None:
    r"""Refuse a label of Python, counted from 0, beside a sum over a part, counted from 1.

    Of \sum_{k=1}^{b-1} x_k + x_b, the label may be meant as one or the other.
    """
    if reader.numbered and reader.places and reader.base != 0:
        name, at = reader.places[0]
        fail(
            Why.AMBIGUOUS,
            f"Is {name} a component counted from 0, as in Python, or from 1, as the sum over "
            f"{reader.numbered[0]} is? Bind the component to a name",
            at,
        )


def _base(reader: Reader) -> int:
    """Return what the first component is called, by declaration or where sums start.

    Where nothing says so, it is 1 on a page whose mathematics says all, and 0 as in Python.
    """
    if reader.base is not None:
        return reader.base
    starts = reader.inference.starts
    return int(1 in starts if starts else reader.page.world.is_declared)


def _first_component(reader: Reader) -> int | None:
    """Return what the first component is called; where this is open and matters, it is an error."""
    counted = reader.inference.counted
    if reader.base is not None or not counted:
        return reader.base
    base = reader.inference.first_component()
    if base is None and reader.page.world.is_declared:
        base = 1
    if base is None:
        number, _, at = counted[0]
        fail(
            Why.AMBIGUOUS,
            f"Is component {number} counted from 0 or from 1? Declare it with "
            f'reading="base 0" or reading="base 1", or bind the component to a name',
            at,
        )
    return base


def _with_fitting_layout(equation: Equation, page: Page, columns: bool) -> Meaning:
    """Read derivatives of numbers by bare vectors in the one layout in which all shapes fit.

    Beside derivatives of vectors it must be a single one: a chain of nothing but derivatives fits
    in some layout in whichever order it is written. Where both fit, as of a square matrix, both are
    tested, and must agree.

    Raises:
        EquationError: None fits, or a gradient has the shape of the transpose.
    """
    found: list[Meaning] = []
    turned = False  # a gradient by a matrix in the shape of its transpose is to be declared
    chained = False  # nothing but derivatives stands in a product
    problems: dict[str, EquationError] = {}
    for layout in ("denominator", "numerator"):
        reader = Reader(equation, page, READERS, read_unit)
        reader.layout, reader.columns = layout, columns
        try:
            meaning = _read_equation(reader, equation)
        except EquationError as error:
            problems[error.message] = error
            continue
        if reader.inference.counted or reader.inference.shifted_spans(False):
            continue
        if reader.jacobians and reader.undecided > 1:
            chained = True
            continue
        if not any(_alike(meaning, other) for other in found):
            found.append(replace(meaning, layout=layout))
            turned = reader.turned
    if len(found) == 1 and not turned:
        return found[0]
    if len(found) == 2 and not chained:
        return replace(found[0], layout="", turned=found[1])
    if not found and not chained and len(problems) == 1:  # which has nothing to do with layouts
        raise next(iter(problems.values()))
    return _without_layout(equation, page, columns)


def _without_layout(equation: Equation, page: Page, columns: bool = False) -> Meaning:
    reader = Reader(equation, page, READERS, read_unit)
    reader.columns = columns
    return _read_equation(reader, equation)


def refuse_layout(equation: Equation, page: Page) -> None:
    """Refuse derivatives by bare vectors, a row or a column, with no layout declared.

    Raises:
        EquationError: Always, for a step that has some.
    """
    _without_layout(equation, page)


def _alike(turned: Meaning, meaning: Meaning) -> bool:
    """Whether two meanings are the same, or the one has all derivatives of the other as rows."""
    own, others = (turned.left, turned.right), (meaning.left, meaning.right)
    return own == others or tuple(map(_upright, own)) == others


def _upright(expr: Expr) -> Expr | None:
    """A sum of derivatives with each of them transposed, or None if more is done to them."""
    if expr.shape is None:
        return expr
    if expr.op == "transpose" and expr.args[0].op == "deriv":
        return expr.args[0]
    if expr.op not in ("add", "neg", "mul", "div", "hadamard"):
        return None
    parts = [_upright(arg) for arg in expr.args]
    return None if None in parts else replace(expr, args=tuple(p for p in parts if p is not None))


def _read_equation(reader: Reader, equation: Equation) -> Meaning:
    if equation.sign == r"\in" and any(
        isinstance(tree, Symbol) and r"\mathbb" in tree.styles for tree in walk(equation.right)
    ):
        fail(
            Why.NO_CLAIM,
            "This says what a letter is, and claims nothing: write <!-- let --> before the "
            "formula, or let in its fence",
            equation.at,
        )
    left, right = read_expansion(reader, equation) or (
        reader.read(equation.left),
        reader.read(equation.right),
    )
    given = read_conditions(reader, equation.conditions)
    settle_units(reader)
    reader.inference.settle_ranges()
    for expr in (*left.walk(), *right.walk()):
        if expr.op == "index" and expr.data[0] not in reader.inference.ranges:
            fail(
                Why.UNKNOWN,
                f"What does {expr.data[0]} run over? Nothing here tells its range",
                expr.at,
            )
    equation, left, right = as_comparison(equation, left, right, reader.page.singular)
    if left.shape is not None and not left.free:
        right = _as_matrix(reader, equation.right, right)
    elif right.shape is not None and not right.free:
        left = _as_matrix(reader, equation.left, left)
    if equation.sign not in COMPARISONS:  # which hold for all i and j, as P_i P_j \leq 1
        _insist_on_same_indices(reader, left, right, given)
    if not (_is_zero(left) or _is_zero(right)) and not fits(left.shape, right.shape):
        fail(
            Why.SHAPES,
            f"The left side is {describe(left.shape)}, the right side {describe(right.shape)}: "
            "write a transpose, an index or a product that makes them alike",
            right.at,
        )
    insist_on_units(reader)
    insist_on_lengths((*left.walk(), *right.walk()))
    one, other = as_equality(equation, left, right)
    return Meaning(
        restricted(one, given), restricted(other, given), dict(reader.inference.ranges),
        equation.sign, tuple(given), written=(left, right), base=_base(reader),
    )  # fmt: skip


def _as_matrix(reader: Reader, tree: Tree, entry: Expr) -> Expr:
    r"""A = (a_{ij}): a matrix by its entries in parentheses, where the other side is one.

    The first letter that is written numbers the rows.
    """
    if not isinstance(tree, Group) or len(tree.items) > 1 or entry.shape is not None:
        return entry
    written = [t.base for t in walk(tree) if isinstance(t, Symbol) and t.base in entry.free]
    letters = list(dict.fromkeys(written))
    if not 1 <= len(letters) <= 2 or set(letters) != entry.free:
        return entry
    lengths = [reader.inference.ranges[letter] for letter in letters]
    data = (letters[0], letters[1] if len(letters) > 1 else None)
    shape = (lengths[0], lengths[1] if len(letters) > 1 else 1)
    shown = expression(entry), latex_of(entry)
    return algebra.make(
        "gather", (entry,), data, at=entry.at, shape=shape, free=frozenset(),
        bound=frozenset(letters), label=(f"({shown[0]})", rf"\left( {shown[1]} \right)"),
    )  # fmt: skip


def insist_on_one_spelling(equation: Equation, scope: Scope) -> None:
    r"""Refuse two spellings of one name: x and \mathbf{x} would look like two things.

    A vector may be bold where it stands alone, and plain where it has an index: \mathbf{x} and x_i.
    """
    spellings: dict[tuple[str, bool], Symbol] = {}
    sets = {t.right.at for t in walk(equation) if isinstance(t, Relation) and t.sign == r"\in"}
    below = {t.base.at: t.sub for t in walk(equation) if isinstance(t, Script) and t.sub}
    most = max((len(sub.items) for sub in below.values() if isinstance(sub, Indices)), default=0)
    indexed = {  # in which x_{ij} is an entry, and a bold x_i a row
        at
        for at, sub in below.items()
        if most < 2 or not isinstance(sub, Indices) or len(sub.items) == most
    }
    laws = {  # \mathcal{N}(x \mid \mu, \Sigma) beside N of data
        head.at
        for tree in walk(equation) if isinstance(tree, Product)
        for head, behind in pairwise(tree.factors)
        if isinstance(head, Symbol) and isinstance(behind, Group)
        and head.base == "N" and r"\mathcal" in head.styles
    }  # fmt: skip
    apart = sets | laws
    for tree in walk(equation):
        if not isinstance(tree, Symbol) or tree.at in apart or (bound := scope.find(tree)) is None:
            continue
        here = tree.at in indexed
        for known in (spellings.setdefault((bound.name, here), tree),
                      spellings.get((bound.name, not here))):  # fmt: skip
            if known is None or known == tree:
                continue
            pair = (tree, known) if here else (known, tree)
            if (known.at in indexed) == here or not _bold_and_plain(*pair):
                fail(
                    Why.OTHER_MEANING,
                    f"{to_latex(known)} and {to_latex(tree)} both mean {bound.name}: use one "
                    "spelling",
                    tree.at,
                )


def _bold_and_plain(entry: Symbol, whole: Symbol) -> bool:
    """Whether two symbols differ in that the whole is bold, and an entry is not."""
    accents = [[s for s in symbol.styles if s in _MARKS] for symbol in (entry, whole)]
    fonts = [[s for s in symbol.styles if s not in _MARKS] for symbol in (entry, whole)]
    return entry.base == whole.base and accents[0] == accents[1] and not fonts[0] and (
        set(fonts[1]) <= BOLD | {r"\vec"}
    )  # fmt: skip


def _insist_on_same_indices(
    reader: Reader, left: Expr, right: Expr, given: Sequence[Condition]
) -> None:
    compared = {index for condition in given for index in condition.indices or ()}
    if not (left.free and right.free):  # R_t = c, \quad \forall t
        alone = {t: reader.occurrences[Symbol(t)] == 1 for t in reader.page.stated}
        compared |= {letter for letter, once in alone.items() if once}
    only = sorted((left.free ^ right.free) - compared)
    if _is_constant(left) or _is_constant(right) or not only:
        return
    names = ", ".join(only)
    fail(
        Why.SHAPES,
        f"The ind{'ex' if len(only) == 1 else 'ices'} {names} "
        f"stand{'s' * (len(only) == 1)} free on one side only: sum over it with "
        "\\sum, or write it on both sides",
        right.at,
    )


def _is_constant(expr: Expr) -> bool:
    r"""Whether a side is made of numbers alone, as \frac{1}{n} is: the other has it everywhere."""
    return expr.shape is None and all(
        part.op == "number" or part.op in OPERATIONS for part in expr.walk()
    )


def _is_zero(expr: Expr) -> bool:
    return expr.op == "number" and expr.data == 0


# ------------------------------------------------------------------------------- the simplest trees


def _read_number(reader: Reader, tree: Number) -> Expr:
    value = float(tree.text)
    if not math.isfinite(value):
        fail(Why.NOTATION, "This number is too large", tree.at)
    return algebra.number(value, tree.at, (tree.text, tree.text))


def _read_group(reader: Reader, tree: Group) -> Expr:
    if tree.open.endswith(r"\langle"):
        if len(tree.items) != 2:
            fail(Why.NOTATION, "An inner product has two parts: \\langle u, v \\rangle", tree.at)
        with reader.unlifted():
            return apply("inner", [reader.read(item) for item in tree.items], tree.at)
    if tree.open.lstrip("\\").endswith(("lfloor", "lceil")):
        name = "floor" if tree.open.endswith("floor") else "ceil"
        if len(tree.items) > 1:
            fail(Why.NOTATION, f"The {name} of one number is understood", tree.items[1].at)
        return apply(name, (reader.read(tree.items[0]),), tree.at)
    if len(tree.items) == 1:
        (item,) = tree.items
        if isinstance(item, Relation) and tree.open.endswith("["):  # Iverson's bracket
            return indicated(reader, item, tree.at)
        return reader.read(item)
    if tree.open.endswith("\\{"):
        fail(Why.NOTATION, "Sets are not tested: write what holds for their members", tree.at)
    below = tree.open.endswith("[") and set(tree.commas) == {";"}  # [h; x]
    if (tree.commas and not below) or not tree.open.endswith(("(", "[")):
        fail(Why.NOTATION, "Commas inside these parentheses, which are no function's", tree.at)
    entries = [reader.read(item) for item in tree.items]
    shapes = [entry.shape for entry in entries if entry.shape is not None]
    lengths = {settle(shape[0]) for shape in shapes if is_column(shape)}
    if len(lengths) == len(entries) or below:
        return apply("above", entries, tree.at)  # [h, x] of unlike lengths can only be stacked
    for entry in entries:
        if entry.shape is not None:
            fail(
                Why.SHAPES,
                "A list of numbers is a vector; of vectors, write [x; y] for one above the other",
                entry.at,
            )
    return apply("beside" if tree.open.endswith("[") else "above", entries, tree.at)


def _read_fraction(reader: Reader, tree: Fraction | Slash) -> Expr:
    if isinstance(tree, Fraction) and tree.macro in BINOMIALS:
        return apply("binomial", (reader.read(tree.top), reader.read(tree.bottom)), tree.at)
    if (derivative := read_derivative(reader, tree)) is not None:
        return derivative
    if isinstance(tree, Slash):
        insist_on_end(tree.bottom, "the denominator")
    top, bottom = reader.read(tree.top), reader.read(tree.bottom)
    entrywise = is_column(bottom.shape) and is_entrywise(bottom)  # 1/(1 + e^{-z})
    if entrywise and (top.shape is None or fits(top.shape, bottom.shape)):
        return algebra.make("div", (top, bottom), at=tree.at, shape=bottom.shape)
    return apply("div", (top, bottom), tree.at)


def _read_root(reader: Reader, tree: Root) -> Expr:
    if tree.degree is not None:
        return apply("root", (reader.read(tree.body), reader.read(tree.degree)), tree.at)
    return apply("sqrt", (reader.read(tree.body),), tree.at)


def _read_factorial(reader: Reader, tree: Factorial) -> Expr:
    return apply("factorial", (reader.read(tree.body),), tree.at)


def _read_matrix(reader: Reader, tree: Matrix) -> Expr:
    """A matrix by its entries, which may be numbers, columns or matrices themselves."""
    if tree.environment == "Vmatrix":
        fail(Why.SHAPES, "A norm of a matrix written out: bind it to a name", tree.at)
    rows = []
    for row, entries in zip(tree.rows, _blocks(reader, tree), strict=True):
        rows.append(entries[0] if len(entries) == 1 else apply("beside", entries, row.at))
    if len({None if row.shape is None else row.shape[1] for row in rows}) > 1 and all(
        row.shape is None or row.shape[0] == 1 for row in rows
    ):
        fail(Why.SHAPES, "The rows of this matrix have different lengths", tree.at)
    value = apply("above", rows, tree.at) if len(rows) > 1 else rows[0]
    return apply("det", (value,), tree.at) if tree.environment == "vmatrix" else value


def _blocks(reader: Reader, tree: Matrix) -> list[list[Expr]]:
    """The entries of a matrix, row by row; a zero among matrices has the shape of its block."""
    grid = [[reader.read(entry) for entry in row.entries] for row in tree.rows]
    if len({len(row) for row in grid}) > 1:
        return grid
    if all(entry.shape is None for row in grid for entry in row):
        return grid
    blocks = [[None if _is_zero(entry) else entry.shape or (1, 1) for entry in row] for row in grid]
    for i, row in enumerate(grid):
        for k, entry in enumerate(row):
            beside = [shape[0] for shape in blocks[i] if shape is not None]
            along = [shape[1] for shape in (below[k] for below in blocks) if shape is not None]
            if not beside or not along:
                continue
            size = _known(beside), _known(along)
            if _is_zero(entry):
                row[k] = algebra.make("zeros", at=entry.at, shape=size)
            elif entry.op == "eye":
                fits(entry.shape, size)
    return grid


def _known(lengths: list[Dim]) -> Dim:
    """One of several lengths that are the same, a known one if there is any."""
    settled = [settle(length) for length in lengths]
    return next((length for length in settled if isinstance(length, int)), settled[0])


def _read_styled(reader: Reader, tree: Styled) -> Expr:
    if tree.macro in ACCENTS:
        fail(
            Why.NOTATION,
            f"{tree.macro} over more than a name is not understood: bind it to a name",
            tree.at,
        )
    return reader.read(tree.body)


def _read_relation(reader: Reader, tree: Relation) -> Expr:
    fail(
        Why.NOTATION,
        "A relation is no value: bind the probability, or write an indicator, [i = j]",
        tree.right.at,
    )


def _read_script(reader: Reader, tree: Script) -> Expr:
    r"""A base with scripts; [F(x)]_a^b of a number F, which has no components."""
    match tree:
        case Script(base=Group(items=(body,), open=opened), sub=Indices(items=(low,)), primes=0):
            above = tree.sup
            if above is not None and opened.endswith("[") and not is_transpose(reader, above):
                try:
                    shape = reader.whole(body).shape
                except EquationError:  # of a letter that has no value but these
                    shape = None
                if shape is None:
                    return read_between(reader, body, low, above, tree.at)
    return read_script(reader, tree)


READERS: dict[type[Tree], Callable[[Reader, Any], Expr]] = {
    Number: _read_number,
    Symbol: read_symbol,
    Script: _read_script,
    Group: _read_group,
    Sum: read_sum,
    Product: read_product,
    Fraction: _read_fraction,
    Slash: _read_fraction,
    Root: _read_root,
    Factorial: _read_factorial,
    Matrix: _read_matrix,
    Listed: read_listed,
    Styled: _read_styled,
    Relation: _read_relation,
    Evaluated: read_evaluated,
    Empty: lambda reader, tree: algebra.number(0.0, tree.at),
    Function: read_function,
    Bars: read_bars,
    Big: read_big,
    Cases: read_cases,
    Grad: read_grad,
}
