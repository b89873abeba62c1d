r"""Equations between vectors and matrices: their shapes, what they mean, how they are spelled.

Expressions are those of `expr`, with names standing bare and these operations besides:

    matmul    args: two or more
    hadamard  args: two or more of one shape
    T         args: one; the transpose
    diag      args: a vector
    norm      args: a vector; the Euclidean one
    slope     args: one; data: (an elementary function, order): its derivative, elementwise
    ones      data: the length of that vector
    grad      args: a scalar; data: the name by which; a column, or of that matrix's shape
    jac       args: a vector; data: the vector's name by which

A vector is a column, and a product with one row and one column is a scalar.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from tests.oracle.expr import Equation, Expr
from tests.oracle.latex import ATOM, POWER, PRODUCT, Speller
from tests.oracle.oracle import (
    DIFFERENT,
    DIGITS,
    SAME,
    IllFormedError,
    Numbers,
    Oracle,
    Truth,
    UndecidedError,
    elementary,
    is_real,
)


def t(x: Expr) -> Expr:
    return x.args[0] if x.op == "T" else Expr("T", (x,))


def hadamard(*factors: Expr) -> Expr:
    return Expr("hadamard", factors)


def diag(x: Expr) -> Expr:
    return Expr("diag", (x,))


def norm(x: Expr) -> Expr:
    return Expr("norm", (x,))


def slope(name: str, x: Expr, order: int = 1) -> Expr:
    return Expr("slope", (x,), (name, order))


def ones(n: int) -> Expr:
    return Expr("ones", data=n)


def grad(target: Expr, by: Expr) -> Expr:
    return Expr("grad", (target,), by.data[0])


def jac(target: Expr, by: Expr) -> Expr:
    return Expr("jac", (target,), by.data[0])


# -------------------------------------------------------------------------------- what it means


class MatrixOracle:
    """Judges equations between matrices, by the derivatives of the oracle for components."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle

    def judge(self, equation: Equation) -> Truth:
        try:
            with mpmath.workdps(DIGITS):
                verdicts = [self._agree(equation, k) for k in range(len(self.oracle.points))]
        except IllFormedError:
            return "ill-formed"
        except (UndecidedError, ZeroDivisionError):
            return "undecided"
        return "right" if all(verdicts) else "wrong"

    def _agree(self, equation: Equation, k: int) -> bool:
        left, right = (self.value(side, k) for side in (equation.left, equation.right))
        if left.shape != right.shape:
            raise IllFormedError("the sides differ in shape")
        gaps = []
        for a, b in zip(left.flat, right.flat, strict=True):
            if not (is_real(a) and is_real(b)):
                raise UndecidedError("undefined")
            gaps.append(abs(a - b) / max(1, abs(a), abs(b)))
        if any(SAME < gap < DIFFERENT for gap in gaps):
            raise UndecidedError("almost equal")
        return max(gaps) <= SAME

    def value(self, e: Expr, k: int) -> Any:
        """At point k, an array with two axes; a scalar is 1 by 1."""
        args = [self.value(a, k) for a in e.args] if e.op not in ("grad", "jac") else []
        match e.op:
            case "num":
                return scalar(mpmath.mpf(e.data.numerator) / e.data.denominator)
            case "name":
                return columns(self._entries(e.data[0], (), k))
            case "ones":
                return columns(np.full(e.data, mpmath.mpf(1), dtype=object))
            case "add":
                return reduce(lambda a, b: alike(a, b) + b, args)
            case "hadamard":
                return reduce(lambda a, b: alike(a, b) * b, args)
            case "neg":
                return -args[0]
            case "mul":
                return reduce(scale, args)
            case "div":
                if args[1].size != 1:
                    raise IllFormedError("division by an array")
                return args[0] / args[1][0, 0]
            case "pow":
                return scalar(number(args[0]) ** number(args[1]))
            case "fn":
                return scalar(elementary(e.data, number(args[0]), Numbers(self.oracle, k)))
            case "matmul":
                return reduce(product, args)
            case "T":
                if args[0].size == 1:
                    raise UndecidedError("the transpose of a scalar")
                return args[0].T
            case "diag":
                return np.diag(column(args[0]))
            case "norm":
                return scalar(mpmath.sqrt(sum(v * v for v in column(args[0]))))
            case "slope":
                return np.vectorize(derivative_of(*e.data), otypes=[object])(args[0])
            case "grad" | "jac":
                return self._derivative(e, k)
        raise AssertionError(e.op)

    def _derivative(self, e: Expr, k: int) -> Any:
        (target,) = e.args
        if target.op != "name" or self.oracle.world.values[e.data].constant is not None:
            raise UndecidedError("not a derivative of a node by a node")
        shapes = [self.oracle.world.values[n].shape for n in (target.data[0], e.data)]
        entries = self._entries(target.data[0], (e.data,), k)
        if e.op == "grad":
            if shapes[0] != () or shapes[1] == ():
                raise IllFormedError("the gradient of an array")
            return columns(entries)
        if [len(s) for s in shapes] != [1, 1]:
            raise IllFormedError("not a Jacobian of a vector by a vector")
        return entries

    def _entries(self, name: str, by: tuple[str, ...], k: int) -> Any:
        shape = self.oracle.world.values[name].shape
        wrt = [self.oracle.world.values[w].shape for w in by]
        out = np.empty(shape + sum(wrt, ()), dtype=object)
        field = Numbers(self.oracle, k)
        for index in np.ndindex(*out.shape):
            at, rest = index[: len(shape)], index[len(shape) :]
            out[index] = field.oracle.component(k, name, at, tuple((w, rest) for w in by))
        return out


def derivative_of(name: str, order: int) -> Any:
    """A derivative of an elementary function of one number."""
    t = sp.Symbol("t", real=True)
    function = 1 / (1 + sp.exp(-t)) if name == "sigma" else getattr(sp, name)(t)
    return sp.lambdify([t], sp.diff(function, t, order), "mpmath")


def scalar(value: Any) -> Any:
    out = np.empty((1, 1), dtype=object)
    out[0, 0] = value
    return out


def columns(array: Any) -> Any:
    return array.reshape(1, 1) if array.ndim == 0 else array.reshape(len(array), -1)


def column(array: Any) -> Any:
    if array.shape[1] != 1 or len(array) == 1:
        raise UndecidedError("not a column")  # a matrix's norm or diagonal is another matter
    return array[:, 0]


def number(array: Any) -> Any:
    if array.size != 1:
        raise UndecidedError("a power of an array")
    return array[0, 0]


def alike(a: Any, b: Any) -> Any:
    if a.shape != b.shape:
        raise IllFormedError("shapes differ")
    return a


def scale(a: Any, b: Any) -> Any:
    if a.size != 1 and b.size != 1:
        raise UndecidedError("a product of arrays, or two scalars too many")
    return b * a[0, 0] if a.size == 1 else a * b[0, 0]


def product(a: Any, b: Any) -> Any:
    if a.size == 1 or b.size == 1:
        return scale(a, b)
    if a.shape[1] != b.shape[0]:
        raise IllFormedError("shapes do not chain")
    return a @ b


# ------------------------------------------------------------------------------ how it is spelled


class MatrixSpeller(Speller):
    """Spells equations between matrices."""

    def _spell(self, expr: Expr, least: int) -> tuple[str, int]:
        match expr.op:
            case "name":
                return self.world.tex(expr.data[0]), ATOM
            case "ones":
                return r"\mathbf{1}", ATOM
            case "matmul" | "mul":
                return self._chain(expr.args), PRODUCT
            case "hadamard":
                factors = [self.spell(a, POWER) for a in expr.args]
                return r" \odot ".join(factors), PRODUCT
            case "T":
                inner = expr.args[0]
                plain = inner.op in ("name", "ones")
                text = self.spell(inner) if plain else self.bracketed(self.spell(inner))
                return text + str(self.pick(r"^\top", r"^{\top}", "^T")), POWER
            case "diag":
                return r"\operatorname{diag}" + self._call(expr.args[0]), ATOM
            case "norm":
                left, right = self.pick((r"\lVert ", r" \rVert"), (r"\left\|", r"\right\|"))
                return f"{left}{self.spell(expr.args[0])}{right}", ATOM
            case "slope":
                name, order = expr.data
                return f"\\{name}{chr(39) * order}{self._call(expr.args[0])}", ATOM
            case "grad":
                target = self.spell(expr.args[0], ATOM)
                return f"\\nabla_{self._by(expr.data)} {target}", PRODUCT
            case "jac":
                above = self.spell(expr.args[0], ATOM)
                below = self.world.tex(expr.data)
                return f"\\frac{{\\partial {above}}}{{\\partial {below}}}", ATOM
            case "div":
                above, below = (self.spell(a) for a in expr.args)
                return f"\\frac{{{above}}}{{{below}}}", ATOM
        return super()._spell(expr, least)

    def _by(self, name: str) -> str:
        plain = self.world.tex(name)
        return str(self.pick(plain, f"{{{plain}}}")) if len(plain) == 1 else f"{{{plain}}}"

    def _chain(self, factors: tuple[Expr, ...]) -> str:
        text = ""
        for k, factor in enumerate(factors):
            last = k == len(factors) - 1
            piece = self.spell(factor, PRODUCT if last and factor.op == "grad" else POWER)
            text += (self._times(factors[k - 1], piece) if k else "") + piece
        return text

    def _times(self, before: Expr, piece: str) -> str:
        opens = piece[0] in "([" or piece.startswith((r"\left", r"\big"))
        if piece[0].isdigit() or (opens and before.op == "name"):
            return r" \cdot "
        return str(self.pick(" ", r" \, ", r"\;", "  "))
