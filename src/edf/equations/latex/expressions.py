r"""Tokens to the tree of an expression, as TeX groups them.

The grammar needs no names: whether `f(x)` is a call or a product is settled later, from what the
page binds. It reads each construct as it is typeset: `2^s(c)` is (2^s)(c), because TeX raises one
token, and spacing of a \quad separates what stands on its two sides. Where the typeset formula
leaves open what belongs together, as in `a/b c`, the answer is an error and not a convention. All
that formulas are made of is read here; whether it can be tested is decided by its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from edf.equations.latex.asides import is_aside
from edf.equations.latex.cursor import Cursor, environment_of
from edf.equations.latex.syntax import (
    Bars,
    Big,
    Case,
    Cases,
    Empty,
    Evaluated,
    Factorial,
    Fraction,
    Function,
    Grad,
    Group,
    Indices,
    Matrix,
    Number,
    Product,
    Relation,
    Root,
    Row,
    Script,
    Slash,
    Styled,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    ACCENTS,
    BIG,
    BINOMIALS,
    BRACES,
    CASES,
    DEFINITIONS,
    DOTS,
    FONTS,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    IMPLICATIONS,
    MATRICES,
    OTHER_SIGNS,
    OTHER_SYMBOLS,
    PLAIN_SYMBOLS,
    POWERED,
    PRODUCT_SIGNS,
    RELATIONS,
    SIZES,
    SWITCHES,
    TERM_SIGNS,
    TEXT,
)

_CLOSING = {"(": ")", "[": "]", r"\{": r"\}", r"\lVert": r"\rVert", r"\lvert": r"\rvert",
            "|": "|", r"\|": r"\|", "||": "||", r"\langle": r"\rangle", r"\lfloor": r"\rfloor",
            r"\lceil": r"\rceil"}  # fmt: skip
_CLOSERS = frozenset(_CLOSING.values()) - {"|", r"\|", "||"}
_BARS = frozenset([r"\lVert", r"\lvert", "|", r"\|", "||"])
_SEPARATORS = frozenset([",", ";", ":", "|", r"\mid", r"\|", "||", r"\parallel", r"\middle"])
_SIGNS_AS_NAMES = frozenset(["*", "+", "-", r"\ast", r"\star", r"\prime", r"\circ", r"\dagger",
                             r"\bullet", r"\perp", r"\cdot", ":"])  # fmt: skip
_HOW_TO_CONDITION = "A condition is written left = right, or with \\neq, <, \\leq, >, \\geq"
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 -]*|[01]")
_SYMBOLS = GREEK | PLAIN_SYMBOLS | OTHER_SYMBOLS
_NAMING = FONTS | ACCENTS | TEXT


class ExpressionParser(Cursor):
    """Reads expressions, statements with relations between them, and all that they are made of."""

    def statement(self) -> Tree:
        """Read an expression, or expressions with relations between."""
        at = self.token.at
        tree = self.expression()
        while (sign := self.relation_ahead()) is not None:
            self.relation()
            tree = Relation(tree, "=" if sign in DEFINITIONS else sign, self.expression(), at=at)
        return tree

    # ---------------------------------------------------------------------- sums and products

    def expression(self) -> Tree:
        at = self.token.at
        self.deeper(at)
        signs = [self.next().text if self.text in TERM_SIGNS else ""]
        self.skip_alignment()
        terms = [self.term()]
        while self.text in TERM_SIGNS or self.goes_on_aligned():
            if self.text in ("+", "-") and self.peek() == r"\\":
                break
            if self.begins_beside():
                break
            self.skip_alignment()
            signs.append(self.next().text)
            self.skip_alignment()
            terms.append(self.term())
        self.depth -= 1
        if len(terms) == 1 and not signs[0]:
            return terms[0]
        return Sum(tuple(terms), tuple(signs), at=at)

    def begins_beside(self) -> bool:
        """Whether a sign behind a gap begins a relation; between two gaps it does not."""
        token, behind = self.token, self.tokens[self.place + 1]
        if not token.separated or behind.separated or len(self.inside) > 1:
            return False
        if not self.row_relates():
            self.fail(
                f"Does {token.text} go on with what stands before the space, or begin anew? "
                "Leave the space out, or write a relation"
            )
        return True

    def goes_on_aligned(self) -> bool:
        """Whether a sum goes on behind an ampersand."""
        return self.text == "&" and len(self.inside) == 1 and self.peek() in TERM_SIGNS

    def term(self) -> Tree:
        at = self.token.at
        factors, joins = [self.factor()], []
        while True:
            if self.text in PRODUCT_SIGNS or self.text in OTHER_SIGNS:
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
            if isinstance(left, Group) or (isinstance(left, Script) and left.sup is not None):
                return  # (-1)^n 6^n
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
            if all(isinstance(part, Number) for part in parts) and right.macro not in BINOMIALS:
                self.fail("A mixed number, or a product? Write \\cdot between", right.at)

    def slash(self, top: Tree, at: int) -> Tree:
        self.next()
        start = self.token.at
        factors = [self.factor()]
        if factors[0] == Symbol(r"\partial") or (
            factors[0] == Symbol("d") and _is_differential(top)
        ):
            factors.append(self.factor())
        bottom = _product(factors, [""] * (len(factors) - 1), start)
        if self.starts() or self.text == "/" or self.text in PRODUCT_SIGNS:
            self.fail("What is below the slash? Write \\frac{..}{..}, or parentheses")
        return Slash(top, bottom, at=at)

    def starts(self) -> bool:
        """Whether the current token begins a further factor of a product."""
        token, text = self.token, self.text
        if token.separated:
            return False
        if token.kind in ("letter", "number") or text in ("(", "[", "{", r"\{"):
            return True
        if token.kind == "words":
            return not is_aside(self.tokens[self.place :], True)
        if text in (r"\lVert", r"\lvert", r"\langle", r"\lfloor", r"\lceil"):
            return True
        if text == "||" and self.inside[-1] == "|":
            return False
        if text in ("|", r"\|", "||"):
            return self.inside[-1] != text and not self.is_separator()
        if text in SIZES:
            return SIZES[text] != "" and self._opens(self.peek())
        if token.kind == "environment":
            name = environment_of(text)
            return text.startswith(r"\begin") and (name in CASES or name in MATRICES)
        return token.kind == "macro" and not (
            text in PRODUCT_SIGNS
            or text in OTHER_SIGNS
            or text in TERM_SIGNS
            or text in RELATIONS
            or text in IMPLICATIONS
            or text in _CLOSERS
            or text in (r"\\", r"\right", r"\mid", r"\over", r"\choose", r"\forall", r"\middle")
            or self.relation_ahead() is not None
        )

    def is_separator(self) -> bool:
        """Whether a bar stands between two items of parentheses, as in p(y | x)."""
        text = self.text
        if text not in ("|", r"\|", "||") or self.inside[-1] in ("", *_BARS):
            return False
        level, bars = 0, 0
        for token in self.tokens[self.place :]:
            level += token.text in ("(", "[", "{", r"\{") or token.text in (r"\left", r"\lvert")
            level -= token.text in (")", "]", "}", r"\}") or token.text in (r"\right", r"\rvert")
            if level < 0 or token.kind == "end":
                break
            bars += level == 0 and token.text == text
        return bars % 2 == 1

    def _opens(self, delimiter: str) -> bool:
        if delimiter in ("|", r"\|", "||") and self.text != r"\left":
            return self.inside[-1] != delimiter
        return delimiter in _CLOSING or (self.text == r"\left" and delimiter == ".")

    # -------------------------------------------------------------- factors and their scripts

    def factor(self) -> Tree:
        at = self.token.at
        self.deeper(at)
        base = self.scripts(self.primary(), at)
        if self.text == "." and self.peek() in TEXT and self.tokens[self.place + 1].inner in (
            "grad", "",
        ) and (self.tokens[self.place + 1].inner or self.peek(2) == "{"):  # fmt: skip
            base = self.scripts(self.grad(base, at), at)
        while self.text == "!":
            self.next()
            base = Factorial(base, at=at)
            if self.text == "^":
                base = self.scripts(base, at)
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
            mark = self.script_sign()
            if mark.text == "'":
                if sup is not None:
                    self.fail("A prime behind a superscript: write it before", mark.at)
                primes += 1
            elif mark.text == "_":
                if sub is not None:
                    self.fail("A second subscript on one base: put both into one", mark.at)
                sub = self.indices()
            elif (more := self.primes()) and sup is None:
                primes += more
            else:
                if sup is not None:
                    self.fail("A second superscript on one base: write parentheses", mark.at)
                sup = self.superscript()
        if sub is None and sup is None and not primes:
            return base
        return Script(base, sub, sup, primes, at=at)

    def script_sign(self) -> Token:
        """Take the sign of a superscript, a subscript or a prime."""
        if self.token.spaced:
            self.fail(f"TeX sets this {self.text} on the space before it: leave that out")
        return self.next()

    def primes(self) -> int:
        r"""Read a superscript of nothing but primes, ^{\prime} or ^{''}, and count them."""
        if self.text == r"\prime":
            self.next()
            return 1
        close = self.closing_brace(self.place)
        if close is None or close == self.place + 1:
            return 0
        inner = self.tokens[self.place + 1 : close]
        if not all(token.text in ("'", r"\prime") for token in inner):
            return 0
        self.place = close + 1
        return len(inner)

    def superscript(self) -> Tree:
        token = self.unspaced("superscript")
        if token.text == "{":
            close = self.closing_brace(self.place)
            inner = [] if close is None else self.tokens[self.place + 1 : close]
            self.next()
            if len(inner) == 1 and inner[0].text in _SIGNS_AS_NAMES:
                body: Tree = Symbol(self.next().text, at=inner[0].at)
            elif not inner and close is not None:
                self.fail("Empty braces: leave them out", token.at)
            else:
                self.inside.append("{")
                body = self.statement()
                if self.text in (",", ";"):
                    items, commas = [body], []
                    while self.text in (",", ";"):
                        commas.append(self.next().text)
                        items.append(self.statement())
                    body = Indices(tuple(items), tuple(commas), at=token.at)
                self.inside.pop()
            self.expect("}", token)
            return body
        if token.kind == "number":
            if len(token.text) > 1:
                self.fail(f"TeX raises the first digit only: write ^{{{token.text}}}")
            self.next()
            return Number(token.text, at=token.at)
        if token.text in _SIGNS_AS_NAMES:
            behind = self.tokens[self.place + 1]
            if (
                token.text in ("+", "-")
                and behind.at == token.after
                and (behind.kind in ("letter", "number"))
            ):
                self.fail(
                    f"TeX raises only {token.text} here: put the whole superscript into braces"
                )
            self.next()
            return Symbol(token.text, at=token.at)
        if token.kind == "letter" or token.text in _SYMBOLS | FONTS | TEXT | ACCENTS:
            return self.unbraced()
        if token.kind == "end":
            self.fail("The formula ends where a superscript should stand")
        self.fail(f"TeX raises only {token.text} here: put the whole superscript into braces")

    def unbraced(self) -> Tree:
        """A symbol as a script without braces."""
        if self.text == r"\operatorname":
            self.fail("Put the whole script into braces")
        return self.symbol()

    def indices(self) -> Tree:
        opened = self.unspaced("subscript")
        if opened.text != "{":
            if opened.text in _SIGNS_AS_NAMES:
                self.next()
                return Indices((Symbol(opened.text, at=opened.at),), (), at=opened.at)
            return Indices((self.index_atom(braced=False),), (), at=opened.at)
        close = self.closing_brace(self.place)
        if close is None:
            self.fail("{ is opened here and never closed: add }", opened.at)
        inner = self.tokens[self.place + 1 : close]
        self.next()
        if not inner:
            self.fail("Empty braces: leave them out", opened.at)
        if len(inner) == 1 and inner[0].text in _SIGNS_AS_NAMES:
            sign = self.next()
            self.next()
            return Indices((Symbol(sign.text, at=sign.at),), (), at=opened.at)
        if all(self._is_plain_index(token) for token in inner):
            items, commas = [self.index_item()], []
            while self.text != "}":
                commas.append(self.next().text if self.text == "," else "")
                if self.token.kind == "number" and not commas[-1] and isinstance(items[-1], Number):
                    self.fail("Two numbers read as one: write a comma between")
                items.append(self.index_item())
            self.next()
            return Indices(tuple(items), tuple(commas), at=opened.at)
        self.inside.append("{")
        items, commas = [self.index_statement()], []
        while self.text in (",", ";", ":", "|", r"\mid"):
            commas.append(self.next().text)
            items.append(self.index_statement())
        self.inside.pop()
        self.expect("}", opened)
        return Indices(tuple(items), tuple(commas), at=opened.at)

    def _is_plain_index(self, token: Token) -> bool:
        return (
            token.kind in ("letter", "number", "words")
            or token.text in ("+", "-", ",", "{", "}", "_")
            or token.text in _SYMBOLS - DOTS
            or token.text in _NAMING
        )

    def index_statement(self) -> Tree:
        if self.text in (":", r"\cdot") and self.peek() in ("}", ",", r"\cdot"):
            return Symbol(self.next().text, at=self.token.at)
        return self.statement()

    def index_item(self) -> Tree:
        """One index: a letter, a number or a word, or a sum of these."""
        at = self.token.at
        signs = [self.next().text if self.text in ("+", "-") else ""]
        items = [self.index_atom(braced=True)]
        while self.text in ("+", "-"):
            signs.append(self.next().text)
            items.append(self.index_atom(braced=True))
        if len(items) == 1 and not signs[0]:
            return items[0]
        return Sum(tuple(items), tuple(signs), at=at)

    def index_atom(self, braced: bool) -> Tree:
        token = self.token
        if token.kind == "number":
            if not braced and len(token.text) > 1:
                self.fail(f"TeX lowers the first digit only: write _{{{token.text}}}")
            self.next()
            return Number(token.text, at=token.at)
        if braced and token.text == "{":
            return self.primary()
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
            self.token.kind in ("letter", "words") or text in _SYMBOLS or text in _NAMING
            or text in (r"\mathop", r"\operatorname*")
        )  # fmt: skip

    # ----------------------------------------------------------------------- what a factor is

    def primary(self) -> Tree:
        token = self.token
        text = token.text
        if token.kind == "number":
            self.next()
            return Number(text, at=token.at)
        if text in _CLOSING or text in SIZES:
            return self.delimited()
        if text == "{":
            return self.braced()
        if text in FRACTIONS:
            self.next()
            top, bottom = self.argument(text), self.argument(text)
            return Fraction(top, bottom, text, at=token.at)
        if text == r"\sqrt":
            return self.root()
        if text == r"\operatorname" and self.peek() == "*":
            return self.named_big()
        if text in (r"\mathop", r"\operatornamewithlimits"):
            return self.named_big()
        if text in (r"\overset", r"\underset", r"\stackrel"):
            return self.stacked()
        if text in BRACES or text == r"\boxed":
            return self.decorated()
        if text in BIG and not (text in FUNCTIONS and self.peek() not in ("_", "^")):
            return self.big(self.next().text, token.at)
        if text == r"\arg" and self.peek() in (r"\min", r"\max"):
            self.next()
            return self.big(f"\\arg{self.next().text}", token.at)
        if text in FUNCTIONS:
            return self.function()
        if token.kind == "environment":
            name = environment_of(text)
            if text.startswith(r"\begin") and name in CASES:
                return self.cases()
            if text.startswith(r"\begin") and name in MATRICES:
                return self.matrix()
        if text in SWITCHES:
            self.next()
            switched = self.factor()
            return _switched(switched, SWITCHES[text])
        if self._names_something():
            return self.symbol()
        if text in TERM_SIGNS:
            self.fail(
                f"{text} stands where a factor should: write parentheses around what it is for"
            )
        if text in ("_", "^"):
            self.fail(f"{text} has nothing to stand on: write its base")
        if (
            text in RELATIONS
            or text in _CLOSERS
            or text in ("}", "&", r"\\", r"\right", ",", ";", ".", ":")
            or text.startswith(r"\end")
        ):
            self.fail(f"Something is missing before {text}")
        self.unknown()

    def root(self) -> Tree:
        token = self.next()
        degree: Tree | None = None
        if self.text == "[":
            opened = self.next()
            degree = self.expression()
            self.expect("]", opened)
        return Root(self.argument(r"\sqrt"), degree, at=token.at)

    def braced(self) -> Tree:
        """Braces show nothing: what is in them reads as if they were not there.

        They hold nothing together either: a script behind them can have one symbol for base only.
        """
        opened = self.token
        close = self.closing_brace(self.place)
        if close is None:
            self.next()
            self.fail("{ is opened here and never closed: add }", opened.at)
        inner = self.tokens[self.place + 1 : close]
        if not inner:
            self.fail("Empty braces: leave them out", opened.at)
        level = 0
        for token in inner:
            level += {"{": 1, "}": -1}.get(token.text, 0)
            if level == 0 and token.text in (r"\over", r"\choose"):
                return self.over(opened, token)
        if self.tokens[close + 1].text not in ("^", "_", "'") or self.tokens[close + 1].spaced:
            self.next()
            self.spliced.add(close)
            self.deeper(opened.at)
            body = self.primary()
            self.depth -= 1
            return body
        self.next()
        body = self.expression()
        self.expect("}", opened)
        if not isinstance(body, Symbol | Number | Group | Bars | Fraction | Styled | Root):
            self.fail("Braces do not show on the page: write parentheses", opened.at)
        return body

    def over(self, opened: Token, sign: Token) -> Tree:
        r"""{top \over bottom}"""
        self.next()
        top = self.expression()
        self.expect(sign.text, opened)
        bottom = self.expression()
        self.expect("}", opened)
        return Fraction(top, bottom, sign.text, at=opened.at)

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
        if token.kind == "letter" or token.text in _SYMBOLS or token.text in FONTS | ACCENTS:
            return self.symbol()
        self.fail(f"{macro} needs its arguments in braces")

    def delimited(self) -> Tree:
        """A group or bars: visible delimiters, whatever their size, with items between."""
        first = self.token
        size = self.next().text if first.text in SIZES else ""
        if size and SIZES[size] == "":
            self.fail(f"{size} closes nothing: open its partner", first.at)
        opened = self.token
        if size == r"\left" and opened.text == ".":
            return self.evaluated(first)
        if opened.text not in _CLOSING:
            self.fail(f"{opened.text} is not understood behind {size}: use parentheses or bars")
        self.next()
        closing = _CLOSING[opened.text]
        self.deeper(first.at)
        bars = opened.text in _BARS
        self.inside.append("" if size == r"\left" and bars else opened.text)
        if self.text == closing and not (bars and opened.text in ("|", r"\|", "||")):
            self.fail(f"Nothing stands between {opened.text} and {closing}", opened.at)
        items, commas = [self.statement()], []
        while (
            not bars
            and (self.text in _SEPARATORS)
            and (self.text not in ("|", r"\|", "||") or self.is_separator())
        ):
            separator = self.next().text
            if separator == r"\middle":
                separator += self.next().text
            if self.text == closing and separator == ",":
                break
            commas.append(separator)
            items.append(self.statement())
        if size:
            if self.text != SIZES[size]:
                if self.token.separated:
                    self.fail("Spacing of a \\quad or more separates: it has no place in here")
                self.fail(f"{size}{opened.text} is not closed by {SIZES[size]}{closing}", first.at)
            self.next()
        if len(items) == 2 and self.text in (")", "]") and opened.text in ("(", "["):
            closing = self.text  # an interval
        self.expect(closing, opened)
        self.inside.pop()
        self.depth -= 1
        written = f"{size}{opened.text}", f"{SIZES[size] if size else ''}{closing}"
        if bars:
            return Bars(items[0], *written, opened.text in (r"\lVert", r"\|", "||"), at=first.at)
        shown = () if set(commas) <= {","} else tuple(commas)
        return Group(tuple(items), *written, shown, at=first.at)

    def evaluated(self, first: Token) -> Tree:
        r"""\left. body \right|_{x = a}"""
        self.next()
        self.deeper(first.at)
        self.inside.append("")
        body = self.expression()
        if self.text != r"\right":
            self.fail(r"\left. is not closed by \right|", first.at)
        self.next()
        bar = self.next().text
        self.inside.pop()
        self.depth -= 1
        if bar not in ("|", "]", ")"):
            self.fail(r"\left. is not closed by \right|", first.at)
        if self.text != "_":
            self.fail(r"At which point? Write \right|_{x = a}")
        self.next()
        return Evaluated(body, self.indices(), bar, at=first.at)

    def symbol(self) -> Tree:
        """A letter, a Greek letter, or a word, under accents and fonts."""
        token = self.next()
        if token.kind == "words":
            return Symbol(token.inner.strip(), (token.text,), at=token.at)
        if token.text not in _NAMING:
            return Symbol(token.text, at=token.at)
        self.deeper(token.at)
        self.unspaced("argument")
        inner: Tree
        if self.text != "{":
            if self.token.kind == "letter" or self.text in _SYMBOLS or self.text in ("0", "1"):
                inner = Symbol(self.next().text, at=token.at)
            elif self.text in FONTS | ACCENTS:
                inner = self.symbol()
            else:
                self.fail(f"{token.text} needs its argument in braces")
        else:
            close = self.closing_brace(self.place)
            opened = self.token
            content = [] if close is None else self.tokens[self.place + 1 : close]
            if close is not None and not content:
                self.fail("Empty braces: leave them out", opened.at)
            if self._is_word(content):
                self.place += 1 + len(content)
                inner = Symbol(_word(content), at=token.at)
            else:
                self.next()
                inner = self.expression()
            self.expect("}", opened)
        self.depth -= 1
        if isinstance(inner, Symbol):
            return Symbol(inner.base, (token.text, *inner.styles), at=token.at)
        return Styled(token.text, inner, at=token.at)

    def _is_word(self, content: Sequence[Token]) -> bool:
        return bool(content) and all(
            token.kind in ("letter", "number") or token.text == "-" for token in content
        ) and bool(_WORD.fullmatch(_word(content)))  # fmt: skip

    def named_big(self) -> Tree:
        r"""\operatorname*{argmin}_x, \mathop{\mathrm{argmin}}_x"""
        token = self.next()
        star = "*" if self.text == "*" else ""
        if star:
            self.next()
        return self.big(f"{token.text}{star}{{{self.raw_argument()}}}", token.at)

    def stacked(self) -> Tree:
        r"""\underset{x}{\arg\min} f, \overset{*}{x}"""
        token = self.next()
        note, body = self.raw_argument(), self.raw_argument()
        written = f"{token.text}{{{note}}}{{{body}}}"
        if re.search(r"min|max|sup|inf|lim", body) and self.starts():
            return self.big(written, token.at)
        return Symbol(written, at=token.at)

    def decorated(self) -> Tree:
        r"""\underbrace{body}_{note}, \boxed{body}"""
        macro = self.next()
        body = self.argument(macro.text)
        note: Tree | None = None
        if macro.text in BRACES and self.text in ("_", "^"):
            sign = self.next().text
            note = Symbol(f"{sign}{{{self.raw_argument()}}}")
        return Styled(macro.text, body, note, at=macro.at)

    # ------------------------------------------- functions, big operators, cases and matrices

    def function(self) -> Tree:
        """A function macro; its argument is in parentheses, or a factor, or a number times one."""
        macro = self.next()
        sup: Tree | None = None
        sub: Tree | None = None
        while self.text in ("^", "_", "'"):
            if self.text == "_":
                if macro.text not in (r"\log",):
                    self.fail(f"{macro.text} takes no subscript here")
                self.script_sign()
                sub = self.indices()
            elif self.text == "'" or sup is not None:
                self.fail(f"A prime behind {macro.text} is not understood: write \\frac{{d}}{{dx}}")
            else:
                if macro.text not in POWERED:
                    self.fail(f"{macro.text}^: the power of what? Write ({macro.text} ..)^..")
                self.script_sign()
                sup = self.superscript()
        if self.text == "{" and (argument := self.in_braces(macro)) is not None:
            return Function(macro.text, sup, argument, sub, at=macro.at)
        parenthesised = self.text in ("(", "[", r"\{") or (
            self.text in SIZES and self.peek() in ("(", "[", r"\{")
        )
        if not parenthesised and not self.starts():
            self.fail(f"{macro.text} has no argument: write {macro.text}(..)")
        argument = self.delimited() if parenthesised else self.applied()
        if parenthesised and self.text == "^" and macro.text not in POWERED and sup is None:
            return self.scripts(Function(macro.text, sup, argument, sub, at=macro.at), macro.at)
        if parenthesised and self.text in ("^", "_", "'") and not self.token.spaced:
            self.fail(
                f"Does {self.text} belong to {macro.text}(..) or to what is in the parentheses?"
            )
        if not parenthesised and not self.argument_ends():
            self.fail(f"Where does the argument of {macro.text} end? Write {macro.text}(..)")
        return Function(macro.text, sup, argument, sub, at=macro.at)

    def in_braces(self, macro: Token) -> Tree | None:
        """Read an argument in braces, which do not show: no sum, and no script behind."""
        close = self.closing_brace(self.place)
        if close is None or self.tokens[close + 1].text in ("^", "_", "'", "!"):
            return None
        opened = self.next()
        if self.text == "}":
            self.fail("Empty braces: leave them out", opened.at)
        argument = self.expression()
        self.expect("}", opened)
        if isinstance(argument, Sum):
            self.fail(f"Braces do not show on the page: write {macro.text}(..)", opened.at)
        return argument

    def argument_ends(self) -> bool:
        """Whether what follows cannot be taken for a part of the argument before."""
        if self.text in FUNCTIONS:
            return True
        return not (self.starts() or self.text == "/" or self.text in PRODUCT_SIGNS)

    def applied(self) -> Tree:
        r"""A factor, a name with parentheses, or a number times one of these: what \log acts on."""
        at = self.token.at
        factors = [self.factor()]
        while self._multiplies(factors[-1]) and self.starts() and self.text not in FUNCTIONS:
            factors.append(self.factor())
            self._check_beside(factors[-2], factors[-1])
        head = factors[-1]
        named = head.base if isinstance(head, Script) and head.sup is None else head
        if isinstance(named, Symbol) and (self.text == "(" or self.text in SIZES) and self.starts():
            factors.append(self.factor())
        return _product(factors, [""] * (len(factors) - 1), at)

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
                self.fail(f"A second {mark.text} on {macro}", mark.at)
        self.skip_alignment()
        sign = self.next().text if self.text in ("+", "-") else ""
        if not self.starts():
            self.fail(f"{macro} of what? Write parentheses around a sign and what follows it")
        body = self.term()
        if sign:
            body = Sum((body,), (sign,), at=body.at)
        return Big(macro, lower, upper, body, at=at)

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
            elif self._names_something():
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

    def cases(self) -> Tree:
        opened = self.next()
        name = environment_of(opened.text)
        self.deeper(opened.at)
        self.inside.append("&")
        rows: list[Case] = []
        end = rf"\end{{{name}}}"
        while True:
            rows.append(self.case(end))
            if self.text != r"\\":
                break
            self.new_row()
            if self.text == end:
                break
        self.expect(end, opened)
        self.inside.pop()
        self.depth -= 1
        return Cases(tuple(rows), name or "", at=opened.at)

    def case(self, end: str) -> Case:
        at = self.token.at
        value = self.expression()
        before = ""
        if self.text in (",", ";"):
            before = self.next().text
        separated = self.token.separated or self.token.kind == "words"
        if self.text != "&" and not separated:
            self.fail("A case is written value & condition")
        if self.text == "&":
            self.next()
        word = macro = ""
        if self.token.kind == "words":
            macro, word = self.text, self.next().inner.strip().rstrip(",:")
        elif self.text in TEXT:
            macro = self.text
            symbol = self.symbol()
            word = symbol.base if isinstance(symbol, Symbol) else "?"
        condition: Tree | None = None
        if self.token.kind != "end" and self.text not in (r"\\", end, ".", ",", ";"):
            condition = self.statement()
            while self.text in (",", r"\wedge") or self.token.kind == "words":
                if self.token.kind == "words" and self.token.inner.strip() != "and":
                    self.fail(
                        "A condition is written left = right, or with \\neq, <, \\leq, >, \\geq"
                    )
                if self.peek() in (r"\\", end):
                    break
                self.fail("One condition at a time: write a row for each")
            if not isinstance(condition, Relation):
                self.fail(_HOW_TO_CONDITION, self.token.at)
        ending = self.next().text if self.text in (".", ",", ";") else ""
        if condition is None and word not in ("otherwise", "else", "o.w.", "otherwise."):
            self.fail("This row has no condition: write \\text{otherwise}, or i = j", at)
        if condition is not None and word not in ("", "if", "for", "when", "where", "whenever"):
            self.fail(
                f"The word {word} is not understood before a condition: write \\text{{if }}", at
            )
        return Case(value, word, macro, condition, ending, before, at=at)

    def matrix(self) -> Tree:
        opened = self.next()
        name = environment_of(opened.text)
        assert name is not None
        columns = self.raw_argument() if name == "array" and self.text == "{" else ""
        self.deeper(opened.at)
        self.inside.append("&")
        end = rf"\end{{{name}}}"
        rows: list[Row] = []
        while self.text != end:
            at = self.token.at
            entries: list[Tree] = []
            while True:
                if self.text in ("&", r"\\", end):
                    entries.append(Empty(at=self.token.at))
                else:
                    entries.append(self.statement())
                if self.text != "&":
                    break
                self.next()
            rows.append(Row(tuple(entries), at=at))
            if self.text != r"\\":
                break
            self.new_row()
        self.expect(end, opened)
        self.inside.pop()
        self.depth -= 1
        return Matrix(name, tuple(rows), columns, at=opened.at)


def _word(tokens: Sequence[Token]) -> str:
    """Return tokens as one word, with a blank where the source has one."""
    return "".join(
        (" " if k and token.blank else "") + token.text for k, token in enumerate(tokens)
    )


def _product(factors: list[Tree], joins: list[str], at: int) -> Tree:
    return factors[0] if len(factors) == 1 else Product(tuple(factors), tuple(joins), at=at)


def _switched(tree: Tree, font: str) -> Tree:
    """Set the first symbol of a factor in a font, as {\\bf x} does."""
    if isinstance(tree, Symbol):
        return Symbol(tree.base, (font, *tree.styles), at=tree.at)
    if isinstance(tree, Script) and isinstance(tree.base, Symbol):
        return Script(_switched(tree.base, font), tree.sub, tree.sup, tree.primes, at=tree.at)
    return Styled(font, tree, at=tree.at)


def _is_differential(tree: Tree) -> bool:
    head = tree.factors[0] if isinstance(tree, Product) else tree
    head = head.base if isinstance(head, Script) else head
    return head == Symbol("d")
