r"""What stands between visible delimiters: groups, bars, values at a point."""

from __future__ import annotations

from edf.equations.diagnostics import Why
from edf.equations.latex.grammar import Grammar
from edf.equations.latex.syntax import (
    Bars,
    Evaluated,
    Group,
    Symbol,
    Tree,
)
from edf.equations.latex.tokens import Token
from edf.equations.latex.vocabulary import (
    BARS,
    CLOSERS,
    CLOSING,
    DOUBLE_BARS,
    MIDDLES,
    SAME_BARS,
    SEPARATORS,
    SIZES,
)

_OPENING = (CLOSING.keys() - BARS) | {r"\lVert", r"\lvert", "{", r"\left"}


class DelimiterParser(Grammar):
    """Reads groups and bars, whatever their size."""

    def delimited(self) -> Tree:
        """A group or bars: visible delimiters, whatever their size, with items between."""
        first = self.token
        size = self.next().text if first.text in SIZES else ""
        if size and SIZES[size] == "":
            self.fail(Why.UNFINISHED, f"{size} closes nothing: open its partner", first.at)
        opened = self.token
        if size == r"\left" and opened.text == ".":
            return self.evaluated(first)
        if opened.text not in CLOSING:
            self.fail(
                Why.NOTATION,
                f"{opened.text} is not understood behind {size}: use parentheses or bars",
            )
        self.next()
        closing = CLOSING[opened.text]
        self.deeper(first.at)
        bars = opened.text in BARS
        self.inside.append("" if size == r"\left" and bars else opened.text)
        if self.text == closing and opened.text not in SAME_BARS:
            self.fail(
                Why.UNFINISHED, f"Nothing stands between {opened.text} and {closing}", opened.at
            )
        items, commas = [self.expression() if bars else self._item()], []
        while (
            not bars
            and (self.text in SEPARATORS or self.sized_separator())
            and (self.text not in ("|", r"\|", "||") or self.is_separator())
        ):
            separator = self.next().text
            if (
                separator in SIZES
                or separator in MIDDLES
                or (separator == r"\mid" and self.text == separator)
            ):
                separator += self.next().text
            if self.text == closing and separator == ",":
                break
            commas.append(separator)
            items.append(self._item())
        size_behind = ""
        free = size != r"\left" and not bars  # only \left and \right are a pair for TeX
        if (size and self.text == SIZES[size]) or (
            free and self.text in SIZES.keys() - {r"\left", r"\right"} and self.peek() == closing
        ):
            size_behind = self.next().text
        elif size and not (free and self.text == closing):
            self.not_closed(f"{size}{opened.text}", f"{SIZES[size]}{closing}", first.at)
        if len(items) == 2 and self.text in (")", "]") and opened.text in ("(", "["):
            closing = self.text  # an interval
        self.expect(closing, opened)
        self.inside.pop()
        self.depth -= 1
        written = f"{size}{opened.text}", f"{size_behind}{closing}"
        if bars:
            return Bars(items[0], *written, opened.text in DOUBLE_BARS, at=first.at)
        shown = () if set(commas) <= {","} else tuple(commas)
        return Group(tuple(items), *written, shown, at=first.at)

    def _item(self) -> Tree:
        r"""One of several things in parentheses; of \pi(\cdot \mid s), a dot for what is open."""
        if self.text == r"\cdot" and self.peek() in (*SEPARATORS, *CLOSING.values()):
            return Symbol(r"\cdot", at=self.next().at)
        return self.statement()

    def evaluated(self, first: Token) -> Tree:
        r"""\left. body \right|_{x = a}"""
        self.next()
        self.deeper(first.at)
        self.inside.append("")
        body = self.expression()
        if self.text != r"\right":
            self.fail(Why.UNFINISHED, r"\left. is not closed by \right|", first.at)
        self.next()
        bar = self.next().text
        self.inside.pop()
        self.depth -= 1
        if bar not in ("|", "]", ")"):
            self.fail(Why.UNFINISHED, r"\left. is not closed by \right|", first.at)
        if self.text != "_":
            self.fail(Why.AMBIGUOUS, r"At which point? Write \right|_{x = a}")
        self.next()
        return Evaluated(body, self.indices(), bar, up_to=self.above_bar(), at=first.at)

    def bar_of_evaluation(self) -> str | None:
        r"""Return the bar that stands here if it says at which point, as \Big|_{x = a} does."""
        sized = self.text in SIZES and self.text != r"\right" and self.peek() in ("|", r"\rvert")
        bar = self.text + self.peek() if sized else self.text
        behind = self.peek(2 if sized else 1)
        if behind != "_" or not (sized or self.text in ("|", r"\rvert")):
            return None
        inside = self.inside[-1]
        return None if inside in BARS or (inside == "" and r"\left" in self._open_sizes()) else bar

    def _open_sizes(self) -> list[str]:
        """The sizes of delimiters that are open."""
        open_ones: list[str] = []
        for token in self.tokens[: self.place]:
            if token.text == r"\left":
                open_ones.append(token.text)
            elif token.text == r"\right" and open_ones:
                open_ones.pop()
        return open_ones

    def evaluated_behind(self, body: Tree, at: int) -> Tree:
        r"""body \Big|_{x = a}"""
        bar = self.bar_of_evaluation()
        assert bar is not None
        while self.text != "_":
            self.next()
        self.next()
        return Evaluated(body, self.indices(), "|", bar, self.above_bar(), at=at)

    def above_bar(self) -> Tree | None:
        r"""Read what stands above a bar, as the b of F(x) \Big|_a^b."""
        if self.text != "^":
            return None
        self.script_sign()
        return self.superscript()

    def is_separator(self) -> bool:
        """Whether a bar stands between two items of parentheses, as in p(y | x)."""
        text = self.text
        if text not in ("|", r"\|", "||") or self.inside[-1] in ("", *BARS):
            return False
        level, bars = 0, 0
        for token in self.tokens[self.place :]:
            level += token.text in _OPENING
            level -= token.text in CLOSERS or token.text in ("}", r"\right")
            if level < 0 or token.kind == "end":
                break
            bars += level == 0 and token.text == text
        return bars % 2 == 1

    def sized_separator(self) -> bool:
        r"""Whether a \big| stands between two items of parentheses, and none closes it."""
        if self.text not in SIZES.keys() - {r"\left", r"\right"} or self.peek() != "|":
            return False
        self.place += 1
        found = self.is_separator()
        self.place -= 1
        return found

    def opens(self, delimiter: str) -> bool:
        if delimiter in ("|", r"\|", "||") and self.text != r"\left":
            return self.inside[-1] != delimiter
        return delimiter in CLOSING or (self.text == r"\left" and delimiter == ".")
