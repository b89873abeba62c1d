r"""Declarations: what notes write to say what a letter is.

    x \in \mathbb{R}^n, \quad W \in \mathbb{R}^{m \times n}, \quad \lambda > 0, \quad
    y \in \{1, \dots, m\}, \quad f : \mathbb{R}^m \to \mathbb{R}, \quad A \succ 0

Each name becomes an input that is drawn afresh at every point, from its set; a function an
arbitrary smooth one. A length that is a letter is a symbol, see `lengths`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.binding.lengths import Length, new_length
from edf.equations.binding.statements import Statement, expanded, statements
from edf.equations.diagnostics import EquationError, Why, fail
from edf.equations.latex.parser import parse, steps
from edf.equations.latex.syntax import Indices, Product, Script, Symbol, walk
from edf.equations.meaning.names.scope import (
    Alias,
    Law,
    Scope,
    index_text,
    joined_name,
    python_names,
)
from edf.equations.meaning.names.wording import difference_of, mark_of
from edf.equations.meaning.probability.laws import law
from edf.graph import Array, Input, Node, topological_order

#: Gets a generator of random numbers and a shape. (NumPy loads its generators when first used.)
Sampler = Callable[[Any, tuple[int, ...]], Array]

_REALS = re.compile(
    r"\\(?:mathbb|mathbf|mathrm|Bbb)\s*\{?\s*R\s*\}?|\\R(?:eals)?(?![A-Za-z])|ℝ", re.DOTALL
)
_POSITIVE = re.compile(r"_\s*(?:\+|\{\s*(?:\+\+?|>\s*0)\s*\})")
_NOT_NEGATIVE = re.compile(r"_\s*\{\s*\\geq?\s*0\s*\}")
_POWER = re.compile(r"\^\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>[A-Za-z0-9]))")
_TIMES = re.compile(r"\\times|×")
_LENGTH = re.compile(
    r"(?P<letter>[A-Za-z]|\\[A-Za-z]+)'*(?:_(?P<sub>\{[^{}]*\}|[A-Za-z0-9]))?|(?P<number>\d+)"
)
_INTERVAL = re.compile(r"(?P<open>[(\[\]])\s*(?P<low>[^,]+),(?P<high>[^,]+?)(?P<close>[)\]\[])")
_FINITE = re.compile(r"\\\{(?P<items>.*?)\\\}", re.DOTALL)
_RUN = re.compile(
    r"(?P<first>-?\d+)\s*,(?:\s*-?\d+\s*,)?\s*\\[lc]?dots\s*,\s*(?P<last>[^,]+?)\s*", re.DOTALL
)
_SIMPLEX = re.compile(r"\\Delta\s*(?P<sign>[\^_])\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>\w))")
_SYMMETRIC = re.compile(
    r"(?:\\mathbb|\\mathcal|\\mathbf)\s*\{?\s*S\s*\}?\s*(?P<scripts>(?:[\^_]\s*(?:\{[^{}]*\}|.))*)"
)
_ORTHOGONAL = re.compile(
    r"(?:\\mathrm|\\operatorname|\\mathbf)?\s*\{?\s*S?O\s*\}?\s*\(\s*(?P<n>[^()]+)\)"
)
_TYPE = re.compile(
    r"\s*(?::|\\colon)\s*(?P<domain>.+?)\\(?:to|rightarrow)(?![A-Za-z])(?P<image>.+)", re.DOTALL
)
_SAMPLE_SPACE = re.compile(r"\\Omega(?:'+|_\s*\{?\w\}?)?")
_SUBSET = re.compile(
    r"(?P<names>.+?)\\subset(?:eq)?(?![A-Za-z])\s*(?P<space>\\Omega(?:'+|_\s*\{?\w\}?)?)\s*",
    re.DOTALL,
)
#: Sample spaces hold so many times more outcomes than needed, so that others tell nothing of these.
SPARE = 2
_IN = re.compile(r"\\in(?![A-Za-z])")
_ORDER = re.compile(r"(?P<sign><|>|\\(?:leq?|geq?|lt|gt|neq?|succ(?:eq)?|prec(?:eq)?)(?![A-Za-z]))")
_INTEGERS = re.compile(
    r"\\mathbb\s*\{?\s*(?P<which>[NZ])\s*\}?\s*(?:[_^]\s*(?:\{(?P<group>[^{}]*)\}|(?P<one>\S))\s*)?"
)
#: Whole numbers that are tried, beside the few that are drawn.
LARGER = (10, 20, 50)
#: What is written at the sign of whole numbers, and the least of them.
_LEAST = {"": None, "0": 0, "+": 1, "*": 1, "++": 1, ">0": 1, ">=0": 0, ">=1": 1}
_TOTAL = re.compile(
    r"(?:\\sum\s*_\s*\{?\s*\w\s*\}?|\\mathbf\{1\}\^\{?\s*(?:\\top|T)\s*\}?)\s*"
    r"(?P<name>\\?[A-Za-z]+(?:\{[A-Za-z]\})?)(?:_\{?\w\}?)?"
)
#: A member of a family: x^{(i)}, W^{[l]}, x_i; and a list of its members: x_1, \dots, x_n.
_MEMBER = re.compile(
    r"(?P<name>.+?)(?:\^\s*\{\s*[(\[]\s*(?P<above>[a-zA-Z])\s*[)\]]\s*\}"
    r"|_\s*\{?\s*(?P<below>[ijklt])\s*\}?)",
    re.DOTALL,
)
_LIST = re.compile(
    r"(?P<name>[^,]+?)_\s*\{?1\}?\s*,(?:\s*(?P=name)_\s*\{?2\}?\s*,)?\s*\\[lc]?dots\s*,\s*"
    r"(?P=name)_\s*(?P<last>\{[^{}]*\}|[A-Za-z0-9])",
    re.DOTALL,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


@dataclass
class Declared:
    """What is known of one name: its lengths, and how it is drawn."""

    name: str
    at: int
    lengths: tuple[int, ...] = ()
    sample: str | Sampler = "normal"
    fixed: set[int] = field(default_factory=set)  # lengths that were given as numbers
    function: tuple[int, ...] | None = None  # the shape of the value of a function
    family: str = ""  # the letter that tells its members apart, as i in x^{(i)}
    first: int = 1  # the number of its first member
    below: bool = False  # whether that is a subscript, which may be no more than a part of the name
    has_set: bool = False
    measure: Input | None = None  # of a random variable, the probabilities of the outcomes
    space: str = ""  # and the name of its sample space
    law: Law | None = None  # of a random variable, if that has a name
    event: bool = False  # whether it is 1 for the outcomes of an event, and 0 for others
    low: float = -np.inf
    high: float = np.inf
    ends: tuple[float, ...] = ()  # of these, those that belong to the set
    nonzero: bool = False

    def bound(self, low: float, high: float, ends: tuple[float, ...] = ()) -> None:
        """Let the name lie between two numbers, within what bounds it already."""
        known = self.low, self.high, self.ends
        listed = sorted({*self.ends, *ends})
        self.ends = tuple(
            end for end in listed if _holds(end, *known) and _holds(end, low, high, ends)
        )
        self.low, self.high = max(self.low, low), min(self.high, high)
        if np.isinf(self.low) and np.isinf(self.high):
            return
        positive = self.low == 0 and np.isinf(self.high)
        self.sample = "positive" if positive else _Interval(self.low, self.high, self.ends)

    def value(self) -> Any:
        """The input or the function that the name is bound to."""
        if self.law is not None:
            return self.law
        if self.function is not None:
            return AnyFunction(shape=self.function)
        made: Any = Input(
            shape=self.lengths, sample=self.sample
        )  # with what no input of Python has
        made.fixed_lengths = frozenset(self.fixed)
        made.is_family = bool(self.family)
        made.first_member = self.first
        made.measure = self.measure
        made.is_event = self.event
        made.ends = self.ends
        made.is_nonzero = self.nonzero
        made.draws_stacks = True
        return made


def _holds(number: float, low: float, high: float, ends: Sequence[float]) -> bool:
    """Whether a number lies between two others, or is one of the ends that belong to these."""
    return low < number < high or number in ends


def declare(
    latex: str, names: Mapping[str, Any], *, macros: Mapping[str, str] | None = None
) -> dict[str, Any]:
    r"""Return what the names of declarations are bound to.

        declare(r"x \in \mathbb{R}^n, \quad \lambda > 0", {})

    Args:
        latex: The declarations, with commas or wide spaces between them, in rows or in one.
        names: What is bound already; lengths that were declared before are known by it.
        macros: The author's own macros.

    Returns:
        The new names: an `Input` for each variable, an `AnyFunction` for each function, and a
        `Length` for each letter that is a length. A name may be declared anew, as a new section
        does; then what was made of the old one is None, and should be forgotten.

    Raises:
        EquationError: A declaration is not understood, or declares a name twice.
    """
    source = expanded(latex, macros)
    declarations = _Declarations(names)
    try:
        for statement in statements(source):
            declarations.read(statement)
        return declarations.bound()
    except EquationError as error:
        if not error.source:
            error.source = source
        raise


class _Declarations:
    """The declarations of one formula so far."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names
        self.lengths: dict[str, Length] = {}
        self.declared: dict[str, Declared] = {}
        self.ranges: dict[str, int] = {}  # what the letters of families run over
        self.starts: dict[str, int] = {}  # and where they start
        self.counts: dict[str, int] = {}  # how many outcomes sample spaces must have at least
        self.measures: dict[str, Input] = {}  # the probabilities of the outcomes of sample spaces

    def bound(self) -> dict[str, Any]:
        """What the names are bound to."""
        self._enlarged()
        for one in self.declared.values():
            time = one.below or one.family not in ("i", "j")
            if time and one.family and one.family not in self.ranges:  # h_t and x_t at one time t
                one.name = joined_name(one.name.removesuffix(f"_{one.family}"), one.family)
                one.family = ""
        self.declared = {one.name: one for one in self.declared.values()}
        for one in self.declared.values():
            if one.family and one.function is None:
                if one.family not in self.ranges:
                    fail(
                        Why.UNKNOWN,
                        f"What does {one.family} run over? Write {one.family} = 1, \\dots, N",
                        one.at,
                    )
                length, one.first = self.ranges[one.family], self.starts[one.family]
                one.lengths = (length, *one.lengths)
                one.fixed |= set() if isinstance(length, Length) else {length}
        for name in self.lengths.keys() & self.declared.keys():
            if not _is_natural(self.declared[name].sample):
                fail(
                    Why.DECLARATION,
                    f"{name} is a length here: it is a natural number",
                    self.declared[name].at,
                )
        values = {
            name: one.value() for name, one in self.declared.items() if name not in self.lengths
        }
        return {**self.lengths, **stale(self.names, values), **self.measures, **values}

    def read(self, statement: Statement) -> None:
        """Read one declaration."""
        text, at = statement
        if (found := _IN.search(text)) is not None:
            left, right = text[: found.start()], text[found.end() :]
            families = {one.family for one in self.declared.values() if one.family}
            if _is_index_range(left, right) or left.strip() in families:
                self._ranged(left, right, at)
                return
            for one in self._names(left, at):
                self._in(one, right.strip(), at + found.end())
        elif (drawn := re.search(r"\\sim(?![A-Za-z])", text)) is not None:
            for one in self._names(text[: drawn.start()], at):
                one.law, one.has_set = law(text[drawn.end() :].strip(), at), True
        elif (event := _SUBSET.fullmatch(text)) is not None:
            for one in self._names(event["names"], at):
                self._on_space(one, event["space"].strip(), (0.0, 1.0), at)
                one.event = True
        elif (kind := re.search(r":(?!=)|\\colon(?![A-Za-z])", text)) is not None:
            typed = _TYPE.fullmatch(text, kind.start())
            if typed is None:
                fail(
                    Why.DECLARATION,
                    "A function is declared as in f : \\mathbb{R}^n \\to \\mathbb{R}",
                    at,
                )
            for one in self._names(text[: kind.start()], at):
                if _SAMPLE_SPACE.fullmatch(typed["domain"].strip()):
                    self._random(one, typed["domain"].strip(), typed["image"].strip(), at)
                    continue
                self._function(one, typed["image"].strip(), at + typed.start("image"))
        elif len(_ORDER.findall(text)) in (1, 2):
            self._ordered(statement)
        elif "=" in text:
            self._equal(statement)
        else:
            fail(
                Why.DECLARATION,
                f"{text} is not understood as a declaration: write x \\in \\mathbb{{R}}^n",
                at,
            )

    # ------------------------------------------------------------------------------------- names

    def _names(self, text: str, at: int) -> list[Declared]:
        listed = _LIST.fullmatch(text.strip())
        if listed is not None:  # x_1, \dots, x_n
            one = self._named(listed["name"], at)
            self._ranged(" ", f"1, \\dots, {listed['last'].strip('{}')}", at, f"{one.name} ")
            one.family = f"{one.name} "
            return [one]
        return [self._named(item, at) for item in re.split(r",|;|\\[,;: ]", text) if item.strip()]

    def _ranged(self, letters: str, values: str, at: int, named: str = "") -> None:
        r"""What some letters run over: 1, \dots, N."""
        run = _RUN.fullmatch(values.strip().removeprefix("\\{").removesuffix("\\}").strip())
        if run is None:
            return
        first = int(run["first"])
        length = self._length(run["last"], at)
        count = length if first == 1 else int(length) - first + 1
        for letter in [named] if named else re.findall(r"[A-Za-z]", letters):
            self.ranges[letter], self.starts[letter] = count, first

    def _named(self, text: str, at: int) -> Declared:
        member = _MEMBER.fullmatch(text.strip())
        name = name_of(text.strip() if member is None else member["name"], at)
        letter = "" if member is None else member["above"] or member["below"]
        known = self.declared.get(name)
        if known is not None and letter and not known.family:  # x beside x_i
            name = joined_name(name, letter)
        elif known is not None and known.family and not letter:
            known.name = joined_name(name, known.family)
            self.declared = {one.name: one for one in self.declared.values()}
        one = self.declared.setdefault(name, Declared(name, at))
        one.family = letter or one.family
        one.below = one.below or (member is not None and member["below"] is not None)
        return one

    def _length(self, text: str, at: int) -> int:
        """A length: a number, or a letter, which is a symbol from now on; also n - 1 and 2n."""
        text = text.strip()
        found = _LENGTH.fullmatch(text)
        if found is None:
            shifted = re.fullmatch(r"(.+?)\s*([+-])\s*(\d+)", text)
            if shifted is None:
                fail(Why.DECLARATION, f"{text} is no length: write a letter or a number", at)
            step = int(shifted[3]) if shifted[2] == "+" else -int(shifted[3])
            return self._length(shifted[1], at) + step
        if found["number"]:
            return int(text)
        name = name_of(text, at)
        known = self.lengths.get(name, self.names.get(name))
        if isinstance(known, int | float | np.integer) and not isinstance(known, bool):
            return known if isinstance(known, Length) else int(known)
        if known is not None and not (isinstance(known, Input) and _is_natural(known.sample)):
            fail(
                Why.OTHER_MEANING,
                f"{name} is bound to a {type(known).__name__}: it cannot be a length",
                at,
            )
        taken: list[int] = [*self.lengths.values()]
        taken += [n for one in self.declared.values() for n in (*one.lengths, *one.fixed)]
        self.lengths[name] = new_length(self.names, taken)
        return self.lengths[name]

    def _set_lengths(self, one: Declared, written: list[str], at: int) -> None:
        lengths = [self._length(text, at) for text in written]
        one.lengths = tuple(lengths)
        one.fixed |= {length for length in lengths if not isinstance(length, Length)}

    # -------------------------------------------------------------------------------------- sets

    def _in(self, one: Declared, written: str, at: int) -> None:
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
            self._whole(one, whole, at)
            lengths = []
        elif (real := _REALS.match(base)) is not None:
            rest = base[real.end() :].strip()
            if _POSITIVE.fullmatch(rest):
                one.bound(0.0, np.inf)
            elif _NOT_NEGATIVE.fullmatch(rest):
                one.bound(0.0, np.inf, (0.0,))
            elif rest:
                fail(Why.DECLARATION, f"{rest} behind the reals is not understood", at)
        elif is_simplex is not None:
            lengths = [self._simplex(is_simplex, at)]
            one.sample = "simplex"
        elif symmetric is not None:
            lengths = self._symmetric(one, symmetric["scripts"], at)
        elif (orthogonal := _ORTHOGONAL.fullmatch(base)) is not None:
            lengths, one.sample = [orthogonal["n"]] * 2, orthogonal_matrix
        elif (finite := _FINITE.fullmatch(base)) is not None:
            one.sample = self._finite(finite["items"], at)
        elif (whole := _INTEGERS.fullmatch(base)) is not None:
            self._whole(one, whole, at)
        elif (interval := _INTERVAL.fullmatch(base)) is not None:
            self._interval(one, interval, at)
        else:
            fail(
                Why.DECLARATION,
                f"The set {written} is not known: there are \\mathbb{{R}}, \\mathbb{{R}}_+, "
                "intervals, \\{0,1\\}, labels \\{1, \\dots, K\\}, \\Delta^{n-1}, symmetric "
                "matrices \\mathbb{S}^n, orthogonal ones O(n); powers ^n and ^{m \\times n}",
                at,
            )
        self._set_lengths(one, lengths, at)

    def _simplex(self, found: re.Match[str], at: int) -> str:
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

    def _symmetric(self, one: Declared, scripts: str, at: int) -> list[str]:
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
        one.sample = positive_definite if rest else symmetric_matrix
        return [power["group"] or power["one"]] * 2

    def _finite(self, items: str, at: int) -> _Whole | _OneOf:
        run = _RUN.fullmatch(items.strip())
        if run is not None:
            return _Whole(int(run["first"]), self._length(run["last"], at), labels=True)
        values = [item.strip() for item in items.split(",")]
        if not all(_NUMBER.fullmatch(value) for value in values):
            fail(
                Why.DECLARATION,
                "A finite set is written with numbers: \\{0, 1\\}, \\{1, \\dots, K\\}",
                at,
            )
        return _OneOf([float(value) for value in values])

    def _whole(self, one: Declared, found: re.Match[str], at: int) -> None:
        r"""\mathbb{N}, \mathbb{Z}, and from where on: \mathbb{N}_0, \mathbb{Z}_{>0}."""
        script = (found["group"] or found["one"] or "").replace(" ", "")
        script = re.sub(r"\\geq?", ">=", script)
        if script not in _LEAST:
            fail(Why.DECLARATION, f"{script} is not understood: write \\mathbb{{N}}_{{>0}}", at)
        least = _LEAST[script]
        if least is None:
            least = -5 if found["which"] == "Z" else 0
        open_ended = _Whole(least, 6, bounded=False, from_zero=found["which"] == "N" and not script)
        one.sample = open_ended.within(one.low, one.high, one.ends)

    def _interval(self, one: Declared, found: re.Match[str], at: int) -> None:
        low, high = (_end(found[name].strip(), at) for name in ("low", "high"))
        if not low < high:
            fail(Why.DECLARATION, "The interval is empty", at)
        ends = (low,) * (found["open"] == "[") + (high,) * (found["close"] == "]")
        one.bound(low, high, tuple(end for end in ends if np.isfinite(end)))

    def _random(self, one: Declared, space: str, image: str, at: int) -> None:
        r"""X : \Omega \to \mathbb{R}, a random variable on a finite sample space, however large; or
        one with finitely many values, X : \Omega \to \{1, \dots, m\}."""
        finite = _FINITE.fullmatch(image)
        if not _REALS.fullmatch(image) and finite is None:
            fail(
                Why.DECLARATION,
                "A random variable has real values, or finitely many: X : \\Omega \\to "
                "\\mathbb{R}, X : \\Omega \\to \\{1, \\dots, m\\}",
                at,
            )
        values: Sequence[float] = ()
        if finite is not None:
            drawn = self._finite(finite["items"], at)
            values = drawn.values if isinstance(drawn, _OneOf) else drawn.numbers
        self._on_space(one, space, values, at)

    def _on_space(self, one: Declared, space: str, values: Sequence[float], at: int) -> None:
        """Let a name have a value for each outcome of a sample space."""
        if one.has_set:
            fail(Why.DECLARATION, f"{one.name} is declared twice", at)
        one.has_set, one.space = True, name_of(space, at)
        one.lengths = (self._length(space, at),)
        name = f"P_{one.space}"
        known = self.names.get(name)
        if not isinstance(known, Input):
            known = self.measures.setdefault(name, Input(shape=one.lengths, sample="simplex"))
        one.measure = known
        if values:
            others = [
                other.sample
                for other in (*self.names.values(), *self.declared.values())
                if getattr(other, "measure", None) is known
            ]
            stride = math.prod(len(s.values) for s in others if isinstance(s, _EachWithEach))
            one.sample = _EachWithEach(tuple(values), stride)
            self.counts[one.space] = stride * len(values)

    def _enlarged(self) -> None:
        """Make sample spaces as large as to hold each value of each variable with each of others.

        Raises:
            EquationError: One was declared above, and is too small.
        """
        for space, count in self.counts.items():
            length, least = self.lengths.get(space), SPARE * count
            measure = self.measures.get(f"P_{space}")
            if length is None or measure is None:
                if int(self.names[space]) < least:
                    known = [one for one in self.declared.values() if one.measure is not None]
                    names = ", ".join(one.name for one in known)
                    fail(
                        Why.DECLARATION,
                        f"{names}: declare all random variables with finitely many values in one "
                        "formula",
                        0,
                    )
                continue
            taken = [
                *self.lengths.values(),
                *(n for d in self.declared.values() for n in d.lengths),
            ]
            larger = new_length(self.names, taken, least)
            self.lengths[space] = larger
            measure.shape = (larger,)
            for one in self.declared.values():
                if one.space == space:
                    one.lengths = (*one.lengths[:-1], larger)

    def _function(self, one: Declared, image: str, at: int) -> None:
        whole = Declared(one.name, at)
        self._in(whole, image, at)
        if whole.sample != "normal":
            fail(
                Why.DECLARATION,
                "A declared function has real values: \\mathbb{R}, \\mathbb{R}^m",
                at,
            )
        one.function = whole.lengths

    # --------------------------------------------------------------------------------- relations

    def _ordered(self, statement: Statement) -> None:
        r"""x > 0, 0 < p < 1, A \succ 0."""
        text, at = statement
        parts = _ORDER.split(text)
        sides, signs = [part.strip() for part in parts[::2]], parts[1::2]
        bounds: list[tuple[str, str]] = []  # sign as seen from the name, and bound
        if len(signs) == 1 and not _is_bound(sides[0]):
            named, bounds = sides[0], [(_plain(signs[0]), sides[1])]
        elif len(signs) == 1:
            named, bounds = sides[1], [(_MIRRORED[_plain(signs[0])], sides[0])]
        else:
            named = sides[1]
            bounds = [(_MIRRORED[_plain(signs[0])], sides[0]), (_plain(signs[1]), sides[2])]
        for one in self._names(named, at):
            self._insist_on_new(one, at)
            self._bounded(one, bounds, at)

    def _known(self, text: str, at: int) -> Declared:
        """A name that is declared here, or is a number from now on."""
        one = self._named(text, at)
        self._insist_on_new(one, at)
        return one

    def _insist_on_new(self, one: Declared, at: int) -> None:
        """Refuse to bound a name that was declared in another formula."""
        if not one.has_set and isinstance(self.names.get(one.name), Input):
            fail(Why.DECLARATION, f"{one.name} is declared above: write what bounds it there", at)

    def _bounded(self, one: Declared, bounds: list[tuple[str, str]], at: int) -> None:
        signs = {sign for sign, _ in bounds}
        if signs & {"succ", "succeq"}:
            if not one.has_set:  # a square matrix, however large
                taken = [
                    *self.lengths.values(),
                    *(n for d in self.declared.values() for n in d.lengths),
                ]
                one.lengths, one.has_set = (new_length(self.names, taken),) * 2, True
            if len(one.lengths) != 2 or one.lengths[0] != one.lengths[1]:
                fail(
                    Why.UNKNOWN,
                    f"Declare {one.name} as a square matrix: A \\in \\mathbb{{R}}^{{n \\times n}}",
                    at,
                )
            one.sample = positive_definite
            return
        whole = one.sample if isinstance(one.sample, _Whole) and not one.sample.labels else None
        if not (whole or one.sample in ("normal", "positive") or isinstance(one.sample, _Interval)):
            fail(Why.DECLARATION, f"{one.name} has its set already", at)
        low, high, ends = -np.inf, np.inf, list[float]()
        for sign, bound in bounds:
            end = _end(bound, at)
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
            one.bound(low, high, tuple(ends))
        if not one.low < one.high or (isinstance(one.sample, _Whole) and not one.sample.numbers):
            fail(Why.NO_CLAIM, "Nothing lies between these bounds", at)

    def _equal(self, statement: Statement) -> None:
        r"""A = A^\top, Q^\top Q = I; and i = 1, \dots, N, which says what an index runs over."""
        text, at = statement
        left, _, right = (part.strip() for part in text.partition("="))
        if re.search(r"\\[lc]?dots", right):
            self._ranged(left, right, at)
            return
        transposed = r"\^\s*(?:\{\s*)?(?:\\top|\\intercal|T|\\mathsf\{T\}|\\mathrm\{T\})\s*\}?"
        for one, other in ((left, right), (right, left)):
            if re.fullmatch(rf"{re.escape(one)}\s*{transposed}", other):
                self._square(one, symmetric_matrix, at)
                return
        product = re.fullmatch(rf"(?P<q>.+?)\s*{transposed}\s*(?P=q)", left)
        if product is not None and re.fullmatch(r"I(?:_\w)?|\\mathbf\{I\}|\\mathbb\{I\}", right):
            self._square(product["q"], orthogonal_matrix, at)
            return
        total = _TOTAL.fullmatch(left)
        if total is not None and right == "1":
            self._adding_up(self._known(total["name"], at), at)
            return
        fail(
            Why.NO_CLAIM,
            "This states something: a declaration says what a letter is, as x \\in \\mathbb{R}^n",
            at,
        )

    def _adding_up(self, one: Declared, at: int) -> None:
        """Positive entries that add up to 1 are a point of the simplex; 0 and 1, a label."""
        if one.sample == "positive":
            one.sample = "simplex"
        elif isinstance(one.sample, _OneOf) and sorted(one.sample.values) == [0, 1]:
            one.sample = "onehot"
        else:
            fail(Why.DECLARATION, "What adds up to 1 is in \\mathbb{R}^n_+ or in \\{0, 1\\}^n", at)

    def _square(self, text: str, sample: Sampler, at: int) -> None:
        one = self._known(text, at)
        if len(one.lengths) != 2 or one.lengths[0] != one.lengths[1]:
            fail(
                Why.UNKNOWN,
                f"Declare {one.name} first: {text} \\in \\mathbb{{R}}^{{n \\times n}}",
                at,
            )
        if one.sample is not positive_definite:  # which is symmetric, too
            one.sample = sample


_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=",
             "succ": "prec", "prec": "succ", "succeq": "preceq", "preceq": "succeq"}  # fmt: skip


def _plain(sign: str) -> str:
    spelled = {r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\lt": "<", r"\gt": ">",
               r"\ne": "!=", r"\neq": "!="}  # fmt: skip
    return spelled.get(sign, sign.removeprefix("\\"))


def _is_bound(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None or r"\infty" in text


def _is_index_range(left: str, right: str) -> bool:
    r"""Whether `i \in \{1, \dots, n\}` is about letters that mean indices: i, j, k, and lists."""
    return re.fullmatch(r"\s*[ijk](?:\s*,\s*[ijk])*\s*", left) is not None and bool(
        _FINITE.fullmatch(right.strip())
    )


def _end(text: str, at: int) -> float:
    """The end of an interval, or a bound."""
    plain = re.sub(r"\\pi(?![A-Za-z])", str(np.pi), text.replace(r"\infty", "inf").replace(" ", ""))
    product = re.fullmatch(r"([+-]?\d*\.?\d*)(3\.14159\d*)", plain)
    try:
        if product is not None and product[1]:
            return float(product[1] + "1" * (product[1] in "+-")) * float(product[2])
        return float(plain)
    except ValueError:
        fail(Why.OTHER_MEANING, f"{text} is no number: bounds are numbers", at)


def stale(names: Mapping[str, Any], renewed: Iterable[str]) -> dict[str, None]:
    """The names of nodes that depend on what some names no longer stand for."""
    new = set(renewed)
    gone = {id(names[name]) for name in new if name in names}
    scope = Scope(names)
    return {
        name: None
        for name, value in names.items()
        if gone and name not in new and _depends(scope, value, gone)
    }


def _is_natural(sample: Any) -> bool:
    """Whether a name was declared as a natural number, which a length is."""
    return isinstance(sample, _Whole) and not sample.labels


def _depends(scope: Scope, value: Any, gone: set[int]) -> bool:
    """Whether a node or an alias depends on what a name no longer stands for."""
    nodes = [value] if isinstance(value, Node) else []
    if isinstance(value, Alias):
        nodes = scope.nodes_in(walk(value.tree))
    return any(
        id(each) in gone or id(getattr(each, "function", None)) in gone
        for each in topological_order(*nodes)
    )


def name_of(text: str, at: int = 0) -> str:
    r"""Return the Python name of a symbol: theta of \theta, W_1 of W_1, y_hat of \hat{y}."""
    try:
        tree = steps(parse(f"{text} = 0"))[0].left
    except EquationError as error:
        raise EquationError(error.why, error.message, position=at + error.position) from None
    if isinstance(tree, Product) and len(tree.factors) == 2:
        step = difference_of(*tree.factors)
        if step is not None and isinstance(tree.factors[1], Symbol):
            return step[0]
    symbol, sub = (tree.base, tree.sub) if isinstance(tree, Script) else (tree, None)
    mark = mark_of(tree) if isinstance(tree, Script) else ""
    if not isinstance(symbol, Symbol) or mark is None:
        fail(
            Why.DECLARATION,
            f"{text} is no name: a letter, perhaps with an accent, a label and a subscript",
            at,
        )
    suffix = "" if sub is None else index_text(sub)
    if suffix is None or not isinstance(sub, Indices | None):
        fail(Why.DECLARATION, f"{text} is no name: the subscript is not understood", at)
    return joined_name(python_names(symbol)[0], *filter(None, (suffix, mark)))


# ------------------------------------------------------------------------------- how sets are drawn
# Of several points at once, each is drawn by itself: an axis in front of the others.


def symmetric_matrix(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A symmetric matrix with standard normal entries off the diagonal."""
    entries = rng.standard_normal(shape)
    return (entries + entries.mT) / np.sqrt(2)


def positive_definite(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A symmetric matrix whose eigenvalues are at least 1/2."""
    entries = rng.standard_normal(shape)
    return entries @ entries.mT / shape[-1] + 0.5 * np.eye(shape[-1])


def orthogonal_matrix(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """An orthogonal matrix, each as likely as any other (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal(shape))
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


#: What a reader is told of matrices that are drawn so.
for _sampler, _said in (
    (symmetric_matrix, "symmetric"),
    (positive_definite, "positive definite"),
    (orthogonal_matrix, "orthogonal"),
):
    _sampler.said = _said  # type: ignore[attr-defined]  # functions take attributes


def _listed(values: Iterable[float]) -> str:
    return rf"\{{{', '.join(f'{value:g}' for value in values)}\}}"


@dataclass(frozen=True)
class _Interval:
    """Numbers between two bounds, of which at least one is finite."""

    low: float
    high: float
    ends: tuple[float, ...] = ()  # those that belong to it

    @property
    def latex(self) -> str:
        """The set, for readers."""
        low = rf"{self.low:g}" if np.isfinite(self.low) else r"-\infty"
        high = rf"{self.high:g}" if np.isfinite(self.high) else r"\infty"
        return f"{'(['[self.low in self.ends]}{low}, {high}{')]'[self.high in self.ends]}"

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        if np.isfinite(self.low) and np.isfinite(self.high):
            margin = 0.02 * (self.high - self.low)  # ends are tried by themselves
            return rng.uniform(self.low + margin, self.high - margin, shape)
        away = 0.05 + rng.gamma(2.0, 0.5, shape)
        return self.low + away if np.isfinite(self.low) else self.high - away


@dataclass(frozen=True)
class _OneOf:
    values: list[float]
    finite: ClassVar[bool] = True

    @property
    def latex(self) -> str:
        """The set, for readers."""
        return _listed(self.values)

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.choice(np.array(self.values), shape)


@dataclass(frozen=True)
class _EachWithEach:
    """The values of a random variable: each of them with each value of those declared before."""

    values: tuple[float, ...]
    stride: int
    finite: ClassVar[bool] = True

    @property
    def latex(self) -> str:
        """The set, for readers."""
        return _listed(self.values)

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        digits = np.arange(shape[-1]) // self.stride % len(self.values)
        return np.broadcast_to(np.array(self.values)[digits], shape).copy()


@dataclass(frozen=True)
class _Whole:
    first: int
    last: int
    labels: bool = False  # whole numbers that only tell things apart, and can be indices
    bounded: bool = True  # whether there are no larger ones, which are tried as well
    from_zero: bool = False  # whether 0 is the first as far as is known: is it in \\mathbb{N}?
    finite: ClassVar[bool] = True

    @property
    def latex(self) -> str:
        """The set, for readers."""
        return rf"\{{{self.first}, \dots, {self.last}\}}"

    @property
    def larger(self) -> tuple[int, ...]:
        """Numbers that are tried as well, where there are larger ones."""
        return () if self.bounded else tuple(number for number in LARGER if number > self.last)

    @property
    def most(self) -> int:
        """The largest number that is tried."""
        return max((self.last, *self.larger))

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of them."""
        return tuple(float(number) for number in range(self.first, self.last + 1))

    def within(self, low: float, high: float, ends: Sequence[float]) -> _Whole:
        """Those of them between two bounds, which belong to them as far as they are listed."""
        if np.isinf(low) and np.isinf(high):
            return self
        first, last = self.first, self.last
        if np.isfinite(low):
            first = math.ceil(low) + (low not in ends and low == math.ceil(low))
        if np.isfinite(high):
            last = math.floor(high) - (high not in ends and high == math.floor(high))
        if np.isinf(high):
            last = max(last, first + 6)
        if np.isinf(low) and self.first < 0:
            first = min(first, last - 6)
        least = self.first if self.first >= 0 else first
        return _Whole(max(first, least), last, bounded=bool(np.isfinite(high)))

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        drawn = rng.integers(self.first, self.last + 1, shape)
        return drawn if self.labels else drawn.astype(float)
