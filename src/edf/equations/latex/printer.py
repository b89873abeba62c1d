"""The tree of a formula back to LaTeX that typesets as the source does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edf.equations.latex import syntax as s


def to_latex(tree: s.Tree) -> str:
    """Return LaTeX for `tree`, printed from the tree alone."""
    return _PRINTERS[type(tree)](tree)


def _symbol(tree: s.Symbol) -> str:
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
    return to_latex(tree.base) + scripts


def _indices(tree: s.Indices) -> str:
    parts = [to_latex(tree.items[0])]
    for comma, item in zip(tree.commas, tree.items[1:], strict=True):
        parts += [comma, to_latex(item)]
    return _joined(parts)


def _group(tree: s.Group) -> str:
    return f"{tree.open} {', '.join(map(to_latex, tree.items))} {tree.close}"


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
    sup = "" if tree.sup is None else f"^{{{to_latex(tree.sup)}}}"
    return f"{tree.macro}{sup} {to_latex(tree.argument)}"


def _big(tree: s.Big) -> str:
    upper = "" if tree.upper is None else f"^{{{to_latex(tree.upper)}}}"
    return f"{tree.macro}_{{{to_latex(tree.lower)}}}{upper} {to_latex(tree.body)}"


def _case(tree: s.Case) -> str:
    parts = [to_latex(tree.value), "&"]
    if tree.word:
        space = " " if tree.condition is not None else ""
        parts.append(f"{tree.macro}{{{tree.word}{space}}}")
    if tree.condition is not None:
        parts.append(to_latex(tree.condition))
    return _joined(parts) + tree.end


def _cases(tree: s.Cases) -> str:
    return r"\begin{cases} " + r" \\ ".join(map(_case, tree.rows)) + r" \end{cases}"


def _row(tree: s.Row) -> str:
    parts: list[str] = []
    for mark, member in zip(tree.marks, tree.members, strict=False):
        parts += [mark, to_latex(member)]
    return _joined([*parts, tree.marks[-1]])


def _claim(tree: s.Claim) -> str:
    rows = " \\\\\n".join(map(_row, tree.rows))
    if not tree.environment:
        return rows
    return f"\\begin{{{tree.environment}}}\n{rows}\n\\end{{{tree.environment}}}"


_PRINTERS: dict[type[s.Tree], Callable[[Any], str]] = {
    s.Number: lambda tree: tree.text,
    s.Symbol: _symbol,
    s.Script: _script,
    s.Indices: _indices,
    s.Group: _group,
    s.Bars: lambda tree: f"{tree.open} {to_latex(tree.body)} {tree.close}",
    s.Fraction: lambda tree: f"{tree.macro}{{{to_latex(tree.top)}}}{{{to_latex(tree.bottom)}}}",
    s.Slash: lambda tree: f"{to_latex(tree.top)} / {to_latex(tree.bottom)}",
    s.Root: lambda tree: f"\\sqrt{{{to_latex(tree.body)}}}",
    s.Function: _function,
    s.Big: _big,
    s.Relation: lambda tree: f"{to_latex(tree.left)} {tree.sign} {to_latex(tree.right)}",
    s.Product: _product,
    s.Sum: _sum,
    s.Grad: lambda tree: f"{to_latex(tree.base)}.{tree.macro}{{grad}}",
    s.Case: _case,
    s.Cases: _cases,
    s.Row: _row,
    s.Claim: _claim,
    s.Equation: lambda tree: f"{to_latex(tree.left)} = {to_latex(tree.right)}",
}
