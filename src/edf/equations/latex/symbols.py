r"""Letters and words, under accents and fonts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from edf.equations.diagnostics import Why
from edf.equations.latex.grammar import Grammar
from edf.equations.latex.syntax import (
    Big,
    Styled,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    ACCENTS,
    BRACES,
    FONTS,
    NAMING,
    SYMBOLS,
)

_ARG = r"(?:\\?arg(?:\\,|\\!)? ?)?"
_SIGN_ABOVE = re.compile(
    rf"\\(?:lim|sum|prod)|{_ARG}\\(?:max|min)"
    rf"|\\(?:text|textrm|mathrm|operatorname\*?) ?\{{ ?(?:{_ARG}\\?(?:max|min)|lim) ?\}}"
)
_SIGN = re.compile(r"(arg)?[^a-z]*(max|min|lim|sum|prod)[^a-z]*$")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9 -]*|[01]")


class SymbolParser(Grammar):
    """Reads names."""

    def symbol(self) -> Tree:
        """A letter, a Greek letter, or a word, under accents and fonts."""
        token = self.next()
        if token.kind == "words":
            return Symbol(token.inner.strip(), (token.text,), at=token.at)
        if token.text not in NAMING:
            return Symbol(token.text, at=token.at)
        self.deeper(token.at)
        self.unspaced("argument")
        inner: Tree
        if self.text != "{":
            if self.token.kind == "letter" or self.text in SYMBOLS or self.text in ("0", "1"):
                inner = Symbol(self.next().text, at=token.at)
            elif self.text in FONTS | ACCENTS:
                inner = self.symbol()
            else:
                self.fail(Why.UNFINISHED, f"{token.text} needs its argument in braces")
        else:
            close = self.closing_brace(self.place)
            opened = self.token
            content = [] if close is None else self.tokens[self.place + 1 : close]
            if close is not None and not content:
                self.fail(Why.UNFINISHED, "Empty braces: leave them out", opened.at)
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

    def stacked(self) -> Tree:
        r"""\underset{x}{\arg\min} f, \overset{*}{x}"""
        token = self.next()
        start = self.place
        note, body = self.raw_argument(), self.raw_argument()
        written = f"{token.text}{{{note}}}{{{body}}}"
        sign = _SIGN_ABOVE.fullmatch(body.strip())
        if sign and token.text == r"\underset" and self.tokens[start].text == "{":
            end, self.place = self.place, start
            lower = self.bounds()
            self.place = end
            word = _SIGN.search(body)
            assert word is not None
            found = self.big(f"\\{word[1] or ''}{word[2]}", token.at)
            if isinstance(found, Big) and found.lower is None and found.upper is None:
                return replace(found, lower=lower, shown=written)
            self.fail(Why.NOTATION, f"A second index on {body}", token.at)
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


def _word(tokens: Sequence[Token]) -> str:
    """Return tokens as one word, with a blank where the source has one."""
    return "".join(
        (" " if k and token.blank else "") + token.text for k, token in enumerate(tokens)
    )
