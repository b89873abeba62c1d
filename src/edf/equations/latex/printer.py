"""The tree of a formula back to LaTeX that typesets as the source does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edf.equations.latex import syntax as s


def to_latex(tree: s.Tree) -> str:
    """Return LaTeX for `tree`, printed from the tree alone."""
    return _PRINTERS[type(tree)](tree)


def _symbol(tree: s.Symbol) -> str:
    if tree.shown:
        return tree.shown
    text = tree.base
    for style in reversed(tree.styles):
        text = f"{style}{{{text}}}"
    return text


def _joined(parts: list[str]) -> str:
    """Put parts side by side, with a space where a macro would swallow the next letter."""
    text = ""
    for part in parts:
        if part:
            text += (" " if text else "") + part
    return text


def _script(tree: s.Script) -> str:
    sub = "" if tree.sub is None else f"_{{{to_latex(tree.sub)}}}"
    sup = "" if tree.sup is None else f"^{{{to_latex(tree.sup)}}}"
    scripts = "'" * tree.primes + sup + sub if tree.primes else sub + sup  # primes are superscripts
    base = to_latex(tree.base)
    return (f"{{{base}}}" if isinstance(tree.base, s.Script) else base) + scripts


def _indices(tree: s.Indices) -> str:
    parts = [to_latex(tree.items[0])]
    for comma, item in zip(tree.commas, tree.items[1:], strict=True):
        parts += [comma, to_latex(item)]
    return _joined(parts)


def _group(tree: s.Group) -> str:
    commas = tree.commas or (",",) * (len(tree.items) - 1)
    parts = [to_latex(tree.items[0])]
    for comma, item in zip(commas, tree.items[1:], strict=True):
        parts += [comma, to_latex(item)]
    return f"{tree.open} {_joined(parts)} {tree.close}"


def _styled(tree: s.Styled) -> str:
    note = "" if tree.note is None else to_latex(tree.note)
    return f"{tree.macro}{{{to_latex(tree.body)}}}{note}"


def _evaluated(tree: s.Evaluated) -> str:
    body, point = to_latex(tree.body), to_latex(tree.at_point)
    above = f"^{{{to_latex(tree.up_to)}}}" if tree.up_to is not None else ""
    if tree.shown:
        return f"{body} {tree.shown}_{{{point}}}{above}"
    return rf"\left. {body} \right{tree.bar}_{{{point}}}{above}"


def _fraction(tree: s.Fraction) -> str:
    if tree.macro in (r"\over", r"\choose"):
        return f"{{{to_latex(tree.top)} {tree.macro} {to_latex(tree.bottom)}}}"
    return f"{tree.macro}{{{to_latex(tree.top)}}}{{{to_latex(tree.bottom)}}}"


def _root(tree: s.Root) -> str:
    degree = "" if tree.degree is None else f"[{to_latex(tree.degree)}]"
    return f"\\sqrt{degree}{{{to_latex(tree.body)}}}"


def _product(tree: s.Product) -> str:
    parts = [to_latex(tree.factors[0])]
    for join, factor in zip(tree.joins, tree.factors[1:], strict=True):
        parts += [join, to_latex(factor)]
    return _joined(parts)


def _sum(tree: s.Sum) -> str:
    parts: list[str] = []
    for sign, term in zip(tree.signs, tree.terms, strict=True):
        parts += [sign, to_latex(term)]
    return _joined(parts)


def _function(tree: s.Function) -> str:
    sub = "" if tree.sub is None else f"_{{{to_latex(tree.sub)}}}"
    sup = "" if tree.sup is None else f"^{{{to_latex(tree.sup)}}}"
    argument = to_latex(tree.argument)
    if isinstance(tree.argument, s.Product) and isinstance(tree.argument.factors[0], s.Symbol):
        argument = f"{{{argument}}}"  # braces tell that all of it is the argument
    primes = "'" * tree.primes
    return f"{tree.macro}{primes}{sub}{sup} {argument}"


def _big(tree: s.Big) -> str:
    if tree.shown:
        return f"{tree.shown} {to_latex(tree.body)}"
    upper = "" if tree.upper is None else f"^{{{to_latex(tree.upper)}}}"
    lower = "" if tree.lower is None else f"_{{{to_latex(tree.lower)}}}"
    return f"{tree.macro}{lower}{upper} {to_latex(tree.body)}"


def _case(tree: s.Case) -> str:
    parts = [to_latex(tree.value) + tree.comma, tree.apart]
    if tree.word:
        space = " " if tree.condition is not None else ""
        parts.append(f"{tree.macro}{{{tree.word}{space}}}")
    if tree.condition is not None:
        parts.append(to_latex(tree.condition))
    return _joined(parts) + tree.end


def _conditions(tree: s.Conditions) -> str:
    parts = [to_latex(tree.parts[0])]
    for join, part in zip(tree.joins, tree.parts[1:], strict=True):
        parts += [join, to_latex(part)]
    return _joined(parts)


def _cases(tree: s.Cases) -> str:
    rows = r" \\ ".join(map(_case, tree.rows))
    return rf"\begin{{{tree.environment}}} {rows} \end{{{tree.environment}}}"


def _matrix(tree: s.Matrix) -> str:
    columns = f"{{{tree.columns}}}" if tree.columns else ""
    rows = r" \\ ".join(" & ".join(map(to_latex, row.entries)) for row in tree.rows)
    return rf"\begin{{{tree.environment}}}{columns} {rows} \end{{{tree.environment}}}"


def _equation(tree: s.Equation) -> str:
    return f"{to_latex(tree.left)} {tree.sign} {to_latex(tree.right)}"


_PRINTERS: dict[type[s.Tree], Callable[[Any], str]] = {
    s.Number: lambda tree: tree.text,
    s.Symbol: _symbol,
    s.Script: _script,
    s.Indices: _indices,
    s.Group: _group,
    s.Bars: lambda tree: f"{tree.open} {to_latex(tree.body)} {tree.close}",
    s.Styled: _styled,
    s.Evaluated: _evaluated,
    s.Fraction: _fraction,
    s.Slash: lambda tree: f"{to_latex(tree.top)} / {to_latex(tree.bottom)}",
    s.Root: _root,
    s.Function: _function,
    s.Factorial: lambda tree: f"{to_latex(tree.body)}!",
    s.Big: _big,
    s.Relation: lambda tree: f"{to_latex(tree.left)} {tree.sign} {to_latex(tree.right)}",
    s.Product: _product,
    s.Sum: _sum,
    s.Grad: lambda tree: f"{to_latex(tree.base)}.{tree.macro}{{grad}}",
    s.Case: _case,
    s.Conditions: _conditions,
    s.Cases: _cases,
    s.Matrix: _matrix,
    s.Listed: lambda tree: tree.shown,
    s.Empty: lambda tree: "",
    s.Mark: lambda tree: tree.text,
    s.Aside: lambda tree: tree.text,
    s.Claim: lambda tree: _joined(list(map(to_latex, tree.parts))),
    s.Equation: _equation,
}
