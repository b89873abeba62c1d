r"""What relations say of a letter: x > 0, A \succ 0, A = A^\top, \sum_i p_i = 1."""

from __future__ import annotations

import re

import numpy as np

from edf.equations.binding.declared import Declarations, Declared, name_of
from edf.equations.binding.samplers import (
    Interval,
    OneOf,
    Sampler,
    WholeNumbers,
    orthogonal_matrix,
    positive_definite,
    positive_semidefinite,
    symmetric_matrix,
)
from edf.equations.binding.sets import NUMBER, bound_of
from edf.equations.binding.statements import Statement
from edf.equations.diagnostics import Why, fail

ORDER = re.compile(r"(?P<sign><|>|\\(?:leq?|geq?|lt|gt|neq?|succ(?:eq)?|prec(?:eq)?)(?![A-Za-z]))")
_TOTAL = re.compile(
    r"(?:\\sum\s*_\s*\{?\s*(?P<over>\w)\s*\}?|\\mathbf\{1\}\^\{?\s*(?:\\top|T)\s*\}?)\s*"
    r"(?P<name>\\?[A-Za-z]+(?:\{[A-Za-z]\})?)(?:_\{?(?P<row>\w)?\s*,?\s*(?P<index>\w)\}?)?"
)
_ENTRY = re.compile(r"(?P<name>\\?[A-Za-z]+)_(?P<letters>[a-z]|\{\s*[a-z](?:\s*,?\s*[a-z])?\s*\})")
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=",
             "succ": "prec", "prec": "succ", "succeq": "preceq", "preceq": "succeq"}  # fmt: skip


def read_order(declarations: Declarations, statement: Statement) -> None:
    r"""x > 0, 0 < p < 1, A \succ 0."""
    text, at = statement
    parts = ORDER.split(text)
    sides, signs = [part.strip() for part in parts[::2]], parts[1::2]
    bounds: list[tuple[str, str]] = []  # sign as seen from the name, and bound
    if len(signs) == 1 and not _is_bound(sides[0]):
        named, bounds = sides[0], [(_plain(signs[0]), sides[1])]
    elif len(signs) == 1:
        named, bounds = sides[1], [(_MIRRORED[_plain(signs[0])], sides[0])]
    else:
        named = sides[1]
        bounds = [(_MIRRORED[_plain(signs[0])], sides[0]), (_plain(signs[1]), sides[2])]
    whole = _of_entry(declarations, named, at)
    for one in declarations.names_in(named, at) if whole is None else [whole]:
        declarations.insist_on_new(one, at)
        _bounded(declarations, one, bounds, at)


def _of_entry(declarations: Declarations, text: str, at: int) -> Declared | None:
    r"""The array of which p_i or P_{ij} is any entry, if it is declared here."""
    entry = _ENTRY.fullmatch(text)
    if entry is None:
        return None
    one = declarations.declared.get(name_of(entry["name"], at))
    letters = re.findall(r"[a-z]", entry["letters"])
    known = one is not None and one.has_set and not one.family and one.function is None
    return one if known and one is not None and len(one.lengths) == len(letters) else None


def _bounded(
    declarations: Declarations, one: Declared, bounds: list[tuple[str, str]], at: int
) -> None:
    """Let a name lie between bounds, or be a positive definite matrix."""
    signs = {sign for sign, _ in bounds}
    if signs & {"succ", "succeq"}:
        if not one.has_set:  # a square matrix, however large
            one.lengths, one.has_set = (declarations.new_length(),) * 2, True
        if len(one.lengths) != 2 or one.lengths[0] != one.lengths[1]:
            fail(
                Why.UNKNOWN,
                f"Declare {one.name} as a square matrix: A \\in \\mathbb{{R}}^{{n \\times n}}",
                at,
            )
        one.sample = positive_definite if signs & {"succ"} else positive_semidefinite
        return
    whole = one.sample if isinstance(one.sample, WholeNumbers) and not one.sample.labels else None
    if not (whole or one.sample in ("normal", "positive") or isinstance(one.sample, Interval)):
        fail(Why.DECLARATION, f"{one.name} has its set already", at)
    low, high, ends = -np.inf, np.inf, list[float]()
    for sign, bound in bounds:
        end = bound_of(bound, at)
        if sign in ("<", "<="):
            high = min(high, end)
        elif sign in (">", ">="):
            low = max(low, end)
        elif sign == "!=" and end == 0:
            one.nonzero = True
        else:
            fail(Why.AMBIGUOUS, "What is this order? Write >, <, \\geq, \\leq, or \\neq 0", at)
        if sign in ("<=", ">="):
            ends.append(end)
    if whole is not None:
        one.sample = whole.within(low, high, ends)
    else:
        one.restrict(low, high, tuple(ends))
    if not one.low < one.high or (isinstance(one.sample, WholeNumbers) and not one.sample.numbers):
        fail(Why.NO_CLAIM, "Nothing lies between these bounds", at)


def read_equality(declarations: Declarations, statement: Statement) -> None:
    r"""A = A^\top, Q^\top Q = I; and i = 1, \dots, N, which says what an index runs over."""
    text, at = statement
    left, _, right = (part.strip() for part in text.partition("="))
    if re.search(r"\\[lc]?dots", right):
        declarations.ranged(left, right, at)
        return
    transposed = r"\^\s*(?:\{\s*)?(?:\\top|\\intercal|T|\\mathsf\{T\}|\\mathrm\{T\})\s*\}?"
    for one, other in ((left, right), (right, left)):
        if re.fullmatch(rf"{re.escape(one)}\s*{transposed}", other):
            _square(declarations, one, symmetric_matrix, at)
            return
    product = re.fullmatch(rf"(?P<q>.+?)\s*{transposed}\s*(?P=q)", left)
    if product is not None and re.fullmatch(r"I(?:_\w)?|\\mathbf\{I\}|\\mathbb\{I\}", right):
        _square(declarations, product["q"], orthogonal_matrix, at)
        return
    total = _TOTAL.fullmatch(left)
    if total is not None and right == "1":
        if total["row"] and total["over"] != total["index"]:
            fail(
                Why.DECLARATION,
                f"Rows that add up to 1 can be declared, \\sum_j {total['name']}_{{ij}} = 1: "
                "declare the transpose",
                at,
            )
        _adding_up(declarations.known(total["name"], at), at)
        return
    fail(
        Why.NO_CLAIM,
        "This states something: a declaration says what a letter is, as x \\in \\mathbb{R}^n",
        at,
    )


def _adding_up(one: Declared, at: int) -> None:
    """Positive entries that add up to 1 are a point of the simplex; 0 and 1, a label."""
    shares = isinstance(one.sample, Interval) and (one.low, one.high) == (0.0, 1.0)
    if one.sample == "positive" or shares:
        one.sample, one.ends = "simplex", ()  # all entries at an end do not add up to 1
    elif isinstance(one.sample, OneOf) and sorted(one.sample.values) == [0, 1]:
        one.sample = "onehot"
    else:
        fail(Why.DECLARATION, "What adds up to 1 is in \\mathbb{R}^n_+ or in \\{0, 1\\}^n", at)


def _square(declarations: Declarations, text: str, sample: Sampler, at: int) -> None:
    one = declarations.known(text, at)
    if len(one.lengths) != 2 or one.lengths[0] != one.lengths[1]:
        fail(
            Why.UNKNOWN,
            f"Declare {one.name} first: {text} \\in \\mathbb{{R}}^{{n \\times n}}",
            at,
        )
    if one.sample not in (positive_definite, positive_semidefinite):  # symmetric, too
        one.sample = sample


def _plain(sign: str) -> str:
    spelled = {r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\lt": "<", r"\gt": ">",
               r"\ne": "!=", r"\neq": "!="}  # fmt: skip
    return spelled.get(sign, sign.removeprefix("\\"))


def _is_bound(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None or r"\infty" in text
