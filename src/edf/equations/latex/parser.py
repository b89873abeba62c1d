r"""Tokens to the tree of a formula, as TeX groups them.

The grammar needs no names: whether `f(x)` is a call or a product is settled later, from what the
page binds. It reads each construct as it is typeset: `2^s(c)` is (2^s)(c), because TeX raises one
token. Where the typeset formula leaves open what belongs together, as in `a/b c`, the answer is an
error and not a convention. One token of look-ahead, no going back: time is linear in the length.
"""

from __future__ import annotations

import difflib
import re
from typing import NoReturn

from edf.equations.errors import EquationError
from edf.equations.latex.syntax import (
    Bars,
    Big,
    Case,
    Cases,
    Claim,
    Equation,
    Fraction,
    Function,
    Grad,
    Group,
    Indices,
    Number,
    Product,
    Relation,
    Root,
    Row,
    Script,
    Slash,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token, tokenise
from edf.equations.latex.vocabulary import (
    ACCENTS,
    CONDITION_SIGNS,
    ENVIRONMENTS,
    FONTS,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    KNOWN_MACROS,
    PLAIN_SYMBOLS,
    POWERED,
    PRODUCT_SIGNS,
    REFUSED,
    RELATIONS,
    SIZES,
    TEXT,
    TRANSPOSES,
)

MAX_DEPTH = 40  # of parentheses, fractions, scripts and function arguments within each other
_CLOSING = {"(": ")", "[": "]", r"\{": r"\}", r"\lVert": r"\rVert", r"\lvert": r"\rvert",
            "|": "|", r"\|": r"\|"}  # fmt: skip
_BARS = frozenset([r"\lVert", r"\lvert", "|", r"\|"])
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 -]*|[01]")


def parse(source: str) -> Claim:
    """Return the tree of a claim.

    Raises:
        EquationError: Something is not understood; the caret stands at the first character of it.
    """
    return _Parser(source).claim()


def steps(claim: Claim) -> list[Equation]:
    """Return the equations of a claim, one for each equality sign, in reading order."""
    found: list[Equation] = []
    previous: Tree | None = None
    for row in claim.rows:
        members = list(row.members)
        if not row.continues:
            previous = members.pop(0)
        for member in members:
            if previous is not None:
                found.append(Equation(previous, member, at=member.at))
            previous = member
    return found


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokenise(source)
        self.place = 0
        self.depth = 0
        self.inside: list[str] = [""]  # the bars that are open at this level of grouping

    # ------------------------------------------------------------------------------ small steps

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    @property
    def text(self) -> str:
        return self.tokens[self.place].text

    def peek(self, ahead: int = 1) -> str:
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)].text

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.place += 1
        return token

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        raise EquationError(message, self.source, self.token.at if at is None else at)

    def expect(self, text: str, opened: Token) -> Token:
        if self.text != text:
            if self.token.kind == "end":
                self.fail(f"{opened.text} is opened here and never closed: add {text}", opened.at)
            self.fail(f"{self._named()} stands where {text} should close {opened.text}")
        return self.next()

    def _named(self) -> str:
        return "The end of the formula" if self.token.kind == "end" else self.text

    def deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"More than {MAX_DEPTH} levels within each other: name a part of it", at)

    # ------------------------------------------------------------------------- claims and rows

    def claim(self) -> Claim:
        if self.token.kind == "end":
            self.fail("The claim is empty: write an equation", 0)
        environment, opened = "", self.token
        if opened.text.startswith(r"\begin{") and opened.text != r"\begin{cases}":
            environment = opened.text[7:-1]
            if environment not in ENVIRONMENTS:
                self.fail(
                    f"The environment {environment} is not understood: use aligned, or one formula"
                )
            self.next()
        rows = [self.row(first=True)]
        while environment and self.text == r"\\":
            self.new_row()
            if self.text == rf"\end{{{environment}}}":
                break
            rows.append(self.row(first=False))
        if environment:
            self.expect(rf"\end{{{environment}}}", opened)
        if self.token.kind != "end":
            self.stray()
        claim = Claim(tuple(rows), environment)
        self._check_chains(claim)
        return claim

    def new_row(self) -> None:
        self.next()
        if self.text in ("[", "*"):
            self.fail(
                f"TeX reads {self.text} behind \\\\ as part of it: leave spacing between rows out, "
                "or begin the row with parentheses"
            )

    def _check_chains(self, claim: Claim) -> None:
        for row, following in zip(claim.rows, (*claim.rows[1:], None), strict=True):
            alone = len(row.members) == 1 and not row.continues
            if alone and not (following and following.continues):
                self.fail("Nothing is claimed here: write an equation with =", row.members[0].at)

    def row(self, first: bool) -> Row:
        at = self.token.at
        mark, continues = self.marks()
        if continues and first:
            self.fail("The formula starts with =: write what stands on the left", at)
        members, marks = [self.expression()], [mark]
        while True:
            mark, another = self.marks()
            if not another:
                break
            members.append(self.expression())
            marks.append(mark)
        if self.text in (".", ",", ";"):
            mark += self.next().text
        return Row(tuple(members), (*marks, mark), continues, at=at)

    def marks(self) -> tuple[str, bool]:
        """Read ampersands and at most one equality sign."""
        mark, equals = "", 0
        while self.text in ("&", "="):
            equals += self.text == "="
            if equals > 1:
                self.fail("Two equality signs with nothing between them")
            mark += self.next().text
        return mark, equals == 1

    def stray(self) -> NoReturn:
        """Say why the current token cannot continue a formula that could end before it."""
        text = self.text
        if text in RELATIONS:
            self.fail(f"{text} claims no equality: only equations with = are tested")
        if text in (")", "]", r"\}", "}", r"\right", r"\rVert", r"\rvert", r"\bigr", r"\Bigr"):
            self.fail(f"{text} closes nothing: remove it, or open its partner")
        if text == "&":
            self.fail("& may stand beside an equality sign only: keep a member in one row")
        if text == r"\\":
            self.fail(r"\\ starts a row: put the rows into \begin{aligned} ... \end{aligned}")
        if text.startswith(r"\end"):
            self.fail(f"{text} ends nothing that began here")
        if text == ":":
            self.fail("A colon is not understood: write = for a definition, too")
        if text in ("^", "_"):
            self.fail(f"A second {text} on one base: write parentheses around the first")
        if text in (",", ";", "."):
            self.fail(f"{text} is understood at the end only: one claim in one cell")
        if text == "!":
            self.fail("The factorial is not understood: write the number")
        self.unknown()

    def unknown(self) -> NoReturn:
        text = self.text
        if self.token.kind == "end":
            self.fail("The formula ends here, and something is missing")
        if text in REFUSED:
            self.fail(REFUSED[text])
        if text.startswith("\\") and text[1:].isalpha():
            close = difflib.get_close_matches(text, KNOWN_MACROS, n=1, cutoff=0.75)
            self.fail(
                f"The macro {text} is not understood"
                + (f": did you mean {close[0]}?" if close else ": see the list of what is")
            )
        self.fail(f"{text} is not understood here")

    # --------------------------------------------------------------------- sums and products

    def expression(self) -> Tree:
        at = self.token.at
        self.deeper(at)
        signs = [self.next().text if self.text in ("+", "-") else ""]
        terms = [self.term()]
        while self.text in ("+", "-"):
            signs.append(self.next().text)
            terms.append(self.term())
        self.depth -= 1
        if len(terms) == 1 and not signs[0]:
            return terms[0]
        return Sum(tuple(terms), tuple(signs), at=at)

    def term(self) -> Tree:
        at = self.token.at
        factors, joins = [self.factor()], []
        while True:
            if self.text in PRODUCT_SIGNS:
                sign = self.next()
                if self.text in ("+", "-"):
                    self.fail(f"A sign after {sign.text}: write parentheses around what it is for")
                joins.append(sign.text)
                factors.append(self.factor())
            elif self.text == "/":
                product = _product(factors, joins, at)
                factors, joins = [self.slash(product, at)], []
            elif self.starts():
                left, right = factors[-1], self.factor()
                self._check_beside(left, right)
                joins.append("")
                factors.append(right)
            else:
                return _product(factors, joins, at)

    def _check_beside(self, left: Tree, right: Tree) -> None:
        """Refuse what reads as one number where nothing stands between two factors."""
        first = right.base if isinstance(right, Script) else right
        if isinstance(first, Number):  # in braces, too, which do not show
            self.fail(
                "A number after a factor reads as one with it: write \\cdot between", right.at
            )
        if not isinstance(left, Number):
            return
        if right == Symbol("e") and self.text in ("+", "-"):
            number = f"{left.text}e{self.text}"
            self.fail(f"{number} looks like a power of ten: write 10^{{..}} or \\cdot", left.at)
        if isinstance(right, Fraction):
            parts = right.top, right.bottom
            if all(isinstance(part, Number) for part in parts):
                self.fail("A mixed number, or a product? Write \\cdot between", right.at)

    def slash(self, top: Tree, at: int) -> Tree:
        self.next()
        start = self.token.at
        factors = [self.factor()]
        if factors[0] == Symbol(r"\partial"):
            factors.append(self.factor())
        bottom = _product(factors, [""] * (len(factors) - 1), start)
        if self.starts() or self.text == "/" or self.text in PRODUCT_SIGNS:
            self.fail("What is below the slash? Write \\frac{..}{..}, or parentheses")
        return Slash(top, bottom, at=at)

    def starts(self) -> bool:
        """Whether the current token begins a factor."""
        text, kind = self.text, self.token.kind
        if kind in ("letter", "number") or text in ("(", "[", "{", r"\{", r"\lVert", r"\lvert"):
            return True
        if text in ("|", r"\|"):
            return self.inside[-1] != text
        if text in SIZES:
            return SIZES[text] != "" and self._opens(self.peek())
        if text == r"\begin{cases}":
            return True
        return kind == "macro" and not (
            text in PRODUCT_SIGNS
            or text in RELATIONS
            or text in CONDITION_SIGNS
            or text in (r"\\", r"\right", r"\}", r"\rVert", r"\rvert")
        )

    def _opens(self, delimiter: str) -> bool:
        if delimiter in ("|", r"\|") and self.text != r"\left":
            return self.inside[-1] != delimiter
        return delimiter in _CLOSING

    # --------------------------------------------------------------------------------- factors

    def factor(self) -> Tree:
        at = self.token.at
        self.deeper(at)
        base = self.scripts(self.primary(), at)
        if self.text == "." and self.peek() in TEXT and self.peek(2) == "{":
            base = self.scripts(self.grad(base, at), at)
        if self.text == "!":
            self.stray()
        self.depth -= 1
        return base

    def grad(self, base: Tree, at: int) -> Tree:
        self.next()
        macro = self.text
        word = self.symbol()
        if not (isinstance(word, Symbol) and word.base == "grad"):
            self.fail(".grad is the only attribute that is understood", word.at)
        return Grad(base, macro, at=at)

    def scripts(self, base: Tree, at: int) -> Tree:
        sub: Tree | None = None
        sup: Tree | None = None
        primes = 0
        while self.text in ("_", "^", "'"):
            mark = self.mark()
            if mark.text == "'":
                if sup is not None:
                    self.fail("A prime behind a superscript: write it before", mark.at)
                primes += 1
            elif mark.text == "_":
                if sub is not None:
                    self.fail("A second subscript on one base: put both into one", mark.at)
                sub = self.indices()
            else:
                if sup is not None:
                    self.fail("A second superscript on one base: write parentheses", mark.at)
                sup = self.superscript()
        if sub is None and sup is None and not primes:
            return base
        return Script(base, sub, sup, primes, at=at)

    def mark(self) -> Token:
        """Take the sign of a superscript, a subscript or a prime."""
        if self.token.spaced:
            self.fail(f"TeX sets this {self.text} on the space before it: leave that out")
        return self.next()

    def superscript(self) -> Tree:
        token = self.unspaced("superscript")
        if token.text == "{":
            self.next()
            if self.text in ("(", "[") or self.text == r"\left":
                self.fail(
                    "A superscript in parentheses is a label, not a power: use a name like W_1"
                )
            body = self.expression()
            self.expect("}", token)
            return body
        if token.kind == "number":
            if len(token.text) > 1:
                self.fail(f"TeX raises the first digit only: write ^{{{token.text}}}")
            self.next()
            return Number(token.text, at=token.at)
        if token.text == "*":
            self.fail("A star as superscript is not understood: give the symbol another name")
        if token.kind == "letter" or token.text in GREEK | FONTS | TEXT | TRANSPOSES:
            return self.unbraced()
        if token.kind == "end":
            self.fail("The formula ends where a superscript should stand")
        self.fail(f"TeX raises only {token.text} here: put the whole superscript into braces")

    def unspaced(self, what: str) -> Token:
        """The current token, which TeX takes for a superscript, a subscript or an argument."""
        if self.token.spaced:
            self.fail(f"TeX takes the space for the {what}: leave the space out")
        return self.token

    def unbraced(self) -> Symbol:
        """A symbol as a script without braces."""
        if self.text == r"\operatorname":
            self.fail("Put the whole script into braces")
        return self.symbol()

    def indices(self) -> Tree:
        opened = self.unspaced("subscript")
        if opened.text != "{":
            return Indices((self.index_atom(braced=False),), (), at=opened.at)
        self.next()
        items, commas = [self.index_item()], []
        while self.text != "}":
            if self.token.kind == "end":
                self.expect("}", opened)
            commas.append(self.next().text if self.text == "," else "")
            if self.token.kind == "number" and not commas[-1] and isinstance(items[-1], Number):
                self.fail("Two numbers read as one: write a comma between")
            items.append(self.index_item())
        self.next()
        return Indices(tuple(items), tuple(commas), at=opened.at)

    def index_item(self) -> Tree:
        """One index: a letter, a number or a word, or a sum of these."""
        at = self.token.at
        items, signs = [self.index_atom(braced=True)], [""]
        while self.text in ("+", "-"):
            signs.append(self.next().text)
            items.append(self.index_atom(braced=True))
        return items[0] if len(items) == 1 else Sum(tuple(items), tuple(signs), at=at)

    def index_atom(self, braced: bool) -> Tree:
        token = self.token
        if token.kind == "number":
            if not braced and len(token.text) > 1:
                self.fail(f"TeX lowers the first digit only: write _{{{token.text}}}")
            self.next()
            return Number(token.text, at=token.at)
        if self._names_something():
            symbol = self.symbol() if braced else self.unbraced()
            if braced and self.text == "_":
                self.next()
                return Script(symbol, self.indices(), at=token.at)
            return symbol
        if token.kind == "end":
            self.fail("The formula ends where a subscript should stand")
        self.fail(f"{token.text} is not understood in a subscript: write index letters")

    def _names_something(self) -> bool:
        text = self.text
        return (
            self.token.kind == "letter" or text in GREEK or text in PLAIN_SYMBOLS
            or text in FONTS or text in ACCENTS or text in TEXT
        )  # fmt: skip

    def primary(self) -> Tree:
        token = self.token
        text = token.text
        if token.kind == "number":
            self.next()
            return Number(text, at=token.at)
        if text in ("(", "[", r"\{") or text in _BARS or text in SIZES:
            return self.delimited()
        if text == "{":
            return self.braced()
        if text in FRACTIONS:
            self.next()
            top, bottom = self.argument(text), self.argument(text)
            return Fraction(top, bottom, text, at=token.at)
        if text == r"\sqrt":
            self.next()
            if self.text == "[":
                self.fail(r"\sqrt[n] is not understood: write a power, x^{1/n}")
            return Root(self.argument(text), at=token.at)
        if text in (r"\sum", r"\prod") or (
            text in (r"\max", r"\min") and self.peek() in ("_", "^")
        ):
            return self.big()
        if text in FUNCTIONS:
            return self.function()
        if text == r"\begin{cases}":
            return self.cases()
        if self._names_something():
            return self.symbol()
        if text in ("+", "-"):
            self.fail(
                f"{text} stands where a factor should: write parentheses around what it is for"
            )
        if text in ("_", "^"):
            self.fail(f"{text} has nothing to stand on: write its base")
        if (
            text == "="
            or text in RELATIONS
            or text in (")", "]", "}", r"\}", "&", r"\\", r"\right")
        ):
            self.fail(f"Something is missing before {text}")
        self.unknown()

    def braced(self) -> Tree:
        """Braces do not show, so they may hold one symbol or number only."""
        opened = self.next()
        if self.text == "}":
            self.fail("Empty braces: leave them out", opened.at)
        body = self.expression()
        self.expect("}", opened)
        if not isinstance(body, Symbol | Number):
            self.fail("Braces do not show on the page: write parentheses", opened.at)
        return body

    def argument(self, macro: str) -> Tree:
        """The argument of a macro: braces, or one token."""
        token = self.unspaced("argument")
        if token.text == "{":
            self.deeper(token.at)
            self.next()
            self.inside.append("")
            if self.text == "}":
                self.fail(f"An argument of {macro} is empty", token.at)
            body = self.expression()
            self.expect("}", token)
            self.inside.pop()
            self.depth -= 1
            return body
        if token.kind == "number":  # TeX takes one digit and leaves the rest
            digit, rest = token.text[0], token.text[1:]
            if rest.startswith("."):
                self.fail(f"TeX takes the first digit only: put {token.text} into braces")
            if rest:
                self.tokens[self.place] = Token("number", rest, token.at + 1, token.after)
            else:
                self.next()
            return Number(digit, at=token.at)
        if token.kind == "letter" or token.text in GREEK or token.text in PLAIN_SYMBOLS:
            return self.symbol()
        self.fail(f"{macro} needs its arguments in braces")

    def delimited(self) -> Tree:
        """A group or bars: visible delimiters, whatever their size, with items between."""
        first = self.token
        size = self.next().text if first.text in SIZES else ""
        if size and SIZES[size] == "":
            self.fail(f"{size} closes nothing: open its partner", first.at)
        opened = self.token
        if opened.text not in _CLOSING:
            self.fail(f"{opened.text} is not understood behind {size}: use parentheses or bars")
        self.next()
        closing = _CLOSING[opened.text]
        self.deeper(first.at)
        self.inside.append(opened.text if not size or size != r"\left" else "")
        if self.text == closing and opened.text not in ("|", r"\|"):
            self.fail(f"Nothing stands between {opened.text} and {closing}", opened.at)
        items = [self.expression()]
        while self.text == "," and opened.text not in _BARS:
            self.next()
            items.append(self.expression())
        if size:
            if self.text != SIZES[size]:
                self.fail(f"{size}{opened.text} is not closed by {SIZES[size]}{closing}", first.at)
            self.next()
        self.expect(closing, opened)
        self.inside.pop()
        self.depth -= 1
        written = f"{size}{opened.text}", f"{SIZES[size] if size else ''}{closing}"
        if opened.text in _BARS:
            double = opened.text in (r"\lVert", r"\|")
            return Bars(items[0], *written, double, at=first.at)
        return Group(tuple(items), *written, at=first.at)

    def symbol(self) -> Symbol:
        """A letter, a Greek letter, or a word, under accents and fonts."""
        token = self.next()
        if token.text not in FONTS and token.text not in ACCENTS and token.text not in TEXT:
            return Symbol(token.text, at=token.at)
        self.deeper(token.at)
        self.unspaced("argument")
        if self.text != "{":
            if self.token.kind == "letter" or self.text in GREEK or (self.text in ("0", "1")):
                inner = Symbol(self.next().text, at=token.at)
            else:
                self.fail(f"{token.text} needs its argument in braces")
        else:
            opened = self.next()
            if self.text in FONTS | ACCENTS | TEXT | GREEK | PLAIN_SYMBOLS:
                inner = self.symbol()
            else:
                inner = self.word(opened)
            self.expect("}", opened)
        self.depth -= 1
        return Symbol(inner.base, (token.text, *inner.styles), at=token.at)

    def word(self, opened: Token) -> Symbol:
        while self.token.kind in ("letter", "number") or self.text == "-":
            self.next()
        if self.token.kind == "end":
            self.expect("}", opened)
        word = self.source[opened.after : self.token.at].strip()
        if not _WORD.fullmatch(word):
            self.fail("One name is expected in these braces: letters, then digits", opened.at)
        return Symbol(word, at=opened.at)

    # ---------------------------------------------------------------- functions and big operators

    def function(self) -> Tree:
        """A function macro. Without parentheses its argument is one factor, its term's last."""
        macro = self.next()
        sup: Tree | None = None
        if self.text == "^":
            if macro.text not in POWERED:
                self.fail(f"{macro.text}^: the power of what? Write ({macro.text} ..)^..")
            self.mark()
            sup = self.superscript()
            if not isinstance(sup, Number):
                self.fail(
                    f"{macro.text}^-1: inverse or reciprocal? Write 1/{macro.text}(..)", sup.at
                )
        if self.text == "_":
            self.fail(f"{macro.text} takes no subscript here")
        if self.text == "'":
            self.fail(f"A prime behind {macro.text} is not understood: write \\frac{{d}}{{dx}}")
        parenthesised = self.text in ("(", "[", r"\{") or self.text in SIZES
        if not parenthesised and not self.starts():
            self.fail(f"{macro.text} has no argument: write {macro.text}(..)")
        argument = self.delimited() if parenthesised else self.applied()
        if parenthesised and self.text in ("^", "_", "'"):
            self.fail(
                f"Does {self.text} belong to {macro.text}(..) or to what is in the parentheses?"
            )
        if not parenthesised and (self.starts() or self.text == "/" or self.text in PRODUCT_SIGNS):
            self.fail(f"Where does the argument of {macro.text} end? Write {macro.text}(..)")
        return Function(macro.text, sup, argument, at=macro.at)

    def applied(self) -> Tree:
        r"""A factor, or a name with parentheses: the argument of \log in `\log \sigma(z)`."""
        at = self.token.at
        head = self.factor()
        named = head.base if isinstance(head, Script) and head.sup is None else head
        if isinstance(named, Symbol) and (self.text == "(" or self.text in SIZES) and self.starts():
            return Product((head, self.factor()), ("",), at=at)
        return head

    def big(self) -> Tree:
        macro = self.next()
        lower: Tree | None = None
        upper: Tree | None = None
        while self.text in ("_", "^"):
            mark = self.mark()
            if mark.text == "_" and lower is None:
                lower = self.bounds()
            elif mark.text == "^" and upper is None:
                upper = self.superscript()
            else:
                self.fail(f"A second {mark.text} on {macro.text}", mark.at)
        if lower is None:
            self.fail(f"{macro.text} needs its index below: {macro.text}_j", macro.at)
        if not self.starts():
            self.fail(f"{macro.text} of what? Write parentheses around a sign and what follows it")
        return Big(macro.text, lower, upper, self.term(), at=macro.at)

    def bounds(self) -> Tree:
        opened = self.token
        if opened.text != "{":
            return Indices((self.index_atom(braced=False),), (), at=opened.at)
        self.next()
        items, commas = [self.index_atom(braced=True)], []
        while self.text != "}":
            if self.token.kind == "end":
                self.expect("}", opened)
            if self.text in CONDITION_SIGNS:
                if len(items) > 1:
                    self.fail("One index with a condition at a time: write a sum for each")
                sign = self.next().text
                right = self.expression()
                self.expect("}", opened)
                return Relation(items[0], sign, right, at=opened.at)
            if self.text in RELATIONS or self.text == r"\in":
                self.fail(
                    f"{self.text} is not understood below a sum: use =, \\neq, <, \\leq, > or \\geq"
                )
            commas.append(self.next().text if self.text == "," else "")
            items.append(self.index_atom(braced=True))
        self.next()
        return Indices(tuple(items), tuple(commas), at=opened.at)

    def cases(self) -> Tree:
        opened = self.next()
        self.deeper(opened.at)
        self.inside.append("")
        rows: list[Case] = []
        while True:
            rows.append(self.case())
            if self.text != r"\\":
                break
            self.new_row()
            if self.text == r"\end{cases}":
                break
        self.expect(r"\end{cases}", opened)
        self.inside.pop()
        self.depth -= 1
        return Cases(tuple(rows), at=opened.at)

    def case(self) -> Case:
        at = self.token.at
        value = self.expression()
        ampersand = self.next()
        if ampersand.text != "&":
            self.fail("A case is written value & condition", ampersand.at)
        word = macro = ""
        if self.text in TEXT:
            macro, word = self.text, self.symbol().base
        condition: Tree | None = None
        if self.token.kind != "end" and self.text not in (r"\\", r"\end{cases}", ".", ",", ";"):
            left = self.expression()
            if self.text not in CONDITION_SIGNS:
                self.fail("A condition is written left = right, or with \\neq, <, \\leq, >, \\geq")
            sign = self.next().text
            condition = Relation(left, sign, self.expression(), at=left.at)
        end = self.next().text if self.text in (".", ",", ";") else ""
        if condition is None and word not in ("otherwise", "else"):
            self.fail("This row has no condition: write \\text{otherwise}, or i = j", at)
        if condition is not None and word not in ("", "if", "for", "when"):
            self.fail(
                f"The word {word} is not understood before a condition: write \\text{{if }}", at
            )
        return Case(value, word, macro, condition, end, at=at)


def _product(factors: list[Tree], joins: list[str], at: int) -> Tree:
    return factors[0] if len(factors) == 1 else Product(tuple(factors), tuple(joins), at=at)
