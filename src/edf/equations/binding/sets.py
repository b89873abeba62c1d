r"""The set that a letter is declared to be in: x \in \mathbb{R}^n, p \in \Delta^{n-1}."""

from __future__ import annotations

import re

import numpy as np

from edf.equations.binding.declared import RUN, Declarations, Declared
from edf.equations.binding.samplers import (
    OneOf,
    WholeNumbers,
    orthogonal_matrix,
    positive_definite,
    positive_semidefinite,
    symmetric_matrix,
)
from edf.equations.diagnostics import Why, fail

REALS = re.compile(
    r"\\(?:mathbb|mathbf|mathrm|Bbb)\s*\{?\s*R\s*\}?|\\R(?:eals)?(?![A-Za-z])|ℝ", re.DOTALL
)
_POSITIVE = re.compile(r"_\s*(?:\+|\{\s*(?:\+\+?|>\s*0)\s*\})")
_NOT_NEGATIVE = re.compile(r"_\s*\{\s*\\geq?\s*0\s*\}")
_POWER = re.compile(r"\^\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>[A-Za-z0-9]))")
_TIMES = re.compile(r"\\times|×")
_INTERVAL = re.compile(r"(?P<open>[(\[\]])\s*(?P<low>[^,]+),(?P<high>[^,]+?)(?P<close>[)\]\[])")
FINITE = re.compile(r"\\\{(?P<items>.*?)\\\}", re.DOTALL)
_SIMPLEX = re.compile(r"\\Delta\s*(?P<sign>[\^_])\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>\w))")
_SYMMETRIC = re.compile(
    r"(?:\\mathbb|\\mathcal|\\mathbf)\s*\{?\s*S\s*\}?\s*(?P<scripts>(?:[\^_]\s*(?:\{[^{}]*\}|.))*)"
)
_ORTHOGONAL = re.compile(
    r"(?:\\mathrm|\\operatorname|\\mathbf)?\s*\{?\s*S?O\s*\}?\s*\(\s*(?P<n>[^()]+)\)"
)
_INTEGERS = re.compile(
    r"\\mathbb\s*\{?\s*(?P<which>[NZ])\s*\}?\s*(?:[_^]\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>\S))\s*)?"
)
#: What is written at the sign of whole numbers, and the least of them.
_LEAST = {"": None, "0": 0, "+": 1, "*": 1, "++": 1, ">0": 1, ">=0": 0, ">=1": 1}
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def read_set(declarations: Declarations, one: Declared, written: str, at: int) -> None:
    """Let a name be drawn from a set, and give it the lengths that the set has."""
    if one.has_set:
        fail(Why.DECLARATION, f"{one.name} is declared twice", at)
    one.has_set = True
    base, lengths = written, list[str]()
    power = _POWER.search(written)
    is_simplex = _SIMPLEX.fullmatch(written)
    symmetric = _SYMMETRIC.fullmatch(written)
    if is_simplex is None and symmetric is None and power is not None:
        base = (written[: power.start()] + written[power.end() :]).strip()
        lengths = _TIMES.split(power["group"] or power["one"])
    if (whole := _INTEGERS.fullmatch(written)) is not None:
        _whole_numbers(one, whole, at)
        lengths = []
    elif (real := REALS.match(base)) is not None:
        rest = base[real.end() :].strip()
        if _POSITIVE.fullmatch(rest):
            one.restrict(0.0, np.inf)
        elif _NOT_NEGATIVE.fullmatch(rest):
            one.restrict(0.0, np.inf, (0.0,))
        elif rest:
            fail(Why.DECLARATION, f"{rest} behind the reals is not understood", at)
    elif is_simplex is not None:
        lengths = [_simplex(is_simplex, at)]
        one.sample = "simplex"
    elif symmetric is not None:
        lengths = _symmetric(one, symmetric["scripts"], at)
    elif (orthogonal := _ORTHOGONAL.fullmatch(base)) is not None:
        lengths, one.sample = [orthogonal["n"]] * 2, orthogonal_matrix
    elif (finite := FINITE.fullmatch(base)) is not None:
        one.sample = finite_set(declarations, finite["items"], at)
    elif (whole := _INTEGERS.fullmatch(base)) is not None:
        _whole_numbers(one, whole, at)
    elif (interval := _INTERVAL.fullmatch(base)) is not None:
        _interval(one, interval, at)
    else:
        fail(
            Why.DECLARATION,
            f"The set {written} is not known: there are \\mathbb{{R}}, \\mathbb{{R}}_+, "
            "intervals, \\{0,1\\}, labels \\{1, \\dots, K\\}, \\Delta^{n-1}, symmetric "
            "matrices \\mathbb{S}^n, orthogonal ones O(n); powers ^n and ^{m \\times n}",
            at,
        )
    declarations.set_lengths(one, lengths, at)


def _simplex(found: re.Match[str], at: int) -> str:
    r"""The entries of a point of the simplex: \Delta^{n-1} has n, and so has \Delta_n."""
    text = (found["group"] or found["one"]).strip()
    if found["sign"] == "_":
        return text
    less = re.fullmatch(r"(.+?)\s*-\s*1", text)
    if less is None:
        fail(
            Why.AMBIGUOUS,
            f"Has a point of \\Delta^{{{text}}} {text} entries, or one more? Write "
            f"\\Delta^{{{text}-1}} or \\Delta_{{{text}}} for {text}",
            at,
        )
    return less[1]


def _symmetric(one: Declared, scripts: str, at: int) -> list[str]:
    r"""The lengths of symmetric matrices, \mathbb{S}^n, or positive definite ones."""
    power = _POWER.search(scripts)
    if power is None:
        fail(Why.SHAPES, "Write how large the matrices are: \\mathbb{S}^n", at)
    rest = (scripts[: power.start()] + scripts[power.end() :]).strip()
    if rest and not re.fullmatch(r"_\s*\{?\s*\+{1,2}\s*\}?", rest):
        fail(
            Why.DECLARATION,
            f"{rest} is not understood: write \\mathbb{{S}}^n_{{++}} for positive definite",
            at,
        )
    definite = positive_definite if "++" in rest else positive_semidefinite
    one.sample = definite if rest else symmetric_matrix
    return [power["group"] or power["one"]] * 2


def finite_set(declarations: Declarations, items: str, at: int) -> WholeNumbers | OneOf:
    run = RUN.fullmatch(items.strip())
    if run is not None:
        return WholeNumbers(int(run["first"]), declarations.length(run["last"], at), labels=True)
    values = [item.strip() for item in items.split(",")]
    if not all(NUMBER.fullmatch(value) for value in values):
        fail(
            Why.DECLARATION,
            "A finite set is written with numbers: \\{0, 1\\}, \\{1, \\dots, K\\}",
            at,
        )
    return OneOf([float(value) for value in values])


def _whole_numbers(one: Declared, found: re.Match[str], at: int) -> None:
    r"""\mathbb{N}, \mathbb{Z}, and from where on: \mathbb{N}_0, \mathbb{Z}_{>0}."""
    script = (found["group"] or found["one"] or "").replace(" ", "")
    script = re.sub(r"\\geq?", ">=", script)
    if script not in _LEAST:
        fail(Why.DECLARATION, f"{script} is not understood: write \\mathbb{{N}}_{{>0}}", at)
    least = _LEAST[script]
    if least is None:
        least = -5 if found["which"] == "Z" else 0
    open_ended = WholeNumbers(
        least, 6, bounded=False, from_zero=found["which"] == "N" and not script
    )
    one.sample = open_ended.within(one.low, one.high, one.ends)


def _interval(one: Declared, found: re.Match[str], at: int) -> None:
    low, high = (bound_of(found[name].strip(), at) for name in ("low", "high"))
    if not low < high:
        fail(Why.DECLARATION, "The interval is empty", at)
    ends = (low,) * (found["open"] == "[") + (high,) * (found["close"] == "]")
    one.restrict(low, high, tuple(end for end in ends if np.isfinite(end)))


def bound_of(text: str, at: int) -> float:
    """The end of an interval, or a bound."""
    plain = re.sub(r"\\pi(?![A-Za-z])", str(np.pi), text.replace(r"\infty", "inf").replace(" ", ""))
    product = re.fullmatch(r"([+-]?\d*\.?\d*)(3\.14159\d*)", plain)
    try:
        if product is not None and product[1]:
            return float(product[1] + "1" * (product[1] in "+-")) * float(product[2])
        return float(plain)
    except ValueError:
        fail(Why.OTHER_MEANING, f"{text} is no number: bounds are numbers", at)
