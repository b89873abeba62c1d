"""Is an equation true? SymPy differentiates, mpmath evaluates with 60 digits at rational points.

A derivative with respect to a node is taken with respect to a slack added to that node. Nothing
here knows LaTeX, NumPy's floating point or `edf`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Any, Literal

import mpmath
import numpy as np
import sympy as sp

from tests.oracle.expr import Equation, Expr, free, rename
from tests.oracle.worlds import World

DIGITS = 60
POINTS = 4
SAME, DIFFERENT = mpmath.mpf("1e-20"), mpmath.mpf("1e-9")
LARGEST_TABLE = 200  # components of one derivative; more takes minutes and says nothing new

Truth = Literal["right", "wrong", "one size", "ill-formed", "undecided"]
"""An equation of *one size* is right at the lengths of its page, and wrong at others."""
Component = tuple[str, tuple[int, ...]]


class IllFormedError(Exception):
    """An equation that means nothing: ranges clash, or a constant is differentiated by."""


class UndecidedError(Exception):
    """An equation that this oracle cannot judge."""


class Oracle:
    """Judges equations about one world; derivatives once computed are kept."""

    def __init__(self, world: World, seed: int = 1) -> None:
        self.world = world
        rng = random.Random(f"{world.name}/{seed}")
        self.points = [world.point(rng, scale) for scale in world.scales for _ in range(POINTS)]
        self.leaves = {name: world.symbols(name) for name in self.points[0]}
        self._tables: dict[tuple[str, tuple[str, ...]], list[Any]] = {}
        self.compiled: dict[Any, tuple[list[Any], Callable[..., Any]]] = {}
        """Derivatives of whole expressions in the equation at hand: their atoms, and a function."""

    def judge(self, equation: Equation) -> Truth:
        """Return whether the two sides agree at every point at which both are defined."""
        try:
            with mpmath.workdps(DIGITS):
                return self._judge(equation)
        except IllFormedError:
            return "ill-formed"
        except (UndecidedError, ZeroDivisionError):
            return "undecided"

    def _judge(self, equation: Equation) -> Truth:
        self.compiled.clear()
        fresh = itertools.count()
        left, right = (unique_indices(e, fresh) for e in (equation.left, equation.right))
        shared = free(left) | free(right)
        ranges = index_ranges(self.world, left, right)
        compared: set[int] = set()
        for k in range(len(self.points)):
            field = Numbers(self, k)
            for env in assignments(sorted(shared), ranges):
                a, b = (evaluate(side, env, field, ranges) for side in (left, right))
                if not (is_real(a) and is_real(b)):
                    continue
                gap = abs(a - b) / max(1, abs(a), abs(b))
                if gap > DIFFERENT:
                    return "wrong"
                if gap > SAME:
                    raise UndecidedError("almost equal")
                compared.add(k)
        if 2 * len(compared) < len(self.points):
            raise UndecidedError("undefined at most points")
        return "right"

    def component(self, k: int, name: str, at: tuple[int, ...], wrt: tuple[Component, ...]) -> Any:
        """At point k, a component of a value, or of its derivative by components of others."""
        wrt = tuple(sorted(wrt))
        table = self._table(name, tuple(w for w, _ in wrt))
        return table[k][at + tuple(i for _, index in wrt for i in index)]

    def _table(self, name: str, wrt: tuple[str, ...]) -> Any:
        if (name, wrt) not in self._tables:
            self._tables[name, wrt] = self._differentiate(name, wrt)
        return self._tables[name, wrt]

    def _differentiate(self, name: str, wrt: tuple[str, ...]) -> list[Any]:
        """All components of a derivative, as an array for every point."""
        values = self.world.values
        shape = values[name].shape + tuple(n for w in wrt for n in values[w].shape)
        if any(values[w].constant is not None for w in wrt):
            raise IllFormedError("a constant is differentiated by")
        if np.prod(shape) > LARGEST_TABLE:
            raise UndecidedError("too many components")
        if not set(wrt) <= self.world.ancestors(name):
            return [np.full(shape, mpmath.mpf(0), dtype=object)] * len(self.points)
        slacks = {w: self.world.symbols(w) for w in wrt if w not in self.leaves}
        target = self._expressions(slacks)[name]
        variables = {w: slacks.get(w, self.leaves.get(w)) for w in wrt}

        def derivative(expression: Any, rest: tuple[str, ...]) -> list[Any]:
            if not rest:
                return [expression]
            by = np.ravel(np.asarray(variables[rest[0]], dtype=object))
            return [e for v in by for e in derivative(sp.diff(expression, v), rest[1:])]

        flat = [e for t in np.ravel(np.asarray(target, dtype=object)) for e in derivative(t, wrt)]
        known = [*self.leaves.values(), *slacks.values()]
        arguments = [s for array in known for s in np.ravel(np.asarray(array, dtype=object))]
        compiled = sp.lambdify(arguments, flat, "mpmath", cse=True)
        out = []
        for point in self.points:
            at = [v for leaf in self.leaves for v in np.ravel(np.asarray(point[leaf], object))]
            at = [mpmath.mpf(v.numerator) / v.denominator for v in at]
            numbers = compiled(*at, *[mpmath.mpf(0)] * (len(arguments) - len(at)))
            array = np.empty(len(numbers), dtype=object)
            array[:] = numbers
            out.append(array.reshape(shape))
        return out

    def _expressions(self, slacks: dict[str, Any]) -> dict[str, Any]:
        """Every value of the world in terms of its leaves, with a slack added where asked."""
        space: dict[str, Any] = dict(self.leaves)
        for value in self.world.values.values():
            if value.constant is not None:
                space[value.name] = exact(value.constant)
            elif value.formula is not None:
                space[value.name] = value.formula(*(space[p] for p in value.parents))
                if value.name in slacks:
                    space[value.name] = space[value.name] + slacks[value.name]
        return space


# ------------------------------------------------------------------------------------ evaluation


class Numbers:
    """Evaluate to 60-digit numbers at one of the oracle's points."""

    functions: Any = mpmath

    def __init__(self, oracle: Oracle, k: int) -> None:
        self.oracle, self.k = oracle, k

    def number(self, value: Any) -> Any:
        return mpmath.mpf(value.numerator) / value.denominator

    def component(self, name: str, at: tuple[int, ...]) -> Any:
        return self.oracle.component(self.k, name, at, ())

    def choose(self, kind: str, values: list[Any]) -> Any:
        if not all(map(is_real, values)):
            return mpmath.mpc(0, 1)  # undefined, and so is everything computed from it
        return max(values) if kind == "max" else min(values)

    def derivative(self, target: Expr, env: dict[str, int], wrt: Any, ranges: Any) -> Any:
        """Differentiate the target as an expression in components, then put the numbers in."""
        by = tuple((name, tuple(env[i] for i in index)) for name, index in wrt)
        if target.op == "name":
            name, index = target.data
            return self.oracle.component(self.k, name, tuple(env[i] for i in index), by)
        key = (target, wrt, tuple(env.items()))
        if key not in self.oracle.compiled:
            field = Symbols(self.oracle)
            expression = sp.sympify(field.derivative(target, env, wrt, ranges))
            symbols = sorted(expression.free_symbols, key=str)
            function = sp.lambdify(symbols, expression, "mpmath")
            self.oracle.compiled[key] = [field.atoms[s] for s in symbols], function
        atoms, function = self.oracle.compiled[key]
        return function(*(self.oracle.component(self.k, *atom) for atom in atoms))

    def apply(self, formula: Callable[..., Any], argument: Any, order: int) -> Any:
        t = sp.Symbol("t", real=True)
        return sp.lambdify([t], sp.diff(formula(t), t, order), "mpmath")(argument)

    def substitute(self, formula: Callable[..., Any], arguments: list[Any]) -> Any:
        t = sp.symbols(f"t:{len(arguments)}", real=True)
        return sp.lambdify(t, formula(*t), "mpmath")(*arguments)


class Symbols:
    """Evaluate to a SymPy expression whose symbols are components and their derivatives."""

    functions: Any = sp

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.atoms: dict[Any, tuple[str, tuple[int, ...], tuple[Component, ...]]] = {}

    def number(self, value: Any) -> Any:
        return sp.Rational(value.numerator, value.denominator)

    def component(self, name: str, at: tuple[int, ...]) -> Any:
        return self._atom(name, at, ())

    def choose(self, kind: str, values: list[Any]) -> Any:
        def better(a: Any, b: Any) -> Any:
            return sp.Piecewise((a, a >= b if kind == "max" else a <= b), (b, True))

        return reduce(better, values)

    def derivative(self, target: Expr, env: dict[str, int], wrt: Any, ranges: Any) -> Any:
        expression = sp.sympify(evaluate(target, env, self, ranges))
        for name, index in reversed(wrt):
            by = (name, tuple(env[i] for i in index))
            if self.oracle.world.values[name].constant is not None:
                raise IllFormedError("a constant is differentiated by")
            expression = sum(
                (
                    sp.diff(expression, atom) * self._atom(n, at, (*before, by))
                    for atom in sorted(expression.free_symbols, key=str)
                    for n, at, before in [self.atoms[atom]]
                ),
                sp.Integer(0),
            )
        return expression

    def apply(self, formula: Callable[..., Any], argument: Any, order: int) -> Any:
        t = sp.Symbol("t", real=True)
        return sp.diff(formula(t), t, order).subs(t, argument)

    def substitute(self, formula: Callable[..., Any], arguments: list[Any]) -> Any:
        return formula(*arguments)

    def _atom(self, name: str, at: tuple[int, ...], wrt: tuple[Component, ...]) -> Any:
        if any(w not in self.oracle.world.ancestors(name) for w, _ in wrt):
            return sp.Integer(0)
        wrt = tuple(sorted(wrt))
        symbol = sp.Symbol(f"{name}{at}{wrt}", real=True)
        self.atoms[symbol] = (name, at, wrt)
        return symbol


def evaluate(expr: Expr, env: dict[str, int], field: Any, ranges: dict[str, int]) -> Any:
    """The value of an expression for one assignment of its free indices."""

    def at(argument: Expr, **more: int) -> Any:
        return evaluate(argument, {**env, **more}, field, ranges)

    match expr.op:
        case "num":
            return field.number(expr.data)
        case "name":
            return field.component(expr.data[0], tuple(env[i] for i in expr.data[1]))
        case "delta":
            return field.number(int(env[expr.data[0]] == env[expr.data[1]]))
        case "cases":
            return at(expr.args[0 if env[expr.data[0]] == env[expr.data[1]] else 1])
        case "add":
            return reduce(lambda a, b: a + b, map(at, expr.args))
        case "mul":
            return reduce(lambda a, b: a * b, map(at, expr.args))
        case "neg":
            return -at(expr.args[0])
        case "div":
            return at(expr.args[0]) / at(expr.args[1])
        case "pow":
            return at(expr.args[0]) ** at(expr.args[1])
        case "fn":
            return elementary(expr.data, at(expr.args[0]), field)
        case "max" | "min":
            return field.choose(expr.op, [at(a) for a in expr.args])
        case "over":
            kind, index, but = expr.data
            steps = [k for k in range(ranges[index]) if but is None or k != env[but]]
            values = [at(expr.args[0], **{index: k}) for k in steps]
            if kind in ("max", "min"):
                return field.choose(kind, values)
            start = field.number(int(kind == "prod"))
            return reduce(lambda a, b: a + b if kind == "sum" else a * b, values, start)
        case "deriv":
            return field.derivative(expr.args[0], env, expr.data, ranges)
        case "replace":
            formula = field.oracle.world.values[expr.data].formula
            return field.substitute(formula, [at(a) for a in expr.args])
        case "call" | "prime":
            name, order = (expr.data, 0) if expr.op == "call" else expr.data
            world = field.oracle.world
            formula = world.values[world.applied[name]].formula
            return field.apply(formula, at(expr.args[0]), order)
    raise AssertionError(expr.op)


def elementary(name: str, x: Any, field: Any) -> Any:
    match name:
        case "sigma":
            return 1 / (1 + field.functions.exp(-x))
        case "abs":
            return field.choose("max", [x, -x])
    return getattr(field.functions, name)(x)


def is_real(value: Any) -> bool:
    if isinstance(value, mpmath.mpc):
        return False
    return bool(mpmath.isfinite(value))


def exact(value: Any) -> Any:
    """A constant, its numbers as SymPy's rationals."""
    out = np.empty(np.shape(value), dtype=object)
    for index in np.ndindex(*out.shape):
        out[index] = sp.Rational(np.asarray(value)[index].item())
    return out if out.shape else out[()]


# --------------------------------------------------------------------------------------- indices


def unique_indices(expr: Expr, fresh: Iterator[int]) -> Expr:
    """Give every bound index a letter of its own, so that one letter means one index."""

    def rec(node: Expr, letters: dict[str, str]) -> Expr:
        if node.op == "over":
            letters = {**letters, node.data[1]: f"{node.data[1]}#{next(fresh)}"}
        own = rename(Expr(node.op, data=node.data), letters)
        return replace(own, args=tuple(rec(a, letters) for a in node.args))

    return rec(expr, {})


def index_ranges(world: World, *sides: Expr) -> dict[str, int]:
    """How far each index runs: as the axes that it stands on, or an index that it equals."""
    ranges: dict[str, int] = {}
    equal: list[tuple[str, ...]] = []

    def stand(indices: Iterable[str], shape: tuple[int, ...]) -> None:
        indices = tuple(indices)
        if len(indices) != len(shape):
            raise IllFormedError("wrong number of indices")
        for index, n in zip(indices, shape, strict=True):
            if ranges.setdefault(index, n) != n:
                raise IllFormedError(f"index {index} runs over {ranges[index]} and over {n}")

    def rec(node: Expr) -> None:
        match node.op:
            case "name":
                stand(node.data[1], world.values[node.data[0]].shape)
            case "deriv":
                for name, indices in node.data:
                    stand(indices, world.values[name].shape)
            case "delta" | "cases":
                equal.append(node.data)
            case "over":
                equal.append(tuple(i for i in node.data[1:] if i))
        for argument in node.args:
            rec(argument)

    for side in sides:
        rec(side)
    for _ in equal:
        for group in equal:
            known = {ranges[i] for i in group if i in ranges}
            if len(known) > 1:
                raise IllFormedError("equal indices run over different ranges")
            ranges.update({i: n for n in known for i in group})
    if any(i not in ranges for group in equal for i in group):
        raise IllFormedError("an index has no range")
    return ranges


def assignments(indices: list[str], ranges: dict[str, int]) -> Iterable[dict[str, int]]:
    for values in itertools.product(*(range(ranges[i]) for i in indices)):
        yield dict(zip(indices, values, strict=True))
