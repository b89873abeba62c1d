"""Expressions as LaTeX, in the plainest spelling or in one drawn at random.

All spellings of one expression must be read alike, so this is where parentheses are decided, with
no help from the parser that is tested.
"""

from __future__ import annotations

import random
from fractions import Fraction

from tests.oracle.expr import Equation, Expr, free
from tests.oracle.oracle import IllFormedError, index_ranges
from tests.oracle.worlds import World

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly an expression holds together

_BRACKETS = (
    ("(", ")"),
    (r"\left(", r"\right)"),
    ("[", "]"),
    (r"\left[", r"\right]"),
    (r"\big(", r"\big)"),
    (r"\bigl(", r"\bigr)"),
)


class Speller:
    """Spells expressions about one world; without `rng`, in the plainest way.

    With `lift`, an index letter, vectors with that index stand bare, as the reading
    "componentwise i" has it.
    """

    def __init__(self, world: World, rng: random.Random | None = None, lift: str = "") -> None:
        self.world, self.rng, self.lift = world, rng, lift
        self.ranges: dict[str, int] = {}
        """How far each index of the equation runs, where one letter stands for one range."""

    def equation(self, equation: Equation) -> str:
        try:
            self.ranges = index_ranges(self.world, equation.left, equation.right)
        except IllFormedError:
            self.ranges = {}
        return f"{self.spell(equation.left)} = {self.spell(equation.right)}"

    def spell(self, expr: Expr, least: int = SUM) -> str:
        """Return LaTeX that may stand where something at least that tight is needed."""
        text, tightness = self._spell(expr, least)
        return text if tightness >= least else self.bracketed(text)

    def bracketed(self, text: str) -> str:
        left, right = self.pick(*_BRACKETS)
        return f"{left}{text}{right}"

    def pick(self, plain: object, *others: object) -> object:
        """The plain spelling, or any of them."""
        if self.rng is None or self.rng.random() < 0.4:
            return plain
        return self.rng.choice((plain, *others))

    def _spell(self, expr: Expr, least: int) -> tuple[str, int]:
        match expr.op:
            case "num":
                return self._number(expr.data)
            case "name":
                return self._name(*expr.data), ATOM
            case "delta":
                return r"\delta" + self._indices(expr.data), ATOM
            case "add":
                return self._sum(expr.args), SUM
            case "neg":
                return "-" + self.spell(expr.args[0], PRODUCT), SUM
            case "mul":
                return self._product(expr.args), PRODUCT
            case "div":
                return self._fraction(*expr.args, least)
            case "pow":
                return self._power(*expr.args), POWER
            case "fn":
                return self._function(expr.data, expr.args[0])
            case "max" | "min":
                arguments = ", ".join(self.spell(a) for a in expr.args)
                left, right = self.pick(*_BRACKETS[:2])
                return f"\\{expr.op}{left}{arguments}{right}", ATOM
            case "over":
                return self._over(expr), PRODUCT
            case "deriv":
                return self._derivative(expr.args[0], expr.data), ATOM
            case "call":
                return f"{self.world.tex(expr.data)}{self._call(expr.args[0])}", ATOM
            case "replace":
                arguments = ", ".join(self.spell(a) for a in expr.args)
                left, right = self.pick(("(", ")"), (r"\left(", r"\right)"))
                return f"{self.world.tex(expr.data)}{left}{arguments}{right}", ATOM
            case "prime":
                name, order = expr.data
                return f"{self.world.tex(name)}{chr(39) * order}{self._call(expr.args[0])}", ATOM
            case "cases":
                return self._cases(expr), ATOM
        raise AssertionError(expr.op)

    def _number(self, value: int | Fraction) -> tuple[str, int]:
        if value < 0:
            return "-" + self._number(-value)[0], SUM
        if value.denominator == 1:
            return str(value), ATOM
        plain = f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
        others = [plain.replace("frac", "tfrac"), plain.replace("frac", "dfrac")]
        if max(value.numerator, value.denominator) < 10:
            others.append(f"\\frac{value.numerator}{value.denominator}")
        return str(self.pick(plain, *others)), ATOM

    def _indices(self, indices: tuple[str, ...]) -> str:
        if not indices:
            return ""
        run = "".join(indices)
        plain = f"_{run}" if len(run) == 1 else f"_{{{run}}}"
        return str(self.pick(plain, f"_{{{run}}}", "_{" + self._comma().join(indices) + "}"))

    def _comma(self) -> str:
        return str(self.pick(" ", ",", ", "))

    def _name(self, name: str, indices: tuple[str, ...]) -> str:
        if indices == (self.lift,):
            indices = ()
        plain = self.world.tex(name) + self._indices(indices)
        leaves = [
            a
            for a in self.world.ancestors(name)
            if not self.world.values[a].parents and self.world.values[a].constant is None
        ]
        if len(leaves) == 1 and leaves[0] != name:
            applied = f"{self.world.tex(name)}({self.world.tex(leaves[0])})"
            return str(self.pick(plain, plain, applied + self._indices(indices)))
        return plain

    def _sum(self, terms: tuple[Expr, ...]) -> str:
        text = ""
        for k, term in enumerate(terms):
            later = frozenset().union(*map(free, terms[k + 1 :]))
            if term.op == "neg":
                text += ("-" if k == 0 else " - ") + self._term(term.args[0], later)
            elif term.op == "num" and term.data < 0:
                text += ("-" if k == 0 else " - ") + self._number(-term.data)[0]
            else:
                text += (" + " if k else "") + self._term(term, later)
        return text

    def _term(self, term: Expr, later: frozenset[str]) -> str:
        """A term of a sum. One that ends in a sum over an index that is free in a later term would
        go on over that term."""
        end = term
        while end.op in ("mul", "neg"):
            end = end.args[-1]
        text = self.spell(term, PRODUCT)
        return self.bracketed(text) if end.op == "over" and end.data[1] in later else text

    def _product(self, factors: tuple[Expr, ...]) -> str:
        text = ""
        for k, factor in enumerate(factors):
            last = k == len(factors) - 1
            tight = ATOM if factor.op in ("mul", "div") else POWER
            if factor.op == "over" and last:
                tight = PRODUCT
            piece = self.spell(factor, tight)
            text += (self._times(factors[k - 1], piece) if k else "") + piece
        return text

    def _times(self, before: Expr, piece: str) -> str:
        """The sign, or the space, between two factors."""
        opens = piece[0] in "([" or piece.startswith((r"\left", r"\big"))
        bare = before.op == "name" and before.data[1] in ((), (self.lift,))
        looks_like_a_call = opens and bare
        if piece[0].isdigit() or looks_like_a_call:
            return r" \cdot "
        return str(self.pick(" ", r" \cdot ", r" \, ", r"\;", "  ", r" \times "))

    def _fraction(self, above: Expr, below: Expr, least: int) -> tuple[str, int]:
        plain = f"{{{self.spell(above)}}}{{{self.spell(below)}}}"
        if least <= PRODUCT and above.op != "over" and self.pick(0, 0, 0, 1):
            plain = below.op == "name" or (below.op == "num" and below.data in range(10))
            bottom = self._variable(*below.data) if below.op == "name" else self.spell(below)
            return (
                f"{self.spell(above, POWER)} / {bottom if plain else self.bracketed(bottom)}",
                PRODUCT,
            )
        return f"\\{self.pick('frac', 'dfrac', 'tfrac')}{plain}", ATOM

    def _power(self, base: Expr, exponent: Expr) -> str:
        plain = base.op == "name" or (base.op == "num" and base.data in range(10))
        text = self.spell(base) if plain else self.bracketed(self.spell(base))
        braced = "{" + self.spell(exponent) + "}"
        digit = exponent.op == "num" and exponent.data in range(10)
        return f"{text}^{self.pick(braced[1:-1], braced) if digit else braced}"

    def _function(self, name: str, argument: Expr) -> tuple[str, int]:
        match name:
            case "sqrt":
                return f"\\sqrt{{{self.spell(argument)}}}", ATOM
            case "abs":
                left, right = self.pick((r"\lvert ", r" \rvert"), (r"\left|", r"\right|"))
                return f"{left}{self.spell(argument)}{right}", ATOM
            case "exp" if self.pick(True, False):
                return f"e^{{{self.spell(argument)}}}", POWER
        command = f"\\{name}" if name != "log" else str(self.pick(r"\log", r"\ln"))
        return command + self._call(argument), ATOM

    def _call(self, argument: Expr) -> str:
        left, right = self.pick(("(", ")"), (r"\left(", r"\right)"))
        return f"{left}{self.spell(argument)}{right}"

    def _over(self, expr: Expr) -> str:
        kind, index, but = expr.data
        if but is not None:
            bound = f"_{{{index} \\neq {but}}}"
        else:
            limits = [f"_{{{index} = 1}}^{{{n}}}" for n in self._lengths(index)]
            bound = str(self.pick(f"_{index}", f"_{{{index}}}", *limits))
        body = expr.args[0]
        least = ATOM if kind in ("max", "min") else POWER if kind == "prod" else PRODUCT
        return f"\\{kind}{bound} {self.spell(body, least)}"

    def _lengths(self, index: str) -> list[str]:
        """The range of an index as a number, and as the name of a constant."""
        n = self.ranges.get(index)
        values = self.world.values.values()
        equal = [
            v.name for v in values if v.constant is not None and not v.shape and v.constant == n
        ]
        return [] if n is None else [str(n), *map(self.world.tex, equal)]

    def _cases(self, expr: Expr) -> str:
        (i, j), (equal, other) = expr.data, [self.spell(a) for a in expr.args]
        first, second = f"{equal} & {{}}{i} = {j}", f"{other} & {{}}{i} \\neq {j}"
        first, second = first.replace("{}", ""), second.replace("{}", "")
        rows = self.pick(
            f"{equal} & \\text{{if }} {i} = {j} \\\\ {other} & \\text{{otherwise}}",
            f"{equal} & \\text{{if }} {i} = {j} \\\\ {other} & \\text{{if }} {i} \\neq {j}",
            f"{first} \\\\ {second}",
        )
        return f"\\begin{{cases}} {rows} \\end{{cases}}"

    def _derivative(self, target: Expr, wrt: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
        if len(wrt) > 1 and self.pick(False, True, False):
            inner = Expr("deriv", (target,), wrt[1:])
            return self._derivative(inner, wrt[:1])
        d = str(self.pick(r"\partial", r"\partial", r"\partial", r"\mathrm{d}"))
        if target.op == "name" and any(self._two_ways(target.data[0], name) for name, _ in wrt):
            d = r"\mathrm{d}"
        fraction = f"\\{self.pick('frac', 'frac', 'dfrac')}"
        order = f"^{len(wrt)}" if len(wrt) > 1 else ""
        below = " ".join(f"{d} {self._variable(*w)}" for w in wrt)
        if len(wrt) > 1 and len(set(wrt)) == 1:
            below = f"{d} {self._variable(*wrt[0])}{order}"
        if target.op == "name":
            above = f"{d}{order} {self._target(*target.data)}"
            return f"{fraction}{{{above}}}{{{below}}}"
        return f"{fraction}{{{d}{order}}}{{{below}}}{self.bracketed(self.spell(target))}"

    def _two_ways(self, target: str, by: str) -> bool:
        """Whether a partial derivative would leave open if it is the explicit or the total one."""
        parents = self.world.values[target].parents
        return by in parents and any(by in self.world.ancestors(p) for p in parents if p != by)

    def _variable(self, name: str, indices: tuple[str, ...]) -> str:
        return self.world.tex(name) + self._indices(() if indices == (self.lift,) else indices)

    def _target(self, name: str, indices: tuple[str, ...]) -> str:
        """What is differentiated; a function's name may stand for the node that applies it."""
        for function, node in self.world.applied.items():
            if node == name:
                return str(self.pick(self.world.tex(name), self.world.tex(function)))
        return self._variable(name, indices)
