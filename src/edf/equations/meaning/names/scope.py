r"""What the symbols of a formula are called in Python, and what they are bound to.

x, W            x, W                        \theta          theta
\ell            ell or l                    \varepsilon     varepsilon, epsilon or eps
\lambda         lambda_, lam ..             \hat{y}         y_hat or yhat (bar, dot .. alike)
\mathbf{x}      x (every font alike)        \text{loss}     loss
W_1, x_{in}     W_1 or W1, x_in             \hat{y}_1       y_hat_1 or y_1_hat
v_{t-1}         v_t_minus_1 or v_tm1        \text{MSE}      MSE or mse
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from edf.anyfunction import AnyFunction
from edf.calculus import Jacobian
from edf.equations.diagnostics import EquationError, Why
from edf.equations.latex.syntax import (
    Indices,
    Number,
    Script,
    Slash,
    Sum,
    Symbol,
    Tree,
    walk,
)
from edf.equations.latex.vocabulary import ACCENTS, GREEK
from edf.graph import Input, Node, Param, topological_order
from edf.operations.piecewise import Comparison, Not, Step

_SPELLINGS = {
    r"\ell": ("ell", "l"),
    r"\varepsilon": ("varepsilon", "epsilon"),
    r"\vartheta": ("vartheta", "theta"),
    r"\varphi": ("varphi", "phi"),
    r"\varrho": ("varrho", "rho"),
    r"\lambda": ("lambda_", "lam"),
}
#: Further names, which are looked for where none of the others is bound.
_OTHERWISE = {
    r"\lambda": ("lamb", "lambd", "lmbda", "lmbd"),
    r"\epsilon": ("eps", "varepsilon"),
    r"\varepsilon": ("eps",),
    r"\phi": ("varphi",),
    r"\theta": ("vartheta",),
    r"\rho": ("varrho",),
}
_SIGN_WORDS = {"": "", "+": "plus", "-": "minus"}
VALUES = ("node", "number", "array")  # kinds of what has a value
_JOINED = ("star", "prime")  # xstar, xprime
_STARS = {"*": "star", r"\ast": "star", r"\star": "star", "**": "star_star"}
_ACCENT_NAMES = {"widehat": "hat", "widetilde": "tilde", "overline": "bar"}


@dataclass(frozen=True)
class Alias:
    """An expression that a name stands for, and the indices that the name was defined with.

    Of a function, which h(x) = w^\\top x defines, also its arguments as written, and which of them
    are names of nothing, for which a call has something else.
    """

    tree: Tree
    letters: tuple[str, ...] = ()
    arguments: tuple[Tree, ...] = ()
    variables: tuple[str, ...] = ()


def arguments_of(value: Any) -> int:
    """How many arguments a formula defines something with, as two of f(x, y)."""
    return len(value.arguments) if isinstance(value, Alias) else getattr(value, "argument_count", 0)


def of_arguments(name: str, count: int) -> str:
    """The name of what is told from others of its name by how many arguments it has."""
    return f"{name}/{count}"


@dataclass(frozen=True)
class Law:
    """The law of a random variable: the name of its family, and its parameters."""

    name: str
    parameters: tuple[Tree, ...]


@dataclass(frozen=True)
class Bound:
    """What a name stands for: `node`, `number`, `array`, `function`, `alias`, `law` or `other`."""

    name: str
    kind: str
    value: Any = field(compare=False)

    @classmethod
    def of(cls, name: str, value: Any) -> Bound:
        return cls(name, _kind(value), value)

    @property
    def is_length(self) -> bool:
        """Whether this is a length that was declared as a letter, which may be any number."""
        return hasattr(self.value, "symbol")

    @property
    def is_label(self) -> bool:
        """Whether this is a whole number that may tell components apart, or an array of such."""
        value = self.value
        if self.kind == "number":
            return isinstance(value, int | np.integer)
        if self.kind == "array":
            return bool(value.dtype.kind in "iu")
        if self.kind != "node":
            return False
        held = getattr(value, "value", None) if not value.inputs else None
        whole = held is not None and np.asarray(held).dtype.kind in "iu"
        return whole or getattr(getattr(value, "sample", None), "labels", False)

    def computation(self, arguments: int) -> Callable[..., Any]:
        """Return the function of arrays that a function or operation class computes."""
        if isinstance(self.value, type):
            operation: Node = self.value(*(Input(shape=()) for _ in range(arguments)))
            return operation.forward
        function: Callable[..., Any] = self.value
        return function


def _kind(value: Any) -> str:
    if isinstance(value, Node):
        return "node"
    if isinstance(value, Alias):
        return "alias"
    if isinstance(value, Law):
        return "law"
    if isinstance(value, bool | np.bool_ | types.ModuleType):
        return "other"
    if isinstance(value, int | float | np.integer | np.floating):
        return "number"
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        return "array" if value.ndim else "number"
    if isinstance(value, AnyFunction) or (isinstance(value, type) and issubclass(value, Node)):
        return "function"
    if callable(value) and not isinstance(value, type):
        return "function"
    return "other"


def is_defined(value: Any) -> bool:
    r"""Whether a formula has bound a name; with a label, as J_\lambda beside J, it is another."""
    return hasattr(value, "first_member") and not getattr(value, "is_family", False)


def python_names(symbol: Symbol) -> list[str]:
    """Return the Python names that a symbol may stand for, in order of preference."""
    base = symbol.base
    if base.startswith("\\"):
        stems = list(_SPELLINGS.get(base, (base[1:],)))
    else:
        stems = [base.replace(r"\_", "_").replace("-", "_").replace(" ", "_")]
    return _accented(symbol, stems)


def _further_names(symbol: Symbol) -> list[str]:
    """Return the names that a symbol may stand for where `python_names` are not bound."""
    return _accented(symbol, _OTHERWISE.get(symbol.base, ()))


def _accented(symbol: Symbol, stems: Sequence[str]) -> list[str]:
    """Return the names of a symbol with its accents: y_hat, yhat, lambda__hat."""
    accents = [style[1:] for style in reversed(symbol.styles) if style in ACCENTS]
    words = [_ACCENT_NAMES.get(accent, accent) for accent in accents]
    if not words:
        return list(stems)
    suffix = "".join(f"_{word}" for word in words)
    names = [stem.rstrip("_") + suffix for stem in stems]
    names += [stem + suffix for stem in stems]
    names += [stem.rstrip("_") + "".join(words) for stem in stems]
    return list(dict.fromkeys(names))


def latex_name(name: str) -> str:
    r"""Return LaTeX for a Python name: \theta for theta, \hat{y} for y_hat, W_{1} for W_1."""
    stem, _, rest = name.partition("_")
    if rest and f"\\{rest}" in ACCENTS:
        return f"\\{rest}{{{latex_name(stem)}}}"
    greek = {"lam": r"\lambda", "lambda": r"\lambda"}.get(stem, f"\\{stem}")
    shown = greek if greek in GREEK else stem if len(stem) < 2 else rf"\text{{{stem}}}"
    return f"{shown}_{{{rest.replace('_', ' ')}}}" if rest else shown


def index_text(sub: Tree) -> str | None:
    """Return a subscript as part of a Python name, if it can be one: `1`, `in`, `t_minus_1`."""
    if not isinstance(sub, Indices):
        return None
    parts = [_index_word(item) for item in sub.items]
    if None in parts:
        return None
    text = "".join(part for part in parts if part)
    return text if text.isidentifier() or text.isdigit() else None


def _index_word(item: Tree) -> str | None:
    match item:
        case Number():
            return item.text
        case Symbol():
            return _STARS.get(item.base) or python_names(item)[0]
        case Slash(Number(above), Number(below)):  # n + 1/2
            return f"{above}_{below}"
        case Sum():
            words: list[str] = []
            for sign, term in zip(item.signs, item.terms, strict=True):
                word = _index_word(term)
                if word is None or sign not in _SIGN_WORDS:
                    return None
                words += [_SIGN_WORDS[sign], word]
            return "_".join(filter(None, words))
    return None


def joined_name(stem: str, *parts: str) -> str:
    """Return a name and what is added to it; lambda_, which Python forbids without, drops its _."""
    return "_".join([stem.rstrip("_"), *parts]) if parts else stem


def with_suffix(stem: str, suffix: str) -> list[str]:
    """W_1 is W_1 or W1, and h_{t-1} is h_t_minus_1 or h_tm1.

    x_i is x_i and never xi, which is another letter.
    """
    if not suffix:
        return [stem]
    stem = stem.rstrip("_")  # lambda_, which Python forbids without
    names = [f"{stem}_{suffix}"]
    if suffix.isdigit() or suffix in _JOINED:
        names.append(f"{stem}{suffix}")
    if suffix == "star_star":  # of two new points
        names += [f"{stem}_ss", f"{stem}ss"]
    if shift := re.fullmatch(r"([a-z])_(minus|plus)_(\d)", suffix):
        letter, sign, by = shift.groups()
        names.append(f"{stem}_{letter}{sign[0]}{by}")
    return names


def _accent_behind(symbol: Symbol, suffix: str) -> list[str]:
    r"""\dot{m}_p is m_dot_p, or m_p_dot."""
    plain = tuple(style for style in symbol.styles if style not in ACCENTS)
    if not suffix or plain == symbol.styles:
        return []
    accent = python_names(symbol)[0].removeprefix(python_names(Symbol(symbol.base))[0].rstrip("_"))
    return [
        f"{name}{accent}"
        for stem in python_names(Symbol(symbol.base, plain))
        for name in with_suffix(stem, suffix)
    ]


class Scope:
    """The names of a page, seen as symbols."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names
        self._found: dict[tuple[str, tuple[str, ...], str], Bound | None] = {}

    def find(self, symbol: Symbol, suffix: str = "") -> Bound | None:
        """Return what a symbol is bound to, with `suffix` as its subscript, or None.

        Raises:
            EquationError: Two of its names are bound to different things.
        """
        key = (symbol.base, symbol.styles, suffix)
        if key not in self._found:
            self._found[key] = self._find(symbol, suffix)
        return self._found[key]

    def _find(self, symbol: Symbol, suffix: str) -> Bound | None:
        usual = [
            name
            for stem in python_names(symbol)
            for name in [*with_suffix(stem, suffix), *_accent_behind(symbol, suffix)]
        ]
        further = [name for stem in _further_names(symbol) for name in with_suffix(stem, suffix)]
        further += self._run_together(symbol, suffix)
        for names in (usual, further):
            if (bound := self.one_of(names, symbol.at)) is not None:
                return bound
        if r"\vec" in symbol.styles:  # an arrow as a font of vectors
            styles = tuple(style for style in symbol.styles if style != r"\vec")
            return self._find(Symbol(symbol.base, styles, at=symbol.at), suffix)
        bound = self.one_of(self._in_other_letters(symbol, suffix), symbol.at)
        return bound if bound is not None and bound.kind in VALUES else None

    def _run_together(self, symbol: Symbol, suffix: str) -> list[str]:
        r"""W_{xh} is Wxh, and X_c is Xc, unless that is a product of two names, or an entry.

        x_i is never xi, which is another letter, and d_x no dx.
        """
        stem = symbol.base
        joined = f"{stem}{suffix}"
        if symbol.styles or not (stem.isupper() and len(stem) == 1 and suffix.isalpha()):
            return []
        if suffix in "ijklmnt" or f"\\{joined}" in GREEK:
            return []
        return [] if stem in self.names and suffix in self.names else [joined]

    def one_of(self, names: Iterable[str], at: int) -> Bound | None:
        """Return what one of several names is bound to, or None.

        Raises:
            EquationError: Two of them are bound to different things.
        """
        found = [Bound.of(name, self.names[name]) for name in names if name in self.names]
        found = [bound for bound in found if bound.kind != "other"]
        for bound in found:
            if bound.value is not found[0].value:
                raise EquationError(
                    Why.OTHER_MEANING,
                    f"Both {found[0].name} and {bound.name} are bound, and this could be either:"
                    " remove one",
                    position=at,
                )
        return found[0] if found else None

    def _in_other_letters(self, symbol: Symbol, suffix: str) -> list[str]:
        r"""Return the names that differ from a word in capitals alone: mse for \text{MSE}."""
        word = symbol.base.lower()
        if len(word) < 2 or not word.isalpha() or (not symbol.styles and len(word) < 3):
            return []
        meant = f"{word}_{suffix}" if suffix else word
        return [name for name in self.names if name.lower() == meant.lower()]

    def family(self, symbol: Symbol, sub: Tree | None) -> Bound | None:
        """Return the members x_i that were declared beside an x of its own, if this is one."""
        if not isinstance(sub, Indices) or self.find(symbol) is None:
            return None
        for letter in "ijklt":
            bound = self.find(symbol, letter)
            if bound is not None and getattr(bound.value, "is_family", False):
                return bound
        return None

    def unusable(self, symbol: Symbol) -> str | None:
        """Return the type of what a symbol is bound to, where a formula has no use for it."""
        for name in python_names(symbol):
            if name in self.names:
                return type(self.names[name]).__name__
        return None

    @cached_property
    def graph(self) -> list[Node]:
        """All nodes that any name reaches, each after its inputs."""
        return topological_order(*(v for v in self.names.values() if isinstance(v, Node)))

    @cached_property
    def labels(self) -> dict[Node, str]:
        """The name of each named node; the first name where there are several."""
        found: dict[Node, str] = {}
        for name, value in self.names.items():
            if isinstance(value, Node) and not name.startswith("_"):
                found.setdefault(value, name)
        return found

    def applications(self, function: Any) -> list[Node]:
        """Return the nodes that apply a function or operation class."""
        if isinstance(function, type):
            return [node for node in self.graph if type(node) is function]
        return [node for node in self.graph if getattr(node, "function", None) is function]

    def nodes_in(self, trees: Iterable[Tree]) -> list[Node]:
        """Return the nodes that the symbols among `trees` can mean, without reading further."""
        found: dict[Node, None] = {}
        for tree in trees:
            for bound in self._candidates(tree):
                if bound.kind == "node":
                    found[bound.value] = None
                    if (measure := getattr(bound.value, "measure", None)) is not None:
                        found[measure] = None
                elif bound.kind == "alias":
                    found.update(dict.fromkeys(self.nodes_in(walk(bound.value.tree))))
                elif bound.kind == "law":
                    within = (part for tree in bound.value.parameters for part in walk(tree))
                    found.update(dict.fromkeys(self.nodes_in(within)))
                elif bound.kind == "function":
                    found.update(dict.fromkeys(self.applications(bound.value)))
        return list(found)

    def _candidates(self, tree: Tree) -> list[Bound]:
        symbol, suffix = tree, ""
        if isinstance(tree, Script) and isinstance(tree.base, Symbol) and tree.sub is not None:
            symbol, suffix = tree.base, index_text(tree.sub) or ""
        if not isinstance(symbol, Symbol):
            return []
        if isinstance(tree, Script) and (family := self.family(symbol, tree.sub)) is not None:
            return [family]
        bound = self.find(symbol, suffix) or self.find(Symbol(symbol.base.upper()))
        if bound is None and symbol.styles and symbol.styles[0] in (r"\dot", r"\ddot"):
            bound = self.find(Symbol(symbol.base, symbol.styles[1:]))  # a derivative by time
        return [] if bound is None else [bound]

    def ancestors(self, node: Node) -> dict[Node, None]:
        """Return what `node` depends on, itself not included."""
        order = topological_order(node)
        return dict.fromkeys(order[:-1])

    def variables(self, node: Node) -> list[Node]:
        """Return the inputs that `node` depends on."""
        order = topological_order(node)
        return [leaf for leaf in order if isinstance(leaf, Input) and leaf is not node]

    def explicit_and_total(self, node: Node, variable: Node) -> Node | None:
        """Return an argument of `node` through which it depends on `variable` a second time.

        Looked for among what the node is written in terms of: its own inputs where it applies a
        function, and the named nodes that its arithmetic leads to.
        """
        if isinstance(node, Jacobian):
            return None  # a derivative depends on every value below it
        signs = tuple(Node.signs.values())
        written_out = isinstance(node, signs) or getattr(node, "is_formula", False)
        candidates = [] if written_out else [list(node.inputs)]
        candidates.append(self._named_arguments(node))
        for arguments in candidates:
            if not any(argument is variable for argument in arguments):
                continue
            for argument in arguments:
                if argument is not variable and self._follows(argument, variable):
                    return argument
        return None

    def _follows(self, node: Node, variable: Node) -> bool:
        """Whether a derivative may pass from one node to another, which none does by a mask."""
        if node is variable:
            return True
        if isinstance(node, Comparison | Not | Step) or variable not in self.ancestors(node):
            return False
        return any(self._follows(below, variable) for below in node.inputs)

    def _named_arguments(self, node: Node) -> list[Node]:
        found: dict[Node, None] = {}
        stack, seen = list(node.inputs), set()
        while stack:
            current = stack.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            if current in self.labels or isinstance(current, Input | Param) or not current.inputs:
                found[current] = None
            else:
                stack.extend(current.inputs)
        return list(found)
