r"""Sums of terms, and the one place where a number is added to each entry of a vector.

Texts write 1 - \sigma(z), 1 - h^2 and h \odot (1 - h) of vectors: where a term is computed entry by
entry, so is the sum. Anywhere else a number beside a vector is an error, for the ones that are
missing change the meaning of a product.
"""

from __future__ import annotations

from edf.equations.errors import Why
from edf.equations.latex.syntax import Sum
from edf.equations.latex.vocabulary import REFUSED
from edf.equations.meaning.algebra import apply, fail, make
from edf.equations.meaning.expression import Expr
from edf.equations.meaning.reader import Reader
from edf.equations.operations import OPERATIONS
from edf.equations.operations.shapes import fits
from edf.graph import Node
from edf.ops import Exp, ReLU, Sigmoid, Softplus, Tanh
from edf.reductions import Softmax

_ACTIVATIONS = (Exp, ReLU, Sigmoid, Softmax, Softplus, Tanh)


def read_sum(reader: Reader, tree: Sum, entrywise: bool = False) -> Expr:
    r"""Terms with their signs; `entrywise` if it is a factor of an elementwise product."""
    for sign, term in zip(tree.signs, tree.terms, strict=True):
        if sign not in ("", "+", "-"):
            fail(Why.NOTATION, REFUSED.get(sign, f"{sign} is not understood"), term.at)
    terms = [reader.read(term) for term in tree.terms]
    signed = [
        apply("neg", (term,), term.at) if sign == "-" else term
        for sign, term in zip(tree.signs, terms, strict=True)
    ]
    if len(signed) == 1:
        return signed[0]
    whole = [term for term in signed if term.shape is not None]
    if (
        0 < len(whole) < len(signed)
        and all(fits(whole[0].shape, term.shape) for term in whole)
        and (entrywise or all(map(is_entrywise, whole)))
    ):
        return make("add", signed, at=tree.at, shape=whole[0].shape)
    return apply("add", signed, tree.at)


def adds_numbers(value: Expr) -> bool:
    """Whether a vector or matrix is one to whose entries a number was added."""
    if value.op == "neg":
        return adds_numbers(value.args[0])
    shapes = {term.shape is None for term in value.args}
    return value.op == "add" and value.shape is not None and shapes == {True, False}


def is_entrywise(value: Expr) -> bool:
    r"""Whether a vector or matrix is computed entry by entry: \sigma(z), u^2, u \odot v.

    So is a node h = \sigma(z) of the page, an activation.
    """
    if value.op in ("powers", "hadamard"):
        return True
    if value.op == "node":  # an activation
        return isinstance(value.data[0], _ACTIVATIONS) and value.shape is not None
    if value.op == "call" or value.op == "prime":
        acts = value.data if value.op == "call" else value.data[0]
        known = isinstance(acts.value, type) and issubclass(acts.value, Node)
        return known and len(value.args) == 1 and value.args[0].shape == value.shape
    if value.op in ("neg", "mul", "div"):
        parts = [part for part in value.args if part.shape is not None]
        return len(parts) == 1 and is_entrywise(parts[0])
    if value.op == "add":
        return adds_numbers(value)
    operation = OPERATIONS.get(value.op)
    return operation is not None and operation.elementwise and value.shape is not None
