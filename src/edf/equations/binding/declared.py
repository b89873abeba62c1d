"""What the declarations of one formula have said so far: of each name, of lengths and of ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction
from edf.equations.binding.lengths import Length, new_length
from edf.equations.binding.samplers import Interval, Sampler, is_natural
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
from edf.graph import Input, Node, topological_order

_LENGTH = re.compile(
    r"(?P<letter>[A-Za-z]|\\[A-Za-z]+)'*(?:_(?P<sub>\{[^{}]*\}|[A-Za-z0-9]))?|(?P<number>\d+)"
)
RUN = re.compile(
    r"(?P<first>-?\d+)\s*,(?:\s*-?\d+\s*,)?\s*\\[lc]?dots\s*,\s*(?P<last>[^,]+?)\s*", re.DOTALL
)
#: A member of a family: x^{(i)}, W^{[l]}, x_i; and lists of its members: x_1, \dots, x_n.
_MEMBER = re.compile(
    r"(?P<name>.+?)(?:\^\s*\{\s*[(\[]\s*(?P<above>[a-zA-Z])\s*[)\]]\s*\}"
    r"|_\s*\{?\s*(?P<below>[a-zA-Z])\s*\}?)",
    re.DOTALL,
)
#: The letters of these, and others that a formula says a range of: n = 1, \dots, N.
_LETTERS = frozenset("ijklt")
_RANGED = re.compile(r"([A-Za-z])\s*(?:=|\\in\s*\\\{)\s*-?\d+\s*,[^=]*?\\[lc]?dots")
_LISTS = [
    re.compile(
        rf"(?P<name>[^,]+?){mark}(?P<first>[01]){end}\s*,"
        rf"(?:\s*(?P=name){mark}[12]{end}\s*,){{0,2}}\s*\\[lc]?dots\s*,\s*"
        rf"(?P=name){mark}(?P<last>[^{{}},]+?){end}",
        re.DOTALL,
    )
    for mark, end in (
        (r"_\s*\{?", r"\}?"),
        (r"\^\s*\{\s*[(\[]\s*", r"\s*[)\]]\s*\}"),
    )
]


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

    def restrict(self, low: float, high: float, ends: tuple[float, ...] = ()) -> None:
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
        self.sample = "positive" if positive else Interval(self.low, self.high, self.ends)

    def value(self) -> Any:
        """The input or the function that the name is bound to."""
        if self.law is not None:
            return self.law
        if self.function is not None:
            return AnyFunction(shape=self.function)
        # With what no input of Python has:
        made: Any = Input(shape=self.lengths, sample=self.sample)
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


class Declarations:
    """The declarations of one formula so far."""

    def __init__(self, names: Mapping[str, Any], source: str) -> None:
        self.names = names
        #: Below a name, what tells the members of a family apart.
        self.letters = _LETTERS.union(_RANGED.findall(source))
        self.lengths: dict[str, Length] = {}
        self.declared: dict[str, Declared] = {}
        self.ranges: dict[str, int] = {}  # what the letters of families run over
        self.starts: dict[str, int] = {}  # and where they start
        self.counts: dict[str, int] = {}  # how many outcomes sample spaces must have at least
        self.measures: dict[str, Input] = {}  # the probabilities of the outcomes of sample spaces

    def values(self) -> dict[str, Any]:
        """What the names are bound to."""
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
            if not is_natural(self.declared[name].sample):
                fail(
                    Why.DECLARATION,
                    f"{name} is a length here: it is a natural number",
                    self.declared[name].at,
                )
        values = {
            name: one.value() for name, one in self.declared.items() if name not in self.lengths
        }
        return {**self.lengths, **stale(self.names, values), **self.measures, **values}

    def names_in(self, text: str, at: int) -> list[Declared]:
        r"""The names of a list: x, y; and x_1, \dots, x_n and x^{(1)}, \dots, x^{(n)}, a family."""
        listed = next(filter(None, (form.fullmatch(text.strip()) for form in _LISTS)), None)
        if listed is not None:
            one = self.named(listed["name"], at)
            values = f"{listed['first']}, \\dots, {listed['last']}"
            self.ranged(" ", values, at, f"{one.name} ")
            one.family = f"{one.name} "
            return [one]
        return [self.named(item, at) for item in re.split(r",|;|\\[,;: ]", text) if item.strip()]

    def ranged(self, letters: str, values: str, at: int, named: str = "") -> None:
        r"""What some letters run over: 1, \dots, N."""
        run = RUN.fullmatch(values.strip().removeprefix("\\{").removesuffix("\\}").strip())
        if run is None:
            return
        first = int(run["first"])
        length = self.length(run["last"], at)
        count = length.moved(1 - first) if isinstance(length, Length) else length - first + 1
        for letter in [named] if named else re.findall(r"[A-Za-z]", letters):
            self.ranges[letter], self.starts[letter] = count, first

    def named(self, text: str, at: int) -> Declared:
        """What is known of a name, which may be a member of a family: x^{(i)}, x_i."""
        member = _MEMBER.fullmatch(text.strip())
        if member is not None and member["below"] and member["below"] not in self.letters:
            member = None
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

    def known(self, text: str, at: int) -> Declared:
        """A name that is declared here, or is a number from now on."""
        one = self.named(text, at)
        self.insist_on_new(one, at)
        return one

    def insist_on_new(self, one: Declared, at: int) -> None:
        """Refuse to bound a name that was declared in another formula."""
        if not one.has_set and isinstance(self.names.get(one.name), Input):
            fail(Why.DECLARATION, f"{one.name} is declared above: write what bounds it there", at)

    def length(self, text: str, at: int) -> int:
        """A length: a number, or a letter, which is a symbol from now on; also n - 1 and 2n."""
        text = text.strip()
        found = _LENGTH.fullmatch(text)
        if found is None:
            shifted = re.fullmatch(r"(.+?)\s*([+-])\s*(\d+)", text)
            if shifted is None:
                fail(Why.DECLARATION, f"{text} is no length: write a letter or a number", at)
            step = int(shifted[3]) if shifted[2] == "+" else -int(shifted[3])
            length = self.length(shifted[1], at)
            return length.moved(step) if isinstance(length, Length) else length + step
        if found["number"]:
            return int(text)
        name = name_of(text, at)
        known = self.lengths.get(name, self.names.get(name))
        if isinstance(known, int | float | np.integer) and not isinstance(known, bool):
            return known if isinstance(known, Length) else int(known)
        if known is not None and not (isinstance(known, Input) and is_natural(known.sample)):
            fail(
                Why.OTHER_MEANING,
                f"{name} is bound to a {type(known).__name__}: it cannot be a length",
                at,
            )
        self.lengths[name] = self.new_length()
        return self.lengths[name]

    def new_length(self, least: int = 0) -> Length:
        """Return a length that nothing else has."""
        taken: list[int] = [n for one in self.declared.values() for n in one.lengths]
        taken += [*self.lengths.values(), *self.ranges.values()]
        return new_length(self.names, taken, least)

    def set_lengths(self, one: Declared, written: list[str], at: int) -> None:
        """Give a name its lengths, each as it is written."""
        lengths = [self.length(text, at) for text in written]
        one.lengths = tuple(lengths)
        one.fixed |= {length for length in lengths if not isinstance(length, Length)}


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
