"""Random slips: one small change of an equation, of the kind that students and authors make.

Most break it. Some do not, and whether one did is for the oracle to say.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from tests.oracle.expr import Equation, Expr, all_indices, own_indices, put, rename, walk
from tests.oracle.worlds import World

Slip = Callable[[Expr, random.Random, World, list[str]], "Expr | None"]


def mutate(equation: Equation, rng: random.Random, world: World) -> Equation | None:
    """Return the equation with one slip in it, or None if none was found."""
    letters = sorted(all_indices(equation.left) | all_indices(equation.right))
    for _ in range(40):
        left = rng.random() < 0.3
        side = equation.left if left else equation.right
        path, node = rng.choice(list(walk(side)))
        new = rng.choice(SLIPS)(node, rng, world, letters)
        if new is not None and new != node:
            side = put(side, path, new)
            return Equation(side, equation.right) if left else Equation(equation.left, side)
    return None


def drop_argument(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    """A term or a factor is forgotten."""
    if e.op not in ("add", "mul", "max", "min"):
        return None
    k = rng.randrange(len(e.args))
    rest = e.args[:k] + e.args[k + 1 :]
    return rest[0] if len(rest) == 1 else Expr(e.op, rest)


def repeat_factor(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op != "mul":
        return None
    return Expr("mul", (*e.args, rng.choice(e.args)))


def flip_sign(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op == "neg":
        return e.args[0]
    if e.op == "add":
        k = rng.randrange(len(e.args))
        term = e.args[k]
        return put(e, (k,), term.args[0] if term.op == "neg" else -term)
    return None


def change_number(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op != "num":
        return None
    value = rng.choice((e.data + 1, e.data * 2, Fraction(e.data) / 2, abs(e.data - 1)))
    return Expr("num", data=value)


def change_index(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    """One index of this node becomes another letter that the equation uses."""
    own = own_indices(e)
    if e.op == "over" or not own or len(letters) < 2:
        return None
    return (
        rename(e, {rng.choice(own): rng.choice(letters)}) if not e.args else _own(e, rng, letters)
    )


def _own(e: Expr, rng: random.Random, letters: list[str]) -> Expr:
    new = {rng.choice(own_indices(e)): rng.choice(letters)}
    return Expr(e.op, e.args, rename(Expr(e.op, data=e.data), new).data)


def transpose(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op != "name" or len(e.data[1]) != 2:
        return None
    return Expr("name", data=(e.data[0], e.data[1][::-1]))


def change_name(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    """Another value of the same shape takes the place."""
    if e.op != "name":
        return None
    name, indices = e.data
    shape = world.values[name].shape
    others = [v.name for v in world.values.values() if v.shape == shape and v.name != name]
    return Expr("name", data=(rng.choice(others), indices)) if others else None


def change_variable(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    """Something else is differentiated by."""
    if e.op != "deriv":
        return None
    k = rng.randrange(len(e.data))
    new = change_name(Expr("name", data=e.data[k]), rng, world, letters)
    return new and Expr("deriv", e.args, (*e.data[:k], new.data, *e.data[k + 1 :]))


def drop_derivative(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op != "deriv":
        return None
    if len(e.data) > 1 and rng.random() < 0.5:
        return Expr("deriv", e.args, e.data[1:])
    return e.args[0]


def change_power(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op == "pow":
        return rng.choice((e.args[0], Expr("pow", (e.args[0], e.args[1] + 1))))
    return e**2 if e.op in ("name", "fn", "deriv") and rng.random() < 0.3 else None


def invert(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op != "div":
        return None
    above, below = e.args
    return rng.choice((below / above, above * below, above))


FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh", "sinh", "cosh", "sigma", "abs")


def change_function(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op == "call":
        others = [f for f in world.functions if f != e.data and len(world.functions[f]) == 1]
        return Expr("call", e.args, rng.choice(others)) if others else None
    if e.op == "prime":
        return Expr("prime", e.args, (e.data[0], e.data[1] % 2 + 1))
    if e.op != "fn":
        return None
    return rng.choice((e.args[0], Expr("fn", e.args, rng.choice(FUNCTIONS))))


def change_delta(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op == "delta":
        return rng.choice((Expr("num", data=1), 1 - e))
    if e.op == "cases":
        return Expr("cases", e.args[::-1], e.data)
    return None


def change_over(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    if e.op in ("max", "min"):
        return Expr("min" if e.op == "max" else "max", e.args)
    if e.op != "over":
        return None
    kind, index, but = e.data
    others = [k for k in ("sum", "prod", "max", "min") if k != kind]
    choices = [(rng.choice(others), index, but)]
    choices += [(kind, index, None)] if but else [(kind, index, i) for i in letters if i != index]
    return Expr("over", e.args, rng.choice(choices))


def forget_arguments(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    return Expr("name", data=(e.data, ())) if e.op == "replace" else None


def drop_sum(e: Expr, rng: random.Random, world: World, letters: list[str]) -> Expr | None:
    return e.args[0] if e.op == "over" else None


SLIPS: tuple[Slip, ...] = (
    drop_argument,
    drop_argument,
    repeat_factor,
    flip_sign,
    flip_sign,
    change_number,
    change_index,
    change_index,
    transpose,
    change_name,
    change_variable,
    drop_derivative,
    change_power,
    invert,
    change_function,
    change_delta,
    change_over,
    drop_sum,
    forget_arguments,
)
