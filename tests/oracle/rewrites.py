"""Random changes of an equation that keep its truth.

A rewrite is a function of an expression and a random generator that returns an equal expression,
or None where it does not apply. `rewrite` applies one somewhere in an equation. Whether they do
keep the truth is not taken on trust: the oracle judges every equation that comes out.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from tests.oracle.expr import (
    Equation,
    Expr,
    all_indices,
    as_expr,
    delta,
    exp,
    fn,
    free,
    if_equal,
    mentions,
    over,
    put,
    rename,
    size,
    walk,
)

Rewrite = Callable[[Expr, random.Random], "Expr | None"]

LETTERS = "ijkmnpqr"
LARGEST = 60  # expressions do not grow beyond this many nodes


class Rewriter:
    """Rewrites equations of one world; `taken` are names, which cannot be indices."""

    def __init__(self, equations: list[Equation], taken: frozenset[str]) -> None:
        self.equations, self.taken = equations, taken
        self.letters = [i for i in LETTERS if i not in taken]

    def rewrite(self, equation: Equation, rng: random.Random, times: int) -> Equation:
        """Apply so many random rewrites; each that would grow the equation too much is left out."""
        for _ in range(times):
            changed = self._both_sides(equation, rng) or self._one_side(equation, rng)
            if changed and size(changed.left) + size(changed.right) <= LARGEST:
                equation = changed
        return equation

    def _one_side(self, equation: Equation, rng: random.Random) -> Equation | None:
        left = rng.random() < 0.3
        side = equation.left if left else equation.right
        places = list(walk(side))
        for _ in range(12):
            path, node = rng.choice(places)
            rule = rng.choice(RULES)
            new = self._rename_bound(node, side, rng) if rule is None else rule(node, rng)
            if new is None and rng.random() < 0.3:
                new = self._apply_known(side, path, node, rng)
            if new is not None and new != node and not all_indices(new) & self.taken:
                side = put(side, path, new)
                return Equation(side, equation.right) if left else Equation(equation.left, side)
        return None

    def _both_sides(self, equation: Equation, rng: random.Random) -> Equation | None:
        left, right = equation.left, equation.right
        match rng.randrange(14):
            case 0:
                return Equation(right, left)
            case 1 if right.op == "add":
                k = rng.randrange(len(right.args))
                rest = [a for q, a in enumerate(right.args) if q != k]
                if not all(free(left) == free(left) | free(a) for a in rest):
                    return None
                return Equation(left - right.args[k], _sum(rest))
            case 2 if right.op == "div" and free(right.args[1]) <= free(left):
                return Equation(_product([left, right.args[1]]), right.args[0])
            case 3 if left.op == "name":
                return Equation(exp(left), exp(right))
            case 4:
                factor = rng.choice(positive_things(left, right))
                return Equation(_product([factor, left]), _product([factor, right]))
        return None

    def _rename_bound(self, node: Expr, side: Expr, rng: random.Random) -> Expr | None:
        unused = [i for i in self.letters if i not in all_indices(side)]
        if node.op != "over" or not unused:
            return None
        return rename_bound(node, rng.choice(unused))

    def _apply_known(
        self, side: Expr, path: tuple[int, ...], node: Expr, rng: random.Random
    ) -> Expr | None:
        """Replace a component or a first derivative by another equation's right side."""
        if node.op not in ("name", "deriv") or inside_derivative(side, path) or not self.equations:
            return None
        known = rng.choice(self.equations)
        letters = match(known.left, node)
        if letters is None or (mentions(known.right, "over") and size(known.right) > 25):
            return None
        bound = sorted(all_indices(known.right) - set(letters))
        unused = [i for i in self.letters if i not in all_indices(side) | set(letters.values())]
        if len(unused) < len(bound):
            return None
        return rename(known.right, {**letters, **dict(zip(bound, unused, strict=False))})


def match(pattern: Expr, node: Expr) -> dict[str, str] | None:
    """The letters by which a component or derivative of one becomes the other, if it does."""
    if pattern.op != node.op or pattern.op not in ("name", "deriv"):
        return None
    letters: dict[str, str] = {}

    def same(a: tuple[str, tuple[str, ...]], b: tuple[str, tuple[str, ...]]) -> bool:
        return (
            a[0] == b[0]
            and len(a[1]) == len(b[1])
            and all(letters.setdefault(i, j) == j for i, j in zip(a[1], b[1], strict=True))
        )

    if pattern.op == "name":
        return letters if same(pattern.data, node.data) else None
    targets = pattern.args[0].op == node.args[0].op == "name"
    if not targets or len(pattern.data) != len(node.data):
        return None
    pairs = [(pattern.args[0].data, node.args[0].data), *zip(pattern.data, node.data, strict=True)]
    return letters if all(same(a, b) for a, b in pairs) else None


def inside_derivative(side: Expr, path: tuple[int, ...]) -> bool:
    for k in path:
        if side.op == "deriv":
            return True
        side = side.args[k]
    return False


def rename_bound(node: Expr, letter: str) -> Expr:
    """Give the bound index of a sum, product or maximum another letter."""
    kind, index, but = node.data
    return Expr("over", (rename(node.args[0], {index: letter}),), (kind, letter, but))


def positive_things(*sides: Expr) -> list[Expr]:
    """Expressions that are nowhere zero and have no index that the sides lack."""
    shared = free(sides[0]) | free(sides[1])
    scalars = [n for s in sides for _, n in walk(s) if n.op == "name" and free(n) <= shared] or [
        as_expr(2)
    ]
    return [t for n in scalars for t in (exp(n), 1 + n**2, as_expr(2))]


def _sum(terms: list[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Expr("add", tuple(terms))


def _product(factors: list[Expr]) -> Expr:
    return factors[0] if len(factors) == 1 else Expr("mul", tuple(factors))


# ------------------------------------------------------------------------------ rules of algebra


def commute(e: Expr, rng: random.Random) -> Expr | None:
    if e.op not in ("add", "mul", "max", "min"):
        return None
    args = list(e.args)
    rng.shuffle(args)
    return Expr(e.op, tuple(args))


def associate(e: Expr, rng: random.Random) -> Expr | None:
    if e.op not in ("add", "mul") or len(e.args) < 3:
        return None
    k = rng.randrange(1, len(e.args) - 1)
    first = rng.random() < 0.5
    group = Expr(e.op, e.args[: k + 1] if first else e.args[k:])
    rest = e.args[k + 1 :] if first else e.args[:k]
    return Expr(e.op, (group, *rest) if first else (*rest, group))


def expand(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "mul" or not any(a.op == "add" for a in e.args):
        return None
    k = rng.choice([k for k, a in enumerate(e.args) if a.op == "add"])
    return _sum([_product([*e.args[:k], t, *e.args[k + 1 :]]) for t in e.args[k].args])


def collect(e: Expr, rng: random.Random) -> Expr | None:
    """a b + a c -> a (b + c)."""
    if e.op != "add" or not all(t.op == "mul" for t in e.args):
        return None
    shared = [f for f in e.args[0].args if all(f in t.args for t in e.args)]
    if not shared:
        return None
    factor = rng.choice(shared)
    rest = []
    for t in e.args:
        k = t.args.index(factor)
        rest.append(_product([*t.args[:k], *t.args[k + 1 :]]))
    return _product([factor, _sum(rest)])


def split_sum(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "over" or e.data[0] != "sum" or e.args[0].op != "add":
        return None
    return _sum([Expr("over", (t,), e.data) for t in e.args[0].args])


def pull_out(e: Expr, rng: random.Random) -> Expr | None:
    """Take a factor that does not depend on the index out of a sum."""
    if e.op != "over" or e.data[0] != "sum" or e.args[0].op != "mul":
        return None
    out = [f for f in e.args[0].args if e.data[1] not in free(f)]
    rest = [f for f in e.args[0].args if e.data[1] in free(f)]
    if not out or not rest:
        return None
    return _product([*out, Expr("over", (_product(rest),), e.data)])


def push_in(e: Expr, rng: random.Random) -> Expr | None:
    """Take a factor into a sum beside it."""
    sums = [a for a in e.args if a.op == "over" and a.data[0] == "sum"] if e.op == "mul" else []
    if not sums:
        return None
    inner = rng.choice(sums)
    k = e.args.index(inner)
    others = [*e.args[:k], *e.args[k + 1 :]]
    factor = rng.choice(others)
    if all_indices(factor) & {inner.data[1]}:
        return None
    others.remove(factor)
    moved = Expr("over", (_product([factor, inner.args[0]]),), inner.data)
    return _product([*others, moved])


def swap_sums(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "over" or e.args[0].op != "over" or e.data[0] != e.args[0].data[0]:
        return None
    inner = e.args[0]
    if inner.data[2] == e.data[1]:
        return None
    return Expr("over", (Expr("over", inner.args, e.data),), inner.data)


def leave_out_by_hand(e: Expr, rng: random.Random) -> Expr | None:
    r"""\sum_{j \neq i} a_j -> \sum_j a_j (1 - \delta_{ij})."""
    if e.op != "over" or e.data[0] != "sum" or e.data[2] is None:
        return None
    body = _product([e.args[0], 1 - delta(e.data[1] + e.data[2])])
    return Expr("over", (body,), ("sum", e.data[1], None))


def through_delta(e: Expr, rng: random.Random) -> Expr | None:
    r"""x_i -> \sum_k \delta_{ik} x_k."""
    if e.op != "name" or not e.data[1]:
        return None
    unused = [i for i in LETTERS if i not in e.data[1]]
    name, indices = e.data
    k = rng.randrange(len(indices))
    letter = rng.choice(unused[2:])
    inner = Expr("name", data=(name, (*indices[:k], letter, *indices[k + 1 :])))
    if indices.count(indices[k]) > 1 or letter in indices:
        return None
    return over("sum", letter, delta(indices[k] + letter) * inner)


def delta_other_way(e: Expr, rng: random.Random) -> Expr | None:
    return Expr("delta", data=e.data[::-1]) if e.op == "delta" else None


def delta_by_cases(e: Expr, rng: random.Random) -> Expr | None:
    return if_equal("".join(e.data), 1, 0) if e.op == "delta" else None


def move_delta_index(e: Expr, rng: random.Random) -> Expr | None:
    r"""\delta_{ij} x_j -> \delta_{ij} x_i, in one name beside the delta."""
    if e.op != "mul":
        return None
    deltas = [a for a in e.args if a.op == "delta"]
    named = [k for k, a in enumerate(e.args) if a.op == "name" and a.data[1]]
    if not deltas or not named:
        return None
    i, j = rng.choice(deltas).data
    k = rng.choice(named)
    return put(e, (k,), rename(e.args[k], rng.choice(({i: j}, {j: i}))))


def times_one(e: Expr, rng: random.Random) -> Expr | None:
    things = [n for _, n in walk(e) if n.op == "name" and free(n) <= free(e)]
    if not things or e.op in ("num", "add"):
        return None
    thing = rng.choice([exp(rng.choice(things)), 1 + rng.choice(things) ** 2])
    return e * (thing / thing)


def plus_zero(e: Expr, rng: random.Random) -> Expr | None:
    things = [n for _, n in walk(e) if n.op in ("name", "deriv") and free(n) <= free(e)]
    if not things or e.op in ("num", "mul"):
        return None
    thing = rng.choice(things)
    return e + thing - thing


def divide_as_power(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "div":
        return None
    a, b = e.args
    if rng.random() < 0.5:
        return _product([a, 1 / b])
    return _product([a, b ** Expr("neg", (as_expr(1),))])


def split_fraction(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "div" or e.args[0].op not in ("add", "mul"):
        return None
    above, below = e.args
    if above.op == "add":
        return _sum([t / below for t in above.args])
    k = rng.randrange(len(above.args))
    return put(above, (k,), above.args[k] / below)


def move_sign(e: Expr, rng: random.Random) -> Expr | None:
    if e.op == "neg" and e.args[0].op == "add":
        return _sum([a.args[0] if a.op == "neg" else -a for a in e.args[0].args])
    if e.op == "neg":
        return Expr("mul", (Expr("neg", (as_expr(1),)), e.args[0]))
    return None


def double_negation(e: Expr, rng: random.Random) -> Expr | None:
    return Expr("neg", (Expr("neg", (e,)),)) if e.op == "add" else None


def power_as_product(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "pow" or e.args[1].op != "num" or e.args[1].data not in (2, 3):
        return None
    return Expr("mul", (e.args[0],) * e.args[1].data)


def product_as_power(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "mul":
        return None
    twice = [a for k, a in enumerate(e.args) if a in e.args[k + 1 :]]
    if not twice:
        return None
    rest = list(e.args)
    rest.remove(twice[0])
    rest.remove(twice[0])
    return _product([*rest, twice[0] ** 2])


def difference_of_squares(e: Expr, rng: random.Random) -> Expr | None:
    """1 - a^2 -> (1 - a)(1 + a)."""
    if e.op != "add" or len(e.args) != 2 or e.args[0] != as_expr(1) or e.args[1].op != "neg":
        return None
    square = e.args[1].args[0]
    if square.op != "pow" or square.args[1] != as_expr(2):
        return None
    return (1 - square.args[0]) * (1 + square.args[0])


def split_number(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "num":
        return None
    return rng.choice((e + 1 - 1, Expr("num", data=Fraction(e.data * 2)) / 2))


# --------------------------------------------------------------------------- rules of functions


def unfold_function(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "fn":
        return None
    x = e.args[0]
    match e.data:
        case "sigma":
            return rng.choice((1 / (1 + exp(-x)), exp(x) / (1 + exp(x)), 1 - fn("sigma", -x)))
        case "tanh":
            return rng.choice((fn("sinh", x) / fn("cosh", x), 2 * fn("sigma", 2 * x) - 1))
        case "cosh":
            return (exp(x) + exp(-x)) / 2
        case "sinh":
            return (exp(x) - exp(-x)) / 2
        case "sqrt":
            return x ** Expr("num", data=Fraction(1, 2))
        case "abs":
            return Expr("max", (x, -x))
        case "exp" if x.op == "add":
            return _product([exp(t) for t in x.args])
        case "exp":
            return 1 / exp(-x)
        case "log" if x.op == "div":
            return fn("log", x.args[0]) - fn("log", x.args[1])
    return None


# --------------------------------------------------------------------------- rules of derivatives


def nest_derivative(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "deriv" or len(e.data) < 2:
        return None
    return Expr("deriv", (Expr("deriv", e.args, e.data[1:]),), e.data[:1])


def reorder_derivative(e: Expr, rng: random.Random) -> Expr | None:
    return Expr("deriv", e.args, e.data[::-1]) if e.op == "deriv" else None


def differentiate_sum(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "deriv" or e.args[0].op not in ("add", "neg"):
        return None
    return Expr(e.args[0].op, tuple(Expr("deriv", (t,), e.data) for t in e.args[0].args))


def product_rule(e: Expr, rng: random.Random) -> Expr | None:
    if e.op != "deriv" or e.args[0].op != "mul" or len(e.data) > 1:
        return None
    factors = e.args[0].args
    return _sum(
        [
            Expr("mul", (*factors[:k], Expr("deriv", (f,), e.data), *factors[k + 1 :]))
            for k, f in enumerate(factors)
        ]
    )


def undo_product_rule(e: Expr, rng: random.Random) -> Expr | None:
    """2 a a' -> (a^2)'."""
    if e.op != "deriv" or e.args[0].op != "name" or len(e.data) > 1:
        return None
    a = e.args[0]
    return Expr("deriv", (a**2,), e.data) / (2 * a)


def through_log(e: Expr, rng: random.Random) -> Expr | None:
    """The derivative of a, as e^{-a} times that of e^a."""
    if e.op != "deriv" or e.args[0].op != "name" or len(e.data) > 1:
        return None
    a = e.args[0]
    return exp(-a) * Expr("deriv", (exp(a),), e.data)


RULES: tuple[Rewrite | None, ...] = (
    commute,
    commute,
    associate,
    expand,
    collect,
    split_sum,
    pull_out,
    push_in,
    swap_sums,
    leave_out_by_hand,
    through_delta,
    delta_other_way,
    delta_by_cases,
    move_delta_index,
    times_one,
    plus_zero,
    divide_as_power,
    split_fraction,
    move_sign,
    double_negation,
    power_as_product,
    product_as_power,
    difference_of_squares,
    split_number,
    unfold_function,
    nest_derivative,
    reorder_derivative,
    differentiate_sum,
    product_rule,
    undo_product_rule,
    through_log,
    None,  # a bound index gets another letter
)
