"""A part of a formula as short plain text, for sentences: `∂l/∂u`, `P_j`, `(1 - t^2)`."""

from __future__ import annotations

import unicodedata

from edf.equations.latex import syntax as s

_SIGNS = {
    r"\cdot": "·", r"\times": "×", r"\odot": "⊙", r"\circ": "∘", r"\neq": "≠", r"\leq": "≤",
    r"\geq": "≥", r"\partial": "∂", r"\nabla": "∇", r"\top": "T", r"\intercal": "T", r"\infty": "∞",
    r"\sum": "Σ", r"\prod": "∏", r"\ell": "ℓ", r"\{": "{", r"\}": "}",
}  # fmt: skip

_ACCENTS = {r"\hat": "\u0302", r"\bar": "\u0304", r"\tilde": "\u0303", r"\dot": "\u0307"}


def spoken(tree: s.Tree) -> str:
    """Return `tree` as text."""
    match tree:
        case s.Number():
            return tree.text
        case s.Symbol():
            marks = "".join(_ACCENTS.get(style, "") for style in reversed(tree.styles))
            return unicodedata.normalize("NFC", _letter(tree.base) + marks)
        case s.Script():
            text = spoken(tree.base) + "'" * tree.primes
            text += "" if tree.sub is None else "_" + spoken(tree.sub)
            return text + ("" if tree.sup is None else "^" + _tight(tree.sup))
        case s.Indices():
            return "".join(spoken(item) for item in tree.items)
        case s.Group():
            return f"({', '.join(map(spoken, tree.items))})"
        case s.Bars():
            bar = "‖" if tree.double else "|"
            return bar + spoken(tree.body) + bar
        case s.Fraction() | s.Slash():
            return f"{_tight(tree.top)}/{_tight(tree.bottom)}"
        case s.Root():
            degree = "" if tree.degree is None else spoken(tree.degree)
            return f"{degree}√{_tight(tree.body)}"
        case s.Factorial():
            return f"{_tight(tree.body)}!"
        case s.Styled():
            return spoken(tree.body)
        case s.Matrix() | s.Listed():
            return "the matrix"
        case s.Function():
            sup = "'" * tree.primes + ("" if tree.sup is None else "^" + spoken(tree.sup))
            return f"{tree.macro[1:]}{sup} {spoken(tree.argument)}"
        case s.Big():
            sign = _SIGNS.get(tree.macro, tree.macro[1:])
            below = "" if tree.lower is None else "_" + spoken(tree.lower)
            return f"{sign}{below} {spoken(tree.body)}"
        case s.Relation():
            return f"{spoken(tree.left)} {_SIGNS.get(tree.sign, tree.sign)} {spoken(tree.right)}"
        case s.Product():
            text = spoken(tree.factors[0])
            for join, before, factor in zip(
                tree.joins, tree.factors, tree.factors[1:], strict=False
            ):
                sign = f" {_SIGNS.get(join, join)} " if join else _gap(before, factor)
                text += sign + spoken(factor)
            return text
        case s.Sum():
            text = ""
            for k, (sign, term) in enumerate(zip(tree.signs, tree.terms, strict=True)):
                text += (f" {sign} " if k else sign) + spoken(term)
            return text
        case s.Grad():
            return spoken(tree.base) + ".grad"
        case _:
            return "the case distinction"


def _letter(base: str) -> str:
    if not base.startswith("\\"):
        return base
    if base in _SIGNS:
        return _SIGNS[base]
    name = base[1:].removeprefix("var")
    size = "CAPITAL" if name[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")
    except KeyError:
        return name


def _gap(before: s.Tree, factor: s.Tree) -> str:
    """No space between a differential sign and what follows, or before parentheses."""
    head = before.base if isinstance(before, s.Script) else before
    close = isinstance(head, s.Symbol) and head.base in (r"\partial", "d")
    return "" if close or isinstance(factor, s.Group) else " "


def _tight(tree: s.Tree) -> str:
    """A part that binds: in parentheses if it is a sum or an ordinary product."""
    text = spoken(tree)
    head = tree.factors[0] if isinstance(tree, s.Product) else tree
    head = head.base if isinstance(head, s.Script) else head
    differential = isinstance(head, s.Symbol) and head.base in (r"\partial", "d")
    loose = isinstance(tree, s.Sum | s.Product | s.Fraction | s.Slash) and not differential
    return f"({text})" if loose else text
