"""A place among the tokens of a formula, and what every part of the parser does with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from edf.equations.diagnostics import EquationError, Why
from edf.equations.latex.advice import of_closing, of_macro
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    CLOSING,
    DEFINITIONS,
    KNOWN_MACROS,
    PRODUCT_SIGNS,
    REFUSED,
    RELATIONS,
    TERM_SIGNS,
)

MAX_DEPTH = 40  # of parentheses, fractions, scripts and function arguments within each other


class Cursor:
    """Tokens with a place that moves forward, and the groups that are open there."""

    def __init__(self, source: str, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.place = 0
        self.depth = 0
        self.inside: list[str] = [""]  # the delimiters that are open at this level of grouping
        self.layout: list[Token] = []  # the environments of rows that are open
        self.boxes: list[int] = []  # braces that close a box around statements
        self.spliced: set[int] = set()  # closing braces that show nothing and hold nothing together

    @property
    def token(self) -> Token:
        while self.place in self.spliced:
            self.place += 1
        return self.tokens[self.place]

    @property
    def text(self) -> str:
        return self.token.text

    def peek(self, ahead: int = 1) -> str:
        assert self.token
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)].text

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.place += 1
        return token

    def fail(self, why: Why, message: str, at: int | None = None) -> NoReturn:
        raise EquationError(why, message, self.source, self.token.at if at is None else at)

    def expect(self, text: str, opened: Token) -> Token:
        if self.text != text:
            if opened.text == "|" and self.text == "||":
                self.fail(
                    Why.AMBIGUOUS,
                    "Which bars belong together? Write \\lvert and \\rvert",
                    opened.at,
                )
            self.not_closed(opened.text, text, opened.at)
        return self.next()

    def not_closed(self, opened: str, closing: str, at: int) -> NoReturn:
        """Say what stands in the place of a closing delimiter, or that nothing does."""
        message = of_closing(self.token, opened, closing)
        at_opening = self.token.kind == "end" or f"{opened} is" in message
        self.fail(Why.UNFINISHED, message, at if at_opening else None)

    def deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(
                Why.NOTATION,
                f"More than {MAX_DEPTH} levels within each other: name a part of it",
                at,
            )

    def skip_alignment(self) -> None:
        """Pass over ampersands, which show nothing in rows of a claim."""
        while self.text == "&" and len(self.inside) == 1:
            self.next()

    def closing_brace(self, start: int) -> int | None:
        """Return the place of the brace that closes the one at `start`."""
        if self.tokens[start].text != "{":
            return None
        level = 0
        for place in range(start, len(self.tokens)):
            if self.tokens[place].kind in ("sign", "macro"):
                level += {"{": 1, "}": -1}.get(self.tokens[place].text, 0)
            if level == 0:
                return place
        return None

    def raw_argument(self) -> str:
        """Return the LaTeX of an argument that is only shown."""
        close = self.closing_brace(self.place)
        if close is None:
            token = self.next()
            return f"{token.text}{{{token.inner}}}" if token.kind == "words" else token.text
        shown = raw(self.tokens[self.place + 1 : close])
        self.place = close + 1
        return shown

    def new_row(self) -> None:
        self.next()
        if self.text == "[":
            end = next((k for k in range(1, 6) if self.peek(k) == "]"), 0)
            inner = raw(self.tokens[self.place + 1 : self.place + end])
            if end and re.fullmatch(r"-? ?[0-9.]+ ?[a-z] ?[a-z]", inner):
                for _ in range(end + 1):
                    self.next()
                return
        if self.text in ("[", "*"):
            self.fail(
                Why.AMBIGUOUS,
                f"TeX reads {self.text} behind \\\\ as part of it: leave spacing between rows out, "
                "or begin the row with parentheses",
            )

    def row_relates(self) -> bool:
        """Whether a relation stands in the rest of this row, outside of all parentheses."""
        level = 0
        for token in self.tokens[self.place :]:
            level += token.text in ("(", "[", "{", r"\{") or token.text.startswith(r"\begin")
            level -= token.text in (")", "]", "}", r"\}") or token.text.startswith(r"\end")
            if level < 0 or token.kind == "end" or (level == 0 and token.text == r"\\"):
                return False
            if level == 0 and token.text in RELATIONS:
                return True
        return False

    def relation_ahead(self) -> str | None:
        """Return the relation that stands here, a decorated one included."""
        text = self.text
        if text in (r"\overset", r"\stackrel", r"\underset"):
            close = self.closing_brace(self.place + 1)
            if close is None:
                return None
            words = {token.text for token in self.tokens[close + 1 : close + 4]}
            found = words & RELATIONS
            return found.pop() if found else None
        if text == r"\not" and self.peek() in RELATIONS:
            return r"\neq"
        if (
            text in ("<", ">")
            and self.peek() == "="
            and self.tokens[self.place + 1].at == (self.token.after)
        ):
            return {"<": r"\leq", ">": r"\geq"}[text]
        if text == r"\parallel" and self.nothing_before():
            return None  # a norm begins
        return text if text in RELATIONS else None

    def nothing_before(self) -> bool:
        """Whether nothing stands before the current token that a sign could relate."""
        before = self.tokens[self.place - 1].text if self.place else "&"
        signs = RELATIONS | TERM_SIGNS | PRODUCT_SIGNS | CLOSING.keys()
        return before in signs or before in ("&", r"\\", ",", "{", "/")

    def relation(self) -> tuple[str, str]:
        """Read a relation; return it as written, and its meaning."""
        sign = self.relation_ahead()
        assert sign is not None
        text = self.next().text
        if text in (r"\overset", r"\stackrel", r"\underset"):
            above, below = self.raw_argument(), self.raw_argument()
            return f"{text}{{{above}}}{{{below}}}", "=" if sign in DEFINITIONS else sign
        if text == r"\not":
            return f"\\not {self.next().text}", sign
        if sign in (r"\leq", r"\geq") and text in ("<", ">"):
            return f"{text} {self.next().text}", sign
        if text == r"\xrightarrow":
            return f"{text}{{{self.raw_argument()}}}", sign
        return text, "=" if sign in DEFINITIONS else sign

    def unspaced(self, what: str) -> Token:
        """The current token, which TeX takes for a superscript, a subscript or an argument."""
        if self.token.spaced:
            self.fail(Why.AMBIGUOUS, f"TeX takes the space for the {what}: leave the space out")
        return self.token

    def stray(self) -> NoReturn:
        """Say why the current token cannot continue a formula that could end before it."""
        text = self.text
        if self.token.separated:
            self.fail(
                Why.UNFINISHED, "Spacing of a \\quad or more separates: it has no place in here"
            )
        if text in (")", "]", r"\}", "}", r"\right", r"\rVert", r"\rvert", r"\bigr", r"\Bigr"):
            self.fail(Why.UNFINISHED, f"{text} closes nothing: remove it, or open its partner")
        if text == "&":
            self.fail(
                Why.UNFINISHED, "& may stand beside an equality sign only: keep a member in one row"
            )
        if text.startswith(r"\end"):
            begin = text.replace(r"\end", r"\begin", 1)
            self.fail(
                Why.UNFINISHED,
                f"{text} ends nothing that began here: remove it, or write {begin} before",
            )
        if text in ("^", "_"):
            self.fail(
                Why.NOTATION, f"A second {text} on one base: write parentheses around the first"
            )
        self.unknown()

    def about_this(self) -> None:
        """Refuse what has a message of its own where a factor should stand."""
        if self.text in REFUSED:
            self.fail(Why.NOTATION, REFUSED[self.text])

    def unknown(self) -> NoReturn:
        text = self.text
        if self.token.kind == "end":
            self.fail(Why.UNFINISHED, "The formula ends here, and something is missing")
        if text == "$":
            self.fail(
                Why.UNFINISHED,
                "A dollar sign has no place here: the whole cell is display math already",
            )
        if text in REFUSED:
            self.fail(Why.NOTATION, REFUSED[text])
        if text.startswith(r"\begin"):
            name = environment_of(text)
            self.fail(
                Why.NOTATION,
                f"The environment {name} is not understood: use aligned, or one formula",
            )
        if text in KNOWN_MACROS or self.token.kind == "words":
            self.fail(
                Why.UNFINISHED,
                f"{text} has no place here: is something missing before it, or behind?",
            )
        if text.startswith("\\") and text[1:].isalpha():
            self.fail(Why.NOTATION, of_macro(text))
        self.fail(Why.NOTATION, f"{text} is not understood here: leave it out")


def environment_of(text: str) -> str | None:
    match = re.fullmatch(r"\\(?:begin|end)\{(.*)\}", text)
    return match[1] if match else None


def raw(tokens: Sequence[Token]) -> str:
    """Return tokens as LaTeX."""
    text = ""
    for k, token in enumerate(tokens):
        if k and token.separated:
            text += r" \quad "
        elif k and (token.blank or (tokens[k - 1].kind == "macro" and token.kind == "letter")):
            text += " "
        text += f"{token.text}{{{token.inner}}}" if token.kind == "words" else token.text
    return text
