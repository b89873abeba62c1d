r"""Sums of terms, and the one place where a number is added to each entry of a vector.

Texts write 1 - \sigma(z), 1 - h^2 and h \odot (1 - h) of vectors: where a term is computed entry by
entry, so is the sum. Anywhere else a number beside a vector is an error, for the ones that are
missing change the meaning of a product.
"""

from __future__ import annotations

from dataclasses import replace

from edf.equations.diagnostics import Why, fail
from edf.equations.latex.syntax import Big, Product, Relation, Sum, Symbol, Tree, walk
from edf.equations.latex.vocabulary import REFUSED
from edf.equations.meaning.names.scope import python_names
from edf.equations.meaning.reader import Reader
from edf.equations.meaning.typed.algebra import apply, make
from edf.equations.meaning.typed.expression import Expr
from edf.equations.operations import OPERATIONS
from edf.equations.operations.shapes import fits, is_column, settle
from edf.graph import Node
from edf.operations.elementary import Exp, ReLU, Sigmoid, Softplus, Tanh
from edf.operations.reductions import Softmax

_ACTIVATIONS = (Exp, ReLU, Sigmoid, Softmax, Softplus, Tanh)


def read_sum(reader: Reader, tree: Sum, entrywise: bool = False) -> Expr:
    r"""Terms with their signs; `entrywise` if it is a factor of an elementwise product."""
    for sign, term in zip(tree.signs, tree.terms, strict=True):
        if sign not in ("", "+", "-"):
            fail(Why.NOTATION, REFUSED.get(sign, f"{sign} is not understood"), term.at)
    terms, signs = _read_terms(reader, tree)
    terms = _with_biases(terms)
    signed = [
        apply("neg", (term,), term.at) if sign == "-" else term
        for sign, term in zip(signs, terms, strict=True)
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


def _read_terms(reader: Reader, tree: Sum) -> tuple[list[Expr], list[str]]:
    r"""Read the terms; a \sum_i that ends one goes on over the terms behind it that have a free i.

    In J = -\frac{1}{n} \sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i), which texts write, the i of
    the second term can be no other. An index that is free elsewhere, too, is an error as before.
    """
    read = [reader.read(term) for term in tree.terms]
    terms, signs = [*tree.terms], [*tree.signs]
    place = 0
    while place < len(terms):
        term = terms[place]
        last = term.factors[-1] if isinstance(term, Product) else term
        letters = _summed_over(last)
        end = place + 1
        while end < len(terms) and letters & read[end].free and not letters & read[end].bound:
            end += 1
        if end > place + 1 and isinstance(last, Big):
            first = last.body if isinstance(last.body, Sum) else Sum((last.body,), ("",))
            body = Sum(
                (*first.terms, *terms[place + 1 : end]), (*first.signs, *signs[place + 1 : end]),
                at=last.body.at,
            )  # fmt: skip
            wide: Tree = replace(last, body=body)
            if isinstance(term, Product):
                wide = replace(term, factors=(*term.factors[:-1], wide))
            terms[place:end], signs[place:end] = [wide], [signs[place]]
            read[place:end] = [reader.read(wide)]
        place += 1
    return read, signs


def _summed_over(tree: Tree) -> set[str]:
    """The letters that a sum has below."""
    if not isinstance(tree, Big) or tree.macro != r"\sum" or tree.lower is None:
        return set()
    below = tree.lower.left if isinstance(tree.lower, Relation) else tree.lower
    return {python_names(part)[0] for part in walk(below) if isinstance(part, Symbol)}


def _with_biases(terms: list[Expr]) -> list[Expr]:
    r"""Add a vector b to each row of X W, which has as many columns as b has entries.

    Texts write X W + b for a batch X; a product of a square shape could have it in each column.
    """
    products = [term for term in terms if term.op == "matmul" and not is_column(term.shape)]
    if not products or products[0].shape is None:
        return terms
    rows, columns = map(settle, products[0].shape)
    if not isinstance(rows, int) or not isinstance(columns, int) or 1 in (rows, columns):
        return terms
    found = list(terms)
    for k, term in enumerate(terms):
        one_axis = term.op in ("node", "array") and is_column(term.shape) and not term.data[1]
        if one_axis and term.shape is not None and settle(term.shape[0]) == columns != rows:
            row = apply("transpose", (term,), term.at)
            ones = make("ones", at=term.at, shape=(rows, 1))
            found[k] = apply("matmul", (ones, row), term.at)
    return found


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
