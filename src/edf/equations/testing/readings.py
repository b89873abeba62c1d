r"""Is a formula true in one reading and false in another? Then the author must say which is meant.

Where notes have one reading that every reader would take, it is taken. What is refuted so, and
holds as some authors mean it, is an error that says how to write that; and so is a derivative by a
bare matrix that is right in one layout only.
"""

from __future__ import annotations

from dataclasses import replace

from edf.equations.diagnostics import EquationError, Why
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Equation, Number, Relation, Symbol, walk
from edf.equations.meaning.calculus.derivatives import insist_on_a_way
from edf.equations.meaning.names.scope import Scope
from edf.equations.meaning.resolve import refuse_layout, resolve
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.testing.judge import Finding
from edf.equations.testing.setting import Setting, parts
from edf.equations.testing.step import examine


def insist_on_one_layout(
    equation: Equation, meaning: Meaning, setting: Setting, finding: Finding
) -> None:
    """Refuse a step that fits in both layouts of derivatives, and is right in one of them only.

    Raises:
        EquationError: It is one.
    """
    if meaning.turned is None or finding.status not in ("verified", "refuted"):
        return
    try:
        status = examine(equation, meaning.turned, setting).finding.status
    except EquationError:
        status = "error"
    if status != finding.status:
        refuse_layout(equation, setting.page)


def insist_on_one_reading(equation: Equation, meaning: Meaning, setting: Setting) -> None:
    r"""Refuse what is refuted as it is read, and holds as some authors mean it.

    That is b(1 - r) as a product, of a node b that depends on r; \frac{db}{dr}(r + h) as the
    derivative there; A^2 as the square of each entry;
    a norm of a matrix as that of its entries; a softmax of columns; and a natural number as a
    positive one. So is a derivative along what is computed beside something, and not on the way
    to it.

    Raises:
        EquationError: It holds so.
    """
    for expr in parts(meaning):
        if expr.op == "deriv":
            insist_on_a_way(expr, setting.page.scope)
    for expr in parts(meaning):
        if expr.op == "replace" and len(expr.args) == 1:
            name = expr.label[1]
            other = replace(setting.page, products=True)
            message = (
                f"This holds if {name} (..) is a product, and not if {name} is evaluated there: "
                f"write {name} \\cdot (..) for the product"
            )
        elif expr.op == "mul" and any(arg.op == "deriv" for arg in expr.args):
            other = replace(setting.page, at_points=True)
            message = (
                "This holds if the derivative is that at what stands in parentheses behind it, and "
                "not if it is multiplied with that: write \\left. .. \\right|_{x = ..}"
            )
        elif expr.op == "matrix_power":
            other = replace(setting.page, entrywise=True)
            message = (
                "This holds if the power is that of each entry, and not of the matrix: write "
                "A \\odot A, or indices"
            )
        elif expr.op == "norm_spectral" and "norm_F" not in {p.op for p in parts(meaning)}:
            other = replace(setting.page, frobenius=True)
            message = (
                "This holds if the norm is the root of the sum of squares, and not if it is the "
                "largest singular value: write \\lVert A \\rVert_F"
            )
        elif expr.op == "softmax_rows":
            other = replace(setting.page, columns=True)
            message = (
                "This holds if each column is a softmax, and not if each row is: write it with "
                "indices, or of the transpose"
            )
        else:
            continue
        if _holds(equation, meaning, replace(setting, page=other)):
            raise EquationError(Why.AMBIGUOUS, message, position=expr.at)
    _insist_on_number(equation, meaning, setting)
    naturals = [
        part
        for part in dict.fromkeys(walk(equation))
        if isinstance(part, Symbol) and (bound := setting.page.scope.find(part)) is not None
        and getattr(getattr(bound.value, "sample", None), "from_zero", False)
    ]  # fmt: skip
    positive = tuple(Relation(part, r"\geq", Number("1")) for part in naturals)
    above = replace(equation, conditions=(*equation.conditions, *positive))
    if naturals and _holds(above, meaning, setting):
        name = to_latex(naturals[0])
        raise EquationError(
            Why.AMBIGUOUS,
            f"This holds from {name} = 1 on, and not for 0: is 0 a natural number? Declare "
            f"{name} \\in \\mathbb{{N}}_{{>0}}, or \\mathbb{{N}}_0",
            position=naturals[0].at,
        )


def _insist_on_number(equation: Equation, meaning: Meaning, setting: Setting) -> None:
    r"""Refuse what holds if \pi is the number, and not the name that the page binds.

    Raises:
        EquationError: It holds so.
    """
    scope, symbol = setting.page.scope, Symbol(r"\pi")
    bound = scope.find(symbol)
    if bound is None or symbol not in walk(equation):
        return
    names = {name: value for name, value in scope.names.items() if name != bound.name}
    other = replace(setting.page, scope=Scope(names))
    if _holds(equation, meaning, replace(setting, page=other)):
        raise EquationError(
            Why.AMBIGUOUS,
            f"This holds if \\pi is the number 3.14.., and not if it is the {bound.name} of this "
            "page: give that another name",
            position=next(tree.at for tree in walk(equation) if tree == symbol),
        )


def _holds(equation: Equation, meaning: Meaning, setting: Setting) -> bool:
    """Whether a step is verified when it is read otherwise."""
    try:
        other = resolve(equation, setting.page)
        return other != meaning and examine(equation, other, setting).finding.status == "verified"
    except EquationError:
        return False
