"""All ways to change one symbol of an equation, in a fixed order.

They serve twice: a verified equation should fail under each of them, and a refuted one may be
mended by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edf.equations.latex import syntax as s
from edf.equations.latex.spoken import spoken

_FUNCTIONS = {
    r"\exp": (r"\log",), r"\log": (r"\exp",), r"\ln": (r"\exp",), r"\sin": (r"\cos",),
    r"\cos": (r"\sin",), r"\tanh": (r"\sinh",), r"\sinh": (r"\cosh",), r"\cosh": (r"\sinh",),
    r"\tan": (r"\sin",), r"\max": (r"\min",), r"\min": (r"\max",),
}  # fmt: skip
#: Functions that are left out.
_MISSING = {r"\log": "logarithm", r"\sqrt": "square root", r"\exp": "exponential"}
_BIGS = {r"\sum": r"\prod", r"\prod": r"\sum", r"\max": r"\min", r"\min": r"\max"}
SIGNS = {
    "=": r"\neq", r"\neq": "=", "<": ">", ">": "<", r"\leq": r"\geq", r"\geq": r"\leq",
    r"\succ": r"\prec", r"\prec": r"\succ", r"\succeq": r"\preceq", r"\preceq": r"\succeq",
}  # fmt: skip
#: Symbols that are part of a construct and stand for nothing by themselves.
_CONSTRUCTS = frozenset(
    [r"\partial", r"\nabla", r"\top", r"\intercal", r"\infty", r"\delta", "d", "e"]
)


@dataclass(frozen=True)
class Mutation:
    """One change: what kind, what it does (after "holds if"), and the changed equation."""

    kind: str
    text: str
    equation: s.Equation
    side: str = "right"


@dataclass(frozen=True)
class Alphabet:
    """What symbols may be exchanged for: index letters, and names by groups of one shape."""

    letters: tuple[str, ...]
    names: tuple[tuple[s.Tree, ...], ...]


_Change = tuple[str, str, s.Tree]

MOST = 400_000  # changes of one side, times the parts of the equation


def mutations(equation: s.Equation, alphabet: Alphabet, mending: bool = False) -> list[Mutation]:
    """Return every change, those of the right side first, none twice; of a huge equation, some.

    For `mending` also the slips that are no change of one symbol: what is exchanged, a square, a
    factor 2, a number that is far off.
    """
    found: dict[s.Equation, Mutation] = {}
    maker = _Mender(alphabet) if mending else _Maker(alphabet)
    most = MOST // sum(1 for _ in s.walk(equation))
    for name in ("right", "left"):
        found_here = maker.within(getattr(equation, name))
        if name == "right":
            found_here = itertools.chain(found_here, _negated(equation.right))
        if mending:
            found_here = itertools.chain(
                found_here, _exchanged(getattr(equation, name), name, alphabet)
            )
        for kind, text, side in itertools.islice(found_here, most):
            changed = s.with_child(equation, name, None, side)
            assert isinstance(changed, s.Equation)
            if changed != equation:
                found.setdefault(changed, Mutation(kind, text, changed, name))
    return list(found.values())


def _negated(side: s.Tree) -> Iterator[_Change]:
    """Yield a side with a minus sign in front, so that every equation has something to change."""
    if not isinstance(side, s.Sum) and side != s.Number("0"):
        yield "sign", "the sign of the right side is changed", s.Sum((side,), ("-",), at=side.at)


def _exchanged(side: s.Tree, where: str, alphabet: Alphabet) -> Iterator[_Change]:
    """Yield a side with two names exchanged wherever they stand; in derivatives this would make
    those of a name by itself, which are 1."""
    there = set(s.walk(side))
    if any(_is_quotient(tree) for tree in there):
        return
    for group in alphabet.names:
        for one, other in itertools.combinations([name for name in group if name in there], 2):
            turned = {one: other, other: one}
            text = f"{spoken(one)} and {spoken(other)} are exchanged on the {where} side"
            yield "exchange", text, s.substituted(side, turned)


class _Maker:
    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet

    def within(self, tree: s.Tree) -> Iterator[_Change]:
        """Yield (kind, text, changed tree) for `tree` and everything in it."""
        if _is_order(tree):
            return  # O(h) says less than O(h^2), and is as true
        yield from self.at(tree)
        for name, place, child in s.children(tree):
            if isinstance(tree, s.Script) and name in ("sub", "sup"):
                continue  # seen to with the script as a whole
            if isinstance(tree, s.Big) and name in ("lower", "upper"):
                continue
            for kind, text, changed in self.within(child):
                if not (isinstance(tree, s.Script) and _takes_no_script(changed)):
                    yield kind, text, s.with_child(tree, name, place, changed)

    def at(self, tree: s.Tree) -> Iterator[_Change]:
        """Yield the changes of this very part."""
        match tree:
            case s.Product():
                yield from self._factors(tree)
            case s.Sum():
                yield from self._terms(tree)
            case s.Number():
                yield from self._number(tree)
            case s.Symbol():
                yield from self._renamed(tree)
            case s.Script():
                yield from self._script(tree)
            case s.Function():
                for macro in _FUNCTIONS.get(tree.macro, ()):
                    changed = replace(tree, macro=macro, sub=None)
                    yield "function", f"{tree.macro[1:]} is changed to {macro[1:]}", changed
            case s.Big():
                yield from self._big(tree)
            case s.Relation() if tree.sign in SIGNS:
                sign = SIGNS[tree.sign]
                changed_relation = s.Relation(tree.left, sign, tree.right, at=tree.at)
                yield "condition", f"{spoken(tree)} is turned round", changed_relation

    def _factors(self, tree: s.Product) -> Iterator[_Change]:
        differential = s.Symbol(r"\partial"), s.Symbol("d"), s.Symbol("d", (r"\mathrm",))
        head = tree.factors[0]
        if head in differential or (isinstance(head, s.Script) and head.base in differential):
            return
        for k, factor in enumerate(tree.factors):
            factors = tree.factors[:k] + tree.factors[k + 1 :]
            joins = tree.joins[1:] if k == 0 else tree.joins[: k - 1] + tree.joins[k:]
            rest = factors[0] if len(factors) == 1 else s.Product(factors, joins, at=tree.at)
            yield "factor", f"the factor {spoken(factor)} is dropped", rest

    def _terms(self, tree: s.Sum) -> Iterator[_Change]:
        for k, (sign, term) in enumerate(zip(tree.signs, tree.terms, strict=True)):
            flipped = "-" if sign != "-" else ("+" if k else "")
            signs = (*tree.signs[:k], flipped, *tree.signs[k + 1 :])
            yield (
                "sign",
                f"the sign of {spoken(term)} is changed",
                s.Sum(tree.terms, signs, at=tree.at) if len(signs) > 1 or signs[0] else term,
            )
            if len(tree.terms) < 2:
                continue
            terms = tree.terms[:k] + tree.terms[k + 1 :]
            left = tree.signs[:k] + tree.signs[k + 1 :]
            first = "" if left[0] == "+" else left[0]
            left = (first, *left[1:])
            rest = terms[0] if len(terms) == 1 and not first else s.Sum(terms, left, at=tree.at)
            yield "term", f"the term {spoken(term)} is dropped", rest

    def _number(self, tree: s.Number) -> Iterator[_Change]:
        if tree.text.isdigit():
            for value in (int(tree.text) + 1, int(tree.text) - 1):
                if value >= 0:
                    changed = s.Number(str(value), at=tree.at)
                    yield "number", f"{tree.text} is changed to {value}", changed
        if tree.text == "1":
            letters = self.alphabet.letters
            for k, i in enumerate(letters):
                for j in letters[k + 1 :]:
                    delta = _delta(i, j, tree.at)
                    yield "delta", f"1 is changed to {spoken(delta)}", delta

    def _renamed(self, tree: s.Tree) -> Iterator[_Change]:
        for group in self.alphabet.names:
            if tree in group:
                for other in group:
                    if other != tree:
                        text = f"{spoken(tree)} is changed to {spoken(other)}"
                        yield "name", text, replace(other, at=tree.at)

    def _script(self, tree: s.Script) -> Iterator[_Change]:
        def again(sub: s.Tree | None, sup: s.Tree | None) -> s.Tree:
            if sub is None and sup is None and not tree.primes:
                return tree.base
            return s.Script(tree.base, sub, sup, tree.primes, at=tree.at)

        if tree.base == s.Symbol(r"\delta") and tree.sup is None:
            yield "delta", f"{spoken(tree)} is changed to 1", s.Number("1", at=tree.at)
        if isinstance(tree.sub, s.Indices):
            for kind, text, sub in self._indices(tree, tree.sub):
                yield kind, text, again(sub, tree.sup)
        if tree.sup is not None and tree.base != s.Symbol("e"):
            what = "transpose" if is_transposition(tree.sup) else "power"
            text = f"the {what} of {spoken(again(tree.sub, None))} is dropped"
            yield what, text, again(tree.sub, None)
        if tree.sup is not None and not is_transposition(tree.sup):
            for kind, text, sup in self.within(tree.sup):
                yield kind, text, again(tree.sub, sup)
        if tree.primes:
            fewer = s.Script(tree.base, tree.sub, tree.sup, tree.primes - 1, at=tree.at)
            text = f"a prime of {spoken(tree)} is dropped"
            yield "prime", text, fewer if fewer != s.Script(tree.base) else tree.base

    def _indices(self, tree: s.Script, sub: s.Indices) -> Iterator[tuple[str, str, s.Tree]]:
        for place, item in enumerate(sub.items):
            if not isinstance(item, s.Symbol) or item.base not in self.alphabet.letters:
                continue
            for letter in self.alphabet.letters:
                if letter != item.base:
                    items = (
                        *sub.items[:place],
                        s.Symbol(letter, at=item.at),
                        *sub.items[place + 1 :],
                    )
                    changed = s.Indices(items, sub.commas, at=sub.at)
                    after = s.Script(tree.base, changed, None, at=tree.at)
                    before = s.Script(tree.base, sub, None, at=tree.at)
                    yield "index", f"{spoken(before)} is changed to {spoken(after)}", changed

    def _big(self, tree: s.Big) -> Iterator[_Change]:
        if tree.macro == r"\int":
            if isinstance(tree.lower, s.Indices) and tree.upper is not None:
                lower = s.Indices((tree.upper,), (), at=tree.lower.at)
                changed = s.Big(tree.macro, lower, tree.lower.items[0], tree.body, at=tree.at)
                yield "order", "the limits of the integral are exchanged", changed
            return
        if tree.macro not in _BIGS:
            return
        macro = _BIGS[tree.macro]
        yield (
            "function",
            f"the {tree.macro[1:]} is changed to a {macro[1:]}",
            s.Big(macro, tree.lower, tree.upper, tree.body, at=tree.at),
        )
        if isinstance(tree.lower, s.Relation) and tree.lower.sign != "=":
            for kind, text, below in self.at(tree.lower):
                yield kind, text, s.Big(tree.macro, below, tree.upper, tree.body, at=tree.at)
            index = s.Indices((tree.lower.left,), (), at=tree.lower.at)
            text = f"the condition {spoken(tree.lower)} is dropped"
            yield "condition", text, s.Big(tree.macro, index, tree.upper, tree.body, at=tree.at)


class _Mender(_Maker):
    """Makes the changes that mend what writers get wrong, too."""

    def within(self, tree: s.Tree) -> Iterator[_Change]:
        yield from super().within(tree)
        if isinstance(tree, s.Sum | s.Product | s.Fraction | s.Bars | s.Script | s.Symbol | s.Big):
            yield from _doubled(tree)
        if isinstance(tree, s.Sum):
            yield from _parenthesised(tree)
        if isinstance(tree, s.Fraction | s.Slash | s.Group | s.Big) and not _is_quotient(tree):
            for macro, what in _MISSING.items():
                yield "function", f"the {what} of {spoken(tree)} is taken", _of(macro, tree)

    def at(self, tree: s.Tree) -> Iterator[_Change]:
        yield from super().at(tree)
        match tree:
            case s.Sum(terms=(one, other), signs=("" | "+", "-")):
                exchanged = s.Sum((other, one), ("", "-"), at=tree.at)
                yield "exchange", f"{spoken(one)} and {spoken(other)} are exchanged", exchanged
                yield from _raised(tree, s.Group((tree,), "(", ")", at=tree.at))
            case s.Sum() if len(tree.terms) > 1:
                yield from _raised(tree, s.Group((tree,), "(", ")", at=tree.at))
            case s.Product():
                yield from _reordered(tree)
            case s.Big(macro=r"\sum") if tree.upper not in (None, s.INFINITY):
                assert tree.upper is not None
                mean = s.Fraction(tree, tree.upper, r"\frac", at=tree.at)
                yield "mean", f"the sum is divided by {spoken(tree.upper)}", mean
            case s.Fraction() if not is_differential(tree.top):
                turned = s.Fraction(tree.bottom, tree.top, tree.macro, at=tree.at)
                yield "exchange", f"{spoken(tree)} is turned upside down", turned
                yield "factor", f"the denominator {spoken(tree.bottom)} is dropped", tree.top
                one = replace(tree, top=s.Number("1", at=tree.top.at))
                yield "factor", f"the numerator {spoken(tree.top)} is changed to 1", one
            case s.Root():
                yield "function", f"the root of {spoken(tree.body)} is dropped", tree.body
                if tree.degree is None:
                    cube = replace(tree, degree=s.Number("3"))
                    yield "number", f"the square root of {spoken(tree.body)} is a cube root", cube
            case s.Symbol() if any(tree in group for group in self.alphabet.names):
                yield from _raised(tree, tree)
            case s.Script() if tree.sup is None and not tree.primes:
                yield from _raised(tree, tree)
                yield from self._turned(tree)
            case s.Bars():
                yield from _raised(tree, tree)
            case s.Function():
                for text, argument in _opposite(tree.argument):
                    yield "sign", text, replace(tree, argument=argument)
                yield "function", f"the {tree.macro[1:]} is dropped", tree.argument
                if tree.sup is None and not tree.primes:
                    squared = replace(tree, sup=s.Number("2"))
                    yield "square", f"{spoken(tree)} is squared: {spoken(squared)}", squared

    def _script(self, tree: s.Script) -> Iterator[_Change]:
        yield from super()._script(tree)
        bare = replace(tree, sup=None)
        for kind, text, changed in self._renamed(bare):  # of a name with a number, as x_1
            assert isinstance(changed, s.Symbol | s.Script)
            if tree.sup is None:
                yield kind, text, changed
            elif isinstance(changed, s.Script):
                yield kind, text, replace(changed, sup=tree.sup)
        if tree.base == s.Symbol("e") and tree.sup is not None:
            for text, sup in _opposite(tree.sup):
                yield "sign", text, replace(tree, sup=sup)

    def _number(self, tree: s.Number) -> Iterator[_Change]:
        yield from super()._number(tree)
        if tree.text.isdigit() and int(tree.text) <= _FAR:
            here = int(tree.text)
            for value in sorted(range(_FAR + 1), key=lambda value: abs(value - here)):
                if abs(value - here) > 1:
                    changed = s.Number(str(value), at=tree.at)
                    yield "far number", f"{tree.text} is changed to {value}", changed

    def _turned(self, tree: s.Script) -> Iterator[_Change]:
        """Yield W_{ij} for W_{ji}."""
        if isinstance(tree.sub, s.Indices) and len(tree.sub.items) == 2:
            sub = s.Indices(tree.sub.items[::-1], tree.sub.commas, at=tree.sub.at)
            turned = s.Script(tree.base, sub, tree.sup, tree.primes, at=tree.at)
            if turned != tree and tree.base != s.Symbol(r"\delta"):
                yield "transpose", f"{spoken(tree)} is changed to {spoken(turned)}", turned


_FAR = 12  # the largest whole number that one is changed to


def _raised(tree: s.Tree, base: s.Tree) -> Iterator[_Change]:
    squared = s.Script(base, None, s.Number("2"), at=tree.at)
    yield "square", f"{spoken(tree)} is squared: {spoken(squared)}", squared
    cubed = s.Script(base, None, s.Number("3"), at=tree.at)
    yield "power", f"{spoken(tree)} is cubed: {spoken(cubed)}", cubed
    transposed = s.Script(base, None, s.Symbol(r"\top"), at=tree.at)
    yield "transpose", f"{spoken(tree)} is transposed", transposed
    inverse = s.Script(base, None, s.Sum((s.Number("1"),), ("-",)), at=tree.at)
    yield "inverse", f"{spoken(tree)} is inverted: {spoken(inverse)}", inverse


def _of(macro: str, tree: s.Tree) -> s.Tree:
    """Return a function of something."""
    body = tree.items[0] if isinstance(tree, s.Group) and len(tree.items) == 1 else tree
    if macro == r"\sqrt":
        return s.Root(body, at=tree.at)
    return s.Function(macro, None, s.Group((body,), "(", ")", at=tree.at), at=tree.at)


def _parenthesised(tree: s.Sum) -> Iterator[_Change]:
    """Yield 2(x + 1) for 2 x + 1, and 1/(1 + x) for 1/1 + x."""
    place: int | None
    for k, (term, after) in enumerate(itertools.pairwise(tree.terms)):
        match term:
            case s.Product():
                last, name, place = term.factors[-1], "factors", len(term.factors) - 1
            case s.Slash():
                last, name, place = term.bottom, "bottom", None
            case _:
                continue
        inside = s.Sum((last, after), ("", tree.signs[k + 1]), at=last.at)
        whole = s.with_child(term, name, place, s.Group((inside,), "(", ")", at=last.at))
        terms = (*tree.terms[:k], whole, *tree.terms[k + 2 :])
        signs = (*tree.signs[: k + 1], *tree.signs[k + 2 :])
        changed = whole if len(terms) == 1 and not signs[0] else s.Sum(terms, signs, at=tree.at)
        yield "parentheses", f"{spoken(inside)} is put into parentheses", changed


def _doubled(tree: s.Tree) -> Iterator[_Change]:
    factors: tuple[s.Tree, ...] = (tree,)
    joins: tuple[str, ...] = ()
    if isinstance(tree, s.Sum):
        factors = (s.Group((tree,), "(", ")", at=tree.at),)
    elif isinstance(tree, s.Product):
        factors, joins = tree.factors, tree.joins
    double = s.Product((s.Number("2"), *factors), ("", *joins), at=tree.at)
    half = s.Fraction(tree, s.Number("2"), r"\frac", at=tree.at)
    yield "double", f"{spoken(tree)} is multiplied by 2", double
    yield "double", f"{spoken(tree)} is divided by 2", half


def _reordered(tree: s.Product) -> Iterator[_Change]:
    """Yield a product with two neighbours exchanged, as those of matrices may not be."""
    for k, (one, other) in enumerate(itertools.pairwise(tree.factors)):
        if isinstance(one, s.Symbol | s.Script | s.Group) and isinstance(
            other, s.Symbol | s.Script | s.Group
        ):
            factors = (*tree.factors[:k], other, one, *tree.factors[k + 2 :])
            text = f"the order of {spoken(one)} and {spoken(other)} is changed"
            yield "order", text, s.Product(factors, tree.joins, at=tree.at)


def _opposite(argument: s.Tree) -> Iterator[tuple[str, s.Tree]]:
    """Yield what a function is applied to with a minus sign in front; the terms of a sum have one
    each."""
    if isinstance(argument, s.Group) and len(argument.items) == 1:
        for text, negated in _opposite(argument.items[0]):
            yield text, replace(argument, items=(negated,))
    elif not isinstance(argument, s.Sum):
        negated = s.Sum((argument,), ("-",), at=argument.at)
        yield f"the sign of {spoken(argument)} is changed", negated


def is_transposition(tree: s.Tree) -> bool:
    """Whether a superscript says that something is transposed."""
    return isinstance(tree, s.Symbol) and tree.base in (r"\top", r"\intercal", "T")


def _takes_no_script(tree: s.Tree) -> bool:
    """Whether a script behind a part would be read as that of something in it: the i of 2 x_i."""
    return isinstance(tree, s.Product | s.Fraction)


def _is_order(tree: s.Tree) -> bool:
    """Whether a part is the O(h^2) that ends an expansion."""
    match tree:
        case s.Product(factors=(s.Symbol(base="O" | "o"), s.Group()), joins=("",)):
            return True
    return False


def _is_quotient(tree: s.Tree) -> bool:
    """Whether something is a derivative."""
    return isinstance(tree, s.Fraction | s.Slash) and is_differential(tree.top)


def is_differential(tree: s.Tree) -> bool:
    """Whether a part is the numerator or the denominator of a derivative."""
    head = tree.factors[0] if isinstance(tree, s.Product) else tree
    head = head.base if isinstance(head, s.Script) else head
    return isinstance(head, s.Symbol) and head.base in (r"\partial", "d")


def _delta(i: str, j: str, at: int) -> s.Tree:
    items = (s.Symbol(i, at=at), s.Symbol(j, at=at))
    return s.Script(s.Symbol(r"\delta", at=at), s.Indices(items, ("",), at=at), None, at=at)


def round_robin(found: Sequence[Mutation], count: int) -> list[Mutation]:
    """Return at most `count` changes, the kinds taken in turns so that each is seen."""
    kinds: dict[str, list[Mutation]] = {}
    for change in found:
        kinds.setdefault(change.kind, []).append(change)
    chosen: list[Mutation] = []
    while len(chosen) < min(count, len(found)):
        for waiting in kinds.values():
            if waiting and len(chosen) < count:
                chosen.append(waiting.pop(0))
    return chosen
