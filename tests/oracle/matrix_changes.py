"""Changes of equations between matrices: rewrites keep the truth, slips mostly do not."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.oracle.expr import Equation, Expr, put, walk
from tests.oracle.matrix import diag, t
from tests.oracle.worlds import World


def rewrite_matrices(equation: Equation, rng: random.Random, times: int) -> Equation:
    for _ in range(times):
        equation = _change(equation, rng, lambda e: rule(e, rng)) or equation
    return equation


def mutate_matrices(equation: Equation, rng: random.Random, world: World) -> Equation | None:
    return _change(equation, rng, lambda e: slip(e, rng, world))


def _change(
    equation: Equation, rng: random.Random, change: Callable[[Expr], Expr | None]
) -> Equation | None:
    """Apply a change somewhere in an equation, if it fits anywhere that is tried."""
    for _ in range(40):
        left = rng.random() < 0.3
        side = equation.left if left else equation.right
        path, node = rng.choice(list(walk(side)))
        if _is_target(side, path):
            continue  # what is differentiated stays a node
        new = change(node)
        if new is not None and new != node:
            side = put(side, path, new)
            return Equation(side, equation.right) if left else Equation(equation.left, side)
    return None


def _is_target(side: Expr, path: tuple[int, ...]) -> bool:
    for k in path:
        if side.op in ("grad", "jac"):
            return True
        side = side.args[k]
    return False


def rule(e: Expr, rng: random.Random) -> Expr | None:
    """An equal expression, by one rule of linear algebra, or None where that rule does not fit."""
    match rng.randrange(12), e.op:
        case 0, "T" if e.args[0].op == "matmul":
            return Expr("matmul", tuple(t(a) for a in reversed(e.args[0].args)))
        case 1, "T" if e.args[0].op == "add":
            return Expr("add", tuple(t(a) for a in e.args[0].args))
        case 2, "matmul" if (k := _first(e.args, "add")) is not None:
            return Expr(
                "add",
                tuple(Expr("matmul", (*e.args[:k], a, *e.args[k + 1 :])) for a in e.args[k].args),
            )
        case 3, "add" | "hadamard":
            return Expr(e.op, tuple(rng.sample(e.args, len(e.args))))
        case 4, "matmul" if len(e.args) > 2:
            head, tail = e.args[:2], e.args[2:]
            return Expr("matmul", (Expr("matmul", head), *tail))
        case 5, "matmul" if len(e.args) > 2:
            return Expr("matmul", (*e.args[:-2], Expr("matmul", e.args[-2:])))
        case 6, "name" | "matmul" | "grad":
            return e + e - e
        case 7, "name" | "grad" | "matmul":
            return Expr("div", (Expr("mul", (Expr("num", data=2), e)), Expr("num", data=2)))
        case 8, "neg":
            return Expr("mul", (Expr("neg", (Expr("num", data=1),)), e.args[0]))
        case 9, "matmul":
            return t(Expr("matmul", tuple(t(a) for a in reversed(e.args))))
        case 10, "hadamard" if len(e.args) == 2:
            return Expr("matmul", (diag(e.args[0]), e.args[1]))
        case 11, "norm":
            return Expr("fn", (t(e.args[0]) @ e.args[0],), "sqrt")
    return None


def slip(e: Expr, rng: random.Random, world: World) -> Expr | None:
    """An expression with one mistake in it, or None where that mistake cannot be made."""
    match rng.randrange(13), e.op:
        case 0, "T":
            return e.args[0]
        case 1, "name" | "grad" | "jac":
            return t(e)
        case 2, "matmul":
            return Expr("matmul", tuple(rng.sample(e.args, len(e.args))))
        case 3, "add" | "hadamard" | "matmul" if len(e.args) > 1:
            k = rng.randrange(len(e.args))
            rest = e.args[:k] + e.args[k + 1 :]
            return rest[0] if len(rest) == 1 else Expr(e.op, rest)
        case 4, "add":
            k = rng.randrange(len(e.args))
            new = e.args[k].args[0] if e.args[k].op == "neg" else -e.args[k]
            return Expr("add", (*e.args[:k], new, *e.args[k + 1 :]))
        case 5, "neg":
            return e.args[0]
        case 6, "name":
            shape = world.values[e.data[0]].shape
            others = [v.name for v in world.values.values() if v.shape == shape]
            return Expr("name", data=(rng.choice(others), ()))
        case 7, "grad" | "jac":
            shape = world.values[e.data].shape
            others = [v.name for v in world.values.values() if v.shape == shape]
            return Expr(e.op, e.args, rng.choice(others))
        case 8, "matmul" if len(e.args) == 2:
            return Expr("hadamard", e.args)
        case 9, "num":
            return Expr("num", data=e.data + 1)
        case 10, "diag":
            return e.args[0]
        case 11, "hadamard" if len(e.args) == 2:
            return Expr("matmul", e.args)
        case 12, "slope":
            name, order = e.data
            return Expr("slope", e.args, (name, 3 - order))
    return None


def _first(args: tuple[Expr, ...], op: str) -> int | None:
    return next((k for k, a in enumerate(args) if a.op == op), None)
