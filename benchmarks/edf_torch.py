"""Random programs in edf and in torch: the same values and the same gradients?

    python benchmarks/edf_torch.py [--programs 6000] [--seed 0]

A program applies a few functions, reductions and operators, drawn from the tables below, to one to
three arrays of random shapes, with fan-out and broadcasting, one in four of them in float32; its
result is weighted at random and summed. Compared are the value and the gradient in every array:
shape, precision and numbers. Prints every program that differs, and how many there were. torch must
be installed. Ties and kinks, at which frameworks choose different slopes, are drawn with
probability 0; the guide says what edf chooses there.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import edf
from edf import Node, Param

TOLERANCE = {np.float64: 1e-9, np.float32: 2e-3}

#: Functions of one array, in NumPy's spelling where there is one, each beside that of torch.
FUNCTIONS: list[tuple[Any, Any]] = [
    (np.tanh, torch.tanh),
    (np.sin, torch.sin),
    (np.arctan, torch.atan),
    (np.abs, torch.abs),
    (edf.Sigmoid, torch.sigmoid),
    (edf.ReLU, F.relu),
    (edf.SiLU, F.silu),
    (edf.Softplus, F.softplus),
    (edf.GELU, lambda x: F.gelu(x, approximate="tanh")),
    (lambda x: edf.LeakyReLU(x, 0.3), lambda x: F.leaky_relu(x, 0.3)),
    (lambda x: np.exp(np.tanh(x)), lambda x: torch.exp(torch.tanh(x))),
    (lambda x: np.sqrt(1 + x * x), lambda x: torch.sqrt(1 + x * x)),
    (lambda x: np.log1p(np.square(x)), lambda x: torch.log1p(x**2)),
    (lambda x: 1 / (2 + np.cos(x)), lambda x: 1 / (2 + torch.cos(x))),
    (lambda x: 2.0**x, lambda x: 2.0**x),
    (lambda x: x % 0.7, lambda x: torch.remainder(x, 0.7)),
    (lambda x: np.clip(x, -0.7, 0.8), lambda x: x.clamp(-0.7, 0.8)),
    (lambda x: np.maximum(x, 0.2), lambda x: x.clamp(min=0.2)),
    (lambda x: np.where(x > 0.1, x * 3, -x), lambda x: torch.where(x > 0.1, x * 3, -x)),
    (lambda x: edf.Softmax(x, axis=0), lambda x: F.softmax(x, 0)),
    (edf.LogSoftmax, lambda x: F.log_softmax(x, -1)),
    (lambda x: np.cumsum(x, axis=-1), lambda x: x.cumsum(-1)),
    (lambda x: np.sort(x, axis=0), lambda x: x.sort(0)[0]),
    (lambda x: x.T, lambda x: x.permute(*range(x.ndim - 1, -1, -1))),
    (lambda x: x.reshape(-1), lambda x: x.reshape(-1)),
    (lambda x: x[..., None], lambda x: x[..., None]),
    (lambda x: x[[0, 0, -1]], lambda x: x[[0, 0, -1]]),
    (lambda x: x[..., -1], lambda x: x[..., -1]),
    (lambda x: x[::-1], lambda x: x.flip(0)),
    (lambda x: np.roll(x, 1, axis=0), lambda x: x.roll(1, 0)),
    (lambda x: np.tril(x), lambda x: x.tril()),
    (lambda x: np.pad(x, 1), lambda x: F.pad(x, (1, 1) * x.ndim)),
    (lambda x: np.repeat(x, 2, axis=0), lambda x: x.repeat_interleave(2, 0)),
    (lambda x: np.swapaxes(x, 0, -1), lambda x: x.transpose(0, -1)),
    (lambda x: np.squeeze(x), lambda x: x.squeeze()),
    (lambda x: np.stack([x, np.sin(x)], 1), lambda x: torch.stack([x, torch.sin(x)], 1)),
    (lambda x: np.concatenate([x, 2 * x], axis=-1), lambda x: torch.cat([x, 2 * x], -1)),
    (lambda x: x @ x.mT, lambda x: x @ x.mT),
    (lambda x: np.einsum("...i,...i->...", x, x), lambda x: torch.einsum("...i,...i->...", x, x)),
]
#: Reductions over one axis.
REDUCTIONS: list[tuple[Any, Any]] = [
    (np.sum, torch.sum),
    (np.mean, torch.mean),
    (np.max, torch.amax),
    (np.min, torch.amin),
    (np.prod, torch.prod),
    (np.var, lambda x, dim, keepdim: x.var(dim, unbiased=False, keepdim=keepdim)),
    (edf.Norm, lambda x, dim, keepdim: x.norm(dim=dim, keepdim=keepdim)),
    (edf.LogSumExp, torch.logsumexp),
]
#: Operators of two arrays.
OPERATORS: list[tuple[Any, Any]] = [
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / (2 + b * b), lambda a, b: a / (2 + b * b)),
    (lambda a, b: (1.5 + np.tanh(a)) ** b, lambda a, b: (1.5 + torch.tanh(a)) ** b),
    (lambda a, b: np.maximum(a, b + 0.013), lambda a, b: torch.maximum(a, b + 0.013)),
    (lambda a, b: np.where(a > b, a, 2 * b), lambda a, b: torch.where(a > b, a, 2 * b)),
    (np.outer, lambda a, b: torch.outer(a.reshape(-1), b.reshape(-1))),
    (lambda a, b: a @ b, lambda a, b: a @ b),
]

Pair = tuple[Node, "torch.Tensor"]


def program(rng: np.random.Generator, dtype: Any) -> tuple[list[Pair], Pair]:
    """Return the arrays of a random program, and its result."""
    leaves: list[Pair] = []
    for _ in range(rng.integers(1, 4)):
        array = rng.standard_normal(tuple(rng.integers(1, 4, rng.integers(1, 4)))).astype(dtype)
        leaves.append((Param(array), torch.tensor(array, requires_grad=True)))
    pool = list(leaves)
    for _ in range(rng.integers(2, 9)):
        ours, theirs = pool[rng.integers(len(pool))]
        kind = rng.choice(3, p=[0.5, 0.2, 0.3])
        table = (FUNCTIONS, REDUCTIONS, OPERATORS)[kind]
        f, g = table[rng.integers(len(table))]
        other, their_other = pool[rng.integers(len(pool))]
        if kind < 2 and not theirs.ndim:
            continue  # a number has no axis
        axis, keep = int(rng.integers(max(theirs.ndim, 1))), bool(rng.integers(2))
        try:
            tensor = (
                g(theirs) if kind == 0 else
                g(theirs, dim=axis, keepdim=keep) if kind == 1 else g(theirs, their_other)
            )  # fmt: skip
        except (RuntimeError, IndexError):
            continue  # the shapes do not fit
        if not 0 < tensor.numel() <= 2000:
            continue
        node = (
            f(ours) if kind == 0 else
            f(ours, axis=axis, keepdims=keep) if kind == 1 else f(ours, other)
        )  # fmt: skip
        pool.append((node, tensor))
    return leaves, pool[-1]


def difference(seed: int) -> str:
    """Return in words what differs in the program of a seed; nothing if all is alike."""
    rng = np.random.default_rng(seed)
    dtype: Any = np.float32 if seed % 4 == 0 else np.float64
    leaves, (node, tensor) = program(rng, dtype)
    weights = rng.standard_normal(tuple(tensor.shape)).astype(dtype)
    loss, their_loss = edf.Sum(node * weights), (tensor * torch.tensor(weights)).sum()
    value, expected = np.asarray(loss.forward()), their_loss.detach().numpy()
    if not np.isfinite(expected):
        return ""
    if found := unlike("the value", value, expected, dtype):
        return found
    loss.backward()
    their_loss.backward()
    for k, (leaf, their_leaf) in enumerate(leaves):
        if their_leaf.grad is not None and torch.isfinite(their_leaf.grad).all():
            gradient = np.zeros_like(leaf.value) if leaf.grad is None else leaf.grad
            if found := unlike(f"gradient {k}", gradient, their_leaf.grad.numpy(), dtype):
                return found
    return ""


def unlike(what: str, ours: Any, theirs: Any, dtype: Any) -> str:
    """Return in words how two arrays differ."""
    if ours.shape != theirs.shape or ours.dtype != dtype:
        return f"{what}: {ours.dtype} {ours.shape}, in torch {theirs.dtype} {theirs.shape}"
    size = max(1.0, float(np.max(np.abs(theirs), initial=0)))
    apart = float(np.max(np.abs(ours - theirs), initial=0)) / size
    return f"{what}: {apart:.1e} apart" if apart > TOLERANCE[dtype] else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    differ = 0
    with np.errstate(all="ignore"):
        for seed in range(given.seed, given.seed + given.programs):
            if found := difference(seed):
                differ += 1
                print(f"program {seed}: {found}")
    print(f"{given.programs} programs, {differ} differ")
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
