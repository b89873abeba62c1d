"""Base equations of the kinds that mislead a checker: thresholds, several arguments, cancellation,
data, and lengths.

They add to the theories of `identities`. What holds at one length only is apart, in `one_size`: it
is right on its page, and must not be verified.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

import edf
from tests.oracle.expr import (
    Equation,
    Expr,
    as_expr,
    d,
    delta,
    exp,
    fn,
    half,
    largest,
    log,
    over,
    replace_inputs,
    sqrt,
    total,
)
from tests.oracle.identities import EXP, Pairs, theory
from tests.oracle.worlds import World, elementwise

#: Worlds in which a right equation may be left open: too few digits are left, or nothing is drawn.
OPEN = {"quotients", "near-zero", "large-summands", "matrices-of-data", "numbers-of-data"}
BEYOND = (1, 4, 12, 60)  # scales of the oracle's points about thresholds of 0, 3, 6 and 10


def num(value: Fraction | int | str) -> Expr:
    return Expr("num", data=Fraction(value))


def _clip(low: int, high: int) -> Callable[[Any], Any]:
    return elementwise(lambda v: sp.Piecewise((low, v < low), (high, v > high), (v, True)))


# ------------------------------------------------------------------------------------- branches


@theory
def relu_six(w: World) -> Pairs:
    w.scales = BEYOND
    x = w.leaf("x")
    r = w.node("r", "x", lambda x: edf.Minimum(edf.ReLU(x), 6.0), _clip(0, 6))
    return {
        "definition": (r, largest("min", largest("max", 0, x), 6)),
        "by-difference": (r, largest("max", 0, x) - largest("max", 0, x - 6)),
        "by-abs": (r, half(fn("abs", x) - fn("abs", x - 6) + 6)),
        "square": (r**2, r * largest("max", 0, x) - r * largest("max", 0, x - 6)),
    }


class Huber(edf.Node):
    """Half of the square up to 3, and linear beyond."""

    def forward(self, x: Any) -> Any:
        return np.where(np.abs(x.real) < 3, x * x / 2, 3 * (np.where(x.real < 0, -x, x) - 1.5))

    def backward(self, grad: Any, x: Any) -> Any:
        return grad * np.clip(x, -3, 3)


@theory
def huber(w: World) -> Pairs:
    w.scales = BEYOND
    x = w.leaf("x")
    h = w.node(
        "h",
        "x",
        lambda x: Huber(x),
        lambda v: sp.Piecewise(
            (v * v / 2, (v < 3) & (v > -3)), (3 * (sp.Abs(v) - sp.Rational(3, 2)), True)
        ),
    )
    inner = largest("min", fn("abs", x), 3)
    return {
        "definition": (h, half(inner**2) + 3 * (fn("abs", x) - inner)),
        "derivative": (d(h, x), largest("max", -3, largest("min", 3, x))),
        "by-excess": (h, half(x**2 - largest("max", 0, fn("abs", x) - 3) ** 2)),
    }


@theory
def clipping(w: World) -> Pairs:
    w.scales = BEYOND
    x = w.leaf("x", 3)
    c = w.node("c", "x", lambda x: edf.Maximum(edf.Minimum(x, 10.0), -10.0), _clip(-10, 10))
    s = w.node("s", "c", lambda c: edf.Sum(c * c), lambda c: np.sum(c * c))
    return {
        "definition": (c["i"], largest("max", -10, largest("min", 10, x["i"]))),
        "by-abs": (c["i"], half(fn("abs", x["i"] + 10) - fn("abs", x["i"] - 10))),
        "size": (fn("abs", c["i"]), largest("min", 10, fn("abs", x["i"]))),
        "square": (c["i"] ** 2, largest("min", 100, x["i"] ** 2)),
        "of-a-sum": (s, total("i", largest("min", 100, x["i"] ** 2))),
    }


@theory
def hard_sigmoid(w: World) -> Pairs:
    w.scales = BEYOND
    x = w.leaf("x")
    s = w.node(
        "s",
        "x",
        lambda x: edf.Minimum(edf.ReLU(x / 6.0 + 0.5), 1.0),
        lambda v: sp.Piecewise((0, v < -3), (1, v > 3), (v / 6 + sp.Rational(1, 2), True)),
    )
    line = x / 6 + num("1/2")
    return {
        "definition": (s, largest("max", 0, largest("min", 1, line))),
        "by-relu": (s, largest("max", 0, line) - largest("max", 0, line - 1)),
        "complement": (1 - s, largest("max", 0, largest("min", 1, num("1/2") - x / 6))),
    }


@theory
def leaky(w: World) -> Pairs:
    w.scales = BEYOND
    x = w.leaf("x")
    y = w.node(
        "y",
        "x",
        lambda x: edf.Maximum(x, 0.1 * x),
        lambda v: sp.Piecewise((v, v > 0), (v / 10, True)),
    )
    return {
        "definition": (y, largest("max", x, x / 10)),
        "parts": (y, largest("max", 0, x) + largest("min", 0, x) / 10),
        "by-abs": (y, half(num("11/10") * x + num("9/10") * fn("abs", x))),
    }


@theory
def sizes(w: World) -> Pairs:
    w.scales = BEYOND
    a, b = w.leaf("a"), w.leaf("b")
    m = w.node("m", "a b", lambda a, b: edf.Maximum(a, b), lambda a, b: sp.Max(a, b))
    return {
        "larger": (m, half(a + b + fn("abs", a - b))),
        "smaller": (largest("min", a, b), a + b - m),
        "root": (sqrt((a - 6) ** 2), fn("abs", a - 6)),
        "square": (fn("abs", a + 9) ** 2, a**2 + 18 * a + 81),
        "sum": (largest("max", a, b) + largest("min", a, b), a + b),
        "product": (m * largest("min", a, b), a * b),
        "excess": (largest("max", 0, a - 5) - largest("max", 0, 5 - a), a - 5),
    }


@theory
def norm_clipping(w: World) -> Pairs:
    w.scales = BEYOND
    u = w.leaf("u", 2)
    c = w.node(
        "c",
        "u",
        lambda u: u * edf.Minimum(10.0 / edf.Sum(u * u) ** 0.5, 1.0),
        lambda u: u * sp.Min(10 / sp.sqrt(np.sum(u * u)), 1),
    )
    size = sqrt(total("j", u["j"] ** 2))
    return {
        "definition": (c["i"], largest("min", 1, 10 / size) * u["i"]),
        "size": (sqrt(total("i", c["i"] ** 2)), largest("min", 10, size)),
        "direction": (c["i"] * size, u["i"] * largest("min", 10, size)),
    }


# -------------------------------------------------------------------------------- several arguments


@theory
def several_arguments(w: World) -> Pairs:
    a, x = w.leaf("w"), w.leaf("x")
    h = w.node("h", "w x", lambda w, x: w * x + w, lambda w, x: w * x + w)
    j = w.node("J", "w x", lambda w, x: w * w * x, lambda w, x: w * w * x)
    return {
        "number": (replace_inputs(h, 3, x), 3 * x + 3),
        "own-inputs": (replace_inputs(h, a, x), a * x + a),
        "linear": (replace_inputs(h, 2 * a, x), 2 * h),
        "shifted": (replace_inputs(h, a, x + 1), h + a),
        "square": (replace_inputs(j, 3 * a, x), 9 * j),
        "quotient": (
            (replace_inputs(j, a + num("1/8"), x) - replace_inputs(j, a - num("1/8"), x))
            / num("1/4"),
            d(j, a),
        ),
        "difference": (replace_inputs(j, a + 1, x) - j, 2 * a * x + x),
    }


# ------------------------------------------------------------------------------------ cancellation


@theory
def quotients(w: World) -> Pairs:
    x = w.leaf("x")
    y = w.node("y", "x", lambda x: x * x, lambda x: x * x)
    pairs: Pairs = {}
    for digits in (3, 5, 8, 12):
        h, twice = num(Fraction(1, 10**digits)), num(Fraction(2, 10**digits))
        central = ((x + h) ** 2 - (x - h) ** 2) / twice
        pairs[f"central-{digits}"] = (central, 2 * x)
        pairs[f"forward-{digits}"] = (((x + h) ** 2 - x**2) / h, 2 * x + h)
        pairs[f"derivative-{digits}"] = (d(y, x), central)
    return pairs


@theory
def near_zero(w: World) -> Pairs:
    t = w.leaf("t", sample="tiny")
    return {
        "cosine": ((1 - fn("cos", t)) / t**2, 2 * fn("sin", t / 2) ** 2 / t**2),
        "sine": ((fn("sin", t) ** 2) / t**2, (1 - fn("cos", t) ** 2) / t**2),
        "exponential": ((exp(t) - 1) * (exp(t) + 1), exp(2 * t) - 1),
        "hyperbolic": (half(exp(t) - exp(-t)) / t, fn("sinh", t) / t),
        "tangent": (fn("tanh", t / 2), (exp(t) - 1) / (exp(t) + 1)),
    }


@theory
def large_summands(w: World) -> Pairs:
    x = w.leaf("x")
    y = w.leaf("y", sample="positive")
    big = num(10**8)
    return {
        "shift": ((x + big) - big, x),
        "square": ((x + big) ** 2 - big**2, x**2 + 2 * big * x),
        "root": (
            sqrt(y + big**2) - big,
            y / (sqrt(y + big**2) + big),
        ),
        "log": (log(exp(num(9)) * y) - 9, log(y)),
    }


# --------------------------------------------------------------------------------------------- data


@theory
def matrices_of_data(w: World) -> Pairs:
    a, b = w.data("A", np.diag([1.0, 2.0])), w.data("B", np.diag([3.0, 4.0]))
    x = w.leaf("x", 2)
    ab = total("k", a["ik"] * b["kj"])
    return {
        "product": (
            total("jk", a["ij"] * b["jk"] * x["k"]),
            total("j", a["ij"] * total("k", b["jk"] * x["k"])),
        ),
        "distributive": (
            total("j", (a["ij"] + b["ij"]) * x["j"]),
            total("j", a["ij"] * x["j"]) + total("j", b["ij"] * x["j"]),
        ),
        "entries": (ab * 2, total("k", 2 * a["ik"] * b["kj"])),
    }


@theory
def numbers_of_data(w: World) -> Pairs:
    a, b, o = w.data("a", 2.0), w.data("b", 3.0), w.data("o", [1.0, 1.0, 1.0])
    l = w.any("l", "o")
    return {
        "binomial": ((a + b) ** 2, a**2 + 2 * a * b + b**2),
        "difference": ((a + b) * (a - b), a**2 - b**2),
        "sum": (total("i", o["i"] + o["i"]), 2 * total("i", o["i"])),
        "gradient": (total("i", d(l, o["i"]) * o["i"]) * 2, total("i", 2 * o["i"] * d(l, o["i"]))),
    }


# ---------------------------------------------------------------------------- elementwise functions


@theory
def sigmoid_layer(w: World) -> Pairs:
    W, x = w.leaf("W", 2, 3), w.leaf("x", 3)
    z = w.node("z", "W x", lambda W, x: W @ x, lambda W, x: W @ x)
    h = w.node("h", "z", lambda z: edf.Sigmoid(z), lambda z: 1 / (1 + EXP(-z)))
    l = w.any("l", "h")
    return {
        "delta": (d(l, z["i"]), d(l, h["i"]) * h["i"] * (1 - h["i"])),
        "weight": (d(l, W["ij"]), d(l, h["i"]) * h["i"] * (1 - h["i"]) * x["j"]),
    }


@theory
def elementwise_matrix(w: World) -> Pairs:
    w.leaf("Z", 2, 2)
    A = w.leaf("A", 2, 2)
    S = w.node("S", "Z", lambda Z: edf.Sigmoid(Z), lambda Z: 1 / (1 + EXP(-Z)))
    E = w.node("E", "S A", lambda S, A: S * (1 - S) * A, lambda S, A: S * (1 - S) * A)
    M = w.node("M", "S A", lambda S, A: (S * (1 - S)) @ A, lambda S, A: (S * (1 - S)) @ A)
    return {
        "elementwise": (E["ij"], S["ij"] * (1 - S["ij"]) * A["ij"]),
        "product": (M["ij"], total("k", S["ik"] * (1 - S["ik"]) * A["kj"])),
    }


# -------------------------------------------------------------------------------------- one length

Sized = Callable[[World, int], Pairs]

_sized: dict[str, tuple[Sized, int, int]] = {}


def one_length(n: int, other: int) -> Callable[[Sized], Sized]:
    """A theory of equations that hold at length n, and not at the other."""

    def register(function: Sized) -> Sized:
        _sized[function.__name__.replace("_", "-")] = function, n, other
        return function

    return register


@one_length(1, 2)
def single(w: World, n: int) -> Pairs:
    x, y = w.leaf("x", n), w.leaf("y", n)
    P = w.node(
        "P", "x", lambda x: edf.Softmax(x), lambda x: EXP(x) / EXP(x).sum(axis=-1, keepdims=True)
    )
    return {
        "softmax": (P["i"], as_expr(1)),
        "square": (total("i", x["i"] ** 2), total("i", x["i"]) ** 2),
        "product": (total("i", x["i"] * y["i"]), total("i", x["i"]) * total("j", y["j"])),
        "any-index": (x["i"] * y["j"], x["j"] * y["i"]),
        "exponential": (exp(total("i", x["i"])), total("i", exp(x["i"]))),
        "largest": (over("max", "i", x["i"]), total("i", x["i"])),
    }


@one_length(1, 2)
def single_entry(w: World, n: int) -> Pairs:
    A, B = w.leaf("A", n, n), w.leaf("B", n, n)
    return {
        "commute": (total("k", A["ik"] * B["kj"]), total("k", B["ik"] * A["kj"])),
        "symmetric": (A["ij"], A["ji"]),
        "trace": (total("ij", A["ij"]), total("i", A["ii"])),
    }


@one_length(2, 3)
def two_classes(w: World, n: int) -> Pairs:
    x = w.leaf("x", n)
    P = w.node(
        "P", "x", lambda x: edf.Softmax(x), lambda x: EXP(x) / EXP(x).sum(axis=-1, keepdims=True)
    )
    return {
        "others": (1 - P["i"], over("prod", "j", P["j"], but="i")),
        "product": (P["i"] * (1 - P["i"]), P["i"] * over("prod", "j", P["j"], but="i")),
        "slope": (d(P["i"], x["i"]), P["i"] * over("prod", "j", P["j"], but="i")),
        "off-diagonal": (
            (1 - delta("ij")) * d(P["i"], x["j"]),
            (delta("ij") - 1) * over("prod", "k", P["k"]),
        ),
    }


@cache
def sized_identities() -> tuple[tuple[str, World, World, Equation], ...]:
    """Each equation that holds at one length, its world, and its world at another length."""
    out = []
    for name, (function, n, other) in _sized.items():
        here, elsewhere = World(name), World(name)
        function(elsewhere, other)
        for key, (left, right) in function(here, n).items():
            out.append((f"{name}/{key}", here, elsewhere, Equation(as_expr(left), as_expr(right))))
    return tuple(out)
