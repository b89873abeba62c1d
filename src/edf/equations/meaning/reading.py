"""What was understood, said unambiguously: as plain text and as LaTeX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edf.equations.meaning.expression import Expr, Index, Meaning
from edf.equations.meaning.names import Bound

_SIGNS = {"=": "=", r"\neq": "!=", "<": "<", ">": ">", r"\leq": "<=", r"\geq": ">="}
_LATEX_FUNCTIONS = {"sqrt": r"\operatorname{sqrt}", "sigma": r"\sigma"}


def plain(meaning: Meaning) -> str:
    """Return the reading as `D[P_i, x_j] = P_i*(delta_ij - P_j)`."""
    style = _Style(latex=False)
    return f"{style.show(meaning.left, 0)} = {style.show(meaning.right, 0)}"


def latex(meaning: Meaning) -> str:
    """Return the reading as LaTeX, with everything spelled out."""
    style = _Style(latex=True)
    return f"{style.show(meaning.left, 0)} = {style.show(meaning.right, 0)}"


@dataclass(frozen=True)
class _Style:
    """Shows expressions; the level says what stands around: 0 nothing, 1 a sum, 2 a product,
    3 a power or an argument."""

    latex: bool

    def show(self, expr: Expr, level: int) -> str:
        text, binds = self._shown(expr)
        if binds >= level:
            return text
        return rf"\left( {text} \right)" if self.latex else f"({text})"

    def pick(self, latex: str, plain: str) -> str:
        return latex if self.latex else plain

    def _shown(self, expr: Expr) -> tuple[str, int]:
        match expr.op:
            case "number":
                return self._number(expr)
            case "node" | "array":
                return self._labelled(expr)
            case "delta":
                i, j = expr.data
                return self.pick(rf"\delta_{{{i}{j}}}", f"delta_{i}{j}"), 4
            case "ones":
                return self.pick(r"\mathbf{1}", "ones"), 4
            case "eye":
                return self.pick("I", "eye"), 4
            case "add":
                return self._sum(expr), 0
            case "neg":
                return "-" + self.show(expr.args[0], 2), 0
            case "mul" | "hadamard" | "matmul":
                sign = {"mul": r" \cdot ", "hadamard": r" \odot ", "matmul": r" \, "}[expr.op]
                if not self.latex:
                    sign = {"mul": "*", "hadamard": " o ", "matmul": " @ "}[expr.op]
                return sign.join(
                    self.show(arg, 2 if expr.op == "mul" else 3) for arg in expr.args
                ), 2
            case "div":
                return self._quotient(expr)
            case "pow":
                base, exponent = expr.args
                if self.latex:
                    return f"{self.show(base, 4)}^{{{self.show(exponent, 0)}}}", 3
                return f"{self.show(base, 4)}^{self.show(exponent, 4)}", 3
            case "fn":
                return self._called(self._function(expr.data), expr.args), 4
            case "max" | "min":
                return self._called(self.pick("\\" + expr.op, expr.op), expr.args), 4
            case "deriv":
                return self._derivative(expr), 4
            case "big":
                return self._big(expr), 1
            case "cases":
                return self._cases(expr), 4
            case _:
                return self._other(expr)

    def _number(self, expr: Expr) -> tuple[str, int]:
        if expr.label[0]:
            return expr.label[1 if self.latex else 0], 4
        return f"{expr.data:g}", 4 if expr.data >= 0 else 0

    def _labelled(self, expr: Expr) -> tuple[str, int]:
        return expr.label[1 if self.latex else 0], 4

    def _sum(self, expr: Expr) -> str:
        text = ""
        for k, arg in enumerate(expr.args):
            if arg.op == "neg":
                text += (" - " if k else "-") + self.show(arg.args[0], 2)
            else:
                text += (" + " if k else "") + self.show(arg, 1)
        return text

    def _quotient(self, expr: Expr) -> tuple[str, int]:
        top, bottom = expr.args
        if self.latex:
            return rf"\frac{{{self.show(top, 0)}}}{{{self.show(bottom, 0)}}}", 3
        return f"{self.show(top, 2)}/{self.show(bottom, 3)}", 2

    def _function(self, name: str) -> str:
        if not self.latex:
            return name
        if name in ("relu", "sign", "softplus"):
            return rf"\operatorname{{{name}}}"
        return _LATEX_FUNCTIONS.get(name, "\\" + name)

    def _called(self, name: str, args: tuple[Expr, ...]) -> str:
        inside = ", ".join(self.show(arg, 0) for arg in args)
        return rf"{name}\left( {inside} \right)" if self.latex else f"{name}({inside})"

    def _derivative(self, expr: Expr) -> str:
        variables: list[tuple[str, str]] = []
        target = expr
        while target.op == "deriv":
            variables.append(target.data[2])
            target = target.args[0]
        if not self.latex:
            return f"D[{', '.join([self.show(target, 0), *(plain for plain, _ in variables)])}]"
        order = f"^{len(variables)}" if len(variables) > 1 else ""
        below = " ".join(rf"\partial {latex}" for _, latex in variables)
        if target.op == "node":
            return rf"\frac{{\partial{order} {self.show(target, 4)}}}{{{below}}}"
        return rf"\frac{{\partial{order}}}{{{below}}} \left( {self.show(target, 0)} \right)"

    def _big(self, expr: Expr) -> str:
        kind, indices, condition = expr.data
        body = self.show(expr.args[0], 2)
        if self.latex:
            below = ", ".join(indices) if condition is None else " ".join(condition)
            return rf"\{kind}_{{{below}}} {body}"
        below = ", ".join(indices)
        if condition is not None:
            below = f"{condition[0]} {_SIGNS[condition[1]]} {condition[2]}"
        return f"{kind}[{below}]({self.show(expr.args[0], 0)})"

    def _cases(self, expr: Expr) -> str:
        count = len(expr.data)
        sides = iter(expr.args[count:])
        rows = []
        for value, condition in zip(expr.args[:count], expr.data, strict=True):
            if condition is None:
                when = self.pick(r"\text{otherwise}", "otherwise")
            elif condition[0] == "index":
                _, sign, i, j = condition
                when = f"{i} {self.pick(sign, _SIGNS[sign])} {j}"
            else:
                sign = self.pick(condition[1], _SIGNS[condition[1]])
                when = f"{self.show(next(sides), 0)} {sign} {self.show(next(sides), 0)}"
            link = self.pick(r" & \text{if } ", " if ")
            if condition is None:
                link = self.pick(" & ", " ")
            rows.append(self.show(value, 0) + link + when)
        if self.latex:
            return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
        return "cases(" + "; ".join(rows) + ")"

    def _other(self, expr: Expr) -> tuple[str, int]:
        argument: Any = expr.args
        match expr.op:
            case "transpose":
                return self.show(expr.args[0], 4) + self.pick(r"^{\top}", "^T"), 3
            case "inverse":
                return self.show(
                    expr.args[0], 4
                ) + "^{-1}" if self.latex else f"inv({self.show(expr.args[0], 0)})", 3
            case "abs":
                inside = self.show(expr.args[0], 0)
                return self.pick(rf"\left\lvert {inside} \right\rvert", f"|{inside}|"), 4
            case "norm":
                inside = self.show(expr.args[0], 0)
                kind = {"inf": r"\infty"}.get(expr.data, expr.data)
                return self.pick(
                    rf"\left\lVert {inside} \right\rVert_{{{kind}}}", f"norm{expr.data}({inside})"
                ), 4
            case "component":
                whole, suffix = self.pick(*self._grouped(expr.args[0])), _suffix(expr.data)
                return f"{whole}_{self.pick(f'{{{suffix}}}', suffix)}", 4
            case "trace" | "det" | "diag":
                name = {"trace": "tr"}.get(expr.op, expr.op)
                return self._called(self.pick(rf"\operatorname{{{name}}}", name), argument), 4
            case "call":
                return self._called(self._bound(expr.data), argument), 4
            case "prime":
                bound, order = expr.data
                return self._called(self._bound(bound) + "'" * order, argument), 4
            case "replace":
                return self._called(expr.label[1 if self.latex else 0], argument), 4
        raise AssertionError(expr.op)

    def _grouped(self, expr: Expr) -> tuple[str, str]:
        inside = self.show(expr, 0)
        return rf"\left( {inside} \right)", f"({inside})"

    def _bound(self, bound: Bound) -> str:
        if not self.latex or len(bound.name) == 1:
            return bound.name
        if bound.name == "sigma":
            return r"\sigma"
        return rf"\operatorname{{{bound.name.replace('_', '-')}}}"


def _suffix(indices: tuple[Index, ...]) -> str:
    return "".join(map(str, indices))
