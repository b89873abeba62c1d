r"""Subscripts, superscripts and primes."""

from __future__ import annotations

from edf.equations.diagnostics import Why
from edf.equations.latex.grammar import Grammar
from edf.equations.latex.syntax import (
    Indices,
    Number,
    Script,
    Sum,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    ACCENTS,
    DOTS,
    FONTS,
    GREEK,
    NAMING,
    SIGNS_AS_NAMES,
    SYMBOLS,
    TEXT,
)


class ScriptParser(Grammar):
    """Reads what stands below and above a base."""

    def scripts(self, base: Tree, at: int) -> Tree:
        sub: Tree | None = None
        sup: Tree | None = None
        primes = 0
        while self.text in ("_", "^", "'"):
            mark = self.script_sign()
            if mark.text == "'":
                if sup is not None:
                    self.fail(
                        Why.NOTATION, "A prime behind a superscript: write it before", mark.at
                    )
                primes += 1
            elif mark.text == "_":
                if sub is not None:
                    self.fail(
                        Why.NOTATION, "A second subscript on one base: put both into one", mark.at
                    )
                sub = self.indices()
            elif (more := self.primes()) and sup is None:
                primes += more
            else:
                if sup is not None:
                    self.fail(
                        Why.NOTATION, "A second superscript on one base: write parentheses", mark.at
                    )
                sup = self.superscript()
        if sub is None and sup is None and not primes:
            return base
        return Script(base, sub, sup, primes, at=at)

    def script_sign(self) -> Token:
        """Take the sign of a superscript, a subscript or a prime."""
        if self.token.spaced:
            self.fail(
                Why.AMBIGUOUS, f"TeX sets this {self.text} on the space before it: leave that out"
            )
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
            if len(inner) == 1 and inner[0].text in SIGNS_AS_NAMES:
                body: Tree = Symbol(self.next().text, at=inner[0].at)
            elif not inner and close is not None:
                self.fail(Why.UNFINISHED, "Empty braces: leave them out", token.at)
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
                self.fail(
                    Why.AMBIGUOUS, f"TeX raises the first digit only: write ^{{{token.text}}}"
                )
            self.next()
            return Number(token.text, at=token.at)
        if token.text in SIGNS_AS_NAMES:
            behind = self.tokens[self.place + 1]
            if (
                token.text in ("+", "-")
                and behind.at == token.after
                and (behind.kind in ("letter", "number"))
            ):
                self.fail(
                    Why.AMBIGUOUS,
                    f"TeX raises only {token.text} here: put the whole superscript into braces",
                )
            self.next()
            return Symbol(token.text, at=token.at)
        if token.kind == "letter" or token.text in SYMBOLS | FONTS | TEXT | ACCENTS:
            return self.unbraced()
        if token.kind == "end":
            self.fail(Why.UNFINISHED, "The formula ends where a superscript should stand")
        self.fail(
            Why.AMBIGUOUS,
            f"TeX raises only {token.text} here: put the whole superscript into braces",
        )

    def unbraced(self) -> Tree:
        """A symbol as a script without braces."""
        if self.text == r"\operatorname":
            self.fail(Why.NOTATION, "Put the whole script into braces")
        return self.symbol()

    def indices(self) -> Tree:
        opened = self.unspaced("subscript")
        if opened.text != "{":
            if opened.text in SIGNS_AS_NAMES:
                self.next()
                return Indices((Symbol(opened.text, at=opened.at),), (), at=opened.at)
            return Indices((self.index_atom(braced=False),), (), at=opened.at)
        close = self.closing_brace(self.place)
        if close is None:
            self.fail(Why.UNFINISHED, "{ is opened here and never closed: add }", opened.at)
        inner = self.tokens[self.place + 1 : close]
        self.next()
        if not inner:
            self.fail(Why.UNFINISHED, "Empty braces: leave them out", opened.at)
        if len(inner) == 1 and inner[0].text in SIGNS_AS_NAMES:
            sign = self.next()
            self.next()
            return Indices((Symbol(sign.text, at=sign.at),), (), at=opened.at)
        if len(inner) == 2 and all(token.text in ("*", r"\ast", r"\star") for token in inner):
            self.next(), self.next(), self.next()  # k_{**}, of two new points
            shown = " ".join(token.text for token in inner)
            return Indices((Symbol("**", shown=shown, at=inner[0].at),), (), at=opened.at)
        texts = [token.text for token in inner]
        colons = [text == ":" for text in texts]
        named = any(token.kind == "letter" or token.text in GREEK for token in inner)
        row = len(inner) == 2 and sum(colons) == 1 and named  # X_{i:}
        if len(inner) > 1 and not row and any(colons) and "," not in texts:
            self.fail(
                Why.NOTATION,
                f"{''.join(texts)} might be a row, a column or a part as Python slices it: write "
                "X_{i,:} with a comma, or bind the part to a name",
                opened.at,
            )
        if row or all(self._is_plain_index(token) for token in inner):
            items, commas = [self.index_item()], []
            while self.text != "}":
                commas.append(self.next().text if self.text == "," else "")
                if self.token.kind == "number" and not commas[-1] and isinstance(items[-1], Number):
                    self.fail(Why.AMBIGUOUS, "Two numbers read as one: write a comma between")
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
            or token.text in ("+", "-", ",", "{", "}", "_", r"\cdot")
            or token.text in SYMBOLS - DOTS
            or token.text in NAMING
            or token.text in (r"\max", r"\min")
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
                self.fail(
                    Why.AMBIGUOUS, f"TeX lowers the first digit only: write _{{{token.text}}}"
                )
            self.next()
            return Number(token.text, at=token.at)
        if braced and token.text == "{":
            return self.primary()
        if braced and token.text in (r"\cdot", ":"):  # W_{j \cdot} and W_{j:}: all of them
            self.next()
            return Symbol(":", shown=token.text, at=token.at)
        if token.text in (r"\max", r"\min") and (not braced or self.peek() == "}"):
            self.next()  # \lambda_{\max}, a label
            return Symbol(token.text[1:], shown=token.text, at=token.at)
        if self.names_something():
            symbol = self.symbol() if braced else self.unbraced()
            if braced and self.text == "_":
                self.next()
                return Script(symbol, self.indices(), at=token.at)
            return symbol
        if token.kind == "end":
            self.fail(Why.UNFINISHED, "The formula ends where a subscript should stand")
        self.fail(Why.SHAPES, f"{token.text} is not understood in a subscript: write index letters")

    def names_something(self) -> bool:
        text = self.text
        return (
            self.token.kind in ("letter", "words") or text in SYMBOLS or text in NAMING
            or text in (r"\mathop", r"\operatorname*")
        )  # fmt: skip
