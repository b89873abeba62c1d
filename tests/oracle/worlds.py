"""A world: a small computation graph, written once for `edf` and once for SymPy.

The two share names, shapes and how leaves are sampled, and nothing else: SymPy's formulas are
written out by hand, not taken from the operations' code.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from tests.oracle.expr import Expr

GREEK = frozenset(("alpha", "beta", "gamma", "ell", "mu", "theta"))


@dataclass(frozen=True)
class Value:
    """One named value of a world: a leaf, an operation on others, or a constant."""

    name: str
    shape: tuple[int, ...]
    parents: tuple[str, ...] = ()
    sample: str = "normal"
    build: Callable[..., Any] | None = None  # edf nodes of the parents -> edf node
    formula: Callable[..., Any] | None = None  # arrays of SymPy expressions -> such an array
    constant: Any = None
    data: Any = None  # what an input holds on the page; to the oracle it is a leaf like others


#: Samplers of edf inputs that have no name there; `sample` draws alike.
SPREADS: dict[str, float] = {"tiny": 1e-4}


@dataclass
class World:
    """The values in an order in which each follows its parents."""

    name: str
    scales: tuple[int, ...] = (1,)
    """Factors on the oracle's points: where there are thresholds, some must lie beyond them."""
    values: dict[str, Value] = field(default_factory=dict)
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Arbitrary functions that have a name of their own, and the parents of where they apply."""
    applied: dict[str, str] = field(default_factory=dict)
    """For each such function, the node that applies it."""

    def leaf(self, name: str, *shape: int, sample: str = "normal") -> Expr:
        return self._add(Value(name, shape, sample=sample))

    def data(self, name: str, value: Any) -> Expr:
        """An input that has a value on the page, and could have any other."""
        return self._add(Value(name, np.shape(value), data=value))

    def constant(self, name: str, value: Any) -> Expr:
        return self._add(Value(name, np.shape(value), constant=value))

    def node(self, name: str, parents: str, build: Any, formula: Any) -> Expr:
        sources = tuple(parents.split())
        probe = formula(*(self.symbols(p) for p in sources))
        return self._add(Value(name, np.shape(probe), sources, build=build, formula=formula))

    def any(self, name: str, parents: str, function: str | None = None) -> Expr:
        """A scalar node that applies an arbitrary smooth function to its parents."""
        sources = tuple(parents.split())
        if function is not None:
            self.functions[function] = sources
            self.applied[function] = name
        formula = arbitrary(function or f"{self.name}.{name}")
        return self._add(Value(name, (), sources, formula=formula))

    def symbols(self, name: str) -> Any:
        """Fresh symbols in the shape of that value."""
        shape = self.values[name].shape
        if not shape:
            return sp.Symbol(name, real=True)
        out = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            out[index] = sp.Symbol(f"{name}{list(index)}", real=True)
        return out

    def ancestors(self, name: str) -> frozenset[str]:
        """The value itself and all that it depends on."""
        return frozenset({name}).union(*(self.ancestors(p) for p in self.values[name].parents))

    def tex(self, name: str) -> str:
        r"""The LaTeX of a name: `y_hat` is \hat{y}, `theta` is \theta."""
        base, _, accent = name.partition("_")
        letter = f"\\{base}" if base in GREEK else base
        return f"\\{accent}{{{letter}}}" if accent else letter

    def graph(self) -> dict[str, Any]:
        """A fresh edf graph: what a page's namespace would hold."""
        from edf import AnyFunction, Input

        space: dict[str, Any] = {name: AnyFunction() for name in self.functions}
        functions = {node: space[name] for name, node in self.applied.items()}
        for value in self.values.values():
            parents = [space[p] for p in value.parents]
            if value.constant is not None:
                space[value.name] = value.constant
            elif value.build is not None:
                space[value.name] = value.build(*parents)
            elif value.formula is not None:
                space[value.name] = functions.get(value.name, AnyFunction())(*parents)
            elif value.data is not None:
                space[value.name] = Input(np.array(value.data, dtype=float))
            else:
                space[value.name] = Input(shape=value.shape, sample=_sampler(value.sample))
        return space

    def point(self, rng: random.Random, scale: int = 1) -> dict[str, Any]:
        """Rational values for all leaves, as each is sampled."""
        return {
            value.name: scale * sample(value, rng)
            for value in self.values.values()
            if value.formula is None and value.constant is None
        }

    def _add(self, value: Value) -> Expr:
        assert value.name not in self.values
        self.values[value.name] = value
        return Expr("name", data=(value.name, ()))


def _sampler(name: str) -> Any:
    if name not in SPREADS:
        return name
    return lambda rng, shape: SPREADS[name] * rng.normal(size=shape)


def sample(value: Value, rng: random.Random) -> Any:
    out = np.empty(value.shape, dtype=object)
    for index in np.ndindex(*value.shape):
        sign = 1 if value.sample in ("positive", "simplex") else rng.choice((1, -1))
        out[index] = Fraction(sign * rng.randint(20, 170), 100) + Fraction(rng.randint(1, 96), 9700)
        out[index] *= Fraction(SPREADS.get(value.sample, 1))
    if value.sample == "simplex":
        out = out / out.sum(axis=-1, keepdims=True)
    elif value.sample == "onehot":
        out = np.zeros(value.shape, dtype=object)
        for index in np.ndindex(*value.shape[:-1]):
            out[(*index, rng.randrange(value.shape[-1]))] = 1
    return out if value.shape else out[()]


def arbitrary(name: str) -> Callable[..., Any]:
    """A smooth scalar function without symmetries, its coefficients drawn from its name."""

    def formula(*arguments: Any) -> Any:
        rng = random.Random(zlib.crc32(name.encode()))
        flat = [v for a in arguments for v in np.ravel(np.asarray(a, dtype=object))]

        def coefficient() -> Any:
            return sp.Rational(rng.choice((1, -1)) * rng.randint(30, 110), 100)

        waves = [
            coefficient() * sp.sin(sum(coefficient() * v for v in flat) + 2 * coefficient())
            for _ in range(2)
        ]
        return sum(waves) + sum(coefficient() * v for v in flat)

    return formula


def elementwise(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Lift a SymPy function to arrays of expressions; a scalar stays one."""

    def lifted(array: Any) -> Any:
        if not np.shape(array):
            return function(array)
        out = np.empty(np.shape(array), dtype=object)
        for index in np.ndindex(*out.shape):
            out[index] = function(array[index])
        return out

    return lifted
