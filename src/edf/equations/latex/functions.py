r"""Function macros with their arguments, and signs that act on the rest of their term."""

from __future__ import annotations

import re
from itertools import pairwise

from edf.equations.diagnostics import Why
from edf.equations.latex.grammar import Grammar, product
from edf.equations.latex.syntax import (
    Big,
    Fraction,
    Function,
    Indices,
    Number,
    Product,
    Relation,
    Script,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    BOLD,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    NAMING,
    POWERED,
    PRODUCT_SIGNS,
    RELATIONS,
    SIZES,
    TRANSPOSES,
)

_ARG = re.compile(r"arg ?\\?(?:min|max)")


class FunctionParser(Grammar):
    """Reads functions, sums and their kin."""

    def function(self) -> Tree:
        """A function macro; its argument is in parentheses, or a factor, or a number times one."""
        macro = self.next()
        sup: Tree | None = None
        sub: Tree | None = None
        primes = 0
        while self.text in ("^", "_", "'"):
            if self.text == "'" and macro.text in POWERED and sup is None and sub is None:
                self.next()
                primes += 1
            elif self.text == "_":
                if macro.text not in (r"\log",):
                    self.fail(Why.NOTATION, f"{macro.text} takes no subscript here")
                self.script_sign()
                sub = self.indices()
            elif self.text == "'" or sup is not None or primes:
                self.fail(
                    Why.DERIVATIVE,
                    f"A prime behind {macro.text} is not understood: write \\frac{{d}}{{dx}}",
                )
            else:
                if macro.text not in POWERED:
                    self.fail(
                        Why.AMBIGUOUS,
                        f"{macro.text}^: the power of what? Write ({macro.text} ..)^..",
                    )
                self.script_sign()
                sup = self.superscript()
        if self.text == "{" and not primes and (argument := self.in_braces(macro)) is not None:
            return Function(macro.text, sup, argument, sub, at=macro.at)
        parenthesised = self.text in ("(", "[", r"\{") or (
            self.text in SIZES and self.peek() in ("(", "[", r"\{")
        )
        if primes and not parenthesised:
            self.fail(Why.UNFINISHED, f"{macro.text}' has no argument: write {macro.text}'(..)")
        if not parenthesised and not self.starts():
            self.about_this()
            self.fail(Why.UNFINISHED, f"{macro.text} has no argument: write {macro.text}(..)")
        argument = self.delimited() if parenthesised else self.applied()
        if parenthesised and (
            self.transposes() or (self.text == "^" and macro.text not in POWERED and sup is None)
        ):
            function = Function(macro.text, sup, argument, sub, primes, at=macro.at)
            return self.scripts(function, macro.at)
        if parenthesised and self.text in ("^", "_", "'") and not self.token.spaced:
            self.fail(
                Why.AMBIGUOUS,
                f"Does {self.text} belong to {macro.text}(..) or to what is in the parentheses? "
                f"Write ({macro.text}(..)){self.text}.., or put it inside",
            )
        if not parenthesised and not self.argument_ends():
            self.fail(
                Why.AMBIGUOUS,
                f"Where does the argument of {macro.text} end? Write {macro.text}(..)",
            )
        return Function(macro.text, sup, argument, sub, primes, at=macro.at)

    def transposes(self) -> bool:
        r"""Whether ^\top stands here, which is the same inside of an elementwise function."""
        if self.text != "^":
            return False
        sign = self.peek(2) if self.peek() == "{" and self.peek(3) == "}" else self.peek()
        return sign in TRANSPOSES | {"T"}

    def in_braces(self, macro: Token) -> Tree | None:
        """Read an argument in braces, which do not show: no sum, and no script behind."""
        close = self.closing_brace(self.place)
        if close is None or self.tokens[close + 1].text in ("^", "_", "'", "!"):
            return None
        opened = self.next()
        if self.text == "}":
            self.fail(Why.UNFINISHED, "Empty braces: leave them out", opened.at)
        argument = self.expression()
        self.expect("}", opened)
        if isinstance(argument, Sum):
            self.fail(
                Why.AMBIGUOUS, f"Braces do not show on the page: write {macro.text}(..)", opened.at
            )
        return argument

    def argument_ends(self) -> bool:
        """Whether what follows cannot be taken for a part of the argument before."""
        if self.text in FUNCTIONS or self.derivative_ahead() or self.text in BOLD:
            return True
        if self.bar_of_evaluation() is not None or self.at_differential():
            return True
        return not (self.starts() or self.text == "/" or self.text in PRODUCT_SIGNS)

    def at_differential(self) -> bool:
        r"""Whether the dx of an integral stands here, as behind the x of \int \sin x \, dx."""
        behind = self.tokens[self.place + 1] if self.text == "d" else self.token
        is_name = behind.kind == "letter" or behind.text in GREEK
        integrals = (token.text == r"\int" for token in self.tokens[: self.place])
        return self.text == "d" and is_name and any(integrals)

    def derivative_ahead(self) -> bool:
        r"""Whether a derivative begins here, as it may behind the \theta of \sin \theta."""
        if self.text not in FRACTIONS or self.peek() != "{":
            return False
        return self.peek(2) in (r"\partial", r"\mathrm") or (
            self.peek(2) == "d" and self.peek(3) not in ("^", "}", "+", "-")
        )

    def applied(self) -> Tree:
        r"""A factor, a name with parentheses, or a number times one of these: what \log acts on."""
        at = self.token.at
        factors = [self.factor()]
        while self._multiplies(factors[-1]) and self.starts() and self.text not in FUNCTIONS:
            factors.append(self.factor())
            self.check_beside(factors[-2], factors[-1])
        if self._is_nabla(factors[0]) and self.starts():  # \det \nabla^2 f(x)
            factors.append(self.factor())
        head = factors[-1]
        named = head.base if isinstance(head, Script) and head.sup is None else head
        if isinstance(named, Symbol) and (self.text == "(" or self.text in SIZES) and self.starts():
            factors.append(self.factor())
        return product(factors, [""] * (len(factors) - 1), at)

    @staticmethod
    def _is_nabla(factor: Tree) -> bool:
        return (factor.base if isinstance(factor, Script) else factor) == Symbol(r"\nabla")

    @staticmethod
    def _multiplies(factor: Tree) -> bool:
        if isinstance(factor, Fraction):
            return isinstance(factor.top, Number) and isinstance(factor.bottom, Number)
        return isinstance(factor, Number) or factor == Symbol(r"\pi")

    def big(self, macro: str, at: int) -> Tree:
        lower: Tree | None = None
        upper: Tree | None = None
        while self.text in ("_", "^"):
            mark = self.script_sign()
            if mark.text == "_" and lower is None:
                lower = self.bounds()
            elif mark.text == "^" and upper is None:
                upper = self.superscript()
            else:
                self.fail(Why.NOTATION, f"A second {mark.text} on {macro}", mark.at)
        self.skip_alignment()
        sign = self.next().text if self.text in ("+", "-") else ""
        if not self.starts() and self.text not in (r"\mid", r"\parallel"):
            self.about_this()
            self.fail(
                Why.AMBIGUOUS,
                f"{macro} of what? Write parentheses around a sign and what follows it",
            )
        body = self.term()
        if sign:
            body = Sum((body,), (sign,), at=body.at)
        if macro == r"\int":
            body = self.integrand(body)
        return Big(macro, lower, upper, body, at=at)

    def integrand(self, body: Tree) -> Tree:
        """Go on with the terms of a sum up to the differential, if there is one ahead."""
        while self.text in ("+", "-") and not _has_differential(body) and self.differential_ahead():
            terms, signs = (body.terms, body.signs) if isinstance(body, Sum) else ((body,), ("",))
            signs = (*signs, self.next().text)
            body = Sum((*terms, self.term()), signs, at=body.at)
        return body

    def differential_ahead(self) -> bool:
        """Whether a d with a letter behind it ends a term before the relation or the row ends."""
        level = 0
        for token, behind in pairwise(self.tokens[self.place :]):
            level += token.text in ("(", "[", "{", r"\{")
            level -= token.text in (")", "]", "}", r"\}")
            if level < 0 or token.kind == "end" or token.text in (*RELATIONS, r"\\", r"\int"):
                return False
            if (
                level == 0
                and token.text == "d"
                and (behind.kind == "letter" or behind.text in GREEK)
            ):
                return True
        return False

    def bounds(self) -> Tree:
        opened = self.token
        if opened.text != "{":
            return Indices((self.index_atom(braced=False),), (), at=opened.at)
        self.next()
        items: list[Tree] = []
        commas: list[str] = []
        self.inside.append("{")
        while True:
            if self.text == r"\substack":
                self.next()
                continue
            item = self.index_item() if self._plain_bound() else self.statement()
            items.append(item)
            if self.text == "}":
                break
            if self.token.kind == "end":
                self.expect("}", opened)
            if self.text in (",", ";", ":", r"\\", "|", r"\mid"):
                commas.append(self.next().text)
            elif self.names_something():
                commas.append("")
            else:
                self.expect("}", opened)
        self.inside.pop()
        self.next()
        if len(items) == 1 and isinstance(items[0], Relation):
            relation = items[0]
            return Relation(relation.left, relation.sign, relation.right, at=opened.at)
        return Indices(tuple(items), tuple(commas), at=opened.at)

    def _plain_bound(self) -> bool:
        """Whether a bare letter stands here, with another or nothing behind: `ij` are two."""
        start = self.place + 1
        if not (self.token.kind == "letter" or self.text in GREEK):
            return False
        following = self.tokens[start]
        return following.kind == "letter" or following.text in GREEK or following.text in (",", "}")

    def named_big(self) -> Tree:
        r"""\operatorname*{argmin}_x, \mathop{\mathrm{argmin}}_x"""
        token = self.next()
        star = "*" if self.text == "*" else ""
        if star:
            self.next()
        word = token.inner if token.kind == "words" else self.raw_argument()
        return self.big(f"{token.text}{star}{{{word}}}", token.at)

    def is_place_of_extremum(self) -> bool:
        r"""Whether \arg\min or \arg\max stands here as a word, \mathrm{argmin}, \text{arg max}."""
        if self.token.kind == "words":
            return _ARG.fullmatch(self.token.inner) is not None
        close = self.closing_brace(self.place + 1) if self.text in NAMING else None
        inner = () if close is None else self.tokens[self.place + 2 : close]
        return _ARG.fullmatch("".join(token.text for token in inner)) is not None


def _has_differential(body: Tree) -> bool:
    """Whether a d with a name behind it stands in the last term."""
    last = body.terms[-1] if isinstance(body, Sum) else body
    if isinstance(last, Fraction):
        last = last.top
    factors = last.factors if isinstance(last, Product) else ()
    return any(
        isinstance(one, Symbol) and one.base == "d" and isinstance(other, Symbol)
        for one, other in pairwise(factors)
    )
