"""What was understood, said unambiguously: as plain text and as LaTeX.

An operation says in its own entry how it is shown; here stand names, sums over an index, case
distinctions, calls and derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat

from edf.equations.latex.vocabulary import GREEK
from edf.equations.meaning.names.scope import Bound
from edf.equations.meaning.typed.expression import Combined, Expr, Index, Meaning, Mirrored, Shifted
from edf.equations.operations import OPERATIONS
from edf.equations.operations.operation import (
    IN_POWER,
    IN_PRODUCT,
    IN_SUM,
    LOOSE,
    TIGHT,
    called,
)

_SIGNS = {
    r"\approx": "~=",
    "=": "=",
    r"\neq": "!=",
    "<": "<",
    ">": ">",
    r"\leq": "<=",
    r"\geq": ">=",
}


def plain(meaning: Meaning) -> str:
    """Return the reading as `D[P_i, x_j] = P_i*(delta_ij - P_j)`."""
    return _Style(latex=False).step(meaning)


def latex(meaning: Meaning) -> str:
    """Return the reading as LaTeX, with everything spelled out."""
    return _Style(latex=True).step(meaning)


Text = tuple[str, int]
"""A text and how tightly it binds."""


def expression(expr: Expr) -> str:
    """Return the reading of a part of a step, as plain text."""
    return _Style(latex=False).show(expr)


def latex_of(expr: Expr) -> str:
    """Return the reading of a part of a step, as LaTeX."""
    return _Style(latex=True).show(expr)


@dataclass(frozen=True)
class _Style:
    latex: bool

    def step(self, meaning: Meaning) -> str:
        """Return a relation with its conditions."""
        left, right = meaning.written or (meaning.left, meaning.right)
        text = f"{self.show(left)} {self.sign(meaning.sign)} {self.show(right)}"
        for condition in meaning.given:
            sides = condition.indices or tuple(map(self.show, condition.sides))
            when = f" {self.sign(condition.sign)} ".join(sides)
            text += self.pick(rf" \quad \text{{if }} {when}", f" if {when}")
        return text

    def sign(self, sign: str) -> str:
        return sign if self.latex else _SIGNS.get(sign, sign)

    def show(self, expr: Expr, level: int = LOOSE) -> str:
        """Return an expression as text, in parentheses unless it binds as tightly as `level`."""
        text, binds = self.shown(expr)
        if binds >= level:
            return text
        return rf"\left( {text} \right)" if self.latex else f"({text})"

    def shown(self, expr: Expr) -> Text:
        operation = OPERATIONS.get(expr.op)
        if operation is not None and expr.label[0]:
            return expr.label[self.latex], TIGHT  # the place of a label, by its name
        if operation is None:
            return _SHOWN[expr.op](self, expr)
        shown = operation.latex if self.latex else operation.plain
        levels = chain(shown.needs, repeat(shown.needs[-1]))
        texts = (self.show(arg, level) for arg, level in zip(expr.args, levels, strict=False))
        return shown.text(*texts), shown.binds

    def pick(self, latex: str, plain: str) -> str:
        return latex if self.latex else plain

    def called(self, names: tuple[str, str], args: tuple[Expr, ...]) -> Text:
        """A function's name, as plain text and as LaTeX, with its arguments."""
        shown = called(*names)[self.latex]
        return shown.text(*map(self.show, args)), shown.binds


def _number(style: _Style, expr: Expr) -> Text:
    if expr.label[0]:
        return expr.label[style.latex], TIGHT
    return f"{expr.data:g}", TIGHT if expr.data >= 0 else LOOSE


def _labelled(style: _Style, expr: Expr) -> Text:
    return expr.label[style.latex], TIGHT


def _delta(style: _Style, expr: Expr) -> Text:
    i, j = expr.data
    return style.pick(rf"\delta_{{{i}{j}}}", f"delta_{i}{j}"), TIGHT


def _index(style: _Style, expr: Expr) -> Text:
    return letter(expr.data[0])[style.latex], TIGHT


def _component(style: _Style, expr: Expr) -> Text:
    whole = expr.args[0]
    if whole.op in ("singular_values", "eigenvalues"):  # numbered from 1
        matrix = style.show(whole.args[0])
        index = suffix_of(tuple(k + 1 if isinstance(k, int) else k for k in expr.data))
        name = "sigma" if whole.op == "singular_values" else "lambda"
        return style.pick(
            rf"\{name}_{{{index}}}\left( {matrix} \right)", f"{name}_{index}({matrix})"
        ), TIGHT
    inside, suffix = style.show(whole), suffix_of(expr.data)
    return style.pick(rf"\left( {inside} \right)_{{{suffix}}}", f"({inside})_{suffix}"), TIGHT


def _derivative(style: _Style, expr: Expr) -> Text:
    variables: list[tuple[str, str]] = []
    target = expr
    while target.op == "deriv":
        variables.append(target.data[2])
        target = target.args[0]
    if not style.latex:
        return f"D[{', '.join([style.show(target), *(plain for plain, _ in variables)])}]", TIGHT
    order = f"^{len(variables)}" if len(variables) > 1 else ""
    below = " ".join(_differentials([latex for _, latex in variables]))
    if target.op == "node":
        return rf"\frac{{\partial{order} {style.show(target, TIGHT)}}}{{{below}}}", IN_POWER
    return rf"\frac{{\partial{order}}}{{{below}}} \left( {style.show(target)} \right)", IN_POWER


def _differentials(names: list[str]) -> list[str]:
    r"""Write `\partial x` for each name, and `\partial x^2` for one that stands there twice."""
    found: list[tuple[str, int]] = []
    for name in names:
        if found and found[-1][0] == name and "_" not in name and "^" not in name:
            found[-1] = name, found[-1][1] + 1
        else:
            found.append((name, 1))
    return [rf"\partial {name}" + (f"^{times}" if times > 1 else "") for name, times in found]


def _big(style: _Style, expr: Expr) -> Text:
    kind, indices, condition = expr.data
    body, bounds = expr.args[0], list[str]()
    while body.op == "cases" and body.label[1] == "below":
        left, right = map(style.show, body.args[2:])
        bounds.insert(0, f"{left} {style.sign(body.data[0][0][1])} {right}")
        body = body.args[0]
    letters = [letter(index)[style.latex] for index in indices]
    if condition is not None:
        letters = [f"{condition[0]} {style.sign(condition[1])} {condition[2]}"]
    if bounds and style.latex and len(letters) == 1:
        letters = []  # the bounds name it
    below = ", ".join([*letters, *bounds])
    if style.latex:
        return rf"\{kind}_{{{below}}} {style.show(body, IN_PRODUCT)}", IN_SUM
    return f"{kind}[{below}]({style.show(body)})", IN_SUM


def _cases(style: _Style, expr: Expr) -> Text:
    if expr.label[0] == "given":  # a condition of the whole claim
        return style.shown(expr.args[0])
    count = len(expr.data)
    sides = iter(expr.args[count:])
    rows = []
    for value, conditions in zip(expr.args[:count], expr.data, strict=True):
        said = []
        for kind, sign, *letters in conditions:
            ends = letters if kind == "index" else [style.show(next(sides)) for _ in range(2)]
            said.append(f"{ends[0]} {style.pick(sign, _SIGNS[sign])} {ends[1]}")
        link = style.pick(r" & \text{if } ", " if ") if said else style.pick(" & ", " ")
        when = ", ".join(said) or style.pick(r"\text{otherwise}", "otherwise")
        rows.append(style.show(value) + link + when)
    if style.latex:
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", TIGHT
    return "cases(" + "; ".join(rows) + ")", TIGHT


def _call(style: _Style, expr: Expr) -> Text:
    return style.called(_names_of(expr.data), expr.args)


def _prime(style: _Style, expr: Expr) -> Text:
    bound, order = expr.data
    plain, latex = _names_of(bound)
    return style.called((plain + "'" * order, latex + "'" * order), expr.args)


def _replace(style: _Style, expr: Expr) -> Text:
    """A node with other values for some that it depends on: h with w = 3."""
    _, _, names = expr.data
    if not all(name for name, _ in names):
        return style.called(expr.label, expr.args)
    pairs = [
        f"{name[style.latex]} = {style.show(arg)}"
        for name, arg in zip(names, expr.args, strict=True)
    ]
    if style.latex:
        return rf"\left. {expr.label[1]} \right|_{{{', '.join(pairs)}}}", IN_POWER
    return f"{expr.label[0]}[{', '.join(pairs)}]", TIGHT


def _integral(style: _Style, expr: Expr) -> Text:
    _, kind, label = expr.data
    body, *limits = expr.args
    infinity = style.pick(r"\infty", "inf")
    shown = [style.show(limit) for limit in limits]
    low, high = {
        "interval": shown,
        "half": [*shown, infinity],
        "half down": [f"-{infinity}", *shown],
        "line": [f"-{infinity}", infinity],
    }[kind]
    if style.latex:
        return rf"\int_{{{low}}}^{{{high}}} {style.show(body, IN_PRODUCT)} \, d{label[1]}", IN_SUM
    return f"integral[{label[0]} from {low} to {high}]({style.show(body)})", IN_SUM


def _limit(style: _Style, expr: Expr) -> Text:
    _, kind, label, goal = expr.data
    body = style.show(expr.args[0], IN_PRODUCT)
    if style.latex:
        return rf"\lim_{{{label[1]} \to {goal}}} {body}", IN_SUM
    goal = {"up": "inf", "down": "-inf"}.get(kind) or style.show(expr.args[1])
    goal += {"above": "+", "below": "-"}.get(kind, "")
    return f"lim[{label[0]} -> {goal}]({style.show(expr.args[0])})", IN_SUM


def _expansion(style: _Style, expr: Expr) -> Text:
    """A side of an expansion, with the term that ends it where it stands there."""
    ending = expr.label[style.latex]
    text, binds = style.shown(expr.args[0])
    return (f"{text} + {ending}", LOOSE) if ending else (text, binds)


def _at(style: _Style, expr: Expr) -> Text:
    """An expression with other values for some nodes."""
    pairs = [
        f"{label[style.latex]} = {style.show(value)}"
        for label, value in zip(expr.data[1], expr.args[1:], strict=True)
    ]
    body = style.show(expr.args[0])
    if style.latex:
        return rf"\left. {body} \right|_{{{', '.join(pairs)}}}", IN_POWER
    return f"({body})[{', '.join(pairs)}]", TIGHT


def _names_of(bound: Bound) -> tuple[str, str]:
    """The name of a function, as plain text and as LaTeX."""
    if bound.name in OPERATIONS:
        return bound.name, OPERATIONS[bound.name].latex_name
    if len(bound.name) == 1:
        return bound.name, bound.name
    return bound.name, rf"\operatorname{{{bound.name.replace('_', '-')}}}"


def letter(index: str) -> tuple[str, str]:
    """An index as plain text and as LaTeX; blanks tell apart those that look alike."""
    stem, *primes = index.strip(" ~").replace("_prime", "'").partition("'")
    latex = f"\\{stem}" if f"\\{stem}" in GREEK else stem
    return stem + "".join(primes), latex + "".join(primes)


def suffix_of(indices: tuple[Index, ...]) -> str:
    return "".join(map(_suffix, indices))


def _suffix(index: Index) -> str:
    match index:
        case Shifted():
            return f"{index.letter}{index.by:+d}"
        case Mirrored() | Combined():
            return f"({index.written})"
    return str(index).strip()


_SHOWN: dict[str, Callable[[_Style, Expr], Text]] = {
    "number": _number,
    "node": _labelled,
    "array": _labelled,
    "delta": _delta,
    "ones": lambda style, expr: (style.pick(r"\mathbf{1}", "ones"), TIGHT),
    "eye": lambda style, expr: (style.pick("I", "eye"), TIGHT),
    "component": _component,
    "gather": _labelled,
    "index": _index,
    "deriv": _derivative,
    "big": _big,
    "cases": _cases,
    "call": _call,
    "prime": _prime,
    "replace": _replace,
    "at": _at,
    "integral": _integral,
    "abscissa": _labelled,
    "limit": _limit,
    "expansion": _expansion,
    "approach": _labelled,
    "zeros": lambda style, expr: ("0", TIGHT),
}
