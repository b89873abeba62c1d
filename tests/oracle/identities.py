"""The base equations: what a course on backpropagation writes down, world by world.

Every theory makes a world and returns the equations that hold in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

import edf
from tests.oracle.expr import (
    Equation,
    Expr,
    call,
    d,
    delta,
    exp,
    fn,
    half,
    if_equal,
    largest,
    log,
    over,
    prime,
    sqrt,
    total,
)
from tests.oracle.worlds import World, elementwise

Pairs = dict[str, tuple[Any, Any]]
Theory = Callable[[World], Pairs]

_theories: dict[str, Theory] = {}

EXP, LOG, TANH, SQRT = (elementwise(f) for f in (sp.exp, sp.log, sp.tanh, sp.sqrt))


def _sum(array: Any, **options: Any) -> Any:
    return np.sum(array, **options)


def _softmax(x: Any) -> Any:
    return EXP(x) / EXP(x).sum(axis=-1, keepdims=True)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + EXP(-x))


class Transposed(edf.Node):
    """The transpose of a matrix."""

    def forward(self, x: Any) -> Any:
        return x.T

    def backward(self, grad: Any, x: Any) -> Any:
        return grad.T


class Product(edf.Node):
    """The product of a vector's entries, none of them 0."""

    def forward(self, x: Any) -> Any:
        return np.prod(x)

    def backward(self, grad: Any, x: Any) -> Any:
        return grad * self.value / x


@dataclass(frozen=True)
class Identity:
    """One base equation and the world in which it holds."""

    id: str
    world: World
    equation: Equation


@cache
def identities() -> tuple[Identity, ...]:
    """All base equations."""
    from tests.oracle import kinds  # which adds its theories to those of this module

    assert kinds
    out = []
    for name, theory in _theories.items():
        world = World(name)
        for key, (left, right) in theory(world).items():
            right = right if isinstance(right, Expr) else Expr("num", data=right)
            out.append(Identity(f"{name}/{key}", world, Equation(left, right)))
    return tuple(out)


def theory(function: Theory) -> Theory:
    _theories[function.__name__.replace("_", "-")] = function
    return function


# ------------------------------------------------------------------------------- the chain rule


@theory
def chain(w: World) -> Pairs:
    x = w.leaf("x")
    y, z = w.any("y", "x", "g"), w.any("z", "x", "h")
    u = w.any("u", "y z", "f")
    l = w.any("l", "u")
    g, h = "g", "h"
    return {
        "outer": (d(l, x), d(l, u) * d(u, x)),
        "inner": (d(u, x), d(u, y) * d(y, x) + d(u, z) * d(z, x)),
        "paths": (d(l, x), d(l, y) * d(y, x) + d(l, z) * d(z, x)),
        "second": (
            d(l, x, x),
            d(l, x, y) * d(y, x)
            + d(l, y) * d(y, x, x)
            + d(l, x, z) * d(z, x)
            + d(l, z) * d(z, x, x),
        ),
        "mixed": (d(l, x, y), d(l, y, y) * d(y, x) + d(l, y, z) * d(z, x)),
        "prime": (d(l, x), d(l, y) * prime(g, x) + d(l, z) * prime(h, x)),
        "prime-second": (d(y, x, x), prime(g, x, 2)),
        "of-a-product": (d(y * z, x), prime(g, x) * z + y * prime(h, x)),
        "of-a-quotient": (d(y / exp(z), x), (prime(g, x) - y * prime(h, x)) / exp(z)),
        "applied": (call(g, x) + call(h, x), y + z),
        "of-an-argument": (d(call(g, 2 * x), x), 2 * prime(g, 2 * x)),
    }


@theory
def vector_chain(w: World) -> Pairs:
    x = w.leaf("x", 3)
    y = w.node("y", "x", lambda x: edf.Tanh(x), TANH)
    z = w.node("z", "y", lambda y: y * y + y, lambda y: y * y + y)
    l = w.any("l", "z")
    return {
        "jacobian": (d(y["i"], x["j"]), delta("ij") * (1 - y["i"] ** 2)),
        "composed": (d(z["i"], x["j"]), total("k", d(z["i"], y["k"]) * d(y["k"], x["j"]))),
        "loss": (d(l, x["j"]), d(l, z["j"]) * (2 * y["j"] + 1) * (1 - y["j"] ** 2)),
        "two-sums": (
            d(l, x["k"]),
            total("ij", d(l, z["i"]) * d(z["i"], y["j"]) * d(y["j"], x["k"])),
        ),
        "second": (
            d(l, y["i"], y["j"]),
            total("mn", d(l, z["m"], z["n"]) * d(z["m"], y["i"]) * d(z["n"], y["j"]))
            + 2 * delta("ij") * d(l, z["i"]),
        ),
    }


# --------------------------------------------------------------------------------- activations


@theory
def sigmoid(w: World) -> Pairs:
    x = w.leaf("x", 3)
    s = w.node("s", "x", lambda x: edf.Sigmoid(x), _sigmoid)
    l = w.any("l", "s")
    sx = fn("sigma", x["i"])
    return {
        "definition": (s["i"], 1 / (1 + exp(-x["i"]))),
        "jacobian": (d(s["i"], x["j"]), delta("ij") * s["i"] * (1 - s["i"])),
        "backward": (d(l, x["i"]), d(l, s["i"]) * s["i"] * (1 - s["i"])),
        "second": (
            d(s["i"], x["j"], x["k"]),
            delta("ij") * delta("ik") * s["i"] * (1 - s["i"]) * (1 - 2 * s["i"]),
        ),
        "symmetry": (1 - sx, fn("sigma", -x["i"])),
        "odds": (log(s["i"] / (1 - s["i"])), x["i"]),
        "by-tanh": (s["i"], half(1 + fn("tanh", x["i"] / 2))),
        "log": (d(log(s["i"]), x["i"]), 1 - s["i"]),
    }


@theory
def tanh(w: World) -> Pairs:
    x = w.leaf("x")
    t = w.node("t", "x", lambda x: edf.Tanh(x), sp.tanh)
    return {
        "definition": (t, (exp(x) - exp(-x)) / (exp(x) + exp(-x))),
        "derivative": (d(t, x), 1 - t**2),
        "second": (d(t, x, x), -2 * t * (1 - t**2)),
        "by-sigmoid": (t, 2 * fn("sigma", 2 * x) - 1),
        "by-cosh": (d(t, x), 1 / fn("cosh", x) ** 2),
    }


@theory
def softplus(w: World) -> Pairs:
    x = w.leaf("x", 2)
    s = w.node("s", "x", lambda x: edf.Log(1 + edf.Exp(x)), lambda x: LOG(1 + EXP(x)))
    return {
        "definition": (s["i"], log(1 + exp(x["i"]))),
        "derivative": (d(s["i"], x["i"]), fn("sigma", x["i"])),
        "second": (
            d(s["i"], x["i"], x["i"]),
            fn("sigma", x["i"]) * (1 - fn("sigma", x["i"])),
        ),
        "difference": (s["i"] - log(1 + exp(-x["i"])), x["i"]),
    }


@theory
def rectifiers(w: World) -> Pairs:
    x = w.leaf("x", 3)
    relu = elementwise(lambda v: sp.Piecewise((v, v > 0), (0, True)))
    r = w.node("r", "x", lambda x: edf.ReLU(x), relu)
    l = w.any("l", "r")
    return {
        "definition": (r["i"], largest("max", 0, x["i"])),
        "by-abs": (r["i"], half(x["i"] + fn("abs", x["i"]))),
        "derivative": (x["i"] * d(r["i"], x["i"]), r["i"]),
        "backward": (x["i"] * d(l, x["i"]), d(l, r["i"]) * r["i"]),
        "halves": (largest("max", x["i"], 0) + largest("min", x["i"], 0), x["i"]),
    }


@theory
def silu(w: World) -> Pairs:
    x = w.leaf("x")
    s = w.node("s", "x", lambda x: x * edf.Sigmoid(x), lambda x: x / (1 + sp.exp(-x)))
    return {
        "definition": (s, x * fn("sigma", x)),
        "derivative": (d(s, x), fn("sigma", x) * (1 + x * (1 - fn("sigma", x)))),
        "by-value": (d(s, x), s + fn("sigma", x) * (1 - s)),
    }


@theory
def elementary(w: World) -> Pairs:
    x = w.leaf("x", sample="positive")
    y = w.leaf("y")
    return {
        "exp-log": (d(x ** Expr("num", data=3) * log(x), x), 3 * x**2 * log(x) + x**2),
        "sqrt": (d(sqrt(x), x), 1 / (2 * sqrt(x))),
        "reciprocal": (d(1 / x, x), -1 / x**2),
        "sine": (d(fn("sin", y) * fn("cos", y), y), fn("cos", 2 * y)),
        "gaussian": (d(exp(-(y**2)), y, y), (4 * y**2 - 2) * exp(-(y**2))),
        "power": (d(x**y, y), x**y * log(x)),
        "hyperbola": (fn("cosh", y) ** 2 - fn("sinh", y) ** 2, 1),
        "binomial": ((x + y) ** 2, x**2 + 2 * x * y + y**2),
    }


# ------------------------------------------------------------------------------ softmax and losses


@theory
def softmax(w: World) -> Pairs:
    x = w.leaf("x", 3)
    p = w.node("P", "x", lambda x: edf.Softmax(x), _softmax)
    l = w.any("l", "P")
    jacobian = p["i"] * (delta("ij") - p["j"])
    return {
        "definition": (p["i"], exp(x["i"]) / total("j", exp(x["j"]))),
        "jacobian": (d(p["i"], x["j"]), jacobian),
        "jacobian-by-cases": (
            d(p["i"], x["j"]),
            if_equal("ij", p["i"] * (1 - p["i"]), -p["i"] * p["j"]),
        ),
        "backward": (
            d(l, x["j"]),
            p["j"] * (d(l, p["j"]) - total("i", d(l, p["i"]) * p["i"])),
        ),
        "backward-by-jacobian": (d(l, x["j"]), total("i", d(l, p["i"]) * jacobian)),
        "sums-to-one": (total("i", p["i"]), 1),
        "others": (1 - p["i"], over("sum", "j", p["j"], but="i")),
        "log": (d(log(p["i"]), x["j"]), delta("ij") - p["j"]),
        "ratio": (log(p["i"] / p["j"]), x["i"] - x["j"]),
        "second": (
            d(p["i"], x["j"], x["k"]),
            p["i"]
            * ((delta("ik") - p["k"]) * (delta("ij") - p["j"]) - p["j"] * (delta("jk") - p["k"])),
        ),
        "diagonal": (d(p["i"], x["i"]), p["i"] - p["i"] ** 2),
    }


@theory
def log_softmax(w: World) -> Pairs:
    x = w.leaf("x", 3)
    q = w.node("q", "x", lambda x: edf.Log(edf.Softmax(x)), lambda x: LOG(_softmax(x)))
    l = w.any("l", "q")
    return {
        "definition": (q["i"], x["i"] - log(total("j", exp(x["j"])))),
        "jacobian": (d(q["i"], x["j"]), delta("ij") - exp(q["j"])),
        "backward": (d(l, x["j"]), d(l, q["j"]) - exp(q["j"]) * total("i", d(l, q["i"]))),
        "second": (d(q["j"], x["j"], x["k"]), exp(q["j"]) * (exp(q["k"]) - delta("jk"))),
    }


@theory
def log_sum_exp(w: World) -> Pairs:
    x = w.leaf("x", 3)
    s = w.node("s", "x", lambda x: edf.Log(edf.Sum(edf.Exp(x))), lambda x: sp.log(_sum(EXP(x))))
    m = over("max", "k", x["k"])
    return {
        "definition": (s, log(total("j", exp(x["j"])))),
        "gradient": (d(s, x["i"]), exp(x["i"]) / total("j", exp(x["j"]))),
        "gradient-by-value": (d(s, x["i"]), exp(x["i"] - s)),
        "hessian": (
            d(s, x["i"], x["j"]),
            exp(x["i"] - s) * (delta("ij") - exp(x["j"] - s)),
        ),
        "shifted": (s, m + log(total("j", exp(x["j"] - m)))),
        "sums-to-one": (total("i", d(s, x["i"])), 1),
    }


@theory
def cross_entropy(w: World) -> Pairs:
    z = w.leaf("z", 3)
    t = w.leaf("t", 3, sample="onehot")
    y = w.node("y_hat", "z", lambda z: edf.Softmax(z), _softmax)
    l = w.node(
        "ell",
        "t y_hat",
        lambda t, y: -edf.Sum(t * edf.Log(y)),
        lambda t, y: -_sum(t * LOG(y)),
    )
    return {
        "definition": (l, -total("i", t["i"] * log(y["i"]))),
        "by-scores": (l, log(total("j", exp(z["j"]))) - total("i", t["i"] * z["i"])),
        "gradient": (d(l, z["i"]), y["i"] - t["i"]),
        "by-probability": (d(l, y["i"]), -t["i"] / y["i"]),
        "hessian": (d(l, z["i"], z["j"]), y["i"] * (delta("ij") - y["j"])),
        "second-by-probability": (
            d(l, y["i"], y["j"]),
            delta("ij") * t["i"] / y["i"] ** 2,
        ),
        "one-hot": (total("i", t["i"] ** 2), 1),
        "sums-to-zero": (total("i", d(l, z["i"])) + 1, total("i", t["i"])),
    }


@theory
def binary_cross_entropy(w: World) -> Pairs:
    z = w.leaf("z")
    t = w.leaf("t", sample="positive")
    l = w.node(
        "l",
        "z t",
        lambda z, t: edf.Log(1 + edf.Exp(z)) - t * z,
        lambda z, t: sp.log(1 + sp.exp(z)) - t * z,
    )
    s = fn("sigma", z)
    return {
        "definition": (l, -t * log(s) - (1 - t) * log(1 - s)),
        "gradient": (d(l, z), s - t),
        "curvature": (d(l, z, z), s * (1 - s)),
        "by-label": (d(l, t, z), -1),
    }


@theory
def entropy(w: World) -> Pairs:
    x = w.leaf("x", 3)
    p = w.node("p", "x", lambda x: edf.Softmax(x), _softmax)
    q = w.leaf("q", 3, sample="simplex")
    e = w.node("H", "p", lambda p: -edf.Sum(p * edf.Log(p)), lambda p: -_sum(p * LOG(p)))
    k = w.node(
        "D",
        "q p",
        lambda q, p: edf.Sum(q * (edf.Log(q) - edf.Log(p))),
        lambda q, p: _sum(q * (LOG(q) - LOG(p))),
    )
    return {
        "definition": (e, -total("i", p["i"] * log(p["i"]))),
        "gradient": (d(e, x["i"]), -p["i"] * (log(p["i"]) + e)),
        "divergence": (d(k, x["i"]), p["i"] - q["i"]),
        "by-probability": (d(e, p["i"]), -log(p["i"]) - 1),
        "decomposed": (k, total("i", q["i"] * log(q["i"] / p["i"]))),
    }


@theory
def squared_error(w: World) -> Pairs:
    x = w.leaf("x", 3)
    y = w.leaf("y", 3)
    n = w.constant("n", 3)
    l = w.node("l", "x y", lambda x, y: edf.Mean((x - y) ** 2), lambda x, y: _sum((x - y) ** 2) / 3)
    return {
        "definition": (l, 1 / n * total("i", (x["i"] - y["i"]) ** 2)),
        "gradient": (d(l, x["i"]), 2 / n * (x["i"] - y["i"])),
        "hessian": (d(l, x["i"], x["j"]), 2 * delta("ij") / n),
        "cross": (d(l, x["i"], y["j"]), -2 * delta("ij") / n),
        "expanded": (
            n * l,
            total("i", x["i"] ** 2) - 2 * total("i", x["i"] * y["i"]) + total("j", y["j"] ** 2),
        ),
    }


@theory
def gaussian(w: World) -> Pairs:
    x, mu = w.leaf("x"), w.leaf("mu")
    s = w.leaf("theta", sample="positive")
    l = w.node(
        "l",
        "x mu theta",
        lambda x, m, s: (x - m) ** 2 / (2 * s**2) + edf.Log(s),
        lambda x, m, s: (x - m) ** 2 / (2 * s**2) + sp.log(s),
    )
    return {
        "mean": (d(l, mu), (mu - x) / s**2),
        "scale": (d(l, s), 1 / s - (x - mu) ** 2 / s**3),
        "curvature": (d(l, mu, mu), 1 / s**2),
        "mixed": (d(l, mu, s), 2 * (x - mu) / s**3),
    }


# ---------------------------------------------------------------------------------------- layers


@theory
def affine(w: World) -> Pairs:
    W, x, b = w.leaf("W", 2, 3), w.leaf("x", 3), w.leaf("b", 2)
    z = w.node("z", "W x b", lambda W, x, b: W @ x + b, lambda W, x, b: W @ x + b)
    l = w.any("l", "z")
    return {
        "definition": (z["i"], total("j", W["ij"] * x["j"]) + b["i"]),
        "input": (d(l, x["j"]), total("i", d(l, z["i"]) * W["ij"])),
        "weight": (d(l, W["ij"]), d(l, z["i"]) * x["j"]),
        "bias": (d(l, b["i"]), d(l, z["i"])),
        "jacobian": (d(z["i"], x["j"]), W["ij"]),
        "by-weight": (d(z["i"], W["jk"]), delta("ij") * x["k"]),
        "curvature": (
            d(l, x["j"], x["k"]),
            total("mn", d(l, z["m"], z["n"]) * W["mj"] * W["nk"]),
        ),
        "mixed": (
            d(l, b["i"], x["j"]),
            total("k", d(l, z["i"], z["k"]) * W["kj"]),
        ),
    }


@theory
def affine_batch(w: World) -> Pairs:
    X, W, b = w.leaf("X", 2, 3), w.leaf("W", 3, 2), w.leaf("b", 2)
    Z = w.node("Z", "X W b", lambda X, W, b: X @ W + b, lambda X, W, b: X @ W + b)
    l = w.any("L", "Z")
    return {
        "definition": (Z["nk"], total("m", X["nm"] * W["mk"]) + b["k"]),
        "weight": (d(l, W["mk"]), total("n", X["nm"] * d(l, Z["nk"]))),
        "bias": (d(l, b["k"]), total("n", d(l, Z["nk"]))),
        "input": (d(l, X["nm"]), total("k", d(l, Z["nk"]) * W["mk"])),
        "jacobian": (d(Z["nk"], X["im"]), delta("ni") * W["mk"]),
    }


@theory
def two_layers(w: World) -> Pairs:
    W, x, V = w.leaf("W", 2, 3), w.leaf("x", 3), w.leaf("V", 2, 2)
    a = w.node("a", "W x", lambda W, x: W @ x, lambda W, x: W @ x)
    h = w.node("h", "a", lambda a: edf.Tanh(a), TANH)
    o = w.node("o", "V h", lambda V, h: V @ h, lambda V, h: V @ h)
    l = w.any("l", "o")
    hidden = total("k", d(l, o["k"]) * V["ki"]) * (1 - h["i"] ** 2)
    return {
        "delta": (d(l, a["i"]), hidden),
        "weight": (d(l, W["ij"]), hidden * x["j"]),
        "hidden": (d(l, h["i"]), total("k", V["ki"] * d(l, o["k"]))),
        "forward": (o["k"], total("i", V["ki"] * fn("tanh", total("j", W["ij"] * x["j"])))),
        "jacobian": (d(o["k"], x["j"]), total("i", V["ki"] * (1 - h["i"] ** 2) * W["ij"])),
    }


@theory
def layer_norm(w: World) -> Pairs:
    x = w.leaf("x", 3)
    n = w.constant("n", 3)
    m = w.node("mu", "x", lambda x: edf.Mean(x), lambda x: _sum(x) / 3)
    v = w.node(
        "v",
        "x",
        lambda x: edf.Mean((x - edf.Mean(x)) ** 2),
        lambda x: _sum((x - _sum(x) / 3) ** 2) / 3,
    )
    y = w.node(
        "x_hat",
        "x mu v",
        lambda x, m, v: (x - m) / v**0.5,
        lambda x, m, v: (x - m) / SQRT(v),
    )
    l = w.any("l", "x_hat")
    return {
        "mean": (m, 1 / n * total("i", x["i"])),
        "mean-derivative": (x["i"] * d(m, x["i"]), x["i"] / n),
        "variance": (v, 1 / n * total("i", (x["i"] - m) ** 2)),
        "variance-by-squares": (v, 1 / n * total("i", x["i"] ** 2) - m**2),
        "variance-derivative": (d(v, x["i"]), 2 / n * (x["i"] - m)),
        "variance-hessian": (d(v, x["i"], x["j"]), 2 / n * (delta("ij") - 1 / n)),
        "jacobian": (
            d(y["i"], x["j"]),
            1 / sqrt(v) * (delta("ij") - 1 / n - y["i"] * y["j"] / n),
        ),
        "backward": (
            d(l, x["j"]),
            1
            / sqrt(v)
            * (
                d(l, y["j"])
                - 1 / n * total("i", d(l, y["i"]))
                - y["j"] / n * total("i", d(l, y["i"]) * y["i"])
            ),
        ),
        "centred": (total("i", y["i"]) + n, n),
        "unit": (1 / n * total("i", y["i"] ** 2), 1),
    }


@theory
def batch_norm(w: World) -> Pairs:
    X, g, b = w.leaf("X", 3, 2), w.leaf("gamma", 2), w.leaf("beta", 2)
    m = w.constant("m", 3)
    mu = w.node("mu", "X", lambda X: edf.Mean(X, axis=0), lambda X: _sum(X, axis=0) / 3)
    v = w.node(
        "v",
        "X mu",
        lambda X, mu: edf.Mean((X - mu) ** 2, axis=0),
        lambda X, mu: _sum((X - mu) ** 2, axis=0) / 3,
    )
    Y = w.node(
        "Y",
        "X mu v gamma beta",
        lambda X, mu, v, g, b: g * (X - mu) / v**0.5 + b,
        lambda X, mu, v, g, b: g * (X - mu) / SQRT(v) + b,
    )
    standard = (X["ij"] - mu["j"]) / sqrt(v["j"])
    return {
        "definition": (Y["ij"], g["j"] * standard + b["j"]),
        "mean": (mu["j"], 1 / m * total("i", X["ij"])),
        "variance": (v["j"], 1 / m * total("i", (X["ij"] - mu["j"]) ** 2)),
        "mean-derivative": (X["ik"] * d(mu["j"], X["ik"]), X["ik"] * delta("jk") / m),
        "variance-derivative": (d(v["j"], X["ik"]), delta("jk") * 2 / m * (X["ij"] - mu["j"])),
        "scale": (d(Y["ij"], g["k"]), delta("jk") * standard),
        "jacobian": (
            d(Y["ij"], X["kj"]),
            g["j"]
            / sqrt(v["j"])
            * (delta("ik") - 1 / m - (X["ij"] - mu["j"]) * (X["kj"] - mu["j"]) / (m * v["j"])),
        ),
    }


@theory
def attention(w: World) -> Pairs:
    Q, K, V = w.leaf("Q", 2, 2), w.leaf("K", 3, 2), w.leaf("V", 3, 2)
    n = w.constant("d", 2)
    S = w.node(
        "S",
        "Q K",
        lambda Q, K: Q @ Transposed(K) / np.sqrt(2.0),
        lambda Q, K: Q @ K.T / sp.sqrt(2),
    )
    A = w.node("A", "S", lambda S: edf.Softmax(S), _softmax)
    O = w.node("O", "A V", lambda A, V: A @ V, lambda A, V: A @ V)
    l = w.any("l", "O")
    inner = total("m", d(l, O["im"]) * V["jm"])
    return {
        "scores": (S["ij"], total("k", Q["ik"] * K["jk"]) / sqrt(n)),
        "by-query": (d(S["ij"], Q["km"]), delta("ik") * K["jm"] / sqrt(n)),
        "by-key": (d(S["ij"], K["km"]), delta("jk") * Q["im"] / sqrt(n)),
        "weights": (A["ij"], exp(S["ij"]) / total("k", exp(S["ik"]))),
        "weights-jacobian": (
            d(A["ij"], S["mk"]),
            delta("im") * A["ij"] * (delta("jk") - A["ik"]),
        ),
        "weights-gradient": (d(l, A["ij"]), inner),
        "value-gradient": (d(l, V["jk"]), total("i", A["ij"] * d(l, O["ik"]))),
        "score-gradient": (
            d(l, S["ij"]),
            A["ij"] * (d(l, A["ij"]) - total("k", A["ik"] * d(l, A["ik"]))),
        ),
        "rows": (total("j", A["ij"]) * V["mn"], V["mn"] * total("j", A["ij"])),
    }


@theory
def convolution(w: World) -> Pairs:
    shift = np.zeros((3, 2, 4))
    for i in range(3):
        for k in range(2):
            shift[i, k, i + k] = 1
    T = w.constant("T", shift)
    x, k = w.leaf("x", 4), w.leaf("w", 2)
    y = w.node(
        "y",
        "x w",
        lambda x, k: k[0] * x[0:3] + k[1] * x[1:4],
        lambda x, k: np.array([sum(k[b] * x[a + b] for b in range(2)) for a in range(3)]),
    )
    l = w.any("l", "y")
    return {
        "definition": (y["i"], total("jk", T["ijk"] * k["j"] * x["k"])),
        "kernel": (d(l, k["j"]), total("ik", d(l, y["i"]) * T["ijk"] * x["k"])),
        "input": (d(l, x["k"]), total("ij", d(l, y["i"]) * T["ijk"] * k["j"])),
        "mixed": (d(y["i"], k["j"], x["k"]), T["ijk"]),
    }


@theory
def recurrent(w: World) -> Pairs:
    W, U = w.leaf("W", 2, 2), w.leaf("U", 2, 2)
    x, s = w.leaf("x", 2), w.leaf("s", 2)
    h = w.node(
        "h",
        "W U x s",
        lambda W, U, x, s: edf.Tanh(W @ s + U @ x),
        lambda W, U, x, s: TANH(W @ s + U @ x),
    )
    l = w.any("l", "h")
    local = d(l, h["i"]) * (1 - h["i"] ** 2)
    return {
        "state": (d(l, s["j"]), total("i", local * W["ij"])),
        "recurrent-weight": (d(l, W["ij"]), local * s["j"]),
        "input-weight": (d(l, U["ij"]), local * x["j"]),
        "jacobian": (d(h["i"], s["j"]), (1 - h["i"] ** 2) * W["ij"]),
    }


# --------------------------------------------------------------------- quadratic forms and norms


@theory
def quadratic_form(w: World) -> Pairs:
    A, x = w.leaf("A", 3, 3), w.leaf("x", 3)
    q = w.node("q", "A x", lambda A, x: x @ A @ x, lambda A, x: x @ A @ x)
    return {
        "definition": (q, total("ij", x["i"] * A["ij"] * x["j"])),
        "gradient": (d(q, x["k"]), total("j", (A["kj"] + A["jk"]) * x["j"])),
        "hessian": (d(q, x["i"], x["j"]), A["ij"] + A["ji"]),
        "matrix": (d(q, A["ij"]), x["i"] * x["j"]),
        "mixed": (d(q, A["ij"], x["k"]), delta("ik") * x["j"] + x["i"] * delta("jk")),
        "euler": (total("i", x["i"] * d(q, x["i"])), 2 * q),
    }


@theory
def norms(w: World) -> Pairs:
    x = w.leaf("x", 3)
    r = w.node("r", "x", lambda x: edf.Sum(x * x) ** 0.5, lambda x: sp.sqrt(_sum(x * x)))
    u = w.node("u", "x r", lambda x, r: x / r, lambda x, r: x / r)
    l = w.any("l", "u")
    return {
        "definition": (r, sqrt(total("i", x["i"] ** 2))),
        "gradient": (d(r, x["i"]), x["i"] / r),
        "hessian": (d(r, x["i"], x["j"]), (delta("ij") - u["i"] * u["j"]) / r),
        "unit-jacobian": (d(u["i"], x["j"]), (delta("ij") - u["i"] * u["j"]) / r),
        "unit-backward": (
            d(l, x["j"]),
            1 / r * (d(l, u["j"]) - u["j"] * total("i", d(l, u["i"]) * u["i"])),
        ),
        "square": (d(r**2, x["i"]), 2 * x["i"]),
        "unit": (total("i", u["i"] ** 2), 1),
        "largest": (over("max", "i", x["i"]) ** 2 / r**2, over("max", "i", u["i"]) ** 2),
    }


@theory
def cosine(w: World) -> Pairs:
    a, b = w.leaf("a", 2), w.leaf("b", 2)
    r = w.node("r", "a", lambda a: edf.Sum(a * a) ** 0.5, lambda a: sp.sqrt(_sum(a * a)))
    s = w.node("s", "b", lambda b: edf.Sum(b * b) ** 0.5, lambda b: sp.sqrt(_sum(b * b)))
    c = w.node(
        "c",
        "a b r s",
        lambda a, b, r, s: edf.Sum(a * b) / (r * s),
        lambda a, b, r, s: _sum(a * b) / (r * s),
    )
    return {
        "definition": (c, total("i", a["i"] * b["i"]) / (r * s)),
        "direct": (d(c, r), -c / r),
        "gradient": (
            total("i", b["i"] * d(c, a["i"])),
            s / r * (1 - c**2),
        ),
    }


@theory
def products(w: World) -> Pairs:
    x = w.leaf("x", 3)
    p = w.node("p", "x", lambda x: Product(x), lambda x: x[0] * x[1] * x[2])
    return {
        "definition": (p, over("prod", "i", x["i"])),
        "gradient": (d(p, x["i"]), over("prod", "j", x["j"], but="i")),
        "by-value": (d(p, x["i"]), p / x["i"]),
        "hessian": (x["i"] * x["j"] * d(p, x["i"], x["j"]), p * (1 - delta("ij"))),
        "logarithmic": (total("i", x["i"] * d(p, x["i"])), 3 * p),
    }


@theory
def residual(w: World) -> Pairs:
    x = w.leaf("x", 2)
    a = w.leaf("alpha")
    f = w.node("f", "x", lambda x: edf.Tanh(x), TANH)
    y = w.node("y", "x alpha f", lambda x, a, f: x + a * f, lambda x, a, f: x + a * f)
    l = w.any("l", "y")
    return {
        "jacobian": (d(y["i"], x["j"]), delta("ij") * (1 + a * (1 - f["i"] ** 2))),
        "backward": (d(l, x["i"]), d(l, y["i"]) + a * d(l, y["i"]) * d(f["i"], x["i"])),
        "branch": (d(l, f["i"]), a * d(l, y["i"])),
        "gate": (d(l, a), total("i", d(l, y["i"]) * f["i"])),
    }
