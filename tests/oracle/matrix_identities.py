"""The base equations in matrix notation, over the worlds of `identities`."""

from __future__ import annotations

from functools import cache

from tests.oracle.expr import Equation, as_expr, names, sqrt
from tests.oracle.identities import Identity, Pairs, identities
from tests.oracle.matrix import diag, grad, hadamard, jac, norm, ones, slope, t


@cache
def matrix_identities() -> tuple[Identity, ...]:
    """All base equations in matrix notation."""
    worlds = {identity.world.name: identity.world for identity in identities()}
    return tuple(
        Identity(f"{name}/matrix/{key}", worlds[name], Equation(left, as_expr(right)))
        for name, theory in _THEORIES.items()
        for key, (left, right) in theory().items()
    )


def affine() -> Pairs:
    W, x, b, z, l = names("W x b z l")
    return {
        "definition": (z, W @ x + b),
        "input": (grad(l, x), t(W) @ grad(l, z)),
        "weight": (grad(l, W), grad(l, z) @ t(x)),
        "bias": (grad(l, b), grad(l, z)),
        "jacobian": (jac(z, x), W),
        "by-jacobian": (grad(l, x), t(jac(z, x)) @ grad(l, z)),
        "inner": (t(b) @ z, t(z) @ b),
    }


def affine_batch() -> Pairs:
    X, W, Z, L, b = names("X W Z L b")
    return {
        "weight": (grad(L, W), t(X) @ grad(L, Z)),
        "input": (grad(L, X), grad(L, Z) @ t(W)),
        "bias": (grad(L, b), t(grad(L, Z)) @ ones(2)),
        "definition": (Z, X @ W + ones(2) @ t(b)),
    }


def two_layers() -> Pairs:
    W, x, V, a, h, o, l = names("W x V a h o l")
    slope = ones(2) + -hadamard(h, h)
    return {
        "delta": (grad(l, a), hadamard(slope, t(V) @ grad(l, o))),
        "weight": (grad(l, W), grad(l, a) @ t(x)),
        "outer-weight": (grad(l, V), grad(l, o) @ t(h)),
        "activation": (jac(h, a), diag(slope)),
        "jacobian": (jac(o, x), V @ diag(slope) @ W),
        "chain": (jac(o, x), jac(o, h) @ jac(h, a) @ jac(a, x)),
        "input": (grad(l, x), t(W) @ hadamard(slope, t(V) @ grad(l, o))),
    }


def softmax() -> Pairs:
    P, x, l = names("P x l")
    jacobian = diag(P) + -(P @ t(P))
    return {
        "jacobian": (jac(P, x), jacobian),
        "backward": (grad(l, x), jacobian @ grad(l, P)),
        "sums-to-one": (t(ones(3)) @ P, 1),
        "null-vector": (jacobian @ ones(3) + P, P),
    }


def cross_entropy() -> Pairs:
    l, z, y, target = names("ell z y_hat t")
    return {
        "gradient": (grad(l, z), y + -target),
        "jacobian": (jac(y, z), diag(y) + -(y @ t(y))),
    }


def quadratic_form() -> Pairs:
    A, x, q = names("A x q")
    return {
        "definition": (q, t(x) @ A @ x),
        "gradient": (grad(q, x), (A + t(A)) @ x),
        "matrix": (grad(q, A), x @ t(x)),
        "euler": (t(x) @ grad(q, x), 2 * q),
    }


def norms() -> Pairs:
    x, r, u, l = names("x r u l")
    return {
        "definition": (r, norm(x)),
        "gradient": (grad(r, x), x / norm(x)),
        "unit": (u, x / r),
        "square": (norm(x) ** 2, t(x) @ x),
        "unit-norm": (norm(u), 1),
        "unit-backward": (
            grad(l, x),
            (grad(l, u) + -(u @ t(u) @ grad(l, u))) / r,
        ),
    }


def attention() -> Pairs:
    Q, K, V, S, A, O, l, n = names("Q K V S A O l d")
    return {
        "scores": (S, (Q @ t(K)) / sqrt(n)),
        "output": (O, A @ V),
        "values": (grad(l, V), t(A) @ grad(l, O)),
        "weights": (grad(l, A), grad(l, O) @ t(V)),
        "queries": (grad(l, Q), (grad(l, S) @ K) / sqrt(n)),
        "keys": (grad(l, K), (t(grad(l, S)) @ Q) / sqrt(n)),
    }


def recurrent() -> Pairs:
    W, U, x, s, h, l = names("W U x s h l")
    local = hadamard(grad(l, h), ones(2) + -hadamard(h, h))
    return {
        "state": (grad(l, s), t(W) @ local),
        "recurrent-weight": (grad(l, W), local @ t(s)),
        "input-weight": (grad(l, U), local @ t(x)),
        "jacobian": (jac(h, s), diag(ones(2) + -hadamard(h, h)) @ W),
    }


def sigmoid_layer() -> Pairs:
    W, x, z, h, l = names("W x z h l")
    local = hadamard(grad(l, h), slope("sigma", z))
    return {
        "delta": (grad(l, z), local),
        "weight": (grad(l, W), local @ t(x)),
        "input": (grad(l, x), t(W) @ local),
        "jacobian": (jac(h, z), diag(slope("sigma", z))),
        "by-value": (slope("sigma", z), hadamard(h, ones(2) + -h)),
        "second": (slope("sigma", z, 2), hadamard(slope("sigma", z), ones(2) + -2 * h)),
    }


def elementwise_matrix() -> Pairs:
    Z, A, S, E, M = names("Z A S E M")
    return {
        "elementwise": (E, hadamard(slope("sigma", Z), A)),
        "product": (M, slope("sigma", Z) @ A),
        "transposed": (t(slope("sigma", Z)), slope("sigma", t(Z))),
        "by-value": (slope("sigma", Z), S + -hadamard(S, S)),
    }


_THEORIES = {
    "sigmoid-layer": sigmoid_layer,
    "elementwise-matrix": elementwise_matrix,
    "affine": affine,
    "affine-batch": affine_batch,
    "two-layers": two_layers,
    "softmax": softmax,
    "cross-entropy": cross_entropy,
    "quadratic-form": quadratic_form,
    "norms": norms,
    "attention": attention,
    "recurrent": recurrent,
}
