r"""Names as notes write them, found before a formula is read: several symbols that are one name.

    CE, tanh(x)             letters side by side that are one word
    w^*, x^+, y'            marks: w_star, x_plus, y_prime
    W^{[1]}, x^{(t)}        labels: W_1, x_t
    \bar{y_i}               an accent over more than it belongs to: y_bar with the index i
    f_\theta(x)             parameters: the node f, which depends on theta

A name that the page binds decides; where it binds none, the formula stays as it is typeset.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import (
    Aside,
    Claim,
    Equation,
    Fraction,
    Function,
    Group,
    Indices,
    Mark,
    Number,
    Product,
    Relation,
    Script,
    Styled,
    Sum,
    Symbol,
    Tree,
    rewritten,
    walk,
)
from edf.equations.latex.vocabulary import ACCENTS, BOLD, FONTS, GREEK, MOMENTS, TEXT, TRANSPOSES
from edf.equations.meaning.names.dots import with_sums
from edf.equations.meaning.names.scope import (
    VALUES,
    Alias,
    Bound,
    Scope,
    index_text,
    of_arguments,
    python_names,
    with_suffix,
)
from edf.equations.meaning.names.written_out import with_terms
from edf.equations.operations import BY_MACRO, BY_WORD
from edf.graph import Constant, Input, Node
from edf.operations.elementary import Mul, Pow, Sqrt
from edf.operations.reductions import Std, Var

_MARKS = {
    "*": "star", r"\star": "star", r"\ast": "star", "+": "plus", "-": "minus",
    r"\dagger": "dagger", r"\prime": "prime", r"\circ": "circ", r"\perp": "perp",
}  # fmt: skip
LONGEST = 12  # letters of a word
_REMARK = re.compile(r"(\\\w+)\{([^{}]+)\}")  # words
_WRITTEN_BARE = ("log", "ln", "exp", "sin", "cos", "tan", "tanh")
_FIXED = ("e", "d", "I", r"\pi", r"\partial", r"\nabla")  # what stands above these is what it is


def with_names(equation: Equation, scope: Scope) -> Equation:
    """Return an equation in which every name that the page binds is one symbol."""
    whole = with_sums(with_terms(equation, scope), scope)
    _insist_on_no_derivatives(whole, scope)

    def named(tree: Tree) -> Tree:
        if isinstance(tree, Script) and (name := _above(tree, scope, whole)) is not None:
            return name
        return _by_arguments(_named(tree, scope), scope)

    renamed = rewritten(whole, named)
    assert isinstance(renamed, Equation)
    return renamed


def _by_arguments(tree: Tree, scope: Scope) -> Tree:
    """H(p, q) of a page that defines it beside an H(p)."""
    if not isinstance(tree, Product):
        return tree
    factors = list(tree.factors)
    for place, (head, group) in enumerate(pairwise(tree.factors)):
        if isinstance(head, Symbol) and isinstance(group, Group) and len(group.items) > 1:
            name = of_arguments(python_names(head)[0], len(group.items))
            if name in scope.names:
                factors[place] = Symbol(name, shown=to_latex(head), at=head.at)
    return tree if factors == [*tree.factors] else replace(tree, factors=tuple(factors))


def _insist_on_no_derivatives(equation: Tree, scope: Scope) -> None:
    r"""Refuse u_t of a node u that depends on the number t: its derivative, or u itself?

    f_w(x), whose arguments are listed beside, has a parameter.
    """
    called = {
        one.at: group.items
        for product in walk(equation)
        if isinstance(product, Product)
        for one, group in pairwise(product.factors)
        if isinstance(one, Script) and isinstance(group, Group) and group.open.endswith("(")
    }
    for tree in walk(equation):
        match tree:
            case Script(base=Symbol() as base, sub=Indices(items=items)):
                whole = _without_parameters(tree, base, scope)
            case _:
                continue
        if whole is tree or not all(
            isinstance(item, Symbol) and _is_real(scope.find(item)) for item in items
        ):
            continue
        arguments = called.get(tree.at, items)
        if set(items) & set(arguments):
            name, below = to_latex(base), to_latex(items[0])
            fail(
                Why.DERIVATIVE,
                f"{to_latex(tree)}: the derivative of {name} by {below}, or {name} itself? Write "
                f"\\frac{{\\partial {name}}}{{\\partial {below}}}, or leave the subscript out",
                tree.at,
            )


def _is_real(bound: Bound | None) -> bool:
    """Whether a name is that of an input that is any real number."""
    value = None if bound is None else bound.value
    if not isinstance(value, Input) or value.value is not None or value.shape != ():
        return False
    return not getattr(value.sample, "values", ())


def insist_on_remarks(claim: Tree, scope: Scope) -> None:
    r"""Refuse a \, \text{loss} at the end of a formula, where the remark could be a factor.

    It is one if the page binds its words, unless wide space stands before it.
    """
    parts = claim.parts if isinstance(claim, Claim) else ()
    for before, part in pairwise(parts):
        if not isinstance(part, Aside) or isinstance(before, Mark | Aside):
            continue
        said = _REMARK.match(part.text)
        if said and scope.find(Symbol(said[2].strip(), (said[1],))) is not None:
            fail(
                Why.AMBIGUOUS,
                f"Is {said[0]} a factor or a remark? Write \\cdot before it for the factor, or "
                "\\quad for the remark",
                part.at,
            )


def _named(tree: Tree, scope: Scope) -> Tree:
    match tree:
        case Symbol(base=word, styles=styles) if len(word) > 1 and styles and set(styles) <= BOLD:
            letters = [Symbol(letter, styles, at=tree.at) for letter in word]
            if word.isalpha() and scope.find(tree) is None and all(map(scope.find, letters)):
                return Product(tuple(letters), ("",) * (len(word) - 1), at=tree.at)
        case Product():
            whole = _with_words(tree, scope)
            return _at_iterate(whole, scope) if isinstance(whole, Product) else whole
        case Fraction(
            top=Product(factors=(head, *_, Group(items=(item,)))),
            bottom=Product(factors=(d, Symbol() as name)),
        ) if head == d and _is_iterate(item, name, scope):
            assert isinstance(tree.bottom, Product)
            return replace(tree, bottom=replace(tree.bottom, factors=(d, item)))
        case Script(base=Symbol(), sup=Product(factors=(Group() as label, Symbol() as sign))) if (
            sign.base in TRANSPOSES | {"T"}
        ):
            named = _with_mark(Script(tree.base, tree.sub, label, at=tree.at), scope)
            base = named if isinstance(named, Symbol) else Group((named,), "(", ")", at=tree.at)
            return Script(base, None, sign, at=tree.at)
        case Script():
            whole = _one_name(tree, scope)
            if isinstance(whole, Symbol) and _is_label(scope, whole):
                return whole
            found = _with_mark(_without_size(tree), scope)
            return _of_part(found, scope) if isinstance(found, Script) else found
        case Styled():
            return _unstyled(tree)
        case Indices() | Group():
            if isinstance(tree, Indices):
                tree = _side_by_side(tree)
            items = tuple(_primed(_one_name(item, scope), scope) for item in tree.items)
            return tree if items == tree.items else replace(tree, items=items)
        case Relation():
            sides = (_primed(tree.left, scope), _primed(tree.right, scope))
            return Relation(sides[0], tree.sign, sides[1], at=tree.at)
    return tree


def _at_iterate(tree: Product, scope: Scope) -> Product:
    r"""\nabla_w L(w_t) is \nabla_{w_t} L(w_t), where the page has w_t and no w."""
    factors = [*tree.factors]
    for k, (nabla, _, group) in enumerate(zip(factors, factors[1:], factors[2:], strict=False)):
        match nabla, group.base if isinstance(group, Script) else group:
            case (
                Script(base=Symbol(base=r"\nabla"), sub=Indices(items=(Symbol() as name,))),
                Group(items=(item,)),
            ) if _is_iterate(item, name, scope):
                assert isinstance(nabla, Script)
                assert nabla.sub is not None
                factors[k] = replace(nabla, sub=Indices((item,), (), at=nabla.sub.at))
    return replace(tree, factors=tuple(factors))


def _is_iterate(item: Tree, name: Symbol, scope: Scope) -> bool:
    r"""Whether an argument is a value of a name that nothing else stands for: w_t or w^{(t)}."""
    if scope.find(name) is not None:
        return False
    if isinstance(item, Symbol):  # a name with its mark
        bound = scope.find(item)
        alike = item.shown.startswith((f"{to_latex(name)}_", f"{to_latex(name)}^"))
    elif isinstance(item, Script) and item.base == name and item.sub is not None:
        text = index_text(item.sub)
        bound, alike = (scope.find(name, text) if text else None), not (item.sup or item.primes)
    else:
        return False
    return alike and bound is not None and bound.kind == "node"


# ------------------------------------------------------------------------------------------- words


def _with_words(tree: Product, scope: Scope) -> Tree:
    factors, joins = _with_differences(tree.factors, tree.joins, scope)
    place = 0
    while place < len(factors):
        for length in range(min(LONGEST, len(factors) - place), 1, -1):
            run = factors[place : place + length]
            behind = factors[place + length] if place + length < len(factors) else None
            if any(joins[place : place + length - 1]) or not _is_word(run, behind, scope):
                continue
            is_last = place + length + 1 == len(factors)
            word = _word(run, behind, is_last, scope)
            if word is not None:
                taken = length + isinstance(word, Function)
                factors[place : place + taken] = [word]
                del joins[place : place + taken - 1]
                break
        place += 1
    if len(factors) == 1:
        return factors[0]
    return Product(tuple(factors), tuple(joins), at=tree.at)


def _with_differences(
    factors: Sequence[Tree], joins: Sequence[str], scope: Scope
) -> tuple[list[Tree], list[str]]:
    r"""\Delta t is one name, Delta_t or dt, where the page has that and no \Delta."""
    made, signs = [factors[0]], list[str]()
    for join, factor in zip(joins, factors[1:], strict=True):
        step = difference_of(made[-1], factor) if not join else None
        if step is not None and scope.find(Symbol(r"\Delta")) is None:
            name, whole = step
            found = [
                each
                for each in (name, "delta" + name[5:], "d" + name.removeprefix("Delta_"))
                if each in scope.names
            ]
            if found:
                symbol = Symbol(found[0], shown=whole.shown, at=whole.at)
                made[-1] = symbol
                if isinstance(factor, Script):
                    made[-1] = _with_mark(replace(factor, base=symbol), scope)
                continue
        made.append(factor)
        signs.append(join)
    return made, signs


def difference_of(sign: Tree, behind: Tree) -> tuple[str, Symbol] | None:
    r"""Return the name Delta_t of \Delta t, and the symbol of it, or None for anything else."""
    symbol = behind.base if isinstance(behind, Script) else behind
    if sign != Symbol(r"\Delta") or not isinstance(symbol, Symbol):
        return None
    name = f"Delta_{python_names(symbol)[0]}"
    return name, Symbol(name, shown=rf"\Delta {to_latex(symbol)}", at=sign.at)


def _is_word(run: Sequence[Tree], behind: Tree | None, scope: Scope) -> bool:
    """Whether factors are letters, and not all of them names of their own."""
    *first, last = run
    letters = [*first, last.base if isinstance(last, Script) else last]
    if not all(
        isinstance(letter, Symbol) and not letter.styles
        and (letter.base == r"\_" or (len(letter.base) == 1 and letter.base.isalpha()))
        for letter in letters
    ):  # fmt: skip
        return False
    if not all(map(scope.find, letters)):  # type: ignore[arg-type]  # symbols, by the test above
        return True
    text = "".join(letter.base for letter in letters if isinstance(letter, Symbol))
    if isinstance(behind, Group) and (text in BY_WORD or f"\\{text}" in BY_MACRO):
        fail(
            Why.AMBIGUOUS,
            f"{text}(..): the function, or a product of names that the page binds? Write "
            f"\\operatorname{{{text}}} or \\cdot",
            run[0].at,
        )
    return False


def _word(run: Sequence[Tree], behind: Tree | None, is_last: bool, scope: Scope) -> Tree | None:
    last = run[-1]
    letters = [*run[:-1], last.base if isinstance(last, Script) else last]
    shown = "".join(letter.base for letter in letters if isinstance(letter, Symbol))
    text = shown.replace(r"\_", "_")
    word = Symbol(text, shown=shown.replace(r"\_", r"\_ "), at=run[0].at)
    group = behind.base if isinstance(behind, Script) else behind
    known = text in BY_WORD or f"\\{text}" in BY_MACRO or text in MOMENTS
    if behind is not None and not isinstance(group, Group) and text in _WRITTEN_BARE:
        return _bare_function(letters, behind, is_last, scope)
    if isinstance(group, Group) and known and not (text in MOMENTS and scope.find(word)):
        word = Symbol(text, (r"\operatorname",), shown=text, at=run[0].at)
    elif scope.find(word) is None:
        return _marked_word(word, last, scope) if isinstance(last, Script) else None
    if isinstance(last, Script):
        return Script(word, last.sub, last.sup, last.primes, at=run[0].at)
    return word


def _bare_function(
    letters: Sequence[Tree], argument: Tree, is_last: bool, scope: Scope
) -> Function | None:
    r"""log \frac{p}{q} without a backslash, of letters that are no names of their own."""
    names = [letter for letter in letters if isinstance(letter, Symbol)]
    if any(scope.find(letter) is not None for letter in names):
        return None
    text = "".join(letter.base for letter in names)
    if not is_last:
        fail(
            Why.AMBIGUOUS,
            f"Where does the argument of {text} end? Write \\{text}(..)",
            names[0].at,
        )
    return Function(f"\\{text}", None, argument, at=names[0].at)


def _marked_word(word: Symbol, last: Script, scope: Scope) -> Tree | None:
    r"""dW_1 or dW^{[1]} of a page that has dW1."""
    marked = _with_mark(Script(word, last.sub, last.sup, last.primes, at=word.at), scope)
    if isinstance(marked, Symbol):
        return marked
    text = index_text(last.sub) if last.sub is not None else None
    if not text or last.primes or scope.find(word, text) is None:
        return None
    return Script(word, last.sub, last.sup, at=word.at)


# ------------------------------------------------------------------------------- marks and accents


def _with_mark(tree: Script, scope: Scope) -> Tree:
    """A symbol whose star, prime or label is part of a name."""
    base = tree.base
    if not isinstance(base, Symbol):
        return tree
    mark = mark_of(tree)
    if tree == Script(base):
        return base
    if mark:
        sub = None if tree.sub is None else index_text(tree.sub)
        whole = [] if not sub else [f"{sub}_{mark}", f"{mark}_{sub}"]
        sup = None if _label(tree.sup) else tree.sup
        for suffix, rest in [*((name, None) for name in whole), (mark, tree.sub)]:
            bound = scope.find(base, suffix)
            if bound is not None and not (tree.primes and bound.name == suffix):
                left = Script(base, None if rest else tree.sub, tree.sup, tree.primes)
                symbol = Symbol(bound.name, shown=to_latex(left), at=tree.at)
                if rest is None and sup is None:
                    return symbol
                return Script(symbol, rest, sup, at=tree.at)
    return _without_parameters(tree, base, scope)


def _above(tree: Script, scope: Scope, whole: Tree) -> Tree | None:
    r"""\sigma^2 is sigma2, \sigma^4 its square, and z^l is z_l, where the page has no \sigma, no z.

    Only where the letter stands nowhere else: \sigma beside \sigma^2 would be another thing.
    """
    base, sup = tree.base, tree.sup
    if not isinstance(base, Symbol) or sup is None or tree.primes or base.base in _FIXED:
        return None
    text = index_text(tree.sub) if tree.sub is not None else ""
    power = _halved(sup)  # of the square
    is_square = power is not None
    if text and scope.find(base, text) is not None:
        return None
    if (bound := scope.find(base)) is not None:
        if is_square and tree.sub is None:
            _insist_on_one_square(base, bound, scope)
            return None
        if not is_square or tree.sub is None:
            return None
    apart = bound is not None  # \sigma_B^2 beside a \sigma without a label
    if is_square:
        counted = base.base == r"\sigma" or sup == Number("2")  # x2 may be a second x
        marks = [*(["2"] if counted else []), "sq", "squared"]
    elif (label := _letters_above(sup, scope)) is not None:
        marks = [label]
    else:
        return None
    stems = [stem.rstrip("_") for stem in python_names(base)]

    def is_name(other: Script) -> bool:
        """Whether a letter stands in another name: the w_t and the w^{k-1} beside a w^k."""
        if is_square or other.sup == sup:
            return other.sup == sup or (is_square and _halved(other.sup) is not None)
        below = index_text(other.sub) if other.sub is not None else ""
        if other.sup is None:
            return bool(below) and scope.find(base, below or "") is not None
        above = _letters_above(other.sup, scope)
        names = [n for s in stems for n in _names_above(s, above or "", below or "")]
        return above is not None and scope.one_of(names, tree.at) is not None

    found = Counter(walk(whole))
    others = [t for t in found if isinstance(t, Script) and t.base == base]
    within = sum(found[t] * sum(part == base for part in walk(t.sup)) for t in others if t.sup)
    alone = found[base] - within == sum(found[t] for t in others if is_name(t))
    if not alone and not apart:  # the w of w^{new}
        return None
    below = tree.sub.items if isinstance(tree.sub, Indices) else ()
    commas = tree.sub.commas if isinstance(tree.sub, Indices) else ()
    for length in range(len(below), -1, -1):  # of \sigma_{B, j}^2, sigma2_B has an index left
        part = Indices(below[:length], commas[: max(length - 1, 0)])
        text = index_text(part) if length else ""
        if text is None or (apart and not _only_name(below[:length])):
            continue
        names = [n for stem in stems for mark in marks for n in _names_above(stem, mark, text)]
        bound = scope.one_of(names, tree.at)
        if bound is None or bound.kind not in VALUES:
            continue
        shown = to_latex(Script(base, part if length else None, Number("2") if is_square else sup))
        symbol = Symbol(bound.name, shown=shown, at=tree.at)
        rest = Indices(below[length:], commas[length:], at=tree.at) if length < len(below) else None
        raised = None if power == Number("1") else power
        plain = rest is None and raised is None
        return symbol if plain else Script(symbol, rest, raised, at=tree.at)
    return None


def _halved(sup: Tree | None) -> Tree | None:
    r"""Half of an even exponent, or None: \sigma^4 is the square of \sigma^2."""
    match sup:
        case Number(text=text) if text.isdigit() and int(text) and int(text) % 2 == 0:
            return replace(sup, text=str(int(text) // 2))
        case Sum(terms=(Number() as number,), signs=("-",)) if half := _halved(number):
            return replace(sup, terms=(half,))
    return None


def _only_name(items: Sequence[Tree]) -> bool:
    """Whether a subscript only names, as a capital and a word do, and can be no indices."""
    return bool(items) and all(
        isinstance(item, Symbol) and (item.base.isupper() or (len(item.base) > 1 and item.styles))
        for item in items
    )


def _insist_on_one_square(base: Symbol, root: Bound, scope: Scope) -> None:
    r"""Refuse \sigma^2 of a page that has a sigma and a sigma2 which is not its square.

    The variance is a quantity of its own, to which an \epsilon may be added below the root.
    """
    stems = [stem.rstrip("_") for stem in python_names(base)]
    marks = [*(["2"] if base.base == r"\sigma" else []), "sq", "squared"]
    names = [name for stem in stems for mark in marks for name in _names_above(stem, mark, "")]
    square = scope.one_of(names, base.at)
    if square is None or square.kind not in VALUES or root.kind not in VALUES:
        return
    if not _is_square(square.value, root.value):
        fail(
            Why.OTHER_MEANING,
            f"{square.name} and {root.name} are both bound, and the one is not computed as the "
            f"square of the other: which does {to_latex(base)}^2 mean? Rename one",
            base.at,
        )


def _is_square(square: Any, root: Any) -> bool:
    """Whether a value is the square of another, as the one is computed from the other."""
    if not isinstance(square, Node) or not isinstance(root, Node):
        return not isinstance(square, Node | Alias) and bool(np.all(np.isclose(square, root**2)))
    if type(root) is Sqrt and root.inputs == (square,):
        return True
    if type(root) is Std and type(square) is Var:
        return root.inputs == square.inputs and root.axis == square.axis
    if type(square) is Pow and square.inputs[0] is root:
        exponent = square.inputs[1]
        return isinstance(exponent, Constant) and bool(np.all(exponent.value == 2))
    return type(square) is Mul and all(each is root for each in square.inputs)


def _names_above(stem: str, mark: str, sub: str) -> list[str]:
    """The names of a letter with a mark above and a subscript: sigma2_B, sigma_B_sq."""
    own = [f"{stem}2"] if mark == "2" else with_suffix(stem, mark)
    if not sub:
        return own
    behind = [] if mark == "2" else [f"{stem}_{sub}_{mark}"]
    return [*(f"{name}_{sub}" for name in own), *behind]


def _letters_above(sup: Tree, scope: Scope) -> str | None:
    """A letter or a word above, which is no power of a letter that nothing is bound to."""
    body = sup.items[0] if isinstance(sup, Group) and len(sup.items) == 1 else sup
    if isinstance(body, Sum) and not body.signs[0] and isinstance(body.terms[0], Symbol):
        return index_text(Indices((body,), ()))  # w^{k-1}
    factors = body.factors if isinstance(body, Product) and not any(body.joins) else (body,)
    letters = [part for part in factors if isinstance(part, Symbol) and not part.styles]
    if len(letters) < len(factors):
        return None
    names = [python_names(letter)[0] for letter in letters]
    if len(names) > 1 and not all(len(name) == 1 and name.isalpha() for name in names):
        return None
    if len(names) == 1 and (names[0] in ("T", "top", "e") or scope.find(letters[0]) is not None):
        return None
    return "".join(names)


def _of_part(tree: Script, scope: Scope) -> Script:
    r"""u_{1,j}, the component j of u_1, where the page has that and no u.

    Beside a \mu of its own, \mu_{B,j} is that of mu_B, since B is no index.
    """
    base, sub = tree.base, tree.sub
    if not isinstance(base, Symbol) or not isinstance(sub, Indices):
        return tree
    apart = scope.find(base) is not None
    for length in range(len(sub.items) - 1, 0, -1):
        part = Indices(sub.items[:length], sub.commas[: length - 1], at=sub.at)
        text = index_text(part)
        bound = scope.find(base, text) if text else None
        if bound is None or bound.kind not in ("node", "array"):
            continue
        if apart and not _only_name(part.items):
            continue
        if getattr(bound.value, "is_family", False):
            return tree
        symbol = Symbol(bound.name, shown=to_latex(Script(base, part)), at=tree.at)
        rest = Indices(sub.items[length:], sub.commas[length:], at=sub.at)
        return Script(symbol, rest, tree.sup, tree.primes, at=tree.at)
    return tree


def _side_by_side(tree: Indices) -> Indices:
    r"""The indices s and s' of P_{ss'}, of which the prime makes a product."""
    items: list[Tree] = []
    commas: list[str] = []
    for item, comma in zip(tree.items, ("", *tree.commas), strict=True):
        factors: tuple[Tree, ...] = (item,)
        match item:
            case Product(factors=letters, joins=joins) if not any(joins) and all(
                isinstance(each, Symbol)
                or (isinstance(each, Script) and each == Script(each.base, primes=each.primes))
                for each in letters
            ):
                factors = letters
        items += factors
        commas += [comma, *("" for _ in factors[1:])]
    return Indices(tuple(items), tuple(commas[1:]), at=tree.at)


def _primed(item: Tree, scope: Scope) -> Tree:
    r"""The index s' of \sum_{s'} P(s' \mid s) as one symbol, where the page has no such name.

    It may have the s for a label.
    """
    match item:
        case Script(base=Symbol(styles=()) as base, sub=None, sup=None, primes=primes) if primes:
            unbound = scope.find(base) is None or _is_label(scope, base)
            free = unbound and scope.find(base, "prime") is None
            if free and (len(base.base) == 1 or base.base in GREEK):
                return Symbol(base.base + "'" * primes, shown=to_latex(item), at=item.at)
    return item


def _one_name(item: Tree, scope: Scope) -> Tree:
    r"""The label y_i of s_{y_i}, where the page has that and no y."""
    match item:
        case Script(base=Symbol() as base, sub=Indices() as sub, sup=None, primes=0):
            text = index_text(sub)
            bound = scope.find(base, text) if text and scope.find(base) is None else None
            if bound is not None:
                return Symbol(bound.name, shown=to_latex(item), at=item.at)
    return item


def _is_label(scope: Scope, symbol: Symbol) -> bool:
    """Whether a name stands for a whole number that tells components."""
    bound = scope.find(symbol)
    return bound is not None and bool(getattr(getattr(bound.value, "sample", 0), "labels", False))


def _without_size(tree: Script) -> Script:
    r"""X_{n \times p} is X, with its size below."""
    sub = tree.sub
    if isinstance(sub, Indices) and len(sub.items) == 1 and isinstance(sub.items[0], Product):
        product = sub.items[0]
        if product.joins == (r"\times",) and isinstance(tree.base, Symbol):
            shown = to_latex(Script(tree.base, sub))
            base = Symbol(tree.base.base, tree.base.styles, shown=shown, at=tree.at)
            return Script(base, None, tree.sup, tree.primes, at=tree.at)
    return tree


def mark_of(tree: Script) -> str | None:
    r"""Return a star, a label or primes as part of a name; None for any other superscript.

    It is `star` for w^*, `1` for W^{(1)}, `prime` for y', and nothing where there is none.
    """
    mark = _label(tree.sup)
    if tree.primes and not mark:
        mark = "_".join(["prime"] * tree.primes)
    return mark or (None if tree.sup is not None else "")


def _label(sup: Tree | None) -> str:
    if isinstance(sup, Symbol) and sup.base in _MARKS and not sup.styles:
        return _MARKS[sup.base]
    if isinstance(sup, Symbol) and sup.styles and set(sup.styles) <= TEXT:
        return index_text(Indices((sup,), ())) or ""
    if isinstance(sup, Group) and sup.open in ("(", "[") and not sup.commas:
        return index_text(Indices(sup.items, ("",) * (len(sup.items) - 1))) or ""
    return ""


def _without_parameters(tree: Script, base: Symbol, scope: Scope) -> Tree:
    r"""f_\theta is the node f if it depends on theta."""
    bound = scope.find(base)
    if bound is None or not isinstance(tree.sub, Indices):
        return tree
    text = index_text(tree.sub)
    if bound.kind not in ("node", "function") or (text and scope.find(base, text) is not None):
        return tree
    below = scope.ancestors(bound.value) if bound.kind == "node" else dict.fromkeys(scope.graph)
    found = [scope.find(item) for item in tree.sub.items if isinstance(item, Symbol)]
    if len(found) < len(tree.sub.items) or not all(
        one is not None and one.kind == "node" and one.value in below for one in found
    ):
        return tree
    symbol = Symbol(base.base, base.styles, shown=to_latex(Script(base, tree.sub)), at=tree.at)
    if tree.sup is None and not tree.primes:
        return symbol
    return Script(symbol, None, tree.sup, tree.primes, at=tree.at)


def _unstyled(tree: Styled) -> Tree:
    r"""\mathbf{W_q x} is W_q x, and \bar{y_i} is y_bar with an index; braces below say nothing."""
    body = tree.body
    if tree.macro in FONTS | TEXT or tree.macro in (r"\underbrace", r"\overbrace", r"\boxed"):
        if isinstance(body, Symbol | Script | Product) and tree.macro in FONTS | TEXT:
            return body
        if tree.macro not in FONTS | TEXT:
            return Group((body,), "(", ")", at=tree.at)
    if tree.macro in ACCENTS and isinstance(body, Script) and isinstance(body.base, Symbol):
        base = Symbol(body.base.base, (tree.macro, *body.base.styles), at=tree.at)
        return Script(base, body.sub, body.sup, body.primes, at=tree.at)
    return tree
